//! `steward incidents`: what goes on, or went on.

#[cfg(feature = "aws")]
mod command;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
