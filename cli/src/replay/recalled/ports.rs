//! ECS and whoever else owns services, as far as a recording tells of them. Nothing is called.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::action::{ActionId, Call};
use steward::arn::{
    ClusterArn, ContainerInstanceArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use steward::ecs::{
    CapacityProvider, ContainerInstance, Controller, DesiredCount, HookAnswer, HostTask, Instances, Needs,
    Overrides, PendingCount, RunningCount, Service, ServiceDeployment, ServiceRevision, Sizes, StatusCheck,
    Task, TaskDefinition, Watch,
};
use steward::incident::Target;
use steward::notification::LogLine;
use steward::ports::{
    ChangeEcs, Changed, DescribeEcs, EcsError, Evidence, EvidenceError, Find, Hosts, LogSource, Meaning,
    Owners, Page,
};

use super::Recalled;

/// What the recording does not say.
fn unsaid(operation: &'static str, target: &impl ToString) -> EcsError {
    let problem = "the recording does not say".to_owned();
    EcsError { operation, target: target.to_string(), problem, meaning: Meaning::Refused }
}

impl DescribeEcs for Recalled<'_> {
    async fn service(&self, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
        let target = Target::Service { cluster: cluster.clone(), name: name.clone() };
        let heard = self.heard.borrow();
        let Some(known) = heard.services.get(&target) else { return Err(unsaid("DescribeServices", name)) };
        let deployments = known.listed();
        if deployments.is_empty() {
            return Err(unsaid("DescribeServices", name));
        }
        let setup = self.traits.of(&target);
        // ECS counts; all that events say is whether something is missing.
        let missing = u32::from(!known.is_well());
        let watch = Watch { is_enabled: setup.is_watched, rolls_back: setup.is_watched && setup.goes_back };
        Ok(Some(Service {
            cluster: cluster.clone(),
            name: name.clone(),
            status: "ACTIVE".to_owned(),
            controller: Controller::Ecs,
            is_rolling: true,
            task_definition: known.primary().and_then(|primary| primary.task_definition.clone()),
            desired: DesiredCount(known.running + missing),
            running: RunningCount(known.running),
            pending: PendingCount(missing),
            breaker: watch,
            alarms: Watch::default(),
            deployments,
            current_service_deployment: None,
            tags: BTreeMap::new(),
            capacity_providers: Vec::new(),
        }))
    }

    /// What a look at a whole cluster would show, no event says.
    async fn services(&self, _: &ClusterArn, _: Option<&str>) -> Result<Page<Service>, EcsError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn service_deployment(
        &self,
        arn: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        let heard = self.heard.borrow();
        let Some(hooks) = heard.hooks_of(arn.as_str()) else {
            return Err(unsaid("DescribeServiceDeployments", arn));
        };
        let goes_back = hooks
            .iter()
            .any(|hook| hook.status == "TIMED_OUT" && hook.timeout_action == Some(HookAnswer::Rollback));
        let stage = heard.hooks.get(arn.as_str()).and_then(|hooks| hooks.last()?.stage.clone());
        Ok(Some(ServiceDeployment {
            arn: arn.clone(),
            status: if goes_back { "ROLLBACK_IN_PROGRESS" } else { "IN_PROGRESS" }.to_owned(),
            source_revisions: Vec::new(),
            target_revision: None,
            created_at: None,
            target_running: None,
            stage,
            hooks,
        }))
    }

    async fn service_revision(&self, arn: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        Err(unsaid("DescribeServiceRevisions", arn))
    }

    /// Of a revision that a service ran well and left, it is assumed that it can be deployed again; its sizes no event says.
    async fn task_definition(&self, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        let heard = self.heard.borrow();
        if !heard.good.contains(arn) || heard.is_deployed(arn) {
            return Err(unsaid("DescribeTaskDefinition", arn));
        }
        let (needs, sizes) = (Needs::default(), Sizes::default());
        Ok(Some(TaskDefinition { arn: arn.clone(), is_active: true, needs, sizes }))
    }

    async fn tasks(&self, _: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        let heard = self.heard.borrow();
        Ok(arns.iter().filter_map(|arn| Some(heard.tasks.get(arn)?.task.clone())).collect())
    }

    async fn find_tasks(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        _: Option<&str>,
    ) -> Result<Page<Task>, EcsError> {
        let items = match find {
            Find::Running => Vec::new(),
            Find::StartedBy(started_by) | Find::StoppedOfFamily { started_by, .. } => {
                self.heard.borrow().tasks_of(cluster, started_by)
            }
        };
        Ok(Page { items, next: None })
    }

    /// None: there is no cluster to look at.
    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        Ok(Vec::new())
    }

    async fn registered(
        &self,
        after: &TaskDefinitionArn,
        _: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError> {
        Err(unsaid("ListTaskDefinitions", after))
    }

    async fn instances(&self, cluster: &ClusterArn) -> Result<Instances, EcsError> {
        Err(unsaid("DescribeContainerInstances", cluster))
    }
}

