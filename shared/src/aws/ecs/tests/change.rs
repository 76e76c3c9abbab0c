//! Changes.

use serde_json::{Value, json};

use super::*;
use crate::action::{Network, Remedy};
use crate::aws::scripted::{Sent, run};
use crate::ecs::{DesiredCount, HookAnswer, Launch, StrategyItem};
use crate::incident::Target;
use crate::remediation::Home;

fn id() -> ActionId {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let target = Target::Service { cluster: cluster(), name: ServiceName::new("api") };
    ActionId::of(&home, &target, Remedy::RunTask, "a")
}

fn roll_back() -> Call {
    Call::UpdateService {
        cluster: cluster(),
        service: ServiceName::new("api"),
        task_definition: Some(definition("api:6")),
        force_new_deployment: false,
        desired_count: None,
        capacity_providers: None,
    }
}

fn restart() -> Call {
    Call::UpdateService {
        cluster: cluster(),
        service: ServiceName::new("api"),
        task_definition: None,
        force_new_deployment: true,
        desired_count: None,
        capacity_providers: None,
    }
}

fn update(desired_count: Option<u32>, capacity_providers: Option<Vec<StrategyItem>>) -> Call {
    Call::UpdateService {
        cluster: cluster(),
        service: ServiceName::new("api"),
        task_definition: None,
        force_new_deployment: capacity_providers.is_some(),
        desired_count: desired_count.map(DesiredCount),
        capacity_providers,
    }
}

fn fall_back() -> Call {
    update(None, Some(vec![StrategyItem { provider: "FARGATE".to_owned(), weight: 4, base: 1 }]))
}

fn limit() -> Call {
    update(Some(2), None)
}

fn stop_deployment() -> Call {
    Call::StopServiceDeployment { service_deployment: deployment(), back_to: definition("api:6") }
}

fn answer_hook(answer: HookAnswer) -> Call {
    let hook = "ecs-pause-1".to_owned();
    Call::ContinueServiceDeployment { service_deployment: deployment(), hook, answer }
}

fn stop_task() -> Call {
    Call::StopTask { cluster: cluster(), task: task("a") }
}

fn run_again(launch: Launch, network: Option<Network>) -> Call {
    Call::RunTask {
        cluster: cluster(),
        like: task("a"),
        task_definition: definition("job:3"),
        group: Some("nightly".to_owned()),
        launch,
        network,
        started_by: "steward/rerun/0123456789ab".to_owned(),
    }
}

fn plain() -> Call {
    run_again(Launch { launch_type: Some("EC2".to_owned()), ..Launch::default() }, None)
}

fn with(
    answers: impl IntoIterator<Item = Answer>,
    call: &Call,
    overrides: &Overrides,
) -> (Result<Changed, EcsError>, Vec<Sent>) {
    let (ecs, script) = ecs(answers);
    (run(ecs.change(&id(), call, overrides)), script.sent())
}

fn make(answer: Answer, call: &Call) -> (Result<Changed, EcsError>, Vec<Sent>) {
    with([answer], call, &Overrides::default())
}

fn made(made: Option<&str>) -> Changed {
    Changed { made: made.map(str::to_owned) }
}

fn started() -> Answer {
    Answer::ok(&json!({"tasks": [{"taskArn": task("new"), "lastStatus": "PROVISIONING"}], "failures": []}))
}

#[test]
fn each_call_is_one_request_of_its_operation_with_its_parameters_and_no_others() {
    let service = json!({"service": {"deployments": [{"id": "ecs-svc/1", "status": "ACTIVE"}, {"id": "ecs-svc/2", "status": "PRIMARY"}]}});
    let reason = format!("{} ECS Steward replaces a task that hangs", id());
    for (call, answer, body, expected) in [
        (
            stop_deployment(),
            json!({"serviceDeploymentArn": deployment()}),
            json!({"serviceDeploymentArn": deployment(), "stopType": "ROLLBACK"}),
            None,
        ),
        (
            roll_back(),
            service.clone(),
            json!({"cluster": cluster(), "service": "api", "taskDefinition": definition("api:6")}),
            Some("ecs-svc/2"),
        ),
        (
            fall_back(),
            service.clone(),
            json!({
                "cluster": cluster(), "service": "api", "forceNewDeployment": true,
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 4, "base": 1}],
            }),
            Some("ecs-svc/2"),
        ),
        (
            limit(),
            service.clone(),
            json!({"cluster": cluster(), "service": "api", "desiredCount": 2}),
            Some("ecs-svc/2"),
        ),
        (
            restart(),
            service,
            json!({"cluster": cluster(), "service": "api", "forceNewDeployment": true}),
            Some("ecs-svc/2"),
        ),
        (
            stop_task(),
            json!({"task": {}}),
            json!({"cluster": cluster(), "task": task("a"), "reason": reason}),
            None,
        ),
        (
            answer_hook(HookAnswer::Continue),
            json!({"serviceDeploymentArn": deployment()}),
            json!({"serviceDeploymentArn": deployment(), "hookId": "ecs-pause-1", "action": "CONTINUE"}),
            None,
        ),
        (
            answer_hook(HookAnswer::Rollback),
            json!({"serviceDeploymentArn": deployment()}),
            json!({"serviceDeploymentArn": deployment(), "hookId": "ecs-pause-1", "action": "ROLLBACK"}),
            None,
        ),
    ] {
        let (result, sent) = make(Answer::ok(&answer), &call);
        assert_eq!(result, Ok(made(expected)), "{call:?}");
        assert_eq!((sent.len(), sent[0].operation.as_deref()), (1, Some(call.operation())));
        assert_eq!(sent[0].json(), body);
    }
}

