//! A whole house: a function, its queue, the gateway, and moto behind it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test panics where it does not hold, and works at the outside"
)]

use std::time::Duration;

use serde_json::{Value, json};
use steward_sim::binaries::{self, Profile};
use steward_sim::lambda::gateway::{Fault, Gateway, Settings as Behind, When};
use steward_sim::lambda::runtime::{Function, Settings};
use steward_sim::lambda::sqs::Sqs;
use steward_sim::moto::Moto;

fn call(target: &str, body: &Value) -> Value {
    let service = if target.starts_with("DynamoDB") { "dynamodb" } else { "ssm" };
    json!({ "do": "call", "service": service, "target": target, "body": body })
}

async fn ask(function: &Function, payload: &Value) -> (u64, Value) {
    let answer = function.invoke(payload.to_string()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or(Value::Null);
    (answer["status"].as_u64().unwrap(), body)
}

#[tokio::test]
async fn a_function_writes_through_the_gateway_into_motos_table() {
    let programs = tokio::task::spawn_blocking(|| binaries::build(&["steward-sim"], Profile::Dev));
    let bootstrap = programs.await.unwrap().unwrap().remove("echo-function").expect("cargo names it");
    let moto = Moto::start().await.unwrap();
    let settings = Settings { timeout: Duration::from_secs(30), ..Settings::new("remediation", bootstrap) };
    let behind = Behind { sqs: Some(Sqs::default()), upstream: Some(moto.url()), ..Behind::default() };
    let gateway = Gateway::start(behind.function(&settings)).await.unwrap();
    let function = Function::new(settings.variable("AWS_ENDPOINT_URL", gateway.url()));

    let table = json!({
        "TableName": "steward", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    });
    moto.call("dynamodb", "DynamoDB_20120810.CreateTable", &table).await.unwrap();
    let put = json!({ "TableName": "steward", "Item": { "pk": { "S": "r#a" }, "version": { "N": "1" } } });
    gateway.inject(When::any().operation("PutItem").nth(1), Fault::Throttle);
    let (status, refused) = ask(&function, &call("DynamoDB_20120810.PutItem", &put)).await;
    assert_eq!(status, 400, "{refused}");
    let get = json!({ "TableName": "steward", "Key": { "pk": { "S": "r#a" } }, "ConsistentRead": true });
    assert_eq!(ask(&function, &call("DynamoDB_20120810.GetItem", &get)).await, (200, json!({})));
    assert_eq!(ask(&function, &call("DynamoDB_20120810.PutItem", &put)).await.0, 200);
    let (_, got) = ask(&function, &call("DynamoDB_20120810.GetItem", &get)).await;
    assert_eq!(got["Item"]["version"]["N"], "1");

    let puts = gateway.calls_of(&When::any().function("remediation").operation("PutItem"));
    assert_eq!(puts.iter().map(|put| put.took_effect).collect::<Vec<_>>(), [None, Some(200)]);
    assert_eq!(puts[0].touches[0].leading_keys, ["r#a"]);
    assert_eq!(puts[0].touches[0].resource, "arn:aws:dynamodb:us-east-1:123456789012:table/steward");

    moto.reset().await.unwrap();
    assert_eq!(ask(&function, &call("DynamoDB_20120810.GetItem", &get)).await.0, 400, "the table is gone");
}

#[tokio::test]
async fn moto_is_set_up_without_an_sdk_and_says_what_it_refuses() {
    let moto = Moto::start().await.unwrap();
    let topic = moto.query("sns", &[("Action", "CreateTopic"), ("Name", "news")]).await.unwrap();
    assert!(topic.contains("arn:aws:sns:us-east-1:123456789012:news"), "{topic}");
    let parameter = json!({ "Name": "/slack", "Type": "SecureString", "Value": "https://hooks.slack.com/services/T/B/X" });
    moto.call("ssm", "AmazonSSM.PutParameter", &parameter).await.unwrap();
    let asked = json!({ "Names": ["/slack"], "WithDecryption": true });
    let got = moto.call("ssm", "AmazonSSM.GetParameters", &asked).await.unwrap();
    assert_eq!(got["Parameters"][0]["Value"], parameter["Value"]);
    let error =
        moto.call("dynamodb", "DynamoDB_20120810.DescribeTable", &json!({ "TableName": "gone" })).await;
    assert!(error.unwrap_err().to_string().contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn test_processes_that_race_install_moto_once() {
    let (one, other) = tokio::join!(
        tokio::task::spawn_blocking(steward_sim::moto::install),
        tokio::task::spawn_blocking(steward_sim::moto::install),
    );
    let environment = one.unwrap().unwrap();
    assert_eq!(environment, other.unwrap().unwrap());
    assert!(environment.program("moto_server").is_file());
}

/// Amazon's own SDK for Python comes with moto: it checks digests, and knows errors by their codes.
const BOTO: &str = r#"
import sys, boto3
from botocore.exceptions import ClientError
endpoint, url = sys.argv[1:]
sqs = boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1",
                   aws_access_key_id="AKIABOTO", aws_secret_access_key="x")
def refused(code, call, **arguments):
    try:
        call(QueueUrl=url, **arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
    else:
        raise AssertionError(f"{code} expected")
sqs.send_message(QueueUrl=url, MessageBody="h\u00e4ngt")
batch = sqs.send_message_batch(QueueUrl=url, Entries=[
    {"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "2", "DelaySeconds": 901}])
assert [one["Id"] for one in batch["Successful"]] == ["a"] and batch["Failed"][0]["Code"] == "InvalidParameterValue"
messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
assert sorted(m["Body"] for m in messages) == ["1", "h\u00e4ngt"], messages
assert messages[0]["Attributes"]["ApproximateReceiveCount"] == "1"
receipt = messages[0]["ReceiptHandle"]
sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=60)
counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
assert counts["ApproximateNumberOfMessagesNotVisible"] == "2", counts
sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt)
sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": messages[1]["ReceiptHandle"]}])
assert "Messages" not in sqs.receive_message(QueueUrl=url)
assert sqs.get_queue_url(QueueName="tell")["QueueUrl"] == url
sqs.purge_queue(QueueUrl=url)
refused("AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue)
refused("InvalidParameterValue", sqs.send_message, MessageBody="a", DelaySeconds=901)
refused("ReceiptHandleIsInvalid", sqs.delete_message, ReceiptHandle="nonsense")
url = url + "-gone"
refused("AWS.SimpleQueueService.NonExistentQueue", sqs.send_message, MessageBody="a")
"#;

#[tokio::test]
async fn amazons_own_sdk_takes_the_queues_for_sqs() {
    let environment = tokio::task::spawn_blocking(steward_sim::moto::install).await.unwrap().unwrap();
    let sqs = Sqs::default();
    sqs.create_queue("tell", steward_sim::lambda::queue::Settings::default()).unwrap();
    let gateway = Gateway::start(Behind { sqs: Some(sqs.clone()), ..Behind::default() }).await.unwrap();
    let output = tokio::process::Command::new(environment.program("python"))
        .args(["-c", BOTO, &gateway.url(), &sqs.queue_url("tell")])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(gateway.calls().iter().all(|call| call.function == "AKIABOTO" && call.service == "sqs"));
}

#[tokio::test]
async fn a_cancelled_transaction_takes_back_its_own_writes_and_nobody_elses() {
    let moto = Moto::start().await.unwrap();
    let table = json!({
        "TableName": "steward", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    });
    moto.call("dynamodb", "DynamoDB_20120810.CreateTable", &table).await.unwrap();
    let put = |key: String| json!({ "TableName": "steward", "Item": { "pk": { "S": key } } });
    let (moto, put) = (&moto, &put);
    let puts = (0..100).map(|n| async move {
        moto.call("dynamodb", "DynamoDB_20120810.PutItem", &put(format!("put-{n}"))).await.unwrap();
    });
    let cancelled = (0..100).map(|n| async move {
        let mut refused = put(format!("put-{n}"));
        refused["ConditionExpression"] = json!("attribute_exists(nothing)");
        let writes = json!({ "TransactItems": [{ "Put": put(format!("half-{n}")) }, { "Put": refused }] });
        let answer = moto.call("dynamodb", "DynamoDB_20120810.TransactWriteItems", &writes).await;
        answer.unwrap_err().to_string()
    });
    let all = puts.zip(cancelled).map(|(put, cancelled)| futures_util::future::join(put, cancelled));
    for ((), refusal) in futures_util::future::join_all(all).await {
        assert!(refusal.contains("TransactionCanceledException"), "{refusal}");
    }
    let scan = json!({ "TableName": "steward" });
    let found = moto.call("dynamodb", "DynamoDB_20120810.Scan", &scan).await.unwrap();
    let keys: Vec<&str> =
        found["Items"].as_array().unwrap().iter().map(|item| item["pk"]["S"].as_str().unwrap()).collect();
    assert_eq!(keys.iter().filter(|key| key.starts_with("put-")).count(), 100, "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("put-")), "{keys:?}");
}
