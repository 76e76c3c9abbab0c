//! Runs that are due get their job's turn, wait for it, or are left out.

use steward::arn::ClusterArn;
use steward::batch::{
    Admission, EndBefore, Frozen, Happened, Job, LateFor, Run, RunEnd, RunId, RunState, Scene, Size, Slot,
    admit, parameters,
};
use steward::ledger::LedgerError;
use steward::observed::Observed;
use steward::ports::{Clock, Definition, Ledger, RunTasks, Tell};
use steward::remediation::Home;

use jiff::{SignedDuration, Timestamp};

use crate::{Done, Handler, Problem};

/// What cannot be decided now is decided anew after so long.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// What the shell does after a run was decided about.
enum After {
    /// Nothing more.
    Nothing,
    /// Its task definition must be read.
    Read,
    /// These runs of its job must end first.
    End(Vec<Slot>),
}

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Decides about a run that is pending.
    pub(crate) async fn admit(&self, id: &RunId, done: &mut Done) -> Result<(), Problem> {
        let job = self.settings.jobs.get(&id.job);
        let mut definition = None;
        loop {
            let now = self.now();
            let known = definition.as_ref();
            let step = |scene: &mut Scene| decide(scene, job, known, &self.settings.home, now);
            let Some((after, _)) = self.step(id, &[], done, step).await? else { return Ok(()) };
            match (after, job) {
                (After::Read, Some(job)) if definition.is_none() => {
                    let name = &job.task.task_definition;
                    definition = Some(Observed::of(self.ports.tasks.definition(name).await));
                }
                (After::End(slots), _) => return Ok(self.supersede(id, slots, done).await?),
                _ => return Ok(()),
            }
        }
    }

    async fn supersede(&self, by: &RunId, slots: Vec<Slot>, done: &mut Done) -> Result<(), LedgerError> {
        for slot in slots {
            let earlier = RunId { job: by.job.clone(), slot };
            let now = self.now();
            let step = |scene: &mut Scene| scene.end_before(EndBefore::Superseded(by.slot.clone()), now);
            self.step(&earlier, &[], done, step).await?;
        }
        Ok(())
    }
}

fn decide(
    scene: &mut Scene,
    job: Option<&Job>,
    definition: Option<&Observed<Definition>>,
    home: &Home,
    now: Timestamp,
) -> After {
    if scene.run.state != RunState::Pending {
        return After::Nothing;
    }
    match admit(&scene.run, &scene.job, job, definition, now) {
        Admission::NeedDefinition => return After::Read,
        Admission::Claim(definition) => {
            if let Some(job) = job {
                claim(scene, job, *definition, home, now);
            }
        }
        Admission::Skip(why) => scene.end(RunEnd::Skipped(why), now),
        Admission::Refuse(why) => scene.end(RunEnd::Refused(why), now),
        Admission::Wait(why) => wait(scene, job, why, now),
        Admission::Replace(earlier) => {
            wait(scene, job, LateFor::Turn, now);
            return After::End(earlier);
        }
    }
    After::Nothing
}

/// Gives a run its job's turn, and freezes what it consists of.
fn claim(scene: &mut Scene, job: &Job, definition: Definition, home: &Home, now: Timestamp) {
    let slot = scene.run.id.slot.clone();
    scene.job.queue.retain(|waiting| *waiting != slot);
    scene.job.active.insert(slot.clone());
    scene.job.no_success = job.rules.no_success;
    let size = match (job.size, &mut scene.run.only) {
        (Size::Count(count), Some(only)) => {
            Size::Count(count.min(u32::try_from(only.len()).unwrap_or(count)))
        }
        (Size::Array(size), Some(only)) => {
            only.retain(|index| *index < size);
            Size::Array(size)
        }
        (size, None) => size,
    };
    scene.run.frozen = Some(Box::new(Frozen {
        at: now,
        cluster: ClusterArn::new(home.cluster_arn(&job.task.cluster)),
        task: job.task.clone(),
        size,
        rules: job.rules.clone(),
        parameters: parameters(&job.parameters, &scene.run.set),
        definition,
    }));
    scene.run.state = RunState::Claimed;
    scene.run.look_at = Some(now);
    if is_late(scene, job, now) {
        tell_late(scene, LateFor::Begun, now);
    }
}

/// Lets a run wait: for its turn until that comes, for anything else a while.
fn wait(scene: &mut Scene, job: Option<&Job>, why: LateFor, now: Timestamp) {
    let slot = scene.run.id.slot.clone();
    if why == LateFor::Turn && !scene.job.queue.contains(&slot) {
        scene.job.queue.push(slot);
    }
    if job.is_some_and(|job| is_late(scene, job, now)) {
        tell_late(scene, why, now);
    }
    scene.run.look_at = Some(now.saturating_add(AGAIN).unwrap_or(Timestamp::MAX));
}

/// Whether a run is late, and nobody was told.
fn is_late(scene: &Scene, job: &Job, now: Timestamp) -> bool {
    !scene.run.is_late && now.duration_since(scene.run.wanted_at()) > job.rules.late
}

/// Tells, once, that a run does not begin though it should have.
pub(crate) fn tell_late(scene: &mut Scene, why: LateFor, now: Timestamp) {
    let Run { id, scheduled, .. } = &scene.run;
    let what = Happened::Late { slot: id.slot.clone(), scheduled: *scheduled, why };
    scene.run.is_late = true;
    scene.note(what, now);
}
