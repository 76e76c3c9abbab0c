//! `AWS API Call via CloudTrail`: the only way by which EventBridge learns that `RunTask` failed, and who did what.

use jiff::{SignedDuration, Timestamp};

use super::fields::{FieldError, Fields};
use super::service::ServiceRef;
use crate::arn::{Arn, ClusterArn, DeploymentId, TaskArn, TaskDefinitionArn};

/// `RunTask` starts at most ten tasks a call, so it can fail for as many.
const MAX_FAILURES: usize = 10;
/// A service has one PRIMARY deployment, and those that it takes the place of.
const MAX_DEPLOYMENTS: usize = 64;
/// What a call made is as old as the call; both times are told to the second.
const JUST_MADE: SignedDuration = SignedDuration::from_secs(10);
/// How the names of roles begin that IAM Identity Center makes (IAM Identity Center user guide).
const SSO_ROLE: &str = "AWSReservedSSO_";
/// Domains that only services of AWS call from.
const AWS_DOMAINS: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];

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
    /// The service of the request: a name or an ARN.
    pub service: Option<String>,
    /// `desiredCount` of the request.
    pub desired_count: Option<u32>,
    /// `reason` of the request.
    pub reason: Option<String>,
    /// The service deployment of the request, by its ARN.
    pub service_deployment: Option<String>,
    /// `hookId` of the request.
    pub hook: Option<String>,
    /// `action` of the request; absent for `CONTINUE`.
    pub action: Option<String>,
    /// The task of the answer of `StopTask`.
    pub stopped: Option<StoppedTask>,
    /// CloudTrail's own id of the call: the same however often it is delivered.
    pub event_id: Option<String>,
    /// Who called, as people name them: a user's name, `role ci/deploy (session)`, `root`, or a service of AWS.
    pub caller: Option<String>,
    /// `failures[]` of the answer.
    pub failures: Vec<Failure>,
    /// The PRIMARY deployment of the service in the answer: not always one that the call made.
    pub primary: Option<Primary>,
}

/// The PRIMARY deployment of a service, as the answer of `CreateService` or `UpdateService` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Primary {
    /// The service.
    pub service: ServiceRef,
    /// The deployment.
    pub id: DeploymentId,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What it deploys.
    pub task_definition: Option<TaskDefinitionArn>,
}

/// The task that `StopTask` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedTask {
    /// Its ARN.
    pub arn: TaskArn,
    /// Its cluster.
    pub cluster: ClusterArn,
    /// `service:<name>`, `family:<name>` or a caller's own text.
    pub group: Option<String>,
    /// What it ran.
    pub task_definition: Option<TaskDefinitionArn>,
    /// Who had started it.
    pub started_by: Option<String>,
}

impl StoppedTask {
    fn read(task: &mut Fields<'_, '_>) -> Option<Self> {
        let arn = task.text("taskArn").map(TaskArn::new);
        let cluster = task.text("clusterArn").map(ClusterArn::new);
        let group = task.text("group");
        let task_definition = task.text("taskDefinitionArn").map(TaskDefinitionArn::new);
        let started_by = task.text("startedBy");
        task.discard();
        Some(Self { arn: arn?, cluster: cluster?, group, task_definition, started_by })
    }
}

impl Primary {
    /// Reads `service` of an answer.
    fn read(service: &mut Fields<'_, '_>) -> Option<Self> {
        let cluster = service.text("clusterArn").map(ClusterArn::new);
        let arn = service.text("serviceArn");
        let deployments = service.each("deployments", MAX_DEPLOYMENTS, |deployment| {
            let is_primary = deployment.text("status").as_deref() == Some("PRIMARY");
            let id = deployment.text("id").as_deref().and_then(DeploymentId::parse);
            let created_at = deployment.time("createdAt");
            let task_definition = deployment.text("taskDefinition").map(TaskDefinitionArn::new);
            deployment.discard();
            id.filter(|_| is_primary).map(|id| (id, created_at, task_definition))
        });
        service.discard();
        let service = ServiceRef::from_arn(&arn?, cluster)?;
        let (id, created_at, task_definition) = deployments.into_iter().flatten().next()?;
        Some(Self { service, id, created_at, task_definition })
    }
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
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Self {
        Self { arn: fields.text("arn"), reason: fields.text("reason"), detail: fields.text("detail") }
    }
}

/// What is read of a call's parameters.
#[derive(Debug, Default)]
struct Request {
    cluster: Option<String>,
    task_definition: Option<String>,
    started_by: Option<String>,
    service: Option<String>,
    desired_count: Option<u32>,
    reason: Option<String>,
    service_deployment: Option<String>,
    hook: Option<String>,
    action: Option<String>,
}

