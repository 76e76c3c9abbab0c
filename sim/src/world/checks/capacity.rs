//! Checks of what Steward sets for a while: strategies, and desired counts.
//!
//! What stood before is read from what ECS carried out, whoever called, and not from what an invocation was told.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use steward::action::{Call, Remedy};
use steward::ecs::StrategyItem;
use steward::ecs::capacity::FARGATE_SPOT;
use steward::incident::Target;
use steward::ledger::{Key, MemoryLedger, Record};

use super::steps::Change;
use super::{Checks, Invariant, action_of, read};
use crate::ecs::Effect;
use crate::world::actor::Actor;
use crate::world::ports::STEWARD;

/// A gate reads what lags, and its call comes a moment later: what a person did so lately may not be known yet. No fencing of
/// ECS's closes that.
const NOT_KNOWN_YET: SignedDuration = SignedDuration::from_mins(3);

/// A strategy that Steward set instead of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::world) struct Kept {
    pub(in crate::world) before: Vec<StrategyItem>,
    pub(in crate::world) set: Vec<StrategyItem>,
    pub(in crate::world) at: Timestamp,
    /// Steward has set the one before again. Where that deployment fails, ECS brings back what Steward had set instead.
    pub(in crate::world) is_returned: bool,
}

impl Checks {
    /// A call of Steward's is carried out. `effects` are those before it.
    pub(in crate::world) fn sets(
        &mut self,
        actor: &Actor,
        ledger: &MemoryLedger,
        effects: &[Effect],
        change: &Change<'_>,
        now: Timestamp,
    ) {
        let Call::UpdateService { service, desired_count, capacity_providers, .. } = change.call else {
            return;
        };
        let Some(action) = action_of(ledger, change.id) else { return };
        let of_service = || effects.iter().filter(|effect| effect.target.ends_with(&format!("/{service}")));
        let target = action.plan.target.clone();
        if let Some(set) = capacity_providers {
            let kept = self.kept.get(&target).cloned();
            let by_person = of_service()
                .rev()
                .find(|effect| effect.caller != STEWARD && has(effect, "capacityProviderStrategy"));
            let since = kept.as_ref().map_or(Timestamp::MIN, |kept| kept.at);
            // Where the person's deployment failed, ECS itself has brought back what Steward set.
            let is_back = kept.as_ref().map(|kept| &kept.set) == change.stood.as_ref();
            let overruled = !is_back
                && by_person
                    .is_some_and(|effect| effect.at > since && now.duration_since(effect.at) > NOT_KNOWN_YET);
            let problem = match action.plan.remedy {
                Remedy::ReturnToSpot if overruled => {
                    Some("a person has set another strategy since".to_owned())
                }
                Remedy::ReturnToSpot if kept.as_ref().map(|kept| &kept.before) != Some(set) => {
                    Some(format!("{set:?} is not what Steward left: {kept:?}"))
                }
                Remedy::FallBackToOnDemand if set.iter().any(|item| item.provider == FARGATE_SPOT) => {
                    Some(format!("{set:?} has spare capacity"))
                }
                Remedy::FallBackToOnDemand | Remedy::ReturnToSpot => None,
                other => Some(format!("{} sets a strategy", other.as_str())),
            };
            if action.plan.remedy == Remedy::FallBackToOnDemand {
                let before = action.plan.precondition.capacity_providers.clone().unwrap_or_default();
                self.kept
                    .insert(target.clone(), Kept { before, set: set.clone(), at: now, is_returned: false });
            } else if let Some(kept) = self.kept.get_mut(&target) {
                kept.is_returned = true;
            }
            if let Some(problem) = problem {
                self.fail(Invariant::StrategiesStand, now, format!("{actor}: {target}: {problem}"));
            }
        }
        if let Some(count) = desired_count {
            let was = of_service().rev().find(|effect| has(effect, "desiredCount"));
            let before =
                was.and_then(|effect| effect.detail.get("desiredCount")?.as_u64()).unwrap_or_default();
            let is_late = was.is_some_and(|effect| now.duration_since(effect.at) > NOT_KNOWN_YET);
            let ceiling = self.policy.for_target(&target, &BTreeMap::new()).rules.start_failures.ceiling;
            if is_late && u64::from(count.0) >= before {
                let what = format!("{actor}: {target}: {} of {before} tasks is no lower", count.0);
                self.fail(Invariant::CountsOnlyFall, now, what);
            }
            if count.0 == 0 && ceiling != Some(0) {
                let what = format!("{actor}: {target}: nobody allowed a count of 0");
                self.fail(Invariant::CountsOnlyFall, now, what);
            }
        }
    }

    /// All is quiet: what Steward set is known to the ledger, which will restore it, unless a person decided since. `stands` says
    /// which strategy a service has now.
    pub(in crate::world) fn strategies_stand(
        &mut self,
        ledger: &MemoryLedger,
        effects: &[Effect],
        stands: impl Fn(&Target) -> Option<Vec<StrategyItem>>,
        now: Timestamp,
    ) {
        for (target, kept) in self.kept.clone() {
            let path = format!("/{}", target.name());
            let by_person = effects.iter().any(|effect| {
                let is_of_it = effect.target.ends_with(&path) && has(effect, "capacityProviderStrategy");
                is_of_it && effect.caller != STEWARD && effect.at > kept.at
            });
            // A rollback brings back what was before, whole.
            if by_person || stands(&target).as_ref() != Some(&kept.set) {
                continue;
            }
            let record = match read(ledger, &Key::target(&target)).map(|stored| stored.record) {
                Some(Record::Target(record)) => Some(record),
                _ => None,
            };
            let care = record.map(|record| record.care);
            let is_known = care.is_some_and(|care| {
                let is_same = |known: &steward::incident::Fallback| {
                    known.set == kept.set && known.before == kept.before
                };
                care.fallback.as_ref().is_some_and(is_same) && care.look_at.is_some()
            });
            if !is_known {
                let what = format!("{target} has {:?} since {}, and nothing restores it", kept.set, kept.at);
                self.fail(Invariant::StrategiesStand, now, what);
            }
        }
    }

    /// What Steward set for a service, if it is not restored.
    pub(in crate::world) fn kept(&self, target: &Target) -> Option<&Kept> {
        self.kept.get(target).filter(|kept| !kept.is_returned)
    }
}

fn has(effect: &Effect, member: &str) -> bool {
    effect.detail.get(member).is_some_and(|value| !matches!(value, Value::Null))
}
