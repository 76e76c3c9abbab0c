//! ECS.
//!
//! # Invariants
//!
//! * Reads answer what ECS answered: what it knows nothing of is absent, and an answer without what is needed is an error.
//! * A change is one request, but for a tokened RunTask that was throttled; what its failure means is in the error.
//! * Overrides go through untouched, or not at all.

mod audit;
mod change;
mod deployment;
mod hosts;
mod instance;
mod jobs;
mod overrides;
mod register;
mod run_task;
mod scaling;
mod service;
mod task;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::Failure;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

pub use audit::AuditedEcs;

use super::late::Late;
use super::sdk::Sdk;
use super::verdict::{FailedCall, Verdict};
use crate::action::{ActionId, Call};
use crate::arn::{
    ClusterArn, ContainerInstanceArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use crate::ecs::{
    CapacityProvider, ContainerInstance, Definition as WholeDefinition, HostTask, Instances, Overrides,
    Service, ServiceDeployment, ServiceRevision, StatusCheck, Task, TaskDefinition,
};
use crate::event::TaskStateChange;
use crate::ports::{
    ChangeEcs, Changed, Definition, DescribeEcs, EcsError, Find, Hosts, Meaning, Page, RunTasks,
    ScaleServices, ScaledService, Started, TaskRequest,
};

/// The most that one of ECS's lists answers.
const PAGE: i32 = 100;
/// `failures[].reason` of what ECS knows nothing of.
const MISSING: &str = "MISSING";

/// ECS in this account and region.
#[derive(Debug, Clone)]
pub struct Ecs {
    client: Late<Client>,
    /// Tells what EC2 says of the instances below container instances.
    cloudwatch: Late<aws_sdk_cloudwatch::Client>,
}

impl Ecs {
    /// With what all clients share.
    pub fn new(sdk: &Sdk) -> Self {
        Self { client: sdk.ecs(), cloudwatch: sdk.cloudwatch() }
    }

    /// With credentials and the rest from elsewhere.
    pub fn with_config(sdk: &aws_types::SdkConfig) -> Self {
        Self { client: Client::new(sdk).into(), cloudwatch: aws_sdk_cloudwatch::Client::new(sdk).into() }
    }

    /// How much memory a task definition has, and the whole of it, by family, `family:revision` or ARN; `None` where ECS knows
    /// none.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    pub async fn whole_definition(
        &self,
        name: &str,
    ) -> Result<Option<(TaskDefinition, WholeDefinition)>, EcsError> {
        let found = register::describe(&self.client, name, None).await?;
        Ok(found.map(|found| (found.revision, found.definition)))
    }
}

impl DescribeEcs for Ecs {
    async fn service(&self, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
        service::describe_one(&self.client, cluster, name).await
    }

    async fn services(&self, cluster: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError> {
        service::list(&self.client, cluster, from).await
    }

    async fn service_deployment(
        &self,
        arn: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        deployment::describe(&self.client, arn).await
    }

    async fn service_revision(&self, arn: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        deployment::describe_revision(&self.client, arn).await
    }

    async fn task_definition(&self, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        Ok(register::describe(&self.client, arn.as_str(), None).await?.map(|found| found.revision))
    }

    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        task::describe(&self.client, cluster, arns).await
    }

    async fn find_tasks(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<Task>, EcsError> {
        task::find(&self.client, cluster, find, from).await
    }

    async fn instances(&self, cluster: &ClusterArn) -> Result<Instances, EcsError> {
        instance::all(&self.client, cluster).await
    }

    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        let mut found = Vec::new();
        let mut pages = self.client.list_clusters().max_results(PAGE).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| failed("ListClusters", "this account and region".to_owned(), &error))?;
            found.extend(page.cluster_arns.unwrap_or_default().into_iter().map(ClusterArn::new));
        }
        Ok(found)
    }

    async fn registered(
        &self,
        after: &TaskDefinitionArn,
        action: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError> {
        register::registered(&self.client, after, action).await
    }
}

