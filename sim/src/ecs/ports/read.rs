//! What is read.

use steward::action::ActionId;
use steward::arn::{
    ClusterArn, DeploymentId, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use steward::ecs::{
    Controller, DesiredCount, HookAnswer, Launch, LifecycleHook, Needs, Overrides, PendingCount, Rollout,
    RunningCount, Service, ServiceDeployment, ServiceDeploymentSummary, ServiceRevision, Sizes, StrategyItem,
    Task, TaskDefinition, Watch, capacity,
};
use steward::event::TaskStatus;
use steward::ports::{EcsError, Find, MAX_LATER_REVISIONS, Meaning, Page};
use steward::remediation::memory::ACTION_TAG;

use super::super::api::{
    self, DeploymentControllerType, DeploymentRolloutState, DeploymentStrategy, DesiredStatus, EpochSeconds,
    ServiceField, TaskDefinitionStatus,
};
use super::super::error::ApiError;
use super::super::operation;
use super::super::world::Ecs;
use super::{MISSING, failed};

/// The most that DescribeServices takes, and that DescribeTasks takes.
const MAX_DESCRIBED: (usize, usize) = (10, 100);

/// A service with its tags.
pub fn service(ecs: &mut Ecs, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
    Ok(describe_services(ecs, cluster, &[name.as_str().to_owned()])?.into_iter().next())
}

/// A page of a cluster's services.
pub fn services(ecs: &mut Ecs, cluster: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError> {
    let request = api::ListServicesRequest {
        cluster: Some(cluster.to_string()),
        next_token: from.map(str::to_owned),
        max_results: Some(100),
        ..api::ListServicesRequest::default()
    };
    let listed =
        operation::call(ecs, request).map_err(|error| failed("ListServices", cluster.name(), &error))?;
    let mut items = Vec::new();
    for some in listed.service_arns.chunks(MAX_DESCRIBED.0) {
        items.extend(describe_services(ecs, cluster, some)?);
    }
    Ok(Page { items, next: listed.next_token })
}

pub(super) fn describe_services(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    services: &[String],
) -> Result<Vec<Service>, EcsError> {
    const OPERATION: &str = "DescribeServices";
    let request = api::DescribeServicesRequest {
        cluster: Some(cluster.to_string()),
        services: services.to_vec(),
        include: vec![ServiceField::Tags],
    };
    let target = || format!("{} of {}", services.join(", "), cluster.name());
    let Some(answer) = known(OPERATION, &target(), operation::call(ecs, request))? else {
        return Ok(Vec::new());
    };
    only_missing(OPERATION, &target(), &answer.failures)?;
    Ok(answer.services.into_iter().map(|service| of_service(service, cluster)).collect())
}

pub(crate) fn of_service(answered: api::Service, cluster: &ClusterArn) -> Service {
    let configuration = answered.deployment_configuration.unwrap_or_default();
    let breaker = configuration.deployment_circuit_breaker.as_ref();
    let alarms = configuration.alarms.as_ref();
    Service {
        cluster: answered.cluster_arn.map_or_else(|| cluster.clone(), ClusterArn::new),
        name: ServiceName::new(answered.service_name.unwrap_or_default()),
        status: answered.status.unwrap_or_default(),
        controller: match answered.deployment_controller.map(|controller| controller.r#type) {
            None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
            Some(DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
            Some(DeploymentControllerType::External) => Controller::External,
        },
        is_rolling: configuration.strategy.is_none_or(|strategy| strategy == DeploymentStrategy::Rolling),
        task_definition: answered.task_definition.map(TaskDefinitionArn::new),
        desired: DesiredCount(answered.desired_count.unwrap_or_default()),
        running: RunningCount(answered.running_count.unwrap_or_default()),
        pending: PendingCount(answered.pending_count.unwrap_or_default()),
        breaker: breaker.map_or_else(Watch::default, |breaker| Watch {
            is_enabled: breaker.enable,
            rolls_back: breaker.rollback,
        }),
        alarms: alarms.map_or_else(Watch::default, |alarms| Watch {
            is_enabled: alarms.enable,
            rolls_back: alarms.rollback,
        }),
        deployments: answered.deployments.into_iter().map(of_deployment).collect(),
        current_service_deployment: answered.current_service_deployment.map(ServiceDeploymentArn::new),
        tags: answered
            .tags
            .into_iter()
            .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
            .collect(),
        capacity_providers: capacity::strategy(answered.capacity_provider_strategy.into_iter().map(|item| {
            let (weight, base) = (item.weight.unwrap_or_default(), item.base.unwrap_or_default());
            StrategyItem { provider: item.capacity_provider, weight, base }
        })),
    }
}

fn of_deployment(answered: api::Deployment) -> ServiceDeploymentSummary {
    ServiceDeploymentSummary {
        id: DeploymentId::new(answered.id.unwrap_or_default()),
        is_primary: answered.status.as_deref() == Some("PRIMARY"),
        task_definition: answered.task_definition.map(TaskDefinitionArn::new),
        rollout: answered.rollout_state.map(|state| match state {
            DeploymentRolloutState::Completed => Rollout::Completed,
            DeploymentRolloutState::Failed => Rollout::Failed,
            DeploymentRolloutState::InProgress => Rollout::InProgress,
        }),
        failed_tasks: answered.failed_tasks,
        created_at: time(answered.created_at),
        updated_at: time(answered.updated_at),
    }
}

/// A service deployment.
pub fn service_deployment(
    ecs: &mut Ecs,
    arn: &ServiceDeploymentArn,
) -> Result<Option<ServiceDeployment>, EcsError> {
    const OPERATION: &str = "DescribeServiceDeployments";
    let request = api::DescribeServiceDeploymentsRequest { service_deployment_arns: vec![arn.to_string()] };
    let Some(answer) = known(OPERATION, arn.as_str(), operation::call(ecs, request))? else {
        return Ok(None);
    };
    only_missing(OPERATION, arn.as_str(), &answer.failures)?;
    let revision = |summary: api::ServiceRevisionSummary| summary.arn.map(ServiceRevisionArn::new);
    let Some(found) = answer.service_deployments.into_iter().next() else { return Ok(None) };
    let counts = found.target_service_revision.as_ref();
    let running = counts.and_then(|target| {
        Some((RunningCount(target.running_task_count?), DesiredCount(target.requested_task_count?)))
    });
    Ok(Some(ServiceDeployment {
        arn: arn.clone(),
        status: found.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        source_revisions: found.source_service_revisions.into_iter().filter_map(revision).collect(),
        target_revision: found.target_service_revision.and_then(revision),
        created_at: time(found.created_at),
        target_running: running,
        stage: found.lifecycle_stage.map(|stage| stage.as_str().to_owned()),
        hooks: found.lifecycle_hook_details.into_iter().filter_map(hook).collect(),
    }))
}

fn hook(detail: api::DeploymentLifecycleHookDetail) -> Option<LifecycleHook> {
    let status = detail.status.map(|status| status.as_str().to_owned()).unwrap_or_default();
    let timeout_action = detail.timeout_action.and_then(|action| HookAnswer::parse(action.as_str()));
    Some(LifecycleHook { id: detail.hook_id?, status, expires_at: time(detail.expires_at), timeout_action })
}

/// A service revision.
pub fn service_revision(
    ecs: &mut Ecs,
    arn: &ServiceRevisionArn,
) -> Result<Option<ServiceRevision>, EcsError> {
    const OPERATION: &str = "DescribeServiceRevisions";
    let request = api::DescribeServiceRevisionsRequest { service_revision_arns: vec![arn.to_string()] };
    let Some(answer) = known(OPERATION, arn.as_str(), operation::call(ecs, request))? else {
        return Ok(None);
    };
    only_missing(OPERATION, arn.as_str(), &answer.failures)?;
    Ok(answer.service_revisions.into_iter().next().map(|found| ServiceRevision {
        arn: arn.clone(),
        task_definition: found.task_definition.map(TaskDefinitionArn::new),
    }))
}

/// A task definition's revision.
pub fn task_definition(ecs: &mut Ecs, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
    let request =
        api::DescribeTaskDefinitionRequest { task_definition: arn.to_string(), ..Default::default() };
    match operation::call(ecs, request) {
        Ok(answer) => Ok(answer.task_definition.map(|found| {
            let is_active = found.status == Some(TaskDefinitionStatus::Active);
            of_definition(arn.clone(), is_active, found)
        })),
        // What was never registered has no code of its own.
        Err(error) if error.code == "ClientException" => Ok(None),
        Err(error) => Err(failed("DescribeTaskDefinition", arn.as_str(), &error)),
    }
}

/// As the domain reads it of ECS's own JSON; what cannot be written has no sizes and no needs.
fn of_definition(arn: TaskDefinitionArn, is_active: bool, found: api::TaskDefinition) -> TaskDefinition {
    let value = serde_json::to_value(found).map(api::without_nulls).unwrap_or_default();
    TaskDefinition { arn, is_active, sizes: Sizes::read(&value), needs: Needs::read(&value) }
}

/// The revision later than another that an action registered, by its tag, as the adapter looks for it.
pub fn registered(
    ecs: &mut Ecs,
    after: &TaskDefinitionArn,
    action: &ActionId,
) -> Result<Option<TaskDefinition>, EcsError> {
    const OPERATION: &str = "ListTaskDefinitions";
    let request = api::ListTaskDefinitionsRequest {
        family_prefix: Some(after.family().to_string()),
        status: Some(TaskDefinitionStatus::Active),
        sort: Some(api::SortOrder::Desc),
        max_results: u32::try_from(MAX_LATER_REVISIONS).ok(),
        ..api::ListTaskDefinitionsRequest::default()
    };
    let listed = operation::call(ecs, request).map_err(|error| failed(OPERATION, after.as_str(), &error))?;
    for arn in listed.task_definition_arns.into_iter().map(TaskDefinitionArn::new) {
        if arn.revision() <= after.revision() {
            return Ok(None);
        }
        let request = api::DescribeTaskDefinitionRequest {
            task_definition: arn.to_string(),
            include: vec![api::TaskDefinitionField::Tags],
        };
        let answer = operation::call(ecs, request)
            .map_err(|error| failed("DescribeTaskDefinition", arn.as_str(), &error))?;
        let is_own = |tag: &api::Tag| {
            tag.key.as_deref() == Some(ACTION_TAG) && tag.value.as_deref() == Some(action.as_str())
        };
        if let Some(found) = answer.task_definition.filter(|_| answer.tags.iter().any(is_own)) {
            return Ok(Some(of_definition(arn, true, found)));
        }
    }
    match listed.next_token {
        None => Ok(None),
        Some(_) => Err(EcsError {
            operation: OPERATION,
            target: after.to_string(),
            problem: format!("more than {MAX_LATER_REVISIONS} revisions were registered since"),
            meaning: Meaning::Unknown,
        }),
    }
}

/// Tasks that ECS still knows.
pub fn tasks(ecs: &mut Ecs, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
    describe_tasks(ecs, cluster, arns)?.into_iter().map(|task| of_task(task, cluster)).collect()
}

/// Tasks that ECS still knows, as it answers them.
pub(super) fn describe_tasks(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    arns: &[TaskArn],
) -> Result<Vec<api::Task>, EcsError> {
    const OPERATION: &str = "DescribeTasks";
    let mut tasks = Vec::new();
    for some in arns.chunks(MAX_DESCRIBED.1) {
        let request = api::DescribeTasksRequest {
            cluster: Some(cluster.to_string()),
            tasks: some.iter().map(ToString::to_string).collect(),
            include: Vec::new(),
        };
        let Some(answer) = known(OPERATION, cluster.name(), operation::call(ecs, request))? else { continue };
        only_missing(OPERATION, cluster.name(), &answer.failures)?;
        tasks.extend(answer.tasks);
    }
    Ok(tasks)
}

fn of_task(answered: api::Task, cluster: &ClusterArn) -> Result<Task, EcsError> {
    let overrides = answered.overrides.map(overrides).transpose()?.flatten();
    let capacity_provider = answered.capacity_provider_name;
    // ECS answers both, and RunTask takes one.
    let launch_type = answered.launch_type.filter(|_| capacity_provider.is_none());
    Ok(Task {
        arn: TaskArn::new(answered.task_arn.unwrap_or_default()),
        cluster: answered.cluster_arn.map_or_else(|| cluster.clone(), ClusterArn::new),
        task_definition: answered.task_definition_arn.map(TaskDefinitionArn::new),
        group: answered.group,
        started_by: answered.started_by,
        last_status: TaskStatus::from_text(answered.last_status.unwrap_or_default()),
        desired_status: answered.desired_status.map(TaskStatus::from_text),
        health: answered.health_status.map(|health| health.as_str().to_owned()),
        connectivity: answered.connectivity.map(|connectivity| connectivity.as_str().to_owned()),
        created_at: time(answered.created_at),
        started_at: time(answered.started_at),
        stopped_at: time(answered.stopped_at),
        stopped_reason: answered.stopped_reason,
        launch: Launch {
            launch_type: launch_type.map(|launch_type| launch_type.as_str().to_owned()),
            capacity_provider,
            platform_version: answered.platform_version,
            execute_command: answered.enable_execute_command.unwrap_or_default(),
            overrides: Overrides::new(overrides),
        },
    })
}

/// In ECS's own form, without containers that override nothing: ECS names every container.
fn overrides(mut answered: api::TaskOverride) -> Result<Option<serde_json::Value>, EcsError> {
    let nothing = |container: &api::ContainerOverride| {
        *container == api::ContainerOverride { name: container.name.clone(), ..Default::default() }
    };
    answered.container_overrides.retain(|container| !nothing(container));
    if answered == api::TaskOverride::default() {
        return Ok(None);
    }
    let value = serde_json::to_value(answered).map_err(|error| EcsError {
        operation: "DescribeTasks",
        target: "overrides".to_owned(),
        problem: error.to_string(),
        meaning: Meaning::Unknown,
    })?;
    Ok(Some(api::without_nulls(value)))
}

/// Tasks of a cluster, page by page.
pub fn find_tasks(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    find: &Find,
    from: Option<&str>,
) -> Result<Page<Task>, EcsError> {
    let listed = list_tasks(ecs, cluster, find, from)?;
    let mut items = tasks(ecs, cluster, &listed.items)?;
    if let Find::StoppedOfFamily { started_by, .. } = find {
        items.retain(|task| task.started_by.as_ref() == Some(started_by));
    }
    Ok(Page { items, next: listed.next })
}

/// ARNs of a cluster's tasks, page by page: for [`Find::StoppedOfFamily`] of any caller.
pub(super) fn list_tasks(
    ecs: &mut Ecs,
    cluster: &ClusterArn,
    find: &Find,
    from: Option<&str>,
) -> Result<Page<TaskArn>, EcsError> {
    let mut request = api::ListTasksRequest {
        cluster: Some(cluster.to_string()),
        next_token: from.map(str::to_owned),
        max_results: Some(100),
        ..api::ListTasksRequest::default()
    };
    match find {
        Find::Running => request.desired_status = Some(DesiredStatus::Running),
        Find::StartedBy(caller) => request.started_by = Some(caller.clone()),
        Find::StoppedOfFamily { family, .. } => {
            request.family = Some(family.clone());
            request.desired_status = Some(DesiredStatus::Stopped);
        }
    }
    let listed =
        operation::call(ecs, request).map_err(|error| failed("ListTasks", cluster.name(), &error))?;
    Ok(Page { items: listed.task_arns.into_iter().map(TaskArn::new).collect(), next: listed.next_token })
}

/// All clusters.
pub fn clusters(ecs: &mut Ecs) -> Result<Vec<ClusterArn>, EcsError> {
    let mut found = Vec::new();
    let mut from = None;
    loop {
        let request = api::ListClustersRequest { next_token: from, ..api::ListClustersRequest::default() };
        let listed = operation::call(ecs, request)
            .map_err(|error| failed("ListClusters", "this account and region", &error))?;
        found.extend(listed.cluster_arns.into_iter().map(ClusterArn::new));
        from = listed.next_token;
        if from.is_none() {
            return Ok(found);
        }
    }
}

/// `None` where what is asked for went with its cluster or service.
pub(super) fn known<T>(
    operation: &'static str,
    target: &str,
    answer: Result<T, ApiError>,
) -> Result<Option<T>, EcsError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.code, "ClusterNotFoundException" | "ServiceNotFoundException") => {
            Ok(None)
        }
        Err(error) => Err(failed(operation, target, &error)),
    }
}

/// What is MISSING is absent, anything else is not known.
pub(super) fn only_missing(
    operation: &'static str,
    target: &str,
    failures: &[api::Failure],
) -> Result<(), EcsError> {
    let other = failures.iter().find(|failure| failure.reason.as_deref() != Some(MISSING));
    other.map_or(Ok(()), |failure| {
        Err(EcsError {
            operation,
            target: failure.arn.clone().unwrap_or_else(|| target.to_owned()),
            problem: failure.reason.clone().unwrap_or_default(),
            meaning: Meaning::Unknown,
        })
    })
}

fn time(at: Option<EpochSeconds>) -> Option<jiff::Timestamp> {
    at.map(|EpochSeconds(at)| at)
}
