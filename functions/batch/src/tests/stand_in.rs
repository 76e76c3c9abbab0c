//! ECS as far as RunTask goes, and ports that die on demand.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::arn::{ClusterArn, TaskArn, TaskDefinitionArn};
use steward::event::{Detail, TaskStateChange, decode};
use steward::ledger::{Due, Key, LedgerError, Owner, Stored, Transaction};
use steward::notification::Subject;
use steward::ports::{
    Clock, ContainerDefinition, Definition, EcsError, Find, Ledger, Meaning, NudgeError, Page, RunTasks,
    StartFailure, Started, TaskRequest, Tell,
};

use super::World;

/// How many calls of ports an invocation lives.
pub(super) struct Life {
    left: Cell<Option<usize>>,
    /// Whether the last call still takes effect.
    after: bool,
}

impl Life {
    pub(super) fn immortal() -> Self {
        Self { left: Cell::new(None), after: false }
    }

    pub(super) fn of(calls: usize, after: bool) -> Self {
        Self { left: Cell::new(Some(calls)), after }
    }

    /// Whether it did not die.
    pub(super) fn is_left(&self) -> bool {
        self.left.get() != Some(0)
    }

    async fn call<T>(&self, effect: impl FnOnce() -> T) -> T {
        match self.left.get() {
            Some(1) => {
                self.left.set(Some(0));
                if self.after {
                    effect();
                }
                std::future::pending().await
            }
            Some(0) => std::future::pending().await,
            left => {
                self.left.set(left.map(|left| left - 1));
                effect()
            }
        }
    }
}

/// What ECS does with the next call.
pub(super) enum Answer {
    /// So many tasks of those asked for; a failure for each of the rest.
    Only(u32),
    /// It starts what was asked for, and nobody hears of it.
    TimesOutAfter,
    /// It turns the call away.
    Throttles,
    /// It refuses it.
    Refuses(&'static str),
}

/// ECS.
#[derive(Default)]
pub(super) struct StandIn {
    pub(super) answers: RefCell<VecDeque<Answer>>,
    pub(super) calls: RefCell<Vec<TaskRequest>>,
    pub(super) stops: RefCell<Vec<TaskArn>>,
    /// Tasks, as an event would show them.
    pub(super) tasks: RefCell<BTreeMap<TaskArn, Value>>,
    tokens: RefCell<BTreeMap<String, Started>>,
}

impl StandIn {
    fn run(&self, request: &TaskRequest) -> Result<Started, EcsError> {
        self.calls.borrow_mut().push(request.clone());
        if let Some(original) = self.tokens.borrow().get(request.token.as_str()) {
            return Ok(original.clone());
        }
        let failed = |meaning, problem: &str| EcsError {
            operation: "RunTask",
            target: "a task".to_owned(),
            problem: problem.to_owned(),
            meaning,
        };
        let answer = self.answers.borrow_mut().pop_front();
        let count = match &answer {
            Some(Answer::Only(count)) => *count,
            Some(Answer::Throttles) => return Err(failed(Meaning::Throttled, "ThrottlingException")),
            Some(Answer::Refuses(why)) => return Err(failed(Meaning::Refused, why)),
            Some(Answer::TimesOutAfter) | None => request.count,
        };
        let tasks: Vec<TaskArn> = (0..count).map(|_| self.make(request)).collect();
        let failure = StartFailure { arn: None, reason: "RESOURCE:FARGATE".to_owned(), detail: None };
        let failures = vec![failure; (request.count - count) as usize];
        let started = Started { tasks, failures };
        self.tokens.borrow_mut().insert(request.token.to_string(), started.clone());
        match answer {
            Some(Answer::TimesOutAfter) => Err(failed(Meaning::Unknown, "no answer in time")),
            _ => Ok(started),
        }
    }

    fn make(&self, request: &TaskRequest) -> TaskArn {
        let mut tasks = self.tasks.borrow_mut();
        let arn = TaskArn::new(format!(
            "arn:aws:ecs:eu-central-1:123456789012:task/batch/{:032x}",
            tasks.len() + 1
        ));
        let detail = json!({
            "clusterArn": request.cluster.as_str(),
            "taskArn": arn.as_str(),
            "taskDefinitionArn": request.task_definition.as_str(),
            "group": "family:work",
            "startedBy": request.started_by,
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "version": 4,
            "overrides": {},
            "containers": [{"name": "work", "lastStatus": "RUNNING"}],
        });
        tasks.insert(arn.clone(), detail);
        arn
    }

    /// A task's container exits. Answers the event.
    pub(super) fn exit(&self, task: &TaskArn, exit_code: i64) -> Value {
        let mut tasks = self.tasks.borrow_mut();
        let detail = tasks.get_mut(task).unwrap();
        detail["lastStatus"] = json!("STOPPED");
        detail["desiredStatus"] = json!("STOPPED");
        detail["version"] = json!(7);
        detail["stopCode"] = json!("EssentialContainerExited");
        detail["stoppedReason"] = json!("Essential container in task exited");
        detail["containers"][0]["exitCode"] = json!(exit_code);
        event(detail)
    }

