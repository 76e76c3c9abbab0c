//! The operations that the model has, and the one way in: throttled, validated, carried out.
//!
//! Both faces come through here, the domain's ports with typed requests ([`call`]) and HTTP with JSON ([`answer`]); so
//! neither can do what the other is refused.
//!
//! # Invariants
//!
//! * A call that is throttled or invalid does not reach the model.
//! * A member that a request does not have is refused by name, at any depth; null stands for a member left out.
//! * An answer holds no nulls.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::api::{self, without_nulls};
use super::error::ApiError;
use super::throttle::{Bucket, Throttle};
use super::validation::Validate;

/// A request of ECS.
pub trait Request: Validate + DeserializeOwned {
    /// What ECS answers.
    type Answer: Serialize;
    /// Whose input it is.
    const OPERATION: Operation;

    /// Hands it to the model as it is; [`call`] is the way in.
    fn carry_out<P: ControlPlane + ?Sized>(self, plane: &mut P) -> Result<Self::Answer, ApiError>;
}

macro_rules! operations {
    ($($operation:ident: $method:ident($request:ident) -> $answer:ident, $bucket:expr;)*) => {
        /// An operation that the model has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "ECS's API reference documents its operations")]
        pub enum Operation {
            $($operation,)*
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$operation),*];

            /// Its name in ECS: `DescribeServices`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$operation => stringify!($operation),)*
                }
            }

            /// The bucket that each of its calls takes a token from; `None`: not throttled here.
            pub const fn bucket(self) -> Option<Bucket> {
                match self {
                    $(Self::$operation => $bucket,)*
                }
            }
        }

        /// What stands behind the faces: the model.
        ///
        /// Its methods get requests that are valid as far as that can be told without looking at anything.
        #[allow(missing_docs, reason = "ECS's API reference documents its operations")]
        pub trait ControlPlane {
            /// The time in the model.
            fn now(&self) -> Timestamp;

            /// The account's buckets.
            fn throttle(&mut self) -> &mut Throttle;

            /// Lets time pass. A time that has passed changes nothing.
            fn advance_to(&mut self, now: Timestamp);

            /// The events that ECS emitted since they were taken last, as EventBridge delivers them, in order of delivery.
            fn take_events(&mut self) -> Vec<Value>;

            $(fn $method(&mut self, input: api::$request) -> Result<api::$answer, ApiError>;)*
        }

        $(impl Request for api::$request {
            type Answer = api::$answer;
            const OPERATION: Operation = Operation::$operation;

            fn carry_out<P: ControlPlane + ?Sized>(self, plane: &mut P) -> Result<api::$answer, ApiError> {
                plane.$method(self)
            }
        })*

        fn json_call<P: ControlPlane + ?Sized>(
            plane: &mut P,
            operation: Operation,
            input: Value,
        ) -> Result<Value, ApiError> {
            match operation {
                $(Operation::$operation => typed::<api::$request, P>(plane, input),)*
            }
        }
    };
}

