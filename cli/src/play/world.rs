//! A small world around the handlers: a clock that jumps, a ledger in memory, a queue with delays, a wall for alerts.

use std::cell::RefCell;
use std::io;

use jiff::{SignedDuration, Timestamp};
use remediation::{Explained, Handled};
use steward::arn::Arn;
use steward::config::Configuration;
use steward::deadline::Deadline;
use steward::event::decode::{DecodeError, Record};
use steward::event::document::{self, Item};
use steward::event::{Detail, Envelope, Event, TaskStateChange, Unrecognised};
use steward::incident::{Deployment, Incident};
use steward::ledger::{Key, LedgerError, MemoryLedger, Owner, Root, Transaction, Usage, Write, push_news};
use steward::ports::{Channel, Clock, Ledger, Letter, Nowhere, SendError, Tell};

use super::Post;
use super::samples::Sample;
use super::troubles::{Stage, Told};
use crate::virtual_time::{DelayQueue, VirtualClock};

/// Sweeps come once a minute.
const TICK: SignedDuration = SignedDuration::from_mins(1);
/// After the last event time goes on for so long: what can go quiet has by then.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);
/// More happens in no evening.
const MAX_TICKS: usize = 10_000;
/// What is over is remembered for longer than anything is played.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 35);

/// By what it is played.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    /// What people decided.
    pub(crate) configuration: Configuration,
    /// Whether the channel edits its messages, and has threads.
    pub(crate) edits: bool,
    /// Whether tasks of `DescribeTasks` are played as if ECS had just told of them.
    pub(crate) tasks: bool,
}

/// What was played and what came of it.
pub(crate) struct Played {
    pub(crate) steps: Vec<Step>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) deployments: Vec<Deployment>,
    /// Files that hold no event to play: unreadable, or tasks without an envelope.
    pub(crate) unplayed: Vec<Unplayed>,
    pub(crate) usage: Usage,
}

impl Played {
    /// What people were told, in order.
    pub(crate) fn posts(&self) -> impl Iterator<Item = &Post> {
        self.steps.iter().filter_map(|step| match &step.what {
            Happening::Told(post) => Some(post),
            Happening::Event { .. } => None,
        })
    }

    /// The same, to keep.
    pub(crate) fn into_posts(self) -> Vec<Post> {
        let told = self.steps.into_iter().filter_map(|step| match step.what {
            Happening::Told(post) => Some(post),
            Happening::Event { .. } => None,
        });
        told.collect()
    }
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
    Told(Post),
}

/// Something that was not played.
pub(crate) struct Unplayed {
    pub(crate) file: String,
    pub(crate) why: String,
}

/// Where alerts are put up.
struct Wall<'c> {
    clock: &'c VirtualClock,
    edits: bool,
    posts: RefCell<Vec<Post>>,
}

impl Channel for Wall<'_> {
    fn name(&self) -> &str {
        "console"
    }

    fn edits(&self) -> bool {
        self.edits
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        let mut posts = self.posts.borrow_mut();
        let post = Post::of(letter, posts.len(), self.clock.now());
        let root = Root { channel: "console".to_owned(), id: post.root.clone() };
        posts.push(post);
        Ok(self.edits.then_some(root))
    }
}

/// An event on its way, with the file it came from.
struct Delivery {
    at: Timestamp,
    file: String,
    event: Box<Event>,
}

/// Plays samples from the first event until everything is quiet.
pub(crate) fn play(samples: Vec<Sample>, terms: &Terms) -> io::Result<Played> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(play_all(samples, terms))
}

async fn play_all(samples: Vec<Sample>, terms: &Terms) -> io::Result<Played> {
    let (deliveries, unplayed) = sort(samples, terms.tasks);
    let start = deliveries.first().map_or(Timestamp::UNIX_EPOCH, |first| first.at);
    let clock = VirtualClock::new(start);
    let ledger = MemoryLedger::new();
    let queue = DelayQueue::new(&clock);
    let walls = [Wall { clock: &clock, edits: terms.edits, posts: RefCell::default() }];
    let world = World::new(terms, &ledger, &clock, &queue, &walls);
    let mut steps = Vec::new();
    for delivery in deliveries {
        world.pass_until(delivery.at).await?;
        steps.push(Box::pin(world.deliver(delivery)).await?);
    }
    world.pass_until(clock.now() + AFTERWARDS).await?;
    let [wall] = walls;
    steps.extend(
        wall.posts.into_inner().into_iter().map(|post| Step { at: post.at, what: Happening::Told(post) }),
    );
    steps.sort_by_key(|step| step.at);
    let (incidents, deployments) = remembered(&ledger)?;
    Ok(Played { steps, incidents, deployments, unplayed, usage: ledger.usage() })
}

/// Tells how troubles of jobs and scaled services go on, until everything is quiet.
pub(crate) fn tell(stages: Vec<Stage>, terms: &Terms) -> io::Result<Vec<Post>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(tell_all(stages, terms))
}

async fn tell_all(stages: Vec<Stage>, terms: &Terms) -> io::Result<Vec<Post>> {
    let clock = VirtualClock::new(stages.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at));
    let ledger = MemoryLedger::new();
    let queue = DelayQueue::new(&clock);
    let walls = [Wall { clock: &clock, edits: terms.edits, posts: RefCell::default() }];
    let world = World::new(terms, &ledger, &clock, &queue, &walls);
    for (at, trouble) in stages {
        world.pass_until(at).await?;
        world.put(trouble, terms.configuration.notifications.grouping).await.map_err(io::Error::other)?;
    }
    world.pass_until(clock.now() + AFTERWARDS).await?;
    let [wall] = walls;
    Ok(wall.posts.into_inner())
}

