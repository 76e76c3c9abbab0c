//! The life of a task, step by step.
//!
//! PROVISIONING (Fargate) → PENDING → ACTIVATING (with a load balancer) → RUNNING → DEACTIVATING (with a load balancer) →
//! STOPPING → DEPROVISIONING (Fargate) → STOPPED. Each step emits an event and raises `version` (FACTS §3.4). A stop is
//! told at once by `desiredStatus`, `stopCode` and `stoppedReason`; exit codes come with the end of the containers.

use std::time::Duration;

use jiff::Timestamp;

use super::agenda::{Due, Step};
use super::api::{HealthStatus, TaskStopCode};
use super::behaviour::Fate;
use super::happening::IMPAIRED;
use super::settings::Latency;
use super::state::TaskId;
use super::task::{ElbState, Status, Stop, Task};
use super::world::Ecs;
use crate::random::later;

/// Stopped tasks are shown for an hour (FACTS §8).
const SHOWN: Duration = Duration::from_hours(1);
/// What ECS writes where a container that matters has ended.
const EXITED: &str = "Essential container in task exited";
/// Until a failure to start shows.
const START_FAILURE: Latency = Latency::millis(4_000, 20_000);
/// Until an application that crashes at boot has crashed.
const BOOT_CRASH: Latency = Latency::millis(800, 5_000);
/// From the end of a task's containers to ECS's notice of it.
const NOTICE: Latency = Latency::millis(200, 1_500);

impl Ecs {
    pub(super) fn step(&mut self, id: TaskId, epoch: u32, step: Step) {
        let Some(task) = self.state.task(id) else { return };
        if task.epoch != epoch || task.is_stopped() {
            return;
        }
        // The load balancer checks tasks and lets go of them itself, whatever the agent hears.
        let is_balancers = step == Step::Deregistered || (step == Step::Unhealthy && task.is_failed_by_elb());
        let unheard = task.instance().filter(|_| !task.connected && !is_balancers).map(str::to_owned);
        if let Some(instance) = unheard {
            if let Some(instance) = self.state.instance_mut(&instance) {
                instance.unheard.push((id, epoch, step));
            }
            return;
        }
        match step {
            Step::Provisioned => self.begin_pending(id),
            Step::Pull => self.begin_pull(id),
            Step::Pulled => self.end_pull(id),
            Step::FailToStart => self.fail_to_start(id),
            Step::Started => self.begin_running(id),
            Step::Healthy => self.become_healthy(id),
            Step::Unhealthy => self.become_unhealthy(id),
            Step::Exit => self.exit(id),
            Step::Deregistered => self.begin_stopping(id),
            Step::Terminated => self.end_containers(id),
            Step::Deprovisioned => self.end(id),
        }
    }

    /// The first event of a task that was just created.
    pub(super) fn begin(&mut self, id: TaskId) {
        let Some(task) = self.state.task(id) else { return };
        let stays = matches!(task.behaviour.fate, Fate::StaysProvisioning);
        if !task.is_fargate() {
            self.begin_pending(id);
            return;
        }
        self.change(id, |_, _| {});
        if !stays {
            self.then(id, self.settings.latencies.provisioning, Step::Provisioned);
        }
    }

    fn begin_pending(&mut self, id: TaskId) {
        self.change(id, |task, now| {
            task.last = Status::Pending;
            task.times.connectivity = Some(now);
        });
        let Some(task) = self.state.task(id) else { return };
        if matches!(task.behaviour.fate, Fate::StaysProvisioning | Fate::StaysPending) {
            return;
        }
        if task.behaviour.fails_before_pull() {
            self.then(id, START_FAILURE, Step::FailToStart);
        } else {
            self.then(id, self.settings.latencies.before_pull, Step::Pull);
        }
    }

    fn begin_pull(&mut self, id: TaskId) {
        let now = self.now;
        let Some(task) = self.state.task_mut(id) else { return };
        task.times.pull_started = Some(now);
        if matches!(task.behaviour.fate, Fate::CannotPull(_)) {
            self.then(id, START_FAILURE, Step::FailToStart);
        } else {
            self.then(id, self.settings.latencies.pull, Step::Pulled);
        }
    }

