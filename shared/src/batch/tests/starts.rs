//! Calls, and what becomes of them.

use super::*;

#[test]
fn every_failure_is_read_and_only_what_is_missing_is_started_again() {
    let frozen = frozen(Size::Count(10));
    let mut unit = begun(10, &frozen);
    assert_eq!(unit.call.as_ref().unwrap().wanted, 10);
    let failures = ["RESOURCE:MEMORY", "RESOURCE:CPU", "AGENT"].map(no_room).to_vec();
    unit.answered(1, &Started { failures, ..started(&[1, 2, 3, 4, 5, 6, 7]) }, &frozen, at(1));
    assert_eq!(unit.tasks().count(), 7);
    assert!(!unit.begin(&frozen, at(2), lease()), "a capacity failure is followed by a pause");
    assert!(unit.begin(&frozen, at(600), at(675)));
    let call = unit.call.clone().unwrap();
    assert_eq!((call.number, call.wanted), (2, 3), "a new call for the missing alone");
}

#[test]
fn where_any_failure_may_pass_what_is_missing_is_started_later() {
    let frozen = frozen(Size::Count(2));
    let of = |reasons: &[&str]| {
        let mut unit = begun(2, &frozen);
        let failures = reasons.iter().map(|reason| no_room(reason)).collect();
        unit.answered(1, &Started { tasks: Vec::new(), failures }, &frozen, at(1));
        unit.places.remove(1)
    };
    let limit = "You've reached the limit on the number of vCPUs you can run concurrently";
    let place = of(&[limit, "RESOURCE:MEMORY"]);
    let PlaceState::Waiting { why: Some(why), .. } = &place.state else { panic!("{place:?}") };
    assert!(why.as_str().contains("RESOURCE:MEMORY") && why.as_str().contains("vCPUs"), "{why}");
    assert_eq!(of(&[limit, limit]).outcome(), Some(Outcome::Failed));
}

#[test]
fn a_start_failure_is_no_success_and_what_cannot_pass_is_not_tried_again() {
    let frozen = frozen(Size::Array(1));
    for (reason, outcome) in [
        ("RESOURCE:FARGATE", None),
        (
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            None,
        ),
        ("RESOURCE:GPU", None),
        ("You've reached the limit on the number of vCPUs you can run concurrently", Some(Outcome::Failed)),
        ("something new", None),
    ] {
        let mut unit = begun(1, &frozen);
        unit.answered(1, &Started { tasks: Vec::new(), failures: vec![no_room(reason)] }, &frozen, at(1));
        assert_eq!(unit.places[0].outcome(), outcome, "{reason}");
        assert_eq!(unit.places[0].started(), 0);
    }
    let mut unit = begun(1, &frozen);
    unit.answered(1, &Started::default(), &frozen, at(1));
    assert!(unit.call.is_none() && !unit.is_over(), "neither a task nor a failure: nothing was started");
}

#[test]
fn a_token_is_used_once_more_for_a_lost_answer_and_never_after_a_failure() {
    let frozen = frozen(Size::Array(1));
    let home =
        crate::remediation::Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let mut unit = begun(1, &frozen);
    let token = |unit: &Unit| frozen.token(&home, unit, unit.call.as_ref().unwrap().number);
    let first = token(&unit);
    unit.unanswered(1, at(10));
    assert!(!unit.begin_again(at(11), at(90)), "whoever called is waited for");
    assert!(unit.begin_again(at(40), at(115)));
    assert_eq!(token(&unit), first, "the same call has the same token");
    unit.answered(
        1,
        &Started { tasks: Vec::new(), failures: vec![no_room("RESOURCE:FARGATE")] },
        &frozen,
        at(41),
    );
    assert!(unit.begin(&frozen, at(600), at(675)));
    assert_ne!(
        token(&unit),
        first,
        "a token gives its original result: a reported failure is called with another"
    );
}

#[test]
fn a_call_of_unknown_outcome_is_looked_for_when_its_token_may_be_gone() {
    let frozen = frozen(Size::Array(1));
    let mut unit = begun(1, &frozen);
    assert!(unit.begin_again(at(80), at(155)) && !unit.must_probe(at(80)));
    let late = at(56 * 60);
    assert!(!unit.begin_again(late, at(57 * 60)) && unit.must_probe(late));
    let mut found = unit.clone();
    found.probed(1, &[arn(9)], &frozen, late);
    assert_eq!(found.tasks().map(|placed| placed.task.clone()).collect::<Vec<_>>(), [arn(9)]);
    unit.probed(1, &[], &frozen, late);
    assert_eq!(unit.places[0].outcome(), Some(Outcome::Unknown), "it is not started again: it may have run");
}

#[test]
fn an_event_that_comes_before_the_answer_is_of_the_call() {
    let frozen = frozen(Size::Array(1));
    let mut unit = begun(1, &frozen);
    unit.adopt(1, &[arn(1)], at(2));
    assert_eq!(unit.tasks().count(), 1);
    unit.answered(1, &started(&[1]), &frozen, at(3));
    assert_eq!((unit.tasks().count(), unit.places[0].attempts), (1, 1));
}

#[test]
fn a_throttled_call_has_started_nothing_and_is_made_anew() {
    let frozen = frozen(Size::Array(1));
    let mut unit = begun(1, &frozen);
    unit.turned_away(1, &frozen, at(1));
    assert_eq!((unit.places[0].attempts, unit.is_over()), (0, false));
    assert!(unit.begin(&frozen, at(60), at(135)));
    let mut unknown = begun(1, &frozen);
    assert!(unknown.begin_again(at(80), at(155)));
    unknown.turned_away(1, &frozen, at(81));
    assert!(unknown.call.is_some(), "of a call that was made before only ECS can say what it did");
}

