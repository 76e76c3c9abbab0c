//! The naive model: what must have become of each run, by the tasks that ECS really ran for it, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::batch::{EndingKind, Run, RunEnd, RunId, Slot, StartedOn, Success, Then, Trigger, Unit};
use steward::diagnosis::Cause;
use steward::ledger::{Key, Record};

use super::watch::{Found, Watch, Watched, text};
use crate::world::checks::Invariant;

/// How a task really ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    /// Its container exited with 0, by itself.
    Well,
    /// It may be tried again.
    Passing,
    /// It may be tried once more.
    Doubtful,
    /// It may not be tried again, unless a rule of its job says so.
    Lasting(EndingKind),
    /// A person stopped it, and it had run or not.
    Stopped { ran: bool },
}

/// Holds the ledger against what ECS did.
pub(super) fn compare(
    watch: &Watch,
    records: &BTreeMap<Key, Record>,
    start: Timestamp,
    until: Timestamp,
) -> Found {
    let mut found = Found::new();
    let runs: BTreeMap<RunId, &Run> = records
        .values()
        .filter_map(|record| match record {
            Record::Run(run) => Some((run.id.clone(), run.as_ref())),
            _ => None,
        })
        .collect();
    slots(watch, &runs, start, until, &mut found);
    for run in runs.values() {
        let mut tasks: Vec<&Watched> = watch.tasks.values().filter(|task| task.by.run == run.id).collect();
        tasks.sort_by_key(|task| task.serial);
        of_run(run, &tasks, records, &mut found);
        is_told(run, records, &mut found);
    }
    for (arn, task) in &watch.tasks {
        if !task.is_stopped() {
            found.push((Invariant::RunsEndAsTheirTasksDid, format!("{arn} of {} still lives", task.by)));
        }
    }
    found
}

/// Every slot has a run, and every run of a schedule a slot.
fn slots(watch: &Watch, runs: &BTreeMap<RunId, &Run>, start: Timestamp, until: Timestamp, found: &mut Found) {
    let begin = start.saturating_add(SignedDuration::from_mins(2)).unwrap_or(start);
    for job in watch.jobs.by_name.values() {
        let Trigger::Schedule(timetable) = &job.trigger else { continue };
        let slots = timetable.slots(begin, until, 100_000).times;
        for slot in &slots {
            let id = RunId { job: job.name.clone(), slot: Slot::at(*slot) };
            if !runs.contains_key(&id) {
                found.push((
                    Invariant::EverySlotEndsOnce,
                    format!("{id} was never begun, nor told as missed"),
                ));
            }
        }
        let before = start.checked_sub(SignedDuration::from_mins(2)).unwrap_or(start);
        let known: BTreeSet<Timestamp> = timetable.slots(before, until, 100_000).times.into_iter().collect();
        for run in runs.values().filter(|run| run.id.job == job.name && run.by == StartedOn::Schedule) {
            if !known.contains(&run.scheduled) {
                found.push((Invariant::EverySlotEndsOnce, format!("{} is in no timetable", run.id)));
            }
        }
    }
}

fn of_run(run: &Run, tasks: &[&Watched], records: &BTreeMap<Key, Record>, found: &mut Found) {
    let mut fail =
        |what: String| found.push((Invariant::RunsEndAsTheirTasksDid, format!("{}: {what}", run.id)));
    let Some((end, _)) = run.end() else { return fail(format!("it is still {}", run.state.as_str())) };
    let Some(frozen) = run.frozen.as_ref().filter(|_| run.begun > 0) else {
        if !tasks.is_empty() {
            fail(format!("it {} without having begun, and {} tasks ran", end.as_str(), tasks.len()));
        }
        return;
    };
    let well = tasks.iter().filter(|task| truth(task) == Truth::Well).count();
    // Of a task that ECS forgot before anybody looked nobody can say that it succeeded.
    let (succeeded, unknown) = (to_usize(run.tally.succeeded), to_usize(run.tally.unknown));
    if succeeded > well || well > succeeded + unknown {
        fail(format!("{succeeded} tasks are said to have succeeded, {unknown} are unknown, and {well} did"));
    }
    if to_usize(run.tally.started) != tasks.len() {
        fail(format!("{} tasks are said to have been started, and {} were", run.tally.started, tasks.len()));
    }
    let needed = match frozen.rules.success {
        Success::All => run.tasks(),
        // A run that does again what failed may have fewer tasks than that.
        Success::AtLeast(least) => least.min(run.tasks()),
    };
    let excused = to_usize(run.tally.ignored + run.tally.skipped);
    let is_enough = well + excused >= to_usize(needed);
    match end {
        RunEnd::Succeeded if !is_enough => fail(format!("it succeeded, and {well} of {needed} tasks did")),
        RunEnd::Failed | RunEnd::TimedOut if is_enough && unknown == 0 => {
            fail(format!("it {}, and {well} of {needed} tasks succeeded", end.as_str()));
        }
        _ => {}
    }
    for place in 0..run.units() {
        let Some((index, places)) = run.unit(place) else { continue };
        let of_unit: Vec<&&Watched> = tasks.iter().filter(|task| task.by.index == index).collect();
        let Some(Record::Unit(unit)) = records.get(&Key::unit(&run.id, index)) else {
            if !of_unit.is_empty() {
                fail(format!("index {index} has tasks, and nothing is known of it"));
            }
            continue;
        };
        if let Some(forgotten) = of_unit.iter().find(|task| !knows(unit, task)) {
            fail(format!("index {index} does not know of {}", text(&forgotten.detail, "/taskArn")));
        }
        // Of several places nobody but the ledger can say which task was whose.
        if places == 1 {
            in_turn(run, index, &of_unit, &mut fail);
        }
    }
}

