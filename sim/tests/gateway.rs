//! The gateway: what it records, what it breaks, and processes killed at a chosen call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test panics where it does not hold, and works at the outside"
)]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use steward_sim::lambda::clock::FastClock;
use steward_sim::lambda::gateway::{Fault, Gateway, Hook, Next, Settings as Behind, When};
use steward_sim::lambda::queue::Settings as QueueSettings;
use steward_sim::lambda::runtime::{Exit, Function, InvokeError, Settings};
use steward_sim::lambda::source::{self, Source};
use steward_sim::lambda::sqs::Sqs;
use steward_sim::slack::Slack;

const PATIENCE: Duration = Duration::from_secs(20);

struct House {
    sqs: Sqs,
    gateway: Gateway,
    function: Function,
}

async fn house(sqs: Sqs) -> House {
    for queue in ["tell", "events"] {
        let visibility_timeout = Duration::from_mins(2);
        sqs.create_queue(queue, QueueSettings { visibility_timeout, ..QueueSettings::default() }).unwrap();
    }
    let settings = Settings::new("remediation", env!("CARGO_BIN_EXE_echo-function"));
    let behind = Behind { sqs: Some(sqs.clone()), ..Behind::default() }.function(&settings);
    let gateway = Gateway::start(behind).await.unwrap();
    let function = Function::new(settings.variable("AWS_ENDPOINT_URL", gateway.url()));
    House { sqs, gateway, function }
}

fn call(sqs: &Sqs, operation: &str, mut body: Value) -> Value {
    body["QueueUrl"] = sqs.queue_url("tell").into();
    json!({ "do": "call", "service": "sqs", "target": format!("AmazonSQS.{operation}"), "body": body })
}

impl House {
    /// Lets the function send a message, and gives the status and the body that it saw.
    async fn send(&self, body: &str) -> Result<(u64, Value), InvokeError> {
        self.ask(call(&self.sqs, "SendMessage", json!({ "MessageBody": body }))).await
    }

