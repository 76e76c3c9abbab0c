//! Reads a cluster: as much as ECS and IAM let it, no faster than ECS likes, and never twice.
//!
//! # Invariants
//!
//! * Each task definition is read once, however many services run it, and each role is asked about once.
//! * What was throttled, or not answered, is asked again with growing pauses; what was refused is not.
//! * What could not be read is unknown, with the reason; only a cluster of which nothing can be read is an error.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::future::join;
use futures_util::stream;
use steward::arn::{Arn, ClusterArn, ServiceName, TaskArn, TaskDefinitionArn};
use steward::audit::{
    Bucket, ClusterFacts, Definition, Facts, Failure, Named, Need, Pace, Permissions, Running, Service, needs,
};
use steward::config::Glob;
use steward::event::TaskStateChange;
use steward::observed::Observed;
use steward::ports::{AuditEcs, Clock, EcsError, Meaning, SimulateRoles, Wait};
use steward::quota;

/// Requests under way at a time, of one kind.
pub(crate) const AT_ONCE: usize = 8;
/// A request is made so many times at the most.
const TRIES: u32 = 8;
/// Of so many services each one's tasks are listed; of more, all of the cluster.
const FEW: usize = 20;
/// Resources of one simulation: each is simulated with each action.
const RESOURCES: usize = 16;

/// What was read.
pub(crate) struct Read {
    pub(crate) cluster: ClusterFacts,
    pub(crate) services: Vec<Facts>,
    /// Services that could not be read, and why.
    pub(crate) unread: Vec<(Named, String)>,
}

/// Why nothing was read.
#[derive(Debug)]
pub(crate) enum Failed {
    NoSuchCluster,
    Unreadable(EcsError),
}

/// Where from, and how fast.
pub(crate) struct Reading<'r, E, I, T> {
    ecs: &'r E,
    iam: &'r I,
    time: &'r T,
    pace: RefCell<Pace>,
    progress: &'r dyn Fn(&str),
}

pub(crate) type Definitions = BTreeMap<TaskDefinitionArn, Observed<Rc<Definition>>>;

/// Of a service's tasks: those that run, and those that failed.
#[derive(Default)]
struct Tasks {
    running: BTreeMap<ServiceName, Observed<Running>>,
    failures: BTreeMap<ServiceName, Observed<Vec<Failure>>>,
}

impl<'r, E: AuditEcs, I, T: Clock + Wait> Reading<'r, E, I, T> {
    /// Pauses are spread by `seed`; `progress` is told how far it is.
    pub(crate) fn new(ecs: &'r E, iam: &'r I, time: &'r T, seed: u64, progress: &'r dyn Fn(&str)) -> Self {
        let pace = RefCell::new(Pace::new(time.now(), seed));
        Self { ecs, iam, time, pace, progress }
    }

