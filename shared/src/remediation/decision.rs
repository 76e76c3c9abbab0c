//! What to do, and why: most of all where nothing is done.

use std::collections::BTreeMap;
use std::fmt;

use super::Reading;
use crate::arn::Arn;
use crate::config::{Mode, Policy};
use crate::diagnosis::{Cause, Diagnosis, Kind};
use crate::event::{Detail, Envelope, Event, TaskStateChange};
use crate::incident::Target;

/// What is done about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Watch, remember and tell; change nothing.
    Observe,
}

impl Action {
    /// The action in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
        }
    }
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is done.
    pub action: Action,
    /// How far Steward may go here, as far as can be told without the target's tags, which no event tells.
    pub mode: Mode,
    /// The entry of `services` that enrols the target, by its place; its tags may say otherwise.
    pub entry: Option<usize>,
    /// Why, the deciding reason first.
    pub reasons: Vec<Reason>,
}

/// The account and the region that this Steward looks after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-central-1`.
    pub region: String,
}

impl Home {
    /// The home of the function with this ARN.
    pub fn of_function(arn: &str) -> Option<Self> {
        let arn = Arn::parse(arn)?;
        Some(Self { account: arn.account.to_owned(), region: arn.region.to_owned() })
    }

    /// The ARN of a cluster here, by its name; an ARN is one already.
    pub fn cluster_arn(&self, cluster: &str) -> String {
        if cluster.starts_with("arn:") {
            return cluster.to_owned();
        }
        let partition = match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            _ if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:ecs:{}:{}:cluster/{cluster}", self.region, self.account)
    }

    /// Whether an event is from here. One that does not say where it is from is not from elsewhere.
    fn is_of(&self, envelope: &Envelope) -> bool {
        let is = |said: &Option<String>, own: &str| said.as_deref().is_none_or(|said| said == own);
        is(&envelope.account, &self.account) && is(&envelope.region, &self.region)
    }
}

/// Why something is done or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The mode allows no change.
    ModeObserves,
    /// Nothing enrols the target, so far as can be told without its tags.
    NotEnrolled,
    /// The task is not meant to stop.
    NotStopping,
    /// The task is on its way out; what it leaves behind is not known yet.
    NotStoppedYet,
    /// Somebody meant it.
    Expected,
    /// Only a change helps.
    OnlyAChangeHelps(Cause),
    /// A retry could help.
    ARetryCouldHelp(Cause),
    /// It may pass by itself.
    MayPass(Cause),
    /// The evidence fits no known cause, and nothing is done on a guess.
    NotUnderstood,
    /// A service's tasks are replaced by ECS.
    EcsReplaces,
    /// Nothing replaces a task that no service owns.
    NothingReplaces,
    /// ECS says that it tries again by itself.
    EcsCopes,
    /// Nothing failed.
    NothingFailed,
    /// Announced ahead; ECS acts by itself.
    Announcement,
    /// The tasks on the host will say what became of them.
    TasksWillTell,
    /// A person is asked; ECS waits.
    WaitsForAnswer,
    /// Agents reconnect several times an hour.
    MayReconnect,
    /// A job's task: batch looks after it.
    BelongsToBatch,
    /// Neither cluster and service nor family can be told.
    NoTarget,
    /// The event is not from AWS.
    ForeignSource,
    /// The event is of another account or region: it is watched and told, and nothing there is ever changed.
    FromElsewhere,
    /// An event of a kind that is of no use here, or not known yet.
    UnknownKind,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ModeObserves => f.write_str("the mode is observe: nothing is changed"),
            Self::NotEnrolled => {
                f.write_str("no entry of `services` enrols it: nothing is changed, unless by its own tags")
            }
            Self::NotStopping => f.write_str("the task is not stopping"),
            Self::NotStoppedYet => {
                f.write_str("the task is stopping, not stopped: only its last state counts")
            }
            Self::Expected => f.write_str("the stop was expected"),
            Self::OnlyAChangeHelps(cause) => {
                write!(f, "{cause} is persistent: only a change helps, no retry")
            }
            Self::ARetryCouldHelp(cause) => write!(f, "{cause} is transient: a retry can help"),
            Self::MayPass(cause) => write!(f, "{cause} may pass by itself: at most one repeat"),
            Self::NotUnderstood => {
                f.write_str("the evidence fits no known cause: nothing is done on a guess")
            }
            Self::EcsReplaces => f.write_str("ECS itself replaces the tasks of a service"),
            Self::NothingReplaces => f.write_str("no service owns the task: nothing replaces it"),
            Self::EcsCopes => f.write_str("ECS tries again by itself"),
            Self::NothingFailed => f.write_str("nothing failed"),
            Self::Announcement => f.write_str("announced ahead: nothing has stopped yet"),
            Self::TasksWillTell => {
                f.write_str("two minutes ahead: the tasks on the instance will say what became of them")
            }
            Self::WaitsForAnswer => f.write_str("the deployment waits for ContinueServiceDeployment"),
            Self::MayReconnect => f.write_str("an agent that stays away opens an incident; most reconnect"),
            Self::BelongsToBatch => f.write_str("the task belongs to a job, which looks after it"),
            Self::NoTarget => f.write_str("the event does not tell cluster and service, family or instance"),
            Self::ForeignSource => f.write_str("the event's source is not AWS"),
            Self::FromElsewhere => {
                f.write_str("it is of another account or region: watched, but nothing there is ever changed")
            }
            Self::UnknownKind => f.write_str("no rule is about events of this kind"),
        }
    }
}

