//! Queues what is due.
//!
//! A sweep tells nothing itself: a function has only so much time, and a message of the queue has its own retries. What it
//! queues is left alone by the next sweeps while its message is on its way.

use steward::ledger::{Due, LedgerError, Owner, Record};
use steward::notification::Subject;
use steward::ports::{Channel, Clock, Evidence, Ledger, Postpone, Tell};

use crate::{Handler, ON_ITS_WAY};

/// How many due subjects are looked at together.
const PAGE: usize = 100;

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// What it queued.
    pub queued: Vec<Subject>,
    /// What it could not read or queue; it stays due.
    pub failed: Vec<String>,
    /// Whether time ended before everything was looked at: the next sweep goes on.
    pub is_cut: bool,
}

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// Queues what is due.
    ///
    /// # Errors
    ///
    /// Where the ledger does not say what is due.
    pub async fn sweep(&self) -> Result<Swept, LedgerError> {
        let now = self.ports.clock.now();
        let mut swept = Swept::default();
        let mut last: Option<Due> = None;
        loop {
            let page = self.ports.ledger.due(Owner::Shared, now, last.as_ref(), PAGE).await?;
            for due in &page {
                if self.is_out_of_time() {
                    swept.is_cut = true;
                    return Ok(swept);
                }
                // An item that cannot be read must not hold up the others.
                match self.queue(due).await {
                    Ok(queued) => swept.queued.extend(queued),
                    Err(problem) => swept.failed.push(problem),
                }
            }
            if page.len() < PAGE {
                return Ok(swept);
            }
            last = page.into_iter().last();
        }
    }

    async fn queue(&self, due: &Due) -> Result<Option<Subject>, String> {
        let found = self.ports.ledger.read(std::slice::from_ref(&due.key)).await;
        let found = found.map_err(|error| error.to_string())?.into_iter().flatten().next();
        let Some(stored) = found else { return Ok(None) };
        let Record::News(news) = &stored.record else { return Ok(None) };
        self.ports
            .queue
            .nudge(&news.subject, jiff::SignedDuration::ZERO)
            .await
            .map_err(|error| error.to_string())?;
        let due = self.ports.clock.now() + ON_ITS_WAY;
        // Where it was told or became newer meanwhile, that is how it stays.
        let _newer =
            self.write_news(news, Some(&stored), Some(due)).await.map_err(|error| error.to_string())?;
        Ok(Some(news.subject.clone()))
    }
}
