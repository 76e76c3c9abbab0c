//! What an alert shows besides what the events said.

use std::collections::BTreeMap;

use super::{Access, Resource};
use crate::arn::{TaskArn, TaskDefinitionArn};
use crate::incident::Target;
use crate::notification::LogLine;

/// Reads what makes an alert say more. No alert waits for it.
pub trait Evidence {
    /// What the methods need.
    const ACCESS: &'static [Access] = &[
        Access { method: "tags", actions: &["ecs:DescribeServices"], on: Resource::Services },
        Access { method: "last_lines", actions: &["ecs:DescribeTaskDefinition"], on: Resource::Everything },
        Access { method: "last_lines", actions: &["logs:GetLogEvents"], on: Resource::TaskLogs },
    ];

    /// The tags of a service; of anything else none.
    ///
    /// # Errors
    ///
    /// Where ECS does not answer, or refuses.
    async fn tags(&self, target: &Target) -> Result<BTreeMap<String, String>, EvidenceError>;

    /// The last lines that a container wrote, at most `most`, the latest last. None where it writes no log that can be
    /// read here: only the log driver `awslogs` is.
    ///
    /// # Errors
    ///
    /// Where ECS or CloudWatch Logs does not answer, or refuses.
    async fn last_lines(&self, source: &LogSource, most: u32) -> Result<Vec<LogLine>, EvidenceError>;
}

/// Whose log lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    /// The task.
    pub task: TaskArn,
    /// What it ran: the log options are there.
    pub task_definition: TaskDefinitionArn,
    /// The container.
    pub container: String,
}

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} of {target}: {problem}")]
pub struct EvidenceError {
    /// The operation of the API.
    pub operation: &'static str,
    /// Of what.
    pub target: String,
    /// What the API, or the way to it, said.
    pub problem: String,
}
