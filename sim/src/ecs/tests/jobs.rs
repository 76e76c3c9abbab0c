//! What standalone tasks meet: little capacity, fates of their own, and refusals.

use std::collections::BTreeMap;

use super::super::{Happening, Refusal};
use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn world(fate: Fate) -> World {
    let mut world = World::new(23);
    world.fate(fate);
    world
}

fn on(provider: &str, count: u32) -> Value {
    json!({
        "cluster": CLUSTER, "taskDefinition": "api", "count": count, "startedBy": "steward/job/a",
        "capacityProviderStrategy": [{ "capacityProvider": provider }],
    })
}

/// How many were started, and why the others were not.
fn run(world: &mut World, input: &Value) -> (usize, Vec<String>) {
    let answer = world.call("RunTask", input);
    let reasons = answer["failures"].as_array().unwrap().iter();
    let reasons = reasons.map(|failure| failure["reason"].as_str().unwrap().to_owned()).collect();
    (answer["tasks"].as_array().unwrap().len(), reasons)
}

fn stopped(world: &mut World) -> Vec<Value> {
    world.tasks(&json!({ "family": "api", "desiredStatus": "STOPPED" }))
}

/// How many tasks ended with each code.
fn exit_codes(world: &mut World) -> BTreeMap<Option<i64>, usize> {
    let mut codes = BTreeMap::new();
    for task in stopped(world) {
        *codes.entry(task["containers"][0]["exitCode"].as_i64()).or_default() += 1;
    }
    codes
}

#[test]
fn a_kind_that_has_little_room_starts_some_and_tells_of_each_of_the_others() {
    let mut world = world(Fate::Exits { after: MINUTE, exit_code: 0 });
    world.ecs.happen(Happening::Room { spot: true, tasks: Some(4) });
    let (started, reasons) = run(&mut world, &on("FARGATE_SPOT", 10));
    assert_eq!((started, reasons.len()), (4, 6));
    assert!(reasons.iter().all(|reason| reason.starts_with("Capacity is unavailable at this time")));
    assert_eq!(run(&mut world, &on("FARGATE", 10)), (10, Vec::new()), "on demand there is room");
    world.pass(MINUTE * 10);
    assert_eq!(run(&mut world, &on("FARGATE_SPOT", 10)).0, 4, "what has ended makes room");
    world.ecs.happen(Happening::Room { spot: true, tasks: None });
    assert_eq!(run(&mut world, &on("FARGATE_SPOT", 10)).0, 10);
}

#[test]
fn of_a_strategy_with_two_providers_the_share_of_the_full_one_fails() {
    let mut world = world(Fate::Serves);
    world.ecs.happen(Happening::Room { spot: true, tasks: Some(1) });
    let mut both = on("FARGATE", 10);
    both["capacityProviderStrategy"] = json!([
        { "capacityProvider": "FARGATE", "weight": 1 }, { "capacityProvider": "FARGATE_SPOT", "weight": 1 },
    ]);
    let (started, reasons) = run(&mut world, &both);
    assert_eq!((started, reasons.len()), (6, 4));
}

#[test]
fn a_spot_wave_takes_all_tasks_and_leaves_no_room_until_it_is_over() {
    let mut world = world(Fate::Serves);
    run(&mut world, &on("FARGATE_SPOT", 3));
    run(&mut world, &on("FARGATE", 2));
    world.pass(MINUTE * 5);
    world.events.clear();
    world.ecs.happen(Happening::SpotWave { lasts: MINUTE * 20 });
    world.ecs.happen(Happening::SpotWave { lasts: MINUTE * 30 });
    let warned: Vec<Emitted> = world.ecs.take_events();
    let first = &warned[0].event["detail"];
    assert_eq!((&first["lastStatus"], &first["desiredStatus"]), (&json!("RUNNING"), &json!("STOPPED")));
    world.pass(MINUTE * 5);
    let taken = stopped(&mut world);
    assert_eq!(taken.len(), 3);
    for task in &taken {
        assert_eq!((&task["stopCode"], &task["lastStatus"]), (&json!("SpotInterruption"), &json!("STOPPED")));
    }
    for room in [0, 0, 2] {
        assert_eq!(run(&mut world, &on("FARGATE_SPOT", 2)).0, room, "at {}", world.ecs.now());
        world.pass(MINUTE * 15);
    }
    assert_eq!(world.tasks(&json!({ "family": "api" })).len(), 4);
}

