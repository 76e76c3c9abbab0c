//! Work queues and the tasks that take from them: messages arrive, wait, are taken by tasks that run in the model, and are
//! done after a while.
//!
//! # Invariants
//!
//! * Arrivals are drawn from a stream of their own; looking at a queue changes nothing in it.
//! * A task that protects itself does so before it takes a message.
//! * What a task has in hand when it is told to stop it still does where that takes no longer than `stopTimeout`; all else is
//!   lost, and visible again later.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use steward::arn::ServiceName;
use steward::observed::Observed;
use steward::scaling::{QueueCounts, QueueMinute, QueueName};

use super::plan::CLUSTER;
use crate::ecs::Ecs;
use crate::random::{Random, later};

/// From one look of the tasks to the next.
const STEP: Duration = Duration::from_secs(1);
/// From SIGTERM to SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// A message that was lost with its task is visible again after so long.
const VISIBILITY: Duration = Duration::from_mins(1);
/// SQS's counts are as old as this at the most.
const OLDEST_COUNT: Duration = Duration::from_secs(40);
/// And off by so many percent at the most.
const OFF: u64 = 6;
/// CloudWatch tells of a minute so long after its end.
const TOLD_AFTER: SignedDuration = SignedDuration::from_secs(150);
/// A task protects itself for so many minutes, and renews that when half of them are over.
const PROTECTED_FOR: u64 = 60;
/// Minutes that are kept.
const MINUTES: usize = 12;

/// The code in the tasks of a service.
#[derive(Clone, Debug)]
pub(in crate::world) struct Worker {
    pub(in crate::world) service: ServiceName,
    pub(in crate::world) queues: Vec<QueueName>,
    /// Messages at the same time.
    pub(in crate::world) per_task: usize,
    /// What a message takes, at the least and at the most.
    pub(in crate::world) takes: (Duration, Duration),
    /// Whether it protects its task while it works.
    pub(in crate::world) protects: bool,
}

/// A message that was lost because its task was taken away.
#[derive(Clone, Debug)]
pub(in crate::world) struct Lost {
    pub(in crate::world) service: ServiceName,
    /// It would have taken so much longer.
    pub(in crate::world) left: Duration,
}

/// All queues and tasks.
#[derive(Debug)]
pub(in crate::world) struct Work {
    arrivals: Random,
    reads: Random,
    lines: BTreeMap<QueueName, Line>,
    crews: Vec<Crew>,
    at: Timestamp,
}

/// A queue.
#[derive(Debug)]
struct Line {
    /// Messages in a thousand seconds.
    rate: u64,
    delay: Duration,
    /// When each was sent; the oldest first.
    waiting: VecDeque<Timestamp>,
    /// When each may be seen, and when it was sent.
    delayed: VecDeque<(Timestamp, Timestamp)>,
    /// The same of those that were lost with their tasks: they are in flight.
    lost: VecDeque<(Timestamp, Timestamp)>,
    held: u64,
    past: VecDeque<(Timestamp, QueueCounts)>,
    minutes: VecDeque<QueueMinute>,
}

#[derive(Debug)]
struct Crew {
    worker: Worker,
    hands: BTreeMap<u64, Hands>,
}

#[derive(Debug, Default)]
struct Hands {
    /// When each is done, and of which queue it is.
    held: Vec<(Timestamp, QueueName)>,
    protected_at: Option<Timestamp>,
}

impl Work {
    pub(super) fn new(
        seed: u64,
        start: Timestamp,
        queues: &[(QueueName, Duration)],
        workers: Vec<Worker>,
    ) -> Self {
        let lines = queues.iter().map(|(name, delay)| (name.clone(), Line::new(*delay)));
        Self {
            arrivals: Random::new(seed ^ 0x0061_7272_6976_6573),
            reads: Random::new(seed ^ 0x0063_6f75_6e74_7300),
            lines: lines.collect(),
            crews: workers.into_iter().map(|worker| Crew { worker, hands: BTreeMap::new() }).collect(),
            at: start,
        }
    }

    /// Messages arrive in a queue so fast from now on, in a thousand seconds.
    pub(super) fn set_rate(&mut self, queue: &QueueName, rate: u64) {
        if let Some(line) = self.lines.get_mut(queue) {
            line.rate = rate;
        }
    }

    /// Messages of a queue that are not done.
    pub(super) fn backlog(&self, queue: &QueueName) -> u64 {
        let counts = self.lines.get(queue).map(Line::counts);
        counts.map_or(0, |counts| counts.visible + counts.in_flight + counts.delayed)
    }

