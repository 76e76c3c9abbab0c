//! `jobs`: what runs by a timetable, after others, or when asked.

mod capacity;
mod off;
mod order;
mod retry;
mod rules;
mod success;
mod task;
mod texts;
mod trigger;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use capacity::{LaunchType, Provider};
pub use off::OrOff;
pub use retry::{Ending, ExitCodes, Next, Percent, Retry};
pub use rules::{Backoff, Breaker};
pub use success::Success;

use super::fault::{Check, Fault};
use super::form::{OnOff, number, section, sections, word};
use super::services::TaskNetwork;
use crate::batch::{self, Concurrency, JobName, Jobs, MAX_ARRAY, MAX_COUNT, MAX_NAME, Size};
use crate::config::Duration;

/// The most jobs: each is looked at every minute.
const MAX_JOBS: usize = 1_000;

/// A job: what runs, when, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Job {
    /// Its name: letters, digits and hyphens, at most 48. What it did before is known by it.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9-]{0,47}$")))]
    pub name: String,
    /// When it runs: `cron(…)`, `rate(…)` or `at(…)`, as EventBridge Scheduler writes them. Without it and `after` it runs when
    /// asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The time zone of `schedule`, such as `Europe/Berlin`. Default `UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// `schedule` names no time before this one, such as `2026-12-01T00:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// `schedule` names no time after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// It runs when all these jobs have succeeded in one slot. In the place of `schedule`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1), extend("uniqueItems" = true)))]
    pub after: Option<Vec<String>>,
    /// Whether nothing but a person starts it. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub suspend: Option<OnOff>,
    /// The cluster, by name or ARN.
    pub cluster: String,
    /// A family, whose latest ACTIVE revision is taken as a run begins; `family:revision`; or an ARN.
    pub task_definition: String,
    /// The container that `command` and `environment` are for. By default the only essential one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Its command, in the place of the task definition's. `${name}` stands for a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Environment variables besides the task definition's. `${name}` stands for a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<BTreeMap<String, String>>,
    /// CPU units of the task, from 128 to 196608. By default the task definition's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 128, max = 196_608)))]
    pub cpu: Option<u64>,
    /// MiB of memory of the task, from 6 to 33554432. By default the task definition's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 6, max = 33_554_432)))]
    pub memory: Option<u64>,
    /// The task role, by ARN. By default the task definition's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_role: Option<String>,
    /// The task execution role, by ARN. By default the task definition's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role: Option<String>,
    /// On what it runs. Without it and `capacity_providers` the cluster's default strategy holds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub launch_type: Option<LaunchType>,
    /// On what it runs, by capacity providers. In the place of `launch_type`. At most 20.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 20)))]
    pub capacity_providers: Option<Vec<Provider>>,
    /// Where it runs, for task definitions in the network mode `awsvpc`. Fargate needs it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub network: Option<TaskNetwork>,
    /// The platform version, on Fargate. Default `LATEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^(LATEST|[0-9]+\.[0-9]+\.[0-9]+)$")))]
    pub platform_version: Option<String>,
    /// Tags of its tasks, at most 50. `${name}` stands for a value in theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = 50)))]
    pub tags: Option<BTreeMap<String, String>>,
    /// Whether ECS Exec may be used. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub execute_command: Option<OnOff>,
    /// So many tasks that are all alike. Default 1, from 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000)))]
    pub count: Option<u64>,
    /// So many tasks that know their index, from 0. In the place of `count`. From 1 to 10000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    pub array: Option<u64>,
    /// Values for `${name}`, unless a run sets others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(extend("propertyNames" = {
            "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$",
            "not": {"enum": ["scheduled_time", "run_id", "attempt", "index", "size"]},
        }))
    )]
    pub parameters: Option<BTreeMap<String, String>>,
    /// At most so many of its tasks at a time. Default 100, from 1 to 10000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    pub parallel: Option<u64>,
    /// What happens while an earlier run goes on. Default `forbid`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub concurrency: Option<Concurrency>,
    /// A slot that was not begun so long after its time is missed. Default `30m`, from `2m` to `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<Duration>,
    /// A run that begins so long after its slot is told as late. Default `10m`, from `2m` to `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Duration>,
    /// An attempt that does not run so long after it was wanted has failed. Default `15m`, from `2m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provision_timeout: Option<Duration>,
    /// A task that runs for longer is stopped. Default `off`, from `1m` to `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_timeout: Option<OrOff<Duration>>,
    /// At most so many attempts of each task. Default 3, from 1 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10)))]
    pub max_attempts: Option<u64>,
    /// How long a failed attempt is followed by nothing: twice as long each time.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub backoff: Option<Backoff>,
    /// What follows a failure: the first that matches holds. What none matches is retried where its cause may pass. At most 50.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    #[cfg_attr(feature = "schema", schemars(length(max = 50)))]
    pub retry: Option<Vec<Retry>>,
    /// After so many failures for want of Spot capacity, or for its end, a task goes on demand; `off`: never. Default 2, from 1
    /// to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_after: Option<OrOff<u64>>,
    /// When a run has succeeded: `all`, or `at_least: 38` of its tasks. Default `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<Success>,
    /// When further slots are skipped. By default never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub breaker: Option<Breaker>,
    /// Without a success for so long people are told. Default `off`, from `10m` to `400d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_success: Option<OrOff<Duration>>,
}

