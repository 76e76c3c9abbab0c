//! What happened when, as a person tells it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use steward::action::{Action, State, Verdict};
use steward::incident::{Ending, Incident, Status};
use steward::ledger::{Key, Record};
use steward::notification::{Message, Subject};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
    /// What others are alike to it: of many at one time a reader wants a few.
    pub like: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Something befell the world, or a person did something.
    World(String),
    /// ECS did or said something.
    Ecs(String),
    /// Steward saw or concluded something.
    Steward(String, Tone),
    /// Why Steward does nothing, or nothing more.
    Held {
        /// In one stable word.
        word: String,
        /// In one sentence.
        why: String,
    },
    /// Steward asks for a change, or makes one.
    Remedy(String),
    /// People were told.
    Alert {
        /// Of what.
        subject: Subject,
        /// As it was sent.
        message: Box<Message>,
    },
}

/// How news are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Neither.
    Plain,
    /// Good.
    Good,
    /// Bad.
    Bad,
}

/// A call that Steward made.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// When.
    pub at: Timestamp,
    /// Which action it was.
    pub id: String,
    /// As alerts name it.
    pub call: String,
    /// What became of it.
    pub verdict: Option<Verdict>,
}

/// All that happened so far.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    pub(super) entries: Vec<Entry>,
    pub(super) made: Vec<Made>,
    /// Words of refusals and escalations, in order of first use.
    pub(super) held: Vec<String>,
    pub(super) alerts: usize,
    incidents: BTreeMap<Key, Incident>,
    actions: BTreeMap<Key, Action>,
    failed: BTreeSet<String>,
}

/// What Steward just wrote that the world may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    Planned,
    Proposed,
}

impl Transcript {
    pub(super) fn put(&mut self, at: Timestamp, what: What) {
        self.put_like(at, what, String::new());
    }

    fn put_like(&mut self, at: Timestamp, what: What, like: String) {
        self.entries.push(Entry { at, what, like });
    }

    /// The first task of a target that fails for a cause; the others are only more of it.
    pub(super) fn failed(&mut self, at: Timestamp, target: &str, what: &str, cause: &str) {
        if self.failed.insert(format!("{target} {what} {cause}")) {
            let text = format!("{what} fails: {cause}");
            self.put_like(at, What::Ecs(text), format!("fails {cause}"));
        }
    }

    pub(super) fn ecs(&mut self, at: Timestamp, text: String, like: &str) {
        self.put_like(at, What::Ecs(text), like.to_owned());
    }

    pub(super) fn told(&mut self, at: Timestamp, subject: &Subject, message: &Message) {
        self.alerts += 1;
        let like = format!("alert {:?} {}", message.tone, message.status);
        let what = What::Alert { subject: subject.clone(), message: Box::new(message.clone()) };
        self.put_like(at, what, like);
    }

    /// Takes in what Steward wrote into its ledger.
    pub(super) fn wrote(&mut self, at: Timestamp, key: &Key, record: &Record) -> Option<Cue> {
        match record {
            Record::Incident(incident) => {
                self.incident(at, key, incident);
                None
            }
            Record::Action(action) => self.action(at, key, action),
            _ => None,
        }
    }

    fn incident(&mut self, at: Timestamp, key: &Key, incident: &Incident) {
        let before = self.incidents.insert(key.clone(), incident.clone());
        let target = &incident.target;
        if before.is_none() {
            let causes: Vec<String> =
                incident.failures.causes().iter().map(|(cause, _)| cause.to_string()).collect();
            let causes = causes.join(", ");
            let text = format!("incident: {target}: {causes}");
            self.put_like(at, What::Steward(text, Tone::Bad), format!("incident {causes}"));
        }
        let held =
            |incident: &Incident| incident.remedies.held.as_ref().map(|held| (held.remedy, held.reason()));
        let known = before.as_ref().and_then(held);
        if let Some(held) = &incident.remedies.held
            && known != Some((held.remedy, held.reason()))
        {
            let word = held.reason().to_owned();
            if !self.held.contains(&word) {
                self.held.push(word.clone());
            }
            let why = match &held.call {
                Some(call) => format!("would {call}, but: {}", held.why),
                None => held.why.to_string(),
            };
            let like = format!("held {word}");
            self.put_like(at, What::Held { word, why }, like);
        }
        let was_open = before.as_ref().is_none_or(Incident::is_open);
        if incident.is_open() && !was_open {
            let text = format!("{target}: it fails again, the incident goes on");
            self.put_like(at, What::Steward(text, Tone::Bad), "relapse".to_owned());
        }
        if let (Status::Resolved { by, .. }, true) = (&incident.status, was_open) {
            let how = match by {
                Ending::Steady => "steady again",
                Ending::Quiet => "quiet",
                Ending::Gone => "gone",
                Ending::Answered => "answered",
            };
            let text = format!("{target}: {how}, the incident is over");
            self.put_like(at, What::Steward(text, Tone::Good), format!("over {how}"));
        }
    }

