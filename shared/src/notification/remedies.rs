//! What a message says of remedies: what a person has to decide, what was done, and why no more is.
//!
//! Somebody who was just woken reads it. So what must be done stands first, with the command that does it, and no sentence
//! claims more than the ledger knows.

use super::moment;
use crate::action::{How, Remedy, Ruling, State, Verdict};
use crate::arn::TaskDefinitionArn;
use crate::incident::{Held, Incident, Note};
use crate::redact::{Redacted, redact};

/// Decisions that are asked for in one message.
const MAX_ASKS: usize = 3;
/// Actions that are told in one message, the latest.
const MAX_DONE: usize = 3;
/// So much of a call, in characters: the command behind it must not be cut off.
const MAX_CALL: usize = 100;
/// So much of a reason, or of a person's words.
const MAX_WORDS: usize = 160;

const NOTHING_CHANGED: &str = "Nothing was changed.";

/// What is said of an incident's remedies.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What a person has to decide, the most urgent first.
    pub(super) asks: Vec<Redacted>,
    /// What was done, the earliest first, and why no more is.
    pub(super) done: Vec<Redacted>,
    /// Whether nobody knows if something took effect.
    pub(super) is_unknown: bool,
    /// Whether the last thing that was done did not help.
    pub(super) is_in_vain: bool,
    /// What a person may allow.
    pub(super) asked_for: Option<Remedy>,
}

pub(super) fn of(incident: &Incident) -> Said {
    let remedies = &incident.remedies;
    let is_open = incident.is_open();
    let latest_first = || remedies.notes.iter().rev();
    let unknown = latest_first().filter(|note| matches!(note.state, State::Unknown { .. }));
    let proposed = latest_first().filter(|note| is_open && is_asked(note));
    let asked_for = proposed.clone().next().map(|note| note.remedy);
    let last = latest_first().find(|note| matches!(note.state, State::Confirmed { .. }));
    let is_in_vain =
        is_open && last.is_some_and(|note| matches!(note.verdict, Some(Verdict::DidNotHelp { .. })));
    let mut asks: Vec<String> = unknown.clone().map(ask_outcome).chain(proposed.map(ask_approval)).collect();
    asks.truncate(MAX_ASKS);
    let held = remedies.held.as_ref().filter(|_| is_open);
    let mut done: Vec<String> =
        latest_first().filter_map(|note| told(note, is_open, held)).take(MAX_DONE).collect();
    done.reverse();
    done.extend(latest_first().find_map(still_named));
    // While a person is asked, the question says why nothing is done.
    done.extend(held.filter(|_| asks.is_empty()).map(held_back));
    if done.is_empty() && asks.is_empty() {
        done.push(NOTHING_CHANGED.to_owned());
    }
    let shown = |texts: Vec<String>| texts.iter().map(|text| redact(text)).collect();
    Said { is_unknown: unknown.count() > 0, is_in_vain, asked_for, asks: shown(asks), done: shown(done) }
}

/// A step of an action, in one line.
pub(super) fn of_note(note: &Note, is_open: bool) -> Redacted {
    let line = match &note.state {
        State::Unknown { .. } => ask_outcome(note),
        State::Proposed { .. } if is_asked(note) => ask_approval(note),
        _ => told(note, is_open, None).unwrap_or_default(),
    };
    redact(&line)
}

/// What came of an action, in one line.
pub(super) fn of_verdict(note: &Note, is_open: bool) -> Redacted {
    redact(&outcome(note, is_open))
}

/// Why nothing is done now, in one line.
pub(super) fn held(incident: &Incident) -> Redacted {
    redact(&incident.remedies.held.as_ref().map(held_back).unwrap_or_default())
}

fn is_asked(note: &Note) -> bool {
    matches!(note.state, State::Proposed { .. }) && note.approved.is_none()
}

fn ask_outcome(note: &Note) -> String {
    let (call, id) = (note.call.shortened(MAX_CALL), &note.id);
    let State::Unknown { at, why } = &note.state else { return String::new() };
    format!(
        "Nobody knows whether {call} took effect. Look, then say so: `steward settle {id} --as done --why \"…\"`, or \
         `--as not-done`. Until then Steward does nothing more here. What is known ({}): {}",
        moment(*at),
        sentence(why)
    )
}

fn ask_approval(note: &Note) -> String {
    let (call, id) = (note.call.shortened(MAX_CALL), &note.id);
    let State::Proposed { until } = note.state else { return String::new() };
    format!(
        "Steward proposes to {}: {call}. To allow it until {}: `steward approve {id}`. Why: {}",
        note.remedy.describe(),
        moment(until),
        sentence(&note.because)
    )
}

