//! A unit: what one RunTask call starts, and looks after until it is over. An index of an array is one; so are up to ten
//! tasks of a count.
//!
//! # Invariants
//!
//! * A place has one task at a time. While a call may have started one, no other call is made for it.
//! * A call keeps its token and its parameters until its outcome is known.
//! * What is over stays as it is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{EndingKind, RunId};
use crate::arn::TaskArn;
use crate::diagnosis::Diagnosis;
use crate::redact::Redacted;

/// One unit of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Of which run.
    pub run: RunId,
    /// Its index.
    pub index: u32,
    /// Its tasks' places.
    pub places: Vec<Place>,
    /// The call whose outcome is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// How many calls were made: the next has the next number.
    pub calls: u32,
    /// Calls in a row that started nothing.
    pub vain: u32,
    /// Tasks that were stopped because nobody waited for them any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strays: Vec<TaskArn>,
}

/// A call of RunTask whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its number.
    pub number: u32,
    /// When it was made first: a token is good for 55 minutes from then.
    pub at: Timestamp,
    /// Until when whoever makes it is waited for.
    pub lease_until: Timestamp,
    /// How often it was made.
    pub tries: u32,
    /// Whether it was refused when it was made again: then only a look tells what the first one did.
    #[serde(default)]
    pub is_refused: bool,
    /// For how many places it was made.
    pub wanted: u32,
    /// Places that it has no task for yet.
    pub places: Vec<usize>,
    /// On demand, in the place of Spot.
    pub on_demand: bool,
    /// So many subnets are passed over.
    pub rotation: u32,
    /// MiB of memory of the task, where a failed one had too little.
    pub memory: Option<u32>,
    /// Which attempt of its places it is.
    pub attempt: u32,
}

/// The place of one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where it stands.
    pub state: PlaceState,
    /// Attempts that were made: tasks that were started, and times that were waited for one in vain.
    pub attempts: u32,
    /// What became of each, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Attempt>,
    /// How the last one ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Box<Ending>>,
    /// Attempts, and calls, that failed for want of Spot capacity or for its end.
    #[serde(default)]
    pub spot_failures: u32,
    /// Whether the next goes on demand because a rule says so.
    #[serde(default)]
    pub on_demand: bool,
    /// MiB of memory of the next, where a rule says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
}

/// Where a place stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum PlaceState {
    /// A task is wanted.
    Waiting {
        /// Since when.
        since: Timestamp,
        /// Not before.
        not_before: Timestamp,
        /// Why there is none yet.
        why: Option<Redacted>,
    },
    /// The unit's call is for it.
    Calling {
        /// Since when a task is wanted.
        since: Timestamp,
    },
    /// It has a task.
    Placed(Box<Placed>),
    /// It is over.
    Over {
        /// How.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

/// A task of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Which.
    pub task: TaskArn,
    /// Since when a task is wanted.
    pub since: Timestamp,
    /// When it was heard of first.
    pub at: Timestamp,
    /// When it ran.
    pub started_at: Option<Timestamp>,
    /// When something was heard of it last, by an event or by a look.
    pub heard_at: Timestamp,
    /// When to look at it again.
    pub look_at: Timestamp,
    /// Since when ECS does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Timestamp>,
    /// Why it was asked to stop, and when last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
}

/// That a task was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopping {
    /// Why.
    pub why: StopFor,
    /// When last.
    pub asked_at: Timestamp,
}

/// Why a task is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopFor {
    /// It ran for longer than `run_timeout`.
    RunTimeout,
    /// It did not run within `provision_timeout`.
    ProvisionTimeout,
    /// Its run is to end.
    RunEnds,
}

/// What became of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It succeeded.
    Succeeded,
    /// It failed, and a rule says that it does not matter.
    Ignored,
    /// A rule says that it is done and counts for nothing.
    Skipped,
    /// It failed.
    Failed,
    /// It ran for too long.
    TimedOut,
    /// It was stopped, or not begun any more.
    Cancelled,
    /// Nobody knows.
    Unknown,
}

/// One attempt, for those who look back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its task; absent: none was started.
    pub task: Option<TaskArn>,
    /// When a task was wanted.
    pub wanted_at: Timestamp,
    /// When it ran.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Timestamp,
    /// Why; absent: it succeeded.
    pub kind: Option<EndingKind>,
    /// Of the deciding container.
    pub exit_code: Option<i64>,
}

/// How an attempt ended that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// What kind of ending it was.
    pub kind: EndingKind,
    /// When.
    pub at: Timestamp,
    /// Its task, if there was one.
    pub task: Option<TaskArn>,
    /// Of the deciding container.
    pub exit_code: Option<i64>,
    /// What it is judged by.
    pub diagnosis: Option<Diagnosis>,
    /// What was said where nothing was started.
    pub said: Option<Redacted>,
}

impl Unit {
    /// One whose tasks are wanted.
    pub fn new(run: RunId, index: u32, places: u32, now: Timestamp) -> Self {
        let place = Place {
            state: PlaceState::Waiting { since: now, not_before: now, why: None },
            attempts: 0,
            past: Vec::new(),
            last: None,
            spot_failures: 0,
            on_demand: false,
            memory: None,
        };
        let places = vec![place; usize::try_from(places).unwrap_or(1)];
        Self { run, index, places, call: None, calls: 0, vain: 0, strays: Vec::new() }
    }

    /// Whether all its places are over.
    pub fn is_over(&self) -> bool {
        self.places.iter().all(Place::is_over)
    }

    /// When to look at it next; `None`: never.
    pub fn look_at(&self, lag: SignedDuration) -> Option<Timestamp> {
        let call = self.call.as_ref().map(|call| call.lease_until);
        let places = self.places.iter().filter_map(|place| match &place.state {
            PlaceState::Waiting { not_before, .. } => Some(*not_before).filter(|_| self.call.is_none()),
            PlaceState::Placed(placed) => Some(match placed.stopping {
                Some(stopping) => {
                    placed.look_at.min(stopping.asked_at.saturating_add(lag).unwrap_or(Timestamp::MAX))
                }
                None => placed.look_at,
            }),
            PlaceState::Calling { .. } | PlaceState::Over { .. } => None,
        });
        call.into_iter().chain(places).min()
    }

    /// Its tasks that are not over.
    pub fn tasks(&self) -> impl Iterator<Item = &Placed> {
        self.places.iter().filter_map(|place| match &place.state {
            PlaceState::Placed(placed) => Some(placed.as_ref()),
            _ => None,
        })
    }

    /// Whether a place has, or had, this task.
    pub fn knows(&self, task: &TaskArn) -> bool {
        self.tasks().any(|placed| placed.task == *task)
            || self.strays.contains(task)
            || self.places.iter().any(|place| place.past.iter().any(|past| past.task.as_ref() == Some(task)))
    }
}

impl Place {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.state, PlaceState::Over { .. })
    }

    /// What became of it.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            PlaceState::Over { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// Tasks that were started for it.
    pub fn started(&self) -> u32 {
        let past = self.past.iter().filter(|past| past.task.is_some()).count();
        u32::try_from(past).unwrap_or(u32::MAX) + u32::from(matches!(self.state, PlaceState::Placed(_)))
    }
}
