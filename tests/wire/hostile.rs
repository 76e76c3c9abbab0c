//! What nobody meant, on the wire: damaged messages and items, events of elsewhere, sizes at their limits. The rest is told
//! all the same, nothing is lost, and the log says what to do.

use std::time::Duration;

use serde_json::{Value, json};
use steward::event::decode::{MAX_EVENT_BYTES, MAX_PAYLOAD_BYTES};
use steward::ledger::{Key, SCHEMA};
use steward::notification::Subject;
use steward_sim::house::{EVENTS, House, HouseError, Plan, TABLE, TELL};
use steward_sim::lambda::queue::{MAX_BODY, QueueError};
use steward_sim::lambda::runtime::Function;

use crate::support::{PATIENCE, house, plan, run, services, stop, sweep_until_queued, target, times_told};

const EVENTS_DEAD: &str = "events-dead-letters";
const TELL_DEAD: &str = "tell-dead-letters";

/// A house that gives a message up after three receives. It is warm: a good message must not use up its receives while
/// processes start.
async fn strict_house() -> House {
    let house = house(&Plan { max_receive_count: 3, ..plan() }).await;
    for function in [&house.remediation, &house.notifications] {
        function.warm().await.unwrap();
    }
    house
}

/// Sends messages so that one batch has them all; answers their ids.
fn send_together(house: &House, bodies: &[String]) -> Vec<String> {
    house.events.pause();
    let sent = bodies.iter().map(|body| house.sqs.send(EVENTS, body, None).unwrap().message_id).collect();
    house.events.resume();
    sent
}

/// The bodies of a queue's messages, sorted.
fn bodies(house: &House, queue: &str) -> Vec<String> {
    let mut bodies: Vec<String> =
        house.sqs.look(queue).unwrap().iter().map(|message| message.body.to_string()).collect();
    bodies.sort();
    bodies
}

async fn given_up(house: &House, queue: &str, messages: usize) -> Vec<String> {
    let reached = house.sqs.reaches(queue, PATIENCE, |counts| counts.total() >= messages).await.unwrap();
    assert!(reached, "{queue} has {:?}", house.sqs.counts(queue));
    bodies(house, queue)
}

fn sorted(bodies: &[String]) -> Vec<String> {
    let mut bodies = bodies.to_vec();
    bodies.sort();
    bodies
}

fn told(house: &House, services: &[String]) -> Vec<usize> {
    times_told(&house.slack_titles(), services).into_values().collect()
}

/// The lines of a function's log about a message.
fn lines_of(function: &Function, message_id: &str) -> Vec<Value> {
    function.json_logs().into_iter().filter(|line| line["message_id"] == message_id).collect()
}

/// The lines of a function's log that name `text`.
fn lines(function: &Function, text: &str) -> Vec<Value> {
    function.json_logs().into_iter().filter(|line| line.to_string().contains(text)).collect()
}

fn metric(function: &Function, name: &str) -> u64 {
    function
        .json_logs()
        .iter()
        .filter(|line| line["_aws"].is_object())
        .filter_map(|line| line[name].as_u64())
        .sum()
}

async fn put_item(house: &House, item: Value) {
    let request = json!({"TableName": TABLE, "Item": item});
    house.moto.call("dynamodb", "DynamoDB_20120810.PutItem", &request).await.unwrap();
}

#[test]
fn what_ecs_adds_to_its_events_is_counted_and_stops_no_alert() {
    run(async {
        let house = strict_house().await;
        let mut event = stop("api", 1);
        event["newInTheEnvelope"] = json!(1);
        event["detail"]["newInTheDetail"] = json!({"deep": ["er"]});
        event["detail"]["containers"][0]["newInAContainer"] = json!("x");
        event["detail"]["stopCode"] = json!("StoppedByTheMoon");
        house.send(&event.to_string()).unwrap();
        let mut unheard_of = stop("web", 2);
        unheard_of["detail-type"] = json!("ECS Tea State Change");
        house.send(&unheard_of.to_string()).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap());
        let titles = house.slack_titles();
        assert!(titles.len() == 1 && titles[0].contains("(out_of_memory)"), "{titles:?}");
        assert_eq!(house.mails().len(), 1);
        assert_eq!(metric(&house.remediation, "FieldsUnknown"), 4);
        assert_eq!(
            (metric(&house.remediation, "EventsHandled"), metric(&house.remediation, "EventsFailed")),
            (2, 0)
        );
        assert_eq!(house.sqs.counts(EVENTS_DEAD).unwrap().total(), 0);
    });
}

