//! An invocation may die at any call, before and after its effect: the count is right soon after, and every order is settled.

use super::*;

/// Lets the first of some invocations die at its `calls`th call, and goes on as if nothing had happened.
fn play(calls: usize, after: bool) -> (World, bool) {
    let world = World::with_backlog(scaler("worker"), 100);
    let life = Life::of(calls, after);
    world.tick(0, &life);
    world.live(60);
    world.live(120);
    (world, !life.is_left())
}

#[test]
fn wherever_an_invocation_dies_the_next_ones_set_the_count_and_settle_the_order() {
    for after in [false, true] {
        let mut calls = 1;
        loop {
            let (world, has_died) = play(calls, after);
            let what = format!("dies at call {calls}, {}", if after { "after it" } else { "before it" });
            assert_eq!(world.outside.desired("worker"), 5, "{what}");
            let order = world.record("worker").order.unwrap();
            assert_eq!((order.to, order.state), (5, OrderState::Confirmed), "{what}");
            let scaled = world.outside.calls("scale");
            assert!(scaled.iter().all(|call| call == "scale worker 5"), "{what}: {scaled:?}");
            // Twice only where it died in the call, before the effect.
            assert!(scaled.len() <= 2, "{what}: {scaled:?}");
            if after {
                assert_eq!(scaled.len(), 1, "{what}");
            }
            if !has_died {
                break;
            }
            calls += 1;
        }
        assert!(calls > 20, "an invocation made {calls} calls");
    }
}

#[test]
fn what_an_invocation_that_died_has_left_behind_is_waited_for_by_the_next() {
    let world = World::with_backlog(scaler("worker"), 100);
    world.tick(0, &Life::of(3, true));
    let done = world.live(60);
    assert_eq!((done.services, done.held.len()), (1, 0));
    assert_eq!(world.outside.desired("worker"), 5);
}
