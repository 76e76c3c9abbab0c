//! `steward audit`: whether a cluster's services keep to known good practice.

#[cfg(feature = "aws")]
mod command;
mod json;
pub(crate) mod read;
mod sarif;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run, seed};

#[cfg(test)]
mod tests;
