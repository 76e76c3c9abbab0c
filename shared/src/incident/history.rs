//! Which deployments a service had: on which revisions it was steady, who started them, what came of them.
//!
//! The history knows of deployments what their items cannot: what came before, what was left for what, and who is said to
//! have started one that was not heard of yet. All that it tells follows from what it knows now, so the order in which it
//! learned that does not show.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::deployment::{Deployment, DeploymentStatus, Step};
use super::revision::{Image, Revision};
use super::starter::Starter;
use super::target::Target;
use crate::arn::{DeploymentId, TaskDefinitionArn};

/// How many deployments of a service are remembered.
const MAX_HISTORY: usize = 20;

/// ECS fails a deployment and goes back from it in one step.
const ROLLBACK_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// What a service remembers of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastDeployment {
    /// `ecs-svc/<digits>`.
    pub id: DeploymentId,
    /// The first that was heard of it.
    pub started_at: Timestamp,
    /// Where it stood last.
    pub status: Option<DeploymentStatus>,
    /// When the service was first steady on it.
    #[serde(default)]
    pub first_steady_at: Option<Timestamp>,
    /// Since when the service has been steady on it.
    pub steady_since: Option<Timestamp>,
    /// When it failed.
    pub failed_at: Option<Timestamp>,
    /// When ECS went back to it.
    pub rollback_since: Option<Timestamp>,
    /// What it deploys.
    pub task_definition: Option<TaskDefinitionArn>,
    /// The images of its tasks.
    #[serde(default)]
    pub images: Vec<Image>,
    /// Who or what started it.
    #[serde(default)]
    pub started_by: Option<Starter>,
    /// Who had ECS stop it and go back, and when.
    #[serde(default)]
    pub stopped: Option<Stopped>,
    /// The deployment that it was made to replace, where it was made to go back.
    #[serde(default)]
    pub instead_of: Option<DeploymentId>,
}

/// That somebody had ECS stop a deployment and go back from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Who.
    pub by: Starter,
    /// When.
    pub at: Timestamp,
}

impl PastDeployment {
    fn new(id: DeploymentId, at: Timestamp) -> Self {
        Self {
            id,
            started_at: at,
            status: None,
            first_steady_at: None,
            steady_since: None,
            failed_at: None,
            rollback_since: None,
            task_definition: None,
            images: Vec::new(),
            started_by: None,
            stopped: None,
            instead_of: None,
        }
    }

    /// What it deploys, once that is known.
    pub fn revision(&self) -> Option<Revision> {
        Revision::of(self.task_definition.as_ref(), &self.images)
    }

    /// The last time until `at` of which it is known that the service became steady on it.
    fn steady_until(&self, at: Timestamp) -> Option<Timestamp> {
        [self.steady_since, self.first_steady_at].into_iter().flatten().find(|steady| *steady <= at)
    }

    /// When it began, or when ECS went back to it.
    pub fn begun_at(&self) -> Timestamp {
        self.rollback_since.map_or(self.started_at, |since| since.max(self.started_at))
    }
}

/// The deployments of a service, latest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(Vec<PastDeployment>);

impl History {
    /// Notes where a deployment stands.
    pub fn note(&mut self, deployment: &Deployment) {
        self.change(&deployment.id, deployment.first_seen_at, |past| {
            past.status = deployment.status();
            past.first_steady_at = deployment.first_completed_at;
            past.steady_since = deployment.completed_at;
            past.failed_at = deployment.failed_at;
            past.rollback_since = deployment.rollback_since;
            past.task_definition.clone_from(&deployment.task_definition);
            past.images.clone_from(&deployment.images);
        });
    }

    /// Notes who started a deployment, heard of or not: by the time of their call, and in place of which other, where it is
    /// made to go back.
    pub fn started(
        &mut self,
        id: &DeploymentId,
        by: Starter,
        at: Timestamp,
        instead_of: Option<DeploymentId>,
    ) {
        self.change(id, at, |past| {
            past.started_by = past.started_by.take().into_iter().chain([by]).min();
            past.instead_of = past.instead_of.take().or(instead_of);
        });
    }

    /// Notes who had ECS stop a deployment and go back.
    pub(super) fn stopped(&mut self, id: &DeploymentId, by: Starter, at: Timestamp) {
        self.change(id, at, |past| {
            past.stopped.get_or_insert(Stopped { by, at });
        });
    }

    /// Changes what is known of a deployment that was there at `at`.
    fn change(&mut self, id: &DeploymentId, at: Timestamp, change: impl FnOnce(&mut PastDeployment)) {
        let known = self.0.iter().position(|past| past.id == *id).map(|index| self.0.remove(index));
        let mut past = known.unwrap_or_else(|| PastDeployment::new(id.clone(), at));
        past.started_at = past.started_at.min(at);
        change(&mut past);
        self.0.push(past);
        self.0.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        self.0.truncate(MAX_HISTORY);
    }

    /// What is left of a deployment whose item has expired. `None` where nothing is.
    pub fn recall(&self, service: &Target, id: &DeploymentId) -> Option<Deployment> {
        let past = self.find(id)?;
        let at = [past.steady_since, past.failed_at, past.rollback_since].into_iter().flatten().max();
        let step = past.status.map(|status| Step { at: at.unwrap_or(past.started_at), status, reason: None });
        let mut deployment = Deployment {
            step,
            first_completed_at: past.first_steady_at,
            completed_at: past.steady_since,
            failed_at: past.failed_at,
            rollback_since: past.rollback_since,
            task_definition: past.task_definition.clone(),
            images: past.images.clone(),
            ..Deployment::new(service.clone(), id.clone(), past.started_at)
        };
        self.complete(&mut deployment);
        Some(deployment)
    }

