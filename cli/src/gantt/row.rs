//! One row of the drawing: what its bars are, and the same in words.

use jiff::Timestamp;
use steward::batch::{EndingKind, Outcome, Place, PlaceState, Run, Unit};

use super::words::{self, clock, span};
use super::{Attempted, How, attempts};

/// The row of a task.
pub(crate) struct Row {
    /// Such as `index 17`.
    pub(crate) name: String,
    /// The style sheet's word for how it stands.
    pub(crate) tone: &'static str,
    /// How it stands.
    pub(crate) standing: String,
    /// From left to right.
    pub(crate) bars: Vec<Bar>,
    /// Its attempts in words, each with what is known of why it failed.
    pub(crate) attempts: Vec<(String, Vec<String>)>,
}

/// A bar of a row.
pub(crate) struct Bar {
    /// What the time went into.
    pub(crate) part: Part,
    /// The style sheet's word for how that ended.
    pub(crate) tone: &'static str,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    /// What it says to whoever points at it.
    pub(crate) text: String,
}

/// What the time of an attempt goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// No task is wanted yet: a place among those that run at the same time, or a pause after a failure.
    Waiting,
    /// A task is wanted and does not run yet.
    Provisioning,
    /// It runs.
    Running,
}

impl Part {
    /// The style sheet's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Provisioning => "provisioning",
            Self::Running => "running",
        }
    }
}

impl Row {
    /// The row of a place. Its time begins with the run's claim.
    pub(super) fn of(run: &Run, unit: &Unit, at: usize, place: &Place, now: Timestamp) -> Self {
        let tried = attempts(place);
        let begins = run.frozen.as_ref().map_or(run.created_at, |frozen| frozen.at);
        Self {
            name: words::name(run, unit, at),
            tone: tone(place),
            standing: words::waits(place, now),
            bars: bars(place, &tried, begins, now),
            attempts: (1..)
                .zip(tried)
                .map(|(number, tried)| (told(number, &tried, now), tried.evidence))
                .collect(),
        }
    }
}

fn bars(place: &Place, tried: &[Attempted], begins: Timestamp, now: Timestamp) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut before = begins;
    for (number, attempt) in (1..).zip(tried) {
        bars.push(Bar::new(Part::Waiting, "none", before, attempt.wanted_at, number));
        let until = attempt.how.ended_at().unwrap_or(now);
        let runs_from = attempt.started_at.unwrap_or(until);
        let tone = tone_of(&attempt.how);
        // What never ran took its whole time to come to run.
        let provisioning = if attempt.started_at.is_some() { "none" } else { tone };
        bars.push(Bar::new(Part::Provisioning, provisioning, attempt.wanted_at, runs_from, number));
        if let Some(started_at) = attempt.started_at {
            bars.push(Bar::new(Part::Running, tone, started_at, until, number));
        }
        before = until;
    }
    let next = (1..).nth(tried.len()).unwrap_or(1);
    match place.state {
        PlaceState::Waiting { since, .. } | PlaceState::Calling { since } => {
            bars.push(Bar::new(Part::Waiting, "none", before, since.min(now), next));
            bars.push(Bar::new(Part::Provisioning, "none", since, now, next));
        }
        PlaceState::Placed(_) | PlaceState::Over { .. } => {}
    }
    bars.retain(|bar| bar.until > bar.from);
    bars
}

impl Bar {
    fn new(part: Part, tone: &'static str, from: Timestamp, until: Timestamp, number: usize) -> Self {
        let text = format!(
            "attempt {number}: {} for {}, {} to {}",
            part.as_str(),
            span(from, until),
            clock(from),
            clock(until)
        );
        Self { part, tone, from, until, text }
    }
}

/// An attempt in words.
fn told(number: usize, attempt: &Attempted, now: Timestamp) -> String {
    let task = attempt.task.as_ref().map_or("no task".to_owned(), |task| format!("task {}", task.id()));
    let wanted = clock(attempt.wanted_at);
    let times = match (attempt.started_at, attempt.how.ended_at()) {
        (Some(from), Some(until)) => {
            let took = span(from, until);
            format!("wanted at {wanted}, ran from {} to {}, for {took}", clock(from), clock(until))
        }
        (Some(from), None) => {
            format!("wanted at {wanted}, runs since {}, for {}", clock(from), span(from, now))
        }
        (None, Some(until)) => format!("wanted from {wanted} to {}, and did not run", clock(until)),
        (None, None) => format!("wanted since {wanted}, does not run yet"),
    };
    format!("{number}: {}; {task}, {times}", words::ended(&attempt.how))
}

fn tone_of(how: &How) -> &'static str {
    match how {
        How::GoesOn => "info",
        How::Succeeded { .. } => "good",
        How::Ended { kind: EndingKind::RunTimeout | EndingKind::ProvisionTimeout, .. } => "warning",
        How::Ended { .. } => "critical",
    }
}

fn tone(place: &Place) -> &'static str {
    match place.outcome() {
        Some(Outcome::Succeeded) => "good",
        Some(Outcome::Failed | Outcome::Unknown) => "critical",
        Some(Outcome::TimedOut) => "warning",
        Some(Outcome::Ignored | Outcome::Skipped | Outcome::Cancelled) => "none",
        None => "info",
    }
}
