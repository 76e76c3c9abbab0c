//! Lists that are too large for one parameter.

use proptest::prelude::*;

use super::*;

/// Entries of `services`, each with a tag of so many characters.
fn services(lengths: &[usize]) -> File {
    let entry = |(place, length): (usize, &usize)| json!({"match": {"service": format!("api-{place}"), "tags": {"note": "x".repeat(*length)}}});
    let entries: Vec<Value> = lengths.iter().enumerate().map(entry).collect();
    file_of(json!({"version": 1, "services": entries}))
}

fn names(store: &MemoryParameters) -> Vec<String> {
    let begins = format!("{PATH}/versions/000001/services");
    store.values().into_keys().filter(|name| name.starts_with(&begins)).collect()
}

#[test]
fn a_list_that_fits_is_one_section() {
    let store = MemoryParameters::new();
    apply_file(&store, services(&[10, 10])).unwrap();
    assert_eq!(names(&store), [format!("{PATH}/versions/000001/services")]);
}

#[test]
fn a_list_that_does_not_fit_is_cut_between_entries_and_read_as_a_whole() {
    let store = MemoryParameters::new();
    let file = services(&[200; 100]);
    apply_file(&store, file.clone()).unwrap();
    let parts = names(&store);
    assert!(parts.len() > 5 && parts[0].ends_with("/services.0"), "{parts:?}");
    assert!(store.values().values().all(|value| value.len() <= MAX_VALUE_BYTES));
    assert_eq!(cold(&store), Ok(file.check().unwrap()));
    assert!(!ready(prepare(&store, PATH, file)).unwrap().is_change);
    // Nothing of it is read without all of it.
    store.tamper(&parts[3], None);
    assert_eq!(cold(&store), Err(LoadError::Missing { name: parts[3].clone() }));
}

#[test]
fn parts_that_do_not_follow_each_other_are_not_read() {
    for (names, problem) in [
        (["services.1", "services.0"], "0 entries stand before it"),
        (["services.0", "services.x"], "1 entries stand before it"),
        (["services.0", "guards.1"], "0 entries stand before it"),
        (["services.0", "services"], "its section is there twice"),
        (["defaults", "defaults.0"], "a part of what is no list"),
    ] {
        let mut whole = serde_json::Map::new();
        let value = |name: &str| if name == "defaults" { json!({}) } else { json!([1]) };
        let told = names.map(|name| manifest::join(&mut whole, name, value(name)));
        let told: Vec<String> = told.into_iter().filter_map(Result::err).collect();
        assert_eq!(told.first().map(String::as_str), Some(problem), "{names:?}");
    }
}

#[test]
fn an_entry_that_does_not_fit_alone_and_a_file_of_too_many_parts_are_refused_with_what_to_do() {
    let tags: serde_json::Map<String, Value> =
        (0..40).map(|n| (format!("key-{n}"), Value::from("x".repeat(200)))).collect();
    let large = json!({"match": {"service": "api"}});
    let larger = json!({"match": {"tags": tags}});
    let store = MemoryParameters::new();
    let told = |file| apply_file(&store, file).unwrap_err().to_string();
    let one = told(file_of(json!({"version": 1, "services": [large, larger]})));
    assert!(one.starts_with("services.1 has ") && one.ends_with("is too large; shorten its tags"), "{one}");
    let many = told(services(&[250; 1_000]));
    assert!(
        many.starts_with("manifest has ") && many.contains("one glob can stand for many entries"),
        "{many}"
    );
    let windows: Vec<Value> = (0..40)
        .map(
            |_| json!({"from": "2026-12-24T00:00:00Z", "to": "2026-12-25T00:00:00Z", "why": "x".repeat(200)}),
        )
        .collect();
    let guards = told(file_of(json!({"version": 1, "guards": {"freeze": windows}})));
    assert!(
        guards.starts_with("guards has ") && guards.contains("windows of `freeze` that are over"),
        "{guards}"
    );
    assert!(store.values().is_empty(), "nothing is written");
}

proptest! {
    #[test]
    fn whatever_its_entries_are_a_list_is_read_as_it_was_written(
        lengths in prop::collection::vec(0_usize..256, 0..120),
    ) {
        let file = services(&lengths);
        let store = MemoryParameters::new();
        apply_file(&store, file.clone()).unwrap();
        prop_assert_eq!(cold(&store), Ok(file.check().unwrap()));
        let whole: usize = names(&store).iter().map(|name| store.values()[name].len()).sum();
        prop_assert!(names(&store).len() <= whole / (MAX_VALUE_BYTES / 2) + 1, "parts are well filled");
    }
}
