//! A ledger that remembers what one invocation wrote through it, for metrics.
//!
//! What is counted was written: a decision whose transaction failed is none. Whoever writes an item has read it, so that what
//! was read tells what a write changed; whoever notes something else at the same item counts nothing again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Due, Key, LedgerError, Owner, Record, Stored, Transaction};
use crate::action::State;
use crate::incident::Incident;
use crate::ports::Ledger;

/// Passes everything on to another ledger, and remembers it.
pub struct Witness<'l, L> {
    inner: &'l L,
    saw: RefCell<Saw>,
}

#[derive(Default)]
struct Saw {
    /// Actions, as they stood last.
    actions: BTreeMap<Key, State>,
    /// Incidents, and whether they were open last.
    incidents: BTreeMap<Key, bool>,
    opened: BTreeSet<Key>,
    ended: BTreeSet<Key>,
    /// Incidents about which nothing is done because a budget is spent.
    out_of_budget: BTreeSet<Key>,
    /// States into which actions came.
    became: BTreeSet<(&'static str, Key)>,
}

/// What an invocation did, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// Incidents that it opened.
    pub opened: usize,
    /// Incidents that it ended.
    pub ended: usize,
    /// Actions that a person is asked about from now on.
    pub proposed: usize,
    /// Actions that took effect.
    pub confirmed: usize,
    /// Actions that ECS refused.
    pub failed: usize,
    /// Actions of which nobody can say whether they took effect.
    pub unknown: usize,
    /// Actions that were given up before the call.
    pub withdrawn: usize,
    /// Incidents about which nothing was done because a budget is spent.
    pub out_of_budget: usize,
    /// For how long the oldest action stands of which a call may be under way; none stands: absent.
    pub oldest_issued: Option<SignedDuration>,
}

impl<'l, L> Witness<'l, L> {
    /// A witness of one invocation.
    pub fn new(inner: &'l L) -> Self {
        Self { inner, saw: RefCell::default() }
    }

    /// What was done until now.
    pub fn done(&self, now: Timestamp) -> Done {
        let saw = self.saw.borrow();
        let became = |state: &str| saw.became.iter().filter(|(word, _)| *word == state).count();
        let issued = saw.actions.values().filter_map(|state| match state {
            State::Issued { at } => Some(now.duration_since(*at)),
            _ => None,
        });
        Done {
            opened: saw.opened.len(),
            ended: saw.ended.len(),
            proposed: became("proposed"),
            confirmed: became("confirmed"),
            failed: became("failed"),
            unknown: became("unknown"),
            withdrawn: became("withdrawn"),
            out_of_budget: saw.out_of_budget.len(),
            oldest_issued: issued.max(),
        }
    }
}

impl Saw {
    fn read(&mut self, key: &Key, record: &Record) {
        match record {
            Record::Action(action) => drop(self.actions.insert(key.clone(), action.state.clone())),
            Record::Incident(incident) => drop(self.incidents.insert(key.clone(), incident.is_open())),
            _ => {}
        }
    }

    fn write(&mut self, key: &Key, record: &Record) {
        match record {
            Record::Action(action) => {
                let word = action.state.as_str();
                if self.actions.get(key).map(State::as_str) != Some(word) {
                    self.became.insert((word, key.clone()));
                }
            }
            Record::Incident(incident) => self.incident(key, incident),
            _ => {}
        }
        self.read(key, record);
    }

    fn incident(&mut self, key: &Key, incident: &Incident) {
        let was_open = self.incidents.get(key).copied();
        // A relapse opens it again. What is announced and over in one step was open in between.
        if was_open.is_none() || (was_open == Some(false) && incident.is_open()) {
            self.opened.insert(key.clone());
        }
        if was_open != Some(false) && !incident.is_open() {
            self.ended.insert(key.clone());
        }
        if incident.remedies.held.as_ref().is_some_and(|held| held.reason() == "budget_spent") {
            self.out_of_budget.insert(key.clone());
        }
    }
}

impl<L: Ledger> Ledger for Witness<'_, L> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        let found = self.inner.read(keys).await?;
        let mut saw = self.saw.borrow_mut();
        for (key, stored) in keys.iter().zip(&found) {
            if let Some(stored) = stored {
                saw.read(key, &stored.record);
            }
        }
        drop(saw);
        Ok(found)
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        self.inner.commit(transaction.clone()).await?;
        let mut saw = self.saw.borrow_mut();
        for write in &transaction.writes {
            saw.write(&write.key, &write.record);
        }
        drop(saw);
        Ok(())
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        self.inner.due(owner, now, after, limit).await
    }
}
