//! An installation, as CloudFormation, SQS, DynamoDB, SNS, CloudWatch, EventBridge and Lambda tell of it.

mod plain;

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TimeToLiveStatus};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ecs::failed;
use super::sdk::Sdk;
use crate::ports::{
    AlarmState, EcsError, Figure, FunctionState, Installation, Meaning, QueueState, StackResource,
    StackState, Subscription, TableState, Trigger,
};
use crate::redact::redact;
use plain::{Call, Plain};

/// What EventBridge and its like take.
const JSON: &str = "application/x-amz-json-1.1";
/// Of Steward's own variables: names of its resources, and no secrets.
const OWN: &str = "STEWARD_";
/// A figure is made of values of so many seconds.
const PERIOD: i32 = 60;
/// What is shown of a line of a log.
const LINE_CHARS: usize = 300;
/// Pages of a log that are looked through for an error.
const MAX_PAGES: usize = 5;

/// An installation in this account and region.
pub struct Installed {
    sdk: Sdk,
    plain: Plain,
}

impl Installed {
    /// With what all clients share; `now` is this machine's clock.
    pub fn new(sdk: &Sdk, now: fn() -> Timestamp) -> Self {
        Self { sdk: sdk.clone(), plain: Plain::new(sdk, now) }
    }

    async fn get(
        &self,
        service: &'static str,
        operation: &'static str,
        target: &str,
        path: String,
    ) -> Result<Option<Value>, EcsError> {
        let body = String::new();
        self.plain.json(&Call { service, operation, target, method: "GET", path, headers: &[], body }).await
    }

    async fn events(
        &self,
        operation: &'static str,
        header: &'static str,
        target: &str,
        body: &Value,
    ) -> Result<Option<Value>, EcsError> {
        let (service, method, path, body) = ("events", "POST", "/".to_owned(), body.to_string());
        let headers = &[("content-type", JSON), ("x-amz-target", header)];
        self.plain.json(&Call { service, operation, target, method, path, headers, body }).await
    }
}

