//! `steward status`, `incidents`, `actions`, `history`, `why` and `redrive`, as people call them, against a table, queues and a Parameter Store
//! that speak the protocol.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test"
)]

mod stand_in;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::action::{Action, ActionId, Because, Call, Doubt, Epoch, Plan, Precondition, Remedy, State};
use steward::arn::{ClusterArn, ServiceName, TaskDefinitionArn};
use steward::config::Policy;
use steward::diagnosis::{self, Cause, Diagnosis};
use steward::incident::{Ending, Failure, Fingerprint, Observation, Status, Story, Target};
use steward::ledger::{self, Key, Record, Scope, Switch, Write};
use steward::remediation::Home;

const TABLE: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/prod-Table-1ABC";
const QUEUES: &str = r#"{"events":["http://sqs/123456789012/prod-EventsQueue","http://sqs/123456789012/prod-EventsDead"],"tell":["http://sqs/123456789012/prod-TellQueue","http://sqs/123456789012/prod-TellDead"]}"#;
/// Items of the table that one Scan reads.
const PAGE: usize = 2;

/// DynamoDB's, SQS's and SSM's JSON protocols.
#[derive(Clone, Default)]
struct Server {
    parameters: Arc<Mutex<BTreeMap<String, String>>>,
    items: Arc<Mutex<BTreeMap<String, Value>>>,
    /// Messages in dead-letter queues, by the queue's name.
    dead: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
    calls: Arc<Mutex<Vec<String>>>,
    port: u16,
}

impl stand_in::Service for Server {
    fn answer(&self, operation: &str, input: &Value) -> Result<Value, (String, Value)> {
        let parameters = self.parameters.lock().unwrap();
        let items = self.items.lock().unwrap();
        let mut dead = self.dead.lock().unwrap();
        self.calls.lock().unwrap().push(operation.to_owned());
        let queue = |field: &str| {
            let name = input[field].as_str().unwrap().rsplit(['/', ':']).next().unwrap();
            name.to_owned()
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
            "Query" => {
                assert_eq!(input["IndexName"], "due");
                let values = &input["ExpressionAttributeValues"];
                let at = |value: &Value| value["N"].as_str().unwrap().parse::<i64>().unwrap();
                let is_due = |item: &&Value| {
                    item["due_owner"] == values[":owner"] && at(&item["due_at"]) <= at(&values[":now"])
                };
                let found: Vec<&Value> = items.values().filter(is_due).collect();
                json!({"Items": found, "Count": found.len()})
            }
            "Scan" => {
                let after = input["ExclusiveStartKey"]["pk"]["S"].as_str().unwrap_or_default();
                let prefix = input["ExpressionAttributeValues"][":prefix"]["S"].as_str().unwrap();
                let rest: Vec<&String> = items.keys().filter(|key| key.as_str() > after).collect();
                let page: Vec<&String> = rest.iter().take(PAGE).copied().collect();
                let found: Vec<&Value> =
                    page.iter().filter(|key| key.starts_with(prefix)).map(|key| &items[*key]).collect();
                let mut answer = json!({
                    "Items": found, "Count": found.len(), "ScannedCount": page.len(),
                    "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5},
                });
                if rest.len() > PAGE {
                    answer["LastEvaluatedKey"] = json!({"pk": {"S": page.last().unwrap()}});
                }
                answer
            }
            "GetQueueAttributes" => {
                let count = dead.get(&queue("QueueUrl")).map_or(0, Vec::len);
                json!({"Attributes": {"ApproximateNumberOfMessages": count.to_string()}})
            }
            "ReceiveMessage" => {
                assert_eq!(input["VisibilityTimeout"], 0, "looking takes nothing out");
                let bodies = dead.get(&queue("QueueUrl")).cloned().unwrap_or_default();
                let sent = (now() - SignedDuration::from_hours(2)).as_millisecond().to_string();
                let messages = bodies.iter().map(
                    |body| json!({"MessageId": "m", "Body": body, "Attributes": {"SentTimestamp": sent}}),
                );
                json!({"Messages": messages.collect::<Vec<Value>>()})
            }
            "StartMessageMoveTask" => {
                assert_eq!(input["DestinationArn"], "arn:aws:sqs:eu-central-1:123456789012:prod-EventsQueue");
                let bodies = dead.remove(&queue("SourceArn")).unwrap();
                dead.insert("moved".to_owned(), bodies);
                json!({"TaskHandle": "h"})
            }
            "ListMessageMoveTasks" => match dead.get("moved") {
                Some(moved) => json!({"Results": [{
                    "Status": "COMPLETED", "SourceArn": input["SourceArn"], "StartedTimestamp": 1,
                    "ApproximateNumberOfMessagesMoved": moved.len(),
                }]}),
                None => json!({"Results": []}),
            },
            other => panic!("{other} is not called"),
        })
    }
}

