//! Worlds of batch jobs: the batch function under faults, watched as it goes and held against a naive model at the end.
//!
//! The model knows no ledger, no events and no calls: it sees which tasks ECS ran for a run, one after the other, how each
//! really ended, and says what must have become of the run.

mod deeds;
mod model;
mod night;
mod plan;
mod watch;

use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::ledger::{MemoryLedger, Owner, Record};

pub(super) use deeds::JobDeed;
pub use night::{Night, NightError, Wave, nightly_etl};
pub(super) use watch::Watch;

use super::checks::{Checks, Invariant};
use super::faults::Weather;
use super::functions::{CHANNELS, Crew};
use super::queues;
use super::run::{Course, Options, Report};
use super::script::Deed;
use super::stage::Stage;
use super::world::World;
use crate::ecs::{Ecs, Settings};
use crate::random::later;
use plan::{CLUSTER, Plan};
use steward::ledger::Scope;

/// After the last fault everything must be over within so long: runs that queued up behind long ones have their turns.
const QUIET_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Longer than news gather, and shorter than from one repeat to the next.
const A_WHILE: SignedDuration = SignedDuration::from_mins(30);

/// Runs a seed.
pub(super) fn run(options: Options) -> Report {
    let Options { seed, days, crash_at, sabotage, kept, .. } = options;
    let plan = plan::draw(seed, days);
    let weather = Weather::new(seed, plan.rates, crash_at);
    let checks = Checks::of_jobs(Watch::new(plan.jobs.clone()), sabotage);
    let stage = Rc::new(Stage::new(build(&plan, seed), seed, weather, checks, kept));
    let Plan { start, until, jobs, script, .. } = plan;
    let made = queues::create(&mut stage.queues.borrow_mut(), seed, true);
    let mut world = World::new(Rc::clone(&stage), Crew::Batch(jobs.clone()), script);
    if let Err(error) = made {
        stage.checks.borrow_mut().fail(Invariant::Progress, start, error.to_string());
    }
    world.run_until(until);
    for deed in plan::calm(&jobs) {
        world.schedule(until, deed);
    }
    // The clock of the tick at the very end may be behind; half a minute past, when none has just begun.
    world.run_until(later(until, Duration::from_secs(210)));
    let end = stage.now().saturating_add(QUIET_WITHIN).unwrap_or(Timestamp::MAX);
    world.run_until_over(SignedDuration::from_mins(10), end, is_quiet);
    finish(&stage, &world, start, until);
    let now = stage.now();
    let checks = stage.checks.borrow();
    let weather = stage.weather.borrow();
    Report {
        course: Course::Jobs,
        seed,
        crash_at,
        trace: stage.trace.borrow_mut().take(),
        violations: checks.violations().to_vec(),
        faults: weather.tally.clone(),
        sites: weather.sites.clone(),
        remedies: std::collections::BTreeMap::new(),
        mutations: stage
            .ecs
            .borrow()
            .effects()
            .iter()
            .filter(|effect| effect.caller == super::ports::STEWARD)
            .count(),
        services: jobs.by_name.len(),
        passed: now.duration_since(start),
        ended_at: now,
        incidents: Vec::new(),
    }
}

fn build(plan: &Plan, seed: u64) -> Ecs {
    let mut settings = Settings::new(plan.start, seed);
    settings.subnets = plan::SUBNETS
        .into_iter()
        .zip(deeds::ZONES)
        .map(|(subnet, zone)| (subnet.to_owned(), zone.to_owned()))
        .collect();
    let mut ecs = Ecs::new(settings);
    ecs.add_cluster(CLUSTER);
    for (revision, _) in &plan.families {
        ecs.add_task_definition(revision);
    }
    ecs
}

/// Whether nothing is left to do for a while. A trouble that nobody ends is told again every few hours, for ever.
fn is_quiet(world: &World) -> bool {
    let ledger = &world.stage.ledger;
    let for_a_while = world.stage.now().saturating_add(A_WHILE).unwrap_or(Timestamp::MAX);
    world.is_idle() && settled(ledger) && ledger.next_due(Owner::Shared).is_none_or(|due| due > for_a_while)
}

/// Whether every run is over, and nothing follows from one.
fn settled(ledger: &MemoryLedger) -> bool {
    let records = ledger.records().unwrap_or_default();
    records.values().all(|record| match record {
        Record::Run(run) => run.is_over(),
        Record::Job(job) => job.queue.is_empty() && job.follow.is_empty() && job.active.is_empty(),
        _ => true,
    })
}

/// All is quiet, or should be.
fn finish(stage: &Rc<Stage>, world: &World, start: Timestamp, until: Timestamp) {
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
    match stage.ledger.records() {
        Err(error) => checks.fail(Invariant::Progress, now, error.to_string()),
        Ok(records) => {
            let found = checks.watch().map(|watch| model::compare(watch, &records, start, until));
            for (invariant, what) in found.unwrap_or_default() {
                checks.fail(invariant, now, what);
            }
        }
    }
}

/// Deeds that let everything go on as it should.
fn resumed() -> Vec<Deed> {
    let cluster = Scope::Cluster(plan::cluster_arn());
    let mut deeds = vec![Deed::LedgerAway(false), Deed::Lag(Duration::ZERO)];
    deeds.extend([Scope::Global, cluster].map(|scope| Deed::Pause { scope, paused: false }));
    deeds
}
