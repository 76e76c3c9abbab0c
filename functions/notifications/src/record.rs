//! What is remembered of a channel: places in its budget, what it was not told, and whether it takes anything.

use jiff::{SignedDuration, Timestamp};
use steward::ledger::{
    ChannelRecord, HeldBack, Key, LedgerError, Record, Stored, Transaction, Trouble, Withheld, Write,
    push_news,
};
use steward::notification::Subject;
use steward::ports::{Channel, Clock, Evidence, Ledger, Postpone, Tell};
use steward::redact::redact;

use crate::Handler;

/// Several subjects are told at the same time, and each may want a place in one channel's budget.
const MAX_TRIES: usize = 12;

/// What a change of a record brings along: news of a subject, after a while.
type News = Option<(Subject, SignedDuration)>;

/// What is known of an item before it is changed.
#[derive(Debug, Default)]
pub(crate) enum Item {
    /// Nothing: it is read first.
    #[default]
    Unread,
    /// How it was read; should it have changed, it is read anew.
    Read(Box<Option<Stored>>),
}

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// Takes a place in a channel's budget. `Some`: there is none before that time. Whoever waits for a person gets one in
    /// any case.
    pub(crate) async fn spend(
        &self,
        channel: &str,
        item: Item,
        anyway: bool,
    ) -> Result<Option<Timestamp>, LedgerError> {
        let budget = self.configuration.notifications.budget_of(channel);
        let mut free_at = None;
        self.change_channel(channel, item, |record, now| {
            free_at = None;
            if anyway {
                record.spend_anyway(budget, now);
            } else {
                free_at = record.spend(budget, now).err();
            }
            None
        })
        .await?;
        Ok(free_at)
    }

    /// Gives a place back: a channel that takes nothing for an hour must not have used up its budget by that.
    pub(crate) async fn give_back(&self, channel: &str) -> Result<(), LedgerError> {
        let changed = self.change_channel(channel, Item::Unread, |record, _| {
            record.give_back();
            None
        });
        changed.await.map(|_| ())
    }

    /// Notes that a channel refuses everything. Answers what people are to be told of it under.
    pub(crate) async fn refuses(&self, channel: &str, problem: &str) -> Result<Option<Subject>, LedgerError> {
        let changed = self.change_channel(channel, Item::Unread, |record, now| {
            if record.trouble.is_some() {
                return None;
            }
            record.trouble = Some(Trouble { since: now, problem: redact(problem) });
            let subject = Subject::Channel { channel: channel.to_owned(), since: now };
            Some((subject, SignedDuration::ZERO))
        });
        changed.await
    }

    /// Notes that a channel that refused everything takes something again.
    pub(crate) async fn takes(&self, channel: &str) -> Result<Option<Subject>, LedgerError> {
        let changed = self.change_channel(channel, Item::Unread, |record, now| {
            let trouble = record.trouble.take()?;
            record.recovered_at = Some(now);
            let subject = Subject::Channel { channel: channel.to_owned(), since: trouble.since };
            Some((subject, SignedDuration::ZERO))
        });
        changed.await
    }

    /// Notes what a channel is not told.
    pub(crate) async fn withhold(&self, channel: &str, withheld: Withheld) -> Result<(), LedgerError> {
        let is_digested = withheld.why.is_digested();
        let changed = self.change_held_back(channel, |held, now| {
            held.take(withheld.clone());
            digest(held, now).filter(|_| is_digested)
        });
        changed.await
    }

    /// Notes that a digest was sent.
    pub(crate) async fn digested(&self, channel: &str, sent: &HeldBack) -> Result<(), LedgerError> {
        let changed = self.change_held_back(channel, |held, now| {
            held.digested(sent, now);
            digest(held, now)
        });
        changed.await
    }

    async fn change_channel(
        &self,
        channel: &str,
        item: Item,
        change: impl FnMut(&mut ChannelRecord, Timestamp) -> News,
    ) -> Result<Option<Subject>, LedgerError> {
        let read = |stored: Option<&Stored>| channel_of(channel, stored);
        let wrap = |record| Record::Channel(Box::new(record));
        self.change(Key::channel(channel), item, read, wrap, change).await
    }

    async fn change_held_back(
        &self,
        channel: &str,
        change: impl FnMut(&mut HeldBack, Timestamp) -> News,
    ) -> Result<(), LedgerError> {
        let read = |stored: Option<&Stored>| held_back_of(channel, stored);
        let wrap = |held| Record::HeldBack(Box::new(held));
        self.change(Key::held_back(channel), Item::Unread, read, wrap, change).await.map(|_| ())
    }

    /// Reads an item, unless it was read before, changes it and writes it, with the news that this makes; when somebody else
    /// wrote meanwhile, again from the start. What changes nothing is no write.
    async fn change<R: Clone + PartialEq>(
        &self,
        key: Key,
        mut item: Item,
        read: impl Fn(Option<&Stored>) -> R,
        wrap: impl Fn(R) -> Record,
        mut change: impl FnMut(&mut R, Timestamp) -> News,
    ) -> Result<Option<Subject>, LedgerError> {
        let mut tries = 1;
        loop {
            let stored = match std::mem::take(&mut item) {
                Item::Read(stored) => *stored,
                Item::Unread => self.ports.ledger.read(std::slice::from_ref(&key)).await?.pop().flatten(),
            };
            let known = read(stored.as_ref());
            let now = self.ports.clock.now();
            let mut next = known.clone();
            let news = change(&mut next, now);
            if next == known {
                return Ok(None);
            }
            let mut writes = vec![Write::new(key.clone(), stored.as_ref(), wrap(next))];
            if let Some((subject, after)) = &news {
                push_news(self.ports.ledger, &mut writes, std::slice::from_ref(subject), *after, now).await?;
            }
            match self.ports.ledger.commit(Transaction { writes }).await {
                Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
                result => return result.map(|()| news.map(|(subject, _)| subject)),
            }
        }
    }
}

/// The channel's digest, when it is due.
fn digest(held: &HeldBack, now: Timestamp) -> News {
    let after = held.digest_due()?.duration_since(now).max(SignedDuration::ZERO);
    Some((Subject::Digest { channel: held.channel.clone() }, after))
}

fn channel_of(channel: &str, stored: Option<&Stored>) -> ChannelRecord {
    match stored.map(|stored| &stored.record) {
        Some(Record::Channel(record)) => (**record).clone(),
        _ => ChannelRecord::new(channel),
    }
}

/// What a channel was not told, as it was read.
pub(crate) fn held_back_of(channel: &str, stored: Option<&Stored>) -> HeldBack {
    match stored.map(|stored| &stored.record) {
        Some(Record::HeldBack(held)) => (**held).clone(),
        _ => HeldBack::none(channel),
    }
}
