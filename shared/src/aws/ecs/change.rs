//! Changes: one request each.
//!
//! The SDK's retries are off: they would send again what got no answer and may have taken effect. RunTask has a client
//! token, so that a throttled one, which certainly started nothing, may be sent again at once; whatever else becomes of it
//! is the business of whoever called.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::operation::run_task::{RunTaskError, RunTaskOutput};
use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, LaunchType, NetworkConfiguration,
    StopServiceDeploymentStopType, TaskOverride,
};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_types::error::operation::BuildError;
use aws_smithy_types::retry::RetryConfig;

use super::{failed, lacks, overrides, said, service};
use crate::action::{ActionId, Call, Network};
use crate::arn::{ClusterArn, ServiceDeploymentArn, ServiceName, TaskArn, TaskDefinitionArn};
use crate::aws::sdk::patient;
use crate::aws::verdict::{Verdict, verdict};
use crate::ecs::{Launch, Overrides};
use crate::ports::{Changed, EcsError, Meaning};

const STOP_SERVICE_DEPLOYMENT: &str = "StopServiceDeployment";
const UPDATE_SERVICE: &str = "UpdateService";
const STOP_TASK: &str = "StopTask";
const RUN_TASK: &str = "RunTask";

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
        Call::UpdateService { cluster, service, task_definition, force_new_deployment } => {
            update_service(client, cluster, service, task_definition.as_ref(), *force_new_deployment).await
        }
        Call::StopTask { cluster, task } => stop_task(client, id, cluster, task).await,
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
    }
}

fn once() -> Builder {
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

async fn update_service(
    client: &Client,
    cluster: &ClusterArn,
    service: &ServiceName,
    task_definition: Option<&TaskDefinitionArn>,
    force_new_deployment: bool,
) -> Result<Changed, EcsError> {
    let call = client
        .update_service()
        .cluster(cluster.as_str())
        .service(service.as_str())
        .set_task_definition(task_definition.map(ToString::to_string))
        .set_force_new_deployment(force_new_deployment.then_some(true));
    match call.customize().config_override(once()).send().await {
        Ok(answer) => Ok(Changed { made: service::primary(answer.service()) }),
        Err(error) => Err(failed(UPDATE_SERVICE, format!("{service} of {}", cluster.name()), &error)),
    }
}

async fn stop_task(
    client: &Client,
    id: &ActionId,
    cluster: &ClusterArn,
    task: &TaskArn,
) -> Result<Changed, EcsError> {
    let call = client
        .stop_task()
        .cluster(cluster.as_str())
        .task(task.as_str())
        .reason(format!("{id} ECS Steward replaces a task that hangs"));
    match call.customize().config_override(once()).send().await {
        Ok(_) => Ok(Changed { made: None }),
        Err(error) => Err(failed(STOP_TASK, task.to_string(), &error)),
    }
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
        let network = self.network.map(network).transpose().map_err(|error| unfit(error.to_string()))?;
        let provider = self.launch.capacity_provider.as_deref().map(provider);
        let strategy = provider.transpose().map_err(|error| unfit(error.to_string()))?;
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
        let throttled_only = Builder::new().timeout_config(patient()).retry_classifier(ThrottledOnly);
        match call.customize().config_override(throttled_only).send().await {
            Ok(answer) => started(answer),
            Err(error) => {
                let conflict = error.as_service_error().and_then(conflict);
                let failed = failed(RUN_TASK, String::new(), &error);
                Err(EcsError { meaning: conflict.unwrap_or(failed.meaning), ..failed })
            }
        }
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

/// The token was used by a call with other parameters, which made these tasks. Where ECS names none, nobody can say what
/// was made.
fn conflict(error: &RunTaskError) -> Option<Meaning> {
    match error {
        RunTaskError::ConflictException(conflict) if conflict.resource_ids().is_empty() => {
            Some(Meaning::Unknown)
        }
        RunTaskError::ConflictException(conflict) => {
            let tasks = conflict.resource_ids().iter().map(TaskArn::new).collect();
            Some(Meaning::Conflict { tasks })
        }
        _ => None,
    }
}

/// A call that certainly started nothing, and would not the next time.
fn unfit(problem: String) -> EcsError {
    EcsError { operation: RUN_TASK, target: String::new(), problem, meaning: Meaning::Refused }
}

fn network(network: &Network) -> Result<NetworkConfiguration, BuildError> {
    let address = if network.public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
    let own = AwsVpcConfiguration::builder()
        .set_subnets(Some(network.subnets.iter().cloned().collect()))
        .set_security_groups(Some(network.security_groups.iter().cloned().collect()))
        .assign_public_ip(address)
        .build()?;
    Ok(NetworkConfiguration::builder().awsvpc_configuration(own).build())
}

fn provider(name: &str) -> Result<CapacityProviderStrategyItem, BuildError> {
    CapacityProviderStrategyItem::builder().capacity_provider(name).weight(1).build()
}

/// Keeps the SDK from sending again what was not turned away by throttling.
#[derive(Debug)]
struct ThrottledOnly;

impl ClassifyRetry for ThrottledOnly {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let answered = error.as_operation_error().and_then(|error| error.downcast_ref::<RunTaskError>());
        let status = context.response().map(|response| response.status().as_u16());
        match (answered, status) {
            (Some(error), Some(status)) if verdict(error.code(), status) == Verdict::Throttled => {
                RetryAction::NoActionIndicated
            }
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "ThrottledOnly"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
