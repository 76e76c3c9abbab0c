//! Container instances.

use serde_json::{Value, json};

use super::*;
use crate::action::Remedy;
use crate::arn::ContainerInstanceArn;
use crate::aws::scripted::run;
use crate::diagnosis::Cause;
use crate::ecs::{ContainerInstance, HostStatus};
use crate::event::ContainerInstanceStatus;
use crate::incident::Target;
use crate::ports::Hosts;
use crate::remediation::Home;

fn arn() -> ContainerInstanceArn {
    ContainerInstanceArn::new(format!("{ACCOUNT}:container-instance/shop/8f0c2a"))
}

fn drain() -> Call {
    Call::UpdateContainerInstancesState { cluster: cluster(), instance: arn(), status: HostStatus::Draining }
}

fn id() -> ActionId {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let target = Target::ContainerInstance { cluster: cluster(), arn: arn() };
    ActionId::of(&home, &target, Remedy::DrainInstance, "a")
}

fn failure(reason: &str) -> Answer {
    Answer::ok(&json!({"containerInstances": [], "failures": [{"arn": arn(), "reason": reason}]}))
}

#[test]
fn a_container_instance_is_read_as_it_is_and_an_external_one_has_no_ec2_instance() {
    let shown = |more: Value| {
        let mut shown = json!({"containerInstanceArn": arn(), "status": "ACTIVE", "agentConnected": false});
        shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Answer::ok(&json!({"containerInstances": [shown], "failures": []}))
    };
    let of_ec2 = json!({"ec2InstanceId": "i-0a", "capacityProviderName": "hosts"});
    let (ecs, script) = ecs([shown(of_ec2), shown(json!({})), failure("MISSING"), failure("ACCESS")]);
    let found = run(ecs.container_instance(&cluster(), &arn())).unwrap().unwrap();
    let expected = ContainerInstance {
        arn: arn(),
        cluster: cluster(),
        status: ContainerInstanceStatus::Active,
        agent_connected: Some(false),
        ec2_instance_id: Some("i-0a".to_owned()),
        capacity_provider: Some("hosts".to_owned()),
    };
    assert_eq!(found, expected);
    assert_eq!(script.sent()[0].json(), json!({"cluster": cluster(), "containerInstances": [arn()]}));
    let external = run(ecs.container_instance(&cluster(), &arn())).unwrap().unwrap();
    assert_eq!((external.ec2_instance_id, external.capacity_provider), (None, None));
    assert_eq!(run(ecs.container_instance(&cluster(), &arn())), Ok(None));
    assert!(run(ecs.container_instance(&cluster(), &arn())).is_err(), "not to be seen is not to be absent");
}

#[test]
fn the_tasks_of_a_host_are_those_that_run_and_those_that_were_stopped() {
    let shown = |id: &str, more: Value| {
        let mut shown = json!({
            "taskArn": task(id), "clusterArn": cluster(), "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
            "group": "service:api", "version": 3,
        });
        shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Answer::ok(&json!({"tasks": [shown], "failures": []}))
    };
    let listed = |id: &str| Answer::ok(&json!({"taskArns": [task(id)]}));
    let stopped = json!({
        "desiredStatus": "STOPPED", "stoppingAt": 1_763_760_600, "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": "Task failed ELB health checks in (target-group arn:aws:x)",
    });
    let (ecs, script) = ecs([
        listed("a"),
        shown("a", json!({"healthStatus": "UNHEALTHY", "group": "family:job"})),
        listed("b"),
        shown("b", stopped),
    ]);
    let found = run(ecs.tasks_on(&cluster(), &arn())).unwrap();
    let sent = script.sent();
    let asked = |status: &str| json!({"cluster": cluster(), "containerInstance": arn(), "desiredStatus": status, "maxResults": 100});
    assert_eq!((sent[0].json(), sent[2].json()), (asked("RUNNING"), asked("STOPPED")));
    assert!(found[0].is_wanted && found[0].is_unhealthy && found[0].service.is_none(), "{:?}", found[0]);
    let stopping = found[1].stopping.unwrap();
    assert_eq!(stopping.cause, Cause::ElbHealthCheckFailed);
    assert_eq!(stopping.at.unwrap().as_second(), 1_763_760_600);
    assert!(!found[1].is_wanted && found[1].service.as_ref().unwrap().as_str() == "api");
}

#[test]
fn a_host_is_found_by_its_ec2_instance_and_by_nothing_that_is_no_id() {
    let (ecs, script) = ecs([Answer::ok(&json!({"containerInstanceArns": [arn()]}))]);
    assert_eq!(run(ecs.find_host(&cluster(), "i-0a1b")), Ok(Some(arn())));
    assert_eq!(script.sent()[0].json(), json!({"cluster": cluster(), "filter": "ec2InstanceId == i-0a1b"}));
    assert_eq!(run(ecs.find_host(&cluster(), "i-0a or status == ACTIVE")), Ok(None));
    assert_eq!(script.sent().len(), 1);
}

#[test]
fn a_capacity_provider_of_managed_instances_is_told_from_others() {
    let provider = |more: Value| {
        let mut shown = json!({"name": "hosts", "status": "ACTIVE"});
        shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Answer::ok(&json!({"capacityProviders": [shown], "failures": []}))
    };
    for (more, is_managed) in [
        (json!({"type": "MANAGED_INSTANCES"}), true),
        (
            json!({"managedInstancesProvider": {
                "autoRepairConfiguration": {"actionsStatus": "DISABLED"},
            }}),
            true,
        ),
        (json!({"type": "EC2_AUTOSCALING"}), false),
        (json!({}), false),
    ] {
        let (ecs, _) = ecs([provider(more.clone())]);
        let found = run(ecs.capacity_provider(&cluster(), "hosts")).unwrap().unwrap();
        assert_eq!(found.is_managed, is_managed, "{more}");
    }
}

#[test]
fn a_host_is_drained_by_one_request_and_a_failure_in_the_answer_is_a_refusal() {
    let (ecs, script) = ecs([
        Answer::ok(&json!({"containerInstances": [{"containerInstanceArn": arn()}], "failures": []})),
        failure("INACTIVE"),
        failure("MISSING"),
        Answer::error(400, "ThrottlingException"),
        Answer::Broken,
    ]);
    let none = Overrides::default();
    assert_eq!(run(ecs.change(&id(), &drain(), &none)), Ok(Changed { made: None }));
    let asked = json!({"cluster": cluster(), "containerInstances": [arn()], "status": "DRAINING"});
    assert_eq!(script.sent()[0].json(), asked);
    for meaning in [Meaning::Refused, Meaning::Overtaken, Meaning::Throttled, Meaning::Unknown] {
        assert_eq!(run(ecs.change(&id(), &drain(), &none)).unwrap_err().meaning, meaning);
    }
    assert_eq!(script.sent().len(), 5, "nothing is tried twice");
}
