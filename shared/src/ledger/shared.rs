//! Items that belong to no target: switches, budgets, what begins to fail together.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::{ActionId, Ruling};
use crate::arn::{ClusterArn, ContainerInstanceArn};
use crate::config::Allowance;
use crate::diagnosis::Cause;
use crate::incident::Target;

/// The most openings that a cluster's item keeps, the latest: with all of a thousand services in one moment it holds still
/// enough of them to know an outage.
pub const MAX_OPENINGS: usize = 200;
/// An opening matters for so long: an outage that goes on holds back what began to fail with it.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a switch or a budget is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything that this Steward looks after: one account in one region.
    Global,
    /// A cluster.
    Cluster(ClusterArn),
    /// One target.
    Target(Target),
}

impl fmt::Display for Scope {
    /// As a part of a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Cluster(cluster) => write!(f, "cluster#{cluster}"),
            Self::Target(target) => write!(f, "target#{}", target.key()),
        }
    }
}

/// Whether changes are paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// For what.
    pub scope: Scope,
    /// Who paused it, when and why; absent: it goes on.
    pub paused: Option<Ruling>,
    /// Who let it go on last.
    #[serde(default)]
    pub resumed: Option<Ruling>,
}

/// The latest times at which an action entered a budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Whose.
    pub scope: Scope,
    /// At most as many as the allowance, in order.
    pub times: Vec<Timestamp>,
}

impl Budget {
    /// One that nothing was spent of.
    pub fn unspent(scope: Scope) -> Self {
        Self { scope, times: Vec::new() }
    }

    /// When one more may enter: `None` where that is now.
    pub fn free_at(&self, allowance: Allowance, now: Timestamp) -> Option<Timestamp> {
        allowance.free_at(&self.times, now)
    }

    /// With one more. What no window of the allowance reaches any more is forgotten.
    #[must_use]
    pub fn spent(&self, allowance: Allowance, now: Timestamp) -> Self {
        Self { scope: self.scope.clone(), times: allowance.spent(&self.times, now) }
    }
}

/// Which container instance of a cluster Steward drained last: one at a time.
///
/// It counts as long as ECS may not show yet what became of the call. From then on the instances that ECS shows as DRAINING
/// count, so nothing need be given back here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainSlot {
    /// The cluster.
    pub cluster: ClusterArn,
    /// The container instance.
    pub instance: ContainerInstanceArn,
    /// By which action.
    pub by: ActionId,
    /// Until when nobody else may drain another, whatever ECS shows.
    pub until: Timestamp,
}

/// What began to fail in a cluster of late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Openings {
    /// The cluster.
    pub cluster: ClusterArn,
    /// By time.
    pub openings: Vec<Opening>,
}

/// An incident that was opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Opening {
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub target: Target,
    /// Why.
    pub cause: Cause,
    /// In which availability zone.
    pub zone: Option<String>,
}

impl Openings {
    /// None yet.
    pub fn none(cluster: ClusterArn) -> Self {
        Self { cluster, openings: Vec::new() }
    }

    /// With these besides, and without what is too old to matter.
    #[must_use]
    pub fn with(&self, new: &[Opening], now: Timestamp) -> Self {
        let mut openings: Vec<Opening> = self
            .openings
            .iter()
            .chain(new)
            .filter(|opening| now.duration_since(opening.at) <= KEPT)
            .cloned()
            .collect();
        openings.sort();
        openings.dedup();
        let surplus = openings.len().saturating_sub(MAX_OPENINGS);
        openings.drain(..surplus);
        Self { cluster: self.cluster.clone(), openings }
    }

    /// How many targets began to fail within `within` of `at`, before or after, for one of these causes or in one of these
    /// zones: the most that share one.
    pub fn together(
        &self,
        at: Timestamp,
        within: SignedDuration,
        causes: &[Cause],
        zones: &[String],
    ) -> usize {
        let near = || self.openings.iter().filter(|opening| opening.at.duration_since(at).abs() <= within);
        let targets = |shares: &dyn Fn(&Opening) -> bool| {
            let targets: BTreeSet<&Target> =
                near().filter(|opening| shares(opening)).map(|opening| &opening.target).collect();
            targets.len()
        };
        let by_cause = causes.iter().map(|cause| targets(&|opening| opening.cause == *cause));
        let by_zone = zones.iter().map(|zone| targets(&|opening| opening.zone.as_ref() == Some(zone)));
        by_cause.chain(by_zone).max().unwrap_or_default()
    }
}
