//! That seeds hold, that the same seed is the same run, and that every invariant bites: some minutes of processor time where nothing is
//! optimised, so `cargo verify worlds` runs them as it runs the simulations.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod jobs;
mod scaling;

use std::collections::BTreeSet;

use steward::action::Remedy;
use steward_sim::world::{
    Course, CrashAt, Futile, Invariant, Options, Sabotage, Side, Site, has_hosts, run, run_course,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn seed(seed: u64) -> Options {
    Options::new(seed)
}

#[test]
fn days_in_which_everything_goes_wrong_hold() {
    for report in (1..=6).map(|one| run(seed(one))) {
        let trace: Vec<String> = report.trace.iter().map(ToString::to_string).collect();
        assert_eq!(report.violations, [], "seed {}\n{}", report.seed, trace.join("\n"));
        assert!(report.services >= 3);
        assert!(report.faults.values().sum::<u64>() >= 20, "seed {}: {:?}", report.seed, report.faults);
        assert!(report.faults.len() >= 5, "seed {}: {:?}", report.seed, report.faults);
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let (one, other) = (run(seed(3)), run(seed(3)));
    assert_eq!((one.faults, one.sites, one.mutations), (other.faults, other.sites, other.mutations));
    assert_ne!(run(seed(4)).faults, run(seed(3)).faults, "another seed is another run");
}

#[test]
fn a_crash_on_demand_strikes_the_call_that_was_asked_for() {
    let plain = run(seed(2));
    let (site, visits) = plain.sites.iter().find(|(_, visits)| visits.crashed_after == 0).unwrap();
    let crash_at = [Some(CrashAt { call: visits.first_call, side: Side::After }), None];
    let struck = run(Options { crash_at, ..seed(2) });
    assert_eq!(struck.sites[site].crashed_after, 1, "{site}");
}

#[test]
fn a_crash_around_the_first_of_two_steps_leaves_one_revision_and_nothing_open() {
    let is_it = |site: &Site| site.on == "RegisterTaskDefinition";
    let found = (1..=30).find_map(|one| {
        let (_, visits) = run(seed(one)).sites.into_iter().find(|(site, _)| is_it(site))?;
        Some((one, visits.first_call))
    });
    let (one, call) = found.unwrap();
    for side in [Side::Before, Side::After] {
        let report = run(Options { crash_at: [Some(CrashAt { call, side }), None], ..seed(one) });
        assert_eq!(report.violations, [], "seed {one}, {side:?}");
    }
}

/// Some seed of the first few sees what is broken, and calls it so.
#[track_caller]
fn bites(sabotage: Sabotage, expected: &[Invariant]) {
    let found: Vec<Invariant> = (1..=30)
        .map(|one| run(Options { sabotage: Some(sabotage), ..seed(one) }))
        .flat_map(|report| report.violations)
        .map(|violation| violation.invariant)
        .take(1)
        .collect();
    assert!(found.iter().any(|found| expected.contains(found)), "{sabotage:?}: {found:?}");
}

#[test]
fn a_port_that_calls_twice_is_found() {
    bites(Sabotage::CallsTwice, &[Invariant::AtMostOnce]);
}

#[test]
fn a_port_that_denies_what_it_did_is_found() {
    bites(Sabotage::DeniesWhatItDid, &[Invariant::LegalSteps]);
}

#[test]
fn a_port_that_claims_what_it_did_not_do_is_found() {
    bites(Sabotage::ClaimsWhatItDidNot, &[Invariant::LegalSteps]);
}

#[test]
fn a_ledger_that_loses_what_is_issued_is_found() {
    bites(Sabotage::LosesIssued, &[Invariant::IssuedBeforeCall]);
}

#[test]
fn a_ledger_that_ignores_conditions_is_found() {
    // Two who hold one lease tell the same twice.
    let expected = [
        Invariant::AtMostOnce,
        Invariant::LegalSteps,
        Invariant::IssuedBeforeCall,
        Invariant::BudgetsHold,
        Invariant::AllIsTold,
    ];
    bites(Sabotage::IgnoresConditions, &expected);
}

#[test]
fn a_function_that_ignores_the_policy_is_found() {
    bites(Sabotage::IgnoresPolicy, &[Invariant::NoCallWithoutLeave, Invariant::NoCallWhileFrozen]);
}

#[test]
fn a_memory_that_forgets_what_was_tried_goes_round_for_ever() {
    let forgets = Options { sabotage: Some(Sabotage::ForgetsTried), ..seed(1) };
    let found = run_course(Course::Futile(Futile::StoppingTasks), forgets).violations;
    assert_eq!(found.first().map(|violation| violation.invariant), Some(Invariant::NoLoop), "{found:?}");
}

#[test]
fn a_remedy_that_never_works_is_not_tried_for_ever() {
    for what in [Futile::RollingBack, Futile::StoppingTasks, Futile::RaisingMemory] {
        let report = run_course(Course::Futile(what), seed(1));
        assert_eq!(report.violations, [], "{what:?}");
        assert!(report.mutations > 0, "{what:?}: nothing was tried");
    }
}

#[test]
fn a_pause_that_is_not_seen_is_found() {
    bites(Sabotage::HidesPause, &[Invariant::NoCallWhilePaused]);
}

#[test]
fn a_budget_that_is_not_seen_is_found() {
    bites(Sabotage::HidesBudgets, &[Invariant::BudgetsHold]);
}

#[test]
fn an_outage_that_is_not_seen_is_found() {
    bites(Sabotage::IgnoresOutages, &[Invariant::NoCallInAnOutage]);
}

/// Of the seeds with hosts.
#[track_caller]
fn bites_hosts(sabotage: Sabotage, expected: Invariant) {
    let with_hosts = (1..=90).filter(|one| has_hosts(*one));
    let found: Vec<Invariant> = with_hosts
        .map(|one| run(Options { sabotage: Some(sabotage), ..seed(one) }))
        .flat_map(|report| report.violations)
        .map(|violation| violation.invariant)
        .take(1)
        .collect();
    assert_eq!(found, [expected], "{sabotage:?}");
}

#[test]
fn a_host_that_drains_and_is_not_seen_is_found_when_another_is_drained() {
    bites_hosts(Sabotage::HidesDraining, Invariant::OneHostDrains);
}

#[test]
fn an_agent_that_is_said_to_be_away_and_is_not_is_found_when_its_host_is_drained() {
    bites_hosts(Sabotage::HidesAgents, Invariant::NoConnectedHostDrained);
}

#[test]
fn days_with_hosts_hold_and_hosts_are_drained_in_them() {
    let with_hosts: Vec<u64> = (1..=12).filter(|one| has_hosts(*one)).collect();
    let mut drains = 0;
    for one in with_hosts {
        let report = run(seed(one));
        assert_eq!(report.violations, [], "seed {one}");
        let is_drain = |site: &&Site| site.method == "change" && site.on == "UpdateContainerInstancesState";
        drains += report.sites.keys().filter(is_drain).count();
    }
    assert!(drains > 0, "no host was drained");
}

#[test]
fn a_sweep_that_finds_no_action_leaves_something_open() {
    bites(Sabotage::HidesActions, &[Invariant::EveryActionResolves]);
}

#[test]
fn a_revision_that_nobody_is_told_of_is_registered_again() {
    // Whoever probes is told that nothing was registered, and takes the step for one that was not made.
    bites(Sabotage::HidesRegistered, &[Invariant::OneRevision, Invariant::LegalSteps]);
}

#[test]
fn memory_that_is_lowered_is_found() {
    bites(Sabotage::LowersMemory, &[Invariant::MemoryOnlyGrows]);
}

#[test]
fn a_hook_that_is_answered_without_a_persons_word_is_found() {
    bites(Sabotage::PutsWordsInMouths, &[Invariant::NoAnswerUnasked]);
}

#[test]
fn a_hook_that_is_told_to_nobody_is_found() {
    bites(Sabotage::ForgetsHooks, &[Invariant::EveryHookIsTold]);
}

#[test]
fn a_channel_that_swallows_messages_is_found() {
    bites(Sabotage::SwallowsMessages, &[Invariant::AllIsTold]);
}

#[test]
fn a_memory_that_forgets_what_fell_back_is_found() {
    bites(Sabotage::ForgetsFallbacks, &[Invariant::StrategiesStand]);
}

#[test]
fn a_strategy_of_a_person_that_is_not_seen_is_found() {
    bites(Sabotage::HidesStrategies, &[Invariant::StrategiesStand]);
}

#[test]
fn a_count_of_nought_that_nobody_allowed_is_found() {
    bites(Sabotage::IgnoresCeilings, &[Invariant::CountsOnlyFall]);
}

#[test]
fn a_ceiling_above_what_was_wanted_is_found() {
    bites(Sabotage::HidesCounts, &[Invariant::CountsOnlyFall]);
}

#[test]
fn room_is_found_wanting_in_some_seeds() {
    let mut missing =
        BTreeSet::from([Remedy::FallBackToOnDemand, Remedy::ReturnToSpot, Remedy::LimitDesiredCount]);
    for one in 1..=24 {
        let tried = run(seed(one)).remedies;
        missing.retain(|remedy| tried.get(remedy).is_none_or(|count| *count == 0));
        if missing.is_empty() {
            break;
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn answers_that_are_lost_are_found() {
    bites(Sabotage::ForgetsAnswers, &[Invariant::Progress]);
}

#[test]
fn an_event_that_is_another_the_second_time_is_found() {
    let confused = |one| Options { sabotage: Some(Sabotage::ConfusesTasks), ..seed(one) };
    let found =
        (1..=10).flat_map(|one| run_course(Course::Disorder, confused(one)).violations).next().unwrap();
    assert!(
        matches!(found.invariant, Invariant::DisorderChangesNothing | Invariant::RepeatsChangeNothing),
        "{found}"
    );
}

#[test]
fn duplicates_and_disorder_change_no_incident() {
    for one in 1..=5 {
        assert_eq!(run_course(Course::Disorder, seed(one)).violations, [], "seed {one}");
    }
}
