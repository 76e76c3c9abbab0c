//! The state in the API's shapes: what Describe and List answer, and mutations too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::api::{
    self, Attachment, Attribute, Connectivity, ContainerInstanceHealthStatus, ContainerOverride,
    DeploymentController, DeploymentRolloutState, EphemeralStorage, EpochSeconds, Failure, InstanceResource,
    KeyValuePair, LaunchType, NetworkInterface, SchedulingStrategy, ServiceCurrentRevisionSummary,
    ServiceEvent, Tag, TaskDefinitionStatus, TaskOverride, VersionInfo,
};
use super::capacity;
use super::definition::Definition;
use super::error::ApiError;
use super::events::{attachment_status, container_status, interface_details};
use super::instance::Instance;
use super::names::{Names, last_segment};
use super::rollout::counts;
use super::service::{Deployment, Service};
use super::state::State;
use super::task::{Container, Status, Task};

/// The cluster of calls that name none.
const DEFAULT_CLUSTER: &str = "default";

/// The state as a call sees it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) state: &'a State,
    pub(super) names: &'a Names,
    pub(super) now: Timestamp,
}

/// What a revision could be launched on: Fargate wants a size of its own (API reference of `TaskDefinition`, `compatibilities`).
/// That it wants a network mode of its own as well is not modelled.
fn compatibilities(request: &api::RegisterTaskDefinitionRequest) -> Vec<api::Compatibility> {
    let size = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
    let fits = size(&request.cpu)
        .zip(size(&request.memory))
        .is_some_and(|(cpu, memory)| steward::quota::fits(cpu, memory));
    let mut all = vec![api::Compatibility::Ec2];
    all.extend(fits.then_some(api::Compatibility::Fargate));
    all
}

