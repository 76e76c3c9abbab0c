use std::cell::RefCell;
use std::collections::VecDeque;

use jiff::Timestamp;
use steward::ports::{Clock, DeadLetter, DeadLetters, EcsError, Move, MoveStatus, Wait};

use super::letter::said;
use super::queues::{self, Pair};
use super::{steps, text};
use crate::jobs::sample::{block_on, written};
use crate::open::sample::{at, is_documented};
use crate::terminal::WIDTH;

const TABLE: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/prod-Table-1ABC";
const STOPPED: &str =
    include_str!("../../../events/task-state-change/image_access_denied-image-resizer-1.json");

fn pair() -> Pair {
    let value = r#"{"events":["https://sqs.eu-central-1.amazonaws.com/123456789012/prod-EventsQueue-1",
        "https://sqs.eu-central-1.amazonaws.com/123456789012/prod-EventsDeadLetterQueue-2"]}"#;
    queues::read(value, TABLE).unwrap().remove(0)
}

/// Queues of which SQS tells what a test says.
#[derive(Default)]
struct Queues {
    letters: Vec<DeadLetter>,
    moves: RefCell<VecDeque<Option<Move>>>,
    begun: RefCell<Vec<(String, String, Option<u32>)>>,
}

impl DeadLetters for Queues {
    async fn count(&self, _: &str) -> Result<u64, EcsError> {
        Ok(self.letters.len() as u64)
    }

    async fn look(&self, url: &str) -> Result<Vec<DeadLetter>, EcsError> {
        assert_eq!(url, pair().url);
        Ok(self.letters.clone())
    }

    async fn begin(&self, from: &str, to: &str, rate: Option<u32>) -> Result<(), EcsError> {
        self.begun.borrow_mut().push((from.to_owned(), to.to_owned(), rate));
        Ok(())
    }

    async fn latest(&self, _: &str) -> Result<Option<Move>, EcsError> {
        Ok(self.moves.borrow_mut().pop_front().flatten())
    }
}

struct Wall(RefCell<Timestamp>);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
}

impl Wait for Wall {
    async fn until(&self, at: Timestamp) {
        *self.0.borrow_mut() = at;
    }
}

fn moved(status: MoveStatus, moved: u64) -> Move {
    Move { status, moved, of: Some(3), problem: None }
}

fn letters() -> Vec<DeadLetter> {
    let letter = |body: &str, time: &str| DeadLetter { body: body.to_owned(), sent_at: Some(at(time)) };
    vec![letter(STOPPED, "21:00:00"), letter(STOPPED, "20:04:00"), letter("{\"detail\": 1", "21:30:00")]
}

