//! What a container instance's story knows of its host.

use super::*;
use crate::action::{
    Action, ActionId, Because, Call, Epoch, HostCondition, HostSign, How, Plan, Precondition, Remedy, State,
    Verdict,
};
use crate::config::{Entry, Glob, Rules, Selector};
use crate::ecs::HostStatus;
use crate::remediation::Home;

fn agent(version: u64, connected: bool, second: i64) -> Observation {
    Observation::Agent { version, connected, at: at(second) }
}

fn policy() -> Policy {
    let selector = Selector { cluster: Some(Glob::new("*")), ..Selector::default() };
    Policy { services: vec![Entry { selector, rules: Rules::default() }], ..Policy::default() }
}

/// Confirmed at `second`.
fn action(remedy: Remedy, second: i64) -> Action {
    let Target::ContainerInstance { cluster, arn } = instance() else { panic!() };
    let home = Home { account: "1".to_owned(), region: "r".to_owned() };
    let status = if remedy == Remedy::DrainInstance { HostStatus::Draining } else { HostStatus::Active };
    let plan = Plan {
        id: ActionId::of(&home, &instance(), remedy, "0"),
        remedy,
        target: instance(),
        incident: at(600),
        revision: None,
        call: Call::UpdateContainerInstancesState { cluster, instance: arn, status },
        precondition: Precondition {
            host: Some(HostCondition::Failing { since: at(0) }),
            ..Precondition::default()
        },
        because: Because::HostFails { since: at(0), sign: HostSign::StatusCheck, moves: None },
    };
    let claimed = Action::claimed(plan, None, Epoch(1), at(second), at(second)).unwrap();
    claimed.into_state(State::Confirmed { at: at(second), how: How::Answered, made: None })
}

/// A host whose agent left at 0, and that Steward drained at 700.
fn drained() -> Story {
    let mut story = Story::new(instance());
    story.apply(agent(3, false, 0), at(0));
    story.tick(&policy(), at(600));
    story.record.note(&action(Remedy::DrainInstance, 700));
    story
}

fn is_open(story: &Story) -> bool {
    story.incident.as_ref().is_some_and(Incident::is_open)
}

#[test]
fn the_incident_of_a_host_that_steward_drained_ends_when_it_takes_tasks_again_and_not_before() {
    let mut story = drained();
    story.apply(agent(5, true, 900), at(900));
    story.tick(&policy(), at(1_000));
    assert!(is_open(&story), "the cluster lacks it still");
    assert_eq!(story.record.care.back_since, Some(at(900)));
    story.record.note(&action(Remedy::ActivateInstance, 1_100));
    assert!(story.next_look(&policy()).unwrap() <= at(1_100), "a sweep ends it");
    story.tick(&policy(), at(1_160));
    assert!(!is_open(&story));
    assert_eq!(story.record.care.back_since, None);
}

#[test]
fn what_comes_of_a_drain_later_does_not_undo_that_the_host_takes_tasks_again() {
    let mut story = drained();
    story.record.note(&action(Remedy::ActivateInstance, 1_100));
    let judged =
        Action { verdict: Some(Verdict::Helped { at: at(1_200) }), ..action(Remedy::DrainInstance, 700) };
    story.record.note(&judged);
    assert_eq!(story.record.care.drained, None);
}

#[test]
fn an_agent_that_comes_and_goes_while_its_host_drains_starts_the_window_anew() {
    let mut story = drained();
    story.apply(agent(5, true, 900), at(900));
    story.apply(Observation::AwayWhileDraining { version: 6, at: at(950) }, at(950));
    assert_eq!(story.record.care.back_since, None);
    story.apply(agent(5, true, 900), at(960));
    assert_eq!(story.record.care.back_since, None, "an event that comes again is older");
    story.apply(agent(7, true, 1_000), at(1_000));
    assert_eq!(story.record.care.back_since, Some(at(1_000)));
}

#[test]
fn an_agent_that_leaves_a_host_which_somebody_else_drains_is_of_no_concern() {
    let mut story = Story::new(instance());
    story.apply(agent(3, true, 0), at(0));
    let before = story.clone();
    story.apply(Observation::AwayWhileDraining { version: 4, at: at(10) }, at(10));
    assert_eq!(story, before);
}

#[test]
fn a_host_that_somebody_lets_take_tasks_again_is_well_once_its_agent_is_there() {
    let mut story = drained();
    story.takes_tasks_again(at(800));
    story.tick(&policy(), at(801));
    assert!(is_open(&story) && story.record.care.drained.is_none(), "its agent is away still");
    story.apply(agent(5, true, 900), at(900));
    assert!(!is_open(&story));
    let mut story = drained();
    story.apply(agent(5, true, 900), at(900));
    story.takes_tasks_again(at(950));
    story.tick(&policy(), at(960));
    assert!(!is_open(&story));
}

#[test]
fn a_host_that_is_gone_is_nobody_s_to_let_take_tasks_again() {
    let mut story = drained();
    story.apply(Observation::Gone { version: 9, at: at(900) }, at(900));
    assert!(!is_open(&story) && story.record.care.drained.is_none());
}

#[test]
fn remedies_are_asked_for_when_an_incident_begins_and_when_an_agent_has_been_back_for_long_enough() {
    let policy = policy();
    let step = |story: &mut Story, observation: Observation| {
        let before = story.clone();
        let now = observation.at();
        story.apply(observation, now);
        story.ask_for_remedies(&before, &policy, now);
        story.record.care.look_at
    };
    let mut story = Story::new(instance());
    assert_eq!(step(&mut story, agent(3, false, 0)), None, "it may be a flap");
    let before = story.clone();
    story.tick(&policy, at(600));
    story.ask_for_remedies(&before, &policy, at(600));
    assert_eq!(story.record.care.look_at, Some(at(600)));
    let mut story = drained();
    assert_eq!(step(&mut story, agent(5, true, 900)), Some(at(900)));
    story.record.care.look_at = None;
    story.record.care.looked_at = Some(at(900));
    assert_eq!(step(&mut story, Observation::AwayWhileDraining { version: 6, at: at(910) }), Some(at(930)));
    let mut flap = Story::new(instance());
    step(&mut flap, agent(3, false, 0));
    assert_eq!(step(&mut flap, agent(4, true, 60)), None);
    assert_eq!((flap.incident, flap.record.care.look_at), (None, None));
}

#[test]
fn a_warning_of_spot_is_one_failure_however_often_it_comes_and_no_agent_ends_it() {
    let warning = |second| Observation::Warned {
        at: at(second),
        diagnosis: Box::new(failure(1, 1, second, Cause::SpotInterrupted).diagnosis),
    };
    let mut story = Story::new(instance());
    story.apply(agent(3, true, 0), at(0));
    for second in [100, 101, 102] {
        story.apply(warning(second), at(second));
    }
    assert_eq!(story.incident.as_ref().unwrap().failures.count(), 1);
    story.apply(agent(4, true, 110), at(110));
    assert!(is_open(&story), "that it drains is no good news");
    story.apply(Observation::Gone { version: 5, at: at(220) }, at(220));
    assert!(!is_open(&story));
}
