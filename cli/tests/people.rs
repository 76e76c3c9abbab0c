//! `steward approve`, `settle`, `pause`, `resume`, `silence`, `suppressed`, and the commands around jobs, as people call them, against a table and a
//! Parameter Store that speak the protocol.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]

mod stand_in;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::action::{Action, ActionId, Because, Call, Doubt, Epoch, Plan, Precondition, Remedy, State};
use steward::arn::{ClusterArn, ServiceDeploymentArn, ServiceName, TaskDefinitionArn};
use steward::batch::{Run, RunId};
use steward::ecs::HookAnswer;
use steward::incident::{Failures, Incident, Note, Remedies, Status, Target, TargetRecord};
use steward::ledger::{self, Key, Openings, Record, Scope, Switch};
use steward::remediation::Home;

const TABLE: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/prod-Table-1ABC";

/// DynamoDB's and SSM's JSON protocols, with the conditions that the ledger makes.
#[derive(Clone, Default)]
struct Server {
    parameters: Arc<Mutex<BTreeMap<String, String>>>,
    items: Arc<Mutex<BTreeMap<String, Value>>>,
    tables: Arc<Mutex<BTreeSet<String>>>,
    port: u16,
}

impl stand_in::Service for Server {
    fn answer(&self, operation: &str, input: &Value) -> Result<Value, (String, Value)> {
        let parameters = self.parameters.lock().unwrap();
        let mut items = self.items.lock().unwrap();
        let tables = |table: &Value| self.tables.lock().unwrap().insert(table.as_str().unwrap().to_owned());
        let holds = |items: &BTreeMap<String, Value>, put: &Value| {
            let found = items.get(put["Item"]["pk"]["S"].as_str().unwrap());
            match put["ConditionExpression"].as_str().unwrap() {
                "attribute_not_exists(pk)" => found.is_none(),
                "#version = :expected" => found
                    .is_some_and(|found| found["version"] == put["ExpressionAttributeValues"][":expected"]),
                other => panic!("{other}"),
            }
        };
        let put = |items: &mut BTreeMap<String, Value>, put: &Value| {
            tables(&put["TableName"]);
            items.insert(put["Item"]["pk"]["S"].as_str().unwrap().to_owned(), put["Item"].clone());
        };
        Ok(match operation {
            "GetParameters" => {
                let names: Vec<String> = serde_json::from_value(input["Names"].clone()).unwrap();
                let (found, invalid): (Vec<String>, _) =
                    names.into_iter().partition(|name| parameters.contains_key(name));
                let found: Vec<Value> =
                    found.iter().map(|name| json!({"Name": name, "Value": parameters[name]})).collect();
                json!({"Parameters": found, "InvalidParameters": invalid})
            }
            "GetParametersByPath" => {
                assert_eq!(input["Path"], "/steward");
                let all: Vec<Value> = parameters.keys().map(|name| json!({"Name": name})).collect();
                json!({"Parameters": all})
            }
            "GetItem" => match items.get(input["Key"]["pk"]["S"].as_str().unwrap()) {
                Some(item) => json!({"Item": item}),
                None => json!({}),
            },
            "BatchGetItem" => {
                let (table, request) = input["RequestItems"].as_object().unwrap().iter().next().unwrap();
                let keys = request["Keys"].as_array().unwrap().iter();
                let found: Vec<&Value> =
                    keys.filter_map(|key| items.get(key["pk"]["S"].as_str().unwrap())).collect();
                json!({"Responses": {table: found}, "UnprocessedKeys": {}})
            }
            "PutItem" => {
                if !holds(&items, input) {
                    return Err(("ConditionalCheckFailedException".to_owned(), json!({})));
                }
                put(&mut items, input);
                json!({})
            }
            "TransactWriteItems" => {
                let puts: Vec<&Value> =
                    input["TransactItems"].as_array().unwrap().iter().map(|item| &item["Put"]).collect();
                assert!(puts.iter().all(|put| holds(&items, put)), "nobody else writes here");
                for one in puts {
                    put(&mut items, one);
                }
                json!({})
            }
            other => panic!("{other} is not called"),
        })
    }
}

