//! Standalone tasks: run, stopped and looked at.

use std::collections::BTreeMap;

use steward::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use steward::batch::{Capacity, JobNetwork, StrategyItem};
use steward::event::TaskStateChange;
use steward::event::document::{self, Item};
use steward::ports::{
    ContainerDefinition, Definition, EcsError, Find, Meaning, Page, StartFailure, Started, TaskRequest,
};

use super::super::api::{
    self, AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, LaunchType,
    NetworkConfiguration, RunTaskRequest, StopTaskRequest, Tag, TaskDefinitionStatus,
};
use super::super::operation;
use super::super::world::Ecs;
use super::read::{describe_tasks, list_tasks};
use super::{failed, not_run};

const RUN: &str = "RunTask";
const DESCRIBE: &str = "DescribeTasks";

/// Starts tasks: one request.
pub fn run_tasks(ecs: &mut Ecs, request: &TaskRequest) -> Result<Started, EcsError> {
    let target = request.task_definition.to_string();
    let unfit = |error: serde_json::Error| EcsError {
        operation: RUN,
        target: target.clone(),
        problem: error.to_string(),
        meaning: Meaning::Refused,
    };
    let asked = run_task_request(request).map_err(unfit)?;
    let answer = operation::call(ecs, asked).map_err(|error| not_run(&target, &error))?;
    Ok(Started {
        tasks: answer.tasks.into_iter().filter_map(|task| task.task_arn).map(TaskArn::new).collect(),
        failures: answer.failures.into_iter().map(start_failure).collect(),
    })
}

fn run_task_request(request: &TaskRequest) -> Result<RunTaskRequest, serde_json::Error> {
    let (launch_type, strategy) = match &request.capacity {
        Capacity::AsCluster => (None, None),
        Capacity::LaunchType(word) => {
            (Some(serde_json::from_value::<LaunchType>(word.as_str().into())?), None)
        }
        Capacity::Strategy(items) => (None, Some(items.iter().map(strategy_item).collect())),
    };
    Ok(RunTaskRequest {
        cluster: Some(request.cluster.to_string()),
        task_definition: request.task_definition.to_string(),
        client_token: Some(request.token.to_string()),
        count: Some(request.count),
        started_by: Some(request.started_by.clone()),
        launch_type,
        capacity_provider_strategy: strategy,
        network_configuration: request.network.as_ref().map(network_configuration),
        platform_version: request.platform_version.clone(),
        overrides: request.overrides().map(serde_json::from_value).transpose()?,
        tags: tags(&request.tags),
        enable_execute_command: request.execute_command.then_some(true),
        ..RunTaskRequest::default()
    })
}

fn strategy_item(item: &StrategyItem) -> CapacityProviderStrategyItem {
    CapacityProviderStrategyItem {
        capacity_provider: item.provider.clone(),
        weight: Some(item.weight),
        base: Some(item.base),
    }
}

fn network_configuration(network: &JobNetwork) -> NetworkConfiguration {
    let address = if network.public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
    NetworkConfiguration {
        awsvpc_configuration: Some(AwsVpcConfiguration {
            subnets: network.subnets.clone(),
            security_groups: network.security_groups.clone(),
            assign_public_ip: Some(address),
        }),
    }
}

fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

fn start_failure(failure: api::Failure) -> StartFailure {
    StartFailure {
        arn: failure.arn,
        reason: failure.reason.unwrap_or_else(|| "a failure without a reason".to_owned()),
        detail: failure.detail,
    }
}

/// Stops a task.
pub fn stop_task(ecs: &mut Ecs, cluster: &ClusterArn, task: &TaskArn, reason: &str) -> Result<(), EcsError> {
    let request = StopTaskRequest {
        cluster: Some(cluster.to_string()),
        task: task.to_string(),
        reason: Some(reason.to_owned()),
    };
    let answer = operation::call(ecs, request);
    answer.map(drop).map_err(|error| failed("StopTask", task.as_str(), &error))
}

/// Tasks that ECS still knows, as events would tell them.
pub fn job_tasks(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    arns: &[TaskArn],
) -> Result<Vec<TaskStateChange>, EcsError> {
    as_events(describe_tasks(ecs, cluster, arns)?, cluster)
}

/// Tasks as ECS describes them, in the words of its events.
pub(super) fn as_events(
    tasks: Vec<api::Task>,
    cluster: &ClusterArn,
) -> Result<Vec<TaskStateChange>, EcsError> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let damaged = |problem: String| EcsError {
        operation: DESCRIBE,
        target: cluster.name().to_owned(),
        problem,
        meaning: Meaning::Unknown,
    };
    let answer = api::DescribeTasksResponse { tasks, failures: Vec::new() };
    let json = serde_json::to_vec(&answer).map_err(|error| damaged(error.to_string()))?;
    let task = |item| match item {
        Ok(Item::Task(task)) => Ok(*task),
        Ok(other) => Err(damaged(format!("a {} among tasks", other.kind()))),
        Err(error) => Err(damaged(format!("{error}"))),
    };
    document::read(&json).into_iter().map(task).collect()
}

/// Tasks of a cluster, page by page.
pub fn find_job_tasks(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    find: &Find,
    from: Option<&str>,
) -> Result<Page<TaskStateChange>, EcsError> {
    let listed = list_tasks(ecs, cluster, find, from)?;
    let mut items = job_tasks(ecs, cluster, &listed.items)?;
    if let Find::StoppedOfFamily { started_by, .. } = find {
        items.retain(|task| task.started_by.as_ref() == Some(started_by));
    }
    Ok(Page { items, next: listed.next })
}

/// A task definition, by family, `family:revision` or ARN.
pub fn job_definition(ecs: &mut Ecs, name: &str) -> Result<Option<Definition>, EcsError> {
    let request =
        api::DescribeTaskDefinitionRequest { task_definition: name.to_owned(), ..Default::default() };
    match operation::call(ecs, request) {
        Ok(answer) => Ok(answer.task_definition.map(definition)),
        // What was never registered has no code of its own.
        Err(error) if error.code == "ClientException" => Ok(None),
        Err(error) => Err(failed("DescribeTaskDefinition", name, &error)),
    }
}

fn definition(answered: api::TaskDefinition) -> Definition {
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    Definition {
        arn: TaskDefinitionArn::new(answered.task_definition_arn.unwrap_or_default()),
        is_active: answered.status == Some(TaskDefinitionStatus::Active),
        cpu: number(answered.cpu),
        memory: number(answered.memory),
        containers: answered
            .container_definitions
            .into_iter()
            .map(|container| ContainerDefinition {
                name: container.name.unwrap_or_default(),
                is_essential: container.essential != Some(false),
                memory: container.memory,
            })
            .collect(),
    }
}
