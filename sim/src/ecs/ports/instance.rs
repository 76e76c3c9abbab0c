//! Container instances.

use std::collections::BTreeMap;

use steward::arn::{ClusterArn, ContainerInstanceArn};
use steward::ecs::{InstanceRoom, Instances, MAX_INSTANCES};
use steward::ports::EcsError;

use super::super::api::{self, Attribute};
use super::super::operation;
use super::super::world::Ecs;
use super::failed;

/// All container instances of a cluster, up to the bound.
pub fn instances(ecs: &mut Ecs, cluster: &ClusterArn) -> Result<Instances, EcsError> {
    let mut found = Instances::default();
    let mut from = None;
    loop {
        let request = api::ListContainerInstancesRequest {
            cluster: Some(cluster.to_string()),
            next_token: from,
            max_results: Some(100),
            ..api::ListContainerInstancesRequest::default()
        };
        let page = operation::call(ecs, request)
            .map_err(|error| failed("ListContainerInstances", cluster.name(), &error))?;
        if !page.container_instance_arns.is_empty() {
            let request = api::DescribeContainerInstancesRequest {
                cluster: Some(cluster.to_string()),
                container_instances: page.container_instance_arns,
                include: Vec::new(),
            };
            let answer = operation::call(ecs, request)
                .map_err(|error| failed("DescribeContainerInstances", cluster.name(), &error))?;
            found.known.extend(answer.container_instances.iter().map(of_instance));
        }
        from = page.next_token;
        if from.is_none() {
            return Ok(found);
        }
        if found.known.len() >= MAX_INSTANCES {
            return Ok(Instances { more: true, ..found });
        }
    }
}

fn of_instance(answered: &api::ContainerInstance) -> InstanceRoom {
    let free = |name: &str| {
        let found = answered.remaining_resources.iter().find(|one| one.name.as_deref() == Some(name))?;
        found.integer_value.and_then(|value| u64::try_from(value).ok())
    };
    let ports = answered.remaining_resources.iter().find(|one| one.name.as_deref() == Some("PORTS"));
    let taken = ports.and_then(|ports| ports.string_set_value.as_ref()).into_iter().flatten();
    InstanceRoom {
        is_connected: answered.agent_connected.unwrap_or_default(),
        free_cpu: free("CPU"),
        free_memory: free("MEMORY"),
        taken_ports: taken.filter_map(|port| port.parse().ok()).collect(),
        attributes: attributes(&answered.attributes),
        arn: ContainerInstanceArn::new(answered.container_instance_arn.clone().unwrap_or_default()),
        ec2: answered.ec2_instance_id.clone(),
        status: answered.status.clone().unwrap_or_default(),
        provider: answered.capacity_provider_name.clone(),
    }
}

fn attributes(answered: &[Attribute]) -> BTreeMap<String, Option<String>> {
    answered.iter().map(|attribute| (attribute.name.clone(), attribute.value.clone())).collect()
}
