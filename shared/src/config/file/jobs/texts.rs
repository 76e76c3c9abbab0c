//! `command`, `environment`, `tags` and `parameters`: texts of people, in which `${name}` stands for a value.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Job;
use crate::batch::Size;
use crate::batch::template::{BUILT_IN, MAX_PARAMETER_NAME, Piece, is_parameter_name, pieces};
use crate::config::file::fault::Check;
use crate::quota;

/// Environment variables that begin so are Steward's own.
const OWN: &str = "STEWARD_";
/// The most parameters.
const MAX_PARAMETERS: usize = 50;
/// The longest value of a parameter.
const MAX_VALUE: usize = 1_024;

/// The parameters, name by name.
pub(super) fn check_parameters(
    parameters: Option<&BTreeMap<String, String>>,
    check: &mut Check<'_>,
) -> BTreeMap<String, String> {
    let Some(parameters) = parameters else { return BTreeMap::new() };
    if parameters.len() > MAX_PARAMETERS {
        check.whole(format!("{} parameters; at most {MAX_PARAMETERS}", parameters.len()));
    }
    for (name, value) in parameters {
        if BUILT_IN.contains(&name.as_str()) {
            check.fault(name, "every run knows this one by itself: give it another name");
        } else if !is_parameter_name(name) {
            check.fault(
                name,
                format!("no name of a parameter: a letter, then letters, digits and _, {MAX_PARAMETER_NAME} at the most"),
            );
        }
        if value.contains("${") {
            check.fault(name, "`${` in a value: values are put in as they stand, so write it where `command` or `environment` has it");
        }
        if value.chars().count() > MAX_VALUE {
            check.fault(name, format!("a value of more than {MAX_VALUE} characters"));
        }
    }
    parameters.clone()
}

impl Job {
    /// Checks all that RunTask is told in people's own words.
    pub(super) fn check_texts(&self, size: Size, check: &mut Check<'_>) {
        for (index, text) in self.command.iter().flatten().enumerate() {
            self.check_text(&format!("command[{index}]"), text, size, check);
        }
        for (name, text) in self.environment.iter().flatten() {
            let key = format!("environment.{name}");
            self.check_text(&key, text, size, check);
            if name.trim().is_empty() || name.contains('=') {
                check.fault("environment", format!("`{name}` is no name of an environment variable"));
            } else if name.starts_with(OWN) {
                check
                    .fault(&key, format!("names that begin with `{OWN}` are Steward's own: give it another"));
            }
        }
        self.check_tags(size, check);
        let characters = self.overrides().to_string().chars().count();
        if characters > quota::OVERRIDES {
            let key = if self.command.is_some() { "command" } else { "environment" };
            check.fault(
                key,
                format!(
                    "{characters} characters with `environment`, as JSON; ECS takes {} of all overrides: move what is always \
                     the same into the task definition, or to S3",
                    quota::OVERRIDES
                ),
            );
        }
    }

    fn check_tags(&self, size: Size, check: &mut Check<'_>) {
        let Some(tags) = &self.tags else { return };
        if tags.len() > quota::TAGS {
            check.fault("tags", format!("{} tags; ECS takes {} of a task", tags.len(), quota::TAGS));
        }
        for (key, value) in tags {
            let path = format!("tags.{key}");
            self.check_text(&path, value, size, check);
            let value = literal(value);
            if key.to_ascii_lowercase().starts_with("aws:") {
                check.fault(&path, "AWS keeps keys that begin with `aws:` for itself: give it another");
            } else if !is_tag(key) || key.is_empty() || key.chars().count() > quota::TAG_KEY {
                check.fault(
                    &path,
                    format!(
                        "no key of a tag: 1 to {} letters, digits, spaces and + - = . _ : / @",
                        quota::TAG_KEY
                    ),
                );
            }
            if !is_tag(&value) || value.chars().count() > quota::TAG_VALUE {
                check.fault(
                    &path,
                    format!(
                        "no value of a tag: at most {} letters, digits, spaces and + - = . _ : / @",
                        quota::TAG_VALUE
                    ),
                );
            }
        }
    }

    /// Checks that all names in a text stand for something.
    fn check_text(&self, key: &str, text: &str, size: Size, check: &mut Check<'_>) {
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(error) => return check.fault(key, error.to_string()),
        };
        let known = || self.parameters.iter().flat_map(BTreeMap::keys).map(String::as_str).chain(BUILT_IN);
        for piece in pieces {
            match piece {
                Piece::Parameter("index") if matches!(size, Size::Count(_)) => check
                    .fault(key, "`${index}` is for jobs with an `array`: tasks of a `count` are all alike"),
                Piece::Parameter(name) if !known().any(|known| known == name) => {
                    let known: Vec<&str> = known().collect();
                    check.fault_by(
                        key,
                        format!("{}.parameters", check.path()),
                        format!(
                            "there is no parameter `{name}`; names here: {}; `$${{` stands for `${{` itself",
                            known.join(", ")
                        ),
                    );
                }
                Piece::Text(_) | Piece::Parameter(_) => {}
            }
        }
    }

    /// The overrides, as far as they are known before a run: names stand for nothing yet.
    fn overrides(&self) -> Value {
        let mut container = Map::new();
        container.insert("name".to_owned(), self.container.as_deref().unwrap_or_default().into());
        if let Some(command) = &self.command {
            container.insert("command".to_owned(), command.iter().map(|text| literal(text)).collect());
        }
        if let Some(environment) = &self.environment {
            let pairs =
                environment.iter().map(|(name, value)| json!({"name": name, "value": literal(value)}));
            container.insert("environment".to_owned(), pairs.collect());
        }
        json!({"containerOverrides": [container]})
    }
}

/// What stands in a text for itself.
fn literal(text: &str) -> String {
    let texts = pieces(text).unwrap_or_default().into_iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Parameter(_) => None,
    });
    texts.collect()
}

fn is_tag(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c))
}
