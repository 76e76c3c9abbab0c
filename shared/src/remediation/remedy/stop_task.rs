//! Stopping a task that hangs while ECS leaves it: its service then starts another.

use jiff::Timestamp;

use super::{Candidate, Escalation, Patient, id_of};
use crate::action::{Because, Call, Plan, Precondition, Remedy};
use crate::ecs::Service;
use crate::guard::is_unwell;
use crate::observed::Observed;
use crate::remediation::{Facts, Query};

pub(super) fn consider(patient: Patient<'_>, service: &Service, facts: &Facts, now: Timestamp) -> Candidate {
    let record = patient.record;
    let rules = super::enrolled(patient.policy, &record.target, facts).rules;
    let tried = |task: &str| record.effects().any(|tried| tried.id == id_of(patient, Remedy::StopTask, task));
    let unwell: Vec<_> = record.care.unwell.iter().filter(|(task, _)| !tried(task.as_str())).collect();
    let Some((task, seen)) = unwell.iter().min_by_key(|(_, seen)| seen.since) else { return Candidate::Not };
    let hangs_at = seen.since.saturating_add(rules.hung).unwrap_or(Timestamp::MAX);
    if now < hangs_at {
        return Candidate::Later(hangs_at);
    }
    let running = service.running.0;
    if unwell.len() > 1 && unwell.len() * 2 > usize::try_from(running).unwrap_or(usize::MAX) {
        return Candidate::No(Escalation::MostTasksUnwell { unwell: unwell.len(), running });
    }
    let found = match facts.tasks.get(*task) {
        None => return Candidate::Need(vec![Query::Task((*task).clone())]),
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        Some(Observed::Known(found)) if is_unwell(found) => found,
        Some(_) => return Candidate::Not,
    };
    Candidate::Plan(Box::new(Plan {
        id: id_of(patient, Remedy::StopTask, task.as_str()),
        remedy: Remedy::StopTask,
        target: record.target.clone(),
        incident: patient.incident.opened_at,
        revision: found.task_definition.clone(),
        call: Call::StopTask { cluster: service.cluster.clone(), task: (*task).clone() },
        precondition: Precondition { unwell: Some((*task).clone()), ..Precondition::default() },
        because: Because::TaskHangs { how: seen.how.clone(), since: seen.since },
    }))
}
