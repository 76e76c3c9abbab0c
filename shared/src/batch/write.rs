//! One step of a run or of a job: read, decide, write, in one transaction.
//!
//! # Invariants
//!
//! * A step is pure and decides on what was just read. Where somebody else wrote one of the items meanwhile, all are read
//!   again and the step decides again.
//! * A run, its units, its job, the job's trouble and the news of it change together or not at all.
//! * A step that changes nothing writes nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::scene::note;
use super::{Happened, JobName, JobRecord, Run, RunId, Scene, Trouble, Unit};
use crate::action::READS_LAG;
use crate::ledger::{Key, LedgerError, Record, Stored, Transaction, Write, push_news};
use crate::notification::Subject;
use crate::ports::Ledger;

/// How often a step is decided again when others write what it reads.
const MAX_TRIES: usize = 4;

/// What a step goes by.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long news gather before the first message about them.
    pub grouping: SignedDuration,
    /// What is over is remembered for so long.
    pub keep: SignedDuration,
    /// Now.
    pub now: Timestamp,
}

/// A step that was taken.
#[derive(Debug)]
pub struct Written<T> {
    /// What it did.
    pub done: T,
    /// How everything stands now.
    pub scene: Scene,
    /// Whether the run ended by it.
    pub has_ended: bool,
    /// What there is to tell.
    pub news: Vec<Subject>,
}

/// Lets `step` change a run and what hangs together with it, and writes all that changed. `indexes` are the units that it
/// is about: those that are not there yet are not in the scene. Answers what the step did, and what there is to tell;
/// `None`: there is no such run.
///
/// # Errors
///
/// Where the ledger does not answer, or others write the same items all the time ([`LedgerError::Conflict`]).
pub async fn write_run<L: Ledger, T>(
    ledger: &L,
    id: &RunId,
    indexes: &[u32],
    terms: &Terms,
    step: impl Fn(&mut Scene) -> T,
) -> Result<Option<Written<T>>, LedgerError> {
    let mut tries = 1;
    loop {
        let mut loaded = Loaded::default();
        let Some(before) = loaded.scene(ledger, id, indexes, terms.now).await? else { return Ok(None) };
        let mut scene = before.clone();
        let done = step(&mut scene);
        scene.settle(&before, terms.now);
        match loaded.write(ledger, &before, &scene, terms).await {
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(news) => {
                let has_ended = scene.run.is_over() && !before.run.is_over();
                return Ok(Some(Written { done, scene, has_ended, news }));
            }
        }
    }
}

/// Lets `step` change what is remembered of a job, and say what people are told of it.
///
/// # Errors
///
/// As [`write_run`].
pub async fn write_job<L: Ledger, T>(
    ledger: &L,
    name: &JobName,
    terms: &Terms,
    step: impl Fn(&mut JobRecord) -> (T, Vec<Happened>),
) -> Result<(T, Vec<Subject>), LedgerError> {
    let mut tries = 1;
    loop {
        let mut loaded = Loaded::default();
        loaded.read(ledger, &[Key::job(name)]).await?;
        let before = loaded.job(name, terms.now);
        let open = loaded.trouble(ledger, &before).await?;
        let (mut job, mut trouble) = (before.clone(), open.clone());
        let (done, happened) = step(&mut job);
        for what in happened {
            note(&mut job, &mut trouble, None, what, terms.now);
        }
        let mut writes = Vec::new();
        let news = loaded.push_job(&mut writes, (&before, open.as_ref()), (&job, trouble.as_ref()), terms);
        match loaded.commit(ledger, writes, &news, terms).await {
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(()) => return Ok((done, news)),
        }
    }
}

/// What was read, with its versions.
#[derive(Default)]
struct Loaded {
    stored: BTreeMap<Key, Stored>,
}

impl Loaded {
    async fn read<L: Ledger>(&mut self, ledger: &L, keys: &[Key]) -> Result<(), LedgerError> {
        for (key, stored) in keys.iter().zip(ledger.read(keys).await?) {
            if let Some(stored) = stored {
                self.stored.insert(key.clone(), stored);
            }
        }
        Ok(())
    }

