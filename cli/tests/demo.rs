//! `steward demo`, as a new user calls it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]

use std::path::PathBuf;
use std::process::Command;

fn demo(name: &str, arguments: &[&str]) -> (String, String) {
    let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name).join("report.html");
    let output = Command::new(env!("CARGO_BIN_EXE_steward"))
        .args(["demo", "--report", report.to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), std::fs::read_to_string(report).unwrap())
}

#[test]
fn the_embedded_events_play_to_the_end_and_leave_a_page() {
    let (text, page) = demo("embedded", &[]);
    for part in ["Timeline", "Incidents", "Deployments", "What opened nothing, and why", "Not played"] {
        assert!(text.contains(part), "{part}");
    }
    assert!(text.contains("service checkout in shop: the image does not exist"));
    assert!(text.contains("rolled back, the earlier revision runs again"));
    assert!(!text.contains('\u{1b}'), "colour only on a terminal");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    for part in ["id=\"alert-1\"", "href=\"#alert-1\"", "How it stood first", "aria-label=\"Replies\""] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_shows_hostile_text_as_text() {
    let (_, page) = demo("page", &[]);
    for outside in ["<script src", "<link ", "@import", "url(http", "<img", "<iframe"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hostile-events");
    std::fs::create_dir_all(&folder).unwrap();
    let hostile = include_str!("../../events/unexpected/hostile-stopped-reason.json");
    std::fs::write(folder.join("hostile.json"), hostile).unwrap();
    let (_, page) = demo("hostile", &["--events", folder.to_str().unwrap()]);
    assert!(!page.contains("<script>alert") && page.contains("&#60;script&#62;alert"), "escaped once");
}

#[test]
fn the_demo_plays_the_same_every_time() {
    let (text, page) = demo("play-1", &[]);
    let (text_again, page_again) = demo("play-2", &[]);
    assert!(text == text_again.replace("play-2", "play-1"), "the terminal's text differs");
    assert!(page == page_again, "the page differs");
}

#[test]
fn scenarios_stand_in_two_modes_side_by_side_with_every_refusal_and_how_long_it_took() {
    let (text, page) = demo("scenarios", &[]);
    let (_, text) = text.split_once("\nScenarios: ").unwrap();
    for line in text.lines().filter(|line| !line.contains("target/")) {
        assert!(textwrap::core::display_width(line) <= 80, "{line}");
    }
    assert!(text.matches("In full: steward demo --scenario ").count() >= 4);
    for (word, call) in [
        ("mode_observes", "calls StopServiceDeployment"),
        ("deployed_meanwhile", "maria deploys api:3 to api"),
        ("ran_well_before", "somebody deletes a secret"),
        ("good_revision_gone", "deregisters api:1"),
    ] {
        assert!(text.contains(&format!("■ {word}: ")), "{word}");
        assert!(text.contains(call), "{call}");
        assert!(page.contains(&format!("{word}: ")), "{word} on the page");
    }
    for run in ["observe ", "act ", "ECS alone ", "ECS with its breaker "] {
        assert!(text.lines().filter(|line| line.starts_with(run)).count() >= 4, "{run}");
    }
    assert!(page.contains("id=\"scenario-person_in_between\""));
}

#[test]
fn a_night_of_batch_does_each_of_its_shards_once_and_is_drawn() {
    let (text, page) = demo("night", &[]);
    let (_, text) = text.split_once("\nA night of batch: nightly-etl, 40 shards on Fargate Spot\n").unwrap();
    for line in text.lines().filter(|line| !line.contains("target/")) {
        assert!(textwrap::core::display_width(line) <= 80, "{line}");
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["40 of 40 succeeded", "Each of 40 shards was done exactly once, by ECS's own word"] {
        assert!(words.contains(part) && page.contains(&part.replace('\'', "&#39;")), "{part}: {text}");
    }
    let count = |before: &str| -> usize {
        let (_, rest) = words.split_once(before).unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(count("RunTask throttles no longer: it turned ") >= 5, "{text}");
    assert!(count(" has no room for 2m: ") >= 10, "{text}");
    assert_eq!(page.matches("class=\"name\">index ").count(), 40);
    let (_, own) =
        demo("night-own", &["--events", concat!(env!("CARGO_MANIFEST_DIR"), "/../events/task-state-change")]);
    assert!(
        !own.contains("id=\"night\"") && page.contains("href=\"#night\""),
        "events of one's own stand alone"
    );
}

fn scenario(of: &str) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_steward")).args(["demo", "--scenario", of]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn one_scenario_is_shown_in_full() {
    let (code, text, told) = scenario("person_in_between");
    assert_eq!(code, Some(0), "{told}");
    assert!(text.contains("Steward in observe mode") && text.contains("Steward in act mode"));
    assert!(text.contains("somebody has deployed meanwhile") && text.contains("┃ "), "{text}");
}

#[test]
fn a_scenario_of_ones_own_is_played_and_what_did_not_come_is_named() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("mine.yaml");
    let story = "title: Mine\nwhy: It is mine.\ntask_definitions: { api: [serves] }\n\
        services: { api: { runs: \"api:1\", desired: 1 } }\n\
        happenings: [{ at: 0s, scale: { service: api, desired: 2 } }]\nwatch: 30m\n\
        expect: { act: { remedies: [{ call: \"StopTask *\" }] } }\n";
    std::fs::write(&file, story).unwrap();
    let (code, text, told) = scenario(file.to_str().unwrap());
    assert_eq!(code, Some(1), "{told}");
    assert!(text.contains("not as expected: remedies: expected 1 calls, came []"), "{text}");
    std::fs::write(&file, story.replace("desired: 2", "desird: 2")).unwrap();
    let (code, _, told) = scenario(file.to_str().unwrap());
    assert_eq!(code, Some(2));
    assert!(told.contains("mine.yaml: happenings[0].scale") && told.contains("desird"), "{told}");
}

#[test]
fn a_scenario_that_there_is_not_is_refused_with_those_that_there_are() {
    let (code, _, told) = scenario("nothing_of_the_kind");
    assert_eq!(code, Some(2));
    assert!(told.contains("nothing_of_the_kind") && told.contains("image_not_found"), "{told}");
}

#[test]
fn a_folder_of_ones_own_is_played() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/deployment-state-change");
    let (text, _) = demo("own", &["--events", folder]);
    assert!(text.contains("4 events, 0 incidents"), "{text}");
}

#[test]
fn an_empty_folder_is_refused_with_its_name() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let output =
        Command::new(env!("CARGO_BIN_EXE_steward")).args(["demo", "--events", folder]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("templates: holds no .json or .ndjson file"), "{told}");
}

