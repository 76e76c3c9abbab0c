//! Tasks: from the order to the end, and what each works on.

use crate::queue::Message;
use crate::random::{Random, Stream};

/// A task's place. Places are used again; the serial number tells who is meant.
pub(crate) type Place = u32;
/// The nth task that was ordered.
pub(crate) type Serial = u32;
/// One of the things that a task does at the same time.
pub(crate) type Slot = u32;

const NOTHING: Message = Message::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Gone,
    Starting,
    Running,
    Stopping,
}

#[derive(Debug, Clone, Copy)]
struct Task {
    serial: Serial,
    state: State,
    /// Slots that work.
    working: u32,
    /// When it was ordered.
    created: u64,
}

/// All tasks of the service.
#[derive(Debug)]
pub(crate) struct Fleet {
    per_task: u32,
    is_protecting: bool,
    random: Random,
    tasks: Vec<Task>,
    free: Vec<Place>,
    /// What each slot works on.
    slots: Vec<Message>,
    /// Slots of running tasks that do nothing.
    idle: Vec<Slot>,
    next_serial: Serial,
    starting: u32,
    running: u32,
    stopping: u32,
    busy: u32,
    /// What all tasks took that are gone, in milliseconds.
    billed: u64,
}

/// What becomes of a task that shall stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is gone.
    Gone,
    /// It works on: it is killed if it does not end in time.
    Waits(Place, Serial),
}

impl Fleet {
    pub(crate) fn new(seed: u64, per_task: u32, is_protecting: bool) -> Self {
        Self {
            per_task: per_task.max(1),
            is_protecting,
            random: Random::new(seed, Stream::Choice),
            tasks: Vec::new(),
            free: Vec::new(),
            slots: Vec::new(),
            idle: Vec::new(),
            next_serial: 0,
            starting: 0,
            running: 0,
            stopping: 0,
            busy: 0,
            billed: 0,
        }
    }

    /// Tasks that ECS counts as running: those it stops already are none.
    pub(crate) fn running(&self) -> u32 {
        self.running
    }

    pub(crate) fn pending(&self) -> u32 {
        self.starting
    }

    /// Tasks that ECS does not stop yet.
    pub(crate) fn live(&self) -> u32 {
        self.running + self.starting
    }

    /// Tasks that protect themselves: those at work, where workers do so.
    pub(crate) fn protected(&self) -> u32 {
        if self.is_protecting { self.busy } else { 0 }
    }

    /// What all tasks took up to now, in milliseconds.
    pub(crate) fn billed(&self, now: u64) -> u64 {
        let alive = self.tasks.iter().filter(|task| task.state != State::Gone);
        self.billed + alive.map(|task| now.saturating_sub(task.created)).sum::<u64>()
    }

