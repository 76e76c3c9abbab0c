//! From an event to what people read.

use std::time::Duration;

use serde_json::{Value, json};
use steward_sim::house::{EVENTS, House, Mail, Plan, TELL};
use steward_sim::lambda::gateway::When;
use steward_sim::slack::Reply;

use crate::support::{PATIENCE, applied, house, plan, run, services, stop, times_told};

/// No message comes again only because a machine is slow.
fn unhurried() -> Plan {
    Plan { visibility: Duration::from_secs(30), ..plan() }
}

#[test]
fn an_event_becomes_one_message_in_slack_and_one_mail() {
    run(async {
        let house = house(&plan()).await;
        house.send(&stop("api", 1).to_string()).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap(), "{:#?}", house.notifications.logs());
        let titles = house.slack_titles();
        assert_eq!(titles.len(), 1, "{titles:?}");
        assert!(
            titles[0].contains("service api in shop") && titles[0].contains("(out_of_memory)"),
            "{titles:?}"
        );
        let mails = house.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].subject.starts_with("WARNING: service api in shop: "), "{}", mails[0].subject);
        assert!(
            mails[0].text.contains("\nEvidence:\n> container app: OutOfMemoryError"),
            "{}",
            mails[0].text
        );
        assert_eq!(house.keys("r#INCIDENT#").await.unwrap().len(), 1);
        assert_eq!((house.counts(EVENTS).unwrap().1.total(), house.counts(TELL).unwrap().1.total()), (0, 0));
    });
}

#[test]
fn copies_of_one_event_in_any_number_are_one_alert() {
    run(async {
        let house = house(&plan()).await;
        let event = stop("api", 1).to_string();
        for _ in 0..40 {
            house.send(&event).unwrap();
        }
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!((house.slack_titles().len(), house.mails().len()), (1, 1));
    });
}

#[test]
fn without_any_configuration_news_gather_for_the_default_time() {
    run(async {
        let mut plan = plan();
        plan.parameters.clear();
        let house = house(&plan).await;
        for task in 0..3 {
            house.send(&stop("api", task).to_string()).unwrap();
        }
        assert!(house.sqs.reaches(TELL, PATIENCE, |counts| counts.delayed > 0).await.unwrap());
        assert!(house.sqs.drained(EVENTS, PATIENCE).await.unwrap());
        assert!(house.slack_titles().is_empty(), "the grouping window is 15 s");
        assert!(house.settles(PATIENCE).await.unwrap());
        let posted = house.slack.posted();
        assert_eq!(posted.len(), 1);
        assert!(posted[0].to_string().contains("3 failures"), "{posted:?}");
    });
}

#[test]
fn a_configuration_that_cannot_be_read_lets_records_return_and_loses_none() {
    run(async {
        let mut plan = plan();
        let whole = applied(json!({"version": 1, "notifications": {"grouping": "0s"}}));
        plan.parameters.retain(|name, _| name.ends_with("/current"));
        assert_eq!(plan.parameters.len(), 1, "a pointer to a section that is missing: {whole:?}");
        let house = house(&plan).await;
        house.send(&stop("api", 1).to_string()).unwrap();
        house.events.ended(1).await;
        assert_eq!(house.keys("r#").await.unwrap(), Vec::<String>::new());
        let logs = house.remediation.json_logs();
        assert!(
            logs.iter().any(|line| line.to_string().contains("the configuration cannot be read")),
            "{logs:#?}"
        );
        put_parameters(&house, &whole).await;
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!(house.slack_titles().len(), 1);
    });
}

async fn put_parameters(house: &House, parameters: &std::collections::BTreeMap<String, String>) {
    for (name, value) in parameters {
        let parameter = json!({"Name": name, "Type": "String", "Value": value, "Overwrite": true});
        house.moto.call("ssm", "AmazonSSM.PutParameter", &parameter).await.unwrap();
    }
}

#[test]
fn slack_asks_for_a_pause_and_gets_it_while_the_mail_goes_out_at_once() {
    run(async {
        let house = house(&unhurried()).await;
        // A shorter one is waited out by the invocation.
        house.slack.script([Reply::RateLimited(4)]);
        house.send(&stop("api", 1).to_string()).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap());
        let deliveries = house.slack.deliveries();
        assert_eq!(
            deliveries.iter().map(|delivery| delivery.status).collect::<Vec<_>>(),
            [Some(429), Some(200)]
        );
        let waited = deliveries[1].at.duration_since(deliveries[0].at);
        assert!(waited.as_millis() >= 3_900, "{waited:?}");
        let mails = house.mails();
        assert_eq!(mails.len(), 1);
        assert!(mails[0].at < deliveries[1].at, "Slack held the mail up");
        let postponed = house.gateway.calls_of(&When::any().operation("ChangeMessageVisibility"));
        assert_eq!(postponed.len(), 1);
    });
}

