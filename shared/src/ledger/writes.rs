//! What is written of each kind of item: when a sweep must look at it, and when it may be forgotten.
//!
//! Open items are never forgotten. Both times follow from the record alone, so it does not matter who writes it.

use jiff::{SignedDuration, Timestamp};

use super::{Budget, DrainSlot, Expect, Key, Record, Stored, Write};
use crate::action::Action;
use crate::batch::{JobRecord, Run, Trouble as JobTrouble, Unit};
use crate::config::Policy;
use crate::incident::{Deployment, DeploymentStatus, Incident, TargetRecord};
use crate::scaling::{Loop, ScalerRecord, ScalerTrouble};

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

    /// Which container instance of a cluster is drained. What is over is remembered for longer than it counts.
    pub fn of_drain_slot(slot: DrainSlot, stored: Option<&Stored>, policy: &Policy, now: Timestamp) -> Self {
        let key = Key::drain_slot(&slot.cluster);
        Self::new(key, stored, Record::DrainSlot(slot)).expiring(true, policy, now)
    }

    /// A run.
    pub fn of_run(run: Run, stored: Option<&Stored>, keep: SignedDuration, now: Timestamp) -> Self {
        let (is_over, due) = (run.is_over(), run.look_at);
        let key = Key::run(&run.id);
        let write = Self::new(key, stored, Record::Run(Box::new(run)));
        Self { due, ..write.kept(is_over, keep, now) }
    }

    /// A unit of a run.
    pub fn of_unit(
        unit: Unit,
        stored: Option<&Stored>,
        due: Option<Timestamp>,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let is_over = unit.is_over();
        let key = Key::unit(&unit.run, unit.index);
        let write = Self::new(key, stored, Record::Unit(Box::new(unit)));
        Self { due, ..write.kept(is_over, keep, now) }
    }

    /// What is remembered of a job: as long as there are runs of it.
    pub fn of_job(job: JobRecord, stored: Option<&Stored>, now: Timestamp) -> Self {
        let due = job.look_at(now);
        let key = Key::job(&job.job);
        Self { due, ..Self::new(key, stored, Record::Job(Box::new(job))) }
    }

    /// A job's trouble.
    pub fn of_trouble(
        trouble: JobTrouble,
        stored: Option<&Stored>,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let is_over = !trouble.is_open();
        let key = Key::trouble(&trouble.job, trouble.opened_at);
        Self::new(key, stored, Record::Trouble(Box::new(trouble))).kept(is_over, keep, now)
    }

    /// What is remembered of a scaled service: for good while an order of it is open, and else as long as it is looked at.
    pub fn of_scaler(
        record: ScalerRecord,
        stored: Option<&Stored>,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let is_over = !record.order.as_ref().is_some_and(|order| order.state.is_open());
        let key = Key::scaler(&record.target);
        Self::new(key, stored, Record::Scaler(Box::new(record))).kept(is_over, keep, now)
    }

    /// Who evaluates the scalers of a shard.
    pub fn of_scaling_loop(held: Loop, stored: Option<&Stored>) -> Self {
        Self::new(Key::scaling_loop(held.shard), stored, Record::ScalingLoop(held))
    }

    /// A scaled service's trouble.
    pub fn of_scaler_trouble(
        trouble: ScalerTrouble,
        stored: Option<&Stored>,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let is_over = !trouble.is_open();
        let key = Key::scaler_trouble(&trouble.target, trouble.opened_at);
        Self::new(key, stored, Record::ScalerTrouble(Box::new(trouble))).kept(is_over, keep, now)
    }

    fn expiring(self, is_over: bool, policy: &Policy, now: Timestamp) -> Self {
        self.kept(is_over, policy.keep_closed, now)
    }

    fn kept(self, is_over: bool, keep: SignedDuration, now: Timestamp) -> Self {
        let expires = is_over.then(|| now.saturating_add(keep).unwrap_or(Timestamp::MAX));
        Self { expires, ..self }
    }
}