impl Request {
    fn read(request: &mut Fields<'_, '_>) -> Self {
        let desired = request.integer("desiredCount");
        let read = Self {
            cluster: request.text("cluster"),
            task_definition: request.text("taskDefinition"),
            started_by: request.text("startedBy"),
            service: request.text("service"),
            desired_count: desired.and_then(|count| u32::try_from(count).ok()),
            reason: request.text("reason"),
            service_deployment: request.text("serviceDeploymentArn"),
            hook: request.text("hookId"),
            action: request.text("action"),
        };
        request.discard();
        read
    }
}

impl ApiCall {
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Result<Self, FieldError> {
        let event_name = fields.required_text("eventName")?;
        let request = fields.inside("requestParameters", Request::read).unwrap_or_default();
        let answer = fields.inside("responseElements", |answer| {
            let failures = answer.each("failures", MAX_FAILURES, Failure::read);
            let primary = answer.inside("service", Primary::read).flatten();
            let stopped = answer.inside("task", StoppedTask::read).flatten();
            answer.discard();
            (failures, primary, stopped)
        });
        let (failures, primary, stopped) = answer.unwrap_or_default();
        let call = Self {
            event_name,
            event_source: fields.text("eventSource"),
            error_code: fields.text("errorCode"),
            error_message: fields.text("errorMessage"),
            cluster: request.cluster,
            task_definition: request.task_definition,
            started_by: request.started_by,
            service: request.service,
            desired_count: request.desired_count,
            reason: request.reason,
            service_deployment: request.service_deployment,
            hook: request.hook,
            action: request.action,
            stopped,
            event_id: fields.text("eventID"),
            caller: read_caller(fields),
            failures,
            primary,
        };
        // CloudTrail's record is its own schema, with parameters that are nobody's business here.
        fields.discard();
        Ok(call)
    }

    /// Whether this is a `RunTask` or `StartTask` that did not start all it was asked to.
    pub fn is_start_failure(&self) -> bool {
        matches!(self.event_name.as_str(), "RunTask" | "StartTask")
            && (self.error_code.is_some() || !self.failures.is_empty())
    }

    /// The deployment that the call started, where it succeeded. `at` is when it was made: a call that changes no more than
    /// the desired count starts none, and its answer shows the PRIMARY deployment that was there before.
    pub fn started(&self, at: Timestamp) -> Option<&Primary> {
        let may = matches!(self.event_name.as_str(), "CreateService" | "UpdateService");
        let primary = self.primary.as_ref().filter(|_| may && self.error_code.is_none())?;
        let age = at.duration_since(primary.created_at?);
        (age.abs() <= JUST_MADE).then_some(primary)
    }
}

/// Who called. What a service of AWS does for somebody is the service's: its name says more than its session.
fn read_caller(fields: &mut Fields<'_, '_>) -> Option<String> {
    let address = fields.text("sourceIPAddress");
    let of_identity = fields.inside("userIdentity", |identity| {
        let invoked_by = identity.text("invokedBy");
        let arn = identity.text("arn");
        let name = identity.text("userName");
        let issuer = identity.inside("sessionContext", read_issuer).flatten();
        identity.discard();
        (invoked_by, arn, name, issuer)
    });
    let (invoked_by, arn, name, issuer) = of_identity.unwrap_or_default();
    let service = [&invoked_by, &address].into_iter().flatten().find_map(|text| service_name(text));
    // `assumed-role/<role>/<session>`, `user/<path>/<name>`, `federated-user/<name>`, `root`.
    let of_arn = || {
        let resource = Arn::parse(arn.as_deref()?)?.resource;
        match resource.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/')) {
            Some((role, session)) => Some(of_role(role, session, issuer.as_deref())),
            None => resource.rsplit('/').next().map(str::to_owned),
        }
    };
    service.or_else(of_arn).or(name).filter(|name| !name.is_empty())
}

/// The ARN of the role whose session it is: it has the role's path, which that of the session has not.
fn read_issuer(context: &mut Fields<'_, '_>) -> Option<String> {
    let issuer = context.inside("sessionIssuer", |issuer| {
        let arn = issuer.text("arn");
        issuer.discard();
        arn
    });
    context.discard();
    issuer.flatten()
}

/// A role by its path and name, with its session; of a role that IAM Identity Center made for people, the person.
fn of_role(role: &str, session: &str, issuer: Option<&str>) -> String {
    if role.starts_with(SSO_ROLE) {
        return session.to_owned();
    }
    let path = issuer.and_then(Arn::parse).and_then(|arn| arn.resource_of_kind("role"));
    let role = path.filter(|path| path.rsplit('/').next() == Some(role)).unwrap_or(role);
    format!("role {role} ({session})")
}

