//! Container instances.

use jiff::Timestamp;
use steward::action::Call;
use steward::arn::{ClusterArn, ContainerInstanceArn, TaskArn};
use steward::ecs::{CapacityProvider, ContainerInstance, HostStatus, HostTask, StatusCheck};
use steward::event::ContainerInstanceStatus as Status;
use steward::ports::{Changed, EcsError, Meaning};

use super::super::api::{self, CapacityProviderType, ContainerInstanceStatus, DesiredStatus};
use super::super::operation;
use super::super::world::Ecs;
use super::failed;
use super::read::{describe_tasks, known, only_missing};
use super::tasks::as_events;

/// CloudWatch is asked for so many minutes.
const MINUTES: i64 = 5;

/// A container instance.
pub fn container_instance(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    arn: &ContainerInstanceArn,
) -> Result<Option<ContainerInstance>, EcsError> {
    const OPERATION: &str = "DescribeContainerInstances";
    let request = api::DescribeContainerInstancesRequest {
        cluster: Some(cluster.to_string()),
        container_instances: vec![arn.to_string()],
        include: Vec::new(),
    };
    let Some(answer) = known(OPERATION, arn.as_str(), operation::call(ecs, request))? else {
        return Ok(None);
    };
    only_missing(OPERATION, arn.as_str(), &answer.failures)?;
    Ok(answer.container_instances.into_iter().next().map(|found| ContainerInstance {
        arn: arn.clone(),
        cluster: cluster.clone(),
        status: Status::from_text(found.status.unwrap_or_default()),
        agent_connected: found.agent_connected,
        ec2_instance_id: found.ec2_instance_id,
        capacity_provider: found.capacity_provider_name,
    }))
}

/// The tasks of a container instance.
pub fn tasks_on(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    instance: &ContainerInstanceArn,
) -> Result<Vec<HostTask>, EcsError> {
    let mut found = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let mut from = None;
        loop {
            let request = api::ListTasksRequest {
                cluster: Some(cluster.to_string()),
                container_instance: Some(instance.to_string()),
                desired_status: Some(status),
                next_token: from,
                max_results: Some(100),
                ..api::ListTasksRequest::default()
            };
            let listed = operation::call(ecs, request)
                .map_err(|error| failed("ListTasks", instance.as_str(), &error))?;
            let arns: Vec<TaskArn> = listed.task_arns.into_iter().map(TaskArn::new).collect();
            let tasks = describe_tasks(ecs, cluster, &arns)?;
            let health: Vec<Option<String>> = tasks
                .iter()
                .map(|task| task.health_status.map(|health| health.as_str().to_owned()))
                .collect();
            let events = as_events(tasks, cluster)?;
            let told =
                events.iter().zip(health).filter_map(|(task, health)| HostTask::of(task, health.as_deref()));
            found.extend(told);
            from = listed.next_token;
            if from.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

fn list(
    ecs: &mut Ecs,
    request: api::ListContainerInstancesRequest,
) -> Result<Vec<ContainerInstanceArn>, EcsError> {
    const OPERATION: &str = "ListContainerInstances";
    let target = request.cluster.clone().unwrap_or_default();
    let answer = operation::call(ecs, request).map_err(|error| failed(OPERATION, &target, &error))?;
    Ok(answer.container_instance_arns.into_iter().map(ContainerInstanceArn::new).collect())
}

/// Those that are DRAINING.
pub fn draining(ecs: &mut Ecs, cluster: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
    list(
        ecs,
        api::ListContainerInstancesRequest {
            cluster: Some(cluster.to_string()),
            status: Some(ContainerInstanceStatus::Draining),
            ..api::ListContainerInstancesRequest::default()
        },
    )
}

/// The container instance that an EC2 instance is.
pub fn find_host(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    ec2_instance_id: &str,
) -> Result<Option<ContainerInstanceArn>, EcsError> {
    let found = list(
        ecs,
        api::ListContainerInstancesRequest {
            cluster: Some(cluster.to_string()),
            filter: Some(format!("ec2InstanceId == {ec2_instance_id}")),
            ..api::ListContainerInstancesRequest::default()
        },
    )?;
    Ok(found.into_iter().next())
}

/// A capacity provider.
pub fn capacity_provider(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    name: &str,
) -> Result<Option<CapacityProvider>, EcsError> {
    const OPERATION: &str = "DescribeCapacityProviders";
    let request = api::DescribeCapacityProvidersRequest {
        capacity_providers: vec![name.to_owned()],
        cluster: Some(cluster.to_string()),
        ..api::DescribeCapacityProvidersRequest::default()
    };
    let Some(answer) = known(OPERATION, name, operation::call(ecs, request))? else { return Ok(None) };
    only_missing(OPERATION, name, &answer.failures)?;
    Ok(answer.capacity_providers.into_iter().next().map(|found| CapacityProvider {
        name: name.to_owned(),
        is_managed: found.r#type == Some(CapacityProviderType::ManagedInstances),
    }))
}

/// What CloudWatch tells of an EC2 instance's status checks: the latest minute that has ended.
pub fn status_check(ecs: &mut Ecs, ec2_instance_id: &str, until: Timestamp) -> Option<StatusCheck> {
    let last = until.as_second().div_euclid(60) - 1;
    let mut minutes = (0..MINUTES).filter_map(|back| Timestamp::from_second((last - back) * 60).ok());
    minutes.find_map(|at| Some(StatusCheck { at, has_failed: ecs.status_check(ec2_instance_id, at)? }))
}

/// Sets a status.
pub(super) fn update(
    ecs: &mut Ecs,
    call: &Call,
    cluster: &ClusterArn,
    instance: &ContainerInstanceArn,
    status: HostStatus,
) -> Result<Changed, EcsError> {
    let request = api::UpdateContainerInstancesStateRequest {
        cluster: Some(cluster.to_string()),
        container_instances: vec![instance.to_string()],
        status: match status {
            HostStatus::Active => ContainerInstanceStatus::Active,
            HostStatus::Draining => ContainerInstanceStatus::Draining,
        },
    };
    let target = call.to_string();
    let answer = operation::call(ecs, request);
    let answer = answer.map_err(|error| failed(call.operation(), &target, &error))?;
    match answer.failures.first() {
        None => Ok(Changed { made: None }),
        Some(failure) => Err(EcsError {
            operation: call.operation(),
            target,
            problem: failure.reason.clone().unwrap_or_default(),
            meaning: Meaning::Refused,
        }),
    }
}
