//! `steward jobs`: what runs, when next, and what became of it. What the other commands around jobs share stands here, too.

#[cfg(feature = "aws")]
mod command;
mod known;
mod read;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(feature = "aws")]
mod source;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod time;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, Format, run};
pub(crate) use known::{known, zone_of};
#[cfg(feature = "aws")]
pub(crate) use source::{Needs, Opened, Source};
pub(crate) use table::{Cell, write_table};
pub(crate) use text::style_of;
pub(crate) use time::{ago, rough};
