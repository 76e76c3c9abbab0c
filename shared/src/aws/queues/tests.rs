use serde_json::{Value, json};

use super::*;
use crate::aws::scripted::{Answer, Script, run};

/// A value in CBOR; a number in an object below `$time` is a time.
fn cbor(value: &Value) -> Vec<u8> {
    fn head(kind: u8, count: u64) -> Vec<u8> {
        let mut bytes = vec![(kind << 5) | 0x1b];
        bytes.extend(count.to_be_bytes());
        bytes
    }
    match value {
        Value::Null => vec![0xf6],
        Value::Bool(truth) => vec![0xf4 + u8::from(*truth)],
        Value::Number(number) => [vec![0xfb], number.as_f64().unwrap().to_be_bytes().to_vec()].concat(),
        Value::String(text) => [head(3, text.len() as u64), text.as_bytes().to_vec()].concat(),
        Value::Array(items) => [head(4, items.len() as u64), items.iter().flat_map(cbor).collect()].concat(),
        Value::Object(members) => {
            if let Some(time) = members.get("$time") {
                return [vec![0xc1], cbor(time)].concat();
            }
            let pairs = members.iter().flat_map(|(key, value)| [cbor(&json!(key)), cbor(value)].concat());
            [head(5, members.len() as u64), pairs.collect()].concat()
        }
    }
}

fn told(body: &Value) -> Answer {
    Answer::Cbor(200, cbor(body))
}

fn result(id: &str, points: &[(i64, f64)]) -> Value {
    let times: Vec<Value> = points.iter().map(|(second, _)| json!({"$time": second})).collect();
    let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    json!({"Id": id, "Label": "x", "StatusCode": "Complete", "Timestamps": times, "Values": values})
}

fn queues(answers: impl IntoIterator<Item = Answer>) -> (Queues, Script) {
    let script = Script::of(answers);
    (Queues::new(&script.sdk()), script)
}

fn name(name: &str) -> QueueName {
    QueueName(name.to_owned())
}

fn url() -> Answer {
    Answer::ok(&json!({"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"}))
}

fn attributes(visible: &str) -> Answer {
    Answer::ok(&json!({"Attributes": {
        "ApproximateNumberOfMessages": visible, "ApproximateNumberOfMessagesNotVisible": "2",
        "ApproximateNumberOfMessagesDelayed": "1",
    }}))
}

/// 2026-11-27 00:00:00 UTC.
const NOON: i64 = 1_795_737_600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOON + second).unwrap()
}

#[test]
fn a_queues_url_is_asked_for_once_and_its_counts_each_time() {
    let (queues, script) = queues([url(), attributes("7"), attributes("9")]);
    let counts = |visible| QueueCounts { visible, in_flight: 2, delayed: 1 };
    assert_eq!(run(queues.counts(&name("orders"))), Ok(Some(counts(7))));
    assert_eq!(run(queues.counts(&name("orders"))), Ok(Some(counts(9))));
    let sent = script.sent();
    let operations: Vec<&str> = sent.iter().filter_map(|sent| sent.operation.as_deref()).collect();
    assert_eq!(operations, ["GetQueueUrl", "GetQueueAttributes", "GetQueueAttributes"]);
    assert_eq!(sent[0].json(), json!({"QueueName": "orders"}));
    let asked = json!([
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed"
    ]);
    assert_eq!(sent[1].json()["AttributeNames"], asked);
}

#[test]
fn a_queue_that_sqs_does_not_know_is_absent_and_what_cannot_be_read_is_an_error() {
    let by_query: &[(&str, &str)] =
        &[("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")];
    for headers in [&[], by_query] {
        let missing = || {
            let body = json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"});
            Answer::Http(400, headers, body.to_string())
        };
        assert_eq!(run(queues([missing()]).0.counts(&name("orders"))), Ok(None));
        assert_eq!(run(queues([url(), missing()]).0.counts(&name("orders"))), Ok(None), "gone since");
    }
    let denied = run(queues([url(), Answer::error(403, "AccessDenied")]).0.counts(&name("orders")));
    assert_eq!(denied.unwrap_err().to_string(), "GetQueueAttributes orders: AccessDenied (403): said so");
    let wrong = run(queues([url(), attributes("many")]).0.counts(&name("orders"))).unwrap_err();
    assert!(wrong.problem.contains("no usable ApproximateNumberOfMessages"), "{wrong}");
    let lacking = Answer::ok(&json!({"Attributes": {"ApproximateNumberOfMessages": "1"}}));
    assert!(run(queues([url(), lacking]).0.counts(&name("orders"))).is_err(), "never zero");
}

#[test]
fn the_latest_minute_of_which_all_metrics_are_told_counts() {
    let (queues, script) = queues([told(&json!({"MetricDataResults": [
        result("s0", &[(NOON + 180, 8.0), (NOON + 120, 60.0), (NOON + 60, 30.0)]),
        result("d0", &[(NOON + 120, 45.0), (NOON + 60, 30.0)]),
        result("a0", &[(NOON + 120, 12.0), (NOON + 60, 3.0)]),
        result("s1", &[(NOON + 60, 5.0)]),
    ]}))]);
    let names = [name("orders"), name("mails"), name("idle")];
    let minutes = run(queues.minutes(&names, at(305))).unwrap();
    let of_orders = QueueMinute {
        began: at(120),
        sent: Some(60),
        deleted: Some(45),
        oldest: Some(SignedDuration::from_secs(12)),
    };
    let of_mails = QueueMinute { began: at(60), sent: Some(5), deleted: None, oldest: None };
    assert_eq!(minutes, [Observed::Known(of_orders), Observed::Known(of_mails), Observed::Absent]);
    let sent = script.sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].uri.ends_with("/service/GraniteServiceVersion20100801/operation/GetMetricData"));
    for (text, count) in [("NumberOfMessagesSent", 3), ("ApproximateAgeOfOldestMessage", 3), ("orders", 3)] {
        assert_eq!(sent[0].body.matches(text).count(), count, "{text}");
    }
}

#[test]
fn every_page_is_read_and_what_cloudwatch_could_not_read_is_not_known() {
    let failed = json!({"Id": "d1", "StatusCode": "InternalError", "Timestamps": [], "Values": []});
    let (queues, script) = queues([
        told(&json!({"MetricDataResults": [result("s0", &[(NOON, 1.0)]), failed], "NextToken": "more"})),
        told(&json!({"MetricDataResults": [result("d0", &[(NOON, 2.0)]), result("a0", &[(NOON, 0.0)])]})),
    ]);
    let minutes = run(queues.minutes(&[name("orders"), name("mails")], at(300))).unwrap();
    let whole =
        QueueMinute { began: at(0), sent: Some(1), deleted: Some(2), oldest: Some(SignedDuration::ZERO) };
    let unknown = Observed::Unknown("CloudWatch: InternalError".to_owned());
    assert_eq!(minutes, [Observed::Known(whole), unknown]);
    assert_eq!(script.sent().len(), 2);
}

#[test]
fn an_error_of_cloudwatch_names_its_operation_and_says_what_it_means() {
    let error = json!({"__type": "com.amazonaws.cloudwatch#InternalServiceFault", "message": "sorry"});
    let (queues, _) = queues([Answer::Cbor(500, cbor(&error))]);
    let error = run(queues.minutes(&[name("orders")], at(0))).unwrap_err();
    assert!(error.to_string().starts_with("GetMetricData 1 queues: InternalServiceFault (500)"), "{error}");
    assert!(error.is_retryable());
}
