//! Stands in for the model.
#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    clippy::needless_pass_by_ref_mut,
    reason = "it does nothing"
)]
use super::api;
use super::error::ApiError;
use super::throttle::{Bucket, Throttle};
use jiff::Timestamp;
use serde_json::Value;

/// The model.
#[derive(Debug, Default)]
pub struct Ecs {
    now: Timestamp,
    throttle: Throttle,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// When.
    pub at: Timestamp,
    /// The envelope.
    pub event: Value,
}

impl Ecs {
    /// Time.
    pub fn now(&self) -> Timestamp {
        self.now
    }
    /// Time passes.
    pub fn advance(&mut self, to: Timestamp) {
        self.now = to;
    }
    /// Events.
    pub fn take_events(&mut self) -> Vec<Emitted> {
        Vec::new()
    }
    pub(super) fn take_token(&mut self, bucket: Bucket) -> Result<(), ApiError> {
        self.throttle.take(bucket, 1, self.now)
    }
    pub(super) fn describe_services(
        &mut self,
        _: api::DescribeServicesRequest,
    ) -> Result<api::DescribeServicesResponse, ApiError> {
        Ok(api::DescribeServicesResponse::default())
    }
    pub(super) fn list_services(
        &mut self,
        _: api::ListServicesRequest,
    ) -> Result<api::ListServicesResponse, ApiError> {
        Ok(api::ListServicesResponse::default())
    }
    pub(super) fn create_service(
        &mut self,
        _: api::CreateServiceRequest,
    ) -> Result<api::CreateServiceResponse, ApiError> {
        Ok(api::CreateServiceResponse::default())
    }
    pub(super) fn update_service(
        &mut self,
        _: api::UpdateServiceRequest,
    ) -> Result<api::UpdateServiceResponse, ApiError> {
        Ok(api::UpdateServiceResponse::default())
    }
    pub(super) fn delete_service(
        &mut self,
        _: api::DeleteServiceRequest,
    ) -> Result<api::DeleteServiceResponse, ApiError> {
        Ok(api::DeleteServiceResponse::default())
    }
    pub(super) fn describe_tasks(
        &mut self,
        _: api::DescribeTasksRequest,
    ) -> Result<api::DescribeTasksResponse, ApiError> {
        Ok(api::DescribeTasksResponse::default())
    }
    pub(super) fn list_tasks(
        &mut self,
        _: api::ListTasksRequest,
    ) -> Result<api::ListTasksResponse, ApiError> {
        Ok(api::ListTasksResponse::default())
    }
    pub(super) fn run_task(&mut self, _: api::RunTaskRequest) -> Result<api::RunTaskResponse, ApiError> {
        Ok(api::RunTaskResponse::default())
    }
    pub(super) fn stop_task(&mut self, _: api::StopTaskRequest) -> Result<api::StopTaskResponse, ApiError> {
        Ok(api::StopTaskResponse::default())
    }
    pub(super) fn update_task_protection(
        &mut self,
        _: api::UpdateTaskProtectionRequest,
    ) -> Result<api::UpdateTaskProtectionResponse, ApiError> {
        Ok(api::UpdateTaskProtectionResponse::default())
    }
    pub(super) fn get_task_protection(
        &mut self,
        _: api::GetTaskProtectionRequest,
    ) -> Result<api::GetTaskProtectionResponse, ApiError> {
        Ok(api::GetTaskProtectionResponse::default())
    }
    pub(super) fn describe_task_definition(
        &mut self,
        _: api::DescribeTaskDefinitionRequest,
    ) -> Result<api::DescribeTaskDefinitionResponse, ApiError> {
        Ok(api::DescribeTaskDefinitionResponse::default())
    }
    pub(super) fn list_task_definitions(
        &mut self,
        _: api::ListTaskDefinitionsRequest,
    ) -> Result<api::ListTaskDefinitionsResponse, ApiError> {
        Ok(api::ListTaskDefinitionsResponse::default())
    }
    pub(super) fn register_task_definition(
        &mut self,
        _: api::RegisterTaskDefinitionRequest,
    ) -> Result<api::RegisterTaskDefinitionResponse, ApiError> {
        Ok(api::RegisterTaskDefinitionResponse::default())
    }
    pub(super) fn deregister_task_definition(
        &mut self,
        _: api::DeregisterTaskDefinitionRequest,
    ) -> Result<api::DeregisterTaskDefinitionResponse, ApiError> {
        Ok(api::DeregisterTaskDefinitionResponse::default())
    }
    pub(super) fn describe_clusters(
        &mut self,
        _: api::DescribeClustersRequest,
    ) -> Result<api::DescribeClustersResponse, ApiError> {
        Ok(api::DescribeClustersResponse::default())
    }
    pub(super) fn list_clusters(
        &mut self,
        _: api::ListClustersRequest,
    ) -> Result<api::ListClustersResponse, ApiError> {
        Ok(api::ListClustersResponse::default())
    }
    pub(super) fn create_cluster(
        &mut self,
        _: api::CreateClusterRequest,
    ) -> Result<api::CreateClusterResponse, ApiError> {
        Ok(api::CreateClusterResponse::default())
    }
    pub(super) fn describe_container_instances(
        &mut self,
        _: api::DescribeContainerInstancesRequest,
    ) -> Result<api::DescribeContainerInstancesResponse, ApiError> {
        Ok(api::DescribeContainerInstancesResponse::default())
    }
    pub(super) fn list_container_instances(
        &mut self,
        _: api::ListContainerInstancesRequest,
    ) -> Result<api::ListContainerInstancesResponse, ApiError> {
        Ok(api::ListContainerInstancesResponse::default())
    }
    pub(super) fn update_container_instances_state(
        &mut self,
        _: api::UpdateContainerInstancesStateRequest,
    ) -> Result<api::UpdateContainerInstancesStateResponse, ApiError> {
        Ok(api::UpdateContainerInstancesStateResponse::default())
    }
    pub(super) fn list_service_deployments(
        &mut self,
        _: api::ListServiceDeploymentsRequest,
    ) -> Result<api::ListServiceDeploymentsResponse, ApiError> {
        Ok(api::ListServiceDeploymentsResponse::default())
    }
    pub(super) fn describe_service_deployments(
        &mut self,
        _: api::DescribeServiceDeploymentsRequest,
    ) -> Result<api::DescribeServiceDeploymentsResponse, ApiError> {
        Ok(api::DescribeServiceDeploymentsResponse::default())
    }
    pub(super) fn stop_service_deployment(
        &mut self,
        _: api::StopServiceDeploymentRequest,
    ) -> Result<api::StopServiceDeploymentResponse, ApiError> {
        Ok(api::StopServiceDeploymentResponse::default())
    }
    pub(super) fn continue_service_deployment(
        &mut self,
        _: api::ContinueServiceDeploymentRequest,
    ) -> Result<api::ContinueServiceDeploymentResponse, ApiError> {
        Ok(api::ContinueServiceDeploymentResponse::default())
    }
    pub(super) fn describe_service_revisions(
        &mut self,
        _: api::DescribeServiceRevisionsRequest,
    ) -> Result<api::DescribeServiceRevisionsResponse, ApiError> {
        Ok(api::DescribeServiceRevisionsResponse::default())
    }
    pub(super) fn describe_capacity_providers(
        &mut self,
        _: api::DescribeCapacityProvidersRequest,
    ) -> Result<api::DescribeCapacityProvidersResponse, ApiError> {
        Ok(api::DescribeCapacityProvidersResponse::default())
    }
    pub(super) fn list_tags_for_resource(
        &mut self,
        _: api::ListTagsForResourceRequest,
    ) -> Result<api::ListTagsForResourceResponse, ApiError> {
        Ok(api::ListTagsForResourceResponse::default())
    }
    pub(super) fn tag_resource(
        &mut self,
        _: api::TagResourceRequest,
    ) -> Result<api::TagResourceResponse, ApiError> {
        Ok(api::TagResourceResponse::default())
    }
    pub(super) fn untag_resource(
        &mut self,
        _: api::UntagResourceRequest,
    ) -> Result<api::UntagResourceResponse, ApiError> {
        Ok(api::UntagResourceResponse::default())
    }
}
