//! New tasks: of services and of `RunTask`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::api::{HealthStatus, PropagateTags, TaskOverride};
use super::capacity::{self, NoPlace, Place, Want};
use super::definition::Definition;
use super::fate::usable_memory;
use super::service::Deployment;
use super::state::{ServiceId, TaskId};
use super::task::{Container, Elb, ElbState, Host, Interface, Status, Task, Times};
use super::world::Ecs;

/// What a new task is given.
pub(super) struct NewTask {
    pub(super) cluster: String,
    pub(super) definition: Arc<Definition>,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) service: Option<ServiceId>,
    pub(super) place: Place,
    pub(super) has_load_balancer: bool,
    pub(super) overrides: Arc<TaskOverride>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) execute_command: bool,
    pub(super) subnets: Vec<String>,
}

impl Ecs {
    /// Starts a task of a deployment; `None` where the service is gone.
    pub(super) fn start_service_task(
        &mut self,
        id: ServiceId,
        deployment: &str,
    ) -> Result<Option<TaskId>, NoPlace> {
        let Some(service) = self.state.service(id) else { return Ok(None) };
        let Some(deployment) = service.deployment(deployment) else { return Ok(None) };
        let shape = Arc::clone(&deployment.shape);
        let definition = self.current(&shape.definition);
        let group = format!("service:{}", service.name);
        let want = Want {
            cluster: &service.cluster,
            group: &group,
            service: Some(id),
            definition: &definition,
            is_fargate: shape.is_fargate,
            strategy: &shape.strategy,
            zones: &self.settings.zones,
            fargate_tasks: self.settings.fargate_tasks,
            turned_away: None,
        };
        let place = capacity::place(&self.state, &want)?;
        let new = NewTask {
            cluster: service.cluster.clone(),
            group,
            started_by: Some(deployment.id.clone()),
            service: Some(id),
            place,
            has_load_balancer: !shape.load_balancers.is_empty(),
            overrides: Arc::default(),
            tags: self.service_task_tags(id, &definition, deployment),
            execute_command: service.execute_command,
            subnets: subnets(shape.network.as_ref()),
            definition,
        };
        Ok(Some(self.create(new)))
    }

    /// The definition as it stands now: what its tasks do may have changed since.
    fn current(&self, definition: &Arc<Definition>) -> Arc<Definition> {
        let known = self.state.definitions.get(&definition.family);
        Arc::clone(known.and_then(|revisions| revisions.get(&definition.revision)).unwrap_or(definition))
    }

    fn service_task_tags(
        &self,
        id: ServiceId,
        definition: &Definition,
        deployment: &Deployment,
    ) -> BTreeMap<String, String> {
        let Some(service) = self.state.service(id) else { return BTreeMap::new() };
        let source = match service.propagate_tags {
            Some(PropagateTags::Service) => Some(&service.arn),
            Some(PropagateTags::TaskDefinition) => Some(&definition.arn),
            _ => None,
        };
        let mut tags = source.and_then(|arn| self.state.tags.get(arn)).cloned().unwrap_or_default();
        if service.managed_tags {
            tags.insert("aws:ecs:clusterName".into(), service.cluster.clone());
            tags.insert("aws:ecs:serviceName".into(), service.name.clone());
            tags.insert("aws:ecs:deploymentId".into(), deployment.id.clone());
        }
        tags
    }

    /// Creates a task, and sends its first event.
    pub(super) fn create(&mut self, new: NewTask) -> TaskId {
        let id = TaskId(self.next_serial());
        let hex = self.random.hex(32);
        let is_fargate = new.place.host == Host::Fargate;
        let interface = is_fargate.then(|| self.interface(&new.subnets, &new.place.zone));
        let containers = self.containers(&new.definition, &hex, is_fargate);
        let memory = usable_memory(&new.definition, &new.overrides);
        let behaviour = self.settle(&new.definition.behaviour, memory);
        let elb = new
            .has_load_balancer
            .then(|| Elb { attachment: self.random.uuid(), state: ElbState::Registered });
        let task = Task {
            id,
            arn: self.names.task(&new.cluster, &hex),
            hex,
            cluster: new.cluster,
            behaviour,
            definition: new.definition,
            group: new.group,
            started_by: new.started_by,
            service: new.service,
            host: new.place.host,
            provider: new.place.provider,
            zone: new.place.zone,
            last: if is_fargate { Status::Provisioning } else { Status::Pending },
            desired_stopped: false,
            version: 0,
            created: self.now,
            updated: self.now,
            times: Times::default(),
            stop: None,
            containers,
            interface,
            elb,
            health: HealthStatus::Unknown,
            connected: true,
            overrides: new.overrides,
            tags: new.tags,
            protected_until: None,
            execute_command: new.execute_command,
            leaving: None,
            epoch: 0,
        };
        self.state.put_task(task);
        self.begin(id);
        id
    }

    fn containers(&mut self, definition: &Definition, hex: &str, is_fargate: bool) -> Vec<Container> {
        let mut containers = Vec::new();
        for defined in definition.containers() {
            let runtime_id = if is_fargate {
                format!("{hex}-{}", self.random.below(4_000_000_000))
            } else {
                self.random.hex(64)
            };
            containers.push(Container {
                id: self.random.uuid(),
                name: defined.name.clone().unwrap_or_default(),
                image: defined.image.clone().unwrap_or_default(),
                runtime_id,
                exit_code: None,
                reason: None,
                has_health_check: defined.health_check.is_some(),
                is_essential: defined.essential != Some(false),
                was_created: false,
            });
        }
        containers
    }

    fn interface(&mut self, subnets: &[String], zone: &str) -> Interface {
        let index = self.settings.zones.iter().position(|known| known == zone).unwrap_or(0);
        let in_zone = |subnet: &&String| self.settings.subnets.get(*subnet).is_some_and(|of| of == zone);
        let subnet = subnets.iter().find(in_zone).or(subnets.get(index)).or(subnets.first()).cloned();
        let last = self.random.below(65_000);
        Interface {
            attachment: self.random.uuid(),
            subnet: subnet.unwrap_or_else(|| format!("subnet-{index:017x}")),
            id: format!("eni-{}", self.random.hex(17)),
            mac: format!("02:00:00:00:{:02x}:{:02x}", last >> 8, last & 0xff),
            address: format!("10.40.{}.{}", last >> 8, last & 0xff),
        }
    }
}

/// Subnets of a network configuration.
pub(super) fn subnets(network: Option<&super::api::NetworkConfiguration>) -> Vec<String> {
    network
        .and_then(|network| network.awsvpc_configuration.as_ref())
        .map(|vpc| vpc.subnets.clone())
        .unwrap_or_default()
}
