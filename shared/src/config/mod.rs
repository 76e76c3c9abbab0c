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
mod told;
mod window;

pub use duration::Duration;
pub use loader::{LoadError, Loaded, Loader};
pub use memory::{Fail, MemoryParameters};
pub use policy::{Allowance, Enrolled, Entry, Guards, MODE_TAG, Memory, OnStuck, Policy, Rerun, Rules};
pub use selector::{Glob, Selector, Specificity};
pub use size::Size;
pub use told::{
    Channel, DEPLOYED_SLACK, DEPLOYED_TOPIC, Match, Matched, Matches, Notifications, Place, Route, Way,
};
pub use window::{When, Window};

use serde::{Deserialize, Serialize};

use crate::batch::Jobs;
use crate::scaling::Scalers;

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
    /// What runs by a timetable, after others, or when asked.
    pub jobs: Jobs,
    /// Which services have as many tasks as their queues need.
    pub scaling: Scalers,
    /// How people are told.
    pub notifications: Notifications,
}

#[cfg(test)]
mod tests;
