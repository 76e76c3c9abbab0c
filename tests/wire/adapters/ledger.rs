//! The ledger in DynamoDB, as moto has it, beside the ledger in memory.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::aws::DynamoLedger;
use steward::incident::TargetRecord;
use steward::ledger::{
    Due, Expect, Key, LedgerError, MAX_WRITES, MemoryLedger, News, Owner, Record, SCHEMA, Transaction, Write,
};
use steward::notification::Subject;
use steward::ports::Ledger;
use steward_sim::house::TABLE;
use steward_sim::lambda::gateway::{Fault, When};
use steward_sim::lambda::sqs::Sqs;

use crate::support::{Services, run, sdk_at, target};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn key(name: &str) -> Key {
    Key::target(&target(name))
}

fn write(name: &str, expect: Expect) -> Write {
    let record = Record::Target(TargetRecord::new(target(name)));
    Write { key: key(name), expect, record, due: None, expires: None }
}

fn news(name: &str, seq: u64, expect: Expect) -> Write {
    let subject = Subject::Incident { target: target(name), opened_at: at(0) };
    let key = Key::news(&subject);
    Write { key, expect, record: Record::News(News { subject, seq }), due: None, expires: None }
}

fn of(writes: impl IntoIterator<Item = Write>) -> Transaction {
    Transaction { writes: writes.into_iter().collect() }
}

async fn versions(ledger: &impl Ledger, names: &[&str]) -> Vec<Option<u64>> {
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    let found = ledger.read(&keys).await.unwrap();
    found.iter().map(|stored| stored.as_ref().map(|stored| stored.version)).collect()
}

/// The item as DynamoDB has it.
async fn item(services: &Services, key: &Key) -> Value {
    let request = json!({"TableName": TABLE, "Key": {"pk": {"S": key.to_string()}}});
    let mut answer = services.moto.call("dynamodb", "DynamoDB_20120810.GetItem", &request).await.unwrap();
    answer["Item"].take()
}

async fn services() -> Services {
    Services::start(&Sqs::default()).await
}

#[test]
fn of_two_writers_one_is_told_which_item_it_lost() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        let lost = |name: &str| Err(LedgerError::Conflict { key: key(name) });
        assert_eq!(ledger.commit(of([write("a", Expect::Absent)])).await, Ok(()));
        let other = Write { due: Some(jiff::Timestamp::UNIX_EPOCH), ..write("a", Expect::Absent) };
        assert_eq!(ledger.commit(of([other])).await, lost("a"));
        assert_eq!(ledger.commit(of([write("a", Expect::Version(2))])).await, lost("a"));
        assert_eq!(ledger.commit(of([write("b", Expect::Version(1))])).await, lost("b"));
        assert_eq!(ledger.commit(of([write("a", Expect::Version(1))])).await, Ok(()));
        assert_eq!(versions(&ledger, &["a", "b"]).await, [Some(2), None]);
    });
}

#[test]
fn a_transaction_is_written_whole_or_not_at_all() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        let absent = |name: &str| write(name, Expect::Absent);
        assert_eq!(ledger.commit(of([absent("a"), absent("b")])).await, Ok(()));
        for (lost, writes) in [
            ("b", vec![absent("c"), absent("b"), absent("d")]),
            ("a", vec![absent("c"), write("b", Expect::Version(1)), write("a", Expect::Version(7))]),
            ("d", vec![write("a", Expect::Version(1)), write("d", Expect::Version(1))]),
        ] {
            assert_eq!(ledger.commit(of(writes)).await, Err(LedgerError::Conflict { key: key(lost) }));
            assert_eq!(versions(&ledger, &["a", "b", "c", "d"]).await, [Some(1), Some(1), None, None]);
        }
        let whole = [write("a", Expect::Version(1)), write("b", Expect::Version(1)), absent("c")];
        assert_eq!(ledger.commit(of(whole)).await, Ok(()));
        assert_eq!(versions(&ledger, &["a", "b", "c"]).await, [Some(2), Some(2), Some(1)]);
    });
}

