//! Slots become runs.

use super::*;

fn hourly() -> World {
    World::new(jobs([job("hourly", "cron(0 * * * ? *)", Size::Count(1))]))
}

#[test]
fn a_slot_begins_once_however_often_its_tick_comes() {
    let world = hourly();
    world.ticks(-120, 2);
    for second in [0, 0, 1, 59, 60, 61, 120] {
        world.tick(at(second), &Life::immortal()).unwrap();
    }
    assert_eq!(world.ecs.made(), ["steward/job/hourly/20261109T000000Z/0/1"]);
}

#[test]
fn a_late_tick_makes_up_for_those_that_did_not_come() {
    let world = hourly();
    world.ticks(-120, 1);
    world.tick(at(29 * 60), &Life::immortal()).unwrap();
    assert_eq!(world.states()["hourly/20261109T000000Z"], "running");
}

#[test]
fn a_slot_beyond_its_starting_deadline_is_missed_and_told_so() {
    let world = hourly();
    world.ticks(-120, 1);
    world.tick(at(31 * 60), &Life::immortal()).unwrap();
    assert_eq!(world.states()["hourly/20261109T000000Z"], "skipped");
    assert!(world.ecs.made().is_empty());
    let troubles = world.troubles();
    assert_eq!(troubles.len(), 1);
    assert_eq!(troubles[0].counts["skipped"], 1);
}

#[test]
fn more_than_a_hundred_missed_slots_are_counted_and_not_run() {
    let world = World::new(jobs([job("minutely", "cron(* * * * ? *)", Size::Count(1))]));
    world.ticks(-120, 1);
    world.tick(at(24 * 3_600), &Life::immortal()).unwrap();
    let states = world.states();
    assert_eq!(states.len(), 100);
    let many =
        world.troubles().into_iter().flat_map(|trouble| trouble.notes).find_map(|note| match note.what {
            steward::batch::Happened::ManyMissed { count, .. } => Some(count),
            _ => None,
        });
    assert_eq!(many, Some(24 * 60 + 2 - 100), "every other slot since the last tick");
}

#[test]
fn a_job_that_is_new_begins_with_its_next_slot() {
    let mut world = hourly();
    world.ticks(-120, 60);
    let added = job("added", "cron(30 * * * ? *)", Size::Count(1));
    world.jobs.by_name.insert(added.name.clone(), added);
    world.ticks(58 * 60, 4);
    let states = world.states();
    assert!(!states.contains_key("added/20261109T003000Z"), "{states:?}");
    world.ticks(88 * 60, 4);
    assert!(world.states().contains_key("added/20261109T013000Z"));
}

#[test]
fn a_thousand_jobs_fit_a_tick() {
    let all = (0..1_000).map(|index| job(&format!("job-{index}"), "cron(0 0 * * ? *)", Size::Count(1)));
    let world = World::new(jobs(all));
    world.ticks(-60, 1);
    let done = world.tick(at(0), &Life::immortal()).unwrap();
    assert_eq!((done.failed.len(), world.states().len()), (0, 1_000));
    assert_eq!(world.ecs.made().len(), 100, "as many as Fargate starts at once");
    world.ticks(60, 9);
    let made = world.ecs.made();
    assert_eq!(made.len(), 1_000, "the rest as fast as it starts them, by and by");
    let mut once = made.clone();
    once.dedup();
    assert_eq!(once, made);
}

#[test]
fn what_is_suspended_has_no_slots_and_makes_up_for_none() {
    let mut world = hourly();
    world.jobs.by_name.get_mut(&name("hourly")).unwrap().suspended = true;
    world.ticks(-120, 70);
    assert!(world.states().is_empty());
    world.jobs.by_name.get_mut(&name("hourly")).unwrap().suspended = false;
    world.ticks(68 * 60, 2);
    assert!(world.states().is_empty());
}
