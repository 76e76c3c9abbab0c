//! `steward preview`, as people call it who want to see alerts before anybody gets one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// A task that died, and its service.
const DIED: &str = "events/task-state-change/image_access_denied-image-resizer-1.json";

fn preview(code: i32, arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_steward"))
        .arg("preview")
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{told}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}'), "colour only on a terminal");
    (text, told)
}

fn is_narrow(text: &str) {
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= 80, "{line}");
    }
}

#[test]
fn an_incident_is_drawn_as_each_channel_shows_it_in_both_languages() {
    for channel in ["slack", "sns"] {
        for language in ["en", "ja"] {
            let (text, _) = preview(0, &[DIED, "--channel", channel, "--lang", language]);
            is_narrow(&text);
            insta::assert_snapshot!(format!("{channel}_{language}"), text);
        }
    }
}

#[test]
fn every_kind_of_channel_fits_eighty_columns() {
    for channel in ["webhook", "amazon-q", "plain"] {
        let (text, _) = preview(0, &[DIED, "--channel", channel]);
        assert!(text.contains("image-resizer in batch"), "{text}");
        is_narrow(&text);
    }
}

#[test]
fn a_scenario_shows_how_an_alert_stands_at_the_end_how_it_stood_first_and_its_thread() {
    let (text, _) = preview(0, &["--scenario", "image_not_found", "--lang", "ja"]);
    is_narrow(&text);
    let places: Vec<usize> =
        ["as it stands since", "how it stood first", "↳ "].map(|part| text.find(part).unwrap()).into();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn troubles_of_jobs_are_drawn_as_each_channel_shows_them_in_both_languages() {
    for language in ["en", "ja"] {
        for channel in ["slack", "webhook", "sns", "amazon-q", "plain"] {
            let (text, _) = preview(0, &["--jobs", "--channel", channel, "--lang", language]);
            is_narrow(&text);
            for command in ["retry nightly-etl", "run hourly-sync", "retry payout", "cancel backup"] {
                let words = text
                    .split_whitespace()
                    .filter(|word| !["┃", "→"].contains(word))
                    .collect::<Vec<_>>()
                    .join(" ");
                assert!(
                    words.contains(&format!("steward {command}")),
                    "{channel} {language}: {command}: {text}"
                );
            }
        }
        let (text, _) = preview(0, &["--jobs", "--lang", language]);
        insta::assert_snapshot!(format!("jobs_{language}"), text);
    }
}

#[test]
fn troubles_of_scaled_services_are_drawn_as_each_channel_shows_them_in_both_languages() {
    for language in ["en", "ja"] {
        for channel in ["slack", "webhook", "sns", "amazon-q", "plain"] {
            let (text, _) = preview(0, &["--scaling", "--channel", channel, "--lang", language]);
            is_narrow(&text);
            let shown = text.split_whitespace().filter(|word| !["┃", "→"].contains(word)).collect::<Vec<_>>();
            let shown = shown.join(" ");
            for command in ["shop/mail-worker --approve 12", "shop/checkout-worker", "shop/invoice-worker"] {
                assert!(
                    shown.contains(&format!("steward scaling {command}")),
                    "{channel} {language}: {command}: {text}"
                );
            }
        }
        let (text, _) = preview(0, &["--scaling", "--lang", language]);
        insta::assert_snapshot!(format!("scaling_{language}"), text);
    }
}

#[test]
fn the_exact_json_is_one_value_a_line() {
    let (text, _) = preview(0, &[DIED, "--channel", "slack-json"]);
    let sent: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(sent.iter().all(|message| message["blocks"].is_array()) && !sent.is_empty(), "{text}");
    let (text, _) = preview(0, &[DIED, "--channel", "amazon-q", "--format", "json"]);
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["version"], &first["source"]), (&"1.0".into(), &"custom".into()));
}

#[test]
fn the_page_is_one_file_without_a_script_and_shows_hostile_text_as_text() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("preview.html");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/task-state-change");
    let events = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let hostile = "events/unexpected/hostile-stopped-reason.json".to_owned();
    let events = events.map(|path| path.to_str().unwrap().to_owned()).chain([hostile]);
    let events: Vec<String> = events.collect();
    for channel in ["slack", "sns", "amazon-q", "plain"] {
        let mut arguments = vec!["--channel", channel, "--html", file.to_str().unwrap()];
        arguments.extend(events.iter().map(String::as_str));
        preview(0, &arguments);
        let page = std::fs::read_to_string(&file).unwrap();
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
        assert!(page.contains("&#60;script&#62;alert"), "as text, as {channel}");
        for outside in ["<script", "<link ", "@import", "url(http", "<img", "<iframe", "javascript:"] {
            assert!(!page.contains(outside), "{outside} as {channel}");
        }
    }
}

#[test]
fn tasks_as_ecs_describes_them_are_previewed_too() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("described.json");
    let event: Value = serde_json::from_str(include_str!(
        "../../events/task-state-change/image_access_denied-image-resizer-1.json"
    ))
    .unwrap();
    std::fs::write(&file, serde_json::json!({"tasks": [event["detail"]], "failures": []}).to_string())
        .unwrap();
    let (text, _) = preview(0, &[file.to_str().unwrap()]);
    assert!(text.starts_with("incident of service image-resizer in batch\n"), "{text}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_shown() {
    let (text, told) = preview(2, &[DIED, "no-such-file.json"]);
    assert!(text.contains("image-resizer"), "{text}");
    assert!(told.contains("steward: no-such-file.json: cannot be read: "), "{told}");
    let (_, told) = preview(2, &["--scenario", "nothing_of_the_kind"]);
    assert!(told.contains("no scenario is called nothing_of_the_kind"), "{told}");
}
