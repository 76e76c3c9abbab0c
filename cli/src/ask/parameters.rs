//! Parameters that are set for a run: `day=2026-11-27`.

use std::collections::BTreeMap;

use steward::batch::Job;

/// One `name=value`.
pub(super) type Setting = (String, String);

/// Reads one. The value may be empty, and may hold anything.
pub(super) fn setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, such as day=2026-11-27".to_owned()),
    }
}

/// What is set for a run of a job.
///
/// # Errors
///
/// Where the job has no such parameter, or one is set twice.
pub(super) fn set(job: &Job, settings: &[Setting]) -> Result<BTreeMap<String, String>, String> {
    let mut set = BTreeMap::new();
    for (name, value) in settings {
        if !job.parameters.contains_key(name) {
            let names: Vec<&str> = job.parameters.keys().map(String::as_str).collect();
            return Err(match names.as_slice() {
                [] => format!("`{name}` cannot be set: {} has no parameters", job.name),
                names => {
                    format!("`{name}` cannot be set: the parameters of {} are {}", job.name, names.join(", "))
                }
            });
        }
        if set.insert(name.clone(), value.clone()).is_some() {
            return Err(format!("`{name}` is set twice"));
        }
    }
    Ok(set)
}
