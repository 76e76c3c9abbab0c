//! Conformance with real input: the corpus beside the project, through the command line.
//!
//! The corpus is public material from elsewhere and never part of the project. Where it is not there, these tests say so
//! and check nothing; `.ci/run` refuses to run without it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]
#![allow(clippy::explicit_write, reason = "`eprintln!` is kept by the harness, and a skip must be seen")]
#![allow(clippy::disallowed_methods, reason = "the corpus is found by an environment variable")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// `$STEWARD_CORPUS`, from the project's root; `../shared/corpus` without it.
fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let place = root.join(std::env::var_os("STEWARD_CORPUS").unwrap_or_else(|| "../shared/corpus".into()));
    if place.is_dir() {
        return Some(place);
    }
    // Past the harness, which keeps what passing tests print.
    writeln!(std::io::stderr(), "\nNOT CHECKED: no corpus at {}: conformance is untested", place.display())
        .unwrap();
    None
}

fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| names.iter().map(ToString::to_string).zip(line.split('\t').map(str::to_owned)).collect())
        .collect()
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match (character, if character == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some('t')) => plain.push('\t'),
            ('\\', Some(other)) | (other, _) => plain.push(other),
        }
    }
    plain
}

/// The cause, and the alternatives that an ambiguous row lists behind `also:`.
fn accepted(row: &BTreeMap<String, String>) -> Vec<String> {
    let mut accepted = vec![row["cause"].clone()];
    let note = row.get("note").map(String::as_str).unwrap_or_default();
    if row["ambiguous"] == "yes"
        && let Some((_, also)) = note.split_once("also:")
    {
        let list = also.split(';').next().unwrap();
        accepted.extend(list.split(',').map(|cause| cause.trim().to_owned()));
    }
    accepted
}

fn explain_files(files: &[PathBuf]) -> (i32, Vec<Value>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_steward"))
        .args(["explain", "--format", "json"])
        .args(files)
        .output()
        .unwrap();
    (output.status.code().unwrap(), values(&output.stdout), String::from_utf8(output.stderr).unwrap())
}

fn explain_input(events: &[Value]) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
        .args(["explain", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let writer = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(text.as_bytes()).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(writer.status.success());
    let read = values(&writer.stdout);
    assert_eq!(read.len(), events.len());
    read
}

fn values(stdout: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Answers of other calls, which hold no event and no task.
const REFUSED: [&str; 3] = ["api-shape/005-", "api-shape/007-", "api-shape/010-"];

#[test]
fn every_file_that_holds_an_event_or_a_task_is_decoded_and_the_rest_is_refused() {
    let Some(corpus) = corpus() else { return };
    let mut decoded = 0;
    for folder in
        std::fs::read_dir(corpus.join("events")).unwrap().flatten().filter(|entry| entry.path().is_dir())
    {
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            let path = file.path();
            let refused = REFUSED.iter().any(|name| path.display().to_string().contains(name));
            let (code, lines, told) = explain_files(std::slice::from_ref(&path));
            assert_eq!(code, if refused { 2 } else { 0 }, "{}: {told}", path.display());
            assert_eq!(lines.is_empty(), refused, "{}", path.display());
            assert!(
                !refused
                    || (told.contains("not an ECS event: this is the answer of Describe")
                        && told.contains("hint:"))
            );
            decoded += usize::from(!refused);
        }
    }
    assert!(decoded >= 85, "only {decoded} files");
}

#[test]
fn every_labelled_file_has_its_cause() {
    let Some(corpus) = corpus() else { return };
    let rows = table(&corpus.join("events/LABELS.tsv"));
    assert!(rows.len() >= 27);
    for row in rows {
        let (_, lines, told) = explain_files(&[corpus.join("events").join(&row["path"])]);
        let causes: Vec<&str> = lines.iter().filter_map(|line| line["cause"].as_str()).collect();
        let [cause] = causes.as_slice() else { panic!("{}: {causes:?} {told}", row["path"]) };
        assert!(accepted(&row).iter().any(|accepted| accepted == cause), "{}: {cause}", row["path"]);
    }
}

fn stopped(reason: &str, stop_code: &str, in_container: bool) -> Value {
    let mut detail = json!({
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c",
        "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/c/0123", "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED", "group": "service:s", "overrides": {}, "containers": [{"name": "app"}],
    });
    if stop_code != "-" {
        detail["stopCode"] = json!(stop_code);
    }
    if in_container {
        let failed_to_start = stop_code == "TaskFailedToStart";
        let generic =
            if failed_to_start { "Task failed to start" } else { "Essential container in task exited" };
        detail["stoppedReason"] = json!(generic);
        detail["containers"][0]["reason"] = json!(reason);
    } else {
        detail["stoppedReason"] = json!(reason);
    }
    json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": detail})
}

fn action(reason: &str, name: &str) -> Value {
    json!({
        "detail-type": "ECS Service Action", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-west-1:123456789012:service/c/s"],
        "detail": {"eventName": name, "eventType": "ERROR", "reason": reason,
                   "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c"},
    })
}

/// Explains what rows were turned into, and holds each against its row.
#[track_caller]
fn check(cases: Vec<(BTreeMap<String, String>, Value)>) {
    let (rows, events): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    for (row, line) in rows.iter().zip(explain_input(&events)) {
        let cause = line["cause"].as_str().unwrap_or("null");
        assert!(accepted(row).iter().any(|a| a == cause), "{}: {cause} for {}", row["id"], row["string"]);
        if let Some(denied) = row["note"].strip_prefix("denied action ") {
            let denied = denied.split(';').next().unwrap();
            assert_eq!(line["denied_action"], denied, "{}", row["id"]);
        }
    }
}

#[test]
fn every_labelled_string_has_its_cause_where_its_columns_place_it() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for row in table(&corpus.join("stopped-reasons.tsv")) {
        let text = unescape(&row["string"]);
        let places: &[bool] = match row["where"].as_str() {
            "stoppedReason" => &[false],
            "container" => &[true],
            _ => &[false, true],
        };
        cases.extend(places.iter().map(|place| (row.clone(), stopped(&text, &row["stop_code"], *place))));
    }
    assert!(cases.len() >= 87);
    check(cases);
}

#[test]
fn every_service_message_has_its_cause_as_the_reason_of_a_service_action() {
    let Some(corpus) = corpus() else { return };
    let rows = table(&corpus.join("service-messages.tsv"));
    assert!(rows.len() >= 18);
    let cases = rows.into_iter().map(|row| {
        let name = match row["cause"].as_str() {
            "role_not_assumable" => "SERVICE_TASK_CONFIGURATION_FAILURE",
            "elb_health_check_failed" => "SERVICE_TASK_START_IMPAIRED",
            _ => "SERVICE_TASK_PLACEMENT_FAILURE",
        };
        let event = action(&unescape(&row["string"]), name);
        (row, event)
    });
    check(cases.collect());
}
