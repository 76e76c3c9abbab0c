//! What RunTask is told.

use super::*;
use crate::remediation::Home;

fn home() -> Home {
    Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() }
}

fn run(frozen: &Frozen) -> Run {
    let mut run = Run::pending(run_id(), at(0), StartedOn::Schedule, at(3));
    run.frozen = Some(Box::new(frozen.clone()));
    run
}

#[test]
fn a_task_knows_its_run_its_index_and_its_attempt() {
    let mut frozen = frozen(Size::Array(40));
    frozen.task.command =
        Some(vec!["etl".to_owned(), "--day=${scheduled_time}".to_owned(), "$${HOME}".to_owned()]);
    frozen.task.environment.insert("SHARD".to_owned(), "${index}/${size}".to_owned());
    frozen.task.tags.insert("table".to_owned(), "${table}".to_owned());
    frozen.parameters.insert("table".to_owned(), "orders".to_owned());
    let unit = Unit { index: 7, ..begun(1, &frozen) };
    let request = frozen.request(&home(), &run(&frozen), &unit, unit.call.as_ref().unwrap()).unwrap();
    let container = request.container.clone().unwrap();
    assert_eq!(container.name, "etl", "the only essential container");
    assert_eq!(container.command.unwrap(), ["etl", "--day=2026-11-09T00:00:00Z", "${HOME}"]);
    assert_eq!(container.environment["SHARD"], "7/40");
    for (name, value) in [
        ("STEWARD_JOB", "nightly-etl"),
        ("STEWARD_RUN_ID", "nightly-etl/20261109T000000Z"),
        ("STEWARD_SCHEDULED_TIME", "2026-11-09T00:00:00Z"),
        ("STEWARD_ATTEMPT", "1"),
        ("STEWARD_INDEX", "7"),
        ("STEWARD_SIZE", "40"),
    ] {
        assert_eq!(container.environment[name], value);
    }
    assert_eq!(request.tags["table"], "orders");
    assert_eq!(request.started_by, "steward/job/nightly-etl/20261109T000000Z/7/1");
    assert_eq!(request.count, 1);
}

#[test]
fn the_same_call_gives_the_same_request() {
    let frozen = frozen(Size::Count(10));
    let mut unit = begun(10, &frozen);
    let before = frozen.request(&home(), &run(&frozen), &unit, unit.call.as_ref().unwrap()).unwrap();
    // An event has told of two of its tasks meanwhile.
    unit.adopt(1, &[arn(1), arn(2)], at(4));
    assert!(unit.begin_again(at(100), at(175)));
    let again = frozen.request(&home(), &run(&frozen), &unit, unit.call.as_ref().unwrap()).unwrap();
    assert_eq!(again, before);
}

#[test]
fn a_hundred_tasks_are_asked_for_by_tens() {
    let mut run = run(&frozen(Size::Count(97)));
    assert_eq!(run.units(), 10);
    assert_eq!(run.unit(0), Some((0, 10)));
    assert_eq!(run.unit(9), Some((9, 7)));
    assert_eq!(run.unit(10), None);
    let counts = (0..run.units()).filter_map(|place| run.unit(place)).map(|(_, tasks)| tasks);
    assert_eq!(counts.sum::<u32>(), 97);
    run.frozen = Some(Box::new(frozen(Size::Array(97))));
    run.only = Some(vec![3, 90]);
    assert_eq!((run.units(), run.unit(1), run.unit(2)), (2, Some((90, 1)), None), "what is done again");
}

#[test]
fn overrides_that_are_too_long_are_refused_before_the_call() {
    let mut frozen = frozen(Size::Array(1));
    frozen.task.environment.insert("QUERY".to_owned(), "x".repeat(8_000));
    let unit = begun(1, &frozen);
    let error = frozen.request(&home(), &run(&frozen), &unit, unit.call.as_ref().unwrap()).unwrap_err();
    assert!(error.to_string().contains("RunTask takes 8192: keep long values in SSM"), "{error}");
}

#[test]
fn without_a_name_a_task_definition_must_have_one_essential_container() {
    let mut frozen = frozen(Size::Array(1));
    frozen.definition.containers[1].is_essential = true;
    let unit = begun(1, &frozen);
    let of = |frozen: &Frozen| frozen.request(&home(), &run(frozen), &unit, unit.call.as_ref().unwrap());
    assert!(of(&frozen).unwrap_err().to_string().contains("name one as `container`"));
    frozen.task.container = Some("etl".to_owned());
    assert!(of(&frozen).is_ok());
}

#[test]
fn after_calls_in_vain_one_subnet_after_the_other_is_tried() {
    let mut frozen = frozen(Size::Array(1));
    let subnets = ["a", "b"].map(str::to_owned).to_vec();
    frozen.task.network = Some(JobNetwork { subnets, security_groups: Vec::new(), public_ip: false });
    let mut unit = begun(1, &frozen);
    let mut tried = Vec::new();
    for turn in 1..=4 {
        let request = frozen.request(&home(), &run(&frozen), &unit, unit.call.as_ref().unwrap()).unwrap();
        tried.push(request.network.unwrap().subnets.join(""));
        let full = Started { tasks: Vec::new(), failures: vec![no_room("RESOURCE:FARGATE")] };
        unit.answered(turn, &full, &frozen, at(100 * i64::from(turn)));
        assert!(unit.begin(&frozen, at(100 * i64::from(turn) + 90), lease()), "turn {turn}");
    }
    assert_eq!(tried, ["ab", "a", "b", "ab"]);
}
