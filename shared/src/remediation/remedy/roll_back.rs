//! Going back to the revision that was good.
//!
//! A revision is bad where enough of its tasks failed for causes that a revision can have, and it never ran well for the bake
//! time; or where its deployment is stuck and the policy says so. One that ran well and fails now is not bad: something else
//! has changed, and the revision before would meet it, too.

use jiff::{SignedDuration, Timestamp};

use super::{Candidate, Escalation, Patient, id_of, raise_memory};
use crate::action::{Because, Call, Plan, Precondition, Remedy};
use crate::arn::{DeploymentId, ServiceRevisionArn, TaskDefinitionArn};
use crate::config::{OnStuck, Rules};
use crate::diagnosis::Cause;
use crate::ecs::{Controller, Rollout, Service, ServiceDeploymentSummary};
use crate::guard::is_ailing;
use crate::incident::{Deployment, Failure};
use crate::observed::Observed;
use crate::redact::quoted;
use crate::remediation::{Facts, Query};

/// What seems to be over may begin again: it is looked at after so long while its incident goes on.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn consider(patient: Patient<'_>, service: &Service, facts: &Facts, now: Timestamp) -> Candidate {
    let rules = super::enrolled(patient.policy, &patient.record.target, facts).rules;
    let (Some(primary), Some(revision)) =
        (service.primary(), service.primary().and_then(|p| p.task_definition.as_ref()))
    else {
        return left_to_others(patient, service, rules);
    };
    let deployment = match facts.deployments.get(&primary.id) {
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        known => known.and_then(Observed::known),
    };
    let trouble = match trouble(primary, deployment, rules, now) {
        Ok(trouble) => trouble,
        Err(said) => return said,
    };
    if !is_ailing(service, patient.incident, now) {
        return Candidate::Later(now.saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX));
    }
    if let Trouble::Fails { cause, .. } = trouble
        && ran_well(patient, deployment, rules, now)
    {
        return Candidate::No(Escalation::RanWellBefore(cause));
    }
    let (past, good) = match good_revision(patient, primary, revision, rules, now) {
        Ok(found) => found,
        Err(why) => return Candidate::No(why),
    };
    let is_of_memory = matches!(trouble, Trouble::Fails { cause: Cause::OutOfMemory, .. });
    if raise_memory::left(patient, &good) && (is_of_memory || raise_memory::made(patient, revision)) {
        return Candidate::No(Escalation::GoodRevisionFails);
    }
    let source = source_revision(service, facts);
    let needs = facts.open(
        [Query::TaskDefinition(good.clone()), Query::Deployment(past.clone())]
            .into_iter()
            .chain(source.cloned().map(Query::ServiceRevision)),
    );
    if !needs.is_empty() {
        return Candidate::Need(needs);
    }
    match facts.deployments.get(&past) {
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        Some(Observed::Known(past)) if fails_too(patient, past) => {
            return Candidate::No(Escalation::GoodRevisionFails);
        }
        _ => {}
    }
    match facts.task_definitions.get(&good) {
        Some(Observed::Known(definition)) if definition.is_active => {}
        Some(Observed::Unknown(why)) => return Candidate::No(Escalation::unobserved(why)),
        _ => {
            return Candidate::No(Escalation::GoodRevisionGone { revision: good });
        }
    }
    let call = way_back(service, source, facts, &good);
    Candidate::Plan(Box::new(plan(patient, primary, revision, &good, call, &trouble)))
}

/// A service without deployments of ECS's own has task sets, of CodeDeploy or of somebody else.
fn left_to_others(patient: Patient<'_>, service: &Service, rules: &Rules) -> Candidate {
    let curable =
        patient.incident.failures.causes().into_iter().filter(|(cause, _)| may_be_the_revision(*cause));
    let count: usize = curable.map(|(_, count)| count).sum();
    if service.controller == Controller::Ecs || count < usize::try_from(rules.failures).unwrap_or(usize::MAX)
    {
        return Candidate::Not;
    }
    Candidate::No(Escalation::ForeignController(quoted(service.controller.as_str())))
}

/// What is wrong with a deployment.
enum Trouble {
    Fails { cause: Cause, count: usize },
    Stuck { since: Timestamp },
}

fn trouble(
    primary: &ServiceDeploymentSummary,
    deployment: Option<&Deployment>,
    rules: &Rules,
    now: Timestamp,
) -> Result<Trouble, Candidate> {
    let causes = deployment.map(|deployment| deployment.failures.causes()).unwrap_or_default();
    let curable = || causes.iter().filter(|(cause, _)| may_be_the_revision(*cause));
    let count: usize = curable().map(|(_, count)| count).sum();
    let enough = usize::try_from(rules.failures).unwrap_or(usize::MAX);
    if let Some((cause, _)) = curable().next().filter(|_| count >= enough) {
        return Ok(Trouble::Fails { cause: *cause, count });
    }
    if let (Some(Rollout::InProgress), Some(since)) = (primary.rollout, primary.created_at) {
        let stuck_at = since.saturating_add(rules.stuck).unwrap_or(Timestamp::MAX);
        return match rules.on_stuck {
            _ if now < stuck_at => Err(Candidate::Later(stuck_at)),
            OnStuck::RollBack => Ok(Trouble::Stuck { since }),
            OnStuck::Escalate => Err(Candidate::No(Escalation::Stuck { since })),
        };
    }
    // Enough failed, and nothing of it is the revision's making.
    let failed: usize = causes.iter().map(|(_, count)| count).sum();
    match causes.first() {
        Some((cause, _)) if failed >= enough && count == 0 && *cause != Cause::Unknown => {
            Err(Candidate::No(Escalation::NotTheRevision(*cause)))
        }
        _ => Err(Candidate::Not),
    }
}

