//! Seeds, reads that lag, and time.

use serde_json::json;

use super::super::PullFailure;
use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn run(seed: u64, looks: bool) -> Vec<Emitted> {
    let mut world = World::steady(seed);
    let arn = world.fate(Fate::CannotPull(PullFailure::NotFound));
    world.update(&arn);
    for _ in 0..30 {
        world.pass(MINUTE);
        if looks {
            world.running();
        }
    }
    world.events
}

#[test]
fn the_same_seed_gives_the_same_world_however_often_one_looks() {
    let one = run(5, false);
    assert_eq!(one, run(5, true));
    assert_ne!(one, run(6, false));
}

#[test]
fn events_come_in_order_each_once_at_its_time() {
    let mut world = World::new(1);
    world.define(Behaviour::serves());
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 2)).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    let mut last = world.ecs.now();
    while let Some(at) = world.ecs.next_at().filter(|at| *at < later(last, MINUTE * 30)) {
        world.ecs.advance(at);
        for emitted in world.ecs.take_events() {
            assert_eq!(emitted.at, at);
            assert!(emitted.at >= last);
            assert!(ids.insert(emitted.event["id"].as_str().unwrap().to_owned()));
            last = at;
        }
    }
    // Three of each task, two of the deployment, and that all is steady.
    assert_eq!(ids.len(), 9);
}

#[test]
fn going_in_steps_or_at_once_is_the_same() {
    let play = |steps: u32| {
        let mut world = World::steady(5);
        world.call(
            "UpdateService",
            &json!({ "cluster": CLUSTER, "service": "api", "forceNewDeployment": true }),
        );
        for _ in 0..steps {
            world.pass(MINUTE * 60 / steps);
        }
        world.events
    };
    assert_eq!(play(1), play(3_600));
}

#[test]
fn reads_lag_by_up_to_what_was_set_and_mutations_do_not() {
    let mut world = World::steady(1);
    let lag = Duration::from_secs(40);
    world.ecs.set_read_lag(lag);
    world.pass(MINUTE * 2);
    let update = json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 5 });
    assert_eq!(world.call("UpdateService", &update)["service"]["desiredCount"], 5);
    world.pass(Duration::from_secs(10));
    let seen: Vec<u64> = (0..60).map(|_| world.service("api")["desiredCount"].as_u64().unwrap()).collect();
    assert!(seen.contains(&2) && seen.contains(&5), "{seen:?}");
    world.pass(lag * 2);
    for _ in 0..60 {
        assert_eq!(world.service("api")["desiredCount"], 5);
    }
    world.ecs.set_read_lag(Duration::ZERO);
    world.call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": 1 }));
    assert_eq!(world.service("api")["desiredCount"], 1);
}

#[test]
fn what_stood_for_longer_than_the_lag_is_seen_by_every_read() {
    let mut world = World::steady(1);
    let lag = Duration::from_secs(40);
    world.ecs.set_read_lag(lag);
    world.pass(MINUTE * 2);
    for desired in 5..25 {
        world
            .call("UpdateService", &json!({ "cluster": CLUSTER, "service": "api", "desiredCount": desired }));
        world.pass(lag + lag / 8);
        for _ in 0..20 {
            assert_eq!(world.service("api")["desiredCount"], desired);
        }
    }
}
