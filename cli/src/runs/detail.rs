//! For people: one run, its tasks, and each attempt, in 80 columns.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use steward::batch::{Place, Run, RunState, Unit};

use super::read::Found;
use crate::gantt::{Attempted, How, attempts, clock, ended, facts, name, pick, standing, waits};
use crate::jobs::{rough, style_of};
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW, lines, wrapped};

/// Names of facts are this wide, and two spaces more.
const NAMES: usize = 10;

pub(super) fn write(out: &mut impl Write, found: &Found, zone: &TimeZone, now: Timestamp) -> io::Result<()> {
    let Found { run, units, .. } = found;
    let style = run.end().map_or(GREEN, |(end, _)| style_of(end));
    write!(out, "{BOLD}{}{BOLD:#} {style}", run.id)?;
    wrapped(out, "", &standing(&run.state))?;
    write!(out, "{style:#}")?;
    for (name, value) in facts(run, zone) {
        wrapped(out, &format!("  {name:NAMES$}  "), &value)?;
    }
    if let Some(waits) = waits_for(found) {
        wrapped(out, &format!("  {:NAMES$}  ", "waits"), &waits)?;
    }
    let picked = pick(units);
    for (unit, at, place) in picked.shown {
        write_task(out, run, unit, at, place, now)?;
    }
    if let Some(left_out) = picked.left_out {
        writeln!(out, "\nnot shown: {left_out}")?;
    }
    let begun: usize = units.iter().map(|unit| unit.places.len()).sum();
    match run.tasks().saturating_sub(u32::try_from(begun).unwrap_or(u32::MAX)) {
        0 => Ok(()),
        1 => writeln!(out, "\nnot begun: 1 task"),
        count => writeln!(out, "\nnot begun: {count} tasks"),
    }
}

/// What a run waits for as a whole.
fn waits_for(found: &Found) -> Option<String> {
    let Found { run, job, .. } = found;
    let slot = &run.id.slot;
    match run.state {
        RunState::Pending => {
            let turn = job.as_ref().and_then(|job| {
                let before = job.queue.iter().position(|waiting| waiting == slot)?;
                let active: Vec<&str> = job.active.iter().map(steward::batch::Slot::as_str).collect();
                let active = if active.is_empty() { "none".to_owned() } else { active.join(", ") };
                Some(format!("for its turn: {active} going on, {before} more before it"))
            });
            Some(turn.unwrap_or_else(|| "for the next tick, within a minute".to_owned()))
        }
        RunState::Claimed | RunState::Starting if run.begun < run.units() => {
            let parallel = run.frozen.as_ref().map_or(0, |frozen| frozen.rules.parallel);
            (run.open() >= parallel)
                .then(|| format!("for tasks that are over: {parallel} run at the same time"))
        }
        _ => None,
    }
}

fn write_task(
    out: &mut impl Write,
    run: &Run,
    unit: &Unit,
    at: usize,
    place: &Place,
    now: Timestamp,
) -> io::Result<()> {
    writeln!(out)?;
    let name = name(run, unit, at);
    let style = match place.outcome() {
        Some(steward::batch::Outcome::Succeeded) => GREEN,
        Some(_) => RED,
        None => YELLOW,
    };
    wrapped_in(out, &format!("{BOLD}{name}{BOLD:#}  {style}"), name.len() + 2, &waits(place, now))?;
    write!(out, "{style:#}")?;
    for (number, attempt) in (1..).zip(attempts(place)) {
        write_attempt(out, number, &attempt, now)?;
    }
    Ok(())
}

/// Writes `text` wrapped behind `first`, which is `width` wide on a terminal.
fn wrapped_in(out: &mut impl Write, first: &str, width: usize, text: &str) -> io::Result<()> {
    let space = " ".repeat(width);
    for (number, line) in lines(text, &space, &space).iter().enumerate() {
        let text = line.strip_prefix(space.as_str()).unwrap_or(line);
        writeln!(out, "{}{text}", if number == 0 { first } else { space.as_str() })?;
    }
    Ok(())
}

fn write_attempt(out: &mut impl Write, number: usize, attempt: &Attempted, now: Timestamp) -> io::Result<()> {
    let style = match attempt.how {
        How::GoesOn => YELLOW,
        How::Succeeded { .. } => GREEN,
        How::Ended { .. } => RED,
    };
    let task = attempt.task.as_ref().map_or("no task", |task| task.id());
    writeln!(out, "  {number}  {style}{}{style:#}  {DIM}{task}{DIM:#}", ended(&attempt.how))?;
    let until = attempt.how.ended_at();
    let mut times = vec![format!("wanted {}", clock(attempt.wanted_at))];
    if let Some(started_at) = attempt.started_at {
        let waited = rough(started_at.duration_since(attempt.wanted_at));
        times.push(format!("ran {} (+{waited})", clock(started_at)));
    }
    if let Some(at) = until {
        times.push(format!("ended {}", clock(at)));
    }
    let from = attempt.started_at.unwrap_or(attempt.wanted_at);
    let took = rough(until.unwrap_or(now).duration_since(from));
    let what = match (attempt.started_at, until) {
        (Some(_), Some(_)) => "ran for",
        (Some(_), None) => "runs for",
        (None, _) => "wanted for",
    };
    times.push(format!("{what} {took}"));
    wrapped(out, "     ", &times.join(", "))?;
    for line in attempt.evidence.iter().flat_map(|text| lines(text, "     ", "     ")) {
        writeln!(out, "{DIM}{line}{DIM:#}")?;
    }
    Ok(())
}
