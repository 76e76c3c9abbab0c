//! Worlds of scaled services: the scaling function under faults, with queues whose messages tasks in the model of ECS really
//! take, watched at each change of a count and looked at when all is over.
//!
//! A check goes by what ECS and the queues answered an invocation, whatever the invocation was told; by the ledger as it is;
//! and by how services stand in truth.

mod deeds;
mod plan;
mod watch;
mod work;

use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::config::Mode;
use steward::incident::Target;
use steward::ledger::{Key, Owner, Record};
use steward::scaling::{Bounds, ProblemKind, Scaler, Scalers};

pub(super) use deeds::ScaleDeed;
pub(super) use plan::cluster_arn;
pub(super) use watch::{Found, Scaled, Watch};
pub(super) use work::{Lost, Work};

use super::checks::{Checks, Invariant, Sabotage};
use super::faults::Weather;
use super::functions::{CHANNELS, Crew};
use super::queues;
use super::run::{Course, Options, Report};
use super::stage::Stage;
use super::world::World;
use crate::ecs::operation::ControlPlane;
use crate::ecs::{Ecs, Settings};
use crate::random::later;
use plan::{CLUSTER, Plan, Service};

/// After the last message all must be done, and all that idles at its minimum, within so long: what was paused for an hour, or
/// could not start, has its work before it.
const QUIET_WITHIN: SignedDuration = SignedDuration::from_hours(5);
/// Longer than news gather, and shorter than from one repeat to the next.
const A_WHILE: SignedDuration = SignedDuration::from_mins(30);
/// What was so for so long, people must have been told of.
const TOLD_BY: SignedDuration = SignedDuration::from_mins(40);

/// Runs a seed.
pub(super) fn run(options: Options) -> Report {
    let Options { seed, days, crash_at, sabotage, kept, .. } = options;
    let plan = plan::draw(seed, days);
    let weather = Weather::new(seed, plan.rates, crash_at);
    let tags = plan.services.iter().filter_map(|service| Some((service.name().clone(), service.tag?)));
    let checks = Checks::of_scaling(Watch::new(plan.scalers.clone(), tags.collect()), sabotage);
    let stage = Rc::new(Stage::new(build(&plan, seed), seed, weather, checks, kept));
    let Plan { start, until, services, scalers, script, .. } = plan;
    let queues: Vec<_> = services.iter().flat_map(|service| service.queues.clone()).collect();
    let workers = services.iter().map(|service| service.worker.clone()).collect();
    *stage.work.borrow_mut() = Some(Work::new(seed, start, &queues, workers));
    let made = queues::create(&mut stage.queues.borrow_mut(), seed, true);
    let crew = Crew::Scaling(Box::new(as_told(scalers, sabotage)));
    let mut world = World::new(Rc::clone(&stage), crew, script);
    if let Err(error) = made {
        stage.checks.borrow_mut().fail(Invariant::Progress, start, error.to_string());
    }
    world.run_until(until);
    for (at, deed) in plan::calm(&services, until) {
        world.schedule(at, deed);
    }
    // Half a minute past, when no tick has just begun.
    world.run_until(later(plan::last_arrival(until), Duration::from_secs(30)));
    let end = stage.now().saturating_add(QUIET_WITHIN).unwrap_or(Timestamp::MAX);
    world.run_until_over(SignedDuration::from_mins(10), end, |world| is_quiet(world, &services));
    finish(&stage, &world, &services, until);
    let now = stage.now();
    let checks = stage.checks.borrow();
    let weather = stage.weather.borrow();
    Report {
        course: Course::Scaling,
        seed,
        crash_at,
        trace: stage.trace.borrow_mut().take(),
        violations: checks.violations().to_vec(),
        faults: weather.tally.clone(),
        sites: weather.sites.clone(),
        mutations: checks.scalings(),
        remedies: std::collections::BTreeMap::new(),
        services: services.len(),
        passed: now.duration_since(start),
        ended_at: now,
        incidents: Vec::new(),
    }
}

fn build(plan: &Plan, seed: u64) -> Ecs {
    let mut ecs = Ecs::new(Settings::new(plan.start, seed));
    ecs.add_cluster(CLUSTER);
    for service in &plan.services {
        ecs.add_task_definition(&service.good());
        // What the plan draws is legal.
        let _arn = ecs.add_service(&service.request);
    }
    for (bucket, rate) in &plan.throttles {
        ecs.throttle().set(*bucket, *rate);
    }
    ecs
}

