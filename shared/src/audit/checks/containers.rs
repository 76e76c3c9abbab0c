//! What containers are made of, and how they end.

use jiff::Timestamp;

use super::{Check, Look, Seen, Severity, Source, in_definition};
use crate::audit::image::Image;
use crate::audit::{Container, Facts, Launch};
use crate::quota;
use crate::redact::{Redacted, Sign, redact};

const CONTAINER: Source = Source {
    name: "Amazon ECS API Reference, ContainerDefinition: stopTimeout",
    url: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html",
};
const CONTROLS: &str = "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html";
const IMAGES: Source = Source {
    name: "Amazon ECS Developer Guide, container images",
    url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-considerations.html",
};

pub(super) const NO_LOGS: Check = Check {
    id: "no_logs",
    severity: Severity::Warning,
    title: "a container has no logConfiguration",
    reason: "What it writes is lost with its host, or at once on Fargate: why it failed is then anybody's guess.",
    fix: "Give each container a logConfiguration, such as awslogs with a group of its own.",
    source: Source { name: "AWS Security Hub, control ECS.9", url: CONTROLS },
    look: Look::Service(no_logs),
};

pub(super) const SECRET_IN_ENVIRONMENT: Check = Check {
    id: "secret_in_environment",
    severity: Severity::Error,
    title: "a secret stands in a container's environment",
    reason: "Whoever may describe task definitions reads it, in every revision, for as long as there are revisions.",
    fix: "Put it into Secrets Manager or Parameter Store, name it under `secrets`, and change it: it has been seen.",
    source: Source { name: "AWS Security Hub, control ECS.8", url: CONTROLS },
    look: Look::Service(secret_in_environment),
};

pub(super) const STOP_TIMEOUT_UNSET: Check = Check {
    id: "stop_timeout_unset",
    severity: Severity::Note,
    title: "an essential container has no stopTimeout",
    reason: "It is killed 30 seconds after SIGTERM, whatever it is at; on Fargate Spot up to 120 seconds could be had.",
    fix: "Set stopTimeout to as long as the container takes to finish what it is at.",
    source: CONTAINER,
    look: Look::Service(stop_timeout_unset),
};

pub(super) const STOP_TIMEOUT_TOO_LONG: Check = Check {
    id: "stop_timeout_too_long",
    severity: Severity::Warning,
    title: "a container counts on more time to stop than it gets",
    reason: "Fargate gives at most 120 seconds between SIGTERM and SIGKILL.",
    fix: "Set stopTimeout to 120 or less, and let the container finish within it.",
    source: CONTAINER,
    look: Look::Service(stop_timeout_too_long),
};

pub(super) const IMAGE_LATEST: Check = Check {
    id: "image_latest",
    severity: Severity::Warning,
    title: "an image is named by `latest`, or by no tag at all",
    reason: "What it names changes without a new revision: nobody can tell what ran, and a rollback brings back the same image.",
    fix: "Name the image by a tag of its build, or better by its digest (`repository@sha256:…`).",
    source: IMAGES,
    look: Look::Service(image_latest),
};

pub(super) const IMAGE_BY_TAG: Check = Check {
    id: "image_by_tag",
    severity: Severity::Note,
    title: "an image is named by its tag",
    reason: "A tag may be moved or deleted. ECS pins the digest of each deployment, but a tag that is gone stops the next one.",
    fix: "Name the image by its digest (`repository@sha256:…`), or make the repository's tags immutable.",
    source: Source {
        name: "Amazon ECS Developer Guide, container image resolution",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html",
    },
    look: Look::Service(image_by_tag),
};

pub(super) const EXECUTE_COMMAND_ON: Check = Check {
    id: "execute_command_on",
    severity: Severity::Warning,
    title: "ExecuteCommand is on",
    reason: "Whoever may call ecs:ExecuteCommand gets a shell as root in the containers, with the task's role and its secrets.",
    fix: "Set enableExecuteCommand to false, and switch it on while somebody needs it.",
    source: Source {
        name: "Amazon ECS Developer Guide, ECS Exec",
        url: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html",
    },
    look: Look::Service(execute_command_on),
};

/// A piece of evidence for each container of which there is something to say.
fn of_each(facts: &Facts, say: impl Fn(&Container) -> Option<String>) -> Seen {
    in_definition(facts, |definition| {
        let said = |container: &Container| Some(redact(&format!("{}: {}", container.name, say(container)?)));
        definition.containers.iter().filter_map(said).collect()
    })
}

fn no_logs(facts: &Facts, _now: Timestamp) -> Seen {
    of_each(facts, |container| container.logs.is_none().then(|| "no logConfiguration".to_owned()))
}

fn secret_in_environment(facts: &Facts, _now: Timestamp) -> Seen {
    in_definition(facts, |definition| {
        let suspects = definition.containers.iter().flat_map(|container| {
            container.suspects.iter().map(|suspect| {
                let by = match suspect.by {
                    Sign::Name => "by its name",
                    Sign::Value => "by how its value is written",
                };
                redact(&format!("{}: {}, {by}", container.name, suspect.name))
            })
        });
        suspects.collect::<Vec<Redacted>>()
    })
}

fn stop_timeout_unset(facts: &Facts, _now: Timestamp) -> Seen {
    let by_spot = if facts.service.is_on_spot { ", and runs on Spot" } else { "" };
    of_each(facts, |container| {
        let is_unset = container.is_essential && container.stop_timeout.is_none();
        is_unset.then(|| format!("is killed after {} seconds{by_spot}", quota::STOP_TIMEOUT))
    })
}

fn stop_timeout_too_long(facts: &Facts, _now: Timestamp) -> Seen {
    if facts.service.launch != Launch::Fargate {
        return Seen::Nothing;
    }
    of_each(facts, |container| {
        let seconds = container.stop_timeout.filter(|seconds| *seconds > quota::FARGATE_STOP_TIMEOUT)?;
        Some(format!("stopTimeout is {seconds}"))
    })
}

fn is_latest(image: Image<'_>) -> bool {
    !image.has_digest && image.tag.is_none_or(|tag| tag == "latest")
}

fn image_latest(facts: &Facts, _now: Timestamp) -> Seen {
    of_each(facts, |container| is_latest(Image::of(&container.image)).then(|| container.image.clone()))
}

fn image_by_tag(facts: &Facts, _now: Timestamp) -> Seen {
    of_each(facts, |container| {
        let image = Image::of(&container.image);
        (!image.has_digest && !is_latest(image)).then(|| container.image.clone())
    })
}

fn execute_command_on(facts: &Facts, _now: Timestamp) -> Seen {
    Seen::found_if(facts.service.execute_command, || "enableExecuteCommand is true".to_owned())
}
