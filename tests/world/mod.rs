//! A world for the handlers: a clock that is set, a ledger in memory, a queue and a wall that remember.

use std::cell::{Cell, RefCell};

use jiff::{SignedDuration, Timestamp};
use steward::event::decode::Record as Delivered;
use steward::incident::Incident;
use steward::ledger::{MemoryLedger, Record, Root};
use steward::notification::{Subject, plain};
use steward::ports::{Channel, Clock, Letter, Nowhere, NudgeError, Postpone, SendError, Tell};

pub(crate) struct SetClock(Cell<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

#[derive(Default)]
pub(crate) struct Queue(RefCell<Vec<Subject>>);

impl Tell for Queue {
    async fn nudge(&self, subject: &Subject, _: SignedDuration) -> Result<(), NudgeError> {
        self.0.borrow_mut().push(subject.clone());
        Ok(())
    }
}

impl Postpone for Queue {
    async fn postpone(&self, receipt: &str, _: SignedDuration) -> Result<(), NudgeError> {
        panic!("no channel fails here, and yet {receipt} must come again")
    }
}

#[derive(Default)]
pub(crate) struct Wall(RefCell<Vec<String>>);

impl Channel for Wall {
    fn name(&self) -> &str {
        "wall"
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        self.0.borrow_mut().push(plain(letter.message));
        Ok(None)
    }
}

pub(crate) struct World {
    pub(crate) ledger: MemoryLedger,
    clock: SetClock,
    queue: Queue,
    walls: [Wall; 1],
}

impl World {
    pub(crate) fn at(time: &str) -> Self {
        Self {
            ledger: MemoryLedger::new(),
            clock: SetClock(Cell::new(time.parse().unwrap())),
            queue: Queue::default(),
            walls: [Wall::default()],
        }
    }

    fn remediation(&self) -> remediation::Handler<'_, MemoryLedger, Nowhere, Nowhere, Queue, SetClock> {
        let ports = remediation::Ports {
            ledger: &self.ledger,
            ecs: &Nowhere,
            owners: &Nowhere,
            tell: &self.queue,
            clock: &self.clock,
        };
        remediation::Handler::new(ports, remediation::Settings::default())
    }

    /// Invokes remediation with a payload.
    pub(crate) fn handle(&self, payload: &[u8]) -> remediation::Outcome {
        run(self.remediation().handle(payload)).unwrap()
    }

    /// Invokes remediation with decoded records.
    pub(crate) fn deliver(&self, records: Vec<Delivered>) -> remediation::Outcome {
        run(self.remediation().handle_records(records))
    }

    /// Lets notifications work off all nudges, and what a sweep adds.
    pub(crate) fn tell(&self) {
        let ports = notifications::Ports {
            ledger: &self.ledger,
            channels: &self.walls,
            queue: &self.queue,
            clock: &self.clock,
            evidence: &Nowhere,
        };
        let deadline = steward::deadline::Deadline::never();
        let invocation = notifications::Invocation { holder: "world".to_owned(), deadline };
        let handler = notifications::Handler::new(ports, invocation);
        run(handler.sweep()).unwrap();
        for subject in self.queue.0.take() {
            run(handler.tell(&subject)).unwrap();
        }
    }

    pub(crate) fn alerts(&self) -> Vec<String> {
        self.walls[0].0.borrow().clone()
    }

    /// The incidents, without the time of opening: it depends on when they were handled.
    pub(crate) fn incidents(&self) -> Vec<Incident> {
        let records = self.ledger.records().unwrap();
        records
            .into_values()
            .filter_map(|record| match record {
                Record::Incident(incident) => Some(Incident { opened_at: Timestamp::UNIX_EPOCH, ..incident }),
                _ => None,
            })
            .collect()
    }
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
