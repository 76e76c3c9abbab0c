//! The queues by which services are scaled: SQS counts what is in them now, CloudWatch what went through them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};

use super::ecs::failed;
use super::late::Late;
use super::sdk::Sdk;
use crate::observed::Observed;
use crate::ports::{EcsError, Meaning, ReadQueues};
use crate::scaling::{QueueCounts, QueueMinute, QueueName};

const GET_URL: &str = "GetQueueUrl";
const GET_ATTRIBUTES: &str = "GetQueueAttributes";
const GET_METRICS: &str = "GetMetricData";
/// What SQS says of a queue that is not there, in its protocol and in the older one that it still names codes by.
pub(super) const MISSING: [&str; 2] = ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];
const MINUTE: i64 = 60;
/// CloudWatch is asked for so many minutes: the latest that it tells of is among them, or none is of use.
const MINUTES: i64 = 5;
/// A queue's metrics: the letter that its query's id begins with, name, statistic.
const METRICS: [(&str, &str, &str); 3] = [
    ("s", "NumberOfMessagesSent", "Sum"),
    ("d", "NumberOfMessagesDeleted", "Sum"),
    ("a", "ApproximateAgeOfOldestMessage", "Maximum"),
];

/// Queues of this account and region.
#[derive(Debug)]
pub struct Queues {
    sqs: Late<aws_sdk_sqs::Client>,
    cloudwatch: Late<aws_sdk_cloudwatch::Client>,
    /// A queue's URL never changes.
    urls: RefCell<BTreeMap<QueueName, String>>,
}

impl Queues {
    /// With what all clients share.
    pub fn new(sdk: &Sdk) -> Self {
        Self { sqs: sdk.sqs(), cloudwatch: sdk.cloudwatch(), urls: RefCell::default() }
    }

    async fn url(&self, queue: &QueueName) -> Result<Option<String>, EcsError> {
        let known = self.urls.borrow().get(queue).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let answer = match self.sqs.get_queue_url().queue_name(&queue.0).send().await {
            Ok(answer) => answer,
            Err(error) if error.code().is_some_and(|code| MISSING.contains(&code)) => return Ok(None),
            Err(error) => return Err(failed(GET_URL, queue.to_string(), &error)),
        };
        let url = answer.queue_url.ok_or_else(|| lacks(GET_URL, queue, "QueueUrl"))?;
        self.urls.borrow_mut().insert(queue.clone(), url.clone());
        Ok(Some(url))
    }
}

impl ReadQueues for Queues {
    async fn counts(&self, queue: &QueueName) -> Result<Option<QueueCounts>, EcsError> {
        let Some(url) = self.url(queue).await? else { return Ok(None) };
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.code().is_some_and(|code| MISSING.contains(&code)) => return Ok(None),
            Err(error) => return Err(failed(GET_ATTRIBUTES, queue.to_string(), &error)),
        };
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name: QueueAttributeName| {
            let text = attributes.get(&name).ok_or_else(|| lacks(GET_ATTRIBUTES, queue, name.as_str()))?;
            text.parse::<u64>().map_err(|_| lacks(GET_ATTRIBUTES, queue, name.as_str()))
        };
        Ok(Some(QueueCounts {
            visible: count(QueueAttributeName::ApproximateNumberOfMessages)?,
            in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?,
            delayed: count(QueueAttributeName::ApproximateNumberOfMessagesDelayed)?,
        }))
    }

    async fn minutes(
        &self,
        queues: &[QueueName],
        until: Timestamp,
    ) -> Result<Vec<Observed<QueueMinute>>, EcsError> {
        if queues.is_empty() {
            return Ok(Vec::new());
        }
        // A minute that has just ended is still being counted.
        let end = (until.as_second().div_euclid(MINUTE) - 1) * MINUTE;
        let queries: Vec<MetricDataQuery> =
            queues.iter().enumerate().flat_map(|(place, queue)| queries(place, queue)).collect();
        let mut told: BTreeMap<String, Told> = BTreeMap::new();
        let mut next = None;
        loop {
            let page = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from_secs(end - MINUTES * MINUTE))
                .end_time(DateTime::from_secs(end))
                .scan_by(ScanBy::TimestampDescending)
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failed(GET_METRICS, format!("{} queues", queues.len()), &error))?;
            for result in page.metric_data_results.unwrap_or_default() {
                if let Some(id) = result.id() {
                    told.entry(id.to_owned()).or_default().hear(&result);
                }
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok((0..queues.len()).map(|place| minute(place, &told)).collect())
    }
}

fn queries(place: usize, queue: &QueueName) -> impl Iterator<Item = MetricDataQuery> {
    METRICS.into_iter().map(move |(letter, name, statistic)| {
        let dimension = Dimension::builder().name("QueueName").value(&queue.0).build();
        let metric = Metric::builder().namespace("AWS/SQS").metric_name(name).dimensions(dimension).build();
        let period = i32::try_from(MINUTE).unwrap_or(i32::MAX);
        let asked = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
        MetricDataQuery::builder().id(format!("{letter}{place}")).metric_stat(asked).build()
    })
}

/// What CloudWatch tells of one metric: values by the second in which their minute began.
#[derive(Debug, Default)]
struct Told {
    values: BTreeMap<i64, f64>,
    problem: Option<String>,
}

impl Told {
    fn hear(&mut self, result: &MetricDataResult) {
        // `PartialData`: the next page goes on.
        if let Some(status @ (StatusCode::InternalError | StatusCode::Forbidden)) = result.status_code() {
            self.problem = Some(format!("CloudWatch: {}", status.as_str()));
        }
        let times = result.timestamps().iter().map(DateTime::secs);
        self.values.extend(times.zip(result.values().iter().copied()));
    }
}

/// The latest minute of which all metrics are told or, where there is none, any.
fn minute(place: usize, told: &BTreeMap<String, Told>) -> Observed<QueueMinute> {
    let of_queue = METRICS.map(|(letter, ..)| told.get(&format!("{letter}{place}")));
    if let Some(problem) = of_queue.iter().flatten().find_map(|told| told.problem.clone()) {
        return Observed::Unknown(problem);
    }
    let values = of_queue.map(|told| told.map(|told| &told.values));
    let [sent, ..] = values;
    let is_whole = |second: &&i64| values.iter().all(|values| values.is_some_and(|v| v.contains_key(second)));
    let whole = sent.and_then(|sent| sent.keys().rev().find(is_whole));
    let any = || values.iter().flatten().filter_map(|values| values.keys().next_back()).max();
    let Some(second) = whole.or_else(any) else { return Observed::Absent };
    let Ok(began) = Timestamp::from_second(*second) else { return Observed::Absent };
    let [sent, deleted, oldest] = values.map(|values| values.and_then(|values| values.get(second)).copied());
    let oldest = oldest.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds.max(0.0)).ok());
    Observed::Known(QueueMinute { began, sent: sent.map(count), deleted: deleted.map(count), oldest })
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and takes NaN for 0"
)]
fn count(value: f64) -> u64 {
    value.round() as u64
}

/// An answer that lacks what it must have.
fn lacks(operation: &'static str, queue: &QueueName, member: &str) -> EcsError {
    EcsError {
        operation,
        target: queue.to_string(),
        problem: format!("the answer has no usable {member}"),
        meaning: Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests;
