//! Whether ECS knows which tasks are well, and whether they are.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Check, Look, Seen, Severity, Source};
use crate::audit::{Facts, Failure};
use crate::diagnosis::Cause;
use crate::ecs::Rollout;
use crate::observed::Observed;

/// Failures within this time are one storm: ECS waits for up to 15 minutes between two launches of a failing task, and longer
/// waits were reported (27 minutes).
const WINDOW: SignedDuration = SignedDuration::from_mins(30);
/// Fewer failures are no storm.
const LEAST: usize = 5;
/// More are one, however many tasks are desired: the breaker's own bound.
const MOST: usize = 200;

pub(super) const RETRY_STORM: Check = Check {
    id: "retry_storm",
    severity: Severity::Error,
    title: "tasks fail and are started again and again",
    reason: "ECS repeats failed launches without end, slower and slower: each repeat costs pulls, start-ups and log lines, and \
             what is broken stays broken.",
    fix: "See why the tasks stop (`aws ecs describe-tasks … | steward explain -`), then fix that or deploy what ran well.",
    source: Source {
        name: "Amazon ECS Developer Guide, service throttle logic",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html",
    },
    look: Look::Service(retry_storm),
};

pub(super) const NO_HEALTH_CHECK: Check = Check {
    id: "no_health_check",
    severity: Severity::Warning,
    title: "nothing checks whether the tasks are healthy",
    reason: "Without a health check of a container or a load balancer a task that hangs counts as well for ever, and a deployment \
             of a revision that hangs succeeds.",
    fix: "Give the essential container a healthCheck, or put the service behind a target group.",
    source: Source {
        name: "Amazon ECS Developer Guide, container health checks",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html",
    },
    look: Look::Service(no_health_check),
};

pub(super) const NO_GRACE_PERIOD: Check = Check {
    id: "no_grace_period",
    severity: Severity::Warning,
    title: "a load balancer may have tasks stopped before they have started",
    reason: "Without healthCheckGracePeriodSeconds a task that fails its first health checks, because it is still starting, is \
             stopped and replaced by one that fares alike.",
    fix: "Set healthCheckGracePeriodSeconds to longer than the slowest start of a task.",
    source: Source {
        name: "Amazon ECS API Reference, Service: healthCheckGracePeriodSeconds",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html",
    },
    look: Look::Service(no_grace_period),
};

fn retry_storm(facts: &Facts, now: Timestamp) -> Seen {
    let service = &facts.service.ecs;
    let desired = usize::try_from(service.desired.0).unwrap_or(usize::MAX);
    let bound = (desired / 2).clamp(LEAST, MOST);
    let primary = service.primary().filter(|primary| primary.rollout == Some(Rollout::InProgress));
    let failed = primary.and_then(|primary| primary.failed_tasks).unwrap_or_default();
    let failed = usize::try_from(failed).unwrap_or(usize::MAX);
    let of_deployment = || format!("the deployment under way has {failed} failed tasks");
    match &facts.failures {
        Observed::Known(failures) => {
            let late: Vec<&Failure> =
                failures.iter().filter(|failure| now.duration_since(failure.at) <= WINDOW).collect();
            if late.len() >= bound {
                return Seen::found(&told(&late));
            }
            Seen::found_if(failed >= bound, of_deployment)
        }
        _ if failed >= bound => Seen::found(&of_deployment()),
        Observed::Unknown(why) => Seen::Unseen(why.clone()),
        Observed::Absent => Seen::Nothing,
    }
}

/// How many failed, and why most of them.
fn told(failures: &[&Failure]) -> String {
    let mut by_cause: BTreeMap<&'static str, (usize, Cause)> = BTreeMap::new();
    for failure in failures {
        by_cause.entry(failure.cause.as_str()).or_insert((0, failure.cause)).0 += 1;
    }
    let minutes = WINDOW.as_mins();
    let begin = format!("{} tasks failed within {minutes} minutes", failures.len());
    match by_cause.values().max_by_key(|(count, _)| *count) {
        Some((count, cause)) if *count == failures.len() => {
            format!("{begin}: {cause}, {}", cause.headline())
        }
        Some((count, cause)) => format!("{begin}, {count} of them: {cause}, {}", cause.headline()),
        None => begin,
    }
}

fn no_health_check(facts: &Facts, _now: Timestamp) -> Seen {
    if facts.service.has_load_balancer {
        return Seen::Nothing;
    }
    super::in_definition(facts, |definition| {
        let mut essential = definition.containers.iter().filter(|container| container.is_essential);
        let is_checked = essential.any(|container| container.has_health_check);
        let said = "no load balancer, and no essential container has a healthCheck";
        if is_checked { Vec::new() } else { vec![crate::redact::redact(said)] }
    })
}

fn no_grace_period(facts: &Facts, _now: Timestamp) -> Seen {
    let is_unset = facts.service.has_load_balancer && facts.service.grace.unwrap_or(0) == 0;
    Seen::found_if(is_unset, || "behind a load balancer, and healthCheckGracePeriodSeconds is 0".to_owned())
}
