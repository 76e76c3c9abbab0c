//! Container instances: draining one that fails or that Spot takes back, and letting it take tasks again.
//!
//! An agent that is away is no reason by itself: agents reconnect several times an hour, and their tasks serve meanwhile. So
//! EC2 or the tasks must say that the host fails, too. What a person or ECS drained is left alone, in both directions.

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Escalation, Patient, enrolled, id_of};
use crate::action::{Because, Call, HostCondition, Plan, Precondition, READS_LAG, Remedy};
use crate::ecs::{ContainerInstance, HostStatus};
use crate::guard;
use crate::incident::{Drained, Target, TargetRecord};
use crate::observed::Observed;
use crate::redact::quoted;
use crate::remediation::{Facts, Query};

/// A Spot instance ends so long after its warning (Amazon EC2 User Guide, Spot Instance interruption notices).
pub const SPOT_NOTICE: SignedDuration = SignedDuration::from_mins(2);
/// What no event may tell of is looked at again after so long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(2);

pub(super) fn consider(patient: Patient<'_>, facts: &Facts, now: Timestamp) -> Candidate {
    let care = &patient.record.care;
    if let Some(drained) = &care.drained {
        return activate(patient, drained, facts, now);
    }
    let rules = enrolled(patient.policy, &patient.record.target, facts).rules;
    // What is off by default reads nothing: its permissions may not be there.
    if !rules.remedies.contains(&Remedy::DrainInstance) {
        return Candidate::Not;
    }
    let warned_at = care.warned_at.filter(|at| now < at.saturating_add(SPOT_NOTICE).unwrap_or(*at));
    let away_since = patient.record.agent.and_then(|agent| agent.away_since);
    if warned_at.is_none() && away_since.is_none() {
        return Candidate::Not;
    }
    let host = match read(facts) {
        Ok(host) => host,
        Err(said) => return said,
    };
    if !host.is_active() {
        return Candidate::Not;
    }
    if let Some(said) = managed(host, facts) {
        return said;
    }
    match (warned_at, away_since) {
        (Some(at), _) => interrupted(patient, at, facts),
        (None, Some(since)) => fails(patient, host, since, facts, now),
        (None, None) => Candidate::Not,
    }
}

/// Whether somebody let a container instance take tasks again that Steward drained.
pub fn is_active_again(record: &TargetRecord, facts: &Facts, now: Timestamp) -> bool {
    let Some(drained) = &record.care.drained else { return false };
    let is_active = facts.host.as_ref().and_then(Observed::known).is_some_and(ContainerInstance::is_active);
    is_active && now.duration_since(drained.at) > READS_LAG
}

fn read(facts: &Facts) -> Result<&ContainerInstance, Candidate> {
    match &facts.host {
        None => Err(Candidate::Need(vec![Query::Host])),
        Some(Observed::Absent) => Err(Candidate::Not),
        Some(Observed::Unknown(why)) => Err(Candidate::No(Escalation::unobserved(why))),
        Some(Observed::Known(host)) => Ok(host),
    }
}

/// ECS drains, repairs and ends Managed Instances itself, with auto repair or without: nobody comes between.
fn managed(host: &ContainerInstance, facts: &Facts) -> Option<Candidate> {
    let name = host.capacity_provider.as_ref()?;
    match facts.capacity_providers.get(name) {
        None => Some(Candidate::Need(vec![Query::CapacityProvider(name.clone())])),
        Some(Observed::Unknown(why)) => Some(Candidate::No(Escalation::unobserved(why))),
        Some(Observed::Known(provider)) if provider.is_managed => {
            Some(Candidate::No(Escalation::HostManaged { provider: quoted(name) }))
        }
        // One that was deleted meanwhile manages nothing.
        Some(Observed::Known(_) | Observed::Absent) => None,
    }
}

fn interrupted(patient: Patient<'_>, at: Timestamp, facts: &Facts) -> Candidate {
    let Some(tasks) = &facts.host_tasks else { return Candidate::Need(vec![Query::HostTasks]) };
    let moves = tasks.known().map(|tasks| moving(tasks));
    // A Spot instance is taken back once.
    let id = id_of(patient, Remedy::DrainInstance, "spot");
    if patient.record.effects().any(|tried| tried.id == id) {
        return Candidate::Not;
    }
    let because = Because::SpotInterruption { at, moves };
    let condition = HostCondition::Active;
    plan(patient, Remedy::DrainInstance, "spot", condition, because)
}