    fn end_pull(&mut self, id: TaskId) {
        let now = self.now;
        let Some(task) = self.state.task_mut(id) else { return };
        task.times.pull_stopped = Some(now);
        for container in &mut task.containers {
            container.was_created = true;
        }
        if matches!(task.behaviour.fate, Fate::CrashesAtBoot { .. }) {
            self.then(id, BOOT_CRASH, Step::Exit);
            return;
        }
        if task.elb.is_some() {
            self.change(id, |task, _| task.last = Status::Activating);
        }
        self.then(id, self.settings.latencies.start, Step::Started);
    }

    /// Fargate writes the cause into the task's reason, the agent of a container instance into the container's (FACTS §5.2).
    fn fail_to_start(&mut self, id: TaskId) {
        let Some(task) = self.state.task(id) else { return };
        let image = task.definition.main_container().and_then(|main| main.image.clone()).unwrap_or_default();
        let text = task.behaviour.start_failure(&image).unwrap_or_else(|| "InternalError: unexpected".into());
        let (reason, of_container) =
            if task.is_fargate() { (text, None) } else { ("Task failed to start".into(), Some(text)) };
        self.fall(id, TaskStopCode::TaskFailedToStart, reason, |task| {
            if let Some(main) = task.main_container_mut() {
                main.reason = of_container;
            }
        });
    }

    fn begin_running(&mut self, id: TaskId) {
        self.change(id, |task, now| {
            task.last = Status::Running;
            task.times.started = Some(now);
        });
        let Some(task) = self.state.task(id) else { return };
        let behaviour = task.behaviour.clone();
        let has_checks = task.elb.is_some() || task.definition.has_health_check();
        self.meet_fate(id);
        if has_checks && behaviour.passes_first_check() {
            self.await_health(id, behaviour.slow_by);
        }
        self.task_started(id);
    }

    /// What comes of a running task sooner or later.
    pub(super) fn meet_fate(&mut self, id: TaskId) {
        let Some(task) = self.state.task(id).filter(|task| task.last == Status::Running) else { return };
        let behaviour = task.behaviour.clone();
        match &behaviour.fate {
            Fate::Exits { after, .. } | Fate::OutOfMemory { after } | Fate::HostLost { after, .. } => {
                self.then_around(id, *after, Step::Exit);
            }
            Fate::FailsContainerHealth { after } | Fate::Hangs { after } | Fate::FailsElbHealth { after } => {
                let unhealthy = self.settings.latencies.unhealthy;
                let by = *after + self.random.between(unhealthy.least, unhealthy.most);
                self.then_around(id, by, Step::Unhealthy);
            }
            _ => {}
        }
    }

    /// Health checks pass after a while; checks that take too long have failed by then.
    fn await_health(&mut self, id: TaskId, slow_by: Duration) {
        let latencies = self.settings.latencies;
        let ready = slow_by + self.random.between(latencies.health_check.least, latencies.health_check.most);
        let patience = self.random.between(latencies.unhealthy.least, latencies.unhealthy.most);
        let grace = self.grace_of(id);
        let (by, step) = if ready > patience.max(grace) {
            (patience.max(grace), Step::Unhealthy)
        } else {
            (ready, Step::Healthy)
        };
        let at = later(self.now, by);
        self.put_step(id, at, step);
    }

    fn grace_of(&self, id: TaskId) -> Duration {
        let service = self.state.task(id).and_then(|task| task.service);
        service
            .and_then(|service| self.state.service(service))
            .and_then(|service| service.grace)
            .unwrap_or_default()
    }

    fn become_healthy(&mut self, id: TaskId) {
        let Some(task) = self.state.task_mut(id) else { return };
        if task.definition.has_health_check() {
            task.health = HealthStatus::Healthy;
        }
        task.set_elb(ElbState::InService);
        self.task_became_healthy(id);
    }

