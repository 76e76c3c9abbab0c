//! What is read, against ECS and IAM of the tests' own, and what is said of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::arn::{ClusterArn, ServiceName, TaskArn, TaskDefinitionArn};
use steward::audit::{CHECKS, Definition, Launch, Named, Report, Ruling, Service, Severity, report};
use steward::config::Glob;
use steward::ecs::{self, Controller, DesiredCount, PendingCount, RunningCount, Watch};
use steward::event::TaskStateChange;
use steward::observed::Observed;
use steward::ports::{AuditEcs, Clock, EcsError, Meaning, Page, Ruled, SimulateRoles, Wait};

use super::read::{Failed, Read, Reading, read};
use super::{json as document, sarif, text};

const ACCOUNT: &str = "arn:aws:ecs:eu-central-1:123456789012";

/// A cluster of services `s0`, `s1`, …, each with the same definition unless it is said to have its own.
struct Cluster {
    services: usize,
    own_definitions: bool,
    /// Operations that are refused, and those that are throttled so many times.
    denied: BTreeSet<&'static str>,
    throttled: RefCell<BTreeMap<&'static str, u32>>,
    /// Of these services nothing may be described.
    hidden: BTreeSet<String>,
    calls: RefCell<BTreeMap<&'static str, usize>>,
    now: Cell<Timestamp>,
    has_logs: bool,
    breaker: bool,
}

impl Cluster {
    fn of(services: usize) -> Self {
        Self {
            services,
            own_definitions: false,
            denied: BTreeSet::new(),
            throttled: RefCell::default(),
            hidden: BTreeSet::new(),
            calls: RefCell::default(),
            now: Cell::new("2026-11-27T12:00:00Z".parse().unwrap()),
            has_logs: true,
            breaker: true,
        }
    }

    fn call(&self, operation: &'static str, service: &str) -> Result<(), EcsError> {
        *self.calls.borrow_mut().entry(operation).or_default() += 1;
        let failed =
            |problem: String, meaning| Err(EcsError { operation, target: "it".to_owned(), problem, meaning });
        if self.denied.contains(operation) {
            let problem = format!(
                "AccessDeniedException (400): User: ana is not authorized to perform: {service}:{operation} on resource: *"
            );
            return failed(problem, Meaning::Refused);
        }
        match self.throttled.borrow_mut().get_mut(operation) {
            Some(left) if *left > 0 => {
                *left -= 1;
                failed("ThrottlingException (400): Rate exceeded".to_owned(), Meaning::Throttled)
            }
            _ => Ok(()),
        }
    }

    fn calls(&self, operation: &str) -> usize {
        self.calls.borrow().get(operation).copied().unwrap_or_default()
    }

    fn read(&self, only: Option<&str>) -> Result<Read, Failed> {
        let reading = Reading::new(self, self, self, 7, &|_| {});
        let only = only.map(Glob::new);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(read(&reading, "shop", only.as_ref()))
    }

    fn report(&self) -> Report {
        let read = self.read(None).map_err(|_| "unreadable").unwrap();
        let mut report = report(&read.cluster, &read.services, &BTreeSet::new(), self.now.get());
        for (service, why) in read.unread {
            report.unread(service, &why);
        }
        report
    }
}

fn service(name: &str, definition: &str, breaker: bool) -> Service {
    Service {
        ecs: ecs::Service {
            cluster: ClusterArn::new(format!("{ACCOUNT}:cluster/shop")),
            name: ServiceName::new(name),
            status: "ACTIVE".to_owned(),
            controller: Controller::Ecs,
            is_rolling: true,
            task_definition: Some(TaskDefinitionArn::new(format!("{ACCOUNT}:task-definition/{definition}"))),
            desired: DesiredCount(2),
            running: RunningCount(2),
            pending: PendingCount(0),
            breaker: Watch { is_enabled: breaker, rolls_back: true },
            alarms: Watch::default(),
            deployments: Vec::new(),
            current_service_deployment: None,
            capacity_providers: Vec::new(),
            tags: BTreeMap::new(),
        },
        arn: format!("{ACCOUNT}:service/shop/{name}"),
        launch: Launch::Fargate,
        is_on_spot: false,
        is_daemon: false,
        minimum_percent: Some(100),
        maximum_percent: Some(200),
        grace: Some(60),
        has_load_balancer: true,
        subnets: Some(2),
        is_discovered: false,
        execute_command: false,
        platform_version: None,
    }
}

