//! What fails together is told together.

use steward::config::Guards;
use steward::ledger::{Key, LedgerError, Outage, Record, Transaction, Write, push_news};
use steward::notification::{self, Shared, Subject};
use steward::ports::{Channel, Clock, Evidence, Ledger, Postpone, Tell};

use crate::gather::{About, Gathered};
use crate::{Handler, KEEP, MAX_TRIES};

/// A cluster's outage, after an incident was taken in.
pub(crate) struct Joined {
    pub(crate) subject: Subject,
    /// Whether people are to be told at once: it began, or ended.
    pub(crate) is_pressing: bool,
}

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// Takes an incident into the outage that it is a part of. `None`: it is a part of none.
    pub(crate) async fn join(&self, gathered: &mut Gathered) -> Result<Option<Joined>, LedgerError> {
        let About::Incident(incident) = gathered.about.clone() else { return Ok(None) };
        let guards: &Guards = &self.configuration.policy.guards;
        let cluster = incident.target.cluster().clone();
        let mut tries = 1;
        loop {
            let now = self.ports.clock.now();
            let (known, openings) = (gathered.outage.as_ref(), gathered.openings.as_ref());
            let Some(shared) = notification::shared(&incident, openings, known, guards, now) else {
                return Ok(None);
            };
            let next = joined(known, &incident, shared, guards, now);
            if known == Some(&next) {
                return Ok(Some(Joined { subject: next.subject(), is_pressing: false }));
            }
            let is_pressing =
                known.is_none_or(|known| known.since != next.since || known.is_open() != next.is_open());
            let mut writes = vec![Write {
                expires: (!next.is_open()).then(|| now + KEEP),
                ..Write::new(
                    Key::outage(&cluster),
                    gathered.outage_item.as_ref(),
                    Record::Outage(Box::new(next.clone())),
                )
            }];
            let grouping = self.configuration.notifications.grouping;
            push_news(self.ports.ledger, &mut writes, &[next.subject()], grouping, now).await?;
            match self.ports.ledger.commit(Transaction { writes }).await {
                Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
                result => {
                    result?;
                    return Ok(Some(Joined { subject: next.subject(), is_pressing }));
                }
            }
            gathered.outage_item = self.ports.ledger.read(&[Key::outage(&cluster)]).await?.pop().flatten();
            gathered.outage = match gathered.outage_item.as_ref().map(|stored| &stored.record) {
                Some(Record::Outage(outage)) => Some((**outage).clone()),
                _ => None,
            };
        }
    }
}

fn joined(
    known: Option<&Outage>,
    incident: &steward::incident::Incident,
    shared: Shared,
    guards: &Guards,
    now: jiff::Timestamp,
) -> Outage {
    let goes_on = |outage: &&Outage| {
        outage.resolved_at.is_none_or(|at| now.duration_since(at) <= guards.outage_within)
            || (!incident.is_open() && outage.has(incident))
    };
    let cluster = incident.target.cluster().clone();
    let mut next = known.filter(goes_on).cloned().unwrap_or_else(|| Outage::new(cluster, now));
    if incident.is_open() {
        next.causes.extend(shared.causes);
        next.zones.extend(shared.zones);
    }
    next.take(incident, now);
    next
}