    /// Makes a request when it may be made, and again where that may help.
    async fn ask<A>(
        &self,
        bucket: Bucket,
        request: impl AsyncFn() -> Result<A, EcsError>,
    ) -> Result<A, EcsError> {
        let mut tries = 1;
        loop {
            let at = self.pace.borrow_mut().reserve(bucket, self.time.now());
            self.time.until(at).await;
            match request().await {
                Err(error) if error.is_retryable() && tries < TRIES => {
                    self.pace.borrow_mut().throttled(bucket, tries, self.time.now());
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    /// The ARNs of a cluster's services.
    pub(crate) async fn service_arns(&self, cluster: &str) -> Result<Vec<String>, Failed> {
        let (mut all, mut from) = (Vec::new(), None::<String>);
        loop {
            let page =
                self.ask(Bucket::Services, async || self.ecs.service_arns(cluster, from.as_deref()).await);
            let page = page.await.map_err(Failed::Unreadable)?.ok_or(Failed::NoSuchCluster)?;
            all.extend(page.items);
            (self.progress)(&format!("services: {} found", all.len()));
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Up to ten services. Where they may not all be read, each by itself.
    pub(crate) async fn describe(
        &self,
        cluster: &str,
        arns: &[String],
    ) -> Vec<(Vec<String>, Result<Vec<Service>, EcsError>)> {
        let answer = self.ask(Bucket::Services, async || self.ecs.services(cluster, arns).await).await;
        let is_refused = answer.as_ref().is_err_and(|error| error.meaning == Meaning::Refused);
        if !is_refused || arns.len() < 2 {
            return vec![(arns.to_vec(), answer)];
        }
        let mut each = Vec::new();
        for arn in arns {
            let one = std::slice::from_ref(arn);
            let answer = self.ask(Bucket::Services, async || self.ecs.services(cluster, one).await).await;
            each.push((one.to_vec(), answer));
        }
        each
    }

    /// What the services deploy, each task definition once.
    pub(crate) async fn definitions(&self, services: &[Service]) -> Definitions {
        let wanted: BTreeSet<&TaskDefinitionArn> =
            services.iter().filter_map(|service| service.ecs.task_definition.as_ref()).collect();
        let (total, done) = (wanted.len(), Cell::new(0_usize));
        // IAM cannot scope DescribeTaskDefinition: what is refused once is refused always.
        let refused: RefCell<Option<String>> = RefCell::default();
        let one = async |arn: &TaskDefinitionArn| {
            if let Some(why) = &*refused.borrow() {
                return (arn.clone(), Observed::Unknown(why.clone()));
            }
            let answer = self.ask(Bucket::Definitions, async || self.ecs.definition(arn).await).await;
            if let Err(error) = &answer
                && is_denied(error)
            {
                *refused.borrow_mut() = Some(error.to_string());
            }
            done.set(done.get() + 1);
            (self.progress)(&format!("task definitions: {} of {total}", done.get()));
            (arn.clone(), Observed::of(answer.map(|found| found.map(Rc::new))))
        };
        stream::iter(wanted.into_iter().map(one)).buffer_unordered(AT_ONCE).collect().await
    }

    /// All tasks of a cluster or of one service that are to run, or that are to be stopped.
    pub(crate) async fn tasks(
        &self,
        cluster: &str,
        service: Option<&ServiceName>,
        stopped: bool,
    ) -> Result<Vec<TaskStateChange>, EcsError> {
        let (mut all, mut from) = (Vec::new(), None::<String>);
        loop {
            let page = self
                .ask(Bucket::Tasks, async || {
                    self.ecs.task_arns(cluster, service, stopped, from.as_deref()).await
                })
                .await?;
            for some in page.items.chunks(quota::DESCRIBE_TASKS) {
                let some: &[TaskArn] = some;
                all.extend(self.ask(Bucket::Tasks, async || self.ecs.tasks(cluster, some).await).await?);
            }
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn tasks_of(&self, cluster: &str, services: &[Service]) -> Tasks {
        let mut tasks = Tasks::default();
        if services.len() > FEW {
            let (running, stopped) =
                join(self.tasks(cluster, None, false), self.tasks(cluster, None, true)).await;
            for service in services {
                tasks.add(&service.ecs.name, &running, &stopped);
            }
            return tasks;
        }
        let one = async |service: &Service| {
            let name = &service.ecs.name;
            (
                name.clone(),
                join(self.tasks(cluster, Some(name), false), self.tasks(cluster, Some(name), true)).await,
            )
        };
        let all: Vec<_> = stream::iter(services.iter().map(one)).buffer_unordered(AT_ONCE).collect().await;
        for (name, (running, stopped)) in all {
            tasks.add(&name, &running, &stopped);
        }
        tasks
    }
}

impl<E: AuditEcs, I: SimulateRoles, T: Clock + Wait> Reading<'_, E, I, T> {
    /// What roles may do of what those who run need, role by role.
    async fn permissions(
        &self,
        services: &[Service],
        definitions: &Definitions,
    ) -> BTreeMap<String, Observed<Rc<Permissions>>> {
        let mut by_role: BTreeMap<String, BTreeSet<Need>> = BTreeMap::new();
        for service in services {
            let Some(definition) = known(service, definitions) else { continue };
            let Some(role) = role_of(definition, &service.ecs.cluster) else { continue };
            by_role.entry(role).or_default().extend(needs(definition, &service.ecs.cluster, service.launch));
        }
        let (total, done) = (by_role.len(), Cell::new(0_usize));
        let one = async |(role, needs): (String, BTreeSet<Need>)| {
            let found = self.simulate(&role, &needs).await;
            done.set(done.get() + 1);
            (self.progress)(&format!("roles: {} of {total}", done.get()));
            (role, Observed::of(found.map(|found| Some(Rc::new(found)))))
        };
        stream::iter(by_role.into_iter().map(one)).buffer_unordered(AT_ONCE).collect().await
    }

    async fn simulate(&self, role: &str, needs: &BTreeSet<Need>) -> Result<Permissions, EcsError> {
        let mut found = Permissions::new();
        let (of_all, of_some): (Vec<&Need>, Vec<&Need>) = needs.iter().partition(|need| need.resource == "*");
        if !of_all.is_empty() {
            self.simulate_some(role, &of_all, &[], &mut found).await?;
        }
        let resources: BTreeSet<&str> = of_some.iter().map(|need| need.resource.as_str()).collect();
        let resources: Vec<&str> = resources.into_iter().collect();
        for some in resources.chunks(RESOURCES) {
            let needs: Vec<&Need> =
                of_some.iter().copied().filter(|need| some.contains(&need.resource.as_str())).collect();
            let some: Vec<String> = some.iter().map(ToString::to_string).collect();
            self.simulate_some(role, &needs, &some, &mut found).await?;
        }
        Ok(found)
    }

    async fn simulate_some(
        &self,
        role: &str,
        needs: &[&Need],
        resources: &[String],
        found: &mut Permissions,
    ) -> Result<(), EcsError> {
        let actions: BTreeSet<&str> = needs.iter().map(|need| need.action).collect();
        let actions: Vec<&str> = actions.into_iter().collect();
        let mut from = None::<String>;
        loop {
            let page = self
                .ask(Bucket::Iam, async || self.iam.rulings(role, &actions, resources, from.as_deref()).await)
                .await?;
            found.extend(page.items.into_iter().map(|one| ((one.action, one.resource), one.ruling)));
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(()),
            }
        }
    }
}

impl Tasks {
    fn add(
        &mut self,
        name: &ServiceName,
        running: &Result<Vec<TaskStateChange>, EcsError>,
        stopped: &Result<Vec<TaskStateChange>, EcsError>,
    ) {
        let group = format!("service:{}", name.as_str());
        let is_its = |task: &&TaskStateChange| task.group.as_ref() == Some(&group);
        let running = running.as_ref().map(|tasks| {
            let mut counted = Running::default();
            tasks.iter().filter(is_its).for_each(|task| counted.count(task));
            Some(counted)
        });
        let failures = stopped
            .as_ref()
            .map(|tasks| Some(tasks.iter().filter(is_its).filter_map(Failure::of).collect::<Vec<_>>()));
        self.running.insert(name.clone(), Observed::of(running));
        self.failures.insert(name.clone(), Observed::of(failures));
    }
}

/// Reads a cluster, and of its services those whose names match.
pub(crate) async fn read<E: AuditEcs, I: SimulateRoles, T: Clock + Wait>(
    reading: &Reading<'_, E, I, T>,
    cluster: &str,
    only: Option<&Glob>,
) -> Result<Read, Failed> {
    let arns = reading.service_arns(cluster).await?;
    let count = arns.len();
    let wanted: Vec<String> =
        arns.into_iter().filter(|arn| only.is_none_or(|glob| glob.matches(name_of(arn)))).collect();
    let batches = wanted.chunks(quota::DESCRIBE_SERVICES).map(|some| reading.describe(cluster, some));
    let answers: Vec<_> = stream::iter(batches).buffered(AT_ONCE).collect().await;
    let (mut services, mut unread, mut error) = (Vec::new(), Vec::new(), None);
    for (arns, answer) in answers.into_iter().flatten() {
        match answer {
            Ok(described) => services.extend(described),
            Err(failed) => {
                let why = failed.to_string();
                let named = |arn: String| Named { name: name_of(&arn).to_owned(), arn };
                unread.extend(arns.into_iter().map(|arn| (named(arn), why.clone())));
                error = Some(failed);
            }
        }
    }
    if let (true, Some(error)) = (services.is_empty(), error) {
        return Err(Failed::Unreadable(error));
    }
    services.retain(|service: &Service| service.ecs.is_active());
    let (definitions, tasks) =
        join(reading.definitions(&services), reading.tasks_of(cluster, &services)).await;
    let permissions = reading.permissions(&services, &definitions).await;
    let arn = services.first().map_or_else(|| ClusterArn::new(cluster), |one| one.ecs.cluster.clone());
    let facts = services.into_iter().map(|service| facts(service, &definitions, &tasks, &permissions));
    let services = facts.collect();
    Ok(Read { cluster: ClusterFacts { cluster: arn, services: Observed::Known(count) }, services, unread })
}

fn facts(
    service: Service,
    definitions: &Definitions,
    tasks: &Tasks,
    permissions: &BTreeMap<String, Observed<Rc<Permissions>>>,
) -> Facts {
    let definition = service.ecs.task_definition.as_ref().and_then(|arn| definitions.get(arn));
    let definition = definition.cloned().unwrap_or(Observed::Absent);
    let role = definition.known().and_then(|known| role_of(known, &service.ecs.cluster));
    let name = &service.ecs.name;
    Facts {
        permissions: role.and_then(|role| permissions.get(&role).cloned()).unwrap_or(Observed::Absent),
        running: tasks.running.get(name).cloned().unwrap_or(Observed::Absent),
        failures: tasks.failures.get(name).cloned().unwrap_or(Observed::Absent),
        definition,
        service,
    }
}

/// What a service deploys, where it is known.
pub(crate) fn known<'d>(service: &Service, definitions: &'d Definitions) -> Option<&'d Rc<Definition>> {
    definitions.get(service.ecs.task_definition.as_ref()?)?.known()
}

/// The execution role's ARN; a definition may have its name alone.
fn role_of(definition: &Definition, cluster: &ClusterArn) -> Option<String> {
    let role = definition.execution_role.as_deref()?;
    if role.starts_with("arn:") {
        return Some(role.to_owned());
    }
    let home = Arn::parse(cluster.as_str())?;
    Some(format!("arn:{}:iam::{}:role/{role}", home.partition, home.account))
}

/// What follows the last slash of a service's ARN.
pub(crate) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn is_denied(error: &EcsError) -> bool {
    error.meaning == Meaning::Refused && error.problem.starts_with("AccessDenied")
}
