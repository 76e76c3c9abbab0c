//! The handler against a ledger that can refuse, and a tell queue that can fail.

use std::cell::{Cell, RefCell};

use jiff::Timestamp;
use serde_json::{Value, json};
use steward::ledger::{Key, MemoryLedger, NUDGE_MARGIN, Record, Stored, Transaction};
use steward::ports::Nowhere;
use steward::ports::NudgeError;

use super::*;

mod actions;
mod openings;
mod patrol;
mod scripted_ecs;
mod spot;

struct At(Cell<Timestamp>);

impl At {
    fn start() -> Self {
        Self(Cell::new("2026-11-20T21:30:00Z".parse().unwrap()))
    }

    fn pass(&self, minutes: i64) {
        self.0.set(self.0.get() + SignedDuration::from_mins(minutes));
    }
}

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

#[derive(Default)]
struct Nudges {
    taken: RefCell<Vec<Subject>>,
    fails: bool,
}

impl Tell for Nudges {
    async fn nudge(&self, subject: &Subject, _: SignedDuration) -> Result<(), NudgeError> {
        if self.fails {
            let (operation, problem) = ("SendMessage", "no route".into());
            return Err(NudgeError { operation, subject: subject.to_string(), problem });
        }
        self.taken.borrow_mut().push(subject.clone());
        Ok(())
    }
}

/// A ledger that refuses some commits, as if somebody else had been faster.
#[derive(Default)]
struct Contended {
    inner: MemoryLedger,
    conflicts: Cell<usize>,
    rival: RefCell<Option<Transaction>>,
}

impl Ledger for Contended {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.inner.read(keys).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let rival = self.rival.borrow_mut().take();
        if let Some(rival) = rival {
            self.inner.commit(rival).await?;
        }
        if self.conflicts.get() > 0 {
            self.conflicts.set(self.conflicts.get() - 1);
            return Err(LedgerError::Conflict { key: transaction.writes[0].key.clone() });
        }
        self.inner.commit(transaction).await
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        self.inner.due(owner, now, after, limit).await
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn stop(service: &str, task: u32) -> Value {
    json!({
        "id": format!("e-{task}"), "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "detail": {
            "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
            "taskArn": format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{task}"),
            "group": format!("service:{service}"), "lastStatus": "STOPPED", "desiredStatus": "STOPPED",
            "stoppedAt": "2026-11-20T21:29:00Z", "version": 4, "containers": [{"name": "app", "exitCode": 1}],
        },
    })
}

fn batch(bodies: &[String]) -> Vec<u8> {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(i, body)| json!({"messageId": format!("m-{i}"), "eventSource": "aws:sqs", "body": body}))
        .collect();
    json!({"Records": records}).to_string().into_bytes()
}

fn handle(ledger: &impl Ledger, tell: &Nudges, clock: &At, payload: &[u8]) -> Outcome {
    let handler =
        Handler::new(Ports { ledger, ecs: &Nowhere, owners: &Nowhere, tell, clock }, Settings::default());
    run(handler.handle(payload)).unwrap()
}

fn incidents(ledger: &MemoryLedger) -> Vec<steward::incident::Incident> {
    let records = ledger.records().unwrap();
    records
        .into_values()
        .filter_map(|record| match record {
            Record::Incident(incident) => Some(incident),
            _ => None,
        })
        .collect()
}

#[test]
fn a_bad_record_fails_alone() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let bodies = [stop("api", 1).to_string(), "{".into(), "{\"a\":1}".into(), stop("web", 2).to_string()];
    let outcome = handle(&ledger, &tell, &clock, &batch(&bodies));
    assert_eq!(outcome.batch_item_failures(), ["m-1", "m-2"]);
    assert!(!outcome.must_fail());
    assert_eq!(incidents(&ledger).len(), 2);
}

#[test]
fn a_raw_event_that_fails_fails_the_invocation() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let outcome = handle(&ledger, &tell, &clock, br#"{"detail-type":"ECS Task State Change","detail":{}}"#);
    assert!(outcome.must_fail());
    assert_eq!(outcome.records[0].result.as_ref().unwrap_err().field(), Some("detail.lastStatus"));
}

