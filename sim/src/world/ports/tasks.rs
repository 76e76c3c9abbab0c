//! Standalone tasks: the model, as [`crate::ecs::ports`] puts it into the domain's words.

use std::rc::Rc;

use steward::action::ActionId;
use steward::arn::{ClusterArn, TaskArn};
use steward::event::TaskStateChange;
use steward::ports::{Definition, EcsError, Find, Page, RunTasks, Started, TaskRequest};

use super::ecs::{interrupted, with_ecs};
use crate::ecs::{Ecs, ports};
use crate::world::actor::{Actor, Broken, Call};
use crate::world::checks::Sabotage;
use crate::world::stage::Stage;

/// What the batch function does to ECS, as one invocation sees it.
pub(in crate::world) struct RunTasksPort(pub(in crate::world) Rc<Actor>);

impl RunTasksPort {
    async fn call<T>(
        &self,
        method: &'static str,
        operation: &'static str,
        changes: bool,
        about: String,
        act: impl FnOnce(&mut Ecs) -> Result<T, EcsError>,
    ) -> Result<T, EcsError> {
        let call = Call { port: "tasks", method, on: "", changes, about: about.clone() };
        let broken = |broken| interrupted(operation, about.clone(), broken);
        self.0.call(call, |stage| with_ecs(stage, act), broken).await
    }
}

impl RunTasks for RunTasksPort {
    async fn run(&self, request: &TaskRequest) -> Result<Started, EcsError> {
        let TaskRequest { task_definition, count, started_by, token, .. } = request;
        let about = format!("{count} of {task_definition} for {started_by}, token {}", token.short());
        let call = Call { port: "tasks", method: "run", on: "", changes: true, about: about.clone() };
        let actor = &self.0;
        let effect = |stage: &Stage| {
            let sabotage = stage.checks.borrow().sabotage();
            let before = stage.ecs.borrow().effects().len();
            let started = with_ecs(stage, |ecs| ports::run_tasks(ecs, request));
            stage.checks.borrow_mut().answered(&started, stage.now());
            if stage.ecs.borrow().effects().len() > before {
                stage.checks.borrow_mut().ran(actor, &stage.ledger, request, stage.now());
            }
            match sabotage {
                Some(Sabotage::CallsTwice) => {
                    let token = ActionId::parse(&request.token.as_str().chars().rev().collect::<String>());
                    let other =
                        TaskRequest { token: token.unwrap_or(request.token.clone()), ..request.clone() };
                    let _again = with_ecs(stage, |ecs| ports::run_tasks(ecs, &other));
                    started
                }
                Some(Sabotage::DeniesWhatItDid) if started.is_ok() => {
                    Err(interrupted("RunTask", about.clone(), Broken::Throttled))
                }
                _ => started,
            }
        };
        actor.call(call, effect, |broken| interrupted("RunTask", about.clone(), broken)).await
    }

    async fn stop(&self, cluster: &ClusterArn, task: &TaskArn, reason: &str) -> Result<(), EcsError> {
        let stop = |ecs: &mut Ecs| ports::stop_task(ecs, cluster, task, reason);
        self.call("stop", "StopTask", true, task.to_string(), stop).await
    }

    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError> {
        let read = |ecs: &mut Ecs| ports::job_tasks(ecs, cluster, arns);
        self.call("tasks", "DescribeTasks", false, format!("{} tasks", arns.len()), read).await
    }

    async fn find(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<TaskStateChange>, EcsError> {
        let read = |ecs: &mut Ecs| ports::find_job_tasks(ecs, cluster, find, from);
        self.call("find", "ListTasks", false, format!("{find:?}"), read).await
    }

    async fn definition(&self, name: &str) -> Result<Option<Definition>, EcsError> {
        let read = |ecs: &mut Ecs| ports::job_definition(ecs, name);
        self.call("definition", "DescribeTaskDefinition", false, name.to_owned(), read).await
    }
}