/// The name of a service of AWS, from the domain that it calls from; absent for any other address.
fn service_name(domain: &str) -> Option<String> {
    let name = AWS_DOMAINS.iter().find_map(|aws| domain.strip_suffix(aws))?;
    Some(match name {
        "cloudformation" => "CloudFormation".to_owned(),
        "codepipeline" => "CodePipeline".to_owned(),
        "codedeploy" => "CodeDeploy".to_owned(),
        other => other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event::Unrecognised;

    fn call(changes: &Value) -> ApiCall {
        let mut detail = json!({
            "eventName": "UpdateService", "eventSource": "ecs.amazonaws.com", "sourceIPAddress": "203.0.113.71",
            "responseElements": {"service": {
                "serviceArn": "arn:aws:ecs:eu-central-1:123456789012:service/shop/api",
                "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
                "deployments": [
                    {"id": "ecs-svc/41", "status": "ACTIVE", "createdAt": "Nov 1, 2026 9:00:00 AM"},
                    {"id": "ecs-svc/42", "status": "PRIMARY", "createdAt": "Nov 20, 2026 9:11:58 PM"},
                ],
            }},
        });
        for (key, value) in changes.as_object().unwrap() {
            detail[key] = value.clone();
        }
        let mut seen = Unrecognised::default();
        let call = ApiCall::read(&mut Fields::of_value(detail.into(), "detail", &mut seen).unwrap()).unwrap();
        assert_eq!(seen.paths(), [""; 0]);
        call
    }

    fn at(time: &str) -> Timestamp {
        format!("2026-11-20T{time}Z").parse().unwrap()
    }

    #[test]
    fn a_caller_is_named_as_people_name_them() {
        let sts = "arn:aws:sts::123456789012:assumed-role";
        for (identity, address, who) in [
            (
                json!({"type": "AssumedRole", "arn": format!("{sts}/AWSReservedSSO_Ops_1a2b/jane@shop.example")}),
                "203.0.113.71",
                Some("jane@shop.example"),
            ),
            (
                json!({"type": "AssumedRole", "arn": format!("{sts}/shop-deployer/GitHubActions")}),
                "203.0.113.71",
                Some("role shop-deployer (GitHubActions)"),
            ),
            (
                json!({"type": "AssumedRole", "arn": format!("{sts}/deploy/run-812"), "sessionContext": {
                    "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::123456789012:role/ci/deploy"}}}),
                "203.0.113.71",
                Some("role ci/deploy (run-812)"),
            ),
            (
                json!({"type": "AssumedRole", "arn": format!("{sts}/deploy/run-812"),
                    "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::123456789012:role/ci/other"}}}),
                "203.0.113.71",
                Some("role deploy (run-812)"),
            ),
            (
                json!({"type": "AssumedRole",
                    "arn": format!("{sts}/steward-RemediationRole-1X2Y/steward-RemediationFunction-3Z4W")}),
                "203.0.113.9",
                Some("role steward-RemediationRole-1X2Y (steward-RemediationFunction-3Z4W)"),
            ),
            (
                json!({"type": "IAMUser", "arn": "arn:aws-cn:iam::123456789012:user/ops/jane", "userName": "jane"}),
                "203.0.113.71",
                Some("jane"),
            ),
            (json!({"type": "Root", "arn": "arn:aws:iam::123456789012:root"}), "203.0.113.71", Some("root")),
            (
                json!({"type": "AssumedRole", "arn": format!("{sts}/deploy/AWSCloudFormation"),
                    "invokedBy": "cloudformation.amazonaws.com"}),
                "cloudformation.amazonaws.com",
                Some("CloudFormation"),
            ),
            (
                json!({"type": "IAMUser", "arn": "arn:aws:iam::1:user/jane"}),
                "cloudformation.amazonaws.com",
                Some("CloudFormation"),
            ),
            (
                json!({"type": "AWSService", "invokedBy": "ecs.application-autoscaling.amazonaws.com"}),
                "ecs.application-autoscaling.amazonaws.com",
                Some("ecs.application-autoscaling"),
            ),
            (json!({"type": "SAMLUser", "userName": "jane"}), "AWS Internal", Some("jane")),
            (json!({"type": "AWSAccount", "accountId": "123456789012"}), "203.0.113.71", None),
            (json!({"arn": "nonsense"}), "amazonaws.com", None),
            (Value::Null, "203.0.113.71", None),
        ] {
            let call = call(&json!({"userIdentity": identity, "sourceIPAddress": address}));
            assert_eq!(call.caller.as_deref(), who, "{identity}");
        }
    }

    #[test]
    fn a_call_started_the_deployment_that_is_as_old_as_itself() {
        let update = call(&json!({}));
        let started = update.started(at("21:11:59")).unwrap();
        assert_eq!((started.id.as_str(), started.service.name.as_str()), ("ecs-svc/42", "api"));
        assert_eq!(update.started(at("21:40:00")), None, "it only changed the desired count");
        assert_eq!(call(&json!({"errorCode": "ClientException"})).started(at("21:11:58")), None);
        assert_eq!(call(&json!({"eventName": "DeleteService"})).started(at("21:11:58")), None);
        assert_eq!(call(&json!({"responseElements": null})).primary, None);
        assert_eq!(call(&json!({"responseElements": {"service": {"deployments": []}}})).primary, None);
    }
}
