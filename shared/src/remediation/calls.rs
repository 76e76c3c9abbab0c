//! Calls of the API, as a trail recorded them: who did what, and what of it failed.

use jiff::Timestamp;

use super::{JOB_PREFIX, Reading, Reason, cluster_arn, moment_of};
use crate::arn::{Arn, ClusterArn, ServiceDeploymentArn, ServiceName, TaskDefinitionArn};
use crate::diagnosis::{self, Diagnosis};
use crate::ecs::{DesiredCount, HookAnswer};
use crate::event::{ApiCall, Event};
use crate::incident::{Act, Deed, Failure, Fingerprint, Observation, Starter, Target};
use crate::redact::{Redacted, quoted, redact};

/// Names of users and sessions have at most 64 characters; those of services and of odd identities are as good as none if
/// they are longer than this.
pub(super) const MAX_CALLER: usize = 128;
/// What the reason of Steward's own StopTask says: it tells that itself.
const STEWARDS: &str = "ECS Steward";

pub(super) fn read(event: &Event, call: &ApiCall, diagnosis: Option<Diagnosis>, at: Timestamp) -> Reading {
    let read = match call.event_name.as_str() {
        "CreateService" | "UpdateService" => of_service(event, call, at),
        "StopTask" => of_stop_task(event, call, at),
        "StopServiceDeployment" => of_stop_deployment(event, call, at),
        "ContinueServiceDeployment" => of_answer(event, call, at),
        _ => return of_start(event, call, diagnosis, at),
    };
    read.unwrap_or_else(|| Reading::nothing(diagnosis, None, Reason::NothingFailed))
}

/// Who called, as far as it is anybody's name.
fn who(call: &ApiCall) -> Option<Redacted> {
    let shown = redact(call.caller.as_deref()?).shortened(MAX_CALLER);
    Some(redact(&shown))
}

fn did(event: &Event, call: &ApiCall, by: Redacted, at: Timestamp, what: Act) -> Observation {
    let moment = moment_of(event);
    let id = match call.event_id.as_deref() {
        Some(id) => Fingerprint::of(&["deed", id]),
        None => Fingerprint::of(&["deed", call.event_name.as_str(), by.as_str(), &moment]),
    };
    Observation::Did(Box::new(Deed { id, at, by, what }))
}

/// `CreateService` and `UpdateService`: a deployment, another number of tasks, or nothing where ECS refused.
fn of_service(event: &Event, call: &ApiCall, at: Timestamp) -> Option<Reading> {
    let by = who(call)?;
    if let Some(code) = &call.error_code {
        let target = Target::Service { cluster: cluster_of(event, call)?, name: service_of(call)? };
        let text = call.error_message.as_ref().map_or_else(|| code.clone(), |said| format!("{code}: {said}"));
        let what = Act::UpdateRefused { problem: quoted(&text) };
        return Some(Reading::of(None, Some(target), vec![did(event, call, by, at, what)]));
    }
    let target = Target::of_service(&call.primary.as_ref()?.service)?;
    let started = event.envelope.time.and_then(|time| call.started(time));
    if let Some(started) = started {
        let (id, revision) = (started.id.clone(), started.task_definition.clone());
        let begun = Observation::Started { id: id.clone(), by: Starter::Person { who: by.clone() }, at };
        let deed = did(event, call, by, at, Act::Deployed { deployment: id, revision });
        return Some(Reading::of(None, Some(target), vec![begun, deed]));
    }
    let desired = call.desired_count.filter(|_| call.event_name == "UpdateService")?;
    let what = Act::Scaled { desired: DesiredCount(desired) };
    Some(Reading::of(None, Some(target), vec![did(event, call, by, at, what)]))
}

fn of_stop_task(event: &Event, call: &ApiCall, at: Timestamp) -> Option<Reading> {
    let task = call.stopped.as_ref().filter(|_| call.error_code.is_none())?;
    let target = Target::of_stopped_task(task)?;
    if task.started_by.as_deref().is_some_and(|by| by.starts_with(JOB_PREFIX)) {
        return Some(Reading::nothing(None, Some(target), Reason::BelongsToBatch));
    }
    let is_stewards = call.reason.as_deref().is_some_and(|reason| reason.contains(STEWARDS));
    let by = who(call).filter(|_| !is_stewards)?;
    let what = Act::StoppedTask { task: task.arn.clone() };
    Some(Reading::of(None, Some(target), vec![did(event, call, by, at, what)]))
}

