//! Bringing a file into force, and going back.

use super::manifest::{Cut, cut};
use super::{
    Current, KEPT_VERSIONS, MANIFEST, Manifest, SCHEMA, by_version, current, file as read_file, get_one,
    name_in, pointer_name,
};
use crate::config::Configuration;
use crate::config::file::{Fault, File};
use crate::config::loader::LoadError;
use crate::ports::{Overwrite, ParameterError, ParameterStore};

/// The most bytes of one section, as JSON: some 250 parameters, of which an account has 10,000, in each version that is kept.
pub const MAX_SECTION_BYTES: usize = 1 << 20;

/// A file that can be applied, beside what is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    path: String,
    file: File,
    seen: Option<Current>,
    /// What is in force; `None` where nothing was ever applied, or it cannot be read by this version.
    pub before: Option<Configuration>,
    /// What is to come into force.
    pub after: Configuration,
    /// The version that it will have.
    pub version: u64,
    /// Whether the file says something else than the one in force.
    pub is_change: bool,
    /// Why what is in force cannot be read, although something is.
    pub unreadable: Option<LoadError>,
}

impl Change {
    /// The version in force, if its pointer can be read.
    pub fn version_before(&self) -> Option<u64> {
        self.seen.as_ref().map(|seen| seen.manifest.version)
    }
}

/// What an apply did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The version that is in force now.
    pub version: u64,
    /// Versions that were deleted for their age.
    pub pruned: Vec<u64>,
    /// Why old versions could not be deleted. The next apply tries again.
    pub not_pruned: Option<ParameterError>,
}

/// Why nothing was brought into force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The file is not valid.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faults(Vec<Fault>),
    /// What is in force cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Parameter Store did not answer, or refused.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A section is too large.
    #[error("{name} has {bytes} bytes, and at most {MAX_SECTION_BYTES} are kept of one section: {}", shorter(.name))]
    TooLarge {
        /// The section.
        name: String,
        /// Its size as JSON.
        bytes: usize,
    },
    /// Somebody else applies at the same time, or did so since the change was shown.
    #[error(
        "version {version} of {path} was begun by somebody else meanwhile; look at the difference and apply again"
    )]
    Overtaken {
        /// The configuration's path.
        path: String,
        /// The other's version, or ours that the other took.
        version: u64,
    },
    /// A file that cannot be written as JSON.
    #[error("the file cannot be written as JSON: {0}")]
    Encode(String),
}

/// What can be done about a value that is too large.
fn shorter(name: &str) -> &'static str {
    match name {
        "services" => "one glob can stand for many entries",
        "jobs" => {
            "what is alike can be one job with an `array`, and long commands can go into the task definition"
        }
        "scaling" => "shorten it; `hours` of services that are never open can go",
        "guards" => "shorten it; windows of `freeze` that are over can go",
        "notifications" => "shorten it; one glob in a route's `match` can stand for many names",
        _ => "shorten it",
    }
}

/// Looks at what is in force and what the file would change. Writes nothing.
///
/// A version in force that is damaged or missing does not stand in the way of a new one: it is noted.
///
/// # Errors
///
/// Where the file is not valid, Parameter Store does not answer, or what is in force is newer than this version.
pub async fn prepare<P: ParameterStore>(store: &P, path: &str, file: File) -> Result<Change, ApplyError> {
    let after = file.check().map_err(ApplyError::Faults)?;
    let mut unreadable = None;
    let seen = match current(store, path).await {
        Ok(seen) => seen,
        Err(error @ (LoadError::Unreadable(_) | LoadError::Newer { .. })) => return Err(error.into()),
        Err(error) => {
            unreadable = Some(error);
            None
        }
    };
    let in_force = match &seen {
        None => None,
        Some(seen) => match read_file(store, path, &seen.manifest).await {
            Ok(file) => Some(file),
            Err(error @ LoadError::Unreadable(_)) => return Err(error.into()),
            Err(error) => {
                unreadable = Some(error);
                None
            }
        },
    };
    let newest = by_version(path, &store.list(path).await?).into_keys().next_back().unwrap_or(0);
    let version = newest.max(seen.as_ref().map_or(0, |seen| seen.manifest.version)) + 1;
    let change = Change {
        path: path.to_owned(),
        is_change: in_force.as_ref() != Some(&file),
        before: in_force.and_then(|file| file.check().ok()),
        file,
        seen,
        after,
        version,
        unreadable,
    };
    check_sizes(&change)?;
    Ok(change)
}

fn cut_of(change: &Change) -> Result<Cut, ApplyError> {
    cut(&change.file, change.version, change.version_before())
        .map_err(|error| ApplyError::Encode(error.to_string()))
}

fn check_sizes(change: &Change) -> Result<(), ApplyError> {
    match cut_of(change)?.sizes.into_iter().find(|(_, bytes)| *bytes > MAX_SECTION_BYTES) {
        Some((name, bytes)) => Err(ApplyError::TooLarge { name, bytes }),
        None => Ok(()),
    }
}

