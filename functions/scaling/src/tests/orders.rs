//! What becomes of decisions.

use super::*;

fn state(world: &World) -> Option<OrderState> {
    world.record("worker").order.map(|order| order.state)
}

#[test]
fn a_backlog_gets_its_tasks_by_one_call_and_what_is_enough_by_none() {
    let world = World::with_backlog(scaler("worker"), 100);
    let done = world.live(0);
    assert_eq!(world.outside.calls("scale"), ["scale worker 5"]);
    assert_eq!((done.rounds, done.orders.len(), done.failed.len()), (6, 1, 0));
    let record = world.record("worker");
    assert_eq!(record.epoch, 1);
    let order = record.order.unwrap();
    assert_eq!((order.from, order.to, order.state), (1, 5, OrderState::Confirmed));
    world.live(60);
    assert_eq!(world.outside.calls("scale").len(), 1, "five of five are there");
}

#[test]
fn to_observe_changes_nothing_and_remembers_what_it_would_do() {
    let world = World::with_backlog(Scaler { mode: Mode::Observe, ..scaler("worker") }, 100);
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
    let record = world.record("worker");
    assert_eq!(record.decision.unwrap().order.map(|order| order.to), Some(5));
    assert_eq!((record.order, record.memory.last_out, record.memory.starting), (None, None, None));
}

#[test]
fn a_services_own_tag_holds_back() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.change("worker", |service| service.mode_tag = Some("observe".to_owned()));
    world.live(0);
    assert!(world.outside.calls("scale").is_empty());
}

#[test]
fn the_count_is_read_again_before_it_is_set() {
    let world = World::with_backlog(scaler("worker"), 100);
    // A person sets it between the claim and the call.
    world.outside.before("commit s#SCALER", |world| world.outside.run("worker", 3));
    world.live(0);
    assert_eq!(world.outside.calls("scale"), ["scale worker 5"], "by the second order alone");
    let order = world.record("worker").order.unwrap();
    assert_eq!((order.epoch, order.from, order.state), (2, 3, OrderState::Confirmed));
}

#[test]
fn what_was_throttled_is_ordered_again_in_the_next_round() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.answers.borrow_mut().push_back(Answer::Throttles);
    let done = world.live(0);
    assert_eq!(world.outside.calls("scale"), ["scale worker 5", "scale worker 5"]);
    let states: Vec<OrderState> = done.orders.iter().map(|order| order.state).collect();
    assert_eq!(states, [OrderState::Withdrawn, OrderState::Confirmed]);
    assert_eq!(world.outside.desired("worker"), 5);
}

#[test]
fn an_order_of_unknown_outcome_is_read_off_the_count() {
    for (answer, calls) in [(Answer::TimesOutAfter, 1), (Answer::TimesOutBefore, 2)] {
        let world = World::with_backlog(scaler("worker"), 100);
        world.outside.answers.borrow_mut().push_back(answer);
        world.live(0);
        assert_eq!(world.outside.calls("scale").len(), calls);
        assert_eq!((world.outside.desired("worker"), state(&world)), (5, Some(OrderState::Confirmed)));
    }
}

#[test]
fn what_ecs_refuses_is_not_asked_for_at_every_turn() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.answers.borrow_mut().extend([Answer::Refuses, Answer::Refuses]);
    for minute in 0..5 {
        world.live(60 * minute);
    }
    assert_eq!((world.outside.calls("scale").len(), state(&world)), (1, Some(OrderState::Refused)));
    assert_eq!(world.record("worker").memory.last_out, None, "nothing was added");
    world.live(300);
    world.live(600);
    assert_eq!(world.outside.calls("scale").len(), 3);
    assert_eq!(state(&world), Some(OrderState::Confirmed));
}

