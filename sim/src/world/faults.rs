//! What goes wrong, how often, and by which draw.
//!
//! # Invariants
//!
//! * Every fault is drawn from a stream of its own, so that a run without them draws the same world.
//! * A call site that was hardly reached is struck more often: what happens once a day matters as much as what happens each
//!   minute.
//! * Before [`Rates::from`] nothing goes wrong yet: services become steady. After [`Rates::until`] nothing goes wrong any more:
//!   what is left to do can be done.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::site::{Site, Sites};
use crate::random::{Random, later};

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An invocation dies before a call takes effect.
    CrashBefore,
    /// An invocation dies after a call took effect, before it hears of it.
    CrashAfter,
    /// An invocation is ended by its time-out.
    InvocationTimeout,
    /// An event comes twice.
    Duplicate,
    /// An event is overtaken by later ones.
    Reorder,
    /// An event is minutes late.
    Delay,
    /// An event, or a nudge, is lost.
    Loss,
    /// A call is turned away for now.
    Throttle,
    /// A call fails with 5xx, with or without effect.
    ServerError,
    /// A call is not answered in time, and had no effect.
    Timeout,
    /// A call takes effect, and its answer is lost.
    TimeoutAfterSuccess,
    /// Reads answer from before the latest changes.
    LaggingReads,
    /// The ledger is away for minutes.
    LedgerOutage,
    /// The clock of an invocation is off by seconds.
    ClockSkew,
    /// A person deploys.
    PersonDeploys,
    /// A person pauses changes, and lets them go on later.
    PersonPauses,
    /// A person stops a task.
    PersonStopsTask,
    /// ECS's own circuit breaker fails a deployment.
    Breaker,
    /// A tick comes twice.
    DuplicateTick,
    /// A tick comes late.
    LateTick,
    /// Ticks do not come.
    LostTick,
    /// Fargate Spot takes back what runs.
    SpotWave,
    /// Fargate has no room.
    Shortage,
    /// RunTask is throttled, and says so in the text of another exception.
    WrappedThrottle,
    /// What tasks do changes: they fail, or take longer.
    TasksFail,
    /// A new revision is registered, and the old one deregistered.
    DefinitionReplaced,
    /// A person asks for a run, or for one to be done again.
    PersonRuns,
    /// A person ends a run.
    PersonCancels,
    /// Many more messages arrive than usual.
    Burst,
    /// A person sets the number of a service's tasks.
    PersonScales,
    /// A person deletes a service.
    ServiceDeleted,
    /// A service becomes a target of Application Auto Scaling.
    AutoScalingTarget,
}