#[test]
fn the_parameter_says_which_queues_there_are_and_the_table_where() {
    let Pair { name, to, from, url } = pair();
    assert_eq!(name, "events");
    assert_eq!(to, "arn:aws:sqs:eu-central-1:123456789012:prod-EventsQueue-1");
    assert_eq!(from, "arn:aws:sqs:eu-central-1:123456789012:prod-EventsDeadLetterQueue-2");
    assert!(url.ends_with("/prod-EventsDeadLetterQueue-2"));
    assert!(queues::read("[]", TABLE).unwrap_err().starts_with("it cannot be read"));
    assert!(queues::read("{}", "prod-Table").unwrap_err().contains("is no ARN"));
    let error = queues::read(r#"{"events":["x","y"]}"#, TABLE).unwrap_err();
    assert_eq!(error, "x is no URL of a queue");
}

#[test]
fn a_message_says_in_a_line_what_it_is() {
    for (body, text, is_readable) in [
        (STOPPED, "image_access_denied", true),
        (r#"{"steward":"run-job","job":"nightly","slot":"a"}"#, "a run of nightly, slot a", true),
        (
            r#"{"requestContext":{"requestId":"1"},"requestPayload":{"steward":"run-job","job":"x"}}"#,
            "an invocation that failed: a run of x",
            true,
        ),
        (
            r#"{"steward":"tell","subject":{"subject":"digest","channel":"ops"}}"#,
            "news: digest of channel ops",
            true,
        ),
        (r#"{"steward":"dance"}"#, "not readable: not a request", false),
        ("{", "not readable: ", false),
        ("", "", false),
    ] {
        let said = said(body);
        assert!(said.text.contains(text), "{body}: {}", said.text);
        assert_eq!(said.is_readable, is_readable, "{body}");
        assert!(said.text.chars().count() <= 200, "{body}");
    }
}

#[test]
fn what_is_there_is_shown_before_it_is_moved_and_then_what_became_of_it() {
    let queues = Queues { letters: letters(), ..Queues::default() };
    let found = block_on(steps::look(&queues, &pair())).unwrap();
    let mut shown = written(|out| text::write_found(out, &found, at("22:00:00")));
    is_documented("redrive events", &format!("{shown}Move them back? [y/N] y\nevents: 3 moved back\n"));
    let ended = Move {
        problem: Some("the destination is gone".to_owned()),
        ..moved(MoveStatus::Ended("FAILED".to_owned()), 1)
    };
    for done in [moved(MoveStatus::Completed, 3), ended] {
        shown.push_str(&written(|out| text::write_moved(out, &found, &done)));
    }
    for line in shown.lines() {
        assert!(textwrap::core::display_width(line) <= WIDTH, "{line}");
    }
    insta::assert_snapshot!(shown);
    assert!(queues.begun.borrow().is_empty(), "looking moves nothing");
    let json = found.json(Some(&moved(MoveStatus::Completed, 3)));
    assert_eq!(
        (&json["messages"], &json["moved"], &json["is_completed"]),
        (&3.into(), &3.into(), &true.into())
    );
}

#[test]
fn an_empty_queue_is_said_to_be_empty() {
    let found = block_on(steps::look(&Queues::default(), &pair())).unwrap();
    assert_eq!(written(|out| text::write_found(out, &found, at("22:00:00"))), "events: nothing\n");
}

#[test]
fn a_move_is_begun_once_and_followed_to_its_end() {
    let running = Some(moved(MoveStatus::Running, 1));
    let moves = [None, None, running.clone(), Some(moved(MoveStatus::Completed, 3))].into();
    let queues = Queues { letters: letters(), moves: RefCell::new(moves), ..Queues::default() };
    let found = block_on(steps::look(&queues, &pair())).unwrap();
    let (shown, wall) = (RefCell::new(Vec::new()), Wall(RefCell::new(at("22:00:00"))));
    let show = |text: &str| shown.borrow_mut().push(text.to_owned());
    let done = block_on(steps::redrive(&queues, &wall, &found, Some(50), show)).unwrap();
    assert_eq!((done.status, done.moved), (MoveStatus::Completed, 3));
    assert_eq!(*shown.borrow(), ["events: 1 of about 3 moved"]);
    assert_eq!(*queues.begun.borrow(), [(pair().from, pair().to, Some(50))]);
    assert_eq!(wall.now(), at("22:00:02"));
}

#[test]
fn a_move_that_goes_on_already_is_followed_and_none_begun() {
    let moves = [moved(MoveStatus::Running, 1), moved(MoveStatus::Completed, 3)].map(Some).into();
    let queues = Queues { letters: letters(), moves: RefCell::new(moves), ..Queues::default() };
    let found = block_on(steps::look(&queues, &pair())).unwrap();
    assert!(written(|out| text::write_found(out, &found, at("22:00:00"))).contains("a move goes on already"));
    let wall = Wall(RefCell::new(at("22:00:00")));
    let done = block_on(steps::redrive(&queues, &wall, &found, None, |_| ())).unwrap();
    assert_eq!(done.moved, 3);
    assert!(queues.begun.borrow().is_empty());
}

#[test]
fn a_move_that_sqs_never_shows_is_not_waited_for_for_ever() {
    let queues = Queues { letters: letters(), ..Queues::default() };
    let found = block_on(steps::look(&queues, &pair())).unwrap();
    let wall = Wall(RefCell::new(at("22:00:00")));
    let done = block_on(steps::redrive(&queues, &wall, &found, None, |_| ())).unwrap();
    assert_eq!(done.status, MoveStatus::Ended("not shown by SQS".to_owned()));
}
