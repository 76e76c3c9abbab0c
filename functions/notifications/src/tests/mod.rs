//! The outbox: nothing is lost, nothing is told twice, no channel holds up another.

mod batch;
mod jobs;
mod scalers;
mod tell;

use std::cell::{Cell, RefCell};

use futures_util::FutureExt;
use serde_json::json;
use steward::arn::{ClusterArn, ServiceName};
use steward::incident::{Failures, Incident, Status, Target};
use steward::ledger::{Lease, MemoryLedger, Owner, Root, Thread};
use steward::ports::{Letter, Nowhere, NudgeError, Trouble};

use super::*;
use crate::tell::{FIRST_PAUSE, pause};

/// The `tell` queue: what was nudged, and what was postponed for how long.
#[derive(Default)]
struct Queue {
    nudged: RefCell<Vec<Subject>>,
    postponed: RefCell<Vec<(String, SignedDuration)>>,
    fails: Cell<bool>,
}

impl Queue {
    fn answer(&self, operation: &'static str) -> Result<(), NudgeError> {
        let error = || NudgeError { operation, subject: "x".into(), problem: "no route".into() };
        if self.fails.get() { Err(error()) } else { Ok(()) }
    }
}

impl Tell for Queue {
    async fn nudge(&self, subject: &Subject, _: SignedDuration) -> Result<(), NudgeError> {
        self.answer("SendMessage")?;
        self.nudged.borrow_mut().push(subject.clone());
        Ok(())
    }
}

impl Postpone for Queue {
    async fn postpone(&self, receipt: &str, pause: SignedDuration) -> Result<(), NudgeError> {
        self.answer("ChangeMessageVisibility")?;
        self.postponed.borrow_mut().push((receipt.to_owned(), pause));
        Ok(())
    }
}

struct At(Cell<Timestamp>);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

#[derive(Default)]
struct Wall {
    name: &'static str,
    seen: RefCell<Vec<String>>,
    fails: Cell<bool>,
    asks: Cell<Option<SignedDuration>>,
}

impl Channel for Wall {
    fn name(&self) -> &str {
        self.name
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        if self.fails.get() {
            let problem = "503".to_owned();
            let retry_after = self.asks.get();
            return Err(SendError {
                channel: self.name.into(),
                problem,
                retry_after,
                trouble: Trouble::Later,
            });
        }
        self.seen.borrow_mut().push(letter.message.title.to_string());
        Ok(None)
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn start() -> Timestamp {
    "2026-11-20T21:30:00Z".parse().unwrap()
}

fn subject() -> (Subject, Incident) {
    let target = Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        name: ServiceName::new("api"),
    };
    let incident = Incident {
        target: target.clone(),
        opened_at: start(),
        status: Status::Open,
        after: None,
        failures: Failures::default(),
        deployments: [].into(),
        remedies: steward::incident::Remedies::default(),
        relapses: 0,
        hooks: Vec::new(),
        deeds: Vec::new(),
    };
    (Subject::Incident { target, opened_at: start() }, incident)
}

/// Works inside of a channel too: a ledger in memory never waits.
fn put(ledger: &MemoryLedger, key: Key, record: Record, due: Option<Timestamp>) {
    let stored = ledger.read(std::slice::from_ref(&key)).now_or_never().unwrap().unwrap().remove(0);
    let write = Write { key, expect: Expect::unchanged(stored.as_ref()), record, due, expires: None };
    ledger.commit(Transaction { writes: vec![write] }).now_or_never().unwrap().unwrap();
}

fn news(ledger: &MemoryLedger, seq: u64) -> Subject {
    let (subject, incident) = subject();
    put(ledger, Key::subject(&subject), Record::Incident(incident), None);
    put(ledger, Key::news(&subject), Record::News(News { subject: subject.clone(), seq }), Some(start()));
    subject
}

/// All that a handler touches.
struct World {
    ledger: MemoryLedger,
    clock: At,
    queue: Queue,
    channels: [Wall; 2],
}

impl World {
    fn new() -> Self {
        let channels = [Wall { name: "slack", ..Wall::default() }, Wall { name: "mail", ..Wall::default() }];
        let clock = At(Cell::new(start()));
        Self { ledger: MemoryLedger::new(), clock, queue: Queue::default(), channels }
    }

    fn handler(&self, holder: &str) -> Handler<'_, MemoryLedger, Wall, Queue, At, Nowhere> {
        self.handler_over(&self.channels, holder)
    }

    fn handler_over<'w, H: Channel>(
        &'w self,
        channels: &'w [H],
        holder: &str,
    ) -> Handler<'w, MemoryLedger, H, Queue, At, Nowhere> {
        let (queue, clock, evidence) = (&self.queue, &self.clock, &Nowhere);
        let ports = Ports { ledger: &self.ledger, channels, queue, clock, evidence };
        let now = self.clock.now();
        let deadline = Deadline::new(now, now + SignedDuration::from_secs(30));
        Handler::new(ports, Invocation { holder: holder.to_owned(), deadline })
    }

    /// Over a ledger that stands before the world's own.
    fn handler_with<'w, L: Ledger>(&'w self, ledger: &'w L) -> Handler<'w, L, Wall, Queue, At, Nowhere> {
        let (queue, clock, evidence) = (&self.queue, &self.clock, &Nowhere);
        let ports = Ports { ledger, channels: &self.channels, queue, clock, evidence };
        let deadline = Deadline::new(start(), start() + SignedDuration::from_secs(30));
        Handler::new(ports, Invocation { holder: "a".to_owned(), deadline })
    }

    fn tell(&self, subject: &Subject, holder: &str) -> Result<Told, TellError> {
        run(self.handler(holder).tell(subject))
    }

    fn pass(&self, duration: SignedDuration) {
        self.clock.0.set(self.clock.0.get() + duration);
    }

    fn seen(&self) -> [usize; 2] {
        [0, 1].map(|n: usize| self.channels[n].seen.borrow().len())
    }

    fn due(&self) -> usize {
        run(self.ledger.due(Owner::Shared, self.clock.now(), None, 1000)).unwrap().len()
    }
}

/// A ledger that refuses some notes.
struct Refusing<'l> {
    inner: &'l MemoryLedger,
    /// Writes of threads from here on fail, so many of them.
    from: usize,
    count: usize,
    writes: Cell<usize>,
}

impl Ledger for Refusing<'_> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.inner.read(keys).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let key = transaction.writes[0].key.clone();
        if key.as_str().starts_with("n#THREAD#") {
            let write = self.writes.get() + 1;
            self.writes.set(write);
            if (self.from..self.from + self.count).contains(&write) {
                let (operation, problem) = ("PutItem", "throttled".to_owned());
                return Err(LedgerError::Unavailable { operation, target: key.to_string(), problem });
            }
        }
        self.inner.commit(transaction).await
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&steward::ledger::Due>,
        limit: usize,
    ) -> Result<Vec<steward::ledger::Due>, LedgerError> {
        self.inner.due(owner, now, after, limit).await
    }
}