impl Kind {
    /// Those of a world of services.
    pub const OF_SERVICES: [Self; 18] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::InvocationTimeout,
        Self::Duplicate,
        Self::Reorder,
        Self::Delay,
        Self::Loss,
        Self::Throttle,
        Self::ServerError,
        Self::Timeout,
        Self::TimeoutAfterSuccess,
        Self::LaggingReads,
        Self::LedgerOutage,
        Self::ClockSkew,
        Self::PersonDeploys,
        Self::PersonPauses,
        Self::PersonStopsTask,
        Self::Breaker,
    ];

    /// Those of a world of jobs.
    pub const OF_JOBS: [Self; 26] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::InvocationTimeout,
        Self::Duplicate,
        Self::Reorder,
        Self::Delay,
        Self::Loss,
        Self::Throttle,
        Self::ServerError,
        Self::Timeout,
        Self::TimeoutAfterSuccess,
        Self::LaggingReads,
        Self::LedgerOutage,
        Self::ClockSkew,
        Self::PersonPauses,
        Self::PersonStopsTask,
        Self::DuplicateTick,
        Self::LateTick,
        Self::LostTick,
        Self::SpotWave,
        Self::Shortage,
        Self::WrappedThrottle,
        Self::TasksFail,
        Self::DefinitionReplaced,
        Self::PersonRuns,
        Self::PersonCancels,
    ];

    /// Those of a world of scaled services.
    pub const OF_SCALING: [Self; 21] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::InvocationTimeout,
        Self::Loss,
        Self::Throttle,
        Self::ServerError,
        Self::Timeout,
        Self::TimeoutAfterSuccess,
        Self::LaggingReads,
        Self::LedgerOutage,
        Self::ClockSkew,
        Self::PersonDeploys,
        Self::PersonPauses,
        Self::DuplicateTick,
        Self::LateTick,
        Self::LostTick,
        Self::TasksFail,
        Self::Burst,
        Self::PersonScales,
        Self::ServiceDeleted,
        Self::AutoScalingTarget,
    ];

    /// The kind in one stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrashBefore => "crash_before",
            Self::CrashAfter => "crash_after",
            Self::InvocationTimeout => "invocation_timeout",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Delay => "delay",
            Self::Loss => "loss",
            Self::Throttle => "throttle",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::TimeoutAfterSuccess => "timeout_after_success",
            Self::LaggingReads => "lagging_reads",
            Self::LedgerOutage => "ledger_outage",
            Self::ClockSkew => "clock_skew",
            Self::PersonDeploys => "person_deploys",
            Self::PersonPauses => "person_pauses",
            Self::PersonStopsTask => "person_stops_task",
            Self::Breaker => "breaker",
            Self::DuplicateTick => "duplicate_tick",
            Self::LateTick => "late_tick",
            Self::LostTick => "lost_tick",
            Self::SpotWave => "spot_wave",
            Self::Shortage => "shortage",
            Self::WrappedThrottle => "wrapped_throttle",
            Self::TasksFail => "tasks_fail",
            Self::DefinitionReplaced => "definition_replaced",
            Self::PersonRuns => "person_runs",
            Self::PersonCancels => "person_cancels",
            Self::Burst => "burst",
            Self::PersonScales => "person_scales",
            Self::ServiceDeleted => "service_deleted",
            Self::AutoScalingTarget => "auto_scaling_target",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Faults by kind.
pub type Tally = BTreeMap<Kind, u64>;

/// Before or after the effect of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Before it: the call never arrived.
    Before,
    /// After it: nobody heard of it.
    After,
}

/// Crashes on demand: one, or one that leads to another.
pub type Crashes = [Option<CrashAt>; 2];

/// A crash on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashAt {
    /// The call of the run, counted from 1.
    pub call: u64,
    /// Before or after its effect.
    pub side: Side,
}

/// How often things go wrong, in calls, events or invocations of a thousand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    pub(super) crash: u64,
    /// Of a site's first three visits in a run.
    pub(super) crash_when_new: u64,
    pub(super) throttle: u64,
    pub(super) server_error: u64,
    pub(super) timeout: u64,
    pub(super) timeout_after_success: u64,
    /// Calls that change ECS, and writes of the ledger that say so, are struck so many times as often.
    pub(super) change_factor: u64,
    pub(super) duplicate: u64,
    pub(super) reorder: u64,
    pub(super) delay: u64,
    pub(super) loss: u64,
    pub(super) skew: u64,
    pub(super) stale_index: u64,
    /// Good news comes so much later than anything else.
    pub(super) good_news_waits: Duration,
    /// Nothing goes wrong before.
    pub(super) from: Timestamp,
    /// Nothing goes wrong from then on.
    pub(super) until: Timestamp,
}

impl Rates {
    pub(super) fn none() -> Self {
        Self {
            crash: 0,
            crash_when_new: 0,
            throttle: 0,
            server_error: 0,
            timeout: 0,
            timeout_after_success: 0,
            change_factor: 1,
            duplicate: 0,
            reorder: 0,
            delay: 0,
            loss: 0,
            skew: 0,
            stale_index: 0,
            good_news_waits: Duration::ZERO,
            from: Timestamp::MIN,
            until: Timestamp::MIN,
        }
    }

    /// Moderate: most of a day goes well, and everything goes wrong at some time.
    pub(super) fn usual(from: Timestamp, until: Timestamp) -> Self {
        Self {
            crash: 2,
            crash_when_new: 50,
            throttle: 3,
            server_error: 3,
            timeout: 2,
            timeout_after_success: 3,
            change_factor: 20,
            duplicate: 60,
            reorder: 60,
            delay: 30,
            loss: 20,
            skew: 50,
            stale_index: 20,
            good_news_waits: Duration::ZERO,
            from,
            until,
        }
    }