#[test]
fn a_batch_costs_at_most_one_transaction_a_target() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let bodies: Vec<String> =
        (0..100).map(|task| stop(if task % 2 == 0 { "api" } else { "web" }, task).to_string()).collect();
    handle(&ledger, &tell, &clock, &batch(&bodies));
    assert_eq!(ledger.usage().transactions, 3, "and one of their cluster");
    assert_eq!(tell.taken.borrow().len(), 2);
}

#[test]
fn the_same_batch_again_writes_nothing_and_tells_nothing() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let payload = batch(&[stop("api", 1).to_string(), stop("api", 2).to_string()]);
    handle(&ledger, &tell, &clock, &payload);
    let (records, usage) = (ledger.records().unwrap(), ledger.usage());
    clock.pass(5);
    let outcome = handle(&ledger, &tell, &clock, &payload);
    assert_eq!((outcome.news, ledger.usage().writes), (Vec::new(), usage.writes));
    assert_eq!(ledger.records().unwrap(), records);
}

#[test]
fn more_deployments_than_a_transaction_can_write_are_written_in_parts() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let bodies: Vec<String> = (0..120)
        .map(|task| {
            let mut event = stop("api", task);
            event["detail"]["startedBy"] = json!(format!("ecs-svc/{task}"));
            event.to_string()
        })
        .collect();
    assert!(handle(&ledger, &tell, &clock, &batch(&bodies)).batch_item_failures().is_empty());
    assert_eq!(incidents(&ledger)[0].failures.count(), 120);
}

fn deployment(id: u32, name: &str, minute: u32, reason: &str) -> String {
    json!({
        "detail-type": "ECS Deployment State Change", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"],
        "detail": {"eventName": name, "deploymentId": format!("ecs-svc/{id}"), "reason": reason,
                   "updatedAt": format!("2026-11-20T20:{minute:02}:00Z")},
    })
    .to_string()
}

#[test]
fn a_rollback_is_linked_to_what_failed_in_either_order_and_to_nothing_older() {
    let failed = deployment(2, "SERVICE_DEPLOYMENT_FAILED", 30, "circuit breaker");
    let back = deployment(1, "SERVICE_DEPLOYMENT_IN_PROGRESS", 30, "rolling back to deploymentId ecs-svc/1.");
    for order in [[&failed, &back], [&back, &failed]] {
        let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
        handle(&ledger, &tell, &clock, &batch(&[deployment(9, "SERVICE_DEPLOYMENT_FAILED", 2, "old")]));
        for event in order {
            handle(&ledger, &tell, &clock, &batch(std::slice::from_ref(event)));
        }
        let links: Vec<(String, Option<String>)> = ledger
            .records()
            .unwrap()
            .into_values()
            .filter_map(|record| match record {
                Record::Deployment(deployment) => {
                    Some((deployment.id.to_string(), deployment.rolled_back_to.map(|to| to.to_string())))
                }
                _ => None,
            })
            .collect();
        let link = |id: &str| links.iter().find(|(of, _)| of == id).unwrap().1.as_deref();
        assert_eq!((link("ecs-svc/2"), link("ecs-svc/9")), (Some("ecs-svc/1"), None));
    }
}

fn steady(minute: u32) -> String {
    json!({
        "detail-type": "ECS Service Action", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/api"],
        "detail": {"eventName": "SERVICE_STEADY_STATE", "createdAt": format!("2026-11-20T21:{minute:02}:00Z")},
    })
    .to_string()
}

fn stop_at(task: u32, minute: u32) -> String {
    let mut event = stop("api", task);
    event["detail"]["stoppedAt"] = json!(format!("2026-11-20T21:{minute:02}:00Z"));
    event.to_string()
}

#[test]
fn an_incident_that_ends_and_one_that_begins_in_one_batch_are_both_written_and_told() {
    for bodies in [[steady(5), stop_at(2, 10)], [stop_at(2, 10), steady(5)]] {
        let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
        handle(&ledger, &tell, &clock, &batch(&[stop_at(1, 1)]));
        clock.pass(1);
        let outcome = handle(&ledger, &tell, &clock, &batch(&bodies));
        assert_eq!((outcome.news.len(), outcome.batch_item_failures().len()), (2, 0));
        let open: Vec<bool> = incidents(&ledger).iter().map(steward::incident::Incident::is_open).collect();
        assert_eq!(open, [false, true]);
    }
}

