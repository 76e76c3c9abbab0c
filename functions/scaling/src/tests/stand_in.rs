//! Queues, services and time, and ports that die on demand.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use steward::arn::{ClusterArn, ServiceName};
use steward::ecs::{DesiredCount, PendingCount, RunningCount};
use steward::ledger::{Due, Key, LedgerError, Owner, Stored, Transaction};
use steward::notification::Subject;
use steward::observed::Observed;
use steward::ports::{
    AutoScaling, Clock, EcsError, Ledger, Meaning, NudgeError, ReadQueues, ScaleServices, ScaledService,
    Tell, Wait,
};
use steward::scaling::{QueueCounts, QueueMinute, QueueName, ServiceReading};

use super::World;

/// How many calls of ports an invocation lives.
pub(super) struct Life {
    left: Cell<Option<usize>>,
    /// Whether the last call still takes effect.
    after: bool,
}

impl Life {
    pub(super) fn immortal() -> Self {
        Self { left: Cell::new(None), after: false }
    }

    pub(super) fn of(calls: usize, after: bool) -> Self {
        Self { left: Cell::new(Some(calls)), after }
    }

    /// Whether it did not die.
    pub(super) fn is_left(&self) -> bool {
        self.left.get() != Some(0)
    }

    async fn call<T>(&self, effect: impl FnOnce() -> T) -> T {
        match self.left.get() {
            Some(1) => {
                self.left.set(Some(0));
                if self.after {
                    effect();
                }
                std::future::pending().await
            }
            Some(0) => std::future::pending().await,
            left => {
                self.left.set(left.map(|left| left - 1));
                effect()
            }
        }
    }
}

/// What ECS does with the next UpdateService.
pub(super) enum Answer {
    /// It does it, and nobody hears of it.
    TimesOutAfter,
    /// It does not do it, and nobody hears of that.
    TimesOutBefore,
    /// It turns the call away for now.
    Throttles,
    /// It refuses it.
    Refuses,
}

type Trick = Box<dyn FnOnce(&World)>;

/// Queues, services and time.
pub(super) struct StandIn {
    pub(super) now: Cell<Timestamp>,
    pub(super) queues: RefCell<BTreeMap<String, QueueCounts>>,
    pub(super) services: RefCell<BTreeMap<String, ScaledService>>,
    pub(super) protected: RefCell<BTreeMap<String, u32>>,
    /// What Application Auto Scaling owns.
    pub(super) owned: RefCell<BTreeSet<String>>,
    pub(super) minutes: RefCell<BTreeMap<String, QueueMinute>>,
    /// What does not answer: `counts`, `minutes`, `services`, `protected` or `owned`.
    pub(super) dumb: RefCell<BTreeSet<&'static str>>,
    pub(super) answers: RefCell<VecDeque<Answer>>,
    /// Every call, such as `scale worker 5`.
    pub(super) calls: RefCell<Vec<String>>,
    /// What happens just before the next call that begins so.
    pub(super) tricks: RefCell<Vec<(&'static str, Trick)>>,
}

impl Default for StandIn {
    fn default() -> Self {
        Self {
            now: Cell::new(super::at(0)),
            queues: RefCell::default(),
            services: RefCell::default(),
            protected: RefCell::default(),
            owned: RefCell::default(),
            minutes: RefCell::default(),
            dumb: RefCell::default(),
            answers: RefCell::default(),
            calls: RefCell::default(),
            tricks: RefCell::default(),
        }
    }
}

impl StandIn {
    pub(super) fn fill(&self, queue: &str, visible: u64, in_flight: u64) {
        self.queues.borrow_mut().insert(queue.to_owned(), QueueCounts { visible, in_flight, delayed: 0 });
    }

    /// Lets a service have so many tasks, all of which run.
    pub(super) fn run(&self, name: &str, tasks: u32) {
        let reading = ServiceReading {
            desired: DesiredCount(tasks),
            running: RunningCount(tasks),
            pending: PendingCount(0),
            is_deploying: false,
            failed_tasks: 0,
        };
        let service = ScaledService { reading, not_scalable: None, mode_tag: None };
        self.services.borrow_mut().insert(name.to_owned(), service);
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut ScaledService)) {
        change(self.services.borrow_mut().get_mut(name).unwrap());
    }

    pub(super) fn desired(&self, name: &str) -> u32 {
        self.services.borrow()[name].reading.desired.0
    }

    /// The calls that begin so.
    pub(super) fn calls(&self, begin: &str) -> Vec<String> {
        self.calls.borrow().iter().filter(|call| call.starts_with(begin)).cloned().collect()
    }

    /// Lets something happen just before the next call that begins so.
    pub(super) fn before(&self, call: &'static str, trick: impl FnOnce(&World) + 'static) {
        self.tricks.borrow_mut().push((call, Box::new(trick)));
    }

    fn set(&self, name: &str, to: u32) {
        self.change(name, |service| service.reading.desired = DesiredCount(to));
    }
}

/// The ports of one invocation.
pub(super) struct Mortal<'w> {
    pub(super) world: &'w World,
    pub(super) life: &'w Life,
}

