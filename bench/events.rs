//! What an event costs: `cargo bench`.
//!
//! Ratios carry over from machine to machine, times do not. Beside the times stand the ledger's transactions, which are
//! what a storm is paid by.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use remediation::{Handler, Ports};
use serde_json::{Value, json};
use steward::diagnosis::diagnose;
use steward::event::decode::payload;
use steward::ledger::MemoryLedger;
use steward::notification::Subject;
use steward::ports::{Clock, Nowhere, NudgeError, Tell};
use steward::redact::redact;
use steward_bench::events;
use steward_bench::play::Evening;

const SAMPLE: &[u8] = include_bytes!("../events/task-state-change/image_not_found-checkout-1.json");
const BENIGN: &[u8] = include_bytes!("../events/task-state-change/scaled_in-search-1.json");
const STORM: usize = 10_000;
/// Every task event that there is a sample of.
const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/task-state-change");

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

struct Nobody;

impl Tell for Nobody {
    async fn nudge(&self, _: &Subject, _: SignedDuration) -> Result<(), NudgeError> {
        Ok(())
    }
}

fn one_event(c: &mut Criterion) {
    let mut group = c.benchmark_group("one task event");
    group.throughput(Throughput::Bytes(SAMPLE.len() as u64));
    group.bench_function("decode", |b| b.iter(|| payload(black_box(SAMPLE)).unwrap()));
    let events = payload(SAMPLE).unwrap();
    let event = events.first().unwrap().event.as_ref().unwrap();
    group.bench_function("diagnose", |b| b.iter(|| diagnose(black_box(event)).unwrap()));
    group.bench_function("decode and diagnose", |b| {
        b.iter(|| {
            let records = payload(black_box(SAMPLE)).unwrap();
            records.first().and_then(|record| diagnose(record.event.as_ref().unwrap()))
        });
    });
    group.finish();
}

/// All task events of the samples, each as EventBridge sends it: without a blank. Decoded and diagnosed on one core, and beside it what
/// a JSON parser alone takes for the same bytes.
fn beside_the_parser(c: &mut Criterion) {
    let mut files: Vec<_> = std::fs::read_dir(SAMPLES).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let events: Vec<Vec<u8>> = files
        .iter()
        .map(|file| {
            serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap().to_string().into_bytes()
        })
        .collect();
    let bytes: usize = events.iter().map(Vec::len).sum();
    println!("{} task events of {SAMPLES}, {} bytes each on average", events.len(), bytes / events.len());
    let mut group = c.benchmark_group("task events on one core");
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("decode and diagnose", |b| {
        b.iter(|| {
            for event in &events {
                for record in payload(black_box(event)).unwrap() {
                    black_box(diagnose(&record.event.unwrap()));
                }
            }
        });
    });
    group.bench_function("decode", |b| {
        b.iter(|| events.iter().for_each(|event| drop(black_box(payload(black_box(event))))));
    });
    group.bench_function("serde_json::Value alone", |b| {
        b.iter(|| {
            for event in &events {
                black_box(serde_json::from_slice::<Value>(black_box(event)).unwrap());
            }
        });
    });
    group.bench_function("serde::de::IgnoredAny alone", |b| {
        b.iter(|| {
            for event in &events {
                black_box(serde_json::from_slice::<serde::de::IgnoredAny>(black_box(event)).unwrap());
            }
        });
    });
    group.finish();
}

