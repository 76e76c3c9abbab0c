//! `jobs[].after`: which jobs follow which.

use std::collections::{BTreeMap, BTreeSet};

use super::Job;
use crate::config::file::fault::Check;

/// Checks that all jobs that others follow are there, and that none follows itself.
pub(super) fn check(jobs: &[Job], names: &BTreeSet<&str>, check: &mut Check<'_>) {
    for (place, job) in jobs.iter().enumerate() {
        let mut check = check.entry(place);
        let mut seen = BTreeSet::new();
        for (index, name) in job.after.iter().flatten().enumerate() {
            let key = format!("after[{index}]");
            if !names.contains(name.as_str()) {
                check.fault_by(&key, "jobs".to_owned(), format!("there is no job `{name}`"));
            } else if !seen.insert(name) {
                check.fault(&key, format!("the job `{name}` stands there twice"));
            }
        }
    }
    for circle in circles(jobs, names) {
        let Some((place, first)) = first_of(jobs, &circle) else { continue };
        let problem = if circle.len() == 1 {
            "the job itself: it would never run".to_owned()
        } else {
            let (before, from) = circle.split_at(first);
            let way: Vec<&str> = from.iter().chain(before).chain(from.first()).copied().collect();
            format!("a circle, {}: each waits for the next, and none would ever run", way.join(" → "))
        };
        check.entry(place).fault("after", problem);
    }
}

/// The job of a circle that stands first in the file: its place there, and in the circle.
fn first_of(jobs: &[Job], circle: &[&str]) -> Option<(usize, usize)> {
    let place = |name: &str| jobs.iter().position(|job| job.name == name);
    circle.iter().enumerate().filter_map(|(index, name)| Some((place(name)?, index))).min()
}

/// Jobs that wait for each other, each circle once, of those that share a job only one.
fn circles<'j>(jobs: &'j [Job], names: &BTreeSet<&str>) -> Vec<Vec<&'j str>> {
    let waits_for = |job: &'j Job| -> BTreeSet<&'j str> {
        job.after.iter().flatten().map(String::as_str).filter(|name| names.contains(name)).collect()
    };
    let mut left: BTreeMap<&str, BTreeSet<&str>> =
        jobs.iter().map(|job| (job.name.as_str(), waits_for(job))).collect();
    let mut circles = Vec::new();
    loop {
        drop_what_can_run(&mut left);
        let Some(circle) = circle(&left) else { return circles };
        left.retain(|name, _| !circle.contains(name));
        circles.push(circle);
    }
}

/// What waits for nothing that is left can run, and what waits for that alone, too.
fn drop_what_can_run(left: &mut BTreeMap<&str, BTreeSet<&str>>) {
    loop {
        let can_run = |after: &BTreeSet<&str>| !after.iter().any(|name| left.contains_key(name));
        let ready: Vec<&str> =
            left.iter().filter(|(_, after)| can_run(after)).map(|(name, _)| *name).collect();
        if ready.is_empty() {
            return;
        }
        for name in ready {
            left.remove(name);
        }
    }
}

/// A circle of jobs each of which waits for another of them: whoever follows the waiting comes back somewhere.
fn circle<'j>(left: &BTreeMap<&'j str, BTreeSet<&'j str>>) -> Option<Vec<&'j str>> {
    let mut last = *left.keys().next()?;
    let mut way = vec![last];
    loop {
        last = left.get(last)?.iter().find(|name| left.contains_key(*name))?;
        if let Some(begin) = way.iter().position(|name| *name == last) {
            return Some(way.split_off(begin));
        }
        way.push(last);
    }
}
