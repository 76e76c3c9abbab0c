//! The load and the surroundings that all policies share: the same messages, service times and start-ups for each.

use jiff::Timestamp;

use crate::number::{rounded, tasks};
use crate::random::{Random, Stream, nth};
use crate::trace::{Job, Trace};

/// More messages are more than a machine's memory and an afternoon.
const MAX_MESSAGES: u64 = 20_000_000;
/// A longer trace takes too many looks.
const MAX_SPAN: u64 = 366 * 86_400_000;
/// Copies of a job arrive within so much of it, in milliseconds.
const COPIES_WITHIN: f64 = 60_000.0;
/// So long after the trace's end it is looked on, in milliseconds: what waits then is served, and tasks are taken away.
const TAIL: u64 = 15 * 60_000;
/// Whoever looked after the service before had it ready for what comes within so long, in milliseconds.
const OPENING: u64 = 5 * 60_000;
/// How far start-ups differ from their mean.
const START_UP_JITTER: f64 = 0.2;
/// The spread of log-normal service times: the 99th percentile is six times the mean.
const SIGMA: f64 = 1.0;

/// How service times are spread around their mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Each takes equally long.
    Constant,
    /// Most are short, few long.
    Exponential,
    /// Most are short, and some very long.
    LogNormal,
}

/// How workers treat a task that shall stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// They protect their task while it works on a message, as Steward's example worker does.
    Protecting,
    /// They protect nothing: ECS takes any.
    Plain,
}

/// What a trace does not say. All spans are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Arrivals are multiplied by it: positive and finite.
    pub load: f64,
    /// The mean service time; absent: two seconds, or as long as the trace's jobs took.
    pub service_time: Option<u64>,
    /// How service times are spread.
    pub distribution: Distribution,
    /// From the order of a task until it works, on average.
    pub start_up: u64,
    /// A message waits for at most so long.
    pub promise: u64,
    /// The least tasks.
    pub min: u32,
    /// The most tasks.
    pub max: u32,
    /// Messages that a task works on at the same time: at least 1.
    pub per_task: u32,
    /// What chance is drawn from.
    pub seed: u64,
    /// Only the first hours of the trace.
    pub shorten: Option<u32>,
    /// How workers treat a task that shall stop.
    pub workers: Workers,
    /// From SIGTERM to SIGKILL.
    pub stop_timeout: u64,
    /// How long a message stays invisible after its worker was killed.
    pub visibility: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            load: 1.0,
            service_time: None,
            distribution: Distribution::Exponential,
            start_up: 30_000,
            promise: 60_000,
            min: 0,
            max: 100,
            per_task: 1,
            seed: 1,
            shorten: None,
            workers: Workers::Protecting,
            stop_timeout: 30_000,
            visibility: 30_000,
        }
    }
}

/// Where nobody says how long a message takes, in milliseconds.
const SERVICE_TIME: u64 = 2_000;

/// What happens, whatever a policy does.
#[derive(Debug, Clone)]
pub struct World {
    /// What holds in it.
    pub options: Options,
    /// When it begins.
    pub begins: Timestamp,
    /// When each message arrives, in milliseconds from its beginning, in order.
    pub arrivals: Vec<u64>,
    /// How long each takes, in milliseconds.
    pub services: Vec<u32>,
    /// The mean of these, in milliseconds; that of the options where nothing arrives.
    pub mean_service: f64,
    /// Where it ends, in milliseconds from its beginning.
    pub ends: u64,
}

/// A world that is too large.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum WorldError {
    /// Too many messages.
    #[error(
        "the trace has {0:.0} messages at this load; at most {MAX_MESSAGES} can be simulated: use a smaller --load, or --shorten"
    )]
    Messages(f64),
    /// Too long a time.
    #[error(
        "the trace spans {0} days, and at most 366 can be simulated: check its timestamps, or use --shorten"
    )]
    Span(u64),
}

