//! `scaling`: services whose number of tasks follows their queues.

mod hours;
mod queue;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use hours::Hours;
pub use queue::Queue;

use super::fault::{Check, DAY, HOUR, MINUTE};
use super::form::{OnOff, number, section, sections, word};
use crate::arn::ServiceName;
use crate::config::{Duration, Mode};
use crate::scaling::{Bounds, MAX_TASKS, PoolName, Pools, Scaler, Scalers};

/// The most services: each is looked at several times a minute.
const MAX_SERVICES: usize = 500;
/// The most queues of one service.
const MAX_QUEUES: usize = 10;
/// The most windows of one service.
const MAX_HOURS: usize = 20;
/// ECS takes no longer names of clusters and services.
const MAX_NAME: usize = 255;
/// Names of pools are labels.
const MAX_POOL_NAME: usize = 48;
/// A pool is what all tasks of some services draw on.
const MAX_POOL: u32 = 100_000;

/// Services whose number of tasks follows their queues.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scaling {
    /// So often each service is looked at. Default `10s`, from `5s` to `60s`: more often costs more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// What several services draw on, such as the connections of a database: at most so many of their tasks at the same time,
    /// by name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "pools")]
    #[cfg_attr(
        feature = "schema",
        schemars(extend(
            "propertyNames" = {"pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$"},
            "additionalProperties" = {"type": "integer", "minimum": 1, "maximum": 100_000},
        ))
    )]
    pub pools: Option<BTreeMap<String, u64>>,
    /// The services. By default none. At most 500.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    #[cfg_attr(feature = "schema", schemars(length(max = 500)))]
    pub services: Option<Vec<Scaled>>,
}

/// A service whose number of tasks follows its queues.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scaled {
    /// The name of its cluster.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,255}$")))]
    pub cluster: String,
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,255}$")))]
    pub service: String,
    /// How far Steward may go. Default `observe`. A tag `steward:mode` of the service can only hold it back.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub mode: Option<Mode>,
    /// Whether its number of tasks is left alone. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub suspend: Option<OnOff>,
    /// The queues that its tasks read, from 1 to 10. Dead-letter queues are none.
    #[serde(deserialize_with = "queue::all")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 10)))]
    pub queues: Vec<Queue>,
    /// A message waits for at most so long before a task takes it. Default `60s`, from `5s` to `12h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Duration>,
    /// At least so many tasks. Default 0, to 5000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 5_000)))]
    pub min: Option<u64>,
    /// At most so many tasks. Default 10, or `min` where that is more, to 5000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 5_000)))]
    pub max: Option<u64>,
    /// Other bounds at some hours of some days: the first that is open holds. At most 20.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    #[cfg_attr(feature = "schema", schemars(length(max = 20)))]
    pub hours: Option<Vec<Hours>>,
    /// So many messages a task works on at the same time. Default 1, to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000)))]
    pub per_task: Option<u64>,
    /// How long a task works on a message. By default it is learned. From `1s` to `12h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_time: Option<Duration>,
    /// How long a task takes from the order until it works. By default it is learned. From `1s` to `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_up: Option<Duration>,
    /// How many percent of its time a task works where nothing waits. Default 90, from 10 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 100)))]
    pub utilisation: Option<u64>,
    /// Tasks that were not needed for so long are taken away. Default `10m`, from `1m` to `2h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_in_after: Option<Duration>,
    /// To no task only after so many readings of empty queues in a row. Default 12, from 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000)))]
    pub empty_readings: Option<u64>,
    /// What its tasks draw on, by its name in `pools`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

/// Numbers by name, or nothing.
fn pools<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, u64>>, D::Error> {
    section(deserializer)
}

impl Scaling {
    /// The section that says everything, defaults included.
    pub(super) fn of(scalers: &Scalers) -> Self {
        let pools = scalers.pools.iter().map(|(name, most)| (name.0.clone(), u64::from(*most)));
        Self {
            every: Some(Duration::new(scalers.every)),
            pools: Some(pools.collect()),
            services: Some(scalers.by_service.values().map(Scaled::of).collect()),
        }
    }

    pub(super) fn check(&self, scalers: &mut Scalers, mut check: Check<'_>) {
        check.duration(
            "every",
            self.every,
            5..=MINUTE,
            "SQS's counts change no faster, and once a minute is the least that a tick does",
            &mut scalers.every,
        );
        if let Some(pools) = &self.pools {
            scalers.pools = check_pools(pools, &mut check.below("pools"));
        }
        if let Some(services) = &self.services {
            scalers.by_service = check_services(services, self.pools.as_ref(), &mut check.below("services"));
        }
    }
}

fn check_pools(pools: &BTreeMap<String, u64>, check: &mut Check<'_>) -> Pools {
    let mut checked = Pools::new();
    for (name, most) in pools {
        if !is_pool_name(name) {
            check.fault(
                name,
                format!(
                    "no name of a pool, such as `orders-db`: a letter or digit, then letters, digits, - and _, {MAX_POOL_NAME} at \
                     the most"
                ),
            );
        }
        let mut tasks = 1;
        check.number(
            name,
            Some(*most),
            1..=MAX_POOL,
            "with none left to it no service could run, and a pool that is larger bounds nothing",
            &mut tasks,
        );
        checked.insert(PoolName(name.clone()), tasks);
    }
    checked
}

