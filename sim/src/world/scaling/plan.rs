//! What a seed's world of scaled services looks like: at least three services, their queues, and what happens to both.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use steward::arn::{ClusterArn, ServiceName};
use steward::config::{MODE_TAG, Mode};
use steward::ledger::Scope;
use steward::scaling::{Bounds, PoolName, Queue, QueueName, Scaler, Scalers, When};

use super::deeds::ScaleDeed;
use super::work::Worker;
use crate::ecs::api::{CreateServiceRequest, Tag};
use crate::ecs::throttle::{Bucket, Rate};
use crate::ecs::{Behaviour, Fate, PullFailure, Revision, fargate_service};
use crate::random::{Random, later};
use crate::world::faults::Rates;
use crate::world::script::Deed;

/// The cluster of every world.
pub(super) const CLUSTER: &str = "shop";
/// Services become steady before anything goes wrong.
const WARM_UP: Duration = Duration::from_mins(20);
/// So much of each day is played.
const HOURS: u64 = 10;
const NAMES: [&str; 5] = ["orders", "mail", "invoices", "resize", "search"];
const POOL: &str = "database";
/// After all faults, each queue gets one burst more.
const LAST_BURST: (Duration, Duration) = (Duration::from_mins(10), Duration::from_mins(22));

/// A world to be built.
pub(super) struct Plan {
    pub(super) start: Timestamp,
    /// Nothing goes wrong from then on.
    pub(super) until: Timestamp,
    pub(super) services: Vec<Service>,
    pub(super) scalers: Scalers,
    pub(super) throttles: Vec<(Bucket, Rate)>,
    pub(super) script: Vec<(Timestamp, Deed)>,
    pub(super) rates: Rates,
}

/// A service to be created, and what its tasks do.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) scaler: Scaler,
    pub(super) request: CreateServiceRequest,
    pub(super) worker: Worker,
    /// How far its own tag lets Steward go.
    pub(super) tag: Option<Mode>,
    /// Its queues, and how long a message cannot be seen at first.
    pub(super) queues: Vec<(QueueName, Duration)>,
    /// Messages of each queue in a thousand seconds: what one task can do.
    one_task: u64,
}

impl Service {
    /// Its name.
    pub(super) fn name(&self) -> &ServiceName {
        &self.scaler.service
    }

    /// Whether Steward may set its count, once nothing is paused any more and people allow what is proposed.
    pub(super) fn is_steered(&self) -> bool {
        let mode = self.scaler.mode.min(self.tag.unwrap_or(Mode::Act));
        mode > Mode::Observe && !self.scaler.suspended
    }

    fn family(&self) -> &str {
        self.name().as_str()
    }

    /// A revision of it that works.
    pub(super) fn good(&self) -> Revision {
        Revision::new(self.family(), Behaviour::serves())
    }
}

/// The cluster's ARN.
pub(in crate::world) fn cluster_arn() -> ClusterArn {
    ClusterArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{CLUSTER}"))
}

/// Draws the world of a seed.
pub(super) fn draw(seed: u64, days: u32) -> Plan {
    let mut random = Random::new(seed ^ 0x7363_616c_696e_6700);
    // A Monday.
    let start = Timestamp::from_second(1_794_182_400).unwrap_or(Timestamp::UNIX_EPOCH);
    let until = later(start, Duration::from_hours(HOURS * u64::from(days.max(1))));
    let count = 3 + usize::try_from(random.below(3)).unwrap_or(0);
    let services: Vec<Service> =
        NAMES.iter().take(count).enumerate().map(|(index, name)| service(name, index, &mut random)).collect();
    let scalers = scalers(&services, &mut random);
    let mut script = Vec::new();
    for (index, service) in services.iter().enumerate() {
        load(service, index, start, until, &mut script, &mut random);
        trouble(service, index, start, until, &mut script, &mut random);
    }
    people(start, until, &mut script, &mut random);
    weather(start, until, &mut script, &mut random);
    // What would be over later is put in order by then.
    let is_allowing = |deed: &Deed| matches!(deed, Deed::Scaling(deed) if matches!(**deed, ScaleDeed::Allow));
    script.retain(|(at, deed)| *at < until || is_allowing(deed));
    script.sort_by_key(|(at, _)| *at);
    // An account in which others call, too.
    let throttles = match random.below(3) {
        0 => vec![
            (Bucket::ServiceReads, Rate { burst: 3, refill: 1 }),
            (Bucket::ServiceChanges, Rate { burst: 2, refill: 1 }),
        ],
        _ => Vec::new(),
    };
    Plan {
        start,
        until,
        services,
        scalers,
        throttles,
        script,
        rates: Rates::usual(later(start, WARM_UP), until),
    }
}

