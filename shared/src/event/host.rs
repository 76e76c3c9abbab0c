//! What happens to the hosts below the tasks: container instances, Spot instances, and AWS's own maintenance.

use jiff::Timestamp;

use super::fields::{FieldError, Fields, open_enum};
use super::task::ResourceVersion;
use crate::arn::{ClusterArn, ContainerInstanceArn};

/// Health events list the resources they affect, a page at a time.
const MAX_ENTITIES: usize = 1_000;
/// A container instance has a check for its runtime, its devices, its daemons and its agent.
const MAX_CHECKS: usize = 32;

open_enum! {
    /// `status` of a container instance.
    ContainerInstanceStatus {
        /// Joining the cluster.
        Registering = "REGISTERING",
        /// Could not join.
        RegistrationFailed = "REGISTRATION_FAILED",
        /// Takes tasks.
        Active = "ACTIVE",
        /// Takes no new tasks.
        Draining = "DRAINING",
        /// Leaving.
        Deregistering = "DEREGISTERING",
        /// Gone.
        Inactive = "INACTIVE",
    }
}

impl ContainerInstanceStatus {
    /// Whether it is no longer part of its cluster.
    pub fn has_left(&self) -> bool {
        matches!(self, Self::Deregistering | Self::Inactive)
    }
}

/// `ECS Container Instance State Change`. An agent that loses and finds its connection several times an hour is normal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerInstanceStateChange {
    /// The cluster.
    pub cluster_arn: ClusterArn,
    /// The container instance.
    pub container_instance_arn: ContainerInstanceArn,
    /// Absent for External instances.
    pub ec2_instance_id: Option<String>,
    /// Its state.
    pub status: Option<ContainerInstanceStatus>,
    /// Why, where ECS says so.
    pub status_reason: Option<String>,
    /// Whether the agent talks to ECS.
    pub agent_connected: Option<bool>,
    /// Grows with each change.
    pub version: ResourceVersion,
    /// The last change.
    pub updated_at: Option<Timestamp>,
}

impl ContainerInstanceStateChange {
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Result<Self, FieldError> {
        let change = Self {
            cluster_arn: ClusterArn::new(fields.required_text("clusterArn")?),
            container_instance_arn: ContainerInstanceArn::new(fields.required_text("containerInstanceArn")?),
            ec2_instance_id: fields.text("ec2InstanceId"),
            status: ContainerInstanceStatus::take(fields, "status"),
            status_reason: fields.text("statusReason"),
            agent_connected: fields.truth("agentConnected"),
            version: ResourceVersion(
                fields.integer("version").and_then(|version| u64::try_from(version).ok()).unwrap_or_default(),
            ),
            updated_at: fields.time("updatedAt"),
        };
        fields.skip(&[
            "accountType",
            "agentUpdateStatus",
            "attachments",
            "attributes",
            "capacityProviderName",
            "pendingTasksCount",
            "registeredAt",
            "registeredResources",
            "remainingResources",
            "runningTasksCount",
            "tags",
            "versionInfo",
        ]);
        Ok(change)
    }
}

open_enum! {
    /// `overallStatus` of a host, the most severe of its checks.
    HealthStatus {
        /// All checks pass.
        Ok = "OK",
        /// Checks have begun.
        Initializing = "INITIALIZING",
        /// A check has no data.
        InsufficientData = "INSUFFICIENT_DATA",
        /// A check failed.
        Impaired = "IMPAIRED",
    }
}

/// `ECS Container Instance Health Change`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerInstanceHealthChange {
    /// The cluster.
    pub cluster_arn: ClusterArn,
    /// The container instance.
    pub container_instance_arn: ContainerInstanceArn,
    /// The EC2 instance below it.
    pub ec2_instance_id: Option<String>,
    /// The sum of its checks.
    pub overall_status: Option<HealthStatus>,
    /// The checks that are impaired: type and reason.
    pub impaired: Vec<ImpairedCheck>,
}

/// One failed check of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpairedCheck {
    /// `CONTAINER_RUNTIME`, `ACCELERATED_COMPUTE`, `DAEMON`, `AGENT_CONNECTIVITY`, …
    pub check: Option<String>,
    /// Why, where the agent says so.
    pub reason: Option<String>,
}

