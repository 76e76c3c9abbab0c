//! The outbox: nothing is lost, nothing is told twice, no channel holds up another.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::FutureExt;
use serde_json::json;
use steward::arn::{ClusterArn, ServiceName};
use steward::incident::{Failures, Incident, Status, Target};
use steward::ledger::{Lease, MemoryLedger, Owner, Thread};
use steward::notification::Message as Rendered;
use steward::ports::NudgeError;

use super::*;
use crate::tell::{FIRST_PAUSE, pause};

/// The `tell` queue: what was nudged, and what was postponed for how long.
#[derive(Default)]
struct Queue {
    nudged: RefCell<Vec<Subject>>,
    postponed: RefCell<Vec<(String, SignedDuration)>>,
    fails: Cell<bool>,
}

impl Queue {
    fn answer(&self, operation: &'static str) -> Result<(), NudgeError> {
        let error = || NudgeError { operation, subject: "x".into(), problem: "no route".into() };
        if self.fails.get() { Err(error()) } else { Ok(()) }
    }
}

impl Tell for Queue {
    async fn nudge(&self, subject: &Subject, _: SignedDuration) -> Result<(), NudgeError> {
        self.answer("SendMessage")?;
        self.nudged.borrow_mut().push(subject.clone());
        Ok(())
    }
}

impl Postpone for Queue {
    async fn postpone(&self, receipt: &str, pause: SignedDuration) -> Result<(), NudgeError> {
        self.answer("ChangeMessageVisibility")?;
        self.postponed.borrow_mut().push((receipt.to_owned(), pause));
        Ok(())
    }
}

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
    asks: Cell<Option<SignedDuration>>,
}

impl Channel for Wall {
    fn name(&self) -> &str {
        self.name
    }

    async fn send(&self, _: &Subject, message: &Rendered) -> Result<(), SendError> {
        if self.fails.get() {
            let problem = "503".to_owned();
            let retry_after = self.asks.get();
            return Err(SendError { channel: self.name.into(), problem, retry_after, retryable: true });
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

/// Works inside of a channel too: a ledger in memory never waits.
fn put(ledger: &MemoryLedger, key: Key, record: Record, due: Option<Timestamp>) {
    let stored = ledger.read(std::slice::from_ref(&key)).now_or_never().unwrap().unwrap().remove(0);
    let write = Write { key, expect: Expect::unchanged(stored.as_ref()), record, due, expires: None };
    ledger.commit(Transaction { writes: vec![write] }).now_or_never().unwrap().unwrap();
}

fn news(ledger: &MemoryLedger, seq: u64) -> Subject {
    let (subject, incident) = subject();
    put(ledger, Key::subject(&subject), Record::Incident(incident), None);
    put(ledger, Key::news(&subject), Record::News(News { subject: subject.clone(), seq }), Some(start()));
    subject
}

/// All that a handler touches.
struct World {
    ledger: MemoryLedger,
    clock: At,
    queue: Queue,
    channels: [Wall; 2],
}

impl World {
    fn new() -> Self {
        let channels = [Wall { name: "slack", ..Wall::default() }, Wall { name: "mail", ..Wall::default() }];
        let clock = At(Cell::new(start()));
        Self { ledger: MemoryLedger::new(), clock, queue: Queue::default(), channels }
    }

    fn handler(&self, holder: &str) -> Handler<'_, MemoryLedger, Wall, Queue, At> {
        self.handler_over(&self.channels, holder)
    }

    fn handler_over<'w, H: Channel>(
        &'w self,
        channels: &'w [H],
        holder: &str,
    ) -> Handler<'w, MemoryLedger, H, Queue, At> {
        let ports = Ports { ledger: &self.ledger, channels, queue: &self.queue, clock: &self.clock };
        let now = self.clock.now();
        let deadline = Deadline::new(now, now + SignedDuration::from_secs(30));
        Handler::new(ports, Invocation { holder: holder.to_owned(), deadline })
    }

    /// Over a ledger that stands before the world's own.
    fn handler_with<'w, L: Ledger>(&'w self, ledger: &'w L) -> Handler<'w, L, Wall, Queue, At> {
        let ports = Ports { ledger, channels: &self.channels, queue: &self.queue, clock: &self.clock };
        let deadline = Deadline::new(start(), start() + SignedDuration::from_secs(30));
        Handler::new(ports, Invocation { holder: "a".to_owned(), deadline })
    }

    fn tell(&self, subject: &Subject, holder: &str) -> Result<Told, TellError> {
        run(self.handler(holder).tell(subject))
    }

    fn pass(&self, duration: SignedDuration) {
        self.clock.0.set(self.clock.0.get() + duration);
    }

    fn seen(&self) -> [usize; 2] {
        [0, 1].map(|n: usize| self.channels[n].seen.borrow().len())
    }

