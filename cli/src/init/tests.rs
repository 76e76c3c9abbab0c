//! What is read against an account of the tests' own, and files of many simulated accounts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::arn::{ClusterArn, ServiceName, TaskArn, TaskDefinitionArn};
use steward::audit::{Container, Definition, Launch, LogConfiguration, Service};
use steward::config::Mode;
use steward::ecs::{self, Controller, DesiredCount, PendingCount, RunningCount, Watch};
use steward::event::{Detail, TaskStateChange};
use steward::observed::Observed;
use steward::ports::{AuditEcs, AutoScaling, Clock, EcsError, Meaning, Page, Wait};

use super::found::{Cluster, DeployedBy, Family, Found, Kind};
use super::{page, read};
use crate::audit::read::Reading;
use crate::configuration;

const ACCOUNT: &str = "arn:aws:ecs:eu-central-1:123456789012";

fn now() -> Timestamp {
    "2026-11-28T00:00:00Z".parse().unwrap()
}

/// A cluster `shop` with some services and standalone tasks, of which some calls are refused.
#[derive(Default)]
struct Shop {
    denied: BTreeSet<&'static str>,
}

impl Shop {
    fn call(&self, operation: &'static str) -> Result<(), EcsError> {
        if !self.denied.contains(operation) {
            return Ok(());
        }
        let problem = format!("AccessDeniedException (400): not authorized to perform {operation}");
        Err(EcsError { operation, target: "it".to_owned(), problem, meaning: Meaning::Refused })
    }

    fn read(denied: &[&'static str]) -> Cluster {
        let shop = Self { denied: denied.iter().copied().collect() };
        let reading = Reading::new(&shop, &(), &shop, 7, &|_| {});
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(read::cluster(&reading, &shop, "shop")).unwrap()
    }
}

fn service(name: &str) -> Service {
    Service {
        ecs: ecs::Service {
            cluster: ClusterArn::new(format!("{ACCOUNT}:cluster/shop")),
            name: ServiceName::new(name),
            status: "ACTIVE".to_owned(),
            controller: if name == "blue" { Controller::CodeDeploy } else { Controller::Ecs },
            is_rolling: true,
            task_definition: Some(TaskDefinitionArn::new(format!("{ACCOUNT}:task-definition/{name}:1"))),
            desired: DesiredCount(2),
            running: RunningCount(2),
            pending: PendingCount(0),
            breaker: Watch { is_enabled: name == "api", rolls_back: name == "api" },
            alarms: Watch::default(),
            deployments: Vec::new(),
            current_service_deployment: None,
            tags: BTreeMap::new(),
            capacity_providers: Vec::new(),
        },
        arn: format!("{ACCOUNT}:service/shop/{name}"),
        launch: if name == "hosted" { Launch::Ec2 } else { Launch::Fargate },
        is_on_spot: name == "spotty",
        is_daemon: false,
        minimum_percent: None,
        maximum_percent: None,
        grace: None,
        has_load_balancer: false,
        subnets: None,
        is_discovered: false,
        execute_command: false,
        platform_version: None,
    }
}

const NAMES: [&str; 5] = ["api", "blue", "hosted", "plain", "spotty"];

impl AuditEcs for Shop {
    async fn service_arns(&self, _: &str, _: Option<&str>) -> Result<Option<Page<String>>, EcsError> {
        self.call("ListServices")?;
        let items = NAMES.map(|name| format!("{ACCOUNT}:service/shop/{name}")).to_vec();
        Ok(Some(Page { items, next: None }))
    }

    async fn services(&self, _: &str, arns: &[String]) -> Result<Vec<Service>, EcsError> {
        self.call("DescribeServices")?;
        Ok(arns.iter().map(|arn| service(arn.rsplit('/').next().unwrap())).collect())
    }

