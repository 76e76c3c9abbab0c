//! What is seen of scaled services as it happens: what each invocation was answered, what the ledger says, and what ECS has.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::arn::ServiceName;
use steward::config::Mode;
use steward::incident::Target;
use steward::ledger::{Key, MemoryLedger, Record, Transaction};
use steward::ports::ScaledService;
use steward::scaling::{OrderState, QueueCounts, QueueName, Scaler, ScalerRecord, Scalers, ServiceReading};

use super::plan::{CLUSTER, cluster_arn};
use super::work::Lost;
use crate::ecs::Ecs;
use crate::world::checks::Invariant;
use crate::world::stage::InvocationId;

/// What was found not to hold.
pub(in crate::world) type Found = Vec<(Invariant, String)>;

/// An answer of Application Auto Scaling counts for so long where no other comes, and a call ends some time later.
const OWNERS_HEARD: SignedDuration = SignedDuration::from_mins(31);
/// An order that is issued is settled after so long, and so many sweeps.
const SETTLED_WITHIN: SignedDuration = SignedDuration::from_mins(6);
const SETTLED_BY: u32 = 5;
/// What a person did so lately, Steward may not have heard of.
const LATELY: SignedDuration = SignedDuration::from_mins(2);
/// What containers are given to end, and what a message takes of its mean, as Steward counts on it.
const STOP_TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST: i32 = 4;

/// What is seen.
#[derive(Debug)]
pub(in crate::world) struct Watch {
    scalers: Scalers,
    /// How far each service's own tag lets Steward go.
    tags: BTreeMap<ServiceName, Mode>,
    told: BTreeMap<InvocationId, Told>,
    /// Orders by service, as they were issued last.
    issued: BTreeMap<ServiceName, Issued>,
    /// The highest epoch that was written.
    epochs: BTreeMap<ServiceName, u64>,
    /// How often an order took effect.
    effects: BTreeMap<(ServiceName, u64), usize>,
    /// Every count that a service had, and since when; the latest last. `None`: there is no such service.
    counts: BTreeMap<ServiceName, Vec<(Timestamp, Option<u32>)>>,
    /// The latest effect by Steward that took tasks away.
    taken: BTreeMap<ServiceName, Taken>,
    /// Since when somebody else owns a service.
    owned: BTreeMap<ServiceName, Timestamp>,
    /// Messages that were lost though nobody but Steward's order can have been why.
    pub(super) lost: usize,
}

/// What an invocation was answered.
#[derive(Debug, Default)]
struct Told {
    counts: BTreeMap<QueueName, (Timestamp, Option<QueueCounts>)>,
    services: BTreeMap<ServiceName, Vec<(Timestamp, Option<ServiceReading>)>>,
    protected: BTreeMap<ServiceName, (Timestamp, Option<u32>)>,
}

#[derive(Clone, Copy, Debug)]
struct Issued {
    by: InvocationId,
    epoch: u64,
    at: Timestamp,
    is_open: bool,
    /// Invocations that began later and went well.
    sweeps: u32,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    at: Timestamp,
    /// Messages in flight, as that invocation was answered.
    in_flight: u64,
}

/// A call that took effect.
pub(in crate::world) struct Scaled<'s> {
    pub(in crate::world) by: InvocationId,
    pub(in crate::world) service: &'s ServiceName,
    pub(in crate::world) to: u32,
    /// `desiredCount` just before.
    pub(in crate::world) was: u32,
    /// What was sent.
    pub(in crate::world) request: &'s serde_json::Value,
    /// When its switches were read last; `None`: never.
    pub(in crate::world) gate_at: Option<Timestamp>,
}

impl Watch {
    pub(super) fn new(scalers: Scalers, tags: BTreeMap<ServiceName, Mode>) -> Self {
        Self {
            scalers,
            tags,
            told: BTreeMap::new(),
            issued: BTreeMap::new(),
            epochs: BTreeMap::new(),
            effects: BTreeMap::new(),
            counts: BTreeMap::new(),
            taken: BTreeMap::new(),
            owned: BTreeMap::new(),
            lost: 0,
        }
    }

    /// Application Auto Scaling owns a service from now on, or no longer.
    pub(in crate::world) fn own(&mut self, service: ServiceName, is_owned: bool, now: Timestamp) {
        if is_owned {
            self.owned.entry(service).or_insert(now);
        } else {
            self.owned.remove(&service);
        }
    }

    /// Of these services, those that Application Auto Scaling owns.
    pub(in crate::world) fn owned(&self, services: &[ServiceName]) -> BTreeSet<ServiceName> {
        services.iter().filter(|service| self.owned.contains_key(service)).cloned().collect()
    }

    pub(in crate::world) fn told_counts(
        &mut self,
        by: InvocationId,
        queue: &QueueName,
        counts: Option<QueueCounts>,
        now: Timestamp,
    ) {
        self.told.entry(by).or_default().counts.insert(queue.clone(), (now, counts));
    }

