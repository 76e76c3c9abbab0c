//! Jobs in English.

use super::{ToDo, leading_cause, share, time};
use crate::batch::{BadRun, Happened, LateFor, RunEnd, Skip};
use crate::words::Language::En;
use crate::words::moment;

pub(super) fn happened(place: &str, what: &Happened) -> String {
    match what {
        Happened::Ended(bad) => ended_so(place, bad),
        Happened::Late { scheduled, why: LateFor::Begun, .. } => {
            format!("{place} began its run of {} late", moment(*scheduled, En))
        }
        Happened::Late { scheduled, .. } => {
            format!("{place} is late: its run of {} does not begin", moment(*scheduled, En))
        }
        Happened::Stuck { index, .. } => format!("{place} is stuck: its task {index} does not come to run"),
        Happened::BreakerOpened { failures, .. } => {
            format!("{place} failed {failures} times in a row: further runs are skipped")
        }
        Happened::NoSuccess { since } => format!("{place} has not succeeded since {}", moment(*since, En)),
        Happened::ManyMissed { count, .. } => format!("{place} missed at least {count} runs"),
        Happened::Stray { index, .. } => {
            format!("{place}: a task was stopped that no run waited for (task {index})")
        }
    }
}

fn ended_so(place: &str, bad: &BadRun) -> String {
    let parts: Vec<String> = share(bad, En).into_iter().chain(leading_cause(bad, En)).collect();
    let why = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let due = moment(bad.scheduled, En);
    match &bad.end {
        RunEnd::Failed => format!("{place} failed{why}"),
        RunEnd::TimedOut => match share(bad, En) {
            Some(share) => format!("{place} ran for too long: {share}"),
            None => format!("{place} ran for too long"),
        },
        RunEnd::Refused(_) => format!("{place} could not begin: nothing was started"),
        RunEnd::Unknown => match share(bad, En) {
            Some(share) => format!("{place}: nobody knows how its run of {due} ended ({share})"),
            None => format!("{place}: nobody knows how its run of {due} ended"),
        },
        RunEnd::Cancelled => format!("{place}: the run of {due} was cancelled"),
        RunEnd::Superseded { .. } => format!("{place}: the run of {due} gave way to a later one"),
        RunEnd::Succeeded => format!("{place} succeeded"),
        RunEnd::Skipped(skip) => match skip {
            Skip::Missed => format!("{place} missed its run of {due}: nothing was started"),
            skip => format!("{place} skipped its run of {due}: {}", skipped(skip)),
        },
    }
}

fn skipped(skip: &Skip) -> String {
    match skip {
        Skip::Missed => "it could not begin in time".to_owned(),
        Skip::StillRunning { .. } => "an earlier run goes on".to_owned(),
        Skip::Upstream { job } => format!("job {job} did not succeed"),
        Skip::Breaker => "too many failed in a row".to_owned(),
        Skip::Suspended => "the job is suspended".to_owned(),
        Skip::Gone => "the job is not configured any more".to_owned(),
    }
}

/// How runs ended, behind their number.
pub(super) fn ended(word: &str) -> &str {
    match word {
        "timed_out" => "ran for too long",
        "refused" => "could not begin",
        "superseded" => "gave way",
        other => other,
    }
}

pub(super) fn to_do(what: &ToDo<'_>) -> String {
    match what {
        ToDo::FindOut { run, tasks } => {
            let tasks = if *tasks == 1 { "a task".to_owned() } else { format!("{tasks} tasks") };
            format!(
                "Nobody knows what became of {tasks} of {run}: the work may be done. Look where its results \
                 go, and in ECS for its tasks. If it is not done: `steward retry {run} --failed-only`."
            )
        }
        ToDo::CloseBreaker { job, failures, until } => format!(
            "It failed {failures} times in a row, so its slots are skipped until {}. When it is repaired, `steward run {job}` \
             tries it at once, and a success ends the skipping.",
            moment(*until, En)
        ),
        ToDo::LookForSuccess { job, since } => format!(
            "No run has succeeded since {}: `steward runs {job}` shows what became of them, `steward run {job}` begins one.",
            moment(*since, En)
        ),
        ToDo::Retry { run, in_part: true } => format!(
            "Steward does not try this run again. When the cause is gone: `steward retry {run} --failed-only` does the \
             tasks that did not succeed, `steward run {}` all of them.",
            run.job
        ),
        ToDo::Retry { run, in_part: false } => {
            format!("Steward does not try this run again. When the cause is gone: `steward retry {run}`.")
        }
        ToDo::Catch { run } => {
            format!("Steward does not make up for it. If it is still wanted: `steward retry {run}`.")
        }
        ToDo::CatchSome { job, after, before } => format!(
            "Steward does not make up for them. If they are still wanted: `steward run {job} --from {} --to {}`.",
            time(*after),
            time(*before)
        ),
        ToDo::LetBegin { run, why } => let_begin(&run.to_string(), run.job.as_str(), why),
        ToDo::GiveUp { run } => format!(
            "ECS cannot place the task, or does not start it; it is tried again as long as the job says. `steward cancel {run}` \
             gives the run up."
        ),
        ToDo::EndEarlier { run } => {
            format!("If {run} should have ended, `steward cancel {run}` ends it; the next slot runs then.")
        }
        ToDo::Look { job } => format!("`steward runs {job}` shows its runs."),
    }
}

fn let_begin(run: &str, job: &str, why: &LateFor) -> String {
    match why {
        LateFor::Paused => format!(
            "Steward is paused, or cannot read whether it is: `steward resume` lets it begin, `steward cancel {run}` leaves \
             it out."
        ),
        LateFor::Turn => format!(
            "It waits for an earlier run to end: `steward runs {job}` shows which, and `steward cancel {job}/SLOT` ends it."
        ),
        LateFor::Unread(_) => {
            "The task definition cannot be read, and is tried again until the job's `starting_deadline`."
                .to_owned()
        }
        LateFor::Begun => format!("It runs now: `steward runs {job}` shows how far it is."),
    }
}
