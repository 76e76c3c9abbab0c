use std::collections::BTreeSet;

use steward::arn::ClusterArn;
use steward::diagnosis::Cause;
use steward::incident::Story;
use steward::ledger::{Key, LedgerError, MemoryLedger, Record};

use super::sample::{
    at, cluster, failing, family, helped, incident, keep, over, plan, proposed, service, unknown,
};
use super::which::since;
use super::*;
use crate::jobs::sample::block_on;

fn names(open: &Open) -> Vec<String> {
    open.incidents.iter().map(|incident| short(&incident.target)).collect()
}

#[test]
fn what_is_open_is_found_by_the_index_and_what_is_over_is_not_read() {
    let ledger = MemoryLedger::new();
    let api = service("api");
    keep(&ledger, failing(&api, 3, at("21:00:00")), &[proposed(&api, at("21:00:04"))]);
    keep(&ledger, failing(&family("report"), 1, at("21:30:00")), &[]);
    for number in 0..200 {
        let target = service(&format!("quiet-{number}"));
        let story = failing(&target, 1, at("20:00:00"));
        let incident = story.incident.clone().map(|incident| over(incident, "20:10:00"));
        keep(&ledger, Story { incident, ..story }, &[helped(&target, at("20:00:04"))]);
    }
    let before = ledger.usage().reads;
    let open = block_on(open(&ledger, at("22:00:00"))).unwrap();
    assert_eq!(names(&open), ["family:shop/report", "shop/api"], "the newest first");
    assert_eq!(open.actions.iter().map(|it| it.state.as_str()).collect::<Vec<_>>(), ["proposed"]);
    assert!(ledger.usage().reads - before < 10, "{}", ledger.usage().reads - before);
}

#[test]
fn an_action_of_which_nobody_knows_is_found_when_its_incident_is_long_over() {
    let ledger = MemoryLedger::new();
    let api = service("api");
    let story = failing(&api, 3, at("21:00:00"));
    let incident = story.incident.clone().map(|incident| over(incident, "21:30:00"));
    keep(&ledger, Story { incident, ..story }, &[unknown(&api, at("21:00:04"))]);
    let open = block_on(open(&ledger, at("23:00:00"))).unwrap();
    assert_eq!(open.actions.iter().map(|it| it.state.as_str()).collect::<Vec<_>>(), ["unknown"]);
    assert!(open.incidents.is_empty());
}