impl ContainerInstanceHealthChange {
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Result<Self, FieldError> {
        let change = Self {
            cluster_arn: ClusterArn::new(fields.required_text("clusterArn")?),
            container_instance_arn: ContainerInstanceArn::new(fields.required_text("containerInstanceArn")?),
            ec2_instance_id: fields.text("ec2InstanceId"),
            overall_status: HealthStatus::take(fields, "overallStatus"),
            impaired: ["details", "healthChecks", "checks"]
                .into_iter()
                .flat_map(|name| fields.each(name, MAX_CHECKS, read_check))
                .flatten()
                .collect(),
        };
        fields.skip(&["capacityProviderName", "updatedAt", "version"]);
        Ok(change)
    }
}

fn read_check(fields: &mut Fields<'_, '_>) -> Option<ImpairedCheck> {
    let status = fields.text("status");
    let check = ImpairedCheck { check: fields.text("type"), reason: fields.text("statusReason") };
    fields.skip(&["lastUpdated", "lastStatusChange"]);
    (status.as_deref() == Some("IMPAIRED")).then_some(check)
}

/// `EC2 Spot Instance Interruption Warning`: two minutes before the instance goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotInterruptionWarning {
    /// The EC2 instance.
    pub instance_id: String,
    /// `terminate`, `stop` or `hibernate`.
    pub instance_action: Option<String>,
}

impl SpotInterruptionWarning {
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Result<Self, FieldError> {
        Ok(Self {
            instance_id: fields.required_text("instance-id")?,
            instance_action: fields.text("instance-action"),
        })
    }
}

/// `eventTypeCode` of Fargate's retirement of tasks on an old platform revision.
pub const TASK_PATCHING_RETIREMENT: &str = "AWS_ECS_TASK_PATCHING_RETIREMENT";

/// `AWS Health Event`. Its times are written like `Tue, 2 Jul 2024 03:00:00 GMT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthEvent {
    /// The AWS service, such as `ECS`.
    pub service: Option<String>,
    /// What it is about.
    pub event_type_code: String,
    /// With the page, the identity of one announcement.
    pub event_arn: Option<String>,
    /// `upcoming`, `open` or `closed`.
    pub status_code: Option<String>,
    /// From when on AWS acts.
    pub start_time: Option<Timestamp>,
    /// Until when.
    pub end_time: Option<Timestamp>,
    /// The account that is affected: an announcement may reach another one as well.
    pub affected_account: Option<String>,
    /// What is affected: services as `cluster|service` in several spellings, or task ARNs.
    pub affected_entities: Vec<String>,
}

impl HealthEvent {
    pub(crate) fn read(fields: &mut Fields<'_, '_>, resources: &[String]) -> Result<Self, FieldError> {
        let event_type_code = fields.required_text("eventTypeCode")?;
        let mut affected_entities: Vec<String> = fields
            .each("affectedEntities", MAX_ENTITIES, |entity| {
                let value = entity.text("entityValue");
                entity.skip(&["status", "tags", "lastUpdatedTime"]);
                value
            })
            .into_iter()
            .flatten()
            .collect();
        if affected_entities.is_empty() {
            affected_entities = resources.iter().take(MAX_ENTITIES).cloned().collect();
        }
        let event = Self {
            event_type_code,
            affected_entities,
            affected_account: fields.text("affectedAccount"),
            service: fields.text("service"),
            event_arn: fields.text("eventArn"),
            status_code: fields.text("statusCode"),
            start_time: fields.time("startTime"),
            end_time: fields.time("endTime"),
        };
        fields.skip(&[
            "actionability",
            "backupEvent",
            "communicationId",
            "eventDescription",
            "eventMetadata",
            "eventRegion",
            "eventScopeCode",
            "eventTypeCategory",
            "lastUpdatedTime",
            "page",
            "personas",
            "totalPages",
        ]);
        Ok(event)
    }

    /// Whether Fargate announces that it will replace tasks.
    pub fn is_task_retirement(&self) -> bool {
        self.event_type_code == TASK_PATCHING_RETIREMENT
    }
}
