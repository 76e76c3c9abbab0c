//! Reads what telling a subject goes by.

use std::collections::BTreeMap;

use jiff::Timestamp;
use steward::batch;
use steward::incident::{Deployment, Incident, Target};
use steward::ledger::{
    ChannelRecord, Key, LedgerError, Openings, Outage, Recent, Record, Root, Silences, Stored, Thread,
};
use steward::notification::{Message, Step, Story, Style, Subject};
use steward::ports::{Channel, Clock, Evidence, Ledger, Postpone, Tell};
use steward::scaling::ScalerTrouble;

use crate::Handler;

/// A subject as the ledger has it.
#[derive(Debug, Clone)]
pub(crate) enum About {
    Incident(Box<Incident>),
    Deployment(Box<Deployment>),
    Outage(Box<Outage>),
    Job(Box<batch::Trouble>),
    Scaler(Box<ScalerTrouble>),
    Trouble(Box<ChannelRecord>, Timestamp),
}

impl About {
    /// `None`: it is not there any more, or is another's.
    fn of(subject: &Subject, record: Record) -> Option<Self> {
        match (subject, record) {
            (Subject::Incident { .. }, Record::Incident(incident)) => {
                Some(Self::Incident(Box::new(incident)))
            }
            (Subject::Deployment { .. }, Record::Deployment(deployment)) => {
                Some(Self::Deployment(Box::new(deployment)))
            }
            (Subject::Outage { since, .. }, Record::Outage(outage)) if outage.since == *since => {
                Some(Self::Outage(outage))
            }
            (Subject::Job { .. }, Record::Trouble(trouble)) => Some(Self::Job(trouble)),
            (Subject::Scaler { .. }, Record::ScalerTrouble(trouble)) => Some(Self::Scaler(trouble)),
            (Subject::Channel { since, .. }, Record::Channel(channel)) => {
                Some(Self::Trouble(channel, *since))
            }
            _ => None,
        }
    }

    pub(crate) fn story(&self) -> Story {
        match self {
            Self::Incident(incident) => Story::of_incident(incident),
            Self::Deployment(deployment) => Story::of_deployment(deployment),
            Self::Outage(outage) => Story::of_outage(outage),
            Self::Job(trouble) => Story::of_job(trouble),
            Self::Scaler(trouble) => Story::of_scaler(trouble),
            Self::Trouble(channel, since) => Story::of_trouble(channel, *since),
        }
    }

    /// How it stands.
    pub(crate) fn message(&self, style: &Style<'_>) -> Message {
        match self {
            Self::Incident(incident) => style.incident(incident),
            Self::Deployment(deployment) => style.deployment(deployment),
            Self::Outage(outage) => style.outage(outage),
            Self::Job(trouble) => style.job(trouble),
            Self::Scaler(trouble) => style.scaler(trouble),
            Self::Trouble(channel, since) => style.trouble(channel, *since),
        }
    }

    /// A step of it, for a thread.
    pub(crate) fn step(&self, step: &Step, style: &Style<'_>) -> Message {
        match self {
            Self::Incident(incident) => style.incident_step(incident, step),
            Self::Deployment(deployment) => style.deployment_step(deployment, step),
            Self::Outage(outage) => style.outage_step(outage, step),
            Self::Job(trouble) => style.job_step(trouble, step),
            Self::Scaler(trouble) => style.scaler_step(trouble, step),
            Self::Trouble(channel, since) => style.trouble_step(channel, *since, step),
        }
    }
}

