//! Jobs on the wire: the built function, the real SDK, the model of ECS over HTTP, requests and task events by the queue, and
//! SIGKILL between delivery and answer. Whatever befalls RunTask or the function, each task of a run is started once.
//!
//! `STEWARD_CRASHES=50` kills fifty times instead of ten.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use steward::aws::DynamoLedger;
use steward::batch::{JobName, Run, RunId, Slot, StartedBy};
use steward::ledger::{Key, Record};
use steward::ports::Ledger;
use steward_sim::ecs::operation::ControlPlane;
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::throttle::{Bucket, Rate};
use steward_sim::ecs::{Behaviour, Ecs, Fate, Latencies, Latency, Revision, Settings};
use steward_sim::house::{House, JOBS, Plan, TABLE};
use steward_sim::lambda::gateway::{Call, Fault, Injected, When};

use crate::access::aws_calls;
use crate::crashes::{crashes, interrupted};
use crate::support::{PATIENCE, applied, house, one_by_one, plan, run, sdk_at};

const CLUSTER: &str = "batch";
/// Tasks of a run.
const SIZE: u32 = 3;
const TICK: Duration = Duration::from_secs(1);
/// A call that died is made again when its lease of 75 s has ended.
const RECOVERY: Duration = Duration::from_mins(5);
const PACE: Duration = Duration::from_millis(250);

/// ECS in which everything takes moments, `etl` succeeds and `broken` does not. It stands still until a run's end is waited for:
/// no task event helps whoever does not know what a call did.
fn ecs() -> Endpoint {
    let mut settings = Settings::new(Timestamp::now(), 7);
    "us-east-1".clone_into(&mut settings.region);
    settings.zones = vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()];
    let moments = Latency::millis(20, 200);
    settings.latencies = Latencies {
        provisioning: moments,
        before_pull: moments,
        pull: moments,
        start: moments,
        graceful_stop: moments,
        deprovisioning: moments,
        ..Latencies::default()
    };
    let mut ecs = Ecs::new(settings);
    ecs.add_cluster(CLUSTER);
    // Buckets fill with time, which stands still.
    for bucket in [Bucket::ClusterResourceChanges, Bucket::FargateLaunches, Bucket::TaskDefinitionReads] {
        ecs.throttle().set(bucket, Rate { burst: 10_000, refill: 0 });
    }
    for (family, exit_code) in [("etl", 0), ("broken", 1)] {
        let fate = Fate::Exits { after: Duration::from_millis(300), exit_code };
        ecs.add_task_definition(&Revision::new(family, Behaviour::new(fate)));
    }
    Endpoint::new(ecs)
}

fn job(name: &str) -> Value {
    json!({
        "name": name, "cluster": CLUSTER, "task_definition": "etl", "launch_type": "FARGATE", "array": SIZE,
        "network": {"subnets": ["subnet-0a1b2c3d4e5f60718"]}, "environment": {"SHARD": "${index}"},
        "tags": {"team": "data"}, "task_role": "arn:aws:iam::123456789012:role/job",
    })
}

fn with(jobs: &[Value]) -> Plan {
    let mut file = one_by_one();
    file.as_object_mut().unwrap().insert("jobs".to_owned(), json!(jobs));
    Plan { parameters: applied(file), ecs: Some(ecs()), ..plan() }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("job-{n:03}")).collect()
}

fn run_of(job: &str, slot: &str) -> RunId {
    RunId { job: JobName::parse(job).unwrap(), slot: Slot::of_text(slot) }
}

fn request(job: &str, slot: &str) -> String {
    json!({"steward": "run-job", "job": job, "slot": slot}).to_string()
}

async fn read(house: &House, id: &RunId) -> Option<Run> {
    let ledger = DynamoLedger::new(&sdk_at(&house.moto.url()), TABLE.to_owned());
    let stored = ledger.read(&[Key::run(id)]).await.unwrap().pop().flatten()?;
    match stored.record {
        Record::Run(run) => Some(*run),
        other => panic!("{other:?}"),
    }
}

/// Waits until each task of a run is there, and Steward knows it.
async fn placed(house: &House, id: &RunId) {
    let ledger = DynamoLedger::new(&sdk_at(&house.moto.url()), TABLE.to_owned());
    let keys: Vec<Key> = (0..SIZE).map(|index| Key::unit(id, index)).collect();
    let end = tokio::time::Instant::now() + RECOVERY;
    loop {
        let units = ledger.read(&keys).await.unwrap();
        let is_placed = |record: &Record| matches!(record, Record::Unit(unit) if unit.call.is_none() && unit.tasks().count() == 1);
        if units.iter().all(|unit| unit.as_ref().is_some_and(|unit| is_placed(&unit.record))) {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "{id}: {units:#?}: {:#?}", house.batch.logs());
        tokio::time::sleep(PACE).await;
    }
}

