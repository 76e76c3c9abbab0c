//! `ECS Task State Change`, and the same task as `DescribeTasks` answers it.

use std::borrow::Cow;

use jiff::Timestamp;

use super::fields::{FieldError, Fields, open_enum};
use crate::arn::{ClusterArn, ContainerInstanceArn, DeploymentId, ServiceName, TaskArn, TaskDefinitionArn};

/// A task definition has at most ten containers; managed agents and sidecars that ECS adds come on top.
const MAX_CONTAINERS: usize = 64;
/// A task has an attachment a network interface, a volume and a service discovery entry.
const MAX_ATTACHMENTS: usize = 64;

open_enum! {
    /// What a task is meant to be (`desiredStatus`) or was last seen as (`lastStatus`).
    TaskStatus {
        /// Resources are being set up.
        Provisioning = "PROVISIONING",
        /// Waiting for the agent.
        Pending = "PENDING",
        /// Running, being registered.
        Activating = "ACTIVATING",
        /// Running.
        Running = "RUNNING",
        /// Being deregistered.
        Deactivating = "DEACTIVATING",
        /// Told to stop.
        Stopping = "STOPPING",
        /// Stopped, resources being taken down.
        Deprovisioning = "DEPROVISIONING",
        /// Stopped.
        Stopped = "STOPPED",
    }
}

open_enum! {
    /// Who or what stopped a task (`stopCode`). Absent before 2018.
    StopCode {
        /// It never reached RUNNING.
        TaskFailedToStart = "TaskFailedToStart",
        /// A container marked essential ended.
        EssentialContainerExited = "EssentialContainerExited",
        /// A `StopTask` call: the stopped reason is the caller's text.
        UserInitiated = "UserInitiated",
        /// The service scheduler: scale-in, deployment, failed health check.
        ServiceSchedulerInitiated = "ServiceSchedulerInitiated",
        /// Fargate Spot took its capacity back.
        SpotInterruption = "SpotInterruption",
        /// The container instance ended.
        TerminationNotice = "TerminationNotice",
        /// AWS found the infrastructure below impaired.
        InfrastructureHealth = "InfrastructureHealth",
    }
}

/// How often ECS has changed this resource: `detail.version`, which begins at 1; 0 where the event has none. Not the envelope's `version`, which is always 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ResourceVersion(pub u64);

/// A task as ECS last saw it.
///
/// Environments and overrides are not kept: they may hold secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskStateChange {
    /// The cluster. Its name is not in old task ARNs.
    pub cluster_arn: ClusterArn,
    /// Absent only in damaged events; the envelope's resource stands in for it.
    pub task_arn: Option<TaskArn>,
    /// Family and revision.
    pub task_definition_arn: Option<TaskDefinitionArn>,
    /// RUNNING or STOPPED.
    pub desired_status: Option<TaskStatus>,
    /// Where the task is in its life.
    pub last_status: TaskStatus,
    /// `service:<name>`, `family:<name>`, or a caller's own text.
    pub group: Option<String>,
    /// `ecs-svc/<digits>` for services, otherwise free text of at most 128 characters.
    pub started_by: Option<String>,
    /// Grows with each change; the higher one is the truth.
    pub version: ResourceVersion,
    /// Who stopped it.
    pub stop_code: Option<StopCode>,
    /// Why, as ECS or the caller of `StopTask` wrote it. Set as soon as the stop is decided.
    pub stopped_reason: Option<String>,
    /// The containers. Their order differs between events of one task.
    pub containers: Vec<Container>,
    /// Network interfaces, volumes.
    pub attachments: Vec<Attachment>,
    /// `EC2`, `FARGATE`, `EXTERNAL`, `MANAGED_INSTANCES`.
    pub launch_type: Option<String>,
    /// `FARGATE`, `FARGATE_SPOT`, or an own one.
    pub capacity_provider_name: Option<String>,
    /// EC2 and External only.
    pub container_instance_arn: Option<ContainerInstanceArn>,
    /// Where it ran.
    pub availability_zone: Option<String>,
    /// CPU units of the task, as a decimal text.
    pub cpu: Option<String>,
    /// MiB of the task, as a decimal text.
    pub memory: Option<String>,
    /// When things happened.
    pub times: TaskTimes,
}

/// The times of a task. Any may be absent, and no order among them is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskTimes {
    /// Accepted by ECS.
    pub created_at: Option<Timestamp>,
    /// The first image pull began.
    pub pull_started_at: Option<Timestamp>,
    /// The last image pull ended.
    pub pull_stopped_at: Option<Timestamp>,
    /// Reached RUNNING; absent when it never ran.
    pub started_at: Option<Timestamp>,
    /// The stop was decided.
    pub stopping_at: Option<Timestamp>,
    /// The containers ended.
    pub execution_stopped_at: Option<Timestamp>,
    /// Reached STOPPED.
    pub stopped_at: Option<Timestamp>,
    /// The last change.
    pub updated_at: Option<Timestamp>,
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// As the task definition names it. May be absent in damaged events.
    pub name: Option<String>,
    /// The image, as the task definition names it.
    pub image: Option<String>,
    /// Absent when it never ran, was lost with its host, or still runs. Windows codes exceed 32 signed bits.
    pub exit_code: Option<i64>,
    /// What the agent says of this container: the best evidence there is.
    pub reason: Option<String>,
}

