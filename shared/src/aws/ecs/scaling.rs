//! Services as far as their number of tasks goes.

use std::collections::BTreeMap;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_services::DescribeServicesError;
use aws_sdk_ecs::types::{
    DeploymentController, DeploymentControllerType, DeploymentRolloutState, SchedulingStrategy,
    Service as Answered, ServiceField,
};

use super::change::once;
use super::{PAGE, failed, lacks, only_missing};
use crate::arn::{ClusterArn, ServiceName};
use crate::config::MODE_TAG;
use crate::ecs::{DesiredCount, PendingCount, RunningCount};
use crate::ports::{EcsError, ScaledService};
use crate::scaling::ServiceReading;

const DESCRIBE: &str = "DescribeServices";
const LIST_TASKS: &str = "ListTasks";
const GET_PROTECTION: &str = "GetTaskProtection";
const UPDATE: &str = "UpdateService";
const ACTIVE: &str = "ACTIVE";
const PRIMARY: &str = "PRIMARY";

pub(super) async fn services(
    client: &Client,
    cluster: &ClusterArn,
    names: &[ServiceName],
) -> Result<BTreeMap<ServiceName, ScaledService>, EcsError> {
    let target = match names {
        [] => return Ok(BTreeMap::new()),
        [one] => of(cluster, one),
        [first, ..] => format!("{} services of {}, {first} first", names.len(), cluster.name()),
    };
    let answer = client
        .describe_services()
        .cluster(cluster.as_str())
        .set_services(Some(names.iter().map(ToString::to_string).collect()))
        .include(ServiceField::Tags)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeServicesError::is_cluster_not_found_exception) =>
        {
            return Ok(BTreeMap::new());
        }
        Err(error) => return Err(failed(DESCRIBE, target, &error)),
    };
    only_missing(DESCRIBE, &target, answer.failures)?;
    let mut found = BTreeMap::new();
    for service in answer.services.unwrap_or_default() {
        if service.status().ok_or_else(|| lacks(DESCRIBE, &target, "status"))? != ACTIVE {
            continue;
        }
        let name = service.service_name().ok_or_else(|| lacks(DESCRIBE, &target, "serviceName"))?;
        let read = read(&service).ok_or_else(|| lacks(DESCRIBE, name, "usable counts"))?;
        found.insert(ServiceName::new(name), read);
    }
    Ok(found)
}

fn read(answered: &Answered) -> Option<ScaledService> {
    let count = |answered: i32| u32::try_from(answered).ok();
    let deployments = answered.deployments();
    let primary = deployments.iter().find(|deployment| deployment.status() == Some(PRIMARY));
    let is_rolling_out = primary.is_some_and(|primary| {
        primary.rollout_state().is_some_and(|state| *state == DeploymentRolloutState::InProgress)
    });
    let reading = ServiceReading {
        desired: DesiredCount(count(answered.desired_count())?),
        running: RunningCount(count(answered.running_count())?),
        pending: PendingCount(count(answered.pending_count())?),
        is_deploying: deployments.len() > 1 || is_rolling_out,
        failed_tasks: primary.map_or(Some(0), |primary| count(primary.failed_tasks()))?,
    };
    let tag = answered.tags().iter().find(|tag| tag.key() == Some(MODE_TAG));
    Some(ScaledService {
        reading,
        not_scalable: not_scalable(answered),
        mode_tag: tag.map(|tag| tag.value().unwrap_or_default().to_owned()),
    })
}

/// A strategy or a controller that ECS does not name is its own default.
fn not_scalable(answered: &Answered) -> Option<String> {
    if let Some(strategy) =
        answered.scheduling_strategy().filter(|strategy| **strategy != SchedulingStrategy::Replica)
    {
        return Some(format!("a {strategy} service"));
    }
    let controller = answered.deployment_controller().map(DeploymentController::r#type);
    let controller = controller.filter(|kind| **kind != DeploymentControllerType::Ecs)?;
    Some(format!("a service whose deployments {controller} controls"))
}

pub(super) async fn protected(
    client: &Client,
    cluster: &ClusterArn,
    service: &ServiceName,
) -> Result<u32, EcsError> {
    let mut protected = 0_u32;
    let mut next = None;
    loop {
        let page = client
            .list_tasks()
            .cluster(cluster.as_str())
            .service_name(service.as_str())
            .max_results(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| failed(LIST_TASKS, of(cluster, service), &error))?;
        let tasks = page.task_arns.unwrap_or_default();
        if !tasks.is_empty() {
            let answer = client
                .get_task_protection()
                .cluster(cluster.as_str())
                .set_tasks(Some(tasks))
                .send()
                .await
                .map_err(|error| failed(GET_PROTECTION, of(cluster, service), &error))?;
            // What has stopped meanwhile protects itself no more.
            only_missing(GET_PROTECTION, &of(cluster, service), answer.failures)?;
            let count = answer.protected_tasks.unwrap_or_default();
            let count = count.iter().filter(|task| task.protection_enabled()).count();
            protected = protected.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(protected);
        }
    }
}

pub(super) async fn scale(
    client: &Client,
    cluster: &ClusterArn,
    service: &ServiceName,
    to: u32,
) -> Result<(), EcsError> {
    let call = client
        .update_service()
        .cluster(cluster.as_str())
        .service(service.as_str())
        .desired_count(i32::try_from(to).unwrap_or(i32::MAX));
    let answer = call.customize().config_override(once()).send().await;
    answer.map(drop).map_err(|error| failed(UPDATE, of(cluster, service), &error))
}

fn of(cluster: &ClusterArn, service: &ServiceName) -> String {
    format!("{service} of {}", cluster.name())
}
