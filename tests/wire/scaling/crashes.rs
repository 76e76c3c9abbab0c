//! SIGKILL at the calls that an order makes, and what the next tick finds.

use steward::scaling::{Loop, SHARDS};
use steward_sim::lambda::gateway::{Fault, Hook, Injected, Next};

use super::*;
use crate::crashes::crashes;

/// Where the function dies: at the `nth` call of an operation about a service, before or after its effect, and what the call is
/// for.
const PLACES: [(&str, u64, bool, &str); 10] = [
    ("UpdateService", 1, false, "the order"),
    ("UpdateService", 1, true, "the order"),
    ("PutItem", 1, true, "the claim"),
    ("PutItem", 2, false, "what came of it"),
    ("PutItem", 2, true, "what came of it"),
    ("DescribeServices", 2, true, "the count, before the call"),
    ("PutItem", 1, false, "the claim"),
    ("DescribeServices", 1, true, "the count"),
    ("GetQueueAttributes", 1, true, "the backlog"),
    ("GetMetricData", 1, true, "the latest minutes"),
];
/// The next tick waits for no longer than this for the lease of whoever died.
const PATIENCE_OF_TICKS: Duration = Duration::from_secs(30);
/// From its beginning a lease lasts so long.
const LEASE: Duration = Duration::from_secs(85);

fn kill(house: &House, when: When, after: bool) -> Injected {
    if after {
        house.gateway.kill_after(when, &house.scaling)
    } else {
        house.gateway.kill_before(when, &house.scaling)
    }
}

/// The time has passed after which nobody holds what an invocation that died has left.
async fn leases_end(house: &House) {
    let ledger = ledger(house);
    let keys: Vec<Key> = (0..SHARDS).map(Key::scaling_loop).collect();
    for stored in ledger.read(&keys).await.unwrap().into_iter().flatten() {
        let Record::ScalingLoop(held) = &stored.record else { panic!("{stored:?}") };
        let over = Loop { until: Timestamp::now(), ..held.clone() };
        let write = Write::of_scaling_loop(over, Some(&stored));
        ledger.commit(Transaction { writes: vec![write] }).await.unwrap();
    }
}

#[test]
fn scaling_may_be_killed_at_any_call_of_an_order_and_the_next_tick_settles_it_by_the_count() {
    run(async {
        let names: Vec<String> = (0..crashes()).map(|n| format!("worker-{n:03}")).collect();
        let services: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 0)).collect();
        // What came between two ticks looks like a burst that may go on.
        let most = json!({"max": TASKS});
        let scaled: Vec<Value> = names.iter().map(|name| scaled(name, &most)).collect();
        let house = furnished(&plan_of(&services, ONCE, &scaled), &scaled).await;
        // All are known by then, and who else scales them.
        tick(&house).await;
        for (name, (operation, nth, after, purpose)) in names.iter().zip(PLACES.iter().cycle()) {
            let place = format!("{name}: {operation} {nth} ({purpose}), after it: {after}");
            let when = When::any().function("scaling").operation(operation).mentions(name).nth(*nth);
            let killed = kill(&house, when, *after);
            fill(&house, name, BURST);
            let died = try_tick(&house).await;
            assert!(matches!(died, Err(InvokeError::Crashed { .. })), "{place}: {died:?}");
            assert_eq!(house.gateway.hits(killed).len(), 1, "{place}");
            // Until then nobody may look after it.
            let answer = tick(&house).await;
            assert_eq!((&answer["services"], &answer["orders"]), (&json!(0), &json!(0)), "{place}");
            leases_end(&house).await;
            tick(&house).await;
            assert_eq!(orders(&house, name), [u64::from(TASKS)], "{place}");
            let (_, from, to, state) = order(&house, name).await.unwrap();
            assert_eq!((from, to, state), (0, TASKS, OrderState::Confirmed), "{place}");
        }
        tick(&house).await;
        for name in &names {
            assert_eq!(orders(&house, name).len(), 1, "{name}");
        }
        println!("{} crashes of scaling: each service was scaled once", names.len());
    });
}

#[test]
fn what_an_invocation_that_was_killed_has_left_is_taken_over_by_a_tick_that_waits_for_its_lease() {
    run(async {
        // As deployed: a tick may wait for a lease, and then has its minute.
        let scaled = ["ordered", "claimed"].map(|name| scaled(name, &json!({})));
        let plan = plan_of(&[("ordered", 0), ("claimed", 0)], ONCE, &scaled);
        let house = furnished(&Plan { timeout: Duration::from_secs(75), ..plan }, &scaled).await;
        for queue in ["ordered", "claimed"] {
            fill(&house, queue, BURST);
        }
        let update = |name: &str| When::any().function("scaling").operation("UpdateService").mentions(name);
        // Neither is answered before the process dies: one has had its effect, of the other there is only the claim.
        house.gateway.inject(update("ordered"), Fault::HoldAnswer);
        let claimed = kill_when_ordered(&house, update("claimed").nth(1));
        let begun = tokio::time::Instant::now();
        let died = try_tick(&house).await;
        assert!(matches!(died, Err(InvokeError::Crashed { .. })), "{died:?}");
        assert_eq!(house.gateway.hits(claimed).len(), 1);
        house.gateway.heal();
        for name in ["ordered", "claimed"] {
            assert_eq!(order(&house, name).await, Some((1, 0, TASKS, OrderState::Issued)), "{name}");
        }
        assert_eq!(tick(&house).await["services"], 0, "a lease is not waited for so long");
        tokio::time::sleep_until(begun + LEASE - PATIENCE_OF_TICKS + Duration::from_secs(2)).await;
        let answer = tick(&house).await;
        let took = begun.elapsed();
        assert_eq!(answer["services"], 2, "{answer}");
        assert!(took >= LEASE, "a tick looked after what another might still do: {took:?}");
        assert_eq!(order(&house, "ordered").await, Some((1, 0, TASKS, OrderState::Confirmed)));
        assert_eq!(order(&house, "claimed").await, Some((2, 0, TASKS, OrderState::Confirmed)));
        for name in ["ordered", "claimed"] {
            assert_eq!(orders(&house, name), [u64::from(TASKS)], "{name}");
        }
    });
}

/// Kills at a call, before its effect, and no sooner than the other service was ordered.
fn kill_when_ordered(house: &House, when: When) -> Injected {
    let (function, ecs) = (house.scaling.clone(), house.ecs.clone().unwrap());
    let hook = Hook::new(move |_| {
        let (function, ecs) = (function.clone(), ecs.clone());
        async move {
            while ecs.model(|ecs| ecs.effects().is_empty()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            function.kill_running().await;
            Next::Cut
        }
    });
    house.gateway.inject(when, Fault::Before(hook))
}
