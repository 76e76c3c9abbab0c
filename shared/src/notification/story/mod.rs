//! What happened to a subject, step by step, as far as its current state tells.
//!
//! A story is derived anew each time, and each step has a key that never changes. So whoever remembers which keys a
//! channel was told can say what is left to tell it: nothing is told twice, and what was missed is told in order.

mod deployment;
mod incident;
mod job;
mod outage;
mod scaler;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::action::Verdict;
use crate::arn::ClusterArn;
use crate::batch::{Happened, Trouble};
use crate::diagnosis::Cause;
use crate::incident::{Deployment, Hook, Incident, Note, Severity, Target};
use crate::ledger::{ChannelRecord, Outage};
use crate::scaling::{Problem, ScalerTrouble};

/// What there is to tell of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it goes on, so that people are told again after a while.
    pub is_open: bool,
    /// Its causes.
    pub causes: BTreeSet<Cause>,
    /// What it is about, where that is one target.
    pub target: Option<Target>,
    /// The cluster; absent where it is about Steward itself.
    pub cluster: Option<ClusterArn>,
}

/// One step of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Tells it from the other steps of its subject, for good.
    pub key: String,
    /// When it happened, where that is known.
    pub at: Option<Timestamp>,
    /// To whom it matters.
    pub weight: Weight,
    /// What it is.
    pub what: What,
}

/// To whom a step matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// To nobody by itself: the message counts it.
    Counted,
    /// To whoever follows the thread.
    Detail,
    /// To everybody: also where a message of its own must be sent.
    Matters,
    /// A person is waited for, or has to take over: the whole channel sees it, and no budget holds it back.
    Asks,
}

/// What a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The incident, the outage, or the trouble of a job or of a scaled service, was opened.
    Opened,
    /// It has another cause.
    Cause(Cause),
    /// It grew to so many failures, targets, or runs.
    Grew(usize),
    /// It became critical.
    Critical,
    /// Why nothing is done now.
    Held,
    /// A deployment waits for an answer, or waits no more.
    Hook(Box<Hook>),
    /// An action got so far.
    Action(Box<Note>),
    /// What came of an action.
    Verdict(Box<Note>, Verdict),
    /// It is over.
    Resolved,
    /// It was not over.
    Relapsed,
    /// It still goes on.
    Still,
    /// The failed container's last log lines were read.
    Logs,
    /// The deployment began.
    Started,
    /// It completed.
    Completed,
    /// It failed.
    Failed,
    /// It was stopped, and the service goes back.
    Left,
    /// ECS goes back to it.
    RollingBack,
    /// The service is steady on it again.
    RolledBack,
    /// Something happened to a job.
    Happened(Box<Happened>),
    /// Something is wrong with the scaling of a service.
    Scaler(Box<Problem>),
    /// A channel refuses messages.
    Refuses,
    /// A channel takes messages again.
    Takes,
}

impl Story {
    /// An incident's.
    pub fn of_incident(incident: &Incident) -> Self {
        incident::story(incident)
    }

    /// A deployment's.
    pub fn of_deployment(deployment: &Deployment) -> Self {
        deployment::story(deployment)
    }

    /// An outage's.
    pub fn of_outage(outage: &Outage) -> Self {
        outage::story(outage)
    }

    /// That of a job's trouble.
    pub fn of_job(trouble: &Trouble) -> Self {
        job::story(trouble)
    }

    /// That of a scaled service's trouble.
    pub fn of_scaler(trouble: &ScalerTrouble) -> Self {
        scaler::story(trouble)
    }

    /// That of a channel that refuses messages, or did.
    pub fn of_trouble(channel: &ChannelRecord, since: Timestamp) -> Self {
        let mut steps = vec![Step::new("refuses", Some(since), Weight::Asks, What::Refuses)];
        let is_open = channel.trouble.as_ref().is_some_and(|trouble| trouble.since == since);
        if !is_open {
            steps.push(Step::new("takes", channel.recovered_at, Weight::Matters, What::Takes));
        }
        let severity = if is_open { Severity::Critical } else { Severity::Info };
        Self { steps, severity, is_open, causes: BTreeSet::new(), target: None, cluster: None }
    }

    /// Whether it went on and does not any more.
    pub fn is_over(&self) -> bool {
        !self.is_open && self.steps.iter().any(|step| matches!(step.what, What::Resolved | What::Takes))
    }

    /// The keys of all its steps.
    pub fn keys(&self) -> BTreeSet<String> {
        self.steps.iter().map(|step| step.key.clone()).collect()
    }

    /// The steps that a channel was not told.
    pub fn untold<'s>(&'s self, told: &'s BTreeSet<String>) -> impl Iterator<Item = &'s Step> {
        self.steps.iter().filter(|step| !told.contains(&step.key))
    }
}

impl Step {
    fn new(key: impl Into<String>, at: Option<Timestamp>, weight: Weight, what: What) -> Self {
        Self { key: key.into(), at, weight, what }
    }

    /// Whether the whole channel sees it where it stands in a thread.
    pub fn is_aloud(&self) -> bool {
        let is_news = match &self.what {
            // Each problem of a scaled service has another remedy.
            What::Still | What::Critical | What::Scaler(_) => true,
            What::Hook(hook) => hook.waits(),
            // The trouble of a job goes on for days, and each run that fails is news.
            What::Happened(what) => what.ended().is_some(),
            _ => false,
        };
        self.weight == Weight::Asks || (self.weight == Weight::Matters && is_news)
    }

    /// That it still goes on, for the `times`th time.
    pub fn still(times: u64, now: Timestamp) -> Self {
        Self::new(format!("still:{times}"), Some(now), Weight::Matters, What::Still)
    }

    /// That log lines were read.
    pub fn logs(now: Timestamp) -> Self {
        Self::new("logs", Some(now), Weight::Detail, What::Logs)
    }
}

#[cfg(test)]
mod tests;
