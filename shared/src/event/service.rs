//! `ECS Service Action`, `ECS Deployment State Change` and `ECS Hook State Change`: what ECS says of a service.

use jiff::Timestamp;

use super::fields::{FieldError, Fields, open_enum};
use crate::arn::{Arn, ClusterArn, DeploymentId, ServiceName};

open_enum! {
    /// How serious ECS itself takes it.
    EventType {
        /// Something went as it should.
        Info = "INFO",
        /// Something needs a look.
        Warn = "WARN",
        /// Something failed.
        Error = "ERROR",
    }
}

open_enum! {
    /// `eventName` of a Service Action.
    ServiceActionName {
        /// Every task of the service runs and is healthy. Repeats are held back for up to six hours.
        SteadyState = "SERVICE_STEADY_STATE",
        /// The same of a task set.
        TaskSetSteadyState = "TASKSET_STEADY_STATE",
        /// A capacity provider is steady.
        CapacityProviderSteadyState = "CAPACITY_PROVIDER_STEADY_STATE",
        /// The desired count was changed, not by hand.
        DesiredCountUpdated = "SERVICE_DESIRED_COUNT_UPDATED",
        /// Tasks were started.
        TasksStarted = "TASKS_STARTED",
        /// Tasks were stopped.
        TasksStopped = "TASKS_STOPPED",
        /// Tasks are being spread over the zones again.
        RebalancingStarted = "SERVICE_REBALANCING_STARTED",
        /// They are spread.
        RebalancingCompleted = "SERVICE_REBALANCING_COMPLETED",
        /// Tasks keep failing to start. Carries no reason: the cause is in the stopped tasks.
        TaskStartImpaired = "SERVICE_TASK_START_IMPAIRED",
        /// Service discovery holds an instance unhealthy.
        DiscoveryInstanceUnhealthy = "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY",
        /// VPC Lattice holds a target unhealthy.
        LatticeTargetUnhealthy = "VPC_LATTICE_TARGET_UNHEALTHY",
        /// No place for a task.
        TaskPlacementFailure = "SERVICE_TASK_PLACEMENT_FAILURE",
        /// The service's configuration keeps tasks from starting.
        TaskConfigurationFailure = "SERVICE_TASK_CONFIGURATION_FAILURE",
        /// A daemon service found no place.
        DaemonPlacementConstraintViolated = "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED",
        /// ECS throttles its own calls for the service, and tries again by itself.
        OperationThrottled = "ECS_OPERATION_THROTTLED",
        /// The same towards service discovery.
        DiscoveryOperationThrottled = "SERVICE_DISCOVERY_OPERATION_THROTTLED",
    }
}

/// Which service an event is about: from `detail`, or from the envelope's resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRef {
    /// Absent where only an old service ARN (`service/<name>`) names the service.
    pub cluster_arn: Option<ClusterArn>,
    /// The service's name.
    pub name: ServiceName,
}

impl ServiceRef {
    /// Reads a service's ARN in either format. `cluster` comes from the event's detail, where it has one.
    pub fn from_arn(service_arn: &str, cluster: Option<ClusterArn>) -> Option<Self> {
        let arn = Arn::parse(service_arn).filter(|arn| arn.service == "ecs")?;
        let (cluster_name, name) = match arn.resource_of_kind("service")?.split_once('/') {
            Some((cluster_name, name)) => (Some(cluster_name), name),
            None => (None, arn.resource_of_kind("service")?),
        };
        let from_arn = cluster_name.map(|cluster_name| {
            let Arn { partition, region, account, .. } = arn;
            ClusterArn::new(format!("arn:{partition}:ecs:{region}:{account}:cluster/{cluster_name}"))
        });
        Some(Self { cluster_arn: cluster.or(from_arn), name: ServiceName::new(name) })
    }

    /// `resources` first; then `service`/`serviceName`/`serviceArn` of the detail, which hold a name or an ARN.
    fn read(fields: &mut Fields<'_, '_>, resources: &[String]) -> Option<Self> {
        let cluster = fields.text("clusterArn").map(ClusterArn::new);
        let named = [fields.text("serviceArn"), fields.text("service"), fields.text("serviceName")];
        resources
            .iter()
            .chain(named.iter().flatten())
            .find_map(|arn| Self::from_arn(arn, cluster.clone()))
            .or_else(|| {
                let name = named.into_iter().flatten().find(|name| !name.starts_with("arn:"))?;
                Some(Self { cluster_arn: cluster, name: ServiceName::new(name) })
            })
    }
}

/// What the service scheduler did, or could not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAction {
    /// INFO, WARN or ERROR. Hand-made events get it wrong: decide by the name.
    pub event_type: Option<EventType>,
    /// What happened.
    pub event_name: ServiceActionName,
    /// The service, from the envelope's resource.
    pub service: Option<ServiceRef>,
    /// Why, where ECS says so.
    pub reason: Option<String>,
    /// When ECS made the event.
    pub created_at: Option<Timestamp>,
    /// Capacity providers named by a placement failure.
    pub capacity_provider_arns: Vec<String>,
}

impl ServiceAction {
    /// Whether ECS means trouble: by the name, or for a name not known yet by the type.
    pub fn is_trouble(&self) -> bool {
        use ServiceActionName as Name;
        match &self.event_name {
            Name::TaskStartImpaired
            | Name::DiscoveryInstanceUnhealthy
            | Name::LatticeTargetUnhealthy
            | Name::TaskPlacementFailure
            | Name::TaskConfigurationFailure
            | Name::DaemonPlacementConstraintViolated
            | Name::OperationThrottled
            | Name::DiscoveryOperationThrottled => true,
            Name::Other(_) => matches!(self.event_type, Some(EventType::Warn | EventType::Error)),
            _ => false,
        }
    }

