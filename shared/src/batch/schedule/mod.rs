//! When a batch job is due, as Amazon EventBridge Scheduler writes schedules.
//!
//! Three kinds: `cron(…)` and `at(…)` name local times of a time zone, `rate(…)` counts elapsed time. Every slot is a whole
//! minute, for Scheduler is no more precise than that.
//!
//! # Clocks that change
//!
//! A local time that the clocks skip has no slot. One that they show twice has one, the first: a job that runs every
//! fifteen minutes rests while an hour is repeated. A `rate` does not look at clocks: its days are 24 hours.
//!
//! # Differences from Scheduler
//!
//! * A `rate` counts from [`Timetable::start`] or else from the Unix epoch, so that its slots do not depend on when it was
//!   first seen. Scheduler begins at once.
//! * What Scheduler would never run is refused: `cron(0 0 30 2 ? *)`, or an `at(…)` that the clocks skip.
//! * `at(…)` with seconds other than `00` is refused.

mod cron;
mod error;
mod field;
mod once;
mod rate;
#[cfg(test)]
mod tests;
mod timetable;
mod zone;

use std::fmt;

use jiff::Timestamp;

use cron::Cron;
pub use error::ScheduleError;
pub use field::CronField;
use rate::Rate;
pub use timetable::{LeftOut, Slots, Timetable};
use zone::Zone;

/// `cron(…)`, `rate(…)` or `at(…)`, in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    expression: String,
    zone: Zone,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Cron(Cron),
    Rate(Rate),
    Once(Timestamp),
}

impl Schedule {
    /// Reads an expression of EventBridge Scheduler in a time zone of the IANA database, such as `Europe/Berlin` or `UTC`.
    ///
    /// # Errors
    ///
    /// The zone is unknown, or the expression is not one, or it names no time that ever comes.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = Zone::named(zone)?;
        let expression = expression.trim();
        let inside = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        let rule = if let Some(fields) = inside("cron") {
            Rule::Cron(Cron::parse(fields)?)
        } else if let Some(period) = inside("rate") {
            Rule::Rate(Rate::parse(period)?)
        } else if let Some(time) = inside("at") {
            Rule::Once(once::parse(time, &zone)?)
        } else {
            return Err(ScheduleError::Kind(expression.to_owned()));
        };
        Ok(Self { expression: expression.to_owned(), zone, rule })
    }

    /// As written, without spaces around it.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The time zone, in the database's spelling.
    pub fn zone(&self) -> &str {
        self.zone.name()
    }

    /// The first slot later than a time. A rate counts from `anchor`.
    fn next(&self, after: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Cron(cron) => cron.next(after, &self.zone),
            Rule::Rate(rate) => rate.next(after, anchor),
            Rule::Once(time) => Some(*time).filter(|time| *time > after),
        }
    }

    /// The last slot at or before a time. A rate counts from `anchor`, in both directions.
    fn last(&self, until: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Cron(cron) => cron.last(until, &self.zone),
            Rule::Rate(rate) => rate.last(until, anchor),
            Rule::Once(time) => Some(*time).filter(|time| *time <= until),
        }
    }
}

/// `cron(0 2 * * ? *) Europe/Berlin`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.expression, self.zone.name())
    }
}