/// What was read beside the subject.
pub(crate) struct Gathered {
    pub(crate) about: About,
    pub(crate) story: Story,
    pub(crate) silences: Silences,
    /// By channel.
    pub(crate) records: BTreeMap<String, ChannelRecord>,
    /// The same as they stand in the ledger, for the first change of each.
    pub(crate) record_items: BTreeMap<String, Option<Stored>>,
    pub(crate) openings: Option<Openings>,
    pub(crate) outage: Option<Outage>,
    pub(crate) outage_item: Option<Stored>,
    pub(crate) recent: Option<Recent>,
    pub(crate) recent_item: Option<Stored>,
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

impl<L: Ledger, H: Channel, T: Tell + Postpone, C: Clock, V: Evidence> Handler<'_, L, H, T, C, V> {
    /// `None`: the subject is gone.
    pub(crate) async fn gather(&self, subject: &Subject) -> Result<Option<Gathered>, LedgerError> {
        let names: Vec<&str> = self.ports.channels.iter().map(Channel::name).collect();
        let incident = match subject {
            Subject::Incident { target, .. } => Some(target),
            _ => None,
        };
        let mut keys = vec![Key::subject(subject), Key::silences()];
        keys.extend(names.iter().map(|name| Key::channel(name)));
        keys.extend(incident.into_iter().flat_map(|target| {
            [Key::cluster(target.cluster()), Key::outage(target.cluster()), Key::recent(target)]
        }));
        let mut distinct = keys.clone();
        distinct.sort();
        distinct.dedup();
        let found = self.ports.ledger.read(&distinct).await?;
        let found: BTreeMap<Key, Option<Stored>> = distinct.into_iter().zip(found).collect();
        let now = self.ports.clock.now();
        let stored = |key: &Key| found.get(key).cloned().flatten();
        let live = |key: &Key| stored(key).filter(|stored| stored.live(now).is_some());
        let Some(about) = stored(&Key::subject(subject)).and_then(|stored| About::of(subject, stored.record))
        else {
            return Ok(None);
        };
        let silences = match stored(&Key::silences()).map(|stored| stored.record) {
            Some(Record::Silences(silences)) => silences,
            _ => Silences::default(),
        };
        let items = names.iter().map(|name| ((*name).to_owned(), stored(&Key::channel(name))));
        let record_items: BTreeMap<String, Option<Stored>> = items.collect();
        let records = record_items.iter().filter_map(|(name, item)| match &item.as_ref()?.record {
            Record::Channel(record) => Some((name.clone(), (**record).clone())),
            _ => None,
        });
        let mut gathered = Gathered {
            story: about.story(),
            about,
            silences,
            records: records.collect(),
            record_items,
            openings: None,
            outage: None,
            outage_item: None,
            recent: None,
            recent_item: None,
            tags: None,
        };
        if let Some(target) = incident {
            of_target(target, &mut gathered, live);
        }
        Ok(Some(gathered))
    }

    /// The tags of a target, where somebody's decision asks for them. What cannot be read stays unknown.
    pub(crate) async fn tags(&self, gathered: &Gathered) -> Option<BTreeMap<String, String>> {
        let target = gathered.story.target.as_ref()?;
        let routes = &self.configuration.notifications.routes;
        let asked = routes.iter().any(|route| !route.matches.tags.is_empty())
            || gathered.silences.asks_for_tags(self.ports.clock.now());
        if !asked {
            return None;
        }
        self.ports.evidence.tags(target).await.ok()
    }

    /// The messages of the target's incident before, by channel, and how often it failed of late, where it flaps.
    pub(crate) async fn flapping(
        &self,
        subject: &Subject,
        gathered: &Gathered,
    ) -> Result<Option<(usize, BTreeMap<String, Root>)>, LedgerError> {
        let (Subject::Incident { target, opened_at }, Some(recent)) = (subject, &gathered.recent) else {
            return Ok(None);
        };
        let allowance = self.configuration.notifications.flapping;
        let Some((count, before)) = recent.flapping(*opened_at, allowance) else { return Ok(None) };
        let before = Subject::Incident { target: target.clone(), opened_at: before };
        let found = self.ports.ledger.read(&[Key::thread(&before)]).await?.pop().flatten();
        let thread: Option<Thread> = match found.map(|stored| stored.record) {
            Some(Record::Thread(thread)) => Some(thread),
            _ => None,
        };
        let told = thread.into_iter().flat_map(|thread| thread.told);
        let roots = told.filter_map(|(channel, told)| Some((channel, told.root?)));
        Ok(Some((count, roots.collect())))
    }
}

/// What is known of an incident's target and its cluster.
fn of_target(target: &Target, gathered: &mut Gathered, live: impl Fn(&Key) -> Option<Stored>) {
    if let Some(Record::Openings(openings)) =
        live(&Key::cluster(target.cluster())).map(|stored| stored.record)
    {
        gathered.openings = Some(openings);
    }
    gathered.outage_item = live(&Key::outage(target.cluster()));
    if let Some(Record::Outage(outage)) = gathered.outage_item.as_ref().map(|stored| &stored.record) {
        gathered.outage = Some((**outage).clone());
    }
    gathered.recent_item = live(&Key::recent(target));
    gathered.recent = match gathered.recent_item.as_ref().map(|stored| &stored.record) {
        Some(Record::Recent(recent)) => Some(recent.clone()),
        _ => Some(Recent::none(target.clone())),
    };
}
