//! Reads.

use serde_json::{Value, json};

use super::*;
use crate::aws::scripted::run;
use crate::ecs::{Controller, DesiredCount, Rollout, RunningCount, Watch};
use crate::event::TaskStatus;

fn service(name: &str) -> Value {
    json!({
        "clusterArn": cluster(), "serviceName": name, "status": "ACTIVE", "desiredCount": 3, "runningCount": 2,
        "pendingCount": 1, "taskDefinition": definition("api:7"),
        "serviceArn": format!("{ACCOUNT}:service/shop/{name}"),
        "deployments": [
            {
                "id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": definition("api:7"), "failedTasks": 4,
                "rolloutState": "IN_PROGRESS", "createdAt": 1_763_760_600.5, "updatedAt": 1_763_760_700,
            },
            {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": definition("api:6"), "rolloutState": "NEWEST"},
        ],
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": true, "rollback": false},
            "alarms": {"alarmNames": ["5xx"], "enable": true, "rollback": true}, "strategy": "ROLLING",
        },
        "capacityProviderStrategy": [
            {"capacityProvider": "FARGATE_SPOT", "weight": 3}, {"capacityProvider": "FARGATE", "base": 1},
        ],
        "currentServiceDeployment": deployment(),
        "tags": [{"key": "steward:mode", "value": "act"}, {"key": "empty"}],
    })
}

fn missing(arn: &str) -> Value {
    json!([{"arn": arn, "reason": "MISSING"}])
}

#[test]
fn a_service_is_read_with_its_deployments_its_tags_and_what_watches_it() {
    let (ecs, script) = ecs([Answer::ok(&json!({"services": [service("api")], "failures": []}))]);
    let found = run(ecs.service(&cluster(), &ServiceName::new("api"))).unwrap().unwrap();
    let asked = json!({"cluster": cluster(), "services": ["api"], "include": ["TAGS"]});
    assert_eq!(script.sent()[0].json(), asked);
    assert_eq!((found.cluster.clone(), found.name.as_str()), (cluster(), "api"));
    assert_eq!((found.desired, found.running), (DesiredCount(3), RunningCount(2)));
    assert_eq!((found.controller.clone(), found.is_rolling), (Controller::Ecs, true));
    assert_eq!(found.breaker, Watch { is_enabled: true, rolls_back: false });
    assert_eq!(found.alarms, Watch { is_enabled: true, rolls_back: true });
    assert_eq!(found.current_service_deployment, Some(deployment()));
    assert_eq!((found.tags["steward:mode"].as_str(), found.tags["empty"].as_str()), ("act", ""));
    let on: Vec<String> = found.capacity_providers.iter().map(ToString::to_string).collect();
    assert_eq!(on, ["FARGATE 0 (base 1)", "FARGATE_SPOT 3"], "what is left out is 0, and the order is one");
    let primary = found.primary().unwrap();
    assert_eq!((primary.id.as_str(), primary.rollout), ("ecs-svc/2", Some(Rollout::InProgress)));
    assert_eq!(
        (primary.failed_tasks, primary.created_at.unwrap().as_millisecond()),
        (Some(4), 1_763_760_600_500)
    );
    assert_eq!(found.deployments[1].rollout, None, "a state that is not known is none");
}

#[test]
fn controllers_and_strategies_are_told_apart_and_new_ones_are_kept() {
    for (kind, controller) in [
        ("ECS", Controller::Ecs),
        ("CODE_DEPLOY", Controller::CodeDeploy),
        ("EXTERNAL", Controller::External),
        ("ROBOT", Controller::Other("ROBOT".to_owned())),
    ] {
        let mut answered = service("api");
        answered["deploymentController"] = json!({"type": kind});
        answered["deploymentConfiguration"]["strategy"] = json!("BLUE_GREEN");
        let (ecs, _) = ecs([Answer::ok(&json!({"services": [answered]}))]);
        let found = run(ecs.service(&cluster(), &ServiceName::new("api"))).unwrap().unwrap();
        assert_eq!((found.controller, found.is_rolling), (controller, false));
    }
    let mut bare = service("api");
    bare.as_object_mut().unwrap().retain(|name, _| name != "deploymentConfiguration" && name != "tags");
    let (ecs, _) = ecs([Answer::ok(&json!({"services": [bare]}))]);
    let found = run(ecs.service(&cluster(), &ServiceName::new("api"))).unwrap().unwrap();
    assert_eq!((found.is_rolling, found.breaker, found.tags.len()), (true, Watch::default(), 0));
}

