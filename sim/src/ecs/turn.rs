//! The scheduler's turn: carries out its moves, and keeps the back-off of tasks that do not start.
//!
//! Tasks that keep failing before RUNNING are started ever more slowly, up to 15 minutes apart (FACTS §8); tasks that
//! reached RUNNING are replaced at once. When rounds of starts have failed, ECS says `SERVICE_TASK_START_IMPAIRED`.

use std::time::Duration;

use jiff::Timestamp;

use super::agenda::Due;
use super::api::{DeploymentRolloutState, TaskStopCode};
use super::breaker;
use super::capacity::NoPlace;
use super::scheduler::{self, Moves, Standing};
use super::service::{REPEAT_AFTER, ServiceDeployment, ServiceStatus};
use super::state::{ServiceId, TaskId};
use super::world::Ecs;
use crate::random::later;

/// The longest back-off.
pub(super) const LONGEST_HOLD: Duration = Duration::from_mins(15);
/// The first back-off; it doubles.
const FIRST_HOLD: Duration = Duration::from_secs(15);
/// Rounds of failed starts after which ECS says so.
const IMPAIRED_ROUNDS: u32 = 3;
/// Between two attempts to place a task, at first; it doubles.
const PLACEMENT_HOLD: Duration = Duration::from_secs(30);

impl Ecs {
    /// The scheduler looks at a service soon.
    pub(super) fn poke(&mut self, id: ServiceId) {
        let at = self.after(self.settings.latencies.scheduler);
        self.turn_by(id, at);
    }

    /// The scheduler looks at a service at `at`, if not before.
    pub(super) fn turn_by(&mut self, id: ServiceId, at: Timestamp) {
        let Some(service) = self.state.service(id) else { return };
        if service.turn_at.is_some_and(|planned| planned <= at) {
            return;
        }
        if let Some(service) = self.state.service_mut(id) {
            service.turn_at = Some(at);
        }
        self.agenda.put(at, Due::Turn(id));
    }

    pub(super) fn turn(&mut self, id: ServiceId) {
        let now = self.now;
        let Some(service) = self.state.service_mut(id) else { return };
        if service.turn_at != Some(now) {
            return;
        }
        service.turn_at = None;
        match service.status {
            ServiceStatus::Active => self.serve(id),
            ServiceStatus::Draining => self.drain_service(id),
            ServiceStatus::Inactive => {}
        }
    }

    fn serve(&mut self, id: ServiceId) {
        self.judge_deployment(id);
        let Some(service) = self.state.service(id) else { return };
        let Moves { start, stop } = scheduler::moves(&self.state, service, self.now);
        self.start_tasks(id, &start);
        self.stop_tasks(id, &stop);
        self.conclude(id);
        self.plan_next_turn(id);
    }

    /// Back-offs end, repeated messages fall due, protection lapses.
    fn plan_next_turn(&mut self, id: ServiceId) {
        let now = self.now;
        let Some(service) = self.state.service(id) else { return };
        let holds = service.deployments.iter().map(|deployment| deployment.holds_until);
        let bakes = service.primary().and_then(|deployment| deployment.bakes_since);
        let steady = service.is_steady.then(|| later(now, REPEAT_AFTER));
        let protected = self.state.tasks_of(id).map(|task| task.protected_until);
        let hook = service.current().and_then(ServiceDeployment::waits).map(|hook| hook.expires);
        let next = holds
            .chain([
                hook,
                service.holds_until,
                steady,
                bakes.map(|since| later(since, self.settings.latencies.bake)),
            ])
            .chain(protected)
            .flatten()
            .filter(|at| *at > now)
            .min();
        if let Some(at) = next {
            self.turn_by(id, at);
        }
    }