#[test]
fn a_batch_in_which_a_service_comes_and_goes_fits_into_one_transaction() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    clock.pass(60);
    handle(&ledger, &tell, &clock, &batch(&[stop_at(0, 0)]));
    let bodies: Vec<String> = (1..25).flat_map(|n| [steady(2 * n - 1), stop_at(n, 2 * n)]).collect();
    let outcome = handle(&ledger, &tell, &clock, &batch(&bodies));
    assert!(outcome.batch_item_failures().is_empty());
    let mut incidents = incidents(&ledger);
    incidents.sort_by_key(|incident| incident.opened_at);
    assert!(!incidents[0].is_open() && incidents.last().unwrap().is_open() && incidents.len() <= 10);
}

#[test]
fn a_failed_task_of_an_old_deployment_does_not_forget_that_it_was_steady() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    for (name, minute) in [("SERVICE_DEPLOYMENT_IN_PROGRESS", 1), ("SERVICE_DEPLOYMENT_COMPLETED", 5)] {
        handle(&ledger, &tell, &clock, &batch(&[deployment(1, name, minute, "x")]));
    }
    let history = |ledger: &MemoryLedger| {
        let records = ledger.records().unwrap();
        records.into_values().find_map(|record| match record {
            Record::Target(record) => Some(record.history),
            _ => None,
        })
    };
    let before = history(&ledger).unwrap();
    clock.pass(45 * 24 * 60);
    let mut event = stop("api", 1);
    event["detail"]["startedBy"] = json!("ecs-svc/1");
    event["detail"]["stoppedAt"] = json!("2027-01-04T21:00:00Z");
    let outcome = handle(&ledger, &tell, &clock, &batch(&[event.to_string()]));
    assert_eq!(history(&ledger).unwrap(), before);
    assert_eq!(outcome.news.len(), 1, "the incident, and not the old deployment again");
}

#[test]
fn a_conflict_is_read_and_merged_again() {
    let ledger = Contended::default();
    let (tell, clock) = (Nudges::default(), At::start());
    handle(&ledger, &tell, &clock, &batch(&[stop("api", 1).to_string()]));
    ledger.conflicts.set(2);
    let outcome = handle(&ledger, &tell, &clock, &batch(&[stop("api", 2).to_string()]));
    assert!(outcome.batch_item_failures().is_empty());
    assert_eq!(incidents(&ledger.inner)[0].failures.count(), 2);
}

#[test]
fn what_a_rival_wrote_meanwhile_is_kept() {
    let other = MemoryLedger::new();
    let (tell, clock) = (Nudges::default(), At::start());
    handle(&other, &tell, &clock, &batch(&[stop("api", 1).to_string()]));
    let writes = other
        .records()
        .unwrap()
        .into_iter()
        .map(|(key, record)| steward::ledger::Write {
            key,
            expect: steward::ledger::Expect::Absent,
            record,
            due: None,
            expires: None,
        })
        .collect();
    let ledger = Contended { rival: RefCell::new(Some(Transaction { writes })), ..Contended::default() };
    let outcome = handle(&ledger, &tell, &clock, &batch(&[stop("api", 2).to_string()]));
    assert!(outcome.batch_item_failures().is_empty());
    let incidents = incidents(&ledger.inner);
    assert_eq!((incidents.len(), incidents[0].failures.count()), (1, 2));
}

#[test]
fn after_three_conflicts_only_that_targets_messages_return() {
    let ledger = Contended::default();
    let (tell, clock) = (Nudges::default(), At::start());
    ledger.conflicts.set(3);
    let bodies = [stop("api", 1).to_string(), stop("web", 2).to_string(), stop("api", 3).to_string()];
    let outcome = handle(&ledger, &tell, &clock, &batch(&bodies));
    assert_eq!(outcome.batch_item_failures(), ["m-0", "m-2"]);
    assert_eq!(incidents(&ledger.inner).len(), 1);
}

#[test]
fn an_item_of_a_newer_version_fails_its_target_by_name_and_no_other() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    handle(&ledger, &tell, &clock, &batch(&[stop("api", 1).to_string()]));
    let key =
        ledger.records().unwrap().into_keys().find(|key| key.as_str().starts_with("r#TARGET#")).unwrap();
    ledger.put_raw(key, r#"{"schema":99}"#);
    let outcome =
        handle(&ledger, &tell, &clock, &batch(&[stop("api", 2).to_string(), stop("web", 3).to_string()]));
    assert_eq!(outcome.batch_item_failures(), ["m-0"]);
    assert!(outcome.records[0].failed.as_ref().unwrap().contains("has schema 99"));
}

