//! More memory for a container that runs out of it again and again.
//!
//! It comes behind going back: a new revision that runs out of memory where an earlier one ran well is a bad revision. What is
//! left are revisions that ran well before, and those that have no good one before them; and those that this remedy made, for
//! the one before ran out of memory, too.
//!
//! Two steps, under one id: a revision with more memory is registered, and then the service is updated to it. One's own revision
//! is known from the action, from the target's record, or by its tag, before another would be registered.

use jiff::Timestamp;

use super::{Candidate, Escalation, Patient, id_of};
use crate::action::{ActionId, Because, Call, Plan, Precondition, Remedy};
use crate::arn::TaskDefinitionArn;
use crate::config::{Enrolled, Mode, Rules};
use crate::diagnosis::Cause;
use crate::ecs::{Service, ServiceDeploymentSummary};
use crate::incident::{Deployment, Failures};
use crate::observed::Observed;
use crate::redact::Redacted;
use crate::remediation::{Facts, Query};

/// What must be known, where memory may have to be raised. Asked for beside what going back needs, for the rounds are few.
pub(super) fn needs(patient: Patient<'_>, service: &Service, facts: &Facts) -> Vec<Query> {
    let Some(need) = need(patient, service, facts) else { return Vec::new() };
    let Need { enrolled, revision, id, .. } = need;
    let mut queries = vec![Query::TaskDefinition(revision.clone())];
    let may_change = enrolled.mode != Mode::Observe && enrolled.rules.remedies.contains(&Remedy::RaiseMemory);
    match registered(patient, &id) {
        Some(registered) => queries.push(Query::TaskDefinition(registered.clone())),
        // Who may not change anything may not be allowed to look for it either.
        None if may_change => queries.push(Query::Registered { after: revision.clone(), action: id }),
        None => {}
    }
    facts.open(queries)
}

/// [`Candidate::Not`]: memory is not what is short, or not clearly.
pub(super) fn consider(patient: Patient<'_>, service: &Service, facts: &Facts, _: Timestamp) -> Candidate {
    let open = needs(patient, service, facts);
    if !open.is_empty() {
        return Candidate::Need(open);
    }
    let Some(Need { enrolled, primary, revision, id, container, count }) = need(patient, service, facts)
    else {
        return Candidate::Not;
    };
    let definition = match facts.task_definitions.get(revision) {
        Some(Observed::Known(definition)) => definition,
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        _ => return Candidate::Not,
    };
    let raise = match enrolled.rules.memory.ladder.next(&definition.sizes, container.as_str()) {
        Ok(raise) => raise,
        Err(why) => {
            let raised = raised(patient);
            return Candidate::No(Escalation::NoMoreMemory { container: container.clone(), why, raised });
        }
    };
    let made = match registered(patient, &id) {
        Some(made) => Some(made.clone()),
        None => match facts.registered.get(&id) {
            Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
            found => found.and_then(Observed::known).map(|found| found.arn.clone()),
        },
    };
    if let Some(made) = &made
        && !matches!(facts.task_definitions.get(made), Some(Observed::Known(_)))
    {
        // Reads lag behind what was registered a moment ago.
        let why = format!("ECS does not show {} yet", made.family_and_revision());
        return Candidate::No(Escalation::unobserved(&why));
    }
    let call = match made.clone() {
        Some(made) => Call::UpdateService {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            task_definition: Some(made),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
        None => Call::RegisterTaskDefinition {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            like: revision.clone(),
            raise,
        },
    };
    Candidate::Plan(Box::new(Plan {
        id,
        remedy: Remedy::RaiseMemory,
        target: patient.record.target.clone(),
        incident: patient.incident.opened_at,
        revision: Some(revision.clone()),
        call,
        precondition: Precondition { active: made, ailing: true, ..Precondition::of(primary) },
        because: Because::RunsOutOfMemory { revision: revision.clone(), container: container.clone(), count },
    }))
}

/// Whether a revision was left by this remedy: it ran out of memory, and is nowhere to go back to for want of memory.
pub(super) fn left(patient: Patient<'_>, revision: &TaskDefinitionArn) -> bool {
    let mut raises = patient.record.effects().filter(|tried| tried.remedy == Remedy::RaiseMemory);
    raises.any(|tried| tried.revision.as_ref() == Some(revision))
}

/// Whether this remedy made a revision: going back from it would lower the memory again.
pub(super) fn made(patient: Patient<'_>, revision: &TaskDefinitionArn) -> bool {
    patient.record.care.registered.values().any(|made| made == revision)
}

/// How often this service was given more memory, as far as that is remembered.
fn raised(patient: Patient<'_>) -> usize {
    patient.record.effects().filter(|tried| tried.remedy == Remedy::RaiseMemory).count()
}

/// Whose memory is short.
struct Need<'n> {
    enrolled: Enrolled<'n>,
    primary: &'n ServiceDeploymentSummary,
    revision: &'n TaskDefinitionArn,
    id: ActionId,
    container: &'n Redacted,
    count: usize,
}

fn need<'n>(patient: Patient<'n>, service: &'n Service, facts: &'n Facts) -> Option<Need<'n>> {
    let enrolled = super::enrolled(patient.policy, &patient.record.target, facts);
    let primary = service.primary()?;
    let revision = primary.task_definition.as_ref()?;
    let deployment: &Deployment = facts.deployments.get(&primary.id)?.known()?;
    let (container, count) = one_container(&deployment.failures, enrolled.rules)?;
    let id = id_of(patient, Remedy::RaiseMemory, revision.as_str());
    Some(Need { enrolled, primary, revision, id, container, count })
}

/// The one container that ran out of memory often enough, if it is one alone, and that is what most tasks failed of.
fn one_container<'f>(failures: &'f Failures, rules: &Rules) -> Option<(&'f Redacted, usize)> {
    let counts = failures.out_of_memory();
    let mut named = counts.into_iter();
    let (container, count) = named.next().filter(|_| named.next().is_none())?;
    let of_memory: usize =
        failures.causes().into_iter().filter(|(cause, _)| *cause == Cause::OutOfMemory).map(|(_, n)| n).sum();
    let is_most = of_memory * 2 > failures.count();
    let is_often = count >= usize::try_from(rules.failures).unwrap_or(usize::MAX);
    (is_often && is_most).then_some((container, count))
}

/// The revision that the action has registered, as far as the ledger knows.
fn registered<'p>(patient: Patient<'p>, id: &ActionId) -> Option<&'p TaskDefinitionArn> {
    let open = patient.open.filter(|open| open.plan.id == *id).and_then(|open| open.registered.as_ref());
    open.or_else(|| patient.record.care.registered.get(id))
}
