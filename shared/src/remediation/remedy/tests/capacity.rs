//! Spare capacity, container instances, and starts that fail for hours.

use super::*;
use crate::action::{Action, Because, Epoch, How, Verdict};
use crate::ecs::capacity::{FARGATE, FARGATE_SPOT, strategy};
use crate::ecs::{InstanceRoom, Instances, StrategyItem};
use crate::incident::Outcome;

const ALL: [Remedy; 3] = [Remedy::FallBackToOnDemand, Remedy::ReturnToSpot, Remedy::LimitDesiredCount];

fn on(providers: &[(&str, u32)]) -> Vec<StrategyItem> {
    strategy(providers.iter().map(|(provider, weight)| StrategyItem {
        provider: (*provider).to_owned(),
        weight: *weight,
        base: 0,
    }))
}

/// The service rests on revision 41, one of its three tasks runs, and these failures are heard.
fn short(cause: Cause, minutes: impl IntoIterator<Item = i64>) -> World {
    let mut world = World::service();
    world.rules().remedies.extend(ALL);
    world.seen().running = RunningCount(1);
    let primary = ServiceDeploymentSummary {
        id: deployment_id(GOOD),
        is_primary: true,
        task_definition: Some(revision(GOOD)),
        rollout: Some(Rollout::Completed),
        failed_tasks: None,
        created_at: Some(at(0)),
        updated_at: Some(at(5)),
    };
    world.seen().deployments = vec![primary];
    world.story = Story::new(world.story.record.target.clone());
    // Without a deployment: what finds no room has no task.
    let failures = minutes.into_iter().map(|minute| match failure(minute, GOOD, cause) {
        Observation::Failed(failure) => {
            Observation::Failed(Box::new(Failure { deployment: None, task: None, ..*failure }))
        }
        other => other,
    });
    world.hear(failures);
    world
}

fn spot() -> World {
    let mut world = short(Cause::CapacityUnavailable, [200, 201, 203]);
    world.seen().capacity_providers = on(&[(FARGATE_SPOT, 3), (FARGATE, 1)]);
    let needs = Needs { cpu: Some(512), memory: Some(1024), ..Needs::default() };
    let definition = TaskDefinition { needs, ..defined(GOOD) };
    world.truth.task_definitions.insert(revision(GOOD), Observed::Known(definition));
    world
}

impl World {
    fn plan(&self, minute: i64) -> Plan {
        match self.considered(minute) {
            Considered::Act(plan) => *plan,
            other => panic!("{other:?}"),
        }
    }

    /// Carries a plan out, and lets ECS show it.
    fn carried_out(&mut self, plan: Plan, minute: i64) -> Action {
        if let Call::UpdateService { desired_count, capacity_providers, .. } = &plan.call {
            if let Some(set) = capacity_providers {
                self.seen().capacity_providers.clone_from(set);
            }
            if let Some(count) = desired_count {
                self.seen().desired = *count;
            }
        }
        let claimed = Action::claimed(plan, None, Epoch(1), at(minute), at(minute + 1)).unwrap();
        let action = claimed.into_state(State::Confirmed { at: at(minute), how: How::Answered, made: None });
        self.story.record.note(&action);
        action
    }

    fn is_well(&mut self, minute: i64) {
        let wanted = self.seen().desired.0;
        self.seen().running = RunningCount(wanted);
        self.hear([Observation::Steady { at: at(minute) }]);
    }
}

#[test]
fn what_finds_no_spare_capacity_falls_back_with_its_share_and_says_what_that_costs() {
    let plan = spot().plan(206);
    let Call::UpdateService {
        capacity_providers, force_new_deployment, task_definition, desired_count, ..
    } = &plan.call
    else {
        panic!("{:?}", plan.call);
    };
    assert_eq!(capacity_providers.as_deref(), Some(&on(&[(FARGATE, 4)])[..]));
    assert_eq!((*force_new_deployment, task_definition, desired_count), (true, &None, &None));
    assert_eq!(plan.call.to_string(), "UpdateService api on FARGATE 4, force a new deployment");
    let Because::SpotUnavailable { count: 3, running: 1, desired: 3, moved } = plan.because else {
        panic!("{:?}", plan.because);
    };
    // Three of three tasks, rounded up: 3 x (0.5 x 4.048 + 1 x 0.4445) cents, of which 70% at the most.
    assert_eq!((moved.tasks, moved.at_most()), (3, Some(6)));
}