#[test]
fn what_ecs_does_not_know_is_absent_and_what_it_does_not_say_is_not() {
    let name = ServiceName::new("api");
    let answer = json!({"services": [], "failures": missing("…service/shop/api")});
    for absent in [Answer::ok(&answer), Answer::error(400, "ClusterNotFoundException")] {
        let (ecs, _) = ecs([absent]);
        assert_eq!(run(ecs.service(&cluster(), &name)), Ok(None));
    }
    let odd = json!({"services": [], "failures": [{"arn": "…", "reason": "BUSY", "detail": "later"}]});
    let (ecs, _) = super::ecs([Answer::ok(&odd)]);
    let error = run(ecs.service(&cluster(), &name)).unwrap_err();
    assert_eq!(
        (error.meaning.clone(), error.to_string().as_str()),
        (Meaning::Unknown, "DescribeServices …: BUSY: later")
    );
    let mut damaged = service("api");
    damaged.as_object_mut().unwrap().remove("status");
    let (ecs, _) = super::ecs([Answer::ok(&json!({"services": [damaged]}))]);
    let error = run(ecs.service(&cluster(), &name)).unwrap_err();
    assert_eq!(error.to_string(), "DescribeServices api of shop: the answer has no status");
}

#[test]
fn services_are_listed_by_a_hundred_and_described_by_ten() {
    let arns: Vec<String> = (0..23).map(|n| format!("{ACCOUNT}:service/shop/s{n}")).collect();
    let some = json!({"services": [service("api")]});
    let (ecs, script) =
        ecs([Answer::ok(&json!({"serviceArns": arns, "nextToken": "more"})), Answer::ok(&some)]);
    let page = run(DescribeEcs::services(&ecs, &cluster(), Some("here"))).unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (3, Some("more")));
    let sent = script.sent();
    assert_eq!(sent[0].json(), json!({"cluster": cluster(), "maxResults": 100, "nextToken": "here"}));
    let described: Vec<usize> =
        sent[1..].iter().map(|sent| sent.json()["services"].as_array().unwrap().len()).collect();
    assert_eq!(described, [10, 10, 3]);
}

#[test]
fn a_service_deployment_says_where_it_comes_from_and_goes_to() {
    let revision =
        |digits: &str| ServiceRevisionArn::new(format!("{ACCOUNT}:service-revision/shop/api/{digits}"));
    let answer = json!({"serviceDeployments": [{
        "serviceDeploymentArn": deployment(), "status": "ROLLBACK_IN_PROGRESS", "createdAt": 5,
        "sourceServiceRevisions": [{"arn": revision("1")}, {"arn": revision("2")}],
        "targetServiceRevision": {"arn": revision("3")},
    }], "failures": []});
    let (ecs, script) = ecs([Answer::ok(&answer)]);
    let found = run(ecs.service_deployment(&deployment())).unwrap().unwrap();
    assert_eq!(script.sent()[0].json(), json!({"serviceDeploymentArns": [deployment()]}));
    assert!(found.goes_back() && found.is_stoppable(), "{found:?}");
    assert_eq!(found.source_revisions, [revision("1"), revision("2")]);
    assert_eq!(found.target_revision, Some(revision("3")));

    let answer = json!({"serviceRevisions": [{"serviceRevisionArn": revision("1"), "taskDefinition": definition("api:6")}]});
    let (ecs, script) = super::ecs([Answer::ok(&answer)]);
    let found = run(ecs.service_revision(&revision("1"))).unwrap().unwrap();
    assert_eq!(script.sent()[0].json(), json!({"serviceRevisionArns": [revision("1")]}));
    assert_eq!((found.arn, found.task_definition), (revision("1"), Some(definition("api:6"))));
}

