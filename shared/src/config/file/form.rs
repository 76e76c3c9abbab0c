//! The forms that values have: keys, words, whole numbers. serde by itself takes more than the schema says, such as a list
//! for a struct, and its words are not for people.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::{Mode, OnStuck};
use crate::diagnosis::Cause;
use crate::incident::Severity;
use crate::words::Language;

/// Keys with their values, or nothing.
pub(super) fn section<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Keys<T>>::deserialize(deserializer)?.map(|Keys(section)| section))
}

/// A list of such, or nothing.
pub(super) fn sections<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list = Option::<Vec<Keys<T>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|Keys(section)| section).collect()))
}

/// Such by name, or nothing.
pub(super) fn named<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, T>>, D::Error> {
    let by_name = Option::<Keys<BTreeMap<String, Keys<T>>>>::deserialize(deserializer)?;
    Ok(by_name
        .map(|Keys(by_name)| by_name.into_iter().map(|(name, Keys(section))| (name, section)).collect()))
}

/// One of a few words, or nothing.
pub(super) fn word<'de, D: Deserializer<'de>, T: Deserialize<'de> + Words>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Word<T>>::deserialize(deserializer)?.map(|Word(word)| word))
}

/// One of a few words.
pub(super) fn the_word<'de, D: Deserializer<'de>, T: Deserialize<'de> + Words>(
    deserializer: D,
) -> Result<T, D::Error> {
    Word::<T>::deserialize(deserializer).map(|Word(word)| word)
}

/// A list of such, or nothing.
pub(super) fn words<'de, D: Deserializer<'de>, T: Deserialize<'de> + Words>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list = Option::<Vec<Word<T>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|Word(word)| word).collect()))
}

/// A whole number that is not negative, or nothing.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|Whole(number)| number))
}

/// What is written as one of a few words.
pub(super) trait Words {
    /// Those words, for people.
    const EXPECTED: &'static str;
}

impl Words for Mode {
    const EXPECTED: &'static str = "`observe`, `propose` or `act`";
}

impl Words for OnStuck {
    const EXPECTED: &'static str = "`escalate` or `roll_back`";
}

impl Words for Language {
    const EXPECTED: &'static str = "`en` or `ja`";
}

impl Words for Severity {
    const EXPECTED: &'static str = "`info`, `warning` or `critical`";
}

impl Words for Cause {
    const EXPECTED: &'static str = "a cause such as `out_of_memory`; docs/causes.md has all of them";
}

/// Whether something is wanted: a word, for some readers of YAML take `on` for a truth value and others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OnOff {
    /// Wanted.
    On,
    /// Not wanted.
    Off,
}

impl OnOff {
    /// For a truth value.
    pub fn of(is_on: bool) -> Self {
        if is_on { Self::On } else { Self::Off }
    }

    /// As a truth value.
    pub fn is_on(self) -> bool {
        self == Self::On
    }
}

impl Words for OnOff {
    const EXPECTED: &'static str = "`on` or `off`";
}

struct Keys<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Keys<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Map<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("keys with their values below it")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_any(Map(PhantomData)).map(Self)
    }
}

struct Word<T>(T);

impl<'de, T: Deserialize<'de> + Words> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Words> Visitor<'de> for Text<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
                T::deserialize(text.into_deserializer())
            }
        }
        deserializer.deserialize_any(Text(PhantomData)).map(Self)
    }
}

struct Whole(u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = u64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_u64<E>(self, number: u64) -> Result<u64, E> {
                Ok(number)
            }
        }
        deserializer.deserialize_any(Number).map(Self)
    }
}
