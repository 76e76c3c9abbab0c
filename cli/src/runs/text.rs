//! For people: the latest runs as a table in 80 columns.

use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use steward::batch::{JobName, Run, StartedOn};

use crate::gantt::{began, briefly, local};
use crate::jobs::{Cell, ago, rough, style_of, write_table};
use crate::terminal::{BOLD, DIM, GREEN, RED};

const PLAIN: Style = Style::new();

pub(super) fn write(
    out: &mut impl Write,
    job: &JobName,
    runs: &[Run],
    zone: &TimeZone,
    now: Timestamp,
) -> io::Result<()> {
    if runs.is_empty() {
        return writeln!(out, "{job} has not run yet; `steward run {job}` asks for a run");
    }
    let rows: Vec<_> = runs.iter().map(|run| row(run, zone, now)).collect();
    write_table(out, [("SLOT", 20), ("BEGUN BY", 12), ("STATE", 16), ("TIMES", 12), ("TASKS", 12)], &rows)?;
    writeln!(out, "{DIM}One in detail: steward runs {job} --slot SLOT{DIM:#}")
}

fn row(run: &Run, zone: &TimeZone, now: Timestamp) -> [Cell; 5] {
    let slot = Cell::default().line(BOLD, run.id.slot.as_str()).line(DIM, local(run.scheduled, zone));
    let by = match &run.by {
        // Which run it does again, its slot says.
        StartedOn::Again { by, .. } => format!("{by}, again"),
        by => began(by),
    };
    let by = Cell::default().line(PLAIN, by);
    let (style, at) = match run.end() {
        Some((end, at)) => (style_of(end), Some(at)),
        None => (GREEN, None),
    };
    let mut state = Cell::default().line(style, briefly(&run.state));
    if let Some(at) = at {
        state = state.line(DIM, ago(at, now));
    } else if run.ending.is_some() {
        state = state.line(RED, "is to end");
    }
    [slot, by, state, times(run, now), tasks(run)]
}

fn times(run: &Run, now: Timestamp) -> Cell {
    let Some(claimed_at) = run.frozen.as_ref().map(|frozen| frozen.at) else { return Cell::default() };
    let claimed = rough(claimed_at.duration_since(run.wanted_at()));
    let (what, until) = run.end().map_or(("runs", now), |(_, at)| ("took", at));
    let took = rough(until.duration_since(claimed_at));
    Cell::default().line(PLAIN, format!("{what} {took}")).line(DIM, format!("begun +{claimed}"))
}

fn tasks(run: &Run) -> Cell {
    if run.frozen.is_none() {
        return Cell::default();
    }
    let tally = run.tally;
    let mut cell = Cell::default().line(PLAIN, format!("{} of {}", tally.good(), run.tasks()));
    for (count, what) in [
        (tally.failed, "failed"),
        (tally.timed_out, "timed out"),
        (tally.unknown, "unknown"),
        (tally.cancelled, "cancelled"),
    ] {
        if count > 0 {
            cell = cell.line(RED, format!("{count} {what}"));
        }
    }
    let plural = if tally.started == 1 { "" } else { "s" };
    cell.line(DIM, format!("{} attempt{plural}", tally.started))
}
