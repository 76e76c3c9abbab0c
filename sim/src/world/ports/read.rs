//! What the model answers, in the domain's words.

use std::collections::BTreeMap;

use steward::arn::{
    ClusterArn, DeploymentId, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use steward::ecs::{
    Controller, DesiredCount, Launch, Overrides, PendingCount, Rollout, RunningCount, Service,
    ServiceDeployment, ServiceDeploymentSummary, ServiceRevision, Task, TaskDefinition, Watch,
};
use steward::event::TaskStatus;
use steward::ports::{Find, Page};

use crate::ecs::Ecs;
use crate::ecs::api::{
    Deployment, DeploymentControllerType, DeploymentRolloutState, DeploymentStrategy,
    DescribeServiceDeploymentsRequest, DescribeServiceRevisionsRequest, DescribeServicesRequest,
    DescribeTaskDefinitionRequest, DescribeTasksRequest, DesiredStatus, LaunchType, ListClustersRequest,
    ListServicesRequest, ListTasksRequest, Service as Answered, ServiceField, ServiceRevisionSummary, Tag,
    Task as AnsweredTask, TaskDefinitionStatus,
};
use crate::ecs::error::ApiError;
use crate::ecs::operation::call;

/// The most that one of ECS's lists answers.
const PAGE: u32 = 100;
/// DescribeServices takes so many.
const MAX_SERVICES: usize = 10;

pub(super) fn services(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    names: &[String],
) -> Result<Vec<Service>, ApiError> {
    let request = DescribeServicesRequest {
        cluster: Some(cluster.to_string()),
        services: names.to_vec(),
        include: vec![ServiceField::Tags],
    };
    let answer = call(ecs, request)?;
    Ok(answer.services.into_iter().map(|service| of_service(service, cluster)).collect())
}

pub(super) fn page_of_services(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    from: Option<&str>,
) -> Result<Page<Service>, ApiError> {
    let request = ListServicesRequest {
        cluster: Some(cluster.to_string()),
        next_token: from.map(str::to_owned),
        max_results: Some(PAGE),
        ..ListServicesRequest::default()
    };
    let listed = call(ecs, request)?;
    let mut items = Vec::new();
    for some in listed.service_arns.chunks(MAX_SERVICES) {
        items.extend(services(ecs, cluster, some)?);
    }
    Ok(Page { items, next: listed.next_token })
}

fn of_service(answered: Answered, cluster: &ClusterArn) -> Service {
    let configuration = answered.deployment_configuration.unwrap_or_default();
    let breaker = configuration
        .deployment_circuit_breaker
        .map(|breaker| Watch { is_enabled: breaker.enable, rolls_back: breaker.rollback });
    let alarms =
        configuration.alarms.map(|alarms| Watch { is_enabled: alarms.enable, rolls_back: alarms.rollback });
    Service {
        cluster: answered.cluster_arn.map_or_else(|| cluster.clone(), ClusterArn::new),
        name: ServiceName::new(answered.service_name.unwrap_or_default()),
        status: answered.status.unwrap_or_default(),
        controller: match answered.deployment_controller.map(|controller| controller.r#type) {
            None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
            Some(DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
            Some(DeploymentControllerType::External) => Controller::External,
        },
        is_rolling: matches!(configuration.strategy, None | Some(DeploymentStrategy::Rolling)),
        task_definition: answered.task_definition.map(TaskDefinitionArn::new),
        desired: DesiredCount(answered.desired_count.unwrap_or_default()),
        running: RunningCount(answered.running_count.unwrap_or_default()),
        pending: PendingCount(answered.pending_count.unwrap_or_default()),
        breaker: breaker.unwrap_or_default(),
        alarms: alarms.unwrap_or_default(),
        deployments: answered.deployments.into_iter().filter_map(summary).collect(),
        current_service_deployment: answered.current_service_deployment.map(ServiceDeploymentArn::new),
        tags: tags(answered.tags),
    }
}

pub(super) fn tags(tags: Vec<Tag>) -> BTreeMap<String, String> {
    tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

fn summary(answered: Deployment) -> Option<ServiceDeploymentSummary> {
    Some(ServiceDeploymentSummary {
        is_primary: answered.status.as_deref() == Some("PRIMARY"),
        rollout: answered.rollout_state.map(|state| match state {
            DeploymentRolloutState::InProgress => Rollout::InProgress,
            DeploymentRolloutState::Completed => Rollout::Completed,
            DeploymentRolloutState::Failed => Rollout::Failed,
        }),
        failed_tasks: answered.failed_tasks,
        created_at: answered.created_at.map(|at| at.0),
        updated_at: answered.updated_at.map(|at| at.0),
        task_definition: answered.task_definition.map(TaskDefinitionArn::new),
        id: DeploymentId::new(answered.id?),
    })
}

/// The PRIMARY deployment's id.
pub(super) fn primary(answered: Option<&Answered>) -> Option<String> {
    let is_primary = |deployment: &&Deployment| deployment.status.as_deref() == Some("PRIMARY");
    answered?.deployments.iter().find(is_primary)?.id.clone()
}

pub(super) fn service_deployment(
    ecs: &mut Ecs,
    arn: &ServiceDeploymentArn,
) -> Result<Option<ServiceDeployment>, ApiError> {
    let request = DescribeServiceDeploymentsRequest { service_deployment_arns: vec![arn.to_string()] };
    let answer = call(ecs, request)?;
    let revision = |summary: ServiceRevisionSummary| summary.arn.map(ServiceRevisionArn::new);
    Ok(answer.service_deployments.into_iter().next().map(|found| ServiceDeployment {
        arn: arn.clone(),
        status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        source_revisions: found.source_service_revisions.into_iter().filter_map(revision).collect(),
        target_revision: found.target_service_revision.and_then(revision),
        created_at: found.created_at.map(|at| at.0),
    }))
}

pub(super) fn service_revision(
    ecs: &mut Ecs,
    arn: &ServiceRevisionArn,
) -> Result<Option<ServiceRevision>, ApiError> {
    let request = DescribeServiceRevisionsRequest { service_revision_arns: vec![arn.to_string()] };
    let found = call(ecs, request)?.service_revisions.into_iter().next();
    Ok(found.map(|found| ServiceRevision {
        arn: arn.clone(),
        task_definition: found.task_definition.map(TaskDefinitionArn::new),
    }))
}

pub(super) fn task_definition(
    ecs: &mut Ecs,
    arn: &TaskDefinitionArn,
) -> Result<Option<TaskDefinition>, ApiError> {
    let request = DescribeTaskDefinitionRequest {
        task_definition: arn.to_string(),
        ..DescribeTaskDefinitionRequest::default()
    };
    match call(ecs, request) {
        Ok(answer) => Ok(answer.task_definition.map(|found| TaskDefinition {
            arn: arn.clone(),
            is_active: found.status == Some(TaskDefinitionStatus::Active),
        })),
        Err(error) if error.code == "ClientException" => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn tasks(ecs: &mut Ecs, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, ApiError> {
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let request = DescribeTasksRequest {
        cluster: Some(cluster.to_string()),
        tasks: arns.iter().map(ToString::to_string).collect(),
        ..DescribeTasksRequest::default()
    };
    let answer = call(ecs, request)?;
    Ok(answer.tasks.into_iter().filter_map(|task| of_task(task, cluster)).collect())
}

pub(super) fn find_tasks(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    find: &Find,
    from: Option<&str>,
) -> Result<Page<Task>, ApiError> {
    let mut request = ListTasksRequest {
        cluster: Some(cluster.to_string()),
        next_token: from.map(str::to_owned),
        max_results: Some(PAGE),
        ..ListTasksRequest::default()
    };
    match find {
        Find::Running => request.desired_status = Some(DesiredStatus::Running),
        Find::StartedBy(caller) => request.started_by = Some(caller.clone()),
        Find::StoppedOfFamily { family, .. } => {
            request.family = Some(family.clone());
            request.desired_status = Some(DesiredStatus::Stopped);
        }
    }
    let listed = call(ecs, request)?;
    let arns: Vec<TaskArn> = listed.task_arns.into_iter().map(TaskArn::new).collect();
    let mut items = tasks(ecs, cluster, &arns)?;
    if let Find::StoppedOfFamily { started_by, .. } = find {
        items.retain(|task| task.started_by.as_ref() == Some(started_by));
    }
    Ok(Page { items, next: listed.next_token })
}

fn of_task(answered: AnsweredTask, cluster: &ClusterArn) -> Option<Task> {
    let overrides = answered.overrides.and_then(|overrides| serde_json::to_value(overrides).ok());
    let capacity_provider = answered.capacity_provider_name;
    // ECS answers both, and RunTask takes one.
    let launch_type = answered.launch_type.filter(|_| capacity_provider.is_none());
    Some(Task {
        arn: TaskArn::new(answered.task_arn?),
        cluster: answered.cluster_arn.map_or_else(|| cluster.clone(), ClusterArn::new),
        task_definition: answered.task_definition_arn.map(TaskDefinitionArn::new),
        group: answered.group,
        started_by: answered.started_by,
        last_status: TaskStatus::from_text(answered.last_status?),
        desired_status: answered.desired_status.map(TaskStatus::from_text),
        health: answered.health_status.map(|health| health.as_str().to_owned()),
        connectivity: answered.connectivity.map(|connectivity| connectivity.as_str().to_owned()),
        created_at: answered.created_at.map(|at| at.0),
        started_at: answered.started_at.map(|at| at.0),
        stopped_at: answered.stopped_at.map(|at| at.0),
        stopped_reason: answered.stopped_reason,
        launch: Launch {
            launch_type: launch_type.map(|launch_type| launch_type.as_str().to_owned()),
            capacity_provider,
            platform_version: answered.platform_version,
            execute_command: answered.enable_execute_command.unwrap_or(false),
            overrides: Overrides::new(overrides),
        },
    })
}

pub(super) fn clusters(ecs: &mut Ecs) -> Result<Vec<ClusterArn>, ApiError> {
    let mut found = Vec::new();
    let mut next_token = None;
    loop {
        let answer = call(ecs, ListClustersRequest { next_token, max_results: Some(PAGE) })?;
        found.extend(answer.cluster_arns.into_iter().map(ClusterArn::new));
        next_token = answer.next_token;
        if next_token.is_none() {
            return Ok(found);
        }
    }
}

/// By ECS's word.
pub(super) fn launch_type(word: &str) -> Option<LaunchType> {
    serde_json::from_value(word.into()).ok()
}
