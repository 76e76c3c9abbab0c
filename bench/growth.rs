//! How work grows: `cargo bench -p steward-bench --bench growth`.
//!
//! The production handlers over an outside in memory that counts requests: storms, a full ledger, what is due, scaled services and
//! jobs, each against its size. Times are this machine's, and include what memory takes in the place of AWS; slopes carry over.
//! Prints Markdown, writes `target/bench/growth.json`, and ends with 1 where something grows more than it may.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark: it lives by the wall clock, and ends where something fails"
)]

use std::process::ExitCode;
use std::time::Instant;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use steward::arn::{ClusterArn, ServiceName};
use steward::incident::{Target, TargetRecord};
use steward::ledger::{Expect, Key, Record, Transaction, Write};
use steward::ports::{Clock as _, Ledger as _};
use steward_bench::events::{failed, payload, storm};
use steward_bench::growth::{Limits, Point, Series};
use steward_bench::play::{Evening, START};
use steward_bench::work::{fill, with_jobs, with_scalers};

/// As the template sets it.
const BATCH: usize = 100;
/// The largest storm, with its millisecond an event, begins so long before it is heard of.
const BEFORE: SignedDuration = SignedDuration::from_secs(100);

fn main() -> ExitCode {
    // `cargo test --benches` runs benchmarks, and wants them not to run.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let storms = [1, 20, 500].map(storms);
    let rest = [full_ledger(), sweeps_of_a_full_ledger(), due(), scaled(), jobs()];
    let all: Vec<Series> = storms.into_iter().chain(rest).collect();
    for series in &all {
        println!("{}", series.markdown());
    }
    let excesses: Vec<String> = all.iter().flat_map(Series::excesses).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench");
    std::fs::create_dir_all(folder).unwrap();
    let series: Vec<Value> = all.iter().map(Series::json).collect();
    let report =
        serde_json::to_string_pretty(&json!({ "series": series, "excesses": excesses })).unwrap() + "\n";
    std::fs::write(format!("{folder}/growth.json"), report).unwrap();
    println!("The same as JSON: target/bench/growth.json");
    for excess in &excesses {
        println!("{excess}");
    }
    if excesses.is_empty() {
        println!("Nothing grows more than it may.");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Times some invocations of an evening, one after the other, and notes the most memory that one of them held.
struct Meter<'e> {
    evening: &'e Evening,
    seconds: f64,
    peak: u64,
    begun: steward_bench::outside::Used,
}

impl<'e> Meter<'e> {
    fn of(evening: &'e Evening) -> Self {
        Self { evening, seconds: 0.0, peak: 0, begun: evening.outside.used() }
    }

    fn invoke(&mut self, act: impl FnOnce(&Evening)) {
        let mut seconds = 0.0;
        let info = allocation_counter::measure(|| {
            let began = Instant::now();
            act(self.evening);
            seconds = began.elapsed().as_secs_f64();
        });
        self.seconds += seconds;
        self.peak = self.peak.max(info.bytes_max);
    }

    fn point(self, size: usize) -> Point {
        let used = self.evening.outside.used().since(&self.begun);
        Point {
            size,
            seconds: self.seconds,
            peak: self.peak,
            requests: used.all(),
            writes: used.ledger.writes,
        }
    }
}

fn series(
    name: String,
    of: &'static str,
    limits: Limits,
    sizes: &[usize],
    measure: impl Fn(usize) -> Point,
) -> Series {
    // What is built once is built before.
    measure(sizes.first().copied().unwrap_or(1));
    Series { name, of, limits, points: sizes.iter().map(|size| measure(*size)).collect() }
}

/// Failures of so many services, told in the end, and a sweep.
fn storms(services: usize) -> Series {
    let name = format!("A storm over {services} {}", if services == 1 { "service" } else { "services" });
    series(name, "events", Limits::BATCHES, &[10, 100, 1_000, 10_000, 100_000], |size| {
        let evening = Evening::default();
        let mut meter = Meter::of(&evening);
        for first in (0..size).step_by(BATCH) {
            let batch: Vec<Value> = storm(START - BEFORE, services, first..size.min(first + BATCH)).collect();
            let text = payload(&batch);
            meter.invoke(|evening| {
                evening.hand_over_payload(&text, batch.len());
            });
        }
        evening.outside.pass(SignedDuration::from_secs(20));
        meter.invoke(|evening| {
            evening.tell();
        });
        meter.invoke(Evening::sweep);
        meter.point(size)
    })
}

fn target(number: usize) -> Target {
    Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/archive"),
        name: ServiceName::new(format!("closed-{number}")),
    }
}