#[cfg(feature = "wire")]
#[test]
fn on_the_wire_each_alert_comes_exactly_once_whatever_is_done_to_the_functions() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wire");
    std::fs::create_dir_all(&folder).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_steward"))
        .args(["demo", "--wire"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}\n{text}");
    for (line, width) in text.lines().map(|line| (line, textwrap::core::display_width(line))) {
        assert!(width <= 80, "{width} columns: {line}");
    }
    assert!(!text.contains('\u{1b}'), "colour only on a terminal");
    let times = |text: &str, what: &str| text.matches(what).count();
    let (timeline, rest) = text.split_once("\nMails").unwrap();
    let (mails, rest) = rest.split_once("\nFunctions").unwrap();
    for target in [
        "service checkout in shop: the image does not exist",
        "service api in shop: killed for using too much memory",
        "service image-resizer in batch: crashed",
        "service payments in shop: a secret may not be read",
        "service catalog in shop: container health checks fail",
        "service frontend in shop: the application exited",
    ] {
        assert_eq!(times(timeline, &format!("🟠 {target}")), 1, "{target} in Slack: {timeline}");
        assert_eq!(times(mails, &format!("WARNING: {target}")), 1, "{target} by mail: {mails}");
    }
    assert_eq!(times(timeline, "killed in SendMessage"), 1, "{timeline}");
    assert_eq!(times(timeline, "answers 429"), 1, "{timeline}");
    assert!(!timeline.contains("service search in shop"), "a scale-in is no news: {timeline}");
    for service in ["payments", "catalog", "frontend"] {
        let once = format!("service {service} in shop: 1 message in Slack, 1 mail\n");
        assert!(rest.contains(&once), "{service}: {rest}");
    }
    assert!(rest.contains("0 told twice, 0 given up\n"), "{rest}");
    for function in ["remediation", "notifications"] {
        let log = std::fs::read_to_string(folder.join(format!("target/demo/wire/{function}.log"))).unwrap();
        assert!(log.lines().count() > 10);
        for line in log.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object(), "{line}");
        }
    }
}
