//! Allocations of decoding and diagnosing one event: counted, so that a copy too many is noticed. A program of its own, for it
//! brings the allocator that counts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test")]

use std::hint::black_box;

use serde_json::Value;
use steward::diagnosis::diagnose;
use steward::event::decode::payload;
use steward_bench::events;

/// Each with the most allocations that it may take: some eight in a hundred more than were counted, for what compilers leave out differs.
const SAMPLES: [(&str, &str, u64); 3] = [
    ("image_not_found", include_str!("../../events/task-state-change/image_not_found-checkout-1.json"), 125),
    ("out_of_memory", include_str!("../../events/task-state-change/out_of_memory-api-1.json"), 155),
    ("scaled_in", include_str!("../../events/task-state-change/scaled_in-search-1.json"), 120),
];

fn allocations(bytes: &[u8]) -> allocation_counter::AllocationInfo {
    let work = || {
        for record in payload(black_box(bytes)).unwrap() {
            black_box(diagnose(&record.event.unwrap()));
        }
    };
    // What is built once is built before.
    work();
    allocation_counter::measure(work)
}

#[test]
fn an_event_takes_no_more_allocations_than_it_did() {
    for (name, text, most) in SAMPLES {
        let event: Value = serde_json::from_str(text).unwrap();
        let counted = allocations(&events::payload(&[event])).count_total;
        assert!(counted <= most, "{name}: {counted} allocations, and {most} at the most");
        assert!(counted * 4 > most * 3, "{name}: {counted} allocations; lower the bound");
    }
}

#[test]
fn of_a_hundred_events_each_takes_what_one_takes() {
    let event: Value = serde_json::from_str(SAMPLES[0].1).unwrap();
    let of = |count: usize| allocations(&events::payload(&vec![event.clone(); count]));
    let (ten, hundred) = (of(10), of(100));
    let each = (hundred.count_total - ten.count_total) / 90;
    assert!(each * 10 <= ten.count_total && each * 11 >= ten.count_total, "{ten:?} {hundred:?}");
    assert!(hundred.bytes_max < ten.bytes_max * 11, "{ten:?} {hundred:?}");
}
