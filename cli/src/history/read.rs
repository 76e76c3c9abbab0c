//! What the ledger still knows of one target.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};
use steward::action::{Action, ActionId};
use steward::incident::{DeploymentStatus, Incident, PastDeployment, TargetRecord};
use steward::ledger::{Key, LedgerError, Record};
use steward::ports::Ledger;

use crate::open::{action_json, incident_json, read_each, target_json};

/// One thing that happened.
#[derive(Debug)]
pub(super) enum Entry {
    Deployment(Box<PastDeployment>),
    Incident(Box<Incident>),
    Action(Box<Action>),
}

impl Entry {
    /// When it began.
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Deployment(deployment) => deployment.started_at,
            Self::Incident(incident) => incident.opened_at,
            Self::Action(action) => action.decided_at,
        }
    }

    /// For programs.
    pub(super) fn json(&self, record: &TargetRecord) -> Value {
        match self {
            Self::Incident(incident) => incident_json(incident),
            Self::Action(action) => action_json(action),
            Self::Deployment(deployment) => json!({
                "type": "deployment",
                "id": deployment.id,
                "target": target_json(&record.target),
                "started_at": deployment.started_at,
                "status": deployment.status,
                "task_definition": deployment.task_definition,
                "steady_since": deployment.steady_since,
                "failed_at": deployment.failed_at,
                "rolled_back_to_at": deployment.rollback_since,
                "started_by": deployment.started_by,
            }),
        }
    }
}

/// How a deployment stands, in a word.
pub(super) fn status(deployment: &PastDeployment) -> &'static str {
    match deployment.status {
        Some(DeploymentStatus::Completed) if deployment.rollback_since.is_some() => "went back to",
        Some(DeploymentStatus::Completed) => "completed",
        Some(DeploymentStatus::Failed) => "failed",
        Some(DeploymentStatus::InProgress) => "in progress",
        None => "seen by its tasks",
    }
}

/// What the target's own record leads to, without reading the whole table: its latest incidents, those that something was
/// tried for, and what was tried. `others` are incidents that were found otherwise.
pub(super) async fn read<L: Ledger>(
    ledger: &L,
    record: &TargetRecord,
    others: Vec<Incident>,
    now: Timestamp,
    unreadable: &mut Vec<LedgerError>,
) -> Result<Vec<Entry>, LedgerError> {
    let target = &record.target;
    let mut opened: BTreeSet<Timestamp> = record.care.tried.iter().map(|tried| tried.incident).collect();
    opened.extend(record.incident);
    for found in read_each(ledger, &[Key::recent(target)], now, unreadable).await? {
        if let Record::Recent(recent) = found {
            opened.extend(recent.opened);
        }
    }
    let mut incidents: BTreeMap<Timestamp, Incident> =
        others.into_iter().map(|incident| (incident.opened_at, incident)).collect();
    let missing = opened.iter().filter(|at| !incidents.contains_key(*at));
    let keys: Vec<Key> = missing.map(|at| Key::incident(target, *at)).collect();
    for found in read_each(ledger, &keys, now, unreadable).await? {
        if let Record::Incident(incident) = found {
            incidents.insert(incident.opened_at, incident);
        }
    }
    let mut ids: BTreeSet<ActionId> = record.care.tried.iter().map(|tried| tried.id.clone()).collect();
    ids.extend(record.care.open.clone());
    ids.extend(incidents.values().flat_map(|it| &it.remedies.notes).map(|note| note.id.clone()));
    let keys: Vec<Key> = ids.iter().map(Key::action).collect();
    let deployments = record.history.deployments().iter().cloned();
    let mut entries: Vec<Entry> = deployments.map(|it| Entry::Deployment(Box::new(it))).collect();
    for found in read_each(ledger, &keys, now, unreadable).await? {
        if let Record::Action(action) = found {
            entries.push(Entry::Action(action));
        }
    }
    entries.extend(incidents.into_values().map(|incident| Entry::Incident(Box::new(incident))));
    entries.sort_by_key(Entry::at);
    Ok(entries)
}
