//! Reading through the whole ledger.

use super::{Access, Resource};
use crate::ledger::{Key, LedgerError, Stored};

/// Reads through the whole ledger: no function does, for what is closed is in no index. It costs what reading the table costs,
/// whatever is looked for.
pub trait Browse {
    /// What the methods need.
    const ACCESS: &'static [Access] =
        &[Access { method: "page", actions: &["dynamodb:Scan"], on: Resource::Table }];

    /// The items of the next page whose keys begin with `prefix`, from behind `after` on, in no order. What was written a moment
    /// ago may be missing.
    ///
    /// # Errors
    ///
    /// Where the ledger does not answer, or refuses. An item that cannot be read is an error of its own.
    async fn page(&self, prefix: &str, after: Option<&Key>) -> Result<Leaf, LedgerError>;
}

/// A page of the ledger.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Leaf {
    /// The items that were asked for, by key.
    pub items: Vec<(Key, Result<Stored, LedgerError>)>,
    /// How many were read for it.
    pub read: u64,
    /// What that cost, in read request units; 0 where the ledger does not say.
    pub units: f64,
    /// Where the next page begins, behind this one; absent: there is none.
    pub next: Option<Key>,
}
