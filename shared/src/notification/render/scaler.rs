//! A scaled service's trouble as it stands, and a step of it.

use super::{Style, push, push_place, shortened};
use crate::incident::Severity;
use crate::notification::{Fact, Link, Message, Step, Tone, What, links};
use crate::redact::{Redacted, redact};
use crate::scaling::{Problem, ProblemKind, ScalerNote, ScalerTrouble};
use crate::words::alerts::Name;
use crate::words::{Language, scaling, steps};

/// Queues named one by one.
const MAX_QUEUES: usize = 4;

pub(super) fn message(trouble: &ScalerTrouble, style: &Style<'_>) -> Message {
    let language = style.language;
    let leading = trouble.leading().filter(|_| trouble.is_open() && !trouble.standing.is_empty());
    let asks = trouble.problems().filter(|_| trouble.is_open());
    let asks = asks.filter_map(|note| scaling::ask(&trouble.target, &note.what, language));
    Message {
        status: redact(&status(trouble, language)),
        asks: asks.map(|ask| redact(&ask)).collect(),
        facts: facts(trouble, language),
        evidence: trouble.problems().filter_map(|note| said(note, style)).collect(),
        advice: leading.map(|note| redact(&scaling::to_do(&trouble.target, &note.what, language))),
        links: links_of(trouble),
        ..Message::brief(tone(trouble), redact(&title(trouble, language)), language)
    }
}

pub(super) fn step(trouble: &ScalerTrouble, step: &Step, style: &Style<'_>) -> Message {
    let language = style.language;
    let brief = |tone, line: &str| Message::brief(tone, redact(line), language);
    let status = status(trouble, language);
    match &step.what {
        What::Scaler(what) => {
            let line = scaling::happened(&place(trouble, language), what, language);
            let next = scaling::ask(&trouble.target, what, language)
                .unwrap_or_else(|| scaling::to_do(&trouble.target, what, language));
            Message { status: redact(&next), ..brief(tone_of(what), &line) }
        }
        What::Critical => brief(Tone::Alert(Severity::Critical), &steps::critical(&status, language)),
        What::Still => brief(Tone::Alert(trouble.severity), &steps::still(&status, language)),
        What::Resolved => {
            let message = brief(tone(trouble), &title(trouble, language));
            Message { status: redact(&status), ..message }
        }
        // Its message is the first of its thread.
        _ => brief(tone(trouble), &title(trouble, language)),
    }
}

fn place(trouble: &ScalerTrouble, language: Language) -> String {
    scaling::place(&trouble.target, language)
}

fn title(trouble: &ScalerTrouble, language: Language) -> String {
    let place = place(trouble, language);
    match trouble.leading() {
        _ if !trouble.is_open() => scaling::recovered(&place, language),
        Some(note) if !trouble.standing.is_empty() => scaling::happened(&place, &note.what, language),
        _ => scaling::problem_over(&place, language),
    }
}

/// How it stands, in one line.
fn status(trouble: &ScalerTrouble, language: Language) -> String {
    scaling::status(trouble.opened_at, trouble.recovered, &trouble.decision, trouble.promise, language)
}

fn tone(trouble: &ScalerTrouble) -> Tone {
    match (trouble.is_open(), trouble.severity) {
        (false, _) => Tone::Good,
        (true, Severity::Info) => Tone::Neutral,
        (true, _) if trouble.standing.is_empty() => Tone::Neutral,
        (true, severity) => Tone::Alert(severity),
    }
}

fn tone_of(what: &Problem) -> Tone {
    match what.kind() {
        ProblemKind::Unprotected => Tone::Neutral,
        _ => Tone::Alert(Severity::Warning),
    }
}

fn facts(trouble: &ScalerTrouble, language: Language) -> Vec<Fact> {
    let decision = &trouble.decision;
    let estimate = &decision.estimate;
    let mut facts = Vec::new();
    push(&mut facts, Name::Tasks, Some(scaling::desired(decision, language)));
    push(&mut facts, Name::Backlog, Some(scaling::backlog(decision, language)));
    push(&mut facts, Name::Wait, Some(scaling::wait(estimate.wait, trouble.promise, language)));
    let takes = scaling::takes(estimate.service_time, estimate.service_time_is, language);
    push(&mut facts, Name::ServiceTime, Some(takes));
    let takes = scaling::takes(estimate.start_up, estimate.start_up_is, language);
    push(&mut facts, Name::StartUp, Some(takes));
    push(&mut facts, Name::Bounds, Some(scaling::bounds(decision.bounds, language)));
    push(&mut facts, Name::Queues, Some(queues(trouble, language)));
    push_place(&mut facts, trouble.target.cluster(), language);
    facts
}

fn queues(trouble: &ScalerTrouble, language: Language) -> String {
    let mut named: Vec<String> =
        trouble.queues.iter().take(MAX_QUEUES).map(|queue| redact(&queue.0).to_string()).collect();
    if trouble.queues.len() > MAX_QUEUES {
        named.push(crate::words::alerts::and_more(trouble.queues.len() - MAX_QUEUES, language));
    }
    named.join(", ")
}

/// What AWS said.
fn said(note: &ScalerNote, style: &Style<'_>) -> Option<Redacted> {
    let (Problem::UnknownService { why }
    | Problem::UnknownQueue { why, .. }
    | Problem::UnknownProtection { why }) = &note.what
    else {
        return None;
    };
    Some(redact(&shortened(why, style.evidence))).filter(|said| !said.as_str().is_empty())
}

fn links_of(trouble: &ScalerTrouble) -> Vec<Link> {
    // The queue that cannot be read, or else the first.
    let unread = trouble.problems().find_map(|note| match &note.what {
        Problem::UnknownQueue { queue, .. } => Some(queue),
        _ => None,
    });
    let queue = unread.or(trouble.queues.first());
    let queue = queue.and_then(|queue| links::queue(trouble.target.cluster(), queue));
    links::target(&trouble.target).into_iter().chain(queue).collect()
}
