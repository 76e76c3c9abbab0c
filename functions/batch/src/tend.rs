//! Units are looked after: a step says what is to be done outside, that is done, and another step notes what came of it.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use steward::arn::TaskArn;
use steward::batch::{Call, Frozen, Run, RunId, Scene, StopFor, Unit};
use steward::event::TaskStateChange;
use steward::ledger::{Key, Record};
use steward::ports::{Clock, EcsError, Find, Ledger, Meaning, RunTasks, Started, Tell};
use steward::quota;

use crate::{Done, Handler, LEASE, PARALLEL, Problem};

/// A call that was not made because Steward is paused is thought of again after so long.
const PAUSED: SignedDuration = SignedDuration::from_mins(1);

/// What is to be done outside.
#[derive(Debug, Default)]
struct Errands {
    calls: Vec<(Unit, Call)>,
    stops: Vec<(TaskArn, StopFor)>,
    looks: Vec<TaskArn>,
    probes: Vec<(u32, Call)>,
}

/// What came of it.
#[derive(Debug, Default)]
struct Findings {
    answers: Vec<(u32, u32, Answer)>,
    seen: BTreeMap<TaskArn, Option<Box<TaskStateChange>>>,
    probed: Vec<(u32, u32, Vec<TaskArn>)>,
}

#[derive(Debug)]
enum Answer {
    Started(Started),
    Adopt(Vec<TaskArn>),
    TurnedAway,
    Refused(String),
    Unknown,
    NotMade,
}

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Looks after units of a run; those that were not begun yet are begun. At most `launches` tasks are wanted anew. Answers
    /// whether calls were made.
    pub(crate) async fn tend(
        &self,
        id: &RunId,
        indexes: &[u32],
        launches: u32,
        done: &mut Done,
    ) -> Result<bool, Problem> {
        let now = self.now();
        let lease_until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        let step = |scene: &mut Scene| plan(scene, indexes, launches, now, lease_until);
        let Some((errands, scene)) = self.step(id, indexes, done, step).await? else { return Ok(false) };
        let Some(frozen) = scene.run.frozen.as_deref().filter(|_| !errands.is_empty()) else {
            return Ok(false);
        };
        let findings = self.run_errands(&scene.run, frozen, errands, done).await;
        let now = self.now();
        let note = |scene: &mut Scene| note(scene, &findings, now);
        let Some(((), scene)) = self.step(id, indexes, done, note).await? else { return Ok(false) };
        done.started += findings.started();
        // What was started for a run that is to end meanwhile.
        if scene.run.ending.is_some() && !scene.run.is_over() && findings.made_calls() {
            Box::pin(self.tend(id, indexes, 0, done)).await?;
        }
        Ok(findings.made_calls())
    }

    async fn run_errands(&self, run: &Run, frozen: &Frozen, errands: Errands, done: &mut Done) -> Findings {
        let mut findings = Findings::default();
        for (task, why) in &errands.stops {
            let reason = reason(run, *why);
            if let Err(error) = self.ports.tasks.stop(&frozen.cluster, task, &reason).await {
                done.failed.push(error.to_string());
            }
        }
        if !errands.calls.is_empty() {
            let is_open = self.is_open(&frozen.cluster).await && !self.is_out_of_time();
            let calls = errands.calls.iter().map(|(unit, call)| async move {
                let answer = if is_open { self.call(run, frozen, unit, call).await } else { Answer::NotMade };
                (unit.index, call.number, answer)
            });
            findings.answers = stream::iter(calls.collect::<Vec<_>>()).buffered(PARALLEL).collect().await;
        }
        for some in errands.looks.chunks(quota::DESCRIBE_TASKS) {
            match self.ports.tasks.tasks(&frozen.cluster, some).await {
                Ok(found) => findings.see(some, found),
                Err(error) => done.failed.push(error.to_string()),
            }
        }
        for (index, call) in &errands.probes {
            match self.probe(run, frozen, *index, call).await {
                Ok(tasks) => findings.probed.push((*index, call.number, tasks)),
                Err(error) => done.failed.push(error.to_string()),
            }
        }
        findings
    }

    /// Makes a call of RunTask.
    async fn call(&self, run: &Run, frozen: &Frozen, unit: &Unit, call: &Call) -> Answer {
        let request = match frozen.request(&self.settings.home, run, unit, call) {
            Ok(request) => request,
            Err(problem) => return Answer::Refused(problem.to_string()),
        };
        match self.ports.tasks.run(&request).await {
            Ok(started) => Answer::Started(started),
            Err(EcsError { meaning, problem, .. }) => match meaning {
                Meaning::Throttled => Answer::TurnedAway,
                Meaning::Conflict { tasks } => Answer::Adopt(tasks),
                Meaning::Refused => Answer::Refused(problem),
                Meaning::Unknown | Meaning::Overtaken => Answer::Unknown,
            },
        }
    }

    /// Launches for what waits in these units for its next attempt.
    pub(crate) async fn launches_for(&self, id: &RunId, indexes: &[u32]) -> Result<u32, Problem> {
        let mut keys = vec![Key::run(id)];
        keys.extend(indexes.iter().map(|index| Key::unit(id, *index)));
        let (now, mut wanted, mut frozen) = (self.now(), 0, None);
        for stored in self.ports.ledger.read(&keys).await?.into_iter().flatten() {
            match stored.record {
                Record::Run(run) if run.ending.is_none() && !run.is_over() => frozen = run.frozen,
                Record::Unit(unit) => wanted += unit.wanted(now),
                _ => {}
            }
        }
        match frozen.filter(|_| wanted > 0) {
            Some(frozen) if self.is_open(&frozen.cluster).await => {
                Ok(self.take_launches(&frozen, wanted).await?)
            }
            _ => Ok(0),
        }
    }

    /// The tasks of a call: running ones by `startedBy`, stopped ones of the family, compared.
    async fn probe(
        &self,
        run: &Run,
        frozen: &Frozen,
        index: u32,
        call: &Call,
    ) -> Result<Vec<TaskArn>, EcsError> {
        let started_by =
            steward::batch::StartedBy { run: run.id.clone(), index, call: call.number }.to_string();
        let family = frozen.definition.arn.family().as_str().to_owned();
        let finds = [
            Find::StartedBy(started_by.clone()),
            Find::StoppedOfFamily { family, started_by: started_by.clone() },
        ];
        let mut tasks = Vec::new();
        for find in finds {
            let mut from = None;
            loop {
                let page = self.ports.tasks.find(&frozen.cluster, &find, from.as_deref()).await?;
                let own = page.items.into_iter().filter(|task| task.started_by.as_ref() == Some(&started_by));
                tasks.extend(own.filter_map(|task| task.task_arn));
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        tasks.sort();
        tasks.dedup();
        Ok(tasks)
    }
}

impl Errands {
    fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.stops.is_empty() && self.looks.is_empty() && self.probes.is_empty()
    }
}

