//! A run as a page: one file, no script, nothing from elsewhere, for phone and desktop, light and dark.

#[cfg(feature = "aws")]
use std::io;
#[cfg(feature = "aws")]
use std::path::Path;

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use steward::batch::{Run, RunEnd, RunState, Unit};
use steward::notification::moment;

use super::{Chart, facts, standing};

#[derive(Template)]
#[template(path = "run.html")]
pub(super) struct Page {
    id: String,
    tone: &'static str,
    standing: String,
    facts: Vec<(&'static str, String)>,
    chart: Chart,
    as_of: String,
    version: &'static str,
}

impl Page {
    /// Of a run with those units of it that were begun. Its slot is shown in `zone`.
    pub(super) fn of(run: &Run, units: &[Unit], zone: &TimeZone, now: Timestamp) -> Self {
        Self {
            id: run.id.to_string(),
            tone: tone(&run.state),
            standing: standing(&run.state),
            facts: facts(run, zone),
            chart: Chart::of(run, units, now),
            as_of: moment(now),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Writes the page of a run.
#[cfg(feature = "aws")]
pub(crate) fn write_page(
    path: &Path,
    run: &Run,
    units: &[Unit],
    zone: &TimeZone,
    now: Timestamp,
) -> io::Result<()> {
    let html = Page::of(run, units, zone, now).render().map_err(io::Error::other)?;
    std::fs::write(path, html)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn tone(state: &RunState) -> &'static str {
    match state {
        RunState::Ended { end: RunEnd::Succeeded, .. } => "good",
        RunState::Ended { end, .. } if end.is_failure() => "critical",
        RunState::Ended { .. } => "warning",
        _ => "info",
    }
}
