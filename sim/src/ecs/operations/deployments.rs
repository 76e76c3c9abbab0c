//! Service deployments and service revisions.

use super::super::api::{
    ContinueServiceDeploymentRequest, ContinueServiceDeploymentResponse, DeploymentLifecycleHookAction,
    DescribeServiceDeploymentsRequest, DescribeServiceDeploymentsResponse, DescribeServiceRevisionsRequest,
    DescribeServiceRevisionsResponse, EpochSeconds, ListServiceDeploymentsRequest,
    ListServiceDeploymentsResponse, Rollback, ServiceDeployment as Shown, ServiceDeploymentAlarms,
    ServiceDeploymentBrief, ServiceDeploymentCircuitBreaker,
    ServiceDeploymentRollbackMonitorsStatus as Monitor, ServiceDeploymentStatus, ServiceRevision,
    ServiceRevisionSummary, StopServiceDeploymentRequest, StopServiceDeploymentResponse,
};
use super::super::breaker;
use super::super::error::ApiError;
use super::super::hooks;
use super::super::names::last_segment;
use super::super::operation::Operation;
use super::super::rollout::counts;
use super::super::service::{RevisionCount, Service, ServiceDeployment, is_final};
use super::super::view::{View, missing};
use super::super::world::Ecs;
use super::Marks;

impl Ecs {
    pub(super) fn answer_list_service_deployments(
        &mut self,
        input: &ListServiceDeploymentsRequest,
    ) -> Result<ListServiceDeploymentsResponse, ApiError> {
        let view = self.view();
        let cluster = cluster_of(view, input)?;
        let service = view
            .state
            .service_by_name(&cluster, last_segment(&input.service))
            .ok_or_else(ApiError::service_not_found)?;
        let range = input.created_at.clone().unwrap_or_default();
        let wanted = |one: &&std::sync::Arc<ServiceDeployment>| {
            let status = input.status.is_empty() || input.status.contains(&one.progress);
            let after = range.after.is_none_or(|after| one.created >= after.0);
            status && after && range.before.is_none_or(|before| one.created <= before.0)
        };
        let start: usize = input.next_token.as_deref().and_then(|token| token.parse().ok()).unwrap_or(0);
        let size = input.max_results.unwrap_or(20) as usize;
        // The newest first.
        let all: Vec<_> = service.history.iter().rev().filter(wanted).collect();
        let end = start.saturating_add(size);
        let next_token = (end < all.len()).then(|| end.to_string());
        let service_deployments =
            all.into_iter().skip(start).take(size).map(|one| brief(view, service, one)).collect();
        Ok(ListServiceDeploymentsResponse { service_deployments, next_token })
    }

    pub(super) fn answer_describe_service_deployments(
        &mut self,
        input: &DescribeServiceDeploymentsRequest,
    ) -> Result<DescribeServiceDeploymentsResponse, ApiError> {
        let view = self.view();
        let mut answer = DescribeServiceDeploymentsResponse::default();
        for arn in &input.service_deployment_arns {
            let found =
                service_of(view, arn).and_then(|service| Some((service, service.service_deployment(arn)?)));
            match found {
                Some((service, one)) => answer.service_deployments.push(shown(view, service, one)),
                None => answer.failures.push(missing(arn.clone())),
            }
        }
        Ok(answer)
    }

    pub(super) fn answer_describe_service_revisions(
        &mut self,
        input: &DescribeServiceRevisionsRequest,
    ) -> Result<DescribeServiceRevisionsResponse, ApiError> {
        let view = self.view();
        let mut answer = DescribeServiceRevisionsResponse::default();
        for arn in &input.service_revision_arns {
            let found = service_of(view, arn)
                .and_then(|service| Some((service, service.revisions.iter().find(|one| one.arn == *arn)?)));
            let Some((service, revision)) = found else {
                answer.failures.push(missing(arn.clone()));
                continue;
            };
            let shape = &revision.shape;
            answer.service_revisions.push(ServiceRevision {
                service_revision_arn: Some(arn.clone()),
                service_arn: Some(service.arn.clone()),
                cluster_arn: Some(view.names.cluster(&service.cluster)),
                task_definition: Some(shape.definition.arn.clone()),
                capacity_provider_strategy: shape.strategy.clone(),
                platform_version: shape.platform_version.clone(),
                load_balancers: shape.load_balancers.clone(),
                network_configuration: shape.network.clone(),
                created_at: Some(EpochSeconds(revision.created)),
                ..ServiceRevision::default()
            });
        }
        Ok(answer)
    }

