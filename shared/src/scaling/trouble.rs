//! A scaled service's trouble: everything that people are told of it, until nothing was wrong for a while.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Decision, Problem, ProblemKind, QueueName};
use crate::incident::{Severity, Target};
use crate::notification::Subject;

/// Notes that a trouble keeps: the latest of each problem, and of the others the latest.
pub const MAX_SCALER_NOTES: usize = 40;

/// The trouble of a scaled service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalerTrouble {
    /// Which service.
    pub target: Target,
    /// Since when.
    pub opened_at: Timestamp,
    /// What its tasks read.
    pub queues: Vec<QueueName>,
    /// A message waits for at most so long before a task takes it: what was promised.
    pub promise: SignedDuration,
    /// What came up, in order: at most [`MAX_SCALER_NOTES`].
    pub notes: Vec<ScalerNote>,
    /// What stands now.
    pub standing: Vec<ProblemKind>,
    /// How much it matters at most.
    pub severity: Severity,
    /// Since when it is critical.
    pub critical_at: Option<Timestamp>,
    /// The decision as it was when something changed last.
    pub decision: Box<Decision>,
    /// When it was over.
    pub recovered: Option<Timestamp>,
}

/// A problem that came up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalerNote {
    /// When it had stood for long enough.
    pub at: Timestamp,
    /// What.
    pub what: Problem,
}

impl ScalerTrouble {
    /// What people are told about.
    pub fn subject(&self) -> Subject {
        Subject::Scaler { target: self.target.clone(), opened_at: self.opened_at }
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.recovered.is_none()
    }

    /// Notes a problem.
    pub(super) fn note(&mut self, what: Problem, now: Timestamp) {
        self.notes.push(ScalerNote { at: now, what });
        if self.notes.len() > MAX_SCALER_NOTES {
            let is_latest = |place: usize, note: &ScalerNote| {
                let later = self.notes.iter().skip(place + 1);
                !later.into_iter().any(|other| other.what.kind() == note.what.kind())
            };
            let oldest = self.notes.iter().enumerate().position(|(place, note)| !is_latest(place, note));
            self.notes.remove(oldest.unwrap_or_default());
        }
    }

    /// The latest that is known of a problem.
    pub fn latest(&self, kind: ProblemKind) -> Option<&ScalerNote> {
        self.notes.iter().rev().find(|note| note.what.kind() == kind)
    }

    /// What stands now, the worst first.
    pub fn problems(&self) -> impl Iterator<Item = &ScalerNote> {
        self.standing.iter().filter_map(|kind| self.latest(*kind))
    }

    /// What weighs most of what stands, or came up last where nothing does.
    pub fn leading(&self) -> Option<&ScalerNote> {
        self.problems().next().or_else(|| self.notes.last())
    }
}
