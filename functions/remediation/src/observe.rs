//! Answers questions of decisions from the ports. What cannot be read is an answer, too.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::config::Policy;
use steward::ecs::{ContainerInstance, HostTask};
use steward::guard;
use steward::incident::Target;
use steward::ledger::{Key, LedgerError, Openings, Record, Scope};
use steward::observed::Observed;
use steward::ports::{DescribeEcs, Find, Hosts, Ledger, Owners};
use steward::remediation::{Facts, Query};

/// Reads what is asked about one target.
pub(crate) struct Observer<'p, L, E, O> {
    pub(crate) ledger: &'p L,
    pub(crate) ecs: &'p E,
    pub(crate) owners: &'p O,
    pub(crate) target: &'p Target,
    pub(crate) policy: &'p Policy,
    /// What CloudWatch is asked about is told up to then.
    pub(crate) now: Timestamp,
}

impl<L: Ledger, E: DescribeEcs + Hosts, O: Owners> Observer<'_, L, E, O> {
    /// Answers each question that `facts` leave open.
    pub(crate) async fn answer(&self, queries: Vec<Query>, facts: &mut Facts) {
        for query in facts.open(queries) {
            self.ask(query, facts).await;
        }
    }

    async fn ask(&self, query: Query, facts: &mut Facts) {
        let cluster = self.target.cluster();
        match query {
            Query::Service => {
                facts.service = Some(match self.target {
                    Target::Service { cluster, name } => Observed::of(self.ecs.service(cluster, name).await),
                    Target::Family { .. } | Target::ContainerInstance { .. } => Observed::Absent,
                });
            }
            Query::TaskDefinition(arn) => {
                let answer = Observed::of(self.ecs.task_definition(&arn).await);
                facts.task_definitions.insert(arn, answer);
            }
            Query::ServiceDeployment(arn) => {
                let answer = Observed::of(self.ecs.service_deployment(&arn).await);
                facts.service_deployments.insert(arn, answer);
            }
            Query::ServiceRevision(arn) => {
                let answer = Observed::of(self.ecs.service_revision(&arn).await);
                facts.service_revisions.insert(arn, answer);
            }
            Query::Task(arn) => {
                let found = self.ecs.tasks(cluster, std::slice::from_ref(&arn)).await;
                let answer = Observed::of(found.map(|tasks| tasks.into_iter().find(|task| task.arn == arn)));
                facts.tasks.insert(arn, answer);
            }
            Query::StandIns(started_by) => {
                let answer = Observed::of(self.stand_ins(&started_by).await.map(Some));
                facts.stand_ins.insert(started_by, answer);
            }
            Query::Stack(stack) => {
                let answer = Observed::of(self.owners.stack_status(&stack).await);
                facts.stacks.insert(stack, answer);
            }
            Query::Deployment(id) => {
                let read = self.read_one(Key::deployment(self.target, &id)).await;
                let answer = Observed::of(read.map(|record| match record {
                    Some(Record::Deployment(deployment)) => Some(deployment),
                    _ => None,
                }));
                facts.deployments.insert(id, answer);
            }
            Query::Switches => facts.switches = Some(Observed::of(self.switches().await.map(Some))),
            Query::Budgets => facts.budgets = Some(Observed::of(self.budgets().await.map(Some))),
            Query::Openings => facts.openings = Some(Observed::of(self.openings().await.map(Some))),
            Query::Registered { after, action } => {
                let answer = Observed::of(self.ecs.registered(&after, &action).await);
                if let Observed::Known(found) = &answer {
                    let arn = found.arn.clone();
                    facts.task_definitions.entry(arn).or_insert_with(|| answer.clone());
                }
                facts.registered.insert(action, answer);
            }
            Query::Host => facts.host = Some(self.host().await),
            Query::HostTasks => facts.host_tasks = Some(self.host_tasks().await),
            Query::StatusCheck(instance) => {
                let answer = Observed::of(self.ecs.status_check(&instance, self.now).await);
                facts.status_checks.insert(instance, answer);
            }
            Query::CapacityProvider(name) => {
                let answer = Observed::of(self.ecs.capacity_provider(cluster, &name).await);
                facts.capacity_providers.insert(name, answer);
            }
            Query::Draining => {
                facts.draining = Some(Observed::of(self.ecs.draining(cluster).await.map(Some)));
            }
            Query::DrainSlot => {
                let read = self.read_one(Key::drain_slot(cluster)).await;
                facts.drain_slot = Some(Observed::of(read.map(|record| match record {
                    Some(Record::DrainSlot(slot)) => Some(slot),
                    _ => None,
                })));
            }
        }
    }

    async fn host(&self) -> Observed<ContainerInstance> {
        match self.target {
            Target::ContainerInstance { cluster, arn } => {
                Observed::of(self.ecs.container_instance(cluster, arn).await)
            }
            Target::Service { .. } | Target::Family { .. } => Observed::Absent,
        }
    }

    async fn host_tasks(&self) -> Observed<Vec<HostTask>> {
        match self.target {
            Target::ContainerInstance { cluster, arn } => {
                Observed::of(self.ecs.tasks_on(cluster, arn).await.map(Some))
            }
            Target::Service { .. } | Target::Family { .. } => Observed::Absent,
        }
    }

    /// Running ones by `startedBy`, and stopped ones of the family, for one that ended at once.
    async fn stand_ins(&self, started_by: &str) -> Result<Vec<steward::ecs::Task>, steward::ports::EcsError> {
        let cluster = self.target.cluster();
        let mut finds = vec![Find::StartedBy(started_by.to_owned())];
        if let Target::Family { family, .. } = self.target {
            let (family, started_by) = (family.as_str().to_owned(), started_by.to_owned());
            finds.push(Find::StoppedOfFamily { family, started_by });
        }
        let mut tasks = Vec::new();
        for find in finds {
            let mut from = None;
            loop {
                let page = self.ecs.find_tasks(cluster, &find, from.as_deref()).await?;
                tasks.extend(page.items);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(tasks)
    }

    async fn switches(&self) -> Result<Vec<steward::ledger::Switch>, LedgerError> {
        let scopes = [Scope::Global, Scope::Cluster(self.target.cluster().clone())];
        let keys = scopes.each_ref().map(Key::switch);
        let found = self.ledger.read(&keys).await?.into_iter().flatten();
        Ok(found
            .filter_map(|stored| match stored.record {
                Record::Switch(switch) => Some(switch),
                _ => None,
            })
            .collect())
    }

    async fn budgets(&self) -> Result<BTreeMap<Scope, steward::ledger::Budget>, LedgerError> {
        let scopes = guard::scopes(self.target, &self.policy.guards).map(|(scope, _)| scope);
        let keys = scopes.each_ref().map(Key::budget);
        let found = self.ledger.read(&keys).await?.into_iter().flatten();
        Ok(found
            .filter_map(|stored| match stored.record {
                Record::Budget(budget) => Some((budget.scope.clone(), budget)),
                _ => None,
            })
            .collect())
    }

    async fn openings(&self) -> Result<Openings, LedgerError> {
        let cluster = self.target.cluster();
        Ok(match self.read_one(Key::cluster(cluster)).await? {
            Some(Record::Openings(openings)) => openings,
            _ => Openings::none(cluster.clone()),
        })
    }

    async fn read_one(&self, key: Key) -> Result<Option<Record>, LedgerError> {
        Ok(self.ledger.read(&[key]).await?.pop().flatten().map(|stored| stored.record))
    }
}
