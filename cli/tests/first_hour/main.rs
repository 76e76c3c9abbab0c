//! The first hour of a new user, against the local stack: the built functions, the model of ECS over HTTP, moto for DynamoDB, SNS and
//! SSM, Slack, and every command as it is called on a terminal.
//!
//! What was seen is docs/first-hour.md. `STEWARD_TRANSCRIPT=write` writes the page; otherwise it must be as it stands there, but for
//! ids and times.
#![cfg(all(feature = "aws", feature = "wire"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]
#![allow(clippy::disallowed_methods, reason = "the command line goes by the real time")]

mod control;
mod transcript;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::ledger::{self, Key, Record};
use steward_sim::binaries::{self, Profile};
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::{Behaviour, Ecs, Fate, Happening, Revision, Settings, fargate_service};
use steward_sim::house::{CONFIGURATION, EVENTS, House, JOBS, Plan, TABLE, TELL, WEBHOOK};

use control::Stack;
use transcript::Transcript;

const STACK: &str = "house";
const CLUSTER: &str = "shop";
/// The good revision runs for so long; then another is deployed, and fails for so long until now.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);
const FAILING_FOR: SignedDuration = SignedDuration::from_mins(12);
/// As long as anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);
/// So often is looked.
const PACE: Duration = Duration::from_secs(1);
/// What an older version of the ledger's items is called (shared/src/ledger), and a newer one.
const OLDER: u64 = 2;
const NEWER: u64 = 99;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Three services: one of which a bad revision was deployed to, one on Spot, and one that CodeDeploy deploys.
fn account() -> Ecs {
    // What the events say of it has no more than its seconds.
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let start = now - GOOD_FOR - FAILING_FOR;
    let mut settings = Settings::new(start, 7);
    "us-east-1".clone_into(&mut settings.region);
    settings.zones = vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()];
    let mut ecs = Ecs::new(settings);
    ecs.add_cluster(CLUSTER);
    for name in ["checkout", "orders", "web"] {
        let good = ecs.add_task_definition(&Revision::new(name, Behaviour::new(Fate::Serves)));
        let mut service = fargate_service(CLUSTER, name, &good, 2);
        if name == "web" {
            service = service.with_breaker(true);
        }
        ecs.add_service(&service).unwrap();
    }
    let bad = Behaviour::new(Fate::CrashesAtBoot { exit_code: 1 });
    let bad = ecs.add_task_definition(&Revision::new("checkout", bad));
    let input = json!({"cluster": CLUSTER, "service": "checkout", "taskDefinition": bad});
    let deploys = Happening::Call { caller: "ben".to_owned(), operation: "UpdateService".to_owned(), input };
    ecs.schedule(start + GOOD_FOR, deploys);
    ecs
}

/// A person at a terminal, in a folder of their own.
struct Desk {
    folder: PathBuf,
    endpoint: String,
    seen: Transcript,
}

impl Desk {
    async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .envs([
                ("AWS_ACCESS_KEY_ID", "AKIAPERSON"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_CONFIG_FILE", "/dev/null"),
                ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
                ("NO_PROXY", "127.0.0.1"),
                ("USER", "ana"),
            ])
            .env_remove("AWS_PROFILE");
        // The local stack lives on this thread's runtime, and must go on meanwhile.
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), told)
    }

    /// Runs a command, which must end with `code`, and keeps what it printed.
    async fn types(&mut self, line: &str, code: i32) -> String {
        let arguments: Vec<&str> = line.split(' ').skip(1).collect();
        let (ended, told) = self.run(&arguments).await;
        assert_eq!(ended, code, "{line}: {told}");
        // An error is one line, which a terminal wraps and `grep` finds.
        let is_free =
            |line: &&str| line.starts_with("steward: ") || line.contains("arn:") || line.contains("->");
        for line in told.lines().filter(|line| !is_free(line)) {
            assert!(
                line.chars().count() <= 80 || !line.trim().contains(' '),
                "wider than a terminal: {line}"
            );
        }
        self.seen.command(line, &told, code);
        told
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }
}