    /// Whether tasks do not start: what opens an incident. ECS repeats throttled calls by itself, and unhealthy
    /// targets end in stopped tasks.
    pub fn stops_tasks_from_starting(&self) -> bool {
        use ServiceActionName as Name;
        matches!(
            self.event_name,
            Name::TaskStartImpaired
                | Name::TaskPlacementFailure
                | Name::TaskConfigurationFailure
                | Name::DaemonPlacementConstraintViolated
        )
    }

    pub(crate) fn read(fields: &mut Fields<'_, '_>, resources: &[String]) -> Result<Self, FieldError> {
        let event_name = ServiceActionName::from_text(fields.required_text("eventName")?);
        if let ServiceActionName::Other(text) = &event_name {
            fields.unknown_value("eventName", text);
        }
        let action = Self {
            event_name,
            event_type: EventType::take(fields, "eventType"),
            service: ServiceRef::read(fields, resources),
            reason: fields.text("reason"),
            created_at: fields.time("createdAt"),
            capacity_provider_arns: fields.texts("capacityProviderArns"),
        };
        fields.skip(&[
            "containerInstanceArns",
            "containerPort",
            "desiredCount",
            "ec2InstanceIds",
            "serviceRegistryArns",
            "targetGroupArns",
            "targets",
            "taskArns",
            "taskSetArns",
        ]);
        Ok(action)
    }
}

open_enum! {
    /// `eventName` of a Deployment State Change.
    DeploymentEventName {
        /// It started; or, where the reason says so, ECS is rolling back to it.
        InProgress = "SERVICE_DEPLOYMENT_IN_PROGRESS",
        /// The service is steady on it.
        Completed = "SERVICE_DEPLOYMENT_COMPLETED",
        /// The circuit breaker or an alarm failed it. Sent only where one of them is on.
        Failed = "SERVICE_DEPLOYMENT_FAILED",
    }
}

/// A step in the life of a rolling deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentStateChange {
    /// What happened.
    pub event_name: DeploymentEventName,
    /// The deployment: `startedBy` of its tasks.
    pub deployment_id: DeploymentId,
    /// The service, from the envelope's resource; the detail has no cluster.
    pub service: Option<ServiceRef>,
    /// In ECS's words.
    pub reason: Option<String>,
    /// When the deployment changed.
    pub updated_at: Option<Timestamp>,
}

impl DeploymentStateChange {
    pub(crate) fn read(fields: &mut Fields<'_, '_>, resources: &[String]) -> Result<Self, FieldError> {
        let event_name = DeploymentEventName::from_text(fields.required_text("eventName")?);
        if let DeploymentEventName::Other(text) = &event_name {
            fields.unknown_value("eventName", text);
        }
        let deployment_id = DeploymentId::new(fields.required_text("deploymentId")?);
        let change = Self {
            event_name,
            deployment_id,
            service: ServiceRef::read(fields, resources),
            reason: fields.text("reason"),
            updated_at: fields.time("updatedAt").or_else(|| fields.time("createdAt")),
        };
        fields.skip(&["eventType", "createdAt"]);
        Ok(change)
    }

    /// Whether ECS goes back to this deployment rather than forward to it. Only the reason says so.
    pub fn is_rollback(&self) -> bool {
        self.reason.as_deref().is_some_and(|reason| reason.to_ascii_lowercase().contains("rolling back to"))
    }
}

/// A paused deployment waits for someone to call `ContinueServiceDeployment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookStateChange {
    /// `HOOK_AWAITING_ACTION`, or a newer name.
    pub event_name: String,
    /// What `ContinueServiceDeployment` must name.
    pub hook_id: Option<String>,
    /// The service.
    pub service: Option<ServiceRef>,
    /// `…:service-deployment/<cluster>/<service>/<random>`.
    pub service_deployment_arn: Option<String>,
    /// Where the deployment stands, such as `POST_TEST_TRAFFIC_SHIFT`.
    pub lifecycle_stage: Option<String>,
    /// When ECS goes on without an answer.
    pub expires_at: Option<Timestamp>,
    /// What it does then: `ROLLBACK` or `CONTINUE`.
    pub timeout_action: Option<String>,
}

impl HookStateChange {
    pub(crate) fn read(fields: &mut Fields<'_, '_>, resources: &[String]) -> Result<Self, FieldError> {
        let change = Self {
            event_name: fields.required_text("eventName")?,
            hook_id: fields.text("hookId"),
            service: ServiceRef::read(fields, resources),
            service_deployment_arn: fields.text("serviceDeploymentArn"),
            lifecycle_stage: fields.text("lifecycleStage"),
            expires_at: fields.time("expiresAt"),
            timeout_action: fields.text("timeoutAction"),
        };
        fields.skip(&["eventType", "targetType", "status", "createdAt", "updatedAt"]);
        Ok(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_service_arn_formats_name_the_service() {
        let new =
            ServiceRef::from_arn("arn:aws-cn:ecs:cn-north-1:012345678901:service/shop/api", None).unwrap();
        assert_eq!(new.name.as_str(), "api");
        assert_eq!(new.cluster_arn.unwrap().as_str(), "arn:aws-cn:ecs:cn-north-1:012345678901:cluster/shop");

        let old = ServiceRef::from_arn("arn:aws:ecs:eu-west-1:012345678901:service/api", None).unwrap();
        assert_eq!((old.name.as_str(), old.cluster_arn), ("api", None));
    }

    #[test]
    fn an_arn_of_something_else_names_no_service() {
        for arn in
            ["arn:aws:ecs:r:1:task/shop/1", "arn:aws:sns:r:1:service/x", "api", "arn:aws:ecs:r:1:service/"]
        {
            assert_eq!(ServiceRef::from_arn(arn, None), None, "{arn}");
        }
    }
}
