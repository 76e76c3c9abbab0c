//! What is where in the drawing.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use steward::batch::{Run, Unit};
use steward::config::Duration;

use super::pick;
use super::row::{Part, Row};

/// In seconds.
const DAY: i64 = 86_400;
/// Marks of the axis are this far apart, in seconds: the first distance that needs no more than [`MOST_MARKS`].
const DISTANCES: [i64; 18] =
    [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400];
/// More of them do not fit on a phone.
const MOST_MARKS: i64 = 6;

/// A run's drawing.
pub(crate) struct Chart {
    /// From left to right.
    pub(crate) marks: Vec<Mark>,
    /// The first is on top.
    pub(crate) rows: Vec<Line>,
    /// What is left out, in words.
    pub(crate) left_out: Option<String>,
    /// Tasks that were not begun yet, and have no row.
    pub(crate) not_begun: u32,
}

/// A mark of the axis.
pub(crate) struct Mark {
    pub(crate) left: Share,
    /// How long after the beginning.
    pub(crate) label: String,
}

/// A row, with the places of its bars.
pub(crate) struct Line {
    pub(crate) row: Row,
    pub(crate) bars: Vec<Placed>,
}

/// A bar in its place.
pub(crate) struct Placed {
    pub(crate) part: Part,
    pub(crate) tone: &'static str,
    pub(crate) left: Share,
    pub(crate) width: Share,
    pub(crate) text: String,
}

/// A part of the whole width, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(u32);

impl Share {
    const WHOLE: u32 = 10_000;
}

/// `12.5%` is `12.50%`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}%", self.0 / 100, self.0 % 100)
    }
}

/// The time that the width stands for.
#[derive(Clone, Copy)]
struct Axis {
    from: Timestamp,
    until: Timestamp,
}

impl Axis {
    /// From the run's claim to its end, or to now.
    fn of(run: &Run, rows: &[Row], now: Timestamp) -> Self {
        let from = run.frozen.as_ref().map_or(run.created_at, |frozen| frozen.at);
        let until = run.end().map_or(now, |(_, at)| at);
        let last = rows.iter().flat_map(|row| &row.bars).map(|bar| bar.until).max();
        Self { from, until: last.map_or(until, |last| last.max(until)).max(from) }
    }

    /// Where a time is. What is outside is at the edge.
    fn place(self, at: Timestamp) -> Share {
        let whole = self.until.duration_since(self.from).as_millis().max(1);
        let part = at.duration_since(self.from).as_millis().clamp(0, whole);
        Share(u32::try_from(part * i128::from(Share::WHOLE) / whole).unwrap_or(Share::WHOLE))
    }

    fn marks(self) -> Vec<Mark> {
        let seconds = self.until.duration_since(self.from).as_secs().max(1);
        let distance = DISTANCES.into_iter().find(|distance| seconds / distance < MOST_MARKS);
        // What takes longer is counted in whole days.
        let distance = distance.unwrap_or(DAY * (seconds / DAY / MOST_MARKS + 1));
        let mark = |number: i64| {
            let after = SignedDuration::from_secs(number * distance);
            let left = self.place(self.from.saturating_add(after).unwrap_or(self.until));
            let label = if number == 0 { "0".to_owned() } else { Duration::new(after).to_string() };
            Mark { left, label }
        };
        (0..=seconds / distance).map(mark).collect()
    }
}

impl Chart {
    /// The drawing of a run with those units of it that were begun.
    pub(crate) fn of(run: &Run, units: &[Unit], now: Timestamp) -> Self {
        let picked = pick(units);
        let rows: Vec<Row> =
            picked.shown.iter().map(|(unit, at, place)| Row::of(run, unit, *at, place, now)).collect();
        let axis = Axis::of(run, &rows, now);
        let begun: usize = units.iter().map(|unit| unit.places.len()).sum();
        Self {
            marks: axis.marks(),
            rows: rows.into_iter().map(|row| line(row, axis)).collect(),
            left_out: picked.left_out,
            not_begun: run.tasks().saturating_sub(u32::try_from(begun).unwrap_or(u32::MAX)),
        }
    }
}

fn line(mut row: Row, axis: Axis) -> Line {
    let bars = std::mem::take(&mut row.bars);
    let bars = bars.into_iter().map(|bar| {
        let (left, right) = (axis.place(bar.from), axis.place(bar.until));
        Placed { part: bar.part, tone: bar.tone, left, width: Share(right.0 - left.0), text: bar.text }
    });
    Line { bars: bars.collect(), row }
}
