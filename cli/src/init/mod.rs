//! `steward init`: a first `steward.yaml`, from what runs in the account.

#[cfg(feature = "aws")]
mod command;
mod found;
mod page;
mod read;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};

#[cfg(test)]
mod tests;
