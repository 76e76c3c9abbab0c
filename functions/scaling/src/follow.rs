//! What people must hear of a service: its trouble, which is written with what it follows from.

use steward::ledger::{Key, LedgerError, Record};
use steward::ports::{AutoScaling, Clock, Ledger, ReadQueues, ScaleServices, Tell, Wait};
use steward::scaling::{Followed, ScalerTrouble, Sight, follow};

use crate::unit::Unit;
use crate::{Done, Handler};

impl<L, Q, S, A, T, C> Handler<'_, L, Q, S, A, T, C>
where
    L: Ledger,
    Q: ReadQueues,
    S: ScaleServices,
    A: AutoScaling,
    T: Tell,
    C: Clock + Wait,
{
    /// Follows the latest decision, and the order as it stands. What is news goes into the next write. Where the trouble that
    /// goes on cannot be read, nothing is followed: what stands by then is found by the next round.
    pub(crate) async fn follow(&self, unit: &mut Unit<'_>, done: &mut Done) {
        if let Err(error) = self.read_trouble(unit).await {
            done.failed.insert(error.to_string());
            return;
        }
        let (Some(reading), Some(decision)) = (&unit.reading, &unit.record.decision) else { return };
        let sight = Sight {
            target: &unit.target,
            scaler: unit.scaler,
            reading,
            memory: &unit.record.memory,
            decision,
            order: unit.record.order.as_ref(),
        };
        // What is to be told already, and not written yet, goes on.
        let known = unit.telling.as_ref().or_else(|| trouble_of(unit));
        let Followed { streak, trouble, is_news } = follow(known, &unit.record.streak, &sight, self.now());
        unit.record.streak = streak;
        if is_news {
            unit.telling = trouble;
        }
    }

    /// Reads the trouble that the record names, once.
    async fn read_trouble(&self, unit: &mut Unit<'_>) -> Result<(), LedgerError> {
        let Some(opened_at) = unit.record.streak.trouble else { return Ok(()) };
        let is_known = |trouble: &ScalerTrouble| trouble.opened_at == opened_at;
        if unit.telling.as_ref().is_some_and(is_known) || trouble_of(unit).is_some_and(is_known) {
            return Ok(());
        }
        let key = Key::scaler_trouble(&unit.target, opened_at);
        unit.trouble = self.ports.ledger.read(&[key]).await?.into_iter().next().flatten();
        Ok(())
    }
}

/// The trouble, as it was read or written last.
fn trouble_of<'u>(unit: &'u Unit<'_>) -> Option<&'u ScalerTrouble> {
    match unit.trouble.as_ref().map(|stored| &stored.record) {
        Some(Record::ScalerTrouble(trouble)) => Some(trouble),
        _ => None,
    }
}
