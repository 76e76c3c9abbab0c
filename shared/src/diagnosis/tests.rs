//! The table against the texts in `reasons.tsv`, and the rules of evidence against tasks.

#![allow(clippy::needless_pass_by_value, reason = "`json!` reads best where it stands")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::event::Event;
use crate::words::Language;

pub(super) fn task(detail: Value) -> TaskStateChange {
    let mut whole = json!({
        "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
        "taskArn": "arn:aws:ecs:eu-central-1:123456789012:task/shop/0123",
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:42",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "group": "service:api",
        "containers": [],
        "overrides": {},
    });
    for (key, value) in detail.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let event = json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": whole});
    match Event::from_object(event.as_object().unwrap().clone()).unwrap().detail {
        Detail::TaskStateChange(task) => *task,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(detail: Value, cause: Cause, container: Option<&str>) -> Diagnosis {
    let diagnosis = of_task(&task(detail.clone())).unwrap();
    assert_eq!(diagnosis.cause, cause, "{detail:#}");
    assert_eq!(diagnosis.container.as_ref().map(Redacted::as_str), container, "{detail:#}");
    diagnosis
}

fn exits(codes: &[(&str, i64)]) -> Value {
    let containers: Vec<Value> =
        codes.iter().map(|(name, code)| json!({"name": name, "exitCode": code})).collect();
    json!({
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": containers,
    })
}

/// `cause <tab> text`, with `\n`, `\t` and `\\` escaped.
fn reasons() -> Vec<(Cause, String)> {
    include_str!("reasons.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (word, text) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line:?}"));
            let cause = Cause::from_word(word).unwrap_or_else(|| panic!("no cause {word:?}"));
            (cause, text.replace("\\n", "\n").replace("\\t", "\t"))
        })
        .collect()
}

#[test]
fn every_text_has_the_cause_it_is_listed_with() {
    for (cause, text) in reasons() {
        let found = classify(&text).map_or(Cause::Unknown, |finding| finding.cause);
        assert_eq!(found, cause, "{text}");
    }
}

#[test]
fn every_row_of_the_table_decides_a_listed_text() {
    let decided: BTreeSet<usize> = reasons().iter().filter_map(|(_, text)| classify(text)?.row).collect();
    let idle: Vec<String> = rules::ROWS
        .iter()
        .enumerate()
        .filter(|(index, row)| !decided.contains(index) && row.cause.is_some())
        .map(|(index, row)| format!("row {index}: {:?} {:?}", row.cause, row.any))
        .collect();
    assert!(idle.is_empty(), "add a line to reasons.tsv for each:\n{}", idle.join("\n"));
}

#[test]
fn a_prefix_a_counter_a_cut_or_a_line_break_changes_no_cause() {
    for (cause, text) in reasons() {
        for changed in [
            format!("TaskFailedToStart: {text}"),
            format!("{text}\n"),
            text.to_uppercase(),
            text.replace('\'', "’"),
            text.replace("retried 1 time", "retried 5 time"),
        ] {
            let found = classify(&changed).map_or(Cause::Unknown, |finding| finding.cause);
            assert_eq!(found, cause, "{changed}");
        }
    }
}

#[test]
fn a_running_task_has_no_cause() {
    let running = task(json!({"lastStatus": "RUNNING", "desiredStatus": "RUNNING"}));
    assert_eq!(of_task(&running), None);
}

#[test]
fn a_cause_is_set_once_the_task_is_meant_to_stop() {
    let stopping = json!({"lastStatus": "RUNNING", "stopCode": "SpotInterruption"});
    check(stopping, Cause::SpotInterrupted, None);
}

#[test]
fn a_callers_text_is_never_matched() {
    let text = "OutOfMemoryError CannotPullContainerError is not authorized to perform: ecr:BatchGetImage on resource: x";
    let diagnosis =
        check(json!({"stopCode": "UserInitiated", "stoppedReason": text}), Cause::StoppedByUser, None);
    assert_eq!(diagnosis.denied_action, None);
}

#[test]
fn without_a_stop_code_the_words_of_the_console_are_a_user_stop() {
    check(json!({"stoppedReason": "Task stopped by user"}), Cause::StoppedByUser, None);
}