#[test]
fn a_task_is_run_once_under_its_token_the_way_the_lost_one_ran() {
    let (result, sent) = make(started(), &plain());
    assert_eq!(result, Ok(made(Some(task("new").as_str()))));
    assert_eq!(
        sent[0].json(),
        json!({
            "cluster": cluster(), "taskDefinition": definition("job:3"), "clientToken": id(), "count": 1,
            "startedBy": "steward/rerun/0123456789ab", "group": "nightly", "launchType": "EC2",
        })
    );
    let launch = Launch {
        capacity_provider: Some("FARGATE_SPOT".to_owned()),
        platform_version: Some("1.4.0".to_owned()),
        execute_command: true,
        ..Launch::default()
    };
    let network = Network {
        subnets: ["subnet-1".to_owned(), "subnet-2".to_owned()].into(),
        security_groups: ["sg-1".to_owned()].into(),
        public_ip: false,
    };
    let (_, sent) = make(started(), &run_again(launch, Some(network)));
    let body = sent[0].json();
    assert_eq!(
        body["capacityProviderStrategy"],
        json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}])
    );
    assert_eq!((&body["platformVersion"], &body["enableExecuteCommand"]), (&json!("1.4.0"), &json!(true)));
    assert_eq!(
        body["networkConfiguration"]["awsvpcConfiguration"],
        json!({"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"})
    );
    assert!(body.get("launchType").is_none() && body.get("overrides").is_none(), "{body}");
}

/// Every member of overrides that RunTask takes.
fn overrides() -> Value {
    json!({
        "containerOverrides": [{
            "name": "app", "command": ["run", "--all"], "cpu": 128, "memory": 512, "memoryReservation": 256,
            "environment": [{"name": "K", "value": "s3cr3t"}],
            "environmentFiles": [{"value": "arn:aws:s3:::b/f.env", "type": "s3"}],
            "resourceRequirements": [
                {"value": "1", "type": "GPU", "sharingStrategy": {"nvidiaMps": {"memory": 64, "maxComputePercent": 50}}},
            ],
        }],
        "cpu": "256", "memory": "512", "taskRoleArn": "arn:aws:iam::1:role/t", "executionRoleArn": "arn:aws:iam::1:role/e",
        "ephemeralStorage": {"sizeInGiB": 30},
    })
}

#[test]
fn overrides_are_carried_over_whole() {
    let (result, sent) = with([started()], &plain(), &Overrides::new(Some(overrides())));
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(sent[0].json()["overrides"], overrides());
}

#[test]
fn overrides_that_cannot_be_carried_over_are_named_and_nothing_is_run() {
    for (pointer, member) in [
        ("", "newest"),
        ("/containerOverrides/0", "newest"),
        ("/containerOverrides/0/environment/0", "valueFrom"),
        ("/containerOverrides/0/environmentFiles/0", "newest"),
        ("/containerOverrides/0/resourceRequirements/0", "newest"),
        ("/containerOverrides/0/resourceRequirements/0/sharingStrategy", "newest"),
        ("/containerOverrides/0/resourceRequirements/0/sharingStrategy/nvidiaMps", "newest"),
        ("/ephemeralStorage", "newest"),
        ("", "inferenceAcceleratorOverrides"),
    ] {
        let mut changed = overrides();
        changed.pointer_mut(pointer).unwrap()[member] = json!(["s3cr3t"]);
        let (result, sent) = with([started()], &plain(), &Overrides::new(Some(changed)));
        let error = result.unwrap_err();
        assert_eq!((sent.len(), &error.meaning), (0, &Meaning::Refused), "{pointer}/{member}");
        let text = error.to_string();
        assert!(text.contains(&format!("`{member}`")) && !text.contains("s3cr3t"), "{text}");
        assert!(text.starts_with(&format!("RunTask {} like {}: ", definition("job:3"), task("a"))), "{text}");
    }
    let misshapen = json!({"containerOverrides": [{"name": "app", "cpu": "s3cr3t"}]});
    let (result, sent) = with([started()], &plain(), &Overrides::new(Some(misshapen)));
    let text = result.unwrap_err().to_string();
    assert!(sent.is_empty() && text.contains("shape") && !text.contains("s3cr3t"), "{text}");
}

