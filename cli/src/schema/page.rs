//! The schema as a page: a table for each section, a row for each key.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::kind::{Parts, code, is_word, pattern, words};
use super::sentences::Told;

const HEAD: &str = "\
# Configuration reference

Every key of `steward.yaml`, as the [schema](steward.schema.json) has it. Made by `steward schema --format markdown`: change what
`shared/src/config/file/` says of a key, not this page. [configuration.md](configuration.md) explains how the keys play together.

`[]` stands for an entry of a list, `NAME` for a name of your own. A default in words says what holds instead.
";

/// The page of `schema`, with `in_force` as what holds where nothing is said.
pub(super) fn of(schema: &Value, in_force: &Value) -> String {
    let parts = Parts(schema.get("$defs").and_then(Value::as_object));
    let mut page = HEAD.to_owned();
    for (key, section) in properties(schema) {
        let mut table = Table { parts, in_force, rows: String::new() };
        table.key(key, section, required(schema, key));
        let _ = write!(
            page,
            "\n## {key}\n\n| key | type | bounds | default | meaning |\n|---|---|---|---|---|\n{}",
            table.rows
        );
    }
    page.push_str("\n## Words and forms\n");
    for (name, part) in parts.0.into_iter().flatten().filter(|(_, part)| is_word(part)) {
        explain(&mut page, name, part);
    }
    page
}

/// What a word or a form of text is, said once.
fn explain(page: &mut String, name: &str, part: &Value) {
    let _ = write!(page, "\n### {name}\n\n{}\n", one_line(text(part, "description")));
    if let Some(pattern) = pattern(part) {
        let _ = write!(page, "\nPattern: {pattern}\n");
    }
    let words = words(part);
    if words.iter().any(|(_, meaning)| !meaning.is_empty()) {
        page.push_str("\n| word | meaning |\n|---|---|\n");
        for (word, meaning) in words {
            let _ = writeln!(page, "| {word} | {} |", cell(&one_line(meaning)));
        }
    } else if !words.is_empty() {
        let words: Vec<_> = words.into_iter().map(|(word, _)| word).collect();
        let _ = write!(page, "\n{}.\n", words.join(", "));
    }
}

struct Table<'s> {
    parts: Parts<'s>,
    in_force: &'s Value,
    rows: String,
}

impl<'s> Table<'s> {
    /// The row of a key, and those of what is below it.
    fn key(&mut self, path: &str, schema: &'s Value, required: bool) {
        let told = self.told(schema);
        let default = match (&told.default, required) {
            (_, true) => "none: required".to_owned(),
            (Some(told), false) => told.clone(),
            (None, false) => self.default_in_force(path, schema),
        };
        self.row(path, schema, &told, &default);
        self.below(path, schema);
    }

    fn default_in_force(&self, path: &str, schema: &'s Value) -> String {
        match in_force(self.in_force, path) {
            Some(Value::Number(number)) => number.to_string(),
            Some(value @ Value::String(_)) => code(value),
            Some(Value::Object(_)) if self.is_section(schema) => "as below".to_owned(),
            _ if self.has_defaults(schema) => "as below".to_owned(),
            _ => "none".to_owned(),
        }
    }

    fn is_section(&self, schema: &'s Value) -> bool {
        properties(self.parts.behind(schema)).next().is_some()
    }

    /// Whether it is a section that holds with what its keys say of themselves.
    fn has_defaults(&self, schema: &'s Value) -> bool {
        let schema = self.parts.behind(schema);
        let told = |key: &Value| Told::of(text(key, "description")).default.is_some();
        schema.get("required").is_none() && properties(schema).any(|(_, key)| told(key))
    }

    fn row(&mut self, path: &str, schema: &'s Value, told: &Told, default: &str) {
        let whole = |told: &String| !told.starts_with("to ");
        // A description may leave out what is plain; where the schema has both ends, it says more.
        let (told_whole, told_half) = (told.bounds.clone().filter(whole), told.bounds.clone());
        let bounds = told_whole.or_else(|| self.parts.bounds(schema)).or(told_half).unwrap_or_default();
        let (key, kind) = (format!("`{path}`"), self.parts.kind(schema));
        let cells = [key.as_str(), &kind, &bounds, default, &told.meaning];
        let cells: Vec<_> = cells.into_iter().map(cell).collect();
        let _ = writeln!(self.rows, "| {} |", cells.join(" | "));
    }

    /// What is said of a key; of one that has no words of its own, what is said of its kind. Alternatives say what they
    /// mean behind it.
    fn told(&self, schema: &'s Value) -> Told {
        let own = text(schema, "description");
        let of_kind = || text(self.parts.behind(schema), "description");
        let mut told = Told::of(if own.is_empty() { of_kind() } else { own });
        if self.parts.word(schema).is_none() {
            for one in self.parts.alternatives(schema) {
                let meaning = one_line(text(one, "description"));
                if let (Some(word), false) = (one.get("const"), meaning.is_empty()) {
                    let _ = write!(told.meaning, " {}: {meaning}", code(word));
                }
            }
        }
        told
    }

