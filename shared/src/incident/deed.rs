//! Who did what to a target, as a trail of CloudTrail has it.
//!
//! CloudTrail tells minutes after the fact, and in any order. So every deed is kept for a while with its target, whether
//! anything fails or not, and an incident takes over those of its own time whenever either is heard of: in which order does not show.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Fingerprint, Incident, Starter, Status, Story};
use crate::arn::{DeploymentId, TaskArn, TaskDefinitionArn};
use crate::ecs::{DesiredCount, HookAnswer};
use crate::redact::Redacted;

/// How many deeds of a target are remembered, the latest.
const MAX_DEEDS: usize = 16;
/// How many an incident tells, the latest.
const MAX_TOLD: usize = 6;
/// What was done so long before the first failure may have to do with it.
const BEFORE: SignedDuration = SignedDuration::from_mins(30);

/// That somebody did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// CloudTrail's own id of the call, or what stands in for it: the same however often it is delivered.
    pub id: Fingerprint,
    /// When.
    pub at: Timestamp,
    /// Who: `role ci/deploy (session)`, a user's name, `root`, or a service of AWS.
    pub by: Redacted,
    /// What.
    pub what: Act,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Deployed: `UpdateService` or `CreateService` started a deployment.
    Deployed {
        /// Which.
        deployment: DeploymentId,
        /// What it deploys, where the request says so.
        revision: Option<TaskDefinitionArn>,
    },
    /// Changed the number of tasks, and nothing else.
    Scaled {
        /// To so many.
        desired: DesiredCount,
    },
    /// Called `UpdateService` in vain.
    UpdateRefused {
        /// What ECS said.
        problem: Redacted,
    },
    /// Called `RunTask` or `StartTask`, and not all tasks started.
    NotStarted,
    /// Stopped a task.
    StoppedTask {
        /// Which.
        task: TaskArn,
    },
    /// Called `StopServiceDeployment`.
    StoppedDeployment,
    /// Answered a deployment's hook.
    AnsweredHook {
        /// How.
        answer: HookAnswer,
    },
}

impl Deed {
    fn order(&self) -> (Timestamp, Fingerprint) {
        (self.at, self.id)
    }
}

/// Takes a deed into a bounded set of which the latest are kept, whatever comes first.
fn take_in(deeds: &mut Vec<Deed>, deed: &Deed, most: usize) {
    if deeds.iter().any(|known| known.id == deed.id) {
        return;
    }
    deeds.push(deed.clone());
    deeds.sort_by_key(Deed::order);
    let surplus = deeds.len().saturating_sub(most);
    deeds.drain(..surplus);
}

impl Story {
    pub(super) fn did(&mut self, deed: &Deed) {
        take_in(&mut self.record.deeds, deed, MAX_DEEDS);
    }

    /// Lets the incident tell what was done in its time.
    pub(super) fn join_deeds(&mut self) {
        let history = &self.record.history;
        let is_stewards = |deed: &Deed| match &deed.what {
            // Steward tells what it does itself.
            Act::Deployed { deployment, .. } => history
                .find(deployment)
                .is_some_and(|past| matches!(past.started_by, Some(Starter::Steward { .. }))),
            _ => false,
        };
        let Some(incident) = &mut self.incident else { return };
        let mut deeds = std::mem::take(&mut incident.deeds);
        for deed in &self.record.deeds {
            take_in(&mut deeds, deed, MAX_DEEDS + MAX_TOLD);
        }
        deeds.retain(|deed| incident.is_about(deed) && !is_stewards(deed));
        let surplus = deeds.len().saturating_sub(MAX_TOLD);
        deeds.drain(..surplus);
        incident.deeds = deeds;
    }
}

impl Incident {
    /// Whether a deed may have to do with it: it was done shortly before the first failure or since, until the end; or it began a
    /// deployment whose tasks fail. Failures that good news made it forget count too, for what was told is not untold.
    fn is_about(&self, deed: &Deed) -> bool {
        if let Act::Deployed { deployment, .. } = &deed.what
            && self.deployments.contains_key(deployment)
        {
            return true;
        }
        let first = self.failures.first_at().map_or(self.opened_at, |first_at| first_at.min(self.opened_at));
        let from = first.saturating_sub(BEFORE).unwrap_or(first);
        let until = match self.status {
            Status::Open => Timestamp::MAX,
            Status::Resolved { at, .. } => at,
        };
        (from..=until).contains(&deed.at)
    }
}
