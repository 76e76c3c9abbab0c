//! Queues and event source mappings, set up as the template does, in virtual time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::site::Function;
use crate::lambda::queue::{DeadLetters, Disorder, MAX_RECEIVED, Message, QueueError, Queues, Settings};

/// ECS events on their way to the function that hears them.
pub(super) const EVENTS: &str = "events";
/// Subjects on their way to notifications.
pub(super) const TELL: &str = "tell";
const DEAD_EVENTS: &str = "events-dead";
const DEAD_TELL: &str = "tell-dead";
/// `Timeout` of the functions.
pub(super) const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
/// That of scaling, which works for a minute.
pub(super) const SCALING_TIMEOUT: SignedDuration = SignedDuration::from_secs(75);

/// Creates the queues.
pub(super) fn create(queues: &mut Queues, seed: u64, is_disorderly: bool) -> Result<(), QueueError> {
    let disorder = is_disorderly.then_some(Disorder { seed, duplicates_per_thousand: 5 });
    for (name, dead, visible_after, receives) in [(EVENTS, DEAD_EVENTS, 185, 10), (TELL, DEAD_TELL, 180, 30)]
    {
        let retention = Duration::from_hours(14 * 24);
        queues.create(dead, Settings { retention, ..Settings::default() })?;
        let dead_letters = Some(DeadLetters { queue: dead.to_owned(), max_receive_count: receives });
        let visibility_timeout = Duration::from_secs(visible_after);
        queues
            .create(name, Settings { visibility_timeout, dead_letters, disorder, ..Settings::default() })?;
    }
    Ok(())
}

/// An event source mapping.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) function: Function,
    pub(super) queue: &'static str,
    batch_size: usize,
    pub(super) window: Duration,
    /// `MaximumConcurrency`.
    pub(super) most: usize,
    /// When it looks next, once it has seen that there is something.
    pub(super) looks_at: Option<Timestamp>,
}

impl Mapping {
    pub(super) fn of_events(function: Function) -> Self {
        Self {
            function,
            queue: EVENTS,
            batch_size: 100,
            window: Duration::from_secs(5),
            most: 2,
            looks_at: None,
        }
    }

    pub(super) fn of_tell() -> Self {
        Self {
            function: Function::NotificationsBatch,
            queue: TELL,
            batch_size: 5,
            window: Duration::ZERO,
            most: 2,
            looks_at: None,
        }
    }

    /// Receives a batch; may be empty.
    pub(super) fn receive(&self, queues: &mut Queues, now: Timestamp) -> Result<Vec<Message>, QueueError> {
        let mut batch = Vec::new();
        while batch.len() < self.batch_size {
            let most = (self.batch_size - batch.len()).min(MAX_RECEIVED);
            let received = queues.receive(now, self.queue, most, None)?;
            // A message that stays visible by disorder is for the next batch.
            let is_known = |batch: &[Message], id: &str| batch.iter().any(|known| known.message_id == id);
            let fresh: Vec<Message> =
                received.into_iter().filter(|message| !is_known(&batch, &message.message_id)).collect();
            let before = batch.len();
            batch.extend(fresh);
            if batch.len() == before {
                break;
            }
        }
        Ok(batch)
    }
}

/// A batch as Lambda hands it over.
pub(super) fn payload(batch: &[Message]) -> Vec<u8> {
    let records: Vec<_> = batch
        .iter()
        .map(|message| {
            json!({
                "messageId": message.message_id,
                "receiptHandle": message.receipt_handle,
                "body": &*message.body,
                "attributes": { "ApproximateReceiveCount": message.receive_count.to_string() },
                "eventSource": "aws:sqs",
            })
        })
        .collect();
    json!({ "Records": records }).to_string().into_bytes()
}

/// How many messages are left, and how many died.
pub(super) fn left(queues: &mut Queues, now: Timestamp) -> Result<(usize, usize), QueueError> {
    let mut total = |name| Ok::<_, QueueError>(queues.counts(now, name)?.total());
    Ok((total(EVENTS)? + total(TELL)?, total(DEAD_EVENTS)? + total(DEAD_TELL)?))
}
