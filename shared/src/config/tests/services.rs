//! Entries of `services`: what they say in the place of the defaults, and which cannot be.

use std::collections::BTreeSet;

use super::*;
use crate::action::{Network, Remedy};

fn entries(value: Value) -> Vec<Entry> {
    file(value).check().unwrap().policy.services
}

/// The faults of one entry, without the beginning that all have.
fn faults_of(entry: &Value) -> Vec<String> {
    let told = faults(json!({"version": 1, "services": [entry]}));
    told.iter().map(|fault| fault.strip_prefix("services[0].").unwrap_or(fault).to_owned()).collect()
}

fn on_by_default() -> impl Iterator<Item = Remedy> {
    Remedy::ALL.into_iter().filter(|remedy| remedy.is_on_by_default())
}

#[test]
fn an_entry_has_the_defaults_of_the_file_but_for_what_it_says() {
    let [plain, other] = entries(json!({
        "version": 1,
        "defaults": {"mode": "propose", "cooldown": "1h", "remedies": {"run_task": "off"}},
        "services": [
            {"match": {"cluster": "shop"}},
            {
                "match": {"cluster": "shop", "service": "api-*", "tags": {"team": "web"}},
                "mode": "act", "attempts": 1, "remedies": {"run_task": "on", "stop_task": "off"},
            },
        ],
    }))
    .try_into()
    .unwrap();
    let defaults = Rules {
        mode: Mode::Propose,
        cooldown: SignedDuration::from_hours(1),
        remedies: on_by_default().filter(|remedy| *remedy != Remedy::RunTask).collect(),
        ..Rules::default()
    };
    assert_eq!(plain.rules, defaults);
    let remedies = on_by_default().filter(|remedy| *remedy != Remedy::StopTask).collect();
    assert_eq!(other.rules, Rules { mode: Mode::Act, attempts: 1, remedies, ..defaults });
    assert_eq!(other.selector.to_string(), "cluster shop, service api-*, tag team=web");
}

#[test]
fn what_is_in_force_is_written_whole_and_read_back() {
    let configuration = file(json!({
        "version": 1,
        "defaults": {"mode": "act", "on_stuck": "roll_back"},
        "services": [
            {"match": {"service": "api"}, "mode": "observe", "hung": "1h"},
            {"match": {"cluster": "batch", "service": "report-*"}, "rerun": {}},
            {"match": {"tags": {"team": "web"}}, "remedies": {"roll_back": "off"}},
            {"match": {"service": "import"}, "rerun": {"network": {
                "subnets": ["subnet-0a", "subnet-0b"], "security_groups": ["sg-1"], "public_ip": "on"}}},
        ],
        "guards": {"freeze": [
            {"from": "2026-12-24T00:00:00+09:00", "to": "2026-12-27T00:00:00Z", "why": "holidays"},
            {"days": ["sun", "sat"], "from": "22:00", "to": "06:00", "utc_offset": "-03:30"},
        ]},
    }))
    .check()
    .unwrap();
    let written = File::of(&configuration);
    assert_eq!(written.check(), Ok(configuration));
    let written = serde_json::to_value(written).unwrap();
    assert_eq!(written["services"][0]["hung"], "1h");
    assert_eq!(written["services"][0]["on_stuck"], "roll_back", "what holds, not only what the entry said");
    assert_eq!(written["services"][1]["rerun"], json!({}));
    assert_eq!(
        written["guards"]["freeze"],
        json!([
            {"from": "2026-12-23T15:00:00Z", "to": "2026-12-27T00:00:00Z", "why": "holidays"},
            {"days": ["sat", "sun"], "from": "22:00", "to": "06:00", "utc_offset": "-03:30"},
        ])
    );
}

#[test]
fn an_entry_that_matches_nothing_is_refused() {
    let missing = "match: `match` is missing: it says which targets the entry is about";
    assert_eq!(faults_of(&json!({"mode": "act"})), [missing]);
    for nothing in [json!({}), json!({"tags": {}}), json!({"cluster": null})] {
        let [told] = faults_of(&json!({"match": nothing})).try_into().unwrap();
        assert!(told.starts_with("match: matches nothing, and so enrols nothing"), "{told}");
    }
}

