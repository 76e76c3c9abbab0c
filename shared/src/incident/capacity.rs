//! What Steward has set for a while: on-demand capacity instead of spare capacity, and a ceiling on the desired count.
//!
//! Both are somebody's to end: the first by a return that lasts, or by a person's own strategy; the second by a person alone.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Care, Incident, Status};
use crate::action::{Action, ActionId, Call, Remedy, State};
use crate::config::LONGEST_WAIT;
use crate::ecs::{DesiredCount, StrategyItem};

/// A return that lasts for so long has lasted.
const LASTS: SignedDuration = SignedDuration::from_hours(24);

/// A service that Steward moved from spare to on-demand capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The action that moved it.
    pub action: ActionId,
    /// The incident that it was moved in, by the time that was opened.
    pub incident: Timestamp,
    /// The strategy that it had: what a return restores.
    pub before: Vec<StrategyItem>,
    /// The strategy that it was given: where it has another, a person decided.
    pub set: Vec<StrategyItem>,
    /// Since when.
    pub since: Timestamp,
    /// How many returns in a row, before the last, did not last.
    pub failed: u32,
    /// The last return; absent before the first.
    pub returned: Option<Returned>,
}

/// A return to spare capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The action that made it.
    pub by: ActionId,
    /// When.
    pub at: Timestamp,
}

impl Fallback {
    /// How many returns there were in a row, the last among them: each longer a wait for the next.
    pub fn returns(&self) -> u32 {
        self.failed.saturating_add(u32::from(self.returned.is_some()))
    }

    /// When its return has lasted; absent where there was none.
    pub fn lasts_at(&self) -> Option<Timestamp> {
        Some(self.returned.as_ref()?.at.saturating_add(LASTS).unwrap_or(Timestamp::MAX))
    }

    /// When it is to return, or to return again, of an incident that is over since `over`, where the first return waits for `first`.
    pub fn due_at(&self, first: SignedDuration, over: Timestamp) -> Timestamp {
        let doubled = 1_i32.checked_shl(self.returns().min(16)).and_then(|times| first.checked_mul(times));
        let wait = doubled.map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
        let since = self.returned.as_ref().map_or(self.since, |returned| returned.at);
        since.max(over).saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}

/// A ceiling that Steward put on a service's desired count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// So many tasks are wanted.
    pub to: DesiredCount,
    /// So many were.
    pub was: DesiredCount,
    /// Since when.
    pub since: Timestamp,
}

impl Care {
    /// Takes in what an action has set.
    pub(super) fn note_set(&mut self, action: &Action) {
        let State::Confirmed { at, .. } = action.state else { return };
        // Once: what a person has changed since is not taken back by what came of the action.
        if action.verdict.is_some() {
            return;
        }
        let Call::UpdateService { desired_count, capacity_providers, .. } = &action.plan.call else { return };
        let before = &action.plan.precondition;
        match action.plan.remedy {
            Remedy::FallBackToOnDemand => {
                let (Some(set), Some(before)) = (capacity_providers, &before.capacity_providers) else {
                    return;
                };
                let known = self.fallback.as_ref();
                if known.is_some_and(|known| known.action == action.plan.id) {
                    return;
                }
                let in_vain = known.filter(|known| known.lasts_at().is_some_and(|lasts_at| at < lasts_at));
                self.fallback = Some(Fallback {
                    action: action.plan.id.clone(),
                    incident: action.plan.incident,
                    before: before.clone(),
                    set: set.clone(),
                    since: at,
                    failed: in_vain.map_or(0, Fallback::returns),
                    returned: None,
                });
                // Its incident may be over by now.
                self.look_at = Some(at);
            }
            Remedy::ReturnToSpot => {
                let is_new = |known: &&mut Fallback| {
                    known.returned.as_ref().is_none_or(|returned| returned.by != action.plan.id)
                };
                if let Some(fallback) = self.fallback.as_mut().filter(is_new) {
                    fallback.failed = fallback.returns();
                    fallback.returned = Some(Returned { by: action.plan.id.clone(), at });
                    self.look_at = Some(at);
                }
            }
            Remedy::LimitDesiredCount => {
                let (Some(to), Some(was)) = (*desired_count, before.desired_count) else { return };
                self.limited = Some(Limit { to, was, since: at });
                // That it is limited is to be told.
                self.look_at = Some(at);
            }
            _ => {}
        }
    }
}

impl Incident {
    /// Since when it is over.
    pub fn over_since(&self) -> Option<Timestamp> {
        match self.status {
            Status::Open => None,
            Status::Resolved { at, .. } => Some(at),
        }
    }
}
