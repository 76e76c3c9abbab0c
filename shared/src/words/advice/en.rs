//! What to do next, in English.

use crate::diagnosis::steps::{
    ContainerStep, Grant, ImageStep, Look, Name, Permission, PlaceStep, SecretStep, ServiceStep, SettingStep,
    StartStep, Step,
};

pub(super) fn text(step: &Step) -> String {
    match step {
        Step::Permit(permission) => permit(permission),
        Step::Image(step) => image(step),
        Step::Secret(step) => secret(step),
        Step::Setting(step) => setting(step),
        Step::Container(step) => container(step),
        Step::Place(step) => place(step),
        Step::Service { step, service: name } => service(*step, name),
        Step::Look(look) => look_at(look),
        Step::Start(step) => start(step),
        Step::ReadEvidence => {
            "Read the quoted evidence and the container's last log lines; if the text is one that ECS writes, report it, \
             so that it becomes a cause."
                .to_owned()
        }
        Step::Nothing => "Nothing to do.".to_owned(),
    }
}

fn named(name: &Name, unnamed: &str) -> String {
    name.as_ref().map_or_else(|| unnamed.to_owned(), |name| format!("`{name}`"))
}

fn definition_of(name: &Name) -> String {
    named(name, "the task definition")
}

fn image_of(name: &Name) -> String {
    named(name, "the image")
}

fn container_of(name: &Name) -> String {
    name.as_ref().map_or_else(|| "the container".to_owned(), |name| format!("container `{name}`"))
}

/// The role that the agent acts with before the containers run.
fn execution_role(definition: &Name) -> String {
    format!("the execution role of {}", definition_of(definition))
}

fn permit(permission: &Permission) -> String {
    let Permission { grant, action, resource, definition } = permission;
    let on = resource.as_ref().map_or_else(String::new, |resource| format!(" on `{resource}`"));
    let role = execution_role(definition);
    match grant {
        Grant::LiftDeny => {
            format!("Remove the explicit deny of `{action}`{on} for {role}: no permission outweighs it.")
        }
        Grant::ResourcePolicy => format!(
            "Allow `{action}` for {role} in the resource's own policy{on}: it is the one that lacks it."
        ),
        Grant::KeyPolicy => {
            format!("Allow `{action}` for {role} in the key's policy and in the role{on}.")
        }
        Grant::AnyResource => {
            format!("Attach `{action}` on `*` to {role}; that action takes no narrower resource.")
        }
        Grant::TaskRole => {
            format!("Attach `{action}`{on} to the task role of {}.", definition_of(definition))
        }
        Grant::ExecutionRole => format!("Attach `{action}`{on} to {role}."),
    }
}

fn image(step: &ImageStep) -> String {
    match step {
        ImageStep::Push { image } => {
            format!("Push {}, or deploy a revision that names a tag or digest which exists.", image_of(image))
        }
        ImageStep::PermitPull { image, definition } => format!(
            "Give {} `ecr:GetAuthorizationToken`, `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer` for {}, and \
             check the repository's own policy.",
            execution_role(definition),
            image_of(image)
        ),
        ImageStep::CheckCredentials { image, definition } => format!(
            "Check the name of {}, and the registry credentials (`repositoryCredentials`) in {}.",
            image_of(image),
            definition_of(definition)
        ),
        ImageStep::AvoidLimit { image } => format!(
            "Pull {} with credentials or through an ECR pull-through cache; the limit passes by itself in hours.",
            image_of(image)
        ),
        ImageStep::CheckWay => {
            "Check the way from the task's subnets to the registry: public IP or NAT, security group, DNS, and for ECR \
             the endpoints for ecr.api, ecr.dkr and S3."
                .to_owned()
        }
        ImageStep::BuildForPlatform { image, definition } => format!(
            "Build {} for the CPU and operating system that `runtimePlatform` of {} names, or change that.",
            image_of(image),
            definition_of(definition)
        ),
        ImageStep::BuildAgain { image } => format!(
            "Build and push {} again, without attestations (`--provenance=false`) or as a plain OCI image.",
            image_of(image)
        ),
        ImageStep::FreeDisk { definition } => format!(
            "Free or enlarge the disk: `ephemeralStorage` of {} on Fargate, the volume for Docker on EC2.",
            definition_of(definition)
        ),
    }
}

