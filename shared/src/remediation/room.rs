//! Why no container instance takes a task: what the nearest one lacks.
//!
//! By what ECS counts: CPU units, memory, ports of the host and attributes. Placement constraints and strategies of the service
//! are not looked at, and the explanation says so where an instance seems to have room.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::ecs::{InstanceRoom, Instances, MAX_INSTANCES, Needs};
use crate::redact::{Redacted, redact};

/// So many ports or attributes are named.
const MAX_NAMED: usize = 3;

/// What stands in the way of a task that needs a container instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Room {
    /// No instance is registered, or none with the service's capacity provider.
    NoInstances,
    /// An instance has room by all that was looked at: constraints of placement may keep the task away.
    Free {
        /// Which.
        instance: Redacted,
    },
    /// None has.
    Nearest(Nearest),
}

/// The instance that lacks least, and how the others stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// Which.
    pub instance: Redacted,
    /// What it lacks, the most telling first; never empty.
    pub lacks: Vec<Lack>,
    /// How many others take tasks, and lack as much or more.
    pub others: usize,
    /// How many others do not let their agent be heard.
    pub away: usize,
    /// How many others drain, or are not ACTIVE for another reason.
    pub drain: usize,
    /// Whether the cluster has more instances than were looked at.
    pub more: bool,
}

/// What an instance lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// It is not ACTIVE: its status.
    Active(Redacted),
    /// Its agent is not heard.
    Agent,
    /// CPU units.
    Cpu(u64),
    /// MiB.
    Memory(u64),
    /// Ports that are taken.
    Ports(Vec<u16>),
    /// Attributes that it has not, or with another value.
    Attributes(Vec<Redacted>),
}

/// Explains why no instance of a cluster takes a task. `providers` are those of the service's strategy; none: any instance will do.
pub fn room(needs: &Needs, instances: &Instances, providers: &[&str]) -> Room {
    let may_take = |instance: &&InstanceRoom| {
        providers.is_empty() || instance.provider.as_deref().is_some_and(|own| providers.contains(&own))
    };
    let known: Vec<&InstanceRoom> = instances.known.iter().take(MAX_INSTANCES).filter(may_take).collect();
    let lacking = known.iter().map(|instance| (*instance, lacks(needs, instance)));
    let Some((nearest, lacks)) =
        lacking.min_by_key(|(instance, lacks)| (distance(needs, lacks), instance.name().to_owned()))
    else {
        return Room::NoInstances;
    };
    let instance = redact(nearest.name());
    if lacks.is_empty() {
        return Room::Free { instance };
    }
    let count = |of: fn(&InstanceRoom) -> bool| {
        known.iter().filter(|other| other.arn != nearest.arn && of(other)).count()
    };
    Room::Nearest(Nearest {
        instance,
        lacks,
        others: count(|other| other.status == ACTIVE && other.is_connected),
        away: count(|other| other.status == ACTIVE && !other.is_connected),
        drain: count(|other| other.status != ACTIVE),
        more: instances.more || instances.known.len() > MAX_INSTANCES,
    })
}

const ACTIVE: &str = "ACTIVE";

fn lacks(needs: &Needs, instance: &InstanceRoom) -> Vec<Lack> {
    let mut lacks = Vec::new();
    if instance.status != ACTIVE {
        lacks.push(Lack::Active(redact(&instance.status)));
    }
    if !instance.is_connected {
        lacks.push(Lack::Agent);
    }
    let missing = |needed: Option<u64>, free: Option<u64>| {
        let missing = needed?.checked_sub(free?)?;
        (missing > 0).then_some(missing)
    };
    lacks.extend(missing(needs.cpu, instance.free_cpu).map(Lack::Cpu));
    lacks.extend(missing(needs.memory, instance.free_memory).map(Lack::Memory));
    let ports: Vec<u16> = needs.ports.intersection(&instance.taken_ports).copied().take(MAX_NAMED).collect();
    if !ports.is_empty() {
        lacks.push(Lack::Ports(ports));
    }
    let has = |name: &String, value: &Option<String>| {
        instance.attributes.get(name).is_some_and(|own| value.is_none() || own == value)
    };
    let absent = needs.attributes.iter().filter(|(name, value)| !has(name, value));
    let attributes: Vec<Redacted> = absent.map(|(name, _)| redact(name)).take(MAX_NAMED).collect();
    if !attributes.is_empty() {
        lacks.push(Lack::Attributes(attributes));
    }
    lacks
}

/// How far an instance is from taking the task: what no freed resource mends counts most, then how many things it lacks, then how
/// much of what the task needs, in thousandths.
fn distance(needs: &Needs, lacks: &[Lack]) -> (usize, usize, u64) {
    let for_good = |lack: &&Lack| matches!(lack, Lack::Active(_) | Lack::Agent | Lack::Attributes(_));
    let share =
        |missing: u64, needed: Option<u64>| missing.saturating_mul(1_000) / needed.unwrap_or(1).max(1);
    let much = lacks.iter().map(|lack| match lack {
        Lack::Cpu(missing) => share(*missing, needs.cpu),
        Lack::Memory(missing) => share(*missing, needs.memory),
        _ => 0,
    });
    (lacks.iter().filter(for_good).count(), lacks.len(), much.fold(0, u64::saturating_add))
}

