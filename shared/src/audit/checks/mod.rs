//! The checks: one table, and beside each entry the function that looks.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::{ClusterFacts, Definition, Facts};
use crate::observed::Observed;
use crate::redact::{Redacted, redact};

mod containers;
mod deployment;
mod health;
mod placement;
mod quotas;
mod roles;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It fails now or at the next deployment, or gives a secret away.
    Error,
    /// It makes an outage longer or likelier, or widens what an intruder may do.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// All, the gravest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// Its word, which is SARIF's level as well.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who says that something is good practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The document's name.
    pub name: &'static str,
    /// Where it is.
    pub url: &'static str,
}

/// What a check saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// All is as it should be, or the check is not about this.
    Nothing,
    /// It is not: what was seen.
    Found(Vec<Redacted>),
    /// What it needs could not be read, and why.
    Unseen(String),
}

/// Where a check looks.
#[derive(Debug, Clone, Copy)]
pub enum Look {
    /// At each service.
    Service(fn(&Facts, Timestamp) -> Seen),
    /// At the cluster itself.
    Cluster(fn(&ClusterFacts) -> Seen),
}

/// One piece of good practice.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its id, which stays: for `--ignore`, and in reports.
    pub id: &'static str,
    /// How grave it is where it is not kept to.
    pub severity: Severity,
    /// What is wrong, in a line.
    pub title: &'static str,
    /// Why that matters.
    pub reason: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Who says so.
    pub source: Source,
    /// The function that looks.
    pub look: Look,
}

/// All checks. Each has a test in which it speaks, one in which it does not, and one in which it cannot see.
pub const CHECKS: &[Check] = &[
    deployment::BREAKER_OFF,
    deployment::BREAKER_WITHOUT_ROLLBACK,
    deployment::DEPLOYMENT_CANNOT_MOVE,
    health::RETRY_STORM,
    health::NO_HEALTH_CHECK,
    health::NO_GRACE_PERIOD,
    placement::ONE_TASK,
    placement::ONE_ZONE,
    placement::ONE_SUBNET,
    placement::PLATFORM_VERSION_RETIRED,
    containers::NO_LOGS,
    containers::SECRET_IN_ENVIRONMENT,
    containers::STOP_TIMEOUT_UNSET,
    containers::STOP_TIMEOUT_TOO_LONG,
    containers::IMAGE_LATEST,
    containers::IMAGE_BY_TAG,
    containers::EXECUTE_COMMAND_ON,
    roles::SAME_ROLE,
    roles::EXECUTION_ROLE_DENIED,
    roles::EXECUTION_ROLE_MAY_BE_DENIED,
    quotas::DEFINITION_NEAR_SIZE,
    quotas::DEFINITION_NEAR_CONTAINERS,
    quotas::SERVICE_NEAR_TASKS,
    quotas::CLUSTER_NEAR_SERVICES,
];

/// The check of an id.
pub fn check(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}

impl Seen {
    /// Found, unless there is nothing to show.
    fn of(evidence: Vec<Redacted>) -> Self {
        if evidence.is_empty() { Self::Nothing } else { Self::Found(evidence) }
    }

    /// One piece of evidence.
    fn found(evidence: &str) -> Self {
        Self::Found(vec![redact(evidence)])
    }

    /// Found where `is_so`.
    fn found_if(is_so: bool, evidence: impl FnOnce() -> String) -> Self {
        if is_so { Self::found(&evidence()) } else { Self::Nothing }
    }
}

/// Looks at what the service deploys. A service that deploys no task definition has nothing to be seen.
fn in_definition(facts: &Facts, look: impl FnOnce(&Definition) -> Vec<Redacted>) -> Seen {
    match &facts.definition {
        Observed::Known(definition) => Seen::of(look(definition)),
        Observed::Absent => Seen::Nothing,
        Observed::Unknown(why) => Seen::Unseen(why.clone()),
    }
}
