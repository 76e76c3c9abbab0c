//! What was looked for and is known, is known not to be, or is not known.

use serde::{Deserialize, Serialize};

/// The answer to a question about the outside. What could not be read is not zero, empty or absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed<T> {
    /// It is so.
    Known(T),
    /// There is no such thing.
    Absent,
    /// It could not be read, and why.
    Unknown(String),
}

impl<T> Observed<T> {
    /// What is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// Of a read: what was found, or why nothing can be said.
    pub fn of<E: std::fmt::Display>(read: Result<Option<T>, E>) -> Self {
        match read {
            Ok(Some(value)) => Self::Known(value),
            Ok(None) => Self::Absent,
            Err(error) => Self::Unknown(error.to_string()),
        }
    }
}