/// What CloudFormation would say of the house, by the template's names.
fn stack(house: &House, gateway: &str) -> Stack {
    let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let mut resources: BTreeMap<String, (&'static str, String)> = BTreeMap::new();
    let mut name = String::new();
    for line in template.lines() {
        if let Some(found) = line.strip_prefix("  ").and_then(|line| line.strip_suffix(':')) {
            found.clone_into(&mut name);
        } else if line == "    Type: AWS::Events::Rule" {
            resources.insert(name.clone(), ("AWS::Events::Rule", name.clone()));
        }
    }
    for (function, feed) in [
        ("RemediationFunction", Some("EcsEvents")),
        ("BatchFunction", Some("Jobs")),
        ("NotificationsFunction", Some("Tell")),
        ("ScalingFunction", None),
    ] {
        resources.insert(function.to_owned(), ("AWS::Lambda::Function", function.to_owned()));
        let is_rule = ["RemediationFunction", "NotificationsFunction"].contains(&function);
        let kind = if is_rule { "AWS::Events::Rule" } else { "AWS::Scheduler::Schedule" };
        let sweep = format!("{function}Sweep");
        resources.insert(sweep.clone(), (kind, sweep));
        if let Some(feed) = feed {
            resources
                .insert(format!("{function}{feed}"), ("AWS::Lambda::EventSourceMapping", feed.to_owned()));
        }
    }
    for (logical, queue) in [("Events", EVENTS), ("Jobs", JOBS), ("Tell", TELL)] {
        let url = house.sqs.queue_url(queue);
        resources.insert(format!("{logical}Queue"), ("AWS::SQS::Queue", url.clone()));
        resources
            .insert(format!("{logical}DeadLetterQueue"), ("AWS::SQS::Queue", format!("{url}-dead-letters")));
    }
    resources.insert("Table".to_owned(), ("AWS::DynamoDB::Table", TABLE.to_owned()));
    let topic = "arn:aws:sns:us-east-1:123456789012:alerts".to_owned();
    resources.insert("Topic".to_owned(), ("AWS::SNS::Topic", topic));
    Stack {
        name: STACK,
        parameters: vec![("SlackWebhookParameter", WEBHOOK.to_owned()), ("Architecture", "arm64".to_owned())],
        resources,
        variables: json!({
            "STEWARD_TABLE": TABLE, "STEWARD_TELL_QUEUE_URL": house.sqs.queue_url(TELL), "STEWARD_CONFIGURATION": CONFIGURATION,
        }),
        gateway: gateway.strip_prefix("http://").unwrap().to_owned(),
    }
}

/// What the template sets up besides, which the house leaves out.
async fn furnish(house: &House) {
    let arn = format!("arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}");
    let table = json!({"Name": format!("/steward/{STACK}/table"), "Type": "String", "Value": arn});
    house.moto.call("ssm", "AmazonSSM.PutParameter", &table).await.unwrap();
    let forgets = json!({"TableName": TABLE, "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "expires_at"}});
    house.moto.call("dynamodb", "DynamoDB_20120810.UpdateTimeToLive", &forgets).await.unwrap();
}

async fn recover(house: &House) {
    let recovers =
        json!({"TableName": TABLE, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}});
    house.moto.call("dynamodb", "DynamoDB_20120810.UpdateContinuousBackups", &recovers).await.unwrap();
}

/// Lets the past happen: its events are told, and nothing is changed yet.
async fn live_through(house: &House, past: SignedDuration) {
    let step = Duration::from_mins(12);
    let mut left = past.unsigned_abs();
    while left > Duration::ZERO {
        house.advance(step.min(left)).unwrap();
        left = left.saturating_sub(step);
        assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.remediation.logs());
    }
}

/// An item of the ledger, by its key: its schema and its record.
async fn records(house: &House, prefix: &str) -> Vec<(String, Value)> {
    let items = house.items().await.unwrap();
    let read = |item: &Value| {
        let key = item.pointer("/pk/S")?.as_str()?.to_owned();
        let text = item.pointer("/item/S")?.as_str()?;
        key.starts_with(prefix).then(|| (key, serde_json::from_str(text).unwrap()))
    };
    items.iter().filter_map(read).collect()
}

/// Waits until an action is in some state, and gives its id.
async fn action(house: &House, state: &str) -> String {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        for (key, item) in records(house, "r#ACTION#").await {
            if item.pointer("/record/action/state/state") == Some(&json!(state)) {
                return key.strip_prefix("r#ACTION#").unwrap().to_owned();
            }
        }
        assert!(tokio::time::Instant::now() < end, "no action is {state}: {:#?}", house.remediation.logs());
        tokio::time::sleep(PACE).await;
        house.advance(PACE).unwrap();
    }
}

/// Waits until people were told in Slack what has all these words, and gives the message.
async fn told(house: &House, words: [&str; 2]) -> String {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let posted: Vec<String> = house.slack.posted().iter().map(shown).collect();
        if let Some(text) = posted.iter().rev().find(|text| words.iter().all(|word| text.contains(word))) {
            return text.clone();
        }
        if tokio::time::Instant::now() >= end {
            let incidents = records(house, "r#INCIDENT#").await;
            panic!("nobody was told {words:?}: {posted:#?} {incidents:#?} {:#?}", house.remediation.logs());
        }
        tokio::time::sleep(PACE).await;
    }
}

