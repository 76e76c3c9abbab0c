//! What scaling reads and changes: queues, services, and who else owns them. The checks are told what each was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use steward::arn::{ClusterArn, ServiceName};
use steward::observed::Observed;
use steward::ports::{AutoScaling, EcsError, Meaning, ReadQueues, ScaleServices, ScaledService};
use steward::scaling::{QueueCounts, QueueMinute, QueueName};

use super::ecs::{interrupted, with_ecs};
use crate::ecs::{Ecs, ports};
use crate::world::actor::{Actor, Broken, Call};
use crate::world::checks::{Sabotage, Scaling};
use crate::world::stage::Stage;

/// Queues, services and their owners, as one invocation sees them.
pub(in crate::world) struct ScalePort(pub(in crate::world) Rc<Actor>);

impl ScalePort {
    async fn read<T>(
        &self,
        port: &'static str,
        method: &'static str,
        operation: &'static str,
        about: String,
        read: impl FnOnce(&Stage) -> Result<T, EcsError>,
    ) -> Result<T, EcsError> {
        let call = Call { port, method, on: "", changes: false, about: about.clone() };
        self.0.call(call, read, |broken| interrupted(operation, about.clone(), broken)).await
    }

    fn sabotage(&self) -> Option<Sabotage> {
        self.0.stage.checks.borrow().sabotage()
    }

    /// Tells the checks what this invocation was answered.
    fn tell(&self, tell: impl FnOnce(&mut crate::world::scaling::Watch, Timestamp)) {
        let now = self.0.stage.now();
        if let Some(watch) = self.0.stage.checks.borrow_mut().scaling_mut() {
            tell(watch, now);
        }
    }
}

impl ReadQueues for ScalePort {
    async fn counts(&self, queue: &QueueName) -> Result<Option<QueueCounts>, EcsError> {
        let read = |stage: &Stage| {
            let now = stage.now();
            Ok(stage.work.borrow_mut().as_mut().and_then(|work| work.counts(queue, now)))
        };
        let counts = self.read("queues", "counts", "GetQueueAttributes", queue.to_string(), read).await;
        self.tell(|watch, now| {
            watch.told_counts(self.0.id, queue, counts.as_ref().ok().copied().flatten(), now);
        });
        let nothing = QueueCounts { visible: 0, in_flight: 0, delayed: 0 };
        match self.sabotage() {
            Some(Sabotage::TakesUnknownForEmpty) if counts.is_err() => Ok(Some(nothing)),
            Some(Sabotage::HidesMessages) => counts.map(|_| Some(nothing)),
            Some(Sabotage::AddsMessages) => counts.map(|counts| {
                counts.map(|counts| QueueCounts { visible: counts.visible.max(900), ..counts })
            }),
            _ => counts,
        }
    }

    async fn minutes(
        &self,
        queues: &[QueueName],
        until: Timestamp,
    ) -> Result<Vec<Observed<QueueMinute>>, EcsError> {
        let read = |stage: &Stage| {
            let mut work = stage.work.borrow_mut();
            let told = queues.iter().map(|queue| match work.as_mut() {
                Some(work) => work.minute(queue, until),
                None => Observed::Absent,
            });
            Ok(told.collect())
        };
        self.read("queues", "minutes", "GetMetricData", format!("{} queues", queues.len()), read).await
    }
}

