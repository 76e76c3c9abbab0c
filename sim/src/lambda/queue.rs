//! SQS standard queues in virtual time: the caller says what time it is, and nothing happens but by its calls.
//!
//! # Invariants
//!
//! * A message is given out again only once its visibility timeout has passed, unless [`Disorder`] says otherwise.
//! * A receipt handle is good until the message is received again: an older one deletes nothing and changes nothing.
//! * A message leaves a queue by its receipt, by purging, by its retention, or to the dead-letter queue, and by nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use md5::{Digest, Md5};

mod error;
#[cfg(test)]
mod tests;

pub use error::QueueError;

use crate::random::{Random, later};

/// The longest delay of a message.
pub const MAX_DELAY: Duration = Duration::from_mins(15);
/// The longest visibility timeout, counted from the receipt.
pub const MAX_VISIBILITY: Duration = Duration::from_hours(12);
/// The largest body.
pub const MAX_BODY: usize = 1024 * 1024;
/// The most messages of one receipt.
pub const MAX_RECEIVED: usize = 10;
/// Between two purges.
const PURGE_PAUSE: Duration = Duration::from_mins(1);

/// How a queue is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a received message stays invisible.
    pub visibility_timeout: Duration,
    /// Delay of messages that name none.
    pub delay: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// Where messages go that were received too often.
    pub dead_letters: Option<DeadLetters>,
    /// What standard queues may do, and seldom do: deliver twice, out of order.
    pub disorder: Option<Disorder>,
}

impl Default for Settings {
    /// SQS's own: 30 s, no delay, four days.
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_hours(96),
            dead_letters: None,
            disorder: None,
        }
    }
}

/// A redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// Name of the dead-letter queue.
    pub queue: String,
    /// Receipts after which a message is moved at its next one.
    pub max_receive_count: u32,
}

/// Seeded duplicates and reordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disorder {
    /// The same seed, the same disorder.
    pub seed: u64,
    /// How many messages of a thousand stay visible although they were received.
    pub duplicates_per_thousand: u16,
}

/// A message was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id, unique over all queues.
    pub message_id: String,
    /// MD5 of its body, in hexadecimal digits.
    pub md5_of_body: String,
}

/// A message as received, or as looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id: kept over receipts, and on the way to the dead-letter queue.
    pub message_id: String,
    /// Of this receipt; empty when the message was only looked at.
    pub receipt_handle: String,
    /// What was sent.
    pub body: Arc<str>,
    /// MD5 of the body.
    pub md5_of_body: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was first received.
    pub first_received_at: Option<Timestamp>,
    /// How often it was received, this receipt included.
    pub receive_count: u32,
    /// The queue that it died in.
    pub dead_letter_source: Option<String>,
}

/// How many messages are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be received.
    pub visible: usize,
    /// Received and neither deleted nor visible again.
    pub in_flight: usize,
    /// Sent with a delay that has not passed.
    pub delayed: usize,
}

impl Counts {
    /// All messages of the queue.
    pub fn total(self) -> usize {
        self.visible + self.in_flight + self.delayed
    }
}

/// All queues of an account and region.
#[derive(Debug, Default)]
pub struct Queues {
    queues: BTreeMap<String, Queue>,
    last: u64,
}

#[derive(Debug)]
struct Queue {
    settings: Settings,
    messages: BTreeMap<u64, Stored>,
    /// By the time from which they are visible: what is due is a prefix.
    order: BTreeSet<(Timestamp, u64)>,
    receipts: u64,
    purged_at: Option<Timestamp>,
    random: Random,
}

#[derive(Debug)]
struct Stored {
    message_id: String,
    body: Arc<str>,
    md5_of_body: String,
    sent_at: Timestamp,
    visible_at: Timestamp,
    first_received_at: Option<Timestamp>,
    received_at: Option<Timestamp>,
    receipt: u64,
    receive_count: u32,
    dead_letter_source: Option<String>,
}

impl Queues {
    /// Adds a queue. Its dead-letter queue must exist, as SQS wants it; a name in use is set up anew, its messages kept.
    pub fn create(&mut self, name: &str, settings: Settings) -> Result<(), QueueError> {
        if let Some(dead) = &settings.dead_letters {
            self.queue(&dead.queue)?;
        }
        let random = Random::new(settings.disorder.map_or(0, |disorder| disorder.seed));
        if let Some(queue) = self.queues.get_mut(name) {
            queue.settings = settings;
            queue.random = random;
        } else {
            let queue = Queue {
                settings,
                messages: BTreeMap::new(),
                order: BTreeSet::new(),
                receipts: 0,
                purged_at: None,
                random,
            };
            self.queues.insert(name.to_owned(), queue);
        }
        Ok(())
    }

    /// The names of all queues.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }

    /// How a queue is set up.
    pub fn settings(&self, name: &str) -> Result<&Settings, QueueError> {
        Ok(&self.queue(name)?.settings)
    }

