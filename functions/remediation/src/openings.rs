//! Remembers by cluster what began to fail, so that an outage shows.
//!
//! One item of a cluster holds what began to fail in all of its targets. Within the stories' transactions a hundred targets
//! that fail in one moment would be in each other's way; so it is written once a cluster and batch, after the stories. What
//! is written follows from the stories as they stand: where a batch comes again because this write, or the invocation,
//! failed, it is made up for.

use jiff::Timestamp;
use steward::arn::ClusterArn;
use steward::config::Policy;
use steward::incident::Began;
use steward::ledger::{Key, LedgerError, Openings, Record, Transaction, Write};
use steward::ports::Ledger;

/// How often the item is read and merged again when others write it, too.
const MAX_TRIES: usize = 5;

/// Adds what began to fail to the cluster's item. What it knows already is no write.
pub(crate) async fn remember<L: Ledger>(
    ledger: &L,
    cluster: &ClusterArn,
    began: &[Began],
    policy: &Policy,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let key = Key::cluster(cluster);
    let mut tries = 1;
    loop {
        let stored = ledger.read(std::slice::from_ref(&key)).await?.pop().flatten();
        let known = match stored.as_ref().and_then(|stored| stored.live(now)) {
            Some(Record::Openings(openings)) => openings.clone(),
            _ => Openings::none(cluster.clone()),
        };
        let new: Vec<_> = began.iter().flat_map(|began| began.unknown_to(&known)).collect();
        let next = known.with(&new, now);
        if new.is_empty() || next == known {
            return Ok(());
        }
        let expires = now.saturating_add(policy.keep_closed).unwrap_or(Timestamp::MAX);
        let write = Write::new(key.clone(), stored.as_ref(), Record::Openings(next));
        let writes = vec![Write { expires: Some(expires), ..write }];
        match ledger.commit(Transaction { writes }).await {
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
            result => return result,
        }
    }
}