    fn below(&mut self, path: &str, schema: &'s Value) {
        let schema = self.parts.behind(schema);
        for one in self.parts.alternatives(schema) {
            self.below(path, one);
        }
        let values = schema.get("additionalProperties").filter(|values| values.is_object());
        let entries = [("[]", schema.get("items")), (".NAME", values)];
        for (mark, entry) in entries.into_iter().filter_map(|(mark, entry)| Some((mark, entry?))) {
            self.below(&format!("{path}{mark}"), entry);
        }
        let shared = self.shared(path);
        for (key, property) in properties(schema) {
            let path = format!("{path}.{key}");
            if shared.is_some_and(|shared| shared.get(key) == Some(property)) {
                let told = Told {
                    meaning: format!("As [`defaults.{key}`](#defaults), for these targets."),
                    ..self.told(property)
                };
                self.row(&path, property, &told, "as in `defaults`");
            } else {
                self.key(&path, property, required(schema, key));
            }
        }
    }

    /// The keys of `defaults`, where an entry of `services` may have them, too.
    fn shared(&self, path: &str) -> Option<&'s Map<String, Value>> {
        let defaults = self.parts.0?.get("Defaults")?.get("properties")?.as_object()?;
        (path == "services[]").then_some(defaults)
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn required(schema: &Value, key: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().any(|one| one == key)
}

/// What holds at a path outside lists.
fn in_force<'v>(values: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(values, |value, key| value.get(key))
}

fn text<'v>(schema: &'v Value, key: &str) -> &'v str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A table parts its cells by this sign, in code as well.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use steward::config::Configuration;
    use steward::config::file::{File, schema};

    use super::{HEAD, Parts, in_force, of, properties};
    use crate::schema::sentences::Told;

    fn published() -> (Value, Value) {
        let in_force = serde_json::to_value(File::of(&Configuration::default())).unwrap();
        (serde_json::to_value(schema()).unwrap(), in_force)
    }

    /// Every key outside lists, with its schema.
    fn keys<'s>(parts: Parts<'s>, path: &str, schema: &'s Value, found: &mut Vec<(String, &'s Value)>) {
        for (key, property) in properties(parts.behind(schema)) {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            found.push((path.clone(), property));
            keys(parts, &path, property, found);
        }
    }

    #[test]
    fn the_default_that_a_description_tells_is_the_one_that_holds() {
        let (schema, values) = published();
        let parts = Parts(schema.get("$defs").and_then(Value::as_object));
        let mut found = Vec::new();
        keys(parts, "", &schema, &mut found);
        let mut compared = 0;
        for (path, property) in found {
            let told = Told::of(super::text(property, "description")).default;
            let value = in_force(&values, &path).filter(|value| value.is_string() || value.is_number());
            if let (Some(told), Some(value)) = (told, value) {
                let value = value.as_str().map_or_else(|| value.to_string(), |text| format!("`{text}`"));
                assert!(told.starts_with(&value), "{path}: told {told}, but {value} holds");
                compared += 1;
            }
        }
        assert!(compared > 30, "only {compared} were compared");
    }

    #[test]
    fn bounds_that_a_description_tells_are_those_of_the_schema() {
        let (schema, _) = published();
        let parts = Parts(schema.get("$defs").and_then(Value::as_object));
        let mut compared = 0;
        for (name, part) in parts.0.unwrap() {
            for (key, property) in properties(part) {
                let told = Told::of(super::text(property, "description")).bounds;
                if let (Some(told), Some(bounds)) = (told, parts.bounds(property)) {
                    let ends = |text: &str| text.rsplit(' ').next().unwrap_or_default().to_owned();
                    if ends(&told).chars().all(|sign| sign.is_ascii_digit()) {
                        assert_eq!(ends(&told), ends(&bounds), "{name}.{key}");
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 20, "only {compared} were compared");
    }

    #[test]
    fn each_key_is_a_row() {
        let schema = json!({
            "required": ["version"],
            "properties": {
                "version": {"const": 1, "description": "The form."},
                "rules": {"type": ["array", "null"], "items": {"$ref": "#/$defs/Rule"}, "maxItems": 5},
            },
            "$defs": {
                "Rule": {"type": "object", "required": ["to"], "properties": {
                    "mode": {"anyOf": [{"$ref": "#/$defs/Mode"}, {"type": "null"}], "description": "How."},
                    "pools": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 9}},
                    "to": {"type": "string", "pattern": "^(a|b)$", "description": "Where to."},
                    "wait": {
                        "anyOf": [{"$ref": "#/$defs/Wait"}, {"type": "null"}],
                        "description": "How long. Default `5m`, from `1m` to `1h`.",
                    },
                }},
                "Wait": {"oneOf": [{"const": "off", "description": "Not at all."}, {"type": "string"}]},
                "Mode": {"description": "Manners.", "oneOf": [{"const": "fast", "description": "At once."}]},
            },
        });
        let page = of(&schema, &json!({}));
        let expected = r"
## rules

| key | type | bounds | default | meaning |
|---|---|---|---|---|
| `rules` | list: section | at most 5 | none |  |
| `rules[].mode` | [`fast`](#mode) |  | none | How. |
| `rules[].pools` | by name: whole number | each 1 to 9 | none |  |
| `rules[].to` | text | `^(a\|b)$` | none: required | Where to. |
| `rules[].wait` | `off` or text | `1m` to `1h` | `5m` | How long. `off`: Not at all. |

## version

| key | type | bounds | default | meaning |
|---|---|---|---|---|
| `version` | `1` |  | none: required | The form. |

## Words and forms

### Mode

Manners.

| word | meaning |
|---|---|
| `fast` | At once. |
";
        assert_eq!(page.strip_prefix(HEAD).unwrap(), expected);
    }
}
