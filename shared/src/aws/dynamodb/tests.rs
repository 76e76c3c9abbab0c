//! What the ledger sends, and what it makes of DynamoDB's answers. The wire tests do the same against moto.

use serde_json::{Value, json};

use super::super::scripted::{Answer, Script, run};
use super::*;
use crate::arn::{ClusterArn, ServiceName};
use crate::incident::{Target, TargetRecord};
use crate::ledger::{News, Record};
use crate::notification::Subject;

fn target(name: &str) -> Target {
    Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:1:cluster/shop"),
        name: ServiceName::new(name),
    }
}

fn write(name: &str, expect: Expect) -> Write {
    let target = target(name);
    let record = Record::Target(TargetRecord::new(target.clone()));
    Write { key: Key::target(&target), expect, record, due: None, expires: None }
}

fn ledger(answers: impl IntoIterator<Item = Answer>) -> (DynamoLedger, Script) {
    let script = Script::of(answers);
    (DynamoLedger::new(&script.sdk(), "table".to_owned()), script)
}

fn commit(answers: &[Answer], writes: Vec<Write>) -> (Result<(), LedgerError>, Script) {
    let (ledger, script) = ledger(answers.to_vec());
    (run(ledger.commit(Transaction { writes })), script)
}

fn stored_item(name: &str, version: u64) -> Value {
    let write = write(name, Expect::Absent);
    json!({
        "pk": {"S": write.key.to_string()},
        "item": {"S": encode(&write.key, &write.record).unwrap()},
        "version": {"N": version.to_string()},
    })
}

#[test]
fn an_item_is_written_with_all_that_the_table_and_its_index_need() {
    let at = Timestamp::from_millisecond(1_763_760_600_123).unwrap();
    let subject = Subject::Incident { target: target("api"), opened_at: at };
    let key = Key::news(&subject);
    let record = Record::News(News { subject, seq: 7 });
    let write = Write { key, expect: Expect::Version(3), record, due: Some(at), expires: Some(at) };
    let (result, script) = commit(&[Answer::ok(&json!({}))], vec![write]);
    assert_eq!(result, Ok(()));
    let [sent] = script.sent().try_into().unwrap();
    assert_eq!(sent.operation.as_deref(), Some("PutItem"));
    let body = sent.json();
    let mut item = body["Item"].clone();
    let head = format!(r#"{{"schema":{},"record":{{"news""#, crate::ledger::SCHEMA);
    assert!(item["item"]["S"].as_str().unwrap().starts_with(&head));
    item["item"] = Value::Null;
    assert_eq!(
        item,
        json!({
            "pk": {"S": "x#NEWS#incident#arn:aws:ecs:eu-central-1:1:cluster/shop/service/api#2025-11-21T21:30:00.123Z"},
            "item": null, "version": {"N": "4"}, "due_owner": {"S": "x#"}, "due_at": {"N": "1763760600123"},
            "expires_at": {"N": "1763760600"},
        })
    );
    assert_eq!(body["ConditionExpression"], "#version = :expected");
    assert_eq!(body["ExpressionAttributeValues"], json!({":expected": {"N": "3"}}));
}

#[test]
fn a_lost_condition_is_a_conflict_that_names_the_item() {
    let key = write("web", Expect::Absent).key;
    let lost = Answer::error(400, "ConditionalCheckFailedException");
    let (result, script) = commit(&[lost], vec![write("web", Expect::Absent)]);
    assert_eq!((result, script.sent().len()), (Err(LedgerError::Conflict { key: key.clone() }), 1));
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",
        "CancellationReasons": [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": "x"}],
    });
    let cancelled = Answer::Http(400, &[], body.to_string());
    let writes = vec![write("api", Expect::Absent), write("web", Expect::Version(2))];
    let (result, _) = commit(&[cancelled], writes);
    assert_eq!(result, Err(LedgerError::Conflict { key }));
}

/// A write as DynamoDB shows it.
fn shown(write: &Write) -> Value {
    let mut shown = stored_item("", 0);
    shown["pk"]["S"] = json!(write.key.to_string());
    shown["item"]["S"] = json!(encode(&write.key, &write.record).unwrap());
    shown["version"]["N"] = match write.expect {
        Expect::Absent => json!("1"),
        Expect::Version(version) => json!((version + 1).to_string()),
    };
    shown
}

#[test]
fn a_write_that_an_earlier_try_of_the_same_call_carried_out_is_no_conflict() {
    let ours = write("web", Expect::Version(2));
    let lost = |item: &Value| {
        let kind = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
        Answer::Http(400, &[], json!({"__type": kind, "message": "no", "Item": item}).to_string())
    };
    let (result, _) = commit(&[lost(&shown(&ours))], vec![ours.clone()]);
    assert_eq!(result, Ok(()));
    let mut newer = shown(&ours);
    newer["version"]["N"] = json!("4");
    let (result, _) = commit(&[lost(&newer)], vec![ours.clone()]);
    assert_eq!(result, Err(LedgerError::Conflict { key: ours.key.clone() }));

    let other = write("api", Expect::Absent);
    let cancelled = |items: [Value; 2]| {
        let reason = |item: Value| json!({"Code": "ConditionalCheckFailed", "Item": item});
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        let body = json!({"__type": kind, "Message": "x", "CancellationReasons": items.map(reason)});
        Answer::Http(400, &[], body.to_string())
    };
    let writes = vec![ours.clone(), other.clone()];
    let (result, _) = commit(&[cancelled([shown(&ours), shown(&other)])], writes.clone());
    assert_eq!(result, Ok(()));
    let (result, _) = commit(&[cancelled([newer, shown(&other)])], writes);
    assert_eq!(result, Err(LedgerError::Conflict { key: ours.key }));
}

