//! Scaling on the wire: the built function, the real SDK, queues, the model of ECS over HTTP, who else scales in moto, and
//! SIGKILL between an order's claim and its call. Whatever befalls the function or UpdateService, a service is scaled once.
//!
//! A tick whose `every` is a minute looks once. With `every` at five seconds an invocation that may take twelve looks twice.
//!
//! `STEWARD_CRASHES=50` kills fifty times instead of ten.

mod crashes;
mod faults;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::action::Ruling;
use steward::aws::DynamoLedger;
use steward::ledger::{Key, Record, Scope, Switch, Transaction, Write};
use steward::ports::Ledger;
use steward::scaling::{Hold, Leave, OrderState, ScalerRecord};
use steward_sim::ecs::api::{
    DeleteServiceRequest, ListTasksRequest, UpdateServiceRequest, UpdateTaskProtectionRequest,
};
use steward_sim::ecs::operation::ControlPlane;
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::{Behaviour, Revision, fargate_service};
use steward_sim::house::{House, Plan, TABLE};
use steward_sim::lambda::gateway::{Call, When};
use steward_sim::lambda::queue::Settings as QueueSettings;
use steward_sim::lambda::runtime::InvokeError;

use crate::access::aws_calls;
use crate::ecs::{CLUSTER, since};
use crate::support::{PATIENCE, applied, house, one_by_one, plan, run, sdk_at, target};

const SWEEP: &str = r#"{"steward":"sweep"}"#;
/// A tick looks once.
const ONCE: &str = "60s";
/// Messages for which a service that has no task needs [`TASKS`]: each takes ten seconds, and of the minute that is promised
/// ten pass until the first task works, and a fifth is not counted on.
const BURST: usize = 40;
const TASKS: u32 = 10;

/// ECS with services of so many tasks, which run.
fn ecs(services: &[(&str, u32)]) -> Endpoint {
    let mut model = since(SignedDuration::from_hours(1));
    model.add_cluster(CLUSTER);
    let worker = model.add_task_definition(&Revision::new("worker", Behaviour::serves()));
    for (name, desired) in services {
        model.add_service(&fargate_service(CLUSTER, name, &worker, *desired)).unwrap();
    }
    let endpoint = Endpoint::new(model);
    endpoint.advance(Duration::from_mins(10));
    // Nobody listened yet.
    endpoint.take_events();
    endpoint
}

/// A service that acts by a queue of its own name, unless `keys` say otherwise.
fn scaled(name: &str, keys: &Value) -> Value {
    let mut all = json!({
        "cluster": CLUSTER, "service": name, "mode": "act", "queues": [{"name": name}], "promise": "60s",
        "service_time": "10s", "start_up": "10s", "max": 20, "scale_in_after": "60s", "empty_readings": 1,
    });
    all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    all
}

fn plan_of(services: &[(&str, u32)], every: &str, scaled: &[Value]) -> Plan {
    let mut file = one_by_one();
    let scaling = json!({"every": every, "services": scaled});
    file.as_object_mut().unwrap().insert("scaling".to_owned(), scaling);
    Plan { parameters: applied(file), ecs: Some(ecs(services)), ..plan() }
}

/// A house with the services and all their queues, which are empty.
async fn furnished(plan: &Plan, scaled: &[Value]) -> House {
    let house = house(plan).await;
    let queues = scaled.iter().flat_map(|service| service["queues"].as_array().unwrap());
    for queue in queues {
        house.sqs.create_queue(queue["name"].as_str().unwrap(), QueueSettings::default()).unwrap();
    }
    house
}

/// A house with one service, which has so many tasks and acts.
async fn with_one(name: &str, tasks: u32, keys: &Value) -> House {
    let scaled = [scaled(name, keys)];
    furnished(&plan_of(&[(name, tasks)], ONCE, &scaled), &scaled).await
}

fn fill(house: &House, queue: &str, messages: usize) {
    for message in 0..messages {
        house.sqs.send(queue, &message.to_string(), None).unwrap();
    }
}

