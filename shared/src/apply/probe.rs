//! What became of a call whose answer was lost, and whether what was done has helped.
//!
//! Both are pure, and go by what is read anew: by what a call would have left behind, never by what was sent.

use jiff::{SignedDuration, Timestamp};

use crate::action::{Action, Call, Doubt, Plan, Remedy, State, Verdict};
use crate::arn::DeploymentId;
use crate::config::Rules;
use crate::diagnosis::Cause;
use crate::ecs::{
    ContainerInstance, HookAnswer, HostStatus, LifecycleHook, Rollout, Service, ServiceDeployment,
    StrategyItem,
};
use crate::event::TaskStatus;
use crate::incident::{Deployment, Incident, Target};
use crate::observed::Observed;
use crate::redact::quoted;
use crate::remediation::{Facts, Query};

/// What helped is not followed by a failure for so long.
const CALM: SignedDuration = SignedDuration::from_mins(3);
/// Clocks of ECS and of a function may differ by so much.
const CLOCKS: SignedDuration = SignedDuration::from_secs(5);
/// What takes days to be known is looked at so often; and no seldomer, for it may have failed.
const SELDOM: SignedDuration = SignedDuration::from_hours(1);

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// The call took effect.
    Done {
        /// What it made, where that shows.
        made: Option<String>,
    },
    /// It did not.
    NotDone,
    /// It cannot be told, and never will be: somebody else has changed the same.
    Unclear(Doubt),
    /// It cannot be read at the moment.
    Unread(Doubt),
}

/// What must be read to probe an action, or to judge it.
pub fn queries(plan: &Plan) -> Vec<Query> {
    let mut queries = Vec::new();
    if matches!(plan.target, Target::Service { .. }) {
        queries.push(Query::Service);
    }
    match &plan.call {
        Call::StopServiceDeployment { service_deployment, .. }
        | Call::ContinueServiceDeployment { service_deployment, .. } => {
            queries.push(Query::ServiceDeployment(service_deployment.clone()));
        }
        Call::UpdateService { .. } => {}
        Call::StopTask { task, .. } => queries.push(Query::Task(task.clone())),
        Call::RunTask { started_by, .. } => queries.push(Query::StandIns(started_by.clone())),
        Call::RegisterTaskDefinition { like, .. } => {
            queries.push(Query::Registered { after: like.clone(), action: plan.id.clone() });
        }
        // Whether a drain has helped shows in the tasks.
        Call::UpdateContainerInstancesState { .. } => queries.extend([Query::Host, Query::HostTasks]),
    }
    queries
}

/// What must be read to judge an action.
pub fn judged_by(action: &Action) -> Vec<Query> {
    let raised = raised_deployment(action).map(Query::Deployment);
    queries(&action.plan).into_iter().chain(raised).collect()
}

/// When an action is to be looked at again that cannot be judged yet; `None`: at once, as often as there is time.
pub fn next_look(action: &Action, rules: &Rules, now: Timestamp) -> Option<Timestamp> {
    let State::Confirmed { at, .. } = &action.state else { return None };
    let settles = at.saturating_add(rules.verify).unwrap_or(Timestamp::MAX);
    let ends = at.saturating_add(rules.memory.verify).unwrap_or(Timestamp::MAX);
    let is_slow = action.plan.remedy == Remedy::RaiseMemory && now >= settles;
    is_slow.then(|| now.saturating_add(SELDOM).unwrap_or(Timestamp::MAX).min(ends.max(now)))
}

/// The deployment by which memory was raised, where ECS said which.
fn raised_deployment(action: &Action) -> Option<DeploymentId> {
    match &action.state {
        State::Confirmed { made: Some(made), .. } if action.plan.remedy == Remedy::RaiseMemory => {
            DeploymentId::parse(made)
        }
        _ => None,
    }
}