fn scalers(services: &[Service], random: &mut Random) -> Scalers {
    let key = |scaler: &Scaler| (scaler.cluster.clone(), scaler.service.clone());
    let by_service = services.iter().map(|service| (key(&service.scaler), service.scaler.clone()));
    Scalers {
        every: SignedDuration::from_secs(i64::try_from(10 + 5 * random.below(3)).unwrap_or(10)),
        by_service: by_service.collect(),
        pools: BTreeMap::from([(PoolName(POOL.to_owned()), u32::try_from(5 + random.below(4)).unwrap_or(5))]),
    }
}

fn service(name: &str, index: usize, random: &mut Random) -> Service {
    // Some are done before a task is killed, some protect themselves, and some do neither.
    let (mean, protects) = match (index, random.below(4)) {
        (0, _) | (_, 0) => (2 + random.below(5), false),
        (_, 1) => (12 + random.below(10), false),
        _ => (8 + random.below(30), true),
    };
    let per_task = 1 + random.below(2);
    let mode = match (index, random.below(10)) {
        (0 | 1, _) | (_, 0..5) => Mode::Act,
        (_, 5..8) => Mode::Propose,
        _ => Mode::Observe,
    };
    let tag = (index > 1 && random.below(6) == 0).then_some(Mode::Observe);
    let queues: Vec<(QueueName, Duration)> = (0..=u64::from(random.below(3) == 0))
        .map(|number| {
            let delay = if random.below(4) == 0 { Duration::from_secs(20) } else { Duration::ZERO };
            (QueueName(format!("{name}-{number}")), delay)
        })
        .collect();
    let min = u32::try_from(random.below(2)).unwrap_or(0);
    let max = min + 4 + u32::try_from(random.below(5)).unwrap_or(0);
    let bounds = Bounds { min, max };
    let as_seconds = |seconds: u64| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(60));
    let scaler = Scaler {
        mode,
        suspended: index > 1 && random.below(12) == 0,
        queues: queues
            .iter()
            .map(|(name, _)| Queue { name: name.clone(), weight: 100, groups: None })
            .collect(),
        promise: as_seconds(60 + 60 * random.below(4)),
        bounds,
        windows: windows(bounds, random),
        per_task: u32::try_from(per_task).unwrap_or(1),
        service_time: (!protects || random.below(2) == 0).then(|| as_seconds(mean)),
        start_up: (random.below(2) == 0).then(|| as_seconds(60)),
        scale_in_after: as_seconds(60 + 60 * random.below(5)),
        empty_readings: u32::try_from(3 + random.below(10)).unwrap_or(3),
        pool: (random.below(2) == 0).then(|| PoolName(POOL.to_owned())),
        ..Scaler::new(CLUSTER.to_owned(), ServiceName::new(name))
    };
    let mut request = fargate_service(CLUSTER, name, name, min.max(1));
    if let Some(tag) = tag {
        request.tags.push(Tag { key: Some(MODE_TAG.to_owned()), value: Some(tag.as_str().to_owned()) });
    }
    let one_task = 1_000 * per_task / mean.max(1);
    let worker = Worker {
        service: ServiceName::new(name),
        queues: queues.iter().map(|(name, _)| name.clone()).collect(),
        per_task: usize::try_from(per_task).unwrap_or(1),
        takes: (Duration::from_millis(mean * 500), Duration::from_millis(mean * 1_500)),
        protects,
    };
    Service { scaler, request, worker, tag, queues, one_task }
}

