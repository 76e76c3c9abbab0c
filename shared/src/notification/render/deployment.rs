//! A deployment as it stands.

use super::{Style, count_of, push, push_causes, push_place, quotes};
use crate::incident::{Deployment, DeploymentStatus, Image, Revision, Severity};
use crate::notification::{Message, Tone, links};
use crate::redact::redact;
use crate::words::Language;
use crate::words::alerts::{self, Name};

pub(super) fn message(deployment: &Deployment, style: &Style<'_>) -> Message {
    let language = style.language;
    let status = deployment.status();
    let failed =
        (deployment.failures.count() > 0 && !deployment.is_rollback()).then_some(&deployment.failures);
    let sample = failed.and_then(|failures| failures.sample(failures.leading_cause()?));
    let mut facts = Vec::new();
    let (name, revisions) = revisions(deployment);
    push(&mut facts, name, revisions);
    let starter = deployment.started_by.as_ref();
    push(&mut facts, Name::StartedBy, starter.map(|starter| alerts::started_by(starter, language)));
    push(&mut facts, Name::Deployment, Some(deployment.id.to_string()));
    push(&mut facts, Name::BackTo, deployment.rolled_back_to.as_ref().map(ToString::to_string));
    if let Some(failures) = failed {
        push(&mut facts, Name::FailedTasks, Some(count_of(failures, language)));
        push_causes(&mut facts, failures, language);
    }
    push_place(&mut facts, deployment.service.cluster(), language);
    Message {
        facts,
        status: redact(&how(deployment, language)),
        evidence: quotes(sample.map(|sample| &sample.diagnosis), style.evidence),
        advice: sample
            .filter(|_| status == Some(DeploymentStatus::Failed))
            .map(|sample| sample.diagnosis.advice.text(language)),
        links: links::target(&deployment.service)
            .into_iter()
            .chain(links::deployments(&deployment.service))
            .collect(),
        // An action speaks in its incident's thread.
        ..Message::brief(tone(deployment), redact(&title(deployment, language)), language)
    }
}

/// From which revision to which, with their images, as far as is known.
fn revisions(deployment: &Deployment) -> (Name, Option<String>) {
    match deployment.from_to() {
        (Some(from), Some(to)) => (Name::Revisions, Some(format!("{} → {}", revision(&from), revision(&to)))),
        (None, Some(to)) => (Name::Revision, Some(revision(&to))),
        (_, None) => (Name::Revision, None),
    }
}

/// `api:42 (shop/api:1.4.2)`.
fn revision(revision: &Revision) -> String {
    let name = revision.task_definition.family_and_revision();
    let images: Vec<String> = revision.images.iter().map(Image::short).collect();
    if images.is_empty() { name.to_owned() } else { format!("{name} ({})", images.join(", ")) }
}

/// Its name, and what it became.
pub(super) fn title(deployment: &Deployment, language: Language) -> String {
    let goes_back = deployment.rolled_back_to.is_some();
    let what = alerts::deployment(deployment.status(), deployment.is_rollback(), goes_back, language);
    format!("{}: {what}", alerts::place(&deployment.service, language))
}

/// A rollback is no success.
pub(super) fn tone(deployment: &Deployment) -> Tone {
    let goes_back = deployment.rolled_back_to.is_some();
    match (deployment.status(), deployment.is_rollback()) {
        (Some(DeploymentStatus::Completed), false) => Tone::Good,
        (Some(DeploymentStatus::Failed), _) if !goes_back => Tone::Alert(Severity::Critical),
        (None | Some(DeploymentStatus::InProgress), false) if !goes_back => Tone::Neutral,
        _ => Tone::Alert(Severity::Warning),
    }
}

/// How it stands, in one line.
pub(super) fn how(deployment: &Deployment, language: Language) -> String {
    let Some(step) = &deployment.step else { return alerts::first_seen(deployment.first_seen_at, language) };
    let began = deployment.rollback_since.unwrap_or(deployment.first_seen_at);
    let took = match step.status {
        DeploymentStatus::InProgress => None,
        _ => Some(step.at.duration_since(began)).filter(jiff::SignedDuration::is_positive),
    };
    alerts::deployed(step.at, took, step.reason.as_ref().map(crate::redact::Redacted::as_str), language)
}
