//! What may be `off`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::Duration;

/// A value, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrOff<T> {
    /// `off`.
    Off,
    /// This one.
    Is(T),
}

impl<T> OrOff<T> {
    pub(super) fn of(value: Option<impl Into<T>>) -> Self {
        value.map_or(Self::Off, |value| Self::Is(value.into()))
    }
}

impl<T: Copy> OrOff<T> {
    pub(super) fn is(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::Is(value) => Some(value),
        }
    }
}

/// What the command line and the schema say of a value that may be `off`.
trait Switched: Sized {
    const EXPECTED: &'static str;
    fn of_text<E: de::Error>(text: &str) -> Result<Self, E>;
    fn of_number<E: de::Error>(number: u64) -> Result<Self, E>;
}

impl Switched for Duration {
    const EXPECTED: &'static str = "a duration such as `2h`, or `off`";

    fn of_text<E: de::Error>(text: &str) -> Result<Self, E> {
        text.parse().map_err(E::custom)
    }

    fn of_number<E: de::Error>(number: u64) -> Result<Self, E> {
        Self::deserialize(number.into_deserializer())
    }
}

impl Switched for u64 {
    const EXPECTED: &'static str = "a whole number, or `off`";

    fn of_text<E: de::Error>(text: &str) -> Result<Self, E> {
        Err(E::invalid_type(Unexpected::Str(text), &Self::EXPECTED))
    }

    fn of_number<E: de::Error>(number: u64) -> Result<Self, E> {
        Ok(number)
    }
}

impl<T: Serialize> Serialize for OrOff<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Is(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Switched> Deserialize<'de> for OrOff<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueOrOff<T>(PhantomData<T>);
        impl<T: Switched> Visitor<'_> for ValueOrOff<T> {
            type Value = OrOff<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OrOff<T>, E> {
                if text == "off" { Ok(OrOff::Off) } else { T::of_text(text).map(OrOff::Is) }
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<OrOff<T>, E> {
                T::of_number(number).map(OrOff::Is)
            }
        }
        deserializer.deserialize_any(ValueOrOff(PhantomData))
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for OrOff<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}OrOff", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"oneOf": [{"const": "off"}, generator.subschema_for::<T>()]})
    }
}
