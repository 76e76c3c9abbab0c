//! `launch_type` or `capacity_providers`: on what tasks of a job run, and what Fargate wants of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Job;
use crate::batch::{Capacity, StrategyItem};
use crate::config::file::fault::Check;
use crate::config::file::form::{Words, number};
use crate::quota;

/// `launchType` of RunTask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LaunchType {
    /// AWS's own hosts.
    Fargate,
    /// Container instances on EC2.
    Ec2,
    /// Container instances elsewhere.
    External,
}

impl Words for LaunchType {
    const EXPECTED: &'static str = "`FARGATE`, `EC2` or `EXTERNAL`";
}

impl LaunchType {
    const ALL: [Self; 3] = [Self::Fargate, Self::Ec2, Self::External];

    fn as_str(self) -> &'static str {
        match self {
            Self::Fargate => "FARGATE",
            Self::Ec2 => "EC2",
            Self::External => "EXTERNAL",
        }
    }
}

/// One entry of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provider {
    /// `FARGATE`, `FARGATE_SPOT`, or a provider's own name.
    pub provider: String,
    /// Its share of the tasks beyond all `base`. Default 1, from 0 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1_000)))]
    pub weight: Option<u64>,
    /// So many tasks run on it first; one provider may have some. Default 0, from 0 to 100000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "number")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100_000)))]
    pub base: Option<u64>,
}

fn is_fargate_provider(provider: &str) -> bool {
    provider == "FARGATE" || provider == "FARGATE_SPOT"
}

impl Job {
    pub(super) fn set_capacity(&mut self, capacity: &Capacity) {
        match capacity {
            Capacity::AsCluster => {}
            Capacity::LaunchType(word) => {
                self.launch_type = LaunchType::ALL.into_iter().find(|known| known.as_str() == word);
            }
            Capacity::Strategy(items) => {
                let providers = items.iter().map(|item| Provider {
                    provider: item.provider.clone(),
                    weight: Some(item.weight.into()),
                    base: Some(item.base.into()),
                });
                self.capacity_providers = Some(providers.collect());
            }
        }
    }

    pub(super) fn check_capacity(&self, check: &mut Check<'_>) -> Capacity {
        let capacity = match (&self.launch_type, &self.capacity_providers) {
            (None, None) => Capacity::AsCluster,
            (Some(launch_type), None) => Capacity::LaunchType(launch_type.as_str().to_owned()),
            (launch_type, Some(providers)) => {
                if launch_type.is_some() {
                    check.fault(
                        "launch_type",
                        "stands beside `capacity_providers`, and ECS takes one of the two: keep one",
                    );
                }
                Capacity::Strategy(check_strategy(providers, &mut check.below("capacity_providers")))
            }
        };
        match &capacity {
            Capacity::AsCluster => {}
            Capacity::LaunchType(word) if word == LaunchType::Fargate.as_str() => self.check_fargate(check),
            Capacity::Strategy(items) if items.iter().any(|item| is_fargate_provider(&item.provider)) => {
                self.check_fargate(check);
            }
            Capacity::LaunchType(_) | Capacity::Strategy(_) => {
                if self.platform_version.is_some() {
                    check.fault("platform_version", "only Fargate has platform versions: leave it out");
                }
            }
        }
        capacity
    }

    /// What Fargate wants, whatever the task definition says.
    fn check_fargate(&self, check: &mut Check<'_>) {
        if self.network.is_none() {
            check.fault(
                "network",
                "is missing: tasks on Fargate have a network interface of their own, and ECS must be told in which `subnets`",
            );
        }
        let Some(cpu) = self.cpu.and_then(|cpu| u32::try_from(cpu).ok()) else { return };
        let Some(offered) = quota::fargate_memory(cpu) else {
            let known: Vec<String> = quota::FARGATE.iter().map(|(cpu, _)| cpu.to_string()).collect();
            check.fault(
                "cpu",
                format!("Fargate has no tasks of {cpu} CPU units, but of {}", known.join(", ")),
            );
            return;
        };
        if let Some(memory) = self.memory.and_then(|memory| u32::try_from(memory).ok())
            && !quota::fits(cpu, memory)
        {
            check.fault(
                "memory",
                format!("Fargate has no tasks of {cpu} CPU units and {memory} MiB; with so many units it has {offered} MiB"),
            );
        }
    }
}

/// A strategy as ECS takes it.
fn check_strategy(providers: &[Provider], check: &mut Check<'_>) -> Vec<StrategyItem> {
    if providers.is_empty() {
        check.whole("names no provider: leave it out, and the cluster's default strategy holds");
    }
    if providers.len() > quota::STRATEGY {
        check.whole(format!("{} providers; ECS takes {} at the most", providers.len(), quota::STRATEGY));
    }
    let mut items: Vec<StrategyItem> = Vec::with_capacity(providers.len());
    let mut names = BTreeSet::new();
    for (index, provider) in providers.iter().enumerate() {
        let mut check = check.entry(index);
        if !names.insert(&provider.provider) {
            check.fault("provider", format!("`{}` stands here twice", provider.provider));
        }
        items.push(provider.check(&mut check));
    }
    if !items.is_empty() && items.iter().all(|item| item.weight == 0) {
        check.whole("every `weight` is 0, and ECS would place no task: give one of them more");
    }
    if items.iter().filter(|item| item.base > 0).count() > 1 {
        check.whole("more than one provider has a `base`, and ECS takes one: leave the others out");
    }
    let fargate = items.iter().filter(|item| is_fargate_provider(&item.provider)).count();
    if fargate != 0 && fargate != items.len() {
        check.whole("mixes Fargate with providers of your own, which ECS does not: keep `FARGATE` and `FARGATE_SPOT`, or the others");
    }
    items
}

impl Provider {
    fn check(&self, check: &mut Check<'_>) -> StrategyItem {
        let mut item = StrategyItem { provider: self.provider.clone(), weight: 1, base: 0 };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if self.provider.is_empty() || self.provider.len() > 255 || !self.provider.chars().all(allowed) {
            let problem = format!(
                "no name of a capacity provider like `{}`: `FARGATE`, `FARGATE_SPOT`, or one of 1 to 255 letters, digits, \
                 - and _",
                self.provider
            );
            check.fault("provider", problem);
        }
        check.number("weight", self.weight, 0..=quota::WEIGHT, "ECS takes no other", &mut item.weight);
        check.number("base", self.base, 0..=quota::BASE, "ECS takes no other", &mut item.base);
        item
    }
}
