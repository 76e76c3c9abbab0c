//! Services.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_services::DescribeServicesError;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Deployment, DeploymentControllerType, DeploymentRolloutState,
    DeploymentStrategy, Service as Answered, ServiceField,
};

use super::{PAGE, failed, lacks, only_missing, timestamp};
use crate::arn::{ClusterArn, DeploymentId, ServiceDeploymentArn, ServiceName, TaskDefinitionArn};
use crate::ecs::{
    Controller, DesiredCount, PendingCount, Rollout, RunningCount, Service, ServiceDeploymentSummary,
    StrategyItem, Watch, capacity,
};
use crate::ports::{EcsError, Page};

const DESCRIBE: &str = "DescribeServices";
const LIST: &str = "ListServices";
/// DescribeServices takes so many.
const MAX_SERVICES: usize = 10;

pub(super) async fn describe_one(
    client: &Client,
    cluster: &ClusterArn,
    name: &ServiceName,
) -> Result<Option<Service>, EcsError> {
    let target = format!("{name} of {}", cluster.name());
    let found = describe(client, cluster, &[name.as_str().to_owned()], &target).await?;
    Ok(found.into_iter().next())
}

pub(super) async fn list(
    client: &Client,
    cluster: &ClusterArn,
    from: Option<&str>,
) -> Result<Page<Service>, EcsError> {
    let target = format!("services of {}", cluster.name());
    let listed = client
        .list_services()
        .cluster(cluster.as_str())
        .max_results(PAGE)
        .set_next_token(from.map(str::to_owned))
        .send()
        .await
        .map_err(|error| failed(LIST, target.clone(), &error))?;
    let mut items = Vec::new();
    for some in listed.service_arns.unwrap_or_default().chunks(MAX_SERVICES) {
        items.extend(describe(client, cluster, some, &target).await?);
    }
    Ok(Page { items, next: listed.next_token })
}

/// At most [`MAX_SERVICES`], by name or ARN. Those that ECS does not know are left out.
async fn describe(
    client: &Client,
    cluster: &ClusterArn,
    services: &[String],
    target: &str,
) -> Result<Vec<Service>, EcsError> {
    let answer = client
        .describe_services()
        .cluster(cluster.as_str())
        .set_services(Some(services.to_vec()))
        .include(ServiceField::Tags)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        // Of a cluster that is not there.
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeServicesError::is_cluster_not_found_exception) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(DESCRIBE, target.to_owned(), &error)),
    };
    only_missing(DESCRIBE, target, answer.failures)?;
    answer.services.unwrap_or_default().into_iter().map(|service| read(service, cluster, target)).collect()
}

pub(super) fn read(answered: Answered, cluster: &ClusterArn, target: &str) -> Result<Service, EcsError> {
    let lacks = |member| lacks(DESCRIBE, target, member);
    let (breaker, alarms, is_rolling) = configured(&answered);
    Ok(Service {
        cluster: answered.cluster_arn.map_or_else(|| cluster.clone(), ClusterArn::new),
        name: ServiceName::new(answered.service_name.ok_or_else(|| lacks("serviceName"))?),
        status: answered.status.ok_or_else(|| lacks("status"))?,
        controller: controller(answered.deployment_controller.map(|controller| controller.r#type)),
        is_rolling,
        task_definition: answered.task_definition.map(TaskDefinitionArn::new),
        desired: DesiredCount(count(answered.desired_count).ok_or_else(|| lacks("usable desiredCount"))?),
        running: RunningCount(count(answered.running_count).ok_or_else(|| lacks("usable runningCount"))?),
        pending: PendingCount(count(answered.pending_count).ok_or_else(|| lacks("usable pendingCount"))?),
        breaker,
        alarms,
        deployments: answered
            .deployments
            .unwrap_or_default()
            .into_iter()
            .map(|deployment| summary(deployment).ok_or_else(|| lacks("deployments[].id")))
            .collect::<Result<_, _>>()?,
        current_service_deployment: answered.current_service_deployment.map(ServiceDeploymentArn::new),
        tags: answered
            .tags
            .unwrap_or_default()
            .into_iter()
            .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
            .collect(),
        capacity_providers: strategy(answered.capacity_provider_strategy.unwrap_or_default()),
    })
}

/// What ECS leaves out is 0 (API reference, `CapacityProviderStrategyItem`).
fn strategy(answered: Vec<CapacityProviderStrategyItem>) -> Vec<StrategyItem> {
    capacity::strategy(answered.into_iter().map(|item| StrategyItem {
        weight: count(item.weight).unwrap_or_default(),
        base: count(item.base).unwrap_or_default(),
        provider: item.capacity_provider,
    }))
}

fn count(answered: i32) -> Option<u32> {
    u32::try_from(answered).ok()
}

/// A service that ECS names no controller of has ECS's own.
fn controller(answered: Option<DeploymentControllerType>) -> Controller {
    match answered {
        None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
        Some(DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
        Some(DeploymentControllerType::External) => Controller::External,
        Some(other) => Controller::Other(other.as_str().to_owned()),
    }
}

/// The circuit breaker, the alarms, and whether deployments roll.
fn configured(answered: &Answered) -> (Watch, Watch, bool) {
    let Some(configuration) = answered.deployment_configuration() else {
        return (Watch::default(), Watch::default(), true);
    };
    let breaker = configuration
        .deployment_circuit_breaker()
        .map(|breaker| Watch { is_enabled: breaker.enable, rolls_back: breaker.rollback });
    let alarms =
        configuration.alarms().map(|alarms| Watch { is_enabled: alarms.enable, rolls_back: alarms.rollback });
    let is_rolling = matches!(configuration.strategy(), None | Some(DeploymentStrategy::Rolling));
    (breaker.unwrap_or_default(), alarms.unwrap_or_default(), is_rolling)
}

fn summary(answered: Deployment) -> Option<ServiceDeploymentSummary> {
    Some(ServiceDeploymentSummary {
        is_primary: answered.status() == Some("PRIMARY"),
        rollout: answered.rollout_state().and_then(rollout),
        failed_tasks: count(answered.failed_tasks),
        created_at: timestamp(answered.created_at()),
        updated_at: timestamp(answered.updated_at()),
        task_definition: answered.task_definition.map(TaskDefinitionArn::new),
        id: DeploymentId::new(answered.id?),
    })
}

/// A state that this version does not know says as little as none.
fn rollout(answered: &DeploymentRolloutState) -> Option<Rollout> {
    match answered {
        DeploymentRolloutState::InProgress => Some(Rollout::InProgress),
        DeploymentRolloutState::Completed => Some(Rollout::Completed),
        DeploymentRolloutState::Failed => Some(Rollout::Failed),
        _ => None,
    }
}

/// The PRIMARY deployment's id, of a service as UpdateService answers it.
pub(super) fn primary(answered: Option<&Answered>) -> Option<String> {
    let deployments = answered?.deployments();
    deployments.iter().find(|deployment| deployment.status() == Some("PRIMARY"))?.id().map(str::to_owned)
}
