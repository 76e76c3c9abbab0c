//! Standalone tasks: run, stopped and looked at, and nothing else of ECS.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Access, EcsError, Find, Page, Resource};
use crate::action::ActionId;
use crate::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use crate::batch::{Capacity, JobNetwork};
use crate::event::TaskStateChange;

/// Runs tasks, stops them, and looks at them. A read may lag behind the latest change by seconds.
pub trait RunTasks {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access { method: "run", actions: &["ecs:RunTask"], on: Resource::TaskDefinitions },
        Access { method: "run", actions: &["iam:PassRole"], on: Resource::TaskRoles },
        // Tags of a task that is being started.
        Access { method: "run", actions: &["ecs:TagResource"], on: Resource::Tasks },
        Access { method: "stop", actions: &["ecs:StopTask"], on: Resource::Tasks },
        Access { method: "tasks", actions: &["ecs:DescribeTasks"], on: Resource::Tasks },
        // On `*`, unless it asks for the tasks of one container instance.
        Access { method: "find", actions: &["ecs:ListTasks"], on: Resource::InClusters },
        Access { method: "find", actions: &["ecs:DescribeTasks"], on: Resource::Tasks },
        // Cannot be scoped (Service Authorization Reference of ECS).
        Access { method: "definition", actions: &["ecs:DescribeTaskDefinition"], on: Resource::Everything },
    ];

    /// Starts tasks: one request, with a token. What ECS could not start is in the answer's failures.
    ///
    /// # Errors
    ///
    /// Whether tasks may have been started is [`EcsError::may_have_happened`].
    async fn run(&self, request: &TaskRequest) -> Result<Started, EcsError>;

    /// Stops a task. Stopping one that is stopped changes nothing.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn stop(&self, cluster: &ClusterArn, task: &TaskArn, reason: &str) -> Result<(), EcsError>;

    /// Tasks (at most 100), those that ECS still knows: stopped ones for an hour at least.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError>;

    /// Tasks of a cluster: a page of at most 100, and where the next begins.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn find(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<TaskStateChange>, EcsError>;

    /// A task definition: the latest ACTIVE revision of a family, `family:revision`, or an ARN. `None` where ECS knows none.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn definition(&self, name: &str) -> Result<Option<Definition>, EcsError>;
}

/// What RunTask is told. The same request with the same token starts the same tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRequest {
    /// `cluster`.
    pub cluster: ClusterArn,
    /// `taskDefinition`.
    pub task_definition: TaskDefinitionArn,
    /// `clientToken`.
    pub token: ActionId,
    /// `count`, from 1 to 10.
    pub count: u32,
    /// `startedBy`.
    pub started_by: String,
    /// `launchType` or `capacityProviderStrategy`.
    pub capacity: Capacity,
    /// `networkConfiguration`.
    pub network: Option<JobNetwork>,
    /// `platformVersion`.
    pub platform_version: Option<String>,
    /// `overrides.containerOverrides`.
    pub container: Option<ContainerOverride>,
    /// `overrides.cpu`, in CPU units.
    pub cpu: Option<u32>,
    /// `overrides.memory`, in MiB.
    pub memory: Option<u32>,
    /// `overrides.taskRoleArn`.
    pub task_role: Option<String>,
    /// `overrides.executionRoleArn`.
    pub execution_role: Option<String>,
    /// `tags`.
    pub tags: BTreeMap<String, String>,
    /// `enableExecuteCommand`.
    pub execute_command: bool,
}

/// One entry of `containerOverrides`.
#[derive(Clone, PartialEq, Eq)]
pub struct ContainerOverride {
    /// `name`.
    pub name: String,
    /// `command`.
    pub command: Option<Vec<String>>,
    /// `environment`, by name.
    pub environment: BTreeMap<String, String>,
    /// `memory`, the hard limit, in MiB.
    pub memory: Option<u32>,
}

impl std::fmt::Debug for ContainerOverride {
    /// Without values: they may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContainerOverride").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TaskRequest {
    /// `overrides`, as ECS writes them; `None` where nothing is overridden.
    pub fn overrides(&self) -> Option<Value> {
        let mut all = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                all.insert(key.to_owned(), value);
            }
        };
        put("containerOverrides", self.container.as_ref().map(|container| json!([container.to_json()])));
        put("cpu", self.cpu.map(|cpu| json!(cpu.to_string())));
        put("memory", self.memory.map(|memory| json!(memory.to_string())));
        put("taskRoleArn", self.task_role.as_ref().map(|role| json!(role)));
        put("executionRoleArn", self.execution_role.as_ref().map(|role| json!(role)));
        (!all.is_empty()).then_some(Value::Object(all))
    }
}

impl ContainerOverride {
    fn to_json(&self) -> Value {
        let mut all = Map::new();
        all.insert("name".to_owned(), json!(self.name));
        if let Some(command) = &self.command {
            all.insert("command".to_owned(), json!(command));
        }
        if !self.environment.is_empty() {
            let pairs = self.environment.iter().map(|(name, value)| json!({"name": name, "value": value}));
            all.insert("environment".to_owned(), pairs.collect());
        }
        if let Some(memory) = self.memory {
            all.insert("memory".to_owned(), json!(memory));
        }
        Value::Object(all)
    }
}

/// What RunTask answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Started {
    /// The tasks that it started.
    pub tasks: Vec<TaskArn>,
    /// `failures[]`, all of them.
    pub failures: Vec<StartFailure>,
}

/// One entry of `failures[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFailure {
    /// Of what, such as a container instance.
    pub arn: Option<String>,
    /// Such as `RESOURCE:MEMORY`, or a sentence.
    pub reason: String,
    /// More of it.
    pub detail: Option<String>,
}

/// A task definition's revision, as far as its tasks are judged by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its ARN.
    pub arn: TaskDefinitionArn,
    /// Whether its status is `ACTIVE`: others cannot be run.
    pub is_active: bool,
    /// `cpu`, in CPU units, where it says so.
    pub cpu: Option<u32>,
    /// `memory`, in MiB, where it says so.
    pub memory: Option<u32>,
    /// Its containers.
    pub containers: Vec<ContainerDefinition>,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerDefinition {
    /// Its name.
    pub name: String,
    /// Whether its end is the task's.
    pub is_essential: bool,
    /// Its hard limit, in MiB, where it has one.
    pub memory: Option<u32>,
}
