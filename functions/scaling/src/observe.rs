//! What is read: the ledger once an invocation, queues each round, services where something moves.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use steward::arn::{ClusterArn, ServiceName};
use steward::incident::TargetRecord;
use steward::ledger::{Key, LedgerError, Record, Scope, Stored};
use steward::observed::Observed;
use steward::ports::{
    AutoScaling, Clock, Ledger, MAX_OWNED, MAX_QUEUES, MAX_SERVICES, ReadQueues, ScaleServices, Tell, Wait,
};
use steward::scaling::{Leave, Loop, QueueName};

use crate::lease::Lease;
use crate::unit::Unit;
use crate::{ByKey, Done, Handler, PARALLEL};

/// So many items may be unreadable before the ledger as a whole is.
const MAX_UNREADABLE: usize = 20;

/// What was found, and why some of it cannot be read.
#[derive(Default)]
struct Found {
    stored: ByKey<Stored>,
    unreadable: ByKey<String>,
}

impl<L, Q, S, A, T, C> Handler<'_, L, Q, S, A, T, C>
where
    L: Ledger,
    Q: ReadQueues,
    S: ScaleServices,
    A: AutoScaling,
    T: Tell,
    C: Clock + Wait,
{
    /// The services of the parts that this invocation looks after, with all that the ledger has of them.
    pub(crate) async fn load(&self, leases: &[Lease], done: &mut Done) -> Result<Vec<Unit<'_>>, LedgerError> {
        let mut units = Vec::new();
        for scaler in self.settings.scalers.by_service.values() {
            let shard = Loop::shard_of(scaler);
            if let Some(lease) = leases.iter().find(|lease| lease.shard == shard) {
                let cluster = ClusterArn::new(self.settings.home.cluster_arn(&scaler.cluster));
                units.push(Unit::new(scaler, cluster, lease.until));
            }
        }
        if units.is_empty() {
            return Ok(units);
        }
        let switches = units.iter().map(|unit| Key::switch(&Scope::Cluster(unit.cluster.clone())));
        let mut keys: BTreeSet<Key> = switches.chain([Key::switch(&Scope::Global)]).collect();
        for unit in &units {
            keys.extend([Key::scaler(&unit.target), Key::target(&unit.target)]);
        }
        let mut found = self.read_what_is_readable(keys).await?;
        let incidents = found.stored.values().filter_map(|stored| match &stored.record {
            Record::Target(TargetRecord { target, incident: Some(opened_at), .. }) => {
                Some(Key::incident(target, *opened_at))
            }
            _ => None,
        });
        let incidents: BTreeSet<Key> = incidents.collect();
        if !incidents.is_empty() {
            let more = self.read_what_is_readable(incidents).await?;
            found.stored.extend(more.stored);
            found.unreadable.extend(more.unreadable);
        }
        done.failed.extend(found.unreadable.values().cloned());
        let now = self.now();
        for unit in &mut units {
            let key = Key::scaler(&unit.target);
            unit.read(found.stored.get(&key).cloned(), now);
            unit.unreadable = found.unreadable.get(&key).cloned();
            heed(unit, &found);
        }
        Ok(units)
    }

    /// An item that is damaged or newer stands in nobody's way but its own.
    async fn read_what_is_readable(&self, mut keys: BTreeSet<Key>) -> Result<Found, LedgerError> {
        let mut found = Found::default();
        loop {
            let asked: Vec<Key> = keys.iter().cloned().collect();
            match self.ports.ledger.read(&asked).await {
                Ok(stored) => {
                    let pairs = asked.into_iter().zip(stored);
                    found.stored = pairs.filter_map(|(key, stored)| Some((key, stored?))).collect();
                    return Ok(found);
                }
                Err(error) => {
                    let (LedgerError::NewerSchema { key, .. } | LedgerError::Unreadable { key, .. }) = &error
                    else {
                        return Err(error);
                    };
                    let is_known = keys.remove(key);
                    if !is_known || found.unreadable.len() >= MAX_UNREADABLE {
                        return Err(error);
                    }
                    found.unreadable.insert(key.clone(), error.to_string());
                }
            }
        }
    }

    /// Reads an item anew that somebody else wrote, or of which nobody knows whether it was written.
    pub(crate) async fn read_anew(&self, unit: &mut Unit<'_>, done: &mut Done) {
        match self.ports.ledger.read(&[Key::scaler(&unit.target)]).await {
            Ok(stored) => unit.read(stored.into_iter().next().flatten(), self.now()),
            Err(error) => {
                done.failed.insert(error.to_string());
            }
        }
    }

    /// Counts all queues. Those of which a count has changed make their services move.
    pub(crate) async fn count(&self, units: &mut [Unit<'_>], done: &mut Done) {
        let names = queues_of(units);
        let counted = stream::iter(names)
            .map(|name| async move {
                let counts = Observed::of(self.ports.queues.counts(&name).await);
                (name, counts)
            })
            .buffered(PARALLEL);
        let counted: BTreeMap<QueueName, _> = counted.collect().await;
        for unit in units {
            for (queue, known) in unit.scaler.queues.iter().zip(&mut unit.counts) {
                let Some(counts) = counted.get(&queue.name) else { continue };
                if let Observed::Unknown(why) = counts {
                    done.failed.insert(why.clone());
                }
                unit.must_read |= known != counts;
                known.clone_from(counts);
            }
        }
    }

    /// Asks CloudWatch what went through all queues.
    pub(crate) async fn ask_for_minutes(&self, units: &mut [Unit<'_>], done: &mut Done) {
        let names: Vec<QueueName> = queues_of(units).into_iter().collect();
        let now = self.now();
        let told = stream::iter(names.chunks(MAX_QUEUES))
            .map(|some| async move { (some, self.ports.queues.minutes(some, now).await) })
            .buffered(PARALLEL);
        let told: Vec<_> = told.collect().await;
        let mut minutes = BTreeMap::new();
        for (some, told) in told {
            match told {
                Ok(told) => minutes.extend(some.iter().zip(told)),
                Err(error) => {
                    done.failed.insert(error.to_string());
                }
            }
        }
        for unit in units {
            for (queue, known) in unit.scaler.queues.iter().zip(&mut unit.minutes) {
                *known = minutes
                    .get(&queue.name)
                    .cloned()
                    .unwrap_or_else(|| Observed::Unknown("CloudWatch did not answer".to_owned()));
            }
        }
    }

    /// Describes the services that move.
    pub(crate) async fn describe(&self, units: &mut [Unit<'_>], done: &mut Done) {
        let mut moving: BTreeMap<ClusterArn, Vec<ServiceName>> = BTreeMap::new();
        for unit in units.iter().filter(|unit| unit.is_moving()) {
            moving.entry(unit.cluster.clone()).or_default().push(unit.scaler.service.clone());
        }
        let calls = moving
            .iter()
            .flat_map(|(cluster, names)| names.chunks(MAX_SERVICES).map(move |some| (cluster, some)));
        let described = stream::iter(calls)
            .map(|(cluster, some)| async move {
                (cluster, some, self.ports.services.services(cluster, some).await)
            })
            .buffered(PARALLEL);
        let described: Vec<_> = described.collect().await;
        let mut read = BTreeMap::new();
        for (cluster, some, answer) in described {
            for name in some {
                let service = match &answer {
                    Ok(found) => found.get(name).cloned().map_or(Observed::Absent, Observed::Known),
                    Err(error) => Observed::Unknown(error.to_string()),
                };
                read.insert((cluster, name), service);
            }
            done.failed.extend(answer.err().map(|error| error.to_string()));
        }
        for unit in units {
            if let Some(service) = read.remove(&(&unit.cluster, &unit.scaler.service)) {
                unit.must_read = service.known().is_none();
                unit.service = service;
            }
        }
    }

    /// Asks what Application Auto Scaling owns, where that was not heard for a while.
    pub(crate) async fn ask_for_owners(&self, units: &[Unit<'_>], done: &mut Done) {
        let now = self.now();
        let mut unknown: BTreeMap<&ClusterArn, Vec<ServiceName>> = BTreeMap::new();
        for unit in units {
            if self.owned.is_old(&unit.cluster, &unit.scaler.service, now) {
                unknown.entry(&unit.cluster).or_default().push(unit.scaler.service.clone());
            }
        }
        for (cluster, names) in &unknown {
            for some in names.chunks(MAX_OWNED) {
                match self.ports.auto_scaling.owned(cluster, some).await {
                    Ok(owned) => {
                        for name in some {
                            self.owned.hear(cluster, name, owned.contains(name), now);
                        }
                    }
                    Err(error) => {
                        done.failed.insert(error.to_string());
                    }
                }
            }
        }
    }

    /// Whether the number of a service's tasks may be changed.
    pub(crate) fn leave(&self, unit: &Unit<'_>, now: Timestamp) -> Leave {
        if unit.care.leave != Leave::Given {
            return unit.care.leave.clone();
        }
        match self.owned.is_owned(&unit.cluster, &unit.scaler.service, now) {
            Some(true) => return Leave::AutoScalingTarget,
            None => {
                let why = "whether Application Auto Scaling owns it is not known".to_owned();
                return Leave::Unknown { why };
            }
            Some(false) => {}
        }
        let what = unit.service.known().and_then(|service| service.not_scalable.clone());
        what.map_or(Leave::Given, |what| Leave::NotScalable { what })
    }
}

fn queues_of(units: &[Unit<'_>]) -> BTreeSet<QueueName> {
    units.iter().flat_map(|unit| unit.scaler.queues.iter().map(|queue| queue.name.clone())).collect()
}

/// What remediation and people say about changing a service.
fn heed(unit: &mut Unit<'_>, found: &Found) {
    let target_key = Key::target(&unit.target);
    let mut keys = vec![
        target_key.clone(),
        Key::switch(&Scope::Global),
        Key::switch(&Scope::Cluster(unit.cluster.clone())),
    ];
    if let Some(Record::Target(target)) = found.stored.get(&target_key).map(|stored| &stored.record) {
        unit.care.has_action = target.care.open.is_some();
        if let Some(opened_at) = target.incident {
            let key = Key::incident(&unit.target, opened_at);
            let incident = found.stored.get(&key).map(|stored| &stored.record);
            unit.care.has_incident = matches!(incident, Some(Record::Incident(open)) if open.is_open());
            keys.push(key);
        }
    }
    if let Some(why) = keys.iter().find_map(|key| found.unreadable.get(key)) {
        unit.care.leave = Leave::Unknown { why: why.clone() };
    }
    for key in &keys {
        if let Some(Record::Switch(switch)) = found.stored.get(key).map(|stored| &stored.record)
            && let Some(paused) = &switch.paused
        {
            unit.care.leave = Leave::Paused { by: paused.by.clone() };
        }
    }
}
