//! One subject: told once, whole, and by one invocation at a time.

use steward::config::{Match, Route};
use steward::ledger::{ChannelRecord, Kept, Told as ToldOf, Why};

use super::*;

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
        matches!(told, Err(TellError::Channels { failed, pause, .. }) if failed.len() == 1 && pause == FIRST_PAUSE)
    );
    assert_eq!((world.seen(), world.due()), ([0, 1], 0), "the message comes again before a sweep would");
    world.pass(FIRST_PAUSE);
    world.channels[0].fails.set(false);
    assert_eq!(world.tell(&subject, "b"), Ok(Told::Yes { channels: 1 }));
    assert_eq!((world.seen(), world.due()), ([1, 1], 0));
}

#[test]
fn news_that_a_channel_does_not_take_grows_late() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    world.channels[0].fails.set(true);
    let late = |told| match told {
        Err(TellError::Channels { late: Some(late), .. }) => late,
        told => panic!("{told:?}"),
    };
    let first = late(world.tell(&subject, "a"));
    let hour = SignedDuration::from_hours(1);
    world.pass(hour);
    assert_eq!(late(world.tell(&subject, "b")), first + hour);
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
        trouble: if retryable { Trouble::Later } else { Trouble::Refused },
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
    let thread = Thread { lease, ..Thread::untold(subject.clone()) };
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

/// A channel that looks at the ledger while it sends.
struct Peeping<'l, F>(&'static str, &'l MemoryLedger, F);

impl<F: Fn(&MemoryLedger, &Subject)> Channel for Peeping<'_, F> {
    fn name(&self) -> &str {
        self.0
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        (self.2)(self.1, letter.subject);
        Ok(None)
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

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        if self.1 {
            tokio::task::yield_now().await;
        }
        self.0.send(letter).await
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
        let told = thread.told.iter().filter(|(_, told)| told.at.is_some());
        noted.borrow_mut().extend(told.map(|(name, _)| name.clone()));
    };
    let channels = [
        Slow(Peeping("fast", &world.ledger, &peep), false),
        Slow(Peeping("slow", &world.ledger, &peep), true),
    ];
    run(world.handler_over(&channels, "a").tell(&subject)).unwrap();
    assert_eq!(*noted.borrow(), ["fast"]);
}

/// A channel that can be asked what has arrived, and is: for which step, and since when.
#[derive(Default)]
struct Asked {
    looked_for: RefCell<Vec<(String, Timestamp)>>,
    is_dead: Cell<bool>,
}

impl Channel for Asked {
    fn name(&self) -> &str {
        "asked"
    }

    fn edits(&self) -> bool {
        true
    }

    async fn send(&self, _: &Letter<'_>) -> Result<Option<Root>, SendError> {
        Ok(Some(Root { channel: "C1".to_owned(), id: "1".to_owned() }))
    }

    async fn find(&self, letter: &Letter<'_>, since: Timestamp) -> Result<Option<Root>, SendError> {
        self.looked_for.borrow_mut().push((letter.key.to_owned(), since));
        if self.is_dead.get() {
            std::future::pending::<()>().await;
        }
        Ok(None)
    }
}

/// A thread whose teller died, and when the lease of the dead began at the earliest.
fn left_in_doubt(world: &World) -> (Subject, Timestamp) {
    let subject = news(&world.ledger, 1);
    let lease = Some(Lease { holder: "who died".into(), until: start() });
    let thread = Thread { lease, ..Thread::untold(subject.clone()) };
    put(&world.ledger, Key::thread(&subject), Record::Thread(thread), None);
    (subject, start() - LONGEST_INVOCATION)
}

#[test]
fn a_doubt_outlives_the_news_that_comes_next_for_the_step_in_doubt_may_have_gone_and_come_back() {
    let world = World::new();
    let (subject, since) = left_in_doubt(&world);
    let channels = [Asked::default()];
    run(world.handler_over(&channels, "a").tell(&subject)).unwrap();
    let by = steward::incident::Ending::Steady;
    let resolved = Incident { status: Status::Resolved { at: start(), by }, ..self::subject().1 };
    put(&world.ledger, Key::subject(&subject), Record::Incident(resolved), None);
    let record = Record::News(News { subject: subject.clone(), seq: 2 });
    put(&world.ledger, Key::news(&subject), record, Some(start()));
    run(world.handler_over(&channels, "b").tell(&subject)).unwrap();
    let looked_for = [("root".to_owned(), since), ("resolved:0".to_owned(), since)];
    assert_eq!(*channels[0].looked_for.borrow(), looked_for);
}