async fn try_tick(house: &House) -> Result<Value, InvokeError> {
    let answer = house.scaling.invoke(SWEEP).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

async fn tick(house: &House) -> Value {
    try_tick(house).await.unwrap_or_else(|error| panic!("{error}: {:#?}", house.scaling.logs()))
}

fn ledger(house: &House) -> DynamoLedger {
    DynamoLedger::new(&sdk_at(&house.moto.url()), TABLE.to_owned())
}

async fn record(house: &House, service: &str) -> ScalerRecord {
    let read = ledger(house).read(&[Key::scaler(&target(service))]).await.unwrap();
    match read.into_iter().next().flatten().map(|stored| stored.record) {
        Some(Record::Scaler(record)) => *record,
        other => panic!("{service}: {other:?}: {:#?}", house.scaling.logs()),
    }
}

/// The latest order: its epoch, from, to, and how far it came.
async fn order(house: &House, service: &str) -> Option<(u64, u32, u32, OrderState)> {
    let order = record(house, service).await.order?;
    Some((order.epoch, order.from, order.to, order.state))
}

/// Looks at a service for the first time, and lets it have been observed since two minutes before: tasks are taken away of
/// what was observed for long enough.
async fn observed(house: &House, service: &str) {
    tick(house).await;
    let ledger = ledger(house);
    let stored = ledger.read(&[Key::scaler(&target(service))]).await.unwrap().pop().flatten().unwrap();
    let Record::Scaler(mut record) = stored.record.clone() else { panic!("{stored:?}") };
    record.memory.since = record.memory.since.map(|since| since - SignedDuration::from_mins(2));
    let write = Write::of_scaler(*record, Some(&stored), SignedDuration::from_hours(24), Timestamp::now());
    ledger.commit(Transaction { writes: vec![write] }).await.unwrap();
}

async fn holds(house: &House, service: &str) -> Vec<Hold> {
    record(house, service).await.decision.unwrap().holds
}

/// What ECS was told of a service's number of tasks and did, in order.
fn orders(house: &House, service: &str) -> Vec<u64> {
    let effects = house.ecs.as_ref().unwrap().model(|ecs| ecs.effects().to_vec());
    let of_service = effects
        .iter()
        .filter(|effect| effect.operation == "UpdateService" && effect.detail["service"] == service);
    of_service
        .map(|effect| {
            assert_eq!(effect.caller, "scaling");
            effect.detail["desiredCount"].as_u64().unwrap()
        })
        .collect()
}

fn calls(house: &House, operation: &str) -> Vec<Call> {
    house.gateway.calls_of(&When::any().function("scaling").operation(operation))
}

/// ARNs of a service's tasks that run.
fn running(house: &House, service: &str) -> Vec<String> {
    let request = ListTasksRequest {
        cluster: Some(CLUSTER.to_owned()),
        service_name: Some(service.to_owned()),
        ..ListTasksRequest::default()
    };
    house.ecs.as_ref().unwrap().model(|ecs| ecs.list_tasks(request).unwrap().task_arns)
}

fn protect(house: &House, tasks: &[String], is_on: bool) {
    let request = UpdateTaskProtectionRequest {
        cluster: CLUSTER.to_owned(),
        tasks: tasks.to_vec(),
        protection_enabled: is_on,
        expires_in_minutes: None,
    };
    house.ecs.as_ref().unwrap().model(|ecs| ecs.update_task_protection(request).unwrap());
}

/// A person pauses all changes, or lets them go on.
async fn pause(endpoint: &str, is_on: bool) {
    let ledger = DynamoLedger::new(&sdk_at(endpoint), TABLE.to_owned());
    let key = Key::switch(&Scope::Global);
    let stored = ledger.read(std::slice::from_ref(&key)).await.unwrap().pop().flatten();
    let ruling = Ruling { by: "ada".to_owned(), at: Timestamp::now(), why: None };
    let switch = Switch { scope: Scope::Global, paused: is_on.then_some(ruling), resumed: None };
    let write = Write::new(key, stored.as_ref(), Record::Switch(switch));
    ledger.commit(Transaction { writes: vec![write] }).await.unwrap();
}

#[test]
fn a_burst_brings_a_service_from_zero_to_what_it_needs_by_one_call_at_the_first_look() {
    run(async {
        let house = with_one("orders", 0, &json!({})).await;
        fill(&house, "orders", BURST);
        assert_eq!(tick(&house).await, json!({"services": 1, "rounds": 1, "orders": 1, "failed": 0}));
        assert_eq!(orders(&house, "orders"), [u64::from(TASKS)]);
        assert_eq!(order(&house, "orders").await, Some((1, 0, TASKS, OrderState::Confirmed)));
        let update = &calls(&house, "UpdateService")[0];
        let cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/shop";
        let asked = json!({"cluster": cluster, "service": "orders", "desiredCount": TASKS});
        assert_eq!(update.json(), Some(asked), "the number of tasks, and nothing else");
        house.advance(Duration::from_mins(5)).unwrap();
        assert_eq!(running(&house, "orders").len(), 10);
        assert_eq!(tick(&house).await, json!({"services": 1, "rounds": 1, "orders": 0, "failed": 0}));
        assert_eq!(calls(&house, "UpdateService").len(), 1);
        let titles = house.slack_titles();
        assert!(titles.is_empty(), "somebody is told of what goes as it should: {titles:?}");
    });
}

#[test]
fn a_service_that_is_observed_is_decided_about_and_never_called() {
    run(async {
        let house = with_one("orders", 0, &json!({"mode": "observe"})).await;
        fill(&house, "orders", BURST);
        assert_eq!(tick(&house).await, json!({"services": 1, "rounds": 1, "orders": 0, "failed": 0}));
        let record = record(&house, "orders").await;
        let decided = record.decision.unwrap().order.unwrap();
        assert_eq!((decided.from, decided.to, record.order), (0, TASKS, None));
        assert_eq!(calls(&house, "UpdateService"), []);
    });
}

/// A service's target of Application Auto Scaling. moto knows of one only where its own ECS has the service.
async fn register_target(house: &House, service: &str) {
    let ecs = |operation: &str| format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let container = json!({"name": "app", "image": "app", "memory": 128});
    for (operation, body) in [
        ("CreateCluster", json!({"clusterName": CLUSTER})),
        ("RegisterTaskDefinition", json!({"family": "worker", "containerDefinitions": [container]})),
        (
            "CreateService",
            json!({"cluster": CLUSTER, "serviceName": service, "taskDefinition": "worker", "desiredCount": 0}),
        ),
    ] {
        house.moto.call("ecs", &ecs(operation), &body).await.unwrap();
    }
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": format!("service/{CLUSTER}/{service}"),
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 0, "MaxCapacity": 9,
    });
    let operation = "AnyScaleFrontendService.RegisterScalableTarget";
    house.moto.call("application-autoscaling", operation, &target).await.unwrap();
}