    async fn ask(&self, payload: Value) -> Result<(u64, Value), InvokeError> {
        let answer = self.function.invoke(payload.to_string()).await?;
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let body = answer["body"].as_str().unwrap();
        Ok((answer["status"].as_u64().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    fn sent(&self) -> usize {
        self.sqs.counts("tell").unwrap().total()
    }
}

fn sends() -> When {
    When::any().function("remediation").service("sqs").operation("SendMessage")
}

#[tokio::test]
async fn a_call_reaches_its_queue_and_is_recorded() {
    let house = house(Sqs::default()).await;
    assert_eq!(house.send("a").await.unwrap().0, 200);
    assert_eq!(house.sent(), 1);
    let calls = house.gateway.calls();
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!(
        (call.number, call.function.as_str(), call.operation.as_str()),
        (1, "remediation", "SendMessage")
    );
    assert_eq!(call.touches[0].resource, "arn:aws:sqs:us-east-1:123456789012:tell");
    assert_eq!((call.status, call.took_effect, call.attempt), (Some(200), Some(200), Some(1)));
    assert!(call.duration.is_some());
}

#[tokio::test]
async fn a_service_that_nobody_stands_for_answers_with_an_error() {
    let house = house(Sqs::default()).await;
    let unknown = json!({ "do": "call", "service": "ssm", "target": "AmazonSSM.GetParameters", "body": { "Names": ["/a"] } });
    let (status, body) = house.ask(unknown).await.unwrap();
    assert_eq!((status, &body["__type"]), (502, &json!("StewardSimNoService")));
    let (status, body) = house.ask(call(&house.sqs, "ListQueues", json!({}))).await.unwrap();
    assert_eq!(status, 400);
    assert_eq!(body["__type"], "com.amazon.coral.service#UnknownOperationException");
}

#[tokio::test]
async fn a_throttle_hits_the_calls_it_was_meant_for_and_has_no_effect() {
    let house = house(Sqs::default()).await;
    let throttle = house.gateway.inject(sends().nth(2), Fault::Throttle);
    let statuses =
        [house.send("a").await.unwrap(), house.send("b").await.unwrap(), house.send("c").await.unwrap()];
    assert_eq!(statuses.each_ref().map(|(status, _)| *status), [200, 400, 200]);
    assert_eq!(statuses[1].1["__type"], "com.amazonaws.sqs#RequestThrottled");
    assert_eq!(house.sent(), 2);
    let hits = house.gateway.hits(throttle);
    assert_eq!(hits.iter().map(|call| call.number).collect::<Vec<_>>(), [2]);
    assert_eq!((hits[0].fault, hits[0].took_effect), (Some("throttle"), None));
}

#[tokio::test]
async fn each_service_throttles_in_its_own_words() {
    let house = house(Sqs::default()).await;
    house.gateway.inject(When::any(), Fault::Throttle);
    let cases = [
        ("dynamodb", 400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
        ("ssm", 400, "ThrottlingException"),
        ("scheduler", 429, "TooManyRequestsException"),
    ];
    for (service, status, name) in cases {
        let call = json!({ "do": "call", "service": service, "target": "X.Y", "body": {} });
        let (answered, body) = house.ask(call).await.unwrap();
        assert_eq!((answered, &body["__type"]), (status, &json!(name)), "{service}");
    }
    let sns = json!({ "do": "call", "service": "sns", "target": "", "body": "Action=Publish" });
    let answer = house.function.invoke(sns.to_string()).await.unwrap();
    assert!(String::from_utf8(answer).unwrap().contains("<Code>Throttling</Code>"));
}

#[tokio::test]
async fn a_service_is_down_until_told_otherwise() {
    let house = house(Sqs::default()).await;
    house.gateway.down("sqs");
    assert_eq!(house.send("a").await.unwrap().0, 503);
    house.gateway.up("sqs");
    assert_eq!(house.send("a").await.unwrap().0, 200);
    assert_eq!(house.sent(), 1);
}

#[tokio::test]
async fn a_cut_call_has_no_effect_and_a_lost_answer_has_one() {
    let house = house(Sqs::default()).await;
    house.gateway.inject(sends().nth(1), Fault::Cut);
    house.gateway.inject(sends().nth(2), Fault::LoseAnswer);
    assert!(house.send("a").await.is_err());
    assert_eq!(house.sent(), 0);
    assert!(house.send("b").await.is_err());
    assert_eq!(house.sent(), 1);
    let calls = house.gateway.calls();
    assert_eq!([calls[0].took_effect, calls[1].took_effect], [None, Some(200)]);
    assert_eq!([calls[0].status, calls[1].status], [None, None]);
}

#[tokio::test]
async fn two_faults_of_the_same_call_hit_one_call_each() {
    let house = house(Sqs::default()).await;
    let cut = house.gateway.inject(sends().nth(1), Fault::Cut);
    let throttle = house.gateway.inject(sends().nth(1), Fault::Throttle);
    assert!(house.send("a").await.is_err());
    assert_eq!(house.send("b").await.unwrap().0, 400);
    assert_eq!(house.send("c").await.unwrap().0, 200);
    let numbers = |injected| house.gateway.hits(injected).iter().map(|call| call.number).collect::<Vec<_>>();
    assert_eq!((numbers(cut), numbers(throttle)), (vec![1], vec![2]));
}

#[tokio::test]
async fn a_held_call_is_never_answered_with_or_without_effect() {
    let house = house(Sqs::default()).await;
    house.gateway.inject(sends().nth(1), Fault::Hold);
    house.gateway.inject(sends().nth(2), Fault::HoldAnswer);
    for effects in [0, 1] {
        let mut patient = call(&house.sqs, "SendMessage", json!({ "MessageBody": "a" }));
        patient["patience_milliseconds"] = 100.into();
        assert!(matches!(house.ask(patient).await, Err(InvokeError::FunctionError { .. })));
        assert_eq!(house.sent(), effects);
    }
}

#[tokio::test]
async fn a_delayed_call_arrives_late() {
    let house = house(Sqs::default()).await;
    let delay = Duration::from_millis(50);
    house.gateway.inject(sends(), Fault::DelayBefore(delay));
    assert_eq!(house.send("a").await.unwrap().0, 200);
    assert!(house.gateway.calls()[0].duration.is_some_and(|duration| duration >= delay));
}

#[tokio::test]
async fn a_function_killed_before_a_call_leaves_no_effect() {
    let house = house(Sqs::default()).await;
    let kill = house.gateway.kill_before(sends().nth(1), &house.function);
    let error = house.send("a").await.unwrap_err();
    assert!(matches!(error, InvokeError::Crashed { exit: Exit::Signal(9), .. }), "{error}");
    let hits = house.gateway.hit(kill, 1).await;
    assert_eq!((hits[0].number, hits[0].took_effect), (1, None));
    assert_eq!(house.sent(), 0);
    assert_eq!(house.send("a").await.unwrap().0, 200, "the next invocation gets a new environment");
}

#[tokio::test]
async fn a_function_killed_after_a_call_leaves_its_effect() {
    let house = house(Sqs::default()).await;
    let kill = house.gateway.kill_after(sends().nth(1), &house.function);
    let error = house.send("a").await.unwrap_err();
    assert!(matches!(error, InvokeError::Crashed { exit: Exit::Signal(9), .. }), "{error}");
    let hits = house.gateway.hit(kill, 1).await;
    assert!(hits[0].succeeded());
    assert_eq!(house.sent(), 1);
}

#[tokio::test]
async fn a_hook_may_change_the_world_and_let_the_call_go_on() {
    let house = house(Sqs::default()).await;
    let sqs = house.sqs.clone();
    let meanwhile = Hook::new(move |call| {
        let sqs = sqs.clone();
        async move {
            sqs.send("tell", &format!("before call {}", call.number), None).unwrap();
            Next::GoOn
        }
    });
    house.gateway.inject(sends().first(1), Fault::Before(meanwhile));
    house.send("a").await.unwrap();
    house.send("b").await.unwrap();
    let bodies: Vec<String> =
        house.sqs.look("tell").unwrap().iter().map(|message| message.body.to_string()).collect();
    assert_eq!(bodies, ["before call 1", "a", "b"]);
}

#[tokio::test]
async fn healed_faults_hit_nothing_more() {
    let house = house(Sqs::default()).await;
    let throttle = house.gateway.inject(When::any(), Fault::Throttle);
    assert_eq!(house.send("a").await.unwrap().0, 400);
    house.gateway.heal();
    assert_eq!(house.send("a").await.unwrap().0, 200);
    assert_eq!(house.gateway.hits(throttle).len(), 1);
    house.gateway.forget();
    assert_eq!(house.gateway.calls(), []);
    house.send("a").await.unwrap();
    assert_eq!(house.gateway.calls()[0].number, 3);
}

#[tokio::test]
async fn a_message_that_its_function_hid_for_longer_stays_hidden_while_the_rest_of_its_batch_returns() {
    let sqs = Sqs::new(Arc::new(FastClock::new(60)));
    let house = house(sqs.clone()).await;
    house.function.warm().await.unwrap();
    let hide = json!({ "ReceiptHandle": "$RECEIPT", "VisibilityTimeout": 36_000 });
    let mut hide = call(&sqs, "ChangeMessageVisibility", hide);
    hide["body"]["QueueUrl"] = sqs.queue_url("events").into();
    hide["unfinished"] = true.into();
    let hidden = sqs.send("events", &hide.to_string(), None).unwrap().message_id;
    let failing = json!({ "do": "fail", "message": "asked to" }).to_string();
    let returning = sqs.send("events", &failing, None).unwrap().message_id;
    let source = Source::start(source::Settings::new("events"), &sqs, house.function.clone()).unwrap();
    let batches = tokio::time::timeout(PATIENCE, source.ended(2)).await.expect("two batches end");
    assert_eq!(batches[0].message_ids, [hidden.clone(), returning.clone()]);
    assert_eq!(batches[0].deleted, [""; 0]);
    assert_eq!(batches[1].message_ids, [returning]);
    assert!(house.gateway.calls()[0].succeeded());
    let received: Vec<(String, u32)> = sqs
        .look("events")
        .unwrap()
        .into_iter()
        .map(|message| (message.message_id, message.receive_count))
        .collect();
    assert_eq!(received[0], (hidden, 1));
}

#[tokio::test]
async fn posts_to_slack_are_calls_like_all_others() {
    let slack = Slack::start().await.unwrap();
    let settings = Settings::new("notifications", env!("CARGO_BIN_EXE_echo-function"));
    let gateway = Gateway::start(Behind::default().slack(&slack, "notifications")).await.unwrap();
    let function = Function::new(settings.variable("AWS_ENDPOINT_URL", gateway.url()));
    let path = "/services/T1/B1/secret";
    let post =
        json!({ "do": "call", "path": path, "service": "-", "target": "", "body": { "text": "news" } });
    gateway.kill_after(When::any().service("slack").nth(2), &function);
    function.invoke(post.to_string()).await.unwrap();
    assert_eq!(slack.posted().len(), 1);
    function.invoke(post.to_string()).await.unwrap_err();
    assert_eq!(slack.posted().len(), 2, "told, and killed before it could be marked");
    let calls = gateway.calls_of(&When::any().function("notifications").operation("PostMessage"));
    assert_eq!(calls.iter().map(|call| call.took_effect).collect::<Vec<_>>(), [Some(200), Some(200)]);
}
