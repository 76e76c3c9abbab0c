//! Of what kind a value is, and within which bounds, in the words of a page.

use serde_json::{Map, Value};

/// The schema's named parts.
#[derive(Clone, Copy)]
pub(super) struct Parts<'s>(pub(super) Option<&'s Map<String, Value>>);

impl<'s> Parts<'s> {
    /// The schema of a value that is there: behind its name, and without the `null` that stands for "left out".
    pub(super) fn behind(self, schema: &'s Value) -> &'s Value {
        if let Some(part) = named(schema).and_then(|name| self.part(name)) {
            return self.behind(part);
        }
        match present(schema) {
            Some([only]) => self.behind(only),
            _ => schema,
        }
    }

    /// Its alternatives, where it has several.
    pub(super) fn alternatives(self, schema: &'s Value) -> &'s [Value] {
        let schema = self.behind(schema);
        match schema.get("oneOf").and_then(Value::as_array) {
            // Where an object says which of its keys must be there, it is an object all the same.
            Some(several) if schema.get("properties").is_none() => several,
            _ => &[],
        }
    }

    /// The name of a part that is no section.
    pub(super) fn word(self, schema: &'s Value) -> Option<&'s str> {
        let name = named(schema).or_else(|| match present(schema) {
            Some([only]) => named(only),
            _ => None,
        })?;
        self.part(name).filter(|part| is_word(part)).map(|_| name)
    }

    fn part(self, name: &str) -> Option<&'s Value> {
        self.0?.get(name)
    }

    /// Its kind.
    pub(super) fn kind(self, schema: &'s Value) -> String {
        if let Some(name) = self.word(schema) {
            return self.part(name).map(|part| link(name, part)).unwrap_or_default();
        }
        let schema = self.behind(schema);
        if let several @ [_, ..] = self.alternatives(schema) {
            return several.iter().map(|one| self.kind(one)).collect::<Vec<_>>().join(" or ");
        }
        if let Some(constant) = schema.get("const") {
            return code(constant);
        }
        match kind_of(schema) {
            Some("array") => match schema.get("items") {
                Some(items) => format!("list: {}", self.kind(items)),
                None => "list".to_owned(),
            },
            Some("object") => match schema.get("additionalProperties").filter(|of| of.is_object()) {
                Some(values) => format!("by name: {}", self.kind(values)),
                None => "section".to_owned(),
            },
            Some("integer") => "whole number".to_owned(),
            Some("string") => "text".to_owned(),
            other => other.unwrap_or("anything").to_owned(),
        }
    }

    /// Its bounds, where the schema has them.
    pub(super) fn bounds(self, schema: &'s Value) -> Option<String> {
        if self.word(schema).is_some() {
            return None;
        }
        let schema = self.behind(schema);
        let number = |key: &str| schema.get(key).and_then(Value::as_u64);
        let range = |least: Option<u64>, most: Option<u64>, unit: &str| match (least, most) {
            (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
            (None, Some(most)) => Some(format!("at most {most}{unit}")),
            (Some(least), None) => Some(format!("at least {least}{unit}")),
            (None, None) => None,
        };
        range(number("minimum"), number("maximum"), "")
            .or_else(|| range(number("minItems"), number("maxItems"), ""))
            .or_else(|| range(number("minProperties"), number("maxProperties"), ""))
            .or_else(|| range(number("minLength"), number("maxLength"), " characters"))
            .or_else(|| pattern(schema))
            .or_else(|| self.bounds_of_each(schema))
    }

    fn bounds_of_each(self, schema: &'s Value) -> Option<String> {
        let values = ["items", "additionalProperties"].into_iter().find_map(|key| schema.get(key))?;
        self.bounds(values).map(|bounds| format!("each {bounds}"))
    }
}

/// The name of the part that stands for it.
fn named(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// The pattern of a text.
pub(super) fn pattern(schema: &Value) -> Option<String> {
    schema.get("pattern").and_then(Value::as_str).map(|pattern| format!("`{pattern}`"))
}

/// The alternatives to `null`.
fn present(schema: &Value) -> Option<&[Value]> {
    let several = schema.get("anyOf")?.as_array()?;
    match several.as_slice() {
        [rest @ .., null] if null.get("type").and_then(Value::as_str) == Some("null") => Some(rest),
        _ => Some(several),
    }
}

/// Its `type`, but for `null`.
fn kind_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|one| *one != "null"),
        one => one.as_str(),
    }
}

/// Whether a part is a word or a form of text, which is explained once.
pub(super) fn is_word(part: &Value) -> bool {
    !words(part).is_empty() || (kind_of(part) == Some("string") && part.get("pattern").is_some())
}

/// The words that a value may be, each with what it means.
pub(super) fn words(part: &Value) -> Vec<(String, &str)> {
    let told = |one: &Value| one.get("const").map(code);
    if let Some(several) = part.get("oneOf").and_then(Value::as_array) {
        let words: Vec<_> = several
            .iter()
            .filter_map(|one| {
                Some((told(one)?, one.get("description").and_then(Value::as_str).unwrap_or_default()))
            })
            .collect();
        // One that is no word makes it a choice between kinds.
        return if words.len() == several.len() { words } else { Vec::new() };
    }
    let several = part.get("enum").and_then(Value::as_array);
    several.into_iter().flatten().map(|one| (code(one), "")).collect()
}

/// Few words are said at once, many are said by their name.
fn link(name: &str, part: &Value) -> String {
    let words = words(part);
    let text = if (1..=4).contains(&words.len()) {
        words.into_iter().map(|(word, _)| word).collect::<Vec<_>>().join(", ")
    } else {
        name.to_lowercase()
    };
    format!("[{text}](#{})", name.to_lowercase())
}

/// A value as it is written.
pub(super) fn code(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}
