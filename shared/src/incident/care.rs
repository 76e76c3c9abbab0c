//! What is done for a target, as far as its own record and its incident know of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cause, Fallback, Held, Hook, Limit, TargetRecord};
use crate::action::{Action, ActionId, Because, Epoch, Remedy, Ruling, State, Verdict};
use crate::arn::{TaskArn, TaskDefinitionArn};
use crate::redact::{Redacted, redact};

/// How many remedies of a target are remembered.
const MAX_TRIED: usize = 32;
/// How many tasks of a target are remembered as lost, or as hanging.
pub const MAX_TASKS: usize = 100;
/// How many actions an incident names.
const MAX_NOTES: usize = 8;

/// What remediation does for a target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Care {
    /// Counts the claims of the target's lock.
    pub epoch: Epoch,
    /// The action that holds the lock.
    pub open: Option<ActionId>,
    /// What was tried, the latest last.
    pub tried: Vec<Tried>,
    /// When remedies are to be considered next; absent: when something new is heard.
    pub look_at: Option<Timestamp>,
    /// When they were considered last.
    pub looked_at: Option<Timestamp>,
    /// An announced retirement of the service's tasks.
    pub retirement: Option<Retirement>,
    /// Announced retirements that are over, by their event's ARN, for reminders that come late.
    #[serde(default)]
    pub retired: BTreeSet<String>,
    /// Tasks that are unhealthy or disconnected though ECS leaves them.
    pub unwell: BTreeMap<TaskArn, Unwell>,
    /// Since when fewer tasks run than are desired, with no word of why.
    pub short_since: Option<Timestamp>,
    /// Standalone tasks that were lost and that nothing replaces, the first lost first.
    pub lost: Vec<Lost>,
    /// Revisions that actions registered, of those that were tried: one that is taken up again registers no other.
    #[serde(default)]
    pub registered: BTreeMap<ActionId, TaskDefinitionArn>,
    /// That Steward drained the container instance, which has not taken tasks since.
    #[serde(default)]
    pub drained: Option<Drained>,
    /// Since when the agent of the container instance that Steward drained is connected again.
    #[serde(default)]
    pub back_since: Option<Timestamp>,
    /// When EC2 warned that it takes the container instance's host back.
    #[serde(default)]
    pub warned_at: Option<Timestamp>,
    /// Hooks of the service's deployments, by their ids: those that wait, and those that were over last.
    #[serde(default)]
    pub hooks: BTreeMap<String, Hook>,
    /// That Steward moved the service from spare to on-demand capacity, until it has returned for good.
    #[serde(default)]
    pub fallback: Option<Fallback>,
    /// The ceiling that Steward put on the service's desired count.
    #[serde(default)]
    pub limited: Option<Limit>,
}

/// That Steward drained a container instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    /// By which action.
    pub by: ActionId,
    /// When that became known.
    pub at: Timestamp,
    /// Whether Spot took its host back: then it never takes tasks again.
    pub is_of_spot: bool,
}

/// A remedy that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Its action.
    pub id: ActionId,
    /// What kind.
    pub remedy: Remedy,
    /// When it was claimed.
    pub at: Timestamp,
    /// For which incident, by the time that was opened.
    pub incident: Timestamp,
    /// For which revision.
    pub revision: Option<TaskDefinitionArn>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is being carried out, or has not had its time yet.
    Pending,
    /// The target was well again.
    Helped,
    /// The target was not well again in time.
    DidNotHelp,
    /// ECS refused it.
    Refused,
    /// Nobody knows whether it took effect.
    Unknown,
    /// It was given up before the call.
    Withdrawn,
}

/// AWS Health announces that Fargate will replace a service's tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// The announcement: with the service its identity.
    pub event_arn: String,
    /// From when on AWS replaces them itself.
    pub starts_at: Timestamp,
    /// When it was first heard of.
    pub heard_at: Timestamp,
}

