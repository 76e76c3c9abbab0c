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

#[test]
fn a_steady_state_that_comes_late_parts_what_it_ended_from_what_began_since() {
    let story = story_of([fails(1, 10, "ecs-svc/1"), fails(2, 400, "ecs-svc/2"), steady(60)]);
    let ended = story.over.first().unwrap();
    assert_eq!(ended.status, Status::Resolved { at: at(60), by: Ending::Steady });
    assert_eq!((ended.failures.first_at(), ended.failures.count()), (Some(at(10)), 1));
    let incident = story.incident.unwrap();
    assert!(incident.is_open());
    assert_eq!((incident.failures.first_at(), incident.failures.count()), (Some(at(400)), 1));
    assert_eq!(story.record.incident, Some(incident.opened_at));
    assert!(incident.opened_at > ended.opened_at, "two identities");
}

#[test]
fn a_steady_state_that_comes_late_in_a_crash_loop_is_still_a_relapse() {
    let story = story_of([fails(1, 10, "ecs-svc/1"), fails(2, 400, "ecs-svc/1"), steady(60)]);
    let incident = story.incident.unwrap();
    assert!(incident.is_open() && story.over.is_empty());
    assert_eq!((incident.failures.count(), incident.relapses), (2, 1));
}

#[test]
fn a_failure_that_good_news_overtook_is_counted_where_it_belongs_and_reopens_nothing() {
    let story = story_of([fails(1, 10, "ecs-svc/1"), steady(60), fails(2, 50, "ecs-svc/1")]);
    let incident = story.incident.unwrap();
    assert_eq!(incident.status, Status::Resolved { at: at(60), by: Ending::Steady });
    assert_eq!(incident.failures.count(), 2);
    let known = fails(1, 10, "ecs-svc/1");
    let later = [steady(60), fails(3, 90, "ecs-svc/2"), steady(120)];
    let story = story_of([fails(1, 10, "ecs-svc/1")].into_iter().chain(later).chain([known]));
    assert_eq!(
        story.incident.unwrap().failures.count(),
        1,
        "what belongs to an earlier one is no part of the last"
    );
}

#[test]
fn a_deployment_that_completes_late_says_the_same_however_often_it_is_heard() {
    let step = Step { at: at(60), status: DeploymentStatus::Completed, reason: None };
    let id = DeploymentId::new("ecs-svc/1");
    let completes = || Observation::Deployment { id: id.clone(), step: step.clone(), is_rollback: false };
    let mut story = story_of([fails(1, 10, "ecs-svc/1"), fails(2, 400, "ecs-svc/1"), completes()]);
    let once = story.clone();
    story.apply(completes(), at(1_000));
    assert_eq!(story, once);
}

#[test]
fn where_what_came_before_is_not_kept_one_by_one_there_is_nothing_to_part() {
    let many = (0..600).map(|task| failed(task, 10 + i64::from(task)));
    let story = story_of(many.chain([steady(50)]));
    let incident = story.incident.unwrap();
    assert!(incident.is_open() && story.over.is_empty());
    assert_eq!((incident.failures.count(), incident.failures.has_more()), (512, true));
}
