//! By which rules a job runs.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::retry;
use super::{Job, OrOff, Retry, Success};
use crate::batch::{self, JobRules, MAX_ARRAY, MAX_ATTEMPTS, Size};
use crate::config::Duration;
use crate::config::file::fault::{Check, DAY, HOUR, MINUTE};
use crate::config::file::form::{Words, number};

impl Words for batch::Concurrency {
    const EXPECTED: &'static str = "`allow`, `forbid`, `replace` or `queue`";
}

/// How long a failed attempt is followed by nothing: twice as long each time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Backoff {
    /// After the first. Default `30s`, from `0s` to `6h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Duration>,
    /// At the most. Default `15m`, or `first` where that is longer, to `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Duration>,
}

/// When further slots are skipped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Breaker {
    /// After so many failed runs in a row. Default 5, from 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub failures: Option<u64>,
    /// So long after the last of them one more run is tried. Default `6h`, from `10m` to `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Duration>,
}

impl Job {
    pub(super) fn set_rules(&mut self, rules: &JobRules) {
        let duration = |duration| Some(Duration::new(duration));
        let or_off = |duration: Option<SignedDuration>| Some(OrOff::of(duration.map(Duration::new)));
        self.parallel = Some(rules.parallel.into());
        self.concurrency = Some(rules.concurrency);
        self.starting_deadline = duration(rules.starting_deadline);
        self.late = duration(rules.late);
        self.provision_timeout = duration(rules.provision_timeout);
        self.run_timeout = or_off(rules.run_timeout);
        self.max_attempts = Some(rules.max_attempts.into());
        self.backoff =
            Some(Backoff { first: duration(rules.backoff.first), most: duration(rules.backoff.most) });
        self.retry = Some(rules.retry.iter().map(Retry::of).collect());
        self.on_demand_after = Some(OrOff::of(rules.on_demand_after));
        self.success = Some(Success::of(rules.success));
        self.breaker = rules.breaker.map(|breaker| Breaker {
            failures: Some(breaker.failures.into()),
            pause: duration(breaker.pause),
        });
        self.no_success = or_off(rules.no_success);
    }

    pub(super) fn check_rules(&self, size: Size, check: &mut Check<'_>) -> JobRules {
        let mut rules = JobRules::default();
        rules.concurrency = self.concurrency.unwrap_or(rules.concurrency);
        self.check_start(&mut rules, check);
        self.check_timeouts(&mut rules, check);
        self.check_attempts(&mut rules, check);
        if let Some(success) = self.success {
            success.check(size.tasks(), &mut rules.success, check);
        }
        if let Some(breaker) = &self.breaker {
            rules.breaker = Some(breaker.check(&mut check.below("breaker")));
        }
        if let Some(no_success) = self.no_success {
            rules.no_success = duration_or_off(
                check,
                "no_success",
                no_success,
                (10 * MINUTE, 400 * DAY),
                "a run takes minutes, and what runs once a year has had its time after 400 days",
            );
        }
        rules
    }

    /// When and how wide it starts.
    fn check_start(&self, rules: &mut JobRules, check: &mut Check<'_>) {
        check.number(
            "parallel",
            self.parallel,
            1..=MAX_ARRAY,
            "with none nothing would run, and no run has more tasks",
            &mut rules.parallel,
        );
        check.duration(
            "starting_deadline",
            self.starting_deadline,
            2 * MINUTE..=7 * DAY,
            "Steward looks once a minute, and what is a week old is no slot to catch up with",
            &mut rules.starting_deadline,
        );
        check.duration(
            "late",
            self.late,
            2 * MINUTE..=7 * DAY,
            "Steward looks once a minute, and after a week everybody knows",
            &mut rules.late,
        );
    }

    /// How long its tasks may take.
    fn check_timeouts(&self, rules: &mut JobRules, check: &mut Check<'_>) {
        check.duration(
            "provision_timeout",
            self.provision_timeout,
            2 * MINUTE..=DAY,
            "images take minutes to pull, and what found no place for a day finds none",
            &mut rules.provision_timeout,
        );
        if let Some(run_timeout) = self.run_timeout {
            rules.run_timeout = duration_or_off(
                check,
                "run_timeout",
                run_timeout,
                (MINUTE, 30 * DAY),
                "Steward looks once a minute, and what runs for months is a service",
            );
        }
    }

    /// What follows failures.
    fn check_attempts(&self, rules: &mut JobRules, check: &mut Check<'_>) {
        check.number(
            "max_attempts",
            self.max_attempts,
            1..=MAX_ATTEMPTS,
            "the first one counts, and what failed ten times will fail again",
            &mut rules.max_attempts,
        );
        if let Some(backoff) = &self.backoff {
            backoff.check(&mut rules.backoff, &mut check.below("backoff"));
        }
        if let Some(retry) = &self.retry {
            rules.retry = retry::check(retry, &mut check.below("retry"));
        }
        if let Some(after) = self.on_demand_after {
            rules.on_demand_after = after.is().map(|failures| {
                let mut checked = 1;
                check.number(
                    "on_demand_after",
                    Some(failures),
                    1..=MAX_ATTEMPTS,
                    "a rule of `retry` with `on_demand` is what comes before, and no task has more attempts; `off`: never",
                    &mut checked,
                );
                checked
            });
        }
    }
}

fn duration_or_off(
    check: &mut Check<'_>,
    key: &str,
    value: OrOff<Duration>,
    (least, most): (u64, u64),
    why: &str,
) -> Option<SignedDuration> {
    let value = value.is()?;
    let mut checked = value.get();
    check.duration(key, Some(value), least..=most, why, &mut checked);
    Some(checked)
}

impl Backoff {
    fn check(&self, backoff: &mut batch::Backoff, check: &mut Check<'_>) {
        check.duration(
            "first",
            self.first,
            0..=6 * HOUR,
            "who waits longer for another attempt has another slot",
            &mut backoff.first,
        );
        check.duration(
            "most",
            self.most,
            0..=DAY,
            "who waits longer for another attempt has another slot",
            &mut backoff.most,
        );
        if self.most.is_some() && backoff.most < backoff.first {
            check.fault("most", format!("is shorter than `first`, {}", Duration::new(backoff.first)));
        }
        backoff.most = backoff.most.max(backoff.first);
    }
}

impl Breaker {
    fn check(&self, check: &mut Check<'_>) -> batch::Breaker {
        let mut breaker = batch::Breaker { failures: 5, pause: SignedDuration::from_hours(6) };
        check.number(
            "failures",
            self.failures,
            1..=100,
            "without a failure nothing is wrong, and a hundred in a row are no accident",
            &mut breaker.failures,
        );
        check.duration(
            "pause",
            self.pause,
            10 * MINUTE..=30 * DAY,
            "in less nobody has looked, and who wants no further run has `suspend: on`",
            &mut breaker.pause,
        );
        breaker
    }
}
