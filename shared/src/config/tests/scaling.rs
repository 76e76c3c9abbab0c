//! `scaling`: what entries say in the place of the defaults, and which cannot be.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZoneDatabase;

use super::*;
use crate::arn::ServiceName;
use crate::scaling::{Bounds, PoolName, Queue, QueueName, Scaler, Scalers, When};

/// A service with what it needs, and these keys.
fn service(keys: &Value) -> Value {
    let mut service = json!({"cluster": "shop", "service": "worker", "queues": [{"name": "orders"}]});
    service.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    service
}

fn services(services: &[Value]) -> Value {
    json!({"version": 1, "scaling": {"services": services}})
}

fn one(keys: &Value) -> Scaler {
    let scalers = file(services(&[service(keys)])).check().unwrap().scaling;
    scalers.by_service.into_values().next().unwrap()
}

/// The one fault of a section, which begins so.
#[track_caller]
fn check_section(section: &Value, begins: &str) {
    let told = faults(json!({"version": 1, "scaling": section}));
    assert!(told.len() == 1 && told[0].starts_with(begins), "{section}: {told:?}");
}

/// The one fault of a service, which begins so.
#[track_caller]
fn check(keys: &Value, begins: &str) {
    check_section(&json!({"services": [service(keys)]}), &format!("scaling.services[0].{begins}"));
}

fn whole() -> Value {
    json!({
        "every": "20s", "pools": {"orders-db": 40},
        "services": [{
            "cluster": "shop", "service": "worker", "mode": "act", "suspend": "on",
            "queues": [{"name": "orders", "weight": 150}, {"name": "mails.fifo", "groups": 7}],
            "promise": "2m", "min": 1, "max": 30,
            "hours": [
                {"days": ["sat", "mon"], "from": "22:00", "to": "06:00", "time_zone": "europe/berlin", "min": 2, "max": 5},
                {"from": "08:00", "to": "18:00", "min": 4},
            ],
            "per_task": 10, "service_time": "3s", "start_up": "50s", "utilisation": 70, "scale_in_after": "5m",
            "empty_readings": 6, "pool": "orders-db",
        }],
    })
}

#[test]
fn every_key_reaches_its_setting_and_is_written_back() {
    let configuration = file(json!({"version": 1, "scaling": whole()})).check().unwrap();
    let zone = |name: &str| TimeZoneDatabase::bundled().get(name).unwrap();
    let hour = |hour| Time::new(hour, 0, 0, 0).unwrap();
    let night = When {
        days: vec![Weekday::Monday, Weekday::Saturday],
        from: hour(22),
        to: hour(6),
        zone: zone("Europe/Berlin"),
        zone_name: "Europe/Berlin".into(),
    };
    let day = When {
        days: vec![
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ],
        from: hour(8),
        to: hour(18),
        zone: zone("UTC"),
        zone_name: "UTC".into(),
    };
    let scaler = Scaler {
        cluster: "shop".into(),
        service: ServiceName::new("worker"),
        mode: Mode::Act,
        suspended: true,
        queues: vec![
            Queue { name: QueueName("orders".into()), weight: 150, groups: None },
            Queue { name: QueueName("mails.fifo".into()), weight: 100, groups: Some(7) },
        ],
        promise: SignedDuration::from_mins(2),
        bounds: Bounds { min: 1, max: 30 },
        windows: vec![(night, Bounds { min: 2, max: 5 }), (day, Bounds { min: 4, max: 30 })],
        per_task: 10,
        service_time: Some(SignedDuration::from_secs(3)),
        start_up: Some(SignedDuration::from_secs(50)),
        utilisation: 70,
        scale_in_after: SignedDuration::from_mins(5),
        empty_readings: 6,
        pool: Some(PoolName("orders-db".into())),
    };
    let expected = Scalers {
        every: SignedDuration::from_secs(20),
        by_service: [(("shop".into(), ServiceName::new("worker")), scaler)].into(),
        pools: [(PoolName("orders-db".into()), 40)].into(),
    };
    assert_eq!(configuration.scaling, expected);
    let written = File::of(&configuration);
    assert_eq!(written.check(), Ok(configuration));
    let written = serde_json::to_value(written).unwrap();
    assert_eq!(written["scaling"]["services"][0]["hours"][0]["days"], json!(["mon", "sat"]));
    assert_eq!(file(written).check(), file(json!({"version": 1, "scaling": whole()})).check());
}

#[test]
fn a_service_that_says_only_what_it_must_has_the_defaults() {
    let plain = one(&json!({}));
    let expected = Scaler {
        queues: vec![Queue { name: QueueName("orders".into()), weight: 100, groups: None }],
        ..Scaler::new("shop".into(), ServiceName::new("worker"))
    };
    assert_eq!(plain, expected);
    let said = one(&json!({
        "mode": "observe", "suspend": "off", "queues": [{"name": "orders", "weight": 100}], "promise": "60s", "min": 0,
        "max": 10, "hours": [], "per_task": 1, "service_time": null, "start_up": null, "utilisation": 90,
        "scale_in_after": "10m", "empty_readings": 12, "pool": null,
    }));
    assert_eq!(said, plain, "the manual's defaults are those in force");
    let empty = file(json!({"version": 1, "scaling": {}})).check().unwrap().scaling;
    assert_eq!(empty, Scalers::default());
    assert_eq!(empty.every, SignedDuration::from_secs(10));
    assert_eq!(one(&json!({"min": 20})).bounds, Bounds { min: 20, max: 20 }, "never less than the least");
}

