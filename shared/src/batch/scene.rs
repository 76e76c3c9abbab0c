//! A run with all that changes together with it, and what follows from a step.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    BadRun, EndBefore, EndingKind, Happened, JobRecord, Outcome, Place, Run, RunEnd, RunState, Tally,
    Trouble, Unit,
};

/// A run, some of its units, its job and the job's trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The run.
    pub run: Run,
    /// The units that a step is about, by index.
    pub units: BTreeMap<u32, Unit>,
    /// What is remembered of its job.
    pub job: JobRecord,
    /// Its job's trouble, while it is open.
    pub trouble: Option<Trouble>,
}

impl Scene {
    /// Draws the conclusions of a step: counts what is over, and ends the run where everything is.
    pub fn settle(&mut self, before: &Self, now: Timestamp) {
        if before.run.is_over() {
            return;
        }
        for (index, unit) in &self.units {
            let known = before.units.get(index);
            count(&mut self.run, known, unit);
        }
        self.note_what_is_stuck(before, now);
        if self.run.frozen.is_none() || self.run.is_over() {
            return;
        }
        self.run.state = match self.run.begun {
            0 => RunState::Claimed,
            begun if begun < self.run.units() => RunState::Starting,
            _ => RunState::Running,
        };
        if let Some(end) = self.run.verdict() {
            return self.end(end, now);
        }
        // What waits for nothing but its start is due; else whatever is over next makes it so.
        if self.run.ending.is_none() {
            self.run.look_at = self.run.may_begin().then_some(now);
        }
    }

    /// Notes that the run is to end before its time: what was not begun is not begun any more. Answers whether that is new.
    pub fn end_before(&mut self, why: EndBefore, now: Timestamp) -> bool {
        if self.run.is_over() || self.run.ending.is_some() {
            return false;
        }
        if self.run.frozen.is_none() {
            let end = match why {
                EndBefore::Cancelled(_) => RunEnd::Cancelled,
                EndBefore::Superseded(by) => RunEnd::Superseded { by },
            };
            self.end(end, now);
            return true;
        }
        let (begun, units) = (self.run.begun, self.run.units());
        let tasks = (begun..units).filter_map(|place| Some(self.run.unit(place)?.1)).sum::<u32>();
        self.run.tally.cancelled += tasks;
        self.run.tally.units += units.saturating_sub(begun);
        self.run.begun = units;
        self.run.ending = Some(why);
        self.run.look_at = Some(now);
        true
    }

    /// Ends the run.
    pub fn end(&mut self, end: RunEnd, now: Timestamp) {
        let rules = self.run.frozen.as_ref().map(|frozen| &frozen.rules);
        let opens_breaker = self.job.ended(&self.run, &end, rules, now);
        if end == RunEnd::Succeeded {
            if let Some(trouble) = &mut self.trouble {
                let by = self.run.id.slot.clone();
                trouble.recovered = Some(super::Recovered { by, at: now });
                self.job.trouble = None;
            }
        } else {
            let bad = BadRun::of(&self.run, &end);
            self.note(Happened::Ended(Box::new(bad)), now);
        }
        if let Some(until) = self.job.breaker_until.filter(|_| opens_breaker) {
            let failures = self.job.streak;
            self.note(Happened::BreakerOpened { failures, until }, now);
        }
        self.run.look_at = None;
        self.run.state = RunState::Ended { end, at: now };
    }

    /// Notes what people are told of.
    pub fn note(&mut self, what: Happened, now: Timestamp) {
        note(
            &mut self.job,
            &mut self.trouble,
            self.run.frozen.as_ref().map(|it| it.cluster.clone()),
            what,
            now,
        );
    }

    fn note_what_is_stuck(&mut self, before: &Self, now: Timestamp) {
        if self.run.is_stuck {
            return;
        }
        let is_new = |index: &u32, unit: &Unit| {
            let waited = |unit: &Unit| unit.places.iter().map(in_vain).sum::<usize>();
            waited(unit) > before.units.get(index).map_or(0, waited)
        };
        let stuck = self.units.iter().find(|(index, unit)| is_new(index, unit));
        let Some((index, unit)) = stuck else { return };
        let said = unit.places.iter().find_map(|place| place.last.as_ref()?.said.clone());
        let (slot, index) = (self.run.id.slot.clone(), *index);
        self.run.is_stuck = true;
        self.note(Happened::Stuck { slot, index, said }, now);
    }
}

/// Notes what people are told of, in the open trouble of a job or in a new one.
pub(super) fn note(
    job: &mut JobRecord,
    trouble: &mut Option<Trouble>,
    cluster: Option<crate::arn::ClusterArn>,
    what: Happened,
    now: Timestamp,
) {
    let open = trouble.take().filter(Trouble::is_open);
    let mut open = open.unwrap_or_else(|| Trouble::new(job.job.clone(), cluster.clone(), now));
    open.cluster = open.cluster.or(cluster);
    open.note(what, now);
    job.trouble = Some(open.opened_at);
    *trouble = Some(open);
}

/// Attempts that ended before a task ran.
fn in_vain(place: &Place) -> usize {
    place.past.iter().filter(|past| past.kind == Some(EndingKind::ProvisionTimeout)).count()
}

/// Counts what has become of a unit since it was read.
fn count(run: &mut Run, before: Option<&Unit>, unit: &Unit) {
    let known = |index: usize| before.and_then(|before| before.places.get(index));
    for (index, place) in unit.places.iter().enumerate() {
        let was_over = known(index).is_some_and(Place::is_over);
        run.tally.started += place.started().saturating_sub(known(index).map_or(0, Place::started));
        let Some(outcome) = place.outcome().filter(|_| !was_over) else { continue };
        *of(&mut run.tally, outcome) += 1;
        if matches!(outcome, Outcome::Failed | Outcome::TimedOut | Outcome::Unknown) {
            let word = place.last.as_ref().map_or("unknown", |last| last.kind.as_str());
            *run.causes.entry(word.to_owned()).or_default() += 1;
            run.sample = run.sample.take().or_else(|| place.last.clone());
        }
    }
    let was_over = before.is_some_and(Unit::is_over);
    run.tally.units += u32::from(unit.is_over() && !was_over);
}

fn of(tally: &mut Tally, outcome: Outcome) -> &mut u32 {
    match outcome {
        Outcome::Succeeded => &mut tally.succeeded,
        Outcome::Ignored => &mut tally.ignored,
        Outcome::Skipped => &mut tally.skipped,
        Outcome::Failed => &mut tally.failed,
        Outcome::TimedOut => &mut tally.timed_out,
        Outcome::Cancelled => &mut tally.cancelled,
        Outcome::Unknown => &mut tally.unknown,
    }
}
