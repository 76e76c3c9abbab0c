//! Task definitions: what a task is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EpochSeconds;
use super::configuration::{Attribute, EphemeralStorage, Tag};
use super::container_definition::ContainerDefinition;
use super::values::{
    Compatibility, CpuArchitecture, EfsAuthorizationConfigIAM, EfsTransitEncryption, IpcMode, NetworkMode,
    OsFamily, PidMode, Scope, SortOrder, TaskDefinitionField, TaskDefinitionPlacementConstraintType,
    TaskDefinitionStatus,
};

/// Input of `DescribeTaskDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeTaskDefinitionRequest {
    pub task_definition: String,
    #[serde(default)]
    pub include: Vec<TaskDefinitionField>,
}

/// Answer of `DescribeTaskDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeTaskDefinitionResponse {
    pub task_definition: Option<TaskDefinition>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// Input of `ListTaskDefinitions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTaskDefinitionsRequest {
    pub family_prefix: Option<String>,
    pub status: Option<TaskDefinitionStatus>,
    pub sort: Option<SortOrder>,
    pub next_token: Option<String>,
    pub max_results: Option<u32>,
}

/// Answer of `ListTaskDefinitions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListTaskDefinitionsResponse {
    #[serde(default)]
    pub task_definition_arns: Vec<String>,
    pub next_token: Option<String>,
}

/// Input of `RegisterTaskDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterTaskDefinitionRequest {
    pub family: String,
    pub task_role_arn: Option<String>,
    pub execution_role_arn: Option<String>,
    pub network_mode: Option<NetworkMode>,
    pub container_definitions: Vec<ContainerDefinition>,
    #[serde(default)]
    pub volumes: Vec<Volume>,
    #[serde(default)]
    pub placement_constraints: Vec<TaskDefinitionPlacementConstraint>,
    #[serde(default)]
    pub requires_compatibilities: Vec<Compatibility>,
    pub cpu: Option<String>,
    pub memory: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    pub pid_mode: Option<PidMode>,
    pub ipc_mode: Option<IpcMode>,
    pub ephemeral_storage: Option<EphemeralStorage>,
    pub runtime_platform: Option<RuntimePlatform>,
    pub enable_fault_injection: Option<bool>,
}

/// Answer of `RegisterTaskDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterTaskDefinitionResponse {
    pub task_definition: Option<TaskDefinition>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// Input of `DeregisterTaskDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeregisterTaskDefinitionRequest {
    pub task_definition: String,
}

/// Answer of `DeregisterTaskDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeregisterTaskDefinitionResponse {
    pub task_definition: Option<TaskDefinition>,
}

/// A revision of a family.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskDefinition {
    pub task_definition_arn: Option<String>,
    #[serde(default)]
    pub container_definitions: Vec<ContainerDefinition>,
    pub family: Option<String>,
    pub task_role_arn: Option<String>,
    pub execution_role_arn: Option<String>,
    pub network_mode: Option<NetworkMode>,
    pub revision: Option<u32>,
    #[serde(default)]
    pub volumes: Vec<Volume>,
    pub status: Option<TaskDefinitionStatus>,
    #[serde(default)]
    pub requires_attributes: Vec<Attribute>,
    #[serde(default)]
    pub placement_constraints: Vec<TaskDefinitionPlacementConstraint>,
    #[serde(default)]
    pub compatibilities: Vec<Compatibility>,
    pub runtime_platform: Option<RuntimePlatform>,
    #[serde(default)]
    pub requires_compatibilities: Vec<Compatibility>,
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub pid_mode: Option<PidMode>,
    pub ipc_mode: Option<IpcMode>,
    pub registered_at: Option<EpochSeconds>,
    pub deregistered_at: Option<EpochSeconds>,
    pub registered_by: Option<String>,
    pub ephemeral_storage: Option<EphemeralStorage>,
    pub enable_fault_injection: Option<bool>,
}

/// Processor and operating system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuntimePlatform {
    pub cpu_architecture: Option<CpuArchitecture>,
    pub operating_system_family: Option<OsFamily>,
}

/// Where tasks of a definition may not be placed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskDefinitionPlacementConstraint {
    pub r#type: Option<TaskDefinitionPlacementConstraintType>,
    pub expression: Option<String>,
}

/// A volume that containers mount.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    pub name: Option<String>,
    pub host: Option<HostVolumeProperties>,
    pub docker_volume_configuration: Option<DockerVolumeConfiguration>,
    pub efs_volume_configuration: Option<EfsVolumeConfiguration>,
    pub configured_at_launch: Option<bool>,
}

/// A folder of the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostVolumeProperties {
    pub source_path: Option<String>,
}

/// A volume of Docker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DockerVolumeConfiguration {
    pub scope: Option<Scope>,
    pub autoprovision: Option<bool>,
    pub driver: Option<String>,
    #[serde(default)]
    pub driver_opts: BTreeMap<String, String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// A file system of EFS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EfsVolumeConfiguration {
    pub file_system_id: String,
    pub root_directory: Option<String>,
    pub transit_encryption: Option<EfsTransitEncryption>,
    pub transit_encryption_port: Option<u32>,
    pub authorization_config: Option<EfsAuthorizationConfig>,
}

/// How an EFS file system is entered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EfsAuthorizationConfig {
    pub access_point_id: Option<String>,
    pub iam: Option<EfsAuthorizationConfigIAM>,
}
