//! Every check, against an installation of the template's own resources: well as a whole, and ill in one place at a time.

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

use super::checks::{CHECKS, Finding, Health, examine};
use super::read::{Source, TryToken, read};
use super::readings::{QUEUES, last};
use super::{json, text};
use crate::configuration;

const PATH: &str = "/steward/prod/configuration";

fn now() -> Timestamp {
    "2026-11-28T00:00:00Z".parse().unwrap()
}

fn template() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap()
}

/// A resource of the template, and the lines that describe it.
fn described() -> Vec<(String, String, String)> {
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
const MADE: [(&str, &str); 7] = [
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
struct House {
    stack: Option<StackState>,
    resources: BTreeMap<String, StackResource>,
    triggers: BTreeMap<String, Trigger>,
    function: FunctionState,
    feed: String,
    queues: BTreeMap<String, u64>,
    figures: BTreeMap<&'static str, f64>,
    table: Option<TableState>,
    subscriptions: Vec<Subscription>,
    alarm: AlarmState,
    ruling: Ruling,
    ahead: SignedDuration,
    token: Result<(), String>,
    parameters: BTreeMap<String, String>,
    /// Operations that are refused.
    denied: BTreeSet<&'static str>,
}

impl House {
    fn well() -> Self {
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
    fn examined(&self, in_force: Option<&str>, file: Option<&str>) -> Vec<Finding> {
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

    fn ill(&self) -> Vec<String> {
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

fn shown(findings: &[Finding]) -> String {
    let mut out = Vec::new();
    text::write(&mut out, "prod", findings).unwrap();
    String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap()
}

#[test]
fn what_the_template_describes_is_well() {
    let findings = House::well().examined(Some("version: 1\n"), Some("version: 1\n"));
    assert!(findings.iter().all(|finding| finding.health == Health::Well), "{findings:#?}");
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, CHECKS.map(|(name, _)| name), "each says something");
    insta::assert_snapshot!(shown(&findings));
}

#[test]
fn each_thing_that_is_wrong_is_found_by_its_check_alone_and_has_something_to_do() {
    type Break = fn(&mut House);
    let cases: [(Break, &str); 30] = [
        (
            |house| house.stack.as_mut().unwrap().status = "UPDATE_ROLLBACK_COMPLETE".to_owned(),
            "stack: prod is UPDATE_ROLLBACK_COMPLETE, so the last update was taken back",
        ),
        (
            |house| house.stack.as_mut().unwrap().status = "UPDATE_IN_PROGRESS".to_owned(),
            "stack: prod is UPDATE_IN_PROGRESS",
        ),
        (
            |house| house.stack.as_mut().unwrap().status = "DELETE_FAILED".to_owned(),
            "stack: prod is DELETE_FAILED",
        ),
        (
            |house| house.resources.get_mut("HookRule").unwrap().status = "UPDATE_FAILED".to_owned(),
            "resources: HookRule is UPDATE_FAILED",
        ),
        (
            |house| drop(house.resources.remove("JobsDeadLetterQueue")),
            "resources: JobsDeadLetterQueue is missing",
        ),
        (|house| house.table = None, "table: the table prod-Table is gone"),
        (
            |house| house.table.as_mut().unwrap().status = "ARCHIVED".to_owned(),
            "table: prod-Table is ARCHIVED",
        ),
        (|house| house.table.as_mut().unwrap().indexes.clear(), "table: it has no index `due`"),
        (|house| house.table.as_mut().unwrap().recovers = Some(false), "table: it cannot be restored"),
        (
            |house| house.table.as_mut().unwrap().forgets_by = Some(None),
            "table: it does not forget by `expires_at`",
        ),
        (
            |house| house.table.as_mut().unwrap().is_protected = false,
            "table: it is not protected from deletion",
        ),
        (
            |house| house.triggers.get_mut("prod-TaskRule").unwrap().state = "DISABLED".to_owned(),
            "rules: TaskRule is DISABLED",
        ),
        (
            |house| house.triggers.get_mut("prod-BatchFunctionSweep").unwrap().state = "DISABLED".to_owned(),
            "rules: BatchFunctionSweep is DISABLED",
        ),
        (
            |house| {
                house.triggers.get_mut("prod-JobTaskRule").unwrap().targets =
                    vec!["arn:aws:sqs:r:1:prod-EventsQueue".to_owned()]
            },
            "rules: JobTaskRule does not send to JobsQueue",
        ),
        (
            |house| drop(house.triggers.remove("prod-HealthRule")),
            "rules: HealthRule (prod-HealthRule) is gone",
        ),
        (|house| house.function.state = "Failed".to_owned(), "functions: BatchFunction is Failed"),
        (
            |house| house.function.last_update = "Failed".to_owned(),
            "functions: the last update of BatchFunction failed",
        ),
        (
            |house| house.function.architecture = Some("x86_64".to_owned()),
            "functions: BatchFunction runs on x86_64, the stack says arm64",
        ),
        (
            |house| drop(house.function.variables.insert("STEWARD_TABLE".to_owned(), "other".to_owned())),
            "functions: BatchFunction has STEWARD_TABLE=other, the stack prod-Table",
        ),
        (
            |house| drop(house.figures.insert("Errors", 3.0)),
            "functions: 3 of 60 invocations of BatchFunction failed within the hour; the latest error: the table does not answer",
        ),
        (|house| house.feed = "Disabled".to_owned(), "functions: BatchFunctionJobs is Disabled"),
        (
            |house| drop(house.figures.remove("Sweeps")),
            "sweeps: remediation has ended no sweep for a quarter of an hour",
        ),
        (
            |house| drop(house.figures.insert("ApproximateAgeOfOldestMessage", 7_200.0)),
            "queues: a message has waited in EventsQueue for 120 minutes",
        ),
        (
            |house| drop(house.figures.insert("FailedInvocations", 2.0)),
            "rules: 2 events of ContainerInstanceRule",
        ),
        (
            |house| drop(house.queues.insert("EventsDeadLetterQueue".to_owned(), 2)),
            "dead-letters: EventsDeadLetterQueue has 2 messages",
        ),
        (|house| house.alarm.state = "ALARM".to_owned(), "alarms: `prod BatchErrorsAlarm` is in ALARM"),
        (
            |house| house.ruling = Ruling::NotAllowed,
            "roles: the role of BatchFunction may not sqs:ReceiveMessage on ",
        ),
        (
            |house| house.ahead = SignedDuration::from_mins(-4),
            "clock: this machine's clock is 240 s behind AWS's",
        ),
        (
            |house| house.token = Err("Slack says invalid_auth".to_owned()),
            "channels: /s/bot: Slack says invalid_auth",
        ),
        (
            |house| house.subscriptions[0].is_confirmed = false,
            "channels: ops@example.com (email) has not been confirmed",
        ),
    ];
    for (spoil, said) in cases {
        let mut house = House::well();
        spoil(&mut house);
        let ill = house.ill();
        let check = said.split(':').next().unwrap();
        assert!(ill.iter().any(|one| one.starts_with(said)), "{said}: {ill:#?}");
        assert!(ill.iter().all(|one| one.starts_with(check)), "{said}: {ill:#?}");
    }
}

#[test]
fn a_stack_that_is_not_there_is_said_once_and_nothing_else_is_asked() {
    let mut house = House::well();
    house.stack = None;
    let findings = house.examined(None, None);
    let ill: Vec<&Finding> = findings.iter().filter(|finding| finding.health == Health::Problem).collect();
    assert_eq!(ill.len(), 1, "{findings:#?}");
    assert_eq!(ill[0].says, "there is no stack prod in this account and Region");
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, ["stack", "configuration", "channels", "clock", "you"], "{findings:#?}");
}

#[test]
fn what_nobody_may_look_at_is_neither_well_nor_a_problem() {
    let mut house = House::well();
    house.denied = [
        "DescribeStacks",
        "ListStackResources",
        "DescribeRule",
        "GetSchedule",
        "GetFunctionConfiguration",
        "GetEventSourceMapping",
        "GetQueueAttributes",
        "DescribeTable",
        "ListSubscriptionsByTopic",
        "DescribeAlarms",
        "GetMetricData",
        "FilterLogEvents",
        "GetCallerIdentity",
        "SimulatePrincipalPolicy",
        "GetParameters",
    ]
    .into();
    let findings = house.examined(None, None);
    assert!(findings.iter().all(|finding| finding.health == Health::Unseen), "{findings:#?}");
    let checks: BTreeSet<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks.len(), CHECKS.len(), "{checks:?}");
    // Where only the stack may be read, the rest is said once an operation.
    house.denied.remove("DescribeStacks");
    house.denied.remove("ListStackResources");
    insta::assert_snapshot!(shown(&house.examined(None, None)));
}

#[test]
fn a_damaged_configuration_and_another_file_are_found() {
    let house = House::well();
    let differs = house.examined(Some("version: 1\n"), Some("version: 1\nincidents: {quiet: 1h}\n"));
    assert!(shown(&differs).contains("the file says something else than what is in force"));
    let mut damaged = House::well();
    damaged.parameters.insert(format!("{PATH}/current"), "{}".to_owned());
    let ill = damaged.ill();
    assert!(ill.len() == 1 && ill[0].starts_with("configuration: /steward/prod/configuration: "), "{ill:#?}");
    let named =
        "version: 1\nnotifications: {channels: {ops: {slack: {bot: /s/other, channel: C0123456789}}}}\n";
    let ill = shown(&house.examined(Some(named), None));
    assert!(ill.contains("there is no parameter /s/other") && ill.contains("may not read"), "{ill}");
}

#[test]
fn nothing_is_wider_than_a_terminal_but_what_is_to_be_copied() {
    let mut house = House::well();
    house.stack = None;
    house.alarm.state = "ALARM".to_owned();
    for finding in [house.examined(None, None), House::well().examined(None, None)] {
        for line in shown(&finding).lines() {
            assert!(line.chars().count() <= 80 || !line.trim().contains("  "), "{line}");
        }
    }
}

#[test]
fn as_json_it_is_one_object_with_every_finding() {
    let mut out = Vec::new();
    let mut house = House::well();
    house.feed = "Disabled".to_owned();
    json::write(&mut out, "prod", &house.examined(None, None)).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&document["version"], &document["stack"]), (&1.into(), &"prod".into()));
    let findings = document["findings"].as_array().unwrap();
    let problem = findings.iter().find(|finding| finding["health"] == "problem").unwrap();
    assert_eq!(problem["check"], "functions");
    assert!(problem["next"].as_str().unwrap().starts_with("aws lambda update-event-source-mapping"));
    assert!(findings.iter().any(|finding| finding["health"] == "well" && finding.get("next").is_none()));
}

/// What the checks take for granted of the template, in the template's own words.
#[test]
fn the_template_has_what_no_stack_is_without_and_its_rules_send_where_doctor_expects() {
    let described = described();
    for needed in super::checks::needed() {
        assert!(described.iter().any(|(name, _, _)| name == needed), "{needed}");
    }
    let rules: Vec<_> = described.iter().filter(|(_, kind, _)| kind == "AWS::Events::Rule").collect();
    assert!(rules.len() >= 12, "{}", rules.len());
    for (name, _, text) in rules {
        let queue = if name == "JobTaskRule" { "JobsQueue" } else { "EventsQueue" };
        assert!(text.contains(&format!("Arn: !GetAtt {queue}.Arn")), "{name}: {text}");
    }
    for (name, kind) in MADE {
        let (function, event) = name.split_once("Function").unwrap();
        let (_, _, text) =
            described.iter().find(|(name, _, _)| *name == format!("{function}Function")).unwrap();
        let kind = match kind {
            "AWS::Events::Rule" => "Schedule",
            "AWS::Scheduler::Schedule" => "ScheduleV2",
            _ => "SQS",
        };
        assert!(text.contains(&format!("        {event}:\n          Type: {kind}\n")), "{name}: {text}");
    }
}
