//! The reasons for which a change is refused, one for each rule.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::Remedy;
use crate::incident::Held;
use crate::ledger::Scope;
use crate::redact::Redacted;
use crate::words::{Language, remedies};

/// Why an action is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No entry of `services` selects the target, and no tag of its own enrols it.
    NotEnrolled,
    /// The remedy is switched off for the target.
    RemedyOff(Remedy),
    /// It is of another account or region.
    FromElsewhere,
    /// A person paused changes.
    Paused {
        /// Of what.
        scope: Scope,
        /// Who.
        by: Redacted,
        /// Why.
        why: Option<Redacted>,
    },
    /// Something that a guard must know could not be read: what is not known allows nothing.
    Unobserved {
        /// What.
        what: Needed,
        /// Why not; absent: it was not asked for.
        why: Option<Redacted>,
    },
    /// The mode is observe.
    ModeObserves,
    /// A freeze window.
    Frozen {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: Option<Redacted>,
    },
    /// The circuit breaker or an alarm acts, or will.
    EcsRollsBack,
    /// CodeDeploy, or somebody with task sets, carries out the deployments.
    ForeignController(Redacted),
    /// ECS carries them out, by a strategy that does not roll.
    NotRolling,
    /// Somebody deployed since the incident was looked at.
    DeployedMeanwhile,
    /// CloudFormation is at work on the stack that describes the service.
    StackInProgress {
        /// Which.
        stack: Redacted,
        /// Its status.
        status: Redacted,
    },
    /// It may be a flap.
    NotStable {
        /// When it is none any more.
        until: Timestamp,
    },
    /// The last action has not had its time.
    CoolingDown {
        /// Until when.
        until: Timestamp,
    },
    /// The incident has had all the attempts it may have.
    AttemptsUsedUp {
        /// How many.
        attempts: u32,
    },
    /// This very action was carried out before, or may have been.
    DoneBefore,
    /// This remedy has failed for this revision.
    FailedBefore,
    /// This remedy helped this revision again and again, and never for long.
    DoesNotLast {
        /// How often in a row.
        times: usize,
    },
    /// A person turned it down, for this incident.
    Rejected {
        /// Who.
        by: Redacted,
        /// Why.
        why: Option<Redacted>,
    },
    /// Another action holds the target.
    Locked {
        /// Which, by the first digits of its id.
        by: String,
    },
    /// A budget is spent.
    BudgetSpent {
        /// Whose.
        scope: Scope,
        /// When there is room again.
        until: Timestamp,
    },
    /// Many services of the cluster began to fail together.
    CorrelatedOutage {
        /// How many.
        services: usize,
    },
    /// What the plan was made for is not so any more.
    PreconditionGone(Gone),
    /// More memory than the policy allows, or less than there was.
    MemoryOutOfBounds {
        /// The most that is allowed, in MiB.
        max: u32,
    },
    /// Another container instance of the cluster drains.
    AnotherHostDrains {
        /// Its id.
        instance: String,
    },
    /// Somebody else sets the service's desired count: Application Auto Scaling, or Steward's own `scaling`.
    ScaledByOther {
        /// Whether it is Steward's own.
        own: bool,
    },
}

/// What a guard must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// The switches by which people pause changes.
    Switch,
    /// The service.
    Service,
    /// The status of the CloudFormation stack that describes the service.
    Stack,
    /// The budgets.
    Budget,
    /// What else began to fail in the cluster.
    Openings,
    /// The revision to go back to.
    GoodRevision,
    /// The service deployment that would be stopped.
    ServiceDeployment,
    /// The task that hangs.
    Task,
    /// The task that was lost.
    LostTask,
    /// What stands in for the lost task.
    StandIns,
    /// How much memory a revision has.
    Sizes,
    /// The container instance.
    Host,
    /// Which other container instances of the cluster drain.
    OtherHosts,
    /// Whether Application Auto Scaling sets the desired count.
    Scalable,
}

impl Needed {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Switch,
        Self::Service,
        Self::Stack,
        Self::Budget,
        Self::Openings,
        Self::GoodRevision,
        Self::ServiceDeployment,
        Self::Task,
        Self::LostTask,
        Self::StandIns,
        Self::Sizes,
        Self::Host,
        Self::OtherHosts,
        Self::Scalable,
    ];
}

