//! One channel: how much it was told of late, what it was not told, and whether it takes anything.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Why;
use crate::config::Allowance;
use crate::notification::Subject;
use crate::redact::Redacted;

/// So much of what a channel was not told is listed one by one; the rest is counted.
pub const MAX_WAITING: usize = 100;
/// What is withheld gathers for so long before the digest.
const DIGEST_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Digests are so far apart, at the least.
const DIGEST_EVERY: SignedDuration = SignedDuration::from_mins(15);

/// What is remembered of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// Its name.
    pub channel: String,
    /// When it got its latest messages, at most as many as its budget.
    pub times: Vec<Timestamp>,
    /// What it was not told, the latest last, and is not in a digest yet.
    pub waiting: Vec<Withheld>,
    /// How much more than that.
    pub more: u64,
    /// What it was not told, the latest last, for those who ask.
    pub listed: Vec<Withheld>,
    /// How often it was not told something, by reason, for all time.
    pub counts: BTreeMap<String, u64>,
    /// When it had its latest digest.
    pub digest_at: Option<Timestamp>,
    /// Since when it refuses everything, and why.
    pub trouble: Option<Trouble>,
    /// When it took something again after the latest trouble.
    #[serde(default)]
    pub recovered_at: Option<Timestamp>,
}

/// Something that a channel was not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// What.
    pub subject: Subject,
    /// How it stood, in one line.
    pub title: Redacted,
    /// Why not.
    pub why: Why,
    /// Since when.
    pub at: Timestamp,
}

/// That a channel refuses messages for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// What it says.
    pub problem: Redacted,
}

impl ChannelRecord {
    /// A channel that was never told anything.
    pub fn new(channel: impl Into<String>) -> Self {
        Self {
            channel: channel.into(),
            times: Vec::new(),
            waiting: Vec::new(),
            more: 0,
            listed: Vec::new(),
            counts: BTreeMap::new(),
            digest_at: None,
            trouble: None,
            recovered_at: None,
        }
    }

    /// Takes a place in the budget.
    ///
    /// # Errors
    ///
    /// When there will be one, where there is none now.
    pub fn spend(&mut self, budget: Allowance, now: Timestamp) -> Result<(), Timestamp> {
        match budget.free_at(&self.times, now) {
            Some(free_at) => Err(free_at),
            None => {
                self.times = budget.spent(&self.times, now);
                Ok(())
            }
        }
    }

    /// Takes a place whether there is one or not: a person is waited for.
    pub fn spend_anyway(&mut self, budget: Allowance, now: Timestamp) {
        self.times = budget.spent(&self.times, now);
    }

    /// Notes what is withheld. The same again takes the place of what was.
    pub fn withhold(&mut self, withheld: Withheld) {
        let is_same = |known: &Withheld| known.subject == withheld.subject && known.why == withheld.why;
        if !self.listed.iter().any(is_same) {
            *self.counts.entry(withheld.why.as_str().to_owned()).or_default() += 1;
        }
        if withheld.why.is_digested() {
            self.waiting.retain(|known| known.subject != withheld.subject);
            self.waiting.push(withheld.clone());
            let surplus = self.waiting.len().saturating_sub(MAX_WAITING);
            self.waiting.drain(..surplus);
            self.more += u64::try_from(surplus).unwrap_or_default();
        }
        self.listed.retain(|known| !is_same(known));
        self.listed.push(withheld);
        let surplus = self.listed.len().saturating_sub(MAX_WAITING);
        self.listed.drain(..surplus);
    }

    /// When the next digest is due; `None`: nothing waits for one.
    pub fn digest_due(&self) -> Option<Timestamp> {
        let first = self.waiting.iter().map(|withheld| withheld.at).min()?;
        let after = |at: Timestamp, span| at.saturating_add(span).unwrap_or(Timestamp::MAX);
        let earliest = self.digest_at.map(|last| after(last, DIGEST_EVERY));
        Some(after(first, DIGEST_AFTER).max(earliest.unwrap_or(Timestamp::MIN)))
    }

    /// The digest was sent: what it named waits no longer.
    pub fn digested(&mut self, sent: &Self, now: Timestamp) {
        self.waiting.retain(|known| !sent.waiting.contains(known));
        self.more = self.more.saturating_sub(sent.more);
        self.digest_at = Some(now);
    }
}
