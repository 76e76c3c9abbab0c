//! What keeps services as they are.

use steward::action::Ruling;
use steward::incident::{Ending, Failures, Incident, Remedies, Status, TargetRecord};
use steward::ledger::{Scope, Switch};

use super::*;

fn paused() -> Record {
    let by = Ruling { by: "ada".to_owned(), at: at(0), why: None };
    Record::Switch(Switch { scope: Scope::Global, paused: Some(by), resumed: None })
}

fn switch() -> Key {
    Key::switch(&Scope::Global)
}

#[test]
fn what_cannot_be_read_takes_no_task_away() {
    for dumb in ["counts", "services", "protected"] {
        let world = World::of([scaler("worker")]);
        world.outside.run("worker", 5);
        world.is_known("worker");
        world.outside.dumb.borrow_mut().insert(dumb);
        let done = world.live(0);
        assert!(world.outside.calls("scale").is_empty(), "{dumb}");
        assert_eq!(done.failed.len(), 1, "{dumb}: {:?}", done.failed);
        assert!(!world.holds("worker").is_empty(), "{dumb}");
        world.outside.dumb.borrow_mut().clear();
        world.live(60);
        assert_eq!(world.outside.desired("worker"), 1, "{dumb}: it is read again");
    }
}

#[test]
fn without_cloudwatch_a_service_is_scaled_by_its_counts() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.dumb.borrow_mut().insert("minutes");
    let done = world.live(0);
    assert_eq!((world.outside.desired("worker"), done.failed.len()), (5, 1));
}

#[test]
fn what_application_auto_scaling_owns_is_left_to_it_and_asked_for_every_five_minutes() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.owned.borrow_mut().insert("worker".to_owned());
    for minute in 0..5 {
        world.live(60 * minute);
    }
    assert!(world.outside.calls("scale").is_empty());
    assert_eq!(world.holds("worker"), [Hold::NoLeave(Leave::AutoScalingTarget)]);
    assert_eq!(world.outside.calls("owned").len(), 1);
    world.outside.owned.borrow_mut().clear();
    world.live(300);
    assert_eq!((world.outside.calls("owned").len(), world.outside.desired("worker")), (2, 5));
}

#[test]
fn where_nobody_knows_who_owns_a_service_it_is_left_alone() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.dumb.borrow_mut().insert("owned");
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
    assert!(matches!(world.holds("worker")[..], [Hold::NoLeave(Leave::Unknown { .. })]));
}

#[test]
fn what_has_no_number_of_tasks_to_set_is_left_alone() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.change("worker", |service| service.not_scalable = Some("a DAEMON service".to_owned()));
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
}

#[test]
fn a_service_that_is_gone_is_not_called_about() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.live(0);
    world.outside.services.borrow_mut().clear();
    world.live(60);
    assert_eq!(world.outside.calls("scale").len(), 1);
    assert_eq!(world.holds("worker"), [Hold::NoService]);
}

#[test]
fn a_pause_holds_from_the_next_tick_on_and_in_the_last_moment_too() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.put(switch(), paused());
    world.live(0);
    assert_eq!(world.holds("worker"), [Hold::NoLeave(Leave::Paused { by: "ada".to_owned() })]);
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.before("commit s#SCALER", |world| world.put(switch(), paused()));
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
    let record = world.record("worker");
    assert_eq!(record.order.unwrap().state, OrderState::Withdrawn);
    assert_eq!((record.memory.last_out, record.memory.starting), (None, None));
}

#[test]
fn an_open_action_of_remediation_holds() {
    let world = World::with_backlog(scaler("worker"), 100);
    let mut record = TargetRecord::new(target("worker"));
    record.care.open = Some(steward::action::ActionId::parse(&"a".repeat(64)).unwrap());
    world.put(Key::target(&target("worker")), Record::Target(record));
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
    assert_eq!(world.holds("worker"), [Hold::Action]);
}

#[test]
fn tasks_are_not_taken_away_while_an_incident_is_open() {
    let world = World::of([scaler("worker")]);
    world.outside.run("worker", 5);
    world.is_known("worker");
    let mut record = TargetRecord::new(target("worker"));
    record.incident = Some(at(-60));
    let incident = Incident {
        target: target("worker"),
        opened_at: at(-60),
        status: Status::Open,
        after: None,
        failures: Failures::default(),
        deployments: [].into(),
        remedies: Remedies::default(),
        relapses: 0,
        hooks: Vec::new(),
        deeds: Vec::new(),
    };
    world.put(Key::target(&target("worker")), Record::Target(record));
    world.put(Key::incident(&target("worker"), at(-60)), Record::Incident(incident.clone()));
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
    assert_eq!(world.holds("worker"), [Hold::Incident]);
    let over = Incident { status: Status::Resolved { at: at(30), by: Ending::Quiet }, ..incident };
    world.put(Key::incident(&target("worker"), at(-60)), Record::Incident(over));
    world.live(60);
    assert_eq!(world.outside.desired("worker"), 1);
}

