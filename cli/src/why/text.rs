//! For people: event, cause, policy, guards, action, outcome, and who was told, in 80 columns.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use serde_json::Value;
use steward::action::{Action, How, Ruling, State, Verdict, Withdrawal};
use steward::arn::{TaskArn, TaskDefinitionArn};
use steward::incident::{Failure, Incident, Note, Status};
use steward::redact::redact;
use steward::words::{Language, deeds, steps};

use super::read::{Act, Trace};
use crate::jobs::{ago, rough};
use crate::open::{stands, style_of};
use crate::status::Settings;
use crate::terminal::{self, BOLD, DIM, GREEN, RED, YELLOW, style_of as style_of_kind};

/// Names of facts, and the space behind them.
const NAMES: usize = 10;
/// What is quoted of one piece of evidence: three lines or so.
const QUOTE_CHARS: usize = 240;
const PLAIN: Style = Style::new();

pub(super) fn write(
    out: &mut impl Write,
    trace: &Trace,
    settings: &Result<Settings, String>,
    now: Timestamp,
) -> io::Result<()> {
    write_title(out, trace, now)?;
    match &trace.incident {
        Some(incident) => {
            write_events(out, incident)?;
            write_cause(out, incident)?;
        }
        None => {
            fact(out, "events", DIM, "the incident is not kept any more, and with it what happened and why")?;
        }
    }
    write_policy(out, trace, settings)?;
    write_guards(out, trace)?;
    if trace.acts.is_empty() {
        fact(out, "action", PLAIN, "none")?;
    }
    for act in &trace.acts {
        match act {
            Act::Kept(action) => write_action(out, action, now)?,
            Act::Noted(note) => write_note(out, note)?,
        }
    }
    write_told(out, trace)
}

/// A fact, wrapped behind its name, and without secrets.
fn fact(out: &mut impl Write, name: &str, style: Style, text: &str) -> io::Result<()> {
    terminal::fact(out, NAMES, name, style, redact(text).as_str())
}

/// A time to the second.
fn time(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%-d %b %H:%M:%S UTC").to_string()
}

fn write_title(out: &mut impl Write, trace: &Trace, now: Timestamp) -> io::Result<()> {
    let target = redact(&trace.target.to_string());
    writeln!(out, "{BOLD}{target}{BOLD:#}")?;
    let opened = time(trace.opened_at);
    let Some(incident) = &trace.incident else {
        return fact(out, "incident", DIM, &format!("of {opened}"));
    };
    let severity = incident.severity();
    let stands = match incident.status {
        Status::Open => format!("open since {opened}, {}", rough(now.duration_since(trace.opened_at))),
        Status::Resolved { at, .. } => {
            let took = rough(at.duration_since(trace.opened_at));
            format!("of {opened}, over after {took}, {}", ago(at, now))
        }
    };
    fact(out, "incident", style_of(severity), &format!("{}, {stands}", severity.as_str()))
}

fn write_events(out: &mut impl Write, incident: &Incident) -> io::Result<()> {
    let failures = &incident.failures;
    let count = match (failures.count(), failures.has_more()) {
        (0, _) => "no failure".to_owned(),
        (1, false) => "1 failure".to_owned(),
        (count, false) => format!("{count} failures"),
        (count, true) => format!("at least {count} failures"),
    };
    let times = match (failures.first_at(), failures.last_at()) {
        (Some(first), Some(last)) if first == last => format!(", {}", time(first)),
        (Some(first), Some(last)) => format!(", from {} to {}", time(first), time(last)),
        _ => String::new(),
    };
    fact(out, "events", PLAIN, &format!("{count}{times}"))?;
    for (cause, _) in failures.causes() {
        if let Some(failure) = failures.sample(cause) {
            write_failure(out, failure)?;
        }
    }
    for hook in &incident.hooks {
        fact(out, "", PLAIN, &steps::hook(hook, Language::En))?;
    }
    for deed in &incident.deeds {
        fact(out, "", PLAIN, &deeds::deed(deed, Language::En))?;
    }
    if failures.count() > 1 {
        fact(
            out,
            "",
            DIM,
            "not kept: the events themselves, and of each cause all but the latest two failures",
        )?;
    }
    Ok(())
}

