//! A run: one slot of one job, from being due to its end.
//!
//! pending → claimed → starting → running → one terminal state, and never back. What a run is made of is frozen as it is
//! claimed: a configuration or a task definition that changes meanwhile is for the next run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ending, JobName, JobRules, RunId, Size, Slot, Success, TaskSpec};
use crate::action::Ruling;
use crate::arn::ClusterArn;
use crate::ports::Definition;
use crate::redact::Redacted;

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// The time that its slot names; of a slot that names none, when it was asked for.
    pub scheduled: Timestamp,
    /// When Steward first knew of it.
    pub created_at: Timestamp,
    /// What began it.
    pub by: StartedOn,
    /// Parameters that were set for it alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Where it does a part of an earlier run again: which indexes, in order. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<u32>>,
    /// What it consists of, from when it is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Box<Frozen>>,
    /// Where it stands.
    pub state: RunState,
    /// How many of its units have been begun: the first so many.
    pub begun: u32,
    /// What became of its tasks.
    pub tally: Tally,
    /// That it is to end before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<EndBefore>,
    /// What its failed tasks failed of, in stable words, and how many did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<String, u32>,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Box<Ending>>,
    /// That it is late was told.
    #[serde(default)]
    pub is_late: bool,
    /// That some task of it did not come to run was told.
    #[serde(default)]
    pub is_stuck: bool,
    /// When to look at it again; absent: what is left of it is looked after by its units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Timestamp>,
}

/// What a run consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// When it was claimed.
    pub at: Timestamp,
    /// The cluster.
    pub cluster: ClusterArn,
    /// What each task is.
    pub task: TaskSpec,
    /// How many tasks.
    pub size: Size,
    /// By which rules.
    pub rules: JobRules,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The revision of the task definition.
    pub definition: Definition,
}

/// What began a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum StartedOn {
    /// Its job's schedule.
    Schedule,
    /// A payload: an event, or a rule of a team.
    Payload,
    /// The success of other jobs.
    After,
    /// A person.
    Person {
        /// Who.
        by: String,
    },
    /// A person who had a run done again.
    Again {
        /// Who.
        by: String,
        /// Which run.
        of: Slot,
    },
}

impl StartedOn {
    /// Whether a person asked for it by name.
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person { .. } | Self::Again { .. })
    }
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunState {
    /// It is due, and nothing is decided.
    Pending,
    /// It has its job's turn.
    Claimed,
    /// Its tasks are being started.
    Starting,
    /// All its tasks were begun.
    Running,
    /// It has ended.
    Ended {
        /// How.
        end: RunEnd,
        /// When.
        at: Timestamp,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// As many of its tasks succeeded as must.
    Succeeded,
    /// Too few did.
    Failed,
    /// Too few did, and some ran for too long.
    TimedOut,
    /// It could not begin, and nothing was started.
    Refused(Redacted),
    /// It was left out.
    Skipped(Skip),
    /// A later run took its place.
    Superseded {
        /// Which.
        by: Slot,
    },
    /// A person ended it.
    Cancelled,
    /// What became of some of its tasks is not known, and never will be.
    Unknown,
}

/// Why a run was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// It could not begin before its `starting_deadline`.
    Missed,
    /// An earlier run went on.
    StillRunning {
        /// Which.
        run: Slot,
    },
    /// A job that it comes after did not succeed.
    Upstream {
        /// Which.
        job: JobName,
    },
    /// Its job failed too often in a row.
    Breaker,
    /// Its job is suspended.
    Suspended,
    /// Its job is not configured any more.
    Gone,
}

/// Why a run is to end before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndBefore {
    /// A person wants it.
    Cancelled(Ruling),
    /// A later run waits for its place.
    Superseded(Slot),
}

/// What became of a run's tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// They succeeded.
    pub succeeded: u32,
    /// They failed, and a rule says that it does not matter.
    pub ignored: u32,
    /// A rule says that they are done and count for nothing.
    pub skipped: u32,
    /// They failed.
    pub failed: u32,
    /// They ran for too long.
    pub timed_out: u32,
    /// They were stopped, or not begun any more.
    pub cancelled: u32,
    /// Nobody knows.
    pub unknown: u32,
    /// Units that are over, those that were not begun any more included.
    pub units: u32,
    /// Tasks that were started.
    pub started: u32,
}

impl Tally {
    /// Tasks that are over.
    pub fn done(&self) -> u32 {
        self.succeeded + self.ignored + self.skipped + self.bad()
    }

    /// Tasks that are over, and not well.
    pub fn bad(&self) -> u32 {
        self.failed + self.timed_out + self.cancelled + self.unknown
    }