    /// One task more.
    pub(crate) fn start(&mut self, now: u64) -> (Place, Serial) {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.starting += 1;
        let task = Task { serial, state: State::Starting, working: 0, created: now };
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.extend(std::iter::repeat_n(NOTHING, self.per_task as usize));
            self.tasks.push(task);
            u32::try_from(self.tasks.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(known) = self.tasks.get_mut(place as usize) {
            *known = task;
        }
        (place, serial)
    }

    fn task(&mut self, place: Place, serial: Serial) -> Option<&mut Task> {
        self.tasks.get_mut(place as usize).filter(|task| task.serial == serial && task.state != State::Gone)
    }

    /// A task works from now on: its slots are idle.
    pub(crate) fn ready(&mut self, place: Place, serial: Serial) {
        let Some(task) = self.task(place, serial).filter(|task| task.state == State::Starting) else {
            return;
        };
        task.state = State::Running;
        self.starting -= 1;
        self.running += 1;
        let first = place * self.per_task;
        self.idle.extend(first..first + self.per_task);
    }

    pub(crate) fn has_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// One of the idle slots takes a message; who, and who its task is.
    pub(crate) fn take(&mut self, message: Message) -> Option<(Slot, Serial)> {
        let chosen = usize::try_from(self.random.below(self.idle.len() as u64)).ok()?;
        if chosen >= self.idle.len() {
            return None;
        }
        let slot = self.idle.swap_remove(chosen);
        *self.slots.get_mut(slot as usize)? = message;
        let task = self.tasks.get_mut((slot / self.per_task) as usize)?;
        self.busy += u32::from(task.working == 0);
        task.working += 1;
        Some((slot, task.serial))
    }

    /// A slot is done, unless it was killed before. Answers whether it was at work.
    pub(crate) fn done(&mut self, slot: Slot, serial: Serial, now: u64) -> bool {
        let place = slot / self.per_task;
        let Some(task) = self.task(place, serial) else { return false };
        task.working = task.working.saturating_sub(1);
        let (state, working) = (task.state, task.working);
        if let Some(held) = self.slots.get_mut(slot as usize) {
            *held = NOTHING;
        }
        self.busy -= u32::from(working == 0);
        match state {
            State::Running => self.idle.push(slot),
            State::Stopping if working == 0 => self.end(place, now),
            _ => {}
        }
        true
    }

    /// What is worked on.
    pub(crate) fn at_work(&self) -> impl Iterator<Item = Message> + '_ {
        self.slots.iter().copied().filter(|message| *message != NOTHING)
    }

    /// As many tasks are told to stop, of those that ECS may take, at random. Answers what becomes of each; fewer than asked
    /// for where the others are protected.
    pub(crate) fn stop(&mut self, surplus: u32, now: u64) -> Vec<Stop> {
        let may_stop = |task: &Task| match task.state {
            State::Starting => true,
            State::Running => task.working == 0 || !self.is_protecting,
            State::Stopping | State::Gone => false,
        };
        let mut candidates: Vec<Place> =
            (0..).zip(&self.tasks).filter(|(_, task)| may_stop(task)).map(|(place, _)| place).collect();
        let mut stops = Vec::new();
        for _ in 0..surplus.min(u32::try_from(candidates.len()).unwrap_or(u32::MAX)) {
            let chosen = usize::try_from(self.random.below(candidates.len() as u64)).unwrap_or_default();
            stops.extend(self.stop_one(candidates.swap_remove(chosen), now));
        }
        stops
    }

    fn stop_one(&mut self, place: Place, now: u64) -> Option<Stop> {
        let task = self.tasks.get_mut(place as usize)?;
        let serial = task.serial;
        match task.state {
            State::Starting => self.starting -= 1,
            State::Running => self.running -= 1,
            State::Stopping | State::Gone => return None,
        }
        task.state = State::Stopping;
        self.stopping += 1;
        let is_idle = task.working == 0;
        let per_task = self.per_task;
        self.idle.retain(|slot| slot / per_task != place);
        if is_idle {
            self.end(place, now);
            return Some(Stop::Gone);
        }
        Some(Stop::Waits(place, serial))
    }

    /// A task that did not end in time is killed. Answers the messages that it worked on.
    pub(crate) fn kill(&mut self, place: Place, serial: Serial, now: u64) -> Vec<Message> {
        let Some(task) = self.task(place, serial).filter(|task| task.state == State::Stopping) else {
            return Vec::new();
        };
        self.busy -= u32::from(task.working > 0);
        let first = (place * self.per_task) as usize;
        let slots = self.slots.iter_mut().skip(first).take(self.per_task as usize);
        let held = slots.map(|slot| std::mem::replace(slot, NOTHING));
        let held = held.filter(|message| *message != NOTHING).collect();
        self.end(place, now);
        held
    }

    fn end(&mut self, place: Place, now: u64) {
        let Some(task) = self.tasks.get_mut(place as usize) else { return };
        task.state = State::Gone;
        task.working = 0;
        self.billed += now.saturating_sub(task.created);
        self.stopping -= 1;
        self.free.push(place);
    }
}
