//! The story of a job's trouble.

use std::collections::BTreeSet;
use std::mem::discriminant;

use jiff::SignedDuration;

use super::{Step, Story, Weight, What};
use crate::batch::{Happened, Note, RunEnd, Skip, Trouble};
use crate::diagnosis::Cause;
use crate::incident::Severity;

/// Counts of runs at which a trouble has grown.
const MILESTONES: [u32; 3] = [10, 100, 1_000];
/// What comes so soon after its like is only counted: a job may have a slot each minute.
const ALIKE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn story(trouble: &Trouble) -> Story {
    // An end that nobody minds is not worth a message of its own, and neither is that it is over.
    let is_minded = trouble.severity > Severity::Info;
    let weight = if is_minded { Weight::Matters } else { Weight::Detail };
    let mut steps = vec![Step::new("opened", Some(trouble.opened_at), weight, What::Opened)];
    for (place, note) in trouble.notes.iter().enumerate() {
        let earlier = trouble.notes.get(..place).unwrap_or_default();
        let what = What::Happened(Box::new(note.what.clone()));
        steps.push(Step::new(key(note), Some(note.at), weight_of(note, earlier, trouble.is_open()), what));
    }
    let last = trouble.notes.last().map(|note| note.at);
    for milestone in MILESTONES.into_iter().filter(|milestone| trouble.count() >= *milestone) {
        let what = What::Grew(usize::try_from(milestone).unwrap_or(usize::MAX));
        steps.push(Step::new(format!("count:{milestone}"), last, Weight::Detail, what));
    }
    if let Some(recovered) = &trouble.recovered {
        let key = format!("recovered:{}", recovered.by);
        steps.push(Step::new(key, Some(recovered.at), weight, What::Resolved));
    }
    Story {
        steps,
        severity: severity(trouble),
        is_open: trouble.is_open(),
        causes: causes(trouble),
        target: None,
        cluster: trouble.cluster.clone(),
    }
}

/// A run of which nobody knows the end waits for a person, whatever the next run did.
fn severity(trouble: &Trouble) -> Severity {
    match trouble.is_open() {
        _ if trouble.has_unknown() => Severity::Critical,
        true => trouble.severity,
        false => Severity::Info,
    }
}

fn causes(trouble: &Trouble) -> BTreeSet<Cause> {
    let bad = trouble.notes.iter().filter_map(|note| note.what.ended());
    bad.flat_map(|bad| bad.causes.keys().filter_map(|word| Cause::from_word(word))).collect()
}

fn key(note: &Note) -> String {
    match &note.what {
        Happened::Ended(bad) => format!("run:{}", bad.slot),
        Happened::Late { slot, .. } => format!("late:{slot}"),
        Happened::Stuck { slot, .. } => format!("stuck:{slot}"),
        Happened::BreakerOpened { .. } => format!("breaker:{}", note.at.as_second()),
        Happened::NoSuccess { since } => format!("no_success:{}", since.as_second()),
        Happened::ManyMissed { after, before, .. } => {
            format!("missed:{}:{}", after.as_second(), before.as_second())
        }
        Happened::Stray { slot, index } => format!("stray:{slot}:{index}"),
    }
}

fn weight_of(note: &Note, earlier: &[Note], is_open: bool) -> Weight {
    let weight = match &note.what {
        Happened::Ended(bad) => match &bad.end {
            RunEnd::Unknown => Weight::Asks,
            RunEnd::Failed | RunEnd::TimedOut | RunEnd::Refused(_) => Weight::Matters,
            RunEnd::Skipped(Skip::Missed | Skip::Upstream { .. } | Skip::Gone) => Weight::Matters,
            // That the breaker is open was said, and that slots are skipped while it is.
            RunEnd::Skipped(Skip::Breaker | Skip::StillRunning { .. } | Skip::Suspended)
            | RunEnd::Superseded { .. }
            | RunEnd::Cancelled
            | RunEnd::Succeeded => Weight::Detail,
        },
        Happened::BreakerOpened { .. } | Happened::NoSuccess { .. } if is_open => Weight::Asks,
        Happened::BreakerOpened { .. }
        | Happened::NoSuccess { .. }
        | Happened::ManyMissed { .. }
        | Happened::Late { .. }
        | Happened::Stuck { .. } => Weight::Matters,
        Happened::Stray { .. } => Weight::Detail,
    };
    let is_soon = |other: &&Note| note.at.duration_since(other.at) < ALIKE_WITHIN;
    let is_told = earlier.iter().rev().take_while(is_soon).any(|other| are_alike(other, note));
    if is_told && weight < Weight::Asks { Weight::Counted } else { weight }
}

/// Whether they say the same but for the run.
fn are_alike(one: &Note, other: &Note) -> bool {
    match (&one.what, &other.what) {
        (Happened::Ended(one), Happened::Ended(other)) => {
            let ends_alike = match (&one.end, &other.end) {
                (RunEnd::Skipped(one), RunEnd::Skipped(other)) => discriminant(one) == discriminant(other),
                (one, other) => discriminant(one) == discriminant(other),
            };
            ends_alike && one.causes.keys().eq(other.causes.keys())
        }
        (one, other) => discriminant(one) == discriminant(other),
    }
}
