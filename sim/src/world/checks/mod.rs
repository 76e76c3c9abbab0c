//! What must hold, whatever goes wrong: checked where an effect happens, and again when all is quiet.
//!
//! The checks share nothing with the code that they check but what it wrote: they read the ledger as it is, not as an
//! invocation was told.

mod capacity;
mod gate;
mod hooks;
mod invariant;
mod posts;
mod quiet;
mod sabotage;
mod scaling;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use steward::action::{Action, ActionId, Remedy};
use steward::config::Policy;
use steward::ecs::HookAnswer;
use steward::incident::Target;
use steward::ledger::{Key, MemoryLedger, Record, Stored, Transaction};
use steward::ports::{EcsError, Ledger, Started};

pub use invariant::{Invariant, Violation};
pub(super) use quiet::{incidents, settled};
pub use sabotage::Sabotage;
pub(super) use sabotage::without_conditions;
pub(super) use scaling::Scaling;
pub(super) use steps::Change;

use super::actor::Actor;
use super::jobs::Watch;
use super::ports::at_once;
use capacity::Kept;
use gate::Gates;
use posts::Posts;

/// What is watched, and what was found.
#[derive(Debug)]
pub(super) struct Checks {
    policy: Policy,
    sabotage: Option<Sabotage>,
    gates: Gates,
    /// Claims by action and time.
    claims: BTreeSet<(Timestamp, ActionId)>,
    actions: BTreeMap<ActionId, Action>,
    /// When a call of an action took effect, operation by operation: some have two steps.
    effects: BTreeMap<(ActionId, &'static str), Vec<Timestamp>>,
    /// Strategies that Steward set instead of others.
    kept: BTreeMap<Target, Kept>,
    /// What channels took.
    posts: Posts,
    /// Jobs, in a world of them.
    watch: Option<Watch>,
    /// Scaled services, in a world of them.
    scaling: Option<super::scaling::Watch>,
    /// Counts that Steward set.
    scalings: usize,
    /// Hosts that Steward drained.
    hosts: super::hosts::Watch,
    /// What people answered to deployments that wait, through Steward.
    said: BTreeMap<ActionId, HookAnswer>,
    violations: Vec<Violation>,
}

impl Checks {
    /// `policy` is what people decided, whatever the handlers are told.
    pub(super) fn new(policy: Policy, sabotage: Option<Sabotage>) -> Self {
        Self {
            policy,
            sabotage,
            gates: Gates::default(),
            claims: BTreeSet::new(),
            actions: BTreeMap::new(),
            effects: BTreeMap::new(),
            kept: BTreeMap::new(),
            posts: Posts::default(),
            watch: None,
            scaling: None,
            scalings: 0,
            hosts: super::hosts::Watch::default(),
            said: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// Of a world of jobs.
    pub(super) fn of_jobs(watch: Watch, sabotage: Option<Sabotage>) -> Self {
        Self { watch: Some(watch), ..Self::new(Policy::default(), sabotage) }
    }

    /// What is seen of jobs.
    pub(super) fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    /// ECS sent an event, whatever becomes of it.
    pub(super) fn emitted(&mut self, event: &serde_json::Value, now: Timestamp) {
        let found = self.watch.as_mut().map(|watch| watch.emitted(event)).unwrap_or_default();
        for (invariant, what) in found {
            self.fail(invariant, now, what);
        }
    }

    /// ECS answered a call of RunTask.
    pub(super) fn answered(&mut self, answer: &Result<Started, EcsError>, now: Timestamp) {
        if let Some(watch) = &mut self.watch {
            watch.answered(answer, now);
        }
    }

    /// A person wrote something.
    pub(super) fn look(&mut self, ledger: &MemoryLedger) {
        if let Some(watch) = &mut self.watch {
            watch.look(ledger);
        }
    }

    pub(super) fn sabotage(&self) -> Option<Sabotage> {
        self.sabotage
    }

    pub(super) fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How many calls took effect.
    pub(super) fn mutations(&self) -> usize {
        self.effects.values().map(Vec::len).sum()
    }

    /// How often each remedy took effect.
    pub(super) fn remedies(&self) -> BTreeMap<Remedy, usize> {
        let mut counts = BTreeMap::new();
        for ((id, _), times) in &self.effects {
            if let Some(action) = self.actions.get(id) {
                *counts.entry(action.plan.remedy).or_default() += times.len();
            }
        }
        counts
    }

    /// Whether the call that an action is at took effect.
    pub(super) fn has_happened(&self, action: &Action) -> bool {
        self.effects.contains_key(&(action.plan.id.clone(), action.plan.call.operation()))
    }

    /// A person decided about an action.
    pub(super) fn decided(&mut self, ledger: &MemoryLedger, id: &ActionId) {
        if let Some(action) = action_of(ledger, id) {
            self.actions.insert(id.clone(), action);
        }
    }

    /// A person answered a deployment that waits.
    pub(super) fn said(&mut self, id: &ActionId, answer: HookAnswer) {
        self.said.insert(id.clone(), answer);
    }

    pub(super) fn fail(&mut self, invariant: Invariant, at: Timestamp, what: impl Into<String>) {
        self.violations.push(Violation { invariant, at, what: what.into() });
    }

    /// An invocation read items: what it may know from then on.
    pub(super) fn read(&mut self, actor: &Actor, keys: &[Key], found: &[Option<Stored>], now: Timestamp) {
        self.gates.read(actor.id, keys, found, now);
    }

    /// What an invocation is told of what it read.
    pub(super) fn as_answered(&self, found: Vec<Option<Stored>>) -> Vec<Option<Stored>> {
        match self.sabotage {
            Some(sabotage) => sabotage::told(sabotage, found),
            None => found,
        }
    }

    /// The actions that a transaction is about to write, as they stand.
    pub(super) fn before(ledger: &MemoryLedger, transaction: &Transaction) -> BTreeMap<ActionId, Action> {
        let ids = transaction.writes.iter().filter_map(|write| match &write.record {
            Record::Action(action) => Some(&action.plan.id),
            _ => None,
        });
        ids.filter_map(|id| Some((id.clone(), action_of(ledger, id)?))).collect()
    }

    /// An invocation is over; `is_well`: it was scaling's, and did all that it could.
    pub(super) fn ended(&mut self, id: super::stage::InvocationId, is_well: bool, now: Timestamp) {
        self.gates.forget(id);
        self.swept(id, is_well, now);
    }

    /// Counts that Steward set.
    pub(super) fn scalings(&self) -> usize {
        self.scalings
    }
}

/// An action as the ledger has it.
fn action_of(ledger: &MemoryLedger, id: &ActionId) -> Option<Action> {
    match read(ledger, &Key::action(id))?.record {
        Record::Action(action) => Some(*action),
        _ => None,
    }
}

fn read(ledger: &MemoryLedger, key: &Key) -> Option<Stored> {
    let keys = std::slice::from_ref(key);
    let away = || steward::ledger::LedgerError::Unreadable { key: key.clone(), problem: String::new() };
    at_once(ledger.read(keys), away).ok()?.into_iter().flatten().next()
}
