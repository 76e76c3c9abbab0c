//! What people do in a world, and what befalls it.

use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use steward::action::{Action, Remedy, Settled, State};
use steward::apply::people::{self, Person, Taken, Untaken};
use steward::ecs::HookAnswer;
use steward::ledger::{Record, Scope};

use super::faults::Kind;
use super::jobs::JobDeed;
use super::scaling::ScaleDeed;
use super::stage::Stage;
use crate::ecs::{Happening, Revision};

/// Something that is done at its time.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// To ECS.
    Ecs(Box<Happening>),
    /// A person registers a revision and deploys it, at once.
    Deploy {
        /// Whether it is meant as a disturbance, and counted.
        disturbs: bool,
        cluster: String,
        service: String,
        revision: Box<Revision>,
    },
    /// A person stops a task of a service.
    StopATask { cluster: String, service: String },
    /// A person pauses changes, or lets them go on.
    Pause { scope: Scope, paused: bool },
    /// A person looks through what waits for one: proposals are approved, what is unknown is settled.
    Approve,
    /// The ledger goes away, or comes back.
    LedgerAway(bool),
    /// Reads of ECS lag by up to so much.
    Lag(Duration),
    /// Something of jobs.
    Jobs(Box<JobDeed>),
    /// Something of scaled services.
    Scaling(Box<ScaleDeed>),
}

/// Who a person is, to ECS.
pub(super) const PERSON: &str = "person";

impl Stage {
    /// Does it now.
    pub(super) fn perform(&self, deed: Deed) {
        let now = self.now();
        // Whoever acts acts now: ECS stands where it had something to do last.
        self.ecs.borrow_mut().advance(now);
        match deed {
            Deed::Ecs(happening) => {
                self.note("world", || format!("{happening:?}"));
                self.ecs.borrow_mut().happen(*happening);
            }
            Deed::Deploy { disturbs, cluster, service, revision } => {
                self.deploy(disturbs, &cluster, &service, &revision);
            }
            Deed::StopATask { cluster, service } => self.stop_a_task(&cluster, &service),
            Deed::Pause { scope, paused } => self.pause(&scope, paused, now),
            Deed::Approve => self.approve(now),
            Deed::Jobs(deed) => {
                self.perform_for_jobs(*deed);
                self.checks.borrow_mut().look(&self.ledger);
            }
            Deed::Scaling(deed) => self.perform_for_scaling(*deed),
            Deed::LedgerAway(is_away) => {
                if is_away {
                    self.weather.borrow_mut().count(Kind::LedgerOutage);
                }
                self.note("world", || format!("the ledger is {}", if is_away { "AWAY" } else { "back" }));
                self.is_ledger_away.set(is_away);
            }
            Deed::Lag(lag) => {
                if !lag.is_zero() {
                    self.weather.borrow_mut().count(Kind::LaggingReads);
                }
                self.note("world", || format!("reads of ECS lag by up to {lag:?}"));
                self.ecs.borrow_mut().set_read_lag(lag);
            }
        }
    }

    /// What a person said of a deployment that waits, where the ledger took it.
    fn heard(&self, action: &Action, answer: HookAnswer, taken: Option<&Result<Taken<Action>, Untaken>>) {
        if action.plan.remedy == Remedy::AnswerHook && matches!(taken, Some(Ok(Taken::Now(_)))) {
            self.checks.borrow_mut().said(&action.plan.id, answer);
        }
    }

    pub(super) fn call_ecs(&self, operation: &str, input: &Value) -> Option<Value> {
        let answer = self.ecs.borrow_mut().call(PERSON, operation, input);
        if let Err(error) = &answer {
            self.note("person", || format!("{operation} is refused: {error}"));
        }
        answer.ok()
    }

    fn deploy(&self, disturbs: bool, cluster: &str, service: &str, revision: &Revision) {
        let arn = self.ecs.borrow_mut().add_task_definition(revision);
        if disturbs {
            self.weather.borrow_mut().count(Kind::PersonDeploys);
        }
        self.note("person", || format!("DEPLOYS {arn} to {service}"));
        let input = json!({ "cluster": cluster, "service": service, "taskDefinition": arn });
        self.call_ecs("UpdateService", &input);
    }

    fn stop_a_task(&self, cluster: &str, service: &str) {
        let listed = self.call_ecs("ListTasks", &json!({ "cluster": cluster, "serviceName": service }));
        let first = listed.as_ref().and_then(|answer| answer.pointer("/taskArns/0")).and_then(Value::as_str);
        let Some(task) = first else { return };
        self.weather.borrow_mut().count(Kind::PersonStopsTask);
        self.note("person", || format!("STOPS {task}"));
        self.call_ecs("StopTask", &json!({ "cluster": cluster, "task": task, "reason": "just looking" }));
    }

    fn pause(&self, scope: &Scope, paused: bool, now: Timestamp) {
        if paused {
            self.weather.borrow_mut().count(Kind::PersonPauses);
        }
        self.note("person", || format!("{} {scope}", if paused { "PAUSES" } else { "resumes" }));
        let person = person(now);
        let turned = if paused {
            people::pause(&self.ledger, scope, &person).now_or_never().map(|turned| turned.map(|_| ()))
        } else {
            people::resume(&self.ledger, scope, &person).now_or_never().map(|turned| turned.map(|_| ()))
        };
        if let Some(Err(error)) = turned {
            self.note("person", || error.to_string());
        }
    }

    /// What waits for a person gets one: proposals are approved, and of what is unknown is said what ECS did.
    fn approve(&self, now: Timestamp) {
        for record in self.ledger.records().unwrap_or_default().into_values() {
            let Record::Action(action) = record else { continue };
            let id = &action.plan.id;
            let taken = match action.state {
                State::Proposed { .. } if action.approved.is_none() && is_rejected(&action) => {
                    self.note("person", || format!("REJECTS action {}", id.short()));
                    let taken = people::reject(&self.ledger, id, &person(now)).now_or_never();
                    self.heard(&action, HookAnswer::Rollback, taken.as_ref());
                    taken
                }
                State::Proposed { .. } if action.approved.is_none() => {
                    self.note("person", || format!("APPROVES action {}", id.short()));
                    let taken = people::approve(&self.ledger, id, &person(now)).now_or_never();
                    self.heard(&action, HookAnswer::Continue, taken.as_ref());
                    taken
                }
                State::Unknown { .. } => {
                    let happened = self.checks.borrow().has_happened(&action);
                    let settled = if happened { Settled::Done } else { Settled::NotDone };
                    self.note("person", || format!("SETTLES action {} as {settled:?}", id.short()));
                    people::settle(&self.ledger, id, settled, &person(now)).now_or_never()
                }
                _ => continue,
            };
            if let Some(Err(error)) = taken {
                self.note("person", || error.to_string());
            }
            self.checks.borrow_mut().decided(&self.ledger, id);
        }
    }
}

/// People turn down every second deployment that waits, and nothing else.
fn is_rejected(action: &Action) -> bool {
    let is_odd = action.plan.id.as_str().bytes().next().is_some_and(|digit| digit % 2 == 1);
    action.plan.remedy == Remedy::AnswerHook && is_odd
}

fn person(now: Timestamp) -> Person {
    Person { by: PERSON.to_owned(), why: Some("looked at it".to_owned()), now }
}