fn cancelled(code: &str) -> Answer {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",
        "CancellationReasons": [{"Code": "None"}, {"Code": code}],
    });
    Answer::Http(400, &[], body.to_string())
}

#[test]
fn a_transaction_that_met_another_is_no_lost_condition_and_is_sent_again() {
    let writes = || vec![write("api", Expect::Absent), write("web", Expect::Absent)];
    let (result, script) = commit(&[cancelled("TransactionConflict"), Answer::ok(&json!({}))], writes());
    assert_eq!((result, script.sent().len()), (Ok(()), 2));
    let (result, script) = commit(&[cancelled("TransactionConflict")], writes());
    assert!(matches!(result, Err(LedgerError::Unavailable { .. })), "{result:?}");
    assert_eq!(script.sent().len(), MAX_MEETINGS);
    let (result, _) = commit(&[cancelled("ItemCollectionSizeLimitExceeded")], writes());
    assert!(matches!(result, Err(LedgerError::Refused { .. })), "{result:?}");
}

#[test]
fn what_passes_is_retryable_and_what_does_not_is_refused() {
    for (answer, retryable, tries) in [
        (Answer::error(400, "ProvisionedThroughputExceededException"), true, 3),
        (Answer::error(400, "ThrottlingException"), true, 3),
        (Answer::error(500, "InternalServerError"), true, 3),
        (Answer::NoConnection, true, 3),
        (Answer::Broken, true, 3),
        (Answer::error(400, "AccessDeniedException"), false, 1),
        (Answer::error(400, "ResourceNotFoundException"), false, 1),
        (Answer::error(400, "ValidationException"), false, 1),
    ] {
        let (result, script) = commit(std::slice::from_ref(&answer), vec![write("api", Expect::Absent)]);
        let error = result.unwrap_err();
        assert_eq!((error.is_retryable(), script.sent().len()), (retryable, tries), "{answer:?}: {error}");
        assert!(error.to_string().starts_with("PutItem of r#TARGET#arn:aws:ecs"), "{error}");
    }
}

#[test]
fn one_key_is_got_and_several_are_got_together_and_consistently() {
    let (ledger, script) = ledger([Answer::ok(&json!({"Item": stored_item("api", 5)}))]);
    let found = run(ledger.read(&[Key::target(&target("api"))])).unwrap();
    assert_eq!(found[0].as_ref().unwrap().version, 5);
    assert_eq!(script.sent()[0].json()["ConsistentRead"], true);

    let answer = json!({"Responses": {"table": [stored_item("web", 2)]}});
    let (ledger, script) = super::tests::ledger([Answer::ok(&answer)]);
    let keys = ["api", "web", "api"].map(|name| Key::target(&target(name)));
    let found = run(ledger.read(&keys)).unwrap();
    let versions: Vec<Option<u64>> =
        found.iter().map(|stored| stored.as_ref().map(|stored| stored.version)).collect();
    assert_eq!(versions, [None, Some(2), None]);
    let request = &script.sent()[0].json()["RequestItems"]["table"];
    assert_eq!((request["Keys"].as_array().unwrap().len(), &request["ConsistentRead"]), (2, &json!(true)));
}

#[test]
fn keys_that_are_left_unread_are_asked_for_again_and_not_for_ever() {
    let left = json!({"Responses": {"table": []}, "UnprocessedKeys": {"table": {"Keys": [
        {"pk": {"S": Key::target(&target("web")).to_string()}}], "ConsistentRead": true}}});
    let rest = json!({"Responses": {"table": [stored_item("web", 2)]}});
    let keys = ["api", "web"].map(|name| Key::target(&target(name)));
    let (first, script) = ledger([Answer::ok(&left), Answer::ok(&rest)]);
    assert!(run(first.read(&keys)).unwrap()[1].is_some());
    assert_eq!(script.sent()[1].json()["RequestItems"]["table"]["Keys"].as_array().unwrap().len(), 1);
    let (never, script) = ledger([Answer::ok(&left)]);
    assert!(run(never.read(&keys)).unwrap_err().is_retryable());
    assert_eq!(script.sent().len(), MAX_ROUNDS);
}

#[test]
fn an_item_of_a_newer_version_is_refused_by_name() {
    let mut item = stored_item("api", 1);
    item["item"]["S"] = json!(r#"{"schema":9,"record":{"what":1}}"#);
    let (ledger, _) = ledger([Answer::ok(&json!({"Item": item}))]);
    let key = Key::target(&target("api"));
    let error = run(ledger.read(std::slice::from_ref(&key))).unwrap_err();
    assert_eq!(error, LedgerError::NewerSchema { key, schema: 9 });
}

#[test]
fn what_is_due_is_asked_for_from_behind_the_last() {
    let key = Key::target(&target("api"));
    let item = json!({"pk": {"S": key.to_string()}, "due_owner": {"S": "r#"}, "due_at": {"N": "5"}});
    let (ledger, script) = ledger([Answer::ok(&json!({"Items": [item]}))]);
    let now = Timestamp::from_millisecond(9).unwrap();
    let found = run(ledger.due(Owner::Remediation, now, None, 10)).unwrap();
    assert_eq!(found, [Due { at: Timestamp::from_millisecond(5).unwrap(), key: key.clone() }]);
    run(ledger.due(Owner::Remediation, now, found.first(), 10)).unwrap();
    let sent = script.sent();
    assert_eq!(
        sent[0].json()["ExpressionAttributeValues"],
        json!({":owner": {"S": "r#"}, ":now": {"N": "9"}})
    );
    assert_eq!(sent[0].json()["IndexName"], "due");
    assert_eq!(sent[1].json()["ExclusiveStartKey"], item);
}
