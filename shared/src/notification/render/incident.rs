//! An incident as it stands.

use super::{Style, count_of, push, push_causes, push_container, push_denied, push_place, quotes};
use crate::arn::{DeploymentId, TaskDefinitionArn};
use crate::diagnosis::Cause;
use crate::incident::{Failure, Hook, Incident, Severity, Status};
use crate::notification::{Fact, Link, Message, Tone, links, remedies};
use crate::redact::redact;
use crate::words::alerts::{self, Name};
use crate::words::{self, Language};
use crate::words::{causes, deeds, hooks};

pub(super) fn message(incident: &Incident, style: &Style<'_>) -> Message {
    let language = style.language;
    let failures = &incident.failures;
    let cause = failures.leading_cause().unwrap_or(Cause::Unknown);
    let sample = failures.sample(cause).or_else(|| failures.samples().first());
    let said = remedies::of(incident, language);
    let (tone, title) = headline(incident, cause, &said, language);
    // What is over needs no finger pointed at a task.
    let sample = sample.filter(|_| incident.is_open());
    Message {
        tone,
        title: redact(&title),
        status: redact(&status(incident, language)),
        asks: said.asks,
        facts: facts(incident, sample, language),
        evidence: quotes(sample.map(|sample| &sample.diagnosis), style.evidence),
        advice: sample.map(|sample| sample.diagnosis.advice.text(language)),
        done: said.done,
        logs: style.logs.iter().filter(|_| incident.is_open()).map(|line| line.text.clone()).collect(),
        links: links_of(incident, sample),
        language,
    }
}

fn headline(incident: &Incident, cause: Cause, said: &remedies::Said, language: Language) -> (Tone, String) {
    let place = alerts::place(&incident.target, language);
    match incident.status {
        // It waits for a person, whether the incident goes on or not.
        _ if said.is_unknown => {
            (Tone::Alert(Severity::Critical), alerts::nobody_knows(&place, cause.as_str(), language))
        }
        Status::Open => {
            let severity = if said.is_in_vain { Severity::Critical } else { incident.severity() };
            let question = said.asked_for.map(|remedy| words::remedies::question(remedy, language));
            let title = alerts::fails(
                &place,
                causes::headline(cause, language),
                cause.as_str(),
                question.as_deref(),
                language,
            );
            (Tone::Alert(severity), title)
        }
        Status::Resolved { .. } => (Tone::Good, alerts::resolved(&place, cause.as_str(), language)),
    }
}

/// How it stands, in one line.
pub(super) fn status(incident: &Incident, language: Language) -> String {
    let failures = &incident.failures;
    let count = count_of(failures, language);
    let since = failures.first_at().unwrap_or(incident.opened_at);
    if let Some(told) = of_hooks(incident, language) {
        return told;
    }
    match incident.status {
        Status::Open => {
            alerts::since(&count, since, failures.last_at().filter(|last| *last != since), language)
        }
        Status::Resolved { at, by } => alerts::ended(&count, at.duration_since(since), by, at, language),
    }
}

/// How it stands where nothing has failed. `None`: something has.
fn of_hooks(incident: &Incident, language: Language) -> Option<String> {
    let last = incident.hooks.last().filter(|_| incident.only_waits())?;
    let waiting = incident.waiting().next();
    match (waiting, &last.over, incident.status) {
        (Some(hook), _, Status::Open) => {
            let ends = hooks::without_an_answer(hook.expires_at, hook.timeout_action, language);
            let waits = hooks::waits(hook.stage.as_deref(), hook.since, language);
            Some(match language {
                Language::En => format!("{waits}; {ends}"),
                Language::Ja => format!("{waits}。{ends}"),
            })
        }
        (None, Some(over), _) => {
            let how = hooks::end(over.how, over.by.as_ref(), language);
            Some(format!("{how} ({})", words::moment(over.at, language)))
        }
        _ => None,
    }
}

fn facts(incident: &Incident, sample: Option<&Failure>, language: Language) -> Vec<Fact> {
    let mut facts = Vec::new();
    push_causes(&mut facts, &incident.failures, language);
    push_sample(&mut facts, sample, language);
    push(&mut facts, Name::Waits, Some(waits(incident, language)));
    let done: Vec<String> = incident.deeds.iter().map(|deed| deeds::deed(deed, language)).collect();
    push(&mut facts, Name::Deeds, Some(done.join("; ")));
    let deployments: Vec<&str> = incident.deployments.keys().map(DeploymentId::as_str).collect();
    push(&mut facts, Name::Deployment, Some(deployments.join(", ")));
    push_place(&mut facts, incident.target.cluster(), language);
    facts
}

/// Deployments that wait, each with what is known of its revision.
fn waits(incident: &Incident, language: Language) -> String {
    let of = |hook: &Hook| {
        let waits = hooks::waits(hook.stage.as_deref(), hook.since, language);
        match &hook.evidence {
            None => waits,
            Some(seen) => format!("{waits}: {}", hooks::evidence(seen, language)),
        }
    };
    incident.waiting().map(of).collect::<Vec<_>>().join("; ")
}

fn push_sample(facts: &mut Vec<Fact>, sample: Option<&Failure>, language: Language) {
    let Some(sample) = sample else { return };
    push_container(facts, &sample.diagnosis, language);
    let revision = sample.task_definition.as_ref().map(TaskDefinitionArn::family_and_revision);
    let zone = sample.availability_zone.as_deref();
    let where_it_ran: Vec<&str> = revision.into_iter().chain(zone).collect();
    let task = sample.task.as_ref().map(|task| match where_it_ran.as_slice() {
        [] => task.id().to_owned(),
        parts => format!("{} ({})", task.id(), parts.join(", ")),
    });
    push(facts, Name::LastTask, task);
    push_denied(facts, &sample.diagnosis, language);
}

fn links_of(incident: &Incident, sample: Option<&Failure>) -> Vec<Link> {
    let target = &incident.target;
    let task = sample.and_then(|sample| sample.task.as_ref());
    let deployments =
        links::deployments(target).filter(|_| incident.is_open() && !incident.deployments.is_empty());
    let of_task = task.map(|task| [links::task(target.cluster(), task), links::logs(target.cluster(), task)]);
    links::target(target)
        .into_iter()
        .chain(of_task.into_iter().flatten().flatten())
        .chain(deployments)
        .collect()
}
