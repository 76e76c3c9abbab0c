//! Runs from their slot to their end.

use super::stand_in::Answer;
use super::*;

fn slot() -> Slot {
    Slot::at(at(0))
}

fn nightly(size: Size) -> World {
    let world = World::new(jobs([job("nightly", "cron(0 0 * * ? *)", size)]));
    world.ticks(-120, 3);
    world
}

fn end_all(world: &World, second: i64) {
    let events: Vec<_> = world.ecs.running().iter().map(|task| world.ecs.exit(task, 0)).collect();
    let outcome = world.hear(at(second), &events, &Life::immortal()).unwrap();
    assert!(outcome.batch_item_failures().is_empty(), "{outcome:?}");
}

#[test]
fn an_array_runs_each_index_once_and_succeeds_with_the_last() {
    let world = nightly(Size::Array(40));
    assert_eq!(world.run("nightly", &slot()).unwrap().state.as_str(), "running");
    assert_eq!(world.ecs.made().len(), 40);
    let first = world.ecs.running()[0].clone();
    let event = world.ecs.exit(&first, 0);
    for _ in 0..3 {
        world.hear(at(100), std::slice::from_ref(&event), &Life::immortal()).unwrap();
    }
    assert_eq!(
        world.run("nightly", &slot()).unwrap().tally.succeeded,
        1,
        "an event that comes thrice counts once"
    );
    end_all(&world, 200);
    let run = world.run("nightly", &slot()).unwrap();
    assert_eq!((run.state.as_str(), run.tally.succeeded, run.tally.started), ("succeeded", 40, 40));
    assert!(world.troubles().is_empty());
}

#[test]
fn a_partial_start_is_completed() {
    let world = World::new(jobs([job("nightly", "cron(0 0 * * ? *)", Size::Count(10))]));
    world.ecs.answers.borrow_mut().push_back(Answer::Only(7));
    world.ticks(-120, 5);
    let counts: Vec<u32> = world.ecs.calls.borrow().iter().map(|call| call.count).collect();
    assert_eq!(counts, [10, 3]);
    let tokens: Vec<String> = world.ecs.calls.borrow().iter().map(|call| call.token.to_string()).collect();
    assert_ne!(tokens[0], tokens[1], "a token gives its original result");
    end_all(&world, 300);
    assert_eq!(world.run("nightly", &slot()).unwrap().tally.succeeded, 10);
}

#[test]
fn a_call_that_timed_out_after_it_took_effect_makes_no_ghost() {
    let world = World::new(jobs([job("nightly", "cron(0 0 * * ? *)", Size::Count(1))]));
    world.ecs.answers.borrow_mut().push_back(Answer::TimesOutAfter);
    world.ticks(-120, 10);
    assert_eq!(world.ecs.made().len(), 1);
    let calls = world.ecs.calls.borrow();
    assert!(
        calls.len() > 1 && calls.iter().all(|call| *call == calls[0]),
        "the same call with the same token"
    );
}

#[test]
fn a_throttled_call_is_made_anew() {
    let world = World::new(jobs([job("nightly", "cron(0 0 * * ? *)", Size::Count(1))]));
    world.ecs.answers.borrow_mut().extend([Answer::Throttles, Answer::Throttles]);
    world.ticks(-120, 7);
    assert_eq!(world.ecs.made().len(), 1);
}

#[test]
fn what_ecs_refuses_has_failed_and_is_told() {
    let world = World::new(jobs([job("nightly", "cron(0 0 * * ? *)", Size::Count(1))]));
    world
        .ecs
        .answers
        .borrow_mut()
        .push_back(Answer::Refuses("AccessDeniedException: not authorized: iam:PassRole"));
    world.ticks(-120, 3);
    assert_eq!(world.states()["nightly/20261109T000000Z"], "failed");
    assert_eq!(world.troubles()[0].counts["failed"], 1);
}

#[test]
fn lost_events_are_made_up_for_by_looking() {
    let world = nightly(Size::Array(3));
    for task in world.ecs.running() {
        let _lost = world.ecs.exit(&task, 0);
    }
    world.ticks(60, 10);
    assert_eq!(world.states()["nightly/20261109T000000Z"], "succeeded");
}

