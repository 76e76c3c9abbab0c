//! One policy in one world, event by event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::fleet::{Fleet, Stop};
use crate::outcome::{Outcome, Tally, percentile};
use crate::policy::{Control, Seen};
use crate::queue::{MINUTE, Message, Queue};
use crate::world::{Workers, World};

/// ECS looks so often whether a protected task may be stopped by now, in milliseconds.
const RECONCILED: u64 = 10_000;
/// A message that nobody took.
const NEVER: u32 = u32::MAX;

/// What happens at a time. Of two at one moment, the one that stands first here comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A slot is done with its message.
    Done { slot: u32, serial: u32 },
    /// A task is up.
    Ready { place: u32, serial: u32 },
    /// SIGKILL.
    Kill { place: u32, serial: u32 },
    /// A message is visible again.
    Back { message: Message },
    /// ECS looks for tasks that it may stop.
    Reconcile,
    /// SQS counts anew.
    Refresh,
    /// A minute is over.
    Minute,
    /// CloudWatch tells of a minute.
    Told,
    /// The policy looks.
    Look,
}

/// How a run went on: a point whenever SQS counted anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// Seconds from the world's beginning, tasks as ordered, messages that waited.
    pub points: Vec<(u64, u32, u64)>,
}

struct Run<'w> {
    world: &'w World,
    now: u64,
    events: BinaryHeap<Reverse<(u64, What)>>,
    queue: Queue,
    fleet: Fleet,
    desired: u32,
    /// Whether ECS has a look at protected tasks before it.
    reconciles: bool,
    waits: Vec<u32>,
    killed: u64,
    tally: Tally,
    asks_age: bool,
}

/// Runs a policy through a world.
pub(crate) fn run(world: &World, control: &mut dyn Control) -> Outcome {
    run_on(world, control, None)
}

/// The same, and how it went on.
pub(crate) fn run_on(world: &World, control: &mut dyn Control, mut course: Option<&mut Course>) -> Outcome {
    let mut run = Run::new(world, control.first(), control.asks_age());
    let every = control.every().max(1);
    let mut arrivals = (0..).zip(&world.arrivals).peekable();
    while let Some(Reverse((at, _))) = run.events.peek().copied() {
        if let Some((message, arrival)) = arrivals.next_if(|(_, arrival)| **arrival <= at) {
            run.now = *arrival;
            run.queue.send(message);
            run.hand_out();
            continue;
        }
        if at > world.ends {
            break;
        }
        let Some(Reverse((_, what))) = run.events.pop() else { break };
        run.now = at;
        match what {
            What::Look => {
                run.look(control);
                run.later(every, What::Look);
            }
            other => {
                run.happen(other);
                if let (What::Refresh, Some(course)) = (other, course.as_deref_mut()) {
                    course.points.push((at / 1_000, run.desired, run.queue.visible()));
                }
            }
        }
    }
    run.outcome()
}

impl<'w> Run<'w> {
    fn new(world: &'w World, first: u32, asks_age: bool) -> Self {
        let options = &world.options;
        let first = first.max(world.opening());
        let mut run = Self {
            world,
            now: 0,
            events: BinaryHeap::new(),
            queue: Queue::new(options.seed),
            fleet: Fleet::new(options.seed, options.per_task, options.workers == Workers::Protecting),
            desired: first,
            reconciles: false,
            waits: vec![NEVER; world.arrivals.len()],
            killed: 0,
            tally: Tally::default(),
            asks_age,
        };
        for _ in 0..first {
            let (place, serial) = run.fleet.start(0);
            run.fleet.ready(place, serial);
        }
        run.later(0, What::Refresh);
        run.later(0, What::Look);
        run.later(MINUTE, What::Minute);
        run
    }

