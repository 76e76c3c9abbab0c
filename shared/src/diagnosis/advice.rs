//! What a person should do next: which step helps, and what it has to name.
//!
//! The step names the thing to change, so that a tired person can act on it. Permissions come from the text where it
//! names them, else from the map of what ECS needs for each step.

use super::cause::Cause;
use super::containers::is_sidecar;
use super::denied::DeniedAction;
use super::steps::{
    Advice, ContainerStep, Grant, ImageStep, Look, Name, Permission, PlaceStep, SecretStep, ServiceStep,
    SettingStep, StartStep, Step,
};
use crate::event::{ApiCall, Container, DeploymentStateChange, HealthEvent, ServiceAction, TaskStateChange};
use crate::redact::redact;

/// How the things of one task are called, and what is said of it.
struct Names {
    /// Family and revision, as in `api:42`.
    definition: Name,
    container: Name,
    image: Name,
    /// In small letters.
    text: String,
}

impl Names {
    fn new(task: &TaskStateChange, deciding: Option<&Container>, text: &str) -> Self {
        let only = || {
            let mut workers = task.containers.iter().filter(|container| !is_sidecar(container));
            workers.next().filter(|_| workers.next().is_none())
        };
        let container = deciding.or_else(only);
        Self {
            definition: task.task_definition_arn.as_ref().map(|arn| redact(arn.family_and_revision())),
            container: container.and_then(|container| container.name.as_deref()).map(redact),
            image: container.and_then(|container| container.image.as_deref()).map(redact),
            text: text.to_lowercase(),
        }
    }

    fn definition(&self) -> Name {
        self.definition.clone()
    }

    fn container(&self) -> Name {
        self.container.clone()
    }

    fn image(&self) -> Name {
        self.image.clone()
    }

    fn says(&self, fragment: &str) -> bool {
        self.text.contains(fragment)
    }
}

pub(super) fn for_task(
    cause: Cause,
    task: &TaskStateChange,
    deciding: Option<&Container>,
    text: &str,
    denied: Option<&DeniedAction>,
) -> Advice {
    let names = Names::new(task, deciding, text);
    let step = denied
        .and_then(|denied| permission(cause, &names, denied).map(Step::Permit))
        .or_else(|| image(cause, &names).map(Step::Image))
        .or_else(|| secret(cause, &names).map(Step::Secret))
        .or_else(|| setting(cause, &names).map(Step::Setting))
        .or_else(|| container(cause, &names, task).map(Step::Container))
        .or_else(|| place(cause, &names, task).map(Step::Place))
        .unwrap_or(match cause {
            Cause::ScaledIn | Cause::StoppedByUser | Cause::Completed => Step::Nothing,
            _ => Step::ReadEvidence,
        });
    Advice(step)
}

fn permission(cause: Cause, names: &Names, denied: &DeniedAction) -> Option<Permission> {
    let DeniedAction { action, resource } = denied;
    let grant = if names.says("explicit deny") {
        Grant::LiftDeny
    } else if names.says("no resource-based policy") {
        Grant::ResourcePolicy
    } else {
        match cause {
            Cause::RoleNotAssumable => return None,
            Cause::SecretAccessDenied if action.starts_with("kms:") => Grant::KeyPolicy,
            Cause::ImageAccessDenied if action == "ecr:GetAuthorizationToken" => Grant::AnyResource,
            Cause::VolumeMountFailed => Grant::TaskRole,
            _ => Grant::ExecutionRole,
        }
    };
    let (resource, definition) = (resource.clone(), names.definition());
    Some(Permission { grant, action: redact(action), resource, definition })
}

fn image(cause: Cause, names: &Names) -> Option<ImageStep> {
    let (image, definition) = (names.image(), names.definition());
    let is_in_ecr = image.as_ref().is_some_and(|image| image.as_str().contains(".dkr.ecr."));
    Some(match cause {
        Cause::ImageNotFound => ImageStep::Push { image },
        Cause::ImageAccessDenied if is_in_ecr => ImageStep::PermitPull { image, definition },
        Cause::ImageAccessDenied => ImageStep::CheckCredentials { image, definition },
        Cause::ImageRateLimited => ImageStep::AvoidLimit { image },
        Cause::ImageRegistryUnreachable => ImageStep::CheckWay,
        Cause::ImagePlatformMismatch => ImageStep::BuildForPlatform { image, definition },
        Cause::ImageInvalid => ImageStep::BuildAgain { image },
        Cause::DiskFull => ImageStep::FreeDisk { definition },
        _ => return None,
    })
}

fn secret(cause: Cause, names: &Names) -> Option<SecretStep> {
    let definition = names.definition();
    Some(match cause {
        Cause::SecretAccessDenied if names.says("ssm") && !names.says("asm") => {
            SecretStep::PermitParameters { definition }
        }
        Cause::SecretAccessDenied => SecretStep::PermitSecrets { definition },
        Cause::SecretNotFound => SecretStep::CheckNames { definition },
        Cause::SecretUnreachable => SecretStep::CheckWay,
        _ => return None,
    })
}

fn setting(cause: Cause, names: &Names) -> Option<SettingStep> {
    let (container, definition) = (names.container(), names.definition());
    let is_denied = names.says("denied") || names.says("not authorized");
    Some(match cause {
        Cause::LogSetupFailed if is_denied && names.says("group") => {
            SettingStep::PermitLogGroup { definition }
        }
        Cause::LogSetupFailed if is_denied => SettingStep::PermitLogStream { definition },
        Cause::LogSetupFailed => SettingStep::CheckLogs { definition },
        Cause::EnvFileUnavailable => SettingStep::CheckEnvFile { definition },
        Cause::VolumeMountFailed => SettingStep::CheckVolumes { definition },
        Cause::RoleNotAssumable => SettingStep::TrustTasks { definition },
        Cause::CommandNotRunnable => SettingStep::CheckCommand { container, definition },
        Cause::DependencyFailed => SettingStep::CheckDependency { container, definition },
        Cause::TaskConfigInvalid => SettingStep::Correct { definition },
        _ => return None,
    })
}

