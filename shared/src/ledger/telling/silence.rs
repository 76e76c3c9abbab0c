//! What people do not want to be told for a while.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::action::Ruling;
use crate::config::{Match, Matched, Matches};

/// So many silences are kept: the item that holds them is read with every alert.
pub const MAX_SILENCES: usize = 100;

/// The short name of a silence.
pub type SilenceId = String;

/// All silences that were not forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Silences {
    /// In the order of asking.
    pub silences: Vec<Silence>,
}

/// Somebody asked not to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name.
    pub id: SilenceId,
    /// Of what.
    pub about: Match,
    /// Until when.
    pub until: Timestamp,
    /// Who asked, when and why.
    pub asked: Ruling,
    /// Who ended it before its time.
    #[serde(default)]
    pub ended: Option<Ruling>,
}

impl Silence {
    /// One that begins now. Its name follows from all that it says.
    pub fn new(about: Match, until: Timestamp, asked: Ruling) -> Self {
        let mut digest = Sha256::new();
        digest.update(serde_json::to_vec(&about).unwrap_or_default());
        digest.update(format!("#{until}#{}#{}", asked.at, asked.by));
        let bits = digest.finalize().iter().take(4).fold(0, |bits: u32, byte| (bits << 8) | u32::from(*byte));
        Self { id: format!("{bits:08x}"), about, until, asked, ended: None }
    }

    /// Whether it holds at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.until > now
    }
}

impl Silences {
    /// The silence that holds for a subject the longest. Where tags decide and are not known, none does: rather an alert too many.
    pub fn of(&self, subject: &Matched<'_>, now: Timestamp) -> Option<&Silence> {
        self.silences
            .iter()
            .filter(|silence| silence.holds(now) && silence.about.matches(subject) == Matches::Yes)
            .max_by_key(|silence| silence.until)
    }

    /// With one more. What is over for longest makes room; `None`: all that are kept still hold.
    #[must_use]
    pub fn with(&self, silence: Silence, now: Timestamp) -> Option<Self> {
        let mut silences = self.silences.clone();
        silences.push(silence);
        while silences.len() > MAX_SILENCES {
            let oldest = silences.iter().position(|silence| !silence.holds(now))?;
            silences.remove(oldest);
        }
        Some(Self { silences })
    }

    /// Whether some silence, or none, may depend on tags.
    pub fn asks_for_tags(&self, now: Timestamp) -> bool {
        self.silences.iter().any(|silence| silence.holds(now) && !silence.about.tags.is_empty())
    }
}
