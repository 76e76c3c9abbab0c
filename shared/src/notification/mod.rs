//! What people are told: one subject, rendered as it stands now.
//!
//! A message is never a delta. Whatever was lost or came late, the next rendering of the same subject is whole again, and
//! telling it twice tells the same.

pub mod amazon_q;
mod decide;
pub mod links;
mod log_place;
pub mod mail;
mod outage;
mod remedies;
mod render;
pub mod slack;
mod story;
mod text;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use decide::{Course, Do, Facts, Send, Way, decide, look_at};
pub use links::Link;
pub use log_place::{LogPlace, log_place};
pub use outage::{Shared, shared};
pub use render::Style;
pub use story::{Step, Story, Weight, What};
pub use text::plain;

use crate::arn::{ClusterArn, DeploymentId};
use crate::batch::JobName;
use crate::incident::{Severity, Target};
use crate::redact::Redacted;
use crate::words::alerts::Name;
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
    /// Many targets of a cluster that fail together.
    Outage {
        /// Its cluster.
        cluster: ClusterArn,
        /// Since when.
        since: Timestamp,
    },
    /// What a channel was not told.
    Digest {
        /// The channel.
        channel: String,
    },
    /// The trouble of a job: runs that did not succeed, until one does.
    Job {
        /// Which.
        job: JobName,
        /// Since when.
        opened_at: Timestamp,
    },
    /// The trouble of a scaled service.
    Scaler {
        /// Which service.
        target: Target,
        /// Since when.
        opened_at: Timestamp,
    },
    /// A channel that refuses messages.
    Channel {
        /// Which.
        channel: String,
        /// Since when.
        since: Timestamp,
    },
}

impl Subject {
    /// Its kind, in one stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Incident { .. } => "incident",
            Self::Deployment { .. } => "deployment",
            Self::Outage { .. } => "outage",
            Self::Digest { .. } => "digest",
            Self::Job { .. } => "job",
            Self::Scaler { .. } => "scaler",
            Self::Channel { .. } => "channel",
        }
    }

    /// One text a subject.
    pub fn key(&self) -> String {
        match self {
            Self::Incident { target, opened_at } => format!("incident#{}#{opened_at}", target.key()),
            Self::Deployment { service, id } => format!("deployment#{}#{id}", service.key()),
            Self::Outage { cluster, since } => format!("outage#{cluster}#{since}"),
            Self::Digest { channel } => format!("digest#{channel}"),
            Self::Job { job, opened_at } => format!("job#{job}#{opened_at}"),
            Self::Scaler { target, opened_at } => format!("scaler#{}#{opened_at}", target.key()),
            Self::Channel { channel, since } => format!("channel#{channel}#{since}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident { target, .. } => write!(f, "incident of {target}"),
            Self::Deployment { service, id } => write!(f, "deployment {id} of {service}"),
            Self::Outage { cluster, .. } => write!(f, "outage of {}", cluster.name()),
            Self::Digest { channel } => write!(f, "digest of channel {channel}"),
            Self::Job { job, .. } => write!(f, "job {job}"),
            Self::Scaler { target, .. } => write!(f, "scaling of {target}"),
            Self::Channel { channel, .. } => write!(f, "channel {channel}"),
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
    /// The failed container's last log lines, the latest last.
    pub logs: Vec<Redacted>,
    /// Where to look.
    pub links: Vec<Link>,
    /// In which language it is.
    pub language: Language,
}

impl Message {
    /// One that says a single thing.
    pub fn brief(tone: Tone, title: Redacted, language: Language) -> Self {
        Self {
            tone,
            title,
            status: Redacted::default(),
            asks: Vec::new(),
            facts: Vec::new(),
            evidence: Vec::new(),
            advice: None,
            done: Vec::new(),
            logs: Vec::new(),
            links: Vec::new(),
            language,
        }
    }
}

/// A line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, as the log service has it.
    pub at: Option<Timestamp>,
    /// What.
    pub text: Redacted,
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What the value is.
    pub name: Name,
    /// Such as its ARN.
    pub value: Redacted,
}

/// A time as people read it who read English: `20 Nov 21:04 UTC`.
pub fn moment(at: Timestamp) -> String {
    words::moment(at, Language::En)
}

#[cfg(test)]
mod tests;
