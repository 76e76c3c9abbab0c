//! Steward's ports as a world offers them: each call yields, may go wrong, and is checked where it takes effect.

mod ecs;
mod ledger;
mod parameters;
mod scaling;
mod tasks;
mod telling;

use futures_util::FutureExt;

pub(super) use ecs::{EcsPort, STEWARD};
pub(super) use ledger::LedgerPort;
pub(super) use parameters::ParametersPort;
pub(super) use scaling::ScalePort;
pub(super) use tasks::RunTasksPort;
pub(super) use telling::{Inbox, TellPort};

/// The answer of a future that waits for nothing: everything in memory does.
pub(super) fn at_once<T, E>(
    future: impl Future<Output = Result<T, E>>,
    otherwise: impl FnOnce() -> E,
) -> Result<T, E> {
    future.now_or_never().unwrap_or_else(|| Err(otherwise()))
}
