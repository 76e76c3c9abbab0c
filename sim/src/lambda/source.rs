//! Event source mappings from SQS, and ticks: what invokes functions without anybody asking.
//!
//! # Invariants
//!
//! * A message is deleted only after an invocation that reported it as done. After a failed invocation nothing is deleted
//!   and no visibility is touched: what the function changed stays as it changed it.
//! * A reply that cannot be read fails the whole batch, as AWS documents.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::lambda::queue::{MAX_RECEIVED, Message, QueueError};
use crate::lambda::runtime::{Invoke, InvokeError};
use crate::lambda::sqs::{LOOK, Sqs, system_attributes};
use crate::random::later;
use crate::sync::{Owned, lock};

mod reply;

pub use reply::{Reply, read_reply};

/// Of an event source mapping.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the queue.
    pub queue: String,
    /// Messages of a batch at most.
    pub batch_size: usize,
    /// How long a batch may gather, in the queues' time.
    pub window: Duration,
    /// Batches at a time.
    pub maximum_concurrency: usize,
    /// Whether the function's reply is read: `FunctionResponseTypes: [ReportBatchItemFailures]`.
    pub report_batch_item_failures: bool,
}

impl Settings {
    /// Lambda's defaults (ten messages, no window), with partial batch responses, two batches at a time.
    pub fn new(queue: &str) -> Self {
        Self {
            queue: queue.to_owned(),
            batch_size: 10,
            window: Duration::ZERO,
            maximum_concurrency: 2,
            report_batch_item_failures: true,
        }
    }
}

/// What became of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Ids of its messages.
    pub message_ids: Vec<String>,
    /// Those that were deleted.
    pub deleted: Vec<String>,
    /// How the invocation ended.
    pub outcome: BatchOutcome,
}

/// How the invocation of a batch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    /// All messages are done.
    Succeeded,
    /// These messages are not.
    PartlyFailed(BTreeSet<String>),
    /// The reply could not be read: none is done.
    BadReply(String),
    /// The invocation failed: none is done.
    Failed(InvokeError),
}

/// A running event source mapping; stops on drop, running batches with it.
#[derive(Debug)]
pub struct Source {
    shared: Arc<Shared>,
    _polling: Owned,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    batches: Mutex<Vec<Batch>>,
    paused: Mutex<bool>,
    running: Arc<Semaphore>,
    done: Notify,
}

impl Source {
    /// Starts polling. Fails when the queue does not exist.
    pub fn start(settings: Settings, sqs: &Sqs, function: impl Invoke) -> Result<Self, QueueError> {
        sqs.settings(&settings.queue)?;
        let shared = Arc::new(Shared {
            running: Arc::new(Semaphore::new(settings.maximum_concurrency.max(1))),
            settings,
            batches: Mutex::default(),
            paused: Mutex::new(false),
            done: Notify::new(),
        });
        let polling = Owned::spawn(poll(Arc::clone(&shared), sqs.clone(), function));
        Ok(Self { shared, _polling: polling })
    }

    /// All batches so far, in the order in which they ended.
    pub fn batches(&self) -> Vec<Batch> {
        lock(&self.shared.batches).clone()
    }

    /// Waits until so many batches have ended.
    pub async fn ended(&self, batches: usize) -> Vec<Batch> {
        loop {
            let done = self.shared.done.notified();
            tokio::pin!(done);
            done.as_mut().enable();
            let ended = self.batches();
            if ended.len() >= batches {
                return ended;
            }
            done.await;
        }
    }

    /// Takes no further messages until [`Self::resume`]; running batches end as they do.
    pub fn pause(&self) {
        *lock(&self.shared.paused) = true;
    }

    /// Takes messages again.
    pub fn resume(&self) {
        *lock(&self.shared.paused) = false;
    }
}

async fn poll(shared: Arc<Shared>, sqs: Sqs, function: impl Invoke) {
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        // A place first, then messages: those must not wait, their visibility passing, for a place.
        let Ok(place) = Arc::clone(&shared.running).acquire_owned().await else { return };
        let messages = gather(&shared, &sqs).await;
        if messages.is_empty() {
            drop(place);
            sqs.something_sent().await;
            continue;
        }
        running.spawn(deliver(Arc::clone(&shared), sqs.clone(), function.clone(), messages, place));
    }
}

/// Receives a batch: at once what is there, and within the window what comes.
async fn gather(shared: &Shared, sqs: &Sqs) -> Vec<Message> {
    let settings = &shared.settings;
    let mut batch: Vec<Message> = Vec::new();
    let mut until = None;
    while batch.len() < settings.batch_size && !*lock(&shared.paused) {
        let wanted = (settings.batch_size - batch.len()).min(MAX_RECEIVED);
        // A queue is never removed: it was there at the start.
        let received = sqs.receive(&settings.queue, wanted, None).unwrap_or_default();
        let dry = received.len() < wanted;
        batch.extend(received);
        if !dry {
            continue;
        }
        if batch.is_empty() {
            break;
        }
        let until = *until.get_or_insert_with(|| later(sqs.now(), settings.window));
        if sqs.now() >= until {
            break;
        }
        sqs.something_sent().await;
    }
    // A message that waited in the window may have been received twice: the later receipt counts.
    let mut seen = BTreeSet::new();
    batch.reverse();
    batch.retain(|message| seen.insert(message.message_id.clone()));
    batch.reverse();
    batch
}

