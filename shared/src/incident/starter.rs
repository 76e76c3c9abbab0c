//! Who or what started a deployment.

use serde::{Deserialize, Serialize};

use super::history::History;
use crate::action::{Action, Call, Remedy, State};
use crate::arn::DeploymentId;
use crate::redact::Redacted;

/// Who or what started a deployment. Of two who are said to have, the lesser did: what Steward knows of itself, CloudTrail
/// knows under the name of its role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Starter {
    /// Steward did, by an action.
    Steward {
        /// The first twelve digits of the action's id.
        action: String,
        /// What kind of action.
        remedy: Remedy,
    },
    /// ECS did: the circuit breaker or an alarm failed another deployment, and ECS went back from it.
    Ecs,
    /// Somebody did, as CloudTrail recorded it.
    Person {
        /// A user's name, `role ci/deploy (session)`, `root`, or a service of AWS such as `CloudFormation`.
        who: Redacted,
    },
}

impl Starter {
    fn of(action: &Action) -> Self {
        Self::Steward { action: action.plan.id.short().to_owned(), remedy: action.plan.remedy }
    }
}

impl History {
    /// Notes what an action did to the service's deployments, once it is known to have taken effect.
    pub fn carried_out(&mut self, action: &Action) {
        let State::Confirmed { at, made, .. } = &action.state else { return };
        let (by, plan) = (Starter::of(action), &action.plan);
        match &plan.call {
            Call::UpdateService { .. } => {
                let primary = plan.precondition.primary.as_ref();
                // What was PRIMARY before is not what the call made.
                let made = made.as_deref().and_then(DeploymentId::parse).filter(|id| primary != Some(id));
                let instead_of = primary.filter(|_| plan.remedy == Remedy::RollBack);
                if let Some(id) = made {
                    self.started(&id, by, *at, instead_of.cloned());
                }
            }
            Call::StopServiceDeployment { .. } => {
                if let Some(id) = &plan.precondition.primary {
                    self.stopped(id, by, *at);
                }
            }
            // What is registered is not deployed yet.
            Call::StopTask { .. }
            | Call::RunTask { .. }
            | Call::RegisterTaskDefinition { .. }
            | Call::UpdateContainerInstancesState { .. }
            | Call::ContinueServiceDeployment { .. } => {}
        }
    }
}
