//! The rules, one function each.

use jiff::{SignedDuration, Timestamp};

use super::{Case, Gone, Needed, Refusal, hosts};
use crate::action::{ActionId, Call, Remedy};
use crate::arn::{Arn, TaskArn, TaskDefinitionArn};
use crate::config::{Allowance, Guards, Mode};
use crate::diagnosis::Cause;
use crate::ecs::{ContainerSize, Controller, LifecycleHook, Rollout, Service, Sizes, Task};
use crate::event::TaskStatus;
use crate::incident::{Incident, Outcome, Target, TargetRecord, Tried};
use crate::ledger::{Budget, Scope};
use crate::observed::Observed;
use crate::redact::quoted;

/// A failure is of late for so long.
const RECENTLY: SignedDuration = SignedDuration::from_mins(5);

/// What helps for so long has helped.
const LASTS: SignedDuration = SignedDuration::from_hours(24);
/// What had to be repeated so often before that does not help this revision.
const IN_A_ROW: usize = 3;

/// An action that is taken up again within so long goes on with its claim.
const SAME_CLAIM: SignedDuration = SignedDuration::from_mins(15);

type Ruling = Result<(), Refusal>;

/// Steward changes nothing in another account or region, and nothing at all where it does not know its own.
pub(super) fn home(case: &Case<'_>) -> Ruling {
    let arn = Arn::parse(case.plan.target.cluster().as_str());
    let is_here = case
        .home
        .zip(arn)
        .is_some_and(|(home, arn)| home.account == arn.account && home.region == arn.region);
    if is_here { Ok(()) } else { Err(Refusal::FromElsewhere) }
}

pub(super) fn enrolled(case: &Case<'_>) -> Ruling {
    if !case.enrolled.is_enrolled {
        return Err(Refusal::NotEnrolled);
    }
    let remedy = case.plan.remedy;
    if case.enrolled.rules.remedies.contains(&remedy) { Ok(()) } else { Err(Refusal::RemedyOff(remedy)) }
}

/// A switch that cannot be read is one that pauses.
pub(super) fn switch(case: &Case<'_>) -> Ruling {
    let switches = known(case.facts.switches.as_ref(), Needed::Switch)?;
    for switch in switches.into_iter().flatten() {
        let concerns = match &switch.scope {
            Scope::Global => true,
            Scope::Cluster(cluster) => cluster == case.plan.target.cluster(),
            Scope::Target(target) => *target == case.plan.target,
        };
        if let Some(paused) = switch.paused.as_ref().filter(|_| concerns) {
            let why = paused.why.as_deref().map(quoted);
            return Err(Refusal::Paused { scope: switch.scope.clone(), by: quoted(&paused.by), why });
        }
    }
    Ok(())
}

/// What a person approved is no longer a matter of the mode, but where that was set back to observe.
pub(super) fn mode(case: &Case<'_>) -> Ruling {
    if case.enrolled.mode == Mode::Observe { Err(Refusal::ModeObserves) } else { Ok(()) }
}

/// What Spot takes back goes, frozen or not: draining decides how its tasks go, not whether.
pub(super) fn freeze(case: &Case<'_>) -> Ruling {
    if case.plan.is_of_spot() {
        return Ok(());
    }
    match case.guards.frozen(case.now) {
        None => Ok(()),
        Some(window) => {
            let why = window.why.as_deref().map(quoted);
            Err(Refusal::Frozen { until: window.ends_after(case.now), why })
        }
    }
}

/// While a deployment is watched by the breaker or by alarms, ECS decides about it; once it goes back, nobody interferes.
pub(super) fn breaker(case: &Case<'_>) -> Ruling {
    let Some(service) = service(case)? else { return Ok(()) };
    let watches = [service.breaker, service.alarms];
    let is_watched = watches.iter().any(|watch| watch.is_enabled);
    let goes_back = watches.iter().any(|watch| watch.is_enabled && watch.rolls_back);
    // A deployment that waits at a hook is one about which ECS itself asks, whatever watches it.
    let asks = case.plan.remedy == Remedy::AnswerHook;
    let acts = !asks
        && match service.primary().and_then(|primary| primary.rollout) {
            Some(Rollout::InProgress) => is_watched,
            Some(Rollout::Failed) => goes_back,
            Some(Rollout::Completed) | None => false,
        };
    let is_underway = case.facts.service_deployments.values().filter_map(Observed::known).any(|deployment| {
        matches!(deployment.status.as_str(), "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS")
    });
    if acts || is_underway { Err(Refusal::EcsRollsBack) } else { Ok(()) }
}

