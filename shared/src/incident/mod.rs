//! One story for one target: opened by failures, updated, resolved.
//!
//! [`Story`] is all that is remembered of one target, and the transitions on it are pure: [`Story::apply`] for what an
//! event says, [`Story::tick`] for what time says, [`Story::ask_for_remedies`] for when remedies are to be considered.
//! Repeated, late and reordered events change nothing: failures are a set by fingerprint, and what is older than the last
//! good news opens nothing.

mod capacity;
mod care;
mod deed;
mod deployment;
mod failures;
mod held;
mod history;
mod hook;
mod host;
mod look;
mod lost;
mod observation;
mod opening;
mod retirement;
mod revision;
mod sight;
mod starter;
mod story;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use capacity::{Fallback, Limit, Returned};
pub use care::{Care, Drained, Lost, MAX_TASKS, Note, Outcome, Remedies, Retirement, Tried, Unwell};
pub use deed::{Act, Deed};
pub use deployment::{Deployment, DeploymentStatus, Step};
pub use failures::{Failure, Failures, Fingerprint, MAX_FAILURES};
pub use held::{Held, Why};
pub use history::{History, PastDeployment, Stopped};
pub use hook::{Evidence, Hook, HookEnd, HookOver};
pub use observation::Observation;
pub use opening::Began;
pub use retirement::Notice;
pub use revision::{Image, Revision, short_reference};
pub use sight::Hanging;
pub use starter::Starter;
pub use story::Story;
pub use target::Target;

use crate::action::Action;
use crate::arn::DeploymentId;
use crate::diagnosis::{Cause, Kind};
use crate::notification::Subject;

/// Whether something happened until `end`. Failures are remembered to the second, so seconds are compared: what
/// happened in the same second as good news is over.
fn is_until(at: Timestamp, end: Timestamp) -> bool {
    at.as_second() <= end.as_second()
}

/// How many deployments an incident names.
const MAX_DEPLOYMENTS: usize = 8;
/// Counts at which an incident that goes on is worth telling again.
const MILESTONES: [usize; 6] = [3, 10, 30, 100, 300, MAX_FAILURES];

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
    /// The deployment that waited was answered, or its time ran out.
    Answered,
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// From the first to the last time at which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

impl Span {
    /// A single moment.
    pub fn at(at: Timestamp) -> Self {
        Self { first_at: at, last_at: at }
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
    /// Good news before it: what failed until then belongs to an earlier one.
    #[serde(default)]
    pub after: Option<Timestamp>,
    /// What failed.
    pub failures: Failures,
    /// The deployments that failed tasks belong to, the last eight by id, and when they failed.
    pub deployments: BTreeMap<DeploymentId, Span>,
    /// What is done about it, and what is not.
    #[serde(default)]
    pub remedies: Remedies,
    /// How often it seemed to be over and was not.
    #[serde(default)]
    pub relapses: u32,
    /// Deployments that wait for an answer, or waited: the latest eight, the first first.
    #[serde(default)]
    pub hooks: Vec<Hook>,
    /// Who did what, as far as a trail tells: the latest six, the first first.
    #[serde(default)]
    pub deeds: Vec<Deed>,
}

impl Incident {
    fn open(target: Target, opened_at: Timestamp, after: Option<Timestamp>) -> Self {
        Self {
            target,
            opened_at,
            status: Status::Open,
            after,
            failures: Failures::default(),
            deployments: BTreeMap::new(),
            remedies: Remedies::default(),
            relapses: 0,
            hooks: Vec::new(),
            deeds: Vec::new(),
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

    /// Leaves what failed until good news, and answers what failed since, and of which deployments.
    fn part(&mut self, at: Timestamp) -> (Failures, BTreeMap<DeploymentId, Span>) {
        let since = self.failures.split_off(at);
        let next_at = since.first_at().unwrap_or(at);
        let named = self.deployments.iter().filter(|(_, span)| !is_until(span.last_at, at));
        let named =
            named.map(|(id, span)| (id.clone(), Span { first_at: span.first_at.max(next_at), ..*span }));
        let named = named.collect();
        self.deployments.retain(|_, span| is_until(span.first_at, at));
        (since, named)
    }

    /// Takes a failure in. False where it is known already, or not kept.
    fn add(&mut self, failure: Failure) -> bool {
        if let Some(deployment) = failure.deployment.clone() {
            let span = self.deployments.entry(deployment).or_insert(Span::at(failure.at));
            *span = Span { first_at: span.first_at.min(failure.at), last_at: span.last_at.max(failure.at) };
            while self.deployments.len() > MAX_DEPLOYMENTS {
                self.deployments.pop_first();
            }
        }
        let fingerprint = failure.fingerprint;
        self.failures.add(failure) && self.failures.knows(fingerprint)
    }

    /// Whether the step from `before` is worth telling: a beginning, an end, a new cause, a milestone of the count; and that
    /// what is left is of little weight.
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
            || (self.severity() == Severity::Info && before.severity() > Severity::Info)
            // What is over and came from something else than was said.
            || (!self.is_open() && self.failures.leading_cause() != before.failures.leading_cause())
            || self.remedies.is_news_since(&before.remedies)
            || self.told_of_hooks() != before.told_of_hooks()
            || (self.is_open() && self.deeds != before.deeds)
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
    /// Who did what to it, as far as a trail tells: the latest sixteen, the first first.
    #[serde(default)]
    pub deeds: Vec<Deed>,
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
            deeds: Vec::new(),
        }
    }

    /// Notes how an action of the target stands, and what it did.
    pub fn note(&mut self, action: &Action) {
        self.care.note(action);
        self.history.carried_out(action);
    }
}

#[cfg(test)]
mod tests;