    /// The scheduler stops tasks of services for it, after the grace period; other tasks are left alone.
    fn become_unhealthy(&mut self, id: TaskId) {
        let grace = self.grace_of(id);
        let now = self.now;
        let Some(task) = self.state.task_mut(id) else { return };
        let allowed_until = later(task.times.started.unwrap_or(now), grace);
        let of_elb = task.is_failed_by_elb();
        if of_elb {
            task.set_elb(ElbState::Registered);
        } else {
            task.health = HealthStatus::Unhealthy;
        }
        if task.service.is_none() || matches!(task.behaviour.fate, Fate::Hangs { .. }) {
            return;
        }
        if allowed_until > now {
            self.put_step(id, allowed_until, Step::Unhealthy);
            return;
        }
        let reason = if of_elb { self.elb_reason(id) } else { "Task failed container health checks".into() };
        self.health_checks_failed(id);
        self.stop(id, TaskStopCode::ServiceSchedulerInitiated, reason);
    }

    fn elb_reason(&self, id: TaskId) -> String {
        let service = self.state.task(id).and_then(|task| task.service);
        let balancer = service
            .and_then(|service| self.state.service(service))
            .and_then(|service| service.shape.load_balancers.first().cloned())
            .unwrap_or_default();
        match (balancer.target_group_arn, balancer.load_balancer_name) {
            (Some(arn), _) => format!("Task failed ELB health checks in (target-group {arn})"),
            (None, name) => format!("Task failed ELB health checks in (elb {})", name.unwrap_or_default()),
        }
    }

    /// The application ends by itself.
    fn exit(&mut self, id: TaskId) {
        let Some(task) = self.state.task(id) else { return };
        if let Fate::HostLost { keeps_containers, .. } = task.behaviour.fate {
            self.lose_host(id, keeps_containers);
            return;
        }
        let (code, reason) = match &task.behaviour.fate {
            Fate::CrashesAtBoot { exit_code } | Fate::Exits { exit_code, .. } => (*exit_code, None),
            _ => (137, Some("OutOfMemoryError: Container killed due to memory usage".to_owned())),
        };
        self.fall(id, TaskStopCode::EssentialContainerExited, EXITED.into(), |task| {
            for container in &mut task.containers {
                container.exit_code = Some(0);
            }
            if let Some(main) = task.main_container_mut() {
                main.exit_code = Some(code);
                main.reason = reason;
            }
        });
    }

    /// The containers have ended, or never began: ECS takes down what is left.
    fn fall(&mut self, id: TaskId, code: TaskStopCode, reason: String, containers: impl FnOnce(&mut Task)) {
        let noticed = self.random.between(NOTICE.least, NOTICE.most);
        let Some(task) = self.state.task_mut(id) else { return };
        task.epoch += 1;
        containers(task);
        let is_fargate = task.is_fargate();
        self.change(id, |task, now| {
            task.desired_stopped = true;
            task.stop = Some(Stop { code, reason });
            task.times.execution_stopped = Some(earlier(now, noticed));
            task.times.stopping = Some(now);
            task.set_elb(ElbState::Deregistered);
            task.last = if is_fargate { Status::Deprovisioning } else { Status::Stopping };
        });
        self.task_fell(id, code);
        self.then_end(id, is_fargate);
    }

    /// ECS, a person or the platform ends a task. Nothing where it is ending already.
    pub(super) fn stop(&mut self, id: TaskId, code: TaskStopCode, reason: String) {
        let Some(task) = self.state.task_mut(id) else { return };
        if task.desired_stopped {
            return;
        }
        task.epoch += 1;
        let had_begun = task.times.pull_stopped.is_some();
        self.change(id, |task, now| {
            task.desired_stopped = true;
            task.stop = Some(Stop { code, reason });
            task.times.stopping = Some(now);
        });
        self.task_told_to_stop(id);
        let Some(task) = self.state.task(id) else { return };
        if !had_begun {
            let soon = Latency::millis(500, 3_000);
            self.then(id, soon, Step::Terminated);
        } else if task.elb.is_some() && task.last == Status::Running {
            self.change(id, |task, _| task.last = Status::Deactivating);
            self.then(id, self.settings.latencies.deregistration, Step::Deregistered);
        } else {
            self.begin_stopping(id);
        }
    }