fn container(cause: Cause, names: &Names, task: &TaskStateChange) -> Option<ContainerStep> {
    let (container, definition) = (names.container(), names.definition());
    Some(match cause {
        Cause::OutOfMemory => {
            let memory = task.memory.as_deref().map(redact);
            ContainerStep::RaiseMemory { container, definition, memory }
        }
        Cause::Killed => ContainerStep::FindKiller { container },
        Cause::Segfault | Cause::Aborted => ContainerStep::CompareLibraries { container },
        Cause::AppError => ContainerStep::ReadLogs { container },
        Cause::ExitedCleanly => ContainerStep::KeepInForeground { container },
        Cause::ElbHealthCheckFailed => ContainerStep::CheckTarget { container },
        Cause::ContainerHealthCheckFailed => ContainerStep::TryHealthCheck { container, definition },
        Cause::ScaledIn if ignored_the_stop(task) => ContainerStep::HeedSigterm { container },
        _ => return None,
    })
}

/// An expected stop that ended in SIGKILL took longer than it may.
fn ignored_the_stop(task: &TaskStateChange) -> bool {
    task.containers.iter().any(|container| container.exit_code == Some(137) && !is_sidecar(container))
}

fn place(cause: Cause, names: &Names, task: &TaskStateChange) -> Option<PlaceStep> {
    Some(match cause {
        Cause::ContainerRuntimeFailed => PlaceStep::SuspectHost,
        Cause::NetworkInterfaceFailed => PlaceStep::CheckSubnets,
        Cause::CapacityUnavailable => PlaceStep::SpreadOut,
        Cause::PlacementFailed => PlaceStep::CompareDemand { definition: names.definition() },
        Cause::QuotaExceeded => PlaceStep::RaiseQuota,
        Cause::SpotInterrupted
        | Cause::HostTerminated
        | Cause::Maintenance
        | Cause::InfrastructureImpaired => {
            if task.belongs_to_service() {
                PlaceStep::LetReplace
            } else {
                PlaceStep::StartAgain
            }
        }
        _ => return None,
    })
}

pub(super) fn for_service_action(cause: Cause, action: &ServiceAction) -> Advice {
    let step = match cause {
        Cause::Unknown => ServiceStep::LookAtTasks,
        Cause::RoleNotAssumable => ServiceStep::TrustTasks,
        Cause::PlacementFailed => ServiceStep::CompareDemand,
        Cause::CapacityUnavailable => ServiceStep::SpreadOut,
        Cause::QuotaExceeded => ServiceStep::RaiseQuota,
        Cause::TaskConfigInvalid => ServiceStep::Correct,
        Cause::ElbHealthCheckFailed => ServiceStep::CheckTarget,
        _ => ServiceStep::ReadReason,
    };
    let service = action.service.as_ref().map(|service| redact(service.name.as_str()));
    Advice(Step::Service { step, service })
}

pub(super) fn for_failed_deployment(change: &DeploymentStateChange) -> Advice {
    Advice(Step::Look(Look::FailedDeployment { deployment: redact(change.deployment_id.as_str()) }))
}

pub(super) fn for_host(cause: Cause, id: &str) -> Advice {
    let host = redact(id);
    Advice(Step::Look(match cause {
        Cause::Unknown => Look::Agent { host },
        _ => Look::Host { host },
    }))
}

pub(super) fn for_shortfall(service: &str) -> Advice {
    Advice(Step::Look(Look::Shortfall { service: redact(service) }))
}

pub(super) fn for_hung_task(task: &str, cause: Cause) -> Advice {
    let task = redact(task);
    Advice(Step::Look(match cause {
        Cause::ContainerRuntimeFailed => Look::AgentOfTask { task },
        _ => Look::HungTask { task },
    }))
}

pub(super) fn for_stuck_deployment(deployment: &str) -> Advice {
    Advice(Step::Look(Look::StuckDeployment { deployment: redact(deployment) }))
}

pub(super) fn for_hook(hook: &str) -> Advice {
    Advice(Step::Look(Look::Hook { hook: redact(hook) }))
}

pub(super) fn for_retirement(health: &HealthEvent) -> Advice {
    Advice(Step::Place(PlaceStep::PlanRetirement { from: health.start_time }))
}

pub(super) fn for_refused_call(cause: Cause, call: &ApiCall, denied: Option<&DeniedAction>) -> Advice {
    if let Some(denied) = denied {
        return Advice(Step::Start(StartStep::PermitCaller { action: redact(&denied.action) }));
    }
    for_failure(cause, call.error_code.as_deref().unwrap_or_default())
}

pub(super) fn for_failure(cause: Cause, reason: &str) -> Advice {
    let missing = reason.strip_prefix("RESOURCE:").map(str::to_lowercase);
    Advice(Step::Start(match (cause, missing) {
        (Cause::CapacityUnavailable, _) => StartStep::ElsewhereOrLater,
        (Cause::PlacementFailed, Some(resource)) => StartStep::WhenThereIs { resource: redact(&resource) },
        (Cause::PlacementFailed, None) => StartStep::WhenOneFits,
        (Cause::QuotaExceeded, _) => StartStep::RaiseQuota,
        _ => StartStep::Correct,
    }))
}

#[cfg(test)]
pub(crate) mod tests;
