//! `steward validate` and `steward schema`, and the files that go with them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "small texts")]

#[path = "configuration/jobs.rs"]
mod jobs;
#[path = "configuration/scaling.rs"]
mod scaling;
#[path = "configuration/told.rs"]
mod told;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn steward(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steward"))
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What `steward validate` says of a text, and its exit code.
fn validate(text: &str) -> (Option<i32>, String) {
    let output = steward(&["validate", "-"], text);
    assert!(output.stdout.is_empty() == (output.status.code() != Some(0)));
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Checks what is wrong with a text, line by line.
#[track_caller]
fn check(text: &str, told: &str) {
    let expected: String = told.lines().map(|line| format!("-:{line}\n")).collect();
    assert_eq!(validate(text), (Some(2), expected), "{text}");
}

#[test]
fn a_valid_file_is_one_line_and_exit_code_0() {
    let output = steward(&["validate", "steward.example.yaml"], "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "steward.example.yaml: valid\n");
    assert!(output.stderr.is_empty());
    for text in [
        "version: 1\n",
        "version: 1\nincidents:\nnotifications:\n",
        "\u{feff}version: 1\r\ndefaults: {mode: observe}\r\n",
        "version: 1\nservices:\n- match: {service: api, tags: {team: \"7\"}}\n  mode: act\n  remedies: {stop_task: off}\n",
        "version: 1\nguards:\n  freeze:\n  - {days: [sat], from: 22:00, to: 06:00, utc_offset: +09:00}\n",
        "version: 1\nguards:\n  freeze:\n  - from: 2026-12-24T00:00:00Z\n    to: 2026-12-25T00:00:00+09:00\n",
        r#"{"version": 1, "incidents": {"quiet": "1h"}}"#,
        "version: 1\nnotifications: {slack: off, topic: off}\n",
        "version: 1\nnotifications: {slack: 'off', topic: \"off\"}\n",
        "version: 1\nincidents: &a {quiet: 1h}\n",
    ] {
        assert_eq!(validate(text), (Some(0), String::new()), "{text}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_line_and_column() {
    let (code, told) = validate(
        "version: 1\n\
         defaults:\n  mode: acts\n  failures: 1\n  remedies: {rollback: off, stop_task: false}\n\
         services:\n  - match: {clutser: shop}\n    mode: act\n  - api\n  - match: {service: api}\n    cooldown: 1m\n    \
         rerun: {network: {subnets: [a]}}\n\
         guards:\n  freeze:\n    - {days: [sat, 7, saturday], from: 22:00, to: 24:00}\n    - {from: 22:00}\n  \
         budgets: {services: {count: 1}, account: {count: 1000}}\n\
         incidnts:\n  quiet: 5m\n\
         incidents:\n  quiet: 5m\n  host-quiet: 30\n  agent_away: 30\n  keep_closed: [1, 2]\n\
         notifications:\n  grouping: 1h\n  evidence: 2 KB\n  topic: arn:aws:sns:eu:1:x\n  pager: 3\n  \
         repeat: 5m\n  flapping: {count: 1, witin: 1h}\n  log_lines: 51\n  language: jp\n  budget: {count: 0, within: 2d}\n  \
         channels:\n    Ops: {topic: alerts}\n    bot: {slack: {bot: /s/bot, channel: '#ops'}, fallback: mial}\n    \
         both: {topic: 'arn:aws:sns:eu:123456789012:x', slack: {webhook: /s/a}}\n    mail: [x]\n  \
         routes:\n    - {match: {causes: [oom, kiled], severity: bad}, to: [bot, mail, opps]}\n    - {to: []}\n    - {to: [sns, sns]}\n",
    );
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(told);
}

#[test]
fn each_fault_has_its_line_column_and_words() {
    for (text, told) in [
        ("", "1:1: a configuration has keys and values, and begins with `version: 1`"),
        ("- 1\n", "1:1: a configuration has keys and values, and begins with `version: 1`"),
        ("guards:\n", "1:1: `version: 1` is missing: it says in which form the file is written"),
        (
            "version: 2\npager: on\n",
            "1:10: version: version 2 is newer than this version of Steward, which reads version 1: update it",
        ),
        ("version: \"1\"\n", "1:10: version: found string \"1\", expected the number 1"),
        (
            "version: 1\nmode: act\n",
            "2:1: unknown key `mode`; keys here: version, defaults, services, guards, incidents, jobs, scaling, notifications",
        ),
        (
            "version: 1\ndefaults: {mode: acts}\n",
            "2:18: defaults.mode: unknown value `acts`; did you mean `act`?",
        ),
        (
            "version: 1\ndefaults: {mode: off}\n",
            "2:18: defaults.mode: unknown value `off`; values here: observe, propose, act",
        ),
        (
            "version: 1\ndefaults: {remedies: {run_task: true}}\n",
            "2:33: defaults.remedies.run_task: found boolean `true`, expected `on` or `off`",
        ),
        (
            "version: 1\ndefaults: {start_failures: {ceiling: 0}}\n",
            "2:38: defaults.start_failures.ceiling: 0 stops the service: where that is meant, write `to_zero: allowed` beside it",
        ),
        ("version: 1\nservices: {match: {}}\n", "2:11: services: found map, expected a list"),
        (
            "version: 1\nservices:\n- mode: act\n",
            "3:3: services[0].match: `match` is missing: it says which targets the entry is about",
        ),
        (
            "version: 1\nservices:\n- match: {}\n",
            "3:10: services[0].match: matches nothing, and so enrols nothing: name a `cluster`, a `service` or `tags`, such as `service: checkout`",
        ),
        (
            "version: 1\nservices:\n- match: {service: api}\n- match: {srevice: web}\n",
            "4:11: services[1].match: unknown key `srevice`; did you mean `service`?",
        ),
        (
            "version: 1\nservices:\n- 7\n-\n- match: {service: api}\n  bake: 1s\n- web\n",
            "3:3: services[0]: found integer `7`, expected keys with their values below it\n\
             4:2: services[1]: found null, expected keys with their values below it\n\
             6:9: services[2].bake: 1s is not between 1m and 7d: what starts well may fail minutes later, and what held for a week is good\n\
             7:3: services[3]: found string \"web\", expected keys with their values below it",
        ),
        (
            "version: 1\nguards:\n  freeze:\n  - {from: 22:00, to: 2026-12-24T00:00:00Z}\n",
            "4:12: guards.freeze[0].from: `22:00` is no moment such as 2026-12-24T00:00:00+09:00; a time of day needs `days` beside it",
        ),
        (
            "version: 1\nguards: {freeze: [{days: [sat, 7, sunday], from: 22:00, to: 06:00}]}\n",
            "2:32: guards.freeze[0].days[1]: found integer `7`, expected a day: `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`\n\
             2:35: guards.freeze[0].days[2]: unknown value `sunday`; did you mean `sun`?",
        ),
        ("version: 1\nversion: 1\n", "2:1: duplicate mapping key `version` is not allowed here"),
        ("version: 1\n---\nversion: 1\n", "3:1: only single YAML document expected but multiple found"),
        (
            "version: 1\nincidents: 30m\n",
            "2:12: incidents: found string \"30m\", expected keys with their values below it",
        ),
        (
            "version: 1\nincidents: [30m]\n",
            "2:12: incidents: found sequence, expected keys with their values below it",
        ),
        (
            "version: 1\nincidents:\n  quite: 1h\n",
            "3:3: incidents: unknown key `quite`; did you mean `quiet`?",
        ),
        (
            "version: 1\nincidents:\n  quiet: 1h30\n",
            "3:10: incidents.quiet: `1h30` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`",
        ),
        (
            "version: 1\nincidents:\n\tquiet: 1h\n",
            "3:2: tabs disallowed within this context (block indentation)",
        ),
        ("version: 1\nincidents: *x\n", "2:12: reference to unknown value"),
        ("version: 1\nnotifications: {slack: {}}\n", "2:24: notifications.slack: `webhook` is missing"),
        (
            "version: 1\nnotifications: {slack: {webhok: /a}}\n",
            "2:24: notifications.slack: `webhook` is missing\n2:25: notifications.slack: unknown key `webhok`; did you mean `webhook`?",
        ),
        (
            "version: 1\nnotifications: {slack: false}\n",
            "2:24: notifications.slack: found boolean `false`, expected `off`, or `webhook:` with the name of an SSM parameter",
        ),
    ] {
        check(text, told);
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    // Put together here, for scanners of secrets look for such addresses.
    let address = format!("https://hooks.slack.com/{}/T00000000/B00000000/{}", "services", "X".repeat(24));
    let token = format!("{}-1234567890-{}", "xoxb", "X".repeat(24));
    for text in [
        format!("version: 1\nnotifications:\n  slack: {address}\n"),
        format!("version: 1\nnotifications:\n  slack: {{webhook: \"{address}\"}}\n"),
        format!("version: 1\nnotifications:\n  topic: {address}\n"),
        format!("version: 1\nnotifications:\n  grouping: {address}\n"),
        format!("version: 1\nnotifications:\n  channels: {{ops: \"{address}\"}}\n"),
        format!("version: 1\nnotifications:\n  channels: {{ops: {{slack: \"{address}\"}}}}\n"),
        format!(
            "version: 1\nnotifications:\n  channels: {{ops: {{slack: {{bot: \"{token}\", channel: \"{token}\"}}}}}}\n"
        ),
        format!(
            "version: 1\nnotifications:\n  channels: {{ops: {{slack: {{bot: /s/bot, channel: \"{token}\"}}}}}}\n"
        ),
        format!("version: 1\nnotifications:\n  channels: {{ops: {{slack: \"{token}\"}}}}\n"),
        format!("version: 1\nnotifications:\n  channels: {{\"{token}\": {{}}}}\n"),
        format!("version: 1\nnotifications:\n  routes: [{{to: [\"{address}\", \"{token}\"]}}]\n"),
        format!("version: 1\nincidents: {address}\n"),
        format!("version: 1\ndefaults: {{mode: \"{address}\"}}\n"),
        format!("version: 1\nservices: [{{match: {{service: \"{address}\"}}}}]\n"),
        format!("version: 1\nguards: {{freeze: [{{from: \"{address}\", to: \"{address}\"}}]}}\n"),
        format!("version: 1\n{address}: x\n"),
    ] {
        let (code, told) = validate(&text);
        assert!(code == Some(2) && !told.contains("XXXX"), "{told}");
    }
}

#[test]
fn a_hostile_file_ends_in_an_error() {
    let mut bomb = "a: &a [x, x]\n".to_owned();
    for (before, name) in ["a", "b", "c", "d", "e", "f", "g", "h"].windows(2).map(|pair| (pair[0], pair[1])) {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", ")));
    }
    let keys: String = (0..5_000).map(|n| format!("key{n}: 1\n")).collect();
    let large = format!("version: 1\n# {}\n", "x".repeat(1024 * 1024));
    for text in [bomb, "[".repeat(100_000), keys, large, "version: 1\n\u{0}".to_owned()] {
        let (code, told) = validate(&text);
        assert!(code == Some(2) && told.lines().count() <= 100, "{}", told.lines().count());
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let output = steward(&["validate", "no/such.yaml"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("steward: no/such.yaml: cannot be read: "));
}

fn schema() -> Value {
    serde_json::from_slice(&steward(&["schema"], "").stdout).unwrap()
}

#[test]
fn the_published_schema_is_current() {
    let published = std::fs::read_to_string(root().join("docs/steward.schema.json")).unwrap();
    let printed = String::from_utf8(steward(&["schema"], "").stdout).unwrap();
    assert!(published == printed, "run: cargo run -p steward-cli -- schema > docs/steward.schema.json");
}

#[test]
fn the_published_reference_is_what_the_schema_says() {
    let published = std::fs::read_to_string(root().join("docs/configuration-reference.md")).unwrap();
    let printed = String::from_utf8(steward(&["schema", "--format", "markdown"], "").stdout).unwrap();
    assert!(
        published == printed,
        "run: cargo run -p steward-cli -- schema --format markdown > docs/configuration-reference.md"
    );
}

#[test]
fn the_schema_and_the_command_line_agree() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for (value, is_valid) in [
        (json!({"version": 1}), true),
        (
            json!({"version": 1, "defaults": {"mode": "observe"}, "services": null, "incidents": null, "notifications": {"slack": null}}),
            true,
        ),
        (
            json!({"version": 1, "incidents": {"quiet": "1h30m"}, "notifications": {"evidence": "512 B"}}),
            true,
        ),
        (json!({"version": 1, "notifications": {"slack": "off", "topic": "off"}}), true),
        (json!({"version": 1, "notifications": {"slack": {"webhook": "/steward/secrets/slack"}}}), true),
        (
            json!({"version": 1, "notifications": {"topic": "arn:aws:sns:eu-central-1:123456789012:alerts"}}),
            true,
        ),
        (json!({}), false),
        (json!([1]), false),
        (json!({"version": 2}), false),
        (
            json!({"version": 1, "defaults": {"mode": "act", "failures": 200, "remedies": {"run_task": "off"}}}),
            true,
        ),
        (
            json!({"version": 1, "services": [{"match": {"service": "api-*"}, "mode": "act", "rerun": {}}]}),
            true,
        ),
        (
            json!({"version": 1, "guards": {"freeze": [{"days": ["sat"], "from": "22:00", "to": "06:00"}], "tags": "act"}}),
            true,
        ),
        (json!({"version": 1, "guards": {"budgets": {"service": {"count": 1, "within": "1d"}}}}), true),
        (json!({"version": 1, "mode": "act"}), false),
        (json!({"version": 1, "defaults": {"mode": "off"}}), false),
        (json!({"version": 1, "defaults": {"mode": {"act": null}}}), false),
        (json!({"version": 1, "defaults": {"failures": 1}}), false),
        (json!({"version": 1, "defaults": {"failures": -3}}), false),
        (json!({"version": 1, "defaults": {"remedies": {"run_task": true}}}), false),
        (json!({"version": 1, "defaults": {"start_failures": {"ceiling": 0, "to_zero": "allowed"}}}), true),
        (json!({"version": 1, "defaults": {"start_failures": {"to_zero": "on"}}}), false),
        (json!({"version": 1, "defaults": {"rerun": {}}}), false),
        (json!({"version": 1, "services": {}}), false),
        (json!({"version": 1, "services": [null]}), false),
        (json!({"version": 1, "services": [{"mode": "act"}]}), false),
        (json!({"version": 1, "services": [{"match": {}}]}), false),
        (json!({"version": 1, "services": [{"match": {"service": "a.b"}}]}), false),
        (json!({"version": 1, "services": [{"match": {"service": "a"}, "rerun": {"network": {}}}]}), false),
        (json!({"version": 1, "guards": {"freeze": [{"from": "22:00"}]}}), false),
        (
            json!({"version": 1, "guards": {"freeze": [{"days": ["someday"], "from": "22:00", "to": "06:00"}]}}),
            false,
        ),
        (json!({"version": 1, "guards": {"outage": {"services": 51}}}), false),
        (json!({"version": 1, "pager": {}}), false),
        (json!({"version": 1, "incidents": {"quite": "1h"}}), false),
        (json!({"version": 1, "incidents": {"quiet": 30}}), false),
        (json!({"version": 1, "incidents": {"quiet": "30m1h"}}), false),
        (json!({"version": 1, "incidents": {"quiet": ""}}), false),
        (json!({"version": 1, "notifications": {"evidence": "2KB"}}), false),
        (json!({"version": 1, "notifications": {"slack": {}}}), false),
        (json!({"version": 1, "notifications": {"slack": {"webhook": "https://hooks.slack.com/x"}}}), false),
        (json!({"version": 1, "notifications": {"topic": "alerts"}}), false),
    ] {
        assert_eq!(validator.is_valid(&value), is_valid, "schema: {value}");
        assert_eq!(validate(&value.to_string()).0 == Some(0), is_valid, "command line: {value}");
    }
}

#[test]
fn the_example_is_valid_by_its_schema_and_says_all_keys_with_their_defaults() {
    let text = std::fs::read_to_string(root().join("steward.example.yaml")).unwrap();
    let example = yaml(&text);
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&example).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    let defaults =
        serde_json::to_value(steward::config::file::File::of(&steward::config::Configuration::default()));
    assert_eq!(example, defaults.unwrap());
    // What stands there as a comment is valid, too.
    let all: String = text.lines().filter_map(with_examples).collect();
    let whole = yaml(&all);
    assert!(validator.is_valid(&whole) && whole["notifications"]["slack"]["webhook"].is_string(), "{all}");
    assert!(
        whole["services"].as_array().unwrap().len() == 3 && whole["guards"]["freeze"][1]["why"].is_string()
    );
    assert_eq!(whole["jobs"].as_array().unwrap().len(), 3);
    assert!(
        whole["scaling"]["services"].as_array().unwrap().len() == 2
            && whole["scaling"]["pools"]["orders-db"] == 40
    );
    let told = &whole["notifications"];
    assert!(
        told["channels"].as_object().unwrap().len() == 3 && told["routes"].as_array().unwrap().len() == 2
    );
    assert_eq!(validate(&all), (Some(0), String::new()));
}

/// As YAML 1.2 has it: `on` and `off` are words.
fn yaml(text: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).unwrap()
}

/// A line of the example, with what stands there as an example: no single space is behind its `#`. An empty list or
/// section would stand there twice.
fn with_examples(line: &str) -> Option<String> {
    let text = line.trim_start();
    let indented = line.len() - text.len();
    let example = text.strip_prefix('#').filter(|text| !text.is_empty());
    match example.filter(|text| !text.starts_with(' ') || text.starts_with("  ")) {
        Some(setting) => Some(format!("{:indented$}{setting}\n", "")),
        None if text.ends_with(": []") || text.ends_with(": {}") => None,
        None => Some(format!("{line}\n")),
    }
}

#[test]
fn the_manual_names_every_key() {
    let manual = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let schema = schema();
    let mut keys = Vec::new();
    leaves(&schema, &schema, "", &mut keys);
    let shared: Vec<String> =
        keys.iter().filter_map(|key| Some(key.strip_prefix("defaults.")?.to_owned())).collect();
    // What an entry shares with `defaults` has its row there.
    keys.retain(|key| {
        key.strip_prefix("services[].").is_none_or(|key| !shared.iter().any(|other| other == key))
    });
    assert!(shared.len() == 31 && keys.len() >= 60, "{keys:?}");
    for key in keys {
        assert!(manual.contains(&format!("| `{key}` |")), "docs/configuration.md does not have {key}");
    }
}

/// The paths of all keys that have no keys below them.
fn leaves(schema: &Value, part: &Value, path: &str, keys: &mut Vec<String>) {
    let of_ref =
        |part: &Value| Some(schema["$defs"][part["$ref"].as_str()?.strip_prefix("#/$defs/")?].clone());
    let part = match &part["anyOf"][0] {
        Value::Null => part,
        first => first,
    };
    let part = of_ref(part).unwrap_or_else(|| part.clone());
    if part["items"].is_object() && part["items"]["type"] != "string" {
        let entry = of_ref(&part["items"]).unwrap();
        if entry["properties"].is_object() {
            return leaves(schema, &entry, &format!("{path}[]"), keys);
        }
    }
    // Sections by a name that people choose.
    if part["additionalProperties"]["$ref"].is_string() {
        return leaves(schema, &part["additionalProperties"], &format!("{path}.NAME"), keys);
    }
    match part["properties"].as_object() {
        None => keys.push(path.to_owned()),
        Some(properties) => {
            for (key, value) in properties {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(schema, value, &path, keys);
            }
        }
    }
}
