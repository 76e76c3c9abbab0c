//! What is learned from one reading after the other: arrival rate, service time, start-up latency.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{QueueCounts, QueueName, QueueReading, Rate, Reading, Scaler};
use crate::observed::Observed;

/// Readings that are kept: those of the last minutes, in which CloudWatch has not told of them.
pub(super) const MAX_SAMPLES: usize = 40;
/// Minutes of arrivals that are kept.
const MAX_MINUTES: usize = 5;
/// A minute in which messages were worked on counts for one part in so many of how long one takes: counts are approximate.
const MEMORY_MINUTES: u64 = 30;
/// Fewer messages say too little.
const TOO_FEW: u64 = 5;
/// Whatever is needed again so soon should not have been taken away.
const TOO_EARLY: SignedDuration = SignedDuration::from_mins(10);
/// Once they were taken away too early, tasks stay for six times as long as configured.
const MOST_LONGER: u32 = 500;
/// Between two readings that lie so far apart anything may have happened.
const LONG_GAP: SignedDuration = SignedDuration::from_mins(5);
/// Recommendations that are kept: more of them fall together.
const MAX_WANTED: usize = 64;

/// What is remembered from one reading to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Since when there are readings without a long gap: of what was needed before nothing is known.
    pub since: Option<Timestamp>,
    /// When the latest was.
    pub seen: Option<Timestamp>,
    /// The latest readings, in order.
    pub samples: Vec<Sample>,
    /// The latest minutes of arrivals, in order.
    pub minutes: Vec<Minute>,
    /// What follows from all before.
    pub learned: Learned,
    /// What was wanted lately: each is more than all that came after it.
    pub wanted: Vec<Wanted>,
    /// Readings of empty queues in a row.
    pub empty: u32,
    /// When tasks were added last.
    pub last_out: Option<Timestamp>,
    /// When tasks were taken away last, while it is not known yet whether that was too early.
    pub last_in: Option<Timestamp>,
    /// Tasks stay for so many percent longer than configured: they were taken away too early before.
    pub longer: u32,
    /// Tasks that were ordered and do not all run yet.
    pub starting: Option<Starting>,
    /// Since when the oldest message gets older and none is deleted.
    pub stalled_since: Option<Timestamp>,
    /// Failed starts, and when the latest of them was seen.
    pub failed: Option<Failed>,
}

/// A reading, as far as it is remembered. Messages are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Messages that wait.
    pub visible: u64,
    /// Messages that are worked on.
    pub in_flight: u64,
    /// Messages that may not be seen yet.
    pub delayed: u64,
    /// Tasks that run.
    pub running: u32,
}

/// A minute's arrivals, as CloudWatch tells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    /// When it began.
    pub began: Timestamp,
    /// Messages that were sent, weighted.
    pub sent: u64,
    /// Messages that were deleted, weighted.
    pub deleted: u64,
    /// The age of the oldest.
    pub oldest: Option<SignedDuration>,
    /// Of which queues it was told: a minute is whole when all have told it.
    pub queues: Vec<QueueName>,
}

/// What follows from all readings before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Learned {
    /// Milliseconds that messages were worked on, together.
    pub busy_ms: u64,
    /// Messages that were deleted in that time.
    pub completed: u64,
    /// From an order until the tasks ran.
    pub start_up: Option<SignedDuration>,
}

/// A number of tasks that was wanted at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// When.
    pub at: Timestamp,
    /// How many.
    pub tasks: u32,
}

/// Tasks that were ordered and do not all run yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starting {
    /// When.
    pub at: Timestamp,
    /// So many tasks run when all do.
    pub to: u32,
}

/// Failed starts (`failedTasks` of the PRIMARY deployment).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// How many.
    pub count: u32,
    /// When the count was seen to grow; absent: it never was.
    pub grew_at: Option<Timestamp>,
}

impl Sample {
    /// All messages.
    pub fn backlog(&self) -> u64 {
        self.visible.saturating_add(self.in_flight).saturating_add(self.delayed)
    }
}

