//! A task as the model holds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::api::{HealthStatus, TaskOverride, TaskStopCode};
use super::behaviour::{Behaviour, Fate};
use super::definition::Definition;
use super::state::{ServiceId, TaskId};

/// Where a task is in its life: `lastStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl Status {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }

    pub(super) fn is_pending(self) -> bool {
        self < Self::Running
    }
}

/// Why ECS will replace a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Its container instance is DRAINING.
    HostDrains,
    /// Its platform revision is retired.
    PlatformRetires,
}

/// What a task runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// Fargate, with its platform's network interface.
    Fargate,
    /// A container instance, by its id.
    Instance(String),
}

/// Times of a task.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) connectivity: Option<Timestamp>,
    pub(super) pull_started: Option<Timestamp>,
    pub(super) pull_stopped: Option<Timestamp>,
    pub(super) started: Option<Timestamp>,
    pub(super) stopping: Option<Timestamp>,
    pub(super) execution_stopped: Option<Timestamp>,
    pub(super) stopped: Option<Timestamp>,
}

/// A container of a task.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) image: String,
    pub(super) runtime_id: String,
    pub(super) exit_code: Option<i64>,
    pub(super) reason: Option<String>,
    pub(super) has_health_check: bool,
    pub(super) is_essential: bool,
    /// Its image was pulled.
    pub(super) was_created: bool,
}

/// Why a task stops.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    pub(super) code: TaskStopCode,
    pub(super) reason: String,
}

/// A network interface.
#[derive(Clone, Debug)]
pub(super) struct Interface {
    pub(super) attachment: String,
    pub(super) subnet: String,
    pub(super) id: String,
    pub(super) mac: String,
    pub(super) address: String,
}

/// A task's registration with a load balancer.
#[derive(Clone, Debug)]
pub(super) struct Elb {
    /// The id of the `elb` attachment.
    pub(super) attachment: String,
    pub(super) state: ElbState,
}

/// What a load balancer does with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElbState {
    /// Its checks do not pass, or not yet.
    Registered,
    /// Its checks pass.
    InService,
    /// It has let go of the task.
    Deregistered,
}

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) hex: String,
    pub(super) arn: String,
    pub(super) cluster: String,
    pub(super) definition: Arc<Definition>,
    /// As it was when the task began.
    pub(super) behaviour: Arc<Behaviour>,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) service: Option<ServiceId>,
    pub(super) host: Host,
    pub(super) provider: Option<String>,
    pub(super) zone: String,
    pub(super) last: Status,
    pub(super) desired_stopped: bool,
    pub(super) version: u64,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) times: Times,
    pub(super) stop: Option<Stop>,
    pub(super) containers: Vec<Container>,
    pub(super) interface: Option<Interface>,
    /// Where it is registered with a load balancer.
    pub(super) elb: Option<Elb>,
    /// Of the containers' own checks alone, and only in `DescribeTasks` (FACTS §3).
    pub(super) health: HealthStatus,
    pub(super) connected: bool,
    pub(super) overrides: Arc<TaskOverride>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) protected_until: Option<Timestamp>,
    pub(super) execute_command: bool,
    /// ECS will replace it: its host drains, or its platform retires.
    pub(super) leaving: Option<Leaving>,
    /// Steps of an older epoch are void.
    pub(super) epoch: u32,
}

impl Task {
    pub(super) fn is_stopped(&self) -> bool {
        self.last == Status::Stopped
    }

    pub(super) fn is_fargate(&self) -> bool {
        self.host == Host::Fargate
    }

    pub(super) fn instance(&self) -> Option<&str> {
        match &self.host {
            Host::Fargate => None,
            Host::Instance(id) => Some(id),
        }
    }

    /// RUNNING, meant to be, and by all its checks healthy: what minimum healthy percent counts.
    pub(super) fn is_healthy(&self) -> bool {
        let checked = !self.definition.has_health_check() || self.health == HealthStatus::Healthy;
        self.last == Status::Running && !self.desired_stopped && self.is_in_service() && checked
    }

    /// The first essential container.
    pub(super) fn main_container_mut(&mut self) -> Option<&mut Container> {
        self.containers.iter_mut().find(|container| container.is_essential)
    }

    /// Whether a failing health check is the load balancer's rather than the container's own.
    pub(super) fn is_failed_by_elb(&self) -> bool {
        match self.behaviour.fate {
            Fate::FailsElbHealth { .. } => true,
            Fate::FailsContainerHealth { .. } | Fate::Hangs { .. } => false,
            _ => self.elb.is_some(),
        }
    }

    /// Health checks of the load balancer pass; true where there is none.
    fn is_in_service(&self) -> bool {
        self.elb.as_ref().is_none_or(|elb| elb.state == ElbState::InService)
    }

    pub(super) fn set_elb(&mut self, state: ElbState) {
        if let Some(elb) = &mut self.elb {
            elb.state = state;
        }
    }

    pub(super) fn is_protected(&self, now: Timestamp) -> bool {
        self.protected_until.is_some_and(|until| until > now)
    }
}
