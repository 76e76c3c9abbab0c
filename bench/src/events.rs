//! Events as EventBridge sends them, of tasks and services of one cluster.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::outside::CLUSTER;

const ARN: &str = "arn:aws:ecs:eu-central-1:123456789012";

/// An event around a detail.
pub fn of_detail(detail_type: &str, detail: &Value) -> Value {
    let resource = ["taskArn", "clusterArn"].into_iter().find_map(|name| detail.get(name)).cloned();
    json!({
        "version": "0", "id": "7b1f2d0e-6a58-4f8e-9c55-1f0b6f6f2a11", "detail-type": detail_type, "source": "aws.ecs",
        "account": "123456789012", "region": "eu-central-1", "time": "2026-11-20T21:30:00Z",
        "resources": resource.into_iter().collect::<Vec<_>>(), "detail": detail,
    })
}

/// Why a task stopped.
struct Why<'w> {
    code: &'w str,
    reason: &'w str,
    exit_code: i64,
}

/// A task of service `api-N` that stopped.
fn stopped(at: Timestamp, service: usize, task: usize, why: &Why<'_>) -> Value {
    let Why { code, reason, exit_code } = why;
    let name = service_name(service);
    let mut event = of_detail(
        "ECS Task State Change",
        &json!({
            "clusterArn": format!("{ARN}:cluster/{CLUSTER}"),
            "taskArn": format!("{ARN}:task/{CLUSTER}/{service:08x}{task:024x}"),
            "taskDefinitionArn": format!("{ARN}:task-definition/{name}:7"),
            "group": format!("service:{name}"), "startedBy": format!("ecs-svc/73000218734{service:08}"),
            "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "version": 6, "launchType": "FARGATE",
            "stopCode": code, "stoppedReason": reason, "cpu": "256", "memory": "512",
            "createdAt": moment(at - SignedDuration::from_mins(60)), "startedAt": moment(at - SignedDuration::from_mins(59)),
            "stoppedAt": moment(at),
            "containers": [{
                "name": name, "exitCode": exit_code, "lastStatus": "STOPPED", "runtimeId": "c-1",
                "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/api:v1",
                "containerArn": format!("{ARN}:container/{CLUSTER}/{service:08x}{task:024x}"),
                "networkInterfaces": [{"attachmentId": "a-1", "privateIpv4Address": "10.0.3.17"}],
            }],
            "overrides": {"containerOverrides": [{"name": name}]},
        }),
    );
    event["time"] = json!(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    event
}

/// As ECS writes a time.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// How service `api-N` is called.
pub fn service_name(number: usize) -> String {
    format!("api-{number}")
}

/// A task that failed.
pub fn failed(at: Timestamp, service: usize, task: usize) -> Value {
    let reason = "Essential container in task exited";
    stopped(at, service, task, &Why { code: "EssentialContainerExited", reason, exit_code: 1 })
}

/// These of a storm: tasks of so many services in turn, which fail a millisecond apart from a time on.
pub fn storm(begin: Timestamp, services: usize, numbers: Range<usize>) -> impl Iterator<Item = Value> {
    numbers.map(move |number| {
        let passed = i64::try_from(number).map_or(SignedDuration::MAX, SignedDuration::from_millis);
        failed(begin + passed, number % services, number / services)
    })
}

/// A task that its service did not need any more.
pub fn scaled_in(at: Timestamp, service: usize, task: usize) -> Value {
    let reason = &format!("Scaling activity initiated by (deployment ecs-svc/73000218734{service:08})");
    stopped(at, service, task, &Why { code: "ServiceSchedulerInitiated", reason, exit_code: 143 })
}

/// A task of a service that runs.
pub fn running(at: Timestamp, service: usize, task: usize) -> Value {
    let mut event = failed(at, service, task);
    let detail = &mut event["detail"];
    for name in ["stopCode", "stoppedReason", "stoppedAt"] {
        detail.as_object_mut().expect("a detail is an object").remove(name);
    }
    (detail["lastStatus"], detail["desiredStatus"]) = (json!("RUNNING"), json!("RUNNING"));
    (detail["version"], detail["updatedAt"]) = (json!(3), json!(moment(at)));
    detail["containers"] = json!([{"name": service_name(service), "lastStatus": "RUNNING"}]);
    event
}

/// A service that ECS calls steady.
pub fn steady(at: Timestamp, service: usize) -> Value {
    let arn = format!("{ARN}:service/{CLUSTER}/{}", service_name(service));
    let mut event = of_detail(
        "ECS Service Action",
        &json!({
            "eventType": "INFO", "eventName": "SERVICE_STEADY_STATE", "clusterArn": format!("{ARN}:cluster/{CLUSTER}"),
            "createdAt": moment(at),
        }),
    );
    event["resources"] = json!([arn]);
    event
}

/// A batch of messages of the events queue, as Lambda hands it over.
pub fn payload(events: &[Value]) -> Vec<u8> {
    let record = |(index, event): (usize, &Value)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-6619{index:08}"), "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDAIENQZJOLO23YVJ4VO"},
            "messageAttributes": {}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:steward-events", "awsRegion": "eu-central-1",
            "body": event.to_string(),
        })
    };
    json!({ "Records": events.iter().enumerate().map(record).collect::<Vec<_>>() }).to_string().into_bytes()
}
