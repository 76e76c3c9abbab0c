//! What a recording says of ECS itself: which deployment a service has, which tasks run, which hooks wait.
//!
//! ECS is not asked, and of an earlier time it could not be. So each fact is taken from the events that came before it;
//! what they do not say is unknown to whoever asks (a remedy that needs it is then refused as `unobserved`), but for a few
//! things that nearly always are so: those are assumed, and named with every action that rests on them ([`Assumption`]).

mod ports;
mod rests;
mod traits;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::arn::{ClusterArn, ContainerInstanceArn, DeploymentId, TaskArn, TaskDefinitionArn};
use steward::diagnosis;
use steward::ecs::{
    ContainerInstance, HookAnswer, HostTask, Launch, LifecycleHook, Rollout, ServiceDeploymentSummary, Task,
};
use steward::event::{
    ApiCall, ContainerInstanceStateChange, ContainerInstanceStatus, DeploymentEventName,
    DeploymentStateChange, Detail, Event, HookStateChange, ServiceAction, ServiceActionName, TaskStateChange,
    TaskStatus,
};
use steward::incident::Target;

pub(super) use rests::Assumption;
pub(super) use traits::Traits;

/// ECS shows stopped tasks for about an hour.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(1);
/// So many tasks are remembered, those heard of last.
const MAX_TASKS: usize = 20_000;
/// So many services, container instances, hooks and revisions are remembered each.
const MAX_KNOWN: usize = 50_000;
/// So many deployments of a service are remembered, the latest last.
const MAX_DEPLOYMENTS: usize = 8;

/// What the events until now say of ECS.
pub(super) struct Recalled<'t> {
    traits: &'t Traits,
    heard: RefCell<Heard>,
}

#[derive(Default)]
struct Heard {
    now: Timestamp,
    services: BTreeMap<Target, Known>,
    tasks: BTreeMap<TaskArn, KnownTask>,
    /// The same tasks, those first that were heard of the longest ago.
    by_time: BTreeSet<(Timestamp, TaskArn)>,
    hosts: BTreeMap<ContainerInstanceArn, KnownHost>,
    /// By the service deployment's ARN.
    hooks: BTreeMap<String, Vec<KnownHook>>,
    /// Revisions on which a service was steady.
    good: BTreeSet<TaskDefinitionArn>,
}

/// What is known of a service.
#[derive(Default)]
struct Known {
    /// The latest last; the PRIMARY one among them.
    deployments: Vec<ServiceDeploymentSummary>,
    /// When the PRIMARY deployment became that.
    primary_since: Option<Timestamp>,
    /// When ECS called it steady last.
    well_at: Option<Timestamp>,
    /// When a task of it failed last.
    ill_at: Option<Timestamp>,
    /// So many of its tasks run.
    running: u32,
    /// Whether Steward would have changed it: what is recorded then happened without that.
    is_changed: bool,
}

struct KnownTask {
    task: Task,
    version: u64,
    heard_at: Timestamp,
    /// On which container instance it is, and how it does there.
    host: Option<(ContainerInstanceArn, HostTask)>,
}

struct KnownHost {
    host: ContainerInstance,
    version: u64,
}

struct KnownHook {
    hook: LifecycleHook,
    stage: Option<String>,
    is_over: bool,
}

impl<'t> Recalled<'t> {
    pub(super) fn new(traits: &'t Traits) -> Self {
        Self { traits, heard: RefCell::default() }
    }

    /// Takes in an event. Again or late it changes nothing that a newer one has said.
    pub(super) fn learn(&self, event: &Event) {
        let heard = &mut *self.heard.borrow_mut();
        let at = event.occurred_at().unwrap_or(heard.now);
        match &event.detail {
            Detail::TaskStateChange(task) => heard.task(task, at),
            Detail::ServiceAction(action) => heard.service_action(action, at),
            Detail::DeploymentStateChange(change) => heard.deployment(change, at),
            Detail::ContainerInstanceStateChange(change) => heard.host(change),
            Detail::HookStateChange(change) => heard.hook(change),
            Detail::ApiCall(call) => heard.call(call, at),
            _ => {}
        }
    }