fn write_failure(out: &mut impl Write, failure: &Failure) -> io::Result<()> {
    let mut what = vec![format!("{}, such as", time(failure.at))];
    what.extend(failure.task.as_ref().map(|task: &TaskArn| format!("task {}", task.id())));
    let revision = failure.task_definition.as_ref().map(TaskDefinitionArn::family_and_revision);
    what.extend(revision.map(|revision| format!("of {revision}")));
    what.extend(failure.availability_zone.as_ref().map(|zone| format!("in {zone}")));
    if what.len() > 1 {
        fact(out, "", PLAIN, &what.join(" "))?;
    }
    for piece in failure.diagnosis.evidence.iter().take(2) {
        fact(out, "", DIM, &format!("{}: {}", piece.source, piece.text.shortened(QUOTE_CHARS)))?;
    }
    Ok(())
}

fn write_cause(out: &mut impl Write, incident: &Incident) -> io::Result<()> {
    let failures = &incident.failures;
    let mut name = "cause";
    for (cause, count) in failures.causes() {
        let text = format!("{cause} × {count} ({}): {}", cause.kind().as_str(), cause.headline());
        fact(out, name, style_of_kind(cause.kind()), &text)?;
        name = "";
    }
    let advice = failures.leading_cause().and_then(|cause| failures.sample(cause));
    match advice {
        Some(failure) => fact(out, "", PLAIN, &failure.diagnosis.advice.to_string()),
        None => Ok(()),
    }
}

fn write_policy(out: &mut impl Write, trace: &Trace, settings: &Result<Settings, String>) -> io::Result<()> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(problem) => return fact(out, "policy", YELLOW, &format!("not known: {problem}")),
    };
    let enrolled = settings.configuration.policy.for_target(&trace.target, &BTreeMap::new());
    let by = match enrolled.entry {
        Some(place) => format!("services[{place}] enrols it, mode {}", enrolled.mode.as_str()),
        None => "no entry of `services` enrols it".to_owned(),
    };
    let version = settings.version.map_or_else(
        || "by the configuration as it is".to_owned(),
        |version| format!("by configuration version {version}, in force now"),
    );
    fact(out, "policy", PLAIN, &format!("{by}, {version}"))?;
    fact(
        out,
        "",
        DIM,
        "not kept: which version held then; not read: the service's tags, which may say otherwise",
    )
}

fn write_guards(out: &mut impl Write, trace: &Trace) -> io::Result<()> {
    let mut is_said = false;
    if let Some(held) = trace.incident.as_ref().and_then(|incident| incident.remedies.held.as_ref()) {
        let would = held.call.as_ref().map_or_else(String::new, |call| format!(" (would be: {call})"));
        fact(out, "guards", YELLOW, &format!("{}: {}{would}", held.reason(), held.why))?;
        is_said = true;
    }
    let name = |is_said: bool| if is_said { "" } else { "guards" };
    let states = trace.acts.iter().map(|act| match act {
        Act::Kept(action) => &action.state,
        Act::Noted(note) => &note.state,
    });
    let states: Vec<&State> = states.collect();
    let was_called =
        |state: &State| !matches!(state, State::Proposed { .. } | State::Planned | State::Withdrawn { .. });
    if states.iter().any(|state| was_called(state)) {
        let text =
            "each guard of docs/safety.md let the call go ahead, before the claim and again before the call";
        fact(out, name(is_said), GREEN, text)?;
        is_said = true;
    }
    if states.iter().any(|state| matches!(state, State::Proposed { .. } | State::Planned)) {
        let text = "what is not called yet, they are asked about again, just before the call";
        fact(out, name(is_said), PLAIN, text)?;
        is_said = true;
    }
    if is_said {
        return fact(
            out,
            "",
            DIM,
            "not kept: what they saw; the functions' logs have it as long as logs are kept",
        );
    }
    fact(out, "guards", PLAIN, "nothing was asked of them, or it is not kept any more")
}

fn write_action(out: &mut impl Write, action: &Action, now: Timestamp) -> io::Result<()> {
    let plan = &action.plan;
    fact(out, "action", BOLD, &format!("{}: {}", plan.remedy.describe(), plan.call))?;
    fact(out, "", DIM, plan.id.as_str())?;
    fact(out, "", PLAIN, &format!("because {}", plan.because))?;
    fact(out, "", PLAIN, &times(action))?;
    if let Some(ruling) = &action.approved {
        fact(out, "", PLAIN, &format!("allowed {}", said(ruling)))?;
    }
    write_fields(out, "request", plan.call.operation(), &serde_json::to_value(&plan.call)?)?;
    write_fields(out, "only if", "", &serde_json::to_value(&plan.precondition)?)?;
    write_outcome(out, action, now)
}

fn times(action: &Action) -> String {
    let mut parts = vec![format!("decided {}", time(action.decided_at))];
    parts.extend(action.claimed_at.map(|at| format!("claimed {}", time(at))));
    if action.claims > 1 {
        parts.push(format!("{} times in all", action.claims));
    }
    parts.join(", ")
}

