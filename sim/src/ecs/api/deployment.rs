//! Service deployments and service revisions: the history of a service, 90 days of it.

use serde::{Deserialize, Serialize};

use super::EpochSeconds;
use super::configuration::{
    CapacityProviderStrategyItem, DeploymentConfiguration, Failure, NetworkConfiguration,
};
use super::service::{LoadBalancer, ServiceRegistry};
use super::values::{
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStatus, DeploymentLifecycleHookTargetType,
    LaunchType, ServiceDeploymentLifecycleStage, ServiceDeploymentRollbackMonitorsStatus,
    ServiceDeploymentStatus, StopServiceDeploymentStopType,
};

/// Input of `ListServiceDeployments`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListServiceDeploymentsRequest {
    pub service: String,
    pub cluster: Option<String>,
    #[serde(default)]
    pub status: Vec<ServiceDeploymentStatus>,
    pub created_at: Option<CreatedAtRange>,
    pub next_token: Option<String>,
    pub max_results: Option<u32>,
}

/// A span of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatedAtRange {
    pub before: Option<EpochSeconds>,
    pub after: Option<EpochSeconds>,
}

/// Answer of `ListServiceDeployments`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListServiceDeploymentsResponse {
    #[serde(default)]
    pub service_deployments: Vec<ServiceDeploymentBrief>,
    pub next_token: Option<String>,
}

/// A service deployment in a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceDeploymentBrief {
    pub service_deployment_arn: Option<String>,
    pub service_arn: Option<String>,
    pub cluster_arn: Option<String>,
    pub started_at: Option<EpochSeconds>,
    pub created_at: Option<EpochSeconds>,
    pub finished_at: Option<EpochSeconds>,
    pub target_service_revision_arn: Option<String>,
    pub status: Option<ServiceDeploymentStatus>,
    pub status_reason: Option<String>,
}

/// Input of `DescribeServiceDeployments`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeServiceDeploymentsRequest {
    pub service_deployment_arns: Vec<String>,
}

/// Answer of `DescribeServiceDeployments`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeServiceDeploymentsResponse {
    #[serde(default)]
    pub service_deployments: Vec<ServiceDeployment>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// A service deployment by its ARN, which `ecs-svc/…` is not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceDeployment {
    pub service_deployment_arn: Option<String>,
    pub service_arn: Option<String>,
    pub cluster_arn: Option<String>,
    pub created_at: Option<EpochSeconds>,
    pub started_at: Option<EpochSeconds>,
    pub finished_at: Option<EpochSeconds>,
    pub stopped_at: Option<EpochSeconds>,
    pub updated_at: Option<EpochSeconds>,
    #[serde(default)]
    pub source_service_revisions: Vec<ServiceRevisionSummary>,
    pub target_service_revision: Option<ServiceRevisionSummary>,
    pub status: Option<ServiceDeploymentStatus>,
    pub status_reason: Option<String>,
    pub lifecycle_stage: Option<ServiceDeploymentLifecycleStage>,
    #[serde(default)]
    pub lifecycle_hook_details: Vec<DeploymentLifecycleHookDetail>,
    pub deployment_configuration: Option<DeploymentConfiguration>,
    pub rollback: Option<Rollback>,
    pub deployment_circuit_breaker: Option<ServiceDeploymentCircuitBreaker>,
    pub alarms: Option<ServiceDeploymentAlarms>,
}

/// A service revision in a service deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceRevisionSummary {
    pub arn: Option<String>,
    pub requested_task_count: Option<u32>,
    pub running_task_count: Option<u32>,
    pub pending_task_count: Option<u32>,
}

/// Where a failed or stopped service deployment goes back to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollback {
    pub reason: Option<String>,
    pub started_at: Option<EpochSeconds>,
    pub service_revision_arn: Option<String>,
}

/// What the circuit breaker of a service deployment has counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceDeploymentCircuitBreaker {
    pub status: Option<ServiceDeploymentRollbackMonitorsStatus>,
    pub failure_count: Option<u32>,
    pub threshold: Option<u32>,
}

/// What the alarms of a service deployment do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceDeploymentAlarms {
    pub status: Option<ServiceDeploymentRollbackMonitorsStatus>,
    #[serde(default)]
    pub alarm_names: Vec<String>,
    #[serde(default)]
    pub triggered_alarm_names: Vec<String>,
}

/// A hook that was met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentLifecycleHookDetail {
    pub hook_id: Option<String>,
    pub target_type: Option<DeploymentLifecycleHookTargetType>,
    pub target_arn: Option<String>,
    pub status: Option<DeploymentLifecycleHookStatus>,
    pub expires_at: Option<EpochSeconds>,
    pub timeout_action: Option<DeploymentLifecycleHookAction>,
}

/// Input of `StopServiceDeployment`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopServiceDeploymentRequest {
    pub service_deployment_arn: String,
    pub stop_type: Option<StopServiceDeploymentStopType>,
}

/// Answer of `StopServiceDeployment`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopServiceDeploymentResponse {
    pub service_deployment_arn: Option<String>,
}

/// Input of `ContinueServiceDeployment`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContinueServiceDeploymentRequest {
    pub service_deployment_arn: String,
    pub hook_id: String,
    pub action: Option<DeploymentLifecycleHookAction>,
}

/// Answer of `ContinueServiceDeployment`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContinueServiceDeploymentResponse {
    pub service_deployment_arn: Option<String>,
}

/// Input of `DescribeServiceRevisions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeServiceRevisionsRequest {
    pub service_revision_arns: Vec<String>,
}

/// Answer of `DescribeServiceRevisions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DescribeServiceRevisionsResponse {
    #[serde(default)]
    pub service_revisions: Vec<ServiceRevision>,
    #[serde(default)]
    pub failures: Vec<Failure>,
}

/// A service's settings, frozen when a deployment began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceRevision {
    pub service_revision_arn: Option<String>,
    pub service_arn: Option<String>,
    pub cluster_arn: Option<String>,
    pub task_definition: Option<String>,
    #[serde(default)]
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    pub launch_type: Option<LaunchType>,
    pub platform_version: Option<String>,
    #[serde(default)]
    pub load_balancers: Vec<LoadBalancer>,
    #[serde(default)]
    pub service_registries: Vec<ServiceRegistry>,
    pub network_configuration: Option<NetworkConfiguration>,
    #[serde(default)]
    pub container_images: Vec<ContainerImage>,
    pub guard_duty_enabled: Option<bool>,
    pub created_at: Option<EpochSeconds>,
}

/// An image, resolved for a service revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerImage {
    pub container_name: Option<String>,
    pub image_digest: Option<String>,
    pub image: Option<String>,
}
