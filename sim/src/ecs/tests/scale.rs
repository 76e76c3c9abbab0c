//! Days of trouble, and many services, cost little.

use std::time::Instant;

use serde_json::json;

use super::super::{Happening, PullFailure};
use super::*;

#[test]
fn a_day_of_a_service_that_cannot_start_is_over_quickly() {
    let mut world = World::new(1);
    world.fate(Fate::CannotPull(PullFailure::NotFound));
    world.ecs.add_service(&fargate_service(CLUSTER, "api", "api:1", 1)).unwrap();
    let begun = Instant::now();
    world.ecs.advance(later(world.ecs.now(), Duration::from_hours(24)));
    let took = begun.elapsed();
    let events = world.ecs.take_events().len();
    assert!((300..800).contains(&events), "{events}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_lost_zone_befalls_five_hundred_services_and_all_recover() {
    let mut world = World::new(1);
    world.define(Behaviour::serves());
    for number in 0..500 {
        world.ecs.add_service(&fargate_service(CLUSTER, &format!("s{number}"), "api:1", 2)).unwrap();
    }
    world.pass(Duration::from_mins(10));
    let begun = Instant::now();
    world.ecs.happen(Happening::ZoneLost("eu-central-1a".into()));
    world.pass(Duration::from_mins(15));
    let took = begun.elapsed();
    for number in 0..500 {
        assert_eq!(world.service(&format!("s{number}"))["runningCount"], 2);
        // DescribeServices has 20 calls a second.
        world.pass(Duration::from_millis(50));
    }
    let clusters = world.call("DescribeClusters", &json!({ "clusters": [CLUSTER] }));
    assert_eq!(clusters["clusters"][0]["activeServicesCount"], 500);
    assert!(took < Duration::from_secs(20), "{took:?}");
}