#[test]
fn poison_among_events_is_given_up_unchanged_and_the_others_are_told() {
    run(async {
        let house = strict_house().await;
        let names = services(3);
        let mut damaged = stop("web", 9);
        damaged["detail"].as_object_mut().unwrap().remove("lastStatus");
        let poison = [
            "{\"detail-type\": \"ECS Task".to_owned(),
            r#"{"hello":["world"]}"#.to_owned(),
            damaged.to_string(),
        ];
        let mut batch: Vec<String> = poison.to_vec();
        for (task, name) in (0..).zip(&names) {
            batch.insert(usize::try_from(task).unwrap() * 2, stop(name, task).to_string());
        }
        let ids = send_together(&house, &batch);
        assert_eq!(given_up(&house, EVENTS_DEAD, 3).await, sorted(&poison));
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!(house.events.batches()[0].message_ids.len(), 6, "all in one batch");
        assert_eq!(told(&house, &names), [1, 1, 1]);
        assert_eq!(house.slack_titles().len(), 3);
        let id_of = |body: &String| &ids[batch.iter().position(|sent| sent == body).unwrap()];
        for (body, field, words) in [
            (
                &poison[0],
                "none",
                "not JSON: EOF while parsing a string at line 1, column 25; check that the file is whole",
            ),
            (
                &poison[1],
                "none",
                "not an ECS event: this is an object with `hello`; an event is an object with `detail",
            ),
            (
                &poison[2],
                "detail.lastStatus",
                "field `detail.lastStatus` is missing; compare the event with those in events/",
            ),
        ] {
            let about = lines_of(&house.remediation, id_of(body));
            assert_eq!(about.len(), 3, "one line each receive: {about:#?}");
            for line in &about {
                assert_eq!(
                    (&line["message_id"], &line["field"]),
                    (&json!(id_of(body)), &json!(field)),
                    "{line}"
                );
                assert_eq!((&line["level"], &line["error_type"]), (&json!("ERROR"), &json!("Steward.Event")));
                let message = line["message"].as_str().unwrap();
                assert!(
                    message.starts_with("an event returns to its queue: ") && message.contains(words),
                    "{line}"
                );
            }
        }
        assert_eq!(metric(&house.remediation, "EventsFailed"), 9);
    });
}