#[test]
fn a_target_of_application_auto_scaling_is_left_to_it_and_its_neighbour_is_not() {
    run(async {
        let scaled = ["owned", "free"].map(|name| scaled(name, &json!({})));
        let plan = plan_of(&[("owned", 0), ("free", 0)], ONCE, &scaled);
        let house = furnished(&plan, &scaled).await;
        register_target(&house, "owned").await;
        for queue in ["owned", "free"] {
            fill(&house, queue, BURST);
        }
        tick(&house).await;
        assert_eq!(holds(&house, "owned").await, [Hold::NoLeave(Leave::AutoScalingTarget)]);
        assert_eq!((orders(&house, "owned"), orders(&house, "free")), (vec![], vec![u64::from(TASKS)]));
    });
}

#[test]
fn a_pause_holds_until_a_person_lets_changes_go_on() {
    run(async {
        let house = with_one("orders", 0, &json!({})).await;
        fill(&house, "orders", BURST);
        pause(&house.moto.url(), true).await;
        tick(&house).await;
        let paused = Hold::NoLeave(Leave::Paused { by: "ada".to_owned() });
        assert_eq!(holds(&house, "orders").await, [paused]);
        assert_eq!(calls(&house, "UpdateService"), []);
        pause(&house.moto.url(), false).await;
        tick(&house).await;
        assert_eq!(orders(&house, "orders"), [u64::from(TASKS)]);
    });
}

#[test]
fn a_service_of_several_queues_has_tasks_for_all_of_them_by_their_weight() {
    run(async {
        let queues = json!({"queues": [{"name": "orders"}, {"name": "refunds", "weight": 200}]});
        let house = with_one("desk", 0, &queues).await;
        fill(&house, "orders", 20);
        fill(&house, "refunds", 20);
        tick(&house).await;
        // 20, and 20 that are twice the work, at four to a task.
        assert_eq!(orders(&house, "desk"), [15]);
    });
}

