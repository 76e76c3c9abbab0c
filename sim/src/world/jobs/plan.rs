//! What a seed's world of jobs looks like: at least three jobs, and what happens to their tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use steward::arn::ClusterArn;
use steward::batch::{
    Backoff, Breaker, Capacity, Concurrency, EndingKind, FARGATE, FARGATE_SPOT, Job, JobName, JobNetwork,
    JobRules, Jobs, RetryRule, Schedule, Size, StrategyItem, Success, TaskSpec, Then, Timetable, Trigger,
};
use steward::diagnosis::Cause;
use steward::ledger::Scope;

use super::deeds::{JobDeed, ZONES};
use crate::ecs::{Behaviour, Fate, PullFailure, Revision};
use crate::random::{Random, later};
use crate::world::faults::Rates;
use crate::world::script::Deed;

/// The cluster of every world.
pub(super) const CLUSTER: &str = "batch";
/// Nothing goes wrong before.
const WARM_UP: Duration = Duration::from_mins(20);
/// Where a world may begin: an ordinary Monday, and the days before Berlin's clocks go back and forward.
const STARTS: [i64; 3] = [1_794_182_400, 1_792_879_200, 1_806_184_800];
/// One in each zone.
pub(super) const SUBNETS: [&str; 3] = ["subnet-0a", "subnet-0b", "subnet-0c"];
const NAMES: [&str; 6] = ["nightly-etl", "import", "report", "cleanup", "mailing", "export"];

/// A world to be built.
pub(super) struct Plan {
    pub(super) start: Timestamp,
    /// Nothing goes wrong from then on, and no slot is later.
    pub(super) until: Timestamp,
    pub(super) jobs: Jobs,
    pub(super) families: Vec<(Revision, Duration)>,
    pub(super) script: Vec<(Timestamp, Deed)>,
    pub(super) rates: Rates,
}

/// The cluster's ARN.
pub(super) fn cluster_arn() -> ClusterArn {
    ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{CLUSTER}"))
}

/// Draws the world of a seed.
pub(super) fn draw(seed: u64, days: u32) -> Plan {
    let mut random = Random::new(seed ^ 0x6a6f_6273);
    let start = STARTS.get(usize::try_from(random.below(3)).unwrap_or(0)).copied().unwrap_or_default();
    let start = Timestamp::from_second(start).unwrap_or(Timestamp::UNIX_EPOCH);
    let until = later(start, Duration::from_hours(24 * u64::from(days.max(1))));
    let count = 3 + usize::try_from(random.below(3)).unwrap_or(0);
    let mut jobs = Jobs::default();
    let mut families = Vec::new();
    for (index, name) in NAMES.iter().take(count).enumerate() {
        let (job, takes) = job(name, index, start, until, &mut random);
        families.push((revision(name, takes), takes));
        jobs.by_name.insert(job.name.clone(), job);
    }
    let mut script = Vec::new();
    for (name, takes) in NAMES.iter().zip(&families).map(|(name, (_, takes))| (*name, *takes)) {
        trouble(name, takes, start, until, &mut script, &mut random);
    }
    capacity(start, until, &mut script, &mut random);
    people(&jobs, start, until, &mut script, &mut random);
    script.sort_by_key(|(at, _)| *at);
    Plan { start, until, jobs, families, script, rates: Rates::usual(later(start, WARM_UP), until) }
}

/// What people do when the days are over: every task goes well again, and nothing is paused.
pub(super) fn calm(jobs: &Jobs) -> Vec<Deed> {
    let mut deeds = super::resumed();
    let mut add = |deed| deeds.push(Deed::Jobs(Box::new(deed)));
    add(JobDeed::SpotBack);
    add(JobDeed::Shortage { zones: ZONES.to_vec(), is_short: false });
    add(JobDeed::Room { tasks: None });
    add(JobDeed::Refuse { per_thousand: 0 });
    for name in jobs.by_name.keys() {
        let behaviour = well(Duration::from_mins(2));
        add(JobDeed::Tasks { family: name.to_string(), behaviour, fail: false });
    }
    deeds
}

