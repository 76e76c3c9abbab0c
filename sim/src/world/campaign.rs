//! Many runs: as many seeds as wanted, on two threads, and every crash point that they left over.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use jiff::SignedDuration;

use super::faults::{CrashAt, Crashes, Kind, Side, Tally};
use super::run::{Course, Options, Report, run_course};
use super::site::{Site, Visits};

/// How often crash points are looked for that the runs before have found.
const ROUNDS: usize = 3;
/// Of so many seeds one is run in disorder besides.
const IN_DISORDER: u64 = 20;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// What each seed is run through.
    pub course: Course,
    /// The first seed.
    pub first_seed: u64,
    /// How many.
    pub seeds: u64,
    /// Virtual days of each.
    pub days: u32,
    /// Worlds at the same time, each on a thread of its own.
    pub threads: usize,
    /// Whether every crash point that the seeds leave over is struck besides, both ways, and the other courses are run.
    pub is_whole: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// What each seed was run through.
    pub course: Course,
    /// Seeds that were run.
    pub seeds: u64,
    /// Runs, those that strike one crash point and those of other courses included.
    pub runs: u64,
    /// Those in which something did not hold, by seed.
    pub failures: Vec<Report>,
    /// Faults by kind.
    pub faults: Tally,
    /// Virtual time.
    pub passed: SignedDuration,
    /// Calls by which Steward changed ECS.
    pub mutations: u64,
    /// Seeds in which Steward changed something.
    pub seeds_with_mutations: u64,
    /// The fewest faults of a seed, the fewest kinds, and the fewest services.
    pub least: Least,
    /// Where handlers called the outside, and how often they died there.
    pub sites: BTreeMap<Site, Struck>,
}

/// What each seed must have at the least.
const MUST_HAVE: MustHave = MustHave { services: 3, faults: 20, kinds: 5, mutations: 1 };

struct MustHave {
    services: u64,
    faults: u64,
    kinds: u64,
    mutations: u64,
}

/// The least of any seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Least {
    /// Services.
    pub services: Fewest,
    /// Faults.
    pub faults: Fewest,
    /// Kinds of faults.
    pub kinds: Fewest,
    /// Calls by which Steward changed ECS.
    pub mutations: Fewest,
}

/// The fewest of something, and the first seed that had no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fewest {
    /// How many.
    pub count: u64,
    /// Whose.
    pub seed: u64,
}

impl Default for Fewest {
    fn default() -> Self {
        Self { count: u64::MAX, seed: u64::MAX }
    }
}

impl Fewest {
    fn of(self, count: usize, seed: u64) -> Self {
        let other = Self { count: u64::try_from(count).unwrap_or(u64::MAX), seed };
        if (other.count, other.seed) < (self.count, self.seed) { other } else { self }
    }
}

/// A site over all runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struck {
    /// How often it was reached, and how often an invocation died there.
    pub visits: Visits,
    /// The run that reaches it first, plain seeds before others; its call is the visits' first.
    pub seed: u64,
    /// The crashes that led there.
    pub crash_at: Crashes,
}

impl Outcome {
    /// Of one run.
    pub fn of(report: Report) -> Self {
        let mut outcome = Self::new(report.course);
        outcome.add(report, true);
        outcome
    }

    fn new(course: Course) -> Self {
        Self {
            course,
            seeds: 0,
            runs: 0,
            failures: Vec::new(),
            faults: Tally::new(),
            passed: SignedDuration::ZERO,
            mutations: 0,
            seeds_with_mutations: 0,
            least: Least::default(),
            sites: BTreeMap::new(),
        }
    }

    /// What the run as a whole, or some seed of it, did not have of what it must; empty where it had everything.
    pub fn lacks(&self) -> Vec<String> {
        let least = self.least;
        let mut lacks: Vec<String> =
            self.missing_kinds().into_iter().map(|kind| format!("{kind} never happened")).collect();
        let counts = [
            (least.services, MUST_HAVE.services, self.what()),
            (least.faults, MUST_HAVE.faults, "faults"),
            (least.kinds, MUST_HAVE.kinds, "kinds of faults"),
            (least.mutations, MUST_HAVE.mutations, "changes"),
        ];
        let short = counts.into_iter().filter(|(had, must, _)| had.count < *must);
        lacks.extend(short.map(|(Fewest { count, seed }, must, what)| {
            format!("seed {seed} had {count} {what}, and must have {must}")
        }));
        lacks.extend(self.unstruck().into_iter().map(|point| format!("nobody died at {point}")));
        lacks
    }

    /// Crash points that no run has struck, for people.
    pub fn unstruck(&self) -> Vec<String> {
        let sides = |site: &Site, visits: Visits| {
            [(visits.crashed_before, "before"), (visits.crashed_after, "after")]
                .into_iter()
                .filter(|(count, _)| *count == 0)
                .map(|(_, side)| format!("{site}, {side} its effect"))
                .collect::<Vec<_>>()
        };
        self.sites.iter().flat_map(|(site, struck)| sides(site, struck.visits)).collect()
    }

    /// Whether everything held.
    pub fn holds(&self) -> bool {
        self.failures.is_empty()
    }

