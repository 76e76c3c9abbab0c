//! Service deployments and service revisions.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{
    DeploymentLifecycleHookDetail, ServiceDeployment as Answered, ServiceRevision as AnsweredRevision,
    ServiceRevisionSummary,
};

use super::{failed, lacks, only_missing, timestamp};
use crate::arn::{ServiceDeploymentArn, ServiceRevisionArn, TaskDefinitionArn};
use crate::ecs::{DesiredCount, HookAnswer, LifecycleHook, RunningCount, ServiceDeployment, ServiceRevision};
use crate::ports::EcsError;

const DESCRIBE: &str = "DescribeServiceDeployments";
const DESCRIBE_REVISIONS: &str = "DescribeServiceRevisions";
/// With its service or its cluster, what belongs to them is gone.
const GONE: [&str; 2] = ["ClusterNotFoundException", "ServiceNotFoundException"];

pub(super) async fn describe(
    client: &Client,
    arn: &ServiceDeploymentArn,
) -> Result<Option<ServiceDeployment>, EcsError> {
    let call = client.describe_service_deployments().service_deployment_arns(arn.as_str());
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(failed(DESCRIBE, arn.to_string(), &error)),
    };
    only_missing(DESCRIBE, arn.as_str(), answer.failures)?;
    let found = answer.service_deployments.unwrap_or_default().into_iter().next();
    found.map(|found| read(found, arn)).transpose()
}

fn read(answered: Answered, asked: &ServiceDeploymentArn) -> Result<ServiceDeployment, EcsError> {
    let revision = |summary: ServiceRevisionSummary| summary.arn.map(ServiceRevisionArn::new);
    let target_running = answered.target_service_revision().and_then(running);
    let stage = answered.lifecycle_stage().map(|stage| stage.as_str().to_owned());
    let hooks = answered.lifecycle_hook_details().iter().filter_map(hook).collect();
    Ok(ServiceDeployment {
        target_running,
        stage,
        hooks,
        status: answered
            .status()
            .map(|status| status.as_str().to_owned())
            .ok_or_else(|| lacks(DESCRIBE, asked.as_str(), "status"))?,
        created_at: timestamp(answered.created_at()),
        arn: answered.service_deployment_arn.map_or_else(|| asked.clone(), ServiceDeploymentArn::new),
        source_revisions: answered
            .source_service_revisions
            .unwrap_or_default()
            .into_iter()
            .filter_map(revision)
            .collect(),
        target_revision: answered.target_service_revision.and_then(revision),
    })
}

/// Of a revision that is deployed ECS says both; without one there are no counts, and not none.
fn running(target: &ServiceRevisionSummary) -> Option<(RunningCount, DesiredCount)> {
    let running = u32::try_from(target.running_task_count()).ok()?;
    let wanted = u32::try_from(target.requested_task_count()).ok()?;
    Some((RunningCount(running), DesiredCount(wanted)))
}

fn hook(detail: &DeploymentLifecycleHookDetail) -> Option<LifecycleHook> {
    let status = detail.status().map(|status| status.as_str().to_owned());
    Some(LifecycleHook {
        id: detail.hook_id()?.to_owned(),
        status: status.unwrap_or_default(),
        expires_at: timestamp(detail.expires_at()),
        timeout_action: detail.timeout_action().and_then(|action| HookAnswer::parse(action.as_str())),
    })
}

pub(super) async fn describe_revision(
    client: &Client,
    arn: &ServiceRevisionArn,
) -> Result<Option<ServiceRevision>, EcsError> {
    let call = client.describe_service_revisions().service_revision_arns(arn.as_str());
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(failed(DESCRIBE_REVISIONS, arn.to_string(), &error)),
    };
    only_missing(DESCRIBE_REVISIONS, arn.as_str(), answer.failures)?;
    Ok(answer.service_revisions.unwrap_or_default().into_iter().next().map(|found| read_revision(found, arn)))
}

fn read_revision(answered: AnsweredRevision, asked: &ServiceRevisionArn) -> ServiceRevision {
    ServiceRevision {
        arn: answered.service_revision_arn.map_or_else(|| asked.clone(), ServiceRevisionArn::new),
        task_definition: answered.task_definition.map(TaskDefinitionArn::new),
    }
}

fn is_gone(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| GONE.contains(&code))
}
