//! Loads a target's story, lets it go on, and writes it in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use steward::arn::DeploymentId;
use steward::incident::{Began, Observation, Story, Target, TargetRecord};
use steward::ledger::{Key, LedgerError, MAX_WRITES, Record, Stored, Transaction, Write, push_news};
use steward::notification::Subject;
use steward::ports::Ledger;

use crate::{MAX_TRIES, Settings};

/// A deployment and its news are two writes each, an incident and its news as well; the target comes on top.
const MAX_DEPLOYMENTS: usize = (MAX_WRITES - 1) / 2 - MAX_INCIDENTS - RECENT_DEPLOYMENTS;
/// More incidents than a story writes in one step.
const MAX_INCIDENTS: usize = 10;
/// A rollback is about one of the last deployments.
const RECENT_DEPLOYMENTS: usize = 4;

/// What came of a story that went on.
#[derive(Debug, Default)]
pub(crate) struct Advanced {
    /// What there is to tell.
    pub(crate) news: Vec<Subject>,
    /// What began to fail, as far as the story goes now: new or not.
    pub(crate) began: Option<Began>,
    /// Whether another incident began.
    begins: bool,
}

/// Lets a story go on by what events say.
pub(crate) async fn advance<L: Ledger>(
    ledger: &L,
    target: &Target,
    observations: &[Observation],
    settings: &Settings,
    now: Timestamp,
) -> Result<Advanced, LedgerError> {
    let mut advanced = Advanced::default();
    for part in parts(observations) {
        let named = deployments_in(part);
        let step = repeat(ledger, target, &named, settings, now, |story| {
            for observation in part {
                story.apply(observation.clone(), now);
            }
        });
        let Advanced { news, began, begins } = step.await?;
        advanced.news.extend(news);
        advanced.began = began;
        advanced.begins |= begins;
    }
    let has_failed = observations.iter().any(|said| matches!(said, Observation::Failed(_)));
    let is_new = has_failed || advanced.begins;
    advanced.began.take_if(|_| !is_new);
    Ok(advanced)
}

/// Lets a story go on by what was seen of it. `deployment` is one that was seen.
pub(crate) async fn see<L: Ledger>(
    ledger: &L,
    target: &Target,
    deployment: Option<&DeploymentId>,
    settings: &Settings,
    now: Timestamp,
    seen: impl Fn(&mut Story),
) -> Result<Advanced, LedgerError> {
    repeat(ledger, target, &deployment.into_iter().cloned().collect(), settings, now, seen).await
}