pub(super) fn controller(case: &Case<'_>) -> Ruling {
    let Some(service) = service(case)? else { return Ok(()) };
    match &service.controller {
        Controller::Ecs if service.is_rolling => Ok(()),
        // Answering a hook changes no deployment that does not roll: ECS asks, and carries out what it is told.
        Controller::Ecs if case.plan.remedy == Remedy::AnswerHook => Ok(()),
        Controller::Ecs => Err(Refusal::NotRolling),
        other => Err(Refusal::ForeignController(quoted(other.as_str()))),
    }
}

/// A deployment that is not the one that was looked at is somebody's decision.
pub(super) fn person(case: &Case<'_>) -> Ruling {
    let Some(expected) = &case.plan.precondition.primary else { return Ok(()) };
    let Some(service) = service(case)? else { return Ok(()) };
    let is_same = service.primary().is_some_and(|primary| primary.id == *expected);
    if is_same { Ok(()) } else { Err(Refusal::DeployedMeanwhile) }
}

/// A stack that deploys a service with a hook is in progress because it waits for the answer.
pub(super) fn stack(case: &Case<'_>) -> Ruling {
    if case.plan.remedy == Remedy::AnswerHook {
        return Ok(());
    }
    let Some(service) = service(case)? else { return Ok(()) };
    let Some(stack) = service.stack() else { return Ok(()) };
    match known(case.facts.stacks.get(stack), Needed::Stack)? {
        Some(status) if status.ends_with("_IN_PROGRESS") => {
            let stack = Arn::parse(stack).and_then(|arn| arn.resource_of_kind("stack")).unwrap_or(stack);
            let name = stack.split('/').next().unwrap_or(stack);
            Err(Refusal::StackInProgress { stack: quoted(name), status: quoted(status) })
        }
        _ => Ok(()),
    }
}

/// A flap is over before the incident is so old, and an outage shows. In two minutes a Spot host is gone; and a hook does not flap:
/// a person decides.
pub(super) fn stability(case: &Case<'_>) -> Ruling {
    if case.plan.is_of_spot() || case.plan.remedy == Remedy::AnswerHook {
        return Ok(());
    }
    let since = hosts::stable_since(case, began(case));
    let until = since.saturating_add(case.enrolled.rules.stability).unwrap_or(Timestamp::MAX);
    if until <= case.now { Ok(()) } else { Err(Refusal::NotStable { until }) }
}

/// Each lost task and each hook is a need of its own: one that is run again or answered does not make the next one wait. And a
/// Spot host has no next.
pub(super) fn cooldown(case: &Case<'_>) -> Ruling {
    if is_own_need(case.plan.remedy) || case.plan.is_of_spot() {
        return Ok(());
    }
    let Some(last) = others(case).filter(|tried| !is_own_need(tried.remedy)).map(|tried| tried.at).max()
    else {
        return Ok(());
    };
    let until = last.saturating_add(case.enrolled.rules.cooldown).unwrap_or(Timestamp::MAX);
    if until <= case.now { Ok(()) } else { Err(Refusal::CoolingDown { until }) }
}

fn is_own_need(remedy: Remedy) -> bool {
    matches!(remedy, Remedy::RunTask | Remedy::AnswerHook)
}

/// Lost tasks are bounded by the budgets, hooks by whoever set them up: each is another need.
pub(super) fn attempts(case: &Case<'_>) -> Ruling {
    if is_own_need(case.plan.remedy) {
        return Ok(());
    }
    let attempts = case.enrolled.rules.attempts;
    let made = others(case)
        .filter(|tried| tried.remedy == case.plan.remedy && tried.incident == case.incident.opened_at)
        .count();
    let may = usize::try_from(attempts).unwrap_or(usize::MAX);
    if made < may { Ok(()) } else { Err(Refusal::AttemptsUsedUp { attempts }) }
}

