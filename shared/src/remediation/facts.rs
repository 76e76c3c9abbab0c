//! What a decision about a target goes by: what was asked, and what was answered.

use std::collections::BTreeMap;

use crate::action::ActionId;
use crate::arn::{
    ContainerInstanceArn, DeploymentId, ServiceDeploymentArn, ServiceRevisionArn, TaskArn, TaskDefinitionArn,
};
use crate::ecs::{
    CapacityProvider, ContainerInstance, HostTask, Service, ServiceDeployment, ServiceRevision, StatusCheck,
    Task, TaskDefinition,
};
use crate::incident::Deployment;
use crate::ledger::{Budget, DrainSlot, Openings, Scope, Switch};
use crate::observed::Observed;

/// A question to the outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// The target itself, a service.
    Service,
    /// A task definition's revision.
    TaskDefinition(TaskDefinitionArn),
    /// A service deployment.
    ServiceDeployment(ServiceDeploymentArn),
    /// A service revision.
    ServiceRevision(ServiceRevisionArn),
    /// A task of the target's cluster.
    Task(TaskArn),
    /// What the ledger knows of one of the target's deployments.
    Deployment(DeploymentId),
    /// Tasks that stand in for a lost one, by their `startedBy`.
    StandIns(String),
    /// The status of the CloudFormation stack that describes the service.
    Stack(String),
    /// The switches of the account and of the cluster, strongly consistent.
    Switches,
    /// The budgets of target, cluster and account.
    Budgets,
    /// What began to fail in the cluster of late.
    Openings,
    /// The revision that an action registered, by its tag.
    Registered {
        /// The revision that it was made from: one's own is later.
        after: TaskDefinitionArn,
        /// The action.
        action: ActionId,
    },
    /// The target itself, a container instance.
    Host,
    /// The tasks on it.
    HostTasks,
    /// The status checks of an EC2 instance.
    StatusCheck(String),
    /// A capacity provider of the target's cluster.
    CapacityProvider(String),
    /// The container instances of the cluster that are DRAINING.
    Draining,
    /// Which container instance of the cluster Steward drained last.
    DrainSlot,
}

/// Answers. They only grow: what was answered once is not asked again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The target, a service.
    pub service: Option<Observed<Service>>,
    /// Task definitions.
    pub task_definitions: BTreeMap<TaskDefinitionArn, Observed<TaskDefinition>>,
    /// Service deployments.
    pub service_deployments: BTreeMap<ServiceDeploymentArn, Observed<ServiceDeployment>>,
    /// Service revisions.
    pub service_revisions: BTreeMap<ServiceRevisionArn, Observed<ServiceRevision>>,
    /// Tasks.
    pub tasks: BTreeMap<TaskArn, Observed<Task>>,
    /// Tasks that stand in for lost ones, by `startedBy`; an empty list is none.
    pub stand_ins: BTreeMap<String, Observed<Vec<Task>>>,
    /// Stacks: their status.
    pub stacks: BTreeMap<String, Observed<String>>,
    /// What the ledger knows of deployments.
    pub deployments: BTreeMap<DeploymentId, Observed<Deployment>>,
    /// Switches that are there; one that is absent pauses nothing.
    pub switches: Option<Observed<Vec<Switch>>>,
    /// Budgets that were spent of, by scope.
    pub budgets: Option<Observed<BTreeMap<Scope, Budget>>>,
    /// What began to fail in the cluster of late.
    pub openings: Option<Observed<Openings>>,
    /// Revisions that actions registered, by action. Those that are known are among the task definitions, too.
    pub registered: BTreeMap<ActionId, Observed<TaskDefinition>>,
    /// The target, a container instance.
    pub host: Option<Observed<ContainerInstance>>,
    /// The tasks on it.
    pub host_tasks: Option<Observed<Vec<HostTask>>>,
    /// Status checks by EC2 instance; absent: CloudWatch tells nothing.
    pub status_checks: BTreeMap<String, Observed<StatusCheck>>,
    /// Capacity providers by name.
    pub capacity_providers: BTreeMap<String, Observed<CapacityProvider>>,
    /// The cluster's container instances that are DRAINING.
    pub draining: Option<Observed<Vec<ContainerInstanceArn>>>,
    /// Which of them Steward drained last; absent: none ever.
    pub drain_slot: Option<Observed<DrainSlot>>,
}

impl Facts {
    /// Whether a question was answered, be it by "unknown".
    pub fn answers(&self, query: &Query) -> bool {
        match query {
            Query::Service => self.service.is_some(),
            Query::TaskDefinition(arn) => self.task_definitions.contains_key(arn),
            Query::ServiceDeployment(arn) => self.service_deployments.contains_key(arn),
            Query::ServiceRevision(arn) => self.service_revisions.contains_key(arn),
            Query::Task(arn) => self.tasks.contains_key(arn),
            Query::Deployment(id) => self.deployments.contains_key(id),
            Query::StandIns(started_by) => self.stand_ins.contains_key(started_by),
            Query::Stack(stack) => self.stacks.contains_key(stack),
            Query::Switches => self.switches.is_some(),
            Query::Budgets => self.budgets.is_some(),
            Query::Openings => self.openings.is_some(),
            Query::Registered { action, .. } => self.registered.contains_key(action),
            Query::Host => self.host.is_some(),
            Query::HostTasks => self.host_tasks.is_some(),
            Query::StatusCheck(instance) => self.status_checks.contains_key(instance),
            Query::CapacityProvider(name) => self.capacity_providers.contains_key(name),
            Query::Draining => self.draining.is_some(),
            Query::DrainSlot => self.drain_slot.is_some(),
        }
    }

    /// Those of some questions that are still open.
    pub fn open(&self, queries: impl IntoIterator<Item = Query>) -> Vec<Query> {
        queries.into_iter().filter(|query| !self.answers(query)).collect()
    }
}
