//! `jobs[].success`: when a run has succeeded.

use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch;
use crate::config::file::fault::Check;

/// When a run has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Success {
    /// `all`: where none of its tasks failed.
    All,
    /// `at_least: N`: where so many succeeded.
    AtLeast(u64),
}

impl Success {
    pub(super) fn of(success: batch::Success) -> Self {
        match success {
            batch::Success::All => Self::All,
            batch::Success::AtLeast(tasks) => Self::AtLeast(tasks.into()),
        }
    }

    /// Of a run of so many tasks.
    pub(super) fn check(self, size: u32, success: &mut batch::Success, check: &mut Check<'_>) {
        *success = match self {
            Self::All => batch::Success::All,
            Self::AtLeast(tasks) => {
                let mut least = size;
                check.number(
                    "success.at_least",
                    Some(tasks),
                    1..=size,
                    "a run that needs no success cannot fail, and no run has more tasks than `count` or `array` says",
                    &mut least,
                );
                batch::Success::AtLeast(least)
            }
        };
    }
}

/// So many of its tasks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AtLeast {
    /// Where so many of its tasks succeeded, from 1 to `count` or `array`.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    at_least: u64,
}

impl Serialize for Success {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::All => serializer.serialize_str("all"),
            Self::AtLeast(at_least) => AtLeast { at_least }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Success {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AllOrAtLeast;
        impl<'de> Visitor<'de> for AllOrAtLeast {
            type Value = Success;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all`, or `at_least:` with a number of tasks below it")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Success, E> {
                if text == "all" {
                    return Ok(Success::All);
                }
                Err(E::custom("write `all`, or `at_least:` with a number of tasks below it"))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Success, A::Error> {
                AtLeast::deserialize(MapAccessDeserializer::new(map))
                    .map(|found| Success::AtLeast(found.at_least))
            }
        }
        deserializer.deserialize_any(AllOrAtLeast)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Success {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Success".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"oneOf": [
            {"const": "all", "description": "Where none of its tasks failed."},
            generator.subschema_for::<AtLeast>(),
        ]})
    }
}
