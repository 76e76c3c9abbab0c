//! When remedies are asked for, and which tasks are lost.

use super::*;
use crate::action::{ActionId, Epoch, Remedy};

fn step(id: u32, second: i64, status: DeploymentStatus) -> Observation {
    let step = Step { at: at(second), status, reason: None };
    Observation::Deployment { id: DeploymentId::new(format!("ecs-svc/{id}")), step, is_rollback: false }
}

fn lost(task: u32, version: u64, second: i64, cause: Cause) -> Observation {
    Observation::Failed(Box::new(failure(task, version, second, cause)))
}

/// One step, with what it asks for.
fn go_on(story: &mut Story, observations: impl IntoIterator<Item = Observation>, now: Timestamp) {
    let before = story.clone();
    for observation in observations {
        story.apply(observation, now);
    }
    story.ask_for_remedies(&before, &Policy::default(), now);
}

fn look_at(story: &Story) -> Option<Timestamp> {
    story.record.care.look_at
}

fn lost_tasks(story: &Story) -> Vec<&str> {
    story.record.care.lost.iter().map(|lost| lost.task.as_str()).collect()
}

#[test]
fn a_failure_asks_for_remedies_at_once_and_its_repetition_for_nothing() {
    let mut story = Story::new(service());
    go_on(&mut story, [failed(1, 10)], at(1_000));
    assert_eq!(look_at(&story), Some(at(1_000)));
    assert_eq!(story.next_look(&Policy::default()), Some(at(1_000)));
    story.record.care.looked_at = Some(at(1_001));
    story.record.care.look_at = None;
    go_on(&mut story, [failed(1, 10)], at(2_000));
    assert_eq!(look_at(&story), None);
}

#[test]
fn a_failing_service_is_looked_at_every_thirty_seconds_at_the_most() {
    let mut story = Story::new(service());
    go_on(&mut story, [failed(1, 10)], at(1_000));
    for task in 2..5 {
        story.record.care.looked_at = Some(at(1_001));
        story.record.care.look_at = None;
        go_on(&mut story, [failed(task, 20)], at(1_000 + i64::from(task)));
        assert_eq!(look_at(&story), Some(at(1_031)));
    }
    story.record.care.look_at = None;
    go_on(&mut story, [failed(9, 20)], at(1_100));
    assert_eq!(look_at(&story), Some(at(1_100)));
}

#[test]
fn what_merely_goes_on_is_looked_at_less_and_less_often_until_a_deployment_begins() {
    let mut story = Story::new(service());
    go_on(&mut story, [failed(1, 10)], at(1_000));
    let next_look = |story: &mut Story, looked_at: i64, said: Observation| {
        story.record.care.looked_at = Some(at(looked_at));
        story.record.care.look_at = None;
        go_on(story, [said], at(looked_at + 1));
        look_at(story)
    };
    for (task, looked_at, next) in
        [(2, 1_060, 1_090), (3, 1_120, 1_180), (4, 1_400, 1_600), (5, 9_000, 9_300)]
    {
        assert_eq!(next_look(&mut story, looked_at, failed(task, 20)), Some(at(next)), "{looked_at}");
    }
    assert_eq!(
        next_look(&mut story, 9_301, lost(6, 1, 9_301, Cause::SpotInterrupted)),
        Some(at(9_331)),
        "another cause"
    );
    let begins = step(1, 9_400, DeploymentStatus::InProgress);
    assert_eq!(next_look(&mut story, 9_390, begins), Some(at(9_420)));
    assert_eq!(next_look(&mut story, 9_420, failed(7, 9_421)), Some(at(9_450)));
}

#[test]
fn every_standalone_task_that_is_lost_is_looked_at_soon() {
    let mut story = Story::new(family());
    for task in 1..4 {
        let now = 1_000 * i64::from(task);
        story.record.care.look_at = None;
        go_on(&mut story, [lost(task, 1, now, Cause::SpotInterrupted)], at(now));
        let soon = story.record.care.looked_at.map_or(now, |_| now + 20);
        assert_eq!(look_at(&story), Some(at(soon)));
        story.record.care.looked_at = Some(at(now + 990));
    }
}

#[test]
fn a_failure_never_puts_off_a_look_that_was_asked_for() {
    let mut story = Story::new(service());
    story.record.care.look_at = Some(at(900));
    go_on(&mut story, [failed(1, 10)], at(1_000));
    assert_eq!(look_at(&story), Some(at(900)));
}

#[test]
fn a_deployment_in_progress_asks_for_a_look_at_the_time_it_would_be_stuck() {
    let stuck = Policy::default().defaults.stuck;
    let mut story = Story::new(service());
    go_on(&mut story, [step(1, 100, DeploymentStatus::InProgress)], at(101));
    assert_eq!(look_at(&story), Some(at(100) + stuck));
    go_on(&mut story, [step(1, 200, DeploymentStatus::Failed)], at(201));
    assert_eq!(look_at(&story), None, "ECS ended it");
    go_on(&mut story, [step(2, 300, DeploymentStatus::InProgress)], at(301));
    assert_eq!(look_at(&story), Some(at(300) + stuck));
    go_on(&mut story, [step(2, 400, DeploymentStatus::Completed)], at(401));
    assert_eq!(look_at(&story), None, "it is done");
}