    /// Takes a message in; `delay` overrides the queue's own.
    pub fn send(
        &mut self,
        now: Timestamp,
        name: &str,
        body: &str,
        delay: Option<Duration>,
    ) -> Result<Sent, QueueError> {
        let serial = self.last + 1;
        let queue = self.queue_mut(name)?;
        check_body(name, body)?;
        let delay = delay.unwrap_or(queue.settings.delay);
        if delay > MAX_DELAY {
            return Err(QueueError::DelayTooLong { queue: name.to_owned(), seconds: delay.as_secs() });
        }
        let stored = Stored {
            message_id: format!("{:08x}-0000-4000-8000-{serial:012x}", serial >> 48),
            body: body.into(),
            md5_of_body: md5_of(body),
            sent_at: now,
            visible_at: later(now, delay),
            first_received_at: None,
            received_at: None,
            receipt: 0,
            receive_count: 0,
            dead_letter_source: None,
        };
        let sent = Sent { message_id: stored.message_id.clone(), md5_of_body: stored.md5_of_body.clone() };
        queue.put(serial, stored);
        self.last = serial;
        Ok(sent)
    }

    /// Gives out up to `max` messages and hides them for `visibility`, or for the queue's own timeout. Messages that were
    /// received too often already go to the dead-letter queue instead.
    pub fn receive(
        &mut self,
        now: Timestamp,
        name: &str,
        max: usize,
        visibility: Option<Duration>,
    ) -> Result<Vec<Message>, QueueError> {
        let queue = self.queue_mut(name)?;
        if !(1..=MAX_RECEIVED).contains(&max) {
            return Err(QueueError::ReceiveCount { queue: name.to_owned(), asked: max });
        }
        let visibility = visibility.unwrap_or(queue.settings.visibility_timeout);
        if visibility > MAX_VISIBILITY {
            return Err(QueueError::VisibilityTooLong {
                queue: name.to_owned(),
                seconds: visibility.as_secs(),
            });
        }
        queue.expire(now);
        let (received, dead) = queue.take(now, name, max, visibility);
        let target = queue.settings.dead_letters.as_ref().map(|dead| dead.queue.clone());
        if let Some(target) = target.and_then(|target| self.queues.get_mut(&target)) {
            for (serial, mut stored) in dead {
                stored.visible_at = now;
                stored.received_at = None;
                stored.receipt = 0;
                stored.dead_letter_source = Some(name.to_owned());
                target.put(serial, stored);
            }
        }
        Ok(received)
    }

    /// Deletes the message of a receipt and says whether it did: a stale handle deletes nothing and is no error.
    pub fn delete(&mut self, now: Timestamp, name: &str, handle: &str) -> Result<bool, QueueError> {
        let queue = self.queue_mut(name)?;
        queue.expire(now);
        let (serial, receipt) = parse_handle(name, handle)?;
        if queue.messages.get(&serial).is_none_or(|stored| stored.receipt != receipt) {
            return Ok(false);
        }
        queue.remove(serial);
        Ok(true)
    }

    /// Hides a message in flight for `visibility` from now; zero shows it at once.
    pub fn change_visibility(
        &mut self,
        now: Timestamp,
        name: &str,
        handle: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        let too_long =
            || QueueError::VisibilityTooLong { queue: name.to_owned(), seconds: visibility.as_secs() };
        let queue = self.queue_mut(name)?;
        queue.expire(now);
        let (serial, receipt) = parse_handle(name, handle)?;
        if visibility > MAX_VISIBILITY {
            return Err(too_long());
        }
        let stored = queue
            .messages
            .get_mut(&serial)
            .filter(|stored| stored.receipt == receipt && stored.visible_at > now)
            .ok_or_else(|| QueueError::StaleReceipt { queue: name.to_owned(), handle: handle.to_owned() })?;
        let until = later(now, visibility);
        if stored.received_at.is_some_and(|received| until > later(received, MAX_VISIBILITY)) {
            return Err(too_long());
        }
        queue.order.remove(&(stored.visible_at, serial));
        stored.visible_at = until;
        queue.order.insert((until, serial));
        Ok(())
    }

    /// Deletes all messages, at most once a minute.
    pub fn purge(&mut self, now: Timestamp, name: &str) -> Result<(), QueueError> {
        let queue = self.queue_mut(name)?;
        if queue.purged_at.is_some_and(|purged| now < later(purged, PURGE_PAUSE)) {
            return Err(QueueError::PurgeInProgress { queue: name.to_owned() });
        }
        queue.purged_at = Some(now);
        queue.messages.clear();
        queue.order.clear();
        Ok(())
    }

    /// How many messages are where.
    pub fn counts(&mut self, now: Timestamp, name: &str) -> Result<Counts, QueueError> {
        let queue = self.queue_mut(name)?;
        queue.expire(now);
        let mut counts = Counts::default();
        for stored in queue.messages.values() {
            if stored.visible_at <= now {
                counts.visible += 1;
            } else if stored.received_at.is_some() {
                counts.in_flight += 1;
            } else {
                counts.delayed += 1;
            }
        }
        Ok(counts)
    }