#[test]
fn a_zone_without_capacity_is_left_by_naming_another_subnet_first() {
    let mut settings = Settings::new("2026-11-20T00:00:00Z".parse().unwrap(), 1);
    let zones = ["a", "b"].map(|zone| (format!("subnet-{zone}"), format!("eu-central-1{zone}")));
    settings.subnets = zones.into();
    let mut world = World::with(settings);
    world.define(Behaviour::serves());
    world.ecs.happen(Happening::Shortage { zone: "eu-central-1a".into(), spot: false, is_short: true });
    let in_subnets = |subnets: &[&str]| {
        let mut input = on("FARGATE", 2);
        input["networkConfiguration"] = json!({ "awsvpcConfiguration": { "subnets": subnets } });
        input
    };
    assert_eq!(run(&mut world, &in_subnets(&["subnet-a", "subnet-b"])).0, 0);
    assert_eq!(run(&mut world, &in_subnets(&["subnet-b", "subnet-a"])).0, 2);
    for task in world.tasks(&json!({ "family": "api" })) {
        assert_eq!(task["availabilityZone"], "eu-central-1b");
    }
    let interface = &world.ecs.take_events()[0].event["detail"]["attachments"][0]["details"][0];
    assert_eq!(interface, &json!({ "name": "subnetId", "value": "subnet-b" }));
    assert_eq!(run(&mut world, &in_subnets(&["subnet-x"])).0, 2, "a subnet that is not known is anywhere");
}

#[test]
fn tasks_of_one_revision_have_fates_and_times_of_their_own() {
    let half = |exit_code| Fate::ExitsBetween { least: MINUTE, most: MINUTE * 20, exit_code };
    let fates = vec![(2, half(0)), (1, half(3)), (1, Fate::OutOfMemory { after: MINUTE }), (0, Fate::Serves)];
    let ended = || {
        let mut world = world(Fate::Mixed(fates.clone()));
        for _ in 0..8 {
            run(&mut world, &on("FARGATE", 10));
        }
        world.pass(MINUTE * 30);
        assert!(world.tasks(&json!({ "family": "api" })).is_empty(), "what weighs nothing is never drawn");
        let mut at: Vec<String> =
            stopped(&mut world).iter().map(|task| task["executionStoppedAt"].to_string()).collect();
        at.dedup();
        (exit_codes(&mut world), at)
    };
    let (codes, at) = ended();
    let count = |code| codes.get(&Some(code)).copied().unwrap_or_default();
    assert!((25..=55).contains(&count(0)) && count(3) >= 8 && count(137) >= 8, "{codes:?}");
    assert!(at.len() > 70, "{at:?}");
    assert_eq!((codes, at), ended(), "from the seed alone");
}

#[test]
fn a_task_that_needs_memory_ends_well_once_it_has_it() {
    let otherwise = Box::new(Fate::Exits { after: MINUTE, exit_code: 0 });
    let fate = Fate::NeedsMemory { mib: 1_024, after: MINUTE, otherwise };
    for (overrides, exit_code) in [
        (json!({}), 137),
        (json!({ "memory": "1023" }), 137),
        (json!({ "memory": "1024" }), 0),
        (json!({ "memory": "2048", "containerOverrides": [{ "name": "api", "memory": 512 }] }), 137),
        (json!({ "memory": "2048", "containerOverrides": [{ "name": "log", "memory": 512 }] }), 0),
    ] {
        let mut world = world(fate.clone());
        let mut input = on("FARGATE", 1);
        input["overrides"] = overrides.clone();
        run(&mut world, &input);
        world.pass(MINUTE * 10);
        assert_eq!(exit_codes(&mut world), [(Some(exit_code), 1)].into(), "{overrides}");
    }
}

