//! An invocation may die at any call, before and after its effect: each index is started once all the same.

use super::*;

/// Lets one invocation of three die at its `calls`th call, and goes on as if nothing had happened.
fn play(calls: usize, after: bool, dies: usize) -> (World, bool) {
    let world = World::new(jobs([job("nightly", "cron(0 0 * * ? *)", Size::Array(7))]));
    let lives = [0, 1, 2].map(|turn| if turn == dies { Life::of(calls, after) } else { Life::immortal() });
    world.ticks(-120, 2);
    world.tick(at(0), &lives[0]);
    world.ticks(120, 3);
    let events: Vec<_> = world.ecs.running().iter().map(|task| world.ecs.exit(task, 0)).collect();
    world.hear(at(310), &events, &lives[1]);
    // The queue hands over again what was not answered.
    world.hear(at(500), &events, &Life::immortal());
    world.tick(at(540), &lives[2]);
    world.ticks(660, 30);
    let has_died = !lives[dies].is_left();
    (world, has_died)
}

#[test]
fn wherever_an_invocation_dies_each_index_is_started_once_and_the_run_succeeds() {
    for dies in 0..3 {
        for after in [false, true] {
            let mut calls = 1;
            loop {
                let (world, has_died) = play(calls, after, dies);
                let what = format!(
                    "invocation {dies} dies at call {calls}, {}",
                    if after { "after it" } else { "before it" }
                );
                let expected: Vec<String> =
                    (0..7).map(|index| format!("steward/job/nightly/20261109T000000Z/{index}/1")).collect();
                assert_eq!(world.ecs.made(), expected, "{what}");
                let run = world.run("nightly", &Slot::at(at(0))).unwrap();
                assert_eq!((run.state.as_str(), run.tally.succeeded), ("succeeded", 7), "{what}");
                if !has_died {
                    break;
                }
                calls += 1;
            }
            assert!(calls > [20, 5, 2][dies], "invocation {dies} made {calls} calls");
        }
    }
}
