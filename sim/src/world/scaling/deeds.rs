//! What people do in a world of scaled services, and what befalls their load.

use futures_util::FutureExt;
use jiff::SignedDuration;
use serde_json::json;
use steward::apply::people::Person;
use steward::arn::ServiceName;
use steward::ledger::Record;
use steward::scaling::{OrderState, QueueName, people};

use super::plan::CLUSTER;
use crate::ecs::api::CreateServiceRequest;
use crate::ecs::{Behaviour, Happening};
use crate::world::faults::Kind;
use crate::world::script::PERSON;
use crate::world::stage::Stage;

/// Something that is done at its time.
#[derive(Clone, Debug)]
pub(in crate::world) enum ScaleDeed {
    /// So many messages arrive in a queue in a thousand seconds.
    Rate { queue: QueueName, rate: u64, is_burst: bool },
    /// Tasks of a family that begin from now on go another way.
    Starts { family: String, behaviour: Behaviour, fail: bool },
    /// A person sets `desiredCount`.
    SetCount { service: ServiceName, to: u32 },
    /// A person deletes a service.
    Delete(ServiceName),
    /// A person creates a service again.
    Create(Box<CreateServiceRequest>),
    /// A service becomes a target of Application Auto Scaling, or is none any more.
    Own { service: ServiceName, is_owned: bool },
    /// A person allows what is proposed.
    Allow,
}

impl Stage {
    /// Does it now.
    pub(in crate::world) fn perform_for_scaling(&self, deed: ScaleDeed) {
        let count = |kind| self.weather.borrow_mut().count(kind);
        if !matches!(deed, ScaleDeed::Allow) {
            self.note("world", || format!("{deed:?}").chars().take(160).collect());
        }
        match deed {
            ScaleDeed::Rate { queue, rate, is_burst } => {
                if is_burst {
                    count(Kind::Burst);
                }
                if let Some(work) = self.work.borrow_mut().as_mut() {
                    work.set_rate(&queue, rate);
                }
            }
            ScaleDeed::Starts { family, behaviour, fail } => {
                if fail {
                    count(Kind::TasksFail);
                }
                self.ecs.borrow_mut().happen(Happening::Behaviour { revision: family, behaviour });
            }
            ScaleDeed::SetCount { service, to } => {
                count(Kind::PersonScales);
                let input = json!({ "cluster": CLUSTER, "service": service.as_str(), "desiredCount": to });
                self.call_ecs("UpdateService", &input);
            }
            ScaleDeed::Delete(service) => {
                count(Kind::ServiceDeleted);
                let input = json!({ "cluster": CLUSTER, "service": service.as_str(), "force": true });
                self.call_ecs("DeleteService", &input);
            }
            ScaleDeed::Create(request) => {
                let mut ecs = self.ecs.borrow_mut();
                let _created_before = ecs.add_service(&request);
            }
            ScaleDeed::Own { service, is_owned } => {
                if is_owned {
                    count(Kind::AutoScalingTarget);
                }
                let now = self.now();
                if let Some(watch) = self.checks.borrow_mut().scaling_mut() {
                    watch.own(service, is_owned, now);
                }
            }
            ScaleDeed::Allow => self.allow(),
        }
    }

    fn allow(&self) {
        let now = self.now();
        for record in self.ledger.records().unwrap_or_default().into_values() {
            let Record::Scaler(record) = record else { continue };
            let is_asked = record
                .order
                .as_ref()
                .is_some_and(|order| order.state == OrderState::Proposed && order.approved_by.is_none());
            if !is_asked {
                continue;
            }
            self.note(PERSON, || format!("ALLOWS {:?}", record.order));
            let keep = SignedDuration::from_hours(24 * 35);
            let person = Person { by: PERSON.to_owned(), why: None, now };
            let allowed = people::approve(&self.ledger, &record.target, None, keep, &person).now_or_never();
            if let Some(Err(error)) = allowed {
                self.note(PERSON, || error.to_string());
            }
        }
    }

    /// Tasks work, and messages arrive.
    pub(in crate::world) fn work(&self) {
        let now = self.now();
        let mut ecs = self.ecs.borrow_mut();
        ecs.advance(now);
        let lost = match self.work.borrow_mut().as_mut() {
            Some(work) => work.step(&mut ecs, now),
            None => return,
        };
        let mut checks = self.checks.borrow_mut();
        checks.worked(&ecs, &lost, now);
    }
}