    fn due(&self) -> usize {
        run(self.ledger.due(Owner::Shared, self.clock.now(), None, 1000)).unwrap().len()
    }
}

#[test]
fn news_is_told_once_to_every_channel() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    assert_eq!(world.tell(&subject, "a"), Ok(Told::Yes { channels: 2 }));
    assert_eq!(world.due(), 0);
    assert_eq!(world.tell(&subject, "b"), Ok(Told::Nothing));
    assert_eq!(world.seen(), [1, 1]);
}

#[test]
fn a_channel_that_fails_is_told_later_and_holds_up_no_other() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    world.channels[0].fails.set(true);
    let told = world.tell(&subject, "a");
    assert!(
        matches!(told, Err(TellError::Channels { failed, pause }) if failed.len() == 1 && pause == FIRST_PAUSE)
    );
    assert_eq!((world.seen(), world.due()), ([0, 1], 0), "the message comes again before a sweep would");
    world.pass(FIRST_PAUSE);
    world.channels[0].fails.set(false);
    assert_eq!(world.tell(&subject, "b"), Ok(Told::Yes { channels: 1 }));
    assert_eq!((world.seen(), world.due()), ([1, 1], 0));
}

#[test]
fn a_sweep_queues_what_is_due_page_by_page_and_leaves_it_alone_while_it_is_on_its_way() {
    let world = World::new();
    let (Subject::Incident { target, .. }, _) = subject() else { panic!() };
    for i in 0..250 {
        let opened_at = start() - SignedDuration::from_secs(i);
        let subject = Subject::Incident { target: target.clone(), opened_at };
        put(
            &world.ledger,
            Key::news(&subject),
            Record::News(News { subject: subject.clone(), seq: 1 }),
            Some(start()),
        );
        if i % 2 == 0 {
            world.ledger.damage(&Key::news(&subject), r#"{"schema":99}"#);
        }
    }
    let swept = run(world.handler("a").sweep()).unwrap();
    assert_eq!((swept.queued.len(), swept.failed.len(), world.queue.nudged.borrow().len()), (125, 125, 125));
    assert!(swept.failed[0].contains("has schema 99"), "{}", swept.failed[0]);
    assert_eq!(run(world.handler("b").sweep()).unwrap().queued.len(), 0);
    world.pass(ON_ITS_WAY);
    assert_eq!(run(world.handler("c").sweep()).unwrap().queued.len(), 125, "the queue was purged");
}

#[test]
fn what_a_sweep_could_not_queue_stays_due() {
    let world = World::new();
    news(&world.ledger, 1);
    world.queue.fails.set(true);
    let swept = run(world.handler("a").sweep()).unwrap();
    assert_eq!((swept.queued.len(), swept.failed.len(), world.due()), (0, 1, 1));
}

fn batch(bodies: &[String]) -> Vec<u8> {
    let records: Vec<serde_json::Value> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| json!({"messageId": format!("m-{n}"), "receiptHandle": format!("r-{n}"), "body": body}))
        .collect();
    json!({"Records": records}).to_string().into_bytes()
}

fn told(outcome: Outcome) -> Vec<Message> {
    match outcome {
        Outcome::Told(messages) => messages,
        Outcome::Swept(swept) => panic!("{swept:?}"),
    }
}

#[test]
fn a_message_that_names_nothing_returns_alone_and_is_not_kept_back() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let good = Request::Tell { subject }.to_text();
    let bodies = [good.clone(), "{".to_owned(), good, r#"{"steward":"sweep"}"#.to_owned()];
    let messages = told(run(world.handler("a").handle(&batch(&bodies))).unwrap());
    let returned: Vec<bool> = messages.iter().map(Message::must_return).collect();
    assert_eq!(returned, [false, true, false, true]);
    assert_eq!(
        (world.seen(), world.queue.postponed.borrow().len()),
        ([1, 1], 0),
        "told once, however often named"
    );
}

#[test]
fn a_message_is_kept_back_for_as_long_as_its_channel_asks() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    world.channels[0].fails.set(true);
    world.channels[0].asks.set(Some(SignedDuration::from_secs(7)));
    let messages =
        told(run(world.handler("a").handle(&batch(&[Request::Tell { subject }.to_text()]))).unwrap());
    assert!(messages[0].must_return());
    assert_eq!(*world.queue.postponed.borrow(), [("r-0".to_owned(), SignedDuration::from_secs(7))]);
}

