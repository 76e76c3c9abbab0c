//! What is seen of jobs as it happens: by ECS's own events before any is lost, and by what is written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use steward::batch::{Concurrency, Jobs, Run, RunEnd, RunId, RunState, Skip, StartedBy};
use steward::ledger::{MemoryLedger, Record, Transaction};
use steward::ports::{EcsError, Meaning, Started};

use crate::world::checks::Invariant;

/// What was found not to hold.
pub(super) type Found = Vec<(Invariant, String)>;

/// What is seen.
#[derive(Debug)]
pub(in crate::world) struct Watch {
    pub(super) jobs: Jobs,
    /// Every task that ECS made for a job, by ARN.
    pub(super) tasks: BTreeMap<String, Watched>,
    /// Runs that were claimed and have not ended.
    active: BTreeSet<RunId>,
    /// Every run that was written, as it was written last.
    pub(super) runs: BTreeMap<RunId, Run>,
    /// Calls of RunTask that ECS answered.
    pub(super) calls: usize,
    /// When it throttled some.
    pub(super) throttled: Vec<Timestamp>,
}

/// A task, as ECS last told of it.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) by: StartedBy,
    /// In the order of being made.
    pub(super) serial: usize,
    pub(super) detail: Value,
}

impl Watched {
    pub(super) fn is_stopped(&self) -> bool {
        text(&self.detail, "/lastStatus") == "STOPPED"
    }
}

pub(super) fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

impl Watch {
    pub(in crate::world) fn new(jobs: Jobs) -> Self {
        Self {
            jobs,
            tasks: BTreeMap::new(),
            active: BTreeSet::new(),
            runs: BTreeMap::new(),
            calls: 0,
            throttled: Vec::new(),
        }
    }

    /// ECS answered a call of RunTask.
    pub(in crate::world) fn answered(&mut self, answer: &Result<Started, EcsError>, now: Timestamp) {
        self.calls += 1;
        if matches!(answer, Err(EcsError { meaning: Meaning::Throttled, .. })) {
            self.throttled.push(now);
        }
    }

    /// ECS sent an event.
    pub(in crate::world) fn emitted(&mut self, event: &Value) -> Found {
        let Some(by) = StartedBy::parse(text(event, "/detail/startedBy")) else { return Vec::new() };
        let arn = text(event, "/detail/taskArn").to_owned();
        let detail = event.get("detail").cloned().unwrap_or_default();
        if let Some(known) = self.tasks.get_mut(&arn) {
            known.detail = detail;
            return Vec::new();
        }
        let found = self.made(&by, &arn);
        self.tasks.insert(arn, Watched { by, serial: self.tasks.len(), detail });
        found
    }

    /// ECS made a task: who else lives?
    fn made(&self, by: &StartedBy, arn: &str) -> Found {
        let mut found = Vec::new();
        let Some(run) = self.runs.get(&by.run) else {
            found.push((Invariant::EverySlotEndsOnce, format!("{arn} is of {}, which nobody wrote", by.run)));
            return found;
        };
        let Some(frozen) = &run.frozen else {
            found.push((
                Invariant::EverySlotEndsOnce,
                format!("{arn} is of {}, which was never claimed", by.run),
            ));
            return found;
        };
        let places =
            (0..run.units()).filter_map(|place| run.unit(place)).find(|(index, _)| *index == by.index);
        let places = places.map_or(0, |(_, places)| places);
        let of_unit =
            || self.tasks.values().filter(|task| task.by.run == by.run && task.by.index == by.index);
        let live = of_unit().filter(|task| !task.is_stopped()).count();
        if live >= to_usize(places) {
            let what = format!("{by} makes {arn}, and {live} tasks of the same {places} places live");
            found.push((Invariant::OneTaskAtATime, what));
        }
        let started = of_unit().count() + 1;
        if started > to_usize(places * frozen.rules.max_attempts) {
            let most = frozen.rules.max_attempts;
            let what = format!(
                "{by} is started for the {started}. time, for {places} places of {most} attempts each"
            );
            found.push((Invariant::AttemptsHold, what));
        }
        if frozen.rules.concurrency != Concurrency::Allow {
            let other = self.tasks.values().find(|task| {
                task.by.run.job == by.run.job && task.by.run.slot != by.run.slot && !task.is_stopped()
            });
            if let Some(other) = other {
                let what = format!("{by} makes {arn}, and a task of {} lives", other.by.run);
                found.push((Invariant::OneTaskAtATime, what));
            }
        }
        found
    }

    /// Somebody wrote a transaction.
    pub(in crate::world) fn committed(&mut self, transaction: &Transaction, now: Timestamp) -> Found {
        let mut found = Vec::new();
        for write in &transaction.writes {
            if let Record::Run(run) = &write.record {
                self.written(run, now, &mut found);
            }
        }
        found
    }

    /// People write without being watched: what they wrote is there from the next look on.
    pub(in crate::world) fn look(&mut self, ledger: &MemoryLedger) {
        for record in ledger.records().unwrap_or_default().into_values() {
            if let Record::Run(run) = record {
                if run.is_over() {
                    self.active.remove(&run.id);
                }
                self.runs.insert(run.id.clone(), *run);
            }
        }
    }

    fn written(&mut self, run: &Run, now: Timestamp, found: &mut Found) {
        let before = self.runs.insert(run.id.clone(), run.clone());
        let mut fail =
            |what: String| found.push((Invariant::EverySlotEndsOnce, format!("{}: {what}", run.id)));
        if let Some((end, _)) = before.as_ref().and_then(Run::end)
            && run.end().map(|(end, _)| end) != Some(end)
        {
            fail(format!("it had ended ({}), and is {}", end.as_str(), run.state.as_str()));
        }
        match &run.state {
            RunState::Claimed if before.as_ref().is_none_or(|before| before.frozen.is_none()) => {
                let other = self.active.iter().find(|active| active.job == run.id.job);
                let rules = run.frozen.as_ref().map(|frozen| &frozen.rules);
                if let Some(other) = other
                    && rules.is_some_and(|rules| rules.concurrency != Concurrency::Allow)
                {
                    fail(format!("it is claimed while {other} goes on"));
                }
                self.active.insert(run.id.clone());
            }
            RunState::Ended { end, .. } => {
                let was_active = self.active.remove(&run.id);
                if before.as_ref().is_some_and(|before| !before.is_over()) {
                    self.skipped(run, end, was_active, now, &mut fail);
                }
            }
            _ => {}
        }
    }

    /// What is left out must have a reason that is so.
    fn skipped(
        &self,
        run: &Run,
        end: &RunEnd,
        was_active: bool,
        now: Timestamp,
        fail: &mut impl FnMut(String),
    ) {
        let RunEnd::Skipped(why) = end else { return };
        match why {
            Skip::Missed => {
                let deadline = self.jobs.get(&run.id.job).map(|job| job.rules.starting_deadline);
                // The clock of whoever decided may be off by seconds.
                let waited = now.duration_since(run.wanted_at()).as_secs() + 6;
                if deadline.is_some_and(|deadline| waited < deadline.as_secs()) {
                    fail(format!("it is missed {waited} s after it was due"));
                }
            }
            Skip::StillRunning { run: other } => {
                let other = RunId { job: run.id.job.clone(), slot: other.clone() };
                if self.runs.get(&other).is_none_or(Run::is_over) {
                    fail(format!("it is skipped for {other}, which does not go on"));
                }
            }
            _ => {}
        }
        if was_active && run.begun > 0 {
            fail("it is skipped after its tasks were begun".to_owned());
        }
    }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