#[test]
fn nothing_falls_back_without_need_or_leave() {
    let rows: [(&str, Change); 6] = [
        ("switched off", |world| assert!(world.rules().remedies.remove(&Remedy::FallBackToOnDemand))),
        ("all tasks run", |world| world.seen().running = RunningCount(3)),
        ("on demand already", |world| world.seen().capacity_providers = on(&[(FARGATE, 1)])),
        ("a launch type", |world| world.seen().capacity_providers.clear()),
        ("too few", |world| world.rules().failures = 4),
        ("another cause", |world| {
            let record = short(Cause::QuotaExceeded, [200, 201, 203]).story;
            world.story = record;
        }),
    ];
    for (why, change) in rows {
        let mut world = spot();
        change(&mut world);
        assert_eq!(world.word(206), "nothing", "{why}");
    }
    assert_eq!(spot().word(206), "fall_back_to_on_demand");
}

#[test]
fn what_fell_back_returns_in_its_time_and_only_to_what_it_was() {
    let mut world = spot();
    let before = world.seen().capacity_providers.clone();
    let plan = world.plan(206);
    world.carried_out(plan, 206);
    world.is_well(215);
    let due = 215 + 120;
    assert_eq!(world.considered(216), Considered::Nothing { look_at: Some(at(due)) });
    assert_eq!(world.word(due - 1), "nothing");
    let plan = world.plan(due);
    assert_eq!(plan.remedy, Remedy::ReturnToSpot);
    let Call::UpdateService { capacity_providers, .. } = &plan.call else { panic!("{:?}", plan.call) };
    assert_eq!(capacity_providers.as_ref(), Some(&before));
    assert_eq!(plan.precondition.capacity_providers, Some(on(&[(FARGATE, 4)])));
    assert!(plan.precondition.steady);
}

#[test]
fn a_strategy_that_a_person_has_set_stands() {
    let mut world = spot();
    let plan = world.plan(206);
    world.carried_out(plan, 206);
    world.is_well(215);
    world.seen().capacity_providers = on(&[(FARGATE, 1)]);
    assert_eq!(world.word(400), "strategy_passed");
    world.truth.service = Some(Observed::Absent);
    assert_eq!(world.word(400), "strategy_passed", "nor is a service that is gone waited for");
}

#[test]
fn what_does_not_rest_or_must_not_does_not_return() {
    let world = || {
        let mut world = spot();
        let plan = world.plan(206);
        world.carried_out(plan, 206);
        world.is_well(215);
        world
    };
    let mut off = world();
    assert!(off.rules().remedies.remove(&Remedy::ReturnToSpot));
    assert_eq!(off.word(400), "nothing");
    let mut short = world();
    short.seen().running = RunningCount(2);
    assert_eq!(short.word(400), "nothing");
    let mut unread = world();
    unread.truth.service = Some(Observed::Unknown("throttled".to_owned()));
    assert_eq!(unread.word(400), "unobserved");
    assert_eq!(world().word(400), "return_to_spot");
}

/// Falls back and returns so often; answers the waits between good news and return, in minutes.
fn waits(times: usize) -> Vec<i64> {
    let mut world = spot();
    world.rules().cooldown = SignedDuration::ZERO;
    let mut minute = 206;
    let mut waits = Vec::new();
    for _ in 0..times {
        let plan = world.plan(minute);
        assert_eq!(plan.remedy, Remedy::FallBackToOnDemand);
        world.carried_out(plan, minute);
        world.is_well(minute + 5);
        let Considered::Nothing { look_at: Some(due) } = world.considered(minute + 6) else { panic!() };
        let due = due.duration_since(at(0)).as_mins();
        waits.push(due - minute - 5);
        let plan = world.plan(due);
        assert_eq!(plan.remedy, Remedy::ReturnToSpot);
        world.carried_out(plan, due);
        // It finds no room: the old tasks stay, and the deployment goes on.
        world.seen().deployments[0].rollout = Some(Rollout::InProgress);
        let more = [1, 2, 3].map(|more| match failure(due + more, GOOD, Cause::CapacityUnavailable) {
            Observation::Failed(failure) => {
                Observation::Failed(Box::new(Failure { deployment: None, task: None, ..*failure }))
            }
            other => other,
        });
        world.hear(more);
        minute = due + 6;
    }
    waits
}

