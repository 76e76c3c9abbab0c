//! A job: what runs, when, and by which rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::schedule::Timetable;
use crate::config::Glob;
use crate::diagnosis::Cause;

/// The longest name of a job: `startedBy` takes 128 characters, and holds the slot, the index and the attempt besides.
pub const MAX_NAME: usize = 48;
/// The most indexes of an array job.
pub const MAX_ARRAY: u32 = 10_000;
/// The most tasks of a job that is no array.
pub const MAX_COUNT: u32 = 1_000;
/// The most attempts of an index.
pub const MAX_ATTEMPTS: u32 = 10;

/// A job's name: letters, digits and hyphens, at most [`MAX_NAME`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobName(String);

impl JobName {
    /// Takes a text that is a name.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = (1..=MAX_NAME).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && text.as_bytes().first() != Some(&b'-');
        is_one.then(|| Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A job as people define it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: JobName,
    /// What starts it, besides people and payloads.
    pub trigger: Trigger,
    /// Whether it is suspended: nothing starts it but a person by name.
    pub suspended: bool,
    /// What each of its tasks is.
    pub task: TaskSpec,
    /// How many tasks it has.
    pub size: Size,
    /// Values for `${name}`, unless a run sets others.
    pub parameters: BTreeMap<String, String>,
    /// By which rules it runs.
    pub rules: JobRules,
}

/// What starts a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A timetable: each of its slots is one run.
    Schedule(Timetable),
    /// The success of these jobs in the same slot.
    After(BTreeSet<JobName>),
    /// People and payloads alone.
    Demand,
}

/// How many tasks a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// So many that are all alike. RunTask starts up to ten of them a call.
    Count(u32),
    /// So many that know their index, from 0.
    Array(u32),
}

impl Size {
    /// How many tasks that is.
    pub fn tasks(self) -> u32 {
        let (Self::Count(tasks) | Self::Array(tasks)) = self;
        tasks
    }
}

/// What a task of a job is: what RunTask is told.
///
/// Commands, environments and tags may name parameters as `${name}`: the job's own, and `job`, `scheduled_time`, `run_id`, `attempt`,
/// `index` and `size`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// The cluster, by name or ARN.
    pub cluster: String,
    /// A family, whose latest ACTIVE revision is taken as the run begins; `family:revision`; or an ARN.
    pub task_definition: String,
    /// The container that command and environment are for; absent: the only essential one.
    pub container: Option<String>,
    /// Its command, in the place of the task definition's.
    pub command: Option<Vec<String>>,
    /// Environment variables besides the task definition's.
    pub environment: BTreeMap<String, String>,
    /// CPU units of the task, in the place of the task definition's.
    pub cpu: Option<u32>,
    /// MiB of memory of the task, in the place of the task definition's.
    pub memory: Option<u32>,
    /// `taskRoleArn`.
    pub task_role: Option<String>,
    /// `executionRoleArn`.
    pub execution_role: Option<String>,
    /// On what it runs.
    pub capacity: Capacity,
    /// Where it runs, for task definitions in the network mode `awsvpc`.
    pub network: Option<JobNetwork>,
    /// `platformVersion`, on Fargate.
    pub platform_version: Option<String>,
    /// Tags of the task.
    pub tags: BTreeMap<String, String>,
    /// `enableExecuteCommand`.
    pub execute_command: bool,
}

/// On what tasks run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// As the cluster's default strategy says.
    AsCluster,
    /// `launchType`: `FARGATE`, `EC2` or `EXTERNAL`.
    LaunchType(String),
    /// `capacityProviderStrategy`.
    Strategy(Vec<StrategyItem>),
}

/// One entry of `capacityProviderStrategy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyItem {
    /// `FARGATE`, `FARGATE_SPOT`, or a provider's own name.
    pub provider: String,
    /// `weight`, from 0 to 1000.
    pub weight: u32,
    /// `base`, from 0 to 100000.
    pub base: u32,
}

/// Where tasks run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobNetwork {
    /// Subnets, in the order of preference: after a capacity failure the next ones come first.
    pub subnets: Vec<String>,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// `assignPublicIp`.
    pub public_ip: bool,
}

