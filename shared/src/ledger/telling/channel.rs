//! One channel: how much it was told of late, and whether it takes anything. It is read with every alert, so it is small.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Allowance;
use crate::redact::Redacted;

/// What is remembered of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// Its name.
    pub channel: String,
    /// When it got its latest messages, at most as many as its budget.
    pub times: Vec<Timestamp>,
    /// Since when it refuses everything, and why.
    pub trouble: Option<Trouble>,
    /// When it took something again after the latest trouble.
    #[serde(default)]
    pub recovered_at: Option<Timestamp>,
}

/// That a channel refuses messages for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// What it says.
    pub problem: Redacted,
}

impl ChannelRecord {
    /// A channel that was never told anything.
    pub fn new(channel: impl Into<String>) -> Self {
        Self { channel: channel.into(), times: Vec::new(), trouble: None, recovered_at: None }
    }

    /// Takes a place in the budget.
    ///
    /// # Errors
    ///
    /// When there will be one, where there is none now.
    pub fn spend(&mut self, budget: Allowance, now: Timestamp) -> Result<(), Timestamp> {
        if let Some(free_at) = budget.free_at(&self.times, now) {
            return Err(free_at);
        }
        self.times = budget.spent(&self.times, now);
        Ok(())
    }

    /// Gives the latest place back: what was to be sent has certainly not arrived.
    pub fn give_back(&mut self) {
        self.times.pop();
    }

    /// Takes a place whether there is one or not: a person is waited for.
    pub fn spend_anyway(&mut self, budget: Allowance, now: Timestamp) {
        self.times = budget.spent(&self.times, now);
    }
}
