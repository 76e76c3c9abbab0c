//! The demo as a page: one file, no script from elsewhere, for phone and desktop, light and dark.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use askama::Template;
use jiff::Timestamp;
use steward::diagnosis::Kind;
use steward::incident::{Deployment, Failures, Incident, Severity};
use steward::notification::{self, Subject, Tone};

use super::scenarios::{Across, Scene, clock};
use super::world::{Happening, Played, Step, Unplayed};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'p> {
    events: usize,
    alerts: usize,
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
    version: &'static str,
}

/// What happened on one day, in order.
struct Day<'p> {
    /// Such as `2026-11-20`: tells days apart, and names the place to link to.
    date: String,
    title: String,
    entries: Vec<Entry<'p>>,
}

/// A moment of the timeline, and for an alert its place among others.
struct Entry<'p> {
    step: &'p Step,
    part: Option<Part>,
}

/// Which alert of which story this is: stories are told interleaved, and links lead from one alert to the next.
struct Part {
    /// The row of the table.
    story: String,
    number: usize,
    of: usize,
}

/// An incident or a deployment, as a row of its table.
struct Row {
    /// Where it stands on the page; its alerts are `<id>-1`, `<id>-2`, and so on.
    id: String,
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
    alerts: usize,
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

pub(super) fn write(path: &Path, played: &Played, scenes: &[Scene]) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    let html = page(played, scenes).render().map_err(io::Error::other)?;
    std::fs::write(path, html).map_err(named)
}

fn page<'p>(played: &'p Played, scenes: &'p [Scene]) -> Page<'p> {
    let mut stories = Stories::of(played);
    let incidents = incidents(played, &stories);
    let deployments = deployments(played, &stories);
    let alerts = played.steps.iter().filter(|step| matches!(step.what, Happening::Alert { .. })).count();
    let quiet = grouped(played.steps.iter().filter_map(|step| because(&step.what)));
    Page {
        silent: quiet.iter().map(Group::count).sum(),
        events: played.steps.len() - alerts,
        alerts,
        open: incidents.iter().filter(|row| row.open).count(),
        span: played.steps.first().zip(played.steps.last()).map(|(first, last)| (first.at, last.at)),
        incidents,
        deployments,
        days: days(played, &mut stories),
        quiet,
        unplayed: grouped(played.unplayed.iter().map(|Unplayed { file, why }| (why.clone(), file))),
        transactions: played.usage.transactions,
        scenes,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// What alerts have in common: their subject, which has a row in a table.
struct Stories(BTreeMap<Subject, Story>);

struct Story {
    id: String,
    alerts: usize,
    /// How many of them the timeline has so far.
    shown: usize,
}

impl Stories {
    fn of(played: &Played) -> Self {
        let incidents = played
            .incidents
            .iter()
            .enumerate()
            .map(|(index, incident)| (subject_of(incident), format!("incident-{}", index + 1)));
        let deployments = played.deployments.iter().enumerate().map(|(index, deployment)| {
            (subject_of_deployment(deployment), format!("deployment-{}", index + 1))
        });
        let untold = |(subject, id)| (subject, Story { id, alerts: 0, shown: 0 });
        let mut stories: BTreeMap<_, _> = incidents.chain(deployments).map(untold).collect();
        for step in &played.steps {
            if let Happening::Alert { subject, .. } = &step.what
                && let Some(story) = stories.get_mut(subject)
            {
                story.alerts += 1;
            }
        }
        Self(stories)
    }

    fn next_part(&mut self, subject: &Subject) -> Option<Part> {
        let story = self.0.get_mut(subject)?;
        story.shown += 1;
        Some(Part { story: story.id.clone(), number: story.shown, of: story.alerts })
    }

    /// The id of a row, and how many alerts tell of it.
    fn row(&self, subject: &Subject) -> (String, usize) {
        self.0.get(subject).map(|story| (story.id.clone(), story.alerts)).unwrap_or_default()
    }
}

fn subject_of(incident: &Incident) -> Subject {
    Subject::Incident { target: incident.target.clone(), opened_at: incident.opened_at }
}

fn subject_of_deployment(deployment: &Deployment) -> Subject {
    Subject::Deployment { service: deployment.service.clone(), id: deployment.id.clone() }
}

fn incidents(played: &Played, stories: &Stories) -> Vec<Row> {
    let row = |incident: &Incident| {
        let message = notification::incident(incident);
        let (id, alerts) = stories.row(&subject_of(incident));
        Row {
            id,
            at: incident.opened_at,
            place: incident.target.to_string(),
            what: incident.failures.leading_cause().map_or("", |cause| cause.headline()).to_owned(),
            names: Vec::new(),
            causes: causes(&incident.failures),
            tone: tone_of(message.tone),
            word: if incident.is_open() { message.tone.word() } else { "resolved" },
            open: incident.is_open(),
            status: message.status.to_string(),
            alerts,
        }
    };
    played.incidents.iter().map(row).collect()
}

fn deployments(played: &Played, stories: &Stories) -> Vec<Row> {
    let row = |deployment: &Deployment| {
        let message = notification::deployment(deployment);
        let place = deployment.service.to_string();
        let title = message.title.as_str();
        let what =
            title.strip_prefix(&place).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(title).to_owned();
        let revision = deployment.task_definition.as_ref().map(|arn| arn.family_and_revision().to_owned());
        let (id, alerts) = stories.row(&subject_of_deployment(deployment));
        Row {
            id,
            at: deployment.first_seen_at,
            place,
            what,
            names: revision.into_iter().chain([deployment.id.to_string()]).collect(),
            causes: causes(&deployment.failures),
            tone: tone_of(message.tone),
            word: message.tone.word(),
            open: false,
            status: message.status.to_string(),
            alerts,
        }
    };
    // What only its tasks tell of was never announced.
    played.deployments.iter().filter(|deployment| deployment.step.is_some()).map(row).collect()
}

fn causes(failures: &Failures) -> Vec<String> {
    failures.causes().iter().map(|(cause, count)| format!("{count} × {cause}")).collect()
}

fn days<'p>(played: &'p Played, stories: &mut Stories) -> Vec<Day<'p>> {
    let mut days: Vec<Day<'_>> = Vec::new();
    for step in &played.steps {
        let date = step.at.strftime("%Y-%m-%d").to_string();
        if days.last().is_none_or(|day| day.date != date) {
            let title = step.at.strftime("%A, %-d %B %Y").to_string();
            days.push(Day { date, title, entries: Vec::new() });
        }
        let part = match &step.what {
            Happening::Alert { subject, .. } => stories.next_part(subject),
            Happening::Event { .. } => None,
        };
        if let Some(day) = days.last_mut() {
            day.entries.push(Entry { step, part });
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
        Happening::Alert { .. } => None,
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
