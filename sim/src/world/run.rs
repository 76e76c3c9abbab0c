//! One run: a seed's world from its first minute until all is quiet.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::action::Remedy;
use steward::config::{Guards, Mode, Policy, Rules};
use steward::incident::{Incident, Target};
use steward::ledger::{Owner, Scope};

use super::capacity::{self, Raised};
use super::checks::{Checks, Invariant, Sabotage, Violation, incidents, settled};
use super::compare::{Futile, disorder, futile};
use super::faults::{Crashes, Rates, Tally, Weather};
use super::functions::{CHANNELS, Crew};
use super::plan::{self, CLUSTER, Plan};
use super::queues;
use super::script::Deed;
use super::site::Sites;
use super::stage::Stage;
use super::trace::Step;
use super::world::World;
use crate::ecs::{Behaviour, Ecs, Happening, Host, Settings};
use crate::random::{Random, later};

/// Steps that are kept for a failure to show.
const KEPT: usize = 80;
/// After the last fault everything must be quiet within so long.
const QUIET_WITHIN: SignedDuration = SignedDuration::from_hours(8);
/// Events that are handed over again at the end.
const REPEATS: usize = 200;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Draws the world and what goes wrong in it.
    pub seed: u64,
    /// For so many virtual days things happen; then they become quiet.
    pub days: u32,
    /// Crashes besides those that are drawn.
    pub crash_at: Crashes,
    /// What goes wrong.
    pub trouble: Trouble,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// How many of the last steps are kept.
    pub kept: usize,
}

/// What a seed is run through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// Days in which everything goes wrong.
    Faults,
    /// A day in order beside the same day in disorder.
    Disorder,
    /// A month in which no remedy helps.
    Futile(Futile),
    /// Days of jobs in which everything goes wrong.
    Jobs,
    /// Hours of scaled services in which everything goes wrong.
    Scaling,
}

impl Course {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Faults,
        Self::Disorder,
        Self::Futile(Futile::RollingBack),
        Self::Futile(Futile::StoppingTasks),
        Self::Futile(Futile::RaisingMemory),
        Self::Jobs,
        Self::Scaling,
    ];

    /// The course in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faults => "faults",
            Self::Disorder => "disorder",
            Self::Futile(Futile::RollingBack) => "futile-rollback",
            Self::Futile(Futile::StoppingTasks) => "futile-stops",
            Self::Futile(Futile::RaisingMemory) => "futile-memory",
            Self::Jobs => "jobs",
            Self::Scaling => "scaling",
        }
    }
}

/// Runs a seed through a course.
pub fn run_course(course: Course, options: Options) -> Report {
    let report = match course {
        Course::Faults => run(options),
        Course::Disorder => disorder(options),
        Course::Futile(what) => futile(options, what),
        Course::Jobs => super::jobs::run(options),
        Course::Scaling => super::scaling::run(options),
    };
    Report { course, ..report }
}

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Everything that can.
    All,
    /// Nothing but what people and tasks do; and nothing is changed by Steward.
    Nothing,
    /// The same, and events come twice and in disorder.
    Disorder,
}

