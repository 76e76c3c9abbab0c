//! A step of a story: what stands in the thread.

use jiff::Timestamp;

use super::{Style, channel, deployment, incident, outage};
use crate::action::{State, Verdict};
use crate::arn::TaskArn;
use crate::diagnosis::Cause;
use crate::incident::{Deployment, DeploymentStatus, Incident, Note, Severity};
use crate::ledger::{ChannelRecord, Outage};
use crate::notification::{Message, Step, Tone, Weight, What, remedies};
use crate::redact::{Redacted, redact};
use crate::words::{alerts, causes, steps};

pub(super) fn of_incident(incident: &Incident, step: &Step, style: &Style<'_>) -> Message {
    let language = style.language;
    let status = incident::status(incident, language);
    let (leading, place) = (
        incident.failures.leading_cause().unwrap_or(Cause::Unknown),
        alerts::place(&incident.target, language),
    );
    let line = match &step.what {
        What::Cause(cause) => steps::cause(causes::headline(*cause, language), cause.as_str(), language),
        What::Grew(count) => steps::grew(*count, language),
        What::Hook(hook) => steps::hook(hook, language),
        What::Critical => steps::critical(&status, language),
        What::Held => return brief(step, remedies::held(incident, language), style),
        What::Action(note) => {
            return brief(step, remedies::of_note(note, incident.is_open(), language), style);
        }
        What::Verdict(note, _) => {
            return brief(step, remedies::of_verdict(note, incident.is_open(), language), style);
        }
        What::Resolved => steps::resolved(&status, fixed_by(incident).as_deref(), language),
        What::Relapsed => steps::relapsed(&status, language),
        What::Still => steps::still(&status, language),
        What::Logs => return logs(incident, step, style),
        _ => steps::opened(
            &place,
            causes::headline(leading, language),
            leading.as_str(),
            style.again,
            language,
        ),
    };
    brief(step, redact(&line), style)
}

pub(super) fn of_deployment(deployment: &Deployment, step: &Step, style: &Style<'_>) -> Message {
    use DeploymentStatus::{Completed, Failed, InProgress};
    let language = style.language;
    let goes_back = deployment.rolled_back_to.is_some();
    let (status, is_rollback, tone) = match step.what {
        What::Completed => (Completed, false, Tone::Good),
        What::Failed if goes_back => (Failed, false, Tone::Alert(Severity::Warning)),
        What::Failed => (Failed, false, Tone::Alert(Severity::Critical)),
        What::Left => (InProgress, false, Tone::Alert(Severity::Warning)),
        What::RollingBack => (InProgress, true, Tone::Alert(Severity::Warning)),
        What::RolledBack => (Completed, true, Tone::Alert(Severity::Warning)),
        _ => (InProgress, false, Tone::Neutral),
    };
    let goes_back = goes_back && step.what != What::Started;
    let what = alerts::deployment(Some(status), is_rollback, goes_back, language);
    let line = format!("{}: {what}", alerts::place(&deployment.service, language));
    // ECS's own words are about the latest step.
    let said = deployment.step.as_ref().filter(|latest| Some(latest.at) == step.at);
    let how = said.map(|_| redact(&deployment::how(deployment, language))).unwrap_or_default();
    Message { status: how, ..Message::brief(tone, redact(&line), language) }
}

pub(super) fn of_outage(outage: &Outage, step: &Step, style: &Style<'_>) -> Message {
    let language = style.language;
    let status = outage::status(outage, language);
    let line = match &step.what {
        What::Cause(cause) => steps::cause(causes::headline(*cause, language), cause.as_str(), language),
        What::Grew(count) => steps::spread(*count, language),
        What::Resolved => steps::resolved(&status, None, language),
        What::Relapsed => steps::relapsed(&status, language),
        What::Still => steps::still(&status, language),
        _ => outage::title(outage, language),
    };
    brief(step, redact(&line), style)
}

pub(super) fn of_trouble(
    channel: &ChannelRecord,
    since: Timestamp,
    step: &Step,
    style: &Style<'_>,
) -> Message {
    let refuses = channel.trouble.as_ref().is_some_and(|trouble| trouble.since == since);
    brief(step, channel::line(channel, refuses, style.language), style)
}

fn brief(step: &Step, line: Redacted, style: &Style<'_>) -> Message {
    Message::brief(tone(step), line, style.language)
}

fn tone(step: &Step) -> Tone {
    match (&step.what, step.weight) {
        (What::Resolved | What::Takes | What::Verdict(_, Verdict::Helped { .. }), _) => Tone::Good,
        (What::Critical, _) | (_, Weight::Asks) => Tone::Alert(Severity::Critical),
        (What::Opened | What::Relapsed | What::Still, _) => Tone::Alert(Severity::Warning),
        (What::Action(note), _) if matches!(note.state, State::Failed { .. }) => {
            Tone::Alert(Severity::Warning)
        }
        _ => Tone::Neutral,
    }
}

/// The last action that helped.
fn fixed_by(incident: &Incident) -> Option<String> {
    let helped = |note: &&Note| matches!(note.verdict, Some(Verdict::Helped { .. }));
    incident.remedies.notes.iter().rev().find(helped).map(|note| note.call.to_string())
}

fn logs(incident: &Incident, step: &Step, style: &Style<'_>) -> Message {
    let sample = incident.failures.samples().iter().find(|sample| sample.task.is_some());
    let container = sample.and_then(|sample| sample.diagnosis.container.as_ref()).map(Redacted::as_str);
    let task = sample.and_then(|sample| sample.task.as_ref()).map(TaskArn::id);
    let line = steps::logs(container, task, style.language);
    let logs = style.logs.iter().map(|line| line.text.clone()).collect();
    Message { logs, ..brief(step, redact(&line), style) }
}
