//! Deployments that wait for an answer, and who did what.

use super::order::shuffled;
use super::*;
use crate::action::{Because, Call, Plan, Precondition, Remedy, Ruling};
use crate::arn::{DeploymentId, ServiceDeploymentArn, TaskDefinitionArn};
use crate::diagnosis::{Advice, Diagnosis};
use crate::ecs::{DesiredCount, HookAnswer};
use crate::redact::redact;

fn deployment() -> ServiceDeploymentArn {
    ServiceDeploymentArn::new("arn:aws:ecs:r:1:service-deployment/shop/api/x")
}

fn waits(id: &str, second: i64) -> Observation {
    let diagnosis = Diagnosis {
        cause: Cause::AwaitsAnswer,
        container: None,
        exit_code: None,
        evidence: Vec::new(),
        denied_action: None,
        advice: Advice::read_the_evidence(),
    };
    let hook = Hook {
        stage: Some("POST_SCALE_UP".to_owned()),
        expires_at: Some(at(second + 3_600)),
        timeout_action: Some(HookAnswer::Rollback),
        ..Hook::new(id.to_owned(), deployment(), at(second))
    };
    Observation::Waits { hook: Box::new(hook), diagnosis: Box::new(diagnosis) }
}

fn answered(id: &str, second: i64) -> Observation {
    Observation::Answered {
        hook: id.to_owned(),
        service_deployment: deployment(),
        answer: HookAnswer::Continue,
        by: Some(redact("tomas")),
        at: at(second),
    }
}

fn deed(number: u32, second: i64, what: Act) -> Observation {
    let id = Fingerprint::of(&[&number.to_string()]);
    Observation::Did(Box::new(Deed { id, at: at(second), by: redact("role ci/deploy (run-1)"), what }))
}

fn deployed(number: u32, second: i64) -> Observation {
    let revision = Some(TaskDefinitionArn::new("arn:aws:ecs:r:1:task-definition/api:2"));
    deed(number, second, Act::Deployed { deployment: DeploymentId::new("ecs-svc/7"), revision })
}

fn is_open(story: &Story) -> bool {
    story.incident.as_ref().is_some_and(Incident::is_open)
}

#[test]
fn a_hook_opens_an_incident_and_its_repetition_changes_nothing() {
    let mut story = story_of([waits("one", 100)]);
    assert!(is_open(&story) && story.incident.as_ref().unwrap().only_waits());
    assert_eq!(story.began().map(|began| began.openings.len()), None, "it is no outage, however many wait");
    let before = story.clone();
    story.apply(waits("one", 100), at(2_000));
    assert_eq!(story, before);
    story.apply(waits("two", 200), at(2_000));
    let incident = story.incident.as_ref().unwrap();
    assert_eq!(incident.waiting().count(), 2);
    assert!(incident.is_news_since(before.incident.as_ref()), "each hook is told, of one cause as they are");
}

#[test]
fn neither_good_news_nor_quiet_ends_what_waits_and_its_answer_does() {
    let steady = Observation::Steady { at: at(300) };
    let mut story = story_of([waits("one", 100), failed(1, 200), steady]);
    assert!(is_open(&story));
    story.tick(&Policy::default(), at(100_000));
    assert!(is_open(&story));
    story.apply(answered("one", 400), at(1_000));
    let incident = story.incident.as_ref().unwrap();
    assert_eq!(incident.status, Status::Resolved { at: at(400), by: Ending::Answered });
    let over = incident.hooks[0].over.clone().unwrap();
    assert_eq!((over.how, over.by), (HookEnd::Continued, Some(redact("tomas"))));
    let before = story.clone();
    story.apply(waits("one", 100), at(2_000));
    story.apply(answered("one", 400), at(2_000));
    assert_eq!(story, before, "what comes late opens nothing");
}

#[test]
fn an_answer_that_is_heard_of_first_leaves_nothing_to_ask() {
    let story = story_of([answered("one", 400), waits("one", 100)]);
    assert_eq!(story.incident, None);
    assert_eq!(story.record.care.waiting().count(), 0);
}

#[test]
fn what_fails_beside_a_hook_goes_on_when_it_is_answered() {
    let story = story_of([waits("one", 100), failed(1, 200), answered("one", 400)]);
    assert!(is_open(&story));
    assert_eq!(story.incident.unwrap().failures.causes(), [(Cause::AppError, 1)]);
}