    /// Lets time pass.
    pub(super) fn at(&self, now: Timestamp) {
        self.heard.borrow_mut().now = now;
    }
}

impl Heard {
    fn known(&mut self, target: &Target) -> Option<&mut Known> {
        if self.services.len() >= MAX_KNOWN && !self.services.contains_key(target) {
            return None;
        }
        Some(self.services.entry(target.clone()).or_default())
    }

    fn task(&mut self, event: &TaskStateChange, at: Timestamp) {
        self.forget_tasks();
        let Some(arn) = event.task_arn.clone() else { return };
        let before = self.tasks.get(&arn);
        if before.is_some_and(|before| before.version > event.version.0) {
            return;
        }
        let service = Target::of_task(event).filter(|target| matches!(target, Target::Service { .. }));
        let was_running = before.is_some_and(|before| is_running(&before.task));
        if let Some(before) = before {
            self.by_time.remove(&(before.heard_at, arn.clone()));
        }
        let task = described(event, arn.clone());
        let (runs, heard_at) = (is_running(&task), self.now.max(at));
        if let Some(known) = service.and_then(|service| self.known(&service)) {
            known.running = known.running + u32::from(runs && !was_running)
                - u32::from(was_running && !runs).min(known.running);
            known.task(event, at);
        }
        self.by_time.insert((heard_at, arn.clone()));
        let host = event.container_instance_arn.clone().zip(HostTask::of(event, None));
        let known = KnownTask { task, version: event.version.0, heard_at, host };
        self.tasks.insert(arn, known);
    }

    /// Forgets tasks that ECS shows no more, and where there are too many those that were not heard of for the longest.
    fn forget_tasks(&mut self) {
        while let Some((heard_at, arn)) = self.by_time.first().cloned() {
            let is_over = self.tasks.get(&arn).is_some_and(|known| known.task.stopped_at.is_some());
            let is_old = is_over && self.now.duration_since(heard_at) > SHOWN_FOR;
            if !is_old && self.tasks.len() < MAX_TASKS {
                return;
            }
            self.by_time.remove(&(heard_at, arn.clone()));
            self.tasks.remove(&arn);
        }
    }

    fn service_action(&mut self, action: &ServiceAction, at: Timestamp) {
        let Some(target) = action.service.as_ref().and_then(Target::of_service) else { return };
        let is_steady = action.event_name == ServiceActionName::SteadyState;
        let fails = action.stops_tasks_from_starting();
        let Some(known) = self.known(&target) else { return };
        if is_steady {
            known.well_at = known.well_at.max(Some(at));
        }
        if fails {
            known.ill_at = known.ill_at.max(Some(at));
        }
        let good = known.primary().and_then(|primary| primary.task_definition.clone());
        self.is_good(good.filter(|_| is_steady));
    }

    fn is_good(&mut self, revision: Option<TaskDefinitionArn>) {
        if self.good.len() < MAX_KNOWN {
            self.good.extend(revision);
        }
    }

    fn deployment(&mut self, change: &DeploymentStateChange, at: Timestamp) {
        let Some(target) = change.service.as_ref().and_then(Target::of_service) else { return };
        let (rollout, is_over) = match change.event_name {
            DeploymentEventName::InProgress => (Rollout::InProgress, false),
            DeploymentEventName::Completed => (Rollout::Completed, true),
            DeploymentEventName::Failed => (Rollout::Failed, true),
            DeploymentEventName::Other(_) => return,
        };
        let Some(known) = self.known(&target) else { return };
        known.deployment(&change.deployment_id, rollout, at);
        let is_well = rollout == Rollout::Completed;
        if is_well {
            known.well_at = known.well_at.max(Some(at));
        }
        let found = known.deployments.iter().find(|known| known.id == change.deployment_id);
        let good = found.and_then(|found| found.task_definition.clone());
        self.is_good(good.filter(|_| is_well));
        if is_over {
            self.end_hooks(&target);
        }
    }

