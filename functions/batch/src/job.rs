//! What a job needs beyond its runs: who comes after a run that has ended, whose turn it is, and whether it is silent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::batch::{
    Happened, Job, JobName, JobRecord, Run, RunEnd, RunId, Skip, Slot, StartedOn, Trigger, write_job,
};
use steward::ledger::{Key, LedgerError, Record};
use steward::ports::{Clock, Ledger, RunTasks, Tell};

use crate::{Done, Handler, Problem};

/// What has become of the runs that a run comes after.
enum Before {
    /// All have succeeded.
    Succeeded,
    /// This one has not.
    Not(JobName),
    /// Some go on, or have not begun.
    Open,
}

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    pub(crate) async fn attend_job(&self, name: &JobName, done: &mut Done) -> Result<(), Problem> {
        let stored = self.ports.ledger.read(&[Key::job(name)]).await?.pop().flatten();
        let Some(Record::Job(record)) = stored.map(|stored| stored.record) else { return Ok(()) };
        let mut begun = Vec::new();
        for slot in &record.follow {
            begun.extend(self.follow(name, slot, done).await?);
        }
        self.note_seen_to(name, &record, done).await?;
        if let Some(first) = record.queue.first().filter(|_| record.active.is_empty()) {
            begun.push(RunId { job: name.clone(), slot: first.clone() });
        }
        for run in begun {
            Box::pin(self.advance(&run, None, done)).await?;
        }
        Ok(())
    }

    /// Begins the runs that come after one that has ended.
    async fn follow(&self, name: &JobName, slot: &Slot, done: &mut Done) -> Result<Vec<RunId>, LedgerError> {
        let mut begun = Vec::new();
        for job in self.settings.jobs.after(name) {
            let end = match self.before(job, slot).await? {
                (Before::Open, _) => continue,
                (Before::Succeeded, run) => (None, run),
                (Before::Not(other), run) => (Some(Skip::Upstream { job: other }), run),
            };
            let (skip, earlier) = end;
            let Some(earlier) = earlier else { continue };
            let id = RunId { job: job.name.clone(), slot: slot.clone() };
            let set: BTreeMap<String, String> = earlier
                .set
                .into_iter()
                .filter(|(parameter, _)| job.parameters.contains_key(parameter))
                .collect();
            let run =
                Run { set, ..Run::pending(id.clone(), earlier.scheduled, StartedOn::After, self.now()) };
            self.create(run).await?;
            match skip {
                None => begun.push(id),
                Some(why) => {
                    let now = self.now();
                    let step = |scene: &mut steward::batch::Scene| {
                        if scene.run.state == steward::batch::RunState::Pending {
                            scene.end(RunEnd::Skipped(why.clone()), now);
                        }
                    };
                    self.step(&id, &[], done, step).await?;
                }
            }
        }
        Ok(begun)
    }

    /// What has become of the runs of a slot that a job comes after, and one of them.
    async fn before(&self, job: &Job, slot: &Slot) -> Result<(Before, Option<Run>), LedgerError> {
        let Trigger::After(names) = &job.trigger else { return Ok((Before::Open, None)) };
        let mut one = None;
        for name in names {
            let Some(run) = self.run_of(name, slot).await? else { return Ok((Before::Open, None)) };
            let succeeded = match run.end() {
                None => return Ok((Before::Open, None)),
                Some((end, _)) => *end == RunEnd::Succeeded,
            };
            if !succeeded {
                return Ok((Before::Not(name.clone()), Some(run)));
            }
            one = Some(run);
        }
        Ok((Before::Succeeded, one))
    }

    /// A job's run of a slot; of one that is done again, its own where that was not.
    async fn run_of(&self, name: &JobName, slot: &Slot) -> Result<Option<Run>, LedgerError> {
        let slots = [slot.clone(), slot.own()];
        let keys = slots.map(|slot| Key::run(&RunId { job: name.clone(), slot }));
        let found = self.ports.ledger.read(&keys).await?.into_iter().flatten().next();
        Ok(match found.map(|stored| stored.record) {
            Some(Record::Run(run)) => Some(*run),
            _ => None,
        })
    }

    /// Notes that the followers of ended runs were seen to, and tells of a job that is silent for too long.
    async fn note_seen_to(
        &self,
        name: &JobName,
        seen: &JobRecord,
        done: &mut Done,
    ) -> Result<(), LedgerError> {
        let now = self.now();
        let job = self.settings.jobs.get(name);
        let step = |record: &mut JobRecord| {
            record.follow.retain(|slot| !seen.follow.contains(slot));
            ((), silence(record, job, now))
        };
        let ((), news) = write_job(self.ports.ledger, name, &self.terms(), step).await?;
        done.news.extend(news);
        Ok(())
    }
}

fn silence(record: &mut JobRecord, job: Option<&Job>, now: Timestamp) -> Vec<Happened> {
    record.no_success = job.filter(|job| !job.suspended).and_then(|job| job.rules.no_success);
    if record.silent_at().is_none_or(|at| at > now) {
        return Vec::new();
    }
    let since = record.quiet_since();
    record.told_no_success = Some(since);
    vec![Happened::NoSuccess { since }]
}
