//! Remedies on the wire: the built function, the real SDK, the model of ECS over HTTP, and SIGKILL at the calls between a
//! decision and its record.
//!
//! Every service has a bad revision, and is rolled back once, whatever dies in between: the same end as undisturbed.
//! `STEWARD_CRASHES=50` kills fifty times instead of ten.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward_sim::ecs::server::Endpoint;
use steward_sim::ecs::{Behaviour, Ecs, Fate, Happening, Revision, Settings, fargate_service};
use steward_sim::house::{House, Plan};
use steward_sim::lambda::gateway::{Injected, When};

use crate::support::{PATIENCE, applied, house, plan, run, services, times_told};

const CLUSTER: &str = "shop";
/// The deployments are so far apart that they are no outage.
const APART: SignedDuration = SignedDuration::from_mins(6);
/// Before the first bad deployment, the good revision runs for so long.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);
/// After the last one, its tasks fail for so long.
const FAILING_FOR: SignedDuration = SignedDuration::from_mins(12);
/// An outcome that nobody knows is probed a minute after the lease has ended, and leases last as long as an invocation.
const RECOVERY: Duration = Duration::from_mins(6);

/// So far apart are looks at what has become of actions.
const PACE: Duration = Duration::from_secs(1);

/// Where the function dies: at the `nth` call of an operation about a service, before or after its effect.
const PLACES: [(&str, u64, bool); 10] = [
    ("StopServiceDeployment", 1, false),
    ("StopServiceDeployment", 1, true),
    ("TransactWriteItems", 1, false),
    ("TransactWriteItems", 1, true),
    ("TransactWriteItems", 2, false),
    ("TransactWriteItems", 2, true),
    ("TransactWriteItems", 3, false),
    ("TransactWriteItems", 3, true),
    ("DescribeServices", 1, true),
    ("DescribeServices", 2, false),
];

fn crashes() -> usize {
    std::env::var("STEWARD_CRASHES").map_or(10, |count| count.parse().expect("STEWARD_CRASHES is a number"))
}

/// Services that run well, and to each of which a revision that cannot run is deployed, one after the other.
fn troubled(names: &[String]) -> (Ecs, SignedDuration) {
    let count = i32::try_from(names.len()).unwrap();
    let past = GOOD_FOR + APART * count + FAILING_FOR;
    let start = Timestamp::now() - past;
    let mut settings = Settings::new(start, 7);
    "us-east-1".clone_into(&mut settings.region);
    settings.zones = vec!["us-east-1a".to_owned(), "us-east-1b".to_owned()];
    let mut ecs = Ecs::new(settings);
    ecs.add_cluster(CLUSTER);
    for (place, name) in (0..).zip(names) {
        let good = ecs.add_task_definition(&Revision::new(name, Behaviour::new(Fate::Serves)));
        let bad = ecs
            .add_task_definition(&Revision::new(name, Behaviour::new(Fate::CrashesAtBoot { exit_code: 1 })));
        ecs.add_service(&fargate_service(CLUSTER, name, &good, 1)).unwrap();
        let input = json!({"cluster": CLUSTER, "service": name, "taskDefinition": bad});
        let deploys =
            Happening::Call { caller: "ana".to_owned(), operation: "UpdateService".to_owned(), input };
        ecs.schedule(start + GOOD_FOR + APART * place, deploys);
    }
    (ecs, past)
}

fn acting(ecs: Ecs) -> Plan {
    let parameters = applied(json!({
        "version": 1,
        "defaults": {"mode": "act"},
        "services": [{"match": {"cluster": CLUSTER}}],
        "guards": {
            "budgets": {"cluster": {"count": 100, "within": "1h"}, "account": {"count": 100, "within": "1h"}},
            "outage": {"services": 50, "within": "1m"},
        },
        "notifications": {"grouping": "0s", "budget": {"count": 1000, "within": "1h"}},
    }));
    Plan { parameters, concurrency: 1, ecs: Some(Endpoint::new(ecs)), ..plan() }
}

/// What was done to each service by Steward, and what it runs in the end.
#[derive(Debug, PartialEq, Eq)]
struct End {
    calls: BTreeMap<String, Vec<String>>,
    runs: BTreeMap<String, (String, u64)>,
    actions: BTreeMap<String, usize>,
}

