//! The life of a deployment, and which revisions a service was steady on.
//!
//! Deployment events carry no version: of several the latest by `updatedAt` is the truth, and at one moment an end beats
//! a beginning. Only the reason of an event tells that ECS goes back; so a rollback is never told as a success.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::failures::Failures;
use super::target::Target;
use crate::arn::{DeploymentId, TaskDefinitionArn};
use crate::redact::Redacted;

/// How many deployments of a service are remembered.
const MAX_HISTORY: usize = 20;

/// ECS fails a deployment and goes back from it in one step.
const ROLLBACK_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Where a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentStatus {
    /// Tasks are being replaced.
    InProgress,
    /// The service is steady on it.
    Completed,
    /// The circuit breaker or an alarm failed it.
    Failed,
}

/// The latest that ECS said of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// `updatedAt`.
    pub at: Timestamp,
    /// What it became.
    pub status: DeploymentStatus,
    /// In ECS's words.
    pub reason: Option<Redacted>,
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The service.
    pub service: Target,
    /// `ecs-svc/<digits>`.
    pub id: DeploymentId,
    /// The first that was heard of it.
    pub first_seen_at: Timestamp,
    /// Where it stands; absent while only its tasks were seen.
    pub step: Option<Step>,
    /// The last time that the service became steady on it.
    pub completed_at: Option<Timestamp>,
    /// The last time that it failed.
    pub failed_at: Option<Timestamp>,
    /// ECS went back to this deployment at that time.
    pub rollback_since: Option<Timestamp>,
    /// ECS left this deployment for that one.
    pub rolled_back_to: Option<DeploymentId>,
    /// What it deploys, learned from its tasks.
    pub task_definition: Option<TaskDefinitionArn>,
    /// What failed in it.
    pub failures: Failures,
}

impl Deployment {
    /// A deployment that has just been heard of.
    pub fn new(service: Target, id: DeploymentId, at: Timestamp) -> Self {
        Self {
            service,
            id,
            first_seen_at: at,
            step: None,
            completed_at: None,
            failed_at: None,
            rollback_since: None,
            rolled_back_to: None,
            task_definition: None,
            failures: Failures::default(),
        }
    }

    /// A deployment of which only the service's history is left.
    pub fn from_past(service: Target, past: &PastDeployment) -> Self {
        let at = [past.steady_since, past.failed_at, past.rollback_since].into_iter().flatten().max();
        let step = past.status.map(|status| Step { at: at.unwrap_or(past.started_at), status, reason: None });
        Self {
            step,
            completed_at: past.steady_since,
            failed_at: past.failed_at,
            rollback_since: past.rollback_since,
            task_definition: past.task_definition.clone(),
            ..Self::new(service, past.id.clone(), past.started_at)
        }
    }

    /// Takes a step in; an older one, or the same again, changes nothing.
    pub fn advance(&mut self, step: Step, is_rollback: bool) {
        self.first_seen_at = self.first_seen_at.min(step.at);
        if is_rollback {
            self.rollback_since = self.rollback_since.max(Some(step.at));
        }
        match step.status {
            DeploymentStatus::InProgress => {}
            DeploymentStatus::Completed => self.completed_at = self.completed_at.max(Some(step.at)),
            DeploymentStatus::Failed => self.failed_at = self.failed_at.max(Some(step.at)),
        }
        if self.step.as_ref().is_none_or(|known| (known.at, known.status) < (step.at, step.status)) {
            self.step = Some(step);
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Option<DeploymentStatus> {
        self.step.as_ref().map(|step| step.status)
    }

    /// Whether what happens now is the way back to this deployment.
    pub fn is_rollback(&self) -> bool {
        self.rollback_since.is_some()
    }
}

/// What a service remembers of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastDeployment {
    /// `ecs-svc/<digits>`.
    pub id: DeploymentId,
    /// The first that was heard of it.
    pub started_at: Timestamp,
    /// Where it stood last.
    pub status: Option<DeploymentStatus>,
    /// Since when the service has been steady on it.
    pub steady_since: Option<Timestamp>,
    /// When it failed.
    pub failed_at: Option<Timestamp>,
    /// When ECS went back to it.
    pub rollback_since: Option<Timestamp>,
    /// What it deploys.
    pub task_definition: Option<TaskDefinitionArn>,
}

impl PastDeployment {
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
        self.0.retain(|past| past.id != deployment.id);
        self.0.push(PastDeployment {
            id: deployment.id.clone(),
            started_at: deployment.first_seen_at,
            status: deployment.status(),
            steady_since: deployment.completed_at,
            failed_at: deployment.failed_at,
            rollback_since: deployment.rollback_since,
            task_definition: deployment.task_definition.clone(),
        });
        self.0.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        self.0.truncate(MAX_HISTORY);
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
        let mut pairs = Vec::new();
        for to in &self.0 {
            let Some(at) = to.rollback_since else { continue };
            let left = self
                .0
                .iter()
                .filter(|past| past.id != to.id)
                .filter_map(|past| Some((past.failed_at?, past)))
                .filter(|(failed_at, _)| at.duration_since(*failed_at).abs() <= ROLLBACK_WITHIN)
                .max_by_key(|(failed_at, _)| *failed_at);
            if let Some((_, left)) = left {
                pairs.push((left.id.clone(), to.id.clone()));
            }
        }
        pairs
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
mod tests {
    use super::*;
    use crate::arn::{ClusterArn, ServiceName};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap()
    }