    fn action(&mut self, at: Timestamp, key: &Key, action: &Action) -> Option<Cue> {
        let before = self.actions.insert(key.clone(), action.clone());
        let call = action.plan.call.to_string();
        let was = before.as_ref().map(|before| before.state.as_str());
        if let (Some(ruling), None) =
            (&action.approved, before.as_ref().and_then(|before| before.approved.as_ref()))
        {
            self.put(at, What::Steward(format!("{} has approved {call}", ruling.by), Tone::Plain));
        }
        if let (Some(verdict), None) = (action.verdict, before.as_ref().and_then(|before| before.verdict)) {
            // Both steps of an action that has two.
            for made in self.made.iter_mut().filter(|made| made.id == action.plan.id.as_str()) {
                made.verdict = Some(verdict);
            }
            let (text, tone) = match verdict {
                Verdict::Helped { .. } => (format!("it helped: {call}"), Tone::Good),
                Verdict::DidNotHelp { .. } => (format!("it did not help: {call}"), Tone::Bad),
            };
            self.put(at, What::Steward(text, tone));
        }
        if was == Some(action.state.as_str()) {
            return None;
        }
        match &action.state {
            State::Proposed { .. } => {
                let text = format!("proposes: {call} ({})", action.plan.because);
                self.put_like(at, What::Remedy(text), "proposes".to_owned());
                Some(Cue::Proposed)
            }
            State::Planned => {
                let text = format!("decides: {call} ({})", action.plan.because);
                self.put_like(at, What::Remedy(text), "decides".to_owned());
                Some(Cue::Planned)
            }
            State::Withdrawn { why, .. } => {
                self.put(at, What::Steward(format!("gives {call} up: {why}"), Tone::Plain));
                None
            }
            State::Failed { problem, .. } => {
                self.put(at, What::Steward(format!("ECS refuses {call}: {problem}"), Tone::Bad));
                None
            }
            State::Unknown { why, .. } => {
                self.put(at, What::Steward(format!("nobody knows what became of {call}: {why}"), Tone::Bad));
                None
            }
            State::Issued { .. } | State::Confirmed { .. } => None,
        }
    }

    /// Steward calls ECS.
    pub(super) fn called(&mut self, at: Timestamp, id: &str, call: &str) {
        self.made.push(Made { at, id: id.to_owned(), call: call.to_owned(), verdict: None });
        self.put_like(at, What::Remedy(format!("calls {call}")), "calls".to_owned());
    }

    /// Proposals that nobody has approved yet.
    pub(super) fn proposed(&self) -> Vec<steward::action::ActionId> {
        let is_open =
            |action: &&Action| matches!(action.state, State::Proposed { .. }) && action.approved.is_none();
        self.actions.values().filter(is_open).map(|action| action.plan.id.clone()).collect()
    }

    pub(super) fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }
}

/// Ids of tasks have so many digits, of which so many are enough for people.
const ID: (usize, usize) = (32, 8);

/// A text with ids of tasks cut short.
pub fn short_ids(text: &str) -> String {
    text.split(' ').map(short_id).collect::<Vec<_>>().join(" ")
}

fn short_id(word: &str) -> String {
    let is_digit = |c: char| c.is_ascii_hexdigit();
    let (before, rest) = word.split_at_checked(word.find(is_digit).unwrap_or(0)).unwrap_or(("", word));
    let digits = rest.chars().take_while(|c| is_digit(*c)).count();
    if digits != ID.0 {
        return word.to_owned();
    }
    let (id, behind) = rest.split_at_checked(ID.1).unwrap_or((rest, ""));
    format!("{before}{id}…{}", behind.trim_start_matches(is_digit))
}
