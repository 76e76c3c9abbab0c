mod golden;
mod hostile;
mod jobs;
mod remedies;
mod rules;
mod samples;
mod scalers;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::config::{Policy, Size};
use crate::diagnosis::Cause;
use crate::event::Event;
use crate::incident::{Observation, Story as Told};
use crate::remediation;

pub(in crate::notification) fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}Z").parse().unwrap()
}

/// Reads events into one story, as the handler does.
pub(in crate::notification) fn story(events: &[Value]) -> Told {
    let mut story: Option<Told> = None;
    for event in events {
        let event = Event::from_object(event.as_object().unwrap().clone()).unwrap();
        let reading = remediation::read(&event, at("22:00:00"));
        let story = story.get_or_insert_with(|| Told::new(reading.about[0].target.clone()));
        for observation in reading.observations() {
            story.apply(observation.clone(), at("21:10:00"));
        }
    }
    story.unwrap()
}

pub(in crate::notification) fn stop(task: &str, minute: u32, reason: &str) -> Value {
    json!({
        "detail-type": "ECS Task State Change", "source": "aws.ecs",
        "detail": {
            "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
            "taskArn": format!("arn:aws:ecs:eu-central-1:123456789012:task/shop/{task}"),
            "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/checkout:43",
            "group": "service:checkout", "startedBy": "ecs-svc/7300021873450019283",
            "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "availabilityZone": "eu-central-1a",
            "stopCode": "TaskFailedToStart", "stoppedReason": reason, "version": 3,
            "stoppedAt": format!("2026-11-20T21:{minute:02}:00Z"),
            "containers": [{"name": "checkout", "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/checkout:rel-43"}],
        },
    })
}

pub(in crate::notification) fn deployment_event(id: &str, name: &str, minute: u32, reason: &str) -> Value {
    json!({
        "detail-type": "ECS Deployment State Change", "source": "aws.ecs",
        "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/checkout"],
        "detail": {"eventName": name, "eventType": "INFO", "deploymentId": id, "reason": reason,
                   "updatedAt": format!("2026-11-20T21:{minute:02}:00Z")},
    })
}

pub(in crate::notification) const NOT_FOUND: &str = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
     123456789012.dkr.ecr.eu-central-1.amazonaws.com/checkout:rel-43: not found";

fn incident(incident: &crate::incident::Incident) -> Message {
    Style::default().incident(incident)
}

fn incident_quoting(incident: &crate::incident::Incident, evidence: Size) -> Message {
    Style { evidence, ..Style::default() }.incident(incident)
}

fn deployment(deployment: &crate::incident::Deployment) -> Message {
    Style::default().deployment(deployment)
}

#[test]
fn an_open_incident_says_what_where_and_what_next() {
    let story =
        story(&[stop("aa", 4, NOT_FOUND), stop("ab", 6, NOT_FOUND), stop("ac", 9, "Task failed to start")]);
    insta::assert_snapshot!(plain(&incident(story.incident.as_ref().unwrap())));
}

#[test]
fn a_resolved_incident_says_how_it_ended() {
    let mut story = story(&[stop("aa", 4, NOT_FOUND)]);
    story.apply(Observation::Steady { at: at("21:31:00") }, at("21:31:00"));
    insta::assert_snapshot!(plain(&incident(story.incident.as_ref().unwrap())));
}

#[test]
fn an_incident_that_only_went_quiet_does_not_claim_a_steady_state() {
    let mut story = story(&[stop("aa", 4, NOT_FOUND)]);
    let later = at("21:10:00") + SignedDuration::from_mins(31);
    story.tick(&Policy::default(), later);
    let text = plain(&incident(story.incident.as_ref().unwrap()));
    assert!(text.contains("though ECS has not reported a steady state"), "{text}");
}