    fn host(&mut self, change: &ContainerInstanceStateChange) {
        let arn = &change.container_instance_arn;
        let known = self.hosts.get(arn);
        let is_new = known.is_none_or(|known| known.version <= change.version.0);
        if !is_new || (known.is_none() && self.hosts.len() >= MAX_KNOWN) {
            return;
        }
        let host = ContainerInstance {
            arn: arn.clone(),
            cluster: change.cluster_arn.clone(),
            status: change.status.clone().unwrap_or(ContainerInstanceStatus::Active),
            agent_connected: change.agent_connected,
            ec2_instance_id: change.ec2_instance_id.clone(),
            capacity_provider: None,
        };
        self.hosts.insert(arn.clone(), KnownHost { host, version: change.version.0 });
    }

    fn hook(&mut self, change: &HookStateChange) {
        let (Some(arn), Some(id)) = (&change.service_deployment_arn, &change.hook_id) else { return };
        if self.hooks.len() >= MAX_KNOWN {
            return;
        }
        let hooks = self.hooks.entry(arn.clone()).or_default();
        if hooks.iter().any(|known| known.hook.id == *id) {
            return;
        }
        let hook = LifecycleHook {
            id: id.clone(),
            status: "AWAITING_ACTION".to_owned(),
            expires_at: change.expires_at,
            timeout_action: change.timeout_action.as_deref().and_then(HookAnswer::parse),
        };
        hooks.push(KnownHook { hook, stage: change.lifecycle_stage.clone(), is_over: false });
    }

    fn end_hooks(&mut self, target: &Target) {
        let Target::Service { cluster, name } = target else { return };
        let part = format!("/{}/{}/", cluster.name(), name);
        for (_, hooks) in self.hooks.iter_mut().filter(|(arn, _)| arn.contains(&part)) {
            for hook in hooks {
                hook.is_over = true;
            }
        }
    }

    fn call(&mut self, call: &ApiCall, at: Timestamp) {
        if call.error_code.is_some() {
            return;
        }
        let answered = call.service_deployment.as_ref().and_then(|arn| self.hooks.get_mut(arn));
        for known in answered.into_iter().flatten() {
            known.is_over |= call.hook.as_ref() == Some(&known.hook.id);
        }
        let Some(primary) = &call.primary else { return };
        let Some(known) = Target::of_service(&primary.service).and_then(|target| self.known(&target)) else {
            return;
        };
        let created_at = primary.created_at.unwrap_or(at);
        known.heard_of(&primary.id, primary.task_definition.as_ref(), created_at);
        known.is_primary(&primary.id, created_at);
    }

    /// Whether a task definition is what some service deploys now.
    fn is_deployed(&self, arn: &TaskDefinitionArn) -> bool {
        let deployed = self.services.values().filter_map(Known::primary);
        deployed.into_iter().any(|primary| primary.task_definition.as_ref() == Some(arn))
    }

    /// The hooks of a deployment as they are now: ECS does what it was told once their time is over.
    fn hooks_of(&self, arn: &str) -> Option<Vec<LifecycleHook>> {
        let hooks = self.hooks.get(arn)?.iter().map(|known| {
            let ran_out = known.hook.expires_at.is_some_and(|ends| ends <= self.now);
            let status = match (known.is_over, ran_out) {
                (true, _) => "SUCCEEDED",
                (false, true) => "TIMED_OUT",
                (false, false) => "AWAITING_ACTION",
            };
            LifecycleHook { status: status.to_owned(), ..known.hook.clone() }
        });
        Some(hooks.collect())
    }

    fn tasks_of(&self, cluster: &ClusterArn, started_by: &str) -> Vec<Task> {
        let is_wanted =
            |task: &&Task| task.cluster == *cluster && task.started_by.as_deref() == Some(started_by);
        self.tasks.values().map(|known| &known.task).filter(is_wanted).cloned().collect()
    }
}

impl Known {
    fn primary(&self) -> Option<&ServiceDeploymentSummary> {
        self.deployments.iter().find(|deployment| deployment.is_primary)
    }

