//! When remedies are to be considered for a target.
//!
//! What happened asks for a look, and good news takes the request back. What whoever looked has asked for stands until then:
//! only news ask for more. Of several requests the first holds, so that repeated and reordered events ask for the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Incident, Outcome, PastDeployment, Story, Target};
use crate::config::Policy;
use crate::diagnosis::Cause;

/// Remedies of one target are considered so often at the most, however fast its tasks fail.
pub(super) const BETWEEN_LOOKS: SignedDuration = SignedDuration::from_secs(30);
/// What merely goes on is looked at less and less often: so seldom in the end.
const LONGEST_BETWEEN_LOOKS: SignedDuration = SignedDuration::from_mins(5);

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
                let is_same = !has_stepped && !self.has_new_cause_since(before);
                let pause = |looked_at| if is_same { self.pause_after(looked_at) } else { BETWEEN_LOOKS };
                let next = self.record.care.looked_at.map(|looked_at| looked_at + pause(looked_at));
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
            if let Some(at) = self.returns_at(policy) {
                self.record.care.look_by(at);
            }
        }
    }

    /// How long more of the same waits for another look: half as long as it had gone on at the last, so that a storm is looked at by
    /// the logarithm of its length. A deployment that began since is something else; and of standalone tasks each is one to run
    /// again.
    fn pause_after(&self, looked_at: Timestamp) -> SignedDuration {
        if !matches!(self.record.target, Target::Service { .. }) {
            return BETWEEN_LOOKS;
        }
        let opened_at = self.incident.as_ref().map(|incident| incident.opened_at);
        let deployed_at = self.record.history.deployments().iter().map(PastDeployment::begun_at).max();
        let begun_at = opened_at.max(deployed_at).unwrap_or(looked_at);
        let half = looked_at.duration_since(begun_at) / 2;
        half.clamp(BETWEEN_LOOKS, LONGEST_BETWEEN_LOOKS)
    }

    /// When the service is to return to spare capacity, or how it returned is looked at; absent where it has not left it, or while an incident goes on. Tags are
    /// not known here.
    fn returns_at(&self, policy: &Policy) -> Option<Timestamp> {
        let fallback = self.record.care.fallback.as_ref()?;
        let over = self.incident.as_ref()?.over_since()?;
        let rules = policy.for_target(&self.record.target, &BTreeMap::new()).rules;
        Some(fallback.due_at(rules.return_after, over))
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

    fn has_new_cause_since(&self, before: &Self) -> bool {
        let causes = |story: &Self| -> BTreeSet<Cause> {
            let incident = story.incident.iter().flat_map(|incident| incident.failures.causes());
            incident.map(|(cause, _)| cause).collect()
        };
        !causes(self).is_subset(&causes(before))
    }

    fn has_good_news_since(&self, before: &Self) -> bool {
        let is_open = |story: &Self| story.incident.as_ref().is_some_and(Incident::is_open);
        self.record.well_at > before.record.well_at || (is_open(before) && !is_open(self))
    }
}