impl Server {
    /// One stack, `prod`.
    fn start() -> Self {
        let mut server = Self::default();
        server.parameters.lock().unwrap().insert("/steward/prod/table".to_owned(), TABLE.to_owned());
        server.port = stand_in::start(&server);
        server
    }

    fn keep(&self, key: &Key, record: &Record) {
        let text = ledger::encode(key, record).unwrap();
        let item = json!({"pk": {"S": key.as_str()}, "item": {"S": text}, "version": {"N": "1"}});
        self.items.lock().unwrap().insert(key.as_str().to_owned(), item);
    }

    fn record(&self, key: &Key) -> Option<Record> {
        let items = self.items.lock().unwrap();
        let text = items.get(key.as_str())?["item"]["S"].as_str().unwrap().to_owned();
        Some(ledger::decode(key, &text).unwrap())
    }

    fn action(&self) -> Action {
        match self.record(&Key::action(&plan().id)) {
            Some(Record::Action(action)) => *action,
            other => panic!("{other:?}"),
        }
    }

    /// An action with its target and incident.
    fn knows(&self, action: &Action) {
        let target = target();
        let mut record = TargetRecord { incident: Some(opened_at()), ..TargetRecord::new(target.clone()) };
        record.care.note(action);
        let mut incident = Incident {
            target: target.clone(),
            opened_at: opened_at(),
            status: Status::Open,
            after: None,
            failures: Failures::default(),
            deployments: [].into(),
            remedies: Remedies::default(),
            relapses: 0,
            hooks: Vec::new(),
            deeds: Vec::new(),
        };
        incident.remedies.note(Note::of(action));
        self.keep(&Key::action(&action.plan.id), &Record::Action(Box::new(action.clone())));
        self.keep(&Key::incident(&target, opened_at()), &Record::Incident(incident));
        self.keep(&Key::target(&target), &Record::Target(record));
    }

    fn ends(&self, code: i32, arguments: &[&str]) -> String {
        stand_in::ends(self.port, code, arguments, "")
    }
}

fn now() -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the command line goes by the real time")]
    Timestamp::now()
}

fn opened_at() -> Timestamp {
    "2026-11-20T21:00:00Z".parse().unwrap()
}

fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

fn target() -> Target {
    Target::Service { cluster: cluster(), name: ServiceName::new("api") }
}

