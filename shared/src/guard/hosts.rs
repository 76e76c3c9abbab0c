//! Rules for container instances, and what tells that one fails.

use jiff::Timestamp;

use super::rules::known;
use super::{Case, Gone, Needed, Refusal};
use crate::action::{HostCondition, HostSign, Plan, Remedy};
use crate::ecs::{ContainerInstance, HostTask};
use crate::observed::Observed;
use crate::remediation::{Facts, Query};

/// What says that a container instance fails whose agent is away since `since`. `None`: nothing that is known does.
///
/// That the agent is away says nothing of the tasks: ECS calls them DISCONNECTED, and they may serve.
pub(crate) fn sign_of(facts: &Facts, host: &ContainerInstance, since: Timestamp) -> Option<HostSign> {
    if is_impaired(facts, host) == Some(true) {
        return Some(HostSign::StatusCheck);
    }
    let tasks = facts.host_tasks.as_ref().and_then(Observed::known)?;
    let count = |is: &dyn Fn(&HostTask) -> bool| tasks.iter().filter(|task| is(task)).count();
    let unhealthy = count(&|task| task.is_unhealthy);
    let stopped = count(&|task| task.was_lost_since(since));
    let of = count(&|task| task.is_wanted) + stopped;
    // One task may fail for reasons of its own, and while the agent is away nobody could start another in its place.
    let do_most = unhealthy + stopped > 0 && (unhealthy + stopped) * 2 >= of;
    do_most.then_some(HostSign::Tasks { unhealthy, stopped, of })
}

/// Whether a status check of EC2 fails; `None` where nobody says: an External instance, or no data.
pub(crate) fn is_impaired(facts: &Facts, host: &ContainerInstance) -> Option<bool> {
    let check = facts.status_checks.get(host.ec2_instance_id.as_ref()?)?;
    check.known().map(|check| check.has_failed)
}

/// What tells of the EC2 instance below a host; `None` for an External instance.
pub(crate) fn status_check(host: &ContainerInstance) -> Option<Query> {
    host.ec2_instance_id.clone().map(Query::StatusCheck)
}

/// What must be read of hosts before a plan is carried out.
pub(crate) fn host_queries(plan: &Plan) -> Vec<Query> {
    let mut needs = Vec::new();
    if plan.precondition.host.is_some() {
        needs.push(Query::Host);
    }
    if let Some(HostCondition::Failing { .. }) = plan.precondition.host {
        needs.push(Query::HostTasks);
    }
    if plan.drains_alone().is_some() {
        needs.extend([Query::Draining, Query::DrainSlot]);
    }
    needs
}

/// Two hosts of a cluster that drain at the same time take twice the room that the others may not have. What Spot takes back
/// goes whatever is done.
pub(super) fn one_host_at_a_time(case: &Case<'_>) -> Result<(), Refusal> {
    let Some(own) = case.plan.drains_alone() else { return Ok(()) };
    let drains = |other: &str| Err(Refusal::AnotherHostDrains { instance: other.to_owned() });
    let slot = known(case.facts.drain_slot.as_ref(), Needed::OtherHosts)?;
    if let Some(slot) = slot.filter(|slot| slot.instance != *own && case.now < slot.until) {
        return drains(slot.instance.id());
    }
    let draining = known(case.facts.draining.as_ref(), Needed::OtherHosts)?;
    match draining.into_iter().flatten().find(|other| *other != own) {
        Some(other) => drains(other.id()),
        None => Ok(()),
    }
}

/// What a plan was made for must still be so of its container instance.
pub(super) fn precondition(case: &Case<'_>) -> Result<(), Refusal> {
    let gone = |what| Err(Refusal::PreconditionGone(what));
    let Some(wanted) = case.plan.precondition.host else { return Ok(()) };
    let Some(host) = known(case.facts.host.as_ref(), Needed::Host)? else { return gone(Gone::Host) };
    match wanted {
        HostCondition::Failing { since } => {
            if !host.is_active() || host.agent_connected != Some(false) {
                return gone(Gone::AwayAgent);
            }
            if sign_of(case.facts, host, since).is_some() { Ok(()) } else { gone(Gone::FailingHost) }
        }
        HostCondition::Active if host.is_active() => Ok(()),
        HostCondition::Active => gone(Gone::ActiveHost),
        HostCondition::Recovered => {
            let is_well = host.ec2_instance_id.is_none() || is_impaired(case.facts, host) == Some(false);
            let is_back = host.is_draining() && host.agent_connected == Some(true);
            if is_back && is_well { Ok(()) } else { gone(Gone::RecoveredHost) }
        }
    }
}

/// From when on the stability window counts: a host's agent that has just gone, or come back, may do the other at once,
/// however old its incident is.
pub(super) fn stable_since(case: &Case<'_>, began: Timestamp) -> Timestamp {
    let known = &case.record.care;
    match (case.plan.remedy, case.plan.precondition.host) {
        (Remedy::ActivateInstance, _) => known.back_since.unwrap_or(Timestamp::MAX),
        (Remedy::DrainInstance, Some(HostCondition::Failing { .. })) => {
            // Of hosts that fall silent together the first must not be drained before the others are known: what counts is the
            // age of the incident itself.
            let away_since = case.record.agent.and_then(|agent| agent.away_since);
            away_since.map_or(Timestamp::MAX, |since| since.max(began).max(case.incident.opened_at))
        }
        _ => began,
    }
}
