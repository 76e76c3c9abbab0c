//! What an audit reads. One call of a method is one request, so that whoever calls may pace them.

use super::{Access, EcsError, Page, Resource};
use crate::arn::{ServiceName, TaskArn, TaskDefinitionArn};
use crate::audit::{Definition, Ruling, Service};
use crate::event::TaskStateChange;

/// Reads a cluster, its services and what they run. Only the command line does.
pub trait AuditEcs {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access { method: "service_arns", actions: &["ecs:ListServices"], on: Resource::InClusters },
        Access { method: "services", actions: &["ecs:DescribeServices"], on: Resource::Services },
        // Cannot be scoped (Service Authorization Reference of ECS).
        Access { method: "definition", actions: &["ecs:DescribeTaskDefinition"], on: Resource::Everything },
        Access { method: "task_arns", actions: &["ecs:ListTasks"], on: Resource::InClusters },
        Access { method: "tasks", actions: &["ecs:DescribeTasks"], on: Resource::Tasks },
    ];

    /// A page of the ARNs of a cluster's services; `None` where there is no such cluster. `cluster` is a name or an ARN.
    async fn service_arns(&self, cluster: &str, from: Option<&str>)
    -> Result<Option<Page<String>>, EcsError>;

    /// Services, at most ten. Those that ECS does not know any more are left out.
    async fn services(&self, cluster: &str, arns: &[String]) -> Result<Vec<Service>, EcsError>;

    /// A task definition; `None` where ECS knows none of that name.
    async fn definition(&self, arn: &TaskDefinitionArn) -> Result<Option<Definition>, EcsError>;

    /// A page of the ARNs of a cluster's tasks, or of one service's: those that are to run, or those that are to be stopped.
    async fn task_arns(
        &self,
        cluster: &str,
        service: Option<&ServiceName>,
        stopped: bool,
        from: Option<&str>,
    ) -> Result<Page<TaskArn>, EcsError>;

    /// Tasks, at most a hundred. Those that ECS does not know any more are left out.
    async fn tasks(&self, cluster: &str, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError>;
}

/// Asks IAM what a role may do. Only the command line does.
pub trait SimulateRoles {
    /// What the method needs.
    const ACCESS: &'static [Access] =
        &[Access { method: "rulings", actions: &["iam:SimulatePrincipalPolicy"], on: Resource::TaskRoles }];

    /// What each action comes to on each resource, of a page. No resources mean all, `*`.
    async fn rulings(
        &self,
        role: &str,
        actions: &[&str],
        resources: &[String],
        from: Option<&str>,
    ) -> Result<Page<Ruled>, EcsError>;
}

/// What an action comes to on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    /// `service:Action`.
    pub action: String,
    /// An ARN, or `*`.
    pub resource: String,
    /// What IAM says.
    pub ruling: Ruling,
}