    /// Legal in every status that is not final, breaker or not; a rollback that is under way stays under way (FACTS §10).
    pub(super) fn answer_stop_service_deployment(
        &mut self,
        input: &StopServiceDeploymentRequest,
    ) -> Result<StopServiceDeploymentResponse, ApiError> {
        let arn = &input.service_deployment_arn;
        let now = self.now;
        let id = service_of(self.view_now(), arn)
            .map(|service| service.id)
            .ok_or_else(ApiError::service_deployment_not_found)?;
        let one = self
            .state
            .service_mut(id)
            .and_then(|service| service.service_deployment_mut(arn))
            .ok_or_else(ApiError::service_deployment_not_found)?;
        if is_final(one.progress) {
            return Err(ApiError::conflict(
                format!("The service deployment is {} and cannot be stopped.", one.progress),
                Vec::new(),
            ));
        }
        let goes_back =
            [ServiceDeploymentStatus::RollbackRequested, ServiceDeploymentStatus::RollbackInProgress];
        if !goes_back.contains(&one.progress) {
            one.progress = ServiceDeploymentStatus::RollbackRequested;
            one.reason = Some("A rollback was requested by StopServiceDeployment.".into());
            one.stopped = Some(now);
            one.updated = now;
        }
        self.poke(id);
        self.note(Operation::StopServiceDeployment, arn, Marks::default(), input);
        Ok(StopServiceDeploymentResponse { service_deployment_arn: Some(arn.clone()) })
    }

    /// A hook is answered once, while it waits and its deployment is in progress (ECS developer guide, "Continuing service
    /// deployments"). Without an action it is `CONTINUE` (API reference).
    pub(super) fn answer_continue_service_deployment(
        &mut self,
        input: &ContinueServiceDeploymentRequest,
    ) -> Result<ContinueServiceDeploymentResponse, ApiError> {
        let arn = &input.service_deployment_arn;
        let id = service_of(self.view_now(), arn)
            .map(|service| service.id)
            .ok_or_else(ApiError::service_deployment_not_found)?;
        let one = self
            .state
            .service_mut(id)
            .and_then(|service| service.service_deployment_mut(arn))
            .ok_or_else(ApiError::service_deployment_not_found)?;
        let waits = one.waits().is_some_and(|hook| hook.id == input.hook_id);
        if !waits || one.progress != ServiceDeploymentStatus::InProgress {
            return Err(ApiError::invalid_parameter(format!("No hook {} awaits an action.", input.hook_id)));
        }
        let answer = input.action.unwrap_or(DeploymentLifecycleHookAction::Continue);
        self.answer_hook(id, arn, answer, hooks::By::Caller);
        self.note(Operation::ContinueServiceDeployment, arn, Marks::default(), input);
        Ok(ContinueServiceDeploymentResponse { service_deployment_arn: Some(arn.clone()) })
    }
}

fn cluster_of(view: View<'_>, input: &ListServiceDeploymentsRequest) -> Result<String, ApiError> {
    // An ARN names the cluster too: `…:service/<cluster>/<name>`.
    let in_arn = input.service.split_once(":service/").and_then(|(_, rest)| rest.split_once('/'));
    view.cluster(input.cluster.as_deref().or(in_arn.map(|(cluster, _)| cluster)))
}

/// The service of `…:service-deployment/<cluster>/<service>/<id>` or `…:service-revision/<cluster>/<service>/<id>`.
fn service_of<'a>(view: View<'a>, arn: &str) -> Option<&'a Service> {
    let mut segments = arn.split('/').skip(1);
    view.state.service_by_name(segments.next()?, segments.next()?)
}

