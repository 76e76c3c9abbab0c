//! What a seed's world looks like: its services, what people decided, and what happens in it.
//!
//! Every world has at least three services, one of which is sure to need a remedy that Steward may apply; the rest is drawn.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::action::Remedy;
use steward::arn::ClusterArn;
use steward::config::{
    Allowance, Entry, Glob, Guards, Memory, Mode, OnStuck, Policy, Rerun, Rules, Selector, When, Window,
};
use steward::ledger::Scope;

use super::capacity::{self, Raised};
use super::faults::Rates;
use super::hosts;
use super::script::Deed;
use crate::ecs::api::{
    CreateServiceRequest, DeploymentLifecycleHookAction, DeploymentLifecycleHookStage, DeploymentStrategy,
};
use crate::ecs::{Behaviour, Fate, Happening, Host, PullFailure, Revision, SecretFailure, fargate_service};
use crate::random::{Random, later};

/// The cluster of every world.
pub(super) const CLUSTER: &str = "shop";
/// Services become steady before anything goes wrong.
pub(super) const WARM_UP: Duration = Duration::from_hours(1);
/// Tells the randomness of memory from the others'.
const MEMORY: u64 = 0x006d_656d_6f72;
/// The service whose deployments wait.
const GATED: &str = "gated";
/// The random stream of hooks.
const HOOKS: u64 = 0x0068_6f6f_6b73;
const NAMES: [&str; 9] = ["api", "web", "cart", "search", "mail", "orders", "billing", "stock", "login"];

/// A world to be built.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) start: Timestamp,
    /// Nothing goes wrong from then on.
    pub(super) until: Timestamp,
    pub(super) services: Vec<Service>,
    /// Container instances, in some worlds.
    pub(super) hosts: Vec<Host>,
    pub(super) policy: Policy,
    pub(super) script: Vec<(Timestamp, Deed)>,
    pub(super) rates: Rates,
    /// Counts that people set when the day is over.
    pub(super) raised: Vec<Raised>,
}

/// A service to be created.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) request: CreateServiceRequest,
    pub(super) mode: Mode,
}

impl Service {
    /// A revision of it that serves.
    pub(super) fn good(&self) -> Revision {
        Revision::new(&self.name, Behaviour::serves()).health_check()
    }
}

/// The cluster's ARN.
pub(super) fn cluster_arn() -> ClusterArn {
    ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{CLUSTER}"))
}

/// Draws the world of a seed.
pub(super) fn draw(seed: u64, days: u32) -> Plan {
    let mut random = Random::new(seed ^ 0x0077_6f72_6c64);
    // A Monday, so that weekly windows are met.
    let start = Timestamp::from_second(1_794_182_400).unwrap_or(Timestamp::UNIX_EPOCH);
    let until = later(start, Duration::from_hours(24 * u64::from(days.max(1))));
    let has_outage = random.below(8) == 0;
    let count = if has_outage { 6 } else { 3 + usize::try_from(random.below(4)).unwrap_or(0) };
    let services: Vec<Service> =
        NAMES.iter().take(count).enumerate().map(|(index, name)| service(name, index, &mut random)).collect();
    let policy = policy(&services, start, until, &mut random);
    let mut script = Vec::new();
    for (index, service) in services.iter().enumerate() {
        trouble(service, index, start, until, &mut script, &mut random);
    }
    people(&services, start, until, &mut script, &mut random);
    weather(start, until, &mut script, &mut random);
    if has_outage {
        // The first is the one that is sure to be remedied.
        outage(services.get(1..).unwrap_or_default(), start, until, &mut script, &mut random);
    }
    short_of_memory(&services, start, until, &mut script, &mut Random::new(seed ^ MEMORY));
    script.sort_by_key(|(at, _)| *at);
    let rates = Rates::usual(later(start, WARM_UP), until);
    let mut plan =
        Plan { start, until, services, hosts: Vec::new(), policy, script, rates, raised: Vec::new() };
    hosts::add(&mut plan, seed);
    capacity::befall(&mut plan, seed);
    plan
}

