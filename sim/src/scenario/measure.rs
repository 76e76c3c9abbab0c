//! How long it took.

use jiff::{SignedDuration, Timestamp};

/// The times of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measures {
    /// The first failure; absent where nothing failed.
    pub first_failure: Option<Timestamp>,
    /// The first failure, or the first that happened.
    pub began: Timestamp,
    /// The first thing that was done about it: a call of Steward's, or ECS's going back.
    pub remedy: Option<Timestamp>,
    /// Since when all is well: every task runs, on a deployment that is over, until the end.
    pub recovered: Option<Timestamp>,
}

impl Measures {
    /// From the first failure, or the first that happened, to the remedy.
    pub fn until_remedy(&self) -> Option<SignedDuration> {
        self.remedy.map(|at| at.duration_since(self.began))
    }

    /// From the first failure to recovery.
    pub fn until_recovery(&self) -> Option<SignedDuration> {
        self.recovered.map(|at| at.duration_since(self.began))
    }
}

/// A span of time as people read it: `7m30s`, `2h05m`, `6d23h`.
pub(super) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..3_600 => format!("{}m{:02}s", minutes, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", hours, minutes % 60),
        _ => format!("{}d{:02}h", days, hours % 24),
    }
}
