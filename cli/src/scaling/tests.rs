use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use steward::arn::ClusterArn;
use steward::incident::Target;
use steward::ledger::{Key, MemoryLedger, Record};
use steward::scaling::{
    Basis, Bounds, Decision, Estimate, Hold, Learned, Limit, Memory, Need, Order, OrderState, Rate, Scaler,
    ScalerRecord, Scalers, Standing,
};

use super::read::{Overview, named, read};
use super::{detail, text};
use crate::jobs::sample::{at, block_on, keep, written};

const CONFIGURATION: &str = "
version: 1
scaling:
  pools: {orders-db: 40}
  services:
    - {cluster: shop, service: worker, mode: act, queues: [{name: orders}], max: 20, pool: orders-db}
    - {cluster: shop, service: mailer, mode: propose, queues: [{name: mails}, {name: news}], max: 10, promise: 5m}
    - {cluster: batch, service: worker, queues: [{name: reports}], min: 1, max: 5}
    - {cluster: batch, service: a-service-with-a-name-that-nobody-types, mode: act, suspend: on, queues: [{name: x}], max: 5000}
";

fn scalers() -> Scalers {
    crate::configuration::read(CONFIGURATION).ok().unwrap().configuration.scaling
}

fn now() -> Timestamp {
    at("03:08:20")
}

fn cluster(name: &str) -> ClusterArn {
    ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{name}"))
}

fn decision() -> Decision {
    let estimate = Estimate {
        visible: 1_130,
        in_flight: 20,
        delayed: 0,
        rate: Rate(9_300),
        is_burst: true,
        service_time: SignedDuration::from_millis(1_800),
        service_time_is: Basis::Learned,
        start_up: SignedDuration::from_secs(35),
        start_up_is: Basis::Configured,
        wait: SignedDuration::from_secs(102),
    };
    Decision {
        at: at("03:08:10"),
        desired: Some(12),
        wanted: 20,
        limit: Limit::Max,
        is_short: true,
        need: Need { steady: 21, drain: 34, in_flight: 12, warm: 1 },
        estimate,
        bounds: Bounds { min: 0, max: 20 },
        order: Some(Order { from: 12, to: 20 }),
        holds: Vec::new(),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as a record has it")]
fn standing(from: u32, to: u32, state: OrderState) -> Option<Standing> {
    Some(Standing { epoch: 7, from, to, at: at("03:08:10"), state, approved_by: None })
}

/// One is at its maximum, one asks, one is held, and one was never looked at.
fn overview(which: &[&str]) -> Overview {
    let ledger = MemoryLedger::new();
    let scalers = scalers();
    let put = |scaler: &Scaler, order, decision: Decision| {
        let target = Target::Service { cluster: cluster(&scaler.cluster), name: scaler.service.clone() };
        let learned = Learned { busy_ms: 1_800_000, completed: 1_000, start_up: None };
        let memory = Memory { learned, ..Memory::default() };
        let record =
            ScalerRecord { memory, order, decision: Some(Box::new(decision)), ..ScalerRecord::new(target) };
        (Key::scaler(&record.target), Record::Scaler(Box::new(record)))
    };
    let estimate = Estimate { visible: 40, in_flight: 0, is_burst: false, ..decision().estimate };
    let wait = SignedDuration::from_secs(24);
    let asks = Decision {
        desired: Some(3),
        wanted: 4,
        limit: Limit::Drain,
        is_short: false,
        need: Need { steady: 2, drain: 4, in_flight: 0, warm: 1 },
        estimate: Estimate { wait, ..estimate },
        bounds: Bounds { min: 0, max: 10 },
        order: Some(Order { from: 3, to: 4 }),
        ..decision()
    };
    let held = Decision {
        desired: None,
        wanted: 1,
        limit: Limit::Min,
        is_short: false,
        bounds: Bounds { min: 1, max: 5 },
        order: None,
        holds: vec![
            Hold::UnknownService { why: "AccessDeniedException: password=hunter2hunter2".to_owned() },
            Hold::Incident,
        ],
        estimate: Estimate { wait: SignedDuration::MAX, ..estimate },
        ..decision()
    };
    let [worker, mailer, reports] =
        ["shop/worker", "shop/mailer", "batch/worker"].map(|name| named(&scalers, name).unwrap());
    let records = vec![
        put(worker, standing(12, 20, OrderState::Issued), decision()),
        put(mailer, standing(3, 4, OrderState::Proposed), asks),
        put(reports, None, held),
    ];
    keep(&ledger, records);
    let some: Vec<&Scaler> = match which {
        [] => scalers.by_service.values().collect(),
        names => names.iter().map(|name| named(&scalers, name).unwrap()).collect(),
    };
    block_on(read(&ledger, &some, cluster, now())).unwrap()
}

fn whole(name: &str) -> String {
    written(|out| detail::write(out, &overview(&[name]).services[0], now()))
}

#[test]
fn the_services_stand_with_their_tasks_their_messages_and_why_in_eighty_columns() {
    let table = written(|out| text::write(out, &overview(&[])));
    assert!(!table.contains("hunter2"), "{table}");
    insta::assert_snapshot!(table);
    let none = written(|out| text::write(out, &Overview { services: Vec::new() }));
    assert_eq!(none, "the configuration scales no service\n");
}

#[test]
fn one_service_is_shown_whole_with_what_binds_and_what_is_asked() {
    let shown = ["shop/worker", "shop/mailer", "batch/worker", "a-service-with-a-name-that-nobody-types"];
    let shown = shown.map(whole).join("\n────\n");
    assert!(!shown.contains("hunter2"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn as_json_a_service_has_its_decision_and_what_was_learned() {
    let value = serde_json::to_value(&overview(&["shop/worker"]).services[0]).unwrap();
    assert_eq!(
        (&value["service"], &value["mode"], &value["promise"]),
        (&json!("worker"), &json!("act"), &json!("1m"))
    );
    assert_eq!((&value["decision"]["wanted"], &value["decision"]["limit"]), (&json!(20), &json!("max")));
    assert_eq!(value["order"]["state"], json!("issued"));
    assert_eq!(value["learned"]["completed"], json!(1_000));
    assert_eq!(value["bounds"], json!({"min": 0, "max": 20}));
}

#[test]
fn a_service_is_found_by_its_name_and_where_there_are_several_by_its_cluster() {
    let scalers = scalers();
    assert_eq!(named(&scalers, "mailer").unwrap().cluster, "shop");
    assert_eq!(named(&scalers, "batch/worker").unwrap().cluster, "batch");
    let problem = named(&scalers, "worker").unwrap_err();
    assert_eq!(problem, "there are several; name one: `batch/worker`, `shop/worker`");
    assert!(named(&scalers, "nobody").unwrap_err().starts_with("no service `nobody` is scaled"));
}