#[test]
fn what_is_neither_a_batch_nor_a_request_fails_by_name() {
    let error =
        run(World::new().handler("a").handle(br#"{"detail-type":"ECS Task State Change"}"#)).unwrap_err();
    assert!(error.to_string().starts_with("not a request: missing field `steward`"), "{error}");
}

#[test]
fn nothing_is_begun_that_there_is_no_time_for() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let handler = world.handler("a");
    world.pass(SignedDuration::from_secs(21));
    assert_eq!(run(handler.tell(&subject)), Err(TellError::OutOfTime));
    assert_eq!((world.seen(), world.due()), ([0, 0], 1));
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
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let until = start() + SignedDuration::from_secs(32);
    let lease = Some(Lease { holder: "other".into(), until });
    let thread = Thread { subject: subject.clone(), told: BTreeMap::new(), lease, failures: 0 };
    put(&world.ledger, Key::thread(&subject), Record::Thread(thread), None);
    assert_eq!(world.tell(&subject, "me"), Err(TellError::Elsewhere { subject: subject.clone() }));
    world.clock.0.set(until);
    assert_eq!(world.tell(&subject, "me"), Ok(Told::Yes { channels: 2 }));
}

/// A ledger in which something is written while several items are being read, the last one first.
struct Torn<'l, F>(&'l MemoryLedger, F);

impl<F: Fn(&MemoryLedger)> Ledger for Torn<'_, F> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        let mut found = Vec::new();
        for key in keys.iter().rev() {
            found.extend(self.0.read(std::slice::from_ref(key)).await?);
            (self.1)(self.0);
        }
        found.reverse();
        Ok(found)
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        self.0.commit(transaction).await
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&steward::ledger::Due>,
        limit: usize,
    ) -> Result<Vec<steward::ledger::Due>, LedgerError> {
        self.0.due(owner, now, after, limit).await
    }
}

#[test]
fn what_changes_while_it_is_read_is_told_as_it_became() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let has_changed = Cell::new(false);
    let change = |ledger: &MemoryLedger| {
        if has_changed.replace(true) {
            return;
        }
        let by = steward::incident::Ending::Steady;
        let resolved = Incident { status: Status::Resolved { at: start(), by }, ..self::subject().1 };
        put(ledger, Key::subject(&subject), Record::Incident(resolved), None);
        let newer = News { subject: subject.clone(), seq: 2 };
        put(ledger, Key::news(&subject), Record::News(newer), Some(start()));
    };
    let ledger = Torn(&world.ledger, change);
    let handler = world.handler_with(&ledger);
    run(handler.tell(&subject)).unwrap();
    let told = world.channels[0].seen.borrow().last().unwrap().clone();
    assert!(told.contains("resolved") || world.due() == 1, "told as {told:?}, and not due any more");
}

/// A ledger that refuses some notes.
struct Refusing<'l> {
    inner: &'l MemoryLedger,
    /// Writes of threads from here on fail, so many of them.
    from: usize,
    count: usize,
    writes: Cell<usize>,
}

impl Ledger for Refusing<'_> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.inner.read(keys).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let key = transaction.writes[0].key.clone();
        if key.as_str().starts_with("n#THREAD#") {
            let write = self.writes.get() + 1;
            self.writes.set(write);
            if (self.from..self.from + self.count).contains(&write) {
                let (operation, problem) = ("PutItem", "throttled".to_owned());
                return Err(LedgerError::Unavailable { operation, target: key.to_string(), problem });
            }
        }
        self.inner.commit(transaction).await
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&steward::ledger::Due>,
        limit: usize,
    ) -> Result<Vec<steward::ledger::Due>, LedgerError> {
        self.inner.due(owner, now, after, limit).await
    }
}

#[test]
fn a_note_that_fails_cuts_off_no_channel_and_the_next_note_makes_up_for_it() {
    // The first write is the lease; then come a note a channel, and one more try.
    for (from, count) in [(2, 1), (3, 1), (2, 2)] {
        let world = World::new();
        let subject = news(&world.ledger, 1);
        let ledger = Refusing { inner: &world.ledger, from, count, writes: Cell::new(0) };
        let handler = world.handler_with(&ledger);
        assert_eq!(run(handler.tell(&subject)), Ok(Told::Yes { channels: 2 }), "{from} {count}");
        assert_eq!(world.tell(&subject, "b"), Ok(Told::Nothing));
        assert_eq!((world.seen(), world.due()), ([1, 1], 0));
    }
}

#[test]
fn a_subject_that_cannot_be_read_is_left_alone_for_long() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    world.ledger.damage(&Key::subject(&subject), r#"{"schema":99}"#);
    let bodies = [Request::Tell { subject }.to_text()];
    let messages = told(run(world.handler("a").handle(&batch(&bodies))).unwrap());
    assert!(messages[0].problem().unwrap().contains("has schema 99"));
    assert_eq!(*world.queue.postponed.borrow(), [("r-0".to_owned(), crate::tell::LONGEST_PAUSE)]);
    world.pass(crate::tell::LONGEST_PAUSE);
    assert_eq!(world.due(), 0);
    world.pass(ON_ITS_WAY);
    assert_eq!(world.due(), 1, "and not for ever");
}

