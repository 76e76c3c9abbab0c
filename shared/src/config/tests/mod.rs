mod capacity;
mod freeze;
mod jobs;
mod notifications;
mod policy;
mod scaling;
mod services;
mod window;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::file::File;
use super::*;
use crate::action::Remedy;
use crate::remediation::memory::Ladder;
use crate::words::Language;

fn file(value: Value) -> File {
    serde_json::from_value(value).unwrap()
}

fn faults(value: Value) -> Vec<String> {
    file(value).check().unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(file(json!({"version": 1})).check(), Ok(Configuration::default()));
    let sections_without_keys = json!({"version": 1, "defaults": {"mode": null, "remedies": null, "failures": null}, "services": null,
            "guards": {"freeze": null, "budgets": {"service": null}, "tags": null}, "incidents": null, "jobs": null, "notifications": {"slack": null}});
    assert_eq!(file(sections_without_keys).check(), Ok(Configuration::default()));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_key_reaches_its_setting() {
    let configuration = file(json!({
        "version": 1,
        "defaults": {
            "mode": "propose",
            "remedies": {"roll_back": "on", "force_new_deployment": "off", "stop_task": "on", "run_task": "off"},
            "bake": "20m", "failures": 5, "stability": "3m", "cooldown": "1h", "attempts": 1, "verify": "40m",
            "stuck": "2h", "on_stuck": "roll_back", "silent": "20m", "hung": "15m", "proposal": "8h",
            "memory": {"max": 16_384, "factor": "200%", "verify": "1d", "raise_cpu": "on"},
            "capacity": {"return_after": "3h"}, "start_failures": {"after": "12h", "ceiling": 2},
        },
        "guards": {
            "budgets": {
                "service": {"count": 1, "within": "1d"}, "cluster": {"count": 4, "within": "2h"},
                "account": {"count": 8, "within": "3h"},
            },
            "outage": {"services": 3, "within": "10m"},
            "tags": "act",
        },
        "incidents": {"quiet": "45m", "host_quiet": "2d", "agent_away": "5m", "keep_closed": "90d"},
        "notifications": {
            "grouping": "1m", "repeat": "2h", "flapping": {"count": 5, "within": "2h"}, "evidence": "1000B",
            "log_lines": 0, "language": "ja", "budget": {"count": 7, "within": "10m"},
            "slack": {"webhook": "/steward/secrets/slack"},
            "topic": "arn:aws:sns:eu-central-1:123456789012:alerts",
            "channels": {
                "ops": {
                    "slack": {"bot": "/steward/secrets/slack-bot", "channel": "C0123456789"},
                    "language": "en", "budget": {"count": 20, "within": "2h"}, "fallback": "mail",
                },
                "dev": {"slack": {"webhook": "/steward/secrets/dev"}, "budget": {"count": 1}, "fallback": "slack"},
                "mail": {"topic": "arn:aws:sns:eu-central-1:123456789012:mail"},
                "q": {"amazon_q": "arn:aws:sns:eu-central-1:123456789012:q"},
            },
            "routes": [
                {
                    "match": {
                        "cluster": "shop", "service": "checkout-*", "tags": {"team": "web*"},
                        "causes": ["out_of_memory", "killed"], "severity": "critical",
                    },
                    "to": ["ops", "sns"], "language": "en",
                },
                {"to": []},
            ],
        },
    }))
    .check()
    .unwrap();
    let policy = Policy {
        defaults: Rules {
            mode: Mode::Propose,
            remedies: [Remedy::RollBack, Remedy::StopTask].into(),
            bake: SignedDuration::from_mins(20),
            failures: 5,
            stability: SignedDuration::from_mins(3),
            cooldown: SignedDuration::from_hours(1),
            attempts: 1,
            verify: SignedDuration::from_mins(40),
            stuck: SignedDuration::from_hours(2),
            on_stuck: OnStuck::RollBack,
            silent: SignedDuration::from_mins(20),
            hung: SignedDuration::from_mins(15),
            proposal: SignedDuration::from_hours(8),
            rerun: None,
            memory: Memory {
                ladder: Ladder { percent: 200, max: 16_384, raise_cpu: true },
                verify: SignedDuration::from_hours(24),
            },
            return_after: SignedDuration::from_hours(3),
            start_failures: StartFailures { after: SignedDuration::from_hours(12), ceiling: Some(2) },
        },
        services: Vec::new(),
        guards: Guards {
            freeze: Vec::new(),
            per_service: Allowance { count: 1, within: SignedDuration::from_hours(24) },
            per_cluster: Allowance { count: 4, within: SignedDuration::from_hours(2) },
            per_account: Allowance { count: 8, within: SignedDuration::from_hours(3) },
            outage_services: 3,
            outage_within: SignedDuration::from_mins(10),
            tags_most: Mode::Act,
        },
        quiet: SignedDuration::from_mins(45),
        host_quiet: SignedDuration::from_hours(48),
        agent_away: SignedDuration::from_mins(5),
        keep_closed: SignedDuration::from_hours(90 * 24),
        scaled: BTreeSet::new(),
    };
    let notifications = Notifications {
        grouping: SignedDuration::from_mins(1),
        repeat: Some(SignedDuration::from_hours(2)),
        flapping: Allowance { count: 5, within: SignedDuration::from_hours(2) },
        evidence: Size::from_bytes(1_000),
        log_lines: 0,
        language: Language::Ja,
        budget: Allowance { count: 7, within: SignedDuration::from_mins(10) },
        slack: Way::To("/steward/secrets/slack".into()),
        topic: Way::To("arn:aws:sns:eu-central-1:123456789012:alerts".into()),
        channels: notifications::channels(),
        routes: notifications::routes(),
    };
    assert_eq!(configuration, Configuration { policy, notifications, ..Configuration::default() });
    assert_eq!(File::of(&configuration).check(), Ok(configuration));
}

#[test]
fn the_defaults_are_within_their_own_bounds() {
    let defaults = Configuration::default();
    assert_eq!(File::of(&defaults).check(), Ok(defaults));
}

/// `value` below the keys of a path, such as `guards.outage.within`.
fn at_path(path: &str, value: Value) -> Value {
    let below = path.rsplit('.').fold(value, |value, key| json!({key: value}));
    let mut whole = json!({"version": 1});
    whole.as_object_mut().unwrap().extend(below.as_object().unwrap().clone());
    whole
}

#[test]
fn the_bounds_themselves_are_allowed_and_what_is_beyond_is_not() {
    for (path, least, below, most, above) in [
        ("defaults.bake", json!("1m"), json!("59s"), json!("7d"), json!("8d")),
        ("defaults.failures", json!(2), json!(1), json!(200), json!(201)),
        ("defaults.stability", json!("1m"), json!("59s"), json!("1h"), json!("1h1s")),
        ("defaults.cooldown", json!("5m"), json!("4m"), json!("7d"), json!("7d1s")),
        ("defaults.attempts", json!(1), json!(0), json!(10), json!(11)),
        ("defaults.verify", json!("5m"), json!("4m"), json!("6h"), json!("6h1s")),
        ("defaults.stuck", json!("10m"), json!("9m"), json!("7d"), json!("7d1s")),
        ("defaults.silent", json!("5m"), json!("4m"), json!("1d"), json!("1d1s")),
        ("defaults.hung", json!("2m"), json!("1m59s"), json!("1d"), json!("1d1s")),
        ("defaults.proposal", json!("10m"), json!("9m"), json!("3d"), json!("3d1s")),
        ("guards.budgets.service.count", json!(1), json!(0), json!(100), json!(101)),
        ("guards.budgets.cluster.count", json!(1), json!(0), json!(100), json!(5_000_000_000_u64)),
        ("guards.budgets.account.within", json!("10m"), json!("9m"), json!("7d"), json!("8d")),
        ("guards.outage.services", json!(2), json!(1), json!(50), json!(51)),
        ("guards.outage.within", json!("1m"), json!("59s"), json!("1h"), json!("1h1s")),
        ("incidents.quiet", json!("28m"), json!("27m59s"), json!("1d"), json!("1d1s")),
        ("incidents.host_quiet", json!("1h"), json!("59m"), json!("30d"), json!("31d")),
        ("incidents.agent_away", json!("1m"), json!("59s"), json!("1d"), json!("1d1h")),
        ("incidents.keep_closed", json!("35d"), json!("34d"), json!("400d"), json!("401d")),
        ("notifications.grouping", json!("0s"), json!("15m1s"), json!("15m"), json!("16m")),
        ("notifications.repeat", json!("15m"), json!("14m"), json!("7d"), json!("8d")),
        ("notifications.flapping.count", json!(2), json!(1), json!(20), json!(21)),
        ("notifications.flapping.within", json!("5m"), json!("4m"), json!("1d"), json!("1d1s")),
        ("notifications.budget.count", json!(1), json!(0), json!(1000), json!(1001)),
        ("notifications.budget.within", json!("1m"), json!("59s"), json!("1d"), json!("2d")),
        ("notifications.evidence", json!("100B"), json!("99B"), json!("1KiB"), json!("1025B")),
    ] {
        for good in [&least, &most] {
            assert!(file(at_path(path, good.clone())).check().is_ok(), "{path}: {good}");
        }
        for bad in [below, above] {
            let told = faults(at_path(path, bad.clone()));
            let begins = format!("{path}: {bad} is not between {least} and {most}: ").replace('"', "");
            assert!(told.len() == 1 && told[0].starts_with(&begins), "{told:?}");
        }
    }
}

#[test]
fn what_has_another_form_is_refused_in_words_for_people() {
    for (path, value, problem) in [
        ("defaults.mode", json!(true), "boolean `true`, expected `observe`, `propose` or `act`"),
        ("defaults.mode", json!({"act": null}), "map, expected `observe`, `propose` or `act`"),
        ("defaults.mode", json!("off"), "unknown variant `off`, expected one of `observe`, `propose`, `act`"),
        ("defaults.on_stuck", json!(1), "integer `1`, expected `escalate` or `roll_back`"),
        ("defaults.remedies.run_task", json!(false), "boolean `false`, expected `on` or `off`"),
        ("defaults.remedies", json!(["roll_back"]), "sequence, expected keys with their values below it"),
        ("defaults.failures", json!(-1), "integer `-1`, expected a whole number"),
        ("defaults.failures", json!("3"), "string \"3\", expected a whole number"),
        ("defaults.failures", json!(2.5), "floating point `2.5`, expected a whole number"),
        ("defaults.rerun", json!({}), "unknown field `rerun`, expected one of `mode`, `remedies`"),
        ("services", json!({"match": {}}), "map, expected a sequence"),
        ("services", json!(["api"]), "string \"api\", expected keys with their values below it"),
        ("services", json!([null]), "null, expected keys with their values below it"),
        ("services", json!([{"match": {"tags": {"team": 7}}}]), "integer `7`, expected a string"),
        (
            "guards.freeze",
            json!([{"days": ["sat", 7], "from": "", "to": ""}]),
            "integer `7`, expected a day: `mon`",
        ),
    ] {
        let error = serde_json::from_value::<File>(at_path(path, value)).unwrap_err().to_string();
        assert!(error.contains(problem), "{path}: {error}");
    }
}

#[test]
fn all_faults_are_told_at_once_each_with_its_field() {
    let told = faults(json!({
        "version": 1,
        "defaults": {"bake": "1s", "failures": 1},
        "services": [{"match": {"service": "api"}}, {"match": {}, "cooldown": "1m"}],
        "guards": {
            "freeze": [{"from": "22:00", "to": "06:00"}],
            "budgets": {"cluster": {"count": 0, "within": "1s"}},
            "outage": {"services": 1},
        },
        "incidents": {"quiet": "5m", "keep_closed": "1d"},
        "jobs": [{"name": "a b", "cluster": "batch", "task_definition": "etl", "late": "1s"}],
        "notifications": {"grouping": "1h", "topic": "alerts"},
    }));
    let fields: Vec<&str> = told.iter().filter_map(|fault| Some(fault.split_once(": ")?.0)).collect();
    assert_eq!(
        fields,
        [
            "defaults.bake",
            "defaults.failures",
            "services[1].match",
            "services[1].cooldown",
            "guards.freeze[0].from",
            "guards.freeze[0].to",
            "guards.budgets.cluster.count",
            "guards.budgets.cluster.within",
            "guards.outage.services",
            "incidents.quiet",
            "incidents.keep_closed",
            "jobs[0].name",
            "jobs[0].late",
            "notifications.grouping",
            "notifications.topic"
        ]
    );
}

#[test]
fn off_overrules_what_the_stack_was_deployed_with() {
    let off = file(json!({"version": 1, "notifications": {"slack": "off", "topic": "off"}})).check().unwrap();
    assert_eq!(off.notifications.slack.or(Some("/deployed")), None);
    assert_eq!(off.notifications.topic.or(Some("arn:deployed")), None);
    assert_eq!(Way::AsDeployed.or(Some("/deployed")), Some("/deployed"));
    assert_eq!(Way::AsDeployed.or(Some("")), None, "a template's parameter that was left out");
    assert_eq!(Way::To("/mine".into()).or(Some("/deployed")), Some("/mine"));
}

#[test]
fn a_webhook_is_named_by_its_parameter_and_a_secret_is_not_repeated() {
    let long = format!("/{}", "a".repeat(900));
    let deep = "/a".repeat(16);
    for (name, problem) in [
        ("https://hooks.slack.com/services/T0/B0/hunter2", "is a secret and does not belong here"),
        ("steward/slack", "not the full name"),
        ("/steward//slack", "not the full name"),
        ("/steward/slack/", "not the full name"),
        ("/steward/{{x}}", "not the full name"),
        ("/aws/slack", "keeps names that begin with"),
        ("/SSM-slack", "keeps names that begin with"),
        (&long, "too long"),
        (&deep, "too long"),
    ] {
        let told = faults(json!({"version": 1, "notifications": {"slack": {"webhook": name}}}));
        assert!(
            told[0].starts_with("notifications.slack.webhook: ") && told[0].contains(problem),
            "{told:?}"
        );
        assert!(!told[0].contains("hunter2"));
    }
    let written_as_text =
        json!({"version": 1, "notifications": {"slack": "https://hooks.slack.com/services/hunter2"}});
    let error = serde_json::from_value::<File>(written_as_text).unwrap_err().to_string();
    assert!(error.contains("`webhook:`") && !error.contains("hunter2"), "{error}");
}

#[test]
fn only_the_arn_of_a_standard_topic_is_a_topic() {
    for good in
        ["arn:aws:sns:eu-central-1:123456789012:alerts", "arn:aws-cn:sns:cn-north-1:123456789012:a-b_c"]
    {
        assert!(file(json!({"version": 1, "notifications": {"topic": good}})).check().is_ok(), "{good}");
    }
    for (topic, problem) in [
        ("alerts", "not the ARN of an SNS topic"),
        ("arn:aws:sqs:eu-central-1:123456789012:alerts", "not the ARN of an SNS topic"),
        ("arn:aws:sns:eu-central-1:1234:alerts", "not the ARN of an SNS topic"),
        ("arn:aws:sns::123456789012:alerts", "not the ARN of an SNS topic"),
        ("arn:aws:sns:eu-central-1:123456789012:a b", "not the ARN of an SNS topic"),
        ("arn:aws:sns:eu-central-1:123456789012:alerts.fifo", "a FIFO topic"),
        ("arn:aws:sns:eu-central-1:123456789012:alerts:0f0f", "the ARN of a subscription"),
    ] {
        let told = faults(json!({"version": 1, "notifications": {"topic": topic}}));
        assert!(told[0].contains(problem), "{topic}: {told:?}");
    }
}

#[test]
fn a_version_that_is_not_read_is_refused_by_its_number() {
    let problem =
        |version: Value| serde_json::from_value::<File>(json!({"version": version})).unwrap_err().to_string();
    assert!(problem(json!(2)).contains("version 2 is newer than this version of Steward"));
    assert!(problem(json!(0)).contains("there is no version 0; write 1"));
    assert!(problem(json!("1")).contains("expected the number 1"));
    let missing = serde_json::from_value::<File>(json!({"guards": {}})).unwrap_err().to_string();
    assert!(missing.contains("missing field `version`"), "{missing}");
}

#[test]
fn a_list_is_no_section() {
    for section in ["defaults", "guards", "incidents", "notifications"] {
        let error =
            serde_json::from_value::<File>(json!({"version": 1, section: ["30m"]})).unwrap_err().to_string();
        assert!(error.contains("expected keys with their values below it"), "{error}");
    }
}
