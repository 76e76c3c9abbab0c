//! What Steward says to people, in their language: all wording of alerts in one place.
//!
//! The domain decides by types; here they become sentences. English is also what logs, the ledger and the command line
//! say. Whatever AWS, an image or a person wrote is quoted as it is, in any language.

mod advice;
pub mod alerts;
pub mod causes;
pub mod deeds;
pub mod hooks;
pub mod jobs;
pub mod remedies;
pub mod scaling;
pub mod steps;

use std::fmt;

use jiff::Timestamp;
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

/// A time as people read it: `20 Nov 21:04 UTC`, `11/20 21:04 UTC`.
pub fn moment(at: Timestamp, language: Language) -> String {
    let form = match language {
        Language::En => "%-d %b %H:%M UTC",
        Language::Ja => "%-m/%-d %H:%M UTC",
    };
    at.strftime(form).to_string()
}

/// A text with a full stop, unless it ends already.
pub fn full_stop(mut text: String, language: Language) -> String {
    let stop = match language {
        Language::En => '.',
        Language::Ja => '。',
    };
    if !text.ends_with(['.', '…', '!', '?', '。', '！', '？']) {
        text.push(stop);
    }
    text
}

/// One sentence after the other: a Japanese full stop needs no space behind it.
pub fn in_turn(first: &str, second: &str, language: Language) -> String {
    let is_spaced = language == Language::En || !first.ends_with('。');
    let between = if is_spaced && !second.is_empty() { " " } else { "" };
    format!("{first}{between}{second}")
}
