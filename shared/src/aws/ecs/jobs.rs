//! Standalone tasks: run, and read as their events would tell them.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::run_task::RunTaskOutput;
use aws_sdk_ecs::types::{
    Attachment as AnsweredAttachment, CapacityProviderStrategyItem, Container as AnsweredContainer, Failure,
    LaunchType, Tag, Task as Answered, TaskDefinition as AnsweredDefinition, TaskDefinitionStatus,
};
use aws_smithy_types::DateTime;
use jiff::{Timestamp, Unit};

use super::run_task::{self, RUN_TASK, awsvpc, strategy_item, unfit};
use super::task::{self, DESCRIBE, DESCRIBE_DEFINITION, MAX_TASKS};
use super::{lacks, overrides, timestamp};
use crate::arn::{ClusterArn, ContainerInstanceArn, TaskArn, TaskDefinitionArn};
use crate::batch::{Capacity, StrategyItem};
use crate::event::{
    Attachment, Container, ResourceVersion, StopCode, TaskStateChange, TaskStatus, TaskTimes,
};
use crate::ports::{
    ContainerDefinition, Definition, EcsError, Find, Page, StartFailure, Started, TaskRequest,
};

pub(super) async fn run(client: &Client, request: &TaskRequest) -> Result<Started, EcsError> {
    let started = run_once(client, request).await;
    started.map_err(|error| EcsError { target: request.task_definition.to_string(), ..error })
}

async fn run_once(client: &Client, request: &TaskRequest) -> Result<Started, EcsError> {
    let (launch_type, strategy) = match &request.capacity {
        Capacity::AsCluster => (None, None),
        Capacity::LaunchType(word) => (Some(LaunchType::from(word.as_str())), None),
        Capacity::Strategy(items) => {
            (None, Some(items.iter().map(item).collect::<Result<Vec<_>, EcsError>>()?))
        }
    };
    let network = request.network.as_ref().map(|network| {
        awsvpc(network.subnets.iter().cloned(), network.security_groups.iter().cloned(), network.public_ip)
    });
    let overrides = request.overrides().as_ref().map(overrides::to_run).transpose().map_err(unfit)?;
    let tags = request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let call = client
        .run_task()
        .cluster(request.cluster.as_str())
        .task_definition(request.task_definition.as_str())
        .client_token(request.token.as_str())
        .count(number("count", request.count)?)
        .started_by(&request.started_by)
        .set_launch_type(launch_type)
        .set_capacity_provider_strategy(strategy)
        .set_network_configuration(network.transpose()?)
        .set_platform_version(request.platform_version.clone())
        .set_overrides(overrides)
        .set_tags((!request.tags.is_empty()).then(|| tags.collect()))
        .set_enable_execute_command(request.execute_command.then_some(true));
    started(run_task::send(call).await?)
}

fn item(item: &StrategyItem) -> Result<CapacityProviderStrategyItem, EcsError> {
    strategy_item(&item.provider, number("weight", item.weight)?, Some(number("base", item.base)?))
}

fn number(member: &str, number: u32) -> Result<i32, EcsError> {
    i32::try_from(number).map_err(|_| unfit(format!("{member} {number} is too large")))
}

/// All of the answer. One that says nothing leaves open what was started.
fn started(answer: RunTaskOutput) -> Result<Started, EcsError> {
    let lacks = |member| lacks(RUN_TASK, "", member);
    let arn = |task: Answered| task.task_arn.map(TaskArn::new).ok_or_else(|| lacks("taskArn"));
    let tasks: Vec<TaskArn> =
        answer.tasks.unwrap_or_default().into_iter().map(arn).collect::<Result<_, EcsError>>()?;
    let failures: Vec<StartFailure> = answer.failures.unwrap_or_default().into_iter().map(failure).collect();
    if tasks.is_empty() && failures.is_empty() {
        return Err(lacks("task and no failure"));
    }
    Ok(Started { tasks, failures })
}

fn failure(failure: Failure) -> StartFailure {
    let reason = failure.reason.unwrap_or_else(|| "a failure without a reason".to_owned());
    StartFailure { arn: failure.arn, reason, detail: failure.detail }
}

pub(super) async fn find(
    client: &Client,
    cluster: &ClusterArn,
    find: &Find,
    from: Option<&str>,
) -> Result<Page<TaskStateChange>, EcsError> {
    let listed = task::list(client, cluster, find, from).await?;
    let mut items = describe(client, cluster, &listed.items).await?;
    if let Find::StoppedOfFamily { started_by, .. } = find {
        items.retain(|task| task.started_by.as_ref() == Some(started_by));
    }
    Ok(Page { items, next: listed.next })
}

