//! Which container decides, where the containers have the evidence.
//!
//! The event does not say which containers are essential, and their order changes from event to event. So sidecars are
//! told by their names and decide only where nothing else can, and the choice among equals is by name, never by place.

use super::cause::Cause;
use super::text::classify;
use crate::event::{Container, TaskStateChange};

const OUT_OF_MEMORY: &str = "OutOfMemoryError";
/// SIGKILL and SIGTERM: beside another container's failure they are its consequence.
const SIGKILL: i64 = 137;
const SIGTERM: i64 = 143;

/// Parts of the names that sidecars go by, in lower case without punctuation.
const SIDECARS: &[&str] = &[
    "awsguarddutyagent",
    "guardduty",
    "xray",
    "envoy",
    "serviceconnect",
    "firelens",
    "fluentbit",
    "fluentd",
    "logrouter",
    "cloudwatchagent",
    "cwagent",
    "datadog",
    "otelcol",
    "otelcollector",
    "opentelemetry",
    "awscollector",
    "adotcollector",
    "awsotel",
];

/// What a container had to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deciding<'t> {
    pub(super) cause: Cause,
    pub(super) container: &'t Container,
}

/// Whether a container is a helper by its name.
pub(super) fn is_sidecar(container: &Container) -> bool {
    let Some(name) = container.name.as_deref() else { return false };
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    SIDECARS.iter().any(|sidecar| plain.contains(sidecar)) || plain == "ddagent"
}

/// The containers that did the work, or those that helped; by name, for their order means nothing.
fn those(task: &TaskStateChange, sidecars: bool) -> Vec<&Container> {
    let mut containers: Vec<&Container> =
        task.containers.iter().filter(|container| is_sidecar(container) == sidecars).collect();
    containers.sort_by(|a, b| (&a.name, &a.exit_code, &a.reason).cmp(&(&b.name, &b.exit_code, &b.reason)));
    containers
}

/// A container whose own reason says that memory killed it.
pub(super) fn killed_for_memory(task: &TaskStateChange) -> Option<Deciding<'_>> {
    let says_so =
        |container: &&Container| container.reason.as_deref().is_some_and(|r| r.contains(OUT_OF_MEMORY));
    let container = those(task, false)
        .into_iter()
        .find(says_so)
        .or_else(|| those(task, true).into_iter().find(says_so))?;
    Some(Deciding { cause: Cause::OutOfMemory, container })
}

/// The container whose reason tells most.
pub(super) fn by_reason(task: &TaskStateChange, sidecars: bool) -> Option<Deciding<'_>> {
    those(task, sidecars)
        .into_iter()
        .filter_map(|container| {
            let cause = classify(container.reason.as_deref()?)?.cause;
            Some(Deciding { cause, container })
        })
        .min_by_key(|deciding| weakness(deciding.cause))
}

/// A container that waited for another, or that the runtime could not stop, is rarely the first to fail.
fn weakness(cause: Cause) -> u8 {
    match cause {
        Cause::DependencyFailed | Cause::ContainerRuntimeFailed => 1,
        _ => 0,
    }
}

/// What the exit codes say, where nobody says more.
pub(super) fn by_exit_code(task: &TaskStateChange, sidecars: bool) -> Option<Deciding<'_>> {
    let containers = those(task, sidecars);
    let exited = |holds: fn(i64) -> bool| {
        containers.iter().copied().find(|container| container.exit_code.is_some_and(holds))
    };
    let failed = exited(|code| !matches!(code, 0 | SIGKILL | SIGTERM));
    let killed = exited(|code| code == SIGKILL);
    let ended = exited(|code| code == 0);
    let terminated = exited(|code| code == SIGTERM);
    // One that ended by itself with 0 explains why others were told to stop; it does not explain a kill.
    let container = failed.or(killed).or(ended).or(terminated)?;
    Some(Deciding { cause: cause_of_exit(container.exit_code?, task.belongs_to_service()), container })
}

/// Whether an exit code says more than that the container was told to stop.
pub(super) fn is_own_failure(deciding: &Deciding<'_>) -> bool {
    !matches!(deciding.container.exit_code, None | Some(0 | SIGKILL | SIGTERM))
}

/// Exit codes as shells and Linux give them: 128 + the signal's number.
fn cause_of_exit(code: i64, of_service: bool) -> Cause {
    match code {
        0 if of_service => Cause::ExitedCleanly,
        0 => Cause::Completed,
        126 | 127 => Cause::CommandNotRunnable,
        134 => Cause::Aborted,
        SIGKILL => Cause::Killed,
        139 => Cause::Segfault,
        _ => Cause::AppError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sidecars_are_told_by_their_names() {
        for name in [
            "aws-guardduty-agent-Xy12",
            "xray-daemon",
            "x-ray",
            "envoy",
            "ecs-service-connect-0aB1",
            "log_router",
            "api-log-router",
            "datadog-agent",
            "cloudwatch-agent",
            "aws-otel-collector",
            "fluent-bit",
            "firelens",
        ] {
            assert!(is_sidecar(&Container { name: Some(name.into()), ..Container::default() }), "{name}");
        }
        for name in
            ["app", "api", "forms-perf-test-timeout", "oom-timeout-404", "forms-perf-test-sidecar", "proxy"]
        {
            assert!(!is_sidecar(&Container { name: Some(name.into()), ..Container::default() }), "{name}");
        }
    }
}
