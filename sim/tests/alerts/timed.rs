//! Both functions in virtual time: a queue with delays, sweeps each minute, and a Slack workspace that keeps Slack's rules.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steward::config::Configuration;
use steward::deadline::Deadline;
use steward::incident::Incident;
use steward::ledger::{MemoryLedger, Record, Root};
use steward::notification::Subject;
use steward::ports::{Channel, Clock, Letter, Nowhere, NudgeError, Postpone, SendError, Tell, Trouble};
use steward::request::Request;
use steward_sim::slack::workspace::{Fault, Workspace};

use crate::slack::Bot;

/// A message of the queue.
struct Message {
    body: String,
    receives: u32,
}

/// The time, the queue and the channels.
pub(crate) struct Timed {
    pub(crate) ledger: MemoryLedger,
    pub(crate) now: Rc<Cell<Timestamp>>,
    pub(crate) slack: Rc<RefCell<Workspace>>,
    pub(crate) configuration: Configuration,
    queue: Queue,
    next_sweep: Cell<Timestamp>,
    invocations: Cell<u64>,
    ways: [Way; 2],
}

struct Queue {
    now: Rc<Cell<Timestamp>>,
    messages: RefCell<BTreeMap<(Timestamp, u64), Message>>,
    postponed: RefCell<BTreeMap<String, SignedDuration>>,
    serial: Cell<u64>,
}

impl Queue {
    fn put(&self, at: Timestamp, message: Message) {
        self.serial.set(self.serial.get() + 1);
        self.messages.borrow_mut().insert((at, self.serial.get()), message);
    }
}

impl Tell for Queue {
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError> {
        let body = Request::Tell { subject: subject.clone() }.to_text();
        self.put(self.now.get() + after, Message { body, receives: 0 });
        Ok(())
    }
}

impl Postpone for Queue {
    async fn postpone(&self, receipt: &str, pause: SignedDuration) -> Result<(), NudgeError> {
        self.postponed.borrow_mut().insert(receipt.to_owned(), pause);
        Ok(())
    }
}