#[test]
fn a_run_that_takes_too_long_is_stopped_and_has_timed_out() {
    let mut nightly = job("nightly", "cron(0 0 * * ? *)", Size::Count(1));
    nightly.rules.run_timeout = Some(minutes(30));
    let world = World::new(jobs([nightly]));
    world.ticks(-120, 45);
    assert_eq!(world.ecs.stops.borrow().len(), 1);
    assert_eq!(world.states()["nightly/20261109T000000Z"], "timed_out");
}

#[test]
fn two_that_begin_at_once_do_not_both_get_the_turn_of_a_job_that_forbids_it() {
    let world = World::new(jobs([job("nightly", "cron(0 0 1 * ? 2030)", Size::Count(1))]));
    let life = Life::immortal();
    let mortal = Mortal { world: &world, life: &life, now: at(0) };
    let ports = || Ports { ledger: &mortal, tasks: &mortal, tell: &mortal, clock: &mortal };
    let (one, other) = (Handler::new(ports(), world.settings()), Handler::new(ports(), world.settings()));
    let both = futures_util::future::join(
        one.run_job("nightly", Some("a"), "1", BTreeMap::new()),
        other.run_job("nightly", Some("b"), "2", BTreeMap::new()),
    );
    let (one, other) = both.now_or_never().unwrap();
    assert!(one.is_ok() && other.is_ok());
    let states: Vec<&str> = world.states().into_values().collect();
    assert_eq!(states, ["running", "skipped"]);
    assert_eq!(world.ecs.made().len(), 1);
}

#[test]
fn a_run_that_replaces_another_waits_for_its_end() {
    let world = World::new(jobs([forbidding(
        job("often", "cron(0/10 * * * ? *)", Size::Array(3)),
        Concurrency::Replace,
    )]));
    world.ticks(-120, 3);
    assert_eq!(world.ecs.running().len(), 3);
    world.ticks(600, 3);
    let states = world.states();
    assert_eq!(states["often/20261109T000000Z"], "superseded");
    assert_eq!(states["often/20261109T001000Z"], "running");
    assert_eq!((world.ecs.stops.borrow().len(), world.ecs.running().len()), (3, 3));
}

#[test]
fn runs_that_queue_have_their_turn_one_after_the_other() {
    let world = World::new(jobs([forbidding(
        job("often", "cron(0/10 * * * ? *)", Size::Count(1)),
        Concurrency::Queue,
    )]));
    world.ticks(-120, 23);
    assert_eq!(world.states().values().filter(|state| **state == "pending").count(), 2);
    for turn in 0..3 {
        assert_eq!(world.ecs.running().len(), 1);
        end_all(&world, 1_300 + turn);
    }
    assert!(world.states().values().all(|state| *state == "succeeded"), "{:?}", world.states());
}

#[test]
fn what_comes_after_others_begins_when_all_of_them_have_succeeded() {
    let mut report = job("report", "cron(0 0 * * ? *)", Size::Count(1));
    report.trigger = Trigger::After([name("extract"), name("load")].into());
    let other = |text| job(text, "cron(0 0 * * ? *)", Size::Count(1));
    let world = World::new(jobs([other("extract"), other("load"), report]));
    world.ticks(-120, 3);
    let tasks = world.ecs.running();
    let first = world.ecs.exit(&tasks[0], 0);
    world.hear(at(100), &[first], &Life::immortal()).unwrap();
    assert_eq!(world.states().len(), 2, "the other goes on");
    let second = world.ecs.exit(&tasks[1], 0);
    world.hear(at(110), &[second], &Life::immortal()).unwrap();
    assert_eq!(world.states()["report/20261109T000000Z"], "running");
}

#[test]
fn what_comes_after_one_that_failed_is_skipped_and_told() {
    let mut report = job("report", "cron(0 0 * * ? *)", Size::Count(1));
    report.trigger = Trigger::After([name("extract")].into());
    let world = World::new(jobs([job("extract", "cron(0 0 * * ? *)", Size::Count(1)), report]));
    world.ticks(-120, 3);
    let failed = world.ecs.exit(&world.ecs.running()[0], 1);
    world.hear(at(100), &[failed], &Life::immortal()).unwrap();
    assert_eq!(world.states()["report/20261109T000000Z"], "skipped");
    assert_eq!(world.troubles().len(), 2, "each job has its own");
}

