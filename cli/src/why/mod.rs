//! `steward why`: from what happened to what came of it, as far as the ledger keeps it.

mod asked;
#[cfg(feature = "aws")]
mod command;
mod json;
mod read;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
