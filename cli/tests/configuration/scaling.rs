//! What `scaling` says of services.

use serde_json::{Value, json};

use super::{check, schema, validate};

#[test]
fn each_fault_of_scaling_has_its_line_column_and_words() {
    for (text, told) in [
        (
            "version: 1\nscaling:\n  services:\n  - {cluster: shop, service: worker}\n",
            "4:5: scaling.services[0]: `queues` is missing",
        ),
        (
            "version: 1\nscaling:\n  services:\n  - {cluster: shop, service: worker, queues: [{nam: orders}]}\n",
            "4:47: scaling.services[0].queues[0]: `name` is missing\n4:48: scaling.services[0].queues[0]: unknown key `nam`; did you mean `name`?",
        ),
        (
            "version: 1\nscaling:\n  pools: {db: 5}\n  services:\n  \
             - {cluster: shop, service: worker, queues: [{name: orders}], pool: bd, max: 0}\n",
            "5:70: scaling.services[0].pool: there is no `bd` in `scaling.pools`\n\
             5:79: scaling.services[0].max: 0 is not between 1 and 5000: ECS runs no more tasks of a service, and one that shall \
             have none has `suspend: on`",
        ),
    ] {
        check(text, told);
    }
}

#[test]
fn the_schema_and_the_command_line_agree_on_scaling() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let hours = |keys: Value| {
        let mut all = json!({"from": "08:00", "to": "18:00", "min": 1});
        all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        json!({"hours": [all]})
    };
    for (keys, is_valid) in [
        (json!({}), true),
        (json!({"mode": "act", "suspend": "on", "promise": "30s", "pool": "db"}), true),
        (json!({"queues": [{"name": "a.fifo", "groups": 3}, {"name": "b", "weight": 50}]}), true),
        (hours(json!({"days": ["mon"], "time_zone": "Europe/Berlin", "max": 3})), true),
        (hours(json!({})), true),
        (json!({"queues": []}), false),
        (json!({"queues": null}), false),
        (json!({"queues": ["orders"]}), false),
        (json!({"queues": [{"name": "a b"}]}), false),
        (json!({"queues": [{"name": "a", "weight": 0}]}), false),
        (json!({"mode": "on"}), false),
        (json!({"min": -1}), false),
        (json!({"max": 0}), false),
        (json!({"utilisation": 101}), false),
        (json!({"promise": 60}), false),
        (json!({"cluster": "arn:aws:ecs:eu:1:cluster/shop"}), false),
        (hours(json!({"days": []})), false),
        (hours(json!({"from": "8"})), false),
        (hours(json!({"utc_offset": "+09:00"})), false),
    ] {
        let mut service = json!({"cluster": "shop", "service": "worker", "queues": [{"name": "orders"}]});
        service.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let file = json!({"version": 1, "scaling": {"pools": {"db": 40}, "services": [service]}});
        assert_eq!(validator.is_valid(&file), is_valid, "schema: {file}");
        assert_eq!(validate(&file.to_string()).0 == Some(0), is_valid, "command line: {file}");
    }
    for (section, is_valid) in [
        (json!({}), true),
        (json!({"every": "30s", "pools": {}, "services": []}), true),
        (json!({"every": 30}), false),
        (json!({"pools": {"db": 0}}), false),
        (json!({"pools": {"db": "40"}}), false),
        (json!({"pools": {"d b": 1}}), false),
        (json!([]), false),
    ] {
        let file = json!({"version": 1, "scaling": section});
        assert_eq!(validator.is_valid(&file), is_valid, "schema: {file}");
        assert_eq!(validate(&file.to_string()).0 == Some(0), is_valid, "command line: {file}");
    }
}
