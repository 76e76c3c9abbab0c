//! The outbox: news are written with what they are about, or not at all.
//!
//! A function nudges the `tell` queue after the transaction. Where it does not, or the nudge is lost, the news is due in
//! the ledger, and a sweep of the notifications function finds it.

use jiff::{SignedDuration, Timestamp};

use super::{Key, LedgerError, News, Record, Write};
use crate::notification::Subject;
use crate::ports::Ledger;

/// A nudge has so long to arrive before a sweep takes it for lost.
pub const NUDGE_MARGIN: SignedDuration = SignedDuration::from_secs(15);

/// Adds the news of `subjects` to a transaction. `grouping` is how long news gather before the first message about them.
///
/// # Errors
///
/// Where the news told so far cannot be read.
pub async fn push_news<L: Ledger>(
    ledger: &L,
    writes: &mut Vec<Write>,
    subjects: &[Subject],
    grouping: SignedDuration,
    now: Timestamp,
) -> Result<(), LedgerError> {
    if subjects.is_empty() {
        return Ok(());
    }
    let keys: Vec<Key> = subjects.iter().map(Key::news).collect();
    for (subject, stored) in subjects.iter().zip(ledger.read(&keys).await?) {
        let known = match stored.as_ref().map(|stored| &stored.record) {
            Some(Record::News(news)) => Some(news),
            _ => None,
        };
        let news = Record::News(News::next(subject.clone(), known, now));
        let due = now.saturating_add(grouping + NUDGE_MARGIN).unwrap_or(Timestamp::MAX);
        writes.push(Write { due: Some(due), ..Write::new(Key::news(subject), stored.as_ref(), news) });
    }
    Ok(())
}
