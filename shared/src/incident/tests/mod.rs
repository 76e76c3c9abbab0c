use jiff::SignedDuration;

use super::failures::tests::failure;
use super::*;
use crate::action::{ActionId, Remedy};
use crate::arn::{ClusterArn, ContainerInstanceArn, ServiceName};
use crate::config::Policy;
use crate::ecs::DesiredCount;
use crate::ledger::LISTED;
use crate::remediation::Home;

mod deployments;
mod hooks;
mod hosts;
mod look;
mod order;
mod relapse;
mod retirement;
mod sight;

fn service() -> Target {
    Target::Service {
        cluster: ClusterArn::new("arn:aws:ecs:r:1:cluster/shop"),
        name: ServiceName::new("api"),
    }
}

fn instance() -> Target {
    let arn = ContainerInstanceArn::new("arn:aws:ecs:r:1:container-instance/shop/0a");
    Target::ContainerInstance { cluster: ClusterArn::new("arn:aws:ecs:r:1:cluster/shop"), arn }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn failed(task: u32, second: i64) -> Observation {
    Observation::Failed(Box::new(failure(task, 3, second, Cause::AppError)))
}

fn family() -> Target {
    Target::Family {
        cluster: ClusterArn::new("arn:aws:ecs:r:1:cluster/shop"),
        family: crate::arn::Family::new("report"),
    }
}

fn story_of(observations: impl IntoIterator<Item = Observation>) -> Story {
    let mut story = Story::new(service());
    for observation in observations {
        story.apply(observation, at(1_000));
    }
    story
}

#[test]
fn a_failure_opens_one_incident_and_its_repetition_changes_nothing() {
    let mut story = story_of([failed(1, 10)]);
    let before = story.clone();
    story.apply(failed(1, 10), at(2_000));
    assert_eq!(story, before);
    assert!(!story.incident.as_ref().unwrap().is_news_since(before.incident.as_ref()));
    assert_eq!(story.incident.unwrap().opened_at, at(1_000));
}

#[test]
fn a_steady_state_resolves_what_failed_before_it() {
    let story = story_of([failed(1, 10), failed(2, 20), Observation::Steady { at: at(30) }]);
    assert_eq!(story.incident.unwrap().status, Status::Resolved { at: at(30), by: Ending::Steady });
}

#[test]
fn a_steady_state_older_than_a_failure_resolves_nothing() {
    for observations in [
        [failed(1, 10), failed(2, 40), Observation::Steady { at: at(30) }],
        [failed(2, 40), Observation::Steady { at: at(30) }, failed(1, 10)],
        [Observation::Steady { at: at(30) }, failed(1, 10), failed(2, 40)],
    ] {
        let incident = story_of(observations).incident.unwrap();
        assert!(incident.is_open());
        assert_eq!(incident.failures.count(), 1, "what failed before the steady state is over");
    }
}

#[test]
fn a_stop_older_than_the_last_good_news_reopens_nothing() {
    let mut story = story_of([failed(1, 10), Observation::Steady { at: at(30) }]);
    let before = story.clone();
    story.apply(failed(2, 25), at(2_000));
    assert_eq!(story.record, before.record);
    assert_eq!(story.incident.as_ref().unwrap().status, before.incident.as_ref().unwrap().status);
    story.apply(failed(3, 31), at(2_000));
    assert!(story.incident.as_ref().unwrap().is_open());
    assert_ne!(story.incident, before.incident);
}

#[test]
fn two_incidents_of_one_target_never_share_their_identity() {
    let mut story = story_of([failed(1, 10), Observation::Steady { at: at(30) }]);
    let first = story.incident.clone().unwrap().opened_at;
    story.apply(failed(2, 40), at(1_000));
    assert!(story.incident.unwrap().opened_at > first);
}

#[test]
fn a_tick_ends_an_incident_once_failures_have_stopped() {
    let policy = Policy::default();
    let mut story = story_of([failed(1, 990)]);
    let due = story.next_look(&policy).unwrap();
    story.tick(&policy, due - SignedDuration::from_secs(1));
    assert!(story.incident.as_ref().unwrap().is_open());
    story.tick(&policy, due);
    assert_eq!(story.incident.as_ref().unwrap().status, Status::Resolved { at: due, by: Ending::Quiet });
    assert_eq!(story.next_look(&policy), None);
}

#[test]
fn what_is_open_is_listed_though_no_time_changes_it() {
    let policy = Policy::default();
    let mut story = story_of([failed(1, 990)]);
    let (to, was) = (DesiredCount(1), DesiredCount(4));
    story.record.care.limited = Some(Limit { to, was, since: at(995) });
    story.record.care.look_at = None;
    assert_eq!(story.next_look(&policy), Some(LISTED), "a limited service ends its incident by no time");
    let mut locked = Story::new(service());
    assert_eq!(locked.next_look(&policy), None);
    let home = Home { account: "1".to_owned(), region: "r".to_owned() };
    locked.record.care.open = Some(ActionId::of(&home, &service(), Remedy::RollBack, "ecs-svc/7"));
    assert_eq!(
        locked.next_look(&policy),
        Some(LISTED),
        "whatever became of the action, a person must find it"
    );
}

#[test]
fn a_deployments_failures_belong_to_it() {
    let id = DeploymentId::new("ecs-svc/7");
    let of_deployment = |task| {
        let mut failure = failure(task, 3, 10, Cause::ImageNotFound);
        failure.deployment = Some(id.clone());
        Observation::Failed(Box::new(failure))
    };
    let story = story_of([of_deployment(1), of_deployment(2), failed(3, 11)]);
    assert_eq!(story.deployments[&id].failures.count(), 2);
    let incident = story.incident.unwrap();
    assert_eq!((incident.failures.count(), incident.deployments.len()), (3, 1));
}

#[test]
fn a_completed_deployment_is_a_steady_state() {
    let step = Step { at: at(30), status: DeploymentStatus::Completed, reason: None };
    let completed = Observation::Deployment { id: DeploymentId::new("ecs-svc/7"), step, is_rollback: true };
    for observations in [[failed(1, 10), completed.clone()], [completed, failed(1, 10)]] {
        assert!(!story_of(observations).incident.is_some_and(|incident| incident.is_open()));
    }
}

#[test]
fn an_agent_that_comes_back_in_time_opens_nothing() {
    let policy = Policy::default();
    let agent = |version, connected, second| Observation::Agent { version, connected, at: at(second) };
    let mut story = Story::new(instance());
    story.apply(agent(1, false, 0), at(0));
    let due = story.next_look(&policy).unwrap();
    story.apply(agent(2, true, 60), at(60));
    story.apply(agent(1, false, 0), at(61));
    story.tick(&policy, due);
    assert_eq!((story.incident.clone(), story.next_look(&policy)), (None, None));
}

#[test]
fn an_agent_that_stays_away_opens_an_incident_and_its_return_resolves_it() {
    let policy = Policy::default();
    let mut story = Story::new(instance());
    story.apply(Observation::Agent { version: 1, connected: false, at: at(0) }, at(0));
    let due = story.next_look(&policy).unwrap();
    story.tick(&policy, due);
    let opened = story.clone();
    assert!(opened.incident.as_ref().unwrap().is_open());
    story.tick(&policy, due + SignedDuration::from_hours(2));
    assert_eq!(story, opened, "quiet is no end while the agent is away");
    let back = due + SignedDuration::from_mins(5);
    story.apply(Observation::Agent { version: 2, connected: true, at: back }, back);
    assert!(!story.incident.unwrap().is_open());
}

#[test]
fn agent_events_in_any_order_end_the_same() {
    let agent = |version, connected, second| Observation::Agent { version, connected, at: at(second) };
    let lost_and_back = [agent(5, false, 50), agent(6, true, 60)];
    let lost_and_gone = [agent(8, false, 80), Observation::Gone { version: 9, at: at(90) }];
    for [first, second] in [lost_and_back, lost_and_gone] {
        for order in [[first.clone(), second.clone()], [second.clone(), first.clone()]] {
            let mut story = Story::new(instance());
            for observation in order {
                story.apply(observation, at(100));
            }
            story.tick(&Policy::default(), at(100_000));
            assert_eq!(
                (story.incident.clone(), story.next_look(&Policy::default())),
                (None, None),
                "{story:?}"
            );
        }
    }
}

#[test]
fn an_instance_that_could_not_register_is_well_once_its_agent_talks() {
    let mut story = Story::new(instance());
    story.apply(Observation::Failed(Box::new(failure(1, 1, 0, Cause::Unknown))), at(0));
    story.apply(Observation::Agent { version: 3, connected: true, at: at(30) }, at(30));
    assert!(!story.incident.unwrap().is_open());
}

#[test]
fn a_late_steady_state_that_ended_nothing_is_no_reason_to_tell_the_same_again() {
    let mut story = story_of([failed(1, 310)]);
    story.apply(Observation::Failed(Box::new(failure(2, 1, 600, Cause::Segfault))), at(1_000));
    let before = story.incident.clone();
    story.apply(Observation::Steady { at: at(300) }, at(1_000));
    let after = story.incident.unwrap();
    assert_eq!(after.failures.count(), 2);
    assert!(story.over.is_empty() && !after.is_news_since(before.as_ref()));
}

#[test]
fn an_agent_that_came_back_before_the_tick_was_known_ends_its_incident() {
    let policy = Policy::default();
    let mut story = Story::new(instance());
    story.apply(Observation::Agent { version: 2, connected: false, at: at(60) }, at(60));
    story.tick(&policy, at(661));
    assert!(story.incident.as_ref().unwrap().is_open());
    story.apply(Observation::Agent { version: 3, connected: true, at: at(660) }, at(663));
    assert!(!story.incident.unwrap().is_open());
}

#[test]
fn good_news_of_the_host_s_health_does_not_hide_that_its_agent_is_away() {
    let policy = Policy::default();
    let mut story = Story::new(instance());
    story.apply(Observation::Agent { version: 2, connected: false, at: at(60) }, at(60));
    story.apply(Observation::Healthy { at: at(300) }, at(300));
    let due = story.next_look(&policy).unwrap();
    story.tick(&policy, due);
    assert!(story.incident.as_ref().unwrap().is_open());
    assert!(story.next_look(&policy).unwrap() > due, "what was looked at is not due at once again");
    story.apply(Observation::Agent { version: 3, connected: true, at: at(200) }, due);
    assert!(!story.incident.unwrap().is_open());
}

#[test]
fn an_instance_that_leaves_without_a_version_is_gone() {
    let mut story = Story::new(instance());
    story.apply(Observation::Agent { version: 2, connected: false, at: at(60) }, at(60));
    story.apply(Observation::Gone { version: 0, at: at(70) }, at(70));
    assert_eq!(story.next_look(&Policy::default()), None);
}

#[test]
fn nothing_opens_for_an_instance_that_is_gone() {
    let mut story = Story::new(instance());
    story.apply(Observation::Gone { version: 5, at: at(60) }, at(60));
    story.apply(Observation::Failed(Box::new(failure(1, 1, 62, Cause::InfrastructureImpaired))), at(63));
    assert_eq!(story.incident, None);
}

#[test]
fn the_same_stop_after_a_quiet_end_opens_nothing() {
    let policy = Policy::default();
    let mut stop = failure(1, 3, 990, Cause::AppError);
    stop.at += SignedDuration::from_millis(500);
    let stop = Observation::Failed(Box::new(stop));
    let mut story = story_of([stop.clone()]);
    story.tick(&policy, at(1_000) + policy.quiet);
    let ended = story.clone();
    assert!(!ended.incident.as_ref().unwrap().is_open());
    story.apply(stop, at(9_000));
    assert_eq!(story, ended);
}

#[test]
fn a_failure_and_a_steady_state_of_one_second_end_the_same_in_either_order() {
    let mut stop = failure(1, 3, 30, Cause::AppError);
    stop.at += SignedDuration::from_millis(900);
    let stop = Observation::Failed(Box::new(stop));
    let steady = Observation::Steady { at: at(30) + SignedDuration::from_millis(200) };
    for order in [[stop.clone(), steady.clone()], [steady, stop]] {
        assert!(!story_of(order).incident.is_some_and(|incident| incident.is_open()));
    }
}

#[test]
fn an_impaired_host_stays_that_until_ecs_says_otherwise() {
    let policy = Policy::default();
    let impaired = Observation::Failed(Box::new(failure(1, 1, 0, Cause::InfrastructureImpaired)));
    let mut story = Story::new(instance());
    story.apply(impaired, at(0));
    story.apply(Observation::Agent { version: 1, connected: false, at: at(10) }, at(10));
    story.apply(Observation::Agent { version: 2, connected: true, at: at(20) }, at(20));
    story.tick(&policy, at(100_000));
    assert!(story.incident.as_ref().unwrap().is_open(), "neither quiet nor its agent make a host well");
    let mut gone = story.clone();
    story.apply(Observation::Healthy { at: at(200) }, at(200));
    assert!(!story.incident.unwrap().is_open());
    gone.apply(Observation::Gone { version: 9, at: at(200) }, at(200));
    assert_eq!(gone.incident.unwrap().status, Status::Resolved { at: at(200), by: Ending::Gone });
}

#[test]
fn only_beginnings_ends_new_causes_and_milestones_are_news() {
    let mut story = story_of([failed(1, 10)]);
    assert!(story.incident.as_ref().unwrap().is_news_since(None));
    let mut told = 0;
    for task in 2..=100 {
        let before = story.incident.clone();
        story.apply(failed(task, i64::from(task) + 10), at(1_000));
        told += usize::from(story.incident.as_ref().unwrap().is_news_since(before.as_ref()));
    }
    assert_eq!(told, 4, "the third, the tenth, the thirtieth and the hundredth");
    let before = story.incident.clone();
    story.apply(Observation::Failed(Box::new(failure(999, 1, 500, Cause::OutOfMemory))), at(1_000));
    assert!(story.incident.as_ref().unwrap().is_news_since(before.as_ref()));
}

#[test]
fn severity_grows_with_the_count_and_is_low_where_ecs_copes() {
    let severity = |observations: Vec<Observation>| story_of(observations).incident.unwrap().severity();
    let spot = |task| Observation::Failed(Box::new(failure(task, 1, 10, Cause::SpotInterrupted)));
    assert_eq!(severity(vec![spot(1)]), Severity::Info);
    assert_eq!(severity((1..=3).map(spot).collect()), Severity::Warning);
    assert_eq!(severity(vec![failed(1, 10)]), Severity::Warning);
    assert_eq!(severity((1..=10).map(|task| failed(task, 10)).collect()), Severity::Critical);
}

#[test]
fn what_failed_of_an_instance_is_over_once_it_has_left_whatever_came_last() {
    let mut story = Story::new(instance());
    for observation in [failed(1, 10), failed(2, 100), Observation::Gone { version: 9, at: at(60) }] {
        story.apply(observation, at(1_000));
    }
    assert!(!story.incident.unwrap().is_open());
    assert!(story.over.is_empty());
}
