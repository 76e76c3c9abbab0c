//! `at(yyyy-mm-ddThh:mm:ss)`: once.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::ScheduleError;
use super::zone::Zone;

/// What stands between the brackets, in a time zone.
pub(super) fn parse(text: &str, zone: &Zone) -> Result<Timestamp, ScheduleError> {
    let text = text.trim();
    // jiff reads more than Scheduler does: dates without a time, spaces for `T`, offsets, fractions.
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    if !shape.eq(*b"0000-00-00T00:00:00") {
        return Err(ScheduleError::Time(text.to_owned()));
    }
    let time: DateTime = text.parse().map_err(|_| ScheduleError::Time(text.to_owned()))?;
    if !text.ends_with(":00") {
        return Err(ScheduleError::Seconds(text.to_owned()));
    }
    zone.instant(time)
        .ok_or_else(|| ScheduleError::Skipped { time: text.to_owned(), zone: zone.name().to_owned() })
}
