//! What was read of an installation. What could not be read is unknown, with the reason.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use steward::observed::Observed;
use steward::ports::{
    AlarmState, FunctionState, QueueState, Ruled, StackResource, StackState, Subscription, TableState,
    Trigger,
};

/// The functions' names, and their names in the template.
pub(super) const FUNCTIONS: [(&str, &str); 4] = [
    ("remediation", "RemediationFunction"),
    ("batch", "BatchFunction"),
    ("notifications", "NotificationsFunction"),
    ("scaling", "ScalingFunction"),
];
/// Queues, and what becomes of messages that they give up.
pub(super) const QUEUES: [(&str, &str); 3] = [
    ("EventsQueue", "EventsDeadLetterQueue"),
    ("JobsQueue", "JobsDeadLetterQueue"),
    ("TellQueue", "TellDeadLetterQueue"),
];
pub(super) const TABLE: &str = "Table";
pub(super) const TOPIC: &str = "Topic";

/// All of it. Maps are by the resources' names in the template.
#[derive(Debug, Clone)]
pub(super) struct Readings {
    /// The stack's name.
    pub(super) name: String,
    pub(super) stack: Observed<StackState>,
    pub(super) resources: Observed<BTreeMap<String, StackResource>>,
    /// Rules and schedules.
    pub(super) triggers: BTreeMap<String, Observed<Trigger>>,
    pub(super) functions: BTreeMap<String, Observed<FunctionState>>,
    /// The latest error of each function that had any within the hour.
    pub(super) errors: BTreeMap<String, Observed<String>>,
    /// The states of what feeds functions from queues.
    pub(super) feeds: BTreeMap<String, Observed<String>>,
    pub(super) queues: BTreeMap<String, Observed<QueueState>>,
    pub(super) figures: Observed<Figures>,
    pub(super) table: Observed<TableState>,
    pub(super) subscriptions: Observed<Vec<Subscription>>,
    pub(super) alarms: Observed<Vec<AlarmState>>,
    pub(super) configuration: Observed<InForce>,
    /// Whether the file that was named says something else than what is in force.
    pub(super) differs: Option<Observed<bool>>,
    /// Secrets by the names of their parameters.
    pub(super) secrets: BTreeMap<String, Secret>,
    /// By how much this machine's clock is ahead of AWS's.
    pub(super) ahead: Observed<SignedDuration>,
    /// What IAM says of a few calls that each function cannot do without.
    pub(super) rulings: BTreeMap<String, Observed<Vec<Ruled>>>,
    pub(super) caller: Observed<Caller>,
}

/// What CloudWatch counted; absent where it has no value.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Figures {
    /// Sweeps that ended within a quarter of an hour, by the functions' own names.
    pub(super) sweeps: BTreeMap<String, Option<f64>>,
    /// Seconds that the oldest message waited at the most, within a quarter of an hour.
    pub(super) ages: BTreeMap<String, Option<f64>>,
    /// Invocations within the hour, and those that failed.
    pub(super) invocations: BTreeMap<String, Option<f64>>,
    pub(super) failed: BTreeMap<String, Option<f64>>,
    /// Events of a rule within the hour that did not reach its target.
    pub(super) undelivered: BTreeMap<String, Option<f64>>,
}

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InForce {
    pub(super) version: u64,
    /// Whether anybody is told by a channel that it names itself.
    pub(super) has_channels: bool,
    /// Parameters with secrets that it names, and whether a bot's token is there.
    pub(super) secrets: BTreeMap<String, Kind>,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Webhook,
    BotToken,
    /// Nothing says which: the stack allows it.
    Either,
}

/// A secret of Slack's, as far as it may be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Secret {
    /// Slack takes it.
    Taken,
    /// It has the form of a webhook, which cannot be tried without a message.
    Webhook,
    /// Slack does not, or it is none.
    Wrong(String),
    /// There is no such parameter.
    Missing,
    /// It may not be read by whoever asks, or nobody answered.
    Unread(String),
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) arn: String,
    /// What IAM says of what people's commands call.
    pub(super) rulings: Observed<Vec<Ruled>>,
}

impl Readings {
    /// A resource's own name, URL or ARN.
    pub(super) fn physical(&self, logical: &str) -> Option<&str> {
        self.resources.known()?.get(logical)?.physical.as_deref()
    }

    /// A parameter of the stack, unless it is empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let value = self.stack.known()?.parameters.get(name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The members of a parameter that is a list.
    pub(super) fn listed(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameter(name).into_iter().flat_map(|names| names.split(',')).map(str::trim)
    }
}

/// What follows the last colon of an ARN, or the last slash of a URL.
pub(super) fn last(text: &str) -> &str {
    text.rsplit(['/', ':']).next().unwrap_or(text)
}
