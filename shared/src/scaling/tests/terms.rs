//! Each term of the need, and each limit.

use super::*;
use crate::scaling::{Limit, PoolName, When};
use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;

#[test]
fn a_burst_from_zero_is_answered_in_one_step() {
    // A new task has (60 - 30) s × 0.8 = 24 s, in which it takes twelve messages of two seconds.
    let decision = first(&scaler(), &reading(0, counts(600, 0), service(0, 0)));
    assert_eq!((order(&decision), decision.limit), (Some((0, 50)), Limit::Drain));
}

#[test]
fn running_tasks_have_the_whole_promise_for_what_waits() {
    // Ten tasks take 60 × 0.8 / 2 = 24 each, and are at one already.
    let still = |visible| first(&scaler(), &reading(0, counts(visible, 10), service(10, 10)));
    assert_eq!(order(&still(230)), None);
    assert_eq!(order(&still(231)), Some((10, 11)));
    assert_eq!(order(&still(230 + 12 * 5)), Some((10, 15)));
}

#[test]
fn pending_tasks_are_capacity() {
    let decision = first(&scaler(), &reading(0, counts(600, 0), service(50, 0)));
    assert_eq!((decision.need.drain, order(&decision)), (50, None));
}

#[test]
fn tasks_that_work_on_several_messages_at_once_are_fewer() {
    let scaler = Scaler { per_task: 10, ..scaler() };
    assert_eq!(order(&first(&scaler, &reading(0, counts(600, 0), service(0, 0)))), Some((0, 5)));
}

#[test]
fn what_takes_longer_than_the_promise_needs_a_task_each() {
    let scaler = Scaler { service_time: Some(secs(300)), ..scaler() };
    assert_eq!(order(&first(&scaler, &reading(0, counts(7, 0), service(0, 0)))), Some((0, 7)));
}

#[test]
fn a_promise_that_the_start_up_uses_up_is_kept_for_later_messages() {
    // A quarter of the promise is left: 15 s, in which a task takes seven and a half.
    let scaler = Scaler { start_up: Some(secs(90)), ..scaler() };
    assert_eq!(order(&first(&scaler, &reading(0, counts(600, 0), service(1, 0)))), Some((1, 80)));
}

#[test]
fn messages_of_a_heavier_queue_count_for_more() {
    let scaler = Scaler { queues: vec![Queue { weight: 250, ..queue("orders") }], ..scaler() };
    assert_eq!(order(&first(&scaler, &reading(0, counts(240, 0), service(0, 0)))), Some((0, 50)));
}

#[test]
fn several_queues_are_one_backlog() {
    let scaler = Scaler { queues: vec![queue("orders"), queue("returns")], ..scaler() };
    let mut both = reading(0, counts(300, 0), service(0, 0));
    both.queues.push(QueueReading { name: QueueName("returns".to_owned()), ..both.queues[0].clone() });
    assert_eq!(order(&first(&scaler, &both)), Some((0, 50)));
}

#[test]
fn a_message_that_is_not_to_be_seen_yet_keeps_a_task_and_no_more() {
    let delayed = QueueCounts { visible: 0, in_flight: 0, delayed: 900 };
    assert_eq!(order(&first(&scaler(), &reading(0, delayed, service(0, 0)))), Some((0, 1)));
}

#[test]
fn where_a_start_takes_longer_than_the_promise_one_task_stays() {
    let empty = |start_up| {
        let scaler = Scaler { start_up: Some(secs(start_up)), ..scaler() };
        let still = reading(3_600, counts(0, 0), service(2, 2));
        let memory = after(3_600, &scaler, &still);
        let (decision, _) = decided(&scaler, &memory, &still);
        (order(&decision), decision.limit)
    };
    assert_eq!(empty(30), (Some((2, 0)), Limit::Nothing));
    assert_eq!(empty(50), (Some((2, 1)), Limit::Warm));
}

