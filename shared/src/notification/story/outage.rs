//! An outage's story.

use super::{Step, Story, Weight, What};
use crate::incident::Severity;
use crate::ledger::Outage;

/// Counts at which an outage has grown.
const MILESTONES: [usize; 5] = [10, 30, 100, 300, 1_000];
/// What comes and goes more often than that is a detail.
const MOST_RELAPSES: u32 = 3;

pub(super) fn story(outage: &Outage) -> Story {
    let mut steps = vec![Step::new("opened", Some(outage.since), Weight::Matters, What::Opened)];
    for cause in &outage.causes {
        steps.push(Step::new(format!("cause:{cause}"), None, Weight::Detail, What::Cause(*cause)));
    }
    for milestone in MILESTONES.into_iter().filter(|milestone| outage.count() >= *milestone) {
        steps.push(Step::new(format!("count:{milestone}"), None, Weight::Detail, What::Grew(milestone)));
    }
    let weight = if outage.relapses < MOST_RELAPSES { Weight::Matters } else { Weight::Detail };
    if outage.relapses > 0 {
        steps.push(Step::new(format!("relapsed:{}", outage.relapses), None, weight, What::Relapsed));
    }
    if let Some(at) = outage.resolved_at {
        steps.push(Step::new(format!("resolved:{}", outage.relapses), Some(at), weight, What::Resolved));
    }
    Story {
        steps,
        severity: if outage.is_open() { Severity::Critical } else { Severity::Info },
        is_open: outage.is_open(),
        causes: outage.causes.clone(),
        target: None,
        cluster: Some(outage.cluster.clone()),
    }
}
