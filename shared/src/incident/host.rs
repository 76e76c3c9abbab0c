//! What a container instance's story knows of its host: an agent that comes and goes, a drain, a warning of Spot.
//!
//! An incident whose host Steward drained goes on when the agent is back: the cluster lacks that host until it takes tasks
//! again, or is gone.

use jiff::{SignedDuration, Timestamp};

use super::look::BETWEEN_LOOKS;
use super::{Agent, Ending, Failure, Fingerprint, Incident, Outcome, Story, Target};
use crate::config::Policy;
use crate::diagnosis::{self, Cause, Diagnosis};

/// What an agent says so soon after a warning of Spot is not that all is well.
const INTERRUPTION: SignedDuration = SignedDuration::from_mins(10);

impl Story {
    pub(super) fn gone(&mut self, version: u64, at: Timestamp) {
        // Version 0 is an event without one: it is not older than anything.
        if version == 0 || self.record.agent.is_none_or(|known| known.version < version) {
            self.record.agent = Some(Agent { version, away_since: None, gone: true });
            (self.record.care.drained, self.record.care.back_since) = (None, None);
            self.host_is_well(at, Ending::Gone);
        }
    }

    pub(super) fn agent(&mut self, version: u64, connected: bool, at: Timestamp) {
        if self.is_old(version) {
            return;
        }
        let known = self.record.agent;
        // The version is kept even while all is well: an older event that comes later must not count.
        let was_away_since = known.and_then(|known| known.away_since);
        let away_since = (!connected).then_some(was_away_since.unwrap_or(at));
        self.record.agent = Some(Agent { version, away_since, gone: false });
        let care = &mut self.record.care;
        if !connected {
            care.back_since = None;
        } else if care.drained.is_some() {
            care.back_since = was_away_since.map(|_| at).or(care.back_since);
        } else {
            self.agent_is_well(at);
        }
    }

    /// Counts only where Steward drained the instance: whether it may take tasks again depends on it.
    pub(super) fn away_while_draining(&mut self, version: u64, at: Timestamp) {
        if self.record.care.drained.is_some() {
            self.agent(version, false, at);
        }
    }

    /// Whether an event of that version is older than what is known of the agent.
    fn is_old(&self, version: u64) -> bool {
        self.record.agent.is_some_and(|known| known.version >= version && known.version != 0)
    }

    /// An agent that talks is registered, and is back; it says nothing about what else is wrong with its host.
    fn agent_is_well(&mut self, at: Timestamp) {
        let is_impaired = self.incident.as_ref().is_some_and(|incident| {
            incident.failures.causes().iter().any(|(cause, _)| *cause == Cause::InfrastructureImpaired)
        });
        let until = |warned_at: Timestamp| warned_at.saturating_add(INTERRUPTION).unwrap_or(Timestamp::MAX);
        let ends_soon = self.record.care.warned_at.is_some_and(|warned_at| at < until(warned_at));
        if !is_impaired && !ends_soon {
            self.host_is_well(at, Ending::Steady);
        }
    }

    /// A newer version ends what came before it, whatever the clocks say.
    fn host_is_well(&mut self, at: Timestamp, by: Ending) {
        let last = self.incident.as_ref().and_then(|incident| incident.failures.last_at());
        self.is_well(last.map_or(at, |last| at.max(last)), by);
    }

    pub(super) fn warned(&mut self, at: Timestamp, diagnosis: Diagnosis, now: Timestamp) {
        let Target::ContainerInstance { arn, .. } = &self.record.target else { return };
        // A host is taken back once, however often that is said.
        let fingerprint = Fingerprint::of(&[arn.as_str(), "spot"]);
        if self.record.care.warned_at.is_none() {
            self.record.care.warned_at = Some(at);
            let at = self.not_before_good_news(at);
            self.failed(Failure::symptom(fingerprint, at, diagnosis), now);
        }
    }

    pub(super) fn agent_stays_away(&mut self, policy: &Policy, now: Timestamp) {
        let Some(since) = self.record.agent.and_then(|agent| agent.away_since) else { return };
        let away = now.duration_since(since);
        if away < policy.agent_away || self.incident.as_ref().is_some_and(Incident::is_open) {
            return;
        }
        let Target::ContainerInstance { arn, .. } = &self.record.target else { return };
        let diagnosis = diagnosis::of_lost_agent(arn.id(), away.as_mins());
        // Good news about something else, such as its health, does not make up for the agent.
        let at = self.not_before_good_news(since);
        let fingerprint = Fingerprint::of(&[arn.as_str(), "agent", &since.to_string()]);
        self.failed(Failure::symptom(fingerprint, at, diagnosis), now);
    }

    /// ECS was asked, and the container instance that Steward drained takes tasks: somebody let it.
    pub fn takes_tasks_again(&mut self, now: Timestamp) {
        self.record.care.drained = None;
        if self.record.agent.is_some_and(|agent| agent.away_since.is_none() && !agent.gone) {
            self.record.care.back_since = self.record.care.back_since.or(Some(now));
        }
    }

    /// A host that is back, and that takes tasks again, is well.
    pub(super) fn host_serves_again(&mut self) {
        if let Some(back_since) = self.serves_again_since() {
            self.record.care.back_since = None;
            self.agent_is_well(back_since);
        }
    }

    pub(super) fn serves_again_since(&self) -> Option<Timestamp> {
        self.record.care.back_since.filter(|_| self.record.care.drained.is_none())
    }

    /// When the remedies of a container instance are to be considered: when something fails, and when its agent has been away,
    /// or back, for as long as a flap may last.
    pub(super) fn ask_for_host(&mut self, before: &Self, policy: &Policy, now: Timestamp) {
        let has_failed = self.has_failed_since(before);
        let is_open = self.incident.as_ref().is_some_and(Incident::is_open);
        let rules = policy.for_target(&self.record.target, &std::collections::BTreeMap::new()).rules;
        let stable = |since: Timestamp| since.saturating_add(rules.stability).unwrap_or(Timestamp::MAX);
        let (agent, care) = (self.record.agent, &mut self.record.care);
        if !is_open {
            let acts = care.open.is_some() || care.tried.iter().any(|it| it.outcome == Outcome::Pending);
            if !acts {
                care.look_at = None;
            }
            return;
        }
        let soon = care.looked_at.map_or(now, |looked_at| now.max(looked_at + BETWEEN_LOOKS));
        let is_heard = agent.map(|agent| agent.version) != before.record.agent.map(|agent| agent.version);
        if has_failed || (care.drained.is_some() && is_heard) {
            care.look_by(soon);
        }
        let away_since = agent.and_then(|agent| agent.away_since);
        if let Some(since) = away_since
            && before.record.agent.and_then(|agent| agent.away_since) != Some(since)
        {
            care.look_by(stable(since));
        }
        if let Some(since) = care.back_since
            && before.record.care.back_since != Some(since)
        {
            care.look_by(stable(since));
        }
    }
}
