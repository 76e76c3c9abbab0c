//! Rules that hold for all inputs.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small numbers of a model that flows"
)]

use proptest::prelude::*;

use super::worker::Model;
use super::*;
use crate::scaling::{Claim, share};

fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), 0_u64..10, 0_u64..100_000, any::<u64>()]
}

fn any_tasks() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0_u32..20, 0_u32..6_000]
}

prop_compose! {
    fn any_counts()(visible in any_count(), in_flight in any_count(), delayed in any_count()) -> QueueCounts {
        QueueCounts { visible, in_flight, delayed }
    }
}

prop_compose! {
    fn any_reading()(
        counts in prop_oneof![
            9 => any_counts().prop_map(Observed::Known),
            1 => Just(Observed::Unknown("throttled".to_owned())),
        ],
        (desired, running) in (any_tasks(), any_tasks()),
        is_deploying in any::<bool>(),
        failed_tasks in 0_u32..3,
        (sent, deleted) in (proptest::option::of(any_count()), proptest::option::of(any_count())),
        is_told in any::<bool>(),
        protected in prop_oneof![Just(Observed::Unknown("denied".to_owned())), any_tasks().prop_map(Observed::Known)],
    ) -> Reading {
        let mut reading = reading(0, super::counts(0, 0), service(desired, running));
        reading.service = Observed::Known(ServiceReading { is_deploying, failed_tasks, ..service(desired, running) });
        reading.queues[0].counts = counts;
        if is_told {
            let oldest = Some(secs(90));
            reading.queues[0].minute = Observed::Known(QueueMinute { began: at(0), sent, deleted, oldest });
        }
        reading.protected = Some(protected);
        reading
    }
}

prop_compose! {
    fn any_scaler()(
        (min, more) in (0_u32..50, 0_u32..5_000),
        per_task in prop_oneof![Just(1), 1_u32..100],
        service_time in proptest::option::of(0_i64..100_000_000),
        start_up in proptest::option::of(0_i64..10_000),
        promise in 5_i64..43_200,
        weight in 1_u32..10_000,
    ) -> Scaler {
        Scaler {
            bounds: Bounds { min, max: min.saturating_add(more).min(crate::scaling::MAX_TASKS) },
            per_task,
            service_time: service_time.map(SignedDuration::from_millis),
            start_up: start_up.map(secs),
            promise: secs(promise),
            queues: vec![Queue { weight, ..queue("orders") }],
            ..scaler()
        }
    }
}

/// Readings ten seconds apart, whose minutes are told two minutes later.
fn series(readings: Vec<Reading>) -> Vec<Reading> {
    let timed = readings.into_iter().enumerate().map(|(place, mut reading)| {
        let second = i64::try_from(place).unwrap() * 10;
        reading.at = at(second);
        if let Observed::Known(minute) = &mut reading.queues[0].minute {
            minute.began = at(second - second % 60 - 120);
        }
        reading
    });
    timed.collect()
}

fn known_desired(reading: &Reading) -> u32 {
    reading.service.known().unwrap().desired.0
}

