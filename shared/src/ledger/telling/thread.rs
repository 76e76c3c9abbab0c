//! One subject's thread: what each channel was told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Allowance;
use crate::incident::Target;
use crate::notification::{LogLine, Subject};
use crate::words::Language;

/// So many openings of a target are remembered.
const MAX_RECENT: usize = 20;

/// What was told about a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// What about.
    pub subject: Subject,
    /// By channel.
    pub told: BTreeMap<String, Told>,
    /// Who tells it now, and until when nobody else may.
    pub lease: Option<Lease>,
    /// How often in a row some channel did not take it.
    pub failures: u32,
    /// The failed container's last log lines; absent until they were looked for.
    #[serde(default)]
    pub logs: Option<Vec<LogLine>>,
}

/// What one channel was told about a subject.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// The news that it was told last; 0: none.
    pub seq: u64,
    /// The message that shows how the subject stands, where it can be edited.
    pub root: Option<Root>,
    /// Whether that message is another subject's of the same target, which goes on in its thread.
    #[serde(default)]
    pub adopted: bool,
    /// The steps of the story that it was told, or that matter too little to it.
    pub steps: BTreeSet<String>,
    /// When it was told last.
    pub at: Option<Timestamp>,
    /// In which language. A thread does not change it.
    pub language: Option<Language>,
    /// Since when a post may have arrived of which nobody knows. It stays as long as the thread: the post's step may be gone, and
    /// come back.
    #[serde(default)]
    pub doubt: Option<Timestamp>,
    /// Why it was not told its latest news.
    #[serde(default)]
    pub kept: Option<Kept>,
}

/// A message in a channel that can be found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The channel's own id: Slack's is not the name that people know.
    pub channel: String,
    /// The message's id: `ts` in Slack.
    pub id: String,
}

/// News that a channel was not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which.
    pub seq: u64,
    /// Why.
    pub why: Why,
    /// When it is to be decided again though nothing new is heard.
    pub until: Option<Timestamp>,
}

/// Why a channel is not told something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// No route leads to any channel.
    NoRoute,
    /// A person asked for silence.
    Silenced {
        /// By which silence.
        by: SilenceName,
    },
    /// It is a part of an outage, and told there.
    Outage,
    /// The target flaps, and the channel cannot edit what it was told.
    Flapping,
    /// The channel's budget is spent.
    Budget,
    /// The channel refuses messages; its fallback was told.
    Refused,
    /// It was over before the channel could be told.
    Over,
}

/// The short id of a silence.
type SilenceName = String;

impl Why {
    /// The reason in one stable word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoRoute => "no_route",
            Self::Silenced { .. } => "silenced",
            Self::Outage => "outage",
            Self::Flapping => "flapping",
            Self::Budget => "budget",
            Self::Refused => "refused",
            Self::Over => "over",
        }
    }

    /// Whether people are told of it in the channel's digest: what somebody asked for, or what is told elsewhere, is not.
    pub fn is_digested(&self) -> bool {
        matches!(self, Self::Flapping | Self::Budget)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The right to tell a subject, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The invocation that holds it.
    pub holder: String,
    /// Until when.
    pub until: Timestamp,
}

impl Thread {
    /// One that nobody was told of.
    pub fn untold(subject: Subject) -> Self {
        Self { subject, told: BTreeMap::new(), lease: None, failures: 0, logs: None }
    }

    /// Whether some channel has a message of its own about it.
    pub fn is_told(&self) -> bool {
        self.told.values().any(|told| told.at.is_some() && !told.adopted)
    }
}

impl Told {
    /// The latest news that the channel was told, or was not told for a reason that is on record.
    pub fn settled_seq(&self) -> u64 {
        self.seq.max(self.kept.as_ref().map_or(0, |kept| kept.seq))
    }
}

/// When incidents of one target were opened of late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// The target.
    pub target: Target,
    /// The latest, in order.
    pub opened: Vec<Timestamp>,
}

impl Recent {
    /// None yet.
    pub fn none(target: Target) -> Self {
        Self { target, opened: Vec::new() }
    }

    /// With one more; known ones change nothing.
    #[must_use]
    pub fn with(&self, opened_at: Timestamp) -> Self {
        let mut opened = self.opened.clone();
        if !opened.contains(&opened_at) {
            opened.push(opened_at);
            opened.sort();
        }
        let surplus = opened.len().saturating_sub(MAX_RECENT);
        opened.drain(..surplus);
        Self { target: self.target.clone(), opened }
    }

    /// How many were opened before `opened_at`, within the window that ends there, and the one right before, where the
    /// target flaps.
    pub fn flapping(&self, opened_at: Timestamp, allowance: Allowance) -> Option<(usize, Timestamp)> {
        let before = self.opened.iter().filter(|at| **at < opened_at);
        let near: Vec<Timestamp> =
            before.copied().filter(|at| opened_at.duration_since(*at) < allowance.within).collect();
        let least = usize::try_from(allowance.count).unwrap_or(usize::MAX);
        let count = near.len() + 1;
        near.last().filter(|_| count >= least).map(|last| (count, *last))
    }
}
