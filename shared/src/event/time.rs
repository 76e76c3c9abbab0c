//! Points in time as ECS events, its API, its command line, AWS Health and CloudTrail write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use super::json::Json;

/// A weekday that does not fit the date is no reason to lose the date.
static HEALTH: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);

/// Epoch numbers above this are milliseconds: as seconds they would lie beyond the year 5000.
const LARGEST_EPOCH_SECONDS: f64 = 1e11;

/// Reads ISO 8601 with any fraction and offset, `Tue, 2 Jul 2024 03:00:00 GMT`, `Jul 2, 2024, 3:00:00 AM`, and epoch seconds
/// or milliseconds.
pub(crate) fn lenient(value: &Json<'_>) -> Option<Timestamp> {
    match value {
        Json::Text(text) => from_text(text.trim()),
        Json::Number(number) => from_epoch(number.as_f64()?),
        _ => None,
    }
}

fn from_text(text: &str) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    text.parse()
        .ok()
        .or_else(|| HEALTH.parse_timestamp(text).ok())
        .or_else(|| HEALTH.parse_timestamp(padded(text)).ok())
        .or_else(|| from_trail(text))
}

/// Answers in CloudTrail have times as Java writes them for Americans, in UTC: older versions with one comma, newer ones
/// with two and a narrow blank.
fn from_trail(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> =
        text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    let written = DateTime::strptime("%b %d %Y %I:%M:%S %p", words.join(" ")).ok()?;
    Some(written.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// `6:02:51` as `06:02:51`: AWS Health pads the hour as little as the day.
fn padded(text: &str) -> String {
    match text.split_once(':') {
        Some((before, rest)) => match before.rsplit_once(' ') {
            Some((date, hour)) if hour.len() == 1 => format!("{date} 0{hour}:{rest}"),
            _ => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

fn from_epoch(number: f64) -> Option<Timestamp> {
    if !number.is_finite() {
        return None;
    }
    let seconds = if number.abs() > LARGEST_EPOCH_SECONDS { number / 1000.0 } else { number };
    let milliseconds = (seconds * 1000.0).round();
    if milliseconds.abs() > 1e15 {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded just above")]
    Timestamp::from_millisecond(milliseconds as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_that_aws_writes_is_read() {
        for (written, meant) in [
            (json!("2026-11-20T21:04:05Z"), "2026-11-20T21:04:05Z"),
            (json!("2026-11-20T21:04:05.7Z"), "2026-11-20T21:04:05.7Z"),
            (json!("2026-11-20T21:04:05.739000+11:00"), "2026-11-20T10:04:05.739Z"),
            (json!("2026-11-20 21:04:05.739000+00:00"), "2026-11-20T21:04:05.739Z"),
            (json!("Tue, 2 Jul 2024 03:00:00 GMT"), "2024-07-02T03:00:00Z"),
            (json!("Mon, 2 Jul 2024 03:00:00 GMT"), "2024-07-02T03:00:00Z"),
            (json!("Tue, 2 Jul 2024 3:00:00 GMT"), "2024-07-02T03:00:00Z"),
            (json!(1_480_000_000), "2016-11-24T15:06:40Z"),
            (json!(1_480_000_000.25), "2016-11-24T15:06:40.25Z"),
            (json!(1_480_000_000_250_i64), "2016-11-24T15:06:40.25Z"),
        ] {
            assert_eq!(
                lenient(&written.clone().into()).map(|t| t.to_string()).as_deref(),
                Some(meant),
                "{written}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_time() {
        for odd in
            [json!(""), json!("date"), json!({"year": 2019}), json!(true), json!(1e300), json!("2026-13-45")]
        {
            assert_eq!(lenient(&odd.clone().into()), None, "{odd}");
        }
    }
}
