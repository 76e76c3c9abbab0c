//! A night of batch in the demo: what befell it, in order, and whether every shard was done once.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use steward::batch::{Attempt, Unit};
use steward::config::Duration;
use steward_sim::world::{Night, nightly_etl};

use super::scenarios::{Across, Line, Row, Sign, write_row};
use crate::gantt::{Chart, facts};
use crate::terminal::{BOLD, DIM, GREEN, RED, wrapped};

/// A night as the demo shows it.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) why: String,
    pub(super) rows: Vec<Row>,
    /// Whether it went as it must.
    pub(super) is_well: bool,
    /// The same in words.
    pub(super) verdict: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) chart: Chart,
}

pub(super) fn play() -> io::Result<Shown> {
    nightly_etl().map(|night| Shown::of(&night)).map_err(io::Error::other)
}

impl Shown {
    fn of(night: &Night) -> Self {
        let Night { run, units, .. } = night;
        let zone = TimeZone::get(night.schedule.zone()).unwrap_or(TimeZone::UTC);
        let ended_at = run.end().map_or(night.wave.until, |(_, at)| at);
        Self {
            title: format!("A night of batch: {}, {} shards on Fargate Spot", run.id.job, run.tasks()),
            why: format!(
                "{} in {}, virtual time since then: the batch function as it is, ECS as a model.",
                night.schedule.expression(),
                night.schedule.zone()
            ),
            rows: rows(night, ended_at),
            is_well: is_well(night),
            verdict: verdict(night),
            facts: facts(run, &zone),
            chart: Chart::of(run, units, ended_at),
        }
    }
}

/// What befell it, in order.
fn rows(night: &Night, ended_at: Timestamp) -> Vec<Row> {
    let Night { run, throttled, interrupted, on_demand, wave, .. } = night;
    let (early, late): (Vec<Timestamp>, Vec<Timestamp>) = throttled.iter().partition(|at| **at < wave.at);
    let also = if late.is_empty() { String::new() } else { format!(" after {} throttled calls", late.len()) };
    let shards = run.tasks();
    let claimed_at = run.frozen.as_ref().map(|frozen| frozen.at);
    let lasts = Duration::new(wave.until.duration_since(wave.at));
    let took = Duration::new(ended_at.duration_since(run.scheduled));
    let (good, of) =
        (run.tally.good(), if run.end().is_some() { "the last shard is done" } else { "it goes on" });
    let told = [
        (
            claimed_at,
            Sign::Remedy,
            format!("the run is claimed, and RunTask is called for each of {shards} shards"),
        ),
        (
            early.last().copied(),
            Sign::World,
            format!(
                "RunTask throttles no longer: it turned {} calls away, plainly or in the words of another exception",
                early.len()
            ),
        ),
        (last_start(&night.units, 0), Sign::Ecs, format!("all {shards} shards have begun")),
        (
            Some(wave.at),
            Sign::World,
            format!(
                "Fargate Spot takes back what runs, and has no room for {lasts}: {interrupted} shards are lost, {} were done",
                done_before(&night.units, wave.at)
            ),
        ),
        (
            last_start(&night.units, 1),
            Sign::Remedy,
            format!("all {interrupted} run again{also}, {on_demand} of them on demand"),
        ),
        (Some(ended_at), Sign::Good, format!("{of}, {good} of {shards} succeeded: the night took {took}")),
    ];
    let row = |(at, sign, text): (Option<Timestamp>, Sign, String)| {
        Some(Row { after: at?.duration_since(run.scheduled), what: Across::Both(Line { sign, text }) })
    };
    let mut rows: Vec<Row> = told.into_iter().filter_map(row).collect();
    rows.sort_by_key(|row| row.after);
    rows
}

fn attempts(units: &[Unit]) -> impl Iterator<Item = &[Attempt]> {
    units.iter().flat_map(|unit| &unit.places).map(|place| place.past.as_slice())
}

/// When the last task of so manieth attempts ran.
fn last_start(units: &[Unit], number: usize) -> Option<Timestamp> {
    attempts(units).filter_map(|past| past.get(number)?.started_at).max()
}

fn done_before(units: &[Unit], at: Timestamp) -> usize {
    let is_done = |past: &&[Attempt]| past.iter().any(|tried| tried.kind.is_none() && tried.ended_at < at);
    attempts(units).filter(is_done).count()
}

fn is_well(night: &Night) -> bool {
    night.each_once && night.violations.is_empty()
}

fn verdict(night: &Night) -> String {
    let Night { run, started, interrupted, violations, .. } = night;
    let shards = run.tasks();
    if is_well(night) {
        return format!(
            "Each of {shards} shards was done exactly once, by ECS's own word: of {started} tasks it took {interrupted} back, and {shards} exited with 0, one for each shard."
        );
    }
    let found: Vec<String> = violations.iter().map(ToString::to_string).collect();
    format!(
        "Not each of {shards} shards was done exactly once, or something else did not hold. {}",
        found.join("; ")
    )
}

pub(super) fn write(out: &mut impl Write, night: &Shown) -> io::Result<()> {
    writeln!(out, "\n{BOLD}{}{BOLD:#}", night.title)?;
    write!(out, "{DIM}")?;
    wrapped(out, "", &night.why)?;
    writeln!(out, "{DIM:#}")?;
    for row in &night.rows {
        write_row(out, row)?;
    }
    let style = if night.is_well { GREEN } else { RED };
    write!(out, "{style}")?;
    wrapped(out, "", &night.verdict)?;
    writeln!(out, "{style:#}{DIM}Shard by shard: the chart of this night on the page.{DIM:#}")
}
