//! A job by the name that a person wrote.

use jiff::tz::TimeZone;
use steward::batch::{Job, JobName, Jobs, Trigger};

/// Names that look alike this much are suggested (Jaro-Winkler).
const LOOKS_LIKE: f64 = 0.75;
/// So many of them, at most.
const SUGGESTED: usize = 3;

/// A job by its name.
///
/// # Errors
///
/// Where there is none, with the names that look like it.
pub(crate) fn known<'j>(jobs: &'j Jobs, name: &str) -> Result<&'j Job, String> {
    JobName::parse(name).and_then(|name| jobs.get(&name)).ok_or_else(|| unknown(jobs, name))
}

fn unknown(jobs: &Jobs, name: &str) -> String {
    if jobs.by_name.is_empty() {
        return format!("there is no job `{name}`: the configuration has none at all");
    }
    let asked = name.to_lowercase();
    let names = jobs.by_name.keys().map(JobName::as_str);
    let mut near: Vec<(f64, &str)> = names
        .map(|known| (strsim::jaro_winkler(&asked, &known.to_lowercase()), known))
        .filter(|(like, _)| *like >= LOOKS_LIKE)
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let near: Vec<String> = near.iter().take(SUGGESTED).map(|(_, known)| format!("`{known}`")).collect();
    match near.as_slice() {
        [] => format!("there is no job `{name}`; `steward jobs` lists those that there are"),
        near => format!("there is no job `{name}`; did you mean {}?", near.join(" or ")),
    }
}

/// The time zone of a job's schedule; of any other job, UTC.
pub(crate) fn zone_of(job: Option<&Job>) -> TimeZone {
    match job.map(|job| &job.trigger) {
        Some(Trigger::Schedule(timetable)) => {
            TimeZone::get(timetable.schedule.zone()).unwrap_or(TimeZone::UTC)
        }
        _ => TimeZone::UTC,
    }
}
