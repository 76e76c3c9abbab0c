//! What stands in truth, for whoever plays the code in tasks, and for checks. No call of the API: it lags behind nothing, and is
//! never throttled.

use super::api::DeploymentRolloutState;
use super::service::ServiceStatus;
use super::state::TaskId;
use super::task::Status;
use super::world::Ecs;

/// How a service stands in truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    /// `desiredCount`.
    pub(crate) desired: u32,
    /// Several deployments have tasks, or the latest is not complete.
    pub(crate) is_deploying: bool,
}

impl Ecs {
    /// The tasks of a service that are RUNNING and were not told to stop, the oldest first.
    pub(crate) fn at_work(&self, cluster: &str, service: &str) -> Vec<u64> {
        let Some(service) = self.state.service_by_name(cluster, service) else { return Vec::new() };
        let tasks = self.state.tasks_of(service.id);
        let at_work = tasks.filter(|task| task.last == Status::Running && !task.desired_stopped);
        at_work.map(|task| task.id.0).collect()
    }

    /// The ARN of a task, while ECS knows it.
    pub(crate) fn arn_of(&self, task: u64) -> Option<String> {
        self.state.task(TaskId(task)).map(|task| task.arn.clone())
    }

    /// An ACTIVE service; `None` where there is none.
    pub(crate) fn truth(&self, cluster: &str, service: &str) -> Option<Truth> {
        let service = self.state.service_by_name(cluster, service)?;
        let rollout = service.primary().map(|primary| primary.rollout);
        (service.status == ServiceStatus::Active).then(|| Truth {
            desired: service.desired,
            is_deploying: service.deployments.len() > 1
                || rollout == Some(DeploymentRolloutState::InProgress),
        })
    }
}
