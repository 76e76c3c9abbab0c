//! `steward status`: how it stands, on one screen.

#[cfg(feature = "aws")]
mod command;
mod json;
mod needs;
mod read;
#[cfg(test)]
mod tests;
mod text;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run, settings};
pub(crate) use read::Settings;
