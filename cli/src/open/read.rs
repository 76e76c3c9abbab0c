//! What is open, by the index of what is due: it holds what is open and nothing else, however large the table is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use steward::action::{Action, ActionId};
use steward::incident::{Incident, TargetRecord};
use steward::ledger::{Due, Key, LISTED, LedgerError, Owner, Patrol, Record};
use steward::ports::Ledger;

/// What is asked of the index at a time: keys alone, so a page stays far below the megabyte that DynamoDB answers at most.
const PAGE: usize = 1_000;
/// Items that are read together.
const BATCH: usize = 100;

/// What is open of remediation's.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// Targets that something is to be done about, or to be known of.
    pub(crate) targets: Vec<TargetRecord>,
    /// The incidents that go on, the newest first.
    pub(crate) incidents: Vec<Incident>,
    /// The actions that are not over, those first that were decided last.
    pub(crate) actions: Vec<Action>,
    /// Where the patrols are.
    pub(crate) patrols: Vec<Patrol>,
    /// What could not be read.
    pub(crate) unreadable: Vec<LedgerError>,
}

/// Everything that the index lists of an owner.
pub(crate) async fn listed<L: Ledger>(ledger: &L, owner: Owner) -> Result<Vec<Due>, LedgerError> {
    let mut all: Vec<Due> = Vec::new();
    loop {
        let page = ledger.due(owner, LISTED, all.last(), PAGE).await?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

/// Reads items; what is not there, or counts as absent, is left out. One that cannot be read does not hide the others.
pub(crate) async fn read_each<L: Ledger>(
    ledger: &L,
    keys: &[Key],
    now: Timestamp,
    unreadable: &mut Vec<LedgerError>,
) -> Result<Vec<Record>, LedgerError> {
    let mut records = Vec::new();
    for batch in keys.chunks(BATCH) {
        match ledger.read(batch).await {
            Ok(found) => records.extend(found.into_iter().flatten().filter_map(|it| it.live(now).cloned())),
            Err(LedgerError::NewerSchema { .. } | LedgerError::Unreadable { .. }) => {
                for key in batch {
                    match ledger.read(std::slice::from_ref(key)).await {
                        Ok(found) => {
                            records
                                .extend(found.into_iter().flatten().filter_map(|it| it.live(now).cloned()));
                        }
                        Err(error @ (LedgerError::NewerSchema { .. } | LedgerError::Unreadable { .. })) => {
                            unreadable.push(error);
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

/// Reads what is open.
pub(crate) async fn open<L: Ledger>(ledger: &L, now: Timestamp) -> Result<Open, LedgerError> {
    let keys: Vec<Key> = listed(ledger, Owner::Remediation).await?.into_iter().map(|due| due.key).collect();
    let mut open = Open::default();
    for record in read_each(ledger, &keys, now, &mut open.unreadable).await? {
        match record {
            Record::Target(record) => open.targets.push(record),
            Record::Action(action) => open.actions.push(*action),
            Record::Patrol(patrol) => open.patrols.push(patrol),
            _ => {}
        }
    }
    let of_targets = open.targets.iter();
    let keys: Vec<Key> = of_targets.filter_map(|it| Some(Key::incident(&it.target, it.incident?))).collect();
    for record in read_each(ledger, &keys, now, &mut open.unreadable).await? {
        if let Record::Incident(incident) = record {
            open.incidents.push(incident);
        }
    }
    // An action of which nobody knows the outcome is due never: its target, whose lock it holds, names it.
    let known: BTreeSet<&ActionId> = open.actions.iter().map(|action| &action.plan.id).collect();
    let locked = open.targets.iter().filter_map(|record| record.care.open.as_ref());
    let keys: Vec<Key> = locked.filter(|id| !known.contains(id)).map(Key::action).collect();
    for record in read_each(ledger, &keys, now, &mut open.unreadable).await? {
        if let Record::Action(action) = record {
            open.actions.push(*action);
        }
    }
    open.incidents.retain(Incident::is_open);
    open.actions.retain(|action| !action.is_over());
    open.incidents.sort_by_key(|incident| std::cmp::Reverse(incident.opened_at));
    open.actions.sort_by_key(|action| std::cmp::Reverse(action.decided_at));
    Ok(open)
}