impl Installation for Installed {
    async fn stack(&self, name: &str) -> Result<Option<StackState>, EcsError> {
        let answer = match self.sdk.cloudformation().describe_stacks().stack_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if super::cloudformation::is_missing(&error) => return Ok(None),
            Err(error) => return Err(failed("DescribeStacks", name.to_owned(), &error)),
        };
        let Some(stack) = answer.stacks.unwrap_or_default().into_iter().next() else { return Ok(None) };
        let parameters = stack.parameters().iter();
        let parameters = parameters.filter_map(|one| {
            Some((one.parameter_key()?.to_owned(), one.parameter_value().unwrap_or_default().to_owned()))
        });
        Ok(Some(StackState {
            status: stack.stack_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: stack.stack_status_reason().map(str::to_owned),
            parameters: parameters.collect(),
        }))
    }

    async fn resources(&self, stack: &str) -> Result<Vec<StackResource>, EcsError> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let asked = self.sdk.cloudformation();
            let page = asked.list_stack_resources().stack_name(stack).set_next_token(next).send().await;
            let page = page.map_err(|error| failed("ListStackResources", stack.to_owned(), &error))?;
            all.extend(page.stack_resource_summaries().iter().map(|one| StackResource {
                logical: one.logical_resource_id().unwrap_or_default().to_owned(),
                physical: one.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned),
                kind: one.resource_type().unwrap_or_default().to_owned(),
                status: one.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
                reason: one.resource_status_reason().map(str::to_owned),
            }));
            next = page.next_token;
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    async fn rule(&self, name: &str) -> Result<Option<Trigger>, EcsError> {
        let body = json!({"Name": name});
        let Some(rule) = self.events("DescribeRule", "AWSEvents.DescribeRule", name, &body).await? else {
            return Ok(None);
        };
        let body = json!({"Rule": name});
        let listed = self.events("ListTargetsByRule", "AWSEvents.ListTargetsByRule", name, &body).await?;
        let targets = listed.as_ref().and_then(|listed| listed.get("Targets")?.as_array());
        let targets = targets.into_iter().flatten().filter_map(|target| text(target, "/Arn"));
        Ok(Some(Trigger { state: text(&rule, "/State").unwrap_or_default(), targets: targets.collect() }))
    }

    async fn schedule(&self, name: &str) -> Result<Option<Trigger>, EcsError> {
        let found = self.get("scheduler", "GetSchedule", name, format!("/schedules/{}", coded(name))).await?;
        Ok(found.map(|found| Trigger {
            state: text(&found, "/State").unwrap_or_default(),
            targets: text(&found, "/Target/Arn").into_iter().collect(),
        }))
    }

    async fn function(&self, name: &str) -> Result<Option<FunctionState>, EcsError> {
        let path = format!("/2015-03-31/functions/{}/configuration", coded(name));
        let found = self.get("lambda", "GetFunctionConfiguration", name, path).await?;
        Ok(found.map(|found| {
            let variables = found.pointer("/Environment/Variables").and_then(Value::as_object);
            let own = variables.into_iter().flatten().filter(|(name, _)| name.starts_with(OWN));
            FunctionState {
                state: text(&found, "/State").unwrap_or_default(),
                last_update: text(&found, "/LastUpdateStatus").unwrap_or_default(),
                reason: text(&found, "/StateReason").or_else(|| text(&found, "/LastUpdateStatusReason")),
                architecture: text(&found, "/Architectures/0"),
                variables: own
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                    .collect(),
            }
        }))
    }

    async fn mapping(&self, id: &str) -> Result<Option<String>, EcsError> {
        let path = format!("/2015-03-31/event-source-mappings/{}", coded(id));
        let found = self.get("lambda", "GetEventSourceMapping", id, path).await?;
        Ok(found.map(|found| text(&found, "/State").unwrap_or_default()))
    }

    async fn queue(&self, url: &str) -> Result<Option<QueueState>, EcsError> {
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let asked = self.sdk.sqs();
        let asked = asked.get_queue_attributes().queue_url(url).set_attribute_names(Some(counts.to_vec()));
        let answer = match asked.send().await {
            Ok(answer) => answer,
            Err(error) if error.code().is_some_and(|code| super::queues::MISSING.contains(&code)) => {
                return Ok(None);
            }
            Err(error) => return Err(failed("GetQueueAttributes", url.to_owned(), &error)),
        };
        let found = answer.attributes.unwrap_or_default();
        let mut messages = 0;
        for count in &counts {
            let Some(known) = found.get(count).and_then(|known| known.parse::<u64>().ok()) else {
                return Err(lacks("GetQueueAttributes", url, count.as_str()));
            };
            messages += known;
        }
        Ok(Some(QueueState { messages }))
    }

    async fn table(&self, name: &str) -> Result<Option<TableState>, EcsError> {
        let client = self.sdk.dynamodb();
        let answer = match client.describe_table().table_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(None),
            Err(error) => return Err(failed("DescribeTable", name.to_owned(), &error)),
        };
        let table = answer.table.ok_or_else(|| lacks("DescribeTable", name, "Table"))?;
        let indexes = table.global_secondary_indexes().iter().filter_map(|index| {
            Some((index.index_name()?.to_owned(), index.index_status()?.as_str().to_owned()))
        });
        // Each of the two has a right of its own, which may be missing.
        let backups = client.describe_continuous_backups().table_name(name).send().await.ok();
        let recovers = backups.and_then(|answer| {
            let found = answer.continuous_backups_description?.point_in_time_recovery_description?;
            Some(found.point_in_time_recovery_status? == PointInTimeRecoveryStatus::Enabled)
        });
        let forgets = client.describe_time_to_live().table_name(name).send().await.ok();
        let forgets_by = forgets.and_then(|answer| answer.time_to_live_description).map(|found| {
            let is_on = found.time_to_live_status() == Some(&TimeToLiveStatus::Enabled);
            found.attribute_name.filter(|_| is_on)
        });
        Ok(Some(TableState {
            status: table.table_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            indexes: indexes.collect(),
            is_protected: table.deletion_protection_enabled().unwrap_or_default(),
            recovers,
            forgets_by,
        }))
    }

    async fn subscriptions(&self, topic: &str) -> Result<Vec<Subscription>, EcsError> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let page = self
                .sdk
                .sns()
                .list_subscriptions_by_topic()
                .topic_arn(topic)
                .set_next_token(next)
                .send()
                .await;
            let page = page.map_err(|error| failed("ListSubscriptionsByTopic", topic.to_owned(), &error))?;
            all.extend(page.subscriptions().iter().map(|one| Subscription {
                protocol: one.protocol().unwrap_or_default().to_owned(),
                endpoint: one.endpoint().unwrap_or_default().to_owned(),
                // Until then it has no ARN: `PendingConfirmation`.
                is_confirmed: one.subscription_arn().is_some_and(|arn| arn.starts_with("arn:")),
            }));
            next = page.next_token;
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    async fn alarms(&self, names: &[String]) -> Result<Vec<AlarmState>, EcsError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let asked = self.sdk.cloudwatch();
        let answer =
            asked.describe_alarms().set_alarm_names(Some(names.to_vec())).max_records(100).send().await;
        let answer =
            answer.map_err(|error| failed("DescribeAlarms", format!("{} alarms", names.len()), &error))?;
        let alarms = answer.metric_alarms().iter().map(|one| AlarmState {
            name: one.alarm_name().unwrap_or_default().to_owned(),
            state: one.state_value().map(|state| state.as_str().to_owned()).unwrap_or_default(),
            acts: one.actions_enabled().unwrap_or_default() && !one.alarm_actions().is_empty(),
        });
        Ok(alarms.collect())
    }

    async fn figures(
        &self,
        queries: &[Figure],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Option<f64>>, EcsError> {
        let asked: Vec<MetricDataQuery> =
            queries.iter().enumerate().map(|(place, query)| asked(place, query)).collect();
        let mut told: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut next = None;
        loop {
            let page = self
                .sdk
                .cloudwatch()
                .get_metric_data()
                .set_metric_data_queries(Some(asked.clone()))
                .start_time(DateTime::from_secs(from.as_second()))
                .end_time(DateTime::from_secs(to.as_second()))
                .set_next_token(next)
                .send()
                .await;
            let page =
                page.map_err(|error| failed("GetMetricData", format!("{} metrics", queries.len()), &error))?;
            for result in page.metric_data_results() {
                told.entry(result.id().unwrap_or_default().to_owned()).or_default().extend(result.values());
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        let figure = |(place, query): (usize, &Figure)| {
            let values = told.get(&format!("q{place}")).filter(|values| !values.is_empty())?.iter();
            Some(if query.is_greatest { values.copied().fold(0.0, f64::max) } else { values.sum() })
        };
        Ok(queries.iter().enumerate().map(figure).collect())
    }

    async fn last_error(&self, group: &str, since: Timestamp) -> Result<Option<String>, EcsError> {
        let (client, mut next, mut last) = (self.sdk.logs(None), None, None);
        for _ in 0..MAX_PAGES {
            let page = client
                .filter_log_events()
                .log_group_name(group)
                .filter_pattern(r#"{ $.level = "ERROR" }"#)
                .start_time(since.as_millisecond())
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failed("FilterLogEvents", group.to_owned(), &error))?;
            last = page.events().last().and_then(|event| event.message()).map(str::to_owned).or(last);
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(last.map(|line| redact(line.trim()).shortened(LINE_CHARS)))
    }

    async fn caller(&self) -> Result<String, EcsError> {
        let (service, operation, method, path) = ("sts", "GetCallerIdentity", "POST", "/".to_owned());
        let headers = &[("content-type", "application/x-www-form-urlencoded")];
        let body = "Action=GetCallerIdentity&Version=2011-06-15".to_owned();
        let call = Call { service, operation, target: "caller", method, path, headers, body };
        let answer = self.plain.text(&call).await?.unwrap_or_default();
        // The one element of this name in a short answer.
        let arn =
            answer.split_once("<Arn>").and_then(|(_, rest)| Some(rest.split_once("</Arn>")?.0.to_owned()));
        arn.ok_or_else(|| lacks(operation, "caller", "Arn"))
    }

    fn ahead(&self) -> Option<SignedDuration> {
        self.plain.ahead()
    }
}

fn asked(place: usize, query: &Figure) -> MetricDataQuery {
    let dimensions = query.dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(*name).value(value).build());
    let metric = Metric::builder().namespace(query.namespace).metric_name(query.name);
    let metric = metric.set_dimensions(Some(dimensions.collect()));
    let statistic = if query.is_greatest { "Maximum" } else { "Sum" };
    let asked = MetricStat::builder().metric(metric.build()).period(PERIOD).stat(statistic).build();
    MetricDataQuery::builder().id(format!("q{place}")).metric_stat(asked).build()
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    Some(value.pointer(pointer)?.as_str()?.to_owned())
}

/// A name in a path. Names of functions, schedules and mappings are of letters, digits, and `-_.:`, which stay.
fn coded(name: &str) -> String {
    let code = |c: char| if c.is_ascii_alphanumeric() || "-_.:".contains(c) { c } else { '_' };
    name.chars().map(code).collect()
}

fn lacks(operation: &'static str, target: &str, member: &str) -> EcsError {
    let problem = format!("the answer has no usable {member}");
    EcsError { operation, target: target.to_owned(), problem, meaning: Meaning::Unknown }
}

#[cfg(test)]
mod tests;