/// The texts of a message's blocks.
fn shown(body: &Value) -> String {
    let blocks = body["blocks"].as_array().unwrap().iter();
    let text = |block: &Value| {
        let fields =
            block["fields"].as_array().into_iter().flatten().filter_map(|field| field["text"].as_str());
        let elements =
            block["elements"].as_array().into_iter().flatten().filter_map(|one| one["text"].as_str());
        let all: Vec<&str> = block
            .pointer("/text/text")
            .and_then(Value::as_str)
            .into_iter()
            .chain(fields)
            .chain(elements)
            .collect();
        (!all.is_empty()).then(|| all.join("\n"))
    };
    blocks.filter_map(text).collect::<Vec<_>>().join("\n")
}

/// A task of a service that ran out of memory, as ECS tells it.
fn out_of_memory(service: &str, task: u32) -> Value {
    let now = Timestamp::now();
    let arn = |kind: &str, id: &str| format!("arn:aws:ecs:us-east-1:123456789012:{kind}/{id}");
    json!({
        "version": "0", "id": format!("e-{task}"), "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "account": "123456789012", "region": "us-east-1", "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "resources": [arn("task", &format!("{CLUSTER}/{task:032x}"))],
        "detail": {
            "clusterArn": arn("cluster", CLUSTER), "taskArn": arn("task", &format!("{CLUSTER}/{task:032x}")),
            "taskDefinitionArn": arn("task-definition", &format!("{service}:1")),
            "group": format!("service:{service}"), "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
            "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
            "stoppedAt": now.to_string(), "version": 4, "overrides": {"containerOverrides": []},
            "containers": [{
                "name": "app", "exitCode": 137, "lastStatus": "STOPPED",
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            }],
        },
    })
}

/// Writes an item as another version of Steward would have: with its schema, and without what that did not know.
async fn as_of(house: &House, key: &str, schema: u64, unknown: &[&str]) {
    let items = house.items().await.unwrap();
    let mut item = items.into_iter().find(|item| item.pointer("/pk/S") == Some(&json!(key))).unwrap();
    let mut written: Value = serde_json::from_str(item["item"]["S"].as_str().unwrap()).unwrap();
    written["schema"] = json!(schema);
    for record in written["record"].as_object_mut().unwrap().values_mut() {
        for name in unknown {
            record.as_object_mut().unwrap().remove(*name);
        }
    }
    item["item"]["S"] = json!(written.to_string());
    let put = json!({"TableName": TABLE, "Item": item});
    house.moto.call("dynamodb", "DynamoDB_20120810.PutItem", &put).await.unwrap();
}

const PAGE: &str = "docs/first-hour.md";

#[test]
fn a_new_user_installs_observes_proposes_goes_back_and_upgrades() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let page = runtime.block_on(first_hour());
    let path = root().join(PAGE);
    if std::env::var("STEWARD_TRANSCRIPT").is_ok_and(|what| what == "write") {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = kept.lines().zip(page.lines()).enumerate().find(|(_, (kept, seen))| kept != seen);
    assert!(
        kept == page,
        "{PAGE} is not what was seen ({} lines kept, {} seen; the first line, its text kept and seen: {differing:?}): \
         STEWARD_TRANSCRIPT=write writes it anew, then read the difference",
        kept.lines().count(),
        page.lines().count(),
    );
}

async fn first_hour() -> String {
    let programs = binaries::functions(Profile::Dev).expect("the functions are built");
    let plan = Plan { concurrency: 1, ecs: Some(Endpoint::new(account())), ..Plan::new(programs) };
    let mut house = House::build(&plan).await.unwrap_or_else(|error| panic!("{error}"));
    furnish(&house).await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("first-hour");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let endpoint = stack(&house, &house.gateway.url()).start();
    let mut desk = Desk { folder, endpoint, seen: Transcript::default() };

    arrive(&mut desk, &house).await;
    observe(&mut desk, &mut house).await;
    propose(&mut desk, &house).await;
    dare(&mut desk).await;
    go_back(&mut desk).await;
    upgrade(&mut desk, &house).await;
    house.shut_down().await;
    desk.seen.finish()
}

