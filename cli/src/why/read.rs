//! What the ledger still knows of an incident and its actions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use steward::action::{Action, ActionId};
use steward::incident::{Incident, Note, Target, TargetRecord};
use steward::ledger::{Key, LedgerError, Record, Thread};
use steward::notification::Subject;
use steward::ports::Ledger;

use crate::open::read_each;

/// An incident, and what hangs together with it.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) target: Target,
    pub(super) opened_at: Timestamp,
    /// Absent: it is not kept any more.
    pub(super) incident: Option<Incident>,
    /// What was decided for it, the earliest first.
    pub(super) acts: Vec<Act>,
    /// What people were told of it; absent: nothing, or not kept any more.
    pub(super) told: Option<Thread>,
    /// The one action that is asked about; absent: all of them.
    pub(super) only: Option<ActionId>,
}

/// What was decided.
#[derive(Debug)]
pub(super) enum Act {
    /// All of it.
    Kept(Box<Action>),
    /// What the incident says of it: the action itself is not kept any more.
    Noted(Box<Note>),
}

/// The incidents of a target that its record, and what was told of late, name.
pub(super) async fn opened<L: Ledger>(
    ledger: &L,
    record: &TargetRecord,
    now: Timestamp,
) -> Result<BTreeSet<Timestamp>, LedgerError> {
    let mut opened: BTreeSet<Timestamp> = record.care.tried.iter().map(|tried| tried.incident).collect();
    opened.extend(record.incident);
    for found in read_each(ledger, &[Key::recent(&record.target)], now, &mut Vec::new()).await? {
        if let Record::Recent(recent) = found {
            opened.extend(recent.opened);
        }
    }
    Ok(opened)
}

/// Reads an action; `None`: it is not kept.
pub(super) async fn action<L: Ledger>(
    ledger: &L,
    id: &ActionId,
    now: Timestamp,
) -> Result<Option<Action>, LedgerError> {
    let stored = ledger.read(&[Key::action(id)]).await?.pop().flatten();
    Ok(match stored.and_then(|stored| stored.live(now).cloned()) {
        Some(Record::Action(action)) => Some(*action),
        _ => None,
    })
}

/// Reads what is known of an incident; of its actions only one, where that is asked for.
pub(super) async fn trace<L: Ledger>(
    ledger: &L,
    target: &Target,
    opened_at: Timestamp,
    only: Option<ActionId>,
    now: Timestamp,
    unreadable: &mut Vec<LedgerError>,
) -> Result<Trace, LedgerError> {
    let subject = Subject::Incident { target: target.clone(), opened_at };
    let keys = [Key::target(target), Key::incident(target, opened_at), Key::thread(&subject)];
    let (mut record, mut incident, mut told) = (None, None, None);
    for found in read_each(ledger, &keys, now, unreadable).await? {
        match found {
            Record::Target(found) => record = Some(found),
            Record::Incident(found) => incident = Some(found),
            Record::Thread(found) => told = Some(found),
            _ => {}
        }
    }
    let mut notes: BTreeMap<ActionId, Note> = BTreeMap::new();
    if let Some(incident) = &incident {
        notes.extend(incident.remedies.notes.iter().map(|note| (note.id.clone(), note.clone())));
    }
    let tried = record.iter().flat_map(|record| &record.care.tried);
    let tried = tried.filter(|tried| tried.incident == opened_at).map(|tried| tried.id.clone());
    let ids: BTreeSet<ActionId> = notes.keys().cloned().chain(tried).chain(only.clone()).collect();
    let ids: Vec<ActionId> = ids.into_iter().filter(|id| only.as_ref().is_none_or(|it| it == id)).collect();
    let keys: Vec<Key> = ids.iter().map(Key::action).collect();
    let mut acts = Vec::new();
    for found in read_each(ledger, &keys, now, unreadable).await? {
        if let Record::Action(action) = found {
            notes.remove(&action.plan.id);
            acts.push(Act::Kept(action));
        }
    }
    let forgotten = notes.into_values().filter(|note| ids.contains(&note.id));
    acts.extend(forgotten.map(|note| Act::Noted(Box::new(note))));
    acts.sort_by_key(|act| match act {
        Act::Kept(action) => action.decided_at,
        Act::Noted(_) => Timestamp::MIN,
    });
    Ok(Trace { target: target.clone(), opened_at, incident, acts, told, only })
}
