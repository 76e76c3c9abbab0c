//! What a person should do next, in one sentence that a tired person can act on.
//!
//! The sentence names the thing to change. Permissions come from the text where it names them, else from the map of
//! what ECS needs for each step.

use super::cause::Cause;
use super::containers::is_sidecar;
use super::denied::DeniedAction;
use crate::event::{ApiCall, Container, DeploymentStateChange, HealthEvent, ServiceAction, TaskStateChange};

/// How the things of one task are called.
struct Names<'t> {
    /// `api:42`, or `the task definition`.
    definition: String,
    /// The role that the agent acts with before the containers run.
    execution_role: String,
    container: String,
    image: Option<&'t str>,
    text: String,
}

impl<'t> Names<'t> {
    fn new(task: &'t TaskStateChange, deciding: Option<&'t Container>, text: &str) -> Self {
        let definition = task.task_definition_arn.as_ref().map_or_else(
            || "the task definition".to_owned(),
            |arn| format!("`{}`", arn.family_and_revision()),
        );
        let workers: Vec<&Container> =
            task.containers.iter().filter(|container| !is_sidecar(container)).collect();
        let container = deciding.or(match workers.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        let named = container.and_then(|container| container.name.as_deref());
        Self {
            execution_role: format!("the execution role of {definition}"),
            container: named.map_or_else(|| "the container".to_owned(), |name| format!("container `{name}`")),
            image: container.and_then(|container| container.image.as_deref()),
            text: text.to_lowercase(),
            definition,
        }
    }

    fn image(&self) -> String {
        self.image.map_or_else(|| "the image".to_owned(), |image| format!("`{image}`"))
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
) -> String {
    let names = Names::new(task, deciding, text);
    if let Some(denied) = denied
        && let Some(advice) = for_denied(cause, &names, denied)
    {
        return advice;
    }
    image(cause, &names)
        .or_else(|| secrets(cause, &names))
        .or_else(|| configuration(cause, &names))
        .or_else(|| application(cause, &names, task))
        .unwrap_or_else(|| infrastructure(cause, &names, task))
}

fn for_denied(cause: Cause, names: &Names<'_>, denied: &DeniedAction) -> Option<String> {
    let DeniedAction { action, resource } = denied;
    let on = resource.as_ref().map_or_else(String::new, |resource| format!(" on `{resource}`"));
    let role = &names.execution_role;
    if names.says("explicit deny") {
        return Some(format!(
            "Remove the explicit deny of `{action}`{on} for {role}: no permission outweighs it."
        ));
    }
    if names.says("no resource-based policy") {
        return Some(format!(
            "Allow `{action}` for {role} in the resource's own policy{on}: it is the one that lacks it."
        ));
    }
    match cause {
        Cause::RoleNotAssumable => None,
        Cause::SecretAccessDenied if action.starts_with("kms:") => {
            Some(format!("Allow `{action}` for {role} in the key's policy and in the role{on}."))
        }
        Cause::ImageAccessDenied if action == "ecr:GetAuthorizationToken" => {
            Some(format!("Attach `{action}` on `*` to {role}; that action takes no narrower resource."))
        }
        Cause::VolumeMountFailed => {
            Some(format!("Attach `{action}`{on} to the task role of {}.", names.definition))
        }
        _ => Some(format!("Attach `{action}`{on} to {role}.")),
    }
}

fn image(cause: Cause, names: &Names<'_>) -> Option<String> {
    let image = names.image();
    Some(match cause {
        Cause::ImageNotFound => {
            format!("Push {image}, or deploy a revision that names a tag or digest which exists.")
        }
        Cause::ImageAccessDenied if names.image.is_some_and(|image| image.contains(".dkr.ecr.")) => format!(
            "Give {} `ecr:GetAuthorizationToken`, `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer` for {image}, and \
             check the repository's own policy.",
            names.execution_role
        ),
        Cause::ImageAccessDenied => format!(
            "Check the name of {image}, and the registry credentials (`repositoryCredentials`) in {}.",
            names.definition
        ),
        Cause::ImageRateLimited => format!(
            "Pull {image} with credentials or through an ECR pull-through cache; the limit passes by itself in hours."
        ),
        Cause::ImageRegistryUnreachable => "Check the way from the task's subnets to the registry: public IP or NAT, security group, DNS, and \
             for ECR the endpoints for ecr.api, ecr.dkr and S3."
            .to_owned(),
        Cause::ImagePlatformMismatch => format!(
            "Build {image} for the CPU and operating system that `runtimePlatform` of {} names, or change that.",
            names.definition
        ),
        Cause::ImageInvalid => {
            format!("Build and push {image} again, without attestations (`--provenance=false`) or as a plain OCI image.")
        }
        Cause::DiskFull => format!(
            "Free or enlarge the disk: `ephemeralStorage` of {} on Fargate, the volume for Docker on EC2.",
            names.definition
        ),
        _ => return None,
    })
}

fn secrets(cause: Cause, names: &Names<'_>) -> Option<String> {
    let role = &names.execution_role;
    Some(match cause {
        Cause::SecretAccessDenied if names.says("ssm") && !names.says("asm") => {
            format!("Attach `ssm:GetParameters`, and `kms:Decrypt` for a customer key, to {role}.")
        }
        Cause::SecretAccessDenied => {
            format!("Attach `secretsmanager:GetSecretValue`, and `kms:Decrypt` for a customer key, to {role}.")
        }
        Cause::SecretNotFound => format!(
            "Check that every secret, JSON key and parameter that {} names exists in this region and has a value.",
            names.definition
        ),
        Cause::SecretUnreachable => "Check the way from the task's subnets to Secrets Manager and SSM (NAT or VPC endpoints, security \
             group), then the execution role: the message says no more than that it failed."
            .to_owned(),
        _ => return None,
    })
}

fn configuration(cause: Cause, names: &Names<'_>) -> Option<String> {
    let role = &names.execution_role;
    Some(match cause {
        Cause::LogSetupFailed if names.says("denied") || names.says("not authorized") => {
            let action = if names.says("group") { "logs:CreateLogGroup" } else { "logs:CreateLogStream" };
            format!("Attach `{action}` to {role} (on EC2 without one: to the instance role).")
        }
        Cause::LogSetupFailed => format!(
            "Create the log group that {} names, or set `awslogs-create-group` and allow `logs:CreateLogGroup`; check \
             the other log options and the way to the log service.",
            names.definition
        ),
        Cause::EnvFileUnavailable => {
            format!(
                "Check that the file is in its S3 bucket, and that {role} has `s3:GetObject` and `s3:GetBucketLocation`."
            )
        }
        Cause::VolumeMountFailed => format!(
            "Check the volumes of {}: mount targets in the task's zones, port 2049 in the security group, root \
             directory, access point and permissions.",
            names.definition
        ),
        Cause::RoleNotAssumable => format!(
            "Let `ecs-tasks.amazonaws.com` assume the roles of {} (trust policy), and whoever starts it pass them \
             (`iam:PassRole`).",
            names.definition
        ),
        Cause::CommandNotRunnable => format!(
            "Check command and entry point of {} in {}: the file must be in the image, executable, and built for its \
             platform.",
            names.container, names.definition
        ),
        Cause::DependencyFailed => format!(
            "Look at the container that {} waits for (`dependsOn` in {}): it failed, or took longer than its \
             `startTimeout`.",
            names.container, names.definition
        ),
        Cause::TaskConfigInvalid => format!(
            "Correct {}: what the message quotes cannot be had where the task runs.",
            names.definition
        ),
        _ => return None,
    })
}

fn application(cause: Cause, names: &Names<'_>, task: &TaskStateChange) -> Option<String> {
    let Names { container, definition, .. } = names;
    Some(match cause {
        Cause::OutOfMemory => {
            let now = task.memory.as_deref().map_or_else(String::new, |memory| format!(" (the task has {memory} MiB)"));
            format!("Raise the memory of {container} in {definition}{now}, or find what grew.")
        }
        Cause::Killed => format!(
            "Look at the memory and the last log lines of {container}: something killed it, and ECS does not say what."
        ),
        Cause::Segfault | Cause::Aborted => {
            format!("Read the last log lines of {container}, and compare native libraries with the last good revision.")
        }
        Cause::AppError => format!("Read the last log lines of {container}: it ended with an error of its own."),
        Cause::ExitedCleanly => format!(
            "Keep the main program of {container} in the foreground: a service's essential container must not end."
        ),
        Cause::ContainerRuntimeFailed => "Let ECS replace the task; if it happens again on one host, drain that container instance and look at \
             its disk, Docker and agent."
            .to_owned(),
        Cause::ElbHealthCheckFailed => format!(
            "Check that {container} answers the target group's path and port in time, that the security groups let it \
             through, and that the grace period covers its start."
        ),
        Cause::ContainerHealthCheckFailed => {
            format!("Run the `healthCheck` command of {definition} by hand in {container}, and see whether `startPeriod` is long enough.")
        }
        _ => return None,
    })
}

fn infrastructure(cause: Cause, names: &Names<'_>, task: &TaskStateChange) -> String {
    let replaced = task.belongs_to_service();
    match cause {
        Cause::NetworkInterfaceFailed => {
            "Check the task's subnets for free addresses, the interface quota, and that subnets and security groups \
             exist and belong together."
                .to_owned()
        }
        Cause::CapacityUnavailable => {
            "Wait or spread out: more zones, another capacity provider, or Spot with an on-demand base.".to_owned()
        }
        Cause::PlacementFailed => format!(
            "Compare what {} asks for (CPU, memory, ports, attributes) with what the container instances have left, or \
             add instances.",
            names.definition
        ),
        Cause::QuotaExceeded => {
            "Ask for a higher quota in Service Quotas, or run fewer tasks: until then nothing more starts.".to_owned()
        }
        Cause::SpotInterrupted | Cause::HostTerminated | Cause::Maintenance | Cause::InfrastructureImpaired => {
            if replaced {
                "Nothing to do for one task: ECS replaces it; if many go at once, look at how they are spread.".to_owned()
            } else {
                "Start the task again if its work was not done: nothing replaces a task that no service owns.".to_owned()
            }
        }
        Cause::ScaledIn if ignored_the_stop(task) => format!(
            "Nothing to do now; but {} was killed because it did not end on SIGTERM within its `stopTimeout`.",
            names.container
        ),
        Cause::ScaledIn | Cause::StoppedByUser | Cause::Completed => "Nothing to do.".to_owned(),
        _ => "Read the quoted evidence and the container's last log lines; if the text is one that ECS writes, report it, \
              so that it becomes a cause."
            .to_owned(),
    }
}

/// An expected stop that ended in SIGKILL took longer than it may.
fn ignored_the_stop(task: &TaskStateChange) -> bool {
    task.containers.iter().any(|container| container.exit_code == Some(137) && !is_sidecar(container))
}

pub(super) fn for_service_action(cause: Cause, action: &ServiceAction) -> String {
    let service = action
        .service
        .as_ref()
        .map_or_else(|| "the service".to_owned(), |service| format!("`{}`", service.name));
    match cause {
        Cause::Unknown => {
            format!("Look at the stopped tasks of {service}: this says that they fail, not why.")
        }
        Cause::RoleNotAssumable => format!(
            "Let `ecs-tasks.amazonaws.com` assume the roles in the task definition of {service}, and the deployer pass \
             them (`iam:PassRole`)."
        ),
        Cause::PlacementFailed => format!(
            "Compare what the task definition of {service} asks for with what the container instances have left, or add \
             instances."
        ),
        Cause::CapacityUnavailable => format!(
            "Give {service} more zones or a second capacity provider (such as FARGATE beside FARGATE_SPOT), or wait."
        ),
        Cause::QuotaExceeded => "Ask for a higher quota in Service Quotas, or run fewer tasks.".to_owned(),
        Cause::TaskConfigInvalid => {
            format!("Correct the configuration of {service}: the reason says what is wrong.")
        }
        Cause::ElbHealthCheckFailed => {
            format!("Check that the tasks of {service} answer the target group's path and port in time.")
        }
        _ => format!("See the quoted reason, and the stopped tasks of {service}."),
    }
}

pub(super) fn for_failed_deployment(change: &DeploymentStateChange) -> String {
    format!("Look at the stopped tasks whose `startedBy` is `{}`: they have the cause.", change.deployment_id)
}

pub(super) fn for_host(cause: Cause, id: &str) -> String {
    match cause {
        Cause::Unknown => format!("Look at the agent's log on container instance `{id}`."),
        _ => format!(
            "Look at container instance `{id}` (Docker, agent, disk); if it stays so, drain and replace it."
        ),
    }
}

pub(super) fn for_shortfall(service: &str) -> String {
    format!(
        "Look at the service events of `{service}` and at its tasks that are pending: ECS does not say why they do not run."
    )
}

pub(super) fn for_hung_task(task: &str, cause: Cause) -> String {
    match cause {
        Cause::ContainerRuntimeFailed => {
            format!(
                "Look at the agent on the host of task `{task}`; stop the task, and its service starts another."
            )
        }
        _ => format!("Look into task `{task}` while it hangs, then stop it: its service starts another."),
    }
}

pub(super) fn for_stuck_deployment(deployment: &str) -> String {
    format!(
        "Look at the service events and at the tasks of `{deployment}`; roll it back unless it only takes its time."
    )
}

pub(super) fn for_retirement(health: &HealthEvent) -> String {
    let from = health
        .start_time
        .map_or_else(String::new, |time| format!(" from {}", time.strftime("%-d %B %H:%M UTC")));
    format!(
        "Fargate replaces these tasks{from}: force a new deployment before if that moment does not suit, and restart \
         standalone tasks yourself."
    )
}

pub(super) fn for_refused_call(cause: Cause, call: &ApiCall, denied: Option<&DeniedAction>) -> String {
    if let Some(denied) = denied {
        return format!("Allow `{}` for whoever called RunTask; the task was not started.", denied.action);
    }
    for_failure(cause, call.error_code.as_deref().unwrap_or_default())
}

pub(super) fn for_failure(cause: Cause, reason: &str) -> String {
    let missing = reason.strip_prefix("RESOURCE:").map(str::to_lowercase);
    match (cause, missing) {
        (Cause::CapacityUnavailable, _) => {
            "Run it again in other subnets or later: Fargate had no room, and the task was not started.".to_owned()
        }
        (Cause::PlacementFailed, Some(resource)) => {
            format!("Run it again when a container instance has {resource} left, or add one; the task was not started.")
        }
        (Cause::PlacementFailed, None) => {
            "Run it again when a container instance fits and its agent is connected; the task was not started.".to_owned()
        }
        (Cause::QuotaExceeded, _) => {
            "Ask for a higher quota in Service Quotas; the task was not started.".to_owned()
        }
        _ => "Correct what the message names, and run it again; the task was not started.".to_owned(),
    }
}
