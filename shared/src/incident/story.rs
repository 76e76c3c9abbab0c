//! All that is remembered of one target, and how it goes on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::lost::Loss;
use super::{
    Deployment, DeploymentStatus, Ending, Failure, Image, Incident, Observation, Span, Starter, Status, Step,
    Target, TargetRecord, is_until,
};
use crate::arn::{DeploymentId, TaskDefinitionArn};
use crate::config::Policy;
use crate::ledger::LISTED;

/// In a crash loop ECS calls the service steady each time that all its tasks run for a moment: what the same deployment
/// fails of so soon afterwards belongs to the same incident. Longer than the longest pause between two launches of a failing
/// task (27 min).
const RELAPSE: SignedDuration = SignedDuration::from_mins(30);
/// A failure of which nothing was known when all was well again is told if it is not older.
const HEARD_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// How many incidents that are over one step of a story remembers.
const MAX_OVER: usize = 8;

/// All that is remembered of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// What is kept for good.
    pub record: TargetRecord,
    /// The incident that goes on, or the last.
    pub incident: Option<Incident>,
    /// Incidents that were over before the last began, since the story was loaded: they are still to be written and
    /// told.
    pub over: Vec<Incident>,
    /// The deployments that were loaded: those that the observations are about.
    pub deployments: BTreeMap<DeploymentId, Deployment>,
}

impl Story {
    /// The story of a target that nothing is remembered of.
    pub fn new(target: Target) -> Self {
        Self::loaded(TargetRecord::new(target))
    }

    /// A story of which only the record is loaded yet.
    pub fn loaded(record: TargetRecord) -> Self {
        Self { record, incident: None, over: Vec::new(), deployments: BTreeMap::new() }
    }

