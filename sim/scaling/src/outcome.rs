//! What came of a run, as it is counted while it goes on.

use crate::number::tasks;
use crate::policy::Counts;
use crate::world::World;

/// Orders of opposite directions within so long are a reversal, in milliseconds.
const REVERSAL_WITHIN: u64 = 10 * 60_000;
/// What waits needs so many times the ordered tasks: that is a burst.
const BURST: u32 = 2;

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// All messages.
    pub messages: u64,
    /// Those that waited past the promise.
    pub late: u64,
    /// How long half of all waited at the most, in seconds.
    pub wait_p50: f64,
    /// How long 95 of 100 waited at the most, in seconds.
    pub wait_p95: f64,
    /// How long 99 of 100 waited at the most, in seconds.
    pub wait_p99: f64,
    /// What all tasks took, from the order to the end.
    pub task_hours: f64,
    /// Orders.
    pub orders: u32,
    /// Orders whose direction is another than that of the one before, within ten minutes of it.
    pub reversals: u32,
    /// Messages whose worker was killed.
    pub killed_in_flight: u64,
    /// The longest that a burst stood without an order for more tasks, in seconds; absent: there was none.
    pub burst_reaction: Option<f64>,
}

impl Outcome {
    /// The late messages over all; 0 where there is none.
    pub fn late_share(&self) -> f64 {
        if self.messages == 0 { 0.0 } else { self.late as f64 / self.messages as f64 }
    }

    /// Whether it has both fewer late messages than the other and at most its task-hours.
    pub fn beats(&self, other: &Self) -> bool {
        self.late < other.late && self.task_hours <= other.task_hours
    }
}

/// Orders and bursts, as they come.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) orders: u32,
    pub(crate) reversals: u32,
    last: Option<(u64, bool)>,
    burst_since: Option<u64>,
    longest: Option<u64>,
}

impl Tally {
    pub(crate) fn order(&mut self, now: u64, is_more: bool) {
        self.orders += 1;
        let reverses =
            self.last.is_some_and(|(at, was_more)| was_more != is_more && now - at <= REVERSAL_WITHIN);
        self.reversals += u32::from(reverses);
        self.last = Some((now, is_more));
        if is_more {
            self.end_burst(now);
        }
    }

    /// SQS tells other counts, and so many tasks are ordered.
    pub(crate) fn watch(&mut self, now: u64, reported: Counts, ordered: u32, world: &World) {
        let options = &world.options;
        let capacity = options.promise.max(1) as f64 * f64::from(options.per_task.max(1));
        let needed = tasks(reported.visible as f64 * world.mean_service / capacity);
        let is_burst = ordered < options.max && needed >= ordered.saturating_mul(BURST).max(1);
        if is_burst {
            self.burst_since.get_or_insert(now);
        } else {
            self.end_burst(now);
        }
    }

    fn end_burst(&mut self, now: u64) {
        if let Some(since) = self.burst_since.take() {
            self.longest = self.longest.max(Some(now - since));
        }
    }

    /// In seconds.
    pub(crate) fn burst_reaction(mut self, now: u64) -> Option<f64> {
        self.end_burst(now);
        self.longest.map(|longest| longest as f64 / 1_000.0)
    }
}

/// So many of a hundred waits are at most so long, in seconds. Reorders the waits.
pub(crate) fn percentile(waits: &mut [u32], percent: usize) -> f64 {
    let rank = (waits.len() * percent).div_ceil(100).saturating_sub(1);
    if rank >= waits.len() {
        return 0.0;
    }
    f64::from(*waits.select_nth_unstable(rank).1) / 1_000.0
}