#[test]
fn the_bounds_hold_whatever_is_needed() {
    let scaler = Scaler { bounds: Bounds { min: 3, max: 20 }, ..scaler() };
    let most = first(&scaler, &reading(0, counts(u64::MAX, 0), service(3, 3)));
    assert_eq!((order(&most), most.limit, most.is_short), (Some((3, 20)), Limit::Max, true));
    let least = first(&scaler, &reading(0, counts(0, 0), service(0, 0)));
    assert_eq!((order(&least), least.limit, least.is_short), (Some((0, 3)), Limit::Min, false));
}

#[test]
fn other_bounds_hold_at_some_hours() {
    let night = When {
        days: vec![Weekday::Friday],
        from: time(22, 0, 0, 0),
        to: time(6, 0, 0, 0),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        zone_name: "Europe/Berlin".to_owned(),
    };
    let scaler = Scaler { windows: vec![(night, Bounds { min: 1, max: 2 })], ..scaler() };
    let most = |at: &str| {
        let at: Timestamp = at.parse().unwrap();
        decided(&scaler, &Memory::default(), &Reading { at, ..reading(0, counts(600, 0), service(1, 1)) })
            .0
            .wanted
    };
    // Berlin is an hour ahead of UTC in November. The night of Friday ends on Saturday.
    assert_eq!(most("2026-11-27T20:59:59Z"), 49);
    assert_eq!(most("2026-11-27T21:00:00Z"), 2);
    assert_eq!(most("2026-11-28T04:59:59Z"), 2);
    assert_eq!(most("2026-11-28T05:00:00Z"), 49);
    assert_eq!(most("2026-11-28T21:00:00Z"), 49);
}

#[test]
fn no_more_tasks_than_message_groups_can_work() {
    let fifo = |name: &str, groups| Queue { groups, ..queue(name) };
    let of = |queues: Vec<Queue>| {
        let names: Vec<QueueName> = queues.iter().map(|queue| queue.name.clone()).collect();
        let mut reading = reading(0, counts(600, 0), service(0, 0));
        let one = reading.queues[0].clone();
        reading.queues = names.into_iter().map(|name| QueueReading { name, ..one.clone() }).collect();
        let decision = first(&Scaler { queues, ..scaler() }, &reading);
        (decision.wanted, decision.limit)
    };
    assert_eq!(of(vec![fifo("a.fifo", Some(5))]), (5, Limit::Groups));
    assert_eq!(of(vec![fifo("a.fifo", Some(5)), fifo("b.fifo", Some(7))]), (12, Limit::Groups));
    assert_eq!(of(vec![fifo("a.fifo", Some(5)), fifo("b", None)]), (100, Limit::Drain));
}

#[test]
fn a_share_of_a_pool_is_a_ceiling() {
    let share = Some((PoolName("db".to_owned()), 9));
    let decision = first(&scaler(), &Reading { share, ..reading(0, counts(600, 0), service(4, 4)) });
    assert_eq!((order(&decision), decision.limit, decision.is_short), (Some((4, 9)), Limit::Pool, true));
}

#[test]
fn the_wait_is_what_a_new_message_waits() {
    let wait = |visible, running| {
        first(&scaler(), &reading(0, counts(visible, 0), service(running, running))).estimate.wait.as_secs()
    };
    assert_eq!([wait(0, 0), wait(0, 4), wait(100, 4), wait(10, 0)], [0, 0, 50, 50]);
}

#[test]
fn one_task_stays_until_it_is_known_how_long_a_start_takes() {
    let scaler = Scaler { start_up: None, ..scaler() };
    let decision = first(&scaler, &reading(0, counts(0, 0), service(0, 0)));
    assert_eq!((order(&decision), decision.limit), (Some((0, 1)), Limit::Warm));
}

#[test]
fn what_is_worked_on_adds_no_task() {
    let decision = first(&scaler(), &reading(0, counts(0, 103), service(100, 100)));
    assert_eq!((order(&decision), decision.need.in_flight), (None, 100));
}
