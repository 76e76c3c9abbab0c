//! What a policy sees, and what it answers.

/// Who scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Ours.
    Steward,
    /// KEDA's scaler for SQS with Kubernetes' horizontal pod autoscaler.
    Keda,
    /// Application Auto Scaling's target tracking on the backlog per task.
    TargetTracking,
    /// Application Auto Scaling's step scaling on the messages that wait.
    Step,
}

impl Policy {
    /// All, ours first.
    pub const ALL: [Self; 4] = [Self::Steward, Self::Keda, Self::TargetTracking, Self::Step];
    /// All but ours.
    pub const PEERS: [Self; 3] = [Self::Keda, Self::TargetTracking, Self::Step];

    /// Its name, as commands and documents write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Steward => "steward",
            Self::Keda => "keda",
            Self::TargetTracking => "target-tracking",
            Self::Step => "step",
        }
    }
}

/// Counts as SQS tells them: those of some seconds ago, and slightly off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// `ApproximateNumberOfMessages`.
    pub(crate) visible: u64,
    /// `ApproximateNumberOfMessagesNotVisible`.
    pub(crate) in_flight: u64,
}

/// A minute of the queue, as CloudWatch tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Datapoints {
    /// When it began, in milliseconds from the world's beginning.
    pub(crate) began: u64,
    /// `NumberOfMessagesSent`, its sum.
    pub(crate) sent: u64,
    /// `NumberOfMessagesDeleted`, its sum.
    pub(crate) deleted: u64,
    /// `ApproximateAgeOfOldestMessage`, in milliseconds.
    pub(crate) oldest: Option<u64>,
    /// `ApproximateNumberOfMessagesVisible`.
    pub(crate) visible: u64,
}

/// What a policy sees when it looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'s> {
    /// When, in milliseconds from the world's beginning.
    pub(crate) at: u64,
    /// What SQS tells.
    pub(crate) counts: Counts,
    /// All minutes that CloudWatch has told by now, in order.
    pub(crate) minutes: &'s [Datapoints],
    /// `desiredCount`.
    pub(crate) desired: u32,
    /// `runningCount`.
    pub(crate) running: u32,
    /// `pendingCount`.
    pub(crate) pending: u32,
    /// Tasks that protect themselves.
    pub(crate) protected: u32,
}

/// A policy at work.
pub(crate) trait Control {
    /// It looks every so often, in milliseconds: at least one.
    fn every(&self) -> u64;
    /// So many tasks run when the world begins.
    fn first(&self) -> u32;
    /// Whether it wants to know how old the oldest message is, which takes a look at every worker each minute.
    fn asks_age(&self) -> bool {
        false
    }
    /// Looks, and answers how many tasks there shall be; `None`: as many as before.
    fn look(&mut self, seen: &Seen<'_>) -> Option<u32>;
}
