//! `cron(minutes hours day-of-month month day-of-week year)`.

use std::fmt;

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::{self, DateTime};

use super::zone::Zone;
use super::{CronField, ScheduleError};

/// Before the first year that an expression may name.
const BEGINNING: DateTime = civil::date(1969, 12, 31).at(23, 59, 0, 0);

/// The local times that an expression means.
///
/// `croner` finds them without regard to any time zone, as if each local time came once.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Cron(Box<croner::Cron>);

impl Cron {
    /// What stands between the brackets.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let &[minutes, hours, day, month, weekday, year] = fields.as_slice() else {
            return Err(ScheduleError::FieldCount(fields.len()));
        };
        match (day, weekday) {
            ("?", "?") => return Err(ScheduleError::NoDay),
            ("?", _) | (_, "?") => {}
            (month, week) => {
                return Err(ScheduleError::BothDays { month: month.to_owned(), week: week.to_owned() });
            }
        }
        let pattern = format!(
            "0 {} {} {} {} {} {}",
            CronField::Minutes.pattern(minutes)?,
            CronField::Hours.pattern(hours)?,
            CronField::DayOfMonth.pattern(day)?,
            CronField::Month.pattern(month)?,
            CronField::DayOfWeek.pattern(weekday)?,
            CronField::Year.pattern(year)?,
        );
        let never = || ScheduleError::Never(fields.join(" "));
        let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required).build();
        // Each field was understood above: nothing is left for croner to refuse.
        let cron = Self(Box::new(parser.parse(&pattern).map_err(|_| never())?));
        cron.0.find_next_occurrence(&BEGINNING, false).map_err(|_| never())?;
        Ok(cron)
    }

    /// The first slot later than a time.
    pub(super) fn next(&self, after: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let mut local = zone.minute(after);
        // Turns only where the clocks change: over the skipped times, and the repeated ones.
        loop {
            local = self.0.find_next_occurrence(&local, false).ok()?;
            if let Some(slot) = zone.instant(local)
                && slot > after
            {
                return Some(slot);
            }
        }
    }

    /// The last slot at or before a time.
    pub(super) fn last(&self, until: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let mut local = zone.latest_minute(until);
        let mut inclusive = true;
        loop {
            local = self.0.find_previous_occurrence(&local, inclusive).ok()?;
            if let Some(slot) = zone.instant(local)
                && slot <= until
            {
                return Some(slot);
            }
            inclusive = false;
        }
    }
}

/// The pattern, without croner's bits.
impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cron").field(&self.0.as_str()).finish()
    }
}
