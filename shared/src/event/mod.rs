//! ECS events as domain types.
//!
//! `aws_lambda_events` has no types for ECS, and its envelope refuses a `time` that is empty or odd; so both are here.
//! An event is decoded once, tolerantly ([`decode`], [`document`]), and is domain from there on: unknown fields, enum
//! values and detail-types are counted, never fatal.

mod cloud_trail;
pub mod decode;
pub mod document;
mod fields;
mod host;
mod json;
mod service;
mod shape;
mod task;
mod time;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use cloud_trail::{ApiCall, Failure, Primary, StoppedTask};
pub use fields::{FieldError, Unrecognised};
pub use host::{
    ContainerInstanceHealthChange, ContainerInstanceStateChange, ContainerInstanceStatus, HealthEvent,
    HealthStatus, ImpairedCheck, SpotInterruptionWarning, TASK_PATCHING_RETIREMENT,
};
pub use service::{
    DeploymentEventName, DeploymentStateChange, EventType, HookStateChange, ServiceAction, ServiceActionName,
    ServiceRef,
};
pub use task::{Attachment, Container, ResourceVersion, StopCode, TaskStateChange, TaskStatus, TaskTimes};

use crate::arn::TaskArn;
use fields::Fields;
use json::{Json, Object};

/// EventBridge lists one ECS resource an event, and Health up to a page of entities.
const MAX_RESOURCES: usize = 1_000;

/// One event from EventBridge.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Where it came from.
    pub envelope: Envelope,
    /// What it says.
    pub detail: Detail,
    /// What this version did not know in it.
    pub unrecognised: Unrecognised,
}

/// What EventBridge wraps around every event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Differs between deliveries of the same state: never an identity for effects.
    pub id: Option<String>,
    /// `aws.ecs`, … Absent where an event was trimmed.
    pub source: Option<String>,
    /// `ECS Task State Change`, …
    pub detail_type: Option<String>,
    /// Twelve digits, kept as text.
    pub account: Option<String>,
    /// Where it happened.
    pub region: Option<String>,
    /// To the second; absent where it is empty or odd.
    pub time: Option<Timestamp>,
    /// One ARN for ECS, a list of entities for Health.
    pub resources: Vec<String>,
}

/// The detail of an event, by its detail-type.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "few are ever held at once")]
pub enum Detail {
    /// `ECS Task State Change`.
    TaskStateChange(Box<TaskStateChange>),
    /// `ECS Service Action`.
    ServiceAction(ServiceAction),
    /// `ECS Deployment State Change`.
    DeploymentStateChange(DeploymentStateChange),
    /// `ECS Container Instance State Change`.
    ContainerInstanceStateChange(ContainerInstanceStateChange),
    /// `ECS Container Instance Health Change`.
    ContainerInstanceHealthChange(ContainerInstanceHealthChange),
    /// `ECS Hook State Change`.
    HookStateChange(HookStateChange),
    /// `AWS Health Event`.
    Health(HealthEvent),
    /// `EC2 Spot Instance Interruption Warning`.
    SpotInterruptionWarning(SpotInterruptionWarning),
    /// `AWS API Call via CloudTrail`.
    ApiCall(ApiCall),
    /// An event of a kind that is of no use here, or not known yet.
    Other,
}

impl Detail {
    /// The kind in one stable word, as reports and metrics name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TaskStateChange(_) => "task_state_change",
            Self::ServiceAction(_) => "service_action",
            Self::DeploymentStateChange(_) => "deployment_state_change",
            Self::ContainerInstanceStateChange(_) => "container_instance_state_change",
            Self::ContainerInstanceHealthChange(_) => "container_instance_health_change",
            Self::HookStateChange(_) => "hook_state_change",
            Self::Health(_) => "aws_health",
            Self::SpotInterruptionWarning(_) => "spot_interruption_warning",
            Self::ApiCall(_) => "cloud_trail",
            Self::Other => "other",
        }
    }
}

impl Event {
    /// Reads an event from its JSON object.
    ///
    /// # Errors
    ///
    /// Where a field that the detail cannot do without is missing; the error names it.
    pub fn from_object(map: Map<String, Value>) -> Result<Self, FieldError> {
        Self::of_object(map.into())
    }

    /// [`Event::from_object`], of an object as it stands in a text.
    pub(crate) fn of_object(object: Object<'_>) -> Result<Self, FieldError> {
        let mut unrecognised = Unrecognised::default();
        let mut root = Fields::new(object, "", &mut unrecognised);
        let envelope = read_envelope(&mut root);
        let detail = root.raw("detail");
        root.skip(&["version", "replay-name"]);
        root.finish();
        let detail = read_detail(&envelope, detail, &mut unrecognised)?;
        Ok(Self { envelope, detail, unrecognised })
    }

