use std::collections::BTreeMap;

use jiff::SignedDuration;

use self::world::*;
use super::*;
use crate::action::{ActionId, Because, Call, Precondition, Remedy, Ruling};
use crate::arn::{DeploymentId, ServiceName};
use crate::config::{Glob, Rules, When, Window};
use crate::diagnosis::Cause;
use crate::ecs::{
    ContainerSize, Controller, DesiredCount, Rollout, RunningCount, Sizes, StrategyItem, TaskDefinition,
    Watch,
};
use crate::event::ContainerInstanceStatus;
use crate::incident::{Agent, Outcome, Tried};
use crate::ledger::{Budget, DrainSlot, Opening, Openings, Scope, Switch};
use crate::observed::Observed;
use crate::remediation::memory::{Raise, Step};

/// One world for each guard in which that guard alone refuses: with all guards its refusal, without it permission.
macro_rules! bites {
    ($($name:ident => $word:literal, $change:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let name = stringify!($name).strip_prefix("the_guard_").unwrap();
                let world = World::with($change);
                assert_eq!(world.refusal(Stage::Claim), $word);
                assert_eq!(world.check(Stage::Claim, &without(name)), Ok(Permission::Act), "without {name}");
            }
        )*

        #[test]
        fn every_guard_has_a_test_that_fails_without_it() {
            let named: Vec<&str> = [$(stringify!($name)),*].iter().filter_map(|name| name.strip_prefix("the_guard_")).collect();
            assert_eq!(named, GUARDS.iter().map(|guard| guard.name).collect::<Vec<_>>());
        }
    };
}

bites! {
    the_guard_home => "from_elsewhere", |world| world.home.as_mut().unwrap().account = "999999999999".to_owned();
    the_guard_enrolled => "not_enrolled", |world| {
        world.policy.defaults.mode = Mode::Act;
        world.policy.services.clear();
    };
    the_guard_switch => "paused", |world| {
        let paused = Some(Ruling { by: "ana".to_owned(), at: at(590), why: Some("release".to_owned()) });
        let switch = Switch { scope: Scope::Cluster(cluster()), paused, resumed: None };
        world.facts.switches = Some(Observed::Known(vec![switch]));
    };
    the_guard_mode => "mode_observes", |world| {
        world.rules().mode = Mode::Observe;
        world.is_approved = true;
    };
    the_guard_freeze => "frozen", |world| {
        let when = When::Once { from: at(0), to: at(3_600) };
        world.policy.guards.freeze.push(Window { when, why: None });
    };
    the_guard_breaker => "ecs_rolls_back", |world| {
        world.service().breaker = Watch { is_enabled: true, rolls_back: true };
    };
    the_guard_controller => "foreign_controller", |world| world.service().controller = Controller::CodeDeploy;
    the_guard_person => "deployed_meanwhile", |world| world.service().deployments[0].id = DeploymentId::new("ecs-svc/3");
    the_guard_stack => "stack_in_progress", |world| {
        world.facts.stacks.insert("shop-api".to_owned(), Observed::Known("UPDATE_IN_PROGRESS".to_owned()));
    };
    the_guard_stability => "not_stable", |world| world.rules().stability = SignedDuration::from_mins(11);
    the_guard_cooldown => "cooling_down", |world| world.tried(0, Remedy::StopTask, Outcome::Helped);
    the_guard_attempts => "attempts_used_up", |world| {
        world.rules().cooldown = SignedDuration::ZERO;
        world.tried(-100, Remedy::RollBack, Outcome::Helped);
        world.tried(-50, Remedy::RollBack, Outcome::Helped);
    };
    the_guard_loop => "failed_before", |world| {
        world.rules().cooldown = SignedDuration::ZERO;
        world.tried(-100, Remedy::RollBack, Outcome::DidNotHelp);
    };
    the_guard_rejected => "rejected", |world| {
        let ruling = Ruling { by: "ana".to_owned(), at: at(590), why: Some("not today".to_owned()) };
        world.incident.remedies.rejected.insert(world.plan.id.clone(), ruling);
    };
    the_guard_lock => "locked", |world| {
        let other = ActionId::of(world.home.as_ref().unwrap(), &target("api"), Remedy::StopTask, "task/1");
        world.record.care.open = Some(other);
    };
    the_guard_budget => "budget_spent", |world| {
        let budget = Budget { scope: Scope::Global, times: (0..20).map(at).collect() };
        world.facts.budgets = Some(Observed::Known(BTreeMap::from([(Scope::Global, budget)])));
    };
    the_guard_outage => "correlated_outage", |world| {
        let opening = |name: &str| Opening { at: at(30), target: target(name), cause: Cause::ImageNotFound, zone: None };
        let openings = ["api", "b", "c", "d", "e"].map(opening).to_vec();
        world.facts.openings = Some(Observed::Known(Openings { cluster: cluster(), openings }));
    };
    the_guard_one_host_at_a_time => "another_host_drains", |world| {
        world.drain();
        world.facts.draining = Some(Observed::Known(vec![host_arn("b")]));
    };
    the_guard_precondition => "precondition_gone", |world| {
        let gone = TaskDefinition { is_active: false, ..defined(41) };
        world.facts.task_definitions.insert(revision(41), Observed::Known(gone));
    };
    the_guard_memory => "memory_out_of_bounds", |world| raises(world, 512, 256);
    the_guard_scaler => "scaled_by_other", |world| {
        world.sets_count();
        world.facts.scalable = Some(Observed::Known(true));
    };
}

