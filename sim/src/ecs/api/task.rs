//! Tasks: what runs, and what ran within the last hour.

use serde::{Deserialize, Serialize};

use super::EpochSeconds;
use super::configuration::{
    Attachment, Attribute, CapacityProviderStrategyItem, EphemeralStorage, Failure, KeyValuePair,
    NetworkConfiguration, PlacementConstraint, PlacementStrategy, Tag,
};
use super::values::{
    Connectivity, DesiredStatus, EnvironmentFileType, HealthStatus, LaunchType, ManagedAgentName,
    PropagateTags, ResourceType, TaskField, TaskStopCode, TransportProtocol,
};

/// Input of `DescribeTasks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeTasksRequest {
    pub cluster: Option<String>,
    pub tasks: Vec<String>,
    #[serde(default)]
    pub include: Vec<TaskField>,
}

/// Answer of `DescribeTasks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeTasksResponse {
    #[serde(default)]
    pub tasks: Vec<Task>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// Input of `ListTasks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTasksRequest {
    pub cluster: Option<String>,
    pub container_instance: Option<String>,
    pub family: Option<String>,
    pub next_token: Option<String>,
    pub max_results: Option<u32>,
    pub started_by: Option<String>,
    pub service_name: Option<String>,
    pub desired_status: Option<DesiredStatus>,
    pub launch_type: Option<LaunchType>,
}

/// Answer of `ListTasks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTasksResponse {
    #[serde(default)]
    pub task_arns: Vec<String>,
    pub next_token: Option<String>,
}

/// Input of `RunTask`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunTaskRequest {
    pub capacity_provider_strategy: Option<Vec<CapacityProviderStrategyItem>>,
    pub cluster: Option<String>,
    pub count: Option<u32>,
    #[serde(rename = "enableECSManagedTags")]
    pub enable_ecs_managed_tags: Option<bool>,
    pub enable_execute_command: Option<bool>,
    pub group: Option<String>,
    pub launch_type: Option<LaunchType>,
    pub network_configuration: Option<NetworkConfiguration>,
    pub overrides: Option<TaskOverride>,
    #[serde(default)]
    pub placement_constraints: Vec<PlacementConstraint>,
    #[serde(default)]
    pub placement_strategy: Vec<PlacementStrategy>,
    pub platform_version: Option<String>,
    pub propagate_tags: Option<PropagateTags>,
    pub started_by: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    pub task_definition: String,
    pub client_token: Option<String>,
}

/// Answer of `RunTask`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunTaskResponse {
    #[serde(default)]
    pub tasks: Vec<Task>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// Input of `StopTask`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopTaskRequest {
    pub cluster: Option<String>,
    pub task: String,
    pub reason: Option<String>,
}

/// Answer of `StopTask`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopTaskResponse {
    pub task: Option<Task>,
}

/// Input of `UpdateTaskProtection`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTaskProtectionRequest {
    pub cluster: String,
    pub tasks: Vec<String>,
    pub protection_enabled: bool,
    pub expires_in_minutes: Option<u32>,
}

/// Answer of `UpdateTaskProtection`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTaskProtectionResponse {
    #[serde(default)]
    pub protected_tasks: Vec<ProtectedTask>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// Input of `GetTaskProtection`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetTaskProtectionRequest {
    pub cluster: String,
    #[serde(default)]
    pub tasks: Vec<String>,
}

/// Answer of `GetTaskProtection`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetTaskProtectionResponse {
    #[serde(default)]
    pub protected_tasks: Vec<ProtectedTask>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// Whether a task is protected from scale-in and deployments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProtectedTask {
    pub task_arn: Option<String>,
    pub protection_enabled: Option<bool>,
    pub expiration_date: Option<EpochSeconds>,
}

/// A task as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Task {
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    pub availability_zone: Option<String>,
    pub capacity_provider_name: Option<String>,
    pub cluster_arn: Option<String>,
    pub connectivity: Option<Connectivity>,
    pub connectivity_at: Option<EpochSeconds>,
    pub container_instance_arn: Option<String>,
    #[serde(default)]
    pub containers: Vec<Container>,
    pub cpu: Option<String>,
    pub created_at: Option<EpochSeconds>,
    pub desired_status: Option<String>,
    pub enable_execute_command: Option<bool>,
    pub execution_stopped_at: Option<EpochSeconds>,
    pub group: Option<String>,
    pub health_status: Option<HealthStatus>,
    pub last_status: Option<String>,
    pub launch_type: Option<LaunchType>,
    pub memory: Option<String>,
    pub overrides: Option<TaskOverride>,
    pub platform_version: Option<String>,
    pub platform_family: Option<String>,
    pub pull_started_at: Option<EpochSeconds>,
    pub pull_stopped_at: Option<EpochSeconds>,
    pub started_at: Option<EpochSeconds>,
    pub started_by: Option<String>,
    pub stop_code: Option<TaskStopCode>,
    pub stopped_at: Option<EpochSeconds>,
    pub stopped_reason: Option<String>,
    pub stopping_at: Option<EpochSeconds>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    pub task_arn: Option<String>,
    pub task_definition_arn: Option<String>,
    pub version: Option<u64>,
    pub ephemeral_storage: Option<EphemeralStorage>,
}

/// A container of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Container {
    pub container_arn: Option<String>,
    pub task_arn: Option<String>,
    pub name: Option<String>,
    pub image: Option<String>,
    pub image_digest: Option<String>,
    pub runtime_id: Option<String>,
    pub last_status: Option<String>,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
    #[serde(default)]
    pub network_bindings: Vec<NetworkBinding>,
    #[serde(default)]
    pub network_interfaces: Vec<NetworkInterface>,
    pub health_status: Option<HealthStatus>,
    #[serde(default)]
    pub managed_agents: Vec<ManagedAgent>,
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub memory_reservation: Option<String>,
}

/// A port of the host that leads into a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkBinding {
    #[serde(rename = "bindIP")]
    pub bind_ip: Option<String>,
    pub container_port: Option<u32>,
    pub host_port: Option<u32>,
    pub protocol: Option<TransportProtocol>,
    pub container_port_range: Option<String>,
    pub host_port_range: Option<String>,
}

/// A container's network interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkInterface {
    pub attachment_id: Option<String>,
    pub private_ipv4_address: Option<String>,
    pub ipv6_address: Option<String>,
}

/// An agent beside a container; events call its `lastStatus` `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagedAgent {
    pub last_started_at: Option<EpochSeconds>,
    pub name: Option<ManagedAgentName>,
    pub reason: Option<String>,
    pub last_status: Option<String>,
}

/// What a task changes of its definition: at most 8192 characters as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskOverride {
    #[serde(default)]
    pub container_overrides: Vec<ContainerOverride>,
    pub cpu: Option<String>,
    pub execution_role_arn: Option<String>,
    pub memory: Option<String>,
    pub task_role_arn: Option<String>,
    pub ephemeral_storage: Option<EphemeralStorage>,
}

/// What a task changes of one container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerOverride {
    pub name: Option<String>,
    pub command: Option<Vec<String>>,
    pub environment: Option<Vec<KeyValuePair>>,
    pub environment_files: Option<Vec<EnvironmentFile>>,
    pub cpu: Option<u32>,
    pub memory: Option<u32>,
    pub memory_reservation: Option<u32>,
    pub resource_requirements: Option<Vec<ResourceRequirement>>,
}

/// A file of environment variables in S3.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentFile {
    pub value: String,
    pub r#type: EnvironmentFileType,
}

/// GPUs and their like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceRequirement {
    pub value: Option<String>,
    pub r#type: ResourceType,
}
