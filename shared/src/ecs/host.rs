//! Container instances, as far as it matters whether they serve.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::{ClusterArn, ContainerInstanceArn, ServiceName, TaskArn};
use crate::diagnosis::{self, Cause};
use crate::event::{ContainerInstanceStatus, TaskStateChange, TaskStatus};

/// A container instance, from DescribeContainerInstances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerInstance {
    /// Its ARN.
    pub arn: ContainerInstanceArn,
    /// Its cluster.
    pub cluster: ClusterArn,
    /// Whether it takes tasks.
    pub status: ContainerInstanceStatus,
    /// Whether its agent talks to ECS; absent where ECS does not say.
    pub agent_connected: Option<bool>,
    /// The EC2 instance below it; absent for External instances.
    pub ec2_instance_id: Option<String>,
    /// The capacity provider that it belongs to, if any.
    pub capacity_provider: Option<String>,
}

impl ContainerInstance {
    /// Whether it takes tasks.
    pub fn is_active(&self) -> bool {
        self.status == ContainerInstanceStatus::Active
    }

    /// Whether its tasks are moved away, and it takes no new ones.
    pub fn is_draining(&self) -> bool {
        self.status == ContainerInstanceStatus::Draining
    }
}

/// The two statuses that `UpdateContainerInstancesState` can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostStatus {
    /// It takes tasks.
    Active,
    /// It takes none, and those of services move away.
    Draining,
}

impl HostStatus {
    /// In ECS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
        }
    }
}

/// A capacity provider, from `DescribeCapacityProviders`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityProvider {
    /// Its name.
    pub name: String,
    /// Whether ECS launches, drains and ends its instances itself: it is of Managed Instances, with or without auto repair.
    pub is_managed: bool,
}

/// What EC2's status checks of an instance say, as CloudWatch tells it: `StatusCheckFailed`, the sum of its checks of system,
/// instance and volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusCheck {
    /// The minute that it is about.
    pub at: Timestamp,
    /// Whether a check failed in it.
    pub has_failed: bool,
}

/// A task on a container instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostTask {
    /// Its ARN.
    pub arn: TaskArn,
    /// The service that replaces it; absent for a standalone task, which nothing moves.
    pub service: Option<ServiceName>,
    /// Whether it is meant to run.
    pub is_wanted: bool,
    /// Whether its health checks fail.
    pub is_unhealthy: bool,
    /// When it was told to stop, and why; absent for one that was not.
    pub stopping: Option<Stopping>,
}

/// That a task was told to stop, or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopping {
    /// When; absent where ECS does not say.
    pub at: Option<Timestamp>,
    /// Why.
    pub cause: Cause,
}

impl HostTask {
    /// A task as ECS describes it. `health` is its `healthStatus`. `None` for one without an ARN.
    pub fn of(task: &TaskStateChange, health: Option<&str>) -> Option<Self> {
        let stopping = diagnosis::of_task(task).map(|found| Stopping {
            at: task.times.stopping_at.or(task.times.stopped_at),
            cause: found.cause,
        });
        let is_wanted = task.desired_status == Some(TaskStatus::Running) && !task.is_stopped();
        Some(Self {
            arn: task.task_arn.clone()?,
            service: task.service_name(),
            is_wanted,
            is_unhealthy: is_wanted && health == Some("UNHEALTHY"),
            stopping,
        })
    }

    /// Whether it was ended since a time, by something that nobody meant.
    pub fn was_lost_since(&self, since: Timestamp) -> bool {
        self.stopping
            .is_some_and(|stopping| !stopping.cause.is_benign() && stopping.at.is_some_and(|at| at >= since))
    }
}