/// One part, unless it names more deployments than one transaction can write.
fn parts(observations: &[Observation]) -> Vec<&[Observation]> {
    let mut parts = Vec::new();
    let mut rest = observations;
    while !rest.is_empty() {
        let fits = |length: &usize| {
            rest.get(..*length).is_some_and(|part| deployments_in(part).len() <= MAX_DEPLOYMENTS)
        };
        let length = if fits(&rest.len()) { rest.len() } else { MAX_DEPLOYMENTS };
        let (part, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        parts.push(part);
        rest = behind;
    }
    parts
}

/// Lets a story go on by what time says. What began is answered where it is new.
pub(crate) async fn look<L: Ledger>(
    ledger: &L,
    target: &Target,
    settings: &Settings,
    now: Timestamp,
) -> Result<Advanced, LedgerError> {
    let policy = &settings.policy;
    let advanced = see(ledger, target, None, settings, now, |story| story.tick(policy, now)).await?;
    let began = advanced.began.filter(|_| advanced.begins);
    Ok(Advanced { began, ..advanced })
}

/// Reads, lets go on and writes; when somebody else wrote meanwhile, again from the start.
async fn repeat<L: Ledger>(
    ledger: &L,
    target: &Target,
    named: &BTreeSet<DeploymentId>,
    settings: &Settings,
    now: Timestamp,
    go_on: impl Fn(&mut Story),
) -> Result<Advanced, LedgerError> {
    let mut tries = 1;
    loop {
        let loaded = Loaded::load(ledger, target, named, now).await?;
        let mut story = loaded.story.clone();
        go_on(&mut story);
        story.ask_for_remedies(&loaded.story, &settings.policy, now);
        match write(ledger, &loaded, &story, settings, now).await {
            Err(LedgerError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
            result => {
                let begins = story.record.incident != loaded.story.record.incident;
                return result.map(|news| Advanced { news, began: story.began(), begins });
            }
        }
    }
}

/// A story with the versions it was read in.
struct Loaded {
    story: Story,
    target: Option<Stored>,
    incident: Option<Stored>,
    deployments: BTreeMap<DeploymentId, Stored>,
}

impl Loaded {
    async fn load<L: Ledger>(
        ledger: &L,
        target: &Target,
        named: &BTreeSet<DeploymentId>,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let [target_item] = read(ledger, [Key::target(target)]).await?;
        let record = match target_item.as_ref().and_then(|stored| stored.live(now)) {
            Some(Record::Target(record)) => record.clone(),
            _ => TargetRecord::new(target.clone()),
        };
        let wanted = wanted_deployments(&record, named);
        let mut keys: Vec<Key> = wanted.iter().map(|id| Key::deployment(target, id)).collect();
        keys.extend(record.incident.map(|opened_at| Key::incident(target, opened_at)));
        let mut loaded = Self {
            story: Story::loaded(record),
            target: target_item,
            incident: None,
            deployments: BTreeMap::new(),
        };
        if keys.is_empty() {
            return Ok(loaded);
        }
        loaded.recall(&wanted);
        for stored in ledger.read(&keys).await?.into_iter().flatten() {
            let is_live = stored.live(now).is_some();
            match stored.record.clone() {
                Record::Incident(incident) => {
                    loaded.story.incident = Some(incident).filter(|_| is_live);
                    loaded.incident = Some(stored);
                }
                Record::Deployment(deployment) => {
                    let id = deployment.id.clone();
                    if is_live {
                        loaded.story.deployments.insert(id.clone(), deployment);
                    }
                    loaded.deployments.insert(id, stored);
                }
                _ => {}
            }
        }
        Ok(loaded)
    }

    /// What the history knows of deployments, for those whose items have expired.
    fn recall(&mut self, wanted: &BTreeSet<DeploymentId>) {
        let Story { record, deployments, .. } = &mut self.story;
        let recall = |id: &DeploymentId| Some((id.clone(), record.history.recall(&record.target, id)?));
        deployments.extend(wanted.iter().filter_map(recall));
    }
}

/// The deployments that observations name, and those that a rollback may be about.
fn wanted_deployments(record: &TargetRecord, named: &BTreeSet<DeploymentId>) -> BTreeSet<DeploymentId> {
    let mut wanted = named.clone();
    if !named.is_empty() {
        let recent = record.history.deployments().iter().take(RECENT_DEPLOYMENTS);
        wanted.extend(recent.map(|past| past.id.clone()));
    }
    wanted
}

fn deployments_in(observations: &[Observation]) -> BTreeSet<DeploymentId> {
    observations
        .iter()
        .filter_map(|observation| match observation {
            Observation::Deployment { id, .. }
            | Observation::Deploys { id, .. }
            | Observation::Started { id, .. } => Some(id.clone()),
            Observation::Failed(failure) => failure.deployment.clone(),
            Observation::Steady { .. }
            | Observation::Waits { .. }
            | Observation::Answered { .. }
            | Observation::Did(_)
            | Observation::Announced(_)
            | Observation::Agent { .. }
            | Observation::AwayWhileDraining { .. }
            | Observation::Warned { .. }
            | Observation::Healthy { .. }
            | Observation::Gone { .. } => None,
        })
        .collect()
}

/// Writes what changed. Nothing changed: no call. Answers what there is to tell.
async fn write<L: Ledger>(
    ledger: &L,
    loaded: &Loaded,
    story: &Story,
    settings: &Settings,
    now: Timestamp,
) -> Result<Vec<Subject>, LedgerError> {
    let before = &loaded.story;
    if before == story {
        return Ok(Vec::new());
    }
    let mut writes = Vec::new();
    let mut news = Vec::new();
    let policy = &settings.policy;
    let target = &story.record.target;
    let due = story.next_look(policy);
    if before.record != story.record || before.next_look(policy) != due {
        let record = story.record.clone();
        writes.push(Write::of_target(record, loaded.target.as_ref(), due, policy, now));
    }
    for incident in story.incidents() {
        let known = before.incident.as_ref().filter(|known| known.opened_at == incident.opened_at);
        if known == Some(incident) {
            continue;
        }
        let stored = loaded.incident.as_ref().filter(|_| known.is_some());
        writes.push(Write::of_incident(incident.clone(), stored, policy, now));
        if incident.is_news_since(known) {
            news.push(incident.subject());
        }
    }
    for (id, deployment) in &story.deployments {
        if before.deployments.get(id) == Some(deployment) {
            continue;
        }
        let stored = loaded.deployments.get(id);
        writes.push(Write::of_deployment(deployment.clone(), stored, policy, now));
        if deployment.is_news_since(before.deployments.get(id)) {
            news.push(Subject::Deployment { service: target.clone(), id: id.clone() });
        }
    }
    push_news(ledger, &mut writes, &news, settings.grouping, now).await?;
    ledger.commit(Transaction { writes }).await?;
    Ok(news)
}

async fn read<L: Ledger, const N: usize>(
    ledger: &L,
    keys: [Key; N],
) -> Result<[Option<Stored>; N], LedgerError> {
    let found = ledger.read(&keys).await?;
    <[Option<Stored>; N]>::try_from(found).map_err(|found| LedgerError::Unavailable {
        operation: "read",
        target: keys.first().map(ToString::to_string).unwrap_or_default(),
        problem: format!("{} answers to {N} keys", found.len()),
    })
}