fn brief(view: View<'_>, service: &Service, one: &ServiceDeployment) -> ServiceDeploymentBrief {
    ServiceDeploymentBrief {
        service_deployment_arn: Some(one.arn.clone()),
        service_arn: Some(service.arn.clone()),
        cluster_arn: Some(view.names.cluster(&service.cluster)),
        started_at: one.started.map(EpochSeconds),
        created_at: Some(EpochSeconds(one.created)),
        finished_at: one.finished.map(EpochSeconds),
        target_service_revision_arn: Some(one.target.clone()),
        status: Some(one.progress),
        status_reason: one.reason.clone(),
    }
}

fn shown(view: View<'_>, service: &Service, one: &ServiceDeployment) -> Shown {
    let live = service.deployments.iter().find(|deployment| deployment.revision == one.target);
    let target = live.map_or((0, 0, 0), |deployment| {
        let (running, pending) = counts(view.state, service.id, Some(&deployment.id));
        let requested = if deployment.is_primary { service.desired } else { deployment.desired };
        (requested, running, pending)
    });
    Shown {
        service_deployment_arn: Some(one.arn.clone()),
        service_arn: Some(service.arn.clone()),
        cluster_arn: Some(view.names.cluster(&service.cluster)),
        created_at: Some(EpochSeconds(one.created)),
        started_at: one.started.map(EpochSeconds),
        finished_at: one.finished.map(EpochSeconds),
        stopped_at: one.stopped.map(EpochSeconds),
        updated_at: Some(EpochSeconds(one.updated)),
        source_service_revisions: one.sources.iter().map(source).collect(),
        target_service_revision: Some(ServiceRevisionSummary {
            arn: Some(one.target.clone()),
            requested_task_count: Some(target.0),
            running_task_count: Some(target.1),
            pending_task_count: Some(target.2),
        }),
        status: Some(one.progress),
        status_reason: one.reason.clone(),
        deployment_configuration: Some(one.configuration.clone()),
        rollback: one.rollback.as_ref().map(|rollback| Rollback {
            reason: Some(rollback.reason.clone()),
            started_at: Some(EpochSeconds(rollback.started)),
            service_revision_arn: Some(rollback.revision.clone()),
        }),
        deployment_circuit_breaker: Some(breaker_of(service, one, live.map_or(0, |live| live.failed_tasks))),
        alarms: one.configuration.alarms.as_ref().map(|alarms| ServiceDeploymentAlarms {
            status: Some(monitor(alarms.enable, !one.triggered_alarms.is_empty(), one)),
            alarm_names: alarms.alarm_names.clone(),
            triggered_alarm_names: one.triggered_alarms.clone(),
        }),
        lifecycle_stage: hooks::stage(one),
        lifecycle_hook_details: one.hooks.iter().map(hooks::detail).collect(),
    }
}

fn source(count: &RevisionCount) -> ServiceRevisionSummary {
    ServiceRevisionSummary {
        arn: Some(count.arn.clone()),
        requested_task_count: Some(count.requested),
        running_task_count: Some(count.running),
        pending_task_count: Some(count.pending),
    }
}

fn breaker_of(service: &Service, one: &ServiceDeployment, failed: u32) -> ServiceDeploymentCircuitBreaker {
    let Some(breaker) =
        one.configuration.deployment_circuit_breaker.as_ref().filter(|breaker| breaker.enable)
    else {
        return ServiceDeploymentCircuitBreaker { status: Some(Monitor::Disabled), ..Default::default() };
    };
    let threshold = breaker::threshold(breaker, service.desired);
    let failures = one.failures.max(failed);
    ServiceDeploymentCircuitBreaker {
        status: Some(monitor(true, one.failures >= threshold, one)),
        failure_count: Some(failures),
        threshold: Some(threshold),
    }
}

fn monitor(is_enabled: bool, is_triggered: bool, one: &ServiceDeployment) -> Monitor {
    match (is_enabled, is_triggered, is_final(one.progress)) {
        (false, _, _) => Monitor::Disabled,
        (true, true, _) => Monitor::Triggered,
        (true, false, true) => Monitor::MonitoringComplete,
        (true, false, false) => Monitor::Monitoring,
    }
}
