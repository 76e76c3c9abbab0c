//! Why a task stopped.
//!
//! Diagnosis is total, pure and linear in the text: whatever an event holds, it ends in one [`Cause`], and where the
//! evidence fits none, in [`Cause::Unknown`] with the evidence quoted. Evidence is trusted in this order: a container's
//! reason, `stoppedReason`, `stopCode`, exit codes, timestamps. A text that a person wrote is never read as evidence, and
//! a sidecar does not decide where a container that does the work has something to say.

pub(crate) mod advice;
mod cause;
mod containers;
mod denied;
mod names;
mod rules;
pub(crate) mod steps;
mod text;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use cause::{Cause, Kind};
pub(crate) use containers::is_sidecar;
pub use denied::{DeniedAction, denied_action};
pub use steps::Advice;

use crate::ecs::{HookAnswer, LifecycleHook};
use crate::event::{
    ApiCall, Container, ContainerInstanceHealthChange, ContainerInstanceStateChange, ContainerInstanceStatus,
    DeploymentEventName, DeploymentStateChange, Detail, Event, Failure, HealthEvent, HealthStatus,
    HookStateChange, ServiceAction, ServiceActionName, SpotInterruptionWarning, StopCode, TaskStateChange,
};
use crate::redact::{Redacted, redact};
use containers::{Deciding, Side, Sides};
use text::classify;

/// What is quoted of one text: a reason of ECS has at most 1,024 characters.
const QUOTE_CHARS: usize = 1_024;
/// More than this says nothing new.
const MAX_EVIDENCE: usize = 6;

/// Why a task stopped, how that is known, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// The deciding container's name, where a container decided.
    pub container: Option<Redacted>,
    /// The deciding container's exit code.
    pub exit_code: Option<i64>,
    /// What the cause was read from, the deciding text first.
    pub evidence: Vec<Evidence>,
    /// The IAM action that was denied, where the text names it whole.
    pub denied_action: Option<DeniedAction>,
    /// What a person should do next.
    pub advice: Advice,
}

/// One quoted piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it stands, such as `stoppedReason` or `container app`.
    pub source: Redacted,
    /// What it says.
    pub text: Redacted,
}

impl Evidence {
    fn new(source: &str, text: &str) -> Self {
        let text = redact(text);
        let quoted =
            if text.as_str().len() > QUOTE_CHARS { redact(&text.shortened(QUOTE_CHARS)) } else { text };
        Self { source: redact(source), text: quoted }
    }
}

/// Explains an event. `None` where nothing stopped or failed.
pub fn diagnose(event: &Event) -> Option<Diagnosis> {
    match &event.detail {
        Detail::TaskStateChange(task) => of_task(task),
        Detail::ServiceAction(action) => of_service_action(action),
        Detail::DeploymentStateChange(change) => of_deployment(change),
        Detail::ContainerInstanceStateChange(change) => of_container_instance(change),
        Detail::ContainerInstanceHealthChange(change) => of_host_health(change),
        Detail::Health(health) => of_health(health),
        Detail::ApiCall(call) => of_api_call(call),
        Detail::HookStateChange(change) => of_hook(change),
        Detail::SpotInterruptionWarning(_) | Detail::Other => None,
    }
}

/// Explains a task. `None` until it is meant to stop.
pub fn of_task(task: &TaskStateChange) -> Option<Diagnosis> {
    if !task.is_stopping() {
        return None;
    }
    let of_text = task.stopped_reason.as_deref().and_then(classify).map(|finding| finding.cause);
    let verdict = judge(task, of_text);
    let (container, exit_code) = match &verdict.container {
        Some(container) => (container.name.as_deref().map(redact), container.exit_code),
        None => (None, None),
    };
    let evidence = task_evidence(task, &verdict);
    let denied_action = verdict.denied_action(task, of_text);
    let deciding_text = verdict.text(task).unwrap_or_default();
    let advice =
        advice::for_task(verdict.cause, task, verdict.container, deciding_text, denied_action.as_ref());
    Some(Diagnosis { cause: verdict.cause, container, exit_code, evidence, denied_action, advice })
}

