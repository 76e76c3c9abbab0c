//! `steward suppressed`: what was not told, and why.

#[cfg(feature = "aws")]
mod command;
mod read;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
