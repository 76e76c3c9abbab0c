//! One story for one target: opened by failures, updated, resolved.
//!
//! [`Story`] is all that is remembered of one target, and the transitions on it are pure: [`Story::apply`] for what an
//! event says, [`Story::tick`] for what time says. Repeated, late and reordered events change nothing: failures are a set
//! by fingerprint, and what is older than the last good news opens nothing.

mod care;
mod deployment;
mod failures;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use care::{Care, Held, Lost, MAX_TASKS, Note, Outcome, Remedies, Retirement, Tried, Unwell};
pub use deployment::{Deployment, DeploymentStatus, History, PastDeployment, Step};
pub use failures::{Failure, Failures, Fingerprint, MAX_FAILURES};
pub use target::Target;

use crate::arn::{DeploymentId, TaskDefinitionArn};
use crate::config::Policy;
use crate::diagnosis::{self, Cause, Kind};
use crate::notification::Subject;

/// How many deployments an incident names.
const MAX_DEPLOYMENTS: usize = 8;
/// How many incidents that are over one step of a story remembers.
const MAX_OVER: usize = 8;
/// Counts at which an incident that goes on is worth telling again.
const MILESTONES: [usize; 3] = [10, 100, MAX_FAILURES];

/// Whether something happened until `end`. Failures are remembered to the second, so seconds are compared: what
/// happened in the same second as good news is over.
fn is_until(at: Timestamp, end: Timestamp) -> bool {
    at.as_second() <= end.as_second()
}

/// What an event says about its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Something failed.
    Failed(Box<Failure>),
    /// All tasks of the service run and are healthy.
    Steady {
        /// When ECS said so.
        at: Timestamp,
    },
    /// A deployment took a step.
    Deployment {
        /// Which.
        id: DeploymentId,
        /// What it became, and when.
        step: Step,
        /// Whether ECS goes back to it.
        is_rollback: bool,
    },
    /// A task tells what its deployment deploys.
    Deploys {
        /// Which.
        id: DeploymentId,
        /// What.
        task_definition: TaskDefinitionArn,
        /// When the task was seen.
        at: Timestamp,
    },
    /// A container instance's agent came or went.
    Agent {
        /// `detail.version`.
        version: u64,
        /// Whether it talks to ECS.
        connected: bool,
        /// When.
        at: Timestamp,
    },
    /// A container instance is well.
    Healthy {
        /// When ECS said so.
        at: Timestamp,
    },
    /// A container instance has left its cluster.
    Gone {
        /// `detail.version`.
        version: u64,
        /// When.
        at: Timestamp,
    },
}

impl Observation {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Failed(failure) => failure.at,
            Self::Deployment { step, .. } => step.at,
            Self::Steady { at }
            | Self::Deploys { at, .. }
            | Self::Agent { at, .. }
            | Self::Healthy { at }
            | Self::Gone { at, .. } => *at,
        }
    }
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// ECS called the service steady, or the host well.
    Steady,
    /// No failure for the quiet time; ECS said nothing.
    Quiet,
    /// The container instance has left its cluster.
    Gone,
}

/// Whether an incident goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on.
    Open,
    /// It is over.
    Resolved {
        /// Since when.
        at: Timestamp,
        /// How that is known.
        by: Ending,
    },
}

/// How much an incident matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing: ECS copes.
    Info,
    /// Somebody should look.
    Warning,
    /// Many failures: something is down.
    Critical,
}

impl Severity {
    /// The severity in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Failures of one target that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What fails.
    pub target: Target,
    /// When it was opened; with the target its identity.
    pub opened_at: Timestamp,
    /// Whether it goes on.
    pub status: Status,
    /// What failed.
    pub failures: Failures,
    /// The deployments that failed tasks belong to, the latest eight by id.
    pub deployments: BTreeSet<DeploymentId>,
    /// What is done about it, and what is not.
    #[serde(default)]
    pub remedies: Remedies,
}

impl Incident {
    fn open(target: Target, opened_at: Timestamp) -> Self {
        Self {
            target,
            opened_at,
            status: Status::Open,
            failures: Failures::default(),
            deployments: BTreeSet::new(),
            remedies: Remedies::default(),
        }
    }

