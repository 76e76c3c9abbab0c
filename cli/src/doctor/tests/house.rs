//! An installation of the template's own resources, answer by answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use steward::audit::Ruling;
use steward::config::{MemoryParameters, store};
use steward::ports::{
    AlarmState, EcsError, Figure, FunctionState, Installation, Meaning, Overwrite, Page, ParameterError,
    ParameterStore, Parameters, QueueState, Ruled, SimulateRoles, StackResource, StackState, Subscription,
    TableState, Trigger,
};

use crate::configuration;
use crate::doctor::checks::{Finding, Health, examine};
use crate::doctor::read::{Source, TryToken, read};
use crate::doctor::readings::{QUEUES, last};

pub(super) const PATH: &str = "/steward/prod/configuration";

fn now() -> Timestamp {
    "2026-11-28T00:00:00Z".parse().unwrap()
}

fn template() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap()
}

/// A resource of the template, and the lines that describe it.
pub(super) fn described() -> Vec<(String, String, String)> {
    let template = template();
    let (_, resources) = template.split_once("\nResources:\n").unwrap();
    let (resources, _) = resources.split_once("\nOutputs:\n").unwrap();
    let mut all: Vec<(String, String, String)> = Vec::new();
    for line in resources.lines() {
        let name = line.strip_prefix("  ").filter(|line| line.starts_with(char::is_alphabetic));
        if let Some(name) = name.and_then(|name| name.strip_suffix(':')) {
            all.push((name.to_owned(), String::new(), String::new()));
        } else if let Some((_, kind, text)) = all.last_mut() {
            if let Some(found) = line.strip_prefix("    Type: ") {
                found.clone_into(kind);
            }
            writeln!(text, "{line}").unwrap();
        }
    }
    all
}

/// What SAM makes of functions: ticks, and feeds.
pub(super) const MADE: [(&str, &str); 7] = [
    ("RemediationFunctionSweep", "AWS::Events::Rule"),
    ("NotificationsFunctionSweep", "AWS::Events::Rule"),
    ("BatchFunctionSweep", "AWS::Scheduler::Schedule"),
    ("ScalingFunctionSweep", "AWS::Scheduler::Schedule"),
    ("RemediationFunctionEcsEvents", "AWS::Lambda::EventSourceMapping"),
    ("BatchFunctionJobs", "AWS::Lambda::EventSourceMapping"),
    ("NotificationsFunctionTell", "AWS::Lambda::EventSourceMapping"),
];

fn physical(logical: &str, kind: &str) -> String {
    match kind {
        "AWS::SQS::Queue" => format!("https://sqs.eu-central-1.amazonaws.com/123456789012/prod-{logical}"),
        "AWS::SNS::Topic" => "arn:aws:sns:eu-central-1:123456789012:prod-Topic".to_owned(),
        "AWS::CloudWatch::Alarm" => format!("prod {logical}"),
        _ => format!("prod-{logical}"),
    }
}

/// An installation, answer by answer.
#[derive(Clone)]
pub(super) struct House {
    pub(super) stack: Option<StackState>,
    pub(super) resources: BTreeMap<String, StackResource>,
    pub(super) triggers: BTreeMap<String, Trigger>,
    pub(super) function: FunctionState,
    pub(super) feed: String,
    pub(super) queues: BTreeMap<String, u64>,
    pub(super) figures: BTreeMap<&'static str, f64>,
    pub(super) table: Option<TableState>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) alarm: AlarmState,
    pub(super) ruling: Ruling,
    pub(super) ahead: SignedDuration,
    pub(super) token: Result<(), String>,
    pub(super) parameters: BTreeMap<String, String>,
    /// Operations that are refused.
    pub(super) denied: BTreeSet<&'static str>,
}

