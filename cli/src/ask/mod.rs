//! `steward run`: asks for a run of a job, or for those of many slots.

mod begin;
#[cfg(feature = "aws")]
mod command;
mod parameters;
mod slots;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