fn fails(
    patient: Patient<'_>,
    host: &ContainerInstance,
    since: Timestamp,
    facts: &Facts,
    now: Timestamp,
) -> Candidate {
    if host.agent_connected != Some(false) {
        // It is back, and the event that says so is on its way.
        return Candidate::Later(now.saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX));
    }
    let needs = [Some(Query::HostTasks), guard::status_check(host)].into_iter().flatten();
    let needs = facts.open(needs.chain([Query::Draining, Query::DrainSlot]));
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    let Some(sign) = guard::sign_of(facts, host, since) else {
        return Candidate::No(match &facts.host_tasks {
            Some(Observed::Unknown(why)) => Escalation::unobserved(why),
            _ => Escalation::HostMayServe { is_well: guard::is_impaired(facts, host) == Some(false) },
        });
    };
    let tasks = facts.host_tasks.as_ref().and_then(Observed::known);
    let moves = tasks.map(|tasks| moving(tasks));
    let because = Because::HostFails { since, sign, moves };
    let condition = HostCondition::Failing { since };
    plan(patient, Remedy::DrainInstance, &since.to_string(), condition, because)
}

/// Tasks that their services start elsewhere. Standalone ones stay until they end.
fn moving(tasks: &[crate::ecs::HostTask]) -> usize {
    tasks.iter().filter(|task| task.is_wanted && task.service.is_some()).count()
}

/// A drain is taken back where it was Steward's, and the host that failed is well again. What Spot takes back never is.
fn activate(patient: Patient<'_>, drained: &Drained, facts: &Facts, now: Timestamp) -> Candidate {
    let care = &patient.record.care;
    let host = match read(facts) {
        Ok(host) => host,
        Err(said) => return said,
    };
    let Some(since) = care.back_since.filter(|_| !drained.is_of_spot && host.is_draining()) else {
        return Candidate::Not;
    };
    let later = |at: Timestamp, span| Candidate::Later(at.saturating_add(span).unwrap_or(Timestamp::MAX));
    if host.agent_connected != Some(true) {
        return later(now, LOOK_AGAIN);
    }
    let rules = enrolled(patient.policy, &patient.record.target, facts).rules;
    let stable_at = since.saturating_add(rules.stability).unwrap_or(Timestamp::MAX);
    if now < stable_at {
        return Candidate::Later(stable_at);
    }
    if let Some(instance) = &host.ec2_instance_id {
        match facts.status_checks.get(instance) {
            None => return Candidate::Need(vec![Query::StatusCheck(instance.clone())]),
            Some(Observed::Known(check)) if check.has_failed => return later(now, LOOK_AGAIN),
            Some(Observed::Known(_)) => {}
            Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
            Some(Observed::Absent) => {
                let why = format!("CloudWatch tells of no status check of {instance}");
                return Candidate::No(Escalation::unobserved(&why));
            }
        }
    }
    let because = Because::HostRecovered { since };
    plan(patient, Remedy::ActivateInstance, drained.by.as_str(), HostCondition::Recovered, because)
}

fn plan(
    patient: Patient<'_>,
    remedy: Remedy,
    generation: &str,
    condition: HostCondition,
    because: Because,
) -> Candidate {
    let Target::ContainerInstance { cluster, arn } = &patient.record.target else { return Candidate::Not };
    let status = match remedy {
        Remedy::ActivateInstance => HostStatus::Active,
        _ => HostStatus::Draining,
    };
    Candidate::Plan(Box::new(Plan {
        id: id_of(patient, remedy, generation),
        remedy,
        target: patient.record.target.clone(),
        incident: patient.incident.opened_at,
        revision: None,
        call: Call::UpdateContainerInstancesState { cluster: cluster.clone(), instance: arn.clone(), status },
        precondition: Precondition { host: Some(condition), ..Precondition::default() },
        because,
    }))
}
