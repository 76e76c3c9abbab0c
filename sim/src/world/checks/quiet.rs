//! Checks when all is quiet: everything is resolved, and everything is told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::action::{Remedy, State};
use steward::incident::Incident;
use steward::ledger::{Key, MemoryLedger, Record, Root, Thread};
use steward::notification::{Style, Subject};

use super::{Checks, Invariant};

/// The incidents by target, in the order of opening, without what differs though the content is the same: when they were
/// opened, which is when they were handled.
pub(in crate::world) fn incidents(ledger: &MemoryLedger) -> BTreeMap<Key, Incident> {
    let records = ledger.records().unwrap_or_default();
    records
        .into_iter()
        .filter_map(|(key, record)| match record {
            Record::Incident(incident) => Some((key, incident)),
            _ => None,
        })
        .collect()
}

/// Whether nothing is open that time or sweeps would still change.
pub(in crate::world) fn settled(ledger: &MemoryLedger) -> bool {
    let records = ledger.records().unwrap_or_default();
    records.values().all(|record| match record {
        // An answer is heard when its hook is over already: what came of it is still to be noted.
        Record::Action(action) if action.plan.remedy == Remedy::AnswerHook => action.is_over(),
        Record::Action(action) => {
            !matches!(action.state, State::Planned | State::Issued { .. } | State::Proposed { .. })
        }
        Record::Incident(incident) => !incident.is_open(),
        _ => true,
    })
}

impl Checks {
    /// After faults have ended and enough sweeps have passed.
    pub(in crate::world) fn quiet(
        &mut self,
        ledger: &MemoryLedger,
        channels: &[&'static str],
        now: Timestamp,
    ) {
        let records = match ledger.records() {
            Ok(records) => records,
            Err(error) => return self.fail(Invariant::Progress, now, error.to_string()),
        };
        for record in records.values() {
            match record {
                Record::Action(action) => {
                    let state = &action.state;
                    if matches!(state, State::Planned | State::Issued { .. } | State::Proposed { .. }) {
                        let what = format!(
                            "action {} ({}) of {} is still {}",
                            action.plan.id.short(),
                            action.plan.remedy.as_str(),
                            action.plan.target,
                            state.as_str()
                        );
                        self.fail(Invariant::EveryActionResolves, now, what);
                    }
                    if matches!(state, State::Unknown { .. }) {
                        let subject = Subject::Incident {
                            target: action.plan.target.clone(),
                            opened_at: action.plan.incident,
                        };
                        self.alerted(&records, &subject, action.plan.id.short(), now);
                    }
                }
                Record::News(news) => self.told(&records, &news.subject, news.seq, channels, now),
                Record::Incident(incident) => {
                    let subject =
                        Subject::Incident { target: incident.target.clone(), opened_at: incident.opened_at };
                    if !records.contains_key(&Key::news(&subject)) {
                        self.fail(Invariant::AllIsTold, now, format!("{subject} was never news"));
                    }
                }
                Record::ScalerTrouble(trouble) => {
                    let subject = trouble.subject();
                    if !records.contains_key(&Key::news(&subject)) {
                        self.fail(Invariant::AllIsTold, now, format!("{subject} was never news"));
                    }
                }
                _ => {}
            }
        }
    }

    /// Every channel was told the latest news, or has on record why not; and what people see is how it stands.
    fn told(
        &mut self,
        records: &BTreeMap<Key, Record>,
        subject: &Subject,
        seq: u64,
        channels: &[&'static str],
        now: Timestamp,
    ) {
        if let Subject::Digest { .. } = subject {
            if let Some(Record::HeldBack(channel)) = records.get(&Key::subject(subject))
                && !channel.waiting.is_empty()
            {
                self.fail(Invariant::AllIsTold, now, format!("{subject} was never sent"));
            }
            return;
        }
        let thread = match records.get(&Key::thread(subject)) {
            Some(Record::Thread(thread)) => Some(thread),
            _ => None,
        };
        for channel in channels {
            let told =
                thread.and_then(|thread: &Thread| thread.told.get(*channel)).cloned().unwrap_or_default();
            if told.settled_seq() != seq {
                let settled = told.settled_seq();
                let what = format!("{channel} knows {subject} up to {settled}, and the news is {seq}");
                self.fail(Invariant::AllIsTold, now, what);
                continue;
            }
            let is_kept = told.kept.as_ref().is_some_and(|kept| kept.seq == seq);
            let must_be_told = matches!(subject, Subject::Incident { .. } | Subject::Outage { .. });
            if !is_kept && (told.at.is_some() || must_be_told) && !self.posts.has(channel, &subject.key()) {
                self.fail(Invariant::AllIsTold, now, format!("{channel} never got {subject}"));
            }
            let stands = records.get(&Key::subject(subject)).and_then(stands);
            // What flaps goes on in the thread of an earlier incident, and its message shows the latest.
            let is_shared = told.root.as_ref().is_some_and(|root| is_adopted(records, root));
            if let (Some(root), Some(stands), false) = (&told.root, stands, is_kept || is_shared)
                && self.posts.shows(root) != Some(stands.as_str())
            {
                let what = format!(
                    "{channel} shows {:?} of {subject}, and it is {stands:?}",
                    self.posts.shows(root)
                );
                self.fail(Invariant::AllIsTold, now, what);
            }
        }
    }

    /// The incident says that the action's outcome is unknown. That it was told is checked with all news.
    fn alerted(&mut self, records: &BTreeMap<Key, Record>, subject: &Subject, short: &str, now: Timestamp) {
        let says_so = match records.get(&Key::subject(subject)) {
            Some(Record::Incident(incident)) => incident
                .remedies
                .notes
                .iter()
                .any(|note| note.id.short() == short && matches!(note.state, State::Unknown { .. })),
            _ => false,
        };
        if !says_so {
            let what = format!("action {short} is unknown, and {subject} does not say so");
            self.fail(Invariant::EveryActionResolves, now, what);
        }
    }
}

/// Whether a message shows another incident than the one that it was sent for.
fn is_adopted(records: &BTreeMap<Key, Record>, root: &Root) -> bool {
    records.values().any(|record| match record {
        Record::Thread(thread) => {
            thread.told.values().any(|told| told.adopted && told.root.as_ref() == Some(root))
        }
        _ => false,
    })
}

/// How a subject stands, in the words of an alert.
fn stands(record: &Record) -> Option<String> {
    let style = Style::default();
    let message = match record {
        Record::Incident(incident) => style.incident(incident),
        Record::Deployment(deployment) => style.deployment(deployment),
        Record::Outage(outage) => style.outage(outage),
        Record::Trouble(trouble) => style.job(trouble),
        Record::ScalerTrouble(trouble) => style.scaler(trouble),
        _ => return None,
    };
    // How many failures there were in the end is no news to anybody.
    Some(message.title.to_string())
}
