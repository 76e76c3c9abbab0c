//! Running ours, and every setting of the peers, on all of the machine's cores.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use steward::scaling::Scaler;

use crate::outcome::Outcome;
use crate::peer::Setting;
use crate::run::{Course, run, run_on};
use crate::steward::{Look, Ours};
use crate::world::World;

/// Runs at the same time where the machine does not say how many it can.
const THREADS: usize = 2;

/// A setting, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Which.
    pub setting: Setting,
    /// What came of it.
    pub outcome: Outcome,
}

/// Our scaler in a world, from nothing known.
pub fn steward(world: &World, scaler: &Scaler) -> Outcome {
    run(world, &mut Ours::new(scaler, world))
}

/// How ours went on.
pub fn course(world: &World, scaler: &Scaler) -> Course {
    let mut course = Course::default();
    run_on(world, &mut Ours::new(scaler, world), Some(&mut course));
    course
}

/// Every look of ours, and what came of all.
pub fn looks(world: &World, scaler: &Scaler) -> (Vec<Look>, Outcome) {
    let mut ours = Ours::new(scaler, world);
    ours.looks = Some(Vec::new());
    let outcome = run(world, &mut ours);
    (ours.looks.unwrap_or_default(), outcome)
}

/// How a peer went on.
pub fn course_of(world: &World, setting: &Setting) -> Course {
    let mut course = Course::default();
    run_on(world, &mut *setting.control(world.options.max), Some(&mut course));
    course
}

/// Tries each setting, in their order, on all of the machine's cores.
pub fn search(world: &World, settings: &[Setting]) -> Vec<Tried> {
    let threads = std::thread::available_parallelism().map_or(THREADS, NonZeroUsize::get);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut tried = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(setting) = settings.get(place) else { return tried };
            let outcome = run(world, &mut *setting.control(world.options.max));
            tried.push((place, Tried { setting: *setting, outcome }));
        }
    };
    let mut all: Vec<(usize, Tried)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(settings.len())).map(|_| scope.spawn(worker)).collect();
        // A worker that panicked has said so, and what it tried is missing.
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, tried)| tried).collect()
}
