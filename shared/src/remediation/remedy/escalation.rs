//! Why no remedy helps: a person has to.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::arn::TaskDefinitionArn;
use crate::diagnosis::Cause;
use crate::incident::Held;
use crate::redact::{Redacted, quoted};
use crate::remediation::memory::NoRoom;
use crate::words::{Language, remedies};

/// What could not be read is asked for again after so long.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(2);

/// Why people are asked instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Escalation {
    /// What the decision needs could not be read.
    Unobserved {
        /// Why not.
        why: Redacted,
    },
    /// Another revision would fail as well.
    NotTheRevision(Cause),
    /// The revision ran well before: something else has changed.
    RanWellBefore(Cause),
    /// No revision is known to have been good.
    NoGoodRevision,
    /// The revision that was good cannot be deployed any more.
    GoodRevisionGone {
        /// Which.
        revision: TaskDefinitionArn,
    },
    /// The revision that was good fails, too.
    GoodRevisionFails,
    /// Somebody else carries out its deployments.
    ForeignController(Redacted),
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
    /// A container runs out of memory, and can have no more.
    NoMoreMemory {
        /// Which.
        container: Redacted,
        /// Why not.
        why: NoRoom,
        /// How often it was given more: more than never, and a leak is likely.
        raised: usize,
    },
    /// ECS looks after the container instance itself, by its capacity provider of Managed Instances.
    HostManaged {
        /// The capacity provider.
        provider: Redacted,
    },
    /// The container instance's agent is away, and nothing else says that it fails: its tasks may serve.
    HostMayServe {
        /// Whether EC2 says that the instance is well; false where nobody says anything.
        is_well: bool,
    },
}

impl Escalation {
    /// What the decision needs could not be read: why not, in the words of whoever was asked.
    pub fn unobserved(why: &str) -> Self {
        Self::Unobserved { why: quoted(why) }
    }

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
            Self::NoMoreMemory { raised: 0, .. } => "no_more_memory",
            Self::NoMoreMemory { .. } => "leak_likely",
            Self::HostManaged { .. } => "host_managed",
            Self::HostMayServe { .. } => "host_may_serve",
        }
    }

    /// When it makes sense to ask again though nothing new was heard.
    pub fn ask_again(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Unobserved { .. } | Self::MostTasksUnwell { .. } | Self::HostMayServe { .. } => {
                now.checked_add(ASK_AGAIN).ok()
            }
            _ => None,
        }
    }
}

impl fmt::Display for Escalation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&remedies::escalation(self, Language::En))
    }
}
