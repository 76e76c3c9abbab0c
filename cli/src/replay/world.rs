//! Plays a recording through the handlers of production, in virtual time.
//!
//! The clock jumps from one moment at which something happens to the next: a batch of events, a nudge whose delay is over, a
//! sweep in a minute in which something is due. A sweep that would find nothing is left out.

use std::cell::{Cell, RefCell};
use std::io;

use jiff::{SignedDuration, Timestamp};
use steward::config::{Configuration, DEPLOYED_SLACK, DEPLOYED_TOPIC, Notifications, Place, Way};
use steward::deadline::Deadline;
use steward::event::decode::Record;
use steward::event::{Detail, Event, TaskStatus};
use steward::ledger::{Due, Key, LedgerError, Owner, Root, Stored, Transaction};
use steward::ports::{Channel, Clock, How, Ledger, Letter, SendError};
use steward::remediation::Home;

use super::recalled::Recalled;
use super::shelf::Shelf;
use super::source::{self, Recorded, Recording};
use super::tally::{Seen, Tally};
use crate::virtual_time::{DelayQueue, VirtualClock};

/// Sweeps come once a minute.
const TICK: SignedDuration = SignedDuration::from_mins(1);
/// Events that come within so long are one batch of the queue, of so many at the most, as `template.yaml` has it.
const WINDOW: SignedDuration = SignedDuration::from_secs(5);
const BATCH: usize = 100;
/// After the last event time goes on for so long: what can go quiet has by then.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);
/// An invocation has so long, which matters to leases alone: no time passes while it works.
const INVOCATION: SignedDuration = SignedDuration::from_mins(1);
/// What may be forgotten is looked for so often.
const FORGET: SignedDuration = SignedDuration::from_hours(24);

/// A channel that takes everything: what it gets is counted.
struct Wall<'w> {
    name: String,
    edits: bool,
    clock: &'w VirtualClock,
    tally: &'w RefCell<Tally>,
    number: Cell<u64>,
}

impl Channel for Wall<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn edits(&self) -> bool {
        self.edits
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Option<Root>, SendError> {
        self.tally.borrow_mut().sent(&self.name, letter, self.clock.now());
        let is_new = matches!(letter.how, How::New);
        self.number.set(self.number.get() + u64::from(is_new));
        let root = Root { channel: self.name.clone(), id: self.number.get().to_string() };
        Ok(Some(root).filter(|_| self.edits && is_new))
    }
}

/// The channels of an installation with this configuration, and whether each edits what it sent. A stack always has its
/// topic; whether it has a webhook of Slack the file does not say unless it names one, or a route that leads there.
pub(super) fn channels(settings: &Notifications) -> Vec<(String, bool)> {
    let is_routed = settings.routes.iter().any(|route| route.to.iter().any(|name| name == DEPLOYED_SLACK));
    let has_slack = match settings.slack {
        Way::To(_) => true,
        Way::AsDeployed => is_routed,
        Way::Off => false,
    };
    let slack = has_slack.then(|| (DEPLOYED_SLACK.to_owned(), false));
    let topic = (settings.topic != Way::Off).then(|| (DEPLOYED_TOPIC.to_owned(), false));
    let named = settings.channels.iter().map(|(name, channel)| {
        let edits = matches!(channel.place, Place::SlackBot { .. });
        (name.clone(), edits)
    });
    slack.into_iter().chain(topic).chain(named).collect()
}

/// The ledger, with somebody who looks at what is written.
struct Watched<'w> {
    shelf: &'w Shelf,
    clock: &'w VirtualClock,
    recalled: &'w Recalled<'w>,
    tally: &'w RefCell<Tally>,
}

impl Ledger for Watched<'_> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>, LedgerError> {
        self.shelf.read(keys).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<(), LedgerError> {
        let seen = Seen::of(&transaction);
        self.shelf.commit(transaction).await?;
        self.tally.borrow_mut().sees(seen, self.recalled, self.clock.now());
        Ok(())
    }

    async fn due(
        &self,
        owner: Owner,
        now: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, LedgerError> {
        self.shelf.due(owner, now, after, limit).await
    }
}

