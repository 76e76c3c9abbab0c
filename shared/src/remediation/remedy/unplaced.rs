//! Saying why no container instance takes a service's tasks. There is no remedy: capacity is people's to buy.

use jiff::Timestamp;

use super::{Candidate, Escalation, Patient};
use crate::diagnosis::Cause;
use crate::ecs::Service;
use crate::ecs::capacity::{FARGATE, FARGATE_SPOT};
use crate::observed::Observed;
use crate::remediation::{Facts, Query, room};

pub(super) fn consider(patient: Patient<'_>, service: &Service, facts: &Facts, _: Timestamp) -> Candidate {
    let rules = super::enrolled(patient.policy, &patient.record.target, facts).rules;
    let count = super::fall_back::count_of(patient, |cause| cause == Cause::PlacementFailed);
    let providers: Vec<&str> = service.capacity_providers.iter().map(|item| item.provider.as_str()).collect();
    let is_on_fargate = providers.iter().any(|provider| [FARGATE, FARGATE_SPOT].contains(provider));
    let is_enough = count >= usize::try_from(rules.failures).unwrap_or(usize::MAX);
    if !is_enough || is_on_fargate || service.running.0 >= service.desired.0 {
        return Candidate::Not;
    }
    let Some(arn) = service.primary().and_then(|primary| primary.task_definition.clone()) else {
        return Candidate::Not;
    };
    let needs = facts.open([Query::TaskDefinition(arn.clone()), Query::Instances]);
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    match (facts.task_definitions.get(&arn), &facts.instances) {
        (Some(Observed::Known(definition)), Some(Observed::Known(instances))) => {
            Candidate::No(Escalation::NoRoom(room(&definition.needs, instances, &providers)))
        }
        // What explains is not what decides: without it the cause alone is told.
        _ => Candidate::Not,
    }
}
