//! `capacity` and `start_failures`: what Steward does about missing room, and about starts that fail for hours.

use serde::{Deserialize, Serialize};

use super::fault::{Check, DAY, HOUR, MINUTE};
use super::form::{Words, number, word};
use crate::config::{self, Duration, Rules};

/// Spare capacity that has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Capacity {
    /// What fell back to on-demand capacity returns so long after its incident is over. Each return that does not last a day
    /// doubles it, up to a day. Default `2h`, from `30m` to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_after: Option<Duration>,
}

/// Tasks that do not start for hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StartFailures {
    /// After so long the desired count is limited. Default `6h`, from `1h` to `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Duration>,
    /// To so many tasks, where more are wanted. By default to as many as run, and at least 1. 0 also needs `to_zero`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 5_000)))]
    pub ceiling: Option<u64>,
    /// That `ceiling: 0` is meant: no task at all is wanted then, until a person says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub to_zero: Option<Allowed>,
}

/// A word that allows what is not allowed otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Allowed {
    /// It is.
    Allowed,
}

impl Words for Allowed {
    const EXPECTED: &'static str = "`allowed`, or nothing at all";
}

impl Capacity {
    pub(super) fn of(rules: &Rules) -> Self {
        Self { return_after: Some(Duration::new(rules.return_after)) }
    }

    pub(super) fn check(self, rules: &mut Rules, check: &mut Check<'_>) {
        check.duration(
            "return_after",
            self.return_after,
            30 * MINUTE..=DAY,
            "each return replaces every task, and shortages of spare capacity last for hours",
            &mut rules.return_after,
        );
    }
}

impl StartFailures {
    pub(super) fn of(rules: &Rules) -> Self {
        let config::StartFailures { after, ceiling } = rules.start_failures;
        Self {
            after: Some(Duration::new(after)),
            ceiling: ceiling.map(Into::into),
            to_zero: ceiling.filter(|ceiling| *ceiling == 0).map(|_| Allowed::Allowed),
        }
    }

    pub(super) fn check(self, rules: &mut Rules, check: &mut Check<'_>) {
        check.duration(
            "after",
            self.after,
            HOUR..=7 * DAY,
            "people need an hour to mend what they deployed, and after a week everything is spent",
            &mut rules.start_failures.after,
        );
        if self.ceiling == Some(0) && self.to_zero.is_none() {
            let problem = "0 stops the service: where that is meant, write `to_zero: allowed` beside it";
            check.fault("ceiling", problem);
            return;
        }
        let mut ceiling = 0;
        check.number(
            "ceiling",
            self.ceiling,
            0..=5_000,
            "ECS takes no more tasks in a service",
            &mut ceiling,
        );
        if self.ceiling.is_some() {
            rules.start_failures.ceiling = Some(ceiling);
        }
    }
}