#[test]
fn a_lost_nudge_loses_no_news() {
    let (ledger, clock) = (MemoryLedger::new(), At::start());
    let tell = Nudges { fails: true, ..Nudges::default() };
    let outcome = handle(&ledger, &tell, &clock, &batch(&[stop("api", 1).to_string()]));
    assert!(outcome.batch_item_failures().is_empty());
    assert_eq!((outcome.news.len(), outcome.not_nudged.len()), (1, 1));
    let due = |at| run(ledger.due(Owner::Shared, at, None, 10)).unwrap().len();
    let swept_at = clock.now() + GROUPING + NUDGE_MARGIN;
    assert_eq!((due(clock.now() + GROUPING), due(swept_at)), (0, 1), "the nudge comes first");
}

#[test]
fn a_sweep_ends_what_went_quiet_once() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    handle(&ledger, &tell, &clock, &batch(&[stop("api", 1).to_string()]));
    let handler = Handler::new(
        Ports { ledger: &ledger, ecs: &Nowhere, owners: &Nowhere, tell: &tell, clock: &clock },
        Settings::default(),
    );
    assert_eq!(run(handler.sweep()).unwrap(), Swept::default());
    clock.pass(31);
    assert_eq!(run(handler.sweep()).unwrap().news.len(), 1);
    assert_eq!(run(handler.sweep()).unwrap(), Swept::default());
    assert!(!incidents(&ledger)[0].is_open());
}

#[test]
fn a_sweep_looks_at_more_than_one_page_and_past_what_it_cannot_read() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let bodies: Vec<String> = (0..130).map(|n| stop(&format!("api-{n:03}"), n).to_string()).collect();
    handle(&ledger, &tell, &clock, &batch(&bodies));
    let keys: Vec<Key> = ledger.records().unwrap().into_keys().collect();
    for n in 0..PAGE + 10 {
        let name = format!("/service/api-{n:03}");
        let key =
            keys.iter().find(|key| key.as_str().starts_with("r#TARGET#") && key.as_str().ends_with(&name));
        ledger.damage(key.unwrap(), r#"{"schema":99}"#);
    }
    clock.pass(31);
    let handler = Handler::new(
        Ports { ledger: &ledger, ecs: &Nowhere, owners: &Nowhere, tell: &tell, clock: &clock },
        Settings::default(),
    );
    let swept = run(handler.sweep()).unwrap();
    assert_eq!((swept.failed.len(), swept.news.len(), swept.is_cut), (PAGE + 10, 20, false));
}

#[test]
fn what_there_is_no_time_for_returns_and_is_not_begun() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let deadline = Deadline::new(clock.now(), clock.now() + SignedDuration::from_secs(30));
    clock.0.set(clock.now() + SignedDuration::from_secs(21));
    let settings = Settings { deadline, ..Settings::default() };
    let handler = Handler::new(
        Ports { ledger: &ledger, ecs: &Nowhere, owners: &Nowhere, tell: &tell, clock: &clock },
        settings,
    );
    let outcome = run(handler.handle(&batch(&[stop("api", 1).to_string()]))).unwrap();
    assert_eq!((outcome.batch_item_failures(), ledger.usage().reads), (vec!["m-0"], 0));
}

#[test]
fn an_event_of_another_account_is_told_and_says_that_nothing_there_is_changed() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let home = Home::of_function("arn:aws:lambda:eu-central-1:123456789012:function:remediation");
    let settings = Settings { home, ..Settings::default() };
    let handler = Handler::new(
        Ports { ledger: &ledger, ecs: &Nowhere, owners: &Nowhere, tell: &tell, clock: &clock },
        settings,
    );
    let mut event = stop("api", 1);
    for (field, value, is_elsewhere) in
        [("account", "123456789012", false), ("account", "999999999999", true), ("region", "us-east-1", true)]
    {
        event[field] = json!(value);
        let outcome = run(handler.handle(&batch(&[event.to_string()]))).unwrap();
        let reasons = &outcome.records[0].result.as_ref().unwrap().decision.reasons;
        assert_eq!(reasons.contains(&Reason::FromElsewhere), is_elsewhere, "{field} {value}");
    }
    assert_eq!(incidents(&ledger).len(), 1);
}