    fn later(&mut self, after: u64, what: What) {
        self.events.push(Reverse((self.now + after, what)));
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Done { slot, serial } => {
                if self.fleet.done(slot, serial, self.now) {
                    self.queue.delete();
                    self.hand_out();
                }
            }
            What::Ready { place, serial } => {
                self.fleet.ready(place, serial);
                self.hand_out();
            }
            What::Kill { place, serial } => {
                for message in self.fleet.kill(place, serial, self.now) {
                    self.killed += 1;
                    if let Some(wait) = self.waits.get_mut(message as usize) {
                        *wait = NEVER;
                    }
                    self.later(self.world.options.visibility, What::Back { message });
                }
            }
            What::Back { message } => {
                self.queue.send_back(message);
                self.hand_out();
            }
            What::Reconcile => {
                self.reconciles = false;
                self.reconcile();
            }
            What::Refresh => {
                let next = self.queue.refresh();
                self.tally.watch(self.now, self.queue.reported(), self.desired, self.world);
                self.later(next, What::Refresh);
            }
            What::Minute => self.end_minute(),
            What::Told => self.queue.tell(),
            What::Look => {}
        }
    }

    /// Idle workers take what waits.
    fn hand_out(&mut self) {
        while self.fleet.has_idle() {
            let Some(message) = self.queue.receive() else { return };
            let Some((slot, serial)) = self.fleet.take(message) else { return };
            let index = message as usize;
            let arrival = self.world.arrivals.get(index).copied().unwrap_or_default();
            if let Some(wait) = self.waits.get_mut(index) {
                *wait = u32::try_from(self.now - arrival).unwrap_or(NEVER - 1);
            }
            let takes = self.world.services.get(index).copied().unwrap_or(1);
            self.later(u64::from(takes), What::Done { slot, serial });
        }
    }

    fn end_minute(&mut self) {
        let age = if self.asks_age { self.age() } else { None };
        let told = self.queue.end_minute(self.now, age);
        self.later(told, What::Told);
        self.later(MINUTE, What::Minute);
    }

    /// How old the oldest message is that is not deleted.
    fn age(&self) -> Option<u64> {
        let messages = self.queue.waiting().take(1).chain(self.fleet.at_work());
        let oldest = messages.filter_map(|message| self.world.arrivals.get(message as usize)).min();
        oldest.map(|arrival| self.now - arrival)
    }

    fn look(&mut self, control: &mut dyn Control) {
        let seen = Seen {
            at: self.now,
            counts: self.queue.reported(),
            minutes: self.queue.told(),
            desired: self.desired,
            running: self.fleet.running(),
            pending: self.fleet.pending(),
            protected: self.fleet.protected(),
        };
        let Some(order) = control.look(&seen).map(|order| order.min(self.world.options.max)) else { return };
        if order != self.desired {
            self.tally.order(self.now, order > self.desired);
            self.desired = order;
            self.reconcile();
        }
    }

    /// ECS starts what is missing, and stops what is too much.
    fn reconcile(&mut self) {
        let live = self.fleet.live();
        for _ in live..self.desired {
            let (place, serial) = self.fleet.start(self.now);
            self.later(self.world.start_up(serial), What::Ready { place, serial });
        }
        if live <= self.desired {
            return;
        }
        for stop in self.fleet.stop(live - self.desired, self.now) {
            if let Stop::Waits(place, serial) = stop {
                self.later(self.world.options.stop_timeout, What::Kill { place, serial });
            }
        }
        if self.fleet.live() > self.desired && !self.reconciles {
            self.reconciles = true;
            self.later(RECONCILED, What::Reconcile);
        }
    }

    fn outcome(mut self) -> Outcome {
        let ends = self.world.ends;
        for (wait, arrival) in self.waits.iter_mut().zip(&self.world.arrivals) {
            // Whoever still waits has waited at least until now.
            if *wait == NEVER {
                *wait = u32::try_from(ends.saturating_sub(*arrival)).unwrap_or(NEVER);
            }
        }
        let promise = self.world.options.promise;
        let late = self.waits.iter().filter(|wait| u64::from(**wait) > promise).count();
        Outcome {
            messages: self.waits.len() as u64,
            late: late as u64,
            wait_p50: percentile(&mut self.waits, 50),
            wait_p95: percentile(&mut self.waits, 95),
            wait_p99: percentile(&mut self.waits, 99),
            task_hours: self.fleet.billed(ends) as f64 / 3_600_000.0,
            orders: self.tally.orders,
            reversals: self.tally.reversals,
            killed_in_flight: self.killed,
            burst_reaction: self.tally.burst_reaction(ends),
        }
    }
}
