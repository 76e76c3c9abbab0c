//! The notifications function: what is due is told, whole and in its current state.
//!
//! Messages of the `tell` queue name subjects (`batch`); each subject is told by one invocation at a time, to every
//! channel that was not told its latest news (`tell`). A sweep queues what is due and has no message any more (`sweep`).
//!
//! # Guarantees
//!
//! A crash, a lost nudge or a channel that fails delays a message and loses none: the news stays due, and the sweep
//! comes back to it. One channel's failure holds up no other. A repeat is possible where a send took effect and nobody heard
//! of it: a crash between sending and noting, or an answer that is lost or late.

mod batch;
mod digest;
mod gather;
mod lanes;
mod outage;
mod record;
mod sweep;
mod tell;

use jiff::{SignedDuration, Timestamp};
use steward::config::Configuration;
use steward::deadline::Deadline;
use steward::ledger::{Expect, Key, LedgerError, News, Owner, Record, Stored, Transaction, Write};
use steward::notification::Subject;
use steward::ports::{Access, Channel, Clock, Evidence, Ledger, Parameters, Postpone, Role, SendError, Tell};
use steward::request::{Request, RequestError};

pub use batch::Message;
pub use sweep::Swept;

/// What was told is remembered for so long after the last message.
const KEEP: SignedDuration = SignedDuration::from_hours(35 * 24);
/// How often in a row others may write in between.
const MAX_TRIES: usize = 5;
/// An invocation and its lease: the template's time-out, a margin, and what clocks differ by.
const LONGEST_INVOCATION: SignedDuration = SignedDuration::from_mins(2);
/// A subject whose message is on its way is left alone by sweeps for so long: the message is expected to come first.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(5);

/// The outside, as far as this function needs it.
pub struct Ports<'p, L, H, T, C, V> {
    /// The memory.
    pub ledger: &'p L,
    /// The ways to people.
    pub channels: &'p [H],
    /// The queue that wakes this function.
    pub queue: &'p T,
    /// The time.
    pub clock: &'p C,
    /// What makes an alert say more.
    pub evidence: &'p V,
}

/// What the function's role allows, with what each of its channels needs; `P` reads its configuration.
pub fn role<L: Ledger, Q: Tell + Postpone, V: Evidence, P: Parameters>(channels: &[&[Access]]) -> Role {
    let ports = [L::ACCESS, <Q as Tell>::ACCESS, <Q as Postpone>::ACCESS, V::ACCESS, P::ACCESS];
    Role {
        needs: [ports.concat(), channels.concat()].concat(),
        // Incidents are remediation's to write, what is wrong with jobs is batch's, and with scaled services scaling's.
        reads: &[Owner::Remediation, Owner::Batch, Owner::Scaling, Owner::Notifications, Owner::Shared],
        writes: &[Owner::Notifications, Owner::Shared],
        due: Owner::Shared,
    }
}

/// Who tells, and until when it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Names this invocation, as no other is named.
    pub holder: String,
    /// When it ends.
    pub deadline: Deadline,
}

/// The function, ready to handle one invocation.
pub struct Handler<'p, L, H, T, C, V> {
    ports: Ports<'p, L, H, T, C, V>,
    invocation: Invocation,
    configuration: Configuration,
}

/// What became of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Told to so many channels, and to none that knew it already.
    Yes {
        /// How many.
        channels: usize,
    },
    /// Nothing to tell: all were told.
    Nothing,
}

/// Why a subject was not told to all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// The ledger did not answer, or refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Channels did not take the message; the others did.
    #[error("{}", .failed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Channels {
        /// Which, and why.
        failed: Vec<SendError>,
        /// How long they are left alone.
        pause: SignedDuration,
        /// For how long the news waits that one of them does not have; absent where what failed is no news, but a reminder.
        late: Option<SignedDuration>,
    },
    /// Another invocation is at it.
    #[error("{subject} is being told by another invocation")]
    Elsewhere {
        /// What.
        subject: Subject,
    },
    /// The invocation is about to end.
    #[error("no time is left in this invocation")]
    OutOfTime,
}

/// What an invocation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It told what messages named, or what it was asked for.
    Told(Vec<Message>),
    /// It swept.
    Swept(Swept),
}

/// What an invocation as a whole failed for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// The payload is neither a batch nor a request.
    #[error(transparent)]
    Payload(#[from] RequestError),
    /// The ledger does not say what is due.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl<'p, L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'p, L, H, T, C, V> {
    /// A handler with its ports, for one invocation.
    pub fn new(ports: Ports<'p, L, H, T, C, V>, invocation: Invocation) -> Self {
        Self { ports, invocation, configuration: Configuration::default() }
    }

    /// As people decided.
    #[must_use]
    pub fn configured(self, configuration: Configuration) -> Self {
        Self { configuration, ..self }
    }

    /// Handles what the function was invoked with: a batch of the `tell` queue, or a request.
    ///
    /// # Errors
    ///
    /// Where nothing of it could be handled; what failed of a batch is in the outcome.
    pub async fn handle(&self, payload: &[u8]) -> Result<Outcome, HandleError> {
        if let Some(messages) = batch::read(payload) {
            return Ok(Outcome::Told(self.tell_all(messages).await));
        }
        match Request::parse(payload)? {
            Request::Sweep => Ok(Outcome::Swept(self.sweep().await?)),
            Request::RunJob { .. } => Err(RequestError { problem: "batch runs jobs".to_owned() }.into()),
            Request::Tell { subject } => {
                Ok(Outcome::Told(self.tell_all(vec![Message::asked(subject)]).await))
            }
        }
    }

    fn is_out_of_time(&self) -> bool {
        self.invocation.deadline.is_near(self.ports.clock.now())
    }

    /// Answers whether the item was still as it was read.
    async fn write_news(
        &self,
        news: &News,
        stored: Option<&Stored>,
        due: Option<Timestamp>,
    ) -> Result<bool, LedgerError> {
        let key = Key::news(&news.subject);
        let expires = due.is_none().then(|| self.ports.clock.now() + KEEP);
        let expect = Expect::unchanged(stored);
        let write = Write { key, expect, record: Record::News(news.clone()), due, expires };
        match self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
            Err(LedgerError::Conflict { .. }) => Ok(false),
            result => result.map(|()| true),
        }
    }
}

#[cfg(test)]
mod tests;