#[test]
fn an_expected_stop_stays_that_whatever_the_exit_codes() {
    for code in [0, 1, 137, 143] {
        let detail = json!({
            "stopCode": "ServiceSchedulerInitiated",
            "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/7)",
            "containers": [{"name": "app", "exitCode": code}],
        });
        let diagnosis = check(detail, Cause::ScaledIn, None);
        assert_eq!(diagnosis.advice.text(Language::En).as_str().contains("SIGTERM"), code == 137);
    }
}

#[test]
fn a_kill_for_memory_is_a_fault_even_during_an_expected_stop() {
    for stop_code in ["UserInitiated", "ServiceSchedulerInitiated"] {
        let detail = json!({
            "stopCode": stop_code,
            "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/7)",
            "containers": [{"name": "app", "exitCode": 137, "reason": "OutofMemoryError: container killed due to memory usage"}],
        });
        check(detail, Cause::OutOfMemory, Some("app"));
    }
}

#[test]
fn stop_codes_speak_where_no_text_does() {
    for (code, text, cause) in [
        ("ServiceSchedulerInitiated", "a text nobody knows", Cause::Unknown),
        ("TerminationNotice", "", Cause::HostTerminated),
        ("TerminationNotice", "Your Spot Task was interrupted.", Cause::SpotInterrupted),
        ("SpotInterruption", "", Cause::SpotInterrupted),
        ("InfrastructureHealth", "", Cause::InfrastructureImpaired),
        ("SomethingNew", "Task failed container health checks", Cause::ContainerHealthCheckFailed),
        ("SomethingNew", "", Cause::Unknown),
        ("TaskFailedToStart", "Task failed to start", Cause::Unknown),
    ] {
        check(json!({"stopCode": code, "stoppedReason": text}), cause, None);
    }
}

#[test]
fn exit_codes_speak_where_nobody_else_does() {
    for (code, cause) in [
        (1, Cause::AppError),
        (2, Cause::AppError),
        (126, Cause::CommandNotRunnable),
        (127, Cause::CommandNotRunnable),
        (134, Cause::Aborted),
        (137, Cause::Killed),
        (139, Cause::Segfault),
        (143, Cause::AppError),
        (255, Cause::AppError),
        (0, Cause::ExitedCleanly),
        (0xC000_0005, Cause::AppError),
        (-1, Cause::AppError),
    ] {
        check(exits(&[("app", code)]), cause, Some("app"));
    }
}

#[test]
fn an_exit_code_may_be_written_as_a_text_or_with_a_fraction_of_nothing() {
    for code in [json!(139), json!(139.0), json!("139")] {
        check(json!({"containers": [{"name": "app", "exitCode": code}]}), Cause::Segfault, Some("app"));
    }
}

#[test]
fn a_task_that_no_service_owns_may_end_with_0() {
    for (group, started_by, cause) in [
        ("family:report", "", Cause::Completed),
        ("nightly", "deploy-pipeline", Cause::Completed),
        ("", "ecs-svc/7", Cause::ExitedCleanly),
        ("service:api", "", Cause::ExitedCleanly),
    ] {
        let mut detail = exits(&[("app", 0)]);
        detail["group"] = json!(group);
        detail["startedBy"] = json!(started_by);
        check(detail, cause, Some("app"));
    }
}

#[test]
fn the_first_failure_decides_and_kills_beside_it_are_its_consequence() {
    check(exits(&[("app", 137), ("worker", 1)]), Cause::AppError, Some("worker"));
    check(exits(&[("app", 143), ("worker", 139)]), Cause::Segfault, Some("worker"));
    check(exits(&[("app", 143), ("worker", 137)]), Cause::Killed, Some("worker"));
    check(exits(&[("app", 0), ("worker", 143)]), Cause::ExitedCleanly, Some("app"));
    check(exits(&[("init", 0), ("app", 137)]), Cause::Killed, Some("app"));
}

#[test]
fn a_sidecar_decides_only_where_nothing_else_can() {
    check(exits(&[("envoy", 1), ("app", 2)]), Cause::AppError, Some("app"));
    check(exits(&[("envoy", 1), ("app", 0)]), Cause::ExitedCleanly, Some("app"));
    check(exits(&[("envoy", 1), ("app", 143)]), Cause::AppError, Some("envoy"));
    check(exits(&[("aws-guardduty-agent-x", 1)]), Cause::AppError, Some("aws-guardduty-agent-x"));
    let detail = json!({
        "stopCode": "TaskFailedToStart",
        "stoppedReason": "Task failed to start",
        "containers": [
            {"name": "log_router", "reason": "CannotPullContainerError: manifest unknown"},
            {"name": "app"},
        ],
    });
    check(detail, Cause::ImageNotFound, Some("log_router"));
}

