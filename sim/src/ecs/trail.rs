//! A trail of CloudTrail: who called, told by EventBridge as `AWS API Call via CloudTrail`, minutes after the call.
//!
//! Records have the fields of CloudTrail's reference of record contents, as far as anybody reads them here: who called, with what
//! parameters, and of the answer what names the resource. A caller with a slash in its name is a role with its path, any other a
//! user. Off by default; its randomness is its own, so that a world with a trail is the world without it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::agenda::Due;
use super::api::without_nulls;
use super::error::ApiError;
use super::operation::Operation;
use super::world::Ecs;
use crate::random::{Random, later};

/// CloudTrail delivers within some minutes of the call, to EventBridge mostly sooner (CloudTrail user guide, "within an average of
/// about 5 minutes").
const SOONEST: Duration = Duration::from_secs(20);
const LATEST: Duration = Duration::from_mins(6);

/// A trail.
#[derive(Debug)]
pub(super) struct Trail {
    random: Random,
}

impl Trail {
    fn event(&mut self, ecs: &Envelope<'_>, call: &Call<'_>) -> Value {
        let session = format!("run-{}", 100 + self.random.below(900));
        json!({
            "version": "0",
            "id": self.random.uuid(),
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.ecs",
            "account": ecs.account,
            "time": seconds(ecs.now),
            "region": ecs.region,
            "resources": [],
            "detail": without_nulls(json!({
                "eventVersion": "1.11",
                "userIdentity": identity(call.caller, &session, ecs.account),
                "eventTime": seconds(ecs.now),
                "eventSource": "ecs.amazonaws.com",
                "eventName": call.operation,
                "awsRegion": ecs.region,
                "sourceIPAddress": "203.0.113.71",
                "userAgent": "aws-cli/2.31.20",
                "errorCode": call.error.map(|error| error.code),
                "errorMessage": call.error.map(|error| error.message.clone()),
                "requestParameters": call.request,
                "responseElements": call.answer,
                "requestID": self.random.uuid(),
                "eventID": self.random.uuid(),
                "readOnly": false,
                "eventType": "AwsApiCall",
                "managementEvent": true,
                "recipientAccountId": ecs.account,
                "eventCategory": "Management",
            })),
        })
    }
}

struct Envelope<'e> {
    account: &'e str,
    region: &'e str,
    now: Timestamp,
}

struct Call<'c> {
    caller: &'c str,
    operation: &'c str,
    request: Value,
    answer: Value,
    error: Option<&'c ApiError>,
}

fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// `userIdentity`: of a role its session and its issuer, and of a user its name.
fn identity(caller: &str, session: &str, account: &str) -> Value {
    let name = caller.rsplit('/').next().unwrap_or(caller);
    if caller.contains('/') {
        return json!({
            "type": "AssumedRole",
            "principalId": format!("AROAEXAMPLE:{session}"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
            "accountId": account,
            "sessionContext": { "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": format!("arn:aws:iam::{account}:role/{caller}"),
                "accountId": account,
                "userName": name,
            }},
        });
    }
    json!({
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": format!("arn:aws:iam::{account}:user/{caller}"),
        "accountId": account,
        "userName": caller,
    })
}

impl Ecs {
    /// Lets a trail record calls from now on.
    pub fn set_trail(&mut self, seed: u64) {
        self.trail = Some(Trail { random: Random::new(seed) });
    }

    /// Whether a trail has calls that it has not told yet.
    pub fn has_untold_calls(&self) -> bool {
        self.agenda.has_trail()
    }

    /// A call that was carried out.
    pub(super) fn record(&mut self, operation: Operation, target: &str, request: &Value) {
        if self.trail.is_some() {
            let answer = self.answer_of(operation, target);
            self.put_on_trail(operation.name(), request.clone(), answer, None);
        }
    }

    /// A call that was refused.
    pub(super) fn record_refusal(&mut self, operation: Operation, request: &Value, error: &ApiError) {
        let is_told = matches!(operation, Operation::UpdateService | Operation::StopTask);
        if is_told && self.trail.is_some() {
            self.put_on_trail(operation.name(), request.clone(), Value::Null, Some(error));
        }
    }

    fn put_on_trail(&mut self, operation: &str, request: Value, answer: Value, error: Option<&ApiError>) {
        let now = self.now;
        let envelope = Envelope { account: self.names.account(), region: self.names.region(), now };
        let call = Call { caller: &self.caller, operation, request, answer, error };
        let Some(trail) = self.trail.as_mut().filter(|_| !call.caller.is_empty()) else { return };
        let event = trail.event(&envelope, &call);
        let at = later(now, trail.random.between(SOONEST, LATEST));
        self.agenda.put(at, Due::Trail(Box::new(event)));
    }

    /// What of an answer names the resource.
    fn answer_of(&self, operation: Operation, target: &str) -> Value {
        let view = self.view_now();
        match operation {
            Operation::CreateService | Operation::UpdateService => {
                let mut names = target.rsplit('/');
                let (name, cluster) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
                let Some(service) = view.state.service_by_name(cluster, name) else { return Value::Null };
                let deployments: Vec<Value> = service
                    .deployments
                    .iter()
                    .map(|deployment| {
                        json!({
                            "id": deployment.id,
                            "status": if deployment.is_primary { "PRIMARY" } else { "ACTIVE" },
                            "taskDefinition": deployment.shape.definition.arn,
                            "createdAt": spelled(deployment.created),
                            "rolloutState": deployment.rollout.as_str(),
                        })
                    })
                    .collect();
                json!({ "service": {
                    "serviceArn": service.arn,
                    "serviceName": service.name,
                    "clusterArn": self.names.cluster(&service.cluster),
                    "desiredCount": service.desired,
                    "deployments": deployments,
                }})
            }
            Operation::StopTask => {
                let Some(task) = view.state.tasks.values().find(|task| task.arn == target) else {
                    return Value::Null;
                };
                json!({ "task": {
                    "taskArn": task.arn,
                    "clusterArn": self.names.cluster(&task.cluster),
                    "taskDefinitionArn": task.definition.arn,
                    "group": task.group,
                    "startedBy": task.started_by,
                    "desiredStatus": "STOPPED",
                }})
            }
            Operation::StopServiceDeployment | Operation::ContinueServiceDeployment => {
                json!({ "serviceDeploymentArn": target })
            }
            _ => Value::Null,
        }
    }
}

/// As CloudTrail writes times of answers: `Nov 20, 2026 9:11:58 PM`.
fn spelled(at: Timestamp) -> String {
    at.strftime("%b %-d, %Y %-I:%M:%S %p").to_string()
}
