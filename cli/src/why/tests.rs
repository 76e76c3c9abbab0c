use std::collections::BTreeSet;

use steward::action::{Action, ActionId};
use steward::arn::TaskDefinitionArn;
use steward::incident::{Act, Deed, Fingerprint, Story, TargetRecord};
use steward::ledger::{Key, MemoryLedger, Record, Thread, Told, Transaction, Write};
use steward::notification::Subject;
use steward::ports::Ledger;
use steward::redact::redact;

use super::asked::{Asked, Unfound, which};
use super::{json, read, text};
use crate::jobs::sample::{block_on, written};
use crate::open::Digits;
use crate::open::sample::{
    at, failing, given_up, held, helped, is_documented, keep, plan, proposed, service, unknown,
};
use crate::status::Settings;
use crate::terminal::WIDTH;

fn settings() -> Settings {
    let text = "{version: 1, services: [{match: {cluster: shop, service: api}, mode: propose}]}";
    let configuration = crate::configuration::read(text).ok().unwrap().configuration;
    Settings { configuration, version: Some(7) }
}

fn digits(text: &str) -> Digits {
    Digits::parse(text).unwrap()
}

/// A service that fails since somebody deployed it, of which slack was told.
fn kept(actions: &[Action]) -> MemoryLedger {
    let ledger = MemoryLedger::new();
    let api = service("api");
    let mut story = failing(&api, 12, at("21:00:00"));
    let incident = story.incident.as_mut().unwrap();
    incident.deeds.push(Deed {
        id: Fingerprint::of(&["deploy"]),
        at: at("20:58:00"),
        by: redact("role ci/deploy (run-812)"),
        what: Act::Deployed {
            deployment: steward::arn::DeploymentId::new("ecs-svc/7301"),
            revision: Some(TaskDefinitionArn::new(
                "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:43",
            )),
        },
    });
    let subject = Subject::Incident { target: api, opened_at: at("21:00:04") };
    let mut thread = Thread::untold(subject.clone());
    thread.told.insert("slack".to_owned(), Told { at: Some(at("21:09:20")), ..Told::default() });
    let write = Write::new(Key::thread(&subject), None, Record::Thread(thread));
    block_on(ledger.commit(Transaction { writes: vec![write] })).unwrap();
    keep(&ledger, story, actions);
    ledger
}

fn trace(ledger: &MemoryLedger, only: Option<ActionId>) -> read::Trace {
    let mut unreadable = Vec::new();
    let target = service("api");
    let trace = read::trace(ledger, &target, at("21:00:04"), only, at("22:00:00"), &mut unreadable);
    let trace = block_on(trace).unwrap();
    assert!(unreadable.is_empty());
    trace
}

fn shown(trace: &read::Trace) -> String {
    let text = written(|out| text::write(out, trace, &Ok(settings()), at("22:00:00")));
    for line in text.lines() {
        let is_word = line.trim_start().split(' ').count() <= 3;
        assert!(textwrap::core::display_width(line) <= WIDTH || is_word, "{line}");
    }
    text
}

#[test]
fn an_action_is_told_from_the_event_to_the_outcome() {
    let action = helped(&service("api"), at("21:00:04"));
    is_documented("why shop/api", &shown(&trace(&kept(&[action]), None)));
}

#[test]
fn what_is_refused_says_which_guard_and_what_would_have_been_done() {
    let ledger = MemoryLedger::new();
    let story = failing(&service("api"), 3, at("21:00:00"));
    let incident = story.incident.clone().map(held);
    keep(&ledger, Story { incident, ..story }, &[given_up(&service("api"), at("21:00:04"))]);
    insta::assert_snapshot!(shown(&trace(&ledger, None)));
}

#[test]
fn what_nobody_knows_or_decided_yet_says_what_a_person_can_do() {
    let api = service("api");
    let id = plan(&api, at("21:00:04")).id;
    let text = shown(&trace(&kept(&[unknown(&api, at("21:00:04"))]), None));
    assert!(text.contains("steward settle"), "{text}");
    let text = shown(&trace(&kept(&[proposed(&api, at("21:00:04"))]), Some(id.clone())));
    assert!(text.contains(&format!("steward approve\n            {id}")), "{text}");
}

