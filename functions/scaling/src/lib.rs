//! The scaling function: services get as many tasks as the promises about their queues need.
//!
//! tick → lease → read → rounds, each: observe → decide → order → ledger (+ outbox). A tick's invocation looks at every
//! service several times within its minute, and remembers once what it saw.
//!
//! # Invariants
//!
//! * The count of a service is set by an order that stands in the ledger, after the switch and the count were read again.
//! * What cannot be read changes nothing, or adds tasks where the rest says so; it takes none away.
//! * Of two who look after a service at once, one writes: the other reads anew and decides anew.
//!
//! # Costs
//!
//! Of a service of which nothing changes an invocation reads one item and what remediation knows of it, and writes one.

mod follow;
mod lease;
mod observe;
mod order;
mod owners;
mod round;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use steward::arn::ServiceName;
use steward::config::{Notifications, Policy};
use steward::deadline::Deadline;
use steward::ledger::{LedgerError, Owner};
use steward::notification::Subject;
use steward::ports::{
    AutoScaling, Clock, Ledger, NudgeError, Parameters, ReadQueues, Role, ScaleServices, Tell, Wait,
};
use steward::remediation::Home;
use steward::scaling::{OrderState, Scalers};

pub use lease::Held;
pub use owners::Owned;

/// So many calls are under way at the same time.
const PARALLEL: usize = 16;
/// An invocation looks at its services for so long: as long as there is between two ticks.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The outside, as far as this function needs it.
pub struct Ports<'p, L, Q, S, A, T, C> {
    /// The memory.
    pub ledger: &'p L,
    /// The queues.
    pub queues: &'p Q,
    /// The services.
    pub services: &'p S,
    /// Who else scales services.
    pub auto_scaling: &'p A,
    /// The way to the notifications function.
    pub tell: &'p T,
    /// The time, and how it passes.
    pub clock: &'p C,
}

/// What the function's role allows; `P` reads its configuration.
pub fn role<L: Ledger, Q: ReadQueues, S: ScaleServices, A: AutoScaling, T: Tell, P: Parameters>() -> Role {
    // It asks the ledger for nothing that is due: it looks at everything each minute.
    let ledger = L::ACCESS.iter().filter(|need| need.method != "due").copied();
    let others = [Q::ACCESS, S::ACCESS, A::ACCESS, T::ACCESS, P::ACCESS].concat();
    Role {
        needs: ledger.chain(others).collect(),
        reads: &[Owner::Scaling, Owner::Remediation, Owner::Shared],
        writes: &[Owner::Scaling, Owner::Shared],
        due: Owner::Scaling,
    }
}

/// What an invocation goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The services, and what they share.
    pub scalers: Scalers,
    /// How long news gather before the first message about them.
    pub grouping: SignedDuration,
    /// What is over is remembered for so long.
    pub keep: SignedDuration,
    /// Where this Steward is.
    pub home: Home,
    /// Who this invocation is.
    pub owner: String,
    /// When the invocation ends.
    pub deadline: Deadline,
}

impl Settings {
    /// As configured.
    pub fn new(
        scalers: Scalers,
        policy: &Policy,
        notifications: &Notifications,
        home: Home,
        owner: String,
        deadline: Deadline,
    ) -> Self {
        Self { scalers, grouping: notifications.grouping, keep: policy.keep_closed, home, owner, deadline }
    }
}

/// The function, ready to handle one invocation.
pub struct Handler<'p, L, Q, S, A, T, C> {
    ports: Ports<'p, L, Q, S, A, T, C>,
    settings: Settings,
    /// What outlives an invocation, as long as the process lives.
    owned: &'p Owned,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Done {
    /// Services that were looked after.
    pub services: usize,
    /// How often each was looked at.
    pub rounds: usize,
    /// Parts that another invocation looks after: nothing was done about them.
    pub held: Vec<Held>,
    /// Orders, and how far they came.
    pub orders: Vec<Ordered>,
    /// Orders that wait for the next round, for ECS takes so many calls a second and no more.
    pub deferred: usize,
    /// Services that somebody else wrote meanwhile: they are read anew.
    pub overtaken: usize,
    /// How each service stands in the end, for metrics.
    pub measured: Vec<Measured>,
    /// What there is to tell.
    pub news: BTreeSet<Subject>,
    /// Nudges that the queue did not take: a sweep will find the news.
    pub not_nudged: Vec<NudgeError>,
    /// What could not be done, each once; the next round or tick tries again.
    pub failed: BTreeSet<String>,
    /// Whether time ended before the minute did.
    pub is_cut: bool,
}

/// An order, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// The cluster's name.
    pub cluster: String,
    /// The service.
    pub service: ServiceName,
    /// `desiredCount` before.
    pub from: u32,
    /// `desiredCount` as it was ordered.
    pub to: u32,
    /// How far it came.
    pub state: OrderState,
}

/// How a service stands, for metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The cluster's name.
    pub cluster: String,
    /// The service.
    pub service: ServiceName,
    /// Messages that wait, by task that runs.
    pub backlog_per_task: f64,
    /// How long a message that arrives now waits.
    pub wait: SignedDuration,
    /// `desiredCount`; absent: it could not be read.
    pub desired: Option<u32>,
}

impl Done {
    fn merge(&mut self, other: Self) {
        self.orders.extend(other.orders);
        self.deferred += other.deferred;
        self.overtaken += other.overtaken;
        self.news.extend(other.news);
        self.failed.extend(other.failed);
        self.is_cut |= other.is_cut;
    }
}

impl<'p, L, Q, S, A, T, C> Handler<'p, L, Q, S, A, T, C>
where
    L: Ledger,
    Q: ReadQueues,
    S: ScaleServices,
    A: AutoScaling,
    T: Tell,
    C: Clock + Wait,
{
    /// A handler with its ports, for one invocation.
    pub fn new(ports: Ports<'p, L, Q, S, A, T, C>, settings: Settings, owned: &'p Owned) -> Self {
        Self { ports, settings, owned }
    }

    /// Looks after all services for a minute.
    ///
    /// # Errors
    ///
    /// Where the ledger does not answer: without it nothing is decided.
    pub async fn sweep(&self) -> Result<Done, LedgerError> {
        let mut done = Done::default();
        if self.settings.scalers.by_service.is_empty() {
            return Ok(done);
        }
        let begun = self.now();
        let leases = self.take(&mut done).await?;
        let mut units = self.load(&leases, &mut done).await?;
        done.services = units.len();
        self.rounds(&mut units, begun, &mut done).await;
        self.remember(&mut units, &mut done).await;
        self.give_back(leases, &mut done).await;
        done.measured = units.iter().filter_map(unit::Unit::measured).collect();
        self.nudge(&mut done).await;
        Ok(done)
    }

    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// A lost nudge delays a message and loses none: the news is due in the ledger.
    async fn nudge(&self, done: &mut Done) {
        for subject in &done.news {
            let nudged = self.ports.tell.nudge(subject, self.settings.grouping).await;
            done.not_nudged.extend(nudged.err());
        }
    }
}

/// Keys by which things are found again.
type ByKey<V> = BTreeMap<steward::ledger::Key, V>;

#[cfg(test)]
mod tests;
