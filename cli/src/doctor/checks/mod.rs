//! The checks: each a pure function of what was read.
//!
//! # Invariants
//!
//! * What could not be read is neither well nor a problem, and is said.
//! * Every problem says what to do.

mod people;
mod stack;
mod work;

use std::collections::BTreeMap;

use serde::Serialize;
use steward::observed::Observed;

use super::readings::Readings;
#[cfg(test)]
pub(super) use stack::needed;

/// Notes what is found.
type Check = fn(&Readings, &mut Notes);

/// A check's name, and the check.
pub(super) const CHECKS: [(&str, Check); 14] = [
    ("stack", stack::stack),
    ("resources", stack::resources),
    ("table", stack::table),
    ("rules", work::rules),
    ("functions", work::functions),
    ("sweeps", work::sweeps),
    ("queues", work::queues),
    ("dead-letters", work::dead_letters),
    ("alarms", work::alarms),
    ("roles", stack::roles),
    ("configuration", people::configuration),
    ("channels", people::channels),
    ("clock", people::clock),
    ("you", people::you),
];

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Health {
    Well,
    Problem,
    /// It could not be seen: neither well nor a problem.
    Unseen,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) health: Health,
    pub(super) says: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// What one check notes.
#[derive(Debug, Default)]
pub(super) struct Notes {
    problems: Vec<(String, String)>,
    /// By the operation that failed: what about, and the first reason.
    unseen: BTreeMap<String, (Vec<String>, String)>,
    well: Option<String>,
}

impl Notes {
    fn problem(&mut self, says: impl Into<String>, next: impl Into<String>) {
        self.problems.push((says.into(), next.into()));
    }

    /// Several that were kept from view by one operation are said once.
    fn unseen(&mut self, about: &str, why: &str) {
        let operation = why.split(' ').next().unwrap_or_default().to_owned();
        let of_it = self.unseen.entry(operation).or_insert_with(|| (Vec::new(), why.to_owned()));
        of_it.0.push(about.to_owned());
    }

    /// Said where there is nothing else to say.
    fn well(&mut self, says: impl Into<String>) {
        self.well = Some(says.into());
    }

    /// What is known, or a note of why it is not; `absent` is the problem where it is not there.
    fn known<'o, T>(
        &mut self,
        about: &str,
        read: &'o Observed<T>,
        absent: Option<(&str, &str)>,
    ) -> Option<&'o T> {
        match (read, absent) {
            (Observed::Known(known), _) => return Some(known),
            (Observed::Absent, Some((says, next))) => self.problem(says, next),
            (Observed::Absent, None) => {}
            (Observed::Unknown(why), _) => self.unseen(about, why),
        }
        None
    }

    fn into_findings(self, check: &'static str) -> Vec<Finding> {
        let problems = self.problems.into_iter().map(|(says, next)| Finding {
            check,
            health: Health::Problem,
            says,
            next: Some(next),
        });
        let unseen = self.unseen.into_values().map(|(about, why)| {
            let about = match about.as_slice() {
                [one] => one.clone(),
                [one, rest @ ..] => format!("{one} and {} more", rest.len()),
                [] => String::new(),
            };
            Finding { check, health: Health::Unseen, says: format!("{about}: {why}"), next: None }
        });
        let mut findings: Vec<Finding> = problems.chain(unseen).collect();
        if let (true, Some(says)) = (findings.is_empty(), self.well) {
            findings.push(Finding { check, health: Health::Well, says, next: None });
        }
        findings
    }
}

/// All that is found.
pub(super) fn examine(readings: &Readings) -> Vec<Finding> {
    let of = |(name, check): (&'static str, Check)| {
        let mut notes = Notes::default();
        check(readings, &mut notes);
        notes.into_findings(name)
    };
    CHECKS.into_iter().flat_map(of).collect()
}

/// `3 rules`.
fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
