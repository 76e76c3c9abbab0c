//! ECS resources as its API answers them, as far as decisions need them.
//!
//! Counts and states that ECS did not answer are absent, never zero. Environments and overrides are carried, where a task
//! must be run again, in a type that shows nothing of them.

pub mod capacity;
mod host;
mod instance;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::{
    ClusterArn, DeploymentId, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use crate::event::TaskStatus;

pub use capacity::StrategyItem;
pub use host::{CapacityProvider, ContainerInstance, HostStatus, HostTask, StatusCheck, Stopping};
pub use instance::{InstanceRoom, Instances, MAX_INSTANCES, Needs};

/// A service, from DescribeServices with `include: TAGS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its cluster.
    pub cluster: ClusterArn,
    /// Its name.
    pub name: ServiceName,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// Who carries out its deployments.
    pub controller: Controller,
    /// Whether deployments roll (`ROLLING`), as they do where ECS does not say.
    pub is_rolling: bool,
    /// What its PRIMARY deployment deploys.
    pub task_definition: Option<TaskDefinitionArn>,
    /// `desiredCount`.
    pub desired: DesiredCount,
    /// `runningCount`.
    pub running: RunningCount,
    /// `pendingCount`.
    pub pending: PendingCount,
    /// The circuit breaker.
    pub breaker: Watch,
    /// Deployment alarms.
    pub alarms: Watch,
    /// The deployments that ECS lists, PRIMARY among them.
    pub deployments: Vec<ServiceDeploymentSummary>,
    /// `currentServiceDeployment`: the one under way.
    pub current_service_deployment: Option<ServiceDeploymentArn>,
    /// The service's own tags.
    pub tags: BTreeMap<String, String>,
    /// `capacityProviderStrategy`, as [`capacity::strategy`] orders it; empty: it has a launch type.
    pub capacity_providers: Vec<StrategyItem>,
}

impl Service {
    /// The PRIMARY deployment.
    pub fn primary(&self) -> Option<&ServiceDeploymentSummary> {
        self.deployments.iter().find(|deployment| deployment.is_primary)
    }

    /// Whether the service exists and takes tasks.
    pub fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    /// Whether every task that is wanted runs, on the PRIMARY deployment alone.
    pub fn is_steady(&self) -> bool {
        self.running.0 >= self.desired.0
            && self.deployments.len() == 1
            && self.primary().is_some_and(|primary| primary.rollout != Some(Rollout::Failed))
    }

    /// The CloudFormation stack that describes the service, by the tag that CloudFormation sets.
    pub fn stack(&self) -> Option<&str> {
        self.tags
            .get("aws:cloudformation:stack-id")
            .or(self.tags.get("aws:cloudformation:stack-name"))
            .map(String::as_str)
    }
}

/// `desiredCount`: how many tasks are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DesiredCount(pub u32);

/// `runningCount`: how many tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunningCount(pub u32);

/// `pendingCount`: how many tasks are on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PendingCount(pub u32);

/// Who carries out a service's deployments (`deploymentController.type`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Controller {
    /// ECS.
    Ecs,
    /// CodeDeploy: UpdateService of a task definition is refused.
    CodeDeploy,
    /// Somebody with task sets: UpdateService of a task definition is refused.
    External,
    /// One that this version does not know.
    Other(String),
}

impl Controller {
    /// In ECS's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ecs => "ECS",
            Self::CodeDeploy => "CODE_DEPLOY",
            Self::External => "EXTERNAL",
            Self::Other(other) => other,
        }
    }
}

/// Something of ECS that watches a deployment: the circuit breaker, or alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    /// Whether it fails a bad deployment.
    pub is_enabled: bool,
    /// Whether it then goes back.
    pub rolls_back: bool,
}

/// One entry of a service's `deployments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDeploymentSummary {
    /// `ecs-svc/<digits>`.
    pub id: DeploymentId,
    /// Whether it is the PRIMARY one.
    pub is_primary: bool,
    /// What it deploys.
    pub task_definition: Option<TaskDefinitionArn>,
    /// `rolloutState`; absent where the service is not rolling or behind a Classic load balancer.
    pub rollout: Option<Rollout>,
    /// `failedTasks`: those that failed in a row.
    pub failed_tasks: Option<u32>,
    /// When it began.
    pub created_at: Option<Timestamp>,
    /// When it changed last.
    pub updated_at: Option<Timestamp>,
}

/// `rolloutState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// Tasks are being replaced.
    InProgress,
    /// Done.
    Completed,
    /// Failed by the breaker or an alarm.
    Failed,
}

