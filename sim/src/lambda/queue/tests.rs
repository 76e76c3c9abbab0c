use super::*;

const QUEUE: &str = "events";
const DEAD: &str = "events-dead";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn queues(settings: Settings) -> Queues {
    let mut queues = Queues::default();
    queues.create(DEAD, Settings::default()).unwrap();
    queues.create(QUEUE, settings).unwrap();
    queues
}

fn redriven(max_receive_count: u32) -> Settings {
    Settings {
        dead_letters: Some(DeadLetters { queue: DEAD.to_owned(), max_receive_count }),
        ..Settings::default()
    }
}

fn one(queues: &mut Queues, now: Timestamp) -> Message {
    let mut received = queues.receive(now, QUEUE, 1, None).unwrap();
    assert_eq!(received.len(), 1, "a message is due at {now}");
    received.remove(0)
}

#[test]
fn a_received_message_is_hidden_until_its_visibility_timeout_has_passed() {
    let mut queues = queues(Settings::default());
    queues.send(at(0), QUEUE, "a", None).unwrap();
    let first = one(&mut queues, at(0));
    assert_eq!(queues.receive(at(29), QUEUE, 10, None).unwrap(), []);
    let second = one(&mut queues, at(30));
    assert_eq!(second.message_id, first.message_id);
    assert_eq!((first.receive_count, second.receive_count), (1, 2));
    assert_eq!(second.first_received_at, Some(at(0)));
    assert_ne!(second.receipt_handle, first.receipt_handle);
}

#[test]
fn a_stale_receipt_handle_deletes_nothing_and_is_no_error() {
    let mut queues = queues(Settings::default());
    queues.send(at(0), QUEUE, "a", None).unwrap();
    let stale = one(&mut queues, at(0)).receipt_handle;
    let fresh = one(&mut queues, at(30)).receipt_handle;
    assert_eq!(queues.delete(at(31), QUEUE, &stale), Ok(false));
    assert_eq!(queues.counts(at(31), QUEUE).unwrap().in_flight, 1);
    assert_eq!(queues.delete(at(31), QUEUE, &fresh), Ok(true));
    assert_eq!(queues.delete(at(31), QUEUE, &fresh), Ok(false));
    assert_eq!(queues.counts(at(31), QUEUE).unwrap().total(), 0);
}

#[test]
fn a_receipt_handle_of_another_queue_is_invalid() {
    let mut queues = queues(Settings::default());
    queues.send(at(0), QUEUE, "a", None).unwrap();
    let handle = one(&mut queues, at(0)).receipt_handle;
    assert!(matches!(queues.delete(at(0), DEAD, &handle), Err(QueueError::InvalidReceipt { .. })));
    assert!(matches!(queues.delete(at(0), QUEUE, "nonsense"), Err(QueueError::InvalidReceipt { .. })));
}

#[test]
fn a_message_may_outlive_its_visibility_and_still_be_deleted_when_nobody_received_it_since() {
    let mut queues = queues(Settings::default());
    queues.send(at(0), QUEUE, "a", None).unwrap();
    let handle = one(&mut queues, at(0)).receipt_handle;
    assert_eq!(queues.delete(at(100), QUEUE, &handle), Ok(true));
}

#[test]
fn each_message_has_its_own_delay_up_to_fifteen_minutes() {
    let mut queues = queues(Settings { delay: Duration::from_secs(5), ..Settings::default() });
    queues.send(at(0), QUEUE, "late", Some(MAX_DELAY)).unwrap();
    queues.send(at(0), QUEUE, "usual", None).unwrap();
    queues.send(at(0), QUEUE, "now", Some(Duration::ZERO)).unwrap();
    assert_eq!(queues.counts(at(0), QUEUE).unwrap(), Counts { visible: 1, in_flight: 0, delayed: 2 });
    assert_eq!(&*one(&mut queues, at(0)).body, "now");
    assert_eq!(queues.next_visible(QUEUE).unwrap(), Some(at(5)));
    assert_eq!(&*one(&mut queues, at(5)).body, "usual");
    assert_eq!(queues.receive(at(29), QUEUE, 10, None).unwrap(), []);
    let rest = queues.receive(at(900), QUEUE, 10, None).unwrap();
    assert!(rest.iter().any(|message| &*message.body == "late"));
    assert!(matches!(
        queues.send(at(0), QUEUE, "a", Some(Duration::from_secs(901))),
        Err(QueueError::DelayTooLong { seconds: 901, .. })
    ));
}

#[test]
fn a_changed_visibility_counts_from_the_change_and_only_for_this_receipt() {
    let mut queues = queues(Settings::default());
    queues.send(at(0), QUEUE, "a", None).unwrap();
    let handle = one(&mut queues, at(0)).receipt_handle;
    queues.change_visibility(at(10), QUEUE, &handle, Duration::from_mins(5)).unwrap();
    assert_eq!(queues.receive(at(309), QUEUE, 1, None).unwrap(), []);
    let again = one(&mut queues, at(310));
    assert_eq!(queues.receive(at(339), QUEUE, 1, None).unwrap(), []);
    queues.change_visibility(at(339), QUEUE, &again.receipt_handle, Duration::ZERO).unwrap();
    one(&mut queues, at(339));
}

#[test]
fn a_visibility_is_changed_only_in_flight_and_never_beyond_twelve_hours() {
    let mut queues = queues(Settings::default());
    queues.send(at(0), QUEUE, "a", None).unwrap();
    let handle = one(&mut queues, at(0)).receipt_handle;
    let mut change =
        |now, seconds| queues.change_visibility(now, QUEUE, &handle, Duration::from_secs(seconds));
    assert!(matches!(change(at(1), 43_201), Err(QueueError::VisibilityTooLong { .. })));
    assert!(matches!(change(at(1), 43_200), Err(QueueError::VisibilityTooLong { .. })));
    assert_eq!(change(at(1), 43_199), Ok(()));
    assert!(matches!(change(at(43_200), 1), Err(QueueError::StaleReceipt { .. })));
}