    fn start_tasks(&mut self, id: ServiceId, starts: &[(String, u32)]) {
        let now = self.now;
        let held = self.state.service(id).and_then(|service| service.holds_until);
        if held.is_some_and(|until| until > now) {
            return;
        }
        let mut started = Vec::new();
        let mut refused = None;
        'deployments: for (deployment, count) in starts {
            for _ in 0..*count {
                match self.start_service_task(id, deployment) {
                    Ok(task) => started.extend(task),
                    Err(no_place) => {
                        refused = Some(no_place);
                        break 'deployments;
                    }
                }
            }
        }
        if !started.is_empty() {
            let (count, names) = self.names_of(&started);
            self.say(id, &format!("has started {count} tasks: {names}."));
        }
        match refused {
            Some(no_place) => self.tell_no_place(id, &no_place),
            None if !started.is_empty() => {
                if let Some(service) = self.state.service_mut(id) {
                    service.placement_failures = 0;
                    service.holds_until = None;
                }
            }
            None => {}
        }
    }

    fn names_of(&self, tasks: &[TaskId]) -> (usize, String) {
        let names: Vec<String> = tasks
            .iter()
            .filter_map(|id| self.state.task(*id))
            .map(|task| format!("(task {})", task.hex))
            .collect();
        (names.len(), names.join(" "))
    }

    fn tell_no_place(&mut self, id: ServiceId, no_place: &NoPlace) {
        let now = self.now;
        let Some(service) = self.state.service_mut(id) else { return };
        service.is_steady = false;
        let hold = doubled(PLACEMENT_HOLD, service.placement_failures);
        service.placement_failures = service.placement_failures.saturating_add(1);
        service.holds_until = Some(later(now, hold));
        if let Some(primary) = service.primary_mut()
            && primary.rollout == DeploymentRolloutState::InProgress
        {
            primary.failed_tasks = primary.failed_tasks.saturating_add(1);
        }
        let text = if no_place.is_configuration {
            no_place.sentence.clone()
        } else if no_place.instances.is_empty() && no_place.code.starts_with("RESOURCE:FARGATE") {
            format!("was unable to place a task. Reason: {}.", no_place.sentence)
        } else {
            format!("was unable to place a task because {}", no_place.sentence)
        };
        self.say(id, &text);
        self.emit_placement_failure(id, no_place);
    }

    fn stop_tasks(&mut self, id: ServiceId, stops: &[TaskId]) {
        if stops.is_empty() {
            return;
        }
        let (count, names) = self.names_of(stops);
        self.say(id, &format!("has stopped {count} running tasks: {names}."));
        for task in stops {
            let Some(task) = self.state.task(*task) else { continue };
            let (task, deployment, leaving) = (task.id, task.started_by.clone(), task.leaving);
            // What was replaced on purpose is kept up no more.
            if leaving.is_none()
                && let Some(old) = deployment.as_deref().and_then(|deployment| {
                    self.state.service_mut(id).and_then(|service| service.deployment_mut(deployment))
                })
                && !old.is_primary
            {
                old.desired = old.desired.saturating_sub(1);
            }
            let reason = leaving.and_then(super::task::Leaving::reason).map_or_else(
                || format!("Scaling activity initiated by (deployment {})", deployment.unwrap_or_default()),
                str::to_owned,
            );
            self.stop(task, TaskStopCode::ServiceSchedulerInitiated, reason);
        }
    }

    fn drain_service(&mut self, id: ServiceId) {
        let live: Vec<TaskId> =
            self.state.tasks_of(id).filter(|task| !task.is_stopped()).map(|task| task.id).collect();
        self.stop_tasks(id, &live);
        let Some(service) = self.state.service_mut(id) else { return };
        service.desired = 0;
        if live.is_empty() {
            service.status = ServiceStatus::Inactive;
            service.deployments.clear();
        }
    }

    fn conclude(&mut self, id: ServiceId) {
        let Some(service) = self.state.service(id) else { return };
        let standing = Standing::of(&self.state, service);
        let desired = service.desired;
        let waits = service.waits_at().is_some();
        let served = standing.is_served(desired) && !waits;
        let settled = standing.is_settled(desired) && !waits;
        let others: Vec<String> = self
            .state
            .tasks_of(id)
            .filter(|task| !task.is_stopped())
            .filter_map(|task| task.started_by.clone())
            .collect();
        let mut gives_up = false;
        if let Some(service) = self.state.service_mut(id) {
            for old in
                service.deployments.iter_mut().filter(|old| !old.is_primary && served && old.desired > 0)
            {
                old.desired = 0;
                gives_up = true;
            }
            service.deployments.retain(|deployment| {
                deployment.is_primary || deployment.desired > 0 || others.contains(&deployment.id)
            });
        }
        if gives_up {
            self.poke(id);
        }
        if settled {
            self.complete_deployment(id);
            self.become_steady(id);
        } else if let Some(service) = self.state.service_mut(id) {
            service.is_steady = false;
            if let Some(primary) = service.primary_mut() {
                primary.bakes_since = None;
            }
        }
    }

    fn become_steady(&mut self, id: ServiceId) {
        let Some(service) = self.state.service_mut(id) else { return };
        let in_progress =
            service.primary().is_some_and(|primary| primary.rollout == DeploymentRolloutState::InProgress);
        if in_progress {
            return;
        }
        service.is_steady = true;
        if self.say(id, "has reached a steady state.") {
            self.emit_service_action(id, "INFO", "SERVICE_STEADY_STATE", serde_json::Map::new());
        }
    }

    // What the scheduler hears of tasks.

    pub(super) fn task_started(&mut self, id: TaskId) {
        let Some((service, deployment)) = self.service_of(id) else { return };
        let is_healthy = self.state.task(id).is_some_and(super::task::Task::is_healthy);
        if let Some(service) = self.state.service_mut(service) {
            service.impaired_told = None;
            if let Some(deployment) = service.deployment_mut(&deployment) {
                deployment.start_failures = 0;
                deployment.holds_until = None;
            }
        }
        if is_healthy {
            self.task_became_healthy(id);
        } else {
            self.poke(service);
        }
    }

    pub(super) fn task_became_healthy(&mut self, id: TaskId) {
        let Some((service_id, deployment)) = self.service_of(id) else { return };
        if let Some(service) = self.state.service_mut(service_id) {
            let resets = breaker::resets(service.configuration.deployment_circuit_breaker.as_ref());
            if let Some(deployment) = service.deployment_mut(&deployment)
                && resets
                && deployment.rollout == DeploymentRolloutState::InProgress
            {
                deployment.failed_tasks = 0;
            }
        }
        self.poke(service_id);
    }

    /// Its containers ended, or it could not start.
    pub(super) fn task_fell(&mut self, id: TaskId, _code: TaskStopCode) {
        let Some((service, deployment)) = self.service_of(id) else { return };
        let ran = self.state.task(id).is_some_and(|task| task.times.started.is_some());
        if !ran {
            self.count_failure(service, &deployment);
            self.hold_back(service, &deployment);
        }
        self.poke(service);
    }

    pub(super) fn health_checks_failed(&mut self, id: TaskId) {
        let Some((service, deployment)) = self.service_of(id) else { return };
        self.count_failure(service, &deployment);
    }

    pub(super) fn task_told_to_stop(&mut self, id: TaskId) {
        if let Some((service, _)) = self.service_of(id) {
            self.poke(service);
        }
    }

    pub(super) fn task_stopped(&mut self, id: TaskId) {
        self.task_told_to_stop(id);
    }

    fn service_of(&self, id: TaskId) -> Option<(ServiceId, String)> {
        let task = self.state.task(id)?;
        Some((task.service?, task.started_by.clone().unwrap_or_default()))
    }

    fn count_failure(&mut self, service: ServiceId, deployment: &str) {
        let Some(service) = self.state.service_mut(service) else { return };
        if let Some(deployment) = service.deployment_mut(deployment)
            && deployment.rollout == DeploymentRolloutState::InProgress
        {
            deployment.failed_tasks = deployment.failed_tasks.saturating_add(1);
        }
    }

    fn hold_back(&mut self, id: ServiceId, deployment: &str) {
        let now = self.now;
        let jitter = self.random.between(Duration::ZERO, Duration::from_secs(3));
        let Some(service) = self.state.service_mut(id) else { return };
        let desired = service.desired.max(1);
        let Some(deployment) = service.deployment_mut(deployment) else { return };
        deployment.start_failures = deployment.start_failures.saturating_add(1);
        let rounds = deployment.start_failures.div_ceil(desired);
        if rounds >= 2 {
            deployment.holds_until = Some(later(now, doubled(FIRST_HOLD, rounds - 2) + jitter));
        }
        let told_lately = service.impaired_told.is_some_and(|told| later(told, REPEAT_AFTER) > now);
        if rounds >= IMPAIRED_ROUNDS && !told_lately {
            service.impaired_told = Some(now);
            service.is_steady = false;
            self.say(id, "is unable to consistently start tasks successfully.");
            self.emit_service_action(id, "WARN", "SERVICE_TASK_START_IMPAIRED", serde_json::Map::new());
        }
    }
}

/// `first`, doubled so many times, and never above the longest back-off.
fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1_u32 << times.min(10)).min(LONGEST_HOLD)
}