/// Plays a recording under a configuration. `shelf` is the memory for what is remembered, in bytes; `progress` hears how many
/// events were played.
///
/// # Errors
///
/// Where temporary files cannot be read or written.
pub(super) fn play(
    recording: &mut Recording,
    configuration: &Configuration,
    shelf: usize,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(play_all(recording, configuration, shelf, progress))
}

async fn play_all(
    recording: &mut Recording,
    configuration: &Configuration,
    shelf: usize,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Tally> {
    let Some((first, last)) = recording.span.or(recording.timeless_span()) else {
        return Ok(Tally::default());
    };
    let traits = std::mem::take(&mut recording.traits);
    let home = recording.home.clone();
    let clock = VirtualClock::new(first);
    let (shelf, tally, recalled) =
        (Shelf::new(shelf), RefCell::new(Tally::default()), Recalled::new(&traits));
    let ledger = Watched { shelf: &shelf, clock: &clock, recalled: &recalled, tally: &tally };
    let queue = DelayQueue::new(&clock);
    let wall = |(name, edits): (String, bool)| {
        let number = Cell::new(0);
        Wall { name, edits, clock: &clock, tally: &tally, number }
    };
    let walls: Vec<Wall<'_>> = channels(&configuration.notifications).into_iter().map(wall).collect();
    let mut world = World::new(
        configuration,
        home,
        Outside { ledger: &ledger, clock: &clock, queue: &queue, walls: &walls },
    );
    let mut batch: Vec<Event> = Vec::new();
    let mut ends = first;
    let mut played = 0;
    for recorded in recording.events()? {
        let Recorded { at, bytes, .. } = recorded?;
        let at = Timestamp::from_millisecond(at).unwrap_or(last).min(last);
        let Some(event) = source::decode(&bytes) else { continue };
        if !batch.is_empty() && (at >= ends || batch.len() >= BATCH) {
            world.deliver(std::mem::take(&mut batch), ends).await?;
        }
        if batch.is_empty() {
            ends = at + WINDOW;
        }
        batch.push(event);
        played += 1;
        progress(played);
    }
    world.deliver(batch, ends).await?;
    world.pass_until(clock.now() + AFTERWARDS).await?;
    drop(world);
    recording.traits = traits;
    Ok(tally.into_inner())
}

type Remediation<'w> =
    remediation::Handler<'w, Watched<'w>, Recalled<'w>, Recalled<'w>, DelayQueue<'w>, VirtualClock>;
type Telling<'w> =
    notifications::Handler<'w, Watched<'w>, Wall<'w>, DelayQueue<'w>, VirtualClock, Recalled<'w>>;

/// What the handlers meet.
#[derive(Clone, Copy)]
struct Outside<'w> {
    ledger: &'w Watched<'w>,
    clock: &'w VirtualClock,
    queue: &'w DelayQueue<'w>,
    walls: &'w [Wall<'w>],
}

struct World<'w> {
    outside: Outside<'w>,
    settings: remediation::Settings,
    notifications: Telling<'w>,
    swept_at: Timestamp,
    forgot_at: Timestamp,
}

impl<'w> World<'w> {
    fn new(configuration: &Configuration, home: Option<Home>, outside: Outside<'w>) -> Self {
        let settings = remediation::Settings {
            policy: configuration.policy.clone(),
            grouping: configuration.notifications.grouping,
            home,
            deadline: Deadline::never(),
        };
        let Outside { ledger, clock, queue, walls } = outside;
        let ports = notifications::Ports { ledger, channels: walls, queue, clock, evidence: ledger.recalled };
        let invocation =
            notifications::Invocation { holder: "replay".to_owned(), deadline: Deadline::never() };
        let notifications = notifications::Handler::new(ports, invocation).configured(configuration.clone());
        let now = clock.now();
        Self { outside, settings, notifications, swept_at: now - TICK, forgot_at: now }
    }