/// By which rules a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRules {
    /// What happens while an earlier run goes on.
    pub concurrency: Concurrency,
    /// A slot that was not begun so long after its time is missed, and not begun any more.
    pub starting_deadline: SignedDuration,
    /// A run that begins so long after its slot is told as late.
    pub late: SignedDuration,
    /// At most so many of its tasks at a time.
    pub parallel: u32,
    /// An attempt that does not run so long after it was wanted has failed.
    pub provision_timeout: SignedDuration,
    /// A task that runs for longer is stopped.
    pub run_timeout: Option<SignedDuration>,
    /// At most so many attempts of each task.
    pub max_attempts: u32,
    /// How long a failed attempt is followed by nothing.
    pub backoff: Backoff,
    /// What follows a failure: the first that matches holds.
    pub retry: Vec<RetryRule>,
    /// After so many failures for want of Spot capacity, or for its end, a task goes on demand. Absent: never.
    pub on_demand_after: Option<u32>,
    /// When a run has succeeded.
    pub success: Success,
    /// After so many failed runs in a row further slots are skipped.
    pub breaker: Option<Breaker>,
    /// Without a success for so long people are told.
    pub no_success: Option<SignedDuration>,
}

impl Default for JobRules {
    fn default() -> Self {
        Self {
            concurrency: Concurrency::Forbid,
            starting_deadline: SignedDuration::from_mins(30),
            late: SignedDuration::from_mins(10),
            parallel: 100,
            provision_timeout: SignedDuration::from_mins(15),
            run_timeout: None,
            max_attempts: 3,
            backoff: Backoff::default(),
            retry: Vec::new(),
            on_demand_after: Some(2),
            success: Success::All,
            breaker: None,
            no_success: None,
        }
    }
}

/// What happens to a run while an earlier one of its job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Concurrency {
    /// It runs beside it.
    Allow,
    /// It is skipped.
    Forbid,
    /// The earlier one is stopped, and it runs as soon as that has ended.
    Replace,
    /// It waits for its turn.
    Queue,
}

/// How long nothing follows a failed attempt: twice as long each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// After the first.
    pub first: SignedDuration,
    /// At the most.
    pub most: SignedDuration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: SignedDuration::from_secs(30), most: SignedDuration::from_mins(15) }
    }
}

impl Backoff {
    /// How long nothing follows the `times`th failure in a row. `jitter`, from 0 to 999, spreads those of many: the pause is
    /// between half of it and all of it.
    pub fn after(self, times: u32, jitter: u32) -> SignedDuration {
        let doubled =
            self.first.checked_mul(1_i32.checked_shl(times.saturating_sub(1).min(20)).unwrap_or(i32::MAX));
        let whole = doubled.unwrap_or(self.most).min(self.most);
        let half = whole / 2;
        half + half * i32::try_from(jitter.min(999)).unwrap_or(0) / 1000
    }
}

/// What follows a failure of some kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryRule {
    /// For these endings; empty: for any.
    pub endings: BTreeSet<EndingKind>,
    /// For these exit codes of the deciding container; empty: for any.
    pub exit_codes: Vec<RangeInclusive<i64>>,
    /// Where `stoppedReason`, a container's reason or a failure's text matches; absent: whatever they say.
    pub reason: Option<Glob>,
    /// What follows.
    pub then: Then,
}

/// What kind of ending a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    /// A cause of diagnosis.
    Cause(Cause),
    /// It ran for longer than `run_timeout`.
    RunTimeout,
    /// It did not run within `provision_timeout`.
    ProvisionTimeout,
    /// RunTask refused it for good: rights, names, what no call can start.
    Refused,
}

impl EndingKind {
    /// The kind in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cause(cause) => cause.as_str(),
            Self::RunTimeout => "run_timeout",
            Self::ProvisionTimeout => "provision_timeout",
            Self::Refused => "refused",
        }
    }
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Another attempt, while there is one left.
    Retry {
        /// It goes on demand.
        on_demand: bool,
        /// It gets so many percent of the memory that the failed one had; 100: the same.
        memory_percent: u32,
    },
    /// It has failed at once.
    Fail,
    /// It counts as a success.
    Ignore,
    /// It is done, and counts neither as a success nor as a failure.
    Skip,
}

/// When a run has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// Where none of its tasks failed.
    All,
    /// Where at least so many succeeded.
    AtLeast(u32),
}

/// When further slots are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// After so many failed runs in a row.
    pub failures: u32,
    /// So long after the last of them one more run is tried.
    pub pause: SignedDuration,
}

/// All jobs, and what holds for all of them together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Jobs {
    /// By name.
    pub by_name: BTreeMap<JobName, Job>,
}

impl Jobs {
    /// A job by its name.
    pub fn get(&self, name: &JobName) -> Option<&Job> {
        self.by_name.get(name)
    }

    /// The jobs that are started by the success of this one.
    pub fn after(&self, name: &JobName) -> impl Iterator<Item = &Job> {
        self.by_name
            .values()
            .filter(move |job| matches!(&job.trigger, Trigger::After(jobs) if jobs.contains(name)))
    }
}