fn sort(samples: Vec<Sample>, tasks: bool) -> (Vec<Delivery>, Vec<Unplayed>) {
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
                Ok(Item::Task(task)) if tasks => {
                    deliveries.push((task.stopped_at(), path.clone(), Box::new(as_event(*task))));
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

/// A task as if ECS had told of it when it stopped.
fn as_event(task: TaskStateChange) -> Event {
    let arn = task.task_arn.as_ref().and_then(|arn| Arn::parse(arn.as_str()));
    let envelope = Envelope {
        id: None,
        source: Some("aws.ecs".to_owned()),
        detail_type: Some("ECS Task State Change".to_owned()),
        account: arn.map(|arn| arn.account.to_owned()),
        region: arn.map(|arn| arn.region.to_owned()),
        time: task.stopped_at(),
        resources: Vec::new(),
    };
    Event { envelope, detail: Detail::TaskStateChange(Box::new(task)), unrecognised: Unrecognised::default() }
}

fn failed(error: &DecodeError) -> String {
    format!("{error}; its queue would keep it")
}

struct World<'w> {
    remediation: remediation::Handler<'w, MemoryLedger, Nowhere, Nowhere, DelayQueue<'w>, VirtualClock>,
    notifications: notifications::Handler<'w, MemoryLedger, Wall<'w>, DelayQueue<'w>, VirtualClock, Nowhere>,
    ledger: &'w MemoryLedger,
    clock: &'w VirtualClock,
    queue: &'w DelayQueue<'w>,
}

impl<'w> World<'w> {
    fn new(
        terms: &Terms,
        ledger: &'w MemoryLedger,
        clock: &'w VirtualClock,
        queue: &'w DelayQueue<'w>,
        channels: &'w [Wall<'w>],
    ) -> Self {
        let Configuration { policy, notifications, .. } = terms.configuration.clone();
        let grouping = notifications.grouping;
        let settings = remediation::Settings { policy, grouping, ..remediation::Settings::default() };
        let ports = remediation::Ports { ledger, ecs: &Nowhere, owners: &Nowhere, tell: queue, clock };
        let remediation = remediation::Handler::new(ports, settings);
        let ports = notifications::Ports { ledger, channels, queue, clock, evidence: &Nowhere };
        let invocation = notifications::Invocation { holder: "play".to_owned(), deadline: Deadline::never() };
        let notifications =
            notifications::Handler::new(ports, invocation).configured(terms.configuration.clone());
        Self { remediation, notifications, ledger, clock, queue }
    }

    async fn deliver(&self, delivery: Delivery) -> io::Result<Step> {
        let record = Record { message_id: Some(delivery.file.clone()), event: Ok(*delivery.event) };
        let mut outcome = Box::pin(self.remediation.handle_records(vec![record])).await;
        match outcome.records.pop() {
            Some(Handled { result: Ok(explained), failed: None, .. }) => {
                Ok(Step { at: delivery.at, what: Happening::Event { file: delivery.file, explained } })
            }
            Some(Handled { result: Err(error), .. }) => Err(io::Error::other(error)),
            Some(Handled { failed: Some(error), .. }) => Err(io::Error::other(error)),
            None => Err(io::Error::other(format!("{} was not handled", delivery.file))),
        }
    }

    /// Writes a trouble with its news, as batch and scaling do.
    async fn put(&self, told: Told, grouping: SignedDuration) -> Result<(), LedgerError> {
        let (now, subject) = (self.clock.now(), told.subject());
        let stored = self.ledger.read(&[Key::subject(&subject)]).await?.pop().flatten();
        let write = match told {
            Told::Job(trouble) => Write::of_trouble(*trouble, stored.as_ref(), KEEP, now),
            Told::Scaler(trouble) => Write::of_scaler_trouble(*trouble, stored.as_ref(), KEEP, now),
        };
        let mut writes = vec![write];
        push_news(self.ledger, &mut writes, std::slice::from_ref(&subject), grouping, now).await?;
        self.ledger.commit(Transaction { writes }).await?;
        // A lost nudge delays the message: its news is due.
        let _lost = self.queue.nudge(&subject, grouping).await;
        Ok(())
    }

    /// Lets time pass: nudges when their delay is over, sweeps where something is due.
    async fn pass_until(&self, end: Timestamp) -> io::Result<()> {
        for _ in 0..MAX_TICKS {
            let Some(next) = self.next().filter(|next| *next <= end) else {
                self.clock.set(end.max(self.clock.now()));
                return Ok(());
            };
            self.clock.set(next.max(self.clock.now()));
            while let Some(subject) = self.queue.take_due(self.clock.now()) {
                Box::pin(self.notifications.tell(&subject)).await.map_err(io::Error::other)?;
            }
            self.sweep().await?;
            self.sweep_news().await?;
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

    /// Digests, and that something still goes on: nothing else wakes them.
    async fn sweep_news(&self) -> io::Result<()> {
        let swept = self.notifications.sweep().await.map_err(io::Error::other)?;
        match swept.failed.first() {
            Some(error) => Err(io::Error::other(error.clone())),
            None => Ok(()),
        }
    }

    /// When something happens next, events apart.
    fn next(&self) -> Option<Timestamp> {
        let due = [Owner::Remediation, Owner::Shared].map(|owner| self.ledger.next_due(owner).map(next_tick));
        self.queue.next_at().into_iter().chain(due.into_iter().flatten()).min()
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
