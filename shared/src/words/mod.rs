//! What Steward says to people, in their language: all wording of alerts in one place.
//!
//! The domain decides by types; here they become sentences. English is also what logs, the ledger and the command line
//! say. Whatever AWS, an image or a person wrote is quoted as it is, in any language.

mod advice;
pub mod alerts;
pub mod causes;
pub mod steps;

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language that alerts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// The language by its ISO 639-1 code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
