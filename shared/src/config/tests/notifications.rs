//! Channels and routes: what they say, which cannot be, and what a route is about.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::arn::{ClusterArn, Family};
use crate::diagnosis::Cause;
use crate::incident::{Severity, Target};

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:alerts";

/// The channels of [`super::every_key_reaches_its_setting`].
pub(super) fn channels() -> BTreeMap<String, Channel> {
    let plain = |place| Channel { place, language: None, budget: None, fallback: None };
    let topic = |name: &str| format!("arn:aws:sns:eu-central-1:123456789012:{name}");
    let hour = SignedDuration::from_hours(1);
    [
        (
            "ops",
            Channel {
                language: Some(Language::En),
                budget: Some(Allowance { count: 20, within: hour * 2 }),
                fallback: Some("mail".into()),
                ..plain(Place::SlackBot {
                    token: "/steward/secrets/slack-bot".into(),
                    channel: "C0123456789".into(),
                })
            },
        ),
        (
            "dev",
            Channel {
                // What it leaves out is as for all.
                budget: Some(Allowance { count: 1, within: SignedDuration::from_mins(10) }),
                fallback: Some("slack".into()),
                ..plain(Place::SlackWebhook { webhook: "/steward/secrets/dev".into() })
            },
        ),
        ("mail", plain(Place::Topic { arn: topic("mail") })),
        ("q", plain(Place::AmazonQ { arn: topic("q") })),
    ]
    .map(|(name, channel)| (name.to_owned(), channel))
    .into()
}

/// The routes of [`super::every_key_reaches_its_setting`].
pub(super) fn routes() -> Vec<Route> {
    let matches = Match {
        cluster: Some(Glob::new("shop")),
        service: Some(Glob::new("checkout-*")),
        tags: [("team".to_owned(), Glob::new("web*"))].into(),
        causes: [Cause::OutOfMemory, Cause::Killed].into(),
        severity: Some(Severity::Critical),
    };
    vec![
        Route { matches, to: vec!["ops".into(), "sns".into()], language: Some(Language::En) },
        Route { matches: Match::default(), to: Vec::new(), language: None },
    ]
}

/// The faults of `notifications`, without the beginning that all have.
fn faults_of(section: &Value) -> Vec<String> {
    let told = faults(json!({"version": 1, "notifications": section}));
    told.iter().map(|fault| fault.strip_prefix("notifications.").unwrap_or(fault).to_owned()).collect()
}

#[track_caller]
fn check(section: &Value, begin: &[&str]) {
    let told = faults_of(section);
    let is_told =
        told.len() == begin.len() && told.iter().zip(begin).all(|(told, begin)| told.starts_with(begin));
    assert!(is_told, "{section}: {told:#?}");
}

