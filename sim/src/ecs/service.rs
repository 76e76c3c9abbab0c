//! A service as the model holds it: its settings, deployments, history and messages.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::api::{
    CapacityProviderStrategyItem, DeploymentConfiguration, DeploymentControllerType,
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStage, DeploymentLifecycleHookStatus,
    DeploymentRolloutState, DeploymentStrategy, LoadBalancer, NetworkConfiguration, PropagateTags,
    ServiceDeploymentStatus,
};
use super::definition::Definition;
use super::state::ServiceId;
use crate::random::later;

/// Service messages that are kept (FACTS §8).
const MAX_MESSAGES: usize = 100;
/// A message is not repeated within this time while nothing else was said (FACTS §8).
pub(super) const REPEAT_AFTER: Duration = Duration::from_hours(6);
/// How long service deployments are kept (FACTS §10).
const HISTORY: Duration = Duration::from_hours(90 * 24);

/// Whether a service is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceStatus {
    Active,
    Draining,
    Inactive,
}

impl ServiceStatus {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// What a service revision freezes, and a rollback brings back whole (FACTS §10).
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) definition: Arc<Definition>,
    pub(super) load_balancers: Vec<LoadBalancer>,
    pub(super) network: Option<NetworkConfiguration>,
    /// True for Fargate, where no capacity provider says otherwise.
    pub(super) is_fargate: bool,
    pub(super) strategy: Vec<CapacityProviderStrategyItem>,
    pub(super) platform_version: Option<String>,
}

impl Shape {
    /// Whether a change from one to the other needs a deployment.
    pub(super) fn deploys_like(&self, other: &Self) -> bool {
        self.definition.arn == other.definition.arn
            && self.load_balancers == other.load_balancers
            && self.network == other.network
            && self.strategy == other.strategy
            && self.platform_version == other.platform_version
    }
}

/// A deployment: tasks of one service revision.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    /// `ecs-svc/<digits>`.
    pub(super) id: String,
    pub(super) is_primary: bool,
    pub(super) shape: Arc<Shape>,
    /// ARN of its service revision.
    pub(super) revision: String,
    /// ARN of the service deployment that brought it, or brings it back.
    pub(super) brought_by: String,
    pub(super) desired: u32,
    pub(super) rollout: DeploymentRolloutState,
    pub(super) reason: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// Consecutive failures that the circuit breaker counts.
    pub(super) failed_tasks: u32,
    /// Consecutive failures to reach RUNNING, for the restart back-off.
    pub(super) start_failures: u32,
    /// No task of it is started before: the restart back-off.
    pub(super) holds_until: Option<Timestamp>,
    /// The `IN_PROGRESS` event was sent.
    pub(super) is_announced: bool,
    /// ECS goes back to it.
    pub(super) is_rollback: bool,
    /// When it became steady, while alarms are watched.
    pub(super) bakes_since: Option<Timestamp>,
}

/// Whether a service deployment goes on no more.
pub(super) fn is_final(progress: ServiceDeploymentStatus) -> bool {
    use ServiceDeploymentStatus as Status;
    matches!(
        progress,
        Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed
    )
}

/// A service deployment: from one service revision to another, and perhaps back.
#[derive(Clone, Debug)]
pub(super) struct ServiceDeployment {
    pub(super) arn: String,
    pub(super) sources: Vec<RevisionCount>,
    pub(super) target: String,
    pub(super) progress: ServiceDeploymentStatus,
    pub(super) reason: Option<String>,
    pub(super) created: Timestamp,
    pub(super) started: Option<Timestamp>,
    pub(super) stopped: Option<Timestamp>,
    pub(super) finished: Option<Timestamp>,
    pub(super) updated: Timestamp,
    pub(super) rollback: Option<Rollback>,
    pub(super) failures: u32,
    pub(super) triggered_alarms: Vec<String>,
    pub(super) configuration: DeploymentConfiguration,
    /// Hooks that it met, the first first.
    pub(super) hooks: Vec<Hook>,
}

/// A pause hook that a service deployment met.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) id: String,
    pub(super) stage: DeploymentLifecycleHookStage,
    pub(super) status: DeploymentLifecycleHookStatus,
    pub(super) expires: Timestamp,
    pub(super) timeout_action: DeploymentLifecycleHookAction,
}

impl ServiceDeployment {
    /// The hook at which it waits.
    pub(super) fn waits(&self) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.status == DeploymentLifecycleHookStatus::AwaitingAction)
    }
}

/// A source of a service deployment, as it was when that began.
#[derive(Clone, Debug)]
pub(super) struct RevisionCount {
    pub(super) arn: String,
    pub(super) requested: u32,
    pub(super) running: u32,
    pub(super) pending: u32,
}

/// Where a service deployment goes back to.
#[derive(Clone, Debug)]
pub(super) struct Rollback {
    pub(super) reason: String,
    pub(super) started: Timestamp,
    pub(super) revision: String,
}

