//! The outbox: nothing is lost, nothing is told twice, no channel holds up another.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use steward::arn::{ClusterArn, ServiceName};
use steward::incident::{Failures, Incident, Status, Target};

use super::*;

struct At(Cell<Timestamp>);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

#[derive(Default)]
struct Wall {
    name: &'static str,
    seen: RefCell<Vec<String>>,
    fails: Cell<bool>,
}

impl Channel for Wall {
    fn name(&self) -> &str {
        self.name
    }

    async fn send(&self, _: &Subject, message: &Message) -> Result<(), SendError> {
        if self.fails.get() {
            let problem = "503".to_owned();
            return Err(SendError { channel: self.name.into(), problem, retry_after: None, retryable: true });
        }
        self.seen.borrow_mut().push(message.title.to_string());
        Ok(())
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn start() -> Timestamp {
    "2026-11-20T21:30:00Z".parse().unwrap()
}

fn subject() -> (Subject, Incident) {
    let target = Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"),
        name: ServiceName::new("api"),
    };
    let incident = Incident {
        target: target.clone(),
        opened_at: start(),
        status: Status::Open,
        failures: Failures::default(),
        deployments: std::collections::BTreeSet::new(),
    };
    (Subject::Incident { target, opened_at: start() }, incident)
}

fn put(ledger: &steward::ledger::MemoryLedger, key: Key, record: Record, due: Option<Timestamp>) {
    let stored = run(ledger.read(std::slice::from_ref(&key))).unwrap().remove(0);
    let write = Write { key, expect: Expect::unchanged(stored.as_ref()), record, due, expires: None };
    run(ledger.commit(Transaction { writes: vec![write] })).unwrap();
}

fn news(ledger: &steward::ledger::MemoryLedger, seq: u64) -> Subject {
    let (subject, incident) = subject();
    put(ledger, Key::subject(&subject), Record::Incident(incident), None);
    put(ledger, Key::news(&subject), Record::News(News { subject: subject.clone(), seq }), Some(start()));
    subject
}

fn walls() -> [Wall; 2] {
    [Wall { name: "slack", ..Wall::default() }, Wall { name: "mail", ..Wall::default() }]
}

fn due(ledger: &steward::ledger::MemoryLedger) -> usize {
    run(ledger.due(Owner::Shared, start(), 10)).unwrap().len()
}

#[test]
fn news_is_told_once_to_every_channel() {
    let (ledger, clock, channels) = (steward::ledger::MemoryLedger::new(), At(Cell::new(start())), walls());
    let subject = news(&ledger, 1);
    let handler = Handler::new(Ports { ledger: &ledger, channels: &channels, clock: &clock });
    assert_eq!(run(handler.tell(&subject, "a")), Ok(Told::Yes { channels: 2 }));
    assert_eq!(due(&ledger), 0);
    assert_eq!(run(handler.tell(&subject, "b")), Ok(Told::Nothing));
    assert!(channels.iter().all(|channel| channel.seen.borrow().len() == 1));
}

#[test]
fn a_channel_that_fails_is_told_later_and_holds_up_no_other() {
    let (ledger, clock, channels) = (steward::ledger::MemoryLedger::new(), At(Cell::new(start())), walls());
    let subject = news(&ledger, 1);
    let handler = Handler::new(Ports { ledger: &ledger, channels: &channels, clock: &clock });
    channels[0].fails.set(true);
    assert!(
        matches!(run(handler.tell(&subject, "a")), Err(TellError::Channels(failed)) if failed.len() == 1)
    );
    assert_eq!((channels[1].seen.borrow().len(), due(&ledger)), (1, 0), "left alone for a minute");
    clock.0.set(start() + FIRST_PAUSE);
    channels[0].fails.set(false);
    let swept = run(handler.sweep("b")).unwrap();
    assert!(matches!(swept.as_slice(), [(_, Ok(Told::Yes { channels: 1 }))]), "{swept:?}");
    assert_eq!((channels[0].seen.borrow().len(), channels[1].seen.borrow().len(), due(&ledger)), (1, 1, 0));
}

#[test]
fn a_channel_that_never_answers_starves_no_subject_and_loses_none() {
    let (ledger, clock, channels) = (steward::ledger::MemoryLedger::new(), At(Cell::new(start())), walls());
    let (Subject::Incident { target, .. }, incident) = subject() else { panic!() };
    let subjects: Vec<Subject> = (0..250)
        .map(|i| {
            let opened_at = start() - SignedDuration::from_secs(i);
            let subject = Subject::Incident { target: target.clone(), opened_at };
            put(
                &ledger,
                Key::subject(&subject),
                Record::Incident(Incident { opened_at, ..incident.clone() }),
                None,
            );
            let news = News { subject: subject.clone(), seq: 1 };
            put(&ledger, Key::news(&subject), Record::News(news), Some(start()));
            subject
        })
        .collect();
    channels[0].fails.set(true);
    let handler = Handler::new(Ports { ledger: &ledger, channels: &channels, clock: &clock });
    for _ in 0..3 {
        run(handler.sweep("a")).unwrap();
    }
    assert_eq!(channels[1].seen.borrow().len(), subjects.len());
    channels[0].fails.set(false);
    clock.0.set(start() + LONGEST_PAUSE);
    for _ in 0..3 {
        run(handler.sweep("b")).unwrap();
    }
    assert_eq!(channels[0].seen.borrow().len(), subjects.len());
}

#[test]
fn pauses_grow_are_bounded_and_follow_what_the_channel_asks() {
    let error = |retryable, retry_after| SendError {
        channel: "x".into(),
        problem: "p".into(),
        retry_after,
        retryable,
    };
    let minutes = |failed: &[SendError], attempts| pause(failed, attempts).as_mins();
    assert_eq!([1, 2, 3, 9].map(|attempts| minutes(&[error(true, None)], attempts)), [1, 2, 4, 30]);
    assert_eq!(minutes(&[error(true, Some(SignedDuration::from_mins(7)))], 1), 7);
    assert_eq!(minutes(&[error(false, None)], 1), 30);
}

#[test]
fn another_invocations_lease_is_respected_until_it_ends() {
    let (ledger, clock, channels) = (steward::ledger::MemoryLedger::new(), At(Cell::new(start())), walls());
    let subject = news(&ledger, 1);
    let lease = Some(Lease { holder: "other".into(), until: start() + LEASE });
    let thread = Thread { subject: subject.clone(), told: BTreeMap::new(), lease, failures: 0 };
    put(&ledger, Key::thread(&subject), Record::Thread(thread), None);
    let handler = Handler::new(Ports { ledger: &ledger, channels: &channels, clock: &clock });
    assert_eq!(run(handler.tell(&subject, "me")), Ok(Told::Elsewhere));
    clock.0.set(start() + LEASE);
    assert_eq!(run(handler.tell(&subject, "me")), Ok(Told::Yes { channels: 2 }));
}

#[test]
fn news_that_comes_while_telling_stays_due() {
    struct Late<'l>(&'l steward::ledger::MemoryLedger, Cell<bool>);
    impl Channel for Late<'_> {
        fn name(&self) -> &str {
            "late"
        }

