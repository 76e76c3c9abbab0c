//! Steward's ports in a world in which everything answers at once, and nothing goes wrong on the way.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::action::{ActionId, Call};
use steward::arn::{
    ClusterArn, ContainerInstanceArn, ServiceDeploymentArn, ServiceName, ServiceRevisionArn, TaskArn,
    TaskDefinitionArn,
};
use steward::ecs::{
    CapacityProvider, ContainerInstance, HostTask, Instances, Overrides, Service, ServiceDeployment,
    ServiceRevision, StatusCheck, Task, TaskDefinition,
};
use steward::ledger::{Due, Key, LedgerError, MemoryLedger, Owner, Root, Stored, Transaction};
use steward::notification::Subject;
use steward::ports::{
    ChangeEcs, Changed, Channel, Clock, DescribeEcs, EcsError, Find, Hosts, Ledger, Letter, NudgeError,
    Owners, Page, Postpone, SendError, Tell,
};

use super::build::Deed;
use super::post::{Listener, Post};
use super::transcript::{Cue, Transcript, What};
use crate::ecs::{Ecs, ports};

/// Who calls, in the model's notes.
const STEWARD: &str = "steward";

/// What all share.
pub(super) struct Stage {
    pub(super) now: Cell<Timestamp>,
    pub(super) ecs: RefCell<Ecs>,
    pub(super) ledger: MemoryLedger,
    pub(super) transcript: RefCell<Transcript>,
    pub(super) stacks: RefCell<BTreeMap<String, String>>,
    /// Services that Application Auto Scaling scales.
    pub(super) scalable: BTreeSet<String>,
    /// Subjects by the time at which they may be told.
    pub(super) waiting: RefCell<BTreeMap<(Timestamp, String), Subject>>,
    /// What happens between Steward's first decision and the gate.
    pub(super) in_between: RefCell<Vec<(Deed, String)>>,
    /// Whether Steward has asked a person.
    pub(super) has_proposed: Cell<bool>,
    /// How the channel is that listens, and what it got.
    pub(super) listener: Listener,
    pub(super) posts: RefCell<Vec<Post>>,
}

impl Stage {
    /// Does something to the model, or to what stands beside it.
    pub(super) fn befall(&self, deed: Deed, told: String) {
        self.transcript.borrow_mut().put(self.now.get(), What::World(told));
        match deed {
            Deed::World(happening) => self.ecs.borrow_mut().happen(*happening),
            Deed::Stack { name, status } => {
                self.stacks.borrow_mut().insert(name, status);
            }
            // Those are carried out by whoever may wait for the ledger.
            Deed::Decision(_) => {}
        }
    }

    fn with_ecs<T>(&self, act: impl FnOnce(&mut Ecs) -> T) -> T {
        let mut ecs = self.ecs.borrow_mut();
        ecs.set_caller(STEWARD);
        act(&mut ecs)
    }
}

impl Clock for Stage {
    fn now(&self) -> Timestamp {
        self.now.get()
    }
}

impl Ledger for Stage {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.ledger.read(keys).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        self.ledger.commit(transaction.clone()).await?;
        let now = self.now.get();
        for write in &transaction.writes {
            let cue = self.transcript.borrow_mut().wrote(now, &write.key, &write.record);
            match cue {
                Some(Cue::Planned) => {
                    let deeds = std::mem::take(&mut *self.in_between.borrow_mut());
                    for (deed, told) in deeds {
                        self.befall(deed, told);
                    }
                }
                Some(Cue::Proposed) => self.has_proposed.set(true),
                None => {}
            }
        }
        Ok(())
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        self.ledger.due(owner, now, after, limit).await
    }
}

impl DescribeEcs for Stage {
    async fn service(&self, cluster: &ClusterArn, name: &ServiceName) -> Result<Option<Service>, EcsError> {
        self.with_ecs(|ecs| ports::service(ecs, cluster, name))
    }

    async fn services(&self, cluster: &ClusterArn, from: Option<&str>) -> Result<Page<Service>, EcsError> {
        self.with_ecs(|ecs| ports::services(ecs, cluster, from))
    }

    async fn service_deployment(
        &self,
        arn: &ServiceDeploymentArn,
    ) -> Result<Option<ServiceDeployment>, EcsError> {
        self.with_ecs(|ecs| ports::service_deployment(ecs, arn))
    }

    async fn service_revision(&self, arn: &ServiceRevisionArn) -> Result<Option<ServiceRevision>, EcsError> {
        self.with_ecs(|ecs| ports::service_revision(ecs, arn))
    }

