//! Container instances, and what CloudWatch tells of the EC2 instances below them.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode};
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    CapacityProviderType, ContainerInstanceStatus as SetStatus, DesiredStatus, Failure,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::change::once;
use super::task::{MAX_TASKS, answered};
use super::{MISSING, PAGE, failed, jobs, lacks, only_missing, said};
use crate::arn::{ClusterArn, ContainerInstanceArn, TaskArn};
use crate::ecs::{CapacityProvider, ContainerInstance, HostStatus, HostTask, StatusCheck};
use crate::event::ContainerInstanceStatus;
use crate::ports::{Changed, EcsError, Meaning};

const DESCRIBE: &str = "DescribeContainerInstances";
const LIST: &str = "ListContainerInstances";
const LIST_TASKS: &str = "ListTasks";
const DESCRIBE_PROVIDERS: &str = "DescribeCapacityProviders";
const UPDATE: &str = "UpdateContainerInstancesState";
const GET_METRICS: &str = "GetMetricData";
/// What ECS says of a cluster that is not there.
const NO_CLUSTER: &str = "ClusterNotFoundException";
const MINUTE: i64 = 60;
/// CloudWatch is asked for so many minutes: what is older says nothing of now.
const MINUTES: i64 = 5;

pub(super) async fn describe(
    client: &Client,
    cluster: &ClusterArn,
    arn: &ContainerInstanceArn,
) -> Result<Option<ContainerInstance>, EcsError> {
    let call =
        client.describe_container_instances().cluster(cluster.as_str()).container_instances(arn.as_str());
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) if error.code() == Some(NO_CLUSTER) => return Ok(None),
        Err(error) => return Err(failed(DESCRIBE, arn.to_string(), &error)),
    };
    only_missing(DESCRIBE, arn.as_str(), answer.failures)?;
    let Some(found) = answer.container_instances.unwrap_or_default().into_iter().next() else {
        return Ok(None);
    };
    let status = found.status.ok_or_else(|| lacks(DESCRIBE, arn.as_str(), "status"))?;
    Ok(Some(ContainerInstance {
        arn: found.container_instance_arn.map_or_else(|| arn.clone(), ContainerInstanceArn::new),
        cluster: cluster.clone(),
        status: ContainerInstanceStatus::from_text(status),
        agent_connected: Some(found.agent_connected),
        ec2_instance_id: found.ec2_instance_id.filter(|id| !id.is_empty()),
        capacity_provider: found.capacity_provider_name.filter(|name| !name.is_empty()),
    }))
}

