//! What a run is called: its job and its slot.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::JobName;
use crate::remediation::JOB_PREFIX;

/// The longest name of a slot.
pub const MAX_SLOT: usize = 40;
/// Room for the number of a run that is done again.
const MAX_OWN: usize = MAX_SLOT - 4;

/// What tells the runs of a job apart: the time that its schedule names, or a text of whoever started it.
///
/// Letters, digits and hyphens, so that `startedBy` can hold it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(String);

impl Slot {
    /// That of a time, to the second: `20261127T020000Z`.
    pub fn at(time: Timestamp) -> Self {
        Self(time.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string())
    }

    /// That of a text, such as the key and version of an object: the text itself where it is short and plain, and its hash
    /// where it is not. The same text is the same slot. A time, as RFC 3339 writes it, is the slot of that time.
    pub fn of_text(text: &str) -> Self {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Self::at(time);
        }
        let is_plain = (1..=MAX_OWN).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !text.starts_with("x-")
            && Self(text.to_owned()).own().0 == text;
        if is_plain {
            return Self(text.to_owned());
        }
        let hash = Sha256::digest(text.as_bytes());
        let hex = hash.iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        Self(format!("x-{hex}"))
    }

    /// The slot of a run that does this one again.
    #[must_use]
    pub fn again(&self, times: u32) -> Self {
        Self(format!("{}-r{times}", self.own().0))
    }

    /// The slot that a run does, again or for the first time.
    #[must_use]
    pub fn own(&self) -> Self {
        let again = self
            .0
            .rsplit_once("-r")
            .filter(|(_, times)| !times.is_empty() && times.bytes().all(|byte| byte.is_ascii_digit()));
        Self(again.map_or(self.0.as_str(), |(own, _)| own).to_owned())
    }

    /// Takes the text of a slot.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = (1..=MAX_SLOT).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_one.then(|| Self(text.to_owned()))
    }

    /// The text of the slot.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A run: one slot of one job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId {
    /// The job.
    pub job: JobName,
    /// The slot.
    pub slot: Slot,
}

impl RunId {
    /// `job/slot`, as people name it.
    pub fn parse(text: &str) -> Option<Self> {
        let (job, slot) = text.split_once('/')?;
        Some(Self { job: JobName::parse(job)?, slot: Slot::parse(slot)? })
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.job, self.slot)
    }
}

/// `startedBy` of a job's task: whose it is, and of which call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StartedBy {
    /// Of which run.
    pub run: RunId,
    /// Of which of its tasks, or of its tens of tasks.
    pub index: u32,
    /// By which call, from 1.
    pub call: u32,
}

impl StartedBy {
    /// Reads one; `None` where no job started the task.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(JOB_PREFIX)?.split('/');
        let mut next = || parts.next();
        let run = RunId { job: JobName::parse(next()?)?, slot: Slot::parse(next()?)? };
        let (index, call) = (next()?.parse().ok()?, next()?.parse().ok()?);
        next().is_none().then_some(Self { run, index, call })
    }
}

impl fmt::Display for StartedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, index, call } = self;
        write!(f, "{JOB_PREFIX}{run}/{index}/{call}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> Timestamp {
        "2026-11-27T02:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_time_and_its_text_are_one_slot() {
        assert_eq!(Slot::at(time()).as_str(), "20261127T020000Z");
        assert_eq!(Slot::of_text("2026-11-27T03:00:00+01:00"), Slot::at(time()));
    }

    #[test]
    fn a_text_that_is_not_plain_is_a_slot_by_its_hash() {
        assert_eq!(Slot::of_text("upload-17").as_str(), "upload-17");
        let key = Slot::of_text("s3://in/2026/file 1.csv?versionId=abc");
        assert_eq!(key, Slot::of_text("s3://in/2026/file 1.csv?versionId=abc"));
        assert!(key.as_str().starts_with("x-") && key.as_str().len() == 34);
        assert_ne!(Slot::of_text("x-1"), Slot::of_text("x-2"), "what looks like a hash is hashed");
    }

    #[test]
    fn what_is_done_again_is_numbered_from_its_own_slot() {
        let first = Slot::at(time()).again(1);
        assert_eq!(first.as_str(), "20261127T020000Z-r1");
        assert_eq!(first.again(2).as_str(), "20261127T020000Z-r2");
    }

    #[test]
    fn started_by_of_the_longest_names_fits_and_is_read_back() {
        let run = RunId {
            job: JobName::parse(&"j".repeat(48)).unwrap(),
            slot: Slot(format!("{}-r99", "s".repeat(36))),
        };
        let started_by = StartedBy { run, index: 9_999, call: 99_999 };
        assert!(started_by.to_string().len() <= 128, "the most that ECS takes");
        assert_eq!(StartedBy::parse(&started_by.to_string()), Some(started_by));
        assert_eq!(StartedBy::parse("ecs-svc/123"), None);
        assert_eq!(StartedBy::parse("steward/job/nightly/20261127T020000Z/0/1/2"), None);
    }
}
