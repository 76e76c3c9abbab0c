//! What Slack calls a message by in its channel.

use std::fmt;

use jiff::Timestamp;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;
/// Between two messages at the same moment.
const STEP: i64 = 100;

/// `1700000000.000100`: a message's time and name in one, unique in its workspace and increasing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ts(i64);

impl Ts {
    /// The name of a message of `now`, after all that are named already.
    pub(super) fn after(self, now: Timestamp) -> Self {
        let now = now.as_microsecond() / STEP * STEP;
        Self(now.max(self.0) + STEP)
    }

    /// Reads a name: digits, a point and six digits, or it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (_, micros) = text.split_once('.')?;
        (micros.len() == 6).then(|| Self::bound(text))?
    }

    /// Reads the end of a range, where Slack takes whole seconds and short fractions too.
    pub(super) fn bound(text: &str) -> Option<Self> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(seconds) || !digits(fraction) || fraction.len() > 6 {
            return None;
        }
        let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
        Some(Self(seconds.parse::<i64>().ok()?.checked_mul(SECOND)?.checked_add(micros)?))
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:06}", self.0 / SECOND, self.0 % SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_moment_differ_and_grow() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let first = Ts::default().after(now);
        let second = first.after(now);
        assert_eq!(
            (first.to_string(), second.to_string()),
            ("1700000000.000100".into(), "1700000000.000200".into())
        );
        let earlier = Timestamp::from_second(1_600_000_000).unwrap();
        assert!(second.after(earlier) > second, "a clock that goes back repeats no name");
    }

    #[test]
    fn a_name_is_read_only_in_full() {
        assert_eq!(Ts::parse("1700000000.000100").unwrap().to_string(), "1700000000.000100");
        for wrong in ["1700000000", "1700000000.0001", "1.2.3", "", ".000100", "-1.000100", "a.000100"] {
            assert_eq!(Ts::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Ts::bound("1700000000.5"), Ts::parse("1700000000.500000"));
        assert_eq!(Ts::bound("0"), Some(Ts::default()));
    }
}
