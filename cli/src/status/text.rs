//! For people: one screen of 80 columns.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use steward::action::State;
use steward::batch::RunState;
use steward::config::Mode;
use steward::incident::Severity;
use steward::ledger::Scope;
use steward::notification::moment;
use steward::redact::redact;
use steward::scaling::OrderState;

use super::needs::plural;
use super::read::{Settings, Status};
use crate::jobs::{ago, rough};
use crate::open::{short, standing_of, stands, style_of};
use crate::terminal::{self, BOLD, DIM, GREEN, RED, YELLOW, lines};

/// Names of facts, and the space behind them, are this wide; before them are two spaces more.
const NAMES: usize = 13;
/// So many incidents and actions are named; the others are counted.
const SHOWN: usize = 5;
const PLAIN: Style = Style::new();

pub(super) fn write(
    out: &mut impl Write,
    name: &str,
    status: &Status,
    needs: &[String],
    now: Timestamp,
) -> io::Result<()> {
    writeln!(out, "{BOLD}{name}{BOLD:#}")?;
    write_settings(out, status)?;
    write_changes(out, status)?;
    write_incidents(out, status, now)?;
    write_actions(out, status)?;
    write_jobs(out, status)?;
    write_scaling(out, status)?;
    write_telling(out, status, now)?;
    write_sweeps(out, status, now)?;
    if needs.is_empty() {
        return writeln!(out, "{GREEN}nothing needs you{GREEN:#}");
    }
    for need in needs {
        for line in lines(need, "! ", "  ") {
            writeln!(out, "{RED}{line}{RED:#}")?;
        }
    }
    Ok(())
}

/// A fact, wrapped behind its name.
fn fact(out: &mut impl Write, name: &str, style: Style, text: &str) -> io::Result<()> {
    terminal::fact(out, NAMES, name, style, text)
}

fn write_settings(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let settings = match &status.settings {
        Ok(settings) => settings,
        Err(problem) => return fact(out, "rules", RED, &format!("not known: {problem}")),
    };
    let Settings { configuration, version } = settings;
    let policy = &configuration.policy;
    let mut modes: BTreeMap<Mode, usize> = BTreeMap::new();
    for entry in &policy.services {
        *modes.entry(entry.rules.mode).or_default() += 1;
    }
    let version = version.map_or_else(
        || "no version was applied".to_owned(),
        |version| format!("configuration version {version}"),
    );
    let entries: Vec<String> = modes
        .iter()
        .map(|(mode, count)| format!("{} in {}", plural(*count, "entry", "entries"), mode.as_str()))
        .collect();
    let entries = if entries.is_empty() { "nothing is enrolled".to_owned() } else { entries.join(", ") };
    fact(out, "rules", PLAIN, &format!("{version}; {entries}; otherwise {}", policy.defaults.mode.as_str()))
}

fn write_changes(out: &mut impl Write, status: &Status) -> io::Result<()> {
    if status.paused.is_empty() {
        return fact(out, "changes", PLAIN, "not paused");
    }
    for switch in &status.paused {
        let Some(ruling) = &switch.paused else { continue };
        let what = match &switch.scope {
            Scope::Global => "all paused".to_owned(),
            Scope::Cluster(cluster) => format!("paused in {}", cluster.name()),
            Scope::Target(target) => format!("paused for {target}"),
        };
        let why = ruling.why.as_deref().map_or_else(String::new, |why| format!(": {why}"));
        let text = format!("{what} since {} by {}{why}", moment(ruling.at), ruling.by);
        fact(out, "changes", YELLOW, redact(&text).as_str())?;
    }
    Ok(())
}

fn write_incidents(out: &mut impl Write, status: &Status, now: Timestamp) -> io::Result<()> {
    let incidents = &status.open.incidents;
    let critical = incidents.iter().filter(|incident| incident.severity() == Severity::Critical).count();
    let count = match (incidents.len(), critical) {
        (0, _) => "none".to_owned(),
        (open, 0) => format!("{open} open"),
        (open, critical) => format!("{open} open, {critical} critical"),
    };
    let style = if critical > 0 {
        RED
    } else if incidents.is_empty() {
        PLAIN
    } else {
        YELLOW
    };
    fact(out, "incidents", style, &count)?;
    let mut worst: Vec<_> = incidents.iter().collect();
    worst.sort_by_key(|incident| std::cmp::Reverse((incident.severity(), incident.opened_at)));
    for incident in worst.iter().take(SHOWN) {
        let cause = incident.failures.leading_cause().map_or("no failure", |cause| cause.as_str());
        let since = rough(now.duration_since(incident.opened_at));
        let (_, stands) = standing_of(incident);
        let stands = if stands.is_empty() { stands } else { format!(", {stands}") };
        let text = format!("{}  {cause}, for {since}{stands}", short(&incident.target));
        fact(out, "", style_of(incident.severity()), redact(&text).as_str())?;
    }
    write_more(out, incidents.len(), "steward incidents")
}

