//! The configuration in SSM Parameter Store.
//!
//! Below the configuration's path `P`:
//!
//! | parameter | what |
//! |---|---|
//! | `P/current` | the pointer: the manifest of the version in force; absent: nothing was ever applied |
//! | `P/versions/000012/manifest` | version, names and hashes of its sections; written first, once |
//! | `P/versions/000012/notifications` | a section: one top-level key of the file, as JSON; written once |
//! | `P/versions/000012/jobs.17` | the 18th part of a section that one parameter cannot hold: the JSON goes on where the one before ends |
//!
//! # Guarantees
//!
//! * What the pointer names was written before the pointer was, is never written again, and is checked by hash. A crash
//!   between any two writes leaves the version in force as it was.
//! * Two who apply at once claim the same version by its manifest, which only one of them can create.
//! * An apply prunes neither the version that it brings into force nor the one that this replaces.
//! * Neither an apply nor a rollback turns a pointer that says something else than when it was looked at first.
//!
//! # Assumption
//!
//! Parameter Store writes no parameter on condition of its value. Between the last look at the pointer and writing it,
//! somebody else's version may come into force and be replaced unseen; both versions stay, and can be gone back to. Whoever
//! goes back beyond the newest versions while an apply is just pruning may find the version gone: readers then say that a
//! section is missing.

mod manifest;
mod value;
mod write;

use std::collections::BTreeMap;

pub use manifest::{Manifest, SCHEMA, Section};
pub use value::MAX_VALUE_BYTES;
pub use write::{
    Applied, ApplyError, Change, Earlier, MAX_SECTION_BYTES, RollbackError, apply, find_earlier, prepare,
    rollback,
};

use super::file::{File, VERSION};
use super::loader::LoadError;
use crate::ports::{ParameterError, ParameterStore, Parameters};

/// How many versions are kept, the one in force and the one that it replaced besides.
pub const KEPT_VERSIONS: usize = 10;
const MANIFEST: &str = "manifest";

/// The pointer's name.
pub fn pointer_name(path: &str) -> String {
    format!("{path}/current")
}

fn name_in(path: &str, version: u64, name: &str) -> String {
    format!("{path}/versions/{version:06}/{name}")
}

/// The version that a parameter belongs to, by its name.
fn version_of(path: &str, name: &str) -> Option<u64> {
    let (version, _) = name.strip_prefix(path)?.strip_prefix("/versions/")?.split_once('/')?;
    version.parse().ok()
}

/// The version in force, as it stands in the pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// The pointer's value.
    pub(crate) pointer: String,
    /// What it says.
    pub manifest: Manifest,
}

/// Reads the pointer. `None`: nothing was ever applied.
///
/// # Errors
///
/// Where it cannot be read, is damaged or newer.
pub async fn current<P: Parameters>(port: &P, path: &str) -> Result<Option<Current>, LoadError> {
    match get_one(port, &pointer_name(path)).await? {
        None => Ok(None),
        Some(pointer) => Current::decode(path, pointer).map(Some),
    }
}

impl Current {
    fn decode(path: &str, pointer: String) -> Result<Self, LoadError> {
        let manifest = Manifest::decode(&pointer_name(path), &pointer)?;
        Ok(Self { pointer, manifest })
    }
}

/// Reads the sections that a manifest names, and puts the file together again.
///
/// # Errors
///
/// Where a section cannot be read, is missing, or is not what was written.
pub async fn file<P: Parameters>(port: &P, path: &str, manifest: &Manifest) -> Result<File, LoadError> {
    let in_version = |name: String| name_in(path, manifest.version, &name);
    let names: Vec<String> = manifest.sections.iter().flat_map(Section::parameters).map(in_version).collect();
    let found = if names.is_empty() { Vec::new() } else { port.get(&names).await? };
    let mut found = names.iter().zip(found);
    let mut whole = serde_json::Map::new();
    whole.insert("version".to_owned(), VERSION.into());
    for section in &manifest.sections {
        let mut text = String::new();
        for (name, part) in found.by_ref().take(section.parts.unwrap_or(1)) {
            text.push_str(&part.ok_or_else(|| LoadError::Missing { name: name.clone() })?);
        }
        let damaged = |problem: String| LoadError::damaged(&in_version(section.name.clone()), problem);
        if value::sha256(&text) != section.sha256 {
            return Err(damaged("its hash is not the one that the manifest names".to_owned()));
        }
        let value = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if whole.insert(section.name.clone(), value).is_some() {
            return Err(damaged("its section is there twice".to_owned()));
        }
    }
    serde_json::from_value(whole.into())
        .map_err(|error| LoadError::damaged(&in_version(MANIFEST.to_owned()), error))
}

/// A version that was applied once and is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub version: u64,
    /// Whether it can be gone back to: its manifest and all sections are listed.
    pub is_whole: bool,
    /// Whether it is in force.
    pub is_current: bool,
}

/// Every version that is still there, the newest first. Where the pointer is damaged or newer none is known to be in
/// force, and the list is what a way back is chosen from; [`current`] says what is wrong.
///
/// # Errors
///
/// Where Parameter Store does not answer.
pub async fn versions<P: ParameterStore>(store: &P, path: &str) -> Result<Vec<Kept>, ParameterError> {
    let in_force = match current(store, path).await {
        Ok(current) => current.map(|current| current.manifest.version),
        Err(LoadError::Unreadable(error)) => return Err(error),
        Err(_) => None,
    };
    let mut kept = Vec::new();
    for (version, names) in by_version(path, &store.list(path).await?).into_iter().rev() {
        let name = name_in(path, version, MANIFEST);
        let manifest = get_one(store, &name).await?.and_then(|text| Manifest::decode(&name, &text).ok());
        let is_whole = manifest.is_some_and(|manifest| {
            let mut parameters = manifest.sections.iter().flat_map(Section::parameters);
            parameters.all(|name| names.contains(&name_in(path, version, &name)))
        });
        kept.push(Kept { version, is_whole, is_current: in_force == Some(version) });
    }
    Ok(kept)
}

/// The names of all parameters below the path, by version.
fn by_version(path: &str, names: &[String]) -> BTreeMap<u64, Vec<String>> {
    let mut versions: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for name in names {
        if let Some(version) = version_of(path, name) {
            versions.entry(version).or_default().push(name.clone());
        }
    }
    versions
}

async fn get_one<P: Parameters>(port: &P, name: &str) -> Result<Option<String>, ParameterError> {
    Ok(port.get(&[name.to_owned()]).await?.into_iter().next().flatten())
}

#[cfg(test)]
mod tests;