#[test]
fn a_ledger_that_does_not_answer_is_asked_again_soon_and_then_less_often() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let ledger = Refusing { inner: &world.ledger, from: 1, count: 100, writes: Cell::new(0) };
    let pauses = [1, 2, 5, 20].map(|receives| {
        let handler = world.handler_with(&ledger);
        let record = json!({
            "messageId": "m", "receiptHandle": "r", "body": Request::Tell { subject: subject.clone() }.to_text(),
            "attributes": {"ApproximateReceiveCount": receives.to_string()},
        });
        run(handler.handle(json!({"Records": [record]}).to_string().as_bytes())).unwrap();
        world.queue.postponed.borrow_mut().pop().unwrap().1.as_secs()
    });
    assert_eq!(pauses, [5, 10, 80, 300]);
}

/// A channel that looks at the ledger while it sends.
struct Peeping<'l, F>(&'static str, &'l MemoryLedger, F);

impl<F: Fn(&MemoryLedger, &Subject)> Channel for Peeping<'_, F> {
    fn name(&self) -> &str {
        self.0
    }

    async fn send(&self, subject: &Subject, _: &Rendered) -> Result<(), SendError> {
        (self.2)(self.1, subject);
        Ok(())
    }
}

#[test]
fn a_lease_outlives_its_invocation() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let until = Cell::new(None);
    let peep = |ledger: &MemoryLedger, subject: &Subject| {
        let records = ledger.records().unwrap();
        let Some(Record::Thread(thread)) = records.get(&Key::thread(subject)) else { panic!() };
        until.set(thread.lease.as_ref().map(|lease| lease.until));
    };
    let channels = [Peeping("peeping", &world.ledger, peep)];
    let handler = world.handler_over(&channels, "a");
    run(handler.tell(&subject)).unwrap();
    assert!(until.get().unwrap() > handler.invocation.deadline.ends());
}

/// A channel that answers at once, or one wake-up later.
struct Slow<C>(C, bool);
impl<C: Channel> Channel for Slow<C> {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn send(&self, subject: &Subject, message: &Rendered) -> Result<(), SendError> {
        if self.1 {
            tokio::task::yield_now().await;
        }
        self.0.send(subject, message).await
    }
}

#[test]
fn what_one_channel_was_told_is_noted_before_another_is_done() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let noted = RefCell::new(Vec::new());
    let peep = |ledger: &MemoryLedger, subject: &Subject| {
        let records = ledger.records().unwrap();
        let Some(Record::Thread(thread)) = records.get(&Key::thread(subject)) else { panic!() };
        noted.borrow_mut().extend(thread.told.keys().cloned());
    };
    let channels = [
        Slow(Peeping("fast", &world.ledger, &peep), false),
        Slow(Peeping("slow", &world.ledger, &peep), true),
    ];
    run(world.handler_over(&channels, "a").tell(&subject)).unwrap();
    assert_eq!(*noted.borrow(), ["fast"]);
}

#[test]
fn news_that_comes_while_telling_stays_due() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let has_come = Cell::new(false);
    let come = |ledger: &MemoryLedger, subject: &Subject| {
        if !has_come.replace(true) {
            let record = Record::News(News { subject: subject.clone(), seq: 2 });
            put(ledger, Key::news(subject), record, Some(start()));
        }
    };
    let channels = [Peeping("late", &world.ledger, come)];
    assert_eq!(run(world.handler_over(&channels, "a").tell(&subject)), Ok(Told::Yes { channels: 1 }));
    assert_eq!(world.due(), 1);
    assert_eq!(run(world.handler_over(&channels, "b").tell(&subject)), Ok(Told::Yes { channels: 1 }));
    assert_eq!(world.due(), 0);
}

#[test]
fn a_sweep_that_moves_the_time_of_what_is_being_told_brings_it_up_no_second_time() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let sweep = |_: &MemoryLedger, _: &Subject| {
        let swept = world.handler("sweep").sweep().now_or_never().unwrap().unwrap();
        assert_eq!(swept.queued.len(), 1);
    };
    let channels = [Peeping("peeping", &world.ledger, sweep)];
    run(world.handler_over(&channels, "a").tell(&subject)).unwrap();
    world.pass(ON_ITS_WAY);
    assert_eq!(world.due(), 0);
}

#[test]
fn news_about_what_is_gone_is_due_no_longer() {
    let world = World::new();
    let (subject, _) = subject();
    put(
        &world.ledger,
        Key::news(&subject),
        Record::News(News { subject: subject.clone(), seq: 1 }),
        Some(start()),
    );
    assert_eq!(world.tell(&subject, "a"), Ok(Told::Nothing));
    assert_eq!(world.due(), 0);
}
