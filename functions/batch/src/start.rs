//! Runs that somebody asks for: an event, a team's own rule, a test button.

use std::collections::BTreeMap;

use steward::batch::{JobName, Run, RunId, Slot, StartedOn};
use steward::ledger::LedgerError;
use steward::ports::{Clock, Ledger, RunTasks, Tell};

use crate::{Done, Handler};

/// Why no run is begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such job.
    #[error("there is no job `{job}`; steward.yaml has {known}")]
    NoJob {
        /// The name that was asked for.
        job: String,
        /// Those that there are.
        known: String,
    },
    /// The ledger did not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Begins a run of a job. `slot` tells it from the job's others; where it is absent, `identity` does: what stays the same
    /// when the same request comes again.
    ///
    /// # Errors
    ///
    /// Where there is no such job, or the ledger does not take the run.
    pub async fn run_job(
        &self,
        job: &str,
        slot: Option<&str>,
        identity: &str,
        set: BTreeMap<String, String>,
    ) -> Result<(RunId, Done), Refused> {
        let name = JobName::parse(job).filter(|name| self.settings.jobs.get(name).is_some());
        let Some(name) = name else {
            let names: Vec<&str> = self.settings.jobs.by_name.keys().map(JobName::as_str).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(Refused::NoJob { job: job.to_owned(), known });
        };
        let now = self.now();
        let text = slot.unwrap_or(identity);
        let id = RunId { job: name, slot: Slot::of_text(text) };
        let scheduled = text.parse().unwrap_or(now);
        let run = Run { set, ..Run::pending(id.clone(), scheduled, StartedOn::Payload, now) };
        self.create(run).await?;
        let mut done = Done::default();
        if let Err(problem) = self.advance(&id, None, &mut done).await {
            // The run stands in the ledger, and a sweep goes on with it.
            done.failed.push(format!("run {id}: {problem}"));
        }
        self.attend_jobs(done.jobs(), &mut done).await;
        self.nudge(&mut done).await;
        Ok((id, done))
    }
}
