//! The life of a deployment.
//!
//! Deployment events carry no version: of several the latest by `updatedAt` is the truth, and at one moment an end beats
//! a beginning. Only the reason of an event tells that ECS goes back; so a rollback is never told as a success.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::failures::Failures;
use super::revision::{Image, Revision};
use super::starter::Starter;
use super::target::Target;
use crate::arn::{DeploymentId, TaskDefinitionArn};
use crate::redact::Redacted;

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
    /// The first time that the service became steady on it.
    #[serde(default)]
    pub first_completed_at: Option<Timestamp>,
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
    /// The images of its tasks; empty until a task tells.
    #[serde(default)]
    pub images: Vec<Image>,
    /// What the service was steady on before it.
    #[serde(default)]
    pub from: Option<Revision>,
    /// What was left for it, where it is a way back: ECS rolls back to it, or Steward made it to go back.
    #[serde(default)]
    pub left: Option<Revision>,
    /// Who or what started it; of a rollback by ECS, who or what made ECS go back.
    #[serde(default)]
    pub started_by: Option<Starter>,
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
            first_completed_at: None,
            completed_at: None,
            failed_at: None,
            rollback_since: None,
            rolled_back_to: None,
            task_definition: None,
            images: Vec::new(),
            from: None,
            left: None,
            started_by: None,
            failures: Failures::default(),
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
            DeploymentStatus::Completed => {
                self.first_completed_at = earlier(self.first_completed_at, Some(step.at));
                self.completed_at = self.completed_at.max(Some(step.at));
            }
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

    /// What it deploys, once that is known.
    pub fn revision(&self) -> Option<Revision> {
        Revision::of(self.task_definition.as_ref(), &self.images)
    }

    /// From which revision the service goes to which, as far as is known: a way back leads from what is left.
    pub fn from_to(&self) -> (Option<Revision>, Option<Revision>) {
        let goes_back = self.is_rollback() || self.left.is_some();
        let from = if goes_back { &self.left } else { &self.from };
        (from.clone(), self.revision())
    }

    /// Takes in what a task tells of it. What is known stays.
    pub(super) fn learn(&mut self, task_definition: Option<TaskDefinitionArn>, images: Vec<Image>) {
        self.task_definition = self.task_definition.take().or(task_definition);
        if self.images.is_empty() {
            self.images = images;
        }
    }
}

/// The earlier of two times, of which either may be unknown.
pub(super) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
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
