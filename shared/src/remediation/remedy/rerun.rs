//! Running a standalone task again that was lost to what lies below it. Nothing replaces such a task.

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Escalation, Patient, id_of};
use crate::action::{Because, Call, Plan, Precondition, Remedy};
use crate::config::Rerun;
use crate::ecs::Task;
use crate::incident::Lost;
use crate::observed::Observed;
use crate::remediation::{Facts, Query};

/// ECS keeps a stopped task for an hour at least. The same token gives the same answer while the task is known, so the last try
/// must come before that.
const WHILE_KNOWN: SignedDuration = SignedDuration::from_mins(55);

pub(super) fn consider(patient: Patient<'_>, facts: &Facts, now: Timestamp) -> Candidate {
    let record = patient.record;
    let rules = super::enrolled(patient.policy, &record.target, facts).rules;
    let is_tried = |lost: &&Lost| {
        let id = id_of(patient, Remedy::RunTask, lost.task.as_str());
        record.effects().any(|tried| tried.id == id)
    };
    let mut too_late = false;
    for lost in record.care.lost.iter().filter(|lost| !is_tried(lost)) {
        if now.duration_since(lost.at) > WHILE_KNOWN {
            too_late = true;
            continue;
        }
        let Some(rerun) = &rules.rerun else { return Candidate::No(Escalation::NotDeclared) };
        match of_one(patient, lost, rerun, facts) {
            Candidate::Not => {}
            Candidate::No(Escalation::TooLate) => too_late = true,
            said => return said,
        }
    }
    if too_late { Candidate::No(Escalation::TooLate) } else { Candidate::Not }
}

/// [`Candidate::Not`]: the task is not stopped, or something stands in for it already.
fn of_one(patient: Patient<'_>, lost: &Lost, rerun: &Rerun, facts: &Facts) -> Candidate {
    let id = id_of(patient, Remedy::RunTask, lost.task.as_str());
    let started_by = format!("steward/rerun/{id}");
    let needs = facts.open([Query::Task(lost.task.clone()), Query::StandIns(started_by.clone())]);
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    let task = match facts.tasks.get(&lost.task) {
        Some(Observed::Known(task)) => task,
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        _ => return Candidate::No(Escalation::TooLate),
    };
    match facts.stand_ins.get(&started_by) {
        Some(Observed::Known(tasks)) if !tasks.is_empty() => return Candidate::Not,
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        _ => {}
    }
    let Some(task_definition) = task.task_definition.clone() else { return Candidate::Not };
    if needs_network(task) && rerun.network.is_none() {
        return Candidate::No(Escalation::NoNetwork);
    }
    Candidate::Plan(Box::new(Plan {
        id,
        remedy: Remedy::RunTask,
        target: patient.record.target.clone(),
        incident: patient.incident.opened_at,
        revision: None,
        call: Call::RunTask {
            cluster: task.cluster.clone(),
            like: lost.task.clone(),
            task_definition,
            // `family:…` is what ECS itself gives a task without a group.
            group: task.group.clone().filter(|group| !group.starts_with("family:")),
            launch: task.launch.clone(),
            network: rerun.network.clone().filter(|_| needs_network(task)),
            started_by,
        },
        precondition: Precondition { lost: Some(lost.task.clone()), ..Precondition::default() },
        because: Because::TaskLost { task: lost.task.clone(), cause: lost.cause },
    }))
}

/// Fargate's tasks have a network interface of their own. On EC2 that depends on the task definition's network mode, and ECS
/// says what it wants when it refuses.
fn needs_network(task: &Task) -> bool {
    let is_fargate = |name: &Option<String>| name.as_deref().is_some_and(|name| name.starts_with("FARGATE"));
    is_fargate(&task.launch.launch_type) || is_fargate(&task.launch.capacity_provider)
}
