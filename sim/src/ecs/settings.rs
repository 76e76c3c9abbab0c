//! Where the modelled control plane stands, and how long its steps take.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// Settings of [`Ecs`](super::Ecs).
#[derive(Clone, Debug)]
pub struct Settings {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-central-1`.
    pub region: String,
    /// Availability zones, at least one.
    pub zones: Vec<String>,
    /// Zones of subnets. A standalone task on Fargate goes into the zone of the first of its subnets that is here, and of its
    /// subnets none need be: then it goes into any zone, as the tasks of services do.
    pub subnets: BTreeMap<String, String>,
    /// When the model begins.
    pub start: Timestamp,
    /// The same seed and the same calls at the same times: the same world.
    pub seed: u64,
    /// Describe and List answer from the state as it was up to this long ago; zero for reads that never lag.
    pub read_lag: Duration,
    /// How many Fargate tasks the account may run at a time; `None` for no limit.
    pub fargate_tasks: Option<usize>,
    /// How long things take.
    pub latencies: Latencies,
}

impl Settings {
    /// The account `123456789012` in `eu-central-1`, with the model's usual latencies.
    pub fn new(start: Timestamp, seed: u64) -> Self {
        Self {
            partition: "aws".into(),
            account: "123456789012".into(),
            region: "eu-central-1".into(),
            zones: ["a", "b", "c"].map(|zone| format!("eu-central-1{zone}")).into(),
            subnets: BTreeMap::new(),
            start,
            seed,
            read_lag: Duration::ZERO,
            fargate_tasks: None,
            latencies: Latencies::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(Timestamp::UNIX_EPOCH, 0)
    }
}

/// The least and the most that a step takes; each time is drawn from between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// At least.
    pub least: Duration,
    /// At most.
    pub most: Duration,
}

impl Latency {
    /// Between so many milliseconds.
    pub const fn millis(least: u64, most: u64) -> Self {
        Self { least: Duration::from_millis(least), most: Duration::from_millis(most) }
    }
}

/// How long each step takes. The defaults are read off captured timelines of tasks (FACTS §3.4, `events/`), roughly.
#[derive(Clone, Copy, Debug)]
pub struct Latencies {
    /// From a change of the service or of its tasks to the scheduler's next turn.
    pub scheduler: Latency,
    /// PROVISIONING of a task on Fargate: its network interface.
    pub provisioning: Latency,
    /// From PENDING to the first pull.
    pub before_pull: Latency,
    /// Pull of images.
    pub pull: Latency,
    /// Creation and start of containers.
    pub start: Latency,
    /// Until the first health check that passes.
    pub health_check: Latency,
    /// Until health checks that fail have failed often enough.
    pub unhealthy: Latency,
    /// DEACTIVATING: deregistration from a load balancer.
    pub deregistration: Latency,
    /// From SIGTERM to the end of containers that heed it.
    pub graceful_stop: Latency,
    /// From SIGTERM to SIGKILL: `stopTimeout`, 30 s unless set (FACTS §8).
    pub stop_timeout: Duration,
    /// DEPROVISIONING of a task on Fargate.
    pub deprovisioning: Latency,
    /// The last steps of a task on a container instance.
    pub host_cleanup: Latency,
    /// Between steady and COMPLETED, for deployments with alarms.
    pub bake: Duration,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            scheduler: Latency::millis(500, 4_000),
            provisioning: Latency::millis(6_000, 14_000),
            before_pull: Latency::millis(1_000, 5_000),
            pull: Latency::millis(6_000, 22_000),
            start: Latency::millis(2_000, 9_000),
            health_check: Latency::millis(10_000, 30_000),
            unhealthy: Latency::millis(60_000, 95_000),
            deregistration: Latency::millis(30_000, 65_000),
            graceful_stop: Latency::millis(400, 9_000),
            stop_timeout: Duration::from_secs(30),
            deprovisioning: Latency::millis(18_000, 36_000),
            host_cleanup: Latency::millis(80, 900),
            bake: Duration::from_mins(5),
        }
    }
}