/// A service revision.
#[derive(Clone, Debug)]
pub(super) struct ServiceRevision {
    pub(super) arn: String,
    pub(super) shape: Arc<Shape>,
    pub(super) created: Timestamp,
}

/// A message of the scheduler.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) text: String,
}

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) id: ServiceId,
    pub(super) arn: String,
    pub(super) cluster: String,
    pub(super) name: String,
    pub(super) status: ServiceStatus,
    pub(super) controller: DeploymentControllerType,
    pub(super) desired: u32,
    pub(super) shape: Arc<Shape>,
    pub(super) configuration: DeploymentConfiguration,
    pub(super) grace: Option<Duration>,
    pub(super) created: Timestamp,
    pub(super) created_by: String,
    pub(super) execute_command: bool,
    pub(super) managed_tags: bool,
    pub(super) propagate_tags: Option<PropagateTags>,
    /// The primary first, then older ones that still have tasks, the newest first.
    pub(super) deployments: Vec<Deployment>,
    /// The last deployment that completed: what a rollback goes back to.
    pub(super) last_good: Option<Deployment>,
    /// The oldest first.
    pub(super) history: Vec<Arc<ServiceDeployment>>,
    pub(super) revisions: Vec<Arc<ServiceRevision>>,
    /// The newest first.
    pub(super) messages: VecDeque<Message>,
    pub(super) is_steady: bool,
    /// No place is looked for before.
    pub(super) holds_until: Option<Timestamp>,
    pub(super) impaired_told: Option<Timestamp>,
    pub(super) placement_failures: u32,
    /// The scheduler's next turn; other entries of the agenda are void.
    pub(super) turn_at: Option<Timestamp>,
}

impl Service {
    pub(super) fn primary(&self) -> Option<&Deployment> {
        self.deployments.first().filter(|deployment| deployment.is_primary)
    }

    pub(super) fn primary_mut(&mut self) -> Option<&mut Deployment> {
        self.deployments.first_mut().filter(|deployment| deployment.is_primary)
    }

    pub(super) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == id)
    }

    pub(super) fn deployment_mut(&mut self, id: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|deployment| deployment.id == id)
    }

    pub(super) fn service_deployment(&self, arn: &str) -> Option<&ServiceDeployment> {
        self.history.iter().rev().find(|one| one.arn == arn).map(AsRef::as_ref)
    }

    pub(super) fn service_deployment_mut(&mut self, arn: &str) -> Option<&mut ServiceDeployment> {
        self.history.iter_mut().rev().find(|one| one.arn == arn).map(Arc::make_mut)
    }

    /// The service deployment that is not final.
    pub(super) fn current(&self) -> Option<&ServiceDeployment> {
        self.history.last().filter(|last| !is_final(last.progress)).map(AsRef::as_ref)
    }

    /// Whether both revisions run in full until the older is cleaned up (`BLUE_GREEN`).
    pub(super) fn is_blue_green(&self) -> bool {
        self.configuration.strategy == Some(DeploymentStrategy::BlueGreen)
    }

    /// Whether its deployment waits at a hook.
    pub(super) fn waits_at(&self) -> Option<DeploymentLifecycleHookStage> {
        self.current().and_then(ServiceDeployment::waits).map(|hook| hook.stage)
    }

    /// Default 100 for rolling services.
    pub(super) fn least_healthy(&self) -> u32 {
        percent(self.desired, self.configuration.minimum_healthy_percent.unwrap_or(100), true)
    }

    /// Default 200 for rolling services.
    pub(super) fn most_running(&self) -> u32 {
        percent(self.desired, self.configuration.maximum_percent.unwrap_or(200), false)
    }

    /// Adds a message, unless it repeats the last one too early. Says whether it was added.
    pub(super) fn say(&mut self, message: Message) -> bool {
        let repeats = self
            .messages
            .front()
            .is_some_and(|last| last.text == message.text && later(last.at, REPEAT_AFTER) > message.at);
        if repeats {
            return false;
        }
        self.messages.push_front(message);
        self.messages.truncate(MAX_MESSAGES);
        true
    }

    /// Drops what is older than 90 days.
    pub(super) fn forget_history(&mut self, now: Timestamp) {
        self.history.retain(|one| !is_final(one.progress) || later(one.updated, HISTORY) > now);
    }
}

/// So many percent of `count`, rounded up or down.
fn percent(count: u32, percent: u32, up: bool) -> u32 {
    let hundredfold = u64::from(count) * u64::from(percent);
    let whole = if up { hundredfold.div_ceil(100) } else { hundredfold / 100 };
    u32::try_from(whole).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_is_rounded_up_and_the_maximum_down() {
        assert_eq!((percent(3, 50, true), percent(3, 50, false)), (2, 1));
        assert_eq!(percent(5, 200, false), 10);
        assert_eq!(percent(u32::MAX, 200, true), u32::MAX);
    }
}
