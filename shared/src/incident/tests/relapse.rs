//! Crash loops in which ECS calls the service steady now and then.

use super::*;

fn fails(task: u32, second: i64, deployment: &str) -> Observation {
    let mut failure = failure(task, 3, second, Cause::AppError);
    failure.deployment = Some(DeploymentId::new(deployment));
    Observation::Failed(Box::new(failure))
}

fn steady(second: i64) -> Observation {
    Observation::Steady { at: at(second) }
}

#[test]
fn a_deployment_that_fails_again_soon_after_a_steady_state_has_one_incident() {
    let story = story_of([fails(1, 10, "ecs-svc/1"), steady(60), fails(2, 400, "ecs-svc/1")]);
    let incident = story.incident.unwrap();
    assert!(incident.is_open());
    assert_eq!(incident.failures.first_at(), Some(at(10)), "it began with the first failure");
    assert!(story.over.is_empty());
}

#[test]
fn after_a_relapse_a_steady_state_ends_nothing_and_a_new_deployment_does() {
    let mut story =
        story_of([fails(1, 10, "ecs-svc/1"), steady(60), fails(2, 400, "ecs-svc/1"), steady(460)]);
    assert!(story.incident.as_ref().unwrap().is_open());
    let step = Step { at: at(600), status: DeploymentStatus::Completed, reason: None };
    let id = DeploymentId::new("ecs-svc/2");
    story.apply(Observation::Deployment { id, step, is_rollback: false }, at(1_000));
    let ended = story.incident.unwrap().status;
    assert_eq!(ended, Status::Resolved { at: at(600), by: Ending::Steady });
}

#[test]
fn what_another_deployment_fails_of_is_another_incident() {
    let story = story_of([fails(1, 10, "ecs-svc/1"), steady(60), fails(2, 400, "ecs-svc/2")]);
    assert_eq!(story.incident.unwrap().failures.first_at(), Some(at(400)));
    assert_eq!(story.over.len(), 1);
}

#[test]
fn what_fails_long_after_a_steady_state_is_another_incident() {
    let story = story_of([fails(1, 10, "ecs-svc/1"), steady(60), fails(2, 4_000, "ecs-svc/1")]);
    assert_eq!(story.incident.unwrap().failures.first_at(), Some(at(4_000)));
}
