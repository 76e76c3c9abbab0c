//! What an invocation has read of switches and outages, by the ledger's truth at that moment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::ledger::{Key, Openings, Record, Stored, Switch};

use crate::world::stage::InvocationId;

/// The latest reads, by invocation and key.
#[derive(Debug, Default)]
pub(super) struct Gates(BTreeMap<(InvocationId, Key), Reading>);

/// What was there to be read, and when.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) at: Timestamp,
    pub(super) record: Option<Record>,
}

impl Gates {
    pub(super) fn read(&mut self, id: InvocationId, keys: &[Key], found: &[Option<Stored>], now: Timestamp) {
        for (key, stored) in keys.iter().zip(found) {
            if key.as_str().starts_with("x#SWITCH#") || key.as_str().starts_with("x#CLUSTER#") {
                let record = stored.as_ref().map(|stored| stored.record.clone());
                self.0.insert((id, key.clone()), Reading { at: now, record });
            }
        }
    }

    pub(super) fn forget(&mut self, id: InvocationId) {
        self.0.retain(|(of, _), _| *of != id);
    }

    pub(super) fn reading(&self, id: InvocationId, key: &Key) -> Option<&Reading> {
        self.0.get(&(id, key.clone()))
    }
}

impl Reading {
    pub(super) fn switch(&self) -> Option<&Switch> {
        match &self.record {
            Some(Record::Switch(switch)) => Some(switch),
            _ => None,
        }
    }

    pub(super) fn openings(&self) -> Option<&Openings> {
        match &self.record {
            Some(Record::Openings(openings)) => Some(openings),
            _ => None,
        }
    }
}
