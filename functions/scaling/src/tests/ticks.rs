//! What a tick costs, and who answers it.

use steward::scaling::Loop;

use super::*;

#[test]
fn of_a_service_that_rests_a_minute_reads_once_writes_once_and_describes_once() {
    let world = World::of([scaler("worker")]);
    world.live(0);
    let before = world.ledger.usage();
    world.outside.calls.borrow_mut().clear();
    let done = world.live(60);
    let after = world.ledger.usage();
    assert_eq!(done.rounds, 6);
    assert_eq!(after.reads - before.reads, 5, "lease, both switches, what remediation knows, its own");
    assert_eq!(after.writes - before.writes, 3, "the lease, its own, and the lease again");
    let count = |call: &str| world.outside.calls(call).len();
    assert_eq!((count("counts"), count("services"), count("minutes"), count("scale")), (6, 1, 1, 0));
}

#[test]
fn a_service_is_described_again_where_its_queue_moves() {
    let world = World::of([Scaler { bounds: Bounds { min: 5, max: 5 }, ..scaler("worker") }]);
    world.outside.run("worker", 5);
    world.outside.before("wait", |world| world.outside.fill("worker", 3, 1));
    world.live(0);
    assert_eq!(world.outside.calls("services").len(), 2, "at first, and where a count had changed");
    assert!(world.outside.calls("scale").is_empty());
}

#[test]
fn services_are_described_ten_at_a_time_and_a_queue_of_several_is_counted_once() {
    let all =
        (0..25).map(|index| Scaler { queues: scaler("shared").queues, ..scaler(&format!("w-{index}")) });
    let world = World::of(all);
    world.live(0);
    let described: Vec<String> = world.outside.calls("services").into_iter().take(3).collect();
    assert_eq!(described, ["services 10", "services 10", "services 5"]);
    assert_eq!(world.outside.calls("counts").len(), 6);
}

#[test]
fn who_does_not_get_the_lease_does_nothing_and_says_so() {
    let world = World::with_backlog(scaler("worker"), 100);
    let shard = Loop::shard_of(&scaler("worker"));
    let other = Loop { shard, owner: "another".to_owned(), until: at(40) };
    world.put(Key::scaling_loop(shard), Record::ScalingLoop(other.clone()));
    let done = world.live(0);
    assert_eq!((done.services, done.rounds), (0, 0));
    assert_eq!(
        done.held.iter().map(|held| (held.shard, held.owner.as_str())).collect::<Vec<_>>(),
        [(shard, "another")]
    );
    assert!(world.outside.calls("scale").is_empty() && world.outside.calls("counts").is_empty());
    // A lease that ends soon is waited for: its owner is dead.
    let done = world.live(15);
    assert_eq!((done.services, world.outside.desired("worker")), (1, 5));
    assert!(world.outside.now.get() <= at(90));
}

#[test]
fn a_lease_is_given_back_before_the_next_tick() {
    let world = World::of([scaler("worker")]);
    world.live(0);
    assert!(world.outside.now.get() < at(60));
    let shard = Loop::shard_of(&scaler("worker"));
    match &world.ledger.records().unwrap()[&Key::scaling_loop(shard)] {
        Record::ScalingLoop(held) => assert!(held.until <= world.outside.now.get()),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.live(57).rounds, 6, "a tick that comes early finds it free");
}

#[test]
fn a_configuration_without_services_costs_nothing() {
    let world = World::of([]);
    let done = world.live(0);
    assert_eq!((done, world.outside.calls("").len()), (Done::default(), 0));
}

#[test]
fn rounds_come_as_often_as_configured() {
    for (every, rounds) in [(5, 12), (10, 6), (20, 3), (60, 1)] {
        let mut world = World::of([scaler("worker")]);
        world.scalers.every = secs(every);
        assert_eq!(world.live(0).rounds, rounds);
    }
}

#[test]
fn what_is_measured_is_how_each_service_stands() {
    let world = World::with_backlog(Scaler { mode: Mode::Observe, ..scaler("worker") }, 100);
    world.outside.run("worker", 4);
    let done = world.live(0);
    let [measured] = &done.measured[..] else { panic!("{:?}", done.measured) };
    assert_eq!((measured.cluster.as_str(), measured.service.as_str()), ("shop", "worker"));
    assert!((measured.backlog_per_task - 25.0).abs() < f64::EPSILON);
    assert_eq!((measured.wait, measured.desired), (secs(150), Some(4)));
}

#[test]
fn hundreds_of_services_fit_a_tick() {
    let world = World::of((0..500).map(|index| scaler(&format!("worker-{index}"))));
    let done = world.live(0);
    assert_eq!((done.services, done.rounds, done.failed.len()), (500, 6, 0));
    assert_eq!(world.outside.calls("minutes"), ["minutes 166", "minutes 166", "minutes 166", "minutes 2"]);
    assert_eq!(world.outside.calls("services").len(), 50);
}

#[test]
fn an_item_stays_small_however_long_its_service_is_looked_after() {
    let world = World::of([scaler("worker")]);
    for minute in 0..60 {
        world.outside.fill("worker", (minute * 37) % 101, u64::from(world.outside.desired("worker")));
        world.live(i64::try_from(minute).unwrap() * 60);
    }
    let record = Record::Scaler(Box::new(world.record("worker")));
    let bytes = steward::ledger::encode(&Key::scaler(&target("worker")), &record).unwrap().len();
    assert!((2_000..10_000).contains(&bytes), "{bytes} bytes");
}
