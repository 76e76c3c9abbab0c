//! A schedule within bounds, and its slots.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::{Rule, Schedule};

/// Slots that are left out are counted one by one, up to here.
const COUNTED: u64 = 100_000;
/// Two times are no closer.
const TICK: SignedDuration = SignedDuration::from_nanos(1);

/// A schedule within bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// When it is due.
    pub schedule: Schedule,
    /// No slot is earlier. A rate counts from here, from the next whole minute.
    pub start: Option<Timestamp>,
    /// No slot is later. Before `start`, there are no slots.
    pub end: Option<Timestamp>,
}

/// When a job was due within a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// The last ones, in order. Each is a whole minute.
    pub times: Vec<Timestamp>,
    /// How many more were due before them.
    pub left_out: LeftOut,
}

/// How many slots an answer leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// So many.
    Exactly(u64),
    /// So many were counted, and then no further.
    AtLeast(u64),
}

impl LeftOut {
    /// How many, at least.
    pub fn count(self) -> u64 {
        let (Self::Exactly(count) | Self::AtLeast(count)) = self;
        count
    }

    /// Whether the answer is complete.
    pub fn is_none(self) -> bool {
        self == Self::Exactly(0)
    }
}

/// `3`, `at least 100000`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(number) => write!(f, "{number}"),
            Self::AtLeast(number) => write!(f, "at least {number}"),
        }
    }
}

impl Timetable {
    /// Slots later than `after` and not later than `until`: the last ones, and at most so many. Takes a time that grows
    /// with `most`, not with the window: of a cron's slots, no more than 100,000 are counted besides.
    pub fn slots(&self, after: Timestamp, until: Timestamp, most: usize) -> Slots {
        let after = self.after_start(after);
        let mut until = self.until_end(until);
        let mut times = Vec::new();
        while times.len() < most
            && let Some(time) = self.last_within(after, until)
        {
            times.push(time);
            until = just_before(time);
        }
        times.reverse();
        Slots { times, left_out: self.count(after, until) }
    }

    /// The first slot later than a time.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let next = self.schedule.next(self.after_start(after), self.anchor())?;
        (next <= self.until_end(next)).then_some(next)
    }

    /// The last slot at or before a time.
    pub fn last_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.last_within(self.after_start(Timestamp::MIN), self.until_end(at))
    }

    fn last_within(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        self.schedule.last(until, self.anchor()).filter(|time| *time > after)
    }

    fn count(&self, after: Timestamp, mut until: Timestamp) -> LeftOut {
        if let Rule::Rate(rate) = self.schedule.rule {
            return LeftOut::Exactly(rate.count(after, until, self.anchor()));
        }
        for counted in 0..COUNTED {
            let Some(time) = self.last_within(after, until) else { return LeftOut::Exactly(counted) };
            until = just_before(time);
        }
        match self.last_within(after, until) {
            Some(_) => LeftOut::AtLeast(COUNTED),
            None => LeftOut::Exactly(COUNTED),
        }
    }

    /// Where a rate counts from: a whole minute.
    fn anchor(&self) -> Timestamp {
        let Some(start) = self.start else { return Timestamp::UNIX_EPOCH };
        let seconds = start.as_second() + i64::from(start.subsec_nanosecond() > 0);
        let minutes = seconds.div_euclid(60) + i64::from(seconds.rem_euclid(60) > 0);
        Timestamp::from_second(minutes * 60).unwrap_or(start)
    }

    fn after_start(&self, after: Timestamp) -> Timestamp {
        self.start.map_or(after, |start| after.max(just_before(start)))
    }

    fn until_end(&self, until: Timestamp) -> Timestamp {
        self.end.map_or(until, |end| until.min(end))
    }
}

fn just_before(time: Timestamp) -> Timestamp {
    time.checked_sub(TICK).unwrap_or(Timestamp::MIN)
}
