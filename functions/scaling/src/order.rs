//! An order on its way: claimed in the ledger, checked once more, called once, recorded.
//!
//! # Guarantees
//!
//! * An order is in the ledger as issued before ECS is called, with a condition on the item as it was read.
//! * Between the claim and the call the switch and the count are read again. A call is one request.
//! * An order of which nobody knows whether it took effect is read off the count: it names an absolute number.

use jiff::{SignedDuration, Timestamp};
use steward::config::Mode;
use steward::ledger::{Key, LedgerError, Record, Scope, Stored, Transaction, Write, push_news};
use steward::notification::Subject;
use steward::ports::{AutoScaling, Clock, Ledger, Meaning, ReadQueues, ScaleServices, Tell, Wait};
use steward::scaling::{Decision, Memory, Order, OrderState, ScalerTrouble, Standing};

use crate::unit::Unit;
use crate::{Done, Handler, Ordered, PARALLEL};

use futures_util::stream::{self, StreamExt};

/// A call may take so long.
const CALL: SignedDuration = SignedDuration::from_secs(10);
/// What ECS refused it would refuse again: the next order waits for so long.
const REFUSED: SignedDuration = SignedDuration::from_mins(5);
/// A proposal stands for so long at the least: whoever looks at it can answer it.
const STANDS: SignedDuration = SignedDuration::from_mins(1);

/// What becomes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is remembered.
    Nothing,
    /// A person is asked.
    Propose(Order),
    /// ECS is called.
    Call(Order),
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
    /// Does what was decided, and remembers it.
    pub(crate) async fn carry_out(
        &self,
        unit: &mut Unit<'_>,
        decision: Box<Decision>,
        memory: Memory,
        may_order: bool,
        done: &mut Done,
    ) {
        let now = self.now();
        let way = way(unit, &decision, may_order, now);
        let before = std::mem::replace(&mut unit.record.memory, memory);
        let has_order = decision.order.is_some();
        unit.record.decision = Some(decision);
        match way {
            Way::Nothing => {
                unit.record.memory.take_back_order(&before);
                if !has_order {
                    drop_proposal(unit);
                }
            }
            Way::Propose(order) => {
                unit.record.memory.take_back_order(&before);
                stand(unit, order, OrderState::Proposed, now);
            }
            Way::Call(order) => {
                let approved_by = unit.record.order.take().and_then(|standing| standing.approved_by);
                stand(unit, order, OrderState::Issued, now);
                if let Some(standing) = &mut unit.record.order {
                    standing.approved_by = approved_by;
                }
            }
        }
        self.follow(unit, done).await;
        if way != Way::Nothing || unit.telling.is_some() {
            self.write(unit, done).await;
        }
        if let Way::Call(order) = way
            && !unit.is_stale
        {
            self.call(unit, order, &before, done).await;
        }
        if let Some(standing) = unit.record.order.as_ref().filter(|_| way != Way::Nothing && !unit.is_stale) {
            done.orders.push(Ordered {
                cluster: unit.scaler.cluster.clone(),
                service: unit.scaler.service.clone(),
                from: standing.from,
                to: standing.to,
                state: standing.state,
            });
        }
    }

    /// Calls ECS, and records what came of it.
    async fn call(&self, unit: &mut Unit<'_>, order: Order, before: &Memory, done: &mut Done) {
        unit.must_read = true;
        let state = match self.gate(unit, order).await {
            Err(state) => state,
            Ok(()) => match self.ports.services.scale(&unit.cluster, &unit.scaler.service, order.to).await {
                Ok(()) => OrderState::Confirmed,
                Err(error) => {
                    done.failed.insert(error.to_string());
                    match error.meaning {
                        Meaning::Unknown => OrderState::Issued,
                        Meaning::Throttled => OrderState::Withdrawn,
                        Meaning::Refused | Meaning::Overtaken | Meaning::Conflict { .. } => {
                            OrderState::Refused
                        }
                    }
                }
            },
        };
        if !matches!(state, OrderState::Confirmed | OrderState::Issued) {
            unit.record.memory.take_back_order(before);
        }
        if let Some(standing) = &mut unit.record.order {
            standing.state = state;
        }
        // What is still issued stands there so already.
        if state != OrderState::Issued {
            self.follow(unit, done).await;
            self.write(unit, done).await;
        }
    }

    /// Reads again what the order rests on.
    async fn gate(&self, unit: &mut Unit<'_>, order: Order) -> Result<(), OrderState> {
        let scopes = [Scope::Global, Scope::Cluster(unit.cluster.clone())];
        let switches = self.ports.ledger.read(&scopes.each_ref().map(Key::switch)).await;
        // A switch that cannot be read is off.
        let Ok(switches) = switches else { return Err(OrderState::Withdrawn) };
        let is_paused =
            |stored: Stored| matches!(stored.record, Record::Switch(switch) if switch.paused.is_some());
        if switches.into_iter().flatten().any(is_paused) {
            return Err(OrderState::Withdrawn);
        }
        let names = [unit.scaler.service.clone()];
        let Ok(mut found) = self.ports.services.services(&unit.cluster, &names).await else {
            return Err(OrderState::Withdrawn);
        };
        let Some(service) = found.remove(&unit.scaler.service) else { return Err(OrderState::Overtaken) };
        if service.reading.desired.0 != order.from {
            return Err(OrderState::Overtaken);
        }
        if service.not_scalable.is_some() || service.mode(unit.scaler.mode) < unit.mode() {
            return Err(OrderState::Withdrawn);
        }
        // A deployment that has begun meanwhile needs its tasks.
        if order.to < order.from && service.reading.is_deploying {
            return Err(OrderState::Withdrawn);
        }
        // Whoever looks after the service next may be at work by then.
        let is_late = self.now().saturating_add(CALL).map_or(true, |ends| ends > unit.until);
        if is_late { Err(OrderState::Withdrawn) } else { Ok(()) }
    }

    /// Writes what is known of a service, with its news. Where somebody else wrote meanwhile, or nobody knows whether this
    /// was written, the item is read anew before anything else is done.
    pub(crate) async fn write(&self, unit: &mut Unit<'_>, done: &mut Done) {
        let (keep, now) = (self.settings.keep, self.now());
        let write = Write::of_scaler(unit.record.clone(), unit.stored.as_ref(), keep, now);
        let written = Stored::by(&write, unit.stored.as_ref());
        let mut writes = vec![write];
        let told = unit.telling.clone().map(|trouble| {
            let subject = trouble.subject();
            // A trouble that was opened just now is none that was read.
            let known = unit.trouble.as_ref().filter(|_| is_same(unit.trouble.as_ref(), &trouble));
            let write = Write::of_scaler_trouble(trouble, known, keep, now);
            let stored = Stored::by(&write, known);
            writes.push(write);
            (subject, stored)
        });
        let subjects: Vec<Subject> = told.iter().map(|(subject, _)| subject.clone()).collect();
        let pushed = push_news(self.ports.ledger, &mut writes, &subjects, self.settings.grouping, now).await;
        let outcome = match pushed {
            Ok(()) => self.ports.ledger.commit(Transaction { writes }).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                unit.stored = Some(written);
                if let Some((subject, stored)) = told {
                    unit.trouble = Some(stored);
                    unit.telling = None;
                    done.news.insert(subject);
                }
            }
            Err(error) => {
                unit.is_stale = true;
                if matches!(error, LedgerError::Conflict { .. }) {
                    done.overtaken += 1;
                } else {
                    done.failed.insert(error.to_string());
                }
            }
        }
    }

    /// Writes what is not written yet: what a minute of readings came to.
    pub(crate) async fn remember(&self, units: &mut [Unit<'_>], done: &mut Done) {
        let is_new = |unit: &&mut Unit<'_>| {
            let stored = unit.stored.as_ref().map(|stored| &stored.record);
            let is_written = matches!(stored, Some(Record::Scaler(stored)) if **stored == unit.record);
            unit.unreadable.is_none() && !unit.is_stale && !is_written
        };
        let mut writes = stream::iter(units.iter_mut().filter(is_new))
            .map(|unit| async move {
                let mut done = Done::default();
                self.write(unit, &mut done).await;
                done
            })
            .buffered(PARALLEL);
        while let Some(part) = writes.next().await {
            done.merge(part);
        }
    }
}

