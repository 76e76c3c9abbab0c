//! What keeps tasks from being added, or taken away.

use super::*;
use crate::scaling::{Hold, Leave};

/// Twenty tasks, of which nothing has needed more than one for an hour.
fn idle() -> (Scaler, Reading, Memory) {
    let still = reading(3_600, counts(0, 1), service(20, 20));
    let memory = after(3_600, &scaler(), &still);
    (scaler(), still, memory)
}

fn holds(scaler: &Scaler, reading: &Reading, memory: &Memory) -> Vec<Hold> {
    let (decision, _) = decided(scaler, memory, reading);
    assert_eq!(decision.order, None, "{decision:?}");
    decision.holds
}

#[test]
fn tasks_that_nothing_needs_are_taken_away() {
    let (scaler, reading, memory) = idle();
    assert_eq!(order(&decided(&scaler, &memory, &reading).0), Some((20, 2)));
}

#[test]
fn tasks_stay_while_they_were_needed_of_late() {
    let scaler = scaler();
    let busy = reading(0, counts(600, 0), service(0, 0));
    let (decision, mut memory) = decided(&scaler, &Memory::default(), &busy);
    assert_eq!(order(&decision), Some((0, 50)));
    let mut second = 10;
    let gone = loop {
        let (decision, next) = decided(&scaler, &memory, &reading(second, counts(0, 0), service(50, 50)));
        if decision.order.is_some() {
            break decision;
        }
        memory = next;
        second += 10;
    };
    assert_eq!((second, order(&gone)), (600, Some((50, 0))));
}

#[test]
fn of_what_was_needed_before_the_first_reading_nothing_is_known() {
    let (scaler, still, memory) = idle();
    let mut unknown = Memory::default();
    for second in (0..600).step_by(10) {
        let (decision, next) = decided(&scaler, &unknown, &reading(second, counts(0, 0), service(20, 20)));
        assert_eq!(decision.order, None, "{second}");
        unknown = next;
    }
    assert!(decided(&scaler, &unknown, &reading(600, counts(0, 0), service(20, 20))).0.order.is_some());
    // Nothing was read for six minutes.
    let later = Reading { at: still.at + secs(360), ..still };
    assert_eq!(holds(&scaler, &later, &memory), [Hold::Recent { until: later.at + secs(600) }]);
}

#[test]
fn what_cannot_be_read_takes_no_task_away() {
    let (scaler, reading, memory) = idle();
    let unknown = |why: &str| Observed::Unknown(why.to_owned());
    let mut blind = reading.clone();
    blind.queues[0].counts = Observed::Unknown("denied".to_owned());
    let queue = QueueName("orders".to_owned());
    assert_eq!(
        holds(&scaler, &blind, &memory),
        [Hold::UnknownQueue { queue: queue.clone(), why: "denied".to_owned() }]
    );
    blind.queues[0].counts = Observed::Absent;
    assert_eq!(
        holds(&scaler, &blind, &memory),
        [Hold::UnknownQueue { queue: queue.clone(), why: "there is no such queue".to_owned() }]
    );
    blind.queues.clear();
    assert_eq!(
        holds(&scaler, &blind, &memory),
        [Hold::UnknownQueue { queue, why: "it was not read".to_owned() }]
    );
    let lost = Reading { service: unknown("timeout"), ..reading.clone() };
    assert_eq!(holds(&scaler, &lost, &memory), [Hold::UnknownService { why: "timeout".to_owned() }]);
    let gone = Reading { service: Observed::Absent, ..reading.clone() };
    assert_eq!(holds(&scaler, &gone, &memory), [Hold::NoService]);
    let unsure = Reading { protected: Some(Observed::Unknown("throttled".to_owned())), ..reading };
    assert_eq!(holds(&scaler, &unsure, &memory), [Hold::UnknownProtection { why: "throttled".to_owned() }]);
}

#[test]
fn a_queue_that_cannot_be_read_does_not_hide_another() {
    let scaler = Scaler { queues: vec![queue("orders"), queue("returns")], ..scaler() };
    assert_eq!(order(&first(&scaler, &reading(0, counts(600, 0), service(0, 0)))), Some((0, 50)));
}

#[test]
fn nothing_is_taken_away_during_a_deployment_or_an_incident() {
    let (scaler, reading, memory) = idle();
    let mut deploying = reading.clone();
    deploying.service = Observed::Known(ServiceReading { is_deploying: true, ..service(20, 20) });
    assert_eq!(holds(&scaler, &deploying, &memory), [Hold::Deploying]);
    let care = Care { has_incident: true, ..Care::default() };
    assert_eq!(holds(&scaler, &Reading { care: care.clone(), ..reading.clone() }, &memory), [Hold::Incident]);
    let mut burst = Reading { care, ..super::reading(3_600, counts(6_000, 20), service(20, 20)) };
    burst.service = deploying.service;
    assert!(order(&decided(&scaler, &memory, &burst).0).is_some(), "but what is needed is added");
}

