//! Amazon CloudWatch as far as `GetMetricData` of queues and EC2 instances goes: what a test tells of them, minute by minute, over its wire
//! protocol (Smithy's RPC v2 in CBOR, which moto does not speak).
//!
//! Expressions, other periods than a minute and pages are not imitated: they are refused by name, as is any other operation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::sync::lock;

mod cbor;

/// What requests and answers are.
pub const CONTENT_TYPE: &str = "application/cbor";
/// What a service in signatures is called.
pub const SIGNED_FOR: &str = "monitoring";
/// Value of the header `smithy-protocol`.
pub const PROTOCOL: &str = "rpc-v2-cbor";
/// Metrics of one call (API reference of GetMetricData).
const MAX_QUERIES: usize = 500;
/// Its queues' metrics are told each minute.
const PERIOD: i64 = 60;

/// Values by the second in which their minute began.
type Values = BTreeMap<i64, f64>;

/// The service. Clones share their metrics.
#[derive(Clone, Debug, Default)]
pub struct CloudWatch {
    /// By queue or EC2 instance, and metric.
    metrics: Arc<Mutex<BTreeMap<(String, String), Values>>>,
}

/// An answer, ready for HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status of the response.
    pub status: u16,
    /// A CBOR document.
    pub body: Bytes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetMetricData {
    metric_data_queries: Vec<Query>,
    start_time: f64,
    end_time: f64,
    #[serde(default)]
    scan_by: Option<ScanBy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum ScanBy {
    TimestampAscending,
    TimestampDescending,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Query {
    id: String,
    metric_stat: MetricStat,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricStat {
    metric: Series,
    period: i64,
    /// A minute has one value, and so whatever statistic is asked for is it.
    #[serde(rename = "Stat")]
    _stat: Stat,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Stat {
    Sum,
    Maximum,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Series {
    namespace: String,
    metric_name: String,
    dimensions: Vec<Dimension>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Dimension {
    name: String,
    value: String,
}

impl CloudWatch {
    /// Tells of a queue's metric, such as `NumberOfMessagesSent`, in the minute that began then.
    pub fn tell(&self, queue: &str, metric: &str, began: Timestamp, value: f64) {
        let key = (queue.to_owned(), metric.to_owned());
        lock(&self.metrics).entry(key).or_default().insert(began.as_second(), value);
    }

    /// Tells what the status checks of an EC2 instance said in the minute that began then.
    pub fn tell_status_check(&self, ec2_instance_id: &str, began: Timestamp, has_failed: bool) {
        self.tell(ec2_instance_id, "StatusCheckFailed", began, if has_failed { 1.0 } else { 0.0 });
    }

    /// Answers one call of the wire protocol, by its operation.
    pub fn answer(&self, operation: &str, body: &[u8]) -> Answer {
        if operation != "GetMetricData" {
            let message = format!("this stand-in for CloudWatch has no operation {operation}");
            return refusal("UnknownOperationException", &message);
        }
        let asked = cbor::read(body).map_err(|error| error.to_string());
        let asked = asked.and_then(|asked| {
            serde_json::from_value::<GetMetricData>(asked).map_err(|error| error.to_string())
        });
        match asked.and_then(|asked| self.get_metric_data(&asked)) {
            Ok(answer) => Answer { status: 200, body: cbor::write(&answer).into() },
            Err(problem) => refusal("ValidationError", &problem),
        }
    }

    fn get_metric_data(&self, asked: &GetMetricData) -> Result<Value, String> {
        if asked.metric_data_queries.len() > MAX_QUERIES {
            return Err(format!("more than {MAX_QUERIES} metrics"));
        }
        let results: Result<Vec<Value>, String> =
            asked.metric_data_queries.iter().map(|query| self.result(asked, query)).collect();
        Ok(json!({ "MetricDataResults": results?, "Messages": [] }))
    }

    fn result(&self, asked: &GetMetricData, query: &Query) -> Result<Value, String> {
        let Series { namespace, metric_name, dimensions } = &query.metric_stat.metric;
        let queue = match dimensions.as_slice() {
            [Dimension { name, value }] if namespace == "AWS/SQS" && name == "QueueName" => value,
            [Dimension { name, value }] if namespace == "AWS/EC2" && name == "InstanceId" => value,
            _ => return Err(format!("{}: no metric of a queue or an EC2 instance", query.id)),
        };
        if query.metric_stat.period != PERIOD {
            return Err(format!("{}: a period of {} seconds", query.id, query.metric_stat.period));
        }
        let metrics = lock(&self.metrics);
        let told = metrics.get(&(queue.clone(), metric_name.clone()));
        let is_asked = |second: i64| {
            // The end is not part of it.
            (asked.start_time..asked.end_time).contains(&as_f64(second))
        };
        let mut values: Vec<(i64, f64)> = told
            .into_iter()
            .flatten()
            .map(|(second, value)| (*second, *value))
            .filter(|(second, _)| is_asked(*second))
            .collect();
        if asked.scan_by != Some(ScanBy::TimestampAscending) {
            values.reverse();
        }
        Ok(json!({
            "Id": query.id,
            "Label": metric_name,
            "StatusCode": "Complete",
            "Timestamps": values.iter().map(|(second, _)| cbor::time(*second)).collect::<Vec<_>>(),
            "Values": values.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
        }))
    }
}

/// An error as CloudWatch names it.
pub(crate) fn refusal(code: &str, message: &str) -> Answer {
    let body = json!({ "__type": format!("com.amazonaws.cloudwatch#{code}"), "message": message });
    Answer { status: 400, body: cbor::write(&body).into() }
}

/// The operation of a path of this protocol: `/service/GraniteServiceVersion20100801/operation/GetMetricData`.
pub(crate) fn operation_of(path: &str) -> Option<&str> {
    path.strip_prefix("/service/")?.split_once("/operation/").map(|(_, operation)| operation)
}

#[allow(clippy::cast_precision_loss, reason = "a time beyond 2^53 seconds is nobody's")]
fn as_f64(second: i64) -> f64 {
    second as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn asked(query: &Value) -> Value {
        json!({
            "MetricDataQueries": [query], "StartTime": cbor::time(600), "EndTime": cbor::time(900),
            "ScanBy": "TimestampDescending",
        })
    }

    fn query(metric: &str, period: i64) -> Value {
        let dimensions = json!([{"Name": "QueueName", "Value": "orders"}]);
        let metric = json!({"Namespace": "AWS/SQS", "MetricName": metric, "Dimensions": dimensions});
        json!({"Id": "a", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}})
    }

    fn answer(of: &CloudWatch, asked: &Value) -> (u16, Value) {
        let answer = of.answer("GetMetricData", &cbor::write(asked));
        (answer.status, cbor::read(&answer.body).unwrap())
    }

    #[test]
    fn what_was_told_of_the_minutes_that_are_asked_for_is_answered_the_latest_first() {
        let cloudwatch = CloudWatch::default();
        for (second, value) in [(540, 1.0), (600, 2.0), (840, 3.0), (900, 4.0)] {
            cloudwatch.tell("orders", "NumberOfMessagesSent", at(second), value);
        }
        cloudwatch.tell("other", "NumberOfMessagesSent", at(660), 9.0);
        let (status, told) = answer(&cloudwatch, &asked(&query("NumberOfMessagesSent", 60)));
        let result = &told["MetricDataResults"][0];
        assert_eq!((status, &result["Id"], &result["Values"]), (200, &json!("a"), &json!([3.0, 2.0])));
        assert_eq!(result["Timestamps"], json!([840.0, 600.0]));
        let (_, told) = answer(&cloudwatch, &asked(&query("NumberOfMessagesDeleted", 60)));
        assert_eq!(told["MetricDataResults"][0]["Values"], json!([]));
    }

    #[test]
    fn what_is_not_imitated_is_refused_by_name() {
        let expression = json!({"Id": "a", "Expression": "SUM(METRICS())"});
        for (query, problem) in
            [(query("NumberOfMessagesSent", 300), "a period of 300 seconds"), (expression, "Expression")]
        {
            let (status, told) = answer(&CloudWatch::default(), &asked(&query));
            assert_eq!((status, &told["__type"]), (400, &json!("com.amazonaws.cloudwatch#ValidationError")));
            assert!(told["message"].as_str().unwrap().contains(problem), "{told}");
        }
        assert_eq!(CloudWatch::default().answer("PutMetricData", &[]).status, 400);
    }

    #[test]
    fn an_operation_is_read_off_its_path() {
        let path = "/service/GraniteServiceVersion20100801/operation/GetMetricData";
        assert_eq!(operation_of(path), Some("GetMetricData"));
        assert_eq!(operation_of("/"), None);
    }
}
