//! Pause hooks: where a deployment waits for a person's word.
//!
//! A hook gets its id when its stage is met, says so once, and waits until it is answered or its time is over (ECS developer guide,
//! "Pause hooks for Amazon ECS service deployments"). Rolling deployments may have them, too (announcement of 19 May 2026). Of the
//! stages the model has those before any new task, and those once all new tasks run: it shifts no traffic, so between the latter
//! nothing but other hooks lies. While a deployment waits nothing of what served before it is stopped.
//!
//! Assumed, where no source says: a hook without a time-out configuration goes back after a day; a hook whose deployment ends
//! otherwise counts as failed; those that are over stay listed.

use std::time::Duration;

use serde_json::json;

use super::api::{
    DeploymentLifecycleHook, DeploymentLifecycleHookAction, DeploymentLifecycleHookDetail,
    DeploymentLifecycleHookStage, DeploymentLifecycleHookStatus, DeploymentLifecycleHookTargetType,
    EpochSeconds, ServiceDeploymentLifecycleStage, ServiceDeploymentStatus,
};
use super::scheduler::Standing;
use super::service::{Hook, Service, ServiceDeployment, is_final};
use super::state::ServiceId;
use super::world::Ecs;
use crate::random::later;

use DeploymentLifecycleHookStage as Stage;
use DeploymentLifecycleHookStatus as Status;

/// Minutes that a hook waits unless it says otherwise (FACTS §8).
const WAITS: u32 = 1_440;
/// The stages of the model, in order.
const STAGES: [Stage; 5] = [
    Stage::PreScaleUp,
    Stage::PostScaleUp,
    Stage::PostTestTrafficShift,
    Stage::PreProductionTrafficShift,
    Stage::PostProductionTrafficShift,
];

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Whoever calls.
    Caller,
    /// ECS, for the time is over.
    Time,
}

/// Whether the model honours a hook.
pub(super) fn is_modelled(hook: &DeploymentLifecycleHook) -> bool {
    hook.target_type == Some(DeploymentLifecycleHookTargetType::Pause)
        && hook.hook_target_arn.is_none()
        && !hook.lifecycle_stages.is_empty()
        && hook.lifecycle_stages.iter().all(|stage| STAGES.contains(stage))
}

/// Whether no task of the new revision has been started at that stage.
pub(super) fn is_before_scale_up(stage: Stage) -> bool {
    stage == Stage::PreScaleUp
}

/// How a hook is shown.
pub(super) fn detail(hook: &Hook) -> DeploymentLifecycleHookDetail {
    DeploymentLifecycleHookDetail {
        hook_id: Some(hook.id.clone()),
        target_type: Some(DeploymentLifecycleHookTargetType::Pause),
        target_arn: None,
        status: Some(hook.status),
        expires_at: Some(EpochSeconds(hook.expires)),
        timeout_action: Some(hook.timeout_action),
    }
}

/// Where a deployment with hooks stands.
pub(super) fn stage(one: &ServiceDeployment) -> Option<ServiceDeploymentLifecycleStage> {
    use ServiceDeploymentLifecycleStage as Shown;
    let waits = one.waits().map(|hook| hook.stage);
    match waits {
        _ if one.configuration.lifecycle_hooks.is_empty() || is_final(one.progress) => None,
        Some(Stage::PreScaleUp) => Some(Shown::PreScaleUp),
        Some(Stage::PostScaleUp) => Some(Shown::PostScaleUp),
        Some(Stage::PostTestTrafficShift) => Some(Shown::PostTestTrafficShift),
        // The API knows no such stage of a deployment: it is before that of the shift.
        Some(Stage::PreProductionTrafficShift) => Some(Shown::ProductionTrafficShift),
        Some(Stage::PostProductionTrafficShift) => Some(Shown::PostProductionTrafficShift),
        Some(_) | None => Some(Shown::ScaleUp),
    }
}

/// The deployment ends otherwise.
pub(super) fn leave(one: &mut ServiceDeployment) {
    for hook in one.hooks.iter_mut().filter(|hook| hook.status == Status::AwaitingAction) {
        hook.status = Status::Failed;
    }
}

impl Ecs {
    /// Hooks that nobody answered in time, by their ids.
    pub fn hooks_timed_out(&self) -> Vec<String> {
        let all = self
            .state
            .services
            .values()
            .flat_map(|service| service.history.iter().flat_map(|one| &one.hooks));
        all.filter(|hook| hook.status == Status::TimedOut).map(|hook| hook.id.clone()).collect()
    }

