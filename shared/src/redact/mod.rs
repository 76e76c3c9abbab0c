//! What leaves the process leaves without secrets.
//!
//! Stop reasons and log lines are written by images, registries and callers of `StopTask`, and people paste anything
//! into them. [`Redacted`] is the only text that alerts, the ledger, logs and the command line take, and redaction is the
//! only way to make one. It hides AWS keys, tokens of well-known makers, webhook URLs, JWTs, private keys,
//! `password=`-like pairs, authorization headers and passwords in URLs and connection strings; it strips control
//! characters and bounds the length. It keeps ARNs, account ids and image names: without them no advice can be followed.
//!
//! A pass finds the places where a secret may begin, and a bounded look at each place decides; passes are repeated, a few
//! times at most, until nothing changes. So the cost is linear in the text, and hiding twice hides no more than once.

mod detect;
mod names;

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize};

/// What stands where a secret stood.
const MARK: &str = "[redacted]";
/// Longer texts are cut: no reason of ECS is longer than 1,024 characters, no log line of use much longer.
const MAX_CHARS: usize = 4_096;
/// So much of what others say is kept beside a reason: alerts show less.
const MAX_QUOTE: usize = 500;
/// How much of a text is looked at at all: a secret may not hide behind it, for the rest is dropped.
const MAX_BYTES: usize = 64 * 1024;
/// Two are usual where there is a secret, one where there is none; the bound keeps the cost linear.
const MAX_PASSES: usize = 8;

/// Text without secrets and control characters, at most 4,096 characters long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl Redacted {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first `max` characters, with an ellipsis where something was cut.
    pub fn shortened(&self, max: usize) -> String {
        shorten(&self.0, max)
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Redacted {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Redacted {
    /// What is read back is redacted again: an older version may have known less.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| redact(&text))
    }
}

/// Hides the secrets of a text.
pub fn redact(text: &str) -> Redacted {
    let mut shown = without_controls(head(text, MAX_BYTES));
    // What is hidden may make the name of a pair out of what stands before it: look again, until nothing changes.
    for _ in 0..MAX_PASSES {
        let secrets = detect::secrets(&shown);
        if secrets.is_empty() {
            break;
        }
        let hidden = hide(&shown, secrets);
        if hidden == shown {
            break;
        }
        shown = hidden;
    }
    // No text has more characters than bytes.
    Redacted(if shown.len() <= MAX_CHARS { shown } else { shorten(&shown, MAX_CHARS) })
}

/// Hides the secrets of words that a stored reason quotes, and keeps at most 500 characters of them.
pub fn quoted(text: &str) -> Redacted {
    Redacted(redact(text).shortened(MAX_QUOTE))
}

/// By what a setting looks like a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// Its name says so, and its value does not say otherwise.
    Name,
    /// Its value is written like a token, a key, or an address with a password.
    Value,
}

/// Whether a setting, such as a variable of a container's environment, looks like a secret, and by what. The value is looked
/// at and not kept.
pub fn sign_of_secret(name: &str, value: &str) -> Option<Sign> {
    if !detect::secrets(head(value, MAX_BYTES)).is_empty() {
        return Some(Sign::Value);
    }
    names::holds_a_secret(name, value).then_some(Sign::Name)
}

/// A text with the mark in the place of its secrets.
fn hide(text: &str, secrets: Vec<Range<usize>>) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for secret in secrets {
        let Range { start, end } = secret;
        shown.push_str(text.get(from..start).unwrap_or_default());
        shown.push_str(MARK);
        from = end;
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

/// At most `max` bytes of `text`, cut between characters.
fn head(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = (0..=max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Line breaks and tabs become spaces; other control characters, and those that turn the direction of writing, go.
fn without_controls(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.trim().to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => {
                if !clean.ends_with(' ') {
                    clean.push(' ');
                }
            }
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => {}
            control if control.is_control() => {}
            other => clean.push(other),
        }
    }
    // Behind what was taken out at either end there may be blanks.
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests;