#[test]
fn a_hook_whose_time_is_over_before_it_is_heard_of_is_not_asked_about() {
    let mut story = Story::new(service());
    story.apply(waits("one", 100), at(100 + 3_601));
    assert_eq!(story.incident, None);
}

#[test]
fn what_a_person_answered_stands_with_the_hook_until_it_is_given_up() {
    let mut story = story_of([waits("one", 100)]);
    let call = Call::ContinueServiceDeployment {
        service_deployment: deployment(),
        hook: "one".to_owned(),
        answer: HookAnswer::Rollback,
    };
    let home = crate::remediation::Home { account: "1".to_owned(), region: "r".to_owned() };
    let plan = Plan {
        id: crate::action::ActionId::of(&home, &service(), Remedy::AnswerHook, "one"),
        remedy: Remedy::AnswerHook,
        target: service(),
        incident: at(1_000),
        revision: None,
        call,
        precondition: Precondition::default(),
        because: Because::TasksRetire { from: at(0) },
    };
    let ruling = Ruling { by: "maria".to_owned(), at: at(1_100), why: None };
    let approved = Action { approved: Some(ruling), ..Action::proposed(plan, at(1_000), at(3_000)) };
    story.record.note(&approved);
    let answer = |story: &Story| story.record.care.hooks["one"].answer.clone();
    assert_eq!(answer(&story), Some((HookAnswer::Rollback, "maria".to_owned())));
    let why = crate::action::Withdrawal::NotApproved;
    let withdrawn = approved.clone().into_state(crate::action::State::Withdrawn { at: at(1_200), why });
    let mut given_up = story.clone();
    given_up.record.note(&withdrawn);
    assert_eq!(answer(&given_up), None);
    story.hook_over(
        "one",
        HookOver { at: at(1_300), how: HookEnd::RolledBack, by: Some(redact("role steward")) },
    );
    let over = story.record.care.hooks["one"].over.clone().unwrap();
    assert_eq!(
        over.by,
        Some(redact("maria")),
        "whoever answered through Steward, whatever the trail calls it"
    );
}

#[test]
fn an_incident_tells_who_did_what_in_its_time_and_nothing_else() {
    let scaled = deed(2, 900, Act::Scaled { desired: DesiredCount(3) });
    let hours_before = deed(3, -20_000, Act::StoppedDeployment);
    let story = story_of([deployed(1, 950), failed(1, 1_000), scaled, hours_before]);
    let deeds = &story.incident.as_ref().unwrap().deeds;
    assert_eq!(deeds.iter().map(|deed| deed.at).collect::<Vec<_>>(), [at(900), at(950)]);
    assert_eq!(story.record.deeds.len(), 3, "the others may be of another's time");
}

#[test]
fn a_deed_that_was_told_stays_told_when_good_news_ends_the_failures_that_it_preceded() {
    let steady = Observation::Steady { at: at(9_000) };
    let mut story =
        story_of([deed(1, 950, Act::StoppedDeployment), failed(1, 1_000), waits("one", 8_000), steady]);
    assert_eq!(story.incident.as_ref().unwrap().failures.first_at(), Some(at(8_000)));
    let told = story.incident.as_ref().unwrap().deeds.clone();
    story.apply(failed(2, 9_500), at(9_500));
    assert_eq!((told.len(), &story.incident.unwrap().deeds), (1, &told));
}

#[test]
fn what_steward_deploys_it_tells_itself() {
    let mut story = story_of([deployed(1, 950), failed(1, 1_000)]);
    let by = Starter::Steward { action: "cf69c730006d".to_owned(), remedy: Remedy::RollBack };
    story.apply(Observation::Started { id: DeploymentId::new("ecs-svc/7"), by, at: at(960) }, at(1_000));
    assert_eq!(story.incident.unwrap().deeds, []);
}

#[test]
fn the_order_in_which_deeds_and_failures_are_heard_of_does_not_show() {
    let events: Vec<Observation> = (0..30)
        .map(|number| deed(number, i64::from(number * 17), Act::StoppedDeployment))
        .chain([deployed(99, 300), failed(1, 310), failed(2, 320), failed(3, 330)])
        .collect();
    let told = |events: Vec<Observation>| {
        let story = story_of(events);
        (story.record.deeds, story.incident.unwrap().deeds)
    };
    let expected = told(events.clone());
    assert_eq!((expected.0.len(), expected.1.len()), (16, 6));
    for seed in 1..=200 {
        let again = shuffled([events.clone(), events.clone()].concat(), seed);
        assert_eq!(told(again), expected, "seed {seed}");
    }
}
