//! What of a scaled service may be worth a person, and for how long it has to stand before it is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Basis, Decision, Hold, Leave, Limit, Memory, OrderState, QueueName, Reading, Scaler, Standing};
use crate::incident::{Severity, Target};
use crate::observed::Observed;
use crate::redact::{Redacted, quoted};

/// Failed starts matter for so long.
const STARTS_FAIL: SignedDuration = SignedDuration::from_mins(10);
/// No message completed for so long is no accident, however slow the first ones are.
const STALLED: SignedDuration = SignedDuration::from_mins(15);
/// No message takes longer than so many times the mean, as far as one can count on.
const LONGEST: i32 = 4;

/// All that is known of a scaled service at one time.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'s> {
    /// Which service.
    pub target: &'s Target,
    /// What people decided.
    pub scaler: &'s Scaler,
    /// What was observed.
    pub reading: &'s Reading,
    /// What is remembered since.
    pub memory: &'s Memory,
    /// What follows.
    pub decision: &'s Decision,
    /// The latest order, as it stands.
    pub order: Option<&'s Standing>,
}

/// Something that keeps a service from being scaled as promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Messages get older, and none is completed.
    Poison {
        /// Since when.
        since: Timestamp,
    },
    /// The service cannot be read, or whether it may be changed.
    UnknownService {
        /// Why.
        why: Redacted,
    },
    /// There is no such service.
    NoService,
    /// The promise is broken, and the limit lets there be no more tasks.
    Short {
        /// Which limit.
        limit: Limit,
        /// As many as it allows.
        allowed: u32,
        /// As many as are needed.
        needed: u32,
        /// A message that arrives now waits for so long.
        wait: SignedDuration,
    },
    /// New tasks fail to start.
    StartsFail {
        /// How many did.
        failed: u32,
    },
    /// ECS turned an order away.
    Refused {
        /// `desiredCount` before.
        from: u32,
        /// As it was ordered.
        to: u32,
    },
    /// A queue cannot be read.
    UnknownQueue {
        /// Which.
        queue: QueueName,
        /// Why.
        why: Redacted,
    },
    /// An Application Auto Scaling target sets its count.
    Owned,
    /// Its count cannot be set.
    NotScalable {
        /// What it is.
        what: Redacted,
    },
    /// Whether tasks protect themselves cannot be read: none is taken away.
    UnknownProtection {
        /// Why.
        why: Redacted,
    },
    /// A person is asked.
    Proposed {
        /// `desiredCount` before.
        from: u32,
        /// As it would be.
        to: u32,
    },
    /// Tasks are at work that do not protect themselves: none is taken away.
    Unprotected,
}

/// A problem without its details, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// See [`Problem::Poison`].
    Poison,
    /// See [`Problem::UnknownService`].
    UnknownService,
    /// See [`Problem::NoService`].
    NoService,
    /// See [`Problem::Short`].
    Short,
    /// See [`Problem::StartsFail`].
    StartsFail,
    /// See [`Problem::Refused`].
    Refused,
    /// See [`Problem::UnknownQueue`].
    UnknownQueue,
    /// See [`Problem::Owned`].
    Owned,
    /// See [`Problem::NotScalable`].
    NotScalable,
    /// See [`Problem::UnknownProtection`].
    UnknownProtection,
    /// See [`Problem::Proposed`].
    Proposed,
    /// See [`Problem::Unprotected`].
    Unprotected,
}

impl Problem {
    /// Which it is.
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Poison { .. } => ProblemKind::Poison,
            Self::UnknownService { .. } => ProblemKind::UnknownService,
            Self::NoService => ProblemKind::NoService,
            Self::Short { .. } => ProblemKind::Short,
            Self::StartsFail { .. } => ProblemKind::StartsFail,
            Self::Refused { .. } => ProblemKind::Refused,
            Self::UnknownQueue { .. } => ProblemKind::UnknownQueue,
            Self::Owned => ProblemKind::Owned,
            Self::NotScalable { .. } => ProblemKind::NotScalable,
            Self::UnknownProtection { .. } => ProblemKind::UnknownProtection,
            Self::Proposed { .. } => ProblemKind::Proposed,
            Self::Unprotected => ProblemKind::Unprotected,
        }
    }
}

impl ProblemKind {
    /// In one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poison => "poison",
            Self::UnknownService => "unknown_service",
            Self::NoService => "no_service",
            Self::Short => "short",
            Self::StartsFail => "starts_fail",
            Self::Refused => "refused",
            Self::UnknownQueue => "unknown_queue",
            Self::Owned => "owned",
            Self::NotScalable => "not_scalable",
            Self::UnknownProtection => "unknown_protection",
            Self::Proposed => "proposed",
            Self::Unprotected => "unprotected",
        }
    }

    /// It has to stand for so long before people are told.
    pub fn patience(self) -> SignedDuration {
        match self {
            // Their own rules have waited already, or somebody has to act.
            Self::Poison | Self::Refused | Self::Proposed => SignedDuration::ZERO,
            // What is about to be put in order while it is set up.
            Self::Owned | Self::NotScalable => SignedDuration::from_mins(1),
            Self::StartsFail => SignedDuration::from_mins(2),
            Self::UnknownService | Self::NoService | Self::UnknownQueue | Self::Short => {
                SignedDuration::from_mins(5)
            }
            Self::UnknownProtection => SignedDuration::from_mins(15),
            Self::Unprotected => SignedDuration::from_hours(1),
        }
    }

    /// It still stands where it was not seen for less than so long: counts are approximate, and a call fails once in a while.
    pub fn gap(self) -> SignedDuration {
        match self {
            Self::Refused | Self::Proposed => SignedDuration::ZERO,
            kind => (kind.patience() / 4).max(SignedDuration::from_mins(2)),
        }
    }

    /// How much it matters once it has stood for so long.
    pub fn severity(self, stood: SignedDuration) -> Severity {
        match self {
            Self::Proposed | Self::Unprotected => Severity::Info,
            Self::Poison if stood >= SignedDuration::from_mins(15) => Severity::Critical,
            Self::Short if stood >= SignedDuration::from_mins(30) => Severity::Critical,
            _ => Severity::Warning,
        }
    }
}

