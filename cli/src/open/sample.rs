//! Incidents and actions to test with: a service whose image is missing, and what is done about it.

use jiff::{SignedDuration, Timestamp};
use steward::action::{
    Action, ActionId, Because, Call, Doubt, Epoch, How, Plan, Precondition, Remedy, Ruling, State, Verdict,
    Withdrawal,
};
use steward::arn::{ClusterArn, DeploymentId, Family, ServiceName, TaskArn, TaskDefinitionArn};
use steward::config::Policy;
use steward::diagnosis::{self, Cause, Diagnosis};
use steward::guard::Refusal;
use steward::incident::{
    Ending, Failure, Fingerprint, Held, Incident, Note, Observation, Status, Story, Target, Why,
};
use steward::ledger::{MemoryLedger, Transaction, Write};
use steward::ports::Ledger;
use steward::remediation::Home;

use crate::jobs::sample::block_on;

/// A time on 20 November.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}Z").parse().unwrap()
}

pub(crate) fn cluster() -> ClusterArn {
    ClusterArn::new("arn:aws:ecs:eu-central-1:123456789012:cluster/shop")
}

pub(crate) fn service(name: &str) -> Target {
    Target::Service { cluster: cluster(), name: ServiceName::new(name) }
}

pub(crate) fn family(name: &str) -> Target {
    Target::Family { cluster: cluster(), family: Family::new(name) }
}

fn revision(target: &Target, number: u32) -> TaskDefinitionArn {
    let name = target.name();
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/{name}:{number}"))
}

/// The story of a target whose image is not there: so many failures, a minute apart, the first at `from`.
pub(crate) fn failing(target: &Target, count: u32, from: Timestamp) -> Story {
    let mut story = Story::new(target.clone());
    for number in 0..count {
        let failed_at = from + SignedDuration::from_mins(i64::from(number));
        let text = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                    docker.io/shop/checkout:2026-11-20: not found";
        let diagnosis =
            Diagnosis { cause: Cause::ImageNotFound, ..diagnosis::of_said("stoppedReason", text) };
        let fingerprint = Fingerprint::of(&[&target.key(), &number.to_string()]);
        let mut failure = Failure::symptom(fingerprint, failed_at, diagnosis);
        failure.task = Some(TaskArn::new(format!(
            "arn:aws:ecs:eu-central-1:123456789012:task/shop/{:032x}",
            number + 10
        )));
        failure.task_definition = Some(revision(target, 43));
        failure.deployment = Some(DeploymentId::new("ecs-svc/7301"));
        failure.availability_zone = Some("eu-central-1a".to_owned());
        story.apply(Observation::Failed(Box::new(failure)), failed_at + SignedDuration::from_secs(4));
    }
    story
}

/// The incident of [`failing`].
pub(crate) fn incident(target: &Target, count: u32, from: Timestamp) -> Incident {
    failing(target, count, from).incident.unwrap()
}

/// Going back to the revision before.
pub(crate) fn plan(target: &Target, opened_at: Timestamp) -> Plan {
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    let (bad, good) = (revision(target, 43), revision(target, 42));
    let precondition = Precondition {
        primary: Some(DeploymentId::new("ecs-svc/7301")),
        task_definition: Some(bad.clone()),
        ailing: true,
        ..Precondition::default()
    };
    Plan {
        id: ActionId::of(&home, target, Remedy::RollBack, "ecs-svc/7301"),
        remedy: Remedy::RollBack,
        target: target.clone(),
        incident: opened_at,
        revision: Some(bad.clone()),
        call: Call::UpdateService {
            cluster: cluster(),
            service: ServiceName::new(target.name()),
            task_definition: Some(good.clone()),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
        precondition,
        because: Because::RevisionFails { revision: bad, count: 3, cause: Cause::ImageNotFound, good },
    }
}

/// An action of that plan that a person is asked about.
pub(crate) fn proposed(target: &Target, opened_at: Timestamp) -> Action {
    let decided_at = opened_at + SignedDuration::from_mins(2);
    Action::proposed(plan(target, opened_at), decided_at, decided_at + SignedDuration::from_hours(4))
}

/// The same, claimed.
fn claimed(target: &Target, opened_at: Timestamp) -> Action {
    let known =
        Action { approved: Some(ruling("ana@laptop", "it is urgent")), ..proposed(target, opened_at) };
    let now = opened_at + SignedDuration::from_mins(3);
    let ends = now + SignedDuration::from_secs(30);
    Action::claimed(plan(target, opened_at), Some(&known), Epoch(1), now, ends).unwrap()
}

pub(crate) fn ruling(by: &str, why: &str) -> Ruling {
    Ruling { by: by.to_owned(), at: at("21:06:30"), why: Some(why.to_owned()) }
}

pub(crate) fn unknown(target: &Target, opened_at: Timestamp) -> Action {
    let at = opened_at + SignedDuration::from_mins(6);
    claimed(target, opened_at).into_state(State::Unknown { at, why: Doubt::DeployedMeanwhile })
}

pub(crate) fn helped(target: &Target, opened_at: Timestamp) -> Action {
    let at = opened_at + SignedDuration::from_mins(4);
    let made = Some("ecs-svc/7302".to_owned());
    let action = claimed(target, opened_at).into_state(State::Confirmed { at, how: How::Answered, made });
    Action { verdict: Some(Verdict::Helped { at: at + SignedDuration::from_mins(5) }), ..action }
}

pub(crate) fn given_up(target: &Target, opened_at: Timestamp) -> Action {
    let at = opened_at + SignedDuration::from_mins(9);
    proposed(target, opened_at).into_state(State::Withdrawn { at, why: Withdrawal::NotApproved })
}

/// An incident that says of an action how it stands.
pub(crate) fn noted(mut incident: Incident, action: &Action) -> Incident {
    incident.remedies.note(Note::of(action));
    incident
}

/// An incident whose remedy a guard refuses.
pub(crate) fn held(mut incident: Incident) -> Incident {
    let plan = plan(&incident.target, incident.opened_at);
    incident.remedies.held = Some(Held::refused(&plan, Refusal::ModeObserves));
    assert!(matches!(incident.remedies.held.as_ref().unwrap().why, Why::Refused(_)));
    incident
}

pub(crate) fn over(incident: Incident, time: &str) -> Incident {
    Incident { status: Status::Resolved { at: at(time), by: Ending::Steady }, ..incident }
}

/// Keeps a story with its actions, as the functions would.
pub(crate) fn keep(ledger: &MemoryLedger, story: Story, actions: &[Action]) {
    let policy = Policy::default();
    let mut story = story;
    let now = story.record.incident.unwrap_or(Timestamp::UNIX_EPOCH);
    for action in actions {
        story.record.note(action);
        story.incident = story.incident.map(|incident| noted(incident, action));
    }
    let due = story.next_look(&policy);
    let mut writes = vec![Write::of_target(story.record.clone(), None, due, &policy, now)];
    writes.extend(story.incident.map(|incident| Write::of_incident(incident, None, &policy, now)));
    writes.extend(actions.iter().map(|action| Write::of_action(action.clone(), None, &policy, now)));
    block_on(ledger.commit(Transaction { writes })).unwrap();
}

/// That docs/operating.md shows exactly this of a command.
pub(crate) fn is_documented(command: &str, text: &str) {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md")).unwrap();
    let shown = format!("$ steward {command}\n{text}");
    assert!(page.contains(&shown), "docs/operating.md lacks:\n{shown}");
}