impl Nearest {
    /// The others by how they stand, the most frequent first.
    pub fn rest(&self) -> Vec<(Rest, usize)> {
        let mut rest =
            vec![(Rest::LackMore, self.others), (Rest::Away, self.away), (Rest::Drain, self.drain)];
        rest.retain(|(_, count)| *count > 0);
        rest.sort_by_key(|(_, count)| Reverse(*count));
        rest
    }
}

/// How other instances stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They take tasks, and lack as much or more.
    LackMore,
    /// Their agents are not heard.
    Away,
    /// They drain.
    Drain,
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::arn::ContainerInstanceArn;
    use crate::words::{Language, remedies};

    fn needs() -> Needs {
        Needs { cpu: Some(512), memory: Some(1024), ports: BTreeSet::from([8080]), ..Needs::default() }
    }

    fn instance(name: &str, cpu: u64, memory: u64) -> InstanceRoom {
        InstanceRoom {
            arn: ContainerInstanceArn::new(format!(
                "arn:aws:ecs:eu-central-1:123456789012:container-instance/shop/{name}"
            )),
            ec2: Some(format!("i-{name}")),
            status: ACTIVE.to_owned(),
            is_connected: true,
            provider: None,
            free_cpu: Some(cpu),
            free_memory: Some(memory),
            taken_ports: BTreeSet::new(),
            attributes: BTreeMap::new(),
        }
    }

    fn explain(needs: &Needs, known: Vec<InstanceRoom>) -> String {
        remedies::room(&room(needs, &Instances { known, more: false }, &[]), Language::En)
    }

    #[test]
    fn the_instance_that_lacks_least_is_named_with_what_it_lacks() {
        let drains = InstanceRoom { status: "DRAINING".to_owned(), ..instance("d", 4096, 8192) };
        let away = InstanceRoom { is_connected: false, ..instance("e", 4096, 8192) };
        let taken = InstanceRoom { taken_ports: BTreeSet::from([22, 8080]), ..instance("f", 4096, 8192) };
        let gpu = Needs { attributes: BTreeMap::from([("ecs.capability.gpu".to_owned(), None)]), ..needs() };
        let unread = InstanceRoom { free_cpu: None, free_memory: Some(0), ..instance("g", 0, 0) };
        let rows = [
            (needs(), vec![], "no container instance is registered for it"),
            (needs(), vec![instance("a", 512, 512)], "i-a is nearest: it lacks 512 MiB of memory"),
            (
                needs(),
                vec![instance("c", 0, 0), instance("b", 0, 1024), instance("a", 512, 512), drains.clone()],
                "i-a is nearest: it lacks 512 MiB of memory; 2 others lack as much or more, 1 drains",
            ),
            (
                needs(),
                vec![instance("a", 256, 512), drains.clone(), away.clone()],
                "i-a is nearest: it lacks 256 CPU units and 512 MiB of memory; 1 has no agent connected, 1 drains",
            ),
            (needs(), vec![drains.clone()], "i-d is nearest: it is DRAINING"),
            (needs(), vec![away], "i-e is nearest: its agent is not connected"),
            (needs(), vec![taken], "i-f is nearest: it has port 8080 taken"),
            (
                gpu,
                vec![instance("a", 512, 1024)],
                "i-a is nearest: it lacks the attribute ecs.capability.gpu",
            ),
            (needs(), vec![unread], "i-g is nearest: it lacks 1024 MiB of memory"),
            (
                needs(),
                vec![instance("a", 512, 1024)],
                "i-a has room by CPU, memory, ports and attributes: look at placement constraints",
            ),
        ];
        for (needs, known, expected) in rows {
            assert_eq!(explain(&needs, known), expected);
        }
    }

    #[test]
    fn instances_of_another_capacity_provider_do_not_count() {
        let own = InstanceRoom { provider: Some("asg".to_owned()), ..instance("a", 0, 1024) };
        let instances = Instances { known: vec![own, instance("b", 4096, 8192)], more: true };
        let found = room(&needs(), &instances, &["asg"]);
        let expected = "i-a is nearest: it lacks 512 CPU units (of the first 300 instances)";
        assert_eq!(remedies::room(&found, Language::En), expected);
        assert_eq!(room(&needs(), &instances, &["other"]), Room::NoInstances);
    }

    #[test]
    fn of_equals_the_first_by_name_is_nearest_in_whatever_order_they_come() {
        let two = || vec![instance("b", 0, 1024), instance("a", 0, 1024)];
        let turned = two().into_iter().rev().collect();
        assert_eq!(explain(&needs(), two()), explain(&needs(), turned));
        assert!(explain(&needs(), two()).starts_with("i-a "));
    }
}
