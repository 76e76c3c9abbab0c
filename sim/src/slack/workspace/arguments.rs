//! What a method is called with, and how Slack says no.

use serde_json::{Map, Value, json};

/// The decoded arguments of a call. A null is none; flags and numbers may be texts, as forms send them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arguments<'call>(pub(super) &'call Value);

impl<'call> Arguments<'call> {
    pub(super) fn get(self, name: &str) -> Option<&'call Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, name: &str) -> Option<&'call str> {
        self.get(name)?.as_str()
    }

    pub(super) fn flag(self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            _ => false,
        }
    }

    /// A whole number; `Err` for what is none.
    pub(super) fn number(self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let number = number.and_then(|number| usize::try_from(number).ok());
        number
            .map(Some)
            .ok_or_else(|| Refusal::explained("invalid_arguments", &format!("{name} is no number")))
    }
}

/// How Slack says no: `{"ok": false, "error": …}`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) word: &'static str,
    more: Map<String, Value>,
}

impl From<&'static str> for Refusal {
    fn from(word: &'static str) -> Self {
        Self { word, more: Map::new() }
    }
}

impl Refusal {
    /// With the words for people that Slack puts beside its own.
    pub(super) fn explained(word: &'static str, why: &str) -> Self {
        Self::with(word, "response_metadata", json!({ "messages": [format!("[ERROR] {why}")] }))
    }

    pub(super) fn with(word: &'static str, name: &str, value: Value) -> Self {
        Self::from(word).and(name, value)
    }

    pub(super) fn and(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    pub(super) fn body(self) -> Value {
        let mut body = self.more;
        body.insert("ok".to_owned(), false.into());
        body.insert("error".to_owned(), self.word.into());
        Value::Object(body)
    }
}
