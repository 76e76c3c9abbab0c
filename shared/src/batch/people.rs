//! What people ask of jobs: a run, a run again, an end.
//!
//! Each is one conditional write of the ledger; the batch function does the rest with its next tick.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{EndBefore, JobName, Outcome, Place, Run, RunId, Size, Slot, StartedOn, Terms, write_run};
use crate::action::Ruling;
use crate::ledger::{Key, LedgerError, Record, Transaction, Write};
use crate::ports::Ledger;

/// Runs that are done again are numbered up to here.
const MOST_AGAIN: u32 = 99;
/// Items that are read together.
const PAGE: usize = 100;

/// What became of a person's wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// This run stands in the ledger, and begins with the next tick.
    Begun(RunId),
    /// There is such a run already.
    Exists(Box<Run>),
}

/// Why a run is not done again, or not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unasked {
    /// There is no such run.
    #[error("there is no run {0}: `steward runs {job}` lists those of the job", job = .0.job)]
    NoRun(RunId),
    /// It goes on.
    #[error("the run {0} goes on: cancel it first, or wait for its end")]
    GoesOn(RunId),
    /// It is over.
    #[error("the run {id} is over: {end}")]
    IsOver {
        /// Which.
        id: RunId,
        /// How it ended.
        end: &'static str,
    },
    /// Nothing of it failed.
    #[error("nothing of the run {0} failed: without `--failed-only` all of it is done again")]
    NothingFailed(RunId),
    /// It was done again too often.
    #[error("the run {0} was done again {MOST_AGAIN} times: begin one of another slot")]
    TooOften(RunId),
    /// The ledger did not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Asks for a run of a job.
///
/// # Errors
///
/// Where the ledger does not answer, or refuses.
pub async fn ask<L: Ledger>(
    ledger: &L,
    id: RunId,
    scheduled: Timestamp,
    set: BTreeMap<String, String>,
    by: &str,
    terms: &Terms,
) -> Result<Asked, LedgerError> {
    let by = StartedOn::Person { by: by.to_owned() };
    let run = Run { set, ..Run::pending(id, scheduled, by, terms.now) };
    put(ledger, run, terms).await
}

async fn put<L: Ledger>(ledger: &L, run: Run, terms: &Terms) -> Result<Asked, LedgerError> {
    let id = run.id.clone();
    let write = Write::of_run(run, None, terms.keep, terms.now);
    match ledger.commit(Transaction { writes: vec![write] }).await {
        Ok(()) => Ok(Asked::Begun(id)),
        Err(LedgerError::Conflict { key }) => match read_run(ledger, &id).await? {
            Some(run) => Ok(Asked::Exists(Box::new(run))),
            None => Err(LedgerError::Conflict { key }),
        },
        Err(error) => Err(error),
    }
}

/// Asks that a run be done again, or what of it did not succeed.
///
/// # Errors
///
/// Where there is no such run, it goes on, or nothing of it failed; where the ledger does not answer.
pub async fn again<L: Ledger>(
    ledger: &L,
    id: &RunId,
    only_failed: bool,
    by: &str,
    terms: &Terms,
) -> Result<RunId, Unasked> {
    let run = read_run(ledger, id).await?.ok_or_else(|| Unasked::NoRun(id.clone()))?;
    if !run.is_over() {
        return Err(Unasked::GoesOn(id.clone()));
    }
    let only = if only_failed {
        Some(failed(ledger, &run).await?).filter(|failed| run.frozen.is_none() || !failed.is_empty())
    } else {
        run.only.clone()
    };
    if only_failed && only.is_none() {
        return Err(Unasked::NothingFailed(id.clone()));
    }
    let only = only.filter(|_| run.frozen.is_some());
    for times in 1..=MOST_AGAIN {
        let next = RunId { job: id.job.clone(), slot: id.slot.again(times) };
        let again = StartedOn::Again { by: by.to_owned(), of: id.slot.clone() };
        let new = Run {
            set: run.set.clone(),
            only: only.clone(),
            ..Run::pending(next.clone(), run.scheduled, again, terms.now)
        };
        if let Asked::Begun(id) = put(ledger, new, terms).await? {
            return Ok(id);
        }
    }
    Err(Unasked::TooOften(id.clone()))
}

