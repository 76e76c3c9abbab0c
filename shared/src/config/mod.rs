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
mod policy;
mod selector;
mod size;
pub mod store;
mod window;

pub use duration::Duration;
pub use loader::{LoadError, Loaded, Loader};
pub use memory::{Fail, MemoryParameters};
pub use policy::{Allowance, Enrolled, Entry, Guards, MODE_TAG, OnStuck, Policy, Rerun, Rules};
pub use selector::{Glob, Selector, Specificity};
pub use size::Size;
pub use window::{When, Window};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How far Steward may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// Watch and tell; change nothing.
    #[default]
    Observe,
    /// Ask a person before each change.
    Propose,
    /// Change what is safe to change.
    Act,
}

impl Mode {
    /// The mode in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Propose => "propose",
            Self::Act => "act",
        }
    }

    /// The mode for its stable word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Observe, Self::Propose, Self::Act].into_iter().find(|mode| mode.as_str() == word)
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

#[cfg(test)]
mod tests;