fn well(takes: Duration) -> Behaviour {
    Behaviour::new(Fate::Exits { after: takes, exit_code: 0 })
}

fn revision(name: &str, takes: Duration) -> Revision {
    Revision::new(name, well(takes)).size(1024, 2048)
}

fn job(name: &str, index: usize, start: Timestamp, until: Timestamp, random: &mut Random) -> (Job, Duration) {
    // Some are not done when the next slot comes.
    let longest = if random.below(4) == 0 { Duration::from_mins(140) } else { Duration::from_mins(25) };
    let takes = random.between(Duration::from_secs(20), longest);
    let (trigger, every) = match index {
        0 => (schedule("cron(0 0/2 * * ? *)", "Europe/Berlin", start, until), 120),
        2 => (Some(Trigger::After(BTreeSet::from([name_of(NAMES[0])]))), 120),
        _ => match random.below(5) {
            0 => (schedule("cron(0/30 * * * ? *)", "UTC", start, until), 30),
            1 => (schedule("rate(100 minutes)", "UTC", start, until), 100),
            2 => (schedule("cron(15 1-4 * * ? *)", "Europe/Berlin", start, until), 60),
            3 => (schedule("cron(0 0/2 ? * * *)", "Asia/Tokyo", start, until), 120),
            _ => (Some(Trigger::Demand), 60),
        },
    };
    let size = match random.below(4) {
        0 => Size::Array(u32::try_from(2 + random.below(5)).unwrap_or(2)),
        1 => Size::Count(u32::try_from(1 + random.below(13)).unwrap_or(1)),
        _ if index == 0 => Size::Array(4),
        _ => Size::Count(1),
    };
    let job = Job {
        name: name_of(name),
        trigger: trigger.unwrap_or(Trigger::Demand),
        suspended: false,
        task: task(name, capacity_of(random)),
        size,
        parameters: BTreeMap::new(),
        rules: rules(every, size, random),
    };
    (job, takes)
}

/// A name. What is none becomes one.
pub(super) fn name_of(name: &str) -> JobName {
    JobName::parse(name).unwrap_or_else(|| {
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "x");
        JobName::parse(&name).unwrap_or_else(|| name_of("job"))
    })
}

fn schedule(expression: &str, zone: &str, start: Timestamp, until: Timestamp) -> Option<Trigger> {
    let schedule = Schedule::parse(expression, zone).ok()?;
    Some(Trigger::Schedule(Timetable { schedule, start: Some(start), end: Some(until) }))
}

fn capacity_of(random: &mut Random) -> Capacity {
    match random.below(3) {
        0 => Capacity::LaunchType(FARGATE.to_owned()),
        _ => on_spot(),
    }
}

/// On Fargate Spot alone.
pub(super) fn on_spot() -> Capacity {
    Capacity::Strategy(vec![StrategyItem { provider: FARGATE_SPOT.to_owned(), weight: 1, base: 0 }])
}

/// A task of a family, in every zone.
pub(super) fn task(name: &str, capacity: Capacity) -> TaskSpec {
    let subnets = SUBNETS.map(str::to_owned).to_vec();
    TaskSpec {
        cluster: CLUSTER.to_owned(),
        task_definition: name.to_owned(),
        container: None,
        command: Some(vec!["work".to_owned(), "${index}".to_owned(), "${scheduled_time}".to_owned()]),
        environment: BTreeMap::new(),
        cpu: None,
        memory: None,
        task_role: None,
        execution_role: None,
        capacity,
        network: Some(JobNetwork { subnets, security_groups: Vec::new(), public_ip: false }),
        platform_version: None,
        tags: BTreeMap::new(),
        execute_command: false,
    }
}

