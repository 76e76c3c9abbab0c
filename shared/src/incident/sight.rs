//! What a look at ECS itself shows of a target, where no event tells.
//!
//! Only the first sight and the end of something abnormal change a story, and that its time is over: the same sight again
//! changes nothing. What was seen stands until it is seen no more: meanwhile its incident does not end by being quiet.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{
    DeploymentStatus, Failure, Fingerprint, MAX_TASKS, Observation, Step, Story, Target, TargetRecord,
    Unwell, hook, retirement,
};
use crate::arn::{DeploymentId, TaskArn, TaskDefinitionArn};
use crate::diagnosis;

/// A task that ECS leaves though it is not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hanging {
    /// Which.
    pub task: TaskArn,
    /// What it runs.
    pub task_definition: Option<TaskDefinitionArn>,
    /// `UNHEALTHY` or `DISCONNECTED`.
    pub how: &'static str,
}

impl TargetRecord {
    /// What no good news about tasks ends: an announced retirement, a hook that waits, and tasks that hang while ECS calls the service steady.
    pub(super) fn standing(&self) -> BTreeSet<Fingerprint> {
        let hung = self.care.unwell.iter().map(|(task, unwell)| hung(task, unwell.since));
        let hooks = self.care.waiting().map(|waiting| hook::fingerprint(&waiting.id, &self.target));
        hung.chain(self.notice()).chain(hooks).collect()
    }

    /// The announcement that an incident may hold among its failures.
    pub(super) fn notice(&self) -> Option<Fingerprint> {
        let retirement = self.care.retirement.as_ref()?;
        Some(retirement::fingerprint(&retirement.event_arn, &self.target))
    }

    /// What ends by being seen no more, or by good news, and never by being quiet.
    pub(super) fn standing_until_steady(&self) -> BTreeSet<Fingerprint> {
        let short = self.care.short_since.map(|since| short(&self.target, since));
        let stuck = self.history.under_way().map(|past| stuck(&self.target, &past.id));
        self.standing().into_iter().chain(short).chain(stuck).collect()
    }
}

fn short(target: &Target, since: Timestamp) -> Fingerprint {
    Fingerprint::of(&[&target.key(), "short", &since.to_string()])
}

fn hung(task: &TaskArn, since: Timestamp) -> Fingerprint {
    Fingerprint::of(&[task.as_str(), "hung", &since.to_string()])
}

fn stuck(target: &Target, id: &DeploymentId) -> Fingerprint {
    Fingerprint::of(&[&target.key(), "stuck", id.as_str()])
}

impl Story {
    /// Fewer tasks run than are desired, and nothing excuses it. For longer than `silent` that is an incident, unless one
    /// goes on that may say why.
    pub fn falls_short(&mut self, running: u32, desired: u32, silent: SignedDuration, now: Timestamp) {
        if self.is_explained() {
            return;
        }
        let since = *self.record.care.short_since.get_or_insert(now);
        if now.duration_since(since) >= silent {
            let diagnosis = diagnosis::of_shortfall(self.record.target.name(), running, desired, since);
            let fingerprint = short(&self.record.target, since);
            self.symptom(Failure::symptom(fingerprint, since, diagnosis), now);
        }
    }

    /// As many tasks run as are desired, or something excuses it.
    pub fn runs_enough(&mut self) {
        self.record.care.short_since = None;
    }

    /// A task runs and is not well. For longer than `hung_for` that is an incident.
    pub fn hangs(&mut self, seen: &Hanging, hung_for: SignedDuration, now: Timestamp) {
        let unwell = &mut self.record.care.unwell;
        if !unwell.contains_key(&seen.task) && unwell.len() >= MAX_TASKS {
            return;
        }
        let known =
            unwell.entry(seen.task.clone()).or_insert(Unwell { since: now, how: seen.how.to_owned() });
        if known.how != seen.how {
            seen.how.clone_into(&mut known.how);
        }
        let since = known.since;
        if now.duration_since(since) >= hung_for {
            let diagnosis = diagnosis::of_hung_task(seen.task.id(), seen.how, since);
            let failure = Failure {
                task: Some(seen.task.clone()),
                task_definition: seen.task_definition.clone(),
                ..Failure::symptom(hung(&seen.task, since), since, diagnosis)
            };
            self.symptom(failure, now);
        }
    }

    /// These tasks are gone, or well again.
    pub fn hang_no_more<'t>(&mut self, tasks: impl IntoIterator<Item = &'t TaskArn>) {
        for task in tasks {
            self.record.care.unwell.remove(task);
        }
    }

    /// A deployment has been in progress for longer than it may. That is an incident, unless one goes on that may say why.
    pub fn is_stuck(&mut self, id: &DeploymentId, since: Timestamp, now: Timestamp) {
        if self.is_explained() {
            return;
        }
        let is_known = self.record.history.find(id).is_some_and(|past| past.status.is_some());
        if !is_known {
            let step = Step { at: since, status: DeploymentStatus::InProgress, reason: None };
            self.apply(Observation::Deployment { id: id.clone(), step, is_rollback: false }, now);
        }
        let diagnosis = diagnosis::of_stuck_deployment(id.as_str(), since);
        self.symptom(Failure::symptom(stuck(&self.record.target, id), since, diagnosis), now);
    }

    /// Whether an incident goes on that may say why too few tasks run: an announcement does not, nor does a task that runs.
    fn is_explained(&self) -> bool {
        let open = self.incident.as_ref().filter(|incident| incident.is_open());
        open.is_some_and(|incident| incident.failures.knows_others_than(&self.record.standing()))
    }

    /// What is seen now is not over, whatever good news came since it began.
    fn symptom(&mut self, failure: Failure, now: Timestamp) {
        let open = self.incident.as_ref().filter(|incident| incident.is_open());
        if open.is_some_and(|incident| incident.failures.knows(failure.fingerprint)) {
            return;
        }
        let at = self.not_before_good_news(failure.at);
        self.failed(Failure { at, ..failure }, now);
    }
}