fn seconds(at: Option<Timestamp>) -> Option<EpochSeconds> {
    at.map(EpochSeconds)
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

/// What a call could not find.
pub(super) fn missing(arn: String) -> Failure {
    Failure { arn: Some(arn), reason: Some("MISSING".into()), detail: None }
}

impl View<'_> {
    /// The name of a cluster that is there.
    pub(super) fn cluster(&self, given: Option<&str>) -> Result<String, ApiError> {
        let name = last_segment(given.unwrap_or(DEFAULT_CLUSTER));
        if self.state.clusters.contains_key(name) {
            Ok(name.to_owned())
        } else {
            Err(ApiError::cluster_not_found())
        }
    }

    pub(super) fn tags_of(&self, arn: &str) -> Vec<Tag> {
        self.state.tags.get(arn).map(tags).unwrap_or_default()
    }

    pub(super) fn task(&self, task: &Task, with_tags: bool) -> api::Task {
        let (eni, elb_status) = attachment_status(task);
        let mut attachments = Vec::new();
        if let Some(elb) = &task.elb {
            attachments.push(attachment(&elb.attachment, "elb", elb_status, Vec::new()));
        }
        if let Some(interface) = &task.interface {
            let details = interface_details(interface, self.names.region(), task.last > Status::Provisioning);
            attachments.push(attachment(&interface.attachment, "ElasticNetworkInterface", eni, details));
        }
        let connectivity = if task.connected { Connectivity::Connected } else { Connectivity::Disconnected };
        api::Task {
            attachments,
            attributes: vec![attribute("ecs.cpu-architecture", "x86_64")],
            availability_zone: Some(task.zone.clone()),
            capacity_provider_name: task.provider.clone(),
            cluster_arn: Some(self.names.cluster(&task.cluster)),
            connectivity: task.times.connectivity.map(|_| connectivity),
            connectivity_at: seconds(task.times.connectivity),
            container_instance_arn: task
                .instance()
                .map(|id| self.names.container_instance(&task.cluster, id)),
            containers: task.containers.iter().map(|container| self.container(task, container)).collect(),
            cpu: Some(task.definition.cpu().to_string()),
            created_at: Some(EpochSeconds(task.created)),
            desired_status: Some(if task.desired_stopped { "STOPPED" } else { "RUNNING" }.into()),
            enable_execute_command: Some(task.execute_command),
            execution_stopped_at: seconds(task.times.execution_stopped),
            group: Some(task.group.clone()),
            health_status: Some(task.health),
            last_status: Some(task.last.text().into()),
            launch_type: Some(if task.is_fargate() { LaunchType::Fargate } else { LaunchType::Ec2 }),
            memory: Some(task.definition.memory().to_string()),
            overrides: Some(overrides(task)),
            platform_version: task.is_fargate().then(|| "1.4.0".into()),
            platform_family: task.is_fargate().then(|| "Linux".into()),
            pull_started_at: seconds(task.times.pull_started),
            pull_stopped_at: seconds(task.times.pull_stopped),
            started_at: seconds(task.times.started),
            started_by: task.started_by.clone(),
            stop_code: task.stop.as_ref().map(|stop| stop.code),
            stopped_at: seconds(task.times.stopped),
            stopped_reason: task.stop.as_ref().map(|stop| stop.reason.clone()),
            stopping_at: seconds(task.times.stopping),
            tags: if with_tags { tags(&task.tags) } else { Vec::new() },
            task_arn: Some(task.arn.clone()),
            task_definition_arn: Some(task.definition.arn.clone()),
            version: Some(task.version),
            ephemeral_storage: task.is_fargate().then_some(EphemeralStorage { size_in_gib: 20 }),
        }
    }

    fn container(&self, task: &Task, container: &Container) -> api::Container {
        let interface = |interface: &super::task::Interface| NetworkInterface {
            attachment_id: Some(interface.attachment.clone()),
            private_ipv4_address: Some(interface.address.clone()),
            ipv6_address: None,
        };
        let is_there = task.last > Status::Provisioning;
        api::Container {
            container_arn: Some(self.names.container(&task.cluster, &task.hex, &container.id)),
            task_arn: Some(task.arn.clone()),
            name: Some(container.name.clone()),
            image: Some(container.image.clone()),
            runtime_id: container.was_created.then(|| container.runtime_id.clone()),
            last_status: Some(container_status(task).into()),
            exit_code: container.exit_code.and_then(|code| i32::try_from(code).ok()),
            reason: container.reason.clone(),
            network_interfaces: task.interface.iter().filter(|_| is_there).map(interface).collect(),
            health_status: Some(if container.has_health_check || container.is_essential {
                task.health
            } else {
                api::HealthStatus::Unknown
            }),
            cpu: Some("0".into()),
            ..api::Container::default()
        }
    }

    pub(super) fn service(&self, service: &Service, with_tags: bool) -> api::Service {
        let (running, pending) = counts(self.state, service.id, None);
        let has_strategy = !service.shape.strategy.is_empty();
        let is_ecs = service.controller == api::DeploymentControllerType::Ecs;
        api::Service {
            service_arn: Some(service.arn.clone()),
            service_name: Some(service.name.clone()),
            cluster_arn: Some(self.names.cluster(&service.cluster)),
            load_balancers: service.shape.load_balancers.clone(),
            status: Some(service.status.text().into()),
            desired_count: Some(service.desired),
            running_count: Some(running),
            pending_count: Some(pending),
            launch_type: (!has_strategy).then(|| launch_type(service.shape.is_fargate)),
            capacity_provider_strategy: service.shape.strategy.clone(),
            platform_version: service.shape.platform_version.clone(),
            task_definition: Some(service.shape.definition.arn.clone()),
            deployment_configuration: Some(service.configuration.clone()),
            // Task sets stand in for deployments where others deploy.
            deployments: if is_ecs {
                service.deployments.iter().map(|deployment| self.deployment(service, deployment)).collect()
            } else {
                Vec::new()
            },
            events: service
                .messages
                .iter()
                .map(|message| ServiceEvent {
                    id: Some(message.id.clone()),
                    created_at: Some(EpochSeconds(message.at)),
                    message: Some(message.text.clone()),
                })
                .collect(),
            created_at: Some(EpochSeconds(service.created)),
            current_service_deployment: service
                .current()
                .filter(|_| is_ecs)
                .map(|current| current.arn.clone()),
            current_service_revisions: self.current_revisions(service),
            network_configuration: service.shape.network.clone(),
            health_check_grace_period_seconds: service
                .grace
                .map(|grace| u32::try_from(grace.as_secs()).unwrap_or(u32::MAX)),
            scheduling_strategy: Some(SchedulingStrategy::Replica),
            deployment_controller: Some(DeploymentController { r#type: service.controller }),
            tags: if with_tags { self.tags_of(&service.arn) } else { Vec::new() },
            created_by: Some(service.created_by.clone()),
            enable_ecs_managed_tags: Some(service.managed_tags),
            propagate_tags: service.propagate_tags,
            enable_execute_command: Some(service.execute_command),
            ..api::Service::default()
        }
    }

    fn deployment(&self, service: &Service, deployment: &Deployment) -> api::Deployment {
        let (running, pending) = counts(self.state, service.id, Some(&deployment.id));
        let shape = &deployment.shape;
        // Not behind a Classic load balancer (FACTS §10).
        let is_classic = shape.load_balancers.iter().any(|balancer| balancer.load_balancer_name.is_some());
        // And only of rolling deployments.
        let has_rollout = !is_classic && !service.is_blue_green();
        api::Deployment {
            id: Some(deployment.id.clone()),
            status: Some(if deployment.is_primary { "PRIMARY" } else { "ACTIVE" }.into()),
            task_definition: Some(shape.definition.arn.clone()),
            desired_count: Some(if deployment.is_primary { service.desired } else { deployment.desired }),
            pending_count: Some(pending),
            running_count: Some(running),
            failed_tasks: Some(deployment.failed_tasks),
            created_at: Some(EpochSeconds(deployment.created)),
            updated_at: Some(EpochSeconds(deployment.updated)),
            capacity_provider_strategy: shape.strategy.clone(),
            launch_type: shape.strategy.is_empty().then(|| launch_type(shape.is_fargate)),
            platform_version: shape.platform_version.clone(),
            network_configuration: shape.network.clone(),
            rollout_state: has_rollout.then_some(deployment.rollout),
            rollout_state_reason: has_rollout.then(|| deployment.reason.clone()),
        }
    }

    fn current_revisions(&self, service: &Service) -> Vec<ServiceCurrentRevisionSummary> {
        service
            .deployments
            .iter()
            .map(|deployment| {
                let (running, pending) = counts(self.state, service.id, Some(&deployment.id));
                let is_done = deployment.rollout == DeploymentRolloutState::Failed && !deployment.is_primary;
                ServiceCurrentRevisionSummary {
                    arn: Some(deployment.revision.clone()),
                    requested_task_count: Some(match (deployment.is_primary, is_done) {
                        (true, _) => service.desired,
                        (false, true) => 0,
                        (false, false) => deployment.desired,
                    }),
                    running_task_count: Some(running),
                    pending_task_count: Some(pending),
                }
            })
            .collect()
    }

    pub(super) fn instance(&self, instance: &Instance, with_tags: bool) -> api::ContainerInstance {
        let resource = |name: &str, value: u64| InstanceResource {
            name: Some(name.into()),
            r#type: Some("INTEGER".into()),
            integer_value: i32::try_from(value).ok(),
            ..InstanceResource::default()
        };
        let (cpu, memory) = capacity::free(self.state, instance);
        let (running, pending) =
            self.state.tasks_on(&instance.id).fold((0, 0), |(running, pending), task| {
                (running + u32::from(!task.last.is_pending()), pending + u32::from(task.last.is_pending()))
            });
        api::ContainerInstance {
            container_instance_arn: Some(instance.arn.clone()),
            ec2_instance_id: Some(instance.ec2.clone()),
            capacity_provider_name: instance.provider.clone(),
            version: Some(instance.version),
            version_info: Some(VersionInfo {
                agent_version: Some("1.103.1".into()),
                docker_version: Some("DockerVersion: 25.0.14".into()),
                agent_hash: None,
            }),
            remaining_resources: vec![resource("CPU", cpu), resource("MEMORY", memory)],
            registered_resources: vec![resource("CPU", instance.cpu), resource("MEMORY", instance.memory)],
            status: Some(instance.status.as_str().into()),
            agent_connected: Some(instance.connected),
            running_tasks_count: Some(running),
            pending_tasks_count: Some(pending),
            attributes: vec![attribute("ecs.availability-zone", &instance.zone)],
            registered_at: Some(EpochSeconds(instance.registered)),
            tags: if with_tags { self.tags_of(&instance.arn) } else { Vec::new() },
            health_status: None::<ContainerInstanceHealthStatus>,
            ..api::ContainerInstance::default()
        }
    }

    pub(super) fn definition(definition: &Definition) -> api::TaskDefinition {
        let request = &definition.request;
        let status = if definition.is_active() {
            TaskDefinitionStatus::Active
        } else {
            TaskDefinitionStatus::Inactive
        };
        api::TaskDefinition {
            task_definition_arn: Some(definition.arn.clone()),
            container_definitions: request.container_definitions.clone(),
            family: Some(definition.family.clone()),
            task_role_arn: request.task_role_arn.clone(),
            execution_role_arn: request.execution_role_arn.clone(),
            network_mode: request.network_mode,
            revision: Some(definition.revision),
            volumes: request.volumes.clone(),
            status: Some(status),
            placement_constraints: request.placement_constraints.clone(),
            runtime_platform: request.runtime_platform.clone(),
            requires_compatibilities: request.requires_compatibilities.clone(),
            compatibilities: compatibilities(request),
            cpu: request.cpu.clone(),
            memory: request.memory.clone(),
            pid_mode: request.pid_mode,
            ipc_mode: request.ipc_mode,
            registered_at: Some(EpochSeconds(definition.registered_at)),
            deregistered_at: seconds(definition.deregistered_at),
            registered_by: Some(definition.registered_by.clone()),
            ephemeral_storage: request.ephemeral_storage.clone(),
            enable_fault_injection: request.enable_fault_injection,
            ..api::TaskDefinition::default()
        }
    }
}

fn launch_type(is_fargate: bool) -> LaunchType {
    if is_fargate { LaunchType::Fargate } else { LaunchType::Ec2 }
}

fn attachment(id: &str, kind: &str, status: &str, details: Vec<(&'static str, String)>) -> Attachment {
    let pair =
        |(name, value): (&'static str, String)| KeyValuePair { name: Some(name.into()), value: Some(value) };
    Attachment {
        id: Some(id.into()),
        r#type: Some(kind.into()),
        status: Some(status.into()),
        details: details.into_iter().map(pair).collect(),
    }
}

fn attribute(name: &str, value: &str) -> Attribute {
    Attribute { name: name.into(), value: Some(value.into()), target_type: None, target_id: None }
}

fn overrides(task: &Task) -> TaskOverride {
    let mut overrides = task.overrides.as_ref().clone();
    if overrides.container_overrides.is_empty() {
        overrides.container_overrides = task
            .containers
            .iter()
            .map(|container| ContainerOverride {
                name: Some(container.name.clone()),
                ..ContainerOverride::default()
            })
            .collect();
    }
    overrides
}

/// A page of a list, and the token of the next.
pub(super) fn page(
    all: Vec<String>,
    token: Option<&str>,
    size: Option<u32>,
) -> (Vec<String>, Option<String>) {
    let start: usize = token.and_then(|token| token.parse().ok()).unwrap_or(0);
    let size = size.unwrap_or(100) as usize;
    let next = start.saturating_add(size);
    let token = (next < all.len()).then(|| next.to_string());
    (all.into_iter().skip(start).take(size).collect(), token)
}