/// Checks all jobs.
pub(super) fn check(jobs: &[Job], faults: &mut Vec<Fault>) -> Jobs {
    let mut check = Check::of("jobs", faults);
    if jobs.len() > MAX_JOBS {
        check.whole(format!(
            "{} jobs; at most {MAX_JOBS}: what is alike can be one job with an `array`, or be started with \
             parameters",
            jobs.len()
        ));
    }
    let mut by_name = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (place, job) in jobs.iter().enumerate() {
        let mut check = check.entry(place);
        if !names.insert(job.name.as_str()) {
            check.fault(
                "name",
                format!("a job before it is called `{}`, too: what a job did is known by its name", job.name),
            );
        }
        if let Some(job) = job.check(&mut check) {
            by_name.insert(job.name.clone(), job);
        }
    }
    order::check(jobs, &names, &mut check);
    Jobs { by_name }
}

impl Job {
    /// The entry that says everything, defaults included.
    pub fn of(job: &batch::Job) -> Self {
        let mut form = Self {
            name: job.name.as_str().to_owned(),
            suspend: Some(OnOff::of(job.suspended)),
            parameters: Some(job.parameters.clone()),
            ..Self::default()
        };
        match job.size {
            Size::Count(count) => form.count = Some(count.into()),
            Size::Array(array) => form.array = Some(array.into()),
        }
        form.set_trigger(&job.trigger);
        form.set_task(&job.task);
        form.set_rules(&job.rules);
        form
    }

    /// The job; `None` where it has no name that can be one.
    fn check(&self, check: &mut Check<'_>) -> Option<batch::Job> {
        let name = JobName::parse(&self.name);
        if name.is_none() {
            check.fault(
                "name",
                format!(
                    "no name of a job, such as `nightly-etl`: a letter or digit, then letters, digits and hyphens, {MAX_NAME} \
                     at the most, for `startedBy` of its tasks holds it"
                ),
            );
        }
        let size = self.check_size(check);
        let parameters = texts::check_parameters(self.parameters.as_ref(), &mut check.below("parameters"));
        Some(batch::Job {
            trigger: self.check_trigger(check),
            suspended: self.suspend.is_some_and(OnOff::is_on),
            task: self.check_task(size, check),
            rules: self.check_rules(size, check),
            name: name?,
            size,
            parameters,
        })
    }

    fn check_size(&self, check: &mut Check<'_>) -> Size {
        let (mut count, mut array) = (1, 1);
        check.number(
            "count",
            self.count,
            1..=MAX_COUNT,
            "a job that must not run has `suspend: on`, and more tasks are an `array`",
            &mut count,
        );
        check.number(
            "array",
            self.array,
            1..=MAX_ARRAY,
            "a job that must not run has `suspend: on`, and no more is kept in mind of one run",
            &mut array,
        );
        match (self.count, self.array) {
            (Some(_), Some(_)) => {
                check.fault("count", "stands beside `array`: keep `count` where tasks are all alike, `array` where each has its part by index");
                Size::Array(array)
            }
            (_, None) => Size::Count(count),
            (None, Some(_)) => Size::Array(array),
        }
    }
}
