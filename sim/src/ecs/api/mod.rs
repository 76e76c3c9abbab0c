//! Requests and answers of ECS, as its JSON has them.
//!
//! They are the API reference of version 2014-11-13 (botocore 1.44.5), cut down to what the model knows. Members carry
//! their names there, and mean what the reference says.
//!
//! # Invariants
//!
//! * A request has the members that the model honours, no more. Any other member is refused by name: ECS would do something
//!   with it, and the model must not pretend to.
//! * A list in a request is optional where ECS tells "leave it" from "empty it".
//! * An answer holds `None` for a member that ECS leaves out: [`without_nulls`] takes it away.
#![allow(
    missing_docs,
    reason = "members mean what ECS's API reference says of them, and would only repeat their names"
)]

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

pub mod cluster;
pub mod configuration;
pub mod container_definition;
pub mod container_instance;
pub mod deployment;
pub mod service;
pub mod tag;
pub mod task;
pub mod task_definition;
pub mod values;

pub use cluster::*;
pub use configuration::*;
pub use container_definition::*;
pub use container_instance::*;
pub use deployment::*;
pub use service::*;
pub use tag::*;
pub use task::*;
pub use task_definition::*;
pub use values::*;

/// A time as JSON 1.1 has it: a number of seconds since 1970, to the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct EpochSeconds(pub Timestamp);

impl From<Timestamp> for EpochSeconds {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl Serialize for EpochSeconds {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds of the next 200,000 years fit")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_millisecond() as f64 / 1000.0)
    }
}

impl<'de> Deserialize<'de> for EpochSeconds {
    #[allow(clippy::cast_possible_truncation, reason = "times that jiff does not know are refused")]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Timestamp::from_millisecond((seconds * 1000.0).round() as i64).map(Self).map_err(de::Error::custom)
    }
}

/// A value without the members that are null, at any depth: JSON 1.1 takes null for a member left out.
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_nulls(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