#[test]
fn what_is_not_kept_any_more_is_said_and_what_is_known_is_told_all_the_same() {
    let api = service("api");
    let action = helped(&api, at("21:00:04"));
    let ledger = MemoryLedger::new();
    let story = failing(&api, 3, at("21:00:00"));
    let incident = story.incident.clone().map(|it| crate::open::sample::noted(it, &action));
    keep(&ledger, Story { incident, ..story }, &[]);
    let text = shown(&trace(&ledger, None));
    assert!(text.contains("not kept any more: its request, its times"), "{text}");
    let lone = MemoryLedger::new();
    let mut noted = TargetRecord::new(api.clone());
    noted.note(&action);
    let writes = vec![
        Write::new(Key::target(&api), None, Record::Target(noted)),
        Write::new(Key::action(&action.plan.id), None, Record::Action(Box::new(action.clone()))),
    ];
    block_on(lone.commit(Transaction { writes })).unwrap();
    let text = shown(&trace(&lone, None));
    assert!(text.contains("the incident is not kept any more"), "{text}");
    assert!(text.contains("took effect 20 Nov 21:04:04 UTC: ECS answered so"), "{text}");
}

#[test]
fn for_programs_the_request_and_its_condition_are_whole() {
    let action = helped(&service("api"), at("21:00:04"));
    let trace = json::of(&trace(&kept(&[action]), None), &Ok(settings())).unwrap();
    let first = &trace["actions"][0];
    assert_eq!(
        first["request"]["task_definition"],
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:42"
    );
    assert_eq!(first["precondition"]["primary"], "ecs-svc/7301");
    assert_eq!((&trace["policy"]["entry"], &trace["policy"]["version_now"]), (&0.into(), &7.into()));
    assert_eq!(trace["told"]["slack"], "2026-11-20T21:09:20Z");
    assert_eq!(trace["latest_failures"].as_array().unwrap().len(), 2);
}

#[test]
fn an_action_is_named_by_the_first_digits_of_its_id_and_an_incident_by_its_target() {
    let is = |text: &str| match Asked::parse(text) {
        Ok(Asked::Action { digits, or }) => {
            format!("action {}{}", digits.as_str(), if or.is_some() { " or target" } else { "" })
        }
        Ok(Asked::Incident { opened, .. }) => format!("incident {}", opened.unwrap_or_default()),
        Err(error) => error.to_string(),
    };
    assert_eq!(is("cf69c730"), "action cf69c730 or target");
    assert_eq!(is("CF69"), "action cf69 or target");
    assert_eq!(is("cf6"), "incident ");
    assert_eq!(is("shop/api"), "incident ");
    assert_eq!(is("shop/api@2026-11-20T21"), "incident 2026-11-20T21");
    assert!(is("shop/").contains("names no target"));
}

#[test]
fn digits_that_name_several_actions_or_none_say_so() {
    let ledger = kept(&[proposed(&service("api"), at("21:00:04"))]);
    let open = block_on(crate::open::open(&ledger, at("22:00:00"))).unwrap();
    let id = plan(&service("api"), at("21:00:04")).id;
    assert_eq!(digits(id.as_str().get(..6).unwrap()).of_open(&open).unwrap(), id);
    let none = Unfound::from(digits("0123456789").of_open(&open).unwrap_err()).to_string();
    assert!(none.starts_with("no action that is open") && none.contains("--all"), "{none}");
    let ids = ["a1a1", "a1a2"].map(|text| ActionId::parse(&text.repeat(16)).unwrap());
    let several = BTreeSet::from(ids.clone());
    assert_eq!(digits("a1a2").one_of(several).unwrap().unwrap(), ids[1]);
    let several =
        BTreeSet::from(["a1a1a1a1", "a1a1a2a2"].map(|text| ActionId::parse(&text.repeat(8)).unwrap()));
    let error = digits("a1a1").one_of(several).unwrap_err().to_string();
    assert_eq!(error, "several ids begin with a1a1; write more of one: a1a1a1a1a1a1, a1a1a2a2a1a1");
}

#[test]
fn of_a_targets_incidents_the_latest_is_meant_or_the_one_whose_time_begins_so() {
    let record = TargetRecord::new(service("api"));
    let opened = BTreeSet::from([at("03:00:00"), at("21:00:04")]);
    assert_eq!(which(&record, &opened, None).unwrap(), at("21:00:04"));
    assert_eq!(which(&record, &opened, Some("2026-11-20T03")).unwrap(), at("03:00:00"));
    let both = which(&record, &opened, Some("2026-11-20")).unwrap_err().to_string();
    assert!(both.ends_with("shop/api@2026-11-20T21:00:04Z, shop/api@2026-11-20T03:00:00Z"), "{both}");
    assert_eq!(
        which(&record, &opened, Some("2026-11-01T00:00:00Z")).unwrap().to_string(),
        "2026-11-01T00:00:00Z"
    );
    let none = which(&record, &BTreeSet::new(), None).unwrap_err().to_string();
    assert_eq!(none, "no incident of service api in shop is known");
}
