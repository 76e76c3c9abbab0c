//! From the text of `steward.yaml` to [`File`], with everything that is wrong with it.

use std::fmt;

use serde_json::Value;
use serde_path_to_error::Segment;
use steward::config::Configuration;
use steward::config::file::{File, VERSION};
use steward::redact::redact;

use super::tree::{At, Tree};

/// An unknown key is taken for a known one that looks so much like it.
const LOOKS_LIKE: f64 = 0.8;
/// More faults nobody reads at once.
const MAX_PROBLEMS: usize = 100;

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) at: At,
    /// The field, such as `notifications.grouping`; empty for the file as a whole.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl fmt::Display for Problem {
    /// Redacted: what is wrong may be a secret in the wrong place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, path, text } = self;
        write!(f, "{}:{}: ", at.line, at.column)?;
        if path.is_empty() {
            write!(f, "{}", redact(text))
        } else {
            write!(f, "{}: {}", redact(path), redact(text))
        }
    }
}

/// A file that is valid.
#[cfg_attr(
    not(feature = "aws"),
    expect(dead_code, reason = "only what is written to Parameter Store is looked into")
)]
pub(crate) struct Valid {
    pub(crate) file: File,
    pub(crate) configuration: Configuration,
}

/// Reads a file. serde stops at the first fault: what it refuses is taken out, and the rest read again.
pub(crate) fn read(text: &str) -> Result<Valid, Vec<Problem>> {
    // An editor may have put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err((at, text)) => return Err(vec![Problem { at, path: String::new(), text }]),
    };
    let mut value = tree.value();
    if !value.is_object() {
        let text = format!("a configuration has keys and values, and begins with `version: {VERSION}`");
        return Err(vec![Problem { at: tree.at(&[]), path: String::new(), text }]);
    }
    let mut problems = Vec::new();
    let file = loop {
        let error = match serde_path_to_error::deserialize::<_, File>(&value) {
            Ok(file) => break file,
            Err(error) => error,
        };
        let refused = Refused::of(&error);
        // Another version of the form has other keys: nothing can be said about them.
        if refused.path == ["version"] {
            return Err(vec![refused.problem(&tree)]);
        }
        problems.push(refused.problem(&tree));
        if problems.len() >= MAX_PROBLEMS || !refused.take_out(&mut value) {
            problems.sort_by_key(|problem| problem.at);
            return Err(problems);
        }
    };
    match file.check() {
        Ok(configuration) if problems.is_empty() => return Ok(Valid { file, configuration }),
        Ok(_) => {}
        Err(faults) => problems.extend(faults.into_iter().map(|fault| {
            let path: Vec<String> = fault.path.split('.').map(str::to_owned).collect();
            Problem { at: tree.at(&path), path: fault.path, text: fault.problem }
        })),
    }
    problems.sort_by_key(|problem| problem.at);
    Err(problems)
}

/// What serde refused.
struct Refused {
    path: Vec<String>,
    message: String,
    /// The key itself is unknown, not its value.
    is_key: bool,
}

impl Refused {
    fn of(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let message = error.inner().to_string();
        let mut path: Vec<String> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                Segment::Seq { index } => Some(index.to_string()),
                Segment::Map { key } => Some(key.clone()),
                Segment::Enum { variant } => Some(variant.clone()),
                Segment::Unknown => None,
            })
            .collect();
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, "));
        if let Some((key, _)) = unknown
            && path.last().is_none_or(|last| last != key)
        {
            path.push(key.to_owned());
        }
        Self { is_key: unknown.is_some(), path, message }
    }

    fn problem(&self, tree: &Tree) -> Problem {
        let at = if self.is_key { tree.key_at(&self.path) } else { tree.at(&self.path) };
        let parents = if self.is_key {
            self.path.split_last().map_or(&[][..], |(_, parents)| parents)
        } else {
            &self.path
        };
        Problem { at, path: parents.join("."), text: worded(&self.message) }
    }

    /// Whether there was something to take out.
    fn take_out(&self, value: &mut Value) -> bool {
        if self.message == "missing field `version`" && self.path.is_empty() {
            return value
                .as_object_mut()
                .is_some_and(|keys| keys.insert("version".into(), VERSION.into()).is_none());
        }
        let Some((last, parents)) = self.path.split_last() else { return false };
        let parent = parents.iter().try_fold(value, |value, name| match value {
            Value::Object(keys) => keys.get_mut(name),
            Value::Array(items) => name.parse().ok().and_then(|index: usize| items.get_mut(index)),
            _ => None,
        });
        match parent {
            Some(Value::Object(keys)) => keys.remove(last).is_some(),
            // Places behind it must not move.
            Some(Value::Array(items)) => last
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index))
                .is_some_and(|item| !std::mem::replace(item, Value::Null).is_null()),
            _ => false,
        }
    }
}

/// serde's words in ours.
fn worded(message: &str) -> String {
    if message == "missing field `version`" {
        return format!("`version: {VERSION}` is missing: it says in which form the file is written");
    }
    if let Some(key) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return format!("`{key}` is missing");
    }
    for (begins, what, known) in
        [("unknown field `", "key", "keys here"), ("unknown variant `", "value", "values here")]
    {
        let parts = message.strip_prefix(begins).and_then(|rest| rest.split_once("`, "));
        if let Some((unknown, expected)) = parts {
            return format!("unknown {what} `{unknown}`{}", suggestion(unknown, expected, known));
        }
    }
    message.strip_prefix("invalid type: ").map_or_else(|| message.to_owned(), |rest| format!("found {rest}"))
}

/// The known word that looks most like the unknown one, or all that are known.
fn suggestion(unknown: &str, expected: &str, known: &str) -> String {
    // Every second part stands between backticks.
    let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let likeness = |word: &str| strsim::jaro_winkler(&unknown.to_lowercase().replace('-', "_"), word);
    let best = words.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best.filter(|word| likeness(word) >= LOOKS_LIKE) {
        Some(word) => format!("; did you mean `{word}`?"),
        None => format!("; {known}: {}", words.join(", ")),
    }
}