/// A service deployment, from DescribeServiceDeployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: ServiceDeploymentArn,
    /// Its status, in ECS's word, such as `IN_PROGRESS` or `ROLLBACK_SUCCESSFUL`.
    pub status: String,
    /// The revisions that ran when it began; ECS goes back to the last successful of them.
    pub source_revisions: Vec<ServiceRevisionArn>,
    /// What it deploys.
    pub target_revision: Option<ServiceRevisionArn>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// How many tasks of what it deploys run, and of how many.
    pub target_running: Option<(RunningCount, DesiredCount)>,
    /// `lifecycleStage`, in ECS's word.
    pub stage: Option<String>,
    /// `lifecycleHookDetails`: hooks that are active, or were.
    pub hooks: Vec<LifecycleHook>,
}

/// A hook of a service deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleHook {
    /// `hookId`.
    pub id: String,
    /// In ECS's word, such as `AWAITING_ACTION` or `SUCCEEDED`.
    pub status: String,
    /// When ECS goes on without an answer.
    pub expires_at: Option<Timestamp>,
    /// What it does then.
    pub timeout_action: Option<HookAnswer>,
}

impl LifecycleHook {
    /// Whether a person must answer it.
    pub fn awaits(&self) -> bool {
        self.status == "AWAITING_ACTION"
    }
}

/// What `ContinueServiceDeployment` may be asked for (`DeploymentLifecycleHookAction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HookAnswer {
    /// The deployment goes on to its next stage.
    Continue,
    /// It goes back to the revision before.
    Rollback,
}

impl HookAnswer {
    /// In ECS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "CONTINUE",
            Self::Rollback => "ROLLBACK",
        }
    }

    /// By ECS's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Continue, Self::Rollback].into_iter().find(|answer| answer.as_str() == word)
    }
}

impl ServiceDeployment {
    /// One of its hooks.
    pub fn hook(&self, id: &str) -> Option<&LifecycleHook> {
        self.hooks.iter().find(|hook| hook.id == id)
    }

    /// Whether StopServiceDeployment is legal in its status (FACTS: API reference of StopServiceDeployment).
    pub fn is_stoppable(&self) -> bool {
        matches!(
            self.status.as_str(),
            "PENDING" | "IN_PROGRESS" | "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS"
        )
    }

    /// Whether it is on its way back, or has gone back.
    pub fn goes_back(&self) -> bool {
        self.status.starts_with("ROLLBACK")
    }
}

/// A service revision, from DescribeServiceRevisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRevision {
    /// Its ARN.
    pub arn: ServiceRevisionArn,
    /// What it runs.
    pub task_definition: Option<TaskDefinitionArn>,
}

/// A task definition's revision, from DescribeTaskDefinition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDefinition {
    /// Its ARN.
    pub arn: TaskDefinitionArn,
    /// Whether its status is `ACTIVE`: others cannot be deployed.
    pub is_active: bool,
    /// What a task of it needs of where it runs.
    pub needs: Needs,
    /// How much CPU and memory its tasks have.
    pub sizes: Sizes,
}

/// How much CPU and memory the tasks of a task definition have, as DescribeTaskDefinition answers it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes {
    /// Whether Fargate can run it (`compatibilities`, or `requiresCompatibilities` where ECS does not say): then it has a size
    /// of Fargate's, whatever it runs on.
    pub is_fargate: bool,
    /// Whether its tasks are Windows': Fargate has fewer sizes for them.
    pub is_windows: bool,
    /// CPU units of the task; absent where only its containers have some.
    pub cpu: Option<u32>,
    /// MiB of the task; absent where only its containers have some.
    pub memory: Option<u32>,
    /// Its containers, in its own order.
    pub containers: Vec<ContainerSize>,
}

/// How much memory a container has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerSize {
    /// Its name.
    pub name: String,
    /// `memory`: the hard limit in MiB, at which it is killed.
    pub limit: Option<u32>,
    /// `memoryReservation`: what is kept for it, in MiB.
    pub reservation: Option<u32>,
}

impl Sizes {
    /// Reads them from `taskDefinition` as ECS answers it. A size that is no whole number is absent.
    pub fn read(definition: &serde_json::Value) -> Self {
        let names_fargate = |member: &str| {
            let named = definition.get(member)?.as_array()?;
            (!named.is_empty()).then(|| named.iter().any(|name| name.as_str() == Some("FARGATE")))
        };
        let system = definition.pointer("/runtimePlatform/operatingSystemFamily");
        let containers = definition.get("containerDefinitions").and_then(serde_json::Value::as_array);
        Self {
            is_fargate: names_fargate("compatibilities")
                .or_else(|| names_fargate("requiresCompatibilities"))
                .unwrap_or_default(),
            is_windows: system
                .and_then(serde_json::Value::as_str)
                .is_some_and(|system| system.starts_with("WINDOWS")),
            cpu: number(definition, "cpu"),
            memory: number(definition, "memory"),
            containers: containers.into_iter().flatten().map(ContainerSize::read).collect(),
        }
    }