    fn begin_stopping(&mut self, id: TaskId) {
        let Some(task) = self.state.task(id) else { return };
        let ignores = task.behaviour.ignores_sigterm || matches!(task.behaviour.fate, Fate::Hangs { .. });
        let patience = task.definition.stop_timeout(self.settings.latencies.stop_timeout);
        if task.is_fargate() {
            self.change(id, |task, _| task.last = Status::Stopping);
        } else if let Some(task) = self.state.task_mut(id) {
            task.last = Status::Stopping;
        }
        let at = if ignores {
            later(self.now, patience)
        } else {
            self.after(self.settings.latencies.graceful_stop)
        };
        self.put_step(id, at, Step::Terminated);
    }

    fn end_containers(&mut self, id: TaskId) {
        let Some(task) = self.state.task(id) else { return };
        let is_fargate = task.is_fargate();
        let had_begun = task.times.pull_stopped.is_some();
        let ignores = task.behaviour.ignores_sigterm || matches!(task.behaviour.fate, Fate::Hangs { .. });
        let code = if ignores { 137 } else { 143 };
        let ended = move |task: &mut Task, now: Timestamp| {
            if had_begun {
                for container in &mut task.containers {
                    container.exit_code = Some(0);
                }
                if let Some(main) = task.main_container_mut() {
                    main.exit_code = Some(code);
                }
                task.times.execution_stopped = Some(now);
            }
            task.set_elb(ElbState::Deregistered);
        };
        if is_fargate {
            self.change(id, |task, now| {
                ended(task, now);
                task.last = Status::Deprovisioning;
            });
        } else {
            let now = self.now;
            if let Some(task) = self.state.task_mut(id) {
                ended(task, now);
            }
        }
        self.then_end(id, is_fargate);
    }

    fn then_end(&mut self, id: TaskId, is_fargate: bool) {
        let latencies = self.settings.latencies;
        let latency = if is_fargate { latencies.deprovisioning } else { latencies.host_cleanup };
        self.then(id, latency, Step::Deprovisioned);
    }

    /// STOPPED. Its host is free, and for an hour the task is still shown.
    pub(super) fn end(&mut self, id: TaskId) {
        self.change(id, |task, now| {
            task.last = Status::Stopped;
            task.times.stopped = Some(now);
        });
        self.state.release(id);
        self.agenda.put(later(self.now, SHOWN), Due::Forget(id));
        self.task_stopped(id);
    }

    /// The host is gone, and the task with it: no exit codes, no steps in between.
    pub(super) fn vanish(&mut self, id: TaskId, code: TaskStopCode, reason: String) {
        let now = self.now;
        let Some(task) = self.state.task_mut(id) else { return };
        if task.is_stopped() {
            return;
        }
        task.epoch += 1;
        task.connected = true;
        task.desired_stopped = true;
        task.stop.get_or_insert(Stop { code, reason });
        task.times.stopping.get_or_insert(now);
        task.set_elb(ElbState::Deregistered);
        self.task_told_to_stop(id);
        self.end(id);
    }

    fn lose_host(&mut self, id: TaskId, keeps_containers: bool) {
        if let Some(task) = self.state.task_mut(id).filter(|_| !keeps_containers) {
            task.containers.clear();
        }
        self.vanish(id, TaskStopCode::InfrastructureHealth, IMPAIRED.into());
    }

    /// A change that ECS sends an event for.
    pub(super) fn change(&mut self, id: TaskId, change: impl FnOnce(&mut Task, Timestamp)) {
        let now = self.now;
        let Some(task) = self.state.task_mut(id) else { return };
        change(task, now);
        task.version += 1;
        task.updated = now;
        self.emit_task(id);
    }

    pub(super) fn then(&mut self, id: TaskId, latency: Latency, step: Step) {
        let at = self.after(latency);
        self.put_step(id, at, step);
    }

    /// After `by`, give or take a twentieth.
    fn then_around(&mut self, id: TaskId, by: Duration, step: Step) {
        let spread = by / 20;
        let at = later(self.now, self.random.between(by.saturating_sub(spread), by + spread));
        self.put_step(id, at, step);
    }

    pub(super) fn put_step(&mut self, id: TaskId, at: Timestamp, step: Step) {
        let Some(task) = self.state.task(id) else { return };
        self.agenda.put(at, Due::Step { task: id, epoch: task.epoch, step });
    }
}

fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}