#[test]
fn a_match_that_no_name_or_tag_can_fit_is_refused() {
    let long = "a".repeat(256);
    for (selector, problem) in [
        (
            json!({"cluster": "arn:aws:ecs:eu-central-1:1:cluster/shop"}),
            "match.cluster: an ARN; write the name alone",
        ),
        (json!({"service": ""}), "match.service: no service has a name like ``"),
        (json!({"service": "api.v2"}), "match.service: no service has a name like `api.v2`"),
        (json!({"service": "[ab]*"}), "match.service: no service has a name like `[ab]*`"),
        (json!({"cluster": long}), "match.cluster: no cluster has a name like"),
        (json!({"tags": {"": "x"}}), "match.tags: no tag is `: x`"),
        (json!({"tags": {"a".repeat(129): "x"}}), "match.tags: no tag is"),
        (json!({"tags": {"x": "a".repeat(257)}}), "match.tags: no tag is"),
    ] {
        let [told] = faults_of(&json!({"match": selector})).try_into().unwrap();
        assert!(told.starts_with(problem), "{told}");
    }
    for good in [json!({"service": "*"}), json!({"cluster": "prod_?-*"}), json!({"tags": {"aws:x/y": ""}})] {
        assert!(file(json!({"version": 1, "services": [{"match": good}]})).check().is_ok());
    }
}

#[test]
fn of_two_entries_with_the_same_match_the_second_is_refused() {
    let told = faults(json!({"version": 1, "services": [
        {"match": {"service": "api", "tags": {"a": "b"}}},
        {"match": {"service": "api"}},
        {"match": {"tags": {"a": "b"}, "service": "api"}, "mode": "act"},
    ]}));
    assert_eq!(told, ["services[2].match: an entry before it has the same: this one has no effect"]);
}

#[test]
fn a_network_is_what_ecs_takes() {
    let network = |network: Value| json!({"match": {"service": "import"}, "rerun": {"network": network}});
    let [entry] = entries(json!({"version": 1, "services": [network(json!({"subnets": ["subnet-0a1b"]}))]}))
        .try_into()
        .unwrap();
    let rerun = Rerun {
        network: Some(Network {
            subnets: ["subnet-0a1b".to_owned()].into(),
            security_groups: BTreeSet::new(),
            public_ip: false,
        }),
    };
    assert_eq!(entry.rules.rerun, Some(rerun));
    let many: Vec<String> = (0..17).map(|n| format!("subnet-{n}")).collect();
    let groups: Vec<String> = (0..6).map(|n| format!("sg-{n}")).collect();
    for (value, problem) in [
        (json!({"subnets": []}), "rerun.network.subnets: 0 subnets; ECS takes 1 to 16"),
        (json!({"subnets": many}), "rerun.network.subnets: 17 subnets; ECS takes 1 to 16"),
        (
            json!({"subnets": ["subnet-0", "sg-0"]}),
            "rerun.network.subnets[1]: `sg-0` is no id such as subnet-",
        ),
        (
            json!({"subnets": ["subnet-0", "subnet-0"]}),
            "rerun.network.subnets[1]: `subnet-0` stands here twice",
        ),
        (
            json!({"subnets": ["subnet-0"], "security_groups": groups}),
            "rerun.network.security_groups: 6 groups; ECS takes 5 at the most",
        ),
    ] {
        let [told] = faults_of(&network(value)).try_into().unwrap();
        assert!(told.starts_with(problem), "{told}");
    }
}

#[test]
fn what_is_run_again_has_no_service_and_so_no_tags() {
    let [told] =
        faults_of(&json!({"match": {"service": "x", "tags": {"a": "b"}}, "rerun": {}})).try_into().unwrap();
    assert!(told.starts_with("rerun: standalone tasks have no service whose tags could match"), "{told}");
    assert_eq!(
        entries(json!({"version": 1, "services": [{"match": {"service": "x"}}]}))[0].rules.rerun,
        None
    );
}
