//! Counts that must not grow: requests to AWS, writes of the ledger, threads. Times depend on the machine, these do not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test")]

use jiff::SignedDuration;
use serde_json::Value;
use steward::config::Policy;
use steward::ledger::Usage;
use steward::ports::Clock as _;
use steward_bench::events::{failed, running, scaled_in};
use steward_bench::outside::{Calls, Used};
use steward_bench::play::Evening;
use steward_bench::work::{acting, standing};

const STORM: usize = 10_000;
/// As the template sets it.
const BATCH: usize = 100;

/// Failures of so many services, one after the other.
fn storm(services: usize, events: std::ops::Range<usize>) -> Vec<Value> {
    events.map(|number| failed(number % services, number / services)).collect()
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_benign_stop_makes_no_call_but_the_configurations_refresh() {
    let samples = [
        scaled_in(0, 0),
        sample(include_str!("../../events/task-state-change/scaled_in-search-1.json")),
        sample(include_str!("../../events/task-state-change/stopped_by_user-nightly-report-1.json")),
        sample(include_str!(
            "../../events/task-state-change/spot_interrupted-recommendations-1-running.json"
        )),
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
        evening.hand_over(&[scaled_in(0, second)]);
        evening.outside.pass(SignedDuration::from_secs(1));
    }
    assert_eq!(evening.outside.used().calls, Calls::from([("ssm:GetParameters", 3)]));
}

#[test]
fn a_storm_of_one_service_is_at_most_one_transaction_a_batch_and_target() {
    let evening = Evening::default();
    let mut before = Usage::default();
    for (number, batch) in storm(1, 0..STORM).chunks(BATCH).enumerate() {
        evening.hand_over(batch);
        let used = evening.outside.ledger.usage();
        let took = used.since(before).transactions;
        // The service's; and its cluster's, which hears of what begins.
        let most = if number == 0 { 2 } else { 1 };
        assert!(took <= most, "batch {number}: {took} transactions");
        before = used;
    }
}

#[test]
fn a_storm_of_twenty_services_is_at_most_one_transaction_a_batch_and_target() {
    let evening = Evening::default();
    let mut before = Usage::default();
    for (number, batch) in storm(20, 0..STORM).chunks(BATCH).enumerate() {
        evening.hand_over(batch);
        let used = evening.outside.ledger.usage();
        let took = used.since(before).transactions;
        let most = if number == 0 { 21 } else { 20 };
        assert!(took <= most, "batch {number}: {took} transactions");
        before = used;
    }
}

/// Ten minutes of one service, with a storm in the first five of them or without.
fn ten_minutes(policy: Policy, storm: &[Value]) -> Evening {
    let evening = standing(1, policy);
    let rest = |seconds: i64| evening.until(evening.outside.now() + SignedDuration::from_secs(seconds));
    let batches: Vec<&[Value]> = storm.chunks(BATCH).collect();
    for tick in 0..100 {
        if let Some(batch) = batches.get(tick) {
            evening.hand_over(batch);
        }
        rest(3);
    }
    rest(300);
    evening
}

#[test]
fn a_storm_of_one_service_is_at_most_five_calls_of_ecs_and_one_thread() {
    for policy in [Policy::default(), acting()] {
        let storm = storm(1, 0..STORM);
        let (quiet, stormy) = (ten_minutes(policy.clone(), &[]), ten_minutes(policy, &storm));
        let (idle, used) = (quiet.outside.used(), stormy.outside.used());
        let more = used.calls_to("ecs") - idle.calls_to("ecs");
        assert!(more <= 5, "{more} calls of ECS: {:?}", used.since(&idle).calls);
        assert_eq!((quiet.outside.threads.get(), stormy.outside.threads.get()), (0, 1));
    }
}

/// What the ledger is asked and told for a thousand events, from the first so many on.
fn for_a_thousand(services: usize, first: usize) -> (u64, u64, u64, u64) {
    let evening = Evening::default();
    let events = storm(services, 0..first + 1_000);
    let (before, counted) = events.split_at(first);
    for batch in before.chunks(BATCH) {
        evening.hand_over(batch);
    }
    let begun = evening.outside.used();
    for batch in counted.chunks(BATCH) {
        evening.hand_over(batch);
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

#[test]
fn what_is_well_is_not_written_however_much_of_it_there_is() {
    let evening = standing(1, Policy::default());
    let begun = evening.outside.ledger.usage();
    for task in 0..1_000 {
        evening.hand_over(&[running(0, task), scaled_in(0, task)]);
    }
    assert_eq!(evening.outside.ledger.usage().since(begun).writes, 0);
}
