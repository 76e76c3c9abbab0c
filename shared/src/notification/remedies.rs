//! What a message says of remedies: what a person has to decide, what was done, and why no more is.
//!
//! Somebody who was just woken reads it. So what must be done stands first, with the command that does it, and no sentence
//! claims more than the ledger knows. What is said is chosen here; how it is said is [`words::remedies`]' to know.

use crate::action::{How, Remedy, Ruling, State, Verdict};
use crate::arn::TaskDefinitionArn;
use crate::incident::{Held, Incident, Note, Target};
use crate::redact::{Redacted, redact};
use crate::words::remedies::Sentence;
use crate::words::{self, Language};

/// Decisions that are asked for in one message.
const MAX_ASKS: usize = 3;
/// Actions that are told in one message, the latest.
const MAX_DONE: usize = 3;
/// So much of a call, in characters: the command behind it must not be cut off.
const MAX_CALL: usize = 100;
/// So much of a reason, or of a person's words.
const MAX_WORDS: usize = 160;

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

pub(super) fn of(incident: &Incident, language: Language) -> Said {
    let remedies = &incident.remedies;
    let is_open = incident.is_open();
    let latest_first = || remedies.notes.iter().rev();
    let unknown = latest_first().filter(|note| matches!(note.state, State::Unknown { .. }));
    let proposed = latest_first().filter(|note| is_open && is_asked(note));
    let asked_for = proposed.clone().next().map(|note| note.remedy);
    let last = latest_first().find(|note| matches!(note.state, State::Confirmed { .. }));
    let is_in_vain =
        is_open && last.is_some_and(|note| matches!(note.verdict, Some(Verdict::DidNotHelp { .. })));
    let questions = unknown.clone().chain(proposed).filter_map(|note| ask(note, language));
    let asks: Vec<String> = questions.take(MAX_ASKS).collect();
    let held = remedies.held.as_ref().filter(|_| is_open);
    let mut done: Vec<String> =
        latest_first().filter_map(|note| told(note, is_open, held, language)).take(MAX_DONE).collect();
    done.reverse();
    done.extend(latest_first().find_map(still_named).map(|sentence| sentence.say(language)));
    // While a person is asked, the question says why nothing is done.
    done.extend(held.filter(|_| asks.is_empty()).map(|held| held_back(held, language)));
    done.extend(fragments(incident).map(|sentence| sentence.say(language)));
    if done.is_empty() && asks.is_empty() {
        done.push(Sentence::NothingChanged.say(language));
    }
    let shown = |texts: Vec<String>| texts.iter().map(|text| redact(text)).collect();
    Said { is_unknown: unknown.count() > 0, is_in_vain, asked_for, asks: shown(asks), done: shown(done) }
}

/// A step of an action, in one line.
pub(super) fn of_note(note: &Note, is_open: bool, language: Language) -> Redacted {
    let asks = matches!(note.state, State::Unknown { .. }) || is_asked(note);
    let line = if asks { ask(note, language) } else { told(note, is_open, None, language) };
    redact(&line.unwrap_or_default())
}

/// What came of an action, in one line.
pub(super) fn of_verdict(note: &Note, is_open: bool, language: Language) -> Redacted {
    redact(&outcome(note, is_open).map(|outcome| outcome.say(language)).unwrap_or_default())
}

/// Why nothing is done now, in one line.
pub(super) fn held(incident: &Incident, language: Language) -> Redacted {
    let held = incident.remedies.held.as_ref();
    redact(&held.map(|held| held_back(held, language)).unwrap_or_default())
}

fn is_asked(note: &Note) -> bool {
    matches!(note.state, State::Proposed { .. }) && note.approved.is_none()
}

/// What a person is asked about an action whose outcome nobody knows, or that is proposed.
fn ask(note: &Note, language: Language) -> Option<String> {
    let (call, id, remedy) = (&note.call.shortened(MAX_CALL), &note.id, note.remedy);
    Some(match &note.state {
        State::Unknown { at, why } => {
            let why = &sentence(&words::remedies::doubt(why, language), language);
            Sentence::Settle { call, id, at: *at, why }.say(language)
        }
        State::Proposed { until } => {
            let why = &because(note, language);
            Sentence::Approve { remedy, call, id, until: *until, why }.say(language)
        }
        _ => return None,
    })
}

