//! What people do not want to be told for a while, and want to be told again.

use jiff::SignedDuration;

use super::{MAX_TRIES, Person, Taken};
use crate::config::{Duration, Match};
use crate::ledger::{
    Key, LedgerError, MAX_SILENCES, Record, Silence, SilenceId, Silences, Stored, Transaction, Write,
};
use crate::notification::moment;
use crate::ports::Ledger;

/// No silence is shorter.
pub const SHORTEST_SILENCE: SignedDuration = SignedDuration::from_mins(1);
/// No silence is longer: what is never to be told is a route's to say.
pub const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why a silence was not begun, or not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSilenced {
    /// It would be about every subject.
    #[error("a silence of everything: name a cluster, a service, a tag, a cause or a severity")]
    OfEverything,
    /// It is too short or too long.
    #[error(
        "{} is no time to be silent for: from {} to {}",
        Duration::new(*.asked), Duration::new(SHORTEST_SILENCE), Duration::new(LONGEST_SILENCE)
    )]
    Length {
        /// How long was asked for.
        asked: SignedDuration,
    },
    /// No more are kept.
    #[error("{MAX_SILENCES} silences hold, and no more are kept: `steward unsilence` ends one")]
    Full,
    /// There is no such silence.
    #[error("no silence has the id {id}: `steward silences` lists them all")]
    NoSuchSilence {
        /// Its id.
        id: SilenceId,
    },
    /// It is over by itself.
    #[error("silence {} was over by itself {}", .0.id, moment(.0.until))]
    Over(Box<Silence>),
    /// The ledger does not answer, or refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Begins a silence, now and for so long.
///
/// # Errors
///
/// [`NotSilenced`]: where it is not known whether it was written, none holds as far as anybody knows.
pub async fn silence<L: Ledger>(
    ledger: &L,
    about: Match,
    lasts: SignedDuration,
    person: &Person,
) -> Result<Silence, NotSilenced> {
    if about.is_about_all() {
        return Err(NotSilenced::OfEverything);
    }
    if !(SHORTEST_SILENCE..=LONGEST_SILENCE).contains(&lasts) {
        return Err(NotSilenced::Length { asked: lasts });
    }
    let until = person.now.saturating_add(lasts).unwrap_or(jiff::Timestamp::MAX);
    let new = Silence::new(about, until, person.ruling());
    let silenced = change(ledger, |silences| {
        let with = silences.with(new.clone(), person.now).ok_or(NotSilenced::Full)?;
        Ok((with, Taken::Now(new.clone())))
    });
    match silenced.await? {
        Taken::Now(silence) | Taken::Already(silence, _) => Ok(silence),
    }
}

/// Ends a silence before its time.
///
/// # Errors
///
/// [`NotSilenced`]: then it holds as long as it would have.
pub async fn unsilence<L: Ledger>(
    ledger: &L,
    id: &str,
    person: &Person,
) -> Result<Taken<Silence>, NotSilenced> {
    change(ledger, |silences| {
        let mut silences = silences.clone();
        let found = silences.silences.iter_mut().find(|silence| silence.id == id);
        let silence = found.ok_or_else(|| NotSilenced::NoSuchSilence { id: id.to_owned() })?;
        if let Some(ruling) = silence.ended.clone() {
            let silence = silence.clone();
            return Ok((silences, Taken::Already(silence, ruling)));
        }
        if !silence.holds(person.now) {
            return Err(NotSilenced::Over(Box::new(silence.clone())));
        }
        silence.ended = Some(person.ruling());
        let silence = silence.clone();
        Ok((silences, Taken::Now(silence)))
    })
    .await
}

/// All silences that are kept, those that are over among them.
///
/// # Errors
///
/// Where the ledger does not answer, or refuses.
pub async fn silences<L: Ledger>(ledger: &L) -> Result<Silences, LedgerError> {
    read(ledger).await.map(|(silences, _)| silences)
}

async fn read<L: Ledger>(ledger: &L) -> Result<(Silences, Option<Stored>), LedgerError> {
    let stored = ledger.read(&[Key::silences()]).await?.pop().flatten();
    let silences = match stored.as_ref().map(|stored| &stored.record) {
        Some(Record::Silences(silences)) => silences.clone(),
        _ => Silences::default(),
    };
    Ok((silences, stored))
}

/// Where it is as it should be already, nothing is written; where somebody else writes meanwhile, it is looked at again.
async fn change<L: Ledger>(
    ledger: &L,
    step: impl Fn(&Silences) -> Result<(Silences, Taken<Silence>), NotSilenced>,
) -> Result<Taken<Silence>, NotSilenced> {
    let mut tries = 1;
    loop {
        let (known, stored) = read(ledger).await?;
        let (silences, taken) = step(&known)?;
        if matches!(taken, Taken::Already(..)) {
            return Ok(taken);
        }
        let write = Write::new(Key::silences(), stored.as_ref(), Record::Silences(silences));
        match ledger.commit(Transaction { writes: vec![write] }).await {
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(taken),
        }
    }
}

#[cfg(test)]
mod tests;
