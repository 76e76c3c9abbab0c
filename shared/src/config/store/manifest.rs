//! What a version consists of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::value::{MAX_VALUE_BYTES, encode, sha256};
use crate::config::file::File;
use crate::config::loader::LoadError;

/// The form in which sections lie in Parameter Store. A reader refuses a newer one.
pub const SCHEMA: u64 = 1;

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

/// One top-level key of the file, or a part of one that is a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Such as `notifications`; of a part with the place of its first entry, such as `services.17`.
    pub name: String,
    /// Of its value, as it lies in Parameter Store.
    pub sha256: String,
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
        serde_json::from_str(text).map_err(|error| LoadError::damaged(name, error))
    }
}

/// A file, cut into what is written.
pub(super) struct Cut {
    pub(super) manifest: String,
    /// Names and values.
    pub(super) sections: Vec<(String, String)>,
}

/// Cuts a file into its sections: every top-level key that says something, but `version`. A list that does not fit into
/// one parameter is cut between its entries.
pub(super) fn cut(file: &File, version: u64, replaces: Option<u64>) -> Result<Cut, serde_json::Error> {
    let mut values: Vec<(String, String)> = Vec::new();
    if let Value::Object(keys) = serde_json::to_value(file)? {
        for (name, value) in keys.into_iter().filter(|(name, _)| name != "version") {
            match (encode(&value)?, value) {
                (text, Value::Array(entries)) if text.len() > MAX_VALUE_BYTES => {
                    values.extend(parts(&name, &entries)?);
                }
                (text, _) => values.push((name, text)),
            }
        }
    }
    let sections =
        values.iter().map(|(name, text)| Section { name: name.clone(), sha256: sha256(text) }).collect();
    let manifest = encode(&Manifest { schema: SCHEMA, version, replaces, sections })?;
    Ok(Cut { manifest, sections: values })
}

/// As many entries in each part as fit. One that does not fit alone is a part of its own, for others to refuse.
fn parts(name: &str, entries: &[Value]) -> Result<Vec<(String, String)>, serde_json::Error> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let entry = encode(entry)?;
        match parts.last_mut() {
            // The comma and the bracket besides.
            Some((_, part)) if part.len() + entry.len() + 2 <= MAX_VALUE_BYTES => {
                part.push(',');
                part.push_str(&entry);
            }
            _ => parts.push((format!("{name}.{place}"), format!("[{entry}"))),
        }
    }
    for (_, part) in &mut parts {
        part.push(']');
    }
    Ok(parts)
}

/// Puts a section, or the next part of one, into the file that is put together again. What does not fit together is
/// refused.
pub(super) fn join(whole: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), String> {
    let Some((list, place)) = name.split_once('.') else {
        return match whole.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err("its section is there twice".to_owned()),
        };
    };
    let (Value::Array(before), Value::Array(entries)) =
        (whole.entry(list).or_insert_with(|| Value::Array(Vec::new())), value)
    else {
        return Err("a part of what is no list".to_owned());
    };
    if place.parse() != Ok(before.len()) {
        return Err(format!("{} entries stand before it", before.len()));
    }
    before.extend(entries);
    Ok(())
}
