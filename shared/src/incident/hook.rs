//! Pause hooks: a deployment that waits for a person's word.
//!
//! ECS gives each waiting hook an id and says so once (`HOOK_AWAITING_ACTION`). The hook stays a part of the service's incident
//! until it was answered, by whomever, or its time ran out: good news about tasks do not end it. What is said of it again, late or in
//! another order, changes nothing: a hook that is over waits no more.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Care, Ending, Failure, Failures, Fingerprint, Incident, Status, Story, Target, TargetRecord};
use crate::action::{Action, Call, State};
use crate::arn::{ServiceDeploymentArn, TaskDefinitionArn};
use crate::diagnosis::{self, Cause, Diagnosis};
use crate::ecs::{HookAnswer, LifecycleHook};
use crate::redact::{Redacted, redact};

/// A hook that waits is looked at so often: only ECS itself says that somebody answered it in the console.
const LOOKED_AT: SignedDuration = SignedDuration::from_mins(5);
/// One that was answered by Steward, or whose time has run out, is looked at sooner.
const LOOKED_AT_SOON: SignedDuration = SignedDuration::from_mins(1);
/// How many hooks of a service are remembered, those that are over included.
const MAX_HOOKS: usize = 32;
/// How many hooks an incident tells.
const MAX_TOLD: usize = 8;
/// How many causes the evidence names.
const MAX_CAUSES: usize = 3;

/// A pause hook of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// `hookId`: what `ContinueServiceDeployment` must name.
    pub id: String,
    /// The deployment that waits.
    pub service_deployment: ServiceDeploymentArn,
    /// Where it stands, in ECS's word, such as `POST_TEST_TRAFFIC_SHIFT`.
    pub stage: Option<String>,
    /// Since when it waits.
    pub since: Timestamp,
    /// When ECS goes on without an answer. By default a day after it began.
    pub expires_at: Option<Timestamp>,
    /// What ECS does then.
    pub timeout_action: Option<HookAnswer>,
    /// How the new revision does, as it was seen last.
    pub evidence: Option<Evidence>,
    /// Whether people were asked, or told why they are not.
    pub is_shown: bool,
    /// What a person answered through Steward, and who, until it is carried out.
    pub answer: Option<(HookAnswer, String)>,
    /// How it ended; absent while it waits.
    pub over: Option<HookOver>,
}

/// How a hook ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookOver {
    /// When that became known.
    pub at: Timestamp,
    /// How.
    pub how: HookEnd,
    /// Who answered, where that is known.
    pub by: Option<Redacted>,
}

/// What became of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookEnd {
    /// Somebody let the deployment go on.
    Continued,
    /// Somebody let it go back.
    RolledBack,
    /// Nobody answered in time, and ECS did what was set for that.
    TimedOut,
    /// The deployment ended otherwise.
    Ended,
}

/// What tells whether the new revision is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The new revision, where that is known.
    pub revision: Option<TaskDefinitionArn>,
    /// How many of its tasks run, and of how many; absent: not known.
    pub running: Option<(u32, u32)>,
    /// How many of its tasks failed, as far as was heard; absent: could not be read.
    pub failed: Option<usize>,
    /// What most of them failed of.
    pub causes: Vec<(Cause, usize)>,
}

impl Evidence {
    /// Takes in what is known of the new revision's failures.
    pub fn count(&mut self, failures: Option<&Failures>) {
        self.failed = Some(failures.map_or(0, Failures::count));
        self.causes = failures.map(Failures::causes).unwrap_or_default();
        self.causes.truncate(MAX_CAUSES);
    }
}

impl Hook {
    /// A hook of which ECS says that it waits.
    pub fn new(id: String, service_deployment: ServiceDeploymentArn, since: Timestamp) -> Self {
        Self {
            id,
            service_deployment,
            stage: None,
            since,
            expires_at: None,
            timeout_action: None,
            evidence: None,
            is_shown: false,
            answer: None,
            over: None,
        }
    }

    /// Whether it still waits, as far as is known.
    pub fn waits(&self) -> bool {
        self.over.is_none()
    }

