//! `steward history`: what became of one target, in order.

#[cfg(feature = "aws")]
mod command;
mod read;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run, target};