/// Revision 42 runs out of memory, and 41 is what was registered for it.
fn raises(world: &mut World, from: u32, to: u32) {
    world.rules().remedies.insert(Remedy::RaiseMemory);
    world.plan.remedy = Remedy::RaiseMemory;
    for (number, memory) in [(42, from), (41, to)] {
        let app = ContainerSize { name: "app".to_owned(), limit: Some(memory), reservation: None };
        let sizes = Sizes { memory: Some(memory), containers: vec![app], ..Sizes::default() };
        let definition = TaskDefinition { sizes, ..defined(number) };
        world.facts.task_definitions.insert(revision(number), Observed::Known(definition));
    }
}

#[test]
fn memory_goes_up_and_no_further_than_is_allowed() {
    type Change = fn(&mut World);
    let cases: [(&str, Change); 8] = [
        ("none", |world| raises(world, 512, 1_024)),
        ("none", |world| raises(world, 512, 8_192)),
        ("memory_out_of_bounds", |world| raises(world, 512, 8_193)),
        ("memory_out_of_bounds", |world| raises(world, 512, 512)),
        ("unobserved", |world| {
            raises(world, 512, 1_024);
            world.facts.task_definitions.remove(&revision(42));
        }),
        ("memory_out_of_bounds", |world| registers(world, 512, 511)),
        ("memory_out_of_bounds", |world| registers(world, 512, 8_193)),
        ("none", |world| registers(world, 512, 8_192)),
    ];
    for (place, (word, change)) in cases.into_iter().enumerate() {
        for stage in [Stage::Claim, Stage::Gate] {
            assert_eq!(World::with(change).refusal(stage), word, "{place}");
        }
    }
}

fn registers(world: &mut World, from: u32, to: u32) {
    raises(world, from, to);
    world.plan.call = Call::RegisterTaskDefinition {
        cluster: cluster(),
        service: ServiceName::new("api"),
        like: revision(42),
        raise: Raise {
            container: "app".to_owned(),
            limit: Some(Step { from, to }),
            task_memory: None,
            task_cpu: None,
        },
    };
}

