//! Whether a service outlives the loss of a task, and of a zone.

use jiff::Timestamp;

use super::{Check, Look, Seen, Severity, Source};
use crate::audit::{Facts, Launch};
use crate::observed::Observed;

const ZONES: Source = Source {
    name: "AWS Well-Architected, REL10-BP01: deploy the workload to multiple locations",
    url: "https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_fault_isolation_multiaz_region_system.html",
};

/// Platform versions of Linux that Fargate has retired.
const RETIRED: [&str; 4] = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];

pub(super) const ONE_TASK: Check = Check {
    id: "one_task",
    severity: Severity::Warning,
    title: "one task alone is wanted",
    reason: "While that task is replaced, for whatever reason, nobody serves.",
    fix: "Set the desired count to 2 or more. Where one task must not have a second beside it, `--ignore one_task` says so.",
    source: ZONES,
    look: Look::Service(one_task),
};

pub(super) const ONE_ZONE: Check = Check {
    id: "one_zone",
    severity: Severity::Warning,
    title: "all tasks run in one availability zone",
    reason: "Whatever befalls that zone befalls all tasks.",
    fix: "Name subnets of two zones or more, and switch on availabilityZoneRebalancing.",
    source: Source {
        name: "Amazon ECS Developer Guide, balancing a service across availability zones",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html",
    },
    look: Look::Service(one_zone),
};

pub(super) const ONE_SUBNET: Check = Check {
    id: "one_subnet",
    severity: Severity::Warning,
    title: "tasks can be placed into one subnet alone",
    reason: "A subnet lies in one availability zone, and its addresses run out: then no task can be started anywhere.",
    fix: "Name subnets of two availability zones or more in networkConfiguration.awsvpcConfiguration.subnets.",
    source: ZONES,
    look: Look::Service(one_subnet),
};

pub(super) const PLATFORM_VERSION_RETIRED: Check = Check {
    id: "platform_version_retired",
    severity: Severity::Error,
    title: "the service names a platform version that Fargate has retired",
    reason: "Fargate starts no task on a retired platform version, and ends those that run.",
    fix: "Set platformVersion to LATEST.",
    source: Source {
        name: "Amazon ECS Developer Guide, Fargate Linux platform version deprecation",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-versions-retired.html",
    },
    look: Look::Service(platform_version_retired),
};

fn one_task(facts: &Facts, _now: Timestamp) -> Seen {
    let service = &facts.service;
    Seen::found_if(!service.is_daemon && service.ecs.desired.0 == 1, || "the desired count is 1".to_owned())
}

fn one_zone(facts: &Facts, _now: Timestamp) -> Seen {
    // How many hosts a daemon has, and where, is not the service's to say.
    if facts.service.is_daemon || facts.service.ecs.desired.0 < 2 {
        return Seen::Nothing;
    }
    let running = match &facts.running {
        Observed::Known(running) => running,
        Observed::Absent => return Seen::Nothing,
        Observed::Unknown(why) => return Seen::Unseen(why.clone()),
    };
    let mut zones = running.by_zone.iter();
    match (zones.next(), zones.next()) {
        (Some((zone, tasks)), None) if running.nowhere == 0 && *tasks > 1 => {
            Seen::found(&format!("{tasks} tasks run, all in {zone}"))
        }
        (_, None) if running.nowhere > 1 => {
            Seen::Unseen(format!("ECS does not tell the availability zone of {} tasks", running.nowhere))
        }
        _ => Seen::Nothing,
    }
}

fn one_subnet(facts: &Facts, _now: Timestamp) -> Seen {
    let is_one = facts.service.subnets.is_some_and(|subnets| subnets < 2);
    Seen::found_if(is_one, || "awsvpcConfiguration names one subnet".to_owned())
}

fn platform_version_retired(facts: &Facts, _now: Timestamp) -> Seen {
    let Some(version) = &facts.service.platform_version else { return Seen::Nothing };
    if facts.service.launch != Launch::Fargate || !RETIRED.contains(&version.as_str()) {
        return Seen::Nothing;
    }
    // Windows counts its versions for itself, and begins at 1.0.0, too.
    match &facts.definition {
        Observed::Known(definition) if definition.is_windows => Seen::Nothing,
        Observed::Unknown(why) if version == "1.0.0" => Seen::Unseen(why.clone()),
        _ => Seen::found(&format!("platformVersion is {version}")),
    }
}
