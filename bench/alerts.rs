//! How long an alert takes, from the event to Slack and SNS: `cargo bench -p steward-bench --bench alerts`.
//!
//! The functions as they are deployed (release build, two invocations of each at a time) on this machine, and moto for AWS:
//! DynamoDB in Python, on the same cores. So the figures are no forecast of AWS, where batches of events gather for up to
//! 5 s besides. What carries over is the number of calls, and that each alert is told exactly once.
//!
//! `STEWARD_BENCH_EVENTS` (500) and `STEWARD_BENCH_RATE` (events a second) change what is sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a benchmark: it lives by the wall clock, and ends where something fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use steward::config::file::File;
use steward::config::{MemoryParameters, store};
use steward_sim::binaries::{self, Profile};
use steward_sim::house::{CONFIGURATION, EVENTS, House, Plan, TELL};
use steward_sim::lambda::gateway::Call;
use steward_sim::lambda::runtime::Function;

const EVENTS_SENT: usize = 500;
/// Half of what two cores take: at 16 a second the queue stays empty, at 24 it grows.
const RATE: f64 = 8.0;
/// The end of a benchmark that does not end by itself.
const PATIENCE: Duration = Duration::from_mins(2);

fn main() {
    // `cargo test --benches` runs benchmarks, and wants them not to run.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let count = setting("STEWARD_BENCH_EVENTS", EVENTS_SENT);
    let rate = setting("STEWARD_BENCH_RATE", RATE);
    let programs = binaries::functions(Profile::Release).expect("the functions are built");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let house = House::build(&plan(programs)).await.unwrap();
        house.remediation.warm().await.unwrap();
        house.notifications.warm().await.unwrap();
        let sent = send(&house, count, rate).await;
        let settled = house.settles(PATIENCE).await.unwrap();
        Report::of(&house, &sent, rate, settled)
    });
    report.print();
    let folder = binaries::workspace().join("target/bench");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("alerts.json");
    std::fs::write(&path, serde_json::to_string_pretty(&report.json()).unwrap() + "\n").unwrap();
    println!("\nThe same as JSON: {}", path.display());
    report.check();
}

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().ok().unwrap_or_else(|| panic_named(name, &text)),
        Err(_) => default,
    }
}

fn panic_named<T>(name: &str, text: &str) -> T {
    println!("{name}={text} is no number");
    std::process::exit(2)
}

/// As deployed, but that news are told at once: the grouping window would be most of the time.
fn plan(programs: BTreeMap<String, std::path::PathBuf>) -> Plan {
    let file: File =
        serde_json::from_value(json!({"version": 1, "notifications": {"grouping": "0s"}})).unwrap();
    let parameters = MemoryParameters::new();
    let applied = async {
        let change = store::prepare(&parameters, CONFIGURATION, file).await.unwrap();
        store::apply(&parameters, &change).await.unwrap();
    };
    applied.now_or_never().expect("memory does not wait");
    let (timeout, visibility) = (Duration::from_secs(30), Duration::from_mins(3));
    Plan { parameters: parameters.values(), timeout, visibility, ..Plan::new(programs) }
}

fn service(number: usize) -> String {
    format!("api-{number:04}")
}

/// Sends one event of each service, at a steady rate. Answers when each was sent.
async fn send(house: &House, count: usize, rate: f64) -> Vec<Timestamp> {
    let began = Instant::now();
    let mut sent = Vec::new();
    for number in 0..count {
        let at = began + Duration::from_secs_f64(number as f64 / rate);
        tokio::time::sleep_until(at.into()).await;
        let event = stop(number);
        sent.push(Timestamp::now());
        house.send(&event.to_string()).unwrap();
    }
    sent
}

fn stop(number: usize) -> Value {
    let now = Timestamp::now();
    json!({
        "version": "0", "id": format!("e-{number}"), "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "account": "123456789012", "region": "us-east-1", "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "detail": {
            "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/shop",
            "taskArn": format!("arn:aws:ecs:us-east-1:123456789012:task/shop/{number:032x}"),
            "taskDefinitionArn": format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{}:7", service(number)),
            "group": format!("service:{}", service(number)), "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
            "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
            "stoppedAt": now.to_string(), "version": 4, "overrides": {"containerOverrides": []},
            "containers": [{
                "name": "app", "exitCode": 137, "lastStatus": "STOPPED",
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            }],
        },
    })
}

/// Milliseconds, sorted.
struct Times(Vec<f64>);

