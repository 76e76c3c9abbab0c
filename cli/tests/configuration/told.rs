//! Channels, routes and what else `notifications` says of alerts.

use serde_json::{Value, json};

use super::{check, schema, validate};

#[test]
fn each_fault_of_channels_and_routes_has_its_line_column_and_words() {
    for (text, told) in [
        (
            "version: 1\nnotifications:\n  repeat: no\n",
            "3:11: notifications.repeat: `no` is no duration; write whole numbers with the units d, h, m and s, such as `1h30m`",
        ),
        (
            "version: 1\nnotifications:\n  channels:\n    ops: {slack: off}\n",
            "4:18: notifications.channels.ops.slack: write `bot:` and `channel:`, or `webhook:`, below it",
        ),
        (
            "version: 1\nnotifications:\n  channels:\n    a.b: {topic: x}\n",
            "4:5: notifications.channels.a.b: no name of a channel, such as `ops`: a small letter, then small letters, digits, - and _, 32 at the most\n\
             4:5: notifications.channels.a.b.topic: not the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:alerts",
        ),
        (
            "version: 1\nnotifications:\n  channels:\n    ops: {slack: {bot: /s, chanel: C0123456789}}\n",
            "4:28: notifications.channels.ops.slack: unknown key `chanel`; did you mean `channel`?",
        ),
        (
            "version: 1\nnotifications:\n  channels:\n    ops: {}\n    dev:\n",
            "4:10: notifications.channels.ops: leads nowhere: write one of `slack`, `topic` and `amazon_q` below it\n\
             5:8: notifications.channels.dev: found null, expected keys with their values below it",
        ),
        // What only follows from another fault is not told.
        (
            "version: 1\nnotifications:\n  channels: {ops: 7}\n  routes: [{to: [ops]}]\n",
            "3:19: notifications.channels.ops: found integer `7`, expected keys with their values below it",
        ),
        (
            "version: 1\nnotifications:\n  routes: [{match: {clutser: shop}, to: []}, {to: [sns]}]\n",
            "3:21: notifications.routes[0].match: unknown key `clutser`; did you mean `cluster`?",
        ),
        (
            "version: 1\nnotifications:\n  routes: [7, {to: []}, {match: {service: api}, to: [ops]}]\n",
            "3:12: notifications.routes[0]: found integer `7`, expected keys with their values below it\n\
             3:33: notifications.routes[2].match: is never reached: a route before it has no `match`, and so holds for everything\n\
             3:54: notifications.routes[2].to[0]: there is no channel `ops`; channels here: slack, sns",
        ),
        (
            "version: 1\nnotifications:\n  routes: [{match: {causes: [oom, outofmemory]}}]\n",
            "3:12: notifications.routes[0]: `to` is missing\n\
             3:30: notifications.routes[0].match.causes[0]: unknown value `oom`; docs/causes.md has all that there are\n\
             3:35: notifications.routes[0].match.causes[1]: unknown value `outofmemory`; did you mean `out_of_memory`?",
        ),
    ] {
        check(text, told);
    }
}

#[test]
fn the_schema_and_the_command_line_agree_on_who_is_told() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let arn = "arn:aws:sns:eu-central-1:123456789012:alerts";
    let (bot, id) = ("/steward/secrets/slack-bot", "C0123456789");
    let channels = |channel: Value| json!({"channels": {"ops": channel}});
    let slack = |slack: Value| json!({"channels": {"ops": {"slack": slack}}});
    let matches = |matches: Value| json!({"routes": [{"match": matches, "to": ["slack"]}]});
    for (notifications, is_valid) in [
        (
            json!({"repeat": "off", "flapping": {"count": 2}, "log_lines": 0, "language": "ja", "budget": {}}),
            true,
        ),
        (
            json!({"repeat": "4h", "flapping": {"within": "5m"}, "budget": {"count": 1000, "within": "1m"}}),
            true,
        ),
        (json!({"repeat": null, "language": null, "channels": null, "routes": null}), true),
        (json!({"channels": {}, "routes": []}), true),
        (slack(json!({"bot": bot, "channel": id})), true),
        (slack(json!({"webhook": "/steward/secrets/slack"})), true),
        (channels(json!({"topic": arn, "language": "en", "budget": {"count": 5}, "fallback": "sns"})), true),
        (channels(json!({"amazon_q": arn})), true),
        (matches(json!({})), true),
        (
            matches(json!({
                "cluster": "shop", "service": "a-*", "tags": {"team": "w*"}, "causes": ["killed"], "severity": "info"
            })),
            true,
        ),
        (json!({"routes": [{"to": [], "language": "ja"}]}), true),
        (json!({"repeat": "never"}), false),
        (json!({"repeat": 4}), false),
        (json!({"flapping": {"count": 21}}), false),
        (json!({"log_lines": 51}), false),
        (json!({"log_lines": -1}), false),
        (json!({"language": "fr"}), false),
        (json!({"budget": {"count": 0}}), false),
        (json!({"channels": []}), false),
        (json!({"channels": {"ops": null}}), false),
        (json!({"channels": {"Ops": {"topic": arn}}}), false),
        (json!({"channels": {"slack": {"topic": arn}}}), false),
        (channels(json!({})), false),
        (channels(json!({"topic": arn, "amazon_q": arn})), false),
        (channels(json!({"topic": "alerts"})), false),
        (channels(json!({"topic": "off"})), false),
        (slack(json!("off")), false),
        (slack(json!({})), false),
        (slack(json!({"bot": bot})), false),
        (slack(json!({"channel": id})), false),
        (slack(json!({"bot": bot, "channel": "#ops"})), false),
        (slack(json!({"bot": bot, "channel": id, "webhook": bot})), false),
        (slack(json!({"channel": id, "webhook": bot})), false),
        (json!({"routes": {}}), false),
        (json!({"routes": [{}]}), false),
        (json!({"routes": [{"to": "slack"}]}), false),
        (json!({"routes": [{"to": ["slack", "slack"]}]}), false),
        (matches(json!({"causes": ["oom"]})), false),
        (matches(json!({"severity": "fatal"})), false),
        (matches(json!({"service": "a.b"})), false),
    ] {
        let value = json!({"version": 1, "notifications": notifications});
        assert_eq!(validator.is_valid(&value), is_valid, "schema: {value}");
        assert_eq!(validate(&value.to_string()).0 == Some(0), is_valid, "command line: {value}");
    }
}