impl AuditEcs for Cluster {
    async fn service_arns(
        &self,
        _cluster: &str,
        from: Option<&str>,
    ) -> Result<Option<Page<String>>, EcsError> {
        self.call("ListServices", "ecs")?;
        if self.services == usize::MAX {
            return Ok(None);
        }
        let from: usize = from.map_or(0, |from| from.parse().unwrap());
        let to = (from + 100).min(self.services);
        let items = (from..to).map(|number| format!("{ACCOUNT}:service/shop/s{number}")).collect();
        Ok(Some(Page { items, next: (to < self.services).then(|| to.to_string()) }))
    }

    async fn services(&self, _cluster: &str, arns: &[String]) -> Result<Vec<Service>, EcsError> {
        assert!(arns.len() <= 10, "{arns:?}");
        self.call("DescribeServices", "ecs")?;
        if arns.iter().any(|arn| self.hidden.contains(arn.rsplit('/').next().unwrap())) {
            let problem = "AccessDeniedException (400): hidden".to_owned();
            let target = "it".to_owned();
            return Err(EcsError {
                operation: "DescribeServices",
                target,
                problem,
                meaning: Meaning::Refused,
            });
        }
        let read = |arn: &String| {
            let name = arn.rsplit('/').next().unwrap();
            let definition = if self.own_definitions { format!("{name}:1") } else { "web:1".to_owned() };
            service(name, &definition, self.breaker)
        };
        Ok(arns.iter().map(read).collect())
    }

    async fn definition(&self, arn: &TaskDefinitionArn) -> Result<Option<Definition>, EcsError> {
        self.call("DescribeTaskDefinition", "ecs")?;
        let logs = json!({"logDriver": "awslogs", "options": {"awslogs-group": "/web", "awslogs-region": "eu-central-1"}});
        let answered = json!({
            "taskDefinitionArn": arn.as_str(), "executionRoleArn": "execution",
            "containerDefinitions": [{
                "name": "app", "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web@sha256:0", "stopTimeout": 60,
                "logConfiguration": if self.has_logs { logs } else { Value::Null },
            }],
        });
        Ok(Some(Definition::read(&answered).unwrap()))
    }

