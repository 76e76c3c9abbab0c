//! Times in which nothing is changed.

use jiff::civil::{Time, Weekday};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A window of time, once or each week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// When.
    pub when: When,
    /// Why, for whoever is held back by it.
    pub why: Option<String>,
}

/// When a window is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Once.
    Once {
        /// From this moment on.
        from: Timestamp,
        /// Up to this moment, it not included.
        to: Timestamp,
    },
    /// On some days of each week, by the clock of one offset from UTC: there is no daylight saving time.
    Weekly {
        /// On these days; a window over midnight belongs to the day on which it begins.
        days: Vec<Weekday>,
        /// From this time on.
        from: Time,
        /// Up to this time, it not included; not later than `from`: on the next day. The same time: for a whole day.
        to: Time,
        /// From UTC.
        offset: Offset,
    },
}

impl Window {
    /// Whether it is open at `now`.
    pub fn contains(&self, now: Timestamp) -> bool {
        match &self.when {
            When::Once { from, to } => *from <= now && now < *to,
            When::Weekly { days, from, to, offset } => {
                let local = offset.to_datetime(now);
                let (today, time) = (local.date().weekday(), local.time());
                let begins = |day: Weekday| days.contains(&day);
                if from < to {
                    begins(today) && *from <= time && time < *to
                } else {
                    (begins(today) && *from <= time) || (begins(today.previous()) && time < *to)
                }
            }
        }
    }

    /// When it is over, from a moment within it; at most a week ahead where it is weekly. Such a window begins and ends on
    /// the minute, as its offset does.
    pub fn ends_after(&self, now: Timestamp) -> Timestamp {
        if let When::Once { to, .. } = &self.when {
            return *to;
        }
        let second = now.as_second();
        let mut at = Timestamp::from_second(second - second.rem_euclid(MINUTE.as_secs())).unwrap_or(now);
        for _ in 0..7 * 24 * 60 {
            if !self.contains(at) {
                return at;
            }
            at = at.saturating_add(MINUTE).unwrap_or(Timestamp::MAX);
        }
        at
    }
}
