//! A way to people.

use jiff::{SignedDuration, Timestamp};

use crate::ledger::Root;
use crate::notification::{Message, Subject};

/// A way to people.
pub trait Channel {
    /// Its stable name, under which the ledger keeps what it was told.
    fn name(&self) -> &str;

    /// Whether its messages can be edited, and have threads.
    fn edits(&self) -> bool {
        false
    }

    /// Sends one message, or brings one up to date. Answers where it can be found, if it can be edited later.
    ///
    /// # Errors
    ///
    /// Where the channel did not take it, or did not say.
    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError>;

    /// Looks for a letter that may have arrived though nobody heard so, from `since` on. `None`: it has not arrived, or
    /// nobody can tell.
    ///
    /// # Errors
    ///
    /// Where the channel did not answer.
    async fn find(&self, _: &Letter<'_>, _: Timestamp) -> Result<Option<Root>, SendError> {
        std::future::ready(Ok(None)).await
    }
}

/// What a channel is to send.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'l> {
    /// What it is about.
    pub subject: &'l Subject,
    /// What it says.
    pub message: &'l Message,
    /// Tells it from all others of its subject.
    pub key: &'l str,
    /// New, an edit, or a reply.
    pub how: How<'l>,
    /// With all that the channel offers, or plain: what a channel takes in any case.
    pub form: Form,
}

/// How a letter is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How<'l> {
    /// As a message of its own.
    New,
    /// In the place of an earlier one.
    Edit(&'l Root),
    /// In the thread of an earlier one.
    Reply {
        /// Which.
        root: &'l Root,
        /// Whether the whole channel sees it.
        aloud: bool,
    },
}

/// How much a letter uses of what its channel offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// All of it.
    #[default]
    Rich,
    /// Text alone.
    Plain,
}

/// A message that a channel did not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sending to {channel}: {problem}")]
pub struct SendError {
    /// The channel's name.
    pub channel: String,
    /// What it said.
    pub problem: String,
    /// How long it asks to be left alone.
    pub retry_after: Option<SignedDuration>,
    /// What that means.
    pub trouble: Trouble,
}

/// What it means that a channel did not take a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It has certainly not arrived, and may later.
    Later,
    /// Nobody knows whether it has arrived.
    Unknown,
    /// It will not arrive like this: rights, names, a channel that is gone.
    Refused,
    /// Its form is refused: a plainer one may arrive.
    Form,
    /// The message that it belongs to is gone, or can be edited no more.
    Gone,
}

impl SendError {
    /// Whether the same may arrive later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.trouble, Trouble::Later | Trouble::Unknown)
    }
}
