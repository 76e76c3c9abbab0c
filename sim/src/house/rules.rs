//! Which events of ECS reach the functions: the rules of `template.yaml`, with every cluster watched.

use serde_json::Value;

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

/// Whether a rule takes an event.
pub(super) fn take(event: &Value) -> bool {
    let detail = |name: &str| event.pointer(&format!("/detail/{name}")).and_then(Value::as_str);
    let (source, kind) = (event.get("source"), event.get("detail-type"));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    match (text(source).as_str(), text(kind).as_str()) {
        ("aws.ecs", "ECS Task State Change") => task(
            detail("lastStatus").unwrap_or_default(),
            detail("desiredStatus").unwrap_or_default(),
            detail("startedBy"),
        ),
        ("aws.ecs", "ECS Service Action") => {
            detail("eventName").is_some_and(|name| !KEPT_OUT.contains(&name))
        }
        (
            "aws.ecs",
            "ECS Deployment State Change"
            | "ECS Hook State Change"
            | "ECS Container Instance State Change"
            | "ECS Container Instance Health Change",
        ) => true,
        ("aws.health", "AWS Health Event") => detail("service") == Some("ECS"),
        _ => false,
    }
}

/// Tasks that stopped, but for those of jobs; and tasks of services that run.
fn task(last_status: &str, desired_status: &str, started_by: Option<&str>) -> bool {
    match last_status {
        "STOPPED" => !started_by.is_some_and(|by| by.starts_with("steward/job/")),
        "RUNNING" => desired_status == "RUNNING" && started_by.is_some_and(|by| by.starts_with("ecs-svc/")),
        _ => false,
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
    fn stops_pass_but_for_those_of_jobs() {
        assert!(take(&task_event("STOPPED", "STOPPED", None)));
        assert!(take(&task_event("STOPPED", "STOPPED", Some("ecs-svc/1"))));
        assert!(!take(&task_event("STOPPED", "STOPPED", Some("steward/job/nightly"))));
        assert!(!take(&task_event("DEPROVISIONING", "STOPPED", None)));
    }

    #[test]
    fn tasks_of_services_that_run_pass_until_they_are_to_stop() {
        assert!(take(&task_event("RUNNING", "RUNNING", Some("ecs-svc/1"))));
        assert!(!take(&task_event("RUNNING", "STOPPED", Some("ecs-svc/1"))));
        assert!(!take(&task_event("RUNNING", "RUNNING", None)));
    }

    #[test]
    fn good_news_of_services_is_kept_out_and_steady_state_is_not() {
        let action = |name: &str| json!({ "source": "aws.ecs", "detail-type": "ECS Service Action", "detail": { "eventName": name } });
        assert!(take(&action("SERVICE_STEADY_STATE")));
        assert!(take(&action("A_NAME_OF_TOMORROW")));
        assert!(!take(&action("TASKS_STARTED")));
    }

    #[test]
    fn what_no_rule_knows_does_not_pass() {
        assert!(!take(
            &json!({ "source": "aws.ecs", "detail-type": "ECS Daemon Service Action", "detail": {} })
        ));
    }
}
