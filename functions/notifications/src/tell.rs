//! Tells one subject.
//!
//! Read the news and then the subject, render it, take the lease on its thread, send it to every channel that was not told
//! this news, and note each channel's success at once. When all were told, the news is due no longer, on condition that
//! it is still the news that was told.

use std::collections::BTreeMap;

use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use steward::config::Size;
use steward::ledger::{Expect, Key, Lease, LedgerError, News, Record, Stored, Thread, Transaction, Write};
use steward::notification::{self, Message, Subject};
use steward::ports::{Channel, Clock, Ledger, Postpone, SendError, Tell};

use crate::{Handler, KEEP, ON_ITS_WAY, TellError, Told};

/// A lease outlives its invocation by so much: what was sent in its last moment has arrived by then.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(2);
/// What a channel that fails is left alone for, doubled each time.
pub(crate) const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause; also the first for a channel that says that trying again is no use. Nothing is given up: a
/// webhook that is repaired gets what it missed.
pub(crate) const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);

/// How often in a row sweeps may get in between.
const MAX_TRIES: usize = 3;

/// A subject as it was read.
struct Read {
    news: News,
    news_item: Option<Stored>,
    thread: Thread,
    thread_item: Option<Stored>,
    message: Option<Message>,
}

impl<'p, L: Ledger, H: Channel, T: Tell + Postpone, C: Clock> Handler<'p, L, H, T, C> {
    /// Tells a subject as it stands now, to every channel that was not told its latest news.
    ///
    /// # Errors
    ///
    /// Where the ledger fails, a channel does not take the message, or somebody else is at it: call again later.
    pub async fn tell(&self, subject: &Subject) -> Result<Told, TellError> {
        if self.is_out_of_time() {
            return Err(TellError::OutOfTime);
        }
        let Some(read) = self.read(subject).await? else { return Ok(Told::Nothing) };
        let now = self.ports.clock.now();
        if is_held_by_another(&read.thread, &self.invocation.holder, now) {
            return Err(TellError::Elsewhere { subject: subject.clone() });
        }
        let missing = self.channels_without(&read.thread, read.news.seq);
        let (Some(message), false) = (&read.message, missing.is_empty()) else {
            self.clear_due(&read.news, read.news_item).await?;
            return Ok(Told::Nothing);
        };
        let until = self.invocation.deadline.ends().saturating_add(LEASE_MARGIN).unwrap_or(Timestamp::MAX);
        let lease = Lease { holder: self.invocation.holder.clone(), until };
        let leased = Thread { lease: Some(lease), ..read.thread };
        let expect = Expect::unchanged(read.thread_item.as_ref());
        match self.write_thread(&leased, expect).await {
            Err(LedgerError::Conflict { .. }) => {
                return Err(TellError::Elsewhere { subject: subject.clone() });
            }
            result => result?,
        }
        // What is sent in the last moment is not noted any more.
        if self.is_out_of_time() {
            return Err(TellError::OutOfTime);
        }
        let version = read.thread_item.as_ref().map_or(1, |stored| stored.version + 1);
        let (failed, attempts) = self.send(&missing, leased, version, read.news.seq, message).await?;
        if failed.is_empty() {
            self.clear_due(&read.news, read.news_item).await?;
            return Ok(Told::Yes { channels: missing.len() });
        }
        let pause = pause(&failed, attempts);
        // The message comes again after the pause; a sweep only if it got lost.
        let due = self.ports.clock.now() + pause + ON_ITS_WAY;
        // News that came meanwhile stays due as it is.
        let _newer = self.write_news(&read.news, read.news_item.as_ref(), Some(due)).await?;
        Err(TellError::Channels { failed, pause })
    }

    /// `None`: there is no news of the subject.
    ///
    /// The subject is read after its news. Read together, it could be the older of the two, and what the news is about would
    /// count as told.
    async fn read(&self, subject: &Subject) -> Result<Option<Read>, LedgerError> {
        let mut found =
            self.ports.ledger.read(&[Key::news(subject), Key::thread(subject)]).await?.into_iter();
        let (news_item, thread_item) = (found.next().flatten(), found.next().flatten());
        let Some(Stored { record: Record::News(news), .. }) = &news_item else { return Ok(None) };
        let thread = match &thread_item {
            Some(Stored { record: Record::Thread(thread), .. }) => thread.clone(),
            _ => Thread { subject: subject.clone(), told: BTreeMap::new(), lease: None, failures: 0 },
        };
        let news = news.clone();
        let found = match self.ports.ledger.read(&[Key::subject(subject)]).await {
            Err(error) if !error.is_retryable() => {
                // Only an upgrade or a repair helps: sweeps need not bring it up each time.
                let due = self.ports.clock.now() + LONGEST_PAUSE + ON_ITS_WAY;
                let _newer = self.write_news(&news, news_item.as_ref(), Some(due)).await?;
                return Err(error);
            }
            found => found?,
        };
        let subject_item = found.into_iter().flatten().next();
        let message = subject_item.as_ref().and_then(|stored| render(&stored.record, self.evidence));
        Ok(Some(Read { news, news_item, thread, thread_item, message }))
    }

