//! From what the ledger holds to what a person reads.

use jiff::SignedDuration;

use super::{Fact, Message, Tone, moment, remedies};
use crate::arn::{Arn, DeploymentId, TaskDefinitionArn};
use crate::config::{Notifications, Size};
use crate::diagnosis::Cause;
use crate::incident::{
    Deployment, DeploymentStatus, Ending, Failure, Failures, Incident, Severity, Status, Target,
};
use crate::redact::{Redacted, redact};
use crate::words::Language;

/// Causes named one by one.
const MAX_CAUSES: usize = 4;
/// Quoted texts of one message.
const MAX_QUOTES: usize = 3;

/// Renders an incident, as configured by default.
pub fn incident(incident: &Incident) -> Message {
    incident_quoting(incident, Notifications::default().evidence)
}

/// Renders an incident, and quotes at most so much of each text: the rest is a `steward explain` away.
pub fn incident_quoting(incident: &Incident, evidence: Size) -> Message {
    let failures = &incident.failures;
    let cause = failures.leading_cause().unwrap_or(Cause::Unknown);
    let sample = failures.sample(cause).or_else(|| failures.samples().first());
    let place = &incident.target;
    let said = remedies::of(incident, Language::En);
    let (tone, title) = match incident.status {
        // It waits for a person, whether the incident goes on or not.
        _ if said.is_unknown => (
            Tone::Alert(Severity::Critical),
            format!("{place}: nobody knows whether an action took effect ({cause})"),
        ),
        Status::Open => {
            let severity = if said.is_in_vain { Severity::Critical } else { incident.severity() };
            let question =
                said.asked_for.map_or_else(String::new, |remedy| format!("; {}?", remedy.describe()));
            (Tone::Alert(severity), format!("{place}: {} ({cause}){question}", cause.headline()))
        }
        Status::Resolved { .. } => (Tone::Good, format!("{place}: resolved, was {cause}")),
    };
    let mut facts = Vec::new();
    push_causes(&mut facts, failures);
    // What is over needs no finger pointed at a task.
    let sample = sample.filter(|_| incident.is_open());
    push_sample(&mut facts, sample);
    let deployments: Vec<&str> = incident.deployments.keys().map(DeploymentId::as_str).collect();
    push(&mut facts, "Deployment", Some(deployments.join(", ")).filter(|text| !text.is_empty()));
    push_place(&mut facts, place);
    Message {
        tone,
        title: redact(&title),
        status: redact(&incident_status(incident)),
        asks: said.asks,
        facts,
        evidence: quotes(sample, evidence),
        advice: sample.map(|sample| sample.diagnosis.advice.clone()),
        done: said.done,
    }
}

fn incident_status(incident: &Incident) -> String {
    let failures = &incident.failures;
    let count = count_of(failures);
    let since = failures.first_at().unwrap_or(incident.opened_at);
    match incident.status {
        Status::Open => match failures.last_at().filter(|last| *last != since) {
            Some(last) => format!("{count} since {}, the last {}", moment(since), moment(last)),
            None => format!("{count}, {}", moment(since)),
        },
        Status::Resolved { at, by } => {
            let how = match by {
                Ending::Steady => "ECS reports a steady state",
                Ending::Quiet => "no failure for a while, though ECS has not reported a steady state",
                Ending::Gone => "the container instance has left the cluster",
            };
            format!("{count} in {}; {how} ({})", duration(at.duration_since(since)), moment(at))
        }
    }
}

/// Renders a deployment, as configured by default.
pub fn deployment(deployment: &Deployment) -> Message {
    deployment_quoting(deployment, Notifications::default().evidence)
}

/// Renders a deployment, and quotes at most so much of each text.
pub fn deployment_quoting(deployment: &Deployment, evidence: Size) -> Message {
    let place = &deployment.service;
    let status = deployment.status();
    let failed =
        (deployment.failures.count() > 0 && !deployment.is_rollback()).then_some(&deployment.failures);
    let (tone, what) = match (status, deployment.is_rollback()) {
        (None | Some(DeploymentStatus::InProgress), false) => (Tone::Neutral, "deployment started"),
        (None | Some(DeploymentStatus::InProgress), true) => (Tone::Alert(Severity::Warning), "rolling back"),
        (Some(DeploymentStatus::Completed), false) => (Tone::Good, "deployment completed"),
        (Some(DeploymentStatus::Completed), true) => {
            (Tone::Alert(Severity::Warning), "rolled back, the earlier revision runs again")
        }
        (Some(DeploymentStatus::Failed), _) if deployment.rolled_back_to.is_some() => {
            (Tone::Alert(Severity::Warning), "deployment failed, ECS rolls back")
        }
        (Some(DeploymentStatus::Failed), _) => (Tone::Alert(Severity::Critical), "deployment failed"),
    };
    let sample = failed.and_then(|failures| failures.sample(failures.leading_cause()?));
    let mut facts = Vec::new();
    let revision = deployment.task_definition.as_ref().map(|arn| arn.family_and_revision().to_owned());
    push(&mut facts, "Revision", revision);
    push(&mut facts, "Deployment", Some(deployment.id.to_string()));
    push(&mut facts, "Back to", deployment.rolled_back_to.as_ref().map(ToString::to_string));
    if let Some(failures) = failed {
        push(&mut facts, "Failed tasks", Some(count_of(failures)));
        push_causes(&mut facts, failures);
    }
    push_place(&mut facts, place);
    Message {
        tone,
        title: redact(&format!("{place}: {what}")),
        status: redact(&deployment_status(deployment)),
        asks: Vec::new(),
        facts,
        evidence: quotes(sample, evidence),
        advice: sample
            .filter(|_| status == Some(DeploymentStatus::Failed))
            .map(|s| s.diagnosis.advice.clone()),
        // An action speaks in its incident's thread.
        done: Vec::new(),
    }
}

