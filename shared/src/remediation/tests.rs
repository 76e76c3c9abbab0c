#![allow(clippy::needless_pass_by_value, reason = "`json!` reads best where it stands")]

use serde_json::{Value, json};

use super::*;
use crate::config::{Mode, Policy};

fn now() -> Timestamp {
    "2026-11-20T21:00:00Z".parse().unwrap()
}

fn event(value: Value) -> Event {
    Event::from_object(value.as_object().unwrap().clone()).unwrap()
}

fn stopped(changes: Value) -> Event {
    let mut detail = json!({
        "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
        "taskArn": "arn:aws:ecs:eu-central-1:123456789012:task/shop/aa",
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:42",
        "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "group": "service:api",
        "containers": [{"name": "api", "exitCode": 1}], "version": 3,
    });
    for (key, value) in changes.as_object().unwrap() {
        detail[key] = value.clone();
    }
    event(json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": detail}))
}

#[track_caller]
fn check_nothing(event: &Event, because: Reason) {
    let reading = read(event, now());
    assert_eq!(reading.because, Some(because));
    assert!(!reading.observations.iter().any(|o| matches!(o, Observation::Failed(_))), "{reading:?}");
}

#[test]
fn a_failed_task_of_a_service_is_about_the_service() {
    let reading = read(&stopped(json!({})), now());
    assert_eq!(reading.target.unwrap().to_string(), "service api in shop");
    assert!(matches!(reading.observations.as_slice(), [Observation::Failed(_)]));
}

#[test]
fn a_failed_task_of_nobody_is_about_its_family() {
    let reading = read(&stopped(json!({"group": "a callers own text"})), now());
    assert_eq!(reading.target.unwrap().to_string(), "task api in shop");
}

#[test]
fn what_opens_nothing_says_why() {
    check_nothing(&stopped(json!({"stopCode": "UserInitiated"})), Reason::Expected);
    check_nothing(&stopped(json!({"lastStatus": "DEPROVISIONING"})), Reason::NotStoppedYet);
    check_nothing(
        &stopped(json!({"lastStatus": "RUNNING", "desiredStatus": "RUNNING"})),
        Reason::NotStopping,
    );
    check_nothing(&stopped(json!({"startedBy": "steward/job/nightly"})), Reason::BelongsToBatch);
    check_nothing(&stopped(json!({"clusterArn": "arn"})), Reason::NoTarget);
    check_nothing(&stopped(json!({"taskArn": ""})), Reason::NoTarget);
    let foreign = json!({"detail-type": "ECS Task State Change", "source": "acme.ecs", "detail": {
        "clusterArn": "c", "lastStatus": "STOPPED"}});
    check_nothing(&event(foreign), Reason::ForeignSource);
}

#[test]
fn a_rerun_belongs_to_remediation() {
    let reading = read(&stopped(json!({"startedBy": "steward/rerun/aa", "group": "family:api"})), now());
    assert!(matches!(reading.observations.as_slice(), [Observation::Failed(_)]));
}

#[test]
fn the_decision_is_to_observe_and_says_why() {
    let event = stopped(json!({}));
    let reading = read(&event, now());
    let decision = decide(&event, &reading, &Policy::default(), None);
    let reasons: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(decision.action, Action::Observe);
    assert_eq!(
        reasons,
        [
            "app_error is persistent: only a change helps, no retry",
            "ECS itself replaces the tasks of a service",
            "the mode is observe: nothing is changed",
        ]
    );
}

#[test]
fn the_mode_is_that_of_the_target_s_entry_and_who_is_not_enrolled_is_told_so() {
    let policy = |cluster: &str| {
        let file = json!({
            "version": 1, "defaults": {"mode": "propose"},
            "services": [{"match": {"service": "none"}}, {"match": {"cluster": cluster}, "mode": "act"}],
        });
        serde_json::from_value::<crate::config::file::File>(file).unwrap().check().unwrap().policy
    };
    let event = stopped(json!({}));
    let reading = read(&event, now());
    let cluster = reading.target.as_ref().unwrap().cluster().name();
    let decision = decide(&event, &reading, &policy(cluster), None);
    assert_eq!((decision.mode, decision.entry), (Mode::Act, Some(1)));
    assert!(
        !decision.reasons.contains(&Reason::ModeObserves) && !decision.reasons.contains(&Reason::NotEnrolled)
    );
    let decision = decide(&event, &reading, &policy("elsewhere"), None);
    assert_eq!((decision.mode, decision.entry), (Mode::Propose, None));
    assert_eq!(decision.reasons.last(), Some(&Reason::NotEnrolled));
}

#[test]
fn every_entry_of_failures_counts_once_however_often_the_call_is_delivered() {
    let call = event(json!({
        "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecs",
        "account": "123456789012", "region": "us-gov-west-1", "time": "2026-11-20T21:00:00Z",
        "detail": {
            "eventName": "RunTask", "eventSource": "ecs.amazonaws.com",
            "eventID": "c-1", "requestParameters": {"cluster": "batch", "taskDefinition": "report:7"},
            "responseElements": {"tasks": [], "failures": [
                {"arn": "i-1", "reason": "RESOURCE:MEMORY"}, {"arn": "i-2", "reason": "AGENT"}]},
        },
    }));
    let mut again = call.clone();
    again.envelope.id = Some("another delivery".into());
    let (first, second) = (read(&call, now()), read(&again, now()));
    assert_eq!(first, second);
    assert_eq!(first.observations.len(), 2);
    let key = first.target.unwrap().key();
    assert_eq!(key, "arn:aws-us-gov:ecs:us-gov-west-1:123456789012:cluster/batch/family/report");
}

#[test]
fn a_time_from_the_future_silences_nothing() {
    let steady = event(json!({
        "detail-type": "ECS Service Action", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"],
        "detail": {"eventName": "SERVICE_STEADY_STATE", "createdAt": "2099-01-01T00:00:00Z"},
    }));
    let observations = read(&steady, now()).observations;
    assert_eq!(observations, [Observation::Steady { at: now() + AHEAD }]);
}

#[test]
fn an_action_without_a_time_is_the_same_at_every_delivery() {
    let action = event(json!({
        "detail-type": "ECS Service Action", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"],
        "detail": {"eventName": "SERVICE_TASK_PLACEMENT_FAILURE"},
    }));
    let fingerprint = |now: Timestamp| match read(&action, now).observations.as_slice() {
        [Observation::Failed(failure)] => failure.fingerprint,
        other => panic!("{other:?}"),
    };
    assert_eq!(fingerprint(now()), fingerprint(now() + AHEAD));
}

#[test]
fn a_job_s_call_belongs_to_batch_and_every_entry_has_its_own_cause() {
    let call = |started_by: &str| {
        event(json!({
            "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecs",
            "account": "123456789012", "region": "eu-central-1",
            "detail": {
                "eventName": "RunTask", "eventSource": "ecs.amazonaws.com",
                "requestParameters": {"taskDefinition": "report:7", "startedBy": started_by},
                "responseElements": {"failures": [{"reason": "RESOURCE:FARGATE"}, {"reason": "AGENT"}]},
            },
        }))
    };
    check_nothing(&call("steward/job/nightly"), Reason::BelongsToBatch);
    let causes: Vec<String> = read(&call("someone"), now())
        .observations
        .iter()
        .map(|observation| match observation {
            Observation::Failed(failure) => failure.diagnosis.cause.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(causes, ["capacity_unavailable", "placement_failed"]);
}
