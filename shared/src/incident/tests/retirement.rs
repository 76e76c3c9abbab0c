//! Announced retirements, from the notice to their end.

use super::*;
use crate::action::Remedy;
use crate::diagnosis::{Advice, Diagnosis};

const DAY: i64 = 24 * 3_600;

pub(super) fn diagnosis() -> Diagnosis {
    Diagnosis {
        cause: Cause::Maintenance,
        container: None,
        exit_code: None,
        evidence: Vec::new(),
        denied_action: None,
        advice: Advice::read_the_evidence(),
    }
}

/// A notice that is sent at `second`, of a retirement seven days after the start of time.
pub(super) fn notice(arn: &str, second: i64) -> Observation {
    Observation::Announced(Box::new(Notice {
        event_arn: arn.to_owned(),
        starts_at: at(7 * DAY),
        is_closed: false,
        at: at(second),
        diagnosis: diagnosis(),
    }))
}

pub(super) fn closed(arn: &str, second: i64) -> Observation {
    let Observation::Announced(notice) = notice(arn, second) else { unreachable!() };
    Observation::Announced(Box::new(Notice { is_closed: true, ..*notice }))
}

fn deployment(status: DeploymentStatus, second: i64) -> Observation {
    let step = Step { at: at(second), status, reason: None };
    Observation::Deployment { id: DeploymentId::new("ecs-svc/1"), step, is_rollback: false }
}

fn is_open(story: &Story) -> bool {
    story.incident.as_ref().is_some_and(Incident::is_open)
}

#[test]
fn a_notice_opens_an_incident_of_little_weight_and_its_repetition_changes_nothing() {
    let mut story = story_of([notice("arn", 100)]);
    let incident = story.incident.clone().unwrap();
    assert_eq!(
        (incident.severity(), incident.failures.leading_cause()),
        (Severity::Info, Some(Cause::Maintenance))
    );
    let retirement = Retirement { event_arn: "arn".into(), starts_at: at(7 * DAY), heard_at: at(100) };
    assert_eq!(story.record.care.retirement, Some(retirement));
    let before = story.clone();
    for reminder in [100, 5_000, DAY] {
        story.apply(notice("arn", reminder), at(DAY));
    }
    assert_eq!(story, before);
}

#[test]
fn neither_a_steady_state_nor_quiet_ends_a_notice() {
    let policy = Policy::default();
    let mut story = story_of([notice("arn", 100), failed(1, 200), Observation::Steady { at: at(300) }]);
    assert!(is_open(&story));
    assert_eq!(story.incident.as_ref().unwrap().failures.causes(), [(Cause::Maintenance, 1)]);
    story.tick(&policy, at(6 * DAY));
    assert!(is_open(&story));
}

#[test]
fn a_notice_that_comes_late_is_not_silenced_by_good_news() {
    let story = story_of([Observation::Steady { at: at(300) }, notice("arn", 100)]);
    assert!(is_open(&story) && story.record.care.retirement.is_some());
}

#[test]
fn what_fails_besides_is_told_in_the_same_incident_and_ends_by_itself() {
    let mut story = story_of([notice("arn", 100), failed(1, 200)]);
    let causes = |story: &Story| story.incident.as_ref().unwrap().failures.causes();
    assert_eq!(causes(&story), [(Cause::AppError, 1), (Cause::Maintenance, 1)]);
    story.apply(closed("arn", 400), at(1_000));
    assert_eq!((is_open(&story), causes(&story)), (true, vec![(Cause::AppError, 1)]));
}

