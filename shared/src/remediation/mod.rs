//! What an event means for its target, and what to do about it.
//!
//! [`read`] turns an event into observations of the targets that it is about; [`decide`] says what to do and why. Both are pure. Until
//! there are remedies, what is done is to observe, and the reasons say so.

mod calls;
mod decision;
mod facts;
mod health;
pub mod memory;
mod remedy;
mod room;

use crate::arn::{ClusterArn, ContainerInstanceArn, ServiceDeploymentArn};
use crate::diagnosis::{self, Diagnosis};
use crate::ecs::HookAnswer;
use crate::event::{
    ContainerInstanceHealthChange, ContainerInstanceStateChange, ContainerInstanceStatus,
    DeploymentEventName, DeploymentStateChange, Detail, Event, HealthStatus, HookStateChange, ServiceAction,
    ServiceActionName, TaskStateChange,
};
use crate::incident::{DeploymentStatus, Failure, Fingerprint, Hook, Image, Observation, Step, Target};
use crate::redact::redact;
use jiff::{SignedDuration, Timestamp};

pub use decision::{Action, Decision, Home, Reason, decide, decide_task};
pub use facts::{Facts, Query};
pub use remedy::{
    Considered, Escalation, HookSeen, MAX_ROUNDS, Passed, Patient, SPOT_NOTICE, case, consider, enrolled,
    hooks_seen, id_of, is_active_again,
};
pub use room::{Lack, Nearest, Rest, Room, room};

/// `startedBy` of tasks that belong to batch: remediation never touches them.
pub const JOB_PREFIX: &str = "steward/job/";

/// How far the clocks of AWS may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What an event says, for whom, and why it may say nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Why something stopped or failed, if it did.
    pub diagnosis: Option<Diagnosis>,
    /// Whom it is about, where that can be told, each once: one target but for announcements.
    pub about: Vec<About>,
    /// Why nothing is remembered, where an event might have been thought to matter.
    pub because: Option<Reason>,
}

/// What an event says about one target.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Whom it is about.
    pub target: Target,
    /// What it says. Empty: nothing to remember.
    pub observations: Vec<Observation>,
}

impl Reading {
    fn nothing(diagnosis: Option<Diagnosis>, target: Option<Target>, because: Reason) -> Self {
        Self { because: Some(because), ..Self::of(diagnosis, target, Vec::new()) }
    }

    fn of(diagnosis: Option<Diagnosis>, target: Option<Target>, observations: Vec<Observation>) -> Self {
        let because = match (&target, observations.is_empty()) {
            (None, _) => Some(Reason::NoTarget),
            (_, true) => Some(Reason::NothingFailed),
            _ => None,
        };
        let about = target.map(|target| About { target, observations }).into_iter().collect();
        Self { diagnosis, about, because }
    }

    /// Whom it is about, for people: of several the first, and how many more.
    pub fn whom(&self) -> Option<String> {
        let (first, more) = self.about.split_first()?;
        Some(match more.len() {
            0 => first.target.to_string(),
            more => format!("{} and {more} more", first.target),
        })
    }

    /// All that it says, about whomever.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.about.iter().flat_map(|about| &about.observations)
    }
}

/// Reads an event. `now` stands in for the time of an event that has none.
pub fn read(event: &Event, now: Timestamp) -> Reading {
    if !is_from_aws(event) {
        return Reading::nothing(None, None, Reason::ForeignSource);
    }
    let diagnosis = diagnosis::diagnose(event);
    // No clock is ahead by more: a time from the future would silence what comes until then.
    let at = event.occurred_at().map_or(now, |at| at.min(now.saturating_add(AHEAD).unwrap_or(now)));
    match &event.detail {
        Detail::TaskStateChange(task) => read_task(task, diagnosis, at),
        Detail::ServiceAction(action) => read_service_action(event, action, diagnosis, at),
        Detail::DeploymentStateChange(change) => read_deployment(change, diagnosis, at),
        Detail::ContainerInstanceStateChange(change) => read_container_instance(event, change, diagnosis, at),
        Detail::ContainerInstanceHealthChange(change) => read_host_health(event, change, diagnosis, at),
        Detail::ApiCall(call) => calls::read(event, call, diagnosis, at),
        Detail::Health(health) => health::read(event, health, diagnosis, at),
        Detail::SpotInterruptionWarning(_) => Reading::nothing(diagnosis, None, Reason::TasksWillTell),
        Detail::HookStateChange(change) => read_hook(change, diagnosis, at),
        Detail::Other => Reading::nothing(None, None, Reason::UnknownKind),
    }
}

