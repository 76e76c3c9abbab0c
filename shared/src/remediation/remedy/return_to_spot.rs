//! Running on spare capacity again what fell back to on-demand capacity.
//!
//! There is no asking whether spare capacity has room but by going there. So it is tried when nothing is wrong, ever more seldom
//! where it does not last, and only while the service has the very strategy that Steward gave it. A return that finds no room takes
//! nothing away: the deployment's old tasks stay until new ones run, as the service's minimum healthy percent says.

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Escalation, Passed, Patient, id_of};
use crate::action::{Because, Call, Plan, Precondition, Remedy};
use crate::ecs::{Service, capacity};
use crate::incident::Fallback;
use crate::observed::Observed;
use crate::remediation::{Facts, Query};

/// A service that does not rest is looked at again after so long.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn consider(patient: Patient<'_>, facts: &Facts, now: Timestamp) -> Candidate {
    let Some(fallback) = &patient.record.care.fallback else { return Candidate::Not };
    let Some(over) = patient.incident.over_since() else { return Candidate::Not };
    let service = match &facts.service {
        None => {
            // Nothing is read before its time, as far as that is known without the service's tags.
            return match waits(patient, fallback, over, facts, now) {
                Some(due) => Candidate::Later(due),
                None => Candidate::Need(vec![Query::Service]),
            };
        }
        Some(Observed::Absent) => return Candidate::Passed(Passed::Strategy),
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        Some(Observed::Known(service)) => service,
    };
    if service.capacity_providers == fallback.before
        && let Some(lasts_at) = fallback.lasts_at().filter(|lasts_at| now < *lasts_at)
    {
        return Candidate::Later(lasts_at);
    }
    // It has lasted, or is a person's. Where ECS itself has gone back to what Steward set, the return did not last.
    if service.capacity_providers != fallback.set {
        return Candidate::Passed(Passed::Strategy);
    }
    let rules = super::enrolled(patient.policy, &patient.record.target, facts).rules;
    if !rules.remedies.contains(&Remedy::ReturnToSpot) {
        return Candidate::Not;
    }
    if let Some(due) = waits(patient, fallback, over, facts, now) {
        return Candidate::Later(due);
    }
    if !service.is_steady() {
        return Candidate::Later(now.saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX));
    }
    let needs = facts.open(service.stack().map(|stack| Query::Stack(stack.to_owned())));
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    plan(patient, fallback, service)
}

/// Until when it waits; `None`: it is time.
fn waits(
    patient: Patient<'_>,
    fallback: &Fallback,
    over: Timestamp,
    facts: &Facts,
    now: Timestamp,
) -> Option<Timestamp> {
    let rules = super::enrolled(patient.policy, &patient.record.target, facts).rules;
    Some(fallback.due_at(rules.return_after, over)).filter(|due| now < *due)
}

fn plan(patient: Patient<'_>, fallback: &Fallback, service: &Service) -> Candidate {
    let Some(primary) = service.primary() else { return Candidate::Not };
    let generation = format!("{}#{}", fallback.incident, fallback.returns());
    Candidate::Plan(Box::new(Plan {
        id: id_of(patient, Remedy::ReturnToSpot, &generation),
        remedy: Remedy::ReturnToSpot,
        target: patient.record.target.clone(),
        incident: patient.incident.opened_at,
        revision: None,
        call: Call::UpdateService {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            task_definition: None,
            force_new_deployment: true,
            desired_count: None,
            capacity_providers: Some(capacity::strategy(fallback.before.iter().cloned())),
        },
        precondition: Precondition {
            capacity_providers: Some(fallback.set.clone()),
            steady: true,
            ..Precondition::of(primary)
        },
        because: Because::SpotAgain { since: fallback.since, failed: fallback.returns() },
    }))
}
