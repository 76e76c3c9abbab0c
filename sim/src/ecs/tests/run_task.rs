//! `RunTask`: tokens, counts, quotas.

use serde_json::json;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn input(count: u32) -> Value {
    json!({
        "cluster": CLUSTER, "taskDefinition": "api", "launchType": "FARGATE", "count": count,
        "clientToken": "once", "startedBy": "steward/rerun/1",
    })
}

fn world(fate: Fate) -> World {
    let mut world = World::new(17);
    world.fate(fate);
    world
}

#[test]
fn a_token_gives_the_original_result_again_and_starts_nothing() {
    let mut world = world(Fate::Serves);
    let first = world.call("RunTask", &input(2));
    world.pass(MINUTE * 5);
    assert_eq!(world.call("RunTask", &input(2)), first);
    assert_eq!(world.tasks(&json!({ "family": "api" })).len(), 2);
    assert_eq!(world.ecs.effects().len(), 1);
    let effect = &world.ecs.effects()[0];
    assert_eq!(
        (effect.mark.as_deref(), effect.started_by.as_deref()),
        (Some("once"), Some("steward/rerun/1"))
    );
}

#[test]
fn a_token_with_other_parameters_is_a_conflict_that_names_the_tasks() {
    let mut world = world(Fate::Serves);
    let first = world.call("RunTask", &input(1));
    let error = world.ecs.call("tests", "RunTask", &input(2)).unwrap_err();
    assert_eq!(error.code, "ConflictException");
    assert_eq!(error.resource_ids, [first["tasks"][0]["taskArn"].as_str().unwrap()]);
}

#[test]
fn a_token_lives_an_hour_after_the_last_task_and_never_more_than_a_day() {
    let mut short = world(Fate::Exits { after: MINUTE * 10, exit_code: 0 });
    let first = short.call("RunTask", &input(1));
    short.pass(MINUTE * 60);
    assert_eq!(short.call("RunTask", &input(1)), first);
    short.pass(MINUTE * 15);
    assert_ne!(short.call("RunTask", &input(1)), first);

    let mut long = world(Fate::Serves);
    let first = long.call("RunTask", &input(1));
    long.pass(Duration::from_hours(23));
    assert_eq!(long.call("RunTask", &input(1)), first);
    long.pass(Duration::from_hours(2));
    assert_ne!(long.call("RunTask", &input(1)), first);
}

#[test]
fn a_failure_stays_the_original_result() {
    let mut settings = Settings::new("2026-11-20T00:00:00Z".parse().unwrap(), 1);
    settings.fargate_tasks = Some(1);
    let mut world = World::with(settings);
    world.define(Behaviour::serves());
    let answer = world.call("RunTask", &input(2));
    assert_eq!(
        (answer["tasks"].as_array().unwrap().len(), answer["failures"].as_array().unwrap().len()),
        (1, 1)
    );
    let reason = answer["failures"][0]["reason"].as_str().unwrap();
    assert_eq!(reason, "You've reached the limit on the number of tasks you can run concurrently");
    assert_eq!(world.call("RunTask", &input(2)), answer);
}

#[test]
fn more_than_a_call_takes_is_refused() {
    let mut world = world(Fate::Serves);
    assert_eq!(world.refused("RunTask", &input(11)), "InvalidParameterException");
    let mut long = input(1);
    let environment = json!([{ "name": "A", "value": "x".repeat(9_000) }]);
    long["overrides"] = json!({ "containerOverrides": [{ "name": "api", "environment": environment }] });
    assert_eq!(world.refused("RunTask", &long), "InvalidParameterException");
    let mut started_by = input(1);
    started_by["startedBy"] = "x".repeat(129).into();
    assert_eq!(world.refused("RunTask", &started_by), "InvalidParameterException");
    assert!(world.ecs.effects().is_empty());
}

#[test]
fn started_by_finds_running_tasks_and_family_finds_stopped_ones() {
    let mut world = world(Fate::Serves);
    let arn = world.call("RunTask", &input(1))["tasks"][0]["taskArn"].clone();
    let by = json!({ "startedBy": "steward/rerun/1" });
    assert_eq!(world.tasks(&by).len(), 1);
    world.call("StopTask", &json!({ "cluster": CLUSTER, "task": arn }));
    world.pass(MINUTE * 5);
    assert!(world.tasks(&by).is_empty());
    let stopped = world.tasks(&json!({ "family": "api", "desiredStatus": "STOPPED" }));
    assert_eq!(stopped[0]["startedBy"], "steward/rerun/1");
}
