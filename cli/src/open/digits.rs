//! An action by the first digits of its id.

use std::collections::BTreeSet;

use jiff::Timestamp;
use steward::action::ActionId;
use steward::incident::TargetRecord;
use steward::ledger::LedgerError;
use steward::ports::Ledger;

use super::{Open, open};

/// No fewer digits name an action: fewer are soon another one's, too.
pub(crate) const FEWEST: usize = 4;
/// So many ids are named where several are meant.
pub(crate) const NAMED: usize = 5;

/// Digits that the id of an action begins with, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digits(String);

/// Why digits name no action.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Nameless {
    /// No open action has such an id.
    #[error(
        "no action that is open, or of a target of which something is open, has an id that begins with {0}: \
         `steward actions` lists those that are open; write the id in full, as alerts print it, for any other"
    )]
    NotOpen(String),
    /// Several have.
    #[error("several ids begin with {0}; write more of one: {list}", list = .1.join(", "))]
    Several(String, Vec<String>),
    /// The ledger does not say what is open.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Digits {
    /// Reads `cf69c730`; `None`: it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_digits =
            (FEWEST..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digits.then(|| Self(text.to_lowercase()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id in full: as it is written, or of what is open the one that begins so.
    pub(crate) async fn id<L: Ledger>(&self, ledger: &L, now: Timestamp) -> Result<ActionId, Nameless> {
        match ActionId::parse(&self.0) {
            Some(id) => Ok(id),
            None => self.of_open(&open(ledger, now).await?),
        }
    }

    /// The one id that begins so, of those that what is open names.
    pub(crate) fn of_open(&self, open: &Open) -> Result<ActionId, Nameless> {
        let tried = |record: &TargetRecord| -> Vec<ActionId> {
            record.care.tried.iter().map(|tried| tried.id.clone()).chain(record.care.open.clone()).collect()
        };
        let mut ids: BTreeSet<ActionId> = open.targets.iter().flat_map(tried).collect();
        ids.extend(open.actions.iter().map(|action| action.plan.id.clone()));
        ids.extend(open.incidents.iter().flat_map(|it| &it.remedies.notes).map(|note| note.id.clone()));
        self.one_of(ids)?.ok_or_else(|| Nameless::NotOpen(self.0.clone()))
    }

    /// The one id that begins so.
    pub(crate) fn one_of(&self, ids: BTreeSet<ActionId>) -> Result<Option<ActionId>, Nameless> {
        let mut found: Vec<ActionId> =
            ids.into_iter().filter(|id| id.as_str().starts_with(&self.0)).collect();
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => {
                let named = found.iter().take(NAMED).map(|id| id.short().to_owned()).collect();
                Err(Nameless::Several(self.0.clone(), named))
            }
        }
    }
}
