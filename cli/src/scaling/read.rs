//! What the configuration and the ledger know of the scaled services.

use jiff::Timestamp;
use serde::Serialize;
use steward::arn::{ClusterArn, ServiceName};
use steward::config::{Duration, Mode};
use steward::incident::Target;
use steward::ledger::{Key, LedgerError, Record};
use steward::ports::Ledger;
use steward::scaling::{
    Bounds, Decision, Learned, PoolName, QueueName, Scaler, ScalerRecord, Scalers, Standing,
};

/// Items that are read together.
const PAGE: usize = 100;

/// All scaled services.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    pub(super) services: Vec<Shown>,
}

/// A scaled service: as it is configured, and what is remembered of it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) cluster: String,
    pub(super) service: ServiceName,
    pub(super) mode: Mode,
    pub(super) suspended: bool,
    pub(super) queues: Vec<QueueName>,
    pub(super) pool: Option<PoolName>,
    /// A message waits for at most so long: what was promised.
    pub(super) promise: Duration,
    /// The bounds that hold now.
    pub(super) bounds: Bounds,
    /// The latest decision.
    pub(super) decision: Option<Box<Decision>>,
    /// The latest order.
    pub(super) order: Option<Standing>,
    pub(super) learned: Learned,
    /// Since when people are told that something is wrong.
    pub(super) trouble: Option<Timestamp>,
}

impl Shown {
    pub(super) fn of(scaler: &Scaler, record: Option<ScalerRecord>, now: Timestamp) -> Self {
        let (decision, order, learned, trouble) = match record {
            Some(record) => (record.decision, record.order, record.memory.learned, record.streak.trouble),
            None => (None, None, Learned::default(), None),
        };
        Self {
            cluster: scaler.cluster.clone(),
            service: scaler.service.clone(),
            mode: scaler.mode,
            suspended: scaler.suspended,
            queues: scaler.queues.iter().map(|queue| queue.name.clone()).collect(),
            pool: scaler.pool.clone(),
            promise: Duration::new(scaler.promise),
            bounds: scaler.bounds_at(now),
            decision,
            order,
            learned,
            trouble,
        }
    }
}

/// Reads what is remembered of some services. `cluster` says the ARN of a cluster's name.
pub(super) async fn read<L: Ledger>(
    ledger: &L,
    scalers: &[&Scaler],
    cluster: impl Fn(&str) -> ClusterArn,
    now: Timestamp,
) -> Result<Overview, LedgerError> {
    let target =
        |scaler: &Scaler| Target::Service { cluster: cluster(&scaler.cluster), name: scaler.service.clone() };
    let mut services = Vec::new();
    for some in scalers.chunks(PAGE) {
        let keys: Vec<Key> = some.iter().map(|scaler| Key::scaler(&target(scaler))).collect();
        for (scaler, stored) in some.iter().zip(ledger.read(&keys).await?) {
            let record = match stored.and_then(|stored| stored.live(now).cloned()) {
                Some(Record::Scaler(record)) => Some(*record),
                _ => None,
            };
            services.push(Shown::of(scaler, record, now));
        }
    }
    Ok(Overview { services })
}

/// A service by what a person wrote: `worker`, or `shop/worker`.
///
/// # Errors
///
/// Where there is none, or are several, with their names.
pub(super) fn named<'s>(scalers: &'s Scalers, name: &str) -> Result<&'s Scaler, String> {
    let is_named = |scaler: &&Scaler| match name.split_once('/') {
        Some((cluster, service)) => scaler.cluster == cluster && scaler.service.as_str() == service,
        None => scaler.service.as_str() == name,
    };
    let found: Vec<&Scaler> = scalers.by_service.values().filter(is_named).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(format!("no service `{name}` is scaled; `steward scaling` lists those that are")),
        many => {
            let names: Vec<String> =
                many.iter().map(|scaler| format!("`{}/{}`", scaler.cluster, scaler.service)).collect();
            Err(format!("there are several; name one: {}", names.join(", ")))
        }
    }
}