    pub(in crate::world) fn next_at(&self) -> Timestamp {
        later(self.at, STEP)
    }

    /// Lets arrive what arrives up to `now`, and tasks work. Gives what was lost.
    pub(in crate::world) fn step(&mut self, ecs: &mut Ecs, now: Timestamp) -> Vec<Lost> {
        let passed = u64::try_from(now.duration_since(self.at).as_millis()).unwrap_or(0);
        let before = self.at;
        self.at = now;
        for line in self.lines.values_mut() {
            line.arrive(passed, now, &mut self.arrivals);
        }
        let mut lost = Vec::new();
        for crew in &mut self.crews {
            crew.work(&mut self.lines, ecs, (before, now), &mut self.arrivals, &mut lost);
        }
        for line in self.lines.values_mut() {
            line.remember(now);
        }
        lost
    }

    /// A queue's counts as SQS answers them: of a moment ago, and a little off.
    pub(in crate::world) fn counts(&mut self, queue: &QueueName, now: Timestamp) -> Option<QueueCounts> {
        let age = self.reads.between(Duration::ZERO, OLDEST_COUNT);
        let line = self.lines.get(queue)?;
        let seen = line.past.iter().rev().find(|(at, _)| later(*at, age) <= now).or(line.past.front());
        let counts = seen.map_or_else(|| line.counts(), |(_, counts)| *counts);
        let reads = &mut self.reads;
        let mut off = |count: u64| {
            let most = count * OFF / 100;
            count - most + reads.below(2 * most + 1)
        };
        Some(QueueCounts {
            visible: off(counts.visible),
            in_flight: off(counts.in_flight),
            delayed: off(counts.delayed),
        })
    }

    /// What CloudWatch tells of a queue.
    pub(in crate::world) fn minute(&mut self, queue: &QueueName, until: Timestamp) -> Observed<QueueMinute> {
        // A datapoint is missing now and then.
        let skips = usize::from(self.reads.below(20) == 0);
        let told = self.lines.get(queue).into_iter().flat_map(|line| line.minutes.iter().rev());
        let minute = SignedDuration::from_mins(1);
        let mut told = told.filter(|told| until.duration_since(told.began) >= TOLD_AFTER + minute);
        told.nth(skips).map_or(Observed::Absent, |minute| Observed::Known(*minute))
    }
}

impl Line {
    fn new(delay: Duration) -> Self {
        Self {
            rate: 0,
            delay,
            waiting: VecDeque::new(),
            delayed: VecDeque::new(),
            lost: VecDeque::new(),
            held: 0,
            past: VecDeque::new(),
            minutes: VecDeque::new(),
        }
    }

    fn counts(&self) -> QueueCounts {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        QueueCounts {
            visible: count(self.waiting.len()),
            in_flight: self.held + count(self.lost.len()),
            delayed: count(self.delayed.len()),
        }
    }

    fn arrive(&mut self, passed: u64, now: Timestamp, random: &mut Random) {
        // Millionths of a message.
        let expected = self.rate * passed;
        let whole = expected / 1_000_000 + u64::from(random.below(1_000_000) < expected % 1_000_000);
        for _ in 0..whole {
            if self.delay.is_zero() {
                self.waiting.push_back(now);
            } else {
                self.delayed.push_back((later(now, self.delay), now));
            }
        }
        for hidden in [&mut self.delayed, &mut self.lost] {
            while hidden.front().is_some_and(|(at, _)| *at <= now) {
                self.waiting.extend(hidden.pop_front().map(|(_, sent)| sent));
            }
        }
        self.minute(now, |minute| minute.sent = Some(minute.sent.unwrap_or_default() + whole));
    }

    fn minute(&mut self, now: Timestamp, change: impl FnOnce(&mut QueueMinute)) {
        let second = now.as_second();
        let began = Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(now);
        if self.minutes.back().is_none_or(|last| last.began != began) {
            self.minutes.push_back(QueueMinute { began, sent: Some(0), deleted: Some(0), oldest: None });
            if self.minutes.len() > MINUTES {
                self.minutes.pop_front();
            }
        }
        if let Some(last) = self.minutes.back_mut() {
            change(last);
        }
    }

