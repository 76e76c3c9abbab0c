//! Container instances.

use std::collections::BTreeMap;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{Attribute, ContainerInstance as Answered, Resource};

use super::{PAGE, failed, lacks, only_missing};
use crate::arn::{ClusterArn, ContainerInstanceArn};
use crate::ecs::{InstanceRoom, Instances, MAX_INSTANCES};
use crate::ports::EcsError;

const LIST: &str = "ListContainerInstances";
const DESCRIBE: &str = "DescribeContainerInstances";

/// At most [`MAX_INSTANCES`], whatever their status: `ListContainerInstances` names all of them where none is asked for.
pub(super) async fn all(client: &Client, cluster: &ClusterArn) -> Result<Instances, EcsError> {
    let target = format!("container instances of {}", cluster.name());
    let mut found = Instances::default();
    let mut from = None;
    loop {
        let page = client
            .list_container_instances()
            .cluster(cluster.as_str())
            .max_results(PAGE)
            .set_next_token(from)
            .send()
            .await
            .map_err(|error| failed(LIST, target.clone(), &error))?;
        let arns = page.container_instance_arns.unwrap_or_default();
        if !arns.is_empty() {
            found.known.extend(describe(client, cluster, arns, &target).await?);
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

async fn describe(
    client: &Client,
    cluster: &ClusterArn,
    arns: Vec<String>,
    target: &str,
) -> Result<Vec<InstanceRoom>, EcsError> {
    let answer = client
        .describe_container_instances()
        .cluster(cluster.as_str())
        .set_container_instances(Some(arns))
        .send()
        .await
        .map_err(|error| failed(DESCRIBE, target.to_owned(), &error))?;
    only_missing(DESCRIBE, target, answer.failures)?;
    let read =
        |answered| read(answered).ok_or_else(|| lacks(DESCRIBE, target, "containerInstanceArn or status"));
    answer.container_instances.unwrap_or_default().into_iter().map(read).collect()
}

fn read(answered: Answered) -> Option<InstanceRoom> {
    let free = answered.remaining_resources();
    let number = |name: &str| {
        let found = free.iter().find(|resource| resource.name() == Some(name))?;
        u64::try_from(found.integer_value()).ok()
    };
    let taken = free.iter().find(|resource| resource.name() == Some("PORTS"));
    Some(InstanceRoom {
        is_connected: answered.agent_connected(),
        free_cpu: number("CPU"),
        free_memory: number("MEMORY"),
        taken_ports: taken
            .map(Resource::string_set_value)
            .unwrap_or_default()
            .iter()
            .filter_map(|port| port.parse().ok())
            .collect(),
        attributes: attributes(answered.attributes()),
        arn: ContainerInstanceArn::new(answered.container_instance_arn?),
        ec2: answered.ec2_instance_id,
        status: answered.status?,
        provider: answered.capacity_provider_name,
    })
}

fn attributes(answered: &[Attribute]) -> BTreeMap<String, Option<String>> {
    answered
        .iter()
        .map(|attribute| (attribute.name().to_owned(), attribute.value().map(str::to_owned)))
        .collect()
}