pub(crate) struct SharedClock(Rc<Cell<Timestamp>>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

/// Slack, and mail.
pub(crate) enum Way {
    Slack(Bot),
    Mail(Mailbox),
}

/// What mail was sent: subject's key, and the title.
#[derive(Default)]
pub(crate) struct Mailbox {
    pub(crate) mails: RefCell<Vec<(String, String)>>,
    pub(crate) refuses: Cell<bool>,
}

impl Channel for Way {
    fn name(&self) -> &str {
        match self {
            Self::Slack(_) => "slack",
            Self::Mail(_) => "mail",
        }
    }

    fn edits(&self) -> bool {
        matches!(self, Self::Slack(_))
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        match self {
            Self::Slack(bot) => bot.send(letter),
            Self::Mail(mailbox) if mailbox.refuses.get() => Err(SendError {
                channel: "mail".into(),
                problem: "AuthorizationError".into(),
                retry_after: None,
                trouble: Trouble::Refused,
            }),
            Self::Mail(mailbox) => {
                let title = format!("[{}] {}", letter.message.tone.word(), letter.message.title);
                mailbox.mails.borrow_mut().push((letter.subject.key(), title));
                Ok(None)
            }
        }
    }

    async fn find(&self, letter: &Letter<'_>, since: Timestamp) -> Result<Option<Root>, SendError> {
        match self {
            Self::Slack(bot) => bot.find(letter, since),
            Self::Mail(_) => Ok(None),
        }
    }
}

impl Timed {
    pub(crate) fn at(time: &str, configuration: Configuration) -> Self {
        let start: Timestamp = time.parse().unwrap();
        let now = Rc::new(Cell::new(start));
        let bot = Bot::new(&now);
        let slack = Rc::clone(&bot.workspace);
        Self {
            ledger: MemoryLedger::new(),
            slack,
            configuration,
            queue: Queue {
                now: Rc::clone(&now),
                messages: RefCell::default(),
                postponed: RefCell::default(),
                serial: Cell::new(0),
            },
            next_sweep: Cell::new(start),
            invocations: Cell::new(0),
            ways: [Way::Slack(bot), Way::Mail(Mailbox::default())],
            now,
        }
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        let [_, Way::Mail(mailbox)] = &self.ways else { panic!() };
        mailbox
    }

    /// What goes wrong with each request to Slack.
    pub(crate) fn weather(&self, draw: impl Fn(u64) -> Option<Fault> + 'static) {
        let [Way::Slack(bot), _] = &self.ways else { panic!() };
        *bot.weather.borrow_mut() = Box::new(draw);
    }

    /// ECS events reach remediation now.
    pub(crate) fn hear(&self, events: &[Value]) {
        let clock = SharedClock(Rc::clone(&self.now));
        let settings = remediation::Settings {
            grouping: self.configuration.notifications.grouping,
            policy: self.configuration.policy.clone(),
            ..remediation::Settings::default()
        };
        for batch in events.chunks(100) {
            let records: Vec<Value> = batch
                .iter()
                .enumerate()
                .map(|(n, event)| {
                    json!({"messageId": format!("m-{n}"), "eventSource": "aws:sqs", "body": event.to_string()})
                })
                .collect();
            let ports = remediation::Ports {
                ledger: &self.ledger,
                ecs: &Nowhere,
                owners: &Nowhere,
                tell: &self.queue,
                clock: &clock,
            };
            let handler = remediation::Handler::new(ports, settings.clone());
            let payload = json!({"Records": records}).to_string();
            let outcome = run(handler.handle(payload.as_bytes())).unwrap();
            assert!(outcome.batch_item_failures().is_empty());
        }
    }

    /// Lets time pass: messages when they are visible, sweeps each minute.
    pub(crate) fn pass(&self, duration: SignedDuration) {
        let end = self.now.get() + duration;
        loop {
            let message = self.queue.messages.borrow().keys().next().map(|(at, _)| *at);
            let next = message.into_iter().chain([self.next_sweep.get()]).min().unwrap();
            if next > end {
                break;
            }
            self.now.set(next.max(self.now.get()));
            if message.is_some_and(|at| at <= self.now.get()) {
                self.tell_batch();
            } else {
                self.sweep();
            }
        }
        self.now.set(end);
    }

    fn tell_batch(&self) {
        let now = self.now.get();
        let mut batch = Vec::new();
        while batch.len() < 5 {
            let mut messages = self.queue.messages.borrow_mut();
            let Some(first) = messages.first_entry().filter(|entry| entry.key().0 <= now) else { break };
            batch.push(first.remove());
        }
        let records: Vec<Value> = batch
            .iter_mut()
            .enumerate()
            .map(|(n, message)| {
                message.receives += 1;
                let attributes = json!({"ApproximateReceiveCount": message.receives.to_string()});
                json!({"messageId": n.to_string(), "receiptHandle": n.to_string(), "body": message.body,
                       "attributes": attributes})
            })
            .collect();
        let payload = json!({"Records": records}).to_string();
        let Ok(notifications::Outcome::Told(told)) = self.invoke(payload.as_bytes()) else { panic!() };
        // A post takes a moment.
        self.now.set(now + SignedDuration::from_millis(300));
        let postponed = self.queue.postponed.take();
        for (n, (message, told)) in batch.into_iter().zip(told).enumerate() {
            if told.must_return() {
                assert!(message.receives < 30, "a message is lost: {:?}", told.problem());
                let pause = postponed.get(&n.to_string()).copied();
                let again = self.now.get() + pause.unwrap_or(SignedDuration::from_secs(180));
                self.queue.put(again, message);
            }
        }
    }

    fn invoke(&self, payload: &[u8]) -> Result<notifications::Outcome, notifications::HandleError> {
        let clock = SharedClock(Rc::clone(&self.now));
        let ports = notifications::Ports {
            ledger: &self.ledger,
            channels: &self.ways,
            queue: &self.queue,
            clock: &clock,
            evidence: &Nowhere,
        };
        self.invocations.set(self.invocations.get() + 1);
        let holder = self.invocations.get().to_string();
        let now = self.now.get();
        let deadline = Deadline::new(now, now + SignedDuration::from_secs(30));
        let invocation = notifications::Invocation { holder, deadline };
        let handler = notifications::Handler::new(ports, invocation).configured(self.configuration.clone());
        run(handler.handle(payload))
    }

    fn sweep(&self) {
        self.next_sweep.set(self.now.get() + SignedDuration::from_mins(1));
        let outcome = self.invoke(Request::Sweep.to_text().as_bytes()).unwrap();
        let notifications::Outcome::Swept(swept) = outcome else { panic!() };
        assert_eq!(swept.failed, Vec::<String>::new());
        self.look();
    }

    /// remediation's own sweep: incidents that go quiet.
    fn look(&self) {
        let clock = SharedClock(Rc::clone(&self.now));
        let settings = remediation::Settings {
            policy: self.configuration.policy.clone(),
            ..remediation::Settings::default()
        };
        let ports = remediation::Ports {
            ledger: &self.ledger,
            ecs: &Nowhere,
            owners: &Nowhere,
            tell: &self.queue,
            clock: &clock,
        };
        let swept = run(remediation::Handler::new(ports, settings).sweep()).unwrap();
        assert_eq!(swept.failed, Vec::<String>::new());
    }

    pub(crate) fn records(&self) -> BTreeMap<steward::ledger::Key, Record> {
        self.ledger.records().unwrap()
    }

    pub(crate) fn incidents(&self) -> Vec<Incident> {
        let of = |record| if let Record::Incident(incident) = record { Some(incident) } else { None };
        self.records().into_values().filter_map(of).collect()
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
