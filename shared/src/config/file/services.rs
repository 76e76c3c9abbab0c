//! `services`: who is enrolled, and what is different for them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fault::{Check, Fault};
use super::form::{OnOff, number, section, word};
use super::rules::{Defaults, Memory, Remedies, SharesRules, with_rules};
use crate::action::Network;
use crate::config::{Duration, Entry, Glob, Mode, OnStuck, Rules, Selector};

/// ECS takes no longer names of clusters, services and families.
const MAX_NAME: usize = 255;
/// The longest key of a tag, and the longest value.
const MAX_TAG: (usize, usize) = (128, 256);
/// The most subnets, and the most security groups, of a task.
const MAX_NETWORK: (usize, usize) = (16, 5);

with_rules! {
    /// Some targets, which are enrolled by it, and what is different for them. What is left out is as in `defaults`.
    #[cfg_attr(feature = "schema", schemars(extend("required" = ["match"])))]
    pub struct Service {
        /// Which targets. Of several entries that match one the most specific holds: by service, then cluster, then tags.
        #[serde(rename = "match", default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
        #[cfg_attr(feature = "schema", schemars(with = "Match"))]
        pub selector: Option<Match>,
        /// Declares that running a standalone task of this kind twice does no harm: one that was lost is run again.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
        pub rerun: Option<Rerun>,
    }
}

/// Which targets: all that is said must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("minProperties" = 1)))]
pub struct Match {
    /// The cluster's name; `*` stands for any characters, `?` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_*?-]{1,255}$")))]
    pub cluster: Option<String>,
    /// The service's name, or the family of standalone tasks; `*` stands for any characters, `?` for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_*?-]{1,255}$")))]
    pub service: Option<String>,
    /// Tags of the service, each with this very value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// How a task is run again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rerun {
    /// Where, for tasks with a network interface of their own (`awsvpc`): ECS does not tell it of a task.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "section")]
    pub network: Option<TaskNetwork>,
}

/// Where a task with a network interface of its own runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaskNetwork {
    /// Ids of subnets, from 1 to 16.
    pub subnets: Vec<String>,
    /// Ids of security groups, at most 5. None: the one that is the default of the VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_groups: Option<Vec<String>>,
    /// Whether the task gets a public address. Default `off`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "word")]
    pub public_ip: Option<OnOff>,
}

/// Checks all entries; `defaults` is what holds where they say nothing.
pub(super) fn check(services: &[Service], defaults: &Rules, faults: &mut Vec<Fault>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(services.len());
    for (index, service) in services.iter().enumerate() {
        let entry = service.check(defaults, &mut Check::of(format!("services[{index}]"), faults));
        let is_same =
            |other: &Entry| other.selector == entry.selector && other.selector != Selector::default();
        if entries.iter().any(is_same) {
            let problem = "an entry before it has the same: this one has no effect";
            Check::of(format!("services[{index}]"), faults).fault("match", problem);
        }
        entries.push(entry);
    }
    entries
}

impl Service {
    /// The entry that says everything, defaults included.
    pub fn of(entry: &Entry) -> Self {
        let selector = Match {
            cluster: entry.selector.cluster.as_ref().map(|glob| glob.as_str().to_owned()),
            service: entry.selector.service.as_ref().map(|glob| glob.as_str().to_owned()),
            tags: Some(entry.selector.tags.clone()).filter(|tags| !tags.is_empty()),
        };
        let rerun = entry.rules.rerun.as_ref().map(|rerun| Rerun {
            network: rerun.network.as_ref().map(|network| TaskNetwork {
                subnets: network.subnets.iter().cloned().collect(),
                security_groups: Some(network.security_groups.iter().cloned().collect()),
                public_ip: Some(OnOff::of(network.public_ip)),
            }),
        });
        let mut service = Self { selector: Some(selector), rerun, ..Self::default() };
        service.set_shared(&Defaults::of(&entry.rules));
        service
    }

