//! Checks of scaled services, where something happens.

use jiff::Timestamp;
use steward::arn::ServiceName;
use steward::ledger::{Key, MemoryLedger, Scope, Transaction};

use super::Checks;
use crate::ecs::Ecs;
use crate::world::actor::Actor;
use crate::world::scaling::{Found, Lost, Scaled, Watch};
use crate::world::stage::InvocationId;

/// A call of UpdateService that took effect.
pub(in crate::world) struct Scaling<'s> {
    pub(in crate::world) service: &'s ServiceName,
    pub(in crate::world) to: u32,
    pub(in crate::world) was: u32,
    pub(in crate::world) request: &'s serde_json::Value,
}

impl Checks {
    /// Of a world of scaled services.
    pub(in crate::world) fn of_scaling(watch: Watch, sabotage: Option<super::Sabotage>) -> Self {
        Self { scaling: Some(watch), ..Self::new(steward::config::Policy::default(), sabotage) }
    }

    /// What is seen of scaled services.
    pub(in crate::world) fn scaling(&self) -> Option<&Watch> {
        self.scaling.as_ref()
    }

    /// The same, to be told more.
    pub(in crate::world) fn scaling_mut(&mut self) -> Option<&mut Watch> {
        self.scaling.as_mut()
    }

    /// Tasks worked for a moment.
    pub(in crate::world) fn worked(&mut self, ecs: &Ecs, lost: &[Lost], now: Timestamp) {
        let found = self.scaling.as_mut().map(|watch| watch.worked(ecs, lost, now));
        self.fail_all(found.unwrap_or_default(), now, "tasks");
    }

    /// An invocation ended, and did all that it could.
    pub(in crate::world) fn swept(&mut self, id: InvocationId, is_well: bool, now: Timestamp) {
        let found = self.scaling.as_mut().map(|watch| watch.ended(id, is_well, now));
        self.fail_all(found.unwrap_or_default(), now, "scaling");
    }

    /// An invocation wrote a transaction.
    pub(super) fn scaler_written(&mut self, actor: &Actor, transaction: &Transaction, now: Timestamp) {
        let found = self.scaling.as_mut().map(|watch| watch.committed(actor.id, transaction, now));
        self.fail_all(found.unwrap_or_default(), now, &actor.to_string());
    }

    /// A call took effect.
    pub(in crate::world) fn scaled(
        &mut self,
        actor: &Actor,
        ledger: &MemoryLedger,
        ecs: &Ecs,
        scaling: &Scaling<'_>,
        now: Timestamp,
    ) {
        self.scalings += 1;
        let scopes = [Scope::Global, Scope::Cluster(crate::world::scaling::cluster_arn())];
        self.open(actor, scopes.clone(), now);
        let read_at = |scope: &Scope| Some(self.gates.reading(actor.id, &Key::switch(scope))?.at);
        let gate_at = scopes.iter().map(read_at).min().flatten();
        let Scaling { service, to, was, request } = *scaling;
        let scaled = Scaled { by: actor.id, service, to, was, request, gate_at };
        let found = self.scaling.as_mut().map(|watch| watch.scaled(ledger, ecs, &scaled, now));
        self.fail_all(found.unwrap_or_default(), now, &actor.to_string());
    }

    fn fail_all(&mut self, found: Found, now: Timestamp, who: &str) {
        for (invariant, what) in found {
            self.fail(invariant, now, format!("{who}: {what}"));
        }
    }
}
