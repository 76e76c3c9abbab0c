//! Which events of ECS reach which function: the rules of `template.yaml`, with every cluster watched.

use serde_json::Value;

use super::{EVENTS, JOBS};

/// Names of service actions that the template keeps out.
const KEPT_OUT: [&str; 7] = [
    "TASKSET_STEADY_STATE",
    "CAPACITY_PROVIDER_STEADY_STATE",
    "SERVICE_DESIRED_COUNT_UPDATED",
    "TASKS_STARTED",
    "TASKS_STOPPED",
    "SERVICE_REBALANCING_STARTED",
    "SERVICE_REBALANCING_COMPLETED",
];

/// The queue that a rule sends an event to; `None`: no rule takes it. Of `CloudTrail`'s events and of EC2's it knows none.
pub fn queue_of(event: &Value) -> Option<&'static str> {
    let detail = |name: &str| event.pointer(&format!("/detail/{name}")).and_then(Value::as_str);
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("source"), text("detail-type")) {
        ("aws.ecs", "ECS Task State Change") => task(
            detail("lastStatus").unwrap_or_default(),
            detail("desiredStatus").unwrap_or_default(),
            detail("startedBy"),
        ),
        ("aws.ecs", "ECS Service Action") => {
            detail("eventName").filter(|name| !KEPT_OUT.contains(name)).map(|_| EVENTS)
        }
        (
            "aws.ecs",
            "ECS Deployment State Change"
            | "ECS Hook State Change"
            | "ECS Container Instance State Change"
            | "ECS Container Instance Health Change",
        ) => Some(EVENTS),
        ("aws.health", "AWS Health Event") if detail("service") == Some("ECS") => Some(EVENTS),
        _ => None,
    }
}

/// Tasks of jobs that run or stopped go to batch; to remediation all others that stopped, and tasks of services that run.
fn task(last_status: &str, desired_status: &str, started_by: Option<&str>) -> Option<&'static str> {
    let is_of = |prefix: &str| started_by.is_some_and(|by| by.starts_with(prefix));
    match last_status {
        "STOPPED" | "RUNNING" if is_of("steward/job/") => Some(JOBS),
        "STOPPED" => Some(EVENTS),
        "RUNNING" if desired_status == "RUNNING" && is_of("ecs-svc/") => Some(EVENTS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task_event(last: &str, desired: &str, started_by: Option<&str>) -> Value {
        json!({ "source": "aws.ecs", "detail-type": "ECS Task State Change",
            "detail": { "lastStatus": last, "desiredStatus": desired, "startedBy": started_by } })
    }

    #[test]
    fn stops_pass_to_whose_tasks_they_are() {
        for (last, by, queue) in [
            ("STOPPED", None, Some(EVENTS)),
            ("STOPPED", Some("ecs-svc/1"), Some(EVENTS)),
            ("STOPPED", Some("steward/rerun/1"), Some(EVENTS)),
            ("STOPPED", Some("steward/job/nightly"), Some(JOBS)),
            ("DEPROVISIONING", None, None),
            ("DEPROVISIONING", Some("steward/job/nightly"), None),
        ] {
            assert_eq!(queue_of(&task_event(last, "STOPPED", by)), queue, "{last} {by:?}");
        }
    }

    #[test]
    fn tasks_of_services_that_run_pass_until_they_are_to_stop_and_those_of_jobs_always() {
        for (desired, by, queue) in [
            ("RUNNING", Some("ecs-svc/1"), Some(EVENTS)),
            ("STOPPED", Some("ecs-svc/1"), None),
            ("RUNNING", None, None),
            ("RUNNING", Some("steward/job/nightly"), Some(JOBS)),
            ("STOPPED", Some("steward/job/nightly"), Some(JOBS)),
        ] {
            assert_eq!(queue_of(&task_event("RUNNING", desired, by)), queue, "{desired} {by:?}");
        }
    }

    #[test]
    fn good_news_of_services_is_kept_out_and_steady_state_is_not() {
        let action = |name: &str| json!({ "source": "aws.ecs", "detail-type": "ECS Service Action", "detail": { "eventName": name } });
        assert_eq!(queue_of(&action("SERVICE_STEADY_STATE")), Some(EVENTS));
        assert_eq!(queue_of(&action("A_NAME_OF_TOMORROW")), Some(EVENTS));
        assert_eq!(queue_of(&action("TASKS_STARTED")), None);
    }

    #[test]
    fn what_no_rule_knows_does_not_pass() {
        let unknown =
            json!({ "source": "aws.ecs", "detail-type": "ECS Daemon Service Action", "detail": {} });
        assert_eq!(queue_of(&unknown), None);
    }
}