    async fn definition(&self, arn: &TaskDefinitionArn) -> Result<Option<Definition>, EcsError> {
        self.call("DescribeTaskDefinition")?;
        let driver = if arn.as_str().contains("hosted") { "awsfirelens" } else { "awslogs" };
        let logs = LogConfiguration { driver: driver.to_owned(), ..LogConfiguration::default() };
        let containers = vec![Container { logs: Some(logs), ..Container::default() }];
        let (task_role, execution_role, is_windows, size) = (None, None, false, 1);
        Ok(Some(Definition { arn: arn.clone(), task_role, execution_role, is_windows, size, containers }))
    }

    async fn task_arns(
        &self,
        _: &str,
        _: Option<&ServiceName>,
        stopped: bool,
        _: Option<&str>,
    ) -> Result<Page<TaskArn>, EcsError> {
        self.call("ListTasks")?;
        let names = if stopped { &["etl", "own"][..] } else { &["api"][..] };
        let arn = |name: &&str| TaskArn::new(format!("{ACCOUNT}:task/shop/{name}"));
        Ok(Page { items: names.iter().map(arn).collect(), next: None })
    }

    async fn tasks(&self, _: &str, arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError> {
        let task = |arn: &TaskArn| {
            let name = arn.as_str().rsplit('/').next().unwrap();
            let by = match name {
                "own" => "steward/job/x",
                "etl" => "events-rule/nightly",
                _ => "ecs-svc/1",
            };
            let group = if name == "api" { "service:api" } else { "family:etl" };
            let event = serde_json::json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": {
                "clusterArn": format!("{ACCOUNT}:cluster/shop"), "taskArn": arn.as_str(), "group": group, "startedBy": by,
                "taskDefinitionArn": format!("{ACCOUNT}:task-definition/{name}:3"), "lastStatus": "STOPPED",
                "desiredStatus": "STOPPED", "containers": [], "version": 4,
            }});
            let serde_json::Value::Object(event) = event else { panic!() };
            match steward::event::Event::from_object(event).unwrap().detail {
                Detail::TaskStateChange(task) => *task,
                other => panic!("{other:?}"),
            }
        };
        Ok(arns.iter().map(task).collect())
    }
}

impl AutoScaling for Shop {
    async fn owned(&self, _: &ClusterArn, _: &[ServiceName]) -> Result<BTreeSet<ServiceName>, EcsError> {
        self.call("DescribeScalableTargets")?;
        Ok(BTreeSet::from([ServiceName::new("plain")]))
    }
}

impl Clock for Shop {
    fn now(&self) -> Timestamp {
        now()
    }
}

impl Wait for Shop {
    async fn until(&self, at: Timestamp) {
        assert!(at.duration_since(now()) < SignedDuration::from_hours(1));
    }
}

fn found(clusters: Vec<Cluster>) -> Found {
    Found { account: Some("123456789012".to_owned()), region: Some("eu-central-1".to_owned()), clusters }
}

