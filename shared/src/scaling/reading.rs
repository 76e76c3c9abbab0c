//! What is observed of a scaled service, once every few seconds.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{PoolName, QueueName};
use crate::ecs::{DesiredCount, PendingCount, RunningCount};
use crate::observed::Observed;

/// One look at a service and its queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub at: Timestamp,
    /// Its queues, in the scaler's order.
    pub queues: Vec<QueueReading>,
    /// The service. `Absent`: ECS knows none, or it is not ACTIVE.
    pub service: Observed<ServiceReading>,
    /// Tasks that protect themselves from being taken away; `None`: nobody asked yet.
    pub protected: Option<Observed<u32>>,
    /// What others say about changing it.
    pub care: Care,
    /// At most so many tasks are left to it of what it shares with others; absent: it shares nothing.
    pub share: Option<(PoolName, u32)>,
}

/// What is known of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueReading {
    /// Which.
    pub name: QueueName,
    /// GetQueueAttributes.
    pub counts: Observed<QueueCounts>,
    /// The latest minute that CloudWatch tells of. `Absent`: none yet, or nobody asked.
    pub minute: Observed<QueueMinute>,
}

/// A queue's counts. They are approximate, and lag by up to a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    /// `ApproximateNumberOfMessages`.
    pub visible: u64,
    /// `ApproximateNumberOfMessagesNotVisible`.
    pub in_flight: u64,
    /// `ApproximateNumberOfMessagesDelayed`.
    pub delayed: u64,
}

/// A minute of a queue, as CloudWatch tells it some minutes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueMinute {
    /// When the minute began.
    pub began: Timestamp,
    /// `NumberOfMessagesSent`, its sum; absent: CloudWatch had no datapoint.
    pub sent: Option<u64>,
    /// `NumberOfMessagesDeleted`, its sum.
    pub deleted: Option<u64>,
    /// `ApproximateAgeOfOldestMessage`, its maximum.
    pub oldest: Option<SignedDuration>,
}

/// What is known of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReading {
    /// `desiredCount`.
    pub desired: DesiredCount,
    /// `runningCount`.
    pub running: RunningCount,
    /// `pendingCount`.
    pub pending: PendingCount,
    /// Whether a deployment is under way: more than one, or a PRIMARY one that is not complete.
    pub is_deploying: bool,
    /// Failed tasks of its PRIMARY deployment (`failedTasks`).
    pub failed_tasks: u32,
}

/// What others say about changing a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Care {
    /// Whether an incident of it is open.
    pub has_incident: bool,
    /// Whether an action of it is under way.
    pub has_action: bool,
    /// Whether its number of tasks may be changed at all.
    pub leave: Leave,
}

/// Whether a service's number of tasks may be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// It may.
    #[default]
    Given,
    /// A person has paused changes.
    Paused {
        /// Who.
        by: String,
    },
    /// An Application Auto Scaling target owns it.
    AutoScalingTarget,
    /// It is a DAEMON service, or its deployment controller is not ECS.
    NotScalable {
        /// What it is.
        what: String,
    },
    /// One of these cannot be read.
    Unknown {
        /// Why.
        why: String,
    },
}