/// What a plan was made for, and is not so any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// The service is gone.
    Service,
    /// The service is not active.
    ActiveService,
    /// The service deploys another revision.
    Revision,
    /// Every task that is wanted runs, and none has failed of late.
    Trouble,
    /// Not every task that is wanted runs.
    SteadyState,
    /// The revision to go back to cannot be deployed any more.
    GoodRevision,
    /// The deployment that would be stopped is over.
    Deployment,
    /// The task is well, or stops already.
    UnwellTask,
    /// ECS does not know the lost task as stopped.
    LostTask,
    /// A task stands in for the lost one already.
    Gap,
    /// The container instance has left its cluster.
    Host,
    /// The container instance drains already, or leaves.
    ActiveHost,
    /// The same, or its agent is connected.
    AwayAgent,
    /// Neither EC2 nor its tasks say that the container instance fails.
    FailingHost,
    /// The container instance is not DRAINING, or its agent is away, or EC2 does not say that it is well.
    RecoveredHost,
    /// The hook does not wait for an answer any more.
    Hook,
    /// The service has another capacity provider strategy.
    Strategy,
    /// Another number of tasks is wanted.
    DesiredCount,
    /// Every task that is wanted runs.
    Shortage,
}

impl Gone {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Service,
        Self::ActiveService,
        Self::Revision,
        Self::Trouble,
        Self::SteadyState,
        Self::GoodRevision,
        Self::Deployment,
        Self::UnwellTask,
        Self::LostTask,
        Self::Gap,
        Self::Host,
        Self::ActiveHost,
        Self::AwayAgent,
        Self::FailingHost,
        Self::RecoveredHost,
        Self::Hook,
        Self::Strategy,
        Self::DesiredCount,
        Self::Shortage,
    ];
}

impl Refusal {
    /// The refusal in one stable word: ledger, logs, metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotEnrolled => "not_enrolled",
            Self::RemedyOff(_) => "remedy_off",
            Self::FromElsewhere => "from_elsewhere",
            Self::Paused { .. } => "paused",
            Self::Unobserved { .. } => Held::UNOBSERVED,
            Self::ModeObserves => "mode_observes",
            Self::Frozen { .. } => "frozen",
            Self::EcsRollsBack => "ecs_rolls_back",
            Self::ForeignController(_) | Self::NotRolling => "foreign_controller",
            Self::DeployedMeanwhile => "deployed_meanwhile",
            Self::StackInProgress { .. } => "stack_in_progress",
            Self::NotStable { .. } => "not_stable",
            Self::CoolingDown { .. } => "cooling_down",
            Self::AttemptsUsedUp { .. } => "attempts_used_up",
            Self::DoneBefore => "done_before",
            Self::FailedBefore => "failed_before",
            Self::DoesNotLast { .. } => "does_not_last",
            Self::Rejected { .. } => "rejected",
            Self::Locked { .. } => "locked",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::CorrelatedOutage { .. } => "correlated_outage",
            Self::PreconditionGone(_) => "precondition_gone",
            Self::MemoryOutOfBounds { .. } => "memory_out_of_bounds",
            Self::AnotherHostDrains { .. } => "another_host_drains",
            Self::ScaledByOther { .. } => "scaled_by_other",
        }
    }

    /// When it makes sense to ask again though nothing new was heard; `None`: only when something is.
    pub fn ask_again(&self, now: Timestamp) -> Option<Timestamp> {
        let soon = || now.saturating_add(super::ASK_AGAIN).ok();
        match self {
            Self::NotStable { until }
            | Self::CoolingDown { until }
            | Self::Frozen { until, .. }
            | Self::BudgetSpent { until, .. } => Some(*until).filter(|until| *until < Timestamp::MAX),
            Self::Paused { .. }
            | Self::Unobserved { .. }
            | Self::EcsRollsBack
            | Self::DeployedMeanwhile
            | Self::StackInProgress { .. }
            | Self::Locked { .. }
            | Self::AnotherHostDrains { .. }
            | Self::PreconditionGone(_) => soon(),
            Self::NotEnrolled
            | Self::RemedyOff(_)
            | Self::FromElsewhere
            | Self::ModeObserves
            | Self::ForeignController(_)
            | Self::NotRolling
            | Self::AttemptsUsedUp { .. }
            | Self::DoneBefore
            | Self::FailedBefore
            | Self::DoesNotLast { .. }
            | Self::Rejected { .. }
            | Self::CorrelatedOutage { .. }
            | Self::MemoryOutOfBounds { .. }
            | Self::ScaledByOther { .. } => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&remedies::refusal(self, Language::En))
    }
}
