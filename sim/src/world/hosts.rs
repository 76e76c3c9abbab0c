//! Container instances of a world: who runs on them, and what befalls them.
//!
//! A third of the worlds have some, drawn from a stream of its own. Their agents flap, some of their hosts fail for a while, at
//! times two together, and Spot takes one back. There is always room for what runs on them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::action::{Call as Change, Remedy};
use steward::arn::ContainerInstanceArn;
use steward::config::{Entry, Glob, Mode, Rules, Selector};
use steward::ecs::HostStatus;

use super::plan::{CLUSTER, Plan, Service, moment};
use super::script::Deed;
use crate::ecs::{Ecs, Happening, Host, HostNow, fargate_service};
use crate::random::{Random, later};

/// The stream of hosts.
const STREAM: u64 = 0x0068_6f73_7473;
const ZONES: [&str; 4] = ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1a"];
/// Reads may lag by up to 50 s, and calls be under way for seconds: whoever reconnects within so long may be drained.
const UNSEEN: SignedDuration = SignedDuration::from_secs(90);

/// Adds hosts, and what befalls them, to one world in three.
pub(super) fn add(plan: &mut Plan, seed: u64) {
    let mut random = Random::new(seed ^ STREAM);
    if random.below(3) != 0 {
        return;
    }
    plan.hosts = ZONES.iter().enumerate().map(|(index, zone)| host(index, zone)).collect();
    let desired = u32::try_from(2 + random.below(3)).unwrap_or(2);
    let request = fargate_service(CLUSTER, "hosted", "hosted", desired).on_ec2();
    plan.services.push(Service { name: "hosted".to_owned(), request, mode: Mode::Act });
    plan.policy.services.push(entry(Some("hosted"), Mode::Act));
    let mode = if random.below(5) == 0 { Mode::Observe } else { Mode::Act };
    plan.policy.services.push(entry(None, mode));
    let (start, until) = (plan.start, plan.until);
    for _ in 0..=random.below(2) {
        let at = moment(start, until, &mut random);
        let first = random.below(3);
        fail(first, at, &mut plan.script, &mut random);
        // Another fails while the first is out, at times in the same minute.
        if random.below(2) == 0 {
            let after = random.between(Duration::ZERO, Duration::from_mins(25));
            fail((first + 1) % 3, later(at, after), &mut plan.script, &mut random);
        }
    }
    for _ in 0..random.below(4) {
        let at = moment(start, until, &mut random);
        let away = random.between(Duration::from_secs(20), Duration::from_mins(9));
        let host = random.below(4);
        plan.script.push((at, agent(host, false)));
        plan.script.push((later(at, away), agent(host, true)));
    }
    if random.below(2) == 0 {
        let at = moment(start, until, &mut random);
        let drains = random.below(3) == 0;
        let warning = Happening::SpotInstanceInterruption { ec2_instance_id: id(3), drains };
        plan.script.push((at, Deed::Ecs(Box::new(warning))));
    }
    plan.script.sort_by_key(|(at, _)| *at);
}

/// A host fails by EC2's word while its agent is away, and both end. At times the agent is back long before.
fn fail(host: u64, at: Timestamp, script: &mut Vec<(Timestamp, Deed)>, random: &mut Random) {
    let lasts = random.between(Duration::from_mins(12), Duration::from_mins(100));
    let away = if random.below(3) == 0 { Duration::from_mins(3) } else { lasts };
    let check = |fails| Deed::Ecs(Box::new(Happening::StatusCheck { ec2_instance_id: id(host), fails }));
    script.push((at, agent(host, false)));
    script.push((at, check(true)));
    script.push((later(at, away), agent(host, true)));
    script.push((later(at, lasts), check(false)));
}

fn agent(host: u64, connected: bool) -> Deed {
    Deed::Ecs(Box::new(Happening::Agent { ec2_instance_id: id(host), connected }))
}

fn id(host: u64) -> String {
    format!("i-{host:017x}")
}

fn host(index: usize, zone: &str) -> Host {
    Host {
        cluster: CLUSTER.to_owned(),
        ec2_instance_id: id(u64::try_from(index).unwrap_or_default()),
        zone: zone.to_owned(),
        capacity_provider: None,
        cpu: 8_192,
        memory: 32_768,
    }
}

/// Of a service, or of the cluster's hosts.
fn entry(service: Option<&str>, mode: Mode) -> Entry {
    let selector = Selector {
        cluster: Some(Glob::new(CLUSTER)),
        service: service.map(Glob::new),
        ..Selector::default()
    };
    let cooldown = SignedDuration::from_mins(10);
    let mut rules = Rules { mode, cooldown, ..Rules::default() };
    rules.remedies.extend([Remedy::DrainInstance, Remedy::ActivateInstance]);
    Entry { selector, rules }
}