/// The cause of a task's stop, and what decided.
struct Verdict<'t> {
    cause: Cause,
    container: Option<&'t Container>,
    by: By,
}

#[derive(PartialEq, Eq)]
enum By {
    ContainerReason,
    StoppedReason,
    Attachment,
    StopCode,
    ExitCode,
    Times,
    Nothing,
}

impl<'t> Verdict<'t> {
    /// Read from the text that decided, or from one that says the same; never from a caller's text. `of_text` is what
    /// `stoppedReason` says.
    fn denied_action(&self, task: &TaskStateChange, of_text: Option<Cause>) -> Option<DeniedAction> {
        let of_deciding = match self.by {
            By::ContainerReason => self.container.and_then(|container| container.reason.as_deref()),
            By::Attachment => self.text(task),
            _ => None,
        };
        let is_ours = task.stop_code != Some(StopCode::UserInitiated);
        let stopped_reason =
            task.stopped_reason.as_deref().filter(|_| is_ours && of_text == Some(self.cause));
        of_deciding.into_iter().chain(stopped_reason).find_map(denied::denied_action)
    }

    fn plain(cause: Cause, by: By) -> Self {
        Self { cause, container: None, by }
    }

    fn from(deciding: Deciding<'t>, by: By) -> Self {
        Self { cause: deciding.cause, container: Some(deciding.container), by }
    }

    fn text(&self, task: &'t TaskStateChange) -> Option<&'t str> {
        match self.by {
            By::ContainerReason => self.container?.reason.as_deref(),
            By::Attachment => attachment_cause(task).map(|(_, text)| text),
            _ => task.stopped_reason.as_deref(),
        }
    }
}

fn judge(task: &TaskStateChange, of_text: Option<Cause>) -> Verdict<'_> {
    let sides = Sides::of(task);
    if let Some(expected) = expected_stop(task, of_text) {
        // A kill for memory during an expected stop is a fault that would come back.
        return match sides.killed_for_memory() {
            Some(deciding) => Verdict::from(deciding, By::ContainerReason),
            None => expected,
        };
    }
    if let Some(deciding) = sides.by_reason(Side::Workers) {
        // A runtime that could not stop or remove a container did so because something else had stopped it.
        let is_consequence = deciding.cause == Cause::ContainerRuntimeFailed && of_text.is_some();
        if !is_consequence {
            return Verdict::from(deciding, By::ContainerReason);
        }
    }
    if let Some(cause) = of_text {
        return Verdict::plain(cause, By::StoppedReason);
    }
    if let Some((cause, _)) = attachment_cause(task) {
        return Verdict::plain(cause, By::Attachment);
    }
    if let Some(cause) = stop_code_cause(task) {
        return Verdict::plain(cause, By::StopCode);
    }
    by_what_the_containers_did(task, &sides).unwrap_or_else(|| Verdict::plain(Cause::Unknown, By::Nothing))
}

/// A stop that somebody meant stays that whatever the exit codes say.
fn expected_stop(task: &TaskStateChange, of_text: Option<Cause>) -> Option<Verdict<'static>> {
    if task.stop_code == Some(StopCode::UserInitiated) {
        return Some(Verdict::plain(Cause::StoppedByUser, By::StopCode));
    }
    of_text.filter(|cause| cause.is_benign()).map(|cause| Verdict::plain(cause, By::StoppedReason))
}

fn attachment_cause(task: &TaskStateChange) -> Option<(Cause, &str)> {
    task.attachments.iter().find_map(|attachment| {
        let text = attachment.status_reason.as_deref()?;
        let found = classify(text).map(|finding| finding.cause);
        let is_volume = attachment.kind.as_deref().is_some_and(|kind| kind.contains("BlockStorage"));
        let cause = if is_volume { Some(Cause::VolumeMountFailed) } else { found };
        cause.map(|cause| (cause, text))
    })
}