proptest! {
    #[test]
    fn an_order_lies_within_the_bounds_and_changes_something(
        scaler in any_scaler(),
        readings in proptest::collection::vec(any_reading(), 1..30).prop_map(series),
    ) {
        let mut memory = Memory::default();
        for reading in &readings {
            let (decision, next) = decided(&scaler, &memory, reading);
            memory = next;
            if let Some(order) = decision.order {
                prop_assert!(scaler.bounds.min <= order.to && order.to <= scaler.bounds.max, "{order:?}");
                prop_assert!(order.from == known_desired(reading) && order.to != order.from);
            } else {
                prop_assert!(
                    decision.wanted == known_desired(reading) || !decision.holds.is_empty(),
                    "nothing is done, and nothing says why: {decision:?}"
                );
            }
        }
    }

    #[test]
    fn more_backlog_never_means_fewer_tasks(
        scaler in any_scaler(),
        before in proptest::collection::vec(any_reading(), 0..20),
        last in any_reading(),
        counts in any_counts(),
        more in any_count(),
    ) {
        let mut readings = series([before, vec![last]].concat());
        let mut last = readings.pop().unwrap();
        let memory = readings.iter().fold(Memory::default(), |memory, reading| decided(&scaler, &memory, reading).1);
        let mut wanted = |visible| {
            last.queues[0].counts = Observed::Known(QueueCounts { visible, ..counts });
            decided(&scaler, &memory, &last).0.wanted
        };
        prop_assert!(wanted(counts.visible) <= wanted(counts.visible.saturating_add(more)));
    }

    #[test]
    fn what_is_unknown_takes_no_task_away(
        scaler in any_scaler(),
        before in proptest::collection::vec(any_reading(), 0..20),
        last in any_reading(),
        what in 0..4,
    ) {
        let mut readings = series([before, vec![last]].concat());
        let mut last = readings.pop().unwrap();
        let memory = readings.iter().fold(Memory::default(), |memory, reading| decided(&scaler, &memory, reading).1);
        match what {
            0 => last.queues[0].counts = Observed::Unknown("timeout".to_owned()),
            1 => last.queues.clear(),
            2 => last.protected = Some(Observed::Unknown("timeout".to_owned())),
            _ => last.service = Observed::Unknown("timeout".to_owned()),
        }
        let order = decided(&scaler, &memory, &last).0.order;
        prop_assert!(order.is_none_or(|order| order.to > order.from), "{order:?}");
    }

    #[test]
    fn what_is_worked_on_is_never_taken_away(
        scaler in any_scaler(),
        readings in proptest::collection::vec(any_reading(), 1..30).prop_map(series),
    ) {
        let mut memory = Memory::default();
        for reading in &readings {
            let (decision, next) = decided(&scaler, &memory, reading);
            memory = next;
            let protected = reading.protected.as_ref().and_then(Observed::known).copied().unwrap_or_default();
            if let Some(order) = decision.order.filter(|order| order.to < order.from) {
                prop_assert!(order.to >= decision.need.in_flight.max(protected), "{decision:?}");
            }
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_answer(scaler in any_scaler(), reading in any_reading()) {
        prop_assert_eq!(
            decide(&scaler, &Memory::default(), &reading, reading.at),
            decide(&scaler, &Memory::default(), &reading, reading.at)
        );
    }

    #[test]
    fn a_memory_is_read_back_as_it_was_written(
        scaler in any_scaler(),
        readings in proptest::collection::vec(any_reading(), 1..20).prop_map(series),
    ) {
        let memory = readings.iter().fold(Memory::default(), |memory, reading| decided(&scaler, &memory, reading).1);
        let text = serde_json::to_string(&memory).unwrap();
        prop_assert_eq!(serde_json::from_str::<Memory>(&text).unwrap(), memory);
    }

    #[test]
    fn constant_load_settles_within_one_task(
        millis in 200_u64..10_000,
        tasks in 1_u64..60,
        is_learned in any::<bool>(),
    ) {
        let scaler = Scaler {
            service_time: (!is_learned).then(|| SignedDuration::from_millis(millis.cast_signed())),
            ..scaler()
        };
        // Arrivals that keep `tasks` tasks busy for 77 % of their time: rarely on the border from one task to the next.
        let mut model = Model::new(tasks as f64 * 770.0 / millis as f64, millis as f64 / 1_000.0);
        let needed = (tasks * 77).div_ceil(80);
        for hours in [3, 1] {
            model.orders.clear();
            model.run(&scaler, secs(hours * 3_600));
            let settled = u64::from(model.desired).abs_diff(needed);
            prop_assert!(settled <= 1, "{} tasks, and {needed} are needed", model.desired);
        }
        prop_assert!(model.orders.len() <= 1, "{:?}", model.orders);
    }

    #[test]
    fn counts_that_are_a_fifth_off_do_not_flap(
        millis in 200_u64..10_000,
        tasks in 1_u64..60,
        seed in any::<u64>(),
    ) {
        let scaler = Scaler { service_time: None, ..scaler() };
        let mut model = Model::new(tasks as f64 * 800.0 / millis as f64, millis as f64 / 1_000.0).noisy(seed);
        model.run(&scaler, secs(3_600));
        model.orders.clear();
        model.run(&scaler, secs(4 * 3_600));
        prop_assert!(model.reversals() == 0, "{:?}", model.orders);
    }

    #[test]
    fn a_pool_is_never_shared_out_beyond_its_ceiling(
        ceiling in 0_u32..200,
        claims in proptest::collection::vec((0_u32..60, 0_u32..90), 0..8),
    ) {
        let claims: Vec<Claim> = claims.into_iter().map(|(has, needs)| Claim { has, needs }).collect();
        let shares = share(ceiling, &claims);
        let held: u32 = claims.iter().map(|claim| claim.has).sum();
        // What a service has stays in the count until it is gone.
        let used: u32 = shares.iter().zip(&claims).map(|(share, claim)| (*share).max(claim.has)).sum();
        prop_assert!(used <= ceiling.max(held), "{shares:?}");
        for (share, claim) in shares.iter().zip(&claims) {
            prop_assert!(*share <= claim.needs && *share >= claim.has.min(claim.needs));
        }
        let wants: u32 = claims.iter().map(|claim| claim.needs.max(claim.has)).sum();
        prop_assert!(used == ceiling.min(wants).max(held), "something is left: {shares:?} of {claims:?}");
    }
}