    async fn task_definition(&self, arn: &TaskDefinitionArn) -> Result<Option<TaskDefinition>, EcsError> {
        self.with_ecs(|ecs| ports::task_definition(ecs, arn))
    }

    async fn tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<Task>, EcsError> {
        self.with_ecs(|ecs| ports::tasks(ecs, cluster, arns))
    }

    async fn find_tasks(
        &self,
        cluster: &ClusterArn,
        find: &Find,
        from: Option<&str>,
    ) -> Result<Page<Task>, EcsError> {
        self.with_ecs(|ecs| ports::find_tasks(ecs, cluster, find, from))
    }

    async fn instances(&self, cluster: &ClusterArn) -> Result<Instances, EcsError> {
        self.with_ecs(|ecs| ports::instances(ecs, cluster))
    }

    async fn clusters(&self) -> Result<Vec<ClusterArn>, EcsError> {
        self.with_ecs(ports::clusters)
    }

    async fn registered(
        &self,
        after: &TaskDefinitionArn,
        action: &ActionId,
    ) -> Result<Option<TaskDefinition>, EcsError> {
        self.with_ecs(|ecs| ports::registered(ecs, after, action))
    }
}

impl Hosts for Stage {
    async fn container_instance(
        &self,
        cluster: &ClusterArn,
        arn: &ContainerInstanceArn,
    ) -> Result<Option<ContainerInstance>, EcsError> {
        self.with_ecs(|ecs| ports::container_instance(ecs, cluster, arn))
    }

    async fn tasks_on(
        &self,
        cluster: &ClusterArn,
        instance: &ContainerInstanceArn,
    ) -> Result<Vec<HostTask>, EcsError> {
        self.with_ecs(|ecs| ports::tasks_on(ecs, cluster, instance))
    }

    async fn draining(&self, cluster: &ClusterArn) -> Result<Vec<ContainerInstanceArn>, EcsError> {
        self.with_ecs(|ecs| ports::draining(ecs, cluster))
    }

    async fn find_host(
        &self,
        cluster: &ClusterArn,
        ec2_instance_id: &str,
    ) -> Result<Option<ContainerInstanceArn>, EcsError> {
        self.with_ecs(|ecs| ports::find_host(ecs, cluster, ec2_instance_id))
    }

    async fn capacity_provider(
        &self,
        cluster: &ClusterArn,
        name: &str,
    ) -> Result<Option<CapacityProvider>, EcsError> {
        self.with_ecs(|ecs| ports::capacity_provider(ecs, cluster, name))
    }

    async fn status_check(
        &self,
        ec2_instance_id: &str,
        until: Timestamp,
    ) -> Result<Option<StatusCheck>, EcsError> {
        Ok(self.with_ecs(|ecs| ports::status_check(ecs, ec2_instance_id, until)))
    }
}

impl ChangeEcs for Stage {
    async fn change(&self, id: &ActionId, call: &Call, overrides: &Overrides) -> Result<Changed, EcsError> {
        self.transcript.borrow_mut().called(self.now.get(), id.as_str(), &call.to_string());
        self.with_ecs(|ecs| ports::change(ecs, id, call, overrides))
    }
}

impl Owners for Stage {
    async fn stack_status(&self, stack: &str) -> Result<Option<String>, EcsError> {
        Ok(self.stacks.borrow().get(stack).cloned())
    }

    async fn is_scalable(&self, _: &ClusterArn, service: &ServiceName) -> Result<bool, EcsError> {
        Ok(self.scalable.contains(service.as_str()))
    }
}

impl Tell for Stage {
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError> {
        let at = self.now.get().saturating_add(after).unwrap_or(Timestamp::MAX);
        self.waiting.borrow_mut().insert((at, subject.key()), subject.clone());
        Ok(())
    }
}

impl Postpone for Stage {
    /// No channel fails here, so no message comes again.
    async fn postpone(&self, _: &str, _: SignedDuration) -> Result<(), NudgeError> {
        Ok(())
    }
}

/// Where alerts are put up.
pub(super) struct Wall<'s>(pub(super) &'s Stage);

impl Channel for Wall<'_> {
    fn name(&self) -> &str {
        "console"
    }

    fn edits(&self) -> bool {
        self.0.listener.edits
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        let now = self.0.now.get();
        self.0.transcript.borrow_mut().told(now, letter.subject, letter.message);
        let mut posts = self.0.posts.borrow_mut();
        let post = Post::of(letter, posts.len(), now);
        let root = Root { channel: self.name().to_owned(), id: post.root.clone() };
        posts.push(post);
        Ok(self.edits().then_some(root))
    }
}
