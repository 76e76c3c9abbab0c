//! `steward actions`: what Steward asks, does and did.

#[cfg(feature = "aws")]
mod command;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