fn rules(every: u64, size: Size, random: &mut Random) -> JobRules {
    let minutes = |minutes: u64| SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(30));
    let concurrency = match random.below(6) {
        0 => Concurrency::Allow,
        1 => Concurrency::Queue,
        2 => Concurrency::Replace,
        _ => Concurrency::Forbid,
    };
    let again = |on_demand, memory_percent| Then::Retry { on_demand, memory_percent };
    let mut retry = Vec::new();
    for (kind, then) in [
        (EndingKind::Cause(Cause::OutOfMemory), again(false, 150)),
        (
            EndingKind::Cause(Cause::AppError),
            if random.below(2) == 0 { again(false, 100) } else { Then::Ignore },
        ),
        (EndingKind::Cause(Cause::StoppedByUser), again(true, 100)),
        (EndingKind::RunTimeout, again(false, 100)),
    ] {
        if random.below(3) == 0 {
            retry.push(RetryRule {
                endings: BTreeSet::from([kind]),
                exit_codes: Vec::new(),
                reason: None,
                then,
            });
        }
    }
    JobRules {
        concurrency,
        starting_deadline: minutes(5 + random.below(40)),
        late: minutes(4),
        parallel: u32::try_from(2 + random.below(20)).unwrap_or(2),
        provision_timeout: minutes(6 + random.below(10)),
        run_timeout: (random.below(2) == 0).then(|| minutes(15 + random.below(30))),
        max_attempts: u32::try_from(1 + random.below(4)).unwrap_or(1),
        backoff: Backoff { first: SignedDuration::from_secs(20), most: minutes(5) },
        retry,
        on_demand_after: (random.below(3) > 0).then_some(2),
        success: if random.below(4) == 0 { Success::AtLeast(size.tasks().div_ceil(2)) } else { Success::All },
        breaker: (random.below(4) == 0).then(|| Breaker { failures: 3, pause: minutes(2 * every) }),
        no_success: (random.below(3) == 0).then(|| minutes(6 * every)),
    }
}

/// Times at which a family's tasks go wrong, and are well again.
fn trouble(
    name: &str,
    takes: Duration,
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    for _ in 0..=random.below(4) {
        let at = moment(start, until, random);
        let lasts = random.between(Duration::from_mins(10), Duration::from_hours(2));
        let after = random.between(Duration::from_secs(10), Duration::from_mins(10));
        let fate = match random.below(14) {
            0 => Fate::Exits { after, exit_code: 1 },
            1 => Fate::OutOfMemory { after },
            2 => Fate::CannotPull(PullFailure::RateLimited),
            3 => Fate::CannotPull(PullFailure::NotFound),
            4 => Fate::CrashesAtBoot { exit_code: 1 },
            5 => Fate::Exits { after: Duration::from_hours(2), exit_code: 0 },
            6 => Fate::Exits { after: Duration::from_secs(1), exit_code: 0 },
            7 => Fate::CannotAssumeRole,
            8 => Fate::StaysPending,
            9 => Fate::HostLost { after, keeps_containers: random.below(2) == 0 },
            10 => Fate::NeedsMemory {
                mib: 3_000,
                after,
                otherwise: Box::new(Fate::Exits { after, exit_code: 0 }),
            },
            11 | 12 => mixed(takes),
            _ => Fate::Exits { after: Duration::from_hours(7), exit_code: 0 },
        };
        let tasks = |behaviour, fail| JobDeed::Tasks { family: name.to_owned(), behaviour, fail };
        add(script, at, tasks(Behaviour::new(fate), true));
        add(script, later(at, lasts), tasks(well(takes), false));
    }
    if random.below(2) == 0 {
        add(script, moment(start, until, random), JobDeed::Replace(Box::new(revision(name, takes))));
    }
}

/// Most go well, some fail, and each takes a time of its own.
fn mixed(takes: Duration) -> Fate {
    let well = Fate::ExitsBetween { least: takes / 2, most: takes * 2, exit_code: 0 };
    let lost = Fate::HostLost { after: takes / 2, keeps_containers: true };
    Fate::Mixed(vec![
        (7, well),
        (1, Fate::Exits { after: takes / 3, exit_code: 1 }),
        (1, Fate::OutOfMemory { after: takes / 4 }),
        (1, lost),
    ])
}