    /// A handler as an invocation that begins now has it.
    fn remediation(&self) -> Remediation<'w> {
        let Outside { ledger, clock, queue, .. } = self.outside;
        let ecs = ledger.recalled;
        let ports = remediation::Ports { ledger, ecs, owners: ecs, tell: queue, clock };
        let deadline = Deadline::new(clock.now(), clock.now() + INVOCATION);
        remediation::Handler::new(ports, remediation::Settings { deadline, ..self.settings.clone() })
    }

    async fn deliver(&mut self, events: Vec<Event>, at: Timestamp) -> io::Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.pass_until(at).await?;
        for event in &events {
            self.outside.ledger.recalled.learn(event);
        }
        let (heard, kept_out): (Vec<Event>, Vec<Event>) = events.into_iter().partition(comes_through);
        self.outside.ledger.tally.borrow_mut().kept_out(kept_out.len());
        let records = heard.into_iter().map(|event| Record { message_id: None, event: Ok(event) });
        let handler = self.remediation();
        let outcome = Box::pin(handler.handle_records(records.collect())).await;
        let mut tally = self.outside.ledger.tally.borrow_mut();
        for handled in &outcome.records {
            tally.handled(handled);
        }
        Ok(())
    }

    /// Lets time pass: nudges when their delay is over, sweeps where something is due.
    async fn pass_until(&mut self, end: Timestamp) -> io::Result<()> {
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.set(next);
            while let Some(subject) = self.outside.queue.take_due(next) {
                Box::pin(self.notifications.tell(&subject)).await.map_err(io::Error::other)?;
            }
            if self.next_sweep().is_some_and(|sweep| sweep <= next) {
                self.sweep(next).await?;
            }
        }
        self.set(end);
        Ok(())
    }

    fn set(&mut self, now: Timestamp) {
        let now = now.max(self.outside.clock.now());
        self.outside.clock.set(now);
        self.outside.ledger.recalled.at(now);
        if now.duration_since(self.forgot_at) >= FORGET {
            self.outside.ledger.shelf.forget(now);
            self.forgot_at = now;
        }
    }

    async fn sweep(&mut self, now: Timestamp) -> io::Result<()> {
        self.swept_at = now;
        let handler = self.remediation();
        let swept = Box::pin(handler.sweep()).await.map_err(io::Error::other)?;
        let told = Box::pin(self.notifications.sweep()).await.map_err(io::Error::other)?;
        let mut tally = self.outside.ledger.tally.borrow_mut();
        for problem in swept.failed.iter().chain(&told.failed) {
            tally.fails(problem);
        }
        Ok(())
    }

    /// When something happens next, events apart.
    fn next(&self) -> Option<Timestamp> {
        self.outside.queue.next_at().into_iter().chain(self.next_sweep()).min()
    }

    /// The next minute in which a sweep finds something.
    fn next_sweep(&self) -> Option<Timestamp> {
        let ledger = self.outside.ledger.shelf;
        let due =
            [Owner::Remediation, Owner::Shared].into_iter().filter_map(|owner| ledger.next_due(owner)).min();
        due.map(|due| next_tick(due).max(next_tick(self.swept_at + TICK)))
    }
}

/// Whether the rules of `template.yaml` let an event come to remediation: of tasks those that stopped, and those of services that
/// run. Of everything else the handler itself says why it is of no use.
fn comes_through(event: &Event) -> bool {
    let Detail::TaskStateChange(task) = &event.detail else { return true };
    let runs = task.last_status == TaskStatus::Running && task.desired_status == Some(TaskStatus::Running);
    task.is_stopped() || (runs && task.deployment_id().is_some())
}

fn next_tick(at: Timestamp) -> Timestamp {
    let tick = TICK.as_secs();
    let minute = at.as_second().div_euclid(tick) * tick;
    let begins = Timestamp::from_second(minute).unwrap_or(at);
    if begins == at { at } else { Timestamp::from_second(minute + tick).unwrap_or(at) }
}
