use super::*;
use crate::action::{
    Action, ActionId, Because, Call, Doubt, Epoch, How, Moved, Plan, Precondition, Remedy, Ruling, State,
    Verdict, Withdrawal,
};
use crate::arn::{ServiceName, TaskDefinitionArn};
use crate::ecs::{DesiredCount, StrategyItem};
use crate::guard::Refusal;
use crate::incident::{Held, Incident, Note};
use crate::notification::remedies;
use crate::redact::{Redacted, redact};
use crate::remediation::{Escalation, Home};
use crate::words::remedies::tests::check_translation;

fn incident_of_checkout() -> Incident {
    let mut story = story(&[stop("aa", 4, NOT_FOUND), stop("ab", 6, NOT_FOUND), stop("ac", 9, NOT_FOUND)]);
    story.incident.take().unwrap()
}

fn resolved() -> Incident {
    let mut story = story(&[stop("aa", 4, NOT_FOUND)]);
    story.apply(Observation::Steady { at: at("21:14:00") }, at("21:14:00"));
    story.incident.take().unwrap()
}

fn revision(number: u32) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!("arn:aws:ecs:eu-central-1:123456789012:task-definition/checkout:{number}"))
}

fn plan() -> Plan {
    let incident = incident_of_checkout();
    let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
    Plan {
        id: ActionId::of(&home, &incident.target, Remedy::RollBack, "ecs-svc/7300021873450019283"),
        remedy: Remedy::RollBack,
        incident: incident.opened_at,
        revision: Some(revision(43)),
        call: Call::UpdateService {
            cluster: incident.target.cluster().clone(),
            service: ServiceName::new("checkout"),
            task_definition: Some(revision(42)),
            force_new_deployment: false,
            desired_count: None,
            capacity_providers: None,
        },
        target: incident.target,
        precondition: Precondition::default(),
        because: Because::RevisionFails {
            revision: revision(43),
            count: 3,
            cause: Cause::ImageNotFound,
            good: revision(42),
        },
    }
}

fn proposed() -> Action {
    Action::proposed(plan(), at("21:10:00"), at("23:10:00"))
}

fn in_state(state: State) -> Action {
    let claimed = Action::claimed(plan(), None, Epoch(1), at("21:10:00"), at("21:10:30")).unwrap();
    claimed.into_state(state)
}

fn confirmed(verdict: Option<Verdict>) -> Action {
    let state = State::Confirmed { at: at("21:10:02"), how: How::Answered, made: None };
    Action { verdict, ..in_state(state) }
}

fn unknown() -> Action {
    let why = Doubt::Unread(redact(
        "UpdateService checkout: no answer within 10 s, and somebody has deployed another revision meanwhile",
    ));
    in_state(State::Unknown { at: at("21:13:00"), why })
}

fn ruling(why: &str) -> Ruling {
    Ruling { by: "ana@laptop".to_owned(), at: at("21:20:00"), why: Some(why.to_owned()) }
}

fn with(mut incident: Incident, action: &Action) -> Incident {
    incident.remedies.note(Note::of(action));
    incident
}

fn held(refusal: Refusal) -> Incident {
    let mut incident = incident_of_checkout();
    incident.remedies.held = Some(Held::refused(&plan(), refusal));
    incident
}

/// What every channel says of it.
fn everywhere(incident: &Incident) -> String {
    let message = super::incident(incident);
    let slack = serde_json::to_string_pretty(&slack::blocks(&message)).unwrap();
    let (subject, body) = (mail::subject(&message), mail::body(&message));
    format!("{}\n\n── mail ──\n{subject}\n\n{body}\n\n── Slack ──\n{slack}", plain(&message))
}

#[test]
fn in_mode_observe_an_alert_says_what_would_be_done() {
    insta::assert_snapshot!(everywhere(&held(Refusal::ModeObserves)));
}

#[test]
fn a_proposal_asks_with_the_command_that_allows_it() {
    insta::assert_snapshot!(everywhere(&with(incident_of_checkout(), &proposed())));
}

#[test]
fn what_was_done_and_helped_says_so_and_what_code_still_names() {
    let helped = confirmed(Some(Verdict::Helped { at: at("21:14:00") }));
    insta::assert_snapshot!(everywhere(&with(resolved(), &helped)));
}

