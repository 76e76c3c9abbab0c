//! What an invocation answers, logs and counts.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use jiff::Timestamp;
use notifications::{HandleError, Message, Swept, TellError, Told};
use serde_json::{Value, json};
use steward::aws::lambda::{Failure, Metrics};

/// The answer to a batch: what of it must come again.
///
/// # Errors
///
/// Where somebody asked without a queue, and it could not be done.
pub(crate) fn told(messages: &[Message], now: Timestamp) -> Result<Value, Failure> {
    for message in messages {
        log_message(message);
    }
    let failed = messages.iter().filter(|message| message.must_return()).count();
    let sent = messages.iter().filter_map(|message| match message.result {
        Some(Ok(Told::Yes { channels })) => Some(channels),
        _ => None,
    });
    let refused = messages.iter().filter_map(|message| match &message.result {
        Some(Err(TellError::Channels { failed, .. })) => Some(failed.len()),
        _ => None,
    });
    let late = messages.iter().filter_map(|message| match &message.result {
        Some(Err(TellError::Channels { late, .. })) => *late,
        _ => None,
    });
    Metrics::new()
        .seconds("OldestNews", late.max().map(|late| late.as_secs()))
        .count("AlertsSent", sent.sum())
        .count("AlertsRefused", refused.sum())
        .count("MessagesReturned", failed)
        .write(now);
    if messages.iter().any(|message| message.id.is_some()) {
        let mut response = SqsBatchResponse::default();
        let returned = messages.iter().filter(|message| message.must_return());
        response.batch_item_failures =
            returned.filter_map(|message| message.id.as_deref()).map(item_failure).collect();
        return Ok(json!(response));
    }
    match messages.iter().find_map(Message::problem) {
        Some(message) => Err(Failure { error_type: "Steward.Tell", message }),
        None => Ok(json!({"told": messages.len()})),
    }
}

fn item_failure(id: &str) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    id.clone_into(&mut failure.item_identifier);
    failure
}

fn log_message(message: &Message) {
    let message_id = message.id.as_deref().unwrap_or("none");
    let subject = message.subject.as_ref().map_or_else(|_| "none".to_owned(), ToString::to_string);
    match (&message.result, message.problem()) {
        // Somebody else is at it, or too much came at once: nothing is wrong.
        (Some(Err(TellError::Elsewhere { .. } | TellError::OutOfTime)), Some(problem)) => {
            tracing::info!(message_id, subject, "a message returns: {problem}");
        }
        (result, Some(problem)) => {
            let error_type = match result {
                Some(Err(TellError::Ledger(_))) => "Steward.Ledger",
                Some(_) => "Steward.Tell",
                None => "Steward.Payload",
            };
            tracing::error!(message_id, subject, error_type, "a message returns: {problem}");
        }
        (Some(Ok(Told::Yes { channels })), None) => {
            tracing::info!(message_id, subject, channels = *channels as u64, "told");
        }
        (_, None) => tracing::debug!(message_id, subject, "nothing to tell"),
    }
    if let Some(problem) = &message.not_postponed {
        tracing::warn!(message_id, "comes again after the queue's visibility timeout: {problem}");
    }
}

/// The answer to a sweep.
pub(crate) fn swept(swept: &Swept, now: Timestamp) -> Value {
    for problem in &swept.failed {
        tracing::error!(error_type = "Steward.News", "news could not be queued: {problem}");
    }
    if swept.is_cut {
        tracing::warn!("time ended before everything due was queued: the next sweep goes on");
    }
    for subject in &swept.queued {
        tracing::info!(subject = %subject, "queued: its message did not come");
    }
    Metrics::new()
        .count("Sweeps", 1)
        .count("NewsFailed", swept.failed.len())
        .count("NewsQueued", swept.queued.len())
        .write(now);
    json!({"queued": swept.queued.len(), "failed": swept.failed.len()})
}

/// The invocation as a whole failed.
pub(crate) fn failed(error: &HandleError) -> Failure {
    let error_type = match error {
        HandleError::Payload(_) => "Steward.Payload",
        HandleError::Ledger(_) => "Steward.Ledger",
    };
    Failure { error_type, message: error.to_string() }
}
