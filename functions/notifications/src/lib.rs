//! The notifications function: what is due is told, whole and in its current state.
//!
//! # Flow
//!
//! Take the lease on the subject's thread, read the subject, render it, send it to every channel that was not told this
//! news, and note each channel's success. When all were told, the news is due no longer, on condition that it is still
//! the news that was told.
//!
//! # Guarantees
//!
//! A crash, a lost nudge or a channel that fails delays a message and loses none: the news stays due, and the sweep
//! comes back to it. One channel's failure holds up no other. The one repeat that is possible is a crash between sending
//! and noting.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use steward::config::{Notifications, Size};
use steward::ledger::{
    Expect, Key, Lease, LedgerError, News, Owner, Record, Stored, Thread, Transaction, Write,
};
use steward::notification::{Message, Subject, deployment_quoting, incident_quoting};
use steward::ports::{Channel, Clock, Ledger, SendError};

/// Longer than the function may run: nobody else tells the subject meanwhile.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// What a channel that fails is left alone for, doubled each time.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause; also the first for a channel that says that trying again is no use. Nothing is given up: a
/// webhook that is repaired gets what it missed.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// What was told is remembered for so long after the last message.
const KEEP: SignedDuration = SignedDuration::from_hours(35 * 24);
/// How many due subjects one sweep looks at.
const SWEEP_LIMIT: usize = 100;

/// The outside, as far as this function needs it.
pub struct Ports<'p, L, H, C> {
    /// The memory.
    pub ledger: &'p L,
    /// The ways to people.
    pub channels: &'p [H],
    /// The time.
    pub clock: &'p C,
}

/// The function, ready to be invoked.
pub struct Handler<'p, L, H, C> {
    ports: Ports<'p, L, H, C>,
    evidence: Size,
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
    /// Another invocation is at it.
    Elsewhere,
}

/// Why a subject was not told to all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// The ledger did not answer, or refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Channels did not take the message; the others did.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Channels(Vec<SendError>),
}

impl<'p, L: Ledger, H: Channel, C: Clock> Handler<'p, L, H, C> {
    /// A handler with its ports, as configured by default.
    pub fn new(ports: Ports<'p, L, H, C>) -> Self {
        Self { ports, evidence: Notifications::default().evidence }
    }

    /// Quotes at most so much of each text.
    #[must_use]
    pub fn quoting(self, evidence: Size) -> Self {
        Self { evidence, ..self }
    }

    /// Tells what is due. `holder` names this invocation.
    ///
    /// # Errors
    ///
    /// Where the ledger does not say what is due. Subjects that could not be told are in the answer, and stay due.
    pub async fn sweep(&self, holder: &str) -> Result<Vec<(Subject, Result<Told, TellError>)>, LedgerError> {
        let now = self.ports.clock.now();
        let keys = self.ports.ledger.due(Owner::Shared, now, SWEEP_LIMIT).await?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut told = Vec::new();
        for key in keys {
            // An unreadable item must not hold up the others.
            let Ok(found) = self.ports.ledger.read(std::slice::from_ref(&key)).await else { continue };
            if let Some(Stored { record: Record::News(news), .. }) = found.into_iter().flatten().next() {
                let result = self.tell(&news.subject, holder).await;
                told.push((news.subject, result));
            }
        }
        Ok(told)
    }

    /// Tells a subject as it stands now, to every channel that was not told its latest news.
    ///
    /// # Errors
    ///
    /// Where the ledger fails, or a channel does not take the message: call again later.
    pub async fn tell(&self, subject: &Subject, holder: &str) -> Result<Told, TellError> {
        let keys = [Key::news(subject), Key::thread(subject), Key::subject(subject)];
        let mut found = self.ports.ledger.read(&keys).await?.into_iter();
        let (news_item, thread_item, subject_item) =
            (found.next().flatten(), found.next().flatten(), found.next().flatten());
        let Some(Stored { record: Record::News(news), .. }) = &news_item else { return Ok(Told::Nothing) };
        let thread = match &thread_item {
            Some(Stored { record: Record::Thread(thread), .. }) => thread.clone(),
            _ => Thread { subject: subject.clone(), told: BTreeMap::new(), lease: None, failures: 0 },
        };
        let now = self.ports.clock.now();
        if is_held_by_another(&thread, holder, now) {
            return Ok(Told::Elsewhere);
        }
        let missing = self.channels_without(&thread, news.seq);
        let message = subject_item.as_ref().and_then(|stored| render(&stored.record, self.evidence));
        let (Some(message), false) = (message, missing.is_empty()) else {
            self.clear_due(news, news_item.as_ref()).await?;
            return Ok(Told::Nothing);
        };
        let lease = Lease { holder: holder.to_owned(), until: now + LEASE };
        let leased = Thread { lease: Some(lease), ..thread };
        match self.write_thread(&leased, Expect::unchanged(thread_item.as_ref())).await {
            Err(LedgerError::Conflict { .. }) => return Ok(Told::Elsewhere),
            result => result?,
        }
        let version = thread_item.as_ref().map_or(1, |stored| stored.version + 1);
        self.send(&missing, leased, version, news, news_item.as_ref(), &message).await
    }