#[test]
fn trouble_is_over_with_the_next_success() {
    let world = World::new(jobs([job("hourly", "cron(0 * * * ? *)", Size::Count(1))]));
    world.ticks(-120, 3);
    let failed = world.ecs.exit(&world.ecs.running()[0], 1);
    world.hear(at(100), &[failed], &Life::immortal()).unwrap();
    assert!(world.troubles()[0].is_open());
    world.ticks(3_600, 1);
    end_all(&world, 3_700);
    let troubles = world.troubles();
    assert_eq!(troubles.len(), 1);
    assert_eq!(troubles[0].recovered.as_ref().map(|it| it.by.as_str()), Some("20261109T010000Z"));
}

#[test]
fn while_steward_is_paused_nothing_is_started_and_a_late_run_is_told() {
    let world = World::new(jobs([job("nightly", "cron(0 0 * * ? *)", Size::Array(3))]));
    let person = |now| steward::apply::people::Person { by: "ana".to_owned(), why: None, now };
    let scope = steward::ledger::Scope::Global;
    steward::apply::people::pause(&world.ledger, &scope, &person(at(-60))).now_or_never().unwrap().unwrap();
    world.ticks(-120, 15);
    assert!(world.ecs.calls.borrow().is_empty());
    assert_eq!(world.troubles().len(), 1, "it is late by more than ten minutes");
    steward::apply::people::resume(&world.ledger, &scope, &person(at(800))).now_or_never().unwrap().unwrap();
    world.ticks(840, 1);
    assert_eq!(world.ecs.made().len(), 3);
}

#[test]
fn a_payload_begins_its_slot_once() {
    let world = World::new(jobs([job("import", "cron(0 0 1 * ? 2030)", Size::Count(1))]));
    let body = serde_json::json!({"steward": "run-job", "job": "import", "slot": "s3://in/a.csv?v=1"});
    for _ in 0..3 {
        let outcome = world.hear(at(0), std::slice::from_ref(&body), &Life::immortal()).unwrap();
        assert!(outcome.batch_item_failures().is_empty());
    }
    assert_eq!(world.ecs.made().len(), 1);
    let unknown = serde_json::json!({"steward": "run-job", "job": "imprt"});
    let outcome = world.hear(at(0), &[unknown], &Life::immortal()).unwrap();
    assert_eq!(outcome.batch_item_failures(), ["0"], "its queue keeps it");
    assert!(
        outcome.records[0]
            .failed
            .as_ref()
            .unwrap()
            .contains("there is no job `imprt`; steward.yaml has import")
    );
}

/// What Lambda's destination for failures gets of an asynchronous invocation.
fn kept(invocation: &str, payload: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({
        "version": "1.0", "timestamp": "2026-11-09T00:00:00.000Z",
        "requestContext": {
            "requestId": invocation, "functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:batch:$LATEST",
            "condition": "RetriesExhausted", "approximateInvokeCount": 3,
        },
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Steward.Ledger", "errorMessage": "throttled"},
    })
}

#[test]
fn a_request_whose_invocations_failed_is_begun_once_when_it_comes_back_and_a_tick_is_dropped() {
    let world = World::new(jobs([job("import", "cron(0 0 1 * ? 2030)", Size::Count(1))]));
    let request = kept("11111111-2222", &serde_json::json!({"steward": "run-job", "job": "import"}));
    let tick = kept("33333333-4444", &serde_json::json!({"steward": "sweep"}));
    for _ in 0..2 {
        let both = [request.clone(), tick.clone()];
        let outcome = world.hear(at(0), &both, &Life::immortal()).unwrap();
        assert!(outcome.batch_item_failures().is_empty(), "{outcome:?}");
        let run = outcome.records[0].run.as_ref().unwrap();
        assert_eq!(run.slot, Slot::of_text("11111111-2222"), "as the invocation would have called it");
    }
    assert_eq!((world.ecs.made().len(), world.states().len()), (1, 1));
    let direct = world.hear(at(0), &[serde_json::json!({"steward": "sweep"})], &Life::immortal()).unwrap();
    assert_eq!(direct.batch_item_failures(), ["0"], "nobody ticks by the queue");
}

#[test]
fn a_task_event_whose_invocations_failed_is_heard_when_it_comes_back() {
    let world = nightly(Size::Count(1));
    let event = world.ecs.exit(&world.ecs.running()[0].clone(), 0);
    world.hear(at(60), &[kept("1-2", &event)], &Life::immortal()).unwrap();
    assert_eq!(world.run("nightly", &slot()).unwrap().state.as_str(), "succeeded");
}