    fn check(&self, defaults: &Rules, check: &mut Check<'_>) -> Entry {
        let selector = if let Some(selector) = &self.selector {
            selector.check(&mut check.below("match"))
        } else {
            check.fault("match", "`match` is missing: it says which targets the entry is about");
            Selector::default()
        };
        let mut rules = defaults.clone();
        self.shared().check(&mut rules, check);
        if let Some(rerun) = &self.rerun {
            if !selector.tags.is_empty() {
                check.fault(
                    "rerun",
                    "standalone tasks have no service whose tags could match: leave out `match.tags`",
                );
            }
            let network = rerun.network.as_ref();
            let network = network.map(|network| network.check(&mut check.below("rerun.network")));
            rules.rerun = Some(crate::config::Rerun { network });
        }
        Entry { selector, rules }
    }
}

impl Match {
    fn check(&self, check: &mut Check<'_>) -> Selector {
        let tags = self.tags.clone().unwrap_or_default();
        if self.cluster.is_none() && self.service.is_none() && tags.is_empty() {
            check.whole("matches nothing, and so enrols nothing: name a `cluster`, a `service` or `tags`, such as `service: checkout`");
        }
        check_tags(&tags, check);
        Selector {
            cluster: glob("cluster", self.cluster.as_deref(), check),
            service: glob("service", self.service.as_deref(), check),
            tags,
        }
    }
}

/// Tags as AWS takes them.
pub(super) fn check_tags<'t>(
    tags: impl IntoIterator<Item = (&'t String, &'t String)>,
    check: &mut Check<'_>,
) {
    let (longest_key, longest_value) = MAX_TAG;
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > longest_key || value.chars().count() > longest_value {
            check.fault(
                "tags",
                format!("no tag is `{key}: {value}`: a key has 1 to {longest_key} characters, a value {longest_value} at the most"),
            );
        }
    }
}

/// A glob of a name, such as ECS takes it.
pub(super) fn glob(key: &str, text: Option<&str>, check: &mut Check<'_>) -> Option<Glob> {
    let text = text?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-*?".contains(c);
    if text.starts_with("arn:") {
        check.fault(key, format!("an ARN; write the name alone, which ends it: a {key} is matched by name"));
    } else if text.is_empty() || text.len() > MAX_NAME || !text.chars().all(allowed) {
        check.fault(
            key,
            format!(
                "no {key} has a name like `{text}`: 1 to {MAX_NAME} letters, digits, - and _, with * for any characters \
                 and ? for one"
            ),
        );
    }
    Some(Glob::new(text))
}

impl TaskNetwork {
    pub(super) fn check(&self, check: &mut Check<'_>) -> Network {
        let (most_subnets, most_groups) = MAX_NETWORK;
        let groups = self.security_groups.as_deref().unwrap_or_default();
        if self.subnets.is_empty() || self.subnets.len() > most_subnets {
            check.fault("subnets", format!("{} subnets; ECS takes 1 to {most_subnets}", self.subnets.len()));
        }
        if groups.len() > most_groups {
            check.fault(
                "security_groups",
                format!("{} groups; ECS takes {most_groups} at the most", groups.len()),
            );
        }
        Network {
            subnets: ids(&self.subnets, "subnet-", &mut check.below("subnets")),
            security_groups: ids(groups, "sg-", &mut check.below("security_groups")),
            public_ip: self.public_ip.is_some_and(OnOff::is_on),
        }
    }
}

/// The ids that a list holds, each of which begins with `prefix`.
fn ids(list: &[String], prefix: &str, check: &mut Check<'_>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (index, id) in list.iter().enumerate() {
        let is_hex =
            |rest: &str| !rest.is_empty() && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !id.strip_prefix(prefix).is_some_and(is_hex) {
            check.entry(index).whole(format!("`{id}` is no id such as {prefix}0123456789abcdef0"));
        } else if !ids.insert(id.clone()) {
            check.entry(index).whole(format!("`{id}` stands here twice"));
        }
    }
    ids
}
