//! How many tasks a promise needs: the arithmetic, and each of its terms.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::learn::{Basis, as_f64};
use super::{MAX_TASKS, Memory, QueueCounts, Rate, Scaler, ServiceReading};

/// So much of the time that a promise leaves is counted on: counts lag, and no two messages take equally long.
const COUNTED_ON: f64 = 0.8;
/// Of a promise that a start-up uses up, at least so much counts as left.
const LEFT_AT_LEAST: f64 = 0.25;
/// Arrivals that are so many times the steady ones are a burst.
const BURST: f64 = 2.0;
/// From a message's arrival until a reading sees it, and until the order is out.
const NOTICE: SignedDuration = SignedDuration::from_secs(15);

/// What is supposed of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Messages that wait, weighted.
    pub visible: u64,
    /// Messages that are worked on, weighted.
    pub in_flight: u64,
    /// Messages that may not be seen yet, weighted.
    pub delayed: u64,
    /// Arrivals: the steady ones or, where it is one, the burst's.
    pub rate: Rate,
    /// Whether that is a burst's.
    pub is_burst: bool,
    /// How long a task works on a message.
    pub service_time: SignedDuration,
    /// Where that comes from.
    pub service_time_is: Basis,
    /// From an order until its tasks work.
    pub start_up: SignedDuration,
    /// Where that comes from.
    pub start_up_is: Basis,
    /// How long a message that arrives now waits, with the tasks that run.
    pub wait: SignedDuration,
}

/// How many tasks each consideration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Need {
    /// For what arrives, at the target utilisation.
    pub steady: u32,
    /// To take what waits within the promise.
    pub drain: u32,
    /// For what is worked on.
    pub in_flight: u32,
    /// From zero the promise could not be kept.
    pub warm: u32,
}

/// What a recommendation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// What arrives.
    Steady,
    /// What waits.
    Drain,
    /// What is worked on.
    InFlight,
    /// One task, for from zero the promise could not be kept.
    Warm,
    /// What was needed within the time after which tasks are taken away.
    Recent,
    /// `min`.
    Min,
    /// `max`.
    Max,
    /// What is left of something shared.
    Pool,
    /// Message groups of FIFO queues.
    Groups,
    /// Nothing is there to do.
    Nothing,
}

/// So much more than the steady load has its place before tasks are taken away: estimates move by some percent, and a task
/// that is taken away and added again helps nobody.
const SLACK: f64 = 0.15;
/// But never as much as a whole task.
const MOST_SLACK: f64 = 0.9;

impl Need {
    /// The most of them, and which it is.
    pub fn most(&self) -> (u32, Limit) {
        let terms = [
            (self.steady, Limit::Steady),
            (self.drain, Limit::Drain),
            (self.in_flight, Limit::InFlight),
            (self.warm, Limit::Warm),
        ];
        let most = terms.iter().map(|(tasks, _)| *tasks).max().unwrap_or_default();
        let first = terms.into_iter().find(|(tasks, _)| *tasks == most && most > 0);
        first.unwrap_or((0, Limit::Nothing))
    }
}

/// What is supposed of the load, the tasks that it needs, and those that are kept for it.
pub(super) fn assess(
    scaler: &Scaler,
    memory: &Memory,
    counts: QueueCounts,
    service: Option<ServiceReading>,
    now: Timestamp,
) -> (Estimate, Need, Need) {
    let running = service.map_or(0, |service| service.running.0);
    let there = service.map_or(0, |service| service.desired.0.max(running));
    let (service_time, service_time_is) = memory.service_time(scaler);
    let (start_up, start_up_is) = memory.start_up(scaler);
    let steady = memory.steady_rate(service_time, now).unwrap_or_default();
    let burst = memory.burst_rate(service_time).unwrap_or_default();
    let is_burst = burst.as_f64() > BURST * steady.as_f64() && counts.visible > 0;
    let load = Load {
        seconds_each: service_time.as_secs_f64().max(0.001) / f64::from(scaler.per_task.max(1)),
        promise: scaler.promise.as_secs_f64(),
        start_up: start_up.as_secs_f64(),
    };
    let rate = if is_burst { burst } else { steady };
    let estimate = Estimate {
        visible: counts.visible,
        in_flight: counts.in_flight,
        delayed: counts.delayed,
        rate,
        is_burst,
        service_time,
        service_time_is,
        start_up,
        start_up_is,
        wait: load.wait(counts.visible, running),
    };
    let at_work = tasks(as_f64(counts.in_flight.div_ceil(u64::from(scaler.per_task.max(1)))));
    let is_used = rate > Rate::default() || counts.visible > 0 || counts.in_flight > 0 || counts.delayed > 0;
    let is_cold = start_up_is == Basis::Supposed || start_up + NOTICE > scaler.promise;
    let steady = rate.as_f64() * load.seconds_each * 100.0 / f64::from(scaler.utilisation.max(1));
    let need = Need {
        steady: tasks(steady),
        drain: load.drain(counts.visible, running, at_work),
        // What is worked on has its task: counts that are slightly off must not add one.
        in_flight: at_work.min(there),
        // Where a start takes longer than the promise, whoever comes while all are at work would wait for too long.
        warm: u32::from(is_used || is_cold),
    };
    let kept = Need { steady: tasks(steady + (steady * SLACK).min(MOST_SLACK)), ..need };
    (estimate, need, kept)
}

struct Load {
    /// Seconds that a task takes for a message, where it works on several at once.
    seconds_each: f64,
    promise: f64,
    start_up: f64,
}

impl Load {
    /// So many tasks take what waits before the latest of it has waited for too long. A task that runs has the whole promise
    /// for it, once it is done with what it works on; a new one has what is left after its start-up.
    fn drain(&self, visible: u64, running: u32, at_work: u32) -> u32 {
        let waiting = as_f64(visible);
        let by_idle = (self.promise * COUNTED_ON / self.seconds_each).max(1.0);
        let by_working = by_idle - 1.0;
        let at_work = f64::from(at_work.min(running));
        let idle = f64::from(running) - at_work;
        let surplus = waiting - at_work * by_working - idle * by_idle;
        if surplus <= 0.0 {
            return tasks(waiting / by_idle).min(running);
        }
        let left = ((self.promise - self.start_up) * COUNTED_ON).max(self.promise * LEFT_AT_LEAST);
        let by_new = (left / self.seconds_each).max(1.0);
        tasks(f64::from(running) + (surplus / by_new).ceil())
    }

    fn wait(&self, visible: u64, running: u32) -> SignedDuration {
        let waiting = as_f64(visible);
        let seconds = match running {
            0 if visible == 0 => 0.0,
            0 => self.start_up + waiting * self.seconds_each,
            _ => waiting * self.seconds_each / f64::from(running),
        };
        SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
    }
}

/// As many whole tasks, within what a service can have.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and takes NaN for 0"
)]
fn tasks(number: f64) -> u32 {
    // Sums of fractions end a hair above the whole number that they mean.
    ((number - 1e-9).ceil() as u32).min(MAX_TASKS)
}
