//! What an installation says of itself: its stack, and what AWS tells of each of its resources. Only the command line reads it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Access, EcsError, Resource};

/// Reads a stack and its resources, and changes nothing.
pub trait Installation {
    /// What the methods need. Whoever runs the command has these rights, or is told which of them are missing.
    const ACCESS: &'static [Access] = &[
        of("stack", &["cloudformation:DescribeStacks"]),
        of("resources", &["cloudformation:ListStackResources"]),
        of("rule", &["events:DescribeRule", "events:ListTargetsByRule"]),
        of("schedule", &["scheduler:GetSchedule"]),
        of("function", &["lambda:GetFunctionConfiguration"]),
        of("mapping", &["lambda:GetEventSourceMapping"]),
        of("queue", &["sqs:GetQueueAttributes"]),
        of(
            "table",
            &["dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTimeToLive"],
        ),
        of("subscriptions", &["sns:ListSubscriptionsByTopic"]),
        of("alarms", &["cloudwatch:DescribeAlarms"]),
        of("figures", &["cloudwatch:GetMetricData"]),
        of("last_error", &["logs:FilterLogEvents"]),
        // Everybody may ask who they are.
        of("caller", &[]),
    ];

    /// A stack, by name.
    async fn stack(&self, name: &str) -> Result<Option<StackState>, EcsError>;

    /// All resources of a stack.
    async fn resources(&self, stack: &str) -> Result<Vec<StackResource>, EcsError>;

    /// A rule of the default event bus, with its targets.
    async fn rule(&self, name: &str) -> Result<Option<Trigger>, EcsError>;

    /// A schedule of EventBridge Scheduler's default group.
    async fn schedule(&self, name: &str) -> Result<Option<Trigger>, EcsError>;

    /// A Lambda function.
    async fn function(&self, name: &str) -> Result<Option<FunctionState>, EcsError>;

    /// The state of what feeds a function from a queue, by its id.
    async fn mapping(&self, id: &str) -> Result<Option<String>, EcsError>;

    /// How many messages a queue has, by its URL.
    async fn queue(&self, url: &str) -> Result<Option<QueueState>, EcsError>;

    /// A table, by name.
    async fn table(&self, name: &str) -> Result<Option<TableState>, EcsError>;

    /// Who gets what a topic is told.
    async fn subscriptions(&self, topic: &str) -> Result<Vec<Subscription>, EcsError>;

    /// Alarms by their names, at most a hundred.
    async fn alarms(&self, names: &[String]) -> Result<Vec<AlarmState>, EcsError>;

    /// One figure each over all the time asked for, in the order of the queries; `None` where CloudWatch has no value.
    async fn figures(
        &self,
        queries: &[Figure],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Option<f64>>, EcsError>;

    /// The latest line of level ERROR in a log group since a time.
    async fn last_error(&self, group: &str, since: Timestamp) -> Result<Option<String>, EcsError>;

    /// The ARN of who asks.
    async fn caller(&self) -> Result<String, EcsError>;

    /// By how much this machine's clock is ahead of AWS's, as of the last answer that said so, to a second; behind is negative.
    fn ahead(&self) -> Option<SignedDuration>;
}

/// IAM scopes these reads by the resources' ARNs, which only the stack knows.
const fn of(method: &'static str, actions: &'static [&'static str]) -> Access {
    Access { method, actions, on: Resource::Everything }
}

/// A CloudFormation stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackState {
    /// `StackStatus`.
    pub status: String,
    /// `StackStatusReason`.
    pub reason: Option<String>,
    /// Parameters, by name.
    pub parameters: BTreeMap<String, String>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackResource {
    /// Its name in the template.
    pub logical: String,
    /// Its own name, URL or ARN; absent where it was never made.
    pub physical: Option<String>,
    /// `AWS::SQS::Queue`.
    pub kind: String,
    /// `ResourceStatus`.
    pub status: String,
    /// `ResourceStatusReason`.
    pub reason: Option<String>,
}

/// What starts something: a rule, or a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trigger {
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// ARNs of what it sends to.
    pub targets: Vec<String>,
}

/// A Lambda function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FunctionState {
    /// `Active`, `Pending`, `Inactive`, `Failed`.
    pub state: String,
    /// `Successful`, `InProgress`, `Failed`.
    pub last_update: String,
    /// Why it is in that state, or why its last update failed.
    pub reason: Option<String>,
    /// `arm64` or `x86_64`.
    pub architecture: Option<String>,
    /// Of its environment: the variables that begin with `STEWARD_`, which hold names and no secrets.
    pub variables: BTreeMap<String, String>,
}

/// A queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueState {
    /// Messages that wait, are delayed, or are being worked on; about.
    pub messages: u64,
}

/// A DynamoDB table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableState {
    /// `TableStatus`.
    pub status: String,
    /// `IndexStatus` of its indexes, by name.
    pub indexes: BTreeMap<String, String>,
    /// Whether it is protected from deletion.
    pub is_protected: bool,
    /// Whether it can be restored to a point in time; absent where that could not be read.
    pub recovers: Option<bool>,
    /// The attribute by which it forgets, where it does so; the outer absence: it could not be read.
    pub forgets_by: Option<Option<String>>,
}

/// A subscription of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// `email`, `https`, `sqs`, …
    pub protocol: String,
    /// An address, a URL, an ARN.
    pub endpoint: String,
    /// Whether somebody confirmed it.
    pub is_confirmed: bool,
}

/// An alarm of CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmState {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Whether it does something when it goes off.
    pub acts: bool,
}

/// A metric, and how its values become one figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Such as `AWS/SQS`.
    pub namespace: &'static str,
    /// Such as `ApproximateAgeOfOldestMessage`.
    pub name: &'static str,
    /// Its dimensions: their names and values.
    pub dimensions: Vec<(&'static str, String)>,
    /// Whether the greatest value counts, rather than their sum.
    pub is_greatest: bool,
}