    /// What people are told of it under.
    pub fn subject(&self) -> Subject {
        Subject::Incident { target: self.target.clone(), opened_at: self.opened_at }
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.status == Status::Open
    }

    /// How much it matters: by kind of cause and by how many.
    pub fn severity(&self) -> Severity {
        let below_the_task = |cause: &Cause| {
            use Cause::{HostTerminated, InfrastructureImpaired, Maintenance, SpotInterrupted};
            matches!(cause, SpotInterrupted | HostTerminated | Maintenance | InfrastructureImpaired)
        };
        let causes = self.failures.causes();
        let ecs_copes = matches!(self.target, Target::Service { .. })
            && causes.iter().all(|(cause, _)| below_the_task(cause) && cause.kind() == Kind::Transient);
        match self.failures.count() {
            0..=2 if ecs_copes => Severity::Info,
            0..=9 => Severity::Warning,
            _ => Severity::Critical,
        }
    }

    fn add(&mut self, failure: Failure) {
        if let Some(deployment) = failure.deployment.clone() {
            self.deployments.insert(deployment);
            while self.deployments.len() > MAX_DEPLOYMENTS {
                self.deployments.pop_first();
            }
        }
        self.failures.add(failure);
    }

    /// Whether the step from `before` is worth telling: a beginning, an end, a new cause, a milestone of the count.
    pub fn is_news_since(&self, before: Option<&Self>) -> bool {
        let Some(before) = before.filter(|before| before.opened_at == self.opened_at) else { return true };
        let causes = |incident: &Self| -> BTreeSet<Cause> {
            incident.failures.causes().into_iter().map(|(cause, _)| cause).collect()
        };
        let milestone = |incident: &Self| {
            MILESTONES.iter().filter(|milestone| incident.failures.count() >= **milestone).count()
        };
        before.status != self.status
            || !causes(self).is_subset(&causes(before))
            || milestone(before) < milestone(self)
            || self.remedies.is_news_since(&before.remedies)
    }
}

impl Deployment {
    /// Whether the step from `before` is worth telling. Its failures are told by the incident.
    pub fn is_news_since(&self, before: Option<&Self>) -> bool {
        let told = |deployment: &Self| {
            (deployment.status(), deployment.is_rollback(), deployment.rolled_back_to.clone())
        };
        self.status().is_some() && before.is_none_or(|before| told(before) != told(self))
    }
}

/// The agent of a container instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// `detail.version` of the latest event.
    pub version: u64,
    /// Since when it is away; absent while it talks to ECS.
    pub away_since: Option<Timestamp>,
    /// Whether its instance has left the cluster.
    pub gone: bool,
}

/// What the ledger remembers of a target for good: the epoch of its stories, and which revisions were steady.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The target.
    pub target: Target,
    /// The incident that goes on, or went on last, by the time it was opened.
    pub incident: Option<Timestamp>,
    /// The last good news: nothing older opens an incident.
    pub well_at: Option<Timestamp>,
    /// The service's deployments.
    pub history: History,
    /// The container instance's agent.
    pub agent: Option<Agent>,
    /// What is done for it.
    #[serde(default)]
    pub care: Care,
}

impl TargetRecord {
    /// A target that has just been heard of.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            incident: None,
            well_at: None,
            history: History::default(),
            agent: None,
            care: Care::default(),
        }
    }
}

/// All that is remembered of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// What is kept for good.
    pub record: TargetRecord,
    /// The incident that goes on, or the last.
    pub incident: Option<Incident>,
    /// Incidents that were over before the last began, since the story was loaded: they are still to be written and
    /// told.
    pub over: Vec<Incident>,
    /// The deployments that were loaded: those that the observations are about.
    pub deployments: BTreeMap<DeploymentId, Deployment>,
}

impl Story {
    /// The story of a target that nothing is remembered of.
    pub fn new(target: Target) -> Self {
        Self::loaded(TargetRecord::new(target))
    }

    /// A story of which only the record is loaded yet.
    pub fn loaded(record: TargetRecord) -> Self {
        Self { record, incident: None, over: Vec::new(), deployments: BTreeMap::new() }
    }