/// What became of an action. `None` where the message says so otherwise.
fn told(note: &Note, is_open: bool, held: Option<&Held>) -> Option<String> {
    let call = note.call.shortened(MAX_CALL);
    let what = note.remedy.describe();
    Some(match &note.state {
        State::Unknown { .. } => return None,
        State::Proposed { .. } if !is_open => return None,
        State::Proposed { .. } => {
            let by = words(&note.approved.as_ref()?.by);
            format!(
                "{by} allowed Steward to {what}: {call}. It begins within a minute, unless a guard refuses."
            )
        }
        State::Planned => format!("Steward is about to {what}: {call}."),
        State::Issued { at } => {
            format!("Steward called {call} ({}); what came of it is being found out.", moment(*at))
        }
        State::Confirmed { at, how, .. } => {
            let what = match (how, &note.settled) {
                (How::Settled, Some(settled)) => said_so(&call, "took effect", settled),
                _ => format!(
                    "Steward {}: {call} ({}). Why: {}",
                    past(note.remedy),
                    moment(*at),
                    sentence(&note.because)
                ),
            };
            format!("{what} {}", outcome(note, is_open))
        }
        State::Failed { at, problem } => match &note.settled {
            Some(settled) => said_so(&call, "took no effect", settled),
            None => format!(
                "Steward could not {what}: ECS refused {call} ({}). {}",
                moment(*at),
                sentence(problem)
            ),
        },
        // Why it is not done now is more than why it was not done then.
        State::Withdrawn { .. } if held.is_some() => return None,
        State::Withdrawn { at, why } => {
            format!(
                "Steward meant to {what} and left it before any call ({}): {}",
                moment(*at),
                sentence(why)
            )
        }
    })
}

fn said_so(call: &str, effect: &str, settled: &Ruling) -> String {
    let why =
        settled.why.as_deref().map_or_else(|| ".".to_owned(), |why| format!(": {}", sentence(&redact(why))));
    format!("{call} {effect}, as {} says ({}){why}", words(&settled.by), moment(settled.at))
}

fn outcome(note: &Note, is_open: bool) -> String {
    match (note.verdict, note.remedy) {
        (Some(Verdict::Helped { at }), Remedy::RunTask) => {
            format!("It helped: the task runs since {}.", moment(at))
        }
        (Some(Verdict::Helped { at }), _) => format!("It helped: steady since {}.", moment(at)),
        (Some(Verdict::DidNotHelp { at }), _) => {
            format!("It had not helped by {}: this needs a person.", moment(at))
        }
        (None, _) if is_open => "Whether it helps is being watched.".to_owned(),
        (None, _) => String::new(),
    }
    .trim_end()
    .to_owned()
}

/// What infrastructure-as-code still says, after the latest change that took effect or may have.
fn still_named(note: &Note) -> Option<String> {
    let is_so = match note.state {
        State::Confirmed { .. } => true,
        State::Unknown { .. } => false,
        _ => return None,
    };
    if !note.changes_definition {
        return None;
    }
    let was = note.was.as_ref().map_or("what was there before", TaskDefinitionArn::family_and_revision);
    let condition = if is_so { "Your" } else { "If it took effect, your" };
    Some(format!(
        "{condition} infrastructure-as-code still names {was}: change it there, too, or the next deployment from there brings it back."
    ))
}

fn held_back(held: &Held) -> String {
    let why = sentence(&held.why);
    match (held.remedy, &held.call) {
        (Some(remedy), Some(call)) => {
            let (what, call) = (remedy.describe(), call.shortened(MAX_CALL));
            format!("Steward would {what} ({call}), but does not: {why}")
        }
        (Some(remedy), None) => format!("Steward would {}, but does not: {why}", remedy.describe()),
        (None, _) => format!("Steward has no remedy for this: {why}"),
    }
}

fn past(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::RollBack => "rolled back",
        Remedy::ForceNewDeployment => "forced a new deployment",
        Remedy::StopTask => "stopped the task",
        Remedy::RunTask => "ran the task again",
    }
}

/// A person's words, cut.
fn words(text: &str) -> String {
    redact(text).shortened(MAX_WORDS)
}

/// A reason, cut, with a full stop.
fn sentence(text: &Redacted) -> String {
    let cut = text.shortened(MAX_WORDS);
    let end = if cut.ends_with(['.', '…', '!', '?']) { "" } else { "." };
    format!("{cut}{end}")
}
