//! What began to fail together.

use steward::arn::ClusterArn;
use steward::diagnosis::Cause;
use steward::ledger::Opening;

use super::*;

fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

fn openings(ledger: &MemoryLedger) -> Vec<Opening> {
    match ledger.records().unwrap().remove(&Key::cluster(&cluster())) {
        Some(Record::Openings(openings)) => openings.openings,
        _ => Vec::new(),
    }
}

fn stop_in(service: &str, task: u32, zone: &str, exit_code: i32) -> String {
    let mut event = stop(service, task);
    event["detail"]["availabilityZone"] = json!(zone);
    event["detail"]["containers"][0]["exitCode"] = json!(exit_code);
    event["detail"]["stoppedAt"] = json!(format!("2026-11-20T21:{:02}:00Z", 10 + task));
    event.to_string()
}

#[test]
fn a_batch_writes_the_openings_of_a_cluster_once() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let bodies: Vec<String> = (0..12).map(|n| stop_in(&format!("api-{n}"), 1, "a", 1)).collect();
    handle(&ledger, &tell, &clock, &batch(&bodies));
    let openings = openings(&ledger);
    assert_eq!((openings.len(), ledger.usage().transactions), (12, 13));
    assert!(openings.iter().all(|opening| {
        (opening.cause, opening.zone.as_deref()) == (Cause::AppError, Some("a"))
            && opening.at == "2026-11-20T21:11:00Z".parse().unwrap()
    }));
}

#[test]
fn an_opening_is_at_the_first_failure_and_more_of_the_same_are_none() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    handle(&ledger, &tell, &clock, &batch(&[stop_in("api", 4, "a", 1), stop_in("api", 2, "a", 1)]));
    let first = openings(&ledger);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].at, "2026-11-20T21:12:00Z".parse().unwrap());
    handle(&ledger, &tell, &clock, &batch(&[stop_in("api", 1, "a", 1), stop_in("api", 9, "a", 1)]));
    assert_eq!(openings(&ledger), first);
}

#[test]
fn a_new_cause_of_an_open_incident_is_an_opening() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    handle(&ledger, &tell, &clock, &batch(&[stop_in("api", 1, "a", 1)]));
    handle(&ledger, &tell, &clock, &batch(&[stop_in("api", 5, "b", 139)]));
    let told: Vec<(Cause, Option<String>)> =
        openings(&ledger).into_iter().map(|opening| (opening.cause, opening.zone)).collect();
    assert_eq!(told, [(Cause::AppError, Some("a".into())), (Cause::Segfault, Some("b".into()))]);
}

/// Of more failures than an incident keeps one by one, the first that is kept is later with each batch.
#[test]
fn what_goes_on_without_end_opens_once() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    for batch_number in 0..8 {
        let stop_at = |task: u32| {
            let mut event = stop("api", task);
            event["detail"]["stoppedAt"] =
                json!(format!("2026-11-20T21:{:02}:{:02}Z", 10 + task / 60, task % 60));
            event.to_string()
        };
        let bodies: Vec<String> = (0..100).map(|n| stop_at(batch_number * 100 + n)).collect();
        handle(&ledger, &tell, &clock, &batch(&bodies));
    }
    assert_eq!((openings(&ledger).len(), ledger.usage().transactions), (1, 9));
}

#[test]
fn an_announcement_is_no_opening() {
    let (ledger, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let notice = include_str!("../../../../events/aws-health/task-retirement-services.json");
    let outcome = handle(&ledger, &tell, &clock, &batch(&[notice.to_owned()]));
    assert_eq!((outcome.news.len(), incidents(&ledger).len()), (4, 4));
    assert_eq!(openings(&ledger), []);
    let explained = outcome.records[0].result.as_ref().unwrap();
    assert_eq!(explained.target.as_deref(), Some("service api in shop and 3 more"));
    let usage = ledger.usage();
    clock.pass(60);
    assert_eq!(handle(&ledger, &tell, &clock, &batch(&[notice.to_owned()])).news, []);
    assert_eq!(ledger.usage().writes, usage.writes);
}

/// A ledger on which one item is always written by somebody else first.
struct Refusing<'l> {
    inner: &'l MemoryLedger,
    key: Key,
    times: Cell<usize>,
}

impl Ledger for Refusing<'_> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.inner.read(keys).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        if self.times.get() > 0 && transaction.writes.iter().any(|write| write.key == self.key) {
            self.times.set(self.times.get() - 1);
            return Err(LedgerError::Conflict { key: self.key.clone() });
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

#[test]
fn rivals_are_read_and_merged_five_times() {
    let (inner, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let ledger = Refusing { inner: &inner, key: Key::cluster(&cluster()), times: Cell::new(4) };
    let outcome = handle(&ledger, &tell, &clock, &batch(&[stop_in("api", 1, "a", 1)]));
    assert!(outcome.batch_item_failures().is_empty());
    assert_eq!(openings(&inner).len(), 1);
}

#[test]
fn openings_that_could_not_be_written_let_their_records_return_and_are_made_up_for() {
    let (inner, tell, clock) = (MemoryLedger::new(), Nudges::default(), At::start());
    let ledger = Refusing { inner: &inner, key: Key::cluster(&cluster()), times: Cell::new(5) };
    let elsewhere = stop_in("api", 3, "a", 1).replace("cluster/shop", "cluster/other");
    let bodies = [stop_in("api", 1, "a", 1), stop_in("web", 2, "a", 1), elsewhere];
    let outcome = handle(&ledger, &tell, &clock, &batch(&bodies));
    assert_eq!(outcome.batch_item_failures(), ["m-0", "m-1"]);
    assert_eq!((incidents(&inner).len(), openings(&inner).len()), (3, 0), "the stories stand");
    let outcome = handle(&ledger, &tell, &clock, &batch(&bodies[..2]));
    assert!(outcome.batch_item_failures().is_empty());
    assert_eq!((outcome.news.len(), openings(&inner).len()), (0, 2));
}