#[test]
fn poison_on_the_tell_queue_is_given_up_unchanged_and_the_news_are_told() {
    run(async {
        let house = strict_house().await;
        let poison =
            ["tell them", r#"{"steward":"sweep"}"#, r#"{"steward":"tell"}"#, "[]"].map(str::to_owned);
        let ids: Vec<String> =
            poison.iter().map(|body| house.sqs.send(TELL, body, None).unwrap().message_id).collect();
        house.send(&stop("api", 1).to_string()).unwrap();
        assert_eq!(given_up(&house, TELL_DEAD, 4).await, sorted(&poison));
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!((house.slack_titles().len(), house.mails().len()), (1, 1));
        for (id, words) in ids.iter().zip([
            "this is no JSON object",
            "a queue asks for subjects only",
            "missing field `subject`",
            "this is no JSON object",
        ]) {
            let about = lines_of(&house.notifications, id);
            assert_eq!(about.len(), 3, "one line each receive: {about:#?}");
            let line = &about[0];
            assert_eq!(
                (&line["message_id"], &line["error_type"]),
                (&json!(id), &json!("Steward.Payload")),
                "{line}"
            );
            let message = line["message"].as_str().unwrap();
            assert!(
                message.starts_with("a message returns: not a request: ") && message.contains(words),
                "{line}"
            );
            let requests = r#"one is {"steward":"sweep"}, {"steward":"run-job","job":"…"} or {"steward":"tell","subject":{…}}"#;
            assert!(message.contains(requests), "{line}");
        }
        assert_eq!(metric(&house.notifications, "MessagesReturned"), 12);
    });
}

/// An event of exactly so many bytes, most of them in one text.
fn event_of(service: &str, task: u32, bytes: usize, fill: impl Fn(&mut Value, String)) -> String {
    let mut event = stop(service, task);
    fill(&mut event, String::new());
    let missing = bytes - event.to_string().len();
    fill(&mut event, "x".repeat(missing));
    let text = event.to_string();
    assert_eq!(text.len(), bytes);
    text
}

#[test]
fn the_largest_events_are_handled_and_larger_ones_do_not_get_in() {
    run(async {
        let house = strict_house().await;
        let reason =
            |event: &mut Value, text: String| event["detail"]["containers"][0]["reason"] = json!(text);
        let unknown = |event: &mut Value, text: String| event["detail"]["new"] = json!(text);
        let too_large = event_of("api-000", 1, MAX_BODY + 1, reason);
        let Err(HouseError::Queue(refused)) = house.send(&too_large) else { panic!("SQS takes 1 MiB") };
        assert_eq!(refused, QueueError::BodyTooLarge { queue: EVENTS.to_owned(), bytes: MAX_BODY + 1 });
        house.send(&event_of("api-000", 2, MAX_BODY, reason)).unwrap();
        house.send(&event_of("api-001", 3, MAX_BODY, unknown)).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!(told(&house, &services(2)), [1, 1]);
        assert_eq!(house.mails().len(), 2);
        let largest = house.items().await.unwrap().iter().map(|item| item.to_string().len()).max().unwrap();
        assert!(largest < 20_000, "{largest} bytes of an item, of which DynamoDB takes 400 kB");
        assert_eq!(house.sqs.counts(EVENTS_DEAD).unwrap().total(), 0);
    });
}

#[test]
fn a_payload_beyond_all_limits_fails_by_name_and_says_what_to_do() {
    run(async {
        let house = strict_house().await;
        let body = "x".repeat(MAX_EVENT_BYTES + 1);
        let record = json!({"Records": [{"body": body}]}).to_string();
        let error = house.remediation.invoke(record).await.unwrap_err().to_string();
        assert!(
            error.contains("Steward.Event: an event of 1048577 bytes is larger than 1048576 bytes"),
            "{error}"
        );
        assert!(error.contains("split the input into single events"), "{error}");
        let payload = format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_PAYLOAD_BYTES));
        let error = house.remediation.invoke(payload).await.unwrap_err().to_string();
        assert!(
            error.contains("Steward.Payload: a payload of 8388616 bytes is larger than 8388608 bytes"),
            "{error}"
        );
        assert!(error.contains("split the input into single events"), "{error}");
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let error = house.remediation.invoke(deep).await.unwrap_err().to_string();
        assert!(error.contains("Steward.Payload: not JSON: recursion limit exceeded"), "{error}");
        // The processes have survived all of it.
        house.send(&stop("api", 1).to_string()).unwrap();
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!(house.slack_titles().len(), 1);
        let environments = house.remediation.environments();
        assert!(environments.iter().all(|environment| environment.exit.is_none()), "{environments:?}");
    });
}

#[test]
fn events_of_elsewhere_are_told_and_nothing_there_is_ever_changed() {
    run(async {
        let house = strict_house().await;
        let names = services(3);
        let mut events: Vec<Value> = (0..).zip(&names).map(|(task, name)| stop(name, task)).collect();
        events[1]["account"] = json!("999999999999");
        events[2]["region"] = json!("eu-north-1");
        let bodies: Vec<String> = events.iter().map(Value::to_string).collect();
        let ids = send_together(&house, &bodies);
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!(told(&house, &names), [1, 1, 1]);
        let words = "it is of another account or region: watched, but nothing there is ever changed";
        for (id, elsewhere) in ids.iter().zip([false, true, true]) {
            let line = lines_of(&house.remediation, id)
                .into_iter()
                .find(|line| line["message"] == "explained")
                .unwrap();
            assert_eq!(line["reasons"].as_str().unwrap().starts_with(words), elsewhere, "{line}");
        }
    });
}

