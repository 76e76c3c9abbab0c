//! A time zone, and the one rule by which local times become instants.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use super::ScheduleError;

/// A suggestion may differ from what was written in one character of so many.
const LETTERS_PER_SLIP: usize = 5;
/// No name in the database is longer than 40 bytes.
const LONGEST_NAME: usize = 64;

/// A time zone by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// Whatever its case. The database is part of the program: the machine's own is not asked.
    pub(super) fn named(name: &str) -> Result<Self, ScheduleError> {
        let database = TimeZoneDatabase::bundled();
        let rules = database.get(name).ok();
        let (name, rules) = rules
            .and_then(|rules| Some((rules.iana_name()?.to_owned(), rules)))
            .ok_or_else(|| ScheduleError::Zone { name: name.to_owned(), near: near(name, &database) })?;
        Ok(Self { name, rules })
    }

    /// In the database's spelling.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The instant of a local time: none where the clocks skip it, the first where they show it twice.
    pub(super) fn instant(&self, local: DateTime) -> Option<Timestamp> {
        let offset = match self.rules.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Fold { before, .. } => before,
            AmbiguousOffset::Gap { .. } => return None,
        };
        offset.to_timestamp(local).ok()
    }

    /// What the clocks show, cut to the minute.
    pub(super) fn minute(&self, at: Timestamp) -> DateTime {
        whole_minute(self.rules.to_datetime(at))
    }

    /// No local time with an instant at or before `at` is later than this one, cut to the minute. It is what the clocks
    /// show, except while they show times for the second time: then all times of the first pass are over.
    pub(super) fn latest_minute(&self, at: Timestamp) -> DateTime {
        let shown = self.rules.to_datetime(at);
        match self.rules.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Fold { before, .. } => whole_minute(before.to_datetime(at)),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => whole_minute(shown),
        }
    }
}

fn whole_minute(time: DateTime) -> DateTime {
    time.date().at(time.hour(), time.minute(), 0, 0)
}

/// The known name that looks most like an unknown one: by all of it, or by its city.
fn near(name: &str, database: &TimeZoneDatabase) -> Option<String> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let asked = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let distance = |known: &str| {
        let known = known.to_ascii_lowercase();
        slips(&asked, &known).min(slips(city(&asked), city(&known)))
    };
    let (slips, known) =
        database.available().map(|known| (distance(known.as_str()), known.to_string())).min()?;
    (slips <= asked.len() / LETTERS_PER_SLIP).then_some(known)
}

/// `new_york` of `america/new_york`.
fn city(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// How many letters must be added, left out or replaced to make one text of the other.
fn slips(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, a) in (1..).zip(one.bytes()) {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), above);
        let mut left = above;
        for (cell, b) in row.iter_mut().skip(1).zip(other.bytes()) {
            left = (diagonal + usize::from(a != b)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, left);
        }
    }
    row.last().copied().unwrap_or(0)
}
