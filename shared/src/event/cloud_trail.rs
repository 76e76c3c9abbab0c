//! `AWS API Call via CloudTrail`: the only way by which EventBridge learns that `RunTask` failed.

use super::fields::{FieldError, Fields};

/// `RunTask` starts at most ten tasks a call, so it can fail for as many.
const MAX_FAILURES: usize = 10;

/// A call of the ECS API, as a trail recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// `RunTask`, `UpdateService`, …
    pub event_name: String,
    /// Such as `ecs.amazonaws.com`.
    pub event_source: Option<String>,
    /// Set where the whole call was refused.
    pub error_code: Option<String>,
    /// AWS's words for it.
    pub error_message: Option<String>,
    /// The cluster of the request: a name or an ARN; absent for `default`.
    pub cluster: Option<String>,
    /// The task definition of the request: family, `family:revision`, or an ARN.
    pub task_definition: Option<String>,
    /// Whose tasks they would have been.
    pub started_by: Option<String>,
    /// CloudTrail's own id of the call: the same however often it is delivered.
    pub event_id: Option<String>,
    /// `failures[]` of the answer.
    pub failures: Vec<Failure>,
}

/// One entry of `failures[]`, as `RunTask`, `StartTask` and the Describe calls answer them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it is about.
    pub arn: Option<String>,
    /// Such as `RESOURCE:MEMORY`.
    pub reason: Option<String>,
    /// More words, in newer answers.
    pub detail: Option<String>,
}

impl Failure {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        Self { arn: fields.text("arn"), reason: fields.text("reason"), detail: fields.text("detail") }
    }
}

impl ApiCall {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let event_name = fields.required_text("eventName")?;
        let request = fields.inside("requestParameters", |request| {
            let cluster = request.text("cluster");
            let task_definition = request.text("taskDefinition");
            let started_by = request.text("startedBy");
            request.discard();
            (cluster, task_definition, started_by)
        });
        let failures = fields.inside("responseElements", |answer| {
            let failures = answer.each("failures", MAX_FAILURES, Failure::read);
            answer.discard();
            failures
        });
        let (cluster, task_definition, started_by) = request.unwrap_or_default();
        let call = Self {
            event_name,
            event_source: fields.text("eventSource"),
            error_code: fields.text("errorCode"),
            error_message: fields.text("errorMessage"),
            cluster,
            task_definition,
            started_by,
            event_id: fields.text("eventID"),
            failures: failures.unwrap_or_default(),
        };
        // CloudTrail's record is its own schema, with identities and parameters that are nobody's business here.
        fields.discard();
        Ok(call)
    }

    /// Whether this is a `RunTask` or `StartTask` that did not start all it was asked to.
    pub fn is_start_failure(&self) -> bool {
        matches!(self.event_name.as_str(), "RunTask" | "StartTask")
            && (self.error_code.is_some() || !self.failures.is_empty())
    }
}