/// The counts of all queues that are known, weighted, and whether all are.
pub(super) fn weighted(scaler: &Scaler, queues: &[QueueReading]) -> (QueueCounts, bool) {
    let mut sum = QueueCounts { visible: 0, in_flight: 0, delayed: 0 };
    let mut are_all_known = true;
    for queue in &scaler.queues {
        let found = queues.iter().find(|reading| reading.name == queue.name);
        let Some(counts) = found.and_then(|reading| reading.counts.known()) else {
            are_all_known = false;
            continue;
        };
        let weigh = |count: u64| weigh(count, queue.weight);
        sum.visible = sum.visible.saturating_add(weigh(counts.visible));
        sum.in_flight = sum.in_flight.saturating_add(weigh(counts.in_flight));
        sum.delayed = sum.delayed.saturating_add(weigh(counts.delayed));
    }
    (sum, are_all_known)
}

/// A count at a weight in percent, rounded up: one message is never none.
fn weigh(count: u64, percent: u32) -> u64 {
    let weighed = (u128::from(count) * u128::from(percent)).div_ceil(100);
    u64::try_from(weighed).unwrap_or(u64::MAX)
}

impl Memory {
    /// With one reading more. What could not be read leaves no trace.
    #[must_use]
    pub fn with(mut self, scaler: &Scaler, reading: &Reading) -> Self {
        let is_gap = self.seen.is_none_or(|seen| reading.at.duration_since(seen) > LONG_GAP);
        self.since = self.since.filter(|_| !is_gap).or(Some(reading.at));
        self.seen = Some(reading.at);
        let (counts, are_all_known) = weighted(scaler, &reading.queues);
        let running = reading.service.known().map(|service| service.running.0);
        if let (true, Some(running)) = (are_all_known, running) {
            self.sample(Sample {
                at: reading.at,
                visible: counts.visible,
                in_flight: counts.in_flight,
                delayed: counts.delayed,
                running,
            });
        }
        if !are_all_known {
            self.empty = 0;
        }
        for queue in &scaler.queues {
            let found = reading.queues.iter().find(|reading| reading.name == queue.name);
            if let Some(reading) = found {
                self.hear(scaler, reading, queue.weight);
            }
        }
        if let Observed::Known(service) = &reading.service {
            self.watch_starts(reading.at, service.running.0, service.failed_tasks);
        }
        self
    }

    fn sample(&mut self, sample: Sample) {
        // Of two looks at one moment, and of a clock that went back, the later look holds.
        self.samples.retain(|known| known.at < sample.at);
        self.empty = if sample.backlog() == 0 { self.empty.saturating_add(1) } else { 0 };
        self.samples.push(sample);
        let surplus = self.samples.len().saturating_sub(MAX_SAMPLES);
        self.samples.drain(..surplus);
    }

    /// A minute that a queue's CloudWatch tells of. Each is heard once.
    fn hear(&mut self, scaler: &Scaler, reading: &QueueReading, weight: u32) {
        let Some(told) = reading.minute.known() else { return };
        // CloudWatch leaves out what did not happen: a queue that was told of at all, and of which nothing was sent, got none.
        let (sent, deleted) = (told.sent.unwrap_or_default(), told.deleted.unwrap_or_default());
        let place = self.minutes.iter().position(|minute| minute.began == told.began);
        let is_old = self.minutes.last().is_some_and(|last| last.began > told.began);
        let minute = match place.and_then(|place| self.minutes.get_mut(place)) {
            Some(minute) => minute,
            None if is_old => return,
            None => {
                let surplus = (self.minutes.len() + 1).saturating_sub(MAX_MINUTES);
                self.minutes.drain(..surplus);
                self.minutes.push(Minute {
                    began: told.began,
                    sent: 0,
                    deleted: 0,
                    oldest: None,
                    queues: Vec::new(),
                });
                let Some(minute) = self.minutes.last_mut() else { return };
                minute
            }
        };
        if minute.queues.contains(&reading.name) {
            return;
        }
        minute.queues.push(reading.name.clone());
        minute.sent = minute.sent.saturating_add(weigh(sent, weight));
        minute.deleted = minute.deleted.saturating_add(weigh(deleted, weight));
        minute.oldest = minute.oldest.max(told.oldest);
        if minute.queues.len() == scaler.queues.len() {
            let minute = minute.clone();
            self.learn_service_time(&minute);
            self.watch_stall(&minute);
        }
    }