#[test]
fn a_hundred_writes_are_one_call_and_one_more_are_none() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        let names: Vec<String> = (0..=MAX_WRITES).map(|n| format!("s{n:03}")).collect();
        let writes = |count: usize| of(names[..count].iter().map(|name| write(name, Expect::Absent)));
        let error = ledger.commit(writes(MAX_WRITES + 1)).await.unwrap_err();
        assert_eq!(error, LedgerError::TooLarge { count: 101 });
        assert_eq!(services.gateway.calls(), []);
        assert_eq!(ledger.commit(writes(0)).await, Ok(()));
        assert_eq!(services.gateway.calls(), []);
        assert_eq!(ledger.commit(writes(MAX_WRITES)).await, Ok(()));
        assert_eq!(services.gateway.calls().len(), 1);

        // More than one batch of reads, some twice, one missing: in the order asked for.
        let keys: Vec<Key> = names.iter().rev().chain(&names).map(|name| key(name)).collect();
        let found = ledger.read(&keys).await.unwrap();
        for (key, stored) in keys.iter().zip(&found) {
            let record = stored.as_ref().map(|stored| &stored.record);
            match record {
                Some(Record::Target(record)) => assert_eq!(Key::target(&record.target), *key),
                other => assert_eq!((other, key), (None, &super::ledger::key("s100"))),
            }
        }
        assert_eq!(found.iter().filter(|stored| stored.is_none()).count(), 2);
        let batches = services.gateway.calls_of(&When::any().operation("BatchGetItem"));
        assert_eq!(batches.len(), 2, "101 different keys");
        assert_eq!(ledger.read(&[]).await, Ok(Vec::new()));
    });
}

#[test]
fn what_is_due_comes_in_order_by_pages_and_leaves_the_index_when_it_is_due_no_more() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        let due = |n: i64| Some(at(100 - n));
        let writes = (0..25).map(|n| Write { due: due(n), ..write(&format!("s{n:02}"), Expect::Absent) });
        ledger.commit(of(writes)).await.unwrap();
        ledger.commit(of([Write { due: due(3), ..news("x", 1, Expect::Absent) }])).await.unwrap();
        ledger.commit(of([write("never", Expect::Absent)])).await.unwrap();

        let mut all: Vec<Due> = Vec::new();
        let mut pages = Vec::new();
        loop {
            let page = ledger.due(Owner::Remediation, at(98), all.last(), 10).await.unwrap();
            pages.push(page.len());
            all.extend(page);
            if pages.last() < Some(&10) {
                break;
            }
        }
        assert_eq!(pages, [10, 10, 3], "s00 and s01 are not due yet");
        let expected: Vec<Due> =
            (2..25).rev().map(|n| Due { at: at(100 - n), key: key(&format!("s{n:02}")) }).collect();
        assert_eq!(all, expected, "the longest due first");

        let cleared = write("s24", Expect::Version(1));
        let later = Write { due: Some(at(500)), ..write("s23", Expect::Version(1)) };
        ledger.commit(of([cleared, later])).await.unwrap();
        let first = ledger.due(Owner::Remediation, at(98), None, 1).await.unwrap();
        assert_eq!(first, [Due { at: at(78), key: key("s22") }]);
        let cleared = item(&services, &key("s24")).await;
        assert!(cleared["version"] == json!({"N": "2"}) && cleared.get("due_at").is_none(), "{cleared}");
        assert_eq!(ledger.due(Owner::Shared, at(98), None, 10).await.unwrap().len(), 1);
        assert_eq!(ledger.due(Owner::Notifications, at(98), None, 10).await, Ok(Vec::new()));
    });
}

#[test]
fn an_item_that_may_be_forgotten_says_so_in_the_tables_ttl_attribute() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        let expires = Some(at(0) + SignedDuration::from_millis(700));
        let closed = Write { expires, ..write("closed", Expect::Absent) };
        ledger.commit(of([closed, write("open", Expect::Absent)])).await.unwrap();
        let closed = item(&services, &key("closed")).await;
        assert_eq!(
            closed["expires_at"],
            json!({"N": "1800000000"}),
            "whole seconds since 1970, as TTL wants"
        );
        assert!(item(&services, &key("open")).await.get("expires_at").is_none());
        let found = ledger.read(&[key("closed"), key("open")]).await.unwrap();
        let read: Vec<_> = found.into_iter().flatten().map(|stored| stored.expires).collect();
        assert_eq!(read, [Some(at(0)), None]);
    });
}

#[test]
fn an_item_of_a_newer_version_is_refused_by_name_and_the_others_are_read() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        ledger.commit(of([write("known", Expect::Absent)])).await.unwrap();
        let newer = json!({"TableName": TABLE, "Item": {
            "pk": {"S": key("newer").to_string()}, "version": {"N": "3"},
            "item": {"S": format!(r#"{{"schema":{},"record":{{"what":{{}}}}}}"#, SCHEMA + 1)},
        }});
        services.moto.call("dynamodb", "DynamoDB_20120810.PutItem", &newer).await.unwrap();
        let refused = Err(LedgerError::NewerSchema { key: key("newer"), schema: SCHEMA + 1 });
        assert_eq!(ledger.read(&[key("newer")]).await, refused);
        assert_eq!(ledger.read(&[key("known"), key("newer")]).await, refused);
        assert_eq!(versions(&ledger, &["known"]).await, [Some(1)]);
    });
}

