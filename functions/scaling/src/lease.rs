//! Who looks after a part of the services: one invocation at a time.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use steward::ledger::{Key, LedgerError, Record, Stored, Transaction, Write};
use steward::ports::{AutoScaling, Clock, Ledger, ReadQueues, ScaleServices, Tell, Wait};
use steward::scaling::Loop;

use crate::{Done, Handler};

/// As long as an invocation may last, and a call of its that was begun last.
const LEASE: SignedDuration = SignedDuration::from_secs(85);
/// So long the next tick waits for what an invocation that died has left behind.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// A part that another invocation looks after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub shard: u32,
    /// The invocation that does.
    pub owner: String,
    /// Until when it may; absent: it was a moment faster.
    pub until: Option<Timestamp>,
}

/// A part that this invocation looks after.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lease {
    pub(crate) shard: u32,
    pub(crate) until: Timestamp,
    stored: Stored,
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
    /// Takes the parts that have services and that nobody looks after. One whose lease ends soon is waited for: whoever has it
    /// still would have given it back.
    pub(crate) async fn take(&self, done: &mut Done) -> Result<Vec<Lease>, LedgerError> {
        let scalers = self.settings.scalers.by_service.values();
        let mut open: BTreeSet<u32> = scalers.map(Loop::shard_of).collect();
        let mut leases = Vec::new();
        for is_last in [false, true] {
            let mut held = Vec::new();
            let keys: Vec<Key> = open.iter().map(|shard| Key::scaling_loop(*shard)).collect();
            for (shard, stored) in open.iter().zip(self.ports.ledger.read(&keys).await?) {
                match self.take_one(*shard, stored).await? {
                    Ok(lease) => leases.push(lease),
                    Err(other) => held.push(other),
                }
            }
            let last = held.iter().filter_map(|other| other.until).max();
            let waits = last.filter(|until| !is_last && until.duration_since(self.now()) <= PATIENCE);
            let Some(until) = waits else {
                done.held = held;
                break;
            };
            open = held.iter().map(|other| other.shard).collect();
            self.ports.clock.until(until).await;
        }
        Ok(leases)
    }

    async fn take_one(&self, shard: u32, stored: Option<Stored>) -> Result<Result<Lease, Held>, LedgerError> {
        let now = self.now();
        if let Some(Record::ScalingLoop(other)) = stored.as_ref().map(|stored| &stored.record)
            && other.until > now
        {
            return Ok(Err(Held { shard, owner: other.owner.clone(), until: Some(other.until) }));
        }
        let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        let held = Loop { shard, owner: self.settings.owner.clone(), until };
        let record = Record::ScalingLoop(held.clone());
        let write = Write::of_scaling_loop(held, stored.as_ref());
        match self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
            Ok(()) => {
                let version = stored.map_or(1, |stored| stored.version + 1);
                Ok(Ok(Lease { shard, until, stored: Stored { version, record, expires: None } }))
            }
            Err(LedgerError::Conflict { .. }) => {
                Ok(Err(Held { shard, owner: "another invocation".to_owned(), until: None }))
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the parts back: the next tick need not wait for the leases to end. Where that fails it does.
    pub(crate) async fn give_back(&self, leases: Vec<Lease>, done: &mut Done) {
        for lease in leases {
            let Lease { shard, stored, .. } = lease;
            let held = Loop { shard, owner: self.settings.owner.clone(), until: self.now() };
            let write = Write::of_scaling_loop(held, Some(&stored));
            if let Err(error) = self.ports.ledger.commit(Transaction { writes: vec![write] }).await {
                done.failed.insert(error.to_string());
            }
        }
    }
}
