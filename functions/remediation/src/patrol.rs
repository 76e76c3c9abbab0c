//! The patrol looks at ECS itself for what no event tells: services that are short of tasks, tasks that hang while ECS leaves
//! them, deployments that never end.
//!
//! Every cluster has a patrol in the ledger, which is due every five minutes. A round reads pages of services and of running
//! tasks, as long as there is time, and goes on at its cursor in the next sweep. What is well costs no read of the ledger, and
//! what has not changed no write. A pause stops changes, and no looking.
//!
//! # Invariants
//!
//! * One invocation makes a cluster's round at a time; one that dies is followed by another once its lease has ended.
//! * What a round found is in the patrol's item until a whole round has not found it: then its story is told so.
//! * What could not be read heals nothing: a round that fails ends where it is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use steward::action::CALL_TIMEOUT;
use steward::arn::{ClusterArn, ServiceName};
use steward::ecs::{LifecycleHook, Rollout, Service, ServiceDeployment, ServiceDeploymentSummary, Task};
use steward::incident::{Began, Hanging, Story, Target};
use steward::ledger::{
    Abnormal, Due, Key, LedgerError, Owner, Patrol, Record, Stage, Stored, Transaction, Write,
};
use steward::notification::Subject;
use steward::ports::{Clock, DescribeEcs, EcsError, Find, Ledger, Meaning};

use crate::{PAGE, Ports, Settings, openings, story};

/// Rounds of one cluster, and looks for new clusters, are so far apart.
const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// So many deployments of a cluster are looked at for hooks in one go: less than ECS's burst for these reads (FACTS §10).
const LOOKS: usize = 40;
/// The longest that an invocation lasts: Lambda's own limit.
const LONGEST_INVOCATION: SignedDuration = SignedDuration::from_mins(15);
/// A cluster that refuses to be read is tried again after so long, if it is still there.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What the patrol did.
#[derive(Debug, Default)]
pub(crate) struct Patrolled {
    /// What there is to tell.
    pub(crate) news: Vec<Subject>,
    /// Clusters and targets that could not be looked at, or written; the next round tries again.
    pub(crate) failed: Vec<String>,
    /// Whether time ended before all rounds were made: the next sweep goes on.
    pub(crate) is_cut: bool,
}

/// Makes the rounds that are due, and finds clusters that have none yet.
///
/// # Errors
///
/// Where the ledger does not say what is due.
pub(crate) async fn patrol<L: Ledger, E: DescribeEcs, O, T, C: Clock>(
    ports: &Ports<'_, L, E, O, T, C>,
    settings: &Settings,
) -> Result<Patrolled, LedgerError> {
    let mut patrolled = Patrolled::default();
    let beat = Beat { ledger: ports.ledger, ecs: ports.ecs, clock: ports.clock, settings };
    if let Err(problem) = beat.muster().await {
        patrolled.failed.push(problem.to_string());
    }
    for key in beat.due().await? {
        if beat.is_out_of_time() {
            patrolled.is_cut = true;
            break;
        }
        if let Err(error) = beat.round(&key, &mut patrolled).await {
            patrolled.failed.push(error.to_string());
        }
    }
    Ok(patrolled)
}

/// The item that says when clusters were listed last: no cluster has this ARN.
fn roster() -> ClusterArn {
    ClusterArn::new("all")
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Ecs(#[from] EcsError),
}

/// The ground that the patrol covers, in one invocation.
struct Beat<'b, L, E, C> {
    ledger: &'b L,
    ecs: &'b E,
    clock: &'b C,
    settings: &'b Settings,
}

/// How a walk through a cluster ended.
enum Walked {
    /// All of it was seen.
    Whole,
    /// Time ended.
    Cut,
    /// ECS did not answer.
    Unread(EcsError),
}

/// What is known of a cluster while a round is made in it.
struct Round {
    patrol: Patrol,
    /// Tags of the services that were seen.
    tags: BTreeMap<ServiceName, BTreeMap<String, String>>,
    began: Vec<Began>,
    /// So many deployments may still be looked at for hooks.
    looks_left: usize,
}