/// One after the other: after what is final nothing follows.
fn in_turn(run: &Run, index: u32, tasks: &[&&Watched], fail: &mut impl FnMut(String)) {
    let mut doubtful = 0;
    for (turn, task) in tasks.iter().enumerate() {
        let truth = truth(task);
        let may_follow = match truth {
            Truth::Well => false,
            // Steward may have asked what never ran to stop, too, and a person was faster: then it ended for Steward's reason.
            Truth::Passing | Truth::Stopped { ran: false } => true,
            Truth::Doubtful => {
                doubtful += 1;
                doubtful <= 1
            }
            Truth::Lasting(kind) => is_retried(run, kind),
            // The same, for what ran.
            Truth::Stopped { ran: true } => {
                is_retried(run, EndingKind::Cause(Cause::StoppedByUser))
                    || is_retried(run, EndingKind::RunTimeout)
            }
        };
        let follows = tasks.len() > turn + 1;
        if follows && !may_follow {
            fail(format!("index {index} is started again after its {}. task ended {truth:?}", turn + 1));
        }
    }
}

/// Whether a rule of its job lets what ended so be tried again.
fn is_retried(run: &Run, kind: EndingKind) -> bool {
    let rules = run.frozen.as_ref().map(|frozen| frozen.rules.retry.as_slice()).unwrap_or_default();
    rules.iter().any(|rule| rule.endings.contains(&kind) && matches!(rule.then, Then::Retry { .. }))
}

/// How a task really ended, by what ECS itself said of it last.
fn truth(task: &Watched) -> Truth {
    let detail = &task.detail;
    let code = detail.pointer("/containers/0/exitCode").and_then(serde_json::Value::as_i64);
    let reason = text(detail, "/containers/0/reason");
    let stopped = text(detail, "/stoppedReason");
    match text(detail, "/stopCode") {
        "EssentialContainerExited" if code == Some(0) => Truth::Well,
        "EssentialContainerExited" if reason.contains("OutOfMemory") => {
            Truth::Lasting(EndingKind::Cause(Cause::OutOfMemory))
        }
        "EssentialContainerExited" => Truth::Lasting(EndingKind::Cause(Cause::AppError)),
        "SpotInterruption" | "TerminationNotice" | "InfrastructureHealth" => Truth::Passing,
        "UserInitiated" if stopped.contains("run_timeout") => Truth::Lasting(EndingKind::RunTimeout),
        "UserInitiated" if stopped.contains("provision_timeout") => Truth::Passing,
        "UserInitiated" => Truth::Stopped { ran: !text(detail, "/startedAt").is_empty() },
        "TaskFailedToStart" if stopped.contains("toomanyrequests") => Truth::Passing,
        "TaskFailedToStart" if stopped.contains("not found") => {
            Truth::Lasting(EndingKind::Cause(Cause::ImageNotFound))
        }
        "TaskFailedToStart" if code.is_some() => Truth::Lasting(EndingKind::Cause(Cause::AppError)),
        _ => Truth::Doubtful,
    }
}

fn knows(unit: &Unit, task: &Watched) -> bool {
    unit.knows(&steward::arn::TaskArn::new(text(&task.detail, "/taskArn")))
}

/// What did not succeed stands in its job's trouble.
fn is_told(run: &Run, records: &BTreeMap<Key, Record>, found: &mut Found) {
    let Some((end, at)) = run.end() else { return };
    if *end == RunEnd::Succeeded {
        return;
    }
    let is_of = |record: &Record| match record {
        Record::Trouble(trouble) => {
            trouble.job == run.id.job
                && trouble.opened_at <= at.saturating_add(SignedDuration::from_secs(10)).unwrap_or(at)
                && trouble.counts.get(end.as_str()).is_some_and(|count| *count > 0)
        }
        _ => false,
    };
    if !records.values().any(is_of) {
        found.push((Invariant::AllIsTold, format!("{} {}, and no trouble says so", run.id, end.as_str())));
    }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