#[test]
fn what_fails_besides_is_over_and_told_so_when_it_is_quiet_or_ecs_says_so() {
    let policy = Policy::default();
    let mut story = story_of([notice("arn", 100), failed(1, 200)]);
    let failing = story.incident.clone();
    let mut steady = story.clone();
    steady.apply(Observation::Steady { at: at(300) }, at(1_000));
    let quiet_at = story.next_look(&policy).unwrap();
    assert_eq!(quiet_at, at(1_000) + policy.quiet);
    story.tick(&policy, quiet_at);
    for after in [&story, &steady] {
        let incident = after.incident.as_ref().unwrap();
        assert_eq!((is_open(after), incident.failures.causes()), (true, vec![(Cause::Maintenance, 1)]));
        assert!(incident.is_news_since(failing.as_ref()));
        assert_eq!(after.next_look(&policy), Some(at(8 * DAY)));
    }
    story.apply(failed(1, 200), at(90_000));
    assert_eq!(story.incident.unwrap().failures.count(), 1, "what is over stays over");
}

#[test]
fn a_deployment_that_began_later_and_is_complete_has_replaced_every_task() {
    use DeploymentStatus::{Completed, InProgress};
    let (begins, ends) = (deployment(InProgress, 200), deployment(Completed, 300));
    let orders = [
        [notice("arn", 100), begins.clone(), ends.clone()],
        [ends.clone(), notice("arn", 100), begins.clone()],
        [begins, ends, notice("arn", 100)],
    ];
    for order in orders {
        let mut story = story_of(order);
        assert!(!is_open(&story));
        assert_eq!(story.record.care.retirement, None);
        story.apply(notice("arn", 5_000), at(6_000));
        assert!(!is_open(&story), "a reminder begins nothing anew");
    }
}

#[test]
fn a_deployment_that_began_before_or_of_which_nobody_knows_when_replaces_nothing() {
    use DeploymentStatus::{Completed, InProgress};
    let before = [deployment(InProgress, 50), notice("arn", 100), deployment(Completed, 300)];
    let unknown = [notice("arn", 100), deployment(Completed, 300)];
    assert!(is_open(&story_of(before)));
    assert!(is_open(&story_of(unknown)));
}

#[test]
fn the_remedy_that_helped_ends_it_at_the_next_look() {
    let policy = Policy::default();
    let mut story = story_of([notice("arn", 100)]);
    let id = serde_json::from_value(serde_json::Value::String("a".repeat(64))).unwrap();
    let opened_at = story.record.incident.unwrap();
    story.record.care.tried.push(Tried {
        id,
        remedy: Remedy::ForceNewDeployment,
        at: at(2_000),
        incident: opened_at,
        revision: None,
        outcome: Outcome::Helped,
    });
    assert!(story.next_look(&policy).unwrap() <= at(2_000));
    story.tick(&policy, at(3_000));
    assert_eq!(
        (story.incident.unwrap().status, story.record.care.retirement),
        (Status::Resolved { at: at(3_000), by: Ending::Steady }, None)
    );
}

#[test]
fn a_day_after_aws_began_it_is_over() {
    let policy = Policy::default();
    let mut story = story_of([notice("arn", 100)]);
    assert_eq!(story.next_look(&policy), Some(at(8 * DAY)));
    story.tick(&policy, at(8 * DAY));
    assert!(!is_open(&story));
    assert_eq!(story.next_look(&policy), None);
    let mut late = Story::new(service());
    late.apply(notice("arn", 100), at(9 * DAY));
    assert_eq!((late.incident, late.record.care.retirement), (None, None));
}

#[test]
fn a_closed_announcement_ends_it_whichever_comes_first() {
    let story = story_of([notice("arn", 100), closed("arn", 400)]);
    assert_eq!(story.incident.unwrap().status, Status::Resolved { at: at(400), by: Ending::Steady });
    let story = story_of([closed("arn", 400), notice("arn", 100)]);
    assert_eq!((story.incident, story.record.care.retirement), (None, None));
    let story = story_of([notice("arn", 100), closed("another", 400)]);
    assert!(is_open(&story));
}

#[test]
fn a_notice_asks_for_remedies_at_once() {
    let mut story = Story::new(service());
    let before = story.clone();
    story.apply(notice("arn", 100), at(200));
    story.ask_for_remedies(&before, &Policy::default(), at(200));
    assert_eq!(story.record.care.look_at, Some(at(200)));
}