impl Sight<'_> {
    /// What stands at this time, one of each kind.
    pub(super) fn problems(&self) -> BTreeMap<ProblemKind, Problem> {
        let now = self.decision.at;
        let one = [
            self.poison(now),
            self.service(),
            self.short(),
            self.starts(now),
            self.order(),
            self.queue(),
            self.leave(),
            self.protection(),
        ];
        one.into_iter().flatten().map(|problem| (problem.kind(), problem)).collect()
    }

    /// The hold is there only where tasks would be added: at the maximum nothing holds, and none is completed all the same.
    fn poison(&self, now: Timestamp) -> Option<Problem> {
        let held = self.decision.holds.iter().find_map(|hold| match hold {
            Hold::Poison { since } => Some(*since),
            _ => None,
        });
        let slow = match self.decision.estimate.service_time_is {
            Basis::Supposed => STALLED,
            Basis::Configured | Basis::Learned => {
                STALLED.max(self.decision.estimate.service_time.saturating_mul(LONGEST))
            }
        };
        let stalled = self.memory.stalled_since.filter(|since| now.duration_since(*since) >= slow);
        held.or(stalled).map(|since| Problem::Poison { since })
    }

    fn service(&self) -> Option<Problem> {
        match (&self.reading.service, &self.reading.care.leave) {
            (Observed::Absent, _) => Some(Problem::NoService),
            (Observed::Unknown(why), _) | (Observed::Known(_), Leave::Unknown { why }) => {
                Some(Problem::UnknownService { why: quoted(why) })
            }
            (Observed::Known(_), _) => None,
        }
    }

    fn short(&self) -> Option<Problem> {
        let decision = self.decision;
        let is_capped = matches!(decision.limit, Limit::Max | Limit::Pool | Limit::Groups);
        let is_broken = decision.is_short && decision.estimate.wait > self.scaler.promise;
        (is_capped && is_broken).then(|| Problem::Short {
            limit: decision.limit,
            allowed: decision.wanted,
            needed: decision.need.most().0,
            wait: decision.estimate.wait,
        })
    }

    /// The hold is there only where more tasks would be added: those that were ordered already fail, too.
    fn starts(&self, now: Timestamp) -> Option<Problem> {
        let service = self.reading.service.known()?;
        let failed = self.memory.failed?;
        let is_recent = now.duration_since(failed.grew_at?) < STARTS_FAIL;
        (is_recent && service.running.0 < service.desired.0)
            .then_some(Problem::StartsFail { failed: failed.count })
    }

    /// What was refused and is not wanted any more needs nobody, and neither does what somebody has allowed.
    fn order(&self) -> Option<Problem> {
        let Standing { from, to, state, approved_by, .. } = self.order?;
        let (from, to) = (*from, *to);
        match state {
            OrderState::Refused if self.decision.order.is_some() => Some(Problem::Refused { from, to }),
            OrderState::Proposed if approved_by.is_none() => Some(Problem::Proposed { from, to }),
            OrderState::Proposed
            | OrderState::Refused
            | OrderState::Issued
            | OrderState::Confirmed
            | OrderState::Overtaken
            | OrderState::Withdrawn => None,
        }
    }

    /// The first queue that cannot be read.
    fn queue(&self) -> Option<Problem> {
        self.scaler.queues.iter().find_map(|queue| {
            let found = self.reading.queues.iter().find(|reading| reading.name == queue.name);
            let why = match found.map(|reading| &reading.counts) {
                Some(Observed::Known(_)) => return None,
                Some(Observed::Unknown(why)) => why,
                Some(Observed::Absent) => "there is no such queue",
                None => "it was not read",
            };
            Some(Problem::UnknownQueue { queue: queue.name.clone(), why: quoted(why) })
        })
    }

    fn leave(&self) -> Option<Problem> {
        match &self.reading.care.leave {
            Leave::AutoScalingTarget => Some(Problem::Owned),
            Leave::NotScalable { what } => Some(Problem::NotScalable { what: quoted(what) }),
            Leave::Given | Leave::Paused { .. } | Leave::Unknown { .. } => None,
        }
    }

    fn protection(&self) -> Option<Problem> {
        self.decision.holds.iter().find_map(|hold| match hold {
            Hold::Unprotected => Some(Problem::Unprotected),
            Hold::UnknownProtection { why } => Some(Problem::UnknownProtection { why: quoted(why) }),
            _ => None,
        })
    }
}