#[test]
fn a_step_of_a_deployment_is_looked_at_at_once_while_tasks_fail() {
    let mut story = Story::new(service());
    go_on(&mut story, [failed(1, 10)], at(20));
    story.record.care.look_at = None;
    go_on(&mut story, [step(1, 60, DeploymentStatus::InProgress)], at(61));
    assert_eq!(look_at(&story), Some(at(61)));
}

#[test]
fn good_news_take_the_request_back_and_what_held_a_remedy_back() {
    let mut story = Story::new(service());
    go_on(&mut story, [failed(1, 10)], at(20));
    let held = Held::escalated(crate::remediation::Escalation::NoGoodRevision);
    story.incident.as_mut().unwrap().remedies.held = Some(held);
    let mut acting = story.clone();
    go_on(&mut story, [Observation::Steady { at: at(30) }], at(31));
    assert_eq!((look_at(&story), story.incident.unwrap().remedies.held), (None, None));
    acting.record.care.open = Some(action());
    go_on(&mut acting, [Observation::Steady { at: at(30) }], at(31));
    assert_eq!(look_at(&acting), Some(at(20)), "an action is open");
}

#[test]
fn an_action_that_has_not_had_its_time_is_still_looked_at_after_good_news() {
    let mut story = Story::new(service());
    go_on(&mut story, [failed(1, 10)], at(20));
    story.record.care.epoch = Epoch::default();
    story.record.care.tried.push(Tried {
        id: action(),
        remedy: Remedy::RollBack,
        at: at(25),
        incident: at(20),
        revision: None,
        outcome: Outcome::Pending,
    });
    go_on(&mut story, [Observation::Steady { at: at(30) }], at(31));
    assert_eq!(look_at(&story), Some(at(20)));
}

#[test]
fn an_incident_that_ends_by_quiet_asks_for_nothing_any_more() {
    let policy = Policy::default();
    let mut story = Story::new(service());
    go_on(&mut story, [failed(1, 10)], at(20));
    let before = story.clone();
    story.tick(&policy, at(20) + policy.quiet);
    story.ask_for_remedies(&before, &policy, at(20) + policy.quiet);
    assert_eq!((look_at(&story), story.next_look(&policy)), (None, None));
}

#[test]
fn a_standalone_task_is_lost_to_what_it_ran_on_and_to_nothing_else() {
    let causes = [
        (Cause::SpotInterrupted, true),
        (Cause::HostTerminated, true),
        (Cause::Maintenance, true),
        (Cause::InfrastructureImpaired, true),
        (Cause::CapacityUnavailable, true),
        (Cause::AppError, false),
        (Cause::PlacementFailed, false),
        (Cause::Unknown, false),
    ];
    for (cause, is_loss) in causes {
        let mut story = Story::new(family());
        story.apply(lost(1, 3, 10, cause), at(20));
        assert_eq!(lost_tasks(&story).len(), usize::from(is_loss), "{cause}");
        let mut of_service = Story::new(service());
        of_service.apply(lost(1, 3, 10, cause), at(20));
        assert_eq!(lost_tasks(&of_service).len(), 0, "ECS replaces {cause}");
    }
}

#[test]
fn a_lost_task_that_was_looked_after_is_not_lost_again_by_a_duplicate_or_a_late_version() {
    let mut story = Story::new(family());
    story.apply(lost(1, 5, 10, Cause::SpotInterrupted), at(20));
    assert_eq!(lost_tasks(&story), ["task/1"]);
    story.record.care.lost.clear();
    story.apply(lost(1, 5, 10, Cause::SpotInterrupted), at(30));
    story.apply(lost(1, 4, 9, Cause::HostTerminated), at(30));
    assert_eq!(lost_tasks(&story), Vec::<&str>::new());
}

#[test]
fn the_later_version_says_whether_a_task_was_lost_in_either_order() {
    let versions = [lost(1, 5, 10, Cause::SpotInterrupted), lost(1, 6, 11, Cause::AppError)];
    for order in [[0, 1], [1, 0]] {
        let mut story = Story::new(family());
        for index in order {
            story.apply(versions[index].clone(), at(20));
        }
        assert_eq!(lost_tasks(&story), Vec::<&str>::new());
    }
}

#[test]
fn the_first_hundred_lost_are_kept_the_first_lost_first() {
    let mut story = Story::new(family());
    for task in (0..150).rev() {
        story.apply(lost(task, 1, i64::from(task), Cause::SpotInterrupted), at(1_000));
    }
    let times: Vec<Timestamp> = story.record.care.lost.iter().map(|lost| lost.at).collect();
    let first: Vec<Timestamp> = (0..100).map(at).collect();
    assert_eq!(times, first);
}

fn action() -> ActionId {
    serde_json::from_value(serde_json::Value::String("a".repeat(64))).unwrap()
}
