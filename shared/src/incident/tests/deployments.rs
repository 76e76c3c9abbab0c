//! What deployments know of each other, and of who started them.

use super::*;
use crate::action::{Action, ActionId, Because, Call, Epoch, How, Plan, Precondition, Remedy, State};
use crate::arn::{ServiceDeploymentArn, TaskDefinitionArn};
use crate::event::Container;
use crate::redact::redact;
use crate::remediation::Home;

fn id(number: u32) -> DeploymentId {
    DeploymentId::new(format!("ecs-svc/{number}"))
}

fn definition(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:r:1:task-definition/api:{number}"))
}

fn images(number: u32) -> Vec<Image> {
    let image = Some(format!("registry.example/shop/api:1.4.{number}"));
    Image::of_containers(&[Container { name: Some("api".into()), image, ..Container::default() }])
}

fn revision(number: u32) -> Revision {
    Revision { task_definition: definition(number), images: images(number) }
}

fn step(number: u32, second: i64, status: DeploymentStatus) -> Observation {
    let step = Step { at: at(second), status, reason: None };
    Observation::Deployment { id: id(number), step, is_rollback: false }
}

fn rollback(number: u32, second: i64) -> Observation {
    let step = Step { at: at(second), status: DeploymentStatus::InProgress, reason: None };
    Observation::Deployment { id: id(number), step, is_rollback: true }
}

fn deploys(number: u32, second: i64) -> Observation {
    Observation::Deploys {
        id: id(number),
        task_definition: definition(number),
        images: images(number),
        at: at(second),
    }
}

fn person(name: &str) -> Starter {
    Starter::Person { who: redact(name) }
}

fn started(number: u32, second: i64, name: &str) -> Observation {
    Observation::Started { id: id(number), by: person(name), at: at(second) }
}

/// 41 runs, 42 is deployed.
fn deployed() -> Vec<Observation> {
    use DeploymentStatus::{Completed, InProgress};
    vec![
        step(41, 0, InProgress),
        deploys(41, 5),
        step(41, 30, Completed),
        started(42, 100, "jane"),
        step(42, 101, InProgress),
        deploys(42, 110),
    ]
}

/// And ECS goes back.
fn rolled_back() -> Vec<Observation> {
    use DeploymentStatus::{Completed, Failed};
    let back = [step(42, 200, Failed), rollback(41, 201), step(41, 230, Completed)];
    deployed().into_iter().chain(back).collect()
}

/// An action that took effect.
fn action(remedy: Remedy, call: Call, primary: u32, made: Option<u32>) -> Action {
    let home = Home { account: "1".to_owned(), region: "r".to_owned() };
    let plan = Plan {
        id: ActionId::of(&home, &service(), remedy, "ecs-svc/42"),
        remedy,
        target: service(),
        incident: at(150),
        revision: Some(definition(primary)),
        call,
        precondition: Precondition { primary: Some(id(primary)), ..Precondition::default() },
        because: Because::DeploymentStuck {
            revision: definition(primary),
            since: at(100),
            good: definition(primary),
        },
    };
    let made = made.map(|number| id(number).to_string());
    Action::claimed(plan, None, Epoch(1), at(190), at(220)).unwrap().into_state(State::Confirmed {
        at: at(200),
        how: How::Answered,
        made,
    })
}

fn update(to: Option<u32>) -> Call {
    Call::UpdateService {
        cluster: service().cluster().clone(),
        service: ServiceName::new("api"),
        task_definition: to.map(definition),
        force_new_deployment: to.is_none(),
        desired_count: None,
        capacity_providers: None,
    }
}

fn by_steward(action: &Action) -> Starter {
    Starter::Steward { action: action.plan.id.short().to_owned(), remedy: action.plan.remedy }
}

#[test]
fn a_deployment_says_from_where_to_where_and_who_started_it() {
    let story = story_of(deployed());
    let new = &story.deployments[&id(42)];
    assert_eq!(new.from_to(), (Some(revision(41)), Some(revision(42))));
    assert_eq!(new.started_by, Some(person("jane")));
    assert_eq!(new.first_seen_at, at(100), "the call is the beginning");
    let first = &story.deployments[&id(41)];
    assert_eq!((first.from_to(), first.started_by.clone()), ((None, Some(revision(41))), None));
}

#[test]
fn a_rollback_by_ecs_leads_from_what_failed_to_what_ran_before() {
    for events in [rolled_back(), rolled_back().into_iter().rev().collect()] {
        // Tasks tell only of what is known already.
        let story = story_of(events.into_iter().chain([deploys(41, 5), deploys(42, 110)]));
        let (good, bad) = (&story.deployments[&id(41)], &story.deployments[&id(42)]);
        assert_eq!(good.from_to(), (Some(revision(42)), Some(revision(41))));
        assert_eq!(good.started_by, Some(Starter::Ecs));
        assert_eq!(bad.from_to(), (Some(revision(41)), Some(revision(42))), "it is not from what runs again");
        assert_eq!((&bad.started_by, &bad.rolled_back_to), (&Some(person("jane")), &Some(id(41))));
    }
}