#[test]
fn deployments_and_revisions_are_gone_with_their_service() {
    let revision = ServiceRevisionArn::new(format!("{ACCOUNT}:service-revision/shop/api/1"));
    for answer in [
        Answer::ok(&json!({"failures": missing(deployment().as_str())})),
        Answer::error(400, "ServiceNotFoundException"),
        Answer::error(400, "ClusterNotFoundException"),
    ] {
        let (ecs, _) = ecs([answer]);
        assert_eq!(run(ecs.service_deployment(&deployment())), Ok(None));
        assert_eq!(run(ecs.service_revision(&revision)), Ok(None));
    }
    let (ecs, _) = ecs([Answer::error(400, "UnsupportedFeatureException")]);
    assert_eq!(run(ecs.service_deployment(&deployment())).unwrap_err().meaning, Meaning::Refused);
}

#[test]
fn a_task_definition_is_active_or_not_or_not_there() {
    for (status, is_active) in [("ACTIVE", true), ("INACTIVE", false), ("DELETE_IN_PROGRESS", false)] {
        let answer = json!({"taskDefinition": {"taskDefinitionArn": definition("api:6"), "status": status}});
        let (ecs, script) = ecs([Answer::ok(&answer)]);
        let found = run(ecs.task_definition(&definition("api:6"))).unwrap().unwrap();
        assert_eq!((found.is_active, found.arn), (is_active, definition("api:6")));
        assert_eq!(script.sent()[0].json(), json!({"taskDefinition": definition("api:6")}));
    }
    let (ecs, _) = super::ecs([Answer::error(400, "ClientException")]);
    assert_eq!(run(ecs.task_definition(&definition("api:6"))), Ok(None));
    let (ecs, _) = super::ecs([Answer::error(400, "AccessDeniedException")]);
    assert!(run(ecs.task_definition(&definition("api:6"))).is_err());
}

fn answered_task(id: &str, overrides: &Value) -> Value {
    json!({
        "taskArn": task(id), "clusterArn": cluster(), "taskDefinitionArn": definition("job:3"), "group": "family:job",
        "startedBy": "cron", "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "healthStatus": "UNHEALTHY",
        "connectivity": "DISCONNECTED", "createdAt": 10, "startedAt": 20.25, "stoppedAt": 30,
        "stoppedReason": "Your Spot Task was interrupted.", "launchType": "FARGATE",
        "capacityProviderName": "FARGATE_SPOT", "platformVersion": "1.4.0", "enableExecuteCommand": true,
        "overrides": overrides,
    })
}

fn read_task(overrides: &Value) -> Task {
    let (ecs, _) = ecs([Answer::ok(&json!({"tasks": [answered_task("a", overrides)], "failures": []}))]);
    run(DescribeEcs::tasks(&ecs, &cluster(), &[task("a")])).unwrap().remove(0)
}

#[test]
fn a_task_is_read_with_what_it_takes_to_run_it_again() {
    let own = json!({"containerOverrides": [{"name": "app", "newest": {"a": 1}, "environment": [{"name": "K", "value": "s3cr3t"}]}]});
    let found = read_task(&own);
    assert_eq!((found.arn.clone(), found.last_status.clone()), (task("a"), TaskStatus::Stopped));
    assert_eq!(
        (found.health.as_deref(), found.connectivity.as_deref()),
        (Some("UNHEALTHY"), Some("DISCONNECTED"))
    );
    assert_eq!(found.started_at.unwrap().as_millisecond(), 20_250);
    assert_eq!(found.launch.launch_type, None, "RunTask takes no launch type beside a capacity provider");
    assert_eq!(found.launch.capacity_provider.as_deref(), Some("FARGATE_SPOT"));
    assert!(found.launch.execute_command);
    assert_eq!(
        found.launch.overrides.reveal(),
        Some(&own),
        "members that the SDK does not know are there, too"
    );
    assert!(!format!("{found:?}").contains("s3cr3t"));
}

#[test]
fn containers_that_are_only_named_override_nothing_and_the_others_have_one_order() {
    let names = json!({"containerOverrides": [{"name": "app"}, {"name": "log", "environment": []}], "inferenceAcceleratorOverrides": []});
    assert_eq!(read_task(&names).launch.overrides.reveal(), None);
    assert_eq!(read_task(&json!({})).launch.overrides.reveal(), None);
    let two = |first: &str, second: &str| json!({"containerOverrides": [{"name": first, "cpu": 1}, {"name": "x"}, {"name": second, "cpu": 1}], "cpu": "256"});
    let read = read_task(&two("b", "a"));
    assert_eq!(read.launch.overrides, read_task(&two("a", "b")).launch.overrides);
    let containers = read.launch.overrides.reveal().unwrap()["containerOverrides"].clone();
    assert_eq!(containers, json!([{"name": "a", "cpu": 1}, {"name": "b", "cpu": 1}]));
}

