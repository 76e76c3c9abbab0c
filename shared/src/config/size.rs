//! Sizes as people write them: `300B`, `2KiB`.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Binary units only: `KB` means one thing to some and another to others.
const UNITS: [(&str, u64); 3] = [("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

/// Why a text is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// `300`.
    #[error("`{0}` has no unit; write `{0}B`, `{0}KiB` or `{0}MiB`")]
    NoUnit(u64),
    /// `2KB`, `1.5KiB`.
    #[error("`{0}` is no size; write a whole number with the unit B, KiB or MiB, such as `2KiB`")]
    Malformed(String),
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let malformed = || SizeError::Malformed(text.to_owned());
        let trimmed = text.trim();
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = trimmed.split_at_checked(digits).ok_or_else(malformed)?;
        let number: u64 = number.parse().map_err(|_| malformed())?;
        let unit = unit.trim_start();
        if unit.is_empty() {
            return Err(SizeError::NoUnit(number));
        }
        let (_, size) = UNITS.iter().find(|(known, _)| *known == unit).ok_or_else(malformed)?;
        number.checked_mul(*size).map(Self).ok_or_else(malformed)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size));
        let (unit, size) = whole.copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as `300B` or `2KiB`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Size, E> {
                Err(E::custom(SizeError::NoUnit(number)))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A number of bytes, such as `300B` or `2KiB`.",
            "pattern": r"^\s*[0-9]+\s*(B|KiB|MiB)\s*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [("300B", 300), ("2KiB", 2_048), ("512 MiB", 536_870_912), (" 0B", 0)] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_what_to_write() {
        let malformed = |text: &str| {
            format!("`{text}` is no size; write a whole number with the unit B, KiB or MiB, such as `2KiB`")
        };
        for text in
            ["", "KiB", "2KB", "2kib", "1.5KiB", "-1B", "99999999999999999999B", "18446744073709551615KiB"]
        {
            assert_eq!(text.parse::<Size>().unwrap_err().to_string(), malformed(text));
        }
        assert_eq!(
            "2048".parse::<Size>().unwrap_err().to_string(),
            "`2048` has no unit; write `2048B`, `2048KiB` or `2048MiB`"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(bytes: u64) {
            prop_assert_eq!(Size(bytes).to_string().parse(), Ok(Size(bytes)));
        }
    }
}