#[test]
fn a_later_deployment_changes_nothing_of_where_an_earlier_came_from() {
    use DeploymentStatus::{Completed, InProgress};
    let later = [
        step(42, 150, Completed),
        step(43, 300, InProgress),
        deploys(43, 310),
        step(43, 330, Completed),
        step(41, 400, Completed),
    ];
    let story = story_of(deployed().into_iter().chain(later));
    assert_eq!(story.deployments[&id(42)].from, Some(revision(41)));
    assert_eq!(story.deployments[&id(43)].from, Some(revision(42)));
}

#[test]
fn of_what_the_service_was_steady_on_nobody_knows_the_revision_until_a_task_tells() {
    use DeploymentStatus::{Completed, InProgress};
    let mut story = story_of([
        step(40, 0, InProgress),
        deploys(40, 5),
        step(40, 10, Completed),
        step(41, 20, InProgress),
        step(41, 30, Completed),
        step(42, 100, InProgress),
    ]);
    assert_eq!(story.deployments[&id(42)].from, None, "an older one would be wrong");
    story.apply(deploys(41, 110), at(1_000));
    assert_eq!(story.deployments[&id(42)].from, Some(revision(41)));
}

#[test]
fn a_task_that_tells_nothing_new_changes_nothing() {
    let mut story = story_of(deployed());
    let before = story.clone();
    let no_images =
        Observation::Deploys { id: id(42), task_definition: definition(42), images: Vec::new(), at: at(120) };
    for said in [deploys(42, 120), no_images, deploys(99, 120), started(42, 100, "jane")] {
        story.apply(said, at(1_000));
    }
    assert_eq!(story, before);
}

#[test]
fn a_failed_task_leaves_the_images_to_be_told() {
    let mut of_deployment = failure(1, 3, 110, Cause::ImageNotFound);
    of_deployment.deployment = Some(id(42));
    of_deployment.task_definition = Some(definition(42));
    let story = story_of([Observation::Failed(Box::new(of_deployment)), deploys(42, 110)]);
    assert_eq!(story.deployments[&id(42)].revision(), Some(revision(42)));
}

#[test]
fn what_steward_started_is_steward_s_whatever_cloudtrail_calls_it() {
    let back = action(Remedy::RollBack, update(Some(41)), 42, Some(43));
    let role = "steward-RemediationFunction-3Z4W";
    let rest = [started(43, 199, role), step(43, 200, DeploymentStatus::InProgress), deploys(43, 210)];
    for is_first in [true, false] {
        let mut story = story_of(deployed());
        if is_first {
            story.record.note(&back);
        }
        for said in &rest {
            story.apply(said.clone(), at(1_000));
        }
        if !is_first {
            assert_eq!(story.deployments[&id(43)].started_by, Some(person(role)));
            story.record.note(&back);
            story.apply(step(43, 230, DeploymentStatus::Completed), at(1_000));
        }
        let new = &story.deployments[&id(43)];
        assert_eq!(new.started_by, Some(by_steward(&back)));
        assert_eq!(new.from_to().0, Some(revision(42)), "a way back leads from what is left");
        assert_eq!(new.from, Some(revision(41)));
    }
}

#[test]
fn a_forced_deployment_is_no_way_back_and_what_was_there_before_was_not_started() {
    let forced = action(Remedy::ForceNewDeployment, update(None), 41, Some(43));
    let mut story = story_of(deployed());
    story.record.note(&forced);
    story.apply(step(43, 200, DeploymentStatus::InProgress), at(1_000));
    let new = &story.deployments[&id(43)];
    assert_eq!((&new.started_by, &new.left), (&Some(by_steward(&forced)), &None));
    let mut story = story_of(deployed());
    let before = story.record.history.clone();
    story.record.note(&action(Remedy::RollBack, update(Some(42)), 42, Some(42)));
    assert_eq!(story.record.history, before);
}

#[test]
fn a_rollback_that_steward_asked_ecs_for_is_steward_s() {
    let call = Call::StopServiceDeployment {
        service_deployment: ServiceDeploymentArn::new("arn:aws:ecs:r:1:service-deployment/shop/api/x"),
        back_to: definition(41),
    };
    let stop = action(Remedy::RollBack, call, 42, None);
    for ecs_calls_it_failed in [false, true] {
        let mut story = story_of(deployed());
        story.record.note(&stop);
        if ecs_calls_it_failed {
            story.apply(step(42, 201, DeploymentStatus::Failed), at(1_000));
        }
        story.apply(rollback(41, 202), at(1_000));
        let good = &story.deployments[&id(41)];
        assert_eq!(good.started_by, Some(by_steward(&stop)));
        assert_eq!(good.from_to(), (Some(revision(42)), Some(revision(41))));
    }
}

#[test]
fn of_a_rollback_that_nothing_explains_nobody_is_named() {
    let story = story_of(deployed().into_iter().chain([rollback(41, 200)]));
    let good = &story.deployments[&id(41)];
    assert_eq!((good.started_by.clone(), good.from_to()), (None, (None, Some(revision(41)))));
}