    fn remember(&mut self, now: Timestamp) {
        let oldest = self.waiting.front().map(|sent| now.duration_since(*sent));
        self.minute(now, |minute| minute.oldest = minute.oldest.max(oldest));
        self.past.push_back((now, self.counts()));
        while self.past.front().is_some_and(|(at, _)| later(*at, OLDEST_COUNT * 2) < now) {
            self.past.pop_front();
        }
    }

    fn done(&mut self, now: Timestamp) {
        self.held = self.held.saturating_sub(1);
        self.minute(now, |minute| minute.deleted = Some(minute.deleted.unwrap_or_default() + 1));
    }
}

impl Crew {
    fn work(
        &mut self,
        lines: &mut BTreeMap<QueueName, Line>,
        ecs: &mut Ecs,
        (before, now): (Timestamp, Timestamp),
        random: &mut Random,
        lost: &mut Vec<Lost>,
    ) {
        let tasks = ecs.at_work(CLUSTER, self.worker.service.as_str());
        let gone: Vec<u64> = self.hands.keys().copied().filter(|task| !tasks.contains(task)).collect();
        for task in gone {
            for (done_at, queue) in self.hands.remove(&task).unwrap_or_default().held {
                let Some(line) = lines.get_mut(&queue) else { continue };
                let left = Duration::try_from(done_at.duration_since(now)).unwrap_or_default();
                if left <= STOP_TIMEOUT {
                    line.done(now);
                } else {
                    line.held = line.held.saturating_sub(1);
                    line.lost.push_back((later(now, VISIBILITY), now));
                    lost.push(Lost { service: self.worker.service.clone(), left });
                }
            }
        }
        let has_work = |lines: &BTreeMap<QueueName, Line>| {
            let of = |queue| lines.get(queue).is_some_and(|line: &Line| !line.waiting.is_empty());
            self.worker.queues.iter().any(of)
        };
        for task in tasks {
            let hands = self.hands.entry(task).or_default();
            if hands.held.is_empty() && !has_work(lines) {
                if hands.protected_at.is_some() && protect(ecs, task, false) {
                    hands.protected_at = None;
                }
                continue;
            }
            let is_old = |at: Timestamp| later(at, Duration::from_mins(PROTECTED_FOR / 2)) <= now;
            if self.worker.protects && hands.protected_at.is_none_or(is_old) && protect(ecs, task, true) {
                hands.protected_at = Some(now);
            }
            let may_take = !self.worker.protects || hands.protected_at.is_some();
            hands.go_on(&self.worker, lines, (before, now), may_take, random);
        }
    }
}

impl Hands {
    /// Each place does one message after the other.
    fn go_on(
        &mut self,
        worker: &Worker,
        lines: &mut BTreeMap<QueueName, Line>,
        (before, now): (Timestamp, Timestamp),
        may_take: bool,
        random: &mut Random,
    ) {
        let mut free = vec![before; worker.per_task.saturating_sub(self.held.len())];
        self.held.retain(|(done_at, queue)| {
            let is_done = *done_at <= now;
            if is_done {
                free.push(*done_at);
                if let Some(line) = lines.get_mut(queue) {
                    line.done(now);
                }
            }
            !is_done
        });
        while let Some(begins) = free.pop().filter(|_| may_take) {
            let queue = worker
                .queues
                .iter()
                .find(|queue| lines.get(*queue).is_some_and(|line| !line.waiting.is_empty()));
            let Some((queue, line)) = queue.and_then(|queue| Some((queue, lines.get_mut(queue)?))) else {
                return;
            };
            line.waiting.pop_front();
            line.held += 1;
            let done_at = later(begins, random.between(worker.takes.0, worker.takes.1));
            if done_at <= now {
                line.done(now);
                free.push(done_at);
            } else {
                self.held.push((done_at, queue.clone()));
            }
        }
    }
}

/// A task protects itself, or no longer.
fn protect(ecs: &mut Ecs, task: u64, enabled: bool) -> bool {
    let Some(arn) = ecs.arn_of(task) else { return false };
    let input = if enabled {
        json!({
            "cluster": CLUSTER, "tasks": [arn], "protectionEnabled": true, "expiresInMinutes": PROTECTED_FOR,
        })
    } else {
        json!({ "cluster": CLUSTER, "tasks": [arn], "protectionEnabled": false })
    };
    let answer = ecs.call("worker", "UpdateTaskProtection", &input);
    answer.is_ok_and(|answer| {
        answer
            .pointer("/protectedTasks")
            .and_then(serde_json::Value::as_array)
            .is_some_and(|it| !it.is_empty())
    })
}
