//! More memory.

use jiff::SignedDuration;

use super::*;
use crate::incident::{Outcome, Tried};
use crate::redact::redact;
use crate::remediation::memory::NoRoom;

fn out_of_memory(minute: i64, number: u32, container: &str) -> Observation {
    match failure(minute, number, Cause::OutOfMemory) {
        Observation::Failed(mut failed) => {
            failed.diagnosis.container = Some(redact(container));
            Observation::Failed(failed)
        }
        other => other,
    }
}

fn fails_of_memory(number: u32, minutes: impl IntoIterator<Item = i64>) -> Vec<Observation> {
    minutes.into_iter().map(|minute| out_of_memory(minute, number, "app")).collect()
}

/// Revision 42 has run well for two hours, and then runs out of memory.
fn short() -> World {
    let mut world = World::service();
    world.rules().remedies.insert(Remedy::RaiseMemory);
    world.hear([step(110, BAD, DeploymentStatus::Completed)]);
    let service = world.seen();
    service.deployments.remove(0);
    service.deployments[0].rollout = Some(Rollout::Completed);
    world.hear(fails_of_memory(BAD, [230, 231, 232]));
    world
}

fn id(world: &World, number: u32) -> ActionId {
    ActionId::of(&world.home, &world.story.record.target, Remedy::RaiseMemory, revision(number).as_str())
}

fn own(number: u32, memory: u32) -> TaskDefinition {
    let mut own = defined(number);
    own.sizes.memory = Some(memory);
    own
}

