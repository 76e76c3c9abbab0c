//! RunTask: one request under a client token.
//!
//! The SDK's retries are off but for throttling: a throttled request certainly started nothing, and may be sent again at once.
//! Whatever else becomes of it is the business of whoever called; so is throttling that goes by another name, which lasts
//! longer than the SDK's patience.

use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::operation::run_task::builders::RunTaskFluentBuilder;
use aws_sdk_ecs::operation::run_task::{RunTaskError, RunTaskOutput};
use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, NetworkConfiguration,
};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};

use super::failed;
use crate::arn::TaskArn;
use crate::aws::sdk::patient;
use crate::aws::verdict::{Verdict, verdict};
use crate::ports::{EcsError, Meaning};

pub(super) const RUN_TASK: &str = "RunTask";

/// Sends it. The error has no target: whoever called knows a better one than the request's.
pub(super) async fn send(call: RunTaskFluentBuilder) -> Result<RunTaskOutput, EcsError> {
    let throttled_only = Builder::new().timeout_config(patient()).retry_classifier(ThrottledOnly);
    call.customize().config_override(throttled_only).send().await.map_err(|error| {
        let conflict = error.as_service_error().and_then(conflict);
        let failed = failed(RUN_TASK, String::new(), &error);
        EcsError { meaning: conflict.unwrap_or(failed.meaning), ..failed }
    })
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
pub(super) fn unfit(problem: String) -> EcsError {
    EcsError { operation: RUN_TASK, target: String::new(), problem, meaning: Meaning::Refused }
}

/// Where tasks in the network mode `awsvpc` run.
pub(super) fn awsvpc(
    subnets: impl Iterator<Item = String>,
    security_groups: impl Iterator<Item = String>,
    public_ip: bool,
) -> Result<NetworkConfiguration, EcsError> {
    let own = AwsVpcConfiguration::builder()
        .set_subnets(Some(subnets.collect()))
        .set_security_groups(Some(security_groups.collect()))
        .assign_public_ip(if public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled })
        .build()
        .map_err(|error| unfit(error.to_string()))?;
    Ok(NetworkConfiguration::builder().awsvpc_configuration(own).build())
}

pub(super) fn strategy_item(
    provider: &str,
    weight: i32,
    base: Option<i32>,
) -> Result<CapacityProviderStrategyItem, EcsError> {
    CapacityProviderStrategyItem::builder()
        .capacity_provider(provider)
        .weight(weight)
        .set_base(base)
        .build()
        .map_err(|error| unfit(error.to_string()))
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
