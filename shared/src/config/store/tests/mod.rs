mod parts;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::config::{Configuration, Fail, LoadError, Loader, MemoryParameters};
use crate::ports::{Overwrite, ParameterError};

const PATH: &str = "/steward/prod/configuration";

/// Memory never makes anybody wait.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("memory waits for nothing"),
    }
}

fn file_of(value: Value) -> File {
    serde_json::from_value(value).unwrap()
}

/// A file that differs from another by how long news gather.
fn grouping(seconds: u32) -> File {
    file_of(
        json!({"version": 1, "defaults": {"mode": "observe"}, "notifications": {"grouping": format!("{seconds}s")}}),
    )
}

fn apply_file(store: &MemoryParameters, file: File) -> Result<Applied, ApplyError> {
    let change = ready(prepare(store, PATH, file))?;
    ready(apply(store, &change))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn cold(store: &MemoryParameters) -> Result<Configuration, LoadError> {
    ready(Loader::new(PATH).load(store, at(0))).map(|loaded| loaded.configuration)
}

fn seconds(configuration: &Configuration) -> i64 {
    configuration.notifications.grouping.as_secs()
}

#[test]
fn what_was_applied_is_what_is_read() {
    let store = MemoryParameters::new();
    assert_eq!(cold(&store), Ok(Configuration::default()), "nothing was ever applied");
    let file = file_of(json!({
        "version": 1,
        "incidents": {"quiet": "45m"},
        "notifications": {"slack": {"webhook": "/steward/secrets/slack"}},
    }));
    let applied = apply_file(&store, file.clone()).unwrap();
    assert_eq!(applied, Applied { version: 1, pruned: vec![], not_pruned: None });
    assert_eq!(cold(&store), Ok(file.check().unwrap()));
    let names: Vec<String> = store.values().into_keys().collect();
    assert_eq!(
        names,
        ["current", "versions/000001/incidents", "versions/000001/manifest", "versions/000001/notifications"]
            .map(|name| format!("{PATH}/{name}"))
    );
}

#[test]
fn a_file_that_says_nothing_new_is_no_change() {
    let store = MemoryParameters::new();
    assert!(ready(prepare(&store, PATH, grouping(20))).unwrap().is_change);
    apply_file(&store, grouping(20)).unwrap();
    assert!(!ready(prepare(&store, PATH, grouping(20))).unwrap().is_change);
    let change = ready(prepare(&store, PATH, grouping(21))).unwrap();
    assert!(change.is_change && change.version == 2 && change.version_before() == Some(1));
    assert_eq!(change.before.map(|before| seconds(&before)), Some(20));
}

#[test]
fn a_crash_at_any_call_leaves_the_old_configuration_or_the_whole_new_one() {
    let prepared = || {
        let store = MemoryParameters::new();
        for n in 1..=12 {
            apply_file(&store, grouping(n)).unwrap();
        }
        store
    };
    let all_calls = {
        let store = prepared();
        store.fail(None);
        apply_file(&store, grouping(100)).unwrap();
        store.calls()
    };
    assert!(all_calls >= 9, "{all_calls}");
    let mut seen = [0, 0];
    for call in 1..=all_calls {
        for fail in [Fail::Before(call), Fail::After(call), Fail::From(call)] {
            let store = prepared();
            store.fail(Some(fail));
            let result = apply_file(&store, grouping(100));
            store.fail(None);
            let found = seconds(&cold(&store).unwrap());
            match result {
                Ok(_) => assert_eq!(found, 100, "{fail:?}"),
                Err(_) => assert!([12, 100].contains(&found), "{fail:?}: {found}"),
            }
            seen[usize::from(found == 100)] += 1;
            // Whatever was left behind, the next apply succeeds, and so does going back from it.
            apply_file(&store, grouping(200)).unwrap();
            assert_eq!(seconds(&cold(&store).unwrap()), 200, "{fail:?}");
            let earlier = ready(find_earlier(&store, PATH, None)).unwrap();
            assert_eq!(seconds(&earlier.configuration), found, "{fail:?}");
            ready(rollback(&store, PATH, &earlier)).unwrap();
            assert_eq!(seconds(&cold(&store).unwrap()), found, "{fail:?}");
        }
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[test]
fn of_two_who_apply_at_once_the_second_is_told() {
    let store = MemoryParameters::new();
    apply_file(&store, grouping(1)).unwrap();
    let (mine, yours) =
        (ready(prepare(&store, PATH, grouping(2))), ready(prepare(&store, PATH, grouping(3))));
    ready(apply(&store, &mine.unwrap())).unwrap();
    let error = ready(apply(&store, &yours.unwrap())).unwrap_err();
    assert_eq!(error, ApplyError::Overtaken { path: PATH.into(), version: 2 });
    assert_eq!(seconds(&cold(&store).unwrap()), 2);
}

#[test]
fn a_write_that_the_sdk_repeats_after_a_lost_answer_is_not_taken_for_somebody_elses() {
    let twin = MemoryParameters::new();
    apply_file(&twin, grouping(1)).unwrap();
    for (name, value) in twin.values().into_iter().filter(|(name, _)| *name != pointer_name(PATH)) {
        let store = MemoryParameters::new();
        let change = ready(prepare(&store, PATH, grouping(1))).unwrap();
        store.tamper(&name, Some(&value));
        assert_eq!(ready(apply(&store, &change)).map(|applied| applied.version), Ok(1), "{name}");
        let store = MemoryParameters::new();
        let change = ready(prepare(&store, PATH, grouping(1))).unwrap();
        store.tamper(&name, Some("{}"));
        assert!(ready(apply(&store, &change)).is_err(), "{name}");
        assert_eq!(cold(&store), Ok(Configuration::default()), "{name}");
    }
}

#[test]
fn a_change_that_was_shown_before_somebody_elses_came_into_force_is_not_applied() {
    let store = MemoryParameters::new();
    for n in 1..=3 {
        apply_file(&store, grouping(n)).unwrap();
    }
    let mine = ready(prepare(&store, PATH, grouping(4))).unwrap();
    // A rollback claims no version: only the pointer shows it.
    let earlier = ready(find_earlier(&store, PATH, Some(1))).unwrap();
    ready(rollback(&store, PATH, &earlier)).unwrap();
    let error = ready(apply(&store, &mine)).unwrap_err();
    assert_eq!(error, ApplyError::Overtaken { path: PATH.into(), version: 1 });
    assert_eq!(seconds(&cold(&store).unwrap()), 1);
}

#[test]
fn ten_versions_are_kept_and_the_one_to_go_back_to() {
    let store = MemoryParameters::new();
    for n in 1..=15 {
        apply_file(&store, grouping(n)).unwrap();
    }
    let numbers = |store: &MemoryParameters| -> Vec<u64> {
        ready(versions(store, PATH)).unwrap().into_iter().map(|kept| kept.version).collect()
    };
    assert_eq!(numbers(&store), (6..=15).rev().collect::<Vec<u64>>());
    let earlier = ready(find_earlier(&store, PATH, Some(6))).unwrap();
    ready(rollback(&store, PATH, &earlier)).unwrap();
    let applied = apply_file(&store, grouping(16)).unwrap();
    assert_eq!((applied.version, applied.pruned), (16, vec![]));
    assert_eq!(numbers(&store), (6..=16).rev().collect::<Vec<u64>>());
    assert_eq!(ready(find_earlier(&store, PATH, None)).unwrap().version, 6);
    // Once nothing leads back to it, its turn has come.
    assert_eq!(apply_file(&store, grouping(17)).unwrap().pruned, [7, 6]);
    assert_eq!(store.values().keys().filter(|name| name.contains("/000006/")).count(), 0);
}

#[test]
fn neither_what_is_in_force_nor_what_it_replaced_is_pruned() {
    let store = MemoryParameters::new();
    for n in 1..=10 {
        apply_file(&store, grouping(n)).unwrap();
    }
    // Applies that crashed left newer versions behind.
    for version in 11..=25 {
        ready(store.put(&name_in(PATH, version, "manifest"), "{}", Overwrite::No)).unwrap();
    }
    let applied = apply_file(&store, grouping(26)).unwrap();
    assert_eq!((applied.version, applied.pruned.len()), (26, 15));
    assert_eq!(seconds(&cold(&store).unwrap()), 26);
    assert_eq!(ready(find_earlier(&store, PATH, None)).unwrap().version, 10);
}

#[test]
fn pruning_that_fails_is_told_and_undoes_nothing() {
    let store = MemoryParameters::new();
    for n in 1..=10 {
        apply_file(&store, grouping(n)).unwrap();
    }
    let change = ready(prepare(&store, PATH, grouping(11))).unwrap();
    store.fail(None);
    // Manifest, two sections, a look at the pointer, the pointer, the list; then the deletion.
    store.fail(Some(Fail::Before(7)));
    let applied = ready(apply(&store, &change)).unwrap();
    assert!(matches!(applied.not_pruned, Some(ParameterError::Failed { operation: "DeleteParameters", .. })));
    store.fail(None);
    assert_eq!(seconds(&cold(&store).unwrap()), 11);
    assert_eq!(apply_file(&store, grouping(12)).unwrap().pruned, [2, 1]);
}

#[test]
fn a_section_that_is_missing_or_changed_is_never_read() {
    let store = MemoryParameters::new();
    apply_file(&store, grouping(1)).unwrap();
    apply_file(&store, grouping(2)).unwrap();
    let section = name_in(PATH, 2, "notifications");
    store.tamper(&section, Some(r#"{"grouping":"3s"}"#));
    let error = cold(&store).unwrap_err();
    assert!(
        matches!(&error, LoadError::Damaged { name, .. } if *name == section) && !error.is_retryable(),
        "{error}"
    );
    store.tamper(&section, None);
    let error = cold(&store).unwrap_err();
    assert!(
        matches!(&error, LoadError::Missing { name } if *name == section) && error.is_retryable(),
        "{error}"
    );
    // Both ways out work.
    let error = ready(find_earlier(&store, PATH, Some(2))).unwrap_err();
    assert_eq!(error, RollbackError::InForce { version: 2 });
    let earlier = ready(find_earlier(&store, PATH, None)).unwrap();
    assert_eq!(earlier.version, 1);
    let change = ready(prepare(&store, PATH, grouping(4))).unwrap();
    assert!(change.is_change && change.before.is_none() && change.unreadable.is_some());
    ready(apply(&store, &change)).unwrap();
    assert_eq!(seconds(&cold(&store).unwrap()), 4);
    // Going back passes over the damaged version.
    assert_eq!(ready(find_earlier(&store, PATH, None)).unwrap().version, 1);
    let error = ready(find_earlier(&store, PATH, Some(2))).unwrap_err();
    assert!(matches!(error, RollbackError::Unusable { version: 2, .. }), "{error}");
    let whole: Vec<(u64, bool, bool)> = ready(versions(&store, PATH))
        .unwrap()
        .iter()
        .map(|k| (k.version, k.is_whole, k.is_current))
        .collect();
    assert_eq!(whole, [(3, true, true), (2, false, false), (1, true, false)]);
}

#[test]
fn a_damaged_pointer_can_be_written_anew_and_gone_back_from() {
    let store = MemoryParameters::new();
    apply_file(&store, grouping(1)).unwrap();
    store.tamper(&pointer_name(PATH), Some("nonsense"));
    let error = cold(&store).unwrap_err();
    assert!(matches!(error, LoadError::Damaged { .. }));
    assert!(error.to_string().contains("`steward rollback --to`"), "{error}");
    let error = ready(find_earlier(&store, PATH, None)).unwrap_err();
    assert!(
        matches!(error, RollbackError::Unnamed { .. })
            && error.to_string().ends_with("name one with `--to`; `steward versions` lists them"),
        "{error}"
    );
    let kept = ready(versions(&store, PATH)).unwrap();
    assert_eq!(kept, [Kept { version: 1, is_whole: true, is_current: false }]);
    let earlier = ready(find_earlier(&store, PATH, Some(1))).unwrap();
    ready(rollback(&store, PATH, &earlier)).unwrap();
    assert_eq!(seconds(&cold(&store).unwrap()), 1);
    store.tamper(&pointer_name(PATH), Some("nonsense"));
    assert_eq!(apply_file(&store, grouping(2)).unwrap().version, 2);
    assert_eq!(seconds(&cold(&store).unwrap()), 2);
}

#[test]
fn a_newer_schema_is_refused_by_name_by_readers_and_writers() {
    let store = MemoryParameters::new();
    let newer = r#"{"schema":2,"version":7,"parts":{}}"#;
    store.tamper(&pointer_name(PATH), Some(newer));
    let error = cold(&store).unwrap_err();
    assert_eq!(error, LoadError::Newer { name: format!("{PATH}/current"), schema: 2 });
    assert!(!error.is_retryable());
    let told = error.to_string();
    assert!(
        told.contains("update the stack and the command line, or go back with `steward rollback --to`"),
        "{told}"
    );
    assert_eq!(ready(versions(&store, PATH)), Ok(vec![]));
    let told = ready(find_earlier(&store, PATH, None)).unwrap_err().to_string();
    assert!(told.contains("it has schema 2") && told.contains("name one with `--to`"), "{told}");
    assert_eq!(apply_file(&store, grouping(1)).unwrap_err(), ApplyError::Load(error));
    assert_eq!(store.values().len(), 1, "nothing was written");
}

#[test]
fn a_section_with_a_key_of_a_newer_version_is_not_read_in_part() {
    let store = MemoryParameters::new();
    apply_file(&store, grouping(1)).unwrap();
    let section = r#"{"grouping":"1s","pager":"on"}"#;
    store.tamper(&name_in(PATH, 1, "notifications"), Some(section));
    let pointer = store.values()[&pointer_name(PATH)].clone();
    let known = ready(current(&store, PATH)).unwrap().unwrap().manifest.sections[1].sha256.clone();
    store.tamper(&pointer_name(PATH), Some(&pointer.replace(&known, &value::sha256(section))));
    let error = cold(&store).unwrap_err().to_string();
    assert!(error.contains("unknown field `pager`"), "{error}");
}

#[test]
fn an_invalid_file_is_not_applied() {
    let store = MemoryParameters::new();
    let error = apply_file(&store, grouping(3_600)).unwrap_err();
    assert!(error.to_string().contains("notifications.grouping: 1h is not between 0s and 15m"), "{error}");
    assert!(store.values().is_empty());
}

#[test]
fn there_must_be_something_to_go_back_to() {
    let store = MemoryParameters::new();
    let find = |to| ready(find_earlier(&store, PATH, to)).unwrap_err();
    assert_eq!(find(None), RollbackError::NothingApplied { path: PATH.into() });
    assert_eq!(find(Some(3)), RollbackError::NoSuchVersion { path: PATH.into(), version: 3 });
    apply_file(&store, grouping(1)).unwrap();
    assert_eq!(find(None), RollbackError::NothingBefore { path: PATH.into(), version: 1 });
}

#[test]
fn a_rollback_turns_only_the_pointer_that_was_looked_at() {
    let name = pointer_name(PATH);
    let store = MemoryParameters::new();
    apply_file(&store, grouping(1)).unwrap();
    apply_file(&store, grouping(2)).unwrap();
    let [first, second] = [Some(1), None].map(|to| ready(find_earlier(&store, PATH, to)).unwrap());
    assert_eq!(first, second);
    assert_eq!(first.in_force.as_ref().map(|in_force| in_force.manifest.version), Some(2));
    apply_file(&store, grouping(3)).unwrap();
    for now in [store.values().get(&name).cloned(), Some("nonsense".to_owned()), None] {
        store.tamper(&name, now.as_deref());
        let error = ready(rollback(&store, PATH, &first)).unwrap_err();
        assert_eq!(error, RollbackError::Overtaken { path: PATH.into() });
        assert_eq!(store.values().get(&name), now.as_ref());
        // Whoever looks again may turn it, whatever it is by now.
        let again = ready(find_earlier(&store, PATH, Some(1))).unwrap();
        ready(rollback(&store, PATH, &again)).unwrap();
        assert_eq!(seconds(&cold(&store).unwrap()), 1);
    }
}

#[test]
fn a_version_that_was_pruned_since_it_was_found_is_not_gone_back_to() {
    for (name, value) in [("manifest", None), ("notifications", None), ("notifications", Some("{}"))] {
        let store = MemoryParameters::new();
        apply_file(&store, grouping(1)).unwrap();
        apply_file(&store, grouping(2)).unwrap();
        let earlier = ready(find_earlier(&store, PATH, Some(1))).unwrap();
        store.tamper(&name_in(PATH, 1, name), value);
        let error = ready(rollback(&store, PATH, &earlier)).unwrap_err();
        match name {
            "manifest" => {
                assert_eq!(error, RollbackError::NoSuchVersion { path: PATH.into(), version: 1 });
            }
            _ => assert!(matches!(error, RollbackError::Unusable { version: 1, .. }), "{error}"),
        }
        assert_eq!(seconds(&cold(&store).unwrap()), 2);
    }
}

#[test]
fn a_warm_function_looks_once_a_minute_and_reads_sections_only_when_the_pointer_changed() {
    let store = MemoryParameters::new();
    apply_file(&store, grouping(1)).unwrap();
    let loader = Loader::new(format!("{PATH}/"));
    let load = |second| ready(loader.load(&store, at(second))).unwrap();
    store.fail(None);
    assert_eq!((load(0).version, store.calls()), (Some(1), 2));
    assert_eq!((load(59).version, store.calls()), (Some(1), 2));
    assert_eq!((load(60).version, store.calls()), (Some(1), 3));
    apply_file(&store, grouping(2)).unwrap();
    store.fail(None);
    assert_eq!((seconds(&load(90).configuration), store.calls()), (1, 0));
    assert_eq!((seconds(&load(120).configuration), store.calls()), (2, 2));
    assert_eq!((seconds(&load(50).configuration), store.calls()), (2, 3), "a clock that was set back");
}

#[test]
fn the_last_good_configuration_stays_in_force_while_it_cannot_be_read_again() {
    let store = MemoryParameters::new();
    apply_file(&store, grouping(1)).unwrap();
    let loader = Loader::new(PATH);
    let load = |second| ready(loader.load(&store, at(second))).unwrap();
    assert_eq!(load(0).stale, None);
    store.fail(Some(Fail::From(1)));
    let stale = load(60);
    assert_eq!((seconds(&stale.configuration), stale.version), (1, Some(1)));
    assert!(stale.stale.unwrap().is_retryable());
    assert_eq!((load(61).stale, store.calls()), (None, 1), "asked again in a minute only");
    store.fail(None);
    // A new version of which a section is not there: the old one stays.
    apply_file(&store, grouping(2)).unwrap();
    store.tamper(&name_in(PATH, 2, "notifications"), None);
    let stale = load(120);
    assert_eq!((seconds(&stale.configuration), stale.version), (1, Some(1)));
    assert!(matches!(stale.stale, Some(LoadError::Missing { .. })));
    apply_file(&store, grouping(3)).unwrap();
    assert_eq!((seconds(&load(180).configuration), load(180).stale), (3, None));
}

#[test]
fn a_cold_start_without_readable_parameters_is_an_error_and_the_next_call_asks_again() {
    let store = MemoryParameters::new();
    store.fail(Some(Fail::Before(1)));
    let loader = Loader::new(PATH);
    let error = ready(loader.load(&store, at(0))).unwrap_err();
    assert!(error.is_retryable());
    let second = ready(loader.load(&store, at(1))).unwrap();
    assert_eq!((second.configuration, second.version), (Configuration::default(), None));
}