    /// Little's law: what was in flight on average, over what was completed, is how long one took.
    fn learn_service_time(&mut self, minute: &Minute) {
        let within = |sample: &&Sample| {
            let after = sample.at.duration_since(minute.began);
            !after.is_negative() && after < SignedDuration::from_mins(1)
        };
        let (mut in_flight, mut seen) = (0_u128, 0_u128);
        for sample in self.samples.iter().filter(within) {
            in_flight += u128::from(sample.in_flight);
            seen += 1;
        }
        if seen == 0 || (minute.deleted == 0 && in_flight == 0) {
            return;
        }
        let busy_ms = u64::try_from(in_flight * 60_000 / seen).unwrap_or(u64::MAX);
        let kept = |before: u64| before - before / MEMORY_MINUTES;
        let learned = &mut self.learned;
        learned.busy_ms = kept(learned.busy_ms).saturating_add(busy_ms);
        learned.completed = kept(learned.completed).saturating_add(minute.deleted);
    }

    /// Messages that get older while none is deleted, although tasks run, are ones that no task can work on.
    fn watch_stall(&mut self, minute: &Minute) {
        let before = self.minutes.iter().rev().find(|other| other.began < minute.began);
        let is_older = before.is_some_and(|before| minute.oldest > before.oldest && minute.oldest.is_some());
        let runs = self.samples.last().is_some_and(|sample| sample.running > 0);
        if minute.deleted > 0 || !runs {
            self.stalled_since = None;
        } else if is_older {
            self.stalled_since.get_or_insert(minute.began);
        }
    }

    fn watch_starts(&mut self, at: Timestamp, running: u32, failed_tasks: u32) {
        if let Some(starting) = self.starting.filter(|starting| running >= starting.to) {
            let took = at.duration_since(starting.at).max(SignedDuration::ZERO);
            // Half of what was known, so that one slow start does not rule.
            let known = self.learned.start_up;
            self.learned.start_up = Some(known.map_or(took, |known| (known + took) / 2));
            self.starting = None;
        }
        let grew = self.failed.is_some_and(|failed| failed_tasks > failed.count);
        let grew_at = if grew { Some(at) } else { self.failed.and_then(|failed| failed.grew_at) };
        // A new deployment counts from zero.
        self.failed = Some(Failed { count: failed_tasks, grew_at });
    }

    /// Tasks stay for so long after they were needed.
    pub fn hold(&self, scaler: &Scaler) -> SignedDuration {
        let percent = i32::try_from(self.longer.min(MOST_LONGER)).unwrap_or_default() + 100;
        scaler.scale_in_after * percent / 100
    }

    /// An order that was not carried out has added nothing, taken nothing away, and nothing of it starts.
    pub fn take_back_order(&mut self, before: &Self) {
        (self.last_out, self.last_in, self.longer) = (before.last_out, before.last_in, before.longer);
        if self.starting.map(|starting| starting.at) != before.starting.map(|starting| starting.at) {
            self.starting = None;
        }
    }

    /// Tasks that are added so soon after others were taken away were taken away too early.
    pub(super) fn note_out(&mut self, now: Timestamp) {
        self.settle_in(now);
        if self.last_in.take().is_some() {
            self.longer = MOST_LONGER;
        }
        self.last_out = Some(now);
    }

    /// Tasks that are not missed were not.
    pub(super) fn note_in(&mut self, now: Timestamp) {
        self.settle_in(now);
        self.last_in = Some(now);
    }

    fn settle_in(&mut self, now: Timestamp) {
        if self.last_in.take_if(|last_in| now.duration_since(*last_in) > TOO_EARLY).is_some() {
            // A hundred percent and what is more, a twentieth less.
            self.longer = (self.longer + 100).saturating_mul(95) / 100;
            self.longer = self.longer.saturating_sub(100);
        }
    }

    /// Notes what is wanted now, and answers the most that was wanted within `window`.
    pub(super) fn want(&mut self, at: Timestamp, tasks: u32, window: SignedDuration) -> u32 {
        self.wanted.retain(|known| known.tasks > tasks && at.duration_since(known.at) < window);
        self.wanted.push(Wanted { at, tasks });
        let surplus = self.wanted.len().saturating_sub(MAX_WANTED);
        // The latest matter for longest: of the oldest the first is the greatest, and stands for those behind it.
        if surplus > 0 && self.wanted.len() > 1 {
            self.wanted.drain(1..=surplus.min(self.wanted.len() - 1));
        }
        self.wanted.iter().map(|known| known.tasks).max().unwrap_or(tasks)
    }

