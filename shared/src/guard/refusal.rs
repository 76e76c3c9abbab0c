//! The reasons for which a change is refused, one for each rule.

use std::fmt;

use jiff::Timestamp;

use crate::action::Remedy;
use crate::incident::Held;
use crate::ledger::Scope;
use crate::notification::moment;

/// Why an action is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        by: String,
        /// Why.
        why: Option<String>,
    },
    /// Something that a guard must know could not be read: what is not known allows nothing.
    Unobserved {
        /// What.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The mode is observe.
    ModeObserves,
    /// A freeze window.
    Frozen {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: Option<String>,
    },
    /// The circuit breaker or an alarm acts, or will.
    EcsRollsBack,
    /// CodeDeploy, or somebody with task sets, carries out the deployments.
    ForeignController(String),
    /// Somebody deployed since the incident was looked at.
    DeployedMeanwhile,
    /// CloudFormation is at work on the stack that describes the service.
    StackInProgress {
        /// Which.
        stack: String,
        /// Its status.
        status: String,
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
    PreconditionGone(&'static str),
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
            Self::ForeignController(_) => "foreign_controller",
            Self::DeployedMeanwhile => "deployed_meanwhile",
            Self::StackInProgress { .. } => "stack_in_progress",
            Self::NotStable { .. } => "not_stable",
            Self::CoolingDown { .. } => "cooling_down",
            Self::AttemptsUsedUp { .. } => "attempts_used_up",
            Self::DoneBefore => "done_before",
            Self::FailedBefore => "failed_before",
            Self::DoesNotLast { .. } => "does_not_last",
            Self::Locked { .. } => "locked",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::CorrelatedOutage { .. } => "correlated_outage",
            Self::PreconditionGone(_) => "precondition_gone",
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
            | Self::PreconditionGone(_) => soon(),
            Self::NotEnrolled
            | Self::RemedyOff(_)
            | Self::FromElsewhere
            | Self::ModeObserves
            | Self::ForeignController(_)
            | Self::AttemptsUsedUp { .. }
            | Self::DoneBefore
            | Self::FailedBefore
            | Self::DoesNotLast { .. }
            | Self::CorrelatedOutage { .. } => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = |at: &Timestamp| moment(*at);
        let because = |why: &Option<String>| why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        match self {
            Self::NotEnrolled => f.write_str("nobody enrolled it: no entry of `services` selects it"),
            Self::RemedyOff(remedy) => write!(f, "the policy does not allow {}", remedy.as_str()),
            Self::FromElsewhere => f.write_str("it is of another account or region"),
            Self::Paused { scope, by, why } => {
                let what = match scope {
                    Scope::Global => "all changes are".to_owned(),
                    Scope::Cluster(cluster) => format!("changes in {} are", cluster.name()),
                    Scope::Target(target) => format!("changes of {target} are"),
                };
                write!(f, "{what} paused by {by}{}", because(why))
            }
            Self::Unobserved { what, why } => write!(f, "{what} could not be read: {why}"),
            Self::ModeObserves => f.write_str("the mode is observe"),
            Self::Frozen { until, why } => {
                write!(f, "changes are frozen until {}{}", moment(until), because(why))
            }
            Self::EcsRollsBack => {
                f.write_str("ECS's own circuit breaker or alarms look after this deployment")
            }
            Self::ForeignController(who) => write!(f, "{who} controls its deployments, not ECS"),
            Self::DeployedMeanwhile => f.write_str("somebody has deployed meanwhile"),
            Self::StackInProgress { stack, status } => {
                write!(f, "CloudFormation is at work: {stack} is {status}")
            }
            Self::NotStable { until } => {
                write!(f, "this may be over by itself; nothing is done before {}", moment(until))
            }
            Self::CoolingDown { until } => write!(f, "the last action has until {} to help", moment(until)),
            Self::AttemptsUsedUp { attempts } => {
                write!(f, "{attempts} attempts were made, and no more may be")
            }
            Self::DoneBefore => f.write_str("this was done already, or may have been"),
            Self::FailedBefore => f.write_str("this remedy did not help this revision before"),
            Self::DoesNotLast { times } => write!(
                f,
                "this was done {times} times in a row for this revision, and never helped for a day: another is needed"
            ),
            Self::Locked { by } => write!(f, "action {by} is not over"),
            Self::BudgetSpent { scope, until } => {
                let whose = match scope {
                    Scope::Global => "the account's",
                    Scope::Cluster(_) => "the cluster's",
                    Scope::Target(_) => "its own",
                };
                write!(f, "{whose} budget of actions is spent")?;
                if *until < Timestamp::MAX { write!(f, " until {}", moment(until)) } else { Ok(()) }
            }
            Self::CorrelatedOutage { services } => {
                write!(
                    f,
                    "{services} services of the cluster began to fail together: this is an outage, not a bad revision"
                )
            }
            Self::PreconditionGone(what) => write!(f, "it is not as it was when this was decided: {what}"),
        }
    }
}
