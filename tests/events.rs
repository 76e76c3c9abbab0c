//! Every file in `events/` is a test: `expected.tsv` says what is read from it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test"
)]
#![allow(dead_code, reason = "not every test uses all of the world")]

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use steward::diagnosis::{Cause, Diagnosis};
use steward::event::decode::Record;
use steward::event::document::{self, Item};
use world::World;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn files_below(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json" || extension == "ndjson") {
            files.insert(path);
        }
    }
}

fn files() -> BTreeMap<String, PathBuf> {
    let mut files = BTreeSet::new();
    files_below(&folder(), &mut files);
    files.into_iter().map(|path| (path.strip_prefix(folder()).unwrap().display().to_string(), path)).collect()
}

/// The rows of `expected.tsv` by file: kind, cause, container, exit code, denied action, incident.
fn expected() -> BTreeMap<String, Vec<Vec<String>>> {
    let mut rows: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in std::fs::read_to_string(folder().join("expected.tsv")).unwrap().lines().skip(1) {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [path, index, rest @ ..] = cells.as_slice() else { panic!("{line}") };
        let of_file = rows.entry(path.clone()).or_default();
        assert_eq!(index, &of_file.len().to_string(), "rows of {path} out of order");
        of_file.push(rest.to_vec());
    }
    rows
}

/// What an item says, in the columns of `expected.tsv`.
fn row_of(item: Item) -> Vec<String> {
    let kind = item.kind().to_owned();
    let (diagnosis, incident) = match item {
        Item::Event(event) => {
            let diagnosis = steward::remediation::read(&event, Timestamp::UNIX_EPOCH).diagnosis;
            let world = World::at("2026-11-20T23:59:00Z");
            world.deliver(vec![Record { message_id: Some("m".into()), event: Ok(*event) }]);
            (diagnosis, if world.incidents().is_empty() { "none" } else { "opens" })
        }
        Item::Task(task) => (steward::diagnosis::of_task(&task), "-"),
        Item::Failure(failure) => (Some(steward::diagnosis::of_failure(&failure)), "-"),
        Item::Missing { .. } => (None, "-"),
    };
    let told =
        |of: fn(&Diagnosis) -> Option<String>| diagnosis.as_ref().and_then(of).unwrap_or_else(|| "-".into());
    vec![
        kind,
        told(|diagnosis| Some(diagnosis.cause.to_string())),
        told(|diagnosis| diagnosis.container.as_ref().map(ToString::to_string)),
        told(|diagnosis| diagnosis.exit_code.map(|code| code.to_string())),
        told(|diagnosis| diagnosis.denied_action.as_ref().map(|denied| denied.action.clone())),
        incident.to_owned(),
    ]
}

#[test]
fn every_file_is_read_as_expected() {
    let expected = expected();
    let mut wrong = Vec::new();
    for (name, path) in files() {
        let rows: Vec<Vec<String>> = document::read(&std::fs::read(&path).unwrap())
            .into_iter()
            .map(|item| {
                item.map_or_else(|_| ["error", "-", "-", "-", "-", "-"].map(str::to_owned).to_vec(), row_of)
            })
            .collect();
        match expected.get(&name) {
            Some(of_file) if *of_file == rows => {}
            Some(of_file) => wrong.push(format!("{name}\n  expected {of_file:?}\n  read     {rows:?}")),
            None => wrong.push(format!("{name} is not in expected.tsv")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_has_its_file() {
    let files = files();
    let lost: Vec<String> = expected().into_keys().filter(|path| !files.contains_key(path)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn every_cause_has_a_task_event() {
    let shown: BTreeSet<String> = expected()
        .into_iter()
        .filter(|(path, _)| path.starts_with("task-state-change/"))
        .flat_map(|(_, rows)| rows.into_iter().map(|row| row[1].clone()))
        .collect();
    // That a deployment waits is told of hooks, and by no task.
    let of_tasks = Cause::ALL.iter().filter(|cause| **cause != Cause::AwaitsAnswer);
    let missing: Vec<&str> =
        of_tasks.map(|cause| cause.as_str()).filter(|cause| !shown.contains(*cause)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_manual_lists_every_cause_with_its_kind() {
    let manual = std::fs::read_to_string(folder().join("../docs/causes.md")).unwrap();
    for cause in Cause::ALL {
        let kind = cause.kind().as_str()[..1].to_uppercase();
        assert!(manual.contains(&format!("| `{cause}` | {kind} |")), "{cause}");
    }
}

#[test]
fn the_samples_know_no_field_that_the_types_do_not() {
    let mut unknown = BTreeSet::new();
    for (name, path) in files().into_iter().filter(|(name, _)| !name.starts_with("unexpected/")) {
        for item in document::read(&std::fs::read(path).unwrap()).into_iter().flatten() {
            if let Item::Event(event) = item {
                unknown.extend(event.unrecognised.paths().iter().map(|path| format!("{name}: {path}")));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
