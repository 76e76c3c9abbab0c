//! The batch function: timetables, payloads and people begin runs of jobs, and task events move them on.
//!
//! tick → slots become runs; decode → observe → step → ledger (+ outbox). State moves on events and sweeps, and nothing
//! waits: each item of the ledger says when it must be looked at, and whoever looks goes on where it stands.
//!
//! # Invariants
//!
//! * A task is started by a call that stands in the ledger, with a token of its own, after the switch was read.
//! * A call whose outcome is not known is made again with its token while that is good, and looked for afterwards: no other
//!   call is made for its places before.
//! * What cannot be read changes nothing.

mod admit;
mod due;
mod events;
mod job;
mod launch;
mod start;
mod tend;
mod tick;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::arn::ClusterArn;
use steward::batch::{Jobs, RunId, Scene, Terms, Written, write_run};
use steward::config::{Notifications, Policy};
use steward::deadline::Deadline;
use steward::ledger::{Key, LedgerError, Owner, Record, Scope};
use steward::notification::Subject;
use steward::ports::{Clock, EcsError, Ledger, NudgeError, Parameters, Role, RunTasks, Tell};
use steward::remediation::Home;

pub use events::{Handled, Outcome};
pub use start::Refused;

/// So many runs, jobs and parts of the timetables are looked after at the same time.
const PARALLEL: usize = 8;
/// A call may take so long before somebody else looks after it: as long as an invocation lasts.
const LEASE: SignedDuration = SignedDuration::from_secs(75);

/// The outside, as far as this function needs it.
pub struct Ports<'p, L, E, T, C> {
    /// The memory.
    pub ledger: &'p L,
    /// Tasks of ECS.
    pub tasks: &'p E,
    /// The way to the notifications function.
    pub tell: &'p T,
    /// The time.
    pub clock: &'p C,
}

/// What the function's role allows; `P` reads its configuration.
pub fn role<L: Ledger, E: RunTasks, T: Tell, P: Parameters>() -> Role {
    Role {
        needs: [L::ACCESS, E::ACCESS, T::ACCESS, P::ACCESS].concat(),
        reads: &[Owner::Batch, Owner::Shared],
        writes: &[Owner::Batch, Owner::Shared],
        due: Owner::Batch,
    }
}

/// What an invocation goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The jobs.
    pub jobs: Jobs,
    /// How long news gather before the first message about them.
    pub grouping: SignedDuration,
    /// What is over is remembered for so long.
    pub keep: SignedDuration,
    /// Where this Steward is.
    pub home: Home,
    /// When the invocation ends.
    pub deadline: Deadline,
}

impl Settings {
    /// As configured.
    pub fn new(
        jobs: Jobs,
        policy: &Policy,
        notifications: &Notifications,
        home: Home,
        deadline: Deadline,
    ) -> Self {
        Self { jobs, grouping: notifications.grouping, keep: policy.keep_closed, home, deadline }
    }
}

/// The function, ready to handle one invocation.
pub struct Handler<'p, L, E, T, C> {
    ports: Ports<'p, L, E, T, C>,
    settings: Settings,
    spent_until: SpentUntil,
}

/// When the rates of launches have something to give again, where they had nothing.
#[derive(Debug, Default)]
struct SpentUntil {
    on_demand: Cell<Option<Timestamp>>,
    spot: Cell<Option<Timestamp>>,
}

/// What was done, in any invocation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Done {
    /// What there is to tell.
    pub news: Vec<Subject>,
    /// Runs that have ended.
    pub ended: Vec<EndedRun>,
    /// Tasks that were started.
    pub started: usize,
    /// Nudges that the queue did not take: a sweep will find the news.
    pub not_nudged: Vec<NudgeError>,
    /// What could not be done; the next sweep tries again.
    pub failed: Vec<String>,
    /// Whether time ended before everything was looked at: the next sweep goes on.
    pub is_cut: bool,
}

