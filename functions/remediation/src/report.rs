//! What an invocation answers, logs and counts.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use jiff::Timestamp;
use remediation::{Explained, Handled, Outcome, Swept};
use serde_json::{Value, json};
use steward::aws::lambda::{Failure, Metrics};
use steward::event::decode::DecodeError;
use steward::ledger::{Done, LedgerError};
use steward::ports::NudgeError;
use steward::remediation::Reason;

/// The answer to a batch or an event: what of it must come again.
///
/// # Errors
///
/// Where something failed that has no message id: then all of it must come again.
pub(crate) fn handled(outcome: &Outcome, done: Done, now: Timestamp) -> Result<Value, Failure> {
    for record in &outcome.records {
        log_record(record);
    }
    for subject in &outcome.news {
        tracing::info!(subject = %subject, "there is news");
    }
    log_lost(&outcome.not_nudged);
    let failed = outcome.records.iter().filter(|record| record.must_return()).count();
    let explained = || outcome.records.iter().filter_map(|record| record.result.as_ref().ok());
    with(Metrics::new(), done)
        .count("EventsHandled", outcome.records.len() - failed)
        .count("EventsFailed", failed)
        .count("News", outcome.news.len())
        .count("NudgesLost", outcome.not_nudged.len())
        .count(
            "EventsUnknown",
            explained().filter(|explained| explained.because == Some(Reason::UnknownKind)).count(),
        )
        .count("FieldsUnknown", explained().map(|explained| explained.unrecognised).sum())
        .write(now);
    if outcome.must_fail() {
        let message = outcome.records.iter().find_map(problem).unwrap_or_default();
        return Err(Failure { error_type: "Steward.Event", message });
    }
    if outcome.records.iter().any(|record| record.message_id.is_some()) {
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = outcome.batch_item_failures().into_iter().map(item_failure).collect();
        return Ok(json!(response));
    }
    // Somebody pressed a test button: they want to see what was made of it.
    Ok(Value::Array(explained().map(explanation).collect()))
}

/// Incidents and actions: most invocations have none to count.
fn with(metrics: Metrics, done: Done) -> Metrics {
    metrics
        .some("IncidentsOpened", done.opened)
        .some("IncidentsEnded", done.ended)
        .some("ActionsProposed", done.proposed)
        .some("ActionsConfirmed", done.confirmed)
        .some("ActionsFailed", done.failed)
        .some("ActionsUnknown", done.unknown)
        .some("ActionsWithdrawn", done.withdrawn)
        .some("BudgetsSpent", done.out_of_budget)
        .seconds("OldestIssuedAction", done.oldest_issued.map(|age| age.as_secs()))
}

fn log_lost(not_nudged: &[NudgeError]) {
    for error in not_nudged {
        tracing::warn!(error_type = "Steward.Nudge", "told with the next sweep instead of at once: {error}");
    }
}

fn item_failure(id: &str) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    id.clone_into(&mut failure.item_identifier);
    failure
}

fn problem(record: &Handled) -> Option<String> {
    match &record.result {
        Err(error) => Some(format!("{error}; {}", error.hint())),
        Ok(_) => record.failed.clone(),
    }
}

fn log_record(record: &Handled) {
    let message_id = record.message_id.as_deref().unwrap_or("none");
    if let Some(problem) = problem(record) {
        let field = record.result.as_ref().err().and_then(DecodeError::field).unwrap_or("none");
        tracing::error!(
            message_id,
            field,
            error_type = "Steward.Event",
            "an event returns to its queue: {problem}"
        );
        return;
    }
    let Ok(explained) = &record.result else { return };
    let target = explained.target.as_deref().unwrap_or("none");
    let reasons: Vec<String> = explained.decision.reasons.iter().map(ToString::to_string).collect();
    let (kind, reasons) = (explained.kind, reasons.join("; "));
    match &explained.diagnosis {
        // Every task that ends says so: what is benign is for those who look closely.
        Some(diagnosis) if !diagnosis.cause.is_benign() => {
            tracing::info!(message_id, kind, target, cause = %diagnosis.cause, reasons, "explained");
        }
        _ => tracing::debug!(message_id, kind, target, reasons, "explained"),
    }
}

fn explanation(explained: &Explained) -> Value {
    let reasons: Vec<String> = explained.decision.reasons.iter().map(ToString::to_string).collect();
    json!({
        "kind": explained.kind,
        "target": explained.target,
        "cause": explained.diagnosis.as_ref().map(|diagnosis| diagnosis.cause.to_string()),
        "advice": explained.diagnosis.as_ref().map(|diagnosis| diagnosis.advice.to_string()),
        "action": explained.decision.action.as_str(),
        "reasons": reasons,
    })
}

/// The answer to a sweep.
pub(crate) fn swept(swept: &Swept, done: Done, now: Timestamp) -> Value {
    for problem in &swept.failed {
        tracing::error!(error_type = "Steward.Story", "a story could not be looked at: {problem}");
    }
    log_lost(&swept.not_nudged);
    if swept.is_cut {
        tracing::warn!("time ended before everything due was looked at: the next sweep goes on");
    }
    with(Metrics::new(), done)
        .count("Sweeps", 1)
        .count("StoriesFailed", swept.failed.len())
        .count("News", swept.news.len())
        .count("NudgesLost", swept.not_nudged.len())
        .write(now);
    json!({"news": swept.news.len(), "failed": swept.failed.len()})
}

/// The payload as a whole is no event.
pub(crate) fn unreadable(error: &DecodeError) -> Failure {
    Failure { error_type: "Steward.Payload", message: format!("{error}; {}", error.hint()) }
}

/// The ledger does not say what is due.
pub(crate) fn blind(error: &LedgerError) -> Failure {
    Failure { error_type: "Steward.Ledger", message: error.to_string() }
}

/// A request for another function, or for none.
pub(crate) fn misdirected(problem: &str) -> Failure {
    Failure { error_type: "Steward.Payload", message: problem.to_owned() }
}
