//! One decision: how many tasks, and why.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::learn::weighted;
use super::need::assess;
use super::{
    Bounds, Estimate, Leave, Limit, Memory, Need, PoolName, QueueName, Reading, Scaler, ServiceReading,
};
use crate::observed::Observed;

/// ECS gives a task so long between SIGTERM and SIGKILL, unless its definition says otherwise.
const STOP_TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
/// A message takes this many times as long as the mean, at the most, as far as one can count on.
const LONGEST: i32 = 4;
/// Failed starts matter for so long.
const STARTS_FAIL: SignedDuration = SignedDuration::from_mins(10);
/// No deletion for so long, while messages get older, is no accident.
const STALLED: SignedDuration = SignedDuration::from_mins(5);

/// What [`decide`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It needs to know more.
    Ask(Query),
    /// It is decided, and this is to be remembered.
    Decided(Box<Decision>, Box<Memory>),
}

/// What must be known before tasks are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// How many tasks protect themselves.
    Protected,
}

/// How many tasks, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// `desiredCount` as it was read; absent: it could not be.
    pub desired: Option<u32>,
    /// How many tasks there should be, holds apart.
    pub wanted: u32,
    /// What that comes from.
    pub limit: Limit,
    /// Whether more are needed than the limit lets there be.
    pub is_short: bool,
    /// What each consideration asks for.
    pub need: Need,
    /// What is supposed of the load.
    pub estimate: Estimate,
    /// The bounds that hold.
    pub bounds: Bounds,
    /// What to do; absent: nothing.
    pub order: Option<Order>,
    /// Why there is no order, or a smaller one than wanted.
    pub holds: Vec<Hold>,
}

/// A change of `desiredCount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// As it was read.
    pub from: u32,
    /// As it shall be.
    pub to: u32,
}

/// What keeps a decision from being carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The service cannot be read.
    UnknownService {
        /// Why.
        why: String,
    },
    /// There is no such service.
    NoService,
    /// A queue cannot be read.
    UnknownQueue {
        /// Which.
        queue: QueueName,
        /// Why.
        why: String,
    },
    /// Whether tasks protect themselves cannot be read.
    UnknownProtection {
        /// Why.
        why: String,
    },
    /// Changing it is nobody's leave.
    NoLeave(Leave),
    /// A person has put the scaler aside.
    Suspended,
    /// A deployment is under way.
    Deploying,
    /// An incident is open.
    Incident,
    /// An action is under way.
    Action,
    /// New tasks fail to start.
    StartsFail {
        /// How many did.
        failed: u32,
    },
    /// Messages get older, and none is completed: more tasks would not help.
    Poison {
        /// Since when.
        since: Timestamp,
    },
    /// Tasks were added of late, or nothing was observed before.
    Recent {
        /// Until when they stay.
        until: Timestamp,
    },
    /// Queues were not empty for long enough.
    NotEmptyYet {
        /// Readings that were.
        readings: u32,
    },
    /// Tasks are at work that do not protect themselves: which ECS takes nobody knows.
    Unprotected,
    /// Tasks are at work, or protected.
    Working {
        /// How many.
        tasks: u32,
    },
    /// What is shared leaves no more.
    Pool(PoolName),
}

/// Decides how many tasks a service shall have. `memory` is what came of the last decision.
pub fn decide(scaler: &Scaler, memory: &Memory, reading: &Reading, now: Timestamp) -> Answer {
    let mut memory = memory.clone().with(scaler, reading);
    let (counts, _) = weighted(scaler, &reading.queues);
    let service = reading.service.known().copied();
    let (estimate, need, kept) = assess(scaler, &memory, counts, service, now);
    let bounds = scaler.bounds_at(now);
    let desired = service.map(|service| service.desired.0);
    let recent = memory.want(now, kept.most().0, memory.hold(scaler));
    let wish = Wish::of(&need, recent, desired).within(scaler, reading, bounds);
    let mut decision = Decision {
        at: now,
        desired,
        wanted: wish.tasks,
        limit: wish.limit,
        is_short: wish.is_short,
        need,
        estimate,
        bounds,
        order: None,
        holds: Vec::new(),
    };
    let Some(service) = service else {
        decision.holds.push(no_service(&reading.service));
        return Answer::Decided(Box::new(decision), Box::new(memory));
    };
    let case = Case { scaler, reading, memory: &memory, service, now };
    let desired = service.desired.0;
    if wish.tasks > desired {
        decision.holds = case.against_out();
        if decision.holds.is_empty() {
            decision.order = Some(Order { from: desired, to: wish.tasks });
            memory.note_out(now);
        }
    } else if wish.tasks < desired {
        match case.inwards(&wish, &need, &estimate) {
            Inwards::Ask(query) => return Answer::Ask(query),
            Inwards::Hold(holds) => decision.holds = holds,
            Inwards::To(to, holds) => {
                decision.holds = holds;
                decision.order = Some(Order { from: desired, to });
                memory.note_in(now);
            }
        }
    }
    if let Some(Order { from, to }) = decision.order.filter(|order| order.to > order.from) {
        // What is on its way already is not timed again.
        if service.running.0 >= from {
            memory.starting = Some(super::learn::Starting { at: now, to });
        }
    }
    Answer::Decided(Box::new(decision), Box::new(memory))
}

fn no_service(service: &Observed<ServiceReading>) -> Hold {
    match service {
        Observed::Unknown(why) => Hold::UnknownService { why: why.clone() },
        Observed::Known(_) | Observed::Absent => Hold::NoService,
    }
}

/// How many tasks there should be.
struct Wish {
    tasks: u32,
    limit: Limit,
    is_short: bool,
}

