//! `command`, `environment`, `tags` and `parameters`: texts of people, in which `${name}` stands for a value.

use std::collections::BTreeMap;

use serde_json::json;

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
            self.literal(&format!("command[{index}]"), text, size, check);
        }
        for (name, text) in self.environment.iter().flatten() {
            let key = format!("environment.{name}");
            self.literal(&key, text, size, check);
            if name.trim().is_empty() || name.contains('=') {
                check.fault("environment", format!("`{name}` is no name of an environment variable"));
            } else if name.starts_with(OWN) {
                check
                    .fault(&key, format!("names that begin with `{OWN}` are Steward's own: give it another"));
            }
        }
        self.check_tags(size, check);
        let characters = self.overrides(size).to_string().chars().count();
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
            let value = self.literal(&path, value, size, check);
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

    /// What stands in a text for itself; names that nothing stands for are faults.
    fn literal(&self, key: &str, text: &str, size: Size, check: &mut Check<'_>) -> String {
        let pieces = pieces(text).unwrap_or_else(|error| {
            check.fault(key, error.to_string());
            Vec::new()
        });
        let own = |name: &str| self.parameters.as_ref().is_some_and(|own| own.contains_key(name));
        let mut literal = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => literal.push_str(text),
                Piece::Parameter("index") if matches!(size, Size::Count(_)) => check
                    .fault(key, "`${index}` is for jobs with an `array`: tasks of a `count` are all alike"),
                Piece::Parameter(name) if own(name) || BUILT_IN.contains(&name) => {}
                Piece::Parameter(name) => {
                    let known = self.parameters.iter().flat_map(BTreeMap::keys).map(String::as_str);
                    let known: Vec<&str> = known.chain(BUILT_IN).collect();
                    check.fault_by(
                        key,
                        format!("{}.parameters", check.path()),
                        format!(
                            "there is no parameter `{name}`; names here: {}; `$${{` stands for `${{` itself",
                            known.join(", ")
                        ),
                    );
                }
            }
        }
        literal
    }

    /// The overrides, as far as they are known before a run: names stand for nothing yet.
    fn overrides(&self, size: Size) -> serde_json::Value {
        let mut unchecked = Vec::new();
        let mut check = Check::of("", &mut unchecked);
        let mut literal = |text: &String| self.literal("", text, size, &mut check);
        let command: Option<Vec<String>> =
            self.command.as_ref().map(|command| command.iter().map(&mut literal).collect());
        let environment: Vec<_> = self
            .environment
            .iter()
            .flatten()
            .map(|(name, value)| json!({"name": name, "value": literal(value)}))
            .collect();
        json!({"containerOverrides": [{
            "name": self.container.as_deref().unwrap_or_default(),
            "command": command,
            "environment": environment,
        }]})
    }
}

fn is_tag(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c))
}