impl Hosts for Ecs {
    async fn container_instance(
        &self,
        cluster: &ClusterArn,
        arn: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError> {
        hosts::describe(&self.client, cluster, arn).await
    }

    async fn tasks_on(
        &self,
        cluster: &ClusterArn,
        instance: &ContainerInstanceArn,
    ) -> Result<Vec<HostTask>, EcsError> {
        hosts::tasks_on(&self.client, cluster, instance).await
    }

    async fn draining(&self, cluster: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
        hosts::draining(&self.client, cluster).await
    }

    async fn find_host(
        &self,
        cluster: &ClusterArn,
        ec2_instance_id: &str,
    ) -> Result<Option<ContainerInstanceArn>, EcsError> {
        hosts::find(&self.client, cluster, ec2_instance_id).await
    }

    async fn capacity_provider(
        &self,
        cluster: &ClusterArn,
        name: &str,
    ) -> Result<Option<CapacityProvider>, EcsError> {
        hosts::capacity_provider(&self.client, cluster, name).await
    }

    async fn status_check(
        &self,
        ec2_instance_id: &str,
        until: Timestamp,
    ) -> Result<Option<StatusCheck>, EcsError> {
        hosts::status_check(&self.cloudwatch, ec2_instance_id, until).await
    }
}

impl ChangeEcs for Ecs {
    async fn change(&self, id: &ActionId, call: &Call, overrides: &Overrides) -> Result<Changed, EcsError> {
        change::change(&self.client, id, call, overrides).await
    }
}

impl RunTasks for Ecs {
    async fn run(&self, request: &TaskRequest) -> Result<Started, EcsError> {
        jobs::run(&self.client, request).await
    }

    async fn stop(&self, cluster: &ClusterArn, task: &TaskArn, reason: &str) -> Result<(), EcsError> {
        change::stop_task(&self.client, cluster, task, reason.to_owned()).await
    }

    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError> {
        jobs::describe(&self.client, cluster, arns).await
    }

    async fn find(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<TaskStateChange>, EcsError> {
        jobs::find(&self.client, cluster, find, from).await
    }

    async fn definition(&self, name: &str) -> Result<Option<Definition>, EcsError> {
        jobs::definition(&self.client, name).await
    }
}

impl ScaleServices for Ecs {
    async fn services(
        &self,
        cluster: &ClusterArn,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScaledService>, EcsError> {
        scaling::services(&self.client, cluster, names).await
    }

    async fn protected(&self, cluster: &ClusterArn, service: &ServiceName) -> Result<u32, EcsError> {
        scaling::protected(&self.client, cluster, service).await
    }

    async fn scale(&self, cluster: &ClusterArn, service: &ServiceName, to: u32) -> Result<(), EcsError> {
        scaling::scale(&self.client, cluster, service, to).await
    }
}

/// A call that failed, as the table of codes judges it.
pub(super) fn failed<E>(
    operation: &'static str,
    target: String,
    error: &SdkError<E, HttpResponse>,
) -> EcsError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let FailedCall { verdict, problem } = FailedCall::of(error);
    EcsError { operation, target, problem, meaning: meaning(verdict) }
}

pub(super) fn meaning(verdict: Verdict) -> Meaning {
    match verdict {
        Verdict::Throttled => Meaning::Throttled,
        Verdict::Unknown => Meaning::Unknown,
        Verdict::Refused => Meaning::Refused,
        Verdict::ConditionFailed => Meaning::Overtaken,
    }
}

/// An answer that lacks what it must have.
fn lacks(operation: &'static str, target: &str, member: &str) -> EcsError {
    EcsError {
        operation,
        target: target.to_owned(),
        problem: format!("the answer has no {member}"),
        meaning: Meaning::Unknown,
    }
}

/// Partial failures of a read: what is MISSING is absent, anything else is not known.
fn only_missing(
    operation: &'static str,
    target: &str,
    failures: Option<Vec<Failure>>,
) -> Result<(), EcsError> {
    let other = failures.unwrap_or_default().into_iter().find(|failure| failure.reason() != Some(MISSING));
    other.map_or(Ok(()), |failure| {
        Err(EcsError {
            operation,
            target: failure.arn.clone().unwrap_or_else(|| target.to_owned()),
            problem: said(&failure),
            meaning: Meaning::Unknown,
        })
    })
}

/// What a failure says, in one line.
fn said(failure: &Failure) -> String {
    let reason = failure.reason().unwrap_or("a failure without a reason");
    failure.detail().map_or_else(|| reason.to_owned(), |detail| format!("{reason}: {detail}"))
}

fn timestamp(at: Option<&DateTime>) -> Option<Timestamp> {
    let at = at?;
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}
