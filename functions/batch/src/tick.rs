//! The timetables: each slot becomes a run, once, whenever and however often somebody looks.
//!
//! # Invariants
//!
//! * A part of the timetables is done up to a time only after all its slots until then stand in the ledger.
//! * A run is written on condition that there is none: who looks twice begins nothing twice.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use steward::batch::{
    Clock as Part, Happened, Job, JobName, Run, RunId, Slot, Slots, StartedOn, Timetable, Trigger, write_job,
};
use steward::ledger::{Key, LedgerError, Record, Stored, Transaction, Write};
use steward::ports::{Clock, Ledger, RunTasks, Tell};

use crate::{Done, Handler, PARALLEL};

/// More slots of one job than that are not begun by one tick: they are counted, and people are told.
const MOST_SLOTS: usize = 100;
/// Whoever looks at a part is waited for so long.
const LOOKS: SignedDuration = SignedDuration::from_secs(50);
/// A part of which nothing is due is written so often: what was seen of it by then needs not be seen again.
const RESTS: SignedDuration = SignedDuration::from_mins(15);
/// The first look at all, and at a new job, goes so far back.
const FIRST_LOOK: SignedDuration = SignedDuration::from_mins(1);

/// A part of the timetables as it was read, and its jobs.
struct Read<'j> {
    shard: u32,
    stored: Option<Stored>,
    jobs: Vec<&'j Job>,
}

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Looks at all timetables. Answers the runs that are due by them.
    pub(crate) async fn tick(&self, done: &mut Done) -> Vec<RunId> {
        let parts = match self.read_parts().await {
            Ok(parts) => parts,
            Err(error) => {
                done.failed.push(error.to_string());
                return Vec::new();
            }
        };
        let mut due = Vec::new();
        let mut looks = stream::iter(parts).map(|part| self.look(part)).buffered(PARALLEL);
        while let Some((part, looked)) = looks.next().await {
            done.merge(part);
            match looked {
                Ok(runs) => due.extend(runs),
                Err(error) => done.failed.push(error.to_string()),
            }
        }
        due
    }

    /// The parts that have jobs.
    async fn read_parts(&self) -> Result<Vec<Read<'_>>, LedgerError> {
        let mut by_shard: BTreeMap<u32, Vec<&Job>> = BTreeMap::new();
        for job in self.settings.jobs.by_name.values() {
            by_shard.entry(Part::shard_of(&job.name)).or_default().push(job);
        }
        let keys: Vec<Key> = by_shard.keys().map(|shard| Key::clock(*shard)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let stored = self.ports.ledger.read(&keys).await?;
        let parts = by_shard.into_iter().zip(stored);
        Ok(parts.map(|((shard, jobs), stored)| Read { shard, stored, jobs }).collect())
    }

    async fn look(&self, part: Read<'_>) -> (Done, Result<Vec<RunId>, LedgerError>) {
        let mut done = Done::default();
        let looked = self.look_at_part(part, &mut done).await;
        (done, looked)
    }

    async fn look_at_part(&self, read: Read<'_>, done: &mut Done) -> Result<Vec<RunId>, LedgerError> {
        let Read { shard, stored, jobs } = read;
        let now = self.now();
        let there = jobs.iter().filter(|job| !job.suspended);
        let known: BTreeMap<JobName, String> = there.map(|job| (job.name.clone(), timetable(job))).collect();
        let part = match stored.as_ref().map(|stored| &stored.record) {
            Some(Record::Clock(part)) => part.clone(),
            _ => Part {
                shard,
                until: now.checked_sub(FIRST_LOOK).unwrap_or(now),
                lease_until: now,
                known: BTreeMap::new(),
            },
        };
        let is_fresh = part.known == known && now.duration_since(part.until) < RESTS;
        let slots: Vec<(&Job, Slots)> =
            jobs.iter().filter_map(|job| Some((*job, slots(job, &part, now)?))).collect();
        if part.lease_until > now
            || part.until >= now
            || (slots.is_empty() && is_fresh)
            || self.is_out_of_time()
        {
            return Ok(Vec::new());
        }
        let key = Key::clock(shard);
        let lease_until = now.saturating_add(LOOKS).unwrap_or(Timestamp::MAX);
        let claimed = self.claim(&key, stored.as_ref(), &Part { lease_until, ..part.clone() }).await?;
        let Some(claimed) = claimed else { return Ok(Vec::new()) };
        for job in jobs.iter().filter(|job| !part.known.contains_key(&job.name)) {
            self.welcome(job).await?;
        }
        let mut due = Vec::new();
        for (job, slots) in slots {
            due.extend(self.begin_slots(job, slots, part.until, now, done).await?);
        }
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
        slots: Slots,
        after: Timestamp,
        until: Timestamp,
        done: &mut Done,
    ) -> Result<Vec<RunId>, LedgerError> {
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
        match self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
            Ok(()) => Ok(true),
            Err(LedgerError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A job's timetable as text.
fn timetable(job: &Job) -> String {
    match &job.trigger {
        Trigger::Schedule(Timetable { schedule, start, end }) => format!("{schedule} {start:?} {end:?}"),
        Trigger::After(_) | Trigger::Demand => String::new(),
    }
}

/// The slots of a job that no tick has seen; `None`: there are none. A job that was not there before has none of before.
fn slots(job: &Job, part: &Part, now: Timestamp) -> Option<Slots> {
    let Trigger::Schedule(timetable) = &job.trigger else { return None };
    let first = now.checked_sub(FIRST_LOOK).unwrap_or(now);
    let is_known = part.known.get(&job.name) == Some(&self::timetable(job));
    let after = if is_known { part.until } else { part.until.max(first) };
    let slots = timetable.slots(after, now, MOST_SLOTS);
    let has_none = job.suspended || (slots.times.is_empty() && slots.left_out.is_none());
    (!has_none).then_some(slots)
}
