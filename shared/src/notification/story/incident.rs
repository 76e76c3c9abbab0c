//! An incident's story.

use jiff::Timestamp;

use super::{Step, Story, Weight, What};
use crate::action::{State, Verdict};
use crate::diagnosis::Cause;
use crate::incident::{Held, Hook, Incident, Note, Severity, Status, Why};
use crate::remediation::Escalation;

/// Counts at which an incident has grown.
const MILESTONES: [usize; 3] = [10, 100, 512];
/// What comes and goes more often than that is a detail.
const MOST_RELAPSES: u32 = 3;

pub(super) fn story(incident: &Incident) -> Story {
    let mut steps = vec![Step::new("opened", incident.failures.first_at(), Weight::Matters, What::Opened)];
    causes(incident, &mut steps);
    growth(incident, &mut steps);
    for note in &incident.remedies.notes {
        of_action(note, incident.is_open(), &mut steps);
    }
    if let Some(held) = incident.remedies.held.as_ref().filter(|_| incident.is_open()) {
        let remedy = held.remedy.map_or("none", |remedy| remedy.as_str());
        steps.push(Step::new(format!("held:{}:{remedy}", held.reason()), None, weight_of(held), What::Held));
    }
    for hook in &incident.hooks {
        of_hook(hook, &mut steps);
    }
    ending(incident, &mut steps);
    // What has no time of its own comes after what was known when it was said.
    let last = steps.iter().filter_map(|step| step.at).max().unwrap_or(incident.opened_at);
    let ends = |step: &Step| matches!(step.what, What::Resolved | What::Relapsed);
    steps.sort_by_key(|step| (ends(step), step.what != What::Opened, step.at.unwrap_or(last)));
    Story {
        steps,
        severity: severity(incident),
        is_open: incident.is_open(),
        causes: incident.failures.causes().into_iter().map(|(cause, _)| cause).collect(),
        target: Some(incident.target.clone()),
        cluster: Some(incident.target.cluster().clone()),
    }
}

/// By kind of cause and by how many; and where a person has to take over, as high as it gets.
fn severity(incident: &Incident) -> Severity {
    let notes = &incident.remedies.notes;
    let is_unknown = notes.iter().any(|note| matches!(note.state, State::Unknown { .. }));
    let is_vain = |note: &Note| matches!(note.verdict, Some(Verdict::DidNotHelp { .. }));
    let last = notes.iter().rev().find(|note| matches!(note.state, State::Confirmed { .. }));
    match incident.is_open() {
        _ if is_unknown => Severity::Critical,
        true if last.is_some_and(is_vain) => Severity::Critical,
        true => incident.severity(),
        false => Severity::Info,
    }
}

fn causes(incident: &Incident, steps: &mut Vec<Step>) {
    let leading = incident.failures.leading_cause();
    // That a failure says nothing of its cause is nothing to be told.
    // Nor is it a cause that a deployment waits: each hook is told by itself.
    let is_told = |cause: Cause| cause != Cause::Unknown && cause != Cause::AwaitsAnswer;
    let known = incident.failures.causes().into_iter().filter(|(cause, _)| is_told(*cause));
    for (cause, _) in known {
        // A first symptom says little; the cause behind it is news to everybody.
        let weight = if Some(cause) == leading { Weight::Matters } else { Weight::Detail };
        let at = incident.failures.first_of(cause, None);
        steps.push(Step::new(format!("cause:{cause}"), at, weight, What::Cause(cause)));
    }
}

fn growth(incident: &Incident, steps: &mut Vec<Step>) {
    let count = incident.failures.count();
    let last = incident.failures.last_at();
    for milestone in MILESTONES.into_iter().filter(|milestone| count >= *milestone) {
        steps.push(Step::new(format!("count:{milestone}"), last, Weight::Detail, What::Grew(milestone)));
    }
    if incident.severity() == Severity::Critical {
        steps.push(Step::new("critical", last, Weight::Matters, What::Critical));
    }
}

/// That a hook waits is told to everybody, whatever else fails, and once more where it is over.
fn of_hook(hook: &Hook, steps: &mut Vec<Step>) {
    let waits = Hook { over: None, evidence: None, ..hook.clone() };
    steps.push(Step::new(
        format!("hook:{}", hook.id),
        Some(hook.since),
        Weight::Matters,
        What::Hook(Box::new(waits)),
    ));
    if let Some(over) = &hook.over {
        let what = What::Hook(Box::new(hook.clone()));
        steps.push(Step::new(format!("hook:{}:over", hook.id), Some(over.at), Weight::Detail, what));
    }
}

fn of_action(note: &Note, is_open: bool, steps: &mut Vec<Step>) {
    let id = note.id.short();
    let mut push = |name: &str, at: Option<Timestamp>, weight| {
        steps.push(Step::new(format!("{id}:{name}"), at, weight, What::Action(Box::new(note.clone()))));
    };
    match &note.state {
        // It is over in a moment, and its outcome is told.
        State::Planned | State::Issued { .. } => {}
        State::Proposed { .. } if !is_open && !note.remedy.follows_incident() => {}
        State::Proposed { until } => match &note.approved {
            None => push(&format!("proposed:{}", until.as_second()), None, Weight::Asks),
            Some(approved) => push("approved", Some(approved.at), Weight::Detail),
        },
        State::Confirmed { at, .. } => push("confirmed", Some(*at), Weight::Matters),
        State::Failed { at, .. } => push("failed", Some(*at), Weight::Matters),
        State::Unknown { at, .. } => push("unknown", Some(*at), Weight::Asks),
        State::Withdrawn { at, .. } => push("withdrawn", Some(*at), Weight::Detail),
    }
    if let Some(verdict) = note.verdict {
        let (name, at, weight) = match verdict {
            Verdict::Helped { at } => ("helped", at, Weight::Detail),
            Verdict::DidNotHelp { at } => ("did_not_help", at, Weight::Asks),
        };
        let what = What::Verdict(Box::new(note.clone()), verdict);
        steps.push(Step::new(format!("{id}:{name}"), Some(at), weight, what));
    }
}

/// A remedy that a guard refuses matters where somebody counts on it, and what would be done matters where somebody enrolled a
/// target to learn that; that it waits does not.
fn weight_of(held: &Held) -> Weight {
    const EXPECTED: [&str; 6] =
        ["not_enrolled", "remedy_off", "not_stable", "cooling_down", "locked", Held::UNOBSERVED];
    // A limit stays until a person takes it away; and what the nearest instance lacks is what a person has to know.
    let is_for_people =
        matches!(held.why, Why::Escalated(Escalation::Limited { .. } | Escalation::NoRoom(_)));
    let matters = is_for_people || (held.remedy.is_some() && !EXPECTED.contains(&held.reason()));
    if matters { Weight::Matters } else { Weight::Detail }
}

fn ending(incident: &Incident, steps: &mut Vec<Step>) {
    let times = incident.relapses;
    let weight = if times < MOST_RELAPSES { Weight::Matters } else { Weight::Detail };
    if times > 0 {
        steps.push(Step::new(format!("relapsed:{times}"), None, weight, What::Relapsed));
    }
    if let Status::Resolved { at, .. } = incident.status {
        steps.push(Step::new(format!("resolved:{times}"), Some(at), weight, What::Resolved));
    }
}