#[test]
fn a_count_that_somebody_else_sets_is_left_to_them_and_so_is_one_of_whom_nobody_knows() {
    let with = |scalable, own: bool| {
        World::with(|world| {
            world.sets_count();
            world.facts.scalable = scalable;
            if own {
                world.policy.scaled.insert(("shop".to_owned(), ServiceName::new("api")));
            }
        })
    };
    let unknown = || Some(Observed::Unknown("throttled".to_owned()));
    for stage in [Stage::Claim, Stage::Gate] {
        assert_eq!(with(Some(Observed::Known(false)), false).refusal(stage), "none");
        assert_eq!(with(Some(Observed::Known(false)), true).refusal(stage), "scaled_by_other");
        assert_eq!(with(unknown(), false).refusal(stage), "unobserved");
        assert_eq!(with(None, false).refusal(stage), "unobserved");
    }
    assert_eq!(
        World::with(|world| world.facts.scalable = unknown()).refusal(Stage::Gate),
        "none",
        "no count is set"
    );
}

#[test]
fn strategies_and_counts_that_are_not_as_they_were_are_left_alone() {
    let item = |provider: &str| StrategyItem { provider: provider.to_owned(), weight: 1, base: 0 };
    let rows: [fn(&mut World, StrategyItem); 3] = [
        |world, other| {
            world.plan.precondition.capacity_providers = Some(Vec::new());
            world.service().capacity_providers = vec![other];
        },
        |world, _| {
            world.plan.precondition.desired_count = Some(DesiredCount(3));
            world.service().desired = DesiredCount(4);
        },
        |world, _| {
            world.plan.precondition.short = true;
            world.service().running = RunningCount(3);
        },
    ];
    for (place, change) in rows.into_iter().enumerate() {
        let world = World::with(|world| change(world, item("FARGATE")));
        assert_eq!(world.refusal(Stage::Gate), "precondition_gone", "{place}");
        assert_eq!(world.check(Stage::Gate, &without("precondition")), Ok(Permission::Act), "{place}");
    }
}

#[test]
fn what_follows_an_incident_meets_the_outage_of_now_and_not_the_one_of_then() {
    let openings = |second| {
        let opening = |name: &str| Opening {
            at: at(second),
            target: target(name),
            cause: Cause::ImageNotFound,
            zone: None,
        };
        Openings { cluster: cluster(), openings: ["api", "b", "c", "d", "e"].map(opening).to_vec() }
    };
    let world = |second| {
        World::with(|world| {
            world.plan.remedy = Remedy::ReturnToSpot;
            world.rules().remedies.insert(Remedy::ReturnToSpot);
            world.now = at(7_200);
            world.plan.precondition.ailing = false;
            world.facts.openings = Some(Observed::Known(openings(second)));
        })
    };
    assert_eq!(world(30).refusal(Stage::Claim), "none");
    assert_eq!(world(7_100).refusal(Stage::Claim), "correlated_outage");
}

#[test]
fn where_nothing_stands_in_the_way_an_action_is_permitted_at_both_stages() {
    for stage in [Stage::Claim, Stage::Gate] {
        assert_eq!(World::new().check(stage, GUARDS), Ok(Permission::Act));
    }
}

#[test]
fn what_cannot_be_read_is_a_refusal_whatever_it_is() {
    let unknown = || "throttled".to_owned();
    let blind: [fn(&mut World, String); 6] = [
        |world, why| world.facts.switches = Some(Observed::Unknown(why)),
        |world, why| world.facts.service = Some(Observed::Unknown(why)),
        |world, why| drop(world.facts.stacks.insert("shop-api".to_owned(), Observed::Unknown(why))),
        |world, why| world.facts.budgets = Some(Observed::Unknown(why)),
        |world, why| world.facts.openings = Some(Observed::Unknown(why)),
        |world, why| drop(world.facts.task_definitions.insert(revision(41), Observed::Unknown(why))),
    ];
    for (place, blind) in blind.into_iter().enumerate() {
        assert_eq!(
            World::with(|world| blind(world, unknown())).refusal(Stage::Claim),
            "unobserved",
            "{place}"
        );
    }
}

#[test]
fn what_was_not_even_asked_for_is_a_refusal() {
    assert_eq!(World::with(|world| world.facts = Facts::default()).refusal(Stage::Claim), "unobserved");
}

