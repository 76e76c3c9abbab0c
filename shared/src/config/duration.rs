//! Durations as people write them: `90s`, `30m`, `1h30m`, `7d`.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The units, from the largest. A day is 24 hours: time zones mean nothing here.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
/// No setting is longer, and sums of two cannot overflow.
const MAX_SECONDS: u64 = 10 * 365 * 86_400;

/// A whole number of seconds, written in days, hours, minutes and seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(SignedDuration);

impl Duration {
    /// As the domain counts. Fractions of a second and what is negative are cut off.
    pub fn new(duration: SignedDuration) -> Self {
        Self(SignedDuration::from_secs(duration.as_secs().max(0)))
    }

    /// The same, as the domain counts.
    pub fn get(self) -> SignedDuration {
        self.0
    }
}

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing, or nothing but spaces.
    #[error("an empty duration; write one such as `30m`")]
    Empty,
    /// `30`.
    #[error("`{0}` has no unit; write `{0}s`, `{0}m`, `{0}h` or `{0}d`")]
    NoUnit(u64),
    /// `30min`, `1.5h`, `-5m`.
    #[error("`{0}` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`")]
    Malformed(String),
    /// `30m1h`, `1h1h`.
    #[error("`{0}` names its units out of order or twice; the order is d, h, m, s")]
    Order(String),
    /// More than ten years.
    #[error("`{0}` is longer than ten years")]
    TooLong(String),
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let malformed = || DurationError::Malformed(text.to_owned());
        let too_long = || DurationError::TooLong(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(DurationError::Empty);
        }
        let mut units = UNITS.iter();
        let mut seconds: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, behind) = rest.split_at_checked(digits).ok_or_else(malformed)?;
            if number.is_empty() {
                return Err(malformed());
            }
            let number: u64 = number.parse().map_err(|_| too_long())?;
            let Some(unit) = behind.chars().next() else {
                return Err(if seconds == 0 { DurationError::NoUnit(number) } else { malformed() });
            };
            if !UNITS.iter().any(|(known, _)| *known == unit) {
                return Err(malformed());
            }
            // A letter behind the unit is another unit (`min`, `sec`), which we do not know.
            let behind = behind.strip_prefix(unit).unwrap_or_default();
            if !behind.is_empty() && !behind.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(malformed());
            }
            let (_, size) = units
                .by_ref()
                .find(|(known, _)| *known == unit)
                .ok_or(DurationError::Order(text.to_owned()))?;
            seconds = number
                .checked_mul(*size)
                .and_then(|more| seconds.checked_add(more))
                .filter(|seconds| *seconds <= MAX_SECONDS)
                .ok_or_else(too_long)?;
            rest = behind;
        }
        i64::try_from(seconds).map(|seconds| Self(SignedDuration::from_secs(seconds))).map_err(|_| too_long())
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs().unsigned_abs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `30m` or `1h30m`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Duration, E> {
                Err(E::custom(DurationError::NoUnit(number)))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Days, hours, minutes and seconds, such as `7d`, `1h30m` or `15s`.",
            "pattern": r"^\s*(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?\s*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1_800),
            ("1h30m", 5_400),
            ("7d", 604_800),
            ("0s", 0),
            ("1d2h3m4s", 93_784),
            ("1d4s", 86_404),
            (" 15s ", 15),
            ("007s", 7),
            ("3650d", 315_360_000),
        ] {
            assert_eq!(text.parse(), Ok(Duration(SignedDuration::from_secs(seconds))), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_what_to_write() {
        for (text, problem) in [
            ("", "an empty duration; write one such as `30m`"),
            ("  ", "an empty duration; write one such as `30m`"),
            ("30", "`30` has no unit; write `30s`, `30m`, `30h` or `30d`"),
            (
                "30min",
                "`30min` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`",
            ),
            (
                "1.5h",
                "`1.5h` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`",
            ),
            (
                "-5m",
                "`-5m` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`",
            ),
            (
                "1h 30m",
                "`1h 30m` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`",
            ),
            (
                "1h30",
                "`1h30` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`",
            ),
            ("m", "`m` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`"),
            ("2w", "`2w` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`"),
            ("1µ", "`1µ` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`"),
            ("30m1h", "`30m1h` names its units out of order or twice; the order is d, h, m, s"),
            ("1h1h", "`1h1h` names its units out of order or twice; the order is d, h, m, s"),
            ("3651d", "`3651d` is longer than ten years"),
            ("18446744073709551615s", "`18446744073709551615s` is longer than ten years"),
            ("99999999999999999999s", "`99999999999999999999s` is longer than ten years"),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap_err().to_string(), problem, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(seconds in 0..=MAX_SECONDS) {
            let duration = Duration(SignedDuration::from_secs(i64::try_from(seconds).unwrap()));
            prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        }

        #[test]
        fn no_text_panics_the_parser(text in "[0-9dhms .µ-]{0,24}") {
            if let Ok(duration) = text.parse::<Duration>() {
                prop_assert!(duration.get() >= SignedDuration::ZERO);
            }
        }
    }
}
