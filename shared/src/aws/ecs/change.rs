//! Changes: one request each.
//!
//! The SDK's retries are off: they would send again what got no answer and may have taken effect. For RunTask see
//! [`run_task`].

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::operation::run_task::RunTaskOutput;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, DeploymentLifecycleHookAction, LaunchType, StopServiceDeploymentStopType,
    TaskOverride,
};
use aws_smithy_types::retry::RetryConfig;

use super::run_task::{self, RUN_TASK, awsvpc, strategy_item, unfit};
use super::{failed, hosts, lacks, overrides, register, said, service};
use crate::action::{ActionId, Call, Network};
use crate::arn::{ClusterArn, ServiceDeploymentArn, ServiceName, TaskArn, TaskDefinitionArn};
use crate::aws::sdk::patient;
use crate::ecs::{DesiredCount, HookAnswer, Launch, Overrides, StrategyItem};
use crate::ports::{Changed, EcsError};

const STOP_SERVICE_DEPLOYMENT: &str = "StopServiceDeployment";
const UPDATE_SERVICE: &str = "UpdateService";
const CONTINUE_SERVICE_DEPLOYMENT: &str = "ContinueServiceDeployment";
const STOP_TASK: &str = "StopTask";

pub(super) async fn change(
    client: &Client,
    id: &ActionId,
    call: &Call,
    overrides: &Overrides,
) -> Result<Changed, EcsError> {
    match call {
        Call::StopServiceDeployment { service_deployment, .. } => {
            stop_service_deployment(client, service_deployment).await
        }
        Call::UpdateService {
            cluster,
            service,
            task_definition,
            force_new_deployment,
            desired_count,
            capacity_providers,
        } => {
            let update = Update {
                cluster,
                service,
                task_definition: task_definition.as_ref(),
                force_new_deployment: *force_new_deployment,
                desired_count: *desired_count,
                capacity_providers: capacity_providers.as_deref(),
            };
            update.once(client).await
        }
        Call::StopTask { cluster, task } => {
            let reason = format!("{id} ECS Steward replaces a task that hangs");
            stop_task(client, cluster, task, reason).await.map(|()| Changed { made: None })
        }
        Call::UpdateContainerInstancesState { cluster, instance, status } => {
            hosts::update(client, cluster, instance, *status).await
        }
        Call::ContinueServiceDeployment { service_deployment, hook, answer } => {
            continue_service_deployment(client, service_deployment, hook, *answer).await
        }
        Call::RunTask { cluster, like, task_definition, group, launch, network, started_by } => {
            let run = Run {
                cluster,
                task_definition,
                group: group.as_deref(),
                launch,
                network: network.as_ref(),
                started_by,
            };
            run.once(client, id, overrides)
                .await
                .map_err(|error| EcsError { target: format!("{task_definition} like {like}"), ..error })
        }
        Call::RegisterTaskDefinition { like, raise, .. } => register::register(client, id, like, raise).await,
    }
}

pub(super) fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled()).timeout_config(patient())
}

async fn stop_service_deployment(
    client: &Client,
    service_deployment: &ServiceDeploymentArn,
) -> Result<Changed, EcsError> {
    let call = client
        .stop_service_deployment()
        .service_deployment_arn(service_deployment.as_str())
        .stop_type(StopServiceDeploymentStopType::Rollback);
    match call.customize().config_override(once()).send().await {
        Ok(_) => Ok(Changed { made: None }),
        Err(error) => Err(failed(STOP_SERVICE_DEPLOYMENT, service_deployment.to_string(), &error)),
    }
}

async fn continue_service_deployment(
    client: &Client,
    service_deployment: &ServiceDeploymentArn,
    hook: &str,
    answer: HookAnswer,
) -> Result<Changed, EcsError> {
    let call = client
        .continue_service_deployment()
        .service_deployment_arn(service_deployment.as_str())
        .hook_id(hook)
        .action(DeploymentLifecycleHookAction::from(answer.as_str()));
    match call.customize().config_override(once()).send().await {
        Ok(_) => Ok(Changed { made: None }),
        Err(error) => Err(failed(CONTINUE_SERVICE_DEPLOYMENT, service_deployment.to_string(), &error)),
    }
}

