//! Container instances, and what a task needs of one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::arn::ContainerInstanceArn;

/// The most container instances of a cluster that are looked at: three calls of DescribeContainerInstances.
pub const MAX_INSTANCES: usize = 300;

/// A container instance, from DescribeContainerInstances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRoom {
    /// Its ARN.
    pub arn: ContainerInstanceArn,
    /// `ec2InstanceId`.
    pub ec2: Option<String>,
    /// `ACTIVE`, `DRAINING`, or another word of ECS's.
    pub status: String,
    /// `agentConnected`.
    pub is_connected: bool,
    /// `capacityProviderName`.
    pub provider: Option<String>,
    /// CPU units that no task has taken, of `remainingResources`.
    pub free_cpu: Option<u64>,
    /// MiB that no task has taken.
    pub free_memory: Option<u64>,
    /// TCP ports of the host that are taken; ECS reserves those of its own here, too.
    pub taken_ports: BTreeSet<u16>,
    /// Attributes, those without a value included.
    pub attributes: BTreeMap<String, Option<String>>,
}

impl InstanceRoom {
    /// As people know it: its id at EC2, or at ECS.
    pub fn name(&self) -> &str {
        self.ec2.as_deref().unwrap_or_else(|| self.arn.id())
    }
}

/// The container instances of a cluster, as far as they were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instances {
    /// At most [`MAX_INSTANCES`].
    pub known: Vec<InstanceRoom>,
    /// Whether there are more.
    pub more: bool,
}

/// What a task needs of where it runs, from DescribeTaskDefinition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// CPU units: the task's, or its containers' together; absent where nothing says.
    pub cpu: Option<u64>,
    /// MiB: the task's, or what its containers reserve together, or are limited to.
    pub memory: Option<u64>,
    /// TCP ports of the host that it names.
    pub ports: BTreeSet<u16>,
    /// `requiresAttributes`, with the values that they must have.
    pub attributes: BTreeMap<String, Option<String>>,
}

/// What one container asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct ContainerNeeds {
    /// CPU units.
    cpu: Option<u64>,
    /// `memoryReservation`, or where there is none `memory`, in MiB.
    memory: Option<u64>,
    /// Container port and host port of each mapping, TCP alone.
    ports: Vec<(Option<u16>, Option<u16>)>,
}

impl Needs {
    /// Reads them from `taskDefinition` as ECS answers it. A size that is no whole number is absent.
    pub fn read(definition: &Value) -> Self {
        let port =
            |mapping: &Value, name: &str| mapping[name].as_u64().and_then(|port| u16::try_from(port).ok());
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let containers: Vec<ContainerNeeds> = list(&definition["containerDefinitions"])
            .iter()
            .map(|container| ContainerNeeds {
                cpu: container["cpu"].as_u64(),
                memory: container["memoryReservation"].as_u64().or(container["memory"].as_u64()),
                ports: list(&container["portMappings"])
                    .iter()
                    .filter(|mapping| mapping["protocol"] != "udp")
                    .map(|mapping| (port(mapping, "containerPort"), port(mapping, "hostPort")))
                    .collect(),
            })
            .collect();
        let attributes = list(&definition["requiresAttributes"]);
        let attributes = attributes.iter().filter_map(|attribute| {
            let value = attribute["value"].as_str().map(str::to_owned);
            Some((attribute["name"].as_str()?.to_owned(), value))
        });
        Self::of(
            definition["cpu"].as_str(),
            definition["memory"].as_str(),
            &containers,
            definition["networkMode"].as_str(),
            attributes.collect(),
        )
    }

    /// From the task's own `cpu` and `memory`, its containers, its network mode, and its attributes. Numbers of ECS are text.
    fn of(
        cpu: Option<&str>,
        memory: Option<&str>,
        containers: &[ContainerNeeds],
        network_mode: Option<&str>,
        attributes: BTreeMap<String, Option<String>>,
    ) -> Self {
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok());
        let sum = |of: fn(&ContainerNeeds) -> Option<u64>| {
            containers.iter().filter_map(of).reduce(u64::saturating_add)
        };
        let mappings = containers.iter().flat_map(|container| &container.ports);
        let on_host = |(container, host): &(Option<u16>, Option<u16>)| match network_mode {
            // A port of its own network interface is none of the host's; of the host's network every port is.
            Some("awsvpc" | "none") => None,
            Some("host") => host.or(*container),
            _ => *host,
        };
        Self {
            cpu: number(cpu).or_else(|| sum(|container| container.cpu)),
            memory: number(memory).or_else(|| sum(|container| container.memory)),
            ports: mappings.filter_map(on_host).filter(|port| *port != 0).collect(),
            attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_says_counts_before_what_its_containers_say() {
        let containers = [
            ContainerNeeds {
                cpu: Some(128),
                memory: Some(256),
                ports: vec![(Some(80), Some(8080)), (Some(81), Some(0)), (Some(82), None)],
            },
            ContainerNeeds { cpu: None, memory: Some(64), ports: Vec::new() },
        ];
        let of = |cpu, memory, mode| Needs::of(cpu, memory, &containers, mode, BTreeMap::new());
        let task = of(Some("256"), Some("512"), Some("awsvpc"));
        assert_eq!((task.cpu, task.memory, task.ports.len()), (Some(256), Some(512), 0));
        let sum = of(None, None, None);
        assert_eq!((sum.cpu, sum.memory), (Some(128), Some(320)));
        assert_eq!(sum.ports, BTreeSet::from([8080]));
        assert_eq!(of(None, None, Some("host")).ports, BTreeSet::from([8080, 82]));
        assert_eq!(Needs::of(Some("1 vCPU"), None, &[], None, BTreeMap::new()), Needs::default());
    }

    #[test]
    fn what_a_task_needs_is_read_as_ecs_answers_it() {
        let needs = Needs::read(&serde_json::json!({
            "cpu": "256", "networkMode": "bridge",
            "containerDefinitions": [
                {"cpu": 10, "memory": 512, "memoryReservation": 128, "portMappings": [
                    {"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "hostPort": 53, "protocol": "udp"}]},
                {"memory": 64},
            ],
            "requiresAttributes": [{"name": "ecs.capability.task-eni"}, {"name": "disk", "value": "ssd"}],
        }));
        assert_eq!((needs.cpu, needs.memory), (Some(256), Some(192)));
        assert_eq!(needs.ports, BTreeSet::from([8080]));
        let attributes =
            [("disk".to_owned(), Some("ssd".to_owned())), ("ecs.capability.task-eni".to_owned(), None)];
        assert_eq!(needs.attributes, BTreeMap::from(attributes));
        assert_eq!(Needs::read(&Value::Null), Needs::default());
    }
}