#[test]
fn the_bounds_themselves_are_allowed_and_what_is_beyond_is_not() {
    for (key, least, below, most, above) in [
        ("promise", json!("5s"), json!("4s"), json!("12h"), json!("12h1s")),
        ("scale_in_after", json!("1m"), json!("59s"), json!("2h"), json!("2h1s")),
        ("service_time", json!("1s"), json!("0s"), json!("12h"), json!("12h1s")),
        ("start_up", json!("1s"), json!("0s"), json!("1h"), json!("1h1s")),
        ("max", json!(1), json!(0), json!(5_000), json!(5_001)),
        ("per_task", json!(1), json!(0), json!(1_000), json!(1_001)),
        ("utilisation", json!(10), json!(9), json!(100), json!(101)),
        ("empty_readings", json!(1), json!(0), json!(1_000), json!(1_001)),
    ] {
        for value in [least, most] {
            one(&json!({ key: value }));
        }
        for value in [below, above] {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            check(&json!({ key: value }), &format!("{key}: {shown} is not between "));
        }
    }
    check(&json!({"min": 5_001, "max": 5_000}), "min: 5001 is not between 0 and 5000");
    check(&json!({"queues": [{"name": "orders", "weight": 0}]}), "queues[0].weight: 0 is not between");
    check(&json!({"queues": [{"name": "o.fifo", "groups": 0}]}), "queues[0].groups: 0 is not between");
    for every in ["5s", "60s", "1m"] {
        file(json!({"version": 1, "scaling": {"every": every}})).check().unwrap();
    }
    for every in ["4s", "61s"] {
        check_section(&json!({ "every": every }), "scaling.every: ");
    }
}

#[test]
fn what_cannot_be_is_told_with_its_reason() {
    for (keys, begins) in [
        (json!({"min": 4, "max": 3}), "max: is less than `min`, 4"),
        (json!({"queues": []}), "queues: names no queue"),
        (json!({"queues": [{"name": "a"}, {"name": "a"}]}), "queues[1].name: `a` stands here twice"),
        (
            json!({"queues": [{"name": "https://sqs/1/orders"}]}),
            "queues[0].name: `https://sqs/1/orders` is no name",
        ),
        (json!({"queues": [{"name": ".fifo"}]}), "queues[0].name: `.fifo` is no name"),
        (json!({"queues": [{"name": "orders", "groups": 3}]}), "queues[0].groups: is for FIFO queues"),
        (
            json!({"cluster": "arn:aws:ecs:eu:1:cluster/shop"}),
            "cluster: `arn:aws:ecs:eu:1:cluster/shop` is no name",
        ),
        (json!({"service": ""}), "service: `` is no name of a service"),
        (json!({"pool": "db"}), "pool: there is no `db` in `scaling.pools`"),
        (
            json!({"hours": [{"from": "8:00", "to": "09:00", "min": 1}]}),
            "hours[0].from: `8:00` is no time of day",
        ),
        (json!({"hours": [{"from": "08:00", "to": "09:00"}]}), "hours[0]: says neither `min` nor `max`"),
        (json!({"hours": [{"days": [], "from": "08:00", "to": "09:00", "min": 1}]}), "hours[0].days: no day"),
        (
            json!({"hours": [{"from": "08:00", "to": "09:00", "min": 1, "time_zone": "Europe/Berlim"}]}),
            "hours[0].time_zone: `Europe/Berlim` is no time zone",
        ),
        (
            json!({"hours": [{"from": "08:00", "to": "09:00", "min": 11, "max": 2}]}),
            "hours[0].max: is less than `min`",
        ),
    ] {
        check(&keys, begins);
    }
    check_section(&json!({"pools": {"-": 1}}), "scaling.pools.-: no name of a pool");
    check_section(&json!({"pools": {"db": 0}}), "scaling.pools.db: 0 is not between 1 and 100000");
    let twice = [service(&json!({})), service(&json!({"mode": "act"}))];
    check_section(
        &json!({ "services": twice }),
        "scaling.services[1].service: an entry before it scales `worker` of `shop`, too",
    );
    let same_name = [service(&json!({})), service(&json!({"cluster": "other"}))];
    assert_eq!(file(services(&same_name)).check().unwrap().scaling.by_service.len(), 2);
}

#[test]
fn a_dead_letter_queue_is_known_by_its_name() {
    for name in [
        "orders-dlq",
        "orders_DLQ",
        "ordersDlq.fifo",
        "orders-dead-letters",
        "OrdersDeadLetterQueue",
        "orders-dead",
    ] {
        check(
            &json!({"queues": [{"name": name}]}),
            &format!("queues[0].name: `{name}` is a dead-letter queue"),
        );
    }
    for name in ["orders", "dlq-redrive", "undead", "deadlines"] {
        one(&json!({"queues": [{"name": name}]}));
    }
}

#[test]
fn more_services_than_a_tick_looks_after_are_refused() {
    let many = |count: usize| -> Vec<Value> {
        (0..count).map(|index| service(&json!({"service": format!("worker-{index}")}))).collect()
    };
    assert_eq!(file(services(&many(500))).check().unwrap().scaling.by_service.len(), 500);
    check_section(&json!({"services": many(501)}), "scaling.services: 501 services; at most 500");
}
