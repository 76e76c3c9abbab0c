//! A small world around the handlers: a clock that jumps, a ledger in memory, a queue with delays, a wall for alerts.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;

use jiff::{SignedDuration, Timestamp};
use remediation::{Explained, Handled};
use steward::deadline::Deadline;
use steward::event::decode::{DecodeError, Record};
use steward::event::document::{self, Item};
use steward::incident::{Deployment, Incident};
use steward::ledger::{MemoryLedger, Owner, Usage};
use steward::notification::{Message, Subject};
use steward::ports::{Channel, Clock, Nowhere, NudgeError, Postpone, SendError, Tell};

use super::samples::Sample;

/// Sweeps come once a minute.
const TICK: SignedDuration = SignedDuration::from_mins(1);
/// After the last event time goes on for so long: what can go quiet has by then.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);
/// More happens in no evening.
const MAX_TICKS: usize = 10_000;

/// What was played and what came of it.
pub(crate) struct Played {
    pub(crate) steps: Vec<Step>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) deployments: Vec<Deployment>,
    /// Files that hold no event to play: unreadable, or tasks without an envelope.
    pub(crate) unplayed: Vec<Unplayed>,
    pub(crate) usage: Usage,
}

/// One thing that happened.
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) what: Happening,
}

pub(crate) enum Happening {
    /// An event was handled.
    Event { file: String, explained: Explained },
    /// People were told.
    Alert { subject: Subject, message: Message },
}

/// Something that was not played.
pub(crate) struct Unplayed {
    pub(crate) file: String,
    pub(crate) why: String,
}

struct VirtualClock(Cell<Timestamp>);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

/// The `tell` queue: subjects by the time they may be told.
struct DelayQueue<'c> {
    clock: &'c VirtualClock,
    waiting: RefCell<BTreeMap<(Timestamp, String), Subject>>,
}

impl Tell for DelayQueue<'_> {
    async fn nudge(&self, subject: &Subject, after: SignedDuration) -> Result<(), NudgeError> {
        self.waiting.borrow_mut().insert((self.clock.now() + after, subject.key()), subject.clone());
        Ok(())
    }
}

impl Postpone for DelayQueue<'_> {
    /// No channel fails here, so no message comes again.
    async fn postpone(&self, _: &str, _: SignedDuration) -> Result<(), NudgeError> {
        Ok(())
    }
}

impl DelayQueue<'_> {
    fn next_at(&self) -> Option<Timestamp> {
        self.waiting.borrow().keys().next().map(|(at, _)| *at)
    }

    fn take_due(&self, now: Timestamp) -> Option<Subject> {
        let mut waiting = self.waiting.borrow_mut();
        let first = waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }
}

/// Where alerts are put up.
struct Wall<'c> {
    clock: &'c VirtualClock,
    sent: RefCell<Vec<Step>>,
}

impl Channel for Wall<'_> {
    fn name(&self) -> &str {
        "console"
    }

    async fn send(&self, subject: &Subject, message: &Message) -> Result<(), SendError> {
        let what = Happening::Alert { subject: subject.clone(), message: message.clone() };
        self.sent.borrow_mut().push(Step { at: self.clock.now(), what });
        Ok(())
    }
}

/// An event on its way, with the file it came from.
struct Delivery {
    at: Timestamp,
    file: String,
    event: Box<steward::event::Event>,
}

/// Plays samples from the first event until everything is quiet.
pub(crate) fn play(samples: Vec<Sample>) -> io::Result<Played> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(play_all(samples))
}

async fn play_all(samples: Vec<Sample>) -> io::Result<Played> {
    let (deliveries, unplayed) = sort(samples);
    let start = deliveries.first().map_or(Timestamp::UNIX_EPOCH, |first| first.at);
    let clock = VirtualClock(Cell::new(start));
    let ledger = MemoryLedger::new();
    let queue = DelayQueue { clock: &clock, waiting: RefCell::default() };
    let walls = [Wall { clock: &clock, sent: RefCell::default() }];
    let world = World {
        remediation: remediation::Handler::new(
            remediation::Ports {
                ledger: &ledger,
                ecs: &Nowhere,
                owners: &Nowhere,
                tell: &queue,
                clock: &clock,
            },
            remediation::Settings::default(),
        ),
        notifications: notifications::Handler::new(
            notifications::Ports { ledger: &ledger, channels: &walls, queue: &queue, clock: &clock },
            notifications::Invocation { holder: "demo".to_owned(), deadline: Deadline::never() },
        ),
        ledger: &ledger,
        clock: &clock,
        queue: &queue,
    };
    let mut steps = Vec::new();
    for delivery in deliveries {
        world.pass_until(delivery.at).await?;
        steps.push(world.deliver(delivery).await?);
    }
    world.pass_until(clock.now() + AFTERWARDS).await?;
    let [wall] = walls;
    steps.extend(wall.sent.into_inner());
    steps.sort_by_key(|step| step.at);
    let (incidents, deployments) = remembered(&ledger)?;
    Ok(Played { steps, incidents, deployments, unplayed, usage: ledger.usage() })
}