/// Decides about an event, by what was read from it.
pub fn decide(event: &Event, reading: &Reading, policy: &Policy, home: Option<&Home>) -> Decision {
    let task = match &event.detail {
        Detail::TaskStateChange(task) => Some(task.as_ref()),
        _ => None,
    };
    let target = reading.about.first().map(|about| &about.target);
    let mut decision = decide_task(task, target, reading.diagnosis.as_ref(), policy);
    // An announcement is remembered, and yet nothing has stopped.
    let is_announced = matches!(event.detail, Detail::Health(_)) && reading.diagnosis.is_some();
    if let Some(because) = reading.because.or(is_announced.then_some(Reason::Announcement))
        && !decision.reasons.contains(&because)
    {
        decision.reasons.insert(0, because);
    }
    if home.is_some_and(|home| !home.is_of(&event.envelope)) {
        decision.reasons.insert(0, Reason::FromElsewhere);
    }
    decision
}

/// Decides about a task, or about what has none.
pub fn decide_task(
    task: Option<&TaskStateChange>,
    target: Option<&Target>,
    diagnosis: Option<&Diagnosis>,
    policy: &Policy,
) -> Decision {
    let mut reasons = Vec::new();
    match (diagnosis.map(|diagnosis| diagnosis.cause), task) {
        (None, Some(_)) => reasons.push(Reason::NotStopping),
        (None, None) => {}
        (Some(cause), task) => {
            reasons.push(about(cause));
            match task {
                Some(task) if !cause.is_benign() => {
                    reasons.push(if task.belongs_to_service() {
                        Reason::EcsReplaces
                    } else {
                        Reason::NothingReplaces
                    });
                }
                _ => {}
            }
        }
    }
    let no_tags = BTreeMap::new();
    let enrolled = target.map(|target| policy.for_target(target, &no_tags));
    let mode = enrolled.map_or(policy.defaults.mode, |enrolled| enrolled.mode);
    match mode {
        Mode::Observe => reasons.push(Reason::ModeObserves),
        Mode::Propose | Mode::Act if enrolled.is_some_and(|enrolled| !enrolled.is_enrolled) => {
            reasons.push(Reason::NotEnrolled);
        }
        Mode::Propose | Mode::Act => {}
    }
    Decision { action: Action::Observe, mode, entry: enrolled.and_then(|enrolled| enrolled.entry), reasons }
}

fn about(cause: Cause) -> Reason {
    if cause == Cause::AwaitsAnswer {
        return Reason::WaitsForAnswer;
    }
    match cause.kind() {
        Kind::Benign => Reason::Expected,
        Kind::Persistent => Reason::OnlyAChangeHelps(cause),
        Kind::Transient => Reason::ARetryCouldHelp(cause),
        Kind::Mixed if cause == Cause::Unknown => Reason::NotUnderstood,
        Kind::Mixed => Reason::MayPass(cause),
    }
}