/// Probes an action that was issued then, and whose outcome is not known.
pub fn probe(plan: &Plan, issued_at: Timestamp, facts: &Facts) -> Probe {
    match &plan.call {
        Call::StopServiceDeployment { service_deployment, .. } => {
            match facts.service_deployments.get(service_deployment) {
                Some(Observed::Known(found)) if found.goes_back() => Probe::Done { made: None },
                Some(Observed::Known(found))
                    if found.status == "STOP_REQUESTED" || found.status == "STOPPED" =>
                {
                    Probe::Unclear(Doubt::DeploymentStopped)
                }
                Some(Observed::Known(_)) => Probe::NotDone,
                other => unread(other, Doubt::DeploymentForgotten),
            }
        }
        Call::UpdateService { task_definition, desired_count, capacity_providers, .. } => {
            match &facts.service {
                Some(Observed::Known(service)) => match (capacity_providers, desired_count) {
                    (Some(set), _) => strategy(plan, issued_at, set, service),
                    (None, Some(set)) => has(
                        &service.desired,
                        set,
                        plan.precondition.desired_count.as_ref(),
                        Doubt::CountChanged,
                    ),
                    (None, None) => updated(plan, issued_at, task_definition.is_some(), service),
                },
                other => unread(other.as_ref(), Doubt::ServiceGone),
            }
        }
        Call::StopTask { task, .. } => match facts.tasks.get(task) {
            Some(Observed::Known(found)) if found.desired_status == Some(TaskStatus::Running) => {
                Probe::NotDone
            }
            Some(Observed::Known(_)) => Probe::Done { made: None },
            other => unread(other, Doubt::TaskForgotten),
        },
        Call::RunTask { started_by, .. } => match facts.stand_ins.get(started_by) {
            Some(Observed::Known(tasks)) => match tasks.first() {
                Some(task) => Probe::Done { made: Some(task.arn.to_string()) },
                None => Probe::NotDone,
            },
            Some(Observed::Absent) => Probe::NotDone,
            other => unread(other, Doubt::NoTaskFound),
        },
        // Its own tag says so, or it is not there.
        Call::RegisterTaskDefinition { .. } => match facts.registered.get(&plan.id) {
            Some(Observed::Known(found)) => Probe::Done { made: Some(found.arn.to_string()) },
            Some(Observed::Absent) => Probe::NotDone,
            other => unread(other, Doubt::NotAsked),
        },
        Call::UpdateContainerInstancesState { status, .. } => match &facts.host {
            Some(Observed::Known(host)) => set(host, *status),
            other => unread(other.as_ref(), Doubt::HostGone),
        },
        Call::ContinueServiceDeployment { service_deployment, hook, answer } => {
            match facts.service_deployments.get(service_deployment) {
                Some(Observed::Known(found)) => answered(found, hook, *answer),
                other => unread(other, Doubt::DeploymentForgotten),
            }
        }
    }
}

/// A hook is answered once: where it ended in another way, the call came too late and did nothing.
fn answered(found: &ServiceDeployment, hook: &str, answer: HookAnswer) -> Probe {
    let is_done = match (found.hook(hook).map(|hook| hook.status.as_str()), answer) {
        // Something newer was deployed: whether it was on its way back, nothing shows.
        (Some("FAILED"), HookAnswer::Rollback) if found.status == "STOPPED" => {
            return Probe::Unclear(Doubt::DeploymentStopped);
        }
        (Some("SUCCEEDED"), HookAnswer::Continue) | (Some("FAILED"), HookAnswer::Rollback) => true,
        (Some(_), _) => false,
        // ECS lists hooks that are active.
        (None, HookAnswer::Rollback) => found.goes_back(),
        (None, HookAnswer::Continue) => match found.status.as_str() {
            "IN_PROGRESS" | "SUCCESSFUL" => true,
            _ if found.goes_back() => false,
            _ => return Probe::Unclear(Doubt::DeploymentStopped),
        },
    };
    if is_done { Probe::Done { made: None } } else { Probe::NotDone }
}

fn unread<T>(observed: Option<&Observed<T>>, absent: Doubt) -> Probe {
    match observed {
        Some(Observed::Unknown(why)) => Probe::Unread(Doubt::Unread(quoted(why))),
        Some(Observed::Absent) => Probe::Unclear(absent),
        _ => Probe::Unread(Doubt::NotAsked),
    }
}

/// The status is absolute: where it is still the other one, making the call again does what it was to do.
fn set(host: &ContainerInstance, wanted: HostStatus) -> Probe {
    let is = |status| match status {
        HostStatus::Active => host.is_active(),
        HostStatus::Draining => host.is_draining(),
    };
    match wanted {
        _ if is(wanted) => Probe::Done { made: None },
        _ if host.is_active() || host.is_draining() => Probe::NotDone,
        _ => Probe::Unclear(Doubt::HostGone),
    }
}

