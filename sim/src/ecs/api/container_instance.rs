//! Container instances: the hosts of EC2 capacity.

use serde::{Deserialize, Serialize};

use super::EpochSeconds;
use super::configuration::{Attachment, Attribute, Failure, Tag};
use super::values::{
    AgentUpdateStatus, ContainerInstanceField, ContainerInstanceStatus, InstanceHealthCheckState,
    InstanceHealthCheckType,
};

/// Input of `DescribeContainerInstances`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeContainerInstancesRequest {
    pub cluster: Option<String>,
    pub container_instances: Vec<String>,
    #[serde(default)]
    pub include: Vec<ContainerInstanceField>,
}

/// Answer of `DescribeContainerInstances`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeContainerInstancesResponse {
    #[serde(default)]
    pub container_instances: Vec<ContainerInstance>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// Input of `ListContainerInstances`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListContainerInstancesRequest {
    pub cluster: Option<String>,
    pub filter: Option<String>,
    pub next_token: Option<String>,
    pub max_results: Option<u32>,
    pub status: Option<ContainerInstanceStatus>,
}

/// Answer of `ListContainerInstances`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListContainerInstancesResponse {
    #[serde(default)]
    pub container_instance_arns: Vec<String>,
    pub next_token: Option<String>,
}

/// Input of `UpdateContainerInstancesState`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateContainerInstancesStateRequest {
    pub cluster: Option<String>,
    pub container_instances: Vec<String>,
    pub status: ContainerInstanceStatus,
}

/// Answer of `UpdateContainerInstancesState`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateContainerInstancesStateResponse {
    #[serde(default)]
    pub container_instances: Vec<ContainerInstance>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// A container instance as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerInstance {
    pub container_instance_arn: Option<String>,
    pub ec2_instance_id: Option<String>,
    pub capacity_provider_name: Option<String>,
    pub version: Option<u64>,
    pub version_info: Option<VersionInfo>,
    #[serde(default)]
    pub remaining_resources: Vec<InstanceResource>,
    #[serde(default)]
    pub registered_resources: Vec<InstanceResource>,
    pub status: Option<String>,
    pub status_reason: Option<String>,
    pub agent_connected: Option<bool>,
    pub running_tasks_count: Option<u32>,
    pub pending_tasks_count: Option<u32>,
    pub agent_update_status: Option<AgentUpdateStatus>,
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    pub registered_at: Option<EpochSeconds>,
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    pub health_status: Option<ContainerInstanceHealthStatus>,
}

/// Versions of a host's agent and Docker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VersionInfo {
    pub agent_version: Option<String>,
    pub agent_hash: Option<String>,
    pub docker_version: Option<String>,
}

/// A resource of a host: `type` says which value holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstanceResource {
    pub name: Option<String>,
    pub r#type: Option<String>,
    pub double_value: Option<f64>,
    pub long_value: Option<i64>,
    pub integer_value: Option<i32>,
    pub string_set_value: Option<Vec<String>>,
}

/// A host's health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerInstanceHealthStatus {
    pub overall_status: Option<InstanceHealthCheckState>,
    #[serde(default)]
    pub details: Vec<InstanceHealthCheckResult>,
}

/// One of its checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstanceHealthCheckResult {
    pub r#type: Option<InstanceHealthCheckType>,
    pub status: Option<InstanceHealthCheckState>,
    pub status_reason: Option<String>,
    pub last_updated: Option<EpochSeconds>,
    pub last_status_change: Option<EpochSeconds>,
}