    /// All messages, oldest first, without receiving them.
    pub fn look(&mut self, now: Timestamp, name: &str) -> Result<Vec<Message>, QueueError> {
        let queue = self.queue_mut(name)?;
        queue.expire(now);
        Ok(queue.messages.values().map(|stored| stored.message(String::new())).collect())
    }

    /// From when on the next message is visible.
    pub fn next_visible(&self, name: &str) -> Result<Option<Timestamp>, QueueError> {
        Ok(self.queue(name)?.order.first().map(|(visible_at, _)| *visible_at))
    }

    fn queue(&self, name: &str) -> Result<&Queue, QueueError> {
        self.queues.get(name).ok_or_else(|| QueueError::NoSuchQueue { queue: name.to_owned() })
    }

    fn queue_mut(&mut self, name: &str) -> Result<&mut Queue, QueueError> {
        self.queues.get_mut(name).ok_or_else(|| QueueError::NoSuchQueue { queue: name.to_owned() })
    }
}

impl Queue {
    fn put(&mut self, serial: u64, stored: Stored) {
        self.order.insert((stored.visible_at, serial));
        self.messages.insert(serial, stored);
    }

    fn remove(&mut self, serial: u64) -> Option<Stored> {
        let stored = self.messages.remove(&serial)?;
        self.order.remove(&(stored.visible_at, serial));
        Some(stored)
    }

    fn expire(&mut self, now: Timestamp) {
        let retention = self.settings.retention;
        // Serials grow with the time of sending, over all queues: the first message is the oldest.
        while let Some((&serial, stored)) = self.messages.first_key_value()
            && later(stored.sent_at, retention) <= now
        {
            self.remove(serial);
        }
    }

    fn take(
        &mut self,
        now: Timestamp,
        name: &str,
        max: usize,
        visibility: Duration,
    ) -> (Vec<Message>, Vec<(u64, Stored)>) {
        let mut received = Vec::new();
        let mut dead = Vec::new();
        let worn = self.settings.dead_letters.as_ref().map(|dead| dead.max_receive_count);
        for serial in self.due(now) {
            if received.len() == max {
                break;
            }
            if worn
                .is_some_and(|worn| self.messages.get(&serial).is_some_and(|one| one.receive_count >= worn))
            {
                dead.extend(self.remove(serial).map(|stored| (serial, stored)));
                continue;
            }
            let twice = self.twice();
            let Some(mut stored) = self.remove(serial) else { continue };
            self.receipts += 1;
            stored.receipt = self.receipts;
            stored.receive_count += 1;
            stored.received_at = Some(now);
            stored.first_received_at.get_or_insert(now);
            stored.visible_at = if twice { now } else { later(now, visibility) };
            received.push(stored.message(format!("{name}#{serial}#{}", stored.receipt)));
            self.put(serial, stored);
        }
        (received, dead)
    }

    /// What may be received now; in order of visibility, or shuffled under [`Disorder`].
    fn due(&mut self, now: Timestamp) -> Vec<u64> {
        let mut due: Vec<u64> = self.order.range(..=(now, u64::MAX)).map(|(_, serial)| *serial).collect();
        if self.settings.disorder.is_some() {
            for last in (1..due.len()).rev() {
                let other = usize::try_from(self.random.below(last as u64 + 1)).unwrap_or(0);
                due.swap(last, other);
            }
        }
        due
    }

    fn twice(&mut self) -> bool {
        match self.settings.disorder {
            Some(disorder) => self.random.below(1000) < u64::from(disorder.duplicates_per_thousand),
            None => false,
        }
    }
}

impl Stored {
    fn message(&self, receipt_handle: String) -> Message {
        Message {
            message_id: self.message_id.clone(),
            receipt_handle,
            body: Arc::clone(&self.body),
            md5_of_body: self.md5_of_body.clone(),
            sent_at: self.sent_at,
            first_received_at: self.first_received_at,
            receive_count: self.receive_count,
            dead_letter_source: self.dead_letter_source.clone(),
        }
    }
}

fn parse_handle(name: &str, handle: &str) -> Result<(u64, u64), QueueError> {
    let parse = || {
        let (queue, rest) = handle.split_once('#')?;
        let (serial, receipt) = rest.split_once('#')?;
        (queue == name).then_some(())?;
        Some((serial.parse().ok()?, receipt.parse().ok()?))
    };
    parse().ok_or_else(|| QueueError::InvalidReceipt { queue: name.to_owned(), handle: handle.to_owned() })
}

fn check_body(name: &str, body: &str) -> Result<(), QueueError> {
    let queue = || name.to_owned();
    if body.is_empty() {
        return Err(QueueError::EmptyBody { queue: queue() });
    }
    if body.len() > MAX_BODY {
        return Err(QueueError::BodyTooLarge { queue: queue(), bytes: body.len() });
    }
    let refused =
        |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{fffe}' | '\u{ffff}');
    if body.chars().any(refused) {
        return Err(QueueError::BodyCharacters { queue: queue() });
    }
    Ok(())
}

fn md5_of(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
