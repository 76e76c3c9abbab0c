//! What the patrol sees: too few tasks, tasks that hang, deployments that are stuck.

use super::*;
use crate::arn::TaskArn;

const SILENT: SignedDuration = SignedDuration::from_mins(15);
const HUNG: SignedDuration = SignedDuration::from_mins(10);

fn hanging(how: &'static str) -> Hanging {
    Hanging { task: TaskArn::new("arn:aws:ecs:r:1:task/shop/7f"), task_definition: None, how }
}

fn is_open(story: &Story) -> bool {
    story.incident.as_ref().is_some_and(Incident::is_open)
}

fn evidence(story: &Story) -> String {
    let incident = story.incident.as_ref().unwrap();
    incident.failures.samples()[0].diagnosis.evidence[0].text.to_string()
}

#[test]
fn too_few_tasks_are_an_incident_only_after_the_silent_time() {
    let mut story = Story::new(service());
    story.falls_short(1, 3, SILENT, at(0));
    assert_eq!((story.record.care.short_since, is_open(&story)), (Some(at(0)), false));
    let known = story.clone();
    story.falls_short(1, 3, SILENT, at(0) + SILENT - SignedDuration::from_secs(1));
    assert_eq!(story, known, "the same sight changes nothing");
    story.falls_short(1, 3, SILENT, at(0) + SILENT);
    assert_eq!(
        (story.incident.as_ref().unwrap().failures.leading_cause(), evidence(&story)),
        (
            Some(Cause::Unknown),
            "running 1 of 3 since 14 November 22:13 UTC, and no event says why".to_owned()
        )
    );
    let opened = story.clone();
    story.falls_short(2, 3, SILENT, at(5_000));
    assert_eq!(story, opened);
}

#[test]
fn an_incident_of_too_few_tasks_ends_only_once_enough_run() {
    let policy = Policy::default();
    let mut story = Story::new(service());
    story.falls_short(1, 3, SILENT, at(0));
    story.falls_short(1, 3, SILENT, at(1_000));
    story.tick(&policy, at(100_000));
    assert!(is_open(&story), "it is not quiet while tasks are missing");
    let mut steady = story.clone();
    steady.apply(Observation::Steady { at: at(2_000) }, at(2_000));
    assert_eq!((steady.record.care.short_since, is_open(&steady)), (None, false));
    story.runs_enough();
    story.tick(&policy, at(100_000));
    assert!(!is_open(&story));
}

#[test]
fn what_failed_may_say_why_tasks_are_missing_and_an_announcement_does_not() {
    let mut story = story_of([failed(1, 10)]);
    let before = story.clone();
    story.falls_short(1, 3, SILENT, at(1_000));
    assert_eq!(story, before);
    let mut announced = story_of([super::retirement::notice("arn", 10)]);
    announced.falls_short(1, 3, SILENT, at(1_000));
    assert_eq!(announced.record.care.short_since, Some(at(1_000)));
}

#[test]
fn a_task_that_hangs_is_an_incident_only_after_its_time() {
    for (how, cause) in
        [("UNHEALTHY", Cause::ContainerHealthCheckFailed), ("DISCONNECTED", Cause::ContainerRuntimeFailed)]
    {
        let mut story = Story::new(service());
        story.hangs(&hanging(how), HUNG, at(0));
        assert!(!is_open(&story));
        story.hangs(&hanging(how), HUNG, at(0) + HUNG);
        let incident = story.incident.as_ref().unwrap();
        assert_eq!(incident.failures.causes(), [(cause, 1)]);
        assert_eq!(evidence(&story), format!("{how} since 14 November 22:13 UTC, and ECS leaves the task"));
        let opened = story.clone();
        story.hangs(&hanging(how), HUNG, at(3_000));
        assert_eq!(story, opened);
    }
}

#[test]
fn a_task_that_changes_how_it_is_unwell_hangs_since_the_first() {
    let mut story = Story::new(service());
    story.hangs(&hanging("DISCONNECTED"), HUNG, at(0));
    story.hangs(&hanging("UNHEALTHY"), HUNG, at(300));
    let unwell = story.record.care.unwell.values().next().unwrap();
    assert_eq!((unwell.since, unwell.how.as_str()), (at(0), "UNHEALTHY"));
}

#[test]
fn ecs_calling_the_service_steady_does_not_end_what_hangs() {
    let policy = Policy::default();
    let mut story = Story::new(service());
    story.hangs(&hanging("UNHEALTHY"), HUNG, at(0));
    story.hangs(&hanging("UNHEALTHY"), HUNG, at(600));
    story.apply(failed(1, 700), at(700));
    story.apply(Observation::Steady { at: at(800) }, at(800));
    story.tick(&policy, at(100_000));
    assert!(is_open(&story));
    assert_eq!(story.incident.as_ref().unwrap().failures.causes(), [(Cause::ContainerHealthCheckFailed, 1)]);
    let task = hanging("").task;
    story.hang_no_more([&task]);
    story.apply(Observation::Steady { at: at(900) }, at(900));
    assert!(!is_open(&story) && story.record.care.unwell.is_empty());
}

#[test]
fn no_more_than_a_hundred_tasks_of_a_target_are_watched() {
    let mut story = Story::new(service());
    for n in 0..150 {
        let task = TaskArn::new(format!("arn:aws:ecs:r:1:task/shop/{n}"));
        story.hangs(&Hanging { task, ..hanging("UNHEALTHY") }, HUNG, at(0));
    }
    assert_eq!(story.record.care.unwell.len(), MAX_TASKS);
}

#[test]
fn a_deployment_that_is_stuck_is_an_incident_until_it_ends() {
    let policy = Policy::default();
    let id = DeploymentId::new("ecs-svc/1");
    let mut story = Story::new(service());
    story.is_stuck(&id, at(0), at(3_000));
    let opened = story.clone();
    assert!(is_open(&opened));
    story.is_stuck(&id, at(0), at(4_000));
    story.tick(&policy, at(100_000));
    assert_eq!(story, opened, "stuck is not quiet");
    let step = Step { at: at(5_000), status: DeploymentStatus::Completed, reason: None };
    story.apply(Observation::Deployment { id, step, is_rollback: false }, at(5_000));
    assert!(!is_open(&story));
}

#[test]
fn a_stuck_deployment_adds_nothing_to_what_is_known_to_fail() {
    let mut story = story_of([failed(1, 10)]);
    let before = story.clone();
    story.is_stuck(&DeploymentId::new("ecs-svc/1"), at(0), at(3_000));
    assert_eq!(story, before);
}

#[test]
fn what_is_seen_now_opens_an_incident_whatever_good_news_came_since_it_began() {
    let mut story = Story::new(service());
    story.hangs(&hanging("UNHEALTHY"), HUNG, at(0));
    story.apply(Observation::Steady { at: at(300) }, at(300));
    story.hangs(&hanging("UNHEALTHY"), HUNG, at(600));
    assert!(is_open(&story));
}
