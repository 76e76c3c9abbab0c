//! From what the ledger holds to what a person reads.

mod channel;
mod deployment;
mod incident;
mod job;
mod outage;
mod scaler;
mod step;

use std::fmt::Display;

use jiff::Timestamp;

use super::{Fact, LogLine, Message, Step};
use crate::arn::{Arn, ClusterArn};
use crate::batch::Trouble;
use crate::config::{Allowance, Notifications, Size};
use crate::diagnosis::Diagnosis;
use crate::incident::{Deployment, Failures, Incident};
use crate::ledger::{ChannelRecord, HeldBack, Outage};
use crate::redact::{Redacted, redact};
use crate::scaling::ScalerTrouble;
use crate::words::Language;
use crate::words::alerts::{self, Name};

/// Causes named one by one.
const MAX_CAUSES: usize = 4;
/// Quoted texts of one message.
const MAX_QUOTES: usize = 3;

/// How messages are written.
#[derive(Debug, Clone, Copy)]
pub struct Style<'s> {
    /// In which language.
    pub language: Language,
    /// At most so much is quoted of each text: the rest is a `steward explain` away.
    pub evidence: Size,
    /// The failed container's last log lines.
    pub logs: &'s [LogLine],
    /// How often the target failed of late, where it flaps.
    pub again: Option<usize>,
}

impl Default for Style<'_> {
    /// In English, as configured by default.
    fn default() -> Self {
        Self::of(Language::En)
    }
}

impl Style<'_> {
    /// As configured by default.
    pub fn of(language: Language) -> Self {
        Self { language, evidence: Notifications::default().evidence, logs: &[], again: None }
    }

    /// An incident as it stands.
    pub fn incident(&self, incident: &Incident) -> Message {
        incident::message(incident, self)
    }

    /// A deployment as it stands.
    pub fn deployment(&self, deployment: &Deployment) -> Message {
        deployment::message(deployment, self)
    }

    /// An outage as it stands.
    pub fn outage(&self, outage: &Outage) -> Message {
        outage::message(outage, self)
    }

    /// A job's trouble as it stands.
    pub fn job(&self, trouble: &Trouble) -> Message {
        job::message(trouble, self)
    }

    /// A scaled service's trouble as it stands.
    pub fn scaler(&self, trouble: &ScalerTrouble) -> Message {
        scaler::message(trouble, self)
    }

    /// A channel that refuses messages since then, or did.
    pub fn trouble(&self, channel: &ChannelRecord, since: Timestamp) -> Message {
        channel::trouble(channel, since, self)
    }

    /// What a channel was not told.
    pub fn digest(&self, channel: &HeldBack, budget: Allowance) -> Message {
        channel::digest(channel, budget, self)
    }

    /// A step of an incident.
    pub fn incident_step(&self, incident: &Incident, step: &Step) -> Message {
        step::of_incident(incident, step, self)
    }

    /// A step of a deployment.
    pub fn deployment_step(&self, deployment: &Deployment, step: &Step) -> Message {
        step::of_deployment(deployment, step, self)
    }

    /// A step of an outage.
    pub fn outage_step(&self, outage: &Outage, step: &Step) -> Message {
        step::of_outage(outage, step, self)
    }

    /// A step of a job's trouble.
    pub fn job_step(&self, trouble: &Trouble, step: &Step) -> Message {
        job::step(trouble, step, self)
    }

    /// A step of a scaled service's trouble.
    pub fn scaler_step(&self, trouble: &ScalerTrouble, step: &Step) -> Message {
        scaler::step(trouble, step, self)
    }

    /// A step of a channel's trouble.
    pub fn trouble_step(&self, channel: &ChannelRecord, since: Timestamp, step: &Step) -> Message {
        step::of_trouble(channel, since, step, self)
    }
}

fn push(facts: &mut Vec<Fact>, name: Name, value: Option<String>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        facts.push(Fact { name, value: redact(&value) });
    }
}

/// The account and the region: the title has the cluster's name.
fn push_place(facts: &mut Vec<Fact>, cluster: &ClusterArn, language: Language) {
    let arn = Arn::parse(cluster.as_str());
    push(facts, Name::Account, arn.map(|arn| alerts::account(arn.account, arn.region, language)));
}

fn push_causes(facts: &mut Vec<Fact>, failures: &Failures, language: Language) {
    push(facts, Name::Causes, Some(causes_of(&failures.causes(), language)));
}

/// The first causes with their counts, and how many there are besides.
fn causes_of<C: Display>(causes: &[(C, usize)], language: Language) -> String {
    let mut named: Vec<String> =
        causes.iter().take(MAX_CAUSES).map(|(cause, count)| format!("{count} × {cause}")).collect();
    if causes.len() > MAX_CAUSES {
        named.push(alerts::and_more(causes.len() - MAX_CAUSES, language));
    }
    named.join(", ")
}

/// The container that decided, and its exit code.
fn push_container(facts: &mut Vec<Fact>, diagnosis: &Diagnosis, language: Language) {
    let container = diagnosis.container.as_ref().map(|name| match diagnosis.exit_code {
        Some(code) => alerts::exit_code(name.as_str(), code, language),
        None => name.to_string(),
    });
    push(facts, Name::Container, container);
}

fn push_denied(facts: &mut Vec<Fact>, diagnosis: &Diagnosis, language: Language) {
    let denied = diagnosis.denied_action.as_ref().map(|denied| match &denied.resource {
        Some(resource) => alerts::denied(&denied.action, resource.as_str(), language),
        None => denied.action.clone(),
    });
    push(facts, Name::Denied, denied);
}

fn count_of(failures: &Failures, language: Language) -> String {
    alerts::failures(failures.count(), failures.has_more(), language)
}

fn quotes(diagnosis: Option<&Diagnosis>, most: Size) -> Vec<Redacted> {
    let Some(diagnosis) = diagnosis else { return Vec::new() };
    diagnosis
        .evidence
        .iter()
        .filter(|piece| piece.source.as_str() != "stopCode")
        .take(MAX_QUOTES)
        .map(|piece| redact(&format!("{}: {}", piece.source, shortened(&piece.text, most))))
        .collect()
}

/// At most so many bytes, cut between characters, with an ellipsis where something was cut.
fn shortened(text: &Redacted, most: Size) -> String {
    const ELLIPSIS: char = '…';
    let most = usize::try_from(most.bytes()).unwrap_or(usize::MAX);
    if text.as_str().len() <= most {
        return text.to_string();
    }
    let end = text.as_str().floor_char_boundary(most.saturating_sub(ELLIPSIS.len_utf8()));
    let mut short = text.as_str().get(..end).unwrap_or_default().to_owned();
    short.push(ELLIPSIS);
    short
}