impl<L: Ledger, E: DescribeEcs, C: Clock> Beat<'_, L, E, C> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn is_out_of_time(&self) -> bool {
        self.settings.deadline.is_near(self.now())
    }

    /// Gives every cluster a patrol. Of several sweeps at a time one lists the clusters.
    async fn muster(&self) -> Result<(), Problem> {
        let now = self.now();
        let key = Key::patrol(&roster());
        let stored = self.read(&key).await?;
        let last = stored.as_ref().and_then(|stored| match &stored.record {
            Record::Patrol(last) => Some(last.began_at),
            _ => None,
        });
        if last.is_some_and(|last| now.duration_since(last) < EVERY) {
            return Ok(());
        }
        let listed = Patrol { began_at: now, ..Patrol::new(roster()) };
        match self.commit(Write::new(key, stored.as_ref(), Record::Patrol(listed))).await {
            Err(LedgerError::Conflict { .. }) => return Ok(()),
            claimed => claimed?,
        }
        for clusters in self.ecs.clusters().await?.chunks(PAGE) {
            let keys: Vec<Key> = clusters.iter().map(Key::patrol).collect();
            let known = self.ledger.read(&keys).await?;
            for (cluster, stored) in clusters.iter().zip(known) {
                if stored.as_ref().is_some_and(|stored| stored.live(now).is_some()) {
                    continue;
                }
                // One that was refused still knows what it had found.
                let patrol = match stored.as_ref().map(|stored| stored.record.clone()) {
                    Some(Record::Patrol(refused)) => refused,
                    _ => Patrol::new(cluster.clone()),
                };
                self.write(patrol, stored.as_ref(), now).await?;
            }
        }
        Ok(())
    }

    async fn due(&self) -> Result<Vec<Key>, LedgerError> {
        let mut keys = Vec::new();
        let mut last: Option<Due> = None;
        loop {
            let page = self.ledger.due(Owner::Remediation, self.now(), last.as_ref(), PAGE).await?;
            let is_whole = page.len() < PAGE;
            keys.extend(page.iter().map(|due| &due.key).filter(|key| key.is_patrol()).cloned());
            if is_whole {
                return Ok(keys);
            }
            last = page.into_iter().last();
        }
    }

    /// Makes one cluster's round, or goes on with it.
    async fn round(&self, key: &Key, patrolled: &mut Patrolled) -> Result<(), LedgerError> {
        let now = self.now();
        let Some(stored) = self.read(key).await? else { return Ok(()) };
        let Some(Record::Patrol(known)) = stored.live(now).cloned() else { return Ok(()) };
        // The index lags: somebody may be at it, or have been.
        if known.lease_until > now || known.due_at(EVERY, now) > now {
            return Ok(());
        }
        let ends = self.settings.deadline.ends().min(now + LONGEST_INVOCATION);
        let mut claimed = Patrol { lease_until: ends + CALL_TIMEOUT, ..known };
        if !claimed.is_under_way() {
            claimed.begins(now);
        }
        let lease_until = claimed.lease_until;
        match self.write(claimed.clone(), Some(&stored), lease_until).await {
            Err(LedgerError::Conflict { .. }) => return Ok(()),
            written => written?,
        }
        let mut round =
            Round { patrol: claimed, tags: BTreeMap::new(), began: Vec::new(), looks_left: LOOKS };
        let walked = self.walk(&mut round, patrolled).await;
        let cluster = round.patrol.cluster.clone();
        let policy = &self.settings.policy;
        if let Err(error) = openings::remember(self.ledger, &cluster, &round.began, policy, self.now()).await
        {
            patrolled.failed.push(error.to_string());
        }
        self.finish(key, round, walked, patrolled).await
    }

    /// Leaves the patrol as it is to be found next, unless the lease was lost meanwhile.
    async fn finish(
        &self,
        key: &Key,
        round: Round,
        walked: Walked,
        patrolled: &mut Patrolled,
    ) -> Result<(), LedgerError> {
        let mut patrol = round.patrol;
        let mut is_refused = false;
        match walked {
            Walked::Whole => self.end(&mut patrol, patrolled).await,
            Walked::Cut => patrolled.is_cut = true,
            Walked::Unread(error) => {
                patrolled.failed.push(error.to_string());
                if error.meaning == Meaning::Refused {
                    is_refused = !patrol.is_under_way();
                    patrol.starts_over();
                }
                if is_refused && self.is_gone(&patrol.cluster).await {
                    patrol.found.clear();
                    self.end(&mut patrol, patrolled).await;
                }
            }
        }
        let now = self.now();
        let Some(stored) = self.read(key).await? else { return Ok(()) };
        let is_mine =
            matches!(&stored.record, Record::Patrol(known) if known.lease_until == patrol.lease_until);
        if !is_mine {
            return Ok(());
        }
        patrol.lease_until = now;
        if is_refused {
            // Should its cluster still be there by then, it is mustered again.
            let write = Write::new(key.clone(), Some(&stored), Record::Patrol(patrol));
            return self.commit(Write { expires: Some(now + REFUSED_FOR), ..write }).await;
        }
        let due = patrol.due_at(EVERY, now);
        self.write(patrol, Some(&stored), due).await
    }

    /// Ends a round that has seen all there is.
    async fn end(&self, patrol: &mut Patrol, patrolled: &mut Patrolled) {
        for healed in patrol.healed() {
            if let Err(problem) = self.tell_healed(&healed, patrolled).await {
                patrolled.failed.extend(problem);
                patrol.keeps(&healed);
            }
        }
        patrol.ends();
    }

    /// Whether a cluster that refuses to be read is there no more. What cannot be told is there.
    async fn is_gone(&self, cluster: &ClusterArn) -> bool {
        self.ecs.clusters().await.is_ok_and(|clusters| !clusters.contains(cluster))
    }

    /// `Err`: it must be told again; with a problem, unless only time was short.
    async fn tell_healed(&self, healed: &Abnormal, patrolled: &mut Patrolled) -> Result<(), Option<String>> {
        if self.is_out_of_time() {
            return Err(None);
        }
        let step = |story: &mut Story| {
            if healed.is_short {
                story.runs_enough();
            }
            story.hang_no_more(&healed.tasks);
        };
        let seen = story::see(self.ledger, &healed.target, None, self.settings, self.now(), step).await;
        patrolled.news.extend(seen.map_err(|error| Some(error.to_string()))?.news);
        Ok(())
    }

    async fn walk(&self, round: &mut Round, patrolled: &mut Patrolled) -> Walked {
        let cluster = round.patrol.cluster.clone();
        loop {
            if self.is_out_of_time() {
                return Walked::Cut;
            }
            let from = round.patrol.next.clone();
            let next = match round.patrol.stage {
                Stage::Services => match self.ecs.services(&cluster, from.as_deref()).await {
                    Err(error) => return Walked::Unread(error),
                    Ok(page) => {
                        for service in &page.items {
                            let Some(()) = self.service(service, round, patrolled).await else {
                                return Walked::Cut;
                            };
                        }
                        page.next
                    }
                },
                Stage::Tasks => match self.ecs.find_tasks(&cluster, &Find::Running, from.as_deref()).await {
                    Err(error) => return Walked::Unread(error),
                    Ok(page) => {
                        for task in &page.items {
                            let Some(()) = self.task(task, round, patrolled).await else {
                                return Walked::Cut;
                            };
                        }
                        page.next
                    }
                },
            };
            match (next, round.patrol.stage) {
                (None, Stage::Tasks) => return Walked::Whole,
                (None, Stage::Services) => (round.patrol.stage, round.patrol.next) = (Stage::Tasks, None),
                (next, _) => round.patrol.next = next,
            }
        }
    }

    /// Looks at a service. `None`: time ended.
    async fn service(&self, service: &Service, round: &mut Round, patrolled: &mut Patrolled) -> Option<()> {
        round.tags.insert(service.name.clone(), service.tags.clone());
        if !service.is_active() {
            return Some(());
        }
        let target = Target::Service { cluster: service.cluster.clone(), name: service.name.clone() };
        let rules = self.settings.policy.for_target(&target, &service.tags).rules;
        self.hooks(service, &target, round, patrolled).await;
        let now = self.now();
        let stuck = stuck_since(service, rules.stuck, now);
        let is_short = service.running.0 < service.desired.0
            && !is_deploying(service, rules.stuck, now)
            && round.patrol.finds_short(&target);
        if !is_short && stuck.is_none() {
            return Some(());
        }
        let (running, desired, silent) = (service.running.0, service.desired.0, rules.silent);
        let step = |story: &mut Story| {
            if let Some((deployment, since)) = stuck {
                story.is_stuck(&deployment.id, since, now);
            }
            if is_short {
                story.falls_short(running, desired, silent, now);
            }
        };
        self.see(&target, stuck.map(|(deployment, _)| deployment), round, patrolled, step).await
    }

    /// Looks for hooks at which a service's deployment waits: whoever must answer does not hear of an event that was lost.
    async fn hooks(&self, service: &Service, target: &Target, round: &mut Round, patrolled: &mut Patrolled) {
        let began = service.deployments.iter().filter_map(|deployment| deployment.created_at).max();
        // What began a moment ago is heard of.
        let is_old = began.is_some_and(|began| self.now().duration_since(began) >= EVERY);
        let may_look = is_old && round.looks_left > 0 && !self.is_out_of_time();
        let Some(arn) = service.current_service_deployment.as_ref().filter(|_| may_look) else { return };
        round.looks_left -= 1;
        let found = match self.ecs.service_deployment(arn).await {
            Ok(found) => found,
            Err(error) if error.is_retryable() => {
                // The next round looks again: what else goes on is of more weight.
                round.looks_left = 0;
                return;
            }
            Err(error) => return patrolled.failed.push(error.to_string()),
        };
        let waiting = |found: &ServiceDeployment| found.hooks.iter().any(LifecycleHook::awaits);
        let Some(found) = found.filter(waiting) else { return };
        let now = self.now();
        let step = |story: &mut Story| {
            for hook in found.hooks.iter().filter(|hook| hook.awaits()) {
                story.finds_hook(hook, arn, found.stage.as_deref(), now);
            }
        };
        match story::see(self.ledger, target, None, self.settings, now, step).await {
            Ok(advanced) => patrolled.news.extend(advanced.news),
            Err(error) => patrolled.failed.push(error.to_string()),
        }
    }

    /// Looks at a task. `None`: time ended.
    async fn task(&self, task: &Task, round: &mut Round, patrolled: &mut Patrolled) -> Option<()> {
        let Some(how) = task.unwell().filter(|_| !task.belongs_to_batch()) else { return Some(()) };
        let Some(target) = Target::of_described_task(task) else { return Some(()) };
        if self.is_out_of_time() {
            return None;
        }
        // How long a task may hang is its service's own business, which is not known where its tags are not.
        let tags = match self.tags(&target, round).await {
            Ok(tags) => tags,
            Err(error) => {
                patrolled.failed.push(error.to_string());
                keep_known(&mut round.patrol, &target, task);
                return Some(());
            }
        };
        if !round.patrol.finds_unwell(&target, &task.arn) {
            return Some(());
        }
        let hung = self.settings.policy.for_target(&target, &tags).rules.hung;
        let seen = Hanging { task: task.arn.clone(), task_definition: task.task_definition.clone(), how };
        let now = self.now();
        self.see(&target, None, round, patrolled, |story| story.hangs(&seen, hung, now)).await
    }

    async fn tags(&self, target: &Target, round: &mut Round) -> Result<BTreeMap<String, String>, EcsError> {
        let Target::Service { cluster, name } = target else { return Ok(BTreeMap::new()) };
        if let Some(tags) = round.tags.get(name) {
            return Ok(tags.clone());
        }
        let tags = self.ecs.service(cluster, name).await?.map(|service| service.tags).unwrap_or_default();
        round.tags.insert(name.clone(), tags.clone());
        Ok(tags)
    }

    /// Tells a target's story what was seen. A story that cannot be written holds up no other: it is seen again in the next
    /// round. `None`: time ended.
    async fn see(
        &self,
        target: &Target,
        deployment: Option<&ServiceDeploymentSummary>,
        round: &mut Round,
        patrolled: &mut Patrolled,
        step: impl Fn(&mut Story),
    ) -> Option<()> {
        if self.is_out_of_time() {
            return None;
        }
        let deployment = deployment.map(|deployment| &deployment.id);
        match story::see(self.ledger, target, deployment, self.settings, self.now(), step).await {
            Ok(advanced) => {
                round.began.extend(advanced.began);
                patrolled.news.extend(advanced.news);
            }
            Err(error) => patrolled.failed.push(error.to_string()),
        }
        Some(())
    }

    async fn read(&self, key: &Key) -> Result<Option<Stored>, LedgerError> {
        Ok(self.ledger.read(std::slice::from_ref(key)).await?.pop().flatten())
    }

    async fn write(
        &self,
        patrol: Patrol,
        stored: Option<&Stored>,
        due: Timestamp,
    ) -> Result<(), LedgerError> {
        let key = Key::patrol(&patrol.cluster);
        self.commit(Write { due: Some(due), ..Write::new(key, stored, Record::Patrol(patrol)) }).await
    }

    async fn commit(&self, write: Write) -> Result<(), LedgerError> {
        self.ledger.commit(Transaction { writes: vec![write] }).await
    }
}

