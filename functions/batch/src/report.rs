//! What an invocation answers, logs and counts.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use batch::{Done, EndedRun, Outcome, Refused};
use jiff::Timestamp;
use serde_json::{Value, json};
use steward::aws::lambda::{Failure, Metrics};
use steward::batch::RunId;
use steward::event::decode::DecodeError;
use steward::ledger::LedgerError;

/// The answer to a batch or an event: what of it must come again.
///
/// # Errors
///
/// Where something failed that has no message id: then all of it must come again.
pub(crate) fn handled(outcome: &Outcome, now: Timestamp) -> Result<Value, Failure> {
    for record in &outcome.records {
        if let Some(problem) = &record.failed {
            let message_id = record.message_id.as_deref().unwrap_or("none");
            tracing::error!(
                message_id,
                error_type = "Steward.Event",
                "an event returns to its queue: {problem}"
            );
        }
    }
    let failed = outcome.records.iter().filter(|record| record.failed.is_some()).count();
    log(&outcome.done, now);
    Metrics::new()
        .count("EventsHandled", outcome.records.len() - failed)
        .count("EventsFailed", failed)
        .count("TasksStarted", outcome.done.started)
        .count("News", outcome.done.news.len())
        .count("NudgesLost", outcome.done.not_nudged.len())
        .write(now);
    if outcome.must_fail() {
        let message = outcome.records.iter().find_map(|record| record.failed.clone()).unwrap_or_default();
        return Err(Failure { error_type: "Steward.Event", message });
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = outcome.batch_item_failures().into_iter().map(item_failure).collect();
    Ok(json!(response))
}

fn item_failure(id: &str) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    id.clone_into(&mut failure.item_identifier);
    failure
}

/// The answer to a tick.
pub(crate) fn swept(done: &Done, now: Timestamp) -> Value {
    log(done, now);
    if done.is_cut {
        tracing::warn!("time ended before everything due was looked at: the next tick goes on");
    }
    Metrics::new()
        .count("Sweeps", 1)
        .count("StepsFailed", done.failed.len())
        .count("TasksStarted", done.started)
        .count("News", done.news.len())
        .count("NudgesLost", done.not_nudged.len())
        .write(now);
    json!({"started": done.started, "ended": done.ended.len(), "failed": done.failed.len()})
}

/// The answer to a request for a run.
pub(crate) fn begun(run: &RunId, done: &Done, now: Timestamp) -> Value {
    log(done, now);
    json!({"run": run.to_string(), "started": done.started})
}

fn log(done: &Done, now: Timestamp) {
    for problem in &done.failed {
        tracing::error!(error_type = "Steward.Step", "tried again with the next tick: {problem}");
    }
    for error in &done.not_nudged {
        tracing::warn!(error_type = "Steward.Nudge", "told with the next sweep instead of at once: {error}");
    }
    for subject in &done.news {
        tracing::info!(subject = %subject, "there is news");
    }
    for ended in &done.ended {
        measure(ended, now);
    }
}

fn measure(ended: &EndedRun, now: Timestamp) {
    let run = ended.id.to_string();
    tracing::info!(run, end = ended.end, started = ended.started, "a run has ended");
    let is = |end: &str| usize::from(ended.end == end);
    let succeeded = is("succeeded");
    Metrics::of_job(ended.id.job.as_str())
        .count("RunsSucceeded", succeeded)
        .count("RunsNotSucceeded", 1 - succeeded)
        .count("RunsSkipped", is("skipped"))
        .count("RunAttempts", usize::try_from(ended.started).unwrap_or(usize::MAX))
        .seconds("RunDuration", ended.took.map(|took| took.as_secs()))
        .seconds("RunLateness", ended.late_by.map(|late_by| late_by.as_secs()))
        .write(now);
}

/// The payload as a whole is no event.
pub(crate) fn unreadable(error: &DecodeError) -> Failure {
    Failure { error_type: "Steward.Payload", message: format!("{error}; {}", error.hint()) }
}

/// The ledger does not say what is due.
pub(crate) fn blind(error: &LedgerError) -> Failure {
    Failure { error_type: "Steward.Ledger", message: error.to_string() }
}

/// No run is begun.
pub(crate) fn refused(refused: &Refused) -> Failure {
    let error_type = match refused {
        Refused::NoJob { .. } => "Steward.Payload",
        Refused::Ledger(_) => "Steward.Ledger",
    };
    Failure { error_type, message: refused.to_string() }
}

/// Lambda says nothing that this Steward's account and region could be read from.
pub(crate) fn homeless(arn: &str) -> Failure {
    let message = format!("`{arn}` is no ARN of a function: without account and region no task is started");
    Failure { error_type: "Steward.Home", message }
}

/// A request for another function, or for none.
pub(crate) fn misdirected(problem: &str) -> Failure {
    Failure { error_type: "Steward.Payload", message: problem.to_owned() }
}