fn stop_code_cause(task: &TaskStateChange) -> Option<Cause> {
    match task.stop_code.as_ref()? {
        StopCode::SpotInterruption => Some(Cause::SpotInterrupted),
        StopCode::TerminationNotice => Some(Cause::HostTerminated),
        StopCode::InfrastructureHealth => Some(Cause::InfrastructureImpaired),
        // Not benign by itself: the scheduler also stops what is unhealthy.
        StopCode::ServiceSchedulerInitiated => Some(Cause::Unknown),
        StopCode::UserInitiated => Some(Cause::StoppedByUser),
        StopCode::TaskFailedToStart | StopCode::EssentialContainerExited | StopCode::Other(_) => None,
    }
}

fn by_what_the_containers_did<'t>(task: &'t TaskStateChange, sides: &Sides<'t>) -> Option<Verdict<'t>> {
    let main = sides.by_exit_code(Side::Workers);
    if let Some(deciding) = main.filter(containers::is_own_failure) {
        return Some(Verdict::from(deciding, By::ExitCode));
    }
    // What is left of the main containers is a consequence, or an end with 0: a sidecar's own failure comes first only
    // where no main container ended by itself.
    if main.is_none_or(|deciding| deciding.container.exit_code != Some(0)) {
        if let Some(deciding) = sides.by_reason(Side::Helpers) {
            return Some(Verdict::from(deciding, By::ContainerReason));
        }
        if let Some(deciding) = sides.by_exit_code(Side::Helpers).filter(containers::is_own_failure) {
            return Some(Verdict::from(deciding, By::ExitCode));
        }
    }
    if was_stopped_from_outside(task) {
        return Some(Verdict::plain(Cause::Unknown, By::Times));
    }
    // A sidecar that was stopped or ended says nothing about the others; where there are no others, it is the task.
    let alone = || sides.by_exit_code(Side::Helpers).filter(|_| sides.only_helpers());
    if let Some(deciding) = main.or_else(alone) {
        return Some(Verdict::from(deciding, By::ExitCode));
    }
    died_in_pull(task).then(|| Verdict::plain(Cause::ImageRegistryUnreachable, By::Times))
}

/// Without a stop code and a reason, a stop that was decided before the containers ended came from outside: exit codes
/// of such a stop say how it went, not why.
fn was_stopped_from_outside(task: &TaskStateChange) -> bool {
    let unexplained = task.stop_code.is_none() && task.stopped_reason.is_none();
    let decided_first = match (task.times.stopping_at, task.times.execution_stopped_at) {
        (Some(stopping), Some(ended)) => stopping < ended,
        _ => false,
    };
    unexplained && decided_first
}

/// A pull that began and never ended, of a task that never ran, and nobody says more: a bare pull failure.
fn died_in_pull(task: &TaskStateChange) -> bool {
    let times = &task.times;
    task.stop_code == Some(StopCode::TaskFailedToStart)
        && times.pull_started_at.is_some()
        && times.pull_stopped_at.is_none()
        && times.started_at.is_none()
}

