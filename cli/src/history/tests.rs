use steward::incident::Observation;
use steward::ledger::{Key, MemoryLedger, Recent, Record, Transaction, Write};
use steward::ports::Ledger;

use super::{read, text};
use crate::jobs::sample::{block_on, written};
use crate::open::sample::{at, failing, helped, is_documented, keep, over, service};
use crate::terminal::WIDTH;

#[test]
fn what_became_of_a_target_stands_in_order_with_when_and_why_it_ended() {
    let ledger = MemoryLedger::new();
    let api = service("api");
    let earlier = over(failing(&api, 2, at("09:00:00")).incident.unwrap(), "09:30:00");
    let write = Write::new(Key::incident(&api, earlier.opened_at), None, Record::Incident(earlier.clone()));
    let recent = Record::Recent(Recent::none(api.clone()).with(earlier.opened_at));
    let writes = vec![write, Write::new(Key::recent(&api), None, recent)];
    block_on(ledger.commit(Transaction { writes })).unwrap();
    let mut story = failing(&api, 12, at("21:00:00"));
    for (id, time, status) in [
        ("ecs-svc/7300", "08:00:00", steward::incident::DeploymentStatus::Completed),
        ("ecs-svc/7301", "20:58:00", steward::incident::DeploymentStatus::InProgress),
    ] {
        let step = steward::incident::Step { at: at(time), status, reason: None };
        let id = steward::arn::DeploymentId::new(id);
        story.apply(Observation::Deployment { id, step, is_rollback: false }, at("21:12:00"));
    }
    let opened = story.record.incident.unwrap();
    let record = story.record.clone();
    keep(&ledger, story, &[helped(&api, opened)]);
    let record =
        block_on(ledger.read(&[Key::target(&record.target)])).unwrap().pop().flatten().unwrap().record;
    let Record::Target(record) = record else { panic!() };
    let mut unreadable = Vec::new();
    let entries =
        block_on(read::read(&ledger, &record, Vec::new(), at("22:00:00"), &mut unreadable)).unwrap();
    assert!(unreadable.is_empty());
    let text = written(|out| text::write(out, &record, &entries, false, at("22:00:00")));
    for line in text.lines() {
        assert!(textwrap::core::display_width(line) <= WIDTH, "{line}");
    }
    is_documented("history shop/api", &text);
    let types: Vec<String> =
        entries.iter().map(|entry| entry.json(&record)["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types, ["deployment", "incident", "deployment", "incident", "action", "deployment"]);
}

#[test]
fn incidents_that_were_found_otherwise_are_shown_once() {
    let ledger = MemoryLedger::new();
    let api = service("api");
    let story = failing(&api, 2, at("21:00:00"));
    let (record, incident) = (story.record.clone(), story.incident.clone().unwrap());
    keep(&ledger, story, &[]);
    let others = vec![incident, failing(&api, 2, at("03:00:00")).incident.unwrap()];
    let entries = block_on(read::read(&ledger, &record, others, at("22:00:00"), &mut Vec::new())).unwrap();
    assert_eq!(
        entries.iter().map(super::read::Entry::at).collect::<Vec<_>>(),
        [at("03:00:04"), at("21:00:00"), at("21:00:04")],
        "the deployment that fails among them"
    );
}
