//! `steward explain`, as people and scripts call it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn explain(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
        .arg("explain")
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn task(id: &str, exit_code: i64) -> Value {
    json!({
        "taskArn": format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{id}"),
        "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop", "group": "service:api",
        "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "containers": [{"name": "app", "exitCode": exit_code}],
    })
}

fn event(id: &str, exit_code: i64) -> Value {
    json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": task(id, exit_code)})
}

#[test]
fn one_line_of_json_an_event_with_every_promised_field() {
    let output = explain(
        &["--format", "json", "events/task-state-change/image_access_denied-image-resizer-1.json"],
        "",
    );
    assert!(output.status.success());
    let [line] = lines(&output).try_into().unwrap();
    assert_eq!(line["file"], "events/task-state-change/image_access_denied-image-resizer-1.json");
    assert_eq!((&line["index"], &line["kind"]), (&json!(0), &json!("task_state_change")));
    assert_eq!(
        (&line["cause"], &line["kind_of_cause"]),
        (&json!("image_access_denied"), &json!("persistent"))
    );
    assert_eq!((&line["benign"], &line["container"]), (&json!(false), &json!("image-resizer")));
    assert_eq!((&line["exit_code"], &line["denied_action"]), (&Value::Null, &json!("ecr:BatchGetImage")));
    assert!(line["evidence"][0].as_str().unwrap().contains("CannotPullContainerError"));
    assert!(line["advice"].as_str().unwrap().contains("ecr:BatchGetImage"));
    assert_eq!(
        (&line["decision"]["action"], &line["decision"]["mode"]),
        (&json!("observe"), &json!("observe"))
    );
    assert!(!line["decision"]["reasons"].as_array().unwrap().is_empty());
}

