//! Event source mappings and ticks: batches, partial failures, redrive.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test panics where it does not hold, and works at the outside"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use steward_sim::lambda::clock::FastClock;
use steward_sim::lambda::queue::{self, DeadLetters};
use steward_sim::lambda::runtime::{Exit, Function, InvokeError, Settings, WhenBusy};
use steward_sim::lambda::source::{self, Batch, BatchOutcome, Source, Tick};
use steward_sim::lambda::sqs::Sqs;

const PATIENCE: Duration = Duration::from_secs(20);

/// A minute of the queues passes in a second; a received message is hidden for two, which a cold start on a busy machine
/// does not take.
fn sqs(max_receive_count: u32) -> Sqs {
    let sqs = Sqs::new(Arc::new(FastClock::new(60)));
    sqs.create_queue("dead", queue::Settings::default()).unwrap();
    let dead_letters = Some(DeadLetters { queue: "dead".to_owned(), max_receive_count });
    let visibility_timeout = Duration::from_mins(2);
    let settings = queue::Settings { dead_letters, visibility_timeout, ..queue::Settings::default() };
    sqs.create_queue("events", settings).unwrap();
    sqs
}

fn echo() -> Settings {
    Settings::new("echo", env!("CARGO_BIN_EXE_echo-function"))
}

/// Sends before the source starts, so that they make one batch.
fn send(sqs: &Sqs, deeds: &[Value]) -> Vec<String> {
    deeds.iter().map(|deed| sqs.send("events", &deed.to_string(), None).unwrap().message_id).collect()
}

fn ok() -> Value {
    json!({ "do": "echo" })
}

fn fail() -> Value {
    json!({ "do": "fail", "message": "asked to" })
}

async fn first_batch(sqs: &Sqs, settings: Settings) -> (Batch, Function) {
    let function = Function::new(settings);
    let source = Source::start(source::Settings::new("events"), sqs, function.clone()).unwrap();
    let mut batches = tokio::time::timeout(PATIENCE, source.ended(1)).await.expect("a batch ends");
    (batches.remove(0), function)
}

#[tokio::test]
async fn only_what_succeeded_is_deleted_and_the_rest_ends_among_the_dead_letters() {
    let sqs = sqs(2);
    let sent = send(&sqs, &[ok(), fail(), ok()]);
    let function = Function::new(echo());
    let source = Source::start(source::Settings::new("events"), &sqs, function.clone()).unwrap();
    assert!(sqs.drained("events", PATIENCE).await.unwrap());
    let batches = source.batches();
    assert_eq!(batches[0].message_ids, sent);
    assert_eq!(batches[0].deleted, [sent[0].clone(), sent[2].clone()]);
    assert_eq!(batches[0].outcome, BatchOutcome::PartlyFailed(BTreeSet::from([sent[1].clone()])));
    assert_eq!(batches.len(), 2, "two receipts are allowed");
    let dead = sqs.look("dead").unwrap();
    assert_eq!(dead.iter().map(|message| &message.message_id).collect::<Vec<_>>(), [&sent[1]]);
}

#[tokio::test]
async fn an_event_has_the_fields_that_lambda_gives() {
    let sqs = sqs(2);
    let sent = send(&sqs, &[ok()]);
    let (_, function) = first_batch(&sqs, echo()).await;
    function.shutdown().await;
    let logs = function.json_logs();
    let record = logs.iter().find_map(|log| log["Records"].get(0)).expect("the function writes its event");
    assert_eq!(record["messageId"], sent[0]);
    assert_eq!(record["body"], ok().to_string());
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:123456789012:events");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    for attribute in ["SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"] {
        assert!(record["attributes"][attribute].is_string(), "{attribute}");
    }
    assert!(record["md5OfBody"].as_str().is_some_and(|md5| md5.len() == 32));
}

#[tokio::test]
async fn a_failed_invocation_keeps_all_messages() {
    let sqs = sqs(3);
    send(&sqs, &[ok(), json!({ "do": "fail", "message": "", "whole": true })]);
    let (batch, _function) = first_batch(&sqs, echo()).await;
    assert!(matches!(batch.outcome, BatchOutcome::Failed(InvokeError::FunctionError { .. })));
    assert_eq!(batch.deleted, [""; 0]);
    assert_eq!(sqs.counts("events").unwrap().total(), 2);
}

#[tokio::test]
async fn a_crash_keeps_all_messages() {
    let sqs = sqs(3);
    send(&sqs, &[ok(), json!({ "do": "exit", "status": 1 })]);
    let (batch, _function) = first_batch(&sqs, echo()).await;
    assert!(matches!(
        batch.outcome,
        BatchOutcome::Failed(InvokeError::Crashed { exit: Exit::Status(1), .. })
    ));
    assert_eq!(sqs.counts("events").unwrap().total(), 2);
}

