//! What a channel was not told: counted, listed, and told in a digest where nobody asked for it to be held back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Why;
use crate::notification::Subject;
use crate::redact::Redacted;

/// So much of what a channel was not told is listed one by one; the rest is counted.
pub const MAX_WAITING: usize = 100;
/// What is withheld gathers for so long before the digest.
const DIGEST_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Digests are so far apart, at the least.
const DIGEST_EVERY: SignedDuration = SignedDuration::from_mins(15);

/// All that one channel was not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// The channel's name.
    pub channel: String,
    /// What is not in a digest yet, the latest last.
    pub waiting: Vec<Withheld>,
    /// How much more than that.
    pub more: u64,
    /// The latest last, for those who ask.
    pub listed: Vec<Withheld>,
    /// How often, by reason, for all time.
    pub counts: BTreeMap<String, u64>,
    /// When it had its latest digest.
    pub digest_at: Option<Timestamp>,
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

impl HeldBack {
    /// Nothing.
    pub fn none(channel: impl Into<String>) -> Self {
        Self {
            channel: channel.into(),
            waiting: Vec::new(),
            more: 0,
            listed: Vec::new(),
            counts: BTreeMap::new(),
            digest_at: None,
        }
    }

    /// Takes in what is withheld. The same again takes the place of what was.
    pub fn take(&mut self, withheld: Withheld) {
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