#[test]
fn a_containers_reason_beats_the_stopped_reason() {
    let detail = json!({
        "stopCode": "TaskFailedToStart",
        "stoppedReason": "ResourceInitializationError: failed to validate logger args",
        "containers": [{"name": "app", "reason": "CannotPullContainerError: toomanyrequests"}],
    });
    check(detail, Cause::ImageRateLimited, Some("app"));
}

#[test]
fn a_text_that_is_a_consequence_of_a_stop_is_no_evidence() {
    let reason = "TaskStoppedBeforePullBeginError: Task stopped before image pull could begin for task: x";
    check(json!({"stopCode": "TaskFailedToStart", "stoppedReason": reason}), Cause::Unknown, None);
    let detail = json!({
        "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": "Task failed ELB health checks in (target-group x)",
        "containers": [{"name": "app", "reason": reason}],
    });
    check(detail, Cause::ElbHealthCheckFailed, None);
}

#[test]
fn a_failed_volume_says_why_in_its_attachment() {
    let detail = json!({
        "stopCode": "TaskFailedToStart",
        "stoppedReason": "Task failed to start",
        "attachments": [{"type": "AmazonElasticBlockStorage", "status": "FAILED", "details": [
            {"name": "statusReason", "value": "some words about a snapshot"},
        ]}],
    });
    let diagnosis = check(detail, Cause::VolumeMountFailed, None);
    assert_eq!(diagnosis.evidence[0].source.as_str(), "attachment");
}

#[test]
fn times_speak_last() {
    let pulled = json!({"stopCode": "TaskFailedToStart", "pullStartedAt": "2026-11-20T21:00:00Z"});
    check(pulled, Cause::ImageRegistryUnreachable, None);
    let from_outside = json!({
        "stoppingAt": "2026-11-20T21:00:00Z",
        "executionStoppedAt": "2026-11-20T21:00:30Z",
        "containers": [{"name": "app", "exitCode": 137}],
    });
    check(from_outside, Cause::Unknown, None);
}

#[test]
fn names_are_never_matched() {
    let detail = json!({
        "group": "service:oom-toomanyrequests",
        "stopCode": "TaskFailedToStart",
        "stoppedReason": "CannotPullContainerError: failed to resolve ref r/timeout-404-unpacker-denied:not-found: i/o timeout",
        "containers": [{"name": "OutOfMemoryError", "image": "no space left on device"}],
    });
    check(detail, Cause::ImageRegistryUnreachable, None);
}

/// What services, images, secrets, roles and commands may be called.
fn as_name(fragment: &str) -> String {
    let plain: String = fragment.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    plain.trim_matches('-').to_owned()
}

#[test]
fn nothing_called_by_a_fragment_changes_a_cause() {
    let fragments = rules::ROWS.iter().flat_map(|row| row.any.iter().chain(row.and_any)).map(|f| as_name(f));
    let names = rules::NAMES.iter().map(|name| name.squeezed.to_owned());
    for name in fragments.chain(names) {
        for (text, cause) in [
            (
                format!(
                    "(service {name}) was unable to place a task because no container instance met all of its requirements."
                ),
                Cause::PlacementFailed,
            ),
            (
                format!(
                    "service {name} was unable to place a task. Reason: Capacity is unavailable at this time."
                ),
                Cause::CapacityUnavailable,
            ),
            (
                format!(
                    "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/{name}' that was provided"
                ),
                Cause::RoleNotAssumable,
            ),
            (
                format!("CannotPullContainerError: failed to resolve ref r.example/{name}:1: i/o timeout"),
                Cause::ImageRegistryUnreachable,
            ),
            (
                format!("CannotPullContainerError: failed to resolve ref {name}:1.2: {name}:1.2: not found"),
                Cause::ImageNotFound,
            ),
            (
                format!(
                    "ResourceInitializationError: unable to retrieve secret from asm: failed to fetch secret arn:aws:secretsmanager:eu:1:secret:{name}-a1b2c3 from secrets manager: AccessDeniedException: User: arn:aws:sts::1:assumed-role/{name}/x is not authorized to perform: secretsmanager:GetSecretValue"
                ),
                Cause::SecretAccessDenied,
            ),
            (
                format!(
                    "ResourceInitializationError: unable to retrieve secret from asm: failed to fetch secret arn:aws:secretsmanager:eu:1:secret:{name}-a1b2c3 from secrets manager: context deadline exceeded"
                ),
                Cause::SecretUnreachable,
            ),
            (
                format!(
                    "CannotStartContainerError: OCI runtime create failed: exec: \"{name} -n 1\": executable file not found in $PATH"
                ),
                Cause::CommandNotRunnable,
            ),
        ] {
            assert_eq!(classify(&text).map(|finding| finding.cause), Some(cause), "{text}");
        }
    }
}