#[test]
fn a_steward_that_does_not_know_where_it_is_changes_nothing() {
    assert_eq!(World::with(|world| world.home = None).refusal(Stage::Gate), "from_elsewhere");
}

#[test]
fn a_remedy_that_the_policy_leaves_out_is_refused_by_name() {
    let world = World::with(|world| assert!(world.rules().remedies.remove(&Remedy::RollBack)));
    assert_eq!(world.refusal(Stage::Claim), "remedy_off");
}

#[test]
fn a_proposal_waits_for_a_person_and_approval_passes_the_mode_alone() {
    let propose = World::with(|world| world.rules().mode = Mode::Propose);
    assert_eq!(propose.check(Stage::Claim, GUARDS), Ok(Permission::Propose));
    let approved = World::with(|world| {
        world.rules().mode = Mode::Propose;
        world.is_approved = true;
    });
    assert_eq!(approved.check(Stage::Claim, GUARDS), Ok(Permission::Act));
    let frozen = World::with(|world| {
        world.rules().mode = Mode::Propose;
        world.is_approved = true;
        world
            .policy
            .guards
            .freeze
            .push(Window { when: When::Once { from: at(0), to: at(3_600) }, why: None });
    });
    assert_eq!(frozen.refusal(Stage::Claim), "frozen");
}

#[test]
fn at_the_gate_an_action_is_not_held_back_by_its_own_claim() {
    let claimed = World::with(|world| {
        let (id, incident) = (world.plan.id.clone(), world.incident.opened_at);
        let (remedy, revision, outcome) = (Remedy::RollBack, world.plan.revision.clone(), Outcome::Pending);
        world.record.care.open = Some(id.clone());
        world.record.care.tried.push(Tried { id, remedy, at: at(599), incident, revision, outcome });
    });
    assert_eq!(claimed.check(Stage::Gate, GUARDS), Ok(Permission::Act));
}

#[test]
fn what_was_done_once_is_not_done_again() {
    for outcome in
        [Outcome::Pending, Outcome::Helped, Outcome::DidNotHelp, Outcome::Refused, Outcome::Unknown]
    {
        let done = World::with(|world| {
            let (id, incident) = (world.plan.id.clone(), world.incident.opened_at);
            world.record.care.tried.push(Tried {
                id,
                remedy: Remedy::RollBack,
                at: at(-9_000),
                incident,
                revision: None,
                outcome,
            });
        });
        assert_eq!(done.refusal(Stage::Claim), "done_before", "{outcome:?}");
    }
    let withdrawn = World::with(|world| {
        let (id, incident) = (world.plan.id.clone(), world.incident.opened_at);
        let (remedy, outcome) = (Remedy::RollBack, Outcome::Withdrawn);
        world.record.care.tried.push(Tried { id, remedy, at: at(0), incident, revision: None, outcome });
    });
    assert_eq!(withdrawn.refusal(Stage::Claim), "none");
}

#[test]
fn a_breaker_that_gave_up_without_going_back_leaves_the_service_to_steward() {
    let failed = |rolls_back| {
        World::with(|world| {
            world.service().breaker = Watch { is_enabled: true, rolls_back };
            world.service().deployments[0].rollout = Some(Rollout::Failed);
        })
    };
    assert_eq!(
        (failed(false).refusal(Stage::Claim), failed(true).refusal(Stage::Claim)),
        ("none", "ecs_rolls_back")
    );
}

#[test]
fn a_service_that_is_well_again_is_left_alone() {
    let well = World::with(|world| {
        world.service().running = RunningCount(3);
        world.now = at(500 + 301);
    });
    assert_eq!(well.refusal(Stage::Gate), "precondition_gone");
    let crash_loop = World::with(|world| world.service().running = RunningCount(3));
    assert_eq!(crash_loop.refusal(Stage::Gate), "none", "a task that runs for a moment is not well");
}

