//! When an invocation ends, and when it should begin nothing any more.

use jiff::{SignedDuration, Timestamp};

/// A call and its retries may take so long.
const LONGEST_STEP: SignedDuration = SignedDuration::from_secs(10);

/// The end of an invocation: Lambda ends the process then, done or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    ends: Timestamp,
    last_start: Timestamp,
}

impl Deadline {
    /// Of an invocation that begins `now`. What would take longer than is left is better not begun: it returns in order
    /// and at once. At least half of the time is for work.
    pub fn new(now: Timestamp, ends: Timestamp) -> Self {
        let half = ends.duration_since(now) / 2;
        let last_start = ends.checked_sub(LONGEST_STEP.min(half)).unwrap_or(now);
        Self { ends, last_start }
    }

    /// Of what never ends.
    pub fn never() -> Self {
        Self { ends: Timestamp::MAX, last_start: Timestamp::MAX }
    }

    /// When it ends.
    pub fn ends(&self) -> Timestamp {
        self.ends
    }

    /// Whether nothing may be begun any more.
    pub fn is_near(&self, now: Timestamp) -> bool {
        now > self.last_start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_last_ten_seconds_are_for_what_was_begun() {
        let deadline = Deadline::new(at(0), at(30));
        assert_eq!([0, 20, 21, 30].map(|now| deadline.is_near(at(now))), [false, false, true, true]);
    }

    #[test]
    fn a_short_invocation_works_for_half_of_its_time() {
        let deadline = Deadline::new(at(0), at(6));
        assert_eq!([0, 3, 4].map(|now| deadline.is_near(at(now))), [false, false, true]);
        assert!(!Deadline::never().is_near(Timestamp::MAX));
    }
}
