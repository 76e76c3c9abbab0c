//! What the service scheduler does next with a service: pure, from the state alone.
//!
//! * Tasks of the primary deployment are started up to the desired count, all tasks together up to maximum percent.
//! * Older tasks are stopped as newer ones become healthy, or to make room, never below minimum healthy percent;
//!   tasks that are not healthy do not count, and go first. Protected tasks stay.
//! * Tasks that fail while a deployment is in progress are replaced by tasks of their own revision.
//! * A deployment that failed starts nothing more.

use jiff::Timestamp;

use super::api::DeploymentRolloutState;
use super::hooks;
use super::service::{Deployment, Service};
use super::state::{State, TaskId};
use super::task::{Status, Task};

/// What to do now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moves {
    /// Deployments and how many tasks of each to start.
    pub(super) start: Vec<(String, u32)>,
    pub(super) stop: Vec<TaskId>,
}

/// How a service stands.
#[derive(Debug, Default)]
pub(super) struct Standing<'s> {
    /// Tasks of the primary deployment that are to stay.
    pub(super) staying: Vec<&'s Task>,
    /// Tasks of older deployments, and those that leave their hosts.
    pub(super) outgoing: Vec<&'s Task>,
    /// Tasks on their way out.
    pub(super) stopping: usize,
    /// Healthy tasks of any deployment.
    pub(super) healthy: usize,
}

impl<'s> Standing<'s> {
    pub(super) fn of(state: &'s State, service: &Service) -> Self {
        let primary = service.primary().map(|deployment| deployment.id.as_str());
        let mut standing = Self::default();
        for task in state.tasks_of(service.id).filter(|task| !task.is_stopped()) {
            if task.desired_stopped {
                standing.stopping += 1;
                continue;
            }
            standing.healthy += usize::from(task.is_healthy());
            if task.leaving.is_none() && task.started_by.as_deref() == primary {
                standing.staying.push(task);
            } else {
                standing.outgoing.push(task);
            }
        }
        standing
    }

    fn live(&self) -> usize {
        self.staying.len() + self.outgoing.len()
    }

    /// Whether the desired count runs, healthy, and nothing else does.
    pub(super) fn is_settled(&self, desired: u32) -> bool {
        self.outgoing.is_empty() && self.stopping == 0 && self.is_served(desired)
    }

    /// Whether the primary deployment has all its tasks, healthy.
    pub(super) fn is_served(&self, desired: u32) -> bool {
        let healthy = self.staying.iter().filter(|task| task.is_healthy()).count();
        self.staying.len() == desired as usize && healthy == self.staying.len()
    }
}

/// The next moves.
pub(super) fn moves(state: &State, service: &Service, now: Timestamp) -> Moves {
    let standing = Standing::of(state, service);
    Moves { start: starts(service, &standing, now), stop: stops(service, &standing, now) }
}

fn starts(service: &Service, standing: &Standing<'_>, now: Timestamp) -> Vec<(String, u32)> {
    let mut room = most_live(service, standing).saturating_sub(standing.live());
    let mut starts = Vec::new();
    // Older deployments first: what they have lost was serving.
    for deployment in service.deployments.iter().rev() {
        if deployment.holds_until.is_some_and(|until| until > now) {
            continue;
        }
        let count = missing(service, standing, deployment).min(room);
        room -= count;
        if count > 0 {
            starts.push((deployment.id.clone(), u32::try_from(count).unwrap_or(u32::MAX)));
        }
    }
    starts
}

fn missing(service: &Service, standing: &Standing<'_>, deployment: &Deployment) -> usize {
    if deployment.rollout == DeploymentRolloutState::Failed {
        return 0;
    }
    // Before it has scaled up, the new revision has no tasks.
    let not_yet = matches!(service.waits_at(), Some(stage) if hooks::is_before_scale_up(stage));
    if deployment.is_primary && not_yet {
        return 0;
    }
    if deployment.is_primary {
        return (service.desired as usize).saturating_sub(standing.staying.len());
    }
    let own = |task: &&&Task| task.leaving.is_none() && task.started_by.as_deref() == Some(&deployment.id);
    (deployment.desired as usize).saturating_sub(standing.outgoing.iter().filter(own).count())
}

fn stops(service: &Service, standing: &Standing<'_>, now: Timestamp) -> Vec<TaskId> {
    let desired = service.desired as usize;
    let mut stops = scaled_in(standing, desired, now);
    let healthy_left = |stops: &[TaskId]| {
        let gone =
            standing.staying.iter().filter(|task| task.is_healthy() && stops.contains(&task.id)).count();
        standing.healthy - gone
    };
    let healthy = healthy_left(&stops);
    let lacking = desired.saturating_sub(standing.staying.len());
    let room = (service.most_running() as usize).saturating_sub(standing.live());
    let wanted = healthy.saturating_sub(desired).max(lacking.saturating_sub(room));
    let mut allowed = wanted.min(healthy.saturating_sub(service.least_healthy() as usize));
    let keeps = keeps_both(service, standing);
    for task in standing.outgoing.iter().filter(|task| !task.is_protected(now)) {
        if keeps && task.leaving.is_none() {
            continue;
        }
        if task.is_healthy() {
            if allowed == 0 {
                continue;
            }
            allowed -= 1;
            stops.push(task.id);
        } else if is_of_no_use(service, standing, task) {
            stops.push(task.id);
        }
    }
    stops
}

/// Both revisions of a blue/green deployment run in full beside each other.
fn most_live(service: &Service, standing: &Standing<'_>) -> usize {
    if service.is_blue_green() {
        return service.desired as usize + standing.outgoing.len().max(service.desired as usize);
    }
    service.most_running() as usize
}

/// Whether the older revision serves on: until the newer has all its tasks and nobody is waited for; and until a way back has its
/// own again.
fn keeps_both(service: &Service, standing: &Standing<'_>) -> bool {
    let waits = service.waits_at().is_some();
    waits || (service.is_blue_green() && !standing.is_served(service.desired))
}

/// Tasks above the desired count: those that do not serve first, then the newest.
fn scaled_in(standing: &Standing<'_>, desired: usize, now: Timestamp) -> Vec<TaskId> {
    let surplus = standing.staying.len().saturating_sub(desired);
    if surplus == 0 {
        return Vec::new();
    }
    let mut candidates: Vec<&Task> =
        standing.staying.iter().copied().filter(|task| !task.is_protected(now)).collect();
    candidates.sort_by_key(|task| (task.is_healthy(), std::cmp::Reverse(task.id)));
    candidates.into_iter().take(surplus).map(|task| task.id).collect()
}

/// An outgoing task that is not healthy: one that leaves its host, one beyond what its deployment keeps up, or one that
/// ran and failed its checks.
fn is_of_no_use(service: &Service, standing: &Standing<'_>, task: &Task) -> bool {
    if task.leaving.is_some() {
        return task.last < Status::Running || service.least_healthy() == 0;
    }
    let keeps = task
        .started_by
        .as_deref()
        .and_then(|id| service.deployment(id))
        .map_or(0, |deployment| deployment.desired as usize);
    let own = standing.outgoing.iter().filter(|other| other.started_by == task.started_by).count();
    own > keeps
}