    /// Events come late, twice and in disorder, and nothing else goes wrong. Good news overtakes no failure that came before
    /// it: one that nothing was known of when all was well again opens no incident, which is another one than in order.
    pub(super) fn disorder_alone(until: Timestamp) -> Self {
        let good_news_waits = LATE.1 + USUAL.1;
        Self { duplicate: 200, reorder: 300, good_news_waits, until, ..Self::none() }
    }
}

/// How long an event is under way, at the least and at the most.
const USUAL: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));
/// The same where others overtake it.
const LATE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(2));

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Fine,
    Crash(Side),
    Throttled,
    ServerError(Side),
    Timeout(Side),
}

/// What happens to an event on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    /// After so long; twice for a duplicate, never for a loss.
    pub(super) arrives_after: Vec<Duration>,
}

/// Draws what goes wrong.
#[derive(Debug)]
pub(super) struct Weather {
    random: Random,
    rates: Rates,
    crash_at: Crashes,
    calls: u64,
    /// Ticks do not come before.
    ticks_from: Timestamp,
    pub(super) sites: Sites,
    pub(super) tally: Tally,
}

impl Weather {
    pub(super) fn new(seed: u64, rates: Rates, crash_at: Crashes) -> Self {
        Self {
            random: Random::new(seed ^ 0x6661_756c_7473),
            rates,
            crash_at,
            calls: 0,
            ticks_from: Timestamp::MIN,
            sites: Sites::new(),
            tally: Tally::new(),
        }
    }

    pub(super) fn count(&mut self, kind: Kind) {
        *self.tally.entry(kind).or_default() += 1;
    }

    fn one_of(&mut self, per_thousand: u64) -> bool {
        self.random.below(1000) < per_thousand
    }

    fn is_fair(&self, now: Timestamp) -> bool {
        now < self.rates.from || now >= self.rates.until
    }

    /// The fate of the next call. Always the same number of draws, so that one fault does not change all others.
    pub(super) fn on_call(&mut self, site: Site, changes: bool, now: Timestamp) -> Fate {
        self.fate(site, changes, self.rates, now)
    }

    /// The fate of who waits: nothing can go wrong but the process itself.
    pub(super) fn on_wait(&mut self, site: Site, now: Timestamp) -> Fate {
        let none = Rates::none();
        let rates = Rates {
            throttle: none.throttle,
            server_error: none.server_error,
            timeout: none.timeout,
            timeout_after_success: none.timeout_after_success,
            ..self.rates
        };
        self.fate(site, false, rates, now)
    }

    fn fate(&mut self, site: Site, changes: bool, rates: Rates, now: Timestamp) -> Fate {
        self.calls += 1;
        let visits = self.sites.entry(site).or_default();
        visits.reached += 1;
        if visits.reached == 1 {
            visits.first_call = self.calls;
        }
        let is_new = visits.reached <= 3;
        let draw = self.random.below(1000);
        let is_before = self.random.below(2) == 0;
        let half = if is_before { Side::Before } else { Side::After };
        if let Some(crash) = self.crash_at.into_iter().flatten().find(|crash| crash.call == self.calls) {
            return self.crash(site, crash.side);
        }
        if self.is_fair(now) {
            return Fate::Fine;
        }
        let factor = if changes { rates.change_factor } else { 1 };
        let crash = if is_new { rates.crash_when_new } else { rates.crash * factor };
        let mut bound = crash;
        if draw < bound {
            return self.crash(site, half);
        }
        bound += rates.throttle * factor;
        if draw < bound {
            self.count(Kind::Throttle);
            return Fate::Throttled;
        }
        bound += rates.server_error * factor;
        if draw < bound {
            self.count(Kind::ServerError);
            return Fate::ServerError(half);
        }
        bound += rates.timeout * factor;
        if draw < bound {
            self.count(Kind::Timeout);
            return Fate::Timeout(Side::Before);
        }
        bound += rates.timeout_after_success * factor;
        if draw < bound {
            self.count(Kind::TimeoutAfterSuccess);
            return Fate::Timeout(Side::After);
        }
        Fate::Fine
    }

