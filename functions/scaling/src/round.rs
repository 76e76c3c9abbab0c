//! A round: everything is looked at, what is shared is shared, and each service is decided about.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use steward::config::Mode;
use steward::observed::Observed;
use steward::ports::{AutoScaling, Clock, Ledger, ReadQueues, ScaleServices, Tell, Wait};
use steward::scaling::{
    Answer, Claim, Decision, Leave, Memory, OrderState, PoolName, Query, Reading, decide, share,
};

use crate::unit::Unit;
use crate::{Done, Handler, MINUTE, PARALLEL};

/// ECS takes five UpdateService calls a second in the long run, and others make some, too.
const ORDERS_A_SECOND: i64 = 4;

/// What a service would have if nothing were shared.
struct Wish {
    decision: Option<Box<Decision>>,
    leave: Leave,
}

/// What a service may have, and do.
struct Grant {
    share: Option<(PoolName, u32)>,
    leave: Leave,
    may_order: bool,
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
    /// Rounds until the minute or the invocation ends.
    pub(crate) async fn rounds(&self, units: &mut [Unit<'_>], begun: Timestamp, done: &mut Done) {
        if units.is_empty() {
            return;
        }
        let ends = after(begun, MINUTE);
        let mut at = self.now();
        self.ask_for_minutes(units, done).await;
        loop {
            done.rounds += 1;
            self.round(units, done).await;
            // A round that took longer than there is between two is followed by the next at once.
            at = after(at, self.settings.scalers.every).max(self.now());
            if at >= ends {
                return;
            }
            if self.settings.deadline.is_near(at) {
                done.is_cut = true;
                return;
            }
            self.ports.clock.until(at).await;
        }
    }

    async fn round(&self, units: &mut [Unit<'_>], done: &mut Done) {
        for unit in units.iter_mut().filter(|unit| unit.is_stale) {
            self.read_anew(unit, done).await;
        }
        self.count(units, done).await;
        self.describe(units, done).await;
        self.ask_for_owners(units, done).await;
        let now = self.now();
        for unit in units.iter_mut() {
            match (&unit.service, &mut unit.record.order) {
                (Observed::Known(service), Some(order)) => order.settle(service.reading.desired.0, now),
                // With the service the count is gone by which an order is read back.
                (Observed::Absent, Some(order)) if order.state == OrderState::Issued => {
                    order.state = OrderState::Overtaken;
                }
                _ => {}
            }
        }
        let grants = self.grants(units, now, done);
        let mut turns = stream::iter(units.iter_mut().zip(grants))
            .filter(|(unit, _)| std::future::ready(unit.unreadable.is_none() && !unit.is_stale))
            .map(|(unit, grant)| self.turn(unit, grant))
            .buffered(PARALLEL);
        while let Some(part) = turns.next().await {
            done.merge(part);
        }
    }

    /// Shares what is shared, and the calls that ECS takes: whoever's messages wait longest comes first.
    fn grants(&self, units: &[Unit<'_>], now: Timestamp, done: &mut Done) -> Vec<Grant> {
        let wishes: Vec<Wish> = units.iter().map(|unit| self.wish(unit, now)).collect();
        let mut shares: BTreeMap<usize, (PoolName, u32)> = BTreeMap::new();
        let mut by_pool: BTreeMap<&PoolName, Vec<usize>> = BTreeMap::new();
        for (place, pool) in
            units.iter().enumerate().filter_map(|(at, unit)| Some((at, unit.scaler.pool.as_ref()?)))
        {
            by_pool.entry(pool).or_default().push(place);
        }
        for (pool, ceiling) in &self.settings.scalers.pools {
            let members = by_pool.remove(pool).unwrap_or_default();
            let claims = |may_all_grow: bool| -> Vec<Claim> {
                let pairs =
                    members.iter().filter_map(|place| Some((units.get(*place)?, wishes.get(*place)?)));
                pairs.map(|(unit, wish)| claim(unit, wish, may_all_grow, now)).collect()
            };
            // Whoever only observes takes nothing away from those that act, and is shown what it would get.
            let (of_all, of_those_that_act) =
                (share(*ceiling, &claims(true)), share(*ceiling, &claims(false)));
            for (place, (shown, given)) in members.iter().zip(of_all.into_iter().zip(of_those_that_act)) {
                let acts = units.get(*place).is_some_and(may_grow);
                shares.insert(*place, (pool.clone(), if acts { given } else { shown }));
            }
        }
        let mut orders: Vec<(bool, SignedDuration, usize)> = Vec::new();
        for (place, (unit, wish)) in units.iter().zip(&wishes).enumerate() {
            let Some(decision) = wish.decision.as_ref().filter(|_| unit.mode() != Mode::Observe) else {
                continue;
            };
            if let Some(order) = decision.order {
                orders.push((order.to > order.from, decision.estimate.wait, place));
            }
        }
        orders.sort_by(|a, b| b.cmp(a));
        let each_round = ORDERS_A_SECOND * self.settings.scalers.every.as_secs();
        let later = orders.split_off(orders.len().min(usize::try_from(each_round).unwrap_or(1)));
        let later: BTreeSet<usize> = later.into_iter().map(|(.., place)| place).collect();
        done.deferred += later.len();
        let grant = |(place, wish): (usize, Wish)| Grant {
            share: shares.remove(&place),
            leave: wish.leave,
            may_order: !later.contains(&place),
        };
        wishes.into_iter().enumerate().map(grant).collect()
    }

    /// What a service would have if nothing were shared and no task protected itself.
    fn wish(&self, unit: &Unit<'_>, now: Timestamp) -> Wish {
        let leave = self.leave(unit, now);
        let mut reading = unit.reading(leave.clone(), None, now);
        reading.protected = Some(Observed::Known(0));
        let decision = match decide(unit.scaler, &unit.record.memory, &reading, now) {
            Answer::Decided(decision, _) if unit.unreadable.is_none() => Some(decision),
            Answer::Decided(..) | Answer::Ask(_) => None,
        };
        Wish { decision, leave }
    }

    async fn turn(&self, unit: &mut Unit<'_>, grant: Grant) -> Done {
        let mut done = Done::default();
        let now = self.now();
        if let Some((decision, memory, reading)) = self.decide(unit, &grant, now, &mut done).await {
            unit.reading = Some(reading);
            self.carry_out(unit, decision, memory, grant.may_order, &mut done).await;
        }
        done
    }

    /// Decides; what must be known besides is read in between. `None`: it asks for what it was told already.
    async fn decide(
        &self,
        unit: &Unit<'_>,
        grant: &Grant,
        now: Timestamp,
        done: &mut Done,
    ) -> Option<(Box<Decision>, Memory, Reading)> {
        let mut reading = unit.reading(grant.leave.clone(), grant.share.clone(), now);
        loop {
            match decide(unit.scaler, &unit.record.memory, &reading, now) {
                Answer::Decided(decision, memory) => return Some((decision, *memory, reading)),
                Answer::Ask(Query::Protected) if reading.protected.is_none() => {
                    let read = self.ports.services.protected(&unit.cluster, &unit.scaler.service).await;
                    done.failed.extend(read.as_ref().err().map(ToString::to_string));
                    reading.protected = Some(Observed::of(read.map(Some)));
                }
                Answer::Ask(Query::Protected) => return None,
            }
        }
    }
}

fn claim(unit: &Unit<'_>, wish: &Wish, may_all_grow: bool, now: Timestamp) -> Claim {
    // Of what cannot be read nobody knows that it has less than it may.
    let read = unit.desired().unwrap_or(unit.scaler.bounds.max);
    let ordered = unit.record.order.as_ref().and_then(|order| order.may_have_set(now));
    let has = read.max(ordered.unwrap_or(0));
    let wanted = wish.decision.as_ref().map_or(has, |decision| decision.wanted);
    let needs = if may_all_grow || may_grow(unit) { wanted } else { wanted.min(has) };
    Claim { has, needs }
}

/// Whether a service can get more tasks from Steward.
fn may_grow(unit: &Unit<'_>) -> bool {
    unit.mode() != Mode::Observe && !unit.scaler.suspended && unit.service.known().is_some()
}

fn after(at: Timestamp, pause: SignedDuration) -> Timestamp {
    at.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