fn check_services(
    services: &[Scaled],
    pools: Option<&BTreeMap<String, u64>>,
    check: &mut Check<'_>,
) -> BTreeMap<(String, ServiceName), Scaler> {
    if services.len() > MAX_SERVICES {
        check.whole(format!(
            "{} services; at most {MAX_SERVICES}: each is looked at several times a minute",
            services.len()
        ));
    }
    let mut checked = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (place, scaled) in services.iter().enumerate() {
        let mut check = check.entry(place);
        if !seen.insert((&scaled.cluster, &scaled.service)) {
            check.fault(
                "service",
                format!(
                    "an entry before it scales `{}` of `{}`, too: of two numbers of tasks none could hold",
                    scaled.service, scaled.cluster
                ),
            );
        }
        if let Some(pool) =
            scaled.pool.as_ref().filter(|pool| pools.is_none_or(|all| !all.contains_key(*pool)))
        {
            check.fault_by(
                "pool",
                "scaling.pools".to_owned(),
                format!("there is no `{pool}` in `scaling.pools`"),
            );
        }
        let scaler = scaled.check(&mut check);
        checked.insert((scaler.cluster.clone(), scaler.service.clone()), scaler);
    }
    checked
}

impl Scaled {
    /// The entry that says everything, defaults included.
    pub fn of(scaler: &Scaler) -> Self {
        let Scaler { cluster, service, mode, suspended, queues, promise, bounds, windows, .. } = scaler;
        let duration = |duration| Some(Duration::new(duration));
        Self {
            cluster: cluster.clone(),
            service: service.to_string(),
            mode: Some(*mode),
            suspend: Some(OnOff::of(*suspended)),
            queues: queues.iter().map(Queue::of).collect(),
            promise: duration(*promise),
            min: Some(bounds.min.into()),
            max: Some(bounds.max.into()),
            hours: Some(windows.iter().map(Hours::of).collect()),
            per_task: Some(scaler.per_task.into()),
            service_time: scaler.service_time.map(Duration::new),
            start_up: scaler.start_up.map(Duration::new),
            utilisation: Some(scaler.utilisation.into()),
            scale_in_after: duration(scaler.scale_in_after),
            empty_readings: Some(scaler.empty_readings.into()),
            pool: scaler.pool.as_ref().map(ToString::to_string),
        }
    }

    fn check(&self, check: &mut Check<'_>) -> Scaler {
        for (key, name, what) in
            [("cluster", &self.cluster, "a cluster"), ("service", &self.service, "a service")]
        {
            if !is_name(name) {
                check.fault(
                    key,
                    format!("`{name}` is no name of {what}: letters, digits, - and _, {MAX_NAME} at the most, and no ARN"),
                );
            }
        }
        let mut scaler = Scaler::new(self.cluster.clone(), ServiceName::new(&self.service));
        scaler.mode = self.mode.unwrap_or(scaler.mode);
        scaler.suspended = self.suspend.is_some_and(OnOff::is_on);
        scaler.queues = queue::check(&self.queues, &mut check.below("queues"));
        scaler.pool = self.pool.clone().map(PoolName);
        scaler.bounds = check_bounds(self.min, self.max, scaler.bounds, check);
        let hours = self.hours.as_deref().unwrap_or_default();
        scaler.windows = hours::check(hours, scaler.bounds, &mut check.below("hours"));
        self.check_times(&mut scaler, check);
        self.check_numbers(&mut scaler, check);
        scaler
    }

    fn check_times(&self, scaler: &mut Scaler, check: &mut Check<'_>) {
        check.duration(
            "promise",
            self.promise,
            5..=DAY / 2,
            "counts are seconds old, and a message that may wait for longer is a job's",
            &mut scaler.promise,
        );
        check.duration(
            "scale_in_after",
            self.scale_in_after,
            MINUTE..=2 * HOUR,
            "SQS's counts lag by a minute, and tasks that nobody needed for hours cost money",
            &mut scaler.scale_in_after,
        );
        for (key, value, most, why, into) in [
            (
                "service_time",
                self.service_time,
                DAY / 2,
                "0 would need no task, and SQS hides a message for 12 hours at the most",
                &mut scaler.service_time,
            ),
            (
                "start_up",
                self.start_up,
                HOUR,
                "no task starts at once, and one that takes longer cannot follow a queue",
                &mut scaler.start_up,
            ),
        ] {
            let mut checked = SignedDuration::ZERO;
            check.duration(key, value, 1..=most, why, &mut checked);
            *into = value.map(|_| checked);
        }
    }

    fn check_numbers(&self, scaler: &mut Scaler, check: &mut Check<'_>) {
        check.number(
            "per_task",
            self.per_task,
            1..=1_000,
            "a task that works on none needs no queue, and more is what several tasks do",
            &mut scaler.per_task,
        );
        check.number(
            "utilisation",
            self.utilisation,
            10..=100,
            "below, nine of ten tasks would idle, and none works for more than all of its time",
            &mut scaler.utilisation,
        );
        check.number(
            "empty_readings",
            self.empty_readings,
            1..=1_000,
            "one reading of empty queues is the least, and more are hours",
            &mut scaler.empty_readings,
        );
    }
}

/// `min` and `max`; what is left out is as usual, and `max` is never less than `min` by default.
fn check_bounds(min: Option<u64>, max: Option<u64>, usual: Bounds, check: &mut Check<'_>) -> Bounds {
    let mut bounds = usual;
    let why = "ECS runs no more tasks of a service, and one that shall have none has `suspend: on`";
    check.number("min", min, 0..=MAX_TASKS, "ECS runs no more tasks of a service", &mut bounds.min);
    check.number("max", max, 1..=MAX_TASKS, why, &mut bounds.max);
    if max.is_some() && bounds.max < bounds.min {
        check.fault("max", format!("is less than `min`, {}", bounds.min));
    }
    bounds.max = bounds.max.max(bounds.min);
    bounds
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_pool_name(name: &str) -> bool {
    is_name(name) && name.len() <= MAX_POOL_NAME && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}