    /// How long a task works on a message: as configured, as learned, or as may be supposed.
    pub fn service_time(&self, scaler: &Scaler) -> (SignedDuration, Basis) {
        if let Some(configured) = scaler.service_time {
            return (configured, Basis::Configured);
        }
        let Learned { busy_ms, completed, .. } = self.learned;
        let supposed = scaler.promise / 2;
        let supposed = self.at_most().map_or(supposed, |at_most| at_most.min(supposed));
        // What is supposed counts for as much as a few messages: what was seen outweighs it soon.
        let weighs = u128::from(TOO_FEW) * supposed.as_millis().unsigned_abs();
        let ms = (weighs + u128::from(busy_ms)) / (u128::from(TOO_FEW) + u128::from(completed));
        let ms = i64::try_from(ms).unwrap_or(i64::MAX).max(1);
        let basis = if completed >= TOO_FEW { Basis::Learned } else { Basis::Supposed };
        (SignedDuration::from_millis(ms), basis)
    }

    /// A backlog that shrinks says that so much at least was completed, whatever arrived.
    fn at_most(&self) -> Option<SignedDuration> {
        let (first, last) = (self.samples.iter().rev().nth(2)?, self.samples.last()?);
        let gone = first.backlog().checked_sub(last.backlog()).filter(|gone| *gone >= TOO_FEW)?;
        let in_flight = u128::from(first.in_flight.max(last.in_flight).max(1));
        let elapsed = u128::try_from(last.at.duration_since(first.at).as_millis()).ok()?;
        let ms = i64::try_from(in_flight * elapsed / u128::from(gone)).ok()?;
        Some(SignedDuration::from_millis(ms.max(1)))
    }

    /// From an order until its tasks work: as configured, as learned, or as may be supposed.
    pub fn start_up(&self, scaler: &Scaler) -> (SignedDuration, Basis) {
        match (scaler.start_up, self.learned.start_up) {
            (Some(configured), _) => (configured, Basis::Configured),
            (None, Some(learned)) => (learned, Basis::Learned),
            (None, None) => (SUPPOSED_START_UP, Basis::Supposed),
        }
    }
}

/// A Fargate task with an image of some hundred megabytes takes about so long.
const SUPPOSED_START_UP: SignedDuration = SignedDuration::from_secs(40);

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It is configured.
    Configured,
    /// It was observed.
    Learned,
    /// Nothing was observed yet.
    Supposed,
}

impl Memory {
    /// Arrivals over the last minutes that CloudWatch told of, or else by the backlog's slope; `None`: nothing says.
    pub(super) fn steady_rate(&self, service_time: SignedDuration, now: Timestamp) -> Option<Rate> {
        let fresh: Vec<&Minute> = self
            .minutes
            .iter()
            .rev()
            .take(RATE_MINUTES)
            .filter(|minute| now.duration_since(minute.began) < STALE)
            .collect();
        if !fresh.is_empty() {
            let sent: u64 = fresh.iter().fold(0, |sum, minute| sum.saturating_add(minute.sent));
            return Some(Rate::per_second(as_f64(sent) / (as_f64(fresh.len() as u64) * 60.0)));
        }
        self.slope(SignedDuration::from_mins(5), service_time)
    }

    /// Arrivals over the last half minute, by the backlog's slope and what was worked on.
    pub(super) fn burst_rate(&self, service_time: SignedDuration) -> Option<Rate> {
        self.slope(SignedDuration::from_secs(35), service_time)
    }

    /// What came is what was completed, and what the backlog grew by.
    fn slope(&self, window: SignedDuration, service_time: SignedDuration) -> Option<Rate> {
        let last = self.samples.last()?;
        let within: Vec<&Sample> =
            self.samples.iter().filter(|sample| last.at.duration_since(sample.at) <= window).collect();
        let first = within.first().filter(|_| within.len() >= 2)?;
        let seconds = last.at.duration_since(first.at).as_secs_f64();
        let in_flight: f64 = within.iter().map(|sample| as_f64(sample.in_flight)).sum();
        let mean = in_flight / as_f64(within.len() as u64);
        let completed = mean / service_time.as_secs_f64().max(0.001);
        let grown = (as_f64(last.backlog()) - as_f64(first.backlog())) / seconds;
        Some(Rate::per_second((completed + grown).max(0.0)))
    }
}

/// The arrivals of so many minutes are the steady load.
const RATE_MINUTES: usize = 3;
/// What CloudWatch told longer ago says nothing of now.
const STALE: SignedDuration = SignedDuration::from_mins(8);

#[allow(clippy::cast_precision_loss, reason = "counts beyond 2^53 need not be exact")]
pub(super) fn as_f64(count: u64) -> f64 {
    count as f64
}
