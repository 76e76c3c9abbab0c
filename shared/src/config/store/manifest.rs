//! What a version consists of.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::value::{MAX_VALUE_BYTES, encode, sha256};
use super::write::MAX_SECTION_BYTES;
use crate::config::file::File;
use crate::config::loader::LoadError;

/// The form in which sections lie in Parameter Store. A reader refuses a newer one.
pub const SCHEMA: u64 = 1;

/// No section lies in more parameters: none is larger than [`MAX_SECTION_BYTES`], and parts are all but full.
const MAX_PARTS: usize = 2 * MAX_SECTION_BYTES / MAX_VALUE_BYTES;

/// What a version consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: u64,
    /// Its number: each apply takes the next.
    pub version: u64,
    /// The version that was in force when it was written: the one to go back to. A number in between may be that of an
    /// apply that never came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
    /// Its sections, in the order of the file's form.
    pub sections: Vec<Section>,
}

/// One top-level key of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Such as `notifications`.
    pub name: String,
    /// In how many parameters it lies, one after the other; absent: in one of its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<usize>,
    /// Of its whole value.
    pub sha256: String,
}

impl Section {
    /// The names of the parameters that it lies in, such as `jobs.0` and `jobs.1`, below the version.
    pub(super) fn parameters(&self) -> impl Iterator<Item = String> {
        let parts = self.parts.unwrap_or(1);
        (0..parts).map(move |place| match self.parts {
            None => self.name.clone(),
            Some(_) => format!("{}.{place}", self.name),
        })
    }
}

impl Manifest {
    /// Reads a manifest or the pointer, a newer one's schema first.
    pub(super) fn decode(name: &str, text: &str) -> Result<Self, LoadError> {
        #[derive(Deserialize)]
        struct Head {
            schema: u64,
        }
        let Head { schema } = serde_json::from_str(text).map_err(|error| LoadError::damaged(name, error))?;
        if schema > SCHEMA {
            return Err(LoadError::Newer { name: name.to_owned(), schema });
        }
        let manifest: Self = serde_json::from_str(text).map_err(|error| LoadError::damaged(name, error))?;
        let is_longer = |section: &&Section| section.parts.is_some_and(|parts| parts > MAX_PARTS);
        match manifest.sections.iter().find(is_longer) {
            None => Ok(manifest),
            Some(section) => {
                Err(LoadError::damaged(name, format_args!("{} has too many parts", section.name)))
            }
        }
    }
}

/// A file, cut into what is written.
pub(super) struct Cut {
    pub(super) manifest: String,
    /// Names of sections, and their sizes in bytes.
    pub(super) sizes: Vec<(String, usize)>,
    /// Names and values of parameters.
    pub(super) parameters: Vec<(String, String)>,
}

/// Cuts a file into its sections: every top-level key that says something, but `version`. What does not fit into one
/// parameter lies in several.
pub(super) fn cut(file: &File, version: u64, replaces: Option<u64>) -> Result<Cut, serde_json::Error> {
    let (mut sections, mut sizes, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
    if let Value::Object(keys) = serde_json::to_value(file)? {
        for (name, value) in keys.into_iter().filter(|(name, _)| name != "version") {
            let text = encode(&value)?;
            let values = parts(&text);
            let section = Section {
                parts: Some(values.len()).filter(|parts| *parts > 1),
                sha256: sha256(&text),
                name: name.clone(),
            };
            parameters.extend(section.parameters().zip(values.into_iter().map(str::to_owned)));
            sections.push(section);
            sizes.push((name, text.len()));
        }
    }
    let manifest = encode(&Manifest { schema: SCHEMA, version, replaces, sections })?;
    Ok(Cut { manifest, sizes, parameters })
}

/// A value in pieces that one parameter holds each. None begins or ends with a space, which may get lost on the way.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > MAX_VALUE_BYTES {
        let is_within_words = |end: &usize| {
            let cut = rest.split_at_checked(*end);
            cut.is_some_and(|(part, rest)| !part.ends_with(' ') && !rest.starts_with(' '))
        };
        let end = (1..=MAX_VALUE_BYTES).rev().find(is_within_words);
        let end = end.unwrap_or_else(|| rest.floor_char_boundary(MAX_VALUE_BYTES));
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}
