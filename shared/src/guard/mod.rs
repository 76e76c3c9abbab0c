//! Every rule of safety, in one place and in one order.
//!
//! A guard looks at one plan and says nothing, or refuses it by name. The first that refuses decides, and what it says goes
//! into the ledger and the alert. Guards concern changes only: watching and telling are never held back.
//!
//! # Invariants
//!
//! * What a guard must know and does not know is a refusal ([`Refusal::Unobserved`]), never a pass.
//! * [`check`] runs before an action is claimed, and again, on what is read anew, between the claim and the call. What the
//!   claim itself uses up (lock, budget) is checked before it alone.

mod hosts;
mod refusal;
mod rules;

use jiff::{SignedDuration, Timestamp};

pub(crate) use hosts::{host_queries, is_impaired, sign_of, status_check};
pub use refusal::{Gone, Needed, Refusal};
pub(crate) use rules::{is_ailing, is_unwell};
pub use rules::{place, scopes};

use crate::action::Plan;
use crate::config::{Enrolled, Guards, Mode};
use crate::incident::{Incident, TargetRecord};
use crate::remediation::{Facts, Home};

/// What may change by itself is asked about again after so long.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(2);

/// What is checked, and everything that it is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Case<'c> {
    /// What would be done.
    pub plan: &'c Plan,
    /// What holds for the target.
    pub enrolled: Enrolled<'c>,
    /// What holds for all.
    pub guards: &'c Guards,
    /// Whether Steward's own `scaling` sets the target's desired count.
    pub is_scaled: bool,
    /// What was read.
    pub facts: &'c Facts,
    /// What is remembered of the target.
    pub record: &'c TargetRecord,
    /// Its incident.
    pub incident: &'c Incident,
    /// Where this Steward may act; absent where nothing says.
    pub home: Option<&'c Home>,
    /// Whether a person approved the plan.
    pub is_approved: bool,
    /// When.
    pub now: Timestamp,
}

/// How far a plan may go that no guard refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// It may be carried out.
    Act,
    /// A person may be asked.
    Propose,
}

/// When a guard is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before an action is claimed.
    Claim,
    /// Between the claim and the call, too.
    Gate,
}

/// One rule.
#[derive(Clone, Copy)]
pub struct Guard {
    /// Its stable name.
    pub name: &'static str,
    /// The last stage at which it is asked.
    pub until: Stage,
    rule: fn(&Case<'_>) -> Result<(), Refusal>,
}

/// Every rule, in the order in which they are asked.
pub const GUARDS: &[Guard] = &[
    Guard { name: "home", until: Stage::Gate, rule: rules::home },
    Guard { name: "enrolled", until: Stage::Gate, rule: rules::enrolled },
    Guard { name: "switch", until: Stage::Gate, rule: rules::switch },
    Guard { name: "mode", until: Stage::Gate, rule: rules::mode },
    Guard { name: "freeze", until: Stage::Gate, rule: rules::freeze },
    Guard { name: "breaker", until: Stage::Gate, rule: rules::breaker },
    Guard { name: "controller", until: Stage::Gate, rule: rules::controller },
    Guard { name: "person", until: Stage::Gate, rule: rules::person },
    Guard { name: "stack", until: Stage::Gate, rule: rules::stack },
    Guard { name: "stability", until: Stage::Gate, rule: rules::stability },
    Guard { name: "cooldown", until: Stage::Gate, rule: rules::cooldown },
    Guard { name: "attempts", until: Stage::Gate, rule: rules::attempts },
    Guard { name: "loop", until: Stage::Gate, rule: rules::failed_before },
    Guard { name: "rejected", until: Stage::Gate, rule: rules::rejected },
    Guard { name: "lock", until: Stage::Claim, rule: rules::lock },
    Guard { name: "budget", until: Stage::Claim, rule: rules::budget },
    Guard { name: "outage", until: Stage::Gate, rule: rules::outage },
    Guard { name: "one_host_at_a_time", until: Stage::Gate, rule: hosts::one_host_at_a_time },
    Guard { name: "precondition", until: Stage::Gate, rule: rules::precondition },
    Guard { name: "memory", until: Stage::Gate, rule: rules::memory },
    Guard { name: "scaler", until: Stage::Gate, rule: rules::scaler },
];

/// Asks the guards of a stage, in order.
///
/// # Errors
///
/// The first refusal.
pub fn check(case: &Case<'_>, stage: Stage, guards: &[Guard]) -> Result<Permission, Refusal> {
    for guard in guards.iter().filter(|guard| guard.until >= stage) {
        (guard.rule)(case)?;
    }
    let may_act = case.enrolled.mode == Mode::Act && !case.plan.remedy.always_asks();
    Ok(if may_act || case.is_approved { Permission::Act } else { Permission::Propose })
}

#[cfg(test)]
mod tests;