fn said(ruling: &Ruling) -> String {
    let why = ruling.why.as_deref().map_or_else(String::new, |why| format!(": {why}"));
    format!("by {}, {}{why}", ruling.by, time(ruling.at))
}

/// The fields of a request or a condition: those that say something, each on a line of its own.
fn write_fields(out: &mut impl Write, name: &str, what: &str, value: &Value) -> io::Result<()> {
    let fields: Vec<String> = value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, value)| *field != "call" && !value.is_null() && **value != Value::Bool(false))
        .map(|(field, value)| match value {
            Value::Bool(true) => field.replace('_', " "),
            Value::String(text) => format!("{} {text}", field.replace('_', " ")),
            other => format!("{} {other}", field.replace('_', " ")),
        })
        .collect();
    let mut name = name;
    if !what.is_empty() {
        fact(out, name, PLAIN, what)?;
        name = "";
    }
    for field in &fields {
        fact(out, name, PLAIN, field)?;
        name = "";
    }
    Ok(())
}

fn write_outcome(out: &mut impl Write, action: &Action, now: Timestamp) -> io::Result<()> {
    let (style, word) = stands(&action.state, action.approved.is_some(), action.verdict);
    let text = match &action.state {
        State::Proposed { until } if action.approved.is_none() => {
            format!("{word}, until {}: steward approve {}", time(*until), action.plan.id)
        }
        State::Proposed { .. } | State::Planned => format!("{word}: the next sweep goes on with it"),
        State::Issued { at } => format!("{word} {}: what came of it is being found out", time(*at)),
        State::Confirmed { at, how, made } => {
            let how = match how {
                How::Answered => "ECS answered so",
                How::Probed => "the answer was lost, and ECS shows the effect",
                How::Settled => "a person said so",
            };
            let made = made.as_deref().map_or_else(String::new, |made| format!(", and made {made}"));
            format!("took effect {}: {how}{made}", time(*at))
        }
        State::Failed { at, problem } => format!("{word} by ECS {}: {problem}", time(*at)),
        State::Unknown { at, why } => {
            format!("{word} since {}: {why}. Look, then: steward settle {}", time(*at), action.plan.id)
        }
        State::Withdrawn { at, why } => {
            let guard = match why {
                Withdrawal::Refused(refusal) => format!(" ({})", refusal.as_str()),
                _ => String::new(),
            };
            format!("{word} {}, before any call{guard}: {why}", time(*at))
        }
    };
    fact(out, "outcome", style, &text)?;
    if let Some(ruling) = &action.settled {
        fact(out, "", PLAIN, &format!("settled {}", said(ruling)))?;
    }
    match action.verdict {
        Some(Verdict::Helped { at }) => fact(out, "", GREEN, &format!("it helped: well since {}", time(at))),
        Some(Verdict::DidNotHelp { at }) => {
            fact(out, "", RED, &format!("it did not help, as was decided {}", time(at)))
        }
        None if matches!(action.state, State::Confirmed { .. }) => {
            fact(out, "", PLAIN, &format!("whether it helps is not known yet, {} after", ago_of(action, now)))
        }
        None => Ok(()),
    }
}

fn ago_of(action: &Action, now: Timestamp) -> String {
    match &action.state {
        State::Confirmed { at, .. } => rough(now.duration_since(*at)),
        _ => rough(now.duration_since(action.decided_at)),
    }
}

fn write_note(out: &mut impl Write, note: &Note) -> io::Result<()> {
    let (style, word) = stands(&note.state, note.approved.is_some(), note.verdict);
    fact(out, "action", BOLD, &format!("{}: {}", note.remedy.describe(), note.call))?;
    fact(out, "", DIM, note.id.as_str())?;
    fact(out, "", PLAIN, &format!("because {}", note.because))?;
    fact(out, "outcome", style, word)?;
    fact(out, "", DIM, "not kept any more: its request, its times")
}

fn write_told(out: &mut impl Write, trace: &Trace) -> io::Result<()> {
    let told: Vec<(&String, Timestamp)> = trace
        .told
        .iter()
        .flat_map(|thread| &thread.told)
        .filter_map(|(channel, told)| Some((channel, told.at?)))
        .collect();
    if told.is_empty() {
        return fact(out, "told", PLAIN, "nobody, or it is not kept any more");
    }
    let mut name = "told";
    for (channel, at) in told {
        fact(out, name, PLAIN, &format!("{channel}, the last time {}", time(at)))?;
        name = "";
    }
    Ok(())
}