impl Server {
    /// One stack, `prod`, that has applied no configuration.
    fn start() -> Self {
        let mut server = Self::default();
        for (name, value) in [("table", TABLE), ("queues", QUEUES)] {
            server.parameters.lock().unwrap().insert(format!("/steward/prod/{name}"), value.to_owned());
        }
        server.port = stand_in::start(&server);
        server
    }

    fn keep(&self, write: &Write) {
        let text = ledger::encode(&write.key, &write.record).unwrap();
        let key = write.key.as_str().to_owned();
        let mut item = json!({"pk": {"S": key}, "item": {"S": text}, "version": {"N": "1"}});
        if let Some(due) = write.due {
            item["due_owner"] = json!({"S": write.key.owner().unwrap().prefix()});
            item["due_at"] = json!({"N": due.as_millisecond().to_string()});
        }
        self.items.lock().unwrap().insert(key, item);
    }

    /// A service that fails, with what is done about it.
    fn fails(&self, name: &str, action: Option<State>, is_over: bool) {
        let mut story = story(name);
        let policy = Policy::default();
        if let (true, Some(incident)) = (is_over, &mut story.incident) {
            incident.status = Status::Resolved { at: now(), by: Ending::Steady };
        }
        if let Some(state) = action {
            let opened_at = story.record.incident.unwrap();
            let action = Action { epoch: Epoch(1), ..Action::proposed(plan(name, opened_at), now(), now()) };
            let action = action.into_state(state);
            story.record.note(&action);
            if let Some(incident) = &mut story.incident {
                incident.remedies.note(steward::incident::Note::of(&action));
            }
            self.keep(&Write::of_action(action, None, &policy, now()));
        }
        let due = story.next_look(&policy);
        self.keep(&Write::of_target(story.record.clone(), None, due, &policy, now()));
        self.keep(&Write::of_incident(story.incident.unwrap(), None, &policy, now()));
    }

    fn ends(&self, code: i32, arguments: &[&str]) -> String {
        stand_in::ends(self.port, code, arguments, "")
    }

    fn called(&self, operation: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| *call == operation).count()
    }
}

fn now() -> Timestamp {
    #[allow(clippy::disallowed_methods, reason = "the command line goes by the real time")]
    Timestamp::now()
}

fn target(name: &str) -> Target {
    let cluster = ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop");
    Target::Service { cluster, name: ServiceName::new(name) }
}

fn story(name: &str) -> Story {
    let at = now() - SignedDuration::from_mins(10);
    let mut story = Story::new(target(name));
    let said = diagnosis::of_said(
        "stoppedReason",
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/shop/api:1: not found",
    );
    let said = Diagnosis { cause: Cause::ImageNotFound, ..said };
    let failure = Failure::symptom(Fingerprint::of(&[name]), at, said);
    story.apply(Observation::Failed(Box::new(failure)), at);
    story
}

fn revision(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/api:{number}"))
}