    /// At the scheduler's turn: a hook whose time is over is over, and the next that is met waits.
    pub(super) fn meet_hooks(&mut self, id: ServiceId) {
        let now = self.now;
        let Some(service) = self.state.service(id) else { return };
        let Some(current) = service.current() else { return };
        let arn = current.arn.clone();
        if let Some(hook) = current.waits() {
            let (expired, action) = (hook.expires <= now, hook.timeout_action);
            if !expired {
                return;
            }
            self.answer_hook(id, &arn, action, By::Time);
        }
        let Some(service) = self.state.service(id) else { return };
        let standing = Standing::of(&self.state, service);
        let Some((stage, minutes, timeout_action)) = next(service, &standing) else { return };
        let hook = Hook {
            id: format!("ecs-pause-{}", self.random.hex(24)),
            stage,
            status: Status::AwaitingAction,
            expires: later(now, Duration::from_secs(60 * u64::from(minutes))),
            timeout_action,
        };
        if let Some(current) = self.state.service_mut(id).and_then(|one| one.service_deployment_mut(&arn)) {
            current.hooks.push(hook.clone());
            current.updated = now;
        }
        self.emit_hook(id, &arn, &hook);
    }

    /// Somebody looks a service up, and answers what it waits for; where it waits for nothing they leave it.
    pub(super) fn answer_in_the_console(
        &mut self,
        caller: &str,
        cluster: &str,
        service: &str,
        goes_on: bool,
    ) {
        let found = self.state.service_by_name(cluster, service).and_then(Service::current);
        let Some((arn, hook)) = found.and_then(|one| Some((one.arn.clone(), one.waits()?.id.clone()))) else {
            return;
        };
        let action = if goes_on { "CONTINUE" } else { "ROLLBACK" };
        let input = json!({ "serviceDeploymentArn": arn, "hookId": hook, "action": action });
        let calling = std::mem::take(&mut self.caller);
        let _refused = self.call(caller, "ContinueServiceDeployment", &input);
        self.caller = calling;
    }

    /// The hook at which a deployment waits is answered.
    pub(super) fn answer_hook(
        &mut self,
        id: ServiceId,
        arn: &str,
        answer: DeploymentLifecycleHookAction,
        by: By,
    ) {
        let now = self.now;
        let one = self.state.service_mut(id).and_then(|service| service.service_deployment_mut(arn));
        let Some(one) = one else { return };
        let waits = one.hooks.iter_mut().find(|hook| hook.status == Status::AwaitingAction);
        let Some(hook) = waits else { return };
        hook.status = match (by, answer) {
            (By::Time, _) => Status::TimedOut,
            (By::Caller, DeploymentLifecycleHookAction::Continue) => Status::Succeeded,
            (By::Caller, DeploymentLifecycleHookAction::Rollback) => Status::Failed,
        };
        one.updated = now;
        if answer == DeploymentLifecycleHookAction::Rollback {
            one.progress = ServiceDeploymentStatus::RollbackRequested;
            one.reason = Some("A rollback was requested at a lifecycle hook.".into());
        }
        self.poke(id);
    }
}

/// The hook that is met next, with its minutes and what is done after them.
fn next(service: &Service, standing: &Standing<'_>) -> Option<(Stage, u32, DeploymentLifecycleHookAction)> {
    let current = service.current().filter(|one| one.progress == ServiceDeploymentStatus::InProgress)?;
    let is_way_back = service.primary().is_none_or(|primary| primary.is_rollback);
    if is_way_back {
        return None;
    }
    let was_met = |stage: Stage| current.hooks.iter().any(|hook| hook.stage == stage);
    let is_reached = |stage: Stage| is_before_scale_up(stage) || standing.is_served(service.desired);
    let stage = STAGES.into_iter().find(|stage| {
        let is_set =
            current.configuration.lifecycle_hooks.iter().any(|hook| hook.lifecycle_stages.contains(stage));
        is_set && !was_met(*stage)
    })?;
    let hooks = &current.configuration.lifecycle_hooks;
    let hook =
        hooks.iter().find(|hook| hook.lifecycle_stages.contains(&stage)).filter(|_| is_reached(stage))?;
    let timeout = hook.timeout_configuration.clone().unwrap_or_default();
    let action = timeout.action.unwrap_or(DeploymentLifecycleHookAction::Rollback);
    Some((stage, timeout.timeout_in_minutes.unwrap_or(WAITS), action))
}
