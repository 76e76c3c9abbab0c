//! Tasks and task definitions.

use std::collections::BTreeMap;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionError;
use aws_sdk_ecs::operation::describe_tasks::DescribeTasksError;
use aws_sdk_ecs::types::{DesiredStatus, Task as Answered, TaskDefinition as AnsweredDefinition};
use serde_json::Value;

use super::overrides::{Answers, own};
use super::{PAGE, failed, lacks, only_missing, timestamp};
use crate::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use crate::ecs::{Launch, Overrides, Task};
use crate::event::TaskStatus;
use crate::ports::{EcsError, Find, Meaning, Page};

pub(super) const DESCRIBE: &str = "DescribeTasks";
const LIST: &str = "ListTasks";
pub(super) const DESCRIBE_DEFINITION: &str = "DescribeTaskDefinition";
/// DescribeTasks takes so many.
pub(super) const MAX_TASKS: usize = 100;

/// A task definition as ECS answers it, by family, `family:revision` or ARN.
pub(super) async fn definition(client: &Client, name: &str) -> Result<Option<AnsweredDefinition>, EcsError> {
    match client.describe_task_definition().task_definition(name).send().await {
        Ok(answer) => {
            let found = answer.task_definition;
            found.map(Some).ok_or_else(|| lacks(DESCRIBE_DEFINITION, name, "taskDefinition"))
        }
        Err(error) => {
            let answered = error.as_service_error();
            let failed = failed(DESCRIBE_DEFINITION, name.to_owned(), &error);
            // For a revision that was never registered, or was deleted, the operation has no code of its own: it answers that
            // the identifier is not valid.
            let is_unknown = answered.is_some_and(DescribeTaskDefinitionError::is_client_exception);
            if is_unknown && failed.meaning == Meaning::Refused { Ok(None) } else { Err(failed) }
        }
    }
}

pub(super) async fn find(
    client: &Client,
    cluster: &ClusterArn,
    find: &Find,
    from: Option<&str>,
) -> Result<Page<Task>, EcsError> {
    let listed = list(client, cluster, find, from).await?;
    let mut items = describe(client, cluster, &listed.items).await?;
    if let Find::StoppedOfFamily { started_by, .. } = find {
        items.retain(|task| task.started_by.as_ref() == Some(started_by));
    }
    Ok(Page { items, next: listed.next })
}

/// ARNs of tasks: for [`Find::StoppedOfFamily`] of any caller.
pub(super) async fn list(
    client: &Client,
    cluster: &ClusterArn,
    find: &Find,
    from: Option<&str>,
) -> Result<Page<TaskArn>, EcsError> {
    let call = client.list_tasks().cluster(cluster.as_str()).max_results(PAGE);
    // `startedBy` is the only filter where it is one, and finds running tasks alone.
    let call = match find {
        Find::Running => call.desired_status(DesiredStatus::Running),
        Find::StartedBy(caller) => call.started_by(caller),
        Find::StoppedOfFamily { family, .. } => call.family(family).desired_status(DesiredStatus::Stopped),
    };
    let listed = call
        .set_next_token(from.map(str::to_owned))
        .send()
        .await
        .map_err(|error| failed(LIST, format!("tasks of {}", cluster.name()), &error))?;
    let items = listed.task_arns.unwrap_or_default().into_iter().map(TaskArn::new).collect();
    Ok(Page { items, next: listed.next_token })
}

pub(super) async fn describe(
    client: &Client,
    cluster: &ClusterArn,
    arns: &[TaskArn],
) -> Result<Vec<Task>, EcsError> {
    let mut tasks = Vec::new();
    for some in arns.chunks(MAX_TASKS) {
        tasks.extend(describe_some(client, cluster, some).await?);
    }
    Ok(tasks)
}

async fn describe_some(
    client: &Client,
    cluster: &ClusterArn,
    arns: &[TaskArn],
) -> Result<Vec<Task>, EcsError> {
    let answers = Answers::default();
    let tasks = answered(client, cluster, arns, Some(&answers)).await?;
    let mut overrides = answers.take();
    let target = target(cluster, arns);
    tasks.into_iter().map(|task| read(task, cluster, &mut overrides, &target)).collect()
}

/// Tasks (at most [`MAX_TASKS`]) as ECS answers them; `overrides` reads theirs on the way.
pub(super) async fn answered(
    client: &Client,
    cluster: &ClusterArn,
    arns: &[TaskArn],
    overrides: Option<&Answers>,
) -> Result<Vec<Answered>, EcsError> {
    let call = client
        .describe_tasks()
        .cluster(cluster.as_str())
        .set_tasks(Some(arns.iter().map(ToString::to_string).collect()));
    let answer = match overrides {
        Some(overrides) => call.customize().interceptor(overrides.clone()).send().await,
        None => call.send().await,
    };
    let answer = match answer {
        Ok(answer) => answer,
        // Of a cluster that is not there.
        Err(error)
            if error.as_service_error().is_some_and(DescribeTasksError::is_cluster_not_found_exception) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(DESCRIBE, target(cluster, arns), &error)),
    };
    only_missing(DESCRIBE, &target(cluster, arns), answer.failures)?;
    Ok(answer.tasks.unwrap_or_default())
}

/// What is asked about, for people.
pub(super) fn target(cluster: &ClusterArn, arns: &[TaskArn]) -> String {
    match arns {
        [one] => one.to_string(),
        several => format!("{} tasks of {}", several.len(), cluster.name()),
    }
}

fn read(
    answered: Answered,
    cluster: &ClusterArn,
    overrides: &mut BTreeMap<String, Value>,
    target: &str,
) -> Result<Task, EcsError> {
    let lacks = |member| lacks(DESCRIBE, target, member);
    let arn = answered.task_arn.ok_or_else(|| lacks("taskArn"))?;
    // Every task has them, if only as the names of its containers.
    let overrides = overrides.remove(&arn).ok_or_else(|| lacks("overrides"))?;
    let capacity_provider = answered.capacity_provider_name;
    // ECS answers both, and RunTask takes one.
    let launch_type = answered.launch_type.filter(|_| capacity_provider.is_none());
    Ok(Task {
        arn: TaskArn::new(arn),
        cluster: answered.cluster_arn.map_or_else(|| cluster.clone(), ClusterArn::new),
        task_definition: answered.task_definition_arn.map(TaskDefinitionArn::new),
        group: answered.group,
        started_by: answered.started_by,
        last_status: TaskStatus::from_text(answered.last_status.ok_or_else(|| lacks("lastStatus"))?),
        desired_status: answered.desired_status.map(TaskStatus::from_text),
        health: answered.health_status.map(|health| health.as_str().to_owned()),
        connectivity: answered.connectivity.map(|connectivity| connectivity.as_str().to_owned()),
        created_at: timestamp(answered.created_at.as_ref()),
        started_at: timestamp(answered.started_at.as_ref()),
        stopped_at: timestamp(answered.stopped_at.as_ref()),
        stopped_reason: answered.stopped_reason,
        launch: Launch {
            launch_type: launch_type.map(|launch_type| launch_type.as_str().to_owned()),
            capacity_provider,
            platform_version: answered.platform_version,
            execute_command: answered.enable_execute_command,
            overrides: Overrides::new(own(overrides)),
        },
    })
}