/// Asks that a run end before its time.
///
/// # Errors
///
/// Where there is no such run, or it is over; where the ledger does not answer.
pub async fn cancel<L: Ledger>(
    ledger: &L,
    id: &RunId,
    ruling: Ruling,
    terms: &Terms,
) -> Result<Run, Unasked> {
    let step = |scene: &mut super::Scene| {
        let end = scene.run.end().map(|(end, _)| end.as_str());
        scene.end_before(EndBefore::Cancelled(ruling.clone()), terms.now);
        end
    };
    let written = write_run(ledger, id, &[], terms, step).await?.ok_or_else(|| Unasked::NoRun(id.clone()))?;
    match written.done {
        Some(end) => Err(Unasked::IsOver { id: id.clone(), end }),
        None => Ok(written.scene.run),
    }
}

/// The runs of a job that the ledger names: those that go on or wait, and the latest that have ended.
///
/// # Errors
///
/// Where the ledger does not answer.
pub async fn runs<L: Ledger>(ledger: &L, job: &JobName) -> Result<Vec<Run>, LedgerError> {
    let stored = ledger.read(&[Key::job(job)]).await?.pop().flatten();
    let Some(Record::Job(record)) = stored.map(|stored| stored.record) else { return Ok(Vec::new()) };
    let recent = record.recent.iter().map(|recent| recent.slot.clone());
    let mut slots: Vec<Slot> = recent.chain(record.active).chain(record.queue).collect();
    slots.sort();
    slots.dedup();
    let keys: Vec<Key> = slots.into_iter().map(|slot| Key::run(&RunId { job: job.clone(), slot })).collect();
    let mut runs = Vec::new();
    for some in keys.chunks(PAGE) {
        runs.extend(ledger.read(some).await?.into_iter().flatten().filter_map(
            |stored| match stored.record {
                Record::Run(run) => Some(*run),
                _ => None,
            },
        ));
    }
    runs.sort_by_key(|run| (run.scheduled, run.created_at));
    Ok(runs)
}

/// A run.
///
/// # Errors
///
/// Where the ledger does not answer.
pub async fn read_run<L: Ledger>(ledger: &L, id: &RunId) -> Result<Option<Run>, LedgerError> {
    let stored = ledger.read(&[Key::run(id)]).await?.pop().flatten();
    Ok(match stored.map(|stored| stored.record) {
        Some(Record::Run(run)) => Some(*run),
        _ => None,
    })
}

/// The units of a run that were begun, in order.
///
/// # Errors
///
/// Where the ledger does not answer.
pub async fn units<L: Ledger>(ledger: &L, run: &Run) -> Result<Vec<super::Unit>, LedgerError> {
    let indexes = (0..run.begun).filter_map(|place| Some(run.unit(place)?.0));
    let keys: Vec<Key> = indexes.map(|index| Key::unit(&run.id, index)).collect();
    let mut units = Vec::new();
    for some in keys.chunks(PAGE) {
        units.extend(ledger.read(some).await?.into_iter().flatten().filter_map(
            |stored| match stored.record {
                Record::Unit(unit) => Some(*unit),
                _ => None,
            },
        ));
    }
    Ok(units)
}

/// Indexes of an array whose tasks did not succeed; of a count as many as did not.
async fn failed<L: Ledger>(ledger: &L, run: &Run) -> Result<Vec<u32>, LedgerError> {
    let Some(frozen) = &run.frozen else { return Ok(Vec::new()) };
    let is_well = |place: &Place| {
        matches!(place.outcome(), Some(Outcome::Succeeded | Outcome::Ignored | Outcome::Skipped))
    };
    let units = units(ledger, run).await?;
    if let Size::Count(count) = frozen.size {
        let well = units.iter().flat_map(|unit| &unit.places).filter(|place| is_well(place)).count();
        return Ok((0..count.saturating_sub(u32::try_from(well).unwrap_or(u32::MAX))).collect());
    }
    let well: std::collections::BTreeSet<u32> =
        units.iter().filter(|unit| unit.places.iter().all(is_well)).map(|unit| unit.index).collect();
    let all: Vec<u32> = match &run.only {
        Some(only) => only.clone(),
        None => (0..frozen.size.tasks()).collect(),
    };
    Ok(all.into_iter().filter(|index| !well.contains(index)).collect())
}