#[test]
fn four_services_that_fail_together_are_no_outage_yet_and_one_service_four_times_is_none() {
    let opening = |name: &str, second| Opening {
        at: at(second),
        target: target(name),
        cause: Cause::ImageNotFound,
        zone: None,
    };
    let four = ["api", "b", "c", "d"].map(|name| opening(name, 30));
    let again = [31, 32, 33, 34].map(|second| opening("api", second));
    let late = [opening("e", 301)];
    let other = [Opening { cause: Cause::OutOfMemory, ..opening("e", 30) }];
    for more in [&again[..], &late, &other] {
        let openings = four.iter().chain(more).cloned().collect();
        let world = World::with(|world| {
            world.facts.openings = Some(Observed::Known(Openings { cluster: cluster(), openings }));
        });
        assert_eq!(world.refusal(Stage::Claim), "none");
    }
}

#[test]
fn services_of_one_zone_that_fail_together_are_an_outage_whatever_the_cause() {
    let zone = || Some("eu-central-1a".to_owned());
    let openings = [
        ("api", Cause::ImageNotFound),
        ("b", Cause::AppError),
        ("c", Cause::Killed),
        ("d", Cause::Segfault),
        ("e", Cause::Aborted),
    ]
    .map(|(name, cause)| Opening { at: at(10), target: target(name), cause, zone: zone() })
    .to_vec();
    let world = World::with(|world| {
        world.facts.openings = Some(Observed::Known(Openings { cluster: cluster(), openings }));
    });
    assert_eq!(world.refusal(Stage::Claim), "correlated_outage");
}

#[test]
fn what_helps_a_revision_again_and_again_and_never_for_a_day_is_given_up() {
    const HOUR: i64 = 3_600;
    let world = |times: &[i64]| {
        World::with(|world| {
            world.rules().attempts = 10;
            for hour in times {
                world.tried(-hour * HOUR, Remedy::RollBack, Outcome::Helped);
            }
        })
    };
    assert_eq!(world(&[30, 20, 10]).refusal(Stage::Claim), "does_not_last");
    assert_eq!(world(&[30, 20, 10]).check(Stage::Claim, &without("loop")), Ok(Permission::Act));
    assert_eq!(
        world(&[400, 390, 380, 10]).refusal(Stage::Gate),
        "does_not_last",
        "until another revision is deployed"
    );
    assert_eq!(world(&[20, 10]).refusal(Stage::Claim), "none");
    assert_eq!(world(&[60, 35, 10]).refusal(Stage::Claim), "none", "each time it lasted a day");
}

#[test]
fn an_action_that_is_taken_up_again_does_not_stand_in_its_own_way() {
    let taken_up = |claimed_at: i64| {
        World::with(|world| {
            let id = world.plan.id.clone();
            world.tried(claimed_at, Remedy::RollBack, Outcome::Pending);
            world.record.care.tried.last_mut().unwrap().id = id.clone();
            world.record.care.open = Some(id);
            let budget = Budget { scope: Scope::Target(target("api")), times: (0..9).map(at).collect() };
            world.facts.budgets = Some(Observed::Known(BTreeMap::from([(budget.scope.clone(), budget)])));
        })
    };
    assert_eq!(taken_up(590).refusal(Stage::Claim), "none");
    let withdrawn = |within: SignedDuration| {
        let mut world = taken_up(0);
        world.record.care.open = None;
        world.record.care.tried.last_mut().unwrap().outcome = Outcome::Withdrawn;
        world.policy.guards.per_service.within = within;
        place(&world.record, &world.plan.id, &world.policy.guards, world.now)
    };
    let hour = SignedDuration::from_hours(1);
    assert_eq!(withdrawn(hour), Some(at(0)), "it goes on with the claim that it was withdrawn from");
    assert_eq!(withdrawn(SignedDuration::from_mins(5)), None, "no place lasts longer than a budget's window");
    assert_eq!(
        taken_up(-600).refusal(Stage::Claim),
        "budget_spent",
        "after a quarter of an hour it is another claim"
    );
}

mod hooks;
mod hosts;
mod world;
