//! Standalone tasks.

use serde_json::{Value, json};

use super::*;
use crate::aws::scripted::{Sent, run};
use crate::batch::{Capacity, JobNetwork, StrategyItem};
use crate::event::document::{self, Item};
use crate::event::{StopCode, TaskStatus};
use crate::ports::{ContainerOverride, StartFailure};

fn token() -> ActionId {
    ActionId::parse(&"a".repeat(64)).unwrap()
}

fn plain() -> TaskRequest {
    TaskRequest {
        cluster: cluster(),
        task_definition: definition("job:3"),
        token: token(),
        count: 10,
        started_by: "steward/job/nightly".to_owned(),
        capacity: Capacity::AsCluster,
        network: None,
        platform_version: None,
        container: None,
        cpu: None,
        memory: None,
        task_role: None,
        execution_role: None,
        tags: std::collections::BTreeMap::new(),
        execute_command: false,
    }
}

fn full() -> TaskRequest {
    TaskRequest {
        network: Some(JobNetwork {
            subnets: vec!["subnet-2".to_owned(), "subnet-1".to_owned()],
            security_groups: vec!["sg-1".to_owned()],
            public_ip: true,
        }),
        platform_version: Some("1.4.0".to_owned()),
        container: Some(ContainerOverride {
            name: "app".to_owned(),
            command: Some(vec!["load".to_owned()]),
            environment: [("DAY".to_owned(), "1".to_owned())].into(),
            memory: Some(512),
        }),
        cpu: Some(256),
        memory: Some(1_024),
        task_role: Some("arn:aws:iam::1:role/t".to_owned()),
        execution_role: Some("arn:aws:iam::1:role/e".to_owned()),
        tags: [("team".to_owned(), "a".to_owned())].into(),
        execute_command: true,
        ..plain()
    }
}

fn start(
    answers: impl IntoIterator<Item = Answer>,
    request: &TaskRequest,
) -> (Result<Started, EcsError>, Vec<Sent>) {
    let (ecs, script) = ecs(answers);
    (run(RunTasks::run(&ecs, request)), script.sent())
}

fn answer(tasks: &[&str], failures: &Value) -> Answer {
    let tasks: Vec<Value> =
        tasks.iter().map(|id| json!({"taskArn": task(id), "lastStatus": "PROVISIONING"})).collect();
    Answer::ok(&json!({"tasks": tasks, "failures": failures}))
}

fn refusal(status: u16, code: &str, text: &str) -> Answer {
    Answer::Http(status, &[], json!({"__type": code, "message": text}).to_string())
}

