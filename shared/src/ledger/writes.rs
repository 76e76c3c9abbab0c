//! What is written of each kind of item: when a sweep must look at it, and when it may be forgotten.
//!
//! Open items are never forgotten. Both times follow from the record alone, so it does not matter who writes it.

use jiff::Timestamp;

use super::{Budget, Expect, Key, Record, Stored, Write};
use crate::action::Action;
use crate::config::Policy;
use crate::incident::{Deployment, DeploymentStatus, Incident, TargetRecord};

impl Write {
    /// A write of what was read as `stored`, or was not there: due never, kept for good.
    pub fn new(key: Key, stored: Option<&Stored>, record: Record) -> Self {
        Self { key, expect: Expect::unchanged(stored), record, due: None, expires: None }
    }

    /// A target's record. `due` is when time may change something of its story.
    pub fn of_target(
        record: TargetRecord,
        stored: Option<&Stored>,
        due: Option<Timestamp>,
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        // An instance that has left the cluster never comes back under its ARN.
        let is_over = record.agent.is_some_and(|agent| agent.gone);
        let key = Key::target(&record.target);
        let write = Self::new(key, stored, Record::Target(record));
        Self { due, ..write.expiring(is_over, policy, now) }
    }

    /// An incident.
    pub fn of_incident(incident: Incident, stored: Option<&Stored>, policy: &Policy, now: Timestamp) -> Self {
        let is_over = !incident.is_open();
        let key = Key::incident(&incident.target, incident.opened_at);
        Self::new(key, stored, Record::Incident(incident)).expiring(is_over, policy, now)
    }

    /// A deployment.
    pub fn of_deployment(
        deployment: Deployment,
        stored: Option<&Stored>,
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        // Only one that ECS reported as in progress, and of which nothing more was heard, is open.
        let is_over = deployment.status() != Some(DeploymentStatus::InProgress);
        let key = Key::deployment(&deployment.service, &deployment.id);
        Self::new(key, stored, Record::Deployment(deployment)).expiring(is_over, policy, now)
    }

    /// An action.
    pub fn of_action(action: Action, stored: Option<&Stored>, policy: &Policy, now: Timestamp) -> Self {
        let (is_over, due) = (action.is_over(), action.due());
        let key = Key::action(&action.plan.id);
        let write = Self::new(key, stored, Record::Action(Box::new(action)));
        Self { due, ..write.expiring(is_over, policy, now) }
    }

    /// A budget. What is over is remembered for longer than any budget's window.
    pub fn of_budget(budget: Budget, stored: Option<&Stored>, policy: &Policy, now: Timestamp) -> Self {
        let key = Key::budget(&budget.scope);
        Self::new(key, stored, Record::Budget(budget)).expiring(true, policy, now)
    }

    fn expiring(self, is_over: bool, policy: &Policy, now: Timestamp) -> Self {
        let expires = is_over.then(|| now.saturating_add(policy.keep_closed).unwrap_or(Timestamp::MAX));
        Self { expires, ..self }
    }
}