fn task_evidence(task: &TaskStateChange, verdict: &Verdict<'_>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut add = |source: &str, text: Option<&str>| {
        if let Some(text) = text.filter(|_| evidence.len() < MAX_EVIDENCE) {
            let piece = Evidence::new(source, text);
            if !evidence.contains(&piece) {
                evidence.push(piece);
            }
        }
    };
    let label = |container: &Container| {
        format!("container {}", container.name.as_deref().unwrap_or("without a name"))
    };
    if let Some(container) = verdict.container {
        add(&label(container), container.reason.as_deref());
        let code = container.exit_code.map(|code| format!("exit code {code}"));
        add(&label(container), code.as_deref());
    }
    if verdict.by == By::Attachment {
        add("attachment", verdict.text(task));
    }
    add("stoppedReason", task.stopped_reason.as_deref());
    add("stopCode", task.stop_code.as_ref().map(StopCode::as_str));
    if verdict.by == By::Times && verdict.cause == Cause::ImageRegistryUnreachable {
        add("pullStartedAt", Some("the image pull began and never ended"));
    }
    // Sorted, for the order of containers differs between events of one task.
    let mut others: Vec<(String, &str)> = task
        .containers
        .iter()
        .filter(|container| verdict.container != Some(container))
        .filter_map(|container| Some((label(container), container.reason.as_deref()?)))
        .collect();
    others.sort();
    for (source, text) in &others {
        add(source, Some(text));
    }
    evidence
}

/// Explains a Service Action. `None` where nothing failed.
pub fn of_service_action(action: &ServiceAction) -> Option<Diagnosis> {
    use ServiceActionName as Name;
    let of_reason = action.reason.as_deref().and_then(classify).map(|finding| finding.cause);
    let cause = match &action.event_name {
        Name::TaskPlacementFailure | Name::DaemonPlacementConstraintViolated => {
            of_reason.unwrap_or(Cause::PlacementFailed)
        }
        Name::TaskConfigurationFailure if names_a_role(action.reason.as_deref()) => Cause::RoleNotAssumable,
        Name::TaskConfigurationFailure => of_reason.unwrap_or(Cause::TaskConfigInvalid),
        Name::TaskStartImpaired => of_reason.unwrap_or(Cause::Unknown),
        // Throttled, unhealthy in service discovery, or new: a fault, but of a kind that has no cause of its own.
        _ if action.is_trouble() => of_reason.filter(|cause| !cause.is_benign()).unwrap_or(Cause::Unknown),
        _ => of_reason.filter(|cause| !cause.is_benign())?,
    };
    let evidence = [("eventName", Some(action.event_name.as_str())), ("reason", action.reason.as_deref())];
    Some(of_texts(cause, evidence, advice::for_service_action(cause, action)))
}

fn names_a_role(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| reason.to_ascii_lowercase().contains("role"))
}

/// Explains the failure of a deployment: like an impaired start, a symptom whose cause is in the stopped tasks.
pub fn of_deployment(change: &DeploymentStateChange) -> Option<Diagnosis> {
    if change.event_name != DeploymentEventName::Failed {
        return None;
    }
    let evidence = [("eventName", Some(change.event_name.as_str())), ("reason", change.reason.as_deref())];
    Some(of_texts(Cause::Unknown, evidence, advice::for_failed_deployment(change)))
}

/// What a deployment has that waits, where its event was not heard: for the patrol.
pub fn of_waiting_hook(hook: &LifecycleHook, stage: Option<&str>) -> Diagnosis {
    let expires_at = hook.expires_at.map(minute);
    let evidence = [
        ("lifecycleStage", stage),
        ("timeoutAction", hook.timeout_action.map(HookAnswer::as_str)),
        ("expiresAt", expires_at.as_deref()),
    ];
    of_texts(Cause::AwaitsAnswer, evidence, advice::for_hook(&hook.id))
}

/// Explains what a paused deployment waits for. Other events of hooks say nothing yet.
pub fn of_hook(change: &HookStateChange) -> Option<Diagnosis> {
    if change.event_name != "HOOK_AWAITING_ACTION" {
        return None;
    }
    let expires_at = change.expires_at.map(minute);
    let evidence = [
        ("lifecycleStage", change.lifecycle_stage.as_deref()),
        ("timeoutAction", change.timeout_action.as_deref()),
        ("expiresAt", expires_at.as_deref()),
    ];
    Some(of_texts(Cause::AwaitsAnswer, evidence, advice::for_hook(change.hook_id.as_deref().unwrap_or("?"))))
}

