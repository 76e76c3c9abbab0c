//! What a person should do next, in one sentence or two that a tired person can act on.

mod en;
mod ja;

use std::fmt;

use super::Language;
use crate::diagnosis::Advice;
use crate::redact::{Redacted, redact};

impl Advice {
    /// The advice in a language. The sentence is redacted as a whole: names may make a secret only together.
    pub fn text(&self, language: Language) -> Redacted {
        redact(&match language {
            Language::En => en::text(&self.0),
            Language::Ja => ja::text(&self.0),
        })
    }
}

/// In English.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text(Language::En).fmt(f)
    }
}

#[cfg(test)]
mod tests;