/// The file with its examples let in.
fn with_examples(text: &str) -> String {
    let line = |line: &str| {
        let bare = line.trim_start();
        let indented = line.len() - bare.len();
        let example = bare.strip_prefix('#').filter(|text| !text.is_empty());
        match example.filter(|text| !text.starts_with(' ') || text.starts_with("  ")) {
            Some(setting) => format!("{:indented$}{setting}\n", ""),
            None => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

fn is_valid(text: &str) -> configuration::Valid {
    configuration::read(text).unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", problems.join("\n"))
    })
}

#[test]
fn a_cluster_becomes_a_file_in_which_every_line_says_why_it_is_there() {
    let text = page::write(&found(vec![Shop::read(&[])]), now());
    insta::assert_snapshot!(text);
    is_valid(&text);
}

#[test]
fn what_may_not_be_read_is_said_and_the_rest_is_read() {
    for (operation, said, services) in [
        ("ListServices", "- the services of shop: ListServices", 0),
        ("DescribeServices", "- service api: DescribeServices", 0),
        ("DescribeTaskDefinition", "- where containers of shop log: DescribeTaskDefinition", 5),
        ("DescribeScalableTargets", "- what Application Auto Scaling owns in shop: ", 5),
        ("ListTasks", "- the standalone tasks of shop: ListTasks", 5),
    ] {
        let cluster = Shop::read(&[operation]);
        assert_eq!(cluster.services.len(), services, "{operation}");
        let text = page::write(&found(vec![cluster]), now());
        let head = text.split("version: 1").next().unwrap();
        let head = head.replace("\n# ", " ");
        assert!(head.contains("could not be read") && head.contains(said), "{operation}: {head}");
        is_valid(&text);
    }
    let text = page::write(&found(vec![Shop::read(&[])]), now());
    assert!(!text.contains("could not be read"), "{text}");
}

#[test]
fn tasks_of_services_and_of_stewards_own_jobs_are_no_standalone_ones() {
    let cluster = Shop::read(&[]);
    let etl = Family { tasks: 1, started_by: Some("events-rule/nightly".to_owned()) };
    assert!(etl.is_scheduled());
    assert_eq!(cluster.families, BTreeMap::from([("etl".to_owned(), etl)]));
}

/// Numbers that a seed decides (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn is(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Names as ECS takes them, those included that YAML takes for something else, and a few that are none.
    fn name(&mut self) -> String {
        const NAMES: [&str; 18] = [
            "api",
            "on",
            "No",
            "null",
            "true",
            "123",
            "1e3",
            "0x1F",
            "-",
            "_x",
            "~",
            "a-b_c",
            "12:30",
            "é",
            "",
            "2026-11-28",
            "y",
            "*",
        ];
        match self.below(4) {
            0 => NAMES[self.below(NAMES.len())].to_owned(),
            1 => "n".repeat(255),
            _ => format!("service-{}", self.below(30)),
        }
    }

    fn text(&mut self) -> String {
        ["it is denied", "line\nversion: 2", "\u{1b}[31m: - {", "# x", "  two"][self.below(5)].to_owned()
    }

    fn cluster(&mut self) -> Cluster {
        let mut cluster = Cluster { name: self.name(), ..Cluster::default() };
        for _ in 0..self.below(60) {
            let deployed_by = match self.below(4) {
                0 => DeployedBy::CodeDeploy,
                1 => DeployedBy::Other(self.text()),
                _ => DeployedBy::Ecs,
            };
            let is_scaled = [None, Some(true), Some(false)][self.below(3)];
            let kind = Kind {
                deployed_by,
                goes_back: self.is(),
                is_on_spot: self.is(),
                is_on_hosts: self.is(),
                is_daemon: self.is(),
                is_scaled,
            };
            let drivers = match self.below(3) {
                0 => Observed::Unknown("no".to_owned()),
                1 => Observed::Known(BTreeSet::from(["awslogs".to_owned()])),
                _ => Observed::Known(BTreeSet::from(["none".to_owned(), self.text()])),
            };
            cluster.services.push(super::found::Service { name: self.name(), kind, drivers });
        }
        cluster.services.sort_by(|one, other| one.name.cmp(&other.name));
        cluster.services.dedup_by(|one, other| one.name == other.name);
        for _ in 0..self.below(6) {
            let by = ["events-rule/x", "chronos-schedule/x", "a\nperson"][self.below(3)];
            let family = Family { tasks: 1 + self.below(9), started_by: self.is().then(|| by.to_owned()) };
            cluster.families.insert(self.name(), family);
        }
        for _ in 0..self.below(3) {
            cluster.unread.push(self.text());
        }
        cluster
    }
}

#[test]
fn the_file_of_any_account_is_valid_and_goes_no_further_than_to_observe() {
    let mut entries = 0;
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let mut clusters: Vec<Cluster> = (0..dice.below(5)).map(|_| dice.cluster()).collect();
        clusters.sort_by(|one, other| one.name.cmp(&other.name));
        clusters.dedup_by(|one, other| one.name == other.name);
        let text = page::write(&found(clusters), now());
        for text in [text.clone(), with_examples(&text)] {
            let policy = is_valid(&text).configuration.policy;
            entries += policy.services.len();
            assert!(policy.services.iter().all(|entry| entry.rules.mode == Mode::Observe), "{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 300), "{text}");
    }
    assert!(entries > 1_000, "{entries}");
}
