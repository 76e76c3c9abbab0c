//! Dead-letter queues: what is in them, and the way back.

use jiff::Timestamp;

use super::{Access, EcsError, Resource};

/// Looks into dead-letter queues, and moves back what is in them. No function does: a person decides that. Queues are named by
/// their URLs where messages are read, and by their ARNs where they are moved, as SQS has it.
pub trait DeadLetters {
    /// What the methods need. Whoever has messages moved needs the right to receive, delete and send them.
    const ACCESS: &'static [Access] = &[
        Access { method: "count", actions: &["sqs:GetQueueAttributes"], on: Resource::DeadLetterQueues },
        Access { method: "look", actions: &["sqs:ReceiveMessage"], on: Resource::DeadLetterQueues },
        Access {
            method: "begin",
            actions: &[
                "sqs:StartMessageMoveTask",
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:SendMessage",
            ],
            on: Resource::DeadLetterQueues,
        },
        Access { method: "latest", actions: &["sqs:ListMessageMoveTasks"], on: Resource::DeadLetterQueues },
    ];

    /// About how many messages are in a queue.
    ///
    /// # Errors
    ///
    /// Where SQS does not answer, or refuses.
    async fn count(&self, url: &str) -> Result<u64, EcsError>;

    /// Some of the messages, ten at the most, which stay where they are.
    ///
    /// # Errors
    ///
    /// Where SQS does not answer, or refuses.
    async fn look(&self, url: &str) -> Result<Vec<DeadLetter>, EcsError>;

    /// Begins to move all messages, so many a second at the most (1 to 500); without a rate SQS chooses one.
    ///
    /// # Errors
    ///
    /// Where SQS does not answer, or refuses: one move of a queue goes on at a time.
    async fn begin(&self, from: &str, to: &str, rate: Option<u32>) -> Result<(), EcsError>;

    /// The latest move out of a queue; `None`: there was none of late.
    ///
    /// # Errors
    ///
    /// Where SQS does not answer, or refuses.
    async fn latest(&self, from: &str) -> Result<Option<Move>, EcsError>;
}

/// A message that could not be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// What it says.
    pub body: String,
    /// When it was sent first; absent: SQS does not say.
    pub sent_at: Option<Timestamp>,
}

/// Messages that are moved, or were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where it stands.
    pub status: MoveStatus,
    /// About how many were moved.
    pub moved: u64,
    /// About how many there were to move; absent: not known yet.
    pub of: Option<u64>,
    /// Why it failed.
    pub problem: Option<String>,
}

/// Where a move stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveStatus {
    /// It goes on.
    Running,
    /// All messages were moved.
    Completed,
    /// It ended before: by whom or what, in SQS's word.
    Ended(String),
}