    fn deployment(id: &str, start: i64) -> Deployment {
        let service = Target::Service {
            cluster: ClusterArn::new("arn:aws:ecs:r:1:cluster/shop"),
            name: ServiceName::new("api"),
        };
        let mut new = Deployment::new(service, DeploymentId::new(id), at(start));
        new.task_definition =
            Some(TaskDefinitionArn::new(format!("arn:aws:ecs:r:1:task-definition/api:{start}")));
        new
    }

    fn step(minute: i64, status: DeploymentStatus) -> Step {
        Step { at: at(minute), status, reason: None }
    }

    #[test]
    fn the_latest_step_is_the_truth_in_any_order() {
        use DeploymentStatus::{Completed, Failed, InProgress};
        let steps = [step(1, InProgress), step(5, Failed), step(6, InProgress), step(9, Completed)];
        let mut forward = deployment("ecs-svc/1", 1);
        let mut backward = forward.clone();
        for step in &steps {
            forward.advance(step.clone(), step.at == at(6));
        }
        for step in steps.iter().rev() {
            backward.advance(step.clone(), step.at == at(6));
        }
        assert_eq!(forward, backward);
        assert_eq!(forward.status(), Some(Completed));
        assert!(forward.is_rollback(), "a completed rollback stays one");
    }

    #[test]
    fn at_one_moment_an_end_beats_a_beginning() {
        let mut both = deployment("ecs-svc/1", 1);
        both.advance(step(5, DeploymentStatus::Failed), false);
        both.advance(step(5, DeploymentStatus::InProgress), false);
        assert_eq!(both.status(), Some(DeploymentStatus::Failed));
    }

    #[test]
    fn the_last_good_revision_was_steady_for_the_bake_time() {
        let mut history = History::default();
        for (id, start, steady) in [("ecs-svc/1", 0, 5), ("ecs-svc/2", 60, 65), ("ecs-svc/3", 70, 74)] {
            let mut done = deployment(id, start);
            done.advance(step(steady, DeploymentStatus::Completed), false);
            history.note(&done);
        }
        let current = deployment("ecs-svc/4", 80);
        history.note(&current);
        let good = |bake| {
            let bake = SignedDuration::from_mins(bake);
            history.last_good(&current.id, bake, at(90)).map(|past| past.id.as_str().to_owned())
        };
        assert_eq!(good(6).as_deref(), Some("ecs-svc/3"));
        assert_eq!(good(10).as_deref(), Some("ecs-svc/1"), "2 was steady for five minutes, 3 for six");
        assert_eq!(good(600), None);
    }

    #[test]
    fn a_rollback_leaves_the_deployment_that_failed_at_that_moment() {
        let mut history = History::default();
        for (id, start, failed) in [("ecs-svc/1", 0, 5), ("ecs-svc/2", 10, 15)] {
            let mut bad = deployment(id, start);
            bad.advance(step(failed, DeploymentStatus::Failed), false);
            history.note(&bad);
        }
        assert_eq!(history.rolled_back(), []);
        let mut good = deployment("ecs-svc/0", 0);
        good.advance(step(15, DeploymentStatus::InProgress), true);
        history.note(&good);
        assert_eq!(history.rolled_back(), [(DeploymentId::new("ecs-svc/2"), good.id.clone())]);
    }

    #[test]
    fn a_completion_that_comes_late_still_counts() {
        let mut forward = deployment("ecs-svc/1", 0);
        let mut backward = forward.clone();
        let steps = [step(5, DeploymentStatus::Completed), step(70, DeploymentStatus::InProgress)];
        for (one, other) in steps.iter().zip(steps.iter().rev()) {
            forward.advance(one.clone(), one.at == at(70));
            backward.advance(other.clone(), other.at == at(70));
        }
        assert_eq!(forward, backward);
        assert_eq!(backward.completed_at, Some(at(5)));
    }
}
