//! Why no remedy helps: a person has to.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::diagnosis::Cause;
use crate::incident::Held;

/// What could not be read is asked for again after so long.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(2);

/// Why people are asked instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Escalation {
    /// What the decision needs could not be read.
    Unobserved {
        /// Why not.
        why: String,
    },
    /// Another revision would fail as well.
    NotTheRevision(Cause),
    /// The revision ran well before: something else has changed.
    RanWellBefore(Cause),
    /// No revision is known to have been good.
    NoGoodRevision,
    /// The revision that was good cannot be deployed any more.
    GoodRevisionGone {
        /// Which, as `family:revision`.
        revision: String,
    },
    /// The revision that was good fails, too.
    GoodRevisionFails,
    /// Somebody else carries out its deployments.
    ForeignController(String),
    /// A deployment makes no progress, and the policy leaves it to people.
    Stuck {
        /// Since when.
        since: Timestamp,
    },
    /// Most of the service's tasks are unwell: this is not one task that hangs.
    MostTasksUnwell {
        /// How many.
        unwell: usize,
        /// Of how many that run.
        running: u32,
    },
    /// Nobody declared that the task may be run again.
    NotDeclared,
    /// The task needs a network interface, and the policy does not say where.
    NoNetwork,
    /// The task was lost too long ago: ECS forgets it.
    TooLate,
}

impl Escalation {
    /// The escalation in one stable word: ledger, logs, metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unobserved { .. } => Held::UNOBSERVED,
            Self::NotTheRevision(_) => "not_the_revision",
            Self::RanWellBefore(_) => "ran_well_before",
            Self::NoGoodRevision => "no_good_revision",
            Self::GoodRevisionGone { .. } => "good_revision_gone",
            Self::GoodRevisionFails => "good_revision_fails",
            Self::ForeignController(_) => "foreign_controller",
            Self::Stuck { .. } => "stuck",
            Self::MostTasksUnwell { .. } => "most_tasks_unwell",
            Self::NotDeclared => "not_declared",
            Self::NoNetwork => "no_network",
            Self::TooLate => "too_late",
        }
    }

    /// When it makes sense to ask again though nothing new was heard.
    pub fn ask_again(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Unobserved { .. } | Self::MostTasksUnwell { .. } => now.checked_add(ASK_AGAIN).ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Escalation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unobserved { why } => write!(f, "what is needed to decide could not be read: {why}"),
            Self::NotTheRevision(cause) => {
                write!(f, "{cause} is not of the revision's making: another would fail as well")
            }
            Self::RanWellBefore(cause) => {
                write!(f, "this revision ran well before: {cause} comes from something else that has changed")
            }
            Self::NoGoodRevision => f.write_str("no earlier revision is known to have run well"),
            Self::GoodRevisionGone { revision } => {
                write!(f, "{revision} ran well, but cannot be deployed any more")
            }
            Self::ForeignController(who) => {
                write!(f, "{who} carries out its deployments, not ECS: whoever set that up goes back")
            }
            Self::GoodRevisionFails => f.write_str("the earlier revision fails as well"),
            Self::Stuck { since } => {
                write!(f, "the deployment has made no end since {}", since.strftime("%-d %b %H:%M UTC"))
            }
            Self::MostTasksUnwell { unwell, running } => {
                write!(f, "{unwell} of {running} tasks are unwell: stopping them would leave nothing")
            }
            Self::NotDeclared => {
                f.write_str("nobody declared that this task may be run twice (`rerun` in the policy)")
            }
            Self::NoNetwork => {
                f.write_str("the task needs a network interface, and the policy's `rerun` names no subnets")
            }
            Self::TooLate => {
                f.write_str("the task was lost more than an hour ago, and ECS may have forgotten it")
            }
        }
    }
}
