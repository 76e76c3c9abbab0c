//! What is learned, and how.

use super::*;
use crate::scaling::{Basis, Rate};

fn learner() -> Scaler {
    Scaler { service_time: None, start_up: None, ..scaler() }
}

#[test]
fn nothing_is_supposed_to_be_learned_at_first() {
    let decision = first(&learner(), &reading(0, counts(1, 0), service(0, 0)));
    let estimate = decision.estimate;
    assert_eq!((estimate.service_time, estimate.service_time_is), (secs(30), Basis::Supposed));
    assert_eq!((estimate.start_up, estimate.start_up_is), (secs(40), Basis::Supposed));
}

#[test]
fn the_service_time_is_what_was_in_flight_over_what_was_completed() {
    let scaler = learner();
    let mut memory = after(120, &scaler, &reading(120, counts(0, 8), service(10, 10)));
    let mut told = reading(120, counts(0, 8), service(10, 10));
    // Eight at a time for a minute, 145 of them; and five of which half a promise is supposed.
    told.queues[0].minute = minute(0, 145, 145);
    memory = decided(&scaler, &memory, &told).1;
    assert_eq!(
        memory.service_time(&scaler),
        (SignedDuration::from_millis((480 + 150) * 1_000 / 150), Basis::Learned)
    );
    // The same minute told again teaches nothing.
    let again = decided(&scaler, &memory, &Reading { at: at(130), ..told }).1;
    assert_eq!(again.learned, memory.learned);
}

#[test]
fn too_few_messages_teach_no_service_time() {
    let scaler = learner();
    let memory = after(120, &scaler, &reading(120, counts(0, 8), service(10, 10)));
    let mut told = reading(120, counts(0, 8), service(10, 10));
    told.queues[0].minute = minute(0, 4, 4);
    let memory = decided(&scaler, &memory, &told).1;
    assert_eq!(memory.service_time(&scaler).1, Basis::Supposed);
}

#[test]
fn a_backlog_that_shrinks_fast_is_no_slow_work() {
    let scaler = learner();
    let mut memory = Memory::default();
    for (second, visible) in [(0, 1_000), (10, 800), (20, 600)] {
        memory = decided(&scaler, &memory, &reading(second, counts(visible, 10), service(10, 10))).1;
    }
    // Ten at a time for twenty seconds, 400 of them.
    assert_eq!(memory.service_time(&scaler), (SignedDuration::from_millis(500), Basis::Supposed));
}

#[test]
fn the_start_up_is_from_the_order_until_all_run() {
    let scaler = learner();
    let (decision, mut memory) =
        decided(&scaler, &Memory::default(), &reading(0, counts(60, 0), service(0, 0)));
    let (_, to) = order(&decision).unwrap();
    for (second, running) in [(10, 0), (20, 0), (30, to - 1), (50, to)] {
        memory = decided(&scaler, &memory, &reading(second, counts(60, 0), service(to, running))).1;
    }
    assert_eq!(memory.start_up(&scaler), (secs(50), Basis::Learned));
}

#[test]
fn what_cloud_watch_told_is_the_steady_rate() {
    let scaler = scaler();
    let mut memory = Memory::default();
    for (second, sent) in [(120, 600), (180, 900), (240, 1_200)] {
        let mut told = reading(second, counts(0, 20), service(100, 100));
        told.queues[0].minute = minute(second - 120, sent, sent);
        memory = decided(&scaler, &memory, &told).1;
    }
    assert_eq!(memory.steady_rate(secs(2), at(240)), Some(Rate(15_000)));
    let old = memory.steady_rate(secs(2), at(1_200));
    assert_ne!(old, Some(Rate(15_000)), "that was long ago");
}

#[test]
fn arrivals_are_what_was_completed_and_what_the_backlog_grew_by() {
    let scaler = scaler();
    let mut memory = Memory::default();
    for (second, visible) in [(0, 0), (10, 150), (20, 300), (30, 450)] {
        memory = decided(&scaler, &memory, &reading(second, counts(visible, 10), service(10, 10))).1;
    }
    // Ten at work, two seconds each: 5/s; and 15/s more.
    assert_eq!(memory.burst_rate(secs(2)), Some(Rate(20_000)));
}

#[test]
fn memory_does_not_grow_without_end() {
    let scaler = learner();
    let mut memory = Memory::default();
    for tick in 0..2_000 {
        let mut still = reading(tick * 10, counts((tick.unsigned_abs() * 37) % 991, 5), service(20, 20));
        still.queues[0].minute = minute(tick * 10 - tick * 10 % 60 - 120, 500, 500);
        memory = decided(&scaler, &memory, &still).1;
    }
    let size = serde_json::to_string(&memory).unwrap().len();
    assert!(size < 16_000, "{size} bytes");
}

/// Twenty tasks that nothing needs are taken away; seconds later a burst comes.
fn taken_away_and_missed(seconds: i64) -> Memory {
    let scaler = scaler();
    let still = reading(3_600, counts(0, 1), service(20, 20));
    let (decision, memory) = decided(&scaler, &after(3_600, &scaler, &still), &still);
    assert_eq!(order(&decision), Some((20, 2)));
    let burst = reading(3_600 + seconds, counts(6_000, 2), service(2, 2));
    let (decision, memory) = decided(&scaler, &memory, &burst);
    assert!(decision.order.is_some());
    memory
}

#[test]
fn tasks_that_were_missed_stay_for_longer_the_next_time() {
    let held = |seconds| taken_away_and_missed(seconds).hold(&scaler());
    assert_eq!(held(600), secs(3_600), "six times as long");
    assert_eq!(held(610), secs(600), "that was no mistake");
}

#[test]
fn tasks_that_are_not_missed_stay_for_less_long_bit_by_bit() {
    let scaler = scaler();
    let mut memory = taken_away_and_missed(60);
    let mut holds = Vec::new();
    for second in [20_000, 40_000, 60_000] {
        // They are idle for long enough, are taken away, and nothing comes.
        for tick in (0..14_000).step_by(10) {
            let idle = reading(second + tick, counts(0, 1), service(20, 20));
            memory = decided(&scaler, &memory, &idle).1;
        }
        holds.push(memory.hold(&scaler).as_secs());
    }
    assert!(holds.is_sorted_by(|before, after| before > after), "{holds:?}");
    assert!(holds.iter().all(|hold| (600..=3_600).contains(hold)), "{holds:?}");
}

#[test]
fn tasks_stay_for_six_times_as_long_as_configured_at_the_most() {
    let memory = Memory { longer: u32::MAX, ..Memory::default() };
    assert_eq!(memory.hold(&scaler()), secs(3_600));
}

#[test]
fn an_order_that_was_not_carried_out_leaves_no_trace() {
    let burst = reading(0, counts(600, 0), service(0, 0));
    let (decision, mut memory) = decided(&scaler(), &Memory::default(), &burst);
    assert!(decision.order.is_some() && memory.last_out.is_some() && memory.starting.is_some());
    memory.take_back_order(&Memory::default());
    assert_eq!((memory.last_out, memory.last_in, memory.longer, memory.starting), (None, None, 0, None));
}
