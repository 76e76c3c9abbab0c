use super::*;
use crate::lambda::queue::{DeadLetters, Settings};

fn service() -> Sqs {
    let sqs = Sqs::default();
    sqs.create_queue("dead", Settings::default()).unwrap();
    let dead_letters = Some(DeadLetters { queue: "dead".to_owned(), max_receive_count: 5 });
    sqs.create_queue("tell", Settings { dead_letters, ..Settings::default() }).unwrap();
    sqs
}

async fn call(sqs: &Sqs, operation: &str, mut body: Value) -> (u16, Option<String>, Value) {
    body.as_object_mut().unwrap().entry("QueueUrl").or_insert_with(|| sqs.queue_url("tell").into());
    let answer = sqs.answer(&format!("AmazonSQS.{operation}"), body.to_string().as_bytes()).await;
    let body =
        if answer.body.is_empty() { Value::Null } else { serde_json::from_slice(&answer.body).unwrap() };
    (answer.status, answer.query_error, body)
}

#[track_caller]
fn assert_refused(answer: &(u16, Option<String>, Value), shape: &str, code: &str) {
    assert_eq!(answer.0, 400, "{answer:?}");
    assert_eq!(answer.2["__type"], format!("com.amazonaws.sqs#{shape}"));
    assert_eq!(answer.1.as_deref(), Some(format!("{code};Sender").as_str()));
    assert!(answer.2["message"].as_str().is_some_and(|message| !message.is_empty()));
}