/// Explains why a container instance could not join. A lost agent alone explains nothing yet: it comes and goes.
pub fn of_container_instance(change: &ContainerInstanceStateChange) -> Option<Diagnosis> {
    if change.status != Some(ContainerInstanceStatus::RegistrationFailed) {
        return None;
    }
    let of_reason = change.status_reason.as_deref().and_then(classify).map(|finding| finding.cause);
    let cause = of_reason.unwrap_or(Cause::Unknown);
    let evidence =
        [("status", Some("REGISTRATION_FAILED")), ("statusReason", change.status_reason.as_deref())];
    Some(of_texts(cause, evidence, advice::for_host(cause, change.container_instance_arn.id())))
}

/// What a container instance whose agent stays away has: for the sweep, which alone knows how long.
pub fn of_lost_agent(change_id: &str, minutes: i64) -> Diagnosis {
    let cause = Cause::ContainerRuntimeFailed;
    let text = format!("the agent has been disconnected for {minutes} min");
    of_texts(cause, [("agentConnected", Some(text.as_str()))], advice::for_host(cause, change_id))
}

/// Explains that EC2 takes the host of a container instance back: `change_id` is the container instance's.
pub fn of_spot_warning(warning: &SpotInterruptionWarning, change_id: &str) -> Diagnosis {
    let cause = Cause::SpotInterrupted;
    let evidence = [
        ("instance-id", Some(warning.instance_id.as_str())),
        ("instance-action", warning.instance_action.as_deref()),
    ];
    of_texts(cause, evidence, advice::for_host(cause, change_id))
}

/// What a service has of which fewer tasks run than are desired while no event says why: for the patrol, which alone sees it.
pub fn of_shortfall(service: &str, running: u32, desired: u32, since: Timestamp) -> Diagnosis {
    let text = format!("running {running} of {desired} since {}, and no event says why", minute(since));
    of_texts(Cause::Unknown, [("runningCount", Some(text.as_str()))], advice::for_shortfall(service))
}

/// What a task has that ECS leaves though it is `how`, `UNHEALTHY` or `DISCONNECTED`: for the patrol, which alone sees it.
pub fn of_hung_task(task: &str, how: &str, since: Timestamp) -> Diagnosis {
    let text = format!("{how} since {}, and ECS leaves the task", minute(since));
    let (cause, field) = match how {
        "DISCONNECTED" => (Cause::ContainerRuntimeFailed, "connectivity"),
        _ => (Cause::ContainerHealthCheckFailed, "healthStatus"),
    };
    of_texts(cause, [(field, Some(text.as_str()))], advice::for_hung_task(task, cause))
}

/// What a deployment has that stays in progress for too long: for the patrol, which alone sees it.
pub fn of_stuck_deployment(deployment: &str, since: Timestamp) -> Diagnosis {
    let text = format!("{deployment} has been in progress since {}", minute(since));
    of_texts(
        Cause::Unknown,
        [("rolloutState", Some(text.as_str()))],
        advice::for_stuck_deployment(deployment),
    )
}

fn minute(at: Timestamp) -> String {
    at.strftime("%-d %B %H:%M UTC").to_string()
}

/// Explains an impaired host.
pub fn of_host_health(change: &ContainerInstanceHealthChange) -> Option<Diagnosis> {
    if change.overall_status != Some(HealthStatus::Impaired) {
        return None;
    }
    let cause = Cause::InfrastructureImpaired;
    let checks: Vec<String> = change
        .impaired
        .iter()
        .map(|check| {
            let name = check.check.as_deref().unwrap_or("a check");
            check.reason.as_ref().map_or_else(|| name.to_owned(), |reason| format!("{name}: {reason}"))
        })
        .collect();
    let checks = checks.join("; ");
    let evidence =
        [("overallStatus", Some("IMPAIRED")), ("checks", Some(checks.as_str()).filter(|c| !c.is_empty()))];
    Some(of_texts(cause, evidence, advice::for_host(cause, change.container_instance_arn.id())))
}