#[test]
fn a_message_received_too_often_goes_to_the_dead_letter_queue_as_it_was() {
    let mut queues = queues(redriven(2));
    let sent = queues.send(at(0), QUEUE, "poison", None).unwrap();
    one(&mut queues, at(0));
    one(&mut queues, at(30));
    assert_eq!(queues.counts(at(60), DEAD).unwrap().total(), 0, "it moves at the receipt, not before");
    assert_eq!(queues.receive(at(60), QUEUE, 10, None).unwrap(), []);
    assert_eq!(queues.counts(at(60), QUEUE).unwrap().total(), 0);
    let dead = queues.receive(at(60), DEAD, 10, None).unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].message_id, sent.message_id);
    assert_eq!(&*dead[0].body, "poison");
    assert_eq!(dead[0].sent_at, at(0));
    assert_eq!(dead[0].dead_letter_source.as_deref(), Some(QUEUE));
}

#[test]
fn dead_letters_do_not_use_up_the_places_of_a_receipt() {
    let mut queues = queues(redriven(1));
    for body in ["a", "b"] {
        queues.send(at(0), QUEUE, body, None).unwrap();
    }
    assert_eq!(queues.receive(at(0), QUEUE, 10, None).unwrap().len(), 2);
    queues.send(at(30), QUEUE, "c", None).unwrap();
    assert_eq!(&*one(&mut queues, at(30)).body, "c");
    assert_eq!(queues.counts(at(30), DEAD).unwrap().visible, 2);
}

#[test]
fn retention_counts_from_sending_even_for_dead_letters() {
    let day = 86_400;
    let mut queues = queues(redriven(1));
    queues.send(at(0), QUEUE, "a", None).unwrap();
    one(&mut queues, at(0));
    assert_eq!(queues.receive(at(3 * day), QUEUE, 1, None).unwrap(), []);
    assert_eq!(queues.counts(at(4 * day - 1), DEAD).unwrap().total(), 1);
    assert_eq!(queues.counts(at(4 * day), DEAD).unwrap().total(), 0);
}

#[test]
fn a_queue_is_purged_at_most_once_a_minute() {
    let mut queues = queues(Settings::default());
    queues.send(at(0), QUEUE, "a", None).unwrap();
    one(&mut queues, at(0));
    queues.purge(at(0), QUEUE).unwrap();
    assert_eq!(queues.counts(at(0), QUEUE).unwrap().total(), 0);
    assert!(matches!(queues.purge(at(59), QUEUE), Err(QueueError::PurgeInProgress { .. })));
    queues.purge(at(60), QUEUE).unwrap();
}

#[test]
fn bodies_are_checked_as_sqs_checks_them() {
    let mut queues = queues(Settings::default());
    let mut send = |body: &str| queues.send(at(0), QUEUE, body, None);
    assert!(matches!(send(""), Err(QueueError::EmptyBody { .. })));
    assert!(matches!(send("\u{0}"), Err(QueueError::BodyCharacters { .. })));
    assert!(send(&"x".repeat(MAX_BODY)).is_ok());
    assert!(matches!(send(&"x".repeat(MAX_BODY + 1)), Err(QueueError::BodyTooLarge { .. })));
    let taken = send("This is a test message").unwrap();
    // The example of SQS's own documentation.
    assert_eq!(taken.md5_of_body, "fafb00f5732ab283681e124bf8747ed1");
}

#[test]
fn a_receipt_gives_one_to_ten_messages() {
    let mut queues = queues(Settings::default());
    for body in 0..12 {
        queues.send(at(0), QUEUE, &body.to_string(), None).unwrap();
    }
    for asked in [0, 11] {
        assert!(matches!(queues.receive(at(0), QUEUE, asked, None), Err(QueueError::ReceiveCount { .. })));
    }
    assert_eq!(queues.receive(at(0), QUEUE, 10, None).unwrap().len(), 10);
    assert_eq!(queues.receive(at(0), QUEUE, 10, None).unwrap().len(), 2);
}

#[test]
fn a_dead_letter_queue_must_exist_before_it_is_named() {
    let mut queues = Queues::default();
    assert!(matches!(queues.create(QUEUE, redriven(3)), Err(QueueError::NoSuchQueue { .. })));
    assert!(matches!(queues.send(at(0), QUEUE, "a", None), Err(QueueError::NoSuchQueue { .. })));
}

#[test]
fn disorder_duplicates_and_reorders_the_same_way_for_the_same_seed() {
    let run = |seed| {
        let disorder = Some(Disorder { seed, duplicates_per_thousand: 300 });
        let mut queues = queues(Settings { disorder, ..Settings::default() });
        for body in 0..20 {
            queues.send(at(0), QUEUE, &body.to_string(), None).unwrap();
        }
        let mut bodies = Vec::new();
        for _ in 0..4 {
            let received = queues.receive(at(1), QUEUE, 10, None).unwrap();
            bodies.extend(received.iter().map(|message| message.body.to_string()));
        }
        bodies
    };
    let bodies = run(7);
    assert_eq!(bodies, run(7));
    let distinct: BTreeSet<&String> = bodies.iter().collect();
    assert!(distinct.len() < bodies.len(), "some are given out twice: {bodies:?}");
    let in_order: Vec<String> = (0..10).map(|body| body.to_string()).collect();
    assert_ne!(bodies[..10], in_order[..]);
}
