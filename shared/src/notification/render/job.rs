//! A job's trouble as it stands, and a step of it.

use super::{Style, causes_of, push, push_container, push_denied, push_place, quotes, shortened};
use crate::batch::{BadRun, Ending, Happened, LateFor, Note, RunEnd, RunId, Skip, Trouble};
use crate::incident::Severity;
use crate::notification::{Fact, Link, Message, Step, Tone, What, links};
use crate::redact::{Redacted, redact};
use crate::words::alerts::Name;
use crate::words::jobs::{self, ToDo};
use crate::words::{self, Language, steps};

/// Runs of which nobody knows the end, named one by one: the latest. All are counted.
const MAX_UNKNOWN: usize = 2;

pub(super) fn message(trouble: &Trouble, style: &Style<'_>) -> Message {
    let language = style.language;
    // What is over needs no finger pointed at a task.
    let leading = leading(trouble).filter(|_| trouble.is_open());
    let shown = leading.filter(|note| run_of(trouble, &note.what, language).is_some());
    let shown = shown.or_else(|| last_failure(trouble)).filter(|_| trouble.is_open());
    let sample = shown.and_then(|note| note.what.ended()?.sample.as_deref());
    let diagnosis = sample.and_then(|sample| sample.diagnosis.as_ref());
    Message {
        status: redact(&status(trouble, language)),
        asks: asks(trouble, leading, language),
        facts: facts(trouble, shown, sample, language),
        evidence: evidence(leading, sample, style),
        advice: trouble.is_open().then(|| {
            let look = jobs::to_do(&ToDo::Look { job: &trouble.job }, language);
            let of_task = diagnosis.map(|diagnosis| diagnosis.advice.text(language));
            let of_task = of_task.map(|advice| words::in_turn(advice.as_str(), &look, language));
            let own = || leading.and_then(|note| advice(trouble, &note.what, language));
            redact(&of_task.or_else(own).unwrap_or(look))
        }),
        links: links_of(trouble, sample),
        ..Message::brief(tone(trouble), redact(&title(trouble, language)), language)
    }
}

pub(super) fn step(trouble: &Trouble, step: &Step, style: &Style<'_>) -> Message {
    let language = style.language;
    let brief = |tone, line: &str| Message::brief(tone, redact(line), language);
    let status = || status(trouble, language);
    match &step.what {
        What::Happened(what) => {
            let line = jobs::happened(&place(trouble, language), what, language);
            let status = redact(&how(trouble, what, language));
            Message { status, ..brief(tone_of(what.severity()), &line) }
        }
        What::Grew(count) => brief(Tone::Neutral, &jobs::grew(*count, language)),
        What::Still => brief(Tone::Alert(trouble.severity), &steps::still(&status(), language)),
        What::Resolved => {
            let message = brief(tone(trouble), &title(trouble, language));
            Message { status: redact(&status()), ..message }
        }
        // Its message is the first of its thread.
        _ => brief(tone_of(trouble.severity), &title(trouble, language)),
    }
}

/// What weighs most, the latest of it.
fn leading(trouble: &Trouble) -> Option<&Note> {
    trouble.notes.iter().max_by_key(|note| note.what.severity())
}

/// The latest run that failed, as far as that is known.
fn last_failure(trouble: &Trouble) -> Option<&Note> {
    let failed =
        |note: &&Note| note.what.ended().is_some_and(|bad| bad.end.is_failure()) && !is_unknown(note);
    trouble.notes.iter().rev().find(failed)
}

fn place(trouble: &Trouble, language: Language) -> String {
    jobs::place(&trouble.job, trouble.cluster.as_ref(), language)
}

fn title(trouble: &Trouble, language: Language) -> String {
    let place = place(trouble, language);
    match leading(trouble) {
        _ if !trouble.is_open() => jobs::recovered(&place, trouble.has_unknown(), language),
        Some(note) => jobs::happened(&place, &note.what, language),
        None => place,
    }
}

fn tone(trouble: &Trouble) -> Tone {
    match (trouble.is_open(), trouble.has_unknown()) {
        (true, _) => tone_of(trouble.severity),
        (false, true) => Tone::Alert(Severity::Warning),
        (false, false) => Tone::Good,
    }
}

