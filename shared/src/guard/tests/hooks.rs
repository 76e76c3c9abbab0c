//! A hook is answered by a person's word alone; what stands in the way of other remedies does not stand in that of an answer.

use super::*;
use crate::arn::ServiceDeploymentArn;
use crate::ecs::{HookAnswer, LifecycleHook, ServiceDeployment};
use crate::incident::Evidence;

fn arn() -> ServiceDeploymentArn {
    ServiceDeploymentArn::new("arn:aws:ecs:eu-central-1:123456789012:service-deployment/shop/api/x")
}

fn waiting(status: &str) -> ServiceDeployment {
    ServiceDeployment {
        arn: arn(),
        status: "IN_PROGRESS".to_owned(),
        source_revisions: Vec::new(),
        target_revision: None,
        created_at: None,
        target_running: None,
        stage: None,
        hooks: vec![LifecycleHook {
            id: "ecs-pause-1".to_owned(),
            status: status.to_owned(),
            expires_at: None,
            timeout_action: None,
        }],
    }
}

/// A service that does not roll and waits, whose owner a person has allowed to go on.
fn world() -> World {
    World::with(|world| {
        world.service().is_rolling = false;
        world.rules().remedies.insert(Remedy::AnswerHook);
        world.facts.service_deployments.insert(arn(), Observed::Known(waiting("AWAITING_ACTION")));
        let evidence = Evidence { revision: None, running: None, failed: None, causes: Vec::new() };
        world.plan = Plan {
            id: ActionId::of(world.home.as_ref().unwrap(), &target("api"), Remedy::AnswerHook, "ecs-pause-1"),
            remedy: Remedy::AnswerHook,
            call: Call::ContinueServiceDeployment {
                service_deployment: arn(),
                hook: "ecs-pause-1".to_owned(),
                answer: HookAnswer::Continue,
            },
            precondition: Precondition { awaits: Some("ecs-pause-1".to_owned()), ..Precondition::default() },
            because: Because::HookWaits {
                stage: None,
                since: at(0),
                expires_at: None,
                timeout_action: None,
                evidence,
            },
            ..world.plan.clone()
        };
        world.is_approved = true;
    })
}

fn with(change: impl FnOnce(&mut World)) -> World {
    let mut world = world();
    change(&mut world);
    world
}

#[test]
fn steward_answers_no_hook_by_itself_in_mode_act_either() {
    for mode in [Mode::Act, Mode::Propose] {
        let unasked = with(|world| {
            world.rules().mode = mode;
            world.is_approved = false;
        });
        for stage in [Stage::Claim, Stage::Gate] {
            assert_eq!(unasked.check(stage, GUARDS), Ok(Permission::Propose), "{mode:?}");
        }
        let asked = with(|world| world.rules().mode = mode);
        assert_eq!(asked.check(Stage::Gate, GUARDS), Ok(Permission::Act), "{mode:?}");
    }
    assert_eq!(with(|world| world.rules().mode = Mode::Observe).refusal(Stage::Claim), "mode_observes");
}

#[test]
fn it_is_off_unless_the_policy_says_otherwise() {
    assert!(!Rules::default().remedies.contains(&Remedy::AnswerHook));
    let off = with(|world| assert!(world.rules().remedies.remove(&Remedy::AnswerHook)));
    assert_eq!(off.refusal(Stage::Claim), "remedy_off");
}

#[test]
fn an_answer_is_allowed_where_other_remedies_are_not() {
    let changes: [fn(&mut World); 6] = [
        |world| world.service().breaker = Watch { is_enabled: true, rolls_back: true },
        |world| {
            drop(
                world
                    .facts
                    .stacks
                    .insert("shop-api".to_owned(), Observed::Known("UPDATE_IN_PROGRESS".to_owned())),
            );
        },
        |world| world.rules().stability = SignedDuration::from_hours(2),
        |world| world.tried(599, Remedy::RollBack, Outcome::Helped),
        |world| world.tried(-100, Remedy::AnswerHook, Outcome::DidNotHelp),
        |world| {
            let opening = |name: &str| Opening {
                at: at(30),
                target: target(name),
                cause: Cause::ImageNotFound,
                zone: None,
            };
            let openings = ["api", "b", "c", "d", "e"].map(opening).to_vec();
            world.facts.openings = Some(Observed::Known(Openings { cluster: cluster(), openings }));
        },
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert_eq!(with(change).check(Stage::Claim, GUARDS), Ok(Permission::Act), "{place}");
    }
}

#[test]
fn an_answer_makes_no_other_remedy_wait() {
    let world = World::with(|world| world.tried(599, Remedy::AnswerHook, Outcome::Helped));
    assert_eq!(world.check(Stage::Claim, GUARDS), Ok(Permission::Act));
}

#[test]
fn a_service_that_does_not_roll_may_be_answered_and_nothing_else() {
    assert_eq!(world().check(Stage::Gate, GUARDS), Ok(Permission::Act));
    let rolled_back = World::with(|world| world.service().is_rolling = false);
    assert_eq!(rolled_back.refusal(Stage::Gate), "foreign_controller");
    let foreign = with(|world| world.service().controller = Controller::CodeDeploy);
    assert_eq!(foreign.refusal(Stage::Gate), "foreign_controller", "nobody but ECS has such hooks");
}

#[test]
fn a_hook_that_waits_no_more_or_cannot_be_read_is_not_answered() {
    let seen = |seen: Observed<ServiceDeployment>| {
        with(|world| drop(world.facts.service_deployments.insert(arn(), seen))).refusal(Stage::Gate)
    };
    assert_eq!(seen(Observed::Known(waiting("SUCCEEDED"))), "precondition_gone");
    assert_eq!(seen(Observed::Absent), "precondition_gone");
    assert_eq!(seen(Observed::Unknown("throttled".to_owned())), "unobserved");
    let paused = with(|world| {
        let paused = Some(Ruling { by: "ana".to_owned(), at: at(590), why: None });
        let switch = Switch { scope: Scope::Global, paused, resumed: None };
        world.facts.switches = Some(Observed::Known(vec![switch]));
    });
    assert_eq!(paused.refusal(Stage::Gate), "paused", "a person's word does not pass a pause");
}
