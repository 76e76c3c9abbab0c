//! The timetables: each slot becomes a run, once, whenever and however often somebody looks.
//!
//! # Invariants
//!
//! * A part of the timetables is done up to a time only after all its slots until then stand in the ledger.
//! * A run is written on condition that there is none: who looks twice begins nothing twice.

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use steward::batch::{
    Clock as Part, Happened, Job, JobName, Run, RunId, SHARDS, Slot, StartedOn, Trigger, write_job,
};
use steward::ledger::{Expect, Key, LedgerError, Record, Stored, Transaction, Write};
use steward::ports::{Clock, Ledger, RunTasks, Tell};

use crate::{Done, Handler, PARALLEL};

/// More slots of one job than that are not begun by one tick: they are counted, and people are told.
const MOST_SLOTS: usize = 100;
/// Whoever looks at a part is waited for so long.
const LOOKS: SignedDuration = SignedDuration::from_secs(50);
/// The first look at all goes so far back.
const FIRST_LOOK: SignedDuration = SignedDuration::from_mins(1);

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Looks at all timetables. Answers the runs that are due by them.
    pub(crate) async fn tick(&self, done: &mut Done) -> Vec<RunId> {
        let mut due = Vec::new();
        let mut looks = stream::iter(0..SHARDS).map(|shard| self.look(shard)).buffered(PARALLEL);
        while let Some((part, looked)) = looks.next().await {
            done.merge(part);
            match looked {
                Ok(runs) => due.extend(runs),
                Err(error) => done.failed.push(error.to_string()),
            }
        }
        due
    }

    async fn look(&self, shard: u32) -> (Done, Result<Vec<RunId>, LedgerError>) {
        let mut done = Done::default();
        let looked = self.look_at_part(shard, &mut done).await;
        (done, looked)
    }

    async fn look_at_part(&self, shard: u32, done: &mut Done) -> Result<Vec<RunId>, LedgerError> {
        let now = self.now();
        let jobs = self.settings.jobs.by_name.values().filter(|job| Part::shard_of(&job.name) == shard);
        let jobs: Vec<&Job> = jobs.collect();
        let key = Key::clock(shard);
        let stored = self.ports.ledger.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let known = match stored.as_ref().map(|stored| &stored.record) {
            Some(Record::Clock(part)) => Some(part.clone()),
            _ => None,
        };
        let first = || Part {
            shard,
            until: now.checked_sub(FIRST_LOOK).unwrap_or(now),
            lease_until: now,
            known: jobs.iter().map(|job| job.name.clone()).take(0).collect(),
        };
        let part = known.unwrap_or_else(first);
        if part.lease_until > now || part.until >= now || self.is_out_of_time() {
            return Ok(Vec::new());
        }
        if jobs.is_empty() && part.known.is_empty() && stored.is_some() {
            return Ok(Vec::new());
        }
        let lease_until = now.saturating_add(LOOKS).unwrap_or(Timestamp::MAX);
        let Some(claimed) = self.claim(&key, stored.as_ref(), &Part { lease_until, ..part.clone() }).await?
        else {
            return Ok(Vec::new());
        };
        let mut due = Vec::new();
        for job in &jobs {
            if !part.known.contains(&job.name) {
                self.welcome(job).await?;
            }
            due.extend(self.begin_slots(job, part.until, now, done).await?);
        }
        let known = jobs.iter().map(|job| job.name.clone()).collect();
        self.claim(&key, Some(&claimed), &Part { until: now, lease_until: now, known, ..part }).await?;
        Ok(due)
    }

    /// Writes a part; `None`: somebody else did meanwhile.
    async fn claim(
        &self,
        key: &Key,
        stored: Option<&Stored>,
        part: &Part,
    ) -> Result<Option<Stored>, LedgerError> {
        let record = Record::Clock(part.clone());
        let write = Write::new(key.clone(), stored, record.clone());
        match self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
            Ok(()) => {
                let version = stored.map_or(1, |stored| stored.version + 1);
                Ok(Some(Stored { version, record, expires: None }))
            }
            Err(LedgerError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A job that was not there before is remembered from now on.
    async fn welcome(&self, job: &Job) -> Result<(), LedgerError> {
        let no_success = job.rules.no_success;
        let step = |record: &mut steward::batch::JobRecord| {
            record.no_success = no_success;
            ((), Vec::new())
        };
        write_job(self.ports.ledger, &job.name, &self.terms(), step).await.map(|_| ())
    }

    async fn begin_slots(
        &self,
        job: &Job,
        after: Timestamp,
        until: Timestamp,
        done: &mut Done,
    ) -> Result<Vec<RunId>, LedgerError> {
        let Trigger::Schedule(timetable) = &job.trigger else { return Ok(Vec::new()) };
        if job.suspended {
            return Ok(Vec::new());
        }
        let slots = timetable.slots(after, until, MOST_SLOTS);
        if !slots.left_out.is_none() {
            let before = slots.times.first().copied().unwrap_or(until);
            let step = |_: &mut steward::batch::JobRecord| {
                ((), vec![Happened::ManyMissed { count: slots.left_out.count(), after, before }])
            };
            let ((), news) = write_job(self.ports.ledger, &job.name, &self.terms(), step).await?;
            done.news.extend(news);
        }
        let mut due = Vec::new();
        for time in slots.times {
            due.extend(self.begin(&job.name, &Slot::at(time), time).await?);
        }
        Ok(due)
    }

    /// Writes a slot's run, unless there is one.
    async fn begin(&self, job: &JobName, slot: &Slot, time: Timestamp) -> Result<Option<RunId>, LedgerError> {
        let id = RunId { job: job.clone(), slot: slot.clone() };
        let run = Run::pending(id.clone(), time, StartedOn::Schedule, self.now());
        Ok(self.create(run).await?.then_some(id))
    }

    /// Writes a run, unless there is one. Answers whether it is new.
    pub(crate) async fn create(&self, run: Run) -> Result<bool, LedgerError> {
        let write = Write::of_run(run, None, self.settings.keep, self.now());
        debug_assert_eq!(write.expect, Expect::Absent, "a run begins once");
        match self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
            Ok(()) => Ok(true),
            Err(LedgerError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
