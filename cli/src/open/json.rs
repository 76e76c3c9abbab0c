//! For programs: incidents and actions, one object each. docs/operating.md says what the fields mean.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use steward::action::{Action, Ruling, State, Verdict};
use steward::diagnosis::Cause;
use steward::incident::{Ending, Incident, Note, Status, Target};

use super::name::{incident_id, short};

/// A target.
pub(crate) fn target(target: &Target) -> Value {
    let kind = match target {
        Target::Service { .. } => "service",
        Target::Family { .. } => "family",
        Target::ContainerInstance { .. } => "container_instance",
    };
    json!({
        "id": short(target),
        "kind": kind,
        "cluster": target.cluster().name(),
        "cluster_arn": target.cluster(),
        "name": target.name(),
    })
}

/// An incident.
pub(crate) fn incident(incident: &Incident) -> Value {
    let failures = &incident.failures;
    let causes: BTreeMap<&str, usize> =
        failures.causes().into_iter().map(|(cause, count)| (cause.as_str(), count)).collect();
    let (resolved_at, ended_by) = match incident.status {
        Status::Open => (None, None),
        Status::Resolved { at, by } => (Some(at), Some(ending(by))),
    };
    json!({
        "type": "incident",
        "id": incident_id(&incident.target, incident.opened_at),
        "target": target(&incident.target),
        "opened_at": incident.opened_at,
        "is_open": incident.is_open(),
        "resolved_at": resolved_at,
        "ended_by": ended_by,
        "severity": incident.severity().as_str(),
        "cause": failures.leading_cause().map(Cause::as_str),
        "causes": causes,
        "failures": failures.count(),
        "has_more_failures": failures.has_more(),
        "first_failed_at": failures.first_at(),
        "last_failed_at": failures.last_at(),
        "held": incident.remedies.held.as_ref().map(|held| json!({
            "remedy": held.remedy.map(steward::action::Remedy::as_str),
            "reason": held.reason(),
            "why": held.why.to_string(),
        })),
        "actions": incident.remedies.notes.iter().map(note).collect::<Vec<Value>>(),
    })
}

fn ending(by: Ending) -> &'static str {
    match by {
        Ending::Steady => "steady",
        Ending::Quiet => "quiet",
        Ending::Gone => "gone",
        Ending::Answered => "answered",
    }
}

fn note(note: &Note) -> Value {
    json!({
        "id": note.id,
        "remedy": note.remedy.as_str(),
        "call": note.call,
        "state": note.state.as_str(),
        "verdict": verdict(note.verdict),
    })
}

/// An action.
pub(crate) fn action(action: &Action) -> Value {
    let plan = &action.plan;
    let (at, until) = match &action.state {
        State::Proposed { until } => (None, Some(*until)),
        State::Planned => (None, None),
        State::Issued { at }
        | State::Confirmed { at, .. }
        | State::Failed { at, .. }
        | State::Unknown { at, .. }
        | State::Withdrawn { at, .. } => (Some(*at), None),
    };
    let why = match &action.state {
        State::Failed { problem, .. } => Some(problem.to_string()),
        State::Unknown { why, .. } => Some(why.to_string()),
        State::Withdrawn { why, .. } => Some(why.to_string()),
        _ => None,
    };
    json!({
        "type": "action",
        "id": plan.id,
        "target": target(&plan.target),
        "incident": incident_id(&plan.target, plan.incident),
        "remedy": plan.remedy.as_str(),
        "call": plan.call.to_string(),
        "because": plan.because.to_string(),
        "decided_at": action.decided_at,
        "claimed_at": action.claimed_at,
        "state": action.state.as_str(),
        "state_at": at,
        "state_why": why,
        "approvable_until": until.filter(|_| action.approved.is_none()),
        "approved": action.approved.as_ref().map(ruling),
        "settled": action.settled.as_ref().map(ruling),
        "verdict": verdict(action.verdict),
    })
}

fn verdict(verdict: Option<Verdict>) -> Option<&'static str> {
    Some(match verdict? {
        Verdict::Helped { .. } => "helped",
        Verdict::DidNotHelp { .. } => "did_not_help",
    })
}

fn ruling(ruling: &Ruling) -> Value {
    json!({"by": ruling.by, "at": ruling.at, "why": ruling.why})
}
