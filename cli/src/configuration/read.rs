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
/// More words nobody reads in one line. Only causes are so many.
const MAX_LISTED: usize = 20;
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
pub(crate) struct Valid {
    #[cfg_attr(
        not(feature = "aws"),
        expect(dead_code, reason = "only `apply` and `diff` take it as it was written")
    )]
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
    let (mut problems, mut taken) = (Vec::new(), Taken::default());
    let file = loop {
        let error = match serde_path_to_error::deserialize::<_, File>(&value) {
            Ok(file) => break file,
            Err(error) => error,
        };
        let refused = Refused::of(&error);
        let path = taken.original(&refused.path);
        // Another version of the form has other keys: nothing can be said about them.
        if refused.path == ["version"] {
            return Err(vec![refused.problem(&path, &tree)]);
        }
        // A key whose value was taken out is not missing.
        if !refused.missing(&path).is_some_and(|key| taken.paths.contains(&key)) {
            problems.push(refused.problem(&path, &tree));
        }
        taken.paths.push(path);
        if problems.len() >= MAX_PROBLEMS || !refused.take_out(&mut value, &mut taken) {
            problems.sort_by_key(|problem| problem.at);
            return Err(problems);
        }
    };
    match file.check() {
        Ok(configuration) if problems.is_empty() => return Ok(Valid { file, configuration }),
        Ok(_) => {}
        Err(faults) => problems.extend(faults.into_iter().filter_map(|fault| {
            let path = taken.original(&segments(&fault.path));
            let by = fault.by.map(|by| taken.original(&segments(&by)));
            let is_followed =
                ![Some(&path), by.as_ref()].into_iter().flatten().any(|path| taken.concerns(path));
            is_followed.then(|| Problem { at: tree.at(&path), path: tree.shown(&path), text: fault.problem })
        })),
    }
    problems.sort_by_key(|problem| problem.at);
    Err(problems)
}

/// The segments of a fault's path: `services[2].match` has three.
fn segments(path: &str) -> Vec<String> {
    path.split(['.', '[']).map(|segment| segment.trim_end_matches(']').to_owned()).collect()
}

/// What was taken out of the file.
#[derive(Default)]
struct Taken {
    /// Where it stands in the file as it was written.
    paths: Vec<Vec<String>>,
    /// Lists that lost an entry, and its place.
    entries: Vec<(Vec<String>, usize)>,
}

impl Taken {
    /// The path in the file as it was written, of a path in what is left of it.
    fn original(&self, path: &[String]) -> Vec<String> {
        let mut original: Vec<String> = Vec::with_capacity(path.len());
        for segment in path {
            let mut gaps: Vec<usize> =
                self.entries.iter().filter(|(list, _)| *list == original).map(|(_, place)| *place).collect();
            gaps.sort_unstable();
            let segment = match segment.parse::<usize>() {
                Ok(place) if !gaps.is_empty() => {
                    let place = gaps.into_iter().fold(place, |place, gap| place + usize::from(gap <= place));
                    place.to_string()
                }
                _ => segment.clone(),
            };
            original.push(segment);
        }
        original
    }

    /// Whether something was taken out there, below it or above it: what is wrong there may follow from that.
    fn concerns(&self, path: &[String]) -> bool {
        self.paths.iter().any(|taken| taken.starts_with(path) || path.starts_with(taken))
    }
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

    /// The key that is missing at `path`, if that is what serde refused.
    fn missing(&self, path: &[String]) -> Option<Vec<String>> {
        let key = self.message.strip_prefix("missing field `")?.strip_suffix('`')?;
        Some([path, &[key.to_owned()]].concat())
    }

    /// As a problem of the file as it was written, where `path` leads to it.
    fn problem(&self, path: &[String], tree: &Tree) -> Problem {
        let at = if self.is_key { tree.key_at(path) } else { tree.at(path) };
        let parents =
            if self.is_key { path.split_last().map_or(&[][..], |(_, parents)| parents) } else { path };
        Problem { at, path: tree.shown(parents), text: worded(&self.message) }
    }

    /// Whether there was something to take out.
    fn take_out(&self, value: &mut Value, taken: &mut Taken) -> bool {
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
            Some(Value::Array(entries)) => match last.parse::<usize>() {
                Ok(place) if place < entries.len() => {
                    let last = taken.original(&self.path).pop().and_then(|place| place.parse().ok());
                    taken.entries.push((taken.original(parents), last.unwrap_or(place)));
                    entries.remove(place);
                    true
                }
                _ => false,
            },
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
    match message.strip_prefix("invalid type: ") {
        Some(found) => format!("found {}", found.replace("expected a sequence", "expected a list")),
        None => message.to_owned(),
    }
}

/// The known word that looks most like the unknown one, or all that are known.
fn suggestion(unknown: &str, expected: &str, known: &str) -> String {
    // Every second part stands between backticks.
    let words: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let likeness = |word: &str| strsim::jaro_winkler(&unknown.to_lowercase().replace('-', "_"), word);
    let best = words.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best.filter(|word| likeness(word) >= LOOKS_LIKE) {
        Some(word) => format!("; did you mean `{word}`?"),
        None if words.len() > MAX_LISTED => "; docs/causes.md has all that there are".to_owned(),
        None => format!("; {known}: {}", words.join(", ")),
    }
}
