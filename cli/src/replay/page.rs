//! A replay as a page: one file, no script, nothing from elsewhere, for phone and desktop, light and dark.

use std::io;

use askama::Template;
use steward::incident::Severity;

use super::difference::Difference;
use super::report::{AlertRow, Listed, Played, Report};
use super::text::{LIMITS, grouped, reach, withheld};

#[derive(Template)]
#[template(path = "replay.html")]
struct Page<'r> {
    report: &'r Report,
    /// Each replay with the letter by which it is named, if there are two.
    replays: Vec<(&'static str, &'r Played)>,
    /// What some action rests on, each once.
    assumed: Vec<(&'r str, &'r str)>,
    version: &'static str,
}

/// The page's text.
///
/// # Errors
///
/// Where the template cannot be filled in, which it always can.
pub(super) fn of(report: &Report) -> io::Result<String> {
    let replays = match &report.against {
        None => vec![("", &report.played)],
        Some(against) => vec![("A: ", &report.played), ("B: ", against)],
    };
    let mut assumed: Vec<(&str, &str)> = Vec::new();
    for row in replays.iter().flat_map(|(_, played)| &played.assumed) {
        if !assumed.iter().any(|(word, _)| *word == row.assumed) {
            assumed.push((row.assumed, &row.text));
        }
    }
    let page = Page { report, replays, assumed, version: env!("CARGO_PKG_VERSION") };
    page.render().map_err(io::Error::other)
}

/// The style sheet's word for a severity.
fn tone(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The style sheet's word for how far an action goes.
fn tone_of(reach: &str) -> &'static str {
    match reach {
        "act" => "warning",
        "propose" => "info",
        _ => "good",
    }
}

/// What changes about alerts, where something does.
fn alert_changes(difference: &Difference) -> Vec<(&'static str, &Listed<AlertRow>)> {
    let all = [
        ("alerts under A alone", &difference.alerts_lost),
        ("alerts under B alone", &difference.alerts_gained),
        ("alerts to other channels, or of another severity", &difference.alerts_changed),
    ];
    all.into_iter().filter(|(_, listed)| !listed.is_empty()).collect()
}
