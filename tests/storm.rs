//! Many events, in any order, as often as they come: the same story, told once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]
#![allow(dead_code, reason = "not every test uses all of the world")]

mod world;

use serde_json::{Value, json};
use world::World;

const NOW: &str = "2026-11-20T22:00:00Z";

/// A shuffle that a seed reproduces.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    for i in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = usize::try_from(state >> 33).unwrap() % (i + 1);
        items.swap(i, pick);
    }
}

fn stop(service: usize, task: usize, reason: &str, exit_code: i64) -> Value {
    let cluster = "arn:aws:ecs:eu-central-1:123456789012:cluster/shop";
    json!({
        "version": "0", "id": format!("e-{service}-{task}"), "detail-type": "ECS Task State Change",
        "source": "aws.ecs", "account": "123456789012", "region": "eu-central-1", "time": "2026-11-20T21:30:00Z",
        "resources": [format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{service:04x}{task:028x}")],
        "detail": {
            "clusterArn": cluster,
            "taskArn": format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{service:04x}{task:028x}"),
            "taskDefinitionArn": format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/s{service}:7"),
            "group": format!("service:s{service}"), "startedBy": format!("ecs-svc/{}", 1_000 + service + task % 2),
            "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "version": 6,
            "stoppedReason": reason, "stopCode": "EssentialContainerExited",
            "stoppedAt": format!("2026-11-20T21:{:02}:{:02}.{:03}Z", task / 60 % 60, task % 60, task % 1_000),
            "containers": [{"name": "app", "exitCode": exit_code}], "overrides": {},
        },
    })
}

fn payload(events: &[Value]) -> Vec<u8> {
    let records: Vec<Value> = events
        .iter()
        .enumerate()
        .map(|(i, event)| json!({"messageId": format!("m-{i}"), "eventSource": "aws:sqs", "body": event.to_string()}))
        .collect();
    json!({"Records": records}).to_string().into_bytes()
}

/// The events of one stop: decided, containers ended, stopped.
fn stages() -> [Value; 3] {
    let stopped = stop(1, 1, "Essential container in task exited", 1);
    let mut deciding = stopped.clone();
    deciding["detail"]["lastStatus"] = json!("RUNNING");
    deciding["detail"]["version"] = json!(4);
    deciding["detail"]["containers"] = json!([{"name": "app"}]);
    let mut ending = stopped.clone();
    ending["detail"]["lastStatus"] = json!("DEPROVISIONING");
    ending["detail"]["version"] = json!(5);
    [deciding, ending, stopped]
}

#[test]
fn a_thousand_copies_of_one_event_give_one_incident_and_one_alert() {
    for seed in 0..5 {
        let [deciding, ending, stopped] = stages();
        let mut events: Vec<Value> = (0..1_000)
            .flat_map(|copy| {
                let mut copies = vec![stopped.clone()];
                copies.extend((copy % 3 == 0).then(|| deciding.clone()));
                copies.extend((copy % 4 == 0).then(|| ending.clone()));
                copies
            })
            .collect();
        for (place, event) in events.iter_mut().enumerate() {
            event["id"] = json!(format!("another-{place}"));
        }
        shuffle(&mut events, seed);
        let world = World::at(NOW);
        for batch in events.chunks(37) {
            assert!(world.handle(&payload(batch)).batch_item_failures().is_empty());
            world.tell();
        }
        let incidents = world.incidents();
        assert_eq!((incidents.len(), incidents[0].failures.count()), (1, 1), "seed {seed}");
        assert_eq!(world.alerts().len(), 1, "seed {seed}");
    }
}

#[test]
fn a_later_version_corrects_an_earlier_one_in_either_order() {
    let mut early = stop(1, 1, "Essential container in task exited", 1);
    early["detail"]["version"] = json!(5);
    early["detail"]["containers"] = json!([{"name": "app"}]);
    let late = stop(1, 1, "Essential container in task exited", 139);
    let of = |events: &[&Value]| {
        let world = World::at(NOW);
        for event in events {
            world.handle(&payload(std::slice::from_ref(*event)));
        }
        world.incidents()
    };
    assert_eq!(of(&[&early, &late]), of(&[&late, &early]));
    assert_eq!(of(&[&early, &late, &early, &late]), of(&[&late]));
}

#[test]
fn ten_thousand_failures_give_the_same_incidents_in_any_order() {
    let reasons = ["Essential container in task exited", "CannotPullContainerError: manifest unknown", "?"];
    let in_order: Vec<Value> = (0..10_000)
        .map(|i| stop(i % 20, i / 20, reasons[i % 3], i64::try_from(i % 2).unwrap() + 1))
        .collect();
    let play = |events: &[Value], batch: usize| {
        let world = World::at(NOW);
        for batch in events.chunks(batch) {
            assert!(world.handle(&payload(batch)).batch_item_failures().is_empty());
        }
        world.incidents()
    };
    let expected = play(&in_order, 100);
    assert_eq!(expected.len(), 20);
    assert!(expected.iter().all(|incident| incident.failures.count() == 500));
    for seed in 0..3 {
        let mut shuffled = in_order.clone();
        shuffle(&mut shuffled, seed);
        assert_eq!(play(&shuffled, 73), expected, "seed {seed}");
    }
}

#[test]
fn what_went_in_twice_in_one_batch_counts_once() {
    let event = stop(1, 1, "Essential container in task exited", 1);
    let world = World::at(NOW);
    world.handle(&payload(&[event.clone(), event.clone(), event]));
    assert_eq!(world.incidents()[0].failures.count(), 1);
    assert_eq!(world.ledger.usage().transactions, 2, "the service's, and its cluster's");
}

#[test]
fn benign_stops_write_nothing_at_all() {
    let mut event = stop(1, 1, "Scaling activity initiated by (deployment ecs-svc/1)", 137);
    event["detail"]["stopCode"] = json!("ServiceSchedulerInitiated");
    let world = World::at(NOW);
    world.handle(&payload(&[event]));
    assert_eq!((world.ledger.usage().writes, world.alerts().len()), (0, 0));
}