        async fn send(&self, subject: &Subject, _: &Message) -> Result<(), SendError> {
            if !self.1.replace(true) {
                let key = Key::news(subject);
                let stored = self.0.read(std::slice::from_ref(&key)).await.unwrap().remove(0);
                let record = Record::News(News { subject: subject.clone(), seq: 2 });
                let write = Write {
                    key,
                    expect: Expect::unchanged(stored.as_ref()),
                    record,
                    due: Some(start()),
                    expires: None,
                };
                self.0.commit(Transaction { writes: vec![write] }).await.unwrap();
            }
            Ok(())
        }
    }
    let (ledger, clock) = (steward::ledger::MemoryLedger::new(), At(Cell::new(start())));
    let subject = news(&ledger, 1);
    let channels = [Late(&ledger, Cell::new(false))];
    let handler = Handler::new(Ports { ledger: &ledger, channels: &channels, clock: &clock });
    assert_eq!(run(handler.tell(&subject, "a")), Ok(Told::Yes { channels: 1 }));
    assert_eq!(due(&ledger), 1);
    assert_eq!(run(handler.tell(&subject, "b")), Ok(Told::Yes { channels: 1 }));
    assert_eq!(due(&ledger), 0);
}

#[test]
fn news_about_what_is_gone_is_due_no_longer() {
    let (ledger, clock, channels) = (steward::ledger::MemoryLedger::new(), At(Cell::new(start())), walls());
    let (subject, _) = subject();
    put(&ledger, Key::news(&subject), Record::News(News { subject: subject.clone(), seq: 1 }), Some(start()));
    let handler = Handler::new(Ports { ledger: &ledger, channels: &channels, clock: &clock });
    assert_eq!(run(handler.tell(&subject, "a")), Ok(Told::Nothing));
    assert_eq!(due(&ledger), 0);
}
