//! The file's form: what people may write, and within which bounds.
//!
//! Types that serde fills; [`File::check`] says what is wrong with the values, all of it at once, and makes the
//! [`Configuration`]. Whatever is left out has its default. The command line reads the file as YAML; Parameter Store
//! holds each of its sections as JSON. The domain knows neither lines nor columns: a fault names its field by path.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use jiff::SignedDuration;
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Configuration, Duration, Mode, Notifications, Policy, Size, Way};
use crate::arn::Arn;

/// The version of the file's form that this version of Steward reads.
pub const VERSION: u64 = 1;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// The longest name of an SSM parameter is 1,011 characters, with 900 left for its path in every Region.
const MAX_PARAMETER_NAME: usize = 900;
/// The most levels of an SSM parameter's name.
const MAX_PARAMETER_LEVELS: usize = 15;

/// Configuration of ECS Steward (`steward.yaml`).
///
/// Every key but `version` may be left out, and then has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "steward.yaml"))]
pub struct File {
    /// The version of this file's form.
    pub version: Version,
    /// How far Steward may go. This version only observes: it watches, tells, and changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// When incidents open and end.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub incidents: Option<Incidents>,
    /// How people are told.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub notifications: Option<Told>,
}

/// When incidents open and end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Incidents {
    /// An incident of a service or of standalone tasks without a new failure for so long is over, where ECS does not say
    /// so itself. Default `30m`, from `28m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Duration>,
    /// The same for a container instance. Default `7d`, from `1h` to `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_quiet: Option<Duration>,
    /// A container instance whose agent is away for so long has failed. Default `10m`, from `1m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_away: Option<Duration>,
    /// What is over is remembered for so long. Default `35d`, from `35d` to `400d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_closed: Option<Duration>,
}

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

/// The version of the file's form: 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version;

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

/// A value that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Fault {
    /// The field, such as `notifications.grouping`.
    pub path: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl File {
    /// A file that leaves everything out.
    pub fn empty() -> Self {
        Self { version: Version, mode: None, incidents: None, notifications: None }
    }

    /// Checks what the types leave open, and fills in the defaults.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of the file's form.
    pub fn check(&self) -> Result<Configuration, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut configuration = Configuration::default();
        let Configuration { policy, notifications } = &mut configuration;
        policy.defaults.mode = self.mode.unwrap_or_default();
        if let Some(incidents) = &self.incidents {
            incidents.check(policy, &mut faults);
        }
        if let Some(told) = &self.notifications {
            told.check(notifications, &mut faults);
        }
        if faults.is_empty() { Ok(configuration) } else { Err(faults) }
    }

    /// The file that says everything, defaults included: what is in force, key by key.
    pub fn of(configuration: &Configuration) -> Self {
        let Configuration { policy, notifications } = configuration;
        let duration = |duration| Some(Duration::new(duration));
        Self {
            version: Version,
            mode: Some(policy.defaults.mode),
            incidents: Some(Incidents {
                quiet: duration(policy.quiet),
                host_quiet: duration(policy.host_quiet),
                agent_away: duration(policy.agent_away),
                keep_closed: duration(policy.keep_closed),
            }),
            notifications: Some(Told {
                grouping: duration(notifications.grouping),
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
            }),
        }
    }
}

impl Incidents {
    fn check(&self, policy: &mut Policy, faults: &mut Vec<Fault>) {
        let mut take = |key: &str, value: Option<Duration>, bounds, why: &str, into: &mut SignedDuration| {
            within(&format!("incidents.{key}"), value, bounds, why, into, faults);
        };
        take(
            "quiet",
            self.quiet,
            28 * MINUTE..=DAY,
            "ECS waits up to 27 minutes between two launches of a failing task, and says within 6 hours when a service is \
             steady",
            &mut policy.quiet,
        );
        take(
            "host_quiet",
            self.host_quiet,
            HOUR..=30 * DAY,
            "ECS says itself when a container instance is well; this is for an event that was lost",
            &mut policy.host_quiet,
        );
        take(
            "agent_away",
            self.agent_away,
            MINUTE..=DAY,
            "Steward looks once a minute, and agents reconnect several times an hour",
            &mut policy.agent_away,
        );
        take(
            "keep_closed",
            self.keep_closed,
            35 * DAY..=400 * DAY,
            "events may come late or be replayed, and a month must be there to be looked back on",
            &mut policy.keep_closed,
        );
    }
}

impl Told {
    fn check(&self, notifications: &mut Notifications, faults: &mut Vec<Fault>) {
        within(
            "notifications.grouping",
            self.grouping,
            0..=15 * MINUTE,
            "SQS delays no message for longer",
            &mut notifications.grouping,
            faults,
        );
        if let Some(size) = self.evidence {
            if (100..=1_024).contains(&size.bytes()) {
                notifications.evidence = size;
            } else {
                let why = "less says nothing, and no more is kept of a text";
                faults.push(out_of_bounds("notifications.evidence", &size, "100B", "1KiB", why));
            }
        }
        match &self.slack {
            None => {}
            Some(Slack::Off) => notifications.slack = Way::Off,
            Some(Slack::Webhook(name)) => match parameter_name(name) {
                Ok(()) => notifications.slack = Way::To(name.clone()),
                Err(problem) => {
                    faults.push(Fault { path: "notifications.slack.webhook".to_owned(), problem });
                }
            },
        }
        match &self.topic {
            None => {}
            Some(Topic::Off) => notifications.topic = Way::Off,
            Some(Topic::Arn(arn)) => match topic_arn(arn) {
                Ok(()) => notifications.topic = Way::To(arn.clone()),
                Err(problem) => faults.push(Fault { path: "notifications.topic".to_owned(), problem }),
            },
        }
    }
}

fn within(
    path: &str,
    value: Option<Duration>,
    bounds: RangeInclusive<u64>,
    why: &str,
    into: &mut SignedDuration,
    faults: &mut Vec<Fault>,
) {
    let Some(value) = value else { return };
    if bounds.contains(&value.get().as_secs().unsigned_abs()) {
        *into = value.get();
        return;
    }
    let text = |seconds: &u64| Duration::new(SignedDuration::from_secs(seconds.cast_signed())).to_string();
    faults.push(out_of_bounds(path, &value, &text(bounds.start()), &text(bounds.end()), why));
}

fn out_of_bounds(path: &str, value: &impl fmt::Display, least: &str, most: &str, why: &str) -> Fault {
    let problem = format!("{value} is not between {least} and {most}: {why}");
    Fault { path: path.to_owned(), problem }
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

/// A section is a map, or left empty. serde by itself takes a list for a struct, too, value by value.
fn section<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Keys<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Keys<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("keys with their values below it")
        }

        fn visit_unit<E>(self) -> Result<Option<T>, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Keys(PhantomData))
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Version;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the number {VERSION}")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Version, E> {
                match number {
                    VERSION => Ok(Version),
                    newer if newer > VERSION => Err(E::custom(format!(
                        "version {newer} is newer than this version of Steward, which reads version {VERSION}: update it"
                    ))),
                    other => Err(E::custom(format!("there is no version {other}; write {VERSION}"))),
                }
            }
        }
        deserializer.deserialize_any(Number)
    }
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

    use super::{File, Slack, Topic, VERSION, Version, Webhook};

    /// The JSON Schema of the file, for editors.
    pub fn schema() -> Schema {
        schemars::schema_for!(File)
    }

    impl JsonSchema for Version {
        fn schema_name() -> Cow<'static, str> {
            "Version".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({"const": VERSION})
        }
    }

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

#[cfg(feature = "schema")]
pub use schema::schema;
