//! Where an action stands, and the steps that it may take.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Action, CALL_TIMEOUT, Call, Doubt, Plan, READS_LAG, Remedy, Withdrawal};
use crate::arn::TaskDefinitionArn;
use crate::redact::Redacted;

/// Nothing helps sooner: tasks take so long to start.
const FIRST_VERDICT: SignedDuration = SignedDuration::from_mins(2);

/// Counts the claims of a target's lock: of two who hold it one after the other, the later has the higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, where they said so.
    pub why: Option<String>,
}

/// What a person says of an action whose outcome nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It took effect.
    Done,
    /// It did not.
    NotDone,
}

/// How it is known that an action took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// ECS answered so.
    Answered,
    /// The answer was lost, and a probe found the effect.
    Probed,
    /// A person said so.
    Settled,
}

/// Where an action stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// A person is asked. No lock, no budget.
    Proposed {
        /// Until when it may be approved.
        until: Timestamp,
    },
    /// It holds its target's lock, and certainly has not been carried out.
    Planned,
    /// The call may have been made.
    Issued {
        /// When this was written: just before the call.
        at: Timestamp,
    },
    /// It took effect.
    Confirmed {
        /// When that became known.
        at: Timestamp,
        /// How.
        how: How,
        /// What ECS made: a deployment's id, a task's ARN.
        made: Option<String>,
    },
    /// ECS refused it: certainly not carried out, and the same call fails again.
    Failed {
        /// When.
        at: Timestamp,
        /// What ECS said.
        problem: Redacted,
    },
    /// Nobody can say whether it took effect. It keeps its lock until a person settles it.
    Unknown {
        /// Since when.
        at: Timestamp,
        /// Why.
        why: Doubt,
    },
    /// It was given up before the call: certainly not carried out.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Why.
        why: Withdrawal,
    },
}

/// What came of an action that took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The target is well again.
    Helped {
        /// Since when.
        at: Timestamp,
    },
    /// It is not, and the time that this remedy has is over.
    DidNotHelp {
        /// When that was decided.
        at: Timestamp,
    },
}

impl State {
    /// The state in one stable word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "proposed",
            Self::Planned => "planned",
            Self::Issued { .. } => "issued",
            Self::Confirmed { .. } => "confirmed",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// Whether it holds its target's lock.
    pub fn holds_lock(&self) -> bool {
        matches!(self, Self::Planned | Self::Issued { .. } | Self::Unknown { .. })
    }
}

impl Action {
    /// An action that a person is asked about.
    pub fn proposed(plan: Plan, now: Timestamp, until: Timestamp) -> Self {
        let registered = registered(&plan);
        Self {
            plan,
            decided_at: now,
            claimed_at: None,
            epoch: Epoch::default(),
            lease_until: now,
            claims: 0,
            approved: None,
            settled: None,
            state: State::Proposed { until },
            verdict: None,
            registered,
        }
    }

    /// An action that is claimed: `known` is what the ledger has of it, if anything. `None` where what is known forbids it:
    /// it may have been carried out, or another one carries it out now.
    pub fn claimed(
        plan: Plan,
        known: Option<&Self>,
        epoch: Epoch,
        now: Timestamp,
        ends: Timestamp,
    ) -> Option<Self> {
        let base = match known {
            None => Self::proposed(plan, now, now),
            Some(known) => {
                let may = match &known.state {
                    // Whether a person is still to be asked is the guards' to say; and where nothing happened, what stood in
                    // the way may be gone.
                    _ if known.is_past(&plan) => false,
                    State::Proposed { .. } | State::Withdrawn { .. } => true,
                    State::Planned => known.lease_until <= now,
                    State::Issued { .. }
                    | State::Confirmed { .. }
                    | State::Failed { .. }
                    | State::Unknown { .. } => false,
                };
                if !may {
                    return None;
                }
                let registered = registered(&plan).or_else(|| known.registered.clone());
                Self { plan, registered, ..known.clone() }
            }
        };
        Some(Self {
            // Two who claim at once write two claims: the ledger takes a write that stands already for one's own.
            decided_at: now,
            claimed_at: Some(now),
            epoch,
            lease_until: ends.saturating_add(CALL_TIMEOUT).unwrap_or(Timestamp::MAX),
            claims: base.claims + 1,
            state: State::Planned,
            ..base
        })
    }

    /// Whether a plan would take its first step once more: it was decided on what was read before that step.
    pub fn is_past(&self, plan: &Plan) -> bool {
        self.registered.is_some() && matches!(plan.call, Call::RegisterTaskDefinition { .. })
    }

    /// Whether it may be carried out in this epoch: planned, and still mine.
    pub fn is_mine(&self, epoch: Epoch) -> bool {
        self.epoch == epoch && matches!(self.state, State::Planned | State::Issued { .. })
    }

    /// Whether the lease has time left for one call.
    pub fn has_time_left(&self, now: Timestamp) -> bool {
        self.lease_until.duration_since(now) > CALL_TIMEOUT
    }

    /// When a sweep must look at it; none: never. What was done is looked at each time until it has helped, or not.
    pub fn due(&self) -> Option<Timestamp> {
        let after = |at: Timestamp, span| at.saturating_add(span).unwrap_or(Timestamp::MAX);
        match &self.state {
            State::Proposed { until } => {
                Some(self.approved.as_ref().map_or(*until, |ruling| ruling.at.min(*until)))
            }
            State::Planned => Some(self.lease_until),
            State::Issued { .. } => Some(after(self.lease_until, READS_LAG)),
            // Days pass until it is known whether that helps: it is looked at as often as whoever looked last has said.
            State::Confirmed { at, .. }
                if self.verdict.is_none() && self.plan.remedy == Remedy::RaiseMemory =>
            {
                Some(after(*at, FIRST_VERDICT).max(self.lease_until))
            }
            State::Confirmed { at, .. } if self.verdict.is_none() => Some(after(*at, FIRST_VERDICT)),
            State::Confirmed { .. }
            | State::Failed { .. }
            | State::Unknown { .. }
            | State::Withdrawn { .. } => None,
        }
    }

    /// Whether nothing more comes of it. What nobody knows the outcome of is not over.
    pub fn is_over(&self) -> bool {
        match self.state {
            State::Confirmed { .. } => self.verdict.is_some(),
            State::Failed { .. } | State::Withdrawn { .. } => true,
            State::Proposed { .. } | State::Planned | State::Issued { .. } | State::Unknown { .. } => false,
        }
    }

    /// The same action a step further: the first of two steps that took effect leaves it planned, for the second. Whoever
    /// takes it up next decides again.
    #[must_use]
    pub fn stepped(self, state: State, now: Timestamp) -> Self {
        match (&self.plan.call, state) {
            (Call::RegisterTaskDefinition { .. }, State::Confirmed { made: Some(made), .. }) => {
                let registered = Some(TaskDefinitionArn::new(made));
                Self { registered, lease_until: now, state: State::Planned, ..self }
            }
            (_, State::Planned) => Self { lease_until: now, state: State::Planned, ..self },
            (_, state) => Self { state, ..self },
        }
    }

    /// The same action in another state.
    #[must_use]
    pub fn into_state(self, state: State) -> Self {
        Self { state, ..self }
    }
}

/// What the first step of a plan made, where it begins with the second: an earlier claim registered the revision, and its tag, or
/// the target's record, told the plan of it.
fn registered(plan: &Plan) -> Option<TaskDefinitionArn> {
    match &plan.call {
        Call::UpdateService { task_definition, .. } if plan.remedy == Remedy::RaiseMemory => {
            task_definition.clone()
        }
        _ => None,
    }
}