    async fn task_arns(
        &self,
        _cluster: &str,
        service: Option<&ServiceName>,
        _stopped: bool,
        _from: Option<&str>,
    ) -> Result<Page<TaskArn>, EcsError> {
        self.call(if service.is_some() { "ListTasks of one" } else { "ListTasks" }, "ecs")?;
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn tasks(&self, _cluster: &str, _arns: &[TaskArn]) -> Result<Vec<TaskStateChange>, EcsError> {
        panic!("nothing was listed")
    }
}

impl SimulateRoles for Cluster {
    async fn rulings(
        &self,
        role: &str,
        actions: &[&str],
        resources: &[String],
        _from: Option<&str>,
    ) -> Result<Page<Ruled>, EcsError> {
        self.call("SimulatePrincipalPolicy", "iam")?;
        assert_eq!(role, "arn:aws:iam::123456789012:role/execution", "a name alone is one of the account");
        let all = ["*".to_owned()];
        let resources = if resources.is_empty() { &all } else { resources };
        let items = actions.iter().flat_map(|action| {
            resources.iter().map(|resource| Ruled {
                action: (*action).to_owned(),
                resource: resource.clone(),
                ruling: Ruling::Allowed,
            })
        });
        Ok(Page { items: items.collect(), next: None })
    }
}

impl Clock for Cluster {
    fn now(&self) -> Timestamp {
        self.now.get()
    }
}

impl Wait for Cluster {
    async fn until(&self, at: Timestamp) {
        self.now.set(self.now.get().max(at));
    }
}

fn shown(write: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
}

#[test]
fn a_large_cluster_is_read_page_by_page_and_each_definition_and_role_once() {
    let cluster = Cluster::of(230);
    assert_eq!(cluster.read(None).map_err(|_| ()).unwrap().services.len(), 230);
    let calls = [
        "ListServices",
        "DescribeServices",
        "DescribeTaskDefinition",
        "SimulatePrincipalPolicy",
        "ListTasks",
    ];
    assert_eq!(calls.map(|operation| cluster.calls(operation)), [3, 23, 1, 2, 2]);
}

#[test]
fn few_services_are_read_without_the_rest_of_the_cluster() {
    let cluster = Cluster::of(230);
    let read = cluster.read(Some("s22?")).map_err(|_| ()).unwrap();
    assert_eq!((read.services.len(), &read.cluster.services), (10, &Observed::Known(230)));
    let calls = ["DescribeServices", "ListTasks", "ListTasks of one"];
    assert_eq!(calls.map(|operation| cluster.calls(operation)), [1, 0, 20]);
}

#[test]
fn five_hundred_definitions_take_as_long_as_three_quarters_of_what_ecs_allows() {
    let cluster = Cluster { own_definitions: true, ..Cluster::of(500) };
    let begun = cluster.now.get();
    cluster.read(None).map_err(|_| ()).unwrap();
    let took = cluster.now.get().duration_since(begun);
    assert!(took > SignedDuration::from_secs(30) && took < SignedDuration::from_secs(36), "{took:?}");
}

#[test]
fn what_is_throttled_is_asked_again_later() {
    let cluster = Cluster::of(3);
    cluster.throttled.borrow_mut().extend([("DescribeTaskDefinition", 4), ("ListServices", 2)]);
    let begun = cluster.now.get();
    assert!(cluster.report().unseen.is_empty());
    assert_eq!((cluster.calls("DescribeTaskDefinition"), cluster.calls("ListServices")), (5, 3));
    assert!(cluster.now.get().duration_since(begun) > SignedDuration::from_secs(4));
}

#[test]
fn what_is_always_throttled_ends_and_is_not_known() {
    let cluster = Cluster::of(3);
    cluster.throttled.borrow_mut().insert("DescribeTaskDefinition", u32::MAX);
    let report = cluster.report();
    assert_eq!(cluster.calls("DescribeTaskDefinition"), 8);
    assert!(report.unseen.iter().any(|unseen| unseen.why.as_str().contains("Rate exceeded")));
}

#[test]
fn what_is_refused_is_asked_no_more_and_is_no_finding() {
    let cluster =
        Cluster { own_definitions: true, denied: ["DescribeTaskDefinition"].into(), ..Cluster::of(100) };
    let report = cluster.report();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(cluster.calls("DescribeTaskDefinition") <= 8, "what was under way when the first was refused");
    let text = shown(|out| text::write(out, &report, CHECKS.len()));
    assert!(text.contains("nothing found in what could be seen"), "{text}");
    assert!(text.contains("  ecs:DescribeTaskDefinition is not allowed\n"), "{text}");
    assert!(text.contains("of 100 services"), "{text}");
}

#[test]
fn a_service_that_may_not_be_read_hides_no_other() {
    let report = Cluster { hidden: ["s3".to_owned()].into(), ..Cluster::of(10) }.report();
    assert_eq!((report.services, report.unseen.len()), (9, 1));
    assert_eq!(report.unseen[0].service.as_ref().unwrap().name, "s3");
}

#[test]
fn a_cluster_of_which_nothing_can_be_read_is_an_error() {
    assert!(matches!(Cluster::of(usize::MAX).read(None), Err(Failed::NoSuchCluster)));
    for operation in ["ListServices", "DescribeServices"] {
        let cluster = Cluster { denied: [operation].into(), ..Cluster::of(3) };
        let Err(Failed::Unreadable(error)) = cluster.read(None) else { panic!("{operation}") };
        assert!(error.problem.contains(operation), "{error}");
    }
}

/// A report of a cluster with something wrong.
fn messy(services: usize) -> Report {
    let mut report = Cluster { has_logs: false, breaker: false, ..Cluster::of(services) }.report();
    let gone = Named { name: "gone".to_owned(), arn: format!("{ACCOUNT}:service/shop/gone") };
    report.unread(gone, "DescribeServices gone: no answer in time");
    report
}

#[test]
fn a_clean_cluster_takes_one_line() {
    let report = Cluster::of(500).report();
    let text = shown(|out| text::write(out, &report, CHECKS.len()));
    assert_eq!(text, format!("shop: 500 services and {} checks looked at: nothing found\n", CHECKS.len()));
}

#[test]
fn findings_are_shown_by_service_with_what_to_do() {
    insta::assert_snapshot!(shown(|out| text::write(out, &messy(2), CHECKS.len())));
}

#[test]
fn what_many_services_have_in_common_is_told_once() {
    let text = shown(|out| text::write(out, &messy(500), CHECKS.len()));
    assert!(text.lines().count() < 40, "{text}");
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        joined.contains(
            "and 499 more: s1, s10, s100, s101, s102, s103, s104, s105, …; `--format json` has all"
        )
    );
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let all = [shown(|out| text::write(out, &messy(500), 24)), shown(text::checks)].concat();
    // Addresses are not broken.
    let wide = all.lines().filter(|line| line.chars().count() > 80 && !line.contains("https://"));
    assert_eq!(wide.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn json_has_every_finding() {
    let report = messy(500);
    let document: Value = serde_json::from_str(&shown(|out| document::write(out, &report))).unwrap();
    assert_eq!(document["findings"].as_array().unwrap().len(), 1_000);
    assert_eq!(document["counts"], json!({"error": 500, "warning": 500, "note": 0}));
    let document: Value = serde_json::from_str(&shown(|out| document::write(out, &messy(1)))).unwrap();
    insta::assert_json_snapshot!(document);
}

#[test]
fn sarif_has_a_rule_a_check_and_a_result_a_finding() {
    let report = messy(1);
    let document: Value = serde_json::from_str(&shown(|out| sarif::write(out, &report))).unwrap();
    let run = &document["runs"][0];
    assert_eq!(document["version"], "2.1.0");
    assert!(document["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), CHECKS.len());
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(rules[index]["defaultConfiguration"]["level"], result["level"]);
    }
    insta::assert_json_snapshot!(json!({"results": run["results"], "invocations": run["invocations"]}));
}

#[test]
fn all_checks_are_listed() {
    let text = shown(text::checks);
    let document: Value = serde_json::from_str(&shown(document::checks)).unwrap();
    for check in CHECKS {
        assert!(text.contains(&format!("{} ({})", check.id, check.severity)), "{}", check.id);
        assert_eq!(document[check.id]["reason"], check.reason);
    }
}

/// docs/audit.md has them all, as they are.
#[test]
fn the_documentations_table_is_that_of_the_checks() {
    let mut table = String::from(
        "| check | severity | what is wrong, why it matters, what to do | source |\n|---|---|---|---|\n",
    );
    for severity in Severity::ALL {
        for check in CHECKS.iter().filter(|check| check.severity == severity) {
            let (title, reason, fix) = (check.title, check.reason, check.fix);
            let source = format!("[{}]({})", check.source.name, check.source.url);
            writeln!(table, "| `{}` | {severity} | **{title}** – {reason} {fix} | {source} |", check.id)
                .unwrap();
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/audit.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.contains(&table), "docs/audit.md has another table than this one:\n\n{table}");
}
