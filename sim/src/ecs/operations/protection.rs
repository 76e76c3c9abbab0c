//! Task protection: tasks that scale-in and deployments leave alone.

use std::time::Duration;

use super::super::api::{
    EpochSeconds, Failure, GetTaskProtectionRequest, GetTaskProtectionResponse, ProtectedTask,
    UpdateTaskProtectionRequest, UpdateTaskProtectionResponse,
};
use super::super::error::ApiError;
use super::super::names::last_segment;
use super::super::operation::Operation;
use super::super::task::Task;
use super::super::view::{View, missing};
use super::super::world::Ecs;
use super::Marks;
use super::tasks::find;
use crate::random::later;

/// Minutes of protection where none are named (FACTS §8).
const DEFAULT_MINUTES: u32 = 120;

impl Ecs {
    pub(super) fn answer_update_task_protection(
        &mut self,
        input: &UpdateTaskProtectionRequest,
    ) -> Result<UpdateTaskProtectionResponse, ApiError> {
        let cluster = self.view_now().cluster(Some(&input.cluster))?;
        let minutes = u64::from(input.expires_in_minutes.unwrap_or(DEFAULT_MINUTES));
        let until = input.protection_enabled.then(|| later(self.now, Duration::from_mins(minutes)));
        let mut answer = UpdateTaskProtectionResponse::default();
        for name in &input.tasks {
            let found = protectable(self.view_now(), &cluster, name);
            let id = match found {
                Ok(task) => task.id,
                Err(failure) => {
                    answer.failures.push(failure);
                    continue;
                }
            };
            if let Some(task) = self.state.task_mut(id) {
                task.protected_until = until;
            }
            if let Some(task) = self.state.task(id) {
                answer.protected_tasks.push(shown(self.view_now(), task));
                self.task_told_to_stop(id);
            }
        }
        let target =
            answer.protected_tasks.first().and_then(|task| task.task_arn.clone()).unwrap_or_default();
        self.note(Operation::UpdateTaskProtection, &target, Marks::default(), input);
        Ok(answer)
    }

    pub(super) fn answer_get_task_protection(
        &mut self,
        input: &GetTaskProtectionRequest,
    ) -> Result<GetTaskProtectionResponse, ApiError> {
        let view = self.view();
        let cluster = view.cluster(Some(&input.cluster))?;
        let mut answer = GetTaskProtectionResponse::default();
        if input.tasks.is_empty() {
            let all =
                view.state.tasks_in(&cluster).filter(|task| task.service.is_some() && !task.is_stopped());
            answer.protected_tasks = all.map(|task| shown(view, task)).collect();
        }
        for name in &input.tasks {
            match protectable(view, &cluster, name) {
                Ok(task) => answer.protected_tasks.push(shown(view, task)),
                Err(failure) => answer.failures.push(failure),
            }
        }
        Ok(answer)
    }
}

/// Only running tasks of services can be protected (API).
fn protectable<'a>(view: View<'a>, cluster: &str, name: &str) -> Result<&'a Task, Failure> {
    let task =
        find(view, cluster, name).ok_or_else(|| missing(view.names.task(cluster, last_segment(name))))?;
    if task.service.is_some() && !task.desired_stopped {
        Ok(task)
    } else {
        let reason = Some("TASK_NOT_VALID".into());
        Err(Failure { arn: Some(task.arn.clone()), reason, detail: None })
    }
}

fn shown(view: View<'_>, task: &Task) -> ProtectedTask {
    let is_protected = task.is_protected(view.now);
    ProtectedTask {
        task_arn: Some(task.arn.clone()),
        protection_enabled: Some(is_protected),
        expiration_date: task.protected_until.filter(|_| is_protected).map(EpochSeconds),
    }
}
