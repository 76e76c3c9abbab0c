//! Whom Steward tells, where, how often, and in which language.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{Allowance, Glob, Size};
use crate::diagnosis::Cause;
use crate::incident::{Severity, Target};
use crate::words::Language;

/// The channel that is Slack as the stack was deployed.
pub const DEPLOYED_SLACK: &str = "slack";
/// The channel that is the topic as the stack was deployed.
pub const DEPLOYED_TOPIC: &str = "sns";

/// How people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifications {
    /// How long news gather before the first message about them. At most 15 minutes: longer SQS delays nothing.
    pub grouping: SignedDuration,
    /// An incident that goes on is told again so often; absent: never.
    pub repeat: Option<SignedDuration>,
    /// A target that opens so many incidents within so long flaps: further ones go on in the thread of the last.
    pub flapping: Allowance,
    /// The most that an alert shows of one quoted text.
    pub evidence: Size,
    /// So many of the failed container's last log lines are shown; 0: none, and none are read.
    pub log_lines: u32,
    /// The language of what no channel and no route says otherwise.
    pub language: Language,
    /// So many messages may a channel get that says nothing else. What is beyond comes in a digest.
    pub budget: Allowance,
    /// Slack's webhook as the stack was deployed: the channel [`DEPLOYED_SLACK`].
    pub slack: Way,
    /// The SNS topic, by ARN: the channel [`DEPLOYED_TOPIC`].
    pub topic: Way,
    /// Further channels, by name.
    pub channels: BTreeMap<String, Channel>,
    /// Who is told what: the first that matches holds. What none matches goes to every channel.
    pub routes: Vec<Route>,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            grouping: SignedDuration::from_secs(15),
            repeat: Some(SignedDuration::from_hours(4)),
            flapping: Allowance { count: 3, within: SignedDuration::from_hours(1) },
            evidence: Size::from_bytes(300),
            log_lines: 10,
            language: Language::En,
            budget: Allowance { count: 40, within: SignedDuration::from_hours(1) },
            slack: Way::AsDeployed,
            topic: Way::AsDeployed,
            channels: BTreeMap::new(),
            routes: Vec::new(),
        }
    }
}

impl Notifications {
    /// How many messages a channel may get.
    pub fn budget_of(&self, channel: &str) -> Allowance {
        self.channels.get(channel).and_then(|channel| channel.budget).unwrap_or(self.budget)
    }

    /// The language of a channel, where no route says otherwise.
    pub fn language_of(&self, channel: &str) -> Language {
        self.channels.get(channel).and_then(|channel| channel.language).unwrap_or(self.language)
    }
}

/// A way to people: the one that the stack was deployed with, unless the file says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Way {
    /// As the stack was deployed; possibly none.
    #[default]
    AsDeployed,
    /// None, whatever the stack was deployed with.
    Off,
    /// This one.
    To(String),
}

impl Way {
    /// Where to, when the stack was deployed with `deployed`. An empty text, as of a template's parameter that was left
    /// out, leads nowhere.
    pub fn or<'w>(&'w self, deployed: Option<&'w str>) -> Option<&'w str> {
        match self {
            Self::AsDeployed => deployed.filter(|deployed| !deployed.is_empty()),
            Self::Off => None,
            Self::To(place) => Some(place),
        }
    }
}

/// A channel that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Where it leads.
    pub place: Place,
    /// Its language, where it is not everybody's.
    pub language: Option<Language>,
    /// How many messages it may get, where that is not what holds for all.
    pub budget: Option<Allowance>,
    /// The channel that gets what this one refuses for good; absent: all others do.
    pub fallback: Option<String>,
}

/// Where a channel leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Slack by a bot's token: messages are edited and have threads.
    SlackBot {
        /// The SSM parameter (a `SecureString`) that holds the bot's token, `xoxb-…`.
        token: String,
        /// The channel's id, such as `C0123456789`.
        channel: String,
    },
    /// Slack by an incoming webhook.
    SlackWebhook {
        /// The SSM parameter (a `SecureString`) that holds the webhook's address.
        webhook: String,
    },
    /// An SNS topic, by ARN, for mail and whatever else reads text.
    Topic {
        /// Its ARN.
        arn: String,
    },
    /// An SNS topic, by ARN, that Amazon Q Developer in chat applications reads: its schema of custom notifications.
    AmazonQ {
        /// Its ARN.
        arn: String,
    },
}

/// Who is told of some subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Which subjects.
    pub matches: Match,
    /// The names of the channels; none: nobody is told, which is counted.
    pub to: Vec<String>,
    /// In which language, where it is not the channels'.
    pub language: Option<Language>,
}

/// Which subjects a route or a silence is about: all that it says must hold. One that says nothing is about every subject.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Match {
    /// A glob of the cluster's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Glob>,
    /// A glob of the service's name, or of the family's for standalone tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Glob>,
    /// Tags of the service, by key, with globs of their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Glob>,
    /// One of these causes is among the subject's; empty: any, or none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub causes: BTreeSet<Cause>,
    /// It is at least so severe. A deployment that goes well is `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// What is asked of a subject by routes and silences.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'s> {
    /// What it is about; absent for what concerns no single target, such as an outage or a channel.
    pub target: Option<&'s Target>,
    /// The cluster's name.
    pub cluster: &'s str,
    /// Its tags; absent where they could not be read, or do not matter.
    pub tags: Option<&'s BTreeMap<String, String>>,
    /// Its causes.
    pub causes: &'s BTreeSet<Cause>,
    /// How much it matters.
    pub severity: Severity,
}

/// Whether something matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matches {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It would depend on tags, which could not be read.
    Unknown,
}

impl Match {
    /// Whether a subject is one of these.
    pub fn matches(&self, subject: &Matched<'_>) -> Matches {
        let is_cluster = self.cluster.as_ref().is_none_or(|glob| glob.matches(subject.cluster));
        let is_service = self
            .service
            .as_ref()
            .is_none_or(|glob| subject.target.is_some_and(|target| glob.matches(target.name())));
        let is_cause = self.causes.is_empty() || !self.causes.is_disjoint(subject.causes);
        let is_severe = self.severity.is_none_or(|least| subject.severity >= least);
        if !(is_cluster && is_service && is_cause && is_severe) {
            return Matches::No;
        }
        if self.tags.is_empty() {
            return Matches::Yes;
        }
        match subject.tags {
            None if subject.target.is_some() => Matches::Unknown,
            None => Matches::No,
            Some(tags) => {
                let has =
                    |(key, glob): (&String, &Glob)| tags.get(key).is_some_and(|value| glob.matches(value));
                if self.tags.iter().all(has) { Matches::Yes } else { Matches::No }
            }
        }
    }

    /// Whether it says nothing, and so is about every subject.
    pub fn is_about_all(&self) -> bool {
        *self == Self::default()
    }
}
