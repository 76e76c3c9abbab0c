//! Task events of jobs move their runs on.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use serde_json::Value;
use steward::batch::{Happened, RunId, Scene, StartedBy};
use steward::event::decode::{self, DecodeError};
use steward::event::{Detail, TaskStateChange};
use steward::ports::{Clock, Ledger, RunTasks, Tell};
use steward::request::{Request, RequestError};

use crate::launch::TOGETHER;
use crate::start::Refused;
use crate::{Done, Handler, PARALLEL, Problem};

/// What became of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Handled {
    /// Its message id, where it came through SQS.
    pub message_id: Option<String>,
    /// Whose task it is about, or which run it began; absent: no job's.
    pub run: Option<RunId>,
    /// Why it must come again, where it must.
    pub failed: Option<String>,
}

/// What an invocation with a batch did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Every record.
    pub records: Vec<Handled>,
    /// What was done.
    pub done: Done,
}

impl Outcome {
    /// The message ids of a partial batch response.
    pub fn batch_item_failures(&self) -> Vec<&str> {
        let failed = self.records.iter().filter(|record| record.failed.is_some());
        failed.filter_map(|record| record.message_id.as_deref()).collect()
    }

    /// Whether the whole invocation must fail, for a record that failed cannot be named.
    pub fn must_fail(&self) -> bool {
        self.records.iter().any(|record| record.failed.is_some() && record.message_id.is_none())
    }
}

/// A record that asks for something.
struct Asked {
    message_id: Option<String>,
    /// Of the invocation that asked for it before, where one did and failed.
    invocation: Option<String>,
    request: Result<Request, RequestError>,
}

/// What is heard of one run's tasks.
#[derive(Default)]
struct Heard {
    tasks: Vec<(StartedBy, TaskStateChange)>,
    records: Vec<usize>,
}

impl<L: Ledger, E: RunTasks, T: Tell, C: Clock> Handler<'_, L, E, T, C> {
    /// Handles the events, and the requests, that the function was invoked with.
    ///
    /// # Errors
    ///
    /// Where the payload as a whole cannot be told apart; single records fail in the outcome.
    pub async fn handle(&self, payload: &[u8]) -> Result<Outcome, DecodeError> {
        let mut outcome = Outcome::default();
        let (rest, asked) = asked_for(payload);
        for asked in asked {
            let handled = self.handle_request(asked, &mut outcome.done).await;
            outcome.records.push(handled);
        }
        let records = match rest {
            Some(rest) => decode::records(rest)?,
            None => decode::payload(payload)?,
        };
        let mut runs: BTreeMap<RunId, Heard> = BTreeMap::new();
        for record in records {
            let index = outcome.records.len();
            let (run, failed) = match record.event {
                Err(error) => (None, Some(error.to_string())),
                Ok(event) => (sort(event.detail, index, &mut runs), None),
            };
            outcome.records.push(Handled { message_id: record.message_id, run, failed });
        }
        self.hear_all(runs, &mut outcome).await;
        let jobs = outcome.done.jobs();
        self.attend_jobs(jobs, &mut outcome.done).await;
        self.nudge(&mut outcome.done).await;
        Ok(outcome)
    }

    async fn handle_request(&self, asked: Asked, done: &mut Done) -> Handled {
        let Asked { message_id, invocation, request } = asked;
        let (job, slot, set) = match request {
            Ok(Request::RunJob { job, slot, set }) => (job, slot, set),
            // A tick that failed: the next one has looked at the same.
            Ok(Request::Sweep) if invocation.is_some() => {
                return Handled { message_id, run: None, failed: None };
            }
            Ok(Request::Sweep | Request::Tell { .. }) => {
                let failed = Some("batch is asked to run jobs alone".to_owned());
                return Handled { message_id, run: None, failed };
            }
            Err(error) => return Handled { message_id, run: None, failed: Some(error.to_string()) },
        };
        let identity = invocation.or_else(|| message_id.clone()).unwrap_or_else(|| self.now().to_string());
        match self.run_job(&job, slot.as_deref(), &identity, set).await {
            Ok((run, part)) => {
                done.merge(part);
                Handled { message_id, run: Some(run), failed: None }
            }
            Err(error @ (Refused::NoJob { .. } | Refused::Ledger(_))) => {
                Handled { message_id, run: None, failed: Some(error.to_string()) }
            }
        }
    }

    async fn hear_all(&self, runs: BTreeMap<RunId, Heard>, outcome: &mut Outcome) {
        let mut heard = stream::iter(runs)
            .map(|(run, heard)| async move {
                let mut done = Done::default();
                let result = self.hear(&run, &heard.tasks, &mut done).await;
                (heard.records, done, result)
            })
            .buffered(PARALLEL);
        while let Some((records, done, result)) = heard.next().await {
            outcome.done.merge(done);
            let Err(problem) = result else { continue };
            for index in records {
                if let Some(record) = outcome.records.get_mut(index) {
                    record.failed = Some(problem.to_string());
                }
            }
        }
    }

    /// Notes what is heard of a run's tasks, and goes on with the run.
    async fn hear(
        &self,
        run: &RunId,
        heard: &[(StartedBy, TaskStateChange)],
        done: &mut Done,
    ) -> Result<(), Problem> {
        let mut by_index: BTreeMap<u32, Vec<(u32, &TaskStateChange)>> = BTreeMap::new();
        for (by, task) in heard {
            by_index.entry(by.index).or_default().push((by.call, task));
        }
        let parts: Vec<_> = by_index.iter().collect();
        let mut is_due = false;
        for part in parts.chunks(TOGETHER) {
            let indexes: Vec<u32> = part.iter().map(|(index, _)| **index).collect();
            let now = self.now();
            let step = |scene: &mut Scene| {
                let told = part.iter().map(|(index, tasks)| note(scene, **index, tasks, now));
                told.flatten().collect::<Vec<_>>()
            };
            let Some((strays, scene)) = self.step(run, &indexes, done, step).await? else { return Ok(()) };
            for task in &strays {
                let reason = format!("ECS Steward: {run} does not wait for this task any more");
                if let Some(arn) = &task.task_arn
                    && let Err(error) = self.ports.tasks.stop(&task.cluster_arn, arn, &reason).await
                {
                    done.failed.push(error.to_string());
                }
            }
            is_due |= scene.run.look_at.is_some_and(|at| at <= now) && !scene.run.is_over();
        }
        if is_due { self.advance(run, None, done).await } else { Ok(()) }
    }
}

