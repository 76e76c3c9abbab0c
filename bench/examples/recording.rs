//! Writes a recording of so many events, to measure `steward replay` by: services that are deployed, now and then badly.
//!
//! `cargo run -p steward-bench --example recording -- 1000000 > events.ndjson`

#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "a tool of its own")]

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-central-1";
/// So many services, in clusters of a hundred.
const SERVICES: u64 = 500;
/// One deployment in so many is bad.
const BAD: u64 = 7;
/// A task takes so many events from its beginning to its end.
const STATES: [&str; 5] = ["PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING", "STOPPED"];
/// Tasks of a deployment.
const TASKS: u64 = 4;

fn main() -> ExitCode {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let Some(count) = count else {
        eprintln!("how many events? such as 1000000");
        return ExitCode::from(2);
    };
    match write(count) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

/// All services in turn, each with a deployment and the tasks of it; a minute passes with each turn of all.
fn write(count: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let begins = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56);
    let mut written = 0;
    for deployment in 0.. {
        let service = deployment % SERVICES;
        let turn = deployment / SERVICES;
        // Fewer than 2^40 seconds, so this fits.
        let at = begins + SignedDuration::from_mins(i64::try_from(turn * 120 + service / 5).unwrap_or(0));
        let is_bad = deployment % BAD == BAD - 1;
        for (second, event) in events(service, deployment, is_bad, at) {
            if written == count {
                return out.flush();
            }
            let time = at + SignedDuration::from_secs(second);
            writeln!(out, "{}", event.replace("@TIME@", &time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))?;
            written += 1;
        }
    }
    out.flush()
}

fn events(service: u64, deployment: u64, is_bad: bool, at: Timestamp) -> Vec<(i64, String)> {
    let cluster = format!("c{}", service / 100);
    let name = format!("service-{service}");
    let told = |event: &str| {
        envelope(
            "ECS Deployment State Change",
            &format!("service/{cluster}/{name}"),
            &json!({"eventType": "INFO", "eventName": format!("SERVICE_DEPLOYMENT_{event}"), "deploymentId": format!("ecs-svc/{deployment}"), "updatedAt": "@TIME@", "reason": ""}),
        )
    };
    let mut events = vec![(0, told("IN_PROGRESS"))];
    for task in 0..TASKS {
        for (place, state) in STATES.iter().enumerate().filter(|(place, _)| is_bad || *place < 3) {
            let second = i64::try_from(task * 60 + u64::try_from(place).unwrap_or(0) * 9).unwrap_or(0) + 5;
            let of = Task { cluster: &cluster, name: &name, deployment, task, state, version: place + 1 };
            events.push((second, of.event(at)));
        }
    }
    if !is_bad {
        events.push((300, told("COMPLETED")));
    }
    events.sort_by_key(|(second, _)| *second);
    events
}

struct Task<'t> {
    cluster: &'t str,
    name: &'t str,
    deployment: u64,
    task: u64,
    state: &'t str,
    version: usize,
}

impl Task<'_> {
    fn event(&self, created_at: Timestamp) -> String {
        let Self { cluster, name, deployment, task, state, version } = self;
        let id = format!("{deployment:024x}{task:08x}");
        let is_over = matches!(*state, "DEPROVISIONING" | "STOPPED");
        let reason = "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api:9f31c2e: not found";
        let mut detail = json!({
            "attachments": [{"id": "1effc558-56f7-089b-08ea-a9c72e7d8ba1", "type": "eni", "status": "ATTACHED", "details": [
                {"name": "subnetId", "value": "subnet-0d473be19a6058cf2"}, {"name": "macAddress", "value": "02:76:1f:d1:00:fb"},
                {"name": "privateDnsName", "value": "ip-10-40-56-236.eu-central-1.compute.internal"}, {"name": "privateIPv4Address", "value": "10.40.56.236"}]}],
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "availabilityZone": "eu-central-1c", "capacityProviderName": "FARGATE", "connectivity": "CONNECTED",
            "clusterArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{cluster}"),
            "containers": [{"containerArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:container/{cluster}/{id}/b8187aa9-7580-8d5d-9665-f265cfea6f02"),
                "lastStatus": state, "name": "app", "image": format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop/{name}:{deployment}"),
                "networkInterfaces": [{"attachmentId": "1effc558-56f7-089b-08ea-a9c72e7d8ba1", "privateIpv4Address": "10.40.56.236"}], "cpu": "0"}],
            "cpu": "512", "memory": "1024", "createdAt": created_at, "desiredStatus": if is_over { "STOPPED" } else { "RUNNING" },
            "enableExecuteCommand": true, "ephemeralStorage": {"sizeInGiB": 20}, "group": format!("service:{name}"), "launchType": "FARGATE",
            "lastStatus": state, "overrides": {"containerOverrides": [{"name": "app"}]}, "platformVersion": "1.4.0",
            "startedBy": format!("ecs-svc/{deployment}"), "taskArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{cluster}/{id}"),
            "taskDefinitionArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{name}:{deployment}"),
            "updatedAt": "@TIME@", "version": version,
        });
        if is_over && let Some(detail) = detail.as_object_mut() {
            detail.insert("stopCode".to_owned(), json!("TaskFailedToStart"));
            detail.insert("stoppedReason".to_owned(), json!(reason));
            detail.insert("stoppedAt".to_owned(), json!("@TIME@"));
        }
        envelope("ECS Task State Change", &format!("task/{cluster}/{id}"), &detail)
    }
}

fn envelope(kind: &str, resource: &str, detail: &serde_json::Value) -> String {
    let event = json!({
        "version": "0", "id": "67a6e7c1-5fc5-e733-9af8-ddf8fadf2244", "detail-type": kind, "source": "aws.ecs", "account": ACCOUNT,
        "time": "@TIME@", "region": REGION, "resources": [format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{resource}")], "detail": detail,
    });
    event.to_string()
}