/// Lets time pass in ECS until a run is over.
async fn ended(house: &House, id: &RunId) -> Run {
    let end = tokio::time::Instant::now() + RECOVERY;
    loop {
        let run = read(house, id).await;
        if let Some(run) = run.as_ref().filter(|run| run.is_over()) {
            return run.clone();
        }
        assert!(tokio::time::Instant::now() < end, "{id}: {run:#?}: {:#?}", house.batch.logs());
        tokio::time::sleep(PACE).await;
        house.advance(PACE).unwrap();
    }
}

/// How many tasks ECS started for each index of a run.
fn started(house: &House, id: &RunId) -> BTreeMap<u32, u64> {
    let effects = house.ecs.as_ref().unwrap().model(|ecs| ecs.effects().to_vec());
    let mut tasks = BTreeMap::new();
    for effect in effects.iter().filter(|effect| effect.operation == "RunTask") {
        let by = StartedBy::parse(effect.started_by.as_deref().unwrap()).unwrap();
        if by.run == *id {
            *tasks.entry(by.index).or_default() += effect.detail["count"].as_u64().unwrap_or(1);
        }
    }
    tasks
}

/// A run has succeeded, with each of its tasks started once.
async fn succeeds_once(house: &House, id: &RunId) {
    let run = ended(house, id).await;
    assert_eq!((run.state.as_str(), run.tally.succeeded), ("succeeded", SIZE), "{run:#?}");
    let once: BTreeMap<u32, u64> = (0..SIZE).map(|index| (index, 1)).collect();
    assert_eq!(started(house, id), once, "{id}");
}

/// Every message was handled.
async fn all_handled(house: &House) {
    assert!(house.sqs.drained(JOBS, PATIENCE).await.unwrap(), "{:#?}", house.batch.logs());
    assert_eq!(house.counts(JOBS).unwrap().1.total(), 0, "{:#?}", house.batch.logs());
}

/// The whole minute that is nearest: the first tick looks back for a minute, and schedules are no more precise.
fn a_minute() -> Timestamp {
    let now = Timestamp::now().as_second();
    Timestamp::from_second((now + 30) / 60 * 60).unwrap()
}

#[test]
fn a_slot_becomes_an_array_whose_tasks_all_run_once() {
    run(async {
        let at = a_minute();
        let mut nightly = job("nightly");
        nightly["schedule"] = json!(at.strftime("at(%Y-%m-%dT%H:%M:%S)").to_string());
        let mut house = house(&with(&[nightly])).await;
        house.tick_every(TICK);
        let id = RunId { job: JobName::parse("nightly").unwrap(), slot: Slot::at(at) };
        succeeds_once(&house, &id).await;
        let run = read(&house, &id).await.unwrap();
        assert_eq!(run.scheduled, at);
        assert!(run.frozen.unwrap().at >= at, "no slot begins before its time");
        assert_eq!(house.keys("b#RUN#").await.unwrap().len(), 1);
        let calls = house.gateway.calls_of(&When::any().function("batch").operation("RunTask"));
        let shards: Vec<Value> = calls
            .iter()
            .map(|call| {
                let of_call = call.json().unwrap();
                of_call.pointer("/overrides/containerOverrides/0/environment").unwrap().clone()
            })
            .collect();
        for index in 0..SIZE {
            let shard = json!({"name": "SHARD", "value": index.to_string()});
            let knows = |environment: &&Value| environment.as_array().unwrap().contains(&shard);
            assert_eq!(shards.iter().filter(knows).count(), 1, "{shards:#?}");
        }
        all_handled(&house).await;
        assert!(house.slack_titles().is_empty(), "nobody is told of a success");
    });
}

#[test]
fn a_slot_that_is_asked_for_again_is_run_once() {
    run(async {
        let house = house(&with(&[job("import")])).await;
        let id = run_of("import", "2026-11-20-a");
        for _ in 0..2 {
            house.sqs.send(JOBS, &request("import", "2026-11-20-a"), None).unwrap();
        }
        succeeds_once(&house, &id).await;
        house.sqs.send(JOBS, &request("import", "2026-11-20-a"), None).unwrap();
        let answer = house.batch.invoke(request("import", "2026-11-20-a")).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer, json!({"run": "import/2026-11-20-a", "started": 0}));
        all_handled(&house).await;
        succeeds_once(&house, &id).await;
        assert_eq!(house.keys("b#RUN#").await.unwrap().len(), 1);
    });
}

#[test]
fn whatever_befalls_a_call_that_starts_tasks_each_is_started_once() {
    run(async {
        let troubles = [
            ("throttled", 5, Fault::Throttle),
            ("unavailable", 2, Fault::Unavailable),
            ("cut", 2, Fault::Cut),
            // As often as the SDK tries by itself, so that Steward does not know either.
            ("lost", 3, Fault::LoseAnswer),
            ("unanswered", 1, Fault::HoldAnswer),
        ];
        let jobs: Vec<Value> = troubles.iter().map(|(name, ..)| job(name)).collect();
        let mut house = house(&with(&jobs)).await;
        let mut injected = Vec::new();
        for (name, times, fault) in &troubles {
            let calls = When::any().function("batch").operation("RunTask");
            let calls = calls.mentions(&format!("steward/job/{name}/")).first(*times);
            injected.push(house.gateway.inject(calls, fault.clone()));
            house.sqs.send(JOBS, &request(name, "a"), None).unwrap();
        }
        house.tick_every(TICK);
        for (name, ..) in &troubles {
            placed(&house, &run_of(name, "a")).await;
        }
        for ((name, times, _), injected) in troubles.iter().zip(injected) {
            succeeds_once(&house, &run_of(name, "a")).await;
            assert_eq!(house.gateway.hits(injected).len() as u64, *times, "{name}");
        }
        all_handled(&house).await;
    });
}

