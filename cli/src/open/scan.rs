//! All that there is, by reading the whole table.

use jiff::Timestamp;
use steward::ledger::{LedgerError, Record};
use steward::ports::Browse;

/// What reading the whole table came to.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// The items that were looked for.
    pub(crate) records: Vec<Record>,
    /// How many items were read.
    pub(crate) read: u64,
    /// What that cost, in read request units.
    pub(crate) units: f64,
    /// What could not be read.
    pub(crate) unreadable: Vec<LedgerError>,
}

/// Reads the whole table, and keeps the items whose keys begin with `prefix` and that `keep` wants. `show` says how far it is.
pub(crate) async fn scan<B: Browse>(
    ledger: &B,
    prefix: &str,
    now: Timestamp,
    keep: impl Fn(&Record) -> bool,
    show: impl Fn(&str),
) -> Result<Scanned, LedgerError> {
    let mut scanned = Scanned::default();
    let mut after = None;
    loop {
        let leaf = ledger.page(prefix, after.as_ref()).await?;
        scanned.read += leaf.read;
        scanned.units += leaf.units;
        for (_, stored) in leaf.items {
            match stored {
                Ok(stored) => scanned.records.extend(stored.live(now).filter(|it| keep(it)).cloned()),
                Err(error) => scanned.unreadable.push(error),
            }
        }
        show(&format!("{} items read, {} found", scanned.read, scanned.records.len()));
        after = leaf.next;
        if after.is_none() {
            return Ok(scanned);
        }
    }
}