    /// When it happened, as near as the event tells: the resource's own time, else the envelope's.
    pub fn occurred_at(&self) -> Option<Timestamp> {
        let own = match &self.detail {
            Detail::TaskStateChange(task) => {
                if task.is_stopped() {
                    task.stopped_at()
                } else {
                    task.times.updated_at
                }
            }
            Detail::ServiceAction(action) => action.created_at,
            Detail::DeploymentStateChange(change) => change.updated_at,
            Detail::ContainerInstanceStateChange(change) => change.updated_at,
            _ => None,
        };
        own.or(self.envelope.time)
    }
}

fn read_envelope(root: &mut Fields<'_, '_>) -> Envelope {
    let mut resources = root.texts("resources");
    resources.truncate(MAX_RESOURCES);
    Envelope {
        id: root.text("id"),
        source: root.text("source"),
        detail_type: root.text("detail-type"),
        account: root.text("account"),
        region: root.text("region"),
        time: root.time("time"),
        resources,
    }
}

fn read_detail(
    envelope: &Envelope,
    detail: Option<Json<'_>>,
    unrecognised: &mut Unrecognised,
) -> Result<Detail, FieldError> {
    let Some(detail) = detail else {
        return Err(FieldError { path: "detail".into(), problem: "is missing".into() });
    };
    let Some(detail_type) = envelope.detail_type.as_deref() else {
        return read_untyped(envelope, detail, unrecognised);
    };
    let reader = match detail_type {
        "ECS Task State Change" => read_task,
        "ECS Service Action" => read_service_action,
        "ECS Deployment State Change" => read_deployment,
        "ECS Container Instance State Change" => |fields: &mut Fields<'_, '_>, _: &Envelope| {
            ContainerInstanceStateChange::read(fields).map(Detail::ContainerInstanceStateChange)
        },
        "ECS Container Instance Health Change" => |fields: &mut Fields<'_, '_>, _: &Envelope| {
            ContainerInstanceHealthChange::read(fields).map(Detail::ContainerInstanceHealthChange)
        },
        "ECS Hook State Change" => |fields: &mut Fields<'_, '_>, envelope: &Envelope| {
            HookStateChange::read(fields, &envelope.resources).map(Detail::HookStateChange)
        },
        "AWS Health Event" => |fields: &mut Fields<'_, '_>, envelope: &Envelope| {
            HealthEvent::read(fields, &envelope.resources).map(Detail::Health)
        },
        "EC2 Spot Instance Interruption Warning" => |fields: &mut Fields<'_, '_>, _: &Envelope| {
            SpotInterruptionWarning::read(fields).map(Detail::SpotInterruptionWarning)
        },
        "AWS API Call via CloudTrail" if is_ecs_call(&detail) => {
            |fields: &mut Fields<'_, '_>, _: &Envelope| ApiCall::read(fields).map(Detail::ApiCall)
        }
        _ => return Ok(Detail::Other),
    };
    let mut fields = Fields::of_value(detail, "detail", unrecognised)?;
    let read = reader(&mut fields, envelope)?;
    fields.finish();
    Ok(read)
}

fn is_ecs_call(detail: &Json<'_>) -> bool {
    detail.get("eventSource").and_then(Json::as_str).is_none_or(|source| source == "ecs.amazonaws.com")
}

/// An event whose detail-type was lost on the way is still a task's where its detail plainly is one.
fn read_untyped(
    envelope: &Envelope,
    detail: Json<'_>,
    unrecognised: &mut Unrecognised,
) -> Result<Detail, FieldError> {
    let is_task = ["lastStatus", "clusterArn"].iter().all(|name| detail.get(name).is_some());
    if !is_task {
        return Err(FieldError {
            path: "detail-type".into(),
            problem: "is missing, and the detail is not plainly a task's".into(),
        });
    }
    let mut fields = Fields::of_value(detail, "detail", unrecognised)?;
    let read = read_task(&mut fields, envelope)?;
    fields.finish();
    Ok(read)
}

fn read_task(fields: &mut Fields<'_, '_>, envelope: &Envelope) -> Result<Detail, FieldError> {
    let mut task = TaskStateChange::read(fields)?;
    if task.task_arn.is_none() {
        task.task_arn = envelope.resources.iter().find(|arn| arn.contains(":task/")).map(TaskArn::new);
    }
    Ok(Detail::TaskStateChange(Box::new(task)))
}

/// Newer documentation lists deployment events among the Service Actions too: the name decides.
fn read_service_action(fields: &mut Fields<'_, '_>, envelope: &Envelope) -> Result<Detail, FieldError> {
    if fields.peek("eventName").is_some_and(|name| name.starts_with("SERVICE_DEPLOYMENT_"))
        && fields.peek("deploymentId").is_some()
    {
        return read_deployment(fields, envelope);
    }
    ServiceAction::read(fields, &envelope.resources).map(Detail::ServiceAction)
}

fn read_deployment(fields: &mut Fields<'_, '_>, envelope: &Envelope) -> Result<Detail, FieldError> {
    DeploymentStateChange::read(fields, &envelope.resources).map(Detail::DeploymentStateChange)
}