/// Explains Fargate's announcement that it will replace tasks.
pub fn of_health(health: &HealthEvent) -> Option<Diagnosis> {
    if !health.is_task_retirement() {
        return None;
    }
    let start = health.start_time.map(|time| time.to_string());
    let affected = format!("{} affected", health.affected_entities.len());
    let evidence = [
        ("eventTypeCode", Some(health.event_type_code.as_str())),
        ("startTime", start.as_deref()),
        ("affectedEntities", Some(affected.as_str())),
    ];
    Some(of_texts(Cause::Maintenance, evidence, advice::for_retirement(health)))
}

/// Explains a `RunTask` that failed, from CloudTrail. A throttled call is tried again by whoever made it.
pub fn of_api_call(call: &ApiCall) -> Option<Diagnosis> {
    if !call.is_start_failure() {
        return None;
    }
    if let Some(failure) = call.failures.first() {
        return Some(of_failure(failure));
    }
    let code = call.error_code.as_deref().unwrap_or_default();
    if code.contains("Throttling") || code.contains("TooManyRequests") {
        return None;
    }
    let message = call.error_message.as_deref();
    let cause = message.and_then(classify).map_or(Cause::Unknown, |finding| finding.cause);
    let denied_action = message.and_then(denied::denied_action);
    let advice = advice::for_refused_call(cause, call, denied_action.as_ref());
    let evidence = [("errorCode", Some(code)), ("errorMessage", message)];
    Some(Diagnosis { denied_action, ..of_texts(cause, evidence, advice) })
}

/// Explains an entry of `failures[]`, as `RunTask` and `StartTask` answer it.
pub fn of_failure(failure: &Failure) -> Diagnosis {
    let reason = failure.reason.as_deref();
    let cause = reason
        .and_then(failure_word)
        .or_else(|| reason.and_then(classify).map(|finding| finding.cause))
        .or_else(|| failure.detail.as_deref().and_then(classify).map(|finding| finding.cause))
        .unwrap_or(Cause::Unknown);
    let evidence = [("failure", reason), ("detail", failure.detail.as_deref())];
    of_texts(cause, evidence, advice::for_failure(cause, reason.unwrap_or_default()))
}

/// The words that stand alone in `failures[]`.
fn failure_word(reason: &str) -> Option<Cause> {
    match reason.trim() {
        "AGENT" | "ATTRIBUTE" | "LOCATION" | "INACTIVE" => Some(Cause::PlacementFailed),
        "RESOURCE:FARGATE" => Some(Cause::CapacityUnavailable),
        word if word.starts_with("RESOURCE:") || word.starts_with("ATTRIBUTE:") => {
            Some(Cause::PlacementFailed)
        }
        _ => None,
    }
}

/// Explains why RunTask was refused, by the text of its error.
pub fn of_refusal(text: &str) -> Diagnosis {
    let cause = classify(text).map_or(Cause::Unknown, |finding| finding.cause);
    of_texts(cause, [("RunTask", Some(text))], Advice::read_the_evidence())
}

/// What was seen where nobody says why.
pub fn of_said(source: &str, text: &str) -> Diagnosis {
    of_texts(Cause::Unknown, [(source, Some(text))], Advice::read_the_evidence())
}

fn of_texts<const N: usize>(cause: Cause, texts: [(&str, Option<&str>); N], advice: Advice) -> Diagnosis {
    let denied_action = texts.iter().find_map(|(_, text)| denied::denied_action((*text)?));
    let evidence: Vec<Evidence> =
        texts.into_iter().filter_map(|(source, text)| Some(Evidence::new(source, text?))).collect();
    Diagnosis { cause, container: None, exit_code: None, evidence, denied_action, advice }
}

#[cfg(test)]
mod tests;
