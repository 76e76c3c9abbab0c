//! What is asked of ECS, and of those who may own a service besides: reading and changing are held apart.

use super::{Access, Resource};
use crate::action::{ActionId, Call};
use crate::arn::{
    ClusterArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn, TaskDefinitionArn,
};
use crate::ecs::{Instances, Overrides, Service, ServiceDeployment, ServiceRevision, Task, TaskDefinition};

/// Reads ECS. Every answer may lag behind the latest change by seconds.
pub trait DescribeEcs {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access { method: "service", actions: &["ecs:DescribeServices"], on: Resource::Services },
        Access { method: "services", actions: &["ecs:ListServices"], on: Resource::InClusters },
        Access { method: "services", actions: &["ecs:DescribeServices"], on: Resource::Services },
        Access {
            method: "service_deployment",
            actions: &["ecs:DescribeServiceDeployments"],
            on: Resource::ServiceDeployments,
        },
        Access {
            method: "service_revision",
            actions: &["ecs:DescribeServiceRevisions"],
            on: Resource::ServiceRevisions,
        },
        // Cannot be scoped (Service Authorization Reference of ECS).
        Access {
            method: "task_definition",
            actions: &["ecs:DescribeTaskDefinition"],
            on: Resource::Everything,
        },
        Access { method: "tasks", actions: &["ecs:DescribeTasks"], on: Resource::Tasks },
        // On `*`, unless it asks for the tasks of one container instance.
        Access { method: "find_tasks", actions: &["ecs:ListTasks"], on: Resource::InClusters },
        Access { method: "find_tasks", actions: &["ecs:DescribeTasks"], on: Resource::Tasks },
        Access { method: "clusters", actions: &["ecs:ListClusters"], on: Resource::Everything },
        // Neither can be scoped (Service Authorization Reference of ECS).
        Access {
            method: "registered",
            actions: &["ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"],
            on: Resource::Everything,
        },
        Access { method: "instances", actions: &["ecs:ListContainerInstances"], on: Resource::Clusters },
        Access {
            method: "instances",
            actions: &["ecs:DescribeContainerInstances"],
            on: Resource::ContainerInstances,
        },
    ];

    /// A service with its tags; `None` where ECS knows none of that name.
    async fn service(&self, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError>;

    /// A page of a cluster's services (at most 100), and where the next begins.
    async fn services(&self, cluster: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError>;

    /// A service deployment; ECS keeps them for 90 days.
    async fn service_deployment(
        &self,
        arn: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError>;

    /// A service revision.
    async fn service_revision(&self, arn: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError>;

    /// A task definition's revision.
    async fn task_definition(&self, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError>;

    /// Tasks (at most 100), those that ECS still knows: stopped ones for an hour at least.
    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError>;

    /// Tasks of a cluster: a page of at most 100, and where the next begins.
    async fn find_tasks(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<Task>, EcsError>;

    /// Container instances of a cluster, whatever their status: at most [`MAX_INSTANCES`](crate::ecs::MAX_INSTANCES).
    async fn instances(&self, cluster: &ClusterArn) -> Result<Instances, EcsError>;

    /// All clusters of the account in this region.
    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError>;

    /// The active revision of a family, later than `after`, that an action registered: the one with its tag
    /// ([`ACTION_TAG`](crate::remediation::memory::ACTION_TAG)). It is looked for among the latest
    /// [`MAX_LATER_REVISIONS`].
    ///
    /// # Errors
    ///
    /// Also where there are more revisions than that: then nobody knows.
    async fn registered(
        &self,
        after: &TaskDefinitionArn,
        action: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError>;
}

/// So many revisions of a family are looked through for one's own, the latest first.
pub const MAX_LATER_REVISIONS: usize = 20;

/// A part of a longer answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What it holds.
    pub items: Vec<T>,
    /// Where the next page begins; absent: this was the last.
    pub next: Option<String>,
}

/// Which tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Find {
    /// Those that are meant to run.
    Running,
    /// Running ones that this caller started: ListTasks takes no other filter beside `startedBy`.
    StartedBy(String),
    /// Stopped ones of a family, compared by `startedBy`.
    StoppedOfFamily {
        /// The family.
        family: String,
        /// The caller.
        started_by: String,
    },
}

/// Changes ECS. One call is one request: nothing is tried twice, but for a throttled or tokened one by who called.
pub trait ChangeEcs {
    /// What the method needs, call by call.
    const ACCESS: &'static [Access] = &[
        Access {
            method: "StopServiceDeployment",
            actions: &["ecs:StopServiceDeployment"],
            on: Resource::ServiceDeployments,
        },
        Access { method: "UpdateService", actions: &["ecs:UpdateService"], on: Resource::Services },
        // Where it names a task definition that has roles.
        Access { method: "UpdateService", actions: &["iam:PassRole"], on: Resource::TaskRoles },
        Access { method: "StopTask", actions: &["ecs:StopTask"], on: Resource::Tasks },
        Access { method: "RunTask", actions: &["ecs:RunTask"], on: Resource::TaskDefinitions },
        Access { method: "RunTask", actions: &["iam:PassRole"], on: Resource::TaskRoles },
        Access {
            method: "RegisterTaskDefinition",
            actions: &["ecs:RegisterTaskDefinition", "ecs:TagResource"],
            on: Resource::TaskDefinitions,
        },
        // The revision that it is made from, with its tags.
        Access {
            method: "RegisterTaskDefinition",
            actions: &["ecs:DescribeTaskDefinition"],
            on: Resource::Everything,
        },
        // Where that has roles.
        Access { method: "RegisterTaskDefinition", actions: &["iam:PassRole"], on: Resource::TaskRoles },
        Access {
            method: "UpdateContainerInstancesState",
            actions: &["ecs:UpdateContainerInstancesState"],
            on: Resource::ContainerInstances,
        },
        Access {
            method: "ContinueServiceDeployment",
            actions: &["ecs:ContinueServiceDeployment"],
            on: Resource::ServiceDeployments,
        },
    ];

    /// Makes one call. `overrides` are a lost task's own, for RunTask alone.
    ///
    /// # Errors
    ///
    /// Whether it may have taken effect is [`EcsError::may_have_happened`].
    async fn change(&self, id: &ActionId, call: &Call, overrides: &Overrides) -> Result<Changed, EcsError>;
}

/// What a change made, where ECS says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The PRIMARY deployment's id, the new task's ARN, or the new revision's.
    pub made: Option<String>,
}

/// Says who else may change a service.
pub trait Owners {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access { method: "stack_status", actions: &["cloudformation:DescribeStacks"], on: Resource::Stacks },
        // Cannot be scoped (Service Authorization Reference of Application Auto Scaling).
        Access {
            method: "is_scalable",
            actions: &["application-autoscaling:DescribeScalableTargets"],
            on: Resource::Everything,
        },
    ];

    /// The status of a CloudFormation stack, such as `UPDATE_IN_PROGRESS`, by name or id; `None` where there is none.
    async fn stack_status(&self, stack: &str) -> Result<Option<String>, EcsError>;

    /// Whether a service is a scalable target of Application Auto Scaling, which then sets its desired count.
    async fn is_scalable(&self, cluster: &ClusterArn, service: &ServiceName) -> Result<bool, EcsError>;
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} {target}: {problem}")]
pub struct EcsError {
    /// The operation of the API.
    pub operation: &'static str,
    /// On what.
    pub target: String,
    /// What ECS, or the way to it, said.
    pub problem: String,
    /// What that means.
    pub meaning: Meaning,
}

/// What a failed call means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Turned away for now: certainly not executed, and the same call may succeed later.
    Throttled,
    /// Nobody can say whether it was executed.
    Unknown,
    /// Turned away for good: certainly not executed, and the same call fails again.
    Refused,
    /// What it is about is not so any more, such as a deployment that has ended: not executed, but an earlier call may
    /// have been. Whoever called reads again and decides again.
    Overtaken,
    /// ConflictException of RunTask: the token was used, by the call that made these tasks.
    Conflict {
        /// `resourceIds`.
        tasks: Vec<TaskArn>,
    },
}

impl EcsError {
    /// Whether the call may have taken effect all the same.
    pub fn may_have_happened(&self) -> bool {
        self.meaning == Meaning::Unknown
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.meaning, Meaning::Throttled | Meaning::Unknown)
    }
}
