//! Amazon SQS: the queues of one account and region, in process and over its wire protocol (AWS JSON 1.0).
//!
//! Message attributes, FIFO queues, tags and permissions are not imitated: asking for them is answered by SQS's own
//! `UnsupportedOperation`, or by `UnknownOperationException` where this stand-in does not know the operation at all.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::lambda::clock::{Clock, WallClock};
use crate::lambda::queue::{Counts, Message, QueueError, Queues, Sent, Settings};
use crate::sync::lock;

mod wire;

pub use wire::Answer;
pub(crate) use wire::system_attributes;

/// How often those who wait look whether a visibility timeout has passed.
pub(crate) const LOOK: Duration = Duration::from_millis(5);

/// The service. Clones share their queues.
#[derive(Clone, Debug)]
pub struct Sqs {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queues: Mutex<Queues>,
    sent: Notify,
    clock: Arc<dyn Clock>,
    account: String,
    region: String,
}

impl Default for Sqs {
    fn default() -> Self {
        Self::new(Arc::new(WallClock))
    }
}

impl Sqs {
    /// Account 123456789012 in us-east-1, as moto has it.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::of(clock, "123456789012", "us-east-1")
    }

    /// The service of an account and region.
    pub fn of(clock: Arc<dyn Clock>, account: &str, region: &str) -> Self {
        Self {
            shared: Arc::new(Shared {
                queues: Mutex::default(),
                sent: Notify::new(),
                clock,
                account: account.to_owned(),
                region: region.to_owned(),
            }),
        }
    }

    /// The time that the queues see.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The clock that the queues see.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// The region of the queues.
    pub fn region(&self) -> &str {
        &self.shared.region
    }

    /// Adds a queue, or sets it up anew.
    pub fn create_queue(&self, name: &str, settings: Settings) -> Result<(), QueueError> {
        lock(&self.shared.queues).create(name, settings)
    }

    /// The URL of a queue, as functions get it in their environment.
    pub fn queue_url(&self, name: &str) -> String {
        format!("https://sqs.{}.amazonaws.com/{}/{name}", self.shared.region, self.shared.account)
    }

    /// The ARN of a queue.
    pub fn queue_arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.shared.region, self.shared.account)
    }

    /// How a queue is set up.
    pub fn settings(&self, name: &str) -> Result<Settings, QueueError> {
        lock(&self.shared.queues).settings(name).cloned()
    }

    /// Takes a message in.
    pub fn send(&self, name: &str, body: &str, delay: Option<Duration>) -> Result<Sent, QueueError> {
        let sent = lock(&self.shared.queues).send(self.now(), name, body, delay)?;
        self.shared.sent.notify_waiters();
        Ok(sent)
    }

    /// Gives out what is visible now, without waiting.
    pub fn receive(
        &self,
        name: &str,
        max: usize,
        visibility: Option<Duration>,
    ) -> Result<Vec<Message>, QueueError> {
        lock(&self.shared.queues).receive(self.now(), name, max, visibility)
    }

    /// Gives out what is visible; waits for the first message up to `wait` of the queues' time.
    pub async fn receive_within(
        &self,
        name: &str,
        max: usize,
        visibility: Option<Duration>,
        wait: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        let until = self.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        loop {
            let received = self.receive(name, max, visibility)?;
            if !received.is_empty() || self.now() >= until {
                return Ok(received);
            }
            self.something_sent().await;
        }
    }

    /// Returns when a message was sent to any queue, or after a moment in which one may have become visible.
    pub(crate) async fn something_sent(&self) {
        let _ = tokio::time::timeout(LOOK, self.shared.sent.notified()).await;
    }

    /// Deletes the message of a receipt; says whether it did.
    pub fn delete(&self, name: &str, receipt_handle: &str) -> Result<bool, QueueError> {
        lock(&self.shared.queues).delete(self.now(), name, receipt_handle)
    }

    /// Hides a message in flight for `visibility` from now.
    pub fn change_visibility(
        &self,
        name: &str,
        receipt_handle: &str,
        visibility: Duration,
    ) -> Result<(), QueueError> {
        lock(&self.shared.queues).change_visibility(self.now(), name, receipt_handle, visibility)
    }

    /// Deletes all messages.
    pub fn purge(&self, name: &str) -> Result<(), QueueError> {
        lock(&self.shared.queues).purge(self.now(), name)
    }

    /// How many messages are where.
    pub fn counts(&self, name: &str) -> Result<Counts, QueueError> {
        lock(&self.shared.queues).counts(self.now(), name)
    }

    /// All messages of a queue, oldest first, without receiving them.
    pub fn look(&self, name: &str) -> Result<Vec<Message>, QueueError> {
        lock(&self.shared.queues).look(self.now(), name)
    }

    /// Waits until a queue holds no message, visible or not; says whether that came within `at_most` (wall time).
    pub async fn drained(&self, name: &str, at_most: Duration) -> Result<bool, QueueError> {
        self.reaches(name, at_most, |counts| counts.total() == 0).await
    }

    /// Waits until the counts of a queue are as wanted; says whether that came within `at_most` (wall time).
    pub async fn reaches(
        &self,
        name: &str,
        at_most: Duration,
        wanted: impl Fn(Counts) -> bool,
    ) -> Result<bool, QueueError> {
        let end = tokio::time::Instant::now() + at_most;
        loop {
            if wanted(self.counts(name)?) {
                return Ok(true);
            }
            if tokio::time::Instant::now() >= end {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Answers one call of the wire protocol: `target` is the `X-Amz-Target` header.
    pub async fn answer(&self, target: &str, body: &[u8]) -> Answer {
        wire::answer(self, target, body).await
    }

    fn all_counts(&self, name: &str) -> Result<Value, QueueError> {
        let (counts, settings) = (self.counts(name)?, self.settings(name)?);
        let mut attributes = json!({
            "ApproximateNumberOfMessages": counts.visible.to_string(),
            "ApproximateNumberOfMessagesDelayed": counts.delayed.to_string(),
            "ApproximateNumberOfMessagesNotVisible": counts.in_flight.to_string(),
            "DelaySeconds": settings.delay.as_secs().to_string(),
            "MaximumMessageSize": crate::lambda::queue::MAX_BODY.to_string(),
            "MessageRetentionPeriod": settings.retention.as_secs().to_string(),
            "QueueArn": self.queue_arn(name),
            "VisibilityTimeout": settings.visibility_timeout.as_secs().to_string(),
        });
        if let (Some(dead), Value::Object(attributes)) = (settings.dead_letters, &mut attributes) {
            let policy = json!({
                "deadLetterTargetArn": self.queue_arn(&dead.queue),
                "maxReceiveCount": dead.max_receive_count,
            });
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string().into());
        }
        Ok(attributes)
    }
}
