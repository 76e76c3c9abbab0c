//! How services and tasks are deployed, placed and connected: shapes that requests and answers share.

use serde::{Deserialize, Serialize};

use super::values::{
    AssignPublicIp, DeploymentLifecycleHookAction, DeploymentLifecycleHookStage,
    DeploymentLifecycleHookTargetType, DeploymentStrategy, PlacementConstraintType, PlacementStrategyType,
    ServiceRevisionCleanup, TargetType, ThresholdType,
};

/// How a deployment goes on, and what ends it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentConfiguration {
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    pub maximum_percent: Option<u32>,
    pub minimum_healthy_percent: Option<u32>,
    pub alarms: Option<DeploymentAlarms>,
    pub strategy: Option<DeploymentStrategy>,
    pub bake_time_in_minutes: Option<u32>,
    #[serde(default)]
    pub lifecycle_hooks: Vec<DeploymentLifecycleHook>,
    pub early_success_criteria: Option<DeploymentEarlySuccessCriteria>,
}

/// Ends a deployment whose tasks keep failing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentCircuitBreaker {
    pub enable: bool,
    pub rollback: bool,
    pub reset_on_healthy_task: Option<bool>,
    pub threshold_configuration: Option<ThresholdConfiguration>,
}

/// How many consecutive failures trip the breaker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThresholdConfiguration {
    pub r#type: ThresholdType,
    pub value: u32,
}

/// CloudWatch alarms that fail a deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentAlarms {
    pub alarm_names: Vec<String>,
    pub rollback: bool,
    pub enable: bool,
}

/// Lets a deployment succeed before all tasks are healthy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentEarlySuccessCriteria {
    pub enable: bool,
    pub healthy_percent: Option<u32>,
    pub source_service_revision_cleanup: Option<ServiceRevisionCleanup>,
}

/// A hook at stages of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentLifecycleHook {
    pub target_type: Option<DeploymentLifecycleHookTargetType>,
    pub hook_target_arn: Option<String>,
    pub role_arn: Option<String>,
    #[serde(default)]
    pub lifecycle_stages: Vec<DeploymentLifecycleHookStage>,
    pub timeout_configuration: Option<DeploymentLifecycleHookTimeoutConfiguration>,
}

/// What becomes of a hook that nobody answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentLifecycleHookTimeoutConfiguration {
    pub timeout_in_minutes: Option<u32>,
    pub action: Option<DeploymentLifecycleHookAction>,
}

/// A share of tasks for a capacity provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CapacityProviderStrategyItem {
    pub capacity_provider: String,
    pub weight: Option<u32>,
    pub base: Option<u32>,
}

/// Network of tasks with their own interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkConfiguration {
    pub awsvpc_configuration: Option<AwsVpcConfiguration>,
}

/// Subnets and security groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AwsVpcConfiguration {
    pub subnets: Vec<String>,
    #[serde(default)]
    pub security_groups: Vec<String>,
    pub assign_public_ip: Option<AssignPublicIp>,
}

/// Where tasks may not be placed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlacementConstraint {
    pub r#type: Option<PlacementConstraintType>,
    pub expression: Option<String>,
}

/// Where tasks are better placed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlacementStrategy {
    pub r#type: Option<PlacementStrategyType>,
    pub field: Option<String>,
}

/// A tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tag {
    pub key: Option<String>,
    pub value: Option<String>,
}

/// A name with a value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyValuePair {
    pub name: Option<String>,
    pub value: Option<String>,
}

/// What a call could not do, item by item: the call itself succeeded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    pub arn: Option<String>,
    pub reason: Option<String>,
    pub detail: Option<String>,
}

/// What is attached to a task or host, such as a network interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attachment {
    pub id: Option<String>,
    pub r#type: Option<String>,
    pub status: Option<String>,
    #[serde(default)]
    pub details: Vec<KeyValuePair>,
}

/// An attribute of a host or a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attribute {
    pub name: String,
    pub value: Option<String>,
    pub target_type: Option<TargetType>,
    pub target_id: Option<String>,
}

/// A Fargate task's own storage, in GiB.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EphemeralStorage {
    #[serde(rename = "sizeInGiB")]
    pub size_in_gib: u32,
}
