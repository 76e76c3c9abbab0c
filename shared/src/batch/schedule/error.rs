//! Why a text is no schedule, and what would be one.

use super::CronField;

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// None of the three kinds.
    #[error(
        "`{0}` is no schedule; write `cron(0 2 * * ? *)`, `rate(15 minutes)` or `at(2027-01-31T02:00:00)`"
    )]
    Kind(String),
    /// Five fields, as Unix has them, or any other number.
    #[error(
        "cron has six fields and this has {0}; write minutes, hours, day-of-month, month, day-of-week and year, such as \
         `cron(0 2 * * ? *)`"
    )]
    FieldCount(usize),
    /// Both the day of the month and the day of the week are given.
    #[error(
        "day-of-month is `{month}` and day-of-week is `{week}`; one of them must be `?`: `cron(0 2 * * ? *)` \
         is every day, `cron(0 2 ? * MON *)` every Monday"
    )]
    BothDays {
        /// Day of the month.
        month: String,
        /// Day of the week.
        week: String,
    },
    /// Neither the day of the month nor the day of the week is given.
    #[error("day-of-month and day-of-week are both `?`; write `*` or a day in one of them")]
    NoDay,
    /// A field, or a part of its list, is none.
    #[error("{field}: `{part}` {problem}")]
    Field {
        /// The field.
        field: CronField,
        /// What was written, between commas.
        part: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// `cron(0 0 30 2 ? *)`.
    #[error("`cron({0})` names a date that never comes")]
    Never(String),
    /// Not a whole number of a unit.
    #[error(
        "`{0}` is no rate; write a whole number and `minutes`, `hours` or `days`, such as `rate(15 minutes)`"
    )]
    Rate(String),
    /// `rate(0 hours)`.
    #[error("a rate of nothing never comes; the shortest is `rate(1 minute)`")]
    NoPeriod,
    /// No local date and time.
    #[error("`{0}` is no local time; write it without an offset, such as `at(2027-01-31T02:00:00)`")]
    Time(String),
    /// `at(2027-01-31T02:00:30)`.
    #[error("`{0}` is not a whole minute, and schedules are no more precise; write `00` seconds")]
    Seconds(String),
    /// Between the last minute of winter and the first of summer.
    #[error("`{time}` does not exist in {zone}: the clocks skip it")]
    Skipped {
        /// Local time.
        time: String,
        /// The time zone.
        zone: String,
    },
    /// Not in the database of time zones.
    #[error("`{name}` is no time zone; {}", zone_hint(.near.as_deref()))]
    Zone {
        /// As written.
        name: String,
        /// The known name that looks most like it.
        near: Option<String>,
    },
}

fn zone_hint(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write an IANA name such as `Europe/Berlin`, or `UTC`".to_owned(),
    }
}
