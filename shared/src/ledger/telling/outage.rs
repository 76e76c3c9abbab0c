//! Many targets of one cluster that fail together: one message for all of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::ClusterArn;
use crate::diagnosis::Cause;
use crate::incident::{Fingerprint, Incident};
use crate::notification::Subject;
use crate::redact::{Redacted, redact};

/// So many targets are told apart; of more the count is "at least".
const MAX_TARGETS: usize = 3_000;
/// So many targets are named.
const MAX_NAMES: usize = 40;

/// An outage, by the incidents that were told as a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The cluster.
    pub cluster: ClusterArn,
    /// When it was found; with the cluster its identity.
    pub since: Timestamp,
    /// What the incidents have in common: causes.
    pub causes: BTreeSet<Cause>,
    /// And zones.
    pub zones: BTreeSet<String>,
    /// Targets that fail.
    pub failing: BTreeSet<Fingerprint>,
    /// Targets that failed and are well again.
    pub over: BTreeSet<Fingerprint>,
    /// Names of the first that failed, and whether they still do.
    pub names: BTreeMap<Redacted, bool>,
    /// When the last of them was well again.
    pub resolved_at: Option<Timestamp>,
    /// How often it seemed to be over and was not.
    pub relapses: u32,
}

impl Outage {
    /// One that was just found.
    pub fn new(cluster: ClusterArn, since: Timestamp) -> Self {
        Self {
            cluster,
            since,
            causes: BTreeSet::new(),
            zones: BTreeSet::new(),
            failing: BTreeSet::new(),
            over: BTreeSet::new(),
            names: BTreeMap::new(),
            resolved_at: None,
            relapses: 0,
        }
    }

    /// What people are told of it under.
    pub fn subject(&self) -> Subject {
        Subject::Outage { cluster: self.cluster.clone(), since: self.since }
    }

    /// How many targets it had in all.
    pub fn count(&self) -> usize {
        self.failing.len() + self.over.len()
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// Takes in how an incident stands. The same again changes nothing.
    pub fn take(&mut self, incident: &Incident, now: Timestamp) {
        let member = Fingerprint::of(&[&incident.target.key()]);
        let is_new = !self.failing.contains(&member) && !self.over.contains(&member);
        if is_new && (self.count() >= MAX_TARGETS || !incident.is_open()) {
            return;
        }
        let name = redact(incident.target.name());
        if self.names.contains_key(&name) || self.names.len() < MAX_NAMES {
            self.names.insert(name, incident.is_open());
        }
        if incident.is_open() {
            self.over.remove(&member);
            self.failing.insert(member);
            if self.resolved_at.take().is_some() {
                self.relapses += 1;
            }
        } else {
            self.failing.remove(&member);
            self.over.insert(member);
            if self.failing.is_empty() && self.resolved_at.is_none() {
                self.resolved_at = Some(now);
            }
        }
    }

    /// Whether an incident was told as a part of it.
    pub fn has(&self, incident: &Incident) -> bool {
        let member = Fingerprint::of(&[&incident.target.key()]);
        self.failing.contains(&member) || self.over.contains(&member)
    }
}
