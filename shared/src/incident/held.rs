//! Why nothing is done about an incident.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::action::{Plan, Remedy};
use crate::guard::Refusal;
use crate::redact::{Redacted, redact};
use crate::remediation::Escalation;
use crate::words::{Language, remedies};

/// Why nothing is done about an incident at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What would be done, if anything.
    pub remedy: Option<Remedy>,
    /// What exactly, such as "UpdateService api to api:41".
    pub call: Option<Redacted>,
    /// The reason.
    pub why: Why,
}

/// The reason for which nothing is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is a remedy, and a guard refuses it.
    Refused(Refusal),
    /// No remedy helps.
    Escalated(Escalation),
}

impl Held {
    /// The reason where something could not be read.
    pub const UNOBSERVED: &str = "unobserved";
    /// Reasons that end at a time that they name.
    const TIMED: [&str; 4] = ["not_stable", "cooling_down", "frozen", "budget_spent"];

    /// A guard refuses a plan.
    pub fn refused(plan: &Plan, refusal: Refusal) -> Self {
        let call = Some(redact(&plan.call.to_string()));
        Self { remedy: Some(plan.remedy), call, why: Why::Refused(refusal) }
    }

    /// No remedy helps.
    pub fn escalated(escalation: Escalation) -> Self {
        Self { remedy: None, call: None, why: Why::Escalated(escalation) }
    }

    /// The reason in one stable word: logs, metrics, and whether it is news.
    pub fn reason(&self) -> &'static str {
        match &self.why {
            Why::Refused(refusal) => refusal.as_str(),
            Why::Escalated(escalation) => escalation.as_str(),
        }
    }

    /// Whether something could not be read.
    pub(super) fn is_blind(&self) -> bool {
        self.reason() == Self::UNOBSERVED
    }

    /// Whether the reason ends by itself.
    pub(super) fn is_timed(&self) -> bool {
        Self::TIMED.contains(&self.reason())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&remedies::why(self, Language::En))
    }
}