#[test]
fn a_start_that_failed_is_never_a_success() {
    let failed = |group: &str, code: &str| {
        json!({"stopCode": code, "stoppedReason": "Task failed to start", "group": group,
               "containers": [{"name": "migrate", "exitCode": 0}, {"name": "app"}]})
    };
    check(failed("family:job", "TaskFailedToStart"), Cause::Unknown, None);
    check(failed("service:api", "TaskFailedToStart"), Cause::Unknown, None);
    // Zero in *every* container that works: one without a code may have been lost.
    check(failed("family:job", "EssentialContainerExited"), Cause::Unknown, None);
    let only_a_sidecar_ended = json!({"stopCode": "EssentialContainerExited",
        "containers": [{"name": "envoy", "exitCode": 0}, {"name": "app"}]});
    check(only_a_sidecar_ended, Cause::Unknown, None);
}

#[test]
fn a_denial_is_read_only_from_what_decided() {
    let denial = "is not authorized to perform: ecr:BatchGetImage on resource: x";
    let by_a_user = json!({
        "stopCode": "UserInitiated", "stoppedReason": format!("rollback since it {denial}"),
        "containers": [{"name": "app", "reason": "OutOfMemoryError: Container killed due to memory usage"}],
    });
    let diagnosis = check(by_a_user, Cause::OutOfMemory, Some("app"));
    assert_eq!(diagnosis.denied_action, None);
    let in_a_sidecar = json!({
        "stopCode": "EssentialContainerExited",
        "containers": [{"name": "app", "exitCode": 1}, {"name": "aws-guardduty-agent-x", "reason": denial}],
    });
    assert_eq!(check(in_a_sidecar, Cause::AppError, Some("app")).denied_action, None);
}

#[test]
fn a_runtime_that_could_not_stop_a_container_is_not_why_it_stopped() {
    for (stop_code, text, cause) in [
        ("SpotInterruption", "Your Spot Task was interrupted.", Cause::SpotInterrupted),
        (
            "ServiceSchedulerInitiated",
            "Task failed ELB health checks in (target-group x)",
            Cause::ElbHealthCheckFailed,
        ),
    ] {
        for reason in ["CannotStopContainerError: x", "DockerTimeoutError: Could not transition to stopped"] {
            let detail = json!({"stopCode": stop_code, "stoppedReason": text,
                                "containers": [{"name": "app", "exitCode": 137, "reason": reason}]});
            check(detail, cause, None);
        }
    }
}

#[test]
fn a_role_in_a_configuration_failure_and_a_denied_call_are_what_they_are() {
    let action = |reason: &str| {
        let event = json!({"detail-type": "ECS Service Action", "source": "aws.ecs",
            "detail": {"eventName": "SERVICE_TASK_CONFIGURATION_FAILURE", "reason": reason}});
        diagnose(&Event::from_object(event.as_object().unwrap().clone()).unwrap()).unwrap()
    };
    let role = action("The role arn:aws:iam::1:role/ecs lacks permission to create network interfaces");
    assert_eq!(role.cause, Cause::RoleNotAssumable);
    let call = json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.ecs", "detail": {
        "eventName": "RunTask", "eventSource": "ecs.amazonaws.com", "errorCode": "AccessDenied",
        "errorMessage": "User: x is not authorized to perform: ecs:RunTask on resource: arn:aws:ecs:r:1:task-definition/a:1"}});
    let denied = diagnose(&Event::from_object(call.as_object().unwrap().clone()).unwrap()).unwrap();
    assert_eq!(denied.cause, Cause::Unknown);
    assert_eq!(denied.denied_action.unwrap().action, "ecs:RunTask");
}