#[test]
fn a_rollback_is_never_told_as_a_success() {
    let (bad, good) = ("ecs-svc/7300021873450019283", "ecs-svc/5100000000000000042");
    let story = story(&[
        deployment_event(bad, "SERVICE_DEPLOYMENT_IN_PROGRESS", 1, "ECS deployment in progress."),
        stop("aa", 4, NOT_FOUND),
        deployment_event(
            bad,
            "SERVICE_DEPLOYMENT_FAILED",
            12,
            "ECS deployment circuit breaker: tasks failed to start.",
        ),
        deployment_event(
            good,
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            12,
            &format!("ECS deployment circuit breaker: rolling back to deploymentId {good}."),
        ),
        deployment_event(
            good,
            "SERVICE_DEPLOYMENT_COMPLETED",
            15,
            &format!("ECS deployment {good} completed."),
        ),
    ]);
    let told: Vec<String> = story.deployments.values().map(|d| plain(&deployment(d))).collect();
    assert!(told.iter().all(|text| !text.contains("deployment completed\n")), "{told:?}");
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn slack_blocks_stay_within_slacks_limits_and_escape_its_control_characters() {
    let hostile = format!("CannotPullContainerError: <script>&``` {}", "<&>".repeat(3_000));
    let story = story(&[stop("aa", 4, &hostile)]);
    let value = slack::blocks(&incident(story.incident.as_ref().unwrap()));
    let text = value.to_string();
    assert!(!text.contains("<script>") && text.contains("&lt;script&gt;&amp;'''"), "{text}");
    for block in value["blocks"].as_array().unwrap() {
        let chars = |value: &Value| value["text"].as_str().map_or(0, |text| text.chars().count());
        assert!(chars(&block["text"]) <= if block["type"] == "header" { 150 } else { 3_000 });
        assert!(block["fields"].as_array().is_none_or(|fields| fields.len() <= 10));
    }
    assert!(value["blocks"].as_array().unwrap().len() <= 50 && text.len() < 10_000, "{}", text.len());
}

#[test]
fn slack_blocks_of_an_incident() {
    let story = story(&[stop("aa", 4, NOT_FOUND)]);
    insta::assert_json_snapshot!(slack::blocks(&incident(story.incident.as_ref().unwrap())));
}

#[test]
fn every_cause_has_a_headline_that_fits_a_title() {
    for cause in Cause::ALL {
        assert!((8..=60).contains(&cause.headline().len()), "{cause}");
    }
}

#[test]
fn a_quote_is_as_long_as_configured_and_cut_between_characters() {
    let reason = format!("CannotPullContainerError: {}", "é ".repeat(2_000));
    let story = story(&[stop("aa", 4, &reason)]);
    let open = story.incident.as_ref().unwrap();
    let quote = |bytes| {
        let message = incident_quoting(open, Size::from_bytes(bytes));
        let quote = message.evidence.iter().find_map(|quote| quote.as_str().split_once(": ")).unwrap();
        quote.1.to_owned()
    };
    for bytes in [100, 101, 102, 300, 1_024] {
        let quote = quote(bytes);
        let longest = usize::try_from(bytes).unwrap();
        assert!(
            (longest - 3..=longest).contains(&quote.len()) && quote.ends_with('…'),
            "{bytes}: {}",
            quote.len()
        );
    }
    assert_eq!(incident(open), incident_quoting(open, Size::from_bytes(300)));
}

#[test]
fn the_longest_texts_fit_into_one_message_to_slack_whatever_is_in_them() {
    for unit in ["<", "&", "\"", "\\", "é"] {
        let reason = format!("CannotPullContainerError: {}", format!("{unit} ").repeat(3_000));
        let story = story(&[stop("aa", 4, &reason)]);
        let mut message = incident_quoting(story.incident.as_ref().unwrap(), Size::from_bytes(1_024));
        let longest = message.evidence[0].clone();
        assert!(longest.as_str().len() > 1_000);
        message.evidence = vec![longest.clone(); 3];
        message.facts = vec![Fact { name: Name::Denied, value: longest.clone() }; 12];
        (message.title, message.status) = (longest.clone(), longest.clone());
        (message.asks, message.done) = (vec![longest.clone(); 3], vec![longest.clone(); 5]);
        message.logs = vec![longest.clone(); 50];
        message.links = links::target(&story.incident.as_ref().unwrap().target).into_iter().collect();
        message.advice = Some(longest);
        let text = slack::blocks(&message).to_string();
        assert!(text.chars().count() < 10_000, "{unit}: {}", text.chars().count());
    }
}
