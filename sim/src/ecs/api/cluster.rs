//! Clusters and capacity providers: where tasks can run.

use serde::{Deserialize, Serialize};

use super::configuration::{CapacityProviderStrategyItem, Failure, KeyValuePair, Tag};
use super::values::{
    CapacityProviderField, CapacityProviderStatus, CapacityProviderType, CapacityProviderUpdateStatus,
    ClusterField, ClusterSettingName, ManagedDraining, ManagedScalingStatus, ManagedTerminationProtection,
};

/// Input of `DescribeClusters`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeClustersRequest {
    #[serde(default)]
    pub clusters: Vec<String>,
    #[serde(default)]
    pub include: Vec<ClusterField>,
}

/// Answer of `DescribeClusters`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeClustersResponse {
    #[serde(default)]
    pub clusters: Vec<Cluster>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// Input of `CreateCluster`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateClusterRequest {
    pub cluster_name: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    #[serde(default)]
    pub settings: Vec<ClusterSetting>,
    #[serde(default)]
    pub capacity_providers: Vec<String>,
    #[serde(default)]
    pub default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
}

/// Answer of `CreateCluster`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateClusterResponse {
    pub cluster: Option<Cluster>,
}

/// Input of `ListClusters`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListClustersRequest {
    pub next_token: Option<String>,
    pub max_results: Option<u32>,
}

/// Answer of `ListClusters`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListClustersResponse {
    #[serde(default)]
    pub cluster_arns: Vec<String>,
    pub next_token: Option<String>,
}

/// A cluster as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    pub cluster_arn: Option<String>,
    pub cluster_name: Option<String>,
    pub status: Option<String>,
    pub registered_container_instances_count: Option<u32>,
    pub running_tasks_count: Option<u32>,
    pub pending_tasks_count: Option<u32>,
    pub active_services_count: Option<u32>,
    #[serde(default)]
    pub statistics: Vec<KeyValuePair>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    #[serde(default)]
    pub settings: Vec<ClusterSetting>,
    #[serde(default)]
    pub capacity_providers: Vec<String>,
    #[serde(default)]
    pub default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
}

/// A setting of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterSetting {
    pub name: Option<ClusterSettingName>,
    pub value: Option<String>,
}

/// Input of `DescribeCapacityProviders`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeCapacityProvidersRequest {
    #[serde(default)]
    pub capacity_providers: Vec<String>,
    pub cluster: Option<String>,
    #[serde(default)]
    pub include: Vec<CapacityProviderField>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of `DescribeCapacityProviders`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeCapacityProvidersResponse {
    #[serde(default)]
    pub capacity_providers: Vec<CapacityProvider>,
    #[serde(default)]
    pub failures: Vec<Failure>,
    pub next_token: Option<String>,
}

/// A capacity provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CapacityProvider {
    pub capacity_provider_arn: Option<String>,
    pub name: Option<String>,
    pub status: Option<CapacityProviderStatus>,
    pub auto_scaling_group_provider: Option<AutoScalingGroupProvider>,
    pub update_status: Option<CapacityProviderUpdateStatus>,
    pub update_status_reason: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    pub r#type: Option<CapacityProviderType>,
}

/// The Auto Scaling group behind a capacity provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoScalingGroupProvider {
    pub auto_scaling_group_arn: String,
    pub managed_scaling: Option<ManagedScaling>,
    pub managed_termination_protection: Option<ManagedTerminationProtection>,
    pub managed_draining: Option<ManagedDraining>,
}

/// How ECS scales that group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagedScaling {
    pub status: Option<ManagedScalingStatus>,
    pub target_capacity: Option<u32>,
    pub minimum_scaling_step_size: Option<u32>,
    pub maximum_scaling_step_size: Option<u32>,
    pub instance_warmup_period: Option<u32>,
}
