//! The story of a scaled service's trouble.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Step, Story, Weight, What};
use crate::incident::Severity;
use crate::scaling::{ProblemKind, ScalerNote, ScalerTrouble};

/// What comes again so soon is only counted.
const ALIKE_WITHIN: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn story(trouble: &ScalerTrouble) -> Story {
    // Neither that tasks stay which are not needed, nor that a person is asked, is worth a message of its own when it begins or ends.
    let is_minded = trouble.severity > Severity::Info;
    let weight = if is_minded { Weight::Matters } else { Weight::Detail };
    let mut steps = vec![Step::new("opened", Some(trouble.opened_at), weight, What::Opened)];
    let mut critical =
        trouble.critical_at.map(|at| Step::new("critical", Some(at), Weight::Matters, What::Critical));
    for (place, note) in trouble.notes.iter().enumerate() {
        steps.extend(critical.take_if(|step| step.at < Some(note.at)));
        let earlier = trouble.notes.get(..place).unwrap_or_default();
        let what = What::Scaler(Box::new(note.what.clone()));
        steps.push(Step::new(key(note), Some(note.at), weight_of(note, earlier, trouble.is_open()), what));
    }
    steps.extend(critical);
    if let Some(at) = trouble.recovered {
        steps.push(Step::new("recovered", Some(at), weight, What::Resolved));
    }
    Story {
        steps,
        severity: if trouble.is_open() { trouble.severity } else { Severity::Info },
        is_open: trouble.is_open(),
        causes: BTreeSet::new(),
        target: Some(trouble.target.clone()),
        cluster: Some(trouble.target.cluster().clone()),
    }
}

fn key(note: &ScalerNote) -> String {
    format!("{}:{}", note.what.kind().as_str(), note.at.as_second())
}

fn weight_of(note: &ScalerNote, earlier: &[ScalerNote], is_open: bool) -> Weight {
    let kind = note.what.kind();
    let weight = match kind {
        ProblemKind::Proposed if is_open => return Weight::Asks,
        ProblemKind::Proposed | ProblemKind::Unprotected => Weight::Detail,
        _ => Weight::Matters,
    };
    let is_soon = |other: &&ScalerNote| note.at.duration_since(other.at) < ALIKE_WITHIN;
    let is_told = earlier.iter().rev().take_while(is_soon).any(|other| other.what.kind() == kind);
    if is_told { Weight::Counted } else { weight }
}
