//! What is remembered of a channel: places in its budget, what it was not told, and whether it takes anything.

use jiff::Timestamp;
use steward::ledger::{
    ChannelRecord, Key, LedgerError, Record, Stored, Transaction, Trouble, Withheld, Write, push_news,
};
use steward::notification::Subject;
use steward::ports::{Channel, Clock, Evidence, Ledger, Postpone, Tell};
use steward::redact::redact;

use crate::Handler;

/// Several subjects are told at the same time, and each may want a place in one channel's budget.
const MAX_TRIES: usize = 12;

/// What a change of a record brings along.
enum News {
    None,
    /// The channel's digest is due by then, or earlier.
    Digest,
    /// The channel's trouble since then began, or ended.
    Trouble(Timestamp),
}

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// Takes a place in a channel's budget. `Some`: there is none before that time. Whoever waits for a person gets one in
    /// any case.
    pub(crate) async fn spend(&self, channel: &str, anyway: bool) -> Result<Option<Timestamp>, LedgerError> {
        let budget = self.configuration.notifications.budget_of(channel);
        let mut free_at = None;
        self.change(channel, |record, now| {
            free_at = None;
            if anyway {
                record.spend_anyway(budget, now);
            } else {
                free_at = record.spend(budget, now).err();
            }
            News::None
        })
        .await?;
        Ok(free_at)
    }

    /// Notes what a channel is not told.
    pub(crate) async fn withhold(&self, channel: &str, withheld: Withheld) -> Result<(), LedgerError> {
        let is_digested = withheld.why.is_digested();
        let changed = self.change(channel, |record, _| {
            record.withhold(withheld.clone());
            if is_digested { News::Digest } else { News::None }
        });
        changed.await.map(|_| ())
    }

    /// Notes that a channel refuses everything. Answers what people are to be told of it under.
    pub(crate) async fn refuses(&self, channel: &str, problem: &str) -> Result<Option<Subject>, LedgerError> {
        let changed = self.change(channel, |record, now| {
            if record.trouble.is_some() {
                return News::None;
            }
            record.trouble = Some(Trouble { since: now, problem: redact(problem) });
            News::Trouble(now)
        });
        changed.await
    }

    /// Notes that a channel that refused everything takes something again.
    pub(crate) async fn takes(&self, channel: &str) -> Result<Option<Subject>, LedgerError> {
        let changed = self.change(channel, |record, now| match record.trouble.take() {
            None => News::None,
            Some(trouble) => {
                record.recovered_at = Some(now);
                News::Trouble(trouble.since)
            }
        });
        changed.await
    }

    /// Notes that a digest was sent.
    pub(crate) async fn digested(&self, channel: &str, sent: &ChannelRecord) -> Result<(), LedgerError> {
        let changed = self.change(channel, |record, now| {
            record.digested(sent, now);
            if record.digest_due().is_some() { News::Digest } else { News::None }
        });
        changed.await.map(|_| ())
    }

    /// Reads a record, changes it and writes it, with what that brings along; when somebody else wrote meanwhile, again from
    /// the start. What changes nothing is no write.
    async fn change(
        &self,
        channel: &str,
        mut change: impl FnMut(&mut ChannelRecord, Timestamp) -> News,
    ) -> Result<Option<Subject>, LedgerError> {
        let key = Key::channel(channel);
        let mut tries = 1;
        loop {
            let stored = self.ports.ledger.read(std::slice::from_ref(&key)).await?.pop().flatten();
            let known = record_of(channel, stored.as_ref());
            let now = self.ports.clock.now();
            let mut next = known.clone();
            let news = change(&mut next, now);
            if next == known {
                return Ok(None);
            }
            let (subject, due) = match news {
                News::None => (None, None),
                News::Digest => (Some(Subject::Digest { channel: channel.to_owned() }), next.digest_due()),
                News::Trouble(since) => {
                    (Some(Subject::Channel { channel: channel.to_owned(), since }), Some(now))
                }
            };
            let record = Record::Channel(Box::new(next));
            let mut writes = vec![Write::new(key.clone(), stored.as_ref(), record)];
            if let (Some(subject), Some(due)) = (&subject, due) {
                let wait = due.duration_since(now).max(jiff::SignedDuration::ZERO);
                push_news(self.ports.ledger, &mut writes, std::slice::from_ref(subject), wait, now).await?;
            }
            match self.ports.ledger.commit(Transaction { writes }).await {
                Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
                result => return result.map(|()| subject),
            }
        }
    }
}

/// A channel's record as it was read.
pub(crate) fn record_of(channel: &str, stored: Option<&Stored>) -> ChannelRecord {
    match stored.map(|stored| &stored.record) {
        Some(Record::Channel(record)) => (**record).clone(),
        _ => ChannelRecord::new(channel),
    }
}
