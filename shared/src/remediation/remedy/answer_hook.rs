//! Answering the hook at which a deployment waits, by a person's word alone.
//!
//! The plan carries CONTINUE until a person says ROLLBACK. Steward never answers by itself: [`crate::guard::check`] lets no plan of
//! this kind pass that nobody approved.

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Escalation, Patient, id_of};
use crate::action::{Because, Call, Plan, Precondition, Remedy};
use crate::arn::DeploymentId;
use crate::ecs::{HookAnswer, LifecycleHook, Service, ServiceDeployment};
use crate::incident::{Evidence, Hook, HookEnd, TargetRecord};
use crate::observed::Observed;
use crate::remediation::{Facts, Query};

/// Reads of ECS lag: that it does not list a hook yet says something only so long after it said that the hook waits.
const READS_LAG: SignedDuration = SignedDuration::from_mins(2);

/// How a hook was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookSeen {
    /// It waits, and the new revision does so well meanwhile.
    Waits(Evidence),
    /// It waits no more.
    Over(HookEnd),
}

/// What must be read of the hooks that wait.
pub(super) fn queries(record: &TargetRecord) -> Vec<Query> {
    record.care.waiting().map(|hook| Query::ServiceDeployment(hook.service_deployment.clone())).collect()
}

/// How the hooks that wait were seen, as far as the facts tell.
pub fn hooks_seen(record: &TargetRecord, facts: &Facts, now: Timestamp) -> Vec<(String, HookSeen)> {
    let seen = |hook: &Hook| Some((hook.id.clone(), hook_seen(hook, facts, now)?));
    record.care.waiting().filter_map(seen).collect()
}

fn hook_seen(hook: &Hook, facts: &Facts, now: Timestamp) -> Option<HookSeen> {
    let may_lag = now.duration_since(hook.since) < READS_LAG;
    match facts.service_deployments.get(&hook.service_deployment)? {
        Observed::Unknown(_) => None,
        Observed::Absent => (!may_lag).then_some(HookSeen::Over(HookEnd::Ended)),
        Observed::Known(found) => match found.hook(&hook.id) {
            Some(listed) if listed.awaits() => Some(HookSeen::Waits(evidence(found, facts))),
            Some(listed) => Some(HookSeen::Over(ended(listed, found))),
            // ECS lists hooks that are active.
            None => (!may_lag).then(|| HookSeen::Over(left(hook, found, now))),
        },
    }
}

fn ended(listed: &LifecycleHook, found: &ServiceDeployment) -> HookEnd {
    match listed.status.as_str() {
        "SUCCEEDED" => HookEnd::Continued,
        "TIMED_OUT" => HookEnd::TimedOut,
        // Something newer was deployed.
        _ if found.status == "STOPPED" => HookEnd::Ended,
        "FAILED" => HookEnd::RolledBack,
        _ if found.goes_back() => HookEnd::RolledBack,
        _ => HookEnd::Ended,
    }
}

/// What became of a hook that ECS lists no more, by what became of its deployment.
fn left(hook: &Hook, found: &ServiceDeployment, now: Timestamp) -> HookEnd {
    let is_late = hook.expires_at.is_some_and(|ends| ends <= now);
    match found.status.as_str() {
        _ if is_late => HookEnd::TimedOut,
        _ if found.goes_back() => HookEnd::RolledBack,
        "IN_PROGRESS" | "SUCCESSFUL" => HookEnd::Continued,
        _ => HookEnd::Ended,
    }
}

/// How the revision does that a deployment brings.
fn evidence(found: &ServiceDeployment, facts: &Facts) -> Evidence {
    let revision = found.target_revision.as_ref().and_then(|arn| facts.service_revisions.get(arn));
    let revision = revision.and_then(Observed::known).and_then(|revision| revision.task_definition.clone());
    let running = found.target_running.map(|(running, wanted)| (running.0, wanted.0));
    let mut evidence = Evidence { revision, running, failed: None, causes: Vec::new() };
    let service = facts.service.as_ref().and_then(Observed::known);
    let heard = service.and_then(brings).and_then(|id| facts.deployments.get(id));
    match heard {
        None | Some(Observed::Unknown(_)) => {}
        Some(heard) => evidence.count(heard.known().map(|deployment| &deployment.failures)),
    }
    evidence
}

/// The deployment that is under way, by the id that its tasks carry: the latest.
fn brings(service: &Service) -> Option<&DeploymentId> {
    let latest = service.deployments.iter().max_by_key(|deployment| deployment.created_at);
    latest.map(|deployment| &deployment.id)
}

pub(super) fn consider(patient: Patient<'_>, service: &Service, facts: &Facts, now: Timestamp) -> Candidate {
    let record = patient.record;
    // One that is done is over for Steward, whatever became of it; one that it is about to do is not.
    let is_done = |hook: &Hook| {
        let id = id_of(patient, Remedy::AnswerHook, &hook.id);
        record.care.open.as_ref() != Some(&id) && record.effects().any(|tried| tried.id == id)
    };
    // What was answered goes first, and then what people were not asked about.
    let order = |hook: &&Hook| (hook.answer.is_none(), hook.is_shown, hook.since);
    let Some(hook) = record.care.waiting().filter(|hook| !is_done(hook)).min_by_key(order) else {
        return Candidate::Not;
    };
    let found = match facts.service_deployments.get(&hook.service_deployment) {
        None => return Candidate::Need(queries(record)),
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        Some(Observed::Absent) => return Candidate::Not,
        Some(Observed::Known(found)) => found,
    };
    if !found.hook(&hook.id).is_some_and(LifecycleHook::awaits) {
        // It is over, or not to be seen yet.
        return Candidate::Later(now.saturating_add(READS_LAG).unwrap_or(Timestamp::MAX));
    }
    let revision = found.target_revision.clone().map(Query::ServiceRevision);
    let heard = brings(service).cloned().map(Query::Deployment);
    let needs = facts.open(revision.into_iter().chain(heard));
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    Candidate::Plan(Box::new(plan(patient, hook, evidence(found, facts))))
}

fn plan(patient: Patient<'_>, hook: &Hook, evidence: Evidence) -> Plan {
    let answer = hook.answer.as_ref().map_or(HookAnswer::Continue, |(answer, _)| *answer);
    Plan {
        id: id_of(patient, Remedy::AnswerHook, &hook.id),
        remedy: Remedy::AnswerHook,
        target: patient.record.target.clone(),
        incident: patient.incident.opened_at,
        revision: evidence.revision.clone(),
        call: Call::ContinueServiceDeployment {
            service_deployment: hook.service_deployment.clone(),
            hook: hook.id.clone(),
            answer,
        },
        precondition: Precondition { awaits: Some(hook.id.clone()), ..Precondition::default() },
        because: Because::HookWaits {
            stage: hook.stage.clone(),
            since: hook.since,
            expires_at: hook.expires_at,
            timeout_action: hook.timeout_action,
            evidence,
        },
    }
}
