//! Every advice there is, from all that decides it. What it says, the tests of `words` look at.

#![allow(clippy::needless_pass_by_value, reason = "`json!` reads best where it stands")]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::diagnosis::tests::task;
use crate::event::{Detail, Event};

/// What an error text may say that matters for an advice.
const TEXTS: [&str; 6] =
    ["", "with an explicit deny", "no resource-based policy", "ssm", "denied", "denied the log group"];

/// What people and images call things: from the usual name of a thing to the one it has here.
pub(crate) type Called<'c> = &'c dyn Fn(&str) -> String;

/// Every advice that a decision can end in, with names and without.
pub(crate) fn every(called: Called<'_>) -> BTreeSet<Advice> {
    let all = [of_tasks(called), of_services(called), of_what_only_says_that(called), of_starts(called)];
    all.into_iter().flatten().collect()
}

fn of_tasks(called: Called<'_>) -> Vec<Advice> {
    let denials = [
        None,
        Some(denied("ecr:GetAuthorizationToken", Some("*"))),
        Some(denied("kms:Decrypt", Some(&called("arn:aws:kms:eu:1:key/0123")))),
        Some(denied(&called("elasticfilesystem:ClientMount"), None)),
    ];
    let ecr = named("1.dkr.ecr.eu.amazonaws.com/api:1.2", called);
    let mut all = Vec::new();
    for task in [ecr, named("registry.example/api:1.2", called), nameless()] {
        for cause in Cause::ALL {
            for (text, denied) in
                TEXTS.iter().flat_map(|text| denials.iter().map(move |denied| (text, denied)))
            {
                all.push(for_task(*cause, &task, None, text, denied.as_ref()));
            }
        }
    }
    all
}

fn denied(action: &str, resource: Option<&str>) -> DeniedAction {
    DeniedAction { action: action.to_owned(), resource: resource.map(redact) }
}

fn named(image: &str, called: Called<'_>) -> TaskStateChange {
    task(json!({
        "taskDefinitionArn": called("arn:aws:ecs:eu-central-1:123456789012:task-definition/api:42"),
        "memory": called("512"),
        "containers": [{"name": called("app"), "image": called(image), "exitCode": 137}],
    }))
}

fn nameless() -> TaskStateChange {
    let task = task(json!({"group": "family:job"}));
    TaskStateChange { task_definition_arn: None, ..task }
}

fn of_services(called: Called<'_>) -> Vec<Advice> {
    let action = |resources: Value| {
        let detail = json!({"eventName": "SERVICE_TASK_START_IMPAIRED"});
        match event("ECS Service Action", resources, detail) {
            Detail::ServiceAction(action) => action,
            other => panic!("{other:?}"),
        }
    };
    let named = action(json!([called("arn:aws:ecs:eu-central-1:123456789012:service/shop/api")]));
    let nameless = action(json!([]));
    let both = |cause: &Cause| [for_service_action(*cause, &named), for_service_action(*cause, &nameless)];
    Cause::ALL.iter().flat_map(both).collect()
}

fn event(kind: &str, resources: Value, detail: Value) -> Detail {
    let event = json!({"detail-type": kind, "source": "aws.ecs", "resources": resources, "detail": detail});
    Event::from_object(event.as_object().unwrap().clone()).unwrap().detail
}

fn of_what_only_says_that(called: Called<'_>) -> Vec<Advice> {
    let deployment = json!({"eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": called("ecs-svc/7")});
    let service = json!(["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"]);
    let Detail::DeploymentStateChange(failed) = event("ECS Deployment State Change", service, deployment)
    else {
        panic!("no deployment");
    };
    let retirement = |start_time: Option<&str>| HealthEvent {
        service: Some("ECS".to_owned()),
        event_type_code: "AWS_ECS_TASK_PATCHING_RETIREMENT".to_owned(),
        event_arn: None,
        status_code: None,
        start_time: start_time.map(|time| time.parse().unwrap()),
        end_time: None,
        affected_account: None,
        affected_entities: Vec::new(),
    };
    vec![
        for_failed_deployment(&failed),
        for_host(Cause::Unknown, &called("i-0123")),
        for_host(Cause::InfrastructureImpaired, &called("i-0123")),
        for_shortfall(&called("api")),
        for_hung_task(&called("0123"), Cause::ContainerRuntimeFailed),
        for_hung_task(&called("0123"), Cause::ContainerHealthCheckFailed),
        for_stuck_deployment(&called("ecs-svc/7")),
        for_hook(&called("ecs-pause-1")),
        for_retirement(&retirement(None)),
        for_retirement(&retirement(Some("2026-11-02T09:05:00Z"))),
    ]
}

fn of_starts(called: Called<'_>) -> Vec<Advice> {
    let call =
        json!({"eventName": "RunTask", "eventSource": "ecs.amazonaws.com", "errorCode": "AccessDenied"});
    let Detail::ApiCall(call) = event("AWS API Call via CloudTrail", json!([]), call) else {
        panic!("no call");
    };
    let refused = for_refused_call(Cause::Unknown, &call, Some(&denied(&called("ecs:RunTask"), Some("*"))));
    let failures =
        ["", "RESOURCE:CPU", "RESOURCE:MEMORY", "RESOURCE:PORTS", "RESOURCE:a*b"].map(
            |reason| match reason {
                "" => String::new(),
                reason => called(reason),
            },
        );
    let of_failures = |cause: &Cause| failures.clone().map(|reason| for_failure(*cause, &reason));
    std::iter::once(refused).chain(Cause::ALL.iter().flat_map(of_failures)).collect()
}