/// Something attached to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `eni`, `sdi`, `elb`, `AmazonElasticBlockStorage`, …
    pub kind: Option<String>,
    /// `statusReason` among its details: where a failed EBS volume says why.
    pub status_reason: Option<String>,
}

impl TaskStateChange {
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Result<Self, FieldError> {
        let last_status = TaskStatus::from_text(fields.required_text("lastStatus")?);
        if let TaskStatus::Other(text) = &last_status {
            fields.unknown_value("lastStatus", text);
        }
        let task = Self {
            cluster_arn: ClusterArn::new(fields.required_text("clusterArn")?),
            last_status,
            task_arn: fields.text("taskArn").map(TaskArn::new),
            task_definition_arn: fields.text("taskDefinitionArn").map(TaskDefinitionArn::new),
            desired_status: TaskStatus::take(fields, "desiredStatus"),
            group: fields.text("group"),
            started_by: fields.text("startedBy"),
            version: ResourceVersion(
                fields.integer("version").and_then(|version| u64::try_from(version).ok()).unwrap_or_default(),
            ),
            stop_code: StopCode::take(fields, "stopCode"),
            stopped_reason: fields.text("stoppedReason"),
            containers: fields.each("containers", MAX_CONTAINERS, read_container),
            attachments: fields.each("attachments", MAX_ATTACHMENTS, read_attachment),
            launch_type: fields.text("launchType"),
            capacity_provider_name: fields.text("capacityProviderName"),
            container_instance_arn: fields.text("containerInstanceArn").map(ContainerInstanceArn::new),
            availability_zone: fields.text("availabilityZone"),
            cpu: fields.text("cpu"),
            memory: fields.text("memory"),
            times: read_times(fields),
        };
        fields.skip(&[
            "attributes",
            "connectivity",
            "connectivityAt",
            "enableExecuteCommand",
            "ephemeralStorage",
            "fargateEphemeralStorage",
            "healthStatus",
            "inferenceAccelerators",
            "overrides",
            "platformFamily",
            "platformVersion",
            "tags",
        ]);
        Ok(task)
    }

    /// Whether the task is on its way out or out already: from here on it has a cause.
    pub fn is_stopping(&self) -> bool {
        self.desired_status == Some(TaskStatus::Stopped) || self.last_status == TaskStatus::Stopped
    }

    /// Whether this is the final state, the only one that counts as a failure.
    pub fn is_stopped(&self) -> bool {
        self.last_status == TaskStatus::Stopped
    }

    /// The service's name, where a service started the task.
    pub fn service_name(&self) -> Option<ServiceName> {
        self.group.as_deref()?.strip_prefix("service:").filter(|name| !name.is_empty()).map(ServiceName::new)
    }

    /// Whether a service keeps this task running: otherwise it is meant to end by itself.
    pub fn belongs_to_service(&self) -> bool {
        self.group.as_deref().is_some_and(|group| group.starts_with("service:"))
            || self.deployment_id().is_some()
    }

    /// The deployment that started the task.
    pub fn deployment_id(&self) -> Option<DeploymentId> {
        self.started_by.as_deref().and_then(DeploymentId::parse)
    }

    /// When the task stopped, as near as the event tells.
    pub fn stopped_at(&self) -> Option<Timestamp> {
        let times = &self.times;
        times.stopped_at.or(times.execution_stopped_at).or(times.stopping_at).or(times.updated_at)
    }
}

fn read_container(fields: &mut Fields<'_, '_>) -> Container {
    let container = Container {
        name: fields.text("name"),
        image: fields.text("image"),
        exit_code: fields.integer("exitCode"),
        reason: fields.text("reason"),
    };
    fields.skip(&[
        "containerArn",
        "cpu",
        "gpuIds",
        "healthStatus",
        "imageDigest",
        "lastStatus",
        "managedAgents",
        "memory",
        "memoryReservation",
        "networkBindings",
        "networkInterfaces",
        "runtimeId",
        "taskArn",
    ]);
    container
}

fn read_attachment(fields: &mut Fields<'_, '_>) -> Attachment {
    let kind = fields.text("type");
    let status_reason = fields
        .each("details", MAX_ATTACHMENTS, |detail| (detail.word("name"), detail.word("value")))
        .into_iter()
        .find_map(|(name, value)| value.filter(|_| name.as_deref() == Some("statusReason")))
        .map(Cow::into_owned);
    fields.skip(&["id", "status"]);
    Attachment { kind, status_reason }
}

fn read_times(fields: &mut Fields<'_, '_>) -> TaskTimes {
    TaskTimes {
        created_at: fields.time("createdAt"),
        pull_started_at: fields.time("pullStartedAt"),
        pull_stopped_at: fields.time("pullStoppedAt"),
        started_at: fields.time("startedAt"),
        stopping_at: fields.time("stoppingAt"),
        execution_stopped_at: fields.time("executionStoppedAt"),
        stopped_at: fields.time("stoppedAt"),
        updated_at: fields.time("updatedAt"),
    }
}