/// What became of an action. `None` where the message says so otherwise.
fn told(note: &Note, is_open: bool, held: Option<&Held>, language: Language) -> Option<String> {
    let (call, remedy) = (&note.call.shortened(MAX_CALL), note.remedy);
    let say = |sentence: Sentence<'_>| Some(sentence.say(language));
    match &note.state {
        State::Unknown { .. } => None,
        State::Proposed { .. } if !is_open => None,
        State::Proposed { .. } => {
            let by = &cut(&note.approved.as_ref()?.by);
            say(Sentence::Approved { by, remedy, call })
        }
        State::Planned => say(Sentence::Planned { remedy, call }),
        State::Issued { at } => say(Sentence::Issued { call, at: *at }),
        State::Confirmed { at, how, .. } => {
            let settled = note.settled.as_ref().filter(|_| *how == How::Settled);
            let what = if let Some(settled) = settled {
                said_so(call, true, settled, language)
            } else {
                let why = &because(note, language);
                Sentence::Confirmed { remedy, call, at: *at, why }.say(language)
            };
            let outcome = outcome(note, is_open).map(|outcome| outcome.say(language)).unwrap_or_default();
            Some(words::in_turn(&what, &outcome, language))
        }
        State::Failed { at, problem } => {
            if let Some(settled) = &note.settled {
                return Some(said_so(call, false, settled, language));
            }
            let problem = &sentence(problem.as_str(), language);
            say(Sentence::Failed { remedy, call, at: *at, problem })
        }
        // Why it is not done now is more than why it was not done then.
        State::Withdrawn { .. } if held.is_some() => None,
        State::Withdrawn { at, why } => {
            let why = &sentence(&words::remedies::withdrawal(why, language), language);
            say(Sentence::Withdrawn { remedy, at: *at, why })
        }
    }
}

fn said_so(call: &str, took_effect: bool, settled: &Ruling, language: Language) -> String {
    let why = settled.why.as_deref().map(|why| sentence(why, language));
    let by = &cut(&settled.by);
    Sentence::Settled { call, took_effect, by, at: settled.at, why: why.as_deref() }.say(language)
}

fn outcome(note: &Note, is_open: bool) -> Option<Sentence<'static>> {
    match note.verdict {
        Some(Verdict::Helped { at }) => Some(Sentence::Helped { remedy: note.remedy, at }),
        Some(Verdict::DidNotHelp { at }) => Some(Sentence::DidNotHelp { at }),
        None => is_open.then_some(Sentence::Watched),
    }
}

/// What infrastructure-as-code still says, after the latest change that took effect or may have.
fn still_named(note: &Note) -> Option<Sentence<'_>> {
    let is_certain = match note.state {
        State::Confirmed { .. } => true,
        State::Unknown { .. } => false,
        _ => return None,
    };
    let was = note.was.as_ref().map(TaskDefinitionArn::family_and_revision);
    note.changes_definition.then_some(Sentence::StillNamed { is_certain, was })
}

/// Where people find the change for their own code, as long as it is not made for good.
fn fragments(incident: &Incident) -> Option<Sentence<'_>> {
    let Target::Service { cluster, name } = &incident.target else { return None };
    let remedies = &incident.remedies;
    let is_held = remedies.held.as_ref().is_some_and(|held| held.remedy == Some(Remedy::RaiseMemory));
    let last = remedies.notes.last().filter(|note| note.remedy == Remedy::RaiseMemory);
    let is_asked =
        last.is_some_and(|note| matches!(note.state, State::Proposed { .. } | State::Failed { .. }));
    let (service, cluster) = (name.as_str(), cluster.name());
    (incident.is_open() && (is_held || is_asked)).then_some(Sentence::Fragments { service, cluster })
}

fn held_back(held: &Held, language: Language) -> String {
    let why = &sentence(&words::remedies::why(&held.why, language), language);
    let call = held.call.as_ref().map(|call| call.shortened(MAX_CALL));
    let said = match held.remedy {
        Some(remedy) => Sentence::Held { remedy, call: call.as_deref(), why },
        None => Sentence::NoRemedy { why },
    };
    said.say(language)
}

fn because(note: &Note, language: Language) -> String {
    sentence(&words::remedies::because(&note.because, language), language)
}

/// A reason or a person's words, without secrets, and cut.
fn cut(text: &str) -> String {
    redact(text).shortened(MAX_WORDS)
}

/// The same with a full stop.
fn sentence(text: &str, language: Language) -> String {
    words::full_stop(cut(text), language)
}
