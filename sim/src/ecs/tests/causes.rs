//! Each behaviour ends as the diagnosis of ECS Steward reads it, and every event is understood whole.

use serde_json::json;
use steward::diagnosis::diagnose;
use steward::event::{Detail, Event};

use super::super::{Happening, PullFailure, SecretFailure};
use super::*;

/// The event, decoded; nothing in it may be unknown.
fn decoded(emitted: &Emitted) -> Event {
    let Value::Object(map) = emitted.event.clone() else { panic!("{}", emitted.event) };
    let event = Event::from_object(map).unwrap();
    assert_eq!(event.unrecognised.count(), 0, "{:?} in {}", event.unrecognised.paths(), emitted.event);
    event
}

/// Causes of stopped tasks, the first of each.
fn causes(world: &World) -> Vec<String> {
    let mut causes = Vec::new();
    for emitted in &world.events {
        let event = decoded(emitted);
        let Detail::TaskStateChange(task) = &event.detail else { continue };
        if !task.is_stopped() {
            continue;
        }
        let cause = diagnose(&event).unwrap().cause.to_string();
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    causes
}

#[track_caller]
fn check(revision: &Revision, elb: bool, cause: &str) {
    let mut world = World::new(11);
    world.ecs.add_task_definition(revision);
    let request = fargate_service(CLUSTER, "api", "api:1", 1);
    let request = if elb { request.with_target_group(TARGET_GROUP) } else { request };
    world.ecs.add_service(&request).unwrap();
    world.pass(Duration::from_mins(30));
    assert_eq!(causes(&world), [cause]);
}

#[track_caller]
fn fate_is(fate: Fate, cause: &str) {
    check(&Revision::new("api", Behaviour::new(fate)).sidecar("datadog-agent"), false, cause);
}

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn what_cannot_start_says_why() {
    for (failure, cause) in [
        (PullFailure::NotFound, "image_not_found"),
        (PullFailure::Denied, "image_access_denied"),
        (PullFailure::RateLimited, "image_rate_limited"),
        (PullFailure::TimedOut, "image_registry_unreachable"),
    ] {
        fate_is(Fate::CannotPull(failure), cause);
    }
    for (failure, cause) in [
        (SecretFailure::NotFound, "secret_not_found"),
        (SecretFailure::Denied, "secret_access_denied"),
        (SecretFailure::Unreachable, "secret_unreachable"),
    ] {
        fate_is(Fate::CannotReadSecret(failure), cause);
    }
    let text = "ResourceInitializationError: failed to validate logger args: the log group does not exist";
    fate_is(Fate::CannotStart(text.into()), "log_setup_failed");
}

#[test]
fn a_role_that_cannot_be_assumed_makes_no_task_at_all() {
    let mut world = World::new(11);
    world.fate(Fate::CannotAssumeRole);
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 1)).unwrap();
    world.pass(MINUTE * 10);
    let told = world
        .events
        .iter()
        .find(|emitted| emitted.event["detail"]["eventName"] == "SERVICE_TASK_CONFIGURATION_FAILURE")
        .unwrap();
    assert_eq!(diagnose(&decoded(told)).unwrap().cause.to_string(), "role_not_assumable");
    assert!(world.running().is_empty() && world.stopped().is_empty());
    let run = json!({ "cluster": CLUSTER, "taskDefinition": "api", "launchType": "FARGATE" });
    assert_eq!(world.refused("RunTask", &run), "ClientException");
}

#[test]
fn what_ends_by_itself_ends_by_its_exit_code_or_reason() {
    fate_is(Fate::CrashesAtBoot { exit_code: 1 }, "app_error");
    fate_is(Fate::Exits { after: MINUTE, exit_code: 139 }, "segfault");
    fate_is(Fate::Exits { after: MINUTE, exit_code: 137 }, "killed");
    fate_is(Fate::Exits { after: MINUTE, exit_code: 0 }, "exited_cleanly");
    fate_is(Fate::OutOfMemory { after: MINUTE }, "out_of_memory");
}

#[test]
fn failed_health_checks_say_whose_they_were() {
    let fails = Behaviour::new(Fate::FailsElbHealth { after: Duration::ZERO });
    check(&Revision::new("api", fails), true, "elb_health_check_failed");
    let fails = Behaviour::new(Fate::FailsContainerHealth { after: MINUTE });
    check(&Revision::new("api", fails).health_check(), false, "container_health_check_failed");
    check(&Revision::new("api", Behaviour::starts_slowly(MINUTE * 10)), true, "elb_health_check_failed");
}

