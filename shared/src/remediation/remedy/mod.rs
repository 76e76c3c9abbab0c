//! What to do about a target that is unwell, and why, most of all where nothing is done.
//!
//! [`consider`] is pure and total. What it must know and does not know yet it asks for ([`Considered::Need`]); the shell answers
//! each question, be it by "unknown", and asks again, at most [`MAX_ROUNDS`] times. Facts only grow, so it ends. A plan that it
//! makes has passed every guard or names the one that refused it.

mod answer_hook;
mod escalation;
mod fall_back;
mod host;
mod limit;
mod raise_memory;
mod rerun;
mod retirement;
mod return_to_spot;
mod roll_back;
mod stop_task;
mod unplaced;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use answer_hook::{HookSeen, hooks_seen};
pub use escalation::Escalation;
pub use host::{SPOT_NOTICE, is_active_again};

use super::{Facts, Home, Query};
use crate::action::{Action, ActionId, Plan, Remedy, State};
use crate::config::{Enrolled, Policy};
use crate::ecs::Service;
use crate::guard::{self, Case, GUARDS, Permission, Refusal, Stage};
use crate::incident::{Incident, Target, TargetRecord};
use crate::observed::Observed;

/// How often the shell answers questions before it gives up.
pub const MAX_ROUNDS: usize = 3;

/// What is known of a target, before anything is asked.
#[derive(Debug, Clone, Copy)]
pub struct Patient<'c> {
    /// What is remembered of it.
    pub record: &'c TargetRecord,
    /// Its incident, which goes on; or the last one, where something is to follow it.
    pub incident: &'c Incident,
    /// The action that holds its lock, or that a person approved.
    pub open: Option<&'c Action>,
    /// Where this Steward may act.
    pub home: Option<&'c Home>,
    /// What people decided.
    pub policy: &'c Policy,
}

/// What is to be done about a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Considered {
    /// These questions are open.
    Need(Vec<Query>),
    /// Nothing: there is nothing to remedy yet, or not any more.
    Nothing {
        /// When to look again though nothing new was heard.
        look_at: Option<Timestamp>,
    },
    /// No remedy helps: people are told why.
    Escalate {
        /// Why.
        why: Escalation,
        /// When to look again though nothing new was heard.
        look_at: Option<Timestamp>,
    },
    /// There is a remedy, and a guard refuses it.
    Refused {
        /// What would be done.
        plan: Box<Plan>,
        /// Why it is not.
        refusal: Refusal,
        /// When to look again though nothing new was heard.
        look_at: Option<Timestamp>,
    },
    /// A person is to be asked.
    Propose(Box<Plan>),
    /// It is to be done.
    Act(Box<Plan>),
    /// What Steward had set for a while is a person's by now: it is to be forgotten.
    Passed(Passed),
}

/// What passes to a person who set it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The capacity provider strategy.
    Strategy,
    /// The desired count.
    DesiredCount,
}

/// What one kind of remedy has to say.
enum Candidate {
    Need(Vec<Query>),
    /// It is not about this.
    Not,
    /// Not yet, but perhaps then.
    Later(Timestamp),
    /// It would be about this, but must not or cannot.
    No(Escalation),
    /// The same, and something else is to be done perhaps then.
    NoUntil(Escalation, Timestamp),
    Plan(Box<Plan>),
    Passed(Passed),
}

/// Considers a target.
pub fn consider(patient: Patient<'_>, facts: &Facts, now: Timestamp) -> Considered {
    let all = facts.open([Query::Switches, Query::Budgets, Query::Openings]);
    let candidate = match &patient.record.target {
        Target::Service { .. } if !patient.incident.is_open() => {
            return_to_spot::consider(patient, facts, now)
        }
        Target::Service { .. } => of_service(patient, facts, now),
        Target::Family { .. } => rerun::consider(patient, facts, now),
        Target::ContainerInstance { .. } => host::consider(patient, facts, now),
    };
    match candidate {
        Candidate::Need(queries) => Considered::Need([queries, all].concat()),
        Candidate::Not => Considered::Nothing { look_at: None },
        Candidate::Later(at) => Considered::Nothing { look_at: Some(at) },
        Candidate::No(why) => Considered::Escalate { look_at: why.ask_again(now), why },
        Candidate::NoUntil(why, then) => {
            let look_at = why.ask_again(now).map_or(then, |again| again.min(then));
            Considered::Escalate { look_at: Some(look_at), why }
        }
        Candidate::Passed(what) => Considered::Passed(what),
        // A plan is made only of facts; the guards want theirs besides.
        Candidate::Plan(_) if !all.is_empty() => Considered::Need(all),
        Candidate::Plan(plan) => judge(patient, facts, plan, now),
    }
}

