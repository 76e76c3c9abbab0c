//! What is remembered of a job beyond its runs, and of the ticks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::step::after;
use super::{JobName, JobRules, Run, RunEnd, Slot, Tally};
use crate::quota;

/// Runs that a job's item keeps, the latest.
pub const MAX_RECENT: usize = 30;
/// Runs of a job that go on or wait at the same time; further ones wait.
pub const MAX_ACTIVE: usize = 100;
/// The jobs of a Steward are looked after in so many parts.
pub const SHARDS: u32 = 16;

/// What is remembered of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Which.
    pub job: JobName,
    /// Since when Steward knows of it.
    pub first_seen: Timestamp,
    /// Runs that have their turn.
    pub active: BTreeSet<Slot>,
    /// Runs that wait for it, in order.
    pub queue: Vec<Slot>,
    /// Runs that have ended, and whose followers were not seen to.
    pub follow: Vec<Slot>,
    /// Failed runs in a row.
    pub streak: u32,
    /// The last success.
    pub last_success: Option<Timestamp>,
    /// Further slots are skipped until then.
    pub breaker_until: Option<Timestamp>,
    /// People are told without a success for so long, as the job says.
    pub no_success: Option<SignedDuration>,
    /// Since when there was none, as they were told.
    pub told_no_success: Option<Timestamp>,
    /// Its open trouble, by the time that was opened.
    pub trouble: Option<Timestamp>,
    /// Its latest runs, in the order of their ends.
    pub recent: Vec<Recent>,
}

/// A run that has ended, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Its slot.
    pub slot: Slot,
    /// The time that its slot names.
    pub scheduled: Timestamp,
    /// When it was claimed.
    pub claimed_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub end: RunEnd,
    /// What became of its tasks.
    pub tally: Tally,
}

impl JobRecord {
    /// One that nothing is remembered of.
    pub fn new(job: JobName, now: Timestamp) -> Self {
        Self {
            job,
            first_seen: now,
            active: BTreeSet::new(),
            queue: Vec::new(),
            follow: Vec::new(),
            streak: 0,
            last_success: None,
            breaker_until: None,
            no_success: None,
            told_no_success: None,
            trouble: None,
            recent: Vec::new(),
        }
    }

    /// When it must be looked at; `None`: when something happens to it.
    pub fn look_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.follow.is_empty() || (self.active.is_empty() && !self.queue.is_empty()) {
            return Some(now);
        }
        self.silent_at()
    }

    /// When people must be told that there was no success for too long.
    pub fn silent_at(&self) -> Option<Timestamp> {
        let since = self.quiet_since();
        let most = self.no_success.filter(|_| self.told_no_success != Some(since))?;
        Some(after(since, most))
    }

    /// Since when there was no success.
    pub fn quiet_since(&self) -> Timestamp {
        self.last_success.unwrap_or(self.first_seen)
    }

    /// Whether further slots are skipped.
    pub fn is_broken(&self, now: Timestamp) -> bool {
        self.breaker_until.is_some_and(|until| now < until)
    }

    /// Notes a run that has ended, and answers whether the breaker opens by it.
    pub fn ended(&mut self, run: &Run, end: &RunEnd, rules: Option<&JobRules>, now: Timestamp) -> bool {
        let slot = &run.id.slot;
        self.active.remove(slot);
        self.queue.retain(|waiting| waiting != slot);
        self.follow.push(slot.clone());
        self.recent.push(Recent {
            slot: slot.clone(),
            scheduled: run.scheduled,
            claimed_at: run.frozen.as_ref().map(|frozen| frozen.at),
            ended_at: now,
            end: end.clone(),
            tally: run.tally,
        });
        let surplus = self.recent.len().saturating_sub(MAX_RECENT);
        self.recent.drain(..surplus);
        if *end == RunEnd::Succeeded {
            (self.streak, self.breaker_until) = (0, None);
            self.last_success = Some(self.last_success.map_or(now, |last| last.max(now)));
            return false;
        }
        if !end.is_failure() {
            return false;
        }
        self.streak = self.streak.saturating_add(1);
        let breaker = rules.and_then(|rules| rules.breaker).filter(|breaker| self.streak >= breaker.failures);
        let was_broken = self.is_broken(now);
        if let Some(breaker) = breaker {
            self.breaker_until = Some(after(now, breaker.pause));
        }
        breaker.is_some() && !was_broken
    }
}

