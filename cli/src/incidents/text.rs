//! For people: a table in 80 columns.

use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use steward::diagnosis::Cause;
use steward::incident::{Incident, Status, Target};
use steward::redact::redact;

use crate::jobs::{Cell, ago, rough, write_table};
use crate::open::{standing_of, style_of};
use crate::terminal::{BOLD, DIM, GREEN, style_of as style_of_kind};

const PLAIN: Style = Style::new();

pub(super) fn write(
    out: &mut impl Write,
    incidents: &[Incident],
    is_all: bool,
    now: Timestamp,
) -> io::Result<()> {
    if incidents.is_empty() {
        let what = if is_all { "no such incident is kept" } else { "no such incident goes on" };
        let hint = if is_all { "" } else { "; --all shows those that are over, too" };
        return writeln!(out, "{what}{hint}");
    }
    let rows: Vec<_> = incidents.iter().map(|incident| row(incident, now)).collect();
    write_table(out, [("TARGET", 22), ("CAUSE", 20), ("FAILURES", 13), ("REMEDY", 19)], &rows)?;
    writeln!(out, "{DIM}One in detail: steward why CLUSTER/SERVICE{DIM:#}")
}

fn row(incident: &Incident, now: Timestamp) -> [Cell; 4] {
    let target = &incident.target;
    let what = match target {
        Target::Service { .. } => String::new(),
        Target::Family { .. } => ", tasks".to_owned(),
        Target::ContainerInstance { .. } => ", instance".to_owned(),
    };
    let name = redact(target.name());
    let place = redact(&format!("{}{what}", target.cluster().name()));
    let named = Cell::default().line(BOLD, name.as_str()).line(DIM, place.as_str());
    let (style, word) = standing_of(incident);
    [named, cause(incident), failures(incident, now), Cell::default().line(style, word)]
}

fn cause(incident: &Incident) -> Cell {
    let causes = incident.failures.causes();
    let leading = incident.failures.leading_cause();
    let cell = match leading {
        Some(cause) => Cell::default().line(style_of_kind(cause.kind()), cause.as_str()),
        None if !incident.hooks.is_empty() => Cell::default().line(PLAIN, "waits for an answer"),
        None => Cell::default().line(DIM, "none told"),
    };
    let others: Vec<&str> = causes
        .iter()
        .map(|(cause, _)| *cause)
        .filter(|cause| Some(*cause) != leading)
        .map(Cause::as_str)
        .collect();
    match others.as_slice() {
        [] => cell,
        [other] => cell.line(DIM, *other),
        many => cell.line(DIM, format!("and {} more", many.len())),
    }
}

fn failures(incident: &Incident, now: Timestamp) -> Cell {
    let failures = &incident.failures;
    let more = if failures.has_more() { "≥ " } else { "" };
    let severity = incident.severity();
    let cell = Cell::default()
        .line(style_of(severity), format!("{more}{}, {}", failures.count(), severity.as_str()));
    match incident.status {
        Status::Open => cell.line(PLAIN, format!("for {}", rough(now.duration_since(incident.opened_at)))),
        Status::Resolved { at, .. } => cell.line(GREEN, format!("over {}", ago(at, now))),
    }
}