impl ChangeEcs for Recalled<'_> {
    /// It is taken for carried out; what is recorded goes on as it was.
    async fn change(&self, _: &ActionId, _: &Call, _: &Overrides) -> Result<Changed, EcsError> {
        Ok(Changed { made: None })
    }
}

impl Hosts for Recalled<'_> {
    async fn container_instance(
        &self,
        _: &ClusterArn,
        arn: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError> {
        let heard = self.heard.borrow();
        match heard.hosts.get(arn) {
            Some(known) => Ok(Some(known.host.clone())),
            None => Err(unsaid("DescribeContainerInstances", arn)),
        }
    }

    async fn tasks_on(
        &self,
        cluster: &ClusterArn,
        instance: &ContainerInstanceArn,
    ) -> Result<Vec<HostTask>, EcsError> {
        let heard = self.heard.borrow();
        let here = heard.tasks.values().filter(|known| known.task.cluster == *cluster);
        let here = here.filter_map(|known| known.host.as_ref().filter(|(host, _)| host == instance));
        Ok(here.map(|(_, task)| task.clone()).collect())
    }

    async fn draining(&self, cluster: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
        let heard = self.heard.borrow();
        let here = heard.hosts.values().map(|known| &known.host);
        let draining = here.filter(|host| host.cluster == *cluster && host.is_draining());
        Ok(draining.map(|host| host.arn.clone()).collect())
    }

    async fn find_host(&self, _: &ClusterArn, _: &str) -> Result<Option<ContainerInstanceArn>, EcsError> {
        Ok(None)
    }

    async fn capacity_provider(
        &self,
        _: &ClusterArn,
        name: &str,
    ) -> Result<Option<CapacityProvider>, EcsError> {
        Err(unsaid("DescribeCapacityProviders", &name))
    }

    async fn status_check(&self, instance: &str, _: Timestamp) -> Result<Option<StatusCheck>, EcsError> {
        Err(unsaid("GetMetricData", &instance))
    }
}

impl Owners for Recalled<'_> {
    async fn stack_status(&self, stack: &str) -> Result<Option<String>, EcsError> {
        Err(unsaid("DescribeStacks", &stack))
    }

    async fn is_scalable(&self, _: &ClusterArn, service: &ServiceName) -> Result<bool, EcsError> {
        Err(unsaid("DescribeScalableTargets", service))
    }
}

impl Evidence for Recalled<'_> {
    async fn tags(&self, target: &Target) -> Result<BTreeMap<String, String>, EvidenceError> {
        let problem = "the recording does not say".to_owned();
        Err(EvidenceError { operation: "DescribeServices", target: target.to_string(), problem })
    }

    async fn last_lines(&self, _: &LogSource, _: u32) -> Result<Vec<LogLine>, EvidenceError> {
        Ok(Vec::new())
    }
}