fn deployment_status(deployment: &Deployment) -> String {
    let Some(step) = &deployment.step else {
        return format!("first seen {}", moment(deployment.first_seen_at));
    };
    let began = deployment.rollback_since.unwrap_or(deployment.first_seen_at);
    let took = match step.status {
        DeploymentStatus::InProgress => String::new(),
        _ if step.at > began => format!(" after {}", duration(step.at.duration_since(began))),
        _ => String::new(),
    };
    let reason = step.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{}{took}{reason}", moment(step.at))
}

fn push(facts: &mut Vec<Fact>, name: &'static str, value: Option<String>) {
    if let Some(value) = value {
        facts.push(Fact { name, value: redact(&value) });
    }
}

/// The account and the region: the title has the cluster's name.
fn push_place(facts: &mut Vec<Fact>, target: &Target) {
    let arn = Arn::parse(target.cluster().as_str());
    push(facts, "Account", arn.map(|arn| format!("{} in {}", arn.account, arn.region)));
}

fn push_causes(facts: &mut Vec<Fact>, failures: &Failures) {
    let causes = failures.causes();
    let mut named: Vec<String> =
        causes.iter().take(MAX_CAUSES).map(|(cause, count)| format!("{count} × {cause}")).collect();
    if causes.len() > MAX_CAUSES {
        named.push(format!("{} more", causes.len() - MAX_CAUSES));
    }
    push(facts, "Causes", Some(named.join(", ")).filter(|text| !text.is_empty()));
}

fn push_sample(facts: &mut Vec<Fact>, sample: Option<&Failure>) {
    let Some(sample) = sample else { return };
    let container = sample.diagnosis.container.as_ref().map(|name| match sample.diagnosis.exit_code {
        Some(code) => format!("{name}, exit code {code}"),
        None => name.to_string(),
    });
    push(facts, "Container", container);
    let revision = sample.task_definition.as_ref().map(TaskDefinitionArn::family_and_revision);
    let zone = sample.availability_zone.as_deref();
    let where_it_ran: Vec<&str> = revision.into_iter().chain(zone).collect();
    let task = sample.task.as_ref().map(|task| match where_it_ran.as_slice() {
        [] => task.id().to_owned(),
        parts => format!("{} ({})", task.id(), parts.join(", ")),
    });
    push(facts, "Last task", task);
    let denied = sample.diagnosis.denied_action.as_ref().map(|denied| match &denied.resource {
        Some(resource) => format!("{} on {resource}", denied.action),
        None => denied.action.clone(),
    });
    push(facts, "Denied", denied);
}

fn quotes(sample: Option<&Failure>, most: Size) -> Vec<Redacted> {
    let Some(sample) = sample else { return Vec::new() };
    sample
        .diagnosis
        .evidence
        .iter()
        .filter(|piece| piece.source.as_str() != "stopCode")
        .take(MAX_QUOTES)
        .map(|piece| redact(&format!("{}: {}", piece.source, shortened(&piece.text, most))))
        .collect()
}

/// At most so many bytes, cut between characters, with an ellipsis where something was cut.
fn shortened(text: &Redacted, most: Size) -> String {
    const ELLIPSIS: char = '…';
    let most = usize::try_from(most.bytes()).unwrap_or(usize::MAX);
    if text.as_str().len() <= most {
        return text.to_string();
    }
    let end = text.as_str().floor_char_boundary(most.saturating_sub(ELLIPSIS.len_utf8()));
    let mut short = text.as_str().get(..end).unwrap_or_default().to_owned();
    short.push(ELLIPSIS);
    short
}

fn count_of(failures: &Failures) -> String {
    match (failures.count(), failures.has_more()) {
        (1, false) => "1 failure".to_owned(),
        (count, false) => format!("{count} failures"),
        (count, true) => format!("≥ {count} failures"),
    }
}

/// In the two largest units.
fn duration(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