fn plan() -> Plan {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let revision = TaskDefinitionArn::new("arn:aws:ecs:eu-central-1:123456789012:task-definition/api:42");
    Plan {
        id: ActionId::of(&home, &target(), Remedy::RollBack, "ecs-svc/43"),
        remedy: Remedy::RollBack,
        target: target(),
        incident: opened_at(),
        revision: None,
        call: Call::UpdateService {
            cluster: cluster(),
            service: ServiceName::new("api"),
            task_definition: Some(revision),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
        precondition: Precondition::default(),
        because: Because::TasksRetire { from: opened_at() },
    }
}

#[test]
fn a_proposal_is_approved_once_and_by_whom_is_remembered() {
    let server = Server::start();
    let id = plan().id.to_string();
    server.knows(&Action::proposed(plan(), now(), now() + SignedDuration::from_hours(1)));
    let told = server.ends(0, &["approve", &id, "--stack", "prod", "--why", "it is urgent"]);
    assert!(told.starts_with("approved: UpdateService api to api:42, of service api in shop\n"), "{told}");
    let ruling = server.action().approved.unwrap();
    assert!(ruling.by.starts_with("ana@") && ruling.why.as_deref() == Some("it is urgent"), "{ruling:?}");
    let due = server.items.lock().unwrap()[&format!("r#ACTION#{id}")]["due_owner"].clone();
    assert_eq!(due, json!({"S": "r#"}), "the next sweep finds it");
    assert_eq!(*server.tables.lock().unwrap(), BTreeSet::from(["prod-Table-1ABC".to_owned()]));
    let told = server.ends(0, &["approve", &id, "--by", "ben"]);
    assert!(told.starts_with("ana@") && told.contains(" has approved it already, "), "{told}");
}

#[test]
fn what_is_rejected_is_given_up_for_its_incident_with_a_reason() {
    let server = Server::start();
    let id = plan().id.to_string();
    assert!(server.ends(2, &["reject", &id, "--why", "no"]).contains(&format!("no action has the id {id}")));
    server.knows(&Action::proposed(plan(), now(), now() + SignedDuration::from_hours(1)));
    let told = server.ends(2, &["reject", &id]);
    assert!(told.contains("--why <TEXT>"), "{told}");
    let told = server.ends(0, &["reject", &id, "--why", "it is not the image"]);
    assert!(told.starts_with("rejected: UpdateService api to api:42, of service api in shop\n"), "{told}");
    assert!(told.contains("it is not proposed again for this incident"), "{told}");
    assert_eq!(server.action().state.as_str(), "withdrawn");
    let Some(Record::Incident(incident)) = server.record(&Key::incident(&target(), opened_at())) else {
        panic!()
    };
    assert!(incident.remedies.rejected[&plan().id].by.starts_with("ana@"));
    let told = server.ends(0, &["reject", &id, "--why", "once more"]);
    assert!(told.starts_with("ana@") && told.contains(" has rejected it already, "), "{told}");
    let told = server.ends(2, &["approve", &id]);
    assert!(told.contains("waits for no approval"), "{told}");
}

#[test]
fn a_hook_that_is_rejected_is_answered_and_no_more_to_be_approved() {
    let server = Server::start();
    let service_deployment =
        ServiceDeploymentArn::new("arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/api/x");
    let (hook, answer) = ("ecs-pause-1".to_owned(), HookAnswer::Continue);
    let waits = Plan {
        remedy: Remedy::AnswerHook,
        call: Call::ContinueServiceDeployment { service_deployment, hook, answer },
        ..plan()
    };
    let id = waits.id.to_string();
    server.knows(&Action::proposed(waits, now(), now() + SignedDuration::from_hours(1)));
    let told = server.ends(0, &["reject", &id, "--why", "tests are red"]);
    assert!(told.contains("the next sweep lets the deployment go back"), "{told}");
    let action = server.action();
    assert_eq!(action.plan.call.to_string(), "ContinueServiceDeployment api: ROLLBACK");
    assert_eq!(action.approved.unwrap().why.as_deref(), Some("tests are red"));
    let told = server.ends(2, &["approve", &id]);
    assert!(told.contains("has rejected action"), "{told}");
}

#[test]
fn what_cannot_be_approved_says_why_and_stays_as_it_is() {
    let server = Server::start();
    let id = plan().id.to_string();
    assert!(server.ends(2, &["approve", &id]).contains(&format!("no action has the id {id}")));
    server.knows(&Action::proposed(plan(), opened_at(), opened_at()));
    let told = server.ends(2, &["approve", &id]);
    assert!(told.contains("could be approved until 20 Nov 21:00 UTC"), "{told}");
    assert_eq!(server.action().approved, None);
    let told = server.ends(2, &["approve", "shop/api"]);
    assert!(
        told.contains("4 to 64 hexadecimal digits, as alerts and `steward actions` print them"),
        "{told}"
    );
}

#[test]
fn an_unknown_outcome_is_settled_with_a_reason_and_told() {
    let server = Server::start();
    let id = plan().id.to_string();
    let action = Action::claimed(plan(), None, Epoch(1), opened_at(), opened_at()).unwrap();
    server.knows(&action.into_state(State::Unknown { at: opened_at(), why: Doubt::NotAsked }));
    let told = server.ends(2, &["settle", &id, "--as", "done"]);
    assert!(told.contains("--why <TEXT>"), "{told}");
    let told = server.ends(0, &["settle", &id, "--as", "not-done", "--why", "no new deployment"]);
    assert!(
        told.starts_with("settled: UpdateService api to api:42 took no effect\nservice api in shop is free"),
        "{told}"
    );
    assert_eq!(server.action().state.as_str(), "failed");
    let Some(Record::Target(record)) = server.record(&Key::target(&target())) else { panic!() };
    assert_eq!(record.care.open, None);
    assert!(server.items.lock().unwrap().keys().any(|key| key.starts_with("x#NEWS#incident#")));
    let told = server.ends(0, &["settle", &id, "--as", "done", "--why", "I think so"]);
    assert!(
        told.contains("has settled it already, as failed") && told.contains("nothing was changed"),
        "{told}"
    );
    assert_eq!(server.action().state.as_str(), "failed");
}

#[test]
fn pausing_and_resuming_turn_the_switch_that_functions_read() {
    let server = Server::start();
    let paused = |scope: Scope| match server.record(&Key::switch(&scope)) {
        Some(Record::Switch(Switch { paused, .. })) => paused.is_some(),
        _ => false,
    };
    assert_eq!(server.ends(0, &["pause", "--why", "migration"]), "paused: all changes\n");
    assert!(paused(Scope::Global));
    let told = server.ends(0, &["pause", "--why", "again", "--by", "ben"]);
    assert!(
        told.starts_with("paused already: all changes, by ana@") && told.ends_with(": migration\n"),
        "{told}"
    );
    let told = server.ends(0, &["resume"]);
    assert!(told.starts_with("resumed: all changes, which ana@") && !paused(Scope::Global), "{told}");
    assert!(server.ends(0, &["resume"]).starts_with("nothing was paused as a whole"));

    server.keep(&Key::cluster(&cluster()), &Record::Openings(Openings::none(cluster())));
    assert_eq!(server.ends(0, &["pause", "shop", "--why", "game day"]), "paused: changes in shop\n");
    assert!(paused(Scope::Cluster(cluster())) && !paused(Scope::Global));
    assert!(server.ends(0, &["resume", cluster().as_str()]).starts_with("resumed: changes in shop, "));
    let told = server.ends(0, &["pause", "shpo", "--why", "game day"]);
    assert!(told.contains("paused: changes in shpo\n") && told.contains("Is its name right?"), "{told}");
    assert_eq!(server.ends(0, &["resume", "shop"]), "changes in shop were not paused\n");
}

#[test]
fn a_silence_is_asked_for_listed_shown_and_ended() {
    let server = Server::start();
    let told = server.ends(0, &["silence", "service=api-*", "--for", "2h", "--why", "migration"]);
    assert!(told.starts_with("silenced: service api-*\nuntil ") && told.contains(", for 2h; "), "{told}");
    let Some(Record::Silences(kept)) = server.record(&Key::silences()) else { panic!() };
    let id = kept.silences[0].id.clone();
    assert!(told.contains(&format!("`steward unsilence {id}` ends it")), "{told}");
    assert!(server.ends(0, &["silences"]).starts_with(&format!("{id}  until ")));
    let told = server.ends(0, &["suppressed", "--cluster", "shop"]);
    assert!(told.contains(&id) && told.contains("every channel was told everything"), "{told}");
    let told = server.ends(0, &["suppressed", "--channel", "slack", "--format", "json"]);
    let shown: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&shown["silences"][0]["id"], &shown["channels"]), (&json!(id), &json!({})));
    assert!(server.ends(0, &["unsilence", &id]).starts_with("told again: service api-*\n"));
    assert!(server.ends(0, &["unsilence", &id]).starts_with("ended already: service api-*, by ana@"));
    assert!(server.ends(0, &["silences"]).starts_with("nothing is silenced\nover: 1; "));
    let told = server.ends(2, &["silence", "cause=memory", "--for", "2h", "--why", "migration"]);
    assert!(told.contains("did you mean `out_of_memory`"), "{told}");
    assert!(server.ends(2, &["unsilence", "0badc0de"]).contains("no silence has the id 0badc0de"));
}