async fn end(house: &House, names: &[String]) -> End {
    let endpoint = house.ecs.as_ref().unwrap();
    let effects = endpoint.model(|ecs| ecs.effects().to_vec());
    let mut calls: BTreeMap<String, Vec<String>> =
        names.iter().map(|name| (name.clone(), Vec::new())).collect();
    for effect in effects.iter().filter(|effect| effect.caller == "remediation") {
        let name = names.iter().find(|name| effect.detail.to_string().contains(name.as_str())).unwrap();
        calls.get_mut(name).unwrap().push(effect.operation.clone());
    }
    let mut runs = BTreeMap::new();
    for name in names {
        let input = json!({"cluster": CLUSTER, "services": [name]});
        let answer = endpoint.model(|ecs| ecs.call("test", "DescribeServices", &input)).unwrap();
        let service = &answer["services"][0];
        let revision = service["taskDefinition"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        runs.insert(name.clone(), (revision, service["runningCount"].as_u64().unwrap()));
    }
    let mut actions = BTreeMap::new();
    for state in states(house).await {
        *actions.entry(state).or_default() += 1;
    }
    End { calls, runs, actions }
}

/// Where each action stands.
async fn states(house: &House) -> Vec<String> {
    let items = house.items().await.unwrap();
    let is_action = |item: &&Value| {
        item.pointer("/pk/S").and_then(Value::as_str).is_some_and(|key| key.starts_with("r#ACTION#"))
    };
    let state = |item: &Value| {
        let record = item.as_object()?.values().find_map(|value| {
            serde_json::from_str::<Value>(value.get("S")?.as_str()?).ok()?.get("record").cloned()
        })?;
        Some(record.pointer("/action/state/state")?.as_str()?.to_owned())
    };
    items.iter().filter(is_action).filter_map(state).collect()
}

/// Lets the past happen before anybody sweeps: its events are told, and nothing is changed yet.
async fn live_through(house: &House, past: SignedDuration) {
    let step = Duration::from_mins(15);
    let mut left = past.unsigned_abs();
    while left > Duration::ZERO {
        house.advance(step.min(left)).unwrap();
        left = left.saturating_sub(step);
        assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.remediation.logs());
    }
}

/// Waits until every service has an action, and none is under way.
async fn all_done(house: &House, count: usize) {
    let end = tokio::time::Instant::now() + RECOVERY;
    loop {
        let states = states(house).await;
        let is_over = |state: &String| ["confirmed", "failed", "unknown"].contains(&state.as_str());
        if states.len() == count && states.iter().all(is_over) {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "{states:?}: {:#?}", house.remediation.logs());
        tokio::time::sleep(PACE).await;
        // ECS gives out tokens for calls as time passes.
        house.advance(PACE).unwrap();
    }
}

fn inject(house: &House, name: &str, place: (&str, u64, bool)) -> Injected {
    let (operation, nth, after) = place;
    let when = When::any().function("remediation").operation(operation).nth(nth).mentions(name);
    if after {
        house.gateway.kill_after(when, &house.remediation)
    } else {
        house.gateway.kill_before(when, &house.remediation)
    }
}

/// Plays the trouble of some services to its end, and dies at a place for each where it is asked to.
async fn play(names: &[String], places: &[(&str, u64, bool)]) -> (End, usize) {
    let (ecs, past) = troubled(names);
    let mut house = house(&acting(ecs)).await;
    live_through(&house, past).await;
    let kills: Vec<Injected> =
        names.iter().zip(places.iter().cycle()).map(|(name, place)| inject(&house, name, *place)).collect();
    house.tick_every(Duration::from_secs(2));
    all_done(&house, names.len()).await;
    for _ in 0..4 {
        house.advance(Duration::from_mins(5)).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.remediation.logs());
    }
    let told = times_told(&house.slack_titles(), names);
    assert!(told.values().all(|times| *times > 0), "{told:?}");
    let hit = kills.iter().filter(|kill| !house.gateway.hits(**kill).is_empty()).count();
    (end(&house, names).await, hit)
}

#[test]
fn remediation_may_be_killed_between_decision_and_record_and_every_service_is_rolled_back_once() {
    run(async {
        let names = services(crashes());
        let (undisturbed, _) = play(&names, &[]).await;
        for name in &names {
            assert_eq!(undisturbed.calls[name], ["StopServiceDeployment"], "{name}");
            assert_eq!(undisturbed.runs[name], (format!("{name}:1"), 1));
        }
        let (disturbed, hit) = play(&names, &PLACES).await;
        println!("{hit} of {} crashes were reached", names.len());
        assert_eq!(disturbed, undisturbed);
        assert!(hit * 10 >= names.len() * 8, "{hit} of {} places were reached", names.len());
    });
}
