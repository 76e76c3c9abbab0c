//! `RunTask` turned away without a reason of its own: throttling that goes by another name.

use super::api::RunTaskRequest;
use super::error::ApiError;
use super::placement::subnets;
use super::world::Ecs;

/// How `RunTask` is turned away. Nothing is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// EC2 throttles what ECS asks about subnets: `InvalidParameterException` (dagster-io/dagster#33439).
    SubnetsThrottled,
    /// EC2 throttles what ECS asks about security groups: `InvalidParameterException` (dask/dask-cloudprovider#56).
    SecurityGroupsThrottled,
    /// The same as a `ClientException`.
    ClientException,
    /// The same as a `ServerException`, a 500: nothing was started, and the caller cannot know.
    ServerException,
}

/// Refusals as they fall, whoever calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusals {
    pub(super) how: Refusal,
    pub(super) per_thousand: u16,
}

impl Refusal {
    fn error(self, subnet: &str) -> ApiError {
        const THROTTLED: &str = "ThrottlingException: Rate exceeded";
        match self {
            Self::SubnetsThrottled => ApiError::throttled_behind(subnet),
            Self::SecurityGroupsThrottled => ApiError::invalid_parameter(
                "Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: \
                 RequestLimitExceeded)",
            ),
            Self::ClientException => ApiError::client(THROTTLED),
            Self::ServerException => ApiError::server(THROTTLED),
        }
    }
}

impl Ecs {
    /// Turns a call of `RunTask` away, if it falls so.
    pub(super) fn refuse_run(&mut self, input: &RunTaskRequest) -> Result<(), ApiError> {
        let Some(Refusals { how, per_thousand }) = self.refusals else { return Ok(()) };
        if self.random.below(1_000) >= u64::from(per_thousand) {
            return Ok(());
        }
        let subnets = subnets(input.network_configuration.as_ref());
        Err(how.error(subnets.first().map_or("subnet-1", String::as_str)))
    }
}
