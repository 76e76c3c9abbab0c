//! What people do in a world, and what befalls it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use steward::action::{Action, Ruling, State};
use steward::ledger::{Expect, Key, Record, Scope, Switch, Transaction, Write};

use super::faults::Kind;
use super::stage::Stage;
use super::ports::at_once;
use crate::ecs::{Happening, Revision};
use steward::ports::Ledger;

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
    /// A person looks through what waits for approval, and approves it.
    Approve,
    /// The ledger goes away, or comes back.
    LedgerAway(bool),
    /// Reads of ECS lag by up to so much.
    Lag(Duration),
}

/// Who a person is, to ECS.
pub(super) const PERSON: &str = "person";

impl Stage {
    /// Does it now.
    pub(super) fn perform(&self, deed: Deed) {
        let now = self.now();
        match deed {
            Deed::Ecs(happening) => {
                self.note("world", || format!("{happening:?}"));
                self.ecs.borrow_mut().happen(*happening);
            }
            Deed::Deploy { disturbs, cluster, service, revision } => {
                self.deploy(disturbs, &cluster, &service, &revision);
            }
            Deed::StopATask { cluster, service } => self.stop_a_task(&cluster, &service),
            Deed::Pause { scope, paused } => self.pause(scope, paused, now),
            Deed::Approve => self.approve(now),
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

    fn call_ecs(&self, operation: &str, input: &Value) -> Option<Value> {
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

    fn pause(&self, scope: Scope, paused: bool, now: Timestamp) {
        if paused {
            self.weather.borrow_mut().count(Kind::PersonPauses);
        }
        self.note("person", || format!("{} {scope}", if paused { "PAUSES" } else { "resumes" }));
        let ruling = Ruling { by: "person".to_owned(), at: now, why: Some("maintenance".to_owned()) };
        let switch = Switch { scope: scope.clone(), paused: paused.then_some(ruling) };
        self.write(Key::switch(&scope), Record::Switch(switch), None);
    }

    fn approve(&self, now: Timestamp) {
        for (key, record) in self.ledger.records().unwrap_or_default() {
            let Record::Action(action) = record else { continue };
            if !matches!(action.state, State::Proposed { until } if until > now) || action.approved.is_some() {
                continue;
            }
            self.note("person", || format!("APPROVES action {}", action.plan.id.short()));
            let ruling = Ruling { by: "person".to_owned(), at: now, why: None };
            let approved = Action { approved: Some(ruling), ..*action };
            self.write(key, Record::Action(Box::new(approved)), Some(now));
        }
    }

    /// A person's write: on condition, too, of what stands there now. When it was due and may expire stays unknown to it.
    fn write(&self, key: Key, record: Record, due: Option<Timestamp>) {
        let away = || steward::ledger::LedgerError::Unreadable { key: key.clone(), problem: String::new() };
        let found = at_once(self.ledger.read(std::slice::from_ref(&key)), away);
        let stored = found.ok().and_then(|mut found| found.pop().flatten());
        let expect = Expect::unchanged(stored.as_ref());
        let expires = stored.and_then(|stored| stored.expires);
        let write = Write { key: key.clone(), expect, record, due, expires };
        if at_once(self.ledger.commit(Transaction { writes: vec![write] }), away).is_err() {
            self.note("person", || format!("could not write {key}"));
        }
    }
}
