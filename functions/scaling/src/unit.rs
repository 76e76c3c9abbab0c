//! One service while an invocation looks after it.

use jiff::Timestamp;
use steward::arn::ClusterArn;
use steward::config::Mode;
use steward::incident::Target;
use steward::ledger::{Record, Stored};
use steward::observed::Observed;
use steward::ports::ScaledService;
use steward::scaling::{
    Care, Leave, OrderState, PoolName, QueueCounts, QueueMinute, QueueReading, Reading, Scaler, ScalerRecord,
    ScalerTrouble,
};

use crate::Measured;

/// One service while an invocation looks after it.
#[derive(Debug)]
pub(crate) struct Unit<'s> {
    pub(crate) scaler: &'s Scaler,
    pub(crate) cluster: ClusterArn,
    pub(crate) target: Target,
    /// Until when this invocation may write about it.
    pub(crate) until: Timestamp,
    /// The item as it was read or written last.
    pub(crate) stored: Option<Stored>,
    /// What it holds now.
    pub(crate) record: ScalerRecord,
    /// Whether the item is not as `stored` says, as far as anybody knows.
    pub(crate) is_stale: bool,
    /// Why the item cannot be read: then nothing is decided, and nothing written over it.
    pub(crate) unreadable: Option<String>,
    /// Incidents, actions and pauses, as they were read.
    pub(crate) care: Care,
    /// Its queues, in the scaler's order, as they were read last.
    pub(crate) counts: Vec<Observed<QueueCounts>>,
    /// What CloudWatch told of them last.
    pub(crate) minutes: Vec<Observed<QueueMinute>>,
    /// The service, as it was read last.
    pub(crate) service: Observed<ScaledService>,
    /// Whether the service must be read, whatever its queues say.
    pub(crate) must_read: bool,
    /// What was decided by last.
    pub(crate) reading: Option<Reading>,
    /// The trouble that goes on, as it was read or written last.
    pub(crate) trouble: Option<Stored>,
    /// A trouble as people are to hear of it, which is not written yet.
    pub(crate) telling: Option<ScalerTrouble>,
}

impl<'s> Unit<'s> {
    pub(crate) fn new(scaler: &'s Scaler, cluster: ClusterArn, until: Timestamp) -> Self {
        let target = Target::Service { cluster: cluster.clone(), name: scaler.service.clone() };
        Self {
            scaler,
            cluster,
            until,
            stored: None,
            record: ScalerRecord::new(target.clone()),
            target,
            is_stale: false,
            unreadable: None,
            care: Care::default(),
            counts: vec![Observed::Absent; scaler.queues.len()],
            minutes: vec![Observed::Absent; scaler.queues.len()],
            service: Observed::Absent,
            must_read: true,
            reading: None,
            trouble: None,
            telling: None,
        }
    }

    /// Takes the item over as it was read.
    pub(crate) fn read(&mut self, stored: Option<Stored>, now: Timestamp) {
        self.record = match stored.as_ref().and_then(|stored| stored.live(now)) {
            Some(Record::Scaler(record)) => (**record).clone(),
            _ => ScalerRecord::new(self.target.clone()),
        };
        self.stored = stored;
        (self.trouble, self.telling) = (None, None);
        self.is_stale = false;
        self.unreadable = None;
        self.must_read = true;
    }

    /// What is observed of it, with a share of what it draws on.
    pub(crate) fn reading(&self, leave: Leave, share: Option<(PoolName, u32)>, now: Timestamp) -> Reading {
        let queues = self.scaler.queues.iter().zip(self.counts.iter().zip(&self.minutes));
        Reading {
            at: now,
            queues: queues
                .map(|(queue, (counts, minute))| QueueReading {
                    name: queue.name.clone(),
                    counts: counts.clone(),
                    minute: minute.clone(),
                })
                .collect(),
            service: match &self.service {
                Observed::Known(service) => Observed::Known(service.reading),
                Observed::Absent => Observed::Absent,
                Observed::Unknown(why) => Observed::Unknown(why.clone()),
            },
            protected: None,
            care: Care { leave, ..self.care.clone() },
            share,
        }
    }

    /// Whether the service must be read, though its queues stand still: something is on its way.
    pub(crate) fn is_moving(&self) -> bool {
        let is_open = self.record.order.as_ref().is_some_and(|order| order.state == OrderState::Issued);
        let reading = self.service.known().map(|service| service.reading);
        let is_steady = reading.is_some_and(|reading| {
            reading.running.0 == reading.desired.0 && reading.pending.0 == 0 && !reading.is_deploying
        });
        self.must_read || is_open || !is_steady
    }

    /// How far Steward may go: as configured, or as far as the service's own tag lets it.
    pub(crate) fn mode(&self) -> Mode {
        self.service.known().map_or(Mode::Observe, |service| service.mode(self.scaler.mode))
    }

    /// `desiredCount`, as it was known last.
    pub(crate) fn desired(&self) -> Option<u32> {
        match &self.service {
            Observed::Known(service) => Some(service.reading.desired.0),
            Observed::Absent => Some(0),
            Observed::Unknown(_) => self.record.decision.as_ref().and_then(|decision| decision.desired),
        }
    }

    /// How it stands, for metrics.
    #[allow(clippy::cast_precision_loss, reason = "a backlog beyond 2^53 need not be exact")]
    pub(crate) fn measured(&self) -> Option<Measured> {
        let decision = self.record.decision.as_ref().filter(|_| self.unreadable.is_none())?;
        let running = self.service.known().map_or(0, |service| service.reading.running.0);
        Some(Measured {
            cluster: self.scaler.cluster.clone(),
            service: self.scaler.service.clone(),
            backlog_per_task: decision.estimate.visible as f64 / f64::from(running.max(1)),
            wait: decision.estimate.wait,
            desired: decision.desired,
        })
    }
}
