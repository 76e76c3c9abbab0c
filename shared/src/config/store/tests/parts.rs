//! Sections that are too large for one parameter.

use proptest::prelude::*;

use super::*;

/// Entries of `services`, each with a tag of so many characters.
fn services(lengths: &[usize], filling: &str) -> File {
    let entry = |(place, length): (usize, &usize)| {
        let note = filling.repeat(*length);
        json!({"match": {"service": format!("api-{place}"), "tags": {"note": note}}})
    };
    let entries: Vec<Value> = lengths.iter().enumerate().map(entry).collect();
    file_of(json!({"version": 1, "services": entries}))
}

/// So many jobs that say all that jobs usually say.
fn jobs(count: usize) -> File {
    let job = |place: usize| {
        json!({
            "name": format!("nightly-import-of-customer-{place}"),
            "schedule": "cron(0 2 * * ? *)", "time_zone": "Europe/Berlin",
            "cluster": "batch", "task_definition": "customer-import", "container": "import",
            "command": ["import", "--customer", place.to_string(), "--date", "${scheduled_time}"],
            "environment": {"BUCKET": format!("customer-{place}-in"), "LOG_LEVEL": "info"},
            "cpu": 1024, "memory": 4096,
            "capacity_providers": [{"provider": "FARGATE_SPOT"}],
            "network": {
                "subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"],
                "security_groups": ["sg-0a1b2c3d4e5f60718"],
            },
            "tags": {"team": "data", "customer": place.to_string()},
            "run_timeout": "2h",
            "retry": [{"causes": ["out_of_memory"], "then": "retry", "memory": "150%"}, {"exit_codes": ["75-78"], "then": "fail"}],
            "no_success": "26h",
        })
    };
    file_of(json!({"version": 1, "jobs": (0..count).map(job).collect::<Vec<_>>()}))
}

fn names(store: &MemoryParameters, section: &str) -> Vec<String> {
    let begins = format!("{PATH}/versions/000001/{section}");
    store.values().into_keys().filter(|name| name.starts_with(&begins)).collect()
}

#[test]
fn a_section_that_fits_is_one_parameter() {
    let store = MemoryParameters::new();
    apply_file(&store, services(&[10, 10], "x")).unwrap();
    assert_eq!(names(&store, "services"), [format!("{PATH}/versions/000001/services")]);
}

#[test]
fn a_section_that_does_not_fit_is_cut_and_read_as_a_whole() {
    let store = MemoryParameters::new();
    let file = services(&[200; 100], "x");
    apply_file(&store, file.clone()).unwrap();
    let parts = names(&store, "services");
    assert!(parts.len() > 5 && parts[0].ends_with("/services.0"), "{parts:?}");
    assert!(store.values().values().all(|value| value.len() <= MAX_VALUE_BYTES));
    assert_eq!(cold(&store), Ok(file.check().unwrap()));
    assert!(!ready(prepare(&store, PATH, file)).unwrap().is_change);
    assert!(ready(versions(&store, PATH)).unwrap()[0].is_whole);
    // Nothing of it is read without all of it.
    let values = store.values();
    store.tamper(&parts[3], Some(&values[&parts[4]]));
    let told = cold(&store).unwrap_err().to_string();
    assert!(told.contains("/services is damaged: its hash is not the one"), "{told}");
    store.tamper(&parts[3], None);
    assert_eq!(cold(&store), Err(LoadError::Missing { name: parts[3].clone() }));
    assert!(!ready(versions(&store, PATH)).unwrap()[0].is_whole);
}

#[test]
fn a_thousand_jobs_fit_and_the_manifest_stays_small() {
    let store = MemoryParameters::new();
    let file = jobs(1_000);
    apply_file(&store, file.clone()).unwrap();
    let configuration = cold(&store).unwrap();
    assert_eq!(configuration.jobs.by_name.len(), 1_000);
    assert_eq!(configuration, file.check().unwrap());
    let parts = names(&store, "jobs").len();
    assert!((100..=256).contains(&parts), "{parts}");
    let manifest = &store.values()[&pointer_name(PATH)];
    assert!(manifest.len() < 300, "{manifest}");
}

#[test]
fn a_section_that_is_there_twice_or_has_parts_without_end_is_damage() {
    let store = MemoryParameters::new();
    apply_file(&store, services(&[10], "x")).unwrap();
    let mut pointer: Value = serde_json::from_str(&store.values()[&pointer_name(PATH)]).unwrap();
    let section = pointer["sections"][0].clone();
    pointer["sections"].as_array_mut().unwrap().push(section);
    store.tamper(&pointer_name(PATH), Some(&pointer.to_string()));
    let told = cold(&store).unwrap_err().to_string();
    assert!(told.contains("its section is there twice"), "{told}");
    pointer["sections"][0]["parts"] = json!(u64::MAX);
    store.tamper(&pointer_name(PATH), Some(&pointer.to_string()));
    let told = cold(&store).unwrap_err().to_string();
    assert!(told.contains("services has too many parts"), "{told}");
}

#[test]
fn an_entry_may_be_larger_than_a_parameter() {
    let mut file = jobs(1);
    file.jobs.as_mut().unwrap()[0].command = Some(vec!["x".repeat(7_000)]);
    let store = MemoryParameters::new();
    apply_file(&store, file.clone()).unwrap();
    assert_eq!(names(&store, "jobs").len(), 2);
    assert_eq!(cold(&store), Ok(file.check().unwrap()));
}

#[test]
fn a_section_that_is_too_large_is_refused_with_what_to_do() {
    let store = MemoryParameters::new();
    let told = |file| apply_file(&store, file).unwrap_err().to_string();
    let services = told(services(&vec![256; 4_000], "x"));
    assert!(
        services.starts_with("services has ") && services.contains("one glob can stand for many entries"),
        "{services}"
    );
    let mut many = jobs(1_000);
    for job in many.jobs.iter_mut().flatten() {
        job.command = Some(vec!["x".repeat(1_000)]);
    }
    let jobs = told(many);
    assert!(jobs.starts_with("jobs has ") && jobs.contains("at most 1048576"), "{jobs}");
    let windows: Vec<Value> = (0..4_000)
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
    fn whatever_stands_in_it_a_section_is_read_as_it_was_written(
        lengths in prop::collection::vec(0_usize..128, 0..120),
        filling in prop_oneof![Just("x"), Just(" "), Just("ü "), Just("{"), Just("}}"), Just("\"\\")],
    ) {
        let file = services(&lengths, filling);
        let store = MemoryParameters::new();
        apply_file(&store, file.clone()).unwrap();
        prop_assert_eq!(cold(&store), Ok(file.check().unwrap()));
        let values = store.values();
        let parts: Vec<&String> = names(&store, "services").iter().map(|name| &values[name]).collect();
        let whole: usize = parts.iter().map(|part| part.len()).sum();
        prop_assert!(parts.len() <= whole / (MAX_VALUE_BYTES - 300) + 1, "parts are well filled");
        prop_assert!(parts.iter().all(|part| part.trim() == part.as_str()), "{:?}", parts);
        prop_assert!(parts.iter().all(|part| !part.contains("{{") && !part.contains("}}")), "{:?}", parts);
    }
}