/// Notes what is heard of a unit's tasks. Answers those that run though nobody waits for them: they are to be stopped.
fn note(
    scene: &mut Scene,
    index: u32,
    heard: &[(u32, &TaskStateChange)],
    now: Timestamp,
) -> Vec<TaskStateChange> {
    let Some(frozen) = scene.run.frozen.clone() else { return Vec::new() };
    let mut strays = Vec::new();
    for (call, task) in heard {
        let (Some(unit), Some(arn)) = (scene.units.get_mut(&index), task.task_arn.clone()) else { continue };
        unit.adopt(*call, std::slice::from_ref(&arn), now);
        if unit.observed(task, &frozen, now) || task.is_stopping() {
            continue;
        }
        unit.strays.push(arn);
        strays.push(TaskStateChange::clone(task));
        let slot = scene.run.id.slot.clone();
        scene.note(Happened::Stray { slot, index }, now);
    }
    strays
}

fn sort(detail: Detail, index: usize, runs: &mut BTreeMap<RunId, Heard>) -> Option<RunId> {
    let Detail::TaskStateChange(task) = detail else { return None };
    let by = StartedBy::parse(task.started_by.as_deref()?)?;
    let heard = runs.entry(by.run.clone()).or_default();
    let run = by.run.clone();
    heard.tasks.push((by, *task));
    heard.records.push(index);
    Some(run)
}

/// Takes the records out of a batch that are requests: a team's own rule may send them to the queue. `None`: the batch is as it
/// was.
fn asked_for(payload: &[u8]) -> (Option<Value>, Vec<Asked>) {
    let Ok(Value::Object(mut whole)) = serde_json::from_slice(payload) else { return (None, Vec::new()) };
    let Some(Value::Array(records)) = whole.get_mut("Records") else { return (None, Vec::new()) };
    let mut asked = Vec::new();
    let mut is_changed = false;
    records.retain_mut(|record| {
        let invocation = unwrap_invocation(record);
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        let request = Request::read(body.as_bytes());
        is_changed |= invocation.is_some() || request.is_some();
        let Some(request) = request else { return true };
        let message_id = record.get("messageId").and_then(Value::as_str).map(str::to_owned);
        asked.push(Asked { message_id, invocation, request });
        false
    });
    (is_changed.then_some(Value::Object(whole)), asked)
}

/// Puts what an invocation was asked in the place of Lambda's record that it failed, and answers the invocation's id. `None`:
/// the message is no such record. <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
fn unwrap_invocation(record: &mut Value) -> Option<String> {
    let body = record.get_mut("body")?;
    let mut kept: Value = serde_json::from_str(body.as_str()?).ok()?;
    let id = kept.pointer("/requestContext/requestId")?.as_str()?.to_owned();
    *body = Value::String(kept.get_mut("requestPayload")?.take().to_string());
    Some(id)
}