/// What was done is done, and what did not help a revision does not help it the next time.
pub(super) fn failed_before(case: &Case<'_>) -> Ruling {
    let holds_lock = case.record.care.open.as_ref() == Some(&case.plan.id);
    if !holds_lock && case.record.effects().any(|tried| tried.id == case.plan.id) {
        return Err(Refusal::DoneBefore);
    }
    let is_bad = |tried: &&Tried| {
        matches!(tried.outcome, Outcome::DidNotHelp | Outcome::Refused | Outcome::Unknown)
            && tried.remedy == case.plan.remedy
            // Each task that hangs is a need of its own, until it is too many of them.
            && tried.remedy != Remedy::StopTask
            // A hook is answered by a person, who knows what became of the last answer.
            && tried.remedy != Remedy::AnswerHook
            && tried.revision.is_some()
            && tried.revision == case.plan.revision
    };
    if others(case).any(|tried| is_bad(&tried)) {
        return Err(Refusal::FailedBefore);
    }
    let times = longest_row(case);
    if times >= IN_A_ROW { Err(Refusal::DoesNotLast { times }) } else { Ok(()) }
}

/// What a person turned down for this incident is not done for it, in mode act either.
pub(super) fn rejected(case: &Case<'_>) -> Ruling {
    match case.incident.remedies.rejected.get(&case.plan.id) {
        None => Ok(()),
        Some(ruling) => {
            let why = ruling.why.as_deref().map(quoted);
            Err(Refusal::Rejected { by: quoted(&ruling.by), why })
        }
    }
}

/// How often the remedy was repeated for the revision, each time before a day had passed. Each lost task and each hook is a need
/// of its own.
fn longest_row(case: &Case<'_>) -> usize {
    let is_same = |tried: &&Tried| {
        tried.remedy == case.plan.remedy && tried.revision.is_some() && tried.revision == case.plan.revision
    };
    let mut row = 0;
    let mut longest = 0;
    let mut last: Option<Timestamp> = None;
    for tried in others(case).filter(is_same).filter(|tried| !is_own_need(tried.remedy)) {
        let goes_on = last.is_some_and(|last| tried.at.duration_since(last) < LASTS);
        row = if goes_on { row + 1 } else { 1 };
        last = Some(tried.at);
        longest = longest.max(row);
    }
    longest
}

pub(super) fn lock(case: &Case<'_>) -> Ruling {
    match &case.record.care.open {
        Some(open) if *open != case.plan.id => Err(Refusal::Locked { by: open.short().to_owned() }),
        _ => Ok(()),
    }
}

/// An action that is taken up again has its place in the budgets still: it must not stand in its own way.
pub(super) fn budget(case: &Case<'_>) -> Ruling {
    if place(case.record, &case.plan.id, case.guards, case.now).is_some() {
        return Ok(());
    }
    let budgets = known(case.facts.budgets.as_ref(), Needed::Budget)?;
    for (scope, allowance) in scopes(&case.plan.target, case.guards) {
        let spent = budgets.and_then(|budgets| budgets.get(&scope)).cloned();
        let budget = spent.unwrap_or_else(|| Budget::unspent(scope.clone()));
        if let Some(until) = budget.free_at(allowance, case.now) {
            return Err(Refusal::BudgetSpent { scope, until });
        }
    }
    Ok(())
}

/// When an action was claimed that came to nothing, if that is not long ago: what takes it up again goes on with that claim, in
/// its place in the budgets. No place lasts longer than the shortest of their windows.
pub fn place(record: &TargetRecord, id: &ActionId, guards: &Guards, now: Timestamp) -> Option<Timestamp> {
    let within = scopes(&record.target, guards).map(|(_, allowance)| allowance.within);
    let lasts = within.into_iter().fold(SAME_CLAIM, Ord::min);
    let own = record.care.tried.iter().find(|tried| tried.id == *id)?;
    let came_to_nothing = matches!(own.outcome, Outcome::Pending | Outcome::Withdrawn);
    (came_to_nothing && now.duration_since(own.at) < lasts).then_some(own.at)
}

/// The budgets that an action enters, the narrowest first.
pub fn scopes(target: &Target, guards: &Guards) -> [(Scope, Allowance); 3] {
    [
        (Scope::Target(target.clone()), guards.per_service),
        (Scope::Cluster(target.cluster().clone()), guards.per_cluster),
        (Scope::Global, guards.per_account),
    ]
}