impl Mortal<'_> {
    async fn call<T>(&self, name: String, effect: impl FnOnce() -> T) -> T {
        let outside = &self.world.outside;
        let place = outside.tricks.borrow().iter().position(|(begin, _)| name.starts_with(begin));
        if let Some(place) = place {
            let (_, trick) = outside.tricks.borrow_mut().remove(place);
            trick(self.world);
        }
        outside.calls.borrow_mut().push(name);
        self.life.call(effect).await
    }

    async fn ask<T>(
        &self,
        port: &'static str,
        of: impl std::fmt::Display,
        answer: impl FnOnce() -> T,
    ) -> Result<T, EcsError> {
        let is_dumb = self.world.outside.dumb.borrow().contains(port);
        let problem = || failed(port, Meaning::Unknown);
        self.call(format!("{port} {of}"), || if is_dumb { Err(problem()) } else { Ok(answer()) }).await
    }
}

fn failed(operation: &'static str, meaning: Meaning) -> EcsError {
    EcsError { operation, target: "it".to_owned(), problem: "no answer".to_owned(), meaning }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(future).unwrap()
}

impl Clock for Mortal<'_> {
    fn now(&self) -> Timestamp {
        self.world.outside.now.get()
    }
}

impl Wait for Mortal<'_> {
    /// Whatever was ordered runs by then.
    async fn until(&self, at: Timestamp) {
        let pass = || {
            let outside = &self.world.outside;
            outside.now.set(outside.now.get().max(at));
            for service in outside.services.borrow_mut().values_mut() {
                service.reading.running = RunningCount(service.reading.desired.0);
            }
        };
        self.call("wait".to_owned(), pass).await;
    }
}

impl Ledger for Mortal<'_> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        let first = keys.first().map(Key::as_str).unwrap_or_default();
        self.call(format!("read {first}"), || at_once(self.world.ledger.read(keys))).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let first = transaction.writes.first().map(|write| write.key.to_string()).unwrap_or_default();
        self.call(format!("commit {first}"), || at_once(self.world.ledger.commit(transaction))).await
    }

    async fn due(&self, _: Owner, _: Timestamp, _: Option<&Due>, _: usize) -> Result<Vec<Due>, LedgerError> {
        panic!("nothing is ever due: the role does not allow it")
    }
}

impl Tell for Mortal<'_> {
    async fn nudge(&self, _: &Subject, _: SignedDuration) -> Result<(), NudgeError> {
        self.call("nudge".to_owned(), || Ok(())).await
    }
}

impl ReadQueues for Mortal<'_> {
    async fn counts(&self, queue: &QueueName) -> Result<Option<QueueCounts>, EcsError> {
        self.ask("counts", queue, || self.world.outside.queues.borrow().get(&queue.0).copied()).await
    }

    async fn minutes(
        &self,
        queues: &[QueueName],
        _: Timestamp,
    ) -> Result<Vec<Observed<QueueMinute>>, EcsError> {
        let told = || {
            let minutes = self.world.outside.minutes.borrow();
            let of_queue = |queue: &QueueName| minutes.get(&queue.0).copied();
            queues.iter().map(|queue| of_queue(queue).map_or(Observed::Absent, Observed::Known)).collect()
        };
        self.ask("minutes", queues.len(), told).await
    }
}

impl ScaleServices for Mortal<'_> {
    async fn services(
        &self,
        _: &ClusterArn,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScaledService>, EcsError> {
        assert!((1..=10).contains(&names.len()), "{} services in one call", names.len());
        let found = || {
            let services = self.world.outside.services.borrow();
            let find = |name: &ServiceName| Some((name.clone(), services.get(name.as_str())?.clone()));
            names.iter().filter_map(find).collect()
        };
        self.ask("services", names.len(), found).await
    }

    async fn protected(&self, _: &ClusterArn, service: &ServiceName) -> Result<u32, EcsError> {
        let protected = || self.world.outside.protected.borrow().get(service.as_str()).copied();
        self.ask("protected", service, || protected().unwrap_or_default()).await
    }

    async fn scale(&self, _: &ClusterArn, service: &ServiceName, to: u32) -> Result<(), EcsError> {
        let outside = &self.world.outside;
        let update = || match outside.answers.borrow_mut().pop_front() {
            None => {
                outside.set(service.as_str(), to);
                Ok(())
            }
            Some(Answer::TimesOutAfter) => {
                outside.set(service.as_str(), to);
                Err(failed("UpdateService", Meaning::Unknown))
            }
            Some(Answer::TimesOutBefore) => Err(failed("UpdateService", Meaning::Unknown)),
            Some(Answer::Throttles) => Err(failed("UpdateService", Meaning::Throttled)),
            Some(Answer::Refuses) => Err(failed("UpdateService", Meaning::Refused)),
        };
        self.call(format!("scale {service} {to}"), update).await
    }
}

impl AutoScaling for Mortal<'_> {
    async fn owned(
        &self,
        _: &ClusterArn,
        services: &[ServiceName],
    ) -> Result<BTreeSet<ServiceName>, EcsError> {
        let owned = || {
            let owned = self.world.outside.owned.borrow();
            services.iter().filter(|service| owned.contains(service.as_str())).cloned().collect()
        };
        self.ask("owned", services.len(), owned).await
    }
}
