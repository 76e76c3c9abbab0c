//! What the ledger keeps of a scaled service.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Decision, Memory, Streak};
use crate::incident::Target;

/// All that is remembered of a scaled service: one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalerRecord {
    /// Which service.
    pub target: Target,
    /// What was observed and learned.
    pub memory: Memory,
    /// Grows with each order: an order's generation.
    pub epoch: u64,
    /// The latest order.
    pub order: Option<Standing>,
    /// The latest decision, for whoever asks why.
    pub decision: Option<Box<Decision>>,
    /// What is wrong with it, and since when.
    #[serde(default)]
    pub streak: Streak,
}

/// An order, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its epoch.
    pub epoch: u64,
    /// `desiredCount` before.
    pub from: u32,
    /// `desiredCount` as it was ordered: absolute, so that it can be read back.
    pub to: u32,
    /// When.
    pub at: Timestamp,
    /// How far it came.
    pub state: OrderState,
    /// Who approved it, where somebody was asked.
    #[serde(default)]
    pub approved_by: Option<String>,
}

/// How far an order came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// A person is asked.
    Proposed,
    /// It was or is about to be called: whether it took effect shows when the count is read back.
    Issued,
    /// ECS took it.
    Confirmed,
    /// ECS turned it away.
    Refused,
    /// The count was read back, and is another.
    Overtaken,
}

/// Who evaluates the scalers of a shard: two who do at once would write against each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loop {
    /// Which shard.
    pub shard: u32,
    /// The invocation that does.
    pub owner: String,
    /// Until when it may.
    pub until: Timestamp,
}

impl ScalerRecord {
    /// Of a service of which nothing is known yet.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            memory: Memory::default(),
            epoch: 0,
            order: None,
            decision: None,
            streak: Streak::default(),
        }
    }
}