/// What the handlers are told of what people decided.
fn as_told(mut scalers: Scalers, sabotage: Option<Sabotage>) -> Scalers {
    let each = |scalers: &mut Scalers, change: &dyn Fn(&mut Scaler)| {
        scalers.by_service.values_mut().for_each(change);
    };
    match sabotage {
        Some(Sabotage::IgnoresPolicy) => each(&mut scalers, &|scaler| {
            (scaler.mode, scaler.suspended) = (Mode::Act, false);
        }),
        Some(Sabotage::IgnoresBounds) => each(&mut scalers, &|scaler| {
            scaler.windows.clear();
            scaler.bounds = Bounds { min: 0, max: scaler.bounds.max + 8 };
        }),
        Some(Sabotage::IgnoresPools) => each(&mut scalers, &|scaler| scaler.pool = None),
        _ => {}
    }
    scalers
}

/// Whether nothing is left to do for a while.
fn is_quiet(world: &World, services: &[Service]) -> bool {
    let stage = &world.stage;
    let for_a_while = stage.now().saturating_add(A_WHILE).unwrap_or(Timestamp::MAX);
    let records = stage.ledger.records().unwrap_or_default();
    let is_settled = records.values().all(|record| match record {
        Record::Scaler(record) => !record.order.as_ref().is_some_and(|order| order.state.is_open()),
        _ => true,
    });
    world.is_idle()
        && is_settled
        && services.iter().all(|service| unfinished(stage, service).is_none())
        && stage.ledger.next_due(Owner::Shared).is_none_or(|due| due > for_a_while)
}

/// What a service that Steward may scale has not come to, though nothing arrives any more.
fn unfinished(stage: &Stage, service: &Service) -> Option<String> {
    let truth = stage.ecs.borrow().truth(CLUSTER, service.name().as_str())?;
    if !service.is_steered() {
        return None;
    }
    let work = stage.work.borrow();
    let backlog = |work: &Work| service.queues.iter().map(|(queue, _)| work.backlog(queue)).sum::<u64>();
    let backlog = work.as_ref().map_or(0, backlog);
    let bounds = service.scaler.bounds_at(stage.now());
    // Where a start takes longer than the promise one task stays.
    let is_idle = (bounds.min..=bounds.min.max(1)).contains(&truth.desired);
    let name = service.name();
    (backlog > 0 || !is_idle).then(|| {
        format!("{name} has {backlog} messages and {} tasks, and its bounds are {bounds:?}", truth.desired)
    })
}

/// All is quiet, or should be.
fn finish(stage: &Rc<Stage>, world: &World, services: &[Service], until: Timestamp) {
    if !stage.checks.borrow().violations().is_empty() {
        return;
    }
    let now = stage.now();
    let mut checks = stage.checks.borrow_mut();
    checks.quiet(&stage.ledger, &CHANNELS, now);
    let left = queues::left(&mut stage.queues.borrow_mut(), now);
    if !world.is_idle() || left != Ok((0, 0)) {
        let what = format!("messages are left in the queues, and in the dead ones: {left:?}");
        checks.fail(Invariant::Progress, now, what);
    }
    for what in services.iter().filter_map(|service| unfinished(stage, service)) {
        checks.fail(Invariant::CountsFollowTheWork, now, what);
    }
    let records = stage.ledger.records().unwrap_or_default();
    for service in services {
        let target = Target::Service { cluster: cluster_arn(), name: service.name().clone() };
        if let Some(Record::Scaler(record)) = records.get(&Key::scaler(&target))
            && record.order.as_ref().is_some_and(|order| order.state.is_open())
        {
            let what = format!("an order of {} is still open: {:?}", service.name(), record.order);
            checks.fail(Invariant::EveryActionResolves, now, what);
        }
        let gone = checks.scaling().and_then(|watch| watch.gone_since(service.name()));
        let is_told = records.values().any(|record| match record {
            Record::ScalerTrouble(trouble) => {
                trouble.target == target && trouble.latest(ProblemKind::NoService).is_some()
            }
            _ => false,
        });
        if gone.is_some_and(|gone| now.duration_since(gone.max(until)) > TOLD_BY) && !is_told {
            let what = format!("{} is gone since {gone:?}, and nobody was told", service.name());
            checks.fail(Invariant::AllIsTold, now, what);
        }
    }
}
