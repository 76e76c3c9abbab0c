//! What the adapter makes of AWS's answers.

use serde_json::json;

use super::*;
use crate::aws::scripted::{Answer, Script, run};

fn now() -> Timestamp {
    "2026-11-28T00:00:10Z".parse().unwrap()
}

fn installed(answers: impl IntoIterator<Item = Answer>) -> (Installed, Script) {
    let script = Script::of(answers);
    (Installed::new(&script.sdk(), now), script)
}

#[test]
fn a_rule_is_read_with_its_targets_by_a_signed_request_and_the_answer_tells_the_time() {
    let dated = &[("date", "Sat, 28 Nov 2026 00:00:03 GMT")];
    let targets = json!({"Targets": [{"Id": "events", "Arn": "arn:aws:sqs:eu-central-1:1:q"}]});
    let (installed, script) =
        installed([Answer::ok(&json!({"State": "DISABLED"})), Answer::Http(200, dated, targets.to_string())]);
    assert_eq!(installed.ahead(), None);
    let rule = run(installed.rule("prod-TaskRule-1")).unwrap().unwrap();
    assert_eq!(
        (rule.state.as_str(), rule.targets.as_slice()),
        ("DISABLED", &["arn:aws:sqs:eu-central-1:1:q".to_owned()][..])
    );
    assert_eq!(installed.ahead(), Some(SignedDuration::from_secs(7)));
    let sent = script.sent();
    assert_eq!(sent[0].uri, "https://events.eu-central-1.amazonaws.com/");
    assert_eq!(
        (sent[0].operation.as_deref(), sent[1].operation.as_deref()),
        (Some("DescribeRule"), Some("ListTargetsByRule"))
    );
    assert_eq!(sent[1].json(), json!({"Rule": "prod-TaskRule-1"}));
    let signature = sent[0].authorization.as_deref().unwrap();
    assert!(signature.contains("/20261128/eu-central-1/events/aws4_request"), "{signature}");
}

#[test]
fn of_a_functions_environment_only_stewards_own_names_are_kept() {
    let (installed, script) = installed([Answer::ok(&json!({
        "State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no image", "Architectures": ["arm64"],
        "Environment": {"Variables": {"STEWARD_TABLE": "t", "SECRET": "s"}},
    }))]);
    let found = run(installed.function("prod-RemediationFunction-1")).unwrap().unwrap();
    assert_eq!(found.variables, BTreeMap::from([("STEWARD_TABLE".to_owned(), "t".to_owned())]));
    assert_eq!((found.state.as_str(), found.last_update.as_str()), ("Active", "Failed"));
    assert_eq!((found.reason.as_deref(), found.architecture.as_deref()), (Some("no image"), Some("arm64")));
    let path = "https://lambda.eu-central-1.amazonaws.com/2015-03-31/functions/prod-RemediationFunction-1/configuration";
    assert_eq!(script.sent()[0].uri, path);
}

#[test]
fn what_is_not_there_is_absent_and_what_is_refused_says_so() {
    let (installed, _) = installed([
        Answer::error(400, "ResourceNotFoundException"),
        Answer::Http(404, &[("x-amzn-errortype", "ResourceNotFoundException:http://x/")], "{}".to_owned()),
        Answer::error(400, "AccessDeniedException"),
        Answer::NoConnection,
    ]);
    assert_eq!(run(installed.rule("gone")).unwrap(), None);
    assert_eq!(run(installed.schedule("gone")).unwrap(), None);
    let error = run(installed.mapping("m")).unwrap_err();
    assert_eq!(error.to_string(), "GetEventSourceMapping m: AccessDeniedException (400): said so");
    assert_eq!(error.meaning, Meaning::Refused);
    assert_eq!(run(installed.function("f")).unwrap_err().meaning, Meaning::Unknown);
}

#[test]
fn who_asks_is_told_by_sts() {
    let answer = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/ana</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let (installed, script) = installed([Answer::Http(200, &[], answer.to_owned()), Answer::ok(&json!({}))]);
    assert_eq!(run(installed.caller()).unwrap(), "arn:aws:iam::1:user/ana");
    assert_eq!(script.sent()[0].uri, "https://sts.eu-central-1.amazonaws.com/");
    assert!(run(installed.caller()).unwrap_err().to_string().contains("no usable Arn"));
}

#[test]
fn messages_of_a_queue_are_counted_wherever_they_are() {
    let counts = |delayed: &str| {
        json!({"Attributes": {"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "3",
            "ApproximateNumberOfMessagesDelayed": delayed}})
    };
    let (installed, _) = installed([Answer::ok(&counts("4")), Answer::ok(&counts("many"))]);
    let url = "https://sqs.eu-central-1.amazonaws.com/1/q";
    assert_eq!(run(installed.queue(url)).unwrap(), Some(QueueState { messages: 9 }));
    assert!(
        run(installed.queue(url)).unwrap_err().to_string().contains("ApproximateNumberOfMessagesDelayed")
    );
}
