//! ECS as remediation reads and changes it: the model, and who else owns services.

use jiff::Timestamp;
use steward::action::{ActionId, Call};
use steward::arn::{
    ClusterArn, ContainerInstanceArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use steward::ecs::{
    CapacityProvider, ContainerInstance, HostTask, Instances, Overrides, Service, ServiceDeployment,
    ServiceRevision, StatusCheck, Task, TaskDefinition,
};
use steward::ports::{ChangeEcs, Changed, DescribeEcs, EcsError, Find, Hosts, Owners, Page};
use steward::quota::{DESCRIBE_SERVICES, DESCRIBE_TASKS};
use steward_sim::ecs::{Ecs, ports};

use super::Outside;

/// Who calls, in the model's notes.
const STEWARD: &str = "steward";
const LIST_TASKS: &str = "ecs:ListTasks";
const DESCRIBE_TASK_REQUESTS: &str = "ecs:DescribeTasks";

impl Outside {
    fn ask<T>(&self, act: impl FnOnce(&mut Ecs) -> T) -> T {
        let mut ecs = self.ecs.borrow_mut();
        ecs.set_caller(STEWARD);
        act(&mut ecs)
    }
}

impl DescribeEcs for Outside {
    async fn service(&self, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
        self.call("ecs:DescribeServices");
        self.ask(|ecs| ports::service(ecs, cluster, name))
    }

    async fn services(&self, cluster: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError> {
        let page = self.ask(|ecs| ports::services(ecs, cluster, from))?;
        self.call("ecs:ListServices");
        self.count("ecs:DescribeServices", page.items.len().div_ceil(DESCRIBE_SERVICES));
        Ok(page)
    }

    async fn service_deployment(
        &self,
        arn: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        self.call("ecs:DescribeServiceDeployments");
        self.ask(|ecs| ports::service_deployment(ecs, arn))
    }

    async fn service_revision(&self, arn: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        self.call("ecs:DescribeServiceRevisions");
        self.ask(|ecs| ports::service_revision(ecs, arn))
    }

    async fn task_definition(&self, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        self.call("ecs:DescribeTaskDefinition");
        self.ask(|ecs| ports::task_definition(ecs, arn))
    }

    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        self.count(DESCRIBE_TASK_REQUESTS, arns.len().div_ceil(DESCRIBE_TASKS));
        self.ask(|ecs| ports::tasks(ecs, cluster, arns))
    }

    async fn find_tasks(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<Task>, EcsError> {
        let page = self.ask(|ecs| ports::find_tasks(ecs, cluster, find, from))?;
        self.call(LIST_TASKS);
        self.count(DESCRIBE_TASK_REQUESTS, page.items.len().div_ceil(DESCRIBE_TASKS));
        Ok(page)
    }

    async fn instances(&self, cluster: &ClusterArn) -> Result<Instances, EcsError> {
        self.call("ecs:ListContainerInstances");
        self.call("ecs:DescribeContainerInstances");
        self.ask(|ecs| ports::instances(ecs, cluster))
    }

    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        self.call("ecs:ListClusters");
        self.ask(ports::clusters)
    }

    async fn registered(
        &self,
        after: &TaskDefinitionArn,
        action: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError> {
        self.call("ecs:ListTaskDefinitions");
        self.call("ecs:DescribeTaskDefinition");
        self.ask(|ecs| ports::registered(ecs, after, action))
    }
}

impl Hosts for Outside {
    async fn container_instance(
        &self,
        cluster: &ClusterArn,
        arn: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError> {
        self.call("ecs:DescribeContainerInstances");
        self.ask(|ecs| ports::container_instance(ecs, cluster, arn))
    }

    async fn tasks_on(
        &self,
        cluster: &ClusterArn,
        instance: &ContainerInstanceArn,
    ) -> Result<Vec<HostTask>, EcsError> {
        self.call(LIST_TASKS);
        self.call(DESCRIBE_TASK_REQUESTS);
        self.ask(|ecs| ports::tasks_on(ecs, cluster, instance))
    }

    async fn draining(&self, cluster: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
        self.call("ecs:ListContainerInstances");
        self.ask(|ecs| ports::draining(ecs, cluster))
    }

    async fn find_host(
        &self,
        cluster: &ClusterArn,
        ec2_instance_id: &str,
    ) -> Result<Option<ContainerInstanceArn>, EcsError> {
        self.call("ecs:ListContainerInstances");
        self.ask(|ecs| ports::find_host(ecs, cluster, ec2_instance_id))
    }

    async fn capacity_provider(
        &self,
        cluster: &ClusterArn,
        name: &str,
    ) -> Result<Option<CapacityProvider>, EcsError> {
        self.call("ecs:DescribeCapacityProviders");
        self.ask(|ecs| ports::capacity_provider(ecs, cluster, name))
    }

    async fn status_check(
        &self,
        ec2_instance_id: &str,
        until: Timestamp,
    ) -> Result<Option<StatusCheck>, EcsError> {
        self.call("cloudwatch:GetMetricData");
        Ok(self.ask(|ecs| ports::status_check(ecs, ec2_instance_id, until)))
    }
}

impl ChangeEcs for Outside {
    async fn change(&self, id: &ActionId, call: &Call, overrides: &Overrides) -> Result<Changed, EcsError> {
        self.call(match call {
            Call::StopServiceDeployment { .. } => "ecs:StopServiceDeployment",
            Call::UpdateService { .. } => "ecs:UpdateService",
            Call::StopTask { .. } => "ecs:StopTask",
            Call::RunTask { .. } => "ecs:RunTask",
            Call::UpdateContainerInstancesState { .. } => "ecs:UpdateContainerInstancesState",
            Call::ContinueServiceDeployment { .. } => "ecs:ContinueServiceDeployment",
            Call::RegisterTaskDefinition { .. } => "ecs:RegisterTaskDefinition",
        });
        self.ask(|ecs| ports::change(ecs, id, call, overrides))
    }
}

impl Owners for Outside {
    async fn stack_status(&self, _: &str) -> Result<Option<String>, EcsError> {
        self.call("cloudformation:DescribeStacks");
        Ok(None)
    }

    async fn is_scalable(&self, _: &ClusterArn, _: &ServiceName) -> Result<bool, EcsError> {
        self.call("application-autoscaling:DescribeScalableTargets");
        Ok(false)
    }
}