    fn channels_without(&self, thread: &Thread, seq: u64) -> Vec<&'p H> {
        let knows = |channel: &H| thread.told.get(channel.name()).is_some_and(|told| *told >= seq);
        self.ports.channels.iter().filter(|channel| !knows(channel)).collect()
    }

    /// Sends to each channel, notes the successes, and gives the lease back.
    async fn send(
        &self,
        missing: &[&'p H],
        mut thread: Thread,
        version: u64,
        news: &News,
        news_item: Option<&Stored>,
        message: &Message,
    ) -> Result<Told, TellError> {
        let mut failed = Vec::new();
        for channel in missing {
            match channel.send(&thread.subject, message).await {
                Ok(()) => {
                    thread.told.insert(channel.name().to_owned(), news.seq);
                }
                Err(error) => failed.push(error),
            }
        }
        thread.lease = None;
        thread.failures = if failed.is_empty() { 0 } else { thread.failures + 1 };
        let attempts = thread.failures;
        self.write_thread(&thread, Expect::Version(version)).await?;
        if failed.is_empty() {
            self.clear_due(news, news_item).await?;
            return Ok(Told::Yes { channels: missing.len() });
        }
        let due = self.ports.clock.now() + pause(&failed, attempts);
        self.write_news(news, news_item, Some(due)).await?;
        Err(TellError::Channels(failed))
    }

    async fn write_thread(&self, thread: &Thread, expect: Expect) -> Result<(), LedgerError> {
        let key = Key::thread(&thread.subject);
        let expires = Some(self.ports.clock.now() + KEEP);
        let write = Write { key, expect, record: Record::Thread(thread.clone()), due: None, expires };
        self.ports.ledger.commit(Transaction { writes: vec![write] }).await
    }

    async fn clear_due(&self, news: &News, stored: Option<&Stored>) -> Result<(), LedgerError> {
        self.write_news(news, stored, None).await
    }

    /// News that came meanwhile stays due as it is: then the item is not as it was read.
    async fn write_news(
        &self,
        news: &News,
        stored: Option<&Stored>,
        due: Option<Timestamp>,
    ) -> Result<(), LedgerError> {
        let key = Key::news(&news.subject);
        let expires = due.is_none().then(|| self.ports.clock.now() + KEEP);
        let expect = Expect::unchanged(stored);
        let write = Write { key, expect, record: Record::News(news.clone()), due, expires };
        match self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
            Err(LedgerError::Conflict { .. }) => Ok(()),
            result => result,
        }
    }
}

/// How long to leave channels alone that did not take a message: as long as they ask, or twice as long each time.
fn pause(failed: &[SendError], attempts: u32) -> SignedDuration {
    let asked = failed.iter().filter_map(|error| error.retry_after).max();
    let doubled = (1..attempts).fold(FIRST_PAUSE, |pause, _| (pause * 2).min(LONGEST_PAUSE));
    if failed.iter().all(|error| !error.retryable) {
        return LONGEST_PAUSE;
    }
    asked.map_or(doubled, |asked| asked.max(FIRST_PAUSE).min(LONGEST_PAUSE))
}

fn is_held_by_another(thread: &Thread, holder: &str, now: Timestamp) -> bool {
    thread.lease.as_ref().is_some_and(|lease| lease.holder != holder && lease.until > now)
}

fn render(record: &Record, evidence: Size) -> Option<Message> {
    match record {
        Record::Incident(subject) => Some(incident_quoting(subject, evidence)),
        Record::Deployment(subject) => Some(deployment_quoting(subject, evidence)),
        Record::Target(_) | Record::News(_) | Record::Thread(_) => None,
    }
}

#[cfg(test)]
mod tests;
