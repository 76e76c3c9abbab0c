//! One night for people to look at: a wave of Spot and a throttle, and nothing that is drawn.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::batch::{
    FARGATE, Job, JobRules, Jobs, Run, RunId, Schedule, ScheduleError, Size, Timetable, Trigger, Unit,
};
use steward::ledger::Record;

use super::plan::{self, Plan};
use super::watch::{Watch, Watched, text};
use super::{build, finish, is_quiet};
use crate::ecs::operation::ControlPlane;
use crate::ecs::throttle::{Bucket, Rate};
use crate::ecs::{Behaviour, Fate, Happening, Refusal, Revision};
use crate::random::later;
use crate::world::checks::{Checks, Invariant, Sabotage, Violation};
use crate::world::faults::{Rates, Weather};
use crate::world::functions::Crew;
use crate::world::queues;
use crate::world::script::Deed;
use crate::world::stage::Stage;
use crate::world::world::World;

const NAME: &str = "nightly-etl";
const SHARDS: u32 = 40;
const EXPRESSION: &str = "cron(0 2 * * ? *)";
const ZONE: &str = "Europe/Berlin";
const SEED: u64 = 40;
/// 2026-11-27T00:50:00Z: ten minutes before the slot.
const START: i64 = 1_795_740_600;
const SLOT: Duration = Duration::from_mins(10);
/// No slot is later.
const UNTIL: Duration = Duration::from_hours(2);
/// What a shard takes.
const TAKES: [Duration; 2] = [Duration::from_mins(8), Duration::from_mins(20)];
/// From the slot on, for so long most calls of RunTask are turned away.
const REFUSED_FOR: Duration = Duration::from_mins(3);
const REFUSED_PER_THOUSAND: u16 = 600;
/// So many tasks on Spot an account may launch at once, and so many a second: one that has asked for no more.
const LAUNCHES: Rate = Rate { burst: 10, refill: 1 };
/// After the slot.
const WAVE_AFTER: Duration = Duration::from_mins(14);
const WAVE_LASTS: Duration = Duration::from_mins(2);

/// How a night went, by what ECS did where nothing else is said.
#[derive(Debug)]
pub struct Night {
    /// When its job is due.
    pub schedule: Schedule,
    /// Its run, as the ledger has it at the end.
    pub run: Run,
    /// The run's units, in order, as the ledger has them.
    pub units: Vec<Unit>,
    /// Tasks that ECS started.
    pub started: usize,
    /// Of those, how many it started on demand.
    pub on_demand: usize,
    /// Calls of RunTask, with those that were turned away.
    pub calls: usize,
    /// When calls of RunTask were throttled, each of them, plainly or in the words of another exception.
    pub throttled: Vec<Timestamp>,
    /// What befell Spot.
    pub wave: Wave,
    /// Tasks that Spot took back.
    pub interrupted: usize,
    /// Each shard has exactly one task that exited with 0.
    pub each_once: bool,
    /// What did not hold. Empty in a version that is well.
    pub violations: Vec<Violation>,
}

/// A time in which Spot takes back what runs, and has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wave {
    /// It begins.
    pub at: Timestamp,
    /// There is room again.
    pub until: Timestamp,
}

