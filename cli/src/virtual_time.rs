//! Time that jumps, and a queue that goes by it: for what is played instead of lived through.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use steward::notification::Subject;
use steward::ports::{Clock, NudgeError, Postpone, Tell};

/// A clock that jumps from one moment to the next.
pub(crate) struct VirtualClock(Cell<Timestamp>);

impl VirtualClock {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self(Cell::new(at))
    }

    pub(crate) fn set(&self, to: Timestamp) {
        self.0.set(to);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

/// The `tell` queue: subjects by the time they may be told.
pub(crate) struct DelayQueue<'c> {
    clock: &'c VirtualClock,
    waiting: RefCell<BTreeMap<(Timestamp, String), Subject>>,
}

impl Tell for DelayQueue<'_> {
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError> {
        self.waiting.borrow_mut().insert((self.clock.now() + after, subject.key()), subject.clone());
        Ok(())
    }
}

impl Postpone for DelayQueue<'_> {
    /// No channel fails here, so no message comes again.
    async fn postpone(&self, _: &str, _: SignedDuration) -> Result<(), NudgeError> {
        Ok(())
    }
}

impl<'c> DelayQueue<'c> {
    pub(crate) fn new(clock: &'c VirtualClock) -> Self {
        Self { clock, waiting: RefCell::default() }
    }

    /// When the first may be told.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.waiting.borrow().keys().next().map(|(at, _)| *at)
    }

    /// One that may be told now.
    pub(crate) fn take_due(&self, now: Timestamp) -> Option<Subject> {
        let mut waiting = self.waiting.borrow_mut();
        let first = waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }
}