/// A run that has ended, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedRun {
    /// Which.
    pub id: RunId,
    /// How, in one stable word.
    pub end: &'static str,
    /// From its slot's time to its claim; absent: it was not claimed.
    pub late_by: Option<SignedDuration>,
    /// From its claim to its end.
    pub took: Option<SignedDuration>,
    /// Tasks that were started for it.
    pub started: u32,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Ecs(#[from] EcsError),
}

impl Done {
    pub(crate) fn merge(&mut self, other: Self) {
        self.news.extend(other.news);
        self.ended.extend(other.ended);
        self.started += other.started;
        self.not_nudged.extend(other.not_nudged);
        self.failed.extend(other.failed);
        self.is_cut |= other.is_cut;
    }

    /// Notes a step, and answers what it did.
    pub(crate) fn note<T>(&mut self, written: Written<T>) -> (T, Scene) {
        let Written { done, scene, has_ended, news } = written;
        self.news.extend(news);
        if has_ended {
            self.ended.extend(EndedRun::of(&scene));
        }
        (done, scene)
    }

    /// The jobs that something must be done for because a run of theirs has ended.
    pub(crate) fn jobs(&self) -> BTreeSet<steward::batch::JobName> {
        self.ended.iter().map(|ended| ended.id.job.clone()).collect()
    }
}

impl EndedRun {
    fn of(scene: &Scene) -> Option<Self> {
        let run = &scene.run;
        let (end, at) = run.end()?;
        let claimed_at = run.frozen.as_ref().map(|frozen| frozen.at);
        Some(Self {
            id: run.id.clone(),
            end: end.as_str(),
            late_by: claimed_at.map(|claimed_at| claimed_at.duration_since(run.wanted_at())),
            took: claimed_at.map(|claimed_at| at.duration_since(claimed_at)),
            started: run.tally.started,
        })
    }
}

impl<'p, L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'p, L, E, T, C> {
    /// A handler with its ports, for one invocation.
    pub fn new(ports: Ports<'p, L, E, T, C>, settings: Settings) -> Self {
        Self { ports, settings, spent_until: SpentUntil::default() }
    }

    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    fn is_out_of_time(&self) -> bool {
        self.settings.deadline.is_near(self.now())
    }

    fn terms(&self) -> Terms {
        Terms { grouping: self.settings.grouping, keep: self.settings.keep, now: self.now() }
    }

    /// Takes a step of a run, and notes what came of it. `None`: there is no such run.
    async fn step<D>(
        &self,
        run: &RunId,
        indexes: &[u32],
        done: &mut Done,
        step: impl Fn(&mut Scene) -> D,
    ) -> Result<Option<(D, Scene)>, LedgerError> {
        let written = write_run(self.ports.ledger, run, indexes, &self.terms(), step).await?;
        Ok(written.map(|written| done.note(written)))
    }

    /// Whether tasks may be started in a cluster now. A switch that cannot be read is off.
    async fn is_open(&self, cluster: &ClusterArn) -> bool {
        let scopes = [Scope::Global, Scope::Cluster(cluster.clone())];
        let keys = scopes.each_ref().map(Key::switch);
        let Ok(found) = self.ports.ledger.read(&keys).await else { return false };
        found
            .into_iter()
            .flatten()
            .all(|stored| !matches!(stored.record, Record::Switch(switch) if switch.paused.is_some()))
    }

    /// A lost nudge delays a message and loses none: the news is due in the ledger.
    async fn nudge(&self, done: &mut Done) {
        let mut once: BTreeMap<String, &Subject> = BTreeMap::new();
        once.extend(done.news.iter().map(|subject| (subject.key(), subject)));
        let mut lost = Vec::new();
        for subject in once.into_values() {
            lost.extend(self.ports.tell.nudge(subject, self.settings.grouping).await.err());
        }
        done.not_nudged.extend(lost);
    }
}

#[cfg(test)]
mod tests;
