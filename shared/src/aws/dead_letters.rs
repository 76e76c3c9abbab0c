//! Dead-letter queues, over SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ListMessageMoveTasksResultEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};
use jiff::Timestamp;

use super::ecs::failed;
use crate::ports::{DeadLetter, DeadLetters, EcsError, Move, MoveStatus};

/// `ReceiveMessage` answers so many at the most.
const MAX_MESSAGES: i32 = 10;
/// A call that waits asks all of SQS's servers; one that does not may see none of a few messages.
const WAIT_SECONDS: i32 = 1;

/// The dead-letter queues of this account and region.
#[derive(Debug, Clone)]
pub struct DeadLetterQueues {
    client: Client,
}

impl DeadLetterQueues {
    /// With what the caller's clients share.
    pub fn with_config(config: &aws_types::SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }
}

impl DeadLetters for DeadLetterQueues {
    async fn count(&self, url: &str) -> Result<u64, EcsError> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(name.clone())
            .send()
            .await
            .map_err(|error| failed("GetQueueAttributes", url.to_owned(), &error))?;
        let count = answer.attributes.as_ref().and_then(|all| all.get(&name));
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    async fn look(&self, url: &str) -> Result<Vec<DeadLetter>, EcsError> {
        let answer = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(MAX_MESSAGES)
            // They are there for everybody else all the while.
            .visibility_timeout(0)
            .wait_time_seconds(WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .send()
            .await
            .map_err(|error| failed("ReceiveMessage", url.to_owned(), &error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(letter).collect())
    }

    async fn begin(&self, from: &str, to: &str, rate: Option<u32>) -> Result<(), EcsError> {
        // Named, for a message that EventBridge or Lambda put there has no queue that it came from.
        self.client
            .start_message_move_task()
            .source_arn(from)
            .destination_arn(to)
            .set_max_number_of_messages_per_second(rate.and_then(|rate| i32::try_from(rate).ok()))
            .send()
            .await
            .map_err(|error| failed("StartMessageMoveTask", from.to_owned(), &error))?;
        Ok(())
    }

    async fn latest(&self, from: &str) -> Result<Option<Move>, EcsError> {
        let answer = self
            .client
            .list_message_move_tasks()
            .source_arn(from)
            .max_results(1)
            .send()
            .await
            .map_err(|error| failed("ListMessageMoveTasks", from.to_owned(), &error))?;
        let latest = answer.results.unwrap_or_default().into_iter().max_by_key(|task| task.started_timestamp);
        Ok(latest.map(moved))
    }
}

fn letter(message: Message) -> DeadLetter {
    let sent = MessageSystemAttributeName::SentTimestamp;
    let sent = message.attributes.as_ref().and_then(|all| all.get(&sent)?.parse::<i64>().ok());
    DeadLetter {
        body: message.body.unwrap_or_default(),
        sent_at: sent.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
    }
}

fn moved(task: ListMessageMoveTasksResultEntry) -> Move {
    let status = match task.status.as_deref() {
        Some("RUNNING") => MoveStatus::Running,
        Some("COMPLETED") => MoveStatus::Completed,
        other => MoveStatus::Ended(other.unwrap_or("no status").to_owned()),
    };
    Move {
        status,
        moved: u64::try_from(task.approximate_number_of_messages_moved).unwrap_or_default(),
        of: task.approximate_number_of_messages_to_move.and_then(|of| u64::try_from(of).ok()),
        problem: task.failure_reason,
    }
}
