//! For people: a table in 80 columns.

use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use steward::batch::{JobName, RunEnd, RunState};

use super::read::{Overview, Shown, Starts};
use super::{Cell, ago, rough, write_table};
use crate::gantt::{briefly, local};
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW};

const PLAIN: Style = Style::new();

pub(super) fn write(out: &mut impl Write, overview: &Overview, now: Timestamp) -> io::Result<()> {
    if overview.jobs.is_empty() {
        return writeln!(out, "the configuration has no jobs");
    }
    let rows: Vec<_> = overview.jobs.iter().map(|job| row(job, now)).collect();
    write_table(out, [("JOB", 18), ("TRIGGER", 20), ("NOW AND NEXT", 17), ("LAST RUN", 19)], &rows)
}

fn row(job: &Shown, now: Timestamp) -> [Cell; 4] {
    let zone = match &job.trigger {
        Starts::Schedule { time_zone, .. } => TimeZone::get(time_zone).unwrap_or(TimeZone::UTC),
        Starts::After(_) | Starts::Demand => TimeZone::UTC,
    };
    [Cell::default().line(BOLD, job.job.as_str()), trigger(job), next(job, &zone, now), last(job, &zone, now)]
}

fn trigger(job: &Shown) -> Cell {
    let cell = match &job.trigger {
        Starts::Schedule { expression, time_zone } => {
            Cell::default().line(PLAIN, expression.as_str()).line(DIM, time_zone.as_str())
        }
        Starts::After(jobs) => {
            let names: Vec<&str> = jobs.iter().map(JobName::as_str).collect();
            Cell::default().line(PLAIN, format!("after {}", names.join(", ")))
        }
        Starts::Demand => Cell::default().line(PLAIN, "on demand"),
    };
    if job.suspended { cell.line(YELLOW, "suspended") } else { cell }
}

fn next(job: &Shown, zone: &TimeZone, now: Timestamp) -> Cell {
    let mut cell = Cell::default();
    if !job.going_on.is_empty() {
        cell = cell.line(GREEN, format!("{} going on", job.going_on.len()));
    }
    if !job.waiting.is_empty() {
        cell = cell.line(YELLOW, format!("{} waiting", job.waiting.len()));
    }
    if let Some(until) = job.breaker_until {
        cell = cell.line(RED, format!("skips its slots for {}", rough(until.duration_since(now))));
    }
    match job.next {
        Some(next) => {
            cell.line(PLAIN, local(next, zone)).line(DIM, format!("in {}", rough(next.duration_since(now))))
        }
        None => cell,
    }
}

fn last(job: &Shown, zone: &TimeZone, now: Timestamp) -> Cell {
    let Some(last) = &job.last else { return Cell::default().line(DIM, "none yet") };
    let end = RunState::Ended { end: last.end.clone(), at: last.ended_at };
    let cell = Cell::default()
        .line(PLAIN, local(last.scheduled, zone))
        .line(style_of(&last.end), format!("{}, {}", briefly(&end), ago(last.ended_at, now)));
    match job.streak {
        0 | 1 => cell,
        streak => cell.line(RED, format!("{streak} failed in a row")),
    }
}

/// The colour of an end.
pub(crate) fn style_of(end: &RunEnd) -> Style {
    match end {
        RunEnd::Succeeded => GREEN,
        end if end.is_failure() => RED,
        _ => YELLOW,
    }
}