#[test]
fn a_pool_is_shared_and_never_exceeded_by_growth() {
    let of_pool = |name: &str| Scaler {
        pool: Some(PoolName("db".to_owned())),
        bounds: Bounds { min: 1, max: 9 },
        ..scaler(name)
    };
    let mut world = World::of([of_pool("a"), of_pool("b"), Scaler { mode: Mode::Observe, ..of_pool("c") }]);
    world.scalers.pools.insert(PoolName("db".to_owned()), 7);
    for name in ["a", "b", "c"] {
        world.outside.fill(name, 500, 0);
    }
    world.live(0);
    let counts = ["a", "b", "c"].map(|name| world.outside.desired(name));
    assert_eq!(counts, [3, 3, 1], "what only observes keeps what it has, and gets no more");
    assert_eq!(world.outside.calls("scale").len(), 2);
}

#[test]
fn what_was_ordered_a_moment_ago_counts_in_a_pool_though_ecs_does_not_show_it_yet() {
    let of_pool = |name: &str| Scaler { pool: Some(PoolName("db".to_owned())), ..scaler(name) };
    let cases = [
        (OrderState::Confirmed, "scale b 2"),
        (OrderState::Issued, "scale b 2"),
        (OrderState::Withdrawn, "scale b 4"),
    ];
    for (state, first) in cases {
        let mut world = World::of([of_pool("a"), of_pool("b")]);
        world.scalers.pools.insert(PoolName("db".to_owned()), 5);
        let mut record = ScalerRecord::new(target("a"));
        record.order = Some(Standing { epoch: 1, from: 1, to: 3, at: at(-20), state, approved_by: None });
        world.put(Key::scaler(&target("a")), Record::Scaler(Box::new(record)));
        world.outside.fill("b", 500, 0);
        world.live(0);
        let calls = world.outside.calls("scale");
        assert_eq!(calls.first().map(String::as_str), Some(first), "beside an order that is {state:?}");
    }
}

#[test]
fn an_item_that_cannot_be_read_stands_in_nobody_elses_way() {
    let world = World::of([scaler("a"), scaler("b")]);
    for name in ["a", "b"] {
        world.outside.fill(name, 100, 0);
    }
    world.ledger.put_raw(Key::scaler(&target("a")), r#"{"schema":99,"record":{}}"#);
    let done = world.live(0);
    assert_eq!(world.outside.calls("scale"), ["scale b 5"]);
    assert!(done.failed.iter().any(|problem| problem.contains("schema 99")), "{:?}", done.failed);
    assert_eq!(done.overtaken, 0, "nothing is written over it");
    // What remediation knows of a service cannot be read: nobody says that it may be changed.
    let world = World::with_backlog(scaler("a"), 100);
    world.ledger.put_raw(Key::target(&target("a")), "{}");
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
}

#[test]
fn nothing_is_called_where_a_tag_the_strategy_or_the_time_says_so_in_the_last_moment() {
    type Trick = fn(&World);
    let tricks: [(&str, Trick); 3] = [
        ("a tag", |world| {
            world.outside.change("worker", |service| service.mode_tag = Some("propose".to_owned()));
        }),
        ("a strategy", |world| {
            world
                .outside
                .change("worker", |service| service.not_scalable = Some("a DAEMON service".to_owned()));
        }),
        ("the lease ends", |world| world.outside.now.set(at(78))),
    ];
    for (what, trick) in tricks {
        let world = World::with_backlog(scaler("worker"), 100);
        world.outside.before("commit s#SCALER", trick);
        world.live(0);
        assert!(world.outside.calls("scale").is_empty(), "{what}");
    }
}

#[test]
fn a_switch_or_a_service_that_cannot_be_read_again_keeps_the_order_from_being_called() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.before("commit s#SCALER", |world| {
        world.outside.dumb.borrow_mut().insert("services");
    });
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.before("commit s#SCALER", |world| world.ledger.put_raw(switch(), "{}"));
    world.live(0);
    assert!(world.outside.calls("scale").is_empty(), "what cannot be read is off");
}

#[test]
fn what_cannot_be_read_for_long_is_told_once_with_what_it_follows_from_and_is_over_when_it_is() {
    let world = World::of([scaler("worker")]);
    world.outside.dumb.borrow_mut().insert("counts");
    let told: Vec<usize> = (0..9).map(|minute| world.live(60 * minute).news.len()).collect();
    assert_eq!(told.iter().sum::<usize>(), 1, "{told:?}");
    let opened_at = world.record("worker").streak.trouble.unwrap();
    let trouble =
        || world.ledger.records().unwrap().remove(&Key::scaler_trouble(&target("worker"), opened_at));
    let is_open = |record: Option<Record>| matches!(record, Some(Record::ScalerTrouble(it)) if it.is_open());
    assert!(is_open(trouble()));
    world.outside.dumb.borrow_mut().clear();
    for minute in 9..25 {
        world.live(60 * minute);
    }
    assert!(trouble().is_some() && !is_open(trouble()), "nothing was wrong for a while");
    assert_eq!(world.record("worker").streak.trouble, None);
}