/// A strategy comes with a deployment: the one before, on another deployment, may have been set again.
fn strategy(plan: &Plan, issued_at: Timestamp, set: &Vec<StrategyItem>, service: &Service) -> Probe {
    let before = plan.precondition.capacity_providers.as_ref();
    let is_as_before = || matches!(standing(plan, issued_at, service), Standing::AsBefore);
    match has(&service.capacity_providers, set, before, Doubt::StrategyChanged) {
        Probe::NotDone if !is_as_before() => Probe::Unclear(Doubt::StrategyChanged),
        found => found,
    }
}

/// What the PRIMARY deployment says of a call that makes one.
enum Standing {
    /// It is the one before, and has not changed since the call.
    AsBefore,
    /// It is the one before, perhaps again: where ECS rolls back, that has its old id.
    PerhapsAgain,
    /// It is another one.
    Another,
}

fn standing(plan: &Plan, issued_at: Timestamp, service: &Service) -> Standing {
    let before = plan.precondition.primary.as_ref();
    let Some(primary) = service.primary().filter(|primary| Some(&primary.id) == before) else {
        return Standing::Another;
    };
    let goes_back =
        [service.breaker, service.alarms].iter().any(|watch| watch.is_enabled && watch.rolls_back);
    let since = issued_at.saturating_sub(CLOCKS).unwrap_or(issued_at);
    let has_changed = primary.updated_at.is_none_or(|updated_at| updated_at >= since);
    if goes_back && has_changed { Standing::PerhapsAgain } else { Standing::AsBefore }
}

/// What a service has, against what was set and what it had before: both are absolute, so either tells.
fn has<T: PartialEq>(found: &T, set: &T, before: Option<&T>, otherwise: Doubt) -> Probe {
    if found == set {
        Probe::Done { made: None }
    } else if Some(found) == before {
        Probe::NotDone
    } else {
        Probe::Unclear(otherwise)
    }
}

fn updated(plan: &Plan, issued_at: Timestamp, is_definition: bool, service: &Service) -> Probe {
    let Some(primary) = service.primary() else {
        return Probe::Unread(Doubt::NoPrimary);
    };
    let made = Some(primary.id.to_string());
    match standing(plan, issued_at, service) {
        Standing::AsBefore => return Probe::NotDone,
        Standing::PerhapsAgain => return Probe::Unclear(Doubt::DeployedMeanwhile),
        Standing::Another => {}
    }
    let wanted = match &plan.call {
        Call::UpdateService { task_definition: Some(wanted), .. } => Some(wanted),
        _ => plan.precondition.task_definition.as_ref(),
    };
    if is_definition && wanted != primary.task_definition.as_ref() {
        return Probe::Unclear(Doubt::DeployedMeanwhile);
    }
    Probe::Done { made }
}

/// Judges a confirmed action. `None`: it has time left to help.
pub fn verdict(
    action: &Action,
    facts: &Facts,
    incident: Option<&Incident>,
    rules: &Rules,
    now: Timestamp,
) -> Option<Verdict> {
    let State::Confirmed { at: confirmed_at, made, .. } = &action.state else { return None };
    if action.plan.remedy == Remedy::RaiseMemory {
        return remembered(action, facts, *confirmed_at, rules, now);
    }
    let is_calm = incident.is_none_or(|incident| {
        let last = incident.failures.last_at();
        !incident.is_open()
            || last.is_none_or(|last| last < *confirmed_at || now.duration_since(last) >= CALM)
    });
    let service = facts.service.as_ref().and_then(Observed::known);
    let is_well = match &action.plan.call {
        Call::StopServiceDeployment { service_deployment, .. } => {
            let status = facts.service_deployments.get(service_deployment).and_then(Observed::known);
            match status.map(|found| found.status.as_str()) {
                Some("ROLLBACK_FAILED") => return Some(Verdict::DidNotHelp { at: now }),
                Some("ROLLBACK_SUCCESSFUL") => is_calm,
                _ => false,
            }
        }
        // A ceiling heals nothing: it holds, or somebody has raised it.
        Call::UpdateService { desired_count: Some(set), .. } => {
            service.is_some_and(|service| service.desired == *set)
        }
        Call::UpdateService { .. } | Call::StopTask { .. } => is_calm && service.is_some_and(is_settled),
        Call::UpdateContainerInstancesState { status: HostStatus::Draining, .. } => is_empty(facts),
        Call::UpdateContainerInstancesState { status: HostStatus::Active, .. } => {
            let host = facts.host.as_ref().and_then(Observed::known);
            host.is_some_and(|host| host.is_active() && host.agent_connected == Some(true))
        }
        Call::RunTask { started_by, .. } => {
            let tasks = facts.stand_ins.get(started_by).and_then(Observed::known);
            tasks.into_iter().flatten().any(|task| {
                made.as_ref().is_none_or(|made| made == task.arn.as_str()) && task.started_at.is_some()
            })
        }
        // What was only registered has helped nobody.
        Call::RegisterTaskDefinition { .. } => false,
        // What was asked for is that ECS has heard the answer; how the deployment fares, its own events tell.
        Call::ContinueServiceDeployment { service_deployment, hook, .. } => {
            let found = facts.service_deployments.get(service_deployment).and_then(Observed::known);
            found.is_some_and(|found| !found.hook(hook).is_some_and(LifecycleHook::awaits))
        }
    };
    if is_well {
        return Some(Verdict::Helped { at: now });
    }
    let until = confirmed_at.saturating_add(rules.verify).unwrap_or(Timestamp::MAX);
    (now >= until).then_some(Verdict::DidNotHelp { at: now })
}