    fn channels_without(&self, thread: &Thread, seq: u64) -> Vec<&'p H> {
        let knows = |channel: &H| thread.told.get(channel.name()).is_some_and(|told| *told >= seq);
        self.ports.channels.iter().filter(|channel| !knows(channel)).collect()
    }

    /// Sends to all at once, notes each success as it comes, and gives the lease back with the last. Answers who failed,
    /// and how often in a row some did.
    ///
    /// A note that fails cuts off no channel that is being sent to; the next note has what it had.
    async fn send(
        &self,
        missing: &[&'p H],
        mut thread: Thread,
        mut version: u64,
        seq: u64,
        message: &Message,
    ) -> Result<(Vec<SendError>, u32), LedgerError> {
        let subject = thread.subject.clone();
        let subject = &subject;
        let mut sends: FuturesUnordered<_> = missing
            .iter()
            .map(|channel| async move { (channel.name(), channel.send(subject, message).await) })
            .collect();
        let mut failed = Vec::new();
        let mut noted = Ok(());
        while let Some((name, result)) = sends.next().await {
            let is_last = sends.is_empty();
            let is_told = result.is_ok();
            match result {
                Ok(()) => {
                    thread.told.insert(name.to_owned(), seq);
                }
                Err(error) => failed.push(error),
            }
            if is_last {
                thread.lease = None;
                thread.failures = if failed.is_empty() { 0 } else { thread.failures + 1 };
            }
            if is_told || is_last {
                noted = self.write_thread(&thread, Expect::Version(version)).await;
                version += u64::from(noted.is_ok());
            }
        }
        if noted.is_err() {
            noted = self.write_thread(&thread, Expect::Version(version)).await;
        }
        noted.map(|()| (failed, thread.failures))
    }

    /// What was told is due no longer, unless newer news came meanwhile. A sweep that only moved its time is no news.
    async fn clear_due(&self, told: &News, mut stored: Option<Stored>) -> Result<(), LedgerError> {
        for _ in 0..MAX_TRIES {
            if self.write_news(told, stored.as_ref(), None).await? {
                return Ok(());
            }
            stored = self.ports.ledger.read(&[Key::news(&told.subject)]).await?.into_iter().flatten().next();
            match &stored {
                Some(Stored { record: Record::News(news), .. }) if news.seq == told.seq => {}
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    async fn write_thread(&self, thread: &Thread, expect: Expect) -> Result<(), LedgerError> {
        let key = Key::thread(&thread.subject);
        let expires = Some(self.ports.clock.now() + KEEP);
        let write = Write { key, expect, record: Record::Thread(thread.clone()), due: None, expires };
        self.ports.ledger.commit(Transaction { writes: vec![write] }).await
    }
}

/// How long to leave channels alone that did not take a message: as long as they ask, or twice as long each time.
pub(crate) fn pause(failed: &[SendError], attempts: u32) -> SignedDuration {
    let asked = failed.iter().filter_map(|error| error.retry_after).max();
    let doubled = (1..attempts).fold(FIRST_PAUSE, |pause, _| (pause * 2).min(LONGEST_PAUSE));
    if failed.iter().all(|error| !error.retryable) {
        return LONGEST_PAUSE;
    }
    asked.map_or(doubled, |asked| asked.clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
}

/// Whoever asks for no pause at all gets this one.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(1);

fn is_held_by_another(thread: &Thread, holder: &str, now: Timestamp) -> bool {
    thread.lease.as_ref().is_some_and(|lease| lease.holder != holder && lease.until > now)
}

fn render(record: &Record, evidence: Size) -> Option<Message> {
    match record {
        Record::Incident(subject) => Some(notification::incident_quoting(subject, evidence)),
        Record::Deployment(subject) => Some(notification::deployment_quoting(subject, evidence)),
        _ => None,
    }
}