#[test]
fn a_doubt_outlives_the_next_who_dies_before_a_note() {
    let world = World::new();
    let (subject, since) = left_in_doubt(&world);
    let channels = [Asked::default()];
    channels[0].is_dead.set(true);
    assert!(world.handler_over(&channels, "a").tell(&subject).now_or_never().is_none());
    channels[0].is_dead.set(false);
    world.clock.0.set(start() + LONGEST_INVOCATION * 2);
    run(world.handler_over(&channels, "b").tell(&subject)).unwrap();
    assert_eq!(*channels[0].looked_for.borrow(), [("root".to_owned(), since), ("root".to_owned(), since)]);
}

#[test]
fn a_doubt_outlives_a_telling_that_posts_nothing() {
    let world = World::new();
    let (subject, since) = left_in_doubt(&world);
    let channels = [Asked::default()];
    let mut configuration = Configuration::default();
    configuration.notifications.routes =
        vec![Route { matches: Match::default(), to: Vec::new(), language: None }];
    run(world.handler_over(&channels, "a").configured(configuration).tell(&subject)).unwrap();
    let records = world.ledger.records().unwrap();
    let Some(Record::Thread(thread)) = records.get(&Key::thread(&subject)) else { panic!() };
    let kept = Kept { seq: 1, why: Why::NoRoute, until: None };
    assert_eq!(thread.told["asked"], ToldOf { doubt: Some(since), kept: Some(kept), ..ToldOf::default() });
}

/// A channel that another telling uses between the read of its record and the place in its budget.
struct Shared<'l>(&'l MemoryLedger);

impl Channel for Shared<'_> {
    fn name(&self) -> &str {
        "shared"
    }

    fn edits(&self) -> bool {
        true
    }

    async fn send(&self, _: &Letter<'_>) -> Result<Option<Root>, SendError> {
        Ok(Some(Root { channel: "C1".to_owned(), id: "1".to_owned() }))
    }

    async fn find(&self, _: &Letter<'_>, _: Timestamp) -> Result<Option<Root>, SendError> {
        let times = vec![start() - SignedDuration::from_secs(1)];
        let record = ChannelRecord { times, ..ChannelRecord::new("shared") };
        put(self.0, Key::channel("shared"), Record::Channel(Box::new(record)), None);
        Ok(None)
    }
}

#[test]
fn a_place_in_a_budget_that_another_takes_meanwhile_counts() {
    let world = World::new();
    let (subject, _) = left_in_doubt(&world);
    let channels = [Shared(&world.ledger)];
    assert_eq!(run(world.handler_over(&channels, "a").tell(&subject)), Ok(Told::Yes { channels: 1 }));
    let records = world.ledger.records().unwrap();
    let Some(Record::Channel(record)) = records.get(&Key::channel("shared")) else { panic!() };
    assert_eq!(record.times.len(), 2);
}

#[test]
fn news_that_comes_while_telling_stays_due() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    let has_come = Cell::new(false);
    let come = |ledger: &MemoryLedger, subject: &Subject| {
        if !has_come.replace(true) {
            let by = steward::incident::Ending::Steady;
            let resolved = Incident { status: Status::Resolved { at: start(), by }, ..self::subject().1 };
            put(ledger, Key::subject(subject), Record::Incident(resolved), None);
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
fn news_that_matter_to_nobody_without_edits_count_as_told() {
    let world = World::new();
    let subject = news(&world.ledger, 1);
    world.tell(&subject, "a").unwrap();
    let again = Record::News(News { subject: subject.clone(), seq: 2 });
    put(&world.ledger, Key::news(&subject), again, Some(start()));
    assert_eq!(world.tell(&subject, "b"), Ok(Told::Nothing));
    assert_eq!((world.seen(), world.due()), ([1, 1], 0));
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