impl ScaleServices for ScalePort {
    async fn services(
        &self,
        cluster: &ClusterArn,
        names: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScaledService>, EcsError> {
        let read = |stage: &Stage| with_ecs(stage, |ecs| ports::scaled_services(ecs, cluster, names));
        let about = names.iter().map(ServiceName::as_str).collect::<Vec<_>>().join(" ");
        let mut found = self.read("services", "services", "DescribeServices", about, read).await;
        self.tell(|watch, now| watch.told_services(self.0.id, names, found.as_ref().ok(), now));
        match (self.sabotage(), &mut found) {
            (Some(Sabotage::HidesDeployments), Ok(found)) => {
                for service in found.values_mut() {
                    service.reading.is_deploying = false;
                }
            }
            (Some(Sabotage::HidesChanges), Ok(found)) => {
                let mut first = self.0.stage.first_read.borrow_mut();
                for (name, service) in found {
                    service.reading.desired =
                        *first.entry((self.0.id, name.clone())).or_insert(service.reading.desired);
                }
            }
            _ => {}
        }
        found
    }

    async fn protected(&self, cluster: &ClusterArn, service: &ServiceName) -> Result<u32, EcsError> {
        let read = |stage: &Stage| with_ecs(stage, |ecs| ports::protected(ecs, cluster, service));
        let about = service.to_string();
        let protected = self.read("services", "protected", "GetTaskProtection", about, read).await;
        self.tell(|watch, now| {
            watch.told_protected(self.0.id, service, protected.as_ref().ok().copied(), now);
        });
        match self.sabotage() {
            Some(Sabotage::HidesProtection) => protected.map(|_| 0),
            _ => protected,
        }
    }

    async fn scale(&self, cluster: &ClusterArn, service: &ServiceName, to: u32) -> Result<(), EcsError> {
        const OPERATION: &str = "UpdateService";
        let about = format!("{service} to {to}");
        let call = Call { port: "services", method: "scale", on: "", changes: true, about: about.clone() };
        let actor = &self.0;
        let effect = |stage: &Stage| {
            let sabotage = self.sabotage();
            if sabotage == Some(Sabotage::ClaimsWhatItDidNot) {
                return Ok(());
            }
            let scaled = scale(actor, stage, cluster, service, to);
            match sabotage {
                Some(Sabotage::CallsTwice) => scale(actor, stage, cluster, service, to),
                Some(Sabotage::DeniesWhatItDid) if scaled.is_ok() => {
                    Err(interrupted(OPERATION, about.clone(), Broken::Throttled))
                }
                _ => scaled,
            }
        };
        actor.call(call, effect, |broken| interrupted(OPERATION, about.clone(), broken)).await
    }
}

/// Makes one call. What ECS notes as an effect is seen by the checks.
fn scale(
    actor: &Actor,
    stage: &Stage,
    cluster: &ClusterArn,
    service: &ServiceName,
    to: u32,
) -> Result<(), EcsError> {
    let before = stage.ecs.borrow().effects().len();
    let desired = |ecs: &mut Ecs| ecs.truth(cluster.name(), service.as_str()).map(|truth| truth.desired);
    let was = with_ecs(stage, desired).unwrap_or_default();
    let scaled = with_ecs(stage, |ecs| ports::scale(ecs, cluster, service, to));
    let ecs = stage.ecs.borrow();
    if let Some(effect) = ecs.effects().get(before) {
        let seen = Scaling { service, to, was, request: &effect.detail };
        stage.checks.borrow_mut().scaled(actor, &stage.ledger, &ecs, &seen, stage.now());
        stage.note(actor, || format!("SCALES {service} from {was} to {to}"));
    }
    scaled
}

impl AutoScaling for ScalePort {
    async fn owned(
        &self,
        _: &ClusterArn,
        services: &[ServiceName],
    ) -> Result<BTreeSet<ServiceName>, EcsError> {
        let read = |stage: &Stage| {
            let checks = stage.checks.borrow();
            let unknown = || EcsError {
                operation: "DescribeScalableTargets",
                target: "services".to_owned(),
                problem: "nobody scales here".to_owned(),
                meaning: Meaning::Unknown,
            };
            checks.scaling().map(|watch| watch.owned(services)).ok_or_else(unknown)
        };
        let about = format!("{} services", services.len());
        let owned = self.read("targets", "owned", "DescribeScalableTargets", about, read).await;
        match self.sabotage() {
            Some(Sabotage::HidesOwners) => owned.map(|_| BTreeSet::new()),
            _ => owned,
        }
    }
}
