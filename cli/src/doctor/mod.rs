//! `steward doctor`: whether an installation is well, end to end, and what to do where it is not.

mod checks;
#[cfg(feature = "aws")]
mod command;
mod json;
mod read;
mod readings;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};

#[cfg(test)]
mod tests;