/// Other bounds for some hours.
fn windows(bounds: Bounds, random: &mut Random) -> Vec<(When, Bounds)> {
    if random.below(3) > 0 {
        return Vec::new();
    }
    let hour = |hour: u64| Time::new(i8::try_from(hour).unwrap_or(0), 30, 0, 0).unwrap_or(Time::MIN);
    let from = 3 + random.below(4);
    let when = When {
        days: vec![Weekday::Monday],
        from: hour(from),
        to: hour(from + 2),
        zone: TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC),
        zone_name: "Europe/Berlin".to_owned(),
    };
    vec![(when, Bounds { min: bounds.min + 1, max: bounds.max - 1 })]
}

fn moment(start: Timestamp, until: Timestamp, random: &mut Random) -> Timestamp {
    let span = Duration::try_from(until.duration_since(start)).unwrap_or_default().saturating_sub(WARM_UP);
    later(later(start, WARM_UP), random.between(Duration::ZERO, span))
}

fn add(script: &mut Vec<(Timestamp, Deed)>, at: Timestamp, deed: ScaleDeed) {
    script.push((at, Deed::Scaling(Box::new(deed))));
}

/// So many messages as keep so many thousandths of a task at work arrive in each of a service's queues.
fn arrive(service: &Service, at: Timestamp, tasks: u64, is_burst: bool, script: &mut Vec<(Timestamp, Deed)>) {
    let queues = u64::try_from(service.queues.len()).unwrap_or(1).max(1);
    for (index, (queue, _)) in service.queues.iter().enumerate() {
        let rate = service.one_task * tasks / 1_000 / queues;
        let deed = ScaleDeed::Rate { queue: queue.clone(), rate, is_burst: is_burst && index == 0 };
        add(script, at, deed);
    }
}

/// Steady arrivals, bursts, and times without any.
fn load(
    service: &Service,
    index: usize,
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    let steady = 100 + random.below(1_400);
    arrive(service, start, steady, false, script);
    for burst in 0..=random.below(3) {
        let at = moment(start, until, random);
        let tasks = steady + 1_500 + random.below(4_000);
        arrive(service, at, tasks, true, script);
        let lasts = random.between(Duration::from_mins(4), Duration::from_mins(25));
        arrive(service, later(at, lasts), steady, false, script);
        // Somebody deploys while it goes on.
        if (burst, index) == (0, 0) || random.below(3) == 0 {
            let during = later(at, random.between(Duration::from_secs(30), lasts));
            script.push((during, deploy(service)));
        }
        if random.below(4) == 0 {
            fail_starts(service, at, script, random);
        }
    }
    if random.below(2) == 0 {
        let at = moment(start, until, random);
        arrive(service, at, 0, false, script);
        let lasts = random.between(Duration::from_mins(20), Duration::from_mins(90));
        arrive(service, later(at, lasts), steady, false, script);
    }
}

fn deploy(service: &Service) -> Deed {
    Deed::Deploy {
        disturbs: true,
        cluster: CLUSTER.to_owned(),
        service: service.name().to_string(),
        revision: Box::new(service.good()),
    }
}

/// For a while tasks that begin do not get far.
fn fail_starts(service: &Service, at: Timestamp, script: &mut Vec<(Timestamp, Deed)>, random: &mut Random) {
    let fate = match random.below(3) {
        0 => Fate::CannotPull(PullFailure::RateLimited),
        1 => Fate::CrashesAtBoot { exit_code: 1 },
        _ => Fate::CannotPull(PullFailure::TimedOut),
    };
    let family = service.family().to_owned();
    let deed = ScaleDeed::Starts { family, behaviour: Behaviour::new(fate), fail: true };
    add(script, at, deed);
    let lasts = random.between(Duration::from_mins(5), Duration::from_mins(40));
    add(script, later(at, lasts), well(service));
}

fn well(service: &Service) -> ScaleDeed {
    ScaleDeed::Starts { family: service.family().to_owned(), behaviour: Behaviour::serves(), fail: false }
}