#[test]
fn every_way_to_pack_events_is_unpacked_and_counted_from_0() {
    let array = json!([event("a", 1), event("b", 139)]).to_string();
    let ndjson = format!("{}\n{}\n", event("a", 1), event("b", 139));
    let stream = format!("{:#}\n{:#}", event("a", 1), event("b", 139));
    let sqs = json!({"Records": [
        {"messageId": "1", "eventSource": "aws:sqs", "body": event("a", 1).to_string()},
        {"messageId": "2", "eventSource": "aws:sqs", "body":
            json!({"Type": "Notification", "Message": event("b", 139).to_string()}).to_string()},
    ]})
    .to_string();
    let tasks = json!({"tasks": [task("a", 1), task("b", 139)], "failures": []}).to_string();
    let in_data = json!({"status_code": 200, "data": {"tasks": [task("a", 1), task("b", 139)]}}).to_string();
    let bom = format!("\u{feff}{array}");
    for input in [array, ndjson, stream, sqs, tasks, in_data, bom] {
        let output = explain(&["--format", "json", "-"], &input);
        assert!(output.status.success(), "{input}\n{}", stderr(&output));
        let found: Vec<(u64, String)> = lines(&output)
            .iter()
            .map(|line| (line["index"].as_u64().unwrap(), line["cause"].as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(found, [(0, "app_error".into()), (1, "segfault".into())], "{input}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_explained() {
    let bad =
        json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": {"lastStatus": 7}});
    let input = format!("{}\n{bad}\n{{broken}}\n{}\n", event("a", 1), event("b", 0));
    let output = explain(&["--format", "json", "-"], &input);
    assert_eq!(output.status.code(), Some(2));
    let indexes: Vec<u64> = lines(&output).iter().map(|line| line["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, [0, 3]);
    let told = stderr(&output);
    assert!(
        told.contains("-, index 1, field detail.lastStatus: field `detail.lastStatus` must be a text"),
        "{told}"
    );
    assert!(told.contains("index 2: not JSON") && told.contains("at line 3, column"), "{told}");
    assert_eq!(told.matches("hint: ").count(), 2, "{told}");
}

#[test]
fn printed_objects_behind_a_broken_one_are_still_explained() {
    let broken = format!("{:#}", event("b", 1)).replace("\"detail-type\":", "\"detail-type\"");
    let input = format!("{:#}\n{broken}\n{:#}\n", event("a", 1), event("c", 139));
    let output = explain(&["--format", "json", "-"], &input);
    let found: Vec<(u64, String)> = lines(&output)
        .iter()
        .map(|line| (line["index"].as_u64().unwrap(), line["cause"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(found, [(0, "app_error".into()), (2, "segfault".into())]);
    let place = input.lines().position(|line| line.contains("\"detail-type\" ")).unwrap() + 1;
    let told = stderr(&output);
    assert!(
        told.contains("index 1: not JSON") && told.contains(&format!("at line {place},")),
        "{place}: {told}"
    );
}

#[test]
fn other_answers_of_aws_are_refused_by_name_with_the_way_out() {
    for (input, named, way_out) in [
        (json!({"services": [], "failures": []}), "DescribeServices", "describe-tasks"),
        (json!({"data": {"containerInstances": []}}), "DescribeContainerInstances", "describe-tasks"),
        (json!({"taskArns": ["arn"]}), "ListTasks", "describe-tasks --tasks"),
        (json!({"hello": 1}), "an object with `hello`", "detail-type"),
        (json!("text"), "a text", "detail-type"),
        (Value::Null, "this is empty", "detail-type"),
    ] {
        let text = if input.is_null() { "\n".to_owned() } else { input.to_string() };
        let output = explain(&["-"], &text);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{input}");
        assert!(told.contains(named) && told.contains(way_out), "{told}");
    }
}

#[test]
fn a_missing_file_and_a_missing_task_are_told_apart() {
    let output = explain(&["no/such/file.json"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no/such/file.json: cannot be read"));

    let answer =
        json!({"tasks": [], "failures": [{"arn": "arn:aws:ecs:r:1:task/shop/x", "reason": "MISSING"}]});
    let output = explain(&["-"], &answer.to_string());
    assert!(output.status.success());
    assert!(stderr(&output).contains("stopped tasks for about an hour"));
}

#[test]
fn a_task_that_was_not_started_is_explained() {
    let answer = json!({"tasks": [], "failures": [{"arn": "i-1", "reason": "RESOURCE:MEMORY"}]});
    let [line] = lines(&explain(&["--format", "json", "-"], &answer.to_string())).try_into().unwrap();
    assert_eq!((&line["kind"], &line["cause"]), (&json!("failure"), &json!("placement_failed")));
}

#[test]
fn text_fits_80_columns_and_has_no_colour_off_a_terminal() {
    let files = ["image_access_denied-image-resizer-1", "out_of_memory-api-1", "secret_not_found-payments-1"];
    let paths: Vec<String> =
        files.iter().map(|name| format!("events/task-state-change/{name}.json")).collect();
    let output = explain(&paths.iter().map(String::as_str).collect::<Vec<_>>(), "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}'));
    for line in text.lines() {
        let is_one_word = !line.trim().contains(' ');
        assert!(line.chars().count() <= 80 || is_one_word, "{line}");
    }
}

#[test]
fn text_of_an_explanation() {
    let output = explain(&["events/task-state-change/out_of_memory-api-1.json"], "");
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}

/// What `steward explain` says by a configuration, of the task in `shop`'s service `api`, and of one elsewhere.
fn explained_by(configuration: &str, format: &str) -> Output {
    let path = std::env::temp_dir().join(format!(
        "steward-explain-{}-{}.yaml",
        std::process::id(),
        configuration.len() + format.len()
    ));
    std::fs::write(&path, configuration).unwrap();
    let mut elsewhere = event("b", 1);
    elsewhere["detail"]["group"] = json!("service:web");
    let input = format!("{}\n{elsewhere}\n", event("a", 1));
    let output = explain(&["--format", format, "--config", path.to_str().unwrap(), "-"], &input);
    std::fs::remove_file(&path).unwrap();
    output
}

const POLICY: &str = "version: 1\ndefaults: {mode: propose}\nservices:\n\
                      - match: {cluster: shop, service: a*}\n- match: {service: api}\n  mode: act\n";

#[test]
fn by_a_configuration_the_entry_that_enrols_a_target_and_its_mode_are_said() {
    let [api, web] = lines(&explained_by(POLICY, "json")).try_into().unwrap();
    assert_eq!(
        (&api["decision"]["mode"], &api["decision"]["enrolled_by"]),
        (&json!("act"), &json!("services[1]"))
    );
    assert_eq!(
        (&web["decision"]["mode"], &web["decision"]["enrolled_by"]),
        (&json!("propose"), &Value::Null)
    );
    let reasons = web["decision"]["reasons"].to_string();
    assert!(reasons.contains("no entry of `services` enrols it"), "{reasons}");
    let text = String::from_utf8(explained_by(POLICY, "text").stdout).unwrap();
    assert!(text.contains("  policy     enrolled by services[1]; mode act\n"), "{text}");
    assert!(text.contains("  policy     enrolled by no entry of `services`; mode propose\n"), "{text}");
    let [default] =
        lines(&explain(&["--format", "json", "-"], &event("a", 1).to_string())).try_into().unwrap();
    assert_eq!(
        (&default["decision"]["mode"], &default["decision"]["enrolled_by"]),
        (&json!("observe"), &Value::Null)
    );
}

#[test]
fn by_a_configuration_that_is_not_valid_nothing_is_explained() {
    let output = explained_by("version: 1\ndefaults: {mode: acts}\n", "json");
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true));
    assert!(stderr(&output).contains("2:18: defaults.mode: unknown value `acts`; did you mean `act`?"));
}

#[test]
fn overrides_and_environments_are_never_printed() {
    let mut with = event("a", 1);
    with["detail"]["overrides"] = json!({"containerOverrides": [
        {"name": "app", "environment": [{"name": "API", "value": "do-not-show-me"}], "command": ["do-not-show-me"]}]});
    for format in ["text", "json"] {
        let output = explain(&["--format", format, "-"], &with.to_string());
        assert!(!String::from_utf8(output.stdout).unwrap().contains("do-not-show-me"));
    }
}
