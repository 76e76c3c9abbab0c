//! What is changed: one request each.

use steward::action::{ActionId, Call, Network};
use steward::arn::TaskDefinitionArn;
use steward::ecs::{Definition, HookAnswer, Launch, Overrides, StrategyItem};
use steward::ports::{Changed, EcsError, Meaning};
use steward::remediation::memory::{Raise, registration};

use super::super::api::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, ContinueServiceDeploymentRequest,
    DeploymentLifecycleHookAction, DescribeTaskDefinitionRequest, LaunchType, NetworkConfiguration,
    RunTaskRequest, StopServiceDeploymentRequest, StopServiceDeploymentStopType, StopTaskRequest,
    TaskDefinitionField, UpdateServiceRequest, without_nulls,
};
use super::super::operation::{self, Operation};
use super::super::world::Ecs;
use super::{failed, hosts, not_run};

/// Makes one call.
pub fn change(ecs: &mut Ecs, id: &ActionId, call: &Call, overrides: &Overrides) -> Result<Changed, EcsError> {
    let target = call.to_string();
    match call {
        Call::StopServiceDeployment { service_deployment, .. } => {
            let request = StopServiceDeploymentRequest {
                service_deployment_arn: service_deployment.to_string(),
                stop_type: Some(StopServiceDeploymentStopType::Rollback),
            };
            let answer = operation::call(ecs, request);
            answer.map(|_| Changed { made: None }).map_err(|error| failed(call.operation(), &target, &error))
        }
        Call::UpdateService {
            cluster,
            service,
            task_definition,
            force_new_deployment,
            desired_count,
            capacity_providers,
        } => {
            let request = UpdateServiceRequest {
                cluster: Some(cluster.to_string()),
                service: service.to_string(),
                task_definition: task_definition.as_ref().map(ToString::to_string),
                force_new_deployment: force_new_deployment.then_some(true),
                desired_count: desired_count.map(|count| count.0),
                capacity_provider_strategy: capacity_providers.as_deref().map(strategy),
                ..UpdateServiceRequest::default()
            };
            let answer = operation::call(ecs, request);
            let answer = answer.map_err(|error| failed(call.operation(), &target, &error))?;
            let deployments = answer.service.unwrap_or_default().deployments;
            let primary = deployments.into_iter().find(|it| it.status.as_deref() == Some("PRIMARY"));
            Ok(Changed { made: primary.and_then(|primary| primary.id) })
        }
        Call::StopTask { cluster, task } => {
            let request = StopTaskRequest {
                cluster: Some(cluster.to_string()),
                task: task.to_string(),
                reason: Some(format!("{id} ECS Steward replaces a task that hangs")),
            };
            let answer = operation::call(ecs, request);
            answer.map(|_| Changed { made: None }).map_err(|error| failed(call.operation(), &target, &error))
        }
        Call::ContinueServiceDeployment { service_deployment, hook, answer } => {
            let request = ContinueServiceDeploymentRequest {
                service_deployment_arn: service_deployment.to_string(),
                hook_id: hook.clone(),
                action: Some(match answer {
                    HookAnswer::Continue => DeploymentLifecycleHookAction::Continue,
                    HookAnswer::Rollback => DeploymentLifecycleHookAction::Rollback,
                }),
            };
            let answer = operation::call(ecs, request);
            answer.map(|_| Changed { made: None }).map_err(|error| failed(call.operation(), &target, &error))
        }
        Call::RunTask { .. } => run_task(ecs, id, call, overrides),
        Call::RegisterTaskDefinition { like, raise, .. } => register(ecs, id, call, like, raise),
        Call::UpdateContainerInstancesState { cluster, instance, status } => {
            hosts::update(ecs, call, cluster, instance, *status)
        }
    }
}

