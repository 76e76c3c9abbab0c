//! Running on on-demand capacity what finds no spare capacity.
//!
//! UpdateService takes another strategy only with a new deployment, which replaces every task: those on spare capacity stay until
//! others run, as the service's minimum healthy percent says.

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Patient, id_of};
use crate::action::{Because, Call, Moved, Plan, Precondition, Remedy};
use crate::diagnosis::Cause;
use crate::ecs::{Rollout, Service, capacity};
use crate::remediation::{Facts, Query};

/// Spare capacity comes and goes: while its incident goes on it is looked for again after so long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn consider(patient: Patient<'_>, service: &Service, facts: &Facts, now: Timestamp) -> Candidate {
    let record = patient.record;
    let rules = super::enrolled(patient.policy, &record.target, facts).rules;
    if !rules.remedies.contains(&Remedy::FallBackToOnDemand) {
        return Candidate::Not;
    }
    let count = count_of(patient, |cause| cause == Cause::CapacityUnavailable);
    let Some(set) = capacity::on_demand(&service.capacity_providers) else { return Candidate::Not };
    if count == 0 {
        return Candidate::Not;
    }
    // A return that finds no room keeps the tasks that it would have replaced.
    let in_vain = record.care.fallback.as_ref().is_some_and(|known| known.returned.is_some())
        && service.primary().is_some_and(|primary| primary.rollout == Some(Rollout::InProgress));
    let is_short = service.running.0 < service.desired.0;
    if !(is_short || in_vain) || count < usize::try_from(rules.failures).unwrap_or(usize::MAX) {
        return Candidate::Later(now.saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX));
    }
    let Some(primary) = service.primary() else { return Candidate::Not };
    let needs = facts.open(primary.task_definition.clone().map(Query::TaskDefinition));
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    let definition =
        primary.task_definition.as_ref().and_then(|arn| facts.task_definitions.get(arn)?.known());
    let moved = Moved {
        tasks: capacity::on_spot(&service.capacity_providers, service.desired.0),
        cpu: definition.and_then(|definition| definition.needs.cpu),
        memory: definition.and_then(|definition| definition.needs.memory),
    };
    let generation = patient.incident.opened_at.to_string();
    Candidate::Plan(Box::new(Plan {
        id: id_of(patient, Remedy::FallBackToOnDemand, &generation),
        remedy: Remedy::FallBackToOnDemand,
        target: record.target.clone(),
        incident: patient.incident.opened_at,
        // Missing room is no revision's fault: what did not help this one may help it the next time.
        revision: None,
        call: Call::UpdateService {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            task_definition: None,
            force_new_deployment: true,
            desired_count: None,
            capacity_providers: Some(set),
        },
        precondition: Precondition {
            capacity_providers: Some(service.capacity_providers.clone()),
            ailing: true,
            ..Precondition::of(primary)
        },
        because: Because::SpotUnavailable {
            count,
            running: service.running.0,
            desired: service.desired.0,
            moved,
        },
    }))
}

/// How many failures of the incident have such a cause.
pub(super) fn count_of(patient: Patient<'_>, is_one: impl Fn(Cause) -> bool) -> usize {
    let causes = patient.incident.failures.causes();
    causes.into_iter().filter(|(cause, _)| is_one(*cause)).map(|(_, count)| count).sum()
}
