//! How incidents and actions stand, in a few words and a colour.

use anstyle::Style;
use jiff::Timestamp;
use steward::action::{Action, State, Verdict};
use steward::incident::{Incident, Note, Severity};
use steward::notification::moment;

use crate::jobs::{ago, rough};
use crate::terminal::{DIM, GREEN, RED, YELLOW};

/// The colour of a severity.
pub(crate) fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Critical => RED,
        Severity::Warning => YELLOW,
        Severity::Info => DIM,
    }
}

/// How an action stands, in a word or two.
pub(crate) fn stands(state: &State, is_approved: bool, verdict: Option<Verdict>) -> (Style, &'static str) {
    match (state, verdict) {
        (State::Proposed { .. }, _) if is_approved => (YELLOW, "allowed"),
        (State::Proposed { .. }, _) => (YELLOW, "asks you"),
        (State::Planned, _) => (YELLOW, "planned"),
        (State::Issued { .. }, _) => (YELLOW, "issued"),
        (State::Confirmed { .. }, None) => (GREEN, "done"),
        (State::Confirmed { .. }, Some(Verdict::Helped { .. })) => (GREEN, "helped"),
        (State::Confirmed { .. }, Some(Verdict::DidNotHelp { .. })) => (RED, "in vain"),
        (State::Failed { .. }, _) => (RED, "refused"),
        (State::Unknown { .. }, _) => (RED, "unknown"),
        (State::Withdrawn { .. }, _) => (DIM, "given up"),
    }
}

/// The time that says most of how an action stands.
pub(crate) fn since(action: &Action, now: Timestamp) -> String {
    match &action.state {
        State::Proposed { until } if action.approved.is_none() => {
            let left = rough(until.duration_since(now));
            format!("until {}, {left} from now", moment(*until))
        }
        State::Proposed { .. } | State::Planned => format!("decided {}", ago(action.decided_at, now)),
        State::Issued { at } => format!("called {}", ago(*at, now)),
        State::Unknown { at, .. } => format!("since {}, {}", moment(*at), ago(*at, now)),
        State::Confirmed { at, .. } | State::Failed { at, .. } | State::Withdrawn { at, .. } => {
            format!("{}, {}", moment(*at), ago(*at, now))
        }
    }
}

/// What is done about an incident: the most urgent first.
pub(crate) fn standing_of(incident: &Incident) -> (Style, String) {
    let notes = &incident.remedies.notes;
    let of = |note: &Note| {
        let (style, word) = stands(&note.state, note.approved.is_some(), note.verdict);
        (style, format!("{word}: {}", note.remedy.describe()))
    };
    let is_asked = |note: &&Note| matches!(note.state, State::Proposed { .. }) && note.approved.is_none();
    let is_unknown = |note: &&Note| matches!(note.state, State::Unknown { .. });
    if let Some(note) = notes.iter().rev().find(is_unknown) {
        return of(note);
    }
    let latest = notes.iter().rev();
    let latest =
        if incident.is_open() { latest.clone().find(is_asked).or(notes.last()) } else { notes.last() };
    match (&incident.remedies.held, latest) {
        (Some(held), None) => (DIM, held.reason().to_owned()),
        (Some(held), Some(note)) if matches!(note.state, State::Withdrawn { .. }) => {
            (DIM, held.reason().to_owned())
        }
        (_, Some(note)) => of(note),
        (None, None) => (DIM, String::new()),
    }
}
