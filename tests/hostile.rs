//! Input that nobody meant: arbitrary JSON, damaged events, secrets.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test")]
#![allow(dead_code, reason = "not every test uses all of the world")]

mod world;

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};
use steward::event::decode::{self, DecodeError, MAX_RECORDS};
use steward::event::document;
use world::World;

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        prop::sample::select(vec![
            "STOPPED",
            "aws.ecs",
            "ECS Task State Change",
            "service:a",
            "Notification"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let key = prop_oneof![
            prop::sample::select(KEYS.to_vec()).prop_map(str::to_owned),
            "[a-zA-Z-]{0,12}".prop_map(|key| key),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

const KEYS: &[&str] = &[
    "detail",
    "detail-type",
    "source",
    "Records",
    "body",
    "messageId",
    "Sns",
    "Message",
    "Type",
    "tasks",
    "failures",
    "data",
    "containers",
    "lastStatus",
    "desiredStatus",
    "clusterArn",
    "taskArn",
    "exitCode",
    "reason",
    "stopCode",
    "stoppedReason",
    "version",
    "stoppedAt",
    "eventName",
    "deploymentId",
    "requestParameters",
    "responseElements",
];

static SAMPLES: LazyLock<Vec<Value>> = LazyLock::new(samples);

/// The sample events, to be damaged.
fn samples() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut samples = Vec::new();
    for kind in std::fs::read_dir(folder).unwrap().flatten().filter(|kind| kind.path().is_dir()) {
        for file in std::fs::read_dir(kind.path()).unwrap().flatten() {
            samples.extend(serde_json::from_slice::<Value>(&std::fs::read(file.path()).unwrap()));
        }
    }
    assert!(samples.len() > 40);
    samples.sort_by_key(Value::to_string);
    samples
}

/// Puts `graft` somewhere into `value`, on the way that `turns` choose.
fn graft(value: &mut Value, turns: &[Index], graft_in: &Value) {
    let Some((turn, rest)) = turns.split_first() else {
        *value = graft_in.clone();
        return;
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            let place = turn.index(map.len());
            graft(map.values_mut().nth(place).unwrap(), rest, graft_in);
        }
        Value::Array(items) if !items.is_empty() => {
            let place = turn.index(items.len());
            graft(&mut items[place], rest, graft_in);
        }
        _ => *value = graft_in.clone(),
    }
}

/// Everything that reads input, on the same bytes.
fn read_everything(bytes: &[u8]) {
    drop(document::read(bytes));
    if let Ok(records) = decode::payload(bytes) {
        let world = World::at("2026-11-20T23:59:00Z");
        let count = records.len();
        let outcome = world.deliver(records);
        assert_eq!(outcome.records.len(), count, "no record is lost");
        world.tell();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_json_is_read_without_panic(value in arbitrary_json()) {
        read_everything(value.to_string().as_bytes());
    }

    #[test]
    fn arbitrary_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_everything(&bytes);
    }

    #[test]
    fn damaged_events_are_read_without_panic(
        sample in any::<Index>(),
        grafts in prop::collection::vec((prop::collection::vec(any::<Index>(), 1..5), arbitrary_json()), 1..4),
        cut in prop::option::of(any::<Index>()),
    ) {
        let mut event = SAMPLES[sample.index(SAMPLES.len())].clone();
        for (turns, value) in &grafts {
            graft(&mut event, turns, value);
        }
        let text = event.to_string();
        let end = cut.map_or(text.len(), |cut| cut.index(text.len() + 1));
        read_everything(&text.as_bytes()[..end]);
    }

    #[test]
    fn no_alert_and_no_record_shows_a_secret(secret in "[a-zA-Z0-9]{20,30}", place in 0usize..4) {
        let text = format!("CannotPullContainerError: DB_PASSWORD={secret} refused");
        let mut detail = json!({
            "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop", "group": "service:api",
            "taskArn": "arn:aws:ecs:eu-central-1:123456789012:task/shop/aa", "lastStatus": "STOPPED",
            "containers": [{"name": "app", "exitCode": 1}], "overrides": {},
        });
        match place {
            0 => detail["stoppedReason"] = json!(text),
            1 => detail["containers"][0]["reason"] = json!(text),
            2 => detail["overrides"] = json!({"containerOverrides": [{"environment": [{"name": "X", "value": secret}]}]}),
            _ => detail["attachments"] = json!([{"details": [{"name": "statusReason", "value": text}]}]),
        }
        let event = json!({"detail-type": "ECS Task State Change", "source": "aws.ecs", "detail": detail});
        let world = World::at("2026-11-20T23:59:00Z");
        let outcome = world.handle(event.to_string().as_bytes());
        world.tell();
        let kept: Vec<String> =
            world.ledger.records().unwrap().values().map(|record| serde_json::to_string(record).unwrap()).collect();
        for shown in kept.iter().chain(&world.alerts()).chain([&format!("{:?}", outcome.records)]) {
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }
        prop_assert_eq!(world.alerts().len(), 1);
    }
}

#[test]
fn depth_size_and_count_are_bounded() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(decode::payload(deep.as_bytes()), Err(DecodeError::NotJson { .. })));

    let records = vec![json!({"messageId": "m", "body": "{}"}); MAX_RECORDS + 1];
    let payload = json!({"Records": records}).to_string();
    assert!(matches!(decode::payload(payload.as_bytes()), Err(DecodeError::TooMany { .. })));

    let long =
        json!({"Records": [{"messageId": "m", "body": "x".repeat(decode::MAX_EVENT_BYTES + 1)}]}).to_string();
    let read = decode::payload(long.as_bytes()).unwrap();
    assert!(matches!(read[0].event, Err(DecodeError::TooLarge { .. })));

    let huge = vec![b' '; decode::MAX_PAYLOAD_BYTES + 1];
    assert!(matches!(decode::payload(&huge), Err(DecodeError::TooLarge { .. })));

    let mut wrapped = json!({"detail-type": "x", "source": "y", "detail": {}}).to_string();
    for _ in 0..9 {
        wrapped = json!({"Type": "Notification", "Message": wrapped}).to_string();
    }
    assert_eq!(decode::payload(wrapped.as_bytes()).unwrap()[0].event, Err(DecodeError::WrappedTooDeeply));
}
