//! `notifications`: how people are told.

use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fault::{Check, MINUTE};
use crate::arn::Arn;
use crate::config::{Duration, Notifications, Size, Way};

/// The longest name of an SSM parameter is 1,011 characters, with 900 left for its path in every Region.
const MAX_PARAMETER_NAME: usize = 900;
/// The most levels of an SSM parameter's name.
const MAX_PARAMETER_LEVELS: usize = 15;

/// How people are told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Notifications")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Told {
    /// How long news gather before the first message about them. Default `15s`, from `0s` to `15m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Duration>,
    /// The most that an alert shows of one quoted text. Default `300B`, from `100B` to `1KiB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Size>,
    /// Slack. By default as the stack was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<Slack>,
    /// The SNS topic, or `off`. By default as the stack was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
}

/// Whether and where Slack is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slack {
    /// `off`.
    Off,
    /// `webhook: NAME`, the name of an SSM parameter.
    Webhook(String),
}

/// Whether and where SNS is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// `off`.
    Off,
    /// A topic's ARN.
    Arn(String),
}

impl Told {
    pub(super) fn of(notifications: &Notifications) -> Self {
        Self {
            grouping: Some(Duration::new(notifications.grouping)),
            evidence: Some(notifications.evidence),
            slack: match &notifications.slack {
                Way::AsDeployed => None,
                Way::Off => Some(Slack::Off),
                Way::To(name) => Some(Slack::Webhook(name.clone())),
            },
            topic: match &notifications.topic {
                Way::AsDeployed => None,
                Way::Off => Some(Topic::Off),
                Way::To(arn) => Some(Topic::Arn(arn.clone())),
            },
        }
    }

    pub(super) fn check(&self, notifications: &mut Notifications, mut check: Check<'_>) {
        check.duration(
            "grouping",
            self.grouping,
            0..=15 * MINUTE,
            "SQS delays no message for longer",
            &mut notifications.grouping,
        );
        if let Some(size) = self.evidence {
            if (100..=1_024).contains(&size.bytes()) {
                notifications.evidence = size;
            } else {
                let why = "less says nothing, and no more is kept of a text";
                check.out_of_bounds("evidence", &size, &"100B", &"1KiB", why);
            }
        }
        match &self.slack {
            None => {}
            Some(Slack::Off) => notifications.slack = Way::Off,
            Some(Slack::Webhook(name)) => match parameter_name(name) {
                Ok(()) => notifications.slack = Way::To(name.clone()),
                Err(problem) => check.fault("slack.webhook", problem),
            },
        }
        match &self.topic {
            None => {}
            Some(Topic::Off) => notifications.topic = Way::Off,
            Some(Topic::Arn(arn)) => match topic_arn(arn) {
                Ok(()) => notifications.topic = Way::To(arn.clone()),
                Err(problem) => check.fault("topic", problem),
            },
        }
    }
}

/// The value is not repeated where it may be the secret itself.
fn parameter_name(name: &str) -> Result<(), String> {
    if name.contains("://") {
        return Err("the webhook's address is a secret and does not belong here: put it into an SSM parameter of type \
                    SecureString, and write that parameter's name, such as /steward/secrets/slack"
            .to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let levels: Vec<&str> = name.split('/').skip(1).collect();
    if !name.starts_with('/') || levels.iter().any(|level| level.is_empty()) || !name.chars().all(allowed) {
        return Err("not the full name of an SSM parameter, such as /steward/secrets/slack: it begins with a slash, and \
                    has letters, digits and . _ - between slashes"
            .to_owned());
    }
    if name.len() > MAX_PARAMETER_NAME || levels.len() > MAX_PARAMETER_LEVELS {
        return Err(format!(
            "too long for the name of an SSM parameter: at most {MAX_PARAMETER_NAME} characters and \
             {MAX_PARAMETER_LEVELS} levels"
        ));
    }
    let first = levels.first().map(|level| level.to_ascii_lowercase()).unwrap_or_default();
    if first.starts_with("aws") || first.starts_with("ssm") {
        return Err("SSM keeps names that begin with `aws` or `ssm` for itself".to_owned());
    }
    Ok(())
}

fn topic_arn(text: &str) -> Result<(), String> {
    let example = "such as arn:aws:sns:eu-central-1:123456789012:alerts";
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "sns") else {
        return Err(format!("not the ARN of an SNS topic, {example}, nor `off`"));
    };
    if arn.resource.contains(':') {
        return Err(format!("the ARN of a subscription; the topic's own ARN ends with its name, {example}"));
    }
    let is_account = arn.account.len() == 12 && arn.account.bytes().all(|b| b.is_ascii_digit());
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !is_account || arn.region.is_empty() || !arn.resource.chars().all(allowed) {
        return Err(format!("not the ARN of an SNS topic, {example}, nor `off`"));
    }
    if arn.resource.strip_suffix(".fifo").is_some() {
        return Err("a FIFO topic: it reaches no people, only queues; name a standard topic".to_owned());
    }
    Ok(())
}

impl Serialize for Slack {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Webhook(webhook) => Webhook { webhook: webhook.clone() }.serialize(serializer),
        }
    }
}

/// Slack by an incoming webhook.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Webhook {
    /// The name of an SSM parameter (`SecureString`) that holds the webhook's address, such as `/steward/secrets/slack`.
    /// The address itself is a secret and does not belong here.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^(/[A-Za-z0-9._-]+)+$")))]
    webhook: String,
}

impl<'de> Deserialize<'de> for Slack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OffOrWebhook;
        impl<'de> Visitor<'de> for OffOrWebhook {
            type Value = Slack;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`off`, or `webhook:` with the name of an SSM parameter")
            }

            // The text is not repeated: it may be the webhook's address.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Slack, E> {
                if text == "off" {
                    return Ok(Slack::Off);
                }
                Err(E::custom("write `off`, or `webhook:` with the name of an SSM parameter below it"))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Slack, A::Error> {
                Webhook::deserialize(MapAccessDeserializer::new(map))
                    .map(|found| Slack::Webhook(found.webhook))
            }
        }
        deserializer.deserialize_any(OffOrWebhook)
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Arn(arn) => serializer.serialize_str(arn),
        }
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text == "off" { Self::Off } else { Self::Arn(text) })
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Slack, Topic, Webhook};

    impl JsonSchema for Slack {
        fn schema_name() -> Cow<'static, str> {
            "Slack".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            json_schema!({"oneOf": [
                {"const": "off", "description": "Slack is not told, whatever the stack was deployed with."},
                generator.subschema_for::<Webhook>(),
            ]})
        }
    }

    impl JsonSchema for Topic {
        fn schema_name() -> Cow<'static, str> {
            "Topic".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"oneOf": [
                {"const": "off", "description": "No topic is told, whatever the stack was deployed with."},
                {
                    "type": "string",
                    "pattern": "^arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$",
                    "description": "The ARN of a standard topic.",
                },
            ]})
        }
    }
}