#[test]
fn an_event_that_sns_wrapped_is_the_same_event() {
    run(async {
        let house = strict_house().await;
        let event = stop("api", 1).to_string();
        let wrapped = |message: &str| {
            json!({
                "Type": "Notification", "MessageId": "5e2a", "TopicArn": "arn:aws:sns:us-east-1:123456789012:ecs",
                "Message": message, "Timestamp": "2026-11-20T23:59:00.000Z", "SignatureVersion": "1",
            })
            .to_string()
        };
        let poison = wrapped(r#"{"hello":1}"#);
        let ids = send_together(
            &house,
            &[wrapped(&event), event.clone(), wrapped(&wrapped(&event)), poison.clone()],
        );
        assert_eq!(given_up(&house, EVENTS_DEAD, 1).await, [poison], "as it came, wrapping and all");
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!((house.slack_titles().len(), house.mails().len()), (1, 1));
        let about = lines_of(&house.remediation, &ids[3]);
        assert!(
            about[0].to_string().contains("not an ECS event: this is an object with `hello`"),
            "{about:?}"
        );
    });
}

#[test]
fn items_that_cannot_be_read_hold_up_their_own_target_only() {
    run(async {
        let house = strict_house().await;
        let names = services(5);
        let pk = |name: &str| Key::target(&target(name)).to_string();
        let text = |text: &str| json!({"S": text});
        let newer = r#"{"schema":7,"record":{"target_of_the_future":{}}}"#;
        put_item(&house, json!({"pk": text(&pk("api-000")), "version": {"N": "4"}, "item": text(newer)}))
            .await;
        let damaged = r#"{"schema":1,"record":{"target":"#;
        put_item(&house, json!({"pk": text(&pk("api-001")), "version": {"N": "4"}, "item": text(damaged)}))
            .await;
        put_item(&house, json!({"pk": text(&pk("api-002")), "version": {"N": "4"}})).await;
        let before = house.items().await.unwrap();
        let events: Vec<String> =
            (0..).zip(&names).map(|(task, name)| stop(name, task).to_string()).collect();
        let ids = send_together(&house, &events);
        assert_eq!(given_up(&house, EVENTS_DEAD, 3).await, sorted(&events[..3]), "an upgrade redrives them");
        assert!(house.settles(PATIENCE).await.unwrap());
        assert_eq!(house.events.batches()[0].message_ids.len(), 5, "all in one batch");
        assert_eq!(told(&house, &names), [0, 0, 0, 1, 1]);
        let newer_words =
            format!("has schema 7, newer than {SCHEMA}: upgrade this function before it may touch the item");
        for (id, (name, words)) in ids.iter().zip([
            ("api-000", newer_words.as_str()),
            ("api-001", "is not readable: EOF while parsing a value at line 1 column 31"),
            ("api-002", "is not readable: it has no `item`"),
        ]) {
            let about = lines_of(&house.remediation, id);
            let message = about[0]["message"].as_str().unwrap();
            assert!(message.contains(&format!("{} {words}", pk(name))), "{message}");
        }
        let after = house.items().await.unwrap();
        assert!(before.iter().all(|item| after.contains(item)), "what is not understood is not touched");
    });
}

#[test]
fn news_that_cannot_be_read_stay_due_and_hold_up_no_other() {
    run(async {
        let house = strict_house().await;
        let subject = Subject::Incident { target: target("web"), opened_at: jiff::Timestamp::UNIX_EPOCH };
        let pk = Key::news(&subject).to_string();
        let item = json!({
            "pk": {"S": pk}, "version": {"N": "1"}, "item": {"S": r#"{"schema":7,"record":{"gossip":{}}}"#},
            "due_owner": {"S": "x#"}, "due_at": {"N": "1"},
        });
        put_item(&house, item.clone()).await;
        // The messages of two services are lost, so that only the sweep can find their news, behind the one of the future.
        house.tell.pause();
        let names = services(2);
        for (task, name) in (0..).zip(&names) {
            house.send(&stop(name, task).to_string()).unwrap();
        }
        assert!(house.sqs.drained(EVENTS, PATIENCE).await.unwrap());
        house.sqs.purge(TELL).unwrap();
        let sweeps = sweep_until_queued(&house, 2).await;
        house.tell.resume();
        assert!(house.sqs.drained(TELL, PATIENCE).await.unwrap());
        assert_eq!(told(&house, &names), [1, 1]);
        let about = lines(&house.notifications, "news could not be queued");
        let expected = format!(
            "news could not be queued: {pk} has schema 7, newer than {SCHEMA}: upgrade this function"
        );
        assert!(
            about.len() == sweeps && about[0]["message"].as_str().unwrap().starts_with(&expected),
            "{about:?}"
        );
        assert_eq!((&about[0]["level"], &about[0]["error_type"]), (&json!("ERROR"), &json!("Steward.News")));
        // Whoever asks for it is told the same.
        let asked = json!({"steward": "tell", "subject": subject}).to_string();
        let error = house.notifications.invoke(asked).await.unwrap_err().to_string();
        assert!(error.contains(&format!("Steward.Tell: {pk} has schema 7")), "{error}");
        assert!(house.items().await.unwrap().contains(&item), "still due, for whoever understands it");
        assert!(!house.settles(Duration::ZERO).await.unwrap());
    });
}
