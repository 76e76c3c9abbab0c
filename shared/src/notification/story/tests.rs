use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::incident::{Incident, Observation, Story as Kept};
use crate::notification::tests::{NOT_FOUND, at, deployment_event, stop, story};

fn keys(story: &Story) -> Vec<(&str, Weight)> {
    story.steps.iter().map(|step| (step.key.as_str(), step.weight)).collect()
}

fn incident(events: &[Value]) -> Incident {
    story(events).incident.unwrap()
}

#[test]
fn an_incident_begins_with_its_opening_and_a_cause_behind_a_symptom_matters() {
    let symptom = story(&[stop("aa", 4, "Task failed to start")]).incident.unwrap();
    assert_eq!(keys(&Story::of_incident(&symptom))[0], ("opened", Weight::Matters));
    let incident = incident(&[stop("aa", 4, "Task failed to start"), stop("ab", 6, NOT_FOUND)]);
    let told = Story::of_incident(&incident);
    assert!(keys(&told).contains(&("cause:image_not_found", Weight::Matters)), "{told:?}");
    assert!(!told.keys().contains("cause:unknown"), "{told:?}");
}

#[test]
fn what_grows_is_told_at_milestones_and_once_that_it_is_critical() {
    let many: Vec<Value> = (0..12).map(|n| stop(&format!("a{n:x}"), n, NOT_FOUND)).collect();
    let told = Story::of_incident(&incident(&many));
    let keys = keys(&told);
    assert!(keys.contains(&("count:10", Weight::Detail)) && keys.contains(&("critical", Weight::Matters)));
    assert!(!keys.iter().any(|(key, _)| *key == "count:100"));
}

#[test]
fn keys_of_earlier_steps_never_change_while_a_story_goes_on() {
    let mut kept = story(&[stop("aa", 4, "Task failed to start")]);
    let mut known = BTreeSet::new();
    let mut check = |kept: &Kept| {
        let now = Story::of_incident(kept.incident.as_ref().unwrap()).keys();
        assert!(known.is_subset(&now), "{known:?} became {now:?}");
        known = now.into_iter().filter(|key| !key.starts_with("held")).collect();
    };
    check(&kept);
    for minute in 5..20 {
        let event = crate::event::Event::from_object(
            stop(&format!("b{minute:x}"), minute, NOT_FOUND).as_object().unwrap().clone(),
        );
        let reading = crate::remediation::read(&event.unwrap(), at("22:00:00"));
        for observation in reading.observations() {
            kept.apply(observation.clone(), at("21:30:00"));
        }
        check(&kept);
    }
    kept.apply(Observation::Steady { at: at("21:40:00") }, at("21:40:00"));
    check(&kept);
}

#[test]
fn the_end_comes_last_and_once_for_each_time_it_was_over() {
    let mut kept = story(&[stop("aa", 4, NOT_FOUND)]);
    kept.apply(Observation::Steady { at: at("21:31:00") }, at("21:31:00"));
    let incident = kept.incident.unwrap();
    let told = Story::of_incident(&incident);
    assert_eq!(keys(&told).last(), Some(&("resolved:0", Weight::Matters)));
    assert!(told.is_over() && !told.is_open);
    let relapsed = Incident { relapses: 1, ..incident.clone() };
    let keys_of = |incident: &Incident| Story::of_incident(incident).keys();
    assert!(keys_of(&relapsed).is_superset(&["relapsed:1".to_owned(), "resolved:1".to_owned()].into()));
    let often = Incident { relapses: 9, ..incident };
    let weights: Vec<Weight> = Story::of_incident(&often).steps.iter().map(|step| step.weight).collect();
    assert_eq!(weights.last(), Some(&Weight::Detail), "by then nobody reads it any more");
}

#[test]
fn a_rollback_is_a_step_of_its_own_and_no_completion() {
    let id = "ecs-svc/5100000000000000042";
    let back = format!("ECS deployment circuit breaker: rolling back to deploymentId {id}.");
    let kept = story(&[
        deployment_event(id, "SERVICE_DEPLOYMENT_COMPLETED", 1, "ECS deployment completed."),
        deployment_event(id, "SERVICE_DEPLOYMENT_IN_PROGRESS", 12, &back),
        deployment_event(id, "SERVICE_DEPLOYMENT_COMPLETED", 15, "ECS deployment completed."),
    ]);
    let told = Story::of_deployment(kept.deployments.values().next().unwrap());
    let whats: Vec<&What> = told.steps.iter().map(|step| &step.what).collect();
    assert_eq!(whats, [&What::Started, &What::RollingBack, &What::RolledBack]);
    assert_eq!(told.severity, Severity::Warning);
}

#[test]
fn a_channels_trouble_asks_until_it_takes_messages_again() {
    let since: Timestamp = at("21:00:00");
    let mut record = ChannelRecord::new("ops");
    let trouble = crate::ledger::Trouble { since, problem: crate::redact::redact("channel_not_found") };
    record.trouble = Some(trouble);
    let told = Story::of_trouble(&record, since);
    assert_eq!((keys(&told), told.is_open), (vec![("refuses", Weight::Asks)], true));
    record.trouble = None;
    let told = Story::of_trouble(&record, since);
    assert!(told.is_over() && keys(&told).len() == 2);
}