/// From a clone to an installation that is well.
async fn arrive(desk: &mut Desk, house: &House) {
    desk.seen.say(
        "# The first hour\n\nWhat a new user does and sees, from a clone to a change that Steward proposed and a person allowed. It is \
         the transcript of a test (`cli/tests/first_hour/`), which plays it against the built functions, the model of ECS, moto and a \
         Slack of its own, and fails where this page is not what was seen. Ids and times, which differ each time, stand for themselves.",
    );
    desk.seen.say(
        "The stack comes first: `git clone`, `sam build`, `sam deploy --guided`, as in [deploying.md](deploying.md). Here it is called \
         `house`, and its roles may change services (`AllowChanges=true`). Every command takes `--profile` and `--region` as the AWS CLI \
         does.\n\n## A configuration to begin with",
    );
    desk.types("steward init --cluster shop", 0).await;
    let text = desk.read("steward.yaml");
    assert!(text.contains("mode: observe") && !text.contains("propose\n"), "{text}");
    desk.seen.say("It reads clusters, services, task definitions and scalable targets, and changes nothing. The file says why each line is there:");
    let (_, services) = text.split_once("# Who is enrolled").unwrap();
    let (services, _) = services.split_once("\n\n").unwrap();
    desk.seen.block("yaml", &format!("# Who is enrolled{services}"));
    desk.seen.say("A file that is there is left as it is:");
    desk.types("steward init --cluster shop", 2).await;
    desk.types("steward validate steward.yaml", 0).await;
    desk.types("steward apply steward.yaml --stack house --yes", 0).await;
    desk.seen.say("## Is the installation well?");
    let told = desk.types("steward doctor --stack house", 1).await;
    assert!(told.contains("it cannot be restored to a point in time"), "{told}");
    desk.seen.say(
        "The local stack has no alarms and no IAM, and its CloudWatch counts no sweeps: that is found, or said to be unseen. What it found \
         of the table is mended by the command that it names, and is gone:",
    );
    recover(house).await;
    let (_, told) = desk.run(&["doctor", "--stack", "house", "--format", "json"]).await;
    let found: Value = serde_json::from_str(&told).unwrap();
    let table = found["findings"].as_array().unwrap().iter().find(|one| one["check"] == "table").unwrap();
    assert_eq!(table["health"], "well", "{told}");
    desk.seen.block("json", &serde_json::to_string_pretty(table).unwrap());
}

/// An incident, while Steward only watches.
async fn observe(desk: &mut Desk, house: &mut House) {
    live_through(house, GOOD_FOR + FAILING_FOR).await;
    let archive = house.ecs.as_ref().unwrap().archive();
    let lines: Vec<String> = on_the_hour(&archive).iter().map(Value::to_string).collect();
    desk.write("recorded.ndjson", &lines.join("\n"));
    house.tick_every(Duration::from_secs(2));
    let alert = told(house, ["service checkout in shop", "Steward would"]).await;
    desk.seen.say(
        "## An incident\n\nBen deploys a version of `checkout` whose container ends at once. In mode observe Steward works out why, and says \
         what it would do. In Slack:",
    );
    desk.seen.block("text", &alert);
    assert!(records(house, "r#ACTION#").await.is_empty(), "nothing is planned in mode observe");
    desk.seen
        .say("`why` tells the whole way, from the event to what was refused, and names what is not kept:");
    let told = desk.types("steward why shop/checkout --stack house", 0).await;
    assert!(told.contains("mode_observes"), "{told}");
}

/// The events as if the first had happened at a full hour: when patrols come while they are played again does not depend on when this runs.
fn on_the_hour(events: &[Value]) -> Vec<Value> {
    let first: Timestamp = events[0]["time"].as_str().unwrap().parse().unwrap();
    let past_the_hour = SignedDuration::from_secs(first.as_second() % 3600);
    events.iter().map(|event| earlier(event, past_the_hour)).collect()
}

fn earlier(value: &Value, by: SignedDuration) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => json!((at - by).to_string()),
            Err(_) => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| earlier(item, by)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), earlier(member, by))).collect()
        }
        other => other.clone(),
    }
}