/// Brings a change into force: claims its version, writes the sections, turns the pointer, prunes.
///
/// # Errors
///
/// Where somebody else was faster, or a write failed. Unless it was the last one, which turns the pointer, what was in
/// force is in force; then either of the two.
pub async fn apply<P: ParameterStore>(store: &P, change: &Change) -> Result<Applied, ApplyError> {
    let Change { path, version, .. } = change;
    let cut = cut_of(change)?;
    let overtaken = || ApplyError::Overtaken { path: path.clone(), version: *version };
    let claim = name_in(path, *version, MANIFEST);
    match put_once(store, &claim, &cut.manifest).await {
        Err(ParameterError::Exists { .. }) => return Err(overtaken()),
        result => result?,
    }
    for (name, value) in &cut.parameters {
        put_once(store, &name_in(path, *version, name), value).await?;
    }
    let pointer = pointer_name(path);
    let seen = change.seen.as_ref().map(|seen| seen.pointer.as_str());
    let now = get_one(store, &pointer).await?;
    // A damaged pointer was never seen as one; it is replaced whatever it is.
    let is_damaged = seen.is_none() && change.unreadable.is_some();
    if now.as_deref() != seen && !is_damaged {
        let by = now.and_then(|text| Manifest::decode(&pointer, &text).ok()).map_or(*version, |m| m.version);
        return Err(ApplyError::Overtaken { path: path.clone(), version: by });
    }
    let turned = match now {
        // Nothing was applied before: only one of two can be the first.
        None => put_once(store, &pointer, &cut.manifest).await,
        Some(_) => store.put(&pointer, &cut.manifest, Overwrite::Yes).await,
    };
    match turned {
        Err(ParameterError::Exists { .. }) => return Err(overtaken()),
        result => result?,
    }
    let needed = [Some(*version), change.version_before()];
    let (pruned, not_pruned) = match prune(store, path, &needed).await {
        Ok(pruned) => (pruned, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    Ok(Applied { version: *version, pruned, not_pruned })
}

/// Creates a parameter. One that is there already with this very value is ours: the SDK called again after an answer was
/// lost; or it is that of somebody who applies the same file, and then all we write is the same.
async fn put_once<P: ParameterStore>(store: &P, name: &str, value: &str) -> Result<(), ParameterError> {
    match store.put(name, value, Overwrite::No).await {
        Err(exists @ ParameterError::Exists { .. }) => match get_one(store, name).await? {
            Some(found) if found == value => Ok(()),
            _ => Err(exists),
        },
        result => result,
    }
}

/// Deletes all but the newest versions, the one in force and the one to go back to from it.
async fn prune<P: ParameterStore>(
    store: &P,
    path: &str,
    needed: &[Option<u64>],
) -> Result<Vec<u64>, ParameterError> {
    let versions = by_version(path, &store.list(path).await?);
    let old: Vec<(u64, Vec<String>)> = versions
        .into_iter()
        .rev()
        .skip(KEPT_VERSIONS)
        .filter(|(version, _)| !needed.contains(&Some(*version)))
        .collect();
    let names: Vec<String> = old.iter().flat_map(|(_, names)| names.iter().cloned()).collect();
    if !names.is_empty() {
        store.delete(&names).await?;
    }
    Ok(old.into_iter().map(|(version, _)| version).collect())
}

/// Why nothing was gone back to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// Nothing was ever applied.
    #[error("nothing was ever applied at {path}")]
    NothingApplied {
        /// The configuration's path.
        path: String,
    },
    /// No version is there to go back to.
    #[error(
        "no usable version that was in force before {version} is left at {path}; `steward versions` lists what there is, \
         and `--to` names one"
    )]
    NothingBefore {
        /// The configuration's path.
        path: String,
        /// The version in force.
        version: u64,
    },
    /// The pointer cannot be read, so it names no version to go back to.
    #[error(
        "{name} does not say what was in force before ({problem}): name one with `--to`; `steward versions` lists them"
    )]
    Unnamed {
        /// The pointer.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Somebody else turned the pointer since the way back was shown.
    #[error(
        "what is in force at {path} was changed by somebody else meanwhile; `steward versions` shows it, and \
         `steward rollback` can be called again"
    )]
    Overtaken {
        /// The configuration's path.
        path: String,
    },
    /// That version is not there.
    #[error("version {version} is not there at {path}; `steward versions` lists what there is")]
    NoSuchVersion {
        /// The configuration's path.
        path: String,
        /// The version.
        version: u64,
    },
    /// That version is in force.
    #[error("version {version} is in force already")]
    InForce {
        /// The version.
        version: u64,
    },
    /// That version cannot be read, or is not valid any more.
    #[error("version {version} cannot be gone back to: {problem}")]
    Unusable {
        /// The version.
        version: u64,
        /// Why.
        problem: String,
    },
    /// What is in force cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl From<ParameterError> for RollbackError {
    fn from(error: ParameterError) -> Self {
        Self::Load(LoadError::Unreadable(error))
    }
}

