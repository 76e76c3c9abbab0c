//! Worlds that are broken on purpose: each invariant must see its own.

use steward::action::{Action, Remedy, Ruling, State};
use steward::ledger::{Expect, Key, MemoryLedger, Record, Stored, Transaction, Write};

use super::read;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The ledger takes every write, whatever it expects.
    IgnoresConditions,
    /// The port makes each change twice.
    CallsTwice,
    /// The port makes a change and says that it was turned away.
    DeniesWhatItDid,
    /// The port says that a change was made, and does not make it.
    ClaimsWhatItDidNot,
    /// The ledger loses what says that a call is about to be made.
    LosesIssued,
    /// Reads of switches show none that pauses.
    HidesPause,
    /// Reads of budgets show them unspent.
    HidesBudgets,
    /// The handlers are told that no number of failing services is an outage.
    IgnoresOutages,
    /// The handlers are told that everything may be done at any time.
    IgnoresPolicy,
    /// Reads of targets show nothing that was tried.
    ForgetsTried,
    /// No sweep finds an action, or a unit of a run.
    HidesActions,
    /// A channel says that it took a message, and did not.
    SwallowsMessages,
    /// An event that comes twice is about another task.
    ConfusesTasks,
    /// What a function answers to its queue is lost: no message is ever done.
    ForgetsAnswers,
    /// The handlers are told that a service may have more tasks, and fewer, than people decided.
    IgnoresBounds,
    /// The handlers are told of nothing that services share.
    IgnoresPools,
    /// Nobody is said to own a service.
    HidesOwners,
    /// No task is said to protect itself.
    HidesProtection,
    /// No service is said to be deployed.
    HidesDeployments,
    /// A count of tasks is told as an invocation was told it first.
    HidesChanges,
    /// A queue that cannot be counted is told as empty.
    TakesUnknownForEmpty,
    /// Queues are told as empty.
    HidesMessages,
    /// Queues are told as full.
    AddsMessages,
    /// Reads of what a person is asked about a deployment that waits show that they allowed it.
    PutsWordsInMouths,
    /// Reads of targets and incidents show no deployment that waits.
    ForgetsHooks,
    /// The ledger keeps every order as issued that was settled.
    NeverSettles,
    /// Nobody is told which revision an action registered.
    HidesRegistered,
    /// The port registers half the memory.
    LowersMemory,
    /// No container instance is said to drain, and nobody is said to have drained one.
    HidesDraining,
    /// Every agent is said to be away.
    HidesAgents,
    /// Reads of targets show nothing that fell back to on-demand capacity.
    ForgetsFallbacks,
    /// Reads of services show the strategy that Steward set, whatever people set since.
    HidesStrategies,
    /// The handlers are told that a count of 0 is allowed.
    IgnoresCeilings,
    /// Reads of services show many more tasks as wanted, and the handlers are told of a high ceiling.
    HidesCounts,
}

/// What a broken ledger says that it holds.
pub(super) fn told(sabotage: Sabotage, mut found: Vec<Option<Stored>>) -> Vec<Option<Stored>> {
    for stored in found.iter_mut().flatten() {
        match (sabotage, &mut stored.record) {
            (Sabotage::HidesPause, Record::Switch(switch)) => switch.paused = None,
            (Sabotage::HidesBudgets, Record::Budget(budget)) => budget.times.clear(),
            (Sabotage::HidesDraining, Record::DrainSlot(slot)) => slot.until = jiff::Timestamp::UNIX_EPOCH,
            (Sabotage::ForgetsFallbacks, Record::Target(record)) => record.care.fallback = None,
            (Sabotage::ForgetsTried, Record::Target(record)) => record.care.tried.clear(),
            (Sabotage::HidesRegistered, Record::Target(record)) => record.care.registered.clear(),
            (Sabotage::HidesRegistered, Record::Action(action)) => action.registered = None,
            (Sabotage::PutsWordsInMouths, Record::Action(action)) => allow(action),
            (Sabotage::ForgetsHooks, Record::Target(record)) => record.care.hooks.clear(),
            (Sabotage::ForgetsHooks, Record::Incident(incident)) => incident.hooks.clear(),
            _ => {}
        }
    }
    found
}

/// As if a person had allowed it.
fn allow(action: &mut Action) {
    let is_asked = action.approved.is_none() && matches!(action.state, State::Proposed { .. });
    if is_asked && action.plan.remedy == Remedy::AnswerHook {
        let (by, at) = ("nobody".to_owned(), action.decided_at);
        action.approved = Some(Ruling { by, at, why: None });
    }
}

/// The same writes, each expecting what is there.
pub(in crate::world) fn without_conditions(ledger: &MemoryLedger, transaction: Transaction) -> Transaction {
    let expect = |key: &Key| Expect::unchanged(read(ledger, key).as_ref());
    let writes = transaction.writes.into_iter();
    Transaction { writes: writes.map(|write| Write { expect: expect(&write.key), ..write }).collect() }
}
