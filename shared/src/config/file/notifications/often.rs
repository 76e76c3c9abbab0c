//! How often: what is told again, what flaps, and how many messages a channel gets.

use std::fmt;

use jiff::SignedDuration;
use serde::de::{self, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::file::fault::{Check, DAY, HOUR, MINUTE};
use crate::config::file::form::number;
use crate::config::{Allowance, Duration};

/// How often an incident that goes on is told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// `off`: never.
    Off,
    /// Once in so long.
    Every(Duration),
}

/// When a target flaps: so many incidents within so long.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Flapping {
    /// So many incidents. Default 3, from 2 to 20.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 20)))]
    pub count: Option<u64>,
    /// Within so long. Default `1h`, from `5m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// So many messages in any window of so long.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Messages {
    /// How many, from 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000)))]
    pub count: Option<u64>,
    /// In any window of this length, from `1m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

impl Repeat {
    pub(super) fn of(repeat: Option<SignedDuration>) -> Self {
        repeat.map_or(Self::Off, |every| Self::Every(Duration::new(every)))
    }

    pub(super) fn check(self, repeat: &mut Option<SignedDuration>, check: &mut Check<'_>) {
        *repeat = match self {
            Self::Off => None,
            Self::Every(every) => {
                let mut checked = every.get();
                check.duration(
                    "repeat",
                    Some(every),
                    15 * MINUTE..=7 * DAY,
                    "what is told more often nobody reads, and after a week it is forgotten; `off` tells it once",
                    &mut checked,
                );
                Some(checked)
            }
        };
    }
}

impl Flapping {
    pub(super) fn of(allowance: &Allowance) -> Self {
        Self { count: Some(allowance.count.into()), within: Some(Duration::new(allowance.within)) }
    }

    pub(super) fn check(&self, allowance: &mut Allowance, check: &mut Check<'_>) {
        check.number(
            "count",
            self.count,
            2..=20,
            "one incident does not flap, and twenty are a flood already",
            &mut allowance.count,
        );
        check.duration(
            "within",
            self.within,
            5 * MINUTE..=24 * HOUR,
            "in less no incident ends and opens again, and those of different days have little in common",
            &mut allowance.within,
        );
    }
}

impl Messages {
    pub(super) fn of(allowance: &Allowance) -> Self {
        Self { count: Some(allowance.count.into()), within: Some(Duration::new(allowance.within)) }
    }

    pub(super) fn check(&self, allowance: &mut Allowance, check: &mut Check<'_>) {
        check.number(
            "count",
            self.count,
            1..=1_000,
            "who is to get nothing stands in no route, and nobody reads more than a thousand messages",
            &mut allowance.count,
        );
        check.duration(
            "within",
            self.within,
            MINUTE..=24 * HOUR,
            "Steward looks once a minute, and a digest that comes after days is history",
            &mut allowance.within,
        );
    }
}

impl Serialize for Repeat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Every(every) => every.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Repeat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OffOrEvery;
        impl Visitor<'_> for OffOrEvery {
            type Value = Repeat;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `4h`, or `off`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Repeat, E> {
                if text == "off" {
                    return Ok(Repeat::Off);
                }
                Duration::deserialize(text.into_deserializer()).map(Repeat::Every)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Repeat, E> {
                Duration::deserialize(number.into_deserializer()).map(Repeat::Every)
            }
        }
        deserializer.deserialize_any(OffOrEvery)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Repeat {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Repeat".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"oneOf": [
            {"const": "off", "description": "An incident that goes on is not told again."},
            generator.subschema_for::<Duration>(),
        ]})
    }
}
