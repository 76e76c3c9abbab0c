//! Counts what happens in a replay, and keeps what is worth listing, up to a bound.
//!
//! Nothing here decides anything: it looks at what the handlers write and send.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use remediation::Handled;
use steward::action::{Action, Remedy, State};
use steward::diagnosis::Cause;
use steward::guard::Refusal;
use steward::incident::{Fingerprint, Held, Incident, Severity, Target, Why};
use steward::ledger::{HeldBack, Record, Transaction};
use steward::notification::{Subject, Tone};
use steward::ports::{How as Placed, Letter};
use steward::redact::{Redacted, redact};

use super::recalled::{Assumption, Recalled};

/// So many alerts, incidents and actions are told apart each; of more only the number is kept.
const MAX_KEPT: usize = 100_000;

/// Why an event does not come to Steward.
const KEPT_OUT: &str = "the stack's rules keep out tasks that neither run for a service nor have stopped";

/// What came of a recording, as far as it was played.
#[derive(Default)]
pub(super) struct Tally {
    /// Events that were handled.
    pub(super) events: u64,
    /// Those that are part of no story, by why.
    pub(super) quiet: BTreeMap<String, u64>,
    /// Those that are part of one.
    pub(super) in_stories: u64,
    /// What could not be played, and the first of it.
    pub(super) failed: u64,
    pub(super) first_failed: Option<Redacted>,
    pub(super) incidents: BTreeMap<Fingerprint, Noted>,
    pub(super) alerts: BTreeMap<Fingerprint, Alert>,
    pub(super) channels: BTreeMap<String, Channel>,
    pub(super) actions: BTreeMap<Fingerprint, Fired>,
    /// By remedy and reason.
    pub(super) refusals: BTreeMap<(Option<Remedy>, &'static str), Refused>,
    /// By reason: no remedy helps.
    pub(super) no_remedy: BTreeMap<&'static str, Refused>,
    /// What each channel was not told.
    pub(super) withheld: BTreeMap<String, BTreeMap<String, u64>>,
    /// What was not kept, for there was too much of it.
    pub(super) more: More,
}

/// What was only counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct More {
    pub(super) incidents: u64,
    pub(super) alerts: u64,
    pub(super) actions: u64,
}

impl More {
    pub(super) fn is_any(self) -> bool {
        self != Self::default()
    }
}

/// An incident.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) cause: Option<Cause>,
    pub(super) is_open: bool,
    reasons: BTreeSet<(Option<Remedy>, &'static str)>,
}

/// Something that people would be told, with all its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) at: Timestamp,
    pub(super) title: Redacted,
    /// The most that it came to.
    pub(super) severity: Severity,
    pub(super) channels: BTreeSet<String>,
    pub(super) messages: u64,
}

/// One way to people.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    /// Messages of alerts, in threads where the channel has them.
    pub(super) messages: u64,
    /// How often one was brought up to date.
    pub(super) edits: u64,
    /// Messages that tell what was held back.
    pub(super) digests: u64,
}

/// How far an action would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// The mode observes: people are told what would be done.
    Would,
    /// A person would be asked.
    Proposed,
    /// It would be carried out.
    Acted,
}

impl Reach {
    pub(super) const ALL: [Self; 3] = [Self::Acted, Self::Proposed, Self::Would];

    /// In one stable word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Would => "would",
            Self::Proposed => "propose",
            Self::Acted => "act",
        }
    }
}

/// An action that would fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fired {
    pub(super) at: Timestamp,
    pub(super) reach: Reach,
    pub(super) remedy: Remedy,
    pub(super) target: Redacted,
    pub(super) call: Redacted,
    /// Why, where the ledger says so.
    pub(super) because: Option<Redacted>,
    pub(super) rests_on: Vec<Assumption>,
}

/// Incidents in which something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) incidents: u64,
    /// Such as.
    pub(super) example: Redacted,
    pub(super) example_of: Redacted,
}

/// What of a transaction is counted once it is carried out.
pub(super) enum Seen {
    Incident(Box<SeenIncident>),
    Action(Box<Action>),
    HeldBack(Box<HeldBack>),
}

pub(super) struct SeenIncident {
    target: Target,
    opened_at: Timestamp,
    cause: Option<Cause>,
    is_open: bool,
    held: Option<Held>,
}

impl Seen {
    pub(super) fn of(transaction: &Transaction) -> Vec<Self> {
        transaction.writes.iter().filter_map(|write| Self::of_record(&write.record)).collect()
    }

    fn of_record(record: &Record) -> Option<Self> {
        match record {
            Record::Incident(incident) => Some(Self::Incident(Box::new(SeenIncident::of(incident)))),
            Record::Action(action) => Some(Self::Action(action.clone())),
            Record::HeldBack(held) => Some(Self::HeldBack(held.clone())),
            _ => None,
        }
    }
}

impl SeenIncident {
    fn of(incident: &Incident) -> Self {
        Self {
            target: incident.target.clone(),
            opened_at: incident.opened_at,
            cause: incident.failures.leading_cause(),
            is_open: incident.is_open(),
            held: incident.remedies.held.clone(),
        }
    }
}

impl Tally {
    pub(super) fn handled(&mut self, handled: &Handled) {
        self.events += 1;
        if let Some(problem) = &handled.failed {
            self.fails(problem);
        }
        match handled.result.as_ref().map(|explained| explained.because) {
            Ok(Some(because)) => *self.quiet.entry(because.to_string()).or_default() += 1,
            Ok(None) => self.in_stories += 1,
            Err(error) => self.fails(&error.to_string()),
        }
    }

