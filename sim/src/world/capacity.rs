//! What of a world is about room: waves of spare capacity, strategies that people set, and starts that fail for hours.
//!
//! Drawn from a stream of its own, so that everything else of a seed's world is as it is without it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use steward::action::Remedy;
use steward::config::Rules;

use super::plan::{self, CLUSTER, Plan};
use super::script::{Deed, PERSON};
use crate::ecs::api::CapacityProviderStrategyItem;
use crate::ecs::{Behaviour, Fate, Happening, SecretFailure};
use crate::random::{Random, later};

const TAG: u64 = 0x6361_7061_6369_7479;
/// So many more tasks are wanted while none starts.
const MORE: u32 = 3;
/// What people want when the day is over, on top: another number than any ceiling.
const RAISED: u32 = 7;

/// A count that a person sets when the day is over.
#[derive(Clone, Debug)]
pub(super) struct Raised {
    service: String,
    desired: u32,
}

impl Raised {
    pub(super) fn deed(&self) -> Deed {
        count(&self.service, self.desired)
    }
}

/// Lets it befall a world that is drawn already. The first service is the one that is sure to be rolled back: nothing befalls it.
pub(super) fn befall(plan: &mut Plan, seed: u64) {
    let mut random = Random::new(seed ^ TAG);
    for index in 1..plan.services.len() {
        match random.below(4) {
            0 => spare(plan, index, &mut random),
            1 => failing_starts(plan, index, &mut random),
            _ => {}
        }
    }
    plan.script.sort_by_key(|(at, _)| *at);
}

fn spare(plan: &mut Plan, index: usize, random: &mut Random) {
    let (start, until) = (plan.start, plan.until);
    let Some(service) = plan.services.get_mut(index) else { return };
    let item = |provider: &str, weight, base| CapacityProviderStrategyItem {
        capacity_provider: provider.to_owned(),
        weight: Some(weight),
        base,
    };
    service.request.launch_type = None;
    service.request.capacity_provider_strategy = Some(match random.below(3) {
        0 => vec![item("FARGATE", 1, Some(1)), item("FARGATE_SPOT", 3, None)],
        _ => vec![item("FARGATE_SPOT", 1, None)],
    });
    let name = service.name.clone();
    let return_after = if random.below(2) == 0 { 30 } else { 60 };
    rules(plan, index, |rules| {
        rules.remedies.extend([Remedy::FallBackToOnDemand, Remedy::ReturnToSpot]);
        rules.return_after = SignedDuration::from_mins(return_after);
    });
    for _ in 0..=random.below(2) {
        let at = plan::moment(start, until, random);
        let lasts = random.between(Duration::from_mins(20), Duration::from_hours(3));
        plan.script.push((at, Deed::Ecs(Box::new(Happening::SpotWave { lasts }))));
        // Some person thinks otherwise, at times just while Steward is at it.
        if random.below(2) == 0 {
            let after = random.between(Duration::from_mins(4), Duration::from_hours(3));
            let providers = match random.below(2) {
                0 => json!([{ "capacityProvider": "FARGATE", "weight": 2 }]),
                _ => json!([
                    { "capacityProvider": "FARGATE", "weight": 1 },
                    { "capacityProvider": "FARGATE_SPOT", "weight": 2 },
                ]),
            };
            let input = json!({
                "cluster": CLUSTER, "service": name, "capacityProviderStrategy": providers, "forceNewDeployment": true,
            });
            plan.script.push((later(at, after), by_person(input)));
        }
    }
}

fn failing_starts(plan: &mut Plan, index: usize, random: &mut Random) {
    let (start, until) = (plan.start, plan.until);
    let Some(service) = plan.services.get(index) else { return };
    let (name, desired) = (service.name.clone(), service.request.desired_count.unwrap_or(1));
    let ceiling = if random.below(2) == 0 { None } else { Some(desired + 1) };
    rules(plan, index, |rules| {
        rules.remedies.insert(Remedy::LimitDesiredCount);
        rules.start_failures.after = SignedDuration::from_hours(1);
        rules.start_failures.ceiling = ceiling;
    });
    let at = plan::moment(start, until, random);
    let fails = Behaviour::new(Fate::CannotReadSecret(SecretFailure::NotFound));
    let behave = |behaviour| Deed::Ecs(Box::new(Happening::Behaviour { revision: name.clone(), behaviour }));
    plan.script.push((at, behave(fails)));
    plan.script.push((later(at, Duration::from_mins(1)), count(&name, desired + MORE)));
    let lasts = random.between(Duration::from_mins(80), Duration::from_hours(4));
    plan.script.push((later(at, lasts), behave(Behaviour::serves())));
    // Some raise it again as soon as they have mended it, and some set another count just while Steward is at it.
    match random.below(3) {
        0 => plan.script.push((later(at, lasts + Duration::from_mins(5)), count(&name, desired + MORE))),
        1 => {
            let after = random.between(Duration::from_mins(55), Duration::from_mins(100));
            plan.script.push((later(at, after), count(&name, desired)));
        }
        _ => {}
    }
    plan.raised.push(Raised { service: name, desired: desired + RAISED });
}

fn rules(plan: &mut Plan, index: usize, change: impl FnOnce(&mut Rules)) {
    if let Some(entry) = plan.policy.services.get_mut(index) {
        change(&mut entry.rules);
    }
}

fn count(service: &str, desired: u32) -> Deed {
    by_person(json!({ "cluster": CLUSTER, "service": service, "desiredCount": desired }))
}

fn by_person(input: serde_json::Value) -> Deed {
    let (caller, operation) = (PERSON.to_owned(), "UpdateService".to_owned());
    Deed::Ecs(Box::new(Happening::Call { caller, operation, input }))
}

/// Whether nothing of this is about to happen: returns come in their own time, and are judged a while later.
pub(super) fn rests(ledger: &steward::ledger::MemoryLedger, now: Timestamp) -> bool {
    use steward::action::State;
    use steward::ledger::Record;
    let soon = now.saturating_add(SignedDuration::from_mins(30)).unwrap_or(Timestamp::MAX);
    ledger.records().unwrap_or_default().values().all(|record| match record {
        Record::Target(record) => {
            record.care.fallback.is_none() || record.care.look_at.is_none_or(|look_at| look_at > soon)
        }
        Record::Action(action) => {
            !matches!(action.state, State::Confirmed { .. }) || action.verdict.is_some()
        }
        _ => true,
    })
}