/// Whether more memory was enough: only days without another task that ran out of it say so, and one such task says no.
fn remembered(
    action: &Action,
    facts: &Facts,
    confirmed_at: Timestamp,
    rules: &Rules,
    now: Timestamp,
) -> Option<Verdict> {
    let service = facts.service.as_ref().and_then(Observed::known);
    let primary = service.and_then(Service::primary);
    // Where ECS did not say which deployment it made, it is the one that has the revision.
    let deployed = primary.filter(|primary| primary.task_definition == action.registered);
    let id = raised_deployment(action).or_else(|| deployed.map(|deployed| deployed.id.clone()));
    let raised = match id.as_ref().and_then(|id| facts.deployments.get(id)) {
        Some(Observed::Unknown(_)) => return None,
        known => known.and_then(Observed::known),
    };
    let ran_out = |raised: &Deployment| {
        raised.failures.causes().into_iter().any(|(cause, _)| cause == Cause::OutOfMemory)
    };
    if raised.is_some_and(ran_out) {
        return Some(Verdict::DidNotHelp { at: now });
    }
    let settles = confirmed_at.saturating_add(rules.verify).unwrap_or(Timestamp::MAX);
    // Replaced by somebody, it had its time.
    let is_replaced = primary.is_some_and(|primary| id.as_ref() != Some(&primary.id));
    let has_settled = raised.is_some_and(|raised| raised.first_completed_at.is_some())
        || service.is_some_and(is_settled)
        || is_replaced;
    if service.is_some() && !has_settled && now >= settles {
        return Some(Verdict::DidNotHelp { at: now });
    }
    let until = confirmed_at.saturating_add(rules.memory.verify).unwrap_or(Timestamp::MAX);
    (now >= until).then_some(Verdict::Helped { at: now })
}

/// Whether no service keeps a task on the host, or the host is gone. Standalone tasks stay as long as they run.
fn is_empty(facts: &Facts) -> bool {
    let is_gone = facts.host == Some(Observed::Absent);
    let tasks = facts.host_tasks.as_ref().and_then(Observed::known);
    is_gone || tasks.is_some_and(|tasks| !tasks.iter().any(|task| task.is_wanted && task.service.is_some()))
}

