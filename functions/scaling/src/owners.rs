//! What Application Auto Scaling owns, remembered for minutes: it hardly ever changes, and its API takes few calls.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use steward::arn::{ClusterArn, ServiceName};

/// An answer is as good as new for so long.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// Where no other comes, an answer counts for so long.
const USABLE: SignedDuration = SignedDuration::from_mins(30);

/// What Application Auto Scaling owns, as far as a process has heard.
#[derive(Debug, Default)]
pub struct Owned {
    heard: RefCell<BTreeMap<(ClusterArn, ServiceName), Heard>>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    at: Timestamp,
    is_owned: bool,
}

impl Owned {
    /// Whether a service is a scalable target; `None`: nobody knows.
    pub(crate) fn is_owned(
        &self,
        cluster: &ClusterArn,
        service: &ServiceName,
        now: Timestamp,
    ) -> Option<bool> {
        let heard = self.get(cluster, service)?;
        (now.duration_since(heard.at) < USABLE).then_some(heard.is_owned)
    }

    /// Whether to ask again.
    pub(crate) fn is_old(&self, cluster: &ClusterArn, service: &ServiceName, now: Timestamp) -> bool {
        self.get(cluster, service).is_none_or(|heard| now.duration_since(heard.at) >= FRESH)
    }

    /// Notes an answer.
    pub(crate) fn hear(&self, cluster: &ClusterArn, service: &ServiceName, is_owned: bool, at: Timestamp) {
        self.heard.borrow_mut().insert((cluster.clone(), service.clone()), Heard { at, is_owned });
    }

    fn get(&self, cluster: &ClusterArn, service: &ServiceName) -> Option<Heard> {
        self.heard.borrow().get(&(cluster.clone(), service.clone())).copied()
    }
}
