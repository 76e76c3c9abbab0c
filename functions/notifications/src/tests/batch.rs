//! Messages and sweeps: what comes again, when, and why.

use super::*;

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