fn sort(samples: Vec<Sample>) -> (Vec<Delivery>, Vec<Unplayed>) {
    let mut deliveries = Vec::new();
    let mut unplayed = Vec::new();
    for Sample { path, bytes } in samples {
        for item in document::read(&bytes) {
            let why = match item {
                Ok(Item::Event(event)) => {
                    let at = event.envelope.time.or_else(|| event.occurred_at());
                    deliveries.push((at, path.clone(), event));
                    continue;
                }
                Ok(Item::Task(_)) => {
                    "a task of DescribeTasks, no event: `steward explain` reads it".to_owned()
                }
                Ok(Item::Failure(_) | Item::Missing { .. }) => "an answer of ECS, no event".to_owned(),
                Err(error) => failed(&error),
            };
            unplayed.push(Unplayed { file: path.clone(), why });
        }
    }
    // What has no time comes last: nobody can say when it was.
    let last = deliveries.iter().filter_map(|(at, _, _)| *at).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut deliveries: Vec<Delivery> = deliveries
        .into_iter()
        .map(|(at, file, event)| Delivery { at: at.unwrap_or(last), file, event })
        .collect();
    deliveries.sort_by(|a, b| (a.at, &a.file).cmp(&(b.at, &b.file)));
    (deliveries, unplayed)
}

fn failed(error: &DecodeError) -> String {
    format!("{error}; its queue would keep it")
}

struct World<'w> {
    remediation: remediation::Handler<'w, MemoryLedger, Nowhere, Nowhere, DelayQueue<'w>, VirtualClock>,
    notifications: notifications::Handler<'w, MemoryLedger, Wall<'w>, DelayQueue<'w>, VirtualClock>,
    ledger: &'w MemoryLedger,
    clock: &'w VirtualClock,
    queue: &'w DelayQueue<'w>,
}

impl World<'_> {
    async fn deliver(&self, delivery: Delivery) -> io::Result<Step> {
        let record = Record { message_id: Some(delivery.file.clone()), event: Ok(*delivery.event) };
        let mut outcome = self.remediation.handle_records(vec![record]).await;
        match outcome.records.pop() {
            Some(Handled { result: Ok(explained), failed: None, .. }) => {
                Ok(Step { at: delivery.at, what: Happening::Event { file: delivery.file, explained } })
            }
            Some(Handled { result: Err(error), .. }) => Err(io::Error::other(error)),
            Some(Handled { failed: Some(error), .. }) => Err(io::Error::other(error)),
            None => Err(io::Error::other(format!("{} was not handled", delivery.file))),
        }
    }

    /// Lets time pass: nudges when their delay is over, sweeps where something is due.
    async fn pass_until(&self, end: Timestamp) -> io::Result<()> {
        for _ in 0..MAX_TICKS {
            let Some(next) = self.next().filter(|next| *next <= end) else {
                self.clock.0.set(end.max(self.clock.now()));
                return Ok(());
            };
            self.clock.0.set(next.max(self.clock.now()));
            while let Some(subject) = self.queue.take_due(self.clock.now()) {
                self.notifications.tell(&subject).await.map_err(io::Error::other)?;
            }
            self.sweep().await?;
        }
        Err(io::Error::other(format!("not quiet after {MAX_TICKS} ticks")))
    }

    async fn sweep(&self) -> io::Result<()> {
        let swept = self.remediation.sweep().await.map_err(io::Error::other)?;
        match swept.failed.first() {
            Some(error) => Err(io::Error::other(error.clone())),
            None => Ok(()),
        }
    }

    /// When something happens next, events apart.
    fn next(&self) -> Option<Timestamp> {
        let due = self.ledger.next_due(Owner::Remediation).map(next_tick);
        self.queue.next_at().into_iter().chain(due).min()
    }
}

fn next_tick(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    let tick = TICK.as_secs();
    Timestamp::from_second((second + tick - 1).div_euclid(tick) * tick).map_or(at, |minute| minute.max(at))
}

fn remembered(ledger: &MemoryLedger) -> io::Result<(Vec<Incident>, Vec<Deployment>)> {
    use steward::ledger::Record as Kept;
    let mut incidents = Vec::new();
    let mut deployments = Vec::new();
    for record in ledger.records().map_err(io::Error::other)?.into_values() {
        match record {
            Kept::Incident(incident) => incidents.push(incident),
            Kept::Deployment(deployment) => deployments.push(deployment),
            _ => {}
        }
    }
    incidents.sort_by_key(|incident| incident.opened_at);
    deployments.sort_by_key(|deployment| deployment.first_seen_at);
    Ok((incidents, deployments))
}
