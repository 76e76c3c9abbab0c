//! Container instances, and what a task needs of one.

use std::collections::{BTreeMap, BTreeSet};

use crate::arn::ContainerInstanceArn;

/// The most container instances of a cluster that are looked at: three calls of DescribeContainerInstances.
pub const MAX_INSTANCES: usize = 300;

/// A container instance, from DescribeContainerInstances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerInstance {
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

impl ContainerInstance {
    /// As people know it: its id at EC2, or at ECS.
    pub fn name(&self) -> &str {
        self.ec2.as_deref().unwrap_or_else(|| self.arn.id())
    }
}

/// The container instances of a cluster, as far as they were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instances {
    /// At most [`MAX_INSTANCES`].
    pub known: Vec<ContainerInstance>,
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
pub struct ContainerNeeds {
    /// CPU units.
    pub cpu: Option<u64>,
    /// `memoryReservation`, or where there is none `memory`, in MiB.
    pub memory: Option<u64>,
    /// Container port and host port of each mapping, TCP alone.
    pub ports: Vec<(Option<u16>, Option<u16>)>,
}

impl Needs {
    /// From the task's own `cpu` and `memory`, its containers, its network mode, and its attributes. Numbers of ECS are text.
    pub fn of(
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
}