impl House {
    pub(super) fn well() -> Self {
        let mut resources: Vec<(String, String)> =
            described().into_iter().map(|(name, kind, _)| (name, kind)).collect();
        resources.extend(MADE.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
        let resource = |(logical, kind): (String, String)| {
            let kind = kind.replace("AWS::Serverless::Function", "AWS::Lambda::Function");
            let physical = Some(physical(&logical, &kind));
            let status = "CREATE_COMPLETE".to_owned();
            (logical.clone(), StackResource { logical, physical, kind, status, reason: None })
        };
        let resources: BTreeMap<String, StackResource> = resources.into_iter().map(resource).collect();
        let target = |logical: &str| match logical {
            "JobTaskRule" => "JobsQueue".to_owned(),
            sweep if sweep.ends_with("Sweep") => sweep.replace("Sweep", ""),
            _ => "EventsQueue".to_owned(),
        };
        let is_trigger = |one: &&StackResource| {
            ["AWS::Events::Rule", "AWS::Scheduler::Schedule"].contains(&one.kind.as_str())
        };
        let triggers = resources.values().filter(is_trigger).map(|one| {
            let state = if one.logical == "SpotRule" { "DISABLED" } else { "ENABLED" };
            let targets = vec![format!("arn:aws:x:eu-central-1:123456789012:prod-{}", target(&one.logical))];
            (one.physical.clone().unwrap(), Trigger { state: state.to_owned(), targets })
        });
        let variables = [
            ("STEWARD_TABLE", "prod-Table"),
            ("STEWARD_TELL_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/prod-TellQueue"),
            ("STEWARD_CONFIGURATION", PATH),
        ];
        let parameters = [
            ("Architecture", "arm64"),
            ("SlackSecretParameters", "/s/bot"),
            ("SlackWebhookParameter", "/s/hook"),
            ("TableDeletionProtection", "true"),
        ];
        let texts = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let queues = QUEUES.iter().flat_map(|(queue, dead)| [*queue, *dead]);
        Self {
            stack: Some(StackState {
                status: "CREATE_COMPLETE".to_owned(),
                reason: None,
                parameters: texts(&parameters),
            }),
            triggers: triggers.collect(),
            function: FunctionState {
                state: "Active".to_owned(),
                last_update: "Successful".to_owned(),
                reason: None,
                architecture: Some("arm64".to_owned()),
                variables: texts(&variables),
            },
            feed: "Enabled".to_owned(),
            queues: queues.map(|queue| (queue.to_owned(), 0)).collect(),
            figures: BTreeMap::from([("Sweeps", 15.0), ("Invocations", 60.0), ("Errors", 1.0)]),
            table: Some(TableState {
                status: "ACTIVE".to_owned(),
                indexes: texts(&[("due", "ACTIVE")]),
                is_protected: true,
                recovers: Some(true),
                forgets_by: Some(Some("expires_at".to_owned())),
            }),
            subscriptions: vec![Subscription {
                protocol: "email".to_owned(),
                endpoint: "ops@example.com".to_owned(),
                is_confirmed: true,
            }],
            alarm: AlarmState { name: String::new(), state: "OK".to_owned(), acts: true },
            ruling: Ruling::Allowed,
            ahead: SignedDuration::from_secs(2),
            token: Ok(()),
            parameters: texts(&[("/s/bot", "xoxb-1"), ("/s/hook", "https://hooks.slack.com/services/T/B/X")]),
            resources,
            denied: BTreeSet::new(),
        }
    }

    fn call(&self, operation: &'static str) -> Result<(), EcsError> {
        if !self.denied.contains(operation) {
            return Ok(());
        }
        let problem = "AccessDeniedException (400): no".to_owned();
        Err(EcsError { operation, target: "it".to_owned(), problem, meaning: Meaning::Refused })
    }

    /// What is found, with a file that is in force and one to compare with it.
    pub(super) fn examined(&self, in_force: Option<&str>, file: Option<&str>) -> Vec<Finding> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let memory = MemoryParameters::new();
            for (name, value) in &self.parameters {
                memory.put(name, value, Overwrite::Yes).await.unwrap();
            }
            if let Some(text) = in_force {
                let valid = configuration::read(text).ok().unwrap();
                let change = store::prepare(&memory, PATH, valid.file).await.unwrap();
                store::apply(&memory, &change).await.unwrap();
            }
            let parameters = Store { memory, is_denied: self.denied.contains("GetParameters") };
            let source = Source {
                installation: self,
                iam: self,
                parameters: &parameters,
                slack: self,
                progress: &|_| {},
            };
            let file = file.map(|text| configuration::read(text).ok().unwrap().file);
            examine(&read(&source, "prod", file, now()).await)
        })
    }

    pub(super) fn ill(&self) -> Vec<String> {
        let findings = self.examined(None, None);
        let ill = findings.into_iter().filter(|finding| finding.health == Health::Problem);
        ill.map(|finding| {
            assert!(finding.next.is_some_and(|next| !next.is_empty()), "{}", finding.says);
            format!("{}: {}", finding.check, finding.says)
        })
        .collect()
    }
}

struct Store {
    memory: MemoryParameters,
    is_denied: bool,
}