/// The first that has something to say about a service: a bad revision explains what hangs, and both explain why a retirement
/// must wait. What is about room and failing starts has its say where these have no remedy, and then knows more.
fn of_service(patient: Patient<'_>, facts: &Facts, now: Timestamp) -> Candidate {
    let service = match &facts.service {
        None => return Candidate::Need(vec![Query::Service]),
        Some(Observed::Absent) if patient.record.care.limited.is_some() => {
            return Candidate::Passed(Passed::DesiredCount);
        }
        Some(Observed::Absent) => return Candidate::Not,
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        Some(Observed::Known(service)) => service,
    };
    if patient.record.care.limited.is_some_and(|limit| service.desired != limit.to) {
        return Candidate::Passed(Passed::DesiredCount);
    }
    let stack = service.stack().map(|stack| Query::Stack(stack.to_owned()));
    let primary = service.primary().map(|primary| Query::Deployment(primary.id.clone()));
    let under_way = service.current_service_deployment.clone().map(Query::ServiceDeployment);
    let waiting = answer_hook::queries(patient.record);
    let needs = facts.open([stack, primary, under_way].into_iter().flatten().chain(waiting));
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    let first = first_of(&in_turn(patient), patient, service, facts, now);
    if matches!(first, Candidate::Plan(_) | Candidate::Need(_)) {
        return first;
    }
    let of_room: [Consider; 3] = [fall_back::consider, unplaced::consider, limit::consider];
    match (first, first_of(&of_room, patient, service, facts, now)) {
        (first, Candidate::Not) => first,
        (Candidate::Later(first), Candidate::Later(then)) => Candidate::Later(first.min(then)),
        // Why nothing is done is said, and asked again in time for what is to be done later.
        (Candidate::No(why), Candidate::Later(then)) => Candidate::NoUntil(why, then),
        (_, then) => then,
    }
}

type Consider = fn(Patient<'_>, &Service, &Facts, Timestamp) -> Candidate;

fn first_of(
    all: &[Consider],
    patient: Patient<'_>,
    service: &Service,
    facts: &Facts,
    now: Timestamp,
) -> Candidate {
    let mut later: Option<Timestamp> = None;
    for consider in all {
        match consider(patient, service, facts, now) {
            Candidate::Not => {}
            Candidate::Later(at) => later = Some(later.map_or(at, |known| known.min(at))),
            said => return said,
        }
    }
    later.map_or(Candidate::Not, Candidate::Later)
}

/// A bad revision is gone back from. Only where that is no remedy, for the revision ran well before or none before it did, more
/// memory may be one.
fn revision_or_memory(patient: Patient<'_>, service: &Service, facts: &Facts, now: Timestamp) -> Candidate {
    match roll_back::consider(patient, service, facts, now) {
        Candidate::Need(queries) => {
            Candidate::Need([queries, raise_memory::needs(patient, service, facts)].concat())
        }
        Candidate::No(
            why @ (Escalation::RanWellBefore(_)
            | Escalation::NoGoodRevision
            | Escalation::GoodRevisionGone { .. }
            | Escalation::GoodRevisionFails),
        ) => match raise_memory::consider(patient, service, facts, now) {
            Candidate::Not => Candidate::No(why),
            said => said,
        },
        said => said,
    }
}

/// A hook that nobody was asked about yet, or that a person has answered, goes before all else. Once it is asked about, it stands in
/// the way of nothing but a rollback: whether its deployment goes back is what people are asked.
fn in_turn(patient: Patient<'_>) -> Vec<Consider> {
    let mut waiting = patient.record.care.waiting().peekable();
    let waits = waiting.peek().is_some();
    let is_urgent = waiting.any(|hook| !hook.is_shown || hook.answer.is_some());
    let mut all: Vec<Consider> = Vec::new();
    if is_urgent {
        all.push(answer_hook::consider);
    }
    if !waits {
        all.push(revision_or_memory);
    }
    all.extend([stop_task::consider as Consider, retirement::consider]);
    if waits && !is_urgent {
        all.push(answer_hook::consider);
    }
    all
}

fn judge(patient: Patient<'_>, facts: &Facts, plan: Box<Plan>, now: Timestamp) -> Considered {
    let case = case(patient, facts, &plan, now);
    match guard::check(&case, Stage::Claim, GUARDS) {
        Ok(Permission::Act) => Considered::Act(plan),
        Ok(Permission::Propose) => Considered::Propose(plan),
        Err(refusal) => {
            let look_at = refusal.ask_again(now);
            Considered::Refused { plan, refusal, look_at }
        }
    }
}

/// A plan with everything that the guards check it against.
pub fn case<'c>(patient: Patient<'c>, facts: &'c Facts, plan: &'c Plan, now: Timestamp) -> Case<'c> {
    // What was approved is what the person saw, and for as long as they were asked; of two steps the second, too.
    let is_approved = patient.open.is_some_and(|action| {
        let is_same =
            action.plan.call == plan.call || plan.call.follows(&action.plan.call, action.registered.as_ref());
        action.approved.is_some()
            && action.plan.id == plan.id
            && is_same
            && !matches!(action.state, State::Proposed { until } if now >= until)
    });
    Case {
        plan,
        enrolled: enrolled(patient.policy, &patient.record.target, facts),
        guards: &patient.policy.guards,
        is_scaled: patient.policy.is_scaled(&patient.record.target),
        facts,
        record: patient.record,
        incident: patient.incident,
        home: patient.home,
        is_approved,
        now,
    }
}

/// What holds for a target, its own tags included where they are known.
pub fn enrolled<'p>(policy: &'p Policy, target: &Target, facts: &Facts) -> Enrolled<'p> {
    let none = BTreeMap::new();
    let service = facts.service.as_ref().and_then(Observed::known);
    policy.for_target(target, service.map_or(&none, |service: &Service| &service.tags))
}

/// The id of a remedy for this patient. Without a home nothing is ever done; the id is then of nowhere.
pub fn id_of(patient: Patient<'_>, remedy: Remedy, generation: &str) -> ActionId {
    let nowhere = Home { account: String::new(), region: String::new() };
    ActionId::of(patient.home.unwrap_or(&nowhere), &patient.record.target, remedy, generation)
}

#[cfg(test)]
mod tests;
