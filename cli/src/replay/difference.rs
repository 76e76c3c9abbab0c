//! What another configuration would have changed, on the same recording.

use std::collections::BTreeSet;

use serde::Serialize;
use steward::action::Remedy;
use steward::redact::Redacted;

use super::report::{ActionRow, AlertRow, Listed};
use super::tally::{Fired, Refused, Tally};

/// The difference between two replays of one recording: A, and B against it.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    /// What people would be told under A alone.
    pub(super) alerts_lost: Listed<AlertRow>,
    /// And under B alone.
    pub(super) alerts_gained: Listed<AlertRow>,
    /// What is told under both, in other channels or in another severity: as B has it.
    pub(super) alerts_changed: Listed<AlertRow>,
    /// Messages in all channels.
    pub(super) messages: (u64, u64),
    pub(super) actions_lost: Listed<ActionRow>,
    pub(super) actions_gained: Listed<ActionRow>,
    /// Those that go further, or less far.
    pub(super) actions_changed: Listed<ChangedRow>,
    /// Refusals, and why no remedy helps, where the number of incidents differs.
    pub(super) refused_changed: Vec<RefusedChange>,
    /// Whether there was too much to tell all of it apart: then this is the difference of what was kept.
    pub(super) is_cut: bool,
}

/// An action that goes further under one configuration than under the other.
#[derive(Debug, Serialize)]
pub(super) struct ChangedRow {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) remedy: &'static str,
    pub(super) target: Redacted,
    pub(super) call: Redacted,
}

/// How often something was refused under A and under B.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct RefusedChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<&'static str>,
    pub(super) reason: &'static str,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Difference {
    pub(super) fn between(a: &Tally, b: &Tally) -> Self {
        let only = |one: &Tally, other: &Tally| {
            let rows = one.alerts.iter().filter(|(key, _)| !other.alerts.contains_key(key));
            let mut rows: Vec<AlertRow> = rows.map(|(_, alert)| AlertRow::of(alert)).collect();
            AlertRow::sort(&mut rows);
            Listed::of(rows)
        };
        let mut changed: Vec<AlertRow> = b
            .alerts
            .iter()
            .filter(|(key, now)| {
                let before = a.alerts.get(key);
                before.is_some_and(|was| (&was.channels, was.severity) != (&now.channels, now.severity))
            })
            .map(|(_, alert)| AlertRow::of(alert))
            .collect();
        AlertRow::sort(&mut changed);
        let messages = |tally: &Tally| tally.channels.values().map(|channel| channel.messages).sum::<u64>();
        Self {
            alerts_lost: only(a, b),
            alerts_gained: only(b, a),
            alerts_changed: Listed::of(changed),
            messages: (messages(a), messages(b)),
            actions_lost: actions_only(a, b),
            actions_gained: actions_only(b, a),
            actions_changed: Listed::of(actions_changed(a, b)),
            refused_changed: refused_changed(a, b),
            is_cut: a.more.is_any() || b.more.is_any(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        [&self.alerts_lost, &self.alerts_gained, &self.alerts_changed].iter().all(|listed| listed.is_empty())
            && [&self.actions_lost, &self.actions_gained].iter().all(|listed| listed.is_empty())
            && self.actions_changed.is_empty()
            && self.refused_changed.is_empty()
            && self.messages.0 == self.messages.1
    }
}

fn actions_only(one: &Tally, other: &Tally) -> Listed<ActionRow> {
    let mut only: Vec<&Fired> = one
        .actions
        .iter()
        .filter(|(key, _)| !other.actions.contains_key(key))
        .map(|(_, fired)| fired)
        .collect();
    only.sort_by_key(|fired| (std::cmp::Reverse(fired.reach), fired.at, &fired.target, &fired.call));
    Listed::of(only.into_iter().map(ActionRow::of).collect())
}

fn actions_changed(a: &Tally, b: &Tally) -> Vec<ChangedRow> {
    let pairs = a.actions.iter().filter_map(|(key, was)| Some((was, b.actions.get(key)?)));
    let mut changed: Vec<(&Fired, &Fired)> = pairs.filter(|(was, now)| was.reach != now.reach).collect();
    changed.sort_by_key(|(_, now)| (std::cmp::Reverse(now.reach), now.at, &now.target, &now.call));
    let row = |(was, now): (&Fired, &Fired)| ChangedRow {
        from: was.reach.as_str(),
        to: now.reach.as_str(),
        remedy: now.remedy.as_str(),
        target: now.target.clone(),
        call: now.call.clone(),
    };
    changed.into_iter().map(row).collect()
}

fn refused_changed(a: &Tally, b: &Tally) -> Vec<RefusedChange> {
    let incidents = |refused: Option<&Refused>| refused.map_or(0, |refused| refused.incidents);
    let keys: BTreeSet<(Option<Remedy>, &'static str)> =
        a.refusals.keys().chain(b.refusals.keys()).copied().collect();
    let refused = keys.into_iter().map(|key| RefusedChange {
        remedy: key.0.map(Remedy::as_str),
        reason: key.1,
        from: incidents(a.refusals.get(&key)),
        to: incidents(b.refusals.get(&key)),
    });
    let reasons: BTreeSet<&'static str> = a.no_remedy.keys().chain(b.no_remedy.keys()).copied().collect();
    let no_remedy = reasons.into_iter().map(|reason| RefusedChange {
        remedy: None,
        reason,
        from: incidents(a.no_remedy.get(reason)),
        to: incidents(b.no_remedy.get(reason)),
    });
    refused.chain(no_remedy).filter(|change| change.from != change.to).collect()
}