    fn looked_at(&self, now: Timestamp) -> Timestamp {
        let is_soon = self.answer.is_some() || self.expires_at.is_some_and(|ends| ends <= now);
        let at = now.saturating_add(if is_soon { LOOKED_AT_SOON } else { LOOKED_AT }).unwrap_or(now);
        // At its end, and not minutes later, it is known what ECS did.
        self.expires_at.filter(|ends| *ends > now).map_or(at, |ends| at.min(ends))
    }

    /// Of two that say the same hook waits, what either knows.
    fn merge(&mut self, other: &Self) {
        self.since = self.since.min(other.since);
        self.stage = self.stage.take().or_else(|| other.stage.clone());
        self.expires_at = self.expires_at.or(other.expires_at);
        self.timeout_action = self.timeout_action.or(other.timeout_action);
    }
}

pub(super) fn fingerprint(hook: &str, target: &Target) -> Fingerprint {
    Fingerprint::of(&[hook, "hook", &target.key()])
}

impl Care {
    /// Hooks that wait, the first first.
    pub fn waiting(&self) -> impl Iterator<Item = &Hook> {
        let mut waiting: Vec<&Hook> = self.hooks.values().filter(|hook| hook.waits()).collect();
        waiting.sort_by_key(|hook| (hook.since, &hook.id));
        waiting.into_iter()
    }

    /// When a hook that waits must be looked at next.
    pub fn hook_looked_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.waiting().map(|hook| hook.looked_at(now)).min()
    }

    /// Notes that people were asked, and what they answered.
    pub(super) fn note_answer(&mut self, action: &Action) {
        let Call::ContinueServiceDeployment { hook, answer, .. } = &action.plan.call else { return };
        let Some(known) = self.hooks.get_mut(hook).filter(|hook| hook.waits()) else { return };
        known.is_shown = true;
        let is_given_up = matches!(action.state, State::Withdrawn { .. } | State::Failed { .. });
        let ruling = action.approved.as_ref().filter(|_| !is_given_up);
        known.answer = ruling.map(|ruling| (*answer, ruling.by.clone()));
    }

    fn remember(&mut self, hook: Hook) {
        self.hooks.insert(hook.id.clone(), hook);
        while self.hooks.len() > MAX_HOOKS {
            let oldest = self.hooks.values().min_by_key(|hook| (hook.waits(), hook.since, hook.id.clone()));
            let Some(oldest) = oldest.map(|hook| hook.id.clone()) else { return };
            self.hooks.remove(&oldest);
        }
    }
}

impl TargetRecord {
    /// Notes how the new revision does, and that people are shown the hook: what its incident tells follows.
    pub fn see_hook(
        &mut self,
        incident: Option<&mut Incident>,
        id: &str,
        evidence: Evidence,
        is_shown: bool,
    ) {
        let Some(hook) = self.care.hooks.get_mut(id) else { return };
        hook.evidence = Some(evidence);
        hook.is_shown |= is_shown;
        if let Some(incident) = incident.filter(|incident| incident.is_open()) {
            incident.tell_hook(hook);
        }
    }
}

impl Incident {
    fn tell_hook(&mut self, hook: &Hook) {
        match self.hooks.iter_mut().find(|told| told.id == hook.id) {
            Some(told) => told.clone_from(hook),
            None => self.hooks.push(hook.clone()),
        }
        self.hooks.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
        let surplus = self.hooks.len().saturating_sub(MAX_TOLD);
        self.hooks.drain(..surplus);
    }

    /// Hooks that wait, the first first.
    pub fn waiting(&self) -> impl DoubleEndedIterator<Item = &Hook> {
        self.hooks.iter().filter(|hook| hook.waits())
    }

    /// Whether nothing has failed: a deployment waits, and that is all.
    pub fn only_waits(&self) -> bool {
        self.failures.causes().iter().all(|(cause, _)| *cause == Cause::AwaitsAnswer)
    }