fn is_settled(service: &Service) -> bool {
    let rollout = service.primary().and_then(|primary| primary.rollout);
    service.is_steady() && matches!(rollout, Some(Rollout::Completed) | None)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::action::{ActionId, Because, Precondition, Remedy};
    use crate::arn::{ClusterArn, DeploymentId, ServiceName};
    use crate::ecs::{
        Controller, DesiredCount, PendingCount, RunningCount, ServiceDeploymentSummary, StrategyItem, Watch,
    };
    use crate::remediation::Home;

    fn on(provider: &str) -> Vec<StrategyItem> {
        vec![StrategyItem { provider: provider.to_owned(), weight: 1, base: 0 }]
    }

    fn cluster() -> ClusterArn {
        ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
    }

    fn service(provider: &str, desired: u32) -> Facts {
        let primary = ServiceDeploymentSummary {
            id: DeploymentId::new("ecs-svc/2"),
            is_primary: true,
            task_definition: None,
            rollout: None,
            failed_tasks: None,
            created_at: None,
            updated_at: None,
        };
        let service = Service {
            cluster: cluster(),
            name: ServiceName::new("api"),
            status: "ACTIVE".to_owned(),
            controller: Controller::Ecs,
            is_rolling: true,
            task_definition: None,
            desired: DesiredCount(desired),
            running: RunningCount(1),
            pending: PendingCount(0),
            breaker: Watch::default(),
            alarms: Watch::default(),
            deployments: vec![primary],
            current_service_deployment: None,
            tags: BTreeMap::new(),
            capacity_providers: on(provider),
        };
        Facts { service: Some(Observed::Known(service)), ..Facts::default() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn plan(remedy: Remedy, desired_count: Option<u32>, provider: Option<&str>) -> Plan {
        let target = Target::Service { cluster: cluster(), name: ServiceName::new("api") };
        let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
        Plan {
            id: ActionId::of(&home, &target, remedy, "1"),
            remedy,
            target,
            incident: Timestamp::UNIX_EPOCH,
            revision: None,
            call: Call::UpdateService {
                cluster: cluster(),
                service: ServiceName::new("api"),
                task_definition: None,
                force_new_deployment: provider.is_some(),
                desired_count: desired_count.map(DesiredCount),
                capacity_providers: provider.map(on),
            },
            precondition: Precondition {
                // Another deployment than the one that is PRIMARY now.
                primary: Some(DeploymentId::new("ecs-svc/1")),
                capacity_providers: Some(on("FARGATE_SPOT")),
                desired_count: Some(DesiredCount(6)),
                ..Precondition::default()
            },
            because: Because::SpotAgain { since: Timestamp::UNIX_EPOCH, failed: 0 },
        }
    }

    #[test]
    fn a_strategy_or_a_count_tells_whether_it_was_set() {
        let strategy = plan(Remedy::FallBackToOnDemand, None, Some("FARGATE"));
        let mut untouched = strategy.clone();
        untouched.precondition.primary = Some(DeploymentId::new("ecs-svc/2"));
        let count = plan(Remedy::LimitDesiredCount, Some(2), None);
        let done = || Probe::Done { made: None };
        for (plan, provider, desired, expected) in [
            (&strategy, "FARGATE", 6, done()),
            (&untouched, "FARGATE_SPOT", 6, Probe::NotDone),
            // Set, and taken back by a rollback; or never set, and somebody deployed.
            (&strategy, "FARGATE_SPOT", 6, Probe::Unclear(Doubt::StrategyChanged)),
            (&strategy, "own", 6, Probe::Unclear(Doubt::StrategyChanged)),
            (&count, "FARGATE", 2, done()),
            (&count, "FARGATE", 6, Probe::NotDone),
            (&count, "FARGATE", 3, Probe::Unclear(Doubt::CountChanged)),
        ] {
            assert_eq!(probe(plan, at(100), &service(provider, desired)), expected, "{provider}, {desired}");
        }
        let gone = Facts { service: Some(Observed::Absent), ..Facts::default() };
        assert_eq!(probe(&strategy, at(100), &gone), Probe::Unclear(Doubt::ServiceGone));
    }

    #[test]
    fn an_old_deployment_that_is_primary_again_proves_nothing_where_ecs_rolls_back() {
        let mut untouched = plan(Remedy::FallBackToOnDemand, None, Some("FARGATE"));
        untouched.precondition.primary = Some(DeploymentId::new("ecs-svc/2"));
        let again = plan(Remedy::ForceNewDeployment, None, None);
        let again = Plan { precondition: untouched.precondition.clone(), ..again };
        let seen = |plan: &Plan, rolls_back, updated_at| {
            let mut facts = service("FARGATE_SPOT", 6);
            let Some(Observed::Known(service)) = &mut facts.service else { panic!() };
            service.breaker = Watch { is_enabled: rolls_back, rolls_back };
            service.deployments[0].updated_at = Some(updated_at);
            probe(plan, at(100), &facts)
        };
        for (plan, doubt) in [(&untouched, Doubt::StrategyChanged), (&again, Doubt::DeployedMeanwhile)] {
            assert_eq!(seen(plan, true, at(90)), Probe::NotDone, "it has rested since before");
            assert_eq!(seen(plan, false, at(120)), Probe::NotDone, "nobody rolls back");
            assert_eq!(seen(plan, true, at(120)), Probe::Unclear(doubt));
        }
    }
}