    /// Tells a deployment what only the history knows: what came before it, what was left for it, and who started it.
    pub fn complete(&self, deployment: &mut Deployment) {
        let Some(past) = self.find(&deployment.id) else { return };
        deployment.first_seen_at = deployment.first_seen_at.min(past.started_at);
        deployment.started_by = self.starter(past);
        deployment.left = self.left_for(past).and_then(PastDeployment::revision);
        match self.steady_before(past) {
            Some(before) => deployment.from = before.revision(),
            None if self.0.len() < MAX_HISTORY => deployment.from = None,
            // It may be forgotten by now: what is known of it stays.
            None => {}
        }
        if let Some((_, to)) = self.rolled_back().into_iter().find(|(left, _)| *left == deployment.id) {
            deployment.rolled_back_to.get_or_insert(to);
        }
        if past.stopped.is_some()
            && let Some(to) = self.left_for_which(past)
        {
            deployment.rolled_back_to.get_or_insert(to);
        }
    }

    /// The deployment that this one was left for.
    fn left_for_which(&self, past: &PastDeployment) -> Option<DeploymentId> {
        let mut others = self.0.iter().filter(|to| to.rollback_since.is_some());
        let to = others.find(|to| self.left_for(to).is_some_and(|left| left.id == past.id))?;
        Some(to.id.clone())
    }

    /// What the service was steady on last, before a deployment began.
    fn steady_before(&self, next: &PastDeployment) -> Option<&PastDeployment> {
        let others = self.0.iter().filter(|past| past.id != next.id);
        let steady = others.filter_map(|past| Some((past.steady_until(next.started_at)?, past)));
        steady.max_by_key(|(at, past)| (*at, past.started_at, &past.id)).map(|(_, past)| past)
    }

    /// What was left for a deployment to which ECS goes back, or that was made to go back.
    fn left_for(&self, to: &PastDeployment) -> Option<&PastDeployment> {
        match to.rollback_since {
            Some(_) => {
                let ended_at = |past: &PastDeployment| {
                    past.failed_at.or(past.stopped.as_ref().map(|stopped| stopped.at))
                };
                self.left_at(to, ended_at)
            }
            None => self.find(to.instead_of.as_ref()?),
        }
    }

    /// Who or what started a deployment, or made ECS go back to it. ECS itself does so only where it failed another.
    fn starter(&self, past: &PastDeployment) -> Option<Starter> {
        if past.rollback_since.is_none() {
            return past.started_by.clone();
        }
        let left = self.left_for(past)?;
        Some(left.stopped.as_ref().map_or(Starter::Ecs, |stopped| stopped.by.clone()))
    }

    /// The deployments, latest first.
    pub fn deployments(&self) -> &[PastDeployment] {
        &self.0
    }

    /// The one that is under way, if its end is not known yet: the last that began, or that ECS went back to.
    pub fn under_way(&self) -> Option<&PastDeployment> {
        let latest = self.0.iter().max_by_key(|past| past.begun_at())?;
        Some(latest).filter(|latest| latest.status == Some(DeploymentStatus::InProgress))
    }

    /// What is remembered of one.
    pub fn find(&self, id: &DeploymentId) -> Option<&PastDeployment> {
        self.0.iter().find(|past| past.id == *id)
    }

    /// The deployments that failed, each with the one that ECS went back to at that moment.
    ///
    /// The two events come in any order, with times some seconds apart; what failed long before was left long before.
    pub fn rolled_back(&self) -> Vec<(DeploymentId, DeploymentId)> {
        let left_for = |to| Some((self.left_at(to, |past| past.failed_at)?.id.clone(), to.id.clone()));
        self.0.iter().filter_map(left_for).collect()
    }

    /// The deployment that ended last about when ECS went back to `to`.
    fn left_at(
        &self,
        to: &PastDeployment,
        ended_at: impl Fn(&PastDeployment) -> Option<Timestamp>,
    ) -> Option<&PastDeployment> {
        let at = to.rollback_since?;
        let ended = self.0.iter().filter(|past| past.id != to.id);
        let ended = ended.filter_map(|past| Some((ended_at(past)?, past)));
        ended
            .filter(|(ended_at, _)| at.duration_since(*ended_at).abs() <= ROLLBACK_WITHIN)
            .max_by_key(|(ended_at, _)| *ended_at)
            .map(|(_, left)| left)
    }

    /// The revision to go back to: the latest on which the service was steady for the bake time, other than `current`.
    ///
    /// A revision's time ends where the next deployment starts, for from then on the service runs both.
    pub fn last_good(
        &self,
        current: &DeploymentId,
        bake: SignedDuration,
        now: Timestamp,
    ) -> Option<&PastDeployment> {
        self.0.iter().filter(|past| past.id != *current && past.task_definition.is_some()).find(|past| {
            let Some(since) = past.steady_since else { return false };
            let until =
                self.0.iter().map(|next| next.started_at).filter(|next| *next > since).min().unwrap_or(now);
            until.duration_since(since) >= bake
        })
    }
}

#[cfg(test)]
mod tests;