/// A revision like another, in ECS's own JSON, as the adapter sends it.
fn register(
    ecs: &mut Ecs,
    id: &ActionId,
    call: &Call,
    like: &TaskDefinitionArn,
    raise: &Raise,
) -> Result<Changed, EcsError> {
    let not_made = |problem: String, meaning: Meaning| EcsError {
        operation: call.operation(),
        target: call.to_string(),
        problem,
        meaning,
    };
    let read = DescribeTaskDefinitionRequest {
        task_definition: like.to_string(),
        include: vec![TaskDefinitionField::Tags],
    };
    // What could not be read was not registered either.
    let found =
        operation::call(ecs, read).map_err(|error| not_made(error.to_string(), Meaning::Throttled))?;
    let json = |value: Result<serde_json::Value, serde_json::Error>| {
        value.map(without_nulls).map_err(|error| not_made(error.to_string(), Meaning::Refused))
    };
    let definition = Definition::new(
        json(serde_json::to_value(found.task_definition))?,
        json(serde_json::to_value(found.tags))?,
    );
    let input = registration(&definition, raise, id)
        .map_err(|error| not_made(error.to_string(), Meaning::Refused))?;
    let answer = operation::answer_value(ecs, Operation::RegisterTaskDefinition, input)
        .map_err(|error| failed(call.operation(), &call.to_string(), &error))?;
    let made = answer.pointer("/taskDefinition/taskDefinitionArn").and_then(serde_json::Value::as_str);
    Ok(Changed { made: made.map(str::to_owned) })
}

fn run_task(ecs: &mut Ecs, id: &ActionId, call: &Call, overrides: &Overrides) -> Result<Changed, EcsError> {
    let refused = |problem: String| EcsError {
        operation: call.operation(),
        target: call.to_string(),
        problem,
        meaning: Meaning::Refused,
    };
    let Call::RunTask { cluster, task_definition, group, launch, network, started_by, .. } = call else {
        return Err(refused("no RunTask".to_owned()));
    };
    let overrides = overrides.reveal().cloned().map(serde_json::from_value).transpose();
    let request = RunTaskRequest {
        cluster: Some(cluster.to_string()),
        task_definition: task_definition.to_string(),
        client_token: Some(id.to_string()),
        count: Some(1),
        started_by: Some(started_by.clone()),
        group: group.clone(),
        launch_type: launch_type(launch).map_err(|error| refused(error.to_string()))?,
        capacity_provider_strategy: launch.capacity_provider.clone().map(|provider| {
            vec![CapacityProviderStrategyItem { capacity_provider: provider, weight: Some(1), base: None }]
        }),
        platform_version: launch.platform_version.clone(),
        enable_execute_command: launch.execute_command.then_some(true),
        network_configuration: network.as_ref().map(network_configuration),
        overrides: overrides.map_err(|error| refused(error.to_string()))?,
        ..RunTaskRequest::default()
    };
    match operation::call(ecs, request) {
        Ok(answer) => match (answer.tasks.into_iter().next(), answer.failures.first()) {
            (Some(task), _) => Ok(Changed { made: task.task_arn }),
            (None, Some(failure)) => Err(refused(failure.reason.clone().unwrap_or_default())),
            (None, None) => Err(refused("neither a task nor a failure".to_owned())),
        },
        Err(error) => Err(not_run(&call.to_string(), &error)),
    }
}

fn launch_type(launch: &Launch) -> Result<Option<LaunchType>, serde_json::Error> {
    launch.launch_type.clone().map(|word| serde_json::from_value(word.into())).transpose()
}

fn network_configuration(network: &Network) -> NetworkConfiguration {
    NetworkConfiguration {
        awsvpc_configuration: Some(AwsVpcConfiguration {
            subnets: network.subnets.iter().cloned().collect(),
            security_groups: network.security_groups.iter().cloned().collect(),
            assign_public_ip: Some(if network.public_ip {
                AssignPublicIp::Enabled
            } else {
                AssignPublicIp::Disabled
            }),
        }),
    }
}

fn strategy(items: &[StrategyItem]) -> Vec<CapacityProviderStrategyItem> {
    let item = |item: &StrategyItem| CapacityProviderStrategyItem {
        capacity_provider: item.provider.clone(),
        weight: Some(item.weight),
        base: Some(item.base).filter(|base| *base > 0),
    };
    items.iter().map(item).collect()
}