#[test]
fn an_unknown_outcome_is_the_loudest_and_says_how_to_settle_it() {
    insta::assert_snapshot!(everywhere(&with(incident_of_checkout(), &unknown())));
}

#[test]
fn every_other_stage_in_its_sentences() {
    let mut escalated = incident_of_checkout();
    escalated.remedies.held = Some(Held::escalated(Escalation::NoGoodRevision));
    let paused = Refusal::Paused {
        scope: crate::ledger::Scope::Global,
        by: redact("ben@desk"),
        why: Some(redact("migration of the database")),
    };
    let failed =
        State::Failed { at: at("21:10:02"), problem: redact("ClientException: checkout:42 is INACTIVE") };
    let why = Withdrawal::Refused(Refusal::DeployedMeanwhile);
    let withdrawn = State::Withdrawn { at: at("21:10:02"), why };
    let settled = Action {
        settled: Some(ruling("the console shows the deployment")),
        ..in_state(State::Confirmed { at: at("21:20:00"), how: How::Settled, made: None })
    };
    let not_done = State::Failed { at: at("21:20:00"), problem: redact("no answer") };
    let not_done = Action { settled: Some(ruling("no deployment but the old one.")), ..in_state(not_done) };
    let approved = Action { approved: Some(ruling("it is urgent")), ..proposed() };
    let late = confirmed(Some(Verdict::DidNotHelp { at: at("21:40:00") }));
    let open = incident_of_checkout;
    let stages = [
        ("nothing was considered", open()),
        ("no remedy", escalated),
        ("paused", held(paused)),
        ("approved", with(open(), &approved)),
        ("planned", with(open(), &in_state(State::Planned))),
        ("issued", with(open(), &in_state(State::Issued { at: at("21:10:01") }))),
        ("done, not verified", with(open(), &confirmed(None))),
        ("did not help", with(open(), &late)),
        ("refused by ECS", with(open(), &in_state(failed))),
        ("left at the gate", with(open(), &in_state(withdrawn))),
        ("settled as done", with(open(), &settled)),
        ("settled as not done", with(open(), &not_done)),
        ("over while unknown", with(resolved(), &unknown())),
        ("over while proposed", with(resolved(), &proposed())),
    ];
    let told: Vec<String> = stages
        .into_iter()
        .map(|(stage, incident)| {
            let message = super::incident(&incident);
            let asks = message.asks.iter().map(|ask| format!("! {ask}"));
            let lines: Vec<String> = asks.chain(message.done.iter().map(ToString::to_string)).collect();
            format!("{stage}: [{}] {}\n{}", message.tone.word(), message.title, lines.join("\n"))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_command_is_whole_in_every_channel_whatever_surrounds_it() {
    for unit in ["<", "\"", "é", "`"] {
        let noise = unit.repeat(3_000);
        let mut action = unknown();
        action.plan.because = Because::TaskHangs { how: noise.clone(), since: at("21:00:00") };
        action.plan.call = Call::UpdateService {
            cluster: action.plan.target.cluster().clone(),
            service: ServiceName::new(noise.clone()),
            task_definition: Some(revision(42)),
            force_new_deployment: true,
            desired_count: None,
            capacity_providers: None,
        };
        let asked = Action { state: proposed().state, ..action.clone() };
        for (action, verb) in [(action, "settle"), (asked, "approve")] {
            let command = format!("`steward {verb} {}", action.plan.id);
            let mut message = super::incident(&with(incident_of_checkout(), &action));
            let longest = redact(&noise);
            message.evidence = vec![longest.clone(); 3];
            message.facts = vec![Fact { name: Name::Denied, value: longest.clone() }; 12];
            message.advice = Some(longest);
            let slack = slack::blocks(&message);
            let ask = slack["blocks"][2]["text"]["text"].as_str().unwrap();
            assert!(ask.contains(&command), "{unit}: {ask}");
            assert!(plain(&message).contains(&command) && mail::body(&message).contains(&command));
            assert!(slack.to_string().chars().count() < 10_000);
        }
    }
}

#[test]
fn of_many_actions_the_latest_three_are_told_and_the_last_change_is_what_code_must_follow() {
    let mut incident = incident_of_checkout();
    for number in 1..=5 {
        let mut action = confirmed(Some(Verdict::DidNotHelp { at: at("21:40:00") }));
        let home = Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() };
        action.plan.id = ActionId::of(&home, &incident.target, Remedy::RollBack, &number.to_string());
        action.plan.revision = Some(revision(number));
        incident.remedies.note(Note::of(&action));
    }
    let done = super::incident(&incident).done;
    assert_eq!(done.iter().filter(|done| done.as_str().starts_with("Steward rolled back")).count(), 3);
    let named: Vec<&str> =
        done.iter().map(Redacted::as_str).filter(|done| done.contains("still names")).collect();
    assert!(matches!(named.as_slice(), [one] if one.contains("still names checkout:5:")), "{named:?}");
}

/// What is said in a language: questions behind an exclamation mark, then what was done.
fn lines(incident: &Incident, language: Language) -> Vec<String> {
    let said = remedies::of(incident, language);
    let asks = said.asks.iter().map(|ask| format!("! {ask}"));
    asks.chain(said.done.iter().map(ToString::to_string)).collect()
}

#[test]
fn the_same_in_japanese() {
    let helped = confirmed(Some(Verdict::Helped { at: at("21:14:00") }));
    let stages = [
        ("proposed", with(incident_of_checkout(), &proposed())),
        ("unknown", with(incident_of_checkout(), &unknown())),
        ("observing", held(Refusal::ModeObserves)),
        ("done, and helped", with(resolved(), &helped)),
    ];
    let told =
        stages.map(|(stage, incident)| format!("{stage}:\n{}", lines(&incident, Language::Ja).join("\n")));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn every_state_and_verdict_says_in_japanese_what_it_says_in_english() {
    let at = at("21:10:02");
    let confirmed = |how| State::Confirmed { at, how, made: None };
    let states = [
        State::Proposed { until: at },
        State::Planned,
        State::Issued { at },
        confirmed(How::Answered),
        confirmed(How::Settled),
        State::Failed { at, problem: redact("ClientException: checkout:42 is INACTIVE") },
        State::Unknown { at, why: Doubt::DeployedMeanwhile },
        State::Withdrawn { at, why: Withdrawal::NotApproved },
    ];
    let verdicts = [None, Some(Verdict::Helped { at }), Some(Verdict::DidNotHelp { at })];
    let rulings = [None, Some(ruling("it is urgent")), Some(Ruling { why: None, ..ruling("") })];
    for remedy in Remedy::ALL {
        for state in &states {
            for (verdict, ruling) in
                verdicts.into_iter().flat_map(|v| rulings.iter().map(move |r| (v, r.clone())))
            {
                let mut action = Action { verdict, approved: ruling.clone(), settled: ruling, ..proposed() };
                action.plan.remedy = remedy;
                let action = action.into_state(state.clone());
                for incident in [incident_of_checkout(), resolved()] {
                    let incident = with(incident, &action);
                    let (english, japanese) =
                        (lines(&incident, Language::En), lines(&incident, Language::Ja));
                    assert_eq!(english.len(), japanese.len(), "{english:#?}\n{japanese:#?}");
                    for (english, japanese) in english.iter().zip(&japanese) {
                        check_translation(english, japanese);
                    }
                }
            }
        }
    }
}

#[test]
fn what_slipped_into_a_reason_is_neither_kept_nor_told() {
    const SECRET: &str = "AKIAIOSFODNN7EXAMPLE";
    let mut incident = incident_of_checkout();
    let why = format!("the key {SECRET} was denied, {}", "and so on ".repeat(1_000));
    incident.remedies.held = Some(Held::escalated(Escalation::unobserved(&why)));
    let stored = serde_json::to_string(&incident.remedies).unwrap();
    assert!(stored.contains("[redacted]") && !stored.contains(SECRET) && stored.len() < 1_000, "{stored}");
    let hangs = Because::TaskHangs { how: SECRET.to_owned(), since: at("21:00:00") };
    let mut action = proposed();
    action.plan.because = hangs;
    let incident = with(incident, &action);
    for language in Language::ALL {
        let told = lines(&incident, language).join("\n");
        assert!(told.contains("[redacted]") && !told.contains(SECRET), "{told}");
    }
}

/// An action that sets capacity, confirmed.
fn capacity(remedy: Remedy, call: Call, because: Because) -> Action {
    let mut action = confirmed(None);
    action.plan.id = ActionId::of(
        &Home { account: "123456789012".to_owned(), region: "eu-central-1".to_owned() },
        &action.plan.target,
        remedy,
        "1",
    );
    (action.plan.remedy, action.plan.call, action.plan.because) = (remedy, call, because);
    action.plan.revision = None;
    action.plan.precondition.task_definition = Some(revision(43));
    action
}

fn sets(desired_count: Option<u32>, provider: Option<&str>) -> Call {
    Call::UpdateService {
        cluster: incident_of_checkout().target.cluster().clone(),
        service: ServiceName::new("checkout"),
        task_definition: None,
        force_new_deployment: provider.is_some(),
        desired_count: desired_count.map(DesiredCount),
        capacity_providers: provider
            .map(|provider| vec![StrategyItem { provider: provider.to_owned(), weight: 1, base: 0 }]),
    }
}

fn fell_back() -> Action {
    let moved = Moved { tasks: 4, cpu: Some(512), memory: Some(1024) };
    let because = Because::SpotUnavailable { count: 5, running: 1, desired: 4, moved };
    capacity(Remedy::FallBackToOnDemand, sets(None, Some("FARGATE")), because)
}

fn returns() -> Action {
    let because = Because::SpotAgain { since: at("20:00:00"), failed: 0 };
    capacity(Remedy::ReturnToSpot, sets(None, Some("FARGATE_SPOT")), because)
}

fn texts(incident: &Incident, language: Language) -> (String, String) {
    let said = remedies::of(incident, language);
    let joined = |texts: &[Redacted]| texts.iter().map(Redacted::as_str).collect::<Vec<_>>().join("\n");
    (joined(&said.asks), joined(&said.done))
}

#[test]
fn what_falls_back_says_what_it_costs_and_what_code_still_names_until_it_has_returned() {
    for language in Language::ALL {
        let incident = with(incident_of_checkout(), &fell_back());
        let (_, done) = texts(&incident, language);
        assert!(done.contains("$0.07") && done.contains("us-east-1"), "{done}");
        assert!(!done.contains("checkout:43"), "no revision is to be named: {done}");
        let still_named = if language == Language::En { "still names" } else { "IaC" };
        assert!(done.contains(still_named), "{done}");
        let (_, done) = texts(&with(incident, &returns()), language);
        assert!(!done.contains("$0.07") && !done.contains(still_named), "{done}");
    }
    let mut proposed = fell_back();
    proposed.state = State::Proposed { until: at("23:10:00") };
    let (asks, done) = texts(&with(incident_of_checkout(), &proposed), Language::En);
    assert!(asks.contains("steward approve") && done.contains("$0.07"), "{asks}\n{done}");
}

#[test]
fn a_return_is_proposed_and_judged_though_its_incident_is_over() {
    let mut proposed = returns();
    proposed.state = State::Proposed { until: at("23:10:00") };
    let (asks, _) = texts(&with(resolved(), &proposed), Language::En);
    assert!(asks.contains("Steward proposes to return to spare capacity"), "{asks}");
    let failed = Action { verdict: Some(Verdict::DidNotHelp { at: at("21:50:00") }), ..returns() };
    let (_, done) = texts(&with(resolved(), &failed), Language::En);
    assert!(done.contains("had not come to rest") && !done.contains("needs a person"), "{done}");
}

#[test]
fn a_limit_is_told_as_one_with_the_whole_command_that_raises_it() {
    let service = "a-service-with-a-name-that-is-longer-than-most-others-and-so-is-its-clusters-name";
    let mut incident = incident_of_checkout();
    incident.remedies.held = Some(Held::escalated(Escalation::Limited {
        to: 2,
        was: 6,
        since: at("21:10:00"),
        service: redact(service),
        cluster: redact(service),
    }));
    for language in Language::ALL {
        let (_, done) = texts(&incident, language);
        let command =
            format!("`aws ecs update-service --cluster {service} --service {service} --desired-count 6`");
        assert!(done.contains(&command), "{done}");
    }
    let because = Because::StartsFail {
        count: 40,
        since: at("15:00:00"),
        cause: Cause::SecretNotFound,
        running: 2,
        desired: 6,
    };
    let limit = capacity(Remedy::LimitDesiredCount, sets(Some(2), None), because);
    let limit = Action { verdict: Some(Verdict::Helped { at: at("21:14:00") }), ..limit };
    let (_, done) = texts(&with(incident_of_checkout(), &limit), Language::En);
    assert!(done.contains("that is no recovery") && done.contains("40 tasks have not started"), "{done}");
}