pub(super) async fn describe(
    client: &Client,
    cluster: &ClusterArn,
    arns: &[TaskArn],
) -> Result<Vec<TaskStateChange>, EcsError> {
    let mut tasks = Vec::new();
    for some in arns.chunks(MAX_TASKS) {
        for task in task::answered(client, cluster, some, None).await? {
            tasks.push(read(task, cluster, some)?);
        }
    }
    Ok(tasks)
}

pub(super) fn read(
    answered: Answered,
    cluster: &ClusterArn,
    asked: &[TaskArn],
) -> Result<TaskStateChange, EcsError> {
    let lacks = |member| lacks(DESCRIBE, &task::target(cluster, asked), member);
    let times = times(&answered);
    Ok(TaskStateChange {
        cluster_arn: text(answered.cluster_arn).map_or_else(|| cluster.clone(), ClusterArn::new),
        task_arn: Some(text(answered.task_arn).map(TaskArn::new).ok_or_else(|| lacks("taskArn"))?),
        task_definition_arn: text(answered.task_definition_arn).map(TaskDefinitionArn::new),
        desired_status: text(answered.desired_status).map(TaskStatus::from_text),
        last_status: TaskStatus::from_text(text(answered.last_status).ok_or_else(|| lacks("lastStatus"))?),
        group: text(answered.group),
        started_by: text(answered.started_by),
        version: ResourceVersion(u64::try_from(answered.version).unwrap_or_default()),
        stop_code: answered.stop_code.map(|code| StopCode::from_text(code.as_str().to_owned())),
        stopped_reason: text(answered.stopped_reason),
        containers: answered.containers.unwrap_or_default().into_iter().map(container).collect(),
        attachments: answered.attachments.unwrap_or_default().into_iter().map(attachment).collect(),
        launch_type: answered.launch_type.map(|launch_type| launch_type.as_str().to_owned()),
        capacity_provider_name: text(answered.capacity_provider_name),
        container_instance_arn: text(answered.container_instance_arn).map(ContainerInstanceArn::new),
        availability_zone: text(answered.availability_zone),
        cpu: text(answered.cpu),
        memory: text(answered.memory),
        times,
    })
}

/// What is blank says nothing.
fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Only events have `updatedAt`.
fn times(answered: &Answered) -> TaskTimes {
    TaskTimes {
        created_at: time(answered.created_at.as_ref()),
        pull_started_at: time(answered.pull_started_at.as_ref()),
        pull_stopped_at: time(answered.pull_stopped_at.as_ref()),
        started_at: time(answered.started_at.as_ref()),
        stopping_at: time(answered.stopping_at.as_ref()),
        execution_stopped_at: time(answered.execution_stopped_at.as_ref()),
        stopped_at: time(answered.stopped_at.as_ref()),
        updated_at: None,
    }
}

/// To the millisecond, as ECS has it: as a number of seconds it comes out a few nanoseconds off.
fn time(at: Option<&DateTime>) -> Option<Timestamp> {
    timestamp(at)?.round(Unit::Millisecond).ok()
}

fn container(answered: AnsweredContainer) -> Container {
    Container {
        name: text(answered.name),
        image: text(answered.image),
        exit_code: answered.exit_code.map(i64::from),
        reason: text(answered.reason),
    }
}

fn attachment(answered: AnsweredAttachment) -> Attachment {
    let details = answered.details.unwrap_or_default().into_iter();
    let mut reasons = details.filter(|detail| detail.name() == Some("statusReason"));
    Attachment { kind: text(answered.r#type), status_reason: reasons.find_map(|detail| text(detail.value)) }
}

pub(super) async fn definition(client: &Client, name: &str) -> Result<Option<Definition>, EcsError> {
    let found = task::definition(client, name).await?;
    found.map(|found| read_definition(found, name)).transpose()
}

fn read_definition(answered: AnsweredDefinition, name: &str) -> Result<Definition, EcsError> {
    let lacks = |member| lacks(DESCRIBE_DEFINITION, name, member);
    let arn = answered.task_definition_arn.ok_or_else(|| lacks("taskDefinitionArn"))?;
    let status = answered.status.ok_or_else(|| lacks("status"))?;
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    Ok(Definition {
        arn: TaskDefinitionArn::new(arn),
        is_active: status == TaskDefinitionStatus::Active,
        cpu: number(answered.cpu),
        memory: number(answered.memory),
        containers: answered
            .container_definitions
            .unwrap_or_default()
            .into_iter()
            .map(|container| ContainerDefinition {
                name: container.name.unwrap_or_default(),
                // As the API takes it where it is left out.
                is_essential: container.essential != Some(false),
                memory: container.memory.and_then(|memory| u32::try_from(memory).ok()),
            })
            .collect(),
    })
}