operations! {
    DescribeServices: describe_services(DescribeServicesRequest) -> DescribeServicesResponse, Some(Bucket::ServiceReads);
    ListServices: list_services(ListServicesRequest) -> ListServicesResponse, Some(Bucket::ServiceReads);
    CreateService: create_service(CreateServiceRequest) -> CreateServiceResponse, Some(Bucket::ServiceChanges);
    UpdateService: update_service(UpdateServiceRequest) -> UpdateServiceResponse, Some(Bucket::ServiceChanges);
    DeleteService: delete_service(DeleteServiceRequest) -> DeleteServiceResponse, Some(Bucket::ServiceChanges);
    DescribeTasks: describe_tasks(DescribeTasksRequest) -> DescribeTasksResponse, Some(Bucket::ClusterResourceReads);
    ListTasks: list_tasks(ListTasksRequest) -> ListTasksResponse, Some(Bucket::ClusterResourceReads);
    RunTask: run_task(RunTaskRequest) -> RunTaskResponse, Some(Bucket::ClusterResourceChanges);
    StopTask: stop_task(StopTaskRequest) -> StopTaskResponse, Some(Bucket::ClusterResourceChanges);
    UpdateTaskProtection: update_task_protection(UpdateTaskProtectionRequest) -> UpdateTaskProtectionResponse, Some(Bucket::TaskProtection);
    GetTaskProtection: get_task_protection(GetTaskProtectionRequest) -> GetTaskProtectionResponse, Some(Bucket::TaskProtection);
    DescribeTaskDefinition: describe_task_definition(DescribeTaskDefinitionRequest) -> DescribeTaskDefinitionResponse, Some(Bucket::TaskDefinitionReads);
    ListTaskDefinitions: list_task_definitions(ListTaskDefinitionsRequest) -> ListTaskDefinitionsResponse, Some(Bucket::TaskDefinitionReads);
    RegisterTaskDefinition: register_task_definition(RegisterTaskDefinitionRequest) -> RegisterTaskDefinitionResponse, Some(Bucket::TaskDefinitionChanges);
    DeregisterTaskDefinition: deregister_task_definition(DeregisterTaskDefinitionRequest) -> DeregisterTaskDefinitionResponse, Some(Bucket::TaskDefinitionChanges);
    DescribeClusters: describe_clusters(DescribeClustersRequest) -> DescribeClustersResponse, Some(Bucket::ClusterReads);
    ListClusters: list_clusters(ListClustersRequest) -> ListClustersResponse, Some(Bucket::ClusterReads);
    CreateCluster: create_cluster(CreateClusterRequest) -> CreateClusterResponse, None;
    DescribeContainerInstances: describe_container_instances(DescribeContainerInstancesRequest) -> DescribeContainerInstancesResponse, Some(Bucket::ClusterResourceReads);
    ListContainerInstances: list_container_instances(ListContainerInstancesRequest) -> ListContainerInstancesResponse, Some(Bucket::ClusterResourceReads);
    UpdateContainerInstancesState: update_container_instances_state(UpdateContainerInstancesStateRequest) -> UpdateContainerInstancesStateResponse, Some(Bucket::ClusterResourceChanges);
    ListServiceDeployments: list_service_deployments(ListServiceDeploymentsRequest) -> ListServiceDeploymentsResponse, Some(Bucket::ServiceDeployments);
    DescribeServiceDeployments: describe_service_deployments(DescribeServiceDeploymentsRequest) -> DescribeServiceDeploymentsResponse, Some(Bucket::ServiceDeployments);
    StopServiceDeployment: stop_service_deployment(StopServiceDeploymentRequest) -> StopServiceDeploymentResponse, Some(Bucket::ServiceDeployments);
    ContinueServiceDeployment: continue_service_deployment(ContinueServiceDeploymentRequest) -> ContinueServiceDeploymentResponse, Some(Bucket::ServiceDeployments);
    DescribeServiceRevisions: describe_service_revisions(DescribeServiceRevisionsRequest) -> DescribeServiceRevisionsResponse, Some(Bucket::ServiceRevisions);
    DescribeCapacityProviders: describe_capacity_providers(DescribeCapacityProvidersRequest) -> DescribeCapacityProvidersResponse, None;
    ListTagsForResource: list_tags_for_resource(ListTagsForResourceRequest) -> ListTagsForResourceResponse, None;
    TagResource: tag_resource(TagResourceRequest) -> TagResourceResponse, Some(Bucket::TagChanges);
    UntagResource: untag_resource(UntagResourceRequest) -> UntagResourceResponse, Some(Bucket::TagChanges);
}

impl Operation {
    /// The operation of a name, if the model has it.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.name() == name)
    }
}

/// One call, as ECS takes it.
pub fn call<R: Request, P: ControlPlane + ?Sized>(plane: &mut P, request: R) -> Result<R::Answer, ApiError> {
    admit(plane, R::OPERATION)?;
    request.validate()?;
    request.carry_out(plane)
}

/// One call in JSON.
pub fn answer<P: ControlPlane + ?Sized>(
    plane: &mut P,
    operation: Operation,
    body: &[u8],
) -> Result<Value, ApiError> {
    let input = serde_json::from_slice(body).map_err(|error| ApiError::serialization(error.to_string()))?;
    answer_value(plane, operation, input)
}

/// [`answer`], to JSON that is parsed already.
pub fn answer_value<P: ControlPlane + ?Sized>(
    plane: &mut P,
    operation: Operation,
    input: Value,
) -> Result<Value, ApiError> {
    if !input.is_object() {
        return Err(ApiError::serialization("the input is no JSON object"));
    }
    json_call(plane, operation, without_nulls(input))
}

fn admit<P: ControlPlane + ?Sized>(plane: &mut P, operation: Operation) -> Result<(), ApiError> {
    let now = plane.now();
    operation.bucket().map_or(Ok(()), |bucket| plane.throttle().take(bucket, 1, now))
}

fn typed<R: Request, P: ControlPlane + ?Sized>(plane: &mut P, input: Value) -> Result<Value, ApiError> {
    // Read first: what cannot be read is refused whether or not there are tokens, and takes none.
    let request: R = read(R::OPERATION, input)?;
    let answer = call(plane, request)?;
    let answer = serde_json::to_value(answer).map_err(|error| {
        ApiError::server(format!("the answer to {} cannot be written: {error}", R::OPERATION.name()))
    })?;
    Ok(without_nulls(answer))
}

/// Reads a request. What serde says of it is turned into what ECS would call it.
fn read<R: DeserializeOwned>(operation: Operation, input: Value) -> Result<R, ApiError> {
    serde_path_to_error::deserialize(input).map_err(|error| {
        let (path, said) = (error.path().to_string(), error.inner().to_string());
        let message = format!("{} at {path}: {said}", operation.name());
        if said.starts_with("invalid type") {
            ApiError::serialization(message)
        } else {
            ApiError::invalid_parameter(message)
        }
    })
}

#[cfg(test)]
mod tests;
