//! An ECS that answers what a test sets down, counts what it is asked, and can fail.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::action::{ActionId, Call};
use steward::arn::{
    ClusterArn, ContainerInstanceArn, DeploymentId, ServiceDeploymentArn, ServiceName, ServiceRevisionArn,
    TaskArn, TaskDefinitionArn,
};
use steward::ecs::{
    CapacityProvider, ContainerInstance, Controller, DesiredCount, HostTask, Launch, Overrides, PendingCount,
    Rollout, RunningCount, Service, ServiceDeployment, ServiceDeploymentSummary, ServiceRevision,
    StatusCheck, Task, TaskDefinition, Watch,
};
use steward::event::TaskStatus;
use steward::ports::{ChangeEcs, Changed, DescribeEcs, EcsError, Find, Hosts, Meaning, Page};

/// So many items are on a page.
pub(super) const ON_A_PAGE: usize = 2;

/// One cluster and what is in it; everything may be changed while a test goes on.
pub(super) struct ScriptedEcs {
    pub(super) clusters: RefCell<Vec<ClusterArn>>,
    pub(super) services: RefCell<BTreeMap<String, Service>>,
    pub(super) tasks: RefCell<BTreeMap<String, Task>>,
    /// What the next calls meet with; one that is not set goes well.
    pub(super) trouble: RefCell<BTreeMap<&'static str, Meaning>>,
    pub(super) calls: RefCell<BTreeMap<&'static str, usize>>,
    /// Runs when a page is asked for: time passes, somebody is faster.
    pub(super) on_page: RefCell<Option<Box<dyn FnMut()>>>,
    pub(super) pages: Cell<usize>,
}

pub(super) fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

/// A service with every task running.
pub(super) fn service(name: &str, count: u32) -> Service {
    Service {
        cluster: cluster(),
        name: ServiceName::new(name),
        status: "ACTIVE".into(),
        controller: Controller::Ecs,
        is_rolling: true,
        task_definition: None,
        desired: DesiredCount(count),
        running: RunningCount(count),
        pending: PendingCount(0),
        breaker: Watch::default(),
        alarms: Watch::default(),
        deployments: vec![ServiceDeploymentSummary {
            id: DeploymentId::new("ecs-svc/1"),
            is_primary: true,
            task_definition: None,
            rollout: Some(Rollout::Completed),
            failed_tasks: None,
            created_at: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            updated_at: None,
        }],
        current_service_deployment: None,
        tags: BTreeMap::new(),
    }
}

/// A task that runs and is well.
pub(super) fn task(id: &str, group: &str) -> Task {
    Task {
        arn: TaskArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{id}")),
        cluster: cluster(),
        task_definition: Some(TaskDefinitionArn::new(
            "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7",
        )),
        group: Some(group.into()),
        started_by: None,
        last_status: TaskStatus::Running,
        desired_status: Some(TaskStatus::Running),
        health: Some("HEALTHY".into()),
        connectivity: Some("CONNECTED".into()),
        created_at: None,
        started_at: None,
        stopped_at: None,
        stopped_reason: None,
        launch: Launch::default(),
    }
}

impl ScriptedEcs {
    pub(super) fn new(services: impl IntoIterator<Item = Service>) -> Self {
        let named = services.into_iter().map(|service| (service.name.to_string(), service));
        Self {
            clusters: RefCell::new(vec![cluster()]),
            services: RefCell::new(named.collect()),
            tasks: RefCell::default(),
            trouble: RefCell::default(),
            calls: RefCell::default(),
            on_page: RefCell::default(),
            pages: Cell::default(),
        }
    }

    pub(super) fn change(&self, service: &str, change: impl FnOnce(&mut Service)) {
        change(self.services.borrow_mut().get_mut(service).unwrap());
    }

    pub(super) fn runs(&self, service: &str, running: u32) {
        self.change(service, |service| service.running = RunningCount(running));
    }

    pub(super) fn has(&self, task: Task) {
        self.tasks.borrow_mut().insert(task.arn.to_string(), task);
    }

    pub(super) fn asked(&self, method: &str) -> usize {
        self.calls.borrow().get(method).copied().unwrap_or_default()
    }

    fn ask(&self, method: &'static str) -> Result<(), EcsError> {
        *self.calls.borrow_mut().entry(method).or_default() += 1;
        match self.trouble.borrow().get(method) {
            None => Ok(()),
            Some(meaning) => Err(EcsError {
                operation: method,
                target: "shop".into(),
                problem: "trouble".into(),
                meaning: meaning.clone(),
            }),
        }
    }

    fn page<T: Clone>(&self, all: &BTreeMap<String, T>, from: Option<&str>) -> Page<T> {
        self.pages.set(self.pages.get() + 1);
        if let Some(on_page) = self.on_page.borrow_mut().as_mut() {
            on_page();
        }
        let from: usize = from.map_or(0, |from| from.parse().unwrap());
        let items: Vec<T> = all.values().skip(from).take(ON_A_PAGE).cloned().collect();
        let next = (from + ON_A_PAGE < all.len()).then(|| (from + ON_A_PAGE).to_string());
        Page { items, next }
    }
}

impl DescribeEcs for ScriptedEcs {
    async fn service(&self, _: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
        self.ask("service")?;
        Ok(self.services.borrow().get(name.as_str()).cloned())
    }

    async fn services(&self, _: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError> {
        self.ask("services")?;
        Ok(self.page(&self.services.borrow(), from))
    }

    async fn service_deployment(
        &self,
        _: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        Ok(None)
    }

    async fn service_revision(&self, _: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        Ok(None)
    }

    async fn task_definition(&self, _: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        Ok(None)
    }

    async fn tasks(&self, _: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        Ok(arns.iter().filter_map(|arn| self.tasks.borrow().get(arn.as_str()).cloned()).collect())
    }

    async fn find_tasks(
        &self,
        _: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<Task>, EcsError> {
        self.ask("find_tasks")?;
        match find {
            Find::Running => Ok(self.page(&self.tasks.borrow(), from)),
            _ => Ok(Page { items: Vec::new(), next: None }),
        }
    }

    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        self.ask("clusters")?;
        Ok(self.clusters.borrow().clone())
    }

    async fn registered(
        &self,
        _: &TaskDefinitionArn,
        _: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError> {
        Ok(None)
    }
}

/// No container instance is here.
impl Hosts for ScriptedEcs {
    async fn container_instance(
        &self,
        _: &ClusterArn,
        _: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError> {
        self.ask("container_instance")?;
        Ok(None)
    }

    async fn tasks_on(&self, _: &ClusterArn, _: &ContainerInstanceArn) -> Result<Vec<HostTask>, EcsError> {
        self.ask("tasks_on")?;
        Ok(Vec::new())
    }

    async fn draining(&self, _: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
        self.ask("draining")?;
        Ok(Vec::new())
    }

    async fn find_host(&self, _: &ClusterArn, _: &str) -> Result<Option<ContainerInstanceArn>, EcsError> {
        self.ask("find_host")?;
        Ok(None)
    }

    async fn capacity_provider(&self, _: &ClusterArn, _: &str) -> Result<Option<CapacityProvider>, EcsError> {
        self.ask("capacity_provider")?;
        Ok(None)
    }

    async fn status_check(&self, _: &str, _: Timestamp) -> Result<Option<StatusCheck>, EcsError> {
        self.ask("status_check")?;
        Ok(None)
    }
}

impl ChangeEcs for ScriptedEcs {
    async fn change(&self, _: &ActionId, call: &Call, _: &Overrides) -> Result<Changed, EcsError> {
        panic!("nothing is to be changed here: {call}")
    }
}