const JOBS: &str = "
version: 1
jobs:
  - {name: nightly, cluster: shop, task_definition: report, schedule: cron(0 2 * * ? *), parameters: {day: ''}}
  - {name: import, cluster: shop, task_definition: import}
";

impl Server {
    /// A command around jobs that reads `JOBS` from standard input.
    fn of_jobs(&self, code: i32, arguments: &[&str]) -> String {
        stand_in::ends(self.port, code, &[arguments, &["--config", "-"]].concat(), JOBS)
    }

    fn run(&self, id: &str) -> Option<Run> {
        match self.record(&Key::run(&RunId::parse(id).unwrap()))? {
            Record::Run(run) => Some(*run),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_run_is_asked_for_listed_shown_cancelled_and_done_again() {
    let server = Server::start();
    let told = server.of_jobs(0, &["run", "nightly", "--at", "2026-11-20T02:00Z", "--set", "day=20"]);
    assert!(told.starts_with("asked for: nightly/20261120T020000Z\nit begins within a minute"), "{told}");
    let run = server.run("nightly/20261120T020000Z").unwrap();
    assert_eq!((run.set["day"].as_str(), run.by.is_person()), ("20", true));
    let due = server.items.lock().unwrap()["b#RUN#nightly#20261120T020000Z"]["due_owner"].clone();
    assert_eq!(due, json!({"S": "b#"}), "the next tick finds it");
    let told = server.of_jobs(0, &["run", "nightly", "--at", "2026-11-20T02:00Z"]);
    assert_eq!(told, "there already, and left as it is:\n  nightly/20261120T020000Z  pending\n");
    let told = server.of_jobs(0, &["runs", "nightly", "--slot", "20261120T020000Z"]);
    assert!(told.starts_with("nightly/20261120T020000Z pending\n"), "{told}");
    assert!(told.contains("day=20") && told.contains("for the next tick, within a minute"), "{told}");

    let told = server.of_jobs(2, &["retry", "nightly/20261120T020000Z"]);
    assert!(told.contains("goes on: cancel it first, or wait for its end"), "{told}");
    let told = server.of_jobs(0, &["cancel", "nightly/20261120T020000Z", "--why", "wrong day"]);
    assert_eq!(told, "cancelled: nightly/20261120T020000Z, of which nothing had begun\n");
    let told = server.of_jobs(2, &["cancel", "nightly/20261120T020000Z"]);
    assert!(told.contains("the run nightly/20261120T020000Z is over: cancelled"), "{told}");
    let told = server.of_jobs(0, &["retry", "nightly/20261120T020000Z"]);
    assert!(told.starts_with("asked for: nightly/20261120T020000Z-r1\n"), "{told}");
    assert!(server.run("nightly/20261120T020000Z-r1").is_some());

    let told = server.of_jobs(0, &["runs", "nightly", "--format", "json"]);
    let shown: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        shown["runs"][0]["state"],
        json!({"state": "ended", "end": "cancelled", "at": shown["runs"][0]["state"]["at"]})
    );
    let told = server.of_jobs(0, &["jobs"]);
    assert!(told.contains("cron(0 2 * * ? *)") && told.contains("cancelled, "), "{told}");
}

#[test]
fn a_backfill_asks_before_many_runs_and_says_what_was_there() {
    let server = Server::start();
    let window = |from| ["run", "nightly", "--from", from, "--to", "2026-11-20"];
    let told = server.of_jobs(0, &window("2026-11-18"));
    assert!(
        told.starts_with("asked for: 2 runs of nightly, from 18 Nov 02:00 UTC to 19 Nov 02:00 UTC\n"),
        "{told}"
    );
    let told = server.of_jobs(2, &window("2026-08-01"));
    assert!(told.contains("111 runs of nightly") && told.contains("pass --yes"), "{told}");
    assert_eq!(server.run("nightly/20260801T020000Z"), None);
    let told = server.of_jobs(0, &[&window("2026-08-01")[..], &["--yes"]].concat());
    assert!(
        told.contains("asked for: 109 runs") && told.contains("nightly/20261118T020000Z  pending"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_run_says_why_and_leaves_no_run_behind() {
    let server = Server::start();
    for (arguments, says) in [
        (&["run", "nightli"][..], "there is no job `nightli`; did you mean `nightly`?"),
        (&["runs", "nightli"], "there is no job `nightli`; did you mean `nightly`?"),
        (&["run", "nightly", "--set", "dai=1"], "the parameters of nightly are day"),
        (
            &["run", "nightly", "--at", "2026-11-20T03:00Z"],
            "the nearest: 20 Nov 02:00 UTC (2026-11-20T02:00:00Z)",
        ),
        (&["run", "nightly", "--from", "2026-11-20"], "--to <TIME>"),
        (&["run", "nightly", "--at", "2026-11-20T02:00Z", "--slot", "x"], "cannot be used with"),
        (&["runs", "nightly", "--html", "x.html"], "--slot <SLOT>"),
        (
            &["runs", "nightly", "--slot", "x"],
            "there is no run nightly/x: `steward runs nightly` lists those of the job",
        ),
        (&["cancel", "nightly/x"], "there is no run nightly/x"),
        (&["retry", "nightly"], "JOB/SLOT, such as nightly/20261127T020000Z"),
    ] {
        let told = server.of_jobs(2, arguments);
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
    assert!(server.items.lock().unwrap().is_empty());
    let told = server.ends(2, &["jobs", "--table", "other"]);
    assert!(told.contains("a table alone does not say which jobs there are"), "{told}");
    assert_eq!(server.ends(0, &["jobs"]), "the configuration has no jobs\n", "nothing was applied");
}

#[test]
fn a_run_is_written_as_a_page() {
    let server = Server::start();
    server.of_jobs(0, &["run", "import", "--slot", "file-17"]);
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("run.html");
    let told = server.of_jobs(0, &["runs", "import", "--slot", "file-17", "--html", file.to_str().unwrap()]);
    assert_eq!(told, format!("import/file-17: written to {}\n", file.display()));
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.contains("<h1>import/file-17 <span class=\"info\">pending</span></h1>"), "{page}");
}

#[test]
fn the_documentation_has_every_guard_in_the_order_in_which_they_are_asked() {
    let page = include_str!("../../docs/safety.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| guard |")).skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    let named: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split('|').nth(1))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let asked: Vec<&str> = steward::guard::GUARDS.iter().map(|guard| guard.name).collect();
    assert_eq!(named, asked);
}

#[test]
fn the_ledger_is_the_one_that_is_named_or_the_only_one() {
    let server = Server::start();
    let pause = ["pause", "--why", "migration"];
    let with = |more: &[&'static str]| [&pause[..], more].concat();
    let told = server.ends(2, &with(&["--stack", "pord"]));
    assert!(told.contains("/steward/pord/table does not exist: is pord the name of a stack"), "{told}");
    server.parameters.lock().unwrap().insert("/steward/test/table".to_owned(), TABLE.replace("prod", "test"));
    server
        .parameters
        .lock()
        .unwrap()
        .insert("/steward/prod/configuration/current".to_owned(), "{}".to_owned());
    let told = server.ends(2, &with(&[]));
    assert!(told.contains("there are several stacks; name one by `--stack`: prod, test"), "{told}");
    let told = server.ends(2, &with(&["--table", "arn:aws:dynamodb:us-east-1:1:table/other"]));
    assert!(told.contains("is not in eu-central-1: name its Region by `--region`"), "{told}");
    assert!(server.items.lock().unwrap().is_empty());
    let told = server.ends(2, &["pause", "shop", "--why", "x", "--table", "other"]);
    assert!(told.contains("in which account is shop?"), "{told}");
    server.ends(0, &with(&["--table", "other"]));
    server.parameters.lock().unwrap().clear();
    assert!(
        server.ends(2, &with(&[])).contains("no stack in this account and Region says where its table is")
    );
}