#[test]
fn what_cloudwatch_tells_of_a_queues_minutes_is_remembered() {
    run(async {
        let house = with_one("orders", 1, &json!({})).await;
        let began = Timestamp::from_second(Timestamp::now().as_second() / 60 * 60 - 180).unwrap();
        for (metric, value) in [
            ("NumberOfMessagesSent", 120.0),
            ("NumberOfMessagesDeleted", 60.0),
            ("ApproximateAgeOfOldestMessage", 42.0),
        ] {
            house.cloudwatch.tell("orders", metric, began, value);
        }
        assert_eq!(tick(&house).await["failed"], 0);
        let minutes = record(&house, "orders").await.memory.minutes;
        let [minute] = minutes.as_slice() else { panic!("{minutes:?}") };
        assert_eq!((minute.began, minute.sent, minute.deleted), (began, 120, 60));
        assert_eq!(minute.oldest, Some(SignedDuration::from_secs(42)));
        assert_eq!(calls(&house, "GetMetricData").len(), 1);
    });
}

#[test]
fn tasks_are_taken_away_but_those_that_protect_themselves() {
    run(async {
        let house = with_one("orders", 8, &json!({"min": 1})).await;
        let mut protected = running(&house, "orders")[..3].to_vec();
        protect(&house, &protected, true);
        observed(&house, "orders").await;
        assert!(matches!(holds(&house, "orders").await.as_slice(), [Hold::Recent { .. }]));
        assert_eq!(calls(&house, "ListTasks"), [], "what stays is not asked for protection");
        tick(&house).await;
        assert_eq!((calls(&house, "ListTasks").len(), calls(&house, "GetTaskProtection").len()), (1, 1));
        assert_eq!(holds(&house, "orders").await, [Hold::Working { tasks: 3 }]);
        assert_eq!(order(&house, "orders").await, Some((1, 8, 3, OrderState::Confirmed)));
        house.advance(Duration::from_mins(5)).unwrap();
        let mut left = running(&house, "orders");
        left.sort();
        protected.sort();
        assert_eq!(left, protected);
        protect(&house, &protected, false);
        tick(&house).await;
        assert_eq!(orders(&house, "orders"), [3, 1]);
    });
}

#[test]
fn a_service_that_was_deleted_is_held() {
    run(async {
        let house = with_one("orders", 1, &json!({})).await;
        let request = DeleteServiceRequest {
            cluster: Some(CLUSTER.to_owned()),
            service: "orders".to_owned(),
            force: Some(true),
        };
        house.ecs.as_ref().unwrap().model(|ecs| ecs.delete_service(request).unwrap());
        house.advance(Duration::from_mins(5)).unwrap();
        fill(&house, "orders", BURST);
        assert_eq!(tick(&house).await, json!({"services": 1, "rounds": 1, "orders": 0, "failed": 0}));
        assert_eq!(holds(&house, "orders").await, [Hold::NoService]);
        assert_eq!(calls(&house, "UpdateService"), []);
    });
}

/// Lets scaling do everything that it ever does, and answers all calls to AWS.
pub(crate) async fn everything() -> Vec<Call> {
    let scaled = [
        scaled("orders", &json!({})),
        scaled("idle", &json!({"min": 1})),
        scaled("asked", &json!({"mode": "propose"})),
    ];
    let plan = plan_of(&[("orders", 0), ("idle", 2), ("asked", 0)], ONCE, &scaled);
    let house = furnished(&plan, &scaled).await;
    for queue in ["orders", "asked"] {
        fill(&house, queue, BURST);
    }
    observed(&house, "idle").await;
    tick(&house).await;
    assert_eq!((orders(&house, "orders"), orders(&house, "idle")), (vec![u64::from(TASKS)], vec![1]));
    assert_eq!(order(&house, "asked").await, Some((1, 0, TASKS, OrderState::Proposed)));
    assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.notifications.logs());
    let titles = house.slack_titles();
    assert!(titles.iter().any(|title| title.contains("asked")), "{titles:?}");
    aws_calls(&house)
}