    /// Every task that runs.
    pub(super) fn running(&self) -> Vec<TaskArn> {
        let tasks = self.tasks.borrow();
        tasks.iter().filter(|(_, task)| task["lastStatus"] != "STOPPED").map(|(arn, _)| arn.clone()).collect()
    }

    /// `startedBy` of every task that was ever made, sorted.
    pub(super) fn made(&self) -> Vec<String> {
        let tasks = self.tasks.borrow();
        let mut made: Vec<String> =
            tasks.values().map(|task| task["startedBy"].as_str().unwrap().to_owned()).collect();
        made.sort();
        made
    }

    fn read(&self, fits: impl Fn(&TaskArn, &Value) -> bool) -> Vec<TaskStateChange> {
        let tasks = self.tasks.borrow();
        tasks.iter().filter(|(arn, task)| fits(arn, task)).map(|(_, task)| change(task)).collect()
    }
}

/// The event that tells of a task.
pub(super) fn event(detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": "1",
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": "2026-11-09T00:00:00Z",
        "region": "eu-central-1",
        "resources": [detail["taskArn"]],
        "detail": detail,
    })
}

fn change(detail: &Value) -> TaskStateChange {
    let records = decode::payload(event(detail).to_string().as_bytes()).unwrap();
    match records.into_iter().next().unwrap().event.unwrap().detail {
        Detail::TaskStateChange(task) => *task,
        other => panic!("{other:?}"),
    }
}

/// The ports of one invocation.
pub(super) struct Mortal<'w> {
    pub(super) world: &'w World,
    pub(super) life: &'w Life,
    pub(super) now: Timestamp,
}

impl Clock for Mortal<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).unwrap()
}

impl Ledger for Mortal<'_> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.life.call(|| at_once(self.world.ledger.read(keys))).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        self.life.call(|| at_once(self.world.ledger.commit(transaction))).await
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        self.life.call(|| at_once(self.world.ledger.due(owner, now, after, limit))).await
    }
}

impl Tell for Mortal<'_> {
    async fn nudge(&self, _: &Subject, _: SignedDuration) -> Result<(), NudgeError> {
        self.life.call(|| Ok(())).await
    }
}

impl RunTasks for Mortal<'_> {
    async fn run(&self, request: &TaskRequest) -> Result<Started, EcsError> {
        self.life.call(|| self.world.ecs.run(request)).await
    }

    async fn stop(&self, _: &ClusterArn, task: &TaskArn, reason: &str) -> Result<(), EcsError> {
        let stop = || {
            self.world.ecs.stops.borrow_mut().push(task.clone());
            let mut tasks = self.world.ecs.tasks.borrow_mut();
            if let Some(detail) = tasks.get_mut(task).filter(|detail| detail["lastStatus"] != "STOPPED") {
                detail["lastStatus"] = json!("STOPPED");
                detail["desiredStatus"] = json!("STOPPED");
                detail["version"] = json!(7);
                detail["stopCode"] = json!("UserInitiated");
                detail["stoppedReason"] = json!(reason);
                detail["containers"][0]["exitCode"] = json!(143);
            }
            Ok(())
        };
        self.life.call(stop).await
    }

    async fn tasks(&self, _: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError> {
        self.life.call(|| Ok(self.world.ecs.read(|arn, _| arns.contains(arn)))).await
    }

    async fn find(
        &self,
        _: &ClusterArn,
        find: &Find,
        _: Option<&str>,
    ) -> Result<Page<TaskStateChange>, EcsError> {
        let items = || {
            self.world.ecs.read(|_, task| {
                let is_stopped = task["lastStatus"] == "STOPPED";
                match find {
                    Find::Running => !is_stopped,
                    Find::StartedBy(by) => !is_stopped && task["startedBy"] == by.as_str(),
                    Find::StoppedOfFamily { started_by, .. } => {
                        is_stopped && task["startedBy"] == started_by.as_str()
                    }
                }
            })
        };
        self.life.call(|| Ok(Page { items: items(), next: None })).await
    }

    async fn definition(&self, name: &str) -> Result<Option<Definition>, EcsError> {
        let container = ContainerDefinition { name: "work".to_owned(), is_essential: true, memory: None };
        let definition = Definition {
            arn: TaskDefinitionArn::new(format!(
                "arn:aws:ecs:eu-central-1:123456789012:task-definition/{name}:3"
            )),
            is_active: true,
            cpu: Some(256),
            memory: Some(512),
            containers: vec![container],
        };
        self.life.call(|| Ok(Some(definition))).await
    }
}
