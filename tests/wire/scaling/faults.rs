//! What befalls UpdateService, and what happens between an order's claim and its call.

use steward_sim::lambda::gateway::{Fault, Hook, Next};

use super::*;

#[test]
fn whatever_befalls_the_call_of_an_order_a_later_look_scales_the_service_once() {
    run(async {
        let troubles = [
            // Turned away for now: the next look orders anew.
            ("throttled", Fault::Throttle, 2),
            // Nobody knows: the count is read back, and is as it was.
            ("unavailable", Fault::Unavailable, 2),
            ("cut", Fault::Cut, 2),
            // Nobody knows: the count is read back, and is as it was ordered.
            ("lost", Fault::LoseAnswer, 1),
        ];
        let names = troubles.each_ref().map(|(name, ..)| *name);
        let scaled = names.map(|name| scaled(name, &json!({})));
        let house = furnished(&plan_of(&names.map(|name| (name, 0)), "5s", &scaled), &scaled).await;
        let injected = troubles.each_ref().map(|(name, fault, _)| {
            fill(&house, name, BURST);
            let call = When::any().function("scaling").operation("UpdateService").mentions(name).nth(1);
            house.gateway.inject(call, fault.clone())
        });
        let answer = tick(&house).await;
        assert_eq!((&answer["services"], &answer["rounds"]), (&json!(4), &json!(2)), "{answer}");
        for ((name, _, epoch), injected) in troubles.iter().zip(injected) {
            assert_eq!(house.gateway.hits(injected).len(), 1, "{name}");
            assert_eq!(orders(&house, name), [u64::from(TASKS)], "{name}");
            let expected = Some((*epoch, 0, TASKS, OrderState::Confirmed));
            assert_eq!(order(&house, name).await, expected, "{name}");
        }
    });
}

/// The write that claims an order.
fn claim() -> When {
    When::any().function("scaling").operation("PutItem").mentions("orders").nth(1)
}

#[test]
fn a_pause_that_comes_between_an_orders_claim_and_its_call_holds_the_call_back() {
    run(async {
        let house = with_one("orders", 0, &json!({})).await;
        fill(&house, "orders", BURST);
        let moto = house.moto.url();
        let pausing = Hook::new(move |_| {
            let moto = moto.clone();
            async move {
                pause(&moto, true).await;
                Next::GoOn
            }
        });
        let paused = house.gateway.inject(claim(), Fault::After(pausing));
        tick(&house).await;
        assert_eq!(house.gateway.hits(paused).len(), 1);
        assert_eq!(order(&house, "orders").await, Some((1, 0, TASKS, OrderState::Withdrawn)));
        assert_eq!(calls(&house, "UpdateService"), []);
    });
}

#[test]
fn a_count_that_somebody_sets_between_an_orders_claim_and_its_call_stays_theirs() {
    run(async {
        let house = with_one("orders", 0, &json!({})).await;
        fill(&house, "orders", BURST);
        let ecs = house.ecs.clone().unwrap();
        let setting = Hook::new(move |_| {
            let request = UpdateServiceRequest {
                cluster: Some(CLUSTER.to_owned()),
                service: "orders".to_owned(),
                desired_count: Some(17),
                ..UpdateServiceRequest::default()
            };
            ecs.model(|ecs| {
                ecs.set_caller("ada");
                ecs.update_service(request).unwrap();
            });
            async { Next::GoOn }
        });
        house.gateway.inject(claim(), Fault::After(setting));
        tick(&house).await;
        assert_eq!(order(&house, "orders").await, Some((1, 0, TASKS, OrderState::Overtaken)));
        assert_eq!(calls(&house, "UpdateService"), []);
    });
}

#[test]
fn where_protection_cannot_be_read_no_task_is_taken_away() {
    run(async {
        let house = with_one("orders", 4, &json!({"min": 1})).await;
        let reads = When::any().function("scaling").operation("GetTaskProtection");
        house.gateway.inject(reads, Fault::Unavailable);
        observed(&house, "orders").await;
        tick(&house).await;
        let holds = holds(&house, "orders").await;
        assert!(matches!(holds.as_slice(), [Hold::UnknownProtection { .. }]), "{holds:?}");
        assert_eq!(calls(&house, "UpdateService"), []);
        house.gateway.heal();
        tick(&house).await;
        assert_eq!(orders(&house, "orders"), [1]);
    });
}

#[test]
fn a_burst_is_answered_though_cloudwatch_throttles_and_another_queue_is_missing() {
    run(async {
        let queues = json!({"queues": [{"name": "orders"}, {"name": "gone"}]});
        let house = house(&plan_of(&[("desk", 0)], ONCE, &[scaled("desk", &queues)])).await;
        house.sqs.create_queue("orders", QueueSettings::default()).unwrap();
        house.gateway.inject(When::any().function("scaling").operation("GetMetricData"), Fault::Throttle);
        fill(&house, "orders", BURST);
        assert_eq!(tick(&house).await["orders"], 1);
        assert_eq!(orders(&house, "desk"), [u64::from(TASKS)]);
    });
}