    /// `found`: `None` where nobody answered.
    pub(in crate::world) fn told_services(
        &mut self,
        by: InvocationId,
        names: &[ServiceName],
        found: Option<&BTreeMap<ServiceName, ScaledService>>,
        now: Timestamp,
    ) {
        let told = self.told.entry(by).or_default();
        for name in names {
            let reading = found.and_then(|found| found.get(name)).map(|service| service.reading);
            told.services.entry(name.clone()).or_default().push((now, reading));
        }
    }

    pub(in crate::world) fn told_protected(
        &mut self,
        by: InvocationId,
        service: &ServiceName,
        protected: Option<u32>,
        now: Timestamp,
    ) {
        self.told.entry(by).or_default().protected.insert(service.clone(), (now, protected));
    }

    /// An invocation is over; `is_well`: it did all that it could.
    pub(in crate::world) fn ended(&mut self, by: InvocationId, is_well: bool, now: Timestamp) -> Found {
        self.told.remove(&by);
        let mut found = Vec::new();
        for (service, issued) in &mut self.issued {
            if !issued.is_open || !is_well || by <= issued.by {
                continue;
            }
            issued.sweeps += 1;
            let age = now.duration_since(issued.at);
            if issued.sweeps > SETTLED_BY && age > SETTLED_WITHIN {
                issued.is_open = false;
                let what = format!(
                    "order {} of {service} is issued for {age:#}, and {} sweeps",
                    issued.epoch, issued.sweeps
                );
                found.push((Invariant::EveryActionResolves, what));
            }
        }
        found
    }

    /// How services stand now.
    pub(in crate::world) fn worked(&mut self, ecs: &Ecs, lost: &[Lost], now: Timestamp) -> Found {
        for scaler in self.scalers.by_service.values() {
            let truth = ecs.truth(CLUSTER, scaler.service.as_str()).map(|truth| truth.desired);
            let known = self.counts.entry(scaler.service.clone()).or_default();
            if known.last().is_none_or(|(_, last)| *last != truth) {
                known.push((now, truth));
            }
        }
        let mut found = Vec::new();
        for Lost { service, left } in lost {
            let Some(taken) = self.taken.get(service) else { continue };
            let last_change = self.counts.get(service).and_then(|counts| counts.last()).map(|(at, _)| *at);
            let is_deploying = ecs.truth(CLUSTER, service.as_str()).is_none_or(|truth| truth.is_deploying);
            let is_ours = last_change.is_none_or(|at| at <= later(taken.at))
                && now.duration_since(taken.at) < LATELY
                && !is_deploying;
            if !is_ours {
                continue;
            }
            self.lost += 1;
            if taken.in_flight > 0 && self.is_slow(service) {
                let what = format!(
                    "a task of {service} was taken away with {left:?} of a message left, and {} were in flight",
                    taken.in_flight
                );
                found.push((Invariant::NothingAtWorkIsTaken, what));
            }
        }
        found
    }

    /// Since when there is no such service.
    pub(super) fn gone_since(&self, service: &ServiceName) -> Option<Timestamp> {
        let last = self.counts.get(service)?.last()?;
        last.1.is_none().then_some(last.0)
    }

    fn is_slow(&self, service: &ServiceName) -> bool {
        let time = self.scaler(service).and_then(|scaler| scaler.service_time);
        time.is_some_and(|time| time * LONGEST > STOP_TIMEOUT)
    }

    fn scaler(&self, service: &ServiceName) -> Option<&Scaler> {
        self.scalers.by_service.get(&(CLUSTER.to_owned(), service.clone()))
    }

    /// Somebody wrote a transaction.
    pub(in crate::world) fn committed(
        &mut self,
        by: InvocationId,
        transaction: &Transaction,
        now: Timestamp,
    ) -> Found {
        let mut found = Vec::new();
        for write in &transaction.writes {
            if let Record::Scaler(record) = &write.record {
                self.written(by, record, now, &mut found);
            }
        }
        found
    }