impl Parameters for Store {
    async fn get(&self, names: &[String]) -> Result<Vec<Option<String>>, ParameterError> {
        if !self.is_denied {
            return self.memory.get(names).await;
        }
        let (operation, name) = ("GetParameters", names[0].clone());
        let problem = "AccessDeniedException (400): no".to_owned();
        Err(ParameterError::Failed { operation, name, problem, retryable: false })
    }
}

impl ParameterStore for Store {
    async fn put(&self, _: &str, _: &str, _: Overwrite) -> Result<(), ParameterError> {
        panic!("doctor changes nothing")
    }

    async fn delete(&self, _: &[String]) -> Result<(), ParameterError> {
        panic!("doctor changes nothing")
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, ParameterError> {
        self.memory.list(path).await
    }
}

impl TryToken for House {
    async fn try_token(&self, parameter: &str) -> Result<(), String> {
        assert_eq!(parameter, "/s/bot");
        self.token.clone()
    }
}

impl SimulateRoles for House {
    async fn rulings(
        &self,
        role: &str,
        actions: &[&str],
        resources: &[String],
        _: Option<&str>,
    ) -> Result<Page<Ruled>, EcsError> {
        self.call("SimulatePrincipalPolicy")?;
        let ruling = if role.ends_with("role/ops") { Ruling::Allowed } else { self.ruling.clone() };
        let ruled = |action: &&str| Ruled {
            action: (*action).to_owned(),
            resource: resources[0].clone(),
            ruling: ruling.clone(),
        };
        Ok(Page { items: actions.iter().map(ruled).collect(), next: None })
    }
}

impl Installation for House {
    async fn stack(&self, name: &str) -> Result<Option<StackState>, EcsError> {
        assert_eq!(name, "prod");
        self.call("DescribeStacks").map(|()| self.stack.clone())
    }

    async fn resources(&self, _: &str) -> Result<Vec<StackResource>, EcsError> {
        self.call("ListStackResources").map(|()| self.resources.values().cloned().collect())
    }

    async fn rule(&self, name: &str) -> Result<Option<Trigger>, EcsError> {
        self.call("DescribeRule").map(|()| self.triggers.get(name).cloned())
    }

    async fn schedule(&self, name: &str) -> Result<Option<Trigger>, EcsError> {
        self.call("GetSchedule").map(|()| self.triggers.get(name).cloned())
    }

    async fn function(&self, _: &str) -> Result<Option<FunctionState>, EcsError> {
        self.call("GetFunctionConfiguration").map(|()| Some(self.function.clone()))
    }

    async fn mapping(&self, _: &str) -> Result<Option<String>, EcsError> {
        self.call("GetEventSourceMapping").map(|()| Some(self.feed.clone()))
    }

    async fn queue(&self, url: &str) -> Result<Option<QueueState>, EcsError> {
        self.call("GetQueueAttributes")?;
        let name = last(url).strip_prefix("prod-").unwrap();
        Ok(self.queues.get(name).map(|messages| QueueState { messages: *messages }))
    }

    async fn table(&self, name: &str) -> Result<Option<TableState>, EcsError> {
        assert_eq!(name, "prod-Table");
        self.call("DescribeTable").map(|()| self.table.clone())
    }

    async fn subscriptions(&self, _: &str) -> Result<Vec<Subscription>, EcsError> {
        self.call("ListSubscriptionsByTopic").map(|()| self.subscriptions.clone())
    }

    async fn alarms(&self, names: &[String]) -> Result<Vec<AlarmState>, EcsError> {
        self.call("DescribeAlarms")?;
        Ok(names.iter().map(|name| AlarmState { name: name.clone(), ..self.alarm.clone() }).collect())
    }

    async fn figures(
        &self,
        queries: &[Figure],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Option<f64>>, EcsError> {
        assert!(from < to && queries.len() <= 500);
        self.call("GetMetricData")?;
        Ok(queries.iter().map(|query| self.figures.get(query.name).copied()).collect())
    }

    async fn last_error(&self, group: &str, _: Timestamp) -> Result<Option<String>, EcsError> {
        assert!(group.ends_with("LogGroup"), "{group}");
        self.call("FilterLogEvents").map(|()| Some("the table does not answer".to_owned()))
    }

    async fn caller(&self) -> Result<String, EcsError> {
        self.call("GetCallerIdentity").map(|()| "arn:aws:sts::123456789012:assumed-role/ops/ana".to_owned())
    }

    fn ahead(&self) -> Option<SignedDuration> {
        (!self.denied.contains("DescribeRule")).then_some(self.ahead)
    }
}
