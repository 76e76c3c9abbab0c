//! What people decide about scaling: to allow what is proposed.
//!
//! It is a conditional write of the ledger alone. The scaling function does what was allowed, under every guard, if no less is
//! needed by then.

use jiff::SignedDuration;

use super::{OrderState, Standing};
use crate::action::Ruling;
use crate::apply::people::{Person, Taken};
use crate::incident::Target;
use crate::ledger::{Key, LedgerError, Record, Transaction, Write};
use crate::ports::Ledger;
use crate::redact::redact;

/// The scaling function may write the item meanwhile: then it is read again, so often at most.
const MAX_TRIES: usize = 5;

/// Why a proposal was not allowed. Then nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unapproved {
    /// Nothing is known of the service.
    #[error("nothing is known of scaling {0}: is it in the configuration that the stack applied?")]
    Unknown(Target),
    /// Nobody is asked.
    #[error("nothing is proposed for {0} at the moment: `steward scaling` shows how it stands")]
    NotProposed(Target),
    /// Another number of tasks is proposed by now.
    #[error("{target}: by now {from} → {to} tasks are proposed; allow that, or look again")]
    Another {
        /// Which service.
        target: Target,
        /// `desiredCount` as it is.
        from: u32,
        /// As it would be.
        to: u32,
    },
    /// The ledger does not answer, or refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Allows what is proposed for a service; with `to`, only if it is that number of tasks.
///
/// # Errors
///
/// [`Unapproved`]: then nothing was written.
pub async fn approve<L: Ledger>(
    ledger: &L,
    target: &Target,
    to: Option<u32>,
    keep: SignedDuration,
    person: &Person,
) -> Result<Taken<Standing>, Unapproved> {
    let key = Key::scaler(target);
    let mut tries = 0;
    loop {
        tries += 1;
        let stored = ledger.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let Some(Record::Scaler(mut record)) = stored.as_ref().and_then(|it| it.live(person.now)).cloned()
        else {
            return Err(Unapproved::Unknown(target.clone()));
        };
        let order = record.order.as_mut().filter(|order| order.state == OrderState::Proposed);
        let Some(order) = order else { return Err(Unapproved::NotProposed(target.clone())) };
        if to.is_some_and(|to| to != order.to) {
            return Err(Unapproved::Another { target: target.clone(), from: order.from, to: order.to });
        }
        if let Some(by) = order.approved_by.clone() {
            return Ok(Taken::Already(order.clone(), Ruling { by, at: order.at, why: None }));
        }
        order.approved_by = Some(redact(&person.by).to_string());
        let approved = order.clone();
        let writes = vec![Write::of_scaler(*record, stored.as_ref(), keep, person.now)];
        match ledger.commit(Transaction { writes }).await {
            Ok(()) => return Ok(Taken::Now(approved)),
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MemoryLedger;
    use crate::scaling::ScalerRecord;
    use crate::scaling::sample::{at, target};

    fn run<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(output) => output,
            std::task::Poll::Pending => panic!("a ledger in memory never waits"),
        }
    }

    fn person() -> Person {
        Person { by: "ana password=hunter2hunter2".to_owned(), why: None, now: at("03:10:00") }
    }

    fn asked(state: OrderState) -> MemoryLedger {
        let order = Standing { epoch: 3, from: 3, to: 12, at: at("03:08:00"), state, approved_by: None };
        let record = ScalerRecord { order: Some(order), ..ScalerRecord::new(target()) };
        let ledger = MemoryLedger::new();
        let writes = vec![Write::of_scaler(record, None, SignedDuration::from_hours(1), at("03:08:00"))];
        run(ledger.commit(Transaction { writes })).unwrap();
        ledger
    }

    fn allow(ledger: &MemoryLedger, to: Option<u32>) -> Result<Taken<Standing>, Unapproved> {
        run(approve(ledger, &target(), to, SignedDuration::from_hours(1), &person()))
    }

    #[test]
    fn what_is_proposed_is_allowed_once_and_by_a_name_without_secrets() {
        let ledger = asked(OrderState::Proposed);
        let Ok(Taken::Now(order)) = allow(&ledger, Some(12)) else { panic!("it is proposed") };
        assert_eq!((order.state, order.to), (OrderState::Proposed, 12));
        assert_eq!(order.approved_by.as_deref(), Some("ana password=[redacted]"));
        let Ok(Taken::Already(again, _)) = allow(&ledger, None) else { panic!("it is allowed already") };
        assert_eq!(again, order);
    }

    #[test]
    fn nothing_else_is_allowed() {
        for state in [OrderState::Issued, OrderState::Confirmed, OrderState::Overtaken, OrderState::Withdrawn]
        {
            assert_eq!(allow(&asked(state), None), Err(Unapproved::NotProposed(target())));
        }
        let another = Unapproved::Another { target: target(), from: 3, to: 12 };
        assert_eq!(allow(&asked(OrderState::Proposed), Some(14)), Err(another));
        assert_eq!(allow(&MemoryLedger::new(), None), Err(Unapproved::Unknown(target())));
    }
}