/// A task that hangs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwell {
    /// Since when it was seen so.
    pub since: Timestamp,
    /// `UNHEALTHY` or `DISCONNECTED`.
    pub how: String,
}

/// A standalone task that was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Which.
    pub task: TaskArn,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
}

impl Care {
    /// Notes how an action stands: the lock, and what was tried.
    pub fn note(&mut self, action: &Action) {
        let id = &action.plan.id;
        if action.state.holds_lock() {
            self.open = Some(id.clone());
            self.epoch = self.epoch.max(action.epoch);
        } else if self.open.as_ref() == Some(id) {
            self.open = None;
        }
        self.note_host(action);
        self.note_answer(action);
        self.note_set(action);
        let Some(at) = action.claimed_at else { return };
        self.tried.retain(|tried| tried.id != *id);
        self.tried.push(Tried {
            id: id.clone(),
            remedy: action.plan.remedy,
            at,
            incident: action.plan.incident,
            revision: action.plan.revision.clone(),
            outcome: Outcome::of(action),
        });
        self.tried.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        let surplus = self.tried.len().saturating_sub(MAX_TRIED);
        self.tried.drain(..surplus);
        if let Some(registered) = &action.registered {
            self.registered.insert(id.clone(), registered.clone());
        }
        let tried = &self.tried;
        self.registered.retain(|id, _| tried.iter().any(|tried| tried.id == *id));
    }

    /// Notes that a container instance was drained, or takes tasks again: once, when that becomes known. What came of it later
    /// says nothing of how it is then.
    fn note_host(&mut self, action: &Action) {
        let (State::Confirmed { at, .. }, None) = (&action.state, action.verdict) else { return };
        match action.plan.remedy {
            Remedy::DrainInstance => {
                let (by, is_of_spot) = (action.plan.id.clone(), action.plan.is_of_spot());
                self.drained = Some(Drained { by, at: *at, is_of_spot });
                self.back_since = None;
            }
            Remedy::ActivateInstance => self.drained = None,
            _ => {}
        }
    }

    /// Asks that remedies be considered at `at`, or before.
    pub fn look_by(&mut self, at: Timestamp) {
        self.look_at = Some(self.look_at.map_or(at, |known| known.min(at)));
    }

    /// Whether there is nothing to know.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl TargetRecord {
    /// What was tried that took, or may have taken, effect: the latest last.
    pub fn effects(&self) -> impl DoubleEndedIterator<Item = &Tried> {
        self.care.tried.iter().filter(|tried| tried.outcome != Outcome::Withdrawn)
    }
}

impl Outcome {
    fn of(action: &Action) -> Self {
        match (&action.state, action.verdict) {
            (State::Withdrawn { .. }, _) => Self::Withdrawn,
            (State::Failed { .. }, _) => Self::Refused,
            (State::Unknown { .. }, _) => Self::Unknown,
            (State::Confirmed { .. }, Some(Verdict::Helped { .. })) => Self::Helped,
            (State::Confirmed { .. }, Some(Verdict::DidNotHelp { .. })) => Self::DidNotHelp,
            (State::Proposed { .. } | State::Planned | State::Issued { .. } | State::Confirmed { .. }, _) => {
                Self::Pending
            }
        }
    }
}

/// What an incident says of an action: enough to tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Which.
    pub id: ActionId,
    /// What kind.
    pub remedy: Remedy,
    /// What it does, such as "UpdateService api to api:41".
    pub call: Redacted,
    /// Why.
    pub because: Because,
    /// Whether infrastructure-as-code then still names what was there before.
    pub changes_definition: bool,
    /// What was there before, where the action goes by it.
    #[serde(default)]
    pub was: Option<TaskDefinitionArn>,
    /// Who allowed it, where the mode asks a person.
    #[serde(default)]
    pub approved: Option<Ruling>,
    /// Who said whether it took effect, where nobody else could know.
    #[serde(default)]
    pub settled: Option<Ruling>,
    /// Where it stands.
    pub state: State,
    /// What came of it.
    pub verdict: Option<Verdict>,
}