impl World {
    /// What a trace becomes.
    pub fn new(trace: &Trace, options: Options) -> Result<Self, WorldError> {
        let (begins, ended) = span(trace);
        let mut lasts = ended.abs_diff(begins);
        if let Some(hours) = options.shorten {
            lasts = lasts.min(u64::from(hours) * 3_600_000);
        }
        if lasts > MAX_SPAN {
            return Err(WorldError::Span(lasts / 86_400_000));
        }
        let is_within = |at: i64| at.abs_diff(begins) < lasts.max(1);
        let mut messages = match trace {
            Trace::Counts(intervals) => {
                let within = || intervals.iter().filter(|interval| is_within(interval.began));
                check(within().map(|interval| interval.messages).sum(), options.load)?;
                let mut spread = Spread::new(options);
                within().for_each(|interval| {
                    spread.interval(interval.began.abs_diff(begins), interval.lasts, interval.messages);
                });
                spread.messages
            }
            Trace::Jobs(jobs) => {
                let within = || jobs.iter().filter(|job| is_within(job.arrived));
                check(within().count() as f64, options.load)?;
                let mut spread = Spread::new(options);
                within().for_each(|job| spread.job(job.arrived.abs_diff(begins), *job));
                spread.messages
            }
        };
        messages.retain(|(at, _)| *at < lasts.max(1));
        messages.sort_by_key(|(at, _)| *at);
        let supposed = options.service_time.unwrap_or(SERVICE_TIME) as f64;
        let mut draws =
            Services { random: Random::new(options.seed, Stream::Services), mean: supposed, options };
        let services: Vec<u32> = messages.iter().map(|(_, took)| draws.one(*took)).collect();
        let sum: f64 = services.iter().map(|service| f64::from(*service)).sum();
        Ok(Self {
            options,
            begins: Timestamp::from_millisecond(begins).unwrap_or(Timestamp::UNIX_EPOCH),
            mean_service: if services.is_empty() { supposed } else { sum / services.len() as f64 },
            arrivals: messages.into_iter().map(|(at, _)| at).collect(),
            services,
            ends: lasts + TAIL,
        })
    }

    /// The tasks that are there at the beginning, whoever scales: as many as the first minutes keep busy.
    pub fn opening(&self) -> u32 {
        let first = self.arrivals.partition_point(|at| *at < OPENING) as f64;
        let busy = first * self.mean_service / OPENING as f64 / f64::from(self.options.per_task.max(1));
        tasks(busy).min(self.options.max)
    }

    /// How long the nth task that is ordered takes until it works, in milliseconds.
    pub fn start_up(&self, nth_task: u32) -> u64 {
        let drawn = nth(self.options.seed, Stream::StartUp, u64::from(nth_task));
        rounded(self.options.start_up as f64 * (1.0 + START_UP_JITTER * (2.0 * drawn - 1.0)))
    }
}

/// From the minute in which a trace begins to its end.
fn span(trace: &Trace) -> (i64, i64) {
    let (began, ended) = match trace {
        Trace::Counts(intervals) => (
            intervals.first().map_or(0, |interval| interval.began),
            intervals.last().map_or(0, |interval| interval.began.saturating_add_unsigned(interval.lasts)),
        ),
        Trace::Jobs(jobs) => {
            let last = jobs.last().map_or(0, |job| job.arrived);
            (jobs.first().map_or(0, |job| job.arrived), last.saturating_add(1))
        }
    };
    (began.div_euclid(60_000) * 60_000, ended)
}

fn check(messages: f64, load: f64) -> Result<(), WorldError> {
    let messages = messages * load;
    // Written so that what is no number is refused.
    if messages <= MAX_MESSAGES as f64 { Ok(()) } else { Err(WorldError::Messages(messages)) }
}

/// Messages as they come out of a trace: when, and how long the trace says that one took.
struct Spread {
    random: Random,
    load: f64,
    /// Parts of a message that earlier intervals left.
    left: f64,
    messages: Vec<(u64, Option<u64>)>,
}

impl Spread {
    fn new(options: Options) -> Self {
        let random = Random::new(options.seed, Stream::Arrivals);
        Self { random, load: options.load, left: 0.5, messages: Vec::new() }
    }

    /// At random within the interval. What is no whole message is kept for the next.
    fn interval(&mut self, began: u64, lasts: u64, messages: f64) {
        let sum = messages * self.load + self.left;
        let whole = sum.floor();
        self.left = sum - whole;
        for _ in 0..rounded(whole) {
            self.messages.push((began + self.random.below(lasts), None));
        }
    }

    /// A job, and its copies shortly after it.
    fn job(&mut self, at: u64, job: Job) {
        let sum = self.load + self.left;
        let copies = rounded(sum.floor());
        self.left = sum - sum.floor();
        for copy in 0..copies {
            let after = if copy == 0 { 0 } else { rounded(self.random.unit() * COPIES_WITHIN) };
            self.messages.push((at + after, Some(job.took)));
        }
    }
}

struct Services {
    random: Random,
    mean: f64,
    options: Options,
}

impl Services {
    /// How long one message takes, in milliseconds: at least one.
    fn one(&mut self, took: Option<u64>) -> u32 {
        let drawn = match (took, self.options.service_time) {
            (Some(took), None) => took as f64,
            _ => self.mean * self.factor(),
        };
        u32::try_from(rounded(drawn)).unwrap_or(u32::MAX).max(1)
    }

    /// How many times the mean: 1 on average.
    fn factor(&mut self) -> f64 {
        match self.options.distribution {
            Distribution::Constant => 1.0,
            Distribution::Exponential => -(1.0 - self.random.unit()).ln(),
            Distribution::LogNormal => {
                let radius = (-2.0 * (1.0 - self.random.unit()).ln()).sqrt();
                let normal = radius * (std::f64::consts::TAU * self.random.unit()).cos();
                (SIGMA * normal - SIGMA * SIGMA / 2.0).exp()
            }
        }
    }
}