/// Up to where the timetables of a part of the jobs were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Which part.
    pub shard: u32,
    /// Every slot up to then was begun, or was told as missed.
    pub until: Timestamp,
    /// Until when whoever looks is waited for.
    pub lease_until: Timestamp,
    /// The jobs that were there then and not suspended, with their timetables as text: what is new or changed begins with its
    /// next slot.
    pub known: BTreeMap<JobName, String>,
}

impl Clock {
    /// In which part a job is.
    pub fn shard_of(job: &JobName) -> u32 {
        let sum =
            job.as_str().bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        sum % SHARDS
    }
}

/// How many tasks may be started at the moment, shared by all who start some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchRate {
    /// Thousandths of tasks.
    pub level: u64,
    /// When.
    pub at: Timestamp,
}

impl LaunchRate {
    /// One that nothing was taken of.
    pub fn full(now: Timestamp) -> Self {
        Self { level: u64::from(quota::FARGATE_LAUNCH_BURST) * 1000, at: now }
    }

    /// Takes up to `wanted`, and answers how many.
    pub fn take(&mut self, wanted: u32, now: Timestamp) -> u32 {
        let full = u64::from(quota::FARGATE_LAUNCH_BURST) * 1000;
        let passed = u64::try_from(now.duration_since(self.at).as_millis()).unwrap_or(0);
        let filled =
            self.level.saturating_add(passed.saturating_mul(u64::from(quota::FARGATE_LAUNCHES_A_SECOND)));
        self.level = filled.min(full);
        self.at = self.at.max(now);
        let taken = wanted.min(u32::try_from(self.level / 1000).unwrap_or(u32::MAX));
        self.level -= u64::from(taken) * 1000;
        taken
    }

    /// When there is a task to take again.
    pub fn next_at(&self) -> Timestamp {
        let missing = 1000_u64.saturating_sub(self.level);
        let wait = missing.div_ceil(u64::from(quota::FARGATE_LAUNCHES_A_SECOND));
        self.at.saturating_add(Duration::from_millis(wait)).unwrap_or(Timestamp::MAX)
    }
}

/// Parameters of a run: the job's own, and in their place what was set for it.
pub fn parameters(
    own: &BTreeMap<String, String>,
    set: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    own.iter().chain(set).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    #[test]
    fn a_burst_is_launched_at_once_and_then_what_comes_back() {
        let mut rate = LaunchRate::full(at(0));
        assert_eq!([70, 70, 70].map(|wanted| rate.take(wanted, at(0))), [70, 30, 0]);
        assert_eq!(rate.take(70, at(2)), 40);
        assert_eq!(rate.take(1000, at(3600)), 100, "never more than the burst");
        assert_eq!(rate.take(1, at(0)), 0, "a clock that goes back gives nothing");
        let next = rate.next_at();
        assert_eq!(next, at(3600) + SignedDuration::from_millis(50));
        assert_eq!(rate.take(1, next - SignedDuration::from_millis(1)), 0);
        assert_eq!((rate.take(1, next), rate.take(1, next)), (1, 0));
    }

    #[test]
    fn a_thousand_jobs_are_spread_over_all_parts() {
        let mut counts = vec![0; SHARDS as usize];
        for job in (0..1000).map(|index| JobName::parse(&format!("nightly-{index}")).unwrap()) {
            counts[Clock::shard_of(&job) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (20..=150).contains(count)), "{counts:?}");
    }
}
