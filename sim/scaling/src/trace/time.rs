//! Moments as traces write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::number::rounded_i64;

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
const MILLISECONDS_FROM: f64 = 1e11;
/// The year 9999, in milliseconds: no moment lies beyond.
const LATEST: f64 = 253_402_207_200_000.0;

/// Milliseconds since 1970. A date and time, with or without seconds, fractions and zone (UTC where none stands there), or
/// seconds or milliseconds since 1970.
pub(super) fn moment(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<f64>() {
        let ms = if number.abs() < MILLISECONDS_FROM { number * 1_000.0 } else { number };
        return (ms.abs() <= LATEST).then(|| rounded_i64(ms));
    }
    let text = text.replace('/', "-");
    let text = text.trim_end_matches("UTC").trim_end();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let civil: DateTime = text.parse().ok()?;
    // A zone that cannot be read must not be taken for none.
    let is_bare = text.bytes().all(|byte| byte.is_ascii_digit() || b"-:. Tt".contains(&byte));
    let at = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
    is_bare.then(|| at.as_millisecond())
}
