//! What a configuration changes, setting by setting.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::Value;
use steward::config::Configuration;
use steward::config::file::File;

use crate::terminal::{BOLD, DIM};

/// A setting that changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    name: String,
    before: String,
    after: String,
}

/// The settings that change, by name.
pub(crate) fn lines(before: &Configuration, after: &Configuration) -> Vec<Line> {
    let (defaults, before, after) = (settings(&Configuration::default()), settings(before), settings(after));
    let shown = |name: &str, value: Option<&String>| match value {
        None => "as deployed".to_owned(),
        Some(value) if defaults.get(name) == Some(value) => format!("{value} (default)"),
        Some(value) => value.clone(),
    };
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Line {
            name: name.clone(),
            before: shown(name, before.get(name)),
            after: shown(name, after.get(name)),
        })
        .collect()
}

/// Every setting as text. A way to people is one setting, whatever its form in the file.
fn settings(configuration: &Configuration) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let Ok(Value::Object(sections)) = serde_json::to_value(File::of(configuration)) else { return settings };
    for (section, value) in sections.into_iter().filter(|(name, _)| name != "version") {
        match value {
            Value::Object(keys) => {
                settings
                    .extend(keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), text(&value))));
            }
            value => {
                settings.insert(section, text(&value));
            }
        }
    }
    settings
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(keys) => {
            keys.iter().map(|(key, value)| format!("{key} {}", text(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Writes the lines in columns.
pub(crate) fn write_lines(out: &mut impl Write, lines: &[Line]) -> io::Result<()> {
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or_default();
    for Line { name, before, after } in lines {
        writeln!(out, "  {name:<width$}  {DIM}{before}{DIM:#} → {BOLD}{after}{BOLD:#}")?;
    }
    if lines.is_empty() {
        writeln!(out, "  no setting gets another value")?;
    }
    Ok(())
}