#[test]
fn the_advice_names_the_denied_action_and_the_task_definition() {
    let text = "CannotPullContainerError: pull access denied: User: arn:aws:sts::1:assumed-role/x is not authorized to \
                perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu:1:repository/api because no policy allows it";
    let diagnosis = check(
        json!({"stopCode": "TaskFailedToStart", "stoppedReason": text}),
        Cause::ImageAccessDenied,
        None,
    );
    assert_eq!(
        diagnosis.advice.text(Language::En).as_str(),
        "Attach `ecr:BatchGetImage` on `arn:aws:ecr:eu:1:repository/api` to the execution role of `api:42`."
    );
}

#[test]
fn evidence_is_quoted_redacted_and_bounded() {
    let text = format!("CannotPullContainerError: password=hunter2 {}", "x".repeat(10_000));
    let diagnosis = of_task(&task(json!({"stoppedReason": text}))).unwrap();
    let quoted = diagnosis.evidence[0].text.as_str();
    assert!(!quoted.contains("hunter2") && quoted.chars().count() <= QUOTE_CHARS, "{quoted}");
}

#[test]
fn a_service_action_that_failed_nothing_has_no_cause() {
    let event = |name: &str, reason: &str| {
        let event = json!({
            "detail-type": "ECS Service Action", "source": "aws.ecs",
            "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"],
            "detail": {"eventName": name, "eventType": "INFO", "reason": reason},
        });
        diagnose(&Event::from_object(event.as_object().unwrap().clone()).unwrap())
            .map(|diagnosis| diagnosis.cause)
    };
    assert_eq!(event("SERVICE_STEADY_STATE", "(service api) has reached a steady state."), None);
    assert_eq!(event("ECS_OPERATION_THROTTLED", ""), Some(Cause::Unknown));
    assert_eq!(event("SERVICE_TASK_START_IMPAIRED", ""), Some(Cause::Unknown));
    assert_eq!(event("SERVICE_TASK_PLACEMENT_FAILURE", ""), Some(Cause::PlacementFailed));
    assert_eq!(event("SERVICE_TASK_PLACEMENT_FAILURE", "RESOURCE:FARGATE"), Some(Cause::CapacityUnavailable));
    assert_eq!(
        event("SERVICE_TASK_CONFIGURATION_FAILURE", "the role is not there"),
        Some(Cause::RoleNotAssumable)
    );
    assert_eq!(event("SERVICE_TASK_CONFIGURATION_FAILURE", "tags"), Some(Cause::TaskConfigInvalid));
}

proptest! {
    #[test]
    fn any_text_is_classified_and_bounded(text in "\\PC{0,400}", code in any::<i64>()) {
        let detail = json!({"stoppedReason": text, "containers": [{"name": "app", "exitCode": code, "reason": text}]});
        let diagnosis = of_task(&task(detail)).unwrap();
        prop_assert!(diagnosis.evidence.len() <= MAX_EVIDENCE);
        for language in Language::ALL {
            prop_assert!(!diagnosis.advice.text(language).as_str().is_empty());
        }
    }

    #[test]
    fn the_order_of_containers_changes_nothing(
        containers in prop::collection::vec(
            ("[a-c]|envoy|xray", prop::option::of(prop::sample::select(vec![0i64, 1, 137, 139, 143])),
             prop::option::of(prop::sample::select(vec!["OutOfMemoryError", "DockerTimeoutError: x", "?"]))),
            0..5,
        ),
        turn in 0usize..5,
    ) {
        let listed: Vec<Value> = containers
            .iter()
            .map(|(name, code, reason)| json!({"name": name, "exitCode": code, "reason": reason}))
            .collect();
        let mut turned = listed.clone();
        let places = turned.len().max(1);
        turned.rotate_left(turn % places);
        let detail = |containers: &[Value]| json!({"stopCode": "EssentialContainerExited", "containers": containers});
        prop_assert_eq!(of_task(&task(detail(&listed))), of_task(&task(detail(&turned))));
    }
}