async fn deliver(
    shared: Arc<Shared>,
    sqs: Sqs,
    function: impl Invoke,
    messages: Vec<Message>,
    _place: OwnedSemaphorePermit,
) {
    let event = event(&sqs, &shared.settings.queue, &messages).to_string().into_bytes();
    let result = invoke(&shared, &sqs, &function, event).await;
    let ids: BTreeSet<&str> = messages.iter().map(|message| message.message_id.as_str()).collect();
    let outcome = match result {
        Err(error) => BatchOutcome::Failed(error),
        Ok(_) if !shared.settings.report_batch_item_failures => BatchOutcome::Succeeded,
        Ok(reply) => match read_reply(&reply, &ids) {
            Reply::AllDone => BatchOutcome::Succeeded,
            Reply::NotDone(failed) => BatchOutcome::PartlyFailed(failed),
            Reply::Unreadable(why) => BatchOutcome::BadReply(why),
        },
    };
    let done = |id: &str| match &outcome {
        BatchOutcome::Succeeded => true,
        BatchOutcome::PartlyFailed(failed) => !failed.contains(id),
        BatchOutcome::BadReply(_) | BatchOutcome::Failed(_) => false,
    };
    let mut deleted = Vec::new();
    for message in messages.iter().filter(|message| done(&message.message_id)) {
        // A stale handle deletes nothing: the message was given out again meanwhile, and comes again.
        if sqs.delete(&shared.settings.queue, &message.receipt_handle) == Ok(true) {
            deleted.push(message.message_id.clone());
        }
    }
    let message_ids = messages.into_iter().map(|message| message.message_id).collect();
    lock(&shared.batches).push(Batch { message_ids, deleted, outcome });
    shared.done.notify_waiters();
}

/// A throttled invocation is tried again, as Lambda's pollers do, while the messages are invisible.
async fn invoke(
    shared: &Shared,
    sqs: &Sqs,
    function: &impl Invoke,
    event: Vec<u8>,
) -> Result<Vec<u8>, InvokeError> {
    let visible =
        sqs.settings(&shared.settings.queue).map_or(Duration::ZERO, |settings| settings.visibility_timeout);
    let until = later(sqs.now(), visible);
    let mut pause = LOOK;
    loop {
        match function.invoke(event.clone()).await {
            Err(InvokeError::Throttled { .. }) if sqs.now() < until => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(100));
            }
            result => return result,
        }
    }
}

/// The event that Lambda makes of messages.
pub fn event(sqs: &Sqs, queue: &str, messages: &[Message]) -> Value {
    let record = |message: &Message| {
        json!({
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": &*message.body,
            "attributes": system_attributes(sqs, message),
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body,
            "eventSource": "aws:sqs",
            "eventSourceARN": sqs.queue_arn(queue),
            "awsRegion": sqs.region(),
        })
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

/// What a tick brought.
pub type TickResult = Result<Vec<u8>, InvokeError>;

/// Invokes a function again and again; stops on drop.
#[derive(Debug)]
pub struct Tick {
    results: Arc<Mutex<Vec<TickResult>>>,
    done: Arc<Notify>,
    _ticking: Owned,
}

impl Tick {
    /// Invokes `function` with `payload` after each `interval` of wall time. A tick that takes longer delays the next:
    /// two never run at a time. A failed one is not repeated, for the next will come.
    pub fn start(function: impl Invoke, interval: Duration, payload: &Value) -> Self {
        let (results, done) = (Arc::default(), Arc::new(Notify::new()));
        let payload = payload.to_string().into_bytes();
        let ticking =
            Owned::spawn(tick(function, interval, payload, Arc::clone(&results), Arc::clone(&done)));
        Self { results, done, _ticking: ticking }
    }

    /// The results so far.
    pub fn results(&self) -> Vec<TickResult> {
        lock(&self.results).clone()
    }

    /// Waits until so many ticks have ended.
    pub async fn ended(&self, ticks: usize) -> Vec<TickResult> {
        loop {
            let done = self.done.notified();
            tokio::pin!(done);
            done.as_mut().enable();
            let results = self.results();
            if results.len() >= ticks {
                return results;
            }
            done.await;
        }
    }
}

async fn tick(
    function: impl Invoke,
    interval: Duration,
    payload: Vec<u8>,
    results: Arc<Mutex<Vec<TickResult>>>,
    done: Arc<Notify>,
) {
    loop {
        tokio::time::sleep(interval).await;
        let result = function.invoke(payload.clone()).await;
        lock(&results).push(result);
        done.notify_waiters();
    }
}
