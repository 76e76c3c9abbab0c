//! What was found of an account, as far as a first configuration goes by it.

use std::collections::{BTreeMap, BTreeSet};

use steward::observed::Observed;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Whose it is: the account, where an ARN told it, and the Region.
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    /// By name.
    pub(super) clusters: Vec<Cluster>,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cluster {
    pub(super) name: String,
    /// Its active services that could be read, by name.
    pub(super) services: Vec<Service>,
    /// Standalone tasks of the last hour, by family.
    pub(super) families: BTreeMap<String, Family>,
    /// What could not be read, and why.
    pub(super) unread: Vec<String>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The log drivers of its containers; a container without one is `none`.
    pub(super) drivers: Observed<BTreeSet<String>>,
}

/// What decides what Steward can do for a service. Services of one kind stand together.
#[allow(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) deployed_by: DeployedBy,
    /// Whether ECS's own circuit breaker goes back after a bad deployment.
    pub(super) goes_back: bool,
    /// Whether some of its tasks run on Fargate Spot.
    pub(super) is_on_spot: bool,
    /// Whether its tasks run on hosts of the account.
    pub(super) is_on_hosts: bool,
    pub(super) is_daemon: bool,
    /// Whether Application Auto Scaling sets its number of tasks; absent where that could not be read.
    pub(super) is_scaled: Option<bool>,
}

/// Who carries out deployments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DeployedBy {
    Ecs,
    CodeDeploy,
    /// In ECS's word.
    Other(String),
}

/// Standalone tasks of one family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Family {
    pub(super) tasks: usize,
    /// `startedBy` of one of them.
    pub(super) started_by: Option<String>,
}

impl Family {
    /// Whether a timetable starts them: a rule of EventBridge, or EventBridge Scheduler.
    pub(super) fn is_scheduled(&self) -> bool {
        let starts = |by: &String| by.starts_with("events-rule/") || by.starts_with("chronos-schedule/");
        self.started_by.as_ref().is_some_and(starts)
    }
}

impl Cluster {
    /// Its services, kind by kind.
    pub(super) fn kinds(&self) -> BTreeMap<&Kind, Vec<&str>> {
        let mut kinds: BTreeMap<&Kind, Vec<&str>> = BTreeMap::new();
        for service in &self.services {
            kinds.entry(&service.kind).or_default().push(&service.name);
        }
        kinds
    }

    pub(super) fn has_hosts(&self) -> bool {
        self.services.iter().any(|service| service.kind.is_on_hosts)
    }
}

impl Found {
    /// All that could not be read.
    pub(super) fn unread(&self) -> impl Iterator<Item = &str> {
        self.clusters.iter().flat_map(|cluster| &cluster.unread).map(String::as_str)
    }
}
