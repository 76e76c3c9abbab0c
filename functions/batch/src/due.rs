//! A sweep: the timetables, and then everything that says it must be looked at.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};
use steward::batch::{JobName, Run, RunId};
use steward::ledger::{Due, Key, LedgerError, Owner, Record};
use steward::ports::{Clock, Ledger, RunTasks, Tell};

use crate::launch::TOGETHER;
use crate::{Done, Handler, PARALLEL, Problem};

/// Due items that are looked at together.
const PAGE: usize = 200;

/// What is due of one run.
#[derive(Debug, Default)]
struct Share {
    run: bool,
    units: BTreeSet<u32>,
}

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Looks at the timetables, and at everything that is due.
    ///
    /// # Errors
    ///
    /// Where the ledger does not say what is due.
    pub async fn sweep(&self) -> Result<Done, LedgerError> {
        let mut done = Done::default();
        let begun = self.tick(&mut done).await;
        let mut shares: BTreeMap<RunId, Share> = BTreeMap::new();
        for run in begun {
            shares.entry(run).or_default().run = true;
        }
        self.attend(shares, BTreeSet::new(), &mut done).await;
        let mut last: Option<Due> = None;
        loop {
            let page = self.ports.ledger.due(Owner::Batch, self.now(), last.as_ref(), PAGE).await?;
            let (shares, jobs) = sort(&page);
            self.attend(shares, jobs, &mut done).await;
            done.is_cut |= self.is_out_of_time();
            if page.len() < PAGE || done.is_cut {
                break;
            }
            last = page.into_iter().last();
        }
        self.nudge(&mut done).await;
        Ok(done)
    }

    /// Looks after runs, units and jobs. One that cannot be looked after holds up no other.
    async fn attend(&self, shares: BTreeMap<RunId, Share>, jobs: BTreeSet<JobName>, done: &mut Done) {
        let mut known = self.read_runs(&shares).await;
        let looks = shares.into_iter().map(|(run, share)| {
            let known = known.remove(&run);
            (run, share, known)
        });
        let mut looks = stream::iter(looks)
            .map(|(run, share, known)| async move {
                let mut done = Done::default();
                if let Err(problem) = self.attend_run(&run, &share, known, &mut done).await {
                    done.failed.push(format!("run {run}: {problem}"));
                }
                done
            })
            .buffered(PARALLEL);
        while let Some(part) = looks.next().await {
            done.merge(part);
        }
        drop(looks);
        let jobs: BTreeSet<JobName> = jobs.into_iter().chain(done.jobs()).collect();
        self.attend_jobs(jobs, done).await;
    }

    /// The runs of which no unit is due, read together: hundreds may wait, each minute, for nothing but the rate. Where one of them
    /// cannot be read, each is read by itself.
    async fn read_runs(&self, shares: &BTreeMap<RunId, Share>) -> BTreeMap<RunId, Run> {
        let keys: Vec<Key> =
            shares.iter().filter(|(_, share)| share.units.is_empty()).map(|(run, _)| Key::run(run)).collect();
        if keys.is_empty() {
            return BTreeMap::new();
        }
        let found = self.ports.ledger.read(&keys).await.unwrap_or_default();
        let runs = found.into_iter().flatten().filter_map(|stored| match stored.record {
            Record::Run(run) => Some((run.id.clone(), *run)),
            _ => None,
        });
        runs.collect()
    }

    async fn attend_run(
        &self,
        run: &RunId,
        share: &Share,
        known: Option<Run>,
        done: &mut Done,
    ) -> Result<(), Problem> {
        let indexes: Vec<u32> = share.units.iter().copied().collect();
        for some in indexes.chunks(TOGETHER) {
            if self.is_out_of_time() {
                done.is_cut = true;
                return Ok(());
            }
            let launches = self.launches_for(run, some).await?;
            self.tend(run, some, launches, done).await?;
        }
        if share.run || !indexes.is_empty() { self.advance(run, known, done).await } else { Ok(()) }
    }

    pub(crate) async fn attend_jobs(&self, jobs: BTreeSet<JobName>, done: &mut Done) {
        for job in jobs {
            if self.is_out_of_time() {
                done.is_cut = true;
                return;
            }
            if let Err(problem) = self.attend_job(&job, done).await {
                done.failed.push(format!("job {job}: {problem}"));
            }
        }
    }
}

fn sort(page: &[Due]) -> (BTreeMap<RunId, Share>, BTreeSet<JobName>) {
    let mut shares: BTreeMap<RunId, Share> = BTreeMap::new();
    let mut jobs = BTreeSet::new();
    for due in page {
        match due.key.as_run() {
            Some((run, None)) => shares.entry(run).or_default().run = true,
            Some((run, Some(index))) => {
                shares.entry(run).or_default().units.insert(index);
            }
            None => jobs.extend(due.key.as_job()),
        }
    }
    (shares, jobs)
}