#[test]
fn nothing_is_sent_twice_that_may_have_taken_effect() {
    use Meaning::{Refused, Throttled, Unknown};
    for call in [stop_deployment(), roll_back(), restart(), stop_task(), plain()] {
        for (answer, meaning) in [
            (Answer::error(500, "ServerException"), Unknown),
            (Answer::error(503, "ServiceUnavailable"), Unknown),
            (Answer::error(500, "SomethingNew"), Unknown),
            (Answer::Broken, Unknown),
            (Answer::NoConnection, Throttled),
            (Answer::error(400, "ClientException"), Refused),
            (Answer::error(400, "InvalidParameterException"), Refused),
            (Answer::error(400, "AccessDeniedException"), Refused),
            (Answer::error(400, "ClusterNotFoundException"), Refused),
            (Answer::error(400, "UnsupportedFeatureException"), Refused),
            (Answer::error(400, "SomethingNew"), Refused),
        ] {
            let (result, sent) = make(answer.clone(), &call);
            let error = result.unwrap_err();
            assert_eq!((sent.len(), &error.meaning), (1, &meaning), "{answer:?}: {error}");
            assert_eq!(error.operation, call.operation());
        }
    }
}

#[test]
fn errors_that_one_operation_has_for_itself_mean_that_nothing_was_done() {
    for (call, codes) in [
        (stop_deployment(), &["ServiceDeploymentNotFoundException"][..]),
        (
            roll_back(),
            &[
                "NamespaceNotFoundException",
                "PlatformTaskDefinitionIncompatibilityException",
                "PlatformUnknownException",
                "ServiceNotActiveException",
                "ServiceNotFoundException",
            ],
        ),
        (
            plain(),
            &[
                "BlockedException",
                "PlatformTaskDefinitionIncompatibilityException",
                "PlatformUnknownException",
            ],
        ),
    ] {
        for code in codes {
            let (result, sent) = make(Answer::error(400, code), &call);
            assert_eq!((result.unwrap_err().meaning, sent.len()), (Meaning::Refused, 1), "{code}");
        }
    }
}

#[test]
fn a_deployment_that_ended_before_it_could_be_stopped_was_overtaken() {
    let (result, sent) = make(Answer::error(400, "ConflictException"), &stop_deployment());
    assert_eq!((result.unwrap_err().meaning, sent.len()), (Meaning::Overtaken, 1));
}

#[test]
fn a_throttled_call_is_sent_again_only_under_a_token() {
    let throttled = || Answer::error(400, "ThrottlingException");
    for call in [stop_deployment(), roll_back(), stop_task()] {
        let (result, sent) = make(throttled(), &call);
        assert_eq!((result.unwrap_err().meaning, sent.len()), (Meaning::Throttled, 1));
    }
    let (result, sent) = with([throttled(), started()], &plain(), &Overrides::default());
    assert_eq!((result, sent.len()), (Ok(made(Some(task("new").as_str()))), 2));
    assert_eq!(sent[0].body, sent[1].body);
    let (result, sent) = make(throttled(), &plain());
    assert_eq!((result.unwrap_err().meaning, sent.len()), (Meaning::Throttled, 3));
    let unknown = Answer::error(500, "ServerException");
    let (result, sent) = with([throttled(), unknown], &plain(), &Overrides::default());
    assert_eq!((result.unwrap_err().meaning, sent.len()), (Meaning::Unknown, 2));
}

#[test]
fn a_task_that_was_not_placed_was_not_run() {
    for reason in ["RESOURCE:MEMORY", "AGENT", "Capacity is unavailable at this time."] {
        let failures =
            json!({"tasks": [], "failures": [{"arn": "…", "reason": reason, "detail": "none fits"}]});
        let error = make(Answer::ok(&failures), &plain()).0.unwrap_err();
        assert_eq!(error.meaning, Meaning::Refused);
        assert!(error.problem.starts_with(reason) && error.problem.ends_with("none fits"), "{error}");
    }
    let error = make(Answer::ok(&json!({"tasks": [], "failures": []})), &plain()).0.unwrap_err();
    assert!(error.may_have_happened(), "an answer that says nothing: {error}");
}

#[test]
fn a_used_token_names_the_tasks_that_it_made() {
    let conflict = |ids: &Value| {
        let body = json!({"__type": "ConflictException", "message": "in use", "resourceIds": ids});
        make(Answer::Http(400, &[], body.to_string()), &plain()).0.unwrap_err()
    };
    let error = conflict(&json!([task("a"), task("b")]));
    assert_eq!(error.meaning, Meaning::Conflict { tasks: vec![task("a"), task("b")] });
    assert!(conflict(&json!([])).may_have_happened(), "nobody knows what was made");
}