/// Many that begin to fail together have one cause, and it is none of theirs. A hook waits whatever else fails, and whoever
/// answers it knows.
pub(super) fn outage(case: &Case<'_>) -> Ruling {
    // Spot takes hosts back in waves, and announces each.
    if case.plan.is_of_spot() || case.plan.remedy == Remedy::AnswerHook {
        return Ok(());
    }
    let Some(openings) = known(case.facts.openings.as_ref(), Needed::Openings)? else {
        return Ok(());
    };
    let failures = &case.incident.failures;
    let causes: Vec<Cause> = failures.causes().into_iter().map(|(cause, _)| cause).collect();
    let zones: Vec<String> =
        failures.samples().iter().filter_map(|sample| sample.availability_zone.clone()).collect();
    // What follows an incident must not meet the next outage of the same kind.
    let at = if case.plan.remedy.follows_incident() { case.now } else { began(case) };
    let services = openings.together(at, case.guards.outage_within, &causes, &zones);
    let outage = usize::try_from(case.guards.outage_services).unwrap_or(usize::MAX);
    if services < outage { Ok(()) } else { Err(Refusal::CorrelatedOutage { services }) }
}

/// Whoever else sets the desired count would set it anew, and has its reasons: two who set one number set it in turn, for ever.
pub(super) fn scaler(case: &Case<'_>) -> Ruling {
    let sets_count = matches!(case.plan.call, Call::UpdateService { desired_count: Some(_), .. });
    if !sets_count {
        return Ok(());
    }
    if case.is_scaled {
        return Err(Refusal::ScaledByOther { own: true });
    }
    match known(case.facts.scalable.as_ref(), Needed::Scalable)? {
        Some(true) => Err(Refusal::ScaledByOther { own: false }),
        _ => Ok(()),
    }
}

/// What the plan was made for must still be so.
pub(super) fn precondition(case: &Case<'_>) -> Ruling {
    let wanted = &case.plan.precondition;
    let gone = |what| Err(Refusal::PreconditionGone(what));
    if let Some(service) = service(case)? {
        if !service.is_active() {
            return gone(Gone::ActiveService);
        }
        let deployed = service.primary().and_then(|primary| primary.task_definition.as_ref());
        if wanted.task_definition.as_ref().is_some_and(|wanted| deployed != Some(wanted)) {
            return gone(Gone::Revision);
        }
        if wanted.ailing && !is_ailing(service, case.incident, case.now) {
            return gone(Gone::Trouble);
        }
        if wanted.steady && !service.is_steady() {
            return gone(Gone::SteadyState);
        }
        if wanted.capacity_providers.as_ref().is_some_and(|wanted| service.capacity_providers != *wanted) {
            return gone(Gone::Strategy);
        }
        if wanted.desired_count.is_some_and(|wanted| service.desired != wanted) {
            return gone(Gone::DesiredCount);
        }
        if wanted.short && service.running.0 >= service.desired.0 {
            return gone(Gone::Shortage);
        }
    }
    if let Some(arn) = &wanted.active {
        match known(case.facts.task_definitions.get(arn), Needed::GoodRevision)? {
            Some(definition) if definition.is_active => {}
            _ => return gone(Gone::GoodRevision),
        }
    }
    if let Some(arn) = &wanted.stoppable {
        match known(case.facts.service_deployments.get(arn), Needed::ServiceDeployment)? {
            Some(deployment) if deployment.is_stoppable() => {}
            _ => return gone(Gone::Deployment),
        }
    }
    if let Some(arn) = &wanted.unwell {
        match known(case.facts.tasks.get(arn), Needed::Task)? {
            Some(task) if is_unwell(task) => {}
            _ => return gone(Gone::UnwellTask),
        }
    }
    hosts::precondition(case)?;
    if let (Some(hook), Call::ContinueServiceDeployment { service_deployment, .. }) =
        (&wanted.awaits, &case.plan.call)
    {
        match known(case.facts.service_deployments.get(service_deployment), Needed::ServiceDeployment)? {
            Some(deployment) if deployment.hook(hook).is_some_and(LifecycleHook::awaits) => {}
            _ => return gone(Gone::Hook),
        }
    }
    match (&wanted.lost, &case.plan.call) {
        (Some(arn), Call::RunTask { started_by, .. }) => still_lost(case, arn, started_by),
        _ => Ok(()),
    }
}

