//! The stack that stands for all: what its things are called, what it may be allowed, and what its functions declare.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;
use steward::aws::{
    DynamoLedger, Ecs, Queues, ScalableTargets, SlackWebhook, Ssm, Stacks, TaskEvidence, TellQueue, Topic,
};
use steward::permissions::{self, Function, Grants, Names, Own};
use steward::ports::Role;
use steward_sim::cloudformation::{Stack, Template, translated};
use steward_sim::house::{EVENTS, JOBS, TABLE, TELL, WEBHOOK};
use steward_sim::iam::Policy;

/// The template, translated once.
pub(crate) static TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| translated().unwrap_or_else(|error| panic!("{error}")));

/// The names of the stack's own things, by their logical ids.
const OWN: [(&str, &str, Own); 10] = [
    ("Table", TABLE, Own::Table),
    ("Topic", "alerts", Own::Topic),
    ("EventsQueue", EVENTS, Own::EventsQueue),
    ("JobsQueue", JOBS, Own::JobsQueue),
    ("JobsDeadLetterQueue", "jobs-dead-letters", Own::JobsDeadLetterQueue),
    ("TellQueue", TELL, Own::TellQueue),
    ("RemediationLogGroup", "logs-remediation", Own::LogGroup(Function::Remediation)),
    ("BatchLogGroup", "logs-batch", Own::LogGroup(Function::Batch)),
    ("ScalingLogGroup", "logs-scaling", Own::LogGroup(Function::Scaling)),
    ("NotificationsLogGroup", "logs-notifications", Own::LogGroup(Function::Notifications)),
];

/// With the template's own parameters.
pub(crate) fn stack() -> Stack {
    Stack {
        name: "house".to_owned(),
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account: "123456789012".to_owned(),
        parameters: BTreeMap::new(),
        resources: OWN.iter().map(|(id, name, _)| ((*id).to_owned(), (*name).to_owned())).collect(),
    }
}

/// The same, as permissions are told it.
pub(crate) fn names() -> Names {
    let Stack { name, partition, region, account, .. } = stack();
    let mut names = Names {
        partition,
        dns_suffix: "amazonaws.com".to_owned(),
        region,
        account,
        stack: name,
        own: BTreeMap::new(),
    };
    for (_, name, own) in OWN {
        let arn = match own {
            Own::Table => names.arn("dynamodb", &format!("table/{name}")),
            Own::Topic => names.arn("sns", name),
            Own::LogGroup(_) => names.arn("logs", &format!("log-group:{name}:*")),
            _ => names.arn("sqs", name),
        };
        names.own.insert(own, arn);
    }
    names
}

/// A stack with the parameters that grants stand for.
pub(crate) fn stack_of(grants: &Grants) -> Stack {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let parameters = [
        ("ClusterName", text(&grants.cluster)),
        ("AllowChanges", grants.changes.to_string()),
        ("TaskRoleArns", grants.task_roles.join(",")),
        ("AllowRaiseMemory", grants.raise_memory.to_string()),
        ("AllowDrain", grants.drain.to_string()),
        ("AllowHookAnswers", grants.hook_answers.to_string()),
        ("AllowCapacityFallback", grants.capacity_fallback.to_string()),
        ("AllowDesiredCountLimit", grants.desired_count_limit.to_string()),
        ("AllowJobs", grants.jobs.to_string()),
        ("JobTaskRoleArns", grants.job_task_roles.join(",")),
        ("AllowScaling", grants.scaling.to_string()),
        ("ScalingQueueArns", grants.scaling_queues.join(",")),
        ("SlackWebhookParameter", text(&grants.slack_webhook)),
        ("SlackSecretParameters", grants.slack_secrets.join(",")),
        ("SlackWebhookKeyArn", text(&grants.slack_key)),
        ("AlertTopicArns", grants.alert_topics.join(",")),
        ("TaskLogGroups", grants.task_logs.join(",")),
        ("KmsKeyArn", text(&grants.key)),
    ];
    let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value));
    Stack { parameters: parameters.collect(), ..stack() }
}