/// What EC2's warning that it takes a Spot host back says of the container instance on it, which the event does not name.
/// `None` for any other event.
pub fn read_warning(
    event: &Event,
    cluster: &ClusterArn,
    instance: &ContainerInstanceArn,
    now: Timestamp,
) -> Option<About> {
    let Detail::SpotInterruptionWarning(warning) = &event.detail else { return None };
    let at = warned_at(event, now);
    let diagnosis = Box::new(diagnosis::of_spot_warning(warning, instance.id()));
    let target = Target::of_container_instance(cluster, instance)?;
    Some(About { target, observations: vec![Observation::Warned { at, diagnosis }] })
}

/// When EC2 warned, as far as the event says so: no clock is ahead by more.
pub fn warned_at(event: &Event, now: Timestamp) -> Timestamp {
    event.occurred_at().map_or(now, |at| at.min(now.saturating_add(AHEAD).unwrap_or(now)))
}

/// Events of ECS count only where AWS sent them: anybody may put an event of any detail-type on a bus of theirs.
fn is_from_aws(event: &Event) -> bool {
    event.envelope.source.as_deref().is_none_or(|source| source.starts_with("aws."))
}

fn read_task(task: &TaskStateChange, diagnosis: Option<Diagnosis>, at: Timestamp) -> Reading {
    let target = Target::of_task(task);
    if task.started_by.as_deref().is_some_and(|by| by.starts_with(JOB_PREFIX)) {
        return Reading::nothing(diagnosis, target, Reason::BelongsToBatch);
    }
    // It was heard of when it began to run: its end says no more, and nothing need be read for it.
    if diagnosis.as_ref().is_some_and(|found| found.cause.is_benign()) {
        return Reading::nothing(diagnosis, target, Reason::Expected);
    }
    let mut observations: Vec<Observation> = deploys(task, at).into_iter().collect();
    let Some(found) = diagnosis.as_ref() else {
        return Reading {
            because: Some(Reason::NotStopping),
            ..Reading::of(diagnosis, target, observations)
        };
    };
    if !task.is_stopped() {
        return Reading {
            because: Some(Reason::NotStoppedYet),
            ..Reading::of(diagnosis, target, observations)
        };
    }
    let Some(task_arn) = task.task_arn.clone() else {
        return Reading::nothing(diagnosis, target, Reason::NoTarget);
    };
    // First, for only then its deployment is a subject of which the task may tell more.
    let failed = Observation::Failed(Box::new(Failure {
        fingerprint: Fingerprint::of(&[task_arn.as_str()]),
        version: task.version.0,
        at,
        diagnosis: found.clone(),
        task: Some(task_arn),
        task_definition: task.task_definition_arn.clone(),
        deployment: task.deployment_id(),
        availability_zone: task.availability_zone.clone(),
    }));
    observations.insert(0, failed);
    Reading::of(diagnosis, target, observations)
}

/// What a task tells of its deployment.
fn deploys(task: &TaskStateChange, at: Timestamp) -> Option<Observation> {
    let (id, task_definition) = (task.deployment_id()?, task.task_definition_arn.clone()?);
    let images = Image::of_containers(&task.containers);
    Some(Observation::Deploys { id, task_definition, images, at })
}

fn read_service_action(
    event: &Event,
    action: &ServiceAction,
    diagnosis: Option<Diagnosis>,
    at: Timestamp,
) -> Reading {
    let target = action.service.as_ref().and_then(Target::of_service);
    if action.event_name == ServiceActionName::SteadyState {
        return Reading::of(diagnosis, target, vec![Observation::Steady { at }]);
    }
    let Some(found) = diagnosis.clone().filter(|_| action.stops_tasks_from_starting()) else {
        let because = if diagnosis.is_some() { Reason::EcsCopes } else { Reason::NothingFailed };
        return Reading::nothing(diagnosis, target, because);
    };
    let service = target.as_ref().map(Target::key).unwrap_or_default();
    let fingerprint = Fingerprint::of(&[&service, action.event_name.as_str(), &moment_of(event)]);
    Reading::of(
        diagnosis,
        target,
        vec![Observation::Failed(Box::new(Failure::symptom(fingerprint, at, found)))],
    )
}

/// The event's own time as a part of an identity: a time that stands in for it would differ from delivery to delivery.
fn moment_of(event: &Event) -> String {
    event.occurred_at().map(|at| at.to_string()).unwrap_or_default()
}

