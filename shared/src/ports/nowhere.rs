//! An ECS that has nothing: for recorded events, of which nothing is there any more.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    ChangeEcs, Changed, DescribeEcs, EcsError, Evidence, EvidenceError, Find, Hosts, LogSource, Meaning,
    Owners, Page,
};
use crate::action::{ActionId, Call};
use crate::arn::{
    ClusterArn, ContainerInstanceArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use crate::ecs::{CapacityProvider, ContainerInstance, HostTask, StatusCheck};
use crate::ecs::{Overrides, Service, ServiceDeployment, ServiceRevision, Task, TaskDefinition};
use crate::incident::Target;
use crate::notification::LogLine;

/// Knows no service, no task and no stack, and changes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl DescribeEcs for Nowhere {
    async fn service(&self, _: &ClusterArn, _: &ServiceName) -> Result<Option<Service>, EcsError> {
        Ok(None)
    }

    async fn services(&self, _: &ClusterArn, _: Option<&str>) -> Result<Page<Service>, EcsError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn service_deployment(
        &self,
        _: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        Ok(None)
    }

    async fn service_revision(&self, _: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        Ok(None)
    }

    async fn task_definition(&self, _: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        Ok(None)
    }

    async fn tasks(&self, _: &ClusterArn, _: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        Ok(Vec::new())
    }

    async fn find_tasks(&self, _: &ClusterArn, _: &Find, _: Option<&str>) -> Result<Page<Task>, EcsError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        Ok(Vec::new())
    }

    async fn registered(
        &self,
        _: &TaskDefinitionArn,
        _: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError> {
        Ok(None)
    }
}

impl ChangeEcs for Nowhere {
    async fn change(&self, _: &ActionId, call: &Call, _: &Overrides) -> Result<Changed, EcsError> {
        Err(EcsError {
            operation: call.operation(),
            target: call.to_string(),
            problem: "there is no ECS here".to_owned(),
            meaning: Meaning::Refused,
        })
    }
}

impl Hosts for Nowhere {
    async fn container_instance(
        &self,
        _: &ClusterArn,
        _: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError> {
        Ok(None)
    }

    async fn tasks_on(&self, _: &ClusterArn, _: &ContainerInstanceArn) -> Result<Vec<HostTask>, EcsError> {
        Ok(Vec::new())
    }

    async fn draining(&self, _: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
        Ok(Vec::new())
    }

    async fn find_host(&self, _: &ClusterArn, _: &str) -> Result<Option<ContainerInstanceArn>, EcsError> {
        Ok(None)
    }

    async fn capacity_provider(&self, _: &ClusterArn, _: &str) -> Result<Option<CapacityProvider>, EcsError> {
        Ok(None)
    }

    async fn status_check(&self, _: &str, _: Timestamp) -> Result<Option<StatusCheck>, EcsError> {
        Ok(None)
    }
}

impl Owners for Nowhere {
    async fn stack_status(&self, _: &str) -> Result<Option<String>, EcsError> {
        Ok(None)
    }
}

impl Evidence for Nowhere {
    async fn tags(&self, _: &Target) -> Result<BTreeMap<String, String>, EvidenceError> {
        Ok(BTreeMap::new())
    }

    async fn last_lines(&self, _: &LogSource, _: u32) -> Result<Vec<LogLine>, EvidenceError> {
        Ok(Vec::new())
    }
}
