//! Our own scaler, as the function runs it: a look every ten seconds, from nothing known.

use jiff::{SignedDuration, Timestamp};
use steward::arn::ServiceName;
use steward::config::Mode;
use steward::ecs::{DesiredCount, PendingCount, RunningCount};
use steward::observed::Observed;
use steward::scaling::{
    Answer, Bounds, Care, Decision, Memory, Query, Queue, QueueCounts, QueueMinute, QueueName, QueueReading,
    Reading, Scaler, ServiceReading, decide,
};

use crate::policy::{Control, Datapoints, Seen};
use crate::queue::MINUTE;
use crate::world::{Options, World};

/// The function looks every ten seconds.
const EVERY: u64 = 10_000;
/// Questions are answered so often at the most.
const ROUNDS: u32 = 3;

/// A look of ours, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What was decided.
    pub decision: Decision,
    /// Tasks that ran.
    pub running: u32,
}

/// A scaler for a world, with nothing configured that could be learned.
pub fn scaler(options: &Options) -> Scaler {
    Scaler {
        mode: Mode::Act,
        queues: vec![Queue { name: QueueName("simulated".to_owned()), weight: 100, groups: None }],
        promise: span(options.promise),
        bounds: Bounds { min: options.min, max: options.max },
        per_task: options.per_task,
        ..Scaler::new("simulated".to_owned(), ServiceName::new("simulated"))
    }
}

/// A scaler that people have configured, for the one queue and service of a world.
pub fn alone(configured: Scaler) -> Scaler {
    let groups =
        configured.queues.iter().try_fold(0_u32, |sum, queue| Some(sum.saturating_add(queue.groups?)));
    let queue = Queue { name: QueueName("simulated".to_owned()), weight: 100, groups };
    Scaler { queues: vec![queue], suspended: false, mode: Mode::Act, pool: None, ..configured }
}

impl Options {
    /// The same with what a scaler says of the promise, the bounds and its tasks.
    #[must_use]
    pub fn of(self, scaler: &Scaler) -> Self {
        let promise = u64::try_from(scaler.promise.as_millis()).unwrap_or_default();
        let Bounds { min, max } = scaler.bounds;
        Self { promise, min, max, per_task: scaler.per_task, ..self }
    }
}

/// Our scaler at work.
pub(crate) struct Ours<'s> {
    scaler: &'s Scaler,
    begins: Timestamp,
    memory: Memory,
    /// When CloudWatch was asked last.
    asked: Option<u64>,
    /// The latest minute that it told.
    heard: Option<u64>,
    /// Every look, where somebody wants to read them.
    pub(crate) looks: Option<Vec<Look>>,
}

impl<'s> Ours<'s> {
    pub(crate) fn new(scaler: &'s Scaler, world: &World) -> Self {
        Self {
            scaler,
            begins: world.begins,
            memory: Memory::default(),
            asked: None,
            heard: None,
            looks: None,
        }
    }

    fn moment(&self, at: u64) -> Timestamp {
        self.begins.saturating_add(span(at)).unwrap_or(Timestamp::MAX)
    }

    /// CloudWatch is asked once a minute.
    fn minute(&mut self, seen: &Seen<'_>) -> Observed<QueueMinute> {
        if self.asked.is_some_and(|asked| seen.at - asked < MINUTE) {
            return Observed::Absent;
        }
        self.asked = Some(seen.at);
        let Some(latest) = seen.minutes.last().filter(|latest| self.heard != Some(latest.began)) else {
            return Observed::Absent;
        };
        self.heard = Some(latest.began);
        let Datapoints { began, sent, deleted, oldest, .. } = *latest;
        Observed::Known(QueueMinute {
            began: self.moment(began),
            sent: Some(sent),
            deleted: Some(deleted),
            oldest: oldest.map(span),
        })
    }

    fn reading(&mut self, seen: &Seen<'_>) -> Reading {
        let minute = self.minute(seen);
        let counts =
            QueueCounts { visible: seen.counts.visible, in_flight: seen.counts.in_flight, delayed: 0 };
        let queues = self.scaler.queues.iter().take(1);
        Reading {
            at: self.moment(seen.at),
            queues: queues
                .map(|queue| QueueReading {
                    name: queue.name.clone(),
                    counts: Observed::Known(counts),
                    minute: minute.clone(),
                })
                .collect(),
            service: Observed::Known(ServiceReading {
                desired: DesiredCount(seen.desired),
                running: RunningCount(seen.running),
                pending: PendingCount(seen.pending),
                is_deploying: false,
                failed_tasks: 0,
            }),
            protected: None,
            care: Care::default(),
            share: None,
        }
    }
}

impl Control for Ours<'_> {
    fn every(&self) -> u64 {
        EVERY
    }

    fn first(&self) -> u32 {
        self.scaler.bounds_at(self.begins).min
    }

    fn asks_age(&self) -> bool {
        true
    }

    fn look(&mut self, seen: &Seen<'_>) -> Option<u32> {
        let mut reading = self.reading(seen);
        for _ in 0..ROUNDS {
            match decide(self.scaler, &self.memory, &reading, reading.at) {
                Answer::Ask(Query::Protected) => reading.protected = Some(Observed::Known(seen.protected)),
                Answer::Decided(decision, memory) => {
                    self.memory = *memory;
                    let order = decision.order;
                    if let Some(looks) = &mut self.looks {
                        looks.push(Look { decision: *decision, running: seen.running });
                    }
                    return order.map(|order| order.to);
                }
            }
        }
        None
    }
}

fn span(ms: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))
}