fn read_deployment(change: &DeploymentStateChange, diagnosis: Option<Diagnosis>, at: Timestamp) -> Reading {
    let target = change.service.as_ref().and_then(Target::of_service);
    let status = match &change.event_name {
        DeploymentEventName::InProgress => DeploymentStatus::InProgress,
        DeploymentEventName::Completed => DeploymentStatus::Completed,
        DeploymentEventName::Failed => DeploymentStatus::Failed,
        DeploymentEventName::Other(_) => return Reading::nothing(diagnosis, target, Reason::UnknownKind),
    };
    let step = Step { at, status, reason: change.reason.as_deref().map(redact) };
    let id = change.deployment_id.clone();
    let observation = Observation::Deployment { id, step, is_rollback: change.is_rollback() };
    Reading::of(diagnosis, target, vec![observation])
}

fn read_hook(change: &HookStateChange, diagnosis: Option<Diagnosis>, at: Timestamp) -> Reading {
    let target = change.service.as_ref().and_then(Target::of_service);
    let Some(found) = diagnosis.clone() else {
        return Reading::nothing(diagnosis, target, Reason::UnknownKind);
    };
    // Without its name it could not be answered.
    let (Some(id), Some(deployment)) = (&change.hook_id, &change.service_deployment_arn) else {
        return Reading::nothing(diagnosis, target, Reason::WaitsForAnswer);
    };
    let hook = Hook {
        stage: change.lifecycle_stage.clone(),
        expires_at: change.expires_at,
        timeout_action: change.timeout_action.as_deref().and_then(HookAnswer::parse),
        ..Hook::new(id.clone(), ServiceDeploymentArn::new(deployment), at)
    };
    let observation = Observation::Waits { hook: Box::new(hook), diagnosis: Box::new(found) };
    Reading::of(diagnosis, target, vec![observation])
}

fn read_container_instance(
    event: &Event,
    change: &ContainerInstanceStateChange,
    diagnosis: Option<Diagnosis>,
    at: Timestamp,
) -> Reading {
    let target = Target::of_container_instance(&change.cluster_arn, &change.container_instance_arn);
    if let Some(found) = diagnosis.clone() {
        let parts = [change.container_instance_arn.as_str(), "registration", &moment_of(event)];
        let failed = Observation::Failed(Box::new(Failure::symptom(Fingerprint::of(&parts), at, found)));
        return Reading::of(diagnosis, target, vec![failed]);
    }
    if change.status.as_ref().is_some_and(ContainerInstanceStatus::has_left) {
        return Reading::of(diagnosis, target, vec![Observation::Gone { version: change.version.0, at }]);
    }
    // An instance that drains may lose its agent on purpose; that it talks is good news all the same. To an instance that
    // Steward drained both matter.
    let serves = change.status == Some(ContainerInstanceStatus::Active);
    match change.agent_connected {
        Some(false) if change.status == Some(ContainerInstanceStatus::Draining) => {
            let observation = Observation::AwayWhileDraining { version: change.version.0, at };
            Reading {
                because: Some(Reason::NothingFailed),
                ..Reading::of(diagnosis, target, vec![observation])
            }
        }
        Some(connected) if serves || connected => {
            let observation = Observation::Agent { version: change.version.0, connected, at };
            let because = (!connected).then_some(Reason::MayReconnect);
            Reading { because, ..Reading::of(diagnosis, target, vec![observation]) }
        }
        _ => Reading::nothing(diagnosis, target, Reason::NothingFailed),
    }
}

fn read_host_health(
    event: &Event,
    change: &ContainerInstanceHealthChange,
    diagnosis: Option<Diagnosis>,
    at: Timestamp,
) -> Reading {
    let target = Target::of_container_instance(&change.cluster_arn, &change.container_instance_arn);
    if let Some(found) = diagnosis.clone() {
        let parts = [change.container_instance_arn.as_str(), "health", &moment_of(event)];
        let failed = Observation::Failed(Box::new(Failure::symptom(Fingerprint::of(&parts), at, found)));
        return Reading::of(diagnosis, target, vec![failed]);
    }
    if change.overall_status == Some(HealthStatus::Ok) {
        return Reading::of(diagnosis, target, vec![Observation::Healthy { at }]);
    }
    Reading::nothing(diagnosis, target, Reason::NothingFailed)
}

fn cluster_arn(partition: &str, region: &str, account: &str, name: &str) -> ClusterArn {
    ClusterArn::new(format!("arn:{partition}:ecs:{region}:{account}:cluster/{name}"))
}

#[cfg(test)]
mod tests;