/// The mode is raised, and a person allows what is proposed.
async fn propose(desk: &mut Desk, house: &House) {
    desk.seen.say(
        "## Letting it propose\n\nWhoever trusts what the alerts say lets Steward ask. In `steward.yaml` the cluster's entry becomes \
         `mode: propose`:",
    );
    let before = desk.read("steward.yaml");
    let after = in_mode(&before, "propose");
    assert_ne!(before, after);
    desk.write("before.yaml", &before);
    desk.write("steward.yaml", &after);
    desk.types("steward diff steward.yaml --stack house", 1).await;
    desk.types("steward apply steward.yaml --stack house --yes", 0).await;
    let id = action(house, "proposed").await;
    let alert = told(house, ["service checkout in shop", "Steward proposes"]).await;
    desk.seen.say("Within a minute the alert asks:");
    desk.seen.block("text", &alert);
    let digits = id.get(..8).unwrap();
    desk.types(&format!("steward approve {digits} --stack house --by ana"), 0).await;
    assert_eq!(action(house, "confirmed").await, id);
    let answer = deployed(house);
    assert_eq!(answer, "checkout:1", "it went back");
    desk.seen
        .say("The next sweep asked ECS for it, once, and `checkout` is on its way back to `checkout:1`.");
}

/// What the service is to run.
fn deployed(house: &House) -> String {
    let input = json!({"cluster": CLUSTER, "services": ["checkout"]});
    let answer =
        house.ecs.as_ref().unwrap().model(|ecs| ecs.call("test", "DescribeServices", &input)).unwrap();
    answer["services"][0]["taskDefinition"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// The file with another mode for the cluster.
fn in_mode(text: &str, mode: &str) -> String {
    let entry = |mode: &str| format!("      cluster: shop\n    mode: {mode}");
    text.replacen(&entry("observe"), &entry(mode), 1)
}

/// What another configuration would have done with the events that were recorded.
async fn dare(desk: &mut Desk) {
    desk.seen.say(
        "## Would it have done right by itself?\n\nAn archive of EventBridge kept the events ([replay.md](replay.md) says how). They are \
         played again through the code of production, once by what held then and once in mode act, and nothing is called:",
    );
    desk.write("act.yaml", &in_mode(&desk.read("before.yaml"), "act"));
    let told = desk.types("steward replay recorded.ndjson --config before.yaml --against act.yaml", 0).await;
    assert!(told.contains("1 roll_back (carried out)"), "{told}");
}

/// The configuration goes back by one flip.
async fn go_back(desk: &mut Desk) {
    desk.seen.say("## Going back\n\nA configuration that turns out wrong is taken back by one flip:");
    let told = desk.types("steward rollback --stack house --yes", 0).await;
    assert!(told.contains("propose"), "{told}");
    desk.types("steward versions --stack house", 0).await;
    desk.types("steward diff before.yaml --stack house", 0).await;
}

/// Items of an older version are read and kept; one of a newer version is refused by its name, and the rest goes on.
async fn upgrade(desk: &mut Desk, house: &House) {
    house.send(&out_of_memory("orders", 1).to_string()).unwrap();
    told(house, ["service orders in shop", "memory"]).await;
    assert!(house.settles(PATIENCE).await.unwrap());
    let incident =
        records(house, "r#INCIDENT#").await.into_iter().find(|(key, _)| key.contains("orders")).unwrap().0;
    let target =
        records(house, "r#TARGET#").await.into_iter().find(|(key, _)| key.contains("orders")).unwrap().0;
    as_of(house, &incident, OLDER, &["after", "relapses", "hooks", "deeds"]).await;
    as_of(house, &target, OLDER, &["deeds"]).await;
    house.send(&out_of_memory("orders", 2).to_string()).unwrap();
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let now = records(house, &incident).await.remove(0).1;
        if now["schema"].as_u64() > Some(OLDER) {
            let Ok(Record::Incident(kept)) = ledger::decode(&Key::silences(), &now.to_string()) else {
                panic!("{now}")
            };
            assert_eq!(kept.failures.count(), 2, "what the older version knew is kept");
            break;
        }
        assert!(tokio::time::Instant::now() < end, "{now}: {:#?}", house.remediation.logs());
        tokio::time::sleep(PACE).await;
    }
    desk.seen.say(
        "## Upgrading\n\n`git pull && sam build && sam deploy`. Incidents that an older version wrote are read, go on, and are written in the \
         new form with their next change. The other way round, an item that a newer version wrote is refused by its name, and the rest goes \
         on; here a command that is older than the stack meets such an action:",
    );
    let id = records(house, "r#ACTION#").await.remove(0).0.strip_prefix("r#ACTION#").unwrap().to_owned();
    as_of(house, &format!("r#ACTION#{id}"), NEWER, &[]).await;
    let told = desk.types(&format!("steward approve {id} --stack house --by ana"), 2).await;
    assert!(told.contains("has schema 99, newer than"), "{told}");
    house.send(&out_of_memory("orders", 3).to_string()).unwrap();
    assert!(house.settles(PATIENCE).await.unwrap(), "the rest goes on");
}
