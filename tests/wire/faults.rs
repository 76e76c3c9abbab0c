//! What AWS does on a bad day: messages return, and nothing is lost.

use std::time::Duration;

use steward_sim::house::{EVENTS, House, Plan, TELL};
use steward_sim::lambda::gateway::{Fault, Injected, When};

use crate::support::{PATIENCE, house, plan, run, services, stop, times_told};

fn with_sweeps() -> Plan {
    Plan { tick: Some(Duration::from_secs(1)), ..plan() }
}

fn send(house: &House, names: &[String]) {
    for (task, name) in (0..).zip(names) {
        house.send(&stop(name, task).to_string()).unwrap();
    }
}

/// Each service once, in Slack and by mail, and nothing was given up.
async fn check_each_told_once(house: &House, names: &[String]) {
    assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.notifications.logs().last());
    let mails: Vec<String> = house.mails().into_iter().map(|mail| mail.subject).collect();
    for told in [times_told(&house.slack_titles(), names), times_told(&mails, names)] {
        assert!(told.values().all(|times| *times == 1), "{told:?}");
    }
    assert_eq!(house.keys("r#INCIDENT#").await.unwrap().len(), names.len());
    assert_eq!((house.counts(EVENTS).unwrap().1.total(), house.counts(TELL).unwrap().1.total()), (0, 0));
}

#[test]
fn a_tell_queue_that_was_purged_is_healed_by_the_sweep() {
    run(async {
        let mut house = house(&plan()).await;
        house.tell.pause();
        let names = services(5);
        send(&house, &names);
        assert!(house.sqs.reaches(TELL, PATIENCE, |counts| counts.total() == 5).await.unwrap());
        house.sqs.purge(TELL).unwrap();
        house.tell.resume();
        assert_eq!(house.counts(TELL).unwrap().0.total(), 0);
        house.tick_every(Duration::from_secs(1));
        check_each_told_once(&house, &names).await;
    });
}

#[test]
fn a_tell_queue_that_takes_nothing_delays_alerts_and_loses_none() {
    run(async {
        let house = house(&with_sweeps()).await;
        let lost = When::any().operation("SendMessage").first(20);
        let injected = house.gateway.inject(lost, Fault::Unavailable);
        let names = services(4);
        send(&house, &names);
        check_each_told_once(&house, &names).await;
        assert!(!house.gateway.hits(injected).is_empty());
        let logs = house.remediation.json_logs();
        let said = logs.iter().find(|line| line["error_type"] == "Steward.Nudge").expect("a nudge was lost");
        assert!(
            said["message"].as_str().unwrap().contains("SendMessage on the tell queue for incident of"),
            "{said}"
        );
    });
}

#[test]
fn a_table_that_is_throttled_lets_messages_return_and_loses_nothing() {
    run(async {
        let house = house(&with_sweeps()).await;
        let injected = house.gateway.inject(When::any().service("dynamodb").first(40), Fault::Throttle);
        let names = services(6);
        send(&house, &names);
        check_each_told_once(&house, &names).await;
        assert_eq!(house.gateway.hits(injected).len(), 40);
        let logs = house.remediation.json_logs();
        let said =
            logs.iter().find(|line| line["error_type"] == "Steward.Event").expect("a message returned");
        assert!(
            said["message"].as_str().unwrap().contains("an event returns to its queue: GetItem of r#TARGET#"),
            "{said}"
        );
    });
}

#[test]
fn a_table_that_is_down_for_a_while_lets_messages_return_and_loses_nothing() {
    run(async {
        let house = house(&with_sweeps()).await;
        let names = services(6);
        house.gateway.down("dynamodb");
        send(&house, &names);
        house.events.ended(2).await;
        assert!(house.slack_titles().is_empty());
        house.gateway.up("dynamodb");
        check_each_told_once(&house, &names).await;
    });
}

#[test]
fn a_write_whose_answer_is_lost_is_not_written_or_told_twice() {
    run(async {
        let house = house(&with_sweeps()).await;
        // Of each service another write: the incident; the lease, with when it was opened; both notes; that the lease is
        // given back, and that the news are told.
        let writes = [
            ("TransactWriteItems", 1),
            ("TransactWriteItems", 2),
            ("PutItem", 1),
            ("PutItem", 2),
            ("PutItem", 3),
            ("PutItem", 4),
        ];
        let names = services(writes.len());
        let injected: Vec<Injected> = writes
            .iter()
            .zip(&names)
            .map(|((operation, nth), name)| {
                house
                    .gateway
                    .inject(When::any().operation(operation).mentions(name).nth(*nth), Fault::LoseAnswer)
            })
            .collect();
        send(&house, &names);
        check_each_told_once(&house, &names).await;
        assert!(injected.iter().all(|injected| house.gateway.hits(*injected).len() == 1));
    });
}

#[test]
fn a_call_that_is_never_answered_lets_its_message_return_in_order() {
    run(async {
        let house = house(&with_sweeps()).await;
        // The SDK gives each try four seconds and a call ten; the invocation has twelve.
        let of_table = When::any().function("remediation").service("dynamodb").operation("GetItem");
        let held = house.gateway.inject(of_table.first(3), Fault::Hold);
        let names = services(1);
        send(&house, &names);
        check_each_told_once(&house, &names).await;
        assert_eq!(house.gateway.hits(held).len(), 3);
        assert!(house.remediation.invocations().iter().all(|invocation| invocation.error.is_none()));
    });
}

#[test]
fn an_invocation_that_runs_out_of_time_is_ended_and_its_messages_come_again() {
    run(async {
        let (timeout, visibility) = (Duration::from_secs(3), Duration::from_secs(5));
        let house = house(&Plan { timeout, visibility, ..with_sweeps() }).await;
        let of_table = When::any().function("remediation").service("dynamodb").operation("GetItem");
        house.gateway.inject(of_table.first(1), Fault::Hold);
        let names = services(2);
        send(&house, &names);
        check_each_told_once(&house, &names).await;
        let ended: Vec<String> =
            house.remediation.invocations().into_iter().filter_map(|invocation| invocation.error).collect();
        assert!(ended.len() == 1 && ended[0].contains("timed out"), "{ended:?}");
    });
}
