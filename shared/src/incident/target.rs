//! What an incident is about: one service, one family of standalone tasks, or one container instance.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::arn::{
    Arn, ClusterArn, ContainerInstanceArn, Family, ServiceDeploymentArn, ServiceName, TaskDefinitionArn,
};
use crate::ecs::Task;
use crate::event::{ServiceRef, StoppedTask, TaskStateChange};

/// The thing that fails, and that a person would look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A service.
    Service {
        /// Its cluster.
        cluster: ClusterArn,
        /// Its name.
        name: ServiceName,
    },
    /// Tasks that no service owns, by the family of their task definition.
    Family {
        /// Their cluster.
        cluster: ClusterArn,
        /// The family.
        family: Family,
    },
    /// A container instance.
    ContainerInstance {
        /// Its cluster.
        cluster: ClusterArn,
        /// Its ARN.
        arn: ContainerInstanceArn,
    },
}

impl Target {
    /// The target of a task. `None` where the cluster's ARN or the family is unreadable: nothing could be found again.
    pub fn of_task(task: &TaskStateChange) -> Option<Self> {
        let cluster = readable(&task.cluster_arn)?;
        if let Some(name) = task.service_name() {
            return Some(Self::Service { cluster, name });
        }
        let of_group = || task.group.as_deref()?.strip_prefix("family:").map(Family::new);
        let family = task.task_definition_arn.as_ref().map(TaskDefinitionArn::family).or_else(of_group)?;
        Some(Self::Family { cluster, family })
    }

    /// The target of a task as the API answers it.
    pub fn of_described_task(task: &Task) -> Option<Self> {
        let cluster = readable(&task.cluster)?;
        if let Some(name) = task.group.as_deref().and_then(|group| group.strip_prefix("service:")) {
            return Some(Self::Service { cluster, name: ServiceName::new(name) });
        }
        let family = task.task_definition.as_ref().map(TaskDefinitionArn::family)?;
        Some(Self::Family { cluster, family })
    }

    /// The target of an event about a service. `None` where an old service ARN alone does not tell the cluster.
    pub fn of_service(service: &ServiceRef) -> Option<Self> {
        let cluster = readable(service.cluster_arn.as_ref()?)?;
        Some(Self::Service { cluster, name: service.name.clone() })
    }

    /// The target of a service deployment, by its ARN.
    pub fn of_service_deployment(service_deployment: &ServiceDeploymentArn) -> Option<Self> {
        let Arn { partition, region, account, .. } = Arn::parse(service_deployment.as_str())?;
        let rest = Arn::parse(service_deployment.as_str())?.resource_of_kind("service-deployment")?;
        let mut names = rest.split('/');
        let (cluster, name) = (names.next()?, names.next().filter(|name| !name.is_empty())?);
        let cluster = ClusterArn::new(format!("arn:{partition}:ecs:{region}:{account}:cluster/{cluster}"));
        Some(Self::Service { cluster, name: ServiceName::new(name) })
    }

    /// The target of a task that somebody stopped.
    pub fn of_stopped_task(task: &StoppedTask) -> Option<Self> {
        let cluster = readable(&task.cluster)?;
        if let Some(name) = task.group.as_deref().and_then(|group| group.strip_prefix("service:")) {
            return Some(Self::Service { cluster, name: ServiceName::new(name) });
        }
        let family = task.task_definition.as_ref().map(TaskDefinitionArn::family)?;
        Some(Self::Family { cluster, family })
    }

    /// The target of an event about a container instance.
    pub fn of_container_instance(cluster: &ClusterArn, arn: &ContainerInstanceArn) -> Option<Self> {
        Some(Self::ContainerInstance { cluster: readable(cluster)?, arn: arn.clone() })
    }

    /// The cluster.
    pub fn cluster(&self) -> &ClusterArn {
        match self {
            Self::Service { cluster, .. }
            | Self::Family { cluster, .. }
            | Self::ContainerInstance { cluster, .. } => cluster,
        }
    }

    /// One text a target, the same for both formats of ARNs: `<cluster's ARN>/<kind>/<name>`.
    pub fn key(&self) -> String {
        match self {
            Self::Service { cluster, name } => format!("{cluster}/service/{name}"),
            Self::Family { cluster, family } => format!("{cluster}/family/{family}"),
            Self::ContainerInstance { cluster, arn } => format!("{cluster}/container-instance/{}", arn.id()),
        }
    }

    /// The name, as people say it.
    pub fn name(&self) -> &str {
        match self {
            Self::Service { name, .. } => name.as_str(),
            Self::Family { family, .. } => family.as_str(),
            Self::ContainerInstance { arn, .. } => arn.id(),
        }
    }

    /// What it is: `service`, `task` or `container instance`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Service { .. } => "service",
            Self::Family { .. } => "task",
            Self::ContainerInstance { .. } => "container instance",
        }
    }
}

fn readable(cluster: &ClusterArn) -> Option<ClusterArn> {
    Arn::parse(cluster.as_str())?.resource_of_kind("cluster").map(|_| cluster.clone())
}

impl fmt::Display for Target {
    /// `service api in shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}", self.kind(), self.name(), self.cluster().name())
    }
}
