//! That seeds of scaled services hold, and that what is broken on purpose is found.

use steward_sim::world::{Course, Invariant, Options, Report, Sabotage, run_course};

fn run(seed: u64, sabotage: Option<Sabotage>) -> Report {
    run_course(Course::Scaling, Options { sabotage, ..Options::new(seed) })
}

#[test]
fn hours_of_scaled_services_in_which_everything_goes_wrong_hold() {
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
fn the_same_seed_of_scaled_services_is_the_same_run() {
    let (one, other) = (run(4, None), run(4, None));
    assert_eq!((one.faults, one.sites, one.mutations), (other.faults, other.sites, other.mutations));
}

/// Some seed of the first few sees what is broken, and calls it so.
#[track_caller]
fn bites(sabotage: Sabotage, expected: &[Invariant]) {
    let mut found = Vec::new();
    for seed in 1..=40 {
        let violations = run(seed, Some(sabotage)).violations;
        found.extend(violations.into_iter().map(|violation| violation.invariant).take(1));
        if found.iter().any(|found| expected.contains(found)) {
            return;
        }
    }
    panic!("{sabotage:?}: {found:?}");
}

#[test]
fn a_port_that_sets_a_count_twice_is_found() {
    bites(Sabotage::CallsTwice, &[Invariant::AtMostOnce]);
}

#[test]
fn a_port_that_denies_that_it_set_a_count_is_found() {
    bites(Sabotage::DeniesWhatItDid, &[Invariant::LegalSteps]);
}

#[test]
fn a_port_that_claims_to_have_set_a_count_is_found() {
    bites(Sabotage::ClaimsWhatItDidNot, &[Invariant::LegalSteps]);
}

#[test]
fn a_ledger_that_loses_orders_before_the_call_is_found() {
    bites(Sabotage::LosesIssued, &[Invariant::IssuedBeforeCall]);
}

#[test]
fn a_ledger_that_ignores_conditions_of_scaling_is_found() {
    bites(
        Sabotage::IgnoresConditions,
        &[Invariant::AtMostOnce, Invariant::IssuedBeforeCall, Invariant::LegalSteps],
    );
}

#[test]
fn an_order_that_is_never_settled_is_found() {
    bites(Sabotage::NeverSettles, &[Invariant::EveryActionResolves]);
}

#[test]
fn a_pause_that_is_not_seen_by_scaling_is_found() {
    bites(Sabotage::HidesPause, &[Invariant::NoCallWhilePaused]);
}

#[test]
fn services_that_are_scaled_without_leave_are_found() {
    bites(Sabotage::IgnoresPolicy, &[Invariant::NoCallWithoutLeave]);
}

#[test]
fn an_owner_that_is_not_seen_is_found() {
    bites(Sabotage::HidesOwners, &[Invariant::NoCallWithoutLeave]);
}

#[test]
fn bounds_that_are_not_seen_are_found() {
    bites(Sabotage::IgnoresBounds, &[Invariant::WithinBounds]);
}

#[test]
fn what_is_shared_and_not_seen_so_is_found() {
    bites(Sabotage::IgnoresPools, &[Invariant::PoolsHold]);
}

#[test]
fn a_count_that_is_not_read_again_is_found() {
    bites(Sabotage::HidesChanges, &[Invariant::CountAsRead]);
}

#[test]
fn a_deployment_that_is_not_seen_is_found() {
    bites(Sabotage::HidesDeployments, &[Invariant::NoBlindScaleIn]);
}

#[test]
fn a_queue_that_is_not_known_and_counts_as_empty_is_found() {
    bites(Sabotage::TakesUnknownForEmpty, &[Invariant::NoBlindScaleIn]);
}

#[test]
fn protection_that_is_not_seen_is_found() {
    bites(Sabotage::HidesProtection, &[Invariant::NothingAtWorkIsTaken]);
}

#[test]
fn messages_that_are_not_seen_wait_for_ever() {
    bites(Sabotage::HidesMessages, &[Invariant::CountsFollowTheWork, Invariant::NothingAtWorkIsTaken]);
}

#[test]
fn services_that_never_idle_are_found() {
    bites(Sabotage::AddsMessages, &[Invariant::CountsFollowTheWork]);
}

#[test]
fn trouble_of_scaling_that_a_channel_swallows_is_found() {
    bites(Sabotage::SwallowsMessages, &[Invariant::AllIsTold]);
}
