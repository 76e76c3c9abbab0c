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
use super::operation::ControlPlane;
use super::throttle::Throttle;
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
    /// Who calls.
    pub fn set_caller(&mut self, _: &str) {}
}

impl ControlPlane for Ecs {
    fn now(&self) -> Timestamp {
        self.now
    }
    fn throttle(&mut self) -> &mut Throttle {
        &mut self.throttle
    }
    fn advance_to(&mut self, now: Timestamp) {
        self.advance(now);
    }
    fn take_events(&mut self) -> Vec<Value> {
        Vec::new()
    }
    fn describe_services(
        &mut self,
        _: api::DescribeServicesRequest,
    ) -> Result<api::DescribeServicesResponse, ApiError> {
        Ok(api::DescribeServicesResponse::default())
    }
    fn list_services(&mut self, _: api::ListServicesRequest) -> Result<api::ListServicesResponse, ApiError> {
        Ok(api::ListServicesResponse::default())
    }
    fn create_service(
        &mut self,
        _: api::CreateServiceRequest,
    ) -> Result<api::CreateServiceResponse, ApiError> {
        Ok(api::CreateServiceResponse::default())
    }
    fn update_service(
        &mut self,
        _: api::UpdateServiceRequest,
    ) -> Result<api::UpdateServiceResponse, ApiError> {
        Ok(api::UpdateServiceResponse::default())
    }
    fn delete_service(
        &mut self,
        _: api::DeleteServiceRequest,
    ) -> Result<api::DeleteServiceResponse, ApiError> {
        Ok(api::DeleteServiceResponse::default())
    }
    fn describe_tasks(
        &mut self,
        _: api::DescribeTasksRequest,
    ) -> Result<api::DescribeTasksResponse, ApiError> {
        Ok(api::DescribeTasksResponse::default())
    }
    fn list_tasks(&mut self, _: api::ListTasksRequest) -> Result<api::ListTasksResponse, ApiError> {
        Ok(api::ListTasksResponse::default())
    }
    fn run_task(&mut self, _: api::RunTaskRequest) -> Result<api::RunTaskResponse, ApiError> {
        Ok(api::RunTaskResponse::default())
    }
    fn stop_task(&mut self, _: api::StopTaskRequest) -> Result<api::StopTaskResponse, ApiError> {
        Ok(api::StopTaskResponse::default())
    }
    fn update_task_protection(
        &mut self,
        _: api::UpdateTaskProtectionRequest,
    ) -> Result<api::UpdateTaskProtectionResponse, ApiError> {
        Ok(api::UpdateTaskProtectionResponse::default())
    }
    fn get_task_protection(
        &mut self,
        _: api::GetTaskProtectionRequest,
    ) -> Result<api::GetTaskProtectionResponse, ApiError> {
        Ok(api::GetTaskProtectionResponse::default())
    }
    fn describe_task_definition(
        &mut self,
        _: api::DescribeTaskDefinitionRequest,
    ) -> Result<api::DescribeTaskDefinitionResponse, ApiError> {
        Ok(api::DescribeTaskDefinitionResponse::default())
    }
    fn list_task_definitions(
        &mut self,
        _: api::ListTaskDefinitionsRequest,
    ) -> Result<api::ListTaskDefinitionsResponse, ApiError> {
        Ok(api::ListTaskDefinitionsResponse::default())
    }
    fn register_task_definition(
        &mut self,
        _: api::RegisterTaskDefinitionRequest,
    ) -> Result<api::RegisterTaskDefinitionResponse, ApiError> {
        Ok(api::RegisterTaskDefinitionResponse::default())
    }
    fn deregister_task_definition(
        &mut self,
        _: api::DeregisterTaskDefinitionRequest,
    ) -> Result<api::DeregisterTaskDefinitionResponse, ApiError> {
        Ok(api::DeregisterTaskDefinitionResponse::default())
    }
    fn describe_clusters(
        &mut self,
        _: api::DescribeClustersRequest,
    ) -> Result<api::DescribeClustersResponse, ApiError> {
        Ok(api::DescribeClustersResponse::default())
    }
    fn list_clusters(&mut self, _: api::ListClustersRequest) -> Result<api::ListClustersResponse, ApiError> {
        Ok(api::ListClustersResponse::default())
    }
    fn create_cluster(
        &mut self,
        _: api::CreateClusterRequest,
    ) -> Result<api::CreateClusterResponse, ApiError> {
        Ok(api::CreateClusterResponse::default())
    }
    fn describe_container_instances(
        &mut self,
        _: api::DescribeContainerInstancesRequest,
    ) -> Result<api::DescribeContainerInstancesResponse, ApiError> {
        Ok(api::DescribeContainerInstancesResponse::default())
    }
    fn list_container_instances(
        &mut self,
        _: api::ListContainerInstancesRequest,
    ) -> Result<api::ListContainerInstancesResponse, ApiError> {
        Ok(api::ListContainerInstancesResponse::default())
    }
    fn update_container_instances_state(
        &mut self,
        _: api::UpdateContainerInstancesStateRequest,
    ) -> Result<api::UpdateContainerInstancesStateResponse, ApiError> {
        Ok(api::UpdateContainerInstancesStateResponse::default())
    }
    fn list_service_deployments(
        &mut self,
        _: api::ListServiceDeploymentsRequest,
    ) -> Result<api::ListServiceDeploymentsResponse, ApiError> {
        Ok(api::ListServiceDeploymentsResponse::default())
    }
    fn describe_service_deployments(
        &mut self,
        _: api::DescribeServiceDeploymentsRequest,
    ) -> Result<api::DescribeServiceDeploymentsResponse, ApiError> {
        Ok(api::DescribeServiceDeploymentsResponse::default())
    }
    fn stop_service_deployment(
        &mut self,
        _: api::StopServiceDeploymentRequest,
    ) -> Result<api::StopServiceDeploymentResponse, ApiError> {
        Ok(api::StopServiceDeploymentResponse::default())
    }
    fn continue_service_deployment(
        &mut self,
        _: api::ContinueServiceDeploymentRequest,
    ) -> Result<api::ContinueServiceDeploymentResponse, ApiError> {
        Ok(api::ContinueServiceDeploymentResponse::default())
    }
    fn describe_service_revisions(
        &mut self,
        _: api::DescribeServiceRevisionsRequest,
    ) -> Result<api::DescribeServiceRevisionsResponse, ApiError> {
        Ok(api::DescribeServiceRevisionsResponse::default())
    }
    fn describe_capacity_providers(
        &mut self,
        _: api::DescribeCapacityProvidersRequest,
    ) -> Result<api::DescribeCapacityProvidersResponse, ApiError> {
        Ok(api::DescribeCapacityProvidersResponse::default())
    }
    fn list_tags_for_resource(
        &mut self,
        _: api::ListTagsForResourceRequest,
    ) -> Result<api::ListTagsForResourceResponse, ApiError> {
        Ok(api::ListTagsForResourceResponse::default())
    }
    fn tag_resource(&mut self, _: api::TagResourceRequest) -> Result<api::TagResourceResponse, ApiError> {
        Ok(api::TagResourceResponse::default())
    }
    fn untag_resource(
        &mut self,
        _: api::UntagResourceRequest,
    ) -> Result<api::UntagResourceResponse, ApiError> {
        Ok(api::UntagResourceResponse::default())
    }
}
