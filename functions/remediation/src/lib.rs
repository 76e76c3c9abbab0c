//! The remediation function: ECS events become incidents, and what is worth telling becomes news.
//!
//! decode → observe → decide → ledger (+ outbox). A batch is grouped by target, and each target's story is written in one
//! transaction: a conflict means that another invocation was faster, so it is read and merged again. What cannot be
//! decoded or written fails alone, by its message id, and its queue keeps it.

mod batch;
mod hooks;
mod observe;
mod openings;
mod patrol;
mod remedy;
mod spot;
mod story;

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use steward::arn::ClusterArn;
use steward::config::Policy;
use steward::deadline::Deadline;
use steward::diagnosis::Diagnosis;
use steward::event::decode::{self, DecodeError};
use steward::incident::{Began, Observation, Target};
use steward::ledger::{Due, Key, LedgerError, Owner, Record};
use steward::notification::Subject;
use steward::ports::{
    ChangeEcs, Clock, DescribeEcs, Hosts, Ledger, NudgeError, Owners, Parameters, Role, Tell,
};
use steward::remediation::{Decision, Home, Reason};

use crate::batch::Group;
use crate::remedy::Care;
use crate::story::Advanced;

/// How long news gather before the first message about them, unless the configuration says otherwise.
const GROUPING: SignedDuration = SignedDuration::from_secs(15);
/// How often a story is read and merged again when others write it, too.
const MAX_TRIES: usize = 3;
/// How many due stories a sweep looks at together.
const PAGE: usize = 100;
/// So many targets of a batch are read and written at the same time.
const PARALLEL: usize = 8;

/// The outside, as far as this function needs it.
pub struct Ports<'p, L, E, O, T, C> {
    /// The memory.
    pub ledger: &'p L,
    /// ECS, to read and to change.
    pub ecs: &'p E,
    /// Who else may change a service.
    pub owners: &'p O,
    /// The way to the notifications function.
    pub tell: &'p T,
    /// The time.
    pub clock: &'p C,
}

/// What the function's role allows at the most; `P` reads its configuration. A stack may leave out what changes ECS.
pub fn role<L: Ledger, E: DescribeEcs + ChangeEcs + Hosts, O: Owners, T: Tell, P: Parameters>() -> Role {
    let (reads, changes, hosts) =
        (<E as DescribeEcs>::ACCESS, <E as ChangeEcs>::ACCESS, <E as Hosts>::ACCESS);
    Role {
        needs: [L::ACCESS, reads, changes, hosts, O::ACCESS, T::ACCESS, P::ACCESS].concat(),
        reads: &[Owner::Remediation, Owner::Shared],
        writes: &[Owner::Remediation, Owner::Shared],
        due: Owner::Remediation,
    }
}

/// What an invocation goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What people decided.
    pub policy: Policy,
    /// How long news gather before the first message about them.
    pub grouping: SignedDuration,
    /// Where this Steward may act; absent where nothing says.
    pub home: Option<Home>,
    /// When the invocation ends.
    pub deadline: Deadline,
}

impl Default for Settings {
    fn default() -> Self {
        Self { policy: Policy::default(), grouping: GROUPING, home: None, deadline: Deadline::never() }
    }
}

/// The function, ready to handle one invocation.
pub struct Handler<'p, L, E, O, T, C> {
    ports: Ports<'p, L, E, O, T, C>,
    settings: Settings,
}

/// What became of one record, for logs and for people who watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Handled {
    /// The record's place in the payload, from 0.
    pub index: usize,
    /// Its message id, where it came through SQS.
    pub message_id: Option<String>,
    /// What it was and what was decided, or why it could not be read.
    pub result: Result<Explained, DecodeError>,
    /// Why it was not remembered, where it should have been: its message comes again.
    pub failed: Option<String>,
}

impl Handled {
    /// Whether the message must come again.
    pub fn must_return(&self) -> bool {
        self.result.is_err() || self.failed.is_some()
    }
}

/// An event that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Its kind, in one stable word.
    pub kind: &'static str,
    /// Whom it is about.
    pub target: Option<String>,
    /// Why something stopped or failed.
    pub diagnosis: Option<Diagnosis>,
    /// What was done, and why.
    pub decision: Decision,
    /// Why the event opened nothing; absent where it is part of a story.
    pub because: Option<Reason>,
    /// Fields and values that this version does not know.
    pub unrecognised: usize,
}

/// What an invocation did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Every record, in order.
    pub records: Vec<Handled>,
    /// What there is to tell.
    pub news: Vec<Subject>,
    /// Nudges that the queue did not take: a sweep will find the news.
    pub not_nudged: Vec<NudgeError>,
}