fn of_stop_deployment(event: &Event, call: &ApiCall, at: Timestamp) -> Option<Reading> {
    let by = who(call).filter(|_| call.error_code.is_none())?;
    let target = Target::of_service_deployment(&service_deployment(call)?)?;
    Some(Reading::of(None, Some(target), vec![did(event, call, by, at, Act::StoppedDeployment)]))
}

/// Somebody answered a hook. An action that is not named is `CONTINUE` (API reference of `ContinueServiceDeployment`).
fn of_answer(event: &Event, call: &ApiCall, at: Timestamp) -> Option<Reading> {
    let service_deployment = service_deployment(call).filter(|_| call.error_code.is_none())?;
    let target = Target::of_service_deployment(&service_deployment)?;
    let answer = match call.action.as_deref() {
        None => HookAnswer::Continue,
        Some(word) => HookAnswer::parse(word)?,
    };
    let (hook, by) = (call.hook.clone()?, who(call));
    let deed = by.clone().map(|by| did(event, call, by, at, Act::AnsweredHook { answer }));
    let answered = Observation::Answered { hook, service_deployment, answer, by, at };
    Some(Reading::of(None, Some(target), std::iter::once(answered).chain(deed).collect()))
}

fn service_deployment(call: &ApiCall) -> Option<ServiceDeploymentArn> {
    call.service_deployment.clone().map(ServiceDeploymentArn::new)
}

/// `RunTask` and `StartTask`: a failure of the family, and who called.
fn of_start(event: &Event, call: &ApiCall, diagnosis: Option<Diagnosis>, at: Timestamp) -> Reading {
    let target = family_of(event, call);
    if call.started_by.as_deref().is_some_and(|by| by.starts_with(JOB_PREFIX)) {
        return Reading::nothing(diagnosis, target, Reason::BelongsToBatch);
    }
    let Some(found) = diagnosis.clone() else {
        return Reading::nothing(None, target, Reason::NothingFailed);
    };
    let family = target.as_ref().map(Target::key).unwrap_or_default();
    let call_id = call.event_id.as_deref().unwrap_or_default();
    let failed = |index: usize, found: Diagnosis| {
        let parts = [family.as_str(), &call.event_name, call_id, &index.to_string(), &moment_of(event)];
        Observation::Failed(Box::new(Failure::symptom(Fingerprint::of(&parts), at, found)))
    };
    let mut observations: Vec<Observation> = match call.failures.as_slice() {
        [] => vec![failed(0, found)],
        failures => failures
            .iter()
            .enumerate()
            .map(|(index, failure)| failed(index, diagnosis::of_failure(failure)))
            .collect(),
    };
    observations.extend(who(call).map(|by| did(event, call, by, at, Act::NotStarted)));
    Reading::of(diagnosis, target, observations)
}

/// The family that was to run.
fn family_of(event: &Event, call: &ApiCall) -> Option<Target> {
    let family = TaskDefinitionArn::new(call.task_definition.clone()?).family();
    Some(Target::Family { cluster: cluster_of(event, call)?, family })
}

/// The service that a request names, by its name or its ARN.
fn service_of(call: &ApiCall) -> Option<ServiceName> {
    let name = call.service.as_deref()?.rsplit('/').next()?;
    (!name.is_empty()).then(|| ServiceName::new(name))
}

/// The cluster that a request names. CloudTrail has names where ECS has ARNs: account and region are the envelope's.
fn cluster_of(event: &Event, call: &ApiCall) -> Option<ClusterArn> {
    let service = call.service.as_deref().and_then(Arn::parse);
    let in_service = service.and_then(|arn| arn.resource_of_kind("service")?.split_once('/'));
    let named = call.cluster.as_deref().or(in_service.map(|(cluster, _)| cluster));
    match named.unwrap_or("default") {
        arn if arn.starts_with("arn:") => Some(ClusterArn::new(arn)),
        name => {
            let region = event.envelope.region.as_deref()?;
            let account = event.envelope.account.as_deref()?;
            let partition = match region {
                region if region.starts_with("cn-") => "aws-cn",
                region if region.starts_with("us-gov-") => "aws-us-gov",
                _ => "aws",
            };
            Some(cluster_arn(partition, region, account, name))
        }
    }
}
