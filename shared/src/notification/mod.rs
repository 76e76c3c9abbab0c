//! What people are told: one subject, rendered as it stands now.
//!
//! A message is never a delta. Whatever was lost or came late, the next rendering of the same subject is whole again, and
//! telling it twice tells the same.

pub mod mail;
mod remedies;
mod render;
mod slack;
mod text;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use render::{deployment, deployment_quoting, incident, incident_quoting};
pub use slack::blocks;
pub use text::plain;

use crate::arn::DeploymentId;
use crate::incident::{Severity, Target};
use crate::redact::Redacted;
use crate::words::{self, Language};

/// Something that people are told about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// An incident, by its target and the time it was opened.
    Incident {
        /// What fails.
        target: Target,
        /// Since when.
        opened_at: Timestamp,
    },
    /// A deployment.
    Deployment {
        /// Of which service.
        service: Target,
        /// Which.
        id: DeploymentId,
    },
}

impl Subject {
    /// Its kind, in one stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Incident { .. } => "incident",
            Self::Deployment { .. } => "deployment",
        }
    }

    /// One text a subject.
    pub fn key(&self) -> String {
        match self {
            Self::Incident { target, opened_at } => format!("incident#{}#{opened_at}", target.key()),
            Self::Deployment { service, id } => format!("deployment#{}#{id}", service.key()),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident { target, .. } => write!(f, "incident of {target}"),
            Self::Deployment { service, id } => write!(f, "deployment {id} of {service}"),
        }
    }
}

/// How a message looks at first glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something goes on, and matters so much.
    Alert(Severity),
    /// It is over, or went well.
    Good,
    /// A step on the way.
    Neutral,
}

impl Tone {
    /// The word that a text begins with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alert(Severity::Critical) => "CRITICAL",
            Self::Alert(Severity::Warning) => "WARNING",
            Self::Alert(Severity::Info) | Self::Neutral => "INFO",
            Self::Good => "OK",
        }
    }

    /// The sign that a chat message begins with.
    pub fn emoji(self) -> &'static str {
        match self {
            Self::Alert(Severity::Critical) => "🔴",
            Self::Alert(Severity::Warning) => "🟠",
            Self::Alert(Severity::Info) | Self::Neutral => "🔵",
            Self::Good => "🟢",
        }
    }
}

/// A rendered subject, before a channel gives it its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How it looks at first glance.
    pub tone: Tone,
    /// What and where, in one line.
    pub title: Redacted,
    /// How it stands, in one line.
    pub status: Redacted,
    /// What a person has to decide, the most urgent first, each with the command that does it.
    pub asks: Vec<Redacted>,
    /// Names and values.
    pub facts: Vec<Fact>,
    /// Quoted evidence.
    pub evidence: Vec<Redacted>,
    /// What to do next.
    pub advice: Option<Redacted>,
    /// What Steward did, the earliest first, and why it does no more.
    pub done: Vec<Redacted>,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Such as `Task`.
    pub name: &'static str,
    /// Such as its ARN.
    pub value: Redacted,
}

/// A time as people read it who read English: `20 Nov 21:04 UTC`.
pub fn moment(at: Timestamp) -> String {
    words::moment(at, Language::En)
}

#[cfg(test)]
mod tests;
