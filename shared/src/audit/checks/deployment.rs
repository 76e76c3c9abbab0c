//! Whether deployments end, and end well.

use jiff::Timestamp;

use super::{Check, Look, Seen, Severity, Source};
use crate::audit::{Facts, Service};
use crate::ecs::Controller;

const BREAKER: Source = Source {
    name: "Amazon ECS Developer Guide, deployment circuit breaker",
    url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html",
};

pub(super) const BREAKER_OFF: Check = Check {
    id: "breaker_off",
    severity: Severity::Error,
    title: "no circuit breaker ends a deployment that fails",
    reason: "Without the deployment circuit breaker ECS starts tasks of a broken revision for as long as nobody stops it.",
    fix: "Set deploymentConfiguration.deploymentCircuitBreaker to enable: true, rollback: true.",
    source: BREAKER,
    look: Look::Service(breaker_off),
};

pub(super) const BREAKER_WITHOUT_ROLLBACK: Check = Check {
    id: "breaker_without_rollback",
    severity: Severity::Warning,
    title: "the circuit breaker does not roll back",
    reason: "A deployment that fails then ends where it failed, and the service stays without the tasks that it replaced.",
    fix: "Set deploymentConfiguration.deploymentCircuitBreaker.rollback to true.",
    source: BREAKER,
    look: Look::Service(breaker_without_rollback),
};

pub(super) const DEPLOYMENT_CANNOT_MOVE: Check = Check {
    id: "deployment_cannot_move",
    severity: Severity::Error,
    title: "the percentages let a deployment neither stop nor start a task",
    reason: "minimumHealthyPercent rounds up and maximumPercent rounds down: where both come to the desired count, no \
             deployment can ever make progress.",
    fix: "Raise maximumPercent (200 is ECS's default), or lower minimumHealthyPercent.",
    source: Source {
        name: "Amazon ECS API Reference, DeploymentConfiguration",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html",
    },
    look: Look::Service(deployment_cannot_move),
};

/// The breaker and the percentages are for rolling deployments that ECS carries out.
fn rolls(service: &Service) -> bool {
    service.ecs.controller == Controller::Ecs && service.ecs.is_rolling
}

fn breaker_off(facts: &Facts, _now: Timestamp) -> Seen {
    let is_off = rolls(&facts.service) && !facts.service.ecs.breaker.is_enabled;
    Seen::found_if(is_off, || "deploymentCircuitBreaker is not enabled".to_owned())
}

fn breaker_without_rollback(facts: &Facts, _now: Timestamp) -> Seen {
    let breaker = facts.service.ecs.breaker;
    let stays = rolls(&facts.service) && breaker.is_enabled && !breaker.rolls_back;
    Seen::found_if(stays, || "deploymentCircuitBreaker has rollback: false".to_owned())
}

fn deployment_cannot_move(facts: &Facts, _now: Timestamp) -> Seen {
    let service = &facts.service;
    if !rolls(service) {
        return Seen::Nothing;
    }
    let (Some(minimum), Some(maximum)) = (service.minimum_percent, service.maximum_percent) else {
        return Seen::Unseen("DescribeServices did not answer the service's percentages".to_owned());
    };
    // Of a service that is scaled to zero, what will be so with any count.
    let desired = u64::from(service.ecs.desired.0);
    let (least, most) = match desired {
        0 => (u64::from(minimum), u64::from(maximum)),
        _ => ((desired * u64::from(minimum)).div_ceil(100), desired * u64::from(maximum) / 100),
    };
    let count = if desired == 0 { 100 } else { desired };
    Seen::found_if(least >= count && most <= count, || {
        format!("minimumHealthyPercent {minimum} and maximumPercent {maximum} of {desired} desired")
    })
}
