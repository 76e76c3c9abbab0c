//! What is known of a cluster and of each of its services.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::{Definition, Permissions};
use crate::arn::ClusterArn;
use crate::diagnosis::{self, Cause};
use crate::ecs;
use crate::event::{TaskStateChange, TaskStatus};
use crate::observed::Observed;

/// A service, as DescribeServices answers it.
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of ECS's own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What remedies look at as well.
    pub ecs: ecs::Service,
    /// `serviceArn`.
    pub arn: String,
    /// Where its tasks run.
    pub launch: Launch,
    /// Whether some of its tasks may run on Fargate Spot.
    pub is_on_spot: bool,
    /// Whether it runs one task a container instance (`DAEMON`).
    pub is_daemon: bool,
    /// `minimumHealthyPercent`.
    pub minimum_percent: Option<u32>,
    /// `maximumPercent`.
    pub maximum_percent: Option<u32>,
    /// `healthCheckGracePeriodSeconds`.
    pub grace: Option<u32>,
    /// Whether a target group, a Classic load balancer or a VPC Lattice target group checks its tasks' health.
    pub has_load_balancer: bool,
    /// How many subnets `awsvpcConfiguration` names; absent where tasks have no network interface of their own.
    pub subnets: Option<usize>,
    /// Whether Cloud Map or Service Connect knows its tasks.
    pub is_discovered: bool,
    /// `enableExecuteCommand`.
    pub execute_command: bool,
    /// `platformVersion`; absent means `LATEST`.
    pub platform_version: Option<String>,
}

/// Where the tasks of a service run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launch {
    /// Fargate, on demand or Spot.
    Fargate,
    /// Container instances of the account.
    Ec2,
    /// Elsewhere: external instances, managed instances, or what this version does not know.
    Other,
}

/// What is known of a service and of what it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The service.
    pub service: Service,
    /// What it deploys. Absent where it names no task definition, as services with task sets do.
    pub definition: Observed<Rc<Definition>>,
    /// Where its tasks run.
    pub running: Observed<Running>,
    /// Tasks of the last hour that failed.
    pub failures: Observed<Vec<Failure>>,
    /// What its execution role may do of what its tasks need. Absent where there is no such role, or nothing is needed.
    pub permissions: Observed<Rc<Permissions>>,
}

/// Tasks in RUNNING.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Running {
    /// How many run in which availability zone.
    pub by_zone: BTreeMap<String, u32>,
    /// How many run in a zone that ECS does not tell.
    pub nowhere: u32,
}

impl Running {
    /// Counts a task, if it runs.
    pub fn count(&mut self, task: &TaskStateChange) {
        if task.last_status != TaskStatus::Running {
            return;
        }
        match &task.availability_zone {
            Some(zone) => *self.by_zone.entry(zone.clone()).or_default() += 1,
            None => self.nowhere += 1,
        }
    }
}

/// A task that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// When its stop was decided.
    pub at: Timestamp,
    /// Why it stopped.
    pub cause: Cause,
}

impl Failure {
    /// Of a stopped task. `None` where it was meant to stop, or nobody knows when it did.
    pub fn of(task: &TaskStateChange) -> Option<Self> {
        let diagnosis = diagnosis::of_task(task)?;
        let at = task.times.stopping_at.or(task.times.stopped_at)?;
        (!diagnosis.cause.is_benign()).then_some(Self { at, cause: diagnosis.cause })
    }
}

/// What is known of the cluster itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterFacts {
    /// The cluster.
    pub cluster: ClusterArn,
    /// How many services it has, whether or not they were looked at.
    pub services: Observed<usize>,
}