    async fn scene<L: Ledger>(
        &mut self,
        ledger: &L,
        id: &RunId,
        indexes: &[u32],
        now: Timestamp,
    ) -> Result<Option<Scene>, LedgerError> {
        let mut keys = vec![Key::run(id), Key::job(&id.job)];
        keys.extend(indexes.iter().map(|index| Key::unit(id, *index)));
        self.read(ledger, &keys).await?;
        let Some(Record::Run(run)) = self.live(&Key::run(id), now) else { return Ok(None) };
        let run = Run::clone(run);
        let units = indexes.iter().filter_map(|index| match self.live(&Key::unit(id, *index), now) {
            Some(Record::Unit(unit)) => Some((*index, Unit::clone(unit))),
            _ => None,
        });
        let units = units.collect();
        let job = self.job(&id.job, now);
        let trouble = self.trouble(ledger, &job).await?;
        Ok(Some(Scene { run, units, job, trouble }))
    }

    fn live(&self, key: &Key, now: Timestamp) -> Option<&Record> {
        self.stored.get(key)?.live(now)
    }

    fn job(&self, name: &JobName, now: Timestamp) -> JobRecord {
        match self.live(&Key::job(name), now) {
            Some(Record::Job(job)) => JobRecord::clone(job),
            _ => JobRecord::new(name.clone(), now),
        }
    }

    async fn trouble<L: Ledger>(
        &mut self,
        ledger: &L,
        job: &JobRecord,
    ) -> Result<Option<Trouble>, LedgerError> {
        let Some(opened_at) = job.trouble else { return Ok(None) };
        let key = Key::trouble(&job.job, opened_at);
        self.read(ledger, std::slice::from_ref(&key)).await?;
        Ok(match self.stored.get(&key).map(|stored| &stored.record) {
            Some(Record::Trouble(trouble)) => Some(Trouble::clone(trouble)),
            _ => None,
        })
    }

    async fn write<L: Ledger>(
        &self,
        ledger: &L,
        before: &Scene,
        scene: &Scene,
        terms: &Terms,
    ) -> Result<Vec<Subject>, LedgerError> {
        let Terms { keep, now, .. } = *terms;
        let mut writes = Vec::new();
        if scene.run != before.run {
            let stored = self.stored.get(&Key::run(&scene.run.id));
            writes.push(Write::of_run(scene.run.clone(), stored, keep, now));
        }
        let ends = scene.run.ending.is_some();
        for (index, unit) in &scene.units {
            if before.units.get(index) != Some(unit) || ends != before.run.ending.is_some() {
                let stored = self.stored.get(&Key::unit(&unit.run, unit.index));
                writes.push(Write::of_unit(unit.clone(), stored, unit_due(unit, ends, now), keep, now));
            }
        }
        let news = self.push_job(
            &mut writes,
            (&before.job, before.trouble.as_ref()),
            (&scene.job, scene.trouble.as_ref()),
            terms,
        );
        self.commit(ledger, writes, &news, terms).await?;
        Ok(news)
    }

    fn push_job(
        &self,
        writes: &mut Vec<Write>,
        before: (&JobRecord, Option<&Trouble>),
        after: (&JobRecord, Option<&Trouble>),
        terms: &Terms,
    ) -> Vec<Subject> {
        let Terms { keep, now, .. } = *terms;
        let (job, trouble) = after;
        if before.0 != job || !self.stored.contains_key(&Key::job(&job.job)) {
            let stored = self.stored.get(&Key::job(&job.job));
            writes.push(Write::of_job(job.clone(), stored, now));
        }
        let Some(trouble) = trouble.filter(|trouble| before.1 != Some(*trouble)) else { return Vec::new() };
        let stored = self.stored.get(&Key::trouble(&trouble.job, trouble.opened_at));
        writes.push(Write::of_trouble(trouble.clone(), stored, keep, now));
        vec![trouble.subject()]
    }

    async fn commit<L: Ledger>(
        &self,
        ledger: &L,
        mut writes: Vec<Write>,
        news: &[Subject],
        terms: &Terms,
    ) -> Result<(), LedgerError> {
        if writes.is_empty() {
            return Ok(());
        }
        push_news(ledger, &mut writes, news, terms.grouping, terms.now).await?;
        ledger.commit(Transaction { writes }).await
    }
}

/// When a unit must be looked at: at once, where its run is to end and something of it was not asked to stop.
fn unit_due(unit: &Unit, run_ends: bool, now: Timestamp) -> Option<Timestamp> {
    let lingers = unit.call.is_none()
        && unit.places.iter().any(|place| match &place.state {
            super::PlaceState::Waiting { .. } => true,
            super::PlaceState::Placed(placed) => placed.stopping.is_none(),
            _ => false,
        });
    if run_ends && lingers { Some(now) } else { unit.look_at(READS_LAG) }
}
