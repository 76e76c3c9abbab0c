//! `notifications`: how people are told.

mod channels;
mod often;
mod routes;
mod slack;
mod topic;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use channels::Channel;
pub use often::{Flapping, Messages, Repeat};
pub use routes::{Route, RouteMatch};
pub use slack::{ChannelSlack, Slack};
pub use topic::Topic;

use super::fault::{Check, MINUTE};
use super::form::{named, number, section, sections, word};
use crate::config::{Duration, Notifications, Size};
use crate::words::Language;
use channels::Names;

/// The most channels besides those that the stack is deployed with.
const MAX_CHANNELS: usize = 20;
/// The most routes.
const MAX_ROUTES: usize = 50;

/// How people are told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Notifications")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Told {
    /// How long news gather before the first message about them. Default `15s`, from `0s` to `15m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Duration>,
    /// How often an incident that goes on is told again, or `off`. Default `4h`, from `15m` to `7d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// A target that opens so many incidents within so long flaps: further ones go on in the thread of the last.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub flapping: Option<Flapping>,
    /// The most that an alert shows of one quoted text. Default `300B`, from `100B` to `1KiB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Size>,
    /// So many of the failed container's last log lines are shown. Default 10, from 0, which reads none, to 50.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 50)))]
    pub log_lines: Option<u64>,
    /// The language of what no channel and no route says otherwise. Default `en`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub language: Option<Language>,
    /// How many messages each channel gets, at the most; what is beyond comes in a digest. Default 40 within `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub budget: Option<Messages>,
    /// Slack: the channel `slack`. By default as the stack was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<Slack>,
    /// The SNS topic, or `off`: the channel `sns`. By default as the stack was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// Further channels, by name: small letters, digits, - and _. At most 20.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "named")]
    #[cfg_attr(
        feature = "schema",
        schemars(extend(
            "maxProperties" = 20,
            "propertyNames" = {"pattern": "^[a-z][a-z0-9_-]{0,31}$", "not": {"enum": ["slack", "sns"]}},
        ))
    )]
    pub channels: Option<BTreeMap<String, Channel>>,
    /// Who is told what: the first that matches holds, and what none matches goes to every channel. At most 50.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sections")]
    #[cfg_attr(feature = "schema", schemars(length(max = 50)))]
    pub routes: Option<Vec<Route>>,
}

impl Told {
    pub(super) fn of(notifications: &Notifications) -> Self {
        let channels = notifications.channels.iter();
        Self {
            grouping: Some(Duration::new(notifications.grouping)),
            repeat: Some(Repeat::of(notifications.repeat)),
            flapping: Some(Flapping::of(&notifications.flapping)),
            evidence: Some(notifications.evidence),
            log_lines: Some(notifications.log_lines.into()),
            language: Some(notifications.language),
            budget: Some(Messages::of(&notifications.budget)),
            slack: Slack::of(&notifications.slack),
            topic: Topic::of(&notifications.topic),
            channels: Some(channels.map(|(name, channel)| (name.clone(), Channel::of(channel))).collect()),
            routes: Some(notifications.routes.iter().map(Route::of).collect()),
        }
    }

    pub(super) fn check(&self, notifications: &mut Notifications, mut check: Check<'_>) {
        self.check_how(notifications, &mut check);
        if let Some(slack) = &self.slack {
            slack.check(&mut notifications.slack, &mut check);
        }
        if let Some(topic) = &self.topic {
            topic.check(&mut notifications.topic, &mut check);
        }
        let names = Names::of(self);
        if let Some(channels) = &self.channels {
            let mut check = check.below("channels");
            notifications.channels = channels::check(channels, &names, notifications.budget, &mut check);
        }
        if let Some(routes) = &self.routes {
            notifications.routes = routes::check(routes, &names, &mut check.below("routes"));
        }
    }

    /// How, and how often, whoever it is that is told.
    fn check_how(&self, notifications: &mut Notifications, check: &mut Check<'_>) {
        check.duration(
            "grouping",
            self.grouping,
            0..=15 * MINUTE,
            "SQS delays no message for longer",
            &mut notifications.grouping,
        );
        if let Some(repeat) = self.repeat {
            repeat.check(&mut notifications.repeat, check);
        }
        if let Some(flapping) = &self.flapping {
            flapping.check(&mut notifications.flapping, &mut check.below("flapping"));
        }
        if let Some(size) = self.evidence {
            if (100..=1_024).contains(&size.bytes()) {
                notifications.evidence = size;
            } else {
                let why = "less says nothing, and no more is kept of a text";
                check.out_of_bounds("evidence", &size, &"100B", &"1KiB", why);
            }
        }
        check.number(
            "log_lines",
            self.log_lines,
            0..=50,
            "no alert has room for more, and the log has them all",
            &mut notifications.log_lines,
        );
        notifications.language = self.language.unwrap_or(notifications.language);
        if let Some(budget) = &self.budget {
            budget.check(&mut notifications.budget, &mut check.below("budget"));
        }
    }
}