/// Of calls that only task events bring about.
const HEARD: &str = "what is heard of tasks";

/// Where the function dies: at the `nth` call of an operation about a job, before or after its effect, and what the call is for.
const PLACES: [(&str, u64, bool, &str); 18] = [
    ("RunTask", 1, true, "first task"),
    ("RunTask", 1, false, "first task"),
    ("TransactWriteItems", 2, true, "calls are to be made"),
    ("TransactWriteItems", 3, false, "what the calls did"),
    ("TransactWriteItems", 3, true, "what the calls did"),
    ("PutItem", 1, true, "the run"),
    ("TransactWriteItems", 1, true, "the job's turn"),
    ("RunTask", 3, true, "last task"),
    ("TransactWriteItems", 4, false, HEARD),
    ("TransactWriteItems", 4, true, HEARD),
    ("PutItem", 1, false, "the run"),
    ("TransactWriteItems", 1, false, "the job's turn"),
    ("TransactWriteItems", 2, false, "calls are to be made"),
    ("RunTask", 2, false, "a task in the middle"),
    ("PutItem", 3, false, HEARD),
    ("PutItem", 3, true, HEARD),
    ("BatchGetItem", 3, true, "its tasks, before calls are made"),
    ("BatchGetItem", 4, true, "its tasks, after calls were made"),
];

/// Asks for a run of each job, and kills the function once in the middle of each.
async fn kill(house: &House, names: &[String]) -> Vec<Injected> {
    let mut kills = Vec::new();
    for (name, (operation, nth, after, purpose)) in names.iter().zip(PLACES.iter().cycle()) {
        let when = When::any().function("batch").operation(operation).nth(*nth).mentions(name);
        let injected = if *after {
            house.gateway.kill_after(when, &house.batch)
        } else {
            house.gateway.kill_before(when, &house.batch)
        };
        house.sqs.send(JOBS, &request(name, "a"), None).unwrap();
        kills.push(injected);
        if *purpose == HEARD {
            continue;
        }
        let hit = tokio::time::timeout(PATIENCE, house.gateway.hit(injected, 1)).await;
        hit.unwrap_or_else(|_| {
            panic!("{operation} ({purpose}) was never reached: {:#?}", house.batch.logs())
        });
    }
    kills
}

#[test]
fn batch_may_be_killed_between_delivery_and_answer_and_no_task_is_lost_or_started_twice() {
    run(async {
        let names = names(crashes());
        let jobs: Vec<Value> = names.iter().map(|name| job(name)).collect();
        let mut house = house(&Plan { concurrency: 1, ..with(&jobs) }).await;
        let kills = kill(&house, &names).await;
        house.tick_every(TICK);
        for name in &names {
            placed(&house, &run_of(name, "a")).await;
        }
        for name in &names {
            succeeds_once(&house, &run_of(name, "a")).await;
        }
        all_handled(&house).await;
        let killed = kills.iter().filter(|kill| !house.gateway.hits(**kill).is_empty()).count();
        assert_eq!(killed, names.len());
        let interrupted = interrupted(&house.jobs);
        println!("{killed} crashes of batch: {interrupted} between delivery and answer");
        assert!(interrupted <= killed && interrupted * 10 >= killed * 8, "{interrupted} of {killed}");
        let runs = house.keys("b#RUN#").await.unwrap();
        assert_eq!(runs.len(), names.len(), "{runs:?}");
    });
}

/// Lets batch do what it does for a run that succeeds and for one that fails, and answers all calls to AWS.
pub(crate) async fn everything() -> Vec<Call> {
    let mut broken = job("broken");
    broken["task_definition"] = json!("broken");
    broken["retry"] = json!([{"exit_codes": [1], "then": "fail"}]);
    let house = house(&with(&[job("import"), broken])).await;
    house.sqs.send(JOBS, &request("import", "a"), None).unwrap();
    house.sqs.send(JOBS, &request("broken", "a"), None).unwrap();
    succeeds_once(&house, &run_of("import", "a")).await;
    assert_eq!(ended(&house, &run_of("broken", "a")).await.state.as_str(), "failed");
    house.batch.invoke(r#"{"steward":"sweep"}"#).await.unwrap();
    assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.notifications.logs());
    let titles = house.slack_titles();
    assert!(titles.iter().any(|title| title.contains("broken")), "{titles:?}");
    aws_calls(&house)
}
