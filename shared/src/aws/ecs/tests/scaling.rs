//! Services as far as their number of tasks goes.

use serde_json::{Value, json};

use super::*;
use crate::aws::scripted::{Sent, run};
use crate::config::Mode;
use crate::ports::ScaledService;

fn service(keys: &Value) -> Value {
    let mut service = json!({
        "serviceName": "api", "status": "ACTIVE", "desiredCount": 4, "runningCount": 3, "pendingCount": 1,
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED", "failedTasks": 2}],
    });
    service.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    service
}

fn describe(
    services: &[Value],
    failures: &Value,
) -> (Result<BTreeMap<ServiceName, ScaledService>, EcsError>, Vec<Sent>) {
    let (ecs, script) = ecs([Answer::ok(&json!({"services": services, "failures": failures}))]);
    let names = [ServiceName::new("api"), ServiceName::new("web")];
    (run(ScaleServices::services(&ecs, &cluster(), &names)), script.sent())
}

fn one(keys: &Value) -> Option<ScaledService> {
    describe(&[service(keys)], &json!([])).0.unwrap().remove(&ServiceName::new("api"))
}

#[test]
fn a_service_is_read_with_its_counts_its_deployment_and_its_tag() {
    let (found, sent) = describe(&[service(&json!({}))], &json!([{"arn": "web", "reason": "MISSING"}]));
    let found = found.unwrap();
    assert_eq!(found.len(), 1);
    let reading = found[&ServiceName::new("api")].reading;
    assert_eq!((reading.desired.0, reading.running.0, reading.pending.0), (4, 3, 1));
    assert_eq!((reading.is_deploying, reading.failed_tasks), (false, 2));
    let asked = json!({"cluster": cluster(), "services": ["api", "web"], "include": ["TAGS"]});
    assert_eq!(sent[0].json(), asked);
    let tagged = one(&json!({"tags": [{"key": "steward:mode", "value": "propose"}]})).unwrap();
    assert_eq!(tagged.mode(Mode::Act), Mode::Propose);
}

#[test]
fn a_deployment_is_under_way_while_it_rolls_out_or_is_not_the_only_one() {
    let deployment =
        |status: &str, state: &str| json!({"id": "ecs-svc/1", "status": status, "rolloutState": state});
    for (deployments, expected) in [
        (vec![deployment("PRIMARY", "COMPLETED")], false),
        (vec![deployment("PRIMARY", "FAILED")], false),
        (vec![deployment("PRIMARY", "IN_PROGRESS")], true),
        (vec![deployment("PRIMARY", "COMPLETED"), deployment("ACTIVE", "COMPLETED")], true),
        (vec![json!({"id": "ecs-svc/1", "status": "PRIMARY"})], false),
        (Vec::new(), false),
    ] {
        let read = one(&json!({"deployments": deployments})).unwrap();
        assert_eq!(read.reading.is_deploying, expected, "{deployments:?}");
    }
}

#[test]
fn what_has_no_number_of_tasks_to_set_says_what_it_is() {
    for (keys, expected) in [
        (json!({}), None),
        (json!({"schedulingStrategy": "REPLICA", "deploymentController": {"type": "ECS"}}), None),
        (json!({"schedulingStrategy": "DAEMON"}), Some("a DAEMON service")),
        (
            json!({"deploymentController": {"type": "EXTERNAL"}}),
            Some("a service whose deployments EXTERNAL controls"),
        ),
    ] {
        assert_eq!(one(&keys).unwrap().not_scalable.as_deref(), expected, "{keys}");
    }
}

#[test]
fn what_is_not_active_is_left_out_and_what_is_not_known_is_an_error() {
    assert_eq!(one(&json!({"status": "DRAINING"})), None);
    assert!(describe(&[service(&json!({"runningCount": -1}))], &json!([])).0.is_err(), "no count");
    assert!(describe(&[], &json!([{"arn": "api", "reason": "OTHER"}])).0.is_err());
    let (ecs, _) = ecs([Answer::error(400, "ClusterNotFoundException")]);
    let names = [ServiceName::new("api")];
    assert_eq!(run(ScaleServices::services(&ecs, &cluster(), &names)), Ok(BTreeMap::new()));
    let (ecs, script) = super::ecs([]);
    assert_eq!(run(ScaleServices::services(&ecs, &cluster(), &[])), Ok(BTreeMap::new()));
    assert!(script.sent().is_empty());
}

#[test]
fn tasks_that_protect_themselves_are_counted_page_by_page() {
    let protection = |flags: &[bool], failures: &Value| {
        let tasks: Vec<Value> = flags.iter().map(|flag| json!({"protectionEnabled": flag})).collect();
        Answer::ok(&json!({"protectedTasks": tasks, "failures": failures}))
    };
    let (ecs, script) = ecs([
        Answer::ok(&json!({"taskArns": [task("a"), task("b")], "nextToken": "more"})),
        protection(&[true, false], &json!([])),
        Answer::ok(&json!({"taskArns": [task("c"), task("d")]})),
        protection(&[true], &json!([{"arn": task("d"), "reason": "MISSING"}])),
    ]);
    assert_eq!(run(ecs.protected(&cluster(), &ServiceName::new("api"))), Ok(2));
    let sent = script.sent();
    assert_eq!(sent[0].json(), json!({"cluster": cluster(), "serviceName": "api", "maxResults": 100}));
    assert_eq!(sent[1].json(), json!({"cluster": cluster(), "tasks": [task("a"), task("b")]}));
    assert_eq!(sent[2].json()["nextToken"], "more");
    let (ecs, _) = super::ecs([
        Answer::ok(&json!({"taskArns": [task("a")]})),
        protection(&[], &json!([{"arn": task("a"), "reason": "TASK_NOT_VALID"}])),
    ]);
    let unknown = run(ecs.protected(&cluster(), &ServiceName::new("api"))).unwrap_err();
    assert_eq!(unknown.problem, "TASK_NOT_VALID");
}

#[test]
fn a_service_without_tasks_has_none_that_protect_themselves() {
    let (ecs, script) = ecs([Answer::ok(&json!({"taskArns": []}))]);
    assert_eq!(run(ecs.protected(&cluster(), &ServiceName::new("api"))), Ok(0));
    assert_eq!(script.sent().len(), 1);
}

#[test]
fn scaling_sets_the_desired_count_and_nothing_else_in_one_request() {
    let scale = |answers: Vec<Answer>| {
        let (ecs, script) = ecs(answers);
        (run(ecs.scale(&cluster(), &ServiceName::new("api"), 7)), script.sent())
    };
    let (result, sent) = scale(vec![Answer::ok(&json!({"service": service(&json!({}))}))]);
    assert_eq!(result, Ok(()));
    assert_eq!(sent[0].operation.as_deref(), Some("UpdateService"));
    assert_eq!(sent[0].json(), json!({"cluster": cluster(), "service": "api", "desiredCount": 7}));
    for (answer, meaning) in [
        (Answer::error(400, "ThrottlingException"), Meaning::Throttled),
        (Answer::error(400, "ServiceNotFoundException"), Meaning::Refused),
        (Answer::error(500, "ServerException"), Meaning::Unknown),
        (Answer::Broken, Meaning::Unknown),
    ] {
        let (result, sent) = scale(vec![answer]);
        let error = result.unwrap_err();
        assert_eq!((error.meaning, sent.len()), (meaning, 1), "tried once");
        assert_eq!((error.operation, error.target.as_str()), ("UpdateService", "api of shop"));
    }
}