#[test]
fn tasks_are_described_by_a_hundred_and_those_that_are_gone_are_left_out() {
    let arns: Vec<TaskArn> = (0..130).map(|n| task(&n.to_string())).collect();
    let answer = json!({"tasks": [answered_task("a", &json!({}))], "failures": missing(task("b").as_str())});
    let (ecs, script) = ecs([Answer::ok(&answer)]);
    assert_eq!(run(DescribeEcs::tasks(&ecs, &cluster(), &arns)).unwrap().len(), 2);
    let asked: Vec<usize> =
        script.sent().iter().map(|sent| sent.json()["tasks"].as_array().unwrap().len()).collect();
    assert_eq!(asked, [100, 30]);
    assert_eq!(run(DescribeEcs::tasks(&ecs, &cluster(), &[])), Ok(Vec::new()));
    assert_eq!(script.sent().len(), 2, "nothing is asked about nothing");
    let mut bare = answered_task("a", &json!({}));
    bare.as_object_mut().unwrap().remove("overrides");
    let (ecs, _) = super::ecs([Answer::ok(&json!({"tasks": [bare]}))]);
    let error = run(DescribeEcs::tasks(&ecs, &cluster(), &[task("a")])).unwrap_err().to_string();
    assert!(error.ends_with("task/shop/a: the answer has no overrides"), "{error}");
}

#[test]
fn tasks_are_found_by_one_filter_that_listtasks_takes() {
    let found = |find: Find| {
        let listed = json!({"taskArns": [task("a")], "nextToken": "more"});
        let described = json!({"tasks": [answered_task("a", &json!({}))]});
        let (ecs, script) = ecs([Answer::ok(&listed), Answer::ok(&described)]);
        let page = run(ecs.find_tasks(&cluster(), &find, None)).unwrap();
        assert_eq!(page.next.as_deref(), Some("more"));
        let mut asked = script.sent()[0].json();
        for common in ["cluster", "maxResults"] {
            assert!(asked.as_object_mut().unwrap().remove(common).is_some());
        }
        (asked, page.items.len())
    };
    assert_eq!(found(Find::Running), (json!({"desiredStatus": "RUNNING"}), 1));
    assert_eq!(found(Find::StartedBy("cron".to_owned())), (json!({"startedBy": "cron"}), 1));
    let of_family = |started_by: &str| Find::StoppedOfFamily {
        family: "job".to_owned(),
        started_by: started_by.to_owned(),
    };
    let asked = json!({"family": "job", "desiredStatus": "STOPPED"});
    assert_eq!(found(of_family("cron")), (asked.clone(), 1));
    assert_eq!(found(of_family("somebody")), (asked, 0));
}

#[test]
fn clusters_are_read_to_the_last_page() {
    let first = json!({"clusterArns": [cluster()], "nextToken": "more"});
    let (ecs, script) = ecs([Answer::ok(&first), Answer::ok(&json!({"clusterArns": ["other"]}))]);
    assert_eq!(run(ecs.clusters()).unwrap(), [cluster(), ClusterArn::new("other")]);
    assert_eq!(script.sent()[1].json()["nextToken"], "more");
}

#[test]
fn a_read_is_tried_three_times_where_that_can_help() {
    for (answer, tries, meaning) in [
        (Answer::error(400, "ThrottlingException"), 3, Meaning::Throttled),
        (Answer::error(500, "ServerException"), 3, Meaning::Unknown),
        (Answer::NoConnection, 3, Meaning::Throttled),
        (Answer::error(400, "InvalidParameterException"), 1, Meaning::Refused),
        (Answer::error(400, "AccessDeniedException"), 1, Meaning::Refused),
    ] {
        let (ecs, script) = ecs([answer.clone()]);
        let error = run(ecs.clusters()).unwrap_err();
        assert_eq!((script.sent().len(), error.meaning), (tries, meaning), "{answer:?}");
    }
}