#[test]
fn each_return_that_does_not_last_doubles_the_wait_up_to_a_day() {
    assert_eq!(waits(6), [120, 240, 480, 960, 1440, 1440]);
}

#[test]
fn where_ecs_itself_goes_back_the_return_did_not_last_and_where_it_lasts_all_is_forgotten() {
    let returned = || {
        let mut world = spot();
        world.rules().cooldown = SignedDuration::ZERO;
        let plan = world.plan(206);
        world.carried_out(plan, 206);
        world.is_well(215);
        let plan = world.plan(335);
        world.carried_out(plan, 335);
        world
    };
    let mut back = returned();
    back.seen().capacity_providers = on(&[(FARGATE, 4)]);
    assert_eq!(back.word(335 + 239), "nothing");
    assert_eq!(back.word(335 + 240), "return_to_spot");
    let lasts = returned();
    let day = 24 * 60;
    assert_eq!(lasts.considered(335 + 240), Considered::Nothing { look_at: Some(at(335 + day)) });
    assert_eq!(lasts.word(335 + day), "strategy_passed");
}

#[test]
fn what_came_of_an_action_does_not_bring_back_what_a_person_ended() {
    let mut world = spot();
    let plan = world.plan(206);
    let action = world.carried_out(plan, 206);
    world.story.record.care.fallback = None;
    let judged = Action { verdict: Some(Verdict::Helped { at: at(210) }), ..action };
    world.story.record.note(&judged);
    assert_eq!(world.story.record.care.fallback, None);
}

fn instance(name: &str, memory: u64) -> InstanceRoom {
    InstanceRoom {
        arn: crate::arn::ContainerInstanceArn::new(format!(
            "arn:aws:ecs:eu-central-1:123456789012:container-instance/shop/{name}"
        )),
        ec2: Some(format!("i-{name}")),
        status: "ACTIVE".to_owned(),
        is_connected: true,
        provider: None,
        free_cpu: Some(4096),
        free_memory: Some(memory),
        taken_ports: std::collections::BTreeSet::new(),
        attributes: BTreeMap::new(),
    }
}

#[test]
fn where_no_instance_takes_a_task_people_hear_what_the_nearest_lacks() {
    let mut world = short(Cause::PlacementFailed, [200, 201, 203]);
    let needs = Needs { cpu: Some(256), memory: Some(1024), ..Needs::default() };
    let definition = TaskDefinition { needs, ..defined(GOOD) };
    world.truth.task_definitions.insert(revision(GOOD), Observed::Known(definition));
    let known = vec![instance("0a", 256), instance("0b", 512)];
    world.truth.instances = Some(Observed::Known(Instances { known, more: false }));
    let Considered::Escalate { why, look_at: Some(_) } = world.considered(206) else { panic!() };
    assert_eq!(
        why.to_string(),
        "no container instance takes its tasks: i-0b is nearest: it lacks 512 MiB of memory; 1 other lacks as much or more"
    );
    world.truth.instances = Some(Observed::Unknown("throttled".to_owned()));
    assert_eq!(world.word(206), "nothing", "what explains does not decide");
    world.truth.instances = Some(Observed::Known(Instances::default()));
    assert_eq!(world.word(206), "no_room");
    world.seen().capacity_providers = on(&[(FARGATE, 1)]);
    assert_eq!(world.word(206), "nothing", "Fargate has no instances");
}

/// A task fails to start every 15 minutes, from minute 200 on.
fn failing_starts(until: i64) -> World {
    let mut world = short(Cause::SecretNotFound, (200..until).step_by(15));
    world.truth.scalable = Some(Observed::Known(false));
    world
}

