//! Asking for runs, slot by slot.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::batch::people::{Asked, ask};
use steward::batch::{Job, Run, RunId, Slot, Terms};
use steward::ledger::LedgerError;
use steward::ports::Ledger;

/// What is asked for.
pub(super) struct Request<'r> {
    pub(super) job: &'r Job,
    /// Each with the time that it names.
    pub(super) slots: &'r [(Slot, Timestamp)],
    /// Parameters for all of them.
    pub(super) set: &'r BTreeMap<String, String>,
    pub(super) by: &'r str,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Begun {
    /// Runs that stand in the ledger now.
    pub(super) new: Vec<RunId>,
    /// Runs that did before, as they stand.
    pub(super) known: Vec<Run>,
    /// Slots that were not asked for any more, because the ledger failed.
    pub(super) left: usize,
    /// How it did.
    pub(super) failed: Option<LedgerError>,
}

/// Asks for the runs in order, and stops where the ledger fails: asking again goes on from there.
pub(super) async fn begin<L: Ledger>(ledger: &L, request: &Request<'_>, terms: &Terms) -> Begun {
    let mut begun = Begun::default();
    for (place, (slot, time)) in request.slots.iter().enumerate() {
        let id = RunId { job: request.job.name.clone(), slot: slot.clone() };
        match ask(ledger, id, *time, request.set.clone(), request.by, terms).await {
            Ok(Asked::Begun(id)) => begun.new.push(id),
            Ok(Asked::Exists(run)) => begun.known.push(*run),
            Err(error) => {
                begun.left = request.slots.len() - place;
                begun.failed = Some(error);
                break;
            }
        }
    }
    begun
}
