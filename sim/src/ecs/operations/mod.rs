//! What each operation does. Requests come validated as far as that can be told without the state.
#![allow(clippy::unnecessary_wraps, reason = "an operation that ECS never refuses answers like the others")]

mod capacity;
mod definitions;
mod deployments;
mod protection;
mod services;
mod tags;
mod tasks;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::api::{self, without_nulls};
use super::error::ApiError;
use super::operation::{self, ControlPlane, Operation};
use super::throttle::Throttle;
use super::world::{Ecs, Effect};

impl Ecs {
    /// One call in JSON, as `caller` makes it: throttled, validated, carried out. What ECS or the model does not know is
    /// `UnknownOperationException`.
    pub fn call(&mut self, caller: &str, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let Some(known) = Operation::of_name(operation) else {
            return Err(ApiError::unknown_operation(format!("The operation {operation} is not known here.")));
        };
        caller.clone_into(&mut self.caller);
        let answer = operation::answer_value(self, known, input.clone());
        if let Err(error) = &answer {
            self.record_refusal(known, input, error);
        }
        answer
    }

    /// Whose calls follow: what effects and answers name.
    pub fn set_caller(&mut self, caller: &str) {
        caller.clone_into(&mut self.caller);
    }

    /// Notes a mutation that was carried out.
    pub(super) fn note(
        &mut self,
        operation: Operation,
        target: &str,
        marks: Marks,
        request: &impl Serialize,
    ) {
        let detail = serde_json::to_value(request).map(without_nulls).unwrap_or_default();
        self.record(operation, target, &detail);
        self.effects.push(Effect {
            at: self.now,
            caller: self.caller.clone(),
            operation: operation.name().to_owned(),
            target: target.to_owned(),
            mark: marks.mark,
            started_by: marks.started_by,
            detail,
        });
    }
}

/// What a caller marks a call with.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) mark: Option<String>,
    pub(super) started_by: Option<String>,
}

macro_rules! control_plane {
    ($($method:ident($request:ident) -> $answer:ident as $own:ident;)*) => {
        impl ControlPlane for Ecs {
            fn now(&self) -> Timestamp {
                Ecs::now(self)
            }

            fn throttle(&mut self) -> &mut Throttle {
                &mut self.throttle
            }

            fn advance_to(&mut self, now: Timestamp) {
                self.advance(now);
            }

            fn take_events(&mut self) -> Vec<Value> {
                Ecs::take_events(self).into_iter().map(|emitted| emitted.event).collect()
            }

            $(fn $method(&mut self, input: api::$request) -> Result<api::$answer, ApiError> {
                self.$own(&input)
            })*
        }
    };
}

control_plane! {
    describe_services(DescribeServicesRequest) -> DescribeServicesResponse as answer_describe_services;
    list_services(ListServicesRequest) -> ListServicesResponse as answer_list_services;
    create_service(CreateServiceRequest) -> CreateServiceResponse as answer_create_service;
    update_service(UpdateServiceRequest) -> UpdateServiceResponse as answer_update_service;
    delete_service(DeleteServiceRequest) -> DeleteServiceResponse as answer_delete_service;
    describe_tasks(DescribeTasksRequest) -> DescribeTasksResponse as answer_describe_tasks;
    list_tasks(ListTasksRequest) -> ListTasksResponse as answer_list_tasks;
    run_task(RunTaskRequest) -> RunTaskResponse as answer_run_task;
    stop_task(StopTaskRequest) -> StopTaskResponse as answer_stop_task;
    update_task_protection(UpdateTaskProtectionRequest) -> UpdateTaskProtectionResponse as answer_update_task_protection;
    get_task_protection(GetTaskProtectionRequest) -> GetTaskProtectionResponse as answer_get_task_protection;
    describe_task_definition(DescribeTaskDefinitionRequest) -> DescribeTaskDefinitionResponse as answer_describe_task_definition;
    list_task_definitions(ListTaskDefinitionsRequest) -> ListTaskDefinitionsResponse as answer_list_task_definitions;
    register_task_definition(RegisterTaskDefinitionRequest) -> RegisterTaskDefinitionResponse as answer_register_task_definition;
    deregister_task_definition(DeregisterTaskDefinitionRequest) -> DeregisterTaskDefinitionResponse as answer_deregister_task_definition;
    describe_clusters(DescribeClustersRequest) -> DescribeClustersResponse as answer_describe_clusters;
    list_clusters(ListClustersRequest) -> ListClustersResponse as answer_list_clusters;
    create_cluster(CreateClusterRequest) -> CreateClusterResponse as answer_create_cluster;
    describe_container_instances(DescribeContainerInstancesRequest) -> DescribeContainerInstancesResponse as answer_describe_container_instances;
    list_container_instances(ListContainerInstancesRequest) -> ListContainerInstancesResponse as answer_list_container_instances;
    update_container_instances_state(UpdateContainerInstancesStateRequest) -> UpdateContainerInstancesStateResponse as answer_update_container_instances_state;
    list_service_deployments(ListServiceDeploymentsRequest) -> ListServiceDeploymentsResponse as answer_list_service_deployments;
    describe_service_deployments(DescribeServiceDeploymentsRequest) -> DescribeServiceDeploymentsResponse as answer_describe_service_deployments;
    stop_service_deployment(StopServiceDeploymentRequest) -> StopServiceDeploymentResponse as answer_stop_service_deployment;
    continue_service_deployment(ContinueServiceDeploymentRequest) -> ContinueServiceDeploymentResponse as answer_continue_service_deployment;
    describe_service_revisions(DescribeServiceRevisionsRequest) -> DescribeServiceRevisionsResponse as answer_describe_service_revisions;
    describe_capacity_providers(DescribeCapacityProvidersRequest) -> DescribeCapacityProvidersResponse as answer_describe_capacity_providers;
    list_tags_for_resource(ListTagsForResourceRequest) -> ListTagsForResourceResponse as answer_list_tags_for_resource;
    tag_resource(TagResourceRequest) -> TagResourceResponse as answer_tag_resource;
    untag_resource(UntagResourceRequest) -> UntagResourceResponse as answer_untag_resource;
}
