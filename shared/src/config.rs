//! What people decide: the policy that decisions follow.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How far Steward may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Watch and tell; change nothing.
    #[default]
    Observe,
}

impl Mode {
    /// The mode in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
        }
    }
}

/// The settings of incidents and decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How far Steward may go.
    pub mode: Mode,
    /// An incident without a new failure for so long is over, where ECS does not say so itself: it holds steady-state
    /// events back for up to six hours. Longer than the longest pause between two launches of a failing task (27 min).
    pub quiet: SignedDuration,
    /// The same for a container instance, of which ECS tells when it is well, unless the event is lost.
    pub host_quiet: SignedDuration,
    /// A container instance whose agent is away for less than this has not failed: agents reconnect several times an
    /// hour.
    pub agent_away: SignedDuration,
    /// A deployment that has been steady for so long may be gone back to.
    pub bake: SignedDuration,
    /// A story that has not changed for so long is closed and may expire.
    pub keep_closed: SignedDuration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::Observe,
            quiet: SignedDuration::from_mins(30),
            host_quiet: SignedDuration::from_hours(7 * 24),
            agent_away: SignedDuration::from_mins(10),
            bake: SignedDuration::from_mins(10),
            keep_closed: SignedDuration::from_hours(35 * 24),
        }
    }
}
