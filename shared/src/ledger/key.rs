//! What items are called: the owner's letter first, so that roles can be held apart by leading keys.

use std::fmt;

use jiff::Timestamp;

use super::{Owner, Scope};
use crate::action::ActionId;
use crate::arn::{ClusterArn, DeploymentId};
use crate::batch::{JobName, RunId, Slot};
use crate::incident::Target;
use crate::notification::Subject;

/// The name of an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// `r#TARGET#target`.
    pub fn target(target: &Target) -> Self {
        Self(format!("r#TARGET#{}", target.key()))
    }

    /// `r#INCIDENT#target#opened_at`.
    pub fn incident(target: &Target, opened_at: Timestamp) -> Self {
        Self(format!("r#INCIDENT#{}#{opened_at}", target.key()))
    }

    /// What the keys of all incidents begin with.
    pub const INCIDENTS: &str = "r#INCIDENT#";
    /// What the keys of all actions begin with.
    pub const ACTIONS: &str = "r#ACTION#";

    /// What the keys of a target's incidents begin with.
    pub fn incidents_of(target: &Target) -> String {
        format!("{}{}#", Self::INCIDENTS, target.key())
    }

    /// The beginning of the keys of actions whose ids begin with `digits`.
    pub fn actions_from(digits: &str) -> String {
        format!("{}{digits}", Self::ACTIONS)
    }

    /// The action whose key it is.
    pub fn as_action(&self) -> Option<ActionId> {
        ActionId::parse(self.0.strip_prefix(Self::ACTIONS)?)
    }

    /// `r#DEPLOYMENT#service#id`.
    pub fn deployment(service: &Target, id: &DeploymentId) -> Self {
        Self(format!("r#DEPLOYMENT#{}#{id}", service.key()))
    }

    /// `x#NEWS#subject`.
    pub fn news(subject: &Subject) -> Self {
        Self(format!("x#NEWS#{}", subject.key()))
    }

    /// `r#ACTION#id`.
    pub fn action(id: &ActionId) -> Self {
        Self(format!("r#ACTION#{id}"))
    }

    /// `r#PATROL#cluster`.
    pub fn patrol(cluster: &ClusterArn) -> Self {
        Self(format!("r#PATROL#{cluster}"))
    }

    /// Whether it is a patrol's.
    pub fn is_patrol(&self) -> bool {
        self.0.starts_with("r#PATROL#")
    }

    /// `x#SWITCH#global`, or `x#SWITCH#cluster`.
    pub fn switch(scope: &Scope) -> Self {
        Self(format!("x#SWITCH#{scope}"))
    }

    /// `x#BUDGET#scope`.
    pub fn budget(scope: &Scope) -> Self {
        Self(format!("x#BUDGET#{scope}"))
    }

    /// `x#CLUSTER#arn`.
    pub fn cluster(cluster: &ClusterArn) -> Self {
        Self(format!("x#CLUSTER#{cluster}"))
    }

    /// `r#DRAIN#cluster`.
    pub fn drain_slot(cluster: &ClusterArn) -> Self {
        Self(format!("r#DRAIN#{cluster}"))
    }

    /// `n#THREAD#subject`.
    pub fn thread(subject: &Subject) -> Self {
        Self(format!("n#THREAD#{}", subject.key()))
    }

    /// `n#CHANNEL#name`.
    pub fn channel(name: &str) -> Self {
        Self(format!("n#CHANNEL#{name}"))
    }

    /// `n#HELDBACK#name`: what a channel was not told, apart from what is read with every alert.
    pub fn held_back(name: &str) -> Self {
        Self(format!("n#HELDBACK#{name}"))
    }

    /// `n#OUTAGE#cluster`.
    pub fn outage(cluster: &ClusterArn) -> Self {
        Self(format!("n#OUTAGE#{cluster}"))
    }

    /// `n#RECENT#target`.
    pub fn recent(target: &Target) -> Self {
        Self(format!("n#RECENT#{}", target.key()))
    }

    /// `x#SILENCES`: one item, for it is read with every alert, and IAM would not let a query be held to it.
    pub fn silences() -> Self {
        Self("x#SILENCES".to_owned())
    }

    /// `b#JOB#job`.
    pub fn job(job: &JobName) -> Self {
        Self(format!("b#JOB#{job}"))
    }

    /// `b#RUN#job#slot`.
    pub fn run(run: &RunId) -> Self {
        Self(format!("b#RUN#{}#{}", run.job, run.slot))
    }

    /// `b#UNIT#job#slot#index`.
    pub fn unit(run: &RunId, index: u32) -> Self {
        Self(format!("b#UNIT#{}#{}#{index}", run.job, run.slot))
    }

    /// The run or the unit, with its index, whose key it is.
    pub fn as_run(&self) -> Option<(RunId, Option<u32>)> {
        let mut parts = self.0.strip_prefix("b#")?.split('#');
        let (kind, job, slot) = (parts.next()?, parts.next()?, parts.next()?);
        let run = RunId { job: JobName::parse(job)?, slot: Slot::parse(slot)? };
        match kind {
            "RUN" => Some((run, None)),
            "UNIT" => Some((run, Some(parts.next()?.parse().ok()?))),
            _ => None,
        }
    }

    /// The job whose key it is.
    pub fn as_job(&self) -> Option<JobName> {
        JobName::parse(self.0.strip_prefix("b#JOB#")?)
    }

    /// `b#TROUBLE#job#opened_at`.
    pub fn trouble(job: &JobName, opened_at: Timestamp) -> Self {
        Self(format!("b#TROUBLE#{job}#{opened_at}"))
    }

    /// `b#CLOCK#shard`.
    pub fn clock(shard: u32) -> Self {
        Self(format!("b#CLOCK#{shard}"))
    }

    /// `b#RATE#kind`: launches on demand, on Spot, or on anything else.
    pub fn launches(kind: &str) -> Self {
        Self(format!("b#RATE#{kind}"))
    }

    /// `s#SCALER#target`.
    pub fn scaler(target: &Target) -> Self {
        Self(format!("s#SCALER#{}", target.key()))
    }

    /// `s#TROUBLE#target#opened_at`.
    pub fn scaler_trouble(target: &Target, opened_at: Timestamp) -> Self {
        Self(format!("s#TROUBLE#{}#{opened_at}", target.key()))
    }

    /// `s#LOOP#shard`: who evaluates the scalers of a shard, for a minute.
    pub fn scaling_loop(shard: u32) -> Self {
        Self(format!("s#LOOP#{shard}"))
    }

    /// The item of a subject itself.
    pub fn subject(subject: &Subject) -> Self {
        match subject {
            Subject::Incident { target, opened_at } => Self::incident(target, *opened_at),
            Subject::Deployment { service, id } => Self::deployment(service, id),
            Subject::Outage { cluster, .. } => Self::outage(cluster),
            Subject::Channel { channel, .. } => Self::channel(channel),
            Subject::Digest { channel } => Self::held_back(channel),
            Subject::Job { job, opened_at } => Self::trouble(job, *opened_at),
            Subject::Scaler { target, opened_at } => Self::scaler_trouble(target, *opened_at),
        }
    }

    /// A key as it was read from a table.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether the item belongs to `owner`.
    pub fn belongs_to(&self, owner: Owner) -> bool {
        self.0.starts_with(owner.prefix())
    }

    /// Whose item it is; `None` for an owner of a newer version.
    pub fn owner(&self) -> Option<Owner> {
        Owner::ALL.into_iter().find(|owner| self.belongs_to(*owner))
    }

    /// The key's text: the partition key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