    /// What is worth telling of its hooks.
    pub(super) fn told_of_hooks(&self) -> Vec<(&str, bool, bool)> {
        let of = |hook: &'_ Hook| (hook.waits(), hook.evidence.is_some());
        self.hooks.iter().map(|hook| (hook.id.as_str(), of(hook).0, of(hook).1)).collect()
    }
}

impl Story {
    /// A look at ECS shows a hook that waits, of which no event was heard. `now` stands in for the time at which it began.
    pub fn finds_hook(
        &mut self,
        hook: &LifecycleHook,
        service_deployment: &ServiceDeploymentArn,
        stage: Option<&str>,
        now: Timestamp,
    ) {
        if self.record.care.hooks.contains_key(&hook.id) {
            return;
        }
        let found = Hook {
            stage: stage.map(str::to_owned),
            expires_at: hook.expires_at,
            timeout_action: hook.timeout_action,
            ..Hook::new(hook.id.clone(), service_deployment.clone(), now)
        };
        self.hook_waits(found, diagnosis::of_waiting_hook(hook, stage), now);
    }

    /// ECS says that a hook waits.
    pub(super) fn hook_waits(&mut self, hook: Hook, diagnosis: Diagnosis, now: Timestamp) {
        let (id, since) = (hook.id.clone(), hook.since);
        if let Some(known) = self.record.care.hooks.get_mut(&id) {
            known.merge(&hook);
            self.tell_hook(&id);
            return;
        }
        // ECS has acted by itself: there is nothing to answer, and the deployment tells.
        if hook.expires_at.is_some_and(|ends| ends <= now) {
            return;
        }
        self.record.care.remember(hook);
        let fingerprint = fingerprint(&id, &self.record.target);
        self.open_by(Failure::symptom(fingerprint, since, diagnosis), now);
        self.tell_hook(&id);
    }

    /// A trail has somebody's answer to a hook, which may not have been heard of yet.
    pub(super) fn hook_answered(
        &mut self,
        id: &str,
        service_deployment: ServiceDeploymentArn,
        answer: HookAnswer,
        by: Option<Redacted>,
        at: Timestamp,
    ) {
        let how = match answer {
            HookAnswer::Continue => HookEnd::Continued,
            HookAnswer::Rollback => HookEnd::RolledBack,
        };
        let hooks = &mut self.record.care.hooks;
        match hooks.get_mut(id) {
            None => {
                let stub = Hook::new(id.to_owned(), service_deployment, at);
                self.record.care.remember(Hook { over: Some(HookOver { at, how, by }), ..stub });
            }
            Some(Hook { over: Some(over), .. }) => {
                // ECS says that it is over, and the trail by whom.
                if over.by.is_none() {
                    over.by = by;
                }
                over.how = how;
                self.tell_hook(id);
            }
            Some(_) => self.hook_over(id, HookOver { at, how, by }),
        }
    }

    /// A hook waits no more. Whoever answered through Steward did it, whatever name the trail has for Steward.
    pub fn hook_over(&mut self, id: &str, over: HookOver) {
        let Some(hook) = self.record.care.hooks.get_mut(id).filter(|hook| hook.waits()) else { return };
        let by_steward = hook.answer.take().map(|(_, by)| redact(&by));
        let at = over.at;
        hook.over = Some(HookOver { by: by_steward.or(over.by), ..over });
        self.tell_hook(id);
        let fingerprint = fingerprint(id, &self.record.target);
        let Some(incident) = self.incident.as_mut().filter(|incident| incident.is_open()) else { return };
        if !incident.failures.knows(fingerprint) {
            return;
        }
        if incident.failures.count() > 1 {
            incident.failures.forget(fingerprint);
        } else {
            incident.status = Status::Resolved { at, by: Ending::Answered };
        }
    }

    fn tell_hook(&mut self, id: &str) {
        let Some(hook) = self.record.care.hooks.get(id) else { return };
        let Some(incident) = &mut self.incident else { return };
        // What is over is told where it was told that it waits.
        let is_told = incident.hooks.iter().any(|told| told.id == id);
        if is_told || (incident.is_open() && hook.waits()) {
            incident.tell_hook(hook);
        }
    }
}