fn planned(world: &World) -> Plan {
    match world.considered(234) {
        Considered::Act(plan) => *plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_revision_that_ran_well_and_runs_out_of_memory_gets_more() {
    let plan = planned(&short());
    assert_eq!(plan.id, id(&short(), BAD), "the failing task definition is what it is for");
    assert_eq!(plan.call.to_string(), "RegisterTaskDefinition like api:42 for api: task 512 to 1024 MiB");
    assert_eq!((plan.revision, plan.precondition.active), (Some(revision(BAD)), None));
    assert!(plan.call.changes_definition(), "whoever describes it elsewhere is told");
}

#[test]
fn where_none_ran_well_before_a_new_revision_gets_more_too() {
    let mut world = short();
    world.story = {
        let mut story = Story::new(world.story.record.target.clone());
        let deploys = Observation::Deploys {
            id: deployment_id(BAD),
            task_definition: revision(BAD),
            images: Vec::new(),
            at: at(101),
        };
        let heard = [step(100, BAD, DeploymentStatus::InProgress), deploys];
        for observation in heard.into_iter().chain(fails_of_memory(BAD, [230, 231, 232])) {
            let now = observation.at();
            story.apply(observation, now);
        }
        story
    };
    assert_eq!(world.word(234), "raise_memory");
}

#[test]
fn a_new_revision_that_runs_out_of_memory_where_one_ran_well_is_a_bad_revision() {
    let mut world = World::service();
    world.rules().remedies.insert(Remedy::RaiseMemory);
    world.hear(fails_of_memory(BAD, [102, 103, 104]));
    assert_eq!(world.word(106), "roll_back");
}

#[test]
fn it_must_be_repeated_one_containers_and_most_of_what_fails() {
    type Heard = fn() -> Vec<Observation>;
    let cases: [(&str, Heard); 4] = [
        ("nothing", || fails_of_memory(BAD, [230, 231])),
        ("ran_well_before", || {
            [fails_of_memory(BAD, [230, 231, 232]), vec![out_of_memory(229, BAD, "log")]].concat()
        }),
        ("ran_well_before", || {
            let others = [226, 227, 228].map(|minute| failure(minute, BAD, Cause::AppError));
            [others.to_vec(), fails_of_memory(BAD, [230, 231, 232])].concat()
        }),
        // ECS did not say whose memory it was.
        ("ran_well_before", || {
            [230, 231, 232].map(|minute| failure(minute, BAD, Cause::OutOfMemory)).to_vec()
        }),
    ];
    for (place, (word, heard)) in cases.into_iter().enumerate() {
        let mut world = World::service();
        world.rules().remedies.insert(Remedy::RaiseMemory);
        world.hear([step(110, BAD, DeploymentStatus::Completed)]);
        world.seen().deployments.remove(0);
        world.seen().deployments[0].rollout = Some(Rollout::Completed);
        world.hear(heard());
        assert_eq!(world.word(234), word, "{place}");
    }
}

#[test]
fn where_it_is_off_or_only_watched_people_are_told_the_change_and_nobody_looks_for_revisions() {
    for (word, change) in [
        ("remedy_off", (|rules| assert!(rules.remedies.remove(&Remedy::RaiseMemory))) as fn(&mut Rules)),
        ("mode_observes", |rules| rules.mode = Mode::Observe),
    ] {
        let mut world = short();
        change(world.rules());
        // It is not allowed to list them.
        world.truth.registered.insert(id(&world, BAD), Observed::Unknown("AccessDenied".to_owned()));
        let Considered::Refused { plan, refusal, .. } = world.considered(234) else { panic!("not refused") };
        assert_eq!(refusal.as_str(), word);
        assert_eq!(plan.call.to_string(), "RegisterTaskDefinition like api:42 for api: task 512 to 1024 MiB");
    }
}

#[test]
fn what_was_registered_is_deployed_and_not_registered_again() {
    let found_by_tag = {
        let mut world = short();
        world.truth.registered.insert(id(&world, BAD), Observed::Known(own(43, 1_024)));
        world
    };
    let remembered = {
        let mut world = short();
        let id = id(&world, BAD);
        world.story.record.care.registered.insert(id, revision(43));
        world.truth.task_definitions.insert(revision(43), Observed::Known(own(43, 1_024)));
        world
    };
    for world in [found_by_tag, remembered] {
        let plan = planned(&world);
        assert_eq!(plan.id, id(&world, BAD), "one action");
        assert_eq!(plan.call.to_string(), "UpdateService api to api:43");
        assert_eq!(plan.precondition.active, Some(revision(43)));
    }
}

#[test]
fn what_cannot_be_looked_for_is_not_registered() {
    let mut world = short();
    world.truth.registered.insert(id(&world, BAD), Observed::Unknown("throttled".to_owned()));
    assert_eq!(world.word(234), "unobserved");
    let mut lags = short();
    let id = id(&lags, BAD);
    lags.story.record.care.registered.insert(id, revision(43));
    assert_eq!(lags.word(234), "unobserved", "what was registered a moment ago is not shown yet");
}

#[test]
fn a_revision_that_somebody_tagged_and_that_has_less_is_not_deployed() {
    let mut world = short();
    world.truth.registered.insert(id(&world, BAD), Observed::Known(own(43, 256)));
    assert_eq!(world.word(234), "memory_out_of_bounds");
}

#[test]
fn who_allowed_the_first_step_allowed_the_second_and_no_other() {
    let mut world = short();
    world.rules().mode = Mode::Propose;
    let Considered::Propose(plan) = world.considered(234) else { panic!("not proposed") };
    let ruling = crate::action::Ruling { by: "ana".to_owned(), at: at(234), why: None };
    let proposed = Action { approved: Some(ruling), ..Action::proposed(*plan.clone(), at(234), at(300)) };
    world.truth.task_definitions.insert(revision(43), Observed::Known(own(43, 1_024)));
    let made = |registered| Action { registered, state: State::Planned, ..proposed.clone() };
    let Considered::Act(second) = world.considered_with(Some(&made(Some(revision(43)))), 234) else {
        panic!("the second step is allowed")
    };
    assert_eq!(second.call.to_string(), "UpdateService api to api:43");
    // Another revision than the action itself registered: nobody saw that.
    world.truth.registered.insert(id(&world, BAD), Observed::Known(own(43, 1_024)));
    assert!(matches!(world.considered_with(Some(&made(None)), 234), Considered::Propose(_)));
}

fn tried(world: &mut World, minute: i64, number: u32, remedy: Remedy) {
    let id = id(world, number);
    world.story.record.care.tried.push(Tried {
        id,
        remedy,
        at: at(minute),
        incident: at(0),
        revision: Some(revision(number)),
        outcome: Outcome::DidNotHelp,
    });
}

#[test]
fn memory_that_was_raised_is_never_lowered_again_by_going_back() {
    // 42 has more memory than 41, which ran well and then out of memory; now 42 does at once.
    let mut world = World::service();
    world.rules().remedies.insert(Remedy::RaiseMemory);
    tried(&mut world, 99, GOOD, Remedy::RaiseMemory);
    world.hear(fails_of_memory(BAD, [132, 133, 134]));
    let plan = match world.considered(136) {
        Considered::Act(plan) => *plan,
        other => panic!("{other:?}"),
    };
    assert_eq!((plan.remedy, plan.revision), (Remedy::RaiseMemory, Some(revision(BAD))));
    // What Steward itself raised is not gone back from, whatever it fails of.
    let mut raised = World::failing(Cause::AppError);
    tried(&mut raised, 60, GOOD, Remedy::RaiseMemory);
    let action = id(&raised, GOOD);
    raised.story.record.care.registered.insert(action, revision(BAD));
    assert_eq!(raised.word(106), "good_revision_fails");
    // What somebody deployed is, for another cause than memory.
    let mut crashes = World::failing(Cause::AppError);
    tried(&mut crashes, 60, GOOD, Remedy::RaiseMemory);
    assert_eq!(crashes.word(106), "roll_back");
}

#[test]
fn at_the_cap_people_are_asked_and_after_raises_in_vain_told_of_a_leak() {
    let capped = |raises: usize| {
        let mut world = short();
        world.rules().memory.ladder.max = 512;
        for number in 0..raises {
            let number = 10 + u32::try_from(number).unwrap();
            tried(&mut world, 0, number, Remedy::RaiseMemory);
        }
        world
    };
    assert_eq!(capped(0).word(234), "no_more_memory");
    assert_eq!(capped(2).word(234), "leak_likely");
    let Considered::Escalate { why, .. } = capped(2).considered(234) else { panic!("not escalated") };
    let Escalation::NoMoreMemory { why: no_room, raised, .. } = &why else { panic!("{why:?}") };
    assert_eq!((*no_room, *raised), (NoRoom::AtMax { max: 512 }, 2));
    assert!(why.to_string().contains("a leak is likely"), "{why}");
}

#[test]
fn what_is_well_again_is_left_alone() {
    let mut world = short();
    world.rules().stability = SignedDuration::ZERO;
    assert_eq!(world.word(240), "nothing", "every task runs, and none has failed for minutes");
}
