//! The demo as a page: one file, no script from elsewhere, for phone and desktop, light and dark.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use askama::Template;
use jiff::Timestamp;
use steward::diagnosis::Kind;
use steward::incident::{Deployment, Failures, Incident, Severity};
use steward::notification::{Style, Subject, Tone};

use super::burst::Shown as Burst;
use super::night::Shown as Night;
use super::scenarios::{Across, Scene, clock};
use crate::letter::{self, Block, Look, Piece, Shown};
use crate::play::{Happening, Placed, Played, Step, Unplayed, headline, threads};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'p> {
    events: usize,
    /// Messages of their own, each with its thread.
    alerts: Vec<Shown>,
    open: usize,
    silent: usize,
    /// The first and the last that happened.
    span: Option<(Timestamp, Timestamp)>,
    incidents: Vec<Row>,
    deployments: Vec<Row>,
    days: Vec<Day<'p>>,
    quiet: Vec<Group>,
    unplayed: Vec<Group>,
    transactions: u64,
    scenes: &'p [Scene],
    night: Option<&'p Night>,
    burst: Option<&'p Burst>,
    version: &'static str,
}

/// What happened on one day, in order.
struct Day<'p> {
    /// Such as `2026-11-20`: tells days apart, and names the place to link to.
    date: String,
    title: String,
    entries: Vec<Entry<'p>>,
}

/// A moment of the timeline, and for a message the alert that it belongs to.
struct Entry<'p> {
    step: &'p Step,
    alert: Option<String>,
}

/// An incident or a deployment, as a row of its table.
struct Row {
    /// The alert that tells of it, if one does.
    alert: Option<String>,
    at: Timestamp,
    place: String,
    what: String,
    /// Such as the deployment's id.
    names: Vec<String>,
    causes: Vec<String>,
    tone: &'static str,
    word: &'static str,
    open: bool,
    status: String,
}

/// Files that have a reason in common, and how often each.
struct Group {
    reason: String,
    files: BTreeMap<String, usize>,
}

impl Group {
    fn count(&self) -> usize {
        self.files.values().sum()
    }
}

pub(super) fn write(
    path: &Path,
    played: &Played,
    scenes: &[Scene],
    night: Option<&Night>,
    burst: Option<&Burst>,
) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    let html = page(played, scenes, night, burst).render().map_err(io::Error::other)?;
    std::fs::write(path, html).map_err(named)
}

fn page<'p>(
    played: &'p Played,
    scenes: &'p [Scene],
    night: Option<&'p Night>,
    burst: Option<&'p Burst>,
) -> Page<'p> {
    let threads = threads(played.posts());
    let id = |place: usize| format!("alert-{}", place + 1);
    let alerts: Vec<Shown> = threads
        .iter()
        .enumerate()
        .map(|(place, thread)| Shown::of(thread, letter::Kind::Slack, id(place)))
        .collect();
    // A story that began again goes on in the thread of the one before.
    let mut told = Told::default();
    for (place, thread) in threads.iter().enumerate() {
        told.by_root.insert(&thread.first.root, id(place));
        for post in [thread.first].into_iter().chain(thread.replies.iter().copied()) {
            told.by_subject.entry(&post.subject).or_insert_with(|| id(place));
        }
    }
    let incidents = incidents(played, &told);
    let quiet = grouped(played.steps.iter().filter_map(|step| because(&step.what)));
    Page {
        silent: quiet.iter().map(Group::count).sum(),
        events: played.steps.len() - played.posts().count(),
        open: incidents.iter().filter(|row| row.open).count(),
        span: played.steps.first().zip(played.steps.last()).map(|(first, last)| (first.at, last.at)),
        incidents,
        deployments: deployments(played, &told),
        days: days(played, &told),
        alerts,
        quiet,
        unplayed: grouped(played.unplayed.iter().map(|Unplayed { file, why }| (why.clone(), file))),
        transactions: played.usage.transactions,
        scenes,
        night,
        burst,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Where on the page the alerts stand.
#[derive(Default)]
struct Told<'p> {
    by_subject: BTreeMap<&'p Subject, String>,
    by_root: BTreeMap<&'p str, String>,
}

