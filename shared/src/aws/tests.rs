//! What the small adapters send, and what they make of the answers of SQS, SNS, SSM, CloudFormation, and of what is read for alerts.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::scripted::{Answer, Script, run, run_paused};
use super::*;
use crate::arn::{ClusterArn, Family, ServiceName, TaskArn, TaskDefinitionArn};
use crate::incident::{Severity, Target};
use crate::ledger::Root;
use crate::notification::{LogLine, Message, Subject, Tone};
use crate::ports::{
    Channel, EcsError, Evidence, EvidenceError, Form, How, Letter, LogSource, Meaning, Overwrite, Owners,
    ParameterError, ParameterStore, Parameters, Postpone, SendError, Tell, Trouble,
};
use crate::redact::redact;
use crate::words::Language;

pub(super) fn told() -> (Subject, Message) {
    let target = Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        name: ServiceName::new("api"),
    };
    let title = redact("service api in shop: out of memory");
    let message = Message {
        status: redact("Failing since 20 Nov 21:04 UTC."),
        ..Message::brief(Tone::Alert(Severity::Info), title, Language::En)
    };
    (Subject::Incident { target, opened_at: Timestamp::UNIX_EPOCH }, message)
}

#[test]
fn a_nudge_names_its_subject_and_its_delay() {
    let script = Script::of([Answer::ok(&json!({"MessageId": "m"}))]);
    let queue = TellQueue::new(&script.sdk(), "https://sqs/1/tell".to_owned());
    run(queue.nudge(&told().0, SignedDuration::from_secs(15))).unwrap();
    let sent = &script.sent()[0];
    assert_eq!(sent.operation.as_deref(), Some("SendMessage"));
    assert_eq!(
        (&sent.json()["QueueUrl"], &sent.json()["DelaySeconds"]),
        (&json!("https://sqs/1/tell"), &json!(15))
    );
    let body: serde_json::Value = serde_json::from_str(sent.json()["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&body["steward"], &body["subject"]["subject"]), (&json!("tell"), &json!("incident")));
}

#[test]
fn a_queue_that_fails_is_named_with_its_subject() {
    let script = Script::of([Answer::error(400, "QueueDoesNotExist")]);
    let queue = TellQueue::new(&script.sdk(), "https://sqs/1/tell".to_owned());
    let error = run(queue.nudge(&told().0, SignedDuration::ZERO)).unwrap_err().to_string();
    assert!(
        error.starts_with("SendMessage on the tell queue for incident of service api in shop: QueueDoes"),
        "{error}"
    );
    assert_eq!(script.sent().len(), 1, "what cannot succeed is not tried again");
    let error = run(queue.postpone("receipt", SignedDuration::from_mins(1))).unwrap_err();
    assert_eq!(error.operation, "ChangeMessageVisibility");
}

fn letter((subject, message): &(Subject, Message), form: Form) -> Letter<'_> {
    Letter { subject, message, key: "open:1", how: How::New, form }
}

const TOPIC: &str = "arn:aws:sns:eu-central-1:1:alerts";

fn publish(answer: Answer, form: Form) -> (Result<Option<Root>, SendError>, Script) {
    let script = Script::of([answer]);
    let topic = Topic::new(&script.sdk(), "mail".to_owned(), TOPIC.to_owned());
    (run(topic.send(&letter(&told(), form))), script)
}

fn published() -> Answer {
    let body = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";
    Answer::Http(200, &[], body.to_owned())
}

#[test]
fn a_mail_has_its_subject_its_text_and_what_filters_need() {
    let (result, script) = publish(published(), Form::Rich);
    assert_eq!(result, Ok(None), "it is never found again");
    let form = &script.sent()[0].body;
    for part in [
        "Action=Publish",
        "Subject=INFO%3A%20service%20api%20in%20shop",
        "Name=tone",
        "StringValue=info",
        "Name=severity",
        "Name=cluster",
        "StringValue=shop",
        "StringValue=incident",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }
}

#[test]
fn a_plain_mail_is_its_text_alone() {
    let (result, script) = publish(published(), Form::Plain);
    assert_eq!(result, Ok(None));
    let form = &script.sent()[0].body;
    assert!(form.contains("Message=") && !form.contains("Subject=") && !form.contains("Name="), "{form}");
}

#[test]
fn amazon_q_gets_its_schema_with_the_letters_own_id() {
    let ids: Vec<serde_json::Value> = ["open:1", "still:1"]
        .into_iter()
        .map(|key| {
            let script = Script::of([published()]);
            let channel = AmazonQ::new(&script.sdk(), "chat".to_owned(), TOPIC.to_owned());
            let told = told();
            assert_eq!(channel.name(), "chat");
            run(channel.send(&Letter { key, ..letter(&told, Form::Rich) })).unwrap();
            let fields: BTreeMap<String, String> =
                form_urlencoded::parse(script.sent()[0].body.as_bytes()).into_owned().collect();
            assert!(!fields.contains_key("Subject"), "{fields:?}");
            let sent: serde_json::Value = serde_json::from_str(&fields["Message"]).unwrap();
            assert_eq!((&sent["version"], &sent["source"]), (&json!("1.0"), &json!("custom")));
            sent["id"].clone()
        })
        .collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn what_a_topic_answers_is_judged_by_whether_the_message_may_have_arrived() {
    let error = |status: u16, code: &str| {
        let body =
            format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
        Answer::Http(status, &[], body)
    };
    for (answer, trouble, said) in [
        (error(403, "AuthorizationError"), Trouble::Refused, "AuthorizationError (403)"),
        (error(404, "NotFound"), Trouble::Refused, "NotFound (404)"),
        (error(400, "InvalidParameter"), Trouble::Form, "InvalidParameter (400)"),
        (error(400, "InvalidParameterValue"), Trouble::Form, "InvalidParameterValue (400)"),
        (error(429, "Throttled"), Trouble::Later, "Throttled (429)"),
        (error(500, "InternalError"), Trouble::Unknown, "InternalError (500)"),
        (Answer::NoConnection, Trouble::Later, "no connection"),
        (Answer::Broken, Trouble::Unknown, "no answer"),
    ] {
        let (result, script) = publish(answer, Form::Rich);
        let failed = result.unwrap_err();
        assert_eq!((failed.trouble, failed.channel.as_str()), (trouble, "mail"), "{failed}");
        assert!(failed.problem.starts_with(&format!("Publish: {said}")), "{failed}");
        assert_eq!(script.sent().len(), 1, "nothing is sent twice: {failed}");
    }
}

#[test]
fn parameters_come_back_in_the_order_of_their_names_by_tens() {
    let answer = json!({"Parameters": [{"Name": "/b", "Value": "2"}], "InvalidParameters": ["/a"]});
    let script = Script::of([Answer::ok(&answer)]);
    let names: Vec<String> = ["/a", "/b"].map(str::to_owned).into();
    let found = run(Ssm::new(&script.sdk()).get(&names)).unwrap();
    assert_eq!(found, [None, Some("2".to_owned())]);
    assert_eq!(script.sent()[0].json(), json!({"Names": ["/a", "/b"], "WithDecryption": true}));
    let many: Vec<String> = (0..21).map(|n| format!("/{n}")).collect();
    run(Ssm::new(&script.sdk()).get(&many)).unwrap();
    assert_eq!(script.sent().len(), 1 + 3);
}

#[test]
fn a_parameter_store_that_refuses_is_told_from_one_that_is_busy() {
    for (status, code, retryable) in [
        (400, "AccessDeniedException", false),
        (400, "ThrottlingException", true),
        (500, "InternalServerError", true),
    ] {
        let script = Script::of([Answer::error(status, code)]);
        let error = run(Ssm::new(&script.sdk()).get(&["/a".to_owned()])).unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{error}");
        assert!(error.to_string().starts_with(&format!("GetParameters /a: {code} ({status})")), "{error}");
    }
    let script = Script::of([Answer::error(400, "ParameterAlreadyExists")]);
    let error = run(Ssm::new(&script.sdk()).put("/a", "1", Overwrite::No)).unwrap_err();
    assert_eq!(error, ParameterError::Exists { name: "/a".to_owned() });
}

#[test]
fn a_subject_of_a_mail_is_one_short_line_of_printable_ascii() {
    use crate::notification::mail;
    let (_, message) = told();
    for (title, expected) in [
        ("service api in shop: out of memory", "CRITICAL: service api in shop: out of memory"),
        ("“naïve” – app’s\u{a0}größe", "CRITICAL: \"na?ve\" - app's gr??e"),
    ] {
        let message =
            Message { title: redact(title), tone: Tone::Alert(Severity::Critical), ..message.clone() };
        assert_eq!(mail::subject(&message), expected);
    }
    let long = Message { title: redact(&"ü\n".repeat(200)), ..message };
    let subject = mail::subject(&long);
    assert!(subject.len() == 99 && subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{subject}");
}

fn stack_status(answer: Answer) -> Result<Option<String>, EcsError> {
    let script = Script::of([answer]);
    let status = run(Stacks::new(&script.sdk()).stack_status("shop"));
    assert!(
        script.sent()[0].body.contains("Action=DescribeStacks")
            && script.sent()[0].body.contains("StackName=shop")
    );
    status
}

#[test]
fn a_stack_has_a_status_or_is_known_not_to_be_there() {
    let found = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>shop</StackName>\
        <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_IN_PROGRESS</StackStatus></member></Stacks>\
        </DescribeStacksResult></DescribeStacksResponse>";
    let status = stack_status(Answer::Http(200, &[], found.to_owned()));
    assert_eq!(status, Ok(Some("UPDATE_IN_PROGRESS".to_owned())));
    let error = |code: &str, message: &str| {
        let body = format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        stack_status(Answer::Http(400, &[], body))
    };
    assert_eq!(error("ValidationError", "Stack with id shop does not exist"), Ok(None));
    for (code, message, meaning) in [
        ("ValidationError", "1 validation error detected", Meaning::Refused),
        ("AccessDenied", "the role does not exist", Meaning::Refused),
        ("Throttling", "Rate exceeded", Meaning::Throttled),
    ] {
        let failed = error(code, message).unwrap_err();
        assert_eq!((failed.meaning.clone(), failed.operation), (meaning, "DescribeStacks"), "{failed}");
    }
    let nothing = "<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>";
    assert!(stack_status(Answer::Http(200, &[], nothing.to_owned())).is_err());
}

fn log_source() -> LogSource {
    let arn = |rest: &str| format!("arn:aws:ecs:eu-central-1:123456789012:{rest}");
    LogSource {
        task: TaskArn::new(arn("task/shop/0123456789abcdef")),
        task_definition: TaskDefinitionArn::new(arn("task-definition/api:7")),
        container: "app".to_owned(),
    }
}

fn definition(driver: &str) -> Answer {
    let options = json!({
        "awslogs-group": "/ecs/api", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"
    });
    let log = json!({"logDriver": driver, "options": options});
    let containers = json!([{"name": "sidecar"}, {"name": "app", "logConfiguration": log}]);
    Answer::ok(&json!({"taskDefinition": {"containerDefinitions": containers}}))
}

fn last_lines(answers: Vec<Answer>) -> (Result<Vec<LogLine>, EvidenceError>, Script) {
    let script = Script::of(answers);
    (run_paused(TaskEvidence::new(&script.sdk()).last_lines(&log_source(), 3)), script)
}

#[test]
fn the_last_lines_of_a_container_are_read_where_it_writes_them_short_and_without_secrets() {
    let events = json!({"events": [
        {"timestamp": 1_700_000_000_123_i64, "message": "starting\n"},
        {"timestamp": 1_700_000_001_000_i64, "message": "DB_PASSWORD=hunter22hunter22"},
        {"message": "ü".repeat(5_000)},
    ]});
    let (lines, script) = last_lines(vec![definition("awslogs"), Answer::ok(&events)]);
    let lines = lines.unwrap();
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts[0], "starting");
    assert_eq!(lines[0].at.map(Timestamp::as_millisecond), Some(1_700_000_000_123));
    assert!(!texts[1].contains("hunter22"), "{texts:?}");
    assert!(texts[2].len() <= 1_000 && texts[2].len() > 990, "{}", texts[2].len());
    let sent = &script.sent()[1];
    assert!(sent.uri.contains("logs.eu-west-1."), "{}", sent.uri);
    assert_eq!(
        sent.json(),
        json!({
            "logGroupName": "/ecs/api", "logStreamName": "ecs/app/0123456789abcdef", "limit": 3,
            "startFromHead": false
        })
    );
}

#[test]
fn a_container_without_a_log_that_can_be_read_has_no_lines() {
    let nothing = Answer::ok(&json!({"taskDefinition": {"containerDefinitions": [{"name": "sidecar"}]}}));
    for (answers, calls) in [
        (vec![definition("splunk")], 1),
        (vec![nothing], 1),
        (vec![definition("awslogs"), Answer::error(400, "ResourceNotFoundException")], 2),
    ] {
        let (lines, script) = last_lines(answers);
        assert_eq!((lines, script.sent().len()), (Ok(Vec::new()), calls));
    }
}

#[test]
fn lines_that_cannot_be_read_are_told_with_what_was_read_and_hold_nobody_up() {
    for (answers, operation, said) in [
        (vec![Answer::error(400, "ClientException")], "DescribeTaskDefinition", "ClientException (400)"),
        (
            vec![definition("awslogs"), Answer::error(400, "AccessDeniedException")],
            "GetLogEvents",
            "AccessDeniedException (400)",
        ),
        (vec![Answer::Hang], "GetLogEvents", "no answer in 5 seconds"),
    ] {
        let error = last_lines(answers).0.unwrap_err();
        assert_eq!(error.operation, operation, "{error}");
        assert!(error.problem.starts_with(said), "{error}");
    }
}

#[test]
fn a_service_has_tags_and_nothing_else_has() {
    let (Subject::Incident { target, .. }, _) = told() else { panic!("an incident") };
    let tags = |answer: Answer, target: &Target| {
        let script = Script::of([answer]);
        (run_paused(TaskEvidence::new(&script.sdk()).tags(target)), script.sent())
    };
    let answer =
        json!({"services": [{"serviceName": "api", "tags": [{"key": "team", "value": "checkout"}]}]});
    let (found, sent) = tags(Answer::ok(&answer), &target);
    assert_eq!(found, Ok([("team".to_owned(), "checkout".to_owned())].into()));
    assert_eq!(
        (&sent[0].json()["services"], &sent[0].json()["include"]),
        (&json!(["api"]), &json!(["TAGS"]))
    );
    assert_eq!(tags(Answer::error(400, "ClusterNotFoundException"), &target).0, Ok(BTreeMap::new()));
    let error = tags(Answer::error(400, "AccessDeniedException"), &target).0.unwrap_err();
    assert!(error.to_string().starts_with("DescribeServices of service api in shop: Access"), "{error}");
    let family = Target::Family { cluster: target.cluster().clone(), family: Family::new("job") };
    let (found, sent) = tags(Answer::error(500, "X"), &family);
    assert_eq!((found, sent.len()), (Ok(BTreeMap::new()), 0));
}
