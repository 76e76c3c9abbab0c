//! `notifications.channels`: further places that people are told at, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::often::Messages;
use super::slack::{ChannelSlack, Slack, channel_slack};
use super::topic::{Topic, topic_arn};
use super::{MAX_CHANNELS, Told};
use crate::config::file::fault::Check;
use crate::config::file::form::{section, word};
use crate::config::{self, Allowance, DEPLOYED_SLACK, DEPLOYED_TOPIC, Place};
use crate::words::Language;

/// The longest name of a channel.
const MAX_NAME: usize = 32;

/// A channel: one place, which is one of `slack`, `topic` and `amazon_q`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("oneOf" = [{"required": ["slack"]}, {"required": ["topic"]}, {"required": ["amazon_q"]}]))
)]
pub struct Channel {
    /// Slack, by a bot or by an incoming webhook.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "channel_slack")]
    #[cfg_attr(feature = "schema", schemars(with = "ChannelSlack"))]
    pub slack: Option<ChannelSlack>,
    /// An SNS topic, by ARN, for mail and whatever else reads text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = super::topic::PATTERN)))]
    pub topic: Option<String>,
    /// An SNS topic, by ARN, that Amazon Q Developer in chat applications reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = super::topic::PATTERN)))]
    pub amazon_q: Option<String>,
    /// Its language. Default that of `notifications`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub language: Option<Language>,
    /// How many messages it gets, at the most. Default as for all.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub budget: Option<Messages>,
    /// The channel that gets what this one refuses for good. By default all others do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// The names that routes and fallbacks may give.
pub(super) struct Names<'n> {
    on: BTreeSet<&'n str>,
    off: Vec<&'n str>,
}

impl<'n> Names<'n> {
    pub(super) fn of(told: &'n Told) -> Self {
        let deployed = [
            (DEPLOYED_SLACK, told.slack == Some(Slack::Off)),
            (DEPLOYED_TOPIC, told.topic == Some(Topic::Off)),
        ];
        let (off, on): (Vec<_>, Vec<_>) = deployed.into_iter().partition(|(_, is_off)| *is_off);
        let configured = told.channels.iter().flatten().map(|(name, _)| name.as_str());
        Self {
            on: configured.chain(on.into_iter().map(|(name, _)| name)).collect(),
            off: off.into_iter().map(|(name, _)| name).collect(),
        }
    }

    /// Checks the name of a channel that another part of the file gives.
    pub(super) fn check(&self, name: &str, key: &str, check: &mut Check<'_>) {
        if self.on.contains(name) {
            return;
        }
        let problem = if self.off.contains(&name) {
            format!("the channel `{name}` is `off`")
        } else {
            let known: Vec<&str> = self.on.iter().copied().collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            format!("there is no channel `{name}`; channels here: {known}")
        };
        check.fault_by(key, format!("notifications.channels.{name}"), problem);
    }
}

/// Checks all channels. `budget` is what holds where one says nothing.
pub(super) fn check(
    channels: &BTreeMap<String, Channel>,
    names: &Names<'_>,
    budget: Allowance,
    check: &mut Check<'_>,
) -> BTreeMap<String, config::Channel> {
    if channels.len() > MAX_CHANNELS {
        check.whole(format!(
            "{} channels; at most {MAX_CHANNELS}: each gets a call of its own for each message",
            channels.len()
        ));
    }
    let mut checked = BTreeMap::new();
    for (name, channel) in channels {
        let mut check = check.below(name);
        check_name(name, &mut check);
        if let Some(fallback) = &channel.fallback {
            names.check(fallback, "fallback", &mut check);
        }
        if let Some(problem) = circle(channels, name) {
            check.fault("fallback", problem);
        }
        if let Some(channel) = channel.check(budget, &mut check) {
            checked.insert(name.clone(), channel);
        }
    }
    checked
}

fn check_name(name: &str, check: &mut Check<'_>) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if name == DEPLOYED_SLACK || name == DEPLOYED_TOPIC {
        check.whole("the name of a channel that the stack is deployed with: give this one another");
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || name.len() > MAX_NAME
        || !name.chars().all(allowed)
    {
        check.whole(format!(
            "no name of a channel, such as `ops`: a small letter, then small letters, digits, - and _, {MAX_NAME} at the most"
        ));
    }
}

/// What is wrong with a channel whose fallbacks lead back to it. A circle is told once, of the first of its names.
fn circle(channels: &BTreeMap<String, Channel>, name: &str) -> Option<String> {
    let mut way = vec![name];
    let mut last = name;
    while let Some(next) = channels.get(last)?.fallback.as_deref() {
        if next == name {
            let is_first = way.iter().all(|other| name <= *other);
            return is_first.then(|| match way.as_slice() {
                [_] => "the channel itself: name another, or leave it out, and all others get what it refuses".to_owned(),
                _ => format!(
                    "a circle, {} → {name}: what all of them refuse would reach nobody; one must name another channel, or none",
                    way.join(" → ")
                ),
            });
        }
        if way.contains(&next) {
            return None;
        }
        way.push(next);
        last = next;
    }
    None
}

impl Channel {
    pub(super) fn of(channel: &config::Channel) -> Self {
        let mut form = Self {
            language: channel.language,
            budget: channel.budget.as_ref().map(Messages::of),
            fallback: channel.fallback.clone(),
            ..Self::default()
        };
        match &channel.place {
            Place::SlackBot { token, channel } => form.slack = Some(ChannelSlack::of_bot(token, channel)),
            Place::SlackWebhook { webhook } => form.slack = Some(ChannelSlack::of_webhook(webhook)),
            Place::Topic { arn } => form.topic = Some(arn.clone()),
            Place::AmazonQ { arn } => form.amazon_q = Some(arn.clone()),
        }
        form
    }

    fn check(&self, budget: Allowance, check: &mut Check<'_>) -> Option<config::Channel> {
        let place = self.place(check);
        let budget = self.budget.as_ref().map(|own| {
            let mut budget = budget;
            own.check(&mut budget, &mut check.below("budget"));
            budget
        });
        Some(config::Channel {
            place: place?,
            language: self.language,
            budget,
            fallback: self.fallback.clone(),
        })
    }

    /// Where it leads, where that is one place.
    fn place(&self, check: &mut Check<'_>) -> Option<Place> {
        let slack = self.slack.as_ref().map(|slack| slack.check(&mut check.below("slack")));
        for (key, arn) in [("topic", &self.topic), ("amazon_q", &self.amazon_q)] {
            if let Some(Err(problem)) = arn.as_deref().map(|arn| topic_arn(arn, "")) {
                check.fault(key, problem);
            }
        }
        let topic = self.topic.clone().map(|arn| Some(Place::Topic { arn }));
        let amazon_q = self.amazon_q.clone().map(|arn| Some(Place::AmazonQ { arn }));
        let mut places = [slack, topic, amazon_q].into_iter().flatten();
        match (places.next(), places.next()) {
            (Some(place), None) => return place,
            (None, _) => check.whole("leads nowhere: write one of `slack`, `topic` and `amazon_q` below it"),
            (Some(_), Some(_)) => check.whole(
                "leads to more than one place: keep one of `slack`, `topic` and `amazon_q`, and make channels of the others",
            ),
        }
        None
    }
}