#[test]
fn what_is_larger_than_dynamodb_takes_is_refused_for_good() {
    run(async {
        let services = services().await;
        let huge = write(&"x".repeat(410_000), Expect::Absent);
        let error = services.ledger().commit(of([Write { key: key("a"), ..huge }])).await.unwrap_err();
        assert!(matches!(error, LedgerError::Refused { operation: "PutItem", .. }), "{error}");
        assert!(error.to_string().contains("ValidationException"), "{error}");
        assert_eq!(services.gateway.calls().len(), 1, "what cannot succeed is not tried again");
    });
}

#[test]
fn two_throttles_are_waited_out_and_three_are_told_and_may_be_tried_again() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        let tries = |operation: &str| services.gateway.calls_of(&When::any().operation(operation)).len();
        services.gateway.inject(When::any().operation("PutItem").first(2), Fault::Throttle);
        assert_eq!(ledger.commit(of([write("a", Expect::Absent)])).await, Ok(()));
        assert_eq!(tries("PutItem"), 3);

        services.gateway.inject(When::any().operation("TransactWriteItems").first(3), Fault::Throttle);
        let both = || of([write("b", Expect::Absent), write("c", Expect::Absent)]);
        let error = ledger.commit(both()).await.unwrap_err();
        assert!(matches!(error, LedgerError::Unavailable { .. }) && error.is_retryable(), "{error}");
        assert!(error.to_string().contains("ProvisionedThroughputExceededException"), "{error}");
        assert!(error.to_string().contains("r#TARGET#arn:aws:ecs"), "{error}");
        assert_eq!(tries("TransactWriteItems"), 3);
        assert_eq!(versions(&ledger, &["a", "b", "c"]).await, [Some(1), None, None]);
        assert_eq!(ledger.commit(both()).await, Ok(()));
    });
}

#[test]
fn a_write_whose_answer_was_lost_has_happened_once_and_is_recognised() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        // The SDK tries again, and the condition does not hold any more: what stands there is what was to be written.
        services.gateway.inject(When::any().operation("PutItem").first(1), Fault::LoseAnswer);
        assert_eq!(ledger.commit(of([write("a", Expect::Absent)])).await, Ok(()));
        assert_eq!(versions(&ledger, &["a"]).await, [Some(1)], "written once");
    });
}

#[test]
fn a_transaction_is_repeated_under_the_token_by_which_dynamodb_knows_it() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        services.gateway.inject(When::any().operation("TransactWriteItems").first(1), Fault::LoseAnswer);
        let both = of([write("a", Expect::Absent), write("b", Expect::Absent)]);
        let answer = ledger.commit(both).await;
        let calls = services.gateway.calls_of(&When::any().operation("TransactWriteItems"));
        let tokens: Vec<Value> =
            calls.iter().map(|call| call.json().unwrap()["ClientRequestToken"].take()).collect();
        assert!(tokens.len() == 2 && tokens[0].is_string() && tokens[0] == tokens[1], "{tokens:?}");
        // DynamoDB answers the second with success, for it knows the token. moto 5.2.5 knows no tokens and carries the
        // transaction out again, so that here it meets its own writes, and is recognised by them.
        assert_eq!(answer, Ok(()));
        assert_eq!(versions(&ledger, &["a", "b"]).await, [Some(1), Some(1)], "written once");
        // The next call is another one.
        ledger.commit(of([write("a", Expect::Version(1)), write("b", Expect::Version(1))])).await.unwrap();
        let calls = services.gateway.calls_of(&When::any().operation("TransactWriteItems"));
        assert_ne!(calls[2].json().unwrap()["ClientRequestToken"], tokens[0]);
    });
}

#[test]
fn a_dynamodb_that_is_down_is_told_by_operation_and_item_and_may_be_tried_again() {
    run(async {
        let services = services().await;
        let ledger = services.ledger();
        services.gateway.down("dynamodb");
        let errors = [
            ledger.commit(of([write("a", Expect::Absent)])).await.unwrap_err(),
            ledger.commit(of([write("a", Expect::Absent), write("b", Expect::Absent)])).await.unwrap_err(),
            ledger.read(&[key("a")]).await.unwrap_err(),
            ledger.read(&[key("a"), key("b")]).await.unwrap_err(),
            ledger.due(Owner::Remediation, at(0), None, 10).await.unwrap_err(),
        ];
        for (error, operation) in
            errors.iter().zip(["PutItem", "TransactWriteItems", "GetItem", "BatchGetItem", "Query"])
        {
            assert!(error.is_retryable(), "{error}");
            assert!(error.to_string().starts_with(&format!("{operation} of ")), "{error}");
            assert!(error.to_string().contains("ServiceUnavailable (503)"), "{error}");
        }
        services.gateway.up("dynamodb");
        assert_eq!(versions(&ledger, &["a", "b"]).await, [None, None]);

        let nobody = DynamoLedger::new(&sdk_at("http://127.0.0.1:1"), TABLE.to_owned());
        let error = nobody.read(&[key("a")]).await.unwrap_err();
        assert!(error.is_retryable() && error.to_string().contains("no connection"), "{error}");
        let elsewhere = DynamoLedger::new(&services.sdk, "nowhere".to_owned());
        let error = elsewhere.read(&[key("a")]).await.unwrap_err();
        assert!(!error.is_retryable() && error.to_string().contains("ResourceNotFoundException"), "{error}");
    });
}

