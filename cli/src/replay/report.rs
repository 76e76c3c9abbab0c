//! What a replay says: counts of everything, and of each kind the first so many one by one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use steward::action::Remedy;
use steward::incident::Severity;
use steward::redact::Redacted;

use super::difference::Difference;
use super::recalled::Assumption;
use super::source::Recording;
use super::tally::{Alert, Fired, Reach, Refused, Tally};

/// So many alerts, actions and differences of a kind are listed; of more only the number is said.
pub(super) const MAX_LISTED: usize = 200;

/// All that a replay says.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) recording: Read,
    pub(super) played: Played,
    /// The same recording under another configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) against: Option<Played>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) difference: Option<Difference>,
}

/// What was read.
#[derive(Debug, Serialize)]
pub(super) struct Read {
    pub(super) files: usize,
    pub(super) events: u64,
    pub(super) first_at: Option<Timestamp>,
    pub(super) last_at: Option<Timestamp>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    /// Events of another account or region.
    pub(super) elsewhere: u64,
    /// Events without a time: they were played last.
    pub(super) timeless: u64,
    pub(super) unread: u64,
    /// The first of what could not be read.
    pub(super) unread_named: Vec<String>,
}

/// What came of it under one configuration.
#[derive(Debug, Serialize)]
pub(super) struct Played {
    /// The configuration's file, or that there is none.
    pub(super) configuration: String,
    pub(super) alerts: Alerts,
    pub(super) channels: Vec<ChannelRow>,
    pub(super) quiet: Quiet,
    pub(super) incidents: Incidents,
    pub(super) actions: Actions,
    pub(super) refused: Vec<RefusedRow>,
    pub(super) no_remedy: Vec<RefusedRow>,
    pub(super) assumed: Vec<AssumedRow>,
    /// What could not be played, which should never be.
    pub(super) failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_failed: Option<Redacted>,
    /// Whether there was too much to tell all of it apart.
    pub(super) is_cut: bool,
}

/// What people would be told.
#[derive(Debug, Serialize)]
pub(super) struct Alerts {
    /// How many things they would be told of.
    pub(super) count: u64,
    /// In how many messages, in all channels.
    pub(super) messages: u64,
    pub(super) critical: usize,
    pub(super) warning: usize,
    pub(super) info: usize,
    pub(super) listed: Listed<AlertRow>,
}

/// The first so many, and how many more.
#[derive(Debug, Serialize)]
pub(super) struct Listed<T> {
    pub(super) rows: Vec<T>,
    pub(super) more: usize,
}

impl<T> Listed<T> {
    pub(super) fn of(mut rows: Vec<T>) -> Self {
        let more = rows.len().saturating_sub(MAX_LISTED);
        rows.truncate(MAX_LISTED);
        Self { rows, more }
    }