fn secret(step: &SecretStep) -> String {
    match step {
        SecretStep::PermitParameters { definition } => format!(
            "Attach `ssm:GetParameters`, and `kms:Decrypt` for a customer key, to {}.",
            execution_role(definition)
        ),
        SecretStep::PermitSecrets { definition } => format!(
            "Attach `secretsmanager:GetSecretValue`, and `kms:Decrypt` for a customer key, to {}.",
            execution_role(definition)
        ),
        SecretStep::CheckNames { definition } => format!(
            "Check that every secret, JSON key and parameter that {} names exists in this region and has a value.",
            definition_of(definition)
        ),
        SecretStep::CheckWay => {
            "Check the way from the task's subnets to Secrets Manager and SSM (NAT or VPC endpoints, security group), \
             then the execution role: the message says no more than that it failed."
                .to_owned()
        }
    }
}

fn setting(step: &SettingStep) -> String {
    match step {
        SettingStep::PermitLogGroup { definition } => permit_logs("logs:CreateLogGroup", definition),
        SettingStep::PermitLogStream { definition } => permit_logs("logs:CreateLogStream", definition),
        SettingStep::CheckLogs { definition } => format!(
            "Create the log group that {} names, or set `awslogs-create-group` and allow `logs:CreateLogGroup`; check \
             the other log options and the way to the log service.",
            definition_of(definition)
        ),
        SettingStep::CheckEnvFile { definition } => format!(
            "Check that the file is in its S3 bucket, and that {} has `s3:GetObject` and `s3:GetBucketLocation`.",
            execution_role(definition)
        ),
        SettingStep::CheckVolumes { definition } => format!(
            "Check the volumes of {}: mount targets in the task's zones, port 2049 in the security group, root \
             directory, access point and permissions.",
            definition_of(definition)
        ),
        SettingStep::TrustTasks { definition } => format!(
            "Let `ecs-tasks.amazonaws.com` assume the roles of {} (trust policy), and whoever starts it pass them \
             (`iam:PassRole`).",
            definition_of(definition)
        ),
        SettingStep::CheckCommand { container, definition } => format!(
            "Check command and entry point of {} in {}: the file must be in the image, executable, and built for its \
             platform.",
            container_of(container),
            definition_of(definition)
        ),
        SettingStep::CheckDependency { container, definition } => format!(
            "Look at the container that {} waits for (`dependsOn` in {}): it failed, or took longer than its \
             `startTimeout`.",
            container_of(container),
            definition_of(definition)
        ),
        SettingStep::Correct { definition } => format!(
            "Correct {}: what the message quotes cannot be had where the task runs.",
            definition_of(definition)
        ),
    }
}

fn permit_logs(action: &str, definition: &Name) -> String {
    format!("Attach `{action}` to {} (on EC2 without one: to the instance role).", execution_role(definition))
}

fn container(step: &ContainerStep) -> String {
    match step {
        ContainerStep::RaiseMemory { container, definition, memory } => {
            let now =
                memory.as_ref().map_or_else(String::new, |memory| format!(" (the task has {memory} MiB)"));
            format!(
                "Raise the memory of {} in {}{now}, or find what grew.",
                container_of(container),
                definition_of(definition)
            )
        }
        ContainerStep::FindKiller { container } => format!(
            "Look at the memory and the last log lines of {}: something killed it, and ECS does not say what.",
            container_of(container)
        ),
        ContainerStep::CompareLibraries { container } => format!(
            "Read the last log lines of {}, and compare native libraries with the last good revision.",
            container_of(container)
        ),
        ContainerStep::ReadLogs { container } => format!(
            "Read the last log lines of {}: it ended with an error of its own.",
            container_of(container)
        ),
        ContainerStep::KeepInForeground { container } => format!(
            "Keep the main program of {} in the foreground: a service's essential container must not end.",
            container_of(container)
        ),
        ContainerStep::CheckTarget { container } => format!(
            "Check that {} answers the target group's path and port in time, that the security groups let it through, \
             and that the grace period covers its start.",
            container_of(container)
        ),
        ContainerStep::TryHealthCheck { container, definition } => format!(
            "Run the `healthCheck` command of {} by hand in {}, and see whether `startPeriod` is long enough.",
            definition_of(definition),
            container_of(container)
        ),
        ContainerStep::HeedSigterm { container } => format!(
            "Nothing to do now; but {} was killed because it did not end on SIGTERM within its `stopTimeout`.",
            container_of(container)
        ),
    }
}