impl Findings {
    fn see(&mut self, asked: &[TaskArn], found: Vec<TaskStateChange>) {
        self.seen.extend(asked.iter().map(|task| (task.clone(), None)));
        for task in found {
            if let Some(arn) = task.task_arn.clone() {
                self.seen.insert(arn, Some(Box::new(task)));
            }
        }
    }

    fn made_calls(&self) -> bool {
        self.answers.iter().any(|(_, _, answer)| !matches!(answer, Answer::NotMade))
    }

    fn started(&self) -> usize {
        self.answers
            .iter()
            .map(|(_, _, answer)| match answer {
                Answer::Started(started) => started.tasks.len(),
                _ => 0,
            })
            .sum()
    }
}

/// What is to be done for units, noted as begun.
fn plan(
    scene: &mut Scene,
    indexes: &[u32],
    launches: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Errands {
    let mut errands = Errands::default();
    let Scene { run, units, .. } = scene;
    let Some(frozen) = run.frozen.as_deref().filter(|_| !run.is_over()).cloned() else { return errands };
    begin_new(run, units, indexes, launches, now);
    let mut left = launches;
    for unit in units.values_mut() {
        errands.stops.extend(unit.overdue(&frozen, run.ending.is_some(), now));
        if unit.begin_again(now, lease_until) {
            errands.calls.extend(unit.call.clone().map(|call| (unit.clone(), call)));
        } else if unit.must_probe(now) {
            if let Some(call) = &mut unit.call {
                call.lease_until = lease_until;
                errands.probes.push((unit.index, call.clone()));
            }
        } else if run.ending.is_none() && unit.wanted(now) <= left && unit.begin(&frozen, now, lease_until) {
            let wanted = unit.call.as_ref().map_or(0, |call| call.wanted);
            left = left.saturating_sub(wanted);
            errands.calls.extend(unit.call.clone().map(|call| (unit.clone(), call)));
        }
        errands.looks.extend(unit.look_after(now));
    }
    errands
}

/// Puts units in that the run has not begun yet.
fn begin_new(run: &mut Run, units: &mut BTreeMap<u32, Unit>, indexes: &[u32], launches: u32, now: Timestamp) {
    let mut left = launches;
    while let Some((index, tasks)) = run.unit(run.begun).filter(|_| run.may_begin()) {
        if tasks > left || !indexes.contains(&index) || units.contains_key(&index) {
            return;
        }
        units.insert(index, Unit::new(run.id.clone(), index, tasks, now));
        run.begun += 1;
        left -= tasks;
    }
}

/// Notes what came of errands.
fn note(scene: &mut Scene, findings: &Findings, now: Timestamp) {
    let Scene { run, units, .. } = scene;
    let Some(frozen) = run.frozen.as_deref() else { return };
    for (index, number, answer) in &findings.answers {
        let Some(unit) = units.get_mut(index) else { continue };
        match answer {
            Answer::Started(started) => unit.answered(*number, started, frozen, now),
            Answer::Adopt(tasks) => {
                let started = Started { tasks: tasks.clone(), failures: Vec::new() };
                unit.answered(*number, &started, frozen, now);
            }
            Answer::TurnedAway => unit.turned_away(*number, frozen, now),
            Answer::Refused(problem) => unit.refused(*number, problem, frozen, now),
            Answer::Unknown => unit.unanswered(*number, now),
            Answer::NotMade => unit.withdrawn(*number, PAUSED, now),
        }
    }
    for (index, number, tasks) in &findings.probed {
        if let Some(unit) = units.get_mut(index) {
            unit.probed(*number, tasks, frozen, now);
        }
    }
    for (arn, seen) in &findings.seen {
        for unit in units.values_mut() {
            match seen {
                Some(task) => {
                    unit.observed(task, frozen, now);
                }
                None => unit.missing(arn, now),
            }
        }
    }
}

/// What StopTask is told, and the console shows.
fn reason(run: &Run, why: StopFor) -> String {
    let why = match why {
        StopFor::RunTimeout => "ran for longer than its run_timeout",
        StopFor::ProvisionTimeout => "did not run within its provision_timeout",
        StopFor::RunEnds => "is not waited for any more: its run was cancelled or superseded",
    };
    format!("ECS Steward: a task of {} {why}", run.id)
}