/// Adds a service whose deployments wait at a hook to every third world, drawn by itself: its people deploy, answer through Steward or past
/// it, or let time pass.
pub(super) fn with_hooks(plan: &mut Plan, seed: u64) {
    let mut random = Random::new(seed ^ HOOKS);
    if !has_hooks(seed) {
        return;
    }
    let strategy =
        if random.below(3) == 0 { DeploymentStrategy::Rolling } else { DeploymentStrategy::BlueGreen };
    let stage = match random.below(4) {
        0 => DeploymentLifecycleHookStage::PreScaleUp,
        1 => DeploymentLifecycleHookStage::PostScaleUp,
        2 => DeploymentLifecycleHookStage::PostTestTrafficShift,
        _ => DeploymentLifecycleHookStage::PreProductionTrafficShift,
    };
    let then = if random.below(2) == 0 {
        DeploymentLifecycleHookAction::Continue
    } else {
        DeploymentLifecycleHookAction::Rollback
    };
    let minutes = u32::try_from(30 + random.below(210)).unwrap_or(60);
    let mode = if random.below(2) == 0 { Mode::Act } else { Mode::Propose };
    let request = fargate_service(CLUSTER, GATED, GATED, 2).with_pause(strategy, stage, minutes, then);
    let service = Service { name: GATED.to_owned(), request, mode };
    let rules = Rules {
        mode,
        remedies: Remedy::ALL.into_iter().collect(),
        cooldown: SignedDuration::from_mins(20),
        ..Rules::default()
    };
    let selector = Selector {
        cluster: Some(Glob::new(CLUSTER)),
        service: Some(Glob::new(GATED)),
        ..Selector::default()
    };
    plan.policy.services.push(Entry { selector, rules });
    let (start, until) = (plan.start, plan.until);
    for _ in 0..=random.below(4) {
        let at = moment(start, until, &mut random);
        let fate = if random.below(3) == 0 { curable(&mut random) } else { Fate::Serves };
        let revision = Revision::new(GATED, Behaviour::new(fate)).health_check();
        plan.script.push((at, deploy(&service, revision, false)));
        if random.below(3) == 0 {
            let after = random.between(Duration::from_mins(3), Duration::from_mins(40));
            let answer = Happening::AnswerHook {
                caller: "person".to_owned(),
                cluster: CLUSTER.to_owned(),
                service: GATED.to_owned(),
                goes_on: random.below(2) == 0,
            };
            plan.script.push((later(at, after), Deed::Ecs(Box::new(answer))));
        }
    }
    plan.script.sort_by_key(|(at, _)| *at);
    plan.services.push(service);
}

/// Whether a seed's world has a service with a hook, and a trail.
pub(super) fn has_hooks(seed: u64) -> bool {
    seed.is_multiple_of(3)
}

fn service(name: &str, index: usize, random: &mut Random) -> Service {
    let desired = u32::try_from(1 + random.below(3)).unwrap_or(1);
    let mut request = fargate_service(CLUSTER, name, name, desired);
    // The first is the one that is sure to need Steward.
    if index > 0 {
        match random.below(6) {
            0 => request = request.with_breaker(true),
            1 => request = request.with_breaker(false),
            2 => {
                let group = format!(
                    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/{name}/0123456789abcdef"
                );
                request = request.with_target_group(&group);
            }
            // Of one task neither half nor half as many more can be replaced: such a deployment never ends.
            3 if desired > 1 => request = request.with_percents(50, 150),
            _ => {}
        }
    }
    let mode = match (index, random.below(10)) {
        (0, _) | (_, 0..6) => Mode::Act,
        (_, 6..8) => Mode::Propose,
        _ => Mode::Observe,
    };
    Service { name: name.to_owned(), request, mode }
}