fn tone_of(severity: Severity) -> Tone {
    if severity == Severity::Info { Tone::Neutral } else { Tone::Alert(severity) }
}

/// How it stands, in one line.
fn status(trouble: &Trouble, language: Language) -> String {
    jobs::status(trouble.opened_at, &trouble.counts, trouble.recovered.as_ref(), language)
}

/// What stands below a step: which run it is about, and what a person can do.
fn how(trouble: &Trouble, what: &Happened, language: Language) -> String {
    let tally = what.ended().map(|bad| jobs::tally(&bad.tally, language)).unwrap_or_default();
    let run = match run_of(trouble, what, language) {
        Some(run) if !tally.is_empty() => Some(format!("{run}: {tally}")),
        run => run,
    };
    let next = ask(trouble, what, language).or_else(|| advice(trouble, what, language)).unwrap_or_default();
    match run {
        Some(run) if next.is_empty() => run,
        Some(run) => words::in_turn(&words::full_stop(run, language), &next, language),
        None => next,
    }
}

/// The run that it is about, and the time that its slot names.
fn run_of(trouble: &Trouble, what: &Happened, language: Language) -> Option<String> {
    match what {
        Happened::Ended(bad) => Some(jobs::run(&trouble.run(&bad.slot), bad.scheduled, language)),
        Happened::Late { slot, scheduled, .. } => Some(jobs::run(&trouble.run(slot), *scheduled, language)),
        Happened::Stuck { slot, .. } | Happened::Stray { slot, .. } => Some(trouble.run(slot).to_string()),
        Happened::BreakerOpened { .. } | Happened::NoSuccess { .. } | Happened::ManyMissed { .. } => None,
    }
}

/// What a person has to decide, the most urgent first. How an unknown run ended is to be found out also when the next one
/// succeeded.
fn asks(trouble: &Trouble, leading: Option<&Note>, language: Language) -> Vec<Redacted> {
    let unknown = trouble.notes.iter().rev().filter(|note| is_unknown(note)).take(MAX_UNKNOWN);
    let latest = |is: fn(&Happened) -> bool| {
        trouble.notes.iter().rev().find(|note| is(&note.what)).filter(|_| trouble.is_open())
    };
    let breaker = latest(|what| matches!(what, Happened::BreakerOpened { .. }));
    let silent = latest(|what| matches!(what, Happened::NoSuccess { .. }));
    let own = last_failure(trouble).or(leading).filter(|note| trouble.is_open() && !is_unknown(note));
    let mut asks: Vec<Redacted> = Vec::new();
    for note in unknown.chain(breaker).chain(silent).chain(own) {
        let ask = ask(trouble, &note.what, language).map(|ask| redact(&ask));
        asks.extend(ask.filter(|ask| !asks.contains(ask)));
    }
    asks
}

fn is_unknown(note: &Note) -> bool {
    note.what.ended().is_some_and(|bad| bad.end == RunEnd::Unknown)
}

/// What a person has to decide because of it.
fn ask(trouble: &Trouble, what: &Happened, language: Language) -> Option<String> {
    let job = &trouble.job;
    let to_do = |what: &ToDo<'_>| Some(jobs::to_do(what, language));
    match what {
        Happened::Ended(bad) => ask_of(&trouble.run(&bad.slot), bad, language),
        Happened::BreakerOpened { failures, until } => {
            to_do(&ToDo::CloseBreaker { job, failures: *failures, until: *until })
        }
        Happened::NoSuccess { since } => to_do(&ToDo::LookForSuccess { job, since: *since }),
        Happened::ManyMissed { after, before, .. } => {
            to_do(&ToDo::CatchSome { job, after: *after, before: *before })
        }
        Happened::Late { .. } | Happened::Stuck { .. } | Happened::Stray { .. } => None,
    }
}

