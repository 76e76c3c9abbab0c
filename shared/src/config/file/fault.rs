//! What is wrong with a value, and the checks that find it.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::SignedDuration;

use crate::config::Duration;

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// A value that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Fault {
    /// The field, such as `notifications.grouping` or `services[2].match`.
    pub path: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
    /// Another field that it follows from, such as a channel that is not there.
    pub by: Option<String>,
}

/// Checks the keys of one section. A value within its bounds goes where it belongs, one beyond them is a fault.
pub(super) struct Check<'f> {
    section: String,
    faults: &'f mut Vec<Fault>,
}

impl<'f> Check<'f> {
    /// Of the section at a path.
    pub(super) fn of(section: impl Into<String>, faults: &'f mut Vec<Fault>) -> Self {
        Self { section: section.into(), faults }
    }

    /// Of a section below this one.
    pub(super) fn below(&mut self, key: &str) -> Check<'_> {
        Check { section: format!("{}.{key}", self.section), faults: self.faults }
    }

    /// Of an entry of this section, which is a list.
    pub(super) fn entry(&mut self, index: usize) -> Check<'_> {
        Check { section: format!("{}[{index}]", self.section), faults: self.faults }
    }

    /// The section's path.
    pub(super) fn path(&self) -> &str {
        &self.section
    }

    pub(super) fn fault(&mut self, key: &str, problem: impl Into<String>) {
        self.push(format!("{}.{key}", self.section), problem.into(), None);
    }

    /// Something is wrong that follows from another field, by its whole path.
    pub(super) fn fault_by(&mut self, key: &str, other: String, problem: impl Into<String>) {
        self.push(format!("{}.{key}", self.section), problem.into(), Some(other));
    }

    /// Something is wrong with the section as a whole.
    pub(super) fn whole(&mut self, problem: impl Into<String>) {
        self.push(self.section.clone(), problem.into(), None);
    }

    fn push(&mut self, path: String, problem: String, by: Option<String>) {
        self.faults.push(Fault { path, problem, by });
    }

    /// A duration, with its bounds in seconds.
    pub(super) fn duration(
        &mut self,
        key: &str,
        value: Option<Duration>,
        bounds: RangeInclusive<u64>,
        why: &str,
        into: &mut SignedDuration,
    ) {
        let Some(value) = value else { return };
        if bounds.contains(&value.get().as_secs().unsigned_abs()) {
            *into = value.get();
            return;
        }
        let text = |seconds: &u64| Duration::new(SignedDuration::from_secs(seconds.cast_signed()));
        self.out_of_bounds(key, &value, &text(bounds.start()), &text(bounds.end()), why);
    }

    pub(super) fn number(
        &mut self,
        key: &str,
        value: Option<u64>,
        bounds: RangeInclusive<u32>,
        why: &str,
        into: &mut u32,
    ) {
        let Some(value) = value else { return };
        match u32::try_from(value) {
            Ok(number) if bounds.contains(&number) => *into = number,
            _ => self.out_of_bounds(key, &value, bounds.start(), bounds.end(), why),
        }
    }

    pub(super) fn out_of_bounds(
        &mut self,
        key: &str,
        value: &impl fmt::Display,
        least: &impl fmt::Display,
        most: &impl fmt::Display,
        why: &str,
    ) {
        self.fault(key, format!("{value} is not between {least} and {most}: {why}"));
    }
}
