//! How a task of a job ended, and what follows.

use crate::diagnosis::{self, Cause, Diagnosis, Kind};
use crate::event::{Container, StopCode, TaskStateChange};
use crate::ports::Definition;

use super::{EndingKind, JobRules, Outcome, Place, RetryRule, StopFor, Then};

/// Exit codes of containers that ECS stops because another has ended: SIGKILL and SIGTERM.
const STOPPED_WITH: [i64; 2] = [137, 143];

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// It did its work.
    Succeeded,
    /// It did not.
    Ended {
        /// What kind of ending it was.
        kind: EndingKind,
        /// Of the deciding container.
        exit_code: Option<i64>,
        /// What it is judged by.
        diagnosis: Box<Diagnosis>,
    },
}

/// Judges a task that has stopped. `stopping` is why Steward asked it to, where it did. `main` is the container that does
/// the work, where the job names one.
pub fn judge(
    task: &TaskStateChange,
    definition: &Definition,
    main: Option<&str>,
    stopping: Option<StopFor>,
) -> Judged {
    if has_succeeded(task, definition, main) {
        return Judged::Succeeded;
    }
    let diagnosis = diagnosis::of_task(task)
        .unwrap_or_else(|| diagnosis::of_said("lastStatus", task.last_status.as_str()));
    let is_ours = diagnosis.cause == Cause::StoppedByUser;
    let kind = match stopping {
        Some(StopFor::RunTimeout) if is_ours => EndingKind::RunTimeout,
        Some(StopFor::ProvisionTimeout) if is_ours => EndingKind::ProvisionTimeout,
        // No exit code, or none of a container that counts: it may look well, and nobody knows.
        _ if matches!(diagnosis.cause, Cause::Completed | Cause::ExitedCleanly) => {
            EndingKind::Cause(Cause::Unknown)
        }
        _ => EndingKind::Cause(diagnosis.cause),
    };
    Judged::Ended { kind, exit_code: diagnosis.exit_code, diagnosis: Box::new(diagnosis) }
}

/// Whether an essential container ended by itself, with 0, and no other failed. A missing exit code is none of success, and
/// what was stopped from outside did not end by itself.
fn has_succeeded(task: &TaskStateChange, definition: &Definition, main: Option<&str>) -> bool {
    let ended_by_itself = matches!(task.stop_code, None | Some(StopCode::EssentialContainerExited));
    let mut has_zero = false;
    for essential in definition.containers.iter().filter(|container| container.is_essential) {
        let Some(container) = named(task, &essential.name) else { return false };
        match container.exit_code {
            Some(0) => has_zero = true,
            // Stopped by ECS when another ended: it is told by the reason if it was memory.
            Some(code)
                if STOPPED_WITH.contains(&code)
                    && container.reason.is_none()
                    && main != Some(essential.name.as_str()) => {}
            _ => return false,
        }
    }
    let main_is_well = main.is_none_or(|main| named(task, main).is_some_and(|it| it.exit_code == Some(0)));
    ended_by_itself && has_zero && main_is_well
}

fn named<'t>(task: &'t TaskStateChange, name: &str) -> Option<&'t Container> {
    task.containers.iter().find(|container| container.name.as_deref() == Some(name))
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another one.
    Again {
        /// On demand.
        on_demand: bool,
        /// So many percent of the memory.
        memory_percent: u32,
    },
    /// It is over.
    Over(Outcome),
}

/// Decides what follows an attempt of `place` that ended so, the attempt counted already. `texts` is what was said of it.
pub fn next(
    place: &Place,
    kind: EndingKind,
    exit_code: Option<i64>,
    texts: &[&str],
    rules: &JobRules,
) -> Next {
    let rule = rules.retry.iter().find(|rule| matches(rule, kind, exit_code, texts));
    let then = rule.map_or_else(|| by_default(place, kind), |rule| rule.then);
    let failed = if kind == EndingKind::RunTimeout { Outcome::TimedOut } else { Outcome::Failed };
    match then {
        Then::Ignore => Next::Over(Outcome::Ignored),
        Then::Skip => Next::Over(Outcome::Skipped),
        Then::Fail => Next::Over(failed),
        Then::Retry { .. } if place.attempts >= rules.max_attempts => Next::Over(failed),
        Then::Retry { on_demand, memory_percent } => Next::Again { on_demand, memory_percent },
    }
}

fn matches(rule: &RetryRule, kind: EndingKind, exit_code: Option<i64>, texts: &[&str]) -> bool {
    let is_ending = rule.endings.is_empty() || rule.endings.contains(&kind);
    let is_code = rule.exit_codes.is_empty()
        || exit_code.is_some_and(|code| rule.exit_codes.iter().any(|codes| codes.contains(&code)));
    let is_text = rule.reason.as_ref().is_none_or(|glob| texts.iter().any(|text| glob.matches(text)));
    is_ending && is_code && is_text
}

/// By the kind of the cause: what passes by itself is tried again, what may pass once more, and what does not is not.
fn by_default(place: &Place, kind: EndingKind) -> Then {
    const AGAIN: Then = Then::Retry { on_demand: false, memory_percent: 100 };
    let cause = match kind {
        EndingKind::RunTimeout => return Then::Fail,
        EndingKind::ProvisionTimeout => return AGAIN,
        EndingKind::Cause(cause) => cause,
    };
    let before = place
        .past
        .iter()
        .filter(|past| matches!(past.kind, Some(EndingKind::Cause(cause)) if cause.kind() == Kind::Mixed));
    match cause.kind() {
        Kind::Transient => AGAIN,
        // This one is among them.
        Kind::Mixed if before.count() <= 1 => AGAIN,
        Kind::Mixed | Kind::Persistent | Kind::Benign => Then::Fail,
    }
}
