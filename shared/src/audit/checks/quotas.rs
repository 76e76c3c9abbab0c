//! How near limits are.

use jiff::Timestamp;

use super::{Check, Look, Seen, Severity, Source, in_definition};
use crate::audit::{ClusterFacts, Facts};
use crate::observed::Observed;
use crate::quota;
use crate::redact::redact;

/// From so many percent of a limit on, it is near.
const NEAR_PERCENT: usize = 90;

const QUOTAS: Source = Source {
    name: "AWS General Reference, Amazon ECS endpoints and quotas",
    url: "https://docs.aws.amazon.com/general/latest/gr/ecs-service.html",
};

pub(super) const DEFINITION_NEAR_SIZE: Check = Check {
    id: "definition_near_size",
    severity: Severity::Warning,
    title: "the task definition is nearly as long as ECS takes",
    reason: "Beyond 64 KiB no revision is registered, and no raise of the quota can be asked for.",
    fix: "Move settings into environment files, parameters or secrets.",
    source: QUOTAS,
    look: Look::Service(definition_near_size),
};

pub(super) const DEFINITION_NEAR_CONTAINERS: Check = Check {
    id: "definition_near_containers",
    severity: Severity::Note,
    title: "the task definition has nearly as many containers as ECS takes",
    reason: "More than ten are refused, and no raise of the quota can be asked for: a sidecar that must come does not fit.",
    fix: "Move containers that live by themselves into a service of their own.",
    source: QUOTAS,
    look: Look::Service(definition_near_containers),
};

pub(super) const SERVICE_NEAR_TASKS: Check = Check {
    id: "service_near_tasks",
    severity: Severity::Warning,
    title: "the service has nearly as many tasks as a service may",
    reason: "Beyond the quota nothing scales out any more: 5,000 tasks a service, 1,000 with Cloud Map or Service Connect.",
    fix: "Ask for a greater quota, or divide the service.",
    source: QUOTAS,
    look: Look::Service(service_near_tasks),
};

pub(super) const CLUSTER_NEAR_SERVICES: Check = Check {
    id: "cluster_near_services",
    severity: Severity::Warning,
    title: "the cluster has nearly as many services as a cluster may",
    reason: "Beyond the quota, 5,000 unless it was raised, no service can be created.",
    fix: "Ask for a greater quota, or use another cluster.",
    source: QUOTAS,
    look: Look::Cluster(cluster_near_services),
};

fn is_near(value: usize, limit: usize) -> bool {
    value.saturating_mul(100) >= limit.saturating_mul(NEAR_PERCENT)
}

fn definition_near_size(facts: &Facts, _now: Timestamp) -> Seen {
    in_definition(facts, |definition| {
        let (size, limit) = (definition.size, quota::TASK_DEFINITION_SIZE);
        let said = || redact(&format!("{size} of {limit} bytes"));
        is_near(size, limit).then(said).into_iter().collect()
    })
}

fn definition_near_containers(facts: &Facts, _now: Timestamp) -> Seen {
    in_definition(facts, |definition| {
        let (count, limit) = (definition.containers.len(), quota::CONTAINERS);
        let said = || redact(&format!("{count} of {limit} containers"));
        is_near(count, limit).then(said).into_iter().collect()
    })
}

fn service_near_tasks(facts: &Facts, _now: Timestamp) -> Seen {
    let service = &facts.service;
    let limit =
        if service.is_discovered { quota::TASKS_A_DISCOVERED_SERVICE } else { quota::TASKS_A_SERVICE };
    let tasks = usize::try_from(service.ecs.desired.0.max(service.ecs.running.0)).unwrap_or(usize::MAX);
    Seen::found_if(is_near(tasks, limit), || format!("{tasks} of {limit} tasks"))
}

fn cluster_near_services(facts: &ClusterFacts) -> Seen {
    match &facts.services {
        Observed::Known(services) => Seen::found_if(is_near(*services, quota::SERVICES_A_CLUSTER), || {
            format!("{services} of {} services", quota::SERVICES_A_CLUSTER)
        }),
        Observed::Absent => Seen::Nothing,
        Observed::Unknown(why) => Seen::Unseen(why.clone()),
    }
}