impl Times {
    fn of(durations: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<f64> = durations.map(|duration| duration.as_secs_f64() * 1_000.0).collect();
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The smallest value that so many percent do not exceed.
    fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(f64::NAN)
    }

    fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    fn json(&self) -> Value {
        let [p50, p95, p99, max] = [50, 95, 99, 100].map(|percent| round(self.percentile(percent)));
        json!({"count": self.0.len(), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "max_ms": max})
    }

    fn row(&self, name: &str) {
        let [p50, p95, p99, max] = [50, 95, 99, 100].map(|percent| self.percentile(percent));
        println!("| {name} | {} | {p50:.0} | {p95:.0} | {p99:.0} | {max:.0} |", self.0.len());
    }
}

fn round(milliseconds: f64) -> f64 {
    (milliseconds * 10.0).round() / 10.0
}

struct Report {
    events: usize,
    rate: f64,
    settled: bool,
    /// How often each service was told: in Slack, by mail.
    told: [Vec<usize>; 2],
    to_slack: Times,
    to_sns: Times,
    /// From sending an event to the invocation's start that wrote its story, and what lies between the other steps.
    steps: Vec<(&'static str, Times)>,
    /// By function.
    invocations: BTreeMap<String, Times>,
    environments: BTreeMap<String, usize>,
    /// By function, service and operation.
    calls: BTreeMap<(String, String, String), Times>,
    given_up: usize,
    /// What the functions said of what failed, each once.
    problems: BTreeSet<String>,
}

impl Report {
    fn of(house: &House, sent: &[Timestamp], rate: f64, settled: bool) -> Self {
        let numbers: BTreeMap<String, usize> =
            (0..sent.len()).map(|number| (service(number), number)).collect();
        let number_in = |text: &str| {
            let from = text.find("service api-")? + "service ".len();
            numbers.get(text.get(from..from + service(0).len())?).copied()
        };
        let mut slack = vec![Vec::new(); sent.len()];
        for delivery in house.slack.deliveries().iter().filter(|delivery| delivery.posted) {
            let number = number_in(&delivery.body.to_string()).expect("an alert names its service");
            slack.get_mut(number).unwrap().push(delivery.at);
        }
        let mut mails = vec![Vec::new(); sent.len()];
        for mail in house.mails() {
            mails.get_mut(number_in(&mail.subject).expect("a mail names its service")).unwrap().push(mail.at);
        }
        let calls = house.gateway.calls();
        let took = |told: &[Vec<Timestamp>]| {
            Times::of(told.iter().zip(sent).filter_map(|(told, sent)| Some(between(*sent, *told.first()?))))
        };
        let given_up = |queue| house.counts(queue).unwrap().1.total();
        Self {
            events: sent.len(),
            rate,
            settled,
            told: [&slack, &mails].map(|told| told.iter().map(Vec::len).collect()),
            to_slack: took(&slack),
            to_sns: took(&mails),
            steps: steps(&calls, sent, &slack),
            invocations: by_function(house),
            environments: [&house.remediation, &house.notifications]
                .map(|function| (function.name().to_owned(), function.environments().len()))
                .into(),
            calls: by_operation(&calls),
            given_up: given_up(EVENTS) + given_up(TELL),
            problems: problems(house),
        }
    }

    fn json(&self) -> Value {
        let steps: BTreeMap<&str, Value> =
            self.steps.iter().map(|(name, times)| (*name, times.json())).collect();
        let invocations: BTreeMap<&String, Value> =
            self.invocations.iter().map(|(name, times)| (name, times.json())).collect();
        let calls: Vec<Value> = self
            .calls
            .iter()
            .map(|((function, service, operation), times)| {
                json!({"function": function, "service": service, "operation": operation, "times": times.json()})
            })
            .collect();
        json!({
            "events": self.events, "events_per_second": self.rate, "settled": self.settled,
            "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            "to_slack": self.to_slack.json(), "to_sns": self.to_sns.json(), "steps": steps,
            "invocations": invocations, "environments": self.environments, "calls": calls,
            "invocation_time_in_moto": self.shares(),
        })
    }

    /// How much of a function's time in invocations its calls to moto add up to: more than one where they overlap.
    fn shares(&self) -> BTreeMap<&String, f64> {
        let share = |function: &String, run: &Times| {
            let is_moto = |service: &str| !["sqs", "slack"].contains(&service);
            let waited =
                self.calls.iter().filter(|((name, service, _), _)| name == function && is_moto(service));
            let waited: f64 = waited.map(|(_, times)| times.sum()).sum();
            (waited / run.sum() * 100.0).round() / 100.0
        };
        self.invocations.iter().map(|(function, run)| (function, share(function, run))).collect()
    }

