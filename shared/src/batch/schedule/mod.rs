//! When a job is due.

use jiff::Timestamp;

/// `cron(…)`, `rate(…)` or `at(…)`, in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    expression: String,
    zone: String,
}

/// Why a schedule cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a schedule")]
pub struct ScheduleError;

impl Schedule {
    /// Reads one.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        Ok(Self { expression: expression.to_owned(), zone: zone.to_owned() })
    }

    /// As written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Its time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

/// A schedule within bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// When.
    pub schedule: Schedule,
    /// Not before.
    pub start: Option<Timestamp>,
    /// Not after.
    pub end: Option<Timestamp>,
}

/// Slots of a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots {
    /// The latest.
    pub times: Vec<Timestamp>,
    /// How many earlier ones were left out.
    pub left_out: u64,
}

impl Timetable {
    /// Slots later than `after`, up to `until`.
    pub fn slots(&self, _after: Timestamp, _until: Timestamp, _most: usize) -> Slots {
        Slots::default()
    }

    /// The next one.
    pub fn next_after(&self, _after: Timestamp) -> Option<Timestamp> {
        None
    }
}