/// Why there is no night.
#[derive(Debug, thiserror::Error)]
pub enum NightError {
    /// Its job is none.
    #[error("{NAME} has no schedule: {0}")]
    Schedule(#[from] ScheduleError),
    /// Its job was never begun.
    #[error("the ledger has no run of {NAME}")]
    NeverBegun(Vec<Violation>),
}

/// Plays the night of `nightly-etl`: an array of 40 on Fargate Spot at two in the morning, throttled as it begins and
/// interrupted as it goes. The same every time.
///
/// # Errors
///
/// The job never began, which is a defect.
pub fn nightly_etl() -> Result<Night, NightError> {
    night(None)
}

fn night(sabotage: Option<Sabotage>) -> Result<Night, NightError> {
    let start = Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH);
    let slot = later(start, SLOT);
    let wave = Wave { at: later(slot, WAVE_AFTER), until: later(later(slot, WAVE_AFTER), WAVE_LASTS) };
    let schedule = Schedule::parse(EXPRESSION, ZONE)?;
    let plan = plan(&schedule, start, slot, wave);
    let mut ecs = build(&plan, SEED);
    ecs.throttle().set(Bucket::FargateSpotLaunches, LAUNCHES);
    let weather = Weather::new(SEED, plan.rates, [None; 2]);
    let checks = Checks::of_jobs(Watch::new(plan.jobs.clone()), sabotage);
    let stage = Rc::new(Stage::new(ecs, SEED, weather, checks, 0));
    let made = queues::create(&mut stage.queues.borrow_mut(), SEED, false);
    let Plan { until, jobs, script, .. } = plan;
    let mut world = World::new(Rc::clone(&stage), Crew::Batch(jobs), script);
    if let Err(error) = made {
        stage.checks.borrow_mut().fail(Invariant::Progress, start, error.to_string());
    }
    // Half a minute past, when no tick has just begun.
    world.run_until(later(until, Duration::from_secs(30)));
    let end = later(until, Duration::from_hours(24));
    world.run_until_over(SignedDuration::from_mins(10), end, is_quiet);
    finish(&stage, &world, start, until);
    told(&stage, schedule, wave)
}

fn plan(schedule: &Schedule, start: Timestamp, slot: Timestamp, wave: Wave) -> Plan {
    let until = later(start, UNTIL);
    let [least, most] = TAKES;
    let behaviour = Behaviour::new(Fate::ExitsBetween { least, most, exit_code: 0 });
    let schedule = schedule.clone();
    let job = Job {
        name: plan::name_of(NAME),
        trigger: Trigger::Schedule(Timetable { schedule, start: Some(start), end: Some(until) }),
        suspended: false,
        task: plan::task(NAME, plan::on_spot()),
        size: Size::Array(SHARDS),
        parameters: BTreeMap::new(),
        rules: JobRules { max_attempts: 4, ..JobRules::default() },
    };
    let ecs = |happening| Deed::Ecs(Box::new(happening));
    let refused = |per_thousand| Happening::RunTaskRefused { how: Refusal::SubnetsThrottled, per_thousand };
    let script = vec![
        (slot, ecs(refused(REFUSED_PER_THOUSAND))),
        (later(slot, REFUSED_FOR), ecs(refused(0))),
        (wave.at, ecs(Happening::SpotWave { lasts: WAVE_LASTS })),
    ];
    Plan {
        start,
        until,
        jobs: Jobs { by_name: BTreeMap::from([(job.name.clone(), job)]) },
        families: vec![(Revision::new(NAME, behaviour).size(1024, 2048), most)],
        script,
        rates: Rates::none(),
    }
}

/// How it went.
fn told(stage: &Stage, schedule: Schedule, wave: Wave) -> Result<Night, NightError> {
    let records = stage.ledger.records().unwrap_or_default();
    let checks = stage.checks.borrow();
    let violations = checks.violations().to_vec();
    let mut run = None;
    let mut units = Vec::new();
    for record in records.into_values() {
        match record {
            Record::Run(found) => run = Some(*found),
            Record::Unit(unit) => units.push(*unit),
            _ => {}
        }
    }
    let (Some(run), Some(watch)) = (run, checks.watch()) else {
        return Err(NightError::NeverBegun(violations));
    };
    units.sort_by_key(|unit| unit.index);
    let count =
        |path: &str, word: &str| watch.tasks.values().filter(|task| text(&task.detail, path) == word).count();
    Ok(Night {
        schedule,
        started: watch.tasks.len(),
        on_demand: count("/capacityProviderName", FARGATE),
        calls: watch.calls,
        throttled: watch.throttled.clone(),
        wave,
        interrupted: count("/stopCode", "SpotInterruption"),
        each_once: each_once(watch, &run.id),
        run,
        units,
        violations,
    })
}

/// Whether of each shard exactly one task did its work.
fn each_once(watch: &Watch, run: &RunId) -> bool {
    let did = |task: &&Watched| {
        task.by.run == *run && task.detail.pointer("/containers/0/exitCode").is_some_and(|code| code == 0)
    };
    let mut done: Vec<u32> = watch.tasks.values().filter(did).map(|task| task.by.index).collect();
    done.sort_unstable();
    done.into_iter().eq(0..SHARDS)
}
