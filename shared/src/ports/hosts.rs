//! What is asked about container instances: of ECS, and of CloudWatch, which tells what EC2 says of them.

use jiff::Timestamp;

use super::{Access, EcsError, Resource};
use crate::arn::{ClusterArn, ContainerInstanceArn};
use crate::ecs::{CapacityProvider, ContainerInstance, HostTask, StatusCheck};

/// Reads container instances. Every answer of ECS may lag behind the latest change by seconds.
pub trait Hosts {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access {
            method: "container_instance",
            actions: &["ecs:DescribeContainerInstances"],
            on: Resource::ContainerInstances,
        },
        Access { method: "tasks_on", actions: &["ecs:ListTasks"], on: Resource::ContainerInstances },
        Access { method: "tasks_on", actions: &["ecs:DescribeTasks"], on: Resource::Tasks },
        Access { method: "draining", actions: &["ecs:ListContainerInstances"], on: Resource::Clusters },
        Access { method: "find_host", actions: &["ecs:ListContainerInstances"], on: Resource::Clusters },
        Access {
            method: "capacity_provider",
            actions: &["ecs:DescribeCapacityProviders"],
            on: Resource::CapacityProviders,
        },
        // Cannot be scoped (Service Authorization Reference of CloudWatch).
        Access { method: "status_check", actions: &["cloudwatch:GetMetricData"], on: Resource::Everything },
    ];

    /// A container instance; `None` where ECS knows none of that ARN in the cluster.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn container_instance(
        &self,
        cluster: &ClusterArn,
        arn: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError>;

    /// The tasks of a container instance, those that stopped within the hour included.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn tasks_on(
        &self,
        cluster: &ClusterArn,
        instance: &ContainerInstanceArn,
    ) -> Result<Vec<HostTask>, EcsError>;

    /// The cluster's container instances that are DRAINING, by whomever: the first hundred.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn draining(&self, cluster: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError>;

    /// The container instance of a cluster that an EC2 instance is; `None`: it is none of that cluster's.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn find_host(
        &self,
        cluster: &ClusterArn,
        ec2_instance_id: &str,
    ) -> Result<Option<ContainerInstanceArn>, EcsError>;

    /// A capacity provider of a cluster, by its name; `None` where ECS knows none of that name.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn capacity_provider(
        &self,
        cluster: &ClusterArn,
        name: &str,
    ) -> Result<Option<CapacityProvider>, EcsError>;

    /// The latest minute before `until`, of some, in which CloudWatch tells of an EC2 instance's status checks. `None`: it
    /// tells of none, which says nothing about the instance.
    ///
    /// # Errors
    ///
    /// Where CloudWatch does not answer, or refuses.
    async fn status_check(
        &self,
        ec2_instance_id: &str,
        until: Timestamp,
    ) -> Result<Option<StatusCheck>, EcsError>;
}
