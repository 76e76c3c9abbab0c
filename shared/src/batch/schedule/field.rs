//! One field of a cron expression: from Scheduler's words to croner's.
//!
//! | | Scheduler | croner |
//! |---|---|---|
//! | days of the week | 1–7, Sunday first | 0–6, Sunday first |
//! | from a value, in steps | `0/15` | `0-59/15` |
//! | any day | `?` | `*` |
//! | last day of the week | `L` | `6` |
//!
//! `L`, `LW` and `15W` in the day of the month, and `6L` and `3#2` in the day of the week, mean the same in both.
//! What Scheduler does not document is refused, not guessed: ranges that run backwards, `L-3`, several `#`.

use std::fmt;

use super::ScheduleError;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field of a cron expression, in EventBridge Scheduler's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CronField {
    /// 0–59.
    Minutes,
    /// 0–23.
    Hours,
    /// 1–31, `L`, `LW`, `15W`, `?`.
    DayOfMonth,
    /// 1–12 or `JAN`–`DEC`.
    Month,
    /// 1–7 or `SUN`–`SAT`, `L`, `6L`, `3#2`, `?`.
    DayOfWeek,
    /// 1970–2199.
    Year,
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::DayOfMonth => "day-of-month",
            Self::Month => "month",
            Self::DayOfWeek => "day-of-week",
            Self::Year => "year",
        })
    }
}

impl CronField {
    /// The least and the greatest value.
    fn bounds(self) -> (u16, u16) {
        match self {
            Self::Minutes => (0, 59),
            Self::Hours => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (1, 7),
            Self::Year => (1970, 2199),
        }
    }

    /// Names of the values, from the least.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            Self::Minutes | Self::Hours | Self::DayOfMonth | Self::Year => &[],
        }
    }

    /// croner's pattern for the whole field.
    pub(super) fn pattern(self, text: &str) -> Result<String, ScheduleError> {
        let text = text.to_ascii_uppercase();
        // The caller knows that one of the two days is `?`.
        if text == "?" && matches!(self, Self::DayOfMonth | Self::DayOfWeek) {
            return Ok("*".to_owned());
        }
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > 1 && text.contains('#') {
            return Err(self.problem(&text, "has `#` in a list; a day such as `3#2` stands alone"));
        }
        // croner has one mark for each, and both together mean `LW`.
        if parts.contains(&"L") && parts.contains(&"LW") {
            return Err(self.problem(&text, "has both `L` and `LW`; write one of them"));
        }
        let patterns: Vec<String> =
            parts.into_iter().map(|part| self.part(part)).collect::<Result<_, _>>()?;
        Ok(patterns.join(","))
    }

    fn part(self, part: &str) -> Result<String, ScheduleError> {
        match self {
            Self::DayOfMonth => self.day_of_month(part),
            Self::DayOfWeek => self.day_of_week(part),
            Self::Minutes | Self::Hours | Self::Month | Self::Year => self.range(part),
        }
    }

    fn day_of_month(self, part: &str) -> Result<String, ScheduleError> {
        if part == "L" || part == "LW" {
            Ok(part.to_owned())
        } else if part.starts_with("L-") {
            Err(self
                .problem(part, "counts from the last day, which is not supported; write `L`, `LW` or a day"))
        } else if let Some(day) = part.strip_suffix('W') {
            Ok(format!("{}W", self.value(day, part)?))
        } else {
            self.range(part)
        }
    }

    fn day_of_week(self, part: &str) -> Result<String, ScheduleError> {
        if part == "L" {
            self.range("SAT")
        } else if let Some(day) = part.strip_suffix('L') {
            Ok(format!("{}L", self.number(self.value(day, part)?)))
        } else if let Some((day, which)) = part.split_once('#') {
            if !matches!(which, "1" | "2" | "3" | "4" | "5") {
                return Err(self.problem(part, "names a week that no month has; write `#1` to `#5`"));
            }
            Ok(format!("{}#{which}", self.number(self.value(day, part)?)))
        } else {
            self.range(part)
        }
    }

    /// `*`, a value, a range, and each of them with a step.
    fn range(self, part: &str) -> Result<String, ScheduleError> {
        let (least, greatest) = self.bounds();
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step, part)?)),
            None => (part, None),
        };
        let (from, to) = if range == "*" {
            (least, greatest)
        } else if let Some((from, to)) = range.split_once('-') {
            (self.value(from, part)?, self.value(to, part)?)
        } else {
            let from = self.value(range, part)?;
            (from, if step.is_some() { greatest } else { from })
        };
        if from > to {
            let problem = format!("runs backwards; write `{from}-{greatest},{least}-{to}`");
            return Err(self.problem(part, &problem));
        }
        Ok(format!("{}-{}/{}", self.number(from), self.number(to), step.unwrap_or(1)))
    }

    fn step(self, step: &str, part: &str) -> Result<u16, ScheduleError> {
        let (least, greatest) = self.bounds();
        let most = greatest - least + 1;
        number(step)
            .filter(|step| (1..=most).contains(step))
            .ok_or_else(|| self.problem(part, &format!("has no such step; write 1-{most} behind `/`")))
    }

    fn value(self, text: &str, part: &str) -> Result<u16, ScheduleError> {
        let (least, greatest) = self.bounds();
        let by_name = (least..).zip(self.names()).find(|(_, name)| **name == text).map(|(value, _)| value);
        by_name.or_else(|| number(text)).filter(|value| (least..=greatest).contains(value)).ok_or_else(|| {
            let or_names = match self.names() {
                [first, .., final_one] => format!(" or {first}-{final_one}"),
                _ => String::new(),
            };
            self.problem(part, &format!("is no value; write {least}-{greatest}{or_names}"))
        })
    }

    /// As croner numbers it.
    fn number(self, value: u16) -> u16 {
        if self == Self::DayOfWeek { value - 1 } else { value }
    }

    fn problem(self, part: &str, problem: &str) -> ScheduleError {
        ScheduleError::Field { field: self, part: part.to_owned(), problem: problem.to_owned() }
    }
}

fn number(text: &str) -> Option<u16> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())?
}