/// What of a service is to be changed: what is absent stays as it is.
struct Update<'call> {
    cluster: &'call ClusterArn,
    service: &'call ServiceName,
    task_definition: Option<&'call TaskDefinitionArn>,
    force_new_deployment: bool,
    desired_count: Option<DesiredCount>,
    capacity_providers: Option<&'call [StrategyItem]>,
}

impl Update<'_> {
    async fn once(&self, client: &Client) -> Result<Changed, EcsError> {
        // More than ECS takes in a service is ECS's to refuse.
        let count = self.desired_count.map(|count| i32::try_from(count.0).unwrap_or(i32::MAX));
        let call = client
            .update_service()
            .cluster(self.cluster.as_str())
            .service(self.service.as_str())
            .set_task_definition(self.task_definition.map(ToString::to_string))
            .set_force_new_deployment(self.force_new_deployment.then_some(true))
            .set_desired_count(count)
            .set_capacity_provider_strategy(self.capacity_providers.map(strategy).transpose()?);
        match call.customize().config_override(once()).send().await {
            Ok(answer) => Ok(Changed { made: service::primary(answer.service()) }),
            Err(error) => {
                Err(failed(UPDATE_SERVICE, format!("{} of {}", self.service, self.cluster.name()), &error))
            }
        }
    }
}

fn strategy(items: &[StrategyItem]) -> Result<Vec<CapacityProviderStrategyItem>, EcsError> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let item = |item: &StrategyItem| {
        let base = (item.base > 0).then(|| number(item.base));
        strategy_item(&item.provider, number(item.weight), base)
    };
    items.iter().map(item).collect()
}

pub(super) async fn stop_task(
    client: &Client,
    cluster: &ClusterArn,
    task: &TaskArn,
    reason: String,
) -> Result<(), EcsError> {
    let call = client.stop_task().cluster(cluster.as_str()).task(task.as_str()).reason(reason);
    let answer = call.customize().config_override(once()).send().await;
    answer.map(drop).map_err(|error| failed(STOP_TASK, task.to_string(), &error))
}

/// A task to run.
struct Run<'call> {
    cluster: &'call ClusterArn,
    task_definition: &'call TaskDefinitionArn,
    group: Option<&'call str>,
    launch: &'call Launch,
    network: Option<&'call Network>,
    started_by: &'call str,
}

impl Run<'_> {
    async fn once(&self, client: &Client, id: &ActionId, overrides: &Overrides) -> Result<Changed, EcsError> {
        let overrides: Option<TaskOverride> =
            overrides.reveal().map(overrides::to_run).transpose().map_err(unfit)?;
        let network = self.network.map(|network| {
            let Network { subnets, security_groups, public_ip } = network;
            awsvpc(subnets.iter().cloned(), security_groups.iter().cloned(), *public_ip)
        });
        let network = network.transpose()?;
        let provider = self.launch.capacity_provider.as_deref();
        let strategy = provider.map(|provider| strategy_item(provider, 1, None)).transpose()?;
        let call = client
            .run_task()
            .cluster(self.cluster.as_str())
            .task_definition(self.task_definition.as_str())
            .client_token(id.as_str())
            .count(1)
            .started_by(self.started_by)
            .set_group(self.group.map(str::to_owned))
            .set_launch_type(self.launch.launch_type.as_deref().map(LaunchType::from))
            .set_capacity_provider_strategy(strategy.map(|item| vec![item]))
            .set_platform_version(self.launch.platform_version.clone())
            .set_enable_execute_command(self.launch.execute_command.then_some(true))
            .set_network_configuration(network)
            .set_overrides(overrides);
        started(run_task::send(call).await?)
    }
}

/// Without a task there are failures, and then nothing was started: whether it may be tried anew, as another attempt, is
/// not for this call to say.
fn started(answer: RunTaskOutput) -> Result<Changed, EcsError> {
    if let Some(task) = answer.tasks.unwrap_or_default().into_iter().next() {
        return Ok(Changed { made: Some(task.task_arn.ok_or_else(|| lacks(RUN_TASK, "", "taskArn"))?) });
    }
    match answer.failures.unwrap_or_default().first() {
        Some(failure) => Err(unfit(said(failure))),
        None => Err(lacks(RUN_TASK, "", "task and no failure")),
    }
}
