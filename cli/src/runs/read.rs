//! What the ledger knows of runs.

use steward::batch::people;
use steward::batch::{JobName, JobRecord, Run, RunId, Unit};
use steward::ledger::{Key, LedgerError, Record};
use steward::ports::Ledger;

/// A run, and what hangs together with it.
pub(super) struct Found {
    pub(super) run: Run,
    /// Those of its units that were begun.
    pub(super) units: Vec<Unit>,
    /// What is remembered of its job.
    pub(super) job: Option<JobRecord>,
}

/// The latest runs of a job, the newest first.
pub(super) async fn runs<L: Ledger>(ledger: &L, job: &JobName) -> Result<Vec<Run>, LedgerError> {
    let mut runs = people::runs(ledger, job).await?;
    runs.reverse();
    Ok(runs)
}

/// A run in detail; `None`: there is none.
pub(super) async fn run<L: Ledger>(ledger: &L, id: &RunId) -> Result<Option<Found>, LedgerError> {
    let Some(run) = people::read_run(ledger, id).await? else { return Ok(None) };
    let units = people::units(ledger, &run).await?;
    let stored = ledger.read(&[Key::job(&id.job)]).await?.pop().flatten();
    let job = match stored.map(|stored| stored.record) {
        Some(Record::Job(record)) => Some(*record),
        _ => None,
    };
    Ok(Some(Found { run, units, job }))
}
