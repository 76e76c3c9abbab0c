//! Which container decides, where the containers have the evidence.
//!
//! The event does not say which containers are essential, and their order changes from event to event. So sidecars are
//! told by their names and decide only where nothing else can, and the choice among equals is by name, never by place.

use super::cause::Cause;
use super::text::classify;
use crate::event::{Container, StopCode, TaskStateChange};

/// SIGKILL and SIGTERM: beside another container's failure they are its consequence.
const SIGKILL: i64 = 137;
const SIGTERM: i64 = 143;

/// What sidecars are called, as words.
const SIDECARS: &[&[&str]] = &[
    &["xray"],
    &["x", "ray"],
    &["envoy"],
    &["firelens"],
    &["fluentbit"],
    &["fluent", "bit"],
    &["fluentd"],
    &["logrouter"],
    &["log", "router"],
    &["cloudwatch", "agent"],
    &["cwagent"],
    &["datadog"],
    &["datadogagent"],
    &["dd", "agent"],
    &["otel"],
    &["otelcol"],
    &["otelcontribcol"],
    &["otelcollector"],
    &["opentelemetry"],
    &["adot"],
];
/// What may follow: a container called `xray-import` does work of its own.
const DECORATIONS: &[&str] =
    &["agent", "daemon", "collector", "sidecar", "proxy", "container", "router", "contrib", "col", "init"];
/// Added by ECS itself, with anything behind.
const ADDED: &[&[&str]] = &[&["guardduty"], &["service", "connect"]];

/// What a container had to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deciding<'t> {
    pub(super) cause: Cause,
    pub(super) container: &'t Container,
}

/// Whether a container is a helper by its name.
pub(crate) fn is_sidecar(container: &Container) -> bool {
    let Some(name) = container.name.as_deref() else { return false };
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_decoration =
        |word: &&str| DECORATIONS.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let stands_last = |at: usize, marker: &[&str]| {
        words.get(at + marker.len()..).is_some_and(|rest| rest.iter().all(is_decoration))
    };
    let marked = |markers: &[&[&str]], last: bool| {
        markers.iter().any(|marker| {
            words
                .windows(marker.len())
                .enumerate()
                .any(|(at, window)| window == *marker && (!last || stands_last(at, marker)))
        })
    };
    marked(SIDECARS, true) || marked(ADDED, false)
}

/// A task's containers: those that do the work, and those that help; each by name, for their order means nothing.
pub(super) struct Sides<'t> {
    task: &'t TaskStateChange,
    workers: Vec<&'t Container>,
    helpers: Vec<&'t Container>,
}

impl<'t> Sides<'t> {
    pub(super) fn of(task: &'t TaskStateChange) -> Self {
        let by_name = |a: &&Container, b: &&Container| {
            (&a.name, &a.exit_code, &a.reason).cmp(&(&b.name, &b.exit_code, &b.reason))
        };
        let (mut helpers, mut workers): (Vec<_>, Vec<_>) =
            task.containers.iter().partition(|container| is_sidecar(container));
        workers.sort_by(by_name);
        helpers.sort_by(by_name);
        Self { task, workers, helpers }
    }

    /// Whether the task has no container that does work of its own.
    pub(super) fn only_helpers(&self) -> bool {
        self.workers.is_empty()
    }

    fn those(&self, side: Side) -> &[&'t Container] {
        match side {
            Side::Workers => &self.workers,
            Side::Helpers => &self.helpers,
        }
    }

    /// A container whose own reason says that memory killed it.
    pub(super) fn killed_for_memory(&self) -> Option<Deciding<'t>> {
        let says_so = |container: &&Container| {
            let finding = container.reason.as_deref().and_then(classify);
            finding.is_some_and(|finding| finding.cause == Cause::OutOfMemory)
        };
        let container = self.workers.iter().chain(&self.helpers).copied().find(says_so)?;
        Some(Deciding { cause: Cause::OutOfMemory, container })
    }

    /// The container whose reason tells most.
    pub(super) fn by_reason(&self, side: Side) -> Option<Deciding<'t>> {
        let told = self.those(side).iter().copied().filter_map(|container| {
            let cause = classify(container.reason.as_deref()?)?.cause;
            Some(Deciding { cause, container })
        });
        told.min_by_key(|deciding| weakness(deciding.cause))
    }

    /// What the exit codes say, where nobody says more.
    pub(super) fn by_exit_code(&self, side: Side) -> Option<Deciding<'t>> {
        let containers = self.those(side);
        let exited = |holds: fn(i64) -> bool| {
            containers.iter().copied().find(|container| container.exit_code.is_some_and(holds))
        };
        let failed = exited(|code| !matches!(code, 0 | SIGKILL | SIGTERM));
        let killed = exited(|code| code == SIGKILL);
        let terminated = exited(|code| code == SIGTERM);
        // One that ended by itself with 0 explains why others were told to stop; it does not explain a kill, a start that
        // failed, or a container that left no code.
        let all_ended = containers.iter().all(|container| container.exit_code.is_some());
        let may_succeed = all_ended && self.task.stop_code != Some(StopCode::TaskFailedToStart);
        let ended = exited(|code| code == 0).filter(|_| may_succeed);
        let container = failed.or(killed).or(ended).or(terminated)?;
        let cause = cause_of_exit(container.exit_code?, self.task.belongs_to_service());
        Some(Deciding { cause, container })
    }
}

/// Whose word is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Containers that do work of their own.
    Workers,
    /// Sidecars.
    Helpers,
}

/// A container that waited for another, or that the runtime could not stop, is rarely the first to fail.
fn weakness(cause: Cause) -> u8 {
    match cause {
        Cause::DependencyFailed | Cause::ContainerRuntimeFailed => 1,
        _ => 0,
    }
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
            "otel",
            "adot-collector",
            "aws-adot",
            "datadog",
        ] {
            assert!(is_sidecar(&Container { name: Some(name.into()), ..Container::default() }), "{name}");
        }
        for name in [
            "app",
            "api",
            "forms-perf-test-timeout",
            "oom-timeout-404",
            "forms-perf-test-sidecar",
            "proxy",
            "xray-import",
            "envoyer",
            "datadog-export",
        ] {
            assert!(!is_sidecar(&Container { name: Some(name.into()), ..Container::default() }), "{name}");
        }
    }
}