#[test]
fn without_leave_nothing_is_changed_either_way() {
    let (scaler, idle, memory) = idle();
    let burst = reading(3_600, counts(6_000, 20), service(20, 20));
    for still in [idle, burst] {
        for leave in [
            Leave::Paused { by: "ana".to_owned() },
            Leave::AutoScalingTarget,
            Leave::NotScalable { what: "DAEMON".to_owned() },
            Leave::Unknown { why: "timeout".to_owned() },
        ] {
            let care = Care { leave: leave.clone(), ..Care::default() };
            assert_eq!(holds(&scaler, &Reading { care, ..still.clone() }, &memory), [Hold::NoLeave(leave)]);
        }
        let care = Care { has_action: true, ..Care::default() };
        assert_eq!(holds(&scaler, &Reading { care, ..still.clone() }, &memory), [Hold::Action]);
        let aside = Scaler { suspended: true, ..scaler.clone() };
        assert_eq!(holds(&aside, &still, &memory), [Hold::Suspended]);
    }
}

#[test]
fn what_is_worked_on_or_protected_stays() {
    let (scaler, mut still, memory) = idle();
    still.queues[0].counts = Observed::Known(counts(0, 7));
    let (decision, _) = decided(&scaler, &memory, &still);
    assert_eq!((order(&decision), decision.need.in_flight), (Some((20, 7)), 7));
    still.protected = Some(Observed::Known(11));
    let (decision, _) = decided(&scaler, &memory, &still);
    assert_eq!((order(&decision), decision.holds), (Some((20, 11)), vec![Hold::Working { tasks: 11 }]));
}

#[test]
fn tasks_that_do_not_protect_long_work_are_not_taken_away_at_work() {
    let (scaler, still, memory) = idle();
    let slow = Scaler { service_time: Some(secs(20)), ..scaler };
    assert_eq!(holds(&slow, &still, &memory), [Hold::Unprotected]);
    let protected = Reading { protected: Some(Observed::Known(1)), ..still.clone() };
    assert_eq!(order(&decided(&slow, &memory, &protected).0), Some((20, 2)));
    let mut resting = still;
    resting.queues[0].counts = Observed::Known(counts(0, 0));
    assert!(order(&decided(&slow, &memory, &resting).0).is_some(), "nothing is at work");
}

#[test]
fn zero_takes_several_empty_readings() {
    let scaler = Scaler { scale_in_after: secs(60), ..scaler() };
    let mut memory =
        after(600, &scaler, &reading(0, QueueCounts { delayed: 1, ..counts(0, 0) }, service(1, 1)));
    let mut readings = 0;
    let gone = loop {
        let (decision, next) =
            decided(&scaler, &memory, &reading(readings * 10, counts(0, 0), service(1, 1)));
        readings += 1;
        if decision.order.is_some() {
            break decision;
        }
        memory = next;
    };
    assert_eq!((readings, order(&gone)), (12, Some((1, 0))));
}

#[test]
fn no_task_is_added_while_new_ones_fail_to_start() {
    let scaler = scaler();
    let failing = |second, failed_tasks, running| {
        reading(second, counts(6_000, 2), ServiceReading { failed_tasks, ..service(5, running) })
    };
    let mut quiet = failing(0, 3, 2);
    quiet.queues[0].counts = Observed::Known(counts(0, 0));
    let (_, memory) = decided(&scaler, &Memory::default(), &quiet);
    let (decision, memory) = decided(&scaler, &memory, &failing(10, 4, 2));
    assert_eq!((order(&decision), decision.holds), (None, vec![Hold::StartsFail { failed: 4 }]));
    assert!(decided(&scaler, &memory, &failing(20, 4, 5)).0.order.is_some(), "they run after all");
    assert!(decided(&scaler, &memory, &failing(620, 4, 2)).0.order.is_some(), "they failed long ago");
}

#[test]
fn messages_that_no_task_completes_are_not_answered_with_more_tasks() {
    let scaler = scaler();
    let mut memory = Memory::default();
    let mut poisoned_at = None;
    for tick in 0..60 {
        let second = tick * 10;
        let mut still = reading(second, counts(3, 2), service(2, 2));
        if second % 60 == 0 {
            still.queues[0].minute = Observed::Known(QueueMinute {
                began: at(second - 120),
                sent: Some(0),
                deleted: Some(0),
                oldest: Some(secs(second + 60)),
            });
        }
        if second > 180 {
            still.queues[0].counts = Observed::Known(counts(6_000, 2));
        }
        let (decision, next) = decided(&scaler, &memory, &still);
        if decision.holds.iter().any(|hold| matches!(hold, Hold::Poison { .. })) {
            poisoned_at.get_or_insert(second);
            assert_eq!(decision.order, None);
        }
        memory = next;
    }
    assert_eq!(poisoned_at, Some(240), "five minutes after the first minute in which they got older");
    let mut well = reading(600, counts(6_000, 2), service(2, 2));
    well.queues[0].minute = minute(540, 0, 5);
    assert!(decided(&scaler, &memory, &well).0.order.is_some(), "one was completed");
}