    /// A container by its name.
    pub fn container(&self, name: &str) -> Option<&ContainerSize> {
        self.containers.iter().find(|container| container.name == name)
    }
}

impl ContainerSize {
    fn read(container: &serde_json::Value) -> Self {
        Self {
            name: container
                .get("name")
                .and_then(serde_json::Value::as_str)
                .map(str::to_owned)
                .unwrap_or_default(),
            limit: number(container, "memory"),
            reservation: number(container, "memoryReservation"),
        }
    }
}

/// A whole number: of a task ECS writes it as text.
fn number(of: &serde_json::Value, member: &str) -> Option<u32> {
    match of.get(member)? {
        serde_json::Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    }
}

/// A task definition as DescribeTaskDefinition answers it, and its tags: its environment may hold secrets, so it is neither
/// shown nor stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Definition {
    definition: serde_json::Value,
    tags: serde_json::Value,
}

impl Definition {
    /// Takes `taskDefinition` and `tags` in ECS's own form.
    pub fn new(definition: serde_json::Value, tags: serde_json::Value) -> Self {
        Self { definition, tags }
    }

    /// `taskDefinition`.
    pub fn reveal(&self) -> &serde_json::Value {
        &self.definition
    }

    /// `tags`.
    pub fn tags(&self) -> &serde_json::Value {
        &self.tags
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Definition(…)")
    }
}

/// A task, from DescribeTasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its ARN.
    pub arn: TaskArn,
    /// Its cluster.
    pub cluster: ClusterArn,
    /// What it runs.
    pub task_definition: Option<TaskDefinitionArn>,
    /// `service:<name>`, `family:<name>` or a caller's own text.
    pub group: Option<String>,
    /// Who started it.
    pub started_by: Option<String>,
    /// Where it is in its life.
    pub last_status: TaskStatus,
    /// What it is meant to be.
    pub desired_status: Option<TaskStatus>,
    /// `healthStatus`: `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: Option<String>,
    /// `connectivity`: `CONNECTED` or `DISCONNECTED`.
    pub connectivity: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it ran.
    pub started_at: Option<Timestamp>,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
    /// `stoppedReason`.
    pub stopped_reason: Option<String>,
    /// How it was launched, for one that is run again.
    pub launch: Launch,
}

impl Task {
    /// How it is unwell while it runs and is meant to: `UNHEALTHY` or `DISCONNECTED`. One that is both is unhealthy: its agent
    /// said so before it was cut off.
    pub fn unwell(&self) -> Option<&'static str> {
        let is_running = self.last_status == TaskStatus::Running;
        if !is_running || self.desired_status != Some(TaskStatus::Running) {
            return None;
        }
        match (self.health.as_deref(), self.connectivity.as_deref()) {
            (Some("UNHEALTHY"), _) => Some("UNHEALTHY"),
            (_, Some("DISCONNECTED")) => Some("DISCONNECTED"),
            _ => None,
        }
    }

    /// Whether batch started it, and looks after it.
    pub fn belongs_to_batch(&self) -> bool {
        self.started_by.as_deref().is_some_and(|by| by.starts_with(crate::remediation::JOB_PREFIX))
    }
}

/// How a task was launched: what RunTask needs to launch one like it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Launch {
    /// `launchType`, where no capacity provider was used.
    pub launch_type: Option<String>,
    /// `capacityProviderName`.
    pub capacity_provider: Option<String>,
    /// `platformVersion`, on Fargate.
    pub platform_version: Option<String>,
    /// `enableExecuteCommand`.
    pub execute_command: bool,
    /// Its overrides.
    #[serde(skip)]
    pub overrides: Overrides,
}

/// `overrides` of a task, as ECS answered them: they may hold secrets, so they are neither shown nor stored.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Overrides(Option<serde_json::Value>);

impl Overrides {
    /// Takes them in ECS's own form; an empty object is none.
    pub fn new(value: Option<serde_json::Value>) -> Self {
        Self(value)
    }

    /// For RunTask.
    pub fn reveal(&self) -> Option<&serde_json::Value> {
        self.0.as_ref()
    }
}

impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Overrides(…)" } else { "Overrides(none)" })
    }
}
