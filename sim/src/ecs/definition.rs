//! Revisions of task definitions, with what their containers do.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::api::{ContainerDefinition, HealthCheck, RegisterTaskDefinitionRequest};
use super::behaviour::Behaviour;

/// CPU units of a task whose definition names none, here.
const DEFAULT_CPU: u64 = 256;
/// MiB of a task whose definition names none, here.
const DEFAULT_MEMORY: u64 = 512;

/// A revision, and what its tasks do.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) arn: String,
    pub(super) family: String,
    pub(super) revision: u32,
    pub(super) registered_at: Timestamp,
    pub(super) registered_by: String,
    pub(super) deregistered_at: Option<Timestamp>,
    /// As it was registered.
    pub(super) request: Arc<RegisterTaskDefinitionRequest>,
    /// What tasks do that begin now.
    pub(super) behaviour: Arc<Behaviour>,
}

impl Definition {
    pub(super) fn is_active(&self) -> bool {
        self.deregistered_at.is_none()
    }

    pub(super) fn containers(&self) -> &[ContainerDefinition] {
        &self.request.container_definitions
    }

    /// The first essential container: the one that a behaviour is about.
    pub(super) fn main_container(&self) -> Option<&ContainerDefinition> {
        self.containers().iter().find(|container| container.essential != Some(false))
    }

    pub(super) fn has_health_check(&self) -> bool {
        self.containers().iter().any(|container| container.health_check.is_some())
    }

    /// From SIGTERM to SIGKILL of the container that has the longest: `stopTimeout`, where none is set `default` (FACTS §8).
    pub(super) fn stop_timeout(&self, default: Duration) -> Duration {
        let of = |container: &ContainerDefinition| {
            container.stop_timeout.map_or(default, |seconds| Duration::from_secs(seconds.into()))
        };
        self.containers().iter().map(of).max().unwrap_or(default)
    }

    /// CPU units: the task's, else the sum of its containers'.
    pub(super) fn cpu(&self) -> u64 {
        let of_containers = self.containers().iter().filter_map(|container| container.cpu);
        resource(self.request.cpu.as_deref(), of_containers, DEFAULT_CPU)
    }

    /// MiB: the task's, else the sum of its containers'.
    pub(super) fn memory(&self) -> u64 {
        let of_containers = self
            .containers()
            .iter()
            .filter_map(|container| container.memory.or(container.memory_reservation));
        resource(self.request.memory.as_deref(), of_containers, DEFAULT_MEMORY)
    }
}

fn resource(of_task: Option<&str>, of_containers: impl Iterator<Item = u32>, default: u64) -> u64 {
    of_task
        .and_then(|text| text.parse().ok())
        .or_else(|| of_containers.map(u64::from).reduce(|sum, one| sum + one))
        .unwrap_or(default)
}

/// A revision to be registered: one essential container for the behaviour, and sidecars if wanted.
#[derive(Clone, Debug)]
pub struct Revision {
    pub(super) request: RegisterTaskDefinitionRequest,
    pub(super) behaviour: Behaviour,
}

impl Revision {
    /// `family` with one container of the same name, 256 CPU units and 512 MiB.
    pub fn new(family: &str, behaviour: Behaviour) -> Self {
        let main = ContainerDefinition {
            name: Some(family.to_owned()),
            image: Some(format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/{family}:v1")),
            essential: Some(true),
            ..ContainerDefinition::default()
        };
        let request = RegisterTaskDefinitionRequest {
            family: family.to_owned(),
            container_definitions: vec![main],
            cpu: Some(DEFAULT_CPU.to_string()),
            memory: Some(DEFAULT_MEMORY.to_string()),
            ..RegisterTaskDefinitionRequest::default()
        };
        Self { request, behaviour }
    }

    /// As a registration that somebody wrote.
    pub fn of(request: RegisterTaskDefinitionRequest, behaviour: Behaviour) -> Self {
        Self { request, behaviour }
    }

    /// With another image.
    #[must_use]
    pub fn image(mut self, image: &str) -> Self {
        if let Some(main) = self.request.container_definitions.first_mut() {
            main.image = Some(image.to_owned());
        }
        self
    }

    /// With a health check of the container's own.
    #[must_use]
    pub fn health_check(mut self) -> Self {
        if let Some(main) = self.request.container_definitions.first_mut() {
            let command = vec!["CMD-SHELL".to_owned(), "true".to_owned()];
            main.health_check = Some(HealthCheck { command, ..HealthCheck::default() });
        }
        self
    }

    /// Whose container is given so many seconds between SIGTERM and SIGKILL.
    #[must_use]
    pub fn stop_timeout(mut self, seconds: u32) -> Self {
        if let Some(main) = self.request.container_definitions.first_mut() {
            main.stop_timeout = Some(seconds);
        }
        self
    }

    /// With a container beside it that is not essential.
    #[must_use]
    pub fn sidecar(mut self, name: &str) -> Self {
        self.request.container_definitions.push(ContainerDefinition {
            name: Some(name.to_owned()),
            image: Some(format!("public.ecr.aws/{name}:1")),
            essential: Some(false),
            ..ContainerDefinition::default()
        });
        self
    }

    /// With CPU units and MiB of its own.
    #[must_use]
    pub fn size(mut self, cpu: u32, memory: u32) -> Self {
        self.request.cpu = Some(cpu.to_string());
        self.request.memory = Some(memory.to_string());
        self
    }
}