    /// Tasks that count as a success.
    pub fn good(&self) -> u32 {
        self.succeeded + self.ignored
    }
}

impl Run {
    /// One that is due.
    pub fn pending(id: RunId, scheduled: Timestamp, by: StartedOn, now: Timestamp) -> Self {
        Self {
            id,
            scheduled,
            created_at: now,
            by,
            set: BTreeMap::new(),
            only: None,
            frozen: None,
            state: RunState::Pending,
            begun: 0,
            tally: Tally::default(),
            ending: None,
            causes: BTreeMap::new(),
            sample: None,
            is_late: false,
            is_stuck: false,
            look_at: Some(now),
        }
    }

    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        matches!(self.state, RunState::Ended { .. })
    }

    /// How it ended.
    pub fn end(&self) -> Option<(&RunEnd, Timestamp)> {
        match &self.state {
            RunState::Ended { end, at } => Some((end, *at)),
            _ => None,
        }
    }

    /// From when it should have begun: its slot's time, unless somebody asked for it later.
    pub fn wanted_at(&self) -> Timestamp {
        match self.by {
            StartedOn::Schedule => self.scheduled,
            _ => self.scheduled.max(self.created_at),
        }
    }

    /// How many tasks it has.
    pub fn tasks(&self) -> u32 {
        match (&self.only, &self.frozen) {
            (Some(only), Some(frozen)) if matches!(frozen.size, Size::Array(_)) => {
                u32::try_from(only.len()).unwrap_or(u32::MAX)
            }
            (_, Some(frozen)) => frozen.size.tasks(),
            (_, None) => 0,
        }
    }

    /// How many units it has: an index each of an array, and up to ten tasks each of a count.
    pub fn units(&self) -> u32 {
        match self.frozen.as_ref().map(|frozen| frozen.size) {
            Some(Size::Count(count)) => count.div_ceil(crate::quota::RUN_TASK_COUNT),
            Some(Size::Array(_)) => self.tasks(),
            None => 0,
        }
    }

    /// The index of its `place`th unit, and how many tasks that has.
    pub fn unit(&self, place: u32) -> Option<(u32, u32)> {
        let most = crate::quota::RUN_TASK_COUNT;
        match self.frozen.as_ref()?.size {
            Size::Count(count) => {
                let before = place.checked_mul(most)?;
                let left = count.checked_sub(before).filter(|left| *left > 0)?;
                Some((place, left.min(most)))
            }
            Size::Array(size) => {
                let index = match &self.only {
                    Some(only) => *only.get(usize::try_from(place).ok()?)?,
                    None => place,
                };
                (index < size).then_some((index, 1))
            }
        }
    }

    /// Units that were begun and are not over.
    pub fn open(&self) -> u32 {
        self.begun.saturating_sub(self.tally.units)
    }

    /// Whether more of its units may begin.
    pub fn may_begin(&self) -> bool {
        let parallel = self.frozen.as_ref().map_or(0, |frozen| frozen.rules.parallel);
        self.ending.is_none() && self.begun < self.units() && self.open() < parallel
    }

    /// How it ends now that all its units are over. `None`: they are not.
    pub fn verdict(&self) -> Option<RunEnd> {
        let frozen = self.frozen.as_ref()?;
        if self.tally.units < self.units() {
            return None;
        }
        let Tally { failed, timed_out, cancelled, unknown, .. } = self.tally;
        let is_success = match frozen.rules.success {
            Success::All => self.tally.bad() == 0,
            Success::AtLeast(least) => {
                let tasks = self.tasks().saturating_sub(self.tally.skipped);
                self.tally.good() >= least.min(tasks)
            }
        };
        Some(match &self.ending {
            _ if is_success && cancelled == 0 => RunEnd::Succeeded,
            Some(EndBefore::Cancelled(_)) => RunEnd::Cancelled,
            Some(EndBefore::Superseded(by)) => RunEnd::Superseded { by: by.clone() },
            None if is_success => RunEnd::Succeeded,
            None if unknown > 0 => RunEnd::Unknown,
            None if timed_out > 0 && failed == 0 => RunEnd::TimedOut,
            None => RunEnd::Failed,
        })
    }
}

impl RunState {
    /// The state in one stable word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Claimed => "claimed",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Ended { end, .. } => end.as_str(),
        }
    }
}

impl RunEnd {
    /// The end in one stable word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Refused(_) => "refused",
            Self::Skipped(_) => "skipped",
            Self::Superseded { .. } => "superseded",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it counts as a failed run of its job.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Refused(_) | Self::Unknown)
    }
}