    fn crash(&mut self, site: Site, half: Side) -> Fate {
        let visits = self.sites.entry(site).or_default();
        match half {
            Side::Before => visits.crashed_before += 1,
            Side::After => visits.crashed_after += 1,
        }
        self.count(match half {
            Side::Before => Kind::CrashBefore,
            Side::After => Kind::CrashAfter,
        });
        Fate::Crash(half)
    }

    /// How an event gets from ECS to its queue. EventBridge delivers at least once and in any order (FACTS §1), and what
    /// ECS sends is best effort.
    pub(super) fn on_event(&mut self, is_good_news: bool, now: Timestamp) -> Passage {
        let usual = self.random.between(USUAL.0, USUAL.1);
        let draw = self.random.below(1000);
        let later = self.random.between(LATE.0, LATE.1);
        let much_later = self.random.between(Duration::from_mins(2), Duration::from_mins(30));
        let mut arrives_after = vec![usual];
        if !self.is_fair(now) {
            let Rates { duplicate, reorder, delay, loss, .. } = self.rates;
            if draw < loss {
                self.count(Kind::Loss);
                arrives_after.clear();
            } else if draw < loss + delay {
                self.count(Kind::Delay);
                arrives_after = vec![much_later];
            } else if draw < loss + delay + reorder {
                self.count(Kind::Reorder);
                arrives_after = vec![later];
            } else if draw < loss + delay + reorder + duplicate {
                self.count(Kind::Duplicate);
                arrives_after.push(later);
            }
        }
        if is_good_news {
            for after in &mut arrives_after {
                *after += self.rates.good_news_waits;
            }
        }
        Passage { arrives_after }
    }

    /// When a tick of batch or scaling comes: once, as a rule. Ticks may be lost for a while.
    pub(super) fn on_tick(&mut self, now: Timestamp) -> Vec<Duration> {
        let draw = self.random.below(1000);
        let late = self.random.between(Duration::from_secs(1), Duration::from_mins(6));
        let lost_for = self.random.between(Duration::from_mins(1), Duration::from_mins(70));
        if self.is_fair(now) {
            return vec![Duration::ZERO];
        }
        if now < self.ticks_from {
            self.count(Kind::LostTick);
            return Vec::new();
        }
        match draw {
            0..4 => {
                self.count(Kind::LostTick);
                self.ticks_from = later(now, lost_for);
                Vec::new()
            }
            4..24 => {
                self.count(Kind::LateTick);
                vec![late]
            }
            24..44 => {
                self.count(Kind::DuplicateTick);
                vec![Duration::ZERO, Duration::from_millis(draw * 20)]
            }
            _ => vec![Duration::ZERO],
        }
    }

    /// Whether the queue loses a nudge that it took.
    pub(super) fn loses_nudge(&mut self, now: Timestamp) -> bool {
        let is_lost = self.one_of(self.rates.loss) && !self.is_fair(now);
        if is_lost {
            self.count(Kind::Loss);
        }
        is_lost
    }

    /// Whether the index of what is due answers as it was.
    pub(super) fn has_stale_index(&mut self, now: Timestamp) -> bool {
        let is_stale = self.one_of(self.rates.stale_index) && !self.is_fair(now);
        if is_stale {
            self.count(Kind::LaggingReads);
        }
        is_stale
    }

    /// How far the clock of an invocation is ahead, in milliseconds.
    pub(super) fn skew(&mut self, now: Timestamp) -> i64 {
        let is_off = self.one_of(self.rates.skew) && !self.is_fair(now);
        let bound: u64 = if is_off { 5_000 } else { 50 };
        if is_off {
            self.count(Kind::ClockSkew);
        }
        i64::try_from(self.random.below(2 * bound + 1)).unwrap_or(0) - i64::try_from(bound).unwrap_or(0)
    }
}
