//! The handler with a ledger in memory, queues and services that do what they are told, and a clock that waits for nobody.

mod crashes;
mod guards;
mod orders;
mod stand_in;
mod ticks;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use steward::arn::{ClusterArn, ServiceName};
use steward::config::{Mode, Notifications, Policy};
use steward::deadline::Deadline;
use steward::incident::Target;
use steward::ledger::{Expect, Key, MemoryLedger, Record, Transaction, Write};
use steward::ports::Ledger;
use steward::remediation::Home;
use steward::scaling::{
    Bounds, Hold, Leave, OrderState, PoolName, Queue, QueueName, Scaler, ScalerRecord, Scalers, Standing,
};

use crate::{Done, Handler, Owned, Ports, Settings};
use stand_in::{Answer, Life, Mortal, StandIn};

/// A Monday, 00:00 UTC.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_794_182_400 + second).unwrap()
}

fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// A service whose messages take six seconds each, and whose tasks start in ten.
fn scaler(name: &str) -> Scaler {
    Scaler {
        mode: Mode::Act,
        queues: vec![Queue { name: QueueName(name.to_owned()), weight: 100, groups: None }],
        bounds: Bounds { min: 1, max: 5 },
        service_time: Some(secs(6)),
        start_up: Some(secs(10)),
        scale_in_after: secs(60),
        empty_readings: 3,
        ..Scaler::new("shop".to_owned(), ServiceName::new(name))
    }
}

fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

fn target(name: &str) -> Target {
    Target::Service { cluster: cluster(), name: ServiceName::new(name) }
}

/// Everything that outlives an invocation.
struct World {
    ledger: MemoryLedger,
    outside: StandIn,
    scalers: Scalers,
    owned: Owned,
}

impl World {
    /// Services of which each has one task and an empty queue of its own name.
    fn of(scalers: impl IntoIterator<Item = Scaler>) -> Self {
        let by_service = scalers.into_iter().map(|it| ((it.cluster.clone(), it.service.clone()), it));
        let scalers = Scalers { by_service: by_service.collect(), ..Scalers::default() };
        let outside = StandIn::default();
        for scaler in scalers.by_service.values() {
            outside.run(scaler.service.as_str(), 1);
            for queue in &scaler.queues {
                outside.fill(&queue.name.0, 0, 0);
            }
        }
        Self { ledger: MemoryLedger::new(), outside, scalers, owned: Owned::default() }
    }

    /// One service whose queue holds so many messages.
    fn with_backlog(scaler: Scaler, visible: u64) -> Self {
        let name = scaler.service.to_string();
        let world = Self::of([scaler]);
        world.outside.fill(&name, visible, 0);
        world
    }

    /// An invocation by a tick at a time. `None`: it died.
    fn tick(&self, second: i64, life: &Life) -> Option<Done> {
        self.outside.now.set(at(second));
        let mortal = Mortal { world: self, life };
        let ports = Ports {
            ledger: &mortal,
            queues: &mortal,
            services: &mortal,
            auto_scaling: &mortal,
            tell: &mortal,
            clock: &mortal,
        };
        let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
        let settings = Settings::new(
            self.scalers.clone(),
            &Policy::default(),
            &Notifications::default(),
            home,
            format!("invocation at {second}"),
            Deadline::new(at(second), at(second + 75)),
        );
        let swept = Handler::new(ports, settings, &self.owned).sweep().now_or_never();
        swept.map(|swept| swept.unwrap())
    }

    fn live(&self, second: i64) -> Done {
        self.tick(second, &Life::immortal()).unwrap()
    }

    /// A service that was looked at for long enough to know what it does not need.
    fn is_known(&self, name: &str) {
        let mut record = ScalerRecord::new(target(name));
        (record.memory.since, record.memory.seen) = (Some(at(-3_600)), Some(at(-10)));
        self.put(Key::scaler(&target(name)), Record::Scaler(Box::new(record)));
    }

    fn record(&self, name: &str) -> ScalerRecord {
        match self.ledger.records().unwrap().remove(&Key::scaler(&target(name))) {
            Some(Record::Scaler(record)) => *record,
            other => panic!("{other:?}"),
        }
    }

    fn holds(&self, name: &str) -> Vec<Hold> {
        self.record(name).decision.unwrap().holds
    }

    /// Writes an item over whatever stands there.
    fn put(&self, key: Key, record: Record) {
        let stored = self.ledger.read(std::slice::from_ref(&key)).now_or_never().unwrap().unwrap().remove(0);
        let write = Write { expect: Expect::unchanged(stored.as_ref()), ..Write::new(key, None, record) };
        self.ledger.commit(Transaction { writes: vec![write] }).now_or_never().unwrap().unwrap();
    }
}