/// Time against length: with twice the text a step takes twice the time.
fn long_text(c: &mut Criterion) {
    let mut group = c.benchmark_group("redact");
    for kilobytes in [1, 4, 16, 64] {
        let hostile = "password=x token: eyJ AKIA :// ".repeat(kilobytes * 1024 / 31);
        group.throughput(Throughput::Bytes(hostile.len() as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(format!("{kilobytes} KiB")),
            &hostile,
            |b, text| {
                b.iter(|| redact(black_box(text)));
            },
        );
    }
    for unit in ["--", "x: ", "a=b&", "token:x,", "a://"] {
        for kilobytes in [16, 64] {
            let hostile = unit.repeat(kilobytes * 1024 / unit.len());
            group.throughput(Throughput::Bytes(hostile.len() as u64));
            let id = BenchmarkId::new(format!("{unit:?} repeated"), format!("{kilobytes} KiB"));
            group.bench_with_input(id, &hostile, |b, text| b.iter(|| redact(black_box(text))));
        }
    }
    group.finish();
    let mut group = c.benchmark_group("decode and diagnose a long reason");
    for kilobytes in [1, 4, 16, 64] {
        let event = stop(0, &"CannotPull timeout ".repeat(kilobytes * 1024 / 19)).to_string();
        group.throughput(Throughput::Bytes(event.len() as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(format!("{kilobytes} KiB")),
            &event,
            |b, event| {
                b.iter(|| {
                    let records = payload(black_box(event.as_bytes())).unwrap();
                    records.first().and_then(|record| diagnose(record.event.as_ref().unwrap()))
                });
            },
        );
    }
    group.finish();
}

fn stop(task: usize, reason: &str) -> Value {
    json!({
        "version": "0", "id": format!("e-{task}"), "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "account": "123456789012", "region": "eu-central-1", "time": "2026-11-20T21:30:00Z",
        "detail": {
            "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
            "taskArn": format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{task:032x}"),
            "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:42",
            "group": "service:api", "startedBy": "ecs-svc/7300021873450019283", "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED", "version": 6, "stopCode": "EssentialContainerExited", "stoppedReason": reason,
            "stoppedAt": format!("2026-11-20T{:02}:{:02}:{:02}Z", task / 3600, task / 60 % 60, task % 60),
            "containers": [{"name": "api", "exitCode": 1}], "overrides": {},
        },
    })
}

fn storm(batch: usize) -> Vec<Vec<u8>> {
    let events: Vec<Value> =
        (0..STORM).map(|task| stop(task, "Essential container in task exited")).collect();
    events
        .chunks(batch)
        .map(|batch| {
            let records: Vec<Value> = batch
                .iter()
                .enumerate()
                .map(|(i, event)| json!({"messageId": i.to_string(), "eventSource": "aws:sqs", "body": event.to_string()}))
                .collect();
            json!({"Records": records}).to_string().into_bytes()
        })
        .collect()
}

/// Plays a storm; answers how many transactions it took.
fn play(storm: &[Vec<u8>]) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (ledger, clock) = (MemoryLedger::new(), Fixed("2026-11-20T23:59:00Z".parse().unwrap()));
    let handler = Handler::new(
        Ports { ledger: &ledger, ecs: &Nowhere, owners: &Nowhere, tell: &Nobody, clock: &clock },
        remediation::Settings::default(),
    );
    for payload in storm {
        let outcome = runtime.block_on(handler.handle(payload)).unwrap();
        assert!(outcome.batch_item_failures().is_empty());
    }
    ledger.usage().transactions
}

fn storm_of_one_service(c: &mut Criterion) {
    let mut group = c.benchmark_group("10,000 failures of one service");
    group.throughput(Throughput::Elements(STORM as u64)).sample_size(10);
    for batch in [10, 100, 1_000] {
        let payloads = storm(batch);
        let transactions = play(&payloads);
        println!(
            "batches of {batch}: {} ledger transactions per 1,000 events",
            transactions * 1_000 / STORM as u64
        );
        group.bench_function(BenchmarkId::from_parameter(format!("batches of {batch}")), |b| {
            b.iter_batched(|| (), |()| play(&payloads), BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// Tasks that their service stopped on purpose, all the way: read, decided, and nothing asked of anybody.
fn benign_stops(c: &mut Criterion) {
    let event: Value = serde_json::from_slice(BENIGN).unwrap();
    let mut group = c.benchmark_group("benign stops, through the handler");
    for batch in [1, 100] {
        let (evening, text) = (Evening::default(), events::payload(&vec![event.clone(); batch]));
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("batches of {batch}")), |b| {
            b.iter(|| evening.hand_over_payload(black_box(&text), batch));
        });
    }
    group.finish();
}

criterion_group!(benches, one_event, beside_the_parser, benign_stops, long_text, storm_of_one_service);
criterion_main!(benches);