/// An evening whose ledger holds so many stories that are over.
fn with_items(size: usize) -> Evening {
    let evening = Evening::default();
    let numbers: Vec<usize> = (0..size).collect();
    for some in numbers.chunks(100) {
        let write = |number: &usize| {
            let target = target(*number);
            let record = Record::Target(TargetRecord::new(target.clone()));
            let expires = Some(START + SignedDuration::from_hours(24 * 35));
            Write { key: Key::target(&target), expect: Expect::Absent, record, due: None, expires }
        };
        let writes = some.iter().map(write).collect();
        evening.outside.ledger.commit(Transaction { writes }).now_or_never().unwrap().unwrap();
    }
    evening
}

const ITEMS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// A thousand failures of as many services, each in a batch of its own.
fn full_ledger() -> Series {
    let name = "A thousand events, with a ledger of so many items".to_owned();
    series(name, "items", Limits::FLAT, &ITEMS, |size| {
        let evening = with_items(size);
        let mut meter = Meter::of(&evening);
        for service in 0..1_000 {
            let text = payload(&[failed(START, service, 0)]);
            meter.invoke(|evening| {
                evening.hand_over_payload(&text, 1);
            });
        }
        meter.point(size)
    })
}

/// An hour's sweeps with nothing to do.
fn sweeps_of_a_full_ledger() -> Series {
    let name = "An hour of sweeps, with a ledger of so many items".to_owned();
    series(name, "items", Limits::FLAT, &ITEMS, |size| {
        let evening = with_items(size);
        let mut meter = Meter::of(&evening);
        for _ in 0..60 {
            meter.invoke(Evening::sweep);
            evening.outside.pass(SignedDuration::from_mins(1));
        }
        meter.point(size)
    })
}

/// News of which every nudge was lost, found by a sweep and told. All of it is one outage, whose item is read with each and names
/// 3,000 at the most: what is read beyond that grows no more.
fn due() -> Series {
    let name = "News that nobody was woken for: swept, and told".to_owned();
    let limits = Limits { peak: 1.1, ..Limits::BATCHES };
    series(name, "subjects", limits, &[100, 1_000, 3_000, 10_000, 30_000], |size| {
        let evening = Evening::default();
        for first in (0..size).step_by(BATCH) {
            let batch: Vec<Value> = storm(START - BEFORE, size, first..size.min(first + BATCH)).collect();
            evening.hand_over(&batch);
        }
        evening.outside.waiting.borrow_mut().clear();
        evening.outside.pass(SignedDuration::from_mins(10));
        let mut meter = Meter::of(&evening);
        meter.invoke(Evening::sweep_notifications);
        meter.invoke(|evening| {
            evening.tell();
        });
        meter.point(size)
    })
}

/// Three minutes of services that follow a queue each, of which one in ten is scaled out.
fn scaled() -> Series {
    let name = "Three minutes of scaled services".to_owned();
    series(name, "services", Limits::LINEAR, &[10, 30, 100, 300, 1_000], |size| {
        let evening = with_scalers(size);
        let mut meter = Meter::of(&evening);
        for minute in 0..3 {
            for number in (0..size).filter(|number| number % 10 == 0) {
                fill(&evening, number, if minute == 0 { 60 } else { 0 });
            }
            meter.invoke(|evening| {
                evening.scale();
            });
        }
        meter.point(size)
    })
}

/// A night of jobs, each of one task, all in one slot: ticks until all have begun, the ends of their tasks, and ticks until all is over.
fn jobs() -> Series {
    let name = "A night of jobs, all in one slot".to_owned();
    series(name, "jobs", Limits::LINEAR, &[10, 30, 100, 300, 1_000], |size| {
        let evening = with_jobs(size);
        let mut meter = Meter::of(&evening);
        let minute = SignedDuration::from_mins(1);
        for _ in 0..25 {
            evening.outside.set(evening.outside.now() + minute);
            meter.invoke(Evening::tick_batch);
        }
        let ended = evening.outside.tasks_end();
        assert_eq!(ended.len(), size, "every job has begun");
        for batch in ended.chunks(BATCH) {
            meter.invoke(|evening| evening.hand_over_to_batch(batch));
        }
        for _ in 0..5 {
            evening.outside.set(evening.outside.now() + minute);
            meter.invoke(Evening::tick_batch);
        }
        meter.point(size)
    })
}
