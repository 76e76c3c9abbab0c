//! CloudFormation: whether the stack that describes a service is being changed.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::SdkError;
use aws_sdk_cloudformation::operation::describe_stacks::DescribeStacksError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::auto_scaling::ScalableTargets;
use super::ecs::failed;
use super::late::Late;
use super::sdk::Sdk;
use crate::arn::{ClusterArn, ServiceName};
use crate::ports::{AutoScaling, EcsError, Meaning, Owners};

/// The operation that all this is about.
const DESCRIBE: &str = "DescribeStacks";

/// Who else changes services: CloudFormation by stacks, Application Auto Scaling by scalable targets.
#[derive(Debug, Clone)]
pub struct Stacks {
    client: Late<Client>,
    scalable: ScalableTargets,
}

impl Stacks {
    /// With what all clients share.
    pub fn new(sdk: &Sdk) -> Self {
        Self { client: sdk.cloudformation(), scalable: ScalableTargets::new(sdk) }
    }
}

impl Owners for Stacks {
    async fn stack_status(&self, stack: &str) -> Result<Option<String>, EcsError> {
        let answer = match self.client.describe_stacks().stack_name(stack).send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(failed(DESCRIBE, stack.to_owned(), &error)),
        };
        let status =
            answer.stacks.unwrap_or_default().into_iter().next().and_then(|found| found.stack_status);
        let status = status.ok_or_else(|| EcsError {
            operation: DESCRIBE,
            target: stack.to_owned(),
            problem: "the answer has no status of the stack".to_owned(),
            meaning: Meaning::Unknown,
        })?;
        Ok(Some(status.as_str().to_owned()))
    }

    async fn is_scalable(&self, cluster: &ClusterArn, service: &ServiceName) -> Result<bool, EcsError> {
        let owned = self.scalable.owned(cluster, std::slice::from_ref(service)).await?;
        Ok(owned.contains(service))
    }
}

/// A stack that is not there answers ValidationError, as every wrong parameter does: DescribeStacks has no code of its own
/// for it. Should the text ever change, the stack is no longer known to be absent, and nothing is changed.
pub(super) fn is_missing(error: &SdkError<DescribeStacksError, HttpResponse>) -> bool {
    error.code() == Some("ValidationError")
        && error.message().is_some_and(|message| message.ends_with("does not exist"))
}
