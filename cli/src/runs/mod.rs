//! `steward runs`: what became of a job's runs, and of the tasks of one. What `steward cancel` and `retry` say stands here, too.

#[cfg(feature = "aws")]
mod command;
mod detail;
mod ended;
mod json;
mod read;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
#[cfg(feature = "aws")]
pub(crate) use ended::{write_again, write_cancelled};
