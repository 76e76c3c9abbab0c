//! For people: a line or two for each thing that happened, the earliest first.

use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use steward::arn::TaskDefinitionArn;
use steward::incident::{DeploymentStatus, Ending, Incident, PastDeployment, Status, TargetRecord};
use steward::notification::moment;
use steward::redact::redact;
use steward::words::Language;
use steward::words::alerts::started_by;

use super::read::{Entry, status};
use crate::jobs::rough;
use crate::open::{since, stands, style_of};
use crate::terminal::{BOLD, DIM, GREEN, RED, YELLOW, lines};

/// As wide as a time, and two spaces.
const TIMES: usize = 18;
const PLAIN: Style = Style::new();

pub(super) fn write(
    out: &mut impl Write,
    record: &TargetRecord,
    entries: &[Entry],
    is_all: bool,
    now: Timestamp,
) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", redact(&record.target.to_string()))?;
    for entry in entries {
        let at = moment(entry.at());
        match entry {
            Entry::Deployment(deployment) => write_deployment(out, &at, deployment)?,
            Entry::Incident(incident) => write_incident(out, &at, incident, now)?,
            Entry::Action(action) => {
                let (style, word) = stands(&action.state, action.approved.is_some(), action.verdict);
                let text = format!("{word}: {}, {}", action.plan.call, since(action, now));
                line(out, &at, style, &text)?;
                line(out, "", DIM, &format!("id {}", action.plan.id.short()))?;
            }
        }
    }
    if entries.is_empty() {
        writeln!(out, "nothing of it is kept")?;
    }
    if !is_all {
        writeln!(out, "{DIM}Older incidents in which nothing was tried, if any are kept: --all{DIM:#}")?;
    }
    Ok(())
}

/// A text behind a time, wrapped.
fn line(out: &mut impl Write, at: &str, style: Style, text: &str) -> io::Result<()> {
    let space = " ".repeat(TIMES);
    let text = redact(text);
    for (place, line) in lines(text.as_str(), &space, &space).iter().enumerate() {
        let text = line.strip_prefix(space.as_str()).unwrap_or(line);
        let first = if place == 0 { at } else { "" };
        writeln!(out, "{DIM}{first:TIMES$}{DIM:#}{style}{text}{style:#}")?;
    }
    Ok(())
}

fn write_deployment(out: &mut impl Write, at: &str, deployment: &PastDeployment) -> io::Result<()> {
    let revision =
        deployment.task_definition.as_ref().map_or("a revision", TaskDefinitionArn::family_and_revision);
    let by = deployment
        .started_by
        .as_ref()
        .map_or_else(String::new, |starter| format!(" by {}", started_by(starter, Language::En)));
    let style = match deployment.status {
        Some(DeploymentStatus::Failed) => RED,
        _ => PLAIN,
    };
    line(out, at, style, &format!("deployed: {revision}{by}; {}", status(deployment)))
}

fn write_incident(out: &mut impl Write, at: &str, incident: &Incident, now: Timestamp) -> io::Result<()> {
    let failures = &incident.failures;
    let causes: Vec<String> =
        failures.causes().iter().map(|(cause, count)| format!("{cause} × {count}")).collect();
    let causes = if causes.is_empty() { "no failure".to_owned() } else { causes.join(", ") };
    line(out, at, style_of(incident.severity()), &format!("incident: {causes}"))?;
    match incident.status {
        Status::Open => {
            let goes_on = rough(now.duration_since(incident.opened_at));
            line(out, "", YELLOW, &format!("goes on for {goes_on}"))
        }
        Status::Resolved { at, by } => {
            let took = rough(at.duration_since(incident.opened_at));
            line(out, "", GREEN, &format!("over {}, after {took}: {}", moment(at), ended(by)))
        }
    }
}

/// How an incident ended.
fn ended(by: Ending) -> &'static str {
    match by {
        Ending::Steady => "ECS called it steady",
        Ending::Quiet => "nothing failed any more",
        Ending::Gone => "the instance left its cluster",
        Ending::Answered => "the deployment was answered",
    }
}
