//! What people decide of a service that is scaled.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::arn::ServiceName;
use crate::config::Mode;

/// The most tasks of a service: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>.
pub const MAX_TASKS: u32 = 5_000;

/// All services that are scaled, and what they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalers {
    /// So often each is looked at: from 5 seconds to a minute.
    pub every: SignedDuration,
    /// By cluster's name and service: of two entries for one service none could hold.
    pub by_service: BTreeMap<(String, ServiceName), Scaler>,
    /// What several services draw on.
    pub pools: Pools,
}

impl Default for Scalers {
    fn default() -> Self {
        Self { every: SignedDuration::from_secs(10), by_service: BTreeMap::new(), pools: Pools::new() }
    }
}

/// What is downstream of several services: at most so many of their tasks at the same time.
pub type Pools = BTreeMap<PoolName, u32>;

/// The name of something downstream, such as a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PoolName(pub String);

/// A service that is scaled, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaler {
    /// The name of its cluster.
    pub cluster: String,
    /// Its name.
    pub service: ServiceName,
    /// How far Steward may go.
    pub mode: Mode,
    /// Whether a person has put it aside.
    pub suspended: bool,
    /// What its tasks read: at least one.
    pub queues: Vec<Queue>,
    /// A message waits for at most so long before a task takes it.
    pub promise: SignedDuration,
    /// The bounds that hold where no window says otherwise.
    pub bounds: Bounds,
    /// Other bounds at some times; the first that is open holds.
    pub windows: Vec<(When, Bounds)>,
    /// How many messages a task works on at the same time: at least 1.
    pub per_task: u32,
    /// How long a task works on a message; absent: it is learned.
    pub service_time: Option<SignedDuration>,
    /// How long a task takes from the order until it works; absent: it is learned.
    pub start_up: Option<SignedDuration>,
    /// How many percent of its time a task works where nothing waits: from 10 to 100.
    pub utilisation: u32,
    /// Tasks are taken away only after so long in which they were not needed. At least a minute: SQS's counts lag as much.
    pub scale_in_after: SignedDuration,
    /// To zero only after so many readings of empty queues in a row.
    pub empty_readings: u32,
    /// What its tasks draw on besides.
    pub pool: Option<PoolName>,
}

/// How many tasks there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// At least.
    pub min: u32,
    /// At most: not less than `min`, and no more than [`MAX_TASKS`].
    pub max: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { min: 0, max: 10 }
    }
}

/// Some hours of some days of each week, on the clock of a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// On these days; hours over midnight belong to the day on which they begin.
    pub days: Vec<Weekday>,
    /// From this time on.
    pub from: Time,
    /// Up to this time, it not included; not later than `from`: on the next day.
    pub to: Time,
    /// Whose clock.
    pub zone: TimeZone,
    /// Its name, as it was written.
    pub zone_name: String,
}

/// A queue that a service's tasks read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Which.
    pub name: QueueName,
    /// A message of it is as much work as so many of a queue whose weight is 1, in percent: at least 1.
    pub weight: u32,
    /// Of a FIFO queue: into how many message groups its messages fall at the same time. No more tasks work at once.
    pub groups: Option<u32>,
}

/// The name of a queue of this account and region, such as `orders` or `orders.fifo`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueueName(pub String);

impl QueueName {
    /// Whether it is a FIFO queue: SQS has their names end so.
    pub fn is_fifo(&self) -> bool {
        self.0.strip_suffix(".fifo").is_some()
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PoolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Messages a second, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(pub u64);

impl Rate {
    /// So many messages a second. What is no number, or below zero, is none.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and takes NaN for 0"
    )]
    pub fn per_second(messages: f64) -> Self {
        Self((messages * 1_000.0).round() as u64)
    }

    /// Messages a second.
    #[allow(clippy::cast_precision_loss, reason = "a rate beyond 2^53 needs no thousandths")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

impl Scaler {
    /// A service that names no queue yet, with the defaults of everything else.
    pub fn new(cluster: String, service: ServiceName) -> Self {
        Self {
            cluster,
            service,
            mode: Mode::Observe,
            suspended: false,
            queues: Vec::new(),
            promise: SignedDuration::from_secs(60),
            bounds: Bounds::default(),
            windows: Vec::new(),
            per_task: 1,
            service_time: None,
            start_up: None,
            utilisation: 90,
            scale_in_after: SignedDuration::from_mins(10),
            empty_readings: 12,
            pool: None,
        }
    }

    /// The bounds that hold at a time.
    pub fn bounds_at(&self, now: Timestamp) -> Bounds {
        let open = self.windows.iter().find(|(when, _)| when.contains(now));
        open.map_or(self.bounds, |(_, bounds)| *bounds)
    }
}

impl When {
    /// Whether it is then.
    pub fn contains(&self, now: Timestamp) -> bool {
        let local = now.to_zoned(self.zone.clone());
        let (today, time) = (local.weekday(), local.time());
        let begins = |day: Weekday| self.days.contains(&day);
        if self.from < self.to {
            begins(today) && self.from <= time && time < self.to
        } else {
            (begins(today) && self.from <= time) || (begins(today.previous()) && time < self.to)
        }
    }
}
