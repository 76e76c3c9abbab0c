//! That seeds of jobs hold, and that what is broken on purpose is found.

use steward_sim::world::{Course, Invariant, Options, Report, Sabotage, run_course};

fn run(seed: u64, sabotage: Option<Sabotage>) -> Report {
    run_course(Course::Jobs, Options { days: 2, sabotage, ..Options::new(seed) })
}

#[test]
fn days_of_jobs_in_which_everything_goes_wrong_hold() {
    for report in (1..=3).map(|seed| run(seed, None)) {
        let trace: Vec<String> = report.trace.iter().map(ToString::to_string).collect();
        assert_eq!(report.violations, [], "seed {}\n{}", report.seed, trace.join("\n"));
        assert!(
            report.services >= 3 && report.faults.len() >= 5,
            "seed {}: {:?}",
            report.seed,
            report.faults
        );
        assert!(report.faults.values().sum::<u64>() >= 20 && report.mutations > 0);
    }
}

#[test]
fn the_same_seed_of_jobs_is_the_same_run() {
    let (one, other) = (run(4, None), run(4, None));
    assert_eq!((one.faults, one.sites, one.mutations), (other.faults, other.sites, other.mutations));
}

/// Some seed of the first few sees what is broken, and calls it so.
#[track_caller]
fn bites(sabotage: Sabotage, expected: &[Invariant]) {
    let mut found = Vec::new();
    for seed in 1..=12 {
        found.extend(
            run(seed, Some(sabotage)).violations.into_iter().map(|violation| violation.invariant).take(1),
        );
        if found.iter().any(|found| expected.contains(found)) {
            return;
        }
    }
    panic!("{sabotage:?}: {found:?}");
}

#[test]
fn a_port_that_runs_tasks_twice_is_found() {
    bites(Sabotage::CallsTwice, &[Invariant::OneTaskAtATime]);
}

#[test]
fn a_port_that_denies_that_it_ran_tasks_is_found() {
    bites(Sabotage::DeniesWhatItDid, &[Invariant::OneTaskAtATime]);
}

#[test]
fn a_ledger_that_ignores_conditions_is_found() {
    let expected = [
        Invariant::OneTaskAtATime,
        Invariant::EverySlotEndsOnce,
        Invariant::IssuedBeforeCall,
        Invariant::RunsEndAsTheirTasksDid,
        Invariant::AllIsTold,
    ];
    bites(Sabotage::IgnoresConditions, &expected);
}

#[test]
fn a_pause_that_is_not_seen_by_batch_is_found() {
    bites(Sabotage::HidesPause, &[Invariant::NoCallWhilePaused]);
}

#[test]
fn a_sweep_that_finds_no_unit_leaves_a_run_open() {
    bites(Sabotage::HidesActions, &[Invariant::RunsEndAsTheirTasksDid]);
}

#[test]
fn trouble_that_a_channel_swallows_is_found() {
    bites(Sabotage::SwallowsMessages, &[Invariant::AllIsTold]);
}
