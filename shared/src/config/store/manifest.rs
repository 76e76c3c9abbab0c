//! What a version consists of.

use serde::{Deserialize, Serialize};

use super::value::{encode, sha256};
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

/// One top-level key of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Such as `notifications`.
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

/// Cuts a file into its sections: every top-level key that says something, but `version`.
pub(super) fn cut(file: &File, version: u64, replaces: Option<u64>) -> Result<Cut, serde_json::Error> {
    let mut values: Vec<(String, String)> = Vec::new();
    if let serde_json::Value::Object(keys) = serde_json::to_value(file)? {
        for (name, value) in keys.into_iter().filter(|(name, _)| name != "version") {
            values.push((name, encode(&value)?));
        }
    }
    let sections =
        values.iter().map(|(name, text)| Section { name: name.clone(), sha256: sha256(text) }).collect();
    let manifest = encode(&Manifest { schema: SCHEMA, version, replaces, sections })?;
    Ok(Cut { manifest, sections: values })
}
