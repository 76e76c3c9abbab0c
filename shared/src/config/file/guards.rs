//! `guards`: what no entry and no tag can widen.

use serde::{Deserialize, Serialize};

use super::fault::{Check, DAY, HOUR, MINUTE};
use super::form::{number, section, sections, word};
use super::freeze::{self, Freeze};
use crate::config::{self, Allowance, Duration, Mode};

/// What no entry of `services` and no tag can widen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Guards {
    /// When nothing is changed. By default never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    pub freeze: Option<Vec<Freeze>>,
    /// How many actions there may be.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub budgets: Option<Budgets>,
    /// When failures are an outage, of which there is one incident, and in which nothing is changed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub outage: Option<Outage>,
    /// How far a service's own tag `steward:mode` may go where no entry goes as far. Default `propose`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub tags: Option<Mode>,
}

/// How many actions there may be, each in any window of its length.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Budgets {
    /// For one service, or one family of standalone tasks. Default 3 within `6h`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub service: Option<Budget>,
    /// For one cluster. Default 10 within `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub cluster: Option<Budget>,
    /// For the account, in this region. Default 20 within `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub account: Option<Budget>,
}

/// So many actions in any window of so long.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Budget {
    /// How many, from 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub count: Option<u64>,
    /// In any window of this length, from `10m` to `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

/// When failures are an outage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outage {
    /// So many services of a cluster that begin to fail together. Default 5, from 2 to 50.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 50)))]
    pub services: Option<u64>,
    /// Together: within so long. Default `5m`, from `1m` to `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}

impl Guards {
    pub(super) fn of(guards: &config::Guards) -> Self {
        let budget = |allowance: &Allowance| {
            let within = Some(Duration::new(allowance.within));
            Some(Budget { count: Some(allowance.count.into()), within })
        };
        Self {
            freeze: Some(guards.freeze.iter().map(Freeze::of).collect()),
            budgets: Some(Budgets {
                service: budget(&guards.per_service),
                cluster: budget(&guards.per_cluster),
                account: budget(&guards.per_account),
            }),
            outage: Some(Outage {
                services: Some(guards.outage_services.into()),
                within: Some(Duration::new(guards.outage_within)),
            }),
            tags: Some(guards.tags_most),
        }
    }

    pub(super) fn check(&self, guards: &mut config::Guards, mut check: Check<'_>) {
        if let Some(windows) = &self.freeze {
            guards.freeze = freeze::check(windows, &mut check.below("freeze"));
        }
        if let Some(Budgets { service, cluster, account }) = &self.budgets {
            let mut check = check.below("budgets");
            for (key, budget, into) in [
                ("service", service, &mut guards.per_service),
                ("cluster", cluster, &mut guards.per_cluster),
                ("account", account, &mut guards.per_account),
            ] {
                if let Some(budget) = budget {
                    budget.check(into, &mut check.below(key));
                }
            }
        }
        if let Some(outage) = &self.outage {
            outage.check(guards, &mut check.below("outage"));
        }
        guards.tags_most = self.tags.unwrap_or(guards.tags_most);
    }
}

impl Budget {
    fn check(&self, allowance: &mut Allowance, check: &mut Check<'_>) {
        check.number(
            "count",
            self.count,
            1..=100,
            "where nothing may be done the `mode` says so, and who needs more has an outage",
            &mut allowance.count,
        );
        check.duration(
            "within",
            self.within,
            10 * MINUTE..=7 * DAY,
            "in less there is hardly time for a second action, and after a week the first is long past",
            &mut allowance.within,
        );
    }
}

impl Outage {
    fn check(&self, guards: &mut config::Guards, check: &mut Check<'_>) {
        check.number(
            "services",
            self.services,
            2..=50,
            "one service alone is no outage, and fifty at once are one wherever they are",
            &mut guards.outage_services,
        );
        check.duration(
            "within",
            self.within,
            MINUTE..=HOUR,
            "events of one outage come within minutes, and within hours much fails that has nothing in common",
            &mut guards.outage_within,
        );
    }
}
