//! SNS topics: `notifications.topic`, and those of channels.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::arn::Arn;
use crate::config::Way;
use crate::config::file::fault::Check;

/// The ARN of a standard topic.
#[cfg(feature = "schema")]
pub(super) const PATTERN: &str = "^arn:[a-z0-9-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$";

/// Whether and where SNS is told as the stack was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// `off`.
    Off,
    /// A topic's ARN.
    Arn(String),
}

impl Topic {
    pub(super) fn of(way: &Way) -> Option<Self> {
        match way {
            Way::AsDeployed => None,
            Way::Off => Some(Self::Off),
            Way::To(arn) => Some(Self::Arn(arn.clone())),
        }
    }

    pub(super) fn check(&self, way: &mut Way, check: &mut Check<'_>) {
        match self {
            Self::Off => *way = Way::Off,
            Self::Arn(arn) => match topic_arn(arn, ", nor `off`") {
                Ok(()) => *way = Way::To(arn.clone()),
                Err(problem) => check.fault("topic", problem),
            },
        }
    }
}

/// Whether it is one. `else_` says what else could stand there.
pub(super) fn topic_arn(text: &str, else_: &str) -> Result<(), String> {
    let example = "such as arn:aws:sns:eu-central-1:123456789012:alerts";
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "sns") else {
        return Err(format!("not the ARN of an SNS topic, {example}{else_}"));
    };
    if arn.resource.contains(':') {
        return Err(format!("the ARN of a subscription; the topic's own ARN ends with its name, {example}"));
    }
    let is_account = arn.account.len() == 12 && arn.account.bytes().all(|b| b.is_ascii_digit());
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !is_account || arn.region.is_empty() || !arn.resource.chars().all(allowed) {
        return Err(format!("not the ARN of an SNS topic, {example}{else_}"));
    }
    if arn.resource.strip_suffix(".fifo").is_some() {
        return Err("a FIFO topic: it reaches no people, only queues; name a standard topic".to_owned());
    }
    Ok(())
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
impl schemars::JsonSchema for Topic {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Topic".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"oneOf": [
            {"const": "off", "description": "No topic is told, whatever the stack was deployed with."},
            {"type": "string", "pattern": PATTERN, "description": "The ARN of a standard topic."},
        ]})
    }
}
