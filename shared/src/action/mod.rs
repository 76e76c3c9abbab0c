//! What Steward does to ECS: one action, with absolute parameters, a precondition, and a life in the ledger.
//!
//! # Invariants
//!
//! * An action's id depends on what is to be remedied alone: deciding twice gives one action.
//! * Its call is complete: nothing is left to choose when it is made.
//! * It goes planned → issued → confirmed, failed or unknown, and never back from issued but by proof that nothing happened.

mod call;
mod id;
mod reason;
mod state;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use call::{Call, HostCondition, Network, Precondition};
pub use id::ActionId;
pub use reason::{Because, Doubt, HostSign, Moved, Withdrawal};
pub use state::{Epoch, How, Ruling, Settled, State, Verdict};

use crate::arn::{ContainerInstanceArn, TaskDefinitionArn};
use crate::incident::Target;
use crate::words::{Language, remedies};

/// The kinds of actions, each with its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Go back to the last revision that was good.
    RollBack,
    /// Replace all tasks by new ones of the same revision.
    ForceNewDeployment,
    /// Stop one task that hangs; its service replaces it.
    StopTask,
    /// Run a task again that was lost.
    RunTask,
    /// Give a container that runs out of memory more of it.
    RaiseMemory,
    /// Move the tasks of a container instance away, and place none on it.
    DrainInstance,
    /// Let a container instance take tasks again that Steward drained.
    ActivateInstance,
    /// Answer the hook at which a deployment waits, as a person says.
    AnswerHook,
    /// Run on on-demand capacity what finds no spare capacity.
    FallBackToOnDemand,
    /// Run on spare capacity again what fell back to on-demand capacity.
    ReturnToSpot,
    /// Want fewer tasks of a service whose tasks have not started for hours.
    LimitDesiredCount,
}

impl Remedy {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::RollBack,
        Self::ForceNewDeployment,
        Self::StopTask,
        Self::RunTask,
        Self::RaiseMemory,
        Self::DrainInstance,
        Self::ActivateInstance,
        Self::AnswerHook,
        Self::FallBackToOnDemand,
        Self::ReturnToSpot,
        Self::LimitDesiredCount,
    ];

    /// Whether it is used where nobody says so: those that change more than a deployment are not.
    pub fn is_on_by_default(self) -> bool {
        matches!(self, Self::RollBack | Self::ForceNewDeployment | Self::StopTask | Self::RunTask)
    }

    /// The remedy in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RollBack => "roll_back",
            Self::ForceNewDeployment => "force_new_deployment",
            Self::StopTask => "stop_task",
            Self::RunTask => "run_task",
            Self::RaiseMemory => "raise_memory",
            Self::DrainInstance => "drain_instance",
            Self::ActivateInstance => "activate_instance",
            Self::AnswerHook => "answer_hook",
            Self::FallBackToOnDemand => "fall_back_to_on_demand",
            Self::ReturnToSpot => "return_to_spot",
            Self::LimitDesiredCount => "limit_desired_count",
        }
    }

    /// Whether it follows once an incident is over, rather than during one.
    pub fn follows_incident(self) -> bool {
        self == Self::ReturnToSpot
    }

    /// Whether a person is asked each time, in mode act as well: whoever set up a pause hook wants a person's word.
    pub fn always_asks(self) -> bool {
        self == Self::AnswerHook
    }

    /// What it does, for people who read English: "roll back", completing "Steward would …".
    pub fn describe(self) -> &'static str {
        remedies::remedy(self, Language::En)
    }
}

/// What is to be done, all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its identity.
    pub id: ActionId,
    /// What kind of action it is.
    pub remedy: Remedy,
    /// Whom it is for; its lock is this target's.
    pub target: Target,
    /// The incident in whose thread it speaks, by the time that was opened.
    pub incident: Timestamp,
    /// The revision that fails, where one does: a remedy that did not help it is not tried again.
    pub revision: Option<TaskDefinitionArn>,
    /// The one call, complete.
    pub call: Call,
    /// What must still be so when the call is made.
    pub precondition: Precondition,
    /// Why.
    pub because: Because,
}

impl Plan {
    /// Whether it drains a host that EC2 takes back within two minutes, whatever anybody does: then nothing is won by waiting,
    /// and as many are drained at a time as are taken back.
    pub fn is_of_spot(&self) -> bool {
        self.remedy == Remedy::DrainInstance && matches!(self.because, Because::SpotInterruption { .. })
    }

    /// The container instance that it drains as the only one of its cluster at the time.
    pub fn drains_alone(&self) -> Option<&ContainerInstanceArn> {
        match &self.target {
            Target::ContainerInstance { arn, .. }
                if self.remedy == Remedy::DrainInstance && !self.is_of_spot() =>
            {
                Some(arn)
            }
            _ => None,
        }
    }
}

/// An action as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What is done.
    pub plan: Plan,
    /// When it was first decided.
    pub decided_at: Timestamp,
    /// When it entered its budgets, last; absent while it is only proposed.
    pub claimed_at: Option<Timestamp>,
    /// The right to carry it out: whoever's epoch this is not, writes nothing about it.
    pub epoch: Epoch,
    /// Until when nobody else may carry it out.
    pub lease_until: Timestamp,
    /// How often it was claimed.
    pub claims: u32,
    /// Who allowed it, where the mode asks a person.
    pub approved: Option<Ruling>,
    /// Who said whether it took effect, where nobody else could know.
    #[serde(default)]
    pub settled: Option<Ruling>,
    /// Where it stands.
    pub state: State,
    /// What came of it, once it is confirmed.
    pub verdict: Option<Verdict>,
    /// The revision that its first step made, where it has two.
    #[serde(default)]
    pub registered: Option<TaskDefinitionArn>,
}

/// A lease outlives the invocation that took it by so much: a call that was under way when it ended has been answered, or
/// never will be.
pub const CALL_TIMEOUT: SignedDuration = SignedDuration::from_secs(10);
/// Reads of ECS lag behind its changes: that nothing is there counts only so long after the lease has ended.
pub const READS_LAG: SignedDuration = SignedDuration::from_secs(60);