    /// Whether every task runs that is wanted, as far as is known: it was called so, and none has failed since.
    fn is_well(&self) -> bool {
        self.well_at.is_some() && self.well_at >= self.ill_at
    }

    fn task(&mut self, event: &TaskStateChange, at: Timestamp) {
        if let Some(id) = event.deployment_id() {
            let created_at = event.times.created_at.unwrap_or(at);
            let is_new = self.heard_of(&id, event.task_definition_arn.as_ref(), created_at);
            // A scheduler launches tasks of the PRIMARY deployment alone.
            if is_new {
                self.is_primary(&id, created_at);
            }
        }
        let has_failed =
            event.is_stopped() && diagnosis::of_task(event).is_some_and(|found| !found.cause.is_benign());
        if has_failed {
            self.ill_at = self.ill_at.max(Some(at));
        }
    }

    fn deployment(&mut self, id: &DeploymentId, rollout: Rollout, at: Timestamp) {
        self.heard_of(id, None, at);
        let Some(known) = self.deployments.iter_mut().find(|known| known.id == *id) else { return };
        if known.updated_at.is_none_or(|updated_at| updated_at <= at) {
            (known.rollout, known.updated_at) = (Some(rollout), Some(at));
        }
        if rollout != Rollout::Failed {
            self.is_primary(id, at);
        }
    }

    /// Takes in that there is such a deployment. Answers whether it was not known.
    fn heard_of(
        &mut self,
        id: &DeploymentId,
        task_definition: Option<&TaskDefinitionArn>,
        created_at: Timestamp,
    ) -> bool {
        if let Some(known) = self.deployments.iter_mut().find(|known| known.id == *id) {
            known.task_definition = known.task_definition.take().or_else(|| task_definition.cloned());
            known.created_at = known.created_at.min(Some(created_at));
            return false;
        }
        self.deployments.push(ServiceDeploymentSummary {
            id: id.clone(),
            is_primary: false,
            task_definition: task_definition.cloned(),
            rollout: None,
            failed_tasks: None,
            created_at: Some(created_at),
            updated_at: None,
        });
        if self.deployments.len() > MAX_DEPLOYMENTS
            && let Some(oldest) = self.deployments.iter().position(|known| !known.is_primary)
        {
            self.deployments.remove(oldest);
        }
        true
    }

    fn is_primary(&mut self, id: &DeploymentId, since: Timestamp) {
        if self.primary_since.is_some_and(|known| known > since) {
            return;
        }
        self.primary_since = Some(since);
        for known in &mut self.deployments {
            known.is_primary = known.id == *id;
        }
    }

    /// The deployments as ECS lists them: the one before goes on until the PRIMARY one has taken its place.
    fn listed(&self) -> Vec<ServiceDeploymentSummary> {
        let Some(primary) = self.primary() else { return Vec::new() };
        let goes_on = primary.rollout == Some(Rollout::InProgress);
        let before = self.deployments.iter().rev().find(|known| !known.is_primary).filter(|_| goes_on);
        [primary].into_iter().chain(before).cloned().collect()
    }
}

fn is_running(task: &Task) -> bool {
    task.last_status == TaskStatus::Running
}

/// A task as DescribeTasks would answer it. Its overrides are not kept.
fn described(event: &TaskStateChange, arn: TaskArn) -> Task {
    Task {
        arn,
        cluster: event.cluster_arn.clone(),
        task_definition: event.task_definition_arn.clone(),
        group: event.group.clone(),
        started_by: event.started_by.clone(),
        last_status: event.last_status.clone(),
        desired_status: event.desired_status.clone(),
        health: None,
        connectivity: None,
        created_at: event.times.created_at,
        started_at: event.times.started_at,
        stopped_at: event.stopped_at().filter(|_| event.is_stopped()),
        stopped_reason: event.stopped_reason.clone(),
        launch: Launch {
            launch_type: event.launch_type.clone().filter(|_| event.capacity_provider_name.is_none()),
            capacity_provider: event.capacity_provider_name.clone(),
            ..Launch::default()
        },
    }
}