fn policy(services: &[Service], start: Timestamp, until: Timestamp, random: &mut Random) -> Policy {
    let entry = |service: &Service| Entry {
        selector: Selector {
            cluster: Some(Glob::new(CLUSTER)),
            service: Some(Glob::new(&service.name)),
            ..Selector::default()
        },
        rules: Rules {
            mode: service.mode,
            on_stuck: OnStuck::RollBack,
            rerun: Some(Rerun::default()),
            cooldown: SignedDuration::from_mins(20),
            remedies: Remedy::ALL.into_iter().collect(),
            // Days are too long for a day.
            memory: Memory { verify: SignedDuration::from_mins(40), ..Memory::default() },
            ..Rules::default()
        },
    };
    let mut freeze = Vec::new();
    if random.below(4) == 0 {
        let from = moment(start, until, random);
        freeze.push(Window {
            when: When::Once { from, to: later(from, Duration::from_hours(2)) },
            why: Some("release of the quarter".to_owned()),
        });
    }
    let hours = |count, hours| Allowance { count, within: SignedDuration::from_hours(hours) };
    let guards = match random.below(3) {
        0 => Guards { freeze, per_service: hours(2, 6), per_cluster: hours(3, 2), ..Guards::default() },
        _ => Guards { freeze, ..Guards::default() },
    };
    Policy { services: services.iter().map(entry).collect(), guards, ..Policy::default() }
}

/// A moment at which something goes wrong: late enough for services to be steady, early enough to be remedied.
pub(super) fn moment(start: Timestamp, until: Timestamp, random: &mut Random) -> Timestamp {
    let span = Duration::try_from(until.duration_since(start)).unwrap_or_default();
    later(
        start,
        random.between(WARM_UP + Duration::from_mins(30), span.saturating_sub(Duration::from_hours(4))),
    )
}

/// A revision that goes wrong, and its later repair by a person.
fn trouble(
    service: &Service,
    index: usize,
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    let times = if index == 0 { 1 } else { random.below(3) };
    for _ in 0..times {
        let at = moment(start, until, random);
        let behaviour = Behaviour::new(if index == 0 { curable(random) } else { any(random) });
        let revision = Revision::new(&service.name, behaviour).health_check();
        script.push((at, deploy(service, revision, false)));
        // Where nobody else does, a person repairs it in the end; sometimes while Steward is at it, but not the first.
        let after = match random.below(3) {
            _ if index == 0 => Duration::from_hours(4),
            0 => random.between(Duration::from_mins(3), Duration::from_mins(12)),
            _ => random.between(Duration::from_mins(12), Duration::from_hours(3)),
        };
        script.push((later(at, after), deploy(service, service.good(), true)));
    }
    if random.below(4) == 0 {
        let at = moment(start, until, random);
        let retirement =
            Happening::Retirement { cluster: CLUSTER.to_owned(), services: vec![service.name.clone()] };
        script.push((at, Deed::Ecs(Box::new(retirement))));
    }
    // Where the first hung before, its earlier revision would count as one that fails, too.
    if index > 0 && random.below(5) == 0 {
        let at = moment(start, until, random);
        let hangs = Happening::BehaviourOfAll {
            revision: service.name.clone(),
            behaviour: Behaviour::new(Fate::Hangs { after: Duration::from_secs(30) }),
        };
        let well = Happening::Behaviour { revision: service.name.clone(), behaviour: Behaviour::serves() };
        script.push((at, Deed::Ecs(Box::new(hangs))));
        script.push((later(at, Duration::from_mins(2)), Deed::Ecs(Box::new(well))));
    }
}

fn deploy(service: &Service, revision: Revision, disturbs: bool) -> Deed {
    Deed::Deploy {
        disturbs,
        cluster: CLUSTER.to_owned(),
        service: service.name.clone(),
        revision: Box::new(revision),
    }
}

/// What going back to the last revision cures.
fn curable(random: &mut Random) -> Fate {
    let after = random.between(Duration::from_secs(5), Duration::from_mins(4));
    match random.below(5) {
        0 => Fate::CannotPull(PullFailure::NotFound),
        1 => Fate::CrashesAtBoot { exit_code: 1 },
        2 => Fate::Exits { after, exit_code: 1 },
        3 => Fate::OutOfMemory { after },
        _ => Fate::FailsContainerHealth { after: Duration::ZERO },
    }
}

