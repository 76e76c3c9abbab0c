//! `steward redrive`: what could not be handled, once more.

#[cfg(feature = "aws")]
mod command;
mod letter;
mod queues;
mod steps;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
