//! What the commands around silences share: what one is about, and how it reads.

mod about;
mod text;

#[cfg(feature = "aws")]
pub(crate) use about::{Condition, lasts};
pub(crate) use about::{about, cause, condition};
pub(crate) use text::write_one;
#[cfg(feature = "aws")]
pub(crate) use text::{write_ended, write_listed, write_silenced};
