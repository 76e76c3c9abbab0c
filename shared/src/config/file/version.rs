//! `version`: in which form the file is written.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of the file's form that this version of Steward reads.
pub const VERSION: u64 = 1;

/// The version of the file's form: 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version;

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

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"const": VERSION})
    }
}
