//! How the functions get at the configuration.
//!
//! # Guarantees
//!
//! * Whole or not at all: what is half-written, damaged or newer is never returned.
//! * At most one look at the pointer a minute; sections are read only when the pointer has changed.
//! * What was read once stays in force while it cannot be read again, and the caller is told so. On a cold start there is
//!   nothing to stay with: an error, upon which a function acts on nothing and lets its records return to the queue.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Configuration;
use super::store::{self, Current, SCHEMA};
use crate::ports::{ParameterError, Parameters};

/// The pointer is looked at this often.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// Why a configuration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Parameter Store did not answer, or refused.
    #[error(transparent)]
    Unreadable(#[from] ParameterError),
    /// A section that the pointer names is not there. It was written before the pointer, so it may only not show yet.
    #[error(
        "{name} is missing; if it stays so, `steward apply` writes a new version, `steward rollback` goes back"
    )]
    Missing {
        /// The parameter.
        name: String,
    },
    /// A parameter is not what was written, or says what this version does not understand.
    #[error(
        "{name} is damaged: {problem}; `steward apply` writes a new version, `steward rollback --to` goes back to one that \
         `steward versions` lists"
    )]
    Damaged {
        /// The parameter.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// It was written by a newer version of the command line. The reader may be a function or an older command line.
    #[error(
        "{name} has schema {schema}, and this version of Steward reads {SCHEMA}: update the stack and the command line, or \
         go back with `steward rollback --to` to an older version that `steward versions` lists"
    )]
    Newer {
        /// The parameter.
        name: String,
        /// Its schema.
        schema: u64,
    },
}

impl LoadError {
    pub(super) fn damaged(name: &str, problem: impl fmt::Display) -> Self {
        Self::Damaged { name: name.to_owned(), problem: problem.to_string() }
    }

    /// Whether trying again can help. If not, somebody has to do something.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreadable(error) => error.is_retryable(),
            Self::Missing { .. } => true,
            Self::Damaged { .. } | Self::Newer { .. } => false,
        }
    }
}

/// A configuration to work by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What people decided.
    pub configuration: Configuration,
    /// Its version; `None` where nothing was ever applied, and the defaults hold.
    pub version: Option<u64>,
    /// Why this call could not read it again, and returns what was read before. To be logged: at most once a minute.
    pub stale: Option<LoadError>,
}

/// Reads the configuration, and remembers it between invocations.
#[derive(Debug)]
pub struct Loader {
    path: String,
    last: Mutex<Option<Last>>,
}

#[derive(Debug, Clone)]
struct Last {
    looked_at: Timestamp,
    current: Option<Current>,
    configuration: Configuration,
}

impl Last {
    fn loaded(&self, stale: Option<LoadError>) -> Loaded {
        let version = self.current.as_ref().map(|current| current.manifest.version);
        Loaded { configuration: self.configuration.clone(), version, stale }
    }

    /// A clock that was set back makes nothing fresh.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.looked_at);
        age >= SignedDuration::ZERO && age < FRESH
    }
}

impl Loader {
    /// Of the configuration at a path, such as `/steward/STACK/configuration`.
    pub fn new(path: impl Into<String>) -> Self {
        let mut path = path.into();
        path.truncate(path.trim_end_matches('/').len());
        Self { path, last: Mutex::new(None) }
    }

    /// The configuration in force, as of the last minute.
    ///
    /// # Errors
    ///
    /// Where it cannot be read and never was since the start.
    pub async fn load<P: Parameters>(&self, port: &P, now: Timestamp) -> Result<Loaded, LoadError> {
        let last = self.last();
        if let Some(last) = last.as_ref().filter(|last| last.is_fresh(now)) {
            return Ok(last.loaded(None));
        }
        match self.read(port, last.as_ref(), now).await {
            Ok(read) => {
                let loaded = read.loaded(None);
                self.remember(read);
                Ok(loaded)
            }
            Err(error) => {
                let Some(last) = last else { return Err(error) };
                let loaded = last.loaded(Some(error));
                // Asked again in a minute, not by every invocation: Parameter Store's rate is shared by all.
                self.remember(Last { looked_at: now, ..last });
                Ok(loaded)
            }
        }
    }

    async fn read<P: Parameters>(
        &self,
        port: &P,
        last: Option<&Last>,
        now: Timestamp,
    ) -> Result<Last, LoadError> {
        let current = store::current(port, &self.path).await?;
        if let Some(last) = last.filter(|last| last.current == current) {
            return Ok(Last { looked_at: now, ..last.clone() });
        }
        let configuration = match &current {
            None => Configuration::default(),
            Some(current) => {
                let file = store::file(port, &self.path, &current.manifest).await?;
                file.check().map_err(|faults| {
                    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                    LoadError::damaged(&store::pointer_name(&self.path), faults.join("; "))
                })?
            }
        };
        Ok(Last { looked_at: now, current, configuration })
    }

    // The lock is never held across an await, and what is behind it is always whole.
    fn last(&self) -> Option<Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, last: Last) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
    }
}
