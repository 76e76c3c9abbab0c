//! What a recording as a whole says of services: how they are set up, which does not change from event to event.

use std::collections::BTreeMap;

use steward::event::{DeploymentEventName, Detail, Event};
use steward::incident::Target;

/// So many services are told apart.
const MAX_SERVICES: usize = 100_000;

/// How services are set up, as far as any event says so, an earlier or a later one.
#[derive(Debug, Default)]
pub(in crate::replay) struct Traits(BTreeMap<Target, Setup>);

/// How one service is set up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Setup {
    /// ECS told of its deployments, which it does of those alone that it rolls out itself.
    pub(super) rolls: bool,
    /// ECS failed a deployment, which only the circuit breaker or an alarm does.
    pub(super) is_watched: bool,
    /// ECS went back from one.
    pub(super) goes_back: bool,
}

impl Traits {
    pub(in crate::replay) fn learn(&mut self, event: &Event) {
        let Detail::DeploymentStateChange(change) = &event.detail else { return };
        let Some(target) = change.service.as_ref().and_then(Target::of_service) else { return };
        if self.0.len() >= MAX_SERVICES && !self.0.contains_key(&target) {
            return;
        }
        let setup = self.0.entry(target).or_default();
        setup.rolls = true;
        setup.is_watched |= change.event_name == DeploymentEventName::Failed;
        setup.goes_back |= change.is_rollback();
    }

    pub(super) fn of(&self, target: &Target) -> Setup {
        self.0.get(target).copied().unwrap_or_default()
    }
}