/// What people do when the day is over: every host is well again.
pub(super) fn calm(plan_hosts: &[Host]) -> Vec<Deed> {
    let well = |host: &Host| {
        let ec2_instance_id = host.ec2_instance_id.clone();
        let check = Happening::StatusCheck { ec2_instance_id: ec2_instance_id.clone(), fails: false };
        let agent = Happening::Agent { ec2_instance_id, connected: true };
        [check, agent].map(|happening| Deed::Ecs(Box::new(happening)))
    };
    plan_hosts.iter().flat_map(well).collect()
}

/// The hosts that Steward drained, by what ECS saw of its calls.
#[derive(Debug, Default)]
pub(super) struct Watch {
    drained: BTreeSet<ContainerInstanceArn>,
}

/// What is wrong with a call that took effect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Another host that Steward drained still drains.
    Another(ContainerInstanceArn),
    /// The host's agent has been connected for long.
    Connected(Timestamp),
}

impl Watch {
    /// A call of Steward's took effect. `before` is how its host was until then; `is_of_spot` drains are as many as Spot takes
    /// back.
    pub(super) fn called(
        &mut self,
        call: &Change,
        is_of_spot: bool,
        before: Option<&HostNow>,
        ecs: &Ecs,
        now: Timestamp,
    ) -> Vec<Wrong> {
        let Change::UpdateContainerInstancesState { instance, status, .. } = call else { return Vec::new() };
        let drains = |arn: &ContainerInstanceArn| ecs.host_now(arn.as_str()).is_some_and(|host| host.drains);
        self.drained.retain(|arn| arn == instance || drains(arn));
        if *status == HostStatus::Active {
            self.drained.remove(instance);
            return Vec::new();
        }
        let mut wrong = Vec::new();
        if !is_of_spot {
            wrong.extend(self.drained.iter().find(|arn| *arn != instance).cloned().map(Wrong::Another));
            let connected_since = before.and_then(|host| host.connected_since);
            let is_long = |since: &Timestamp| now.duration_since(*since) > UNSEEN;
            wrong.extend(connected_since.filter(is_long).map(Wrong::Connected));
        }
        self.drained.insert(instance.clone());
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::Settings;
    use crate::world::plan::{cluster_arn, draw};

    #[test]
    fn hosts_leave_the_world_of_a_seed_as_it_was() {
        let with_hosts: Vec<u64> = (1..=30).filter(|seed| !draw(*seed, 1).hosts.is_empty()).collect();
        assert!(with_hosts.len() >= 5, "{with_hosts:?}");
        for seed in with_hosts {
            let plan = draw(seed, 1);
            assert_eq!(plan.services.iter().filter(|service| service.name == "hosted").count(), 1);
            assert!(plan.script.iter().any(|(_, deed)| matches!(deed, Deed::Deploy { .. })));
        }
    }

    #[test]
    fn a_second_host_and_one_that_is_connected_are_found_and_a_wave_of_spot_is_none() {
        let mut ecs = Ecs::new(Settings::new(Timestamp::UNIX_EPOCH, 1));
        ecs.add_cluster(CLUSTER);
        let arns: Vec<ContainerInstanceArn> = (0..2)
            .map(|n| ContainerInstanceArn::new(ecs.add_container_instance(&host(n, ZONES[n]))))
            .collect();
        let now = later(Timestamp::UNIX_EPOCH, Duration::from_hours(1));
        let mut watch = Watch::default();
        let mut drain = |ecs: &mut Ecs, n: usize, is_of_spot: bool| {
            let before = ecs.host_now(arns[n].as_str());
            ecs.happen(Happening::Drain { ec2_instance_id: id(n as u64), drains: true });
            let (cluster, instance, status) = (cluster_arn(), arns[n].clone(), HostStatus::Draining);
            let call = Change::UpdateContainerInstancesState { cluster, instance, status };
            watch.called(&call, is_of_spot, before.as_ref(), ecs, now)
        };
        ecs.happen(Happening::Agent { ec2_instance_id: id(0), connected: false });
        assert_eq!(drain(&mut ecs, 0, false), []);
        assert_eq!(drain(&mut ecs, 1, true), []);
        ecs.happen(Happening::Drain { ec2_instance_id: id(1), drains: false });
        let wrong = drain(&mut ecs, 1, false);
        assert_eq!(wrong[0], Wrong::Another(arns[0].clone()));
        assert!(matches!(wrong[1], Wrong::Connected(_)));
    }
}
