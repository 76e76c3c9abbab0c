//! What an alert shows besides: tags of services, and the last lines of a container's log.
//!
//! Nothing here may hold up an alert: all of it together takes [`LOOKING`] at most, and lines are cut.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::operation::get_log_events::GetLogEventsError;
use aws_sdk_cloudwatchlogs::types::OutputLogEvent;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_services::DescribeServicesError;
use aws_sdk_ecs::types::{LogConfiguration, ServiceField};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::late::Late;
use super::sdk::Sdk;
use super::verdict::FailedCall;
use crate::incident::Target;
use crate::notification::{LogLine, LogPlace, log_place};
use crate::ports::{Evidence, EvidenceError, LogSource};
use crate::redact::redact;

/// Longer nobody waits for what only makes an alert say more.
const LOOKING: Duration = Duration::from_secs(5);
/// What is kept of a line.
const LINE_BYTES: usize = 1_000;
/// GetLogEvents takes so many.
const MAX_LINES: i32 = 10_000;

const TAGS: &str = "DescribeServices";
const DEFINITION: &str = "DescribeTaskDefinition";
const EVENTS: &str = "GetLogEvents";

/// ECS and CloudWatch Logs in this account.
#[derive(Clone)]
pub struct TaskEvidence {
    ecs: Late<Client>,
    sdk: Sdk,
}

impl TaskEvidence {
    /// With what all clients share.
    pub fn new(sdk: &Sdk) -> Self {
        Self { ecs: sdk.ecs(), sdk: sdk.clone() }
    }

    async fn tags_of(&self, target: &Target) -> Result<BTreeMap<String, String>, EvidenceError> {
        let Target::Service { cluster, name } = target else { return Ok(BTreeMap::new()) };
        let answer = self
            .ecs
            .describe_services()
            .cluster(cluster.as_str())
            .services(name.as_str())
            .include(ServiceField::Tags)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            // Of a cluster that is not there.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeServicesError::is_cluster_not_found_exception) =>
            {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(failed(TAGS, target.to_string(), &error)),
        };
        let services = answer.services.unwrap_or_default();
        let tags = services.into_iter().flat_map(|service| service.tags.unwrap_or_default());
        Ok(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect())
    }

    async fn lines_of(&self, source: &LogSource, most: u32) -> Result<Vec<LogLine>, EvidenceError> {
        let Some(place) = self.place(source).await? else { return Ok(Vec::new()) };
        let answer = self
            .sdk
            .logs(place.region.as_deref())
            .get_log_events()
            .log_group_name(&place.group)
            .log_stream_name(&place.stream)
            .limit(i32::try_from(most).unwrap_or(MAX_LINES).clamp(1, MAX_LINES))
            .start_from_head(false)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.events.unwrap_or_default().into_iter().filter_map(line).collect()),
            // A container that never started has no stream.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetLogEventsError::is_resource_not_found_exception) =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(failed(EVENTS, format!("{} in {}", place.stream, place.group), &error)),
        }
    }

    async fn place(&self, source: &LogSource) -> Result<Option<LogPlace>, EvidenceError> {
        let definition = source.task_definition.as_str();
        let answer = self.ecs.describe_task_definition().task_definition(definition).send().await;
        let answer = answer.map_err(|error| failed(DEFINITION, definition.to_owned(), &error))?;
        let containers = answer.task_definition.and_then(|found| found.container_definitions);
        let container = containers
            .unwrap_or_default()
            .into_iter()
            .find(|container| container.name() == Some(source.container.as_str()));
        let log = container.and_then(|container| container.log_configuration);
        Ok(log.and_then(|log| place(log, source)))
    }
}

impl Evidence for TaskEvidence {
    async fn tags(&self, target: &Target) -> Result<BTreeMap<String, String>, EvidenceError> {
        let late = || out_of_time(TAGS, target.to_string());
        tokio::time::timeout(LOOKING, self.tags_of(target)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn last_lines(&self, source: &LogSource, most: u32) -> Result<Vec<LogLine>, EvidenceError> {
        let late = || out_of_time(EVENTS, format!("{} of {}", source.container, source.task));
        tokio::time::timeout(LOOKING, self.lines_of(source, most)).await.unwrap_or_else(|_| Err(late()))
    }
}

fn place(log: LogConfiguration, source: &LogSource) -> Option<LogPlace> {
    let options: BTreeMap<String, String> = log.options.unwrap_or_default().into_iter().collect();
    log_place(log.log_driver.as_str(), &options, &source.container, &source.task)
}

/// A line's beginning says what happened. It is cut when its secrets are hidden: half a secret looks like none.
fn line(event: OutputLogEvent) -> Option<LogLine> {
    let text = redact(event.message?.trim_end());
    let at = event.timestamp.and_then(|at| Timestamp::from_millisecond(at).ok());
    Some(LogLine { at, text: redact(head(text.as_str(), LINE_BYTES)) })
}

/// At most `max` bytes, in whole characters.
fn head(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

fn failed<E>(operation: &'static str, target: String, error: &SdkError<E, HttpResponse>) -> EvidenceError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    EvidenceError { operation, target, problem: FailedCall::of(error).problem }
}

fn out_of_time(operation: &'static str, target: String) -> EvidenceError {
    EvidenceError { operation, target, problem: format!("no answer in {} seconds", LOOKING.as_secs()) }
}