pub(super) async fn tasks_on(
    client: &Client,
    cluster: &ClusterArn,
    instance: &ContainerInstanceArn,
) -> Result<Vec<HostTask>, EcsError> {
    let mut found = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let mut next = None;
        loop {
            let page = client
                .list_tasks()
                .cluster(cluster.as_str())
                .container_instance(instance.as_str())
                .desired_status(status.clone())
                .max_results(PAGE)
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failed(LIST_TASKS, instance.to_string(), &error))?;
            let arns: Vec<TaskArn> =
                page.task_arns.unwrap_or_default().into_iter().map(TaskArn::new).collect();
            for some in arns.chunks(MAX_TASKS) {
                for task in answered(client, cluster, some, None).await? {
                    let health = task.health_status.as_ref().map(|health| health.as_str().to_owned());
                    let told = jobs::read(task, cluster, some)?;
                    found.extend(HostTask::of(&told, health.as_deref()));
                }
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

pub(super) async fn draining(
    client: &Client,
    cluster: &ClusterArn,
) -> Result<Vec<ContainerInstanceArn>, EcsError> {
    let call = client.list_container_instances().cluster(cluster.as_str()).max_results(PAGE);
    let answer = call.status(SetStatus::Draining).send().await;
    let answer = answer.map_err(|error| failed(LIST, cluster.name().to_owned(), &error))?;
    let arns = answer.container_instance_arns.unwrap_or_default();
    Ok(arns.into_iter().map(ContainerInstanceArn::new).collect())
}

/// By the cluster query language.
pub(super) async fn find(
    client: &Client,
    cluster: &ClusterArn,
    ec2_instance_id: &str,
) -> Result<Option<ContainerInstanceArn>, EcsError> {
    let target = || format!("{ec2_instance_id} in {}", cluster.name());
    let is_id = ec2_instance_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_id {
        // It would be another expression.
        return Ok(None);
    }
    let call = client.list_container_instances().cluster(cluster.as_str());
    let answer = call.filter(format!("ec2InstanceId == {ec2_instance_id}")).send().await;
    let answer = answer.map_err(|error| failed(LIST, target(), &error))?;
    let arns = answer.container_instance_arns.unwrap_or_default();
    Ok(arns.into_iter().next().map(ContainerInstanceArn::new))
}

pub(super) async fn capacity_provider(
    client: &Client,
    cluster: &ClusterArn,
    name: &str,
) -> Result<Option<CapacityProvider>, EcsError> {
    let call = client.describe_capacity_providers().capacity_providers(name).cluster(cluster.as_str());
    let answer = call.send().await.map_err(|error| failed(DESCRIBE_PROVIDERS, name.to_owned(), &error))?;
    only_missing(DESCRIBE_PROVIDERS, name, answer.failures)?;
    let found = answer.capacity_providers.unwrap_or_default().into_iter().next();
    Ok(found.map(|found| CapacityProvider {
        name: name.to_owned(),
        is_managed: found.managed_instances_provider.is_some()
            || found.r#type == Some(CapacityProviderType::ManagedInstances),
    }))
}

pub(super) async fn update(
    client: &Client,
    cluster: &ClusterArn,
    instance: &ContainerInstanceArn,
    status: HostStatus,
) -> Result<Changed, EcsError> {
    let call = client
        .update_container_instances_state()
        .cluster(cluster.as_str())
        .container_instances(instance.as_str())
        .status(match status {
            HostStatus::Active => SetStatus::Active,
            HostStatus::Draining => SetStatus::Draining,
        });
    let target = || format!("{instance} to {}", status.as_str());
    let answer = call.customize().config_override(once()).send().await;
    let answer = answer.map_err(|error| failed(UPDATE, target(), &error))?;
    match answer.failures.unwrap_or_default().first() {
        None => Ok(Changed { made: None }),
        Some(failure) => Err(EcsError {
            operation: UPDATE,
            target: target(),
            problem: said(failure),
            meaning: refused(failure),
        }),
    }
}

/// A failure of one of the instances is an answer: it was not changed.
fn refused(failure: &Failure) -> Meaning {
    if failure.reason() == Some(MISSING) { Meaning::Overtaken } else { Meaning::Refused }
}

pub(super) async fn status_check(
    client: &aws_sdk_cloudwatch::Client,
    ec2_instance_id: &str,
    until: Timestamp,
) -> Result<Option<StatusCheck>, EcsError> {
    let end = until.as_second().div_euclid(MINUTE) * MINUTE;
    let answer = client
        .get_metric_data()
        .metric_data_queries(query(ec2_instance_id))
        .start_time(DateTime::from_secs(end - MINUTES * MINUTE))
        .end_time(DateTime::from_secs(end))
        .scan_by(ScanBy::TimestampDescending)
        .send()
        .await
        .map_err(|error| failed(GET_METRICS, ec2_instance_id.to_owned(), &error))?;
    let Some(told) = answer.metric_data_results.unwrap_or_default().into_iter().next() else {
        return Ok(None);
    };
    if let Some(status @ (StatusCode::InternalError | StatusCode::Forbidden)) = told.status_code() {
        return Err(EcsError {
            operation: GET_METRICS,
            target: ec2_instance_id.to_owned(),
            problem: format!("CloudWatch: {}", status.as_str()),
            meaning: Meaning::Unknown,
        });
    }
    let points = told.timestamps().iter().map(DateTime::secs).zip(told.values().iter().copied());
    let latest = points.max_by_key(|(second, _)| *second);
    Ok(latest.and_then(|(second, value)| {
        Some(StatusCheck { at: Timestamp::from_second(second).ok()?, has_failed: value > 0.0 })
    }))
}

/// `StatusCheckFailed` is 1 in a minute in which any of an instance's checks failed. It is told each minute without detailed
/// monitoring, and costs nothing but the query (Amazon EC2 User Guide, status check metrics).
fn query(ec2_instance_id: &str) -> MetricDataQuery {
    let dimension = Dimension::builder().name("InstanceId").value(ec2_instance_id).build();
    let metric =
        Metric::builder().namespace("AWS/EC2").metric_name("StatusCheckFailed").dimensions(dimension).build();
    let period = i32::try_from(MINUTE).unwrap_or(i32::MAX);
    let asked = MetricStat::builder().metric(metric).period(period).stat("Maximum").build();
    MetricDataQuery::builder().id("check").metric_stat(asked).build()
}
