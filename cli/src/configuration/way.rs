//! Ways to people that the stack does not know, and so does not allow.

use std::collections::BTreeSet;
use std::io::{self, Write};

use steward::config::{Configuration, Notifications, Place, Way};

use crate::terminal::YELLOW;

/// Something that the notifications function must be allowed to use.
struct Needed<'n> {
    /// The field that names it.
    key: String,
    action: &'static str,
    /// The parameter's name, or the topic's ARN.
    place: &'n str,
}

const SECRET: &str = "ssm:GetParameters";
const TOPIC: &str = "sns:Publish";

/// Says what the notifications function's role must allow where a change names another parameter or topic. Which ones the
/// stack was deployed with is not known here, so it is said of each that comes in.
pub(crate) fn write_permissions(
    out: &mut impl Write,
    before: &Configuration,
    after: &Configuration,
) -> io::Result<()> {
    let mut known: BTreeSet<&str> =
        needed(&before.notifications).into_iter().map(|needed| needed.place).collect();
    for Needed { key, action, place } in needed(&after.notifications) {
        if known.insert(place) {
            let parameter = if action == SECRET { "SlackSecretParameters" } else { "AlertTopicArns" };
            writeln!(
                out,
                "  {YELLOW}{key}{YELLOW:#}: the notifications function's role must allow {action} on {place}, and nobody is told that \
                 way until it does: name it in the stack's parameter {parameter}"
            )?;
        }
    }
    Ok(())
}

/// What is wrong with a secret that lies below the configuration's path.
pub(crate) fn misplaced_secret(path: &str, configuration: &Configuration) -> Option<String> {
    let is_below = |name: &str| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let mut secrets =
        needed(&configuration.notifications).into_iter().filter(|needed| needed.action == SECRET);
    secrets.find(|secret| is_below(secret.place)).map(|Needed { key, place, .. }| {
        format!(
            "{key}: {place} lies below {path}, which all may read who may read the configuration: keep secrets elsewhere, \
             such as at /steward/secrets/slack"
        )
    })
}

fn needed(notifications: &Notifications) -> Vec<Needed<'_>> {
    let mut needed = Vec::new();
    if let Way::To(place) = &notifications.slack {
        needed.push(Needed { key: "notifications.slack.webhook".to_owned(), action: SECRET, place });
    }
    if let Way::To(place) = &notifications.topic {
        needed.push(Needed { key: "notifications.topic".to_owned(), action: TOPIC, place });
    }
    for (name, channel) in &notifications.channels {
        let (key, action, place) = match &channel.place {
            Place::SlackBot { token, .. } => ("slack.bot", SECRET, token),
            Place::SlackWebhook { webhook } => ("slack.webhook", SECRET, webhook),
            Place::Topic { arn } => ("topic", TOPIC, arn),
            Place::AmazonQ { arn } => ("amazon_q", TOPIC, arn),
        };
        let key = format!("notifications.channels.{name}.{key}");
        needed.push(Needed { key, action, place });
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::read;

    const BOT: &str = "slack: {bot: /s/bot, channel: C0123456789}";

    fn configuration(channels: &str) -> Configuration {
        read(&format!("version: 1\nnotifications: {{channels: {{{channels}}}}}\n"))
            .ok()
            .unwrap()
            .configuration
    }

    #[test]
    fn what_the_role_must_allow_is_said_once_of_each_place_that_comes_in() {
        let arn = "arn:aws:sns:eu-central-1:123456789012:alerts";
        let said = |before: &str, after: &str| -> Vec<String> {
            let mut out = Vec::new();
            write_permissions(&mut out, &configuration(before), &configuration(after)).unwrap();
            let shown = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
            shown
                .lines()
                .map(|line| line.split(", and nobody").next().unwrap_or_default().to_owned())
                .collect()
        };
        let one = format!("ops: {{{BOT}}}");
        let two = format!("{one}, dev: {{{BOT}, language: ja}}");
        let all = format!(
            "{two}, hook: {{slack: {{webhook: /s/hook}}}}, mail: {{topic: '{arn}'}}, q: {{amazon_q: '{arn}-q'}}"
        );
        let line = |key: &str, action: &str, place: &str| {
            format!(
                "  notifications.channels.{key}: the notifications function's role must allow {action} on {place}"
            )
        };
        let bot = line("dev.slack.bot", SECRET, "/s/bot");
        let others = [
            line("hook.slack.webhook", SECRET, "/s/hook"),
            line("mail.topic", TOPIC, arn),
            line("q.amazon_q", TOPIC, &format!("{arn}-q")),
        ];
        assert_eq!(said("", &two), [bot]);
        assert_eq!(said(&one, &two), Vec::<String>::new());
        assert_eq!(said(&one, &all), others);
        assert_eq!(said(&all, ""), Vec::<String>::new());
    }

    #[test]
    fn no_secret_lies_below_the_configuration() {
        for (path, key) in [
            ("/s", Some("notifications.channels.ops.slack.bot: /s/bot lies below /s,")),
            ("/s/bo", None),
            ("/steward/prod/configuration", None),
        ] {
            let told = misplaced_secret(path, &configuration(&format!("ops: {{{BOT}}}")));
            match key {
                Some(key) => assert!(told.is_some_and(|told| told.starts_with(key)), "{path}"),
                None => assert_eq!(told, None, "{path}"),
            }
        }
    }
}
