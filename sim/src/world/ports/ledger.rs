//! The ledger: `MemoryLedger`, away for minutes at times, its index behind.

use std::rc::Rc;

use jiff::Timestamp;
use steward::ledger::{Due, Key, LedgerError, MemoryLedger, Owner, Record, Stored, Transaction, Write};
use steward::ports::Ledger;
use steward::scaling::OrderState;

use super::at_once;
use crate::world::actor::{Actor, Broken, Call};
use crate::world::checks::{Checks, Sabotage, without_conditions};
use crate::world::stage::Stage;

/// The ledger as one invocation sees it.
pub(in crate::world) struct LedgerPort(pub(in crate::world) Rc<Actor>);

const PORT: &str = "ledger";

impl Ledger for LedgerPort {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        let actor = &self.0;
        let call = Call {
            port: PORT,
            method: "read",
            on: keys.first().map_or("", kind_of_key),
            changes: false,
            about: keys.iter().map(Key::as_str).collect::<Vec<_>>().join(" "),
        };
        let target = keys.first().map(ToString::to_string).unwrap_or_default();
        let effect = |stage: &Stage| {
            let found = with(stage, "read", &target, |ledger| ledger.read(keys).now())?;
            stage.checks.borrow_mut().read(actor, keys, &found, stage.now());
            Ok(stage.checks.borrow().as_answered(found))
        };
        actor.call(call, effect, |broken| unavailable("read", &target, broken)).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let actor = &self.0;
        let (on, changes) = kind_of_commit(&transaction);
        let keys: Vec<&str> = transaction.writes.iter().map(|write| write.key.as_str()).collect();
        let target = keys.first().map(ToString::to_string).unwrap_or_default();
        let epochs = transaction.writes.iter().filter_map(|write| match &write.record {
            Record::Action(action) => Some(format!(", epoch {}", action.epoch.0)),
            _ => None,
        });
        let about = format!("{on}{} [{}]", epochs.collect::<String>(), keys.join(" "));
        let call = Call { port: PORT, method: "commit", on, changes, about };
        let effect = |stage: &Stage| {
            let sabotage = stage.checks.borrow().sabotage();
            let transaction = match sabotage {
                Some(Sabotage::IgnoresConditions) => without_conditions(&stage.ledger, transaction),
                _ => transaction,
            };
            if sabotage == Some(Sabotage::LosesIssued) && matches!(on, "action issued" | "order issued") {
                return Ok(());
            }
            let transaction = match sabotage {
                Some(Sabotage::NeverSettles) => unsettled(transaction),
                _ => transaction,
            };
            let before = Checks::before(&stage.ledger, &transaction);
            with(stage, "commit", &target, |ledger| ledger.commit(transaction.clone()).now())?;
            stage.checks.borrow_mut().committed(actor, &before, &transaction, stage.now());
            Ok(())
        };
        actor.call(call, effect, |broken| unavailable("commit", &target, broken)).await
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        let call = Call {
            port: PORT,
            method: "due",
            on: if after.is_none() { "first page" } else { "next page" },
            changes: false,
            about: owner.prefix().to_owned(),
        };
        let effect = |stage: &Stage| {
            let mut found =
                with(stage, "due", owner.prefix(), |ledger| ledger.due(owner, now, after, limit).now())?;
            if stage.checks.borrow().sabotage() == Some(Sabotage::HidesActions) {
                found.retain(|due| !matches!(kind_of_key(&due.key), "ACTION" | "UNIT"));
            }
            if after.is_some() {
                return Ok(found);
            }
            let is_stale = stage.weather.borrow_mut().has_stale_index(stage.now());
            let mut last = stage.last_due.borrow_mut();
            let before = last.insert(owner.prefix(), found.clone());
            Ok(if is_stale { before.unwrap_or_default() } else { found })
        };
        self.0.call(call, effect, |broken| unavailable("due", owner.prefix(), broken)).await
    }
}

/// What is in memory answers at once.
trait Now<T> {
    fn now(self) -> Result<T, LedgerError>;
}

impl<T, F: Future<Output = Result<T, LedgerError>>> Now<T> for F {
    fn now(self) -> Result<T, LedgerError> {
        at_once(self, || away("read", "memory"))
    }
}

fn with<T>(
    stage: &Stage,
    operation: &'static str,
    target: &str,
    act: impl FnOnce(&MemoryLedger) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    if stage.is_ledger_away.get() { Err(away(operation, target)) } else { act(&stage.ledger) }
}

fn away(operation: &'static str, target: &str) -> LedgerError {
    let problem = "InternalServerError: the table is away".to_owned();
    LedgerError::Unavailable { operation, target: target.to_owned(), problem }
}

fn unavailable(operation: &'static str, target: &str, broken: Broken) -> LedgerError {
    LedgerError::Unavailable { operation, target: target.to_owned(), problem: broken.to_string() }
}

/// The words of keys, as [`Key`] makes them.
const KINDS: [&str; 18] = [
    "TARGET",
    "INCIDENT",
    "DEPLOYMENT",
    "NEWS",
    "ACTION",
    "PATROL",
    "SWITCH",
    "BUDGET",
    "CLUSTER",
    "THREAD",
    "RUN",
    "UNIT",
    "JOB",
    "TROUBLE",
    "CLOCK",
    "RATE",
    "SCALER",
    "LOOP",
];

fn kind_of_key(key: &Key) -> &'static str {
    let word = key.as_str().split('#').nth(1).unwrap_or_default();
    KINDS.into_iter().find(|kind| *kind == word).unwrap_or("other")
}

/// The same writes, in which each order that was issued stays so.
fn unsettled(mut transaction: Transaction) -> Transaction {
    for write in &mut transaction.writes {
        if let Record::Scaler(record) = &mut write.record
            && let Some(order) = &mut record.order
            && matches!(order.state, OrderState::Confirmed | OrderState::Overtaken)
        {
            order.state = OrderState::Issued;
        }
    }
    transaction
}

/// What a transaction is about, and whether it says something of an action.
fn kind_of_commit(transaction: &Transaction) -> (&'static str, bool) {
    let action = transaction.writes.iter().find_map(|write| match &write.record {
        Record::Action(action) => Some(action),
        _ => None,
    });
    match action {
        Some(action) => {
            let on = match action.state.as_str() {
                "proposed" => "action proposed",
                "planned" => "action planned",
                "issued" => "action issued",
                "confirmed" => "action confirmed",
                "failed" => "action failed",
                "unknown" => "action unknown",
                "withdrawn" => "action withdrawn",
                _ => "action",
            };
            (on, true)
        }
        None if transaction.writes.iter().any(is_issued) => ("order issued", true),
        None => (transaction.writes.first().map_or("", |write| kind_of_key(&write.key)), false),
    }
}

/// Whether a write says that a count is about to be set, or that nobody knows whether it was.
fn is_issued(write: &Write) -> bool {
    let order = match &write.record {
        Record::Scaler(record) => record.order.as_ref(),
        _ => None,
    };
    order.is_some_and(|order| order.state == OrderState::Issued)
}