/// Memory goes up, and no further than is allowed: what is registered, and what is deployed of it, whoever made that.
pub(super) fn memory(case: &Case<'_>) -> Ruling {
    if case.plan.remedy != Remedy::RaiseMemory {
        return Ok(());
    }
    let max = case.enrolled.rules.memory.ladder.max;
    let sizes = |arn: Option<&TaskDefinitionArn>| {
        let found = arn.and_then(|arn| case.facts.task_definitions.get(arn));
        match known(found, Needed::Sizes)? {
            Some(definition) => Ok(&definition.sizes),
            None => Err(Refusal::Unobserved { what: Needed::Sizes, why: None }),
        }
    };
    let is_within = match &case.plan.call {
        Call::RegisterTaskDefinition { raise, .. } => raise.goes_up() && raise.most() <= max,
        Call::UpdateService { task_definition, .. } => {
            let (from, to) = (sizes(case.plan.revision.as_ref())?, sizes(task_definition.as_ref())?);
            has_more(from, to, max)
        }
        _ => false,
    };
    if is_within { Ok(()) } else { Err(Refusal::MemoryOutOfBounds { max }) }
}

/// Whether one size has all that another has, and what it has more is no more than `max`.
fn has_more(from: &Sizes, to: &Sizes, max: u32) -> bool {
    let keeps = |was: Option<u32>, is: Option<u32>| match (was, is) {
        (Some(was), Some(is)) => is == was || (is > was && is <= max),
        (was, is) => was == is,
    };
    let is_kept = |was: &ContainerSize| {
        to.container(&was.name)
            .is_some_and(|is| keeps(was.limit, is.limit) && was.reservation == is.reservation)
    };
    let keeps_cpu = from.cpu == to.cpu || from.cpu.zip(to.cpu).is_some_and(|(was, is)| is > was);
    keeps(from.memory, to.memory)
        && keeps_cpu
        && from.containers.len() == to.containers.len()
        && from.containers.iter().all(is_kept)
        && from != to
}

fn still_lost(case: &Case<'_>, lost: &TaskArn, started_by: &str) -> Ruling {
    match known(case.facts.tasks.get(lost), Needed::LostTask)? {
        Some(task) if task.last_status == TaskStatus::Stopped => {}
        _ => return Err(Refusal::PreconditionGone(Gone::LostTask)),
    }
    match known(case.facts.stand_ins.get(started_by), Needed::StandIns)? {
        Some(tasks) if !tasks.is_empty() => Err(Refusal::PreconditionGone(Gone::Gap)),
        _ => Ok(()),
    }
}

/// Whether a service is still unwell. In a crash loop every task runs at times: what failed a moment ago counts.
pub(crate) fn is_ailing(service: &Service, incident: &Incident, now: Timestamp) -> bool {
    let is_recent = |last: Timestamp| now.duration_since(last) < RECENTLY;
    !service.is_steady() || incident.failures.last_at().is_some_and(is_recent)
}

/// Whether a task that is meant to run is unhealthy or cut off.
pub(crate) fn is_unwell(task: &Task) -> bool {
    task.unwell().is_some()
}

/// The target's service; `None` for a target that is none.
fn service<'c>(case: &Case<'c>) -> Result<Option<&'c Service>, Refusal> {
    if !matches!(case.plan.target, Target::Service { .. }) {
        return Ok(None);
    }
    match known(case.facts.service.as_ref(), Needed::Service)? {
        Some(service) => Ok(Some(service)),
        None => Err(Refusal::PreconditionGone(Gone::Service)),
    }
}

/// What was read, `None` where it is known not to be. What is not known is a refusal.
pub(super) fn known<T>(fact: Option<&Observed<T>>, what: Needed) -> Result<Option<&T>, Refusal> {
    match fact {
        Some(Observed::Known(value)) => Ok(Some(value)),
        Some(Observed::Absent) => Ok(None),
        Some(Observed::Unknown(why)) => Err(Refusal::Unobserved { what, why: Some(quoted(why)) }),
        None => Err(Refusal::Unobserved { what, why: None }),
    }
}

/// When the incident began: its first failure, which may have come before it was opened.
fn began(case: &Case<'_>) -> Timestamp {
    case.incident.failures.first_at().unwrap_or(case.incident.opened_at)
}

/// What else was tried that took, or may have taken, effect.
fn others<'c>(case: &Case<'c>) -> impl Iterator<Item = &'c Tried> {
    let own = &case.plan.id;
    case.record.effects().filter(move |tried| tried.id != *own)
}
