//! Any two texts and exit code make a diagnosis that is bounded and does not depend on the order of containers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use steward::diagnosis::diagnose;
use steward::event::Event;

const STOP_CODES: [&str; 8] = [
    "TaskFailedToStart",
    "EssentialContainerExited",
    "UserInitiated",
    "ServiceSchedulerInitiated",
    "SpotInterruption",
    "TerminationNotice",
    "InfrastructureHealth",
    "",
];

fuzz_target!(|input: (u8, i64, String, String)| {
    let (choice, exit_code, reason, stopped_reason) = input;
    let app = json!({"name": "app", "exitCode": exit_code, "reason": reason});
    let sidecar = json!({"name": "envoy", "exitCode": exit_code / 2});
    let explain = |containers: [&serde_json::Value; 2]| {
        let event = json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": {
            "clusterArn": "c", "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "containers": containers,
            "stopCode": STOP_CODES[usize::from(choice) % STOP_CODES.len()], "stoppedReason": stopped_reason,
        }});
        let Some(map) = event.as_object() else { return None };
        diagnose(&Event::from_object(map.clone()).ok()?)
    };
    let diagnosis = explain([&app, &sidecar]).expect("a stopped task has a cause");
    assert_eq!(Some(&diagnosis), explain([&sidecar, &app]).as_ref());
    assert!(diagnosis.evidence.len() <= 6 && diagnosis.evidence.iter().all(|e| e.text.as_str().len() <= 4_096));
    assert!(!diagnosis.advice.to_string().is_empty());
});