#[test]
fn a_grace_period_lets_slow_starts_through() {
    let mut world = World::new(11);
    world.define(Behaviour::starts_slowly(MINUTE * 5));
    let mut request = fargate_service(CLUSTER, "api", "api:1", 1).with_target_group(TARGET_GROUP);
    request.health_check_grace_period_seconds = Some(600);
    world.ecs.add_service(&request).unwrap();
    world.pass(MINUTE * 30);
    assert_eq!(causes(&world), [""; 0]);
    assert_eq!(world.service("api")["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn what_was_meant_is_benign() {
    let mut world = World::steady(3);
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 1 }));
    world.pass(MINUTE * 5);
    assert_eq!(causes(&world), ["scaled_in"]);
    let arn = world.running()[0]["taskArn"].clone();
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": arn, "reason": "OutOfMemoryError 404" }));
    world.pass(MINUTE * 5);
    assert_eq!(causes(&world), ["scaled_in", "stopped_by_user"]);
}

#[test]
fn a_standalone_task_completes() {
    let mut world = World::new(3);
    world.fate(Fate::Exits { after: MINUTE, exit_code: 0 });
    world.call("RunTask", &json!({ "cluster": CLUSTER, "taskDefinition": "api:1", "launchType": "FARGATE" }));
    world.pass(MINUTE * 10);
    assert_eq!(causes(&world), ["completed"]);
}

#[test]
fn what_the_infrastructure_takes_is_replaced() {
    let mut world = World::steady(3);
    let zone = world.running()[0]["availabilityZone"].as_str().unwrap().to_owned();
    world.ecs.happen(Happening::ZoneLost(zone.clone()));
    world.pass(MINUTE * 10);
    assert_eq!(causes(&world), ["infrastructure_impaired"]);
    let tasks = world.running();
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|task| task["availabilityZone"] != *zone));
}

#[test]
fn spot_tasks_are_interrupted_and_on_demand_tasks_are_not() {
    let mut world = World::steady(3);
    let mut request = fargate_service(CLUSTER, "spot", "api:1", 4);
    request.launch_type = None;
    request.capacity_provider_strategy =
        serde_json::from_value(json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }])).unwrap();
    world.ecs.add_service(&request).unwrap();
    world.pass(MINUTE * 10);
    world.events.clear();
    world.ecs.happen(Happening::SpotInterruption { per_thousand: 1_000 });
    world.pass(MINUTE * 10);
    assert_eq!(causes(&world), ["spot_interrupted"]);
    assert_eq!(world.service("spot")["runningCount"], 4);
    assert_eq!(world.running().len(), 2);
}

#[test]
fn retirement_is_announced_and_replaces_only_older_tasks() {
    let mut world = World::steady(3);
    let retirement = Happening::Retirement { cluster: CLUSTER.into(), services: vec!["api".into()] };
    world.ecs.happen(retirement);
    world.pass(MINUTE);
    let notice = decoded(&world.events[0]);
    let Detail::Health(health) = &notice.detail else { panic!("{notice:?}") };
    assert!(health.is_task_retirement());
    assert_eq!(health.affected_entities, ["shop|api"]);
    let due = health.start_time.unwrap();
    assert_eq!(due.duration_since(notice.envelope.time.unwrap()).as_hours(), 7 * 24);

    let before: Vec<Value> = world.running().iter().map(|task| task["taskArn"].clone()).collect();
    world.ecs.advance(due);
    world.pass(MINUTE * 30);
    assert_eq!(causes(&world), ["maintenance"]);
    let after = world.running();
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|task| !before.contains(&task["taskArn"])));
}

#[test]
fn a_new_deployment_before_the_date_leaves_nothing_to_retire() {
    let mut world = World::steady(3);
    world.ecs.happen(Happening::Retirement { cluster: CLUSTER.into(), services: vec!["api".into()] });
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "forceNewDeployment": true }));
    world.pass(Duration::from_hours(24));
    let before = world.running();
    world.pass(Duration::from_hours(8 * 24));
    assert_eq!(world.running(), before);
}

#[test]
fn a_secret_deleted_in_the_night_fails_new_tasks_of_the_old_revision() {
    let mut world = World::steady(3);
    let at = later(world.ecs.now(), MINUTE * 120);
    let gone = Behaviour::new(Fate::CannotReadSecret(SecretFailure::NotFound));
    world.ecs.schedule(at, Happening::Behaviour { revision: "api:1".into(), behaviour: gone });
    world.pass(MINUTE * 180);
    assert_eq!(causes(&world), [""; 0]);
    let arn = world.running()[0]["taskArn"].clone();
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": arn }));
    world.pass(MINUTE * 30);
    assert_eq!(causes(&world), ["stopped_by_user", "secret_not_found"]);
    assert_eq!(world.service("api")["runningCount"], 1);
}

#[test]
fn a_database_that_goes_away_takes_running_tasks_with_it() {
    let mut world = World::steady(3);
    let crash = Behaviour::new(Fate::Exits { after: MINUTE, exit_code: 1 });
    world.ecs.happen(Happening::BehaviourOfAll { revision: "api".into(), behaviour: crash });
    world.pass(MINUTE * 3);
    assert_eq!(causes(&world), ["app_error"]);
}
