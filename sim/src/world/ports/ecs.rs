//! ECS: the model, as [`crate::ecs::ports`] puts it into the domain's words.

use std::rc::Rc;

use jiff::Timestamp;
use steward::action::{ActionId, Call as Change};
use steward::arn::{
    ClusterArn, ContainerInstanceArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use steward::ecs::{
    CapacityProvider, ContainerInstance, HostTask, Instances, Overrides, Service, ServiceDeployment,
    ServiceRevision, StatusCheck, StrategyItem, Task, TaskDefinition,
};
use steward::incident::Target;
use steward::ports::{ChangeEcs, Changed, DescribeEcs, EcsError, Find, Hosts, Meaning, Owners, Page};

use crate::ecs::{Ecs, ports};
use crate::world::actor::{Actor, Broken, Call};
use crate::world::checks::{Change as Seen, Sabotage};
use crate::world::stage::Stage;

/// Who Steward is, to ECS.
pub(in crate::world) const STEWARD: &str = "steward";

/// ECS, and who else owns services, as one invocation sees them.
pub(in crate::world) struct EcsPort(pub(in crate::world) Rc<Actor>);

impl EcsPort {
    /// A service as a broken port shows it.
    fn as_told(&self, mut service: Service) -> Service {
        let checks = self.0.stage.checks.borrow();
        let target = Target::Service { cluster: service.cluster.clone(), name: service.name.clone() };
        match checks.sabotage() {
            Some(Sabotage::HidesStrategies) => {
                if let Some(kept) = checks.kept(&target) {
                    service.capacity_providers.clone_from(&kept.set);
                }
            }
            Some(Sabotage::HidesCounts) => service.desired.0 += 100,
            _ => {}
        }
        service
    }

    async fn read<T>(
        &self,
        method: &'static str,
        operation: &'static str,
        about: String,
        read: impl FnOnce(&mut Ecs) -> Result<T, EcsError>,
    ) -> Result<T, EcsError> {
        let call = Call { port: "ecs", method, on: "", changes: false, about: about.clone() };
        let broken = |broken| interrupted(operation, about.clone(), broken);
        self.0.call(call, |stage| with_ecs(stage, read), broken).await
    }
}

impl DescribeEcs for EcsPort {
    async fn service(&self, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
        let read = |ecs: &mut Ecs| ports::service(ecs, cluster, name);
        let found = self.read("service", "DescribeServices", name.to_string(), read).await?;
        Ok(found.map(|service| self.as_told(service)))
    }

    async fn services(&self, cluster: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError> {
        let read = |ecs: &mut Ecs| ports::services(ecs, cluster, from);
        self.read("services", "ListServices", cluster.to_string(), read).await
    }

    async fn service_deployment(
        &self,
        arn: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        let read = |ecs: &mut Ecs| ports::service_deployment(ecs, arn);
        self.read("service_deployment", "DescribeServiceDeployments", arn.to_string(), read).await
    }

    async fn service_revision(&self, arn: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        let read = |ecs: &mut Ecs| ports::service_revision(ecs, arn);
        self.read("service_revision", "DescribeServiceRevisions", arn.to_string(), read).await
    }

    async fn task_definition(&self, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        let read = |ecs: &mut Ecs| ports::task_definition(ecs, arn);
        self.read("task_definition", "DescribeTaskDefinition", arn.to_string(), read).await
    }

    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        let read = |ecs: &mut Ecs| ports::tasks(ecs, cluster, arns);
        self.read("tasks", "DescribeTasks", format!("{} tasks", arns.len()), read).await
    }

    async fn find_tasks(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<Task>, EcsError> {
        let read = |ecs: &mut Ecs| ports::find_tasks(ecs, cluster, find, from);
        self.read("find_tasks", "ListTasks", format!("{find:?}"), read).await
    }

    async fn instances(&self, cluster: &ClusterArn) -> Result<Instances, EcsError> {
        let read = |ecs: &mut Ecs| ports::instances(ecs, cluster);
        self.read("instances", "ListContainerInstances", cluster.to_string(), read).await
    }

    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        self.read("clusters", "ListClusters", "the account".to_owned(), ports::clusters).await
    }

    async fn registered(
        &self,
        after: &TaskDefinitionArn,
        action: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError> {
        let read = |ecs: &mut Ecs| ports::registered(ecs, after, action);
        let found = self.read("registered", "ListTaskDefinitions", after.to_string(), read).await;
        let is_hidden = self.0.stage.checks.borrow().sabotage() == Some(Sabotage::HidesRegistered);
        found.map(|found| found.filter(|_| !is_hidden))
    }
}

impl Hosts for EcsPort {
    async fn container_instance(
        &self,
        cluster: &ClusterArn,
        arn: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError> {
        let lies = self.0.stage.checks.borrow().sabotage();
        let read = |ecs: &mut Ecs| ports::container_instance(ecs, cluster, arn);
        let about = arn.id().to_owned();
        let found = self.read("container_instance", "DescribeContainerInstances", about, read).await?;
        Ok(found.map(|host| match lies {
            Some(Sabotage::HidesAgents) => ContainerInstance { agent_connected: Some(false), ..host },
            _ => host,
        }))
    }

    async fn tasks_on(
        &self,
        cluster: &ClusterArn,
        instance: &ContainerInstanceArn,
    ) -> Result<Vec<HostTask>, EcsError> {
        let read = |ecs: &mut Ecs| ports::tasks_on(ecs, cluster, instance);
        self.read("tasks_on", "ListTasks", instance.id().to_owned(), read).await
    }

    async fn draining(&self, cluster: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
        let is_hidden = self.0.stage.checks.borrow().sabotage() == Some(Sabotage::HidesDraining);
        let read = |ecs: &mut Ecs| ports::draining(ecs, cluster);
        let found = self.read("draining", "ListContainerInstances", cluster.to_string(), read).await?;
        Ok(if is_hidden { Vec::new() } else { found })
    }

    async fn find_host(
        &self,
        cluster: &ClusterArn,
        ec2_instance_id: &str,
    ) -> Result<Option<ContainerInstanceArn>, EcsError> {
        let read = |ecs: &mut Ecs| ports::find_host(ecs, cluster, ec2_instance_id);
        self.read("find_host", "ListContainerInstances", ec2_instance_id.to_owned(), read).await
    }

    async fn capacity_provider(
        &self,
        cluster: &ClusterArn,
        name: &str,
    ) -> Result<Option<CapacityProvider>, EcsError> {
        let read = |ecs: &mut Ecs| ports::capacity_provider(ecs, cluster, name);
        self.read("capacity_provider", "DescribeCapacityProviders", name.to_owned(), read).await
    }

    async fn status_check(
        &self,
        ec2_instance_id: &str,
        until: Timestamp,
    ) -> Result<Option<StatusCheck>, EcsError> {
        let read = |ecs: &mut Ecs| Ok(ports::status_check(ecs, ec2_instance_id, until));
        self.read("status_check", "GetMetricData", ec2_instance_id.to_owned(), read).await
    }
}

impl Owners for EcsPort {
    /// No stack describes anything here.
    async fn stack_status(&self, stack: &str) -> Result<Option<String>, EcsError> {
        self.read("stack_status", "DescribeStacks", stack.to_owned(), |_| Ok(None)).await
    }

    /// Nothing is a scalable target here.
    async fn is_scalable(&self, _: &ClusterArn, service: &ServiceName) -> Result<bool, EcsError> {
        self.read("is_scalable", "DescribeScalableTargets", service.to_string(), |_| Ok(false)).await
    }
}

impl ChangeEcs for EcsPort {
    async fn change(&self, id: &ActionId, call: &Change, overrides: &Overrides) -> Result<Changed, EcsError> {
        let actor = &self.0;
        let operation = call.operation();
        let about = format!("{call} for action {}", id.short());
        let place =
            Call { port: "ecs", method: "change", on: operation, changes: true, about: about.clone() };
        let effect = |stage: &Stage| {
            let sabotage = stage.checks.borrow().sabotage();
            if sabotage == Some(Sabotage::ClaimsWhatItDidNot) {
                return Ok(Changed { made: None });
            }
            let lowered = halved(call);
            let made = if sabotage == Some(Sabotage::LowersMemory) { &lowered } else { call };
            let changed = change(actor, stage, id, call, made, overrides);
            if sabotage == Some(Sabotage::CallsTwice) {
                let _again = change(actor, stage, id, call, made, overrides);
            }
            if sabotage == Some(Sabotage::DeniesWhatItDid) && changed.is_ok() {
                return Err(interrupted(operation, about.clone(), Broken::Throttled));
            }
            changed
        };
        actor.call(place, effect, |broken| interrupted(operation, about.clone(), broken)).await
    }
}

/// ECS as it is now, called by Steward.
pub(super) fn with_ecs<T>(stage: &Stage, act: impl FnOnce(&mut Ecs) -> T) -> T {
    let mut ecs = stage.ecs.borrow_mut();
    ecs.advance(stage.now());
    ecs.set_caller(STEWARD);
    act(&mut ecs)
}

/// Makes one call, in the form `made` (another than was asked for where that is broken on purpose). What ECS notes as an effect is seen by the checks.
fn change(
    actor: &Actor,
    stage: &Stage,
    id: &ActionId,
    call: &Change,
    made: &Change,
    overrides: &Overrides,
) -> Result<Changed, EcsError> {
    // What ECS itself does up to now is nobody's call.
    let before = with_ecs(stage, |ecs| ecs.effects().len());
    let host = match call {
        Change::UpdateContainerInstancesState { instance, .. } => {
            stage.ecs.borrow().host_now(instance.as_str())
        }
        _ => None,
    };
    let had = memory_before(&mut stage.ecs.borrow_mut(), call);
    let stood = strategy_before(&mut stage.ecs.borrow_mut(), call);
    let changed = with_ecs(stage, |ecs| ports::change(ecs, id, made, overrides));
    if stage.ecs.borrow().effects().len() > before {
        let revision = match call {
            Change::UpdateService { task_definition, .. } => {
                task_definition.as_ref().map(ToString::to_string)
            }
            _ => changed.as_ref().ok().and_then(|changed| changed.made.clone()),
        };
        let has = revision.and_then(|revision| stage.ecs.borrow().usable_memory(&revision));
        let seen = Seen { id, call, memory: had.zip(has), stood };
        let before = stage.ecs.borrow().effects().get(..before).unwrap_or_default().to_vec();
        let mut checks = stage.checks.borrow_mut();
        checks.sets(actor, &stage.ledger, &before, &seen, stage.now());
        checks.calling(actor, &stage.ledger, &seen, stage.now());
        checks.called(actor, &seen, stage.now());
        let ecs = stage.ecs.borrow();
        checks.host_called(actor, &stage.ledger, &seen, (host.as_ref(), &ecs), stage.now());
    }
    changed
}

/// MiB that tasks can use before a call, where it is about that.
fn memory_before(ecs: &mut Ecs, call: &Change) -> Option<u64> {
    match call {
        Change::RegisterTaskDefinition { like, .. } => ecs.usable_memory(like.as_str()),
        Change::UpdateService { cluster, service, .. } => {
            ecs.memory_of_service(cluster.as_str(), service.as_str())
        }
        _ => None,
    }
}

/// The strategy that a service has before a call that sets another.
fn strategy_before(ecs: &mut Ecs, call: &Change) -> Option<Vec<StrategyItem>> {
    match call {
        Change::UpdateService { cluster, service, capacity_providers: Some(_), .. } => {
            let found = ports::service(ecs, cluster, service).ok().flatten();
            found.map(|service| service.capacity_providers)
        }
        _ => None,
    }
}

/// The same call, with half the memory where it is about that.
fn halved(call: &Change) -> Change {
    let mut call = call.clone();
    if let Change::RegisterTaskDefinition { raise, .. } = &mut call {
        for step in [&mut raise.limit, &mut raise.task_memory].into_iter().flatten() {
            step.to = step.from / 2;
        }
    }
    call
}

/// A call that went wrong on its way.
pub(super) fn interrupted(operation: &'static str, target: String, broken: Broken) -> EcsError {
    let meaning = match broken {
        Broken::Throttled => Meaning::Throttled,
        Broken::ServerError | Broken::TimedOut => Meaning::Unknown,
    };
    EcsError { operation, target, problem: broken.to_string(), meaning }
}