impl Outcome {
    /// The message ids of a partial batch response. A record without an id that failed has none: see
    /// [`Outcome::must_fail`].
    pub fn batch_item_failures(&self) -> Vec<&str> {
        self.records
            .iter()
            .filter(|record| record.must_return())
            .filter_map(|r| r.message_id.as_deref())
            .collect()
    }

    /// Whether the whole invocation must fail, for a record that failed cannot be named: a raw event, or one from SNS.
    pub fn must_fail(&self) -> bool {
        self.records.iter().any(|record| record.must_return() && record.message_id.is_none())
    }
}

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// What there is to tell.
    pub news: Vec<Subject>,
    /// Nudges that the queue did not take: a sweep will find the news.
    pub not_nudged: Vec<NudgeError>,
    /// Stories that could not be looked at; the next sweep tries again.
    pub failed: Vec<String>,
    /// Whether time ended before everything was looked at: the next sweep goes on.
    pub is_cut: bool,
}

impl<'p, L: Ledger, E: DescribeEcs + ChangeEcs + Hosts, O: Owners, T: Tell, C: Clock>
    Handler<'p, L, E, O, T, C>
{
    /// A handler with its ports, for one invocation.
    pub fn new(ports: Ports<'p, L, E, O, T, C>, settings: Settings) -> Self {
        Self { ports, settings }
    }

    /// Handles the events that the function was invoked with.
    ///
    /// # Errors
    ///
    /// Where the payload as a whole cannot be told apart; single records fail in the outcome.
    pub async fn handle(&self, payload: &[u8]) -> Result<Outcome, DecodeError> {
        let records = decode::payload(payload)?;
        Ok(self.handle_records(records).await)
    }

    /// [`Handler::handle`], of records that are decoded already.
    pub async fn handle_records(&self, records: Vec<decode::Record>) -> Outcome {
        let now = self.ports.clock.now();
        let warnings = spot::find(self.ports.ecs, &records, &self.settings.policy, now).await;
        let batch = batch::read(records, warnings, &self.settings, now);
        let warned = warned(&batch);
        let mut outcome = Outcome { records: batch.records, ..Outcome::default() };
        let mut clusters: BTreeMap<ClusterArn, Fallen> = BTreeMap::new();
        let stories = batch.groups.into_iter().map(|(target, group)| async move {
            let advanced = self.advance(&target, &group, now).await;
            (target, group.records, advanced)
        });
        let mut stories = stream::iter(stories).buffered(PARALLEL);
        while let Some((target, records, advanced)) = stories.next().await {
            match advanced {
                Ok((advanced, not_nudged)) => {
                    outcome.news.extend(advanced.news);
                    outcome.not_nudged.extend(not_nudged);
                    if let Some(began) = advanced.began {
                        let fallen = clusters.entry(target.cluster().clone()).or_default();
                        fallen.began.push(began);
                        fallen.records.extend(records);
                    }
                }
                Err(problem) => fail(&mut outcome.records, &records, &problem),
            }
        }
        drop(stories);
        for (cluster, Fallen { began, records }) in clusters {
            let policy = &self.settings.policy;
            if let Err(error) = openings::remember(self.ports.ledger, &cluster, &began, policy, now).await {
                fail(&mut outcome.records, &records, &error.to_string());
            }
        }
        self.drain_at_once(&warned, &mut outcome).await;
        outcome
    }

    /// What Spot takes back in two minutes does not wait for a sweep. Where this fails, the sweep finds it.
    async fn drain_at_once(&self, warned: &[Target], outcome: &mut Outcome) {
        let care = Care { ports: &self.ports, settings: &self.settings };
        for target in warned {
            if self.is_out_of_time() {
                return;
            }
            let mut news = Vec::new();
            let _left_to_a_sweep = care.of_target(target, &mut news).await;
            outcome.not_nudged.extend(self.nudge(&news).await);
            outcome.news.extend(news);
        }
    }

    async fn advance(
        &self,
        target: &Target,
        group: &Group,
        now: Timestamp,
    ) -> Result<(Advanced, Vec<NudgeError>), String> {
        if self.is_out_of_time() {
            return Err("no time is left in this invocation".to_owned());
        }
        let advanced =
            story::advance(self.ports.ledger, target, &group.observations, &self.settings, now).await;
        let advanced = advanced.map_err(|error| error.to_string())?;
        let not_nudged = self.nudge(&advanced.news).await;
        Ok((advanced, not_nudged))
    }

    /// Looks at what is due: stories that time changes, targets that may be remedied, actions that are not over. Then it looks
    /// for what no event tells.
    ///
    /// # Errors
    ///
    /// Where the ledger does not say what is due.
    pub async fn sweep(&self) -> Result<Swept, LedgerError> {
        let mut swept = self.sweep_due().await?;
        if swept.is_cut {
            return Ok(swept);
        }
        let patrolled = patrol::patrol(&self.ports, &self.settings).await?;
        swept.not_nudged.extend(self.nudge(&patrolled.news).await);
        swept.news.extend(patrolled.news);
        swept.failed.extend(patrolled.failed);
        swept.is_cut = patrolled.is_cut;
        Ok(swept)
    }

    async fn sweep_due(&self) -> Result<Swept, LedgerError> {
        let now = self.ports.clock.now();
        let mut swept = Swept::default();
        let mut last: Option<Due> = None;
        loop {
            let page = self.ports.ledger.due(Owner::Remediation, now, last.as_ref(), PAGE).await?;
            let mut looks = stream::iter(&page).map(|due| self.attend(&due.key)).buffered(PARALLEL);
            while let Some(attended) = looks.next().await {
                match attended {
                    // An item that cannot be looked after must not hold up the others.
                    Attended { failed: Some(problem), .. } => swept.failed.push(problem),
                    Attended { is_cut: true, .. } => swept.is_cut = true,
                    Attended { news, not_nudged, .. } => {
                        swept.news.extend(news);
                        swept.not_nudged.extend(not_nudged);
                    }
                }
            }
            drop(looks);
            if page.len() < PAGE || swept.is_cut {
                return Ok(swept);
            }
            last = page.into_iter().last();
        }
    }

    /// Looks after one item that is due, as it stands now: the index may lag.
    async fn attend(&self, key: &Key) -> Attended {
        if self.is_out_of_time() {
            return Attended { is_cut: true, ..Attended::default() };
        }
        let mut news = Vec::new();
        let failed = self.look_after(key, &mut news).await.err().map(|error| error.to_string());
        let not_nudged = self.nudge(&news).await;
        Attended { news, not_nudged, failed, is_cut: false }
    }

    async fn look_after(&self, key: &Key, news: &mut Vec<Subject>) -> Result<(), LedgerError> {
        let now = self.ports.clock.now();
        let care = Care { ports: &self.ports, settings: &self.settings };
        let stored = self.ports.ledger.read(std::slice::from_ref(key)).await?.pop().flatten();
        match stored.map(|stored| stored.record) {
            Some(Record::Target(record)) => {
                let looked = story::look(self.ports.ledger, &record.target, &self.settings, now).await?;
                news.extend(looked.news);
                if let Some(began) = looked.began {
                    let cluster = record.target.cluster();
                    let policy = &self.settings.policy;
                    openings::remember(self.ports.ledger, cluster, &[began], policy, now).await?;
                }
                if record.care.look_at.is_some_and(|look_at| look_at <= now) {
                    care.of_target(&record.target, news).await?;
                }
                Ok(())
            }
            Some(Record::Action(action)) => care.of_action(&action.plan.id, news).await,
            _ => Ok(()),
        }
    }

    /// A lost nudge delays a message and loses none: the news is due in the ledger. Answers those that were lost.
    async fn nudge(&self, news: &[Subject]) -> Vec<NudgeError> {
        let mut lost = Vec::new();
        for subject in news {
            lost.extend(self.ports.tell.nudge(subject, self.settings.grouping).await.err());
        }
        lost
    }

    fn is_out_of_time(&self) -> bool {
        self.settings.deadline.is_near(self.ports.clock.now())
    }
}

/// What began to fail in a cluster, and the records that say so.
#[derive(Default)]
struct Fallen {
    began: Vec<Began>,
    records: Vec<usize>,
}

/// What became of one due item.
#[derive(Default)]
struct Attended {
    news: Vec<Subject>,
    not_nudged: Vec<NudgeError>,
    failed: Option<String>,
    is_cut: bool,
}

/// The container instances whose hosts Spot takes back.
fn warned(batch: &batch::Batch) -> Vec<Target> {
    let is_warning = |said: &Observation| matches!(said, Observation::Warned { .. });
    let of_spot = batch.groups.iter().filter(|(_, group)| group.observations.iter().any(is_warning));
    of_spot.map(|(target, _)| target.clone()).collect()
}

fn fail(records: &mut [Handled], indexes: &[usize], problem: &str) {
    for record in records.iter_mut().filter(|record| indexes.contains(&record.index)) {
        record.failed = Some(problem.to_owned());
    }
}

#[cfg(test)]
mod tests;