    fn print(&self) {
        println!("{} events, each of another service, {} a second\n", self.events, self.rate);
        head("From the event");
        self.to_slack.row("Slack has it");
        self.to_sns.row("SNS took it");
        println!();
        head("Where the time goes");
        for (name, times) in &self.steps {
            times.row(name);
        }
        for (function, times) in &self.invocations {
            times.row(&format!("an invocation of {function}"));
        }
        println!();
        head("Calls of, to");
        for ((function, service, operation), times) in &self.calls {
            times.row(&format!("{function}, {service} {operation}"));
        }
        println!();
        for (function, share) in self.shares() {
            println!(
                "{function}: its calls to moto add up to {:.0} % of the time of its invocations; {} environments",
                share * 100.0,
                self.environments.get(function).copied().unwrap_or_default()
            );
        }
    }

    fn check(&self) {
        for problem in &self.problems {
            println!("{problem}");
        }
        assert!(self.settled, "not all was told within {PATIENCE:?}: lower STEWARD_BENCH_RATE");
        for (way, told) in ["Slack", "SNS"].iter().zip(&self.told) {
            let once = told.iter().filter(|times| **times == 1).count();
            assert_eq!(once, self.events, "{way} was not told each alert exactly once: {told:?}");
        }
        assert_eq!(self.given_up, 0, "messages were given up");
    }
}

/// The first two lines of a table.
fn head(name: &str) {
    println!("| {name} | n | p50 ms | p95 ms | p99 ms | max ms |\n|---|---:|---:|---:|---:|---:|");
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The way of each event, cut where the gateway saw a call about its service: the first look at its story, the nudge, the
/// first look at its news.
fn steps(calls: &[Call], sent: &[Timestamp], slack: &[Vec<Timestamp>]) -> Vec<(&'static str, Times)> {
    let mut steps = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for (number, (sent, slack)) in sent.iter().zip(slack).enumerate() {
        let name = service(number);
        let is_about = |call: &&Call| String::from_utf8_lossy(&call.request).contains(&name);
        let first = |function: &str, operation: Option<&str>| {
            let of = |call: &&Call| {
                call.function == function && operation.is_none_or(|operation| call.operation == operation)
            };
            calls.iter().filter(of).find(is_about).map(|call| call.at)
        };
        let found = (
            first("remediation", None),
            first("remediation", Some("SendMessage")),
            first("notifications", None),
        );
        let (Some(looked), Some(nudged), Some(told)) = found else { continue };
        let Some(slack) = slack.first() else { continue };
        let ends = [*sent, looked, nudged, told, *slack];
        for (step, ends) in steps.iter_mut().zip(ends.windows(2)) {
            step.extend(ends.first().zip(ends.last()).map(|(from, to)| between(*from, *to)));
        }
    }
    let names = [
        "event sent → remediation's first call about it (queue, batch, invocation)",
        "→ its write is made, notifications is woken",
        "→ notifications' first call about it (queue, batch, invocation)",
        "→ Slack has it",
    ];
    names.into_iter().zip(steps.map(|step| Times::of(step.into_iter()))).collect()
}

fn problems(house: &House) -> BTreeSet<String> {
    let logs = [&house.remediation, &house.notifications].map(Function::json_logs);
    let is_problem =
        |line: &&Value| line.get("level").is_some_and(|level| level == "WARN" || level == "ERROR");
    logs.iter().flatten().filter(is_problem).map(ToString::to_string).take(20).collect()
}

fn by_function(house: &House) -> BTreeMap<String, Times> {
    let times = |function: &Function| {
        let durations = function.invocations().into_iter().map(|run| run.duration);
        (function.name().to_owned(), Times::of(durations))
    };
    [&house.remediation, &house.notifications].map(times).into()
}

fn by_operation(calls: &[Call]) -> BTreeMap<(String, String, String), Times> {
    let mut durations: BTreeMap<_, Vec<Duration>> = BTreeMap::new();
    for call in calls {
        let key = (call.function.clone(), call.service.clone(), call.operation.clone());
        durations.entry(key).or_default().extend(call.duration);
    }
    durations.into_iter().map(|(key, durations)| (key, Times::of(durations.into_iter()))).collect()
}