fn ask_of(run: &RunId, bad: &BadRun, language: Language) -> Option<String> {
    let in_part = bad.tally.good() + bad.tally.skipped > 0;
    let what = match &bad.end {
        RunEnd::Unknown => ToDo::FindOut { run, tasks: bad.tally.unknown.max(1) },
        RunEnd::Failed | RunEnd::TimedOut | RunEnd::Refused(_) => ToDo::Retry { run, in_part },
        RunEnd::Skipped(Skip::Missed | Skip::Upstream { .. } | Skip::Breaker) => ToDo::Catch { run },
        RunEnd::Skipped(Skip::StillRunning { .. } | Skip::Suspended | Skip::Gone)
        | RunEnd::Superseded { .. }
        | RunEnd::Cancelled
        | RunEnd::Succeeded => return None,
    };
    Some(jobs::to_do(&what, language))
}

/// What helps, where nobody has to decide anything.
fn advice(trouble: &Trouble, what: &Happened, language: Language) -> Option<String> {
    let to_do = |what: &ToDo<'_>| Some(jobs::to_do(what, language));
    match what {
        Happened::Late { slot, why, .. } => to_do(&ToDo::LetBegin { run: &trouble.run(slot), why }),
        Happened::Stuck { slot, .. } => to_do(&ToDo::GiveUp { run: &trouble.run(slot) }),
        Happened::Ended(bad) => match &bad.end {
            RunEnd::Skipped(Skip::StillRunning { run }) => {
                to_do(&ToDo::EndEarlier { run: &trouble.run(run) })
            }
            _ => None,
        },
        _ => None,
    }
}

fn facts(trouble: &Trouble, shown: Option<&Note>, sample: Option<&Ending>, language: Language) -> Vec<Fact> {
    let mut facts = Vec::new();
    push(&mut facts, Name::Run, shown.and_then(|note| run_of(trouble, &note.what, language)));
    if let Some(bad) = shown.and_then(|note| note.what.ended()) {
        push(&mut facts, Name::Tasks, Some(jobs::tally(&bad.tally, language)));
        let counted =
            |(word, count): (&String, &u32)| (word.clone(), usize::try_from(*count).unwrap_or(usize::MAX));
        let mut causes: Vec<(String, usize)> = bad.causes.iter().map(counted).collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        push(&mut facts, Name::Causes, Some(causes_of(&causes, language)));
    }
    if let Some(diagnosis) = sample.and_then(|sample| sample.diagnosis.as_ref()) {
        push_container(&mut facts, diagnosis, language);
        push_denied(&mut facts, diagnosis, language);
    }
    let task = sample.and_then(|sample| sample.task.as_ref());
    push(&mut facts, Name::FailedTask, task.map(|task| task.id().to_owned()));
    if let Some(cluster) = &trouble.cluster {
        push_place(&mut facts, cluster, language);
    }
    facts
}

/// What ECS said: of the task, or where there is none.
fn evidence(leading: Option<&Note>, sample: Option<&Ending>, style: &Style<'_>) -> Vec<Redacted> {
    let said = match leading.map(|note| &note.what) {
        Some(Happened::Ended(bad)) => match &bad.end {
            RunEnd::Refused(problem) => Some(problem),
            _ => sample.and_then(|sample| sample.said.as_ref()),
        },
        Some(Happened::Late { why: LateFor::Unread(problem), .. }) => Some(problem),
        Some(Happened::Stuck { said, .. }) => said.as_ref(),
        _ => sample.and_then(|sample| sample.said.as_ref()),
    };
    let said = said.map(|said| redact(&shortened(said, style.evidence)));
    let said = said.filter(|said| !said.as_str().is_empty());
    said.into_iter().chain(quotes(sample.and_then(|it| it.diagnosis.as_ref()), style.evidence)).collect()
}

fn links_of(trouble: &Trouble, sample: Option<&Ending>) -> Vec<Link> {
    let Some(cluster) = &trouble.cluster else { return Vec::new() };
    let task = sample.and_then(|sample| sample.task.as_ref());
    let of_task = task.map(|task| [links::task(cluster, task), links::logs(cluster, task)]);
    links::tasks(cluster).into_iter().chain(of_task.into_iter().flatten().flatten()).collect()
}