    /// Every incident that the story knows, the oldest first.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.over.iter().chain(&self.incident)
    }

    /// Takes in what an event says. `now` is when it is handled, and only the time of opening depends on it.
    pub fn apply(&mut self, observation: Observation, now: Timestamp) {
        match observation {
            Observation::Failed(failure) => self.failed(*failure, now),
            Observation::Steady { at } | Observation::Healthy { at } => self.is_well(at, Ending::Steady),
            Observation::Gone { version, at } => self.gone(version, at),
            Observation::Deployment { id, step, is_rollback } => self.deployment_step(&id, step, is_rollback),
            Observation::Deploys { id, task_definition, at } => self.deploys(&id, task_definition, at),
            Observation::Agent { version, connected, at } => self.agent(version, connected, at),
        }
    }

    fn failed(&mut self, failure: Failure, now: Timestamp) {
        if let Some(id) = failure.deployment.clone() {
            let deployment = self.deployment(&id, failure.at);
            deployment.task_definition =
                deployment.task_definition.take().or(failure.task_definition.clone());
            deployment.failures.add(failure.clone());
            self.note(&id);
        }
        let is_gone = self.record.agent.is_some_and(|agent| agent.gone);
        if is_gone || self.record.well_at.is_some_and(|well_at| is_until(failure.at, well_at)) {
            return;
        }
        if !self.incident.as_ref().is_some_and(Incident::is_open) {
            let opened_at = self.next_opening(now);
            self.record.incident = Some(opened_at);
            let next = Incident::open(self.record.target.clone(), opened_at);
            self.over.extend(self.incident.replace(next));
            // The first may be in the ledger as open; those between it and the last began and ended unseen.
            if self.over.len() > MAX_OVER {
                self.over.remove(1);
            }
        }
        if let Some(incident) = &mut self.incident {
            incident.add(failure);
        }
    }

    /// Two incidents of a target never share the time that tells them apart.
    fn next_opening(&self, now: Timestamp) -> Timestamp {
        let after_last = self.record.incident.map(|last| last + SignedDuration::from_millis(1));
        after_last.map_or(now, |after_last| after_last.max(now))
    }

    fn is_well(&mut self, at: Timestamp, by: Ending) {
        self.record.well_at = self.record.well_at.max(Some(at));
        let Some(incident) = self.incident.as_mut().filter(|incident| incident.is_open()) else { return };
        if incident.failures.last_at().is_none_or(|last| is_until(last, at)) {
            incident.status = Status::Resolved { at, by };
        } else {
            incident.failures.forget_until(at);
        }
    }

    fn deployment(&mut self, id: &DeploymentId, at: Timestamp) -> &mut Deployment {
        let target = &self.record.target;
        let deployment = self
            .deployments
            .entry(id.clone())
            .or_insert_with(|| Deployment::new(target.clone(), id.clone(), at));
        deployment.first_seen_at = deployment.first_seen_at.min(at);
        deployment
    }

    fn note(&mut self, id: &DeploymentId) {
        if let Some(deployment) = self.deployments.get(id) {
            self.record.history.note(deployment);
        }
    }

    fn deployment_step(&mut self, id: &DeploymentId, step: Step, is_rollback: bool) {
        let Step { at, status, .. } = step;
        self.deployment(id, at).advance(step, is_rollback);
        self.note(id);
        self.link_rollbacks();
        // ECS completes a deployment when the service is steady on it.
        if status == DeploymentStatus::Completed {
            self.is_well(at, Ending::Steady);
        }
    }

    /// Whichever of the two events comes first, the deployment that failed knows what ECS went back to.
    fn link_rollbacks(&mut self) {
        for (left, to) in self.record.history.rolled_back() {
            if let Some(left) = self.deployments.get_mut(&left) {
                left.rolled_back_to.get_or_insert(to);
            }
        }
    }

    fn deploys(&mut self, id: &DeploymentId, task_definition: TaskDefinitionArn, at: Timestamp) {
        // Only what is a subject already: every start of every task would be a write.
        let is_unknown = self.record.history.find(id).is_some_and(|past| past.task_definition.is_none());
        if is_unknown {
            self.deployment(id, at).task_definition = Some(task_definition);
            self.note(id);
        }
    }

    fn gone(&mut self, version: u64, at: Timestamp) {
        // Version 0 is an event without one: it is not older than anything.
        if version == 0 || self.record.agent.is_none_or(|known| known.version < version) {
            self.record.agent = Some(Agent { version, away_since: None, gone: true });
            self.is_well(at, Ending::Gone);
        }
    }

    fn agent(&mut self, version: u64, connected: bool, at: Timestamp) {
        let known = self.record.agent;
        if known.is_some_and(|known| known.version >= version && known.version != 0) {
            return;
        }
        // The version is kept even while all is well: an older event that comes later must not count.
        let since = known.and_then(|known| known.away_since).unwrap_or(at);
        self.record.agent = Some(Agent { version, away_since: (!connected).then_some(since), gone: false });
        // An agent that talks is registered, and is back; it says nothing about what else is wrong with its host.
        let is_impaired = self.incident.as_ref().is_some_and(|incident| {
            incident.failures.causes().iter().any(|(cause, _)| *cause == Cause::InfrastructureImpaired)
        });
        if connected && !is_impaired {
            // A newer version ends what the agent's absence began, whatever the clocks say.
            let last = self.incident.as_ref().and_then(|incident| incident.failures.last_at());
            self.is_well(last.map_or(at, |last| at.max(last)), Ending::Steady);
        }
    }

    /// What time alone changes: a quiet incident ends, an agent that stays away has failed.
    pub fn tick(&mut self, policy: &Policy, now: Timestamp) {
        self.agent_stays_away(policy, now);
        if self.quiet_at(policy).is_none_or(|quiet_at| now < quiet_at) {
            return;
        }
        if let Some(incident) = &mut self.incident {
            incident.status = Status::Resolved { at: now, by: Ending::Quiet };
            self.record.well_at = self.record.well_at.max(incident.failures.last_at());
        }
    }

    /// When an open incident ends by itself. A host stays as it is until ECS says otherwise, or for very long.
    fn quiet_at(&self, policy: &Policy) -> Option<Timestamp> {
        let incident = self.incident.as_ref().filter(|incident| incident.is_open())?;
        let quiet = match incident.target {
            Target::ContainerInstance { .. } => policy.host_quiet,
            Target::Service { .. } | Target::Family { .. } => policy.quiet,
        };
        Some(incident.failures.last_at().unwrap_or(incident.opened_at).max(incident.opened_at) + quiet)
    }

    fn agent_stays_away(&mut self, policy: &Policy, now: Timestamp) {
        let Some(since) = self.record.agent.and_then(|agent| agent.away_since) else { return };
        let away = now.duration_since(since);
        if away < policy.agent_away || self.incident.as_ref().is_some_and(Incident::is_open) {
            return;
        }
        let Target::ContainerInstance { arn, .. } = &self.record.target else { return };
        let diagnosis = diagnosis::of_lost_agent(arn.id(), away.as_mins());
        let failure = Failure {
            fingerprint: Fingerprint::of(&[arn.as_str(), "agent", &since.to_string()]),
            version: 0,
            // Good news about something else, such as its health, does not make up for the agent.
            at: self
                .record
                .well_at
                .map_or(since, |well_at| since.max(well_at + SignedDuration::from_secs(1))),
            diagnosis,
            task: None,
            task_definition: None,
            deployment: None,
            availability_zone: None,
        };
        self.failed(failure, now);
    }

    /// When time may change something next. `None`: never, until an event comes.
    pub fn next_look(&self, policy: &Policy) -> Option<Timestamp> {
        let is_open = self.incident.as_ref().is_some_and(Incident::is_open);
        let away_since = self.record.agent.and_then(|agent| agent.away_since).filter(|_| !is_open);
        let of_incident = away_since.map(|since| since + policy.agent_away).or_else(|| self.quiet_at(policy));
        of_incident.into_iter().chain(self.record.care.look_at).min()
    }
}

#[cfg(test)]
mod tests;
