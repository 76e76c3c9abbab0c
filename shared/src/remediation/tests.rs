#![allow(clippy::needless_pass_by_value, reason = "`json!` reads best where it stands")]

use serde_json::{Value, json};

use super::calls::MAX_CALLER;
use super::*;
use crate::arn::{DeploymentId, TaskArn};
use crate::config::{Mode, Policy};
use crate::ecs::DesiredCount;
use crate::incident::{Act, Starter};

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

/// The one thing that an event says.
#[track_caller]
fn only(reading: &Reading) -> &Observation {
    let [observation] = reading.observations().collect::<Vec<_>>()[..] else { panic!("{reading:?}") };
    observation
}

#[track_caller]
fn check_nothing(event: &Event, because: Reason) {
    let reading = read(event, now());
    assert_eq!(reading.because, Some(because));
    assert!(!reading.observations().any(|o| matches!(o, Observation::Failed(_))), "{reading:?}");
}

#[test]
fn a_failed_task_of_a_service_is_about_the_service() {
    let reading = read(&stopped(json!({})), now());
    assert_eq!(reading.whom().unwrap(), "service api in shop");
    assert!(matches!(only(&reading), Observation::Failed(_)));
}

#[test]
fn a_failed_task_of_nobody_is_about_its_family() {
    let reading = read(&stopped(json!({"group": "a callers own text"})), now());
    assert_eq!(reading.whom().unwrap(), "task api in shop");
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
fn the_end_of_a_task_that_was_meant_to_end_tells_nothing_and_so_nothing_is_read_for_it() {
    let of_deployment = |changes: Value| {
        let mut all = json!({"startedBy": "ecs-svc/42"});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        read(&stopped(all), now()).observations().count()
    };
    let scaled_in = json!({
        "stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/42)",
    });
    assert_eq!(of_deployment(scaled_in), 0);
    assert_eq!(of_deployment(json!({"lastStatus": "RUNNING", "desiredStatus": "RUNNING"})), 1);
}

#[test]
fn a_rerun_belongs_to_remediation() {
    let reading = read(&stopped(json!({"startedBy": "steward/rerun/aa", "group": "family:api"})), now());
    assert!(matches!(only(&reading), Observation::Failed(_)));
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
    let cluster = reading.about[0].target.cluster().name();
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
    assert_eq!(first.observations().count(), 2);
    let key = first.about[0].target.key();
    assert_eq!(key, "arn:aws-us-gov:ecs:us-gov-west-1:123456789012:cluster/batch/family/report");
}

#[test]
fn a_time_from_the_future_silences_nothing() {
    let steady = event(json!({
        "detail-type": "ECS Service Action", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"],
        "detail": {"eventName": "SERVICE_STEADY_STATE", "createdAt": "2099-01-01T00:00:00Z"},
    }));
    assert_eq!(only(&read(&steady, now())), &Observation::Steady { at: now() + AHEAD });
}

#[test]
fn an_action_without_a_time_is_the_same_at_every_delivery() {
    let action = event(json!({
        "detail-type": "ECS Service Action", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"],
        "detail": {"eventName": "SERVICE_TASK_PLACEMENT_FAILURE"},
    }));
    let fingerprint = |now: Timestamp| match only(&read(&action, now)) {
        Observation::Failed(failure) => failure.fingerprint,
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
        .observations()
        .map(|observation| match observation {
            Observation::Failed(failure) => failure.diagnosis.cause.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(causes, ["capacity_unavailable", "placement_failed"]);
}

fn retirement(entities: &[&str], changes: Value) -> Event {
    let mut detail = json!({
        "eventArn": "arn:aws-cn:health:cn-north-1::event/ECS/AWS_ECS_TASK_PATCHING_RETIREMENT/x",
        "service": "ECS", "eventTypeCode": "AWS_ECS_TASK_PATCHING_RETIREMENT", "statusCode": "upcoming",
        "startTime": "Fri, 27 Nov 2026 21:00:00 GMT",
        "affectedEntities": entities.iter().map(|entity| json!({"entityValue": entity})).collect::<Vec<_>>(),
    });
    for (key, value) in changes.as_object().unwrap() {
        detail[key] = value.clone();
    }
    event(json!({
        "detail-type": "AWS Health Event", "source": "aws.health", "account": "123456789012",
        "region": "cn-northwest-1", "time": "2026-11-20T20:00:00Z", "detail": detail,
    }))
}

#[test]
fn a_retirement_is_about_every_service_it_names_in_every_spelling() {
    let entities = ["shop|api", "shop | mail-worker", " shop |api", "shop/frontend", "batch/api"];
    let reading = read(&retirement(&entities, json!({})), now());
    let keys: Vec<String> = reading.about.iter().map(|about| about.target.key()).collect();
    let cluster = "arn:aws-cn:ecs:cn-north-1:123456789012:cluster";
    assert_eq!(
        keys,
        [
            format!("{cluster}/batch/service/api"),
            format!("{cluster}/shop/service/api"),
            format!("{cluster}/shop/service/frontend"),
            format!("{cluster}/shop/service/mail-worker"),
        ]
    );
    assert_eq!(reading.whom().unwrap(), "service api in batch and 3 more");
    assert_eq!(reading.because, None);
    for observation in reading.observations() {
        let Observation::Announced(notice) = observation else { panic!("{observation:?}") };
        assert_eq!(notice.starts_at, "2026-11-27T21:00:00Z".parse().unwrap());
        assert!(!notice.is_closed);
    }
}

#[test]
fn an_announcement_for_a_member_account_is_about_that_account() {
    let reading = read(&retirement(&["shop|api"], json!({"affectedAccount": "999999999999"})), now());
    assert!(reading.about[0].target.key().starts_with("arn:aws-cn:ecs:cn-north-1:999999999999:"));
}

#[test]
fn what_names_no_service_or_no_date_is_told_only() {
    let task = "arn:aws:ecs:eu-central-1:123456789012:task/shop/25748b675c1ed5e04dc9aebc437f1699";
    let mut names: Vec<String> =
        ["", "shop", "|", "shop|", "|api", "shop|a b", "shop|api|x", task].map(String::from).to_vec();
    names.push(format!("shop|{}", "a".repeat(256)));
    for name in &names {
        check_nothing(&retirement(&[name], json!({})), Reason::Announcement);
        assert_eq!(read(&retirement(&[name], json!({})), now()).about, [], "{name}");
    }
    check_nothing(&retirement(&["shop|api"], json!({"startTime": null})), Reason::Announcement);
    check_nothing(
        &retirement(&["shop|api"], json!({"eventTypeCode": "AWS_ECS_OTHER"})),
        Reason::Announcement,
    );
}

#[test]
fn an_announcement_that_is_closed_says_so_even_without_a_date() {
    let event = retirement(&["shop|api"], json!({"statusCode": "closed", "startTime": null}));
    let reading = read(&event, now());
    let Observation::Announced(notice) = only(&reading) else { panic!("{reading:?}") };
    assert!(notice.is_closed);
}

fn update_service(changes: Value) -> Event {
    let mut detail = json!({
        "eventName": "UpdateService", "eventSource": "ecs.amazonaws.com", "eventID": "c-1",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/jane", "userName": "jane"},
        "requestParameters": {"cluster": "shop", "service": "api", "taskDefinition": "api:42"},
        "responseElements": {"service": {
            "serviceArn": "arn:aws:ecs:eu-central-1:123456789012:service/shop/api",
            "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
            "deployments": [
                {"id": "ecs-svc/42", "status": "PRIMARY", "createdAt": "Nov 20, 2026, 8:59:58\u{202f}PM"},
            ],
        }},
    });
    for (key, value) in changes.as_object().unwrap() {
        detail[key] = value.clone();
    }
    event(json!({
        "detail-type": "AWS API Call via CloudTrail", "source": "aws.ecs", "account": "123456789012",
        "region": "eu-central-1", "time": "2026-11-20T20:59:58Z", "detail": detail,
    }))
}

#[test]
fn a_call_that_starts_a_deployment_tells_who_did() {
    let reading = read(&update_service(json!({})), now());
    assert_eq!((reading.whom().unwrap().as_str(), reading.because), ("service api in shop", None));
    let by = Starter::Person { who: redact("jane") };
    let at = "2026-11-20T20:59:58Z".parse().unwrap();
    let all: Vec<&Observation> = reading.observations().collect();
    let [started, Observation::Did(deed)] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(*started, &Observation::Started { id: DeploymentId::new("ecs-svc/42"), by, at });
    let what = Act::Deployed { deployment: DeploymentId::new("ecs-svc/42"), revision: None };
    assert_eq!((deed.at, deed.by.as_str(), &deed.what), (at, "jane", &what));
}

#[test]
fn whoever_scales_stops_a_task_or_a_deployment_or_calls_in_vain_is_named() {
    let deployment = "arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/api/x";
    let stopped = |group: &str, by: &str| {
        json!({"eventName": "StopTask", "responseElements": {"task": {
            "taskArn": "arn:aws:ecs:eu-central-1:123456789012:task/shop/0a", "group": group, "startedBy": by,
            "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
            "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:3"}}})
    };
    let old = json!({"service": {"serviceArn": "arn:aws:ecs:eu-central-1:123456789012:service/shop/api",
        "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
        "deployments": [{"id": "ecs-svc/42", "status": "PRIMARY", "createdAt": "Nov 1, 2026 8:59:58 PM"}]}});
    let scaled = json!({"requestParameters": {"service": "api", "desiredCount": 4}, "responseElements": old});
    let refused =
        json!({"errorCode": "ClientException", "errorMessage": "no such revision", "responseElements": null});
    let rolled_back = json!({"eventName": "StopServiceDeployment", "requestParameters": {"serviceDeploymentArn": deployment}});
    let task = TaskArn::new("arn:aws:ecs:eu-central-1:123456789012:task/shop/0a");
    for (changes, whom, what) in [
        (scaled, "service api in shop", Act::Scaled { desired: DesiredCount(4) }),
        (
            refused,
            "service api in shop",
            Act::UpdateRefused { problem: redact("ClientException: no such revision") },
        ),
        (stopped("service:api", "ecs-svc/1"), "service api in shop", Act::StoppedTask { task: task.clone() }),
        (stopped("family:report", "cron"), "task report in shop", Act::StoppedTask { task }),
        (rolled_back, "service api in shop", Act::StoppedDeployment),
    ] {
        let reading = read(&update_service(changes.clone()), now());
        assert_eq!(reading.whom().as_deref(), Some(whom), "{changes}");
        let Observation::Did(deed) = only(&reading) else { panic!("{reading:?}") };
        assert_eq!((deed.by.as_str(), &deed.what), ("jane", &what), "{changes}");
    }
    let job = read(&update_service(stopped("family:report", "steward/job/x")), now());
    assert_eq!((job.observations().count(), job.because), (0, Some(Reason::BelongsToBatch)));
    let mut own = stopped("service:api", "ecs-svc/1");
    own["requestParameters"] = json!({"reason": "0a ECS Steward replaces a task that hangs"});
    assert_eq!(
        read(&update_service(own), now()).observations().count(),
        0,
        "Steward tells what it does itself"
    );
}

#[test]
fn a_hook_that_is_answered_elsewhere_is_told_with_its_answer() {
    let request = |action: Value| {
        let arn = "arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/api/x";
        json!({"eventName": "ContinueServiceDeployment",
            "requestParameters": {"serviceDeploymentArn": arn, "hookId": "ecs-pause-1", "action": action}})
    };
    for (action, expected) in [
        (Value::Null, Some(HookAnswer::Continue)),
        (json!("CONTINUE"), Some(HookAnswer::Continue)),
        (json!("ROLLBACK"), Some(HookAnswer::Rollback)),
        (json!("SOMETHING_NEW"), None),
        (json!(7), None),
    ] {
        let reading = read(&update_service(request(action.clone())), now());
        let found = reading.observations().find_map(|said| match said {
            Observation::Answered { hook, answer, .. } => Some((hook.as_str(), *answer)),
            _ => None,
        });
        assert_eq!(found, expected.map(|answer| ("ecs-pause-1", answer)), "{action}");
    }
    let mut refused = request(json!("CONTINUE"));
    refused["errorCode"] = json!("InvalidParameterException");
    assert_eq!(read(&update_service(refused), now()).observations().count(), 0);
}

#[test]
fn a_call_that_starts_none_or_was_refused_tells_nothing() {
    for changes in [
        json!({"eventName": "DeleteService"}),
        json!({"userIdentity": null}),
        json!({"responseElements": null}),
        json!({"responseElements": {"service": {"serviceArn": "arn:aws:ecs:r:1:service/shop/api", "deployments": [
            {"id": "ecs-svc/42", "status": "PRIMARY", "createdAt": "Nov 1, 2026 8:59:58 PM"}]}}}),
    ] {
        let reading = read(&update_service(changes.clone()), now());
        assert_eq!(reading.observations().count(), 0, "{changes}");
        assert_eq!(reading.because, Some(Reason::NothingFailed), "{changes}");
    }
}

#[test]
fn a_name_from_outside_is_redacted_and_bounded() {
    for name in ["AKIAIOSFODNN7EXAMPLQ", &"x".repeat(1_000)] {
        let identity = json!({"arn": format!("arn:aws:sts::123456789012:assumed-role/deploy/{name}")});
        let reading = read(&update_service(json!({"userIdentity": identity})), now());
        let Some(Observation::Started { by: Starter::Person { who }, .. }) = reading.observations().next()
        else {
            panic!("{reading:?}")
        };
        assert!(who.as_str().chars().count() <= MAX_CALLER && !who.as_str().contains("AKIA"), "{who}");
    }
}

#[test]
fn a_task_tells_what_its_deployment_deploys_after_it_has_failed() {
    let containers = json!([{"name": "api", "exitCode": 1, "image": "registry.example/shop/api:1.4.2"}]);
    let stop = stopped(json!({"startedBy": "ecs-svc/42", "containers": containers}));
    let reading = read(&stop, now());
    let [Observation::Failed(_), Observation::Deploys { images, .. }] =
        reading.observations().collect::<Vec<_>>()[..]
    else {
        panic!("{reading:?}")
    };
    assert_eq!(images.iter().map(Image::short).collect::<Vec<_>>(), ["shop/api:1.4.2"]);
}
