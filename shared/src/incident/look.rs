//! When remedies are to be considered for a target.
//!
//! What happened asks for a look, and good news takes the request back. What whoever looked has asked for stands until then:
//! only news ask for more. Of several requests the first holds, so that repeated and reordered events ask for the same.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Incident, Outcome, Story, Target};
use crate::config::Policy;

/// Remedies of one target are considered so often at the most, however fast its tasks fail.
pub(super) const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_secs(30);

impl Story {
    /// Asks that remedies be considered as far as the step from `before` is a reason to, and takes that back where it is
    /// good news.
    pub fn ask_for_remedies(&mut self, before: &Self, policy: &Policy, now: Timestamp) {
        for over in self.over.iter_mut().chain(&mut self.incident).filter(|incident| !incident.is_open()) {
            over.remedies.held = None;
        }
        if matches!(self.record.target, Target::ContainerInstance { .. }) {
            return self.ask_for_host(before, policy, now);
        }
        let has_stepped = self.has_stepped_since(before);
        if self.incident.as_ref().is_some_and(Incident::is_open) {
            if has_stepped || self.has_failed_since(before) {
                let next = self.record.care.looked_at.map(|looked_at| looked_at + BETWEEN_LOOKS);
                self.record.care.look_by(next.map_or(now, |next| next.max(now)));
            }
            return;
        }
        let stuck_at = self.stuck_at(policy);
        if has_stepped || stuck_at != before.stuck_at(policy) || self.has_good_news_since(before) {
            let care = &mut self.record.care;
            let acts = care.open.is_some() || care.tried.iter().any(|it| it.outcome == Outcome::Pending);
            if !acts && care.lost.is_empty() {
                care.look_at = None;
            }
            if let Some(at) = stuck_at.filter(|at| care.looked_at.is_none_or(|looked_at| looked_at < *at)) {
                care.look_by(at);
            }
        }
    }

    /// When the service's latest deployment counts as stuck, unless it has ended by then; absent where none is in
    /// progress. Tags are not known here: by an entry that selects by tags it may be stuck earlier or later.
    pub fn stuck_at(&self, policy: &Policy) -> Option<Timestamp> {
        let under_way = self.record.history.under_way()?;
        if self.record.well_at.is_some_and(|well_at| well_at >= under_way.begun_at()) {
            return None;
        }
        let rules = policy.for_target(&self.record.target, &BTreeMap::new()).rules;
        under_way.begun_at().checked_add(rules.stuck).ok()
    }

    fn has_stepped_since(&self, before: &Self) -> bool {
        self.deployments.iter().any(|(id, deployment)| {
            let known = before.deployments.get(id).and_then(|known| known.step.as_ref());
            deployment.step.is_some() && deployment.step.as_ref() != known
        })
    }

    pub(super) fn has_failed_since(&self, before: &Self) -> bool {
        let known = before.incident.as_ref();
        self.incident.as_ref().is_some_and(|incident| {
            known
                .filter(|known| known.opened_at == incident.opened_at)
                .is_none_or(|known| incident.failures.grew_since(&known.failures))
        })
    }

    fn has_good_news_since(&self, before: &Self) -> bool {
        let is_open = |story: &Self| story.incident.as_ref().is_some_and(Incident::is_open);
        self.record.well_at > before.record.well_at || (is_open(before) && !is_open(self))
    }
}
