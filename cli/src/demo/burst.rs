//! A burst from zero in the demo: a queue that fills at once, and the tasks that come and go for it.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};
use steward::config::Duration;
use steward::scaling::{Bounds, Scaler};
use steward::words::Language::En;
use steward::words::scaling;
use steward_scaling_sim::{Interval, Look, Options, Outcome, Trace, World, looks, scaler};

use super::scenarios::{Across, Line, Row, Sign, write_row};
use crate::scaling::{Chart, Point};
use crate::terminal::{BOLD, DIM, GREEN, RED, wrapped};

/// A Monday, 09:00 UTC.
const BEGINS: Timestamp = Timestamp::constant(1_794_214_800, 0);
const MINUTE: u64 = 60_000;
/// Nothing comes for so long, then so much within a minute, then nothing again.
const QUIET: i64 = 10;
const MESSAGES: u32 = 3_000;
const AFTER: i64 = 50;
/// A page shows this much of it, which is where something happens.
const SHOWN: SignedDuration = SignedDuration::from_mins(30);

/// A burst as the demo shows it.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) why: String,
    pub(super) rows: Vec<Row>,
    /// Whether it went as it must.
    pub(super) is_well: bool,
    /// The same in words.
    pub(super) verdict: String,
    pub(super) chart: String,
}

pub(super) fn play() -> io::Result<Shown> {
    let began = BEGINS.as_millisecond();
    let minute = |place: i64, lasts: i64, messages: u32| Interval {
        began: began + place * 60_000,
        lasts: lasts.unsigned_abs() * MINUTE,
        messages: f64::from(messages),
    };
    let trace =
        Trace::Counts(vec![minute(0, QUIET, 0), minute(QUIET, 1, MESSAGES), minute(QUIET + 1, AFTER, 0)]);
    let options = Options { max: 200, ..Options::default() };
    let world = World::new(&trace, options).map_err(io::Error::other)?;
    // Its tasks were observed before: what they take is known.
    let scaler = Scaler {
        service_time: Some(SignedDuration::from_secs(2)),
        start_up: Some(SignedDuration::from_secs(30)),
        ..scaler(&world.options)
    };
    let (looks, outcome) = looks(&world, &scaler);
    Ok(Shown::of(&scaler, &looks, &outcome))
}

impl Shown {
    fn of(scaler: &Scaler, looks: &[Look], outcome: &Outcome) -> Self {
        let burst = BEGINS.saturating_add(SignedDuration::from_mins(QUIET)).unwrap_or(BEGINS);
        let promise = Duration::new(scaler.promise);
        let Bounds { min, max } = scaler.bounds;
        let is_at_rest = looks.last().is_some_and(|look| look.running == 0);
        Self {
            title: format!("A burst from zero: {} messages within a minute", scaling::count(MESSAGES.into())),
            why: format!(
                "A message shall wait for at most {promise}, and takes 2 s; a task starts in 30 s; {min} to {max} tasks. The controller as \
                 it is, the queue and its tasks as a model, virtual time."
            ),
            rows: rows(scaler, looks, burst),
            is_well: outcome.late == 0 && outcome.killed_in_flight == 0 && is_at_rest,
            verdict: format!(
                "{} of {} messages waited for longer than {promise}; 99 of 100 for less than {:.0} s. {} were killed in flight, {}.",
                scaling::count(outcome.late),
                scaling::count(outcome.messages),
                outcome.wait_p99.ceil(),
                scaling::count(outcome.killed_in_flight),
                if is_at_rest { "and in the end no task runs" } else { "and tasks still run" },
            ),
            chart: chart(scaler, looks, burst).svg(),
        }
    }
}

/// Each order with its reason, when all ran, and when nothing waited any more.
fn rows(scaler: &Scaler, looks: &[Look], burst: Timestamp) -> Vec<Row> {
    let row = |at: Timestamp, sign, text: String| Row {
        after: at.duration_since(BEGINS),
        what: Across::Both(Line { sign, text }),
    };
    let mut rows =
        vec![row(burst, Sign::World, format!("{} messages begin to come", scaling::count(MESSAGES.into())))];
    let orders = looks.iter().filter(|look| look.decision.order.is_some());
    rows.extend(orders.map(|look| {
        row(look.decision.at, Sign::Remedy, scaling::decision(&look.decision, scaler.promise, En))
    }));
    let after = || looks.iter().filter(|look| look.decision.at > burst);
    let most = after().map(|look| look.running).max().unwrap_or_default();
    let all_run = after().find(|look| look.running == most);
    rows.extend(all_run.map(|look| row(look.decision.at, Sign::Ecs, format!("{most} tasks run"))));
    let drained = all_run.and_then(|all_run| {
        after().find(|look| look.decision.at >= all_run.decision.at && look.decision.estimate.visible == 0)
    });
    rows.extend(drained.map(|look| row(look.decision.at, Sign::Good, "nothing waits any more".to_owned())));
    let at_rest = drained
        .and_then(|drained| after().find(|look| look.decision.at > drained.decision.at && look.running == 0));
    rows.extend(at_rest.map(|look| row(look.decision.at, Sign::Good, "no task runs".to_owned())));
    rows.sort_by_key(|row| row.after);
    rows
}

fn chart(scaler: &Scaler, looks: &[Look], burst: Timestamp) -> Chart {
    let begins = burst.saturating_sub(SignedDuration::from_mins(3)).unwrap_or(burst);
    let is_shown = |look: &&Look| {
        let after = look.decision.at.duration_since(begins);
        !after.is_negative() && after <= SHOWN
    };
    let point = |look: &Look| Point {
        at: look.decision.at,
        backlog: look.decision.estimate.visible,
        wanted: look.decision.wanted,
        desired: look.decision.order.map_or(look.decision.desired.unwrap_or_default(), |order| order.to),
        running: look.running,
        wait: look.decision.estimate.wait,
    };
    Chart { points: looks.iter().filter(is_shown).map(point).collect(), promise: scaler.promise }
}

pub(super) fn write(out: &mut impl Write, burst: &Shown) -> io::Result<()> {
    writeln!(out, "\n{BOLD}{}{BOLD:#}", burst.title)?;
    write!(out, "{DIM}")?;
    wrapped(out, "", &burst.why)?;
    writeln!(out, "{DIM:#}")?;
    for row in &burst.rows {
        write_row(out, row)?;
    }
    let style = if burst.is_well { GREEN } else { RED };
    write!(out, "{style}")?;
    wrapped(out, "", &burst.verdict)?;
    writeln!(out, "{style:#}{DIM}Tasks, messages and waits: the chart of this burst on the page.{DIM:#}")
}
