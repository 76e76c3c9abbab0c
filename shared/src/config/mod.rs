//! What people decide: the policy that decisions follow, and whom Steward tells.
//!
//! People write one file ([`mod@file`], YAML to them; the domain only knows its shape). `steward apply` cuts it into sections
//! and puts them into SSM Parameter Store ([`store`]); the functions read them there ([`Loader`]). Where nothing was ever
//! applied, [`Configuration::default`] holds.
//!
//! # Invariants
//!
//! * A configuration is read whole or not at all: one pointer names the sections and their hashes, and is written last.
//! * Nothing in the file is without effect, and nothing that is not understood is passed over.

mod duration;
pub mod file;
mod loader;
mod memory;
mod size;
pub mod store;

pub use duration::Duration;
pub use loader::{LoadError, Loaded, Loader};
pub use memory::{Fail, MemoryParameters};
pub use size::Size;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How far Steward may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// Everything that people decide.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// What decisions follow.
    pub policy: Policy,
    /// How people are told.
    pub notifications: Notifications,
}

/// How people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// How long news gather before the first message about them. At most 15 minutes: longer SQS delays nothing.
    pub grouping: SignedDuration,
    /// The most that an alert shows of one quoted text.
    pub evidence: Size,
    /// The SSM parameter (a `SecureString`) that holds the address of Slack's webhook.
    pub slack: Way,
    /// The SNS topic, by ARN.
    pub topic: Way,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            grouping: SignedDuration::from_secs(15),
            evidence: Size::from_bytes(300),
            slack: Way::AsDeployed,
            topic: Way::AsDeployed,
        }
    }
}

/// A way to people: the one that the stack was deployed with, unless the file says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Way {
    /// As the stack was deployed; possibly none.
    #[default]
    AsDeployed,
    /// None, whatever the stack was deployed with.
    Off,
    /// This one.
    To(String),
}

impl Way {
    /// Where to, when the stack was deployed with `deployed`. An empty text, as of a template's parameter that was left
    /// out, leads nowhere.
    pub fn or<'w>(&'w self, deployed: Option<&'w str>) -> Option<&'w str> {
        match self {
            Self::AsDeployed => deployed.filter(|deployed| !deployed.is_empty()),
            Self::Off => None,
            Self::To(place) => Some(place),
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

#[cfg(test)]
mod tests;