fn place(step: &PlaceStep) -> String {
    let fixed = match step {
        PlaceStep::SuspectHost => {
            "Let ECS replace the task; if it happens again on one host, drain that container instance and look at its \
             disk, Docker and agent."
        }
        PlaceStep::CheckSubnets => {
            "Check the task's subnets for free addresses, the interface quota, and that subnets and security groups \
             exist and belong together."
        }
        PlaceStep::SpreadOut => {
            "Wait or spread out: more zones, another capacity provider, or Spot with an on-demand base."
        }
        PlaceStep::CompareDemand { definition } => {
            return format!(
                "Compare what {} asks for (CPU, memory, ports, attributes) with what the container instances have left, \
                 or add instances.",
                definition_of(definition)
            );
        }
        PlaceStep::RaiseQuota => {
            "Ask for a higher quota in Service Quotas, or run fewer tasks: until then nothing more starts."
        }
        PlaceStep::LetReplace => {
            "Nothing to do for one task: ECS replaces it; if many go at once, look at how they are spread."
        }
        PlaceStep::StartAgain => {
            "Start the task again if its work was not done: nothing replaces a task that no service owns."
        }
        PlaceStep::PlanRetirement { from } => {
            let from =
                from.map_or_else(String::new, |time| format!(" from {}", time.strftime("%-d %B %H:%M UTC")));
            return format!(
                "Fargate replaces these tasks{from}: force a new deployment before if that moment does not suit, and \
                 restart standalone tasks yourself."
            );
        }
    };
    fixed.to_owned()
}

fn service(step: ServiceStep, name: &Name) -> String {
    let service = named(name, "the service");
    match step {
        ServiceStep::LookAtTasks => {
            format!("Look at the stopped tasks of {service}: this says that they fail, not why.")
        }
        ServiceStep::TrustTasks => format!(
            "Let `ecs-tasks.amazonaws.com` assume the roles in the task definition of {service}, and the deployer pass \
             them (`iam:PassRole`)."
        ),
        ServiceStep::CompareDemand => format!(
            "Compare what the task definition of {service} asks for with what the container instances have left, or add \
             instances."
        ),
        ServiceStep::SpreadOut => format!(
            "Give {service} more zones or a second capacity provider (such as FARGATE beside FARGATE_SPOT), or wait."
        ),
        ServiceStep::RaiseQuota => "Ask for a higher quota in Service Quotas, or run fewer tasks.".to_owned(),
        ServiceStep::Correct => {
            format!("Correct the configuration of {service}: the reason says what is wrong.")
        }
        ServiceStep::CheckTarget => {
            format!("Check that the tasks of {service} answer the target group's path and port in time.")
        }
        ServiceStep::ReadReason => {
            format!("See the quoted reason, and the stopped tasks of {service}.")
        }
    }
}

fn look_at(look: &Look) -> String {
    match look {
        Look::FailedDeployment { deployment } => {
            format!("Look at the stopped tasks whose `startedBy` is `{deployment}`: they have the cause.")
        }
        Look::StuckDeployment { deployment } => format!(
            "Look at the service events and at the tasks of `{deployment}`; roll it back unless it only takes its time."
        ),
        Look::Hook { hook } => format!(
            "Decide whether the deployment goes on. Where Steward does not ask: in the console, under Deployments; or \
             `aws ecs continue-service-deployment` with `--hook-id {hook}`."
        ),
        Look::Agent { host } => format!("Look at the agent's log on container instance `{host}`."),
        Look::Host { host } => format!(
            "Look at container instance `{host}` (Docker, agent, disk); if it stays so, drain and replace it."
        ),
        Look::Shortfall { service } => format!(
            "Look at the service events of `{service}` and at its tasks that are pending: ECS does not say why they do \
             not run."
        ),
        Look::AgentOfTask { task } => format!(
            "Look at the agent on the host of task `{task}`; stop the task, and its service starts another."
        ),
        Look::HungTask { task } => {
            format!("Look into task `{task}` while it hangs, then stop it: its service starts another.")
        }
    }
}

fn start(step: &StartStep) -> String {
    match step {
        StartStep::PermitCaller { action } => {
            format!("Allow `{action}` for whoever called RunTask; the task was not started.")
        }
        StartStep::ElsewhereOrLater => {
            "Run it again in other subnets or later: Fargate had no room, and the task was not started.".to_owned()
        }
        StartStep::WhenThereIs { resource } => format!(
            "Run it again when a container instance has {resource} left, or add one; the task was not started."
        ),
        StartStep::WhenOneFits => {
            "Run it again when a container instance fits and its agent is connected; the task was not started."
                .to_owned()
        }
        StartStep::RaiseQuota => "Ask for a higher quota in Service Quotas; the task was not started.".to_owned(),
        StartStep::Correct => {
            "Correct what the message names, and run it again; the task was not started.".to_owned()
        }
    }
}
