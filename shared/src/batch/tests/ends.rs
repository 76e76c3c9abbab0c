//! How tasks end, and what follows.

use super::*;
use crate::diagnosis::Cause;

fn judged(task: &TaskStateChange) -> Judged {
    judge(task, &definition(), None, None)
}

fn kind(task: &TaskStateChange) -> Option<EndingKind> {
    match judged(task) {
        Judged::Succeeded => None,
        Judged::Ended { kind, .. } => Some(kind),
    }
}

#[test]
fn only_a_real_exit_code_0_of_an_essential_container_is_success() {
    assert_eq!(judged(&exited(1, 0)), Judged::Succeeded);
    let by_itself = Some(StopCode::EssentialContainerExited);
    let cases = [
        ("no containers", stopped(1, by_itself.clone(), Vec::new())),
        ("no exit code", stopped(1, by_itself.clone(), vec![exits("etl", None)])),
        ("another container's", stopped(1, by_itself.clone(), vec![exits("proxy", Some(0))])),
        ("one that failed", exited(1, 1)),
        ("one that was stopped", stopped(1, by_itself.clone(), vec![exits("etl", Some(143))])),
        ("a task that was stopped", stopped(1, Some(StopCode::UserInitiated), vec![exits("etl", Some(0))])),
        (
            "a task that never started",
            stopped(1, Some(StopCode::TaskFailedToStart), vec![exits("etl", Some(0))]),
        ),
        ("a host that went", stopped(1, Some(StopCode::TerminationNotice), vec![exits("etl", Some(0))])),
    ];
    for (what, task) in cases {
        assert_ne!(judged(&task), Judged::Succeeded, "{what}");
    }
    let missing = stopped(1, by_itself, vec![exits("etl", None)]);
    assert_eq!(kind(&missing), Some(EndingKind::Cause(Cause::Unknown)), "it may look well, and nobody knows");
}

#[test]
fn of_two_essential_containers_the_one_that_was_stopped_for_the_other_is_no_failure() {
    let mut two = definition();
    two.containers[1].is_essential = true;
    assert_eq!(judge(&exited(1, 0), &two, None, None), Judged::Succeeded);
    assert_ne!(judge(&exited(1, 1), &two, None, None), Judged::Succeeded);
    assert_ne!(
        judge(&exited(1, 0), &two, Some("proxy"), None),
        Judged::Succeeded,
        "the named one must end with 0"
    );
}

#[test]
fn a_task_that_steward_stopped_ended_for_that_reason_unless_it_was_done_before() {
    let ours = stopped(1, Some(StopCode::UserInitiated), vec![exits("etl", Some(143))]);
    let of = |task: &TaskStateChange, why| match judge(task, &definition(), None, Some(why)) {
        Judged::Ended { kind, .. } => Some(kind),
        Judged::Succeeded => None,
    };
    assert_eq!(of(&ours, StopFor::RunTimeout), Some(EndingKind::RunTimeout));
    assert_eq!(of(&ours, StopFor::ProvisionTimeout), Some(EndingKind::ProvisionTimeout));
    assert_eq!(of(&exited(1, 0), StopFor::RunTimeout), None);
    assert_eq!(of(&exited(1, 1), StopFor::RunTimeout), Some(EndingKind::Cause(Cause::AppError)));
}

/// Ends the only task of a unit so, and answers the place.
fn after(rules: JobRules, ends: &[TaskStateChange]) -> Place {
    let frozen = Frozen { rules, ..frozen(Size::Array(1)) };
    let mut unit = begun(1, &frozen);
    for (turn, end) in ends.iter().enumerate() {
        let now = at(1_000 * i64::try_from(turn).unwrap());
        if turn > 0 {
            assert!(unit.begin(&frozen, now, lease()), "turn {turn}: {:?}", unit.places[0].state);
        }
        let number = unit.call.as_ref().unwrap().number;
        unit.answered(
            number,
            &Started { tasks: vec![end.task_arn.clone().unwrap()], failures: Vec::new() },
            &frozen,
            now,
        );
        assert!(unit.observed(end, &frozen, now));
    }
    unit.places.remove(0)
}

fn spot(id: u32) -> TaskStateChange {
    stopped(id, Some(StopCode::SpotInterruption), vec![exits("etl", Some(143))])
}

#[test]
fn what_passes_is_tried_again_and_what_lasts_is_not() {
    let rules = JobRules::default;
    assert_eq!(after(rules(), &[exited(1, 1)]).outcome(), Some(Outcome::Failed), "persistent");
    assert_eq!(after(rules(), &[spot(1)]).outcome(), None, "transient");
    assert_eq!(after(rules(), &[spot(1), spot(2), exited(3, 0)]).outcome(), Some(Outcome::Succeeded));
    assert_eq!(
        after(rules(), &[spot(1), spot(2), spot(3)]).outcome(),
        Some(Outcome::Failed),
        "no attempt is left"
    );
    let killed = |id| exited(id, 137);
    assert_eq!(after(rules(), &[killed(1)]).outcome(), None, "mixed: once");
    assert_eq!(after(rules(), &[killed(1), killed(2)]).outcome(), Some(Outcome::Failed), "and not twice");
}