#[test]
fn a_slack_that_is_gone_for_good_holds_up_no_mail_is_told_of_by_mail_and_stays_due() {
    run(async {
        let house = house(&unhurried()).await;
        house.slack.always(Reply::NoService);
        let names = services(3);
        for (task, name) in (0..).zip(&names) {
            house.send(&stop(name, task).to_string()).unwrap();
        }
        assert!(house.sqs.drained(EVENTS, PATIENCE).await.unwrap());
        assert!(house.sqs.drained(TELL, PATIENCE).await.unwrap(), "nothing comes again before the half hour");
        let (trouble, alerts): (Vec<Mail>, Vec<Mail>) =
            house.mails().into_iter().partition(|mail| mail.subject.contains("channel slack"));
        let subjects: Vec<String> = alerts.into_iter().map(|mail| mail.subject).collect();
        let told = times_told(&subjects, &names);
        assert!(told.values().all(|times| *times == 1), "{told:?}");
        let [trouble] = trouble.as_slice() else { panic!("{trouble:#?}") };
        assert_eq!(trouble.subject, "CRITICAL: alerts do not reach channel slack");
        assert!(trouble.text.contains("Slack refuses the message (404 no_service)"), "{}", trouble.text);
        assert_eq!(house.slack.deliveries().len(), 3, "of each once");
        let due = house.due().await.unwrap();
        assert!(names.iter().all(|name| due.iter().any(|key| key.contains(name.as_str()))), "{due:?}");
    });
}

#[test]
fn a_slack_that_never_answers_holds_up_no_mail_and_is_left_alone_for_a_minute() {
    run(async {
        let house = house(&unhurried()).await;
        house.slack.script([Reply::Hang]);
        house.send(&stop("api", 1).to_string()).unwrap();
        house.tell.ended(1).await;
        let [mail] = house.mails().try_into().unwrap();
        let asked = house.slack.deliveries()[0].at;
        assert!(
            mail.at.duration_since(asked).as_secs() < 4,
            "Slack, which has four seconds, held the mail up"
        );
        let logs = house.notifications.json_logs();
        assert!(
            logs.iter().any(|line| line.to_string().contains("no answer from Slack in time")),
            "{logs:#?}"
        );
        let tell = house.sqs.look(TELL).unwrap();
        assert_eq!((tell.len(), house.slack.posted().len()), (1, 0), "the message waits");
    });
}

#[test]
fn lines_of_the_log_have_the_fields_of_powertools_and_metrics_their_format() {
    run(async {
        let house = house(&plan()).await;
        house.send(&stop("api", 1).to_string()).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap());
        let logs = house.remediation.json_logs();
        let explained = logs.iter().find(|line| line["message"] == "explained").unwrap();
        for field in [
            "level",
            "location",
            "message",
            "timestamp",
            "service",
            "cold_start",
            "function_name",
            "function_memory_size",
            "function_arn",
            "function_request_id",
            "xray_trace_id",
        ] {
            assert!(!explained[field].is_null(), "{field} in {explained}");
        }
        assert_eq!(
            (&explained["cause"], &explained["service"]),
            (&json!("out_of_memory"), &json!("remediation"))
        );
        assert_eq!(explained["configuration_version"], 1);
        assert!(explained["xray_trace_id"].as_str().unwrap().starts_with("1-"), "{explained}");
        let counted: Vec<&Value> = logs.iter().filter(|line| line["_aws"].is_object()).collect();
        assert!(counted.iter().any(|line| line["EventsHandled"] == 1 && line["News"] == 1), "{counted:?}");
        for line in house.remediation.logs().iter().chain(&house.notifications.logs()) {
            assert!(line.json().is_some() || line.text.starts_with("[runtime]"), "no JSON: {line:?}");
        }
    });
}

#[test]
fn a_function_hears_sigterm_and_ends_by_itself() {
    run(async {
        let house = house(&plan()).await;
        house.send(&stop("api", 1).to_string()).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap());
        let exits = house.shut_down().await;
        assert!(
            !exits.is_empty() && exits.iter().all(|exit| exit.to_string() == "exit status 0"),
            "{exits:?}"
        );
        let logs = house.remediation.json_logs();
        assert!(
            logs.iter().any(|line| line.to_string().contains("SIGTERM: nothing is held in memory")),
            "{logs:?}"
        );
    });
}

#[test]
fn raw_events_and_requests_are_answered_in_words() {
    run(async {
        let house = house(&plan()).await;
        let event = stop("api", 1).to_string();
        let answer: Value = serde_json::from_slice(&house.remediation.invoke(event).await.unwrap()).unwrap();
        assert_eq!((&answer[0]["cause"], &answer[0]["action"]), (&json!("out_of_memory"), &json!("observe")));
        for function in [&house.remediation, &house.notifications] {
            let answer = function.invoke(r#"{"steward":"sweep"}"#).await.unwrap();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["failed"], 0, "{answer}");
        }
        let error = house.remediation.invoke(r#"{"steward":"dance"}"#).await.unwrap_err().to_string();
        assert!(error.contains("Steward.Payload") && error.contains("unknown variant `dance`"), "{error}");
        let error = house.notifications.invoke(r#"{"hello":1}"#).await.unwrap_err().to_string();
        assert!(error.contains("Steward.Payload") && error.contains("not a request"), "{error}");
    });
}