impl Options {
    /// A day in which everything goes wrong.
    pub fn new(seed: u64) -> Self {
        Self { seed, days: 1, crash_at: [None; 2], trouble: Trouble::All, sabotage: None, kept: KEPT }
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was run.
    pub course: Course,
    /// Its seed.
    pub seed: u64,
    /// The crashes that were asked for.
    pub crash_at: Crashes,
    /// What did not hold; nothing was done after the first.
    pub violations: Vec<Violation>,
    /// The last steps.
    pub trace: Vec<Step>,
    /// What went wrong.
    pub faults: Tally,
    /// Where handlers called the outside.
    pub sites: Sites,
    /// Calls by which Steward changed ECS.
    pub mutations: usize,
    /// How often each remedy took effect.
    pub remedies: BTreeMap<Remedy, usize>,
    /// Services in the world, or jobs.
    pub services: usize,
    /// How much virtual time passed.
    pub passed: SignedDuration,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The incidents at the end.
    pub(super) incidents: Vec<Incident>,
}

/// Whether the days of a seed have container instances that are drained.
pub fn has_hosts(seed: u64) -> bool {
    !plan::draw(seed, 1).hosts.is_empty()
}

/// Runs a seed.
pub fn run(options: Options) -> Report {
    let Options { seed, days, trouble, .. } = options;
    let mut plan = plan::draw(seed, days);
    if trouble == Trouble::All {
        plan::with_hooks(&mut plan, seed);
    } else {
        only_watch(&mut plan, trouble);
    }
    run_plan(options, plan)
}

/// The same world, in which Steward changes nothing: what happens in it is the same then, whatever Steward hears.
fn only_watch(plan: &mut Plan, trouble: Trouble) {
    let never = SignedDuration::from_hours(1_000);
    for entry in &mut plan.policy.services {
        entry.rules.mode = Mode::Observe;
        // What the patrol sees is another thing a minute later: only what events tell is compared.
        let rules = &mut entry.rules;
        (rules.silent, rules.stuck, rules.hung) = (never, never, never);
    }
    plan.rates = if trouble == Trouble::Disorder { Rates::disorder_alone(plan.until) } else { Rates::none() };
    // What AWS announces, and what is only seen, stands until it is over: what fails beside it is told as over, and not kept.
    plan.script.retain(|(_, deed)| !matches!(deed, Deed::LedgerAway(_) | Deed::Lag(_) | Deed::Ecs(_)));
}

pub(super) fn run_plan(options: Options, plan: Plan) -> Report {
    let Options { seed, crash_at, sabotage, kept, trouble, .. } = options;
    let weather = Weather::new(seed, plan.rates, crash_at);
    let checks = Checks::new(plan.policy.clone(), sabotage);
    let mut ecs = build(&plan, seed);
    if trouble == Trouble::All && plan::has_hooks(seed) {
        ecs.set_trail(seed);
    }
    let stage = Rc::new(Stage::new(ecs, seed, weather, checks, kept));
    let Plan { start, until, services, hosts, policy, script, raised, .. } = plan;
    let made = queues::create(&mut stage.queues.borrow_mut(), seed, trouble == Trouble::All);
    let policy = match sabotage {
        Some(Sabotage::IgnoresPolicy) => lawless(&policy),
        Some(Sabotage::IgnoresOutages) => blind(policy),
        Some(Sabotage::IgnoresCeilings) => with_ceiling(policy, 0),
        Some(Sabotage::HidesCounts) => with_ceiling(policy, 50),
        _ => policy,
    };
    let mut world = World::new(Rc::clone(&stage), Crew::Remediation(Box::new(policy)), script);
    if let Err(error) = made {
        stage.checks.borrow_mut().fail(Invariant::Progress, start, error.to_string());
    }
    world.run_until(until);
    calm(&mut world, &services, &hosts, &raised);
    // Half a minute past, when no tick has just begun.
    world.run_until(later(until, Duration::from_secs(30)));
    let end = stage.now().saturating_add(QUIET_WITHIN).unwrap_or(Timestamp::MAX);
    let quiet = SignedDuration::from_mins(10);
    world.run_until_over(quiet, end, |world| {
        let stage = &world.stage;
        let rests = capacity::rests(&stage.ledger, stage.now());
        let is_told = !stage.ecs.borrow().has_untold_calls();
        let is_settled = settled(&stage.ledger) && stage.ledger.next_due(Owner::Shared).is_none();
        world.is_idle() && rests && is_told && is_settled
    });
    finish(&stage, &mut world, seed);
    let now = stage.now();
    let checks = stage.checks.borrow();
    let weather = stage.weather.borrow();
    let violations = checks.violations().to_vec();
    Report {
        course: Course::Faults,
        seed,
        crash_at,
        trace: stage.trace.borrow_mut().take(),
        violations,
        faults: weather.tally.clone(),
        sites: weather.sites.clone(),
        mutations: checks.mutations(),
        remedies: checks.remedies(),
        services: services.len(),
        passed: now.duration_since(start),
        ended_at: now,
        incidents: incidents(&stage.ledger).into_values().collect(),
    }
}

fn build(plan: &Plan, seed: u64) -> Ecs {
    let mut ecs = Ecs::new(Settings::new(plan.start, seed));
    ecs.add_cluster(CLUSTER);
    for host in &plan.hosts {
        ecs.add_container_instance(host);
    }
    for service in &plan.services {
        ecs.add_task_definition(&service.good());
        // What the plan draws is legal.
        let _arn = ecs.add_service(&service.request);
    }
    ecs
}

/// Everything is allowed, always.
fn lawless(policy: &Policy) -> Policy {
    let mut lawless = policy.clone();
    for entry in &mut lawless.services {
        entry.rules = Rules { mode: Mode::Act, ..entry.rules.clone() };
    }
    lawless.guards = Guards { freeze: Vec::new(), ..lawless.guards };
    lawless
}

/// The handlers are told of a ceiling that nobody decided.
fn with_ceiling(mut policy: Policy, ceiling: u32) -> Policy {
    for entry in &mut policy.services {
        entry.rules.start_failures.ceiling = Some(ceiling);
    }
    policy
}

/// However many services fail together, it is no outage.
fn blind(policy: Policy) -> Policy {
    Policy { guards: Guards { outage_services: u32::MAX, ..policy.guards }, ..policy }
}

/// What people do when the day is over: everything serves again, and nothing is paused.
fn calm(world: &mut World, services: &[plan::Service], hosts: &[Host], raised: &[Raised]) {
    let now = world.stage.now();
    let cluster = Scope::Cluster(plan::cluster_arn());
    let mut deeds = vec![Deed::LedgerAway(false), Deed::Lag(Duration::ZERO)];
    deeds.extend([Scope::Global, cluster].map(|scope| Deed::Pause { scope, paused: false }));
    deeds.extend(super::hosts::calm(hosts));
    for service in services {
        let well = Happening::Behaviour { revision: service.name.clone(), behaviour: Behaviour::serves() };
        deeds.push(Deed::Ecs(Box::new(well)));
        deeds.push(Deed::Deploy {
            disturbs: false,
            cluster: CLUSTER.to_owned(),
            service: service.name.clone(),
            revision: Box::new(service.good()),
        });
    }
    deeds.extend(raised.iter().map(Raised::deed));
    for deed in deeds {
        world.schedule(now, deed);
    }
}

/// All is quiet, or should be: what must hold now, and again when old events are heard once more.
fn finish(stage: &Rc<Stage>, world: &mut World, seed: u64) {
    if !stage.checks.borrow().violations().is_empty() {
        return;
    }
    let now = stage.now();
    stage.checks.borrow_mut().quiet(&stage.ledger, &CHANNELS, now);
    strategies_stand(stage, now);
    let timed_out = stage.ecs.borrow().hooks_timed_out();
    stage.checks.borrow_mut().hooks_told(&stage.ledger, &timed_out, now);
    let left = queues::left(&mut stage.queues.borrow_mut(), now);
    if !world.is_idle() || left != Ok((0, 0)) {
        let what = format!("messages are left in the queues, and in the dead ones: {left:?}");
        stage.checks.borrow_mut().fail(Invariant::Progress, now, what);
    }
    let before = (incidents(&stage.ledger), stage.checks.borrow().mutations());
    let mut random = Random::new(seed ^ 0x7265_7065_6174);
    let sent = std::mem::take(&mut world.sent);
    for event in sent.into_iter().rev().take(REPEATS) {
        let after = random.between(Duration::ZERO, Duration::from_mins(2));
        world.repeat(later(now, after), &event);
    }
    world.run_until(now.saturating_add(SignedDuration::from_mins(10)).unwrap_or(now));
    let after = (incidents(&stage.ledger), stage.checks.borrow().mutations());
    if let Some(what) = difference(&before.0, &after.0) {
        stage.checks.borrow_mut().fail(Invariant::RepeatsChangeNothing, now, what);
    }
    if before.1 != after.1 {
        let what = "an event that came again caused a call".to_owned();
        stage.checks.borrow_mut().fail(Invariant::RepeatsChangeNothing, now, what);
    }
}

/// Every strategy that Steward set is restored, will be, or is a person's.
fn strategies_stand(stage: &Stage, now: Timestamp) {
    let standing = |target: &Target| {
        let Target::Service { cluster, name } = target else { return None };
        let found = crate::ecs::ports::service(&mut stage.ecs.borrow_mut(), cluster, name);
        found.ok().flatten().map(|service| service.capacity_providers)
    };
    let effects = stage.ecs.borrow().effects().to_vec();
    stage.checks.borrow_mut().strategies_stand(&stage.ledger, &effects, standing, now);
}

/// The first key at which two maps differ, for people.
fn difference<K: Ord + std::fmt::Display, V: PartialEq + std::fmt::Debug>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
) -> Option<String> {
    let mut keys: Vec<&K> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let key = keys.into_iter().find(|key| before.get(key) != after.get(key))?;
    Some(format!("{key} was {:?} and is {:?}", before.get(key), after.get(key)))
}
