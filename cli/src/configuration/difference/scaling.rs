//! What changes of services that are scaled.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use steward::arn::ServiceName;
use steward::config::file::Scaled;
use steward::scaling::{Scaler, Scalers};

use super::{Line, add, changed};

/// A service that comes or goes is one line, one that stays has one for each key that changes.
pub(super) fn that_change(before: &Scalers, after: &Scalers) -> Vec<Line> {
    let defaults = settings(&Scaler::new(String::new(), ServiceName::new("")));
    let names: BTreeSet<&(String, ServiceName)> =
        before.by_service.keys().chain(after.by_service.keys()).collect();
    let of_service = |name: &(String, ServiceName)| {
        let shown = format!("scaling.services[{} of {}]", name.1, name.0);
        let besides =
            |scaler: Option<&Scaler>| scaler.map_or_else(|| "none".to_owned(), |it| besides(it, &defaults));
        match (before.by_service.get(name), after.by_service.get(name)) {
            (Some(before), Some(after)) => keys_that_change(&shown, before, after, &defaults),
            (before, after) => vec![Line { name: shown, before: besides(before), after: besides(after) }],
        }
    };
    names.into_iter().flat_map(of_service).collect()
}

fn keys_that_change(
    name: &str,
    before: &Scaler,
    after: &Scaler,
    defaults: &BTreeMap<String, String>,
) -> Vec<Line> {
    let keys = changed(&settings(before), &settings(after), |key, value| match value {
        None => "none".to_owned(),
        Some(value) if defaults.get(key) == Some(value) => format!("{value} (default)"),
        Some(value) => value.clone(),
    });
    keys.into_iter().map(|line| Line { name: format!("{name}.{}", line.name), ..line }).collect()
}

/// What a service says besides the defaults; its mode in any case, for that is what one wants to know first.
fn besides(scaler: &Scaler, defaults: &BTreeMap<String, String>) -> String {
    let mut said: Vec<(String, String)> = settings(scaler)
        .into_iter()
        .filter(|(key, value)| key == "mode" || defaults.get(key) != Some(value))
        .collect();
    said.sort_by_key(|(key, _)| key != "mode");
    said.into_iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
}

/// A service as an entry writes it, key by key.
fn settings(scaler: &Scaler) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    if let Ok(Value::Object(keys)) = serde_json::to_value(Scaled::of(scaler)) {
        for (key, value) in keys.into_iter().filter(|(key, _)| key != "cluster" && key != "service") {
            add(&mut settings, key, &value);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::super::tests::between;

    const PLAIN: &str = "scaling: {services: [{cluster: shop, service: worker, queues: [{name: orders}]}]}\n";

    #[test]
    fn a_service_that_comes_or_goes_is_one_line_with_what_it_says_besides_the_defaults() {
        let with = "scaling: {services: [{cluster: shop, service: worker, mode: act, queues: [{name: orders}, {name: a.fifo, \
                    groups: 3}], max: 30, hours: [{from: 08:00, to: 09:00, min: 2}]}]}\n";
        let said = "mode act, hours[0] days mon; tue; wed; thu; fri; sat; sun, from 08:00, max 30, min 2, time_zone UTC, to 09:00, \
                    max 30, queues[0] name orders, weight 100, queues[1] groups 3, name a.fifo, weight 100";
        assert_eq!(between("", with), [format!("scaling.services[worker of shop]: none → {said}")]);
        assert_eq!(between(with, ""), [format!("scaling.services[worker of shop]: {said} → none")]);
        assert_eq!(
            between("", PLAIN),
            ["scaling.services[worker of shop]: none → mode observe, queues[0] name orders, weight 100"]
        );
    }

    #[test]
    fn a_service_that_stays_is_compared_key_by_key_and_what_holds_for_all_by_name() {
        let after = "scaling: {every: 20s, pools: {db: 40}, services: [{cluster: shop, service: worker, mode: act, promise: 2m, \
                     pool: db, queues: [{name: orders, weight: 50}]}]}\n";
        assert_eq!(
            between(PLAIN, after),
            [
                "scaling.every: 10s (default) → 20s",
                "scaling.pools.db: none → 40",
                "scaling.services[worker of shop].mode: observe (default) → act",
                "scaling.services[worker of shop].pool: none → db",
                "scaling.services[worker of shop].promise: 1m (default) → 2m",
                "scaling.services[worker of shop].queues[0]: name orders, weight 100 → name orders, weight 50",
            ]
        );
        assert_eq!(between(PLAIN, PLAIN), Vec::<String>::new());
    }
}
