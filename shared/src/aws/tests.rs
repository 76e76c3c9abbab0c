//! What the small adapters send, and what they make of the answers of SQS, SNS, SSM and Slack.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::scripted::{Answer, Script, run};
use super::*;
use crate::arn::{ClusterArn, ServiceName};
use crate::config::MemoryParameters;
use crate::incident::{Failures, Incident, Remedies, Severity, Status, Target};
use crate::notification::{Message, Subject, Tone, incident};
use crate::ports::{
    Channel, EcsError, Meaning, Overwrite, Owners, ParameterError, ParameterStore, Parameters, Postpone,
    SendError, Tell,
};
use crate::redact::redact;

fn told() -> (Subject, Message) {
    let target = Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        name: ServiceName::new("api"),
    };
    let opened_at = Timestamp::UNIX_EPOCH;
    let failures = Failures::default();
    let about = Incident {
        target: target.clone(),
        opened_at,
        status: Status::Open,
        after: None,
        failures,
        deployments: [].into(),
        remedies: Remedies::default(),
        relapses: 0,
    };
    (Subject::Incident { target, opened_at }, incident(&about))
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

fn publish(answer: Answer) -> (Result<(), SendError>, Script) {
    let script = Script::of([answer]);
    let topic = Topic::new(&script.sdk(), "arn:aws:sns:eu-central-1:1:alerts".to_owned());
    let (subject, message) = told();
    (run(topic.send(&subject, &message)), script)
}

#[test]
fn a_mail_has_its_subject_its_text_and_what_filters_need() {
    let body = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";
    let (result, script) = publish(Answer::Http(200, &[], body.to_owned()));
    assert_eq!(result, Ok(()));
    let form = &script.sent()[0].body;
    for part in ["Action=Publish", "Subject=INFO%3A%20service%20api%20in%20shop", "tone", "StringValue=info"]
    {
        assert!(form.contains(part), "{part} in {form}");
    }
}

#[test]
fn a_topic_that_refuses_is_not_retried_and_one_that_is_busy_is() {
    let error = |code: &str| {
        format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>")
    };
    for (status, code, retryable) in [
        (403, "AuthorizationError", false),
        (404, "NotFound", false),
        (429, "Throttled", true),
        (500, "InternalError", true),
    ] {
        let (result, _) = publish(Answer::Http(status, &[], error(code)));
        let failed = result.unwrap_err();
        assert_eq!((failed.retryable, failed.channel.as_str()), (retryable, "sns"), "{failed}");
        assert!(failed.problem.starts_with(&format!("Publish: {code} ({status})")), "{failed}");
    }
    assert!(publish(Answer::NoConnection).0.unwrap_err().retryable);
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

const WEBHOOK: &str = "https://hooks.slack.com/services/T0/B0/s3cr3t";

fn slack(script: &Script, webhook: &str) -> Slack<MemoryParameters> {
    let parameters = MemoryParameters::default();
    if !webhook.is_empty() {
        run(parameters.put("/secrets/slack", webhook, Overwrite::Yes)).unwrap();
    }
    Slack::new(&script.sdk(), parameters, "/secrets/slack".to_owned(), None)
}

fn send(answer: Answer) -> (Result<(), SendError>, Script) {
    let script = Script::of([answer]);
    let (subject, message) = told();
    (run(slack(&script, WEBHOOK).send(&subject, &message)), script)
}

#[test]
fn slack_gets_blocks_at_its_webhook() {
    let (result, script) = send(Answer::Http(200, &[], "ok".to_owned()));
    assert_eq!(result, Ok(()));
    let sent = &script.sent()[0];
    assert_eq!((sent.uri.as_str(), &sent.json()["blocks"][0]["type"]), (WEBHOOK, &json!("header")));
}

#[test]
fn slack_asks_for_a_pause_and_gets_it_and_what_it_refuses_is_not_retried() {
    let http = |status, headers: &'static [(&'static str, &'static str)], body: &str| {
        Answer::Http(status, headers, body.to_owned())
    };
    for (answer, retryable, pause, said) in [
        (http(429, &[("Retry-After", "7")], ""), true, Some(7), "slow down"),
        (http(429, &[("Retry-After", "soon")], ""), true, None, "slow down"),
        (http(503, &[], "down"), true, None, "503 down"),
        (http(302, &[("Location", "https://example.com/")], ""), false, None, "redirect"),
        (http(403, &[], "invalid_token"), false, None, "403 invalid_token"),
        (http(404, &[], "no_service"), false, None, "404 no_service"),
        (Answer::NoConnection, true, None, "no connection"),
        (Answer::Broken, true, None, "no answer"),
    ] {
        let (result, script) = send(answer.clone());
        let error = result.unwrap_err();
        assert_eq!(
            (error.retryable, error.retry_after.map(|pause| pause.as_secs())),
            (retryable, pause),
            "{error}"
        );
        assert!(error.problem.contains(said) && !error.problem.contains("s3cr3t"), "{error}");
        assert_eq!(script.sent().len(), 1, "a redirect is not followed: {answer:?}");
    }
}

#[test]
fn a_webhook_that_slack_refused_is_read_anew_for_the_next_message() {
    let script =
        Script::of([Answer::Http(404, &[], "no_service".to_owned()), Answer::Http(200, &[], String::new())]);
    let slack = slack(&script, WEBHOOK);
    let (subject, message) = told();
    run(slack.send(&subject, &message)).unwrap_err();
    let replaced = "https://hooks.slack.com/services/T0/B1/other";
    run(slack.parameters().put("/secrets/slack", replaced, Overwrite::Yes)).unwrap();
    run(slack.send(&subject, &message)).unwrap();
    assert_eq!(script.sent()[1].uri, replaced);
}

#[test]
fn nothing_is_sent_to_what_is_no_webhook_of_slack_and_no_secret_is_said() {
    for (webhook, said) in [
        ("", "there is no parameter /secrets/slack"),
        ("http://hooks.slack.com/services/s3cr3t", "https://"),
        ("https://hooks.slack.com.evil.example/services/s3cr3t", "its host"),
        ("https://hooks.slack.com@evil.example/services/s3cr3t", "its host"),
        ("https://hooks.slack.com:8443/services/s3cr3t", "its host"),
        ("https://evil.example/hooks.slack.com/s3cr3t", "its host"),
        ("https://hooks.slack.com/", "its path"),
        ("https://hooks.slack.com/services/s3cr3t?x=1", "its path"),
        ("https://hooks.slack.com/services/s3cr3t\nHost: evil", "its path"),
        ("xoxb-s3cr3t", "https://"),
    ] {
        let script = Script::of([Answer::Http(200, &[], String::new())]);
        let (subject, message) = told();
        let error = run(slack(&script, webhook).send(&subject, &message)).unwrap_err();
        assert!(error.problem.contains(said) && !error.problem.contains("s3cr3t"), "{webhook}: {error}");
        assert_eq!((script.sent().len(), error.retryable), (0, false), "{webhook}");
    }
}

#[test]
fn a_webhook_of_govslack_is_one_too() {
    let script = Script::of([Answer::Http(200, &[], String::new())]);
    let (subject, message) = told();
    run(slack(&script, " https://hooks.slack-gov.com/services/T0/B0/x \n").send(&subject, &message)).unwrap();
    assert_eq!(script.sent().len(), 1);
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