#[test]
fn an_incident_is_told_once_where_repeat_is_off() {
    let off = file(json!({"version": 1, "notifications": {"repeat": "off"}})).check().unwrap();
    assert_eq!(off.notifications.repeat, None);
    assert_eq!(File::of(&off).check(), Ok(off));
    for (value, problem) in [
        (json!(4), "`4` has no unit"),
        (json!("never"), "`never` is no duration"),
        (json!(false), "boolean `false`, expected a duration such as `4h`, or `off`"),
    ] {
        let error = serde_json::from_value::<File>(at_path("notifications.repeat", value)).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn log_lines_are_none_to_fifty() {
    for lines in [0, 50] {
        let file = file(at_path("notifications.log_lines", json!(lines))).check().unwrap();
        assert_eq!(file.notifications.log_lines, lines);
    }
    check(&json!({"log_lines": 51}), &["log_lines: 51 is not between 0 and 50: "]);
}

#[test]
fn a_channel_leads_to_one_place() {
    let (bot, webhook) = ("/s/bot", "/s/hook");
    let id = "C0123456789";
    for (channel, problem) in [
        (json!({}), "leads nowhere: write one of `slack`, `topic` and `amazon_q` below it"),
        (json!({"topic": null}), "leads nowhere"),
        (json!({"topic": TOPIC, "amazon_q": TOPIC}), "leads to more than one place: keep one of"),
        (json!({"slack": {"webhook": webhook}, "topic": TOPIC}), "leads to more than one place"),
    ] {
        check(&json!({"channels": {"ops": channel}}), &[&format!("channels.ops: {problem}")]);
    }
    for (slack, problem) in [
        (json!({}), "leads nowhere: write `bot` and `channel`, or `webhook`"),
        (json!({"bot": bot}), "`channel` is missing"),
        (json!({"channel": id}), "`bot` is missing"),
        (json!({"bot": bot, "webhook": webhook}), "has `bot` and `webhook`"),
        (json!({"bot": bot, "channel": id, "webhook": webhook}), "has `bot` and `webhook`"),
        (json!({"channel": id, "webhook": webhook}), "has `channel` beside `webhook`"),
    ] {
        check(&json!({"channels": {"ops": {"slack": slack}}}), &[&format!("channels.ops.slack: {problem}")]);
    }
}

#[test]
fn places_are_checked_and_a_secret_is_not_repeated() {
    let slack = |key: &str, value: &str| {
        let mut slack = json!({"bot": "/s/bot", "channel": "C0123456789"});
        slack[key] = json!(value);
        json!({"slack": slack})
    };
    // Put together here, for scanners of secrets look for such tokens.
    let token = format!("xoxb-{}", "hunter2");
    for (channel, problem) in [
        (
            slack("bot", &token),
            "slack.bot: the bot's token is a secret and does not belong here: put it into an SSM parameter",
        ),
        (slack("bot", &format!(" {}", token.to_uppercase())), "slack.bot: the bot's token is a secret"),
        (slack("bot", "xapp-hunter2"), "slack.bot: the bot's token is a secret"),
        (slack("bot", "bot"), "slack.bot: not the full name of an SSM parameter"),
        (json!({"slack": {"webhook": token}}), "slack.webhook: the bot's token is a secret"),
        (
            json!({"slack": {"webhook": "https://hunter2"}}),
            "slack.webhook: the webhook's address is a secret",
        ),
        (
            slack("channel", "#ops"),
            "slack.channel: the name of a channel, which may change: copy the id, such as C0123456789",
        ),
        (slack("channel", "C012345"), "slack.channel: not the id of a Slack channel: copy the id"),
        (slack("channel", "c0123456789"), "slack.channel: not the id"),
        (slack("channel", "U0123456789"), "slack.channel: not the id"),
        (slack("channel", "xoxb-hunter2"), "slack.channel: not the id"),
        (
            json!({"topic": "hunter2"}),
            "topic: not the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:alerts",
        ),
        (json!({"amazon_q": format!("{TOPIC}.fifo")}), "amazon_q: a FIFO topic"),
        (json!({"topic": format!("{TOPIC}:0f0f")}), "topic: the ARN of a subscription"),
        (json!({"topic": TOPIC, "budget": {"count": 0}}), "budget.count: 0 is not between 1 and 1000: "),
        (json!({"topic": TOPIC, "budget": {"within": "2d"}}), "budget.within: 2d is not between 1m and 1d: "),
    ] {
        check(&json!({"channels": {"ops": channel}}), &[&format!("channels.ops.{problem}")]);
        let told = faults_of(&json!({"channels": {"ops": channel}}));
        assert!(!told[0].to_lowercase().contains("hunter2") && !told[0].contains("`off`"), "{told:?}");
    }
    for id in ["C0123456789", "G01234567", "D0A1B2C3D4E"] {
        let channels = json!({"ops": slack("channel", id)});
        assert!(file(at_path("notifications.channels", channels)).check().is_ok(), "{id}");
    }
    let written_as_text = at_path("notifications.channels.ops.slack", json!(token));
    let error = serde_json::from_value::<File>(written_as_text).unwrap_err().to_string();
    assert!(error.contains("write `bot:` and `channel:`, or `webhook:`, below it"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_channel_has_a_name_that_is_not_taken() {
    let (longest, longer) = ("a".repeat(32), "a".repeat(33));
    for name in ["o", "ops-2_b", &longest] {
        assert!(
            file(at_path("notifications.channels", json!({name: {"topic": TOPIC}}))).check().is_ok(),
            "{name}"
        );
    }
    for (name, problem) in [
        ("slack", "the name of a channel that the stack is deployed with"),
        ("sns", "the name of a channel that the stack is deployed with"),
        ("", "no name of a channel, such as `ops`"),
        ("Ops", "no name of a channel"),
        ("2ops", "no name of a channel"),
        ("-ops", "no name of a channel"),
        ("o.ps", "no name of a channel"),
        ("öps", "no name of a channel"),
        (&longer, "no name of a channel"),
    ] {
        check(&json!({"channels": {name: {"topic": TOPIC}}}), &[&format!("channels.{name}: {problem}")]);
    }
}

#[test]
fn a_fallback_is_another_channel_and_no_circle() {
    let to = |fallback: &str| json!({"topic": TOPIC, "fallback": fallback});
    for (section, told) in [
        (
            json!({"channels": {"a": to("b")}}),
            vec!["channels.a.fallback: there is no channel `b`; channels here: a, slack, sns"],
        ),
        (
            json!({"slack": "off", "topic": "off", "channels": {"a": to("slack"), "b": to("sns")}}),
            vec![
                "channels.a.fallback: the channel `slack` is `off`",
                "channels.b.fallback: the channel `sns` is `off`",
            ],
        ),
        (
            json!({"channels": {"a": to("a")}}),
            vec!["channels.a.fallback: the channel itself: name another, or leave it out"],
        ),
        (
            // Told once, and not of `a`, which only leads into it.
            json!({"channels": {"a": to("c"), "b": to("c"), "c": to("d"), "d": to("b")}}),
            vec!["channels.b.fallback: a circle, b → c → d → b: what all of them refuse would reach nobody"],
        ),
    ] {
        check(&section, &told);
    }
    let chain = json!({"a": to("b"), "b": to("c"), "c": to("slack"), "d": to("sns")});
    assert!(file(at_path("notifications.channels", chain)).check().is_ok());
}

#[test]
fn a_route_names_channels_that_are_there() {
    let channels = json!({"ops": {"topic": TOPIC}});
    for (to, told) in [
        (json!(["opps"]), vec!["routes[0].to[0]: there is no channel `opps`; channels here: ops, sns"]),
        (json!(["sns", "slack"]), vec!["routes[0].to[1]: the channel `slack` is `off`"]),
        (json!(["ops", "sns", "ops"]), vec!["routes[0].to[2]: the channel `ops` stands there twice"]),
    ] {
        check(&json!({"slack": "off", "channels": channels, "routes": [{"to": to}]}), &told);
    }
    let error = serde_json::from_value::<File>(at_path("notifications.routes", json!([{}]))).unwrap_err();
    assert!(error.to_string().contains("missing field `to`"), "{error}");
}

#[test]
fn a_route_behind_one_that_holds_for_all_of_it_is_never_reached() {
    let all = "has no `match`, and so holds for everything";
    let api = json!({"match": {"service": "api"}, "to": []});
    for (before, after, place, why) in [
        (json!({"to": []}), api.clone(), 1, Some(all)),
        (json!({"match": {}, "to": []}), api.clone(), 1, Some(all)),
        (json!({"match": {"tags": {}, "causes": []}, "to": []}), json!({"to": ["sns"]}), 1, Some(all)),
        (api.clone(), json!({"match": {"service": "api"}, "to": ["sns"]}), 1, Some("has the same `match`")),
        (api.clone(), json!({"match": {"service": "web"}, "to": ["sns"]}), 1, None),
        (api, json!({"to": ["sns"]}), 1, None),
    ] {
        let section = json!({"routes": [before, after]});
        match why {
            Some(why) => check(
                &section,
                &[&format!("routes[{place}].match: is never reached: a route before it {why}")],
            ),
            None => assert!(file(at_path("notifications", section.clone())).check().is_ok(), "{section}"),
        }
    }
}

#[test]
fn what_a_route_matches_is_checked() {
    for (matches, told) in [
        (json!({"cluster": "arn:aws:ecs:eu:1:cluster/shop"}), "cluster: an ARN; write the name alone"),
        (json!({"service": "a.b"}), "service: no service has a name like `a.b`"),
        (json!({"tags": {"": "x"}}), "tags: no tag is `: x`"),
        (json!({"tags": {"team": "x".repeat(257)}}), "tags: no tag is `team: x"),
    ] {
        check(&json!({"routes": [{"match": matches, "to": []}]}), &[&format!("routes[0].match.{told}")]);
    }
    for (matches, problem) in [
        (json!({"causes": ["oom"]}), "unknown variant `oom`, expected one of `image_not_found`"),
        (
            json!({"causes": [7]}),
            "integer `7`, expected a cause such as `out_of_memory`; docs/causes.md has all of them",
        ),
        (json!({"causes": "killed"}), "string \"killed\", expected a sequence"),
        (
            json!({"severity": "fatal"}),
            "unknown variant `fatal`, expected one of `info`, `warning`, `critical`",
        ),
        (json!({"severity": 1}), "integer `1`, expected `info`, `warning` or `critical`"),
        (json!({"mode": "act"}), "unknown field `mode`"),
    ] {
        let routes = json!([{"match": matches, "to": []}]);
        let error = serde_json::from_value::<File>(at_path("notifications.routes", routes)).unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn there_are_only_so_many_channels_and_routes() {
    let channels = |count: usize| -> Value {
        (0..count)
            .map(|n| (format!("c{n}"), json!({"topic": TOPIC})))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let routes = |count: usize| -> Value {
        (0..count).map(|n| json!({"match": {"service": format!("s{n}")}, "to": []})).collect()
    };
    let most = json!({"channels": channels(20), "routes": routes(50)});
    assert!(file(at_path("notifications", most)).check().is_ok());
    check(
        &json!({"channels": channels(21), "routes": routes(51)}),
        &["channels: 21 channels; at most 20: ", "routes: 51 routes; at most 50: "],
    );
}

#[test]
fn a_channel_has_the_budget_and_the_language_of_all_but_for_what_it_says() {
    let notifications =
        Notifications { channels: channels(), language: Language::Ja, ..Notifications::default() };
    for (channel, budget, language) in [
        ("ops", 20, Language::En),
        ("dev", 1, Language::Ja),
        ("mail", 40, Language::Ja),
        ("slack", 40, Language::Ja),
    ] {
        assert_eq!(notifications.budget_of(channel).count, budget, "{channel}");
        assert_eq!(notifications.language_of(channel), language, "{channel}");
    }
}

/// A failing task of the family `checkout-v2` in `shop`.
fn subject<'s>(
    target: Option<&'s Target>,
    tags: Option<&'s BTreeMap<String, String>>,
    causes: &'s BTreeSet<Cause>,
) -> Matched<'s> {
    Matched { target, cluster: "shop", tags, causes, severity: Severity::Warning }
}

#[test]
fn a_subject_matches_where_all_that_is_said_holds() {
    let target = Target::Family {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        family: Family::new("checkout-v2"),
    };
    let tags: BTreeMap<String, String> = [("team".to_owned(), "web-eu".to_owned())].into();
    let (causes, none) = ([Cause::OutOfMemory, Cause::Killed].into(), BTreeSet::new());
    let known = subject(Some(&target), Some(&tags), &causes);
    let unread = subject(Some(&target), None, &causes);
    let general = subject(None, None, &none);
    for (said, of_known, of_unread, of_general) in [
        (json!({}), Matches::Yes, Matches::Yes, Matches::Yes),
        (json!({"cluster": "sh?p"}), Matches::Yes, Matches::Yes, Matches::Yes),
        (json!({"cluster": "staging-*"}), Matches::No, Matches::No, Matches::No),
        (json!({"service": "checkout-*"}), Matches::Yes, Matches::Yes, Matches::No),
        (json!({"service": "*"}), Matches::Yes, Matches::Yes, Matches::No),
        (json!({"service": "checkout"}), Matches::No, Matches::No, Matches::No),
        (json!({"tags": {"team": "web-*"}}), Matches::Yes, Matches::Unknown, Matches::No),
        (json!({"tags": {"team": "web"}}), Matches::No, Matches::Unknown, Matches::No),
        (json!({"tags": {"team": "*", "stage": "*"}}), Matches::No, Matches::Unknown, Matches::No),
        // Tags do not matter where the rest says no.
        (json!({"tags": {"team": "*"}, "cluster": "staging"}), Matches::No, Matches::No, Matches::No),
        (json!({"causes": ["killed", "segfault"]}), Matches::Yes, Matches::Yes, Matches::No),
        (json!({"causes": ["segfault"]}), Matches::No, Matches::No, Matches::No),
        (json!({"severity": "info"}), Matches::Yes, Matches::Yes, Matches::Yes),
        (json!({"severity": "warning"}), Matches::Yes, Matches::Yes, Matches::Yes),
        (json!({"severity": "critical"}), Matches::No, Matches::No, Matches::No),
        (
            json!({"cluster": "shop", "service": "c*", "tags": {"team": "*"}, "causes": ["killed"], "severity": "info"}),
            Matches::Yes,
            Matches::Unknown,
            Matches::No,
        ),
    ] {
        let route = json!([{"match": said, "to": []}]);
        let configuration = file(at_path("notifications.routes", route)).check().unwrap();
        let matches = &configuration.notifications.routes[0].matches;
        let found = [known, unread, general].map(|subject| matches.matches(&subject));
        assert_eq!(found, [of_known, of_unread, of_general], "{said}");
        assert_eq!(matches.is_about_all(), said == json!({}), "{said}");
        // Silences keep what they match in the ledger, in the same form.
        assert_eq!(serde_json::from_value::<Match>(said.clone()).unwrap(), *matches);
        assert_eq!(serde_json::to_value(matches).unwrap(), said);
    }
}
