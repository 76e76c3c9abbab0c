use serde_json::{Value, json};

use super::file::File;
use super::*;

fn file(value: Value) -> File {
    serde_json::from_value(value).unwrap()
}

fn faults(value: Value) -> Vec<String> {
    file(value).check().unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(file(json!({"version": 1})).check(), Ok(Configuration::default()));
    let sections_without_keys =
        json!({"version": 1, "mode": null, "incidents": null, "notifications": {"slack": null}});
    assert_eq!(file(sections_without_keys).check(), Ok(Configuration::default()));
}

#[test]
fn every_key_reaches_its_setting() {
    let configuration = file(json!({
        "version": 1,
        "mode": "observe",
        "incidents": {"quiet": "45m", "host_quiet": "2d", "agent_away": "5m", "keep_closed": "90d"},
        "notifications": {
            "grouping": "1m", "evidence": "1000B",
            "slack": {"webhook": "/steward/secrets/slack"},
            "topic": "arn:aws:sns:eu-central-1:123456789012:alerts",
        },
    }))
    .check()
    .unwrap();
    let policy = Policy {
        defaults: Rules { mode: Mode::Observe, ..Rules::default() },
        quiet: SignedDuration::from_mins(45),
        host_quiet: SignedDuration::from_hours(48),
        agent_away: SignedDuration::from_mins(5),
        keep_closed: SignedDuration::from_hours(90 * 24),
        ..Policy::default()
    };
    let notifications = Notifications {
        grouping: SignedDuration::from_mins(1),
        evidence: Size::from_bytes(1_000),
        slack: Way::To("/steward/secrets/slack".into()),
        topic: Way::To("arn:aws:sns:eu-central-1:123456789012:alerts".into()),
    };
    assert_eq!(configuration, Configuration { policy, notifications });
    assert_eq!(File::of(&configuration).check(), Ok(configuration));
}

#[test]
fn the_defaults_are_within_their_own_bounds() {
    let defaults = Configuration::default();
    assert_eq!(File::of(&defaults).check(), Ok(defaults));
}

#[test]
fn the_bounds_themselves_are_allowed_and_what_is_beyond_is_not() {
    for (section, key, least, below, most, above) in [
        ("incidents", "quiet", "28m", "27m59s", "1d", "1d1s"),
        ("incidents", "host_quiet", "1h", "59m", "30d", "31d"),
        ("incidents", "agent_away", "1m", "59s", "1d", "1d1h"),
        ("incidents", "keep_closed", "35d", "34d", "400d", "401d"),
        ("notifications", "grouping", "0s", "15m1s", "15m", "16m"),
        ("notifications", "evidence", "100B", "99B", "1KiB", "1025B"),
    ] {
        for good in [least, most] {
            assert!(file(json!({"version": 1, section: {key: good}})).check().is_ok(), "{key}: {good}");
        }
        for bad in [below, above] {
            let told = faults(json!({"version": 1, section: {key: bad}}));
            let begins = format!("{section}.{key}: {bad} is not between {least} and {most}: ");
            assert!(told.len() == 1 && told[0].starts_with(&begins), "{told:?}");
        }
    }
}

#[test]
fn all_faults_are_told_at_once_each_with_its_field() {
    let told = faults(json!({
        "version": 1,
        "incidents": {"quiet": "5m", "keep_closed": "1d"},
        "notifications": {"grouping": "1h", "topic": "alerts"},
    }));
    let fields: Vec<&str> = told.iter().filter_map(|fault| Some(fault.split_once(": ")?.0)).collect();
    assert_eq!(
        fields,
        ["incidents.quiet", "incidents.keep_closed", "notifications.grouping", "notifications.topic"]
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
    let missing = serde_json::from_value::<File>(json!({"mode": "observe"})).unwrap_err().to_string();
    assert!(missing.contains("missing field `version`"), "{missing}");
}

#[test]
fn a_list_is_no_section() {
    for section in ["incidents", "notifications"] {
        let error =
            serde_json::from_value::<File>(json!({"version": 1, section: ["30m"]})).unwrap_err().to_string();
        assert!(error.contains("expected keys with their values below it"), "{error}");
    }
}
