//! Wanting fewer tasks of a service whose tasks have not started for hours: each start that fails is paid for, in pulls and seconds.
//!
//! A ceiling only ever lowers the desired count, and Steward never raises it again: who mends the cause does. To 0 only where the
//! policy says so in so many words.

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Escalation, Patient, id_of};
use crate::action::{Because, Call, Plan, Precondition, Remedy};
use crate::diagnosis::Cause;
use crate::ecs::{DesiredCount, Service};
use crate::redact::redact;
use crate::remediation::{Facts, Query};

/// Starts fail still while the last failure is not older: longer than the longest pause between two launches of a failing task
/// (27 min).
const STILL: SignedDuration = SignedDuration::from_mins(30);
/// What may go on is looked at again after so long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn consider(patient: Patient<'_>, service: &Service, facts: &Facts, now: Timestamp) -> Candidate {
    let record = patient.record;
    let rules = super::enrolled(patient.policy, &record.target, facts).rules;
    if let Some(limit) = record.care.limited {
        return Candidate::No(Escalation::Limited {
            to: limit.to.0,
            was: limit.was.0,
            since: limit.since,
            service: redact(service.name.as_str()),
            cluster: redact(service.cluster.name()),
        });
    }
    let count = super::fall_back::count_of(patient, never_started);
    if !rules.remedies.contains(&Remedy::LimitDesiredCount) || count == 0 || service.desired.0 == 0 {
        return Candidate::Not;
    }
    let Some(since) = failing_since(patient) else { return Candidate::Not };
    let due = since.saturating_add(rules.start_failures.after).unwrap_or(Timestamp::MAX);
    if now < due {
        return Candidate::Later(due);
    }
    let goes_on = patient.incident.failures.last_at().is_some_and(|last| now.duration_since(last) < STILL);
    let ceiling = rules.start_failures.ceiling.unwrap_or(service.running.0.max(1));
    let is_short = service.running.0 < service.desired.0;
    if !goes_on || !is_short || ceiling >= service.desired.0 {
        return Candidate::Later(now.saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX));
    }
    let Some(primary) = service.primary() else { return Candidate::Not };
    let needs = facts.open([Query::Scalable]);
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    let causes = patient.incident.failures.causes();
    let cause = causes.into_iter().map(|(cause, _)| cause).find(|cause| never_started(*cause));
    let generation = patient.incident.opened_at.to_string();
    Candidate::Plan(Box::new(Plan {
        id: id_of(patient, Remedy::LimitDesiredCount, &generation),
        remedy: Remedy::LimitDesiredCount,
        target: record.target.clone(),
        incident: patient.incident.opened_at,
        // It heals no revision, so none is blamed for what it does not heal.
        revision: None,
        call: Call::UpdateService {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            task_definition: None,
            force_new_deployment: false,
            desired_count: Some(DesiredCount(ceiling)),
            capacity_providers: None,
        },
        precondition: Precondition {
            desired_count: Some(service.desired),
            short: true,
            ..Precondition::of(primary)
        },
        because: Because::StartsFail {
            count,
            since,
            cause: cause.unwrap_or(Cause::Unknown),
            running: service.running.0,
            desired: service.desired.0,
        },
    }))
}

/// Since when tasks of the incident have not started; `None` where the service was steady meanwhile.
fn failing_since(patient: Patient<'_>) -> Option<Timestamp> {
    let failures = &patient.incident.failures;
    let causes = failures.causes().into_iter().map(|(cause, _)| cause).filter(|cause| never_started(*cause));
    let kept = causes.filter_map(|cause| failures.first_of(cause, None)).min()?;
    // What is not kept one by one is older than what is.
    let first =
        if failures.has_more() { failures.first_at().map_or(kept, |first| first.min(kept)) } else { kept };
    let was_steady =
        patient.incident.relapses > 0 || patient.record.well_at.is_some_and(|well_at| well_at > first);
    (!was_steady).then_some(first)
}

/// Whether a cause keeps tasks from starting after ECS has begun to: what has no room costs nothing, and what exits did start.
fn never_started(cause: Cause) -> bool {
    use Cause::{
        CommandNotRunnable, ContainerRuntimeFailed, DependencyFailed, DiskFull, EnvFileUnavailable,
        ImageAccessDenied, ImageInvalid, ImageNotFound, ImagePlatformMismatch, ImageRateLimited,
        ImageRegistryUnreachable, LogSetupFailed, NetworkInterfaceFailed, RoleNotAssumable,
        SecretAccessDenied, SecretNotFound, SecretUnreachable, TaskConfigInvalid, VolumeMountFailed,
    };
    matches!(
        cause,
        CommandNotRunnable
            | ContainerRuntimeFailed
            | DependencyFailed
            | DiskFull
            | EnvFileUnavailable
            | ImageAccessDenied
            | ImageInvalid
            | ImageNotFound
            | ImagePlatformMismatch
            | ImageRateLimited
            | ImageRegistryUnreachable
            | LogSetupFailed
            | NetworkInterfaceFailed
            | RoleNotAssumable
            | SecretAccessDenied
            | SecretNotFound
            | SecretUnreachable
            | TaskConfigInvalid
            | VolumeMountFailed
    )
}
