//! Many runs: as many seeds as wanted, on two threads, and every crash point that they left over.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use jiff::SignedDuration;

use super::faults::{CrashAt, Crashes, Kind, Side, Tally};
use super::run::{Options, Report, run};
use super::site::{Site, Visits};

/// How often crash points are looked for that the runs before have found.
const ROUNDS: usize = 3;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// The first seed.
    pub first_seed: u64,
    /// How many.
    pub seeds: u64,
    /// Virtual days of each.
    pub days: u32,
    /// Worlds at the same time, each on a thread of its own.
    pub threads: usize,
    /// Whether every crash point that the seeds leave over is struck besides, both ways.
    pub covers_crashes: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Runs, those that strike one crash point included.
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

/// The least of any seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Least {
    /// Faults.
    pub faults: u64,
    /// Kinds of faults.
    pub kinds: usize,
    /// Services.
    pub services: usize,
    /// Mutations.
    pub mutations: usize,
}

impl Default for Least {
    fn default() -> Self {
        Self { faults: u64::MAX, kinds: usize::MAX, services: usize::MAX, mutations: usize::MAX }
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
        let mut outcome = Self::default();
        outcome.add(report, true);
        outcome
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

    /// Kinds of faults that never happened.
    pub fn missing_kinds(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| !self.faults.contains_key(kind)).collect()
    }

    fn add(&mut self, report: Report, is_seed: bool) {
        self.runs += 1;
        self.passed += report.passed;
        self.mutations += u64::try_from(report.mutations).unwrap_or(u64::MAX);
        for (kind, count) in &report.faults {
            *self.faults.entry(*kind).or_default() += count;
        }
        for (site, visits) in &report.sites {
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
            let least = &mut self.least;
            least.faults = least.faults.min(report.faults.values().sum());
            least.kinds = least.kinds.min(report.faults.len());
            least.services = least.services.min(report.services);
            least.mutations = least.mutations.min(report.mutations);
            self.seeds_with_mutations += u64::from(report.mutations > 0);
        }
        if !report.violations.is_empty() {
            self.failures.push(report);
            self.failures.sort_by_key(|report| report.seed);
        }
    }

    /// The runs that strike what was not struck yet.
    fn left_over(&self, days: u32) -> Vec<Options> {
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
                    wanted.push(Options { days, crash_at, ..Options::new(struck.seed) });
                }
            }
        }
        wanted
    }
}

/// Runs a campaign. `heard` is told of each run as it ends, in no particular order.
pub fn campaign(campaign: Campaign, heard: impl Fn(&Report) + Sync) -> Outcome {
    let Campaign { first_seed, seeds, days, threads, covers_crashes } = campaign;
    let all =
        (first_seed..first_seed.saturating_add(seeds)).map(|seed| Options { days, ..Options::new(seed) });
    let mut outcome = Outcome::default();
    run_all(all.collect(), threads, &mut outcome, true, &heard);
    for _ in 0..ROUNDS {
        let left = outcome.left_over(days);
        if !covers_crashes || left.is_empty() {
            break;
        }
        run_all(left, threads, &mut outcome, false, &heard);
    }
    outcome
}

/// Each world has one thread; which runs when changes nothing in it.
fn run_all(
    wanted: Vec<Options>,
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
                    let Some(options) = next else { return };
                    let report = run(options);
                    heard(&report);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(report);
                }
            });
        }
    });
    let mut reports = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|report| (report.seed, report.crash_at.map(|crash| crash.map(|crash| crash.call))));
    for report in reports {
        outcome.add(report, are_seeds);
    }
}