/// Looks for the version to go back to: `to`, or the nearest usable one of those that were in force before. Writes
/// nothing.
///
/// # Errors
///
/// Where there is none, or it is not whole.
pub async fn find_earlier<P: ParameterStore>(
    store: &P,
    path: &str,
    to: Option<u64>,
) -> Result<Earlier, RollbackError> {
    let seen = get_one(store, &pointer_name(path)).await?;
    let in_force = match seen.clone().map(|pointer| Current::decode(path, pointer)).transpose() {
        Ok(in_force) => in_force,
        // Damage is what going back to a named version is for.
        Err(_) if to.is_some() => None,
        Err(error) => return Err(unnamed(error)),
    };
    let found = match (&in_force, to) {
        (Some(in_force), Some(to)) if in_force.manifest.version == to => {
            return Err(RollbackError::InForce { version: to });
        }
        (_, Some(to)) => verified(store, path, to).await?,
        (Some(in_force), None) => nearest(store, path, &in_force.manifest).await?,
        (None, None) => return Err(RollbackError::NothingApplied { path: path.to_owned() }),
    };
    let Verified { version, configuration, manifest } = found;
    Ok(Earlier { version, configuration, in_force, manifest, seen })
}

fn unnamed(error: LoadError) -> RollbackError {
    match error {
        LoadError::Damaged { name, problem } => {
            RollbackError::Unnamed { name, problem: format!("it is damaged: {problem}") }
        }
        LoadError::Newer { name, schema } => RollbackError::Unnamed {
            name,
            problem: format!("it has schema {schema}, and this version of Steward reads {SCHEMA}"),
        },
        error => error.into(),
    }
}

/// Follows what replaced what.
async fn nearest<P: ParameterStore>(
    store: &P,
    path: &str,
    in_force: &Manifest,
) -> Result<Verified, RollbackError> {
    let mut manifest = in_force.clone();
    // Versions only go down, so this ends.
    while let Some(version) = manifest.replaces.filter(|version| *version < manifest.version) {
        match verified(store, path, version).await {
            Err(RollbackError::Unusable { .. }) => {}
            Err(RollbackError::NoSuchVersion { .. }) => break,
            result => return result,
        }
        let name = name_in(path, version, MANIFEST);
        let text = get_one(store, &name).await?;
        match text.and_then(|text| Manifest::decode(&name, &text).ok()).filter(|m| m.version == version) {
            Some(earlier) => manifest = earlier,
            None => break,
        }
    }
    Err(RollbackError::NothingBefore { path: path.to_owned(), version: in_force.version })
}

/// A version that can be gone back to, beside what is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its number.
    pub version: u64,
    /// What it says.
    pub configuration: Configuration,
    /// What is in force, if its pointer can be read.
    pub in_force: Option<Current>,
    manifest: String,
    /// The pointer's value, readable or not.
    seen: Option<String>,
}

/// A version that was read and checked, section by section.
struct Verified {
    version: u64,
    configuration: Configuration,
    manifest: String,
}

async fn verified<P: ParameterStore>(store: &P, path: &str, version: u64) -> Result<Verified, RollbackError> {
    let name = name_in(path, version, MANIFEST);
    let Some(text) = get_one(store, &name).await? else {
        return Err(RollbackError::NoSuchVersion { path: path.to_owned(), version });
    };
    let unusable = |problem: String| RollbackError::Unusable { version, problem };
    let manifest = Manifest::decode(&name, &text).map_err(|error| unusable(error.to_string()))?;
    if manifest.version != version {
        return Err(unusable(format!("{name} is the manifest of version {}", manifest.version)));
    }
    let file = match read_file(store, path, &manifest).await {
        Err(error @ LoadError::Unreadable(_)) => return Err(error.into()),
        Err(error) => return Err(unusable(error.to_string())),
        Ok(file) => file,
    };
    let configuration = file.check().map_err(|faults| unusable(ApplyError::Faults(faults).to_string()))?;
    Ok(Verified { version, configuration, manifest: text })
}

/// Turns the pointer back to a version that [`find_earlier`] has found: one write. A person may have thought about it for
/// long, so both are looked at again first: the version, which an apply may have pruned, and then the pointer.
///
/// # Errors
///
/// Where the version is not what it was, somebody else turned the pointer, or Parameter Store does not take it.
pub async fn rollback<P: ParameterStore>(
    store: &P,
    path: &str,
    earlier: &Earlier,
) -> Result<(), RollbackError> {
    let Earlier { version, manifest, seen, .. } = earlier;
    if verified(store, path, *version).await?.manifest != *manifest {
        let problem = "it is not what was shown any more".to_owned();
        return Err(RollbackError::Unusable { version: *version, problem });
    }
    let overtaken = || RollbackError::Overtaken { path: path.to_owned() };
    let pointer = pointer_name(path);
    if get_one(store, &pointer).await? != *seen {
        return Err(overtaken());
    }
    let turned = match seen {
        None => put_once(store, &pointer, manifest).await,
        Some(_) => store.put(&pointer, manifest, Overwrite::Yes).await,
    };
    match turned {
        Err(ParameterError::Exists { .. }) => Err(overtaken()),
        result => Ok(result?),
    }
}