#[test]
fn a_task_that_hangs_before_it_runs_stays_there_until_it_is_stopped() {
    for (fate, status) in [(Fate::StaysProvisioning, "PROVISIONING"), (Fate::StaysPending, "PENDING")] {
        let mut world = world(fate);
        run(&mut world, &on("FARGATE", 1));
        world.pass(Duration::from_hours(5));
        let task = world.tasks(&json!({ "family": "api" })).remove(0);
        assert_eq!((&task["lastStatus"], task.get("startedAt")), (&json!(status), None));
        world.call("StopTask", &json!({ "cluster": CLUSTER, "task": task["taskArn"], "reason": "too long" }));
        world.pass(MINUTE * 2);
        let task = stopped(&mut world).remove(0);
        assert_eq!((&task["lastStatus"], &task["stopCode"]), (&json!("STOPPED"), &json!("UserInitiated")));
        assert_eq!(task["containers"][0].get("exitCode"), None);
    }
}

#[test]
fn nobody_knows_how_the_containers_of_a_lost_host_ended() {
    for (keeps_containers, shown) in [(true, 1), (false, 0)] {
        let mut world = world(Fate::HostLost { after: MINUTE, keeps_containers });
        run(&mut world, &on("FARGATE", 1));
        world.pass(MINUTE * 5);
        let task = stopped(&mut world).remove(0);
        assert_eq!(task["stopCode"], "InfrastructureHealth");
        assert_eq!(task["containers"].as_array().unwrap().len(), shown);
        assert_eq!(task["containers"][0].get("exitCode"), None);
        assert_eq!(
            world.events.last().unwrap().event["detail"]["containers"].as_array().unwrap().len(),
            shown
        );
    }
}

#[test]
fn throttling_by_another_name_starts_nothing_and_passes() {
    let mut input = on("FARGATE", 1);
    input["clientToken"] = "once".into();
    for (how, code, status, text) in [
        (Refusal::SubnetsThrottled, "InvalidParameterException", 400, "(ErrorCode: Throttling)"),
        (
            Refusal::SecurityGroupsThrottled,
            "InvalidParameterException",
            400,
            "(ErrorCode: RequestLimitExceeded)",
        ),
        (Refusal::ClientException, "ClientException", 400, "Rate exceeded"),
        (Refusal::ServerException, "ServerException", 500, "Rate exceeded"),
    ] {
        let mut world = world(Fate::Serves);
        world.ecs.happen(Happening::RunTaskRefused { how, per_thousand: 1_000 });
        let error = world.ecs.call("tests", "RunTask", &input).unwrap_err();
        assert_eq!((error.code, error.status), (code, status));
        assert!(error.message.contains(text), "{error}");
        assert!(world.ecs.effects().is_empty() && world.tasks(&json!({ "family": "api" })).is_empty());
        world.ecs.happen(Happening::RunTaskRefused { how, per_thousand: 0 });
        assert_eq!(run(&mut world, &input), (1, Vec::new()), "under the same token");
    }
    let mut sometimes = world(Fate::Serves);
    sometimes.ecs.happen(Happening::RunTaskRefused { how: Refusal::SubnetsThrottled, per_thousand: 500 });
    let calls = (0..40).map(|_| sometimes.ecs.call("tests", "RunTask", &on("FARGATE", 1)).is_ok());
    assert!((10..=30).contains(&calls.filter(|is_ok| *is_ok).count()));
}

#[test]
fn a_revision_deregistered_mid_run_starts_no_more_and_what_runs_runs_on() {
    let mut world = world(Fate::Exits { after: MINUTE * 5, exit_code: 0 });
    let mut first = on("FARGATE", 1);
    (first["taskDefinition"], first["clientToken"]) = ("api:1".into(), "once".into());
    let started = world.call("RunTask", &first);
    world.call("DeregisterTaskDefinition", &json!({ "taskDefinition": "api:1" }));
    assert_eq!(
        world.refused("RunTask", &on("FARGATE", 1)),
        "ClientException",
        "the family has no ACTIVE one"
    );
    let mut next = first.clone();
    next["clientToken"] = "twice".into();
    assert_eq!(world.refused("RunTask", &next), "InvalidParameterException");
    assert_eq!(world.call("RunTask", &first), started);
    world.pass(MINUTE * 10);
    assert_eq!(exit_codes(&mut world), [(Some(0), 1)].into());
}