    /// So many events would not have come to Steward at all.
    pub(super) fn kept_out(&mut self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if count > 0 {
            self.events += count;
            *self.quiet.entry(KEPT_OUT.to_owned()).or_default() += count;
        }
    }

    pub(super) fn fails(&mut self, problem: &str) {
        self.failed += 1;
        self.first_failed.get_or_insert_with(|| redact(problem));
    }

    pub(super) fn sees(&mut self, seen: Vec<Seen>, recalled: &Recalled<'_>, now: Timestamp) {
        for seen in seen {
            match seen {
                Seen::Incident(incident) => self.incident(&incident, recalled, now),
                Seen::Action(action) => self.action(&action, recalled, now),
                Seen::HeldBack(held) => drop(self.withheld.insert(held.channel, held.counts)),
            }
        }
    }

    fn incident(&mut self, seen: &SeenIncident, recalled: &Recalled<'_>, now: Timestamp) {
        let key = Fingerprint::of(&[&seen.target.key(), &seen.opened_at.to_string()]);
        if self.incidents.len() >= MAX_KEPT && !self.incidents.contains_key(&key) {
            self.more.incidents += 1;
            return;
        }
        let noted = self.incidents.entry(key).or_insert_with(|| Noted {
            cause: None,
            is_open: true,
            reasons: BTreeSet::new(),
        });
        (noted.cause, noted.is_open) = (seen.cause, seen.is_open);
        let Some(held) = &seen.held else { return };
        let observes = matches!(held.why, Why::Refused(Refusal::ModeObserves));
        if let (true, Some(remedy), Some(call)) = (observes, held.remedy, &held.call) {
            let rests_on = recalled.rests_on(&seen.target, remedy);
            let target = redact(&seen.target.to_string());
            let (call, because) = (call.clone(), None);
            let fired = Fired { at: now, reach: Reach::Would, remedy, target, call, because, rests_on };
            self.fires(&seen.target, seen.opened_at, fired);
            return;
        }
        if !noted.reasons.insert((held.remedy, held.reason())) {
            return;
        }
        let refused = match &held.why {
            Why::Refused(_) => self.refusals.entry((held.remedy, held.reason())),
            Why::Escalated(_) => {
                let refused = self.no_remedy.entry(held.reason());
                return refused.or_insert_with(|| Refused::new(seen, held)).incidents += 1;
            }
        };
        refused.or_insert_with(|| Refused::new(seen, held)).incidents += 1;
    }

    fn action(&mut self, action: &Action, recalled: &Recalled<'_>, now: Timestamp) {
        let reach = match action.state {
            State::Proposed { .. } => Reach::Proposed,
            State::Confirmed { .. } if action.verdict.is_none() => Reach::Acted,
            _ => return,
        };
        let plan = &action.plan;
        let fired = Fired {
            at: now,
            reach,
            remedy: plan.remedy,
            target: redact(&plan.target.to_string()),
            call: redact(&plan.call.to_string()),
            because: Some(redact(&plan.because.to_string())),
            rests_on: recalled.rests_on(&plan.target, plan.remedy),
        };
        self.fires(&plan.target, plan.incident, fired);
        if reach == Reach::Acted {
            recalled.is_changed(&plan.target);
        }
    }

    /// Once an incident, remedy and call; how far it went at most counts.
    fn fires(&mut self, target: &Target, incident: Timestamp, fired: Fired) {
        let (remedy, call) = (fired.remedy.as_str(), fired.call.as_str());
        let key = Fingerprint::of(&[&target.key(), &incident.to_string(), remedy, call]);
        if self.actions.len() >= MAX_KEPT && !self.actions.contains_key(&key) {
            self.more.actions += 1;
            return;
        }
        let known = self.actions.entry(key).or_insert_with(|| fired.clone());
        if known.reach < fired.reach {
            *known = fired;
        }
    }

    pub(super) fn sent(&mut self, channel: &str, letter: &Letter<'_>, now: Timestamp) {
        let counts = self.channels.entry(channel.to_owned()).or_default();
        let is_digest = matches!(letter.subject, Subject::Digest { .. });
        match letter.how {
            Placed::Edit(_) => counts.edits += 1,
            Placed::New | Placed::Reply { .. } if is_digest => counts.digests += 1,
            Placed::New | Placed::Reply { .. } => counts.messages += 1,
        }
        if is_digest {
            return;
        }
        let key = Fingerprint::of(&[&letter.subject.key()]);
        if self.alerts.len() >= MAX_KEPT && !self.alerts.contains_key(&key) {
            self.more.alerts += u64::from(matches!(letter.how, Placed::New));
            return;
        }
        let severity = match letter.message.tone {
            Tone::Alert(severity) => severity,
            Tone::Good | Tone::Neutral => Severity::Info,
        };
        let alert = self.alerts.entry(key).or_insert_with(|| Alert {
            at: now,
            title: letter.message.title.clone(),
            severity,
            channels: BTreeSet::new(),
            messages: 0,
        });
        alert.severity = alert.severity.max(severity);
        alert.messages += u64::from(!matches!(letter.how, Placed::Edit(_)));
        if !alert.channels.contains(channel) {
            alert.channels.insert(channel.to_owned());
        }
    }
}

impl Refused {
    fn new(seen: &SeenIncident, held: &Held) -> Self {
        let example = redact(&held.why.to_string());
        Self { incidents: 0, example, example_of: redact(&seen.target.to_string()) }
    }
}
