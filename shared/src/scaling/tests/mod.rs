//! The rules of scaling, each with a test that fails without it.

mod guards;
mod learning;
mod properties;
mod terms;
mod worker;

use jiff::{SignedDuration, Timestamp};

use super::{
    Answer, Bounds, Care, Decision, Memory, Query, Queue, QueueCounts, QueueMinute, QueueName, QueueReading,
    Reading, Scaler, ServiceReading, decide,
};
use crate::arn::ServiceName;
use crate::config::Mode;
use crate::ecs::{DesiredCount, PendingCount, RunningCount};
use crate::observed::Observed;

pub(super) const TICK: SignedDuration = SignedDuration::from_secs(10);

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_020 + second).unwrap()
}

pub(super) fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// A message waits for a minute at most; a task works on each for two seconds, and starts in thirty.
pub(super) fn scaler() -> Scaler {
    Scaler {
        cluster: "shop".to_owned(),
        service: ServiceName::new("orders"),
        mode: Mode::Act,
        suspended: false,
        queues: vec![queue("orders")],
        promise: secs(60),
        bounds: Bounds { min: 0, max: 100 },
        windows: Vec::new(),
        per_task: 1,
        service_time: Some(secs(2)),
        start_up: Some(secs(30)),
        utilisation: 80,
        scale_in_after: secs(600),
        empty_readings: 12,
        pool: None,
    }
}

pub(super) fn queue(name: &str) -> Queue {
    Queue { name: QueueName(name.to_owned()), weight: 100, groups: None }
}

pub(super) fn counts(visible: u64, in_flight: u64) -> QueueCounts {
    QueueCounts { visible, in_flight, delayed: 0 }
}

pub(super) fn service(desired: u32, running: u32) -> ServiceReading {
    ServiceReading {
        desired: DesiredCount(desired),
        running: RunningCount(running),
        pending: PendingCount(desired.saturating_sub(running)),
        is_deploying: false,
        failed_tasks: 0,
    }
}

pub(super) fn reading(second: i64, counts: QueueCounts, service: ServiceReading) -> Reading {
    Reading {
        at: at(second),
        queues: vec![QueueReading {
            name: QueueName("orders".to_owned()),
            counts: Observed::Known(counts),
            minute: Observed::Absent,
        }],
        service: Observed::Known(service),
        protected: None,
        care: Care::default(),
        share: None,
    }
}

pub(super) fn minute(began: i64, sent: u64, deleted: u64) -> Observed<QueueMinute> {
    Observed::Known(QueueMinute { began: at(began), sent: Some(sent), deleted: Some(deleted), oldest: None })
}

/// What is decided, where nobody is protected.
pub(super) fn decided(scaler: &Scaler, memory: &Memory, reading: &Reading) -> (Decision, Memory) {
    let mut reading = reading.clone();
    for _ in 0..2 {
        match decide(scaler, memory, &reading, reading.at) {
            Answer::Decided(decision, memory) => return (*decision, *memory),
            Answer::Ask(Query::Protected) => reading.protected = Some(Observed::Known(0)),
        }
    }
    panic!("it asks for what it was told")
}

pub(super) fn first(scaler: &Scaler, reading: &Reading) -> Decision {
    decided(scaler, &Memory::default(), reading).0
}

pub(super) fn order(decision: &Decision) -> Option<(u32, u32)> {
    decision.order.map(|order| (order.from, order.to))
}

/// A memory in which so many seconds went by with the same reading.
pub(super) fn after(seconds: i64, scaler: &Scaler, still: &Reading) -> Memory {
    let mut memory = Memory::default();
    let mut reading = still.clone();
    let ticks = seconds / TICK.as_secs();
    for tick in (1..=ticks).rev() {
        reading.at = still.at - TICK * i32::try_from(tick).unwrap();
        memory = decided(scaler, &memory, &reading).1;
    }
    memory
}
