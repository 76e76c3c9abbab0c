//! `steward scaling`: how many tasks each scaled service has, how many it needs, and why.

mod chart;
#[cfg(feature = "aws")]
mod command;
#[cfg(any(feature = "aws", test))]
mod detail;
#[cfg(any(feature = "aws", test))]
mod read;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "aws", test))]
mod text;

pub(crate) use chart::{Chart, Point};
#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