/// A task that was known to hang, and that nothing can be said of now, has not healed.
fn keep_known(patrol: &mut Patrol, target: &Target, task: &Task) {
    let is_known = |known: &Abnormal| known.target == *target && known.tasks.contains(&task.arn);
    if patrol.known.iter().any(is_known) {
        patrol.finds_unwell(target, &task.arn);
    }
}

/// A deployment that goes on explains why fewer tasks run, as long as it is not stuck.
fn is_deploying(service: &Service, stuck: SignedDuration, now: Timestamp) -> bool {
    let Some(primary) = service.primary() else { return false };
    let is_under_way = match primary.rollout {
        Some(rollout) => rollout == Rollout::InProgress,
        // Not rolling, or behind a Classic load balancer: ECS says nothing, but lists what is being replaced.
        None => service.deployments.len() > 1,
    };
    is_under_way && primary.created_at.is_some_and(|since| now.duration_since(since) < stuck)
}

/// The deployment that is stuck, and since when it goes on. One that does not roll may wait for hours on purpose: for a hook,
/// or for its bake time.
fn stuck_since(
    service: &Service,
    stuck: SignedDuration,
    now: Timestamp,
) -> Option<(&ServiceDeploymentSummary, Timestamp)> {
    let primary = service.primary().filter(|_| service.is_rolling)?;
    let since = primary.created_at.filter(|_| primary.rollout == Some(Rollout::InProgress))?;
    (now.duration_since(since) >= stuck).then_some((primary, since))
}
