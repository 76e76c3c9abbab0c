//! Whether an incident is told as a part of an outage.
//!
//! Guards ask the same for changes, by a narrower window: what is held back by mistake costs more than what is told together.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::story::{Story, Weight, What};
use crate::config::Guards;
use crate::diagnosis::Cause;
use crate::incident::Incident;
use crate::ledger::{Openings, Outage};

/// What shares a cause is told together in so many times the guards' window.
const WIDER: i32 = 6;

/// What an incident shares with others of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The causes.
    pub causes: BTreeSet<Cause>,
    /// The availability zones.
    pub zones: BTreeSet<String>,
}

/// What makes an incident a part of an outage. `None`: it is told by itself.
pub fn shared(
    incident: &Incident,
    openings: Option<&Openings>,
    outage: Option<&Outage>,
    guards: &Guards,
    now: Timestamp,
) -> Option<Shared> {
    let story = Story::of_incident(incident);
    // What waits for a person, or was changed, is not one of many.
    let is_its_own = |weight, what: &What| weight == Weight::Asks || matches!(what, What::Action(_));
    if story.steps.iter().any(|step| is_its_own(step.weight, &step.what)) {
        return None;
    }
    let cause = incident.failures.leading_cause()?;
    let zones: BTreeSet<String> =
        incident.failures.samples().iter().filter_map(|sample| sample.availability_zone.clone()).collect();
    let goes_on =
        |outage: &&Outage| outage.resolved_at.is_none_or(|at| now.duration_since(at) <= guards.outage_within);
    if let Some(outage) = outage.filter(goes_on)
        && (outage.has(incident)
            || outage.causes.contains(&cause)
            || outage.zones.iter().any(|zone| zones.contains(zone) && is_near(incident, outage, guards)))
    {
        return Some(Shared { causes: [cause].into(), zones: BTreeSet::new() });
    }
    if !incident.is_open() {
        return None;
    }
    let openings = openings?;
    let at = incident.failures.first_at().unwrap_or(incident.opened_at);
    let least = usize::try_from(guards.outage_services).unwrap_or(usize::MAX);
    let within = guards.outage_within;
    if openings.together(at, within * WIDER, &[cause], &[]) >= least {
        return Some(Shared { causes: [cause].into(), zones: BTreeSet::new() });
    }
    let is_shared = |zone: &&String| openings.together(at, within, &[], std::slice::from_ref(*zone)) >= least;
    let zones: BTreeSet<String> = zones.iter().filter(is_shared).cloned().collect();
    (!zones.is_empty()).then(|| Shared { causes: BTreeSet::new(), zones })
}

fn is_near(incident: &Incident, outage: &Outage, guards: &Guards) -> bool {
    let at = incident.failures.first_at().unwrap_or(incident.opened_at);
    at.duration_since(outage.since).abs() <= guards.outage_within
}