impl Wish {
    /// No fewer than are needed, and no more than were kept of late; between them what there is.
    fn of(need: &Need, recent: u32, desired: Option<u32>) -> Self {
        let (needed, limit) = need.most();
        let tasks = desired.unwrap_or(needed).clamp(needed, recent.max(needed));
        Self { tasks, limit: if tasks > needed { Limit::Recent } else { limit }, is_short: false }
    }

    fn within(self, scaler: &Scaler, reading: &Reading, bounds: Bounds) -> Self {
        let mut wish = self;
        let share = reading.share.as_ref().map(|(_, share)| (*share, Limit::Pool));
        let caps =
            [groups(scaler).map(|groups| (groups, Limit::Groups)), share, Some((bounds.max, Limit::Max))];
        if wish.tasks < bounds.min {
            wish = Self { tasks: bounds.min, limit: Limit::Min, ..wish };
        }
        for (most, cap) in caps.into_iter().flatten() {
            if wish.tasks > most {
                // What was needed of late is not needed any more.
                let is_short = wish.is_short || wish.limit != Limit::Recent;
                wish = Self { tasks: most, limit: cap, is_short };
            }
        }
        // A pool that is used up, or few groups, leave a service its minimum all the same.
        Self { tasks: wish.tasks.max(bounds.min), ..wish }
    }
}

/// How many message groups there are; `None` where any queue is none of FIFO, or does not say.
fn groups(scaler: &Scaler) -> Option<u32> {
    scaler.queues.iter().try_fold(0_u32, |sum, queue| Some(sum.saturating_add(queue.groups?)))
}

struct Case<'c> {
    scaler: &'c Scaler,
    reading: &'c Reading,
    memory: &'c Memory,
    service: ServiceReading,
    now: Timestamp,
}

enum Inwards {
    Ask(Query),
    Hold(Vec<Hold>),
    To(u32, Vec<Hold>),
}

impl Case<'_> {
    fn against_any(&self) -> Vec<Hold> {
        let care = &self.reading.care;
        let leave = (care.leave != Leave::Given).then(|| Hold::NoLeave(care.leave.clone()));
        let holds = [
            self.scaler.suspended.then_some(Hold::Suspended),
            leave,
            care.has_action.then_some(Hold::Action),
        ];
        holds.into_iter().flatten().collect()
    }

    fn against_out(&self) -> Vec<Hold> {
        let mut holds = self.against_any();
        let failed = self.memory.failed.filter(|failed| {
            let is_recent = failed.grew_at.is_some_and(|at| self.now.duration_since(at) < STARTS_FAIL);
            is_recent && self.service.running.0 < self.service.desired.0
        });
        holds.extend(failed.map(|failed| Hold::StartsFail { failed: failed.count }));
        holds.extend(self.poison());
        holds
    }

    /// Messages that no task can work on: more tasks would not help.
    fn poison(&self) -> Option<Hold> {
        let since = self.memory.stalled_since?;
        let (service_time, basis) = self.memory.service_time(self.scaler);
        let slow = match basis {
            super::learn::Basis::Supposed => STALLED * 3,
            _ => STALLED.max(service_time * LONGEST),
        };
        (self.now.duration_since(since) >= slow).then_some(Hold::Poison { since })
    }

    fn against_in(&self) -> Vec<Hold> {
        let mut holds = self.against_any();
        for queue in &self.scaler.queues {
            let found = self.reading.queues.iter().find(|reading| reading.name == queue.name);
            let why = match found.map(|reading| &reading.counts) {
                Some(Observed::Known(_)) => continue,
                Some(Observed::Unknown(why)) => why.clone(),
                Some(Observed::Absent) => "there is no such queue".to_owned(),
                None => "it was not read".to_owned(),
            };
            holds.push(Hold::UnknownQueue { queue: queue.name.clone(), why });
        }
        let care = &self.reading.care;
        holds.extend(self.service.is_deploying.then_some(Hold::Deploying));
        holds.extend(care.has_incident.then_some(Hold::Incident));
        // Of what was needed before the first reading nobody knows that it is not needed now.
        let latest = self.memory.last_out.max(self.memory.since);
        let until =
            latest.map(|at| at.saturating_add(self.memory.hold(self.scaler)).unwrap_or(Timestamp::MAX));
        holds.extend(until.filter(|until| *until > self.now).map(|until| Hold::Recent { until }));
        holds
    }

    fn inwards(&self, wish: &Wish, need: &Need, estimate: &Estimate) -> Inwards {
        let mut holds = self.against_in();
        let readings = self.memory.empty;
        if wish.tasks == 0 && readings < self.scaler.empty_readings {
            holds.push(Hold::NotEmptyYet { readings });
        }
        if !holds.is_empty() {
            return Inwards::Hold(holds);
        }
        let protected = match &self.reading.protected {
            None => return Inwards::Ask(Query::Protected),
            Some(Observed::Known(protected)) => *protected,
            Some(Observed::Absent) => 0,
            Some(Observed::Unknown(why)) => {
                return Inwards::Hold(vec![Hold::UnknownProtection { why: why.clone() }]);
            }
        };
        if need.in_flight > 0 && protected == 0 && estimate.service_time * LONGEST > STOP_TIMEOUT {
            return Inwards::Hold(vec![Hold::Unprotected]);
        }
        let working = need.in_flight.max(protected);
        let to = wish.tasks.max(working);
        let at_work = (working > wish.tasks).then_some(Hold::Working { tasks: working });
        let holds: Vec<Hold> = at_work.into_iter().collect();
        // An order is within the bounds or not given: what is at work beyond them is waited for.
        let bounds = self.scaler.bounds_at(self.now);
        if to >= self.service.desired.0 || to > bounds.max {
            return Inwards::Hold(holds);
        }
        Inwards::To(to, holds)
    }
}