/// Whether a cause can come with a revision, so that going back can help. Nothing is done on a guess.
fn may_be_the_revision(cause: Cause) -> bool {
    use Cause::{
        Aborted, AppError, CommandNotRunnable, ContainerHealthCheckFailed, DependencyFailed,
        ElbHealthCheckFailed, EnvFileUnavailable, ExitedCleanly, ImageAccessDenied, ImageInvalid,
        ImageNotFound, ImagePlatformMismatch, Killed, LogSetupFailed, OutOfMemory, RoleNotAssumable,
        SecretAccessDenied, SecretNotFound, Segfault, TaskConfigInvalid, VolumeMountFailed,
    };
    matches!(
        cause,
        Aborted
            | AppError
            | CommandNotRunnable
            | ContainerHealthCheckFailed
            | DependencyFailed
            | ElbHealthCheckFailed
            | EnvFileUnavailable
            | ExitedCleanly
            | ImageAccessDenied
            | ImageInvalid
            | ImageNotFound
            | ImagePlatformMismatch
            | Killed
            | LogSetupFailed
            | OutOfMemory
            | RoleNotAssumable
            | SecretAccessDenied
            | SecretNotFound
            | Segfault
            | TaskConfigInvalid
            | VolumeMountFailed
    )
}

/// Whether the service was steady on this deployment for the bake time before it began to fail.
fn ran_well(patient: Patient<'_>, deployment: Option<&Deployment>, rules: &Rules, now: Timestamp) -> bool {
    let Some(since) = deployment.and_then(|deployment| deployment.completed_at) else { return false };
    let until = patient.incident.failures.first_at().unwrap_or(now);
    until.duration_since(since) >= rules.bake
}

/// The revision to go back to.
fn good_revision(
    patient: Patient<'_>,
    primary: &ServiceDeploymentSummary,
    revision: &TaskDefinitionArn,
    rules: &Rules,
    now: Timestamp,
) -> Result<(DeploymentId, TaskDefinitionArn), Escalation> {
    let past = patient.record.history.last_good(&primary.id, rules.bake, now);
    let good = past.and_then(|past| Some((past.id.clone(), past.task_definition.clone()?)));
    let Some((past, good)) = good else { return Err(Escalation::NoGoodRevision) };
    if good == *revision {
        return Err(Escalation::GoodRevisionFails);
    }
    let fails = |sample: &Failure| sample.task_definition.as_ref() == Some(&good);
    let is_curable = |sample: &&Failure| may_be_the_revision(sample.diagnosis.cause);
    let samples = patient.incident.failures.samples();
    let left = patient.record.effects().any(|tried| {
        tried.remedy == Remedy::RollBack
            && tried.revision.as_ref() == Some(&good)
            && tried.incident == patient.incident.opened_at
    });
    if left || samples.iter().filter(is_curable).any(fails) {
        return Err(Escalation::GoodRevisionFails);
    }
    Ok((past, good))
}

/// Whether tasks of an earlier deployment failed in this incident as well. The incident's own samples are the latest few: where
/// the new revision fails more often, they are all of it.
fn fails_too(patient: Patient<'_>, past: &Deployment) -> bool {
    let since = patient.incident.failures.first_at().unwrap_or(patient.incident.opened_at);
    let is_late = past.failures.last_at().is_some_and(|last| last >= since);
    is_late && past.failures.causes().into_iter().any(|(cause, _)| may_be_the_revision(cause))
}

/// The one revision that ECS would go back to, were the deployment under way stopped.
fn source_revision<'f>(service: &Service, facts: &'f Facts) -> Option<&'f ServiceRevisionArn> {
    let under_way = facts.service_deployments.get(service.current_service_deployment.as_ref()?)?.known()?;
    match under_way.source_revisions.as_slice() {
        [source] if under_way.is_stoppable() => Some(source),
        _ => None,
    }
}

/// StopServiceDeployment restores the whole revision, network and load balancer included: where ECS would go back to just the
/// revision that was good, it is the better way. ECS goes back to the last *successful* one, which may be another.
fn way_back(
    service: &Service,
    source: Option<&ServiceRevisionArn>,
    facts: &Facts,
    good: &TaskDefinitionArn,
) -> Call {
    let runs =
        source.and_then(|source| facts.service_revisions.get(source)?.known()?.task_definition.as_ref());
    match &service.current_service_deployment {
        Some(under_way) if runs == Some(good) => {
            Call::StopServiceDeployment { service_deployment: under_way.clone(), back_to: good.clone() }
        }
        _ => Call::UpdateService {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            task_definition: Some(good.clone()),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
    }
}

fn plan(
    patient: Patient<'_>,
    primary: &ServiceDeploymentSummary,
    revision: &TaskDefinitionArn,
    good: &TaskDefinitionArn,
    call: Call,
    trouble: &Trouble,
) -> Plan {
    let because = match *trouble {
        Trouble::Fails { cause, count } => {
            Because::RevisionFails { revision: revision.clone(), count, cause, good: good.clone() }
        }
        Trouble::Stuck { since } => {
            Because::DeploymentStuck { revision: revision.clone(), since, good: good.clone() }
        }
    };
    let stoppable = match &call {
        Call::StopServiceDeployment { service_deployment, .. } => Some(service_deployment.clone()),
        _ => None,
    };
    Plan {
        id: id_of(patient, Remedy::RollBack, primary.id.as_str()),
        remedy: Remedy::RollBack,
        target: patient.record.target.clone(),
        incident: patient.incident.opened_at,
        revision: Some(revision.clone()),
        call,
        precondition: Precondition {
            active: Some(good.clone()),
            ailing: true,
            stoppable,
            ..Precondition::of(primary)
        },
        because,
    }
}