    fn written(&mut self, by: InvocationId, record: &ScalerRecord, now: Timestamp, found: &mut Found) {
        let Target::Service { name, .. } = &record.target else { return };
        let highest = self.epochs.entry(name.clone()).or_default();
        if record.epoch < *highest {
            let what = format!("{name}: the epoch goes back from {highest} to {}", record.epoch);
            found.push((Invariant::LegalSteps, what));
        }
        *highest = record.epoch.max(*highest);
        let Some(order) = &record.order else { return };
        let known = self.issued.get(name).copied();
        let is_new = known.is_none_or(|known| known.epoch != order.epoch);
        let has_happened = self.effects.contains_key(&(name.clone(), order.epoch));
        match order.state {
            OrderState::Issued if is_new => {
                let issued = Issued { by, epoch: order.epoch, at: now, is_open: true, sweeps: 0 };
                self.issued.insert(name.clone(), issued);
            }
            OrderState::Issued => {}
            state => {
                // One that another one follows was settled, too.
                if let Some(issued) = self.issued.get_mut(name) {
                    issued.is_open = false;
                }
                if matches!(state, OrderState::Withdrawn | OrderState::Refused) && has_happened {
                    let what = format!("order {} of {name} took effect, and becomes {state:?}", order.epoch);
                    found.push((Invariant::LegalSteps, what));
                }
                let since = known.filter(|known| known.epoch == order.epoch).map(|known| known.at);
                if state == OrderState::Confirmed
                    && !has_happened
                    && since.is_some_and(|since| !self.had(name, order.to, since))
                {
                    let what = format!(
                        "order {} of {name} is confirmed, and there never were {} tasks",
                        order.epoch, order.to
                    );
                    found.push((Invariant::LegalSteps, what));
                }
            }
        }
    }

    /// Whether a service ever had so many tasks since a minute before.
    fn had(&self, service: &ServiceName, desired: u32, since: Timestamp) -> bool {
        let counts = self.counts.get(service).map(Vec::as_slice).unwrap_or_default();
        let ends = counts.iter().skip(1).map(|(at, _)| *at).chain([Timestamp::MAX]);
        let from = since.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(since);
        counts.iter().zip(ends).any(|((_, count), end)| *count == Some(desired) && end >= from)
    }

    /// A call took effect: what must have been so before.
    pub(in crate::world) fn scaled(
        &mut self,
        ledger: &MemoryLedger,
        ecs: &Ecs,
        effect: &Scaled<'_>,
        now: Timestamp,
    ) -> Found {
        let Scaled { service, to, was, .. } = *effect;
        let mut found = Vec::new();
        let Some(scaler) = self.scaler(service).cloned() else {
            return vec![(
                Invariant::NoCallWithoutLeave,
                format!("{service} is scaled, and nobody asked for it"),
            )];
        };
        let target = Target::Service { cluster: cluster_arn(), name: service.clone() };
        let records = ledger.records().unwrap_or_default();
        let Some(Record::Scaler(record)) = records.get(&Key::scaler(&target)) else {
            return vec![(
                Invariant::IssuedBeforeCall,
                format!("{service} is scaled, and the ledger knows nothing"),
            )];
        };
        let only_count = |key: &String| ["cluster", "service", "desiredCount"].contains(&key.as_str());
        let is_bare = effect.request.as_object().is_some_and(|request| request.keys().all(only_count));
        let order = record.order.as_ref();
        if !order.is_some_and(|order| order.state == OrderState::Issued && order.to == to) || !is_bare {
            let what =
                format!("{service} gets {to} tasks by {}, and the ledger says {order:?}", effect.request);
            found.push((Invariant::IssuedBeforeCall, what));
        }
        let Some(order) = order else { return found };
        let times = self.effects.entry((service.clone(), order.epoch)).or_default();
        *times += 1;
        if *times > 1 {
            let what = format!("order {} of {service} takes effect for the {times}. time", order.epoch);
            found.push((Invariant::AtMostOnce, what));
        }
        let issued = self.issued.get(service).copied();
        if issued.is_none_or(|issued| issued.by != effect.by || issued.epoch != order.epoch) {
            let what = format!("{service} is scaled by another than issued order {}", order.epoch);
            found.push((Invariant::IssuedBeforeCall, what));
        }
        let issued_at = issued.map_or(now, |issued| issued.at);
        if effect.gate_at.is_none_or(|gate_at| gate_at < issued_at) {
            let what = format!("the switches of {service} were not read again after the order stood");
            found.push((Invariant::NoCallWhilePaused, what));
        }
        let bounds = [scaler.bounds_at(now), scaler.bounds_at(order.at), scaler.bounds_at(issued_at)];
        if !bounds.iter().any(|bounds| bounds.min <= to && to <= bounds.max) {
            let what = format!("{service} gets {to} tasks, and may have {:?}", bounds.first());
            found.push((Invariant::WithinBounds, what));
        }
        self.leave(&scaler, order.approved_by.is_some(), now, &mut found);
        self.as_read(effect, order.from, issued_at, &mut found);
        if to < order.from {
            self.taken_away(&scaler, effect, issued_at, now, &mut found);
        } else {
            self.pool(&scaler, effect, ecs, now, &mut found);
        }
        let counts = self.counts.entry(service.clone()).or_default();
        if was != to {
            counts.push((now, Some(to)));
        }
        found
    }