/// What becomes of a decision: by the mode, by what stands already, and by what ECS said to the last order.
fn way(unit: &Unit<'_>, decision: &Decision, may_order: bool, now: Timestamp) -> Way {
    let Some(order) = decision.order else { return Way::Nothing };
    let standing = unit.record.order.as_ref();
    let age = standing.map(|standing| now.duration_since(standing.at));
    let is_refused = standing.is_some_and(|standing| standing.state == OrderState::Refused);
    if !may_order || (is_refused && age.is_some_and(|age| age < REFUSED)) {
        return Way::Nothing;
    }
    let proposal = standing.filter(|standing| standing.state == OrderState::Proposed);
    match (unit.mode(), proposal) {
        (Mode::Observe, _) => Way::Nothing,
        (Mode::Act, _) => Way::Call(order),
        (Mode::Propose, Some(proposal)) if proposal.approved_by.is_some() && proposal.is_within(order) => {
            Way::Call(Order { from: proposal.from, to: proposal.to })
        }
        (Mode::Propose, Some(proposal)) if (proposal.from, proposal.to) == (order.from, order.to) => {
            Way::Nothing
        }
        (Mode::Propose, Some(proposal))
            if proposal.is_within(order) && age.is_some_and(|age| age < STANDS) =>
        {
            Way::Nothing
        }
        (Mode::Propose, _) => Way::Propose(order),
    }
}

/// Gives a service an order of the next epoch.
fn stand(unit: &mut Unit<'_>, order: Order, state: OrderState, at: Timestamp) {
    unit.record.epoch += 1;
    let (epoch, Order { from, to }) = (unit.record.epoch, order);
    unit.record.order = Some(Standing { epoch, from, to, at, state, approved_by: None });
}

/// A proposal that is not wanted any more is over.
fn drop_proposal(unit: &mut Unit<'_>) {
    if let Some(standing) =
        unit.record.order.as_mut().filter(|standing| standing.state == OrderState::Proposed)
    {
        standing.state = OrderState::Overtaken;
    }
}

fn is_same(stored: Option<&Stored>, trouble: &ScalerTrouble) -> bool {
    matches!(stored.map(|stored| &stored.record), Some(Record::ScalerTrouble(known)) if known.opened_at == trouble.opened_at)
}