fn plan(name: &str, opened_at: Timestamp) -> Plan {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    Plan {
        id: ActionId::of(&home, &target(name), Remedy::RollBack, "ecs-svc/43"),
        remedy: Remedy::RollBack,
        target: target(name),
        incident: opened_at,
        revision: Some(revision(43)),
        call: Call::UpdateService {
            cluster: target(name).cluster().clone(),
            service: ServiceName::new(name),
            task_definition: Some(revision(42)),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
        precondition: Precondition::default(),
        because: Because::RevisionFails {
            revision: revision(43),
            count: 1,
            cause: Cause::ImageNotFound,
            good: revision(42),
        },
    }
}

fn proposed() -> State {
    State::Proposed { until: now() + SignedDuration::from_hours(1) }
}

fn unknown() -> State {
    State::Unknown { at: now(), why: Doubt::DeployedMeanwhile }
}

fn lines(told: &str) -> Vec<Value> {
    told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{told}"))).collect()
}

#[test]
fn the_status_says_by_its_code_whether_a_person_is_needed() {
    let server = Server::start();
    let told = server.ends(0, &["status"]);
    assert!(told.starts_with("prod\n") && told.ends_with("nothing needs you\n"), "{told}");
    assert!(told.contains("no version was applied; nothing is enrolled; otherwise observe"), "{told}");
    server.fails("api", Some(unknown()), true);
    let paused = steward::action::Ruling { by: "ana".to_owned(), at: now(), why: None };
    let switch = Switch { scope: Scope::Global, paused: Some(paused), resumed: None };
    server.keep(&Write::new(Key::switch(&Scope::Global), None, Record::Switch(switch)));
    let told = server.ends(1, &["status", "--stack", "prod"]);
    assert!(told.contains("! 1 action of which nobody knows whether it took effect"), "{told}");
    assert!(told.contains("all paused since "), "{told}");
    let json = lines(&server.ends(1, &["status", "--format", "json"])).remove(0);
    assert_eq!((&json["stack"], &json["actions"][0]["state"]), (&"prod".into(), &"unknown".into()));
    assert_eq!(server.called("Scan"), 0, "the table is not read for it");
    // Without a stack nobody says which configuration holds.
    let told = server.ends(2, &["status", "--table", TABLE]);
    assert!(told.contains("not known: a table alone does not say"), "{told}");
}

#[test]
fn what_is_open_is_listed_at_once_and_what_is_over_by_reading_the_table() {
    let server = Server::start();
    server.fails("api", Some(proposed()), false);
    server.fails("web", Some(unknown()), true);
    let told = server.ends(0, &["incidents"]);
    assert!(told.contains("api") && !told.contains("web"), "{told}");
    assert!(told.contains("asks you: roll back"), "{told}");
    let json = lines(&server.ends(0, &["incidents", "--format", "json", "--cause", "image_not_found"]));
    assert_eq!((json.len(), &json[0]["target"]["id"]), (1, &"shop/api".into()));
    assert!(
        server.ends(0, &["incidents", "--cause", "out_of_memory"]).starts_with("no such incident goes on")
    );
    assert_eq!(server.called("Scan"), 0);
    let told = server.ends(0, &["incidents", "--all", "--since", "1h"]);
    assert!(told.contains("web") && told.contains("over "), "{told}");
    assert!(told.contains("what is closed is in no index"), "{told}");
    assert!(told.contains("6 items read, 2 read units"), "{told}");
    assert_eq!(server.called("Scan"), 3);
    let actions = lines(&server.ends(0, &["actions", "--format", "json"]));
    let mut states: Vec<&str> = actions.iter().map(|action| action["state"].as_str().unwrap()).collect();
    states.sort_unstable();
    assert_eq!(states, ["proposed", "unknown"]);
    let told = server.ends(0, &["actions", "--unknown"]);
    assert!(told.contains("steward settle ACTION") && !told.contains("asks you"), "{told}");
    let told = server.ends(0, &["actions", "--proposed", "--cluster", "sh*"]);
    assert!(told.contains("steward approve ACTION") && !told.contains("unknown"), "{told}");
    assert_eq!(server.called("Scan"), 3, "what nobody knows is open");
}

#[test]
fn an_item_that_cannot_be_read_is_named_and_the_code_says_so() {
    let server = Server::start();
    server.fails("api", None, false);
    server.fails("web", None, false);
    for (key, item) in server.items.lock().unwrap().iter_mut() {
        if key.starts_with("r#INCIDENT#") && key.contains("/web#") {
            item["item"] = json!({"S": r#"{"schema":99,"record":{}}"#});
        }
    }
    let told = server.ends(2, &["incidents"]);
    assert!(told.contains("api") && told.contains("steward: left out: r#INCIDENT#"), "{told}");
}

#[test]
fn a_target_has_its_history_and_an_action_its_whole_trace() {
    let server = Server::start();
    server.fails("api", Some(unknown()), false);
    let id = plan("api", now()).id;
    let told = server.ends(0, &["history", "shop/api"]);
    assert!(told.starts_with("service api in shop\n") && told.contains("image_not_found × 1"), "{told}");
    assert!(told.contains(id.short()), "{told}");
    let types: Vec<Value> = lines(&server.ends(0, &["history", "api", "--format", "json"]))
        .iter()
        .map(|line| line["type"].clone())
        .collect();
    assert_eq!(types, ["incident", "action"]);
    for asked in ["shop/api", &id.as_str()[..8], id.as_str()] {
        let told = server.ends(0, &["why", asked]);
        assert!(told.contains("image_not_found × 1 (persistent)"), "{asked}: {told}");
        assert!(told.contains("request   UpdateService"), "{asked}: {told}");
        assert!(told.contains("steward settle"), "{asked}: {told}");
        assert!(told.contains("no entry of `services` enrols it"), "{asked}: {told}");
    }
    let digits = id.as_str().get(..8).unwrap();
    let told = server.ends(2, &["approve", digits, "--by", "ana"]);
    assert!(told.contains("waits for no approval"), "{told}");
    let told = server.ends(2, &["reject", "0123abcd", "--why", "no"]);
    assert!(told.contains("no action that is open") && told.contains("`steward actions`"), "{told}");
    let told = server.ends(2, &["why", "0123456789"]);
    assert!(told.contains("write the id in full"), "{told}");
    let told = server.ends(2, &["why", "0123456789", "--all"]);
    assert!(told.contains("no action that is kept has an id that begins with 0123456789"), "{told}");
    assert!(server.ends(2, &["history", "shop/nobody"]).contains("nothing was ever heard of"));
    assert!(server.ends(2, &["why", "shop/api@2020-01-01T00:00:00Z"]).contains("no such incident"));
}

#[test]
fn what_could_not_be_handled_is_shown_and_moved_back_once_that_is_confirmed() {
    let server = Server::start();
    assert_eq!(server.ends(0, &["redrive"]), "events: nothing\ntell: nothing\n");
    let event = include_str!("../../events/task-state-change/image_not_found-checkout-1.json");
    let bodies = vec![event.to_owned(), event.to_owned(), "nonsense".to_owned()];
    server.dead.lock().unwrap().insert("prod-EventsDead".to_owned(), bodies);
    let told = server.ends(1, &["redrive", "--dry-run"]);
    assert!(told.contains("events: about 3 messages, the oldest of 3 looked at from "), "{told}");
    assert!(told.contains("2 × ") && told.contains("image_not_found"), "{told}");
    assert!(told.contains("not readable: "), "{told}");
    let told = server.ends(2, &["redrive", "events"]);
    assert!(told.contains("standard input is no terminal to ask at"), "{told}");
    assert_eq!(server.called("StartMessageMoveTask"), 0);
    let told = server.ends(0, &["redrive", "--yes"]);
    assert!(told.ends_with("events: 3 moved back\n"), "{told}");
    assert_eq!(server.called("StartMessageMoveTask"), 1);
    let json = lines(&server.ends(0, &["redrive", "tell", "--format", "json"])).remove(0);
    assert_eq!((&json["queue"], &json["messages"]), (&"tell".into(), &0.into()));
    server.parameters.lock().unwrap().remove("/steward/prod/queues");
    let told = server.ends(2, &["redrive"]);
    assert!(told.contains("/steward/prod/queues does not exist: the stack is older"), "{told}");
}

#[test]
fn an_endpoint_is_named_as_in_the_aws_cli_and_beats_the_environment() {
    let (server, nobody) = (Server::start(), 9);
    let url = format!("http://127.0.0.1:{}", server.port);
    let told = stand_in::ends(nobody, 0, &["status", "--endpoint-url", &url], "");
    assert!(told.starts_with("prod\n"), "{told}");
    for text in ["localhost:4566", "http://", "http:///x", "http://a b", "ftp://x"] {
        let told = stand_in::ends(nobody, 2, &["status", "--endpoint-url", text], "");
        assert!(told.contains("a URL such as http://localhost:4566"), "{text}: {told}");
    }
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let told = stand_in::ends(9, 0, &["completions", shell], "");
        for command in ["status", "incidents", "why", "redrive", "completions"] {
            assert!(told.contains(command), "{shell} lacks {command}");
        }
    }
}
