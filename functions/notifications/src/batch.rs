//! A batch of the `tell` queue: each message names a subject, and fails alone.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures_util::stream::{self, StreamExt};
use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::IgnoredAny;
use steward::notification::Subject;
use steward::ports::{Channel, Clock, Evidence, Ledger, Postpone, Tell};
use steward::request::{Request, RequestError};

use crate::tell::LONGEST_PAUSE;
use crate::{Handler, TellError, Told};

/// So many subjects are told at the same time: a slow channel then delays few others.
const PARALLEL: usize = 10;
/// What must come again and has no pause of its own comes soon at first: a lease ends, a ledger recovers. Each time it
/// takes twice as long, so that a longer failure does not use up the receives after which a queue gives up.
const SOON: SignedDuration = SignedDuration::from_secs(5);
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// A message, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, where it came through SQS.
    pub id: Option<String>,
    /// The right to keep it back.
    receipt: Option<String>,
    /// How often it was received, this time included.
    receives: u32,
    /// What it names.
    pub subject: Result<Subject, RequestError>,
    /// What became of it; absent for a message that names nothing.
    pub result: Option<Result<Told, TellError>>,
    /// What the queue said where the message could not be kept back.
    pub not_postponed: Option<String>,
}

impl Message {
    /// Somebody asked, without a queue.
    pub(crate) fn asked(subject: Subject) -> Self {
        let (id, receipt, receives) = (None, None, 1);
        Self { id, receipt, receives, subject: Ok(subject), result: None, not_postponed: None }
    }

    fn of(message: SqsMessage) -> Self {
        let body = message.body.unwrap_or_default();
        let subject = match Request::parse(body.as_bytes()) {
            Ok(Request::Tell { subject }) => Ok(subject),
            Ok(Request::Sweep | Request::RunJob { .. }) => {
                Err(RequestError { problem: "a queue asks for subjects only".to_owned() })
            }
            Err(error) => Err(error),
        };
        let (id, receipt) = (message.message_id, message.receipt_handle);
        let receives = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        Self { id, receipt, receives: receives.unwrap_or(1), subject, result: None, not_postponed: None }
    }

    /// Whether it must come again.
    pub fn must_return(&self) -> bool {
        self.subject.is_err() || matches!(self.result, Some(Err(_)))
    }

    /// Why it must come again.
    pub fn problem(&self) -> Option<String> {
        match (&self.subject, &self.result) {
            (Err(error), _) => Some(error.to_string()),
            (_, Some(Err(error))) => Some(error.to_string()),
            _ => None,
        }
    }

    /// How long it should stay away.
    fn pause(&self) -> Option<SignedDuration> {
        match &self.result {
            Some(Err(TellError::Channels { pause, .. })) => Some(*pause),
            Some(Err(TellError::Elsewhere { .. } | TellError::OutOfTime)) => Some(SOON),
            Some(Err(TellError::Ledger(error))) if !error.is_retryable() => Some(LONGEST_PAUSE),
            Some(Err(TellError::Ledger(_))) => {
                Some((1..self.receives).fold(SOON, |pause, _| (pause * 2).min(LATE)))
            }
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
}

/// The messages of a batch. `None`: the payload is none.
pub(crate) fn read(payload: &[u8]) -> Option<Vec<Message>> {
    let Ok(Probe { records: Some(_) }) = serde_json::from_slice(payload) else { return None };
    let event: SqsEvent = serde_json::from_slice(payload).ok()?;
    Some(event.records.into_iter().map(Message::of).collect())
}

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// Tells what messages name, each subject once however many messages name it.
    pub(crate) async fn tell_all(&self, mut messages: Vec<Message>) -> Vec<Message> {
        let mut subjects: Vec<Subject> = Vec::new();
        for subject in messages.iter().filter_map(|message| message.subject.as_ref().ok()) {
            if !subjects.contains(subject) {
                subjects.push(subject.clone());
            }
        }
        let telling = subjects.iter().map(|subject| async move { (subject, self.tell(subject).await) });
        let results: Vec<_> = stream::iter(telling).buffered(PARALLEL).collect().await;
        for message in &mut messages {
            let Ok(subject) = &message.subject else { continue };
            message.result =
                results.iter().find(|(told, _)| *told == subject).map(|(_, result)| result.clone());
        }
        let postponing = messages.into_iter().map(|message| self.postponed(message));
        stream::iter(postponing).buffered(PARALLEL).collect().await
    }

    async fn postponed(&self, mut message: Message) -> Message {
        if let (Some(receipt), Some(pause)) = (&message.receipt, message.pause())
            && let Err(error) = self.ports.queue.postpone(receipt, pause).await
        {
            message.not_postponed = Some(error.to_string());
        }
        message
    }
}