#[test]
fn a_request_says_what_is_asked_for_and_nothing_else() {
    let (result, sent) = start([answer(&["a"], &json!([]))], &plain());
    assert_eq!(result, Ok(Started { tasks: vec![task("a")], failures: Vec::new() }));
    assert_eq!((sent.len(), sent[0].operation.as_deref()), (1, Some("RunTask")));
    let bare = json!({
        "cluster": cluster(), "taskDefinition": definition("job:3"), "clientToken": token(), "count": 10,
        "startedBy": "steward/job/nightly",
    });
    assert_eq!(sent[0].json(), bare);

    let (_, sent) = start([answer(&["a"], &json!([]))], &full());
    let mut body = sent[0].json();
    let overrides = json!({
        "containerOverrides": [
            {"name": "app", "command": ["load"], "environment": [{"name": "DAY", "value": "1"}], "memory": 512},
        ],
        "cpu": "256", "memory": "1024", "taskRoleArn": "arn:aws:iam::1:role/t",
        "executionRoleArn": "arn:aws:iam::1:role/e",
    });
    let network = json!({
        "subnets": ["subnet-2", "subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED",
    });
    for (member, expected) in [
        ("networkConfiguration", json!({"awsvpcConfiguration": network})),
        ("platformVersion", json!("1.4.0")),
        ("overrides", overrides),
        ("tags", json!([{"key": "team", "value": "a"}])),
        ("enableExecuteCommand", json!(true)),
    ] {
        assert_eq!(body.as_object_mut().unwrap().remove(member), Some(expected), "{member}");
    }
    assert_eq!(body, bare);
}

#[test]
fn capacity_is_a_launch_type_or_a_strategy_or_left_to_the_cluster() {
    let strategy = Capacity::Strategy(vec![
        StrategyItem { provider: "FARGATE_SPOT".to_owned(), weight: 3, base: 0 },
        StrategyItem { provider: "FARGATE".to_owned(), weight: 1, base: 2 },
    ]);
    let items = json!([
        {"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0},
        {"capacityProvider": "FARGATE", "weight": 1, "base": 2},
    ]);
    for (capacity, launch_type, strategy) in [
        (Capacity::AsCluster, Value::Null, Value::Null),
        (Capacity::LaunchType("EXTERNAL".to_owned()), json!("EXTERNAL"), Value::Null),
        (strategy, Value::Null, items),
    ] {
        let (_, sent) = start([answer(&["a"], &json!([]))], &TaskRequest { capacity, ..plain() });
        let body = sent[0].json();
        assert_eq!((&body["launchType"], &body["capacityProviderStrategy"]), (&launch_type, &strategy));
    }
}

#[test]
fn every_task_and_every_failure_is_answered() {
    let failures = json!([
        {"arn": "…/i-1", "reason": "RESOURCE:MEMORY", "detail": "none fits"}, {"reason": "Capacity is unavailable"}, {},
    ]);
    let started = start([answer(&["a", "b"], &failures)], &plain()).0.unwrap();
    let failure = |arn: Option<&str>, reason: &str, detail: Option<&str>| StartFailure {
        arn: arn.map(str::to_owned),
        reason: reason.to_owned(),
        detail: detail.map(str::to_owned),
    };
    assert_eq!(started.tasks, [task("a"), task("b")]);
    assert_eq!(
        started.failures,
        [
            failure(Some("…/i-1"), "RESOURCE:MEMORY", Some("none fits")),
            failure(None, "Capacity is unavailable", None),
            failure(None, "a failure without a reason", None),
        ]
    );
    let none = start([answer(&[], &failures)], &plain()).0.unwrap();
    assert_eq!((none.tasks.len(), none.failures.len()), (0, 3), "that nothing was started is an answer, too");
    let silent = start([answer(&[], &json!([]))], &plain()).0.unwrap_err();
    assert!(silent.may_have_happened(), "{silent}");
    assert_eq!(silent.target, definition("job:3").to_string());
}

#[test]
fn only_a_throttled_request_is_sent_again() {
    use Meaning::{Refused, Throttled, Unknown};
    let throttled = || Answer::error(400, "ThrottlingException");
    let (result, sent) = start([throttled(), answer(&["a"], &json!([]))], &plain());
    assert_eq!((result.unwrap().tasks, sent.len()), (vec![task("a")], 2));
    assert_eq!(sent[0].body, sent[1].body);
    for (answer, meaning, tries) in [
        (throttled(), Throttled, 3),
        (
            refusal(400, "InvalidParameterException", "… [subnet-1]: Rate exceeded (ErrorCode: Throttling)"),
            Throttled,
            1,
        ),
        (refusal(400, "ClientException", "ThrottlingException: Rate exceeded"), Throttled, 1),
        (refusal(500, "ServerException", "ThrottlingException: Rate exceeded"), Unknown, 1),
        (refusal(400, "InvalidParameterException", "TaskDefinition is inactive"), Refused, 1),
        (Answer::error(400, "AccessDeniedException"), Refused, 1),
        (Answer::error(503, "ServiceUnavailable"), Unknown, 1),
        (Answer::Broken, Unknown, 1),
        (Answer::NoConnection, Throttled, 1),
    ] {
        let (result, sent) = start([answer.clone()], &plain());
        let error = result.unwrap_err();
        assert_eq!((&error.meaning, sent.len()), (&meaning, tries), "{answer:?}: {error}");
    }
}

#[test]
fn a_used_token_names_the_tasks_that_it_made() {
    let conflict = |ids: &Value| {
        let body = json!({"__type": "ConflictException", "message": "in use", "resourceIds": ids});
        start([Answer::Http(400, &[], body.to_string())], &plain()).0.unwrap_err()
    };
    let made = Meaning::Conflict { tasks: vec![task("a"), task("b")] };
    assert_eq!(conflict(&json!([task("a"), task("b")])).meaning, made);
    assert!(conflict(&json!([])).may_have_happened(), "nobody knows what was made");
}

#[test]
fn a_task_is_stopped_with_the_reason_that_is_given() {
    let (ecs, script) = ecs([Answer::ok(&json!({"task": {}}))]);
    assert_eq!(run(ecs.stop(&cluster(), &task("a"), "it took too long")), Ok(()));
    let sent = script.sent();
    assert_eq!((sent.len(), sent[0].operation.as_deref()), (1, Some("StopTask")));
    assert_eq!(
        sent[0].json(),
        json!({"cluster": cluster(), "task": task("a"), "reason": "it took too long"})
    );
    let (ecs, script) = super::ecs([Answer::error(400, "ThrottlingException")]);
    let error = run(ecs.stop(&cluster(), &task("a"), "")).unwrap_err();
    assert_eq!((error.meaning, script.sent().len()), (Meaning::Throttled, 1));
}

/// Every member of an answered task that the domain keeps, and some that it does not.
fn answered() -> Value {
    json!({
        "taskArn": task("a"), "clusterArn": cluster(), "taskDefinitionArn": definition("job:3"), "group": "family:job",
        "startedBy": "steward/job/nightly", "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "version": 7,
        "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
        "launchType": "FARGATE", "capacityProviderName": "FARGATE_SPOT", "platformVersion": "1.4.0",
        "containerInstanceArn": format!("{ACCOUNT}:container-instance/shop/i"), "availabilityZone": "eu-central-1a",
        "cpu": "256", "memory": "512", "connectivity": "CONNECTED", "healthStatus": "UNKNOWN",
        "createdAt": 1_763_760_600.123, "pullStartedAt": 1_763_760_601.001, "pullStoppedAt": 1_763_760_602,
        "startedAt": 1_763_760_603.25, "stoppingAt": 1_763_760_604.999, "executionStoppedAt": 1_763_760_605.5,
        "stoppedAt": 1_763_760_606.7, "overrides": {"containerOverrides": [{"name": "app"}]},
        "containers": [
            {
                "name": "app", "image": "app:1", "exitCode": 137, "lastStatus": "STOPPED",
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            },
        ],
        "attachments": [{
            "id": "1", "type": "AmazonElasticBlockStorage", "status": "FAILED",
            "details": [{"name": "volumeId", "value": "vol-1"}, {"name": "statusReason", "value": "no such snapshot"}],
        }],
    })
}

fn both_ways(task: &Value) -> (TaskStateChange, TaskStateChange) {
    let body = json!({"tasks": [task], "failures": []});
    let decoded = document::read(body.to_string().as_bytes()).remove(0).unwrap();
    let Item::Task(decoded) = decoded else { panic!("{decoded:?}") };
    let (ecs, _) = ecs([Answer::ok(&body)]);
    let read = run(RunTasks::tasks(&ecs, &cluster(), &[super::task("a")])).unwrap().remove(0);
    (read, *decoded)
}

#[test]
fn a_task_is_read_as_the_decoder_of_events_reads_it() {
    let (read, decoded) = both_ways(&answered());
    assert_eq!(read, decoded);
    let unsaid = format!("{read:?}").matches("None").count();
    assert_eq!(unsaid, 1, "each member but `updatedAt`, which the API does not have, is compared: {read:?}");

    let mut odd = answered();
    for (member, value) in [
        ("stopCode", json!("Newest")),
        ("lastStatus", json!("DELETED")),
        ("launchType", json!("MOON")),
        ("stoppedReason", json!(" ")),
        ("containers", json!([])),
        ("attachments", json!([{"type": "sdi", "details": [{"name": "statusReason", "value": ""}]}, {}])),
    ] {
        odd[member] = value;
        let (read, decoded) = both_ways(&odd);
        assert_eq!(read, decoded, "{member}");
    }
    for member in answered().as_object().unwrap().keys() {
        let mut without = answered();
        without.as_object_mut().unwrap().remove(member);
        if !["taskArn", "clusterArn", "lastStatus"].contains(&member.as_str()) {
            let (read, decoded) = both_ways(&without);
            assert_eq!(read, decoded, "without {member}");
        }
    }
    let mut running = answered();
    running["containers"] = json!([{"name": "app", "lastStatus": "RUNNING"}, {"name": "log", "exitCode": 0}]);
    let (read, decoded) = both_ways(&running);
    assert_eq!(read, decoded);
    assert_eq!((read.containers[0].exit_code, read.containers[1].exit_code), (None, Some(0)));
}

#[test]
fn tasks_that_are_gone_are_left_out_and_damaged_ones_are_an_error() {
    let arns: Vec<TaskArn> = (0..130).map(|n| task(&n.to_string())).collect();
    let gone = json!([{"arn": task("b"), "reason": "MISSING"}]);
    let (ecs, script) = ecs([Answer::ok(&json!({"tasks": [answered()], "failures": gone}))]);
    let found = run(RunTasks::tasks(&ecs, &cluster(), &arns)).unwrap();
    assert_eq!((found.len(), script.sent().len()), (2, 2), "a hundred at a time");
    assert_eq!(found[0].stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!(run(RunTasks::tasks(&ecs, &cluster(), &[])), Ok(Vec::new()));
    for member in ["taskArn", "lastStatus"] {
        let mut damaged = answered();
        damaged.as_object_mut().unwrap().remove(member);
        let (ecs, _) = super::ecs([Answer::ok(&json!({"tasks": [damaged]}))]);
        let error = run(RunTasks::tasks(&ecs, &cluster(), &[task("a")])).unwrap_err();
        assert!(error.to_string().ends_with(&format!("task/shop/a: the answer has no {member}")), "{error}");
    }
    let (ecs, _) = super::ecs([Answer::error(400, "ClusterNotFoundException")]);
    assert_eq!(run(RunTasks::tasks(&ecs, &cluster(), &[task("a")])), Ok(Vec::new()));
}

#[test]
fn tasks_are_found_by_one_filter_that_listtasks_takes() {
    let found = |find: Find| {
        let listed = json!({"taskArns": [task("a")], "nextToken": "more"});
        let described = json!({"tasks": [answered()]});
        let (ecs, script) = ecs([Answer::ok(&listed), Answer::ok(&described)]);
        let page = run(RunTasks::find(&ecs, &cluster(), &find, Some("here"))).unwrap();
        assert_eq!(page.next.as_deref(), Some("more"));
        let common = json!({"cluster": cluster(), "maxResults": 100, "nextToken": "here"});
        let mut asked = script.sent()[0].json();
        let members = asked.as_object_mut().unwrap();
        for (member, value) in common.as_object().unwrap() {
            assert_eq!(members.remove(member).as_ref(), Some(value));
        }
        (asked, page.items.iter().map(|task| task.last_status.clone()).collect::<Vec<_>>())
    };
    let by = || "steward/job/nightly".to_owned();
    let of_family = |started_by: &str| Find::StoppedOfFamily {
        family: "job".to_owned(),
        started_by: started_by.to_owned(),
    };
    let stopped = json!({"family": "job", "desiredStatus": "STOPPED"});
    assert_eq!(found(Find::StartedBy(by())), (json!({"startedBy": by()}), vec![TaskStatus::Stopped]));
    assert_eq!(found(of_family(&by())), (stopped.clone(), vec![TaskStatus::Stopped]));
    assert_eq!(found(of_family("somebody")), (stopped, Vec::new()));
}

#[test]
fn a_task_definition_is_read_as_far_as_tasks_are_judged_by_it() {
    let body = json!({"taskDefinition": {
        "taskDefinitionArn": definition("job:3"), "status": "ACTIVE", "cpu": "256", "memory": "0.5 GB",
        "containerDefinitions": [{"name": "app", "memory": 512}, {"name": "log", "essential": false}],
    }});
    let (ecs, script) = ecs([Answer::ok(&body)]);
    let found = run(RunTasks::definition(&ecs, "job")).unwrap().unwrap();
    assert_eq!(script.sent()[0].json(), json!({"taskDefinition": "job"}));
    assert_eq!((found.arn, found.is_active), (definition("job:3"), true));
    assert_eq!((found.cpu, found.memory), (Some(256), None), "what is no number is not known");
    let containers: Vec<_> =
        found.containers.iter().map(|one| (one.name.as_str(), one.is_essential, one.memory)).collect();
    assert_eq!(containers, [("app", true, Some(512)), ("log", false, None)]);

    let inactive =
        json!({"taskDefinition": {"taskDefinitionArn": definition("job:2"), "status": "INACTIVE"}});
    let (ecs, _) = super::ecs([Answer::ok(&inactive)]);
    assert!(!run(RunTasks::definition(&ecs, "job:2")).unwrap().unwrap().is_active);
    let (ecs, _) = super::ecs([Answer::error(400, "ClientException")]);
    assert_eq!(run(RunTasks::definition(&ecs, "job")), Ok(None));
    let (ecs, _) = super::ecs([refusal(400, "ClientException", "Rate exceeded")]);
    let throttled = run(RunTasks::definition(&ecs, "job")).unwrap_err();
    assert_eq!(throttled.meaning, Meaning::Throttled, "that says nothing of the definition");
}
