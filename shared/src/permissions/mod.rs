//! What IAM must allow each function: the policy of its role, from what its ports declare ([`Role`]) and from what Lambda does in its name.
//!
//! The template says the same; a test holds the two equal. It is also what `steward iam` prints for those who deploy by other means.
//!
//! # Invariants
//!
//! * Nothing is allowed that no port declares, but for what Lambda and KMS need (`around`).
//! * What changes something is allowed only where [`Grants`] say so.
//! * The same declarations, grants and names make the same statements, in the same order.

mod around;
mod declared;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ports::Role;

/// A function, each with a role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// Events of ECS to incidents and remedies.
    Remediation,
    /// Jobs.
    Batch,
    /// Scaling by queues.
    Scaling,
    /// News to people.
    Notifications,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Remediation, Self::Batch, Self::Scaling, Self::Notifications];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remediation => "remediation",
            Self::Batch => "batch",
            Self::Scaling => "scaling",
            Self::Notifications => "notifications",
        }
    }
}

/// What a stack lets its functions do at the most; the template's parameters say the same. By default nothing is changed, and
/// nobody told by Slack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the stack's own, and any may be on")]
pub struct Grants {
    /// The one cluster that is looked after; nothing: all of the account and region.
    pub cluster: Option<String>,
    /// Remedies that change services and stop tasks.
    pub changes: bool,
    /// ARNs of the roles that tasks which remedies start may have.
    pub task_roles: Vec<String>,
    /// Task definitions with more memory, beside `changes`.
    pub raise_memory: bool,
    /// Hosts are drained.
    pub drain: bool,
    /// Hooks of deployments are answered.
    pub hook_answers: bool,
    /// Services are moved to on-demand capacity and back.
    pub capacity_fallback: bool,
    /// Desired counts are lowered where tasks do not start.
    pub desired_count_limit: bool,
    /// Jobs are run.
    pub jobs: bool,
    /// ARNs of the roles that tasks of jobs may have.
    pub job_task_roles: Vec<String>,
    /// Services are scaled.
    pub scaling: bool,
    /// ARNs of the queues that they are scaled by.
    pub scaling_queues: Vec<String>,
    /// The parameter that holds Slack's webhook, with its leading slash.
    pub slack_webhook: Option<String>,
    /// Further parameters that hold secrets of Slack.
    pub slack_secrets: Vec<String>,
    /// ARN of the key that encrypts these.
    pub slack_key: Option<String>,
    /// ARNs of further topics.
    pub alert_topics: Vec<String>,
    /// Names of the log groups whose last lines are shown.
    pub task_logs: Vec<String>,
    /// ARN of the key that encrypts the table, the queues and the topic.
    pub key: Option<String>,
}

/// What belongs to the stack itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Own {
    /// The ledger's table.
    Table,
    /// The topic of alerts.
    Topic,
    /// The queue of events of ECS.
    EventsQueue,
    /// The queue of jobs.
    JobsQueue,
    /// The queue that keeps what batch could not handle.
    JobsDeadLetterQueue,
    /// The queue that wakes notifications.
    TellQueue,
    /// A function's log group, with `:*` at its end.
    LogGroup(Function),
}

/// Where the stack is, and what its own things are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// `amazonaws.com`: what services' names end in.
    pub dns_suffix: String,
    /// The region.
    pub region: String,
    /// The account's id.
    pub account: String,
    /// The stack: the configuration lies on `/steward/STACK/configuration`.
    pub stack: String,
    /// ARNs of the stack's own things, where they are not called by its name.
    pub own: BTreeMap<Own, String>,
}

impl Names {
    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST`.
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.partition, self.region, self.account)
    }

    /// The ARN of something of the stack's own.
    pub fn own(&self, own: Own) -> String {
        let stack = &self.stack;
        self.own.get(&own).cloned().unwrap_or_else(|| match own {
            Own::Table => self.arn("dynamodb", &format!("table/{stack}")),
            Own::Topic => self.arn("sns", stack),
            Own::EventsQueue => self.arn("sqs", &format!("{stack}-events")),
            Own::JobsQueue => self.arn("sqs", &format!("{stack}-jobs")),
            Own::JobsDeadLetterQueue => self.arn("sqs", &format!("{stack}-jobs-dead-letters")),
            Own::TellQueue => self.arn("sqs", &format!("{stack}-tell")),
            Own::LogGroup(function) => {
                self.arn("logs", &format!("log-group:/aws/lambda/{stack}-{}:*", function.as_str()))
            }
        })
    }

    /// A service as KMS is called by it.
    fn host(&self, service: &str) -> String {
        format!("{service}.{}.{}", self.region, self.dns_suffix)
    }
}

/// A condition: one operator, one key, any of the values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// `StringEquals`.
    pub operator: &'static str,
    /// `ecs:cluster`.
    pub key: &'static str,
    /// In order.
    pub values: Vec<String>,
}

impl Condition {
    fn new(operator: &'static str, key: &'static str, values: impl IntoIterator<Item = String>) -> Self {
        Self { operator, key, values: values.into_iter().collect() }
    }
}

/// A statement that allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// The actions, in order.
    pub actions: Vec<String>,
    /// ARNs with wildcards, in order.
    pub resources: Vec<String>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

/// One action of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Grant {
    action: String,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// The statements of a function's policy, in order: what it reads and writes itself first, then what is around it.
pub fn statements(function: Function, role: &Role, grants: &Grants, names: &Names) -> Vec<Statement> {
    let declared = declared::of(function, role, grants, names);
    let around = around::of(function, grants, names);
    let mut all: Vec<Grant> = Vec::new();
    for grant in declared.into_iter().chain(around).filter(|grant| !grant.resources.is_empty()) {
        let is_known = |known: &Grant| known.action == grant.action && known.conditions == grant.conditions;
        match all.iter_mut().find(|known| is_known(known)) {
            Some(known) => known.resources.extend(grant.resources),
            None => all.push(grant),
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for mut grant in all {
        grant.resources.sort();
        grant.resources.dedup();
        if grant.resources.iter().any(|resource| resource == "*") {
            grant.resources = vec!["*".to_owned()];
        }
        let is_same =
            |one: &Statement| one.resources == grant.resources && one.conditions == grant.conditions;
        match statements.iter_mut().find(|one| is_same(one)) {
            Some(one) => one.actions.push(grant.action),
            None => statements.push(Statement {
                actions: vec![grant.action],
                resources: grant.resources,
                conditions: grant.conditions,
            }),
        }
    }
    for statement in &mut statements {
        statement.actions.sort();
    }
    statements
}

/// The policy document of these statements.
pub fn document(statements: &[Statement]) -> Value {
    let statements: Vec<Value> = statements.iter().map(Statement::document).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

impl Statement {
    fn document(&self) -> Value {
        let Self { actions, resources, conditions } = self;
        let mut operators: BTreeMap<&str, BTreeMap<&str, &[String]>> = BTreeMap::new();
        for Condition { operator, key, values } in conditions {
            operators.entry(operator).or_default().insert(key, values);
        }
        if operators.is_empty() {
            return json!({ "Effect": "Allow", "Action": actions, "Resource": resources });
        }
        json!({ "Effect": "Allow", "Action": actions, "Resource": resources, "Condition": operators })
    }
}

#[cfg(test)]
mod tests;