#[tokio::test]
async fn a_message_goes_round_over_the_wire() {
    let sqs = service();
    let (status, _, sent) = call(&sqs, "SendMessage", json!({ "MessageBody": "hello" })).await;
    assert_eq!((status, &sent["MD5OfMessageBody"]), (200, &json!("5d41402abc4b2a76b9719d911017c592")));
    let wanted =
        json!({ "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["ApproximateReceiveCount"] });
    let (_, _, received) = call(&sqs, "ReceiveMessage", wanted).await;
    let message = &received["Messages"][0];
    assert_eq!(message["Body"], "hello");
    assert_eq!(message["MessageId"], sent["MessageId"]);
    assert_eq!(message["Attributes"], json!({ "ApproximateReceiveCount": "1" }));
    let handle = &message["ReceiptHandle"];
    let hidden = json!({ "ReceiptHandle": handle, "VisibilityTimeout": 600 });
    assert_eq!(call(&sqs, "ChangeMessageVisibility", hidden).await, (200, None, Value::Null));
    assert_eq!(
        call(&sqs, "DeleteMessage", json!({ "ReceiptHandle": handle })).await,
        (200, None, Value::Null)
    );
    assert_eq!(call(&sqs, "ReceiveMessage", json!({})).await.2, json!({}));
    assert_eq!(sqs.counts("tell").unwrap().total(), 0);
}

#[tokio::test]
async fn refusals_have_the_names_that_sdks_look_for() {
    let sqs = service();
    let gone = json!({ "QueueUrl": sqs.queue_url("gone"), "MessageBody": "a" });
    let answer = call(&sqs, "SendMessage", gone).await;
    assert_refused(&answer, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue");
    for delay in [901, -1] {
        let late = json!({ "MessageBody": "a", "DelaySeconds": delay });
        let answer = call(&sqs, "SendMessage", late).await;
        assert_refused(&answer, "InvalidParameterValueException", "InvalidParameterValue");
    }
    let answer = call(&sqs, "SendMessage", json!({})).await;
    assert_refused(&answer, "MissingRequiredParameterException", "MissingParameter");
    let answer = call(&sqs, "DeleteMessage", json!({ "ReceiptHandle": "nonsense" })).await;
    assert_refused(&answer, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid");
    let answer = call(&sqs, "ReceiveMessage", json!({ "MaxNumberOfMessages": 11 })).await;
    assert_refused(&answer, "InvalidParameterValueException", "InvalidParameterValue");
    let attribute = json!({ "MessageBody": "a", "MessageAttributes": { "a": { "DataType": "String" } } });
    let answer = call(&sqs, "SendMessage", attribute).await;
    assert_refused(&answer, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation");
    assert_eq!(sqs.counts("tell").unwrap().total(), 0, "what was refused was not sent");
}

#[tokio::test]
async fn an_operation_that_is_not_imitated_is_an_error() {
    let sqs = service();
    for target in ["AmazonSQS.ListQueues", "DynamoDB_20120810.GetItem"] {
        let answer = sqs.answer(target, b"{}").await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 400);
        assert_eq!(body["__type"], "com.amazon.coral.service#UnknownOperationException");
    }
}

#[tokio::test]
async fn each_entry_of_a_batch_succeeds_or_fails_alone() {
    let sqs = service();
    let entries = json!({ "Entries": [
        { "Id": "good", "MessageBody": "a" },
        { "Id": "late", "MessageBody": "b", "DelaySeconds": 1000 },
    ] });
    let (status, _, answer) = call(&sqs, "SendMessageBatch", entries).await;
    assert_eq!(status, 200);
    assert_eq!(answer["Successful"][0]["Id"], "good");
    assert_eq!(answer["Failed"][0]["Id"], "late");
    assert_eq!(answer["Failed"][0]["Code"], "InvalidParameterValue");
    assert_eq!(sqs.counts("tell").unwrap().total(), 1);
}

#[tokio::test]
async fn a_batch_with_bad_ids_is_refused_whole() {
    let sqs = service();
    let entry = |id: &str| json!({ "Id": id, "MessageBody": "a" });
    let cases = [
        (vec![], "EmptyBatchRequest"),
        (vec![entry("a"), entry("a")], "BatchEntryIdsNotDistinct"),
        (vec![entry("a b")], "InvalidBatchEntryId"),
        ((0..11).map(|id| entry(&id.to_string())).collect(), "TooManyEntriesInBatchRequest"),
    ];
    for (entries, shape) in cases {
        let answer = call(&sqs, "SendMessageBatch", json!({ "Entries": entries })).await;
        assert_refused(&answer, shape, &format!("AWS.SimpleQueueService.{shape}"));
    }
    assert_eq!(sqs.counts("tell").unwrap().total(), 0);
}

#[tokio::test]
async fn attributes_tell_counts_and_the_redrive_policy() {
    let sqs = service();
    sqs.send("tell", "a", None).unwrap();
    sqs.send("tell", "b", Some(Duration::from_mins(1))).unwrap();
    let (_, _, answer) = call(&sqs, "GetQueueAttributes", json!({ "AttributeNames": ["All"] })).await;
    let attributes = &answer["Attributes"];
    assert_eq!(attributes["ApproximateNumberOfMessages"], "1");
    assert_eq!(attributes["ApproximateNumberOfMessagesDelayed"], "1");
    let policy: Value = serde_json::from_str(attributes["RedrivePolicy"].as_str().unwrap()).unwrap();
    assert_eq!(policy, json!({ "deadLetterTargetArn": sqs.queue_arn("dead"), "maxReceiveCount": 5 }));
    let answer = call(&sqs, "GetQueueAttributes", json!({ "AttributeNames": ["Colour"] })).await;
    assert_refused(&answer, "InvalidAttributeName", "InvalidAttributeName");
}

#[tokio::test]
async fn a_long_poll_ends_with_the_message_it_waited_for() {
    let sqs = service();
    let waiting = tokio::spawn({
        let sqs = sqs.clone();
        async move { call(&sqs, "ReceiveMessage", json!({ "WaitTimeSeconds": 20 })).await }
    });
    tokio::task::yield_now().await;
    sqs.send("tell", "at last", None).unwrap();
    assert_eq!(waiting.await.unwrap().2["Messages"][0]["Body"], "at last");
}