fn write_actions(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let actions = &status.open.actions;
    let is_urgent = |state: &State| matches!(state, State::Unknown { .. } | State::Proposed { .. });
    let count = if actions.is_empty() { "none".to_owned() } else { format!("{} open", actions.len()) };
    fact(out, "actions", PLAIN, &count)?;
    let mut urgent: Vec<_> = actions.iter().collect();
    urgent.sort_by_key(|action| !is_urgent(&action.state));
    for action in urgent.iter().take(SHOWN) {
        let (style, word) = stands(&action.state, action.approved.is_some(), action.verdict);
        let plan = &action.plan;
        let text = format!("{}  {word}: {}", short(&plan.target), plan.call);
        fact(out, "", style, redact(&text).as_str())?;
    }
    write_more(out, actions.len(), "steward actions")
}

fn write_more(out: &mut impl Write, count: usize, command: &str) -> io::Result<()> {
    match count.saturating_sub(SHOWN) {
        0 => Ok(()),
        more => fact(out, "", DIM, &format!("and {more} more: {command}")),
    }
}

fn write_jobs(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let configured = match &status.settings {
        Ok(settings) => settings.configuration.jobs.by_name.len(),
        Err(_) => 0,
    };
    let is_waiting = |state: &RunState| matches!(state, RunState::Pending);
    let waiting = status.runs.iter().filter(|run| is_waiting(&run.state)).count();
    let going_on = status.runs.len() - waiting;
    if configured == 0 && status.runs.is_empty() {
        return match status.settings {
            Ok(_) => fact(out, "jobs", PLAIN, "none configured"),
            Err(_) => fact(out, "jobs", PLAIN, "no run goes on"),
        };
    }
    let runs = plural(going_on, "run goes on", "runs go on");
    let waits = if waiting > 0 { format!(", {waiting} waiting") } else { String::new() };
    let of = if configured > 0 { format!("{configured} configured, ") } else { String::new() };
    fact(out, "jobs", if going_on > 0 { GREEN } else { PLAIN }, &format!("{of}{runs}{waits}"))
}

fn write_scaling(out: &mut impl Write, status: &Status) -> io::Result<()> {
    let Ok(settings) = &status.settings else {
        return fact(out, "scaling", PLAIN, "not known without the configuration");
    };
    let configured = settings.configuration.scaling.by_service.len();
    if configured == 0 {
        return fact(out, "scaling", PLAIN, "none configured");
    }
    let orders = || status.scalers.iter().filter_map(|scaler| scaler.order.as_ref()).map(|order| order.state);
    let mut parts = vec![plural(configured, "service", "services")];
    let unseen = configured.saturating_sub(status.scalers.len());
    for (count, what) in [
        (orders().filter(|state| *state == OrderState::Proposed).count(), "asking you"),
        (orders().filter(|state| *state == OrderState::Issued).count(), "changing"),
        (unseen, "not looked at yet"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    fact(out, "scaling", PLAIN, &parts.join(", "))
}

fn write_telling(out: &mut impl Write, status: &Status, now: Timestamp) -> io::Result<()> {
    let silences = match status.silences.len() {
        0 => "none".to_owned(),
        count => plural(count, "holds", "hold"),
    };
    fact(out, "silences", PLAIN, &silences)?;
    match status.late.first() {
        None => fact(out, "news", PLAIN, "all told, or about to be"),
        Some(oldest) => {
            let late = rough(now.duration_since(oldest.at));
            let count = status.late.len();
            fact(out, "news", YELLOW, &format!("{count} untold, the oldest due for {late}"))
        }
    }
}

fn write_sweeps(out: &mut impl Write, status: &Status, now: Timestamp) -> io::Result<()> {
    let known =
        [("remediation", status.patrolled_at()), ("batch", status.batch_at), ("scaling", status.scaling_at)];
    let known: Vec<String> = known
        .into_iter()
        .filter_map(|(name, at)| Some(format!("{name} {}", ago(at?.min(now), now))))
        .collect();
    let text = if known.is_empty() { "none seen yet".to_owned() } else { known.join(", ") };
    fact(out, "last sweeps", PLAIN, &text)
}