    /// Crash points, each site before and after its effect, that were struck, and all of them.
    pub fn crash_points(&self) -> (usize, usize) {
        let struck = self.sites.values().map(|struck| {
            usize::from(struck.visits.crashed_before > 0) + usize::from(struck.visits.crashed_after > 0)
        });
        (struck.sum(), 2 * self.sites.len())
    }

    /// What the worlds have some of: services or jobs.
    pub fn what(&self) -> &'static str {
        if self.course == Course::Jobs { "jobs" } else { "services" }
    }

    /// Kinds of faults that never happened.
    pub fn missing_kinds(&self) -> Vec<Kind> {
        let all: &[Kind] = match self.course {
            Course::Jobs => &Kind::OF_JOBS,
            Course::Scaling => &Kind::OF_SCALING,
            _ => &Kind::OF_SERVICES,
        };
        all.iter().copied().filter(|kind| !self.faults.contains_key(kind)).collect()
    }

    fn add(&mut self, report: Report, is_seed: bool) {
        self.runs += 1;
        self.passed += report.passed;
        self.mutations += u64::try_from(report.mutations).unwrap_or(u64::MAX);
        for (kind, count) in &report.faults {
            *self.faults.entry(*kind).or_default() += count;
        }
        // Only there is a crash asked for by the number of its call.
        let sites = report.sites.iter().filter(|_| report.course == self.course);
        for (site, visits) in sites {
            let known = self.sites.entry(*site).or_insert(Struck {
                visits: Visits { first_call: visits.first_call, ..Visits::default() },
                seed: report.seed,
                crash_at: report.crash_at,
            });
            known.visits.reached += visits.reached;
            known.visits.crashed_before += visits.crashed_before;
            known.visits.crashed_after += visits.crashed_after;
        }
        if is_seed {
            self.seeds += 1;
            let Least { services, faults, kinds, mutations } = self.least;
            let happened = report.faults.values().sum::<u64>();
            self.least = Least {
                services: services.of(report.services, report.seed),
                faults: faults.of(usize::try_from(happened).unwrap_or(usize::MAX), report.seed),
                kinds: kinds.of(report.faults.len(), report.seed),
                mutations: mutations.of(report.mutations, report.seed),
            };
            self.seeds_with_mutations += u64::from(report.mutations > 0);
        }
        if !report.violations.is_empty() {
            self.failures.push(report);
            self.failures.sort_by_key(|report| (report.seed, report.course));
        }
    }

    /// The runs that strike what was not struck yet.
    fn left_over(&self, days: u32) -> Vec<(Course, Options)> {
        let mut wanted = Vec::new();
        for struck in self.sites.values() {
            let call = struck.visits.first_call;
            for (count, side) in
                [(struck.visits.crashed_before, Side::Before), (struck.visits.crashed_after, Side::After)]
            {
                // After two crashes on the way a third is one too many.
                let crash = Some(CrashAt { call, side });
                let crash_at = match struck.crash_at {
                    [None, _] => [crash, None],
                    [first, None] => [first, crash],
                    [Some(_), Some(_)] => continue,
                };
                if count == 0 {
                    wanted.push((self.course, Options { days, crash_at, ..Options::new(struck.seed) }));
                }
            }
        }
        wanted
    }
}

/// Runs a campaign. `heard` is told of each run as it ends, in no particular order.
pub fn campaign(campaign: Campaign, heard: impl Fn(&Report) + Sync) -> Outcome {
    let Campaign { course, first_seed, seeds, days, threads, is_whole } = campaign;
    let all = first_seed..first_seed.saturating_add(seeds);
    let mut outcome = Outcome::new(course);
    let faults = all.clone().map(|seed| (course, Options { days, ..Options::new(seed) }));
    run_all(faults.collect(), threads, &mut outcome, true, &heard);
    if !is_whole {
        return outcome;
    }
    if course == Course::Faults {
        run_all(others(all, days), threads, &mut outcome, false, &heard);
    }
    for _ in 0..ROUNDS {
        let left = outcome.left_over(days);
        if left.is_empty() {
            break;
        }
        run_all(left, threads, &mut outcome, false, &heard);
    }
    outcome
}

/// The courses that say something beside [`Course::Faults`].
fn others(seeds: std::ops::Range<u64>, days: u32) -> Vec<(Course, Options)> {
    let months = Course::ALL.into_iter().filter(|course| matches!(course, Course::Futile(_)));
    let months = months.map(|course| (course, Options::new(seeds.start)));
    let every = usize::try_from(IN_DISORDER).unwrap_or(usize::MAX);
    let disorder =
        seeds.clone().step_by(every).map(|seed| (Course::Disorder, Options { days, ..Options::new(seed) }));
    months.chain(disorder).collect()
}

/// Each world has one thread; which runs when changes nothing in it.
fn run_all(
    wanted: Vec<(Course, Options)>,
    threads: usize,
    outcome: &mut Outcome,
    are_seeds: bool,
    heard: &(impl Fn(&Report) + Sync),
) {
    let todo = Mutex::new(wanted.into_iter());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let next = todo.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((course, options)) = next else { return };
                    let report = run_course(course, options);
                    heard(&report);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(report);
                }
            });
        }
    });
    let mut reports = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|report| {
        (report.seed, report.course, report.crash_at.map(|crash| crash.map(|crash| crash.call)))
    });
    for report in reports {
        outcome.add(report, are_seeds);
    }
}