fn subject_of(incident: &Incident) -> Subject {
    Subject::Incident { target: incident.target.clone(), opened_at: incident.opened_at }
}

fn subject_of_deployment(deployment: &Deployment) -> Subject {
    Subject::Deployment { service: deployment.service.clone(), id: deployment.id.clone() }
}

fn incidents(played: &Played, told: &Told<'_>) -> Vec<Row> {
    let row = |incident: &Incident| {
        let message = Style::default().incident(incident);
        Row {
            alert: told.by_subject.get(&subject_of(incident)).cloned(),
            at: incident.opened_at,
            place: incident.target.to_string(),
            what: incident.failures.leading_cause().map_or("", |cause| cause.headline()).to_owned(),
            names: Vec::new(),
            causes: causes(&incident.failures),
            tone: tone_of(message.tone),
            word: if incident.is_open() { message.tone.word() } else { "resolved" },
            open: incident.is_open(),
            status: message.status.to_string(),
        }
    };
    played.incidents.iter().map(row).collect()
}

fn deployments(played: &Played, told: &Told<'_>) -> Vec<Row> {
    let row = |deployment: &Deployment| {
        let message = Style::default().deployment(deployment);
        let place = deployment.service.to_string();
        let title = message.title.as_str();
        let what =
            title.strip_prefix(&place).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(title).to_owned();
        let revision = deployment.task_definition.as_ref().map(|arn| arn.family_and_revision().to_owned());
        Row {
            alert: told.by_subject.get(&subject_of_deployment(deployment)).cloned(),
            at: deployment.first_seen_at,
            place,
            what,
            names: revision.into_iter().chain([deployment.id.to_string()]).collect(),
            causes: causes(&deployment.failures),
            tone: tone_of(message.tone),
            word: message.tone.word(),
            open: false,
            status: message.status.to_string(),
        }
    };
    // What only its tasks tell of was never announced.
    played.deployments.iter().filter(|deployment| deployment.step.is_some()).map(row).collect()
}

fn causes(failures: &Failures) -> Vec<String> {
    failures.causes().iter().map(|(cause, count)| format!("{count} × {cause}")).collect()
}

/// An edit is not shown: how an alert stands at the end is.
fn days<'p>(played: &'p Played, told: &Told<'_>) -> Vec<Day<'p>> {
    let mut days: Vec<Day<'_>> = Vec::new();
    let is_edit = |step: &&Step| matches!(&step.what, Happening::Told(post) if post.how == Placed::Edit);
    for step in played.steps.iter().filter(|step| !is_edit(step)) {
        let date = step.at.strftime("%Y-%m-%d").to_string();
        if days.last().is_none_or(|day| day.date != date) {
            let title = step.at.strftime("%A, %-d %B %Y").to_string();
            days.push(Day { date, title, entries: Vec::new() });
        }
        let alert = match &step.what {
            Happening::Told(post) => told.by_root.get(post.root.as_str()).cloned(),
            Happening::Event { .. } => None,
        };
        if let Some(day) = days.last_mut() {
            day.entries.push(Entry { step, alert });
        }
    }
    days
}

/// The style sheet's word for a tone.
fn tone_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Alert(Severity::Critical) => "critical",
        Tone::Alert(Severity::Warning) => "warning",
        Tone::Alert(Severity::Info) | Tone::Neutral => "info",
        Tone::Good => "good",
    }
}

/// The style sheet's word for a kind of cause: what only a change helps against looks worst.
fn tone_of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Persistent => "critical",
        Kind::Mixed | Kind::Transient => "warning",
        Kind::Benign => "good",
    }
}

fn because(what: &Happening) -> Option<(String, &String)> {
    match what {
        Happening::Event { file, explained } => explained.because.map(|reason| (reason.to_string(), file)),
        Happening::Told(_) => None,
    }
}

/// Files by what they have in common, the most frequent reason first.
fn grouped<'f>(files: impl Iterator<Item = (String, &'f String)>) -> Vec<Group> {
    let mut by_reason: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for (reason, file) in files {
        *by_reason.entry(reason).or_default().entry(file.clone()).or_default() += 1;
    }
    let mut groups: Vec<_> = by_reason.into_iter().map(|(reason, files)| Group { reason, files }).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count()));
    groups
}
