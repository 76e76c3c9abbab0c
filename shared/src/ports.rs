//! What the handlers ask of the outside, one small trait a capability.
//!
//! Each trait is as wide as the IAM statement of the function that holds it. A handler is generic over its ports, so the
//! same code runs in Lambda, in the demo and in a simulation that can stop it at every call.

use jiff::{SignedDuration, Timestamp};

use crate::ledger::{Key, LedgerError, Owner, Stored, Transaction};
use crate::notification::{Message, Subject};

/// Tells the time.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The one memory. IAM: `dynamodb:GetItem`, `PutItem`, `UpdateItem`, `ConditionCheckItem`, `Query`, by leading keys.
pub trait Ledger {
    /// Reads items, each as it is now (strongly consistent); what is not there is `None`. The answers are in the order
    /// of the keys.
    ///
    /// # Errors
    ///
    /// Where the ledger does not answer, or an item is newer than this version.
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError>;

    /// Carries out all writes or none.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Conflict`] where an item is not as a write expects it: read again, and decide again.
    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError>;

    /// Keys of an owner's items that are due at `now`, the longest due first. The index behind it lags: what it names
    /// is read again before anything is done.
    ///
    /// # Errors
    ///
    /// Where the ledger does not answer.
    async fn due(&self, owner: Owner, now: Timestamp, limit: usize) -> Result<Vec<Key>, LedgerError>;
}

/// Wakes the notifications function. IAM: `sqs:SendMessage` on the `tell` queue.
pub trait Tell {
    /// Asks that `subject` be told after a while, in which more news may gather. At most 15 minutes.
    ///
    /// # Errors
    ///
    /// Where the queue does not take it. Nothing is lost: the news is due in the ledger, and a sweep finds it.
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError>;
}

/// A nudge that the queue did not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SendMessage to the tell queue for {subject}: {problem}")]
pub struct NudgeError {
    /// What was to be told.
    pub subject: String,
    /// What the queue said.
    pub problem: String,
}

/// A way to people.
pub trait Channel {
    /// Its stable name, under which the ledger keeps what it was told.
    fn name(&self) -> &str;

    /// Sends a subject's current state.
    ///
    /// # Errors
    ///
    /// Where the channel did not take it.
    async fn send(&self, subject: &Subject, message: &Message) -> Result<(), SendError>;
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
    /// Whether trying again can help.
    pub retryable: bool,
}