/// One thing that may be granted.
pub(crate) type Switch = (&'static str, fn(&mut Grants));

pub(crate) const SWITCHES: [Switch; 18] = [
    ("cluster", |grants| grants.cluster = Some("shop".to_owned())),
    ("changes", |grants| grants.changes = true),
    ("task_roles", |grants| grants.task_roles = vec!["arn:aws:iam::123456789012:role/*".to_owned()]),
    ("raise_memory", |grants| grants.raise_memory = true),
    ("drain", |grants| grants.drain = true),
    ("hook_answers", |grants| grants.hook_answers = true),
    ("capacity_fallback", |grants| grants.capacity_fallback = true),
    ("desired_count_limit", |grants| grants.desired_count_limit = true),
    ("key", |grants| grants.key = Some("arn:aws:kms:us-east-1:123456789012:key/own".to_owned())),
    ("jobs", |grants| grants.jobs = true),
    ("job_task_roles", |grants| {
        let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
        grants.job_task_roles = vec![role("job"), role("etl/*")];
    }),
    ("scaling", |grants| grants.scaling = true),
    ("scaling_queues", |grants| {
        grants.scaling_queues = vec!["arn:aws:sqs:us-east-1:123456789012:*".to_owned()];
    }),
    ("slack_webhook", |grants| grants.slack_webhook = Some(WEBHOOK.to_owned())),
    ("slack_secrets", |grants| {
        grants.slack_secrets = vec!["/steward-secrets/slack-bot".to_owned(), "/team/hook".to_owned()];
    }),
    ("slack_key", |grants| {
        grants.slack_key = Some("arn:aws:kms:us-east-1:123456789012:key/slack".to_owned());
    }),
    ("alert_topics", |grants| {
        grants.alert_topics = vec!["arn:aws:sns:us-east-1:123456789012:ops".to_owned()];
    }),
    ("task_logs", |grants| grants.task_logs = vec!["/ecs/*".to_owned(), "web".to_owned()]),
];

/// With those that are named.
pub(crate) fn switched<'name>(on: impl IntoIterator<Item = &'name str>) -> Grants {
    let mut grants = Grants::default();
    for name in on {
        let (_, switch) =
            SWITCHES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}"));
        switch(&mut grants);
    }
    grants
}

/// Everything that may be granted, on every cluster.
pub(crate) fn everything() -> Grants {
    switched(SWITCHES.iter().map(|(name, _)| *name).filter(|name| *name != "cluster"))
}

/// The policies that the template gives a function's role.
pub(crate) fn documents(function: Function, grants: &Grants) -> Vec<Value> {
    let role = match function {
        Function::Remediation => "RemediationRole",
        Function::Batch => "BatchRole",
        Function::Scaling => "ScalingRole",
        Function::Notifications => "NotificationsRole",
    };
    let properties = TEMPLATE.properties(role, &stack_of(grants));
    let properties = properties.unwrap_or_else(|error| panic!("{role}: {error}")).unwrap();
    // What AWS manages is not read here, so it must not be there.
    assert_eq!(properties["ManagedPolicyArns"], Value::Null, "{role}");
    let policies = properties["Policies"].as_array().unwrap();
    policies.iter().map(|policy| policy["PolicyDocument"].clone()).collect()
}

pub(crate) fn policy(documents: &[Value]) -> Policy {
    let read = |document| Policy::read(document).unwrap_or_else(|error| panic!("{error}"));
    documents.iter().map(read).fold(Policy::default(), Policy::and)
}

/// What the template allows a function.
pub(crate) fn granted(function: Function, grants: &Grants) -> Policy {
    policy(&documents(function, grants))
}

/// What a function declares, and Lambda needs.
pub(crate) fn declared(function: Function, grants: &Grants) -> Policy {
    let statements = permissions::statements(function, &role(function), grants, &names());
    policy(&[permissions::document(&statements)])
}

/// What a function's ports declare.
pub(crate) fn role(function: Function) -> Role {
    match function {
        Function::Remediation => remediation::role::<DynamoLedger, Ecs, Stacks, TellQueue, Ssm>(),
        Function::Batch => batch::role::<DynamoLedger, Ecs, TellQueue, Ssm>(),
        Function::Scaling => scaling::role::<DynamoLedger, Queues, Ecs, ScalableTargets, TellQueue, Ssm>(),
        // What Slack's bot and Amazon Q need is the same as what these two do.
        Function::Notifications => {
            let channels = [Topic::ACCESS, SlackWebhook::<Ssm>::ACCESS];
            notifications::role::<DynamoLedger, TellQueue, TaskEvidence, Ssm>(&channels)
        }
    }
}