#[tokio::test]
async fn a_time_out_keeps_all_messages() {
    let sqs = sqs(3);
    send(&sqs, &[ok(), json!({ "do": "sleep", "milliseconds": 60_000 })]);
    let timeout = Duration::from_millis(200);
    let (batch, _function) = first_batch(&sqs, Settings { timeout, ..echo() }).await;
    assert!(matches!(batch.outcome, BatchOutcome::Failed(InvokeError::TimedOut { .. })));
    assert_eq!(sqs.counts("events").unwrap().total(), 2);
}

#[tokio::test]
async fn a_reply_that_cannot_be_read_keeps_all_messages() {
    let sqs = sqs(3);
    let unknown = json!({ "batchItemFailures": [{ "itemIdentifier": "of another batch" }] });
    send(&sqs, &[ok(), json!({ "do": "answer", "with": unknown })]);
    let (batch, _function) = first_batch(&sqs, echo()).await;
    assert!(matches!(batch.outcome, BatchOutcome::BadReply(_)), "{batch:?}");
    assert_eq!(sqs.counts("events").unwrap().total(), 2);
}

#[tokio::test]
async fn without_partial_responses_a_reply_is_not_read() {
    let sqs = sqs(3);
    send(&sqs, &[fail()]);
    let settings = source::Settings { report_batch_item_failures: false, ..source::Settings::new("events") };
    let source = Source::start(settings, &sqs, Function::new(echo())).unwrap();
    assert!(sqs.drained("events", PATIENCE).await.unwrap());
    assert_eq!(source.ended(1).await[0].outcome, BatchOutcome::Succeeded);
    assert_eq!(sqs.counts("dead").unwrap().total(), 0);
}

#[tokio::test]
async fn a_message_is_delivered_only_after_its_delay() {
    let sqs = sqs(3);
    let sent = sqs.send("events", &ok().to_string(), Some(Duration::from_mins(1))).unwrap();
    let from = sqs.look("events").unwrap()[0].sent_at;
    let source = Source::start(source::Settings::new("events"), &sqs, Function::new(echo())).unwrap();
    assert_eq!(sqs.counts("events").unwrap().delayed, 1);
    let batches = tokio::time::timeout(PATIENCE, source.ended(1)).await.expect("it comes");
    assert_eq!(batches[0].deleted, [sent.message_id]);
    assert!(sqs.now().duration_since(from).as_secs() >= 60);
}

#[tokio::test]
async fn a_window_gathers_messages_into_one_batch() {
    let sqs = sqs(3);
    let settings = source::Settings { window: Duration::from_mins(1), ..source::Settings::new("events") };
    let source = Source::start(settings, &sqs, Function::new(echo())).unwrap();
    let first = send(&sqs, &[ok()]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = send(&sqs, &[ok()]);
    let batches = tokio::time::timeout(PATIENCE, source.ended(1)).await.expect("a batch ends");
    assert_eq!(batches[0].message_ids, [first, second].concat());
}

#[tokio::test]
async fn a_throttled_batch_is_tried_again() {
    let sqs = sqs(3);
    let function = Function::new(Settings { when_busy: WhenBusy::Throttle, ..echo() });
    function.warm().await.unwrap();
    let slow = json!({ "do": "sleep", "milliseconds": 100 }).to_string();
    let busy = tokio::spawn({
        let function = function.clone();
        async move { function.invoke(slow).await }
    });
    while function.environments()[0].invocations == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    send(&sqs, &[ok()]);
    let source = Source::start(source::Settings::new("events"), &sqs, function).unwrap();
    let batches = tokio::time::timeout(PATIENCE, source.ended(1)).await.expect("a batch ends");
    assert_eq!(batches[0].outcome, BatchOutcome::Succeeded);
    busy.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_paused_source_takes_no_messages() {
    let sqs = sqs(3);
    let source = Source::start(source::Settings::new("events"), &sqs, Function::new(echo())).unwrap();
    source.pause();
    // A look that began before the pause ends first.
    tokio::time::sleep(Duration::from_millis(20)).await;
    send(&sqs, &[ok()]);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(sqs.counts("events").unwrap().visible, 1);
    source.resume();
    assert!(sqs.drained("events", PATIENCE).await.unwrap());
}

#[tokio::test]
async fn a_tick_invokes_again_and_again_and_survives_a_failure() {
    let function = Function::new(echo());
    let payload = json!({ "do": "echo", "steward": "sweep" });
    let tick = Tick::start(function.clone(), Duration::from_millis(10), &payload);
    let results = tokio::time::timeout(PATIENCE, tick.ended(2)).await.expect("it ticks");
    assert_eq!(results[0], Ok(payload.to_string().into_bytes()));
    let failing = Tick::start(function, Duration::from_millis(10), &fail());
    let results = tokio::time::timeout(PATIENCE, failing.ended(2)).await.expect("it ticks");
    assert!(results.iter().take(2).all(Result::is_err));
}