    pub(super) fn count(&self) -> usize {
        self.rows.len() + self.more
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AlertRow {
    pub(super) severity: Severity,
    pub(super) title: Redacted,
    pub(super) at: Timestamp,
    pub(super) messages: u64,
    pub(super) channels: Vec<String>,
}

impl AlertRow {
    pub(super) fn of(alert: &Alert) -> Self {
        Self {
            severity: alert.severity,
            title: alert.title.clone(),
            at: alert.at,
            messages: alert.messages,
            channels: alert.channels.iter().cloned().collect(),
        }
    }

    /// The worst first, then the loudest, then the first.
    pub(super) fn sort(rows: &mut [Self]) {
        let key = |row: &Self| (std::cmp::Reverse((row.severity, row.messages)), row.at, row.title.clone());
        rows.sort_by_cached_key(key);
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ChannelRow {
    pub(super) channel: String,
    /// Alerts that it would get, each with all its messages.
    pub(super) threads: usize,
    pub(super) messages: u64,
    /// How often a message would be brought up to date.
    pub(super) edits: u64,
    /// Messages that tell what was held back.
    pub(super) digests: u64,
    /// What it was not told, by reason.
    pub(super) withheld: BTreeMap<String, u64>,
}

/// Events that made no alert.
#[derive(Debug, Serialize)]
pub(super) struct Quiet {
    /// Events that are part of no story, by reason, the most frequent first.
    pub(super) reasons: Vec<(String, u64)>,
    /// Events that are part of a story that another event had begun to tell.
    pub(super) grouped: u64,
}

impl Quiet {
    pub(super) fn count(&self) -> u64 {
        self.reasons.iter().map(|(_, count)| count).sum::<u64>() + self.grouped
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Incidents {
    pub(super) count: u64,
    /// At the end.
    pub(super) open: usize,
    /// By the cause that most of it failed of, the most frequent first.
    pub(super) causes: Vec<(String, usize)>,
}

/// Actions that would fire.
#[derive(Debug, Serialize)]
pub(super) struct Actions {
    /// How many, by how far they would go and by remedy.
    pub(super) counts: Vec<ActionCount>,
    pub(super) listed: Listed<ActionRow>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct ActionCount {
    pub(super) reach: &'static str,
    pub(super) remedy: &'static str,
    pub(super) count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ActionRow {
    pub(super) reach: &'static str,
    pub(super) remedy: &'static str,
    pub(super) target: Redacted,
    pub(super) call: Redacted,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) because: Option<Redacted>,
    pub(super) at: Timestamp,
    /// What it rests on that no event says.
    pub(super) assumed: Vec<&'static str>,
}

impl ActionRow {
    pub(super) fn of(fired: &Fired) -> Self {
        Self {
            reach: fired.reach.as_str(),
            remedy: fired.remedy.as_str(),
            target: fired.target.clone(),
            call: fired.call.clone(),
            because: fired.because.clone(),
            at: fired.at,
            assumed: fired.rests_on.iter().map(|assumption| assumption.as_str()).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct RefusedRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<&'static str>,
    pub(super) reason: &'static str,
    pub(super) incidents: u64,
    /// Such as.
    pub(super) example: Redacted,
    pub(super) example_of: Redacted,
}

#[derive(Debug, Serialize)]
pub(super) struct AssumedRow {
    pub(super) assumed: &'static str,
    pub(super) text: String,
    /// How many actions rest on it.
    pub(super) actions: usize,
}

impl Read {
    pub(super) fn of(recording: &Recording) -> Self {
        let home = recording.home.as_ref();
        Self {
            files: recording.files,
            events: recording.events,
            first_at: recording.span.map(|(first, _)| first),
            last_at: recording.span.map(|(_, last)| last),
            account: home.map(|home| home.account.clone()),
            region: home.map(|home| home.region.clone()),
            elsewhere: recording.elsewhere,
            timeless: recording.timeless,
            unread: recording.unread.count,
            unread_named: recording.unread.named.clone(),
        }
    }
}

impl Played {
    pub(super) fn of(configuration: &str, channels: &[(String, bool)], tally: &Tally) -> Self {
        let count = u64::try_from(tally.alerts.len()).unwrap_or(u64::MAX) + tally.more.alerts;
        Self {
            configuration: configuration.to_owned(),
            alerts: alerts(tally, count),
            channels: channels.iter().map(|(name, _)| channel(name, tally)).collect(),
            quiet: quiet(tally, count),
            incidents: incidents(tally),
            actions: actions(tally),
            refused: refused(tally),
            no_remedy: no_remedy(tally),
            assumed: assumed(tally),
            failed: tally.failed,
            first_failed: tally.first_failed.clone(),
            is_cut: tally.more.is_any(),
        }
    }
}

fn alerts(tally: &Tally, count: u64) -> Alerts {
    let of = |severity| tally.alerts.values().filter(|alert| alert.severity == severity).count();
    let mut rows: Vec<AlertRow> = tally.alerts.values().map(AlertRow::of).collect();
    AlertRow::sort(&mut rows);
    Alerts {
        count,
        messages: tally.channels.values().map(|channel| channel.messages).sum(),
        critical: of(Severity::Critical),
        warning: of(Severity::Warning),
        info: of(Severity::Info),
        listed: Listed::of(rows),
    }
}

fn channel(name: &str, tally: &Tally) -> ChannelRow {
    let counts = tally.channels.get(name).cloned().unwrap_or_default();
    ChannelRow {
        channel: name.to_owned(),
        threads: tally.alerts.values().filter(|alert| alert.channels.contains(name)).count(),
        messages: counts.messages,
        edits: counts.edits,
        digests: counts.digests,
        withheld: tally.withheld.get(name).cloned().unwrap_or_default(),
    }
}

fn quiet(tally: &Tally, alerts: u64) -> Quiet {
    let mut reasons: Vec<(String, u64)> =
        tally.quiet.iter().map(|(reason, count)| (reason.clone(), *count)).collect();
    reasons.sort_by(|(a, x), (b, y)| (y, a).cmp(&(x, b)));
    Quiet { reasons, grouped: tally.in_stories.saturating_sub(alerts) }
}

fn incidents(tally: &Tally) -> Incidents {
    let mut by_cause: BTreeMap<String, usize> = BTreeMap::new();
    for noted in tally.incidents.values() {
        let cause = noted.cause.map_or_else(|| "announced".to_owned(), |cause| cause.to_string());
        *by_cause.entry(cause).or_default() += 1;
    }
    let mut causes: Vec<(String, usize)> = by_cause.into_iter().collect();
    causes.sort_by(|(a, x), (b, y)| (y, a).cmp(&(x, b)));
    Incidents {
        count: u64::try_from(tally.incidents.len()).unwrap_or(u64::MAX) + tally.more.incidents,
        open: tally.incidents.values().filter(|noted| noted.is_open).count(),
        causes,
    }
}

fn actions(tally: &Tally) -> Actions {
    let mut counts = Vec::new();
    for reach in Reach::ALL {
        for remedy in Remedy::ALL {
            let is_such = |fired: &&Fired| fired.reach == reach && fired.remedy == remedy;
            let count = tally.actions.values().filter(is_such).count();
            if count > 0 {
                counts.push(ActionCount { reach: reach.as_str(), remedy: remedy.as_str(), count });
            }
        }
    }
    let mut fired: Vec<&Fired> = tally.actions.values().collect();
    fired.sort_by_key(|fired| (std::cmp::Reverse(fired.reach), fired.at, &fired.target, &fired.call));
    Actions { counts, listed: Listed::of(fired.into_iter().map(ActionRow::of).collect()) }
}

fn row(remedy: Option<Remedy>, reason: &'static str, refused: &Refused) -> RefusedRow {
    RefusedRow {
        remedy: remedy.map(Remedy::as_str),
        reason,
        incidents: refused.incidents,
        example: refused.example.clone(),
        example_of: refused.example_of.clone(),
    }
}

fn refused(tally: &Tally) -> Vec<RefusedRow> {
    let mut rows: Vec<RefusedRow> =
        tally.refusals.iter().map(|((remedy, reason), refused)| row(*remedy, reason, refused)).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.incidents), row.remedy, row.reason));
    rows
}

fn no_remedy(tally: &Tally) -> Vec<RefusedRow> {
    let mut rows: Vec<RefusedRow> =
        tally.no_remedy.iter().map(|(reason, refused)| row(None, reason, refused)).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.incidents), row.reason));
    rows
}

fn assumed(tally: &Tally) -> Vec<AssumedRow> {
    let mut counts: BTreeMap<Assumption, usize> = BTreeMap::new();
    for assumption in tally.actions.values().flat_map(|fired| &fired.rests_on) {
        *counts.entry(*assumption).or_default() += 1;
    }
    let row = |(assumption, actions): (Assumption, usize)| AssumedRow {
        assumed: assumption.as_str(),
        text: assumption.to_string(),
        actions,
    };
    counts.into_iter().map(row).collect()
}
