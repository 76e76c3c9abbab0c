//! Announced retirements: AWS Health says days ahead that Fargate will replace a service's tasks.
//!
//! An announcement is one by its event's ARN, whatever page or reminder brings it. It stays a part of the service's incident
//! until it is over: when a deployment that began after it has completed, when the remedy has helped, when AWS closes it, or
//! a day after AWS has begun. Good news about tasks do not end it.

use jiff::{SignedDuration, Timestamp};

use super::{
    Care, DeploymentStatus, Ending, Failure, Fingerprint, Outcome, Retirement, Status, Story, Target,
};
use crate::action::Remedy;
use crate::diagnosis::Diagnosis;

/// So long after AWS begins to replace tasks, it has.
const PASSES_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// How many announcements that are over are remembered.
const MAX_RETIRED: usize = 16;

/// What an announcement says of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The announcement: with the service its identity.
    pub event_arn: String,
    /// From when on AWS replaces the tasks itself.
    pub starts_at: Timestamp,
    /// Whether AWS says that it is over.
    pub is_closed: bool,
    /// When it was sent.
    pub at: Timestamp,
    /// What it says, for people.
    pub diagnosis: Diagnosis,
}

impl Notice {
    fn failure(self, target: &Target) -> Failure {
        Failure::symptom(fingerprint(&self.event_arn, target), self.at, self.diagnosis)
    }
}

pub(super) fn fingerprint(event_arn: &str, target: &Target) -> Fingerprint {
    Fingerprint::of(&[event_arn, "retirement", &target.key()])
}

impl Retirement {
    fn passes_at(&self) -> Timestamp {
        self.starts_at.saturating_add(PASSES_WITHIN).unwrap_or(Timestamp::MAX)
    }

    /// Of two that are known the one that begins first; of one that was heard of twice the first.
    fn first(self, other: Self) -> Self {
        if self.event_arn == other.event_arn {
            let (starts_at, heard_at) =
                (self.starts_at.min(other.starts_at), self.heard_at.min(other.heard_at));
            return Self { starts_at, heard_at, ..self };
        }
        let order = |it: &Self| (it.starts_at, it.event_arn.clone());
        if order(&self) <= order(&other) { self } else { other }
    }
}

impl Care {
    fn retire(&mut self, event_arn: String) {
        self.retired.insert(event_arn);
        while self.retired.len() > MAX_RETIRED {
            self.retired.pop_first();
        }
    }
}

impl Story {
    pub(super) fn announced(&mut self, notice: Notice, now: Timestamp) {
        let care = &mut self.record.care;
        if care.retired.contains(&notice.event_arn) {
            return;
        }
        let known = care.retirement.clone();
        let is_known = known.as_ref().is_some_and(|known| known.event_arn == notice.event_arn);
        if notice.is_closed {
            if is_known {
                self.end_retirement(notice.at, Ending::Steady);
            } else {
                care.retire(notice.event_arn);
            }
            return;
        }
        let heard = Retirement {
            event_arn: notice.event_arn.clone(),
            starts_at: notice.starts_at,
            heard_at: notice.at,
        };
        if heard.passes_at() <= now || self.is_replaced_since(notice.at) {
            if !is_known {
                self.record.care.retire(notice.event_arn);
            }
            return;
        }
        self.record.care.retirement = Some(match known {
            Some(known) => known.first(heard),
            None => heard,
        });
        let failure = notice.failure(&self.record.target);
        if let Some(incident) = self.incident.as_mut().filter(|incident| incident.is_open()) {
            if incident.failures.at_of(failure.fingerprint).is_some_and(|known| known <= failure.at) {
                return;
            }
            // It was sent first, and heard of last.
            incident.failures.forget(failure.fingerprint);
        }
        self.open_by(failure, now);
    }

    /// Ends it where a deployment that began after the notice has replaced every task.
    pub(super) fn retirement_is_overtaken(&mut self) {
        let heard_at = self.record.care.retirement.as_ref().map(|retirement| retirement.heard_at);
        let completed_at = heard_at.and_then(|heard_at| self.replaced_since(heard_at));
        if let Some(at) = completed_at {
            self.end_retirement(at, Ending::Steady);
        }
    }

    fn is_replaced_since(&self, at: Timestamp) -> bool {
        self.replaced_since(at).is_some()
    }

    fn replaced_since(&self, heard_at: Timestamp) -> Option<Timestamp> {
        let deployments = self.record.history.deployments().iter();
        deployments
            .filter(|past| past.status == Some(DeploymentStatus::Completed) && past.started_at > heard_at)
            .filter_map(|past| past.steady_since.map(|end| (past.started_at, end)))
            // Of what is only known to have ended nobody knows when it began.
            .filter_map(|(start, end)| (start < end).then_some(end))
            .min()
    }

    /// What time and remedies change: a retirement whose time has passed, or that was carried out.
    pub(super) fn retirement_passes(&mut self, now: Timestamp) {
        let Some(retirement) = &self.record.care.retirement else { return };
        let by = if self.is_carried_out(retirement) { Ending::Steady } else { Ending::Quiet };
        if self.retirement_ends_at().is_some_and(|ends_at| ends_at <= now) {
            self.end_retirement(now, by);
        }
    }

    /// When it is over by itself; a time that is over where it was carried out already.
    pub(super) fn retirement_ends_at(&self) -> Option<Timestamp> {
        let retirement = self.record.care.retirement.as_ref()?;
        Some(if self.is_carried_out(retirement) { retirement.heard_at } else { retirement.passes_at() })
    }

    fn is_carried_out(&self, retirement: &Retirement) -> bool {
        self.record.care.tried.iter().any(|tried| {
            tried.remedy == Remedy::ForceNewDeployment
                && tried.outcome == Outcome::Helped
                && tried.at >= retirement.heard_at
        })
    }

    /// The incident ends with it, unless something else is wrong.
    fn end_retirement(&mut self, at: Timestamp, by: Ending) {
        let Some(retirement) = self.record.care.retirement.take() else { return };
        let notice = fingerprint(&retirement.event_arn, &self.record.target);
        self.record.care.retire(retirement.event_arn);
        let Some(incident) = self.incident.as_mut().filter(|incident| incident.is_open()) else { return };
        if incident.failures.count() > 1 {
            incident.failures.forget(notice);
        } else if incident.failures.knows(notice) {
            incident.status = Status::Resolved { at, by };
        }
    }
}
