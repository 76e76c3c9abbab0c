//! SIGKILL between delivery and answer, at every call that a function makes, before and after its effect: no alert is lost,
//! none is told twice but in the one gap that cannot be closed, and no incident is opened twice.
//!
//! `STEWARD_CRASHES=50` kills fifty times each instead of ten.

use std::collections::BTreeMap;
use std::time::Duration;

use steward_sim::house::{House, Plan};
use steward_sim::lambda::gateway::{Injected, When};
use steward_sim::lambda::runtime::{Function, InvokeError};
use steward_sim::lambda::source::{Batch, BatchOutcome, Source};

use crate::support::{PATIENCE, house, plan, run, services, stop, times_told};

/// Whether the call takes effect before the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

use Side::{After, Before};

/// Where a process dies: at the `nth` call of an operation about a subject, before or after its effect.
#[derive(Debug, Clone, Copy)]
struct Place {
    operation: &'static str,
    nth: u64,
    side: Side,
    /// What the call is for.
    purpose: &'static str,
    /// How often Slack, and SNS, may have told the subject in the end.
    told_at_most: (usize, usize),
}

const fn place(
    operation: &'static str,
    nth: u64,
    side: Side,
    purpose: &'static str,
    told_at_most: (usize, usize),
) -> Place {
    Place { operation, nth, side, purpose, told_at_most }
}

/// Remediation tells nobody, so nothing that befalls it may let anything be told twice.
const ONCE: (usize, usize) = (1, 1);
const REMEDIATION: [Place; 10] = [
    place("TransactWriteItems", 1, After, "incident and news", ONCE),
    place("TransactWriteItems", 1, Before, "incident and news", ONCE),
    place("SendMessage", 1, Before, "nudge", ONCE),
    place("SendMessage", 1, After, "nudge", ONCE),
    place("GetItem", 1, Before, "target", ONCE),
    place("GetItem", 1, After, "target", ONCE),
    place("GetItem", 2, Before, "news", ONCE),
    place("GetItem", 2, After, "news", ONCE),
    place("GetParameters", 1, Before, "configuration", ONCE),
    place("GetParameters", 1, After, "configuration", ONCE),
];

/// Both channels are sent to at the same time. The gap is between a send and its note: a process that dies in it has told,
/// and nobody knows.
const NOTIFICATIONS: [Place; 18] = [
    place("PostMessage", 1, After, "Slack", (2, 2)),
    place("PostMessage", 1, Before, "Slack", (1, 2)),
    place("Publish", 1, After, "mail", (2, 2)),
    place("Publish", 1, Before, "mail", (2, 1)),
    place("TransactWriteItems", 1, Before, "lease", ONCE),
    place("TransactWriteItems", 1, After, "lease", ONCE),
    place("PutItem", 1, Before, "first note", (2, 2)),
    place("PutItem", 1, After, "first note", (2, 2)),
    place("PutItem", 4, Before, "news are told", ONCE),
    place("PutItem", 4, After, "news are told", ONCE),
    place("BatchGetItem", 1, Before, "subject", ONCE),
    place("BatchGetItem", 1, After, "subject", ONCE),
    place("PutItem", 2, Before, "second note", (2, 2)),
    place("PutItem", 2, After, "second note", ONCE),
    place("PutItem", 3, Before, "lease given back", ONCE),
    place("PutItem", 3, After, "lease given back", ONCE),
    place("GetParameters", 1, Before, "configuration", ONCE),
    place("GetParameters", 1, After, "configuration", ONCE),
];

/// How often each function is killed.
pub(crate) fn crashes() -> usize {
    std::env::var("STEWARD_CRASHES").map_or(10, |count| count.parse().expect("STEWARD_CRASHES is a number"))
}

/// One message a batch and one batch at a time: each crash is of one subject.
fn one_at_a_time() -> Plan {
    Plan { concurrency: 1, tell_batch: 1, tick: Some(Duration::from_secs(1)), ..plan() }
}

