//! What an incident adds to what began to fail in its cluster.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Incident, Story};
use crate::diagnosis::Cause;
use crate::ledger::{Opening, Openings};

/// That something began to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Began {
    /// When the incident's first failure happened, kept one by one or not: else what fails without end would begin again and
    /// again.
    pub since: Timestamp,
    /// One of each cause and zone, at the cause's first failure.
    pub openings: Vec<Opening>,
}

impl Story {
    /// What began to fail, by what is known now: the same again at each delivery of the same events. An announcement is no
    /// failure: all services of a cluster get it in one moment.
    pub fn began(&self) -> Option<Began> {
        let incident = self.incident.as_ref().filter(|incident| incident.is_open())?;
        let notice = self.record.notice();
        let openings: Vec<Opening> = incident
            .failures
            .causes()
            .into_iter()
            // A deployment that waits has not failed: many may wait at once.
            .filter(|(cause, _)| *cause != Cause::AwaitsAnswer)
            .filter_map(|(cause, _)| Some((cause, incident.failures.first_of(cause, notice)?)))
            .flat_map(|(cause, at)| {
                zones(incident, cause).into_iter().map(move |zone| Opening {
                    at,
                    target: incident.target.clone(),
                    cause,
                    zone,
                })
            })
            .collect();
        let since =
            openings.iter().map(|opening| opening.at).chain(incident.failures.forgotten_since()).min()?;
        Some(Began { since, openings })
    }
}

/// The zones that the latest failures of a cause tell; where none does, it is not known.
fn zones(incident: &Incident, cause: Cause) -> BTreeSet<Option<String>> {
    let samples = incident.failures.samples().iter().filter(|sample| sample.diagnosis.cause == cause);
    let zones: BTreeSet<String> = samples.filter_map(|sample| sample.availability_zone.clone()).collect();
    if zones.is_empty() { [None].into() } else { zones.into_iter().map(Some).collect() }
}

impl Began {
    /// Those that a cluster's item does not know: of one incident, one cause and one zone the first that was written holds.
    pub fn unknown_to(&self, known: &Openings) -> Vec<Opening> {
        let is_known = |new: &Opening| {
            known.openings.iter().any(|old| {
                old.at >= self.since
                    && (&old.target, old.cause, &old.zone) == (&new.target, new.cause, &new.zone)
            })
        };
        self.openings.iter().filter(|new| !is_known(new)).cloned().collect()
    }
}