#[test]
fn a_retry_rule_goes_before_what_the_cause_says() {
    let rule = |exit_codes: Vec<std::ops::RangeInclusive<i64>>, reason: Option<&str>, then| JobRules {
        retry: vec![RetryRule {
            endings: std::collections::BTreeSet::new(),
            exit_codes,
            reason: reason.map(crate::config::Glob::new),
            then,
        }],
        ..JobRules::default()
    };
    let again = Then::Retry { on_demand: false, memory_percent: 100 };
    for (rules, code, outcome) in [
        (rule(vec![75..=78], None, again), 75, None),
        (rule(vec![75..=78], None, again), 79, Some(Outcome::Failed)),
        (rule(vec![3..=3], None, Then::Skip), 3, Some(Outcome::Skipped)),
        (rule(vec![], None, Then::Ignore), 1, Some(Outcome::Ignored)),
        (rule(vec![], Some("*exit code 4*"), Then::Ignore), 4, Some(Outcome::Ignored)),
        (rule(vec![], Some("*connection reset*"), Then::Ignore), 4, Some(Outcome::Failed)),
    ] {
        assert_eq!(
            after(rules.clone(), &[exited(1, code)]).outcome(),
            outcome,
            "{rules:?}, exit code {code}"
        );
    }
    let transient = JobRules {
        retry: vec![RetryRule {
            endings: [EndingKind::Cause(Cause::SpotInterrupted)].into(),
            exit_codes: Vec::new(),
            reason: None,
            then: Then::Fail,
        }],
        ..JobRules::default()
    };
    assert_eq!(after(transient, &[spot(1)]).outcome(), Some(Outcome::Failed));
}

#[test]
fn after_too_little_memory_the_next_attempt_has_more() {
    let rules = JobRules {
        retry: vec![RetryRule {
            endings: [EndingKind::Cause(Cause::OutOfMemory)].into(),
            exit_codes: Vec::new(),
            reason: None,
            then: Then::Retry { on_demand: false, memory_percent: 150 },
        }],
        ..JobRules::default()
    };
    let mut killed = exited(1, 137);
    killed.containers[0].reason = Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
    let place = after(rules, &[killed]);
    assert_eq!((place.outcome(), place.memory), (None, Some(3072)), "2048 MiB and a half, as Fargate has it");
}

#[test]
fn a_run_is_not_over_before_its_retry() {
    let frozen = frozen(Size::Array(2));
    let mut run = Run::pending(run_id(), at(0), StartedOn::Schedule, at(0));
    run.frozen = Some(Box::new(frozen.clone()));
    run.begun = 2;
    let units = [0, 1].map(|index| Unit { index, ..begun(1, &frozen) });
    let before = Scene {
        run,
        units: units.into_iter().map(|unit| (unit.index, unit)).collect(),
        job: JobRecord::new(name("nightly-etl"), at(0)),
        trouble: None,
    };
    let mut scene = before.clone();
    for (index, end) in [(0, exited(1, 0)), (1, spot(2))] {
        let unit = scene.units.get_mut(&index).unwrap();
        unit.answered(
            1,
            &Started { tasks: vec![end.task_arn.clone().unwrap()], failures: Vec::new() },
            &frozen,
            at(5),
        );
        unit.observed(&end, &frozen, at(100));
    }
    scene.settle(&before, at(100));
    assert_eq!(scene.run.state, RunState::Running, "one of two waits for its next attempt");
    let before = scene.clone();
    let unit = scene.units.get_mut(&1).unwrap();
    assert!(unit.begin(&frozen, at(2_000), at(2_075)));
    unit.answered(2, &started(&[3]), &frozen, at(2_001));
    unit.observed(&exited(3, 0), &frozen, at(2_100));
    scene.settle(&before, at(2_100));
    assert_eq!(scene.run.end().map(|(end, _)| end), Some(&RunEnd::Succeeded));
    assert_eq!((scene.run.tally.started, scene.run.tally.succeeded), (3, 2));
}

#[test]
fn what_is_heard_twice_or_late_changes_nothing() {
    let frozen = frozen(Size::Array(1));
    let mut unit = begun(1, &frozen);
    unit.answered(1, &started(&[1]), &frozen, at(1));
    let mut running = exited(1, 0);
    (running.last_status, running.desired_status) = (TaskStatus::Running, Some(TaskStatus::Running));
    running.version = ResourceVersion(4);
    unit.observed(&exited(1, 0), &frozen, at(100));
    let over = unit.clone();
    for task in [&running, &exited(1, 0), &exited(1, 1)] {
        assert!(unit.observed(task, &frozen, at(200)), "it is known");
        assert_eq!(unit, over);
    }
    unit.answered(1, &started(&[1]), &frozen, at(300));
    unit.adopt(1, &[arn(1)], at(300));
    assert_eq!(unit, over);
}