fn any(random: &mut Random) -> Fate {
    let after = random.between(Duration::from_secs(30), Duration::from_hours(1));
    match random.below(8) {
        0 => Fate::Serves,
        1 => Fate::CannotReadSecret(SecretFailure::NotFound),
        2 => Fate::CannotPull(PullFailure::RateLimited),
        3 => Fate::FailsElbHealth { after: Duration::ZERO },
        4 => Fate::Exits { after, exit_code: 0 },
        5 => Fate::OutOfMemory { after },
        _ => curable(random),
    }
}

/// What people do besides.
fn people(
    services: &[Service],
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    for _ in 0..random.below(3) {
        let scope = if random.below(2) == 0 { Scope::Global } else { Scope::Cluster(cluster_arn()) };
        let at = moment(start, until, random);
        let pause = random.between(Duration::from_mins(1), Duration::from_mins(90));
        script.push((at, Deed::Pause { scope: scope.clone(), paused: true }));
        script.push((later(at, pause), Deed::Pause { scope, paused: false }));
    }
    for service in services {
        for _ in 0..random.below(3) {
            let at = moment(start, until, random);
            let stop = Deed::StopATask { cluster: CLUSTER.to_owned(), service: service.name.clone() };
            script.push((at, stop));
        }
    }
    // Somebody looks at what waits for approval now and then.
    let mut at = later(start, WARM_UP);
    while at < later(until, Duration::from_hours(1)) {
        script.push((at, Deed::Approve));
        at = later(at, random.between(Duration::from_mins(5), Duration::from_hours(2)));
    }
}

fn weather(start: Timestamp, until: Timestamp, script: &mut Vec<(Timestamp, Deed)>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = moment(start, until, random);
        let away = random.between(Duration::from_secs(30), Duration::from_mins(12));
        script.push((at, Deed::LedgerAway(true)));
        script.push((later(at, away), Deed::LedgerAway(false)));
    }
    for _ in 0..=random.below(3) {
        let at = moment(start, until, random);
        let lag = random.between(Duration::from_secs(2), Duration::from_secs(50));
        let lasts = random.between(Duration::from_mins(10), Duration::from_hours(3));
        script.push((at, Deed::Lag(lag)));
        script.push((later(at, lasts), Deed::Lag(Duration::ZERO)));
    }
}

/// Services that served well begin to need more memory than they have, until somebody deploys anew. From a stream of
/// randomness of its own: what happens besides is the same with it.
fn short_of_memory(
    services: &[Service],
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    for service in services.iter().skip(1) {
        if random.below(3) != 0 {
            continue;
        }
        let at = moment(start, until, random);
        // Half of them have enough after one step or two, the others never have.
        let mib = match random.below(4) {
            0 => 700,
            1 => 1_500,
            _ => 1_000_000,
        };
        let after = random.between(Duration::from_secs(20), Duration::from_mins(3));
        let fate = Fate::NeedsMemory { mib, after, otherwise: Box::new(Fate::Serves) };
        let needs =
            Happening::BehaviourOfAll { revision: service.name.clone(), behaviour: Behaviour::new(fate) };
        script.push((at, Deed::Ecs(Box::new(needs))));
        let lasts = random.between(Duration::from_hours(1), Duration::from_hours(3));
        let well = Happening::Behaviour { revision: service.name.clone(), behaviour: Behaviour::serves() };
        script.push((later(at, lasts), Deed::Ecs(Box::new(well))));
        script.push((later(at, lasts), deploy(service, service.good(), true)));
    }
}

/// A pipeline deploys one bad base image to services at once, and a person repairs them together: no revision's fault.
fn outage(
    services: &[Service],
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    let at = moment(start, until, random);
    let lasts = random.between(Duration::from_mins(10), Duration::from_hours(2));
    for service in services {
        let fails = Behaviour::new(Fate::CannotPull(PullFailure::NotFound));
        let bad = Revision::new(&service.name, fails).health_check();
        script.push((at, deploy(service, bad, false)));
        script.push((later(at, lasts), deploy(service, service.good(), true)));
    }
}