#[test]
fn after_hours_of_failing_starts_the_desired_count_is_what_runs_and_never_less_than_one() {
    let six_hours = 200 + 360;
    assert_eq!(failing_starts(six_hours).word(six_hours - 1), "nothing");
    for (running, expected) in [(1, 1), (2, 2), (0, 1)] {
        let mut world = failing_starts(six_hours);
        world.seen().running = RunningCount(running);
        let plan = world.plan(six_hours);
        let Call::UpdateService { desired_count, capacity_providers, force_new_deployment, .. } = &plan.call
        else {
            panic!("{:?}", plan.call)
        };
        assert_eq!(*desired_count, Some(DesiredCount(expected)), "{running} run");
        assert_eq!((capacity_providers, *force_new_deployment), (&None, false));
        assert!(
            matches!(plan.because, Because::StartsFail { count: 24, desired: 3, .. }),
            "{:?}",
            plan.because
        );
    }
}

#[test]
fn nothing_is_limited_without_need_or_leave() {
    let six_hours = 200 + 360;
    let rows: [(&str, &str, Change); 9] = [
        ("switched off", "nothing", |world| {
            assert!(world.rules().remedies.remove(&Remedy::LimitDesiredCount));
        }),
        ("all tasks run", "nothing", |world| world.seen().running = RunningCount(3)),
        ("the ceiling is no lower", "nothing", |world| world.rules().start_failures.ceiling = Some(3)),
        ("not for so long", "nothing", |world| {
            world.rules().start_failures.after = SignedDuration::from_hours(7);
        }),
        ("it was steady meanwhile", "nothing", |world| world.story.record.well_at = Some(at(300))),
        ("nothing is wanted", "nothing", |world| world.seen().desired = DesiredCount(0)),
        ("Application Auto Scaling", "scaled_by_other", |world| {
            world.truth.scalable = Some(Observed::Known(true));
        }),
        ("nobody knows who scales", "unobserved", |world| {
            world.truth.scalable = Some(Observed::Unknown("throttled".to_owned()));
        }),
        ("Steward's own scaler", "scaled_by_other", |world| {
            world.policy.scaled.insert(("shop".to_owned(), ServiceName::new("api")));
        }),
    ];
    for (why, expected, change) in rows {
        let mut world = failing_starts(six_hours);
        change(&mut world);
        assert_eq!(world.word(six_hours), expected, "{why}");
    }
    assert_eq!(failing_starts(200 + 200).word(six_hours), "nothing", "no start has failed for long");
    let exits = short(Cause::AppError, (200..six_hours).step_by(15));
    assert_eq!(exits.word(six_hours), "nothing", "what exits did start");
    assert_eq!(failing_starts(six_hours).word(six_hours), "limit_desired_count");
}

#[test]
fn a_limited_service_is_not_well_until_a_person_raises_its_count() {
    let six_hours = 200 + 360;
    let mut world = failing_starts(six_hours);
    let plan = world.plan(six_hours);
    world.carried_out(plan, six_hours);
    assert_eq!(world.story.record.care.look_at, Some(at(six_hours)), "it is told soon");
    world.is_well(six_hours + 5);
    assert!(world.story.incident.as_ref().unwrap().is_open(), "at its ceiling it has not recovered");
    world.story.tick(&world.policy, at(six_hours + 24 * 60));
    assert!(world.story.incident.as_ref().unwrap().is_open(), "nor by being quiet");
    let Considered::Escalate { why, .. } = world.considered(six_hours + 10) else { panic!() };
    assert_eq!(why.as_str(), "limited");
    assert!(why.to_string().contains("--service api --desired-count 3"), "{why}");
    world.seen().desired = DesiredCount(3);
    assert_eq!(world.word(six_hours + 20), "desired_count_passed");
    world.story.record.care.limited = None;
    world.is_well(six_hours + 30);
    assert!(!world.story.incident.as_ref().unwrap().is_open());
    let tried = &world.story.record.care.tried;
    assert_eq!(tried.iter().map(|tried| tried.outcome).collect::<Vec<_>>(), [Outcome::Pending]);
}

#[test]
fn to_nought_only_by_the_policys_own_word() {
    let six_hours = 200 + 360;
    let mut world = failing_starts(six_hours);
    // A configuration without the word has no such ceiling: see the tests of the file.
    world.rules().start_failures.ceiling = Some(0);
    let Call::UpdateService { desired_count, .. } = world.plan(six_hours).call else { panic!() };
    assert_eq!(desired_count, Some(DesiredCount(0)));
}
