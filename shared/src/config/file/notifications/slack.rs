//! `notifications.slack`, and the Slack of a channel.

use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::file::fault::Check;
use crate::config::{Place, Way};

/// The longest name of an SSM parameter is 1,011 characters, with 900 left for its path in every Region.
const MAX_PARAMETER_NAME: usize = 900;
/// The most levels of an SSM parameter's name.
const MAX_PARAMETER_LEVELS: usize = 15;
/// How Slack's tokens begin: <https://docs.slack.dev/authentication/tokens>.
const TOKENS: [&str; 2] = ["xox", "xapp-"];

/// Whether and where Slack is told as the stack was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slack {
    /// `off`.
    Off,
    /// `webhook: NAME`, the name of an SSM parameter.
    Webhook(String),
}

/// Slack as a place of a channel: by a bot, whose messages are edited and have threads, or by an incoming webhook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend(
        "oneOf" = [{"required": ["bot"]}, {"required": ["webhook"]}],
        "dependentRequired" = {"bot": ["channel"], "channel": ["bot"]},
    ))
)]
pub struct ChannelSlack {
    /// The name of an SSM parameter (`SecureString`) that holds the bot's token, such as `/steward/secrets/slack-bot`. The
    /// token itself is a secret and does not belong here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = r"^(/[A-Za-z0-9._-]+)+$")))]
    pub bot: Option<String>,
    /// With `bot`: the id of the Slack channel, such as `C0123456789`, from the end of the channel's details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = r"^[CGD][A-Z0-9]{8,}$")))]
    pub channel: Option<String>,
    /// The name of an SSM parameter (`SecureString`) that holds the address of an incoming webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = r"^(/[A-Za-z0-9._-]+)+$")))]
    pub webhook: Option<String>,
}

impl Slack {
    pub(super) fn of(way: &Way) -> Option<Self> {
        match way {
            Way::AsDeployed => None,
            Way::Off => Some(Self::Off),
            Way::To(name) => Some(Self::Webhook(name.clone())),
        }
    }

    pub(super) fn check(&self, way: &mut Way, check: &mut Check<'_>) {
        match self {
            Self::Off => *way = Way::Off,
            Self::Webhook(name) => match parameter_name(name) {
                Ok(()) => *way = Way::To(name.clone()),
                Err(problem) => check.fault("slack.webhook", problem),
            },
        }
    }
}

impl ChannelSlack {
    pub(super) fn of_bot(token: &str, channel: &str) -> Self {
        Self { bot: Some(token.to_owned()), channel: Some(channel.to_owned()), webhook: None }
    }

    pub(super) fn of_webhook(webhook: &str) -> Self {
        Self { webhook: Some(webhook.to_owned()), ..Self::default() }
    }

    /// The place, where it is one.
    pub(super) fn check(&self, check: &mut Check<'_>) -> Option<Place> {
        for (key, name) in [("bot", &self.bot), ("webhook", &self.webhook)] {
            if let Some(Err(problem)) = name.as_deref().map(parameter_name) {
                check.fault(key, problem);
            }
        }
        if let Some(Err(problem)) = self.channel.as_deref().map(channel_id) {
            check.fault("channel", problem);
        }
        match (&self.bot, &self.channel, &self.webhook) {
            (Some(token), Some(channel), None) => {
                return Some(Place::SlackBot { token: token.clone(), channel: channel.clone() });
            }
            (None, None, Some(webhook)) => return Some(Place::SlackWebhook { webhook: webhook.clone() }),
            (Some(_), None, None) => {
                check.whole("`channel` is missing: a bot must be told where, by an id such as C0123456789");
            }
            (None, Some(_), None) => {
                check.whole("`bot` is missing: the name of an SSM parameter that holds its token");
            }
            (None, None, None) => {
                check.whole("leads nowhere: write `bot` and `channel`, or `webhook`, below it");
            }
            (Some(_), _, Some(_)) => {
                check.whole("has `bot` and `webhook`: keep one, and make a channel of the other");
            }
            (None, Some(_), Some(_)) => check.whole(
                "has `channel` beside `webhook`: a webhook leads to the one channel that it was made for; leave `channel` out",
            ),
        }
        None
    }
}

/// The keys of a channel's `slack`, or nothing.
pub(super) fn channel_slack<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ChannelSlack>, D::Error> {
    struct BotOrWebhook;
    impl<'de> Visitor<'de> for BotOrWebhook {
        type Value = Option<ChannelSlack>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("`bot:` and `channel:`, or `webhook:`, below it")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        // The text is not repeated: it may be a webhook's address or a token.
        fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(E::custom("write `bot:` and `channel:`, or `webhook:`, below it"))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            ChannelSlack::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(BotOrWebhook)
}

/// The value is not repeated: it may be a secret in the wrong place.
fn channel_id(id: &str) -> Result<(), String> {
    let copy = "copy the id, such as C0123456789, from the end of the channel's details in Slack";
    if id.starts_with('#') {
        return Err(format!("the name of a channel, which may change: {copy}"));
    }
    let has_form = id.strip_prefix(['C', 'G', 'D']).is_some_and(|rest| {
        rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    });
    if has_form { Ok(()) } else { Err(format!("not the id of a Slack channel: {copy}")) }
}

/// The value is not repeated where it may be the secret itself.
fn parameter_name(name: &str) -> Result<(), String> {
    let begins = name.trim_start().to_ascii_lowercase();
    let secret = if name.contains("://") {
        Some("the webhook's address")
    } else {
        TOKENS.iter().any(|token| begins.starts_with(token)).then_some("the bot's token")
    };
    if let Some(secret) = secret {
        return Err(format!(
            "{secret} is a secret and does not belong here: put it into an SSM parameter of type SecureString, and write \
             that parameter's name, such as /steward/secrets/slack"
        ));
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

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Slack {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Slack".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"oneOf": [
            {"const": "off", "description": "Slack is not told, whatever the stack was deployed with."},
            generator.subschema_for::<Webhook>(),
        ]})
    }
}
