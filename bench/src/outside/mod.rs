//! Everything around the handlers, in memory: it answers at once, and counts each request as AWS would see it.
//!
//! A port's method is one request or several, as its adapter in `steward::aws` makes them: a page of services is ListServices
//! and a DescribeServices for each ten. The ledger counts for itself ([`MemoryLedger::usage`]).

mod people;
mod scaled;
mod services;
mod tasks;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use steward::config::MemoryParameters;
use steward::ledger::{MemoryLedger, Usage};
use steward::notification::Subject;
use steward::ports::{Clock, Wait};
use steward::scaling::QueueCounts;
use steward_sim::ecs::{Ecs, Settings};

pub use people::Channel;

/// The cluster in which everything happens.
pub const CLUSTER: &str = "shop";
/// The account and region of the model of ECS.
pub const HOME: (&str, &str) = ("123456789012", "eu-central-1");

/// Requests by service and operation, such as `ecs:DescribeServices`.
pub type Calls = BTreeMap<&'static str, u64>;

/// Everything around the handlers.
pub struct Outside {
    /// The memory.
    pub ledger: MemoryLedger,
    /// ECS's control plane, for remediation.
    pub ecs: RefCell<Ecs>,
    /// The configuration, of which nothing was applied unless a measurement says so.
    pub parameters: MemoryParameters,
    /// Messages in queues by which services are scaled.
    pub queues: RefCell<BTreeMap<String, QueueCounts>>,
    /// `desiredCount` of scaled services; all of their tasks run.
    pub scaled: RefCell<BTreeMap<String, u32>>,
    /// Tasks that jobs have started, by ARN, as their events show them.
    pub tasks: RefCell<BTreeMap<String, serde_json::Value>>,
    /// Messages of the `tell` queue, by when they show.
    pub waiting: RefCell<BTreeMap<(Timestamp, String), Subject>>,
    /// Messages that began a thread.
    pub threads: Cell<u64>,
    now: Cell<Timestamp>,
    calls: RefCell<Calls>,
}

/// What was used of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Used {
    /// Requests to everything but DynamoDB.
    pub calls: Calls,
    /// What the ledger was used for.
    pub ledger: Usage,
}

impl Used {
    /// What was used since `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let more = |(name, count): (&&'static str, &u64)| {
            let more = count - before.calls.get(*name).copied().unwrap_or_default();
            (more > 0).then_some((*name, more))
        };
        Self { calls: self.calls.iter().filter_map(more).collect(), ledger: self.ledger.since(before.ledger) }
    }

    /// Requests to one service, such as `ecs`.
    pub fn calls_to(&self, service: &str) -> u64 {
        let of_service = |name: &&str| name.split_once(':').is_some_and(|(to, _)| to == service);
        self.calls.iter().filter(|(name, _)| of_service(name)).map(|(_, count)| count).sum()
    }

    /// All requests, DynamoDB's included.
    pub fn all(&self) -> u64 {
        self.calls.values().sum::<u64>() + self.ledger.calls
    }
}

impl Outside {
    /// An account with an empty cluster, at a time.
    pub fn at(now: Timestamp) -> Self {
        let mut ecs = Ecs::new(Settings::new(now, 7));
        ecs.add_cluster(CLUSTER);
        Self {
            ledger: MemoryLedger::new(),
            ecs: RefCell::new(ecs),
            parameters: MemoryParameters::new(),
            queues: RefCell::default(),
            scaled: RefCell::default(),
            tasks: RefCell::default(),
            waiting: RefCell::default(),
            threads: Cell::default(),
            now: Cell::new(now),
            calls: RefCell::default(),
        }
    }

    /// What was used until now.
    pub fn used(&self) -> Used {
        let mut calls = self.calls.borrow().clone();
        let parameters = self.parameters.calls() as u64;
        if parameters > 0 {
            calls.insert("ssm:GetParameters", parameters);
        }
        Used { calls, ledger: self.ledger.usage() }
    }

    /// Sets the time. ECS gets there as well.
    pub fn set(&self, now: Timestamp) {
        self.now.set(now);
        self.ecs.borrow_mut().advance(now);
    }

    /// Lets time pass.
    pub fn pass(&self, pause: SignedDuration) {
        self.set(self.now.get() + pause);
    }

    fn count(&self, name: &'static str, requests: usize) {
        if requests > 0 {
            *self.calls.borrow_mut().entry(name).or_default() += requests as u64;
        }
    }

    /// One request.
    fn call(&self, name: &'static str) {
        self.count(name, 1);
    }
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        self.now.get()
    }
}

impl Wait for Outside {
    async fn until(&self, at: Timestamp) {
        self.now.set(self.now.get().max(at));
    }
}
