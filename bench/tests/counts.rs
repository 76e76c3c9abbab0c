//! Counts that must not grow: requests to AWS, writes of the ledger, threads. Times depend on the machine, these do not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test")]

use jiff::SignedDuration;
use serde_json::Value;
use steward::config::Policy;
use steward::ledger::Usage;
use steward::ports::Clock as _;
use steward_bench::events::{failed, running, scaled_in, storm};
use steward_bench::outside::{Calls, Used};
use steward_bench::play::{Evening, START};
use steward_bench::work::{acting, standing, with_jobs};

const STORM: usize = 10_000;
/// As the template sets it.
const BATCH: usize = 100;

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_benign_stop_makes_no_call_but_the_configurations_refresh() {
    let samples = [
        scaled_in(START, 0, 0),
        sample(include_str!("../../events/task-state-change/scaled_in-search-1.json")),
        sample(include_str!("../../events/task-state-change/stopped_by_user-nightly-report-1.json")),
    ];
    for event in samples {
        let evening = Evening::default();
        evening.refresh();
        for _ in 0..10 {
            evening.refresh();
            evening.hand_over(std::slice::from_ref(&event));
        }
        let Used { calls, ledger } = evening.outside.used();
        assert_eq!(calls, Calls::from([("ssm:GetParameters", 1)]), "{event}");
        assert_eq!(ledger, Usage::default(), "{event}");
    }
}

#[test]
fn the_configuration_is_asked_for_once_a_minute_and_no_more() {
    let evening = Evening::default();
    for second in 0..180 {
        evening.refresh();
        evening.hand_over(&[scaled_in(evening.outside.now(), 0, second)]);
        evening.outside.pass(SignedDuration::from_secs(1));
    }
    assert_eq!(evening.outside.used().calls, Calls::from([("ssm:GetParameters", 3)]));
}

#[test]
fn a_storm_is_at_most_one_transaction_a_batch_and_target() {
    for services in [1, 20] {
        let evening = Evening::default();
        let mut before = Usage::default();
        for first in (0..STORM).step_by(BATCH) {
            evening.hand_over(&batch_of_storm(services, first));
            let used = evening.outside.ledger.usage();
            let took = used.since(before).transactions;
            // Besides, their cluster hears of what begins, once.
            let most = services as u64 + u64::from(first == 0);
            assert!(took <= most, "event {first}, {services} services: {took} transactions");
            before = used;
        }
    }
}

/// A hundred failures of a storm of so many services, from that one on.
fn batch_of_storm(services: usize, first: usize) -> Vec<Value> {
    storm(START - SignedDuration::from_mins(1), services, first..first + BATCH).collect()
}

/// Ten minutes of one service, with a storm in the first five of them or without.
fn ten_minutes(policy: Policy, is_stormy: bool) -> Evening {
    let evening = standing(1, policy);
    let rest = |seconds: i64| evening.until(evening.outside.now() + SignedDuration::from_secs(seconds));
    for first in (0..STORM).step_by(BATCH) {
        if is_stormy {
            let now = evening.outside.now();
            let batch: Vec<Value> = (first..first + BATCH).map(|task| failed(now, 0, task)).collect();
            evening.hand_over(&batch);
        }
        rest(3);
    }
    rest(300);
    evening
}

#[test]
fn a_storm_of_one_service_is_at_most_five_calls_of_ecs_and_one_thread() {
    for policy in [Policy::default(), acting()] {
        let (quiet, stormy) = (ten_minutes(policy.clone(), false), ten_minutes(policy, true));
        let (idle, used) = (quiet.outside.used(), stormy.outside.used());
        let more = used.calls_to("ecs") - idle.calls_to("ecs");
        assert!(more <= 5, "{more} calls of ECS: {:?}", used.since(&idle).calls);
        assert_eq!(stormy.outside.threads.get() - quiet.outside.threads.get(), 1);
    }
}

/// What the ledger is asked and told for a thousand events, from the first so many on.
fn for_a_thousand(services: usize, first: usize) -> (u64, u64, u64, u64) {
    let evening = Evening::default();
    for batch in (0..first).step_by(BATCH) {
        evening.hand_over(&batch_of_storm(services, batch));
    }
    let begun = evening.outside.used();
    for batch in (first..first + 1_000).step_by(BATCH) {
        evening.hand_over(&batch_of_storm(services, batch));
    }
    let used = evening.outside.used().since(&begun);
    (used.all(), used.ledger.reads, used.ledger.writes, used.ledger.transactions)
}

#[test]
fn the_ten_thousandth_event_takes_what_the_thousandth_takes() {
    for services in [1, 20] {
        let (early, late) = (for_a_thousand(services, 1_000), for_a_thousand(services, 10_000));
        assert_eq!(early, late, "calls, items read, items written, transactions, of {services} services");
    }
}

/// Requests of a tick that begins 100 jobs, while others of the same slot wait.
fn tick_while_wait(others: usize) -> u64 {
    let evening = with_jobs(200 + others);
    evening.outside.set(START + SignedDuration::from_mins(20));
    evening.tick_batch();
    let before = evening.outside.used().all();
    evening.outside.pass(SignedDuration::from_mins(1));
    evening.tick_batch();
    evening.outside.used().all() - before
}

#[test]
fn jobs_that_wait_for_their_turn_are_read_a_hundred_at_a_time() {
    let (alone, in_a_queue) = (tick_while_wait(0), tick_while_wait(400));
    assert!(in_a_queue <= alone + 10, "{alone} and {in_a_queue}");
}

#[test]
fn what_is_well_is_not_written_however_much_of_it_there_is() {
    let evening = standing(1, Policy::default());
    let begun = evening.outside.ledger.usage();
    for task in 0..1_000 {
        let now = evening.outside.now();
        evening.hand_over(&[running(now, 0, task), scaled_in(now, 0, task)]);
    }
    assert_eq!(evening.outside.ledger.usage().since(begun).writes, 0);
}
