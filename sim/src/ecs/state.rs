//! All that the control plane knows, cheap to copy: what is large is shared until it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::capacity::Capacity;
use super::definition::Definition;
use super::instance::Instance;
use super::service::Service;
use super::task::Task;

/// A task, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TaskId(pub(super) u64);

/// A service, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServiceId(pub(super) u64);

/// The state of the world.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Clusters by name.
    pub(super) clusters: BTreeMap<String, Cluster>,
    /// Revisions by family.
    pub(super) definitions: BTreeMap<String, BTreeMap<u32, Arc<Definition>>>,
    pub(super) services: BTreeMap<ServiceId, Arc<Service>>,
    /// By cluster and name: the newest of that name.
    pub(super) service_names: BTreeMap<(String, String), ServiceId>,
    pub(super) tasks: BTreeMap<TaskId, Arc<Task>>,
    /// By the id in their ARN.
    pub(super) task_ids: BTreeMap<String, TaskId>,
    /// Tasks of each service, stopped ones included while they are shown.
    pub(super) of_service: BTreeMap<ServiceId, BTreeSet<TaskId>>,
    /// Tasks of each cluster, stopped ones included while they are shown.
    pub(super) of_cluster: BTreeMap<String, BTreeSet<TaskId>>,
    /// Tasks on each container instance that are not stopped.
    pub(super) of_instance: BTreeMap<String, BTreeSet<TaskId>>,
    /// Container instances by id.
    pub(super) instances: BTreeMap<String, Arc<Instance>>,
    /// Tags of clusters, services, definitions and instances by ARN; tasks hold their own.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Fargate's capacity.
    pub(super) capacity: Capacity,
    /// CloudWatch alarms in ALARM.
    pub(super) alarms: BTreeSet<String>,
}

/// A cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Cluster {
    pub(super) capacity_providers: Vec<String>,
    pub(super) default_strategy: Vec<super::api::configuration::CapacityProviderStrategyItem>,
}

impl State {
    pub(super) fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id).map(AsRef::as_ref)
    }

    pub(super) fn task_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        self.tasks.get_mut(&id).map(Arc::make_mut)
    }

    pub(super) fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(&id).map(AsRef::as_ref)
    }

    pub(super) fn service_mut(&mut self, id: ServiceId) -> Option<&mut Service> {
        self.services.get_mut(&id).map(Arc::make_mut)
    }

    pub(super) fn instance_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.instances.get_mut(id).map(Arc::make_mut)
    }

    /// Tasks of a service, oldest first, stopped ones included.
    pub(super) fn tasks_of(&self, service: ServiceId) -> impl Iterator<Item = &Task> {
        self.of_service.get(&service).into_iter().flatten().filter_map(|id| self.task(*id))
    }

    /// Tasks of a cluster, oldest first, stopped ones included.
    pub(super) fn tasks_in(&self, cluster: &str) -> impl Iterator<Item = &Task> {
        self.of_cluster.get(cluster).into_iter().flatten().filter_map(|id| self.task(*id))
    }

    /// Tasks on a container instance that are not stopped.
    pub(super) fn tasks_on(&self, instance: &str) -> impl Iterator<Item = &Task> {
        self.of_instance.get(instance).into_iter().flatten().filter_map(|id| self.task(*id))
    }

    pub(super) fn put_task(&mut self, task: Task) {
        let id = task.id;
        if let Some(service) = task.service {
            self.of_service.entry(service).or_default().insert(id);
        }
        if let Some(instance) = task.instance() {
            self.of_instance.entry(instance.to_owned()).or_default().insert(id);
        }
        self.of_cluster.entry(task.cluster.clone()).or_default().insert(id);
        self.task_ids.insert(task.hex.clone(), id);
        self.tasks.insert(id, Arc::new(task));
    }

    /// Its host has its resources back.
    pub(super) fn release(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get(&id) else { return };
        if let Some(tasks) = task.instance().and_then(|instance| self.of_instance.get_mut(instance)) {
            tasks.remove(&id);
        }
    }

    /// It is no longer shown.
    pub(super) fn forget(&mut self, id: TaskId) {
        self.release(id);
        let Some(task) = self.tasks.remove(&id) else { return };
        self.task_ids.remove(&task.hex);
        if let Some(tasks) = self.of_cluster.get_mut(&task.cluster) {
            tasks.remove(&id);
        }
        if let Some(tasks) = task.service.and_then(|service| self.of_service.get_mut(&service)) {
            tasks.remove(&id);
        }
    }

    pub(super) fn put_service(&mut self, service: Service) {
        let id = service.id;
        self.service_names.insert((service.cluster.clone(), service.name.clone()), id);
        self.services.insert(id, Arc::new(service));
    }

    pub(super) fn service_by_name(&self, cluster: &str, name: &str) -> Option<&Service> {
        let id = self.service_names.get(&(cluster.to_owned(), name.to_owned()))?;
        self.service(*id)
    }

    /// A revision by `family:revision`, ARN, or family alone, which means its latest ACTIVE one.
    pub(super) fn definition(&self, name: &str) -> Option<&Arc<Definition>> {
        let name = super::names::last_segment(name);
        match name.split_once(':') {
            Some((family, revision)) => self.definitions.get(family)?.get(&revision.parse().ok()?),
            None => self.definitions.get(name)?.values().rev().find(|definition| definition.is_active()),
        }
    }
}
