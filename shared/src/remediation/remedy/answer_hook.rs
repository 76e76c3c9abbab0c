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
const LISTED_WITHIN: SignedDuration = SignedDuration::from_mins(2);

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
    let may_lag = now.duration_since(hook.since) < LISTED_WITHIN;
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
        return Candidate::Later(now.saturating_add(LISTED_WITHIN).unwrap_or(Timestamp::MAX));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::{ClusterArn, ServiceDeploymentArn, ServiceName};
    use crate::ecs::{DesiredCount, RunningCount};
    use crate::incident::Target;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_763_672_400 + 60 * minute).unwrap()
    }

    fn arn() -> ServiceDeploymentArn {
        ServiceDeploymentArn::new("arn:aws:ecs:r:1:service-deployment/shop/api/x")
    }

    /// A deployment whose hook is listed so, or not at all.
    fn found(status: &str, hook: Option<&str>) -> Observed<ServiceDeployment> {
        let listed = |status: &str| LifecycleHook {
            id: "one".to_owned(),
            status: status.to_owned(),
            expires_at: None,
            timeout_action: None,
        };
        Observed::Known(ServiceDeployment {
            arn: arn(),
            status: status.to_owned(),
            source_revisions: Vec::new(),
            target_revision: None,
            created_at: None,
            target_running: Some((RunningCount(1), DesiredCount(2))),
            stage: None,
            hooks: hook.map(listed).into_iter().collect(),
        })
    }

    fn seen(minute: i64, found: Observed<ServiceDeployment>) -> Option<HookSeen> {
        let cluster = ClusterArn::new("arn:aws:ecs:r:1:cluster/shop");
        let mut record = TargetRecord::new(Target::Service { cluster, name: ServiceName::new("api") });
        let hook = Hook { expires_at: Some(at(60)), ..Hook::new("one".to_owned(), arn(), at(0)) };
        record.care.hooks.insert("one".to_owned(), hook);
        let mut facts = Facts::default();
        facts.service_deployments.insert(arn(), found);
        hooks_seen(&record, &facts, at(minute)).pop().map(|(_, seen)| seen)
    }

    #[test]
    fn how_a_hook_ended_is_what_ecs_says_of_it() {
        let over = |how| Some(HookSeen::Over(how));
        for (minute, status, hook, expected) in [
            (1, "IN_PROGRESS", Some("SUCCEEDED"), over(HookEnd::Continued)),
            (1, "ROLLBACK_IN_PROGRESS", Some("FAILED"), over(HookEnd::RolledBack)),
            (1, "STOPPED", Some("FAILED"), over(HookEnd::Ended)),
            (61, "IN_PROGRESS", Some("TIMED_OUT"), over(HookEnd::TimedOut)),
            (1, "IN_PROGRESS", None, None),
            (5, "IN_PROGRESS", None, over(HookEnd::Continued)),
            (5, "ROLLBACK_REQUESTED", None, over(HookEnd::RolledBack)),
            (5, "STOPPED", None, over(HookEnd::Ended)),
            (61, "ROLLBACK_REQUESTED", None, over(HookEnd::TimedOut)),
        ] {
            assert_eq!(seen(minute, found(status, hook)), expected, "{minute} {status} {hook:?}");
        }
        assert_eq!(seen(1, Observed::Absent), None, "reads lag");
        assert_eq!(seen(5, Observed::Absent), over(HookEnd::Ended));
        assert_eq!(
            seen(5, Observed::Unknown("throttled".to_owned())),
            None,
            "what is not known ends nothing"
        );
    }

    #[test]
    fn what_of_the_evidence_was_not_read_is_not_zero() {
        let Some(HookSeen::Waits(evidence)) = seen(5, found("IN_PROGRESS", Some("AWAITING_ACTION"))) else {
            panic!("it waits")
        };
        assert_eq!((evidence.running, evidence.failed, evidence.revision), (Some((1, 2)), None, None));
    }
}