#[test]
fn what_is_refused_has_failed_unless_an_earlier_try_may_have_started_it() {
    let frozen = frozen(Size::Array(1));
    let mut unit = begun(1, &frozen);
    unit.refused(1, "AccessDeniedException (400): not authorized to perform: iam:PassRole", &frozen, at(1));
    assert_eq!(unit.places[0].outcome(), Some(Outcome::Failed));
    let mut unit = begun(1, &frozen);
    assert!(unit.begin_again(at(80), at(155)));
    unit.refused(1, "ClientException (400): TaskDefinition is inactive", &frozen, at(81));
    assert!(!unit.is_over() && unit.must_probe(at(200)) && !unit.begin_again(at(200), at(275)));
    unit.probed(1, &[], &frozen, at(200));
    assert_eq!(unit.places[0].outcome(), Some(Outcome::Failed), "every task of it would be seen");
}

#[test]
fn what_waits_for_room_too_long_is_at_the_end_of_its_attempt() {
    let frozen = frozen(Size::Array(1));
    let mut unit = begun(1, &frozen);
    let mut now = 1;
    let full = || Started { tasks: Vec::new(), failures: vec![no_room("RESOURCE:FARGATE")] };
    unit.answered(1, &full(), &frozen, at(now));
    let mut calls = 1;
    while !unit.is_over() {
        now += 30;
        if unit.begin(&frozen, at(now), at(now + 75)) {
            calls += 1;
            unit.answered(calls, &full(), &frozen, at(now + 1));
        }
        assert!(now < 4 * 3_600, "{:?}", unit.places[0]);
    }
    let place = &unit.places[0];
    assert_eq!((place.outcome(), place.attempts, place.started()), (Some(Outcome::Failed), 3, 0));
    assert!(now > 3 * 15 * 60, "three times its provision_timeout, and not {now} s");
    assert!(calls > 6 && calls < 60, "{calls} calls");
}

#[test]
fn after_failures_of_spot_a_task_goes_on_demand() {
    let spot = StrategyItem { provider: FARGATE_SPOT.to_owned(), weight: 1, base: 0 };
    let mut frozen = frozen(Size::Array(1));
    frozen.task.capacity = Capacity::Strategy(vec![spot]);
    let mut unit = begun(1, &frozen);
    let mut now = 0;
    for number in 1..=2 {
        assert!(!unit.call.as_ref().unwrap().on_demand, "call {number}");
        unit.answered(
            number,
            &Started { tasks: Vec::new(), failures: vec![no_room("RESOURCE:FARGATE")] },
            &frozen,
            at(now),
        );
        now += 300;
        assert!(unit.begin(&frozen, at(now), at(now + 75)));
    }
    assert!(unit.call.as_ref().unwrap().on_demand);
}

#[test]
fn tasks_that_take_too_long_are_stopped_once_a_minute_and_then_judged() {
    let mut frozen = frozen(Size::Array(1));
    frozen.rules.run_timeout = Some(minutes(30));
    let mut unit = begun(1, &frozen);
    unit.answered(1, &started(&[1]), &frozen, at(1));
    assert!(unit.overdue(&frozen, false, at(60)).is_empty());
    assert!(unit.overdue(&frozen, false, at(15 * 60)).is_empty(), "it may run, and nobody heard of it");
    assert_eq!(unit.look_after(at(15 * 60)), [arn(1)]);
    let mut pending = exited(1, 0);
    (pending.last_status, pending.desired_status) = (TaskStatus::Pending, Some(TaskStatus::Running));
    pending.times = TaskTimes::default();
    unit.observed(&pending, &frozen, at(15 * 60 + 1));
    assert_eq!(unit.overdue(&frozen, false, at(15 * 60 + 2)), [(arn(1), StopFor::ProvisionTimeout)]);
    let mut unit = begun(1, &frozen);
    unit.answered(1, &started(&[1]), &frozen, at(1));
    let mut running = exited(1, 0);
    (running.last_status, running.desired_status) = (TaskStatus::Running, Some(TaskStatus::Running));
    unit.observed(&running, &frozen, at(60));
    assert!(unit.overdue(&frozen, false, at(30 * 60)).is_empty(), "it runs since 00:30");
    assert_eq!(unit.overdue(&frozen, false, at(30 * 60 + 30)), [(arn(1), StopFor::RunTimeout)]);
    assert!(unit.overdue(&frozen, false, at(30 * 60 + 60)).is_empty(), "it was asked to");
    assert_eq!(unit.overdue(&frozen, false, at(30 * 60 + 90)).len(), 1, "and asked again");
    unit.observed(
        &stopped(1, Some(StopCode::UserInitiated), vec![exits("etl", Some(137))]),
        &frozen,
        at(31 * 60 + 40),
    );
    assert_eq!(unit.places[0].outcome(), Some(Outcome::TimedOut));
}

#[test]
fn a_task_that_ecs_has_forgotten_is_unknown_and_not_at_once() {
    let frozen = frozen(Size::Array(1));
    let mut unit = begun(1, &frozen);
    unit.answered(1, &started(&[1]), &frozen, at(1));
    unit.missing(&arn(1), at(200));
    assert!(!unit.is_over(), "reads lag");
    unit.missing(&arn(1), at(400));
    assert!(!unit.is_over());
    unit.missing(&arn(1), at(520));
    assert_eq!(unit.places[0].outcome(), Some(Outcome::Unknown));
}
