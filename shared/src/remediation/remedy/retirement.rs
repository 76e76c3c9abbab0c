//! Replacing a service's tasks before AWS does, at a time of one's own choice.

use jiff::Timestamp;

use super::{Candidate, Patient, id_of};
use crate::action::{Because, Call, Plan, Precondition, Remedy};
use crate::ecs::Service;
use crate::remediation::Facts;

pub(super) fn consider(patient: Patient<'_>, service: &Service, _: &Facts, now: Timestamp) -> Candidate {
    let Some(retirement) = &patient.record.care.retirement else { return Candidate::Not };
    let Some(primary) = service.primary() else { return Candidate::Not };
    let id = id_of(patient, Remedy::ForceNewDeployment, &retirement.event_arn);
    let is_done = patient.record.effects().any(|tried| tried.id == id);
    // Whatever was deployed since the notice runs on new hosts already.
    let is_renewed = primary.created_at.is_some_and(|created_at| created_at > retirement.heard_at);
    if is_done || is_renewed || now >= retirement.starts_at {
        return Candidate::Not;
    }
    Candidate::Plan(Box::new(Plan {
        id,
        remedy: Remedy::ForceNewDeployment,
        target: patient.record.target.clone(),
        incident: patient.incident.opened_at,
        revision: None,
        call: Call::UpdateService {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            task_definition: None,
            force_new_deployment: true,
            desired_count: None,
            capacity_providers: None,
        },
        precondition: Precondition { steady: true, ..Precondition::of(primary) },
        because: Because::TasksRetire { from: retirement.starts_at },
    }))
}