#[test]
fn a_proposal_stands_until_a_person_approves_it() {
    let world = World::with_backlog(Scaler { mode: Mode::Propose, ..scaler("worker") }, 100);
    world.live(0);
    world.live(60);
    let mut record = world.record("worker");
    let order = record.order.as_mut().unwrap();
    assert_eq!((order.from, order.to, order.epoch, order.state), (1, 5, 1, OrderState::Proposed));
    assert!(world.outside.calls("scale").is_empty());
    order.approved_by = Some("ada".to_owned());
    world.put(Key::scaler(&target("worker")), Record::Scaler(Box::new(record)));
    world.live(120);
    assert_eq!(world.outside.calls("scale"), ["scale worker 5"]);
    let order = world.record("worker").order.unwrap();
    assert_eq!((order.state, order.approved_by.as_deref()), (OrderState::Confirmed, Some("ada")));
}

#[test]
fn a_proposal_that_is_not_needed_any_more_is_not_carried_out() {
    let world = World::with_backlog(Scaler { mode: Mode::Propose, ..scaler("worker") }, 100);
    world.live(0);
    let mut record = world.record("worker");
    record.order.as_mut().unwrap().approved_by = Some("ada".to_owned());
    world.put(Key::scaler(&target("worker")), Record::Scaler(Box::new(record)));
    world.outside.run("worker", 5);
    world.live(60);
    assert!(world.outside.calls("scale").is_empty());
    assert_eq!(state(&world), Some(OrderState::Overtaken));
}

#[test]
fn tasks_are_taken_away_only_after_protection_was_asked_for() {
    let world = World::of([scaler("worker")]);
    world.outside.run("worker", 5);
    world.is_known("worker");
    world.outside.protected.borrow_mut().insert("worker".to_owned(), 3);
    world.live(0);
    assert_eq!(world.outside.calls("scale"), ["scale worker 3"], "as many as protect themselves stay");
    world.outside.protected.borrow_mut().clear();
    world.live(60);
    assert_eq!(world.outside.desired("worker"), 1);
    let steady = World::of([scaler("worker")]);
    steady.live(0);
    assert!(steady.outside.calls("protected").is_empty(), "nobody asks where nothing is to be taken away");
}

#[test]
fn so_many_orders_a_second_are_made_and_whoever_waits_longest_comes_first() {
    let all: Vec<Scaler> = (0..60).map(|index| scaler(&format!("worker-{index:02}"))).collect();
    let world = World::of(all);
    for index in 0..60 {
        world.outside.fill(&format!("worker-{index:02}"), 100 + index, 0);
    }
    let done = world.live(0);
    let scaled = world.outside.calls("scale");
    assert_eq!((scaled.len(), done.deferred), (60, 20), "the rest in the next round");
    let round: Vec<&String> = scaled.iter().take(40).collect();
    assert!(
        !round.contains(&&"scale worker-00 5".to_owned()) && round.contains(&&"scale worker-59 5".to_owned())
    );
}

#[test]
fn of_two_that_look_after_a_service_at_once_one_writes() {
    let world = World::with_backlog(scaler("worker"), 100);
    // Another loop orders before this one claims.
    world.outside.before("commit s#SCALER", |world| {
        let mut record = ScalerRecord::new(target("worker"));
        record.epoch = 7;
        world.put(Key::scaler(&target("worker")), Record::Scaler(Box::new(record)));
    });
    let done = world.live(0);
    assert_eq!(done.overtaken, 1);
    assert_eq!(world.outside.calls("scale"), ["scale worker 5"], "read anew, it orders once");
    assert_eq!(world.record("worker").epoch, 8, "after the other's");
}

#[test]
fn an_order_for_a_service_that_is_gone_is_over() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.outside.answers.borrow_mut().push_back(Answer::TimesOutBefore);
    world.outside.before("scale", |world| {
        world.outside.services.borrow_mut().remove("worker");
    });
    world.live(0);
    assert_eq!(state(&world), Some(OrderState::Overtaken), "its count cannot be read back any more");
}

#[test]
fn a_deployment_that_begins_before_the_call_keeps_its_tasks() {
    let world = World::of([scaler("worker")]);
    world.outside.run("worker", 5);
    world.outside.before("commit s#SCALER", |world| {
        world.outside.change("worker", |service| service.reading.is_deploying = true);
    });
    world.live(0);
    assert!(world.outside.calls("scale").is_empty(), "{:?}", world.outside.calls("scale"));
}
