//! What a channel got, message by message.

use jiff::Timestamp;
use steward::notification::{Message, Subject};
use steward::ports::{How, Letter};
use steward::words::Language;

/// How the channel is that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listener {
    /// Whether its messages can be edited, and have threads.
    pub edits: bool,
    /// In which language it is told.
    pub language: Language,
}

/// One message, as a channel got it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub subject: Subject,
    /// What it says.
    pub message: Message,
    /// Tells it from the others of its subject.
    pub key: String,
    /// The message that its thread hangs on: itself where it is new.
    pub root: String,
    /// Where it is put.
    pub how: Placed,
}

/// Where a message is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It is a message of its own.
    New,
    /// In the place of an earlier one.
    Edit,
    /// In the thread of an earlier one.
    Reply {
        /// Whether the whole channel sees it.
        aloud: bool,
    },
}

impl Post {
    /// The `number`th letter of a channel.
    pub fn of(letter: &Letter<'_>, number: usize, at: Timestamp) -> Self {
        let (root, how) = match letter.how {
            How::New => (number.to_string(), Placed::New),
            How::Edit(root) => (root.id.clone(), Placed::Edit),
            How::Reply { root, aloud } => (root.id.clone(), Placed::Reply { aloud }),
        };
        let (subject, message) = (letter.subject.clone(), letter.message.clone());
        Self { at, subject, message, key: letter.key.to_owned(), root, how }
    }
}