fn inject(house: &House, function: &Function, place: Place, service: &str) -> Injected {
    let when = When::any().function(function.name()).operation(place.operation).nth(place.nth);
    // The configuration is of no service.
    let when = if place.operation == "GetParameters" { when } else { when.mentions(service) };
    match place.side {
        Before => house.gateway.kill_before(when, function),
        After => house.gateway.kill_after(when, function),
    }
}

/// Kills `function` once for each service, at the next of `places`.
async fn kill(house: &House, function: &Function, places: &[Place], names: &[String]) -> Vec<Injected> {
    let mut kills = Vec::new();
    for ((task, name), place) in (0..).zip(names).zip(places.iter().cycle()) {
        if place.operation == "GetParameters" {
            // Only a cold start reads the configuration before everything else.
            function.shutdown().await;
        }
        let injected = inject(house, function, *place, name);
        house.send(&stop(name, task).to_string()).unwrap();
        let hit = tokio::time::timeout(PATIENCE, house.gateway.hit(injected, 1)).await;
        hit.unwrap_or_else(|_| panic!("{place:?} was never reached: {:#?}", function.logs()));
        kills.push(injected);
    }
    kills
}

/// Each crash with the last call that its process made.
fn report(house: &House, kills: &[Injected], places: &[Place]) -> String {
    let line = |(injected, place): (&Injected, &Place)| {
        let calls = house.gateway.hits(*injected);
        let call = &calls[0];
        let effect = if call.succeeded() { "had its effect" } else { "had none" };
        format!(
            "{:<18} {:?} its effect ({}): call {} {effect}",
            place.operation, place.side, place.purpose, call.number
        )
    };
    kills.iter().zip(places.iter().cycle()).map(line).collect::<Vec<_>>().join("\n")
}

/// How many crashes came between the delivery of a batch and its answer.
pub(crate) fn interrupted(source: &Source) -> usize {
    let has_crashed =
        |batch: &Batch| matches!(batch.outcome, BatchOutcome::Failed(InvokeError::Crashed { .. }));
    source.batches().iter().filter(|batch| has_crashed(batch)).count()
}

fn check(house: &House, names: &[String], places: &[Place], report: &str) {
    let mails: Vec<String> = house.mails().into_iter().map(|mail| mail.subject).collect();
    let (slack, mail) = (times_told(&house.slack_titles(), names), times_told(&mails, names));
    let mut twice = BTreeMap::new();
    for (name, place) in names.iter().zip(places.iter().cycle()) {
        for (told, at_most, channel) in
            [(slack[name], place.told_at_most.0, "Slack"), (mail[name], place.told_at_most.1, "SNS")]
        {
            assert!((1..=at_most).contains(&told), "{channel} told {name} {told} times: {place:?}\n{report}");
            if told > 1 {
                twice.insert(format!("{name} in {channel}"), place.purpose);
            }
        }
    }
    println!("{report}\ntold twice, in the gap: {twice:?}");
}

/// Kills the function that `source` feeds again and again, and looks at what people were told in the end.
fn withstands(parts: impl Fn(&House) -> (&Function, &Source), places: &[Place]) {
    run(async {
        let house = house(&one_at_a_time()).await;
        let (function, source) = parts(&house);
        let names = services(crashes());
        let kills = kill(&house, function, places, &names).await;
        let settled = house.settles(PATIENCE).await.unwrap();
        let report = report(&house, &kills, places);
        assert!(settled, "{report}");
        let (killed, interrupted) = (kills.len(), interrupted(source));
        println!("{killed} crashes of {}: {interrupted} between delivery and answer", function.name());
        assert!(
            interrupted <= killed && interrupted * 10 >= killed * 8,
            "{interrupted} of {killed}\n{report}"
        );
        assert_eq!(house.keys("r#INCIDENT#").await.unwrap().len(), names.len());
        check(&house, &names, places, &report);
    });
}

#[test]
fn remediation_may_be_killed_at_any_call_and_nothing_is_lost_or_told_twice() {
    withstands(|house| (&house.remediation, &house.events), &REMEDIATION);
}

#[test]
fn notifications_may_be_killed_at_any_call_and_only_the_gap_tells_twice() {
    withstands(|house| (&house.notifications, &house.tell), &NOTIFICATIONS);
}
