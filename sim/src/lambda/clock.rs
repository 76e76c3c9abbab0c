//! Time for queues and event source mappings: the wall's, or a faster one, so that a visibility timeout of minutes passes
//! within a test of seconds.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where queues and event source mappings take their time from.
pub trait Clock: Debug + Send + Sync {
    /// The time that queues see.
    fn now(&self) -> Timestamp;

    /// How long the wall's clock takes for `duration` of this one.
    fn on_the_wall(&self, duration: Duration) -> Duration;
}

/// The time of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn on_the_wall(&self, duration: Duration) -> Duration {
        duration
    }
}

/// A clock that starts at the machine's time and runs `factor` times as fast.
#[derive(Clone, Copy, Debug)]
pub struct FastClock {
    start: Timestamp,
    since: Instant,
    factor: u32,
}

impl FastClock {
    /// A factor of 60 lets a minute pass each second; 0 counts as 1.
    pub fn new(factor: u32) -> Self {
        Self { start: Timestamp::now(), since: Instant::now(), factor: factor.max(1) }
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let passed = self.since.elapsed().saturating_mul(self.factor);
        self.start.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn on_the_wall(&self, duration: Duration) -> Duration {
        duration / self.factor
    }
}