/// What befalls a service, beside its load.
fn trouble(
    service: &Service,
    index: usize,
    start: Timestamp,
    until: Timestamp,
    script: &mut Vec<(Timestamp, Deed)>,
    random: &mut Random,
) {
    let name = service.name();
    for _ in 0..random.below(3) {
        let to = u32::try_from(random.below(u64::from(service.scaler.bounds.max) + 3)).unwrap_or(1);
        add(script, moment(start, until, random), ScaleDeed::SetCount { service: name.clone(), to });
    }
    if index > 0 && random.below(4) == 0 {
        let at = moment(start, until, random);
        add(script, at, ScaleDeed::Delete(name.clone()));
        if random.below(2) == 0 {
            let gone = random.between(Duration::from_mins(5), Duration::from_hours(1));
            add(script, later(at, gone), ScaleDeed::Create(Box::new(service.request.clone())));
        }
    }
    if index > 0 && random.below(4) == 0 {
        let at = moment(start, until, random);
        add(script, at, ScaleDeed::Own { service: name.clone(), is_owned: true });
        let lasts = random.between(Duration::from_mins(40), Duration::from_hours(3));
        add(script, later(at, lasts), ScaleDeed::Own { service: name.clone(), is_owned: false });
    }
}

/// What people do besides.
fn people(start: Timestamp, until: Timestamp, script: &mut Vec<(Timestamp, Deed)>, random: &mut Random) {
    for _ in 0..random.below(3) {
        let scope = if random.below(2) == 0 { Scope::Global } else { Scope::Cluster(cluster_arn()) };
        let at = moment(start, until, random);
        let pause = random.between(Duration::from_mins(1), Duration::from_mins(50));
        script.push((at, Deed::Pause { scope: scope.clone(), paused: true }));
        script.push((later(at, pause), Deed::Pause { scope, paused: false }));
    }
    // Somebody looks at what is proposed, up to the end of all.
    let mut at = later(start, WARM_UP);
    while at < later(until, Duration::from_hours(8)) {
        add(script, at, ScaleDeed::Allow);
        at = later(at, random.between(Duration::from_mins(2), Duration::from_mins(15)));
    }
}

fn weather(start: Timestamp, until: Timestamp, script: &mut Vec<(Timestamp, Deed)>, random: &mut Random) {
    for _ in 0..random.below(3) {
        let at = moment(start, until, random);
        let away = random.between(Duration::from_secs(30), Duration::from_mins(8));
        script.push((at, Deed::LedgerAway(true)));
        script.push((later(at, away), Deed::LedgerAway(false)));
    }
    for _ in 0..=random.below(3) {
        let at = moment(start, until, random);
        let lag = random.between(Duration::from_secs(2), Duration::from_secs(50));
        let lasts = random.between(Duration::from_mins(10), Duration::from_hours(2));
        script.push((at, Deed::Lag(lag)));
        script.push((later(at, lasts), Deed::Lag(Duration::ZERO)));
    }
}

/// What people do when the hours are over: every task goes well again, nothing is paused, nobody else owns anything. Then each
/// queue gets one burst more, and nothing after it.
pub(super) fn calm(services: &[Service], until: Timestamp) -> Vec<(Timestamp, Deed)> {
    let mut script = vec![(until, Deed::LedgerAway(false)), (until, Deed::Lag(Duration::ZERO))];
    let cluster = Scope::Cluster(cluster_arn());
    script.extend([Scope::Global, cluster].map(|scope| (until, Deed::Pause { scope, paused: false })));
    for service in services {
        add(&mut script, until, well(service));
        add(&mut script, until, ScaleDeed::Own { service: service.name().clone(), is_owned: false });
        // What nobody but people scales would hold what is shared for ever.
        if !service.is_steered() {
            let to = service.scaler.bounds.min;
            add(&mut script, until, ScaleDeed::SetCount { service: service.name().clone(), to });
        }
        let [from, to] = [LAST_BURST.0, LAST_BURST.1].map(|after| later(until, after));
        arrive(service, from, 2_200, false, &mut script);
        arrive(service, to, 0, false, &mut script);
    }
    script
}

/// When nothing arrives any more.
pub(super) fn last_arrival(until: Timestamp) -> Timestamp {
    later(until, LAST_BURST.1)
}