/// Numbers without a pattern, the same each time (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((mixed ^ (mixed >> 27)) >> 33).unwrap() % end
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Writes of some of ten items, most as the ledger expects them.
async fn any_transaction(dice: &mut Dice, memory: &MemoryLedger, step: u64) -> Transaction {
    let mut writes: Vec<Write> = Vec::new();
    for _ in 0..=dice.below(4) {
        let name = dice.pick(&NAMES);
        let mut write =
            if dice.one_in(2) { write(name, Expect::Absent) } else { news(name, step, Expect::Absent) };
        // DynamoDB takes no two writes of one item. Now and then it is asked to.
        if writes.iter().any(|other| other.key == write.key) && !dice.one_in(3) {
            continue;
        }
        let stored = memory.read(std::slice::from_ref(&write.key)).await.unwrap().remove(0);
        write.expect = Expect::unchanged(stored.as_ref());
        if dice.one_in(6) {
            write.expect =
                dice.pick(&[Expect::Absent, Expect::Version(1), Expect::Version(2), Expect::Version(9)]);
        }
        write.due = dice.one_in(2).then(|| at(i64::try_from(dice.below(50)).unwrap()));
        write.expires = dice.one_in(3).then(|| at(9_000 + i64::try_from(dice.below(50)).unwrap()));
        writes.push(write);
    }
    of(writes)
}

/// What is due at `now`, page by page.
async fn all_due(ledger: &impl Ledger, owner: Owner, now: Timestamp, page: usize) -> Vec<Due> {
    let mut all: Vec<Due> = Vec::new();
    loop {
        let found = ledger.due(owner, now, all.last(), page).await.unwrap();
        let is_last = found.len() < page;
        all.extend(found);
        if is_last {
            assert!(all.is_sorted_by_key(|due| due.at), "{all:?}");
            // DynamoDB promises no order among those that are due at the same time.
            all.sort();
            return all;
        }
    }
}

/// What an error means to callers; the words are each ledger's own.
fn kind(result: Result<(), LedgerError>) -> Result<(), (bool, Option<Key>)> {
    result.map_err(|error| match error {
        LedgerError::Conflict { key } => (true, Some(key)),
        other => (other.is_retryable(), None),
    })
}

#[test]
fn the_ledger_in_memory_answers_as_the_one_in_dynamodb() {
    run(async {
        let services = services().await;
        let (dynamo, memory) = (services.ledger(), MemoryLedger::new());
        let mut dice = Dice(20_261_120);
        let keys: Vec<Key> =
            NAMES.iter().flat_map(|name| [key(name), news(name, 0, Expect::Absent).key]).collect();
        let (mut written, mut conflicts, mut refused) = (0, 0, 0);
        for step in 0..200 {
            let transaction = any_transaction(&mut dice, &memory, step).await;
            let answer = kind(dynamo.commit(transaction.clone()).await);
            assert_eq!(
                answer,
                kind(memory.commit(transaction.clone()).await),
                "step {step}: {transaction:?}"
            );
            match answer {
                Ok(()) => written += 1,
                Err((true, Some(_))) => conflicts += 1,
                Err(_) => refused += 1,
            }
            let mut asked: Vec<Key> = (0..dice.below(6)).map(|_| dice.pick(&keys)).collect();
            asked.extend(transaction.writes.into_iter().map(|write| write.key));
            assert_eq!(dynamo.read(&asked).await, memory.read(&asked).await, "step {step}");
            if step % 5 == 0 {
                let owner = dice.pick(&[Owner::Remediation, Owner::Shared, Owner::Notifications]);
                let (now, page) = (at(i64::try_from(dice.below(60)).unwrap()), 1 + dice.below(4));
                let due = all_due(&memory, owner, now, page).await;
                assert_eq!(all_due(&dynamo, owner, now, page).await, due, "step {step}");
            }
        }
        assert!(written > 100 && conflicts > 25 && refused > 5, "{written} {conflicts} {refused}");
    });
}
