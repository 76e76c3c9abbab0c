//! The demo as a page: one file, no script from elsewhere, for phone and desktop, light and dark.

use std::io;
use std::path::Path;

use askama::Template;
use steward::diagnosis::Kind;
use steward::incident::{Severity, Status};
use steward::notification::{Fact, Message, Tone, deployment};

use super::world::{Happening, Played};

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    events: usize,
    alerts: usize,
    incidents: Vec<Row>,
    deployments: Vec<Row>,
    days: Vec<Day>,
    quiet: Vec<Quiet>,
    unplayed: Vec<Row>,
    transactions: u64,
    version: &'static str,
}

/// What happened on one day, in order.
struct Day {
    date: String,
    steps: Vec<Line>,
}

/// A line of the timeline: an event, or an alert.
struct Line {
    time: String,
    file: String,
    kind: &'static str,
    place: String,
    cause: Option<&'static str>,
    /// A word for the style sheet: `critical`, `warning`, `info`, `good`, `neutral`, or a kind of cause.
    tone: &'static str,
    reasons: Vec<String>,
    alert: Option<Alert>,
}

/// An alert as it was sent.
struct Alert {
    word: &'static str,
    message: Message,
}

impl Alert {
    fn facts(&self) -> &[Fact] {
        &self.message.facts
    }
}

/// A row of a table.
struct Row {
    time: String,
    place: String,
    what: String,
    status: String,
    tone: &'static str,
}

/// A reason for which nothing was opened, with the files it holds for.
struct Quiet {
    reason: String,
    files: Vec<String>,
}

pub(super) fn write(path: &Path, played: &Played) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    let html = page(played).render().map_err(io::Error::other)?;
    std::fs::write(path, html).map_err(named)
}

fn tone_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Alert(Severity::Critical) => "critical",
        Tone::Alert(Severity::Warning) => "warning",
        Tone::Alert(Severity::Info) => "info",
        Tone::Good => "good",
        Tone::Neutral => "neutral",
    }
}

fn tone_of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Persistent => "critical",
        Kind::Mixed | Kind::Transient => "warning",
        Kind::Benign => "good",
    }
}

fn page(played: &Played) -> Page {
    let mut days: Vec<Day> = Vec::new();
    let mut quiet: Vec<Quiet> = Vec::new();
    let mut alerts = 0;
    for step in &played.steps {
        let date = step.at.strftime("%A, %-d %B %Y").to_string();
        if days.last().is_none_or(|day| day.date != date) {
            days.push(Day { date, steps: Vec::new() });
        }
        alerts += usize::from(matches!(step.what, Happening::Alert { .. }));
        if let Happening::Event { file, explained } = &step.what
            && let Some(reason) = explained.because
        {
            let reason = reason.to_string();
            match quiet.iter_mut().find(|quiet| quiet.reason == reason) {
                Some(quiet) => quiet.files.push(file.clone()),
                None => quiet.push(Quiet { reason, files: vec![file.clone()] }),
            }
        }
        if let Some(day) = days.last_mut() {
            day.steps.push(line(step.at.strftime("%H:%M:%S").to_string(), &step.what));
        }
    }
    quiet.sort_by_key(|quiet| std::cmp::Reverse(quiet.files.len()));
    Page {
        events: played.steps.len() - alerts,
        alerts,
        incidents: incidents(played),
        deployments: deployments(played),
        days,
        quiet,
        unplayed: played
            .unplayed
            .iter()
            .map(|unplayed| Row {
                time: String::new(),
                place: unplayed.file.clone(),
                what: unplayed.why.clone(),
                status: String::new(),
                tone: "neutral",
            })
            .collect(),
        transactions: played.usage.transactions,
        version: env!("CARGO_PKG_VERSION"),
    }
}

fn line(time: String, what: &Happening) -> Line {
    match what {
        Happening::Event { file, explained } => Line {
            time,
            file: file.clone(),
            kind: explained.kind,
            place: explained.target.clone().unwrap_or_default(),
            cause: explained.diagnosis.as_ref().map(|diagnosis| diagnosis.cause.as_str()),
            tone: explained.diagnosis.as_ref().map_or("neutral", |diagnosis| tone_of_kind(diagnosis.cause.kind())),
            reasons: explained.decision.reasons.iter().map(ToString::to_string).collect(),
            alert: None,
        },
        Happening::Alert { subject, message } => Line {
            time,
            file: String::new(),
            kind: "alert",
            place: subject.to_string(),
            cause: None,
            tone: tone_of(message.tone),
            reasons: Vec::new(),
            alert: Some(Alert { word: message.tone.word(), message: message.clone() }),
        },
    }
}

fn incidents(played: &Played) -> Vec<Row> {
    played
        .incidents
        .iter()
        .map(|incident| {
            let causes = incident.failures.causes();
            let (status, tone) = match incident.status {
                Status::Open => ("open".to_owned(), tone_of(Tone::Alert(incident.severity()))),
                Status::Resolved { at, .. } => (format!("resolved {}", at.strftime("%H:%M")), "good"),
            };
            Row {
                time: incident.opened_at.strftime("%H:%M:%S").to_string(),
                place: incident.target.to_string(),
                what: causes.iter().map(|(cause, count)| format!("{count} × {cause}")).collect::<Vec<_>>().join(", "),
                status,
                tone,
            }
        })
        .collect()
}

fn deployments(played: &Played) -> Vec<Row> {
    played
        .deployments
        .iter()
        .filter(|told| told.step.is_some())
        .map(|told| {
            let message = deployment(told);
            Row {
                time: told.first_seen_at.strftime("%H:%M:%S").to_string(),
                place: message.title.to_string(),
                what: told.id.to_string(),
                status: format!("{} failed tasks", told.failures.count()),
                tone: tone_of(message.tone),
            }
        })
        .collect()
}
