//! What queues refuse, and what to do about it.

use super::MAX_BODY;

/// What a queue refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// No queue has this name.
    #[error("queue {queue} does not exist; create it first")]
    NoSuchQueue {
        /// The name asked for.
        queue: String,
    },
    /// The body is empty.
    #[error("a message to queue {queue} has no body; SQS wants at least one character")]
    EmptyBody {
        /// The queue.
        queue: String,
    },
    /// The body is too large.
    #[error("a message of {bytes} bytes to queue {queue} is larger than {MAX_BODY}; send less")]
    BodyTooLarge {
        /// The queue.
        queue: String,
        /// Size of the body.
        bytes: usize,
    },
    /// The body has characters that SQS refuses.
    #[error("a message to queue {queue} has characters outside what SQS takes; send XML characters only")]
    BodyCharacters {
        /// The queue.
        queue: String,
    },
    /// The delay is too long.
    #[error("a delay of {seconds} s at queue {queue} is longer than 900 s")]
    DelayTooLong {
        /// The queue.
        queue: String,
        /// Delay asked for.
        seconds: u64,
    },
    /// The visibility timeout is too long, or would be when added up from the receipt.
    #[error("a visibility timeout of {seconds} s at queue {queue} goes beyond 43200 s from the receipt")]
    VisibilityTooLong {
        /// The queue.
        queue: String,
        /// Timeout asked for.
        seconds: u64,
    },
    /// More messages asked for than a receipt gives, or none.
    #[error("{asked} messages asked of queue {queue}; a receipt gives 1 to 10")]
    ReceiveCount {
        /// The queue.
        queue: String,
        /// Messages asked for.
        asked: usize,
    },
    /// The receipt handle is not one of this queue.
    #[error("receipt handle {handle:?} is not one that queue {queue} gave out")]
    InvalidReceipt {
        /// The queue.
        queue: String,
        /// The handle.
        handle: String,
    },
    /// The message is not in flight under this handle any more.
    #[error(
        "receipt handle {handle:?} of queue {queue} is stale: the message is gone, visible, or received again"
    )]
    StaleReceipt {
        /// The queue.
        queue: String,
        /// The handle.
        handle: String,
    },
    /// Purged less than a minute ago.
    #[error("queue {queue} was purged less than 60 s ago; wait")]
    PurgeInProgress {
        /// The queue.
        queue: String,
    },
}
