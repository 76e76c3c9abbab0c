//! World building: what stands before anything happens. Services are created through `CreateService` itself.

use std::sync::Arc;

use super::api::{
    ContainerInstanceStatus, CreateServiceRequest, DeploymentCircuitBreaker, DeploymentConfiguration,
    DeploymentController, DeploymentControllerType, DeploymentLifecycleHook, DeploymentLifecycleHookAction,
    DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType,
    DeploymentLifecycleHookTimeoutConfiguration, DeploymentStrategy, LaunchType, LoadBalancer,
};
use super::definition::Revision;
use super::error::ApiError;
use super::instance::{Host, Instance};
use super::state::Cluster;
use super::world::Ecs;

impl Ecs {
    /// A cluster with Fargate's capacity providers.
    pub fn add_cluster(&mut self, name: &str) {
        let capacity_providers = vec![super::capacity::FARGATE.into(), super::capacity::FARGATE_SPOT.into()];
        let cluster = Cluster { capacity_providers, default_strategy: Vec::new() };
        self.state.clusters.insert(name.to_owned(), cluster);
        self.state.tags.insert(self.names.cluster(name), std::collections::BTreeMap::new());
    }

    /// A capacity provider of Managed Instances in a cluster: ECS itself launches, repairs and ends its hosts.
    pub fn add_managed_instances(&mut self, cluster: &str, provider: &str) {
        self.state.capacity.managed.insert(provider.to_owned());
        if let Some(cluster) = self.state.clusters.get_mut(cluster) {
            cluster.capacity_providers.push(provider.to_owned());
        }
    }

    /// The next revision of its family. Gives its ARN.
    pub fn add_task_definition(&mut self, revision: &Revision) -> String {
        self.add_revision(&revision.request, Arc::new(revision.behaviour.clone()))
    }

    /// A service, as `CreateService` makes it. Gives its ARN.
    pub fn add_service(&mut self, request: &CreateServiceRequest) -> Result<String, ApiError> {
        let answer = super::operation::ControlPlane::create_service(self, request.clone())?;
        self.effects.pop();
        Ok(answer.service.and_then(|service| service.service_arn).unwrap_or_default())
    }

    /// A service that was there before anybody set hooks: its first deployment meets none. Gives its ARN.
    pub fn add_standing_service(&mut self, request: &CreateServiceRequest) -> Result<String, ApiError> {
        let arn = self.add_service(request)?;
        let cluster = super::names::last_segment(request.cluster.as_deref().unwrap_or("default"));
        let found = self.state.service_by_name(cluster, &request.service_name);
        let first = found.and_then(|service| Some((service.id, service.current()?.arn.clone())));
        if let Some((id, first)) = first
            && let Some(service) = self.state.service_mut(id)
            && let Some(deployment) = service.service_deployment_mut(&first)
        {
            deployment.configuration.lifecycle_hooks.clear();
        }
        Ok(arn)
    }

    /// A container instance that registers now. Gives its ARN.
    pub fn add_container_instance(&mut self, host: &Host) -> String {
        let id = self.random.hex(32);
        let arn = self.names.container_instance(&host.cluster, &id);
        let instance = Instance {
            id: id.clone(),
            arn: arn.clone(),
            cluster: host.cluster.clone(),
            ec2: host.ec2_instance_id.clone(),
            zone: host.zone.clone(),
            provider: host.capacity_provider.clone(),
            cpu: host.cpu,
            memory: host.memory,
            status: ContainerInstanceStatus::Active,
            connected: true,
            connected_since: self.now,
            impaired_since: None,
            version: 0,
            registered: self.now,
            updated: self.now,
            unheard: Vec::new(),
        };
        if let Some(provider) = &host.capacity_provider
            && let Some(cluster) = self.state.clusters.get_mut(&host.cluster)
            && !cluster.capacity_providers.contains(provider)
        {
            cluster.capacity_providers.push(provider.clone());
        }
        self.state.tags.insert(arn.clone(), std::collections::BTreeMap::new());
        self.state.instances.insert(id.clone(), Arc::new(instance));
        self.change_instance(&id, |_| {});
        arn
    }
}

/// A service on Fargate, rolling, without load balancer: the base of most worlds.
pub fn fargate_service(
    cluster: &str,
    name: &str,
    task_definition: &str,
    desired: u32,
) -> CreateServiceRequest {
    CreateServiceRequest {
        cluster: Some(cluster.to_owned()),
        service_name: name.to_owned(),
        task_definition: Some(task_definition.to_owned()),
        desired_count: Some(desired),
        launch_type: Some(LaunchType::Fargate),
        ..CreateServiceRequest::default()
    }
}

impl CreateServiceRequest {
    /// With a circuit breaker.
    #[must_use]
    pub fn with_breaker(mut self, rollback: bool) -> Self {
        let breaker =
            DeploymentCircuitBreaker { enable: true, rollback, ..DeploymentCircuitBreaker::default() };
        let configuration =
            self.deployment_configuration.get_or_insert_with(DeploymentConfiguration::default);
        configuration.deployment_circuit_breaker = Some(breaker);
        self
    }

    /// Behind a target group.
    #[must_use]
    pub fn with_target_group(mut self, target_group_arn: &str) -> Self {
        self.load_balancers.push(LoadBalancer {
            target_group_arn: Some(target_group_arn.to_owned()),
            container_name: Some(self.service_name.clone()),
            container_port: Some(8080),
            load_balancer_name: None,
        });
        self
    }

    /// With percentages of its own.
    #[must_use]
    pub fn with_percents(mut self, minimum: u32, maximum: u32) -> Self {
        let configuration =
            self.deployment_configuration.get_or_insert_with(DeploymentConfiguration::default);
        configuration.minimum_healthy_percent = Some(minimum);
        configuration.maximum_percent = Some(maximum);
        self
    }

    /// Deployed by that strategy, with a pause hook at a stage, which is answered so after so many minutes.
    #[must_use]
    pub fn with_pause(
        mut self,
        strategy: DeploymentStrategy,
        stage: DeploymentLifecycleHookStage,
        minutes: u32,
        action: DeploymentLifecycleHookAction,
    ) -> Self {
        let configuration =
            self.deployment_configuration.get_or_insert_with(DeploymentConfiguration::default);
        configuration.strategy = Some(strategy);
        configuration.lifecycle_hooks.push(DeploymentLifecycleHook {
            target_type: Some(DeploymentLifecycleHookTargetType::Pause),
            lifecycle_stages: vec![stage],
            timeout_configuration: Some(DeploymentLifecycleHookTimeoutConfiguration {
                timeout_in_minutes: Some(minutes),
                action: Some(action),
            }),
            ..DeploymentLifecycleHook::default()
        });
        self
    }

    /// Deployed by somebody else.
    #[must_use]
    pub fn with_controller(mut self, controller: DeploymentControllerType) -> Self {
        self.deployment_controller = Some(DeploymentController { r#type: controller });
        self
    }

    /// On container instances.
    #[must_use]
    pub fn on_ec2(mut self) -> Self {
        self.launch_type = Some(LaunchType::Ec2);
        self
    }
}