#[test]
fn an_item_of_a_newer_version_is_named_and_hides_no_other() {
    let ledger = MemoryLedger::new();
    for name in ["api", "web"] {
        keep(&ledger, failing(&service(name), 3, at("21:00:00")), &[]);
    }
    let newer = Key::incident(&service("web"), at("21:00:04"));
    ledger.damage(&newer, r#"{"schema":99,"record":{}}"#);
    let open = block_on(open(&ledger, at("22:00:00"))).unwrap();
    assert_eq!(names(&open), ["shop/api"]);
    assert_eq!(open.unreadable, [LedgerError::NewerSchema { key: newer, schema: 99 }]);
}

#[test]
fn all_that_was_is_found_by_reading_everything_page_by_page() {
    let ledger = MemoryLedger::new();
    for number in 0..150 {
        let target = service(&format!("api-{number}"));
        keep(&ledger, failing(&target, 1, at("20:00:00")), &[helped(&target, at("20:00:04"))]);
    }
    let shown = std::cell::RefCell::new(Vec::new());
    let keep = |record: &Record| matches!(record, Record::Incident(it) if it.target.name() != "api-7");
    let show = |text: &str| shown.borrow_mut().push(text.to_owned());
    let scanned = block_on(scan(&ledger, Key::INCIDENTS, at("21:00:00"), keep, show)).unwrap();
    assert_eq!((scanned.records.len(), scanned.read), (149, 450));
    assert_eq!(shown.borrow().last().unwrap(), "450 items read, 149 found");
    assert_eq!(shown.borrow().len(), 5);
    // What the table has not forgotten yet counts as absent.
    let later = at("21:00:00") + jiff::SignedDuration::from_hours(24 * 400);
    let scanned = block_on(scan(&ledger, Key::ACTIONS, later, |_| true, |_| ())).unwrap();
    assert_eq!((scanned.records.len(), scanned.read), (0, 450));
}

#[derive(clap::Parser)]
struct Parsed {
    #[command(flatten)]
    which: Where,
}

fn which(arguments: &[&str]) -> Where {
    let arguments = ["steward"].iter().chain(arguments);
    <Parsed as clap::Parser>::parse_from(arguments).which
}

#[test]
fn what_is_meant_is_said_by_place_and_time() {
    let open = incident(&service("checkout-api"), 3, at("21:00:00"));
    let closed = over(open.clone(), "21:20:00");
    let now = at("23:00:00");
    for (arguments, is_open, is_closed) in [
        (&[][..], true, true),
        (&["--cluster", "shop", "--service", "check*"], true, true),
        (&["--cluster", "sh"], false, false),
        (&["--service", "api"], false, false),
        (&["--since", "2h"], true, true),
        (&["--since", "110m"], false, true),
        (&["--since", "2026-11-20T21:02:01Z"], false, true),
        (&["--since", "2026-11-20T21:02:00Z"], true, true),
        (&["--since", "2026-11-21"], false, false),
    ] {
        let which = which(arguments);
        assert_eq!((which.has(&open, now), which.has(&closed, now)), (is_open, is_closed), "{arguments:?}");
    }
    let action = helped(&service("checkout-api"), at("21:00:04"));
    assert!(
        which(&["--since", "2026-11-20T21:09:04Z"]).has_action(&action, now),
        "when it was judged counts"
    );
    assert!(!which(&["--since", "2026-11-20T21:09:05Z"]).has_action(&action, now));
    assert!(since("yesterday").unwrap_err().starts_with("so long ago, such as 2h or 7d"));
    assert_eq!(cause("image_not_found"), Ok(Cause::ImageNotFound));
}

fn found(ledger: &MemoryLedger, text: &str) -> Result<String, String> {
    let named = Named::parse(text).map_err(|error| error.to_string())?;
    let arn = |name: &str| {
        let arn = format!("arn:aws:ecs:eu-central-1:123456789012:cluster/{name}");
        Some(if name.starts_with("arn:") { ClusterArn::new(name) } else { ClusterArn::new(arn) })
    };
    let known = BTreeSet::from([cluster()]);
    let found = block_on(in_ledger(ledger, &named, arn, &known, at("22:00:00")));
    found.map(|record| record.target.to_string()).map_err(|error| error.to_string())
}

#[test]
fn a_target_is_found_by_whatever_people_have_at_hand() {
    let ledger = MemoryLedger::new();
    for target in [service("api"), family("report"), service("both"), family("both")] {
        keep(&ledger, failing(&target, 1, at("21:00:00")), &[]);
    }
    for (text, target) in [
        ("shop/api", "service api in shop"),
        ("api", "service api in shop"),
        ("service:shop/api", "service api in shop"),
        ("arn:aws:ecs:eu-central-1:123456789012:service/shop/api", "service api in shop"),
        ("arn:aws:ecs:eu-central-1:123456789012:service/api", "service api in shop"),
        ("shop/report", "task report in shop"),
        ("family:report", "task report in shop"),
        ("arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7", "task report in shop"),
        ("family:shop/both", "task both in shop"),
        ("service:shop/both", "service both in shop"),
    ] {
        assert_eq!(found(&ledger, text).as_deref(), Ok(target), "{text}");
    }
    let several = found(&ledger, "shop/both").unwrap_err();
    assert_eq!(several, "there are several; name one: service:shop/both, family:shop/both");
    for text in ["", "shop/", "/api", "a/b/c", "pod:shop/api", "arn:aws:ecs:r:1:cluster/shop", "two words"] {
        assert!(
            found(&ledger, text).unwrap_err().contains("names no target: write CLUSTER/SERVICE"),
            "{text}"
        );
    }
    let unknown = found(&ledger, "shop/web").unwrap_err();
    assert!(unknown.starts_with("nothing was ever heard of `shop/web`"), "{unknown}");
    assert!(found(&ledger, "other/api").is_err(), "another cluster's");
}

#[test]
fn what_programs_get_has_the_fields_that_the_documentation_names() {
    let api = service("api");
    let action = helped(&api, at("21:00:04"));
    let incident = sample::noted(incident(&api, 3, at("21:00:00")), &action);
    insta::assert_json_snapshot!([incident_json(&incident), action_json(&action)]);
    let id = plan(&api, at("21:00:04")).id;
    assert_eq!(incident_json(&incident)["actions"][0]["id"], id.as_str());
}
