//! What changes of jobs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use steward::batch::{Job, JobName, Jobs};
use steward::config::file::{self, File};

use super::{Line, add, changed};

/// What a job that comes or goes is known by at first sight.
const FIRST: [&str; 4] = ["schedule", "after", "cluster", "task_definition"];

/// A job that comes or goes is one line, one that stays has one for each key that changes.
pub(super) fn that_change(before: &Jobs, after: &Jobs) -> Vec<Line> {
    let defaults = defaults();
    let names: BTreeSet<&JobName> = before.by_name.keys().chain(after.by_name.keys()).collect();
    let of_job = |name: &JobName| {
        let shown = format!("jobs[{name}]");
        let besides =
            |job: Option<&Job>| job.map_or_else(|| "none".to_owned(), |job| besides(job, &defaults));
        match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) => keys_that_change(&shown, before, after, &defaults),
            (before, after) => vec![Line { name: shown, before: besides(before), after: besides(after) }],
        }
    };
    names.into_iter().flat_map(of_job).collect()
}

fn keys_that_change(name: &str, before: &Job, after: &Job, defaults: &BTreeMap<String, String>) -> Vec<Line> {
    let keys = changed(&settings(before), &settings(after), |key, value| match value {
        None => "none".to_owned(),
        Some(value) if defaults.get(key) == Some(value) => format!("{value} (default)"),
        Some(value) => value.clone(),
    });
    keys.into_iter().map(|line| Line { name: format!("{name}.{}", line.name), ..line }).collect()
}

/// What a job says besides the defaults.
fn besides(job: &Job, defaults: &BTreeMap<String, String>) -> String {
    let mut said: Vec<(String, String)> =
        settings(job).into_iter().filter(|(key, value)| defaults.get(key) != Some(value)).collect();
    said.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
    said.into_iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
}

/// What holds for a job that says only what it must, but for that.
fn defaults() -> BTreeMap<String, String> {
    let job = file::Job {
        name: "j".to_owned(),
        cluster: "c".to_owned(),
        task_definition: "t".to_owned(),
        ..Default::default()
    };
    let file = File { jobs: Some(vec![job]), ..File::empty() };
    let jobs = file.check().map(|configuration| configuration.jobs).unwrap_or_default();
    let mut defaults = jobs.by_name.values().next().map(settings).unwrap_or_default();
    defaults.retain(|key, _| !FIRST.contains(&key.as_str()));
    // A job without a schedule has no time zone.
    defaults.insert("time_zone".to_owned(), "UTC".to_owned());
    defaults
}

/// A job as an entry writes it, key by key.
fn settings(job: &Job) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    if let Ok(Value::Object(keys)) = serde_json::to_value(file::Job::of(job)) {
        for (key, value) in keys.into_iter().filter(|(key, _)| key != "name") {
            add(&mut settings, key, &value);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::super::tests::between;

    const PLAIN: &str = "jobs: [{name: etl, cluster: batch, task_definition: etl}]\n";

    #[test]
    fn a_job_that_comes_or_goes_is_one_line_with_what_it_says_besides_the_defaults() {
        let with = "jobs: [{name: etl, task_definition: etl, cluster: batch, schedule: rate(1 hour), command: [etl, -v], \
                    environment: {A: b}, array: 4, success: {at_least: 3}, retry: [{causes: [killed], then: fail}], late: 10m}]\n";
        let said = "schedule rate(1 hour), cluster batch, task_definition etl, array 4, command etl; -v, environment.A b, \
                    retry[0] causes killed, then fail, success at_least 3";
        assert_eq!(between("", with), [format!("jobs[etl]: none → {said}")]);
        assert_eq!(between(with, ""), [format!("jobs[etl]: {said} → none")]);
    }

    #[test]
    fn a_job_that_stays_is_compared_key_by_key_wherever_it_stands() {
        let after = "jobs: [{name: a, cluster: batch, task_definition: a, after: [etl]}, {name: etl, cluster: batch, \
                     task_definition: 'etl:3', late: 5m, run_timeout: 2h, environment: {A: b}}]\n";
        assert_eq!(
            between(PLAIN, after),
            [
                "jobs[a]: none → after etl, cluster batch, task_definition a",
                "jobs[etl].environment.A: none → b",
                "jobs[etl].late: 10m (default) → 5m",
                "jobs[etl].run_timeout: off (default) → 2h",
                "jobs[etl].task_definition: etl → etl:3",
            ]
        );
        let same = "jobs: [{name: etl, cluster: batch, task_definition: etl, late: 10m}]\n";
        assert_eq!(between(PLAIN, same), Vec::<String>::new());
    }
}