fn capacity(start: Timestamp, until: Timestamp, script: &mut Vec<(Timestamp, Deed)>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = moment(start, until, random);
        let per_thousand = u16::try_from(400 + random.below(601)).unwrap_or(1000);
        add(script, at, JobDeed::SpotWave { per_thousand });
        let lasts = random.between(Duration::from_mins(2), Duration::from_hours(1));
        add(script, later(at, lasts), JobDeed::SpotBack);
    }
    for _ in 0..=random.below(3) {
        let at = moment(start, until, random);
        let count = usize::try_from(1 + random.below(3)).unwrap_or(3);
        let zones: Vec<&str> = ZONES.into_iter().take(count).collect();
        add(script, at, JobDeed::Shortage { zones: zones.clone(), is_short: true });
        let lasts = random.between(Duration::from_mins(5), Duration::from_hours(1));
        add(script, later(at, lasts), JobDeed::Shortage { zones, is_short: false });
    }
    for _ in 0..=random.below(2) {
        let at = moment(start, until, random);
        let tasks = usize::try_from(1 + random.below(6)).unwrap_or(1);
        add(script, at, JobDeed::Room { tasks: Some(tasks) });
        let lasts = random.between(Duration::from_mins(5), Duration::from_hours(2));
        add(script, later(at, lasts), JobDeed::Room { tasks: None });
    }
    for _ in 0..=random.below(2) {
        let at = moment(start, until, random);
        let per_thousand = u16::try_from(200 + random.below(801)).unwrap_or(1000);
        add(script, at, JobDeed::Refuse { per_thousand });
        let lasts = random.between(Duration::from_mins(2), Duration::from_mins(20));
        add(script, later(at, lasts), JobDeed::Refuse { per_thousand: 0 });
    }
    for _ in 0..=random.below(2) {
        let at = moment(start, until, random);
        let away = random.between(Duration::from_secs(30), Duration::from_mins(12));
        script.push((at, Deed::LedgerAway(true)));
        script.push((later(at, away), Deed::LedgerAway(false)));
    }
    for _ in 0..=random.below(2) {
        let at = moment(start, until, random);
        let lag = random.between(Duration::from_secs(2), Duration::from_secs(50));
        let lasts = random.between(Duration::from_mins(10), Duration::from_hours(3));
        script.push((at, Deed::Lag(lag)));
        script.push((later(at, lasts), Deed::Lag(Duration::ZERO)));
    }
}

fn people(
    jobs: &Jobs,
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    for _ in 0..random.below(3) {
        let scope = if random.below(2) == 0 { Scope::Global } else { Scope::Cluster(cluster_arn()) };
        let at = moment(start, until, random);
        let pause = random.between(Duration::from_mins(1), Duration::from_hours(1));
        script.push((at, Deed::Pause { scope: scope.clone(), paused: true }));
        script.push((later(at, pause), Deed::Pause { scope, paused: false }));
    }
    for name in jobs.by_name.keys() {
        for _ in 0..=random.below(3) {
            add(script, moment(start, until, random), JobDeed::Run(name.clone()));
        }
    }
    for _ in 0..=random.below(4) {
        add(script, moment(start, until, random), JobDeed::Cancel);
        add(script, moment(start, until, random), JobDeed::StopATask);
        add(script, moment(start, until, random), JobDeed::Again { only_failed: random.below(2) == 0 });
    }
}

fn add(script: &mut Vec<(Timestamp, Deed)>, at: Timestamp, deed: JobDeed) {
    script.push((at, Deed::Jobs(Box::new(deed))));
}

fn moment(start: Timestamp, until: Timestamp, random: &mut Random) -> Timestamp {
    let span = Duration::try_from(until.duration_since(start)).unwrap_or_default().saturating_sub(WARM_UP);
    later(later(start, WARM_UP), random.between(Duration::ZERO, span))
}
