//! What all invocations of a world share: its time, its memory, its queues, and ECS.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use jiff::Timestamp;
use steward::arn::ServiceName;
use steward::config::MemoryParameters;
use steward::ecs::DesiredCount;
use steward::ledger::MemoryLedger;

use super::checks::Checks;
use super::faults::Weather;
use super::scaling::Work;
use super::trace::Trace;
use crate::ecs::Ecs;
use crate::lambda::queue::Queues;
use crate::random::Random;

/// An invocation, by the order of starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InvocationId(pub(super) u64);

/// A pause that an invocation waits for.
#[derive(Debug)]
pub(super) struct Timer {
    pub(super) invocation: InvocationId,
    pub(super) is_over: Cell<bool>,
    pub(super) waker: RefCell<Waker>,
}

/// The shared part of a world. One thread has it.
pub(super) struct Stage {
    pub(super) ledger: MemoryLedger,
    pub(super) parameters: MemoryParameters,
    pub(super) ecs: RefCell<Ecs>,
    pub(super) queues: RefCell<Queues>,
    pub(super) weather: RefCell<Weather>,
    pub(super) checks: RefCell<Checks>,
    pub(super) trace: RefCell<Trace>,
    /// The ledger does not answer.
    pub(super) is_ledger_away: Cell<bool>,
    /// What the index of due items answered last, by owner.
    pub(super) last_due: RefCell<BTreeMap<&'static str, Vec<steward::ledger::Due>>>,
    /// Work queues, and the tasks that take from them, in a world of scaled services.
    pub(super) work: RefCell<Option<Work>>,
    /// What an invocation that is deceived about counts was told first.
    pub(super) first_read: RefCell<BTreeMap<(InvocationId, ServiceName), DesiredCount>>,
    now: Cell<Timestamp>,
    timers: RefCell<BTreeMap<(Timestamp, u64), Rc<Timer>>>,
    serial: Cell<u64>,
    latency: RefCell<Random>,
    dead: RefCell<BTreeSet<InvocationId>>,
}

impl Stage {
    pub(super) fn new(ecs: Ecs, seed: u64, weather: Weather, checks: Checks, kept: usize) -> Self {
        let start = ecs.now();
        Self {
            ecs: RefCell::new(ecs),
            ledger: MemoryLedger::new(),
            parameters: MemoryParameters::new(),
            queues: RefCell::default(),
            weather: RefCell::new(weather),
            checks: RefCell::new(checks),
            trace: RefCell::new(Trace::new(kept)),
            is_ledger_away: Cell::new(false),
            last_due: RefCell::default(),
            work: RefCell::default(),
            first_read: RefCell::default(),
            now: Cell::new(start),
            timers: RefCell::default(),
            serial: Cell::new(0),
            latency: RefCell::new(Random::new(seed ^ 0x006c_6174_656e_6379)),
            dead: RefCell::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// Time never goes back.
    pub(super) fn set_now(&self, to: Timestamp) {
        self.now.set(to.max(self.now.get()));
    }

    pub(super) fn note(&self, who: impl fmt::Display, text: impl FnOnce() -> String) {
        self.trace.borrow_mut().note(self.now(), who, text);
    }

    /// How long a request, or an answer, is under way: mostly milliseconds, at times seconds.
    pub(super) fn latency(&self) -> Duration {
        let mut random = self.latency.borrow_mut();
        let (least, most) = match random.below(100) {
            0..90 => (3, 60),
            90..98 => (60, 800),
            _ => (800, 4_000),
        };
        random.between(Duration::from_millis(least), Duration::from_millis(most))
    }

    /// Wakes `invocation` at a time.
    pub(super) fn wake_at(&self, at: Timestamp, invocation: InvocationId, waker: Waker) -> Rc<Timer> {
        let serial = self.serial.get() + 1;
        self.serial.set(serial);
        let timer = Rc::new(Timer { invocation, is_over: Cell::new(false), waker: RefCell::new(waker) });
        self.timers.borrow_mut().insert((at, serial), Rc::clone(&timer));
        timer
    }

    pub(super) fn next_timer_at(&self) -> Option<Timestamp> {
        self.timers.borrow().first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn take_timer(&self) -> Option<Rc<Timer>> {
        self.timers.borrow_mut().pop_first().map(|(_, timer)| timer)
    }

    /// The process that runs an invocation dies.
    pub(super) fn kill(&self, invocation: InvocationId) {
        self.dead.borrow_mut().insert(invocation);
    }

    pub(super) fn is_dead(&self, invocation: InvocationId) -> bool {
        self.dead.borrow().contains(&invocation)
    }

    pub(super) fn bury(&self, invocation: InvocationId) {
        self.dead.borrow_mut().remove(&invocation);
    }
}
