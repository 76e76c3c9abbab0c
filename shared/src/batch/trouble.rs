//! A job's trouble: everything that people are told of it, from the first run that did not succeed to the next that does.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ending, JobName, Run, RunEnd, RunId, Skip, Slot, Tally};
use crate::arn::ClusterArn;
use crate::incident::Severity;
use crate::notification::Subject;
use crate::redact::Redacted;

/// Notes that a trouble keeps: the latest, and of them rather those that matter. Runs are counted all the same.
pub const MAX_NOTES: usize = 40;

/// The trouble of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Whose.
    pub job: JobName,
    /// Where its tasks run.
    pub cluster: Option<ClusterArn>,
    /// Since when.
    pub opened_at: Timestamp,
    /// What happened, in order: at most [`MAX_NOTES`].
    pub notes: Vec<Note>,
    /// Runs that did not succeed, by their end's stable word.
    pub counts: BTreeMap<String, u32>,
    /// How much it matters at most.
    pub severity: Severity,
    /// That it is over.
    pub recovered: Option<Recovered>,
}

/// That a job succeeded again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// By which run.
    pub by: Slot,
    /// When.
    pub at: Timestamp,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// A run ended, and did not succeed.
    Ended(Box<BadRun>),
    /// A run does not begin.
    Late {
        /// Which.
        slot: Slot,
        /// The time that its slot names.
        scheduled: Timestamp,
        /// Why.
        why: LateFor,
    },
    /// A task of a run does not come to run.
    Stuck {
        /// Of which run.
        slot: Slot,
        /// Which.
        index: u32,
        /// What ECS says.
        said: Option<Redacted>,
    },
    /// It failed so often in a row that further slots are skipped.
    BreakerOpened {
        /// How often.
        failures: u32,
        /// Until when.
        until: Timestamp,
    },
    /// There was no success for too long.
    NoSuccess {
        /// Since when.
        since: Timestamp,
    },
    /// So many slots were missed that they are counted, and neither run nor told one by one.
    ManyMissed {
        /// How many, at least.
        count: u64,
        /// The earliest of them is after this time.
        after: Timestamp,
        /// The latest of them is before this time.
        before: Timestamp,
    },
    /// A task was found that no run waited for, and was stopped.
    Stray {
        /// Of which run.
        slot: Slot,
        /// Of which of its tasks.
        index: u32,
    },
}

/// Why a run does not begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateFor {
    /// Steward is paused, or cannot read whether it is.
    Paused,
    /// It waits for its turn.
    Turn,
    /// The task definition cannot be read.
    Unread(Redacted),
    /// It was begun late.
    Begun,
}

/// A run that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRun {
    /// Its slot.
    pub slot: Slot,
    /// The time that its slot names.
    pub scheduled: Timestamp,
    /// How it ended.
    pub end: RunEnd,
    /// What became of its tasks.
    pub tally: Tally,
    /// How many tasks it has.
    pub tasks: u32,
    /// What its tasks failed of, in stable words.
    pub causes: BTreeMap<String, u32>,
    /// One of them.
    pub sample: Option<Box<Ending>>,
}

impl BadRun {
    /// A run that ended so.
    pub fn of(run: &Run, end: &RunEnd) -> Self {
        Self {
            slot: run.id.slot.clone(),
            scheduled: run.scheduled,
            end: end.clone(),
            tally: run.tally,
            tasks: run.tasks(),
            causes: run.causes.clone(),
            sample: run.sample.clone(),
        }
    }
}

impl Trouble {
    /// One that begins.
    pub fn new(job: JobName, cluster: Option<ClusterArn>, now: Timestamp) -> Self {
        Self {
            job,
            cluster,
            opened_at: now,
            notes: Vec::new(),
            counts: BTreeMap::new(),
            severity: Severity::Info,
            recovered: None,
        }
    }

    /// What people are told about.
    pub fn subject(&self) -> Subject {
        Subject::Job { job: self.job.clone(), opened_at: self.opened_at }
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.recovered.is_none()
    }

    /// Notes what happened.
    pub fn note(&mut self, what: Happened, now: Timestamp) {
        self.severity = self.severity.max(what.severity());
        if let Happened::Ended(bad) = &what {
            *self.counts.entry(bad.end.as_str().to_owned()).or_default() += 1;
        }
        self.notes.push(Note { at: now, what });
        if self.notes.len() > MAX_NOTES {
            let earlier = self.notes.iter().take(MAX_NOTES).enumerate();
            if let Some((least, _)) = earlier.min_by_key(|(_, note)| note.what.severity()) {
                self.notes.remove(least);
            }
        }
    }

    /// The last run that did not succeed.
    pub fn last_bad(&self) -> Option<&BadRun> {
        self.notes.iter().rev().find_map(|note| note.what.ended())
    }

    /// Whether nobody knows of some run how it ended.
    pub fn has_unknown(&self) -> bool {
        self.counts.contains_key(RunEnd::Unknown.as_str())
    }

    /// How many runs did not succeed.
    pub fn count(&self) -> u32 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// A run of it.
    pub fn run(&self, slot: &Slot) -> RunId {
        RunId { job: self.job.clone(), slot: slot.clone() }
    }
}

impl Happened {
    /// The run that ended and did not succeed, where it is about one.
    pub fn ended(&self) -> Option<&BadRun> {
        match self {
            Self::Ended(bad) => Some(bad),
            _ => None,
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Ended(bad) => match &bad.end {
                RunEnd::Unknown | RunEnd::Failed | RunEnd::TimedOut | RunEnd::Refused(_) => {
                    Severity::Critical
                }
                RunEnd::Skipped(Skip::Missed | Skip::Upstream { .. } | Skip::Breaker | Skip::Gone) => {
                    Severity::Warning
                }
                RunEnd::Skipped(Skip::StillRunning { .. } | Skip::Suspended)
                | RunEnd::Superseded { .. }
                | RunEnd::Cancelled
                | RunEnd::Succeeded => Severity::Info,
            },
            Self::BreakerOpened { .. } | Self::NoSuccess { .. } => Severity::Critical,
            Self::ManyMissed { .. } | Self::Late { .. } | Self::Stuck { .. } | Self::Stray { .. } => {
                Severity::Warning
            }
        }
    }
}