    fn leave(&self, scaler: &Scaler, is_approved: bool, now: Timestamp, found: &mut Found) {
        let service = &scaler.service;
        let tag = self.tags.get(service).copied().unwrap_or(Mode::Act);
        let mode = scaler.mode.min(tag);
        let mut fail = |what: String| found.push((Invariant::NoCallWithoutLeave, what));
        if mode == Mode::Observe || scaler.suspended {
            fail(format!("{service} is scaled in mode {mode:?}, suspended: {}", scaler.suspended));
        }
        if mode == Mode::Propose && !is_approved {
            fail(format!("{service} is scaled, and nobody approved"));
        }
        if let Some(since) =
            self.owned.get(service).filter(|since| now.duration_since(**since) > OWNERS_HEARD)
        {
            fail(format!("{service} is scaled, and Application Auto Scaling owns it since {since}"));
        }
    }

    /// The count was read again after the order stood, and was as the order has it.
    fn as_read(&self, effect: &Scaled<'_>, from: u32, issued_at: Timestamp, found: &mut Found) {
        let read = self.told.get(&effect.by).and_then(|told| told.services.get(effect.service)?.last());
        let is_so = read.is_some_and(|(at, reading)| {
            *at >= issued_at && reading.is_some_and(|reading| reading.desired.0 == from)
        });
        if !is_so {
            let what = format!("{} is scaled from {from}, and was read as {read:?}", effect.service);
            found.push((Invariant::CountAsRead, what));
        }
    }

    fn taken_away(
        &mut self,
        scaler: &Scaler,
        effect: &Scaled<'_>,
        issued_at: Timestamp,
        now: Timestamp,
        found: &mut Found,
    ) {
        let (service, to) = (effect.service, effect.to);
        let empty = Told::default();
        let told = self.told.get(&effect.by).unwrap_or(&empty);
        let mut blind = |what: String| found.push((Invariant::NoBlindScaleIn, format!("{service}: {what}")));
        let mut in_flight = 0;
        for queue in &scaler.queues {
            match told.counts.get(&queue.name) {
                Some((_, Some(counts))) => in_flight += counts.in_flight,
                other => blind(format!("{} was not counted: {other:?}", queue.name)),
            }
        }
        let readings = told.services.get(service).map(Vec::as_slice).unwrap_or_default();
        match readings.iter().rev().find(|(at, _)| *at <= issued_at) {
            Some((_, Some(reading))) if !reading.is_deploying => {}
            other => blind(format!("it is taken in as {other:?}")),
        }
        if let Some((_, Some(reading))) = readings.last()
            && reading.is_deploying
        {
            blind("it was read again, and is being deployed".to_owned());
        }
        let counted_at = told.counts.values().map(|(at, _)| *at).min();
        match told.protected.get(service) {
            Some((at, Some(protected))) if counted_at.is_none_or(|counted_at| *at >= counted_at) => {
                if to < *protected {
                    let what = format!("{service} gets {to} tasks, and {protected} protect themselves");
                    found.push((Invariant::NothingAtWorkIsTaken, what));
                }
            }
            other => blind(format!("who protects itself was read as {other:?}")),
        }
        let at_work = in_flight.div_ceil(u64::from(scaler.per_task.max(1)));
        if u64::from(to) < at_work {
            let what = format!("{service} gets {to} tasks, and {at_work} are at work");
            found.push((Invariant::NothingAtWorkIsTaken, what));
        }
        self.taken.insert(service.clone(), Taken { at: now, in_flight });
    }

    /// All that share something have no more together than there is, but for what they had and their minimum.
    fn pool(&self, scaler: &Scaler, effect: &Scaled<'_>, ecs: &Ecs, now: Timestamp, found: &mut Found) {
        let Some(pool) = &scaler.pool else { return };
        let Some(ceiling) = self.scalers.pools.get(pool) else { return };
        if effect.to <= scaler.bounds_at(now).min || effect.to <= effect.was {
            return;
        }
        let members = self.scalers.by_service.values().filter(|other| other.pool.as_ref() == Some(pool));
        let mut sum = 0;
        for member in members {
            sum += ecs.truth(CLUSTER, member.service.as_str()).map_or(0, |truth| truth.desired);
            // Somebody else changed one a moment ago.
            let changed =
                self.counts.get(&member.service).and_then(|counts| counts.last()).map(|(at, _)| *at);
            let is_lately = changed.is_some_and(|at| now.duration_since(at) < LATELY);
            let is_ours = |at: Timestamp| {
                self.issued
                    .get(&member.service)
                    .is_some_and(|issued| issued.at <= at && at <= later(later(issued.at)))
            };
            if is_lately && !changed.is_some_and(is_ours) {
                return;
            }
        }
        if sum > *ceiling {
            let what =
                format!("{} gets {} tasks, and {pool} has {sum} of {ceiling}", effect.service, effect.to);
            found.push((Invariant::PoolsHold, what));
        }
    }
}

/// As long as a call may be under way.
fn later(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(10)).unwrap_or(at)
}