impl Note {
    /// What people are to know of an action.
    pub fn of(action: &Action) -> Self {
        let plan = &action.plan;
        Self {
            id: plan.id.clone(),
            remedy: plan.remedy,
            call: redact(&plan.call.to_string()),
            because: plan.because.clone(),
            // What returns is as it is described.
            changes_definition: plan.call.changes_definition() && !plan.remedy.follows_incident(),
            was: if plan.call.sets_capacity() {
                None
            } else {
                plan.revision.clone().or_else(|| plan.precondition.task_definition.clone())
            },
            approved: action.approved.clone(),
            settled: action.settled.clone(),
            state: action.state.clone(),
            verdict: action.verdict,
        }
    }
}

/// What an incident says of remedies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Remedies {
    /// The latest eight actions, the latest last.
    pub notes: Vec<Note>,
    /// Why nothing more is done.
    pub held: Option<Held>,
    /// Proposals that a person turned down: they are not made again.
    #[serde(default)]
    pub rejected: BTreeMap<ActionId, Ruling>,
}

impl Remedies {
    /// Takes in how an action stands.
    pub fn note(&mut self, note: Note) {
        match self.notes.iter_mut().find(|known| known.id == note.id) {
            Some(known) => *known = note,
            None => self.notes.push(note),
        }
        let surplus = self.notes.len().saturating_sub(MAX_NOTES);
        self.notes.drain(..surplus);
    }

    /// Takes in why nothing is done. What could not be read this time takes back no reason that is known, unless that ends by
    /// itself: it would come and go, and people would be told each time.
    pub fn hold(&mut self, held: Option<Held>) {
        let is_blind = held.as_ref().is_some_and(Held::is_blind);
        let stands = self.held.as_ref().is_some_and(|known| !known.is_timed());
        if !is_blind || !stands {
            self.held = held;
        }
    }

    /// Whether the step from `before` is worth telling: an action's step that people should know of, or another reason
    /// for holding back. That an action is planned or issued is not: it is over in a moment.
    pub fn is_news_since(&self, before: &Self) -> bool {
        let told = |remedies: &Self| -> Vec<(ActionId, &'static str, Option<Verdict>)> {
            let is_told = |note: &&Note| !matches!(note.state, State::Planned | State::Issued { .. });
            let of = |note: &Note| (note.id.clone(), note.state.as_str(), note.verdict);
            remedies.notes.iter().filter(is_told).map(of).collect()
        };
        let held = |remedies: &Self| remedies.held.as_ref().map(|held| (held.remedy, held.reason()));
        let says_why = self.held.is_some() && held(self) != held(before);
        told(self) != told(before) || says_why
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Refusal;
    use crate::incident::Why;
    use crate::remediation::Escalation;

    #[test]
    fn what_could_not_be_read_takes_back_no_reason_that_is_known() {
        let blind = || Some(Held::escalated(Escalation::unobserved("ECS did not answer")));
        let lasting = || Some(Held::escalated(Escalation::NoGoodRevision));
        let timed = || {
            let refusal = Refusal::CoolingDown { until: Timestamp::UNIX_EPOCH };
            Some(Held { remedy: None, call: None, why: Why::Refused(refusal) })
        };
        let mut remedies = Remedies::default();
        remedies.hold(blind());
        assert_eq!(remedies.held, blind(), "it is better than none");
        remedies.hold(lasting());
        remedies.hold(blind());
        assert_eq!(remedies.held, lasting());
        remedies.hold(timed());
        assert_eq!(remedies.held, timed());
        remedies.hold(blind());
        assert_eq!(remedies.held, blind(), "the time may be over");
        remedies.hold(None);
        assert_eq!(remedies.held, None);
    }
}