    /// Every incident that the story knows, the oldest first.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.over.iter().chain(&self.incident)
    }

    /// Takes in what an event says. `now` is when it is handled, and only the time of opening depends on it.
    pub fn apply(&mut self, observation: Observation, now: Timestamp) {
        match observation {
            Observation::Failed(failure) => self.failed(*failure, now),
            Observation::Steady { at } => self.is_steady(at),
            Observation::Healthy { at } => self.is_well(at, Ending::Steady),
            Observation::Gone { version, at } => self.gone(version, at),
            Observation::Deployment { id, step, is_rollback } => self.deployment_step(&id, step, is_rollback),
            Observation::Deploys { id, task_definition, images, at } => {
                self.deploys(&id, task_definition, images, at);
            }
            Observation::Started { id, by, at } => self.started(&id, by, at),
            Observation::Announced(notice) => self.announced(*notice, now),
            Observation::Agent { version, connected, at } => self.agent(version, connected, at),
            Observation::AwayWhileDraining { version, at } => self.away_while_draining(version, at),
            Observation::Warned { at, diagnosis } => self.warned(at, *diagnosis, now),
            Observation::Waits { hook, diagnosis } => self.hook_waits(*hook, *diagnosis, now),
            Observation::Answered { hook, service_deployment, answer, by, at } => {
                self.hook_answered(&hook, service_deployment, answer, by, at);
            }
            Observation::Did(deed) => self.did(&deed),
        }
        self.join_deeds();
    }

    pub(super) fn failed(&mut self, failure: Failure, now: Timestamp) {
        if let Some(id) = failure.deployment.clone() {
            let deployment = self.deployment(&id, failure.at);
            deployment.learn(failure.task_definition.clone(), Vec::new());
            deployment.failures.add(failure.clone());
            self.note(&id);
        }
        let is_gone = self.record.agent.is_some_and(|agent| agent.gone);
        if is_gone {
            return;
        }
        let is_over = self.record.well_at.is_some_and(|well_at| is_until(failure.at, well_at));
        if is_over { self.heard_late(failure, now) } else { self.open_by(failure, now) }
    }

    /// Good news overtook a failure. It is counted in the incident that it is a part of, and reopens nothing; where there is
    /// none, it was an incident that is over before it was heard of. What belongs to an earlier incident than the last may be
    /// known there.
    fn heard_late(&mut self, failure: Failure, now: Timestamp) {
        let ends = match &self.incident {
            Some(last) if last.after.is_some_and(|after| is_until(failure.at, after)) => return,
            Some(last) => match last.status {
                Status::Open => return self.count(failure),
                Status::Resolved { by: Ending::Quiet, at } => Some(last.failures.last_at().unwrap_or(at)),
                Status::Resolved { at, .. } => Some(at),
            },
            None => None,
        };
        if ends.is_some_and(|ends| failure.at.duration_since(ends) <= RELAPSE) {
            return self.count(failure);
        }
        let Some(well_at) = self.record.well_at.filter(|_| now.duration_since(failure.at) < HEARD_WITHIN)
        else {
            return;
        };
        let over = Status::Resolved { at: well_at, by: Ending::Steady };
        let last = Incident::open(self.record.target.clone(), self.next_opening(now), ends);
        self.begin(Incident { status: over, ..last });
        self.count(failure);
    }

    /// Takes a failure into the open incident, or opens one by it.
    pub(super) fn open_by(&mut self, failure: Failure, now: Timestamp) {
        self.relapse(&failure);
        if !self.incident.as_ref().is_some_and(Incident::is_open) {
            let opened_at = self.next_opening(now);
            self.begin(Incident::open(self.record.target.clone(), opened_at, self.record.well_at));
        }
        self.count(failure);
    }

    /// Lets another incident follow the last.
    fn begin(&mut self, next: Incident) {
        self.record.incident = Some(next.opened_at);
        self.over.extend(self.incident.replace(next));
        // The first may be in the ledger as open; those between it and the last began and ended unseen.
        if self.over.len() > MAX_OVER {
            self.over.remove(1);
        }
    }

    /// Takes a failure into the last incident.
    fn count(&mut self, failure: Failure) {
        let loss = Loss::of(&self.record.target, &failure);
        if let Some(incident) = &mut self.incident
            && incident.add(failure)
            && let Some(loss) = loss
        {
            self.record.care.note_loss(loss);
        }
    }

    /// Lets an incident go on that only seemed to be over.
    fn relapse(&mut self, failure: &Failure) {
        let Some(incident) = &mut self.incident else { return };
        let Status::Resolved { at, by: Ending::Steady } = incident.status else { return };
        if incident.relapses_by(failure, at) {
            incident.status = Status::Open;
            incident.relapses += 1;
        }
    }

    /// ECS calls a service steady. Once that was said of a crash loop, only a new deployment or quiet ends the incident.
    fn is_steady(&mut self, at: Timestamp) {
        match &mut self.incident {
            Some(incident) if incident.is_open() && incident.relapses > 0 => {}
            _ => self.is_well(at, Ending::Steady),
        }
    }

    /// Two incidents of a target never share the time that tells them apart.
    fn next_opening(&self, now: Timestamp) -> Timestamp {
        let after_last = self.record.incident.map(|last| last + SignedDuration::from_millis(1));
        after_last.map_or(now, |after_last| after_last.max(now))
    }

    /// A service at the ceiling that Steward put on it has all the tasks that are wanted, and is not well for that.
    fn is_limited(&self) -> bool {
        self.record.care.limited.is_some() && self.incident.as_ref().is_some_and(Incident::is_open)
    }

    pub(super) fn is_well(&mut self, at: Timestamp, by: Ending) {
        if by != Ending::Gone && self.is_limited() {
            return;
        }
        self.record.well_at = self.record.well_at.max(Some(at));
        self.record.care.short_since.take_if(|since| *since <= at);
        let standing = self.record.standing();
        let Some(incident) = self.incident.as_mut().filter(|incident| incident.is_open()) else { return };
        let is_until_then = |said: Option<Timestamp>| said.is_none_or(|said| is_until(said, at));
        if incident.failures.knows_any(&standing) || !is_until_then(incident.failures.first_at()) {
            incident.failures.forget_until(at, &standing);
            incident.after = incident.after.max(Some(at));
        } else if is_until_then(incident.failures.last_at()) {
            incident.status = Status::Resolved { at, by };
        } else {
            self.was_well(at, by);
        }
    }

    /// Good news that comes late: some failures came before it, and others since.
    fn was_well(&mut self, at: Timestamp, by: Ending) {
        let Some(incident) = &mut self.incident else { return };
        let whole = incident.clone();
        let (since, deployments) = incident.part(at);
        let next_at = since.first_at().unwrap_or(at);
        if by == Ending::Steady && whole.was_steady_in_vain(at, next_at) {
            // Heard again, it is the same.
            self.incident = Some(Incident { relapses: whole.relapses.max(1), ..whole });
            return;
        }
        if incident.failures.count() == 0 {
            // All that came before is not kept one by one any more: there is nothing to part.
            self.incident = Some(Incident { after: whole.after.max(Some(at)), ..whole });
            return;
        }
        incident.status = Status::Resolved { at, by };
        let opened_at = self.next_opening(next_at);
        let next = Incident::open(self.record.target.clone(), opened_at, Some(at));
        self.begin(Incident { failures: since, deployments, ..next });
    }

    fn deployment(&mut self, id: &DeploymentId, at: Timestamp) -> &mut Deployment {
        let TargetRecord { target, history, .. } = &self.record;
        let deployment = self.deployments.entry(id.clone()).or_insert_with(|| {
            history.recall(target, id).unwrap_or_else(|| Deployment::new(target.clone(), id.clone(), at))
        });
        deployment.first_seen_at = deployment.first_seen_at.min(at);
        deployment
    }

    /// Takes a deployment into the history, and tells every deployment what the history knows of it now.
    fn note(&mut self, id: &DeploymentId) {
        if let Some(deployment) = self.deployments.get(id) {
            self.record.history.note(deployment);
        }
        for deployment in self.deployments.values_mut() {
            self.record.history.complete(deployment);
        }
    }

    fn deployment_step(&mut self, id: &DeploymentId, step: Step, is_rollback: bool) {
        let Step { at, status, .. } = step;
        self.deployment(id, at).advance(step, is_rollback);
        self.note(id);
        self.retirement_is_overtaken();
        // ECS completes a deployment when the service is steady on it.
        if status == DeploymentStatus::Completed {
            self.is_well(at, Ending::Steady);
        }
    }

    fn deploys(
        &mut self,
        id: &DeploymentId,
        task_definition: TaskDefinitionArn,
        images: Vec<Image>,
        at: Timestamp,
    ) {
        // Only what is a subject already: every start of every task would be a write.
        let tells_more = self.record.history.find(id).is_some_and(|past| {
            past.task_definition.is_none() || (past.images.is_empty() && !images.is_empty())
        });
        if tells_more {
            self.deployment(id, at).learn(Some(task_definition), images);
            self.note(id);
        }
    }

    fn started(&mut self, id: &DeploymentId, by: Starter, at: Timestamp) {
        self.deployment(id, at);
        self.record.history.started(id, by, at, None);
        self.note(id);
    }

    /// What time alone changes: a quiet incident ends, an agent that stays away has failed.
    pub fn tick(&mut self, policy: &Policy, now: Timestamp) {
        self.agent_stays_away(policy, now);
        self.host_serves_again();
        self.retirement_passes(now);
        if self.quiet_at(policy).is_none_or(|quiet_at| now < quiet_at) {
            return;
        }
        let standing = self.record.standing_until_steady();
        let Some(incident) = &mut self.incident else { return };
        let last_at = incident.failures.last_but(&standing);
        self.record.well_at = self.record.well_at.max(last_at);
        if incident.failures.knows_any(&standing) {
            incident.failures.forget_until(last_at.unwrap_or(now), &standing);
            incident.after = incident.after.max(last_at);
        } else {
            incident.status = Status::Resolved { at: now, by: Ending::Quiet };
        }
    }

    /// When an open incident ends by itself, or what of it does not stand. A host stays as it is until ECS says otherwise, or
    /// for very long.
    fn quiet_at(&self, policy: &Policy) -> Option<Timestamp> {
        let incident = self.incident.as_ref().filter(|incident| incident.is_open() && !self.is_limited())?;
        let standing = self.record.standing_until_steady();
        let last_at = match incident.failures.last_but(&standing) {
            None if incident.failures.knows_any(&standing) => return None,
            last_at => last_at.unwrap_or(incident.opened_at),
        };
        let quiet = match incident.target {
            Target::ContainerInstance { .. } => policy.host_quiet,
            Target::Service { .. } | Target::Family { .. } => policy.quiet,
        };
        Some(last_at.max(incident.opened_at) + quiet)
    }

    /// When something began that goes on whatever good news came since: what is not later opens nothing.
    pub(super) fn not_before_good_news(&self, since: Timestamp) -> Timestamp {
        let after =
            |well_at: Timestamp| well_at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(well_at);
        self.record.well_at.map_or(since, |well_at| since.max(after(well_at)))
    }

    /// When time may change something next; [`LISTED`]: never, and something is open. `None`: never, until an event comes.
    pub fn next_look(&self, policy: &Policy) -> Option<Timestamp> {
        let is_open = self.incident.as_ref().is_some_and(Incident::is_open);
        let away_since = self.record.agent.and_then(|agent| agent.away_since).filter(|_| !is_open);
        let by_itself = away_since.map(|since| since + policy.agent_away).or_else(|| self.quiet_at(policy));
        let others = [self.record.care.look_at, self.retirement_ends_at(), self.serves_again_since()];
        // What waits for an event or a person stays in the list of what is open.
        let is_listed = is_open || self.record.care.open.is_some();
        others.into_iter().flatten().chain(by_itself).chain(is_listed.then_some(LISTED)).min()
    }
}

impl Incident {
    /// Whether a failure shows that a steady state was none.
    fn relapses_by(&self, failure: &Failure, steady_at: Timestamp) -> bool {
        let is_same = failure.deployment.as_ref().is_some_and(|id| self.deployments.contains_key(id));
        is_same && failure.at.duration_since(steady_at) <= RELAPSE
    }

    /// The same where the steady state is heard of last: what failed next did so soon, and had failed before.
    fn was_steady_in_vain(&self, steady_at: Timestamp, next_at: Timestamp) -> bool {
        let spans = || self.deployments.values();
        let goes_on = |span: &Span| is_until(span.first_at, steady_at) && !is_until(span.last_at, steady_at);
        let is_new = |span: &Span| span.first_at.as_second() == next_at.as_second();
        next_at.duration_since(steady_at) <= RELAPSE && spans().any(goes_on) && !spans().any(is_new)
    }
}
