//! Attempts and tasks in words, and what there is to say of runs beside how they stand.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use steward::batch::{EndingKind, Outcome, Place, PlaceState, Run, Size, StartedOn, Unit};
use steward::config::Duration;

use super::How;

/// `97 of 100 succeeded, 3 failed`; `None` before it is known how many tasks there are.
pub(crate) fn task_count(run: &Run) -> Option<String> {
    run.frozen.as_ref()?;
    let tally = run.tally;
    let others = [
        (tally.failed, "failed"),
        (tally.timed_out, "ran for too long"),
        (tally.unknown, "unknown"),
        (tally.cancelled, "cancelled"),
        (tally.ignored, "failed and ignored"),
        (tally.skipped, "skipped"),
        (run.tasks().saturating_sub(tally.done()), if run.is_over() { "not begun" } else { "not over" }),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let succeeded = format!("{} of {} succeeded", tally.succeeded, run.tasks());
    Some([succeeded].into_iter().chain(others).collect::<Vec<_>>().join(", "))
}

/// What began a run.
pub(crate) fn began(by: &StartedOn) -> String {
    match by {
        StartedOn::Schedule => "its schedule".to_owned(),
        StartedOn::Payload => "a payload".to_owned(),
        StartedOn::After => "jobs it follows".to_owned(),
        StartedOn::Person { by } => by.clone(),
        StartedOn::Again { by, of } => format!("{by}, {of} again"),
    }
}

/// What a task is called within its run: by its index in an array, otherwise by its number from 0.
pub(crate) fn name(run: &Run, unit: &Unit, place: usize) -> String {
    match run.frozen.as_ref().map(|frozen| frozen.size) {
        Some(Size::Count(_)) => {
            let before = u64::from(unit.index) * u64::from(steward::quota::RUN_TASK_COUNT);
            format!("task {}", before + u64::try_from(place).unwrap_or(0))
        }
        Some(Size::Array(_)) | None => format!("index {}", unit.index),
    }
}

/// How an attempt stands.
pub(crate) fn ended(how: &How) -> String {
    match how {
        How::GoesOn => "goes on".to_owned(),
        How::Succeeded { .. } => "succeeded".to_owned(),
        How::Ended { kind, exit_code, .. } => {
            let code = exit_code.map_or_else(String::new, |code| format!(", exit code {code}"));
            format!("{}{code}", of_kind(*kind))
        }
    }
}

fn of_kind(kind: EndingKind) -> &'static str {
    match kind {
        EndingKind::Cause(cause) => cause.as_str(),
        EndingKind::RunTimeout => "ran for too long",
        EndingKind::ProvisionTimeout => "did not come to run in time",
        EndingKind::Refused => "refused by RunTask",
    }
}

/// What became of a task.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Ignored => "failed, which is ignored",
        Outcome::Skipped => "skipped by a rule",
        Outcome::Failed => "failed",
        Outcome::TimedOut => "ran for too long",
        Outcome::Cancelled => "cancelled",
        Outcome::Unknown => "unknown",
    }
}

/// What a task waits for; of one that is over, what became of it.
pub(crate) fn waits(place: &Place, now: Timestamp) -> String {
    match &place.state {
        PlaceState::Over { outcome: end, .. } => outcome(*end).to_owned(),
        PlaceState::Waiting { not_before, why, .. } => {
            let why = why.as_ref().map_or_else(String::new, |why| format!(": {}", why.as_str()));
            if *not_before > now {
                format!("waits until {} for its next attempt{why}", clock(*not_before))
            } else {
                format!("waits for a task{why}")
            }
        }
        PlaceState::Calling { since } => format!("a task is asked for, wanted since {}", clock(*since)),
        PlaceState::Placed(placed) => match (placed.stopping, placed.started_at) {
            (Some(stopping), _) => format!("was asked to stop at {}", clock(stopping.asked_at)),
            (None, Some(at)) => format!("runs since {}", clock(at)),
            (None, None) => format!("its task does not run yet, wanted since {}", clock(placed.since)),
        },
    }
}

/// What is known of why the last attempt that failed did, line by line.
pub(super) fn last_evidence(place: &Place) -> Vec<String> {
    let Some(last) = &place.last else { return Vec::new() };
    let evidence = last.diagnosis.iter().flat_map(|diagnosis| &diagnosis.evidence);
    let evidence = evidence.map(|it| format!("{}: {}", it.source.as_str(), it.text.as_str()));
    evidence.chain(last.said.iter().map(|said| said.as_str().to_owned())).collect()
}

/// A time of day in UTC, to the second.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

/// How long something took.
pub(super) fn span(from: Timestamp, until: Timestamp) -> String {
    Duration::new(until.duration_since(from).max(SignedDuration::ZERO)).to_string()
}
