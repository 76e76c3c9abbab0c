//! `rate(value unit)`: every so many minutes, hours or days of elapsed time.

use jiff::Timestamp;

use super::ScheduleError;

/// The units with their seconds. A day is 24 hours, whatever the clocks do.
const UNITS: [(&str, &str, i64); 3] =
    [("minute", "minutes", 60), ("hour", "hours", 3_600), ("day", "days", 86_400)];

/// A number of seconds, of whole minutes, above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate(i64);

impl Rate {
    /// What stands between the brackets.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let malformed = || ScheduleError::Rate(text.to_owned());
        let mut words = text.split_whitespace();
        let (Some(value), Some(unit), None) = (words.next(), words.next(), words.next()) else {
            return Err(malformed());
        };
        if !value.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(malformed());
        }
        let value: u32 = value.parse().map_err(|_| malformed())?;
        let (_, _, seconds) =
            UNITS.iter().find(|(one, many, _)| unit == *one || unit == *many).ok_or_else(malformed)?;
        if value == 0 {
            return Err(ScheduleError::NoPeriod);
        }
        // Below 2^32 days: far from overflow.
        Ok(Self(i64::from(value) * seconds))
    }

    /// The first slot later than a time.
    pub(super) fn next(self, after: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        self.slot(self.index(after, anchor) + 1, anchor)
    }

    /// The last slot at or before a time.
    pub(super) fn last(self, until: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
        self.slot(self.index(until, anchor), anchor)
    }

    /// How many slots are later than one time and not later than another.
    pub(super) fn count(self, after: Timestamp, until: Timestamp, anchor: Timestamp) -> u64 {
        u64::try_from(self.index(until, anchor) - self.index(after, anchor)).unwrap_or(0)
    }

    /// The number of the last slot at or before a time; the anchor is slot 0.
    fn index(self, at: Timestamp, anchor: Timestamp) -> i64 {
        (whole_seconds(at) - anchor.as_second()).div_euclid(self.0)
    }

    fn slot(self, index: i64, anchor: Timestamp) -> Option<Timestamp> {
        Timestamp::from_second(index.checked_mul(self.0)?.checked_add(anchor.as_second())?).ok()
    }
}

/// The last whole second at or before a time.
fn whole_seconds(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}
